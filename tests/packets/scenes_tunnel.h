/* Scenes of PPP and of tunnels.  For mkpackets.c only. */
#ifndef SOCKLENS_TESTS_SCENES_TUNNEL_H
#define SOCKLENS_TESTS_SCENES_TUNNEL_H

#include "tests/packets/capture.h"

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

#endif
