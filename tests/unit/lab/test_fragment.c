#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "capture/packet.h"
#include "src/lab/fragment.h"
#include "src/lab/sum.h"

#define HEADER	14
#define DATA	1000

/* IPv4 with the options given and DATA bytes that tell their place. */
static uint32_t make(uint8_t *frame, const uint8_t *options, uint32_t options_len, uint16_t flags)
{
	uint32_t header = 20 + options_len, total = header + DATA;
	uint8_t *ip = frame + HEADER;

	memset(frame, 2, HEADER);
	frame[12] = 8;
	frame[13] = 0;
	memset(ip, 0, 20);
	ip[0] = (uint8_t)(0x40 | header / 4);
	ip[2] = (uint8_t)(total >> 8);
	ip[3] = (uint8_t)total;
	ip[4] = 0x12;
	ip[6] = (uint8_t)(flags >> 8);
	ip[7] = (uint8_t)flags;
	ip[8] = 64;
	ip[9] = 17;
	ip[12] = ip[16] = 192;
	if (options_len)
		memcpy(ip + 20, options, options_len);
	for (uint32_t i = 0; i < DATA; i++)
		ip[header + i] = (uint8_t)(i * 7 + i / 256);
	return HEADER + total;
}

/* Cuts a frame, checks each part and puts them together again; how many there were. */
static unsigned cut_and_join(const uint8_t *frame, uint32_t len, uint32_t mtu, uint32_t first_offset, bool more_behind)
{
	uint8_t out[2000], joined[DATA];
	uint32_t at = 0, before = 0;
	unsigned parts = 0;
	size_t size;

	for (; (size = fragment_next(out, frame, len, mtu, &at)); parts++) {
		struct packet p;
		bool last = at == DATA;

		assert_true(size <= HEADER + mtu);
		packet_parse(&p, LINK_ETHERNET, out, size, size);
		assert_int_equal(p.ip_id, 0x1200);
		assert_int_equal(p.fragment_at, first_offset + before);
		assert_int_equal(p.more_fragments, !last || more_behind);
		assert_int_equal(p.fragment_len, at - before);
		assert_int_equal(sum_fold(sum_bytes(out + HEADER, (out[HEADER] & 0xfu) * 4u, 0)), 0xffff);
		memcpy(joined + before, out + p.fragment_start, at - before);
		before = at;
	}
	assert_int_equal(before, DATA);
	assert_memory_equal(joined, frame + len - DATA, DATA);
	return parts;
}

static void parts_make_the_whole(void **state)
{
	uint8_t frame[2000];
	uint32_t len = make(frame, NULL, 0, 0);

	(void)state;
	assert_int_equal(cut_and_join(frame, len, 576, 0, false), 2);
	assert_int_equal(cut_and_join(frame, len, 68, 0, false), 21);
}

static void a_fragment_is_cut_again(void **state)
{
	uint8_t frame[2000];
	uint32_t len = make(frame, NULL, 0, 0x2000 | 185);

	(void)state;
	assert_int_equal(cut_and_join(frame, len, 576, 185 * 8, true), 2);
	len = make(frame, NULL, 0, 185);
	assert_int_equal(cut_and_join(frame, len, 576, 185 * 8, false), 2);
}

/* Router alert is copied, a record route is not: RFC 791 section 3.1. */
static void options_that_are_copied(void **state)
{
	static const uint8_t options[] = { 7, 7, 4, 0, 0, 0, 0, 1, 0x94, 4, 0, 0 };
	static const uint8_t lying[] = { 0x94, 40, 0, 0 }, empty[] = { 0x94, 0, 0, 0 };
	uint8_t frame[2000], out[2000];
	uint32_t len = make(frame, options, sizeof(options), 0), at = 0;

	(void)state;
	assert_int_equal(cut_and_join(frame, len, 576, 0, false), 2);
	fragment_next(out, frame, len, 576, &at);
	assert_int_equal(out[HEADER], 0x48);
	assert_memory_equal(out + HEADER + 20, options, sizeof(options));
	fragment_next(out, frame, len, 576, &at);
	assert_int_equal(out[HEADER], 0x46);
	assert_memory_equal(out + HEADER + 20, options + 8, 4);
	len = make(frame, lying, sizeof(lying), 0);
	assert_int_equal(cut_and_join(frame, len, 576, 0, false), 2);
	len = make(frame, empty, sizeof(empty), 0);
	assert_int_equal(cut_and_join(frame, len, 576, 0, false), 2);
}

static void what_may_be_cut(void **state)
{
	uint8_t frame[2000];
	uint32_t len = make(frame, NULL, 0, 0);

	(void)state;
	assert_true(fragment_needed(frame, len, len, 1019));
	assert_false(fragment_needed(frame, len, len, 1020));
	for (uint32_t caplen = 0; caplen < len; caplen += 13)
		assert_false(fragment_needed(frame, caplen, len, 576));
	make(frame, NULL, 0, 0x4000);
	assert_false(fragment_needed(frame, len, len, 576));
	make(frame, NULL, 0, 0);
	frame[12] = 0x86;
	frame[13] = 0xdd;
	assert_false(fragment_needed(frame, len, len, 576));
	make(frame, NULL, 0, 0);
	frame[HEADER] = 0x44; /* a header of 16 bytes */
	assert_false(fragment_needed(frame, len, len, 576));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_make_the_whole),
		cmocka_unit_test(a_fragment_is_cut_again),
		cmocka_unit_test(options_that_are_copied),
		cmocka_unit_test(what_may_be_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
