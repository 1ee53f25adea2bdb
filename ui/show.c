/*
 * Each row is drawn into a small grid as the screen would draw it, without a cursor, and printed.  In a
 * capture from elsewhere the ends of the ladder change with the connection; a line says so when they do.
 */
#include "ui/show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/replay.h"
#include "src/core/clock.h"
#include "src/describe.h"
#include "ui/glyph.h"
#include "ui/ladder_view.h"

#define ROW_LINES 64 /* a longer note is cut */

struct show {
	struct view view;
	struct shown *shown;
	const struct select *select; /* NULL: all */
	const char *name;
	struct replay *replay; /* goes through the packets beside us */
	struct grid grid;
	FILE *out;
	bool ascii;
	char *text; /* of the grid */
	size_t text_size;
};

static void show_fini(struct show *s)
{
	replay_free(s->replay);
	shown_free(s->shown);
	grid_fini(&s->grid);
	free(s->text);
}

static int show_init(struct show *s, struct trace *t, const struct show_text *how, FILE *out,
		     struct err *e)
{
	int width = how->width < 1 ? 1 : how->width;

	*s = (struct show){ .view = { .trace = t },
			    .select = how->select,
			    .name = how->name,
			    .out = out,
			    .ascii = how->ascii };
	s->text_size = (size_t)width * ROW_LINES * 8 + ROW_LINES + 1;
	s->text = malloc(s->text_size);
	if (!s->text)
		return err_errno(e, ENOMEM, NULL, "showing a trace");
	s->replay = replay_new_all(t, e);
	s->shown = shown_new(t, e);
	if (s->replay && s->shown && grid_init(&s->grid, width, ROW_LINES, e) == 0)
		return 0;
	show_fini(s);
	return -1;
}

/* An empty page of so many lines; the rest of the grid is not touched. */
static struct area page_of(struct show *s, int lines)
{
	s->grid.height = lines < ROW_LINES ? lines : ROW_LINES;
	grid_clear(&s->grid);
	return grid_area(&s->grid);
}

static int put_page(struct show *s, struct err *e)
{
	struct str text = str_on(s->text, s->text_size);

	if (s->ascii)
		glyph_to_ascii(&s->grid);
	grid_text(&s->grid, &text);
	if (fputs(text.buf, s->out) < 0)
		return err_errno(e, errno, NULL, "writing the text of the trace");
	return 0;
}

static void draw_ends(const struct ladder_frame *f, struct area a)
{
	for (int side = 0; side < 2; side++) {
		STR_ON_STACK(s, 96);
		struct area box = area_sub(a, f->columns.lane[side], 0, f->columns.lane_width, 1);

		ladder_side_text(&s, f, side, box.width);
		area_text(box, 0, 0, STYLE_TITLE, s.buf);
	}
}

static int put_heading(struct show *s, struct err *e)
{
	area_textf(page_of(s, 1), 1, 0, STYLE_TITLE, "socklens · %s", s->name);
	return put_page(s, e);
}

static bool same_ends(const struct ladder_sides *a, const struct ladder_sides *b)
{
	if (a->by_host != b->by_host)
		return false;
	if (a->by_host)
		return a->host[0] == b->host[0] && a->host[1] == b->host[1];
	return a->conn == b->conn;
}

static int put_ends(struct show *s, const struct ladder_frame *f, struct err *e)
{
	draw_ends(f, page_of(s, 1));
	return put_page(s, e);
}

/* before: the ends that were written last; NULL: none. */
static int put_row(struct show *s, const struct ladder_row *row, struct ladder_sides *before,
		   bool first, struct err *e)
{
	struct ladder_frame f;

	s->view.cursor = trace_entry(s->view.trace, row->head)->offset;
	replay_ask(s->replay, row->packet);
	replay_work(s->replay, 0);
	f = ladder_frame(&s->view, s->grid.width, true);
	f.has_cursor = false;
	if ((first || !same_ends(before, &f.sides)) && put_ends(s, &f, e))
		return -1;
	*before = f.sides;
	ladder_draw_row(&f, row, page_of(s, ladder_row_height(&f, row, grid_area(&s->grid))), 0);
	return put_page(s, e);
}

static int put_rows(struct show *s, struct err *e)
{
	struct ladder_sides before = { .conn = CONN_NONE };
	struct ladder_row row;
	bool more = view_row_first(&s->view, &row);

	s->view.replay = s->replay;
	for (bool first = true; more; more = view_row_next(&s->view, &row, &row)) {
		if (put_row(s, &row, &before, first, e))
			return -1;
		first = false;
	}
	return 0;
}

struct totals {
	uint32_t events, packets, conns;
	int64_t from_ns, to_ns;
};

static void count_row(struct totals *n, const struct trace_entry *entry, uint8_t *seen)
{
	if (n->events++ == 0)
		n->from_ns = entry->ts_ns;
	n->to_ns = entry->ts_ns;
	if (entry->kind != EVENT_PACKET)
		return;
	n->packets++;
	if (entry->conn == CONN_NONE || seen[entry->conn])
		return;
	seen[entry->conn] = 1;
	n->conns++;
}

static int count(const struct show *s, struct totals *n, struct err *e)
{
	struct trace *t = s->view.trace;
	uint8_t *seen = calloc(conns_count(trace_conns(t)) + 1, 1);

	*n = (struct totals){ .events = 0 };
	if (!seen)
		return err_errno(e, ENOMEM, NULL, "counting what was shown");
	for (uint32_t row = 0; row < trace_rows(t); row++)
		if (!s->select || select_row(s->select, t, row))
			count_row(n, trace_entry(t, row), seen);
	free(seen);
	return 0;
}

static int put_summary(struct show *s, struct err *e)
{
	STR_ON_STACK(text, 200);
	struct totals n;

	if (count(s, &n, e))
		return -1;
	str_addf(&text, "%u event%s · %u packet%s · %u connection%s", n.events,
		 n.events == 1 ? "" : "s", n.packets, n.packets == 1 ? "" : "s", n.conns,
		 n.conns == 1 ? "" : "s");
	if (n.events > 0) {
		str_add(&text, " · ");
		describe_duration(&text, n.to_ns - n.from_ns);
	}
	area_text(page_of(s, 1), 1, 0, STYLE_DIM, text.buf);
	return put_page(s, e);
}

int show_text_of(struct trace *t, const struct show_text *how, FILE *out, struct err *e)
{
	struct show s;
	int failed;

	if (show_init(&s, t, how, out, e))
		return -1;
	if (s.select) {
		shown_select(s.shown, s.select);
		s.view.shown = s.shown;
	}
	failed = put_heading(&s, e) || put_rows(&s, e) || put_summary(&s, e);
	if (!failed && fflush(out))
		failed = err_errno(e, errno, NULL, "writing the text of the trace");
	show_fini(&s);
	return failed ? -1 : 0;
}

int show_text(struct trace *t, int width, FILE *out, bool ascii, struct err *e)
{
	const struct show_text how = { .width = width,
				       .ascii = ascii,
				       .name = trace_path(t) ? trace_path(t) : "not saved yet" };

	return show_text_of(t, &how, out, e);
}

/* ---- as it happens ---- */

#define SETTLED_NS (100 * NS_PER_MS) /* after which nothing earlier comes */
#define OPEN_NS	   (250 * NS_PER_MS) /* after which a call that has not come back is taken to sleep */
#define OPEN_MAX   64
#define PUT_NS	   (5 * NS_PER_MS) /* for writing, before what happens has its turn again */

struct show_live {
	struct show s;
	struct ladder_sides sides;
	uint64_t last; /* id of the row that was written last; 0: none */
	uint64_t open[OPEN_MAX]; /* ids of calls that were written before they came back */
	size_t opens;
};

struct show_live *show_live_new(struct trace *t, int width, FILE *out, bool ascii, struct err *e)
{
	const struct show_text how = { .width = width, .ascii = ascii };
	struct show_live *l = calloc(1, sizeof(*l));

	if (!l || show_init(&l->s, t, &how, out, e)) {
		free(l);
		err_errno(e, ENOMEM, NULL, "showing a trace");
		return NULL;
	}
	l->s.view.steady = true;
	l->s.view.replay = l->s.replay;
	l->sides.conn = CONN_NONE;
	return l;
}

void show_live_free(struct show_live *l)
{
	if (!l)
		return;
	show_fini(&l->s);
	free(l);
}

static bool is_open_call(const struct trace_entry *e)
{
	return e->kind == EVENT_CALL && e->link == ROW_NONE;
}

/* Nanoseconds until a row may be written; 0 or less: now. */
static int64_t wait_for(const struct trace *t, const struct ladder_row *row)
{
	const struct trace_entry *e = trace_entry(t, row->head);

	return e->ts_ns + (is_open_call(e) ? OPEN_NS : SETTLED_NS) - clock_now_ns();
}

/* Behind the row that was written last. */
static bool next_row(const struct show_live *l, struct ladder_row *row)
{
	const struct trace *t = l->s.view.trace;
	uint32_t at = l->last ? trace_row_of(t, l->last) : ROW_NONE;

	if (at == ROW_NONE)
		return !l->last && ladder_first(t, row);
	return ladder_at(t, at, row) && ladder_next(t, row, row);
}

static int put_live_row(struct show_live *l, const struct ladder_row *row, struct err *e)
{
	const struct trace_entry *entry = trace_entry(l->s.view.trace, row->head);
	bool first = !l->last;

	if (is_open_call(entry) && l->opens < OPEN_MAX)
		l->open[l->opens++] = entry->offset;
	l->last = entry->offset;
	return put_row(&l->s, row, &l->sides, first, e);
}

/* A call that was written as one that sleeps, but did not: its result has no row, and gets one here. */
static int put_returns(struct show_live *l, struct err *e)
{
	const struct trace *t = l->s.view.trace;
	size_t left = 0;

	for (size_t i = 0; i < l->opens; i++) {
		uint32_t at = trace_row_of(t, l->open[i]);
		uint32_t ret = at == ROW_NONE ? ROW_NONE : trace_entry(t, at)->link;
		const struct ladder_row row = { .head = ret,
						.call = ret,
						.packet = ROW_NONE,
						.state = { ROW_NONE, ROW_NONE } };

		if (at != ROW_NONE && ret == ROW_NONE)
			l->open[left++] = l->open[i];
		else if (ret != ROW_NONE && !trace_entry(t, ret)->blocked &&
			 put_row(&l->s, &row, &l->sides, false, e))
			return -1;
	}
	l->opens = left;
	return 0;
}

int show_live_put(struct show_live *l, bool all, int64_t until_ns, int *due_ms, struct err *e)
{
	int64_t end = clock_monotonic_ns() + PUT_NS;
	struct ladder_row row;
	int64_t left;

	*due_ms = -1;
	if (put_returns(l, e))
		return -1;
	while (next_row(l, &row)) {
		if (!all && trace_entry(l->s.view.trace, row.head)->ts_ns > until_ns)
			break;
		left = wait_for(l->s.view.trace, &row);
		if (!all && left > 0) {
			*due_ms = (int)(left / NS_PER_MS) + 1;
			break;
		}
		if (put_live_row(l, &row, e))
			return -1;
		if (!all && clock_monotonic_ns() >= end) {
			*due_ms = 0;
			break;
		}
	}
	if (all && put_summary(&l->s, e))
		return -1;
	return fflush(l->s.out) ? err_errno(e, errno, NULL, "writing the text of the trace") : 0;
}
