#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/lab/thin.h"

#define START	(INT64_C(1700000000) * NS_PER_S)

static struct packet segment(bool from_client, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t payload)
{
	struct packet p = { .ip_version = 4, .protocol = IPPROTO_TCP };

	p.src[3] = from_client ? 1 : 2;
	p.dst[3] = from_client ? 2 : 1;
	p.src_port = from_client ? 40000 : 80;
	p.dst_port = from_client ? 80 : 40000;
	p.flags = flags;
	p.seq = seq;
	p.ack = ack;
	p.payload_len = payload;
	return p;
}

static struct thin *make(void)
{
	struct thin *t = malloc(sizeof(*t));

	assert_non_null(t);
	thin_init(t, 12345);
	return t;
}

/* Counts packets at a steady rate; returns the last change that came. */
static enum thin_change run(struct thin *t, int64_t *now_ns, unsigned per_second, int64_t for_ns)
{
	enum thin_change last = THIN_SAME;
	int64_t end_ns = *now_ns + for_ns;

	for (; *now_ns < end_ns; *now_ns += NS_PER_S / per_second) {
		enum thin_change change = thin_count(t, *now_ns);

		if (change != THIN_SAME)
			last = change;
	}
	return last;
}

static void begins_above_a_rate_and_ends(void **state)
{
	struct thin *t = make();
	int64_t now_ns = START;

	(void)state;
	assert_int_equal(run(t, &now_ns, 1500, NS_PER_S), THIN_SAME);
	assert_false(t->on);
	assert_int_equal(run(t, &now_ns, 5000, NS_PER_S), THIN_BEGAN);
	assert_true(t->on);
	assert_int_equal(run(t, &now_ns, 5000, NS_PER_S), THIN_SAME);
	assert_int_equal(run(t, &now_ns, 1000, NS_PER_S), THIN_ENDED);
	assert_false(t->on);
	assert_int_equal(run(t, &now_ns, 100000, NS_PER_S), THIN_BEGAN);
	now_ns += 10 * NS_PER_S;	/* silence */
	assert_int_equal(thin_count(t, now_ns), THIN_ENDED);
	free(t);
}

/* A burst that is short is looked at whole. */
static void short_bursts_do_not_count(void **state)
{
	struct thin *t = make();

	(void)state;
	for (int burst = 0; burst < 10; burst++)
		for (int i = 0; i < 90; i++)
			assert_int_equal(thin_count(t, START + burst * NS_PER_S / 10 + i), THIN_SAME);
	free(t);
}

static void clock_may_go_back(void **state)
{
	struct thin *t = make();
	int64_t now_ns = START;

	(void)state;
	run(t, &now_ns, 5000, NS_PER_S);
	now_ns -= 3600 * NS_PER_S;
	assert_int_equal(run(t, &now_ns, 100, NS_PER_S), THIN_ENDED);
	free(t);
}

/* Two captures, one of them read 20 ms behind the other: still the same busy time. */
static void captures_are_not_in_step(void **state)
{
	struct thin *t = make();
	unsigned changes = 0;

	(void)state;
	for (int64_t i = 0; i < 10000; i++) {
		changes += thin_count(t, START + i * NS_PER_MS / 10) != THIN_SAME;
		changes += thin_count(t, START + i * NS_PER_MS / 10 - 20 * NS_PER_MS) != THIN_SAME;
	}
	assert_int_equal(changes, 1);
	assert_true(t->on);
	free(t);
}

static bool leaves(struct thin *t, const struct packet *p, uint64_t number, int64_t now_ns)
{
	struct thin_socket evicted;
	bool telling = thin_is_telling(t, p);

	return thin_passes(t, p->src[3], p, BY_DEPARTURE, number, telling, now_ns, &evicted);
}

static void flags_and_their_answers_tell(void **state)
{
	struct thin *t = make();
	struct packet p;
	int64_t now_ns = START;

	(void)state;
	p = segment(true, TCP_SYN, 100, 0, 0);
	assert_true(leaves(t, &p, 1, now_ns));
	p = segment(false, TCP_SYN | TCP_ACK, 900, 101, 0);
	assert_true(leaves(t, &p, 2, now_ns));
	p = segment(true, TCP_ACK, 101, 901, 0);	/* answers the SYN of the server */
	assert_true(leaves(t, &p, 3, now_ns));
	p = segment(true, TCP_ACK, 101, 901, 1000);	/* data */
	assert_false(leaves(t, &p, 4, now_ns));
	p = segment(false, TCP_ACK, 901, 1101, 0);	/* and its ACK */
	assert_false(leaves(t, &p, 5, now_ns));
	p = segment(true, TCP_ACK | TCP_FIN | TCP_PSH, 1101, 901, 500);
	assert_true(leaves(t, &p, 6, now_ns));
	p = segment(false, TCP_ACK, 901, 1601, 0);	/* not yet of the FIN */
	assert_false(leaves(t, &p, 7, now_ns));
	p = segment(false, TCP_ACK, 901, 1602, 0);
	assert_true(leaves(t, &p, 8, now_ns));
	p = segment(false, TCP_ACK, 901, 1602, 100);
	assert_false(leaves(t, &p, 9, now_ns));
	p = segment(true, TCP_RST, 1602, 0, 0);
	assert_true(leaves(t, &p, 10, now_ns));
	free(t);
}

static void others_now_and_then(void **state)
{
	struct thin *t = make();
	const struct packet p = segment(true, TCP_ACK, 1, 1, 1000);
	const struct thin_socket *late;
	unsigned looks = 0;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		looks += leaves(t, &p, i, START + (int64_t)i * NS_PER_MS);
	assert_int_equal(looks, 10);	/* a second, every 100 ms */
	/* Nothing comes any more: the last packet is looked at when its time has come, once. */
	assert_true(thin_due(t) <= START + 1000 * NS_PER_MS);
	assert_null(thin_late(t, START + 999 * NS_PER_MS, false));
	assert_int_equal(thin_due(t), START + 1000 * NS_PER_MS);
	late = thin_late(t, START + 1000 * NS_PER_MS, false);
	assert_non_null(late);
	assert_int_equal(late->number, 999);
	assert_int_equal(late->host, 1);
	assert_int_equal(late->by, BY_DEPARTURE);
	assert_int_equal(late->packet.src_port, 40000);
	assert_null(thin_late(t, INT64_MAX, false));
	assert_true(thin_due(t) == INT64_MAX);
	free(t);
}

static void both_ends_are_sockets(void **state)
{
	struct thin *t = make();
	const struct packet p = segment(true, TCP_ACK, 1, 1, 1000);
	struct thin_socket evicted;

	(void)state;
	assert_true(thin_passes(t, 1, &p, BY_DEPARTURE, 1, false, START, &evicted));
	assert_true(thin_passes(t, 2, &p, BY_ARRIVAL, 1, false, START, &evicted));
	assert_false(thin_passes(t, 2, &p, BY_ARRIVAL, 2, false, START + 1, &evicted));
	assert_int_equal(thin_late(t, START + 2, true)->by, BY_ARRIVAL);
	assert_null(thin_late(t, START + 2, true));
	free(t);
}

/* More sockets than there are places: what was not looked at is handed back, not forgotten. */
static void who_makes_room_is_told(void **state)
{
	struct thin *t = make();
	unsigned unseen = 0, told = 0;

	(void)state;
	for (uint32_t i = 0; i < 4 * THIN_SOCKETS; i++) {
		struct packet p = segment(true, TCP_ACK, 1, 1, 10);
		struct thin_socket evicted;

		p.src_port = (uint16_t)(1000 + i);
		told += thin_passes(t, 1, &p, BY_DEPARTURE, i, true, START, &evicted) && evicted.unseen;
		thin_passes(t, 1, &p, BY_DEPARTURE, i, false, START + 1, &evicted);
		unseen++;
		assert_false(evicted.unseen);
	}
	while (thin_late(t, START + 2, true))
		told++;
	assert_int_equal(told, unseen);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_above_a_rate_and_ends),
		cmocka_unit_test(short_bursts_do_not_count),
		cmocka_unit_test(clock_may_go_back),
		cmocka_unit_test(captures_are_not_in_step),
		cmocka_unit_test(flags_and_their_answers_tell),
		cmocka_unit_test(others_now_and_then),
		cmocka_unit_test(both_ends_are_sockets),
		cmocka_unit_test(who_makes_room_is_told),
	};

	return cmocka_run_group_tests_name("thin", tests, NULL, NULL);
}
