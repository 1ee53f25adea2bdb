#include "src/lab/bend.h"

#include <netinet/in.h>

#include "capture/packet.h"
#include "src/core/rd.h"
#include "src/lab/sum.h"

#define ETHERNET	14
#define IP4_CHECKSUM_AT 10

static uint16_t be16_at(const uint8_t *bytes, uint32_t at)
{
	struct rd r = rd_on(bytes + at, 2);

	return rd_be16(&r);
}

static void put16(uint8_t *to, uint16_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

/* ---- corruption ---- */

/* Where each protocol has its checksum, behind the beginning of its header. */
static const struct guard {
	uint8_t protocol;
	uint8_t checksum_at;
	bool may_lack; /* 0 stands for "none" */
} guards[] = {
	{ IPPROTO_TCP, 16, false },
	{ IPPROTO_UDP, 6, true },
	{ IPPROTO_ICMP, 2, false },
	{ IPPROTO_ICMPV6, 2, false },
};

static const struct guard *guard_of(const struct packet *p)
{
	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++)
		if (guards[i].protocol == p->protocol)
			return &guards[i];
	return NULL;
}

static bool has_payload(const struct packet *p, uint32_t len)
{
	return p->payload_known && p->payload_len && p->payload_at + p->payload_len <= len;
}

static bool can_mend(const struct packet *p, uint32_t len)
{
	return has_payload(p, len) && !p->fragment && p->has_transport && guard_of(p);
}

bool bend_can_corrupt(const uint8_t *bytes, uint32_t len, bool mended)
{
	struct packet p;

	packet_parse(&p, LINK_ETHERNET, bytes, len, len);
	return mended ? can_mend(&p, len) : len > ETHERNET;
}

/* The bytes of which one may be hit: payload; else what the transport's header takes up; else all behind Ethernet. */
static void choose_part(const struct packet *p, uint32_t len, uint32_t *from, uint32_t *to)
{
	if (has_payload(p, len)) {
		*from = p->payload_at;
		*to = p->payload_at + p->payload_len;
		return;
	}
	*from = p->has_transport ? p->transport_at : ETHERNET;
	*to = p->has_transport && p->payload_known ? p->payload_at : len;
}

/* Puts the checksum right after the byte at `at` was changed. */
static void mend(uint8_t *bytes, const struct packet *p, uint32_t at, uint8_t before)
{
	const struct guard *g = guard_of(p);
	uint8_t *field = bytes + p->transport_at + g->checksum_at;
	bool low = (at - p->transport_at) % 2;
	uint16_t was = be16_at(field, 0), now;

	if (g->may_lack && was == 0)
		return;
	now = sum_update(was, (uint16_t)(low ? before : before << 8),
			 (uint16_t)(low ? bytes[at] : bytes[at] << 8));
	put16(field, g->may_lack && now == 0 ? 0xffff : now);
}

void bend_corrupt(uint8_t *bytes, uint32_t len, bool mended, struct dice *dice, struct str *out)
{
	uint32_t from, to, at, bit;
	struct packet p;
	uint8_t before;

	packet_parse(&p, LINK_ETHERNET, bytes, len, len);
	choose_part(&p, len, &from, &to);
	if (from >= to || to > len)
		return;
	at = from + (uint32_t)dice_below(dice, to - from);
	bit = (uint32_t)dice_below(dice, 8);
	before = bytes[at];
	bytes[at] ^= (uint8_t)(1u << bit);
	if (mended)
		mend(bytes, &p, at, before);
	str_addf(out, "bit %u of byte %u%s, checksum %s", bit,
		 has_payload(&p, len) ? at - from + 1 : at,
		 has_payload(&p, len) ? " of the data" : "", mended ? "put right" : "now wrong");
}

/* ---- mending ---- */

/* Of the datagram or segment alone: behind it Ethernet may have padding. */
static void mend_transport(uint8_t *bytes, const struct packet *p, const struct guard *g)
{
	const uint8_t *addresses = bytes + p->network_at + (p->ip_version == 6 ? 8 : 12);
	uint8_t *field = bytes + p->transport_at + g->checksum_at;
	uint32_t len = p->payload_at + p->payload_len - p->transport_at;
	uint64_t sum = p->protocol == IPPROTO_ICMP
			       ? 0
			       : sum_pseudo_header(addresses, p->ip_version == 6, p->protocol, len);
	uint16_t now;

	if (g->may_lack && be16_at(field, 0) == 0)
		return;
	put16(field, 0);
	now = (uint16_t)~sum_fold(sum_bytes(bytes + p->transport_at, len, sum));
	put16(field, g->may_lack && now == 0 ? 0xffff : now);
}

void bend_mend(uint8_t *bytes, uint32_t len)
{
	const struct guard *g;
	struct packet p;

	packet_parse(&p, LINK_ETHERNET, bytes, len, len);
	g = guard_of(&p);
	if (p.ip_version == 4) {
		uint8_t *ip = bytes + p.network_at;

		put16(ip + IP4_CHECKSUM_AT, 0);
		put16(ip + IP4_CHECKSUM_AT,
		      (uint16_t)~sum_fold(sum_bytes(ip, (ip[0] & 0xfu) * 4u, 0)));
	}
	if (g && p.has_transport && p.payload_known && !p.fragment &&
	    p.payload_at + p.payload_len <= len)
		mend_transport(bytes, &p, g);
}

/* ---- congestion ---- */

/* The byte with the two bits, and where they are in it; NULL: the packet is not IP. */
static uint8_t *ecn_bits(uint8_t *bytes, const struct packet *p, unsigned *shift)
{
	if (p->ip_version != 4 && p->ip_version != 6)
		return NULL;
	*shift = p->ip_version == 4 ? 0 : 4;
	return bytes + p->network_at + 1;
}

bool bend_can_mark(const uint8_t *bytes, uint32_t len)
{
	struct packet p;

	packet_parse(&p, LINK_ETHERNET, bytes, len, len);
	return (p.ip_version == 4 || p.ip_version == 6) && (p.ecn == 1 || p.ecn == 2);
}

void bend_mark(uint8_t *bytes, uint32_t len)
{
	unsigned shift;
	struct packet p;
	uint16_t before;
	uint8_t *at;

	packet_parse(&p, LINK_ETHERNET, bytes, len, len);
	at = ecn_bits(bytes, &p, &shift);
	if (!at)
		return;
	before = be16_at(bytes, p.network_at);
	*at |= (uint8_t)(3u << shift);
	if (p.ip_version == 4) {
		uint8_t *field = bytes + p.network_at + IP4_CHECKSUM_AT;

		put16(field, sum_update(be16_at(field, 0), before, be16_at(bytes, p.network_at)));
	}
}
