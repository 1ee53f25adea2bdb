/*
 * Programs in this network namespace: loopback and Unix sockets, no privilege.  The process is a
 * fork of the test that runs program_main(), which is all that program_start() does but for the
 * namespaces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/core/clock.h"
#include "src/core/names.h"
#include "src/lab/program.h"

#define PATIENCE_MS 20000 /* for anything that must happen */

/* ---- a program to test with ---- */

static struct program *start(void)
{
	char self[] = "test", command[] = "program", name[] = "tested", number[16];
	char *argv[] = { self, command, number, name, NULL };
	struct str text = str_on(number, sizeof(number));
	struct err e = { .code = 0 };
	struct program *p;
	int near, far;
	pid_t pid;

	assert_int_equal(program_socket(&near, &far, &e), 0);
	assert_true(far >= 900);
	str_addf(&text, "%d", far);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		syscall(SYS_close_range, 3u, (unsigned)far - 1, 0);
		syscall(SYS_close_range, (unsigned)far + 1, ~0u, 0);
		program_main(4, argv);
	}
	close(far);
	p = program_adopt(pid, near, 7, name, &e);
	if (!p)
		fail_msg("%s", e.what);
	return p;
}

static struct program_report next(struct program *p)
{
	int64_t until = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
	struct pollfd readable = { .fd = program_fd(p), .events = POLLIN };
	struct program_report r;
	struct err e = { .code = 0 };
	int n;

	while ((n = program_next(p, &r, &e)) == 0) {
		assert_true(clock_monotonic_ns() < until);
		poll(&readable, 1, 1000);
	}
	if (n < 0)
		fail_msg("%s", e.what);
	return r;
}

/* ---- requests ---- */

static struct value none(void)
{
	return (struct value){ .kind = VALUE_NONE };
}

static struct value text(const char *t)
{
	return value_data(t, strlen(t));
}

static struct value list(size_t n, const struct value *items)
{
	struct value l = { .kind = VALUE_LIST };

	for (size_t i = 0; i < n; i++)
		value_list_add(&l, items[i]);
	return l;
}
#define LIST(...)                                                                                  \
	list(sizeof((struct value[]){ __VA_ARGS__ }) / sizeof(struct value),                       \
	     (struct value[]){ __VA_ARGS__ })
#define INT(n) value_int(n)

static uint64_t numbers; /* of calls given, in all tests */

/* Gives a call to a thread.  Takes the values. */
static uint64_t give(struct program *p, uint32_t thread, const char *name, size_t args,
		     const struct value *arg)
{
	struct call_request r = { .call = call_find(name, strlen(name)) };
	struct err e = { .code = 0 };

	assert_non_null(r.call);
	for (size_t i = 0; i < args; i++)
		r.arg[i] = arg[i];
	if (program_call(p, thread, ++numbers, &r, &e))
		fail_msg("%s", e.what);
	call_request_fini(&r);
	return numbers;
}
#define GIVE(p, thread, name, ...)                                                                 \
	give(p, thread, name, sizeof((struct value[]){ __VA_ARGS__ }) / sizeof(struct value),      \
	     (struct value[]){ __VA_ARGS__ })

static void entered(struct program *p, uint32_t thread, uint64_t number)
{
	struct program_report r = next(p);

	assert_int_equal(r.kind, REPORT_ENTER);
	assert_int_equal(r.thread, thread);
	assert_int_equal(r.number, number);
}

static struct program_report left(struct program *p, uint64_t number)
{
	struct program_report r = next(p);

	assert_int_equal(r.kind, REPORT_LEAVE);
	assert_int_equal(r.number, number);
	return r;
}

/* A call of thread 0 from beginning to end; the report is the caller's. */
static struct program_report full(struct program *p, const char *name, size_t args,
				  const struct value *arg)
{
	int64_t before = clock_now_ns();
	uint64_t number = give(p, 0, name, args, arg);
	struct program_report enter = next(p), leave;

	assert_int_equal(enter.kind, REPORT_ENTER);
	assert_int_equal(enter.number, number);
	leave = left(p, number);
	assert_true(before <= enter.ts_ns && enter.ts_ns <= leave.ts_ns &&
		    leave.ts_ns <= clock_now_ns());
	return leave;
}
#define FULL(p, name, ...)                                                                         \
	full(p, name, sizeof((struct value[]){ __VA_ARGS__ }) / sizeof(struct value),              \
	     (struct value[]){ __VA_ARGS__ })

static int64_t result_of(struct program_report r)
{
	int64_t result = r.outcome.result < 0 ? -r.outcome.error : r.outcome.result;

	program_report_fini(&r);
	return result;
}
#define RESULT(...) result_of(FULL(__VA_ARGS__))

/* ---- sockets of every kind ---- */

static const uint8_t loopback4[4] = { 127, 0, 0, 1 };
static const uint8_t loopback6[16] = { [15] = 1 };

struct kind {
	int family, type;
	const char *name;
};
static const struct kind kinds[] = {
	{ AF_INET, SOCK_STREAM, "every call: IPv4 stream" },
	{ AF_INET, SOCK_DGRAM, "every call: IPv4 datagram" },
	{ AF_INET6, SOCK_STREAM, "every call: IPv6 stream" },
	{ AF_INET6, SOCK_DGRAM, "every call: IPv6 datagram" },
	{ AF_UNIX, SOCK_STREAM, "every call: Unix stream" },
	{ AF_UNIX, SOCK_DGRAM, "every call: Unix datagram" },
	{ AF_UNIX, SOCK_SEQPACKET, "every call: Unix seqpacket" },
};

/* An address to bind to: any port, or an abstract name that nobody else has. */
static struct value fresh_address(int family)
{
	STR_ON_STACK(unix_text, 64);
	struct addr a = { .len = 0 };

	if (family == AF_INET)
		a = addr_v4(loopback4, 0);
	if (family == AF_INET6)
		a = addr_v6(loopback6, 0);
	if (family == AF_UNIX) {
		str_addf(&unix_text, "unix:@socklens-test-%d-%llu", getpid(),
			 (unsigned long long)++numbers);
		assert_int_equal(
			addr_parse(&a, unix_text.buf, unix_text.len, AF_UNSPEC, NULL, NULL), 0);
	}
	return value_addr(&a);
}

static struct value own_address(struct program *p, int fd)
{
	struct program_report r = FULL(p, "getsockname", INT(fd));
	struct addr a = r.outcome.addr;

	assert_int_equal(r.outcome.result, 0);
	assert_true(a.len > 0);
	assert_true(addr_equal(&a, &r.sock.local));
	program_report_fini(&r);
	return value_addr(&a);
}

/* A bound socket; for streams a listening one. */
static int64_t bound(struct program *p, const struct kind *k, struct value *where)
{
	int64_t fd = RESULT(p, "socket", INT(k->family), INT(k->type));

	if (fd < 0)
		return fd;
	assert_int_equal(RESULT(p, "bind", INT(fd), fresh_address(k->family)), 0);
	*where = own_address(p, (int)fd);
	return fd;
}

static void received(struct program_report r, const char *expected)
{
	assert_int_equal(r.outcome.result, strlen(expected));
	assert_int_equal(r.outcome.data_kept, strlen(expected));
	if (*expected)
		assert_memory_equal(r.outcome.data, expected, strlen(expected));
	program_report_fini(&r);
}

/* Every receiving call, of what every sending call sent from one end to the other. */
static void talk(struct program *p, int a, int b)
{
	assert_int_equal(RESULT(p, "send", INT(a), text("one")), 3);
	received(FULL(p, "recv", INT(b), INT(100)), "one");
	assert_int_equal(RESULT(p, "write", INT(a), text("two")), 3);
	received(FULL(p, "read", INT(b), INT(100)), "two");
	assert_int_equal(RESULT(p, "sendmsg", INT(a), LIST(text("th"), text("ree"))), 5);
	received(FULL(p, "recvmsg", INT(b), INT(100)), "three");
	assert_int_equal(RESULT(p, "sendto", INT(a), value_filled(FILL_PATTERN, 4), INT(0), none()),
			 4);
	received(FULL(p, "recvfrom", INT(b), INT(100)), "abcd");
}

static void check_sockopts(struct program *p, const struct kind *k, int fd)
{
	struct program_report r = FULL(p, "getsockopt", INT(fd), INT(SOL_SOCKET), INT(SO_TYPE));

	assert_int_equal(r.outcome.result, 0);
	assert_int_equal(r.outcome.option.number, k->type);
	assert_int_equal(r.sock.type, k->type);
	assert_int_equal(r.sock.family, k->family);
	assert_true(r.sock.cookie != 0 && r.sock.inode != 0);
	program_report_fini(&r);
	assert_int_equal(
		RESULT(p, "setsockopt", INT(fd), INT(SOL_SOCKET), INT(SO_RCVTIMEO), INT(1500)), 0);
	r = FULL(p, "getsockopt", INT(fd), INT(SOL_SOCKET), INT(SO_RCVTIMEO));
	assert_int_equal(r.outcome.option.items, 2);
	assert_int_equal(r.outcome.option.item[0].number, 1);
	assert_true(r.outcome.option.item[1].number >=
		    500000); /* the kernel rounds up to its ticks */
	program_report_fini(&r);
	assert_int_equal(
		RESULT(p, "setsockopt", INT(fd), INT(SOL_SOCKET), INT(SO_RCVTIMEO), INT(0)), 0);
}

/* Ends both ends of a pair and sees the end of file, where the kind has one. */
static void part(struct program *p, const struct kind *k, int a, int b)
{
	struct program_report r;

	if (k->type != SOCK_DGRAM) {
		assert_int_equal(RESULT(p, "shutdown", INT(a), INT(SHUT_WR)), 0);
		received(FULL(p, "recv", INT(b), INT(100)), "");
	}
	r = FULL(p, "close", INT(a));
	assert_int_equal(r.outcome.result, 0);
	assert_int_equal(r.sock.type, k->type); /* known although it is gone */
	program_report_fini(&r);
	assert_int_equal(RESULT(p, "close", INT(b)), 0);
	assert_int_equal(RESULT(p, "close", INT(b)), -EBADF);
}

static void connected_kind(struct program *p, const struct kind *k)
{
	struct value where;
	struct program_report r;

	assert_int_equal(bound(p, k, &where), 3);
	assert_int_equal(RESULT(p, "listen", INT(3), INT(5)), 0);
	assert_int_equal(RESULT(p, "socket", INT(k->family), INT(k->type)), 4);
	assert_int_equal(RESULT(p, "getpeername", INT(4)), -ENOTCONN);
	assert_int_equal(RESULT(p, "connect", INT(4), where), 0);
	r = FULL(p, "getpeername", INT(4));
	assert_true(addr_equal(&r.outcome.addr, &where.addr));
	program_report_fini(&r);
	r = FULL(p, "accept", INT(3), none());
	assert_int_equal(r.outcome.result, 5);
	assert_int_equal(addr_family(&r.outcome.addr), k->family);
	assert_int_equal(r.made.family, k->family);
	assert_true(r.made.cookie != 0 && r.made.cookie != r.sock.cookie);
	assert_true(addr_equal(&r.made.local, &where.addr));
	program_report_fini(&r);
	check_sockopts(p, k, 5);
	talk(p, 4, 5);
	talk(p, 5, 4);
	part(p, k, 4, 5);
	assert_int_equal(RESULT(p, "close", INT(3)), 0);
}

static void datagram_kind(struct program *p, const struct kind *k)
{
	struct value server, client;
	struct program_report r;

	assert_int_equal(bound(p, k, &server), 3);
	assert_int_equal(bound(p, k, &client), 4);
	assert_int_equal(RESULT(p, "sendto", INT(4), text("ask"), INT(0), server), 3);
	r = FULL(p, "recvfrom", INT(3), INT(100), none(), none());
	assert_true(addr_equal(&r.outcome.addr, &client.addr));
	received(r, "ask");
	assert_int_equal(RESULT(p, "sendmsg", INT(3), LIST(client, text("ans"), text("wer"))), 6);
	r = FULL(p, "recvmsg", INT(4), INT(3));
	assert_true(addr_equal(&r.outcome.addr, &server.addr));
	assert_true(r.outcome.msg_flags & MSG_TRUNC);
	received(r, "ans");
	assert_int_equal(RESULT(p, "connect", INT(4), server), 0);
	assert_int_equal(RESULT(p, "connect", INT(3), client), 0);
	check_sockopts(p, k, 4);
	talk(p, 4, 3);
	part(p, k, 4, 3);
}

static bool has_family(int family)
{
	int fd = socket(family, SOCK_DGRAM, 0);
	struct addr a = addr_v6(loopback6, 0);
	bool has = fd >= 0 && (family != AF_INET6 || bind(fd, &a.u.sa, a.len) == 0);

	if (fd >= 0)
		close(fd);
	return has;
}

static void every_call(void **state)
{
	const struct kind *k = *state;
	struct program *p;

	if (!has_family(k->family)) {
		print_message("# no loopback address of that family here\n");
		skip();
	}
	p = start();
	if (k->type == SOCK_DGRAM)
		datagram_kind(p, k);
	else
		connected_kind(p, k);
	program_free(p);
}

static void descriptors_start_at_three(void **state)
{
	struct program *p = start();
	struct program_report r;

	(void)state;
	assert_string_equal(program_name(p), "tested");
	assert_int_equal(program_host(p), 7);
	for (int fd = 3; fd < 8; fd++)
		assert_int_equal(RESULT(p, "socket", INT(AF_UNIX), INT(SOCK_STREAM)), fd);
	assert_int_equal(RESULT(p, "close", INT(5)), 0);
	assert_int_equal(RESULT(p, "socket", INT(AF_UNIX), INT(SOCK_DGRAM)), 5);
	r = FULL(p, "fcntl", INT(5), INT(F_DUPFD), INT(20));
	assert_int_equal(r.outcome.result, 20);
	assert_true(r.sock.cookie != 0 && r.made.cookie == r.sock.cookie);
	program_report_fini(&r);
	program_free(p);
}

static void fcntl_poll_and_accept4(void **state)
{
	struct program *p = start();
	struct value where;
	struct program_report r;

	(void)state;
	assert_int_equal(bound(p, &kinds[0], &where), 3);
	assert_int_equal(RESULT(p, "listen", INT(3), INT(5)), 0);
	assert_int_equal(RESULT(p, "fcntl", INT(3), INT(F_SETFL), INT(O_NONBLOCK)), 0);
	assert_true(RESULT(p, "fcntl", INT(3), INT(F_GETFL)) & O_NONBLOCK);
	assert_int_equal(RESULT(p, "accept4", INT(3), none(), INT(SOCK_NONBLOCK)), -EAGAIN);
	assert_int_equal(RESULT(p, "poll", LIST(INT(3), INT(POLLIN)), INT(0)), 0);
	assert_int_equal(RESULT(p, "socket", INT(AF_INET), INT(SOCK_STREAM)), 4);
	assert_int_equal(RESULT(p, "connect", INT(4), where), 0);
	r = FULL(p, "poll", LIST(INT(4), INT(POLLIN), INT(3), INT(POLLIN)), INT(PATIENCE_MS));
	assert_int_equal(r.outcome.result, 1);
	assert_int_equal(r.outcome.revents.items, 2);
	assert_int_equal(r.outcome.revents.item[0].number, 3);
	assert_int_equal(r.outcome.revents.item[1].number, POLLIN);
	program_report_fini(&r);
	assert_int_equal(RESULT(p, "accept4", INT(3), none(), INT(SOCK_NONBLOCK)), 5);
	assert_int_equal(RESULT(p, "recv", INT(5), INT(10)), -EAGAIN);
	program_free(p);
}

static void unix_paths_too(void **state)
{
	char dir[] = "/tmp/socklens-test-XXXXXX";
	STR_ON_STACK(path, 64);
	struct program *p = start();
	struct addr a;

	(void)state;
	assert_non_null(mkdtemp(dir));
	str_addf(&path, "unix:%s/s", dir);
	assert_int_equal(addr_parse(&a, path.buf, path.len, AF_UNSPEC, NULL, NULL), 0);
	assert_int_equal(RESULT(p, "socket", INT(AF_UNIX), INT(SOCK_STREAM)), 3);
	assert_int_equal(RESULT(p, "bind", INT(3), value_addr(&a)), 0);
	assert_int_equal(RESULT(p, "socket", INT(AF_UNIX), INT(SOCK_STREAM)), 4);
	assert_int_equal(RESULT(p, "bind", INT(4), value_addr(&a)), -EADDRINUSE);
	assert_int_equal(unlink(path.buf + strlen("unix:")), 0);
	assert_int_equal(rmdir(dir), 0);
	program_free(p);
}

/* ---- errors are lessons ---- */

static void errors_are_executed(void **state)
{
	struct program *p = start();
	struct value where, refused;

	(void)state;
	assert_int_equal(RESULT(p, "send", INT(99), text("x")), -EBADF);
	assert_int_equal(RESULT(p, "close", INT(-1)), -EBADF);
	assert_int_equal(RESULT(p, "listen", INT(0), INT(5)), -ENOTSOCK);
	assert_int_equal(RESULT(p, "socket", INT(AF_INET), INT(77)), -EINVAL);
	assert_int_equal(bound(p, &kinds[0], &where), 3);
	assert_int_equal(RESULT(p, "listen", INT(3), INT(5)), 0);
	assert_int_equal(RESULT(p, "socket", INT(AF_INET), INT(SOCK_STREAM)), 4);
	assert_int_equal(RESULT(p, "bind", INT(4), where), -EADDRINUSE);
	assert_int_equal(RESULT(p, "close", INT(4)), 0);
	assert_int_equal(bound(p, &kinds[0], &refused), 4); /* bound, but nobody listens */
	assert_int_equal(RESULT(p, "socket", INT(AF_INET), INT(SOCK_STREAM)), 5);
	assert_int_equal(RESULT(p, "connect", INT(5), refused), -ECONNREFUSED);
	assert_int_equal(RESULT(p, "recv", INT(5), INT(10)), -ENOTCONN);
	for (int fd = 900; fd < 910; fd++) /* the message socket is not there for the program */
		assert_int_equal(RESULT(p, "close", INT(fd)), -EBADF);
	assert_int_equal(RESULT(p, "close", INT(5)), 0);
	program_free(p);
}

static void unfit_calls_are_not_given(void **state)
{
	struct program *p = start();
	struct call_request r = { .call = call_find("recv", 4), .arg = { INT(3), INT(-1) } };
	struct err e;
	uint64_t number;

	(void)state;
	assert_int_equal(program_call(p, 0, 1, &r, &e), -1);
	r.arg[1] = INT(10);
	assert_int_equal(program_call(p, 1, 1, &r, &e), -1); /* no such thread */
	assert_int_equal(program_interrupt(p, 0, &e), -1); /* in no call */
	number = GIVE(p, 0, "poll", LIST(INT(0), INT(0)), INT(PATIENCE_MS));
	assert_int_equal(program_call(p, 0, 1, &r, &e), -1); /* busy */
	entered(p, 0, number);
	program_free(p);
}

static void so_error_is_read(void **state)
{
	struct program *p = start();
	struct value refused;
	struct program_report r;

	(void)state;
	assert_int_equal(bound(p, &kinds[0], &refused), 3);
	assert_int_equal(RESULT(p, "socket", INT(AF_INET), INT(SOCK_STREAM | SOCK_NONBLOCK)), 4);
	RESULT(p, "connect", INT(4), refused);
	RESULT(p, "poll", LIST(INT(4), INT(POLLOUT)), INT(PATIENCE_MS));
	r = FULL(p, "getsockopt", INT(4), INT(SOL_SOCKET), INT(SO_ERROR));
	assert_int_equal(r.outcome.option.number, ECONNREFUSED);
	program_report_fini(&r);
	r = FULL(p, "getsockopt", INT(4), INT(IPPROTO_TCP), INT(TCP_CONGESTION));
	assert_int_equal(r.outcome.option.kind, VALUE_DATA);
	assert_true(r.outcome.option.len > 0);
	program_report_fini(&r);
	program_free(p);
}

/* ---- blocking ---- */

static void until_asleep(struct program *p, uint32_t thread)
{
	int64_t until = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
	struct program_report none_yet;

	while (!program_sleeps(p, thread)) {
		assert_int_equal(program_next(p, &none_yet, NULL), 0);
		assert_true(clock_monotonic_ns() < until);
	}
}

/* Interrupts until the call is over; the signal may come before the sleep. */
static struct program_report interrupted(struct program *p, uint32_t thread)
{
	int64_t until = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
	struct pollfd readable = { .fd = program_fd(p), .events = POLLIN };

	do {
		assert_true(clock_monotonic_ns() < until);
		assert_int_equal(program_interrupt(p, thread, NULL), 0);
	} while (poll(&readable, 1, 20) == 0);
	return next(p);
}

static void accept_sleeps_and_is_interrupted(void **state)
{
	struct program *p = start();
	struct program_report r;
	struct value where;
	uint64_t number;

	(void)state;
	assert_int_equal(bound(p, &kinds[4], &where), 3);
	assert_int_equal(RESULT(p, "listen", INT(3), INT(5)), 0);
	assert_false(program_sleeps(p, 0)); /* idle is not asleep in a call */
	number = GIVE(p, 0, "accept", INT(3), none());
	entered(p, 0, number);
	until_asleep(p, 0);
	assert_int_equal(program_next(p, &r, NULL), 0);
	r = interrupted(p, 0);
	assert_int_equal(r.kind, REPORT_LEAVE);
	assert_int_equal(r.number, number);
	assert_int_equal(r.outcome.result, -1);
	assert_int_equal(r.outcome.error, EINTR);
	assert_true(r.outcome.blocked);
	program_report_fini(&r);
	assert_false(program_sleeps(p, 0));
	assert_int_equal(RESULT(p, "close", INT(3)), 0); /* and it goes on */
	program_free(p);
}

/* Stops the process, and waits until it has. */
static void stop(struct program *p)
{
	siginfo_t info;

	assert_int_equal(kill(program_pid(p), SIGSTOP), 0);
	assert_int_equal(waitid(P_PID, (id_t)program_pid(p), &info, WSTOPPED | WNOWAIT), 0);
}

static void only_sleep_in_a_call_counts(void **state)
{
	struct program *p = start();
	uint64_t number = GIVE(p, 0, "getsockname", INT(0));
	struct pollfd readable = { .fd = program_fd(p), .events = POLLIN };

	(void)state;
	entered(p, 0, number);
	assert_int_equal(poll(&readable, 1, PATIENCE_MS),
			 1); /* it has left, and sleeps for want of calls */
	for (int i = 0; i < 2000; i++)
		assert_false(program_sleeps(p, 0));
	assert_int_equal(result_of(left(p, number)), -ENOTSOCK);
	number = GIVE(p, 0, "poll", LIST(INT(0), INT(0)), INT(-1));
	entered(p, 0, number);
	until_asleep(p, 0);
	stop(p);
	assert_false(program_sleeps(p, 0)); /* stopped is not asleep */
	assert_int_equal(kill(program_pid(p), SIGCONT), 0);
	until_asleep(p, 0);
	program_free(p);
}

static void blocked_says_whether_it_slept(void **state)
{
	struct program *p = start();
	struct program_report r;
	uint32_t thread;
	uint64_t number;
	struct value where;
	int tries = 0;

	(void)state;
	assert_int_equal(bound(p, &kinds[5], &where), 3);
	assert_int_equal(RESULT(p, "connect", INT(3), where), 0); /* to itself */
	assert_int_equal(program_add_thread(p, &thread, NULL), 0);
	number = GIVE(p, thread, "recv", INT(3), INT(10));
	entered(p, thread, number);
	until_asleep(p, thread);
	GIVE(p, 0, "send", INT(3), text("late"));
	for (int i = 0; i < 3; i++) { /* the other's ENTER and LEAVE, and ours, in any order */
		r = next(p);
		if (r.kind == REPORT_LEAVE)
			assert_int_equal(r.outcome.blocked, r.thread == thread);
		program_report_fini(&r);
	}
	/* With the data there already it does not sleep; only a lock that is held at that moment
	 * could make it. */
	do {
		assert_int_equal(RESULT(p, "send", INT(3), text("early")), 5);
		r = FULL(p, "recv", INT(3), INT(10));
		assert_int_equal(r.outcome.result, 5);
		program_report_fini(&r);
	} while (r.outcome.blocked && ++tries < 5);
	assert_false(r.outcome.blocked);
	program_free(p);
}

static void threads_share_descriptors(void **state)
{
	struct program *p = start();
	struct program_report r;
	struct value where;
	uint64_t accepts, connects;
	uint32_t one, two;
	int leaves = 0;

	(void)state;
	assert_int_equal(program_add_thread(p, &one, NULL), 0);
	assert_int_equal(program_add_thread(p, &two, NULL), 0);
	assert_int_equal(one, 1);
	assert_int_equal(two, 2);
	assert_int_equal(bound(p, &kinds[0], &where), 3);
	assert_int_equal(RESULT(p, "listen", INT(3), INT(5)), 0);
	assert_int_equal(RESULT(p, "socket", INT(AF_INET), INT(SOCK_STREAM)), 4);
	accepts = GIVE(p, one, "accept", INT(3), none());
	entered(p, one, accepts);
	until_asleep(p, one);
	connects = GIVE(p, two, "connect", INT(4), where);
	entered(p, two, connects);
	while (leaves < 2) {
		r = next(p);
		assert_int_equal(r.kind, REPORT_LEAVE);
		assert_int_equal(r.outcome.result, r.number == accepts ? 5 : 0);
		program_report_fini(&r);
		leaves++;
	}
	talk(p, 4, 5);
	program_free(p);
}

/* While other threads start, work and allocate, no number below is ever taken by anybody else. */
static void numbers_stay_the_lowest(void **state)
{
	struct program *p = start();
	struct program_report r;
	uint32_t thread = 0;
	uint64_t mine;

	(void)state;
	for (int round = 0; round < 40; round++) {
		assert_int_equal(program_add_thread(p, &thread, NULL), 0);
		GIVE(p, thread, "recv", INT(77), INT(1 << 20));
		mine = GIVE(p, 0, "socket", INT(AF_UNIX), INT(SOCK_STREAM));
		for (int i = 0; i < 4; i++) {
			r = next(p);
			if (r.kind == REPORT_LEAVE && r.number == mine)
				assert_int_equal(r.outcome.result, 3);
			program_report_fini(&r);
		}
		assert_int_equal(RESULT(p, "close", INT(3)), 0);
	}
	program_free(p);
}

static void too_many_threads_are_refused(void **state)
{
	struct program *p = start();
	uint32_t thread = 0;
	struct err e = { .code = 0 };

	(void)state;
	while (program_add_thread(p, &thread, &e) == 0)
		assert_true(thread < 64);
	assert_int_equal(thread, 63);
	assert_true(e.what[0]);
	assert_int_equal(RESULT(p, "socket", INT(AF_UNIX), INT(SOCK_STREAM)), 3);
	program_free(p);
}

/* ---- much data ---- */

static void check_pattern(const struct program_report *r, size_t from)
{
	struct value pattern = value_filled(FILL_PATTERN, from + r->outcome.data_kept);
	uint8_t *all = malloc(pattern.len + 1);

	assert_non_null(all);
	value_bytes(&pattern, all, pattern.len);
	assert_memory_equal(r->outcome.data, all + from, r->outcome.data_kept);
	free(all);
}

static void a_million_bytes(void **state)
{
	struct program *p = start();
	struct program_report r;
	struct value where;
	uint64_t sends;
	uint32_t thread;
	size_t got = 0;

	(void)state;
	assert_int_equal(bound(p, &kinds[0], &where), 3);
	assert_int_equal(RESULT(p, "listen", INT(3), INT(5)), 0);
	assert_int_equal(RESULT(p, "socket", INT(AF_INET), INT(SOCK_STREAM)), 4);
	assert_int_equal(RESULT(p, "connect", INT(4), where), 0);
	assert_int_equal(RESULT(p, "accept", INT(3), none()), 5);
	assert_int_equal(program_add_thread(p, &thread, NULL), 0);
	sends = GIVE(p, thread, "send", INT(4), value_filled(FILL_PATTERN, 1000000));
	entered(p, thread, sends);
	GIVE(p, 0, "recv", INT(5), INT(CALL_SIZE_MAX));
	for (int ends = 0; ends < 2;) {
		r = next(p);
		if (r.kind == REPORT_LEAVE && r.number == sends) {
			assert_int_equal(r.outcome.result, 1000000);
			ends++;
		} else if (r.kind == REPORT_LEAVE) {
			assert_true(r.outcome.result > 0);
			assert_true(r.outcome.data_kept <= CALL_DATA_KEPT);
			check_pattern(&r, got);
			got += (size_t)r.outcome.result;
			if (got < 1000000)
				GIVE(p, 0, "recv", INT(5), INT(CALL_SIZE_MAX));
			else
				ends++;
		}
		program_report_fini(&r);
	}
	assert_int_equal(got, 1000000);
	program_free(p);
}

static void sixty_four_kilobytes_written_out(void **state)
{
	struct program *p = start();
	uint8_t *bytes = calloc(1, CALL_TEXT_MAX);
	struct program_report r;
	struct value where;

	(void)state;
	for (size_t i = 0; i < CALL_TEXT_MAX; i++)
		bytes[i] = (uint8_t)(i * 31);
	assert_int_equal(bound(p, &kinds[5], &where), 3);
	assert_int_equal(
		RESULT(p, "sendto", INT(3), value_data(bytes, CALL_TEXT_MAX), INT(0), where),
		CALL_TEXT_MAX);
	r = FULL(p, "recv", INT(3), INT(CALL_SIZE_MAX));
	assert_int_equal(r.outcome.result, CALL_TEXT_MAX);
	assert_int_equal(r.outcome.data_kept, CALL_DATA_KEPT);
	assert_memory_equal(r.outcome.data, bytes, CALL_DATA_KEPT);
	program_report_fini(&r);
	free(bytes);
	program_free(p);
}

/* The result of MSG_TRUNC is the datagram's length, which is more than arrived in the buffer. */
static void a_longer_datagram_is_cut(void **state)
{
	struct program *p = start();
	struct program_report r;
	struct value where;

	(void)state;
	assert_int_equal(bound(p, &kinds[1], &where), 3);
	assert_int_equal(
		RESULT(p, "sendto", INT(3), value_filled(FILL_PATTERN, 2000), INT(0), where), 2000);
	r = FULL(p, "recv", INT(3), INT(3), INT(MSG_TRUNC));
	assert_int_equal(r.outcome.result, 2000);
	assert_int_equal(r.outcome.data_kept, 3);
	assert_memory_equal(r.outcome.data, "abc", 3);
	program_report_fini(&r);
	program_free(p);
}

/* TCP throws the bytes away with MSG_TRUNC: nothing may be shown as received. */
static void thrown_away_is_not_received(void **state)
{
	struct program *p = start();
	struct program_report r;
	struct value where;

	(void)state;
	assert_int_equal(bound(p, &kinds[0], &where), 3);
	assert_int_equal(RESULT(p, "listen", INT(3), INT(5)), 0);
	assert_int_equal(RESULT(p, "socket", INT(AF_INET), INT(SOCK_STREAM)), 4);
	assert_int_equal(RESULT(p, "connect", INT(4), where), 0);
	assert_int_equal(RESULT(p, "accept", INT(3), none()), 5);
	assert_int_equal(RESULT(p, "send", INT(4), text("gone")), 4);
	r = FULL(p, "recv", INT(5), INT(100), INT(MSG_TRUNC));
	assert_int_equal(r.outcome.result, 4);
	assert_int_equal(r.outcome.data_kept, 0);
	program_report_fini(&r);
	program_free(p);
}

/* ---- ends ---- */

static void ended_by(struct program *p, bool killed, int status)
{
	struct program_report r = next(p);
	struct call_request c = { .call = call_find("close", 5), .arg = { INT(3) } };
	struct err e = { .code = 0 };
	uint32_t thread;

	assert_int_equal(r.kind, REPORT_EXIT);
	assert_int_equal(r.killed, killed);
	assert_int_equal(r.status, status);
	assert_true(r.ts_ns > 0);
	assert_int_equal(waitpid(program_pid(p), NULL, WNOHANG), -1); /* no zombie */
	assert_int_equal(errno, ECHILD);
	assert_int_equal(program_next(p, &r, &e), -1);
	assert_int_equal(program_call(p, 0, 1, &c, &e), -1);
	assert_int_equal(program_kill(p, &e), -1);
	assert_int_equal(program_interrupt(p, 0, &e), -1);
	assert_int_equal(program_add_thread(p, &thread, &e), -1);
	assert_false(program_sleeps(p, 0));
	program_free(p);
}

static void kill_is_reported(void **state)
{
	struct program *p = start();
	uint64_t number;

	(void)state;
	assert_int_equal(program_kill(p, NULL), 0);
	ended_by(p, true, SIGKILL);
	p = start();
	number = GIVE(p, 0, "poll", LIST(INT(0), INT(0)), INT(-1)); /* in the middle of a call */
	entered(p, 0, number);
	until_asleep(p, 0);
	assert_int_equal(program_kill(p, NULL), 0);
	ended_by(p, true, SIGKILL);
	p = start();
	assert_int_equal(kill(program_pid(p), SIGTERM), 0);
	ended_by(p, true, SIGTERM);
}

static void sigpipe_kills(void **state)
{
	struct program *p;
	struct value where;
	uint64_t number;

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* which the process must not inherit */
	p = start();
	assert_int_equal(bound(p, &kinds[4], &where), 3);
	assert_int_equal(RESULT(p, "listen", INT(3), INT(5)), 0);
	assert_int_equal(RESULT(p, "socket", INT(AF_UNIX), INT(SOCK_STREAM)), 4);
	assert_int_equal(RESULT(p, "connect", INT(4), where), 0);
	assert_int_equal(RESULT(p, "accept", INT(3), none()), 5);
	assert_int_equal(RESULT(p, "close", INT(5)), 0);
	assert_int_equal(RESULT(p, "send", INT(4), text("x"), INT(MSG_NOSIGNAL)), -EPIPE);
	number = GIVE(p, 0, "send", INT(4), text("x"));
	entered(p, 0, number);
	ended_by(p, true, SIGPIPE);
	signal(SIGPIPE, SIG_DFL);
}

/* It may die with orders unread and reports unread; what it said is still heard, then its end. */
static void death_at_any_moment(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		struct program *p = start();
		struct program_report r = { .kind = REPORT_ENTER };
		int enters = 0, leaves = 0;

		GIVE(p, 0, "socket", INT(AF_INET), INT(SOCK_STREAM));
		for (volatile int spin = 0; spin < round * 200; spin++)
			continue;
		assert_int_equal(kill(program_pid(p), SIGKILL), 0);
		while (r.kind != REPORT_EXIT) {
			r = next(p);
			enters += r.kind == REPORT_ENTER;
			leaves += r.kind == REPORT_LEAVE;
			program_report_fini(&r);
		}
		assert_true(r.killed && r.status == SIGKILL);
		assert_true(enters <= 1 && leaves <= enters);
		program_free(p);
	}
}

/* Dead with an order unread: the kernel says ECONNRESET first, before what the process had still
 * said. */
static void last_words_are_heard(void **state)
{
	struct program *p = start();
	struct pollfd readable = { .fd = program_fd(p), .events = POLLIN };
	struct program_report r;
	siginfo_t info;
	uint32_t thread;
	uint64_t number;

	(void)state;
	assert_int_equal(program_add_thread(p, &thread, NULL), 0);
	number = GIVE(p, thread, "getsockname", INT(0));
	entered(p, thread, number);
	r = left(p, number);
	program_report_fini(&r);
	number = GIVE(p, 0, "poll", LIST(INT(0), INT(0)), INT(-1));
	assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
	stop(p);
	GIVE(p, thread, "getsockname", INT(0));
	assert_int_equal(program_kill(p, NULL), 0);
	assert_int_equal(waitid(P_PID, (id_t)program_pid(p), &info, WEXITED | WNOWAIT), 0);
	entered(p, 0, number);
	ended_by(p, true, SIGKILL);
}

/* A stopped process takes no calls and must not stop us either. */
static void a_stopped_process_does_not_block(void **state)
{
	struct program *p = start();
	struct program_report r;
	int64_t before = clock_monotonic_ns();

	(void)state;
	assert_int_equal(kill(program_pid(p), SIGSTOP), 0);
	GIVE(p, 0, "socket", INT(AF_UNIX), INT(SOCK_STREAM));
	assert_int_equal(program_next(p, &r, NULL), 0);
	assert_true(clock_monotonic_ns() - before < 5 * NS_PER_S);
	assert_int_equal(kill(program_pid(p), SIGCONT), 0);
	entered(p, 0, numbers);
	assert_int_equal(result_of(left(p, numbers)), 3);
	assert_int_equal(kill(program_pid(p), SIGSTOP), 0);
	program_free(p); /* and it can be ended all the same */
}

/* When its session dies, the socket closes, and so does the process. */
static void it_ends_with_its_session(void **state)
{
	struct program *p = start();
	int near = program_fd(p), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	siginfo_t info;

	(void)state;
	assert_true(dup3(null, near, O_CLOEXEC) == near);
	close(null);
	assert_int_equal(waitid(P_PID, (id_t)program_pid(p), &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(info.si_code, CLD_EXITED);
	assert_int_equal(info.si_status, 0);
	program_free(p);
}

static void a_process_that_is_none_of_ours(void **state)
{
	int near, far;
	struct err e = { .code = 0 };
	pid_t pid;

	(void)state;
	assert_int_equal(program_socket(&near, &far, &e), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		send(far, "garbage", 7, 0);
		_exit(9);
	}
	close(far);
	assert_null(program_adopt(pid, near, 0, "liar", &e));
	assert_non_null(strstr(e.what, "status 9"));
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_int_equal(close(near), -1); /* closed already */
}

/* Named after its kind. */
#define every_call_of(i)                                                                           \
	{                                                                                          \
		kinds[i].name, every_call, NULL, NULL, (void *)(uintptr_t)&kinds[i]                \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		every_call_of(0),
		every_call_of(1),
		every_call_of(2),
		every_call_of(3),
		every_call_of(4),
		every_call_of(5),
		every_call_of(6),
		cmocka_unit_test(descriptors_start_at_three),
		cmocka_unit_test(fcntl_poll_and_accept4),
		cmocka_unit_test(unix_paths_too),
		cmocka_unit_test(errors_are_executed),
		cmocka_unit_test(unfit_calls_are_not_given),
		cmocka_unit_test(so_error_is_read),
		cmocka_unit_test(accept_sleeps_and_is_interrupted),
		cmocka_unit_test(only_sleep_in_a_call_counts),
		cmocka_unit_test(blocked_says_whether_it_slept),
		cmocka_unit_test(threads_share_descriptors),
		cmocka_unit_test(numbers_stay_the_lowest),
		cmocka_unit_test(too_many_threads_are_refused),
		cmocka_unit_test(a_million_bytes),
		cmocka_unit_test(sixty_four_kilobytes_written_out),
		cmocka_unit_test(a_longer_datagram_is_cut),
		cmocka_unit_test(thrown_away_is_not_received),
		cmocka_unit_test(kill_is_reported),
		cmocka_unit_test(sigpipe_kills),
		cmocka_unit_test(death_at_any_moment),
		cmocka_unit_test(last_words_are_heard),
		cmocka_unit_test(a_stopped_process_does_not_block),
		cmocka_unit_test(it_ends_with_its_session),
		cmocka_unit_test(a_process_that_is_none_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
