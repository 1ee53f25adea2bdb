/*
 * conn_list: every column sorted, against comparing; words and filters, against looking at each; and a list that
 * grows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/conn_end.h"
#include "src/conn_list.h"
#include "tests/scene.h"
#include "tests/unit/decide/raw.h"

#define CONNS 400

/* Connections of all kinds and ends. */
static void add_conns(struct trace *t, uint64_t *random, uint32_t count)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };
	static const uint16_t flags[] = { TCP_SYN,	     TCP_SYN | TCP_ACK, TCP_ACK,
					  TCP_FIN | TCP_ACK, TCP_RST,		TCP_RST | TCP_ACK };
	int64_t now_ns = NS_PER_S + (int64_t)trace_rows(t) * NS_PER_MS;

	for (uint32_t i = 0; i < count; i++) {
		struct raw r = { .src = 0x0a000000 + raw_random(random, 300),
				 .dst = 0xc0000200 + raw_random(random, 5),
				 .protocol = protocols[raw_random(random, 4)],
				 .data = "some data" };

		if (r.protocol != IPPROTO_ICMP) {
			r.sport = (uint16_t)(1024 + raw_random(random, 3000));
			r.dport = (uint16_t)(80 + raw_random(random, 3));
		}
		for (uint32_t n = 1 + raw_random(random, 6); n > 0; n--) {
			struct raw back = r;

			r.flags = flags[raw_random(random, 6)];
			r.len = raw_random(random, 10);
			r.seq = raw_random(random, 1000);
			back.src = r.dst;
			back.dst = r.src;
			back.sport = r.dport;
			back.dport = r.sport;
			back.flags = flags[raw_random(random, 6)];
			now_ns += raw_random(random, 5000);
			raw_add(t, raw_random(random, 3) ? &r : &back, now_ns);
		}
	}
}

static void work(struct conn_list *l)
{
	do
		conn_list_work(l, NS_PER_MS / 20);
	while (conn_list_busy(l));
}

static int sign(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int by_address(const struct addr *a, const struct addr *b)
{
	int c = memcmp(&a->u.in.sin_addr, &b->u.in.sin_addr, 4);

	return c ? c : sign(addr_port(a), addr_port(b));
}

static int64_t ack_rtt(const struct conn *c)
{
	int64_t there = c->ack_rtt_ns[0], back = c->ack_rtt_ns[1];

	return there < 0 || back < 0 ? (there > back ? there : back) : there + back;
}

/* How two connections stand to each other in a column. */
static int compare(const struct trace *t, enum conn_column column, uint32_t x, uint32_t y)
{
	const struct conn a = *conns_get(trace_conns(t), x), b = *conns_get(trace_conns(t), y);
	int back = column == CONN_PACKETS_1 || column == CONN_BYTES_1;

	switch (column) {
	case CONN_NUMBER:
		return sign(x, y);
	case CONN_PROTOCOL:
		return sign(a.protocol, b.protocol);
	case CONN_FROM:
		return by_address(&a.end[0], &b.end[0]);
	case CONN_TO:
		return by_address(&a.end[1], &b.end[1]);
	case CONN_START:
		return sign(a.first_ns, b.first_ns);
	case CONN_TIME:
		return sign(a.last_ns - a.first_ns, b.last_ns - b.first_ns);
	case CONN_PACKETS_0:
	case CONN_PACKETS_1:
		return sign(a.packets[back], b.packets[back]);
	case CONN_BYTES_0:
	case CONN_BYTES_1:
		return sign((int64_t)a.bytes[back], (int64_t)b.bytes[back]);
	case CONN_HANDSHAKE:
		return sign(a.initial_rtt_ns, b.initial_rtt_ns);
	case CONN_RTT:
		return sign(ack_rtt(&a), ack_rtt(&b));
	case CONN_AGAIN:
		return sign(a.retransmissions[0] + a.retransmissions[1],
			    b.retransmissions[0] + b.retransmissions[1]);
	case CONN_STATE:
		return a.state[0].state != b.state[0].state
			       ? sign(a.state[0].state, b.state[0].state)
			       : sign(a.state[1].state, b.state[1].state);
	case CONN_END:
		return sign(conn_ending(&a).end, conn_ending(&b).end);
	}
	return 0;
}

static void assert_sorted(const struct trace *t, const struct conn_list *l)
{
	enum conn_column column = conn_list_column(l);
	bool falling = conn_list_falling(l);
	uint8_t *seen = calloc(conns_count(trace_conns(t)), 1);

	for (size_t i = 0; i < conn_list_rows(l); i++) {
		uint32_t conn = conn_list_at(l, i), next = conn_list_at(l, i + 1);
		int c;

		assert_false(seen[conn]);
		seen[conn] = 1;
		assert_int_equal(conn_list_row_of(l, conn, raw_random(&(uint64_t){ i }, 50)), i);
		if (next == CONN_NONE)
			continue;
		c = compare(t, column, conn, next);
		assert_true(falling ? c >= 0 : c <= 0);
		/* Equal ones stay in the order of their numbers. */
		if (c == 0 && column != CONN_END)
			assert_true(falling ? conn > next : conn < next);
	}
	assert_int_equal(conn_list_at(l, conn_list_rows(l)), CONN_NONE);
	free(seen);
}

static void each_column_sorts_both_ways(void **state)
{
	struct trace *t = raw_trace();
	struct conn_list *l = conn_list_new(t, NULL);
	uint64_t random = 1;

	(void)state;
	add_conns(t, &random, CONNS);
	for (int column = 0; column < CONN_COLUMNS; column++) {
		for (int falling = 0; falling < 2; falling++) {
			conn_list_sort(l, (enum conn_column)column, falling);
			work(l);
			assert_int_equal(conn_list_rows(l), conns_count(trace_conns(t)));
			assert_int_equal(conn_list_column(l), column);
			assert_sorted(t, l);
		}
	}
	conn_list_free(l);
	trace_free(t);
}

static void columns_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < CONN_COLUMNS; i++) {
		const struct conn_column_of *c = &conn_columns[i];

		assert_int_equal(conn_column_find(c->name, strlen(c->name)), i);
		assert_true(c->least > 0 && c->most >= c->least);
		assert_true(*c->title && *c->about);
	}
	assert_int_equal(conn_column_find("byte", 4), -1);
	assert_int_equal(conn_column_find("", 0), -1);
}

/* The text of a whole row, as it stands on a wide screen. */
static void row_text(struct str *s, struct trace *t, uint32_t conn)
{
	for (int column = 0; column < CONN_COLUMNS; column++) {
		if (column != CONN_PROTOCOL && column != CONN_FROM && column != CONN_TO &&
		    column != CONN_STATE && column != CONN_END)
			continue;
		conn_cell(s, t, conn, (enum conn_column)column, 100);
		str_char(s, '\n');
	}
}

static void words_choose_rows(void **state)
{
	static const char *const words[][2] = {
		{ "TCP", "" },		 { "10.0.0.1", "" },	    { ":80", "udp" },
		{ "reset", "10.0.0.2" }, { "192.0.2.4:81", "TCP" }, { "never", "ICMP" },
		{ "no such thing", "" }
	};
	struct trace *t = raw_trace();
	struct conn_list *l = conn_list_new(t, NULL);
	uint64_t random = 2;

	(void)state;
	add_conns(t, &random, CONNS);
	conn_list_sort(l, CONN_BYTES_0, true);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t expected = 0;
		STR_ON_STACK(text, 60);

		str_addf(&text, " %s %s", words[i][0], words[i][1]);
		assert_true(conn_list_find(l, text.buf));
		assert_string_equal(conn_list_text(l), text.buf);
		work(l);
		for (uint32_t conn = 0; conn < conns_count(trace_conns(t)); conn++) {
			STR_ON_STACK(row, 400);
			bool has;

			row_text(&row, t, conn);
			has = strcasestr(row.buf, words[i][0]) && strcasestr(row.buf, words[i][1]);
			if (i == 6)
				has = false;
			expected += has;
			assert_int_equal(conn_list_row_of(l, conn, 0) != SIZE_MAX, has);
		}
		assert_int_equal(conn_list_rows(l), expected);
		assert_true(i == 6 || expected > 0);
		assert_sorted(t, l);
	}
	assert_true(conn_list_find(l, ""));
	work(l);
	assert_int_equal(conn_list_rows(l), conns_count(trace_conns(t)));
	conn_list_free(l);
	trace_free(t);
}

static void a_filter_leaves_connections_with_matching_packets(void **state)
{
	struct trace *t = raw_trace();
	struct conn_list *l = conn_list_new(t, NULL);
	struct shown *s = shown_new(t, NULL);
	uint64_t random = 3;
	size_t expected = 0;

	(void)state;
	add_conns(t, &random, CONNS);
	assert_int_equal(shown_filter(s, "tcp[tcpflags] & tcp-fin != 0", NULL), 0);
	conn_list_of(l, s);
	/* The filter goes on beside the list. */
	do {
		shown_work(s, NS_PER_MS / 100);
		conn_list_work(l, NS_PER_MS / 100);
	} while (shown_busy(s) || conn_list_busy(l));
	for (uint32_t conn = 0; conn < conns_count(trace_conns(t)); conn++) {
		const struct conn *c = conns_get(trace_conns(t), conn);
		bool has = c->fin[0] || c->fin[1];

		expected += has;
		assert_int_equal(conn_list_row_of(l, conn, 0) != SIZE_MAX, has);
	}
	assert_int_equal(conn_list_rows(l), expected);
	assert_true(expected > 0 && expected < conns_count(trace_conns(t)));
	conn_list_of(l, NULL);
	assert_int_equal(conn_list_rows(l), conns_count(trace_conns(t)));
	conn_list_free(l);
	shown_free(s);
	trace_free(t);
}

static void the_list_grows_with_the_trace(void **state)
{
	struct trace *t = raw_trace();
	struct conn_list *l = conn_list_new(t, NULL);
	uint64_t random = 4;

	(void)state;
	assert_int_equal(conn_list_rows(l), 0);
	assert_int_equal(conn_list_at(l, 0), CONN_NONE);
	for (int round = 0; round < 5; round++) {
		size_t before = conn_list_rows(l);

		add_conns(t, &random, 100);
		conn_list_sort(l, round % 2 ? CONN_PACKETS_0 : CONN_TO, false);
		/* What was listed stays listed. */
		conn_list_work(l, 0);
		assert_true(conn_list_rows(l) >= before);
		work(l);
		assert_int_equal(conn_list_rows(l), conns_count(trace_conns(t)));
		assert_sorted(t, l);
		assert_false(conn_list_work(l, NS_PER_MS));
	}
	conn_list_free(l);
	trace_free(t);
}

static void numbers_and_addresses_fit_their_columns(void **state)
{
	struct trace *t = raw_trace();
	struct raw r = { .src = 0xc0a864c8,
			 .dst = 0xc0a864c9,
			 .sport = 65535,
			 .dport = 65534,
			 .protocol = IPPROTO_UDP };
	STR_ON_STACK(s, 100);

	(void)state;
	raw_add(t, &r, NS_PER_S);
	conn_cell(&s, t, 0, CONN_FROM, 15);
	assert_string_equal(s.buf, "192.168.…:65535");
	str_clear(&s);
	conn_cell(&s, t, 0, CONN_FROM, 21);
	assert_string_equal(s.buf, "192.168.100.200:65535");
	str_clear(&s);
	conn_cell(&s, t, 0, CONN_RTT, 8);
	assert_string_equal(s.buf, "-");
	str_clear(&s);
	conn_cell(&s, t, 1, CONN_RTT, 8);
	assert_string_equal(s.buf, "");
	trace_free(t);
}

/* A segment, at so many milliseconds. */
static void segment(struct trace *t, uint16_t port, bool back, uint32_t seq, uint32_t ack,
		    uint32_t len, int64_t ms)
{
	struct raw r = { .src = back ? 2 : 1,
			 .dst = back ? 1 : 2,
			 .sport = back ? 80 : port,
			 .dport = back ? port : 80,
			 .protocol = IPPROTO_TCP,
			 .flags = TCP_ACK,
			 .seq = seq,
			 .ack = ack,
			 .data = "data",
			 .len = len };

	raw_add(t, &r, NS_PER_S + ms * NS_PER_MS);
}

static void assert_rtt(struct trace *t, uint32_t conn, const char *expected)
{
	STR_ON_STACK(s, 40);

	conn_cell(&s, t, conn, CONN_RTT, conn_columns[CONN_RTT].least);
	assert_string_equal(s.buf, expected);
	str_clear(&s);
	conn_cell(&s, t, conn, CONN_HANDSHAKE, 8);
	assert_string_equal(s.buf, "-");
}

/* From the middle on, without a handshake: 30 ms to one end and back, 2 ms to the other, at least. */
static void acks_tell_the_round_trip_time(void **state)
{
	struct trace *t = raw_trace();

	(void)state;
	segment(t, 4000, false, 100, 900, 4, 0);
	assert_rtt(t, 0, "-");
	segment(t, 4000, true, 900, 104, 0, 50);
	assert_rtt(t, 0, ">50.0 ms");
	segment(t, 4000, false, 104, 900, 4, 60);
	segment(t, 4000, true, 900, 108, 4, 90);
	assert_rtt(t, 0, ">30.0 ms");
	segment(t, 4000, false, 108, 904, 4, 92);
	assert_rtt(t, 0, "32.0 ms");
	segment(t, 4000, true, 904, 112, 4, 392);
	segment(t, 4000, false, 112, 908, 0, 432);
	assert_rtt(t, 0, "32.0 ms");
	segment(t, 4001, false, 100, 900, 4, 500);
	assert_rtt(t, 1, "-");
	trace_free(t);
}

static void an_echo_has_its_identifier(void **state)
{
	/* Echo requests to 192.0.2.2 of two programs, and a reply to the second. */
	static const uint8_t echo[3][8] = { { 8, 0, 0, 0, 0, 7, 0, 1 },
					    { 8, 0, 0, 0, 0, 9, 0, 1 },
					    { 0, 0, 0, 0, 0, 9, 0, 1 } };
	struct scene s = scene_new();
	STR_ON_STACK(from, 60);
	STR_ON_STACK(to, 60);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t frame[60] = { 0 };

		memcpy(frame + 34, echo[i], 8);
		scene_headers(frame, i == 2 ? SERVER : CLIENT, IPPROTO_ICMP, 8);
		scene_frame(&s, i == 2 ? SERVER : CLIENT, frame, 42);
	}
	assert_int_equal(conns_count(trace_conns(s.t)), 2);
	assert_int_equal(conns_get(trace_conns(s.t), 1)->packets[1], 1);
	conn_cell(&from, s.t, 1, CONN_FROM, 40);
	conn_cell(&to, s.t, 1, CONN_TO, 40);
	assert_string_equal(from.buf, "client id 9");
	assert_string_equal(to.buf, "server");
	str_clear(&from);
	conn_cell(&from, s.t, 1, CONN_FROM, 9);
	assert_string_equal(from.buf, "cli… id 9");
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_column_sorts_both_ways),
		cmocka_unit_test(columns_have_names),
		cmocka_unit_test(words_choose_rows),
		cmocka_unit_test(a_filter_leaves_connections_with_matching_packets),
		cmocka_unit_test(the_list_grows_with_the_trace),
		cmocka_unit_test(numbers_and_addresses_fit_their_columns),
		cmocka_unit_test(acks_tell_the_round_trip_time),
		cmocka_unit_test(an_echo_has_its_identifier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
