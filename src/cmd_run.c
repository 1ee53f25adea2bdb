/*
 * Programs of the user in a lab.  Where there is a terminal they run under the screen; else the ladder is written as
 * it happens.  The order in which they start is src/launch.h's.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "src/cmd_again.h"
#include "src/cmd_screen.h"
#include "src/cmd_stdin.h"
#include "src/core/clock.h"
#include "src/launch.h"
#include "src/lex.h"
#include "src/stop.h"
#include "ui/show.h"

#define ARGUMENTS    128 /* with more of them it is not started again */
#define SAID_SIZE    600
#define WORDS	     64 /* of a command behind "--" */
#define COMMAND_SIZE 4096
#define FDS	     64
#define END_MS	     1000 /* for programs that still run when the run is over */
#define LADDER_WIDTH 100
#define EXIT_SIGNAL  128 /* and the signal's number, as a shell has it */

struct run {
	const char *server[CMD_REPEATS], *client[CMD_REPEATS];
	const char *on, *limit, *record, *pid;
	const char *word[WORDS];
	int servers, clients;
	size_t words;
	int no_wait, text, loopback, ascii;
	struct screen_options screen;
	char *again[ARGUMENTS +
		    3]; /* "socklens run --loopback …": the same on one host; NULL-terminated */
	char again_said[SAID_SIZE]; /* what a note says about that */
	bool restart; /* that is wanted */
	char command[COMMAND_SIZE]; /* the words, as a shell would take them */
	int process; /* of --pid */
	int64_t for_ns; /* 0: no limit */
	struct launch_config plan;
};

/* ---- what was asked for ---- */

/* A word as it has to be quoted to remain one. */
static void add_word(struct str *out, const char *word)
{
	str_add(out, out->len ? " " : "");
	if (*word && !word[strcspn(word, " \t\n\"'\\|&;<>()$`*?[]#~%{}!=")]) {
		str_add(out, word);
		return;
	}
	str_char(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			str_add(out, "'\\''");
		else
			str_char(out, *word);
	}
	str_char(out, '\'');
}

static int add_program(struct run *r, const char *name, int number, const char *host,
		       const char *command, bool server)
{
	struct launch_program *p = &r->plan.program[r->plan.programs];
	struct str text;

	if (r->plan.programs == LAUNCH_PROGRAMS)
		return cmd_usage("run", "at most %d programs can run", LAUNCH_PROGRAMS), -1;
	r->plan.programs++;
	*p = (struct launch_program){ .host = host, .command = command, .server = server };
	text = str_on(p->name, sizeof(p->name));
	str_add(&text, name);
	if (number)
		str_addf(&text, "%d", number + 1);
	return 0;
}

/* The programs in the order of the options; a command behind "--" is one more client. */
static int make_plan(struct run *r)
{
	struct str command = str_on(r->command, sizeof(r->command));
	const char *on = r->on ? r->on : "client";
	int failed = 0;

	if (strcmp(on, "client") != 0 && strcmp(on, "server") != 0)
		return cmd_usage("run", "--on takes client or server, not \"%s\"", on), -1;
	for (size_t i = 0; i < r->words; i++)
		add_word(&command, r->word[i]);
	if (command.cut)
		return cmd_usage("run", "the command behind -- is too long"), -1;
	for (int i = 0; i < r->servers; i++)
		failed |= add_program(r, "server", i, "server", r->server[i], true);
	for (int i = 0; i < r->clients; i++)
		failed |= add_program(r, "client", i, "client", r->client[i], false);
	if (r->words && !strcmp(on, "server"))
		failed |= add_program(r, "server", r->servers, "server", r->command, false);
	else if (r->words)
		failed |= add_program(r, "client", r->clients, "client", r->command, false);
	r->plan.no_wait = r->no_wait;
	if (r->pid && r->plan.programs)
		return cmd_usage("run",
				 "--pid is for a program that runs already: leave the others out"),
		       -1;
	if (r->pid) {
		failed |= add_program(r, "program", 0, "", "", false);
		r->plan.program[0].runs = true;
	}
	if (!failed && !r->plan.programs)
		return cmd_usage("run",
				 "say what to run: --server CMD, --client CMD, -- CMD or --pid N"),
		       -1;
	/* One program alone has nobody on another host to talk to. */
	if (r->words && !r->servers && !r->clients && !r->on) {
		r->loopback = 1;
		r->again[0] = NULL;
	}
	return failed ? -1 : 0;
}

static bool read_pid(struct run *r)
{
	char *end;
	long n = strtol(r->pid, &end, 10);

	r->process = n > 0 && n <= INT32_MAX && !*end ? (int)n : 0;
	return r->process > 0;
}

/* The recording stays that of this session. */
static void note_again(struct run *r, int argc, char **argv, const struct cmd_option *options,
		       size_t count)
{
	/* exec(3) takes them as not constant, and changes nothing. */
	char *const self = (char *)(uintptr_t) "socklens", *const loopback =
								   (char *)(uintptr_t) "--loopback";
	struct str command = str_on(r->command, sizeof(r->command)),
		   said = str_on(r->again_said, sizeof(r->again_said));
	char *same[ARGUMENTS];
	size_t n;

	if (argc > ARGUMENTS || r->loopback || r->pid)
		return;
	n = cmd_options_without(argc, argv, options, count, "-w", same);
	r->again[0] = self;
	r->again[1] = same[0];
	r->again[2] = loopback;
	for (size_t i = 1; i < n; i++)
		r->again[2 + i] = same[i];
	for (size_t i = 0; i < n + 2; i++)
		add_word(&command, r->again[i]);
	str_addf(&said, "start again with: %s", command.buf);
	if (command.cut || said.cut)
		r->again_said[0] = '\0';
}

static int read_options(struct run *r, int argc, char **argv)
{
	const struct cmd_option options[] = {
		{ "--server", r->server, &r->servers },
		{ "--client", r->client, &r->clients },
		{ "--on", &r->on, NULL },
		{ "--for", &r->limit, NULL },
		{ "--pid", &r->pid, NULL },
		{ "-w", &r->record, NULL },
		{ "--no-wait", NULL, &r->no_wait },
		{ "--text", NULL, &r->text },
		{ "--loopback", NULL, &r->loopback },
		SCREEN_OPTIONS(&r->screen),
	};
	int got;

	const size_t count = sizeof(options) / sizeof(options[0]);

	r->words = WORDS;
	got = cmd_options(argc, argv, options, count, r->word, &r->words);
	if (got)
		return got;
	note_again(r, argc, argv, options, count);
	r->ascii = r->screen.ascii;
	if (r->pid && !read_pid(r))
		return cmd_usage("run", "--pid takes the number of a process, not \"%s\"", r->pid),
		       -1;
	if (r->limit && (!lex_duration(r->limit, strlen(r->limit), &r->for_ns) || !r->for_ns))
		return cmd_usage("run", "--for takes a time such as 10s or 500ms, not \"%s\"",
				 r->limit),
		       -1;
	return 0;
}

/* ---- without a screen ---- */

static int ladder_width(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col >= 80)
		return size.ws_col;
	return LADDER_WIDTH;
}

static int sooner(int a_ms, int b_ms)
{
	if (a_ms < 0 || b_ms < 0)
		return a_ms < 0 ? b_ms : a_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

struct text_run {
	struct session *session;
	struct launch *launch;
	struct show_live *show;
	const struct stop *stop;
	struct stdin_lines in;
	int64_t until_ns; /* CLOCK_MONOTONIC; INT64_MAX */
	int due_ms; /* of the ladder */
	int stopped; /* by this signal; 0 none */
};

/* The program that reads our standard input, once it has been started; -1: none. */
static int reader(const struct text_run *t)
{
	const char *name = launch_first(t->launch);
	uint32_t thread;

	return name ? session_program_find(t->session, name, strlen(name), &thread) : -1;
}

static void wait_for_events(struct text_run *t)
{
	int timeout, program = reader(t);
	struct pollfd fds[FDS] = { { .fd = t->stop->fd, .events = POLLIN },
				   { .fd = program < 0 ? -1 : stdin_fd(&t->in),
				     .events = POLLIN } };
	size_t n = 2 + session_fds(t->session, fds + 2, FDS - 2, &timeout);

	timeout = sooner(sooner(timeout, launch_timeout_ms(t->launch)), t->due_ms);
	if (t->until_ns != INT64_MAX) {
		int64_t left = t->until_ns - clock_monotonic_ns();

		timeout = sooner(timeout, left < 0 ? 0 : (int)(left / NS_PER_MS) + 1);
	}
	poll(fds, n, timeout);
	if (program >= 0)
		stdin_work(&t->in, t->session, (size_t)program, fds[1].revents != 0);
}

/* Until it is over, the time is up or a signal comes.  -1: it cannot go on. */
static int run_until(struct text_run *t, struct err *e)
{
	struct err trouble;

	for (;;) {
		enum launch_state state = launch_work(t->launch, e);

		if (session_trouble(t->session, &trouble))
			cmd_error(&trouble, EXIT_CANNOT);
		if (state == LAUNCH_FAILED ||
		    show_live_put(t->show, false, session_settled_ns(t->session), &t->due_ms, e))
			return -1;
		if (state == LAUNCH_OVER || clock_monotonic_ns() >= t->until_ns)
			return 0;
		wait_for_events(t);
		session_work(t->session);
		if ((t->stopped = stop_signal(t->stop)))
			return 0;
	}
}

/* Of a run that could not go on. */
static int failed_status(const struct launch *l)
{
	return launch_refused(l) ? launch_refused(l) : EXIT_CANNOT;
}

static int run_text_with(struct text_run *t)
{
	struct err e = { 0 }, waits = { 0 };
	int failed = run_until(t, &e), status;
	bool waited = !failed && launch_waits(t->launch, &waits);

	if (failed)
		cmd_error(&e, EXIT_CANNOT);
	status = launch_status(t->launch);
	session_end_programs(t->session, END_MS);
	session_settle(t->session);
	if (show_live_put(t->show, true, INT64_MAX, &t->due_ms, &e) && !failed)
		return cmd_error(&e, EXIT_CANNOT);
	if (failed)
		return failed_status(t->launch);
	if (waited)
		cmd_error(&waits, EXIT_CANNOT);
	if (t->stopped)
		return EXIT_SIGNAL + t->stopped;
	if (waited)
		return EXIT_CANNOT;
	/* One that was ended because its time was up has a status, too: that of the signal. */
	if (status < 0)
		status = launch_status(t->launch);
	return status < 0 ? EXIT_OK : status; /* it was let go */
}

static int run_text(const struct run *r, struct session *s, struct launch *l,
		    const struct stop *stop)
{
	struct text_run t = { .session = s, .launch = l, .stop = stop, .until_ns = INT64_MAX };
	struct err e = { 0 };
	int code;

	t.show = show_live_new(session_trace(s), ladder_width(), stdout, r->ascii, &e);
	if (!t.show)
		return cmd_error(&e, EXIT_CANNOT);
	stdin_init(&t.in);
	if (r->for_ns)
		t.until_ns = clock_monotonic_ns() + r->for_ns;
	code = run_text_with(&t);
	show_live_free(t.show);
	return code;
}

/* ---- on a screen ---- */

static const char *greeting(const struct run *r)
{
	if (r->loopback)
		return "Your programs start, all on one host: its wire cannot be held. "
		       "Enter types to the program that the prompt names.";
	return "Your programs start. Space and the other keys act on the wire; "
	       "Enter types to the program that the prompt names.";
}

static int run_screen(struct run *r, struct session *s, struct launch *l)
{
	const struct app_config app = {
		.session = s,
		.launch = l,
		.restart = r->again[0] ? &r->restart : NULL,
		.greeting = greeting(r),
	};
	int code = screen_run(&app, &r->screen);

	if (code != EXIT_OK)
		return EXIT_CANNOT;
	if (launch_refused(l))
		return launch_refused(l);
	return launch_status(l) < 0 ? EXIT_OK : launch_status(l);
}

/* ---- both ---- */

static int cannot_build(struct err *e)
{
	cmd_error(e, EXIT_LACKING);
	err_set(e, NULL, "no lab can be built here; socklens doctor says what would change that");
	return cmd_error(e, EXIT_LACKING);
}

static int run_session(struct run *r, struct session *s, const struct stop *stop)
{
	struct err e = { 0 };
	struct launch *l = launch_new(s, &r->plan, &e);
	int code;

	if (!l)
		code = cmd_error(&e, EXIT_CANNOT);
	else
		code = stop ? run_text(r, s, l, stop) : run_screen(r, s, l);
	launch_free(l);
	session_free(s);
	return code;
}

/* On the screen the note is short: there is a key for it. */
static const char *said_again(const struct run *r, bool screen)
{
	if (screen && r->again[0])
		return "R (restart loopback) starts again with all on one host";
	return r->again_said[0] ? r->again_said : NULL;
}

/* stop NULL: on the screen. */
static int run_it(struct run *r, const struct stop *stop)
{
	bool file_failed = false;
	const struct session_config config = { .record = r->record,
					       .record_failed = &file_failed,
					       .sample = true,
					       .idle = { true, true },
					       .loopback = r->loopback,
					       .again = said_again(r, !stop) };
	struct err e = { 0 };
	struct session *s = r->process ? session_new_attached(&config, r->process, &e)
				       : session_new_lab(&config, &e);

	if (s)
		return run_session(r, s, stop);
	return file_failed || r->process ? cmd_error(&e, EXIT_CANNOT) : cannot_build(&e);
}

/* Once more on one host, if that is wanted. */
static int run_on_screen(struct run *r)
{
	struct again again = { .go = -1 };
	int code;

	if (r->again[0] && again_init(&again, r->again))
		r->again[0] = NULL;
	code = run_it(r, NULL);
	if (r->restart)
		code = again_run(&again);
	again_fini(&again);
	return code;
}

int cmd_run(int argc, char **argv)
{
	struct run r = { 0 };
	struct stop stop;
	int code = read_options(&r, argc, argv);

	if (code)
		return code > 0 ? EXIT_OK : EXIT_CANNOT;
	if (make_plan(&r))
		return EXIT_CANNOT;
	if (!r.text && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return screen_check(argv[0], &r.screen) ? EXIT_CANNOT : run_on_screen(&r);
	stop_init(&stop);
	code = run_it(&r, &stop);
	stop_fini(&stop);
	return code;
}
