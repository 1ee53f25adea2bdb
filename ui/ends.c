#include "ui/ends.h"

#include <netinet/in.h>

#include "ui/glyph.h"

#define NEAR 512 /* rows around the cursor in which a packet of the connection is looked for */

static int left_by(const struct ladder_frame *f, uint32_t row)
{
	const struct trace_entry *e = trace_entry(f->view->trace, row);
	int side;

	if (!e || e->kind != EVENT_PACKET || e->conn != f->sides.conn)
		return -1;
	side = ladder_packet_side(f, e);
	return side < 0 ? -1 : side == 0 ? e->dir : !e->dir;
}

int ends_left(const struct ladder_frame *f)
{
	uint32_t row = f->has_cursor ? f->cursor.head : 0;

	for (uint32_t i = 0; i < NEAR; i++) {
		int left = i <= row ? left_by(f, row - i) : -1;

		if (left < 0)
			left = left_by(f, row + i);
		if (left >= 0)
			return left;
	}
	return 0;
}

bool ends_are_tcp(const struct ladder_frame *f)
{
	const struct conn *c = f->sides.conn == CONN_NONE
				       ? NULL
				       : conns_get(trace_conns(f->view->trace), f->sides.conn);

	return c && c->protocol == IPPROTO_TCP;
}

uint32_t ends_mark(int side)
{
	return glyph_code(side ? GLYPH_LEFT : GLYPH_RIGHT, false);
}

enum style ends_style(int side)
{
	return side ? STYLE_CONN1 : STYLE_CONN0;
}
