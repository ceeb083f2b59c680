// MATVEC and HEAD.
module matvec_unit #(
  parameter int unsigned LANES = 64,
  parameter int unsigned GROUPS = 1,
  parameter int unsigned DENSE = 0,
  parameter int unsigned VECTOR_WORDS = 2048,
  parameter int unsigned CODE_WORDS = 32,
  localparam int unsigned WORD = LANES * GROUPS * 8
) (
  input  logic                            clk_i,
  input  logic                            rst_ni,
  input  logic                            start_i,
  input  ternion_pkg::instruction_t       instruction_i,   // stable until done
  output logic                            done_o,          // HEAD: the last logits have been taken
  input  logic                            stream_valid_i,
  input  logic [WORD-1:0]                 stream_data_i,
  output logic                            stream_ready_o,
  output logic [$clog2(CODE_WORDS)-1:0]   code_address_o,  // to code_memory
  input  logic [LANES*8-1:0]              code_data_i,     // of the address a cycle ago
  input  logic [31:0]                     multiplier_i,    // from norm_unit
  input  logic [5:0]                      shift_i,
  output logic                            write_o,         // MATVEC's results; no read ports
  output logic [$clog2(VECTOR_WORDS)-1:0] write_address_o,
  output logic [WORD-1:0]                 write_data_o,
  output logic                            logits_valid_o,  // HEAD's results, with the flag LOGITS
  output logic [WORD-1:0]                 logits_data_o,
  input  logic                            logits_ready_i,
  output logic [31:0]                     chosen_row_o,    // HEAD: the largest, the first of equals
  output logic signed [31:0]              chosen_value_o,
  output logic                            array_busy_o,    // cycles of a mat-vec: the array takes a word,
  output logic                            stream_stall_o,  //   waits for memory,
  output logic                            drain_stall_o    //   or waits for its results to leave
);
endmodule
