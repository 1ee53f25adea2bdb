/*
 * What a call gave back beside its result, as text.
 */
#include "src/core/call_text.h"

#include <fcntl.h>
#include <poll.h>

#include "src/core/control.h"
#include "src/core/ioctl.h"
#include "src/core/names.h"
#include "src/core/option.h"
#include "src/core/safe.h"

typedef bool out_text(struct str *out, const char **label, const struct call_request *r,
		      const struct call_outcome *o, const struct addr_names *names);

static bool has_arg(const struct call_request *r, enum call_arg_type type)
{
	for (size_t i = 0; i < CALL_ARGS; i++)
		if (r->call->arg[i].type == type)
			return true;
	return false;
}

static bool received_messages(struct str *out, const struct call_request *r,
			      const struct call_outcome *o)
{
	struct value data = value_cut(o->data, o->data_kept, (size_t)o->result);
	bool are = text_messages(out, r, &data);

	value_fini(&data);
	return are;
}

static bool out_data(struct str *out, const char **label, const struct call_request *r,
		     const struct call_outcome *o, const struct addr_names *names)
{
	bool receives =
		has_arg(r, ARG_BUFFER) || has_arg(r, ARG_MSG_OUT) || has_arg(r, ARG_IOV_OUT);

	(void)names;
	if (!receives || o->result < 0 || (o->result > 0 && o->data_kept == 0))
		return false;
	*label = "data";
	if (r->family == AF_NETLINK && received_messages(out, r, o))
		return true;
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

static void option_out_text(struct str *out, const struct call_request *r,
			    const struct call_outcome *o)
{
	int64_t level = call_number_of(r, ARG_LEVEL), name = call_number_of(r, ARG_OPTNAME);
	const struct name_table *table = names_of_level(level);
	struct option option = option_of(level, name);

	if (table)
		name_add(out, table, name);
	else
		str_addf(out, "%lld", (long long)name);
	str_add(out, " = ");
	option_text(out, &option, &o->option);
}

static bool out_value(struct str *out, const char **label, const struct call_request *r,
		      const struct call_outcome *o, const struct addr_names *names)
{
	int64_t request = call_number_of(r, ARG_IOCTL);

	if (o->option.kind == VALUE_NONE)
		return false;
	*label = "value";
	if (has_arg(r, ARG_OFFSET)) {
		*label = "offset";
		str_addf(out, "%lld", (long long)o->option.number);
	} else if (has_arg(r, ARG_IOCTL)) {
		name_add(out, &names_ioctl, request);
		str_add(out, " = ");
		ioctl_text(out, ioctl_kind(request), &o->option, names);
	} else {
		option_out_text(out, r, o);
	}
	return true;
}

/* ---- who is ready ---- */

static void events_text(struct str *out, const struct value *list, const struct name_table *names)
{
	for (size_t i = 0; i + 1 < list->items; i += 2) {
		int64_t fd = list->item[i].number;

		str_add(out, i ? ", " : "");
		str_addf(out, fd < 0 || fd > INT32_MAX ? "0x%llx " : "%lld ", (long long)fd);
		name_add_flags(out, names, list->item[i + 1].number);
	}
	if (list->items % 2)
		str_add(out, ", ...");
}

/* The sets of select(), as far as anything is left in them. */
static void sets_text(struct str *out, const struct value *list)
{
	static const struct {
		int64_t event;
		const char *words;
	} sets[] = { { POLLIN, " to read" },
		     { POLLOUT, " to write" },
		     { POLLPRI, " with urgent data" } };

	for (size_t s = 0; s < sizeof(sets) / sizeof(sets[0]); s++) {
		size_t count = 0;

		for (size_t i = 0; i + 1 < list->items; i += 2)
			if (list->item[i + 1].number & sets[s].event)
				str_addf(out, "%s%lld",
					 count++    ? ", "
					 : out->len ? "; "
						    : "",
					 (long long)list->item[i].number);
		str_add(out, count ? sets[s].words : "");
	}
}

static bool out_ready(struct str *out, const char **label, const struct call_request *r,
		      const struct call_outcome *o, const struct addr_names *names)
{
	STR_ON_STACK(sets, 512);

	(void)names;
	if (o->revents.items < 2)
		return false;
	*label = "ready";
	if (has_arg(r, ARG_FDS)) {
		sets_text(&sets, &o->revents);
		str_add(out, sets.buf);
	} else {
		events_text(out, &o->revents,
			    has_arg(r, ARG_EPOLL_OUT) ? &names_epoll : &names_poll);
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

/* ---- messages ---- */

static bool out_control(struct str *out, const char **label, const struct call_request *r,
			const struct call_outcome *o, const struct addr_names *names)
{
	(void)r;
	if (o->control.items == 0)
		return false;
	*label = "control";
	for (size_t i = 0; i < o->control.items; i++) {
		str_add(out, i ? ", " : "");
		control_text(out, &o->control.item[i], names);
	}
	return true;
}

static void numbers_text(struct str *out, const struct value *list)
{
	for (size_t i = 0; i < list->items; i++) {
		str_add(out, i ? ", " : "");
		if (list->item[i].kind == VALUE_REST)
			str_add(out, "...");
		else
			str_addf(out, "%lld", (long long)list->item[i].number);
	}
}

static bool out_messages(struct str *out, const char **label, const struct call_request *r,
			 const struct call_outcome *o, const struct addr_names *names)
{
	if (o->messages.items == 0)
		return false;
	*label = has_arg(r, ARG_MSGS_OUT) ? "messages" : "sent";
	if (has_arg(r, ARG_MSGS_OUT))
		text_message(out, r, &o->messages, names);
	else
		numbers_text(out, &o->messages);
	return true;
}

static bool out_fds(struct str *out, const char **label, const struct call_request *r,
		    const struct call_outcome *o, const struct addr_names *names)
{
	(void)r;
	(void)names;
	if (o->fds.items == 0)
		return false;
	*label = "descriptors";
	numbers_text(out, &o->fds);
	return true;
}

bool call_out_text(struct str *out, const char **label, size_t which, const struct call_request *r,
		   const struct call_outcome *o, const struct addr_names *names)
{
	static out_text *const outs[] = { out_data,  out_addr,	  out_value,	out_ready,
					  out_flags, out_control, out_messages, out_fds };
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
