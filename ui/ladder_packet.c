/*
 * A packet's arrow, by what the wire did with it: at its departure, at its arrival, and at its end.
 */
#include "ui/ladder_impl.h"

#include <netinet/in.h>

#include "src/describe.h"
#include "ui/arrow.h"

#define NEAR	   128 /* how far behind a packet what became of it is looked for */
#define NOTE_CELLS 26 /* for what is said about a packet on its arrow */
#define WORDS_FROM 48 /* a middle of this width says "lost: hand", a narrower one "hand" */

static bool is_copy(struct trace *t, uint32_t wire)
{
	const struct event *ev = trace_event(t, wire, NULL);

	return ev && ev->kind == EVENT_WIRE && ev->wire.copy > 0;
}

/*
 * What the wire did with a packet when it came: the first word on the packet itself (ROW_NONE: it arrived at
 * once), and whether copies of it were made then.
 */
static uint32_t first_fate(struct trace *t, uint32_t packet, bool *copied)
{
	uint32_t number = trace_entry(t, packet)->number, rows = trace_rows(t), first = ROW_NONE;

	*copied = false;
	if (trace_entry(t, packet)->link == ROW_NONE)
		return ROW_NONE;
	for (uint32_t i = packet + 1; i < rows && i - packet < NEAR; i++) {
		const struct trace_entry *e = trace_entry(t, i);

		if (e->kind != EVENT_WIRE || e->number != number)
			continue;
		if (e->fate == WIRE_DUPLICATED) {
			*copied = true;
			continue;
		}
		if (first == ROW_NONE && !is_copy(t, i))
			first = i;
		if (e->fate == WIRE_RELEASED || e->fate == WIRE_DELIVERED)
			break;
	}
	return first;
}

/* Who did it; where there is little room, "✗" says the rest. */
static void fate_words(const struct ladder_frame *f, uint32_t wire, struct str *s)
{
	const struct event *ev = trace_event(f->view->trace, wire, NULL);

	if (!ev)
		return;
	if (f->columns.middle_width < WORDS_FROM && ev->wire.by && ev->wire.by[0])
		str_add(s, ev->wire.by);
	else
		describe_wire(s, ev);
}

/* How a packet leaves, by what became of it first. */
static void departure(const struct ladder_frame *f, uint32_t packet, struct arrow *arrow,
		      struct str *text, struct str *words)
{
	struct trace *t = f->view->trace;
	bool copied;
	uint32_t at = first_fate(t, packet, &copied);

	if (copied)
		str_add(text, "×2  ");
	if (at == ROW_NONE)
		return;
	switch ((enum wire_fate)trace_entry(t, at)->fate) {
	case WIRE_DUPLICATED:
		break;
	case WIRE_DELIVERED:
	case WIRE_DELAYED:
	case WIRE_RELEASED:
		arrow->shape = ARROW_LEAVES;
		break;
	case WIRE_REORDERED:
	case WIRE_INJECTED:
		arrow->shape = ARROW_LEAVES;
		fate_words(f, at, words);
		break;
	case WIRE_CORRUPTED:
	case WIRE_MARKED:
		if (trace_entry(t, packet)->fate < WIRE_CORRUPTED)
			arrow->shape = ARROW_LEAVES;
		fate_words(f, at, words);
		break;
	case WIRE_HELD:
		arrow->shape = ARROW_RESTS;
		arrow->mark_style =
			trace_entry(t, packet)->fate == WIRE_HELD ? STYLE_HELD : STYLE_DIM;
		str_add(words, trace_entry(t, packet)->fate == WIRE_EDITED ? "edited" : "held");
		break;
	case WIRE_EDITED:
	case WIRE_FRAGMENTED:
		arrow->shape = ARROW_RESTS;
		arrow->mark_style = STYLE_DIM;
		str_add(words, wire_fate_name((enum wire_fate)trace_entry(t, at)->fate));
		break;
	case WIRE_DROPPED:
	case WIRE_FAILED:
		arrow->shape = ARROW_LOST;
		fate_words(f, at, words);
		break;
	}
}

static void later_fate(const struct ladder_frame *f, uint32_t wire, struct arrow *arrow,
		       struct str *text, struct str *words)
{
	struct trace *t = f->view->trace;

	if (is_copy(t, wire))
		str_add(text, "copy  ");
	if (trace_entry(t, wire)->fate == WIRE_DROPPED ||
	    trace_entry(t, wire)->fate == WIRE_FAILED) {
		arrow->shape = ARROW_LOST_LATER;
		fate_words(f, wire, words);
	} else {
		arrow->shape = ARROW_ARRIVES;
	}
}

static void summary(const struct view_packet *p, struct str *s)
{
	if (p->ev)
		packet_summary(s, &p->packet, p->conn, p->dir, p->ev->packet.data,
			       p->ev->packet.caplen);
	if (s->len == 0)
		str_add(s, "a packet of unknown kind");
}

static enum style packet_style(const struct trace_entry *e, const struct packet *p)
{
	if (p->protocol == IPPROTO_TCP && (p->flags & TCP_RST))
		return STYLE_LOSS;
	if (e->conn == CONN_NONE)
		return STYLE_PLAIN;
	return (enum style)(STYLE_CONN0 + e->conn % CONN_HUES);
}

static void draw_packet_of_others(const struct ladder_frame *f, const struct view_packet *p,
				  const char *verdict, struct area a, int y)
{
	const struct addr_names *names = trace_names(f->view->trace);
	STR_ON_STACK(s, 512);
	struct addr src, dst;

	if (packet_endpoints(&p->packet, &src, &dst)) {
		addr_text(&s, &src, names);
		str_add(&s, " → ");
		addr_text(&s, &dst, names);
		str_add(&s, "  ");
	}
	summary(p, &s);
	if (verdict[0])
		str_addf(&s, "  %s", verdict);
	ladder_text_draw(f, a, y, p->row, STYLE_DIM, s.buf);
}

void ladder_packet_draw(const struct ladder_frame *f, uint32_t row, bool verdict, struct area a,
			int y)
{
	const struct trace *t = f->view->trace;
	const struct ladder_columns *c = &f->columns;
	struct view_packet p;
	STR_ON_STACK(text, 512);
	STR_ON_STACK(words, 128);
	STR_ON_STACK(note, 128);
	struct arrow arrow = { .shape = ARROW_WHOLE, .mark_style = STYLE_LOSS };
	const struct trace_entry *e;
	int side;

	if (!view_packet(f->view, row, &p))
		return;
	e = trace_entry(t, p.row);
	side = ladder_packet_side(f, e);
	if (verdict && p.row == row && ladder_verdict(f, row, NOTE_CELLS, &note, &arrow.note_style))
		arrow.note = note.buf;
	if (side < 0) {
		draw_packet_of_others(f, &p, note.buf, a, y);
		return;
	}
	arrow.leftward = side == 1;
	arrow.style = packet_style(e, &p.packet);
	if (p.row == row)
		departure(f, row, &arrow, &text, &words);
	else
		later_fate(f, row, &arrow, &text, &words);
	summary(&p, &text);
	arrow.text = text.buf;
	arrow.mark = words.buf;
	arrow_draw(area_sub(a, c->middle, y, c->middle_width, 1), &arrow);
}
