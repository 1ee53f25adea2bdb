/* datagram: fragments put together, in any order, overlapping, hostile, and within the limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

#include "capture/datagram.h"
#include "tests/unit/capture/build.h"
#include "tests/unit/capture/fragments.h"

#define MS	INT64_C(1000000)

struct wire {
	struct datagrams *d;
	struct datagram whole;
	struct packet packet;	/* of the whole, or of the last fragment */
	int64_t now;
};

static struct wire wire_on(const struct datagram_limits *limits)
{
	struct wire w = { .d = datagrams_new(limits, NULL) };

	assert_non_null(w.d);
	return w;
}

static bool put(struct wire *w, const struct build *b, uint32_t link)
{
	uint8_t *copy = malloc(b->len);
	bool whole;

	assert_non_null(copy);
	memcpy(copy, b->byte, b->len);
	packet_parse(&w->packet, link, copy, b->len, b->len);
	w->now += MS;
	whole = datagrams_packet(w->d, &w->packet, copy, b->len, w->now, &w->whole);
	free(copy);
	return whole;
}

/* at: bytes; id chooses among datagrams. */
static struct build fragment4(unsigned id, unsigned protocol, unsigned at, bool more, const void *bytes, size_t len)
{
	struct build b = build_on();

	build_ipv4_full(&b, protocol, "192.0.2.1", "192.0.2.2", (more ? 0x2000 : 0) | at / 8, "");
	build_put16(&b, 4, id);
	build_bytes(&b, bytes, len);
	build_finish(&b);
	return b;
}

static struct build fragment6(unsigned id, unsigned next, unsigned at, bool more, const void *bytes, size_t len)
{
	struct build b = build_on();

	build_ipv6(&b, 0, "2001:db8::1", "2001:db8::2");
	build_hex(&b, "2c 00 0502 0000 0100");		/* hop-by-hop first */
	build_u8(&b, next);
	build_u8(&b, 0);
	build_u16(&b, at | more);
	build_u32(&b, id);
	build_bytes(&b, bytes, len);
	build_finish(&b);
	return b;
}

static bool send4(struct wire *w, unsigned id, unsigned at, bool more, const void *bytes, size_t len)
{
	struct build b = fragment4(id, 6, at, more, bytes, len);

	return put(w, &b, LINK_IPV4);
}

/* A TCP segment with 44 bytes of data: 64 bytes. */
static struct build segment(void)
{
	struct build b = build_on();

	build_tcp(&b, 45012, 80, 1000, 2000, TCP_PSH | TCP_ACK, 502, "");
	for (unsigned i = 0; i < 44; i++)
		build_u8(&b, 'a' + i % 26);
	b.layers = 0;
	return b;
}

static void the_last_missing_piece_completes_it(void **state)
{
	static const unsigned orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 }, { 2, 0, 1 }, { 0, 2, 1 }, { 1, 2, 0 } };
	static const unsigned from[] = { 0, 24, 48 }, to[] = { 24, 48, 64 };
	struct build s = segment();

	(void)state;
	for (size_t o = 0; o < 6; o++) {
		struct wire w = wire_on(NULL);

		for (size_t i = 0; i < 3; i++) {
			unsigned k = orders[o][i];

			assert_int_equal(send4(&w, 7, from[k], k < 2, s.byte + from[k], to[k] - from[k]), i == 2);
		}
		assert_int_equal(w.whole.len, 84);
		assert_int_equal(w.whole.header_len, 20);
		assert_int_equal(w.whole.link, LINK_IPV4);
		assert_int_equal(w.whole.fragments, 3);
		assert_false(w.whole.overlaps);
		assert_memory_equal(w.whole.bytes + 20, s.byte, 64);
		assert_false(w.packet.fragment || w.packet.cut);
		assert_true(w.packet.payload_known);
		assert_int_equal(w.packet.seq, 1000);
		assert_int_equal(w.packet.payload_len, 44);
		assert_int_equal(w.packet.src_port, 45012);
		assert_int_equal(datagrams_waiting(w.d, NULL), 0);
		datagrams_free(w.d);
	}
}

static void the_header_is_that_of_a_whole_packet(void **state)
{
	struct wire w = wire_on(NULL);
	struct build s = segment();

	(void)state;
	assert_false(send4(&w, 7, 0, true, s.byte, 32));
	assert_true(send4(&w, 7, 32, false, s.byte + 32, 32));
	assert_memory_equal(w.whole.bytes, "\x45\x00\x00\x54\x00\x07\x00\x00\x40\x06", 10);
	for (uint32_t sum = 0, i = 0; i < 20; i += 2) {
		sum += (uint32_t)w.whole.bytes[i] << 8 | w.whole.bytes[i + 1];
		sum = (sum & 0xffff) + (sum >> 16);
		if (i == 18)
			assert_int_equal(sum, 0xffff);
	}
	datagrams_free(w.d);
}

static void ipv6_keeps_what_is_before_its_fragment_header(void **state)
{
	struct wire w = wire_on(NULL);
	struct build s = segment(), b = fragment6(0x12345678, 6, 32, false, s.byte + 32, 32);

	(void)state;
	assert_false(put(&w, &b, LINK_IPV6));
	b = fragment6(0x12345678, 6, 0, true, s.byte, 32);
	assert_true(put(&w, &b, LINK_IPV6));
	assert_int_equal(w.whole.link, LINK_IPV6);
	assert_int_equal(w.whole.header_len, 56);
	assert_int_equal(w.whole.len, 120);
	assert_memory_equal(w.whole.bytes + 56, s.byte, 64);
	assert_false(w.packet.fragment || w.packet.cut);
	assert_int_equal(w.packet.payload_len, 44);
	assert_int_equal(w.packet.seq, 1000);
	datagrams_free(w.d);
}

static void datagrams_are_told_apart(void **state)
{
	struct wire w = wire_on(NULL);
	struct build s = segment(), b;

	(void)state;
	assert_false(send4(&w, 7, 0, true, s.byte, 32));
	assert_false(send4(&w, 8, 32, false, s.byte + 32, 32));		/* another identification */
	b = fragment4(7, 17, 32, false, s.byte + 32, 32);		/* … protocol */
	assert_false(put(&w, &b, LINK_IPV4));
	b = fragment4(7, 6, 32, false, s.byte + 32, 32);		/* … address */
	build_put16(&b, 14, 0x0209);
	assert_false(put(&w, &b, LINK_IPV4));
	assert_int_equal(datagrams_waiting(w.d, NULL), 4);
	assert_true(send4(&w, 7, 32, false, s.byte + 32, 32));
	datagrams_free(w.d);
}

/* The one that begins first counts, whichever came first: as tshark shows them. */
static void of_overlapping_pieces_the_earlier_place_counts(void **state)
{
	struct build s = segment();
	uint8_t other[16];

	(void)state;
	memset(other, '0', sizeof(other));
	for (int swapped = 0; swapped < 2; swapped++) {
		struct wire w = wire_on(NULL);

		if (swapped)
			assert_false(send4(&w, 7, 24, true, other, 16));
		assert_false(send4(&w, 7, 0, true, s.byte, 32));
		if (!swapped)
			assert_false(send4(&w, 7, 24, true, other, 16));
		assert_true(send4(&w, 7, 40, false, s.byte + 40, 24));
		assert_true(w.whole.overlaps);
		assert_memory_equal(w.whole.bytes + 20, s.byte, 32);
		assert_memory_equal(w.whole.bytes + 20 + 32, "00000000", 8);
		assert_memory_equal(w.whole.bytes + 20 + 40, s.byte + 40, 24);
		datagrams_free(w.d);
	}
}

static void a_fragment_that_came_twice_is_no_overlap(void **state)
{
	struct wire w = wire_on(NULL);
	struct build s = segment();

	(void)state;
	assert_false(send4(&w, 7, 0, true, s.byte, 32));
	assert_false(send4(&w, 7, 0, true, s.byte, 32));
	assert_true(send4(&w, 7, 32, false, s.byte + 32, 32));
	assert_false(w.whole.overlaps);
	assert_false(send4(&w, 7, 32, false, s.byte + 32, 32));		/* begins another one */
	assert_int_equal(datagrams_waiting(w.d, NULL), 1);
	datagrams_free(w.d);
}

/* A last fragment that lies inside the first: the length that it would leave was negative in old kernels. */
static void a_teardrop_does_no_harm(void **state)
{
	struct wire w = wire_on(NULL);
	struct build s = segment();

	(void)state;
	assert_false(send4(&w, 7, 0, true, s.byte, 36));
	assert_true(send4(&w, 7, 24, false, s.byte, 4));
	assert_int_equal(w.whole.len, 20 + 28);
	assert_true(w.whole.overlaps);
	assert_int_equal(w.packet.payload_len, 8);
	datagrams_free(w.d);
}

static void what_is_behind_the_end_is_left_out(void **state)
{
	struct wire w = wire_on(NULL);
	struct build s = segment();

	(void)state;
	assert_false(send4(&w, 7, 56, false, s.byte + 56, 8));
	assert_false(send4(&w, 7, 80, true, s.byte, 16));	/* beyond a hole behind the end */
	assert_false(send4(&w, 7, 64, false, s.byte, 8));	/* a second end */
	assert_true(send4(&w, 7, 0, true, s.byte, 56));
	assert_int_equal(w.whole.len, 84);
	assert_true(w.whole.overlaps);
	assert_memory_equal(w.whole.bytes + 20, s.byte, 64);
	datagrams_free(w.d);
}

static void a_datagram_longer_than_any_is_refused(void **state)
{
	struct wire w = wire_on(NULL);
	uint8_t bytes[1400] = { 0 };
	unsigned at = 0;

	(void)state;
	for (; at + 1400 <= 65520; at += 1400)
		assert_false(send4(&w, 7, at, true, bytes, 1400));
	/* … up to 65,535 bytes of payload, to which the header must be added */
	assert_false(send4(&w, 7, at, false, bytes, 65535 - at));
	assert_int_equal(datagrams_seen(w.d)->refused, 1);
	assert_false(send4(&w, 8, 65528, false, bytes, 64));
	assert_int_equal(datagrams_seen(w.d)->refused, 2);
	assert_int_equal(datagrams_waiting(w.d, NULL), 0);
	datagrams_free(w.d);
}

static void fragments_that_were_cut_are_of_no_use(void **state)
{
	struct wire w = wire_on(NULL);
	struct build s = segment(), b = fragment4(7, 6, 32, false, s.byte + 32, 32);

	(void)state;
	packet_parse(&w.packet, LINK_IPV4, b.byte, 40, b.len);
	assert_false(datagrams_packet(w.d, &w.packet, b.byte, 40, 0, &w.whole));
	assert_int_equal(datagrams_seen(w.d)->cut, 1);
	assert_false(send4(&w, 7, 0, true, s.byte, 32));
	assert_false(send4(&w, 7, 64, false, "", 0));	/* nothing in it: not the end either */
	assert_int_equal(datagrams_waiting(w.d, NULL), 1);
	assert_true(send4(&w, 7, 32, false, s.byte + 32, 32));
	datagrams_free(w.d);
}

static void old_ones_are_given_up(void **state)
{
	const struct datagram_limits limits = { .age_ns = 1000 * MS };
	struct wire w = wire_on(&limits);
	struct build s = segment();

	(void)state;
	assert_false(send4(&w, 7, 0, true, s.byte, 32));
	w.now += 2000 * MS;
	assert_false(send4(&w, 7, 32, false, s.byte + 32, 32));
	assert_int_equal(datagrams_seen(w.d)->aged, 1);
	w.now -= 1000 * MS;				/* the clock is set back: nothing is old */
	assert_true(send4(&w, 7, 0, true, s.byte, 32));
	datagrams_free(w.d);
}

static void there_are_never_more_than_the_limits(void **state)
{
	const struct datagram_limits limits = { .datagrams = 16, .bytes = 16384 };
	struct wire w = wire_on(&limits);
	uint8_t bytes[1000] = { 0 };
	size_t held;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		assert_false(send4(&w, i, 0, true, bytes, 8));
		assert_in_range(datagrams_waiting(w.d, &held), 1, 16);
		assert_in_range(held, 1, 16384 + 4096);
	}
	assert_int_equal(datagrams_waiting(w.d, NULL), 7);	/* 2 KB at least for each */
	assert_true(send4(&w, 999, 8, false, bytes, 8));	/* the newest are those that stay */
	assert_true(send4(&w, 995, 8, false, bytes, 8));
	assert_false(send4(&w, 900, 8, false, bytes, 8));
	for (unsigned i = 0; i < 5000; i++) {			/* one that never ends */
		send4(&w, 2000, i % 60 * 1000, true, bytes, 1000);
		datagrams_waiting(w.d, &held);
		assert_in_range(held, 0, 16384);
	}
	assert_true(datagrams_seen(w.d)->refused > 100);
	datagrams_free(w.d);
}

static void ten_thousand_pieces_are_refused_before(void **state)
{
	struct wire w = wire_on(NULL);
	uint8_t byte = 0;

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		assert_false(send4(&w, 7, i % 8000 * 8, true, &byte, 1));
	assert_int_equal(datagrams_seen(w.d)->refused, 10000 / 2049);
	datagrams_free(w.d);
}

/* The inner datagram was fragmented first, then each of the packets that carry it. */
static void fragments_in_fragments_are_found(void **state)
{
	struct wire w = wire_on(NULL);
	struct build s = segment();
	struct build inner[2] = { fragment4(1, 6, 0, true, s.byte, 32), fragment4(1, 6, 32, false, s.byte + 32, 32) };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct build a = fragment4(10 + i, 4, 0, true, inner[i].byte, 32);
		struct build b = fragment4(10 + i, 4, 32, false, inner[i].byte + 32, inner[i].len - 32);

		assert_false(put(&w, &a, LINK_IPV4));
		assert_int_equal(put(&w, &b, LINK_IPV4), i == 1);
	}
	assert_int_equal(w.packet.seq, 1000);
	assert_int_equal(w.packet.payload_len, 44);
	datagrams_free(w.d);
}

/* ---- against the naive model ---- */

static uint32_t random_next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* Fragments of a few datagrams at a time: whole ones in any order, twice, overlapping, without end. */
static void a_naive_model_agrees(void **state)
{
	static struct model model;
	uint8_t bytes[64];
	unsigned wholes = 0, overlapping = 0;
	struct wire w = wire_on(NULL);
	uint64_t seed = 1;

	(void)state;
	for (unsigned n = 0; n < 60000; n++) {
		unsigned key = random_next(&seed) % MODEL_KEYS, at = random_next(&seed) % 9 * 8;
		uint32_t len = 1 + random_next(&seed) % (random_next(&seed) % 4 ? 24 : 64);
		bool more = random_next(&seed) % 4, six = key % 2, want, got;
		struct build b;

		for (uint32_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)(random_next(&seed) % 8 ? at + i : random_next(&seed));
		b = six ? fragment6(key, 59, at, more, bytes, len) : fragment4(key, 200, at, more, bytes, len);
		if (!more && !at)
			continue;	/* no fragment */
		want = model_add(&model, key, at, more, bytes, len);
		got = put(&w, &b, six ? LINK_IPV6 : LINK_IPV4);
		assert_int_equal(got, want);
		if (!got)
			continue;
		wholes++;
		overlapping += w.whole.overlaps;
		assert_int_equal(w.whole.len - w.whole.header_len, model.whole_len);
		assert_memory_equal(w.whole.bytes + w.whole.header_len, model.whole, model.whole_len);
	}
	assert_true(wholes > 1000 && overlapping > 100 && overlapping < wholes);
	for (unsigned key = 0; key < MODEL_KEYS; key++)
		model_clear(&model, key);
	datagrams_free(w.d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_missing_piece_completes_it),
		cmocka_unit_test(the_header_is_that_of_a_whole_packet),
		cmocka_unit_test(ipv6_keeps_what_is_before_its_fragment_header),
		cmocka_unit_test(datagrams_are_told_apart),
		cmocka_unit_test(of_overlapping_pieces_the_earlier_place_counts),
		cmocka_unit_test(a_fragment_that_came_twice_is_no_overlap),
		cmocka_unit_test(a_teardrop_does_no_harm),
		cmocka_unit_test(what_is_behind_the_end_is_left_out),
		cmocka_unit_test(a_datagram_longer_than_any_is_refused),
		cmocka_unit_test(fragments_that_were_cut_are_of_no_use),
		cmocka_unit_test(old_ones_are_given_up),
		cmocka_unit_test(there_are_never_more_than_the_limits),
		cmocka_unit_test(ten_thousand_pieces_are_refused_before),
		cmocka_unit_test(fragments_in_fragments_are_found),
		cmocka_unit_test(a_naive_model_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
