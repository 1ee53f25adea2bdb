/*
 * plain: which packets are worth asking the kernel about, by what the same side sent before.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/core/clock.h"
#include "src/lab/counters.h"
#include "src/lab/plain.h"

#define MS	NS_PER_MS

static struct packet segment(bool from_client, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct packet p = { .ip_version = 4, .protocol = IPPROTO_TCP, .has_segment = true, .has_ports = true };

	p.src[3] = from_client ? 1 : 2;
	p.dst[3] = from_client ? 2 : 1;
	p.src_port = from_client ? 40000 : 80;
	p.dst_port = from_client ? 80 : 40000;
	p.flags = flags;
	p.seq = seq;
	p.ack = ack;
	p.window = 500;
	p.payload_len = len;
	return p;
}

/* One side says something; at: ms. */
static uint32_t says(struct plain *m, bool client, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t len, int64_t at,
		     bool answers)
{
	struct packet p = segment(client, flags, seq, ack, len);

	return plain_left(m, &p, at * MS, answers);
}

/* Numbers near the end of their range, so that they go round. */
#define ISN	0xfffffff0u

static struct plain *connection(void)
{
	struct plain *m = calloc(1, sizeof(*m));
	struct packet third = segment(true, TCP_ACK, ISN + 1, 901, 0);

	assert_non_null(m);
	assert_int_equal(says(m, true, TCP_SYN, ISN, 0, 0, 0, false), SHAPE_SYN);
	assert_int_equal(says(m, false, TCP_SYN | TCP_ACK, 900, ISN + 1, 0, 0, true), SHAPE_SYN);
	assert_true(plain_tells(m, &third));	/* it may be ignored */
	assert_int_equal(says(m, true, TCP_ACK, ISN + 1, 901, 0, 0, true), 0);
	return m;
}

static void new_data_and_its_ack_are_plain(void **state)
{
	struct plain *m = connection();
	struct packet p = segment(true, TCP_ACK | TCP_PSH, ISN + 1, 901, 100);

	(void)state;
	assert_int_equal(plain_left(m, &p, 10 * MS, false), 0);
	assert_int_equal(says(m, false, TCP_ACK, 901, ISN + 101, 0, 10, true), 0);
	assert_false(plain_tells(m, &p));
	assert_int_equal(says(m, true, TCP_ACK | TCP_FIN, ISN + 101, 901, 0, 11, false), 0);
	free(m);
}

static void what_was_sent_before_is_not(void **state)
{
	struct plain *m = connection();

	(void)state;
	assert_int_equal(says(m, true, TCP_SYN, ISN, 0, 0, 1, false), SHAPE_SYN | SHAPE_RESEND);
	free(m);
	m = connection();
	assert_int_equal(says(m, true, TCP_ACK, ISN + 1, 901, 100, 10, false), 0);
	assert_int_equal(says(m, true, TCP_ACK, ISN + 1, 901, 100, 20, false), SHAPE_RESEND);
	assert_int_equal(says(m, true, TCP_ACK, ISN + 51, 901, 100, 20, false), SHAPE_RESEND);	/* half of it */
	assert_int_equal(says(m, true, TCP_ACK | TCP_FIN, ISN + 151, 901, 0, 21, false), 0);
	assert_int_equal(says(m, true, TCP_ACK | TCP_FIN, ISN + 151, 901, 0, 40, false), SHAPE_RESEND);
	assert_int_equal(says(m, true, TCP_ACK, ISN + 151, 901, 0, 50, false), SHAPE_PROBE);
	assert_int_equal(says(m, true, TCP_RST, 7, 0, 0, 50, false), SHAPE_RST);
	free(m);
}

static void an_ack_is_plain_only_as_an_answer_with_news(void **state)
{
	struct plain *m = connection();
	struct packet p = segment(false, TCP_ACK, 901, ISN + 201, 0);

	(void)state;
	assert_int_equal(says(m, false, TCP_ACK, 901, ISN + 101, 0, 10, true), 0);
	assert_int_equal(says(m, false, TCP_ACK, 901, ISN + 101, 0, 11, true), SHAPE_ACK);	/* the same again */
	assert_int_equal(says(m, false, TCP_ACK, 901, ISN + 151, 0, 60, false), SHAPE_ACK);	/* nobody asked */
	p.sack_blocks = 1;
	assert_int_equal(plain_left(m, &p, 70 * MS, true), SHAPE_ACK);
	p = segment(false, TCP_ACK, 901, ISN + 301, 0);
	p.window = 0;
	assert_int_equal(plain_left(m, &p, 80 * MS, true), SHAPE_ACK);	/* it closes … */
	p = segment(true, TCP_ACK, ISN + 301, 901, 10);
	assert_true(plain_tells(m, &p));	/* for which there is no room */
	assert_int_equal(says(m, false, TCP_ACK, 901, ISN + 301, 0, 90, true), SHAPE_ACK);	/* … and opens */
	free(m);
}

/* A tail loss probe may be new data: after a while in which older data was not acknowledged. */
static void new_data_may_be_a_probe(void **state)
{
	struct plain *m = connection();

	(void)state;
	assert_int_equal(says(m, false, TCP_ACK, 901, ISN + 1, 5, 10, false), 0);
	assert_int_equal(says(m, true, TCP_ACK, ISN + 1, 906, 100, 20, false), 0);
	assert_int_equal(says(m, true, TCP_ACK, ISN + 101, 906, 100, 21, false), 0);
	assert_int_equal(says(m, true, TCP_ACK, ISN + 201, 906, 100, 60, false), SHAPE_DATA);
	assert_int_equal(says(m, true, TCP_ACK, ISN + 301, 906, 100, 100, true), 0);
	free(m);
}

static void errors_and_resets_tell_where_they_arrive(void **state)
{
	struct plain *m = connection();
	struct packet p = segment(true, TCP_RST, ISN + 1, 0, 0);

	(void)state;
	assert_true(plain_tells(m, &p));
	p = segment(true, TCP_SYN, 5, 0, 0);
	assert_true(plain_tells(m, &p));
	p = (struct packet){ .ip_version = 4, .protocol = IPPROTO_ICMP, .icmp_type = 3 };
	assert_true(plain_tells(m, &p));
	assert_int_equal(plain_left(m, &p, 0, true), SHAPE_ICMP);
	p.icmp_type = 8;
	assert_false(plain_tells(m, &p));
	assert_int_equal(plain_left(m, &p, 0, true), 0);
	p = (struct packet){ .ip_version = 6, .protocol = IPPROTO_UDP };
	assert_int_equal(plain_left(m, &p, 0, true), 0);
	free(m);
}

/* More sides than there is room for: what is remembered of one that goes on talking stays. */
static void the_silent_make_room(void **state)
{
	struct plain *m = connection();
	struct packet p = segment(true, TCP_ACK, 1, 1, 100);

	(void)state;
	for (uint32_t i = 0; i < 4 * PLAIN_SIDES; i++) {
		p.src_port = (uint16_t)(1000 + i);
		plain_left(m, &p, 0, true);
		assert_int_equal(says(m, true, TCP_ACK, ISN + 1, 901, 100, 10, false), i ? SHAPE_RESEND : 0);
	}
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_data_and_its_ack_are_plain),
		cmocka_unit_test(what_was_sent_before_is_not),
		cmocka_unit_test(an_ack_is_plain_only_as_an_answer_with_news),
		cmocka_unit_test(new_data_may_be_a_probe),
		cmocka_unit_test(errors_and_resets_tell_where_they_arrive),
		cmocka_unit_test(the_silent_make_room),
	};

	return cmocka_run_group_tests_name("plain", tests, NULL, NULL);
}
