/*
 * What may stand behind a command of the wire are clauses: a word and what belongs to it, in any order.  Each command
 * allows some of them; a new one is a row of the table.
 */
#include "src/parse_command.h"

#include <stdlib.h>
#include <string.h>

#include "capture/live.h"
#include "capture/packet.h"
#include "src/lab/pipe.h"
#include "src/parse_amount.h"
#include "src/parse_impl.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- clauses ---- */

/* A chance may be left out: then every packet is meant that the clauses describe. */
static int parse_chance(struct parser *p)
{
	return p->tok.kind == TOKEN_NUMBER || p->tok.kind == TOKEN_BAD ? parse_percent(p) : 0;
}

/* The lab numbers its hosts in the order in which the scope has them. */
static int parse_from(struct parser *p)
{
	char host[SCOPE_NAME];

	if (parse_host(p, host))
		return -1;
	p->line->order.from = (uint8_t)scope_host(p->scope, host, strlen(host));
	return 0;
}

/* Takes the word that ends text, if it is this one; *len shrinks. */
static bool cut_word(const char *text, size_t *len, const char *word)
{
	size_t n = strlen(word);

	if (*len <= n || memcmp(text + *len - n, word, n) != 0 || text[*len - n - 1] != ' ')
		return false;
	for (*len -= n; *len && text[*len - 1] == ' '; --*len)
		;
	return true;
}

/* Takes "count N" from the end of text. */
static bool cut_number(const char *text, size_t *len, const char *word, uint32_t *out)
{
	size_t digits = *len, end = *len;
	uint32_t n = 0;

	while (digits && text[digits - 1] >= '0' && text[digits - 1] <= '9')
		digits--;
	if (digits == end || end - digits > 6)
		return false;
	for (size_t i = digits; i < end; i++)
		n = n * 10 + (uint32_t)(text[i] - '0');
	while (digits && text[digits - 1] == ' ')
		digits--;
	if (!cut_word(text, &digits, word))
		return false;
	*len = digits;
	*out = n;
	return true;
}

/* Takes "every 3" or "every 3rd" from the end of text. */
static bool cut_ordinal(const char *text, size_t *len, uint32_t *out)
{
	size_t end = *len;
	bool spoken =
		end > 2 && text[end - 1] >= 'a' && text[end - 3] >= '0' && text[end - 3] <= '9';

	end -= spoken ? 2 : 0;
	if (!cut_number(text, &end, "every", out))
		return false;
	*len = end;
	return true;
}

static int check_filter(struct parser *p, size_t at, const char *filter)
{
	struct err e = { 0 };
	struct live_filter *f = live_filter_new(filter, LINK_ETHERNET, &e);

	if (!f)
		return parser_fail(
			p, at,
			"filters are written as in pcap-filter(7), for example: tcp port 8080",
			"%s", e.what);
	live_filter_free(f);
	return 0;
}

/* FILTER [once] [every N] [count N] [seed N]: the filter is everything in front of these words. */
static int parse_filter(struct parser *p)
{
	struct wire_order *o = &p->line->order;
	uint32_t seed = 0;
	struct token t;
	size_t len;
	const char *text;

	parser_placeholder(p, "FILTER", "as in pcap-filter(7), for example: tcp port 8080");
	t = parser_raw_rest(p, true);
	text = parser_text(p, &t);
	len = t.len;
	while ((!o->once && (o->once = cut_word(text, &len, "once"))) ||
	       (!o->every && cut_number(text, &len, "count", &o->every)) ||
	       (!o->every && cut_ordinal(text, &len, &o->every)) ||
	       (!o->seed && cut_number(text, &len, "seed", &seed)))
		o->seed = seed ? seed : o->seed;
	if (!len)
		return parser_fail(p, t.at, "for example: hold if tcp[tcpflags] & tcp-fin != 0",
				   "expected a filter");
	if (len >= sizeof(o->filter) || memchr(text, '\0', len))
		return parser_fail(p, t.at, NULL, "a filter has at most %zu bytes",
				   sizeof(o->filter) - 1);

	struct str filter = str_on(o->filter, sizeof(o->filter));

	str_addn(&filter, text, len);
	return check_filter(p, t.at, o->filter);
}

static int parse_u32(struct parser *p, int64_t low, int64_t high, const char *what, uint32_t *out)
{
	int64_t n;

	if (parse_int(p, low, high, what, &n))
		return -1;
	*out = (uint32_t)n;
	return 0;
}

static int parse_count(struct parser *p)
{
	return parse_u32(p, 1, 1000000, "a count", &p->line->order.every);
}

/* 3, or as one says it: 3rd, 2nd, 5th. */
static int parse_every(struct parser *p)
{
	static const char *const endings[] = { "", "st", "nd", "rd", "th" };
	uint32_t n = 0;
	struct token t;
	const char *text;
	size_t at = 0;

	parser_choose(p);
	parser_placeholder(p, "N", "3, or 3rd");
	t = parser_raw_word(p, "");
	text = parser_text(p, &t);
	for (; at < t.len && at < 6 && text[at] >= '0' && text[at] <= '9'; at++)
		n = n * 10 + (uint32_t)(text[at] - '0');
	for (size_t i = 0; n && i < COUNT(endings); i++)
		if (strlen(endings[i]) == t.len - at &&
		    !memcmp(text + at, endings[i], t.len - at)) {
			p->line->order.every = n;
			parser_advance(p);
			return 0;
		}
	return parser_expected_not(p, &t, "a count such as 3 or 3rd");
}

static int parse_once(struct parser *p)
{
	p->line->order.once = true;
	return 0;
}

/* next [N] */
static int parse_next(struct parser *p)
{
	p->line->order.next = 1;
	return p->tok.kind == TOKEN_NUMBER
		       ? parse_u32(p, 1, 1000000, "a number of packets", &p->line->order.next)
		       : 0;
}

static int parse_seed_number(struct parser *p)
{
	int64_t n;

	if (parse_int(p, 1, INT64_MAX, "a seed", &n))
		return -1;
	p->line->order.seed = (uint64_t)n;
	return 0;
}

static int parse_burst(struct parser *p)
{
	return parse_u32(p, 1, WIRE_BURST_MAX, "a number of packets", &p->line->order.burst);
}

static int parse_by(struct parser *p)
{
	return parse_time(p, &p->line->order.by_ns);
}

static int parse_mended(struct parser *p)
{
	p->line->order.mended = true;
	return 0;
}

static int parse_jitter(struct parser *p)
{
	return parse_time(p, &p->line->order.jitter_ns);
}

static int parse_queue(struct parser *p)
{
	return parse_u32(p, 1, PIPE_QUEUE_MAX, "a number of packets", &p->line->order.queue);
}

static int parse_silent(struct parser *p)
{
	p->line->order.silent = true;
	return 0;
}

enum {
	CAN_FROM = 1u << 0,
	CAN_IF = 1u << 1,
	CAN_ONCE = 1u << 2,
	CAN_COUNT = 1u << 3,
	CAN_NEXT = 1u << 4,
	CAN_SEED = 1u << 5,
	CAN_BURST = 1u << 6,
	CAN_BY = 1u << 7,
	CAN_MENDED = 1u << 8,
	CAN_JITTER = 1u << 9,
	CAN_QUEUE = 1u << 10,
	CAN_SILENT = 1u << 11,
	CAN_EVERY = 1u << 12,
};
#define CAN_CHOOSE (CAN_NEXT | CAN_FROM | CAN_IF | CAN_ONCE | CAN_COUNT | CAN_EVERY)

static const struct clause {
	unsigned bit;
	const char *word, *help;
	int (*parse)(struct parser *p);
} clauses[] = {
	{ CAN_IF, "if", "only packets that match a filter", parse_filter },
	{ CAN_FROM, "from", "only what this host sends", parse_from },
	{ CAN_NEXT, "next", "only so many packets to come", parse_next },
	{ CAN_ONCE, "once", "only the next one", parse_once },
	{ CAN_EVERY, "every", "only every n-th: every 3rd", parse_every },
	{ CAN_COUNT, "count", "the same: count 3", parse_count },
	{ CAN_BURST, "burst", "so many in a row, on average", parse_burst },
	{ CAN_BY, "by", "so much later", parse_by },
	{ CAN_MENDED, "mended", "of the data, with a checksum that fits", parse_mended },
	{ CAN_JITTER, "jitter", "so much more or less; the order is kept", parse_jitter },
	{ CAN_QUEUE, "queue", "so many packets may wait", parse_queue },
	{ CAN_SILENT, "silent", "nobody is told: a black hole", parse_silent },
	{ CAN_SEED, "seed", "a number that decides what chance decides", parse_seed_number },
};

/* "if, from or once", and what else the command could have here. */
static int expected_clause(struct parser *p, unsigned allowed, const char *also)
{
	STR_ON_STACK(what, 160);
	size_t left = (size_t)__builtin_popcount(allowed);

	for (size_t i = 0; i < COUNT(clauses); i++) {
		if (!(allowed & clauses[i].bit))
			continue;
		left--;
		str_addf(&what, "%s%s",
			 what.len == 0	? ""
			 : left || also ? ", "
					: " or ",
			 clauses[i].word);
	}
	if (also)
		str_addf(&what, " or %s", also);
	return parser_expected(p, what.buf);
}

/* One clause: 1 taken, 0 none that is allowed stands there, -1. */
static int parse_clause(struct parser *p, unsigned allowed)
{
	for (size_t i = 0; i < COUNT(clauses); i++)
		if (allowed & clauses[i].bit && parser_take_word(p, clauses[i].word))
			return clauses[i].parse(p) ? -1 : 1;
	return 0;
}

static void offer_clauses(struct parser *p, unsigned allowed)
{
	for (size_t i = 0; i < COUNT(clauses); i++)
		if (allowed & clauses[i].bit)
			parser_offer(p, clauses[i].word, clauses[i].help);
}

/* Clauses up to the end of the line.  `also` is what could have stood in their place, begun as a choice already. */
static int parse_clauses(struct parser *p, unsigned allowed, const char *also)
{
	for (;; parser_choose(p), also = NULL) {
		int taken;

		offer_clauses(p, allowed);
		if (parser_at_end(p))
			return 0;
		taken = parse_clause(p, allowed);
		if (taken < 0)
			return -1;
		if (!taken)
			return expected_clause(p, allowed, also);
	}
}

static int parse_all_clauses(struct parser *p, enum wire_verb verb, unsigned allowed)
{
	p->line->order.verb = verb;
	parser_choose(p);
	return parse_clauses(p, allowed, NULL);
}

/* ---- the commands ---- */

int parse_delay(struct parser *p)
{
	if (parse_time(p, &p->line->order.delay_ns))
		return -1;
	return parse_all_clauses(p, WIRE_DELAY, CAN_JITTER | CAN_FROM);
}

static int parse_rule_number(struct parser *p)
{
	int64_t n;

	if (parser_at_end(p))
		return 0;
	if (parse_int(p, 1, UINT32_MAX, "the number of a rule", &n))
		return -1;
	p->line->order.number = (uint64_t)n;
	return 0;
}

int parse_hold(struct parser *p)
{
	struct wire_order *o = &p->line->order;

	o->verb = WIRE_HOLD;
	parser_choose(p);
	parser_offer(p, "off", "ends all holds, or one rule");
	if (!parser_take_word(p, "off"))
		return parse_clauses(p, CAN_CHOOSE, "off");
	o->verb = WIRE_HOLD_OFF;
	return parse_rule_number(p);
}

/* [N|all], or clauses: then it is about packets to come. */
static int parse_which(struct parser *p, enum wire_verb verb, unsigned allowed)
{
	struct wire_order *o = &p->line->order;
	int64_t n;

	o->verb = verb;
	o->which = WHICH_NEXT;
	parser_choose(p);
	parser_offer(p, "all", "all that are held");
	if (parser_at_end(p)) {
		offer_clauses(p, allowed);
		return 0;
	}
	if (parser_take_word(p, "all")) {
		o->which = WHICH_ALL;
		return 0;
	}
	if (allowed && p->tok.kind != TOKEN_NUMBER) {
		o->to_come = true;
		return parse_clauses(p, allowed, "all, the number of a packet, or nothing");
	}
	if (p->tok.kind != TOKEN_NUMBER)
		return parser_expected(
			p,
			"all, the number of a packet, or nothing for the one that waits longest");
	if (parse_int(p, 1, INT64_MAX, "the number of a packet", &n))
		return -1;
	o->which = WHICH_NUMBER;
	o->number = (uint64_t)n;
	return 0;
}

/* Behind the packet: how it is released. */
static int parse_how(struct parser *p, bool numbered)
{
	struct wire_order *o = &p->line->order;

	parser_choose(p);
	parser_offer(p, "with", "other fields: flags RST, seq +1, data \"…\"");
	if (numbered)
		parser_offer(p, "first", "before all that are held, which follow it");
	if (parser_at_end(p))
		return 0;
	if (numbered && parser_take_word(p, "first")) {
		o->first = true;
		return parser_at_end(p) ? 0 : parse_how(p, false);
	}
	if (parser_take_word(p, "with"))
		return parse_edit(p);
	return parser_expected(p, numbered ? "first, with or nothing" : "with or nothing");
}

/* [N|all] [first] [with …] */
int parse_release(struct parser *p)
{
	struct wire_order *o = &p->line->order;

	if (parser_is_word(p, "with")) {
		o->verb = WIRE_RELEASE;
		o->which = WHICH_NEXT;
		return parse_how(p, false);
	}
	if (p->offer && parser_at_end(p))
		parser_offer(p, "with", "other fields: flags RST, seq +1, data \"…\"");
	if (parse_which(p, WIRE_RELEASE, 0))
		return -1;
	return o->which == WHICH_NUMBER ? parse_how(p, true) : 0;
}

int parse_drop(struct parser *p)
{
	return parse_which(p, WIRE_DROP, CAN_CHOOSE);
}

int parse_dup(struct parser *p)
{
	return parse_which(p, WIRE_DUP, CAN_CHOOSE);
}

int parse_cut(struct parser *p)
{
	return parse_all_clauses(p, WIRE_CUT, CAN_FROM);
}

int parse_mend(struct parser *p)
{
	return parse_all_clauses(p, WIRE_MEND, CAN_FROM);
}

int parse_off(struct parser *p)
{
	p->line->order.verb = WIRE_OFF;
	return parse_rule_number(p);
}

int parse_loss(struct parser *p)
{
	if (parse_percent(p))
		return -1;
	return parse_all_clauses(p, WIRE_DROP, CAN_BURST | CAN_FROM | CAN_IF | CAN_SEED);
}

int parse_duplicate(struct parser *p)
{
	if (parse_percent(p))
		return -1;
	return parse_all_clauses(p, WIRE_DUP, CAN_FROM | CAN_IF | CAN_SEED);
}

int parse_reorder(struct parser *p)
{
	if (parse_chance(p))
		return -1;
	return parse_all_clauses(p, WIRE_REORDER, CAN_CHOOSE | CAN_BY | CAN_SEED);
}

int parse_corrupt(struct parser *p)
{
	if (parse_chance(p))
		return -1;
	return parse_all_clauses(p, WIRE_CORRUPT, CAN_CHOOSE | CAN_MENDED | CAN_SEED);
}

int parse_mark(struct parser *p)
{
	parser_choose(p);
	parser_offer(p, "ce", "congestion experienced: RFC 3168");
	if (!parser_take_word(p, "ce"))
		return parser_expected(p, "ce");
	return parse_all_clauses(p, WIRE_MARK, CAN_CHOOSE);
}

int parse_rate(struct parser *p)
{
	return parse_bits(p) ? -1 : parse_all_clauses(p, WIRE_RATE, CAN_QUEUE | CAN_FROM);
}

int parse_mtu(struct parser *p)
{
	size_t at = p->tok.at;

	if (parse_u32(p, 0, UINT16_MAX, "an MTU in bytes", &p->line->order.mtu))
		return -1;
	if (p->line->order.mtu && p->line->order.mtu < WIRE_MTU_MIN)
		return parser_fail(p, at, "0 ends it", "an MTU has at least %d bytes: RFC 791",
				   WIRE_MTU_MIN);
	return parse_all_clauses(p, WIRE_MTU, CAN_SILENT | CAN_FROM);
}

int parse_seed(struct parser *p)
{
	p->line->order.verb = WIRE_SEED;
	return parser_at_end(p) ? 0 : parse_seed_number(p);
}

/* ---- the hosts ---- */

int parse_patient(struct parser *p)
{
	static const struct {
		const char *word, *help;
		enum wire_patience patience;
	} words[] = {
		{ "on", "from now on", PATIENCE_ALWAYS },
		{ "off", "never, whatever is held", PATIENCE_NEVER },
		{ "auto", "while packets are held, or would be", PATIENCE_HOLDING },
	};

	p->line->order.verb = WIRE_PATIENT;
	parser_choose(p);
	for (size_t i = 0; i < COUNT(words); i++)
		parser_offer(p, words[i].word, words[i].help);
	for (size_t i = 0; i < COUNT(words); i++)
		if (parser_take_word(p, words[i].word)) {
			p->line->order.patience = words[i].patience;
			return 0;
		}
	return parser_expected(p, "on, off or auto");
}

int parse_arp(struct parser *p)
{
	p->line->order.verb = WIRE_ARP;
	parser_choose(p);
	parser_offer(p, "on", "each host forgets where the others are, and asks");
	parser_offer(p, "off", "they know each other without asking");
	if (parser_take_word(p, "on"))
		return 0;
	p->line->order.known = true;
	return parser_take_word(p, "off") ? 0 : parser_expected(p, "on or off");
}

int parse_rules(struct parser *p)
{
	p->line->order.verb = WIRE_TELL;
	return 0;
}
