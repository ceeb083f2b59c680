// The registers of interface.def behind AXI4-Lite. What is written to the program's registers while one runs is ignored, as
// is what is written where no register is; reads there give 0. CONTROL.reset leaves the registers as a reset of the chip does.
module axi_lite_registers #(
  parameter int unsigned LANES = 64,
  parameter int unsigned GROUPS = 1,
  parameter int unsigned DENSE = 0,
  parameter int unsigned VECTOR_WORDS = 2048,
  parameter int unsigned CODE_WORDS = 32
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        awvalid_i,
  output logic        awready_o,
  input  logic [11:0] awaddr_i,
  input  logic        wvalid_i,
  output logic        wready_o,
  input  logic [31:0] wdata_i,
  input  logic [ 3:0] wstrb_i,
  output logic        bvalid_o,
  input  logic        bready_i,
  output logic [ 1:0] bresp_o,
  input  logic        arvalid_i,
  output logic        arready_o,
  input  logic [11:0] araddr_i,
  output logic        rvalid_o,
  input  logic        rready_i,
  output logic [31:0] rdata_o,
  output logic [ 1:0] rresp_o,
  output logic        start_o,
  output logic        reset_o,
  output logic [63:0] program_o,
  output logic [31:0] program_length_o,
  output logic [31:0] token_o,
  output logic [63:0] logits_o,
  output logic [63:0] memory_limit_o,
  output logic        interrupt_o,
  output logic        busy_o,
  input  logic        running_i,
  input  logic        busy_i,
  input  logic        done_i,
  input  logic [ 7:0] error_i,
  input  logic [31:0] error_instruction_i,
  input  logic [63:0] error_address_i,
  input  logic        finished_i,
  input  logic [31:0] chosen_i,
  input  logic [31:0] chosen_value_i,
  input  logic [63:0] cycles_i,
  input  logic [63:0] array_cycles_i,
  input  logic [63:0] matvec_cycles_i,
  input  logic [63:0] stream_stalls_i,
  input  logic [63:0] drain_stalls_i,
  input  logic [63:0] read_words_i,
  input  logic [63:0] write_words_i,
  input  logic [63:0] toggles_i
);
  localparam logic [31:0] ID = 32'h4E4E5254;  // "TRNN"
  localparam logic [31:0] VERSION = {16'd1, 16'd0};
  localparam int unsigned ROWS = GROUPS * ((DENSE != 0) ? 5 : 4);

  // FNV-1a, a word at a time, over all that a program depends on.
  localparam logic [31:0] PRIME = 32'd16777619;
  localparam logic [31:0] HASH_0 = (32'd2166136261 ^ VERSION) * PRIME;
  localparam logic [31:0] HASH_1 = (HASH_0 ^ LANES) * PRIME;
  localparam logic [31:0] HASH_2 = (HASH_1 ^ GROUPS) * PRIME;
  localparam logic [31:0] HASH_3 = (HASH_2 ^ DENSE) * PRIME;
  localparam logic [31:0] HASH_4 = (HASH_3 ^ VECTOR_WORDS) * PRIME;
  localparam logic [31:0] CONFIG_HASH = (HASH_4 ^ CODE_WORDS) * PRIME;

  logic [1:0] enable_q, status_q;
  logic [63:0] program_q, logits_q, limit_q;
  logic [31:0] program_length_q, token_q;
  logic start_q, reset_q, busy;
  assign busy = busy_i || start_q || reset_q;  // what was written to CONTROL is in force at once
  assign busy_o = busy;

  // ---- Reads ----
  logic rvalid_q;
  logic [31:0] rdata_q, rdata;
  logic [11:0] raddr;
  assign raddr = {araddr_i[11:2], 2'b00};
  always_comb begin
    case (raddr)
      ternion_pkg::REG_ID: rdata = ID;
      ternion_pkg::REG_VERSION: rdata = VERSION;
      ternion_pkg::REG_CONFIG_HASH: rdata = CONFIG_HASH;
      ternion_pkg::REG_ARRAY: rdata = {7'd0, DENSE != 0, ROWS[7:0], LANES[15:0]};
      ternion_pkg::REG_MEMORIES: rdata = {CODE_WORDS[15:0], VECTOR_WORDS[15:0]};
      ternion_pkg::REG_CONTROL: rdata = '0;
      ternion_pkg::REG_STATUS: rdata = {29'd0, !busy && error_i != ternion_pkg::ERR_NONE, done_i, busy};
      ternion_pkg::REG_ERROR: rdata = busy ? '0 : {24'd0, error_i};
      ternion_pkg::REG_ERROR_INSTRUCTION: rdata = error_instruction_i;
      ternion_pkg::REG_ERROR_ADDRESS_LO: rdata = error_address_i[31:0];
      ternion_pkg::REG_ERROR_ADDRESS_HI: rdata = error_address_i[63:32];
      ternion_pkg::REG_INTERRUPT_ENABLE: rdata = {30'd0, enable_q};
      ternion_pkg::REG_INTERRUPT_STATUS: rdata = {30'd0, status_q};
      ternion_pkg::REG_PROGRAM_LO: rdata = program_q[31:0];
      ternion_pkg::REG_PROGRAM_HI: rdata = program_q[63:32];
      ternion_pkg::REG_PROGRAM_LENGTH: rdata = program_length_q;
      ternion_pkg::REG_TOKEN: rdata = token_q;
      ternion_pkg::REG_LOGITS_LO: rdata = logits_q[31:0];
      ternion_pkg::REG_LOGITS_HI: rdata = logits_q[63:32];
      ternion_pkg::REG_MEMORY_LIMIT_LO: rdata = limit_q[31:0];
      ternion_pkg::REG_MEMORY_LIMIT_HI: rdata = limit_q[63:32];
      ternion_pkg::REG_CHOSEN: rdata = chosen_i;
      ternion_pkg::REG_CHOSEN_VALUE: rdata = chosen_value_i;
      ternion_pkg::REG_CYCLES_LO: rdata = cycles_i[31:0];
      ternion_pkg::REG_CYCLES_HI: rdata = cycles_i[63:32];
      ternion_pkg::REG_ARRAY_CYCLES_LO: rdata = array_cycles_i[31:0];
      ternion_pkg::REG_ARRAY_CYCLES_HI: rdata = array_cycles_i[63:32];
      ternion_pkg::REG_MATVEC_CYCLES_LO: rdata = matvec_cycles_i[31:0];
      ternion_pkg::REG_MATVEC_CYCLES_HI: rdata = matvec_cycles_i[63:32];
      ternion_pkg::REG_STREAM_STALLS_LO: rdata = stream_stalls_i[31:0];
      ternion_pkg::REG_STREAM_STALLS_HI: rdata = stream_stalls_i[63:32];
      ternion_pkg::REG_DRAIN_STALLS_LO: rdata = drain_stalls_i[31:0];
      ternion_pkg::REG_DRAIN_STALLS_HI: rdata = drain_stalls_i[63:32];
      ternion_pkg::REG_READ_WORDS_LO: rdata = read_words_i[31:0];
      ternion_pkg::REG_READ_WORDS_HI: rdata = read_words_i[63:32];
      ternion_pkg::REG_WRITE_WORDS_LO: rdata = write_words_i[31:0];
      ternion_pkg::REG_WRITE_WORDS_HI: rdata = write_words_i[63:32];
      ternion_pkg::REG_TOGGLES_LO: rdata = toggles_i[31:0];
      ternion_pkg::REG_TOGGLES_HI: rdata = toggles_i[63:32];
      default: rdata = '0;
    endcase
  end
  assign arready_o = !rvalid_q;
  assign rvalid_o = rvalid_q;
  assign rdata_o = rdata_q;
  assign rresp_o = 2'b00;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rvalid_q <= 1'b0;
    end else if (arvalid_i && arready_o) begin
      rvalid_q <= 1'b1;
      rdata_q <= rdata;
    end else if (rready_i) begin
      rvalid_q <= 1'b0;
    end
  end

  // ---- Writes ----
  logic bvalid_q;
  logic write, reset;
  logic [11:0] waddr;
  logic [31:0] mask, value;
  assign write = awvalid_i && wvalid_i && !bvalid_q;
  assign awready_o = write;
  assign wready_o = write;
  assign waddr = {awaddr_i[11:2], 2'b00};
  assign mask = {{8{wstrb_i[3]}}, {8{wstrb_i[2]}}, {8{wstrb_i[1]}}, {8{wstrb_i[0]}}};
  assign value = wdata_i & mask;
  assign reset = write && waddr == ternion_pkg::REG_CONTROL && value[1];

  logic locked;
  assign locked = (running_i && !reset_q) || start_q;

  assign bvalid_o = bvalid_q;
  assign bresp_o = 2'b00;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      bvalid_q <= 1'b0;
      start_q <= 1'b0;
      reset_q <= 1'b0;
    end else begin
      bvalid_q <= write || (bvalid_q && !bready_i);
      start_q <= write && waddr == ternion_pkg::REG_CONTROL && value[0];
      reset_q <= reset;
    end
  end
  assign start_o = start_q;
  assign reset_o = reset_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || reset) begin
      enable_q <= '0;
      status_q <= '0;
      program_q <= '0;
      program_length_q <= '0;
      token_q <= '0;
      logits_q <= '0;
      limit_q <= '0;
    end else begin
      if (write && waddr == ternion_pkg::REG_INTERRUPT_ENABLE) enable_q <= (enable_q & ~mask[1:0]) | value[1:0];
      status_q <= (status_q & ~((write && waddr == ternion_pkg::REG_INTERRUPT_STATUS) ? value[1:0] : 2'b00))
          | (finished_i ? {error_i != ternion_pkg::ERR_NONE, error_i == ternion_pkg::ERR_NONE} : 2'b00);
      if (write && !locked) begin
        case (waddr)
          ternion_pkg::REG_PROGRAM_LO: program_q[31:0] <= (program_q[31:0] & ~mask) | value;
          ternion_pkg::REG_PROGRAM_HI: program_q[63:32] <= (program_q[63:32] & ~mask) | value;
          ternion_pkg::REG_PROGRAM_LENGTH: program_length_q <= (program_length_q & ~mask) | value;
          ternion_pkg::REG_TOKEN: token_q <= (token_q & ~mask) | value;
          ternion_pkg::REG_LOGITS_LO: logits_q[31:0] <= (logits_q[31:0] & ~mask) | value;
          ternion_pkg::REG_LOGITS_HI: logits_q[63:32] <= (logits_q[63:32] & ~mask) | value;
          ternion_pkg::REG_MEMORY_LIMIT_LO: limit_q[31:0] <= (limit_q[31:0] & ~mask) | value;
          ternion_pkg::REG_MEMORY_LIMIT_HI: limit_q[63:32] <= (limit_q[63:32] & ~mask) | value;
          default: ;
        endcase
      end
    end
  end

  assign program_o = program_q;
  assign program_length_o = program_length_q;
  assign token_o = token_q;
  assign logits_o = logits_q;
  assign memory_limit_o = limit_q;
  assign interrupt_o = |(status_q & enable_q);

  logic unused;
  assign unused = &{1'b0, awaddr_i[1:0], araddr_i[1:0]};
endmodule
