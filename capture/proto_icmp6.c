/* ICMPv6: RFC 4443, neighbour discovery of RFC 4861, multicast listeners of RFC 2710 and RFC 3810.
 */
#include "capture/proto_icmp.h"
#include "capture/proto_igmp.h"

enum { LISTENER_REPORT = 143 };

/* ---- options of neighbour discovery ---- */

static const struct proto_field link_field[] = {
	FIELD("Address", 16, 48, SHOW_MAC),
};
static const struct proto_field prefix_fields[] = {
	FIELD("Prefix length", 16, 8, SHOW_DEC, .unit = "bits"),
	FIELD("On-link", 24, 1, SHOW_FLAG,
	      .about = "Addresses of this prefix are reached without a router."),
	FIELD("Autonomous", 25, 1, SHOW_FLAG,
	      .about = "Hosts may make themselves an address of this prefix."),
	FIELD("Valid lifetime", 32, 32, SHOW_DEC, .unit = "s"),
	FIELD("Preferred lifetime", 64, 32, SHOW_DEC, .unit = "s"),
	FIELD("Prefix", 128, 128, SHOW_IPV6),
};
static const struct proto_field mtu_option_field[] = {
	FIELD("MTU", 32, 32, SHOW_DEC, .unit = "bytes"),
};
static const struct proto_field bytes_field[] = {
	FIELD("Data", 16, 0, SHOW_BYTES),
};
static const struct proto_field resolver_fields[] = {
	FIELD("Lifetime", 32, 32, SHOW_DEC, .unit = "s"),
	FIELD("First resolver", 64, 128, SHOW_IPV6),
};

static const struct proto_option option_rows[] = {
	OPTION(1, 8, "Source link-layer address", PROTO_FIELDS(link_field)),
	OPTION(2, 8, "Target link-layer address", PROTO_FIELDS(link_field)),
	OPTION(3, 32, "Prefix information", PROTO_FIELDS(prefix_fields)),
	OPTION(4, 0, "Redirected header", PROTO_FIELDS(bytes_field)),
	OPTION(5, 8, "MTU", PROTO_FIELDS(mtu_option_field)),
	OPTION(14, 0, "Nonce", PROTO_FIELDS(bytes_field)),
	OPTION(24, 0, "Route information", PROTO_FIELDS(bytes_field)),
	OPTION(25, 0, "Recursive DNS server", PROTO_FIELDS(resolver_fields)),
	OPTION(31, 0, "DNS search list", PROTO_FIELDS(bytes_field)),
};

static const struct proto_options options = {
	.row = option_rows,
	.count = sizeof(option_rows) / sizeof(option_rows[0]),
	.what = "ND option",
	.unit = 8,
};

/* ---- types ---- */

static const struct name unreachable_rows[] = {
	{ 0, "no route", NULL },
	{ 1, "communication prohibited", NULL },
	{ 2, "beyond scope of source", NULL },
	{ 3, "address unreachable", NULL },
	{ 4, "port unreachable", NULL },
	{ 5, "source address failed policy", NULL },
	{ 6, "route rejected", NULL },
	{ 7, "error in source routing header", NULL },
};
static NAME_TABLE(unreachable_names, unreachable_rows, "ICMPv6 code");

static const struct name exceeded_rows[] = {
	{ 0, "hop limit exceeded", NULL },
	{ 1, "reassembly time exceeded", NULL },
};
static NAME_TABLE(exceeded_names, exceeded_rows, "ICMPv6 code");

static const struct name problem_rows[] = {
	{ 0, "erroneous header field", NULL },
	{ 1, "unknown next header", NULL },
	{ 2, "unknown option", NULL },
};
static NAME_TABLE(problem_names, problem_rows, "ICMPv6 code");

static const struct proto_field mtu_field[] = {
	FIELD("MTU", 32, 32, SHOW_DEC, .unit = "bytes",
	      .about = "The largest packet that would have passed: the sender must send smaller "
		       "ones."),
};
static const struct proto_field pointer_field[] = {
	FIELD("Pointer", 32, 32, SHOW_DEC, .about = "Which byte of the quoted packet is wrong."),
};
static const struct proto_field router_fields[] = {
	FIELD("Hop limit", 32, 8, SHOW_DEC),
	FIELD("Managed addresses", 40, 1, SHOW_FLAG,
	      .about = "Hosts should ask DHCPv6 for an address."),
	FIELD("Other configuration", 41, 1, SHOW_FLAG,
	      .about = "Hosts should ask DHCPv6 for other settings."),
	FIELD("Router lifetime", 48, 16, SHOW_DEC, .unit = "s"),
	FIELD("Reachable time", 64, 32, SHOW_DEC, .unit = "ms"),
	FIELD("Retransmission timer", 96, 32, SHOW_DEC, .unit = "ms"),
};
static const struct proto_field reserved_field[] = {
	FIELD("Reserved", 32, 32, SHOW_HEX),
};
static const struct proto_field solicitation_fields[] = {
	FIELD("Reserved", 32, 32, SHOW_HEX),
	FIELD("Target", 64, 128, SHOW_IPV6, .about = "The IP address that is looked for."),
};
static const struct proto_field advertisement_fields[] = {
	FIELD("Router", 32, 1, SHOW_FLAG),
	FIELD("Solicited", 33, 1, SHOW_FLAG, .about = "It answers a solicitation."),
	FIELD("Override", 34, 1, SHOW_FLAG, .about = "Replaces what neighbours remember."),
	FIELD("Target", 64, 128, SHOW_IPV6, .about = "The IP address that is on this link."),
};
static const struct proto_field redirect_fields[] = {
	FIELD("Reserved", 32, 32, SHOW_HEX),
	FIELD("Target", 64, 128, SHOW_IPV6, .about = "The better first hop."),
	FIELD("Destination", 192, 128, SHOW_IPV6),
};
static const struct proto_field listener_fields[] = {
	FIELD("Maximum response delay", 32, 16, SHOW_DEC, .unit = "ms"),
	FIELD("Reserved", 48, 16, SHOW_HEX),
	FIELD("Multicast address", 64, 128, SHOW_IPV6),
};
static const struct proto_field report_fields[] = {
	FIELD("Reserved", 32, 16, SHOW_HEX),
	FIELD("Records", 48, 16, SHOW_DEC),
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

static void report_words(struct str *out, struct rd message)
{
	str_add(out, "  ");
	igmp_records_words(out, message, 6);
}

static const struct icmp_type type_rows[] = {
	TYPE(1, "destination unreachable", .codes = &unreachable_names, .quotes = true),
	TYPE(2, "packet too big", .quotes = true, PROTO_FIELDS(mtu_field), .words = mtu_words),
	TYPE(3, "time exceeded", .codes = &exceeded_names, .quotes = true),
	TYPE(4, "parameter problem", .codes = &problem_names, .quotes = true,
	     PROTO_FIELDS(pointer_field)),
	TYPE(128, "echo request", PROTO_FIELDS(icmp_echo_fields), .words = icmp_echo_words),
	TYPE(129, "echo reply", PROTO_FIELDS(icmp_echo_fields), .words = icmp_echo_words),
	TYPE(130, "multicast listener query", PROTO_FIELDS(listener_fields),
	     .words = advertisement_words),
	TYPE(131, "multicast listener report", PROTO_FIELDS(listener_fields),
	     .words = advertisement_words),
	TYPE(132, "multicast listener done", PROTO_FIELDS(listener_fields),
	     .words = advertisement_words),
	TYPE(133, "router solicitation", PROTO_FIELDS(reserved_field), .options = &options),
	TYPE(134, "router advertisement", PROTO_FIELDS(router_fields), .options = &options),
	TYPE(135, "neighbor solicitation", PROTO_FIELDS(solicitation_fields), .options = &options,
	     .words = solicitation_words),
	TYPE(136, "neighbor advertisement", PROTO_FIELDS(advertisement_fields), .options = &options,
	     .words = advertisement_words),
	TYPE(137, "redirect", PROTO_FIELDS(redirect_fields), .options = &options),
	TYPE(LISTENER_REPORT, "multicast listener report v2", PROTO_FIELDS(report_fields),
	     .words = report_words),
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
	if (w->packet.has_transport && w->packet.icmp_type == LISTENER_REPORT)
		igmp_records_rows(w, 6);
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
	FIELD("Type", 0, 8, SHOW_OWN, .text = type_text,
	      .about = "What the message is about; below 128 it is an error."),
	FIELD("Code", 8, 8, SHOW_OWN, .text = code_text, .about = "The type in more detail."),
	FIELD("Checksum", 16, 16, SHOW_OWN, .text = checksum_text,
	      .about = "Over the addresses and the whole message." CHECKSUM_ABOUT),
};

const struct proto proto_icmpv6 = {
	.name = "Internet Control Message Protocol v6",
	PROTO_FIELDS(fields),
	.scan = icmp_scan,
	.heading = heading,
	.more = more,
	.summary = summary,
};
