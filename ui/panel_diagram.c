/*
 * The state diagram with both ends of the cursor's connection in it: a line for each end that says where it is and
 * what brought it there, and the figure below.
 */
#include "src/describe.h"
#include "src/diagram.h"
#include "ui/ends.h"
#include "ui/figure.h"
#include "ui/page.h"
#include "ui/panels.h"

#define NARROW	   80 /* columns below which a side takes two lines */
#define NAME_WIDTH 20 /* cells of a side's name */

/* ---- the lines above ---- */

/* "CLOSED → SYN-SENT   active OPEN / snd SYN   connect()"; of what is inferred, with its mark. */
static void add_move(struct str *out, const struct diagram_end *end)
{
	str_addf(out, "%s%s → ", end->observed ? "" : "~", sock_state_name(end->from));
}

static void add_label(struct str *out, const struct diagram_end *end)
{
	if (end->arc) {
		diagram_arc_text(out, end->arc);
		if (end->arc->call && end->observed)
			str_addf(out, "   %s", end->arc->call);
	} else if (end->reason) {
		str_addf(out, "%s (not in the figure)", end->reason);
	} else {
		str_add(out, "not in the figure");
	}
}

static void add_state(struct str *out, const struct diagram_end *end)
{
	if (end->state.state == SOCK_STATE_NONE)
		str_add(out, "unknown: no packet before this moment");
	else if (end->observed)
		str_add(out, sock_state_name((enum sock_state)end->state.state));
	else
		describe_inferred(out, end->state, 24);
}

/* In a narrow panel what is along the arrow has a line of its own, which stays empty otherwise: nothing jumps. */
static void draw_side(const struct ladder_frame *f, struct page *page, int side,
		      const struct diagram_end *end)
{
	bool narrow = page->area.width < NARROW;
	struct area a = page_line(page), below = narrow ? page_line(page) : a;
	int x = 3 + NAME_WIDTH + 1;
	STR_ON_STACK(s, 160);

	area_fill(a, 1, 0, 1, ends_style(side), ends_mark(side));
	ladder_side_text(&s, f, side, NAME_WIDTH);
	area_text(area_sub(a, 3, 0, NAME_WIDTH, 1), 0, 0, STYLE_TITLE, s.buf);
	str_clear(&s);
	if (end->moved) {
		add_move(&s, end);
		x += area_text(a, x, 0, STYLE_PLAIN, s.buf);
		str_clear(&s);
	}
	add_state(&s, end);
	x += area_text(a, x, 0, end->observed ? STYLE_STATE : STYLE_INFERRED, s.buf) + 3;
	if (!end->moved)
		return;
	str_clear(&s);
	add_label(&s, end);
	area_text(below, narrow ? 3 + NAME_WIDTH + 1 : x, 0, STYLE_HELD, s.buf);
	area_accent(a, 0, 0, a.width);
}

/* ---- the panel ---- */

void panel_diagram_draw(const struct view *v, struct area a)
{
	struct ladder_frame f = ladder_frame(v, a.width, false);
	struct figure_side side[2];
	struct diagram d;
	struct page page = page_on(a, v->panel_scroll);
	int left;

	if (!f.has_cursor || !ends_are_tcp(&f)) {
		page_empty(a, "No TCP connection at this moment.",
			   "Here both ends of a TCP connection walk through the state diagram of "
			   "RFC 9293 as "
			   "the cursor moves. Connect, or move to a packet of TCP.");
		return;
	}
	diagram_at(v->trace, f.sides.conn, f.cursor.head, view_now(v), &d);
	left = ends_left(&f);
	for (int i = 0; i < 2; i++) {
		const struct diagram_end *end = &d.end[i ? !left : left];

		draw_side(&f, &page, i, end);
		side[i] = (struct figure_side){ .end = end, .style = ends_style(i) };
	}
	figure_draw(figure_for(a.width, a.height - (a.width < NARROW ? 4 : 2)), a, page.y, side);
}
