/*
 * analysis: each rule by segments made by hand.  A test is a row of segments with the verdicts that each must
 * have; the client counts from 1000, the server from 5000.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "capture/analysis.h"

/* A row says what matters in it; all else is 0. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

enum { C, S };	/* who sends */
enum { FIN = TCP_FIN, SYN = TCP_SYN, RST = TCP_RST, ACK = TCP_ACK };
enum {
	RETRANS = VERDICT_RETRANSMISSION,
	FAST = VERDICT_FAST_RETRANSMISSION | RETRANS,
	SPURIOUS = VERDICT_SPURIOUS_RETRANSMISSION | RETRANS,
	OUT_OF_ORDER = VERDICT_OUT_OF_ORDER,
	DUP = VERDICT_DUPLICATE_ACK,
	LOST = VERDICT_LOST_SEGMENT,
	ACK_LOST = VERDICT_ACK_LOST_SEGMENT,
	UPDATE = VERDICT_WINDOW_UPDATE,
	FULL = VERDICT_WINDOW_FULL,
	ZERO = VERDICT_ZERO_WINDOW,
	PROBE = VERDICT_ZERO_WINDOW_PROBE,
	PROBE_ACK = VERDICT_ZERO_WINDOW_PROBE_ACK | ZERO,
	ALIVE = VERDICT_KEEP_ALIVE,
	ALIVE_ACK = VERDICT_KEEP_ALIVE_ACK,
	REUSED = VERDICT_REUSED_PORTS,
	PART = VERDICT_PARTIAL_ACK,
};
enum { ANY = 0, V40 = 1, V44 = 2, V46 = 4, NEWER = V44 | V46 };	/* rule sets of a row */

struct row {
	int64_t us;		/* since the row before */
	int from;
	unsigned flags;
	uint32_t seq, ack, len, window;
	unsigned bits;
	unsigned only;		/* rule sets for which `bits` holds; else `other` */
	unsigned other;
	int scale;		/* option, + 1 */
	uint32_t sack;		/* a block from here, 100 bytes long */
	uint16_t mptcp;
};

struct run {
	struct tcp tcp;
	struct unacked *pool;
	const struct tcp_rules *rules;
	struct verdict v;	/* of the last row */
	struct tcp_segment s;
	struct packet p;
	int64_t now;
	uint32_t frame;
};

static struct run run_new(int set)
{
	struct run r = { .pool = unacked_new(), .rules = &tcp_rule_sets[set], .now = 1000000000 };

	assert_non_null(r.pool);
	return r;
}

static void run_row(struct run *r, const struct row *row)
{
	enum tcp_opening opening;

	r->p = (struct packet){ .ip_version = 4, .protocol = 6, .has_ports = true, .has_transport = true,
				.has_segment = true, .payload_known = true, .seq = row->seq, .ack = row->ack,
				.flags = (uint16_t)row->flags, .window = (uint16_t)row->window,
				.payload_len = row->len, .wscale = (int8_t)(row->scale - 1), .mptcp = row->mptcp };
	if (row->sack) {
		r->p.sack_blocks = 1;
		r->p.sack[0][0] = row->sack;
		r->p.sack[0][1] = row->sack + 100;
	}
	r->now += row->us * 1000;
	r->s = (struct tcp_segment){ .p = &r->p, .dir = row->from, .frame = ++r->frame, .ts_ns = r->now };
	r->v = (struct verdict){ .analysed = false };
	opening = tcp_opens(&r->tcp, r->rules, &r->s);
	tcp_bases(&r->tcp, r->pool, r->rules, &r->s, opening);
	tcp_analyse(&r->tcp, r->pool, r->rules, &r->s, opening >= TCP_RENUMBERS, &r->v);
	tcp_header(&r->tcp, &r->s, &r->v);
}

static void run_rows(struct run *r, const struct row *rows, size_t count)
{
	unsigned set = 1u << (r->rules - tcp_rule_sets);

	for (size_t i = 0; i < count; i++) {
		unsigned want = !rows[i].only || (rows[i].only & set) ? rows[i].bits : rows[i].other;

		run_row(r, &rows[i]);
		if (r->v.bits != want)
			fail_msg("rules %s, row %zu: verdict %x, must be %x", r->rules->name, i, r->v.bits, want);
	}
}

#define HANDSHAKE                                                                                  \
	{ 0, C, SYN, 999, 0, 0, 1000 }, { 10000, S, SYN | ACK, 4999, 1000, 0, 1000 },              \
	{ 10000, C, ACK, 1000, 5000, 0, 1000 }

/* Under each rule set. */
#define CHECK(...)                                                                                 \
	do {                                                                                       \
		static const struct row rows[] = { __VA_ARGS__ };                                  \
		for (int set = 0; set < TCP_RULE_SETS; set++) {                                    \
			struct run r = run_new(set);                                               \
			run_rows(&r, rows, sizeof(rows) / sizeof(rows[0]));                        \
			unacked_free(r.pool);                                                      \
		}                                                                                  \
	} while (0)

/* ---- F1 to F9 ---- */

static void f1_zero_window_probe(void **state)
{
	(void)state;
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 100, 1000 }, { 10, S, ACK, 5000, 1100, 0, 0, ZERO },
	      { 300000, C, ACK, 1100, 5000, 1, 1000, PROBE },
	      { 300000, C, ACK, 1100, 5000, 1, 1000, PROBE },	/* High did not move */
	      { 300000, C, ACK, 1100, 5000, 2, 1000 });
	/* The window of the other side is not known, or not zero. */
	CHECK({ 0, C, ACK, 1000, 5000, 100, 1000 }, { 10, C, ACK, 1100, 5000, 1, 1000 });
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 1, 1000 });
}

static void f2_zero_window(void **state)
{
	(void)state;
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 5, 0, ZERO }, { 10, C, FIN | ACK, 1005, 5000, 0, 0 },
	      { 10, C, RST | ACK, 1006, 5000, 0, 0 });
	CHECK({ 0, C, SYN, 999, 0, 0, 0 });
}

static void f3_lost_segment(void **state)
{
	(void)state;
	CHECK(HANDSHAKE, { 10, C, ACK, 1001, 5000, 100, 1000, LOST }, { 10, C, ACK, 1101, 5000, 100, 1000 },
	      { 10, C, ACK, 1400, 5000, 0, 1000, LOST }, { 10, C, RST, 2000, 0, 0, 0 });
	/* Exactly half of all numbers away is above as well as below. */
	CHECK({ 0, C, ACK, 1000, 5000, 100, 1000 },
	      { 9000, C, ACK, 1100 + 0x80000000, 5000, 10, 1000, LOST | RETRANS, V40,
		LOST | RETRANS });
}

static void f4_keep_alive(void **state)
{
	(void)state;
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 100, 1000 }, { 10, C, ACK, 1099, 5000, 0, 1000, ALIVE },
	      { 10, C, ACK, 1099, 5000, 1, 1000, ALIVE },	/* no retransmission of the byte */
	      { 10, C, ACK, 1098, 5000, 1, 1000, OUT_OF_ORDER, V40, RETRANS },
	      { 10, C, FIN | ACK, 1099, 5000, 0, 1000, RETRANS, ANY });
}

static void f5_window_update(void **state)
{
	(void)state;
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 0, 2000, UPDATE }, { 10, C, ACK, 1000, 5000, 0, 2000, DUP },
	      { 10, C, ACK, 1000, 5000, 1, 3000 });
	/* With SACK blocks it is a duplicate ACK to the newer ones (8.2). */
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 0, 2000, DUP, NEWER, UPDATE, .sack = 5100 });
}

static void f6_window_full(void **state)
{
	(void)state;
	/* Not scaled: neither side wants it. */
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 999, 1000 }, { 10, C, ACK, 1999, 5000, 1, 1000, FULL });
	/* Scaled from the first ACK on; the SYN's own window is not. */
	CHECK({ 0, C, SYN, 999, 0, 0, 50, .scale = 1 + 3 }, { 10, S, SYN | ACK, 4999, 1000, 0, 10, .scale = 1 + 1 },
	      { 10, S, ACK, 5000, 1000, 49, 10 }, { 10, C, ACK, 1000, 5000, 9, 10 },
	      { 10, S, ACK, 5049, 1009, 31, 10, FULL }, { 10, C, ACK, 1009, 5080, 20, 10, FULL });
	/* A shift above 14 counts as 14. */
	CHECK({ 0, C, SYN, 999, 0, 0, 50, .scale = 1 + 20 }, { 10, S, SYN | ACK, 4999, 1000, 0, 10, .scale = 1 + 1 },
	      { 10, C, ACK, 1000, 5000, 0, 1 }, { 10, S, ACK, 5000, 1000, 1 << 14, 10, FULL });
	/* Scales that are not known, or that only one side has. */
	CHECK({ 0, C, ACK, 1000, 5000, 1, 10 }, { 10, S, ACK, 5000, 1001, 10, 10 });
	CHECK({ 0, C, SYN, 999, 0, 0, 50, .scale = 1 + 3 }, { 10, S, SYN | ACK, 4999, 1000, 0, 10 },
	      { 10, C, ACK, 1000, 5000, 10, 10, FULL });
}

static void f7_keep_alive_ack(void **state)
{
	(void)state;
	CHECK(HANDSHAKE, { 10, S, ACK, 5000, 1000, 0, 1000, DUP }, { 10, C, ACK, 999, 5000, 0, 1000, ALIVE },
	      { 10, S, ACK, 5000, 1000, 0, 1000, ALIVE_ACK }, { 10, S, ACK, 5000, 1000, 0, 1000, ALIVE_ACK },
	      { 10, C, ACK, 1000, 5000, 0, 1000, DUP }, { 10, S, ACK, 5000, 1000, 0, 1000, DUP });
}

static void f8_zero_window_probe_ack(void **state)
{
	(void)state;
	CHECK(HANDSHAKE, { 10, S, ACK, 5000, 1000, 0, 0, ZERO }, { 10, C, ACK, 1000, 5000, 1, 1000, PROBE },
	      { 10, S, ACK, 5000, 1000, 0, 0, PROBE_ACK });
	/* The byte was taken: the newer rules know that (8.2 F8). */
	CHECK(HANDSHAKE, { 10, S, ACK, 5000, 1000, 0, 0, ZERO }, { 10, C, ACK, 1000, 5000, 1, 1000, PROBE },
	      { 10, S, ACK, 5000, 1001, 0, 0, PROBE_ACK, NEWER, ZERO | ACK_LOST });
	/* ... also if the window is open again (8.2 F11). */
	CHECK(HANDSHAKE, { 10, S, ACK, 5000, 1000, 0, 0, ZERO }, { 10, C, ACK, 1000, 5000, 1, 1000, PROBE },
	      { 10, S, ACK, 5000, 1001, 0, 500, UPDATE, NEWER, ACK_LOST },
	      { 10, C, ACK, 1001, 5000, 10, 1000, 0, NEWER, LOST });
}

static void f9_duplicate_acks_are_counted(void **state)
{
	static const struct row rows[] = {
		HANDSHAKE,
		{ 10, S, ACK, 5000, 1000, 0, 1000, DUP },	/* even with nothing to acknowledge */
		{ 10, S, ACK, 5000, 1000, 0, 1000, DUP },
		{ 10, S, ACK, 5000, 1000, 10, 1000 },
		{ 10, S, ACK, 5010, 1000, 0, 1000, DUP },
		{ 10, S, FIN | ACK, 5010, 1000, 0, 1000 },
	};
	struct run r = run_new(0);

	(void)state;
	run_rows(&r, rows, 4);
	assert_int_equal(r.v.dup_ack, 1);
	assert_int_equal(r.v.dup_ack_frame, 2);	/* where the number came: the SYN+ACK */
	run_rows(&r, rows + 4, 3);
	assert_int_equal(r.v.dup_ack, 3);
	run_rows(&r, rows + 7, 1);
	unacked_free(r.pool);
}

static void f9_a_new_kind_of_mptcp_option_excuses_one(void **state)
{
	(void)state;
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 0, 1000, DUP, .mptcp = 1 << 2 },
	      { 10, S, ACK, 5000, 1000, 0, 1000, 0, .mptcp = 1 << 2 },
	      { 10, S, ACK, 5000, 1000, 0, 1000, DUP, .mptcp = 1 << 2 });
}

/* ---- F10, F11 ---- */

static void f10_a_new_number_ends_the_count(void **state)
{
	static const struct row rows[] = {
		HANDSHAKE,
		{ 10, S, ACK, 5000, 1000, 0, 1000, DUP },
		{ 10, C, ACK, 1000, 5000, 9, 1000 },
		{ 10, S, ACK, 5000, 1009, 0, 1000 },
		{ 10, S, ACK, 5000, 1009, 0, 1000, DUP },
	};
	struct run r = run_new(2);

	(void)state;
	run_rows(&r, rows, 7);
	assert_int_equal(r.v.dup_ack, 1);
	assert_int_equal(r.v.dup_ack_frame, 6);
	unacked_free(r.pool);
}

static void f11_acked_unseen_segment(void **state)
{
	(void)state;
	/* 4.0 reports it once and marks it; the newer rules follow. */
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 10, S, ACK, 5000, 1100, 0, 1000, ACK_LOST },
	      { 10, S, ACK, 5000, 1200, 0, 1000, ACK_LOST, NEWER, 0 }, { 10, C, ACK, 1200, 5000, 10, 1000, LOST });
	/* A hole that was seen is filled by the ACK. */
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 10, C, ACK, 1100, 5000, 10, 1000, LOST },
	      { 10, S, ACK, 5000, 1110, 0, 1000, ACK_LOST }, { 10, S, ACK, 5000, 1110, 0, 1000, DUP });
	/* Without the ACK flag the number is none. */
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 10, S, 0, 5000, 1100, 0, 1000 });
}

/* 8.2 F11: what was remembered behind the ACK counts as seen. */
static void f11_runs_are_followed(void **state)
{
	(void)state;
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 10, C, ACK, 1100, 5000, 50, 1000, LOST },
	      { 10, C, ACK, 1150, 5000, 50, 1000 }, { 10, S, ACK, 5000, 1100, 0, 1000, ACK_LOST },
	      { 10, S, ACK, 5000, 1200, 0, 1000 });
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 10, C, ACK, 1100, 5000, 50, 1000, LOST },
	      { 10, C, ACK, 1160, 5000, 40, 1000, LOST }, { 10, S, ACK, 5000, 1100, 0, 1000, ACK_LOST },
	      { 10, S, ACK, 5000, 1200, 0, 1000, ACK_LOST, NEWER, 0 });
}

/* ---- F12 ---- */

static void f12a_spurious(void **state)
{
	(void)state;
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 10, S, ACK, 5000, 1010, 0, 1000 },
	      { 10, C, ACK, 1000, 5000, 10, 1000, SPURIOUS }, { 10, C, ACK, 1005, 5000, 6, 1000, OUT_OF_ORDER });
	/* Also of what was not seen to be sent. */
	CHECK({ 0, S, ACK, 5000, 1010, 1, 1000 }, { 10, C, ACK, 1000, 5001, 10, 1000, SPURIOUS });
}

static void f12b_fast(void **state)
{
	(void)state;
#define LOSS                                                                                       \
	HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 10, C, ACK, 1010, 5000, 10, 1000 }
	CHECK(LOSS, { 10, S, ACK, 5000, 1000, 0, 1000, DUP }, { 10, S, ACK, 5000, 1000, 0, 1000, DUP },
	      { 19999, C, ACK, 1000, 5000, 10, 1000, FAST });
	/* Too late: out of order no more either, as a round trip is 20 ms. */
	CHECK(LOSS, { 10, S, ACK, 5000, 1000, 0, 1000, DUP }, { 10, S, ACK, 5000, 1000, 0, 1000, DUP },
	      { 20000, C, ACK, 1000, 5000, 10, 1000, RETRANS });
	/* One duplicate is not enough. */
	CHECK(LOSS, { 10, S, ACK, 5000, 1000, 0, 1000, DUP },
	      { 100, C, ACK, 1000, 5000, 10, 1000, OUT_OF_ORDER, V40, RETRANS });
	/* 8.2: with SACK blocks another start will do, too. */
	CHECK(LOSS, { 10, S, ACK, 5000, 1000, 0, 1000, DUP, .sack = 1010 },
	      { 10, S, ACK, 5000, 1000, 0, 1000, DUP, .sack = 1010 },
	      { 100, C, ACK, 1005, 5000, 5, 1000, FAST, NEWER, OUT_OF_ORDER });
}

static void f12c_out_of_order(void **state)
{
	(void)state;
	/* The limit is the initial round trip. */
	CHECK(HANDSHAKE, { 10, C, ACK, 1010, 5000, 10, 1000, LOST }, { 19999, C, ACK, 1000, 5000, 10, 1000, OUT_OF_ORDER, V40 | V44, RETRANS });
	CHECK(HANDSHAKE, { 10, C, ACK, 1010, 5000, 10, 1000, LOST }, { 20000, C, ACK, 1000, 5000, 10, 1000, RETRANS });
	/* 3 ms where that is not known. */
	CHECK({ 0, C, ACK, 1000, 5000, 10, 1000 }, { 10, C, ACK, 1020, 5000, 10, 1000, LOST },
	      { 2999, C, ACK, 1010, 5000, 10, 1000, OUT_OF_ORDER, V40 | V44, RETRANS });
	CHECK({ 0, C, ACK, 1000, 5000, 10, 1000 }, { 10, C, ACK, 1020, 5000, 10, 1000, LOST },
	      { 3000, C, ACK, 1010, 5000, 10, 1000, RETRANS });
	/* The very end of what was seen is none. */
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 10, C, ACK, 1000, 5000, 10, 1000, RETRANS });
	/* 8.2: seen before, by a remembered segment. */
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 10, C, ACK, 1010, 5000, 10, 1000 },
	      { 10, C, ACK, 1000, 5000, 10, 1000, OUT_OF_ORDER, V40, RETRANS });
	/* 8.2: the top was an ACK without data. */
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 10, C, ACK, 1030, 5000, 0, 1000, LOST },
	      { 10, C, ACK, 1010, 5000, 20, 1000, RETRANS, V40, OUT_OF_ORDER });
	/* 8.3: the clock is that of the other side. */
	CHECK(HANDSHAKE, { 10, C, ACK, 1010, 5000, 10, 1000, LOST }, { 15000, S, ACK, 5000, 1000, 9, 1000 },
	      { 10000, C, ACK, 1000, 5000, 10, 1000, OUT_OF_ORDER, V46, RETRANS });
}

/* Time that runs backwards is long; 4.6 alone takes it for short. */
static void f12c_backwards(void **state)
{
	(void)state;
	CHECK(HANDSHAKE, { 10, C, ACK, 1010, 5000, 10, 1000, LOST }, { -20000, C, ACK, 1000, 5000, 10, 1000, OUT_OF_ORDER, V46, RETRANS });
}

static void f12_where_it_goes_back(void **state)
{
	(void)state;
	/* Behind a probe: the byte before is sent along. */
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 90000, C, ACK, 1009, 5000, 2, 1000 });
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 90000, C, ACK, 1008, 5000, 2, 1000, RETRANS });
	/* Pure ACKs never do; SYN and FIN can. */
	CHECK(HANDSHAKE, { 10, C, ACK, 1000, 5000, 10, 1000 }, { 90000, C, ACK, 1002, 5000, 0, 1000 });
	CHECK(HANDSHAKE, { 10, C, FIN | ACK, 1000, 5000, 0, 1000 }, { 90000, C, FIN | ACK, 1000, 5000, 0, 1000, RETRANS });
}

static void f12d_what_a_retransmission_is_late_after(void **state)
{
	static const struct row rows[] = {
		HANDSHAKE,
		{ 10, C, ACK, 1000, 5000, 10, 1000 },		/* frame 4 */
		{ 20, C, ACK, 1010, 5000, 10, 1000 },		/* frame 5 */
		{ 300000, C, ACK, 1010, 5000, 10, 1000, RETRANS },
		{ 10, S, ACK, 5000, 1020, 0, 1000 },
		{ 300000, C, ACK, 1015, 5000, 20, 1000, RETRANS },
	};

	(void)state;
	for (int set = 0; set < TCP_RULE_SETS; set++) {
		struct run r = run_new(set);

		run_rows(&r, rows, 6);
		assert_int_equal(r.v.rto_frame, set ? 5 : 4);	/* 8.2: of those that start there or later */
		assert_int_equal(r.v.rto_ns, set ? 300000000 : 300020000);
		run_rows(&r, rows + 6, 2);
		assert_int_equal(r.v.rto_frame, 5);		/* nothing waits: the highest */
		unacked_free(r.pool);
	}
}

/* ---- M1 to M5 ---- */

static void f12d_no_time_at_all_is_not_late(void **state)
{
	static const struct row rows[] = { HANDSHAKE,
					   { 10, C, ACK, 1000, 5000, 100, 1000 },
					   { 0, C, ACK, 1000, 5000, 100, 1000, RETRANS } };
	struct run r = run_new(0);

	(void)state;
	run_rows(&r, rows, sizeof(rows) / sizeof(rows[0]));
	assert_int_equal(r.v.rto_frame, 0);
	assert_int_equal(r.v.rto_ns, 0);
	unacked_free(r.pool);
}

static void completeness_is_wiresharks(void **state)
{
	static const struct {
		unsigned flags, len, first, later, quoted;
	} rows[] = {
		{ 0, 1, 0, 0, 0 },		{ SYN, 0, 1, 0, 0 },
		{ SYN, 1, 9, 0, 0 },		{ SYN | RST, 0, 1, 32, 32 },
		{ SYN | FIN, 0, 1, 0, 0 },	{ SYN | ACK, 1, 0, 2, 2 },
		{ SYN | FIN | ACK, 0, 0, 18, 18 }, { ACK, 0, 0, 4, 4 },
		{ ACK, 1, 0, 8, 4 },		{ FIN, 0, 0, 0, 0 },
		{ FIN | ACK, 0, 0, 20, 20 },	{ FIN | ACK, 1, 0, 24, 20 },
		{ RST, 0, 0, 32, 32 },		{ RST | ACK, 0, 0, 36, 36 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct packet p = { .flags = (uint16_t)rows[i].flags, .wscale = -1,
					  .payload_known = true, .payload_len = rows[i].len };
		struct tcp_segment s = { .p = &p, .frame = 1, .first = true };
		struct tcp first = { .seen = 0 }, later = { .seen = 0 }, quoted = { .seen = 0 };
		struct verdict v = { .analysed = false };

		tcp_header(&first, &s, &v);
		s.first = false;
		tcp_header(&later, &s, &v);
		s.quoted = true;
		tcp_header(&quoted, &s, &v);
		assert_int_equal(first.completeness, rows[i].first);
		assert_int_equal(later.completeness, rows[i].later);
		assert_int_equal(quoted.completeness, rows[i].quoted);
		assert_int_equal(quoted.seen, 0);
	}
}

static void m1_syn_and_fin_count_once(void **state)
{
	static const struct row rows[] = {
		{ 0, C, SYN | FIN, 999, 0, 5, 1000 },
		{ 10, S, SYN | ACK, 4999, 1005, 0, 1000 },
	};
	struct run r = run_new(0);

	(void)state;
	run_rows(&r, rows, 1);
	assert_int_equal(r.tcp.side[C].high, 1005);
	assert_int_equal(unacked_at(r.pool, r.tcp.side[C].unacked, 0)->end, 1005);
	run_rows(&r, rows + 1, 1);
	assert_int_equal(r.v.acked_frame, 1);
	assert_int_equal(r.v.ack_rtt_ns, 10000);
	unacked_free(r.pool);
}

/* With the list full a FIN does not even move the end. */
static void m1_the_list_has_an_end(void **state)
{
	struct row row = { 1, C, ACK, 1000, 5000, 10, 1000 };
	struct run r = run_new(0);

	(void)state;
	for (int i = 0; i < UNACKED_MAX; i++, row.seq += 10)
		run_row(&r, &row);
	row.flags |= FIN;
	run_row(&r, &row);
	assert_int_equal(unacked_count(r.pool, r.tcp.side[C].unacked), UNACKED_MAX);
	assert_int_equal(r.tcp.side[C].high, row.seq + 10);
	unacked_free(r.pool);
}

static void m2_m3_high_and_contig(void **state)
{
	static const struct row rows[] = {
		HANDSHAKE,
		{ 10, C, ACK, 1100, 5000, 0, 1000, LOST },	/* a pure ACK moves it too */
		{ 10, C, ACK, 1000, 5000, 50, 1000, OUT_OF_ORDER },
	};
	struct run r = run_new(1);

	(void)state;
	run_rows(&r, rows, 4);
	assert_int_equal(r.tcp.side[C].high, 1100);
	assert_int_equal(r.tcp.side[C].high_frame, 4);
	assert_int_equal(r.tcp.side[C].contig, 1000);
	run_rows(&r, rows + 4, 1);
	assert_int_equal(r.tcp.side[C].high, 1100);
	assert_int_equal(r.tcp.side[C].contig, 1100);
	unacked_free(r.pool);
}

static void m4_what_is_remembered_of_the_last(void **state)
{
	static const struct row rows[] = { { 7, C, 0, 1000, 77, 5, 123 } };
	struct run r = run_new(0);

	(void)state;
	run_rows(&r, rows, 1);
	assert_int_equal(r.tcp.side[C].last_ack, 77);	/* even without the flag */
	assert_int_equal(r.tcp.side[C].window, 123);
	assert_int_equal(r.tcp.last_ns[C], r.now);
	unacked_free(r.pool);
}

static void m5_acknowledgments(void **state)
{
	static const struct row rows[] = {
		HANDSHAKE,
		{ 10, C, ACK, 1000, 5000, 10, 1000 },		/* frame 4 */
		{ 10, C, ACK, 1010, 5000, 10, 1000 },
		{ 300000, C, ACK, 1010, 5000, 10, 1000, RETRANS },
		{ 10, S, ACK, 5000, 1015, 0, 1000, PART, NEWER, 0 },
		{ 10, S, ACK, 5000, 1020, 0, 1000 },
	};

	(void)state;
	for (int set = 0; set < TCP_RULE_SETS; set++) {
		struct run r = run_new(set);

		run_rows(&r, rows, 7);
		assert_int_equal(r.v.acked_frame, set ? 5 : 0);
		assert_int_equal(unacked_count(r.pool, r.tcp.side[C].unacked), 2);
		assert_int_equal(unacked_at(r.pool, r.tcp.side[C].unacked, 0)->start, 1015);
		run_rows(&r, rows + 7, 1);
		assert_int_equal(r.v.acked_frame, 5);		/* the oldest of those that end there */
		assert_int_equal(r.v.ack_rtt_ns, 300020000);
		assert_int_equal(r.tcp.side[C].unacked, 0);
		unacked_free(r.pool);
	}
}

/* ---- A1 to A4, the numbers ---- */

static void a1_a2_initial_round_trip(void **state)
{
	static const struct row rows[] = {
		{ 0, C, SYN, 999, 0, 0, 1000 },
		{ 1000000, C, SYN, 999, 0, 0, 1000, RETRANS },	/* the latest SYN counts */
		{ 10000, S, SYN | ACK, 4999, 1000, 0, 1000 },
		{ 10000, C, ACK, 1000, 5000, 0, 1000 },
		{ 10000, C, ACK, 1000, 5000, 5, 1000 },
	};
	struct run r = run_new(0);

	(void)state;
	run_rows(&r, rows, 3);
	assert_true(r.tcp.side[C].bits & r.tcp.side[S].bits & TCP_SIDE_FIRST_ACK);
	assert_int_equal(r.v.initial_rtt_ns, 0);
	run_rows(&r, rows + 3, 1);
	assert_false(r.tcp.side[C].bits & TCP_SIDE_FIRST_ACK);
	assert_int_equal(r.v.initial_rtt_ns, 20000000);
	run_rows(&r, rows + 4, 1);
	assert_int_equal(r.v.initial_rtt_ns, 20000000);
	unacked_free(r.pool);
}

static void a3_a4_scales(void **state)
{
	struct row syn = { 0, C, SYN, 999, 0, 0, 1000, .scale = 1 + 7 };
	struct row answer = { 9, S, SYN | ACK, 4999, 1000, 0, 1000 };
	struct row late = { 9, S, ACK, 5000, 1000, 0, 1000, .scale = 1 + 2 };
	struct row after = { 9, S, ACK, 5000, 1000, 0, 1000 };
	struct run r = run_new(0);

	(void)state;
	run_row(&r, &syn);
	assert_int_equal(r.tcp.side[C].scale, TCP_SCALE_SHIFT + 7);
	assert_int_equal(r.tcp.side[S].scale, TCP_SCALE_UNKNOWN);
	run_row(&r, &answer);
	assert_int_equal(r.tcp.side[C].scale, TCP_SCALE_NOT_USED);
	assert_int_equal(r.tcp.side[S].scale, TCP_SCALE_NOT_USED);
	/* An option in any segment counts: from the next one on. */
	run_row(&r, &late);
	assert_int_equal(r.v.window, 1000);
	run_row(&r, &after);
	assert_int_equal(r.v.window, 4000);
	unacked_free(r.pool);
}

static void bytes_in_flight(void **state)
{
	static const struct row rows[] = {
		HANDSHAKE,
		{ 10, C, ACK, 1000, 5000, 100, 1000 },
		{ 10, C, ACK, 1100, 5000, 100, 1000 },
		{ 10, S, ACK, 5000, 1000, 0, 1000, DUP, .sack = 1100 },
		{ 10, C, FIN | ACK, 1200, 5000, 100, 1000 },
		{ 10, C, ACK, 2000, 5000, 100, 1000, LOST },
		{ 10, C, ACK, 2100, 5000, 100, 1000 },
		{ 10, S, ACK, 5000, 1100, 0, 1000 },
		{ 10, C, ACK, 2200, 5000, 100, 1000 },
	};
	static const uint32_t flight[] = { 0, 0, 0, 100, 200, 0, 200, 0, 0, 0, 1200 };
	struct run r = run_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run_rows(&r, &rows[i], 1);
		assert_int_equal(r.v.in_flight, flight[i]);
	}
	unacked_free(r.pool);
}

/* ---- 2.2, 2.3, 8.1 ---- */

static enum tcp_opening opening_of(struct run *r, int from, unsigned flags, uint32_t seq)
{
	r->p.flags = (uint16_t)flags;
	r->p.seq = seq;
	r->s.dir = from;
	return tcp_opens(&r->tcp, r->rules, &r->s);
}

static void which_segment_opens(void **state)
{
	static const struct row rows[] = { HANDSHAKE, { 10, C, FIN | ACK, 1000, 5000, 0, 1000 } };

	(void)state;
	for (int set = 0; set < TCP_RULE_SETS; set++) {
		struct run r = run_new(set);

		run_rows(&r, rows, 3);
		assert_int_equal(opening_of(&r, C, SYN, 999), TCP_REPEATS_SYN);
		assert_int_equal(opening_of(&r, C, SYN, 1000), TCP_OPENS);
		assert_int_equal(opening_of(&r, S, SYN | ACK, 4999), TCP_CONTINUES);
		assert_int_equal(opening_of(&r, S, SYN | ACK, 5000), set ? TCP_OPENS : TCP_RENUMBERS);
		assert_int_equal(opening_of(&r, C, ACK, 7777), TCP_CONTINUES);
		run_rows(&r, rows + 3, 1);
		assert_int_equal(opening_of(&r, C, SYN, 999), set ? TCP_OPENS : TCP_REPEATS_SYN);
		assert_int_equal(opening_of(&r, S, SYN | ACK, 4999), set ? TCP_OPENS : TCP_CONTINUES);
		unacked_free(r.pool);
	}
}

/* 2.2: High := Contig, so that what comes again behind a repeated SYN is none. */
static void a_repeated_syn_goes_back(void **state)
{
	(void)state;
	CHECK({ 0, C, SYN, 999, 0, 0, 1000 }, { 10, C, ACK, 1100, 5000, 10, 1000, LOST },
	      { 90000, C, SYN, 999, 0, 0, 1000, RETRANS }, { 10, C, ACK, 1100, 5000, 10, 1000, LOST });
}

static void a_renumbered_server_reuses_ports(void **state)
{
	static const struct row rows[] = {
		{ 0, C, SYN, 999, 0, 0, 1000 },
		{ 10, S, SYN | ACK, 4999, 1000, 0, 1000 },
		{ 10, S, SYN | ACK, 8999, 1000, 0, 1000, REUSED | LOST },
	};
	struct run r = run_new(0);

	(void)state;
	run_rows(&r, rows, 3);
	assert_int_equal(r.tcp.base[S], 8999);
	unacked_free(r.pool);
}

/* ---- names ---- */

static void rule_sets_have_names(void **state)
{
	(void)state;
	assert_string_equal(tcp_rules_find("4.0")->name, "4.0");
	assert_string_equal(tcp_rules_find("4.0.17")->name, "4.0");
	assert_string_equal(tcp_rules_find("4.2")->name, "4.0");
	assert_string_equal(tcp_rules_find("4.4.18")->name, "4.4");
	assert_string_equal(tcp_rules_find("5.0")->name, "4.6");
	assert_null(tcp_rules_find("3.6"));
	assert_null(tcp_rules_find("new"));
	assert_string_equal(tcp_rules_newest->name, "4.6");
}

static void verdicts_have_names(void **state)
{
	STR_ON_STACK(text, 128);

	(void)state;
	for (int i = 0; i < VERDICTS; i++)
		assert_int_equal(verdict_names[i].bit, 1 << i);
	verdict_text(&text, FAST | LOST);
	assert_string_equal(text.buf, "fast retransmission, previous segment not captured");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(f1_zero_window_probe),
		cmocka_unit_test(f2_zero_window),
		cmocka_unit_test(f3_lost_segment),
		cmocka_unit_test(f4_keep_alive),
		cmocka_unit_test(f5_window_update),
		cmocka_unit_test(f6_window_full),
		cmocka_unit_test(f7_keep_alive_ack),
		cmocka_unit_test(f8_zero_window_probe_ack),
		cmocka_unit_test(f9_duplicate_acks_are_counted),
		cmocka_unit_test(f9_a_new_kind_of_mptcp_option_excuses_one),
		cmocka_unit_test(f10_a_new_number_ends_the_count),
		cmocka_unit_test(f11_acked_unseen_segment),
		cmocka_unit_test(f11_runs_are_followed),
		cmocka_unit_test(f12a_spurious),
		cmocka_unit_test(f12b_fast),
		cmocka_unit_test(f12c_out_of_order),
		cmocka_unit_test(f12c_backwards),
		cmocka_unit_test(f12_where_it_goes_back),
		cmocka_unit_test(f12d_what_a_retransmission_is_late_after),
		cmocka_unit_test(f12d_no_time_at_all_is_not_late),
		cmocka_unit_test(completeness_is_wiresharks),
		cmocka_unit_test(m1_syn_and_fin_count_once),
		cmocka_unit_test(m1_the_list_has_an_end),
		cmocka_unit_test(m2_m3_high_and_contig),
		cmocka_unit_test(m4_what_is_remembered_of_the_last),
		cmocka_unit_test(m5_acknowledgments),
		cmocka_unit_test(a1_a2_initial_round_trip),
		cmocka_unit_test(a3_a4_scales),
		cmocka_unit_test(bytes_in_flight),
		cmocka_unit_test(which_segment_opens),
		cmocka_unit_test(a_repeated_syn_goes_back),
		cmocka_unit_test(a_renumbered_server_reuses_ports),
		cmocka_unit_test(rule_sets_have_names),
		cmocka_unit_test(verdicts_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
