#include "src/parse_amount.h"

#include <string.h>
#include <strings.h>

#include "capture/packet.h"
#include "src/parse_impl.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Digits with up to 6 behind a point, in millionths; how many characters it took, 0: none. */
static size_t take_decimal(const char *text, size_t len, int64_t *millionths)
{
	int64_t scale = 1000000;
	bool point = false;
	size_t i = 0;

	*millionths = 0;
	for (; i < len && i < 12; i++) {
		if (text[i] == '.' && !point && i) {
			point = true;
			continue;
		}
		if (text[i] < '0' || text[i] > '9' || scale == 1)
			break;
		scale /= point ? 10 : 1;
		*millionths = point ? *millionths + (text[i] - '0') * scale
				    : *millionths * 10 + (text[i] - '0') * scale;
	}
	return i;
}

int parse_percent(struct parser *p)
{
	struct token t;
	int64_t n;
	size_t used;

	parser_choose(p);
	parser_placeholder(p, "10%", "the chance that a packet is hit; 0.5%, 100%");
	t = parser_raw_word(p, "");
	used = take_decimal(parser_text(p, &t), t.len, &n);
	if (!used || used + 1 != t.len || parser_text(p, &t)[used] != '%' || n <= 0 ||
	    n > 100000000)
		return parser_expected_not(p, &t, "a chance such as 10% or 0.5%");
	/* At least a millionth, so that a tiny chance is not taken for none said. */
	p->line->order.millionths = n < 100 ? 1 : (uint32_t)(n / 100);
	parser_advance(p);
	return 0;
}

static const struct {
	const char *unit;
	int64_t bits;
} rate_units[] = { { "bit", 1 }, { "kbit", 1000 }, { "mbit", 1000000 }, { "gbit", 1000000000 } };

static bool read_rate(const char *text, size_t len, int64_t *bits)
{
	int64_t n;
	size_t used = take_decimal(text, len, &n);

	for (size_t i = 0; used && i < COUNT(rate_units); i++)
		if (scope_is(rate_units[i].unit, text + used, len - used)) {
			*bits = n <= INT64_MAX / rate_units[i].bits
					? n * rate_units[i].bits / 1000000
					: 0;
			return *bits;
		}
	*bits = 0;
	return len == 1 && text[0] == '0';
}

int parse_bits(struct parser *p)
{
	struct token t;

	parser_choose(p);
	parser_placeholder(p, "RATE", "10mbit, 64kbit, 1.5mbit; 0 ends it");
	t = parser_raw_word(p, "");
	if (!read_rate(parser_text(p, &t), t.len, &p->line->order.bits_per_s))
		return parser_expected_not(p, &t, "a rate such as 10mbit, 64kbit or 0");
	parser_advance(p);
	return 0;
}

/* ---- fields of TCP ---- */

static const struct {
	const char *word;
	uint16_t bit;
} flags[] = {
	{ "fin", TCP_FIN }, { "syn", TCP_SYN }, { "rst", TCP_RST }, { "psh", TCP_PSH },
	{ "ack", TCP_ACK }, { "urg", TCP_URG }, { "ece", TCP_ECE }, { "cwr", TCP_CWR },
};

/* +N or -N: so much beside the right one; N: this one. */
int parse_beside(struct parser *p, int64_t most, const char *what, struct edit_number *out)
{
	bool plus = parser_take_mark(p, '+');

	out->given = true;
	out->relative = plus || (p->tok.kind == TOKEN_NUMBER && p->tok.number < 0);
	return parse_int(p, plus ? 0 : -most, most, what, &out->n);
}

static bool add_flag(const char *text, size_t len, uint16_t *out)
{
	for (size_t i = 0; i < COUNT(flags); i++)
		if (strlen(flags[i].word) == len && !strncasecmp(flags[i].word, text, len)) {
			*out |= flags[i].bit;
			return true;
		}
	return false;
}

int parse_tcp_flags(struct parser *p, uint16_t *out)
{
	struct token t;
	const char *text;

	parser_choose(p);
	parser_placeholder(p, "FLAGS", "SYN|ACK");
	t = parser_raw_word(p, "");
	text = parser_text(p, &t);
	*out = 0;
	for (size_t at = 0; at <= t.len;) {
		const char *bar = memchr(text + at, '|', t.len - at);
		size_t len = bar ? (size_t)(bar - text) - at : t.len - at;

		if (!add_flag(text + at, len, out))
			return parser_expected_not(p, &t, "flags such as RST or SYN|ACK");
		at += len + 1;
	}
	parser_advance(p);
	return 0;
}
