/*
 * One row of the ladder.  The rails and the bars of blocked calls are drawn first, on every line the row
 * takes; then, by what makes the row: a call in its lane, an arrow between the rails, states beside them, or
 * text in the middle.
 */
#include <string.h>

#include "src/core/names.h"
#include "src/describe.h"
#include "ui/arrow.h"
#include "ui/glyph.h"
#include "ui/ladder_view.h"

#define NEAR		128	/* how far behind a packet its first WIRE event is looked for */
#define NOTE_WIDTH	66	/* of a longer text over both lanes */
#define WORDS_FROM	48	/* a middle of this width says "lost: hand", a narrower one "hand" */

/* ---- rails, bars, time ---- */

static const enum glyph bar_start[2] = { GLYPH_BLOCK_START_LEFT, GLYPH_BLOCK_START };
static const enum glyph bar_end[2] = { GLYPH_BLOCK_END_LEFT, GLYPH_BLOCK_END };

static int bar_x(const struct ladder_columns *c, int side, int nth)
{
	if (nth >= LADDER_BARS)
		nth = LADDER_BARS - 1;
	return side ? c->bar[1] + nth : c->bar[0] - nth;
}

/* The CALL whose bar runs through a lane at a row of the ladder (r NULL: at the instant `now`); ROW_NONE. */
static uint32_t bar_of(const struct ladder_frame *f, size_t lane, const struct ladder_row *r,
		       uint32_t now, enum glyph *g, int side)
{
	const struct trace *t = f->view->trace;
	const struct trace_entry *e = r && r->call != ROW_NONE ? trace_entry(t, r->call) : NULL;

	*g = GLYPH_BLOCK;
	if (e && e->lane == lane && e->kind == EVENT_CALL) {
		*g = bar_start[side];
		return e->blocked || e->link == ROW_NONE ? r->call : ROW_NONE;
	}
	if (e && e->lane == lane && e->kind == EVENT_RETURN && e->blocked) {
		*g = bar_end[side];
		return e->link;
	}
	return trace_blocked_at(t, lane, now);
}

/* Whether a CALL is the one under the cursor, or the one whose RETURN is. */
static bool is_cursor_call(const struct ladder_frame *f, uint32_t call)
{
	uint32_t at = f->has_cursor ? f->cursor.call : ROW_NONE;

	if (at == ROW_NONE || call == ROW_NONE)
		return false;
	return at == call || trace_entry(f->view->trace, at)->link == call;
}

static void draw_bars(const struct ladder_frame *f, const struct ladder_row *r, uint32_t now,
		      struct area a, int y)
{
	const struct trace *t = f->view->trace;
	int nth[2] = { 0, 0 };

	for (size_t i = 0; i < trace_lanes(t); i++) {
		int side = ladder_lane_side(f, trace_lane(t, i)->host, (uint16_t)i), x;
		enum glyph g;
		uint32_t call;

		if (side < 0)
			continue;
		x = bar_x(&f->columns, side, nth[side]++);
		call = bar_of(f, i, r, now, &g, side);
		if (call == ROW_NONE)
			continue;
		area_fill(a, x, y, 1, STYLE_BLOCKED, glyph_code(g, false));
		if (is_cursor_call(f, call))
			area_accent(a, x, y, 1);
	}
}

static void draw_frame(const struct ladder_frame *f, const struct ladder_row *r, uint32_t now,
		       struct area a, int y)
{
	uint32_t rail = glyph_code(GLYPH_RAIL, false);

	area_fill(a, 0, y, f->columns.width, STYLE_PLAIN, ' ');
	for (int side = 0; side < 2; side++)
		area_fill(a, f->columns.rail[side], y, 1, STYLE_RULE, rail);
	if (now != ROW_NONE)
		draw_bars(f, r, now, a, y);
}

void ladder_draw_rails(const struct ladder_frame *f, uint32_t row, struct area a, int y)
{
	draw_frame(f, NULL, row, a, y);
}

static void draw_time(const struct ladder_frame *f, const struct ladder_row *r, struct area a, int y)
{
	STR_ON_STACK(s, 24);

	if (f->columns.time < 0)
		return;
	view_time(&s, f->view->trace, trace_entry(f->view->trace, r->head)->ts_ns);
	area_text(area_sub(a, f->columns.time, y, 9, 1), 0, 0, STYLE_DIM, s.buf);
}

static void draw_gap(const struct ladder_frame *f, const struct ladder_row *r, struct area a, int y)
{
	const struct ladder_columns *c = &f->columns;
	STR_ON_STACK(s, 48);

	draw_frame(f, NULL, r->head > 0 ? r->head - 1 : ROW_NONE, a, y);
	str_add(&s, "… ");
	describe_duration(&s, r->gap_ns);
	str_add(&s, " …");
	area_text(area_sub(a, c->middle, y, c->middle_width, 1),
		  (c->middle_width - text_width(s.buf)) / 2, 0, STYLE_DIM, s.buf);
}

/* ---- text in the middle: notes, commands, packets between others ---- */

static enum style note_style(enum note_kind kind)
{
	switch (kind) {
	case NOTE_TITLE:
		return STYLE_TITLE;
	case NOTE_SAY:
	case NOTE_ABOUT:
		return STYLE_NOTE;
	case NOTE_LIMIT:
	case NOTE_EXPECT:
		return STYLE_DIM;
	case NOTE_LOST:
		return STYLE_LOSS;
	case NOTE_ERROR:
		return STYLE_ERROR;
	}
	return STYLE_PLAIN;
}

/* The middle of a row that is nothing but text.  False: it is none of these. */
static bool centred_text(const struct ladder_frame *f, const struct ladder_row *r, struct str *s,
			 enum style *style)
{
	struct trace *t = f->view->trace;
	const struct event *ev;

	if (trace_entry(t, r->head)->kind != EVENT_NOTE && trace_entry(t, r->head)->kind != EVENT_COMMAND)
		return false;
	ev = trace_event(t, r->head, NULL);
	*style = STYLE_DIM;
	if (!ev) {
		str_add(s, "(this event cannot be read any more)");
	} else if (ev->kind == EVENT_NOTE) {
		*style = note_style(ev->note.kind);
		str_add(s, ev->note.text ? ev->note.text : "");
	} else {
		str_addf(s, "%s> %s", ev->command.target ? ev->command.target : "",
			 ev->command.text ? ev->command.text : "");
	}
	return true;
}

/* Where a text stands: between the rails if it fits there in one line, else over both lanes. */
static struct area text_box(const struct ladder_frame *f, struct area a, int y, int height,
			    const char *text)
{
	const struct ladder_columns *c = &f->columns;
	int width = text_width(text), x;

	if (width > c->width - 6)
		width = c->width - 6;
	if (width > NOTE_WIDTH && text_width(text) > c->middle_width)
		width = NOTE_WIDTH < c->width - 6 ? NOTE_WIDTH : c->width - 6;
	if (width < 1)
		width = 1;
	x = c->middle + (c->middle_width - width) / 2;
	return area_sub(a, x, y, width, height);
}

static int text_lines(const struct ladder_frame *f, struct area a, const char *text)
{
	int lines = area_wrap(text_box(f, a, 0, 0, text), 0, STYLE_NOTE, text);

	return lines > 1 ? lines : 1;
}

static void draw_text(const struct ladder_frame *f, struct area a, int y, enum style style,
		      const char *text)
{
	int lines = text_lines(f, a, text);
	struct area box;

	for (int i = y < 0 ? -y : 0; i < lines && y + i < a.height; i++) {
		box = text_box(f, a, y + i, 1, text);
		area_fill(a, box.x - a.x - 1, y + i, box.width + 2, STYLE_PLAIN, ' ');
		area_wrap(box, -i, style, text);
	}
}

/* ---- a call in its lane ---- */

struct lane_text {
	struct str call, result;	/* either may be empty */
	enum style result_style;
	char call_bytes[512], result_bytes[512];
};

static void lane_text_init(struct lane_text *l)
{
	l->call = str_on(l->call_bytes, sizeof(l->call_bytes));
	l->result = str_on(l->result_bytes, sizeof(l->result_bytes));
	l->result_style = STYLE_RESULT;
}

/* Says whose call it is, where that is not plain. */
static void add_who(const struct ladder_frame *f, int side, const struct event *ev, struct str *s)
{
	if (side < 0 || f->sides.many[side])
		str_addf(s, ev->thread ? "%s/%u: " : "%s: ", ev->program, ev->thread);
	else if (ev->thread)
		str_addf(s, f->columns.lane_width < 28 ? "t%u: " : "thread %u: ", ev->thread);
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
		l->result_style = ev->ret.error ? STYLE_ERRNO : STYLE_RESULT;
	}
}

static void program_text(const struct ladder_frame *f, int side, const struct event *ev,
			 struct lane_text *l)
{
	add_who(f, side, ev, &l->call);
	switch (ev->prog.change) {
	case PROGRAM_STARTED:
		str_add(&l->call, "started");
		break;
	case PROGRAM_EXITED:
		str_addf(&l->call, "exited with %d", (int)ev->prog.status);
		break;
	case PROGRAM_KILLED:
		str_add(&l->call, "killed by ");
		name_add(&l->call, &names_signal, ev->prog.status);
		break;
	}
}

/* What stands in a lane on this row; its side is returned, -1 for the middle, -2 for nothing. */
static int row_lane_text(const struct ladder_frame *f, const struct ladder_row *r,
			 struct lane_text *l, enum style *style)
{
	struct trace *t = f->view->trace;
	const struct trace_entry *e = trace_entry(t, r->call != ROW_NONE ? r->call : r->head);
	int side = ladder_lane_side(f, (uint8_t)e->host, e->lane);
	const struct event *ev;

	lane_text_init(l);
	*style = STYLE_CALL;
	if (r->call != ROW_NONE) {
		call_text(f, r->call, side, l);
		return side;
	}
	if (e->kind != EVENT_PROGRAM)
		return -2;
	ev = trace_event(t, r->head, NULL);
	if (!ev)
		return -2;
	program_text(f, side, ev, l);
	*style = ev->prog.change == PROGRAM_KILLED ? STYLE_LOSS : STYLE_DIM;
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
static void draw_lane_text(struct area a, struct lane_text *l, enum style style)
{
	int result = text_width(l->result.buf), call, keep, room;

	if (text_width(l->call.buf) + (result ? 1 + result : 0) > a.width)
		tighten(&l->call);
	call = text_width(l->call.buf);
	keep = call > 9 ? 9 : call;
	if (result == 0) {
		area_text(a, 0, 0, style, l->call.buf);
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
	area_text(area_sub(a, 0, 0, room, 1), 0, 0, style, l->call.buf);
	area_text(area_sub(a, room + 1, 0, a.width - room - 1, 1), 0, 0, l->result_style, l->result.buf);
}

/* ---- states ---- */

struct marks {			/* the state that each side shows; "" none */
	const char *name[2];
	enum style style[2];
};

static struct marks row_marks(const struct ladder_frame *f, const struct ladder_row *r)
{
	struct marks m = { { "", "" }, { STYLE_STATE, STYLE_STATE } };

	for (int i = 0; i < 2; i++) {
		const struct trace_entry *e;
		int side;

		if (r->state[i] == ROW_NONE)
			continue;
		e = trace_entry(f->view->trace, r->state[i]);
		side = ladder_lane_side(f, (uint8_t)e->host, e->lane);
		if (side >= 0)
			m.name[side] = sock_state_name((enum sock_state)e->state);
	}
	return m;
}

static void draw_mark(struct area a, int x, int width, int y, bool right, const struct marks *m, int side)
{
	struct area box = area_sub(a, x, y, width, 1);

	if (right)
		area_text_right(box, box.width, 0, m->style[side], m->name[side]);
	else
		area_text(box, 0, 0, m->style[side], m->name[side]);
}

/*
 * A lane: the call at its left, the state beside the rail.  Where a call is in the way, the state goes to
 * the lane's end if both fit, else inside the rail if no arrow is there, else the call is cut.
 */
static void draw_lane(const struct ladder_frame *f, struct lane_text *l, enum style style,
		      const struct marks *m, struct area a, int y, int side, bool arrow)
{
	const struct ladder_columns *c = &f->columns;
	int x = c->lane[side], width = c->lane_width, mark = text_width(m->name[side]);
	int call = l ? text_width(l->call.buf) + 1 + text_width(l->result.buf) : 0;

	if (mark && l && call + 1 + mark > width && !arrow) {
		draw_mark(a, c->middle + 1, c->middle_width - 2, y, side == 1, m, side);
		mark = 0;
	} else if (mark) {
		draw_mark(a, x, width, y, side == 0 || l, m, side);
	}
	if (l)
		draw_lane_text(area_sub(a, x, y, mark ? width - mark - 1 : width, 1), l, style);
}

/* ---- the packet ---- */

/* The first two WIRE events of a packet; ROW_NONE. */
static void first_fates(const struct trace *t, uint32_t packet, uint32_t fate[2])
{
	const struct trace_entry *p = trace_entry(t, packet);
	uint32_t rows = trace_rows(t);
	size_t found = 0;

	fate[0] = fate[1] = ROW_NONE;
	if (p->link == ROW_NONE)
		return;
	for (uint32_t i = packet + 1; i < rows && i - packet < NEAR && found < 2; i++) {
		const struct trace_entry *e = trace_entry(t, i);

		if (e->kind == EVENT_WIRE && e->number == p->number)
			fate[found++] = i;
	}
	if (!found)
		fate[0] = p->link;
}

static bool is_copy(struct trace *t, uint32_t wire)
{
	const struct event *ev = trace_event(t, wire, NULL);

	return ev && ev->kind == EVENT_WIRE && ev->wire.copy > 0;
}

/* Who lost it; where there is little room, "✗" says the rest. */
static void loss_words(const struct ladder_frame *f, uint32_t wire, struct str *s)
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
	uint32_t fate[2], at;

	first_fates(t, packet, fate);
	at = fate[0];
	if (at != ROW_NONE && trace_entry(t, at)->fate == WIRE_DUPLICATED) {
		str_add(text, "×2  ");
		at = fate[1];
		if (at != ROW_NONE && is_copy(t, at))
			at = ROW_NONE;
	}
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
	case WIRE_HELD:
		arrow->shape = ARROW_RESTS;
		arrow->mark_style = trace_entry(t, packet)->fate == WIRE_HELD ? STYLE_HELD : STYLE_DIM;
		str_add(words, "held");
		break;
	case WIRE_DROPPED:
	case WIRE_FAILED:
		arrow->shape = ARROW_LOST;
		loss_words(f, at, words);
		break;
	}
}

static void later_fate(const struct ladder_frame *f, uint32_t wire, struct arrow *arrow,
		       struct str *text, struct str *words)
{
	struct trace *t = f->view->trace;

	if (is_copy(t, wire))
		str_add(text, "copy  ");
	if (trace_entry(t, wire)->fate == WIRE_DROPPED || trace_entry(t, wire)->fate == WIRE_FAILED) {
		arrow->shape = ARROW_LOST_LATER;
		loss_words(f, wire, words);
	} else {
		arrow->shape = ARROW_ARRIVES;
	}
}

static void summary(const struct view_packet *p, struct str *s)
{
	if (p->ev)
		packet_summary(s, &p->packet, p->conn, p->dir, p->ev->packet.data, p->ev->packet.caplen);
	if (s->len == 0)
		str_add(s, "a packet of unknown kind");
}

static enum style packet_style(const struct trace_entry *e, const struct packet *p)
{
	if (p->protocol == 6 && (p->flags & TCP_RST))
		return STYLE_LOSS;
	if (e->conn == CONN_NONE)
		return STYLE_PLAIN;
	return (enum style)(STYLE_CONN0 + e->conn % CONN_HUES);
}

static void draw_packet_of_others(const struct ladder_frame *f, const struct view_packet *p,
				  struct area a, int y)
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
	draw_text(f, a, y, STYLE_DIM, s.buf);
}

static void draw_packet(const struct ladder_frame *f, uint32_t row, struct area a, int y)
{
	const struct trace *t = f->view->trace;
	const struct ladder_columns *c = &f->columns;
	struct view_packet p;
	STR_ON_STACK(text, 512);
	STR_ON_STACK(words, 128);
	struct arrow arrow = { .shape = ARROW_WHOLE, .mark_style = STYLE_LOSS };
	const struct trace_entry *e;
	int side;

	if (!view_packet(f->view, row, &p))
		return;
	e = trace_entry(t, p.row);
	side = ladder_packet_side(f, e);
	if (side < 0) {
		draw_packet_of_others(f, &p, a, y);
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

/* ---- what belongs to the cursor's event ---- */

static bool is_cursor_packet(const struct ladder_frame *f, uint32_t packet)
{
	const struct trace *t = f->view->trace;

	if (!f->has_cursor || packet == ROW_NONE || f->cursor.packet == ROW_NONE)
		return false;
	return trace_entry(t, packet)->number == trace_entry(t, f->cursor.packet)->number;
}

static void accent(const struct ladder_frame *f, const struct ladder_row *r, struct area a, int y,
		   int lines)
{
	const struct ladder_columns *c = &f->columns;
	const struct trace_entry *e = r->call == ROW_NONE ? NULL : trace_entry(f->view->trace, r->call);

	if (f->has_cursor && r->head == f->cursor.head) {
		for (int i = 0; i < lines; i++) {
			area_fill(a, 0, y + i, 1, STYLE_PLAIN, glyph_code(GLYPH_CURSOR, false));
			area_accent(a, 0, y + i, c->width);
		}
		return;
	}
	if (e && is_cursor_call(f, e->kind == EVENT_CALL ? r->call : e->link)) {
		int side = ladder_lane_side(f, (uint8_t)e->host, e->lane);

		if (side >= 0)
			area_accent(a, c->lane[side], y, c->lane_width);
	}
	if (is_cursor_packet(f, r->packet))
		area_accent(a, c->middle, y, c->middle_width);
}

/* ---- the row ---- */

static void draw_centred_call(const struct ladder_frame *f, const struct lane_text *l, struct area a,
			      int y)
{
	STR_ON_STACK(s, 1024);

	str_addf(&s, "%s %s", l->call.buf, l->result.buf);
	draw_text(f, a, y, STYLE_DIM, s.buf);
}

static void draw_event(const struct ladder_frame *f, const struct ladder_row *r, struct area a, int y)
{
	struct marks marks = row_marks(f, r);
	bool arrow = r->packet != ROW_NONE;
	struct lane_text text;
	enum style style;
	int side = row_lane_text(f, r, &text, &style);

	for (int i = 0; i < 2; i++)
		draw_lane(f, i == side ? &text : NULL, style, &marks, a, y, i, arrow);
	if (side == -1 && !arrow)
		draw_centred_call(f, &text, a, y);
	if (arrow)
		draw_packet(f, r->packet, a, y);
	else if (trace_entry(f->view->trace, r->head)->kind == EVENT_STATE)
		draw_text(f, a, y, STYLE_DIM, "kernel timer");
}

int ladder_row_height(const struct ladder_frame *f, const struct ladder_row *r, struct area a)
{
	int gap = r->gap_ns > 0;
	STR_ON_STACK(s, 4096);
	enum style style;

	if (!centred_text(f, r, &s, &style))
		return gap + 1;
	return gap + text_lines(f, a, s.buf);
}

int ladder_draw_row(const struct ladder_frame *f, const struct ladder_row *r, struct area a, int y)
{
	STR_ON_STACK(s, 4096);
	int gap = r->gap_ns > 0, lines = 1;
	bool is_text;
	enum style style;

	if (gap)
		draw_gap(f, r, a, y);
	is_text = centred_text(f, r, &s, &style);
	if (is_text)
		lines = text_lines(f, a, s.buf);
	for (int i = 0; i < lines; i++)
		draw_frame(f, r, r->head, a, y + gap + i);
	draw_time(f, r, a, y + gap);
	if (is_text)
		draw_text(f, a, y + gap, style, s.buf);
	else
		draw_event(f, r, a, y + gap);
	accent(f, r, a, y + gap, lines);
	return gap + lines;
}
