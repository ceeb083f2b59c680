// The accelerator: AXI4-Lite registers, an AXI4 memory master, an interrupt line. One clock.
//
//   registers -> sequencer <- queue <- decoder <- fetch <- arbiter <- memory
//                    |                    |                   |
//                    v                    v                   v
//     transfer, elementwise, norm, matvec <- FIFO <- streamer
//          |         |          |     |
//        writer    vector memory    code memory
//
// One unit works at a time; the memories' and the stream's ports go to that one.
//
// CONTROL.start runs a program; the next start needs no reset, not after an error either. It is ignored while a program runs.
// An error stops the program where it belongs: all instructions before it have been done, none after it; of the one that has
// it any part may have been written. What it says:
//   BAD_ADDRESS    the first byte of what the instruction was to take or write, or LOGITS, or PROGRAM
//   READ_FAILED    the first word that could not be read, of the program or of what the instruction takes
//   WRITE_FAILED   the first word of the burst: at most 64 words, that begin at a multiple of as many or with the run
//   NO_HALT        the instruction is the one after the last
// Done and error are told once memory owes nothing. CONTROL.reset does the same without telling, and leaves registers and
// counters as the reset line does; vector and code memory keep what they hold, always.
//
// The streamer reads ahead: a program may not take from memory what it writes itself.
module accelerator #(
  parameter int unsigned LANES = 64,  // columns a cycle
  parameter int unsigned GROUPS = 1,  // of four or five rows: 1, 2 or 4
  parameter int unsigned DENSE = 0,  // 1: five trits a byte
  parameter int unsigned VECTOR_WORDS = 2048,
  parameter int unsigned CODE_WORDS = 32,
  parameter int STUCK_LANE = -1,         // faults that a comparison has to find (matvec_unit); the host is not told
  parameter int unsigned TRUNCATES = 0,
  localparam int unsigned WORD = LANES * GROUPS * 8
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  output logic              interrupt_o,
  output logic              busy_o,  // STATUS.busy
  // registers
  input  logic              s_awvalid_i,
  output logic              s_awready_o,
  input  logic [      11:0] s_awaddr_i,
  input  logic              s_wvalid_i,
  output logic              s_wready_o,
  input  logic [      31:0] s_wdata_i,
  input  logic [       3:0] s_wstrb_i,
  output logic              s_bvalid_o,
  input  logic              s_bready_i,
  output logic [       1:0] s_bresp_o,
  input  logic              s_arvalid_i,
  output logic              s_arready_o,
  input  logic [      11:0] s_araddr_i,
  output logic              s_rvalid_o,
  input  logic              s_rready_i,
  output logic [      31:0] s_rdata_o,
  output logic [       1:0] s_rresp_o,
  // memory
  output logic              m_arvalid_o,
  input  logic              m_arready_i,
  output logic              m_arid_o,
  output logic [      63:0] m_araddr_o,
  output logic [       7:0] m_arlen_o,
  output logic [       2:0] m_arsize_o,
  output logic [       1:0] m_arburst_o,
  input  logic              m_rvalid_i,
  output logic              m_rready_o,
  input  logic              m_rid_i,
  input  logic [  WORD-1:0] m_rdata_i,
  input  logic [       1:0] m_rresp_i,
  input  logic              m_rlast_i,
  output logic              m_awvalid_o,
  input  logic              m_awready_i,
  output logic              m_awid_o,
  output logic [      63:0] m_awaddr_o,
  output logic [       7:0] m_awlen_o,
  output logic [       2:0] m_awsize_o,
  output logic [       1:0] m_awburst_o,
  output logic              m_wvalid_o,
  input  logic              m_wready_i,
  output logic [  WORD-1:0] m_wdata_o,
  output logic [WORD/8-1:0] m_wstrb_o,
  output logic              m_wlast_o,
  input  logic              m_bvalid_i,
  output logic              m_bready_o,
  input  logic              m_bid_i,
  input  logic [       1:0] m_bresp_i
);
  localparam int unsigned OFFSET = $clog2(WORD / 8);
  localparam int unsigned ADDRESS = 64 - OFFSET;  // bits of an address in words
  localparam int unsigned COUNT = 38;  // bits of how many words an instruction takes from memory
  localparam int unsigned INDEX = $clog2(VECTOR_WORDS);
  localparam int unsigned CODE_INDEX = $clog2(CODE_WORDS);
  localparam int unsigned QUEUE = 32;  // instructions that wait

  // ---- Registers and counters ----
  logic start, reset, started, stop, finished, running, busy, done;
  logic [63:0] program_address, logits, memory_limit;
  logic [31:0] program_length, token;
  logic [7:0] error;
  logic [31:0] error_instruction;
  logic [63:0] error_address;
  logic [31:0] chosen_q, chosen_value_q;
  logic [63:0] cycles, array_cycles, matvec_cycles, stream_stalls, drain_stalls, read_words, write_words, toggles;
  logic [ADDRESS-1:0] limit;
  assign limit = memory_limit[63:OFFSET];

  axi_lite_registers #(
    .LANES(LANES),
    .GROUPS(GROUPS),
    .DENSE(DENSE),
    .VECTOR_WORDS(VECTOR_WORDS),
    .CODE_WORDS(CODE_WORDS)
  ) u_registers (
    .clk_i,
    .rst_ni,
    .awvalid_i(s_awvalid_i),
    .awready_o(s_awready_o),
    .awaddr_i(s_awaddr_i),
    .wvalid_i(s_wvalid_i),
    .wready_o(s_wready_o),
    .wdata_i(s_wdata_i),
    .wstrb_i(s_wstrb_i),
    .bvalid_o(s_bvalid_o),
    .bready_i(s_bready_i),
    .bresp_o(s_bresp_o),
    .arvalid_i(s_arvalid_i),
    .arready_o(s_arready_o),
    .araddr_i(s_araddr_i),
    .rvalid_o(s_rvalid_o),
    .rready_i(s_rready_i),
    .rdata_o(s_rdata_o),
    .rresp_o(s_rresp_o),
    .start_o(start),
    .reset_o(reset),
    .program_o(program_address),
    .program_length_o(program_length),
    .token_o(token),
    .logits_o(logits),
    .memory_limit_o(memory_limit),
    .interrupt_o,
    .busy_o,
    .running_i(running),
    .busy_i(busy),
    .done_i(done),
    .error_i(error),
    .error_instruction_i(error_instruction),
    .error_address_i(error_address),
    .finished_i(finished),
    .chosen_i(chosen_q),
    .chosen_value_i(chosen_value_q),
    .cycles_i(cycles),
    .array_cycles_i(array_cycles),
    .matvec_cycles_i(matvec_cycles),
    .stream_stalls_i(stream_stalls),
    .drain_stalls_i(drain_stalls),
    .read_words_i(read_words),
    .write_words_i(write_words),
    .toggles_i(toggles)
  );

  logic [3:0] unit;
  logic unit_done, wrote, array_busy, stream_stall, drain_stall;
  logic [WORD-1:0] stream_data;
  performance_counters u_counters (
    .clk_i,
    .rst_ni,
    .clear_i(started || reset),
    .running_i(running),
    .matvec_i(unit[3]),
    .array_busy_i(array_busy),
    .stream_stall_i(stream_stall),
    .drain_stall_i(drain_stall),
    .read_i(m_rvalid_i && m_rready_o),
    .written_i(wrote),
    .array_word_i(stream_data[63:0]),
    .cycles_o(cycles),
    .array_cycles_o(array_cycles),
    .matvec_cycles_o(matvec_cycles),
    .stream_stalls_o(stream_stalls),
    .drain_stalls_o(drain_stalls),
    .read_words_o(read_words),
    .write_words_o(write_words),
    .toggles_o(toggles)
  );

  // ---- Reads ----
  logic fetch_request, fetch_granted, fetch_response, fetch_idle;
  logic [ADDRESS-1:0] fetch_address;
  logic [7:0] fetch_length;
  logic stream_request, stream_granted, stream_response, stream_idle;
  logic [ADDRESS-1:0] stream_address;
  logic [7:0] stream_length;
  logic response_failed;
  axi_read_arbiter #(
    .ADDRESS(ADDRESS)
  ) u_arbiter (
    .clk_i,
    .rst_ni,
    .fetch_valid_i(fetch_request),
    .fetch_ready_o(fetch_granted),
    .fetch_address_i(fetch_address),
    .fetch_length_i(fetch_length),
    .stream_valid_i(stream_request),
    .stream_ready_o(stream_granted),
    .stream_address_i(stream_address),
    .stream_length_i(stream_length),
    .fetch_response_o(fetch_response),
    .stream_response_o(stream_response),
    .response_failed_o(response_failed),
    .arvalid_o(m_arvalid_o),
    .arready_i(m_arready_i),
    .arid_o(m_arid_o),
    .araddr_o(m_araddr_o),
    .arlen_o(m_arlen_o),
    .rvalid_i(m_rvalid_i),
    .rready_o(m_rready_o),
    .rid_i(m_rid_i),
    .rresp_i(m_rresp_i)
  );
  assign m_arsize_o = OFFSET[2:0];
  assign m_arburst_o = 2'b01;

  // ---- The program ----
  logic fetched_valid, fetched_ready;
  ternion_pkg::instruction_t fetched;
  logic [7:0] fetched_error;
  logic [63:0] fetched_error_address;
  instruction_fetch #(
    .WORD(WORD)
  ) u_fetch (
    .clk_i,
    .rst_ni,
    .start_i(started),
    .stop_i(stop),
    .idle_o(fetch_idle),
    .program_i(program_address),
    .program_length_i(program_length),
    .limit_i(limit),
    .request_valid_o(fetch_request),
    .request_ready_i(fetch_granted),
    .request_address_o(fetch_address),
    .request_length_o(fetch_length),
    .response_valid_i(fetch_response),
    .response_data_i(m_rdata_i),
    .response_last_i(m_rlast_i),
    .response_failed_i(response_failed),
    .valid_o(fetched_valid),
    .ready_i(fetched_ready),
    .instruction_o(fetched),
    .error_o(fetched_error),
    .error_address_o(fetched_error_address)
  );

  logic segment_valid, segment_ready, decoded_valid, queue_full, queue_valid, queue_ready;
  logic [ADDRESS-1:0] segment_address;
  logic [COUNT-1:0] segment_words, decoded_words, queue_words;
  ternion_pkg::instruction_t decoded, queued;
  logic [7:0] decoded_error, queue_error;
  logic [63:0] decoded_error_address;
  instruction_decoder #(
    .LANES(LANES),
    .GROUPS(GROUPS),
    .DENSE(DENSE),
    .VECTOR_WORDS(VECTOR_WORDS),
    .CODE_WORDS(CODE_WORDS),
    .COUNT(COUNT)
  ) u_decoder (
    .clk_i,
    .rst_ni,
    .stop_i(stop),
    .token_i(token),
    .logits_i(logits),
    .limit_i(limit),
    .valid_i(fetched_valid),
    .ready_o(fetched_ready),
    .instruction_i(fetched),
    .error_i(fetched_error),
    .error_address_i(fetched_error_address),
    .segment_valid_o(segment_valid),
    .segment_ready_i(segment_ready),
    .segment_address_o(segment_address),
    .segment_words_o(segment_words),
    .valid_o(decoded_valid),
    .ready_i(!queue_full),
    .instruction_o(decoded),
    .error_o(decoded_error),
    .words_o(decoded_words),
    .error_address_o(decoded_error_address)
  );
  stream_fifo #(
    .WIDTH(128 + 8 + COUNT),
    .DEPTH(QUEUE)
  ) u_queue (
    .clk_i,
    .rst_ni,
    .clear_i(stop),
    .push_i(decoded_valid && !queue_full),
    .data_i({decoded, decoded_error, decoded_words}),
    .full_o(queue_full),
    .empty_o(),
    .valid_o(queue_valid),
    .data_o({queued, queue_error, queue_words}),
    .ready_i(queue_ready)
  );

  // ---- Stream ----
  logic stream_valid, stream_ready, stream_failed;
  logic [ADDRESS-1:0] stream_failed_address;
  weight_streamer #(
    .WORD(WORD),
    .COUNT(COUNT)
  ) u_streamer (
    .clk_i,
    .rst_ni,
    .stop_i(stop),
    .idle_o(stream_idle),
    .segment_valid_i(segment_valid),
    .segment_ready_o(segment_ready),
    .segment_address_i(segment_address),
    .segment_words_i(segment_words),
    .request_valid_o(stream_request),
    .request_ready_i(stream_granted),
    .request_address_o(stream_address),
    .request_length_o(stream_length),
    .response_valid_i(stream_response),
    .response_data_i(m_rdata_i),
    .response_last_i(m_rlast_i),
    .response_failed_i(response_failed),
    .stream_valid_o(stream_valid),
    .stream_data_o(stream_data),
    .stream_ready_i(stream_ready),
    .failed_o(stream_failed),
    .failed_address_o(stream_failed_address)
  );

  // ---- Sequencer ----
  logic unit_start, unit_rst_n;
  ternion_pkg::instruction_t instruction;
  logic writer_start, writer_idle, writer_failed;
  logic [ADDRESS-1:0] writer_failed_address;
  sequencer #(
    .COUNT(COUNT)
  ) u_sequencer (
    .clk_i,
    .rst_ni,
    .start_i(start),
    .reset_i(reset),
    .valid_i(queue_valid),
    .ready_o(queue_ready),
    .instruction_i(queued),
    .error_i(queue_error),
    .words_i(queue_words),
    .error_address_i(decoded_error_address),
    .unit_start_o(unit_start),
    .unit_o(unit),
    .instruction_o(instruction),
    .unit_done_i(unit_done),
    .unit_rst_no(unit_rst_n),
    .stream_taken_i(stream_valid && stream_ready),
    .stream_failed_i(stream_failed),
    .stream_failed_address_i({stream_failed_address, {OFFSET{1'b0}}}),
    .stream_idle_i(stream_idle),
    .writer_start_o(writer_start),
    .writer_idle_i(writer_idle),
    .writer_failed_i(writer_failed),
    .writer_failed_address_i({writer_failed_address, {OFFSET{1'b0}}}),
    .fetch_idle_i(fetch_idle),
    .start_o(started),
    .stop_o(stop),
    .finished_o(finished),
    .running_o(running),
    .busy_o(busy),
    .done_o(done),
    .error_o(error),
    .error_instruction_o(error_instruction),
    .error_address_o(error_address)
  );

  // ---- Units ----
  logic [INDEX-1:0] a_address, b_address, write_address;
  logic [WORD-1:0] a_data, b_data, write_data;
  logic write;

  logic transfer_done, transfer_ready, transfer_write, stored_valid;
  logic [INDEX-1:0] transfer_a, transfer_write_address;
  logic [WORD-1:0] transfer_write_data, stored_data;
  logic out_ready;
  transfer_unit #(
    .WORD(WORD),
    .VECTOR_WORDS(VECTOR_WORDS)
  ) u_transfer (
    .clk_i,
    .rst_ni(unit_rst_n),
    .start_i(unit_start && unit[0]),
    .instruction_i(instruction),
    .done_o(transfer_done),
    .stream_valid_i(stream_valid),
    .stream_data_i(stream_data),
    .stream_ready_o(transfer_ready),
    .a_address_o(transfer_a),
    .a_data_i(a_data),
    .write_o(transfer_write),
    .write_address_o(transfer_write_address),
    .write_data_o(transfer_write_data),
    .out_valid_o(stored_valid),
    .out_data_o(stored_data),
    .out_ready_i(out_ready)
  );

  logic elementwise_done, elementwise_ready, elementwise_write, s1_we;
  logic [INDEX-1:0] elementwise_a, elementwise_write_address;
  logic [WORD-1:0] elementwise_write_data;
  logic [63:0] s1;
  elementwise_unit #(
    .LANES(LANES),
    .GROUPS(GROUPS),
    .VECTOR_WORDS(VECTOR_WORDS)
  ) u_elementwise (
    .clk_i,
    .rst_ni(unit_rst_n),
    .start_i(unit_start && unit[1]),
    .instruction_i(instruction),
    .done_o(elementwise_done),
    .stream_valid_i(stream_valid),
    .stream_data_i(stream_data),
    .stream_ready_o(elementwise_ready),
    .a_address_o(elementwise_a),
    .a_data_i(a_data),
    .b_address_o(b_address),
    .b_data_i(b_data),
    .write_o(elementwise_write),
    .write_address_o(elementwise_write_address),
    .write_data_o(elementwise_write_data),
    .s1_we_o(s1_we),
    .s1_o(s1)
  );

  logic norm_done, norm_ready, norm_write, code_write;
  logic [INDEX-1:0] norm_a, norm_write_address;
  logic [WORD-1:0] norm_write_data;
  logic [CODE_INDEX-1:0] code_write_address, code_address;
  logic [LANES*8-1:0] code_write_data, code_data;
  logic [31:0] multiplier;
  logic [5:0] shift;
  norm_unit #(
    .LANES(LANES),
    .GROUPS(GROUPS),
    .VECTOR_WORDS(VECTOR_WORDS),
    .CODE_WORDS(CODE_WORDS)
  ) u_norm (
    .clk_i,
    .rst_ni(unit_rst_n),
    .start_i(unit_start && unit[2]),
    .instruction_i(instruction),
    .done_o(norm_done),
    .stream_valid_i(stream_valid),
    .stream_data_i(stream_data),
    .stream_ready_o(norm_ready),
    .a_address_o(norm_a),
    .a_data_i(a_data),
    .write_o(norm_write),
    .write_address_o(norm_write_address),
    .write_data_o(norm_write_data),
    .s1_we_i(s1_we),
    .s1_i(s1),
    .code_write_o(code_write),
    .code_address_o(code_write_address),
    .code_data_o(code_write_data),
    .multiplier_o(multiplier),
    .shift_o(shift)
  );

  logic matvec_done, matvec_ready, matvec_write, logits_valid;
  logic [INDEX-1:0] matvec_write_address;
  logic [WORD-1:0] matvec_write_data, logits_data;
  logic [31:0] chosen_row, chosen_value;
  matvec_unit #(
    .LANES(LANES),
    .GROUPS(GROUPS),
    .DENSE(DENSE),
    .VECTOR_WORDS(VECTOR_WORDS),
    .CODE_WORDS(CODE_WORDS),
    .STUCK_LANE(STUCK_LANE),
    .TRUNCATES(TRUNCATES)
  ) u_matvec (
    .clk_i,
    .rst_ni(unit_rst_n),
    .start_i(unit_start && unit[3]),
    .instruction_i(instruction),
    .done_o(matvec_done),
    .stream_valid_i(stream_valid),
    .stream_data_i(stream_data),
    .stream_ready_o(matvec_ready),
    .code_address_o(code_address),
    .code_data_i(code_data),
    .multiplier_i(multiplier),
    .shift_i(shift),
    .write_o(matvec_write),
    .write_address_o(matvec_write_address),
    .write_data_o(matvec_write_data),
    .logits_valid_o(logits_valid),
    .logits_data_o(logits_data),
    .logits_ready_i(out_ready),
    .chosen_row_o(chosen_row),
    .chosen_value_o(chosen_value),
    .array_busy_o(array_busy),
    .stream_stall_o(stream_stall),
    .drain_stall_o(drain_stall)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni || started || reset) begin
      chosen_q <= '0;
      chosen_value_q <= '0;
    end else if (matvec_done && instruction.opcode == ternion_pkg::OP_HEAD) begin
      chosen_q <= chosen_row;
      chosen_value_q <= chosen_value;
    end
  end

  // ---- What the units share ----
  assign unit_done = (unit[0] && transfer_done) || (unit[1] && elementwise_done) || (unit[2] && norm_done)
      || (unit[3] && matvec_done);
  assign stream_ready = (unit[0] && transfer_ready) || (unit[1] && elementwise_ready) || (unit[2] && norm_ready)
      || (unit[3] && matvec_ready);
  always_comb begin
    a_address = transfer_a;
    write = transfer_write;
    write_address = transfer_write_address;
    write_data = transfer_write_data;
    if (unit[1]) begin
      a_address = elementwise_a;
      write = elementwise_write;
      write_address = elementwise_write_address;
      write_data = elementwise_write_data;
    end else if (unit[2]) begin
      a_address = norm_a;
      write = norm_write;
      write_address = norm_write_address;
      write_data = norm_write_data;
    end else if (unit[3]) begin
      write = matvec_write;
      write_address = matvec_write_address;
      write_data = matvec_write_data;
    end
  end

  vector_memory #(
    .WORD(WORD),
    .WORDS(VECTOR_WORDS)
  ) u_vectors (
    .clk_i,
    .a_address_i(a_address),
    .a_data_o(a_data),
    .b_address_i(b_address),
    .b_data_o(b_data),
    .write_i(write),
    .write_address_i(write_address),
    .write_data_i(write_data)
  );
  code_memory #(
    .LANES(LANES),
    .WORDS(CODE_WORDS)
  ) u_codes (
    .clk_i,
    .address_i(code_address),
    .data_o(code_data),
    .write_i(code_write),
    .write_address_i(code_write_address),
    .write_data_i(code_write_data)
  );

  axi_writer #(
    .WORD(WORD)
  ) u_writer (
    .clk_i,
    .rst_ni,
    .clear_i(started),
    .start_i(writer_start),
    .address_i(unit[3] ? logits[63:OFFSET] : ADDRESS'(instruction.address)),
    .words_i(unit[3] ? instruction.count >> $clog2(WORD / 32) : instruction.count),
    .stop_i(stop),
    .idle_o(writer_idle),
    .failed_o(writer_failed),
    .failed_address_o(writer_failed_address),
    .wrote_o(wrote),
    .valid_i(unit[3] ? logits_valid : stored_valid),
    .data_i(unit[3] ? logits_data : stored_data),
    .ready_o(out_ready),
    .awvalid_o(m_awvalid_o),
    .awready_i(m_awready_i),
    .awaddr_o(m_awaddr_o),
    .awlen_o(m_awlen_o),
    .wvalid_o(m_wvalid_o),
    .wready_i(m_wready_i),
    .wdata_o(m_wdata_o),
    .wstrb_o(m_wstrb_o),
    .wlast_o(m_wlast_o),
    .bvalid_i(m_bvalid_i),
    .bready_o(m_bready_o),
    .bresp_i(m_bresp_i)
  );
  assign m_awid_o = 1'b0;
  assign m_awsize_o = OFFSET[2:0];
  assign m_awburst_o = 2'b01;

  logic unused;
  assign unused = &{1'b0, memory_limit[OFFSET-1:0], m_bid_i};
endmodule
