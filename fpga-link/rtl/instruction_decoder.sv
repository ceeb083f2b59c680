// Checks each instruction before it is queued, and gives the streamer what it takes from memory. An instruction that may not
// run is queued with its error, so that it is reported when its turn comes; nothing follows it, nor a HALT.
module instruction_decoder #(
  parameter int unsigned LANES = 64,
  parameter int unsigned GROUPS = 1,
  parameter int unsigned DENSE = 0,
  parameter int unsigned VECTOR_WORDS = 2048,
  parameter int unsigned CODE_WORDS = 32,
  parameter int unsigned COUNT = 38,  // bits of a segment's length
  localparam int unsigned WORD = LANES * GROUPS * 8,
  localparam int unsigned ADDRESS = 64 - $clog2(WORD / 8)  // bits of an address in words
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      stop_i,
  input  logic [              31:0] token_i,
  input  logic [              63:0] logits_i,
  input  logic [       ADDRESS-1:0] limit_i,  // words of device memory
  input  logic                      valid_i,
  output logic                      ready_o,
  input  ternion_pkg::instruction_t instruction_i,
  input  logic [               7:0] error_i,  // there is no instruction, for this reason
  input  logic [              63:0] error_address_i,
  output logic                      segment_valid_o,
  input  logic                      segment_ready_i,
  output logic [       ADDRESS-1:0] segment_address_o,
  output logic [         COUNT-1:0] segment_words_o,
  output logic                      valid_o,
  input  logic                      ready_i,
  output ternion_pkg::instruction_t instruction_o,
  output logic [               7:0] error_o,
  output logic [         COUNT-1:0] words_o,  // that it takes from the stream
  output logic [              63:0] error_address_o  // of the one instruction that has an error
);
  localparam int unsigned OFFSET = 64 - ADDRESS;
  localparam int unsigned ROWS = GROUPS * ((DENSE != 0) ? 5 : 4);
  localparam int unsigned LOG_ROWS = $clog2(ROWS);
  localparam bit DIVIDE = (1 << LOG_ROWS) != ROWS;  // rows are not found by a shift
  localparam int unsigned LOG_ELEMENTS = $clog2(WORD / 32);

  typedef enum logic [2:0] {
    Take,
    Divide,
    Multiply,
    Check,
    Push,
    Ended
  } state_e;
  state_e state_q;
  ternion_pkg::instruction_t instruction_q;
  logic [7:0] error_q;
  logic [63:0] error_address_q;

  // ---- What the instruction does ----
  logic [7:0] opcode;
  logic weighted, transfer, matvec, indexed;
  assign opcode = instruction_q.opcode;
  assign weighted = instruction_q.flags[ternion_pkg::FLAG_WEIGHTED];
  assign indexed = opcode == ternion_pkg::OP_LOAD && instruction_q.flags[ternion_pkg::FLAG_INDEXED];
  assign transfer = opcode == ternion_pkg::OP_LOAD || opcode == ternion_pkg::OP_STORE;
  assign matvec = opcode == ternion_pkg::OP_MATVEC || opcode == ternion_pkg::OP_HEAD;

  logic known, uses_dst, uses_a, uses_b, streams, counts;
  always_comb begin
    known = 1'b1;
    uses_dst = 1'b0;
    uses_a = 1'b0;
    uses_b = 1'b0;
    streams = 1'b0;
    counts = 1'b1;
    case (opcode)
      ternion_pkg::OP_HALT, ternion_pkg::OP_SCALE: counts = 1'b0;
      ternion_pkg::OP_LOAD: {uses_dst, streams} = 2'b11;
      ternion_pkg::OP_STORE: uses_a = 1'b1;
      ternion_pkg::OP_NORM: {uses_a, streams} = {1'b1, weighted};
      ternion_pkg::OP_QUANT: {uses_dst, uses_a, streams} = 3'b111;
      ternion_pkg::OP_MATVEC: {uses_dst, streams} = 2'b11;
      ternion_pkg::OP_HEAD: streams = 1'b1;
      ternion_pkg::OP_FORGET: {uses_dst, uses_a, streams} = {2'b11, weighted};
      ternion_pkg::OP_ADD, ternion_pkg::OP_CAND, ternion_pkg::OP_DECAY, ternion_pkg::OP_GATE, ternion_pkg::OP_GLU:
      {uses_dst, uses_a, uses_b} = 3'b111;
      default: {known, counts} = 2'b00;
    endcase
  end

  // ---- Rows to row groups, a bit a cycle where that is no shift ----
  logic [31:0] groups_q;
  logic [LOG_ROWS-1:0] rest_q;
  logic [4:0] bit_q;
  logic [LOG_ROWS:0] rest;
  logic fits;
  assign rest = {rest_q, groups_q[31]};
  assign fits = rest >= ROWS[LOG_ROWS:0];

  // ---- Token times words, row groups times words of a row ----
  logic [31:0] groups_rounded, factor;
  logic [15:0] times;
  logic [47:0] product_q;
  assign groups_rounded = (instruction_q.count >> LOG_ROWS) + 32'((instruction_q.count & 32'(ROWS - 1)) != '0);
  assign factor = matvec ? (DIVIDE ? groups_q + 32'(rest_q != '0) : groups_rounded) : token_i;
  assign times = matvec ? instruction_q.b : instruction_q.count[15:0];

  // ---- Checks ----
  logic [31:0] vectors;  // vector words, of dst at least
  logic bad_vector, bad_range, bad_logits;
  logic [ADDRESS-1:0] first;
  logic [COUNT-1:0] words;
  assign vectors = matvec ? instruction_q.count >> LOG_ELEMENTS : instruction_q.count;
  assign words = matvec ? product_q[COUNT-1:0] : COUNT'(instruction_q.count);
  assign first = ADDRESS'(instruction_q.address) + (indexed ? ADDRESS'(product_q) : '0);
  assign bad_range = (streams || transfer) && ((ADDRESS + 1)'(first) + (ADDRESS + 1)'(words) > (ADDRESS + 1)'(limit_i));
  assign bad_logits = opcode == ternion_pkg::OP_HEAD && instruction_q.flags[ternion_pkg::FLAG_LOGITS]
      && (logits_i[OFFSET-1:0] != '0
          || {1'b0, logits_i[63:OFFSET]} + (ADDRESS + 1)'(vectors) > (ADDRESS + 1)'(limit_i));

  logic dst_beyond, a_beyond, b_beyond, codes_beyond, chunks_beyond, ragged;
  assign dst_beyond = uses_dst && 33'(instruction_q.dst) + 33'(vectors) > 33'(VECTOR_WORDS);
  assign a_beyond = uses_a && 33'(instruction_q.a) + 33'(vectors) > 33'(VECTOR_WORDS);
  assign b_beyond = uses_b && 33'(instruction_q.b) + 33'(vectors) > 33'(VECTOR_WORDS);
  assign codes_beyond = opcode == ternion_pkg::OP_QUANT && 34'(instruction_q.count) * 34'(GROUPS) > 34'(4 * CODE_WORDS);
  assign chunks_beyond = matvec && (instruction_q.b == '0 || 32'(instruction_q.b) > CODE_WORDS);
  assign ragged = matvec && instruction_q.count[LOG_ELEMENTS-1:0] != '0;
  assign bad_vector = (counts && instruction_q.count == '0) || dst_beyond || a_beyond || b_beyond || codes_beyond
      || chunks_beyond || ragged;

  logic segment_given_q;
  logic segment, queued;
  assign segment = streams && error_q == ternion_pkg::ERR_NONE;
  assign segment_valid_o = state_q == Push && segment && !segment_given_q;
  assign segment_address_o = first;
  assign segment_words_o = words;
  assign queued = valid_o && ready_i;
  // The segment first, then the instruction: the queue of instructions is the longer one.
  assign valid_o = state_q == Push && (!segment || segment_given_q || segment_ready_i);
  assign instruction_o = instruction_q;
  assign error_o = error_q;
  assign words_o = segment ? words : '0;
  assign error_address_o = error_address_q;
  assign ready_o = state_q == Take;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || stop_i) begin
      state_q <= Take;
      segment_given_q <= 1'b0;
    end else begin
      case (state_q)
        Take: begin
          instruction_q <= instruction_i;
          error_q <= error_i;
          error_address_q <= error_address_i;
          groups_q <= instruction_i.count;
          rest_q <= '0;
          bit_q <= '0;
          if (valid_i) begin
            if (error_i != ternion_pkg::ERR_NONE) state_q <= Push;
            else state_q <= DIVIDE ? Divide : Multiply;
          end
        end
        Divide: begin
          rest_q <= fits ? LOG_ROWS'(rest - ROWS[LOG_ROWS:0]) : rest[LOG_ROWS-1:0];
          groups_q <= {groups_q[30:0], fits};
          bit_q <= bit_q + 1'b1;
          if (bit_q == 5'd31 || !matvec) state_q <= Multiply;
        end
        Multiply: begin
          product_q <= 48'(factor) * 48'(times);
          state_q <= Check;
        end
        Check: begin
          if (!known) begin
            error_q <= ternion_pkg::ERR_BAD_OPCODE;
          end else if (bad_vector) begin
            error_q <= ternion_pkg::ERR_BAD_VECTOR;
          end else if (bad_range) begin
            error_q <= ternion_pkg::ERR_BAD_ADDRESS;
            error_address_q <= {first, {OFFSET{1'b0}}};
          end else if (bad_logits) begin
            error_q <= ternion_pkg::ERR_BAD_ADDRESS;
            error_address_q <= logits_i;
          end
          state_q <= Push;
        end
        Push: begin
          if (segment_valid_o && segment_ready_i) segment_given_q <= 1'b1;
          if (queued) begin
            segment_given_q <= 1'b0;
            state_q <= (error_q != ternion_pkg::ERR_NONE || opcode == ternion_pkg::OP_HALT) ? Ended : Take;
          end
        end
        default: state_q <= Ended;
      endcase
    end
  end
endmodule
