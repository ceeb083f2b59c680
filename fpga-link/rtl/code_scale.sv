// fixed::codeScale: what quantises u, and rescales the products of its codes. The root is taken while u is still being made
// (start_i: S and S1 are there); the reciprocal once the largest |u| is known (largest_valid_i), and the multiplier after it,
// while the codes are made.
module code_scale (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        start_i,
  input  logic [63:0] s_i,                 // stable until done, as are the constants
  input  logic [39:0] s1_high_i,           // S1 / 2^24
  input  logic [31:0] epsilon_constant_i,
  input  logic [15:0] epsilon_factor_i,
  input  logic [7:0]  epsilon_shift_i,
  input  logic [23:0] scale_mantissa_i,
  input  logic [7:0]  scale_exponent_i,    // signed
  input  logic        largest_valid_i,     // one cycle
  input  logic [30:0] largest_i,
  output logic        reciprocal_valid_o,  // one cycle; drop and reciprocal stay until the next start
  output logic [5:0]  drop_o,              // signed
  output logic [23:0] reciprocal_o,
  output logic        done_o,              // one cycle; so do multiplier and shift
  output logic [31:0] multiplier_o,
  output logic [5:0]  shift_o
);
  localparam logic [5:0] RECIPROCAL_BITS = 6'd24;
  localparam logic [5:0] MULTIPLIER_BITS = 6'd32;

  // ---- withEpsilon, and its root -----------------------------------------------------------------------------------------
  function automatic [63:0] sum(input [63:0] a, input [63:0] b);
    reg [64:0] s;
    begin
      s = {1'b0, a} + {1'b0, b};
      sum = s[64] ? '1 : s[63:0];
    end
  endfunction

  logic [55:0] product_q, part_q;
  logic [63:0] radicand_q;
  logic [3:0]  step_q;  // product, part, radicand, root
  logic        root_busy;
  logic [31:0] root;
  logic [4:0]  root_shift;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) step_q <= '0;
    else step_q <= {step_q[2:0], start_i};
    if (start_i) product_q <= s1_high_i * epsilon_factor_i;
    if (step_q[0]) part_q <= product_q >> epsilon_shift_i;
    if (step_q[1]) radicand_q <= sum(sum(s_i, {32'd0, epsilon_constant_i}), {8'd0, part_q});
  end
  square_root i_root (
    .clk_i, .rst_ni, .start_i(step_q[2]), .value_i(radicand_q), .busy_o(root_busy), .root_o(root), .shift_o(root_shift)
  );

  // ---- The divisions -------------------------------------------------------------------------------------------------------
  typedef enum logic [2:0] {
    IDLE,        // or still waiting for the largest |u|
    NORMALISE,   // its first 24 bits
    RECIPROCAL,
    ROOT,        // wait for it
    MULTIPLY,    // first * mantissa
    MULTIPLIER
  } state_e;
  state_e state_q;

  logic [30:0] largest_q;
  logic [23:0] first_q, reciprocal_q;
  logic [5:0]  drop_q;
  logic [47:0] numerator_q;
  logic [31:0] multiplier_q;
  logic [5:0]  shift_q;

  // Bits of the largest |u|.
  function automatic [5:0] width(input [30:0] value);
    begin
      width = 6'd0;
      for (int unsigned i = 0; i < 31; i = i + 1)
        if (value[i]) width = 6'(i) + 6'd1;
    end
  endfunction
  function automatic [5:0] clamped(input signed [9:0] shift);
    clamped = shift < 10'sd1 ? 6'd1 : shift > 10'sd62 ? 6'd62 : shift[5:0];
  endfunction

  logic        divide, divide_busy, divided_q;
  logic [31:0] quotient;
  logic [62:0] dividend;
  assign dividend = {numerator_q, 15'd0};

  // The reciprocal's divisor is moved up by 8 bits, and so is 127 * 2^40.
  divider i_divider (
    .clk_i, .rst_ni, .start_i(divide),
    .above_i(state_q == RECIPROCAL ? 32'd127 << 24 : {1'b0, dividend[62:32]}),
    .below_i(state_q == RECIPROCAL ? 32'd0 : dividend[31:0]),
    .divisor_i(state_q == RECIPROCAL ? {first_q, 8'd0} : root),
    .bits_i(state_q == RECIPROCAL ? RECIPROCAL_BITS : MULTIPLIER_BITS),
    .busy_o(divide_busy), .quotient_o(quotient)
  );
  assign divide = !divided_q && (state_q == RECIPROCAL || state_q == MULTIPLIER);

  always_ff @(posedge clk_i) begin
    reciprocal_valid_o <= 1'b0;
    done_o <= 1'b0;
    if (!rst_ni || start_i) begin
      state_q <= IDLE;
      divided_q <= 1'b0;
      drop_q <= '0;
      reciprocal_q <= '0;
      multiplier_q <= '0;
      shift_q <= 6'd1;
    end else begin
      case (state_q)
        IDLE: begin
          if (largest_valid_i) begin
            largest_q <= largest_i;
            state_q <= NORMALISE;
          end
        end
        NORMALISE: begin
          first_q <= 24'({largest_q, 23'd0} >> (width(largest_q) - 6'd1));
          if (largest_q == '0) begin
            reciprocal_valid_o <= 1'b1;
            done_o <= 1'b1;
            state_q <= IDLE;
          end else begin
            drop_q <= width(largest_q) - 6'd24;
            state_q <= RECIPROCAL;
          end
        end
        RECIPROCAL: begin
          divided_q <= 1'b1;
          if (divided_q && !divide_busy) begin
            divided_q <= 1'b0;
            reciprocal_q <= quotient[23:0];
            reciprocal_valid_o <= 1'b1;
            state_q <= ROOT;
          end
        end
        ROOT: begin
          numerator_q <= first_q * scale_mantissa_i;
          if (!root_busy && step_q == '0) begin
            done_o <= root == '0;
            state_q <= root == '0 ? IDLE : MULTIPLY;
          end
        end
        MULTIPLY: begin
          shift_q <= clamped(10'sd15 - {{4{drop_q[5]}}, drop_q} + {{2{scale_exponent_i[7]}}, scale_exponent_i} -
                             {5'd0, root_shift});
          state_q <= MULTIPLIER;
        end
        default: begin
          divided_q <= 1'b1;
          if (divided_q && !divide_busy) begin
            divided_q <= 1'b0;
            multiplier_q <= quotient;
            done_o <= 1'b1;
            state_q <= IDLE;
          end
        end
      endcase
    end
  end
  assign drop_o = drop_q;
  assign reciprocal_o = reciprocal_q;
  assign multiplier_o = multiplier_q;
  assign shift_o = shift_q;
endmodule
