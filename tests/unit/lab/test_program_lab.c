/*
 * Programs in a lab: the executable starts itself again on a host, as an ordinary user or as the
 * lab's root.
 */
#include "tests/unit/lab/child.h"

#include <poll.h>
#include <sys/socket.h>

#include "src/core/clock.h"
#include "src/lab/program.h"
#include "src/lab/wire.h"

#define PATIENCE_MS 20000

static const char *const two[] = { "client", "server" };

static struct lab *build(void)
{
	struct err e = { .what = "" };
	struct lab *l;

#ifdef __SANITIZE_THREAD__
	SKIP("the thread sanitizer has a thread of its own, and a lab is built by a process with "
	     "one");
#endif
	l = lab_new(two, 2, NULL, NULL, &e);
	if (!l && (e.code == EPERM || e.code == ENOSPC)) {
		fprintf(stderr, "# %s (%s)\n", e.what, e.hint);
		SKIP("this machine refuses to build a lab");
	}
	CHECK_OK(l, e);
	return l;
}

static struct program *start(const struct lab *l, uint8_t host, bool as_root)
{
	struct err e = { .what = "" };
	struct program *p = program_start(l, host, two[host], as_root, &e);

	CHECK_OK(p, e);
	return p;
}

static struct program_report next(struct program *p)
{
	int64_t until = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
	struct pollfd readable = { .fd = program_fd(p), .events = POLLIN };
	struct program_report r;
	struct err e = { .what = "" };
	int n;

	while ((n = program_next(p, &r, &e)) == 0) {
		CHECK(clock_monotonic_ns() < until);
		poll(&readable, 1, 1000);
	}
	CHECK_OK(n == 1, e);
	return r;
}

static void give(struct program *p, const char *name, struct value a, struct value b,
		 struct value c)
{
	const struct call_request r = { .call = call_find(name, strlen(name)), .arg = { a, b, c } };
	struct err e = { .what = "" };

	CHECK_OK(program_call(p, 0, 1, &r, &e) == 0, e);
}

/* The result of a call that was given, or -errno.  The socket behind its descriptor goes to key. */
static int64_t result(struct program *p, struct sock_key *key)
{
	struct program_report r = next(p);
	int64_t value;

	if (r.kind == REPORT_ENTER)
		r = next(p);
	CHECK(r.kind == REPORT_LEAVE);
	value = r.outcome.error ? -r.outcome.error : r.outcome.result;
	if (key)
		*key = r.sock;
	program_report_fini(&r);
	return value;
}

static int64_t call(struct program *p, const char *name, struct value a, struct value b,
		    struct value c)
{
	give(p, name, a, b, c);
	return result(p, NULL);
}

#define NONE   ((struct value){ .kind = VALUE_NONE })
#define INT(n) value_int(n)

static struct value at(const struct lab *l, const char *text)
{
	struct err e = { .what = "" };
	struct addr a;

	CHECK_OK(addr_parse(&a, text, strlen(text), AF_INET, &l->names, &e) == 0, e);
	return value_addr(&a);
}

static void privileges(void)
{
	struct lab *l = build();
	struct program *plain = start(l, 1, false), *root = start(l, 1, true);

	CHECK(call(plain, "socket", INT(AF_INET), INT(SOCK_STREAM), NONE) == 3);
	CHECK(call(plain, "bind", INT(3), at(l, "*:80"), NONE) == -EACCES);
	CHECK(call(plain, "bind", INT(3), at(l, "server:8080"), NONE) == 0);
	CHECK(call(plain, "socket", INT(AF_INET), INT(SOCK_RAW), INT(IPPROTO_ICMP)) == -EPERM);
	CHECK(call(root, "socket", INT(AF_INET), INT(SOCK_STREAM), NONE) == 3);
	CHECK(call(root, "bind", INT(3), at(l, "*:80"), NONE) == 0);
	CHECK(call(root, "bind", INT(3), at(l, "client:81"), NONE) ==
	      -EADDRNOTAVAIL); /* another host's */
	CHECK(call(root, "socket", INT(AF_INET), INT(SOCK_RAW), INT(IPPROTO_ICMP)) == 4);
	program_free(root);
	program_free(plain);
	lab_free(l);
}

static void over_the_wire(void)
{
	const struct wire_config config = { .sample = false, .record = false };
	struct lab *l = build();
	struct err e = { .what = "" };
	struct program *client = start(l, 0, false), *server = start(l, 1, false);
	struct wire *w = wire_start(l, &config, &e);
	struct value where = at(l, "server:8080");
	struct sock_key key;

	CHECK_OK(w, e);
	CHECK(call(server, "socket", INT(AF_INET), INT(SOCK_STREAM), NONE) == 3);
	CHECK(call(server, "bind", INT(3), at(l, "*:8080"), NONE) == 0);
	CHECK(call(server, "listen", INT(3), INT(5), NONE) == 0);
	give(server, "accept", INT(3), NONE, NONE);
	CHECK(call(client, "socket", INT(AF_INET), INT(SOCK_STREAM), NONE) == 3);
	give(client, "connect", INT(3), at(l, "server:8080"), NONE);
	CHECK(result(client, &key) == 0);
	CHECK(addr_equal(&key.remote, &where.addr));
	CHECK(key.cookie != 0 && key.protocol == IPPROTO_TCP);
	CHECK(result(server, NULL) == 4);
	CHECK(call(client, "send", INT(3), value_filled(FILL_PATTERN, 10000), NONE) == 10000);
	CHECK(call(server, "recv", INT(4), INT(10000), INT(MSG_WAITALL)) == 10000);
	CHECK(call(client, "connect", INT(3), at(l, "server:8080"), NONE) == -EISCONN);
	CHECK(program_kill(client, &e) == 0);
	CHECK(call(server, "recv", INT(4), INT(10), NONE) ==
	      0); /* the kernel closes what a dead program had */
	program_free(client);
	program_free(server);
	wire_stop(w);
	lab_free(l);
}

static void privileges_as_outside(void **state)
{
	(void)state;
	in_child(privileges, AS_SELF);
}

static void privileges_as_outside_for_nobody(void **state)
{
	(void)state;
	in_child(privileges, AS_NOBODY);
}

static void programs_talk_over_the_wire(void **state)
{
	(void)state;
	in_child(over_the_wire, AS_NOBODY);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(privileges_as_outside),
		cmocka_unit_test(privileges_as_outside_for_nobody),
		cmocka_unit_test(programs_talk_over_the_wire),
	};

	if (argc == 4 && strcmp(argv[1], "program") == 0)
		program_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
