/*
 * What a program did as a whole and what it printed: text in its lane, over several lines where it is long.
 * Beside what it printed stands a sign: one for its standard output, another for its standard error.
 */
#include "ui/ladder_impl.h"

#include "src/core/names.h"
#include "ui/glyph.h"

#define LINES_MAX 8 /* of what was said at once; the call panel has all of it */
#define SIGN	  2 /* cells of the sign and the blank behind it */

struct said {
	struct str text;
	char bytes[4096];
	enum style style;
	uint32_t sign; /* 0: none */
	int side; /* -1: the middle */
};

/* Says whose it is, where that is not plain. */
static void add_who(const struct ladder_frame *f, struct said *s, const struct event *ev)
{
	if (s->side >= 0 && !f->sides.many[s->side] && !ev->thread)
		return;
	event_add_actor(&s->text, ev);
	str_add(&s->text, ": ");
}

static void say_output(struct said *s, const struct event_output *o)
{
	s->style = STYLE_PLAIN;
	s->sign = glyph_code(o->stream == 2 ? GLYPH_ERROR_OUTPUT : GLYPH_OUTPUT, false);
	str_addf(&s->text, "%s%s", o->text ? o->text : "", o->cut ? "…" : "");
}

/* In fewer words than describe_change(): the lane says whose it is, and has little room. */
static void say_change(struct said *s, const struct event_program *p)
{
	const char *command = p->command ? p->command : "";

	s->style = p->change == PROGRAM_KILLED ? STYLE_LOSS : STYLE_DIM;
	switch (p->change) {
	case PROGRAM_STARTED:
		str_addf(&s->text, "started%s%s", command[0] ? ": " : "", command);
		return;
	case PROGRAM_EXITED:
		str_add(&s->text, p->status < 0 ? "ended" : "exited with ");
		if (p->status >= 0)
			str_addf(&s->text, "%d", (int)p->status);
		return;
	case PROGRAM_KILLED:
		str_add(&s->text, "killed by ");
		name_add(&s->text, &names_signal, p->status);
		return;
	case PROGRAM_EXECUTED:
		str_addf(&s->text, "becomes %s", command);
		return;
	}
}

/* False: the row is no such thing. */
static bool said_of(const struct ladder_frame *f, const struct ladder_row *r, struct said *s)
{
	const struct trace_entry *e = trace_entry(f->view->trace, r->head);
	const struct event *ev;

	if (e->kind != EVENT_PROGRAM && e->kind != EVENT_OUTPUT)
		return false;
	s->text = str_on(s->bytes, sizeof(s->bytes));
	s->side = ladder_lane_side(f, (uint8_t)e->host, trace_entry_lane(e));
	s->style = STYLE_DIM;
	s->sign = 0;
	ev = trace_event(f->view->trace, r->head, NULL);
	if (!ev)
		return true;
	add_who(f, s, ev);
	if (ev->kind == EVENT_OUTPUT)
		say_output(s, &ev->output);
	else
		say_change(s, &ev->prog);
	return true;
}

static struct area box_of(const struct ladder_frame *f, const struct said *s, struct area a, int y,
			  int height)
{
	const struct ladder_columns *c = &f->columns;
	int x = s->side < 0 ? c->middle : c->lane[s->side];
	int width = s->side < 0 ? c->middle_width : c->lane_room[s->side];
	int sign = s->sign ? SIGN : 0;

	return area_sub(a, x + sign, y, width - sign, height);
}

static int lines_of(const struct ladder_frame *f, const struct said *s, struct area a)
{
	int lines = area_wrap(box_of(f, s, a, 0, 0), 0, s->style, s->text.buf);

	return lines < 1 ? 1 : lines > LINES_MAX ? LINES_MAX : lines;
}

int ladder_said_lines(const struct ladder_frame *f, const struct ladder_row *r, struct area a)
{
	struct said s;

	return said_of(f, r, &s) ? lines_of(f, &s, a) : 0;
}

bool ladder_said_draw(const struct ladder_frame *f, const struct ladder_row *r, struct area a,
		      int y)
{
	struct said s;
	struct area box;
	int lines, all;

	if (!said_of(f, r, &s))
		return false;
	lines = lines_of(f, &s, a);
	all = area_wrap(box_of(f, &s, a, 0, 0), 0, s.style, s.text.buf);
	for (int i = y < 0 ? -y : 0; i < lines && y + i < a.height; i++) {
		box = box_of(f, &s, a, y + i, 1);
		area_wrap(box, -i, s.style, s.text.buf);
		if (i == lines - 1 && all > lines)
			area_fill(box, box.width - 1, 0, 1, s.style,
				  glyph_code(GLYPH_ELLIPSIS, false));
	}
	if (s.sign && y >= 0)
		area_fill(a, box_of(f, &s, a, y, 1).x - a.x - SIGN, y, 1, STYLE_KEY, s.sign);
	return true;
}
