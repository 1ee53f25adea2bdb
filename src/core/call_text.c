/*
 * Calls as text: a request's arguments as C would write them, and what came back.
 */
#include "src/core/call.h"

#include <fcntl.h>

#include "src/core/names.h"
#include "src/core/option.h"
#include "src/core/safe.h"

#define SOCKTYPE_MASK  0xf /* the rest of socket(2)'s type are flags */
#define SHOWN_GIVEN    32 /* bytes of data shown in an argument */
#define SHOWN_RECEIVED 64 /* … and in a result */

/* How a number of a type is written; one without names is plain. */
struct number_style {
	const struct name_table *names;
	bool flags; /* a set of bits */
};

static const struct number_style number_styles[ARG_MSG_OUT + 1] = {
	[ARG_FAMILY] = { .names = &names_family },
	[ARG_SOCKTYPE] = { .names = &names_socktype },
	[ARG_PROTOCOL] = { .names = &names_protocol },
	[ARG_HOW] = { .names = &names_shut },
	[ARG_MSG_FLAGS] = { .names = &names_msg, .flags = true },
	[ARG_SOCK_FLAGS] = { .names = &names_sockflag, .flags = true },
	[ARG_LEVEL] = { .names = &names_level },
	[ARG_FCNTL_CMD] = { .names = &names_fcntl },
};

/* ---- arguments ---- */

static void data_text(struct str *out, const struct value *v, size_t shown)
{
	uint8_t head[SHOWN_RECEIVED + 1];
	size_t len = value_bytes(v, head, shown + 1);

	safe_add_quoted(out, head, len, shown);
	if (v->fill == FILL_CUT && len <= shown)
		str_add(out, "...");
}

static void pointer_text(struct str *out, const struct value *v)
{
	if (v->number)
		str_addf(out, "0x%llx", (unsigned long long)v->number);
	else
		str_add(out, "NULL");
}

static void msg_text(struct str *out, const struct value *v, const struct addr_names *names)
{
	const struct value *item = v->kind == VALUE_LIST ? v->item : v;
	size_t items = v->kind == VALUE_LIST ? v->items : 1;

	str_char(out, '{');
	for (size_t i = 0; i < items; i++) {
		str_add(out, i ? ", " : "");
		if (item[i].kind == VALUE_ADDR)
			addr_text(out, &item[i].addr, names);
		else
			data_text(out, &item[i], SHOWN_GIVEN);
	}
	str_char(out, '}');
}

/* How many items a list does not have that there were. */
static size_t rest_of(const struct value *v)
{
	const struct value *last = v->items ? &v->item[v->items - 1] : NULL;

	return last && last->kind == VALUE_REST ? (size_t)last->number : 0;
}

static void pollfds_text(struct str *out, const struct value *v)
{
	size_t rest = rest_of(v);

	str_char(out, '{');
	for (size_t i = 0; i + 1 < v->items; i += 2) {
		str_addf(out, "%s{%lld, ", i ? ", " : "", (long long)v->item[i].number);
		name_add_flags(out, &names_poll, v->item[i + 1].number);
		str_char(out, '}');
	}
	str_addf(out, "%s}, %zu", rest ? ", ..." : "", v->items / 2 + rest);
}

/* Some numbers' table depends on another argument. */
static struct number_style style_of(const struct call_request *r, size_t i)
{
	struct number_style style = number_styles[r->call->arg[i].type];

	if (r->call->arg[i].type == ARG_OPTNAME)
		style.names = names_of_level(call_number_of(r, ARG_LEVEL));
	if (r->call->arg[i].type == ARG_FCNTL_ARG && call_number_of(r, ARG_FCNTL_CMD) == F_SETFL)
		style = (struct number_style){ .names = &names_fileflag, .flags = true };
	return style;
}

static void number_text(struct str *out, const struct call_request *r, size_t i)
{
	struct number_style style = style_of(r, i);
	int64_t number = r->arg[i].number, flags = 0;

	if (r->call->arg[i].type == ARG_SOCKTYPE) {
		flags = number & ~(int64_t)SOCKTYPE_MASK;
		number &= SOCKTYPE_MASK;
	}
	if (!style.names)
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

/* An argument of fcntl() that is 0 says something: F_SETFL, 0 takes flags away. */
static bool is_left_out(const struct call_arg *arg, const struct value *v)
{
	if (v->kind == VALUE_NONE)
		return true;
	return arg->optional && arg->type != ARG_FCNTL_ARG && v->kind == VALUE_INT &&
	       v->number == 0;
}

static void plain_text(struct str *out, const struct call_request *r, size_t i,
		       const struct addr_names *names)
{
	const struct value *v = &r->arg[i];

	switch (v->kind) {
	case VALUE_NONE:
	case VALUE_CONTROL:
	case VALUE_REST:
		break;
	case VALUE_POINTER:
		pointer_text(out, v);
		break;
	case VALUE_INT:
		number_text(out, r, i);
		break;
	case VALUE_DATA:
		data_text(out, v, SHOWN_GIVEN);
		str_addf(out, ", %zu", v->len);
		break;
	case VALUE_ADDR:
		addr_text(out, &v->addr, names);
		break;
	case VALUE_LIST:
		pollfds_text(out, v);
		break;
	}
}

void call_arg_text(struct str *out, const struct call_request *r, size_t i,
		   const struct addr_names *names)
{
	struct option o = option_of(call_number_of(r, ARG_LEVEL), call_number_of(r, ARG_OPTNAME));
	const struct call_arg *arg = &r->call->arg[i];

	if (is_left_out(arg, &r->arg[i]))
		return;
	if (r->arg[i].kind == VALUE_POINTER)
		pointer_text(out, &r->arg[i]);
	else if (arg->type == ARG_OPTVAL)
		option_text(out, &o, &r->arg[i]);
	else if (arg->type == ARG_MSG)
		msg_text(out, &r->arg[i], names);
	else
		plain_text(out, r, i, names);
}

/* ---- what came back ---- */

typedef bool out_text(struct str *out, const char **label, const struct call_request *r,
		      const struct call_outcome *o, const struct addr_names *names);

static bool out_data(struct str *out, const char **label, const struct call_request *r,
		     const struct call_outcome *o, const struct addr_names *names)
{
	bool receives = false;

	(void)names;
	for (size_t i = 0; i < CALL_ARGS; i++)
		receives |=
			r->call->arg[i].type == ARG_BUFFER || r->call->arg[i].type == ARG_MSG_OUT;
	if (!receives || o->result < 0 || (o->result > 0 && o->data_kept == 0))
		return false;
	*label = "data";
	safe_add_quoted(out, o->data, o->data_kept, SHOWN_RECEIVED);
	return true;
}

static bool out_addr(struct str *out, const char **label, const struct call_request *r,
		     const struct call_outcome *o, const struct addr_names *names)
{
	if (o->addr.len == 0)
		return false;
	*label = r->call->result == RESULT_ZERO ? "address" : "from";
	addr_text(out, &o->addr, names);
	return true;
}

static bool out_option(struct str *out, const char **label, const struct call_request *r,
		       const struct call_outcome *o, const struct addr_names *names)
{
	int64_t level = call_number_of(r, ARG_LEVEL), name = call_number_of(r, ARG_OPTNAME);
	const struct name_table *table = names_of_level(level);
	struct option option = option_of(level, name);

	(void)names;
	if (o->option.kind == VALUE_NONE)
		return false;
	*label = "value";
	if (table)
		name_add(out, table, name);
	else
		str_addf(out, "%lld", (long long)name);
	str_add(out, " = ");
	option_text(out, &option, &o->option);
	return true;
}

static bool out_ready(struct str *out, const char **label, const struct call_request *r,
		      const struct call_outcome *o, const struct addr_names *names)
{
	(void)r;
	(void)names;
	if (o->revents.items < 2)
		return false;
	*label = "ready";
	for (size_t i = 0; i + 1 < o->revents.items; i += 2) {
		str_addf(out, "%s%lld ", i ? ", " : "", (long long)o->revents.item[i].number);
		name_add_flags(out, &names_poll, o->revents.item[i + 1].number);
	}
	return true;
}

static bool out_flags(struct str *out, const char **label, const struct call_request *r,
		      const struct call_outcome *o, const struct addr_names *names)
{
	bool getfl = r->call->result == RESULT_FCNTL && call_number_of(r, ARG_FCNTL_CMD) == F_GETFL;

	(void)names;
	if (o->result < 0 || (!getfl && o->msg_flags == 0))
		return false;
	*label = "flags";
	if (getfl)
		name_add_flags(out, &names_fileflag, o->result);
	else
		name_add_flags(out, &names_msg, o->msg_flags);
	return true;
}

bool call_out_text(struct str *out, const char **label, size_t which, const struct call_request *r,
		   const struct call_outcome *o, const struct addr_names *names)
{
	static out_text *const outs[] = { out_data, out_addr, out_option, out_ready, out_flags };
	size_t start = out->len;
	bool cut = out->cut;

	for (size_t i = 0; i < sizeof(outs) / sizeof(outs[0]); i++) {
		if (!outs[i](out, label, r, o, names))
			continue;
		if (which-- == 0)
			return true;
		out->len = start; /* not this one: take its text back */
		out->buf[start] = '\0';
		out->cut = cut;
	}
	return false;
}
