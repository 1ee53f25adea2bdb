/*
 * graph: a connection over time, on traces made by hand: what the lines are, and that a graph which grew says the same
 * as one that was made at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/graph.h"
#include "tests/scenes.h"
#include "tests/unit/decide/raw.h"

static struct graph *made_of(struct trace *t)
{
	struct graph *g = graph_new(t, NULL);

	assert_non_null(g);
	graph_ask(g, 0);
	graph_work(g, 0);
	assert_false(graph_busy(g));
	assert_true(graph_used(g) <= GRAPH_COLUMNS);
	return g;
}

/* Over all columns. */
static struct graph_range all_of(const struct graph *g, int dir, enum graph_line line)
{
	struct graph_range all = { 0 };

	for (size_t i = 0; i < graph_used(g); i++) {
		const struct graph_range *r = graph_column(g, dir, line, i);

		if (!r->any)
			continue;
		assert_true(r->low <= r->high);
		all.low = all.any && all.low < r->low ? all.low : r->low;
		all.high = all.any && all.high > r->high ? all.high : r->high;
		all.any = true;
	}
	return all;
}

static void assert_range(struct graph_range r, uint64_t low, uint64_t high)
{
	assert_true(r.any);
	assert_int_equal(r.low, low);
	assert_int_equal(r.high, high);
}

#define SEGMENTS 2000
#define LEN	 100
#define STEP_NS	 (10 * NS_PER_US) /* between two packets */

/* Each segment is acknowledged two steps later; the window is 500 << 7. */
static void add_pair(struct trace *t, uint32_t i)
{
	static const uint8_t data[LEN];
	const uint32_t base = UINT32_MAX - 5000;
	struct raw r = { .src = 0x0a000001,
			 .dst = 0x0a000002,
			 .sport = 4000,
			 .dport = 80,
			 .protocol = IPPROTO_TCP,
			 .seq = base + i * LEN,
			 .ack = 1,
			 .flags = TCP_ACK,
			 .data = data,
			 .len = LEN };
	struct raw ack = { .src = 0x0a000002,
			   .dst = 0x0a000001,
			   .sport = 80,
			   .dport = 4000,
			   .protocol = IPPROTO_TCP,
			   .seq = 1,
			   .ack = base + i * LEN + LEN,
			   .flags = TCP_ACK };

	raw_add(t, &r, NS_PER_S + i * 3 * STEP_NS);
	raw_add(t, &ack, NS_PER_S + i * 3 * STEP_NS + 2 * STEP_NS);
}

static struct trace *pairs(void)
{
	struct trace *t = raw_trace();

	for (uint32_t i = 0; i < SEGMENTS; i++)
		add_pair(t, i);
	return t;
}

static void numbers_rise_with_time(void **unused)
{
	struct trace *t = pairs();
	struct graph *g = made_of(t);
	uint64_t last = 0;

	(void)unused;
	assert_range(all_of(g, 0, GRAPH_SENT), LEN, SEGMENTS * LEN);
	assert_range(all_of(g, 0, GRAPH_FLIGHT), 0, LEN);
	assert_range(all_of(g, 0, GRAPH_RTT), 20, 20);
	assert_false(all_of(g, 0, GRAPH_RESENT).any);
	assert_false(all_of(g, 0, GRAPH_CWND).any || all_of(g, 1, GRAPH_SENT).any);
	assert_int_equal(all_of(g, 0, GRAPH_ACKED).high, SEGMENTS * LEN);
	for (size_t i = 0; i < graph_used(g); i++) {
		const struct graph_range *r = graph_column(g, 0, GRAPH_SENT, i);

		assert_true(!r->any || r->low > last);
		last = r->any ? r->high : last;
	}
	assert_int_equal(graph_column_of(g, NS_PER_S), 0);
	assert_int_equal(graph_column_of(g, NS_PER_S - 1), -1);
	assert_int_equal(graph_column_of(g, graph_last_ns(g)) + 1, graph_used(g));
	graph_free(g);
	trace_free(t);
}

/* Live: columns are folded again and again, and nothing is lost. */
static void one_that_grew_has_the_same_lines(void **unused)
{
	struct trace *t = raw_trace();
	struct graph *g = graph_new(t, NULL), *whole;

	(void)unused;
	for (uint32_t i = 0; i < SEGMENTS; i++) {
		add_pair(t, i);
		graph_ask(g, 0);
		graph_work(g, i % 2 ? 0 : 1);
	}
	graph_work(g, 0);
	whole = made_of(t);
	assert_true(graph_used(g) > GRAPH_COLUMNS / 4 && graph_used(g) <= GRAPH_COLUMNS);
	assert_int_equal(graph_last_ns(g), graph_last_ns(whole));
	for (int line = 0; line < GRAPH_LINES; line++) {
		struct graph_range a = all_of(g, 0, (enum graph_line)line);
		struct graph_range b = all_of(whole, 0, (enum graph_line)line);

		assert_int_equal(a.any, b.any);
		assert_true(a.low == b.low && a.high == b.high);
	}
	graph_free(whole);
	graph_free(g);
	trace_free(t);
}

static void a_repetition_is_a_point_and_no_measure(void **unused)
{
	struct scene s = scene_capture();
	struct graph *g;

	(void)unused;
	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "hello");
	scene_ms(&s, 200);
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "hello");
	scene_tcp(&s, SERVER, TCP_ACK, 1, 6, "");
	g = made_of(s.t);
	assert_range(all_of(g, 0, GRAPH_RESENT), 5, 5);
	assert_range(all_of(g, 0, GRAPH_SENT), 5, 5);
	assert_false(all_of(g, 0, GRAPH_RTT).any);
	/* The window of the ACK is scaled by 7, that of the SYN+ACK not. */
	assert_range(all_of(g, 0, GRAPH_WINDOW), 64240, 5 + (64240u << 7));
	graph_free(g);
	trace_free(s.t);
}

static void samples_give_what_packets_do_not(void **unused)
{
	struct scene s = scenes_loss();
	struct graph *g = made_of(s.t);
	struct graph_range rto = all_of(g, 0, GRAPH_RTO);

	(void)unused;
	assert_true(all_of(g, 0, GRAPH_CWND).any);
	assert_int_equal(rto.high, 480000);
	assert_true(all_of(g, 0, GRAPH_SSTHRESH).any);
	graph_free(g);
	trace_free(s.t);
}

static void what_is_no_tcp_has_no_graph(void **unused)
{
	struct scene s = scenes_udp();
	struct graph *g = graph_new(s.t, NULL);

	(void)unused;
	graph_ask(g, CONN_NONE);
	assert_false(graph_busy(g) || graph_work(g, 0));
	graph_ask(g, 0);
	assert_false(graph_busy(g) || graph_work(g, 0));
	assert_false(all_of(g, 0, GRAPH_SENT).any);
	graph_free(g);
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_rise_with_time),
		cmocka_unit_test(one_that_grew_has_the_same_lines),
		cmocka_unit_test(a_repetition_is_a_point_and_no_measure),
		cmocka_unit_test(samples_give_what_packets_do_not),
		cmocka_unit_test(what_is_no_tcp_has_no_graph),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
