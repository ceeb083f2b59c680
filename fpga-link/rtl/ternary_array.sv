// ROWS dot products at once: LANES columns a cycle, summed up over the chunks of the rows. Everything moves with enable_i.
// The sums of a row group are there, for one enabled cycle, five enabled cycles after its last word came.
module ternary_array #(
  parameter int unsigned LANES = 64,
  parameter int unsigned GROUPS = 1,
  parameter int unsigned DENSE = 0,
  parameter int unsigned SUM = 19,  // bits of a sum
  parameter int STUCK_LANE = -1,    // a fault to be found: the codes of this lane are 0
  localparam int unsigned GROUP_ROWS = DENSE != 0 ? 5 : 4,
  localparam int unsigned ROWS = GROUPS * GROUP_ROWS
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      enable_i,
  input  logic                      valid_i,
  input  logic                      last_i,   // chunk of these rows
  input  logic [LANES*GROUPS*8-1:0] word_i,
  input  logic [LANES*8-1:0]        codes_i,  // of the same chunk, an enabled cycle later
  output logic                      valid_o,
  output logic [ROWS*SUM-1:0]       sums_o
);
  localparam int unsigned STAGES = 5;
  localparam int unsigned PLANES = DENSE != 0 ? 2 : 1;
  localparam int unsigned DOT = 8 + $clog2(LANES);

  logic [STAGES:1] valid_q, last_q;
  logic            first_q;  // of the rows' chunks comes next into the sums
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      last_q <= '0;
      first_q <= 1'b1;
    end else if (enable_i) begin
      valid_q <= {valid_q[STAGES-1:1], valid_i};
      last_q <= {last_q[STAGES-1:1], last_i};
      if (valid_q[4]) first_q <= last_q[4];
    end
  end
  assign valid_o = valid_q[STAGES] && last_q[STAGES];

  logic move, add;
  logic [LANES*8-1:0] codes;
  if (STUCK_LANE >= 0) begin : g_stuck
    assign codes = codes_i & ~((LANES*8)'(8'hFF) << (8 * STUCK_LANE));
  end else begin : g_whole
    assign codes = codes_i;
  end

  assign move = enable_i && valid_q[3:1] != '0;
  assign add = enable_i && valid_q[4];

  for (genvar g = 0; g < GROUPS; g++) begin : g_group
    logic [PLANES*LANES*8-1:0] trits;
    trit_decoder #(.LANES(LANES), .DENSE(DENSE)) i_decoder (
      .clk_i, .enable_i(enable_i && valid_i), .bytes_i(word_i[LANES*8*g +: LANES*8]), .trits_o(trits)
    );
    for (genvar j = 0; j < GROUP_ROWS; j++) begin : g_row
      logic signed [DOT-1:0] dot;
      logic signed [SUM-1:0] sum_q;
      ternary_dot #(.LANES(LANES), .ROW(j % 4)) i_dot (
        .clk_i, .enable_i(move), .trits_i(trits[LANES*8*(j/4) +: LANES*8]), .codes_i(codes), .sum_o(dot)
      );
      always_ff @(posedge clk_i) if (add) sum_q <= first_q ? SUM'(dot) : sum_q + SUM'(dot);
      assign sums_o[SUM*(GROUP_ROWS*g+j) +: SUM] = sum_q;
    end
  end
endmodule
