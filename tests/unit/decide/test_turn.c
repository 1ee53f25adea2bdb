/*
 * Lines that are typed all at once, over a real lab: each test is a process of its own.
 */
#include "tests/unit/lab/child.h"

#include <poll.h>

#include "src/core/clock.h"
#include "src/lab/program.h"
#include "src/turn.h"

#define PATIENCE_NS (20 * NS_PER_S)

struct desk {
	struct session *s;
	struct turns *t;
	struct command_focus focus;
	unsigned refused;
	struct err why; /* the last one */
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
	d.t = turns_new(d.s, NULL);
	CHECK(d.t);
	return d;
}

static void stand_up(struct desk *d)
{
	turns_free(d->t);
	session_free(d->s);
}

/* Lines, separated by new lines, without a moment between them. */
static void type(struct desk *d, const char *lines)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");
		char line[128];
		struct str text = str_on(line, sizeof(line));
		struct err e = { .what = "" };

		str_addn(&text, lines, len);
		CHECK_OK(turns_type(d->t, &d->focus, line, &e) == 0, e);
		lines += len + (lines[len] == '\n');
	}
}

static void work(struct desk *d)
{
	struct pollfd fds[32];
	int timeout;
	size_t n = session_fds(d->s, fds, 32, &timeout);
	int ran, mine = turns_timeout_ms(d->t);

	poll(fds, n, mine >= 0 ? mine : 10);
	session_work(d->s);
	while ((ran = turns_next(d->t, &d->focus, &d->why)) != 0)
		d->refused += ran < 0;
}

/* Works until so many lines wait for something that takes its time. */
static void work_until(struct desk *d, size_t lines)
{
	int64_t until = clock_monotonic_ns() + PATIENCE_NS;

	while (turns_count(d->t) != lines || turns_timeout_ms(d->t) >= 0) {
		CHECK(clock_monotonic_ns() < until);
		work(d);
	}
}

static void wait_for_call(struct desk *d, uint64_t number, enum call_progress want)
{
	int64_t until = clock_monotonic_ns() + PATIENCE_NS;

	while (session_call_progress(d->s, number) != want) {
		CHECK(clock_monotonic_ns() < until);
		work(d);
	}
}

/* Whether call n was this one, and gave that. */
static bool gave(struct desk *d, uint64_t n, const char *name, int64_t result)
{
	const struct call_request *r = session_call_request(d->s, n);
	const struct call_outcome *o = session_call_outcome(d->s, n);

	if (r && r->call && !strcmp(r->call->name, name) && o && o->result == result)
		return true;
	fprintf(stderr, "# call %d is %s = %d\n", (int)n, r && r->call ? r->call->name : "none",
		o ? (int)o->result : -99);
	return false;
}

static bool says(struct desk *d, const char *what)
{
	STR_ON_STACK(text, 200);

	turns_text(d->t, &text);
	if (!strcmp(text.buf, what))
		return true;
	fprintf(stderr, "# it says: %s\n", text.buf);
	return false;
}

#define SERVER                                                                                     \
	"server> s = socket(AF_INET6, SOCK_STREAM)\nbind(s, *:8080)\nlisten(s, 5)\n"               \
	"a = accept(s)\n"

static void each_waits_for_what_it_needs(void)
{
	struct desk d = sit_down();

	type(&d, "server>\n" SERVER "recv(a, 100)\nclose(a)\n"
		 "client> c = socket(AF_INET6, SOCK_STREAM)\nwire> hold\n"
		 "client> connect(c, server:8080)\nclient> send(c, \"x\")\nclient> close(c)\n");
	work_until(&d, 2);
	CHECK(says(&d, "2 lines wait for a = accept(…)"));
	CHECK(gave(&d, 1, "socket", 3) && gave(&d, 2, "bind", 0) && gave(&d, 3, "listen", 0));
	CHECK(gave(&d, 5, "socket", 3));
	/* The name meant the address of the family that the socket turned out to have. */
	CHECK(addr_family(&session_call_request(d.s, 6)->arg[1].addr) == AF_INET6);
	CHECK(session_call_progress(d.s, 6) == CALL_ASLEEP);
	CHECK(session_call_progress(d.s, 8) == CALL_WAITING);
	type(&d, "wire> hold off\nwire> release all\n");
	work_until(&d, 0);
	for (uint64_t call = 4; call <= 10; call++)
		wait_for_call(&d, call, CALL_RETURNED);
	CHECK(gave(&d, 4, "accept", 4) && gave(&d, 6, "connect", 0) && gave(&d, 7, "send", 1));
	CHECK(gave(&d, 8, "close", 0) && gave(&d, 9, "recv", 1) && gave(&d, 10, "close", 0));
	CHECK(!d.refused && says(&d, ""));
	stand_up(&d);
}

static void lines_of_a_thread_stay_in_order(void)
{
	struct desk d = sit_down();

	/* The second socket() needs nothing, and yet must not take the first one's number. */
	type(&d, "thread t of server\nserver>\n" SERVER "server> recv(a, 1)\n"
		 "server> b = socket(AF_INET, SOCK_DGRAM)\n"
		 "t> u = socket(AF_INET, SOCK_DGRAM)\nserver> close(b)\n"
		 "t> close(b)\n");
	work_until(&d, 4);
	CHECK(gave(&d, 5, "socket", 5)); /* of t; accept() has 4 in its hand */
	CHECK(turns_count(d.t) == 4);
	type(&d, "interrupt server\n");
	work_until(&d, 0);
	for (uint64_t call = 4; call <= 9; call++)
		wait_for_call(&d, call, CALL_RETURNED);
	CHECK(gave(&d, 4, "accept", -1) && gave(&d, 6, "recv", -1) && gave(&d, 7, "socket", 4));
	CHECK(session_call_outcome(d.s, 6)->error == EBADF);
	stand_up(&d);
}

static void mistakes_of_each_time(void)
{
	struct desk d = sit_down();
	struct err e = { .what = "" };

	type(&d, "server>\n" SERVER);
	CHECK(turns_type(d.t, &d.focus, "recv(b, 100)", &e) == -1 && e.column == 6);
	CHECK(turns_type(d.t, &d.focus, "bnd(s, *:1)", &e) == -1 && strstr(e.hint, "bind"));
	type(&d, "recv(a, 100)\nclose(a)\n");
	work_until(&d, 2);
	type(&d, "kill server\n");
	work_until(&d, 0);
	CHECK(d.refused == 2 && d.why.column == 0);
	CHECK(!strncmp(d.why.what, "\"close(a)\": ", 12));
	CHECK(strstr(d.why.what, "server is not running") || strstr(d.why.what, "has no value"));
	stand_up(&d);
}

static void they_can_be_taken_back(void)
{
	struct desk d = sit_down();
	struct err e = { .what = "" };

	type(&d, "server>\n" SERVER "recv(a, 100)\n");
	work_until(&d, 1);
	CHECK(says(&d, "1 line waits for a = accept(…)"));
	CHECK(turns_drop(d.t) == 1 && turns_drop(d.t) == 0);
	CHECK(says(&d, ""));
	for (size_t i = 0; i < TURNS_MAX; i++)
		type(&d, "close(a)\n");
	CHECK(turns_type(d.t, &d.focus, "close(a)", &e) == -1 && strstr(e.what, "wait already"));
	CHECK(turns_count(d.t) == TURNS_MAX);
	stand_up(&d);
}

static void test_needs(void **state)
{
	(void)state;
	in_child(each_waits_for_what_it_needs, AS_SELF);
}

static void test_order(void **state)
{
	(void)state;
	in_child(lines_of_a_thread_stay_in_order, AS_SELF);
}

static void test_mistakes(void **state)
{
	(void)state;
	in_child(mistakes_of_each_time, AS_SELF);
}

static void test_taken_back(void **state)
{
	(void)state;
	in_child(they_can_be_taken_back, AS_SELF);
}

/* A lab's programs are this program again, with these arguments. */
int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_taken_back),
	};

	if (argc > 1 && strcmp(argv[1], "program") == 0)
		return program_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
