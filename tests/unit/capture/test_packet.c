/* packet: what one reading of the headers says, at every length and for wrong lengths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

#include "capture/packet.h"
#include "capture/conn.h"
#include "tests/unit/capture/build.h"

static struct packet parse(const struct build *b)
{
	struct packet p;

	packet_parse(&p, LINK_ETHERNET, b->byte, b->len, b->len);
	return p;
}

static struct build segment(unsigned flags, const char *options, const char *text)
{
	struct build b = build_on();

	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 6, "192.0.2.1", "192.0.2.2");
	build_tcp(&b, 45012, 8080, 0xfffffff0, 0x80000001, flags, 502, options);
	build_text(&b, text);
	build_finish(&b);
	return b;
}

static void a_segment_is_read(void **state)
{
	struct build b = segment(TCP_PSH | TCP_ACK, "", "hello");
	struct packet p = parse(&b);
	static const uint8_t src[4] = { 192, 0, 2, 1 }, dst[4] = { 192, 0, 2, 2 };

	(void)state;
	assert_int_equal(p.ethertype, 0x0800);
	assert_int_equal(p.ip_version, 4);
	assert_int_equal(p.protocol, 6);
	assert_memory_equal(p.src, src, 4);
	assert_memory_equal(p.dst, dst, 4);
	assert_int_equal(p.src_port, 45012);
	assert_int_equal(p.dst_port, 8080);
	assert_int_equal(p.ttl, 64);
	assert_int_equal(p.ip_id, 0x1c46);
	assert_int_equal(p.seq, 0xfffffff0);
	assert_int_equal(p.ack, 0x80000001);
	assert_int_equal(p.flags, TCP_PSH | TCP_ACK);
	assert_int_equal(p.window, 502);
	assert_int_equal(p.network_at, 14);
	assert_int_equal(p.transport_at, 34);
	assert_int_equal(p.payload_at, 54);
	assert_int_equal(p.payload_len, 5);
	assert_true(p.has_ports && p.has_transport && p.has_segment && p.payload_known);
	assert_false(p.cut || p.fragment);
	assert_int_equal(p.mss, 0);
	assert_int_equal(p.wscale, -1);
}

static void the_options_of_a_syn_are_read(void **state)
{
	struct build b = segment(TCP_SYN, "020405b4 0402 080a 01020304 05060708 01 03030e", "");
	struct packet p = parse(&b);

	(void)state;
	assert_int_equal(p.mss, 1460);
	assert_int_equal(p.wscale, 14);
	assert_true(p.sack_permitted && p.has_ts);
	assert_int_equal(p.tsval, 0x01020304);
	assert_int_equal(p.tsecr, 0x05060708);
	assert_false(p.cut);
}

static void the_usual_timestamps_are_read(void **state)
{
	struct build b = segment(TCP_ACK, "0101 080a 01020304 05060708", "x");
	struct packet p = parse(&b);

	(void)state;
	assert_true(p.has_ts);
	assert_int_equal(p.tsval, 0x01020304);
	assert_int_equal(p.tsecr, 0x05060708);
	assert_int_equal(p.payload_len, 1);
	assert_false(p.cut);
}

static void at_most_four_sack_blocks_are_read(void **state)
{
	struct build b = segment(TCP_ACK, "0522 00000001 00000002 00000003 00000004 00000005 00000006"
					  " 00000007 00000008 0101", "");
	struct packet p = parse(&b);

	(void)state;
	assert_int_equal(p.sack_blocks, 4);
	assert_int_equal(p.sack[0][0], 1);
	assert_int_equal(p.sack[3][1], 8);
	assert_false(p.cut);
}

static void a_broken_option_list_ends_there_and_is_marked(void **state)
{
	static const char *const lists[] = { "020405b4 0800 0000", "020405b4 08ff 0101", "020405b4 010101 08", "020405b4 0401 0101" };

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct build b = segment(TCP_SYN, lists[i], "abc");
		struct packet p = parse(&b);

		assert_true(p.cut);
		assert_int_equal(p.mss, 1460);
		assert_false(p.has_ts || p.sack_permitted);
		assert_int_equal(p.payload_len, 3);
	}
}

static void an_option_of_wrong_length_is_not_believed(void **state)
{
	struct build b = segment(TCP_SYN, "0203 05 0304 0707 0403 01 01", "");
	struct packet p = parse(&b);

	(void)state;
	assert_int_equal(p.mss, 0);
	assert_int_equal(p.wscale, -1);
	assert_false(p.sack_permitted);
}

/* What is shorter says less, and never something else. */
static void every_cut_says_a_part_of_the_whole(void **state)
{
	struct build b = segment(TCP_SYN, "020405b4 0402 080a 01020304 05060708 01 03030e", "hello");
	struct packet whole = parse(&b);

	(void)state;
	for (size_t n = 0; n <= b.len; n++) {
		uint8_t *copy = malloc(n ? n : 1);
		struct packet p;
		size_t at;

		assert_non_null(copy);
		memcpy(copy, b.byte, n);
		packet_parse(&p, LINK_ETHERNET, copy, n, b.len);
		assert_int_equal(p.ip_version, n >= 34 ? 4 : 0);
		assert_int_equal(p.has_ports, n >= 38);
		assert_int_equal(p.src_port, n >= 38 ? whole.src_port : 0);
		assert_int_equal(p.has_segment, n >= 50);
		assert_int_equal(p.flags, n >= 50 ? whole.flags : 0);
		assert_int_equal(p.has_transport, n >= 54);
		assert_int_equal(p.cut, n < whole.payload_at);
		assert_int_equal(p.mss, n >= 58 ? 1460 : 0);
		if (p.has_segment) {
			assert_int_equal(p.payload_len, 5);
			assert_int_equal(p.payload_at, whole.payload_at);
			assert_true(p.payload_known);
		}
		assert_int_equal(packet_payload(&p, n, &at), n > whole.payload_at ? n - whole.payload_at : 0);
		assert_true(at <= n);
		free(copy);
	}
}

static void padding_is_no_payload(void **state)
{
	struct build b = segment(TCP_ACK, "", "");
	struct packet p;

	(void)state;
	build_zeros(&b, 6);
	p = parse(&b);
	assert_int_equal(p.payload_len, 0);
	assert_false(p.cut);
}

static void a_total_length_of_zero_is_the_frames(void **state)
{
	struct build b = segment(TCP_ACK, "", "hello");
	struct packet p;

	(void)state;
	build_put16(&b, 16, 0);
	packet_parse(&p, LINK_ETHERNET, b.byte, b.len, b.len + 60000);
	assert_int_equal(p.payload_len, 60005);
	assert_true(p.payload_known);
}

static void lengths_that_lie_are_bounded(void **state)
{
	struct build b = segment(TCP_ACK, "", "hello");
	struct packet p;

	(void)state;
	build_put16(&b, 16, 65535);	/* more than was sent */
	p = parse(&b);
	assert_int_equal(p.payload_len, 5);
	build_put16(&b, 16, 39);	/* ends in the TCP header */
	p = parse(&b);
	assert_true(p.cut && p.has_segment && !p.has_transport);
	assert_false(p.payload_known);
	assert_int_equal(p.payload_len, 0);
	build_put16(&b, 16, 19);
	p = parse(&b);
	assert_true(p.cut);
	assert_int_equal(p.ip_version, 0);
}

static void tags_are_passed(void **state)
{
	struct build b = build_on();
	struct packet p;

	(void)state;
	build_hex(&b, "020000000002 020000000001 88a8 1064 8100 00c8 86dd");
	build_ipv6(&b, 17, "2001:db8::1", "2001:db8::2");
	build_udp(&b, 1, 2);
	build_text(&b, "abc");
	build_finish(&b);
	p = parse(&b);
	assert_int_equal(p.ip_version, 6);
	assert_int_equal(p.network_at, 22);
	assert_int_equal(p.payload_len, 3);
	assert_int_equal(p.dst_port, 2);
}

static void tags_without_end_are_given_up(void **state)
{
	struct build b = build_on();
	struct packet p;

	(void)state;
	build_hex(&b, "020000000002 020000000001 8100");
	for (int i = 0; i < 300; i++)
		build_hex(&b, "0001 8100");
	p = parse(&b);
	assert_true(p.cut);
	assert_int_equal(p.ip_version, 0);
}

static void fragments_have_no_ports_but_the_first(void **state)
{
	struct build b = build_on();
	struct packet p;

	(void)state;
	build_ethernet(&b, 0x0800);
	build_ipv4_full(&b, 17, "192.0.2.1", "192.0.2.2", 0x2000, "");
	build_hex(&b, "afd4 07d0 0100 0000 0102030405060708");
	build_finish(&b);
	p = parse(&b);
	assert_true(p.fragment && p.more_fragments && p.has_ports);
	assert_false(p.payload_known || p.cut);
	build_put16(&b, 20, 0x2002);
	p = parse(&b);
	assert_true(p.fragment && p.more_fragments);
	assert_false(p.has_ports);
	assert_int_equal(p.fragment_at, 16);
	assert_int_equal(p.payload_len, 16);
	build_put16(&b, 20, 0x4000);
	p = parse(&b);
	assert_false(p.fragment);
}

static void every_link_type_leads_to_ip(void **state)
{
	static const struct {
		uint32_t link;
		const char *header;
		bool six;
	} rows[] = {
		{ LINK_ETHERNET, "020000000002 020000000001 0800", false },
		{ LINK_SLL, "0000 0001 0006 0200000000010000 86dd", true },
		{ LINK_SLL2, "0800 0000 00000002 0001 00 06 0200000000010000", false },
		{ LINK_NULL, "02000000", false }, { LINK_NULL, "00000002", false },
		{ LINK_NULL, "0a000000", true }, { LINK_NULL, "18000000", true },
		{ LINK_NULL, "0000001c", true }, { LINK_NULL, "1e000000", true },
		{ LINK_LOOP, "00000002", false }, { LINK_LOOP, "0000001e", true },
		{ LINK_RAW, "", false }, { LINK_RAW, "", true },
		{ LINK_IPV4, "", false }, { LINK_IPV6, "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build b = build_on();
		struct packet p;

		build_hex(&b, rows[i].header);
		if (rows[i].six)
			build_ipv6(&b, 17, "2001:db8::1", "2001:db8::2");
		else
			build_ipv4(&b, 17, "192.0.2.1", "192.0.2.2");
		build_udp(&b, 7, 9);
		build_finish(&b);
		packet_parse(&p, rows[i].link, b.byte, b.len, b.len);
		assert_int_equal(p.ip_version, rows[i].six ? 6 : 4);
		assert_int_equal(p.ethertype, rows[i].six ? 0x86dd : 0x0800);
		assert_int_equal(p.dst_port, 9);
		assert_false(p.cut);
	}
}

static void nothing_and_the_unknown_are_survived(void **state)
{
	struct packet p;

	(void)state;
	packet_parse(&p, LINK_ETHERNET, NULL, 0, 0);
	assert_true(p.cut);
	packet_parse(&p, 12345, "abcdef", 6, 6);
	assert_true(p.cut);
	assert_int_equal(p.ip_version, 0);
	assert_int_equal(p.payload_len, 6);
}

static void endpoints_are_addresses(void **state)
{
	struct build b = segment(TCP_SYN, "", "");
	struct packet p = parse(&b);
	const uint8_t ip[4] = { 192, 0, 2, 2 };
	struct addr src, dst, want = addr_v4(ip, 8080);

	(void)state;
	assert_true(packet_endpoints(&p, &src, &dst));
	assert_true(addr_equal(&dst, &want));
	assert_int_equal(addr_port(&src), 45012);
	packet_parse(&p, LINK_ETHERNET, b.byte, 14, b.len);
	assert_false(packet_endpoints(&p, &src, &dst));
}

static void flags_have_an_order(void **state)
{
	STR_ON_STACK(text, 64);

	(void)state;
	packet_flags_text(&text, 0x1ff);
	assert_string_equal(text.buf, "SYN FIN RST PSH ACK URG ECE CWR AE");
	str_clear(&text);
	packet_flags_text(&text, TCP_ACK | TCP_FIN);
	assert_string_equal(text.buf, "FIN ACK");
	str_clear(&text);
	packet_flags_text(&text, 0);
	assert_string_equal(text.buf, "no flags");
}

static void summaries_without_a_connection_are_raw(void **state)
{
	struct build b = segment(TCP_SYN, "020405b4 03030700", "");
	struct packet p = parse(&b);
	STR_ON_STACK(text, 128);

	(void)state;
	packet_summary(&text, &p, NULL, 0, b.byte, b.len);
	assert_string_equal(text.buf, "SYN  seq 4294967280  mss 1460  ws 7");
	b = segment(TCP_ACK, "050a 00000bb9 00001389", "");
	build_put16(&b, 48, 0);
	p = parse(&b);
	str_clear(&text);
	packet_summary(&text, &p, NULL, 0, b.byte, b.len);
	assert_string_equal(text.buf, "ACK  ack 2147483649  win 0  sack 3001-5001");
}

/* Of the outer packet nothing is left, whatever its version and its transport. */
static void a_tunnel_leaves_nothing_of_its_outer_packet(void **state)
{
	static const uint8_t src[16] = { 10, 0, 0, 1 }, dst[16] = { 10, 0, 0, 2 };
	struct build b = build_on();
	struct packet p;

	(void)state;
	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 17, "2001:db8::1", "2001:db8::2");
	build_udp(&b, 50000, 4789);
	build_hex(&b, "08000000 00000100 020000000002 020000000001 0800");
	build_ipv4(&b, 132, "10.0.0.1", "10.0.0.2");
	build_hex(&b, "00010203");
	build_finish(&b);
	p = parse(&b);
	assert_int_equal(p.ip_version, 4);
	assert_int_equal(p.protocol, 132);
	assert_memory_equal(p.src, src, 16);
	assert_memory_equal(p.dst, dst, 16);
	assert_int_equal(p.network_at, 84);
	assert_int_equal(p.transport_at, 104);
	assert_int_equal(p.payload_at, 104);
	assert_int_equal(p.payload_len, 4);
	assert_int_equal(p.src_port, 0);
	assert_false(p.has_ports || p.has_transport || p.payload_known || p.cut);
}

/* The packet stays the outer one where the tunnel holds no IP. */
static void a_tunnel_with_something_else_is_its_outer_packet(void **state)
{
	static const char *const contents[] = { "88cc 0207", "0800 45", "0800 6500 0014", "86dd 4" "0000000" };

	(void)state;
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		struct build b = build_on();
		struct packet p;

		build_ethernet(&b, 0x0800);
		build_ipv4(&b, 17, "192.0.2.1", "192.0.2.2");
		build_udp(&b, 50000, 4789);
		build_hex(&b, "08000000 00000100 020000000002 020000000001");
		build_hex(&b, contents[i]);
		build_finish(&b);
		p = parse(&b);
		assert_int_equal(p.protocol, 17);
		assert_int_equal(p.src[0], 192);
		assert_int_equal(p.network_at, 14);
		assert_int_equal(p.transport_at, 34);
		assert_int_equal(p.payload_at, 42);
		assert_int_equal(p.dst_port, 4789);
		assert_true(p.has_ports && p.has_transport);
		assert_int_equal(p.cut, i > 0);
	}
}

static void tunnels_in_tunnels_end(void **state)
{
	struct build b = build_on();
	struct packet p;

	(void)state;
	build_ethernet(&b, 0x0800);
	for (int i = 0; i < 60; i++)
		build_hex(&b, "4500 0000 0000 4000 40 04 0000 c0000201 c0000202");
	p = parse(&b);
	assert_true(p.cut);
	assert_in_range(p.network_at, 14 + 20 * 4, 14 + 20 * 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_segment_is_read),
		cmocka_unit_test(the_options_of_a_syn_are_read),
		cmocka_unit_test(the_usual_timestamps_are_read),
		cmocka_unit_test(at_most_four_sack_blocks_are_read),
		cmocka_unit_test(a_broken_option_list_ends_there_and_is_marked),
		cmocka_unit_test(an_option_of_wrong_length_is_not_believed),
		cmocka_unit_test(every_cut_says_a_part_of_the_whole),
		cmocka_unit_test(padding_is_no_payload),
		cmocka_unit_test(a_total_length_of_zero_is_the_frames),
		cmocka_unit_test(lengths_that_lie_are_bounded),
		cmocka_unit_test(tags_are_passed),
		cmocka_unit_test(tags_without_end_are_given_up),
		cmocka_unit_test(fragments_have_no_ports_but_the_first),
		cmocka_unit_test(every_link_type_leads_to_ip),
		cmocka_unit_test(nothing_and_the_unknown_are_survived),
		cmocka_unit_test(endpoints_are_addresses),
		cmocka_unit_test(flags_have_an_order),
		cmocka_unit_test(summaries_without_a_connection_are_raw),
		cmocka_unit_test(a_tunnel_leaves_nothing_of_its_outer_packet),
		cmocka_unit_test(a_tunnel_with_something_else_is_its_outer_packet),
		cmocka_unit_test(tunnels_in_tunnels_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
