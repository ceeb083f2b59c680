// The codes of the vector that the next mat-vecs multiply: WORDS words of LANES int8. QUANT writes it, MATVEC and HEAD read it.
module code_memory #(
  parameter int unsigned LANES = 64,
  parameter int unsigned WORDS = 32
) (
  input  logic                     clk_i,
  input  logic [$clog2(WORDS)-1:0] address_i,
  output logic [LANES*8-1:0]       data_o,  // of the address a cycle ago
  input  logic                     write_i,
  input  logic [$clog2(WORDS)-1:0] write_address_i,
  input  logic [LANES*8-1:0]       write_data_i
);
  logic [LANES*8-1:0] words_q [WORDS];

  always_ff @(posedge clk_i) begin
    data_o <= words_q[address_i];
    if (write_i) words_q[write_address_i] <= write_data_i;
  end
endmodule
