/*
 * How it works: each protocol's scan() reads its header into the packet, consumes it and names the
 * next protocol; this file starts the chain with the link type and bounds its length.
 */
#include "capture/packet.h"

#include <string.h>

#include "capture/proto.h"

void proto_scan_all(struct scan *s, const struct proto *first)
{
	const struct proto *proto = first;
	struct packet *p = s->p;

	for (unsigned n = 0; proto && n < PROTO_LAYERS_MAX; n++)
		proto = proto->scan(s);
	if (proto)
		p->cut = true;
	if (!s->body)
		s->body = s->r.at;
	p->payload_at = (uint32_t)s->body;
	p->payload_len = s->end > s->body ? (uint32_t)(s->end - s->body) : 0;
}

void packet_parse_chain(struct packet *p, uint32_t link, const void *bytes, size_t caplen,
			size_t len)
{
	struct scan s = { .p = p, .r = rd_on(bytes, caplen), .end = len > caplen ? len : caplen };
	const struct proto *first = proto_of_link(link);

	packet_clear(p);
	p->cut = !first;
	proto_scan_all(&s, first);
}

void proto_parse_quote(struct packet *p, int ip_version, const void *bytes, size_t at,
		       size_t caplen)
{
	struct scan s = { .p = p, .r = rd_on(bytes, caplen), .end = UINT32_MAX };

	packet_clear(p);
	rd_skip(&s.r, at);
	proto_scan_all(&s, ip_version == 6 ? &proto_ipv6 : &proto_ipv4);
}

/* The types that are errors: RFC 792, RFC 4443 section 2.1. */
static bool quotes(const struct packet *p)
{
	const uint32_t errors_v4 = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 11 | 1 << 12;
	const uint32_t errors_v6 = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4;
	bool v6 = p->ip_version == 6;

	if (!p->has_transport || p->protocol != (v6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP))
		return false;
	return p->icmp_type < 32 && (v6 ? errors_v6 : errors_v4) >> p->icmp_type & 1;
}

/*
 * A quote often ends within TCP's options.  Where only the body of the last one is missing, all of the header
 * is known that matters; where more is, it is cut.
 */
static bool quote_is_cut(const struct packet *quoted, struct rd r)
{
	size_t end;

	rd_skip(&r, quoted->transport_at + 12u);
	end = quoted->transport_at + (rd_u8(&r) >> 4) * 4u;
	rd_skip(&r, 7);
	if (end < r.at)
		return true;
	while (!r.short_read && r.at < end) {
		uint8_t kind = rd_u8(&r), len = kind > 1 ? rd_u8(&r) : 0;

		if (r.short_read || (kind > 1 && len < 2))
			return true;
		if (kind == 0 || (kind > 1 && r.at + len - 2u >= end))
			return false;
		if (kind > 1)
			rd_skip(&r, len - 2u);
	}
	return r.short_read;
}

bool packet_quoted(struct packet *quoted, const struct packet *p, const void *bytes, size_t caplen)
{
	size_t end = (size_t)p->payload_at + p->payload_len;

	if (!quotes(p) || p->fragment)
		return false;
	proto_parse_quote(quoted, p->ip_version, bytes, p->payload_at, end < caplen ? end : caplen);
	quoted->payload_known = false;
	if (quoted->cut && quoted->has_transport && quoted->protocol == PROTOCOL_TCP)
		quoted->cut = quote_is_cut(quoted, rd_on(bytes, end < caplen ? end : caplen));
	return quoted->ip_version != 0;
}

bool packet_endpoints(const struct packet *p, struct addr *src, struct addr *dst)
{
	uint16_t sport = p->has_ports ? p->src_port : 0, dport = p->has_ports ? p->dst_port : 0;

	if (p->ip_version == 6) {
		*src = addr_v6(p->src, sport);
		*dst = addr_v6(p->dst, dport);
		return true;
	}
	if (p->ip_version != 4 && !p->arp_op)
		return false;
	*src = addr_v4(p->src, sport);
	*dst = addr_v4(p->dst, dport);
	return true;
}

void packet_flags_text(struct str *out, uint16_t flags)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} order[] = {
		{ TCP_SYN, "SYN" }, { TCP_FIN, "FIN" }, { TCP_RST, "RST" },
		{ TCP_PSH, "PSH" }, { TCP_ACK, "ACK" }, { TCP_URG, "URG" },
		{ TCP_ECE, "ECE" }, { TCP_CWR, "CWR" }, { TCP_AE, "AE" },
	};
	const char *gap = "";

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (!(flags & order[i].bit))
			continue;
		str_addf(out, "%s%s", gap, order[i].name);
		gap = " ";
	}
	if (!*gap)
		str_add(out, "no flags");
}

size_t packet_payload(const struct packet *p, size_t caplen, size_t *at)
{
	size_t have;

	*at = p->payload_at < caplen ? p->payload_at : caplen;
	have = caplen - *at;
	return p->payload_len < have ? p->payload_len : have;
}

/* ---- the ladder's words ---- */

static void fragment_summary(struct str *out, const struct packet *p)
{
	proto_ip_name(out, p->protocol);
	str_addf(out, " fragment  id 0x%x  at %u  len %u%s", p->fragment_id, p->fragment_at,
		 p->payload_len, p->more_fragments ? "  more follow" : "  the last");
}

static void unknown_summary(struct str *out, const struct packet *p)
{
	const struct name *type = name_of(&proto_ethertype_names, p->ethertype);

	if (p->ip_version)
		proto_ip_name(out, p->protocol);
	else if (p->ethertype && type)
		str_add(out, type->name);
	else if (p->ethertype)
		str_addf(out, "ethertype 0x%04x", p->ethertype);
	else
		str_add(out, p->cut ? "unreadable" : "no IP");
	str_addf(out, "  len %u", p->payload_len);
}

void packet_summary(struct str *out, const struct packet *p, const struct conn *c, int dir,
		    const void *bytes, size_t caplen)
{
	struct summary s = { .p = p, .conn = c, .dir = dir, .bytes = bytes, .caplen = caplen };
	const struct proto *proto = p->ip_version     ? proto_of_ip(p->ip_version, p->protocol)
				    : p->ppp_protocol ? &proto_ppp_control
						      : proto_of_ethertype(p->ethertype);

	if (p->fragment)
		fragment_summary(out, p);
	else if (proto && proto->summary && (p->transport_at || p->arp_op || p->ppp_protocol))
		proto->summary(out, &s);
	else
		unknown_summary(out, p);
	if (p->cut)
		str_add(out, "  (cut)");
}
