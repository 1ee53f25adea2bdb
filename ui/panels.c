#include "ui/panels.h"

const struct panel panels[] = {
	{ "sockets", panel_sockets_draw },   { "packet", panel_packet_draw },
	{ "call", panel_call_draw },	     { "wire", panel_wire_draw },
	{ "connections", panel_conns_draw },
};
const size_t panels_count = sizeof(panels) / sizeof(panels[0]);
