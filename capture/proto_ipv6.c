/* IPv6 and its extension headers, RFC 8200; the authentication header of RFC 4302. */
#include "capture/proto.h"

#include <string.h>

enum { HEADER = 40, NO_NEXT_HEADER = 59 };

static const struct proto *enter(struct scan *s, uint8_t next)
{
	s->p->protocol = next;
	s->p->transport_at = (uint32_t)s->r.at;
	if (next == NO_NEXT_HEADER)
		return NULL;
	return proto_enter_ip(s, next);
}

static const struct proto *ipv6_scan(struct scan *s)
{
	struct packet *p = s->p;
	size_t start = s->r.at;
	uint16_t payload;
	uint32_t first;
	uint8_t next;
	struct rd h;

	p->ethertype = ETHERTYPE_V6;
	if (!scan_head(s, HEADER, &h))
		return NULL;
	first = rd_be32(&h);
	payload = rd_be16(&h);
	next = rd_u8(&h);
	if (first >> 28 != 6) {
		p->cut = true;
		return NULL;
	}
	if (p->ip_version)
		proto_leave_tunnel(s);
	p->network_at = (uint32_t)start;
	p->ip_version = 6;
	p->ecn = first >> 20 & 3;
	p->ttl = rd_u8(&h);
	rd_copy(&h, p->src, 16);
	rd_copy(&h, p->dst, 16);
	/* 0: a jumbogram, whose length is in an option, or a packet left for the network card to
	 * cut. */
	if (payload)
		scan_limit(s, payload);
	return enter(s, next);
}

/* Headers that begin with the next protocol and their length in units of 8 bytes beyond the
 * first 8. */
static const struct proto *extension_scan(struct scan *s)
{
	uint8_t next, units;
	struct rd h;

	if (!scan_head(s, 8, &h))
		return NULL;
	next = rd_u8(&h);
	units = rd_u8(&h);
	if (!rd_bytes(&s->r, units * 8u)) {
		s->p->cut = true;
		return NULL;
	}
	return enter(s, next);
}

static const struct proto *routing_scan(struct scan *s)
{
	struct rd peek = s->r;
	const struct proto *next = extension_scan(s);

	rd_skip(&peek, 3);
	s->rerouted |= rd_u8(&peek) > 0;
	return next;
}

static const struct proto *fragment_scan(struct scan *s)
{
	struct packet *p = s->p;
	uint16_t offset;
	uint8_t next;
	struct rd h;

	if (!scan_head(s, 8, &h))
		return NULL;
	next = rd_u8(&h);
	rd_skip(&h, 1);
	offset = rd_be16(&h);
	p->more_fragments = offset & 1;
	p->fragment_at = offset & 0xfff8u;
	p->fragment_id = rd_be32(&h);
	/* One that is the first and the last at once is a whole packet: RFC 6946. */
	p->fragment |= p->more_fragments || p->fragment_at;
	p->fragment_start = (uint32_t)s->r.at;
	p->fragment_len = (uint32_t)scan_left(s);
	return p->fragment_at ? (enter(s, next), NULL) : enter(s, next);
}

static const struct proto *auth_scan(struct scan *s)
{
	uint8_t next, words;
	struct rd h;

	if (!scan_head(s, 12, &h))
		return NULL;
	next = rd_u8(&h);
	words = rd_u8(&h);
	if (words < 1 || !rd_bytes(&s->r, (words - 1u) * 4u)) {
		s->p->cut = true;
		return NULL;
	}
	s->p->protocol = next;
	s->p->transport_at = (uint32_t)s->r.at;
	return proto_enter_ip(s, next);
}

/* ---- options of hop-by-hop and destination headers ---- */

static const struct proto_field bytes_field[] = {
	FIELD("Data", 16, 0, SHOW_BYTES),
};
static const struct proto_field number_field[] = {
	FIELD("Value", 16, 16, SHOW_DEC),
};
static const struct proto_field jumbo_field[] = {
	FIELD("Length", 16, 32, SHOW_DEC, .unit = "bytes"),
};
static const struct proto_field limit_field[] = {
	FIELD("Limit", 16, 8, SHOW_DEC),
};
static const struct proto_field home_field[] = {
	FIELD("Address", 16, 128, SHOW_IPV6),
};

static const struct proto_option option_rows[] = {
	OPTION(0x00, 0, "Pad1", .about = "One byte of padding."),
	OPTION(0x01, 0, "PadN", PROTO_FIELDS(bytes_field), .about = "Padding."),
	OPTION(0x04, 3, "Tunnel encapsulation limit", PROTO_FIELDS(limit_field)),
	OPTION(0x05, 4, "Router alert", PROTO_FIELDS(number_field),
	       .about = "Asks each router to look inside the packet (RFC 2711)."),
	OPTION(0x07, 0, "CALIPSO security label", PROTO_FIELDS(bytes_field)),
	OPTION(0x26, 0, "Quick-Start", PROTO_FIELDS(bytes_field)),
	OPTION(0x63, 0, "RPL", PROTO_FIELDS(bytes_field)),
	OPTION(0xc2, 6, "Jumbo payload", PROTO_FIELDS(jumbo_field),
	       .about = "The length of a packet with more than 65,535 bytes (RFC 2675)."),
	OPTION(0xc9, 18, "Home address", PROTO_FIELDS(home_field),
	       .about = "The permanent address of a mobile host (RFC 6275)."),
};

static const struct proto_options options = {
	.row = option_rows,
	.count = sizeof(option_rows) / sizeof(option_rows[0]),
	.what = "IPv6 option",
	.singles = 1,
	.unit = 1,
	.beside = 2,
};

/* ---- rows ---- */

static void ipv6_heading(const struct walk *w, struct str *out)
{
	if (w->packet.ip_version != 6)
		return;
	proto_ip_text(out, 6, w->packet.src, w->names);
	str_add(out, " → ");
	proto_ip_text(out, 6, w->packet.dst, w->names);
}

static void options_more(struct walk *w)
{
	if (w->head_len > 2)
		walk_options(w, 1, &options, w->head_at + 2, w->head_len - 2);
}

/* Types 0, 2 and 4 (RFC 8754) all keep their addresses at byte 8. */
static void routing_more(struct walk *w)
{
	static const struct proto_field address = { .name = "Address",
						    .bits = 128,
						    .show = SHOW_IPV6 };
	size_t at = 8;

	for (; at + 16 <= w->head_len; at += 16)
		walk_fields(w, 1, &address, 1, w->head_at + at, 16);
}

static void version_text(const struct walk *w, struct str *out, uint64_t value)
{
	(void)w;
	str_addf(out, "%u%s", (unsigned)value, value == 6 ? "" : ": this is no IPv6 header");
}

static void payload_text(const struct walk *w, struct str *out, uint64_t value)
{
	size_t there = w->caplen - w->head_at - w->head_len;

	str_addf(out, "%u bytes", (unsigned)value);
	if (value == 0 && there)
		str_add(out, ": the length is elsewhere");
	else if (value > there && !w->quotes)
		str_addf(out, ", %zu captured", there);
}

static void units_text(const struct walk *w, struct str *out, uint64_t value)
{
	(void)w;
	str_addf(out, "%u bytes", ((unsigned)value + 1) * 8);
}

static void words_text(const struct walk *w, struct str *out, uint64_t value)
{
	(void)w;
	str_addf(out, "%u bytes", ((unsigned)value + 2) * 4);
}

static void offset_text(const struct walk *w, struct str *out, uint64_t value)
{
	(void)w;
	str_addf(out, "%u bytes", (unsigned)value * 8);
}

static const struct proto_field fields[] = {
	FIELD("Version", 0, 4, SHOW_OWN, .text = version_text, .about = "6 for IPv6."),
	FIELD("DSCP", 4, 6, SHOW_NAME, .names = &proto_dscp_names,
	      .about = "The class of service that the sender asks routers for."),
	FIELD("ECN", 10, 2, SHOW_NAME, .names = &proto_ecn_names,
	      .about = "A congested router changes ECT to CE instead of dropping the packet."),
	FIELD("Flow label", 12, 20, SHOW_HEX,
	      .about = "The same in all packets of one flow, so that routers can keep them on one "
		       "path."),
	FIELD("Payload length", 32, 16, SHOW_OWN, .text = payload_text,
	      .about = "Of all that follows this header, extension headers included."),
	FIELD("Next header", 48, 8, SHOW_NAME, .names = &proto_ip_names,
	      .about = "What follows: an extension header or the payload's protocol."),
	FIELD("Hop limit", 56, 8, SHOW_DEC,
	      .about = "Each router takes one off; at 0 the packet is dropped, so loops end."),
	FIELD("Source", 64, 128, SHOW_IPV6, .about = "The host that sent the packet."),
	FIELD("Destination", 192, 128, SHOW_IPV6, .about = "The host that the packet is for."),
};

#define NEXT_HEADER                                                                                \
	FIELD("Next header", 0, 8, SHOW_NAME, .names = &proto_ip_names,                            \
	      .about = "What follows this header.")
#define UNITS                                                                                      \
	FIELD("Length", 8, 8, SHOW_OWN, .text = units_text,                                        \
	      .about = "Of this header, in units of 8 bytes beyond the first 8.")

static const struct proto_field extension_fields[] = { NEXT_HEADER, UNITS };

static const struct proto_field routing_fields[] = {
	NEXT_HEADER,
	UNITS,
	FIELD("Routing type", 16, 8, SHOW_DEC),
	FIELD("Segments left", 24, 8, SHOW_DEC,
	      .about = "How many of the listed addresses are still to be visited."),
	FIELD("Type-specific", 32, 32, SHOW_HEX),
};

static const struct proto_field fragment_fields[] = {
	NEXT_HEADER,
	FIELD("Reserved", 8, 8, SHOW_HEX),
	FIELD("Fragment offset", 16, 13, SHOW_OWN, .text = offset_text,
	      .about = "Where this fragment's payload belongs in the packet."),
	FIELD("More fragments", 31, 1, SHOW_FLAG, .about = "Set in all fragments but the last."),
	FIELD("Identification", 32, 32, SHOW_HEX,
	      .about = "The same in all fragments of one packet."),
};

static const struct proto_field auth_fields[] = {
	NEXT_HEADER,
	FIELD("Length", 8, 8, SHOW_OWN, .text = words_text,
	      .about = "Of this header, in words of 4 bytes minus 2."),
	FIELD("Reserved", 16, 16, SHOW_HEX),
	FIELD("Security parameters index", 32, 32, SHOW_HEX,
	      .about = "Which agreement between the hosts the packet is signed under."),
	FIELD("Sequence number", 64, 32, SHOW_DEC,
	      .about = "Counts packets, so that a repeated one is noticed."),
	FIELD("Integrity check value", 96, 0, SHOW_BYTES),
};

const struct proto proto_ipv6 = {
	.name = "Internet Protocol version 6",
	PROTO_FIELDS(fields),
	.scan = ipv6_scan,
	.heading = ipv6_heading,
};

const struct proto proto_hop_by_hop = {
	.name = "IPv6 hop-by-hop options",
	PROTO_FIELDS(extension_fields),
	.scan = extension_scan,
	.more = options_more,
};

const struct proto proto_destination = {
	.name = "IPv6 destination options",
	PROTO_FIELDS(extension_fields),
	.scan = extension_scan,
	.more = options_more,
};

const struct proto proto_routing = {
	.name = "IPv6 routing header",
	PROTO_FIELDS(routing_fields),
	.scan = routing_scan,
	.more = routing_more,
};

const struct proto proto_fragment = {
	.name = "IPv6 fragment header",
	PROTO_FIELDS(fragment_fields),
	.scan = fragment_scan,
};

const struct proto proto_auth = {
	.name = "Authentication header",
	PROTO_FIELDS(auth_fields),
	.scan = auth_scan,
};
