// A queue in block memory whose oldest word waits in a register: a word is seen two cycles after its push, then one a cycle.
// Who pushes looks at full_o, or counts the room itself.
module stream_fifo #(
  parameter int unsigned WIDTH = 512,
  parameter int unsigned DEPTH = 512  // a power of two
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             clear_i,
  input  logic             push_i,
  input  logic [WIDTH-1:0] data_i,
  output logic             full_o,
  output logic             empty_o,
  output logic             valid_o,
  output logic [WIDTH-1:0] data_o,
  input  logic             ready_i
);
  localparam int unsigned INDEX = $clog2(DEPTH);

  logic [WIDTH-1:0] words_q[DEPTH];
  logic [INDEX:0] write_q, read_q;
  logic [WIDTH-1:0] data_q;
  logic valid_q;

  logic stored, refill;
  assign stored = write_q != read_q;
  assign refill = stored && (!valid_q || ready_i);

  assign full_o = (write_q ^ read_q) == {1'b1, {INDEX{1'b0}}};
  assign empty_o = !stored && !valid_q;
  assign valid_o = valid_q;
  assign data_o = data_q;

  always_ff @(posedge clk_i) begin
    if (push_i) words_q[write_q[INDEX-1:0]] <= data_i;
    if (refill) data_q <= words_q[read_q[INDEX-1:0]];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      write_q <= '0;
      read_q <= '0;
      valid_q <= 1'b0;
    end else begin
      if (push_i) write_q <= write_q + 1'b1;
      if (refill) read_q <= read_q + 1'b1;
      valid_q <= refill || (valid_q && !ready_i);
    end
  end
endmodule
