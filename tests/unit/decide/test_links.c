/*
 * links: what caused what, over traces made by hand.  Each effect has the event among its causes, so a way there is the
 * way back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "src/explain.h"
#include "src/ladder.h"
#include "src/links.h"
#include "tests/scenes.h"

/* The event whose name has these words in it, the nth one. */
static uint32_t find(struct trace *t, const char *words, int nth)
{
	for (uint32_t row = 0; row < trace_rows(t); row++) {
		STR_ON_STACK(name, 400);

		if (links_event(t, row) != row)
			continue;
		explain_name(&name, t, row);
		if (strstr(name.buf, words) && nth-- == 1)
			return row;
	}
	fail_msg("no event \"%s\"", words);
	return ROW_NONE;
}

static void expect_name(struct trace *t, uint32_t row, const char *words, const char *what)
{
	STR_ON_STACK(name, 400);

	if (row != ROW_NONE)
		explain_name(&name, t, row);
	if (!strstr(name.buf, words))
		fail_msg("%s is \"%s\", not \"%s\"", what, name.buf, words);
}

static void cause_is(struct scene *s, const char *event, int nth, const char *cause)
{
	struct links l;

	links_of(s->t, find(s->t, event, nth), &l);
	expect_name(s->t, l.causes ? l.cause[0] : ROW_NONE, cause, "the cause");
}

/* Goes along main effects from one event on, and back along main causes. */
static void walk(struct scene *s, const char *const *names)
{
	uint32_t row = find(s->t, *names, 1);
	struct links l;

	for (size_t i = 1; names[i]; i++) {
		links_of(s->t, row, &l);
		expect_name(s->t, l.effects ? l.effect[0] : ROW_NONE, names[i], names[i - 1]);
		row = l.effect[0];
	}
}

static void a_connection_is_one_story(void **state)
{
	static const char *const there[] = { "client: connect(3, server:8080)",
					     "SYN  seq 0",
					     "server: SYN-RECEIVED",
					     "SYN ACK",
					     "client 3: SYN-SENT → ESTABLISHED",
					     "ACK  ack 1",
					     "server: SYN-RECEIVED → ESTABLISHED",
					     NULL };
	struct scene s = scenes_plain();

	(void)state;
	walk(&s, there);
	cause_is(&s, "accept(3) = 4 from client:45012", 1, "ACK  ack 1");
	cause_is(&s, "connect(3, server:8080) = 0", 1, "SYN ACK");
	cause_is(&s, "SYN ACK", 1, "server: SYN-RECEIVED");
	cause_is(&s, "client 3: CLOSED → SYN-SENT", 1, "SYN  seq 0");
	cause_is(&s, "CLOSED → LISTEN", 1, "server: listen(3, 5) = 0");
	trace_free(s.t);
}

static void data_and_ends_have_their_calls(void **state)
{
	struct scene s = scenes_plain();

	(void)state;
	cause_is(&s, "len 5", 1, "client: send(3, \"hello\", 5, 0) = 5");
	cause_is(&s, "ACK  ack 6", 1, "len 5");
	cause_is(&s, "= 5 \"hello\"", 1, "len 5");
	cause_is(&s, "FIN ACK  seq 6", 1, "client: close(3) = 0");
	cause_is(&s, "ACK  ack 7", 1, "CLOSE-WAIT");
	cause_is(&s, "FIN-WAIT-2", 1, "ACK  ack 7");
	cause_is(&s, "FIN ACK  seq 1", 1, "server: close(4) = 0");
	cause_is(&s, "TIME-WAIT → CLOSED", 1, "FIN-WAIT-2 → TIME-WAIT");
	trace_free(s.t);
}

static void a_refusal_goes_back_to_the_syn(void **state)
{
	struct scene s = scenes_refused();

	(void)state;
	cause_is(&s, "= -1 ECONNREFUSED", 1, "RST ACK");
	cause_is(&s, "RST ACK", 1, "SYN  seq 0");
	cause_is(&s, "SYN  seq 0", 1, "connect(3, server:8080)");
	trace_free(s.t);
}

/* The server closes while "hello" is unread, or with nothing unread; the client's recv() fails. */
static struct scene reset_by_close(bool unread)
{
	struct scene s = scene_new();
	struct sock_sample k;
	int64_t entered_ns;
	uint64_t n, p;

	scenes_open(&s);
	scenes_handshake(&s);
	scene_quick(&s, CLIENT, "send", 3, 5, "sockfd", "3", "buf", "\"hello\", 5", "flags", "0");
	p = scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "hello");
	k = scene_sock(&s, SERVER, 22, SOCK_STATE_ESTABLISHED);
	k.recvq = unread ? 5 : 0;
	scene_state(&s, SERVER, BY_ARRIVAL, p, 4, SOCK_STATE_ESTABLISHED, &k);
	scene_tcp(&s, SERVER, TCP_ACK, 1, 6, "");
	scene_ms(&s, 5);
	entered_ns = s.now_ns;
	n = scene_call(&s, SERVER, "close", 4, "fd", "4");
	p = scene_tcp(&s, SERVER, TCP_RST | TCP_ACK, 1, 6, "");
	scene_return(&s, SERVER, n, "close", entered_ns, .result = 0);
	scene_turn(&s, CLIENT, BY_ARRIVAL, p, 3, 11, SOCK_STATE_ESTABLISHED, SOCK_STATE_CLOSED);
	scene_ms(&s, 5);
	entered_ns = s.now_ns;
	n = scene_call(&s, CLIENT, "recv", 3, "sockfd", "3", "len", "100");
	scene_return(&s, CLIENT, n, "recv", entered_ns, .result = -1, .error = ECONNRESET);
	return s;
}

static void a_reset_goes_back_to_the_close(void **state)
{
	(void)state;
	for (int unread = 0; unread < 2; unread++) {
		struct scene s = reset_by_close(unread);
		struct explanation e;
		struct links l;
		uint32_t row = find(s.t, "RST ACK", 1);

		cause_is(&s, "ECONNRESET", 1, "RST ACK");
		cause_is(&s, "RST ACK", 1, "server: close(4) = 0");
		links_of(s.t, row, &l);
		explain_event(s.t, row, &l, &e);
		assert_non_null(strstr(e.title, unread ? "unread data" : "aborted"));
		assert_non_null(strstr(e.text, "client's recv() failed with ECONNRESET."));
		if (unread)
			assert_non_null(
				strstr(e.text, "while 5 bytes that had arrived were unread"));
		trace_free(s.t);
	}
}

/* What comes behind the close is answered with RST; the close stands behind it as well. */
static void data_for_a_closed_socket_are_reset(void **state)
{
	struct scene s = scene_new();
	struct explanation e;
	struct links l;
	uint64_t n;
	uint32_t row;

	(void)state;
	scenes_open(&s);
	scenes_handshake(&s);
	n = scene_call(&s, SERVER, "close", 4, "fd", "4");
	scene_tcp(&s, SERVER, TCP_FIN | TCP_ACK, 1, 1, "");
	scene_return(&s, SERVER, n, "close", s.now_ns, .result = 0);
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 2, "");
	scene_ms(&s, 5);
	n = scene_call(&s, CLIENT, "send", 3, "sockfd", "3", "buf", "\"late\", 4");
	scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 2, "late");
	scene_return(&s, CLIENT, n, "send", s.now_ns, .result = 4);
	scene_tcp(&s, SERVER, TCP_RST, 2, 0, "");
	row = find(s.t, "RST", 1);
	links_of(s.t, row, &l);
	assert_int_equal(l.causes, 2);
	expect_name(s.t, l.cause[0], "len 4", "the first cause");
	expect_name(s.t, l.cause[1], "server: close(4)", "the second cause");
	explain_event(s.t, row, &l, &e);
	assert_string_equal(e.title, "RST: the socket is closed");
	trace_free(s.t);
}

static void what_the_wire_did_stands_between(void **state)
{
	struct scene s = scenes_hold();

	(void)state;
	cause_is(&s, "packet 1 held", 1, "SYN  seq 0");
	cause_is(&s, "packet 1 released", 1, "wire> release");
	cause_is(&s, "packet 1 delivered", 1, "packet 1 released");
	cause_is(&s, "server: SYN-RECEIVED", 1, "packet 1 delivered");
	cause_is(&s, "packet 2 lost: hand", 1, "wire> drop");
	cause_is(&s, "packet 3  ", 1, "packet 2 lost: hand");
	trace_free(s.t);
	s = scenes_loss();
	cause_is(&s, "packet 5  ", 1, "packet 4 lost: hand");
	cause_is(&s, "packet 7 lost: cut", 1, "wire> cut");
	trace_free(s.t);
	s = scenes_delay();
	cause_is(&s, "packet 1 on its way", 1, "SYN  seq 0");
	cause_is(&s, "SYN ACK", 1, "server: SYN-RECEIVED");
	cause_is(&s, "server: SYN-RECEIVED", 1, "packet 1 delivered");
	trace_free(s.t);
}

/* Two sends of one side of a local pair of sockets, read by one recv() of the other. */
static void a_local_recv_has_its_sends(void **state)
{
	struct scene s = scene_new();
	struct sock_sample k = {
		.cookie = 31, .family = AF_UNIX, .type = SOCK_STREAM, .state = SOCK_STATE_CONNECTED
	};
	struct links l;
	uint64_t n;

	(void)state;
	scene_state(&s, SERVER, BY_CALL, 0, 4, SOCK_STATE_NONE, &k);
	for (int i = 1; i <= 2; i++) {
		n = scene_call_by(&s, SERVER, "peer", 0, "send", 3,
				  (const char *const[]){ "sockfd", "3", "buf",
							 i == 1 ? "\"one\", 3" : "\"two\", 3",
							 NULL });
		scene_return_by(&s, SERVER, "peer", 0, n, "send", s.now_ns,
				(struct scene_result){ .result = 3 });
		k.recvq = 3 * (uint32_t)i;
		scene_state(&s, SERVER, BY_CALL, n, 4, SOCK_STATE_CONNECTED, &k);
	}
	n = scene_call(&s, SERVER, "recv", 4, "sockfd", "4", "len", "100");
	scene_return(&s, SERVER, n, "recv", s.now_ns, .result = 6, .out = { "data", "\"onetwo\"" });
	k.recvq = 0;
	scene_state(&s, SERVER, BY_CALL, n, 4, SOCK_STATE_CONNECTED, &k);
	links_of(s.t, find(s.t, "recv(4, 100) = 6", 1), &l);
	assert_int_equal(l.causes, 2);
	expect_name(s.t, l.cause[0], "send(3, \"two\"", "the last send");
	expect_name(s.t, l.cause[1], "send(3, \"one\"", "the first send");
	cause_is(&s, "recv(4, 100) = 6", 1, "send(3, \"two\"");
	links_of(s.t, find(s.t, "send(3, \"one\"", 1), &l);
	expect_name(s.t, l.effects ? l.effect[0] : ROW_NONE, "recv(4, 100)",
		    "the effect of send()");
	trace_free(s.t);
}

/* One recv() takes a part, the next the rest: each has the packets that brought its bytes. */
static void each_recv_has_its_own_packets(void **state)
{
	static const char *const data[] = { "abc", "defgh" };
	static const int64_t takes[] = { 3, 5 };
	struct scene s = scene_new();
	struct sock_sample k;
	uint32_t seq = 1;
	uint64_t n, p;

	(void)state;
	scenes_open(&s);
	scenes_handshake(&s);
	k = scene_sock(&s, SERVER, 22, SOCK_STATE_ESTABLISHED);
	for (int i = 0; i < 2; i++) {
		p = scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, seq, 1, data[i]);
		seq += (uint32_t)strlen(data[i]);
		k.recvq = seq - 1;
		scene_state(&s, SERVER, BY_ARRIVAL, p, 4, SOCK_STATE_ESTABLISHED, &k);
	}
	for (int i = 0; i < 2; i++) {
		scene_ms(&s, 1);
		n = scene_call(&s, SERVER, "recv", 4, "sockfd", "4", "len", i ? "99" : "3");
		scene_return(&s, SERVER, n, "recv", s.now_ns, .result = takes[i]);
		k.recvq -= (uint32_t)takes[i];
		scene_state(&s, SERVER, BY_CALL, n, 4, SOCK_STATE_ESTABLISHED, &k);
	}
	cause_is(&s, "recv(4, 3) = 3", 1, "len 3");
	cause_is(&s, "recv(4, 99) = 5", 1, "len 5");
	trace_free(s.t);
}

/* A descriptor that was closed and came back is another socket. */
static void a_number_that_came_back_is_another_socket(void **state)
{
	struct scene s = scene_new();
	uint32_t row;

	(void)state;
	scenes_open(&s);
	scenes_handshake(&s);
	row = trace_rows(s.t) - 1;
	assert_int_not_equal(links_socket(s.t, SERVER, "server", 4, row), ROW_NONE);
	scene_quick(&s, SERVER, "close", 4, 0, "fd", "4");
	row = trace_rows(s.t) - 1;
	assert_int_equal(links_socket(s.t, SERVER, "server", 4, row), ROW_NONE);
	assert_int_not_equal(links_socket(s.t, SERVER, "server", 3, row), ROW_NONE);
	trace_free(s.t);
}

static void captures_have_their_packets(void **state)
{
	struct scene s = scene_capture();
	struct links l;

	(void)state;
	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "");
	scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "hello");
	scene_tcp(&s, SERVER, TCP_ACK, 1, 6, "");
	scene_ms(&s, 300);
	scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "hello");
	cause_is(&s, "packet 2  ", 1, "packet 1  ");
	cause_is(&s, "packet 3  ", 1, "packet 2  ");
	cause_is(&s, "packet 5  ", 1, "packet 4  ");
	cause_is(&s, "packet 6  ", 1, "packet 4  ");
	links_of(s.t, 0, &l);
	assert_int_equal(l.causes, 0);
	assert_int_equal(l.effects, 1);
	trace_free(s.t);
}

/* Whatever the trace: links are rows that are there, an effect knows its cause, and nothing causes itself. */
static void both_ways_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCENES; i++) {
		struct scene s = scenes[i].make();

		for (uint32_t row = 0; row < trace_rows(s.t); row++) {
			struct links l, back;

			links_of(s.t, row, &l);
			for (size_t n = 0; n < l.causes; n++) {
				assert_true(l.cause[n] < trace_rows(s.t));
				assert_int_not_equal(l.cause[n], links_event(s.t, row));
			}
			for (size_t n = 0; n < l.effects; n++) {
				bool found = false;

				links_causes(s.t, l.effect[n], &back);
				for (size_t c = 0; c < back.causes; c++)
					found |= back.cause[c] == links_event(s.t, row);
				assert_true(found);
				assert_int_not_equal(ladder_head(s.t, l.effect[n]), ROW_NONE);
			}
		}
		trace_free(s.t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_one_story),
		cmocka_unit_test(data_and_ends_have_their_calls),
		cmocka_unit_test(a_refusal_goes_back_to_the_syn),
		cmocka_unit_test(a_reset_goes_back_to_the_close),
		cmocka_unit_test(data_for_a_closed_socket_are_reset),
		cmocka_unit_test(what_the_wire_did_stands_between),
		cmocka_unit_test(a_local_recv_has_its_sends),
		cmocka_unit_test(each_recv_has_its_own_packets),
		cmocka_unit_test(a_number_that_came_back_is_another_socket),
		cmocka_unit_test(captures_have_their_packets),
		cmocka_unit_test(both_ways_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
