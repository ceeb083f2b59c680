// What a program cost, counted from its start.
module performance_counters (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        clear_i,
  input  logic        running_i,
  input  logic        matvec_i,
  input  logic        array_busy_i,
  input  logic        stream_stall_i,
  input  logic        drain_stall_i,
  input  logic        read_i,
  input  logic        written_i,
  input  logic [63:0] array_word_i,  // first eight bytes of what the array takes
  output logic [63:0] cycles_o,
  output logic [63:0] array_cycles_o,
  output logic [63:0] matvec_cycles_o,
  output logic [63:0] stream_stalls_o,
  output logic [63:0] drain_stalls_o,
  output logic [63:0] read_words_o,
  output logic [63:0] write_words_o,
  output logic [63:0] toggles_o
);
  logic [63:0] cycles_q, array_cycles_q, matvec_cycles_q, stream_stalls_q, drain_stalls_q, read_words_q, write_words_q, toggles_q;
  logic [63:0] word_q, changed_q;
  logic [6:0] changes;
  assign changes = 7'($countones(changed_q));

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      cycles_q <= '0;
      array_cycles_q <= '0;
      matvec_cycles_q <= '0;
      stream_stalls_q <= '0;
      drain_stalls_q <= '0;
      read_words_q <= '0;
      write_words_q <= '0;
      toggles_q <= '0;
      word_q <= '0;
      changed_q <= '0;
    end else begin
      if (running_i) cycles_q <= cycles_q + 1'b1;
      if (matvec_i) matvec_cycles_q <= matvec_cycles_q + 1'b1;
      if (stream_stall_i) stream_stalls_q <= stream_stalls_q + 1'b1;
      if (drain_stall_i) drain_stalls_q <= drain_stalls_q + 1'b1;
      if (read_i) read_words_q <= read_words_q + 1'b1;
      if (written_i) write_words_q <= write_words_q + 1'b1;
      if (array_busy_i) begin
        array_cycles_q <= array_cycles_q + 1'b1;
        word_q <= array_word_i;
      end
      changed_q <= array_busy_i ? word_q ^ array_word_i : '0;
      toggles_q <= toggles_q + 64'(changes);
    end
  end

  assign cycles_o = cycles_q;
  assign array_cycles_o = array_cycles_q;
  assign matvec_cycles_o = matvec_cycles_q;
  assign stream_stalls_o = stream_stalls_q;
  assign drain_stalls_o = drain_stalls_q;
  assign read_words_o = read_words_q;
  assign write_words_o = write_words_q;
  assign toggles_o = toggles_q;
endmodule
