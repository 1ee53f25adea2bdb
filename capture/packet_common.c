/*
 * The shape that nearly all packets of a large capture have: TCP or UDP in IPv4 or IPv6 in an Ethernet frame, which
 * may have a VLAN tag, with nothing unusual before it and all of its headers captured.  Such a packet is read here in
 * one go; any other is left to the chain of scans, which must come to the same for these too (tests compare them).
 */
#include "capture/proto_tcp.h"

#define INLINE static inline __attribute__((always_inline))

enum { FRAME = 14, TAG = 4, ETHERTYPE_VLAN = 0x8100, V4 = 20, V6 = 40, UDP_HEADER = 8 };

/* Where things are in the packet; `len` is that of the packet as it was sent. */
struct place {
	const uint8_t *bytes;
	size_t caplen, len;
	size_t network; /* the IP header */
	size_t transport;
	size_t end; /* of the IP packet */
};

INLINE void note_transport(struct packet *p, const struct place *at, size_t body, size_t end)
{
	p->has_ports = p->has_transport = p->payload_known = true;
	p->network_at = (uint32_t)at->network;
	p->transport_at = (uint32_t)at->transport;
	p->payload_at = (uint32_t)body;
	p->payload_len = (uint32_t)(end - body);
}

INLINE bool read_tcp(struct packet *p, const struct place *at)
{
	struct rd h = rd_on(at->bytes + at->transport, TCP_HEADER);
	const size_t options = at->transport + TCP_HEADER;
	uint16_t offset_flags;
	size_t body;

	if (options > at->end || options > at->caplen)
		return false;
	p->src_port = rd_be16(&h);
	p->dst_port = rd_be16(&h);
	p->seq = rd_be32(&h);
	p->ack = rd_be32(&h);
	offset_flags = rd_be16(&h);
	p->flags = offset_flags & 0x1ff;
	p->window = rd_be16(&h);
	body = at->transport + (offset_flags >> 12) * 4u;
	if (body < options || body > at->end || body > at->caplen)
		return false;
	p->protocol = PROTOCOL_TCP;
	p->has_segment = true;
	note_transport(p, at, body, at->end);
	if (body > options)
		tcp_options_read(p, at->bytes + options, body - options);
	return true;
}

/* Not what may be a tunnel. */
static bool read_udp(struct packet *p, const struct place *at)
{
	struct rd h = rd_on(at->bytes + at->transport, UDP_HEADER);
	const size_t body = at->transport + UDP_HEADER;
	size_t end;

	if (body > at->end || body > at->caplen)
		return false;
	p->src_port = rd_be16(&h);
	p->dst_port = rd_be16(&h);
	end = at->transport + rd_be16(&h);
	if (end < body || end > at->end || p->src_port == VXLAN_PORT || p->dst_port == VXLAN_PORT)
		return false;
	p->protocol = PROTOCOL_UDP;
	note_transport(p, at, body, end);
	return true;
}

INLINE bool read_transport(struct packet *p, const struct place *at, uint8_t protocol)
{
	if (at->end > at->len)
		return false;
	if (protocol == PROTOCOL_TCP)
		return read_tcp(p, at);
	return protocol == PROTOCOL_UDP && read_udp(p, at);
}

INLINE bool read_v4(struct packet *p, struct place *at)
{
	struct rd h = rd_on(at->bytes + at->network, V4);
	const uint8_t version_length = rd_u8(&h), tos = rd_u8(&h);
	uint16_t fragment;
	uint8_t protocol;

	at->transport = at->network + V4;
	at->end = at->network + rd_be16(&h);
	p->ip_id = rd_be16(&h);
	fragment = rd_be16(&h);
	p->ttl = rd_u8(&h);
	protocol = rd_u8(&h);
	if (version_length != 0x45 || fragment & 0x3fff)
		return false;
	rd_skip(&h, 2);
	rd_copy(&h, p->src, 4);
	rd_copy(&h, p->dst, 4);
	p->ip_version = 4;
	p->ecn = tos & 3;
	return read_transport(p, at, protocol);
}

static bool read_v6(struct packet *p, struct place at)
{
	struct rd h = rd_on(at.bytes + at.network, V6);
	const uint32_t first = rd_be32(&h);
	uint8_t protocol;

	at.transport = at.network + V6;
	at.end = at.transport + rd_be16(&h);
	protocol = rd_u8(&h);
	if (first >> 28 != 6)
		return false;
	p->ttl = rd_u8(&h);
	rd_copy(&h, p->src, 16);
	rd_copy(&h, p->dst, 16);
	p->ip_version = 6;
	p->ecn = first >> 20 & 3;
	return read_transport(p, &at, protocol);
}

/* What is behind a type that ends at `network`, which is a constant: then all is at fixed offsets. */
INLINE bool read_network(struct packet *p, struct place *at, size_t network)
{
	struct rd r = rd_on(at->bytes + network - 2, 2);

	p->ethertype = rd_be16(&r);
	at->network = network;
	if (p->ethertype == ETHERTYPE_V4 && network + V4 <= at->caplen)
		return read_v4(p, at);
	return p->ethertype == ETHERTYPE_V6 && network + V6 <= at->caplen && read_v6(p, *at);
}

static __attribute__((noinline)) bool read_tagged(struct packet *p, struct place at)
{
	return read_network(p, &at, FRAME + TAG);
}

/* False: it has another shape; p is to be cleared then. */
INLINE bool read_frame(struct packet *p, struct place *at)
{
	struct rd r = rd_on(at->bytes + FRAME - 2, 2);

	if (at->caplen < FRAME + TAG)
		return false;
	return rd_be16(&r) == ETHERTYPE_VLAN ? read_tagged(p, *at) : read_network(p, at, FRAME);
}

void packet_parse(struct packet *p, uint32_t link, const void *bytes, size_t caplen, size_t len)
{
	struct place at = { .bytes = bytes, .caplen = caplen, .len = len > caplen ? len : caplen };

	packet_clear(p);
	if (link != LINK_ETHERNET || !read_frame(p, &at))
		packet_parse_chain(p, link, bytes, caplen, len);
}
