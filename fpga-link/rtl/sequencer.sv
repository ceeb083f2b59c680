// Runs a program: takes its instructions in order, starts the unit that each belongs to, and goes on when that is done.
// At the end, at an error and at a reset it stops everything and waits until memory owes nothing.
module sequencer #(
  parameter int unsigned COUNT = 38  // bits of the words that an instruction takes from the stream
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      start_i,  // a program; also while a reset is under way, then once that is over
  input  logic                      reset_i,
  // instructions
  input  logic                      valid_i,
  output logic                      ready_o,
  input  ternion_pkg::instruction_t instruction_i,
  input  logic [               7:0] error_i,
  input  logic [         COUNT-1:0] words_i,
  input  logic [              63:0] error_address_i,
  // units
  output logic                      unit_start_o,
  output logic [               3:0] unit_o,  // which works: 0 transfer, 1 elementwise, 2 norm, 3 matvec; one hot or none
  output ternion_pkg::instruction_t instruction_o,
  input  logic                      unit_done_i,
  output logic                      unit_rst_no,
  // stream
  input  logic                      stream_taken_i,
  input  logic                      stream_failed_i,
  input  logic [              63:0] stream_failed_address_i,
  input  logic                      stream_idle_i,
  // writer
  output logic                      writer_start_o,
  input  logic                      writer_idle_i,
  input  logic                      writer_failed_i,
  input  logic [              63:0] writer_failed_address_i,
  // what happens
  input  logic                      fetch_idle_i,
  output logic                      start_o,  // a program starts
  output logic                      stop_o,
  output logic                      finished_o,  // and it ends; done_o or error_o follow
  output logic                      running_o,  // a program
  output logic                      busy_o,  // that, or a reset
  output logic                      done_o,
  output logic [               7:0] error_o,
  output logic [              31:0] error_instruction_o,
  output logic [              63:0] error_address_o
);
  typedef enum logic [1:0] {
    Idle,
    Run,
    Drain
  } state_e;
  state_e state_q;

  logic resetting_q, pending_q;
  logic [3:0] unit_q;
  logic start_q;
  ternion_pkg::instruction_t instruction_q;
  logic [COUNT-1:0] left_q;  // words that the instruction still takes
  logic [31:0] next_q;  // index of the next instruction
  logic [31:0] writing_q;  // index of the last that writes to memory
  logic done_q;
  logic [7:0] error_q;
  logic [31:0] error_instruction_q;
  logic [63:0] error_address_q;
  logic unit_rst_nq;

  // ---- The next instruction ----
  logic [3:0] unit;
  logic writes, ends, free, take;
  always_comb begin
    case (instruction_i.opcode)
      ternion_pkg::OP_LOAD, ternion_pkg::OP_STORE: unit = 4'b0001;
      ternion_pkg::OP_SCALE, ternion_pkg::OP_NORM, ternion_pkg::OP_QUANT: unit = 4'b0100;
      ternion_pkg::OP_MATVEC, ternion_pkg::OP_HEAD: unit = 4'b1000;
      default: unit = 4'b0010;
    endcase
  end
  // What memory answered to the last writes is known before anything else is written.
  assign writes = instruction_i.opcode == ternion_pkg::OP_STORE || instruction_i.opcode == ternion_pkg::OP_HEAD;
  assign free = unit_q == '0 || unit_done_i;
  assign ends = error_i != ternion_pkg::ERR_NONE || instruction_i.opcode == ternion_pkg::OP_HALT;
  assign take = state_q == Run && free && valid_i && !ends && (!writes || writer_idle_i);
  assign ready_o = take;

  assign start_o = state_q == Idle && (start_i || pending_q) && !reset_i;
  assign stop_o = state_q == Drain;

  logic idle;
  assign idle = fetch_idle_i && stream_idle_i && writer_idle_i;
  assign finished_o = state_q == Drain && !resetting_q && !reset_i && idle
      && (!writer_failed_i || error_q == ternion_pkg::ERR_WRITE_FAILED);

  always_ff @(posedge clk_i) begin
    if (take) instruction_q <= instruction_i;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
      resetting_q <= 1'b0;
      pending_q <= 1'b0;
      unit_q <= '0;
      start_q <= 1'b0;
      done_q <= 1'b0;
      error_q <= ternion_pkg::ERR_NONE;
      error_instruction_q <= '0;
      error_address_q <= '0;
      unit_rst_nq <= 1'b0;
    end else begin
      // What is interrupted begins anew; what ended keeps its registers for the next program.
      unit_rst_nq <= !(state_q == Drain && (resetting_q || error_q != ternion_pkg::ERR_NONE));
      start_q <= 1'b0;
      if (reset_i) begin
        state_q <= Drain;
        resetting_q <= 1'b1;
        pending_q <= start_i;
        unit_q <= '0;
        done_q <= 1'b0;
        error_q <= ternion_pkg::ERR_NONE;
        error_instruction_q <= '0;
        error_address_q <= '0;
      end else begin
        case (state_q)
          Idle: begin
            if (start_o) begin
              state_q <= Run;
              pending_q <= 1'b0;
              next_q <= '0;
              done_q <= 1'b0;
              error_q <= ternion_pkg::ERR_NONE;
              error_instruction_q <= '0;
              error_address_q <= '0;
            end
          end
          Run: begin
            if (stream_taken_i) left_q <= left_q - 1'b1;
            if (unit_done_i) unit_q <= '0;
            if (writer_failed_i) begin
              state_q <= Drain;  // and there the error is noted
              unit_q <= '0;
            end else if (unit_q != '0 && stream_failed_i && left_q != '0) begin
              state_q <= Drain;
              unit_q <= '0;
              error_q <= ternion_pkg::ERR_READ_FAILED;
              error_instruction_q <= next_q - 1'b1;
              error_address_q <= stream_failed_address_i;
            end else if (take) begin
              start_q <= 1'b1;
              unit_q <= unit;
              left_q <= words_i;
              next_q <= next_q + 1'b1;
              if (writes) writing_q <= next_q;
            end else if (free && valid_i && ends) begin
              state_q <= Drain;
              error_q <= error_i;
              if (error_i != ternion_pkg::ERR_NONE) begin
                error_instruction_q <= next_q;
                error_address_q <= error_address_i;
              end
            end
          end
          default: begin
            if (start_i && resetting_q) pending_q <= 1'b1;
            if (writer_failed_i && !resetting_q && error_q != ternion_pkg::ERR_WRITE_FAILED) begin
              // It comes before any other error: its instruction is at or before the other's.
              error_q <= ternion_pkg::ERR_WRITE_FAILED;
              error_instruction_q <= writing_q;
              error_address_q <= writer_failed_address_i;
            end else if (idle) begin
              state_q <= Idle;
              resetting_q <= 1'b0;
              done_q <= finished_o && error_q == ternion_pkg::ERR_NONE;
            end
          end
        endcase
      end
    end
  end

  assign unit_start_o = start_q;
  assign unit_o = unit_q;
  assign instruction_o = instruction_q;
  assign unit_rst_no = unit_rst_nq;
  assign writer_start_o = start_q && (instruction_q.opcode == ternion_pkg::OP_STORE
      || (instruction_q.opcode == ternion_pkg::OP_HEAD && instruction_q.flags[ternion_pkg::FLAG_LOGITS]));
  assign running_o = state_q != Idle && !resetting_q;
  assign busy_o = state_q != Idle || pending_q;
  assign done_o = done_q;
  assign error_o = error_q;
  assign error_instruction_o = error_instruction_q;
  assign error_address_o = error_address_q;
endmodule
