#include "src/parse_impl.h"

#include <string.h>
#include <strings.h>

static bool has_arg(const struct call *c, enum call_arg_type type)
{
	for (size_t i = 0; i < CALL_ARGS && c->arg[i].type != ARG_NONE; i++)
		if (c->arg[i].type == type)
			return true;
	return false;
}

static bool gives_data(const struct call *c)
{
	return has_arg(c, ARG_BUFFER) || has_arg(c, ARG_MSG_OUT) || has_arg(c, ARG_IOV_OUT);
}

static bool gives_ready(const struct call *c)
{
	return has_arg(c, ARG_POLLFDS) || has_arg(c, ARG_FDS) || has_arg(c, ARG_EPOLL_OUT);
}

/* getsockopt() an option's, ioctl() what was asked for. */
static bool gives_value(const struct call *c)
{
	return has_arg(c, ARG_OPTVAL_OUT) || has_arg(c, ARG_IOCTL_ARG);
}

static bool gives_addr(const struct call *c)
{
	return has_arg(c, ARG_ADDR_OUT) || has_arg(c, ARG_MSG_OUT);
}

int parse_number_test(struct parser *p, const char *what, struct number_test *out)
{
	bool less = parser_is_mark(p, '<'), greater = parser_is_mark(p, '>');

	*out = (struct number_test){ .compare = COMPARE_EQUAL };
	if (less || greater) {
		parser_advance(p);
		bool equal = parser_take_mark(p, '=');

		out->compare = less ? (equal ? COMPARE_LESS_EQUAL : COMPARE_LESS)
				    : (equal ? COMPARE_GREATER_EQUAL : COMPARE_GREATER);
	}
	return parse_int(p, INT64_MIN, INT64_MAX, what, &out->number);
}

/* An address begins where no other item can: [, *, a dotted number, a name with a colon behind it. */
bool parser_at_addr(const struct parser *p)
{
	struct lex ahead = p->lex;
	struct token word;

	if (p->tok.kind == TOKEN_MARK)
		return p->tok.mark == '[' || p->tok.mark == '*';
	if (p->tok.kind != TOKEN_NAME && p->tok.kind != TOKEN_NUMBER && p->tok.kind != TOKEN_BAD)
		return false;
	ahead.at = p->tok.at;
	word = lex_word(&ahead, ",&)");
	return word.len && *parser_text(p, &word) != '"' &&
	       memchr(parser_text(p, &word), ':', word.len);
}

static int result_addr(struct parser *p, const struct call *c, struct result *out)
{
	if (!gives_addr(c))
		return parser_fail(p, p->tok.at, NULL, "%s() reports no address", c->name);
	out->has_addr = true;
	return parse_addr(p, AF_UNSPEC, &out->addr, &out->any_port);
}

static int result_option(struct parser *p, const struct call *c, struct result *out)
{
	struct number_test n;

	if (!gives_value(c))
		return parser_fail(p, p->tok.at, NULL, "%s() reports no option's value", c->name);
	parser_advance(p);
	if (p->tok.kind == TOKEN_STRING)
		return parse_data(p, &out->option);
	if (parser_is_mark(p, '{'))
		return parse_list(p, ARG_OPTVAL, HOLE_RESULT, AF_UNSPEC, &out->option);

	const struct name *errno_name =
		p->tok.kind == TOKEN_NAME
			? name_find(&names_errno, parser_text(p, &p->tok), p->tok.len)
			: NULL;

	/* SO_ERROR's value is an errno. */
	if (errno_name) {
		parser_advance(p);
		n = (struct number_test){ .number = errno_name->value };
	} else if (parse_number_test(p, "the option's value", &n)) {
		return -1;
	}
	out->option = value_int(n.number);
	out->option_compare = n.compare;
	return 0;
}

static int result_ready(struct parser *p, const struct call *c, struct result *out)
{
	if (!gives_ready(c))
		return parser_fail(p, p->tok.at, NULL, "%s() reports no events", c->name);
	parser_advance(p);
	return parse_list(p, ARG_POLLFDS, HOLE_RESULT, AF_UNSPEC, &out->ready);
}

static int result_data(struct parser *p, const struct call *c, struct result *out)
{
	if (!gives_data(c))
		return parser_fail(p, p->tok.at, NULL, "%s() gives a number, not data", c->name);
	value_fini(&out->data);
	return parse_data(p, &out->data);
}

static void offer_results(struct parser *p, const struct call *c)
{
	parser_choose(p);
	parser_offer_table(p, &names_errno);
	parser_offer(p, "any", "whatever it gives");
	if (gives_value(c))
		parser_offer(p, "value", "the option's value");
	if (gives_ready(c))
		parser_offer(p, "ready", "ready {s, POLLIN}");
	parser_offer_table(p, &names_signal);
}

static int result_name(struct parser *p, struct result *out)
{
	const char *text = parser_text(p, &p->tok);
	const struct name *error = name_find(&names_errno, text, p->tok.len);
	const struct name *signal = error ? NULL : name_find(&names_signal, text, p->tok.len);

	if (!error && !signal)
		return parser_expected(p,
				       "a result: a number, \"data\", an errno, a signal or any");
	out->error = error ? (int)error->value : 0;
	out->signal = signal ? (int)signal->value : 0;
	parser_advance(p);
	return 0;
}

static int result_number(struct parser *p, const struct call *c, struct result *out)
{
	static const struct name_table *const flags[] = { &names_fileflag };

	out->has_number = true;
	if (p->tok.kind == TOKEN_NAME && c->result == RESULT_FCNTL) {
		out->number = (struct number_test){ .compare = COMPARE_EQUAL };
		return parse_flags(p, flags, 1, "flags such as O_NONBLOCK", &out->number.number);
	}
	return parse_number_test(p, "a result: a number, \"data\", an errno, a signal or any",
				 &out->number);
}

static bool is_flag(const struct parser *p, const struct call *c)
{
	return c->result == RESULT_FCNTL && p->tok.kind == TOKEN_NAME &&
	       name_find(&names_fileflag, parser_text(p, &p->tok), p->tok.len);
}

static int result_item(struct parser *p, const struct call *c, struct result *out)
{
	offer_results(p, c);
	if (parser_take_word(p, "any")) {
		out->any = true;
		return 0;
	}
	if (parser_take_word(p, "from") || parser_at_addr(p))
		return result_addr(p, c, out);
	if (parser_is_word(p, "value"))
		return result_option(p, c, out);
	if (parser_is_word(p, "ready"))
		return result_ready(p, c, out);
	if (p->tok.kind == TOKEN_STRING || parser_is_word(p, "zeros") ||
	    parser_is_word(p, "pattern"))
		return result_data(p, c, out);
	if (p->tok.kind == TOKEN_NAME && !is_flag(p, c))
		return result_name(p, out);
	return result_number(p, c, out);
}

int parse_result(struct parser *p, const struct call *c, struct result *out)
{
	out->stated = true;
	do {
		if (result_item(p, c, out))
			return -1;
	} while (parser_take_mark(p, ',') || parser_is_word(p, "from"));
	return 0;
}
