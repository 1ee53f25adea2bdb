/* UDP, RFC 768. */
#include "capture/proto.h"

enum { HEADER = 8, VXLAN_VALID = 0x08 };

/* A header that was cut may still have its ports. */
static const struct proto *cut_scan(struct scan *s, size_t start)
{
	struct packet *p = s->p;
	struct rd r = scan_again(s, start);

	s->body = start + HEADER;
	if (rd_left(&r) < 4)
		return NULL;
	p->src_port = rd_be16(&r);
	p->dst_port = rd_be16(&r);
	p->has_ports = true;
	return NULL;
}

/* By its port, and by the flag that each VXLAN header has. */
static const struct proto *tunnel_of(struct scan *s)
{
	const struct packet *p = s->p;
	struct rd peek = s->r;

	if (p->dst_port != VXLAN_PORT && p->src_port != VXLAN_PORT)
		return NULL;
	if (p->fragment || !(rd_u8(&peek) & VXLAN_VALID))
		return NULL;
	return proto_enter_tunnel(s, &proto_vxlan);
}

static const struct proto *udp_scan(struct scan *s)
{
	struct packet *p = s->p;
	size_t left = scan_left(s), start = s->r.at;
	uint16_t len;
	struct rd h;

	if (!scan_head(s, HEADER, &h))
		return cut_scan(s, start);
	p->src_port = rd_be16(&h);
	p->dst_port = rd_be16(&h);
	len = rd_be16(&h);
	p->has_ports = p->has_transport = true;
	p->payload_known = !p->fragment;
	/* The length of a fragment's header is that of the whole datagram; 0 is a jumbogram's (RFC
	 * 2675). */
	if (len >= HEADER && len <= left)
		scan_limit(s, len - HEADER);
	else if (len != 0 && !p->fragment)
		p->cut = true;
	return tunnel_of(s);
}

static void udp_summary(struct str *out, const struct summary *s)
{
	str_addf(out, "UDP  len %u", s->p->payload_len);
	proto_app_summary(out, s);
}

static void udp_heading(const struct walk *w, struct str *out)
{
	if (w->packet.has_ports)
		str_addf(out, "%u → %u", w->packet.src_port, w->packet.dst_port);
}

static void length_text(const struct walk *w, struct str *out, uint64_t value)
{
	size_t there = w->scan.end > w->head_at ? w->scan.end - w->head_at : 0;

	str_addf(out, "%u bytes", (unsigned)value);
	if (w->packet.fragment)
		str_add(out, ": of the whole datagram");
	else if (value && value < HEADER)
		str_add(out, ": less than the header");
	else if (value > there)
		str_addf(out, ": but the packet has %zu", there);
}

static void checksum_text(const struct walk *w, struct str *out, uint64_t value)
{
	if (value == 0)
		str_add(out, "0x0000 none");
	else
		walk_checksum_text(w, out, (uint16_t)value, true);
}

static const struct proto_field fields[] = {
	FIELD("Source port", 0, 16, SHOW_PORT,
	      .about = "The socket that sent the datagram; an answer goes there."),
	FIELD("Destination port", 16, 16, SHOW_PORT,
	      .about = "The socket that the datagram is for."),
	FIELD("Length", 32, 16, SHOW_OWN, .text = length_text, .about = "Of header and data."),
	FIELD("Checksum", 48, 16, SHOW_OWN, .text = checksum_text,
	      .about = "Over the addresses, this header and the data; 0 over IPv4: none was "
		       "sent." CHECKSUM_ABOUT),
};

const struct proto proto_udp = {
	.name = "User Datagram Protocol",
	PROTO_FIELDS(fields),
	.scan = udp_scan,
	.heading = udp_heading,
	.summary = udp_summary,
};
