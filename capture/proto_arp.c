/* ARP, RFC 826: who has this IPv4 address on this link? */
#include "capture/proto.h"

#include <string.h>

struct lengths {
	uint8_t hardware, protocol;
	bool for_ipv4;
};

static struct lengths lengths_read(struct rd *h)
{
	struct lengths l;
	uint16_t type;

	rd_skip(h, 2);
	type = rd_be16(h);
	l.hardware = rd_u8(h);
	l.protocol = rd_u8(h);
	l.for_ipv4 = type == ETHERTYPE_V4 && l.protocol == 4;
	return l;
}

static const struct proto *arp_scan(struct scan *s)
{
	struct packet *p = s->p;
	size_t start = s->r.at;
	struct lengths l;
	uint16_t op;
	struct rd h;

	if (!s->inside)
		p->network_at = (uint32_t)start;
	if (!scan_head(s, 8, &h))
		return NULL;
	l = lengths_read(&h);
	op = rd_be16(&h);
	if (!scan_head(s, 2u * l.hardware + 2u * l.protocol, &h))
		return NULL;
	/* What follows is Ethernet's padding: ARP has no length field. */
	scan_limit(s, 0);
	if (!l.for_ipv4)
		return NULL;
	if (p->ip_version)
		proto_leave_tunnel(s);
	p->network_at = (uint32_t)start;
	p->arp_op = op;
	rd_skip(&h, l.hardware);
	rd_copy(&h, p->src, 4);
	rd_skip(&h, l.hardware);
	rd_copy(&h, p->dst, 4);
	return NULL;
}

static void address_row(struct walk *w, size_t *at, size_t len, const char *name,
			enum proto_show show, const char *about)
{
	const struct proto_field f = {
		.name = name, .bits = (uint16_t)(len * 8), .show = show, .about = about
	};

	if (len)
		walk_fields(w, 1, &f, 1, *at, w->head_at + w->head_len - *at);
	*at += len;
}

static void arp_more(struct walk *w)
{
	struct rd h = walk_rd(w, w->head_at, w->head_len);
	struct lengths l = lengths_read(&h);
	enum proto_show hardware = l.hardware == 6 ? SHOW_MAC : SHOW_BYTES;
	enum proto_show protocol = l.for_ipv4 ? SHOW_IPV4 : SHOW_BYTES;
	size_t at = w->head_at + 8;
	struct str text;

	if (w->head_len < 8)
		return;
	if (w->packet.cut) {
		text = walk_row(w, 1, w->head_at + w->head_len, 0, "Cut", NULL);
		str_add(&text, "the addresses are not all there");
		return;
	}
	address_row(w, &at, l.hardware, "Sender hardware address", hardware,
		    "The network card of the one who asks or answers.");
	address_row(w, &at, l.protocol, "Sender protocol address", protocol,
		    "The IP address of the one who asks or answers.");
	address_row(w, &at, l.hardware, "Target hardware address", hardware,
		    "Zero in a request: that is what is asked for.");
	address_row(w, &at, l.protocol, "Target protocol address", protocol,
		    "The IP address that is looked for.");
}

static const char *verb(const struct packet *p)
{
	static const uint8_t none[4];

	if (p->arp_op != 1)
		return NULL;
	if (memcmp(p->src, p->dst, 4) == 0)
		return "announces";
	return memcmp(p->src, none, 4) == 0 ? "probes for" : "who has";
}

static void arp_summary(struct str *out, const struct summary *s)
{
	const struct packet *p = s->p;
	struct rd h = rd_on(s->bytes, s->caplen);
	struct lengths l;
	const uint8_t *mac;

	str_add(out, "ARP ");
	if (verb(p)) {
		str_addf(out, "%s ", verb(p));
		proto_ip_text(out, 4, p->dst, NULL);
		return;
	}
	rd_skip(&h, p->network_at);
	l = lengths_read(&h);
	rd_skip(&h, 2);
	mac = rd_bytes(&h, 6);
	proto_ip_text(out, 4, p->src, NULL);
	if (p->arp_op != 2 || l.hardware != 6 || !mac) {
		str_addf(out, " operation %u", p->arp_op);
		return;
	}
	str_add(out, " is at ");
	proto_mac_text(out, mac);
}

static void arp_heading(const struct walk *w, struct str *out)
{
	struct summary s = { .p = &w->packet, .bytes = w->bytes, .caplen = w->caplen };

	if (w->packet.arp_op)
		arp_summary(out, &s);
}

static const struct name operation_rows[] = {
	{ 1, "request", NULL },		{ 2, "reply", NULL },
	{ 3, "reverse request", NULL }, { 4, "reverse reply", NULL },
	{ 8, "inverse request", NULL }, { 9, "inverse reply", NULL },
};
static NAME_TABLE(operation_names, operation_rows, "ARP operation");

static const struct proto_field fields[] = {
	FIELD("Hardware type", 0, 16, SHOW_NAME, .names = &proto_arphrd_names,
	      .about = "The kind of link: 1 is Ethernet."),
	FIELD("Protocol type", 16, 16, SHOW_NAME_HEX, .names = &proto_ethertype_names,
	      .about = "The protocol whose addresses are resolved."),
	FIELD("Hardware address length", 32, 8, SHOW_DEC, .unit = "bytes"),
	FIELD("Protocol address length", 40, 8, SHOW_DEC, .unit = "bytes"),
	FIELD("Operation", 48, 16, SHOW_NAME, .names = &operation_names,
	      .about = "A request is broadcast to all; the reply goes to the one who asked."),
};

const struct proto proto_arp = {
	.name = "Address Resolution Protocol",
	PROTO_FIELDS(fields),
	.scan = arp_scan,
	.heading = arp_heading,
	.more = arp_more,
	.summary = arp_summary,
};
