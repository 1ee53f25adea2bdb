#include "src/parse_impl.h"

#include <string.h>

#include "capture/packet.h"
#include "src/core/clock.h"

/* ---- packets ---- */

static const struct {
	const char *name;
	uint16_t bit;
} flag_words[] = {
	{ "SYN", TCP_SYN }, { "FIN", TCP_FIN }, { "RST", TCP_RST },
	{ "PSH", TCP_PSH }, { "ACK", TCP_ACK }, { "URG", TCP_URG },
	{ "ECE", TCP_ECE }, { "CWR", TCP_CWR }, { "AE", TCP_AE },
};

static const struct {
	const char *name;
	enum pattern_protocol protocol;
} protocol_words[] = {
	{ "TCP", PATTERN_TCP }, { "UDP", PATTERN_UDP },	  { "ICMP", PATTERN_ICMP },
	{ "ARP", PATTERN_ARP }, { "IGMP", PATTERN_IGMP }, { "UDPLITE", PATTERN_UDPLITE },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool take_flag(struct parser *p, struct packet_pattern *out)
{
	for (size_t i = 0; i < COUNT(flag_words); i++)
		if (parser_take_word(p, flag_words[i].name)) {
			out->has_flags = true;
			out->flags |= flag_words[i].bit;
			return true;
		}
	return false;
}

static bool take_protocol(struct parser *p, struct packet_pattern *out)
{
	for (size_t i = 0; out->protocol == PATTERN_ANY && i < COUNT(protocol_words); i++)
		if (parser_take_word(p, protocol_words[i].name)) {
			out->protocol = protocol_words[i].protocol;
			return true;
		}
	return false;
}

/* The row of a field's name at the token ahead; `count` if it is none. */
static size_t find_field(const struct parser *p, const struct condition_field *fields, size_t count)
{
	size_t i = 0;
	struct lex ahead = p->lex;
	struct token word;

	ahead.at = p->tok.at;
	word = lex_word(&ahead, "<>");
	while (i < count && !scope_is(fields[i].name, parser_text(p, &word), word.len))
		i++;
	return i;
}

/* asked: receives a number that is asked for, of which nothing is told; NULL: all are told. */
static int parse_packet_field(struct parser *p, size_t field, struct packet_pattern *out,
			      size_t *asked)
{
	STR_ON_STACK(what, 64);
	bool told;

	parser_raw_word(p, "<>");
	parser_advance(p);
	told = p->tok.kind == TOKEN_NUMBER || parser_is_mark(p, '<') || parser_is_mark(p, '>');
	if (asked && *asked == packet_fields_count && !told) {
		*asked = field;
		return 0;
	}
	if (out->tests == PATTERN_TESTS)
		return parser_fail(p, p->tok.at, NULL, "at most %d numbers of a packet can be told",
				   PATTERN_TESTS);
	str_addf(&what, "a number behind %s", packet_fields[field].name);
	out->test[out->tests].field = field;
	return parse_number_test(p, what.buf, &out->test[out->tests++].test);
}

static void offer_packet_words(struct parser *p, const struct packet_pattern *so_far, bool first)
{
	parser_choose(p);
	for (size_t i = 0; first && i < p->scope->hosts; i++)
		parser_offer(p, p->scope->host[i], "the host that sent it");
	for (size_t i = 0; so_far->protocol == PATTERN_ANY && i < COUNT(protocol_words); i++)
		parser_offer(p, protocol_words[i].name, NULL);
	for (size_t i = 0; i < COUNT(flag_words); i++)
		parser_offer(p, flag_words[i].name, "a flag of the TCP header");
	for (size_t i = 0; i < packet_fields_count; i++)
		parser_offer(p, packet_fields[i].name, packet_fields[i].help);
}

int parse_packet_words(struct parser *p, struct condition *out, size_t *asked)
{
	for (bool first = true;; first = false) {
		offer_packet_words(p, &out->packet, first);
		if (asked)
			parser_offer(p, "flags", "which flags it has");
		if (parser_at_end(p))
			return 0;
		if (first && p->tok.kind == TOKEN_NAME &&
		    scope_host(p->scope, parser_text(p, &p->tok), p->tok.len) >= 0) {
			struct str host = str_on(out->packet.host, sizeof(out->packet.host));

			str_addn(&host, parser_text(p, &p->tok), p->tok.len);
			parser_advance(p);
			continue;
		}
		if (asked && *asked == packet_fields_count && parser_take_word(p, "flags")) {
			*asked = SUBJECT_FLAGS;
			continue;
		}
		size_t field = find_field(p, packet_fields, packet_fields_count);

		if (field < packet_fields_count) {
			if (parse_packet_field(p, field, &out->packet, asked))
				return -1;
			continue;
		}
		if (!take_protocol(p, &out->packet) && !take_flag(p, &out->packet))
			return parser_expected(
				p, first ? "a host, a protocol, flags or a number of the packet"
					 : "a protocol, flags or a number of the packet");
	}
}

static int parse_packet(struct parser *p, struct condition *out)
{
	return parse_packet_words(p, out, NULL);
}

static int parse_held(struct parser *p, struct condition *out)
{
	if (parser_at_end(p))
		return 0;
	out->has_number = true;
	return parse_number_test(p, "the number of packets that are held", &out->number);
}

/* ---- sockets ---- */

/* The only program that has a variable of this name. */
static int owner_of(struct parser *p, const struct token *t, const struct scope_actor **owner)
{
	STR_ON_STACK(example, 2 * SCOPE_NAME);

	*owner = NULL;
	for (size_t i = 0; i < p->scope->actors; i++) {
		const struct scope_actor *a = &p->scope->actor[i];

		if (a->thread || !scope_variable(p->scope, a->program, parser_text(p, t), t->len))
			continue;
		if (*owner) {
			str_addf(&example, "write %s.%.*s", a->name, (int)t->len,
				 parser_text(p, t));
			return parser_fail(p, t->at, example.buf,
					   "both %s and %s have a variable %.*s", (*owner)->name,
					   a->name, (int)t->len, parser_text(p, t));
		}
		*owner = a;
	}
	return 0;
}

static int copy_variable(struct parser *p, const struct token *t, const struct scope_actor *a,
			 struct condition *out)
{
	struct str name = str_on(out->variable, sizeof(out->variable));

	str_copy(out->actor, sizeof(out->actor), a->name);
	str_addn(&name, parser_text(p, t), t->len);
	parser_advance(p);
	return 0;
}

/* PROGRAM.VARIABLE; the token ahead is the variable. */
static int parse_qualified(struct parser *p, const struct scope_actor *a, struct condition *out)
{
	struct token t = p->tok;

	parser_choose(p);
	parser_offer_variables(p, a);
	if (t.kind != TOKEN_NAME ||
	    !scope_variable(p->scope, a->program, parser_text(p, &t), t.len))
		return parser_expected(p, "a variable of that program");
	return copy_variable(p, &t, a, out);
}

static void offer_sockets(struct parser *p, bool hosts)
{
	parser_choose(p);
	for (size_t i = 0; i < p->scope->actors; i++)
		if (!p->scope->actor[i].thread)
			parser_offer_variables(p, &p->scope->actor[i]);
	for (size_t i = 0; hosts && i < p->scope->hosts; i++)
		parser_offer(p, p->scope->host[i], "any socket of this host");
}

static int parse_descriptor(struct parser *p, struct condition *out)
{
	int64_t fd;

	if (parse_int(p, 0, 1 << 20, "a descriptor", &fd))
		return -1;
	out->has_fd = true;
	out->fd = (int)fd;
	return 0;
}

/* VARIABLE, PROGRAM.VARIABLE, PROGRAM FD or, if hosts, HOST. */
int parse_socket(struct parser *p, bool hosts, struct condition *out)
{
	struct lex ahead = p->lex;
	struct token t = p->tok, next = lex_next(&ahead);
	const struct scope_actor *a;

	offer_sockets(p, hosts);
	if (t.kind != TOKEN_NAME)
		return parser_expected(p, hosts ? "a variable or a host" : "a variable");
	a = scope_actor(p->scope, parser_text(p, &t), t.len);
	if (a && next.kind == TOKEN_NUMBER) {
		str_copy(out->actor, sizeof(out->actor), a->name);
		parser_advance(p);
		return parse_descriptor(p, out);
	}
	if (a && next.kind == TOKEN_MARK && next.mark == '.') {
		p->lex = ahead;
		parser_advance(p);
		return parse_qualified(p, a, out);
	}
	if (owner_of(p, &t, &a))
		return -1;
	if (a)
		return copy_variable(p, &t, a, out);
	if (hosts && scope_host(p->scope, parser_text(p, &t), t.len) >= 0)
		return parse_host(p, out->actor);
	return parser_expected(p, hosts ? "a variable that was assigned before, or a host"
					: "a variable that was assigned before");
}

static int parse_state(struct parser *p, struct condition *out)
{
	struct token t;

	if (parse_socket(p, true, out))
		return -1;
	t = parser_raw_word(p, "");
	parser_choose_at(p, &t);
	for (int s = SOCK_STATE_CLOSED; s < SOCK_STATES; s++)
		parser_offer(p, sock_state_name((enum sock_state)s), NULL);
	out->state = sock_state_find(parser_text(p, &t), t.len);
	if (out->state == SOCK_STATE_NONE)
		return parser_expected_not(p, &t, "a state such as ESTABLISHED");
	parser_advance(p);
	return 0;
}

int parse_sample_field(struct parser *p, size_t *out)
{
	struct token t;
	size_t field;

	field = find_field(p, sample_fields, sample_fields_count);
	t = parser_raw_word(p, "<>");
	parser_choose_at(p, &t);
	for (size_t i = 0; i < sample_fields_count; i++)
		parser_offer(p, sample_fields[i].name, sample_fields[i].help);
	if (field == sample_fields_count)
		return parser_expected_not(p, &t, "a number of the socket such as recv-q");
	*out = field;
	parser_advance(p);
	return 0;
}

static int parse_sample(struct parser *p, struct condition *out)
{
	return parse_socket(p, false, out) || parse_sample_field(p, &out->field) ||
			       parse_number_test(p, "a number", &out->number)
		       ? -1
		       : 0;
}

/* ---- programs ---- */

int parse_optional_call(struct parser *p, struct condition *out)
{
	if (p->tok.kind != TOKEN_NAME && !parser_at_end(p))
		return 0;
	if (parser_at_end(p) && !p->offer)
		return 0;
	out->call = parse_call_name(p);
	return out->call || parser_at_end(p) ? 0 : -1;
}

static int parse_blocked(struct parser *p, struct condition *out)
{
	const struct scope_actor *a;

	return parse_actor(p, out->actor, "a program or a thread", &a)
		       ? -1
		       : parse_optional_call(p, out);
}

static int parse_return(struct parser *p, struct condition *out)
{
	if (parse_actor(p, out->actor, "a program or a thread", &p->actor) ||
	    parse_optional_call(p, out))
		return -1;
	if (p->tok.kind != TOKEN_ARROW)
		return 0;
	if (!out->call)
		return parser_fail(p, p->tok.at, NULL,
				   "expected the name of the call before its result");
	parser_advance(p);
	return parse_result(p, out->call, &p->line->want);
}

static int parse_exit(struct parser *p, struct condition *out)
{
	const struct scope_actor *a;
	const struct name *signal;

	if (parse_actor(p, out->actor, "a program", &a))
		return -1;
	if (a->thread)
		return parser_fail(p, p->tok.at, NULL,
				   "a thread has no end of its own; name its program");
	parser_choose(p);
	parser_offer_table(p, &names_signal);
	if (parser_at_end(p))
		return 0;
	signal = p->tok.kind == TOKEN_NAME
			 ? name_find(&names_signal, parser_text(p, &p->tok), p->tok.len)
			 : NULL;
	if (signal) {
		out->signal = (int)signal->value;
		parser_advance(p);
		return 0;
	}
	if (p->tok.kind == TOKEN_NAME)
		return parser_expected(p, "an exit status or a signal");
	out->has_number = true;
	return parse_number_test(p, "an exit status or a signal", &out->number);
}

/* A word as it stands: with its quotes, without a comma behind it. */
static int take_argument(struct parser *p, struct condition *out)
{
	struct token t = p->tok;
	struct str word;

	if (t.kind == TOKEN_STRING)
		parser_advance(p);
	else
		t = parser_raw_word(p, ""), parser_advance(p);
	if (t.kind == TOKEN_STRING)
		parser_take_mark(p, ',');
	else if (t.len > 1 && parser_text(p, &t)[t.len - 1] == ',')
		t.len--;
	if (out->words == CONDITION_WORDS)
		return parser_fail(p, t.at, NULL, "at most %d arguments can be told",
				   CONDITION_WORDS);
	word = str_on(out->word[out->words], sizeof(out->word[0]));
	str_addn(&word, parser_text(p, &t), t.len);
	if (word.cut)
		return parser_fail(p, t.at, NULL, "an argument has at most %zu bytes",
				   sizeof(out->word[0]) - 1);
	out->words++;
	return 0;
}

static int parse_made(struct parser *p, struct condition *out)
{
	if (parse_actor(p, out->actor, "a program", &p->actor))
		return -1;
	if (!(out->call = parse_call_name(p)))
		return -1;
	while (!parser_at_end(p) && p->tok.kind != TOKEN_ARROW)
		if (take_argument(p, out))
			return -1;
	if (p->tok.kind != TOKEN_ARROW)
		return 0;
	parser_advance(p);
	return parse_result(p, out->call, &p->line->want);
}

static int parse_output(struct parser *p, struct condition *out)
{
	const struct scope_actor *a;
	struct value text;
	size_t n;

	if (parse_actor(p, out->actor, "a program", &a))
		return -1;
	parser_choose(p);
	parser_placeholder(p, "\"TEXT\"", "that is in the line");
	if (p->tok.kind != TOKEN_STRING)
		return parser_expected(p, "a text in double quotes");
	if (!lex_string(&p->lex, &p->tok, &text))
		return parser_fail(p, p->tok.at, NULL, "no memory for a text");
	n = value_bytes(&text, out->word[0], sizeof(out->word[0]) - 1);
	out->word[0][n] = '\0';
	out->words = 1;
	value_fini(&text);
	parser_advance(p);
	return 0;
}

/* ---- causes and counters ---- */

/* A cause is a text, or a word with "-" for the blanks. */
static int parse_cause(struct parser *p, struct condition *out)
{
	STR_ON_STACK(text, 64);
	struct token t;
	bool quoted;

	if (parse_host(p, out->actor))
		return -1;
	quoted = p->tok.kind == TOKEN_STRING;
	t = quoted ? p->tok : parser_raw_word(p, "");
	parser_choose_at(p, &t);
	for (int k = CAUSE_UNKNOWN + 1; k < CAUSE_KINDS; k++) {
		str_clear(&text);
		str_add(&text, cause_name((enum cause_kind)k));
		for (char *at = text.buf; (at = strchr(at, ' '));)
			*at = '-';
		parser_offer(p, text.buf, NULL);
	}
	out->cause = quoted ? cause_find(parser_text(p, &t) + 1, t.len - 2)
			    : cause_find(parser_text(p, &t), t.len);
	if (out->cause == CAUSE_UNKNOWN)
		return parser_expected_not(p, &t, "a cause such as RTO or fast-retransmit");
	parser_advance(p);
	return 0;
}

static int parse_counter(struct parser *p, struct condition *out)
{
	struct token t;

	if (parse_host(p, out->actor))
		return -1;
	t = p->tok;
	parser_choose(p);
	for (size_t i = 0; i < counter_table_count; i++)
		parser_offer(p, counter_table[i].name, counter_table[i].help);
	out->counter = t.kind == TOKEN_NAME ? counter_find(parser_text(p, &t), t.len) : NULL;
	if (!out->counter)
		return parser_expected(p, "a counter such as TcpExtTCPTimeouts");
	parser_advance(p);
	out->number.number = 1;
	if (out->none || parser_at_end(p))
		return 0;
	if (!parser_take_mark(p, '+'))
		return parser_expected(p, "+ and by how much it has grown");
	return parse_int(p, 1, UINT32_MAX, "how much it has grown by", &out->number.number);
}

/* ---- the condition ---- */

static const struct {
	const char *name;
	enum condition_kind kind;
	bool may_be_none;
	int (*parse)(struct parser *p, struct condition *out);
	const char *help;
} kinds[] = {
	{ "packet", CONDITION_PACKET, true, parse_packet, "a packet left a host" },
	{ "held", CONDITION_HELD, false, parse_held, "packets are held on the wire" },
	{ "state", CONDITION_STATE, false, parse_state, "a socket came into a state" },
	{ "socket", CONDITION_SOCKET, false, parse_sample,
	  "a number of a socket: queues, window, retransmissions" },
	{ "blocked", CONDITION_BLOCKED, false, parse_blocked, "a program sleeps in a call" },
	{ "return", CONDITION_RETURN, false, parse_return, "a call came back" },
	{ "exit", CONDITION_EXIT, false, parse_exit, "a program is gone" },
	{ "call", CONDITION_CALL, true, parse_made, "a program made a call" },
	{ "output", CONDITION_OUTPUT, true, parse_output, "a program printed a line" },
	{ "cause", CONDITION_CAUSE, true, parse_cause, "why a packet was sent, or ignored" },
	{ "counter", CONDITION_COUNTER, true, parse_counter, "a kernel's counter grew" },
};

/* What became of a packet on the wire. */
static const struct {
	const char *name;
	enum wire_fate fate;
	const char *help;
} fates[] = {
	{ "lost", WIRE_DROPPED, "a packet was lost on the wire" },
	{ "corrupted", WIRE_CORRUPTED, "bits of a packet were changed" },
	{ "marked", WIRE_MARKED, "a packet was marked CE" },
	{ "edited", WIRE_EDITED, "a packet was changed by hand" },
	{ "duplicated", WIRE_DUPLICATED, "a packet goes on twice" },
	{ "fragmented", WIRE_FRAGMENTED, "a packet was too long for the wire" },
	{ "reordered", WIRE_REORDERED, "a packet fell behind the others" },
};

/* 1: there was one; 0, -1. */
static int parse_fate(struct parser *p, struct condition *out)
{
	for (size_t i = 0; i < COUNT(fates); i++)
		parser_offer(p, fates[i].name, fates[i].help);
	for (size_t i = 0; i < COUNT(fates); i++) {
		if (!parser_take_word(p, fates[i].name))
			continue;
		out->kind = CONDITION_LOST;
		out->fate = fates[i].fate;
		return parse_packet(p, out) ? -1 : 1;
	}
	return 0;
}

static int parse_kind(struct parser *p, struct condition *out)
{
	int taken;

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (!out->none || kinds[i].may_be_none)
			parser_offer(p, kinds[i].name, kinds[i].help);
	taken = parse_fate(p, out);
	if (taken)
		return taken < 0 ? -1 : 0;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if ((out->none && !kinds[i].may_be_none) || !parser_take_word(p, kinds[i].name))
			continue;
		out->kind = kinds[i].kind;
		return kinds[i].parse(p, out);
	}
	return parser_expected(
		p, out->none ? "packet, lost or another fate, call, output, cause or counter "
			       "behind no"
			     : "what to look for");
}

int parse_condition(struct parser *p, struct condition *out)
{
	parser_choose(p);
	parser_offer(p, "within", "another limit than 10 s");
	if (parser_take_word(p, "within")) {
		size_t at = p->tok.at;

		if (parse_time(p, &out->within_ns))
			return -1;
		if (!out->within_ns)
			return parser_fail(p, at, NULL, "expected a time above 0");
		parser_choose(p);
	}
	parser_offer(p, "no", "none since the last match");
	if (parser_take_word(p, "no")) {
		out->none = true;
		parser_choose(p);
	}
	return parse_kind(p, out);
}
