/* IPv4, RFC 791; DSCP of RFC 2474, ECN of RFC 3168. */
#include "capture/proto.h"

#include <string.h>

enum { HEADER = 20, MORE_FRAGMENTS = 0x2000, OFFSET = 0x1fff };

/* The limits that the header's own lengths set.  False: they make no sense. */
static bool lengths_apply(struct scan *s, size_t header, size_t total)
{
	/* A total length of 0 is a packet that the network card was to cut into segments. */
	if (header < HEADER || (total && total < header))
		return false;
	if (total)
		scan_limit(s, total - HEADER);
	if (!rd_bytes(&s->r, header - HEADER))
		s->p->cut = true;
	return true;
}

static const struct proto *fragment_scan(struct scan *s, uint16_t flags_offset)
{
	struct packet *p = s->p;

	p->fragment = true;
	p->more_fragments = flags_offset & MORE_FRAGMENTS;
	p->fragment_at = (flags_offset & OFFSET) * 8u;
	p->fragment_id = p->ip_id;
	p->fragment_start = (uint32_t)s->r.at;
	p->fragment_len = (uint32_t)scan_left(s);
	return p->fragment_at ? NULL : proto_enter_ip(s, p->protocol);
}

static const struct proto *ipv4_scan(struct scan *s)
{
	struct packet *p = s->p;
	size_t start = s->r.at;
	uint16_t total, fragment;
	uint8_t first, tos;
	struct rd h;

	p->ethertype = ETHERTYPE_V4;
	if (!scan_head(s, HEADER, &h))
		return NULL;
	first = rd_u8(&h);
	tos = rd_u8(&h);
	total = rd_be16(&h);
	if (first >> 4 != 4 || !lengths_apply(s, (first & 15u) * 4, total)) {
		p->cut = true;
		return NULL;
	}
	if (p->ip_version)
		proto_leave_tunnel(s);
	p->network_at = (uint32_t)start;
	p->ecn = tos & 3;
	p->ip_id = rd_be16(&h);
	fragment = rd_be16(&h);
	p->ttl = rd_u8(&h);
	p->protocol = rd_u8(&h);
	rd_skip(&h, 2);
	rd_copy(&h, p->src, 4);
	rd_copy(&h, p->dst, 4);
	p->ip_version = 4;
	p->transport_at = (uint32_t)s->r.at;
	if (fragment & (MORE_FRAGMENTS | OFFSET))
		return fragment_scan(s, fragment);
	return proto_enter_ip(s, p->protocol);
}

/* ---- options ---- */

static void addresses(struct walk *w, unsigned step, size_t at, size_t len)
{
	static const struct proto_field pointer =
		FIELD("Pointer", 16, 8, SHOW_DEC,
		      .about = "Where in the option the next router reads or writes.");
	static const struct proto_field address = { .name = "Address",
						    .bits = 32,
						    .show = SHOW_IPV4 };

	walk_fields(w, step, &pointer, 1, at, len);
	for (size_t from = 3; from + 4 <= len; from += 4)
		walk_fields(w, step, &address, 1, at + from, 4);
}

/* The destination of the header is then that of the next stop, not the one that checksums cover. */
static void source_route(struct walk *w, unsigned step, size_t at, size_t len)
{
	w->scan.rerouted = true;
	addresses(w, step, at, len);
}

static const struct proto_field timestamp_fields[] = {
	FIELD("Pointer", 16, 8, SHOW_DEC),
	FIELD("Overflow", 24, 4, SHOW_DEC,
	      .about = "Routers that had no room left for their time."),
	FIELD("Kind", 28, 4, SHOW_DEC,
	      .about = "0: times only, 1: addresses and times, 3: of the given addresses only."),
	FIELD("Entries", 32, 0, SHOW_BYTES),
};
static const struct proto_field bytes_field[] = {
	FIELD("Data", 16, 0, SHOW_BYTES),
};
static const struct proto_field alert_field[] = {
	FIELD("Value", 16, 16, SHOW_DEC),
};

static const struct proto_option option_rows[] = {
	OPTION(0, 0, "End of options", .about = "The rest of the header is padding."),
	OPTION(1, 0, "No operation", .about = "A byte that aligns the next option."),
	OPTION(7, 0, "Record route", .more = addresses,
	       .about = "Each router writes its address here."),
	OPTION(68, 0, "Timestamp", PROTO_FIELDS(timestamp_fields),
	       .about = "Each router writes its time here."),
	OPTION(130, 0, "Security", PROTO_FIELDS(bytes_field)),
	OPTION(131, 0, "Loose source route", .more = source_route,
	       .about = "The packet must pass these routers; most networks drop it."),
	OPTION(134, 0, "Commercial security", PROTO_FIELDS(bytes_field)),
	OPTION(136, 4, "Stream identifier", PROTO_FIELDS(alert_field)),
	OPTION(137, 0, "Strict source route", .more = source_route,
	       .about = "The packet must pass exactly these routers; most networks drop it."),
	OPTION(148, 4, "Router alert", PROTO_FIELDS(alert_field),
	       .about = "Asks each router to look inside the packet (RFC 2113)."),
};

static const struct proto_options options = {
	.row = option_rows,
	.count = sizeof(option_rows) / sizeof(option_rows[0]),
	.what = "IPv4 option",
	.singles = 2,
	.zero_ends = true,
	.unit = 1,
};

/* ---- rows ---- */

static void ipv4_more(struct walk *w)
{
	if (w->head_len > HEADER)
		walk_options(w, 1, &options, w->head_at + HEADER, w->head_len - HEADER);
}

static void ipv4_heading(const struct walk *w, struct str *out)
{
	if (w->packet.ip_version != 4)
		return;
	proto_ip_text(out, 4, w->packet.src, w->names);
	str_add(out, " → ");
	proto_ip_text(out, 4, w->packet.dst, w->names);
}

static void version_text(const struct walk *w, struct str *out, uint64_t value)
{
	(void)w;
	str_addf(out, "%u%s", (unsigned)value, value == 4 ? "" : ": this is no IPv4 header");
}

static void header_text(const struct walk *w, struct str *out, uint64_t value)
{
	(void)w;
	str_addf(out, "%u bytes (%u words)%s", (unsigned)value * 4, (unsigned)value,
		 value < 5 ? ": less than any header has" : "");
}

static void total_text(const struct walk *w, struct str *out, uint64_t value)
{
	size_t there = w->caplen - w->head_at;

	str_addf(out, "%u bytes", (unsigned)value);
	if (value == 0)
		str_add(out, ": left for the network card to fill in");
	else if (value < w->head_len)
		str_add(out, ": less than the header");
	else if (value > there && !w->quotes)
		str_addf(out, ", %zu captured", there);
}

static void offset_text(const struct walk *w, struct str *out, uint64_t value)
{
	(void)w;
	str_addf(out, "%u bytes", (unsigned)value * 8);
}

static void checksum_text(const struct walk *w, struct str *out, uint64_t value)
{
	struct rd header = walk_rd(w, w->head_at, w->head_len);

	proto_checksum_text(out, (uint16_t)value, proto_sum(0, header));
}

static const struct proto_field fields[] = {
	FIELD("Version", 0, 4, SHOW_OWN, .text = version_text, .about = "4 for IPv4."),
	FIELD("Header length", 4, 4, SHOW_OWN, .text = header_text,
	      .about = "In words of 4 bytes: 5 without options, at most 15."),
	FIELD("DSCP", 8, 6, SHOW_NAME, .names = &proto_dscp_names,
	      .about = "The class of service that the sender asks routers for."),
	FIELD("ECN", 14, 2, SHOW_NAME, .names = &proto_ecn_names,
	      .about = "A congested router changes ECT to CE instead of dropping the packet."),
	FIELD("Total length", 16, 16, SHOW_OWN, .text = total_text,
	      .about = "Of header and payload; what lies behind it in the frame is padding."),
	FIELD("Identification", 32, 16, SHOW_HEX,
	      .about = "The same in all fragments of one datagram."),
	FIELD("Reserved", 48, 1, SHOW_FLAG),
	FIELD("Don't fragment", 49, 1, SHOW_FLAG,
	      .about = "A router that cannot send it in one piece drops it and says so by ICMP."),
	FIELD("More fragments", 50, 1, SHOW_FLAG, .about = "Set in all fragments but the last."),
	FIELD("Fragment offset", 51, 13, SHOW_OWN, .text = offset_text,
	      .about = "Where this fragment's payload belongs in the datagram."),
	FIELD("Time to live", 64, 8, SHOW_DEC,
	      .about = "Each router takes one off; at 0 the packet is dropped, so loops end."),
	FIELD("Protocol", 72, 8, SHOW_NAME, .names = &proto_ip_names,
	      .about = "What the payload is."),
	FIELD("Header checksum", 80, 16, SHOW_OWN, .text = checksum_text,
	      .about = "Over the header only; each router computes it anew." CHECKSUM_ABOUT),
	FIELD("Source", 96, 32, SHOW_IPV4, .about = "The host that sent the packet."),
	FIELD("Destination", 128, 32, SHOW_IPV4, .about = "The host that the packet is for."),
};

const struct proto proto_ipv4 = {
	.name = "Internet Protocol version 4",
	PROTO_FIELDS(fields),
	.scan = ipv4_scan,
	.heading = ipv4_heading,
	.more = ipv4_more,
};
