// fixed::rescale, a sum a cycle: two enabled cycles.
module rescaler #(
  parameter int unsigned SUM = 19,
  parameter int unsigned TRUNCATES = 0
) (
  input  logic           clk_i,
  input  logic           rst_ni,
  input  logic           enable_i,
  input  logic           valid_i,
  input  logic [SUM-1:0] sum_i,
  input  logic [31:0]    multiplier_i,  // stable, as is the shift
  input  logic [5:0]     shift_i,
  output logic           valid_o,
  output logic [31:0]    value_o
);
  logic [1:0] valid_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else if (enable_i) valid_q <= {valid_q[0], valid_i};
  end
  assign valid_o = valid_q[1];

  rounded_product #(.ELEMENTS(1), .A(SUM), .B(33), .TRUNCATES(TRUNCATES)) i_product (
    .clk_i, .enable_i(enable_i && (valid_i || valid_q[0])), .a_i(sum_i), .b_i({1'b0, multiplier_i}),
    .shift_i, .limit_i(32'h7FFF_FFFF), .value_o
  );
endmodule
