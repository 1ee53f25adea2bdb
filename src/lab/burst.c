/*
 * What the kernel does when it cuts a large segment (Documentation/networking/segmentation-offloads.rst):
 * every packet gets the same headers, but for the sequence number, the IPv4 identification (one more each
 * time), the lengths and checksums, and PSH, which only the last one gets.  So these are the differences
 * that are allowed here.
 */
#include "src/lab/burst.h"

#include <netinet/in.h>
#include <string.h>

#include "capture/packet.h"
#include "src/core/rd.h"
#include "src/lab/sum.h"

#define ETHERNET 14
#define IPV4	 20
#define IPV6	 40
#define TCP_MIN	 20

/* Offsets in the headers. */
enum {
	ETHERTYPE_AT = 12,
	IP4_LENGTH_AT = 2,
	IP4_ID_AT = 4,
	IP4_FRAGMENT_AT = 6,
	IP4_PROTOCOL_AT = 9,
	IP4_CHECKSUM_AT = 10,
	IP4_ADDRESSES_AT = 12,
	IP6_LENGTH_AT = 4,
	IP6_NEXT_AT = 6,
	IP6_ADDRESSES_AT = 8,
	TCP_SEQ_AT = 4,
	TCP_ACK_AT = 8,
	TCP_OFFSET_AT = 12,
	TCP_FLAGS_AT = 13,
	TCP_WINDOW_AT = 14,
	TCP_CHECKSUM_AT = 16,
	TCP_URGENT_AT = 18,
};

/* A segment that may be joined with others. */
struct segment {
	const uint8_t *bytes;
	bool ip6;
	uint32_t tcp_at, payload_at, payload_len;
	uint32_t seq;
	uint16_t id;
	uint8_t flags;
};

static uint16_t be16_at(const uint8_t *bytes, uint32_t at)
{
	struct rd r = rd_on(bytes + at, 2);

	return rd_be16(&r);
}

static uint32_t be32_at(const uint8_t *bytes, uint32_t at)
{
	struct rd r = rd_on(bytes + at, 4);

	return rd_be32(&r);
}

static void put16(uint8_t *to, uint16_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

/* ---- checksums ---- */

static uint64_t pseudo_header(const uint8_t *bytes, bool ip6, uint32_t tcp_len)
{
	uint32_t at = ETHERNET + (ip6 ? IP6_ADDRESSES_AT : IP4_ADDRESSES_AT);

	return sum_pseudo_header(bytes + at, ip6, IPPROTO_TCP, tcp_len);
}

/* Of the two ways to write 0 only one would come back, so neither is joined. */
static bool checksums_right(const struct segment *s)
{
	uint32_t tcp_len = s->payload_at + s->payload_len - s->tcp_at;
	uint16_t written = be16_at(s->bytes, s->tcp_at + TCP_CHECKSUM_AT);
	uint64_t sum = pseudo_header(s->bytes, s->ip6, tcp_len);

	if (written == 0 || written == 0xffff ||
	    sum_fold(sum_bytes(s->bytes + s->tcp_at, tcp_len, sum)) != 0xffff)
		return false;
	return s->ip6 || (sum_fold(sum_bytes(s->bytes + ETHERNET, IPV4, 0)) == 0xffff &&
			  be16_at(s->bytes, ETHERNET + IP4_CHECKSUM_AT) != 0xffff);
}

/* ---- which segments ---- */

static bool read_ip(struct segment *s, uint32_t len)
{
	const uint8_t *ip = s->bytes + ETHERNET;

	if (len <
	    ETHERNET + IPV6 + TCP_MIN) /* IPv4 with so little has no payload worth joining either */
		return false;
	if (be16_at(s->bytes, ETHERTYPE_AT) == 0x0800) {
		s->tcp_at = ETHERNET + IPV4;
		s->id = be16_at(ip, IP4_ID_AT);
		return ip[0] == 0x45 && ip[IP4_PROTOCOL_AT] == IPPROTO_TCP &&
		       (be16_at(ip, IP4_FRAGMENT_AT) & 0xbfff) == 0 &&
		       be16_at(ip, IP4_LENGTH_AT) == len - ETHERNET;
	}
	s->ip6 = true;
	s->tcp_at = ETHERNET + IPV6;
	return be16_at(s->bytes, ETHERTYPE_AT) == 0x86dd && ip[0] >> 4 == 6 &&
	       ip[IP6_NEXT_AT] == IPPROTO_TCP &&
	       be16_at(ip, IP6_LENGTH_AT) == len - ETHERNET - IPV6;
}

/* Data with nothing but ACK, and perhaps PSH. */
static bool read_segment(struct segment *s, const uint8_t *bytes, uint32_t len)
{
	const uint8_t *tcp;
	uint32_t tcp_header;

	*s = (struct segment){ .bytes = bytes };
	if (!read_ip(s, len))
		return false;
	tcp = bytes + s->tcp_at;
	tcp_header = (uint32_t)(tcp[TCP_OFFSET_AT] >> 4) * 4;
	s->payload_at = s->tcp_at + tcp_header;
	if (tcp_header < TCP_MIN || s->payload_at >= len || s->payload_at > BURST_HEADERS)
		return false;
	s->payload_len = len - s->payload_at;
	s->seq = be32_at(tcp, TCP_SEQ_AT);
	s->flags = tcp[TCP_FLAGS_AT];
	return (s->flags & ~TCP_PSH) == TCP_ACK && (tcp[TCP_OFFSET_AT] & 0x0f) == 0 &&
	       checksums_right(s);
}

/* ---- joining ---- */

/* Bytes [from, to) of both, counted from `at`. */
static bool same(const uint8_t *a, const uint8_t *b, uint32_t at, uint32_t from, uint32_t to)
{
	return memcmp(a + at + from, b + at + from, to - from) == 0;
}

static bool same_ip(const struct segment *a, const struct segment *b)
{
	const uint8_t *p = a->bytes, *q = b->bytes;

	if (a->ip6)
		return same(p, q, ETHERNET, 0, IP6_LENGTH_AT) &&
		       same(p, q, ETHERNET, IP6_NEXT_AT, IPV6);
	return (uint16_t)(a->id + 1) == b->id && same(p, q, ETHERNET, 0, IP4_LENGTH_AT) &&
	       same(p, q, ETHERNET, IP4_FRAGMENT_AT, IP4_CHECKSUM_AT) &&
	       same(p, q, ETHERNET, IP4_ADDRESSES_AT, IPV4);
}

/* b is what comes directly behind a in the same large segment. */
static bool follows(const struct segment *a, const struct segment *b)
{
	const uint8_t *p = a->bytes, *q = b->bytes;

	return a->ip6 == b->ip6 && a->payload_at == b->payload_at &&
	       a->seq + a->payload_len == b->seq && b->payload_len <= a->payload_len &&
	       same(p, q, 0, 0, ETHERNET) && same_ip(a, b) &&
	       same(p, q, a->tcp_at, 0, TCP_SEQ_AT) &&
	       same(p, q, a->tcp_at, TCP_ACK_AT, TCP_FLAGS_AT) &&
	       same(p, q, a->tcp_at, TCP_WINDOW_AT, TCP_CHECKSUM_AT) &&
	       same(p, q, a->tcp_at, TCP_URGENT_AT, a->payload_at - a->tcp_at);
}

/* What was read of a packet already, without its checksums, which are known to be right. */
static struct segment segment_of(const struct burst *b, uint32_t i)
{
	const struct burst_packet *p = &b->packet[i];
	const uint8_t *bytes = b->bytes + p->at;
	bool ip6 = be16_at(bytes, ETHERTYPE_AT) == 0x86dd;
	uint32_t tcp_at = ETHERNET + (ip6 ? IPV6 : IPV4);

	return (struct segment){
		.bytes = bytes,
		.ip6 = ip6,
		.tcp_at = tcp_at,
		.payload_at = p->payload_at,
		.payload_len = p->payload_len,
		.seq = be32_at(bytes, tcp_at + TCP_SEQ_AT),
		.id = be16_at(bytes, ETHERNET + IP4_ID_AT),
		.flags = bytes[tcp_at + TCP_FLAGS_AT],
	};
}

static bool fits(const struct burst *b, const struct flight *p, const struct segment *s)
{
	struct segment last;

	if (b->used + p->len > sizeof(b->bytes))
		return false;
	if (b->count == 0)
		return true;
	if (!b->open || b->count == LIVE_SEGMENTS || b->packet[0].flight.to != p->to ||
	    b->packet[0].flight.from != p->from)
		return false;
	last = segment_of(b, b->count - 1);
	return follows(&last, s);
}

bool burst_add(struct burst *b, const struct flight *p, const uint8_t *bytes)
{
	struct burst_packet *packet;
	struct segment s;

	if (!read_segment(&s, bytes, p->len) || !fits(b, p, &s))
		return false;
	packet = &b->packet[b->count++];
	*packet = (struct burst_packet){
		.flight = *p,
		.at = b->used,
		.payload_at = s.payload_at,
		.payload_len = s.payload_len,
	};
	memcpy(b->bytes + b->used, bytes, p->len);
	b->used += p->len;
	b->open = s.payload_len == b->packet[0].payload_len && !(s.flags & TCP_PSH);
	return true;
}

void burst_clear(struct burst *b)
{
	b->count = 0;
	b->used = 0;
}

/* ---- sending ---- */

/* The large packet's header: the first one's, with the lengths of all and the last one's PSH. */
static void make_header(const struct burst *b, const struct segment *first, uint8_t *header)
{
	const struct segment last = segment_of(b, b->count - 1);
	uint32_t tcp_len = first->payload_at - first->tcp_at;
	uint8_t *ip = header + ETHERNET;
	uint8_t *tcp = header + first->tcp_at;

	for (uint32_t i = 0; i < b->count; i++)
		tcp_len += b->packet[i].payload_len;
	memcpy(header, first->bytes, first->payload_at);
	tcp[TCP_FLAGS_AT] |= last.flags;
	put16(tcp + TCP_CHECKSUM_AT, sum_fold(pseudo_header(header, first->ip6, tcp_len)));
	if (first->ip6) {
		put16(ip + IP6_LENGTH_AT, (uint16_t)tcp_len);
		return;
	}
	put16(ip + IP4_LENGTH_AT, (uint16_t)(IPV4 + tcp_len));
	put16(ip + IP4_CHECKSUM_AT, 0);
	put16(ip + IP4_CHECKSUM_AT, (uint16_t)~sum_fold(sum_bytes(ip, IPV4, 0)));
}

static int send_joined(const struct burst *b, struct live *to, struct err *e)
{
	const struct segment first = segment_of(b, 0);
	uint8_t header[BURST_HEADERS];
	struct iovec payload[LIVE_SEGMENTS];
	const struct live_segments s = {
		.ip_version = first.ip6 ? 6 : 4,
		.header = header,
		.header_len = first.payload_at,
		.network_len = first.tcp_at,
		.segment_len = first.payload_len,
		.payload = payload,
		.payloads = b->count,
	};

	make_header(b, &first, header);
	for (uint32_t i = 0; i < b->count; i++) {
		const struct burst_packet *p = &b->packet[i];

		payload[i] = (struct iovec){
			.iov_base = (void *)(uintptr_t)(b->bytes + p->at + p->payload_at),
			.iov_len = p->payload_len,
		};
	}
	return live_inject_segments(to, &s, e);
}

int burst_send(const struct burst *b, struct live *to, struct err *e)
{
	if (b->count == 1)
		return live_inject(to, b->bytes, b->packet[0].flight.len, e);
	return send_joined(b, to, e);
}
