/* ICMP, RFC 792 and its additions; and what it shares with ICMPv6. */
#include "capture/proto_icmp.h"

/* A request and its reply: they share an identifier, by which several that are under way are told apart. */
static bool is_echo(const struct packet *p)
{
	if (p->ip_version == 6)
		return p->icmp_type == 128 || p->icmp_type == 129;
	return p->icmp_type == 8 || p->icmp_type == 0;
}

const struct proto *icmp_scan(struct scan *s)
{
	struct packet *p = s->p;
	const uint8_t *more;
	struct rd h;
	size_t rest;

	if (!scan_head(s, 4, &h))
		return NULL;
	p->icmp_type = rd_u8(&h);
	p->icmp_code = rd_u8(&h);
	p->has_transport = true;
	p->payload_known = !p->fragment;
	/* A message of 4 bytes is malformed, but its type has been read. */
	rest = scan_left(s) < 4 ? scan_left(s) : 4;
	more = rd_bytes(&s->r, rest);
	if (!more) {
		p->cut = true;
	} else if (is_echo(p)) {
		h = rd_on(more, rest);
		p->src_port = p->dst_port = rd_be16(&h);
	}
	return NULL;
}

static const struct icmp_type *type_find(const struct icmp_types *types, uint8_t type)
{
	for (size_t i = 0; i < types->count; i++)
		if (types->row[i].type == type)
			return &types->row[i];
	return NULL;
}

void icmp_name(const struct icmp_types *types, struct str *out, uint8_t type, uint8_t code)
{
	const struct icmp_type *t = type_find(types, type);
	const struct name *n = t && t->codes ? name_of(t->codes, code) : NULL;

	if (n)
		str_add(out, n->name);
	else if (t && !t->codes && !code)
		str_add(out, t->name);
	else if (t)
		str_addf(out, "%s code %u", t->name, code);
	else
		str_addf(out, "type %u code %u", type, code);
}

void icmp_type_text(const struct icmp_types *types, struct str *out, uint8_t type)
{
	const struct icmp_type *t = type_find(types, type);

	str_addf(out, "%s (%u)", t ? t->name : "unknown", type);
}

void icmp_code_text(const struct icmp_types *types, struct str *out, uint8_t type, uint8_t code)
{
	const struct icmp_type *t = type_find(types, type);
	const struct name *n = t && t->codes ? name_of(t->codes, code) : NULL;

	if (n)
		str_addf(out, "%s (%u)", n->name, code);
	else
		str_addf(out, "%u", code);
}

/* ---- the ladder's words ---- */

static void quote_words(const struct icmp_types *types, struct str *out, const struct summary *s)
{
	struct packet quoted;

	proto_parse_quote(&quoted, types->ip_version, s->bytes, s->p->transport_at + ICMP_HEADER,
			  s->caplen);
	if (!quoted.ip_version)
		return;
	str_add(out, " (");
	proto_ip_name(out, quoted.protocol);
	if (quoted.has_ports)
		str_addf(out, " %u", quoted.dst_port);
	str_add(out, ")");
}

static struct rd message_rd(const struct summary *s)
{
	struct rd r = rd_on(s->bytes, s->caplen);

	rd_skip(&r, s->p->transport_at);
	return rd_rest(&r);
}

void icmp_summary_of(const struct icmp_types *types, struct str *out, const struct summary *s)
{
	const struct packet *p = s->p;
	const struct icmp_type *t = type_find(types, p->icmp_type);

	str_add(out, types->prefix);
	if (!p->has_transport)
		return;
	str_add(out, " ");
	icmp_name(types, out, p->icmp_type, p->icmp_code);
	if (t && t->words)
		t->words(out, message_rd(s));
	if (t && t->quotes)
		quote_words(types, out, s);
}

void icmp_echo_words(struct str *out, struct rd message)
{
	unsigned id;

	rd_skip(&message, 4);
	id = rd_be16(&message);
	str_addf(out, "  id %u  seq %u", id, rd_be16(&message));
}

/* ---- rows ---- */

static void options_rows(const struct icmp_type *t, struct walk *w)
{
	size_t at = w->head_at + (t->field[t->fields - 1].at + t->field[t->fields - 1].bits) / 8u;

	if (at >= w->scan.r.len)
		return;
	walk_options(w, 1, t->options, at, w->scan.r.len - at);
	rd_skip(&w->scan.r, rd_left(&w->scan.r));
}

/* Consumes what of the message lies behind its first 8 bytes and belongs to its fields. */
static void fields_rows(const struct icmp_type *t, struct walk *w)
{
	size_t end = w->head_at + (t->field[t->fields - 1].at + t->field[t->fields - 1].bits) / 8u;

	walk_fields(w, 1, t->field, t->fields, w->head_at, w->scan.r.len - w->head_at);
	if (end > w->scan.r.at)
		rd_skip(&w->scan.r, end - w->scan.r.at);
	if (t->options)
		options_rows(t, w);
}

void icmp_more_of(const struct icmp_types *types, struct walk *w)
{
	static const struct proto_field unused = FIELD("Rest of header", 32, 32, SHOW_HEX);
	const struct icmp_type *t = type_find(types, w->packet.icmp_type);

	if (!w->packet.has_transport)
		return;
	if (t && t->fields)
		fields_rows(t, w);
	else
		walk_fields(w, 1, &unused, 1, w->head_at, w->head_len);
	if (t && t->quotes)
		walk_quote(w, types->ip_version == 6 ? &proto_ipv6 : &proto_ipv4);
}

const struct proto_field icmp_echo_fields[2] = {
	FIELD("Identifier", 32, 16, SHOW_DEC, .about = "The same in all requests of one program."),
	FIELD("Sequence number", 48, 16, SHOW_DEC,
	      .about = "Counts the requests; the reply has the same number."),
};

/* ---- ICMP for IPv4 ---- */

static const struct name unreachable_rows[] = {
	{ 0, "network unreachable", NULL },
	{ 1, "host unreachable", NULL },
	{ 2, "protocol unreachable", NULL },
	{ 3, "port unreachable", NULL },
	{ 4, "fragmentation needed", NULL },
	{ 5, "source route failed", NULL },
	{ 6, "network unknown", NULL },
	{ 7, "host unknown", NULL },
	{ 8, "source host isolated", NULL },
	{ 9, "network prohibited", NULL },
	{ 10, "host prohibited", NULL },
	{ 11, "network unreachable for this service", NULL },
	{ 12, "host unreachable for this service", NULL },
	{ 13, "communication prohibited", NULL },
	{ 14, "host precedence violation", NULL },
	{ 15, "precedence cutoff", NULL },
};
static NAME_TABLE(unreachable_names, unreachable_rows, "ICMP code");

static const struct name redirect_rows[] = {
	{ 0, "redirect for network", NULL },
	{ 1, "redirect for host", NULL },
	{ 2, "redirect for service and network", NULL },
	{ 3, "redirect for service and host", NULL },
};
static NAME_TABLE(redirect_names, redirect_rows, "ICMP code");

static const struct name exceeded_rows[] = {
	{ 0, "time to live exceeded", NULL },
	{ 1, "reassembly time exceeded", NULL },
};
static NAME_TABLE(exceeded_names, exceeded_rows, "ICMP code");

static const struct proto_field unreachable_fields[] = {
	FIELD("Unused", 32, 16, SHOW_HEX),
	FIELD("Next-hop MTU", 48, 16, SHOW_DEC, .unit = "bytes",
	      .about = "With fragmentation needed: the largest packet that would have passed (RFC "
		       "1191)."),
};
static const struct proto_field gateway_field[] = {
	FIELD("Gateway", 32, 32, SHOW_IPV4, .about = "The better router for this destination."),
};
static const struct proto_field pointer_field[] = {
	FIELD("Pointer", 32, 8, SHOW_DEC, .about = "Which byte of the quoted header is wrong."),
};
static const struct proto_field timestamp_fields[] = {
	FIELD("Identifier", 32, 16, SHOW_DEC),
	FIELD("Sequence number", 48, 16, SHOW_DEC),
	FIELD("Originate", 64, 32, SHOW_DEC, .unit = "ms since midnight UTC"),
	FIELD("Receive", 96, 32, SHOW_DEC, .unit = "ms since midnight UTC"),
	FIELD("Transmit", 128, 32, SHOW_DEC, .unit = "ms since midnight UTC"),
};

static void unreachable_words(struct str *out, struct rd message)
{
	uint8_t code;
	uint16_t mtu;

	rd_skip(&message, 1);
	code = rd_u8(&message);
	rd_skip(&message, 4);
	mtu = rd_be16(&message);
	if (code == 4)
		str_addf(out, "  mtu %u ", mtu);
}

static const struct icmp_type type_rows[] = {
	TYPE(0, "echo reply", PROTO_FIELDS(icmp_echo_fields), .words = icmp_echo_words),
	TYPE(3, "destination unreachable", .codes = &unreachable_names, .quotes = true,
	     PROTO_FIELDS(unreachable_fields), .words = unreachable_words),
	TYPE(4, "source quench", .quotes = true),
	TYPE(5, "redirect", .codes = &redirect_names, .quotes = true, PROTO_FIELDS(gateway_field)),
	TYPE(8, "echo request", PROTO_FIELDS(icmp_echo_fields), .words = icmp_echo_words),
	TYPE(9, "router advertisement"),
	TYPE(10, "router solicitation"),
	TYPE(11, "time exceeded", .codes = &exceeded_names, .quotes = true),
	TYPE(12, "parameter problem", .quotes = true, PROTO_FIELDS(pointer_field)),
	TYPE(13, "timestamp request", PROTO_FIELDS(timestamp_fields), .words = icmp_echo_words),
	TYPE(14, "timestamp reply", PROTO_FIELDS(timestamp_fields), .words = icmp_echo_words),
	TYPE(42, "extended echo request"),
	TYPE(43, "extended echo reply"),
};

static const struct icmp_types types = {
	.row = type_rows,
	.count = sizeof(type_rows) / sizeof(type_rows[0]),
	.prefix = "ICMP",
	.ip_version = 4,
};

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
	walk_checksum_text(w, out, (uint16_t)value, false);
}

static const struct proto_field fields[] = {
	FIELD("Type", 0, 8, SHOW_OWN, .text = type_text, .about = "What the message is about."),
	FIELD("Code", 8, 8, SHOW_OWN, .text = code_text, .about = "The type in more detail."),
	FIELD("Checksum", 16, 16, SHOW_OWN, .text = checksum_text,
	      .about = "Over the whole message." CHECKSUM_ABOUT),
};

const struct proto proto_icmp = {
	.name = "Internet Control Message Protocol",
	PROTO_FIELDS(fields),
	.scan = icmp_scan,
	.heading = heading,
	.more = more,
	.summary = summary,
};
