#include <netinet/in.h>

#include "src/core/names.h"
#include "src/describe.h"
#include "ui/glyph.h"
#include "ui/ladder_view.h"
#include "ui/page.h"
#include "ui/panels.h"

static const char *protocol_word(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_ICMP:
		return "ICMP";
	case IPPROTO_ICMPV6:
		return "ICMPv6";
	}
	return NULL;
}

static void draw_conn(const struct view *v, struct area a, uint32_t number, bool here)
{
	const struct addr_names *names = trace_names(v->trace);
	const struct conn *c = conns_get(trace_conns(v->trace), number);
	enum style style = (enum style)(STYLE_CONN0 + number % CONN_HUES);
	const char *protocol = protocol_word(c->protocol);
	STR_ON_STACK(s, 256);
	STR_ON_STACK(right, 96);

	if (protocol)
		str_addf(&s, "%4u  %-6s ", number, protocol);
	else
		str_addf(&s, "%4u  IP %-3u ", number, c->protocol);
	addr_text(&s, &c->end[0], names);
	str_add(&s, " ⇄ ");
	addr_text(&s, &c->end[1], names);
	str_addf(&right, "%6u → %6u ←  %10llu B  ", c->packets[0], c->packets[1],
		 (unsigned long long)(c->bytes[0] + c->bytes[1]));
	describe_duration(&right, c->last_ns - c->first_ns);
	area_text(area_sub(a, 0, 0, a.width - 46, 1), 1, 0, style, s.buf);
	area_text(area_sub(a, a.width - 45, 0, 45, 1), 0, 0, STYLE_PLAIN, right.buf);
	if (here)
		area_accent(a, 0, 0, a.width);
}

void panel_conns_draw(const struct view *v, struct area a)
{
	struct page page = page_on(a, v->panel_scroll);
	size_t count = conns_count(trace_conns(v->trace));
	struct ladder_frame f = ladder_frame(v, a.width, false);
	uint32_t here = f.sides.conn;

	if (count == 0) {
		page_empty(a, "No connection yet.",
			   "Every pair of addresses that exchanges packets becomes a line here: "
			   "TCP connections, "
			   "UDP flows, pings. Connect, or send a datagram.");
		return;
	}
	if ((size_t)v->panel_scroll >= count)
		return;
	page.y = 0;
	for (size_t i = (size_t)v->panel_scroll; i < count && !page_full(&page); i++)
		draw_conn(v, page_line(&page), (uint32_t)i, i == here);
}
