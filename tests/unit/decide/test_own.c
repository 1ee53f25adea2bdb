/* Programs of the user: their command lines, their lines of the language, their start, their output, their ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "src/command.h"
#include "src/command_words.h"
#include "src/core/clock.h"
#include "src/describe.h"
#include "src/lab/program.h"
#include "src/lab/tracer.h"
#include "src/launch.h"
#include "src/session.h"

#define LIMIT_NS (20 * NS_PER_S)

/* ---- command lines ---- */

static void words_are_those_of_a_shell(void **unused)
{
	static const struct {
		const char *command, *word[5]; /* [0] "/bin/sh": the shell gets all of it */
	} cases[] = {
		{ "python3 server.py", { "python3", "server.py" } },
		{ "  ./a\t-x  ", { "./a", "-x" } },
		{ "echo 'one two' \"three\"four ''", { "echo", "one two", "threefour", "" } },
		{ "echo a\\ b", { "echo", "a b" } },
		{ "a && b", { "/bin/sh", "-c", "a && b" } },
		{ "PORT=1 ./a", { "/bin/sh", "-c", "PORT=1 ./a" } },
		{ "exit 3", { "/bin/sh", "-c", "exit 3" } },
		{ "echo \"$HOME\"", { "/bin/sh", "-c", "echo \"$HOME\"" } },
		{ "echo 'unended", { "/bin/sh", "-c", "echo 'unended" } },
		{ "ls *.c", { "/bin/sh", "-c", "ls *.c" } },
	};
	struct command_words w;
	struct err e = { .what = "" };

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = 0;

		assert_int_equal(command_words_of(&w, cases[i].command, &e), 0);
		for (; n < 5 && cases[i].word[n]; n++)
			assert_string_equal(w.argv[n], cases[i].word[n]);
		assert_null(w.argv[n]);
		assert_int_equal(w.count, n);
		command_words_fini(&w);
	}
	assert_int_equal(command_words_of(&w, " \t", &e), -1);
	assert_non_null(strstr(e.what, "no command"));
}

/* ---- a lab ---- */

static struct session *new_lab(void)
{
	const struct session_config config = { .sample = true, .idle = { true, true } };
	struct err e = { .what = "" };
	struct session *s = session_new_lab(&config, &e);

	if (!s)
		print_message("no lab: %s\n", e.what);
	return s;
}

static void step(struct session *s)
{
	struct pollfd fds[32];
	int timeout;
	size_t n = session_fds(s, fds, 32, &timeout);

	poll(fds, n, timeout < 0 || timeout > 50 ? 50 : timeout);
	session_work(s);
}

static void fail_after(struct trace *t)
{
	STR_ON_STACK(text, 1000);

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct event *ev = trace_event(t, row, NULL);

		str_clear(&text);
		if (ev)
			describe_event(&text, t, ev);
		print_error("%s\n", text.buf);
	}
	fail_msg("what is waited for has not come");
}

/* Waits for an event. */
static const struct event *wait_for(struct session *s, enum event_kind kind,
				    bool (*is)(const struct event *, const void *),
				    const void *what)
{
	int64_t end = clock_monotonic_ns() + LIMIT_NS;
	struct trace *t = session_trace(s);

	for (;;) {
		for (uint32_t row = 0; row < trace_rows(t); row++) {
			const struct event *ev = trace_entry(t, row)->kind == kind
							 ? trace_event(t, row, NULL)
							 : NULL;

			if (ev && is(ev, what))
				return ev;
		}
		if (clock_monotonic_ns() >= end)
			fail_after(t);
		step(s);
	}
}

static bool printed(const struct event *ev, const void *text)
{
	return strcmp(ev->output.text, text) == 0;
}

static bool ended(const struct event *ev, const void *program)
{
	return event_ends_program(ev) && strcmp(ev->program, program) == 0;
}

static void type(struct session *s, struct command_focus *focus, const char *text)
{
	struct err e = { .what = "" };

	if (command_run(s, focus, text, &e))
		fail_msg("%s: %s", text, e.what);
}

static void refused(struct session *s, struct command_focus *focus, const char *text,
		    const char *what)
{
	struct err e = { .what = "" };

	assert_int_equal(command_run(s, focus, text, &e), -1);
	if (!strstr(e.what, what))
		fail_msg("%s: %s", text, e.what);
}

static void lines_are_typed_to_it(void **unused)
{
	struct command_focus focus = { 0 };
	struct session *s = new_lab();
	const struct event *ev;

	(void)unused;
	if (!s)
		skip();
	refused(s, &focus, "input client: x", "built-in program");
	type(s, &focus, "run client: cat");
	assert_true(session_is_own(s, 0) && session_runs(s, 0));
	type(s, &focus, ":input client: one  two");
	ev = wait_for(s, EVENT_OUTPUT, printed, "one  two");
	assert_int_equal(ev->output.stream, 1);
	assert_false(ev->output.unended || ev->output.cut);
	/* With the focus on it all is for it, but for targets and what has a colon in front. */
	type(s, &focus, "client< three");
	type(s, &focus, "hold");
	type(s, &focus, ":hold");
	wait_for(s, EVENT_OUTPUT, printed, "three");
	wait_for(s, EVENT_OUTPUT, printed, "hold");
	refused(s, &focus, "client> socket(AF_INET, SOCK_STREAM)", "makes its own calls");
	refused(s, &focus, ":run client: cat", "there is a client already");
	type(s, &focus, ":input client eof");
	ev = wait_for(s, EVENT_PROGRAM, ended, "client");
	assert_int_equal(ev->prog.change, PROGRAM_EXITED);
	assert_int_equal(ev->prog.status, 0);
	session_free(s);
}

static void output_is_harmless_lines(void **unused)
{
	struct command_focus focus = { 0 };
	struct session *s = new_lab();
	const struct event *ev;
	char cut[1025];

	(void)unused;
	if (!s)
		skip();
	type(s, &focus, "run client: printf 'a\\033[1mb\\tc\\r\\nname? '; sleep 30");
	wait_for(s, EVENT_OUTPUT, printed, "a\\x1b[1mb  c");
	ev = wait_for(s, EVENT_OUTPUT, printed, "name? ");
	assert_true(ev->output.unended);
	type(s, &focus, ":kill client");
	ev = wait_for(s, EVENT_PROGRAM, ended, "client");
	assert_int_equal(ev->prog.change, PROGRAM_KILLED);
	assert_int_equal(ev->prog.status, SIGKILL);
	memset(cut, 'x', 1024);
	cut[1024] = '\0';
	while (session_runs(s, 0))
		step(s);
	type(s, &focus, "run client: printf '%03000d\\n' 1 | tr 01 xx >&2");
	ev = wait_for(s, EVENT_OUTPUT, printed, cut);
	assert_int_equal(ev->output.stream, 2);
	assert_true(ev->output.cut);
	session_free(s);
}

/* ---- starting in order ---- */

static enum launch_state launch_until_over(struct session *s, struct launch *l, struct err *e)
{
	int64_t end = clock_monotonic_ns() + LIMIT_NS;
	enum launch_state state;

	while ((state = launch_work(l, e)) == LAUNCH_WAITING || state == LAUNCH_RUNNING) {
		assert_true(clock_monotonic_ns() < end);
		step(s);
	}
	return state;
}

static void a_server_that_ends_is_not_waited_for(void **unused)
{
	const struct launch_config config = {
		.program = { { "server", "server", "sh -c 'exit 3'", true, false },
			     { "client", "client", "sleep 100", false, false } },
		.programs = 2,
	};
	struct session *s = new_lab();
	struct err e = { .what = "" };
	struct launch *l;

	(void)unused;
	if (!s)
		skip();
	l = launch_new(s, &config, &e);
	assert_non_null(l);
	assert_string_equal(launch_first(l), "client");
	assert_int_equal(launch_until_over(s, l, &e), LAUNCH_FAILED);
	assert_non_null(strstr(e.what, "server ended before it listened"));
	assert_int_equal(launch_status(l), -1);
	launch_free(l);
	session_free(s);
}

static void the_status_is_the_clients(void **unused)
{
	const struct launch_config config = {
		.program = { { "server", "server", "sleep 100", true, false },
			     { "client", "client", "sh -c 'kill -TERM $$'", false, false } },
		.programs = 2,
		.no_wait = true,
	};
	struct session *s = new_lab();
	struct err e = { .what = "" };
	struct launch *l;
	bool killed;
	int status;

	(void)unused;
	if (!s)
		skip();
	l = launch_new(s, &config, &e);
	assert_int_equal(launch_until_over(s, l, &e), LAUNCH_OVER);
	assert_int_equal(launch_status(l), 128 + SIGTERM);
	assert_true(session_runs(s, 1));
	session_end_programs(s, 1000);
	assert_true(session_ended(s, 1, &killed, &status));
	assert_true(killed && status == SIGTERM);
	launch_free(l);
	session_free(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_those_of_a_shell),
		cmocka_unit_test(lines_are_typed_to_it),
		cmocka_unit_test(output_is_harmless_lines),
		cmocka_unit_test(a_server_that_ends_is_not_waited_for),
		cmocka_unit_test(the_status_is_the_clients),
	};

	if (argc > 1 && strcmp(argv[1], "program") == 0)
		return program_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], "tracer") == 0)
		tracer_main(argc, argv);
	return cmocka_run_group_tests_name("own", tests, NULL, NULL);
}
