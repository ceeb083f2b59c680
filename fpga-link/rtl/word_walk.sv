// Walks over the words of a vector: an index a cycle to read at, and with it, where the instruction takes one, a word of the
// stream. What was read is there in the next cycle, with the stream's word beside it.
module word_walk #(
  parameter int unsigned WORD = 512,
  parameter int unsigned VECTOR_WORDS = 2048,
  localparam int unsigned INDEX = $clog2(VECTOR_WORDS)
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             start_i,
  input  logic [INDEX:0]   count_i,
  input  logic             streamed_i,     // stable from the cycle after start_i
  input  logic             stream_valid_i,
  input  logic [WORD-1:0]  stream_data_i,
  output logic             stream_ready_o,
  output logic [INDEX-1:0] index_o,        // to read at
  output logic             active_o,       // words are left to be read
  output logic             valid_o,        // what was read is there now,
  output logic             last_o,         //   and it is the last,
  output logic [WORD-1:0]  word_o          //   and this is the stream's
);
  logic [INDEX:0]   left_q;
  logic [INDEX-1:0] index_q;
  logic             valid_q, last_q, step;
  logic [WORD-1:0]  word_q;

  assign active_o = left_q != '0;
  assign stream_ready_o = active_o && streamed_i;
  assign step = active_o && (!streamed_i || stream_valid_i);
  assign index_o = index_q;
  assign valid_o = valid_q;
  assign last_o = last_q;
  assign word_o = word_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q <= '0;
      index_q <= '0;
      valid_q <= 1'b0;
      last_q <= 1'b0;
    end else begin
      valid_q <= step;
      if (start_i) begin
        left_q <= count_i;
        index_q <= '0;
      end else if (step) begin
        left_q <= left_q - 1'b1;
        index_q <= index_q + 1'b1;
        last_q <= left_q == (INDEX + 1)'(1);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (stream_ready_o && stream_valid_i) word_q <= stream_data_i;
  end
endmodule
