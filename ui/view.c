/*
 * The screen from top to bottom: a title line, the hosts' names over their lanes with the wire between
 * them, the ladder, a panel, and the application's line.
 */
#include "ui/view.h"

#include <string.h>

#include "capture/replay.h"
#include "src/core/clock.h"
#include "src/graph.h"
#include "src/links.h"
#include "src/ruler.h"
#include "ui/find.h"
#include "ui/glyph.h"
#include "ui/ladder_view.h"
#include "ui/wire_items.h"

#define BESIDE_FROM   152 /* columns from which the panel stands beside the ladder */
#define LADDER_BESIDE 97 /* columns that the ladder has then at least */
#define SCAN_MAX      (1 << 20) /* rows that the header goes back for what was said last */
#define LOADING_CELLS 10 /* of the bar that shows how far a file has been read */
#define TITLE_AMONG   256 /* the title of a recording is among its first rows */

/* ---- layout ---- */

static int clamp(int n, int low, int high)
{
	return n < low ? low : n > high ? high : n;
}

struct layout view_layout(const struct view *v, struct grid *g)
{
	struct area all = grid_area(g);
	int body = clamp(g->height - 3, 0, g->height), panel;
	struct layout l = { .beside = g->width >= BESIDE_FROM };

	l.header = area_sub(all, 0, 0, g->width, 2);
	l.hint = area_sub(all, 0, g->height - 1, g->width, 1);
	if (v->panel_hidden) {
		l.beside = false;
		l.ladder = area_sub(all, 0, 2, g->width, body);
		l.panel = area_sub(all, 0, 2 + body, g->width, 0);
	} else if (l.beside) {
		panel = clamp(g->width * 2 / 5, 54, 96);
		if (g->width - panel - 1 < LADDER_BESIDE)
			panel = g->width - 1 - LADDER_BESIDE;
		l.ladder = area_sub(all, 0, 2, g->width - panel - 1, body);
		l.panel = area_sub(all, g->width - panel, 2, panel, body);
	} else {
		panel = v->present ? clamp(g->height / 4, 7, 12) : clamp(g->height * 3 / 10, 8, 18);
		if (panel > body / 2)
			panel = body / 2;
		l.ladder = area_sub(all, 0, 2, g->width, body - panel);
		l.panel = area_sub(all, 0, 2 + body - panel, g->width, panel);
	}
	return l;
}

/* ---- the cursor ---- */

bool view_cursor(const struct view *v, struct ladder_row *out)
{
	uint32_t row = v->cursor && !v->follow ? trace_row_of(v->trace, v->cursor) : ROW_NONE;

	if (row == ROW_NONE)
		return view_ends_at_cursor(v) ? view_row_first(v, out) : view_row_last(v, out);
	return view_row_at(v, row, out);
}

bool view_ends_at_cursor(const struct view *v)
{
	return v->reveal && !v->follow;
}

bool view_hides_more(const struct view *v)
{
	struct ladder_row row;

	return view_ends_at_cursor(v) && view_cursor(v, &row) && view_row_next(v, &row, &row);
}

uint32_t view_now(const struct view *v)
{
	struct ladder_row row, next;
	uint32_t now;

	if (!view_cursor(v, &row))
		return ROW_NONE;
	now = ladder_next(v->trace, &row, &next) ? next.head - 1 : trace_rows(v->trace) - 1;
	for (int i = 0; i < 2; i++) {
		if (row.state[i] != ROW_NONE && row.state[i] > now)
			now = row.state[i];
	}
	return now;
}

static void go_to(struct view *v, const struct ladder_row *r)
{
	struct ladder_row last;

	v->cursor = trace_entry(v->trace, r->head)->offset;
	v->event = 0;
	v->follow = !v->reveal && view_row_last(v, &last) && last.head == r->head;
	v->panel_scroll = 0;
}

void view_move(struct view *v, long n)
{
	struct ladder_row at;

	if (!view_cursor(v, &at))
		return;
	for (; n > 0 && view_row_next(v, &at, &at); n--)
		;
	for (; n < 0 && view_row_prev(v, &at, &at); n++)
		;
	go_to(v, &at);
}

void view_first(struct view *v)
{
	struct ladder_row at;

	if (view_row_first(v, &at))
		go_to(v, &at);
}

void view_last(struct view *v)
{
	struct ladder_row at;

	v->follow = !v->reveal;
	if (view_row_last(v, &at))
		go_to(v, &at);
}

bool view_go(struct view *v, uint32_t trace_row)
{
	struct ladder_row at;

	if (trace_row == ROW_NONE || !view_row_at(v, trace_row, &at))
		return false;
	go_to(v, &at);
	return true;
}

uint32_t view_event(const struct view *v)
{
	uint32_t row = v->event ? trace_row_of(v->trace, v->event) : ROW_NONE;
	struct ladder_row at;

	if (!view_cursor(v, &at))
		return ROW_NONE;
	if (row != ROW_NONE && ladder_head(v->trace, row) == at.head)
		return links_event(v->trace, row);
	return links_event(v->trace, at.head);
}

bool view_go_event(struct view *v, uint32_t trace_row)
{
	struct ladder_row at;

	if (trace_row == ROW_NONE || !view_row_at(v, trace_row, &at) ||
	    at.head != ladder_head(v->trace, trace_row))
		return false;
	go_to(v, &at);
	v->event = trace_entry(v->trace, trace_row)->offset;
	return true;
}

bool view_search(struct view *v, bool forward)
{
	struct find *f = v->search[0] ? find_new(v, NULL) : NULL;
	bool found = f && find_text(f, v->search, forward, false, NULL) == 0 &&
		     find_work(f, 0) == FIND_FOUND;

	find_free(f);
	return found;
}

/* ---- the numbers behind the verdicts ---- */

/* The last packet on the screen of the connection that the cursor's is of. */
static uint32_t last_of_conn(const struct view *v, struct ladder_row at, uint32_t conn, int rows)
{
	uint32_t last = ROW_NONE;

	do {
		const struct trace_entry *e =
			at.packet == ROW_NONE ? NULL : trace_entry(v->trace, at.packet);

		if (e && e->kind == EVENT_PACKET && (conn == CONN_NONE || e->conn == conn)) {
			last = at.packet;
			conn = e->conn;
		}
	} while (rows-- > 0 && view_row_next(v, &at, &at));
	return last;
}

/* First that of the cursor, then all that are below it. */
static uint32_t wanted_number(const struct view *v, int rows)
{
	const struct trace_entry *e;
	struct ladder_row at;
	uint32_t row;

	if (!view_cursor(v, &at))
		return ROW_NONE;
	row = at.packet;
	e = row == ROW_NONE ? NULL : trace_entry(v->trace, row);
	if (e && e->kind == EVENT_WIRE) {
		row = e->link;
		e = row == ROW_NONE ? NULL : trace_entry(v->trace, row);
	}
	if (!e)
		return last_of_conn(v, at, CONN_NONE, rows);
	if (!replay_verdict(v->replay, row))
		return row;
	return last_of_conn(v, at, e->conn, rows);
}

bool view_work(struct view *v, int rows, int64_t budget_ns)
{
	const struct panel *p = v->panel < panels_count ? &panels[v->panel] : NULL;
	bool news = p && p->work && p->work(v, budget_ns);

	if (!v->replay)
		return news;
	replay_ask(v->replay, wanted_number(v, rows));
	return replay_work(v->replay, budget_ns) || news;
}

bool view_busy(const struct view *v)
{
	bool counts = v->panel < panels_count && panels[v->panel].work;

	return (v->replay && replay_busy(v->replay)) ||
	       (counts && v->ruler && ruler_busy(v->ruler)) ||
	       (counts && v->graph && graph_busy(v->graph));
}

/* ---- packets and times ---- */

void view_time(struct str *out, const struct trace *t, int64_t ts_ns)
{
	int64_t ms = 0;

	if (trace_rows(t) > 0 && ts_ns > trace_entry(t, 0)->ts_ns)
		ms = (ts_ns - trace_entry(t, 0)->ts_ns) / NS_PER_MS;
	str_addf(out, "%02lld:%02lld.%03lld", (long long)(ms / 60000), (long long)(ms / 1000 % 60),
		 (long long)(ms % 1000));
}

bool view_packet(const struct view *v, uint32_t row, struct view_packet *out)
{
	const struct trace_entry *e = row == ROW_NONE ? NULL : trace_entry(v->trace, row);
	const struct trace_host *host;

	if (e && e->kind == EVENT_WIRE) {
		row = e->link;
		e = row == ROW_NONE ? NULL : trace_entry(v->trace, row);
	}
	if (!e || e->kind != EVENT_PACKET)
		return false;
	*out = (struct view_packet){ .row = row, .dir = e->dir };
	out->ev = trace_event(v->trace, row, NULL);
	if (!out->ev)
		return false;
	if (out->ev->packet.iface < trace_hosts(v->trace)) {
		host = trace_host(v->trace, out->ev->packet.iface);
		out->link = host->link;
	}
	packet_parse(&out->packet, out->link, out->ev->packet.data, out->ev->packet.caplen,
		     out->ev->packet.len);
	if (e->conn != CONN_NONE)
		out->conn = conns_get(trace_conns(v->trace), e->conn);
	return true;
}

/* ---- the header ---- */

/* What the lab file calls itself, and what the wire does: the newest word on each, up to the cursor. */
struct heard {
	char title[128];
	char wire[128];
};

/* The numbers of rules stand in the wire's panel; here they would be in the way. */
static void copy_status(char *dst, size_t cap, const char *status)
{
	struct str out = str_on(dst, cap);
	bool begins = true;

	for (; *status; status++) {
		if (begins && *status == '#')
			status += strspn(status + 1, "0123456789 ") + 1;
		begins = status[0] == ' ';
		str_char(&out, *status);
	}
	if (!out.len)
		str_add(&out, "plain");
}

static void hear(const struct event *ev, struct heard *h)
{
	if (ev->kind == EVENT_NOTE && ev->note.kind == NOTE_TITLE && !h->title[0] && ev->note.text)
		(void)str_copy(h->title, sizeof(h->title), ev->note.text);
	if (ev->kind == EVENT_COMMAND && ev->command.status && !h->wire[0])
		copy_status(h->wire, sizeof(h->wire), ev->command.status);
}

/* The title is of all the recording, so it is there before the cursor has come to it. */
static void look_for_title(const struct view *v, uint32_t row, struct heard *h)
{
	for (; row < trace_rows(v->trace) && row < TITLE_AMONG && !h->title[0]; row++) {
		const struct event *ev;

		if (trace_entry(v->trace, row)->kind != EVENT_NOTE)
			continue;
		ev = trace_event(v->trace, row, NULL);
		if (ev)
			hear(ev, h);
	}
}

static void listen_back(const struct view *v, uint32_t row, struct heard *h)
{
	uint32_t stop = row > SCAN_MAX ? row - SCAN_MAX : 0;

	*h = (struct heard){ 0 };
	if (trace_lanes(v->trace) == 0 && trace_hosts(v->trace) < 2)
		return;
	for (uint32_t i = row + 1; i > stop && !(h->title[0] && h->wire[0]);) {
		const struct trace_entry *e = trace_entry(v->trace, --i);
		const struct event *ev;

		if (e->kind != EVENT_NOTE && e->kind != EVENT_COMMAND)
			continue;
		ev = trace_event(v->trace, i, NULL);
		if (ev)
			hear(ev, h);
	}
	look_for_title(v, row + 1, h);
}

/* How far a file that is being opened has been read. */
static void loading_text(struct str *out, const struct trace *t)
{
	struct trace_progress p = trace_progress(t);
	unsigned done = p.total ? (unsigned)(p.done * 100 / p.total) : 0;

	if (!p.total) {
		str_addf(out, "reading: %.1f MB so far  ", (double)p.done / 1e6);
		return;
	}
	done = done > 100 ? 100 : done;
	str_add(out, "reading [");
	for (unsigned i = 0; i < LOADING_CELLS; i++)
		str_char(out, i * 100 < done * LOADING_CELLS ? '=' : ' ');
	str_addf(out, "] %u %%  ", done);
}

static void draw_title(const struct view *v, struct area a, const struct ladder_frame *f,
		       const struct heard *h)
{
	STR_ON_STACK(right, 96);
	STR_ON_STACK(chosen, 300);
	int width;

	area_fill(a, 0, 0, a.width, STYLE_BAR, ' ');
	view_chosen_text(v, &chosen);
	if (trace_is_loading(v->trace))
		loading_text(&right, v->trace);
	if (v->mark)
		str_addf(&right, "%s  ", v->mark);
	if (f->has_cursor)
		view_time(&right, v->trace, trace_entry(v->trace, f->cursor.head)->ts_ns);
	str_char(&right, ' ');
	width = text_width(right.buf);
	area_textf(area_sub(a, 0, 0, a.width - width - 1, 1), 1, 0, STYLE_BAR, "socklens%s%s%s",
		   h->title[0] ? " · " : "", h->title, chosen.buf);
	area_text_right(a, a.width, 0, STYLE_BAR, right.buf);
}

/* On one host there is none; on a machine as it is, any of its interfaces. */
static const char *wire_name(const struct trace *t)
{
	const struct trace_host *h = trace_host(t, 0);

	if (!h || !trace_host_is_side(h))
		return "wire";
	return h->has_ip4 || h->has_ip6 ? "lo" : "capture";
}

/* While something is held: when its sender will not wait any longer.  In front, where it is never cut off. */
static void add_timer(struct str *out, const struct view *v)
{
	int64_t left_ns;

	if (!v->now_ns || !wire_items_nearest(v, &left_ns))
		return;
	str_add(out, "↻ in ");
	wire_items_seconds(out, left_ns);
	str_add(out, " · ");
}

/* The names over the lanes, and the wire between them. */
static void draw_hosts(const struct ladder_frame *f, struct area a, const struct heard *h)
{
	const struct ladder_columns *c = &f->columns;
	struct area middle = area_sub(a, c->middle, 1, c->middle_width, 1);
	bool plain = !h->wire[0] || strcmp(h->wire, "plain") == 0;
	STR_ON_STACK(wire, 160);
	int x;

	for (int side = 0; side < 2; side++) {
		STR_ON_STACK(s, 96);

		ladder_side_text(&s, f, side, c->lane_width);
		area_text(area_sub(a, c->lane[side], 1, c->lane_width, 1), 0, 0, STYLE_TITLE,
			  s.buf);
	}
	if (!f->sides.by_host)
		return;
	str_char(&wire, ' ');
	add_timer(&wire, f->view);
	str_addf(&wire, "%s ", plain ? wire_name(f->view->trace) : h->wire);
	x = (middle.width - text_width(wire.buf)) / 2;
	area_fill(middle, 0, 0, middle.width, STYLE_RULE, glyph_code(GLYPH_LINE, false));
	area_text(middle, x > 0 ? x : 0, 0, plain ? STYLE_DIM : STYLE_HELD, wire.buf);
}

void header_draw(const struct view *v, struct area a)
{
	struct layout l = view_layout(v, a.grid);
	struct ladder_frame f = ladder_frame(v, l.ladder.width, false);
	struct heard h = { 0 };

	if (f.has_cursor)
		listen_back(v, view_now(v), &h);
	draw_title(v, a, &f, &h);
	draw_hosts(&f, a, &h);
}

/* ---- all of it ---- */

#define TABS_X 2 /* of the first name, with a blank or a bracket on each side of each */

/* Cells of the rule between the names: where it is narrow they give way first. */
static int between_tabs(int width)
{
	int used = TABS_X;

	for (size_t i = 0; i < panels_count; i++)
		used += text_width(panels[i].name) + 3;
	return used <= width;
}

/* Where not all names fit even so, the first ones give way until the shown one does. */
static size_t first_tab(size_t shown, int between, int width)
{
	size_t first = shown < panels_count ? shown : 0;
	int used = TABS_X;

	for (size_t i = first + 1; i > 0; i--) {
		used += text_width(panels[i - 1].name) + 2 + (i - 1 < shown ? between : 0);
		if (used > width)
			break;
		first = i - 1;
	}
	return first;
}

/* A rule with the panels' names in it, the shown one bright. */
static void draw_tabs(const struct view *v, struct area a)
{
	int x = TABS_X, between = between_tabs(a.width);

	area_fill(a, 0, 0, a.width, STYLE_RULE, glyph_code(GLYPH_LINE, false));
	if (v->present) {
		if (v->panel < panels_count)
			area_textf(a, x, 0, STYLE_TITLE, " %s ", panels[v->panel].name);
		return;
	}
	for (size_t i = first_tab(v->panel, between, a.width); i < panels_count; i++) {
		int width = text_width(panels[i].name);

		if (x + width + 2 > a.width)
			break;
		if (i == v->panel) {
			area_textf(a, x, 0, STYLE_TITLE, "[%s]", panels[i].name);
			area_accent(a, x, 0, width + 2);
		} else {
			area_textf(a, x, 0, STYLE_DIM, " %s ", panels[i].name);
		}
		x += width + 2 + between;
	}
}

void view_draw(const struct view *v, struct grid *g)
{
	struct layout l = view_layout(v, g);
	struct area a = l.panel;

	header_draw(v, l.header);
	ladder_draw(v, l.ladder);
	if (a.width <= 0 || a.height <= 0)
		return;
	if (l.beside) {
		for (int y = 0; y < l.ladder.height; y++)
			area_fill(grid_area(g), a.x - 1, l.ladder.y + y, 1, STYLE_RULE,
				  glyph_code(GLYPH_RAIL, false));
	}
	draw_tabs(v, a);
	if (v->panel < panels_count)
		panels[v->panel].draw(v, area_sub(a, 0, 1, a.width, a.height - 1));
}
