/*
 * Whether a request can be executed.  A type of argument is the kinds of values that it takes, and
 * a function that looks into them where that is not all.
 */
#include "src/core/call.h"

#include <assert.h>
#include <sys/socket.h>

#define KIND(k)	   (1u << (k))
#define NUMBER	   KIND(VALUE_INT)
#define LIST	   KIND(VALUE_LIST)
#define EVENTS_MAX 4096 /* that one epoll_wait() can be told to give */
#define RIGHTS_MAX 253 /* descriptors in one message: unix(7) */

typedef int check_value(const struct call_arg *arg, const struct value *v, struct err *e);

static int check_bytes(const struct call_arg *arg, int64_t size, int64_t limit, struct err *e)
{
	if (size >= 0 && size <= limit)
		return 0;
	return err_set(e, "zeros(n) and pattern(n) are data of any length up to 16777216 bytes",
		       "%s: %lld bytes; it can be 0 to %lld", arg->name, (long long)size,
		       (long long)limit);
}

static int check_size(const struct call_arg *arg, const struct value *v, struct err *e)
{
	return check_bytes(arg, v->number, CALL_SIZE_MAX, e);
}

static int check_events(const struct call_arg *arg, const struct value *v, struct err *e)
{
	if (v->number <= EVENTS_MAX)
		return 0;
	return err_set(e, NULL, "%s: at most %d events can be asked for", arg->name, EVENTS_MAX);
}

static int check_data(const struct call_arg *arg, const struct value *v, struct err *e)
{
	if (v->fill == FILL_CUT)
		return err_set(e, NULL, "%s: only the beginning of these data is known", arg->name);
	return check_bytes(arg, v->len <= INT64_MAX ? (int64_t)v->len : -1, CALL_SIZE_MAX, e);
}

/* A number is as good, and lists are what the option makes of them. */
static int check_either(const struct call_arg *arg, const struct value *v, struct err *e)
{
	return v->kind == VALUE_DATA ? check_data(arg, v, e) : 0;
}

static bool all_are(const struct value *list, enum value_kind kind)
{
	for (size_t i = 0; i < list->items; i++)
		if (list->item[i].kind != kind)
			return false;
	return true;
}

static bool are_rights(const struct value *v)
{
	return v->kind == VALUE_CONTROL && v->level == SOL_SOCKET && v->number == SCM_RIGHTS &&
	       v->items <= RIGHTS_MAX && all_are(v, VALUE_INT);
}

/* sendmsg(): data, before it perhaps an address, behind it descriptors. */
static int check_msg(const struct call_arg *arg, const struct value *v, struct err *e)
{
	int64_t total = 0;

	if (v->kind == VALUE_DATA)
		return check_data(arg, v, e);
	for (size_t i = 0; i < v->items; i++) {
		const struct value *item = &v->item[i];

		if (item->kind == VALUE_DATA && check_data(arg, item, e))
			return -1;
		if (item->kind == VALUE_DATA)
			total += (int64_t)item->len;
		else if (!are_rights(item) && (i > 0 || item->kind != VALUE_ADDR))
			return err_set(e,
				       "as in {server:53, \"one\", \"two\"} or {\"x\", rights(c)}",
				       "%s: a list of data, or an address and then data, is wanted",
				       arg->name);
	}
	return check_bytes(arg, total, CALL_SIZE_MAX, e);
}

static int check_iov(const struct call_arg *arg, const struct value *v, struct err *e)
{
	if (v->kind == VALUE_LIST && !all_are(v, VALUE_DATA))
		return err_set(e, "as in {\"one\", \"two\"}", "%s: a list of data is wanted",
			       arg->name);
	return check_msg(arg, v, e);
}

static int check_msgs(const struct call_arg *arg, const struct value *v, struct err *e)
{
	if (!all_are(v, VALUE_LIST))
		return err_set(e, "as in {{\"one\"}, {\"two\"}}",
			       "%s: a list of messages is wanted", arg->name);
	for (size_t i = 0; i < v->items; i++)
		if (check_msg(arg, &v->item[i], e))
			return -1;
	return 0;
}

static int check_sizes(const struct call_arg *arg, const struct value *v, struct err *e)
{
	int64_t total = 0;

	if (!all_are(v, VALUE_INT))
		return err_set(e, "as in {10, 1024}", "%s: a list of sizes is wanted", arg->name);
	for (size_t i = 0; i < v->items; i++) {
		if (check_size(arg, &v->item[i], e))
			return -1;
		total += v->item[i].number;
	}
	return check_bytes(arg, total, CALL_SIZE_MAX, e);
}

static int check_pollfds(const struct call_arg *arg, const struct value *v, struct err *e)
{
	if (v->items % 2 || !all_are(v, VALUE_INT))
		return err_set(e, "as in {3, POLLIN, 4, POLLIN|POLLOUT}",
			       "%s: pairs of a descriptor and its events are wanted", arg->name);
	return 0;
}

static int check_fds(const struct call_arg *arg, const struct value *v, struct err *e)
{
	if (!all_are(v, VALUE_INT))
		return err_set(e, "as in {3, 4}", "%s: a list of descriptors is wanted", arg->name);
	for (size_t i = 0; i < v->items; i++)
		if (v->item[i].number < 0 || v->item[i].number >= CALL_SET_FDS)
			return err_set(e, "poll() takes any descriptor",
				       "%s: a set holds descriptors from 0 to %d, and %lld is not",
				       arg->name, CALL_SET_FDS - 1, (long long)v->item[i].number);
	return 0;
}

static int check_time(const struct call_arg *arg, const struct value *v, struct err *e)
{
	if (v->kind == VALUE_LIST && (v->items != 2 || !all_are(v, VALUE_INT)))
		return err_set(e, NULL, "%s: milliseconds are wanted", arg->name);
	return 0;
}

/* What a type of argument takes. */
static const struct {
	unsigned kinds; /* set of KIND(): 0 where nothing is written */
	check_value *check;
} types[] = {
	[ARG_NONE] = { 0, NULL },
	[ARG_FD] = { NUMBER, NULL },
	[ARG_FAMILY] = { NUMBER, NULL },
	[ARG_SOCKTYPE] = { NUMBER, NULL },
	[ARG_PROTOCOL] = { NUMBER, NULL },
	[ARG_INT] = { NUMBER, NULL },
	[ARG_HOW] = { NUMBER, NULL },
	[ARG_MSG_FLAGS] = { NUMBER, NULL },
	[ARG_SOCK_FLAGS] = { NUMBER, NULL },
	[ARG_LEVEL] = { NUMBER, NULL },
	[ARG_OPTNAME] = { NUMBER, NULL },
	[ARG_FCNTL_CMD] = { NUMBER, NULL },
	[ARG_FCNTL_ARG] = { NUMBER, NULL },
	[ARG_TIMEOUT] = { NUMBER, NULL },
	[ARG_ADDR] = { KIND(VALUE_ADDR), NULL },
	[ARG_ADDR_OUT] = { 0, NULL },
	[ARG_DATA] = { KIND(VALUE_DATA), check_data },
	[ARG_BUFFER] = { NUMBER, check_size },
	[ARG_OPTVAL] = { NUMBER | KIND(VALUE_DATA) | KIND(VALUE_ADDR) | LIST, check_either },
	[ARG_OPTVAL_OUT] = { 0, NULL },
	[ARG_MSG] = { KIND(VALUE_DATA) | LIST, check_msg },
	[ARG_POLLFDS] = { LIST, check_pollfds },
	[ARG_MSG_OUT] = { NUMBER, check_size },
	[ARG_PAIR_OUT] = { 0, NULL },
	[ARG_FILE_FLAGS] = { NUMBER, NULL },
	[ARG_IOV] = { KIND(VALUE_DATA) | LIST, check_iov },
	[ARG_IOV_OUT] = { LIST, check_sizes },
	[ARG_IOCTL] = { NUMBER, NULL },
	[ARG_IOCTL_ARG] = { NUMBER | KIND(VALUE_DATA), check_either },
	[ARG_OFFSET] = { NUMBER, NULL },
	[ARG_SIZE] = { NUMBER, check_size },
	[ARG_SPLICE_FLAGS] = { NUMBER, NULL },
	[ARG_MSGS] = { LIST, check_msgs },
	[ARG_MSGS_OUT] = { LIST, check_sizes },
	[ARG_TIMESPEC] = { NUMBER | LIST, check_time },
	[ARG_TIMEVAL] = { NUMBER | LIST, check_time },
	[ARG_NFDS] = { 0, NULL },
	[ARG_FDS] = { LIST, check_fds },
	[ARG_SIGSET] = { 0, NULL },
	[ARG_SIGSET_PAIR] = { 0, NULL },
	[ARG_EPOLL_FLAGS] = { NUMBER, NULL },
	[ARG_EPOLL_OP] = { NUMBER, NULL },
	[ARG_EPOLL_EVENT] = { NUMBER | LIST, NULL },
	[ARG_EPOLL_OUT] = { NUMBER, check_events },
};
static_assert(sizeof(types) / sizeof(types[0]) == CALL_ARG_TYPES, "a row for every type");

bool call_arg_is_written(enum call_arg_type type)
{
	return types[type].kinds != 0;
}

/* Bytes that are written out, all lists counted. */
static size_t text_bytes(const struct value *v)
{
	size_t sum = v->kind == VALUE_DATA && v->fill == FILL_BYTES ? v->len : 0;

	for (size_t i = 0; i < v->items; i++)
		sum += text_bytes(&v->item[i]);
	return sum;
}

static int check_arg(const struct call_arg *arg, const struct value *v, struct err *e)
{
	unsigned kinds = types[arg->type].kinds;

	if (v->kind == VALUE_NONE && (arg->optional || kinds == 0))
		return 0;
	if (!(kinds & KIND(v->kind)))
		return err_set(e, NULL,
			       v->kind == VALUE_NONE ? "%s is missing" : "%s is of the wrong kind",
			       arg->name);
	if (text_bytes(v) > CALL_TEXT_MAX)
		return check_bytes(arg, (int64_t)text_bytes(v), CALL_TEXT_MAX, e);
	return types[arg->type].check ? types[arg->type].check(arg, v, e) : 0;
}

int call_request_check(const struct call_request *r, struct err *e)
{
	if (r->call->instead)
		return err_set(e, r->call->instead, "%s cannot be made by a program of the lab",
			       r->call->name);
	for (size_t i = 0; i < CALL_ARGS && r->call->arg[i].type != ARG_NONE; i++)
		if (check_arg(&r->call->arg[i], &r->arg[i], e))
			return err_prefix(e, "%s", r->call->name);
	return 0;
}
