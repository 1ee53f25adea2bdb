/* Descriptors to wait for, how long, and with which signals blocked. */
#include "src/lab/unmarshal_impl.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "src/core/clock.h"
#include "src/lab/watched.h"

#define POLLS_READ     4096 /* entries of one array */
#define EVENTS_AT_ONCE 32

/* ---- times ---- */

/* A struct timespec or timeval: {seconds, fraction}; NULL is VALUE_NONE. */
static struct value time_at(struct walk *w, uint64_t at)
{
	struct value list = { .kind = VALUE_LIST };
	uint64_t word[2];

	if (at == 0)
		return (struct value){ .kind = VALUE_NONE };
	if (walk_words(w, at, word, 2))
		return value_pointer(at);
	value_list_add(&list, value_int((int64_t)word[0]));
	value_list_add(&list, value_int((int64_t)word[1]));
	return list;
}

struct value enter_timespec(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)i;
	return time_at(w, reg[0]);
}

/* Where there is no select(2) of the kernel, it is pselect6(2) with nanoseconds. */
struct value enter_timeval(struct walk *w, size_t i, const uint64_t *reg)
{
	struct value time = time_at(w, reg[0]);

	(void)i;
	if (time.kind == VALUE_LIST && w->r->call->number == SYS_pselect6)
		time.item[1].number /= 1000;
	return time;
}

/* Milliseconds; where there is no poll(2) of the kernel, ppoll(2)'s pointer. */
struct value enter_timeout(struct walk *w, size_t i, const uint64_t *reg)
{
	uint64_t time[2];

	(void)i;
	if (w->r->call->number != SYS_ppoll)
		return value_int(walk_int(reg[0]));
	if (reg[0] == 0)
		return value_int(-1);
	if (walk_words(w, reg[0], time, 2))
		return value_pointer(reg[0]);
	return value_int((int64_t)(time[0] * 1000 + time[1] / NS_PER_MS));
}

/* ---- signals ---- */

static struct value signals_at(struct walk *w, uint64_t at)
{
	struct value list = { .kind = VALUE_LIST };
	uint64_t set;

	if (at == 0)
		return (struct value){ .kind = VALUE_NONE };
	if (peek_all(w->m, at, &set, sizeof(set)))
		return value_pointer(at);
	for (int bit = 0; bit < 64; bit++)
		if (set >> bit & 1)
			value_list_add(&list, value_int(bit + 1));
	return list;
}

struct value enter_sigset(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)i;
	return signals_at(w, reg[0]);
}

/* pselect6(2) has six registers already: its last points to a pointer and a size. */
struct value enter_sigset_pair(struct walk *w, size_t i, const uint64_t *reg)
{
	uint64_t word[2];

	(void)i;
	if (reg[0] == 0)
		return (struct value){ .kind = VALUE_NONE };
	return walk_words(w, reg[0], word, 2) ? value_pointer(reg[0]) : signals_at(w, word[0]);
}

/* ---- poll ---- */

#define FDS_AT_ONCE 64

/* A walk over an array of struct pollfd, many of which are read at once. */
struct polls {
	uint64_t array, count, next;
	struct pollfd fd[FDS_AT_ONCE];
};

/* 1 and the next entry, 0 at the end (or after as many as are read), -1 if it cannot be read. */
static int poll_next(const struct walk *w, struct polls *p, struct pollfd *out)
{
	size_t at = p->next % FDS_AT_ONCE;
	uint64_t left = p->count - p->next;

	if (left == 0 || p->next == POLLS_READ)
		return 0;
	if (at == 0 && peek_all(w->m, p->array + p->next * sizeof(*p->fd), p->fd,
				walk_least((size_t)left, FDS_AT_ONCE) * sizeof(*p->fd)))
		return -1;
	p->next++;
	*out = p->fd[at];
	return 1;
}

struct value enter_pollfds(struct walk *w, size_t i, const uint64_t *reg)
{
	struct polls p = { .array = reg[0], .count = (uint32_t)reg[1] };
	struct value list = { .kind = VALUE_LIST };
	struct pollfd fd;
	int more = 0;

	(void)i;
	for (; w->items > 0 && (more = poll_next(w, &p, &fd)) > 0; w->items--) {
		value_list_add(&list, value_int(fd.fd));
		value_list_add(&list, value_int((unsigned short)fd.events));
	}
	if (more < 0) {
		value_fini(&list);
		return value_pointer(reg[0]);
	}
	if (p.next < p.count)
		value_list_add(&list, value_rest((size_t)(p.count - p.next)));
	return list;
}

/* Adds a pair, or says that there are more; false: enough. */
static bool add_ready(struct walk *w, struct value *list, int64_t fd, int64_t events, int64_t more)
{
	if (w->items == 0) {
		value_list_add(list, value_rest((size_t)more));
		return false;
	}
	w->items--;
	value_list_add(list, value_int(fd));
	value_list_add(list, value_int(events));
	return true;
}

/* The result says how many are ready, so not every entry has to be looked at. */
void leave_pollfds(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	struct polls p = { .array = reg[0], .count = (uint32_t)reg[1] };
	int64_t left = o->result;
	struct pollfd fd;

	(void)i;
	while (left > 0 && poll_next(w, &p, &fd) > 0) {
		if (!fd.revents)
			continue;
		if (!add_ready(w, &o->revents, fd.fd, (unsigned short)fd.revents, left))
			return;
		left--;
	}
}

/* ---- select ---- */

#define SET_LONGS (CALL_SET_FDS / 64)

/* The kernel looks at as many whole longs as nfds needs; sets can be longer than FD_SETSIZE. */
static int set_at(const struct walk *w, uint64_t at, int64_t nfds, uint64_t set[SET_LONGS])
{
	size_t bits = nfds > 0 ? walk_least((size_t)nfds, CALL_SET_FDS) : 0;
	size_t word = 8 * w->m->word;

	memset(set, 0, SET_LONGS * sizeof(*set));
	if (bits == 0)
		return 0;
	if (peek_all(w->m, at, set, (bits + word - 1) / word * w->m->word))
		return -1;
	for (size_t fd = bits; fd < CALL_SET_FDS; fd++)
		set[fd / 64] &= ~((uint64_t)1 << fd % 64);
	return 0;
}

static bool has_fd(const uint64_t set[SET_LONGS], size_t fd)
{
	return set[fd / 64] >> fd % 64 & 1;
}

struct value enter_fds(struct walk *w, size_t i, const uint64_t *reg)
{
	struct value list = { .kind = VALUE_LIST };
	uint64_t set[SET_LONGS];
	size_t rest = 0;

	(void)i;
	if (reg[0] == 0)
		return (struct value){ .kind = VALUE_NONE };
	if (set_at(w, reg[0], call_number_of(w->r, ARG_NFDS), set))
		return value_pointer(reg[0]);
	for (size_t fd = 0; fd < CALL_SET_FDS; fd++)
		if (has_fd(set, fd) && !walk_add(w, &list, value_int((int64_t)fd)))
			rest++;
	if (rest)
		value_list_add(&list, value_rest(rest));
	return list;
}

void leave_fds(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	int event = call_set_event(w->r, i);
	uint64_t set[SET_LONGS];

	if (reg[0] == 0 || o->result <= 0 || set_at(w, reg[0], call_number_of(w->r, ARG_NFDS), set))
		return;
	for (size_t fd = 0; fd < CALL_SET_FDS && w->items > 0; fd++) {
		if (!has_fd(set, fd))
			continue;
		w->items--;
		call_ready_add(&o->revents, (int64_t)fd, event);
	}
}

/* ---- epoll ---- */

/* The kernel does not look at the event of EPOLL_CTL_DEL, which can be anything. */
struct value enter_epoll_event(struct walk *w, size_t i, const uint64_t *reg)
{
	struct value list = { .kind = VALUE_LIST };
	struct epoll_event event;

	(void)i;
	if (reg[0] == 0 || call_number_of(w->r, ARG_EPOLL_OP) == EPOLL_CTL_DEL)
		return (struct value){ .kind = VALUE_NONE };
	if (peek_all(w->m, reg[0], &event, sizeof(event)))
		return value_pointer(reg[0]);
	value_list_add(&list, value_int(event.events));
	value_list_add(&list, value_int((int64_t)event.data.u64));
	return list;
}

struct value enter_epoll_out(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)w;
	(void)i;
	return value_int(walk_int(reg[1]));
}

/*
 * The data of an event as the descriptor that they stand for, where the kernel's list says so; small
 * numbers are taken for it at once.  *known: whether the list was read.
 */
static int64_t fd_of_data(const struct walk *w, uint64_t data, struct watched *list, bool *known)
{
	int fd;

	if (data <= INT32_MAX)
		return (int64_t)data;
	if (!*known)
		watched_read(list, w->m->tid, (int)call_number_of(w->r, ARG_FD));
	*known = true;
	fd = watched_fd(list, data);
	return fd >= 0 ? fd : (int64_t)data;
}

void leave_epoll(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	struct epoll_event event[EVENTS_AT_ONCE];
	struct watched list;
	bool known = false;

	(void)i;
	for (int64_t n = 0; n < o->result; n++) {
		size_t left = (size_t)(o->result - n), at = (size_t)n % EVENTS_AT_ONCE;

		if (at == 0 && peek_all(w->m, reg[0] + (uint64_t)n * sizeof(*event), event,
					walk_least(left, EVENTS_AT_ONCE) * sizeof(*event)))
			return;
		if (!add_ready(w, &o->revents, fd_of_data(w, event[at].data.u64, &list, &known),
			       event[at].events, (int64_t)left))
			return;
	}
}
