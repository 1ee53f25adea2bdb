#include "ui/conns_view.h"

#include "ui/conns_table.h"
#include "ui/page.h"

int conns_view_init(struct conns_view *v, struct trace *t, const struct shown *s, struct err *e)
{
	*v = (struct conns_view){ .trace = t, .shown = s, .list = conn_list_new(t, e) };
	return v->list ? 0 : -1;
}

void conns_view_fini(struct conns_view *v)
{
	conn_list_free(v->list);
	v->list = NULL;
}

/* ---- the cursor ---- */

/* The cursor's row; where its connection is not listed, the row that it had or the last one. */
static size_t cursor_row(struct conns_view *v)
{
	size_t rows = conn_list_rows(v->list), row = conn_list_row_of(v->list, v->conn, v->row);

	if (row != SIZE_MAX)
		v->row = row;
	else if (v->row >= rows)
		return rows ? rows - 1 : 0;
	return v->row;
}

uint32_t conns_view_conn(struct conns_view *v)
{
	return conn_list_at(v->list, cursor_row(v));
}

static void go_to(struct conns_view *v, size_t row)
{
	uint32_t conn = conn_list_at(v->list, row);

	if (conn == CONN_NONE)
		return;
	v->conn = conn;
	v->row = row;
}

void conns_view_move(struct conns_view *v, long n)
{
	size_t rows = conn_list_rows(v->list), row = cursor_row(v);

	if (rows == 0)
		return;
	if (n < 0)
		go_to(v, row > (size_t)-n ? row - (size_t)-n : 0);
	else
		go_to(v, rows - 1 - row > (size_t)n ? row + (size_t)n : rows - 1);
}

void conns_view_first(struct conns_view *v)
{
	go_to(v, 0);
}

void conns_view_last(struct conns_view *v)
{
	size_t rows = conn_list_rows(v->list);

	go_to(v, rows ? rows - 1 : 0);
}

/* ---- the order ---- */

void conns_view_sort(struct conns_view *v, enum conn_column column)
{
	if (column == conn_list_column(v->list))
		conns_view_reverse(v);
	else
		conn_list_sort(v->list, column, conn_columns[column].falling);
}

void conns_view_column(struct conns_view *v, int by)
{
	int column = (int)conn_list_column(v->list) + by;

	conns_view_sort(v, (enum conn_column)((column + CONN_COLUMNS) % CONN_COLUMNS));
}

void conns_view_reverse(struct conns_view *v)
{
	conn_list_sort(v->list, conn_list_column(v->list), !conn_list_falling(v->list));
}

/* ---- drawing ---- */

static void number_text(struct str *out, uint64_t n)
{
	if (n >= 1000) {
		number_text(out, n / 1000);
		str_addf(out, " %03u", (unsigned)(n % 1000));
	} else {
		str_addf(out, "%u", (unsigned)n);
	}
}

static void title_text(const struct conns_view *v, struct str *out)
{
	size_t rows = conn_list_rows(v->list), all = conns_count(trace_conns(v->trace));

	str_add(out, "socklens · ");
	number_text(out, rows);
	if (rows != all) {
		str_add(out, " of ");
		number_text(out, all);
	}
	str_add(out, all == 1 ? " connection" : " connections");
	if (*conn_list_text(v->list))
		str_addf(out, " · with \"%s\"", conn_list_text(v->list));
	if (shown_filter_text(v->shown))
		str_addf(out, " · filter: %s", shown_filter_text(v->shown));
}

/* What is still under way. */
static void busy_text(const struct conns_view *v, struct str *out)
{
	struct trace_progress p = trace_progress(v->trace);

	if (trace_is_loading(v->trace) && p.total)
		str_addf(out, "reading %u %%", (unsigned)(p.done * 100 / p.total));
	else if (trace_is_loading(v->trace))
		str_add(out, "reading");
	else if (shown_busy(v->shown))
		str_addf(out, "filtering %u %%", shown_count(v->shown).percent);
	else if (conn_list_busy(v->list) && conn_list_percent(v->list) < 100)
		str_addf(out, "looking %u %%", conn_list_percent(v->list));
	else if (conn_list_busy(v->list))
		str_add(out, "sorting");
	if (v->mark)
		str_addf(out, "%s%s", out->len ? "  " : "", v->mark);
}

static void draw_title(const struct conns_view *v, struct area a)
{
	STR_ON_STACK(left, 400);
	STR_ON_STACK(right, 80);
	int width;

	area_fill(a, 0, 0, a.width, STYLE_BAR, ' ');
	title_text(v, &left);
	busy_text(v, &right);
	str_char(&right, ' ');
	width = text_width(right.buf);
	area_text(area_sub(a, 0, 0, a.width - width - 1, 1), 1, 0, STYLE_BAR, left.buf);
	area_text_right(a, a.width, 0, STYLE_BAR, right.buf);
}

static void draw_none(const struct conns_view *v, struct area a)
{
	if (conn_list_busy(v->list) || shown_busy(v->shown))
		page_empty(a, "None found so far; still looking.", "");
	else if (conns_count(trace_conns(v->trace)) > 0)
		page_empty(a, "No connection has that.",
			   "/ looks for words in a connection's line (an address, a port, a name, "
			   "a state, how it ended), f for packets by a filter of pcap-filter(7). "
			   "Esc shows all again.");
	else
		page_empty(
			a, "No connection yet.",
			"Every pair of addresses that exchanges packets becomes a line here: TCP "
			"connections, UDP conversations, pings.");
}

/* The first row that is drawn: the cursor's is in the middle where there is enough on both sides. */
static size_t top_row(struct conns_view *v, int height)
{
	size_t rows = conn_list_rows(v->list), room = height > 0 ? (size_t)height : 0;
	size_t row = cursor_row(v), top = row > room / 2 ? row - room / 2 : 0;

	if (rows <= room)
		return 0;
	return top > rows - room ? rows - room : top;
}

void conns_view_draw(struct conns_view *v, struct area a)
{
	enum conn_column sorted = conn_list_column(v->list);
	struct conns_table table = conns_table_fit(a.width, sorted);
	struct area body = area_sub(a, 0, CONNS_VIEW_HEAD, a.width, a.height - CONNS_VIEW_HEAD);
	size_t top = top_row(v, body.height), rows = conn_list_rows(v->list);

	draw_title(v, a);
	conns_table_head(&table, area_sub(a, 0, 1, a.width, 1), (int)sorted,
			 conn_list_falling(v->list));
	if (rows == 0) {
		draw_none(v, body);
		return;
	}
	for (int y = 0; y < body.height && top + (size_t)y < rows; y++)
		conns_table_row(&table, area_sub(body, 0, y, body.width, 1), v->trace,
				conn_list_at(v->list, top + (size_t)y), top + (size_t)y == v->row);
}

void conns_view_click(struct conns_view *v, struct area a, int x, int y)
{
	struct conns_table table = conns_table_fit(a.width, conn_list_column(v->list));

	if (y >= CONNS_VIEW_HEAD) {
		go_to(v, top_row(v, a.height - CONNS_VIEW_HEAD) + (size_t)(y - CONNS_VIEW_HEAD));
		return;
	}
	for (size_t i = 0; y == 1 && i < table.count; i++)
		if (x >= table.part[i].x && x < table.part[i].x + table.part[i].width)
			conns_view_sort(v, table.part[i].column);
}
