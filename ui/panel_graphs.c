/*
 * Three graphs of the direction that carries more: sequence numbers, bytes on their way, times; side by side in a low
 * panel, one below the other in a tall one.  Dots of braille: two by four in a cell.  A letter at the end of each line
 * names it, and a rule stands where the cursor is.
 */
#include <string.h>

#include "src/core/clock.h"
#include "src/describe.h"
#include "src/graph.h"
#include "ui/ends.h"
#include "ui/glyph.h"
#include "ui/page.h"
#include "ui/panels.h"

#define FIRST_NS    (4 * NS_PER_MS)
#define BRAILLE	    0x2800
#define CELLS_WIDE  100 /* of a graph at most */
#define CELLS_HIGH  24
#define BESIDE_ROWS 20 /* rows of a panel from which the graphs stand one below the other */
#define GRAPHS	    3
#define LINES_MAX   3

struct line {
	enum graph_line line;
	enum style style;
	char letter;
	const char *word;
};

struct plot {
	const char *title;
	bool time; /* values are microseconds */
	bool clipped; /* the window may be far above what is sent: it does not set the scale */
	int lines;
	struct line line[LINES_MAX];
};

static const struct plot plots[GRAPHS] = {
	{ "sequence",
	  false,
	  true,
	  3,
	  { { GRAPH_WINDOW, STYLE_DIM, 'w', "window" },
	    { GRAPH_ACKED, STYLE_CONN2, 'a', "acked" },
	    { GRAPH_SENT, STYLE_CONN0, 's', "sent" } } },
	{ "bytes",
	  false,
	  false,
	  3,
	  { { GRAPH_SSTHRESH, STYLE_DIM, 't', "ssthresh" },
	    { GRAPH_CWND, STYLE_CONN1, 'c', "cwnd" },
	    { GRAPH_FLIGHT, STYLE_CONN0, 'f', "in flight" } } },
	{ "time",
	  true,
	  false,
	  2,
	  { { GRAPH_RTO, STYLE_CONN1, 'o', "rto" }, { GRAPH_RTT, STYLE_CONN0, 'r', "rtt" } } },
};

/* ---- dots ---- */

struct dots {
	int width, height; /* cells */
	uint8_t dot[CELLS_HIGH][CELLS_WIDE];
	uint8_t style[CELLS_HIGH][CELLS_WIDE];
};

/* y counts from the bottom. */
static void set_dot(struct dots *d, int x, int y, enum style style)
{
	static const uint8_t bit[4][2] = {
		{ 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 }
	};
	int down = d->height * 4 - 1 - y;

	if (x < 0 || x >= d->width * 2 || y < 0 || down < 0)
		return;
	d->dot[down / 4][x / 2] |= bit[down % 4][x % 2];
	d->style[down / 4][x / 2] = (uint8_t)style;
}

/* What is far above the scale is above the highest dot. */
static int dot_of(uint64_t value, uint64_t high, int dots)
{
	if (value > 2 * high)
		return 2 * dots;
	return high ? (int)((value * (uint64_t)(dots - 1) + high / 2) / high) : 0;
}

/* What a line is in the columns that fall on one dot. */
static struct graph_range range_of(const struct graph *g, int dir, enum graph_line line, int x,
				   int dots)
{
	struct graph_range all = { 0 };
	size_t used = graph_used(g), from = (size_t)x * used / (size_t)dots,
	       to = ((size_t)x + 1) * used / (size_t)dots;

	for (size_t i = from; i < (to > from ? to : from + 1); i++) {
		const struct graph_range *r = graph_column(g, dir, line, i);

		if (!r->any)
			continue;
		all.low = all.any && all.low < r->low ? all.low : r->low;
		all.high = all.any && all.high > r->high ? all.high : r->high;
		all.any = true;
	}
	return all;
}

static uint64_t greatest_of(const struct graph *g, int dir, enum graph_line line)
{
	uint64_t high = 0;

	for (size_t i = 0; i < graph_used(g) && i < GRAPH_COLUMNS; i++) {
		const struct graph_range *r = graph_column(g, dir, line, i);

		high = r->any && r->high > high ? r->high : high;
	}
	return high;
}

static uint64_t scale_of(const struct graph *g, int dir, const struct plot *p)
{
	uint64_t high = 0;

	if (p->clipped) {
		high = greatest_of(g, dir, GRAPH_SENT);
		return high + high / 4;
	}
	for (int i = 0; i < p->lines; i++) {
		uint64_t one = greatest_of(g, dir, p->line[i].line);

		high = one > high ? one : high;
	}
	return high;
}

/* A value stays until the next one.  Returns the dot where the line ends; -1: there is none. */
static int draw_curve(struct dots *d, const struct graph *g, int dir, const struct line *l,
		      uint64_t high)
{
	int dots = d->height * 4, last = -1;

	for (int x = 0; x < d->width * 2; x++) {
		struct graph_range r = range_of(g, dir, l->line, x, d->width * 2);
		int low = last, top = last;

		if (r.any) {
			low = dot_of(r.low, high, dots);
			top = dot_of(r.high, high, dots);
			if (last >= 0 && last < low)
				low = last + 1;
			last = dot_of(r.high, high, dots);
		}
		for (int y = low; low >= 0 && y <= top && y < dots; y++)
			set_dot(d, x, y, l->style);
	}
	return last;
}

/* ---- a graph ---- */

static void add_value(struct str *out, const struct plot *p, uint64_t value)
{
	if (p->time)
		describe_duration(out, (int64_t)value * 1000);
	else if (value < 100000)
		str_addf(out, "%llu B", (unsigned long long)value);
	else if (value < 100000000)
		str_addf(out, "%llu kB", (unsigned long long)(value / 1000));
	else
		str_addf(out, "%llu MB", (unsigned long long)(value / 1000000));
}

/* Only lines that can be seen are named.  end: where each ends. */
static void draw_head(struct area a, const struct plot *p, const struct dots *d, const int *end,
		      uint64_t high)
{
	STR_ON_STACK(s, 32);
	int x = 0, room;

	if (high)
		add_value(&s, p, high);
	room = a.width - text_width(s.buf) - 1;
	for (int i = p->lines - 1; i >= 0; i--) {
		const struct line *l = &p->line[i];

		if (end[i] < 0 || end[i] >= d->height * 4 || x + text_width(l->word) > room)
			continue;
		x += area_text(a, x, 0, l->style, l->word) + 1;
	}
	area_text_right(a, a.width, 0, STYLE_DIM, s.buf);
}

static void draw_cursor(struct area a, int x)
{
	for (int y = 0; y < a.height; y++) {
		area_fill(a, x, y, 1, STYLE_HELD, glyph_code(GLYPH_RAIL, false));
		area_accent(a, x, y, 1);
	}
}

/* Segments that were sent again, each by its sign. */
static void draw_resent(struct area a, const struct dots *d, const struct graph *g, int dir,
			uint64_t high)
{
	for (int x = 0; x < d->width * 2; x++) {
		struct graph_range r = range_of(g, dir, GRAPH_RESENT, x, d->width * 2);
		int y = dot_of(r.high, high, d->height * 4);

		if (r.any)
			area_fill(a, x / 2, d->height - 1 - y / 4, 1, STYLE_WARNING,
				  glyph_code(GLYPH_RETRANSMIT, false));
	}
}

static void draw_plot(struct area a, const struct plot *p, const struct graph *g, int dir,
		      int64_t now_ns)
{
	struct area body = area_sub(a, 0, 1, a.width, a.height - 1);
	struct dots d = { .width = body.width - 1 };
	uint64_t high = scale_of(g, dir, p);
	int64_t column = graph_column_of(g, now_ns);
	int used = (int)graph_used(g), end[LINES_MAX];

	d.width = d.width > CELLS_WIDE ? CELLS_WIDE : d.width;
	d.height = body.height > CELLS_HIGH ? CELLS_HIGH : body.height;
	if (d.width < 4 || d.height < 1)
		return;
	for (int i = 0; i < p->lines; i++)
		end[i] = high ? draw_curve(&d, g, dir, &p->line[i], high) : -1;
	draw_head(area_sub(a, 0, 0, d.width + 1, 1), p, &d, end, high);
	if (column >= 0)
		draw_cursor(area_sub(body, 0, 0, d.width, d.height),
			    column >= used ? d.width - 1 : (int)(column * d.width / used));
	for (int y = 0; y < d.height; y++)
		for (int x = 0; x < d.width; x++)
			if (d.dot[y][x])
				area_fill(body, x, y, 1, (enum style)d.style[y][x],
					  BRAILLE + d.dot[y][x]);
	if (p->clipped)
		draw_resent(body, &d, g, dir, high);
	for (int i = 0; i < p->lines; i++)
		if (end[i] >= 0 && end[i] < d.height * 4)
			area_fill(body, d.width, d.height - 1 - end[i] / 4, 1, p->line[i].style,
				  (uint32_t)p->line[i].letter);
}

/* ---- the panel ---- */

static bool ask(const struct view *v, struct ladder_frame *f)
{
	*f = ladder_frame(v, VIEW_MIN_WIDTH, false);
	if (!v->graph || !f->has_cursor || !ends_are_tcp(f))
		return false;
	graph_ask(v->graph, f->sides.conn);
	return true;
}

bool panel_graphs_work(const struct view *v, int64_t budget_ns)
{
	struct ladder_frame f;

	return ask(v, &f) && graph_work(v->graph, budget_ns);
}

static void draw_title(const struct view *v, const struct ladder_frame *f, struct area a, int from)
{
	STR_ON_STACK(s, 200);
	int x;

	area_fill(a, 1, 0, 1, ends_style(from), ends_mark(from));
	ladder_side_text(&s, f, from, 28);
	str_add(&s, " → ");
	ladder_side_text(&s, f, !from, 28);
	x = 3 + area_text(a, 3, 0, STYLE_TITLE, s.buf) + 2;
	str_clear(&s);
	view_time(&s, v->trace, graph_first_ns(v->graph));
	str_add(&s, " – ");
	view_time(&s, v->trace, graph_last_ns(v->graph));
	if (graph_busy(v->graph))
		str_addf(&s, "  %u %%", graph_percent(v->graph));
	if (x + text_width(s.buf) < a.width)
		area_text_right(a, a.width - 1, 0, STYLE_DIM, s.buf);
}

void panel_graphs_draw(const struct view *v, struct area a)
{
	const struct conn *c;
	struct ladder_frame f;
	int64_t now_ns;
	int left, dir;

	if (!ask(v, &f)) {
		page_empty(a, "No TCP connection at this moment.",
			   "Here stands a TCP connection over time: sequence numbers, bytes in "
			   "flight and the "
			   "congestion window, round trip and time-out. Connect, or move to a "
			   "packet of TCP.");
		return;
	}
	graph_work(v->graph, FIRST_NS); /* what takes no longer is there at once */
	left = ends_left(&f);
	c = conns_get(trace_conns(v->trace), f.sides.conn);
	dir = c->bytes[1] > c->bytes[0];
	now_ns = trace_entry(v->trace, view_now(v))->ts_ns;
	draw_title(v, &f, area_sub(a, 0, 0, a.width, 1), dir == left ? 0 : 1);
	for (int i = 0; i < GRAPHS; i++) {
		int width = (a.width - 1) / GRAPHS, height = (a.height - 1) / GRAPHS;
		struct area box = a.height < BESIDE_ROWS
					  ? area_sub(a, 1 + i * width, 1, width - 1, a.height - 1)
					  : area_sub(a, 1, 1 + i * height, a.width - 2, height);

		draw_plot(box, &plots[i], v->graph, dir, now_ns);
	}
}
