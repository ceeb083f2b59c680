// A sum of squares over all words that come with valid_i, saturated at 2^64 - 1. A word is in the sum after four cycles.
// No element is -2^31, so that four squares fit into 64 bits.
module square_sum #(
  parameter int unsigned ELEMENTS = 16
) (
  input  logic                   clk_i,
  input  logic                   clear_i,
  input  logic                   enable_i,
  input  logic                   valid_i,
  input  logic [ELEMENTS*32-1:0] word_i,
  output logic [63:0]            sum_o
);
  localparam int unsigned FOURS = ELEMENTS / 4;
  localparam int unsigned TOTAL = 64 + $clog2(FOURS);

  for (genvar e = 0; e < ELEMENTS; e++) begin : g_square
    logic signed [31:0] element;
    logic [63:0]        square_q;
    assign element = word_i[32*e +: 32];
    always_ff @(posedge clk_i) if (enable_i) square_q <= 64'(element) * 64'(element);
  end

  logic [FOURS*64-1:0] fours;
  for (genvar f = 0; f < FOURS; f++) begin : g_four
    logic [63:0] sum_q;
    always_ff @(posedge clk_i) begin
      if (enable_i) begin
        sum_q <= (g_square[4*f].square_q + g_square[4*f+1].square_q) +
                 (g_square[4*f+2].square_q + g_square[4*f+3].square_q);
      end
    end
    assign fours[64*f +: 64] = sum_q;
  end

  function automatic [TOTAL-1:0] total(input [FOURS*64-1:0] sums);
    begin
      total = '0;
      for (int unsigned f = 0; f < FOURS; f = f + 1) total = total + TOTAL'(sums[64*f +: 64]);
    end
  endfunction
  function automatic [63:0] sum(input [63:0] earlier, input [TOTAL-1:0] more);
    reg [TOTAL:0] s;
    begin
      s = (TOTAL + 1)'(earlier) + {1'b0, more};
      sum = (s[TOTAL:64] != '0) ? '1 : s[63:0];
    end
  endfunction

  logic [TOTAL-1:0] total_q;
  logic [63:0]      sum_q;
  logic [2:0]       valid_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      sum_q <= '0;
      valid_q <= '0;
    end else if (enable_i) begin
      valid_q <= {valid_q[1:0], valid_i};
      if (valid_q[1]) total_q <= total(fours);
      if (valid_q[2]) sum_q <= sum(sum_q, total_q);
    end
  end
  assign sum_o = sum_q;
endmodule
