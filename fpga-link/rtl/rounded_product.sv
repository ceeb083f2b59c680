// fixed::product for ELEMENTS pairs: a * b / 2^shift, halves upwards, saturated at +-limit. Two cycles: the product, the rest.
module rounded_product #(
  parameter int unsigned ELEMENTS = 16,
  parameter int unsigned A = 32,
  parameter int unsigned B = 32,
  parameter int unsigned TRUNCATES = 0  // 1: a fault to be found, halves are not added
) (
  input  logic                     clk_i,
  input  logic                     enable_i,
  input  logic [ELEMENTS*A-1:0]    a_i,
  input  logic [ELEMENTS*B-1:0]    b_i,
  input  logic [5:0]               shift_i,  // 1 to 62; it and the limit belong to the product of the cycle before
  input  logic [31:0]              limit_i,
  output logic [ELEMENTS*32-1:0]   value_o
);
  function automatic [31:0] rounded(input signed [63:0] product, input [5:0] shift, input [31:0] limit);
    reg signed [63:0] value, most;
    begin
      value = (product + (TRUNCATES != 0 ? 64'sd0 : $signed(64'd1 << (shift - 6'd1)))) >>> shift;
      most = $signed({32'd0, limit});
      if (value > most) rounded = limit;
      else if (value < -most) rounded = -limit;
      else rounded = value[31:0];
    end
  endfunction

  for (genvar e = 0; e < ELEMENTS; e++) begin : g_element
    logic signed [A-1:0]  a;
    logic signed [B-1:0]  b;
    logic signed [63:0]   product_q;
    logic [31:0]          value_q;
    assign a = a_i[A*e +: A];
    assign b = b_i[B*e +: B];
    always_ff @(posedge clk_i) begin
      if (enable_i) begin
        product_q <= 64'(a) * 64'(b);
        value_q <= rounded(product_q, shift_i, limit_i);
      end
    end
    assign value_o[32*e +: 32] = value_q;
  end
endmodule
