/*
 * view: no drawing leaves its area or fails at any size; the cursor; what lights up; searching; clicking.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/graph.h"
#include "src/ruler.h"
#include "tests/scenes.h"
#include "ui/arrow.h"
#include "ui/ladder_view.h"
#include "ui/show.h"
#include "ui/view.h"

#define SENTRY 0x1234 /* in the cells around an area: must still be there after drawing */

static void fill_with_sentries(struct grid *g)
{
	for (int i = 0; i < g->width * g->height; i++)
		g->cell[i] = (struct cell){ .code = SENTRY };
}

static bool is_inside(struct area a, int x, int y)
{
	return x >= a.x && x < a.x + a.width && y >= a.y && y < a.y + a.height;
}

static void assert_sentries(const struct grid *g, struct area a)
{
	for (int y = 0; y < g->height; y++) {
		for (int x = 0; x < g->width; x++) {
			const struct cell *c = &g->cell[y * g->width + x];

			if (!is_inside(a, x, y) && (c->code != SENTRY || c->accent))
				fail_msg("a cell outside was drawn: %d,%d of area %d,%d %dx%d", x,
					 y, a.x, a.y, a.width, a.height);
		}
	}
}

typedef void draw_function(const struct view *v, struct area a);

/* Draws into an area with a border of sentries around it. */
static void draw_bordered(const struct view *v, draw_function *draw, int width, int height)
{
	struct grid g;
	struct area a;

	assert_int_equal(grid_init(&g, width + 4, height + 4, NULL), 0);
	fill_with_sentries(&g);
	a = area_sub(grid_area(&g), 2, 2, width, height);
	draw(v, a);
	assert_sentries(&g, a);
	grid_fini(&g);
}

static void draw_all(struct view *v, int width, int height)
{
	draw_bordered(v, ladder_draw, width, height);
	for (size_t i = 0; i < panels_count; i++)
		draw_bordered(v, panels[i].draw, width, height);
}

static void nothing_is_drawn_outside_of_an_area(void **state)
{
	static const int widths[] = { 1,  2,  3,  5,  8,   13,	21,  34,  55,
				      71, 72, 80, 99, 100, 109, 110, 140, 200 };
	static const int heights[] = { 1, 2, 3, 7, 21, 60 };

	(void)state;
	for (size_t i = 0; i < SCENES; i++) {
		struct scene s = scenes[i].make();
		struct view v = { .trace = s.t, .search = "S", .ruler = ruler_new(s.t, NULL), .graph = graph_new(s.t, NULL) };

		view_first(&v);
		for (int step = 0; step < 6; step++) {
			for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
				draw_all(&v, widths[w], heights[(w + (size_t)step) % 6]);
			view_move(&v, 3);
		}
		ruler_free(v.ruler);
		graph_free(v.graph);
		trace_free(s.t);
	}
}

/* Every cell of a grid is a character that may be shown, and wide ones keep their two cells. */
static void assert_sound(const struct grid *g)
{
	for (int i = 0; i < g->width * g->height; i++) {
		uint32_t code = g->cell[i].code;

		if (code == 0) {
			assert_true(i % g->width > 0);
			assert_true(g->cell[i - 1].code >= 0x1100);
		} else {
			assert_true(code >= 0x20 && code != 0x7f && !(code >= 0x80 && code < 0xa0));
			assert_true(code != 0x202e && code != 0x200b);
		}
	}
}

static void the_screen_is_drawn_at_every_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCENES; i++) {
		struct scene s = scenes[i].make();
		struct view v = { .trace = s.t, .follow = true, .ruler = ruler_new(s.t, NULL), .graph = graph_new(s.t, NULL) };
		struct grid g;

		for (int width = 1; width <= 200; width += width < 12 ? 1 : 17) {
			for (int height = 1; height <= 60; height += height < 8 ? 1 : 13) {
				v.panel = (size_t)(width + height) % panels_count;
				v.panel_scroll = height % 3;
				assert_int_equal(grid_init(&g, width, height, NULL), 0);
				view_draw(&v, &g);
				assert_sound(&g);
				grid_fini(&g);
			}
		}
		ruler_free(v.ruler);
		graph_free(v.graph);
		trace_free(s.t);
	}
}

/* One trace at each size from 1x1 to 200x60, with a panel that changes. */
static void no_size_is_left_out(void **state)
{
	struct scene s = scenes_loss();
	struct view v = { .trace = s.t, .follow = true };
	struct grid g;

	(void)state;
	for (int width = 1; width <= 200; width++) {
		for (int height = 1; height <= 60; height++) {
			v.panel = (size_t)(width + height) % panels_count;
			v.follow = width & 1;
			assert_int_equal(grid_init(&g, width, height, NULL), 0);
			view_draw(&v, &g);
			grid_fini(&g);
		}
	}
	trace_free(s.t);
}

/* ---- the ladder's columns ---- */

/* On every row that is not a text, both rails are where they always are, whatever the texts hold. */
static void rails_stay_where_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCENES; i++) {
		struct scene s = scenes[i].make();
		struct view v = { .trace = s.t };
		struct ladder_row r;
		struct grid g;

		assert_int_equal(grid_init(&g, 100, 40, NULL), 0);
		for (bool more = ladder_first(s.t, &r); more; more = ladder_next(s.t, &r, &r)) {
			struct ladder_frame f = ladder_frame(&v, 100, false);
			int kind = trace_entry(s.t, r.head)->kind;

			grid_clear(&g);
			ladder_draw_row(&f, &r, grid_area(&g), 0);
			if (kind == EVENT_NOTE || kind == EVENT_COMMAND)
				continue;
			for (int side = 0; side < 2; side++) {
				const struct cell *c =
					&g.cell[(r.gap_ns > 0) * 100 + f.columns.rail[side]];

				if (f.sides.by_host)
					assert_int_equal(c->code, 0x2502);
			}
		}
		grid_fini(&g);
		trace_free(s.t);
	}
}

static void lanes_and_middle_fill_the_width(void **state)
{
	struct scene s = scenes_plain();
	struct view v = { .trace = s.t };

	(void)state;
	for (int width = 40; width <= 200; width++) {
		struct ladder_columns c = ladder_frame(&v, width, false).columns;

		assert_int_equal(c.lane[1] + c.lane_width, width);
		assert_int_equal(c.rail[1] - c.rail[0] - 1, c.middle_width);
		assert_true(c.middle_width >= c.lane_width);
	}
	trace_free(s.t);
}

/* ---- the cursor ---- */

static void the_cursor_moves_row_by_row_and_follows_at_the_end(void **state)
{
	struct scene s = scenes_plain();
	struct view v = { .trace = s.t };
	struct ladder_row r, last;

	(void)state;
	view_first(&v);
	assert_false(v.follow);
	assert_true(view_cursor(&v, &r));
	assert_int_equal(r.head, 0);
	view_move(&v, 1);
	assert_true(view_cursor(&v, &r));
	assert_int_equal(r.head, 1);
	view_move(&v, -5);
	assert_true(view_cursor(&v, &r));
	assert_int_equal(r.head, 0);
	view_move(&v, 100000);
	assert_true(v.follow);
	assert_true(view_cursor(&v, &r) && ladder_last(s.t, &last));
	assert_int_equal(r.head, last.head);
	scene_note(&s, NOTE_SAY, "something new");
	assert_true(view_cursor(&v, &r));
	assert_int_equal(r.head, trace_rows(s.t) - 1);
	view_move(&v, -1);
	assert_false(v.follow);
	trace_free(s.t);
}

static void the_search_finds_what_a_row_says(void **state)
{
	struct scene s = scenes_plain();
	struct view v = { .trace = s.t, .search = "last-ack" };
	struct ladder_row r;

	(void)state;
	view_first(&v);
	assert_true(view_search(&v, true));
	assert_true(view_cursor(&v, &r));
	assert_int_equal(trace_entry(s.t, r.state[1])->state, SOCK_STATE_LAST_ACK);
	uint64_t there = v.cursor;
	(void)str_copy(v.search, sizeof(v.search), "no such words");
	assert_false(view_search(&v, true));
	assert_false(view_search(&v, false));
	assert_int_equal(v.cursor, there);
	trace_free(s.t);
}

static int cursor_line(const struct grid *g, struct area ladder)
{
	for (int y = 0; y < ladder.height; y++) {
		if (g->cell[(ladder.y + y) * g->width].code == 0x258c)
			return y;
	}
	return -1;
}

/* A click on a line puts the cursor on what was drawn there, for each line that is a row. */
static void a_click_selects_the_row_that_was_drawn_there(void **state)
{
	struct scene s = scenes_plain();
	struct view v = { .trace = s.t };
	struct grid g;

	(void)state;
	assert_int_equal(grid_init(&g, 100, 30, NULL), 0);
	view_first(&v);
	view_move(&v, 12);
	for (int y = 0; y < view_layout(&v, &g).ladder.height; y++) {
		struct view clicked = v;
		struct ladder_row r;
		char text[512], *want;
		struct str out = str_on(text, sizeof(text));
		struct grid line = { .width = 100, .height = 1 };

		grid_clear(&g);
		view_draw(&v, &g);
		line.cell = g.cell + (view_layout(&v, &g).ladder.y + y) * 100;
		line.cell[0].code = ' ';
		grid_text(&line, &out);
		want = strdup(text);
		view_click(&clicked, view_layout(&v, &g).ladder, y);
		assert_true(view_cursor(&clicked, &r));
		grid_clear(&g);
		view_draw(&clicked, &g);
		int at = cursor_line(&g, view_layout(&v, &g).ladder);
		assert_true(at >= 0);
		if (!strstr(want, "…")) { /* the line of a gap belongs to the row behind it */
			line.cell = g.cell + (view_layout(&v, &g).ladder.y + at) * 100;
			line.cell[0].code = ' ';
			out = str_on(text, sizeof(text));
			grid_text(&line, &out);
			assert_string_equal(text, want);
		}
		free(want);
	}
	grid_fini(&g);
	trace_free(s.t);
}

static bool row_is_accented(const struct grid *g, int y, int x, int width)
{
	for (int i = 0; i < width; i++) {
		if (!g->cell[y * g->width + x + i].accent)
			return false;
	}
	return true;
}

/* On connect()'s row the row itself and its return light up, and nothing of the packets between. */
static void what_belongs_to_the_cursors_event_lights_up(void **state)
{
	struct scene s = scenes_plain();
	struct view v = { .trace = s.t, .search = "connect" };
	struct ladder_frame f;
	struct layout l;
	struct grid g;
	int at, lit = 0;

	(void)state;
	assert_int_equal(grid_init(&g, 100, 40, NULL), 0);
	view_first(&v);
	assert_true(view_search(&v, true));
	v.search[0] = '\0';
	view_draw(&v, &g);
	l = view_layout(&v, &g);
	f = ladder_frame(&v, l.ladder.width, false);
	at = cursor_line(&g, l.ladder);
	assert_true(at >= 0);
	assert_true(row_is_accented(&g, l.ladder.y + at, 0, 100));
	for (int y = at + 1; y < l.ladder.height; y++) {
		lit += row_is_accented(&g, l.ladder.y + y, f.columns.lane[0], f.columns.lane_width);
		assert_false(row_is_accented(&g, l.ladder.y + y, f.columns.middle,
					     f.columns.middle_width));
	}
	assert_int_equal(lit, 1);
	grid_fini(&g);
	trace_free(s.t);
}

/* ---- arrows ---- */

static void draw_arrow(char *text, size_t size, int width, const struct arrow *arrow)
{
	struct str out = str_on(text, size);
	struct grid g;

	assert_int_equal(grid_init(&g, width, 1, NULL), 0);
	arrow_draw(grid_area(&g), arrow);
	grid_text(&g, &out);
	text[strcspn(text, "\n")] = '\0';
	grid_fini(&g);
}

static void arrows_show_where_a_packet_is(void **state)
{
	static const struct {
		struct arrow arrow;
		const char *want;
	} rows[] = {
		{ { ARROW_WHOLE, false, "SYN  seq 0", STYLE_PLAIN, NULL, STYLE_PLAIN, NULL,
		    STYLE_PLAIN },
		  "──── SYN  seq 0 ───────────────────────▶" },
		{ { ARROW_WHOLE, true, "SYN  seq 0", STYLE_PLAIN, NULL, STYLE_PLAIN, NULL,
		    STYLE_PLAIN },
		  "◀─── SYN  seq 0 ────────────────────────" },
		{ { ARROW_LEAVES, false, "SYN  seq 0", STYLE_PLAIN, NULL, STYLE_PLAIN, NULL,
		    STYLE_PLAIN },
		  "──── SYN  seq 0 ──────╌╌╌╌" },
		{ { ARROW_RESTS, false, "SYN  seq 0", STYLE_PLAIN, "held", STYLE_HELD, NULL,
		    STYLE_PLAIN },
		  "──── SYN  seq 0 ────◆ held" },
		{ { ARROW_LOST, false, "SYN  seq 0", STYLE_PLAIN, "lost: cut", STYLE_LOSS, NULL,
		    STYLE_PLAIN },
		  "──── SYN  seq 0 ─────────╌╌ ✗ lost: cut" },
		{ { ARROW_LOST, true, "SYN  seq 0", STYLE_PLAIN, "lost: cut", STYLE_LOSS, NULL,
		    STYLE_PLAIN },
		  " lost: cut ✗ ╌╌───────── SYN  seq 0 ────" },
		{ { ARROW_WHOLE, false, "ACK  seq 7", STYLE_PLAIN, NULL, STYLE_PLAIN,
		    "! dup ACK #2", STYLE_WARNING },
		  "──── ACK  seq 7  ! dup ACK #2 ─────────▶" },
		{ { ARROW_WHOLE, true, "ACK  seq 7", STYLE_PLAIN, NULL, STYLE_PLAIN, "! dup ACK #2",
		    STYLE_WARNING },
		  "◀─── ACK  seq 7  ! dup ACK #2 ──────────" },
		/* No room for the words: their sign, and the whole of seq and ack. */
		{ { ARROW_WHOLE, false, "ACK  seq 1000000  ack 2000", STYLE_PLAIN, NULL,
		    STYLE_PLAIN, "! dup ACK #2", STYLE_WARNING },
		  "──── ! ACK  seq 1000000  ack 2000 ─────▶" },
		/* What is no warning has no sign of its own. */
		{ { ARROW_WHOLE, false, "ACK  seq 1000000  ack 2000", STYLE_PLAIN, NULL,
		    STYLE_PLAIN, "window update", STYLE_DIM },
		  "──── ACK  seq 1000000  ack 2000 ───────▶" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];

		draw_arrow(text, sizeof(text), 40, &rows[i].arrow);
		assert_string_equal(text, rows[i].want);
	}
}

static void a_long_summary_loses_blanks_first_and_words_then(void **state)
{
	static const struct {
		int room;
		const char *want;
	} rows[] = {
		{ 30, "PSH ACK  seq 1  ack 1  len 5" },
		{ 28, "PSH ACK  seq 1  ack 1  len 5" },
		{ 27, "PSH ACK seq 1 ack 1 len 5" },
		{ 25, "PSH ACK seq 1 ack 1 len 5" },
		{ 24, "PSH ACK seq 1 len 5" },
		{ 19, "PSH ACK seq 1 len 5" },
		{ 18, "PSH ACK seq 1…" },
		{ 13, "PSH ACK…" },
		{ 7, "PSH…" },
		{ 1, "…" },
		{ 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		STR_ON_STACK(s, 128);

		arrow_text(&s, "PSH ACK  seq 1  ack 1  len 5", rows[i].room);
		assert_string_equal(s.buf, rows[i].want);
		assert_true(text_width(s.buf) <= rows[i].room);
	}
}

static void a_summary_of_one_long_part_keeps_its_first_words(void **state)
{
	static const struct {
		int room;
		const char *want;
	} rows[] = {
		{ 32, "ICMP port unreachable (UDP 2000)" },
		{ 31, "ICMP port unreachable (UDP…" },
		{ 25, "ICMP port unreachable…" },
		{ 6, "ICMP…" },
		{ 3, "IC…" },
		{ 1, "…" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		STR_ON_STACK(s, 128);

		arrow_text(&s, "ICMP port unreachable (UDP 2000)", rows[i].room);
		assert_string_equal(s.buf, rows[i].want);
	}
}

/* ---- the sockets panel ---- */

/* Whether the panel, drawn at the cursor, says a word. */
static bool panel_says(const struct view *v, const char *word)
{
	static char text[20000];
	struct str out = str_on(text, sizeof(text));
	struct grid g;

	assert_int_equal(grid_init(&g, 100, 12, NULL), 0);
	panels[0].draw(v, grid_area(&g));
	grid_text(&g, &out);
	grid_fini(&g);
	return strstr(text, word) != NULL;
}

static void a_closed_socket_is_listed_while_its_descriptor_is_open(void **state)
{
	struct scene s = scene_new();
	struct view v = { .trace = s.t, .follow = true };
	int64_t entered_ns = s.now_ns;
	uint64_t n = scene_call(&s, CLIENT, "socket", -1, "domain", "AF_INET");

	(void)state;
	scene_return(&s, CLIENT, n, "socket", entered_ns, .result = 3);
	scene_turn(&s, CLIENT, BY_CALL, n, 3, 11, SOCK_STATE_NONE, SOCK_STATE_CLOSED);
	assert_true(panel_says(&v, "CLOSED"));
	scene_note(&s, NOTE_SAY, "time passes");
	assert_true(panel_says(&v, "client 3"));
	scene_quick(&s, CLIENT, "close", 3, 0, "sockfd", "3");
	scene_note(&s, NOTE_SAY, "time passes");
	assert_false(panel_says(&v, "CLOSED"));
	view_first(&v);
	assert_true(panel_says(&v, "client 3"));
	trace_free(s.t);
}

/* Without a descriptor it vanishes behind the row where it closed. */
static void a_connection_that_ended_is_listed_where_it_ended_only(void **state)
{
	struct scene s = scenes_plain();
	struct view v = { .trace = s.t, .follow = true };

	(void)state;
	assert_true(panel_says(&v, "CLOSED"));
	scene_note(&s, NOTE_SAY, "time passes");
	assert_false(panel_says(&v, "CLOSED"));
	assert_true(panel_says(&v, "LISTEN"));
	trace_free(s.t);
}

/* ---- show ---- */

static void show_prints_every_row_in_the_width(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCENES; i++) {
		struct scene s = scenes[i].make();
		size_t size = 0, lines = 0, rows = 0;
		char *text = NULL, *at;
		FILE *out = open_memstream(&text, &size);
		struct ladder_row r;

		assert_int_equal(show_text(s.t, 90, out, true, NULL), 0);
		assert_int_equal(fclose(out), 0);
		for (bool more = ladder_first(s.t, &r); more; more = ladder_next(s.t, &r, &r))
			rows++;
		for (at = text; *at; at = strchr(at, '\n') + 1) {
			assert_true(strcspn(at, "\n") <= 90);
			lines++;
		}
		for (size_t k = 0; k < size; k++)
			assert_true(text[k] == '\n' || (text[k] >= ' ' && text[k] < 0x7f));
		assert_true(lines >= rows + 2);
		free(text);
		trace_free(s.t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_drawn_outside_of_an_area),
		cmocka_unit_test(the_screen_is_drawn_at_every_size),
		cmocka_unit_test(no_size_is_left_out),
		cmocka_unit_test(rails_stay_where_they_are),
		cmocka_unit_test(lanes_and_middle_fill_the_width),
		cmocka_unit_test(the_cursor_moves_row_by_row_and_follows_at_the_end),
		cmocka_unit_test(the_search_finds_what_a_row_says),
		cmocka_unit_test(a_click_selects_the_row_that_was_drawn_there),
		cmocka_unit_test(what_belongs_to_the_cursors_event_lights_up),
		cmocka_unit_test(arrows_show_where_a_packet_is),
		cmocka_unit_test(a_long_summary_loses_blanks_first_and_words_then),
		cmocka_unit_test(a_summary_of_one_long_part_keeps_its_first_words),
		cmocka_unit_test(a_closed_socket_is_listed_while_its_descriptor_is_open),
		cmocka_unit_test(a_connection_that_ended_is_listed_where_it_ended_only),
		cmocka_unit_test(show_prints_every_row_in_the_width),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
