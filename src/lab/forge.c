#include "src/lab/forge.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "capture/packet.h"
#include "src/core/rd.h"
#include "src/lab/sum.h"

#define ETHERNET       14
#define IPV4	       20
#define IPV6	       40
#define ICMP	       8
#define TCP	       20
#define HOP_LIMIT      64
#define DONT_FRAGMENT  0x4000
#define FRAGMENT_AT    20 /* in the frame: flags and offset of IPv4 */
#define IP4_QUOTE_MOST (576 - IPV4 - ICMP) /* RFC 1812 section 4.3.2.3 */
#define IP6_QUOTE_MOST (1280 - IPV6 - ICMP) /* RFC 4443 section 2.4 (c) */

static void put16(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static void put32(uint8_t *to, uint32_t v)
{
	put16(to, v >> 16);
	put16(to + 2, v);
}

bool forge_is_too_long(const uint8_t *bytes, uint32_t caplen, uint32_t len, uint32_t mtu)
{
	struct rd r = rd_on(bytes, caplen);
	uint16_t type;

	if (len <= mtu + ETHERNET)
		return false;
	rd_skip(&r, 12);
	type = rd_be16(&r);
	rd_skip(&r, FRAGMENT_AT - ETHERNET);
	return type == 0x86dd || (type == 0x0800 && rd_be16(&r) & DONT_FRAGMENT);
}

/* ---- headers ---- */

struct ends {
	const uint8_t *src_mac, *dst_mac;
	const uint8_t *src, *dst;
	bool ip6;
};

/* Ethernet and IP in front of len bytes of a protocol; how many bytes they take. */
static uint32_t put_headers(uint8_t *out, const struct ends *e, uint8_t protocol, uint32_t len)
{
	uint8_t *ip = out + ETHERNET;

	memcpy(out, e->dst_mac, 6);
	memcpy(out + 6, e->src_mac, 6);
	put16(out + 12, e->ip6 ? 0x86dd : 0x0800);
	if (e->ip6) {
		put32(ip, 6u << 28);
		put16(ip + 4, len);
		ip[6] = protocol;
		ip[7] = HOP_LIMIT;
		memcpy(ip + 8, e->src, 16);
		memcpy(ip + 24, e->dst, 16);
		return ETHERNET + IPV6;
	}
	memset(ip, 0, IPV4);
	ip[0] = 0x45;
	put16(ip + 2, IPV4 + len);
	put16(ip + 6, DONT_FRAGMENT);
	ip[8] = HOP_LIMIT;
	ip[9] = protocol;
	memcpy(ip + 12, e->src, 4);
	memcpy(ip + 16, e->dst, 4);
	put16(ip + 10, (uint16_t)~sum_fold(sum_bytes(ip, IPV4, 0)));
	return ETHERNET + IPV4;
}

/* The checksum of what stands behind the headers, over a pseudo-header where there is one. */
static uint16_t checksum(const uint8_t *out, const struct ends *e, uint8_t protocol, uint32_t at,
			 uint32_t len)
{
	const uint8_t *addresses = out + ETHERNET + (e->ip6 ? 8 : 12);
	uint64_t sum =
		protocol == IPPROTO_ICMP ? 0 : sum_pseudo_header(addresses, e->ip6, protocol, len);

	return (uint16_t)~sum_fold(sum_bytes(out + at, len, sum));
}

/* ---- ICMP ---- */

/* RFC 792 and RFC 4443. */
static const struct icmp_row {
	const char *name;
	uint8_t type4, code4, type6, code6;
	bool by_target; /* the host that was meant says it */
} icmps[] = {
	[FORGE_PORT_UNREACHABLE] = { "port-unreachable", 3, 3, 1, 4, true },
	[FORGE_HOST_UNREACHABLE] = { "host-unreachable", 3, 1, 1, 3, false },
	[FORGE_NET_UNREACHABLE] = { "net-unreachable", 3, 0, 1, 0, false },
	[FORGE_PROHIBITED] = { "prohibited", 3, 13, 1, 1, false },
	[FORGE_NEEDFRAG] = { "needfrag", 3, 4, 2, 0, false },
	[FORGE_TTL_EXCEEDED] = { "ttl-exceeded", 11, 0, 3, 0, false },
};
static_assert(sizeof(icmps) / sizeof(icmps[0]) == FORGE_ICMPS, "every ICMP error has a row");

const char *forge_icmp_name(enum forge_icmp kind)
{
	return (unsigned)kind < FORGE_ICMPS ? icmps[kind].name : NULL;
}

/* ICMP: all but echo and its like; ICMPv6: the upper half is information. */
static bool is_error(const struct packet *p)
{
	if (p->protocol == IPPROTO_ICMPV6)
		return p->icmp_type < 128;
	return p->protocol == IPPROTO_ICMP && p->icmp_type != 0 && p->icmp_type != 8 &&
	       p->icmp_type < 13;
}

static uint32_t at_most(uint32_t n, uint32_t most)
{
	return n < most ? n : most;
}

size_t forge_icmp(uint8_t out[FORGE_BYTES], enum forge_icmp kind, uint32_t mtu,
		  const uint8_t *frame, uint32_t caplen, uint32_t len)
{
	static const uint8_t wire4[] = FORGE_WIRE4, wire6[] = FORGE_WIRE6;
	const struct icmp_row *row = &icmps[kind];
	uint32_t at, quote;
	struct packet p;
	struct ends e;
	uint8_t protocol;

	packet_parse(&p, LINK_ETHERNET, frame, caplen, len);
	if ((p.ip_version != 4 && p.ip_version != 6) || is_error(&p))
		return 0;
	e = (struct ends){ .src_mac = frame, .dst_mac = frame + 6, .dst = p.src };
	e.ip6 = p.ip_version == 6;
	e.src = row->by_target ? p.dst : e.ip6 ? wire6 : wire4;
	protocol = e.ip6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	quote = at_most(caplen - ETHERNET, e.ip6 ? IP6_QUOTE_MOST : IP4_QUOTE_MOST);
	at = put_headers(out, &e, protocol, ICMP + quote);
	memset(out + at, 0, ICMP);
	out[at] = e.ip6 ? row->type6 : row->type4;
	out[at + 1] = e.ip6 ? row->code6 : row->code4;
	if (kind == FORGE_NEEDFRAG)
		put32(out + at + 4, mtu);
	memcpy(out + at + ICMP, frame + ETHERNET, quote);
	put16(out + at + 2, checksum(out, &e, protocol, at, ICMP + quote));
	return at + ICMP + quote;
}

/* ---- TCP ---- */

size_t forge_segment(uint8_t out[FORGE_BYTES], const struct heard_side *side, uint16_t flags,
		     uint32_t data_len)
{
	const struct ends e = {
		.src_mac = side->src_mac,
		.dst_mac = side->dst_mac,
		.src = side->src,
		.dst = side->dst,
		.ip6 = side->ip_version == 6,
	};
	uint32_t len = TCP + at_most(data_len, FORGE_DATA);
	uint32_t at = put_headers(out, &e, IPPROTO_TCP, len);
	uint8_t *tcp = out + at;

	memset(tcp, 0, TCP);
	put16(tcp, side->src_port);
	put16(tcp + 2, side->dst_port);
	put32(tcp + 4, side->seq);
	put32(tcp + 8, flags & TCP_ACK ? side->ack : 0);
	tcp[12] = (TCP / 4) << 4;
	tcp[13] = (uint8_t)flags;
	put16(tcp + 14, side->window);
	memset(tcp + TCP, 'x', len - TCP);
	put16(tcp + 16, checksum(out, &e, IPPROTO_TCP, at, len));
	return at + len;
}
