/*
 * ladder: which events share a line, on traces made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/ladder.h"
#include "tests/scene.h"

static uint32_t kind_of(const struct scene *s, uint32_t row)
{
	return trace_entry(s->t, row)->kind;
}

static size_t count_rows(const struct scene *s)
{
	struct ladder_row r;
	size_t n = 0;

	for (bool more = ladder_first(s->t, &r); more; more = ladder_next(s->t, &r, &r))
		n++;
	return n;
}

static void assert_same(const struct ladder_row *a, const struct ladder_row *b)
{
	assert_int_equal(a->head, b->head);
	assert_int_equal(a->call, b->call);
	assert_int_equal(a->packet, b->packet);
	assert_int_equal(a->state[0], b->state[0]);
	assert_int_equal(a->state[1], b->state[1]);
	assert_int_equal(a->gap_ns, b->gap_ns);
}

static struct ladder_row nth(const struct scene *s, size_t n)
{
	struct ladder_row r;

	assert_true(ladder_first(s->t, &r));
	while (n-- > 0)
		assert_true(ladder_next(s->t, &r, &r));
	return r;
}

static void an_empty_trace_has_no_rows(void **state)
{
	struct scene s = scene_new();
	struct ladder_row r;

	(void)state;
	assert_false(ladder_first(s.t, &r));
	assert_false(ladder_last(s.t, &r));
	assert_false(ladder_at(s.t, 0, &r));
	trace_free(s.t);
}

/* What a call moved inside a kernel stands where its result does; of one that slept that is a row of its own. */
static void a_local_exchange_is_on_the_row_of_its_result(void **state)
{
	struct scene s = scene_new();
	struct ladder_row r;
	int64_t entered_ns = s.now_ns;
	uint64_t n = scene_call(&s, CLIENT, "send", 3, "sockfd", "3");

	(void)state;
	scene_return(&s, CLIENT, n, "send", entered_ns, .result = 3,
		     .local = { LOCAL_GIVEN, SERVER, "server", 3, "", 0 });
	entered_ns = s.now_ns;
	n = scene_call(&s, CLIENT, "send", 3, "sockfd", "3");
	scene_ms(&s, 5);
	scene_return(&s, CLIENT, n, "send", entered_ns, .result = 3, .blocked = true,
		     .local = { LOCAL_GIVEN, SERVER, "server", 3, "", 0 });
	scene_quick(&s, CLIENT, "close", 3, 0, "fd", "3");
	assert_int_equal(count_rows(&s), 4);
	r = nth(&s, 0);
	assert_int_equal(r.local, trace_entry(s.t, r.head)->link);
	assert_int_equal(nth(&s, 1).local, ROW_NONE);
	r = nth(&s, 2);
	assert_int_equal(kind_of(&s, r.head), EVENT_RETURN);
	assert_int_equal(r.local, r.head);
	assert_int_equal(nth(&s, 3).local, ROW_NONE);
	trace_free(s.t);
}

static void a_quick_call_is_one_row_with_its_return(void **state)
{
	struct scene s = scene_new();
	struct ladder_row r;

	(void)state;
	scene_quick(&s, CLIENT, "socket", -1, 3, "domain", "AF_INET");
	scene_quick(&s, CLIENT, "bind", 3, 0, "sockfd", "3");
	assert_int_equal(count_rows(&s), 2);
	r = nth(&s, 0);
	assert_int_equal(kind_of(&s, r.call), EVENT_CALL);
	assert_int_equal(r.packet, ROW_NONE);
	assert_true(ladder_at(s.t, 1, &r)); /* the RETURN of the first */
	assert_int_equal(r.head, 0);
	trace_free(s.t);
}

static void a_call_that_slept_has_a_row_for_its_return(void **state)
{
	struct scene s = scene_new();
	int64_t entered_ns = s.now_ns;
	uint64_t n = scene_call(&s, SERVER, "accept", 3, "sockfd", "3");
	struct ladder_row r;

	(void)state;
	assert_int_equal(count_rows(&s), 1);
	scene_ms(&s, 20);
	scene_return(&s, SERVER, n, "accept", entered_ns, .result = 4, .blocked = true);
	assert_int_equal(count_rows(&s), 2);
	r = nth(&s, 1);
	assert_int_equal(kind_of(&s, r.call), EVENT_RETURN);
	assert_int_equal(r.head, r.call);
	trace_free(s.t);
}

/* send() → its segment, and the states that change at both ends with it. */
static void a_packet_shares_the_row_of_the_call_that_sent_it(void **state)
{
	struct scene s = scene_new();
	int64_t entered_ns = s.now_ns;
	uint64_t n = scene_call(&s, CLIENT, "close", 3, "sockfd", "3"), p;
	struct ladder_row r, at;

	(void)state;
	p = scene_tcp(&s, CLIENT, TCP_FIN | TCP_ACK, 1, 1, "");
	scene_turn(&s, CLIENT, BY_DEPARTURE, p, 3, 7, SOCK_STATE_ESTABLISHED,
		   SOCK_STATE_FIN_WAIT_1);
	scene_turn(&s, SERVER, BY_ARRIVAL, p, 4, 8, SOCK_STATE_ESTABLISHED, SOCK_STATE_CLOSE_WAIT);
	scene_return(&s, CLIENT, n, "close", entered_ns, .result = 0);
	assert_int_equal(count_rows(&s), 1);
	r = nth(&s, 0);
	assert_int_equal(r.head, r.call);
	assert_int_equal(kind_of(&s, r.packet), EVENT_PACKET);
	assert_int_equal(trace_entry(s.t, r.state[0])->state, SOCK_STATE_FIN_WAIT_1);
	assert_int_equal(trace_entry(s.t, r.state[1])->state, SOCK_STATE_CLOSE_WAIT);
	for (uint32_t row = 0; row < trace_rows(s.t); row++) {
		assert_true(ladder_at(s.t, row, &at));
		assert_same(&at, &r);
	}
	trace_free(s.t);
}

static void a_packet_has_its_own_row_where_something_lies_between(void **state)
{
	struct scene s = scene_new();
	int64_t entered_ns = s.now_ns;
	uint64_t n = scene_call(&s, CLIENT, "send", 3, "sockfd", "3");

	(void)state;
	scene_quick(&s, SERVER, "listen", 3, 0, "sockfd", "3");
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "x");
	scene_tcp(&s, CLIENT, TCP_ACK, 2, 1, "y");
	scene_return(&s, CLIENT, n, "send", entered_ns, .result = 2);
	assert_int_equal(count_rows(&s), 4);
	assert_int_equal(nth(&s, 0).packet, ROW_NONE);
	trace_free(s.t);
}

static void a_packet_of_the_other_host_has_its_own_row(void **state)
{
	struct scene s = scene_new();
	int64_t entered_ns = s.now_ns;
	uint64_t n = scene_call(&s, CLIENT, "getsockopt", 3, "sockfd", "3");

	(void)state;
	scene_tcp(&s, SERVER, TCP_ACK, 1, 1, "x");
	scene_return(&s, CLIENT, n, "getsockopt", entered_ns, .result = 0);
	assert_int_equal(count_rows(&s), 2);
	trace_free(s.t);
}

/* connect() sleeps: its SYN is an event of its own, whether or not the call has come back. */
static void a_packet_does_not_share_the_row_of_a_call_that_sleeps(void **state)
{
	struct scene s = scene_new();
	int64_t entered_ns = s.now_ns;
	uint64_t n = scene_call(&s, CLIENT, "connect", 3, "sockfd", "3"), p;

	(void)state;
	p = scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	assert_int_equal(count_rows(&s), 2);
	scene_turn(&s, CLIENT, BY_DEPARTURE, p, 3, 7, SOCK_STATE_CLOSED, SOCK_STATE_SYN_SENT);
	scene_return(&s, CLIENT, n, "connect", entered_ns, .result = 0, .blocked = true);
	assert_int_equal(count_rows(&s), 3);
	assert_int_equal(trace_entry(s.t, nth(&s, 1).state[0])->state, SOCK_STATE_SYN_SENT);
	trace_free(s.t);
}

static void a_delayed_packet_has_a_row_for_its_arrival(void **state)
{
	struct scene s = scene_new();
	uint64_t p = scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	struct ladder_row leaves, arrives, at;

	(void)state;
	scene_wire(&s, SERVER, p, WIRE_DELAYED, "delay");
	scene_turn(&s, CLIENT, BY_DEPARTURE, p, 3, 7, SOCK_STATE_CLOSED, SOCK_STATE_SYN_SENT);
	scene_ms(&s, 120);
	scene_wire(&s, SERVER, p, WIRE_DELIVERED, "");
	scene_turn(&s, SERVER, BY_ARRIVAL, p, -1, 8, SOCK_STATE_NONE, SOCK_STATE_SYN_RECEIVED);
	assert_int_equal(count_rows(&s), 2);
	leaves = nth(&s, 0);
	arrives = nth(&s, 1);
	assert_int_equal(kind_of(&s, leaves.packet), EVENT_PACKET);
	assert_int_equal(trace_entry(s.t, leaves.state[0])->state, SOCK_STATE_SYN_SENT);
	assert_int_equal(leaves.state[1], ROW_NONE);
	assert_int_equal(kind_of(&s, arrives.packet), EVENT_WIRE);
	assert_int_equal(trace_entry(s.t, arrives.state[1])->state, SOCK_STATE_SYN_RECEIVED);
	assert_int_equal(arrives.state[0], ROW_NONE);
	assert_true(arrives.gap_ns >= 120 * NS_PER_MS);
	assert_true(arrives.gap_ns < 121 * NS_PER_MS);
	assert_int_equal(leaves.gap_ns, 0);
	assert_true(ladder_at(s.t, 1, &at)); /* "delayed" is said where it left */
	assert_int_equal(at.head, leaves.head);
	trace_free(s.t);
}

static void a_loss_is_on_the_packets_row_unless_it_waited(void **state)
{
	struct scene s = scene_new();
	uint64_t p = scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");

	(void)state;
	scene_wire(&s, SERVER, p, WIRE_DROPPED, "cut");
	assert_int_equal(count_rows(&s), 1);
	p = scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_wire(&s, SERVER, p, WIRE_HELD, "rule 1");
	assert_int_equal(count_rows(&s), 2);
	scene_ms(&s, 5);
	scene_wire(&s, SERVER, p, WIRE_DROPPED, "hand");
	assert_int_equal(count_rows(&s), 3);
	assert_int_equal(kind_of(&s, nth(&s, 2).packet), EVENT_WIRE);
	trace_free(s.t);
}

static void a_released_packet_arrives_in_one_more_row(void **state)
{
	struct scene s = scene_new();
	uint64_t p = scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");

	(void)state;
	scene_wire(&s, SERVER, p, WIRE_HELD, "rule 1");
	scene_command(&s, "wire", "release", "");
	scene_wire(&s, SERVER, p, WIRE_RELEASED, "hand");
	scene_wire(&s, SERVER, p, WIRE_DELIVERED, "");
	assert_int_equal(count_rows(&s), 3);
	trace_free(s.t);
}

static void only_a_change_of_state_is_marked(void **state)
{
	struct scene s = scene_new();
	struct sock_sample k = scene_sock(&s, CLIENT, 7, SOCK_STATE_ESTABLISHED);
	uint64_t p = scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "x");

	(void)state;
	k.sendq = 1;
	scene_state(&s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_ESTABLISHED, &k);
	k.timer = SOCK_TIMER_RETRANSMIT;
	scene_state(&s, CLIENT, BY_TIME, 0, 3, SOCK_STATE_ESTABLISHED, &k);
	assert_int_equal(count_rows(&s), 1);
	assert_int_equal(nth(&s, 0).state[0], ROW_NONE);
	trace_free(s.t);
}

static void a_change_that_time_brought_has_a_row(void **state)
{
	struct scene s = scene_new();
	struct ladder_row r;

	(void)state;
	scene_turn(&s, CLIENT, BY_TIME, 0, -1, 7, SOCK_STATE_TIME_WAIT, SOCK_STATE_CLOSED);
	assert_int_equal(count_rows(&s), 1);
	r = nth(&s, 0);
	assert_int_equal(r.state[0], r.head);
	trace_free(s.t);
}

static void a_state_of_a_call_is_on_its_row(void **state)
{
	struct scene s = scene_new();
	int64_t entered_ns = s.now_ns;
	uint64_t n = scene_call(&s, SERVER, "listen", 3, "sockfd", "3");
	struct ladder_row r, at;

	(void)state;
	scene_return(&s, SERVER, n, "listen", entered_ns, .result = 0);
	scene_turn(&s, SERVER, BY_CALL, n, 3, 9, SOCK_STATE_CLOSED, SOCK_STATE_LISTEN);
	scene_quick(&s, SERVER, "getsockname", 3, 0, "sockfd", "3");
	assert_int_equal(count_rows(&s), 2);
	r = nth(&s, 0);
	assert_int_equal(trace_entry(s.t, r.state[1])->state, SOCK_STATE_LISTEN);
	assert_true(ladder_at(s.t, r.state[1], &at));
	assert_int_equal(at.head, r.head);
	trace_free(s.t);
}

/* A state whose packet is not there (a damaged file) is shown all the same. */
static void a_state_without_its_cause_has_a_row(void **state)
{
	struct scene s = scene_new();

	(void)state;
	scene_turn(&s, CLIENT, BY_ARRIVAL, 99, 3, 7, SOCK_STATE_SYN_SENT, SOCK_STATE_ESTABLISHED);
	assert_int_equal(count_rows(&s), 1);
	trace_free(s.t);
}

/* Forward and backward give the same rows, and every event has one that shows it. */
static void walking_back_gives_the_rows_of_walking_on(void **state)
{
	struct scene s = scene_new();
	struct ladder_row rows[256], r, at;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 30; i++) {
		int64_t entered_ns = s.now_ns;
		uint64_t call = scene_call(&s, i & 1, "send", 3, "sockfd", "3");
		uint64_t p = scene_tcp(&s, i & 1, TCP_ACK, (uint32_t)i, 1, "x");

		if (i % 3 == 0)
			scene_wire(&s, !(i & 1), p, i % 2 ? WIRE_HELD : WIRE_DELAYED, "rule");
		scene_return(&s, i & 1, call, "send", entered_ns, .result = 1,
			     .blocked = i % 4 == 0);
		if (i % 3 == 0)
			scene_wire(&s, !(i & 1), p, WIRE_DELIVERED, "");
		if (i % 5 == 0)
			scene_note(&s, NOTE_SAY, "words");
		scene_ms(&s, i * 10);
	}
	for (bool more = ladder_first(s.t, &r); more; more = ladder_next(s.t, &r, &r)) {
		assert_true(n < 256);
		rows[n++] = r;
	}
	for (bool more = ladder_last(s.t, &r); more; more = ladder_prev(s.t, &r, &r)) {
		assert_true(n > 0);
		assert_same(&r, &rows[--n]);
	}
	assert_int_equal(n, 0);
	for (uint32_t row = 0; row < trace_rows(s.t); row++)
		assert_true(ladder_at(s.t, row, &at));
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_trace_has_no_rows),
		cmocka_unit_test(a_quick_call_is_one_row_with_its_return),
		cmocka_unit_test(a_local_exchange_is_on_the_row_of_its_result),
		cmocka_unit_test(a_call_that_slept_has_a_row_for_its_return),
		cmocka_unit_test(a_packet_shares_the_row_of_the_call_that_sent_it),
		cmocka_unit_test(a_packet_has_its_own_row_where_something_lies_between),
		cmocka_unit_test(a_packet_of_the_other_host_has_its_own_row),
		cmocka_unit_test(a_packet_does_not_share_the_row_of_a_call_that_sleeps),
		cmocka_unit_test(a_delayed_packet_has_a_row_for_its_arrival),
		cmocka_unit_test(a_loss_is_on_the_packets_row_unless_it_waited),
		cmocka_unit_test(a_released_packet_arrives_in_one_more_row),
		cmocka_unit_test(only_a_change_of_state_is_marked),
		cmocka_unit_test(a_change_that_time_brought_has_a_row),
		cmocka_unit_test(a_state_of_a_call_is_on_its_row),
		cmocka_unit_test(a_state_without_its_cause_has_a_row),
		cmocka_unit_test(walking_back_gives_the_rows_of_walking_on),
	};

	return cmocka_run_group_tests_name("ladder", tests, NULL, NULL);
}
