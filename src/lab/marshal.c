/*
 * A type of argument is a pair of functions: one that pushes its registers, one that takes back
 * what the kernel left in its memory (or none).  Memory for the kernel to fill starts as zeros, so
 * that nothing of ours can be taken for something received.
 */
#include "src/lab/marshal.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "src/core/clock.h"
#include "src/core/option.h"

typedef int put_arg(struct marshal *m, size_t i);
typedef void take_arg(const struct marshal *m, size_t i, struct call_outcome *o);

static const struct value *given(const struct marshal *m, size_t i)
{
	return &m->request->arg[i];
}

static void push(struct marshal *m, long reg)
{
	if (m->regs < MARSHAL_REGS)
		m->reg[m->regs++] = reg;
}

static void push_memory(struct marshal *m, const void *memory, size_t size)
{
	push(m, (long)memory);
	push(m, (long)size);
}

/* Memory of the argument's own: size bytes of zeros (one at least, so that it has an address). */
static void *make(struct marshal *m, size_t i, size_t size)
{
	m->arg[i].memory = calloc(1, size ? size : 1);
	m->arg[i].size = size;
	return m->arg[i].memory;
}

static size_t size_given(const struct marshal *m, size_t i)
{
	int64_t n = given(m, i)->number;

	return n < 0 ? 0 : n > CALL_SIZE_MAX ? CALL_SIZE_MAX : (size_t)n;
}

static struct option option_asked(const struct marshal *m)
{
	return option_of(call_number_of(m->request, ARG_LEVEL),
			 call_number_of(m->request, ARG_OPTNAME));
}

/* ---- numbers and addresses ---- */

static int put_number(struct marshal *m, size_t i)
{
	push(m, (long)given(m, i)->number);
	return 0;
}

static int put_timeout(struct marshal *m, size_t i)
{
#ifdef SYS_poll
	return put_number(m, i);
#else
	int64_t ms = given(m, i)->number;

	m->timeout = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS };
	push(m, ms < 0 ? 0 : (long)&m->timeout);
	return 0;
#endif
}

static int put_addr(struct marshal *m, size_t i)
{
	const struct addr *a = &given(m, i)->addr;

	push_memory(m, a->len ? &a->u : NULL, a->len);
	return 0;
}

static int put_addr_out(struct marshal *m, size_t i)
{
	if (!make(m, i, sizeof(struct sockaddr_storage)))
		return -1;
	m->arg[i].len = (socklen_t)m->arg[i].size;
	push(m, (long)m->arg[i].memory);
	push(m, (long)&m->arg[i].len);
	return 0;
}

static void take_addr(const struct marshal *m, size_t i, struct call_outcome *o)
{
	if (m->arg[i].len)
		o->addr = addr_of(m->arg[i].memory, m->arg[i].len);
}

/* ---- data ---- */

/* The bytes of a value: its own where they are written out, else made. */
static const void *bytes_of(const struct value *v, void **made)
{
	if (v->kind != VALUE_DATA || v->fill == FILL_BYTES)
		return v->bytes;
	*made = malloc(v->len ? v->len : 1);
	if (*made)
		value_bytes(v, *made, v->len);
	return *made;
}

static int put_data(struct marshal *m, size_t i)
{
	const struct value *v = given(m, i);
	const void *bytes = bytes_of(v, &m->arg[i].memory);

	push_memory(m, bytes, v->len);
	return !bytes && v->len ? -1 : 0;
}

static int put_buffer(struct marshal *m, size_t i)
{
	if (!make(m, i, size_given(m, i)))
		return -1;
	push_memory(m, m->arg[i].memory, m->arg[i].size);
	return 0;
}

/* With MSG_TRUNC the result can be more than the buffer has. */
static void take_buffer(const struct marshal *m, size_t i, struct call_outcome *o)
{
	size_t kept = (size_t)o->result;

	if (kept > m->arg[i].size)
		kept = m->arg[i].size;
	if (kept > CALL_DATA_KEPT)
		kept = CALL_DATA_KEPT;
	o->data = kept ? malloc(kept) : NULL;
	if (!o->data)
		return;
	memcpy(o->data, m->arg[i].memory, kept);
	o->data_kept = kept;
}

/* ---- options ---- */

static int put_option(struct marshal *m, size_t i)
{
	struct option option = option_asked(m);

	if (!make(m, i, OPTION_MAX))
		return -1;
	push_memory(m, m->arg[i].memory,
		    option_encode(&option, given(m, i), m->arg[i].memory, OPTION_MAX));
	return 0;
}

static int put_option_out(struct marshal *m, size_t i)
{
	if (!make(m, i, OPTION_MAX))
		return -1;
	m->arg[i].len = OPTION_MAX;
	push(m, (long)m->arg[i].memory);
	push(m, (long)&m->arg[i].len);
	return 0;
}

static void take_option(const struct marshal *m, size_t i, struct call_outcome *o)
{
	struct option option = option_asked(m);
	size_t len = m->arg[i].len < OPTION_MAX ? m->arg[i].len : OPTION_MAX;

	o->option = option_decode(&option, m->arg[i].memory, len);
}

/* ---- messages ---- */

/* One piece of a message to send; pieces that are not written out are freed by fini_msg(). */
static int put_piece(struct marshal *m, struct marshal_arg *arg, const struct value *v)
{
	struct iovec *iov = (struct iovec *)arg->memory + arg->count;
	void *made = NULL;

	if (v->kind == VALUE_ADDR) {
		m->peer = v->addr;
		return 0;
	}
	iov->iov_base = (void *)(uintptr_t)bytes_of(v, &made);
	iov->iov_len = iov->iov_base ? v->len : 0;
	arg->count++;
	return !iov->iov_base && v->len ? -1 : 0;
}

static const struct value *pieces(const struct value *v, size_t *count)
{
	*count = v->kind == VALUE_LIST ? v->items : 1;
	return v->kind == VALUE_LIST ? v->item : v;
}

static int put_msg(struct marshal *m, size_t i)
{
	size_t count;
	const struct value *piece = pieces(given(m, i), &count);

	if (!make(m, i, count * sizeof(struct iovec)))
		return -1;
	for (size_t p = 0; p < count; p++)
		if (put_piece(m, &m->arg[i], &piece[p]))
			return -1;
	m->msg = (struct msghdr){ .msg_iov = m->arg[i].memory, .msg_iovlen = m->arg[i].count };
	if (m->peer.len) {
		m->msg.msg_name = &m->peer.u;
		m->msg.msg_namelen = m->peer.len;
	}
	push(m, (long)&m->msg);
	return 0;
}

static void fini_msg(struct marshal *m, size_t i)
{
	const struct iovec *iov = m->arg[i].memory;
	size_t count;
	const struct value *piece = pieces(given(m, i), &count);

	for (size_t p = 0, n = 0; p < count && n < m->arg[i].count; p++) {
		if (piece[p].kind == VALUE_ADDR)
			continue;
		if (piece[p].kind == VALUE_DATA && piece[p].fill != FILL_BYTES)
			free(iov[n].iov_base);
		n++;
	}
}

static int put_msg_out(struct marshal *m, size_t i)
{
	if (!make(m, i, size_given(m, i)))
		return -1;
	m->buffer = (struct iovec){ .iov_base = m->arg[i].memory, .iov_len = m->arg[i].size };
	m->msg = (struct msghdr){ .msg_name = &m->peer.u,
				  .msg_namelen = sizeof(m->peer.u),
				  .msg_iov = &m->buffer,
				  .msg_iovlen = 1 };
	push(m, (long)&m->msg);
	return 0;
}

static void take_msg(const struct marshal *m, size_t i, struct call_outcome *o)
{
	take_buffer(m, i, o);
	if (m->msg.msg_namelen)
		o->addr = addr_of(&m->peer.u.sa, m->msg.msg_namelen);
	o->msg_flags = m->msg.msg_flags;
}

/* ---- poll ---- */

static int put_pollfds(struct marshal *m, size_t i)
{
	const struct value *v = given(m, i);
	struct pollfd *fds = make(m, i, v->items / 2 * sizeof(*fds));

	if (!fds)
		return -1;
	m->arg[i].count = v->items / 2;
	for (size_t n = 0; n < m->arg[i].count; n++) {
		fds[n].fd = (int)v->item[2 * n].number;
		fds[n].events = (short)v->item[2 * n + 1].number;
	}
	push_memory(m, fds, m->arg[i].count);
	return 0;
}

static void take_pollfds(const struct marshal *m, size_t i, struct call_outcome *o)
{
	const struct pollfd *fds = m->arg[i].memory;

	for (size_t n = 0; n < m->arg[i].count; n++) {
		if (!fds[n].revents)
			continue;
		value_list_add(&o->revents, value_int(fds[n].fd));
		value_list_add(&o->revents, value_int((unsigned short)fds[n].revents));
	}
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
};
static_assert(sizeof(types) / sizeof(types[0]) == ARG_MSG_OUT + 1, "a row for every type");

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
	for (size_t i = 0; i < CALL_ARGS; i++) {
		if (m->request->call->arg[i].type == ARG_MSG && m->arg[i].memory)
			fini_msg(m, i);
		free(m->arg[i].memory);
		m->arg[i].memory = NULL;
	}
}
