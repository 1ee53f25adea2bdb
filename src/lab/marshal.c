/*
 * A type of argument is a pair of functions: one that pushes its registers, one that takes back
 * what the kernel left in its memory (or none).  Memory for the kernel to fill starts as zeros, so
 * that nothing of ours can be taken for something received.
 */
#include "src/lab/marshal_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "src/core/clock.h"
#include "src/core/ioctl.h"
#include "src/core/option.h"

#define IOCTL_ROOM (1 << 14) /* more than any request says it writes */

/* ---- memory and registers ---- */

struct marshal_block {
	struct marshal_block *next;
	max_align_t bytes[];
};

const struct value *marshal_given(const struct marshal *m, size_t i)
{
	return &m->request->arg[i];
}

void marshal_push(struct marshal *m, long reg)
{
	if (m->regs < MARSHAL_REGS)
		m->reg[m->regs++] = reg;
}

void marshal_push_memory(struct marshal *m, const void *memory, size_t size)
{
	marshal_push(m, (long)memory);
	marshal_push(m, (long)size);
}

void *marshal_grab(struct marshal *m, size_t size)
{
	struct marshal_block *block = calloc(1, sizeof(*block) + (size ? size : 1));

	if (!block)
		return NULL;
	block->next = m->blocks;
	m->blocks = block;
	return block->bytes;
}

void *marshal_make(struct marshal *m, size_t i, size_t size)
{
	m->arg[i].memory = marshal_grab(m, size);
	m->arg[i].size = size;
	return m->arg[i].memory;
}

/* ---- numbers ---- */

static int put_number(struct marshal *m, size_t i)
{
	marshal_push(m, (long)marshal_given(m, i)->number);
	return 0;
}

static int push_timespec(struct marshal *m, int64_t seconds, int64_t nanoseconds)
{
	struct timespec *time = marshal_grab(m, sizeof(*time));

	if (!time)
		return -1;
	*time = (struct timespec){ .tv_sec = seconds, .tv_nsec = nanoseconds };
	marshal_push(m, (long)time);
	return 0;
}

/* In place of poll(2)'s milliseconds, newer machines have ppoll(2)'s pointer. */
static int put_timeout(struct marshal *m, size_t i)
{
	int64_t ms = marshal_given(m, i)->number;

	if (m->request->call->number != SYS_ppoll)
		return put_number(m, i);
	if (ms >= 0)
		return push_timespec(m, ms / 1000, ms % 1000 * NS_PER_MS);
	marshal_push(m, 0);
	return 0;
}

static int put_timespec(struct marshal *m, size_t i)
{
	int64_t seconds, nanoseconds;

	if (call_time(m->request, i, &seconds, &nanoseconds))
		return push_timespec(m, seconds, nanoseconds);
	marshal_push(m, 0);
	return 0;
}

static int put_timeval(struct marshal *m, size_t i)
{
	int64_t seconds, microseconds;
	struct timeval *time;

	if (!call_time(m->request, i, &seconds, &microseconds)) {
		marshal_push(m, 0);
		return 0;
	}
	if (m->request->call->number ==
	    SYS_pselect6) /* where there is no select(2) of the kernel */
		return push_timespec(m, seconds, microseconds * 1000);
	time = marshal_grab(m, sizeof(*time));
	if (!time)
		return -1;
	*time = (struct timeval){ .tv_sec = seconds, .tv_usec = microseconds };
	marshal_push(m, (long)time);
	return 0;
}

static int put_offset(struct marshal *m, size_t i)
{
	off_t *offset;

	if (marshal_given(m, i)->kind != VALUE_INT) {
		marshal_push(m, 0);
		return 0;
	}
	offset = marshal_make(m, i, sizeof(*offset));
	if (!offset)
		return -1;
	*offset = marshal_given(m, i)->number;
	marshal_push(m, (long)offset);
	return 0;
}

static void take_offset(const struct marshal *m, size_t i, struct call_outcome *o)
{
	const off_t *offset = m->arg[i].memory;

	if (offset)
		o->option = value_int(*offset);
}

/* ---- addresses and descriptors ---- */

static int put_addr(struct marshal *m, size_t i)
{
	const struct addr *a = &marshal_given(m, i)->addr;

	marshal_push_memory(m, a->len ? &a->u : NULL, a->len);
	return 0;
}

static int put_addr_out(struct marshal *m, size_t i)
{
	if (!marshal_make(m, i, sizeof(struct sockaddr_storage)))
		return -1;
	m->arg[i].len = (socklen_t)m->arg[i].size;
	marshal_push(m, (long)m->arg[i].memory);
	marshal_push(m, (long)&m->arg[i].len);
	return 0;
}

static void take_addr(const struct marshal *m, size_t i, struct call_outcome *o)
{
	if (m->arg[i].len)
		o->addr = addr_of(m->arg[i].memory, m->arg[i].len);
}

static int put_pair_out(struct marshal *m, size_t i)
{
	if (!marshal_make(m, i, 2 * sizeof(int)))
		return -1;
	marshal_push(m, (long)m->arg[i].memory);
	return 0;
}

static void take_pair(const struct marshal *m, size_t i, struct call_outcome *o)
{
	const int *fd = m->arg[i].memory;

	value_list_add(&o->fds, value_int(fd[0]));
	value_list_add(&o->fds, value_int(fd[1]));
}

/* ---- data ---- */

const void *marshal_bytes(struct marshal *m, const struct value *v)
{
	void *made;

	if (v->kind != VALUE_DATA || v->fill == FILL_BYTES)
		return v->bytes;
	made = marshal_grab(m, v->len);
	if (made)
		value_bytes(v, made, v->len);
	return made;
}

static int put_data(struct marshal *m, size_t i)
{
	const struct value *v = marshal_given(m, i);
	const void *bytes = marshal_bytes(m, v);

	marshal_push_memory(m, bytes, v->len);
	return !bytes && v->len ? -1 : 0;
}

static int put_buffer(struct marshal *m, size_t i)
{
	int64_t n = marshal_given(m, i)->number;

	if (!marshal_make(m, i, n < 0 ? 0 : n > CALL_SIZE_MAX ? CALL_SIZE_MAX : (size_t)n))
		return -1;
	marshal_push_memory(m, m->arg[i].memory, m->arg[i].size);
	return 0;
}

void marshal_keep(struct call_outcome *o, const void *bytes, size_t len)
{
	size_t room = CALL_DATA_KEPT - o->data_kept;
	uint8_t *more;

	if (len > room)
		len = room;
	more = len ? realloc(o->data, o->data_kept + len) : NULL;
	if (!more)
		return;
	memcpy(more + o->data_kept, bytes, len);
	o->data = more;
	o->data_kept += len;
}

/* With MSG_TRUNC the result can be more than the buffer has. */
static void take_buffer(const struct marshal *m, size_t i, struct call_outcome *o)
{
	size_t got = (size_t)o->result;

	marshal_keep(o, m->arg[i].memory, got < m->arg[i].size ? got : m->arg[i].size);
}

/* ---- options ---- */

static struct option option_asked(const struct marshal *m)
{
	return option_of(call_number_of(m->request, ARG_LEVEL),
			 call_number_of(m->request, ARG_OPTNAME));
}

static int put_option(struct marshal *m, size_t i)
{
	struct option option = option_asked(m);
	void *memory = marshal_make(m, i, OPTION_MAX);

	if (!memory)
		return -1;
	marshal_push_memory(m, memory,
			    option_encode(&option, marshal_given(m, i), memory, OPTION_MAX));
	return 0;
}

static int put_option_out(struct marshal *m, size_t i)
{
	if (!marshal_make(m, i, OPTION_MAX))
		return -1;
	m->arg[i].len = OPTION_MAX;
	marshal_push(m, (long)m->arg[i].memory);
	marshal_push(m, (long)&m->arg[i].len);
	return 0;
}

static void take_option(const struct marshal *m, size_t i, struct call_outcome *o)
{
	struct option option = option_asked(m);
	size_t len = m->arg[i].len < OPTION_MAX ? m->arg[i].len : OPTION_MAX;

	o->option = option_decode(&option, m->arg[i].memory, len);
}

static enum ioctl_kind ioctl_asked(const struct marshal *m)
{
	return ioctl_kind(call_number_of(m->request, ARG_IOCTL));
}

/* A request that is not known gets room too: it may write where the argument points. */
static int put_ioctl(struct marshal *m, size_t i)
{
	enum ioctl_kind kind = ioctl_asked(m);

	if (kind == IOCTL_NOTHING) {
		marshal_push(m, 0);
		return 0;
	}
	if (!marshal_make(m, i, IOCTL_ROOM))
		return -1;
	ioctl_encode(kind, marshal_given(m, i), m->arg[i].memory);
	marshal_push(m, (long)m->arg[i].memory);
	return 0;
}

static void take_ioctl(const struct marshal *m, size_t i, struct call_outcome *o)
{
	if (m->arg[i].memory)
		o->option = ioctl_filled(ioctl_asked(m), m->arg[i].memory);
}

/* ---- all types ---- */

static const struct {
	put_arg *put;
	take_arg *take;
} types[] = {
	[ARG_NONE] = { NULL, NULL },
	[ARG_FD] = { put_number, NULL },
	[ARG_FAMILY] = { put_number, NULL },
	[ARG_SOCKTYPE] = { put_number, NULL },
	[ARG_PROTOCOL] = { put_number, NULL },
	[ARG_INT] = { put_number, NULL },
	[ARG_HOW] = { put_number, NULL },
	[ARG_MSG_FLAGS] = { put_number, NULL },
	[ARG_SOCK_FLAGS] = { put_number, NULL },
	[ARG_LEVEL] = { put_number, NULL },
	[ARG_OPTNAME] = { put_number, NULL },
	[ARG_FCNTL_CMD] = { put_number, NULL },
	[ARG_FCNTL_ARG] = { put_number, NULL },
	[ARG_TIMEOUT] = { put_timeout, NULL },
	[ARG_ADDR] = { put_addr, NULL },
	[ARG_ADDR_OUT] = { put_addr_out, take_addr },
	[ARG_DATA] = { put_data, NULL },
	[ARG_BUFFER] = { put_buffer, take_buffer },
	[ARG_OPTVAL] = { put_option, NULL },
	[ARG_OPTVAL_OUT] = { put_option_out, take_option },
	[ARG_MSG] = { put_msg, NULL },
	[ARG_POLLFDS] = { put_pollfds, take_pollfds },
	[ARG_MSG_OUT] = { put_msg_out, take_msg },
	[ARG_PAIR_OUT] = { put_pair_out, take_pair },
	[ARG_FILE_FLAGS] = { put_number, NULL },
	[ARG_IOV] = { put_iov, NULL },
	[ARG_IOV_OUT] = { put_iov_out, take_iov },
	[ARG_IOCTL] = { put_number, NULL },
	[ARG_IOCTL_ARG] = { put_ioctl, take_ioctl },
	[ARG_OFFSET] = { put_offset, take_offset },
	[ARG_SIZE] = { put_number, NULL },
	[ARG_SPLICE_FLAGS] = { put_number, NULL },
	[ARG_MSGS] = { put_msgs, take_msgs_sent },
	[ARG_MSGS_OUT] = { put_msgs_out, take_msgs },
	[ARG_TIMESPEC] = { put_timespec, NULL },
	[ARG_TIMEVAL] = { put_timeval, NULL },
	[ARG_NFDS] = { put_nfds, NULL },
	[ARG_FDS] = { put_fds, take_fds },
	[ARG_SIGSET] = { put_sigset, NULL },
	[ARG_SIGSET_PAIR] = { put_sigset_pair, NULL },
	[ARG_EPOLL_FLAGS] = { put_number, NULL },
	[ARG_EPOLL_OP] = { put_number, NULL },
	[ARG_EPOLL_EVENT] = { put_epoll_event, NULL },
	[ARG_EPOLL_OUT] = { put_epoll_out, take_epoll },
};
static_assert(sizeof(types) / sizeof(types[0]) == CALL_ARG_TYPES, "a row for every type");

int marshal_init(struct marshal *m, const struct call_request *r)
{
	memset(m, 0, sizeof(*m));
	m->request = r;
	for (size_t i = 0; i < CALL_ARGS && r->call->arg[i].type != ARG_NONE; i++)
		if (types[r->call->arg[i].type].put(m, i))
			return -1;
	return 0;
}

void marshal_outcome(const struct marshal *m, struct call_outcome *o)
{
	const struct call_arg *arg = m->request->call->arg;

	for (size_t i = 0; i < CALL_ARGS && o->result >= 0; i++)
		if (types[arg[i].type].take)
			types[arg[i].type].take(m, i, o);
}

void marshal_fini(struct marshal *m)
{
	while (m->blocks) {
		struct marshal_block *next = m->blocks->next;

		free(m->blocks);
		m->blocks = next;
	}
}
