/*
 * Which rows are visible, and where: the cursor's row goes near the middle, and the rows around it are
 * found by walking from it, so that nothing depends on what was drawn before.
 */
#include "ui/ladder_view.h"

#include <string.h>

#include "src/core/clock.h"
#include "src/describe.h"
#include "ui/glyph.h"
#include "ui/ladder_sides.h"
#include "ui/page.h"

#define TIME_WIDTH   10 /* "00:00.412 " */
#define TIME_FROM    110 /* a ladder of this width has a column for the time */
#define LANE_ADDRESS 21 /* "255.255.255.255:65535" */
#define LANE_MAX     44
#define LANE_STATE   13 /* what is left of one where no program is: room for a state … */
#define LANE_NAME    17 /* … or for "server 192.0.2.2" */
#define GUTTER_FROM  96 /* a blank between lane and bars */

static int count_bars(const struct ladder_frame *f, int side)
{
	const struct trace *t = f->view->trace;
	int bars = f->view->steady ? LADDER_BARS : 0;

	for (size_t i = 0; i < trace_lanes(t) && bars < LADDER_BARS; i++)
		bars += ladder_lane_side(f, trace_lane(t, i)->host, (uint16_t)i) == side;
	return bars > 0 ? bars : 1;
}

/*
 * A capture without calls has more to say between the rails than in the lanes.  In front of a class calls are wrapped,
 * and packets are not cut instead.
 */
static int lane_cells(const struct ladder_frame *f, int rest)
{
	bool lab = f->sides.by_host || trace_lanes(f->view->trace);
	int lane = rest * (lab && !f->view->present ? 31 : 25) / 100;

	if (!lab && lane < LANE_ADDRESS)
		lane = LANE_ADDRESS < rest / 3 ? LANE_ADDRESS : rest / 3;
	return lane > LANE_MAX ? LANE_MAX : lane;
}

static bool has_program(const struct ladder_frame *f, int side)
{
	const struct trace *t = f->view->trace;

	for (size_t i = 0; i < trace_lanes(t); i++)
		if (ladder_lane_side(f, trace_lane(t, i)->host, (uint16_t)i) == side)
			return true;
	return false;
}

/*
 * Where programs are at the left only, as when one runs alone, the right lane gives what it does not need to theirs.
 * Never the other way round: servers, which are at the right, are there before their clients, and rows must not move when
 * these come.
 */
static void share_lanes(const struct ladder_frame *f, struct ladder_columns *c, int lane)
{
	const struct trace_host *h = trace_host(f->view->trace, f->sides.host[1]);
	int need = !f->sides.by_host	   ? LANE_ADDRESS
		   : trace_host_is_side(h) ? LANE_STATE
					   : LANE_NAME;
	int given = lane > need && has_program(f, 0) && !has_program(f, 1) ? lane - need : 0;

	c->lane_room[0] = lane + given;
	c->lane_room[1] = lane - given;
	c->lane_width = lane + given;
}

static struct ladder_columns columns_for(const struct ladder_frame *f, int width, bool time)
{
	int bars[2] = { count_bars(f, 0), count_bars(f, 1) };
	int gutter = width >= GUTTER_FROM || f->view->present;
	int used = 1 + (time ? TIME_WIDTH : 0) + bars[0] + bars[1] + 2 * gutter + 2;
	int rest = width > used ? width - used : 0;
	int lane = lane_cells(f, rest);
	struct ladder_columns c = { .width = width, .time = time ? 1 : -1 };

	share_lanes(f, &c, lane);
	c.lane[0] = 1 + (time ? TIME_WIDTH : 0);
	c.bar[0] = c.lane[0] + c.lane_room[0] + gutter + bars[0] - 1;
	c.rail[0] = c.bar[0] + 1;
	c.middle = c.rail[0] + 1;
	c.middle_width = rest - 2 * lane;
	c.rail[1] = c.middle + c.middle_width;
	c.bar[1] = c.rail[1] + 1;
	c.lane[1] = c.bar[1] + bars[1] + gutter;
	return c;
}

struct ladder_frame ladder_frame(const struct view *v, int width, bool force_time)
{
	struct ladder_frame f = { .view = v };

	f.has_cursor = view_cursor(v, &f.cursor);
	f.sides = ladder_sides(v, f.has_cursor ? f.cursor.head : ROW_NONE);
	ladder_choose_states(&f);
	f.columns = columns_for(&f, width, force_time || (width >= TIME_FROM && !v->present));
	return f;
}

/* ---- placing ---- */

struct placed {
	struct ladder_row row;
	int y;
};

struct placing {
	struct ladder_row top;
	int y; /* of the top row; negative if its first lines are cut off */
};

/* The row below one that is on the screen; false: none, or it is not to be seen yet. */
static bool row_below(const struct ladder_frame *f, struct ladder_row *row)
{
	if (view_ends_at_cursor(f->view) && row->head == f->cursor.head)
		return false;
	return view_row_next(f->view, row, row);
}

/* Goes back from a row until `lines` lines are above it; returns the lines found. */
static int climb(const struct ladder_frame *f, struct area a, struct ladder_row *at, int lines)
{
	int found = 0;

	while (found < lines && view_row_prev(f->view, at, at))
		found += ladder_row_height(f, at, a);
	return found;
}

/* Lines from a row to the end of the ladder, at most `most`. */
static int lines_from(const struct ladder_frame *f, struct area a, struct ladder_row row, int most)
{
	int lines = 0;

	do {
		lines += ladder_row_height(f, &row, a);
	} while (lines < most && row_below(f, &row));
	return lines;
}

static struct placing place(const struct ladder_frame *f, struct area a)
{
	struct placing p = { .top = f->cursor };
	int below = lines_from(f, a, f->cursor, a.height);
	int own = ladder_row_height(f, &f->cursor, a);
	int above = (a.height - own) / 2;

	if (above < a.height - below)
		above = a.height - below;
	if (f->view->follow && above < a.height - own)
		above = a.height - own;
	if (above < 0)
		above = 0;
	p.y = above - climb(f, a, &p.top, above);
	if (p.y > 0)
		p.y = 0;
	return p;
}

/* ---- what the search found ---- */

static uint32_t lower(uint32_t c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool match_at(const struct cell *cell, int left, const char *text)
{
	for (; *text; text++, cell++, left--) {
		if (left == 0 || lower(cell->code) != lower((unsigned char)*text))
			return false;
	}
	return true;
}

static void mark_matches(const struct view *v, struct area a, int y)
{
	int len = (int)strlen(v->search);
	struct cell *line;

	if (len == 0 || y < 0 || y >= a.height || a.width <= 0)
		return;
	line = a.grid->cell + (size_t)(a.y + y) * (size_t)a.grid->width + a.x;
	for (int x = 0; x + len <= a.width; x++) {
		if (!match_at(line + x, a.width - x, v->search))
			continue;
		for (int i = 0; i < len; i++)
			line[x + i].style = STYLE_MATCH;
	}
}

/* ---- the spotlight ---- */

/* Lines from y to end, but for what belongs to the cursor's event. */
static void leave_dark(struct area a, int y, int end)
{
	for (y = y < 0 ? 0 : y; y < end && y < a.height; y++) {
		struct cell *line = a.grid->cell + (size_t)(a.y + y) * (size_t)a.grid->width + a.x;

		for (int x = 0; x < a.width; x++)
			if (!line[x].accent)
				line[x].style = STYLE_FAINT;
	}
}

/* ---- the ladder ---- */

static void draw_nothing(struct area a)
{
	int width = a.width < 64 ? a.width : 64;
	struct page page =
		page_on(area_sub(a, (a.width - width) / 2, a.height / 4, width, a.height), 0);

	page_wrap(&page, 1, STYLE_TITLE, "Nothing has happened yet.");
	page_line(&page);
	page_wrap(&page, 1, STYLE_PLAIN,
		  "Each call of a program, each packet between the hosts and each change of a "
		  "socket's state "
		  "becomes a line here. Begin with a call:");
	page_line(&page);
	page_wrap(&page, 3, STYLE_KEY, "s = socket(AF_INET, SOCK_STREAM)");
}

static void draw_all_hidden(const struct view *v, struct area a)
{
	int width = a.width < 64 ? a.width : 64;
	struct page page =
		page_on(area_sub(a, (a.width - width) / 2, a.height / 4, width, a.height), 0);
	const char *filter = shown_filter_text(v->shown);

	if (shown_busy(v->shown)) {
		page_wrap(&page, 1, STYLE_TITLE, "Nothing found so far; still looking.");
		return;
	}
	page_wrap(&page, 1, STYLE_TITLE, "No packet matches the filter.");
	page_line(&page);
	if (filter)
		page_wrap(&page, 3, STYLE_KEY, filter);
	page_line(&page);
	page_wrap(&page, 1, STYLE_PLAIN,
		  "Esc shows everything again; f changes the filter. It is written as in "
		  "pcap-filter(7), for example: tcp port 443 and host 192.0.2.1");
}

void ladder_draw(const struct view *v, struct area a)
{
	struct ladder_frame f = ladder_frame(v, a.width, false);
	uint32_t last = ROW_NONE;
	struct placing p;

	if (a.width <= 0 || a.height <= 0)
		return;
	if (!f.has_cursor) {
		if (view_hides(v))
			draw_all_hidden(v, a);
		else
			draw_nothing(a);
		return;
	}
	p = place(&f, a);
	do {
		/* In front of a class what says how long nothing happened is above the row's own lines. */
		int from = p.y - (v->present && p.top.gap_ns > 0);

		p.y += ladder_draw_row(&f, &p.top, a, p.y);
		if (v->spotlight && p.top.head != f.cursor.head)
			leave_dark(a, from, p.y);
	} while (p.y < a.height && row_below(&f, &p.top));
	if (p.y < a.height)
		last = view_ends_at_cursor(v) ? view_now(v) : trace_rows(v->trace) - 1;
	for (; p.y < a.height; p.y++) {
		ladder_draw_rails(&f, last, a, p.y);
		if (v->spotlight)
			leave_dark(a, p.y, p.y + 1);
	}
	for (int y = 0; y < a.height; y++)
		mark_matches(v, a, y);
}

void view_click(struct view *v, struct area ladder, int y)
{
	struct ladder_frame f = ladder_frame(v, ladder.width, false);
	struct placing p;

	if (!f.has_cursor || y < 0 || y >= ladder.height)
		return;
	p = place(&f, ladder);
	do {
		p.y += ladder_row_height(&f, &p.top, ladder);
		if (y < p.y) {
			struct ladder_row last;

			v->cursor = trace_entry(v->trace, p.top.head)->offset;
			v->event = 0;
			v->follow =
				!v->reveal && view_row_last(v, &last) && last.head == p.top.head;
			v->panel_scroll = 0;
			return;
		}
	} while (row_below(&f, &p.top));
}

static void say(struct str *out, const struct view *v, uint32_t row)
{
	const struct event *ev;

	if (row == ROW_NONE)
		return;
	ev = trace_event(v->trace, row, NULL);
	if (!ev)
		return;
	describe_event(out, v->trace, ev);
	str_char(out, '\n');
}

void ladder_row_text(struct str *out, const struct view *v, const struct ladder_row *r)
{
	if (r->head != r->call && r->head != r->packet)
		say(out, v, r->head);
	if (r->call != ROW_NONE) {
		const struct trace_entry *e = trace_entry(v->trace, r->call);
		uint32_t ret = e->kind == EVENT_CALL && !e->blocked ? e->link : ROW_NONE;

		say(out, v, r->call);
		say(out, v, ret);
	}
	say(out, v, r->packet);
	for (int i = 0; i < 2; i++) {
		if (r->state[i] != r->head)
			say(out, v, r->state[i]);
	}
}
