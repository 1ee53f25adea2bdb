/* What the wire changes in packets, and the ones that it makes: all checksums are worked out here once more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>
#include <cmocka.h>

#include "capture/packet.h"
#include "src/core/clock.h"
#include "src/lab/bend.h"
#include "src/lab/edit.h"
#include "src/lab/forge.h"
#include "src/lab/sum.h"

/* ---- an independent checksum: RFC 1071, byte by byte ---- */

static uint32_t add(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static bool ip_sum_right(const uint8_t *frame)
{
	return frame[12] != 8 || folded(add(0, frame + 14, 20)) == 0xffff;
}

static bool sum_right(const uint8_t *frame, size_t len)
{
	struct packet p;
	uint32_t sum, n;

	packet_parse(&p, LINK_ETHERNET, frame, len, len);
	n = (uint32_t)len - p.transport_at;
	sum = add(0, frame + p.transport_at, n);
	if (p.protocol != IPPROTO_ICMP)
		sum = add(sum, p.src, 16) + add(0, p.dst, 16) + p.protocol + n;
	return folded(sum) == 0xffff;
}

/* ---- packets ---- */

static struct heard_side side(uint8_t version)
{
	struct heard_side s = {
		.src_mac = { 2, 0, 0, 0, 1, 1 }, .dst_mac = { 2, 0, 0, 0, 1, 2 }, .ip_version = version,
		.src = { 192, 0, 2, 1 }, .dst = { 192, 0, 2, 2 }, .src_port = 40000, .dst_port = 8080,
		.seq = 1000, .ack = 77, .has_ack = true, .window = 502,
	};

	if (version == 6) {
		static const uint8_t net[] = { 0x20, 0x01, 0x0d, 0xb8 };

		memset(s.src, 0, 16);
		memset(s.dst, 0, 16);
		memcpy(s.src, net, 4);
		memcpy(s.dst, net, 4);
		s.src[15] = 1;
		s.dst[15] = 2;
	}
	return s;
}

static size_t segment(uint8_t out[FORGE_BYTES], uint8_t version, uint16_t flags, uint32_t len)
{
	struct heard_side s = side(version);

	return forge_segment(out, &s, flags, len);
}

static void segments(void **state)
{
	uint8_t frame[FORGE_BYTES];
	struct packet p;

	(void)state;
	for (uint8_t version = 4; version <= 6; version = (uint8_t)(version + 2))
		for (uint32_t n = 0; n < 20; n++) {
			size_t len = segment(frame, version, TCP_PSH | TCP_ACK, n);

			packet_parse(&p, LINK_ETHERNET, frame, len, len);
			assert_int_equal(p.ip_version, version);
			assert_int_equal(p.seq, 1000);
			assert_int_equal(p.ack, 77);
			assert_int_equal(p.flags, TCP_PSH | TCP_ACK);
			assert_int_equal(p.window, 502);
			assert_int_equal(p.payload_len, n);
			assert_int_equal(p.src_port, 40000);
			assert_false(p.cut);
			assert_true(ip_sum_right(frame));
			assert_true(sum_right(frame, len));
		}
}

static void errors(void **state)
{
	static const uint8_t type4[] = { 3, 3, 3, 3, 3, 11 }, code4[] = { 3, 1, 0, 13, 4, 0 };
	static const uint8_t type6[] = { 1, 1, 1, 1, 2, 3 }, code6[] = { 4, 3, 0, 1, 0, 0 };
	uint8_t frame[FORGE_BYTES], error[FORGE_BYTES], again[FORGE_BYTES];
	struct packet p, quoted;

	(void)state;
	for (unsigned k = 0; k < FORGE_ICMPS; k++)
		for (uint8_t version = 4; version <= 6; version = (uint8_t)(version + 2)) {
			size_t len = segment(frame, version, TCP_ACK, 1400), n;

			n = forge_icmp(error, (enum forge_icmp)k, 1000, frame, (uint32_t)len, (uint32_t)len);
			packet_parse(&p, LINK_ETHERNET, error, n, n);
			assert_int_equal(p.icmp_type, version == 4 ? type4[k] : type6[k]);
			assert_int_equal(p.icmp_code, version == 4 ? code4[k] : code6[k]);
			assert_true(ip_sum_right(error));
			assert_true(sum_right(error, n));
			assert_true(n <= (version == 4 ? 14 + 576 : 14 + 1280));
			assert_true(packet_quoted(&quoted, &p, error, n));
			assert_int_equal(quoted.dst_port, 8080);
			assert_memory_equal(p.dst, quoted.src, 16);
			assert_memory_equal(error, frame + 6, 6);
			/* No error about an error. */
			assert_int_equal(forge_icmp(again, (enum forge_icmp)k, 0, error, (uint32_t)n, (uint32_t)n), 0);
		}
}

static void needfrag_says_how_much(void **state)
{
	uint8_t frame[FORGE_BYTES], error[FORGE_BYTES];
	size_t len = segment(frame, 4, TCP_ACK, 0);

	(void)state;
	forge_icmp(error, FORGE_NEEDFRAG, 1000, frame, (uint32_t)len, (uint32_t)len);
	assert_int_equal(error[14 + 20 + 6] << 8 | error[14 + 20 + 7], 1000);
	assert_int_equal(forge_icmp(error, FORGE_NEEDFRAG, 1000, frame, 14, 14), 0);
}

static void too_long(void **state)
{
	uint8_t frame[FORGE_BYTES];
	uint32_t len = (uint32_t)segment(frame, 4, TCP_ACK, 100);

	(void)state;
	assert_false(forge_is_too_long(frame, len, len, 140));
	assert_true(forge_is_too_long(frame, len, len, 139));
	frame[20] = 0;	/* without DF it may be fragmented */
	assert_false(forge_is_too_long(frame, len, len, 139));
	len = (uint32_t)segment(frame, 6, TCP_ACK, 100);
	assert_false(forge_is_too_long(frame, len, len, 160));
	assert_true(forge_is_too_long(frame, len, len, 159));
	assert_false(forge_is_too_long(frame, 13, len, 159));
}

/* ---- what a bad cable does ---- */

static unsigned bits_changed(const uint8_t *a, const uint8_t *b, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += (unsigned)__builtin_popcount(a[i] ^ b[i]);
	return n;
}

static void corrupts(void **state)
{
	uint8_t frame[FORGE_BYTES], before[FORGE_BYTES];
	struct dice dice = dice_on(5, 0, 0);

	(void)state;
	for (int i = 0; i < 200; i++) {
		uint32_t n = (uint32_t)i % 40, len = (uint32_t)segment(frame, i % 3 ? 4 : 6, TCP_ACK, n);
		STR_ON_STACK(text, 128);

		memcpy(before, frame, len);
		assert_true(bend_can_corrupt(frame, len, false));
		bend_corrupt(frame, len, false, &dice, &text);
		assert_int_equal(bits_changed(frame, before, len), 1);
		assert_true(ip_sum_right(frame));
		assert_false(sum_right(frame, len));
		assert_non_null(strstr(text.buf, "now wrong"));
	}
}

static void corrupts_and_mends(void **state)
{
	uint8_t frame[FORGE_BYTES], before[FORGE_BYTES];
	struct dice dice = dice_on(5, 0, 0);

	(void)state;
	for (int i = 0; i < 200; i++) {
		uint32_t n = 1 + (uint32_t)i % 40, len = (uint32_t)segment(frame, i % 3 ? 4 : 6, TCP_ACK, n);
		STR_ON_STACK(text, 128);

		memcpy(before, frame, len);
		assert_true(bend_can_corrupt(frame, len, true));
		bend_corrupt(frame, len, true, &dice, &text);
		assert_int_equal(bits_changed(frame + len - n, before + len - n, n), 1);
		assert_true(sum_right(frame, len));
		assert_non_null(strstr(text.buf, "put right"));
	}
	assert_false(bend_can_corrupt(frame, (uint32_t)segment(frame, 4, TCP_ACK, 0), true));
	assert_false(bend_can_corrupt(frame, 14, false));
}

/* Whatever it is, and wherever it is cut off: nothing outside of it is touched. */
static void any_bytes(void **state)
{
	struct dice dice = dice_on(6, 0, 0);

	(void)state;
	for (uint32_t len = 0; len < 100; len++)
		for (int i = 0; i < 20; i++) {
			uint8_t frame[FORGE_BYTES], *exact = test_malloc(len + 1);
			STR_ON_STACK(text, 128);

			segment(frame, i % 2 ? 4 : 6, TCP_ACK, 30);
			frame[(uint32_t)dice_below(&dice, 60)] ^= (uint8_t)dice_next(&dice);
			memcpy(exact, frame, len);
			exact[len] = 0xa5;
			if (bend_can_corrupt(exact, len, i % 4 < 2))
				bend_corrupt(exact, len, i % 4 < 2, &dice, &text);
			if (bend_can_mark(exact, len))
				bend_mark(exact, len);
			assert_int_equal(exact[len], 0xa5);
			forge_icmp(frame, FORGE_NEEDFRAG, 500, exact, len, len);
			test_free(exact);
		}
}

static void marks(void **state)
{
	uint8_t frame[FORGE_BYTES];
	struct packet p;

	(void)state;
	for (uint8_t ect = 0; ect < 4; ect++) {
		uint32_t len = (uint32_t)segment(frame, 6, TCP_ACK, 3);

		frame[15] = (uint8_t)(frame[15] | ect << 4);
		assert_int_equal(bend_can_mark(frame, len), ect == 1 || ect == 2);
		bend_mark(frame, len);
		packet_parse(&p, LINK_ETHERNET, frame, len, len);
		assert_int_equal(p.ecn, 3);
		len = (uint32_t)segment(frame, 4, TCP_ACK, 3);
		frame[15] = ect;
		frame[25] = (uint8_t)(frame[25] - ect);	/* its sum is still right */
		assert_true(ip_sum_right(frame));
		assert_int_equal(bend_can_mark(frame, len), ect == 1 || ect == 2);
		bend_mark(frame, len);
		packet_parse(&p, LINK_ETHERNET, frame, len, len);
		assert_int_equal(p.ecn, 3);
		assert_true(ip_sum_right(frame));
	}
}

/* ---- which numbers a segment must have ---- */

static void say(struct heard *h, uint8_t host, uint32_t seq, uint32_t ack, uint16_t flags, uint32_t len, bool arrives)
{
	struct heard_side s = side(4);
	uint8_t frame[FORGE_BYTES], address[16], mac[6];
	uint32_t n;

	if (host) {
		memcpy(address, s.src, 16);
		memcpy(s.src, s.dst, 16);
		memcpy(s.dst, address, 16);
		memcpy(mac, s.src_mac, 6);
		memcpy(s.src_mac, s.dst_mac, 6);
		memcpy(s.dst_mac, mac, 6);
		s.src_port = 8080;
		s.dst_port = 40000;
	}
	s.seq = seq;
	s.ack = ack;
	n = (uint32_t)forge_segment(frame, &s, flags, len);
	heard_sent(h, host, frame, n);
	if (arrives)
		heard_got(h, host ^ 1, frame, n);
}

static void assert_numbers(const struct heard *h, uint8_t from, uint32_t seq, uint32_t ack)
{
	struct heard_side s;

	assert_true(heard_newest(h, from, from ^ 1, &s));
	assert_int_equal(s.src_port, from ? 8080 : 40000);
	assert_int_equal(s.dst_mac[5], from ? 1 : 2);
	assert_int_equal(s.seq, seq);
	assert_int_equal(s.ack, ack);
}

static void numbers(void **state)
{
	struct heard h = { 0 };
	struct heard_side s;

	(void)state;
	assert_false(heard_newest(&h, 1, 0, &s));
	say(&h, 0, 100, 0, TCP_SYN, 0, true);
	assert_numbers(&h, 1, 0, 101);	/* nothing of the server's is acknowledged yet */
	say(&h, 1, 5000, 101, TCP_SYN | TCP_ACK, 0, true);
	say(&h, 0, 101, 5001, TCP_ACK, 0, true);
	assert_numbers(&h, 1, 5001, 101);
	assert_numbers(&h, 0, 101, 5001);
	say(&h, 1, 5001, 101, TCP_ACK, 10, true);	/* delivered, and not acknowledged yet */
	assert_numbers(&h, 1, 5011, 101);
	say(&h, 1, 5011, 101, TCP_ACK, 10, false);	/* this one never arrives */
	assert_numbers(&h, 1, 5011, 101);
	say(&h, 1, 5021, 101, TCP_ACK, 10, true);	/* behind a hole: the client asks at once for what is missing */
	say(&h, 0, 101, 5011, TCP_ACK, 0, true);
	assert_numbers(&h, 1, 5011, 101);
}

/* ---- edited by hand ---- */

static void edits_a_segment(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		uint8_t frame[FORGE_BYTES], out[FORGE_BYTES + EDIT_DATA];
		const struct heard_side s = side(version);
		size_t len = forge_segment(frame, &s, TCP_PSH | TCP_ACK, 5), n;
		struct edit edit = {
			.given = true, .has_flags = true, .flags = TCP_RST, .seq_base = 999, .ack_base = 70,
			.seq = { true, false, 101 }, .ack = { true, true, -2 }, .window = { true, true, 1 },
			.ttl = { true, false, 3 }, .has_data = true, .data_len = 300, .data = "new",
		};
		STR_ON_STACK(what, 300);
		struct packet p;
		struct err e;

		n = edit_frame(out, frame, (uint32_t)len, &edit, &what, &e);
		assert_int_equal(n, len + 295);
		packet_parse(&p, LINK_ETHERNET, out, n, n);
		assert_int_equal(p.seq, 1100);
		assert_int_equal(p.ack, 75);
		assert_int_equal(p.window, 503);
		assert_int_equal(p.ttl, 3);
		assert_int_equal(p.flags, TCP_RST);
		assert_int_equal(p.payload_len, 300);
		assert_memory_equal(out + p.payload_at, "new", 4);
		assert_true(sum_right(out, n) && ip_sum_right(out));
		assert_string_equal(what.buf, "data of 5 → 300 bytes, ttl 64 → 3, flags PSH ACK → RST, seq 1 → 101, "
					      "ack 7 → 5, window 502 → 503");
		edit.unmended = true;
		n = edit_frame(out, frame, (uint32_t)len, &edit, &what, &e);
		assert_false(sum_right(out, n));
	}
}

static void edits_bytes(void **state)
{
	uint8_t frame[FORGE_BYTES], out[FORGE_BYTES + EDIT_DATA];
	const struct heard_side s = side(4);
	uint32_t len = (uint32_t)forge_segment(frame, &s, TCP_ACK, 5);
	struct edit edit = { .given = true, .bytes_at = len - 2, .bytes_len = 2, .bytes = "AB" };
	STR_ON_STACK(what, 300);
	struct err e;

	(void)state;
	assert_int_equal(edit_frame(out, frame, len, &edit, &what, &e), len);
	assert_memory_equal(out + len - 3, "xAB", 3);
	assert_true(sum_right(out, len));
	edit.bytes_at++;
	assert_int_equal(edit_frame(out, frame, len, &edit, &what, &e), 0);
	assert_non_null(strstr(e.what, "has only 59 bytes"));
	edit.bytes_at = UINT32_MAX;
	assert_int_equal(edit_frame(out, frame, len, &edit, &what, &e), 0);
}

/* What a packet does not have cannot be changed; and a frame of any bytes does no harm. */
static void edits_nothing_else(void **state)
{
	const struct heard_side s = side(4);
	uint8_t frame[FORGE_BYTES], out[FORGE_BYTES + EDIT_DATA], icmp[FORGE_BYTES];
	uint32_t len = (uint32_t)forge_segment(frame, &s, TCP_ACK, 5);
	uint32_t n = (uint32_t)forge_icmp(icmp, FORGE_HOST_UNREACHABLE, 0, frame, len, len);
	struct edit edit = { .given = true, .seq = { true, true, 1 } };
	STR_ON_STACK(what, 300);
	struct err e;

	(void)state;
	assert_int_equal(edit_frame(out, icmp, n, &edit, &what, &e), 0);
	assert_non_null(strstr(e.what, "no TCP segment"));
	edit = (struct edit){ .given = true, .ttl = { true, true, 255 } };
	assert_int_equal(edit_frame(out, frame, len, &edit, &what, &e), 0);
	edit = (struct edit){ .given = true, .has_data = true, .data_len = 4, .data = "abcd" };
	for (uint32_t cut = 0; cut <= len; cut++)
		for (unsigned byte = 0; byte < 256; byte += 17) {
			uint8_t torn[FORGE_BYTES];

			memcpy(torn, frame, len);
			torn[cut % len] = (uint8_t)byte;
			str_clear(&what);
			edit_frame(out, torn, cut, &edit, &what, &e);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments),	     cmocka_unit_test(errors),
		cmocka_unit_test(needfrag_says_how_much), cmocka_unit_test(too_long),
		cmocka_unit_test(corrupts),	     cmocka_unit_test(corrupts_and_mends),
		cmocka_unit_test(any_bytes),	     cmocka_unit_test(marks),
		cmocka_unit_test(edits_a_segment),
		cmocka_unit_test(edits_bytes),
		cmocka_unit_test(edits_nothing_else),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests_name("bend", tests, NULL, NULL);
}
