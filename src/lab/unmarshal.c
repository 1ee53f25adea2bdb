/*
 * A type of argument is how many registers it takes, a function that makes its value from them at
 * the entry, and one that reads at the return what the kernel filled in (or none).
 *
 * What is kept is bounded for the whole call, not for each argument: so many bytes and so many
 * items of lists.  Beyond them only counts are kept (FILL_CUT, VALUE_REST).  Memory can change
 * between two looks at it, so no length is read twice and believed to be the same.
 *
 * How much room there was for an address or an option is overwritten by how much was needed; so the
 * room is read at the entry and kept in the argument's value: `number` of a VALUE_NONE, `len` of a
 * VALUE_INT.
 */
#include "src/lab/unmarshal_impl.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/ioctl.h"
#include "src/core/option.h"

#define ITEMS_KEPT 128 /* of all lists of a call */

/* ---- memory ---- */

int walk_words(const struct walk *w, uint64_t at, uint64_t *word, size_t count)
{
	uint32_t narrow[128];

	if (w->m->word == sizeof(*word))
		return peek_all(w->m, at, word, count * sizeof(*word));
	if (count > sizeof(narrow) / sizeof(narrow[0]) ||
	    peek_all(w->m, at, narrow, count * sizeof(narrow[0])))
		return -1;
	for (size_t i = 0; i < count; i++)
		word[i] = narrow[i];
	return 0;
}

struct value walk_data(struct walk *w, uint64_t at, uint64_t len)
{
	uint8_t bytes[CALL_DATA_KEPT];
	size_t kept = len < w->bytes ? (size_t)len : w->bytes, got;
	struct value nowhere = value_pointer(at);

	nowhere.len = (size_t)len;
	got = kept ? peek_bytes(w->m, at, bytes, kept) : 0;
	if (got == 0 && kept > 0)
		return nowhere;
	w->bytes -= got;
	return value_cut(bytes, got, (size_t)len);
}

struct addr walk_addr(const struct walk *w, uint64_t at, size_t len)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };

	if (len > sizeof(sa))
		len = sizeof(sa);
	if (len == 0 || peek_all(w->m, at, &sa, len))
		return (struct addr){ .len = 0 };
	return addr_of((const struct sockaddr *)&sa, (socklen_t)len);
}

struct value walk_addr_value(const struct walk *w, uint64_t at, int len)
{
	struct addr a = walk_addr(w, at, len > 0 ? (size_t)len : 0);

	return a.len == 0 ? value_pointer(at) : value_addr(&a);
}

void walk_keep(const struct walk *w, struct call_outcome *o, uint64_t at, size_t len)
{
	size_t room = CALL_DATA_KEPT - o->data_kept;

	if (!o->data)
		o->data = malloc(CALL_DATA_KEPT);
	if (o->data)
		o->data_kept += peek_bytes(w->m, at, o->data + o->data_kept, walk_least(len, room));
}

bool walk_add(struct walk *w, struct value *list, struct value item)
{
	if (w->items == 0) {
		value_fini(&item);
		return false;
	}
	w->items--;
	return value_list_add(list, item) == 0;
}

/* ---- numbers ---- */

static struct value enter_int(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)w;
	(void)i;
	return value_int(walk_int(reg[0]));
}

static struct value enter_unsigned(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)w;
	(void)i;
	return value_int((uint32_t)reg[0]);
}

static struct value enter_size(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)w;
	(void)i;
	return value_int((int64_t)reg[0]);
}

static bool fcntl_takes_nothing(int64_t command)
{
	return command == F_GETFD || command == F_GETFL || command == F_GETOWN ||
	       command == F_GETSIG || command == F_GETLEASE || command == F_GETPIPE_SZ ||
	       command == F_GET_SEALS;
}

static bool fcntl_takes_pointer(int64_t command)
{
	return command == F_GETLK || command == F_SETLK || command == F_SETLKW ||
	       command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW ||
	       command == F_GETOWN_EX || command == F_SETOWN_EX;
}

/* The register holds anything where the command takes no argument. */
static struct value enter_fcntl_arg(struct walk *w, size_t i, const uint64_t *reg)
{
	int64_t command = call_number_of(w->r, ARG_FCNTL_CMD);

	(void)i;
	if (fcntl_takes_nothing(command))
		return (struct value){ .kind = VALUE_NONE };
	if (fcntl_takes_pointer(command))
		return value_pointer(reg[0]);
	return value_int(walk_int(reg[0]));
}

static struct value enter_offset(struct walk *w, size_t i, const uint64_t *reg)
{
	int64_t offset;

	(void)i;
	if (reg[0] == 0)
		return (struct value){ .kind = VALUE_NONE };
	if (peek_all(w->m, reg[0], &offset, sizeof(offset)))
		return value_pointer(reg[0]);
	return value_int(offset);
}

static void leave_offset(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	int64_t offset;

	(void)i;
	if (reg[0] && peek_all(w->m, reg[0], &offset, sizeof(offset)) == 0)
		o->option = value_int(offset);
}

/* ---- addresses and descriptors ---- */

static struct value enter_addr(struct walk *w, size_t i, const uint64_t *reg)
{
	if (reg[0] == 0 && w->r->call->arg[i].optional)
		return (struct value){ .kind = VALUE_NONE };
	return walk_addr_value(w, reg[0], walk_int(reg[1]));
}

/* The room for what the kernel fills in: at reg[1], an int.  See the top of this file. */
static struct value enter_room(struct walk *w, size_t i, const uint64_t *reg)
{
	struct value room = { .kind = VALUE_NONE };
	int len = 0;

	(void)i;
	if (reg[0] && reg[1] && peek_all(w->m, reg[1], &len, sizeof(len)) == 0 && len > 0)
		room.number = len;
	return room;
}

/* How many bytes the kernel has filled there. */
static size_t filled(const struct walk *w, size_t i, const uint64_t *reg)
{
	int64_t room = w->r->arg[i].number;
	int len = 0;

	if (room <= 0 || peek_all(w->m, reg[1], &len, sizeof(len)) || len <= 0)
		return 0;
	return walk_least((size_t)room, (size_t)len);
}

static void leave_addr(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	size_t len = filled(w, i, reg);

	if (len)
		o->addr = walk_addr(w, reg[0], len);
}

static struct value enter_nothing(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)w;
	(void)i;
	(void)reg;
	return (struct value){ .kind = VALUE_NONE };
}

static void leave_pair(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	int fd[2];

	(void)i;
	if (peek_all(w->m, reg[0], fd, sizeof(fd)))
		return;
	value_list_add(&o->fds, value_int(fd[0]));
	value_list_add(&o->fds, value_int(fd[1]));
}

/* ---- data ---- */

static struct value enter_data(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)i;
	return walk_data(w, reg[0], reg[1]);
}

static struct value enter_buffer(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)w;
	(void)i;
	return value_int((int64_t)reg[1]);
}

/* With MSG_TRUNC the result can be more than the buffer has. */
static void leave_buffer(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	(void)i;
	if (o->result > 0)
		walk_keep(w, o, reg[0], walk_least((size_t)o->result, (size_t)reg[1]));
}

/* ---- options ---- */

static struct value option_at(const struct walk *w, uint64_t at, size_t len)
{
	struct option option =
		option_of(call_number_of(w->r, ARG_LEVEL), call_number_of(w->r, ARG_OPTNAME));
	uint8_t bytes[OPTION_MAX];
	size_t kept = walk_least(len, sizeof(bytes));

	if (peek_all(w->m, at, bytes, kept))
		return value_pointer(at);
	if (kept < len)
		return value_cut(bytes, kept, len);
	return option_decode(&option, bytes, len);
}

static struct value enter_option(struct walk *w, size_t i, const uint64_t *reg)
{
	int len = walk_int(reg[1]);

	(void)i;
	return len > 0 && reg[0] ? option_at(w, reg[0], (size_t)len) : value_pointer(reg[0]);
}

static void leave_option(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	size_t len = filled(w, i, reg);

	if (len)
		o->option = option_at(w, reg[0], len);
}

static enum ioctl_kind ioctl_asked(const struct walk *w)
{
	return ioctl_kind(call_number_of(w->r, ARG_IOCTL));
}

static struct value enter_ioctl(struct walk *w, size_t i, const uint64_t *reg)
{
	enum ioctl_kind kind = ioctl_asked(w);
	uint8_t bytes[IOCTL_MAX] = { 0 };

	(void)i;
	if (kind == IOCTL_NOTHING || kind == IOCTL_INT_OUT)
		return (struct value){ .kind = VALUE_NONE };
	if (kind == IOCTL_OTHER || peek_all(w->m, reg[0], bytes, ioctl_size(kind)))
		return value_pointer(reg[0]);
	return ioctl_decode(kind, bytes);
}

static void leave_ioctl(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	enum ioctl_kind kind = ioctl_asked(w);
	uint8_t bytes[IOCTL_MAX] = { 0 };

	(void)i;
	if (ioctl_size(kind) && peek_all(w->m, reg[0], bytes, ioctl_size(kind)) == 0)
		o->option = ioctl_filled(kind, bytes);
}

/* ---- all types ---- */

static const struct type {
	size_t regs;
	enter_arg *enter;
	leave_arg *leave;
} types[] = {
	[ARG_NONE] = { 0, NULL, NULL },
	[ARG_FD] = { 1, enter_int, NULL },
	[ARG_FAMILY] = { 1, enter_int, NULL },
	[ARG_SOCKTYPE] = { 1, enter_int, NULL },
	[ARG_PROTOCOL] = { 1, enter_int, NULL },
	[ARG_INT] = { 1, enter_int, NULL },
	[ARG_HOW] = { 1, enter_int, NULL },
	[ARG_MSG_FLAGS] = { 1, enter_int, NULL },
	[ARG_SOCK_FLAGS] = { 1, enter_int, NULL },
	[ARG_LEVEL] = { 1, enter_int, NULL },
	[ARG_OPTNAME] = { 1, enter_int, NULL },
	[ARG_FCNTL_CMD] = { 1, enter_int, NULL },
	[ARG_FCNTL_ARG] = { 1, enter_fcntl_arg, NULL },
	[ARG_TIMEOUT] = { 1, enter_timeout, NULL },
	[ARG_ADDR] = { 2, enter_addr, NULL },
	[ARG_ADDR_OUT] = { 2, enter_room, leave_addr },
	[ARG_DATA] = { 2, enter_data, NULL },
	[ARG_BUFFER] = { 2, enter_buffer, leave_buffer },
	[ARG_OPTVAL] = { 2, enter_option, NULL },
	[ARG_OPTVAL_OUT] = { 2, enter_room, leave_option },
	[ARG_MSG] = { 1, enter_msg, NULL },
	[ARG_POLLFDS] = { 2, enter_pollfds, leave_pollfds },
	[ARG_MSG_OUT] = { 1, enter_msg_out, leave_msg },
	[ARG_PAIR_OUT] = { 1, enter_nothing, leave_pair },
	[ARG_FILE_FLAGS] = { 1, enter_int, NULL },
	[ARG_IOV] = { 2, enter_iov, NULL },
	[ARG_IOV_OUT] = { 2, enter_iov_out, leave_iov },
	[ARG_IOCTL] = { 1, enter_unsigned, NULL },
	[ARG_IOCTL_ARG] = { 1, enter_ioctl, leave_ioctl },
	[ARG_OFFSET] = { 1, enter_offset, leave_offset },
	[ARG_SIZE] = { 1, enter_size, NULL },
	[ARG_SPLICE_FLAGS] = { 1, enter_int, NULL },
	[ARG_MSGS] = { 2, enter_msgs, leave_msgs_sent },
	[ARG_MSGS_OUT] = { 2, enter_msgs_out, leave_msgs },
	[ARG_TIMESPEC] = { 1, enter_timespec, NULL },
	[ARG_TIMEVAL] = { 1, enter_timeval, NULL },
	[ARG_NFDS] = { 1, enter_int, NULL },
	[ARG_FDS] = { 1, enter_fds, leave_fds },
	[ARG_SIGSET] = { 2, enter_sigset, NULL },
	[ARG_SIGSET_PAIR] = { 1, enter_sigset_pair, NULL },
	[ARG_EPOLL_FLAGS] = { 1, enter_int, NULL },
	[ARG_EPOLL_OP] = { 1, enter_int, NULL },
	[ARG_EPOLL_EVENT] = { 1, enter_epoll_event, NULL },
	[ARG_EPOLL_OUT] = { 2, enter_epoll_out, leave_epoll },
};
static_assert(sizeof(types) / sizeof(types[0]) == CALL_ARG_TYPES, "a row for every type");

static size_t registers(const struct call *c)
{
	size_t regs = 0;

	for (size_t i = 0; i < CALL_ARGS; i++)
		regs += types[c->arg[i].type].regs;
	return regs;
}

/*
 * Of rows that share a number, the later is the general one (core/call.h).  It is the earlier, with
 * fewer arguments, where the first register behind those is 0: the pointer to an address, or to a
 * set of signals.
 */
static const struct call *row_of(long number, const uint64_t reg[6])
{
	for (size_t i = 0; i < calls_count; i++) {
		if (calls[i].number != number)
			continue;
		if (&calls[i] == call_of_number(number) || reg[registers(&calls[i])] == 0)
			return &calls[i];
	}
	return NULL;
}

int unmarshal_enter(struct call_request *r, long number, const uint64_t reg[6],
		    const struct peek *m)
{
	struct walk w = { .m = m, .r = r, .bytes = CALL_DATA_KEPT, .items = ITEMS_KEPT };

	memset(r, 0, sizeof(*r));
	r->call = row_of(number, reg);
	if (!r->call)
		return -1;
	for (size_t i = 0; i < CALL_ARGS && r->call->arg[i].type != ARG_NONE; i++) {
		const struct type *t = &types[r->call->arg[i].type];

		r->arg[i] = t->enter(&w, i, reg);
		reg += t->regs;
	}
	return 0;
}

#define ERRNO_MAX 4095 /* results from -ERRNO_MAX to -1 are errors */

void unmarshal_leave(struct call_outcome *o, const struct call_request *r, const uint64_t reg[6],
		     int64_t result, const struct peek *m)
{
	struct walk w = { .m = m, .r = r, .bytes = CALL_DATA_KEPT, .items = ITEMS_KEPT };
	bool failed = result < 0 && result >= -ERRNO_MAX;

	memset(o, 0, sizeof(*o));
	o->result = failed ? -1 : result;
	o->error = failed ? (int)-result : 0;
	for (size_t i = 0; i < CALL_ARGS && o->result >= 0; i++) {
		const struct type *t = &types[r->call->arg[i].type];

		if (t->leave)
			t->leave(&w, i, reg, o);
		reg += t->regs;
	}
}
