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
#include "src/lab/program.h"
#include "ui/app_impl.h"
#include "ui/keys.h"

#define EVENTS 40
#define WIDTH  100
#define HEIGHT 30

struct stage {
	char dir[40], path[64];
	struct session *session;
	struct script_run *script;
	struct app *app;
	struct grid grid;
	char text[65536];
};

/* A recording of notes, of which number 7 and 30 speak of a needle. */
static void record(const char *path)
{
	struct err e = { .column = 0 };
	struct trace *t = trace_create(path, &e);
	struct trace_host host = { .name = "client", .link = LINK_ETHERNET };

	if (!t)
		fail_msg("%s", e.what);
	assert_int_equal(trace_add_host(t, &host, NULL), 0);
	for (int i = 0; i < EVENTS; i++) {
		struct event ev = { .kind = EVENT_NOTE,
				    .host = HOST_NONE,
				    .ts_ns = NS_PER_S + i * NS_PER_MS };
		char text[40];
		struct str s = str_on(text, sizeof(text));

		str_addf(&s, "note %d%s", i, i == 7 || i == 30 ? " needle" : "");
		ev.note = (struct event_note){ .kind = NOTE_SAY, .text = text };
		assert_int_equal(trace_append(t, &ev, text, NULL), 0);
	}
	assert_int_equal(trace_close(t, NULL), 0);
	trace_free(t);
}

static void start_with(struct stage *s, struct session *session, struct script_run *script)
{
	struct app_config c = { .session = session, .script = script };

	assert_non_null(session);
	s->session = session;
	s->app = app_new(&c, NULL);
	assert_non_null(s->app);
	assert_int_equal(grid_init(&s->grid, WIDTH, HEIGHT, NULL), 0);
}

static void start(struct stage *s, struct session *session)
{
	start_with(s, session, NULL);
}

static void start_file(struct stage *s)
{
	struct str path = str_on(s->path, sizeof(s->path));

	(void)str_copy(s->dir, sizeof(s->dir), "/tmp/test_app.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	str_addf(&path, "%s/x.pcapng", s->dir);
	record(s->path);
	s->script = NULL;
	start(s, session_new_file(s->path, NULL));
}

/* False, and the test is skipped, where no lab can be built.  lesson: NULL, or its text. */
static bool start_lesson(struct stage *s, const char *lesson)
{
	struct session_config c = { .sample = true };
	struct err e = { .column = 0 };
	struct session *session = session_new_lab(&c, &e);

	s->path[0] = s->dir[0] = '\0';
	if (!session) {
		print_message("no lab here: %s\n", e.what);
		return false;
	}
	s->script = NULL;
	if (lesson) {
		struct script parsed;

		assert_int_equal(parse_script(&parsed, "x.lab", lesson, strlen(lesson), &e), 0);
		s->script = script_new(session, &parsed, true, &e);
		assert_non_null(s->script);
	}
	start_with(s, session, s->script);
	return true;
}

static bool start_lab(struct stage *s)
{
	return start_lesson(s, NULL);
}

static void stop(struct stage *s)
{
	app_free(s->app);
	script_free(s->script);
	session_free(s->session);
	grid_fini(&s->grid);
	if (s->path[0]) {
		unlink(s->path);
		rmdir(s->dir);
	}
}

static const char *screen(struct stage *s)
{
	struct str text = str_on(s->text, sizeof(s->text));

	app_draw(s->app, &s->grid);
	grid_text(&s->grid, &text);
	return s->text;
}

/* As much as a failure can print. */
static const char *tail(const char *text)
{
	size_t len = strlen(text);

	return len > 800 ? text + len - 800 : text;
}

static void see(struct stage *s, const char *what)
{
	if (!strstr(screen(s), what))
		fail_msg("\"%s\" is not on the screen: …%s", what, tail(s->text));
}

static void see_not(struct stage *s, const char *what)
{
	if (strstr(screen(s), what))
		fail_msg("\"%s\" is on the screen: …%s", what, tail(s->text));
}

/* Names of keys, separated by blanks; =text types it, with ~ for a blank. */
static void press(struct stage *s, const char *names)
{
	char copy[256];

	assert_true(str_copy(copy, sizeof(copy), names));
	for (char *rest = copy, *name; (name = strsep(&rest, " "));) {
		struct term_input in = { .key = keys_named(name) };

		if (name[0] == '=') {
			for (name++; *name; name++)
				app_input(s->app,
					  &(struct term_input){
						  .key = *name == '~' ? ' ' : (uint32_t)*name });
			continue;
		}
		if (!in.key)
			fail_msg("no key is called %s", name);
		app_input(s->app, &in);
	}
}

static void click(struct stage *s, uint32_t key, int x, int y)
{
	screen(s);
	app_input(s->app, &(struct term_input){ .key = key, .x = x, .y = y });
}

/* Lets the session work until the text is on the screen. */
static void wait_for(struct stage *s, const char *what)
{
	int64_t end = clock_monotonic_ns() + 20 * NS_PER_S;

	while (!strstr(screen(s), what)) {
		struct pollfd fds[32];
		int timeout;
		size_t count = session_fds(s->session, fds, 32, &timeout);

		if (clock_monotonic_ns() > end)
			fail_msg("\"%s\" did not come: …%s", what, tail(s->text));
		poll(fds, (nfds_t)count, timeout >= 0 && timeout < 100 ? timeout : 100);
		app_work(s->app);
	}
}

/* Number of the note under the cursor. */
static int at(struct stage *s)
{
	const struct view *v = app_view(s->app);

	return (int)trace_row_of(v->trace, v->cursor);
}

static void moves(void **state)
{
	struct stage s;

	(void)state;
	start_file(&s);
	screen(&s);
	assert_int_equal(at(&s), 0);
	press(&s, "Down j Down k");
	assert_int_equal(at(&s), 2);
	press(&s, "PageDown");
	assert_true(at(&s) > 5);
	press(&s, "PageUp Up Up Up Up");
	assert_int_equal(at(&s), 0);
	press(&s, "End");
	assert_int_equal(at(&s), EVENTS - 1);
	assert_true(app_view(s.app)->follow);
	press(&s, "g");
	assert_int_equal(at(&s), 0);
	assert_false(app_view(s.app)->follow);
	press(&s, ": =down~5 Enter");
	assert_int_equal(at(&s), 5);
	stop(&s);
}

static void searches(void **state)
{
	struct stage s;

	(void)state;
	start_file(&s);
	press(&s, "/ =NEEDLE Enter");
	assert_int_equal(at(&s), 7);
	press(&s, "n");
	assert_int_equal(at(&s), 30);
	press(&s, "n");
	see(&s, "no event after this one has \"NEEDLE\"");
	assert_int_equal(at(&s), 30);
	press(&s, "N");
	assert_int_equal(at(&s), 7);
	see_not(&s, "no event");
	press(&s, "End / =needle Enter"); /* from the end it goes on at the beginning */
	assert_int_equal(at(&s), 7);
	press(&s, "/ =haystack Enter");
	see(&s, "no event has \"haystack\"");
	assert_int_equal(at(&s), 7);
	stop(&s);
}

static void panels_change(void **state)
{
	struct stage s;

	(void)state;
	start_file(&s);
	press(&s, "Tab");
	assert_int_equal(app_view(s.app)->panel, 1);
	press(&s, "Shift-Tab Shift-Tab");
	assert_int_equal(app_view(s.app)->panel, panels_count - 1);
	assert_int_equal(app_command(s.app, "panel packet", NULL), 0);
	assert_string_equal(panels[app_view(s.app)->panel].name, "packet");
	assert_int_equal(app_command(s.app, "panel pakcet", NULL), -1);
	see(&s, "did you mean packet?");
	press(&s, "J J K");
	assert_int_equal(app_view(s.app)->panel_scroll, 1);
	press(&s, "K K");
	assert_int_equal(app_view(s.app)->panel_scroll, 0);
	stop(&s);
}

static void mouse(void **state)
{
	struct stage s;

	(void)state;
	start_file(&s);
	click(&s, TERM_MOUSE_CLICK, 20, 6);
	assert_int_equal(at(&s), 4);
	assert_int_equal(app_view(s.app)->panel, 0);
	click(&s, TERM_MOUSE_CLICK, 20, 6); /* the same again explains it */
	assert_int_equal(at(&s), 4);
	click(&s, TERM_MOUSE_DOWN, 20, 6);
	assert_int_equal(at(&s), 7);
	click(&s, TERM_MOUSE_UP, 20, 6);
	assert_int_equal(at(&s), 4);
	click(&s, TERM_MOUSE_DOWN, 20, HEIGHT - 3);
	assert_int_equal(app_view(s.app)->panel_scroll, 3);
	assert_int_equal(at(&s), 4);
	click(&s, TERM_MOUSE_CLICK, 20, HEIGHT - 1); /* the prompt */
	assert_true(screen(&s) && s.grid.caret_y == HEIGHT - 1);
	click(&s, TERM_MOUSE_CLICK, 5000, -3);
	stop(&s);
}

static void help_covers_and_goes(void **state)
{
	struct stage s;

	(void)state;
	start_file(&s);
	press(&s, "?");
	see(&s, "socklens · help");
	see(&s, "to the event before");
	press(&s, "End");
	see_not(&s, "to the event before");
	screen(&s);
	press(&s, "PageDown PageDown Home");
	see(&s, "to the event before");
	assert_int_equal(at(&s), 0);
	press(&s, "x");
	see_not(&s, "socklens · help");
	stop(&s);
}

/* Every command and every key is somewhere in the help. */
static void help_is_complete(void **state)
{
	struct stage s;

	(void)state;
	start_file(&s);
	grid_fini(&s.grid);
	assert_int_equal(grid_init(&s.grid, WIDTH, 400, NULL), 0);
	press(&s, "?");
	for (size_t i = 0; i < key_rows_count; i++)
		see(&s, key_rows[i].help ? key_rows[i].help : key_rows[i].name);
	see(&s, "release [N [first]|all]");
	see(&s, "listen(");
	see(&s, "quit [now]");
	stop(&s);
}

static void mistakes_are_pointed_at(void **state)
{
	struct stage s;

	(void)state;
	start_file(&s);
	press(&s, ": =qit Enter");
	see(&s, "↓");
	see(&s, "qit");
	press(&s, "Ctrl-C");
	see_not(&s, "qit");
	assert_false(app_done(s.app));
	press(&s, "Ctrl-C");
	assert_true(app_done(s.app));
	stop(&s);
}

static void every_size(void **state)
{
	static const int sizes[][2] = { { 1, 1 },     { 2, 1 },	   { 1, 50 },	{ 79, 24 },
					{ 80, 23 },   { 80, 24 },  { 139, 24 }, { 140, 24 },
					{ 500, 200 }, { 80, 200 }, { 500, 24 } };
	struct stage s;

	(void)state;
	start_file(&s);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		grid_fini(&s.grid);
		assert_int_equal(grid_init(&s.grid, sizes[i][0], sizes[i][1], NULL), 0);
		press(&s, "Down");
		app_draw(s.app, &s.grid);
		press(&s, "Enter =panel~ Tab Tab");
		app_draw(s.app, &s.grid);
		press(&s, "Esc Esc Ctrl-C ?");
		app_draw(s.app, &s.grid);
		press(&s, "Esc");
		if (sizes[i][0] == 79)
			see(&s, "needs 80 columns and 24 rows");
	}
	stop(&s);
}

static void quits(void **state)
{
	struct stage s;

	(void)state;
	start_file(&s);
	press(&s, "q"); /* nothing can be lost with a file */
	assert_true(app_done(s.app));
	stop(&s);
	start_file(&s);
	app_input(s.app, &(struct term_input){ .key = TERM_RESIZE });
	assert_false(app_done(s.app));
	app_input(s.app, &(struct term_input){ .key = TERM_ASKED_TO_END });
	assert_true(app_done(s.app));
	stop(&s);
}

static void a_recording_takes_no_orders(void **state)
{
	struct stage s;

	(void)state;
	start_file(&s);
	press(&s, "h");
	assert_int_equal(app_command(s.app, "wire> hold", NULL), -1);
	press(&s, "p");
	see(&s, "this is a recording");
	stop(&s);
}

static void talks_to_the_lab(void **state)
{
	struct stage s;

	(void)state;
	if (!start_lab(&s))
		skip();
	see(&s, "client>");
	press(&s, "p");
	see(&s, "server>");
	press(&s, "Enter =s~=~socket(AF_INET,SOCK_DGRAM) Enter");
	wait_for(&s, "= 3");
	press(&s, "=bind(s,*:7000) Enter");
	wait_for(&s, "bind(3, *:7000) = 0");
	press(&s, "=s2~=~sock Tab =(AF_INET,~SOCK_STREAM) Enter");
	wait_for(&s, "= 4");
	press(&s, "Esc h");
	wait_for(&s, "wire> hold");
	press(&s, "h");
	wait_for(&s, "wire> hold off");
	press(&s, "c");
	wait_for(&s, "wire> cut");
	see(&s, "c mend");
	press(&s, "c");
	wait_for(&s, "wire> mend");
	press(&s, "p Enter =hold~iff Enter"); /* the wire's own language, with a column in it */
	see(&s, "↓");
	stop(&s);
}

static void steps_and_warns(void **state)
{
	struct stage s;

	(void)state;
	if (!start_lab(&s))
		skip();
	press(&s, "Enter =u~=~socket(AF_INET,SOCK_DGRAM) Enter");
	wait_for(&s, "= 3");
	press(&s, "Space"); /* on an empty line it is the key: begins to hold */
	wait_for(&s, "wire> hold");
	press(&s, "=sendto(u,\"x\",0,server:7000) Enter Esc");
	wait_for(&s, "◆ held");
	see(&s, "Space release");
	press(&s, "Space");
	wait_for(&s, "wire> release");
	press(&s, "q");
	assert_false(app_done(s.app));
	see(&s, "not kept yet");
	press(&s, "q");
	assert_true(app_done(s.app));
	stop(&s);
}

/* Keys in the wire's panel are about the packet or the rule that it marks. */
static void the_wires_panel_acts(void **state)
{
	struct stage s;

	(void)state;
	if (!start_lab(&s))
		skip();
	press(&s, "i =wire>~rules Enter Esc");
	see(&s, "Nothing is on the wire");
	press(&s, "Enter =u~=~socket(AF_INET,SOCK_DGRAM) Enter");
	wait_for(&s, "= 3");
	press(&s, "=:wire>~hold~from~client Enter");
	wait_for(&s, "#1 hold from client");
	see(&s, "patient");
	press(&s, "=sendto(u,\"a\",0,server:7000) Enter");
	wait_for(&s, "▌    1 │──");
	press(&s, "=sendto(u,\"b\",0,server:7000) Enter");
	wait_for(&s, "     2 │──");
	press(&s, "=sendto(u,\"c\",0,server:7000) Enter");
	wait_for(&s, "     3 │──");
	press(&s, "Esc");
	see(&s, "r release  x drop");
	press(&s, "J");
	see(&s, "▌    2 │──");
	press(&s, "x");
	wait_for(&s, "wire> drop 2");
	wait_for(&s, "▌    1 │──");
	press(&s, "J E");
	see(&s, "wire> release 3 with ttl 64");
	press(&s, "Ctrl-U Esc");
	press(&s, "d");
	wait_for(&s, "wire> dup 3");
	wait_for(&s, "▌    1 │──");
	press(&s, "o");
	wait_for(&s, "wire> release 1 first");
	wait_for(&s, "▌   #1 hold from client");
	see(&s, "x end this rule");
	press(&s, "r");
	see(&s, "only packets are released");
	press(&s, "x");
	wait_for(&s, "wire> off 1");
	wait_for(&s, "Nothing is on the wire");
	stop(&s);
}

/* While a packet is held, its sender's timer runs down where all can see it, by itself; and no longer. */
static void a_timer_runs_down(void **state)
{
	char before[sizeof(((struct stage *)0)->text)];
	struct stage s;

	(void)state;
	if (!start_lab(&s))
		skip();
	assert_int_equal(app_timeout_ms(s.app), -1);
	press(&s, "Enter =c~=~socket(AF_INET,SOCK_STREAM) Enter");
	wait_for(&s, "= 3");
	press(&s, "=:wire>~hold Enter =connect(c,server:80) Enter Esc");
	wait_for(&s, "◆ held");
	wait_for(&s, "↻ in 0.");
	press(&s, "Tab Tab Tab");
	wait_for(&s, ", resent in ");
	assert_true(app_timeout_ms(s.app) >= 0);
	assert_true(str_copy(before, sizeof(before), screen(&s)));
	while (strcmp(before, screen(&s)) == 0) {
		poll(NULL, 0, app_timeout_ms(s.app));
		app_work(s.app);
	}
	wait_for(&s, "held alr"); /* the SYN again, after a second */
	wait_for(&s, ", resent in 0.");
	app_command(s.app, "wire> hold off", NULL);
	app_command(s.app, "wire> drop all", NULL);
	wait_for(&s, "hand");
	app_command(s.app, "wire> cut", NULL);
	wait_for(&s, "Nothing is on the wire");
	see_not(&s, "↻ in");
	stop(&s);
}

static void a_lesson_says_what_it_waits_for(void **state)
{
	struct stage s;

	(void)state;
	if (!start_lesson(&s, "client> u = socket(AF_INET, SOCK_DGRAM)\n"
			      "wire> hold\n"
			      "client> sendto(u, \"x\", server:9)\n"
			      "wait return client close\n"))
		skip();
	wait_for(&s, "the lesson waits: wait return client close");
	wait_for(&s, "◆ held");
	see_not(&s, "Space release");
	see(&s, "r release");
	press(&s, "Space"); /* it is the lesson's, and does not touch the packet */
	see(&s, "the lesson waits: wait return client close");
	see_not(&s, "wire> release");
	press(&s, "r");
	wait_for(&s, "wire> release");
	press(&s, "Enter =close(u) Enter");
	wait_for(&s, "This was the last step");
	see_not(&s, "the lesson waits");
	stop(&s);
}

static void a_call_that_waits_its_turn_is_told(void **state)
{
	struct stage s;

	(void)state;
	if (!start_lab(&s))
		skip();
	press(&s, "Enter =server>~u~=~socket(AF_INET,SOCK_DGRAM) Enter");
	wait_for(&s, "= 3");
	see_not(&s, "waits its turn");
	press(&s, "=server>~recv(u,10) Enter");
	wait_for(&s, "recv(3, 10)");
	see_not(&s, "waits its turn");
	press(&s, "=server>~close(u) Enter");
	wait_for(&s, "server is in recv(): this call waits its turn");
	press(&s, "=interrupt~server Enter");
	wait_for(&s, "close(3) = 0");
	see_not(&s, "waits its turn");
	stop(&s);
}

/* As a terminal passes on what is pasted: key by key, without a pause. */
static void paste(struct stage *s, const char *text)
{
	for (; *text; text++)
		app_input(s->app,
			  &(struct term_input){ .key = *text == '\n' ? TERM_ENTER : (uint32_t)*text,
						.burst = true });
}

static void pasted_lines_wait_and_stay_apart(void **state)
{
	struct stage s;

	(void)state;
	if (!start_lab(&s))
		skip();
	press(&s, "Enter");
	paste(&s, "server> s = socket(AF_INET, SOCK_STREAM)\nserver> listen(s, 1)\n"
		  "server> a = accept(s)\nserver> close(b)\nserver> close(a)\nlisten(");
	see(&s, "\"server> close(b)\": expected a socket"); /* the first mistake stays to be seen */
	see(&s, "client> listen(");
	press(&s, "Ctrl-U");
	wait_for(&s, "1 line waits for a = accept(…)");
	press(&s, "Esc");
	see(&s, "1 line waits for a = accept(…)");
	press(&s, "Esc");
	see(&s, "1 line that waited is taken back");
	/* By hand, a mistake is there to be mended, and Ctrl-C is what it was. */
	press(&s, "Enter =clse(s) Enter Home Right =x");
	see(&s, "client> cxlse(s)");
	press(&s, "Ctrl-C");
	see_not(&s, "cxlse");
	assert_false(app_done(s.app));
	press(&s, "Ctrl-C");
	assert_true(app_done(s.app));
	stop(&s);
}

/* "wire>" moves the prompt; the lab's own commands are taken there, too, and shown as they were typed. */
static void the_wire_is_talked_to(void **state)
{
	struct stage s;

	(void)state;
	if (!start_lab(&s))
		skip();
	press(&s, "Enter =wire> Enter");
	see(&s, " wire> ");
	press(&s, "=thread~t~of~server Enter");
	wait_for(&s, "thread t of server");
	see_not(&s, "> thread t of server");
	press(&s, "=delay~1ms Enter");
	wait_for(&s, "wire> delay 1ms");
	press(&s, "=t> Enter");
	see(&s, " t> ");
	stop(&s);
}

/* A lab's programs are this program again, with these arguments. */
int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves),
		cmocka_unit_test(searches),
		cmocka_unit_test(panels_change),
		cmocka_unit_test(mouse),
		cmocka_unit_test(help_covers_and_goes),
		cmocka_unit_test(help_is_complete),
		cmocka_unit_test(mistakes_are_pointed_at),
		cmocka_unit_test(every_size),
		cmocka_unit_test(quits),
		cmocka_unit_test(a_recording_takes_no_orders),
		cmocka_unit_test(talks_to_the_lab),
		cmocka_unit_test(steps_and_warns),
		cmocka_unit_test(the_wires_panel_acts),
		cmocka_unit_test(a_timer_runs_down),
		cmocka_unit_test(a_lesson_says_what_it_waits_for),
		cmocka_unit_test(a_call_that_waits_its_turn_is_told),
		cmocka_unit_test(pasted_lines_wait_and_stay_apart),
		cmocka_unit_test(the_wire_is_talked_to),
	};

	if (argc > 1 && strcmp(argv[1], "program") == 0)
		return program_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
