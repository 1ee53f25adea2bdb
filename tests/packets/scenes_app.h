/* Scenes of what TCP and UDP carry.  For mkpackets.c only. */
#ifndef SOCKLENS_TESTS_SCENES_APP_H
#define SOCKLENS_TESTS_SCENES_APP_H

#include "tests/packets/capture.h"

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

#endif
