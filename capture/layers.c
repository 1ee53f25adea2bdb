#include "capture/layers.h"

#include <string.h>

#include "capture/packet.h"
#include "capture/proto.h"

static const struct {
	const struct proto *proto;
	enum layer_kind kind;
} kinds[] = {
	{ &proto_ethernet, LAYER_ETHERNET }, { &proto_ipv4, LAYER_IPV4 },
	{ &proto_tcp, LAYER_TCP },	     { &proto_ipv6, LAYER_IPV6 },
	{ &proto_udp, LAYER_UDP },	     { &proto_vlan, LAYER_VLAN },
	{ &proto_icmp, LAYER_ICMP },	     { &proto_icmpv6, LAYER_ICMPV6 },
	{ &proto_arp, LAYER_ARP },	     { &proto_udplite, LAYER_UDP },
};

static enum layer_kind kind_of(const struct proto *proto)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].proto == proto)
			return kinds[i].kind;
	return LAYER_OTHER;
}

/* From the scan's position to the innermost header.  Returns how many layers there are then. */
static size_t read_on(struct layer *layer, size_t count, struct scan *s, const struct proto *proto,
		      bool quoted)
{
	for (unsigned n = 0; proto && n < PROTO_LAYERS_MAX && count < LAYERS_MAX; n++) {
		struct layer *l = &layer[count++];

		*l = (struct layer){
			.kind = (uint8_t)kind_of(proto),
			.quoted = (uint8_t)(quoted ? n + 1 : 0),
			.fragment = s->p->fragment,
			.covers = proto == &proto_udplite,
			.at = (uint32_t)s->r.at,
			.have = (uint32_t)rd_left(&s->r),
			.len = (uint32_t)scan_left(s),
		};
		s->p->cut = false;
		proto = proto->scan(s);
		l->whole = !s->p->cut;
		l->header = (uint32_t)s->r.at - l->at;
	}
	return count;
}

size_t layers_read(struct layer layer[LAYERS_MAX], uint32_t link, const void *bytes, size_t caplen,
		   size_t len)
{
	struct packet p = { .wscale = -1 }, quoted;
	struct scan s = { .p = &p, .r = rd_on(bytes, caplen), .end = len > caplen ? len : caplen };
	size_t count = read_on(layer, 0, &s, proto_of_link(link), false);

	if (p.protocol != PROTOCOL_ICMP && p.protocol != PROTOCOL_ICMPV6)
		return count;
	p.payload_at = (uint32_t)s.r.at;
	p.payload_len = (uint32_t)scan_left(&s);
	if (!packet_quoted(&quoted, &p, bytes, caplen))
		return count;
	quoted = (struct packet){ .wscale = -1 };
	s.p = &quoted;
	s.end = UINT32_MAX;
	return read_on(layer, count, &s, p.ip_version == 6 ? &proto_ipv6 : &proto_ipv4, true);
}
