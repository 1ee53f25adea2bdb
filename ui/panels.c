#include "ui/panels.h"

/* clang-format off */
const struct panel panels[] = {
	{ "sockets",     panel_sockets_draw, NULL },
	{ "packet",      panel_packet_draw,  NULL },
	{ "call",        panel_call_draw,    NULL },
	{ "wire",        panel_wire_draw,    NULL },
	{ "connections", panel_conns_draw,   NULL },
	{ "diagram",     panel_diagram_draw, NULL },
	{ "bytes",       panel_ruler_draw,   panel_ruler_work },
	{ "graphs",      panel_graphs_draw,  panel_graphs_work },
	{ "explain",     panel_explain_draw, NULL },
};
/* clang-format on */
const size_t panels_count = sizeof(panels) / sizeof(panels[0]);
