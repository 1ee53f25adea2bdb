/*
 * shown: rows of one connection and rows of a filter, against a look at every row; also while the trace grows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/filter.h"
#include "src/ladder.h"
#include "src/shown.h"
#include "tests/scenes.h"
#include "tests/unit/decide/raw.h"

#define PACKETS 3000
#define CONNS	17

static void add_packets(struct trace *t, uint64_t *random, int count)
{
	int64_t now_ns = NS_PER_S + (int64_t)trace_rows(t) * NS_PER_MS;

	for (int i = 0; i < count; i++) {
		uint32_t n = raw_random(random, CONNS);
		bool back = raw_random(random, 2);
		struct raw r = { .src = back ? 2 : 1,
				 .dst = back ? 1 : 2,
				 .sport = (uint16_t)(back ? 80 : 4000 + n),
				 .dport = (uint16_t)(back ? 4000 + n : 80),
				 .protocol = n % 3 ? IPPROTO_TCP : IPPROTO_UDP,
				 .flags = TCP_ACK,
				 .seq = (uint32_t)i,
				 .data = "data",
				 .len = raw_random(random, 5) };

		/* Some come late, and move rows. */
		raw_add(t, &r, now_ns + (raw_random(random, 10) ? i : i - 30) * NS_PER_MS);
	}
}

static void work(struct shown *s)
{
	do
		shown_work(s, NS_PER_MS / 10);
	while (shown_busy(s));
}

/* What has to be shown: every row is looked at. */
static bool belongs(struct trace *t, uint32_t row, uint32_t conn, struct filter *f)
{
	const struct trace_entry *entry = trace_entry(t, row);
	const struct event *ev = trace_event(t, row, NULL);

	assert_non_null(ev);
	if (conn != CONN_NONE && entry->conn != conn)
		return false;
	return !f || filter_match(f, LINK_RAW, ev->packet.data, ev->packet.caplen, ev->packet.len);
}

static void assert_shown(struct trace *t, const struct shown *s, uint32_t conn, const char *filter)
{
	struct filter *f = filter ? filter_new(filter, LINK_RAW, NULL) : NULL;
	uint32_t next = shown_next(s, ROW_NONE), before = ROW_NONE, count = 0;

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		if (!belongs(t, row, conn, f)) {
			assert_int_not_equal(next, row);
			continue;
		}
		assert_int_equal(next, row);
		assert_int_equal(shown_prev(s, row), before);
		before = row;
		next = shown_next(s, row);
		count++;
	}
	assert_int_equal(next, ROW_NONE);
	assert_int_equal(shown_prev(s, ROW_NONE), before);
	if (filter && conn == CONN_NONE)
		assert_int_equal(shown_count(s).matched, count);
	filter_free(f);
}

static void one_connection_and_a_filter_while_the_trace_grows(void **state)
{
	static const char *const filters[] = { NULL, "udp", "tcp port 4001 or tcp port 4004", "ip6",
					       "src port 80 and greater 43" };
	struct trace *t = raw_trace();
	struct shown *s = shown_new(t, NULL);
	uint64_t random = 5;

	(void)state;
	assert_true(shown_all(s));
	assert_false(shown_work(s, NS_PER_MS));
	for (int round = 0; round < 6; round++) {
		add_packets(t, &random, PACKETS / 6);
		for (size_t f = 0; f < sizeof(filters) / sizeof(filters[0]); f++) {
			assert_int_equal(shown_filter(s, filters[f], NULL), 0);
			for (uint32_t conn = 0; conn < CONNS; conn += 5) {
				shown_only(s, conn);
				work(s);
				assert_int_equal(shown_conn(s), conn);
				assert_shown(t, s, conn, filters[f]);
			}
			shown_only(s, CONN_NONE);
			work(s);
			if (filters[f])
				assert_shown(t, s, CONN_NONE, filters[f]);
			else
				assert_true(shown_all(s));
		}
		/* The last one goes on with the next round's packets. */
		shown_filter(s, "udp", NULL);
		work(s);
		add_packets(t, &random, 50);
		assert_true(shown_busy(s));
		work(s);
		assert_shown(t, s, CONN_NONE, "udp");
	}
	shown_free(s);
	trace_free(t);
}

static void a_wrong_filter_changes_nothing(void **state)
{
	struct trace *t = raw_trace();
	struct shown *s = shown_new(t, NULL);
	uint64_t random = 3;
	struct err e = { 0 };

	(void)state;
	add_packets(t, &random, 100);
	assert_int_equal(shown_filter(s, "udp", NULL), 0);
	work(s);
	assert_int_equal(shown_filter(s, "udp and and", &e), -1);
	assert_non_null(strstr(e.what, "udp and and"));
	assert_string_equal(shown_filter_text(s), "udp");
	assert_shown(t, s, CONN_NONE, "udp");
	assert_false(shown_trouble(s, &e));
	shown_free(s);
	trace_free(t);
}

static void connections_with_a_packet_that_matches(void **state)
{
	struct trace *t = raw_trace();
	struct shown *s = shown_new(t, NULL);
	uint64_t random = 11;
	bool some[CONNS * 2] = { false };

	(void)state;
	add_packets(t, &random, 400);
	for (uint32_t conn = 0; conn < CONNS; conn++)
		assert_true(shown_has_conn(s, conn));
	shown_filter(s, "dst port 4003 or src port 4005", NULL);
	work(s);
	for (uint32_t row = 0; row < trace_rows(t); row++) {
		struct filter *f = filter_new("dst port 4003 or src port 4005", LINK_RAW, NULL);

		if (belongs(t, row, CONN_NONE, f)) {
			some[trace_entry(t, row)->conn] = true;
			assert_true(shown_has_packet(s, trace_entry(t, row)->number));
		} else {
			assert_false(shown_has_packet(s, trace_entry(t, row)->number));
		}
		filter_free(f);
	}
	for (uint32_t conn = 0; conn < conns_count(trace_conns(t)); conn++)
		assert_int_equal(shown_has_conn(s, conn), some[conn]);
	shown_free(s);
	trace_free(t);
}

/* In a lab's trace the row of a packet is that of the call which sent it. */
static void the_call_that_sent_it_is_shown_with_it(void **state)
{
	struct scene s = scenes[0].make();
	struct shown *shown = shown_new(s.t, NULL);
	uint32_t rows = 0, calls = 0;

	(void)state;
	assert_int_equal(shown_filter(shown, "tcp", NULL), 0);
	work(shown);
	for (uint32_t row = shown_next(shown, ROW_NONE); row != ROW_NONE;
	     row = shown_next(shown, row)) {
		struct ladder_row r;

		assert_true(ladder_at(s.t, row, &r));
		assert_int_equal(r.head, row);
		assert_int_not_equal(r.packet, ROW_NONE);
		calls += trace_entry(s.t, row)->kind == EVENT_CALL;
		rows++;
	}
	assert_true(rows > 5 && calls > 0);
	assert_int_equal(shown_count(shown).matched, trace_packet_count(s.t));
	shown_free(shown);
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_connection_and_a_filter_while_the_trace_grows),
		cmocka_unit_test(a_wrong_filter_changes_nothing),
		cmocka_unit_test(connections_with_a_packet_that_matches),
		cmocka_unit_test(the_call_that_sent_it_is_shown_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
