/*
 * What passed inside one kernel: a dotted line with an open head, which is no packet's.
 *
 *	│· · · RTM_GETROUTE dump · · ▷ kernel          │	it stays at its own rail: nothing crosses the wire
 *	│◁ · · RTM_NEWROUTE ×4 · · · kernel            │
 *	│               server ◁ · · · 3 bytes · · ·   │	two programs of one side: the sender's call …
 *	│                of peer · · · 3 bytes · · · ▷ │	… and the receiver's, that took it from its queue
 *	│ · · · · · 3 bytes · · · · · · · · · · · · ▷  │	programs at both sides, of one host
 *
 * The own end, of whose call the row is, is at its rail, and needs no name; the other end towards the middle, or at
 * the other rail.
 */
#include "ui/ladder_impl.h"

#include <string.h>

#include "src/describe.h"
#include "ui/arrow.h"
#include "ui/glyph.h"

#define DOTS 4 /* cells of dots at each side of the words, at least */

struct passed {
	struct area box; /* the cells from the own end to the other */
	bool rightward; /* the own end is at the left */
	bool given; /* it goes from the own end to the other */
	struct str other, words; /* other: its name, or "" */
	char other_bytes[64], words_bytes[160];
};

/* The side of the other end; that of the own one where it is of no host. */
static int side_of_other(const struct ladder_frame *f, const struct event_local *l, int side)
{
	int other = l->host == HOST_NONE ? -1 : ladder_lane_side(f, l->host, LANE_NONE);

	return other < 0 ? side : other;
}

/* What is received comes out of the socket's own queue, unless the kernel made it. */
static void name_other(const struct ladder_frame *f, const struct event_local *l, int side,
		       int other, struct passed *p)
{
	bool known = l->who && l->who[0], own_queue = !p->given && l->host != HOST_NONE;

	describe_local_brief(&p->words, l);
	if (!known)
		str_add(&p->other, "queue");
	else if (own_queue)
		str_addf(&p->other, "of %s", l->who);
	else if (other == side || f->sides.many[other])
		str_add(&p->other, l->who);
}

static int name_cells(const struct str *name)
{
	int width = text_width(name->buf);

	return width ? width + 1 : 0;
}

/* Takes as much of the middle as it needs; all of it where the ends are at both sides. */
static void place(const struct ladder_frame *f, struct area a, int y, int side, int other,
		  struct passed *p)
{
	const struct ladder_columns *c = &f->columns;
	int need = name_cells(&p->other) + text_width(p->words.buf) + 2 + 2 * DOTS + 2;
	int room = c->middle_width - 1 - (side != other);
	int width = side != other || need > room ? room : need;

	p->rightward = side == 0;
	p->box = area_sub(a, side == 0 ? c->middle + 1 : c->middle + c->middle_width - 1 - width, y,
			  width, 1);
}

/* The cell that is `at` cells away from the own end; a text of so many cells begins there. */
static int cell_x(const struct passed *p, int at, int cells)
{
	return p->rightward ? at : p->box.width - at - cells;
}

static void put_name(const struct passed *p, const struct str *name, int at)
{
	int width = text_width(name->buf);

	if (width)
		area_text(area_sub(p->box, cell_x(p, at, width), 0, width, 1), 0, 0, STYLE_DIM,
			  name->buf);
}

/* Cells from, from + 2, … below `to`. */
static void put_dots(const struct passed *p, int from, int to)
{
	for (int at = from; at < to; at += 2)
		area_fill(p->box, cell_x(p, at, 1), 0, 1, STYLE_RULE, glyph_code(GLYPH_DOT, false));
}

static void put_head(const struct passed *p, int at)
{
	bool right = p->given == p->rightward;

	area_fill(p->box, cell_x(p, at, 1), 0, 1, STYLE_PLAIN,
		  glyph_code(right ? GLYPH_LOCAL_RIGHT : GLYPH_LOCAL_LEFT, false));
}

/* Where both do not fit, what it is says more than how many bytes, which the result has too. */
static void shorten(struct str *out, const char *words, int room)
{
	const char *end = strstr(words, "  ");

	if (end && text_width(words) > room)
		str_addn(out, words, (size_t)(end - words));
	/* Words are worth more than the last dots beside them. */
	if (out->len && text_width(out->buf) > room + 2)
		str_clear(out);
	if (out->len == 0)
		arrow_text(out, words, room > 0 ? room : 0);
}

/* From the own end: the line with the words on it, the other's name; the head is where it goes to. */
static void draw(const struct passed *p)
{
	int end = p->box.width - name_cells(&p->other);
	int from = p->given ? 0 : 2, to = p->given ? end - 2 : end, width, at;
	STR_ON_STACK(words, 160);

	if (end < 4)
		return;
	shorten(&words, p->words.buf, to - from - 4);
	width = text_width(words.buf);
	at = from + (to - from - width) / 2;
	put_dots(p, from, at - 1);
	put_dots(p, at + width + 1, to);
	area_text(area_sub(p->box, cell_x(p, at, width), 0, width, 1), 0, 0, STYLE_PLAIN,
		  words.buf);
	put_name(p, &p->other, end + 1);
	put_head(p, p->given ? end - 1 : 0);
}

void ladder_local_draw(const struct ladder_frame *f, uint32_t row, struct area a, int y)
{
	const struct trace_entry *e = trace_entry(f->view->trace, row);
	int side = ladder_lane_side(f, (uint8_t)e->host, trace_entry_lane(e)), other;
	const struct event *ev = trace_event(f->view->trace, row, NULL);
	struct passed p;

	if (side < 0 || !ev || ev->kind != EVENT_RETURN)
		return;
	p.other = str_on(p.other_bytes, sizeof(p.other_bytes));
	p.words = str_on(p.words_bytes, sizeof(p.words_bytes));
	p.given = ev->ret.local.way == LOCAL_GIVEN;
	other = p.given ? side_of_other(f, &ev->ret.local, side) : side;
	name_other(f, &ev->ret.local, side, other, &p);
	place(f, a, y, side, other, &p);
	if (p.box.width >= 8)
		draw(&p);
}
