#include "ui/conns_table.h"
#include "ui/ladder_view.h"
#include "ui/page.h"
#include "ui/panels.h"

/* The rows around the connection that the ladder shows, in the order of their first packets. */
void panel_conns_draw(const struct view *v, struct area a)
{
	size_t count = conns_count(trace_conns(v->trace));
	struct ladder_frame f = ladder_frame(v, a.width, false);
	struct conns_table table = conns_table_fit(a.width, CONN_FROM);
	size_t room = a.height > 1 ? (size_t)a.height - 1 : 0, top = 0;
	uint32_t here = f.sides.conn;

	if (count == 0) {
		page_empty(a, "No connection yet.",
			   "Every pair of addresses that exchanges packets becomes a line here: "
			   "TCP connections, "
			   "UDP flows, pings. Connect, or send a datagram.");
		return;
	}
	if (here != CONN_NONE && here > room / 2)
		top = here - room / 2;
	if (top + room > count)
		top = count > room ? count - room : 0;
	top += (size_t)v->panel_scroll;
	conns_table_head(&table, area_sub(a, 0, 0, a.width, 1), -1, false);
	for (size_t y = 0; y < room && top + y < count; y++)
		conns_table_row(&table, area_sub(a, 0, (int)y + 1, a.width, 1), v->trace,
				(uint32_t)(top + y), top + y == here);
}
