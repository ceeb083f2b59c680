// Writes one run of words to memory at a time, in bursts. Idle once memory has answered all of them.
module axi_writer #(
  parameter int unsigned WORD = 512,
  parameter int unsigned BURSTS = 8,  // under way at most, a power of two
  localparam int unsigned ADDRESS = 64 - $clog2(WORD / 8)  // bits of an address in words
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               clear_i,  // forgets a failure
  input  logic               start_i,  // when idle
  input  logic [ADDRESS-1:0] address_i,
  input  logic [       31:0] words_i,
  input  logic               stop_i,  // held until idle: ends an open burst with beats that write nothing
  output logic               idle_o,
  output logic               failed_o,
  output logic [ADDRESS-1:0] failed_address_o,  // first word of the burst
  output logic               wrote_o,
  input  logic               valid_i,
  input  logic [   WORD-1:0] data_i,
  output logic               ready_o,
  output logic               awvalid_o,
  input  logic               awready_i,
  output logic [       63:0] awaddr_o,
  output logic [        7:0] awlen_o,
  output logic               wvalid_o,
  input  logic               wready_i,
  output logic [   WORD-1:0] wdata_o,
  output logic [ WORD/8-1:0] wstrb_o,
  output logic               wlast_o,
  input  logic               bvalid_i,
  output logic               bready_o,
  input  logic [        1:0] bresp_i
);
  // At most 64 beats, and never across 4 KiB.
  localparam int unsigned BURST = (WORD > 512) ? 4096 * 8 / WORD : 64;
  localparam int unsigned LOG_BURST = $clog2(BURST);
  localparam int unsigned LOG_BURSTS = $clog2(BURSTS);

  // ---- Bursts ----
  logic [ADDRESS-1:0] address_q;  // of the next burst
  logic [31:0] words_q;  // without a burst yet
  logic [LOG_BURST:0] beats_q;  // of the open burst, not yet given
  logic [LOG_BURSTS:0] bursts_q;
  logic awvalid_q;
  logic [ADDRESS-1:0] awaddr_q;
  logic [LOG_BURST:0] awlen_q;

  logic [LOG_BURST:0] to_boundary, length;
  logic open, answered;
  assign to_boundary = BURST[LOG_BURST:0] - {1'b0, address_q[LOG_BURST-1:0]};
  assign length = (words_q < 32'(to_boundary)) ? words_q[LOG_BURST:0] : to_boundary;
  assign open = words_q != '0 && beats_q == '0 && !awvalid_q && !bursts_q[LOG_BURSTS] && !stop_i;
  assign answered = bvalid_i && bready_o;

  // ---- Beats ----
  logic wvalid_q, wlast_q, written_q;
  logic [WORD-1:0] wdata_q;
  logic give, pad;
  assign ready_o = beats_q != '0 && (!wvalid_q || wready_i) && !stop_i;
  assign pad = beats_q != '0 && (!wvalid_q || wready_i) && stop_i;
  assign give = ready_o && valid_i;

  always_ff @(posedge clk_i) begin
    if (give) wdata_q <= data_i;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      words_q <= '0;
      beats_q <= '0;
      bursts_q <= '0;
      awvalid_q <= 1'b0;
      wvalid_q <= 1'b0;
    end else begin
      if (start_i) begin
        address_q <= address_i;
        words_q <= words_i;
      end else if (stop_i) begin
        words_q <= '0;
      end else if (open) begin
        address_q <= address_q + ADDRESS'(length);
        words_q <= words_q - 32'(length);
      end

      if (open) begin
        beats_q <= length;
        awaddr_q <= address_q;
        awlen_q <= length - 1'b1;
      end else if (give || pad) begin
        beats_q <= beats_q - 1'b1;
      end
      awvalid_q <= open || (awvalid_q && !awready_i);
      bursts_q <= bursts_q + (LOG_BURSTS + 1)'(open) - (LOG_BURSTS + 1)'(answered);

      if (give || pad) begin
        wvalid_q <= 1'b1;
        wlast_q <= beats_q == (LOG_BURST + 1)'(1);
        written_q <= give;
      end else if (wready_i) begin
        wvalid_q <= 1'b0;
      end
    end
  end

  // ---- Answers ----
  logic [ADDRESS-1:0] starts_q[BURSTS];  // of the bursts under way
  logic [LOG_BURSTS-1:0] newest_q, oldest_q;
  logic failed_q;
  logic [ADDRESS-1:0] failed_address_q;
  always_ff @(posedge clk_i) begin
    if (open) starts_q[newest_q] <= address_q;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      newest_q <= '0;
      oldest_q <= '0;
      failed_q <= 1'b0;
    end else begin
      if (open) newest_q <= newest_q + 1'b1;
      if (answered) oldest_q <= oldest_q + 1'b1;
      if (clear_i) begin
        failed_q <= 1'b0;
      end else if (answered && bresp_i != 2'b00 && !failed_q) begin
        failed_q <= 1'b1;
        failed_address_q <= starts_q[oldest_q];
      end
    end
  end

  assign idle_o = words_q == '0 && bursts_q == '0;
  assign failed_o = failed_q;
  assign failed_address_o = failed_address_q;
  assign wrote_o = wvalid_q && wready_i && written_q;
  assign awvalid_o = awvalid_q;
  assign awaddr_o = {awaddr_q, {(64 - ADDRESS) {1'b0}}};
  assign awlen_o = 8'(awlen_q);
  assign wvalid_o = wvalid_q;
  assign wdata_o = wdata_q;
  assign wstrb_o = {(WORD / 8) {written_q}};
  assign wlast_o = wlast_q;
  assign bready_o = 1'b1;
endmodule
