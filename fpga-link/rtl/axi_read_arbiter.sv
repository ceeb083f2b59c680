// Puts the read requests of the program's fetch (ID 0, first) and of the streamer (ID 1) on one AXI read channel, and tells
// their answers apart. Both ask only for what they have room for, so that answers never wait.
module axi_read_arbiter #(
  parameter int unsigned ADDRESS = 58  // bits of an address in words
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               fetch_valid_i,
  output logic               fetch_ready_o,
  input  logic [ADDRESS-1:0] fetch_address_i,
  input  logic [        7:0] fetch_length_i,
  input  logic               stream_valid_i,
  output logic               stream_ready_o,
  input  logic [ADDRESS-1:0] stream_address_i,
  input  logic [        7:0] stream_length_i,
  output logic               fetch_response_o,
  output logic               stream_response_o,
  output logic               response_failed_o,
  output logic               arvalid_o,
  input  logic               arready_i,
  output logic               arid_o,
  output logic [       63:0] araddr_o,
  output logic [        7:0] arlen_o,
  input  logic               rvalid_i,
  output logic               rready_o,
  input  logic               rid_i,
  input  logic [        1:0] rresp_i
);
  logic arvalid_q, arid_q;
  logic [ADDRESS-1:0] address_q;
  logic [7:0] arlen_q;

  logic free;
  assign free = !arvalid_q || arready_i;
  assign fetch_ready_o = free;
  assign stream_ready_o = free && !fetch_valid_i;

  assign arvalid_o = arvalid_q;
  assign arid_o = arid_q;
  assign araddr_o = {address_q, {(64 - ADDRESS) {1'b0}}};
  assign arlen_o = arlen_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      arvalid_q <= 1'b0;
    end else if (free) begin
      arvalid_q <= fetch_valid_i || stream_valid_i;
      arid_q <= !fetch_valid_i;
      address_q <= fetch_valid_i ? fetch_address_i : stream_address_i;
      arlen_q <= (fetch_valid_i ? fetch_length_i : stream_length_i) - 8'd1;
    end
  end

  assign rready_o = 1'b1;
  assign fetch_response_o = rvalid_i && !rid_i;
  assign stream_response_o = rvalid_i && rid_i;
  assign response_failed_o = rresp_i != 2'b00;
endmodule
