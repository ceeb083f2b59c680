// ADD, FORGET, CAND, DECAY, GATE and GLU: one vector word a cycle.
module elementwise_unit #(
  parameter int unsigned LANES = 64,
  parameter int unsigned GROUPS = 1,
  parameter int unsigned VECTOR_WORDS = 2048,
  localparam int unsigned WORD = LANES * GROUPS * 8
) (
  input  logic                            clk_i,
  input  logic                            rst_ni,
  input  logic                            start_i,
  input  ternion_pkg::instruction_t       instruction_i,  // stable until done
  output logic                            done_o,         // with the last write
  input  logic                            stream_valid_i,
  input  logic [WORD-1:0]                 stream_data_i,
  output logic                            stream_ready_o,
  output logic [$clog2(VECTOR_WORDS)-1:0] a_address_o,
  input  logic [WORD-1:0]                 a_data_i,
  output logic [$clog2(VECTOR_WORDS)-1:0] b_address_o,
  input  logic [WORD-1:0]                 b_data_i,
  output logic                            write_o,
  output logic [$clog2(VECTOR_WORDS)-1:0] write_address_o,
  output logic [WORD-1:0]                 write_data_o,
  output logic                            s1_we_o,        // GATE's sum of squares of a, to norm_unit, at or before done
  output logic [63:0]                     s1_o
);
endmodule
