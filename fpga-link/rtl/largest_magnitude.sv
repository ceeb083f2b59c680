// The largest |element| of all words that come with valid_i. A word counts after two cycles. No element is -2^31.
module largest_magnitude #(
  parameter int unsigned ELEMENTS = 16
) (
  input  logic                   clk_i,
  input  logic                   clear_i,
  input  logic                   enable_i,
  input  logic                   valid_i,
  input  logic [ELEMENTS*32-1:0] word_i,
  output logic [30:0]            largest_o
);
  localparam int unsigned FOURS = ELEMENTS / 4;

  function automatic [30:0] magnitude(input [31:0] x);
    magnitude = x[31] ? -x[30:0] : x[30:0];
  endfunction
  function automatic [30:0] larger(input [30:0] a, input [30:0] b);
    larger = a > b ? a : b;
  endfunction

  // Of the fours, and of the largest so far.
  function automatic [30:0] largest_of(input [FOURS*31-1:0] fours, input [30:0] earlier);
    begin
      largest_of = earlier;
      for (int unsigned f = 0; f < FOURS; f = f + 1) largest_of = larger(largest_of, fours[31*f +: 31]);
    end
  endfunction

  logic [FOURS*31-1:0] fours;
  logic                valid_q;
  logic [30:0]         largest_q;

  for (genvar f = 0; f < FOURS; f++) begin : g_four
    logic [30:0] four_q;
    always_ff @(posedge clk_i) begin
      if (enable_i) begin
        four_q <= larger(larger(magnitude(word_i[128*f +: 32]), magnitude(word_i[128*f+32 +: 32])),
                         larger(magnitude(word_i[128*f+64 +: 32]), magnitude(word_i[128*f+96 +: 32])));
      end
    end
    assign fours[31*f +: 31] = four_q;
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      largest_q <= '0;
      valid_q <= 1'b0;
    end else if (enable_i) begin
      valid_q <= valid_i;
      if (valid_q) largest_q <= largest_of(fours, largest_q);
    end
  end
  assign largest_o = largest_q;
endmodule
