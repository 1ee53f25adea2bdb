/*
 * What stands in the lanes: a call at the left of its lane, with its result; and beside the rails the states
 * that changed.
 */
#include "ui/ladder_impl.h"

#include <string.h>

#include "src/describe.h"

/* ---- texts ---- */

struct lane_text {
	struct str call, result; /* either may be empty */
	enum style result_style;
	struct str
		brief; /* of a result that has a value in it: that value first; empty if it has none */
	char call_bytes[512], result_bytes[512], brief_bytes[128];
};

static void lane_text_init(struct lane_text *l)
{
	l->call = str_on(l->call_bytes, sizeof(l->call_bytes));
	l->result = str_on(l->result_bytes, sizeof(l->result_bytes));
	l->brief = str_on(l->brief_bytes, sizeof(l->brief_bytes));
	l->result_style = STYLE_RESULT;
}

/* getsockopt() gives "SO_RCVBUF = 131072": where there is little room, the option stands in the call anyway. */
static void brief_text(const struct event_return *r, struct str *out)
{
	for (uint32_t i = 0; i < r->outs && i < EVENT_ARGS; i++) {
		const char *value;

		if (!r->out[i].name || !r->out[i].text || strcmp(r->out[i].name, "value") != 0)
			continue;
		value = strstr(r->out[i].text, " = ");
		str_addf(out, "= %lld %s", (long long)r->result,
			 value ? value + 3 : r->out[i].text);
	}
}

/* Says whose call it is, where that is not plain. */
static void add_who(const struct ladder_frame *f, int side, const struct event *ev, struct str *s)
{
	if (side >= 0 && !f->sides.many[side] && !ev->thread)
		return;
	event_add_actor(s, ev);
	str_add(s, ": ");
}

static void call_text(const struct ladder_frame *f, uint32_t row, int side, struct lane_text *l)
{
	struct trace *t = f->view->trace;
	const struct trace_entry *e = trace_entry(t, row);
	uint32_t ret = e->kind == EVENT_RETURN ? row : e->blocked ? ROW_NONE : e->link;
	const struct event *ev = trace_event(t, row, NULL);

	if (!ev)
		return;
	add_who(f, side, ev, e->kind == EVENT_CALL ? &l->call : &l->result);
	if (ev->kind == EVENT_CALL)
		describe_call(&l->call, ev);
	ev = ret == ROW_NONE ? NULL : trace_event(t, ret, NULL);
	if (ev && ev->kind == EVENT_RETURN) {
		describe_return(&l->result, ev);
		brief_text(&ev->ret, &l->brief);
		l->result_style = ev->ret.error ? STYLE_ERRNO : STYLE_RESULT;
	}
}

/* What stands in a lane on this row; its side is returned, -1 for the middle, -2 for nothing. */
static int row_lane_text(const struct ladder_frame *f, const struct ladder_row *r,
			 struct lane_text *l)
{
	const struct trace_entry *e;
	int side;

	lane_text_init(l);
	if (r->call == ROW_NONE)
		return -2;
	e = trace_entry(f->view->trace, r->call);
	side = ladder_lane_side(f, (uint8_t)e->host, trace_entry_lane(e));
	call_text(f, r->call, side, l);
	return side;
}

/* Takes the blanks behind commas away. */
static void tighten(struct str *s)
{
	size_t to = 0;

	for (size_t i = 0; i < s->len; i++) {
		if (i == 0 || s->buf[i] != ' ' || s->buf[i - 1] != ',')
			s->buf[to++] = s->buf[i];
	}
	s->buf[to] = '\0';
	s->len = to;
}

/* "= 4 from client:45012 after 1.2 s": how long it took goes first. */
static void drop_time(struct str *s)
{
	char *at = NULL;

	for (char *next = s->buf; (next = strstr(next, " after ")) != NULL; next++)
		at = next;
	if (!at)
		return;
	*at = '\0';
	s->len = (size_t)(at - s->buf);
}

/* The result is never cut before the call is; of a long result its end goes. */
static void draw_lane_text(struct area a, struct lane_text *l)
{
	int result = text_width(l->result.buf), call, keep, room;

	if (text_width(l->call.buf) + (result ? 1 + result : 0) > a.width) {
		tighten(&l->call);
		if (l->brief.len) {
			l->result = l->brief;
			result = text_width(l->result.buf);
		}
	}
	call = text_width(l->call.buf);
	keep = call > 9 ? 9 : call;
	if (result == 0) {
		area_text(a, 0, 0, STYLE_CALL, l->call.buf);
		return;
	}
	if (call == 0) {
		if (result > a.width)
			drop_time(&l->result);
		area_text(a, 0, 0, l->result_style, l->result.buf);
		return;
	}
	room = a.width - result - 1;
	if (room > call)
		room = call;
	if (room < keep)
		room = keep;
	area_text(area_sub(a, 0, 0, room, 1), 0, 0, STYLE_CALL, l->call.buf);
	area_text(area_sub(a, room + 1, 0, a.width - room - 1, 1), 0, 0, l->result_style,
		  l->result.buf);
}

/* ---- the same in front of a class: every word, on as many lines as it takes ---- */

#define LANE_LINES 3
#define UNIT	   4 /* bytes: a blank and "min" */

struct words {
	struct area box;
	int x, y, last; /* of the next word; the last line */
};

static void put_words(struct words *w, enum style s, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, " "), blanks = strspn(text + len, " ");
		STR_ON_STACK(word, 512);
		int width;

		/* A unit is not left alone: "after 39.8 ms". */
		if (text[len] && strlen(text + len) <= UNIT) {
			len = strlen(text);
			blanks = 0;
		}
		str_addn(&word, text, len);
		width = text_width(word.buf);
		if (w->x > 0 && w->x + width > w->box.width) {
			if (w->y == w->last) {
				area_text(w->box, w->x, w->y, s, text);
				return;
			}
			w->x = 0;
			w->y++;
		}
		w->x += area_text(w->box, w->x, w->y, s, word.buf) + (int)blanks;
		text += len + blanks;
	}
}

/* Draws into the box from line y on; the lines it took.  A result is not broken where that can be helped. */
static int draw_lane_words(struct area box, int y, const struct lane_text *l)
{
	struct words w = { .box = box, .y = y, .last = y + LANE_LINES - 1 };

	put_words(&w, STYLE_CALL, l->call.buf);
	if (w.x > 0 && w.x + 1 + text_width(l->result.buf) > box.width && w.y < w.last) {
		w.x = 0;
		w.y++;
	}
	w.x += w.x > 0;
	put_words(&w, l->result_style, l->result.buf);
	return w.y - y + 1;
}

/* ---- states ---- */

struct marks { /* the state that each side shows; "" none */
	char name[2][64];
	enum style style[2];
	char verdict[2][128]; /* … and outside of it what is said about the side's packet */
	enum style verdict_style[2];
};

static void infer_marks(const struct ladder_frame *f, const struct ladder_row *r, struct marks *m)
{
	for (int side = 0; side < 2; side++) {
		struct str s = str_on(m->name[side], sizeof(m->name[side]));

		if (ladder_inferred(f, r->packet, side, &s))
			m->style[side] = STYLE_INFERRED;
	}
}

static struct marks row_marks(const struct ladder_frame *f, const struct ladder_row *r)
{
	struct marks m = { .style = { STYLE_STATE, STYLE_STATE } };

	infer_marks(f, r, &m);
	for (int i = 0; i < 2; i++) {
		const struct trace_entry *e;
		int side;

		if (r->state[i] == ROW_NONE)
			continue;
		e = trace_entry(f->view->trace, r->state[i]);
		side = ladder_lane_side(f, (uint8_t)e->host, trace_entry_lane(e));
		if (side >= 0)
			(void)str_copy(m.name[side], sizeof(m.name[side]),
				       sock_state_name((enum sock_state)e->state));
	}
	return m;
}

/* The state beside the rail, or from x on; the verdict outside of it. */
static void draw_mark(struct area a, int x, int width, int y, bool right, const struct marks *m,
		      int side)
{
	struct area box = area_sub(a, x, y, width, 1);
	int state = text_width(m->name[side]), verdict = text_width(m->verdict[side]);
	int gap = state > 0;

	if (right) {
		area_text_right(box, box.width, 0, m->style[side], m->name[side]);
		area_text_right(box, box.width - state - gap, 0, m->verdict_style[side],
				m->verdict[side]);
	} else {
		area_text(box, 0, 0, m->style[side], m->name[side]);
		if (verdict)
			area_text(box, state + gap, 0, m->verdict_style[side], m->verdict[side]);
	}
}

/* Cells that a lane's call and its result take, with a blank behind. */
static int call_cells(const struct lane_text *l)
{
	if (!l)
		return 0;
	return text_width(l->call.buf) + 1 + text_width(l->result.buf) + 1;
}

/*
 * A lane: the call at its left, the state beside the rail.  Where a call is in the way, the state goes to
 * the lane's end if both fit, else inside the rail if no arrow is there, else the call is cut.  The lines it took.
 */
static int draw_lane(const struct ladder_frame *f, struct lane_text *l, const struct marks *m,
		     struct area a, int y, int side, bool arrow)
{
	const struct ladder_columns *c = &f->columns;
	int x = c->lane[side], width = c->lane_room[side], mark = text_width(m->name[side]);

	if (mark && call_cells(l) + mark > width && l && !arrow) {
		draw_mark(a, c->middle + 1, c->middle_width - 2, y, side == 1, m, side);
		mark = 0;
	} else if (mark || m->verdict[side][0]) {
		draw_mark(a, x, width, y, side == 0 || l, m, side);
		if (m->verdict[side][0])
			mark += text_width(m->verdict[side]) + (mark > 0);
	}
	width = mark ? width - mark - 1 : width;
	if (l && f->view->present)
		return draw_lane_words(area_sub(a, x, 0, width, a.height), y, l);
	if (l)
		draw_lane_text(area_sub(a, x, y, width, 1), l);
	return 1;
}

/* What there is room for beside a rail. */
static int room_beside(const struct ladder_frame *f, const struct lane_text *call, int call_side,
		       const struct marks *m, int side)
{
	int room = f->columns.lane_room[side] - call_cells(side == call_side ? call : NULL);

	return m->name[side][0] ? room - text_width(m->name[side]) - 1 : room;
}

/* The side that sent the packet of a row, on the row on which it left or arrived; -1. */
static int sender_side(const struct ladder_frame *f, uint32_t row)
{
	const struct trace_entry *e = row == ROW_NONE ? NULL : trace_entry(f->view->trace, row);

	if (e && e->kind == EVENT_WIRE && e->link != ROW_NONE)
		e = trace_entry(f->view->trace, e->link);
	return e && e->kind == EVENT_PACKET ? ladder_packet_side(f, e) : -1;
}

/*
 * Puts the verdict on a packet beside its sender's rail, and what its receiver made of it beside the other.  False: there
 * is a verdict, and no room for it.
 */
static bool verdict_mark(const struct ladder_frame *f, const struct ladder_row *r,
			 const struct lane_text *call, int call_side, struct marks *m)
{
	int side = sender_side(f, r->packet);
	struct str s;

	if (side < 0)
		return false;
	s = str_on(m->verdict[!side], sizeof(m->verdict[!side]));
	if (!ladder_arrival(f, r->packet, room_beside(f, call, call_side, m, !side), &s,
			    &m->verdict_style[!side]))
		str_clear(&s);
	s = str_on(m->verdict[side], sizeof(m->verdict[side]));
	if (ladder_verdict(f, r->packet, room_beside(f, call, call_side, m, side), &s,
			   &m->verdict_style[side]))
		return true;
	str_clear(&s);
	return false;
}

static void draw_centred_call(const struct ladder_frame *f, uint32_t row, const struct lane_text *l,
			      struct area a, int y)
{
	STR_ON_STACK(s, 1024);

	str_addf(&s, "%s %s", l->call.buf, l->result.buf);
	ladder_text_draw(f, a, y, row, STYLE_DIM, s.buf);
}

/*
 * In front of a class nothing is cut: where a call and the state that its packet brought do not fit beside each other,
 * the call stands above its packet.  Its lines there; 0: it is beside it.
 */
static int lines_above_packet(const struct ladder_frame *f, const struct ladder_row *r,
			      const struct lane_text *l, const struct marks *m, int side)
{
	int mark = side < 0 ? 0 : text_width(m->name[side]);

	if (!f->view->present || r->packet == ROW_NONE || !mark ||
	    call_cells(l) + mark <= f->columns.lane_room[side])
		return 0;
	return draw_lane_words((struct area){ .width = f->columns.lane_room[side] }, 0, l);
}

bool ladder_lanes_draw(const struct ladder_frame *f, const struct ladder_row *r, struct area a,
		       int y, int *packet_y)
{
	struct marks marks = row_marks(f, r);
	bool arrow = r->packet != ROW_NONE || r->local != ROW_NONE;
	struct lane_text text;
	int side = row_lane_text(f, r, &text), above;
	bool told = verdict_mark(f, r, &text, side, &marks);

	above = lines_above_packet(f, r, &text, &marks, side);
	if (above)
		draw_lane(f, &text, &(struct marks){ 0 }, a, y, side, arrow);
	*packet_y = y + above;
	for (int i = 0; i < 2; i++)
		draw_lane(f, i == side && !above ? &text : NULL, &marks, a, y + above, i, arrow);
	if (side == -1 && !arrow)
		draw_centred_call(f, r->head, &text, a, y);
	return told;
}

int ladder_lanes_lines(const struct ladder_frame *f, const struct ladder_row *r)
{
	struct marks marks = row_marks(f, r);
	struct lane_text text;
	int side, above;

	if (!f->view->present || r->call == ROW_NONE)
		return 1;
	side = row_lane_text(f, r, &text);
	if (side < 0)
		return 1;
	verdict_mark(f, r, &text, side, &marks);
	above = lines_above_packet(f, r, &text, &marks, side);
	if (above)
		return above + 1;
	/* On no line at all: only what it takes counts. */
	return draw_lane(f, &text, &marks, (struct area){ .width = f->columns.width }, 0, side,
			 r->packet != ROW_NONE);
}
