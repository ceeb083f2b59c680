// What came in DEPTH enabled cycles ago.
module delay_line #(
  parameter int unsigned WIDTH = 512,
  parameter int unsigned DEPTH = 2
) (
  input  logic             clk_i,
  input  logic             enable_i,
  input  logic [WIDTH-1:0] data_i,
  output logic [WIDTH-1:0] data_o
);
  for (genvar d = 0; d < DEPTH; d++) begin : g_stage
    logic [WIDTH-1:0] data_q;
    if (d == 0) begin : g_first
      always_ff @(posedge clk_i) if (enable_i) data_q <= data_i;
    end else begin : g_next
      always_ff @(posedge clk_i) if (enable_i) data_q <= g_stage[d-1].data_q;
    end
  end
  assign data_o = g_stage[DEPTH-1].data_q;
endmodule
