// MATVEC and HEAD: a word of the matrix a cycle into the ternary array; the sums of a row group leave it one by one through
// the rescaler, and are gathered to words. Where a logits word is not taken before the next one is complete, all stands still.
module matvec_unit #(
  parameter int unsigned LANES = 64,
  parameter int unsigned GROUPS = 1,
  parameter int unsigned DENSE = 0,
  parameter int unsigned VECTOR_WORDS = 2048,
  parameter int unsigned CODE_WORDS = 32,
  parameter int STUCK_LANE = -1,         // faults to be found: see ternary_array,
  parameter int unsigned TRUNCATES = 0,  //   and rounded_product, of the rescaled sums
  localparam int unsigned WORD = LANES * GROUPS * 8
) (
  input  logic                            clk_i,
  input  logic                            rst_ni,
  input  logic                            start_i,
  input  ternion_pkg::instruction_t       instruction_i,   // stable until done
  output logic                            done_o,          // HEAD: the last logits have been taken
  input  logic                            stream_valid_i,
  input  logic [WORD-1:0]                 stream_data_i,
  output logic                            stream_ready_o,
  output logic [$clog2(CODE_WORDS)-1:0]   code_address_o,  // to code_memory
  input  logic [LANES*8-1:0]              code_data_i,     // of the address a cycle ago
  input  logic [31:0]                     multiplier_i,    // from norm_unit
  input  logic [5:0]                      shift_i,
  output logic                            write_o,         // MATVEC's results; no read ports
  output logic [$clog2(VECTOR_WORDS)-1:0] write_address_o,
  output logic [WORD-1:0]                 write_data_o,
  output logic                            logits_valid_o,  // HEAD's results, with the flag LOGITS
  output logic [WORD-1:0]                 logits_data_o,
  input  logic                            logits_ready_i,
  output logic [31:0]                     chosen_row_o,    // HEAD: the largest, the first of equals
  output logic signed [31:0]              chosen_value_o,
  output logic                            array_busy_o,    // cycles of a mat-vec: the array takes a word,
  output logic                            stream_stall_o,  //   waits for memory,
  output logic                            drain_stall_o    //   or waits for its results to leave
);
  localparam int unsigned ELEMENTS = WORD / 32;
  localparam int unsigned ROWS = GROUPS * (DENSE != 0 ? 5 : 4);
  localparam int unsigned INDEX = $clog2(VECTOR_WORDS);
  localparam int unsigned CODE_INDEX = $clog2(CODE_WORDS);
  localparam int unsigned SUM = 8 + $clog2(LANES * CODE_WORDS);
  localparam int unsigned ROW_BITS = $clog2(ROWS + 1);
  localparam int unsigned ELEMENT_BITS = $clog2(ELEMENTS);

  logic is_head, to_logits;
  assign is_head = instruction_i.opcode == ternion_pkg::OP_HEAD;
  assign to_logits = is_head && instruction_i.flags[ternion_pkg::FLAG_LOGITS];

  logic busy_q;   // an instruction is under way
  logic enable;   // nothing has to wait for a logits word to be taken
  logic word_q;   // the gathered word is complete
  logic logits_valid_q;
  assign enable = !(word_q && to_logits && logits_valid_q);

  // ---- Words in ------------------------------------------------------------------------------------------------------------
  logic [31:0]           rows_in_q;  // still to come
  logic [CODE_INDEX-1:0] chunk_q, chunk_before_q;
  logic [ROW_BITS-1:0]   spacing_q;  // cycles until the sums of the last row group will have left
  logic                  fed, take, last_chunk, may_take;

  assign fed = rows_in_q == '0;
  assign last_chunk = 16'(chunk_q) == instruction_i.b - 16'd1;
  assign may_take = busy_q && !fed && enable && !(last_chunk && spacing_q != '0);
  assign take = may_take && stream_valid_i;
  assign stream_ready_o = may_take;
  assign code_address_o = enable ? chunk_q : chunk_before_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rows_in_q <= '0;
      spacing_q <= '0;
    end else if (start_i) begin
      rows_in_q <= instruction_i.count;
      spacing_q <= '0;
      chunk_q <= '0;
    end else if (enable) begin
      chunk_before_q <= chunk_q;
      if (take) chunk_q <= last_chunk ? '0 : chunk_q + 1'b1;
      if (take && last_chunk) begin
        rows_in_q <= rows_in_q > 32'(ROWS) ? rows_in_q - 32'(ROWS) : '0;
        spacing_q <= ROW_BITS'(ROWS - 1);
      end else if (spacing_q != '0) begin
        spacing_q <= spacing_q - 1'b1;
      end
    end
  end

  assign array_busy_o = take;
  assign stream_stall_o = may_take && !stream_valid_i;
  assign drain_stall_o = busy_q && !may_take;

  // ---- The array -------------------------------------------------------------------------------------------------------------
  logic                sums_valid;
  logic [ROWS*SUM-1:0] sums;

  ternary_array #(.LANES(LANES), .GROUPS(GROUPS), .DENSE(DENSE), .SUM(SUM), .STUCK_LANE(STUCK_LANE)) i_array (
    .clk_i, .rst_ni, .enable_i(enable && busy_q), .valid_i(take), .last_i(last_chunk),
    .word_i(stream_data_i), .codes_i(code_data_i), .valid_o(sums_valid), .sums_o(sums)
  );

  // ---- Sums out, one a cycle; rows of padding are left behind --------------------------------------------------------------
  logic [ROWS*SUM-1:0] sums_q;
  logic [ROW_BITS-1:0] sums_left_q;
  logic [31:0]         rows_out_q;  // still to go to the rescaler
  logic                send;

  assign send = sums_left_q != '0 && rows_out_q != '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      sums_left_q <= '0;
    end else if (start_i) begin
      sums_left_q <= '0;
      rows_out_q <= instruction_i.count;
    end else if (enable) begin
      if (sums_valid) begin
        sums_q <= sums;
        sums_left_q <= ROW_BITS'(ROWS);
      end else if (sums_left_q != '0) begin
        sums_q <= sums_q >> SUM;
        sums_left_q <= sums_left_q - 1'b1;
      end
      if (send) rows_out_q <= rows_out_q - 1'b1;
    end
  end

  // ---- Values: gathered, compared --------------------------------------------------------------------------------------------
  logic                    value_valid;
  logic signed [31:0]      value;
  logic [WORD-1:0]         gathered_q;
  logic [ELEMENT_BITS-1:0] gathered_count_q;
  logic [31:0]             row_q;  // of the value

  rescaler #(.SUM(SUM), .TRUNCATES(TRUNCATES)) i_rescaler (
    .clk_i, .rst_ni, .enable_i(enable), .valid_i(send), .sum_i(sums_q[SUM-1:0]), .multiplier_i, .shift_i,
    .valid_o(value_valid), .value_o(value)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      gathered_count_q <= '0;
      row_q <= '0;
      word_q <= 1'b0;
    end else if (enable) begin
      word_q <= value_valid && gathered_count_q == ELEMENT_BITS'(ELEMENTS - 1);
      if (value_valid) begin
        gathered_q <= {value, gathered_q[WORD-1:32]};
        gathered_count_q <= gathered_count_q + 1'b1;
        row_q <= row_q + 1'b1;
        if (is_head && (row_q == '0 || value > chosen_value_o)) begin
          chosen_row_o <= row_q;
          chosen_value_o <= value;
        end
      end
    end
  end

  // ---- Words out -----------------------------------------------------------------------------------------------------------
  logic [WORD-1:0]  logits_q;
  logic [INDEX-1:0] written_q;
  logic             complete;  // the word is the last

  assign complete = word_q && row_q == instruction_i.count;
  assign write_o = word_q && !is_head;
  assign write_address_o = instruction_i.dst[INDEX-1:0] + written_q;
  assign write_data_o = gathered_q;
  assign logits_valid_o = logits_valid_q;
  assign logits_data_o = logits_q;

  logic finishing_q;  // only the last logits word is left
  assign done_o = to_logits ? finishing_q && logits_ready_i : complete;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      logits_valid_q <= 1'b0;
      finishing_q <= 1'b0;
    end else begin
      if (start_i) busy_q <= 1'b1;
      else if (done_o) busy_q <= 1'b0;

      if (word_q && to_logits && !logits_valid_q) logits_valid_q <= 1'b1;
      else if (logits_ready_i) logits_valid_q <= 1'b0;

      if (complete && to_logits && !logits_valid_q) finishing_q <= 1'b1;
      else if (logits_ready_i) finishing_q <= 1'b0;
    end
    if (word_q && to_logits && !logits_valid_q) logits_q <= gathered_q;
    if (start_i) written_q <= '0;
    else if (write_o) written_q <= written_q + 1'b1;
  end

  logic unused;
  assign unused = ^instruction_i;
endmodule
