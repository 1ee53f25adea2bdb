/*
 * GRE, RFC 2784, with the key and sequence number of RFC 2890, the routing of RFC 1701 and the acknowledgment
 * number that PPTP uses (RFC 2637).
 */
#include "capture/proto.h"

enum { CHECKSUM = 0x8000, ROUTING = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000, ACK = 0x0080 };
enum { VERSION = 7, BRIDGED = 0x6558, POINT_TO_POINT = 0x880b };

/* Of the optional fields of 4 bytes, in their order. */
static const struct optional {
	uint16_t flags; /* any of them */
	uint8_t version; /* 1: in that version only */
	struct proto_field field;
} optionals[] = {
	{ CHECKSUM | ROUTING, 0,
	  FIELD("Checksum", 0, 16, SHOW_HEX, .about = "Over the GRE header and what it carries.") },
	{ KEY, 0,
	  FIELD("Key", 0, 32, SHOW_HEX,
		.about = "Tells several tunnels between the same two hosts apart.") },
	{ SEQUENCE, 0,
	  FIELD("Sequence number", 0, 32, SHOW_DEC,
		.about = "Counts the packets, so that the other end can keep their order.") },
	{ ACK, 1,
	  FIELD("Acknowledgment number", 0, 32, SHOW_DEC,
		.about = "The last sequence number that has arrived.") },
};
enum { OPTIONALS = sizeof(optionals) / sizeof(optionals[0]) };

static bool is_there(const struct optional *o, uint16_t flags)
{
	return (flags & o->flags) && (!o->version || (flags & VERSION) == o->version);
}

/* Entries of 4 bytes and what their last byte counts; one of all zeros ends the list. */
static bool routing_skip(struct scan *s)
{
	struct rd entry;
	uint16_t family;
	uint8_t len;

	do {
		if (!scan_head(s, 4, &entry))
			return false;
		family = rd_be16(&entry);
		rd_skip(&entry, 1);
		len = rd_u8(&entry);
		if (!scan_head(s, len, &entry))
			return false;
	} while (family || len);
	return true;
}

static const struct proto *content_of(uint16_t type)
{
	switch (type) {
	case BRIDGED:
		return &proto_ethernet;
	case POINT_TO_POINT:
		return &proto_ppp;
	case ETHERTYPE_V4:
	case ETHERTYPE_V6:
	case ETHERTYPE_RESOLVE:
		return proto_of_ethertype(type);
	default:
		return NULL;
	}
}

static const struct proto *gre_scan(struct scan *s)
{
	const struct proto *content;
	uint16_t flags, type;
	struct rd h;

	if (!scan_head(s, 4, &h))
		return NULL;
	flags = rd_be16(&h);
	type = rd_be16(&h);
	for (size_t i = 0; i < OPTIONALS; i++)
		if (is_there(&optionals[i], flags) && !scan_head(s, 4, &h))
			return NULL;
	if ((flags & ROUTING) && !routing_skip(s))
		return NULL;
	content = content_of(type);
	return content ? proto_enter_tunnel(s, content) : NULL;
}

static void gre_summary(struct str *out, const struct summary *s)
{
	struct rd r = rd_on(s->bytes, s->caplen);
	const struct name *n;
	uint16_t type;

	rd_skip(&r, s->p->transport_at + 2u);
	type = rd_be16(&r);
	n = name_of(&proto_ethertype_names, type);
	str_add(out, "GRE");
	if (n)
		str_addf(out, " %s", n->name);
	else if (!r.short_read)
		str_addf(out, " type 0x%04x", type);
	str_addf(out, "  len %u", s->p->payload_len);
}

/* ---- rows ---- */

static void gre_more(struct walk *w)
{
	struct rd h = walk_rd(w, w->head_at, w->head_len);
	uint16_t flags = rd_be16(&h);
	size_t at = w->head_at + 4, end = w->head_at + w->head_len;

	for (size_t i = 0; i < OPTIONALS; i++) {
		if (!is_there(&optionals[i], flags))
			continue;
		if (at + 4 > end)
			return;
		walk_fields(w, 1, &optionals[i].field, 1, at, 4);
		at += 4;
	}
	if (at < end) {
		const struct proto_field routing = FIELD("Routing", 0, 0, SHOW_BYTES);

		walk_fields(w, 1, &routing, 1, at, end - at);
	}
}

static const struct proto_field fields[] = {
	FIELD("Flags", 0, 16, SHOW_HEX, .about = "Which optional fields follow."),
	FIELD("Checksum present", 0, 1, SHOW_FLAG, .part = true),
	FIELD("Routing present", 1, 1, SHOW_FLAG, .part = true),
	FIELD("Key present", 2, 1, SHOW_FLAG, .part = true),
	FIELD("Sequence number present", 3, 1, SHOW_FLAG, .part = true),
	FIELD("Version", 13, 3, SHOW_DEC, .part = true, .about = "0; 1 with PPTP."),
	FIELD("Type", 16, 16, SHOW_NAME_HEX, .names = &proto_ethertype_names,
	      .about = "Which protocol is inside the tunnel."),
};

const struct proto proto_gre = {
	.name = "Generic Routing Encapsulation",
	PROTO_FIELDS(fields),
	.scan = gre_scan,
	.more = gre_more,
	.summary = gre_summary,
};
