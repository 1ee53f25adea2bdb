/*
 * inject: packets that the wire makes.  A segment is named by what it is for, its fields by their names; an ICMP error by
 * what it says.
 */
#include "src/parse_command.h"

#include <string.h>

#include "capture/packet.h"
#include "src/parse_amount.h"
#include "src/parse_impl.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct segment {
	const char *word, *help;
	uint16_t flags;
	uint32_t len;
} segments[] = {
	{ "rst", "a reset", TCP_RST | TCP_ACK, 0 },
	{ "syn", "another SYN", TCP_SYN, 0 },
	{ "fin", "an end", TCP_FIN | TCP_ACK, 0 },
	{ "ack", "an acknowledgment", TCP_ACK, 0 },
	{ "data", "data that nobody wrote", TCP_PSH | TCP_ACK, 1 },
};

/* ---- fields ---- */

static int parse_seq(struct parser *p)
{
	return parse_beside(p, UINT32_MAX, "a sequence number, or +N", &p->line->order.inject.seq);
}

static int parse_ack(struct parser *p)
{
	return parse_beside(p, UINT32_MAX, "a sequence number, or +N", &p->line->order.inject.ack);
}

static int parse_window(struct parser *p)
{
	return parse_beside(p, UINT16_MAX, "a window", &p->line->order.inject.window);
}

static int parse_len(struct parser *p)
{
	int64_t n;

	if (parse_int(p, 0, FORGE_DATA, "a number of bytes", &n))
		return -1;
	p->line->order.inject.len = (uint32_t)n;
	return 0;
}

static int parse_flags_word(struct parser *p)
{
	return parse_tcp_flags(p, &p->line->order.inject.flags);
}

static int parse_host_number(struct parser *p)
{
	char host[SCOPE_NAME];

	if (parse_host(p, host))
		return -1;
	p->line->order.from = (uint8_t)scope_host(p->scope, host, strlen(host));
	return 0;
}

static const struct field {
	const char *word, *help;
	int (*parse)(struct parser *p);
} fields[] = {
	{ "seq", "+N beside the one that is expected", parse_seq },
	{ "ack", "+N beside what could be acknowledged", parse_ack },
	{ "window", "as it stands in the header", parse_window },
	{ "len", "bytes of data", parse_len },
	{ "flags", "SYN|ACK", parse_flags_word },
};

static int parse_fields(struct parser *p)
{
	for (;;) {
		size_t i = 0;

		parser_choose(p);
		for (size_t f = 0; f < COUNT(fields); f++)
			parser_offer(p, fields[f].word, fields[f].help);
		if (parser_at_end(p))
			return 0;
		while (i < COUNT(fields) && !parser_take_word(p, fields[i].word))
			i++;
		if (i == COUNT(fields))
			return parser_expected(p, "seq, ack, window, len or flags");
		if (fields[i].parse(p))
			return -1;
	}
}

static int want_host(struct parser *p, const char *word)
{
	parser_choose(p);
	parser_offer(p, word, "and a host");
	if (parser_take_word(p, word))
		return parse_host_number(p);
	return parser_expected(p, !strcmp(word, "to") ? "to and a host" : "from and a host");
}

/* ---- the two kinds ---- */

static int parse_segment(struct parser *p, const struct segment *s)
{
	struct wire_inject *i = &p->line->order.inject;

	i->flags = s->flags;
	i->len = s->len;
	return want_host(p, "from") ? -1 : parse_fields(p);
}

static int parse_kind(struct parser *p)
{
	struct token t;

	parser_choose(p);
	for (unsigned k = 0; k < FORGE_ICMPS; k++)
		parser_offer(p, forge_icmp_name((enum forge_icmp)k), "an ICMP error");
	t = parser_raw_word(p, "");
	for (unsigned k = 0; k < FORGE_ICMPS; k++) {
		if (!scope_is(forge_icmp_name((enum forge_icmp)k), parser_text(p, &t), t.len))
			continue;
		p->line->order.inject.kind = (enum forge_icmp)k;
		parser_advance(p);
		return 0;
	}
	return parser_expected_not(p, &t, "an ICMP error such as port-unreachable");
}

/* KIND [MTU] to HOST [quoting N] */
static int parse_icmp(struct parser *p)
{
	struct wire_inject *i = &p->line->order.inject;
	int64_t n;

	i->icmp = true;
	if (parse_kind(p))
		return -1;
	if (i->kind == FORGE_NEEDFRAG) {
		if (parse_int(p, 0, UINT16_MAX, "an MTU in bytes", &n))
			return -1;
		i->mtu = (uint32_t)n;
	}
	if (want_host(p, "to"))
		return -1;
	parser_choose(p);
	parser_offer(p, "quoting", "a held packet; else the last one that the host sent");
	if (parser_at_end(p))
		return 0;
	if (!parser_take_word(p, "quoting"))
		return parser_expected(p, "quoting and the number of a held packet");
	if (parse_int(p, 1, INT64_MAX, "the number of a packet", &n))
		return -1;
	i->quotes = (uint64_t)n;
	return 0;
}

int parse_inject(struct parser *p)
{
	p->line->order.verb = WIRE_INJECT;
	parser_choose(p);
	for (size_t i = 0; i < COUNT(segments); i++)
		parser_offer(p, segments[i].word, segments[i].help);
	parser_offer(p, "icmp", "an error that quotes a packet");
	if (parser_take_word(p, "icmp"))
		return parse_icmp(p);
	for (size_t i = 0; i < COUNT(segments); i++)
		if (parser_take_word(p, segments[i].word))
			return parse_segment(p, &segments[i]);
	return parser_expected(p, "rst, syn, fin, ack, data or icmp");
}
