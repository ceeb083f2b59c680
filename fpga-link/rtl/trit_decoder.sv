// From a group's bytes of memory to trits of two bits: 00 zero, 01 +1, 11 -1, four rows to a byte. With DENSE a byte of memory
// holds five rows in base 3; the fifth comes out as the first of a second plane. Registered.
module trit_decoder #(
  parameter int unsigned LANES = 64,
  parameter int unsigned DENSE = 0,
  localparam int unsigned PLANES = DENSE != 0 ? 2 : 1
) (
  input  logic                      clk_i,
  input  logic                      enable_i,
  input  logic [LANES*8-1:0]        bytes_i,
  output logic [PLANES*LANES*8-1:0] trits_o
);
  if (DENSE != 0) begin : g_dense
    // Five digits of base 3, each 0 to 2 for -1 to 1, from the highest down.
    function automatic [9:0] digits(input [7:0] value);
      reg [7:0] rest;
      reg [7:0] power;
      begin
        rest = value;
        digits = '0;
        for (int unsigned j = 0; j < 5; j = j + 1) begin
          power = j == 0 ? 8'd81 : j == 1 ? 8'd27 : j == 2 ? 8'd9 : j == 3 ? 8'd3 : 8'd1;
          if (rest >= (power << 1)) begin
            digits[8-2*j +: 2] = 2'b01;
            rest = rest - (power << 1);
          end else if (rest >= power) begin
            digits[8-2*j +: 2] = 2'b00;
            rest = rest - power;
          end else begin
            digits[8-2*j +: 2] = 2'b11;
          end
        end
        if (value > 8'd242) digits = '0;
      end
    endfunction

    logic [LANES*8-1:0] low, high;
    for (genvar l = 0; l < LANES; l++) begin : g_lane
      logic [9:0] trits_q;
      always_ff @(posedge clk_i) if (enable_i) trits_q <= digits(bytes_i[8*l +: 8]);
      assign low[8*l +: 8] = trits_q[7:0];
      assign high[8*l +: 8] = {6'd0, trits_q[9:8]};
    end
    assign trits_o = {high, low};
  end else begin : g_plain
    logic [LANES*8-1:0] trits_q;
    always_ff @(posedge clk_i) if (enable_i) trits_q <= bytes_i;
    assign trits_o = trits_q;
  end
endmodule
