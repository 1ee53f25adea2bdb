/*
 * What is shown instead of all rows of the ladder: only those of a connection or of a filter; and what covers
 * the ladder: the table of connections.
 */
#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"
#include "ui/app_impl.h"
#include "ui/keys.h"

#define WORK_NS (3 * NS_PER_MS) /* a turn of the loop; a file that is read takes as much */

int app_cover_init(struct app *a, const char *filter, struct err *e)
{
	struct err wrong = { 0 };

	a->shown = shown_new(a->view.trace, e);
	if (!a->shown)
		return -1;
	a->view.shown = a->shown;
	if (conns_view_init(&a->conns, a->view.trace, a->shown, e))
		return -1;
	if (filter && *filter && app_run_filter(a, filter, &wrong))
		app_complain(a, &wrong);
	return 0;
}

void app_cover_fini(struct app *a)
{
	follow_free(a->follow);
	conns_view_fini(&a->conns);
	shown_free(a->shown);
}

/* ---- work ---- */

bool app_cover_work(struct app *a)
{
	bool news = shown_work(a->shown, WORK_NS);
	struct err e = { 0 };

	if (a->cover == COVER_CONNS)
		news |= conn_list_work(a->conns.list, WORK_NS);
	if (a->follow && (a->cover == COVER_STREAM || follow_busy(a->follow)))
		news |= app_stream_work(a, WORK_NS);
	if (shown_trouble(a->shown, &e)) {
		app_complain(a, &e);
		news = true;
	}
	return news;
}

int app_timeout_ms(const struct app *a)
{
	bool busy = shown_busy(a->shown) ||
		    (a->cover == COVER_CONNS && conn_list_busy(a->conns.list)) ||
		    (a->follow && follow_busy(a->follow));
	int presses, wire;

	if (busy || app_find_busy(a))
		return 0;
	presses = app_presses_timeout_ms(a);
	wire = app_wire_timeout_ms(a);
	return wire < 0 || (presses >= 0 && presses < wire) ? presses : wire;
}

/* ---- the connections ---- */

/* The connection that the ladder is about. */
uint32_t app_conn(const struct app *a)
{
	struct ladder_row row;

	if (shown_conn(a->shown) != CONN_NONE)
		return shown_conn(a->shown);
	if (!view_cursor(&a->view, &row))
		return CONN_NONE;
	return trace_entry(a->view.trace, row.packet != ROW_NONE ? row.packet : row.head)->conn;
}

static void open_conns(struct app *a)
{
	uint32_t conn = app_conn(a);

	a->cover = COVER_CONNS;
	if (conn != CONN_NONE)
		a->conns.conn = conn;
	conn_list_work(a->conns.list, APP_FIRST_NS);
}

/* The ladder with the packets of this connection alone. */
static void show_only(struct app *a, uint32_t conn)
{
	shown_only(a->shown, conn);
	shown_work(a->shown, APP_FIRST_NS);
	a->cover = COVER_NONE;
	a->from_conns = conn != CONN_NONE;
	if (conn != CONN_NONE)
		view_first(&a->view);
}

static int list_enter(struct app *a, const char *argument, struct err *e)
{
	uint32_t conn = conns_view_conn(&a->conns);

	(void)argument;
	if (conn == CONN_NONE)
		return err_set(e, NULL, "there is no connection here");
	show_only(a, conn);
	return 0;
}

static int list_up(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	conns_view_move(&a->conns, -1);
	return 0;
}

static int list_down(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	conns_view_move(&a->conns, 1);
	return 0;
}

static int list_page(struct app *a, const char *argument, struct err *e)
{
	long rows = a->height > CONNS_VIEW_HEAD + 3 ? a->height - CONNS_VIEW_HEAD - 3 : 1;

	(void)e;
	conns_view_move(&a->conns, strcmp(argument, "up") == 0 ? -rows : rows);
	return 0;
}

static int list_first(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	conns_view_first(&a->conns);
	return 0;
}

static int list_last(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	conns_view_last(&a->conns);
	return 0;
}

static int list_column(struct app *a, const char *argument, struct err *e)
{
	int column = conn_column_find(argument, strlen(argument));
	STR_ON_STACK(names, 200);

	if (strcmp(argument, "next") == 0 || strcmp(argument, "previous") == 0) {
		conns_view_column(&a->conns, argument[0] == 'n' ? 1 : -1);
	} else if (column >= 0) {
		conns_view_sort(&a->conns, (enum conn_column)column);
	} else {
		for (int i = 0; i < CONN_COLUMNS; i++)
			str_addf(&names, "%s%s", i ? " " : "", conn_columns[i].name);
		return err_set(e, names.buf, "there is no column \"%s\"", argument);
	}
	conn_list_work(a->conns.list, APP_FIRST_NS);
	return 0;
}

static int list_reverse(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	conns_view_reverse(&a->conns);
	return 0;
}

static int list_find(struct app *a, const char *argument, struct err *e)
{
	if (!conn_list_find(a->conns.list, argument))
		return err_set(e, NULL, "that is too long to look for");
	conn_list_work(a->conns.list, APP_FIRST_NS);
	return 0;
}

static int list_close(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	a->cover = COVER_NONE;
	return 0;
}

static void clear_filter(struct app *a)
{
	shown_filter(a->shown, NULL, NULL);
	conn_list_of(a->conns.list, NULL);
}

static int list_back(struct app *a, const char *argument, struct err *e)
{
	if (*conn_list_text(a->conns.list))
		return list_find(a, "", e);
	if (!shown_filter_text(a->shown))
		return list_close(a, argument, e);
	clear_filter(a);
	return 0;
}

const struct app_sub *app_sub_find(const struct app_sub *subs, size_t count, const char *text,
				   const char **argument)
{
	size_t len = strcspn(text, " ");

	*argument = text + len + strspn(text + len, " ");
	for (size_t i = 0; i < count; i++)
		if (strlen(subs[i].name) == len && memcmp(subs[i].name, text, len) == 0)
			return &subs[i];
	return NULL;
}

int app_run_connections(struct app *a, const char *argument, struct err *e)
{
	static const struct app_sub subs[] = {
		{ "up", list_up },	   { "down", list_down },	{ "page", list_page },
		{ "first", list_first },   { "last", list_last },	{ "enter", list_enter },
		{ "column", list_column }, { "reverse", list_reverse }, { "find", list_find },
		{ "back", list_back },	   { "close", list_close },
	};
	const char *rest;
	const struct app_sub *sub =
		app_sub_find(subs, sizeof(subs) / sizeof(subs[0]), argument, &rest);

	if (a->cover != COVER_CONNS)
		open_conns(a);
	if (!*argument)
		return 0;
	if (sub)
		return sub->run(a, rest, e);
	return err_set(e, "connections column NAME, reverse, find WORDS, enter, close",
		       "connections %s means nothing", argument);
}

/* ---- the filter ---- */

int app_run_filter(struct app *a, const char *argument, struct err *e)
{
	if (shown_filter(a->shown, argument, e))
		return -1;
	shown_work(a->shown, APP_FIRST_NS);
	conn_list_of(a->conns.list, *argument ? a->shown : NULL);
	return 0;
}

/* ---- back ---- */

bool app_cover_back(struct app *a)
{
	uint32_t conn = shown_conn(a->shown);

	if (conn != CONN_NONE) {
		bool to_list = a->from_conns;

		show_only(a, CONN_NONE);
		if (to_list) {
			open_conns(a);
			a->conns.conn = conn;
		}
		return true;
	}
	if (!shown_filter_text(a->shown))
		return false;
	clear_filter(a);
	return true;
}

int app_run_back(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	if (app_trail_back(a))
		return 0;
	return app_cover_back(a) ? 0 : err_set(e, NULL, "all packets are shown already");
}

/* ---- keys, and what is on the screen ---- */

static const enum key_group group_of[] = {
	[COVER_NONE] = KEYS_TIME,
	[COVER_CONNS] = KEYS_CONNS,
	[COVER_STREAM] = KEYS_STREAM,
};

const struct key_row *app_cover_find(const struct app *a, uint32_t key)
{
	const struct key_row *row = keys_find_in(group_of[a->cover], key);

	row = row ? row : keys_find_in(KEYS_CLASS, key);
	return row ? row : keys_find_in(KEYS_PROGRAM, key);
}

bool app_cover_click(struct app *a, const struct term_input *in)
{
	uint32_t before;
	struct area all = { .width = a->width, .height = a->height - 1 };

	if (a->cover == COVER_CONNS) {
		before = conns_view_conn(&a->conns);
		conns_view_click(&a->conns, all, in->x, in->y);
		if (in->y >= CONNS_VIEW_HEAD && conns_view_conn(&a->conns) == before)
			app_command(a, "connections enter", NULL);
	}
	return a->cover != COVER_NONE;
}

bool app_cover_draw(struct app *a, struct grid *g)
{
	struct area all = grid_area(g), page = area_sub(all, 0, 0, all.width, all.height - 1);

	switch (a->cover) {
	case COVER_NONE:
		return false;
	case COVER_CONNS:
		a->conns.mark = a->view.mark;
		conns_view_draw(&a->conns, page);
		break;
	case COVER_STREAM:
		follow_draw(a->follow, page);
		break;
	}
	return true;
}

#define COVER_HINTS 8

size_t app_cover_hints(const struct app *a, struct app_hint *h)
{
	static const struct app_hint of[][COVER_HINTS] = {
		[COVER_CONNS] = { { "connections enter", "ladder" },
				  { "connections column previous", NULL },
				  { "connections column next", "sort" },
				  { "connections reverse", "reverse" },
				  { "prompt connections find ", "find" },
				  { "stream", "stream" },
				  { "connections back", "back" },
				  { "help", "help" } },
		[COVER_STREAM] = { { "stream hex", "text/hex" },
				   { "stream side", "direction" },
				   { "prompt stream search ", "search" },
				   { "stream next", "next" },
				   { "prompt stream save ", "save" },
				   { "stream packet", "packet" },
				   { "stream back", "back" },
				   { "help", "help" } },
	};

	if (a->cover == COVER_NONE)
		return 0;
	memcpy(h, of[a->cover], sizeof(of[0]));
	return COVER_HINTS;
}
