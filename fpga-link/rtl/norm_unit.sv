// SCALE, NORM and QUANT.
module norm_unit #(
  parameter int unsigned LANES = 64,
  parameter int unsigned GROUPS = 1,
  parameter int unsigned VECTOR_WORDS = 2048,
  parameter int unsigned CODE_WORDS = 32,
  localparam int unsigned WORD = LANES * GROUPS * 8
) (
  input  logic                            clk_i,
  input  logic                            rst_ni,
  input  logic                            start_i,
  input  ternion_pkg::instruction_t       instruction_i,  // stable until done
  output logic                            done_o,
  input  logic                            stream_valid_i,
  input  logic [WORD-1:0]                 stream_data_i,
  output logic                            stream_ready_o,
  output logic [$clog2(VECTOR_WORDS)-1:0] a_address_o,    // no b port
  input  logic [WORD-1:0]                 a_data_i,
  output logic                            write_o,
  output logic [$clog2(VECTOR_WORDS)-1:0] write_address_o,
  output logic [WORD-1:0]                 write_data_o,
  input  logic                            s1_we_i,        // from elementwise_unit
  input  logic [63:0]                     s1_i,
  output logic                            code_write_o,   // to code_memory
  output logic [$clog2(CODE_WORDS)-1:0]   code_address_o,
  output logic [LANES*8-1:0]              code_data_o,
  output logic [31:0]                     multiplier_o,   // the codes' scale, to matvec_unit
  output logic [5:0]                      shift_o
);
endmodule
