/*
 * Finding a call in the table (call_table.c), and what can be asked of a request and its outcome.
 * Whether it is complete: call_check.c.  As text: call_text.c, call_out.c.
 */
#include "src/core/call.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

const struct call *call_find(const char *name, size_t len)
{
	for (size_t i = 0; i < calls_count; i++)
		if (strlen(calls[i].name) == len && memcmp(calls[i].name, name, len) == 0)
			return &calls[i];
	return NULL;
}

const struct call *call_of_number(long number)
{
	for (size_t i = calls_count; i-- > 0;)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

void call_request_fini(struct call_request *r)
{
	for (size_t i = 0; i < CALL_ARGS; i++)
		value_fini(&r->arg[i]);
}

void call_outcome_fini(struct call_outcome *o)
{
	free(o->data);
	o->data = NULL;
	o->data_kept = 0;
	value_fini(&o->option);
	value_fini(&o->revents);
	value_fini(&o->control);
	value_fini(&o->messages);
	value_fini(&o->fds);
}

int64_t call_number_of(const struct call_request *r, enum call_arg_type type)
{
	for (size_t i = 0; i < CALL_ARGS; i++)
		if (r->call->arg[i].type == type)
			return r->arg[i].number;
	return 0;
}

/* ---- what follows from its arguments ---- */

int call_nfds(const struct call_request *r)
{
	int64_t highest = -1;

	for (size_t i = 0; i < CALL_ARGS; i++) {
		const struct value *v = &r->arg[i];

		for (size_t n = 0; r->call->arg[i].type == ARG_FDS && n < v->items; n++)
			if (v->item[n].kind == VALUE_INT && v->item[n].number > highest)
				highest = v->item[n].number;
	}
	return (int)highest + 1;
}

bool call_time(const struct call_request *r, size_t i, int64_t *seconds, int64_t *fraction)
{
	int64_t per_ms = r->call->arg[i].type == ARG_TIMEVAL ? 1000 : 1000000;
	const struct value *v = &r->arg[i];

	if (v->kind == VALUE_LIST && v->items == 2) {
		*seconds = v->item[0].number;
		*fraction = v->item[1].number;
		return true;
	}
	if (v->kind != VALUE_INT || v->number < 0)
		return false;
	*seconds = v->number / 1000;
	*fraction = v->number % 1000 * per_ms;
	return true;
}

int call_set_event(const struct call_request *r, size_t i)
{
	static const int events[] = { POLLIN, POLLOUT, POLLPRI };
	size_t before = 0;

	for (size_t n = 0; n < i; n++)
		before += r->call->arg[n].type == ARG_FDS;
	return events[before < 2 ? before : 2];
}

/* ---- what it gave ---- */

void call_ready_add(struct value *list, int64_t fd, int64_t events)
{
	for (size_t i = 0; i + 1 < list->items; i += 2)
		if (list->item[i].number == fd) {
			list->item[i + 1].number |= events;
			return;
		}
	value_list_add(list, value_int(fd));
	value_list_add(list, value_int(events));
}

struct fd_list {
	int *fd;
	size_t cap, count;
};

static void add_fd(struct fd_list *l, const struct value *v)
{
	if (v->kind == VALUE_INT && l->count < l->cap)
		l->fd[l->count++] = (int)v->number;
}

/* Messages of recvmmsg() are lists that have the control messages among other things. */
static void add_rights(struct fd_list *l, const struct value *list)
{
	for (size_t i = 0; i < list->items; i++) {
		const struct value *v = &list->item[i];

		if (v->kind == VALUE_LIST)
			add_rights(l, v);
		if (v->kind != VALUE_CONTROL || v->level != SOL_SOCKET || v->number != SCM_RIGHTS)
			continue;
		for (size_t n = 0; n < v->items; n++)
			add_fd(l, &v->item[n]);
	}
}

static bool result_is_fd(const struct call_request *r)
{
	int64_t command = call_number_of(r, ARG_FCNTL_CMD);

	if (r->call->result == RESULT_FCNTL)
		return command == F_DUPFD || command == F_DUPFD_CLOEXEC;
	return r->call->result == RESULT_FD;
}

size_t call_fds_made(const struct call_request *r, const struct call_outcome *o, int *fd,
		     size_t cap)
{
	struct fd_list l = { .fd = fd, .cap = cap };
	struct value result = value_int(o->result);

	if (o->result < 0)
		return 0;
	if (result_is_fd(r))
		add_fd(&l, &result);
	for (size_t i = 0; i < o->fds.items; i++)
		add_fd(&l, &o->fds.item[i]);
	add_rights(&l, &o->control);
	add_rights(&l, &o->messages);
	return l.count;
}
