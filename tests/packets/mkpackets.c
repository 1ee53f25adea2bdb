/*
 * Makes the small captures of the tests: mkpackets DIRECTORY writes one classic pcap file (nanoseconds) a scene.
 * mkpackets --seeds DIRECTORY writes each packet as a seed of fuzz_packet: a byte for the link type, then the bytes.
 *
 * A new protocol gets a scene here (or in scenes_*.h), and its golden text by `make golden`.
 */
#include "tests/packets/capture.h"
#include "tests/packets/scenes_app.h"
#include "tests/packets/scenes_tunnel.h"

static void client_segment(struct capture *c, uint32_t seq, uint32_t ack, unsigned flags, unsigned window,
			   const char *options, const char *text)
{
	struct build b = from_client();

	build_tcp(&b, 45012, 8080, ISN_CLIENT + seq, flags & ACK ? ISN_SERVER + ack : 0, flags, window, options);
	build_text(&b, text);
	put(c, &b);
}

static void server_segment(struct capture *c, uint32_t seq, uint32_t ack, unsigned flags, unsigned window,
			   const char *options, const char *text)
{
	struct build b = from_server();

	build_tcp(&b, 8080, 45012, ISN_SERVER + seq, ISN_CLIENT + ack, flags, window, options);
	build_text(&b, text);
	put(c, &b);
}

/* A whole connection; the server's numbers wrap around. */
static void tcp(struct capture *c)
{
	client_segment(c, 0, 0, SYN, 64240, "020405b4 0402 080a00000001 00000000 01 030307", "");
	server_segment(c, 0, 1, SYN | ACK, 65160, "020405b4 0402 080a00000101 00000001 01 030309", "");
	client_segment(c, 1, 1, ACK, 502, "0101 080a00000002 00000101", "");
	client_segment(c, 1, 1, PSH | ACK, 502, "0101 080a00000003 00000101", "hello");
	server_segment(c, 1, 6, ACK, 128, "0101 080a00000103 00000003", "");
	server_segment(c, 1, 6, PSH | ACK, 0, "0101 080a00000104 00000003", "HELLO, \x1b[31m\xe2\x80\xae!\n");
	client_segment(c, 6, 17, FIN | ACK, 502, "0101 080a00000004 00000104", "");
	server_segment(c, 17, 7, FIN | ACK, 128, "0101 080a00000105 00000004", "");
	client_segment(c, 7, 18, ACK, 502, "0101 080a00000005 00000105", "");
}

/* Every option that has a name, some that have none, and lists that are wrong. */
static void tcp_options(struct capture *c)
{
	server_segment(c, 1, 1, ACK, 0, "0101 051a abce0000 abce0100 abce0200 abce0300 abce0400 abce0500", "");
	client_segment(c, 1, 1, ACK, 501, "0101 0512 00000001 00000101 ffffffff 00000001", "");
	client_segment(c, 0, 0, SYN, 64240, "2202 0101", "");
	client_segment(c, 0, 0, SYN, 64240, "220a 0011223344556677 0101", "fast");
	client_segment(c, 0, 0, SYN, 64240, "1e04 0181 0101 1c04 8005", "");
	client_segment(c, 1, 1, ACK, 500, "1e0c 2001 01020304 05060708 1e03 90 00", "");
	client_segment(c, 1, 1, ACK, 500, "1312 000102030405060708090a0b0c0d0e0f 0101", "");
	client_segment(c, 1, 1, ACK, 500, "1d10 0102 aabbccddeeff001122334455", "");
	client_segment(c, 1, 1, ACK, 500, "fd08 f989 01020304 fe04 1234 4d05 010203 010100", "");
	client_segment(c, 0, 0, SYN | ECE | CWR, 64240, "0606 00000001 0902 0a03 80 0e03 01 0b06 00000005", "");
	client_segment(c, 0, 0, SYN, 64240, "0302 0204", "");
	client_segment(c, 0, 0, SYN, 64240, "0400 0000", "");
	client_segment(c, 0, 0, SYN, 64240, "020405b4 081e 0000", "");
	client_segment(c, 0, 0, SYN, 64240, "03030f 01 ac05 000001 4502 01", "");
}

/* Refused, aborted, and segments with strange flags. */
static void tcp_ends(struct capture *c)
{
	struct build b;

	client_segment(c, 0, 0, SYN, 64240, "020405b4", "");
	b = from_server();
	build_tcp(&b, 8080, 45012, 0, ISN_CLIENT + 1, RST | ACK, 0, "");
	put(c, &b);
	client_segment(c, 50000, 0, SYN, 64240, "020405b4", "");
	server_segment(c, 0, 50001, SYN | ACK, 65160, "020405b4", "");
	client_segment(c, 50001, 1, RST, 0, "", "");
	client_segment(c, 50001, 1, 0, 7, "", "");
	client_segment(c, 50001, 1, SYN | FIN | RST | PSH | ACK | URG | ECE | CWR | 0x100, 7, "", "x");
	server_segment(c, 1, 50001, URG | ACK, 9, "", "!");
}

static void udp(struct capture *c)
{
	struct build b = build_on();

	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 17, CLIENT, SERVER);
	build_udp(&b, 45012, 2000);
	build_text(&b, "hello, world");
	put(c, &b);

	b = build_on();
	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 17, SERVER, CLIENT);
	build_udp(&b, 2000, 45012);
	build_finish(&b);
	build_put16(&b, 40, 0);		/* no checksum; and Ethernet's padding */
	build_zeros(&b, 18);
	put_cut(c, &b, BUILD_MAX);

	b = build_on();
	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 17, CLIENT6, SERVER6);
	build_udp(&b, 45012, 53);
	build_text(&b, "\x01\x02");
	put(c, &b);

	b = build_on();			/* a length that lies, and a wrong checksum */
	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 17, CLIENT, SERVER);
	build_udp(&b, 45012, 2000);
	build_text(&b, "ab");
	build_finish(&b);
	build_put16(&b, 38, 500);
	put_cut(c, &b, BUILD_MAX);

	b = build_on();			/* shorter than the IP payload: what follows is not its data */
	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 17, CLIENT, SERVER);
	build_udp(&b, 45012, 2000);
	build_text(&b, "abcd");
	build_finish(&b);
	build_put16(&b, 38, 10);
	put_cut(c, &b, BUILD_MAX);
}

static void quoted_udp(struct build *b)
{
	build_ipv4(b, 17, CLIENT, SERVER);
	build_udp(b, 45012, 2000);
	build_text(b, "hello");
}

static void icmp_of(struct capture *c, unsigned type, unsigned code, uint32_t rest)
{
	struct build b = build_on();

	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 1, SERVER, CLIENT);
	build_icmp(&b, type, code, rest);
	quoted_udp(&b);
	put(c, &b);
}

/* A TCP segment of which only the first 8 bytes are quoted: RFC 792 asks for no more. */
static void icmp_short(struct capture *c)
{
	struct build b = build_on();

	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 1, "198.51.100.9", CLIENT);
	build_icmp(&b, 11, 0, 0);
	build_ipv4(&b, 6, CLIENT, SERVER);
	b.cut_at = b.len + 8;
	build_tcp(&b, 45012, 8080, ISN_CLIENT, 0, SYN, 64240, "");
	b.len = b.cut_at;
	b.layers--;		/* its checksum is not quoted */
	put(c, &b);
}

static void icmp(struct capture *c)
{
	struct build b = build_on();

	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 1, CLIENT, SERVER);
	build_icmp(&b, 8, 0, 0x00070001);
	build_text(&b, "abcdefghijklmnopqrstuvwabcdefghi");
	put(c, &b);

	b = build_on();
	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 1, SERVER, CLIENT);
	build_icmp(&b, 0, 0, 0x00070001);
	build_text(&b, "abcdefghijklmnopqrstuvwabcdefghi");
	put(c, &b);

	icmp_of(c, 3, 3, 0);
	icmp_of(c, 3, 4, 1400);
	icmp_of(c, 5, 1, 0xc0000209);
	icmp_of(c, 12, 0, 0x14000000);
	icmp_of(c, 4, 0, 0);
	icmp_of(c, 200, 3, 0x01020304);
	icmp_short(c);

	b = build_on();
	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 1, CLIENT, SERVER);
	build_icmp(&b, 13, 0, 0x00070002);
	build_hex(&b, "0036ee80 00000000 00000000");
	put(c, &b);
}

static struct build icmpv6_on(const char *src, const char *dst, unsigned type, unsigned code, uint32_t rest)
{
	struct build b = build_on();

	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 58, src, dst);
	build_icmpv6(&b, type, code, rest);
	return b;
}

static void icmpv6(struct capture *c)
{
	struct build b = icmpv6_on(CLIENT6, SERVER6, 128, 0, 0x00070001);

	build_text(&b, "ping");
	put(c, &b);

	b = icmpv6_on(SERVER6, CLIENT6, 1, 4, 0);
	build_ipv6(&b, 17, CLIENT6, SERVER6);
	build_udp(&b, 45012, 2000);
	build_text(&b, "hello");
	put(c, &b);

	b = icmpv6_on("2001:db8::9", CLIENT6, 2, 0, 1280);
	build_ipv6(&b, 6, CLIENT6, SERVER6);
	build_tcp(&b, 45012, 8080, ISN_CLIENT, 5, ACK, 500, "");
	put(c, &b);

	b = icmpv6_on(CLIENT6, "ff02::1:ff00:2", 135, 0, 0);
	build_address(&b, AF_INET6, SERVER6);
	build_hex(&b, "0101 020000000001");
	put(c, &b);

	b = icmpv6_on(SERVER6, CLIENT6, 136, 0, 0x60000000);
	build_address(&b, AF_INET6, SERVER6);
	build_hex(&b, "0201 020000000002 7e01 112233445566");
	put(c, &b);

	b = icmpv6_on("fe80::1", "ff02::1", 134, 0, 0x40c00708);
	build_hex(&b, "00000000 00000000 0501 0000 000005dc 0304 40c0 00278d00 00093a80 00000000");
	build_address(&b, AF_INET6, "2001:db8::");
	build_hex(&b, "1903 0000 00000258");
	build_address(&b, AF_INET6, "2001:db8::53");
	put(c, &b);

	b = icmpv6_on("fe80::1", "ff02::1", 130, 0, 0x27100000);
	build_address(&b, AF_INET6, "ff02::fb");
	put(c, &b);

	b = icmpv6_on("fe80::1", "ff02::2", 133, 0, 0);
	build_hex(&b, "0100 020000000001");	/* an option of no length */
	put(c, &b);

	b = icmpv6_on("fe80::1", "ff02::16", 143, 0, 2);
	build_hex(&b, "04000000");
	build_address(&b, AF_INET6, "ff15::99");
	build_hex(&b, "03000000");
	build_address(&b, AF_INET6, "ff15::98");
	put(c, &b);
}

/* The checksum over all, over the header, over two bytes of data; over a part that cannot be; and IPv6. */
static void udplite(struct capture *c)
{
	static const char *const headers[] = { "afd407d000007fef", "afd407d00008c3b9", "afd407d0000a5b52",
					       "afd407d00003c491", "afd407d00900c491" };
	struct build b;

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		b = build_on();
		build_ethernet(&b, 0x0800);
		build_ipv4(&b, 136, CLIENT, SERVER);
		build_hex(&b, headers[i]);
		build_text(&b, "hello");
		put(c, &b);
	}
	b = build_on();
	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 136, CLIENT6, SERVER6);
	build_hex(&b, "afd407d00000a87e");
	build_text(&b, "hello");
	put(c, &b);
}

/* Reports of version 3 that join, leave and name a source, one of version 2, a query, and one that lies. */
static void igmp(struct capture *c)
{
	static const char *const messages[] = {
		"2200e8f90000000104000000ef010203",
		"220035e90000000203000000ef01020301000001ef010203c0000209",
		"1600f8faef010203",
		"1164ee9b00000000",
		"2200e8ec0000000904000005ef010203",
		"99",
	};

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct build b = build_on();

		build_ethernet(&b, 0x0800);
		build_ipv4_full(&b, 2, CLIENT, "224.0.0.22", 0x4000, "94040000");
		build_hex(&b, messages[i]);
		put(c, &b);
	}
}

static void arp(struct capture *c)
{
	static const char *const messages[] = {
		"0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000202",
		"0001 0800 06 04 0002 020000000002 c0000202 020000000001 c0000201",
		"0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000201",
		"0001 0800 06 04 0001 020000000001 00000000 000000000000 c0000202",
		"0001 0800 06 04 0009 020000000001 c0000201 000000000000 c0000202",
		"0006 86dd 02 03 0001 0102 a1a2a3 0304 b1b2b3",
	};

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct build b = build_on();

		build_hex(&b, i == 1 ? "020000000001 020000000002" : "ffffffffffff 020000000001");
		build_hex(&b, "0806");
		build_hex(&b, messages[i]);
		build_zeros(&b, 60 - b.len);
		put(c, &b);
	}
}

static void tagged_segment(struct capture *c, const char *tags)
{
	struct build b = build_on();

	build_hex(&b, "020000000002 020000000001");
	build_hex(&b, tags);
	build_ipv4(&b, 6, CLIENT, SERVER);
	build_tcp(&b, 45012, 8080, ISN_CLIENT, 0, SYN, 64240, "020405b4");
	put(c, &b);
}

static void vlan(struct capture *c)
{
	struct build b = build_on();

	tagged_segment(c, "8100 6064 0800");
	tagged_segment(c, "88a8 1064 8100 00c8 0800");
	build_hex(&b, "020000000002 020000000001 8100 0064 88cc 0102");
	put(c, &b);
}

static void ethernet(struct capture *c)
{
	struct build b = build_on();

	build_hex(&b, "0180c2000000 020000000001 0007 42 42 03 000000 00 0000 0000");	/* 802.3: a length */
	put(c, &b);
	b = build_on();
	build_hex(&b, "0180c200000e 020000000001 88cc 0207");
	put(c, &b);
	b = build_on();
	build_hex(&b, "020000000002 020000000001 cafe 00ff");
	put(c, &b);
	b = build_on();
	build_hex(&b, "020000000002 02000000");
	put(c, &b);
}

static void ipv4(struct capture *c)
{
	static const char *const options[] = {
		"07 0b 08 c0000209 00000000 00",		/* record route */
		"94 04 0000",					/* router alert */
		"44 0c 0d 01 c0000209 0036ee80",		/* timestamp */
		"83 07 04 c633640a 01",				/* loose source route */
		"01 01 99 05 010203 00",			/* unknown */
		"07 20 04 00",					/* runs over the end */
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct build b = build_on();

		build_ethernet(&b, 0x0800);
		build_ipv4_full(&b, 17, CLIENT, SERVER, 0, options[i]);
		build_udp(&b, 1000, 2000);
		put(c, &b);
	}
}

/* Bytes of the header that are changed after the checksum was computed, and lengths that are wrong. */
static void ipv4_wrong(struct capture *c)
{
	static const struct {
		size_t at;
		unsigned value;
	} changes[] = {
		{ 14, 0x4503 },		/* congestion experienced, and a wrong checksum */
		{ 14, 0x6500 },		/* version 6 under IPv4's type */
		{ 14, 0x4400 },		/* a header of 16 bytes */
		{ 14, 0x4f00 },		/* … of 60 */
		{ 16, 0 },		/* total length 0 */
		{ 16, 19 },		/* … less than the header */
		{ 16, 30 },		/* … less than the TCP header */
		{ 16, 2000 },		/* … more than there is */
		{ 23, 0xc8 << 8 },	/* protocol 200 */
		{ 23, 132 << 8 },	/* SCTP */
		{ 46, 0x3002 },		/* a TCP header of 12 bytes */
		{ 46, 0xf002 },		/* … of 60 */
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct build b = from_client();

		build_tcp(&b, 45012, 8080, ISN_CLIENT, 0, SYN, 64240, "");
		build_text(&b, "abcdef");
		build_finish(&b);
		build_put16(&b, changes[i].at, changes[i].value);
		put_cut(c, &b, BUILD_MAX);
	}
}

static void fragment(struct capture *c, unsigned flags_offset, bool first, size_t len)
{
	struct build b = build_on();

	build_ethernet(&b, 0x0800);
	build_ipv4_full(&b, 17, CLIENT, SERVER, flags_offset, "");
	if (first)
		build_hex(&b, "afd4 07d0 0028 0000");
	build_zeros(&b, len);
	put(c, &b);
}

static void fragments(struct capture *c)
{
	struct build b;

	fragment(c, 0x2000, true, 8);
	fragment(c, 0x2002, false, 16);
	fragment(c, 0x0004, false, 8);
	b = build_on();
	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 44, CLIENT6, SERVER6);
	build_hex(&b, "11 00 0001 12345678 afd4 07d0 0020 0000 0102030405060708");
	put(c, &b);
	b = build_on();
	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 44, CLIENT6, SERVER6);
	build_hex(&b, "11 00 0010 12345678 0102030405060708");
	put(c, &b);
}

static void ipv6(struct capture *c)
{
	struct build b = build_on();

	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 0, CLIENT6, SERVER6);
	build_hex(&b, "2b 00 0502 0000 0100");			/* hop-by-hop: router alert, PadN */
	build_hex(&b, "3c 02 0000 00000000");			/* routing, type 0, nothing left */
	build_address(&b, AF_INET6, "2001:db8::9");
	build_hex(&b, "2c 00 1e03 010203 00");			/* destination: unknown option, Pad1 */
	build_hex(&b, "06 00 0000 00000007");			/* the only fragment */
	build_tcp(&b, 45012, 8080, ISN_CLIENT, 0, SYN, 64800, "020405a0");
	put(c, &b);

	b = build_on();
	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 43, CLIENT6, SERVER6);
	build_hex(&b, "11 02 0401 00000000");			/* segment routing, one left */
	build_address(&b, AF_INET6, "2001:db8::9");
	build_udp(&b, 45012, 2000);
	build_text(&b, "x");
	put(c, &b);

	b = build_on();
	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 51, CLIENT6, SERVER6);
	build_hex(&b, "3b 04 0000 00000001 00000005 aabbccdd eeff0011 22334455");	/* AH, then nothing */
	put(c, &b);

	b = build_on();
	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 41, CLIENT6, SERVER6);			/* IPv6 in IPv6 */
	build_ipv6(&b, 4, "2001:db8:1::1", "2001:db8:1::2");	/* IPv4 in that */
	build_ipv4(&b, 17, CLIENT, SERVER);
	build_udp(&b, 45012, 2000);
	put(c, &b);
}

static void sll(struct capture *c)
{
	one_segment(c, "0000 0001 0006 020000000001 0000 0800", false);
	one_segment(c, "0004 0304 0006 000000000000 0000 86dd", true);
	one_segment(c, "0004 0338 0000 0000000000000000 0000", false);
}

static void sll2(struct capture *c)
{
	one_segment(c, "0800 0000 00000002 0001 00 06 020000000001 0000", false);
	one_segment(c, "86dd 0000 00000001 0304 04 06 000000000000 0000", true);
}

static void null(struct capture *c)
{
	one_segment(c, "02000000", false);
	one_segment(c, "00000002", false);
	one_segment(c, "1e000000", true);
	one_segment(c, "63000000", false);
}

static void loop(struct capture *c)
{
	one_segment(c, "00000002", false);
	one_segment(c, "00000018", true);
}

static void raw(struct capture *c)
{
	one_segment(c, "", false);
	one_segment(c, "", true);
	one_segment(c, "ff", false);
}

static void raw4(struct capture *c)
{
	one_segment(c, "", false);
}

static void raw6(struct capture *c)
{
	one_segment(c, "", true);
}

/* Captured with a small snaplen: what was sent is known, what is in it is not. */
static void snaplen(struct capture *c)
{
	static const size_t lengths[] = { 18, 34, 38, 42, 50, 54, 60, 68, 70 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct build b = from_client();

		build_tcp(&b, 45012, 8080, ISN_CLIENT, ISN_SERVER, PSH | ACK, 502, "0101 080a00000003 00000101");
		build_text(&b, "hello");
		build_finish(&b);
		put_cut(c, &b, lengths[i]);
	}
}

static const struct {
	const char *name;
	unsigned link;
	void (*make)(struct capture *c);
} scenes[] = {
	{ "tcp", LINK_ETHERNET, tcp },
	{ "tcp-options", LINK_ETHERNET, tcp_options },
	{ "tcp-ends", LINK_ETHERNET, tcp_ends },
	{ "udp", LINK_ETHERNET, udp },
	{ "icmp", LINK_ETHERNET, icmp },
	{ "icmpv6", LINK_ETHERNET, icmpv6 },
	{ "igmp", LINK_ETHERNET, igmp },
	{ "udplite", LINK_ETHERNET, udplite },
	{ "arp", LINK_ETHERNET, arp },
	{ "vlan", LINK_ETHERNET, vlan },
	{ "ethernet", LINK_ETHERNET, ethernet },
	{ "ipv4", LINK_ETHERNET, ipv4 },
	{ "ipv4-wrong", LINK_ETHERNET, ipv4_wrong },
	{ "fragments", LINK_ETHERNET, fragments },
	{ "ipv6", LINK_ETHERNET, ipv6 },
	{ "sll", LINK_SLL, sll },
	{ "sll2", LINK_SLL2, sll2 },
	{ "null", LINK_NULL, null },
	{ "loop", LINK_LOOP, loop },
	{ "raw", LINK_RAW, raw },
	{ "raw4", LINK_IPV4, raw4 },
	{ "raw6", LINK_IPV6, raw6 },
	{ "snaplen", LINK_ETHERNET, snaplen },
	{ "ppp", LINK_PPP, ppp },
	{ "ppp-hdlc", LINK_PPP_HDLC, ppp_hdlc },
	{ "c-hdlc", LINK_C_HDLC, c_hdlc },
	{ "pppoe", LINK_ETHERNET, pppoe },
	{ "pppoe-raw", LINK_PPP_ETHER, pppoe_raw },
	{ "ipip", LINK_ETHERNET, ipip },
	{ "gre", LINK_ETHERNET, gre },
	{ "vxlan", LINK_ETHERNET, vxlan },
	{ "dns", LINK_ETHERNET, dns },
	{ "dns-tcp", LINK_ETHERNET, dns_tcp },
	{ "http", LINK_ETHERNET, http },
	{ "tls", LINK_ETHERNET, tls },
	{ "dhcp", LINK_ETHERNET, dhcp },
};

static void header(FILE *f, unsigned link)
{
	number(f, 0xa1b23c4d);
	number(f, 2 | 4u << 16);
	number(f, 0);
	number(f, 0);
	number(f, 262144);
	number(f, link);
}

int main(int argc, char **argv)
{
	bool seeds = argc == 3 && strcmp(argv[1], "--seeds") == 0;

	if (argc != 2 && !seeds) {
		fprintf(stderr, "usage: mkpackets [--seeds] DIRECTORY\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		struct capture c = { .directory = argv[argc - 1], .name = scenes[i].name, .link = scenes[i].link };

		if (!seeds) {
			c.pcap = file_new(c.directory, c.name, ".pcap");
			header(c.pcap, c.link);
		}
		scenes[i].make(&c);
		if (c.pcap && fclose(c.pcap) != 0) {
			perror(c.name);
			return 1;
		}
	}
	return 0;
}
