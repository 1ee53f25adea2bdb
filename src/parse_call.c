/*
 * Arguments are read by the call's row in core/call.h: each kind of argument says what may stand there, which
 * is also what completion offers there.
 */
#include "src/parse_impl.h"

#include <fcntl.h>
#include <string.h>

void call_usage(struct str *out, const struct call *c)
{
	bool first = true;

	str_addf(out, "%s(", c->name);
	for (size_t i = 0; i < CALL_ARGS && c->arg[i].type != ARG_NONE; i++) {
		if (!call_arg_is_written(c->arg[i].type))
			continue;
		str_addf(out, c->arg[i].optional ? "%s[%s]" : "%s%s", first ? "" : ", ",
			 c->arg[i].name);
		first = false;
	}
	str_char(out, ')');
}

static const struct call *not_written(struct parser *p, const struct call *c)
{
	STR_ON_STACK(hint, 128);

	str_addf(&hint, "write %s in its place", c->instead);
	parser_fail(p, p->tok.at, hint.buf,
		    "%s() is shown where a program calls it, but the lab language cannot write it",
		    c->name);
	return NULL;
}

/* to_make: those that a program of the lab can make. */
static const struct call *call_name(struct parser *p, bool to_make)
{
	struct token t = p->tok;
	const struct call *c;

	parser_choose(p);
	p->after = '(';
	for (size_t i = 0; i < calls_count; i++)
		if (!to_make || !calls[i].instead)
			parser_offer(p, calls[i].name, calls[i].about);
	p->after = '\0';
	c = t.kind == TOKEN_NAME ? call_find(parser_text(p, &t), t.len) : NULL;
	if (!c)
		parser_expected(p, "a call");
	else if (to_make && c->instead)
		return not_written(p, c);
	else
		parser_advance(p);
	return c;
}

const struct call *parse_call_name(struct parser *p)
{
	return call_name(p, false);
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
		return parse_int(p, INT32_MIN, INT32_MAX,
				 "an option's number (the level has no names)", out);
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

	if (parser_at_data(p))
		return parse_data(p, out);
	if (parser_is_mark(p, '{'))
		return parse_list(p, ARG_OPTVAL, 0, family, out);
	if (parse_int(p, INT64_MIN, INT64_MAX,
		      "the option's value: a number, {on, seconds} or \"text\"", &n))
		return -1;
	*out = value_int(n);
	return 0;
}

/* Arguments that are a number: the names that may stand for it. */
/* clang-format off */
static const struct number_arg {
	enum call_arg_type type;
	const struct name_table *table[2];
	bool flags;		/* several, joined by | */
	const char *what;
} number_args[] = {
	{ ARG_FAMILY, { &names_family }, false, "an address family such as AF_INET" },
	{ ARG_SOCKTYPE, { &names_socktype, &names_sockflag }, true, "a socket type such as SOCK_STREAM" },
	{ ARG_HOW, { &names_shut }, false, "SHUT_RD, SHUT_WR or SHUT_RDWR" },
	{ ARG_MSG_FLAGS, { &names_msg }, true, "flags such as MSG_PEEK, or 0" },
	{ ARG_SOCK_FLAGS, { &names_sockflag }, true, "SOCK_NONBLOCK, SOCK_CLOEXEC or 0" },
	{ ARG_LEVEL, { &names_level }, false, "a level such as SOL_SOCKET" },
	{ ARG_FCNTL_CMD, { &names_fcntl }, false, "a command such as F_SETFL" },
	{ ARG_FILE_FLAGS, { &names_fileflag }, true, "O_CLOEXEC or 0" },
	{ ARG_IOCTL, { &names_ioctl }, false, "a request such as FIONREAD" },
	{ ARG_EPOLL_FLAGS, { &names_epoll_flag }, true, "EPOLL_CLOEXEC or 0" },
	{ ARG_EPOLL_OP, { &names_epoll_op }, false, "EPOLL_CTL_ADD, EPOLL_CTL_MOD or EPOLL_CTL_DEL" },
	{ ARG_EPOLL_EVENT, { &names_epoll }, true, "events such as EPOLLIN" },
};
/* clang-format on */

static const struct number_arg *number_arg(enum call_arg_type type)
{
	for (size_t i = 0; i < sizeof(number_args) / sizeof(number_args[0]); i++)
		if (number_args[i].type == type)
			return &number_args[i];
	return NULL;
}

static const char *number_words(enum call_arg_type type)
{
	if (type == ARG_TIMEOUT || type == ARG_TIMESPEC || type == ARG_TIMEVAL)
		return "milliseconds, -1 for ever";
	return type == ARG_EPOLL_OUT ? "how many events it may give at once" : "a number";
}

/* packet(7) wants it in network order: C has a function for that. */
static int parse_frame_protocol(struct parser *p, int64_t *n)
{
	uint8_t bytes[2];
	uint16_t half;

	parser_choose(p);
	parser_offer(p, "htons",
		     "in network order: htons"
		     "(ETH_P_ALL)");
	if (!parser_take_word(p, "htons"))
		return parse_int(p, 0, UINT16_MAX,
				 "a protocol as in htons"
				 "(ETH_P_ALL), or 0",
				 n);
	if (parser_want_mark(p, '(', "before the protocol") ||
	    parse_one(p, &names_ethertype, "a protocol such as ETH_P_ALL", n) ||
	    parser_want_mark(p, ')', "behind the protocol"))
		return -1;
	bytes[0] = (uint8_t)(*n >> 8);
	bytes[1] = (uint8_t)*n;
	memcpy(&half, bytes, sizeof(half));
	*n = half;
	return 0;
}

/* What a number means depends on the family before it. */
static int parse_protocol(struct parser *p, int64_t family, int64_t *n)
{
	const struct name_table *table = names_of_protocol(family);

	if (table == &names_ethertype)
		return parse_frame_protocol(p, n);
	return parse_one(p, table,
			 table == &names_netlink     ? "a protocol such as NETLINK_ROUTE"
			 : table == &names_bluetooth ? "a protocol such as BTPROTO_RFCOMM"
						     : "a protocol such as IPPROTO_TCP, or 0",
			 n);
}

static int parse_number_arg(struct parser *p, size_t i, int64_t *n)
{
	const struct call_request *r = &p->line->request;
	const struct call_arg *a = &r->call->arg[i];
	const struct number_arg *row = number_arg(a->type);
	int64_t before = i ? r->arg[i - 1].number : 0;
	STR_ON_STACK(what, 64);

	if (a->type == ARG_PROTOCOL)
		return parse_protocol(p, call_number_of(r, ARG_FAMILY), n);
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
	str_addf(&what, "%s (%s)", a->name, number_words(a->type));
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

/* What an argument of ioctl() points to: a number, or the name of an interface. */
static int parse_ioctl_arg(struct parser *p, struct value *out)
{
	int64_t n;

	if (parser_at_data(p))
		return parse_data(p, out);
	if (parse_int(p, INT32_MIN, INT32_MAX, "a number, or an interface such as \"eth0\"", &n))
		return -1;
	*out = value_int(n);
	return 0;
}

static bool is_list(enum call_arg_type type)
{
	return type == ARG_MSG || type == ARG_POLLFDS || type == ARG_IOV || type == ARG_IOV_OUT ||
	       type == ARG_MSGS || type == ARG_MSGS_OUT || type == ARG_FDS;
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
	if (type == ARG_IOCTL_ARG)
		return parse_ioctl_arg(p, v);
	if (is_list(type))
		return parse_list(p, type, (uint8_t)i, fd_family(p), v);
	if (parse_number_arg(p, i, &n))
		return -1;
	*v = value_int(n);
	return 0;
}

/* ---- the call ---- */

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
	bool comma = false; /* one is owed before the next argument */

	for (size_t i = first; i < CALL_ARGS && c->arg[i].type != ARG_NONE; i++) {
		if (!call_arg_is_written(c->arg[i].type))
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
		if (i + 1 < CALL_ARGS && c->arg[i].type == ARG_MSG_FLAGS &&
		    c->arg[i + 1].type == ARG_ADDR && parser_at_addr(p)) {
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
	if (!(c = call_name(p, true)))
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
		p->line->request.call = call_name(p, true);
		if (!p->line->request.call)
			return -1;
	}
	if (parser_want_mark(p, '(', "behind the name of the call") || parse_args(p, method))
		return -1;
	return parser_take_mark(p, ')')
		       ? 0
		       : wrong_count(p, "expected \")\": the call takes no more arguments");
}
