// Brings the segments that the program's instructions take from memory into one FIFO, in program order and ahead of their
// execution. It asks for a burst once there is room for all of it, so memory works as long as there is room.
module weight_streamer #(
  parameter int unsigned WORD = 512,
  parameter int unsigned FIFO_WORDS = 512,  // a power of two, 128 or more
  parameter int unsigned SEGMENTS = 16,
  parameter int unsigned BURSTS = 16,  // under way at most, a power of two
  parameter int unsigned COUNT = 38,  // bits of a segment's length
  localparam int unsigned ADDRESS = 64 - $clog2(WORD / 8)  // bits of an address in words
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               stop_i,  // held until idle: drops what is queued and what memory still sends
  output logic               idle_o,  // memory owes nothing
  input  logic               segment_valid_i,
  output logic               segment_ready_o,
  input  logic [ADDRESS-1:0] segment_address_i,
  input  logic [  COUNT-1:0] segment_words_i,
  output logic               request_valid_o,
  input  logic               request_ready_i,
  output logic [ADDRESS-1:0] request_address_o,
  output logic [        7:0] request_length_o,
  input  logic               response_valid_i,
  input  logic [   WORD-1:0] response_data_i,
  input  logic               response_last_i,
  input  logic               response_failed_i,
  output logic               stream_valid_o,
  output logic [   WORD-1:0] stream_data_o,
  input  logic               stream_ready_i,
  output logic               failed_o,  // the stream ends here: the next word could not be read
  output logic [ADDRESS-1:0] failed_address_o
);
  // At most 64 beats, and never across 4 KiB.
  localparam int unsigned BURST = (WORD > 512) ? 4096 * 8 / WORD : 64;
  localparam int unsigned LOG_BURST = $clog2(BURST);
  localparam int unsigned ROOM = $clog2(FIFO_WORDS) + 1;
  localparam int unsigned LOG_BURSTS = $clog2(BURSTS);

  // ---- Segments ----
  logic queue_full, queue_valid, queue_ready;
  logic [ADDRESS-1:0] queue_address;
  logic [COUNT-1:0] queue_words;
  assign segment_ready_o = !queue_full;
  stream_fifo #(
    .WIDTH(ADDRESS + COUNT),
    .DEPTH(SEGMENTS)
  ) u_segments (
    .clk_i,
    .rst_ni,
    .clear_i(stop_i),
    .push_i (segment_valid_i && segment_ready_o),
    .data_i ({segment_address_i, segment_words_i}),
    .full_o (queue_full),
    .empty_o(),
    .valid_o(queue_valid),
    .data_o ({queue_address, queue_words}),
    .ready_i(queue_ready)
  );

  // ---- Requests ----
  logic [ADDRESS-1:0] address_q;
  logic [COUNT-1:0] words_q;  // left of the segment
  logic [ROOM-1:0] room_q;
  logic [LOG_BURSTS:0] bursts_q;
  logic failed_q;

  logic [LOG_BURST:0] to_boundary, length;
  logic take, accepted, popped, answered;
  assign to_boundary = BURST[LOG_BURST:0] - {1'b0, address_q[LOG_BURST-1:0]};
  assign length = (words_q < COUNT'(to_boundary)) ? words_q[LOG_BURST:0] : to_boundary;
  assign request_valid_o = words_q != '0 && ROOM'(length) <= room_q && !bursts_q[LOG_BURSTS] && !failed_q && !stop_i;
  assign request_address_o = address_q;
  assign request_length_o = 8'(length);
  assign accepted = request_valid_o && request_ready_i;
  assign take = queue_valid && queue_ready;
  assign queue_ready = words_q == '0 || (accepted && words_q == COUNT'(length));
  assign popped = stream_valid_o && stream_ready_i;
  assign answered = response_valid_i && response_last_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || stop_i) begin
      words_q <= '0;
      room_q <= FIFO_WORDS[ROOM-1:0];
    end else begin
      if (take) begin
        address_q <= queue_address;
        words_q <= queue_words;
      end else if (accepted) begin
        address_q <= address_q + ADDRESS'(length);
        words_q <= words_q - COUNT'(length);
      end
      room_q <= room_q - (accepted ? ROOM'(length) : '0) + ROOM'(popped);
    end
  end

  // ---- Answers ----
  logic [ADDRESS-1:0] starts_q[BURSTS];  // of the bursts under way
  logic [LOG_BURSTS-1:0] newest_q, oldest_q;
  logic [LOG_BURST-1:0] beat_q;
  logic [ADDRESS-1:0] failed_address_q;
  logic fifo_empty, push;
  assign idle_o = bursts_q == '0;
  assign push = response_valid_i && !response_failed_i && !failed_q && !stop_i;

  always_ff @(posedge clk_i) begin
    if (accepted) starts_q[newest_q] <= address_q;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      bursts_q <= '0;
      newest_q <= '0;
      oldest_q <= '0;
      beat_q <= '0;
    end else begin
      bursts_q <= bursts_q + (LOG_BURSTS + 1)'(accepted) - (LOG_BURSTS + 1)'(answered);
      if (accepted) newest_q <= newest_q + 1'b1;
      if (answered) oldest_q <= oldest_q + 1'b1;
      if (response_valid_i) beat_q <= response_last_i ? '0 : beat_q + 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni || stop_i) begin
      failed_q <= 1'b0;
    end else if (response_valid_i && response_failed_i && !failed_q) begin
      failed_q <= 1'b1;
      failed_address_q <= starts_q[oldest_q] + ADDRESS'(beat_q);
    end
  end
  assign failed_o = failed_q && fifo_empty;
  assign failed_address_o = failed_address_q;

  stream_fifo #(
    .WIDTH(WORD),
    .DEPTH(FIFO_WORDS)
  ) u_fifo (
    .clk_i,
    .rst_ni,
    .clear_i(stop_i),
    .push_i (push),
    .data_i (response_data_i),
    .full_o (),
    .empty_o(fifo_empty),
    .valid_o(stream_valid_o),
    .data_o (stream_data_o),
    .ready_i(stream_ready_i)
  );
endmodule
