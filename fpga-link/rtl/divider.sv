// The floor of a quotient, a bit a cycle: of a dividend whose part above the quotient's bits is `above`, smaller than the
// divisor, and whose lower part stands in the highest bits of `below`.
module divider (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        start_i,
  input  logic [31:0] above_i,
  input  logic [31:0] below_i,
  input  logic [31:0] divisor_i,  // stable until done
  input  logic [5:0]  bits_i,     // of the quotient, and cycles: 1 to 32
  output logic        busy_o,
  output logic [31:0] quotient_o  // stays until the next start
);
  logic [31:0] rest_q, below_q, quotient_q;
  logic [5:0]  left_q;
  logic [32:0] next;
  logic        fits;

  assign next = {rest_q, below_q[31]};
  assign fits = next >= {1'b0, divisor_i};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q <= '0;
    end else if (start_i) begin
      left_q <= bits_i;
      rest_q <= above_i;
      below_q <= below_i;
      quotient_q <= '0;
    end else if (left_q != '0) begin
      left_q <= left_q - 1'b1;
      rest_q <= fits ? next[31:0] - divisor_i : next[31:0];
      below_q <= below_q << 1;
      quotient_q <= {quotient_q[30:0], fits};
    end
  end
  assign busy_o = left_q != '0;
  assign quotient_o = quotient_q;
endmodule
