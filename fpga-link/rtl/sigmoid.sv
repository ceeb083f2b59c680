// fixed::sigmoid of ELEMENTS values (fraction 14), as gates (fraction 24): linear between the ROM's entries. Four cycles.
module sigmoid #(
  parameter int unsigned ELEMENTS = 16
) (
  input  logic                   clk_i,
  input  logic                   enable_i,
  input  logic [ELEMENTS*32-1:0] x_i,
  output logic [ELEMENTS*32-1:0] gate_o
);
  localparam logic [24:0] ONE = 25'd1 << 24;

  // |x|, and from 16 on the last value below it.
  function automatic [17:0] distance(input [31:0] x);
    reg [31:0] magnitude;
    begin
      magnitude = x[31] ? -x : x;
      distance = (magnitude[31:18] != '0) ? '1 : magnitude[17:0];
    end
  endfunction

  for (genvar e = 0; e < ELEMENTS; e++) begin : g_element
    logic [17:0] distance_q;
    logic [24:0] base, base2_q, base3_q, gate_q;
    logic [17:0] step, step_q;
    logic [7:0]  within_q;
    logic [25:0] part_q;  // step * within
    logic [2:0]  negative_q;

    sigmoid_rom i_rom (.entry_i(distance_q[17:8]), .base_o(base), .step_o(step));

    always_ff @(posedge clk_i) begin
      if (enable_i) begin
        distance_q <= distance(x_i[32*e +: 32]);
        negative_q <= {negative_q[1:0], x_i[32*e+31]};
        base2_q <= base;
        step_q <= step;
        within_q <= distance_q[7:0];
        base3_q <= base2_q;
        part_q <= step_q * within_q;
        gate_q <= negative_q[2] ? ONE - (base3_q + 25'((part_q + 26'd128) >> 8))
                                : base3_q + 25'((part_q + 26'd128) >> 8);
      end
    end
    assign gate_o[32*e +: 32] = {7'd0, gate_q};
  end
endmodule
