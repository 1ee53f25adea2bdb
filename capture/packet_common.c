/*
 * The shape that nearly all packets of a large capture have: TCP in IPv4 or IPv6 in an Ethernet frame, with
 * nothing unusual before it and all of its headers captured.  Such a packet is read here in one go; any other
 * is left to the chain of scans, which must come to the same for these too (tests compare them).
 */
#include "capture/proto_tcp.h"

enum { FRAME = 14, V4 = 20, V6 = 40 };

/* The TCP header at `at`, in a packet whose IP layer ends at `end`. */
static inline __attribute__((always_inline)) bool read_tcp(struct packet *p, const uint8_t *bytes,
							   size_t caplen, size_t at, size_t end)
{
	struct rd h = rd_on(bytes + at, TCP_HEADER);
	uint16_t offset_flags;
	size_t body;

	p->src_port = rd_be16(&h);
	p->dst_port = rd_be16(&h);
	p->seq = rd_be32(&h);
	p->ack = rd_be32(&h);
	offset_flags = rd_be16(&h);
	p->flags = offset_flags & 0x1ff;
	p->window = rd_be16(&h);
	body = at + (offset_flags >> 12) * 4u;
	if (body < at + TCP_HEADER || body > end || body > caplen)
		return false;
	p->protocol = PROTOCOL_TCP;
	p->has_ports = p->has_segment = p->has_transport = p->payload_known = true;
	p->network_at = FRAME;
	p->transport_at = (uint32_t)at;
	p->payload_at = (uint32_t)body;
	p->payload_len = (uint32_t)(end - body);
	if (body > at + TCP_HEADER)
		tcp_options_read(p, bytes + at + TCP_HEADER, body - at - TCP_HEADER);
	return true;
}

static inline bool read_v4(struct packet *p, const uint8_t *bytes, size_t caplen, size_t len)
{
	struct rd h = rd_on(bytes + FRAME, V4);
	const uint8_t version_length = rd_u8(&h), tos = rd_u8(&h);
	const size_t end = (size_t)FRAME + rd_be16(&h);
	uint16_t fragment;

	p->ip_id = rd_be16(&h);
	fragment = rd_be16(&h);
	p->ttl = rd_u8(&h);
	if (version_length != 0x45 || rd_u8(&h) != PROTOCOL_TCP || fragment & 0x3fff)
		return false;
	if (end < FRAME + V4 + TCP_HEADER || end > len)
		return false;
	rd_skip(&h, 2);
	rd_copy(&h, p->src, 4);
	rd_copy(&h, p->dst, 4);
	p->ip_version = 4;
	p->ecn = tos & 3;
	return read_tcp(p, bytes, caplen, FRAME + V4, end);
}

static bool read_v6(struct packet *p, const uint8_t *bytes, size_t caplen, size_t len)
{
	struct rd h = rd_on(bytes + FRAME, V6);
	const uint32_t first = rd_be32(&h);
	const size_t end = (size_t)FRAME + V6 + rd_be16(&h);

	if (first >> 28 != 6 || rd_u8(&h) != PROTOCOL_TCP)
		return false;
	if (end < FRAME + V6 + TCP_HEADER || end > len)
		return false;
	p->ttl = rd_u8(&h);
	rd_copy(&h, p->src, 16);
	rd_copy(&h, p->dst, 16);
	p->ip_version = 6;
	p->ecn = first >> 20 & 3;
	return read_tcp(p, bytes, caplen, FRAME + V6, end);
}

static inline bool read_frame(struct packet *p, const uint8_t *bytes, size_t caplen, size_t len)
{
	struct rd type;

	if (caplen < FRAME + V4 + TCP_HEADER)
		return false;
	type = rd_on(bytes + 12, 2);
	p->ethertype = rd_be16(&type);
	if (p->ethertype == ETHERTYPE_V4)
		return read_v4(p, bytes, caplen, len);
	if (p->ethertype == ETHERTYPE_V6 && caplen >= FRAME + V6 + TCP_HEADER)
		return read_v6(p, bytes, caplen, len);
	return false;
}

void packet_parse(struct packet *p, uint32_t link, const void *bytes, size_t caplen, size_t len)
{
	packet_clear(p);
	if (link != LINK_ETHERNET || !read_frame(p, bytes, caplen, len > caplen ? len : caplen))
		packet_parse_chain(p, link, bytes, caplen, len);
}
