/*
 * Commands over a real lab: each test is a process of its own, which builds one and types lines.
 */
#include "tests/unit/lab/child.h"

#include <poll.h>
#include <sys/socket.h>

#include "src/command.h"
#include "src/core/clock.h"
#include "src/lab/program.h"
#include "src/script.h"
#include "src/session_names.h"

#define PATIENCE_NS (20 * NS_PER_S)

/* ---- the table ---- */

static void every_command_has_its_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < commands_count; i++) {
		const struct command *c = &commands[i];

		assert_ptr_equal(command_find(c->name, strlen(c->name)), c);
		assert_true(c->usage[0] && c->help[0]);
		assert_int_equal(strncmp(c->usage, c->name, strlen(c->name)), 0);
		assert_true(c->in_file || c->at_prompt);
		/* What can be typed can be run at once; what only scripts know has a step of theirs. */
		assert_true(!c->at_prompt || c->run);
		assert_true(c->run || c->step != STEP_RUN);
		/* "dup" is both: a call has its parenthesis. */
		assert_true(!call_find(c->name, strlen(c->name)) || !strcmp(c->name, "dup"));
	}
	assert_null(command_find("hol", 3));
	assert_null(command_find("", 0));
}

/* ---- a lab ---- */

struct desk {
	struct session *s;
	struct command_focus focus;
};

static struct desk sit_down(void)
{
	const struct session_config config = { .sample = true };
	struct desk d = { 0 };
	struct err e = { .what = "" };

#ifdef __SANITIZE_THREAD__
	SKIP("a lab is built by a process with one thread, and the thread sanitizer has one of its "
	     "own");
#endif
	d.s = session_new_lab(&config, &e);
	if (!d.s && (e.code == EPERM || e.code == ENOSPC)) {
		fprintf(stderr, "# %s (%s)\n", e.what, e.hint);
		SKIP("this machine refuses to build a lab");
	}
	CHECK_OK(d.s, e);
	return d;
}

static void turn(struct session *s)
{
	struct pollfd fds[32];
	int timeout;
	size_t n = session_fds(s, fds, 32, &timeout);

	poll(fds, n, timeout < 0 || timeout > 5 ? 5 : timeout);
	session_work(s);
}

static void type(struct desk *d, const char *text)
{
	struct err e = { .what = "" };

	CHECK_OK(command_run(d->s, &d->focus, text, &e) == 0, e);
}

static void wait_for_call(struct desk *d, uint64_t number, enum call_progress want)
{
	int64_t until = clock_monotonic_ns() + PATIENCE_NS;

	while (session_call_progress(d->s, number) != want) {
		CHECK(clock_monotonic_ns() < until);
		turn(d->s);
	}
}

/* Types a call and waits for its result.  Calls are numbered from 1 in the order in which they are typed. */
static int64_t call(struct desk *d, const char *text, uint64_t number)
{
	type(d, text);
	wait_for_call(d, number, CALL_RETURNED);
	return session_call_outcome(d->s, number)->result;
}

static bool refused(struct desk *d, const char *text, int column, const char *what)
{
	struct err e = { .column = -1 };

	if (command_run(d->s, &d->focus, text, &e) == 0 || e.column != column ||
	    !strstr(e.what, what)) {
		fprintf(stderr, "# %s: column %d: %s\n", text, e.column, e.what);
		return false;
	}
	return true;
}

static void focus_and_calls(void)
{
	struct desk d = sit_down();

	CHECK(!strcmp(command_focus_name(d.s, &d.focus), "client"));
	CHECK(call(&d, "c = socket(AF_INET6, SOCK_STREAM)", 1) == 3);
	type(&d, "server>");
	CHECK(!strcmp(command_focus_name(d.s, &d.focus), "server"));
	CHECK(call(&d, "s = socket(AF_INET6, SOCK_STREAM)", 2) == 3);
	CHECK(call(&d, "s.bind(*:8080)", 3) == 0);
	CHECK(call(&d, "listen(s, 5)", 4) == 0);
	type(&d, "a = accept(s) &");
	wait_for_call(&d, 5, CALL_ASLEEP);
	/* A name means the address of the socket's own family, here IPv6. */
	CHECK(call(&d, "client> connect(c, server:8080)", 6) == 0);
	CHECK(!strcmp(command_focus_name(d.s, &d.focus), "server"));
	wait_for_call(&d, 5, CALL_RETURNED);
	CHECK(addr_family(&session_call_request(d.s, 6)->arg[1].addr) == AF_INET6);
	CHECK(call(&d, "recv(a, 10, MSG_DONTWAIT)", 7) == -1);
	CHECK(session_call_outcome(d.s, 7)->error == EAGAIN);
	session_free(d.s);
}

static void what_is_wrong_has_a_column(void)
{
	struct desk d = sit_down();

	CHECK(refused(&d, "c = sokcet(AF_INET, SOCK_STREAM)", 5, "expected a call"));
	CHECK(refused(&d, "server> listen(s, 5)", 16, "expected a socket"));
	CHECK(refused(&d, "wire> hold if tpc", 15, "filter"));
	CHECK(refused(&d, "release", 0, "no packet is held"));
	CHECK(refused(&d, "interrupt", 0, "not in a call"));
	CHECK(refused(&d, "expect packet", 1, "belongs in a lab file"));
	CHECK(refused(&d, "thread server of client", 8, "there is a server already"));
	CHECK(call(&d, "s = socket(AF_INET, SOCK_DGRAM)", 1) == 3);
	type(&d, "r = recv(s, 10)");
	/* What a call will give is not there before. */
	CHECK(refused(&d, "close(r)", 7, "no value yet"));
	CHECK(call(&d, "server> socket(AF_INET, SOCK_DGRAM) # fine", 3) == 3);
	type(&d, "");
	type(&d, "   # nothing");
	session_free(d.s);
}

/* A focus is nothing that was typed: with the wire's, too, the lab takes all its commands. */
static void the_wire_has_a_focus(void)
{
	struct desk d = sit_down();

	type(&d, "wire>");
	CHECK(!strcmp(command_focus_name(d.s, &d.focus), "wire"));
	type(&d, "delay 1ms");
	type(&d, "thread t of server");
	type(&d, "program peer on server");
	CHECK(session_threads(d.s, 1) == 2 && session_programs(d.s) == 3);
	CHECK(refused(&d, "c = socket(AF_INET, SOCK_DGRAM)", 1, "the wire makes no calls"));
	CHECK(refused(&d, "interrupt server", 0, "not in a call"));
	CHECK(refused(&d, "interrupt", 10, "expected a program or a thread"));
	CHECK(refused(&d, "wire> thread u of server", 7, "thread is a command of the lab"));
	type(&d, "kill peer");
	CHECK(call(&d, "client> socket(AF_INET, SOCK_DGRAM)", 1) == 3);
	CHECK(d.focus.wire && d.focus.last_call == 1 && d.focus.last_program == 0);
	type(&d, "server>");
	CHECK(!strcmp(command_focus_name(d.s, &d.focus), "server") && !d.focus.last_call);
	session_free(d.s);
}

static size_t count_commands(struct desk *d, const char *target, const char *text)
{
	struct trace *t = session_trace(d->s);
	size_t n = 0;

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct event *ev = trace_entry(t, row)->kind == EVENT_COMMAND
						 ? trace_event(t, row, NULL)
						 : NULL;

		n += ev && !strcmp(ev->command.target, target) && !strcmp(ev->command.text, text);
	}
	return n;
}

static void commands_act_and_are_recorded(void)
{
	struct desk d = sit_down();

	type(&d, "wire>   hold if udp   # all of it");
	type(&d, "delay 1ms from server");
	CHECK(count_commands(&d, "wire", "hold if udp") == 1);
	CHECK(count_commands(&d, "wire", "delay 1ms from server") == 1);
	CHECK(call(&d, "c = socket(AF_INET, SOCK_DGRAM)", 1) == 3);
	CHECK(call(&d, "sendto(c, \"x\", server:9)", 2) == 1);
	session_settle(d.s);
	type(&d, "drop all");

	type(&d, "thread t of client");
	CHECK(session_threads(d.s, 0) == 2);
	CHECK(!strcmp(session_thread_name(d.s, 0, 1), "t"));
	type(&d, "t>");
	CHECK(d.focus.program == 0 && d.focus.thread == 1);
	type(&d, "recv(c, 10)");
	wait_for_call(&d, 3, CALL_ASLEEP);
	type(&d, "interrupt t");
	wait_for_call(&d, 3, CALL_RETURNED);
	CHECK(session_call_outcome(d.s, 3)->error == EINTR);

	type(&d, "program peer on server");
	CHECK(call(&d, "peer> socket(AF_UNIX, SOCK_STREAM)", 4) == 3);
	type(&d, "recv(c, 10)");
	wait_for_call(&d, 5, CALL_ASLEEP);
	type(&d, "kill client");
	wait_for_call(&d, 5, CALL_DIED);
	CHECK(refused(&d, "client> socket(AF_INET, SOCK_STREAM)", 0, "client is not running"));
	type(&d, "say that is that");
	session_free(d.s);
}

struct offers {
	const char *wanted;
	unsigned times;
};

static void collect(void *context, const struct parse_offer *o)
{
	struct offers *got = context;

	got->times += !strcmp(o->word, got->wanted);
}

static unsigned offered(struct desk *d, const char *text, const char *wanted)
{
	struct offers got = { .wanted = wanted };

	command_complete(d->s, &d->focus, text, strlen(text), collect, &got);
	return got.times;
}

static void keep_first(void *context, const struct parse_offer *o)
{
	struct str *words = context;

	if (words->len < 24 && !o->placeholder)
		str_addf(words, "%s ", o->word);
}

static void families_of_the_lab_come_first(void)
{
	struct desk d = sit_down();
	STR_ON_STACK(words, 128);

	command_complete(d.s, &d.focus, "socket(", 7, keep_first, &words);
	CHECK(!strcmp(words.buf, "AF_INET AF_INET6 AF_UNIX "));
	CHECK(offered(&d, "socket(AF_UNIX", "AF_UNIX") == 1);
	CHECK(offered(&d, "socket(", "AF_LOCAL") == 1);
	CHECK(offered(&d, "socket(", "AF_AX25") == 1);
	session_free(d.s);
}

static void completion_knows_the_session(void)
{
	struct desk d = sit_down();

	CHECK(call(&d, "server> listener = socket(AF_INET, SOCK_STREAM)", 1) == 3);
	CHECK(call(&d, "server> bind(listener, *:8080)", 2) == 0);
	CHECK(call(&d, "server> listen(listener, 1)", 3) == 0);
	session_settle(d.s);
	type(&d, "thread helper of server");
	CHECK(offered(&d, "server> accept(", "listener") == 1);
	CHECK(offered(&d, "helper> accept(li", "listener") == 1);
	CHECK(offered(&d, "accept(", "listener") == 0);
	CHECK(offered(&d, "connect(3, ", "server:8080") == 1);
	CHECK(offered(&d, "he", "helper>") == 1);
	CHECK(offered(&d, "interrupt ", "helper") == 1);
	CHECK(offered(&d, "wi", "wire>") == 1);
	session_free(d.s);
}

/* ---- scripts ---- */

static enum script_state run_until(struct desk *d, struct script_run *r, enum script_state want)
{
	int64_t until = clock_monotonic_ns() + PATIENCE_NS;
	enum script_state now;

	while ((now = script_work(r)) != want && (now == SCRIPT_RUNNING || now == SCRIPT_WAITING)) {
		CHECK(clock_monotonic_ns() < until);
		turn(d->s);
	}
	return now;
}

static struct script_run *start(struct desk *d, const char *text, bool interactive)
{
	struct err e = { .what = "" };
	struct script script;
	struct script_run *r;

	CHECK_OK(parse_script(&script, "x.lab", text, strlen(text), &e) == 0, e);
	r = script_new(d->s, &script, interactive, &e);
	CHECK_OK(r, e);
	return r;
}

static bool has_note(struct desk *d, const char *text)
{
	struct trace *t = session_trace(d->s);

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct event *ev =
			trace_entry(t, row)->kind == EVENT_NOTE ? trace_event(t, row, NULL) : NULL;

		if (ev && !strcmp(ev->note.text, text))
			return true;
	}
	return false;
}

static void a_lesson_waits_to_be_read(void)
{
	struct desk d = sit_down();
	struct script_run *r = start(&d,
				     "title T\n"
				     "say one\n"
				     "say two\n"
				     "client> c = socket(AF_INET, SOCK_DGRAM) -> 3\n"
				     "ask What is c()? | a file | *a socket (3) | nothing\n"
				     "pause\n"
				     "wait return client recv\n",
				     true);
	const char *line;

	CHECK(run_until(&d, r, SCRIPT_PAUSED) == SCRIPT_PAUSED);
	CHECK(has_note(&d, "one two"));
	CHECK(script_line(r, &line) == 2);
	CHECK(script_timeout_ms(r) == -1);
	CHECK(script_work(r) == SCRIPT_PAUSED);
	script_resume(r);
	CHECK(run_until(&d, r, SCRIPT_PAUSED) == SCRIPT_PAUSED);
	CHECK(script_held(r) == 1);
	CHECK(has_note(&d, "What is c()?  a) a file  b) a socket (3)  c) nothing"));
	CHECK(!has_note(&d, "Answer: a socket (3)."));
	script_resume(r);
	CHECK(has_note(&d, "Answer: a socket (3)."));
	CHECK(run_until(&d, r, SCRIPT_PAUSED) == SCRIPT_PAUSED);
	script_resume(r);
	/* Now it is a person who is waited for, without a limit. */
	CHECK(script_work(r) == SCRIPT_WAITING);
	CHECK(script_timeout_ms(r) == -1);
	CHECK(call(&d, "client> recv(c, 1, MSG_DONTWAIT)", 2) == -1);
	CHECK(run_until(&d, r, SCRIPT_DONE) == SCRIPT_DONE);
	CHECK(script_line(r, &line) == 0 && !line[0]);
	CHECK(!strcmp(script_title(r), "T"));
	script_free(r);
	session_free(d.s);
}

static void a_person_answers(void)
{
	struct desk d = sit_down();
	struct script_run *r = start(&d,
				     "client> c = socket(AF_INET, SOCK_STREAM)\n"
				     "ask What does the server's kernel send? | nothing | *SYN ACK "
				     "<- packet server flags\n"
				     "client> connect(c, server:8080) -> ECONNREFUSED\n"
				     "ask Which error was it? | *ECONNREFUSED | ETIMEDOUT\n"
				     "ask Which state is the socket in? <- state c\n"
				     "pause\n",
				     true);
	const struct asked *a;
	size_t count;

	CHECK(!script_question(r));
	CHECK(run_until(&d, r, SCRIPT_PAUSED) == SCRIPT_PAUSED);
	CHECK((a = script_question(r)) && a->question.choices == 2 && !a->known);
	/* The file is wrong; on the screen the trace is believed, and nothing fails. */
	script_answer(r, "rst");
	CHECK(run_until(&d, r, SCRIPT_PAUSED) == SCRIPT_PAUSED);
	a = script_asked(r, &count);
	CHECK(count == 2 && a[0].known && a[0].by_trace && a[0].right &&
	      !strcmp(a[0].truth, "RST ACK"));
	CHECK(!strcmp(script_question(r)->question.text, "Which error was it?"));
	script_answer(r, "b");
	a = script_asked(r, &count);
	CHECK(a[1].known && !a[1].right && a[1].choice == 0);
	CHECK(has_note(&d, "Not right (b). The answer is: ECONNREFUSED."));
	CHECK(run_until(&d, r, SCRIPT_PAUSED) == SCRIPT_PAUSED);
	script_answer(r, " closed ");
	CHECK(run_until(&d, r, SCRIPT_PAUSED) == SCRIPT_PAUSED);
	a = script_asked(r, &count);
	CHECK(count == 3 && a[2].right && a[2].choice == -1);
	CHECK(!script_question(r));
	script_resume(r);
	CHECK(run_until(&d, r, SCRIPT_DONE) == SCRIPT_DONE);
	script_free(r);
	session_free(d.s);
}

static void each_expectation_is_judged(void)
{
	struct desk d = sit_down();
	struct script_run *r = start(&d,
				     "server> s = socket(AF_INET, SOCK_DGRAM) -> 3\n"
				     "server> bind(s, *:2000) -> 0\n"
				     "server> recv(s, 10) -> \"x\" &\n"
				     "expect within 1ms state s LISTEN\n"
				     "expect blocked server recv\n"
				     "ask What? | *4 <- return client socket\n"
				     "client> c = socket(AF_INET, SOCK_DGRAM) -> 3\n"
				     "expect no packet\n"
				     "client> sendto(c, \"y\", 0, server:2000) -> 1\n",
				     false);
	const struct script_failure *f;
	size_t count;

	script_keep_going(r);
	CHECK(script_expected(r) == 9);
	CHECK(run_until(&d, r, SCRIPT_FAILED) == SCRIPT_FAILED);
	f = script_failures(r, &count);
	CHECK(count == 3);
	CHECK(f[0].line == 4 && f[1].line == 6 && f[2].line == 3);
	CHECK(strstr(f[2].reason, "recv(3, 10)") && !strcmp(script_reason(r), f[0].reason));
	CHECK(script_held(r) == 6);
	CHECK(script_work(r) == SCRIPT_FAILED);
	script_free(r);
	session_free(d.s);
}

static void a_failure_says_what_was_there(void)
{
	struct desk d = sit_down();
	struct script_run *r = start(&d,
				     "\n"
				     "client> c = socket(AF_INET, SOCK_DGRAM)\n"
				     "client> recv(c, 10, MSG_DONTWAIT) -> \"x\"\n"
				     "say never\n",
				     false);

	CHECK(run_until(&d, r, SCRIPT_FAILED) == SCRIPT_FAILED);
	CHECK(!strncmp(script_reason(r), "x.lab:3: ", 9));
	CHECK(strstr(script_reason(r), "recv(3, 10, MSG_DONTWAIT) = -1 EAGAIN"));
	CHECK(!has_note(&d, "never"));
	CHECK(has_note(&d, script_reason(r)));
	CHECK(script_work(r) == SCRIPT_FAILED);
	script_free(r);

	r = start(&d, "say before\nneeds linux 99.0\n", false);
	CHECK(script_state(r) == SCRIPT_CANNOT && script_work(r) == SCRIPT_CANNOT);
	CHECK(!has_note(&d, "before"));
	CHECK(!strncmp(script_reason(r), "x.lab:2: it needs Linux 99.0", 28));
	script_free(r);

	r = start(&d, "", false);
	CHECK(run_until(&d, r, SCRIPT_DONE) == SCRIPT_DONE);
	script_free(r);
	session_free(d.s);
}

/* The same descriptor, three times another socket: each variable keeps its own. */
static void variables_mean_sockets(void)
{
	struct desk d = sit_down();
	struct script_run *r = start(&d,
				     "server> s = socket(AF_INET, SOCK_STREAM)\n"
				     "server> bind(s, *:8080)\n"
				     "server> listen(s, 5)\n"
				     "client> c = socket(AF_INET, SOCK_STREAM)\n"
				     "client> connect(c, server:8080)\n"
				     "server> a = accept(s)\n"
				     "client> close(c)\n"
				     "client> d = socket(AF_INET, SOCK_DGRAM) -> 3\n"
				     "client> connect(d, server:9)\n"
				     "expect  state d CONNECTED\n"
				     "client> close(d)\n"
				     "client> e = socket(AF_INET, SOCK_STREAM) -> 3\n"
				     "client> connect(e, server:8080)\n"
				     "expect  state e ESTABLISHED\n"
				     "expect  state c SYN-SENT\n"
				     "expect  state c ESTABLISHED\n"
				     "expect  state c FIN-WAIT-2\n"
				     "server> close(a)\n"
				     "expect  state c TIME-WAIT\n"
				     "expect  within 50ms state c FIN-WAIT-2\n",
				     false);

	CHECK(run_until(&d, r, SCRIPT_FAILED) == SCRIPT_FAILED);
	CHECK(!strncmp(script_reason(r), "x.lab:20: ", 10));
	CHECK(strstr(script_reason(r), "TIME-WAIT"));
	script_free(r);
	session_free(d.s);
}

static void in_a_lab(void **state)
{
	in_child((void (*)(void)) * state, AS_SELF);
}

#define LAB_TEST(body)                                                                             \
	{                                                                                          \
#body, in_a_lab, NULL, NULL, (void *)(body)                                        \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_has_its_row),
		LAB_TEST(focus_and_calls),
		LAB_TEST(what_is_wrong_has_a_column),
		LAB_TEST(the_wire_has_a_focus),
		LAB_TEST(commands_act_and_are_recorded),
		LAB_TEST(families_of_the_lab_come_first),
		LAB_TEST(completion_knows_the_session),
		LAB_TEST(a_lesson_waits_to_be_read),
		LAB_TEST(a_person_answers),
		LAB_TEST(each_expectation_is_judged),
		LAB_TEST(a_failure_says_what_was_there),
		LAB_TEST(variables_mean_sockets),
	};

	if (argc == 4 && strcmp(argv[1], "program") == 0)
		return program_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
