/* Descriptors to wait for: poll, select, epoll. */
#include "src/lab/marshal_impl.h"

#include <poll.h>
#include <sys/epoll.h>

#define KERNEL_SIGSET 8 /* bytes of the kernel's set of signals */

/* ---- poll ---- */

int put_pollfds(struct marshal *m, size_t i)
{
	const struct value *v = marshal_given(m, i);
	struct pollfd *fds = marshal_make(m, i, v->items / 2 * sizeof(*fds));

	if (!fds)
		return -1;
	m->arg[i].count = v->items / 2;
	for (size_t n = 0; n < m->arg[i].count; n++) {
		fds[n].fd = (int)v->item[2 * n].number;
		fds[n].events = (short)v->item[2 * n + 1].number;
	}
	marshal_push_memory(m, fds, m->arg[i].count);
	return 0;
}

void take_pollfds(const struct marshal *m, size_t i, struct call_outcome *o)
{
	const struct pollfd *fds = m->arg[i].memory;

	for (size_t n = 0; n < m->arg[i].count; n++) {
		if (!fds[n].revents)
			continue;
		value_list_add(&o->revents, value_int(fds[n].fd));
		value_list_add(&o->revents, value_int((unsigned short)fds[n].revents));
	}
}

/* ---- select ---- */

#define LONG_BITS (8 * sizeof(unsigned long))

int put_nfds(struct marshal *m, size_t i)
{
	const struct value *v = marshal_given(m, i);

	marshal_push(m, v->kind == VALUE_INT ? (long)v->number : call_nfds(m->request));
	return 0;
}

int put_fds(struct marshal *m, size_t i)
{
	const struct value *v = marshal_given(m, i);
	unsigned long *bits;

	if (v->kind != VALUE_LIST) {
		marshal_push(m, 0);
		return 0;
	}
	bits = marshal_make(m, i, CALL_SET_FDS / 8);
	for (size_t n = 0; bits && n < v->items; n++) {
		uint64_t fd = (uint64_t)v->item[n].number;

		if (fd < CALL_SET_FDS)
			bits[fd / LONG_BITS] |= 1ul << fd % LONG_BITS;
	}
	marshal_push(m, (long)bits);
	return bits ? 0 : -1;
}

void take_fds(const struct marshal *m, size_t i, struct call_outcome *o)
{
	const unsigned long *bits = m->arg[i].memory;
	int event = call_set_event(m->request, i);

	for (size_t fd = 0; bits && fd < CALL_SET_FDS; fd++)
		if (bits[fd / LONG_BITS] >> fd % LONG_BITS & 1)
			call_ready_add(&o->revents, (int64_t)fd, event);
}

/* ---- signals: the mask stays as it is ---- */

int put_sigset(struct marshal *m, size_t i)
{
	(void)i;
	marshal_push(m, 0);
	marshal_push(m, KERNEL_SIGSET);
	return 0;
}

int put_sigset_pair(struct marshal *m, size_t i)
{
	(void)i;
	marshal_push(m, 0);
	return 0;
}

/* ---- epoll ---- */

/* Without data of its own, an event has the descriptor before it. */
int put_epoll_event(struct marshal *m, size_t i)
{
	const struct value *v = marshal_given(m, i);
	bool pair = v->kind == VALUE_LIST && v->items == 2;
	struct epoll_event *event;

	if (v->kind == VALUE_NONE) {
		marshal_push(m, 0);
		return 0;
	}
	event = marshal_make(m, i, sizeof(*event));
	if (!event)
		return -1;
	event->events = (uint32_t)(pair ? v->item[0].number : v->number);
	event->data.u64 = (uint64_t)(pair ? v->item[1].number : marshal_given(m, i - 1)->number);
	marshal_push(m, (long)event);
	return 0;
}

int put_epoll_out(struct marshal *m, size_t i)
{
	int64_t count = marshal_given(m, i)->number;

	if (!marshal_make(m, i, count > 0 ? (size_t)count * sizeof(struct epoll_event) : 0))
		return -1;
	marshal_push(m, (long)m->arg[i].memory);
	marshal_push(m, (long)count);
	return 0;
}

void take_epoll(const struct marshal *m, size_t i, struct call_outcome *o)
{
	const struct epoll_event *event = m->arg[i].memory;

	for (int64_t n = 0; n < o->result; n++) {
		value_list_add(&o->revents, value_int((int64_t)event[n].data.u64));
		value_list_add(&o->revents, value_int(event[n].events));
	}
}
