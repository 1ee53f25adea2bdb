/*
 * One row of the ladder.  The rails and the bars of blocked calls are drawn first, on every line the row
 * takes; then, by what makes the row: a call in its lane, an arrow between the rails, states beside them, or
 * text in the middle.
 */
#include "ui/ladder_impl.h"

#include "src/describe.h"
#include "ui/glyph.h"
#include "ui/marks.h"

#define NOTE_WIDTH   66 /* of a longer text over both lanes */
#define NOTE_BETWEEN 60 /* rails so far apart have it between them */

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

static void draw_time(const struct ladder_frame *f, const struct ladder_row *r, struct area a,
		      int y)
{
	STR_ON_STACK(s, 24);

	if (f->columns.time < 0)
		return;
	view_time(&s, f->view->trace, trace_entry(f->view->trace, r->head)->ts_ns);
	area_text(area_sub(a, f->columns.time, y, 9, 1), 0, 0, STYLE_DIM, s.buf);
}

/* A line above a row, between the rails: "… 204 ms …". */
static void draw_aside(const struct ladder_frame *f, const struct ladder_row *r, const char *text,
		       struct area a, int y)
{
	const struct ladder_columns *c = &f->columns;
	STR_ON_STACK(s, 48);

	if (!f->view->present)
		draw_frame(f, NULL, r->head > 0 ? r->head - 1 : ROW_NONE, a, y);
	str_addf(&s, "… %s …", text);
	area_text(area_sub(a, c->middle, y, c->middle_width, 1),
		  (c->middle_width - text_width(s.buf)) / 2, 0, STYLE_DIM, s.buf);
}

/* ---- text in the middle: notes, commands, packets between others ---- */

static enum style note_style(enum note_kind kind)
{
	switch (kind) {
	case NOTE_TITLE:
	case NOTE_ASK:
		return STYLE_TITLE;
	case NOTE_SAY:
	case NOTE_ABOUT:
	case NOTE_ANSWER:
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

	if (trace_entry(t, r->head)->kind != EVENT_NOTE &&
	    trace_entry(t, r->head)->kind != EVENT_COMMAND)
		return false;
	ev = trace_event(t, r->head, NULL);
	*style = STYLE_DIM;
	if (!ev) {
		str_add(s, "(this event cannot be read any more)");
	} else if (ev->kind == EVENT_NOTE) {
		*style = note_style(ev->note.kind);
		str_add(s, ev->note.text ? ev->note.text : "");
	} else {
		if (ev->command.target && ev->command.target[0])
			str_addf(s, "%s> ", ev->command.target);
		str_add(s, ev->command.text ? ev->command.text : "");
	}
	return true;
}

/* The columns that a text may take: a lane only if no bar stands between it and the middle. */
static void text_columns(const struct ladder_frame *f, uint32_t now, int *from, int *to)
{
	const struct ladder_columns *c = &f->columns;
	const struct trace *t = f->view->trace;

	*from = 3;
	*to = c->width - 3;
	for (size_t i = 0; i < trace_lanes(t); i++) {
		int side = ladder_lane_side(f, trace_lane(t, i)->host, (uint16_t)i);

		if (side < 0 || trace_blocked_at(t, i, now) == ROW_NONE)
			continue;
		if (side == 0)
			*from = c->middle + 1;
		else
			*to = c->middle + c->middle_width - 1;
	}
}

/* Where a text stands: between the rails if it fits there in one line, else over the lanes. */
static struct area text_box(const struct ladder_frame *f, struct area a, int y, int height,
			    uint32_t now, const char *text)
{
	const struct ladder_columns *c = &f->columns;
	int width = text_width(text), from, to, x;

	text_columns(f, now, &from, &to);
	if (width > c->middle_width && width > NOTE_WIDTH)
		width = c->middle_width > NOTE_BETWEEN ? c->middle_width - 2 : NOTE_WIDTH;
	if (width > to - from)
		width = to - from;
	if (width < 1)
		width = 1;
	x = c->middle + (c->middle_width - width) / 2;
	if (x > to - width)
		x = to - width;
	if (x < from)
		x = from;
	return area_sub(a, x, y, width, height);
}

int ladder_text_lines(const struct ladder_frame *f, struct area a, uint32_t now, const char *text)
{
	int lines = area_wrap(text_box(f, a, 0, 0, now, text), 0, STYLE_NOTE, text);

	return lines > 1 ? lines : 1;
}

void ladder_text_draw(const struct ladder_frame *f, struct area a, int y, uint32_t now,
		      enum style style, const char *text)
{
	int lines = ladder_text_lines(f, a, now, text);
	struct area box;

	for (int i = y < 0 ? -y : 0; i < lines && y + i < a.height; i++) {
		box = text_box(f, a, y + i, 1, now, text);
		area_fill(a, box.x - a.x - 1, y + i, box.width + 2, STYLE_PLAIN, ' ');
		area_wrap(box, -i, style, text);
	}
}

/* ---- what belongs to the cursor's event ---- */

static bool is_cursor_packet(const struct ladder_frame *f, uint32_t packet)
{
	const struct trace *t = f->view->trace;

	if (!f->has_cursor || packet == ROW_NONE || f->cursor.packet == ROW_NONE)
		return false;
	return trace_entry(t, packet)->number == trace_entry(t, f->cursor.packet)->number;
}

static bool is_marked(const struct ladder_frame *f, const struct ladder_row *r)
{
	return f->view->marks &&
	       marks_has(f->view->marks, trace_entry(f->view->trace, r->head)->offset);
}

static void accent(const struct ladder_frame *f, const struct ladder_row *r, struct area a, int y,
		   int lines)
{
	const struct ladder_columns *c = &f->columns;
	const struct trace_entry *e =
		r->call == ROW_NONE ? NULL : trace_entry(f->view->trace, r->call);
	bool marked = is_marked(f, r);

	if (marked)
		area_fill(a, 0, y, 1, STYLE_KEY, glyph_code(GLYPH_MARK, false));
	if (f->has_cursor && r->head == f->cursor.head) {
		for (int i = 0; i < lines; i++) {
			if (i > 0 || !marked)
				area_fill(a, 0, y + i, 1, STYLE_PLAIN,
					  glyph_code(GLYPH_CURSOR, false));
			area_accent(a, 0, y + i, c->width);
		}
		return;
	}
	if (e && is_cursor_call(f, e->kind == EVENT_CALL ? r->call : e->link)) {
		int side = ladder_lane_side(f, (uint8_t)e->host, trace_entry_lane(e));

		if (side >= 0)
			area_accent(a, c->lane[side], y, c->lane_room[side]);
	}
	if (is_cursor_packet(f, r->packet))
		area_accent(a, c->middle, y, c->middle_width);
}

/* ---- the row ---- */

/* Where a change of state came from that belongs to no packet and no call on the ladder. */
static const char *state_origin(const struct trace_entry *state)
{
	if (state->by == BY_TIME)
		return "kernel timer";
	return state->by == BY_CALL && !state->number ? "closed with its program" : "";
}

static void draw_event(const struct ladder_frame *f, const struct ladder_row *r, struct area a,
		       int y)
{
	bool told = ladder_lanes_draw(f, r, a, y, &y);

	if (r->packet != ROW_NONE)
		ladder_packet_draw(f, r->packet, !told, a, y);
	else if (r->local != ROW_NONE)
		ladder_local_draw(f, r->local, a, y);
	else if (trace_entry(f->view->trace, r->head)->kind == EVENT_STATE)
		ladder_text_draw(f, a, y, r->head, STYLE_DIM,
				 state_origin(trace_entry(f->view->trace, r->head)));
}

/*
 * What stands above a row, a line each: how long nothing happened, and where a connection was begun before.  In front
 * of a class there is an empty line below each row; the first of them has it.
 */
static int lines_above(const struct ladder_frame *f, const struct ladder_row *r)
{
	return (r->gap_ns > 0 && !f->view->present) + ladder_starts_midway(f, r);
}

/* text: that in its middle; NULL: it is not one of those. */
static int own_lines(const struct ladder_frame *f, const struct ladder_row *r, struct area a,
		     const char *text)
{
	int said;

	if (text)
		return ladder_text_lines(f, a, r->head, text);
	said = ladder_said_lines(f, r, a);
	return said ? said : ladder_lanes_lines(f, r);
}

int ladder_row_height(const struct ladder_frame *f, const struct ladder_row *r, struct area a)
{
	STR_ON_STACK(s, 4096);
	enum style style;
	bool is_text = centred_text(f, r, &s, &style);

	return lines_above(f, r) + own_lines(f, r, a, is_text ? s.buf : NULL) + f->view->present;
}

static int draw_above(const struct ladder_frame *f, const struct ladder_row *r, struct area a,
		      int y)
{
	int gap = r->gap_ns > 0 && !f->view->present;

	if (r->gap_ns > 0) {
		STR_ON_STACK(s, 48);

		describe_duration(&s, r->gap_ns);
		draw_aside(f, r, s.buf, a, y - !gap);
	}
	if (!ladder_starts_midway(f, r))
		return gap;
	draw_aside(f, r, "start not captured", a, y + gap);
	return gap + 1;
}

int ladder_draw_row(const struct ladder_frame *f, const struct ladder_row *r, struct area a, int y)
{
	int above = draw_above(f, r, a, y), lines;
	STR_ON_STACK(s, 4096);
	bool is_text;
	enum style style;

	is_text = centred_text(f, r, &s, &style);
	lines = own_lines(f, r, a, is_text ? s.buf : NULL);
	for (int i = 0; i < lines + f->view->present; i++)
		draw_frame(f, i && f->view->present ? NULL : r, r->head, a, y + above + i);
	draw_time(f, r, a, y + above);
	if (is_text)
		ladder_text_draw(f, a, y + above, r->head, style, s.buf);
	else if (!ladder_said_draw(f, r, a, y + above))
		draw_event(f, r, a, y + above);
	accent(f, r, a, y + above, lines);
	return above + lines + f->view->present;
}
