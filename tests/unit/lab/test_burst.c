/*
 * Which packets are joined.  That what is joined arrives as it was is shown in test_wire.c, by a capture
 * inside the receiving host.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "capture/packet.h"
#include "src/lab/burst.h"

#define PAYLOAD	1000

struct frame {
	uint8_t bytes[1500];
	uint32_t len;
	bool ip6;
};

static void put16(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static void put32(uint8_t *to, uint32_t v)
{
	put16(to, v >> 16);
	put16(to + 2, v & 0xffff);
}

/* Written from RFC 1071, byte by byte, to check the other one. */
static uint32_t add(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static uint16_t checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t tcp_at(const struct frame *f)
{
	return f->ip6 ? 54 : 34;
}

static void seal(struct frame *f)
{
	uint8_t *ip = f->bytes + 14, *tcp = f->bytes + tcp_at(f);
	uint32_t tcp_len = f->len - tcp_at(f);
	uint32_t sum = f->ip6 ? add(ip + 8, 32, 0) : add(ip + 12, 8, 0);

	if (!f->ip6) {
		put16(ip + 10, 0);
		put16(ip + 10, checksum(add(ip, 20, 0)));
	}
	put16(tcp + 16, 0);
	put16(tcp + 16, checksum(add(tcp, tcp_len, sum + IPPROTO_TCP + tcp_len)));
}

/* Segment number n of a stream, with a timestamp option. */
static struct frame frame_of(bool ip6, uint32_t n, uint32_t payload)
{
	static const uint8_t options[12] = { 1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 9 };
	struct frame f = { .ip6 = ip6, .len = (ip6 ? 54 : 34) + 32 + payload };
	uint8_t *ip = f.bytes + 14, *tcp = f.bytes + tcp_at(&f);

	memcpy(f.bytes, (const uint8_t[]){ 2, 0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 1 }, 12);
	put16(f.bytes + 12, ip6 ? 0x86dd : 0x0800);
	if (ip6) {
		ip[0] = 0x60;
		put16(ip + 4, 32 + payload);
		ip[6] = IPPROTO_TCP;
		ip[7] = 64;
		ip[23] = 1;
		ip[39] = 2;
	} else {
		ip[0] = 0x45;
		put16(ip + 2, 52 + payload);
		put16(ip + 4, 7000 + n);
		put16(ip + 6, 0x4000);
		ip[8] = 64;
		ip[9] = IPPROTO_TCP;
		memcpy(ip + 12, (const uint8_t[]){ 192, 0, 2, 1, 192, 0, 2, 2 }, 8);
	}
	put16(tcp, 40000);
	put16(tcp + 2, 8080);
	put32(tcp + 4, 100 + n * PAYLOAD);
	put32(tcp + 8, 555);
	tcp[12] = 8 << 4;
	tcp[13] = TCP_ACK;
	put16(tcp + 14, 500);
	memcpy(tcp + 20, options, sizeof(options));
	memset(tcp + 32, (int)('a' + n % 26), payload);
	seal(&f);
	return f;
}

static bool join(struct burst *b, const struct frame *f)
{
	const struct flight p = { .from = 0, .to = 1, .len = f->len };

	return burst_add(b, &p, f->bytes);
}

static struct burst *begin(bool ip6)
{
	struct burst *b = calloc(1, sizeof(*b));
	struct frame first = frame_of(ip6, 0, PAYLOAD);

	assert_non_null(b);
	assert_true(join(b, &first));
	return b;
}

static void a_stream_is_joined(void **state)
{
	(void)state;
	for (int ip6 = 0; ip6 < 2; ip6++) {
		struct burst *b = begin(ip6);
		struct frame f;

		for (uint32_t n = 1; n < LIVE_SEGMENTS; n++) {
			f = frame_of(ip6, n, PAYLOAD);
			assert_true(join(b, &f));
		}
		f = frame_of(ip6, LIVE_SEGMENTS, PAYLOAD);
		assert_false(join(b, &f));
		assert_int_equal(b->count, LIVE_SEGMENTS);
		burst_clear(b);
		assert_true(join(b, &f));
		free(b);
	}
}

static void the_last_one_may_be_short_or_pushed(void **state)
{
	struct burst *b = begin(false);
	struct frame f = frame_of(false, 1, 400);

	(void)state;
	assert_true(join(b, &f));
	f = frame_of(false, 2, PAYLOAD);
	put32(f.bytes + tcp_at(&f) + 4, 100 + PAYLOAD + 400);
	seal(&f);
	assert_false(join(b, &f));
	free(b);

	b = begin(false);
	f = frame_of(false, 1, PAYLOAD);
	f.bytes[tcp_at(&f) + 13] |= TCP_PSH;
	seal(&f);
	assert_true(join(b, &f));
	f = frame_of(false, 2, PAYLOAD);
	assert_false(join(b, &f));
	free(b);
}

/* Every byte of the headers, changed: only where the kernel would make the same change may it be joined, which is nowhere. */
static void any_other_difference_parts_them(void **state)
{
	(void)state;
	for (int ip6 = 0; ip6 < 2; ip6++) {
		struct frame whole = frame_of(ip6, 1, PAYLOAD);

		for (uint32_t at = 0; at < tcp_at(&whole) + 32; at++) {
			struct burst *b = begin(ip6);
			struct frame f = whole;
			bool checksum_field = at - tcp_at(&f) == 16 || at - tcp_at(&f) == 17 ||
					      (!ip6 && (at == 24 || at == 25));

			f.bytes[at] ^= 1;
			if (!checksum_field)
				seal(&f);
			assert_false(join(b, &f));
			assert_int_equal(b->count, 1);
			free(b);
		}
	}
}

/* A wrong checksum must arrive as a wrong checksum. */
static void damage_is_not_repaired(void **state)
{
	struct frame f = frame_of(false, 0, PAYLOAD);
	struct burst *b = calloc(1, sizeof(*b));

	(void)state;
	assert_non_null(b);
	for (uint32_t at = 14; at < f.len; at++) {
		f.bytes[at] ^= 0x10;
		assert_false(join(b, &f));
		f.bytes[at] ^= 0x10;
	}
	assert_true(join(b, &f));
	free(b);
}

static void only_plain_data(void **state)
{
	static const uint8_t flags[] = { TCP_ACK | TCP_FIN, TCP_SYN, TCP_ACK | TCP_URG, TCP_ACK | TCP_RST, TCP_ACK | TCP_CWR, TCP_ACK | TCP_ECE, 0 };
	struct burst *b = calloc(1, sizeof(*b));
	struct frame f;

	(void)state;
	assert_non_null(b);
	for (size_t i = 0; i < sizeof(flags); i++) {
		f = frame_of(false, 0, PAYLOAD);
		f.bytes[tcp_at(&f) + 13] = flags[i];
		seal(&f);
		assert_false(join(b, &f));
	}
	f = frame_of(false, 0, 0);	/* a plain ACK */
	assert_false(join(b, &f));
	f = frame_of(false, 0, PAYLOAD);
	put16(f.bytes + 20, 0x2000);	/* a fragment */
	seal(&f);
	assert_false(join(b, &f));
	free(b);
}

/* Cut anywhere: never read beyond the end (the sanitizers watch), never joined. */
static void cut_frames(void **state)
{
	struct burst *b = calloc(1, sizeof(*b));

	(void)state;
	assert_non_null(b);
	for (int ip6 = 0; ip6 < 2; ip6++) {
		struct frame f = frame_of(ip6, 0, PAYLOAD);

		for (uint32_t len = 0; len < f.len; len++) {
			uint8_t *exact = malloc(len + !len);
			const struct flight p = { .to = 1, .len = len };

			assert_non_null(exact);
			memcpy(exact, f.bytes, len);
			assert_false(burst_add(b, &p, exact));
			free(exact);
		}
	}
	free(b);
}

static void other_hosts_part_them(void **state)
{
	struct burst *b = begin(false);
	struct frame f = frame_of(false, 1, PAYLOAD);
	const struct flight elsewhere = { .from = 0, .to = 2, .len = f.len };

	(void)state;
	assert_false(burst_add(b, &elsewhere, f.bytes));
	assert_true(join(b, &f));
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_is_joined),
		cmocka_unit_test(the_last_one_may_be_short_or_pushed),
		cmocka_unit_test(any_other_difference_parts_them),
		cmocka_unit_test(damage_is_not_repaired),
		cmocka_unit_test(only_plain_data),
		cmocka_unit_test(cut_frames),
		cmocka_unit_test(other_hosts_part_them),
	};

	return cmocka_run_group_tests_name("burst", tests, NULL, NULL);
}
