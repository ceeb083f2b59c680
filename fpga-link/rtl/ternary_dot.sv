// One row of the array: the sum over LANES of trit * code, three enabled cycles later. No multiplier: a trit selects the code,
// its complement, or nothing.
//
// Eight lanes at a time, in 64 bits. There a code c is the byte c + 128 when it counts, -c + 127 when its complement does, and
// 128 when nothing does, so the bytes add up without signs in four fields of 16 bits; what is missing is a one for each
// complement, which are counted beside them. A simulator adds four fields in one addition. Synthesis sees an adder tree: the
// masks tell it which bits of a field can be there at its level.
module ternary_dot #(
  parameter int unsigned LANES = 64,  // 16, 32, 64 or 128
  parameter int unsigned ROW = 0,     // of the four whose trits are in a byte
  localparam int unsigned SUM = 8 + $clog2(LANES)
) (
  input  logic                  clk_i,
  input  logic                  enable_i,
  input  logic [LANES*8-1:0]    trits_i,
  input  logic [LANES*8-1:0]    codes_i,  // int8, not -128
  output logic signed [SUM-1:0] sum_o
);
  localparam int unsigned SLICES = LANES / 8;
  localparam int unsigned LEVELS = $clog2(SLICES);
  localparam logic [63:0] LOWEST = {8{8'h01}};  // bit of each byte
  localparam logic [63:0] OFFSET = {8{8'h80}};
  localparam logic [63:0] EVEN = {4{16'h00FF}};  // bytes

  // The lowest bit of each byte, in all of its bits.
  function automatic [63:0] spread(input [63:0] bits);
    begin
      spread = bits | (bits << 1);
      spread = spread | (spread << 2);
      spread = spread | (spread << 4);
    end
  endfunction
  function automatic [63:0] pairs(input [63:0] bytes);
    pairs = (bytes & EVEN) + ((bytes >> 8) & EVEN);
  endfunction
  function automatic [63:0] complemented(input [63:0] trits);
    complemented = trits & (trits >> 1) & LOWEST;
  endfunction
  function automatic [63:0] selected(input [63:0] trits, input [63:0] codes);
    selected = (codes & spread(trits & LOWEST)) ^ spread(complemented(trits)) ^ OFFSET;
  endfunction

  for (genvar s = 0; s < SLICES; s++) begin : g_slice
    logic [63:0] trits, fields_q, count_q;
    assign trits = trits_i[64*s +: 64] >> (2 * ROW);
    always_ff @(posedge clk_i) begin
      if (enable_i) begin
        fields_q <= pairs(selected(trits, codes_i[64*s +: 64]));
        count_q <= complemented(trits);
      end
    end
  end

  for (genvar k = 0; k <= LEVELS; k++) begin : g_level
    localparam logic [63:0] FIELD = {4{16'((1 << (9 + k)) - 1)}};
    localparam logic [63:0] COUNT = {8{8'((2 << k) - 1)}};
    for (genvar s = 0; s < (SLICES >> k); s++) begin : g_node
      logic [63:0] fields, count;
      if (k == 0) begin : g_leaf
        assign fields = g_slice[s].fields_q;
        assign count = g_slice[s].count_q;
      end else begin : g_sum
        assign fields = (g_level[k-1].g_node[2*s].fields + g_level[k-1].g_node[2*s+1].fields) & FIELD;
        assign count = (g_level[k-1].g_node[2*s].count + g_level[k-1].g_node[2*s+1].count) & COUNT;
      end
    end
  end

  // Four fields become one; the offsets go.
  function automatic [15:0] total(input [63:0] fields);
    total = (fields[15:0] + fields[31:16]) + (fields[47:32] + fields[63:48]);
  endfunction

  logic [63:0] fields_q, count_q;
  logic [15:0] sum_q;
  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      fields_q <= g_level[LEVELS].g_node[0].fields;
      count_q <= pairs(g_level[LEVELS].g_node[0].count);
      sum_q <= total(fields_q + count_q) - 16'(LANES * 128);
    end
  end
  assign sum_o = sum_q[SUM-1:0];

  logic unused;
  assign unused = ^sum_q;
endmodule
