// fixed::rootOf: the root of what is left when `value` is shifted up by an even number of bits, so that the root's highest bit
// is set; 0 for 0. A bit of the root a cycle: done 33 cycles after the start.
module square_root (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        start_i,
  input  logic [63:0] value_i,
  output logic        busy_o,
  output logic [31:0] root_o,   // both stay until the next start
  output logic [4:0]  shift_o   // half of that even number
);
  localparam int unsigned BITS = 32;

  logic [63:0] rest_q;       // what of the value is still to come, two bits a cycle
  logic [31:0] remainder_q;  // below 2^32 but after the last bit, when nobody asks
  logic [31:0] root_q;
  logic [4:0]  shift_q;
  logic [5:0]  left_q;
  logic        normalise_q;

  // Half the number of leading zeros.
  function automatic [4:0] zero_pairs(input [63:0] value);
    reg [4:0] pairs;
    begin
      pairs = 5'd31;
      for (int unsigned i = 0; i < BITS; i = i + 1)
        if (value[2*i +: 2] != 2'b00) pairs = 5'd31 - 5'(i);
      zero_pairs = pairs;
    end
  endfunction

  logic [33:0] next, trial;
  assign next = {remainder_q, rest_q[63:62]};
  assign trial = {root_q, 2'b01};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q <= '0;
      normalise_q <= 1'b0;
    end else if (start_i) begin
      normalise_q <= 1'b1;
      left_q <= '0;
      rest_q <= value_i;
      root_q <= '0;
      remainder_q <= '0;
      shift_q <= '0;
    end else if (normalise_q) begin
      normalise_q <= 1'b0;
      if (rest_q != '0) begin
        left_q <= 6'(BITS);
        shift_q <= zero_pairs(rest_q);
        rest_q <= rest_q << {zero_pairs(rest_q), 1'b0};
      end
    end else if (left_q != '0) begin
      left_q <= left_q - 1'b1;
      rest_q <= rest_q << 2;
      root_q <= {root_q[30:0], next >= trial};
      remainder_q <= (next >= trial) ? next[31:0] - trial[31:0] : next[31:0];
    end
  end
  assign busy_o = normalise_q || left_q != '0;
  assign root_o = root_q;
  assign shift_o = shift_q;
endmodule
