/*
 * A request's arguments as C would write them.  A type of argument is a function; most numbers
 * share one, with the table of their names.
 */
#include "src/core/call_text.h"

#include <fcntl.h>

#include "src/core/control.h"
#include "src/core/ioctl.h"
#include "src/core/names.h"
#include "src/core/nlmsg.h"
#include "src/core/option.h"
#include "src/core/rd.h"
#include "src/core/safe.h"

#define SOCKTYPE_MASK 0xf /* the rest of socket(2)'s type are flags */

typedef void arg_text(struct str *out, const struct call_request *r, size_t i,
		      const struct addr_names *names);

/* ---- numbers ---- */

/* How a number of a type is written; one without names is plain. */
struct number_style {
	const struct name_table *names;
	bool flags; /* a set of bits */
};

static const struct number_style number_styles[CALL_ARG_TYPES] = {
	[ARG_FAMILY] = { .names = &names_family },
	[ARG_SOCKTYPE] = { .names = &names_socktype },
	[ARG_PROTOCOL] = { .names = &names_protocol },
	[ARG_HOW] = { .names = &names_shut },
	[ARG_MSG_FLAGS] = { .names = &names_msg, .flags = true },
	[ARG_SOCK_FLAGS] = { .names = &names_sockflag, .flags = true },
	[ARG_LEVEL] = { .names = &names_level },
	[ARG_FCNTL_CMD] = { .names = &names_fcntl },
	[ARG_FILE_FLAGS] = { .names = &names_fileflag, .flags = true },
	[ARG_IOCTL] = { .names = &names_ioctl },
	[ARG_SPLICE_FLAGS] = { .names = &names_splice, .flags = true },
	[ARG_EPOLL_FLAGS] = { .names = &names_epoll_flag, .flags = true },
	[ARG_EPOLL_OP] = { .names = &names_epoll_op },
};

/* Some numbers' table depends on another argument. */
static struct number_style style_of(const struct call_request *r, size_t i)
{
	struct number_style style = number_styles[r->call->arg[i].type];

	if (r->call->arg[i].type == ARG_PROTOCOL)
		style.names = names_of_protocol(call_number_of(r, ARG_FAMILY));
	if (r->call->arg[i].type == ARG_OPTNAME)
		style.names = names_of_level(call_number_of(r, ARG_LEVEL));
	if (r->call->arg[i].type == ARG_FCNTL_ARG && call_number_of(r, ARG_FCNTL_CMD) == F_SETFL)
		style = (struct number_style){ .names = &names_fileflag, .flags = true };
	return style;
}

/* packet(7): in network order, for which C has a function. */
static void frame_protocol_text(struct str *out, int64_t number)
{
	uint16_t half = (uint16_t)number;
	struct rd r = rd_on(&half, sizeof(half));

	str_add(out, "htons");
	str_char(out, '(');
	name_add(out, &names_ethertype, rd_be16(&r));
	str_char(out, ')');
}

static void number_text(struct str *out, const struct call_request *r, size_t i,
			const struct addr_names *names)
{
	struct number_style style = style_of(r, i);
	int64_t number = r->arg[i].number, flags = 0;

	(void)names;
	if (r->call->arg[i].type == ARG_SOCKTYPE) {
		flags = number & ~(int64_t)SOCKTYPE_MASK;
		number &= SOCKTYPE_MASK;
	}
	if (r->call->arg[i].type == ARG_PROTOCOL && call_number_of(r, ARG_FAMILY) == AF_PACKET)
		frame_protocol_text(out, number);
	else if (r->call->arg[i].type == ARG_IOCTL && !name_of(style.names, number))
		str_addf(out, "0x%llx", (unsigned long long)number);
	else if (!style.names)
		str_addf(out, "%lld", (long long)number);
	else if (style.flags)
		name_add_flags(out, style.names, number);
	else
		name_add(out, style.names, number);
	if (flags) {
		str_char(out, '|');
		name_add_flags(out, &names_sockflag, flags);
	}
}

static void pointer_text(struct str *out, const struct value *v)
{
	if (v->number)
		str_addf(out, "0x%llx", (unsigned long long)v->number);
	else
		str_add(out, "NULL");
}

/* ---- data and messages ---- */

void text_data(struct str *out, const struct value *v, size_t shown)
{
	uint8_t head[SHOWN_RECEIVED + 1];
	size_t len = value_bytes(v, head, shown + 1);

	safe_add_quoted(out, head, len, shown);
	if (v->fill == FILL_CUT && len <= shown)
		str_add(out, "...");
}

bool text_messages(struct str *out, const struct call_request *r, const struct value *data)
{
	uint8_t bytes[CALL_DATA_KEPT];
	size_t len = value_bytes(data, bytes, sizeof(bytes)), count = 0;
	struct rd rest = rd_on(bytes, len);
	struct nlmsg m;

	if (r->family != AF_NETLINK || !nlmsg_next(&rest, &m))
		return false;
	do {
		str_add(out, count ? ", " : "");
		nlmsg_text(out, &m, r->protocol);
	} while (++count < SHOWN_MESSAGES && rd_left(&rest) && nlmsg_next(&rest, &m));
	if (rd_left(&rest) || len < data->len)
		str_add(out, ", ...");
	return true;
}

static void item_text(struct str *out, const struct call_request *r, const struct value *v,
		      const struct addr_names *names)
{
	switch (v->kind) {
	case VALUE_NONE:
		str_add(out, "NULL");
		break;
	case VALUE_INT:
		name_add_flags(out, &names_msg, v->number);
		break;
	case VALUE_DATA:
		if (!text_messages(out, r, v))
			text_data(out, v, SHOWN_GIVEN);
		break;
	case VALUE_ADDR:
		addr_text(out, &v->addr, names);
		break;
	case VALUE_LIST:
		text_message(out, r, v, names);
		break;
	case VALUE_CONTROL:
		control_text(out, v, names);
		break;
	case VALUE_POINTER:
		pointer_text(out, v);
		break;
	case VALUE_REST:
		str_add(out, "...");
		break;
	}
}

void text_message(struct str *out, const struct call_request *r, const struct value *v,
		  const struct addr_names *names)
{
	const struct value *item = v->kind == VALUE_LIST ? v->item : v;
	size_t items = v->kind == VALUE_LIST ? v->items : 1;

	str_char(out, '{');
	for (size_t i = 0; i < items; i++) {
		str_add(out, i ? ", " : "");
		item_text(out, r, &item[i], names);
	}
	str_char(out, '}');
}

static void data_text(struct str *out, const struct call_request *r, size_t i,
		      const struct addr_names *names)
{
	(void)names;
	if (!text_messages(out, r, &r->arg[i]))
		text_data(out, &r->arg[i], SHOWN_GIVEN);
	str_addf(out, ", %zu", r->arg[i].len);
}

static void msg_text(struct str *out, const struct call_request *r, size_t i,
		     const struct addr_names *names)
{
	text_message(out, r, &r->arg[i], names);
}

/* How many items there were, those counted that the list does not have. */
static size_t count_of(const struct value *v)
{
	const struct value *last = v->items ? &v->item[v->items - 1] : NULL;

	if (v->kind != VALUE_LIST)
		return 1;
	return last && last->kind == VALUE_REST ? v->items - 1 + (size_t)last->number : v->items;
}

/* C has the number of items as an argument of its own. */
static void counted_text(struct str *out, const struct call_request *r, size_t i,
			 const struct addr_names *names)
{
	text_message(out, r, &r->arg[i], names);
	str_addf(out, ", %zu", count_of(&r->arg[i]));
}

/* ---- lists of numbers ---- */

typedef void add_item(struct str *out, int64_t number);

static void add_number(struct str *out, int64_t number)
{
	str_addf(out, "%lld", (long long)number);
}

static void add_signal(struct str *out, int64_t number)
{
	name_add(out, &names_signal, number);
}

static void list_text(struct str *out, const struct value *v, add_item *add)
{
	if (v->kind == VALUE_NONE) {
		str_add(out, "NULL");
		return;
	}
	str_char(out, '{');
	for (size_t i = 0; i < v->items; i++) {
		str_add(out, i ? ", " : "");
		if (v->item[i].kind == VALUE_REST)
			str_add(out, "...");
		else
			add(out, v->item[i].number);
	}
	str_char(out, '}');
}

static void sizes_text(struct str *out, const struct call_request *r, size_t i,
		       const struct addr_names *names)
{
	(void)names;
	list_text(out, &r->arg[i], add_number);
	str_addf(out, ", %zu", count_of(&r->arg[i]));
}

static void fds_text(struct str *out, const struct call_request *r, size_t i,
		     const struct addr_names *names)
{
	(void)names;
	list_text(out, &r->arg[i], add_number);
}

static void signals_text(struct str *out, const struct call_request *r, size_t i,
			 const struct addr_names *names)
{
	(void)names;
	list_text(out, &r->arg[i], add_signal);
}

static void pollfds_text(struct str *out, const struct call_request *r, size_t i,
			 const struct addr_names *names)
{
	const struct value *v = &r->arg[i];
	size_t pairs = v->items / 2, all = v->items % 2 ? count_of(v) - (pairs * 2) + pairs : pairs;

	(void)names;
	str_char(out, '{');
	for (size_t n = 0; n < pairs; n++) {
		str_addf(out, "%s{%lld, ", n ? ", " : "", (long long)v->item[2 * n].number);
		name_add_flags(out, &names_poll, v->item[2 * n + 1].number);
		str_char(out, '}');
	}
	str_addf(out, "%s}, %zu", all > pairs ? ", ..." : "", all);
}

/* ---- the others ---- */

static void addr_arg_text(struct str *out, const struct call_request *r, size_t i,
			  const struct addr_names *names)
{
	addr_text(out, &r->arg[i].addr, names);
}

static void option_arg_text(struct str *out, const struct call_request *r, size_t i,
			    const struct addr_names *names)
{
	struct option o = option_of(call_number_of(r, ARG_LEVEL), call_number_of(r, ARG_OPTNAME));

	(void)names;
	option_text(out, &o, &r->arg[i]);
}

static void ioctl_arg_text(struct str *out, const struct call_request *r, size_t i,
			   const struct addr_names *names)
{
	ioctl_text(out, ioctl_kind(call_number_of(r, ARG_IOCTL)), &r->arg[i], names);
}

static void offset_text(struct str *out, const struct call_request *r, size_t i,
			const struct addr_names *names)
{
	if (r->arg[i].kind == VALUE_NONE)
		str_add(out, "NULL");
	else
		number_text(out, r, i, names);
}

static void time_text(struct str *out, const struct call_request *r, size_t i,
		      const struct addr_names *names)
{
	int64_t seconds, fraction;

	(void)names;
	if (call_time(r, i, &seconds, &fraction))
		str_addf(out, "{%lld, %lld}", (long long)seconds, (long long)fraction);
	else
		str_add(out, "NULL");
}

static void nfds_text(struct str *out, const struct call_request *r, size_t i,
		      const struct addr_names *names)
{
	(void)names;
	add_number(out, r->arg[i].kind == VALUE_INT ? r->arg[i].number : call_nfds(r));
}

/*
 * Without data of its own, an event has the descriptor before it.  So it has where only the upper
 * half is something else: data.fd is one of a union, and the rest of it is what was there before.
 */
static void event_text(struct str *out, const struct call_request *r, size_t i,
		       const struct addr_names *names)
{
	const struct value *v = &r->arg[i];
	bool pair = v->kind == VALUE_LIST && v->items == 2;
	int64_t fd = r->arg[i - 1].number, data = pair ? v->item[1].number : fd;

	(void)names;
	if ((int32_t)data == fd)
		data = fd;
	str_char(out, '{');
	name_add_flags(out, &names_epoll, pair ? v->item[0].number : v->number);
	str_addf(out, data < 0 || data > INT32_MAX ? ", 0x%llx}" : ", %lld}", (long long)data);
}

/* ---- all types ---- */

static arg_text *const texts[CALL_ARG_TYPES] = {
	[ARG_ADDR] = addr_arg_text,
	[ARG_DATA] = data_text,
	[ARG_OPTVAL] = option_arg_text,
	[ARG_MSG] = msg_text,
	[ARG_POLLFDS] = pollfds_text,
	[ARG_IOV] = counted_text,
	[ARG_IOV_OUT] = sizes_text,
	[ARG_IOCTL_ARG] = ioctl_arg_text,
	[ARG_OFFSET] = offset_text,
	[ARG_MSGS] = counted_text,
	[ARG_MSGS_OUT] = sizes_text,
	[ARG_TIMESPEC] = time_text,
	[ARG_TIMEVAL] = time_text,
	[ARG_NFDS] = nfds_text,
	[ARG_FDS] = fds_text,
	[ARG_SIGSET] = signals_text,
	[ARG_SIGSET_PAIR] = signals_text,
	[ARG_EPOLL_EVENT] = event_text,
};

/* Of these a NULL says something: for ever, nothing to watch; so does a 0 of others: F_SETFL, 0 takes flags away. */
static bool speaks(enum call_arg_type type, bool null)
{
	if (null)
		return type == ARG_OFFSET || type == ARG_TIMESPEC || type == ARG_TIMEVAL ||
		       type == ARG_NFDS || type == ARG_FDS;
	return type == ARG_FCNTL_ARG || type == ARG_IOCTL_ARG || type == ARG_TIMESPEC ||
	       type == ARG_TIMEVAL;
}

static bool says_nothing(const struct call_request *r, const struct call_arg *arg,
			 const struct value *v)
{
	bool null = v->kind == VALUE_NONE;
	bool zero = arg->optional && v->kind == VALUE_INT && v->number == 0;

	/* NETLINK_ROUTE and BTPROTO_L2CAP are 0; of IP that is "the usual one". */
	if (zero && arg->type == ARG_PROTOCOL)
		return names_of_protocol(call_number_of(r, ARG_FAMILY)) == &names_protocol;
	return (null || zero) && !speaks(arg->type, null);
}

/* Of data, the length is an argument of its own. */
static void pointer_arg_text(struct str *out, const struct call_arg *arg, const struct value *v)
{
	pointer_text(out, v);
	if (arg->type == ARG_DATA)
		str_addf(out, ", %zu", v->len);
}

void call_arg_text(struct str *out, const struct call_request *r, size_t i,
		   const struct addr_names *names)
{
	const struct call_arg *arg = &r->call->arg[i];

	if (says_nothing(r, arg, &r->arg[i]))
		return;
	if (r->arg[i].kind == VALUE_POINTER)
		pointer_arg_text(out, arg, &r->arg[i]);
	else if (texts[arg->type])
		texts[arg->type](out, r, i, names);
	else
		number_text(out, r, i, names);
}
