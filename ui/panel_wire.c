/*
 * What is on the wire at the cursor: packets that are held, and packets on their way.
 *
 * The trace is read backwards from the cursor; the first word met on a packet is the newest one, so it says
 * whether the packet is still there.  Packets that arrived at once left no word at all and are never met.
 */
#include "src/describe.h"
#include "ui/glyph.h"
#include "ui/page.h"
#include "ui/panels.h"

#define SCAN_MAX (1 << 16) /* rows that are read back */
#define SEEN_MAX 512 /* packets that are told apart */

struct waiting {
	uint32_t packet; /* row of the PACKET */
	uint32_t wire; /* row of its newest WIRE event */
	enum wire_fate fate;
};

struct scan {
	uint32_t seen[SEEN_MAX]; /* packet numbers that something was said about */
	size_t seens;
	struct waiting list[SEEN_MAX]; /* newest first */
	size_t count;
};

static bool was_seen(struct scan *s, uint32_t number)
{
	for (size_t i = s->seens; i > 0;) {
		if (s->seen[--i] == number)
			return true;
	}
	if (s->seens < SEEN_MAX)
		s->seen[s->seens++] = number;
	return false;
}

/* A copy's fate says nothing about the packet. */
static bool is_of_packet(struct trace *t, uint32_t row)
{
	const struct event *ev = trace_event(t, row, NULL);

	return ev && ev->kind == EVENT_WIRE && ev->wire.copy == 0 &&
	       ev->wire.fate != WIRE_DUPLICATED;
}

static void look_back(const struct view *v, struct scan *s)
{
	uint32_t now = view_now(v), stop;

	if (now == ROW_NONE)
		return;
	stop = now > SCAN_MAX ? now - SCAN_MAX : 0;
	for (uint32_t i = now + 1; i > stop && s->seens < SEEN_MAX;) {
		const struct trace_entry *e = trace_entry(v->trace, --i);

		if (e->kind != EVENT_WIRE || e->link == ROW_NONE || !is_of_packet(v->trace, i) ||
		    was_seen(s, e->number))
			continue;
		if (e->fate == WIRE_HELD || e->fate == WIRE_DELAYED || e->fate == WIRE_RELEASED)
			s->list[s->count++] =
				(struct waiting){ e->link, i, (enum wire_fate)e->fate };
	}
}

static void draw_waiting(const struct view *v, struct area a, const struct waiting *w)
{
	bool held = w->fate == WIRE_HELD;
	const struct event *wire = trace_event(v->trace, w->wire, NULL);
	const struct addr_names *names = trace_names(v->trace);
	STR_ON_STACK(s, 512);
	STR_ON_STACK(words, 160);
	struct view_packet p;
	struct addr src, dst;

	if (!wire || !view_packet(v, w->packet, &p))
		return;
	describe_wire(&words, wire);
	str_addf(&s, "%llu  ", (unsigned long long)p.ev->packet.number);
	if (packet_endpoints(&p.packet, &src, &dst)) {
		addr_text(&s, &src, names);
		str_add(&s, " → ");
		addr_text(&s, &dst, names);
		str_add(&s, "  ");
	}
	packet_summary(&s, &p.packet, p.conn, p.dir, p.ev->packet.data, p.ev->packet.caplen);
	area_fill(a, 1, 0, 1, held ? STYLE_HELD : STYLE_PLAIN,
		  glyph_code(held ? GLYPH_HELD : GLYPH_ARROW, false));
	area_text(area_sub(a, 3, 0, 28, 1), 0, 0, held ? STYLE_HELD : STYLE_DIM, words.buf);
	area_text(a, 33, 0, STYLE_PLAIN, s.buf);
}

void panel_wire_draw(const struct view *v, struct area a)
{
	struct page page = page_on(a, v->panel_scroll);
	struct scan s;

	s.seens = s.count = 0;
	look_back(v, &s);
	if (s.count == 0) {
		page_empty(a,
			   "Nothing is on the wire at this moment: what was sent has arrived or is "
			   "lost.",
			   "h holds the next packets, a delay (delay 200ms at the wire's prompt) "
			   "keeps them on "
			   "their way long enough to be seen here.");
		return;
	}
	for (size_t i = s.count; i > 0 && !page_full(&page);)
		draw_waiting(v, page_line(&page), &s.list[--i]);
}
