// SCALE, NORM and QUANT. NORM is one pass over a; QUANT is two, one that makes u, and one that makes codes of it:
//   pass over a   stage 0 a and weight, 2 weigh, 4 largest |u|, 6 sum of squares
//   pass over u   stage 0 u, 3 codes, 4 a word of them written
module norm_unit #(
  parameter int unsigned LANES = 64,
  parameter int unsigned GROUPS = 1,
  parameter int unsigned VECTOR_WORDS = 2048,
  parameter int unsigned CODE_WORDS = 32,
  localparam int unsigned WORD = LANES * GROUPS * 8
) (
  input  logic                            clk_i,
  input  logic                            rst_ni,
  input  logic                            start_i,
  input  ternion_pkg::instruction_t       instruction_i,  // stable until done
  output logic                            done_o,
  input  logic                            stream_valid_i,
  input  logic [WORD-1:0]                 stream_data_i,
  output logic                            stream_ready_o,
  output logic [$clog2(VECTOR_WORDS)-1:0] a_address_o,    // no b port
  input  logic [WORD-1:0]                 a_data_i,
  output logic                            write_o,
  output logic [$clog2(VECTOR_WORDS)-1:0] write_address_o,
  output logic [WORD-1:0]                 write_data_o,
  input  logic                            s1_we_i,        // from elementwise_unit
  input  logic [63:0]                     s1_i,
  output logic                            code_write_o,   // to code_memory
  output logic [$clog2(CODE_WORDS)-1:0]   code_address_o,
  output logic [LANES*8-1:0]              code_data_o,
  output logic [31:0]                     multiplier_o,   // the codes' scale, to matvec_unit
  output logic [5:0]                      shift_o
);
  localparam int unsigned ELEMENTS = WORD / 32;
  localparam int unsigned INDEX = $clog2(VECTOR_WORDS);
  localparam int unsigned CODE_INDEX = $clog2(CODE_WORDS);
  localparam int unsigned PARTS = LANES / ELEMENTS;  // vector words that fill a code word
  localparam int unsigned STAGES = 6;
  localparam logic [5:0]  WEIGH_SHIFT = 6'd12;
  localparam logic [15:0] NO_WEIGHT = 16'd1 << 12;
  localparam logic [31:0] LARGEST = 32'h7FFF_FFFF;

  typedef enum logic [2:0] {
    IDLE,
    SCALE,
    NORM,
    U,           // QUANT's first pass
    RECIPROCAL,  // of the largest |u|
    CODES,       // the second pass
    WAIT         // for the scale
  } state_e;
  state_e state_q;

  logic starts_scale, starts_norm, starts_quant;
  assign starts_scale = start_i && instruction_i.opcode == ternion_pkg::OP_SCALE;
  assign starts_norm = start_i && instruction_i.opcode == ternion_pkg::OP_NORM;
  assign starts_quant = start_i && instruction_i.opcode == ternion_pkg::OP_QUANT;

  // ---- The constants that SCALE sets -----------------------------------------------------------------------------------
  logic [15:0] epsilon_factor_q;
  logic [23:0] scale_mantissa_q;
  logic [7:0]  scale_exponent_q, epsilon_shift_q;
  logic [31:0] epsilon_constant_q;
  always_ff @(posedge clk_i) begin
    if (starts_scale) begin
      epsilon_factor_q <= instruction_i.dst;
      {scale_exponent_q, scale_mantissa_q} <= {instruction_i.b, instruction_i.a};
      epsilon_constant_q <= instruction_i.count;
      epsilon_shift_q <= instruction_i.address[7:0];
    end
  end

  // ---- The walk ----------------------------------------------------------------------------------------------------------
  logic [INDEX-1:0]  index, written_q;
  logic              active, valid, last, enable, weighted, reciprocal_valid;
  logic [WORD-1:0]   weights;
  logic [STAGES:1]   valid_q, last_q;

  assign weighted = state_q == U || (state_q == NORM && instruction_i.flags[ternion_pkg::FLAG_WEIGHTED]);
  word_walk #(.WORD(WORD), .VECTOR_WORDS(VECTOR_WORDS)) i_walk (
    .clk_i, .rst_ni, .start_i(starts_norm || starts_quant || reciprocal_valid),
    .count_i(instruction_i.count[INDEX:0]), .streamed_i(weighted),
    .stream_valid_i, .stream_data_i, .stream_ready_o,
    .index_o(index), .active_o(active), .valid_o(valid), .last_o(last), .word_o(weights)
  );
  assign a_address_o = (state_q == CODES ? instruction_i.dst[INDEX-1:0] : instruction_i.a[INDEX-1:0]) + index;
  assign enable = valid || valid_q != '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin  // the last codes' marks are still on their way when QUANT is done
      valid_q <= '0;
      last_q <= '0;
    end else if (enable) begin
      valid_q <= {valid_q[STAGES-1:1], valid};
      last_q <= {last_q[STAGES-1:1], last};
    end
  end

  // ---- The pass over a -----------------------------------------------------------------------------------------------------
  logic [ELEMENTS*16-1:0] factors;
  logic [WORD-1:0]        weighed;
  logic [30:0]            largest;
  logic [63:0]            s, s1, s1_q;
  logic                   norm_enable, norm_done;

  for (genvar e = 0; e < ELEMENTS; e++) begin : g_factor
    assign factors[16*e +: 16] = weighted ? weights[32*e +: 16] : NO_WEIGHT;
  end
  assign norm_enable = enable && state_q == NORM;
  assign norm_done = state_q == NORM && valid_q[6] && last_q[6];

  rounded_product #(.ELEMENTS(ELEMENTS), .B(16)) i_weigh (
    .clk_i, .enable_i(enable && state_q != CODES), .a_i(a_data_i), .b_i(factors),
    .shift_i(WEIGH_SHIFT), .limit_i(LARGEST), .value_o(weighed)
  );
  square_sum #(.ELEMENTS(ELEMENTS)) i_s (
    .clk_i, .clear_i(starts_norm), .enable_i(norm_enable), .valid_i(valid_q[2]), .word_i(weighed), .sum_o(s)
  );
  square_sum #(.ELEMENTS(ELEMENTS)) i_s1 (
    .clk_i, .clear_i(starts_norm), .enable_i(norm_enable && instruction_i.flags[ternion_pkg::FLAG_FIRST]),
    .valid_i(valid), .word_i(a_data_i), .sum_o(s1)
  );
  largest_magnitude #(.ELEMENTS(ELEMENTS)) i_largest (
    .clk_i, .clear_i(starts_quant), .enable_i(enable && state_q == U), .valid_i(valid_q[2]), .word_i(weighed),
    .largest_o(largest)
  );

  always_ff @(posedge clk_i) begin
    if (s1_we_i) s1_q <= s1_i;
    else if (norm_done && instruction_i.flags[ternion_pkg::FLAG_FIRST]) s1_q <= s1;
    if (start_i) written_q <= '0;
    else if (write_o) written_q <= written_q + 1'b1;
  end
  assign write_o = state_q == U && valid_q[2];
  assign write_address_o = instruction_i.dst[INDEX-1:0] + written_q;
  assign write_data_o = weighed;

  // ---- The scale -------------------------------------------------------------------------------------------------------------
  logic [5:0]  drop;
  logic [23:0] reciprocal;
  logic        scale_done, scale_done_q;

  code_scale i_scale (
    .clk_i, .rst_ni, .start_i(starts_quant), .s_i(s), .s1_high_i(s1_q[63:24]),
    .epsilon_constant_i(epsilon_constant_q), .epsilon_factor_i(epsilon_factor_q), .epsilon_shift_i(epsilon_shift_q),
    .scale_mantissa_i(scale_mantissa_q), .scale_exponent_i(scale_exponent_q),
    .largest_valid_i(state_q == U && valid_q[4] && last_q[4]), .largest_i(largest),
    .reciprocal_valid_o(reciprocal_valid), .drop_o(drop), .reciprocal_o(reciprocal),
    .done_o(scale_done), .multiplier_o, .shift_o
  );

  // ---- The pass over u ---------------------------------------------------------------------------------------------------
  logic [ELEMENTS*8-1:0] codes;
  logic [PARTS-1:0]      part_q;  // one hot
  logic                  code_write_q, code_last_q;
  logic [CODE_INDEX-1:0] code_address_q;

  quantiser #(.ELEMENTS(ELEMENTS)) i_quantiser (
    .clk_i, .enable_i(enable && state_q == CODES), .drop_i(drop), .reciprocal_i(reciprocal), .u_i(a_data_i), .code_o(codes)
  );

  for (genvar p = 0; p < PARTS; p++) begin : g_part
    logic [ELEMENTS*8-1:0] codes_q;
    always_ff @(posedge clk_i) begin
      if (state_q == CODES && valid_q[3]) begin
        if (part_q[p]) codes_q <= codes;
        else if (part_q[0]) codes_q <= '0;  // columns beyond the vector
      end
    end
    assign code_data_o[ELEMENTS*8*p +: ELEMENTS*8] = codes_q;
  end

  always_ff @(posedge clk_i) begin
    code_write_q <= rst_ni && state_q == CODES && valid_q[3] && (part_q[PARTS-1] || last_q[3]);
    code_last_q <= last_q[3];
    if (starts_quant) begin
      part_q <= PARTS'(1);
      code_address_q <= '0;
    end else begin
      if (state_q == CODES && valid_q[3]) part_q <= part_q[PARTS-1] ? PARTS'(1) : part_q << 1;
      if (code_write_q) code_address_q <= code_address_q + 1'b1;
    end
  end
  assign code_write_o = code_write_q;
  assign code_address_o = code_address_q;

  // ---- From state to state ---------------------------------------------------------------------------------------------------
  logic codes_done;
  assign codes_done = code_write_q && code_last_q;

  always_ff @(posedge clk_i) begin
    if (starts_quant) scale_done_q <= 1'b0;
    else if (scale_done) scale_done_q <= 1'b1;

    if (!rst_ni) begin
      state_q <= IDLE;
    end else begin
      case (state_q)
        IDLE: state_q <= starts_scale ? SCALE : starts_norm ? NORM : starts_quant ? U : IDLE;
        U: if (valid_q[4] && last_q[4]) state_q <= RECIPROCAL;
        RECIPROCAL: if (reciprocal_valid) state_q <= CODES;
        CODES: if (codes_done) state_q <= done_o ? IDLE : WAIT;
        default: if (done_o) state_q <= IDLE;
      endcase
    end
  end
  assign done_o = state_q == SCALE || norm_done ||
                  ((codes_done || state_q == WAIT) && (scale_done || scale_done_q));

  logic unused;
  assign unused = ^{active, instruction_i, s1_q, weights};
endmodule
