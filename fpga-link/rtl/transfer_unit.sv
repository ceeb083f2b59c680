// LOAD: from the stream to the vector memory. STORE: from the vector memory to the writer. A word a cycle.
module transfer_unit #(
  parameter int unsigned WORD = 512,
  parameter int unsigned VECTOR_WORDS = 2048,
  localparam int unsigned INDEX = $clog2(VECTOR_WORDS)
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      start_i,
  input  ternion_pkg::instruction_t instruction_i,
  output logic                      done_o,
  input  logic                      stream_valid_i,
  input  logic [          WORD-1:0] stream_data_i,
  output logic                      stream_ready_o,
  output logic [         INDEX-1:0] a_address_o,
  input  logic [          WORD-1:0] a_data_i,
  output logic                      write_o,
  output logic [         INDEX-1:0] write_address_o,
  output logic [          WORD-1:0] write_data_o,
  output logic                      out_valid_o,
  output logic [          WORD-1:0] out_data_o,
  input  logic                      out_ready_i
);
  logic loading_q, storing_q, read_q;  // read_q: a_data_i is the word at index_q
  logic [INDEX-1:0] index_q;
  logic [INDEX:0] left_q;

  logic moved, last;
  assign moved = write_o || (out_valid_o && out_ready_i);
  assign last = left_q == (INDEX + 1)'(1);
  assign done_o = moved && last;

  assign stream_ready_o = loading_q;
  assign write_o = loading_q && stream_valid_i;
  assign write_address_o = index_q;
  assign write_data_o = stream_data_i;

  assign a_address_o = index_q + INDEX'(moved);
  assign out_valid_o = read_q;
  assign out_data_o = a_data_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      loading_q <= 1'b0;
      storing_q <= 1'b0;
      read_q <= 1'b0;
    end else if (start_i) begin
      loading_q <= instruction_i.opcode == ternion_pkg::OP_LOAD;
      storing_q <= instruction_i.opcode == ternion_pkg::OP_STORE;
      index_q <= (instruction_i.opcode == ternion_pkg::OP_LOAD) ? instruction_i.dst[INDEX-1:0] : instruction_i.a[INDEX-1:0];
      left_q <= instruction_i.count[INDEX:0];
    end else if (done_o) begin
      loading_q <= 1'b0;
      storing_q <= 1'b0;
      read_q <= 1'b0;
    end else begin
      read_q <= storing_q;
      if (moved) begin
        index_q <= index_q + 1'b1;
        left_q <= left_q - 1'b1;
      end
    end
  end

  logic unused;
  assign unused = &{1'b0, instruction_i};
endmodule
