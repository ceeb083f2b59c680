// Reads the program and gives its instructions one by one. Where there is no next instruction it gives the reason instead,
// in the instruction's place, and nothing after it.
module instruction_fetch #(
  parameter int unsigned WORD = 512,
  localparam int unsigned ADDRESS = 64 - $clog2(WORD / 8)  // bits of an address in words
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      start_i,
  input  logic                      stop_i,  // held until idle
  output logic                      idle_o,  // memory owes nothing
  input  logic [              63:0] program_i,
  input  logic [              31:0] program_length_i,
  input  logic [       ADDRESS-1:0] limit_i,  // words of device memory
  output logic                      request_valid_o,
  input  logic                      request_ready_i,
  output logic [       ADDRESS-1:0] request_address_o,
  output logic [               7:0] request_length_o,
  input  logic                      response_valid_i,
  input  logic [          WORD-1:0] response_data_i,
  input  logic                      response_last_i,
  input  logic                      response_failed_i,
  output logic                      valid_o,
  input  logic                      ready_i,
  output ternion_pkg::instruction_t instruction_o,
  output logic [               7:0] error_o,
  output logic [              63:0] error_address_o
);
  localparam int unsigned OFFSET = 64 - ADDRESS;
  localparam int unsigned PER_WORD = WORD / 128;
  localparam int unsigned SLOT = (PER_WORD > 1) ? $clog2(PER_WORD) : 1;
  localparam int unsigned LOG_PER_WORD = $clog2(PER_WORD);
  localparam int unsigned BURST = 8;  // aligned, so that none crosses 4 KiB
  localparam int unsigned WORDS = 16;  // waiting or on their way
  localparam int unsigned LOG_BURST = $clog2(BURST);
  localparam int unsigned ROOM = $clog2(WORDS) + 1;

  logic running_q, misaligned_q, failed_q;

  // ---- Requests ----
  logic [ADDRESS-1:0] address_q;
  logic [31:0] words_q;  // of the program, not yet asked for
  logic [ROOM-1:0] room_q;
  logic [1:0] bursts_q;  // room for WORDS allows two whole bursts
  logic [LOG_BURST:0] to_boundary, in_program, length;
  logic [ADDRESS-1:0] to_limit;
  logic beyond, accepted, answered, popped;

  assign beyond = address_q >= limit_i;
  assign to_limit = limit_i - address_q;
  assign to_boundary = BURST[LOG_BURST:0] - {1'b0, address_q[LOG_BURST-1:0]};
  assign in_program = (words_q < 32'(to_boundary)) ? words_q[LOG_BURST:0] : to_boundary;
  assign length = (to_limit < ADDRESS'(in_program)) ? to_limit[LOG_BURST:0] : in_program;
  assign request_valid_o = running_q && words_q != '0 && !beyond && !misaligned_q && ROOM'(length) <= room_q
      && bursts_q != 2'd3 && !failed_q && !stop_i;
  assign request_address_o = address_q;
  assign request_length_o = 8'(length);
  assign accepted = request_valid_o && request_ready_i;
  assign answered = response_valid_i && response_last_i;
  assign idle_o = bursts_q == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || stop_i) begin
      running_q <= 1'b0;
      room_q <= WORDS[ROOM-1:0];
    end else if (start_i) begin
      running_q <= 1'b1;
      misaligned_q <= program_i[OFFSET-1:0] != '0;
      address_q <= program_i[63:OFFSET];
      words_q <= (program_length_i >> LOG_PER_WORD) + 32'((program_length_i & 32'(PER_WORD - 1)) != '0);
    end else begin
      if (accepted) begin
        address_q <= address_q + ADDRESS'(length);
        words_q <= words_q - 32'(length);
      end
      room_q <= room_q - (accepted ? ROOM'(length) : '0) + ROOM'(popped);
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) bursts_q <= '0;
    else bursts_q <= bursts_q + 2'(accepted) - 2'(answered);
  end

  // ---- Answers ----
  logic [ADDRESS-1:0] answer_address_q;  // stays at the first word that failed
  logic push, fifo_empty, fifo_valid;
  logic [WORD-1:0] fifo_data;
  assign push = response_valid_i && !response_failed_i && !failed_q && running_q && !stop_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || stop_i) begin
      failed_q <= 1'b0;
    end else if (start_i) begin
      answer_address_q <= program_i[63:OFFSET];
    end else if (response_valid_i && !failed_q) begin
      if (response_failed_i) failed_q <= 1'b1;
      else answer_address_q <= answer_address_q + 1'b1;
    end
  end
  stream_fifo #(
    .WIDTH(WORD),
    .DEPTH(WORDS)
  ) u_words (
    .clk_i,
    .rst_ni,
    .clear_i(stop_i),
    .push_i (push),
    .data_i (response_data_i),
    .full_o (),
    .empty_o(fifo_empty),
    .valid_o(fifo_valid),
    .data_o (fifo_data),
    .ready_i(popped)
  );

  // ---- Instructions ----
  logic [31:0] left_q;
  logic [SLOT-1:0] slot_q;
  logic taken, last_slot;
  assign taken = valid_o && ready_i && error_o == ternion_pkg::ERR_NONE;
  assign last_slot = slot_q == SLOT'(PER_WORD - 1);
  assign popped = taken && last_slot;
  assign instruction_o = fifo_data[128*slot_q+:128];

  always_ff @(posedge clk_i) begin
    if (!rst_ni || stop_i) begin
      slot_q <= '0;
    end else if (start_i) begin
      left_q <= program_length_i;
    end else if (taken) begin
      left_q <= left_q - 1'b1;
      slot_q <= last_slot ? '0 : slot_q + 1'b1;
    end
  end

  always_comb begin
    valid_o = 1'b0;
    error_o = ternion_pkg::ERR_NONE;
    error_address_o = '0;
    if (running_q) begin
      if (misaligned_q) begin
        valid_o = 1'b1;
        error_o = ternion_pkg::ERR_BAD_ADDRESS;
        error_address_o = program_i;
      end else if (left_q == '0) begin
        valid_o = 1'b1;
        error_o = ternion_pkg::ERR_NO_HALT;
      end else if (fifo_valid) begin
        valid_o = 1'b1;
      end else if (failed_q && fifo_empty) begin
        valid_o = 1'b1;
        error_o = ternion_pkg::ERR_READ_FAILED;
        error_address_o = {answer_address_q, {OFFSET{1'b0}}};
      end else if (beyond && fifo_empty && idle_o && !failed_q) begin
        valid_o = 1'b1;
        error_o = ternion_pkg::ERR_BAD_ADDRESS;
        error_address_o = {address_q, {OFFSET{1'b0}}};
      end
    end
  end
endmodule
