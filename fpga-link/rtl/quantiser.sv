// fixed::code of ELEMENTS u: the codes come after three cycles.
module quantiser #(
  parameter int unsigned ELEMENTS = 16
) (
  input  logic                   clk_i,
  input  logic                   enable_i,
  input  logic [5:0]             drop_i,        // signed; it and the reciprocal are stable
  input  logic [23:0]            reciprocal_i,
  input  logic [ELEMENTS*32-1:0] u_i,
  output logic [ELEMENTS*8-1:0]  code_o
);
  localparam int unsigned FIRST = 25;  // bits of u that count, and its sign

  // drop >= 0 takes the lowest bits away, drop < 0 adds some.
  function automatic [FIRST-1:0] first_of(input signed [31:0] u, input [5:0] drop);
    first_of = drop[5] ? u[FIRST-1:0] << (-drop) : FIRST'(u >>> drop);
  endfunction

  logic [ELEMENTS*FIRST-1:0] first;
  logic [ELEMENTS*32-1:0]    code;

  for (genvar e = 0; e < ELEMENTS; e++) begin : g_element
    logic [FIRST-1:0] first_q;
    always_ff @(posedge clk_i) if (enable_i) first_q <= first_of(u_i[32*e +: 32], drop_i);
    assign first[FIRST*e +: FIRST] = first_q;
    assign code_o[8*e +: 8] = code[32*e +: 8];
  end
  rounded_product #(.ELEMENTS(ELEMENTS), .A(FIRST), .B(FIRST)) i_product (
    .clk_i, .enable_i, .a_i(first), .b_i({ELEMENTS{1'b0, reciprocal_i}}), .shift_i(6'd40), .limit_i(32'd127), .value_o(code)
  );

  logic unused;
  assign unused = ^code;
endmodule
