/*
 * Arguments are read by the call's row in core/call.h: each kind of argument says what may stand there, which
 * is also what completion offers there.
 */
#include "src/parse_impl.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/safe.h"

void call_usage(struct str *out, const struct call *c)
{
	bool first = true;

	str_addf(out, "%s(", c->name);
	for (size_t i = 0; i < CALL_ARGS && c->arg[i].type != ARG_NONE; i++) {
		if (c->arg[i].type == ARG_ADDR_OUT || c->arg[i].type == ARG_OPTVAL_OUT)
			continue;
		str_addf(out, c->arg[i].optional ? "%s[%s]" : "%s%s", first ? "" : ", ", c->arg[i].name);
		first = false;
	}
	str_char(out, ')');
}

const struct call *parse_call_name(struct parser *p)
{
	struct token t = p->tok;
	const struct call *c;

	parser_choose(p);
	p->after = '(';
	for (size_t i = 0; i < calls_count; i++)
		parser_offer(p, calls[i].name, calls[i].about);
	p->after = '\0';
	c = t.kind == TOKEN_NAME ? call_find(parser_text(p, &t), t.len) : NULL;
	if (!c)
		parser_expected(p, "a call");
	else
		parser_advance(p);
	return c;
}

/* ---- constants ---- */

/* One name of the tables, or a number; adds it to *out. */
static int parse_constant(struct parser *p, const struct name_table *const *tables, size_t count, const char *what,
			  int64_t *out)
{
	struct token t = p->tok;
	const struct name *n = NULL;

	parser_choose(p);
	for (size_t i = 0; i < count; i++)
		parser_offer_table(p, tables[i]);
	if (t.kind == TOKEN_NUMBER && (t.number < INT32_MIN || t.number > UINT32_MAX))
		return parser_fail(p, t.at, NULL, "this number is too large for %s", what);
	for (size_t i = 0; i < count && t.kind == TOKEN_NAME && !n; i++)
		n = name_find(tables[i], parser_text(p, &t), t.len);
	if (!n && t.kind != TOKEN_NUMBER)
		return parser_expected(p, what);
	*out |= n ? n->value : t.number;
	parser_advance(p);
	return 0;
}

int parse_flags(struct parser *p, const struct name_table *const *tables, size_t count, const char *what,
		int64_t *out)
{
	*out = 0;
	do {
		if (parse_constant(p, tables, count, what, out))
			return -1;
	} while (parser_take_mark(p, '|'));
	return 0;
}

static int parse_one(struct parser *p, const struct name_table *table, const char *what, int64_t *out)
{
	*out = 0;
	return parse_constant(p, &table, 1, what, out);
}

/* ---- descriptors ---- */

/* A variable of the line's program, or the number of a descriptor. */
static int parse_fd(struct parser *p, uint8_t arg, int16_t item, struct value *out)
{
	struct token t = p->tok;
	struct line *l = p->line;
	int64_t number = -1;

	parser_choose(p);
	parser_offer_variables(p, p->actor);
	if (t.kind == TOKEN_NUMBER && !parse_int(p, INT32_MIN, INT32_MAX, "a descriptor", &number)) {
		*out = value_int(number);
		return 0;
	}
	if (t.kind != TOKEN_NAME || !p->actor ||
	    !scope_variable(p->scope, p->actor->program, parser_text(p, &t), t.len))
		return parser_expected(p, "a socket: a name that was assigned before, or the number of a descriptor");
	if (l->holes == LINE_HOLES)
		return parser_fail(p, t.at, NULL, "a call takes at most %d variables", LINE_HOLES);

	struct hole *h = &l->hole[l->holes++];
	struct str name = str_on(h->name, sizeof(h->name));

	h->arg = arg;
	h->item = item;
	h->column = lex_column(&p->lex, t.at);
	str_addn(&name, parser_text(p, &t), t.len);
	*out = value_int(-1);
	parser_advance(p);
	return 0;
}

/* ---- addresses ---- */

static void offer_addresses(struct parser *p)
{
	static const struct {
		const char *word, *help;
	} forms[] = {
		{ "*:", "every IPv4 address of the host" },
		{ "[::]:", "every IPv6 address of the host" },
		{ "127.0.0.1:", "the host itself" },
		{ "[::1]:", "the host itself" },
		{ "unix:/", "a Unix socket's path" },
		{ "unix:@", "a Unix socket's abstract name" },
	};

	for (size_t i = 0; i < p->scope->places; i++)
		parser_offer(p, p->scope->place[i], "in use");
	for (size_t i = 0; i < p->scope->hosts; i++) {
		STR_ON_STACK(word, SCOPE_NAME + 2);

		str_addf(&word, "%s:", p->scope->host[i]);
		parser_offer(p, word.buf, "host");
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		parser_offer(p, forms[i].word, forms[i].help);
}

/* any_port: NULL, or "HOST:*" is accepted and sets it. */
int parse_addr(struct parser *p, int family, struct addr *out, bool *any_port)
{
	struct token t = parser_raw_word(p, ",)}");
	const char *text = parser_text(p, &t);
	STR_ON_STACK(copy, 160);
	struct err e = { 0 };

	parser_choose_at(p, &t);
	offer_addresses(p);
	if (!t.len || text[0] == '"') {
		p->near = nearest_to("", 0);
		return parser_expected_not(p, &t, "an address such as server:8080, *:8080, [::1]:8080 or unix:/path");
	}
	str_addn(&copy, text, t.len);
	if (any_port && copy.len > 2 && !strcmp(copy.buf + copy.len - 2, ":*")) {
		copy.buf[copy.len - 1] = '0';
		*any_port = true;
	}
	if (copy.cut || addr_parse(out, copy.buf, copy.len, family, &p->scope->addresses, &e)) {
		parser_fail(p, t.at, e.hint, "%s", copy.cut ? "this address is too long" : e.what);
		if (p->err && e.column > 1)
			p->err->column += e.column - 1;
		return -1;
	}
	parser_advance(p);
	return 0;
}

/* ---- data ---- */

static int parse_filled(struct parser *p, enum value_fill fill, struct value *out)
{
	int64_t n;

	parser_advance(p);
	if (parser_want_mark(p, '(', "before the number of bytes") ||
	    parse_int(p, 0, CALL_SIZE_MAX, "a number of bytes", &n) ||
	    parser_want_mark(p, ')', "behind the number of bytes"))
		return -1;
	*out = value_filled(fill, (size_t)n);
	return 0;
}

int parse_data(struct parser *p, struct value *out)
{
	parser_choose(p);
	parser_offer(p, "zeros", "zeros(1000): as many zero bytes");
	parser_offer(p, "pattern", "pattern(1000): the alphabet again and again");
	parser_placeholder(p, "\"text\"", "with the escapes of C");
	if (p->tok.kind == TOKEN_STRING) {
		if (p->tok.len > CALL_TEXT_MAX)
			return parser_fail(p, p->tok.at, "zeros(100000) and pattern(100000) have no such limit",
					   "a text has at most %d bytes", CALL_TEXT_MAX);
		if (!lex_string(&p->lex, &p->tok, out))
			return err_set(p->err, NULL, "no memory for a text");
		parser_advance(p);
		return 0;
	}
	if (parser_is_word(p, "zeros"))
		return parse_filled(p, FILL_ZEROS, out);
	if (parser_is_word(p, "pattern"))
		return parse_filled(p, FILL_PATTERN, out);
	return parser_expected(p, "data: \"text\", zeros(1000) or pattern(1000)");
}

/* As C has it, a length may follow, and shortens the data: send(c, "hello", 3). */
static int parse_length(struct parser *p, struct value *data)
{
	struct lex ahead = p->lex;
	struct token t = lex_next(&ahead);

	if (!parser_is_mark(p, ',') || t.kind != TOKEN_NUMBER || !t.plain || t.number <= 0)
		return 0;
	if ((uint64_t)t.number > data->len)
		return parser_fail(p, t.at, NULL, "the data have only %zu bytes", data->len);
	data->len = (size_t)t.number;
	p->lex = ahead;
	parser_advance(p);
	return 0;
}

/* ---- lists ---- */

static bool is_data(const struct parser *p)
{
	return p->tok.kind == TOKEN_STRING || parser_is_word(p, "zeros") || parser_is_word(p, "pattern");
}

static int parse_poll_item(struct parser *p, uint8_t arg, size_t i, struct value *out)
{
	const struct name_table *events = &names_poll;
	int64_t bits;

	if (i % 2 == 0)
		return parse_fd(p, arg, (int16_t)i, out);
	if (parse_flags(p, &events, 1, "events such as POLLIN", &bits))
		return -1;
	*out = value_int(bits);
	return 0;
}

static int parse_msg_item(struct parser *p, int family, size_t i, struct value *out)
{
	struct addr a;

	if (i || is_data(p))
		return parse_data(p, out);
	if (parse_addr(p, family, &a, NULL))
		return -1;
	*out = value_addr(&a);
	return 0;
}

/* Not the beginning of an address: 239.0.0.1:0. */
static bool is_plain_number(const struct parser *p)
{
	char next = p->lex.at < p->lex.len ? p->lex.text[p->lex.at] : ' ';

	return p->tok.kind == TOKEN_NUMBER && next != '.' && next != ':';
}

static int parse_opt_item(struct parser *p, int family, struct value *out)
{
	struct addr a;
	int64_t n;

	if (is_plain_number(p)) {
		if (parse_int(p, INT32_MIN, UINT32_MAX, "a number", &n))
			return -1;
		*out = value_int(n);
		return 0;
	}
	if (parse_addr(p, family, &a, NULL))
		return -1;
	*out = value_addr(&a);
	return 0;
}

static int parse_item(struct parser *p, enum call_arg_type type, uint8_t arg, int family, size_t i,
		      struct value *out)
{
	if (type == ARG_POLLFDS)
		return parse_poll_item(p, arg, i, out);
	if (type == ARG_MSG)
		return parse_msg_item(p, family, i, out);
	return parse_opt_item(p, family, out);
}

#define LIST_ITEMS	64

int parse_list(struct parser *p, enum call_arg_type type, uint8_t arg, int family, struct value *out)
{
	size_t open = p->tok.at;
	struct value item;

	*out = (struct value){ .kind = VALUE_LIST };
	if (parser_want_mark(p, '{', "before a list"))
		return -1;
	if (parser_take_mark(p, '}'))
		return 0;
	do {
		item = (struct value){ 0 };
		if (out->items == LIST_ITEMS)
			return parser_fail(p, p->tok.at, NULL, "a list has at most %d items", LIST_ITEMS);
		if (parse_item(p, type, arg, family, out->items, &item)) {
			value_fini(&item);
			return -1;
		}
		if (value_list_add(out, item))
			return err_set(p->err, NULL, "no memory for a list");
	} while (parser_take_mark(p, ','));
	if (type == ARG_POLLFDS && out->items % 2)
		return parser_fail(p, p->tok.at, "for example {s, POLLIN}",
				   "expected \",\" and the events to wait for behind each socket");
	if (parser_is_mark(p, '}'))
		return parser_want_mark(p, '}', "");
	return parser_at_end(p) ? parser_fail(p, open, NULL, "the closing } is missing")
				: parser_want_mark(p, '}', "or \",\" in a list");
}

/* ---- one argument ---- */

/* The family of the socket that the call is about: it decides which address a host's name means. */
static int fd_family(const struct parser *p)
{
	const struct line *l = p->line;
	const struct scope_variable *v;

	if (!l->holes || l->hole[0].arg != 0 || l->hole[0].item != -1 || !p->actor)
		return AF_UNSPEC;
	v = scope_variable(p->scope, p->actor->program, l->hole[0].name, strlen(l->hole[0].name));
	return v ? v->family : AF_UNSPEC;
}

static int parse_optname(struct parser *p, int64_t level, int64_t *out)
{
	const struct name_table *t = names_of_level(level);

	if (!t)
		return parse_int(p, INT32_MIN, INT32_MAX, "an option's number (the level has no names)", out);
	return parse_one(p, t, "an option of that level", out);
}

static int parse_fcntl_arg(struct parser *p, int64_t command, int64_t *out)
{
	static const struct name_table *const flags[] = { &names_fileflag };

	if (command == F_SETFL)
		return parse_flags(p, flags, 1, "flags such as O_NONBLOCK, or 0", out);
	return parse_int(p, INT32_MIN, INT32_MAX, "a number", out);
}

static int parse_optval(struct parser *p, int family, struct value *out)
{
	int64_t n;

	if (is_data(p))
		return parse_data(p, out);
	if (parser_is_mark(p, '{'))
		return parse_list(p, ARG_OPTVAL, 0, family, out);
	if (parse_int(p, INT64_MIN, INT64_MAX, "the option's value: a number, {on, seconds} or \"text\"", &n))
		return -1;
	*out = value_int(n);
	return 0;
}

/* Arguments that are a number: the names that may stand for it. */
static const struct number_arg {
	enum call_arg_type type;
	const struct name_table *table[2];
	bool flags;		/* several, joined by | */
	const char *what;
} number_args[] = {
	{ ARG_FAMILY, { &names_family }, false, "an address family such as AF_INET" },
	{ ARG_SOCKTYPE, { &names_socktype, &names_sockflag }, true, "a socket type such as SOCK_STREAM" },
	{ ARG_PROTOCOL, { &names_protocol }, false, "a protocol such as IPPROTO_TCP, or 0" },
	{ ARG_HOW, { &names_shut }, false, "SHUT_RD, SHUT_WR or SHUT_RDWR" },
	{ ARG_MSG_FLAGS, { &names_msg }, true, "flags such as MSG_PEEK, or 0" },
	{ ARG_SOCK_FLAGS, { &names_sockflag }, true, "SOCK_NONBLOCK, SOCK_CLOEXEC or 0" },
	{ ARG_LEVEL, { &names_level }, false, "a level such as SOL_SOCKET" },
	{ ARG_FCNTL_CMD, { &names_fcntl }, false, "a command such as F_SETFL" },
};

static const struct number_arg *number_arg(enum call_arg_type type)
{
	for (size_t i = 0; i < sizeof(number_args) / sizeof(number_args[0]); i++)
		if (number_args[i].type == type)
			return &number_args[i];
	return NULL;
}

static int parse_number_arg(struct parser *p, size_t i, int64_t *n)
{
	const struct call_request *r = &p->line->request;
	const struct call_arg *a = &r->call->arg[i];
	const struct number_arg *row = number_arg(a->type);
	int64_t before = i ? r->arg[i - 1].number : 0;
	STR_ON_STACK(what, 64);

	if (row && row->flags)
		return parse_flags(p, row->table, row->table[1] ? 2 : 1, row->what, n);
	if (row)
		return parse_one(p, row->table[0], row->what, n);
	if (a->type == ARG_OPTNAME)
		return parse_optname(p, before, n);
	if (a->type == ARG_FCNTL_ARG)
		return parse_fcntl_arg(p, before, n);
	if (a->type == ARG_BUFFER || a->type == ARG_MSG_OUT)
		return parse_int(p, 0, CALL_SIZE_MAX, "the size of the buffer in bytes", n);
	str_addf(&what, "%s (%s)", a->name, a->type == ARG_TIMEOUT ? "milliseconds, -1 for ever" : "a number");
	return parse_int(p, INT32_MIN, INT32_MAX, what.buf, n);
}

static int parse_addr_arg(struct parser *p, struct value *out)
{
	struct addr a;

	if (parse_addr(p, fd_family(p), &a, NULL))
		return -1;
	*out = value_addr(&a);
	return 0;
}

static int parse_arg(struct parser *p, size_t i)
{
	enum call_arg_type type = p->line->request.call->arg[i].type;
	struct value *v = &p->line->request.arg[i];
	int64_t n = 0;

	if (type == ARG_FD)
		return parse_fd(p, (uint8_t)i, -1, v);
	if (type == ARG_ADDR)
		return parse_addr_arg(p, v);
	if (type == ARG_DATA)
		return parse_data(p, v) ? -1 : parse_length(p, v);
	if (type == ARG_OPTVAL)
		return parse_optval(p, fd_family(p), v);
	if (type == ARG_MSG || type == ARG_POLLFDS)
		return parse_list(p, type, (uint8_t)i, fd_family(p), v);
	if (parse_number_arg(p, i, &n))
		return -1;
	*v = value_int(n);
	return 0;
}

/* ---- the call ---- */

static bool is_written(enum call_arg_type t)
{
	return t != ARG_ADDR_OUT && t != ARG_OPTVAL_OUT;
}

static int wrong_count(struct parser *p, const char *what)
{
	STR_ON_STACK(usage, 128);

	if (p->tok.kind == TOKEN_BAD)
		return parser_fail(p, p->tok.why_at, NULL, "%s", p->tok.why);
	str_add(&usage, "as in ");
	call_usage(&usage, p->line->request.call);
	return parser_fail(p, p->tok.at, usage.buf, "%s", what);
}

static int missing_arg(struct parser *p, const struct call_arg *a)
{
	STR_ON_STACK(what, 96);

	str_addf(&what, "expected %s, but the arguments end", a->name);
	return wrong_count(p, what.buf);
}

/* From the argument number `first` on, behind "(". */
static int parse_args(struct parser *p, size_t first)
{
	const struct call *c = p->line->request.call;
	bool comma = false;		/* one is owed before the next argument */

	for (size_t i = first; i < CALL_ARGS && c->arg[i].type != ARG_NONE; i++) {
		if (!is_written(c->arg[i].type))
			continue;
		if (parser_is_mark(p, ')') && c->arg[i].optional)
			continue;
		if (parser_is_mark(p, ')'))
			return missing_arg(p, &c->arg[i]);
		if (comma && !parser_take_mark(p, ','))
			return wrong_count(p, "expected \",\" or \")\"");
		parser_placeholder(p, c->arg[i].name, c->about);
		if (parser_is_mark(p, ')'))
			return missing_arg(p, &c->arg[i]);
		/* sendto(s, "x", server:9): many leave the flags out where an address follows. */
		if (i + 1 < CALL_ARGS && c->arg[i].type == ARG_MSG_FLAGS && c->arg[i + 1].type == ARG_ADDR &&
		    parser_at_addr(p)) {
			p->line->request.arg[i] = value_int(0);
			comma = false;
			continue;
		}
		if (parse_arg(p, i))
			return -1;
		comma = true;
	}
	return 0;
}

/* s.listen(5): the socket stands in front. */
static int parse_method(struct parser *p)
{
	const struct call *c;
	struct value fd;

	if (parse_fd(p, 0, -1, &fd))
		return -1;
	parser_advance(p);
	if (!(c = parse_call_name(p)))
		return -1;
	p->line->request.call = c;
	p->line->request.arg[0] = fd;
	if (c->arg[0].type != ARG_FD)
		return wrong_count(p, "this call is not made on a socket");
	return 0;
}

int parse_call(struct parser *p)
{
	struct lex ahead = p->lex;
	struct token next = lex_next(&ahead);
	bool method = p->tok.kind == TOKEN_NAME && next.kind == TOKEN_MARK && next.mark == '.';

	if (method) {
		if (parse_method(p))
			return -1;
	} else {
		p->line->request.call = parse_call_name(p);
		if (!p->line->request.call)
			return -1;
	}
	if (parser_want_mark(p, '(', "behind the name of the call") || parse_args(p, method))
		return -1;
	return parser_take_mark(p, ')') ? 0 : wrong_count(p, "expected \")\": the call takes no more arguments");
}
