#include "src/parse_impl.h"

#include <string.h>
#include <sys/socket.h>

#include "src/core/nlmsg.h"

/* ---- constants ---- */

static bool is_usual_family(int64_t value)
{
	return value == AF_INET || value == AF_INET6 || value == AF_UNIX;
}

/* Those of the lab first, then the many that few machines have. */
static void offer_families(struct parser *p)
{
	static const int usual[] = { AF_INET, AF_INET6, AF_UNIX };

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		const struct name *n = name_of(&names_family, usual[i]);

		parser_offer(p, n->name, n->text);
	}
	for (size_t i = 0; i < names_family.count; i++) {
		const struct name *n = &names_family.row[i];

		if (!is_usual_family(n->value) || n != name_of(&names_family, n->value))
			parser_offer(p, n->name, n->text);
	}
}

static void offer_names(struct parser *p, const struct name_table *t)
{
	if (t == &names_family)
		offer_families(p);
	else
		parser_offer_table(p, t);
}

/* One name of the tables, or a number; adds it to *out. */
static int parse_constant(struct parser *p, const struct name_table *const *tables, size_t count,
			  const char *what, int64_t *out)
{
	struct token t = p->tok;
	const struct name *n = NULL;

	parser_choose(p);
	for (size_t i = 0; i < count; i++)
		offer_names(p, tables[i]);
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

int parse_flags(struct parser *p, const struct name_table *const *tables, size_t count,
		const char *what, int64_t *out)
{
	*out = 0;
	do {
		if (parse_constant(p, tables, count, what, out))
			return -1;
	} while (parser_take_mark(p, '|'));
	return 0;
}

int parse_one(struct parser *p, const struct name_table *table, const char *what, int64_t *out)
{
	*out = 0;
	return parse_constant(p, &table, 1, what, out);
}

/* ---- descriptors ---- */

/* A variable of the line's program, or the number of a descriptor. */
int parse_fd(struct parser *p, uint8_t arg, int16_t item, struct value *out)
{
	struct token t = p->tok;
	struct line *l = p->line;
	int64_t number = -1;

	parser_choose(p);
	parser_offer_variables(p, p->actor);
	if (t.kind == TOKEN_NUMBER &&
	    !parse_int(p, INT32_MIN, INT32_MAX, "a descriptor", &number)) {
		*out = value_int(number);
		return 0;
	}
	if (t.kind != TOKEN_NAME || !p->actor ||
	    !scope_variable(p->scope, p->actor->program, parser_text(p, &t), t.len))
		return parser_expected(
			p,
			"a socket: a name that was assigned before, or the number of a descriptor");
	if (l->holes == LINE_HOLES)
		return parser_fail(p, t.at, NULL, "a call takes at most %d variables", LINE_HOLES);

	struct hole *h = &l->hole[l->holes++];
	struct str name = str_on(h->name, sizeof(h->name));

	h->arg = arg;
	h->item = item;
	h->sub = -1;
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
		{ "netlink:0", "the kernel" },
		{ "vsock:2:", "the host of this virtual machine" },
		{ "rfcomm:*/", "a Bluetooth channel" },
		{ "l2cap:*/", "a Bluetooth PSM" },
		{ "packet:2/ETH_P_IP", "an interface" },
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
	STR_ON_STACK(copy, 480); /* the path of a Unix socket, each of its bytes written as \xNN */
	struct err e = { 0 };

	parser_choose_at(p, &t);
	offer_addresses(p);
	if (!t.len || text[0] == '"') {
		p->near = nearest_to("", 0);
		return parser_expected_not(
			p, &t, "an address such as server:8080, *:8080, [::1]:8080 or unix:/path");
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

/* nlmsg(TYPE, FLAGS, FAMILY, SEQ): struct nlmsghdr, and behind it the struct that the type needs. */
static int parse_nlmsg(struct parser *p, struct value *out)
{
	static const struct name_table *const flag_tables[] = { &names_nlm_flag,
								&names_nlm_new_flag };
	int64_t type = 0, flags = 0, family = AF_UNSPEC, seq = 1;
	uint8_t bytes[NLMSG_REQUEST_MAX];
	size_t at = p->tok.at;

	parser_advance(p);
	if (parser_want_mark(p, '(', "before the type of the message") ||
	    parse_one(p, &names_nlmsg, "a type such as RTM_GETROUTE", &type) ||
	    parser_want_mark(p, ',', "and flags such as NLM_F_REQUEST") ||
	    parse_flags(p, flag_tables, 2, "flags such as NLM_F_REQUEST", &flags))
		return -1;
	if (parser_take_mark(p, ',') &&
	    parse_one(p, &names_family, "an address family such as AF_INET", &family))
		return -1;
	if (parser_take_mark(p, ',') && parse_int(p, 0, UINT32_MAX, "the message's number", &seq))
		return -1;
	if (parser_want_mark(p, ')', "behind the message"))
		return -1;
	if (type > UINT16_MAX || flags > UINT16_MAX)
		return parser_fail(p, at, NULL, "a type and flags have 16 bits");
	*out = value_data(bytes, nlmsg_request((uint16_t)type, (uint16_t)flags, (uint32_t)seq,
					       (uint8_t)family, bytes, sizeof(bytes)));
	return 0;
}

int parse_data(struct parser *p, struct value *out)
{
	parser_choose(p);
	parser_offer(p, "zeros", "zeros(1000): as many zero bytes");
	parser_offer(p, "pattern", "pattern(1000): the alphabet again and again");
	parser_offer(p, "nlmsg",
		     "nlmsg(RTM_GETROUTE, NLM_F_REQUEST|NLM_F_DUMP, AF_INET): for netlink");
	parser_placeholder(p, "\"text\"", "with the escapes of C");
	if (p->tok.kind == TOKEN_STRING) {
		if (p->tok.len > CALL_TEXT_MAX)
			return parser_fail(p, p->tok.at,
					   "zeros(100000) and pattern(100000) have no such limit",
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
	if (parser_is_word(p, "nlmsg"))
		return parse_nlmsg(p, out);
	return parser_expected(p, "data: \"text\", zeros(1000) or pattern(1000)");
}

/* As C has it, a length may follow, and shortens the data: send(c, "hello", 3). */
int parse_length(struct parser *p, struct value *data)
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

#define NO_HOLES 0xff /* as the argument: a list in a list, whose items cannot be variables */

bool parser_at_data(const struct parser *p)
{
	return p->tok.kind == TOKEN_STRING || parser_is_word(p, "zeros") ||
	       parser_is_word(p, "pattern") || parser_is_word(p, "nlmsg");
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

/* rights(fd, fd): descriptors that go with a message. */
static int parse_rights(struct parser *p, uint8_t arg, size_t i, struct value *out)
{
	size_t at = p->tok.at, holes;
	struct value fd;

	*out = value_control(SOL_SOCKET, SCM_RIGHTS);
	parser_advance(p);
	if (arg == NO_HOLES)
		return parser_fail(p, at, "send them with sendmsg()",
				   "rights() cannot stand in a list of messages");
	if (parser_want_mark(p, '(', "before the descriptors"))
		return -1;
	do {
		holes = p->line->holes;
		if (parse_fd(p, arg, (int16_t)i, &fd))
			return -1;
		if (p->line->holes > holes)
			p->line->hole[holes].sub = (int16_t)out->items;
		if (value_list_add(out, fd))
			return err_set(p->err, NULL, "no memory for a list");
	} while (parser_take_mark(p, ','));
	return parser_want_mark(p, ')', "behind the descriptors");
}

static int parse_msg_item(struct parser *p, uint8_t arg, int family, size_t i, struct value *out)
{
	struct addr a;

	if (parser_is_word(p, "rights"))
		return parse_rights(p, arg, i, out);
	if (i || parser_at_data(p))
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

static int parse_size_item(struct parser *p, struct value *out)
{
	int64_t n;

	if (parse_int(p, 0, CALL_SIZE_MAX, "the size of a buffer in bytes", &n))
		return -1;
	*out = value_int(n);
	return 0;
}

static int parse_item(struct parser *p, enum call_arg_type type, uint8_t arg, int family, size_t i,
		      struct value *out)
{
	if (type == ARG_POLLFDS)
		return parse_poll_item(p, arg, i, out);
	if (type == ARG_FDS)
		return parse_fd(p, arg, (int16_t)i, out);
	if (type == ARG_MSG)
		return parse_msg_item(p, arg, family, i, out);
	if (type == ARG_MSGS)
		return parse_list(p, ARG_MSG, NO_HOLES, family, out);
	if (type == ARG_IOV)
		return parse_data(p, out);
	if (type == ARG_IOV_OUT || type == ARG_MSGS_OUT)
		return parse_size_item(p, out);
	return parse_opt_item(p, family, out);
}

#define LIST_ITEMS 64

int parse_list(struct parser *p, enum call_arg_type type, uint8_t arg, int family,
	       struct value *out)
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
			return parser_fail(p, p->tok.at, NULL, "a list has at most %d items",
					   LIST_ITEMS);
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
