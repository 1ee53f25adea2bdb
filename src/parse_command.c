#include "src/parse_command.h"

#include <stdlib.h>
#include <string.h>

#include "capture/live.h"
#include "capture/packet.h"
#include "src/needs.h"
#include "src/parse_impl.h"

/* ---- the wire ---- */

/* The lab numbers its hosts in the order in which the scope has them. */
static int parse_from(struct parser *p)
{
	char host[SCOPE_NAME];

	if (parse_host(p, host))
		return -1;
	p->line->order.from = (uint8_t)scope_host(p->scope, host, strlen(host));
	return 0;
}

int parse_delay(struct parser *p)
{
	p->line->order.verb = WIRE_DELAY;
	if (parse_time(p, &p->line->order.delay_ns))
		return -1;
	parser_choose(p);
	parser_offer(p, "from", "only what this host sends");
	if (parser_at_end(p))
		return 0;
	return parser_take_word(p, "from") ? parse_from(p) : parser_expected(p, "from and a host");
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
static bool cut_count(const char *text, size_t *len, uint32_t *every)
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
	if (!cut_word(text, &digits, "count"))
		return false;
	*len = digits;
	*every = n;
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

/* FILTER [once] [count N]: the filter is everything in front of these words. */
static int parse_filter(struct parser *p)
{
	struct wire_order *o = &p->line->order;
	struct token t;
	size_t len;
	const char *text;

	parser_placeholder(p, "FILTER", "as in pcap-filter(7), for example: tcp port 8080");
	t = parser_raw_rest(p, true);
	text = parser_text(p, &t);
	len = t.len;
	while ((!o->once && (o->once = cut_word(text, &len, "once"))) ||
	       (!o->every && cut_count(text, &len, &o->every)))
		;
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

static int parse_count(struct parser *p)
{
	int64_t n;

	if (parse_int(p, 1, 1000000, "a count", &n))
		return -1;
	p->line->order.every = (uint32_t)n;
	return 0;
}

int parse_hold(struct parser *p)
{
	struct wire_order *o = &p->line->order;

	o->verb = WIRE_HOLD;
	parser_choose(p);
	parser_offer(p, "off", "ends all holds, or one rule");
	if (parser_take_word(p, "off")) {
		o->verb = WIRE_HOLD_OFF;
		return parse_rule_number(p);
	}
	for (;; parser_choose(p)) {
		parser_offer(p, "if", "only packets that match a filter");
		parser_offer(p, "from", "only packets of this host");
		parser_offer(p, "once", "only the next one");
		parser_offer(p, "count", "only every n-th");
		if (parser_at_end(p))
			return 0;
		if (parser_take_word(p, "if"))
			return parse_filter(p);
		if (parser_take_word(p, "once"))
			o->once = true;
		else if (parser_take_word(p, "from") ? parse_from(p)
			 : parser_take_word(p, "count")
				 ? parse_count(p)
				 : parser_expected(p, "if and a filter, from, once, count or off"))
			return -1;
	}
}

/* [N|all] */
static int parse_which(struct parser *p, enum wire_verb verb)
{
	struct wire_order *o = &p->line->order;
	int64_t n;

	o->verb = verb;
	o->which = WHICH_NEXT;
	parser_choose(p);
	parser_offer(p, "all", "all that are held");
	if (parser_at_end(p))
		return 0;
	if (parser_take_word(p, "all")) {
		o->which = WHICH_ALL;
		return 0;
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

int parse_release(struct parser *p)
{
	return parse_which(p, WIRE_RELEASE);
}

int parse_drop(struct parser *p)
{
	return parse_which(p, WIRE_DROP);
}

int parse_dup(struct parser *p)
{
	return parse_which(p, WIRE_DUP);
}

int parse_cut(struct parser *p)
{
	p->line->order.verb = WIRE_CUT;
	return 0;
}

int parse_mend(struct parser *p)
{
	p->line->order.verb = WIRE_MEND;
	return 0;
}

/* ---- programs ---- */

/* [PROGRAM]: without it the line's target, at the prompt the focused program. */
static int parse_whom(struct parser *p, const struct scope_actor **a)
{
	const char *whom = p->line->target[0] ? p->line->target : p->focus;

	if (!parser_at_end(p) || !whom || !strcmp(whom, "wire"))
		return parse_actor(p, p->line->name, "a program or a thread", a);
	parser_choose(p);
	parser_offer_actors(p, true);
	*a = scope_actor(p->scope, whom, strlen(whom));
	str_copy(p->line->name, sizeof(p->line->name), whom);
	return *a ? 0 : parser_expected(p, "a program or a thread");
}

int parse_interrupt(struct parser *p)
{
	const struct scope_actor *a;

	return parse_whom(p, &a);
}

int parse_kill(struct parser *p)
{
	const struct scope_actor *a;
	size_t at = p->tok.at;

	if (parse_whom(p, &a))
		return -1;
	if (a->thread)
		return parser_fail(p, at, "kill its program",
				   "%s is a thread: it cannot be killed alone", p->line->name);
	return 0;
}

/* A name that no program or thread has; a program's own name may come again, and starts it again. */
static int parse_actor_name(struct parser *p, bool again)
{
	size_t at = p->tok.at;
	const struct scope_actor *a;
	const char *name = p->line->name;

	if (parse_name(p, p->line->name, "a name"))
		return -1;
	a = scope_actor(p->scope, name, strlen(name));
	if ((a && (a->thread || !again)) || !strcmp(name, "wire"))
		return parser_fail(p, at, NULL, "there is a %s already", name);
	return 0;
}

int parse_thread(struct parser *p)
{
	const struct scope_actor *a;
	size_t at = p->tok.at;

	if (parse_actor_name(p, false))
		return -1;
	parser_choose(p);
	parser_offer(p, "of", NULL);
	if (!parser_take_word(p, "of"))
		return parser_expected(p, "of and a program");
	if (parse_actor(p, p->line->other, "a program", &a))
		return -1;
	if (a->own)
		return parser_fail(p, at, NULL,
				   "%s is a program of yours: it makes its own threads", a->name);
	return scope_add_thread(p->scope, p->line->name, a->program)
		       ? 0
		       : parser_fail(p, at, NULL, "too many programs and threads");
}

int parse_program(struct parser *p)
{
	size_t at = p->tok.at;

	if (parse_actor_name(p, true))
		return -1;
	parser_choose(p);
	parser_offer(p, "on", NULL);
	if (!parser_take_word(p, "on"))
		return parser_expected(p, "on and a host");
	if (parse_host(p, p->line->other))
		return -1;
	if (p->scope->programs == SESSION_PROGRAMS || !scope_add_program(p->scope, p->line->name))
		return parser_fail(p, at, NULL, "too many programs");
	return 0;
}

/* ---- programs of the user ---- */

static int take_text(struct parser *p, const char *what, bool comments)
{
	struct token t;

	parser_placeholder(p, what, NULL);
	t = parser_raw_rest(p, comments);
	if (!t.len)
		return parser_fail(p, t.at, NULL, "expected %s", what);
	if (memchr(parser_text(p, &t), '\0', t.len))
		return parser_fail(p, t.at, NULL, "a text has no NUL bytes");
	p->line->text = parse_copy(p, parser_text(p, &t), t.len);
	return p->line->text ? 0 : -1;
}

/* Its host: named, or that of the same name. */
static int parse_run_host(struct parser *p)
{
	const char *name = p->line->name;

	parser_choose(p);
	parser_offer(p, "on", "and a host");
	if (parser_take_word(p, "on"))
		return parse_host(p, p->line->other);
	if (scope_host(p->scope, name, strlen(name)) < 0)
		return parser_expected(p, "on and a host, since no host has the program's name");
	str_copy(p->line->other, sizeof(p->line->other), name);
	return 0;
}

/* NAME [on HOST]: COMMAND */
int parse_run(struct parser *p)
{
	size_t at = p->tok.at;

	parser_choose(p);
	for (size_t i = 0; i < p->scope->hosts; i++)
		parser_offer(p, p->scope->host[i], "on the host of that name");
	if (parse_actor_name(p, true) || parse_run_host(p) ||
	    parser_want_mark(p, ':', "and a command"))
		return -1;
	if (take_text(p, "a command", false))
		return -1;
	if (!scope_add_own(p->scope, p->line->name))
		return parser_fail(p, at, NULL, "too many programs");
	return 0;
}

/* ---- typing to a program ---- */

int parse_typed(struct parser *p)
{
	struct token t = parser_raw_rest(p, false);

	if (memchr(parser_text(p, &t), '\0', t.len))
		return parser_fail(p, t.at, NULL, "a text has no NUL bytes");
	p->line->text = parse_copy(p, parser_text(p, &t), t.len);
	return p->line->text ? 0 : -1;
}

/* NAME: TEXT | NAME eof */
int parse_input(struct parser *p)
{
	const struct scope_actor *a;
	size_t at = p->tok.at;

	if (parse_actor(p, p->line->name, "a program that run has started", &a))
		return -1;
	if (!a->own)
		return parser_fail(p, at, "run NAME on HOST: COMMAND starts a program of yours",
				   "%s is a built-in program: it reads no input", p->line->name);
	parser_choose(p);
	parser_offer(p, "eof", "the end of its input");
	if (parser_take_word(p, "eof"))
		return 0;
	if (!parser_is_mark(p, ':'))
		return parser_expected(p, "\":\" and a text, or eof");
	parser_advance(p);
	return parse_typed(p);
}

/* ---- text ---- */

int parse_file_name(struct parser *p)
{
	return take_text(p, "the name of a file", false);
}

int parse_free_text(struct parser *p)
{
	return take_text(p, "a text", false);
}

/* Question? | *right | wrong | wrong */
int parse_ask(struct parser *p)
{
	size_t at = p->tok.at, answers = 0, right = 0;

	if (take_text(p, "a question", false))
		return -1;
	for (const char *bar = strchr(p->line->text, '|'); bar; bar = strchr(bar + 1, '|')) {
		const char *answer = bar + 1 + strspn(bar + 1, " \t");

		if (!*answer || *answer == '|')
			return parser_fail(p, at + (size_t)(bar - p->line->text), NULL,
					   "expected an answer behind |");
		answers++;
		right += *answer == '*';
	}
	if (answers < 2 || right != 1)
		return parser_fail(
			p, at, "for example: ask Which comes first? | *SYN | ACK",
			"a question needs two answers or more, one of them marked with *");
	return 0;
}

int parse_expect(struct parser *p)
{
	return parse_condition(p, &p->line->condition);
}

int parse_wait(struct parser *p)
{
	size_t at = p->tok.at;

	if (p->tok.kind != TOKEN_NUMBER && p->tok.kind != TOKEN_BAD)
		return parse_condition(p, &p->line->condition);
	if (parse_time(p, &p->line->time_ns))
		return -1;
	return p->line->time_ns ? 0 : parser_fail(p, at, NULL, "expected a time above 0");
}

int parse_loopback(struct parser *p)
{
	scope_init_loopback(p->scope);
	return 0;
}

int parse_needs(struct parser *p)
{
	struct token t = p->tok;
	size_t at = t.at;

	parser_choose(p);
	for (size_t i = 0; i < needs_count; i++)
		parser_offer(p, needs[i].name, needs[i].help);
	parser_offer(p, "linux", "a version of the kernel: needs linux 6.5");
	if (take_text(p, "what the machine must have", true))
		return -1;
	t.len = strlen(p->line->text);
	t.at = at;
	return need_known(p->line->text)
		       ? 0
		       : parser_expected_not(p, &t, "something a machine can have");
}
