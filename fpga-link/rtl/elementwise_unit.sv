// ADD, FORGET, CAND, DECAY, GATE and GLU: one vector word a cycle, all through the same pipeline.
//   stage 0  operands from memory and stream      4  sigmoid          6  first product     8  second product
// Between them: the sigmoid of one operand, gate; first = factor * gate; second = first * other.
module elementwise_unit #(
  parameter int unsigned LANES = 64,
  parameter int unsigned GROUPS = 1,
  parameter int unsigned VECTOR_WORDS = 2048,
  localparam int unsigned WORD = LANES * GROUPS * 8
) (
  input  logic                            clk_i,
  input  logic                            rst_ni,
  input  logic                            start_i,
  input  ternion_pkg::instruction_t       instruction_i,  // stable until done
  output logic                            done_o,         // with the last write
  input  logic                            stream_valid_i,
  input  logic [WORD-1:0]                 stream_data_i,
  output logic                            stream_ready_o,
  output logic [$clog2(VECTOR_WORDS)-1:0] a_address_o,
  input  logic [WORD-1:0]                 a_data_i,
  output logic [$clog2(VECTOR_WORDS)-1:0] b_address_o,
  input  logic [WORD-1:0]                 b_data_i,
  output logic                            write_o,
  output logic [$clog2(VECTOR_WORDS)-1:0] write_address_o,
  output logic [WORD-1:0]                 write_data_o,
  output logic                            s1_we_o,        // GATE's sum of squares of a, to norm_unit, at or before done
  output logic [63:0]                     s1_o
);
  localparam int unsigned ELEMENTS = WORD / 32;
  localparam int unsigned INDEX = $clog2(VECTOR_WORDS);
  localparam int unsigned STAGES = 9;
  localparam logic [31:0] LARGEST = 32'h7FFF_FFFF;
  localparam logic [31:0] LARGEST_STATE = 32'd1 << 24;
  localparam logic [31:0] ONE = 32'd1 << 24;  // a gate
  localparam int unsigned STATE_TO_VALUE = 4; // fraction bits

  // ---- What the instruction asks for ---------------------------------------------------------------------------------
  logic is_add, is_forget, is_cand, is_decay, is_gate, weighted;
  assign is_add = instruction_i.opcode == ternion_pkg::OP_ADD;
  assign is_forget = instruction_i.opcode == ternion_pkg::OP_FORGET;
  assign is_cand = instruction_i.opcode == ternion_pkg::OP_CAND;
  assign is_decay = instruction_i.opcode == ternion_pkg::OP_DECAY;
  assign is_gate = instruction_i.opcode == ternion_pkg::OP_GATE;  // what is left is GLU
  assign weighted = is_forget && instruction_i.flags[ternion_pkg::FLAG_WEIGHTED];

  logic [31:0] add_limit;
  assign add_limit = instruction_i.flags[ternion_pkg::FLAG_STATE] ? LARGEST_STATE : LARGEST;

  // ---- The walk --------------------------------------------------------------------------------------------------------
  logic [INDEX-1:0]  index, written_q;
  logic              active, valid, last, enable;
  logic [WORD-1:0]   bound;
  logic [STAGES-1:0] valid_q, last_q;  // of stages 1 to 9

  word_walk #(.WORD(WORD), .VECTOR_WORDS(VECTOR_WORDS)) i_walk (
    .clk_i, .rst_ni, .start_i, .count_i(instruction_i.count[INDEX:0]), .streamed_i(weighted),
    .stream_valid_i, .stream_data_i, .stream_ready_o,
    .index_o(index), .active_o(active), .valid_o(valid), .last_o(last), .word_o(bound)
  );
  assign a_address_o = instruction_i.a[INDEX-1:0] + index;
  assign b_address_o = instruction_i.b[INDEX-1:0] + index;
  assign enable = valid || valid_q != '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      last_q <= '0;
    end else if (enable) begin
      valid_q <= {valid_q[STAGES-2:0], valid};
      last_q <= {last_q[STAGES-2:0], last};
    end
    if (start_i) written_q <= '0;
    else if (write_o) written_q <= written_q + 1'b1;
  end

  // ---- Stage 0: who is what --------------------------------------------------------------------------------------------
  function automatic [31:0] sum(input signed [31:0] a, input signed [31:0] b, input [31:0] limit);
    reg signed [32:0] s;
    begin
      s = 33'(a) + 33'(b);
      if (s > $signed({1'b0, limit})) sum = limit;
      else if (s < -$signed({1'b0, limit})) sum = -limit;
      else sum = s[31:0];
    end
  endfunction

  logic [WORD-1:0] x0, factor1, other1;
  for (genvar e = 0; e < ELEMENTS; e++) begin : g_operand
    logic signed [31:0] a, b, lower;
    logic [31:0]        factor_q, other_q;
    assign a = a_data_i[32*e +: 32];
    assign b = b_data_i[32*e +: 32];
    assign lower = weighted ? bound[32*e +: 32] : '0;
    assign x0[32*e +: 32] = is_gate ? b >>> STATE_TO_VALUE : a;
    always_ff @(posedge clk_i) begin
      if (enable) begin
        factor_q <= is_forget ? ONE - lower : is_gate ? b : a;
        other_q <= is_add ? sum(a, b, add_limit) : is_forget ? lower : is_cand ? ONE - b : is_gate ? a : b;
      end
    end
    assign factor1[32*e +: 32] = factor_q;
    assign other1[32*e +: 32] = other_q;
  end

  // ---- Stages 1 to 8 -----------------------------------------------------------------------------------------------------
  logic [WORD-1:0] gate4, factor4, other4, other6, other8, first6, first8, second8, by4;

  sigmoid #(.ELEMENTS(ELEMENTS)) i_sigmoid (.clk_i, .enable_i(enable), .x_i(x0), .gate_o(gate4));
  delay_line #(.WIDTH(WORD), .DEPTH(3)) i_factor (.clk_i, .enable_i(enable), .data_i(factor1), .data_o(factor4));
  delay_line #(.WIDTH(WORD), .DEPTH(3)) i_other4 (.clk_i, .enable_i(enable), .data_i(other1), .data_o(other4));
  delay_line #(.WIDTH(WORD), .DEPTH(2)) i_other6 (.clk_i, .enable_i(enable), .data_i(other4), .data_o(other6));
  delay_line #(.WIDTH(WORD), .DEPTH(2)) i_other8 (.clk_i, .enable_i(enable), .data_i(other6), .data_o(other8));
  delay_line #(.WIDTH(WORD), .DEPTH(2)) i_first8 (.clk_i, .enable_i(enable), .data_i(first6), .data_o(first8));

  assign by4 = is_decay ? other4 : gate4;
  rounded_product #(.ELEMENTS(ELEMENTS)) i_first (
    .clk_i, .enable_i(enable), .a_i(factor4), .b_i(by4),
    .shift_i(is_cand ? 6'd20 : 6'd24), .limit_i(LARGEST), .value_o(first6)
  );
  rounded_product #(.ELEMENTS(ELEMENTS)) i_second (
    .clk_i, .enable_i(enable), .a_i(first6), .b_i(other6),
    .shift_i(is_cand ? 6'd24 : 6'd14), .limit_i(is_cand ? LARGEST_STATE : LARGEST), .value_o(second8)
  );

  // ---- Stage 9: out ------------------------------------------------------------------------------------------------------
  for (genvar e = 0; e < ELEMENTS; e++) begin : g_result
    logic [31:0] result_q;
    always_ff @(posedge clk_i) begin
      if (enable) begin
        result_q <= is_add ? other8[32*e +: 32]
                  : is_forget ? other8[32*e +: 32] + first8[32*e +: 32]
                  : is_decay ? first8[32*e +: 32] : second8[32*e +: 32];
      end
    end
    assign write_data_o[32*e +: 32] = result_q;
  end
  assign write_o = valid_q[STAGES-1];
  assign write_address_o = instruction_i.dst[INDEX-1:0] + written_q;
  assign done_o = write_o && last_q[STAGES-1];

  square_sum #(.ELEMENTS(ELEMENTS)) i_squares (
    .clk_i, .clear_i(start_i), .enable_i(enable && is_gate), .valid_i(valid), .word_i(a_data_i), .sum_o(s1_o)
  );
  assign s1_we_o = done_o && is_gate;

  logic unused;
  assign unused = ^{active, instruction_i};
endmodule
