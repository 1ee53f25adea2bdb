/*
 * replay: the numbers that it works out, one packet at a time and in any order, are those of the one pass over
 * all packets in the order of the file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "capture/replay.h"
#include "tests/scene.h"

#define CONNS 3

struct random {
	uint32_t state;
};

static uint32_t draw(struct random *r, uint32_t below)
{
	r->state = r->state * 1664525u + 1013904223u;
	return (r->state >> 8) % below;
}

struct talk { /* what both ends of a connection have sent */
	uint32_t next[2];
};

/* One more packet of a connection: new data, old data, an ACK, a repeated one. */
static void say(struct scene *s, struct talk *t, uint16_t port, struct random *r)
{
	static const char text[] = "some text that is sent";
	uint8_t from = (uint8_t)draw(r, 2);
	uint32_t len = (uint32_t)sizeof(text) - 1, back = draw(r, 3) * len;

	s->port[CLIENT] = port;
	scene_us(s, draw(r, 3000));
	if (draw(r, 3) == 0 && t->next[from] > 1 + back) {
		scene_tcp(s, from, TCP_ACK, t->next[from] - back, t->next[!from], "");
		return;
	}
	if (draw(r, 4) == 0 && t->next[from] > 1 + back + len) {
		scene_tcp(s, from, TCP_ACK, t->next[from] - back - len, t->next[!from], text);
		return;
	}
	if (draw(r, 8) == 0)
		t->next[from] += len; /* lost before the capture */
	scene_tcp(s, from, TCP_ACK, t->next[from], t->next[!from], text);
	t->next[from] += len;
}

static struct scene make(uint32_t packets, uint32_t seed, bool late)
{
	struct scene s = scene_capture();
	struct talk talk[CONNS] = { 0 };
	struct random r = { seed };

	for (int i = 0; i < CONNS; i++) {
		talk[i].next[0] = talk[i].next[1] = 1;
		s.port[CLIENT] = (uint16_t)(40000 + i);
		scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
		scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	}
	for (uint32_t i = 0; i < packets; i++) {
		uint32_t which = draw(&r, CONNS);
		int64_t now_ns = s.now_ns;

		if (late && draw(&r, 10) == 0)
			s.now_ns -= 20 * NS_PER_MS; /* written now, but of an earlier time */
		say(&s, &talk[which], (uint16_t)(40000 + which), &r);
		if (s.now_ns < now_ns)
			s.now_ns = now_ns;
	}
	return s;
}

/* What one pass gives; [n] is of packet n. */
static struct verdict *one_pass(struct trace *t)
{
	uint32_t packets = (uint32_t)trace_packet_count(t);
	struct verdict *v = calloc(packets + 1, sizeof(*v));
	struct conns *c = conns_new(NULL);

	assert_non_null(v);
	assert_non_null(c);
	for (uint32_t n = 1; n <= packets; n++) {
		uint32_t row = trace_row_of_packet(t, n);
		const struct event *ev = trace_event(t, row, NULL);
		struct conn_note note;
		struct packet p;

		assert_non_null(ev);
		packet_parse(&p, LINK_ETHERNET, ev->packet.data, ev->packet.caplen, ev->packet.len);
		conns_track(c, &p, ev->packet.data, ev->packet.caplen, n, ev->ts_ns, &note);
		v[n] = note.verdict;
		assert_int_equal(trace_entry(t, row)->verdict, note.verdict.bits);
	}
	conns_free(c);
	return v;
}

static void assert_same(const struct verdict *a, const struct verdict *b)
{
	assert_int_equal(a->bits, b->bits);
	assert_int_equal(a->dup_ack, b->dup_ack);
	assert_int_equal(a->dup_ack_frame, b->dup_ack_frame);
	assert_int_equal(a->acked_frame, b->acked_frame);
	assert_int_equal(a->ack_rtt_ns, b->ack_rtt_ns);
	assert_int_equal(a->rto_frame, b->rto_frame);
	assert_int_equal(a->rto_ns, b->rto_ns);
	assert_int_equal(a->in_flight, b->in_flight);
	assert_int_equal(a->initial_rtt_ns, b->initial_rtt_ns);
}

static void assert_known(struct replay *r, uint32_t row, const struct verdict *want)
{
	const struct verdict *got;

	replay_ask(r, row);
	replay_work(r, 0);
	got = replay_verdict(r, row);
	assert_non_null(got);
	assert_same(got, want);
	assert_false(replay_busy(r));
}

static void numbers_are_those_of_one_pass(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 6; seed++) {
		struct scene s = make(600, seed, seed % 2 == 0);
		struct verdict *want = one_pass(s.t);
		struct replay *r = replay_new(s.t, NULL);
		struct random random = { seed };
		uint32_t dup_acks = 0, late = 0;

		assert_non_null(r);
		for (int i = 0; i < 300; i++) {
			uint32_t n = 1 + draw(&random, (uint32_t)trace_packet_count(s.t));

			assert_known(r, trace_row_of_packet(s.t, n), &want[n]);
			dup_acks += want[n].dup_ack > 0;
			late += want[n].rto_frame > 0;
		}
		assert_true(dup_acks > 0 && late > 0);
		replay_free(r);
		free(want);
		trace_free(s.t);
	}
}

static void neighbours_are_known_already(void **state)
{
	struct scene s = make(900, 7, false);
	struct verdict *want = one_pass(s.t);
	struct replay *r = replay_new(s.t, NULL);
	uint32_t last = trace_rows(s.t) - 1, conn = trace_entry(s.t, last)->conn;

	(void)state;
	assert_known(r, last, &want[trace_entry(s.t, last)->number]);
	for (uint32_t row = 0; row < last; row++) {
		const struct trace_entry *e = trace_entry(s.t, row);

		if (e->conn != conn) {
			assert_null(replay_verdict(r, row));
			continue;
		}
		assert_non_null(replay_verdict(r, row));
		assert_same(replay_verdict(r, row), &want[e->number]);
	}
	replay_free(r);
	free(want);
	trace_free(s.t);
}

/* More packets of a connection than are kept: the way back to the first leads over a new beginning. */
static void what_is_not_kept_is_worked_out_again(void **state)
{
	struct scene s = make(6000, 8, false);
	struct verdict *want = one_pass(s.t);
	struct replay *r = replay_new(s.t, NULL);
	uint32_t last = trace_rows(s.t) - 1;

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint32_t row = last;

		assert_known(r, row, &want[trace_entry(s.t, row)->number]);
		while (row > 0 && replay_verdict(r, row - 1))
			row--;
		for (row = 6; trace_entry(s.t, row)->conn != trace_entry(s.t, last)->conn;)
			row++;
		assert_null(replay_verdict(r, row));
		assert_known(r, row, &want[trace_entry(s.t, row)->number]);
	}
	replay_free(r);
	free(want);
	trace_free(s.t);
}

/* A slice of no time does a little, and the sum of slices does it all; what is shown meanwhile is the progress. */
static void it_works_in_slices(void **state)
{
	struct scene s = make(20000, 9, false);
	struct verdict *want = one_pass(s.t);
	struct replay *r = replay_new(s.t, NULL);
	uint32_t last = trace_rows(s.t) - 1, slices = 0;
	unsigned percent = 0;

	(void)state;
	replay_ask(r, last);
	assert_true(replay_busy(r));
	while (!replay_work(r, 1)) {
		assert_true(replay_busy(r));
		assert_true(replay_percent(r) >= percent && replay_percent(r) <= 100);
		percent = replay_percent(r);
		slices++;
	}
	assert_true(slices > 10);
	assert_same(replay_verdict(r, last), &want[trace_entry(s.t, last)->number]);
	assert_false(replay_work(r, 1));
	replay_free(r);
	free(want);
	trace_free(s.t);
}

/* Packets that come while it works, also ones that belong between those it has seen. */
static void the_trace_may_grow_meanwhile(void **state)
{
	struct scene s = make(300, 10, true);
	struct replay *r = replay_new(s.t, NULL);
	struct talk talk = { { 100000, 100000 } };
	struct random random = { 11 };

	(void)state;
	for (int i = 0; i < 200; i++) {
		uint32_t row = trace_rows(s.t) - 1;
		int64_t now_ns = s.now_ns;
		struct verdict *want;

		replay_ask(r, row);
		replay_work(r, 1);
		if (i % 3 == 0)
			s.now_ns -= 5 * NS_PER_MS;
		say(&s, &talk, 40000, &random);
		s.now_ns = s.now_ns < now_ns ? now_ns : s.now_ns;
		if (i % 20)
			continue;
		want = one_pass(s.t);
		row = trace_row_of_packet(s.t, (uint32_t)trace_packet_count(s.t));
		assert_known(r, row, &want[trace_entry(s.t, row)->number]);
		free(want);
	}
	replay_free(r);
	trace_free(s.t);
}

static void all_at_once_for_who_goes_through_all(void **state)
{
	struct scene s = make(2000, 12, false);
	struct verdict *want = one_pass(s.t);
	struct replay *r = replay_new_all(s.t, NULL);

	(void)state;
	for (uint32_t row = 0; row < trace_rows(s.t); row++)
		assert_known(r, row, &want[trace_entry(s.t, row)->number]);
	replay_free(r);
	free(want);
	trace_free(s.t);
}

static void what_is_no_tcp_has_no_numbers(void **state)
{
	struct scene s = scene_capture();
	struct replay *r;

	(void)state;
	scene_udp(&s, CLIENT, "ping");
	scene_note(&s, NOTE_SAY, "a word");
	r = replay_new(s.t, NULL);
	for (uint32_t row = 0; row < 2; row++) {
		replay_ask(r, row);
		assert_false(replay_busy(r));
		assert_false(replay_work(r, 0));
		assert_null(replay_verdict(r, row));
	}
	replay_ask(r, ROW_NONE);
	assert_false(replay_busy(r));
	replay_free(r);
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_of_one_pass),
		cmocka_unit_test(neighbours_are_known_already),
		cmocka_unit_test(what_is_not_kept_is_worked_out_again),
		cmocka_unit_test(it_works_in_slices),
		cmocka_unit_test(the_trace_may_grow_meanwhile),
		cmocka_unit_test(all_at_once_for_who_goes_through_all),
		cmocka_unit_test(what_is_no_tcp_has_no_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
