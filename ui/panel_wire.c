/*
 * The wire at the cursor: what it was told to do, with the numbers of its rules; and what is on it: packets that are
 * held, and packets on their way.
 *
 * The trace is read backwards from the cursor; the first word met on a packet is the newest one, so it says
 * whether the packet is still there.  Packets that arrived at once left no word at all and are never met.
 */
#include <string.h>

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
		if (e->fate == WIRE_HELD || e->fate == WIRE_DELAYED || e->fate == WIRE_RELEASED ||
		    e->fate == WIRE_REORDERED)
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

/* ---- what it does ---- */

#define PART_BETWEEN " · " /* in a status */
#define PART_X	     10

/* The newest status up to the cursor; NULL: none was told. */
static const char *find_status(const struct view *v)
{
	uint32_t now = view_now(v), stop;

	if (now == ROW_NONE)
		return NULL;
	stop = now > SCAN_MAX ? now - SCAN_MAX : 0;
	for (uint32_t i = now + 1; i > stop;) {
		const struct event *ev;

		if (trace_entry(v->trace, --i)->kind != EVENT_COMMAND)
			continue;
		ev = trace_event(v->trace, i, NULL);
		if (ev && ev->command.status)
			return ev->command.status;
	}
	return NULL;
}

/* "#1 hold tcp-fin" is a rule, "20 ms" is not. */
static void draw_part(struct page *page, const char *part, size_t len)
{
	STR_ON_STACK(text, 400);
	STR_ON_STACK(name, 32);
	const char *end = part + len;

	if (*part == '#') {
		size_t digits = strspn(part + 1, "0123456789");

		str_add(&name, "rule ");
		str_addn(&name, part + 1, digits);
		part += digits + 1;
		part += part < end && *part == ' ';
	} else {
		str_add(&name, "wire");
	}
	str_addn(&text, part, (size_t)(end - part));
	page_field(page, PART_X, name.buf, STYLE_HELD, text.buf);
}

/* Returns whether there was something to say. */
static bool draw_status(const struct view *v, struct page *page)
{
	const char *status = find_status(v), *end;

	if (!status || !*status)
		return false;
	for (;; status = end + strlen(PART_BETWEEN)) {
		end = strstr(status, PART_BETWEEN);
		draw_part(page, status, end ? (size_t)(end - status) : strlen(status));
		if (!end)
			return true;
	}
}

static void draw_nothing(struct page *page, bool does_something)
{
	page_line(page);
	page_wrap(page, 2, STYLE_PLAIN,
		  "Nothing is on the wire at this moment: what was sent has arrived or is lost.");
	page_wrap(
		page, 2, STYLE_DIM,
		does_something
			? "hold off N ends rule N, delay 0 a delay, mend a cut and the rules that "
			  "drop or duplicate."
			: "h holds the next packets, a delay (delay 200ms at the wire's prompt) "
			  "keeps them on their way long enough to be seen here.");
}

void panel_wire_draw(const struct view *v, struct area a)
{
	struct page page = page_on(a, v->panel_scroll);
	bool does_something = draw_status(v, &page);
	struct scan s;

	s.seens = s.count = 0;
	look_back(v, &s);
	if (s.count == 0)
		draw_nothing(&page, does_something);
	for (size_t i = s.count; i > 0 && !page_full(&page);)
		draw_waiting(v, page_line(&page), &s.list[--i]);
}
