/*
 * Makes the small captures of the tests: mkpackets DIRECTORY writes one classic pcap file (nanoseconds) a scene.
 * mkpackets --seeds DIRECTORY writes each packet as a seed of fuzz_packet: a byte for the link type, then the bytes.
 *
 * A new protocol gets a scene here, and its golden text by `make golden`.
 */
#include <stdbool.h>

#include "capture/packet.h"
#include "tests/unit/capture/build.h"
#include "tests/packets/links.h"

struct capture {
	FILE *pcap;		/* NULL: seeds are written */
	const char *directory, *name;
	unsigned link;
	unsigned packets;
};

/* ---- files ---- */

static FILE *file_new(const char *directory, const char *name, const char *suffix)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s%s", directory, name, suffix);
	f = fopen(path, "wb");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void number(FILE *f, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, f);
}

static void seed(const struct capture *c, const struct build *b, size_t caplen)
{
	char name[128];
	FILE *f;

	snprintf(name, sizeof(name), "%s-%u", c->name, c->packets);
	f = file_new(c->directory, name, "");
	fputc((int)link_index(c->link), f);
	fwrite(b->byte, 1, caplen, f);
	fclose(f);
}

/* Writes the packet, cut to snaplen, a millisecond after the one before. */
static void put_cut(struct capture *c, const struct build *b, size_t snaplen)
{
	size_t caplen = b->len < snaplen ? b->len : snaplen;

	c->packets++;
	if (!c->pcap) {
		seed(c, b, caplen);
		return;
	}
	number(c->pcap, 1700000000);
	number(c->pcap, c->packets * 1000000);
	number(c->pcap, (uint32_t)caplen);
	number(c->pcap, (uint32_t)b->len);
	fwrite(b->byte, 1, caplen, c->pcap);
}

static void put(struct capture *c, struct build *b)
{
	build_finish(b);
	put_cut(c, b, BUILD_MAX);
}

/* ---- scenes ---- */

#define CLIENT	"192.0.2.1"
#define SERVER	"192.0.2.2"
#define CLIENT6	"2001:db8::1"
#define SERVER6	"2001:db8::2"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, ECE = 64, CWR = 128 };
enum { ISN_CLIENT = 0xabcdef00, ISN_SERVER = 0xfffffffe };

static struct build from_client(void)
{
	struct build b = build_on();

	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 6, CLIENT, SERVER);
	return b;
}

static struct build from_server(void)
{
	struct build b = build_on();

	build_hex(&b, "020000000001 020000000002 0800");
	build_ipv4(&b, 6, SERVER, CLIENT);
	return b;
}

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

static void one_segment(struct capture *c, const char *header, bool six)
{
	struct build b = build_on();

	build_hex(&b, header);
	if (six)
		build_ipv6(&b, 6, CLIENT6, SERVER6);
	else
		build_ipv4(&b, 6, CLIENT, SERVER);
	build_tcp(&b, 45012, 8080, ISN_CLIENT, 0, SYN, 64240, "020405b4");
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

/* ---- PPP ---- */

static void ppp(struct capture *c)
{
	struct build b = build_on();

	one_segment(c, "ff03 0021", false);
	one_segment(c, "0057", true);
	one_segment(c, "21", false);			/* the protocol in one byte */
	build_hex(&b, "ff03 c021 0107 000e 0506 01020304 0702 0802");
	put(c, &b);
	b = build_on();
	build_hex(&b, "ff03 c223 0101 0009 04 01020304");
	put(c, &b);
	b = build_on();
	build_hex(&b, "4021 00");
	put(c, &b);
}

static void ppp_hdlc(struct capture *c)
{
	one_segment(c, "ff03 0021", false);
	one_segment(c, "0f00 0800", false);		/* Cisco's */
	one_segment(c, "8f00 86dd", true);
}

static void c_hdlc(struct capture *c)
{
	struct build b = build_on();

	one_segment(c, "0f00 0800", false);
	build_hex(&b, "8f00 8035 00000002 00000001");
	put(c, &b);
}

static void pppoe_segment(struct capture *c, const char *ethernet)
{
	struct build b = build_on();
	size_t at;

	build_hex(&b, ethernet);
	build_hex(&b, "1100 0005 0000 0021");
	at = b.len - 2;
	build_ipv4(&b, 6, CLIENT, SERVER);
	build_tcp(&b, 45012, 8080, ISN_CLIENT, 0, SYN, 64240, "020405ac");
	build_put16(&b, at - 2, (unsigned)(b.len - at));
	put(c, &b);
}

static void pppoe(struct capture *c)
{
	struct build b = build_on();

	pppoe_segment(c, "020000000002 020000000001 8864");
	build_hex(&b, "ffffffffffff 020000000001 8863 1109 0000 0004 01010000");
	put(c, &b);
	b = build_on();
	build_hex(&b, "020000000002 020000000001 8864 1100 0005 000c c021 0905 0008 01020304 9999");
	put(c, &b);
}

static void pppoe_raw(struct capture *c)
{
	pppoe_segment(c, "");
}

/* ---- tunnels ---- */

static void inner_segment(struct build *b, bool six)
{
	if (six)
		build_ipv6(b, 6, "2001:db8:a::1", "2001:db8:a::2");
	else
		build_ipv4(b, 6, "10.0.0.1", "10.0.0.2");
	build_tcp(b, 45012, 8080, ISN_CLIENT, ISN_SERVER, PSH | ACK, 502, "");
	build_text(b, "inside");
}

static void ipip(struct capture *c)
{
	struct build b;

	for (unsigned i = 0; i < 4; i++) {
		b = build_on();
		build_ethernet(&b, i & 2 ? 0x86dd : 0x0800);
		if (i & 2)
			build_ipv6(&b, i & 1 ? 41 : 4, CLIENT6, SERVER6);
		else
			build_ipv4(&b, i & 1 ? 41 : 4, CLIENT, SERVER);
		inner_segment(&b, i & 1);
		put(c, &b);
	}
	b = build_on();				/* a fragment of a tunnel's packet: not followed */
	build_ethernet(&b, 0x0800);
	build_ipv4_full(&b, 4, CLIENT, SERVER, 0x2000, "");
	inner_segment(&b, false);
	put(c, &b);
	b = build_on();				/* what is inside is no IP */
	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 4, CLIENT, SERVER);
	build_hex(&b, "00010203 04050607 08090a0b 0c0d0e0f 10111213 14151617");
	put(c, &b);
	b = build_on();				/* a tunnel in a tunnel in … */
	build_ethernet(&b, 0x0800);
	for (unsigned i = 0; i < 8; i++)
		build_ipv4(&b, 4, CLIENT, SERVER);
	inner_segment(&b, false);
	put(c, &b);
	b = build_on();				/* an error that quotes a tunnel's packet */
	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 1, SERVER, CLIENT);
	build_icmp(&b, 11, 0, 0);
	build_ipv4(&b, 4, CLIENT, SERVER);
	inner_segment(&b, false);
	put(c, &b);
}

static void gre(struct capture *c)
{
	static const char *const headers[] = {
		"0000 0800", "2000 0800 0000002a", "3000 86dd 0000002a 00000007",
		"b000 0800 00000000 0000002a 00000008",			/* a checksum, too */
		"0000 6558 020000000002 020000000001 0800",		/* Ethernet */
		"0000 6558 020000000002 020000000001 8100 0064 86dd",
		"4000 0800 00000000 0800 00 04 c0000209 0000 00 00",	/* routed: RFC 1701 */
		"3081 880b 0030 0001 00000005 00000004 ff03 0021",	/* PPTP */
	};
	struct build b;

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		b = build_on();
		build_ethernet(&b, 0x0800);
		build_ipv4(&b, 47, CLIENT, SERVER);
		build_hex(&b, headers[i]);
		inner_segment(&b, i == 2 || i == 5);
		put(c, &b);
	}
	b = build_on();				/* over IPv6 */
	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 47, CLIENT6, SERVER6);
	build_hex(&b, "0000 0800");
	inner_segment(&b, false);
	put(c, &b);
	b = build_on();
	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 47, CLIENT, SERVER);
	build_hex(&b, "2000 cafe 0000002a 01020304");
	put(c, &b);
	b = build_on();
	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 47, CLIENT, SERVER);
	build_hex(&b, "3000 0800 0000");		/* ends within the header */
	put(c, &b);
}

static struct build vxlan_on(unsigned sport, unsigned dport, const char *header)
{
	struct build b = build_on();

	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 17, CLIENT, SERVER);
	build_udp(&b, sport, dport);
	build_hex(&b, header);
	build_hex(&b, "0a0000000002 0a0000000001");
	return b;
}

static void vxlan(struct capture *c)
{
	struct build b = vxlan_on(50123, 4789, "08000000 00006400");

	build_u16(&b, 0x0800);
	inner_segment(&b, false);
	put(c, &b);
	b = vxlan_on(50123, 4789, "08000000 00006400");
	build_hex(&b, "8100 0064 86dd");
	inner_segment(&b, true);
	put(c, &b);
	b = vxlan_on(4789, 50123, "08000000 00006400");
	build_u16(&b, 0x0800);
	build_ipv4(&b, 17, "10.0.0.2", "10.0.0.1");
	build_udp(&b, 50124, 4789);		/* and again */
	build_hex(&b, "08000000 00006500 0a0000000002 0a0000000001 86dd");
	inner_segment(&b, true);
	put(c, &b);
	b = vxlan_on(50123, 4789, "08000000 00006400");
	build_hex(&b, "0806 0001 0800 06 04 0001 0a0000000001 0a000001 000000000000 0a000002");
	put(c, &b);
	b = vxlan_on(50123, 4789, "08000000 00006400");
	build_hex(&b, "88cc 0207");
	put(c, &b);
	b = build_on();				/* no VXLAN, on its port */
	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 17, CLIENT, SERVER);
	build_udp(&b, 50123, 4789);
	build_text(&b, "@not a tunnel@");
	put(c, &b);
}

/* ---- applications ---- */

static struct build datagram_on(unsigned sport, unsigned dport, bool answer)
{
	struct build b = build_on();

	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 17, answer ? SERVER : CLIENT, answer ? CLIENT : SERVER);
	build_udp(&b, sport, dport);
	return b;
}

#define EXAMPLE_ORG "07 6578616d706c65 03 6f7267 00"	/* at offset 12 in the messages below */

static void dns(struct capture *c)
{
	static const struct {
		bool answer;
		const char *message;
	} messages[] = {
		{ false, "1a2b 0100 0001 0000 0000 0001" EXAMPLE_ORG "0001 0001"
			 "00 0029 04d0 0000 8000 000c 000a 0008 0102030405060708" },
		{ true, "1a2b 8180 0001 0001 0000 0000" EXAMPLE_ORG "0001 0001"
			"c00c 0001 0001 0000012c 0004 c0000202" },
		{ false, "1a2c 0100 0001 0000 0000 0000" EXAMPLE_ORG "001c 0001" },
		{ true, "1a2c 8180 0001 0003 0000 0000" EXAMPLE_ORG "001c 0001"
			"c00c 0005 0001 00000e10 0006 03 777777 c00c"
			"c02d 001c 0001 0000012c 0010 20010db8000000000000000000000002"
			"c02d 001c 0001 0000012c 0010 20010db8000000000000000000000003" },
		{ true, "1a2d 8583 0001 0000 0001 0000" EXAMPLE_ORG "0001 0001"
			"c00c 0006 0001 00000e10 0027 03 6e7331 c00c 0a 686f73746d6173746572 c00c"
			"00000001 00000e10 00000384 00093a80 0000012c" },
		{ true, "1a2e 8180 0001 0005 0000 0001" EXAMPLE_ORG "00ff 0001"
			"c00c 000f 0001 0000012c 0009 000a 04 6d61696c c00c"
			"c00c 0010 0001 0000012c 0011 10 763d73706631202d616c6c201b5b316d"
			"c00c 0002 0001 0000012c 0006 03 6e7331 c00c"
			"c00c 0021 0001 0000012c 000c 0001 0005 1f90 03 777777 c00c"
			"c00c 0101 0001 0000012c 0005 0005 697373"
			"c00c ffaa 0001 0000012c 0002 beef" },
		{ false, "1a2f 0100 0001 0000 0000 0000"
			 "01 32 01 32 01 30 03 313932 07 696e2d61646472 04 61727061 00 000c 0001" },
		{ true, "1a30 8180 0001 0001 0000 0000" EXAMPLE_ORG "0001 0001"
			"c01d 0001 0001 0000012c 0004 c0000202" },	/* a name that points to itself */
		{ true, "1a31 8182 0000 0000 0000 0000" },
		{ false, "1a32 2800 0001 0000 0001 0000" EXAMPLE_ORG "0006 0001"
			 "c00c 0001 00ff 00000000 0000" },		/* an update */
		{ false, "1a33 0100 0001 0000 0000 0000 00 0002 0001" },	/* of the root */
		{ false, "1a34 0100 0001 0000 0000 0000 05 612e621b62 00 0001 0001" },
		{ false, "5345 4352 4554 2064 6174 6120 6f6e 2070 6f72 7420 3533" },	/* other data */
	};
	struct build b;

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		b = messages[i].answer ? datagram_on(53, 45012, true) : datagram_on(45012, 53, false);
		build_hex(&b, messages[i].message);
		put(c, &b);
	}
	b = datagram_on(5353, 5353, false);
	build_hex(&b, "0000 0000 0001 0000 0000 0000 05 5f68747470 04 5f746370 05 6c6f63616c 00 000c 8001");
	put(c, &b);
	b = datagram_on(5353, 5353, true);
	build_hex(&b, "0000 8400 0000 0001 0000 0000 06 736572766572 05 6c6f63616c 00 0001 8001 00000078 0004 c0000202");
	put(c, &b);
}

/* Each of another connection, so that none is a retransmission. */
static void data_segment(struct capture *c, bool server, unsigned port, const char *hex, const char *text)
{
	struct build b = server ? from_server() : from_client();
	unsigned other = 45100 + c->packets;

	if (server)
		build_tcp(&b, port, other, ISN_SERVER + 1, ISN_CLIENT + 1, PSH | ACK, 502, "");
	else
		build_tcp(&b, other, port, ISN_CLIENT + 1, ISN_SERVER + 1, PSH | ACK, 502, "");
	build_hex(&b, hex);
	build_text(&b, text);
	put(c, &b);
}

static void dns_tcp(struct capture *c)
{
	data_segment(c, false, 53,
		     "001d 1a2b 0100 0001 0000 0000 0000" EXAMPLE_ORG "0001 0001"
		     "001d 1a2c 0100 0001 0000 0000 0000" EXAMPLE_ORG "001c 0001", "");
	data_segment(c, false, 53, "0200 1a2d 0100 0001 0000 0000 0000" EXAMPLE_ORG "0001 0001", ""); /* goes on */
	data_segment(c, false, 53, "0003 414243", "");
}

static void http(struct capture *c)
{
	data_segment(c, false, 80, "", "GET /index.html?q=1 HTTP/1.1\r\nHost: example.org\r\n"
				       "User-Agent: test\r\nX-Evil: \x1b[31m\r\n\r\n");
	data_segment(c, true, 80, "", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n"
				      "\r\nhello\n");
	data_segment(c, false, 80, "", "GET /one HTTP/1.1\r\n\r\nHEAD /two HTTP/1.0\r\nHost:x\r\n\r\n");
	data_segment(c, true, 80, "", "HTTP/1.1 404 Not Found\r\nServer: te");
	data_segment(c, false, 8000, "", "POST /form HTTP/1.1\r\nno colon\r\n: nothing before it\r\n\r\na=1");
	data_segment(c, false, 80, "", "GET /a/target/that/goes/on/in/the/next/segment/and/is/too/long/for/the/ladder");
	data_segment(c, false, 80, "", "GET and other words that are no request\n");
	data_segment(c, true, 80, "", "the middle of a body\n");
	data_segment(c, true, 45013, "", "HTTP/1.0 500 \n\n");	/* on a port of its own */
}

#define CLIENT_HELLO_BODY                                                                                   \
	"0303" "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" "00"                         \
	"000a 2a2a 1301 1302 c02f 1234" "01 00" "0052"                                                         \
	"0000 0010 000e 00 000b 6578616d706c652e6f7267"                                                        \
	"000a 0006 0004 001d 0017"                                                                             \
	"0010 000e 000c 02 6832 08 687474702f312e31"                                                           \
	"002b 0007 06 2a2a 0304 0303"                                                                          \
	"0033 0009 0007 001d 0003 010203"                                                                      \
	"abcd 0002 ffff 0017 0000"

static void tls(struct capture *c)
{
	data_segment(c, false, 443, "16 0301 0089 01 000085" CLIENT_HELLO_BODY, "");
	data_segment(c, true, 443,
		     "16 0303 0038 02 000034 0303 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f 00"
		     "1301 00 000c 002b 0002 0304 0033 0002 001d"
		     "14 0303 0001 01 17 0303 0004 deadbeef 17 0303 0004 cafebabe", "");
	data_segment(c, true, 443,
		     "16 0303 002c 02 000028 0303 cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c 00"
		     "1301 00 0000", "");
	data_segment(c, true, 443, "15 0303 0002 02 28", "");
	data_segment(c, true, 443, "15 0303 0013 00112233445566778899aabbccddeeff001122", "");
	data_segment(c, true, 443, "16 0303 0010 f0112233445566778899aabbccddeeff", "");
	data_segment(c, true, 443, "16 0303 1000 0b 000ffc 000ff9", "");		/* goes on */
	data_segment(c, false, 9443, "16 0301 0089 01 000085" CLIENT_HELLO_BODY, "");
	data_segment(c, false, 443, "16 0301 0089 01 000085 0303 0001", "");	/* the rest comes later */
	data_segment(c, false, 443, "16 0203 0005 01 000001 00", "");		/* no such version */
	data_segment(c, false, 443, "", "no TLS at all");
	data_segment(c, true, 443, "16 0303 002c 02 000028 0303 404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f 00"
				   "1234 00 0000", "");
}

static void dhcp_message(struct capture *c, bool reply, const char *yours, const char *options)
{
	struct build b = build_on();

	build_hex(&b, reply ? "020000000001 020000000002 0800" : "ffffffffffff 020000000001 0800");
	build_ipv4(&b, 17, reply ? SERVER : "0.0.0.0", reply ? "192.0.2.100" : "255.255.255.255");
	build_udp(&b, reply ? 67 : 68, reply ? 68 : 67);
	build_hex(&b, reply ? "02" : "01");
	build_hex(&b, "01 06 00 12345678 0001 8000 00000000");
	build_hex(&b, yours);
	build_hex(&b, "c0000202 00000000 020000000001");
	build_zeros(&b, 10);
	build_text(&b, "boot\x1b");
	build_zeros(&b, 59 + 128);
	build_hex(&b, "63825363");
	build_hex(&b, options);
	put(c, &b);
}

static void dhcp(struct capture *c)
{
	dhcp_message(c, false, "00000000", "350101 3204c0000264 0c06 636c69656e74 3705 01 03 06 fa 79 3d07 01020000000001 ff 0000");
	dhcp_message(c, true, "c0000264", "350102 3604c0000202 3304 00000e10 0104ffffff00 0304c0000202 0608c0000202c0000203"
					  "0f0b 6578616d706c652e6f7267 790d 18c63364c0000202 00c0000209 e003 010203 ff");
	dhcp_message(c, false, "00000000", "350103 3204c0000264 3604c0000202 390205dc ff");
	dhcp_message(c, true, "c0000264", "350105 3604c0000202 3304 00000e10 3a0400000708 3b0400000c4e ff");
	dhcp_message(c, true, "00000000", "350106 3803 6e6f21 ff");
	dhcp_message(c, false, "00000000", "3c05 7465");			/* BOOTP, and an option that overruns */
	dhcp_message(c, false, "00000000", "35010a 330200 ff");
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
