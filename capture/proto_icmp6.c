/* ICMPv6: RFC 4443, neighbour discovery of RFC 4861, multicast listeners of RFC 2710 and RFC 3810. */
#include "capture/proto_icmp.h"

/* ---- options of neighbour discovery ---- */

static const struct proto_field link_field[] = {
	{ .name = "Address", .at = 16, .bits = 48, .show = SHOW_MAC },
};
static const struct proto_field prefix_fields[] = {
	{ .name = "Prefix length", .at = 16, .bits = 8, .show = SHOW_DEC, .unit = "bits" },
	{ .name = "On-link", .at = 24, .bits = 1, .show = SHOW_FLAG,
	  .about = "Addresses of this prefix are reached without a router." },
	{ .name = "Autonomous", .at = 25, .bits = 1, .show = SHOW_FLAG,
	  .about = "Hosts may make themselves an address of this prefix." },
	{ .name = "Valid lifetime", .at = 32, .bits = 32, .show = SHOW_DEC, .unit = "s" },
	{ .name = "Preferred lifetime", .at = 64, .bits = 32, .show = SHOW_DEC, .unit = "s" },
	{ .name = "Prefix", .at = 128, .bits = 128, .show = SHOW_IPV6 },
};
static const struct proto_field mtu_option_field[] = {
	{ .name = "MTU", .at = 32, .bits = 32, .show = SHOW_DEC, .unit = "bytes" },
};
static const struct proto_field bytes_field[] = {
	{ .name = "Data", .at = 16, .bits = 0, .show = SHOW_BYTES },
};
static const struct proto_field resolver_fields[] = {
	{ .name = "Lifetime", .at = 32, .bits = 32, .show = SHOW_DEC, .unit = "s" },
	{ .name = "First resolver", .at = 64, .bits = 128, .show = SHOW_IPV6 },
};

static const struct proto_option option_rows[] = {
	{ .kind = 1, .len = 8, .name = "Source link-layer address", PROTO_FIELDS(link_field) },
	{ .kind = 2, .len = 8, .name = "Target link-layer address", PROTO_FIELDS(link_field) },
	{ .kind = 3, .len = 32, .name = "Prefix information", PROTO_FIELDS(prefix_fields) },
	{ .kind = 4, .name = "Redirected header", PROTO_FIELDS(bytes_field) },
	{ .kind = 5, .len = 8, .name = "MTU", PROTO_FIELDS(mtu_option_field) },
	{ .kind = 14, .name = "Nonce", PROTO_FIELDS(bytes_field) },
	{ .kind = 24, .name = "Route information", PROTO_FIELDS(bytes_field) },
	{ .kind = 25, .name = "Recursive DNS server", PROTO_FIELDS(resolver_fields) },
	{ .kind = 31, .name = "DNS search list", PROTO_FIELDS(bytes_field) },
};

static const struct proto_options options = {
	.row = option_rows,
	.count = sizeof(option_rows) / sizeof(option_rows[0]),
	.what = "ND option",
	.unit = 8,
};

/* ---- types ---- */

static const struct name unreachable_rows[] = {
	{ 0, "no route", NULL }, { 1, "communication prohibited", NULL },
	{ 2, "beyond scope of source", NULL }, { 3, "address unreachable", NULL },
	{ 4, "port unreachable", NULL }, { 5, "source address failed policy", NULL },
	{ 6, "route rejected", NULL }, { 7, "error in source routing header", NULL },
};
static NAME_TABLE(unreachable_names, unreachable_rows, "ICMPv6 code");

static const struct name exceeded_rows[] = {
	{ 0, "hop limit exceeded", NULL }, { 1, "reassembly time exceeded", NULL },
};
static NAME_TABLE(exceeded_names, exceeded_rows, "ICMPv6 code");

static const struct name problem_rows[] = {
	{ 0, "erroneous header field", NULL }, { 1, "unknown next header", NULL },
	{ 2, "unknown option", NULL },
};
static NAME_TABLE(problem_names, problem_rows, "ICMPv6 code");

static const struct proto_field mtu_field[] = {
	{ .name = "MTU", .at = 32, .bits = 32, .show = SHOW_DEC, .unit = "bytes",
	  .about = "The largest packet that would have passed: the sender must send smaller ones." },
};
static const struct proto_field pointer_field[] = {
	{ .name = "Pointer", .at = 32, .bits = 32, .show = SHOW_DEC,
	  .about = "Which byte of the quoted packet is wrong." },
};
static const struct proto_field router_fields[] = {
	{ .name = "Hop limit", .at = 32, .bits = 8, .show = SHOW_DEC },
	{ .name = "Managed addresses", .at = 40, .bits = 1, .show = SHOW_FLAG,
	  .about = "Hosts should ask DHCPv6 for an address." },
	{ .name = "Other configuration", .at = 41, .bits = 1, .show = SHOW_FLAG,
	  .about = "Hosts should ask DHCPv6 for other settings." },
	{ .name = "Router lifetime", .at = 48, .bits = 16, .show = SHOW_DEC, .unit = "s" },
	{ .name = "Reachable time", .at = 64, .bits = 32, .show = SHOW_DEC, .unit = "ms" },
	{ .name = "Retransmission timer", .at = 96, .bits = 32, .show = SHOW_DEC, .unit = "ms" },
};
static const struct proto_field reserved_field[] = {
	{ .name = "Reserved", .at = 32, .bits = 32, .show = SHOW_HEX },
};
static const struct proto_field solicitation_fields[] = {
	{ .name = "Reserved", .at = 32, .bits = 32, .show = SHOW_HEX },
	{ .name = "Target", .at = 64, .bits = 128, .show = SHOW_IPV6,
	  .about = "The IP address that is looked for." },
};
static const struct proto_field advertisement_fields[] = {
	{ .name = "Router", .at = 32, .bits = 1, .show = SHOW_FLAG },
	{ .name = "Solicited", .at = 33, .bits = 1, .show = SHOW_FLAG,
	  .about = "It answers a solicitation." },
	{ .name = "Override", .at = 34, .bits = 1, .show = SHOW_FLAG,
	  .about = "Replaces what neighbours remember." },
	{ .name = "Target", .at = 64, .bits = 128, .show = SHOW_IPV6,
	  .about = "The IP address that is on this link." },
};
static const struct proto_field redirect_fields[] = {
	{ .name = "Reserved", .at = 32, .bits = 32, .show = SHOW_HEX },
	{ .name = "Target", .at = 64, .bits = 128, .show = SHOW_IPV6, .about = "The better first hop." },
	{ .name = "Destination", .at = 192, .bits = 128, .show = SHOW_IPV6 },
};
static const struct proto_field listener_fields[] = {
	{ .name = "Maximum response delay", .at = 32, .bits = 16, .show = SHOW_DEC, .unit = "ms" },
	{ .name = "Reserved", .at = 48, .bits = 16, .show = SHOW_HEX },
	{ .name = "Multicast address", .at = 64, .bits = 128, .show = SHOW_IPV6 },
};
static const struct proto_field report_fields[] = {
	{ .name = "Reserved", .at = 32, .bits = 16, .show = SHOW_HEX },
	{ .name = "Records", .at = 48, .bits = 16, .show = SHOW_DEC },
};

static void target_words(struct str *out, struct rd message, const char *word)
{
	const uint8_t *target;

	rd_skip(&message, 8);
	target = rd_bytes(&message, 16);
	if (!target)
		return;
	str_add(out, word);
	proto_ip_text(out, 6, target, NULL);
}

static void solicitation_words(struct str *out, struct rd message)
{
	target_words(out, message, "  who has ");
}

static void advertisement_words(struct str *out, struct rd message)
{
	target_words(out, message, "  ");
}

static void mtu_words(struct str *out, struct rd message)
{
	rd_skip(&message, 4);
	str_addf(out, "  mtu %u ", rd_be32(&message));
}

static const struct icmp_type type_rows[] = {
	{ .type = 1, .name = "destination unreachable", .codes = &unreachable_names, .quotes = true },
	{ .type = 2, .name = "packet too big", .quotes = true, PROTO_FIELDS(mtu_field), .words = mtu_words },
	{ .type = 3, .name = "time exceeded", .codes = &exceeded_names, .quotes = true },
	{ .type = 4, .name = "parameter problem", .codes = &problem_names, .quotes = true,
	  PROTO_FIELDS(pointer_field) },
	{ .type = 128, .name = "echo request", PROTO_FIELDS(icmp_echo_fields), .words = icmp_echo_words },
	{ .type = 129, .name = "echo reply", PROTO_FIELDS(icmp_echo_fields), .words = icmp_echo_words },
	{ .type = 130, .name = "multicast listener query", PROTO_FIELDS(listener_fields),
	  .words = advertisement_words },
	{ .type = 131, .name = "multicast listener report", PROTO_FIELDS(listener_fields),
	  .words = advertisement_words },
	{ .type = 132, .name = "multicast listener done", PROTO_FIELDS(listener_fields),
	  .words = advertisement_words },
	{ .type = 133, .name = "router solicitation", PROTO_FIELDS(reserved_field), .options = &options },
	{ .type = 134, .name = "router advertisement", PROTO_FIELDS(router_fields), .options = &options },
	{ .type = 135, .name = "neighbor solicitation", PROTO_FIELDS(solicitation_fields),
	  .options = &options, .words = solicitation_words },
	{ .type = 136, .name = "neighbor advertisement", PROTO_FIELDS(advertisement_fields),
	  .options = &options, .words = advertisement_words },
	{ .type = 137, .name = "redirect", PROTO_FIELDS(redirect_fields), .options = &options },
	{ .type = 143, .name = "multicast listener report v2", PROTO_FIELDS(report_fields) },
};

static const struct icmp_types types = {
	.row = type_rows,
	.count = sizeof(type_rows) / sizeof(type_rows[0]),
	.prefix = "ICMPv6",
	.ip_version = 6,
};

/* ---- the protocol ---- */

static void summary(struct str *out, const struct summary *s)
{
	icmp_summary_of(&types, out, s);
}

static void more(struct walk *w)
{
	icmp_more_of(&types, w);
}

static void heading(const struct walk *w, struct str *out)
{
	if (w->packet.has_transport)
		icmp_name(&types, out, w->packet.icmp_type, w->packet.icmp_code);
}

static void type_text(const struct walk *w, struct str *out, uint64_t value)
{
	(void)w;
	icmp_type_text(&types, out, (uint8_t)value);
}

static void code_text(const struct walk *w, struct str *out, uint64_t value)
{
	icmp_code_text(&types, out, w->packet.icmp_type, (uint8_t)value);
}

static void checksum_text(const struct walk *w, struct str *out, uint64_t value)
{
	walk_checksum_text(w, out, (uint16_t)value, true);
}

static const struct proto_field fields[] = {
	{ .name = "Type", .at = 0, .bits = 8, .show = SHOW_OWN, .text = type_text,
	  .about = "What the message is about; below 128 it is an error." },
	{ .name = "Code", .at = 8, .bits = 8, .show = SHOW_OWN, .text = code_text,
	  .about = "The type in more detail." },
	{ .name = "Checksum", .at = 16, .bits = 16, .show = SHOW_OWN, .text = checksum_text,
	  .about = "Over the addresses and the whole message." CHECKSUM_ABOUT },
};

const struct proto proto_icmpv6 = {
	.name = "Internet Control Message Protocol v6",
	PROTO_FIELDS(fields),
	.scan = icmp_scan,
	.heading = heading,
	.more = more,
	.summary = summary,
};
