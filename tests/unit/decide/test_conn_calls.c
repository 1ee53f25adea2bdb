/*
 * conn_calls: which calls belong to which connection: by samples, without any, by descriptors that are used again,
 * and while the trace grows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/conn_calls.h"
#include "src/describe.h"
#include "src/ladder.h"
#include "src/select.h"
#include "src/shown.h"
#include "tests/scenes.h"
#include "tests/unit/capture/events.h"

/* "server: listen(3, 5)" in lines: the CALLs that belong to a connection. */
static void calls_of(struct str *out, struct trace *t, uint32_t conn)
{
	struct conn_calls *c = conn_calls_new(t, NULL);

	assert_non_null(c);
	conn_calls_work(c, 0);
	assert_false(conn_calls_busy(c));
	for (uint32_t row = 0; row < trace_rows(t); row++) {
		if (trace_entry(t, row)->kind != EVENT_CALL || !conn_calls_has(c, row, conn))
			continue;
		describe_event(out, t, trace_event(t, row, NULL));
		str_char(out, '\n');
	}
	assert_false(out->cut);
	conn_calls_free(c);
}

static void assert_calls(struct trace *t, uint32_t conn, const char *expected)
{
	STR_ON_STACK(found, 4000);

	calls_of(&found, t, conn);
	assert_string_equal(found.buf, expected);
}

/* What a program does with a call that comes back at once; out: "from", "client:4000" or NULL. */
static void quick(struct scene *s, uint8_t host, const char *name, int fd, int64_t result,
		  const char *from, const char *const *args)
{
	int64_t entered_ns = s->now_ns;
	uint64_t n = scene_call_by(s, host, scene_program_name(host), 0, name, fd, args);

	scene_us(s, 5);
	scene_return(s, host, n, name, entered_ns, .result = result, .error = result < 0 ? 11 : 0,
		     .out = { from ? "from" : NULL, from });
	scene_us(s, 5);
}
#define QUICK(s, host, name, fd, result, from, ...)                                                \
	quick(s, host, name, fd, result, from, (const char *const[]){ __VA_ARGS__, NULL })

static void listener(struct scene *s)
{
	QUICK(s, SERVER, "socket", -1, 3, NULL, "domain", "AF_INET", "type", "SOCK_STREAM");
	QUICK(s, SERVER, "bind", 3, 0, NULL, "sockfd", "3", "addr", "*:8080");
	QUICK(s, SERVER, "listen", 3, 0, NULL, "sockfd", "3", "backlog", "5");
}

/* socket() and connect() of the client from this port, with or without samples. */
static void connects_at(struct scene *s, int fd, uint16_t port, bool sampled, uint32_t seq)
{
	char text[12];
	struct str number = str_on(text, sizeof(text));
	int64_t entered_ns;
	uint64_t n, p;

	str_addf(&number, "%d", fd);
	s->port[CLIENT] = port;
	QUICK(s, CLIENT, "socket", -1, fd, NULL, "domain", "AF_INET", "type", "SOCK_STREAM");
	entered_ns = s->now_ns;
	n = scene_call(s, CLIENT, "connect", fd, "sockfd", text, "addr", "server:8080");
	p = scene_tcp(s, CLIENT, TCP_SYN, seq, 0, "");
	if (sampled)
		scene_turn(s, CLIENT, BY_DEPARTURE, p, fd, port, SOCK_STATE_CLOSED,
			   SOCK_STATE_SYN_SENT);
	scene_tcp(s, SERVER, TCP_SYN | TCP_ACK, seq, seq + 1, "");
	scene_tcp(s, CLIENT, TCP_ACK, seq + 1, seq + 1, "");
	scene_return(s, CLIENT, n, "connect", entered_ns, .result = 0, .blocked = true);
	scene_ms(s, 1);
}

static void connects(struct scene *s, int fd, uint16_t port, bool sampled)
{
	connects_at(s, fd, port, sampled, 0);
}

/* On the screen and by selection the rows are the same. */
static void assert_same_rows(struct trace *t, const struct shown *s, uint32_t conn)
{
	struct shown *fixed = shown_new(t, NULL);
	struct select one;
	char text[12];
	struct str number = str_on(text, sizeof(text));
	uint32_t row = ROW_NONE;

	str_addf(&number, "%u", conn);
	assert_int_equal(select_init(&one, text, NULL, NULL, NULL), 0);
	assert_int_equal(select_look(&one, t, NULL), 0);
	shown_select(fixed, &one);
	assert_false(shown_all(fixed) || shown_busy(fixed));
	do {
		assert_int_equal(shown_next(s, row), shown_next(fixed, row));
		row = shown_next(s, row);
	} while (row != ROW_NONE);
	select_fini(&one);
	shown_free(fixed);
}

static void assert_rows(struct trace *t, uint32_t conn)
{
	struct shown *s = shown_new(t, NULL);

	shown_only(s, conn);
	do
		shown_work(s, NS_PER_MS / 20);
	while (shown_busy(s));
	assert_same_rows(t, s, conn);
	shown_free(s);
}

static void a_connection_has_its_own_calls_and_its_listeners(void **state)
{
	static const char *const first = "server: socket(AF_INET, SOCK_STREAM)\n"
					 "server: bind(3, *:8080)\n"
					 "server: listen(3, 5)\n"
					 "client: socket(AF_INET, SOCK_STREAM)\n"
					 "client: connect(3, server:8080)\n"
					 "server: accept(3)\n"
					 "client: send(3, \"a\", 1)\n"
					 "server: poll({{3, POLLIN}, {4, POLLIN}}, 2, 0)\n"
					 "server: recv(4, 10)\n"
					 "server: close(3)\n";
	static const char *const second = "server: socket(AF_INET, SOCK_STREAM)\n"
					  "server: bind(3, *:8080)\n"
					  "server: listen(3, 5)\n"
					  "client: socket(AF_INET, SOCK_STREAM)\n"
					  "client: connect(4, server:8080)\n"
					  "server: accept(3)\n"
					  "server: poll({{3, POLLIN}, {4, POLLIN}}, 2, 0)\n"
					  "server: close(3)\n";

	for (int sampled = 0; sampled < 2; sampled++) {
		struct scene s = scene_new();

		listener(&s);
		/* It gave nothing: nobody's. */
		QUICK(&s, SERVER, "accept", 3, -1, NULL, "sockfd", "3");
		connects(&s, 3, 4001, sampled);
		connects(&s, 4, 4002, sampled);
		QUICK(&s, SERVER, "accept", 3, 4, "client:4001", "sockfd", "3");
		QUICK(&s, SERVER, "accept", 3, 5, "client:4002", "sockfd", "3");
		QUICK(&s, CLIENT, "send", 3, 1, NULL, "sockfd", "3", "buf", "\"a\", 1");
		QUICK(&s, SERVER, "poll", -1, 1, NULL, "fds", "{{3, POLLIN}, {4, POLLIN}}, 2",
		      "timeout", "0");
		QUICK(&s, SERVER, "recv", 4, 1, NULL, "sockfd", "4", "len", "10");
		/* Another socket, another matter. */
		QUICK(&s, CLIENT, "socket", -1, 7, NULL, "domain", "AF_INET", "type",
		      "SOCK_STREAM");
		QUICK(&s, CLIENT, "bind", 7, 0, NULL, "sockfd", "7", "addr", "*:8080");
		QUICK(&s, CLIENT, "listen", 7, 0, NULL, "sockfd", "7", "backlog", "5");
		QUICK(&s, SERVER, "close", 3, 0, NULL, "fd", "3");
		assert_calls(s.t, 0, first);
		assert_calls(s.t, 1, second);
		trace_free(s.t);
	}
	(void)state;
}

/* "ready" of the result in place of "from". */
static void ready(struct scene *s, const char *name, const char *text, const char *const *args)
{
	int64_t entered_ns = s->now_ns;
	uint64_t n = scene_call_by(s, CLIENT, "client", 0, name, 9, args);

	scene_return(s, CLIENT, n, name, entered_ns, .result = 2, .out = { "ready", text });
}

static void waiting_belongs_to_what_is_watched(void **state)
{
	struct scene s = scene_new();

	(void)state;
	connects(&s, 3, 4001, true);
	connects(&s, 4, 4002, true);
	QUICK(&s, CLIENT, "select", -1, 1, NULL, "nfds", "5", "readfds", "{4}", "timeout",
	      "{3, 0}");
	QUICK(&s, CLIENT, "epoll_ctl", 9, 0, NULL, "epfd", "9", "op", "EPOLL_CTL_ADD", "fd", "3");
	ready(&s, "epoll_wait", "4 EPOLLIN", (const char *const[]){ "epfd", "9", NULL });
	ready(&s, "epoll_wait", "3 EPOLLIN, 4 EPOLLIN", (const char *const[]){ "epfd", "8", NULL });
	assert_calls(s.t, 0,
		     "client: socket(AF_INET, SOCK_STREAM)\nclient: connect(3, server:8080)\n"
		     "client: epoll_ctl(9, EPOLL_CTL_ADD, 3)\nclient: epoll_wait(8)\n");
	assert_calls(s.t, 1,
		     "client: socket(AF_INET, SOCK_STREAM)\nclient: connect(4, server:8080)\n"
		     "client: select(5, {4}, {3, 0})\nclient: epoll_wait(9)\n");
	/* What came second has its RETURN alone. */
	assert_rows(s.t, 0);
	assert_rows(s.t, 1);
	trace_free(s.t);
}

/* The number of a descriptor that was closed is another socket's; a duplicate is the same one's. */
static void descriptors_are_used_again(void **state)
{
	struct scene s = scene_new();

	(void)state;
	listener(&s);
	connects(&s, 3, 4001, true);
	QUICK(&s, CLIENT, "fcntl", 3, 9, NULL, "fd", "3", "cmd", "F_DUPFD");
	QUICK(&s, CLIENT, "close", 3, 0, NULL, "fd", "3");
	connects(&s, 3, 4002, true);
	QUICK(&s, CLIENT, "send", 3, 1, NULL, "sockfd", "3", "buf", "\"b\", 1");
	QUICK(&s, CLIENT, "send", 9, 1, NULL, "sockfd", "9", "buf", "\"a\", 1");
	assert_calls(
		s.t, 0,
		"server: socket(AF_INET, SOCK_STREAM)\nserver: bind(3, *:8080)\n"
		"server: listen(3, 5)\nclient: socket(AF_INET, SOCK_STREAM)\n"
		"client: connect(3, server:8080)\nclient: fcntl(3, F_DUPFD)\nclient: close(3)\n"
		"client: send(9, \"a\", 1)\n");
	assert_calls(s.t, 1,
		     "server: socket(AF_INET, SOCK_STREAM)\nserver: bind(3, *:8080)\n"
		     "server: listen(3, 5)\nclient: socket(AF_INET, SOCK_STREAM)\n"
		     "client: connect(3, server:8080)\nclient: send(3, \"b\", 1)\n");
	trace_free(s.t);
}

/* The same ports again: another connection. */
static void ports_are_used_again(void **state)
{
	struct scene s = scene_new();

	(void)state;
	connects(&s, 3, 4001, true);
	QUICK(&s, CLIENT, "close", 3, 0, NULL, "fd", "3");
	scene_tcp(&s, CLIENT, TCP_RST, 1, 0, "");
	scene_ms(&s, 100);
	connects_at(&s, 3, 4001, true, 5000);
	QUICK(&s, CLIENT, "send", 3, 1, NULL, "sockfd", "3", "buf", "\"b\", 1");
	assert_int_equal(conns_count(trace_conns(s.t)), 2);
	assert_calls(s.t, 0,
		     "client: socket(AF_INET, SOCK_STREAM)\nclient: connect(3, server:8080)\n"
		     "client: close(3)\n");
	assert_calls(s.t, 1,
		     "client: socket(AF_INET, SOCK_STREAM)\nclient: connect(3, server:8080)\n"
		     "client: send(3, \"b\", 1)\n");
	trace_free(s.t);
}

static void a_datagram_belongs_to_its_peers_exchange(void **state)
{
	struct scene s = scene_new();

	(void)state;
	QUICK(&s, SERVER, "socket", -1, 3, NULL, "domain", "AF_INET", "type", "SOCK_DGRAM");
	QUICK(&s, SERVER, "bind", 3, 0, NULL, "sockfd", "3", "addr", "*:2000");
	s.port[SERVER] = 2000;
	for (uint16_t port = 4001; port < 4003; port++) {
		s.port[CLIENT] = port;
		scene_udp(&s, CLIENT, "hello");
	}
	QUICK(&s, SERVER, "recvfrom", 3, 5, "client:4001", "sockfd", "3", "len", "9");
	QUICK(&s, SERVER, "recvfrom", 3, 5, "client:4002", "sockfd", "3", "len", "8");
	QUICK(&s, SERVER, "sendto", 3, 1, NULL, "sockfd", "3", "buf", "\"x\", 1", "flags", "0",
	      "dest_addr", "client:4002");
	QUICK(&s, SERVER, "sendmsg", 3, 1, NULL, "sockfd", "3", "msg", "{client:4001, \"y\"}");
	assert_calls(s.t, 0,
		     "server: socket(AF_INET, SOCK_DGRAM)\nserver: bind(3, *:2000)\n"
		     "server: recvfrom(3, 9)\nserver: sendmsg(3, {client:4001, \"y\"})\n");
	assert_calls(s.t, 1,
		     "server: socket(AF_INET, SOCK_DGRAM)\nserver: bind(3, *:2000)\n"
		     "server: recvfrom(3, 8)\nserver: sendto(3, \"x\", 1, 0, client:4002)\n");
	trace_free(s.t);
}

/* Random events, even such that come back before they began: whatever is found, it can be asked for. */
static void random_events_have_rows(void **state)
{
	struct conn_calls *c;
	struct events *g = events_new(9, 3 * NS_PER_MS);
	struct scene s = scene_new();

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct event ev;
		struct err e = { .what = "" };

		events_next(g, &ev);
		if (trace_append(s.t, &ev, ev.kind == EVENT_PACKET ? NULL : "m", &e))
			fail_msg("%s", e.what);
	}
	c = conn_calls_new(s.t, NULL);
	assert_non_null(c);
	conn_calls_work(c, 0);
	assert_true(conn_calls_count(c) > 300);
	for (size_t i = 0; i < conn_calls_count(c); i++) {
		uint32_t row = trace_row_of(s.t, conn_calls_id(c, i));

		assert_int_not_equal(row, ROW_NONE);
		for (uint32_t conn = 0; conn < conns_count(trace_conns(s.t)); conn++)
			assert_true(!conn_calls_nth_has(c, i, conn) ||
				    conn_calls_has(c, row, conn));
	}
	conn_calls_free(c);
	free(g);
	trace_free(s.t);
}

/* What the client did is heard of late: its rows come among those that were looked at. */
static void what_comes_late_is_found_as_well(void **state)
{
	struct scene s = scene_new();
	struct conn_calls *step = conn_calls_new(s.t, NULL), *whole;
	struct shown *shown = shown_new(s.t, NULL);
	uint32_t late = 0;

	(void)state;
	assert_true(step && shown);
	listener(&s);
	connects(&s, 3, 4001, true);
	QUICK(&s, SERVER, "accept", 3, 4, "client:4001", "sockfd", "3");
	shown_only(shown, 0);
	for (int i = 0; i < 700; i++) {
		QUICK(&s, SERVER, i % 2 ? "recv" : "getsockopt", 4, i % 3, NULL, "sockfd", "4");
		s.now_ns -= 300 * NS_PER_US;
		QUICK(&s, CLIENT, "send", i % 5 ? 3 : 8, 1, NULL, "sockfd", "3");
		late += trace_entry(s.t, trace_rows(s.t) - 1)->host == SERVER;
		s.now_ns += 300 * NS_PER_US;
		conn_calls_work(step, 1);
		shown_work(shown, NS_PER_US);
	}
	assert_true(late > 300);
	conn_calls_work(step, 0);
	assert_false(conn_calls_busy(step));
	whole = conn_calls_new(s.t, NULL);
	conn_calls_work(whole, 0);
	assert_int_equal(conn_calls_count(step), conn_calls_count(whole));
	assert_true(conn_calls_count(whole) > 2800);
	for (uint32_t row = 0; row < trace_rows(s.t); row++)
		assert_int_equal(conn_calls_has(step, row, 0), conn_calls_has(whole, row, 0));
	while (shown_busy(shown))
		shown_work(shown, NS_PER_US);
	assert_same_rows(s.t, shown, 0);
	conn_calls_free(step);
	conn_calls_free(whole);
	shown_free(shown);
	trace_free(s.t);
}

static void rows_of_a_session(void **state)
{
	struct scene s = scene_new();

	(void)state;
	listener(&s);
	for (int i = 0; i < 5; i++) {
		connects(&s, 3 + i, (uint16_t)(4001 + i), i % 2);
		scene_ms(&s, 1500);
	}
	for (uint32_t conn = 0; conn < 5; conn++)
		assert_rows(s.t, conn);
	trace_free(s.t);
}

/* A filter that takes a whole connection takes its calls; one that picks packets does not. */
static void a_filter_takes_calls_with_whole_connections(void **state)
{
	static const struct {
		const char *filter;
		unsigned count;
	} cases[] = {
		{ "tcp", 9 }, { "tcp port 4001", 6 }, { "port 4003", 0 }, { "dst port 8080", 0 }
	};
	struct scene s = scene_new();

	(void)state;
	listener(&s);
	connects(&s, 3, 4001, true);
	QUICK(&s, CLIENT, "send", 3, 1, NULL, "sockfd", "3", "buf", "\"a\", 1");
	connects(&s, 4, 4002, false);
	QUICK(&s, CLIENT, "send", 4, 1, NULL, "sockfd", "4", "buf", "\"a\", 1");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned count = 0, states = 0;
		struct select some;

		assert_int_equal(select_init(&some, NULL, NULL, cases[i].filter, NULL), 0);
		assert_int_equal(select_look(&some, s.t, NULL), 0);
		for (uint32_t row = 0; row < trace_rows(s.t); row++) {
			unsigned kind = trace_entry(s.t, row)->kind;

			if (!select_row(&some, s.t, row))
				continue;
			count += kind == EVENT_CALL;
			states += kind == EVENT_STATE;
		}
		assert_int_equal(count, cases[i].count);
		assert_int_equal(states, count ? 1 : 0);
		select_fini(&some);
	}
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_has_its_own_calls_and_its_listeners),
		cmocka_unit_test(waiting_belongs_to_what_is_watched),
		cmocka_unit_test(descriptors_are_used_again),
		cmocka_unit_test(ports_are_used_again),
		cmocka_unit_test(a_datagram_belongs_to_its_peers_exchange),
		cmocka_unit_test(rows_of_a_session),
		cmocka_unit_test(random_events_have_rows),
		cmocka_unit_test(what_comes_late_is_found_as_well),
		cmocka_unit_test(a_filter_takes_calls_with_whole_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
