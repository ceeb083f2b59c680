// The vectors of the program: WORDS words, two read ports and one write port. A read gives its word in the next cycle; a
// write is first seen by the reads of the next cycle.
module vector_memory #(
  parameter int unsigned WORD = 512,
  parameter int unsigned WORDS = 2048
) (
  input  logic                     clk_i,
  input  logic [$clog2(WORDS)-1:0] a_address_i,
  output logic [WORD-1:0]          a_data_o,
  input  logic [$clog2(WORDS)-1:0] b_address_i,
  output logic [WORD-1:0]          b_data_o,
  input  logic                     write_i,
  input  logic [$clog2(WORDS)-1:0] write_address_i,
  input  logic [WORD-1:0]          write_data_i
);
  logic [WORD-1:0] words_q [WORDS];

  always_ff @(posedge clk_i) begin
    a_data_o <= words_q[a_address_i];
    b_data_o <= words_q[b_address_i];
    if (write_i) words_q[write_address_i] <= write_data_i;
  end
endmodule
