/* In front of a class: a recording on the screen, by its keys. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/core/clock.h"
#include "tests/scenes.h"
#include "ui/app_impl.h"
#include "ui/glyph.h"

#define ROUNDS 3000

struct stage {
	char dir[40], before[256];
	struct session *session;
	struct app *app;
	struct grid grid;
	char text[65536];
};

static void start(struct stage *s, int width, int height, bool present)
{
	struct scene scene = scenes_plain();
	struct app_config c = { .present = present };

	(void)str_copy(s->dir, sizeof(s->dir), "/tmp/test_class.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	assert_non_null(getcwd(s->before, sizeof(s->before)));
	assert_int_equal(chdir(s->dir), 0);
	assert_int_equal(trace_save(scene.t, "x.pcapng", NULL), 0);
	trace_free(scene.t);
	s->session = session_new_file("x.pcapng", NULL);
	assert_non_null(s->session);
	c.session = s->session;
	s->app = app_new(&c, NULL);
	assert_non_null(s->app);
	assert_int_equal(grid_init(&s->grid, width, height, NULL), 0);
}

static void stop(struct stage *s)
{
	app_free(s->app);
	session_free(s->session);
	grid_fini(&s->grid);
	assert_int_equal(unlink("x.pcapng"), 0);
	assert_int_equal(chdir(s->before), 0);
	assert_int_equal(rmdir(s->dir), 0); /* nothing else was left there */
}

static void key(struct stage *s, uint32_t k)
{
	app_input(s->app, &(struct term_input){ .key = k });
	for (int i = 0; i < 1000 && app_work(s->app); i++)
		;
}

static void keys(struct stage *s, const char *text)
{
	for (; *text; text++)
		key(s, (unsigned char)*text);
}

static const char *screen(struct stage *s)
{
	struct str text = str_on(s->text, sizeof(s->text));

	app_draw(s->app, &s->grid);
	grid_text(&s->grid, &text);
	return s->text;
}

static void see(struct stage *s, const char *has, const char *has_not)
{
	screen(s);
	if (has && !strstr(s->text, has))
		fail_msg("no \"%s\" in\n%s", has, s->text);
	if (has_not && strstr(s->text, has_not))
		fail_msg("\"%s\" in\n%s", has_not, s->text);
}

/* The lines of the screen that have both rails and nothing else. */
static int empty_lines(struct stage *s)
{
	int count = 0;

	screen(s);
	for (char *rest = s->text, *line; (line = strsep(&rest, "\n"));) {
		int rails = 0, others = 0;

		for (const char *at = line; *at; at++) {
			bool rail = strncmp(at, "│", 3) == 0, bar = strncmp(at, "┆", 3) == 0;

			rails += rail;
			others += !rail && !bar && *at != ' ';
			at += rail || bar ? 2 : 0;
		}
		count += rails == 2 && others == 0;
	}
	return count;
}

static void large_and_little(void **state)
{
	struct stage s;
	int before;

	(void)state;
	start(&s, 80, 24, false);
	keys(&s, "jjjjjjjjj");
	see(&s, "[sockets] packet  call", NULL);
	before = empty_lines(&s);
	assert_string_equal(app_theme(s.app)->name, "dark");
	key(&s, 'P');
	see(&s, "── sockets ──", "packet");
	assert_true(empty_lines(&s) > before + 3);
	assert_string_equal(app_theme(s.app)->name, "blackboard");
	key(&s, 'z');
	see(&s, "SYN-SENT", "sockets");
	key(&s, TERM_TAB);
	see(&s, "── sockets ──", NULL);
	key(&s, TERM_TAB);
	see(&s, "── packet ──", NULL);
	key(&s, 'P');
	see(&s, " sockets [packet] call", NULL);
	assert_string_equal(app_theme(s.app)->name, "dark");
	stop(&s);
}

/* What is cut in a narrow lane stands there whole in front of a class. */
static void no_call_is_cut(void **state)
{
	struct stage s;

	(void)state;
	start(&s, 80, 24, false);
	keys(&s, "jjjjjjjj");
	see(&s, "socket(AF_INET,SOC… = 3", NULL);
	key(&s, 'P');
	see(&s, "socket(AF_INET,", "SOC…");
	see(&s, " SOCK_STREAM) = 3", NULL);
	stop(&s);
}

static void one_thing_at_a_time(void **state)
{
	struct stage s;

	(void)state;
	start(&s, 100, 30, true);
	see(&s, "Space next event", "bind(3");
	key(&s, ' ');
	see(&s, "started", "SOCK_STREAM");
	keys(&s, "  ");
	see(&s, "SOCK_STREAM", "bind(3");
	key(&s, TERM_DOWN);
	see(&s, "bind(3", "listen(3");
	key(&s, 'j');
	see(&s, "listen(3", "accept(3)");
	key(&s, 'k'); /* and what was seen is hidden again */
	see(&s, "bind(3", "listen(3");
	key(&s, 'O');
	see(&s, "accept(3)", "next event");
	key(&s, 'O');
	see(&s, "bind(3", "listen(3");
	key(&s, TERM_END);
	see(&s, "kernel timer", "next event");
	key(&s, ' '); /* there is no more: nothing happens */
	see(&s, "kernel timer", NULL);
	stop(&s);
}

/* A click where nothing is shown yet does not reveal it. */
static void a_click_reveals_nothing(void **state)
{
	struct stage s;
	uint64_t before;

	(void)state;
	start(&s, 100, 30, true);
	keys(&s, "jj");
	screen(&s);
	before = app_view(s.app)->cursor;
	for (int y = 12; y < 20; y++)
		app_input(s.app, &(struct term_input){ .key = TERM_MOUSE_CLICK, .x = 50, .y = y });
	assert_true(app_view(s.app)->cursor == before);
	stop(&s);
}

/* The cursor's row keeps its styles, all others have one. */
static void the_spotlight_is_on_one_row(void **state)
{
	struct stage s;
	int bright = 0, faint = 0;

	(void)state;
	start(&s, 100, 30, false);
	keys(&s, "jjjjjjjjjL");
	screen(&s);
	for (int y = 2; y < s.app->layout.ladder.y + s.app->layout.ladder.height; y++) {
		const struct cell *line = s.grid.cell + (size_t)y * 100;
		bool cursor = line[0].code == glyph_code(GLYPH_CURSOR, false);

		bright += cursor;
		for (int x = 0; x < 100; x++) {
			assert_true(!cursor || line[x].style != STYLE_FAINT);
			assert_true(cursor || line[x].accent || line[x].style == STYLE_FAINT);
			faint += line[x].style == STYLE_FAINT && line[x].code != ' ';
		}
	}
	assert_int_equal(bright, 1);
	assert_true(faint > 100);
	key(&s, 'L');
	screen(&s);
	for (int i = 0; i < 100 * 30; i++)
		assert_true(s.grid.cell[i].style != STYLE_FAINT);
	stop(&s);
}

static void keys_are_shown_and_go(void **state)
{
	struct stage s;
	int64_t end = clock_monotonic_ns() + 30 * NS_PER_S;

	(void)state;
	start(&s, 100, 30, false);
	keys(&s, "jj");
	see(&s, NULL, "j j");
	assert_int_equal(app_timeout_ms(s.app), -1);
	key(&s, 'Y');
	keys(&s, "j");
	key(&s, TERM_UP);
	key(&s, 'h');
	see(&s, "j ↑ h  hold the packets on the wire, or end that", NULL);
	keys(&s, "jjjjjjj");
	see(&s, "j ↑ h j ×7  to the event after", NULL);
	keys(&s, "kjkjkj");
	see(&s, " k j k j k j  to the event after", "↑");
	assert_in_range(app_timeout_ms(s.app), 0, 1501);
	while (s.app->presses.count) {
		poll(NULL, 0, app_timeout_ms(s.app));
		app_work(s.app);
		if (clock_monotonic_ns() > end)
			fail_msg("the keys stay");
	}
	see(&s, NULL, "k j k");
	assert_int_equal(app_timeout_ms(s.app), -1); /* and nothing wakes for them any more */
	key(&s, 'i');
	keys(&s, "panel");
	see(&s, "i  type a call or a command", "p a n");
	key(&s, TERM_TAB);
	see(&s, "i Tab  complete the word", NULL);
	stop(&s);
}

/* Without arrows a key is named: its twin would be another key. */
static void keys_in_ascii(void **state)
{
	struct stage s;

	(void)state;
	start(&s, 100, 30, false);
	s.app->ascii = true;
	keys(&s, "Y");
	key(&s, TERM_DOWN);
	see(&s, " Down  to the event after", "↓");
	stop(&s);
}

static void themes_are_chosen(void **state)
{
	struct stage s;
	struct err e;

	(void)state;
	start(&s, 100, 30, false);
	assert_int_equal(app_command(s.app, "theme light", NULL), 0);
	assert_string_equal(app_theme(s.app)->name, "light");
	key(&s, 'P');
	assert_string_equal(app_theme(s.app)->name, "projector");
	key(&s, 'P');
	assert_int_equal(app_command(s.app, "theme mono", NULL), 0);
	key(&s, 'P');
	assert_string_equal(app_theme(s.app)->name, "ink");
	assert_int_equal(app_command(s.app, "theme ligt", &e), -1);
	assert_non_null(strstr(e.hint, "projector, blackboard or ink"));
	key(&s, 'P');
	for (size_t i = 0; i < themes_count; i++)
		key(&s, 'T');
	assert_string_equal(app_theme(s.app)->name, "mono");
	stop(&s);
}

/* Reads a file of the directory and removes it. */
static const char *content(const char *name, char *buf, size_t size)
{
	FILE *in = fopen(name, "r");
	size_t len = in ? fread(buf, 1, size - 1, in) : 0;

	if (!in)
		fail_msg("%s is not there", name);
	fclose(in);
	unlink(name);
	buf[len] = '\0';
	return buf;
}

static void the_screen_is_saved_as_it_stands(void **state)
{
	char now[65536], saved[65536];
	struct stage s;

	(void)state;
	start(&s, 100, 30, false);
	keys(&s, "jjjjjjjjj");
	(void)str_copy(now, sizeof(now), screen(&s));
	keys(&s, ":screen here.txt");
	see(&s, "screen here.txt", NULL);
	key(&s, TERM_ENTER);
	see(&s, "This screen is in here.txt now.", NULL);
	assert_string_equal(content("here.txt", saved, sizeof(saved)), now);
	key(&s, 'S');
	see(&s, "This screen is in socklens-1.svg now.", NULL);
	key(&s, 'S');
	see(&s, "This screen is in socklens-2.svg now.", NULL);
	assert_int_equal(strcmp(content("socklens-1.svg", now, sizeof(now)),
				content("socklens-2.svg", saved, sizeof(saved))),
			 0);
	key(&s, '?');
	see(&s, "socklens · help", NULL);
	key(&s, 'S');
	see(&s, "This screen is in socklens-1.svg now.", NULL);
	assert_non_null(strstr(content("socklens-1.svg", saved, sizeof(saved)), "socklens · help"));
	stop(&s);
}

static void a_screen_that_cannot_be_saved(void **state)
{
	struct stage s;

	(void)state;
	start(&s, 100, 30, false);
	keys(&s, ":screen none/a.svg");
	key(&s, TERM_ENTER);
	see(&s, "saving the screen in none/a.svg: No such file or directory", NULL);
	see(&s, "screen /tmp/NAME.svg writes it elsewhere", NULL);
	key(&s, TERM_CTRL_C);
	keys(&s, ":screen a.gif");
	key(&s, TERM_ENTER);
	see(&s, "NAME.svg is a picture", NULL);
	stop(&s);
}

static void names_are_offered(void **state)
{
	struct stage s;

	(void)state;
	start(&s, 100, 30, false);
	keys(&s, ":screen ");
	see(&s, "socklens-1.svg", NULL);
	see(&s, "socklens-1.txt", NULL);
	stop(&s);
}

/* first = accept(s) is for the lab, and no command of the screen. */
static void a_variable_is_no_command(void **state)
{
	struct stage s;
	uint64_t before;

	(void)state;
	start(&s, 100, 30, false);
	key(&s, TERM_END);
	before = app_view(s.app)->cursor;
	assert_int_equal(app_command(s.app, "first = accept(s)", NULL), -1);
	assert_true(app_view(s.app)->cursor == before);
	assert_int_equal(app_command(s.app, "first", NULL), 0);
	assert_true(app_view(s.app)->cursor != before);
	stop(&s);
}

static void any_keys_at_any_size(void **state)
{
	static const char some[] = "POLYTzPOLjjjkkkgG CtnN?vm\te3";
	static const int sizes[][2] = {
		{ 80, 24 }, { 100, 30 }, { 140, 45 }, { 200, 60 }, { 40, 9 }
	};
	uint64_t random = 23;
	struct stage s;

	(void)state;
	start(&s, 80, 24, true);
	for (int i = 0; i < ROUNDS; i++) {
		char c;

		random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		c = some[(random >> 33) % (sizeof(some) - 1)];
		key(&s, c == '\t' ? TERM_TAB : c == '3' ? TERM_ESCAPE : (uint32_t)c);
		if (i % 40 == 0) {
			grid_fini(&s.grid);
			assert_int_equal(grid_init(&s.grid, sizes[i / 40 % 5][0],
						   sizes[i / 40 % 5][1], NULL),
					 0);
		}
		screen(&s);
		assert_false(app_done(s.app));
	}
	stop(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_and_little),
		cmocka_unit_test(no_call_is_cut),
		cmocka_unit_test(one_thing_at_a_time),
		cmocka_unit_test(a_click_reveals_nothing),
		cmocka_unit_test(the_spotlight_is_on_one_row),
		cmocka_unit_test(keys_are_shown_and_go),
		cmocka_unit_test(keys_in_ascii),
		cmocka_unit_test(themes_are_chosen),
		cmocka_unit_test(the_screen_is_saved_as_it_stands),
		cmocka_unit_test(a_screen_that_cannot_be_saved),
		cmocka_unit_test(names_are_offered),
		cmocka_unit_test(a_variable_is_no_command),
		cmocka_unit_test(any_keys_at_any_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
