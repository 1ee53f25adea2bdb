/*
 * A type of argument is how many registers it takes, a function that makes its value from them at
 * the entry, and one that reads at the return what the kernel filled in (or none).
 *
 * What an entry keeps is bounded for the whole call, not for each argument: so many bytes and so
 * many items of lists.  Beyond them only counts are kept (FILL_CUT, VALUE_REST).  Memory can change
 * between two looks at it, so no length is read twice and believed to be the same.
 *
 * How much room there was for an address or an option is overwritten by how much was needed; so the
 * room is read at the entry and kept in the argument's value: `number` of a VALUE_NONE, `len` of a
 * VALUE_INT.
 */
#include "src/lab/unmarshal.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "src/core/clock.h"
#include "src/core/option.h"

#define ITEMS_KEPT 128 /* of all lists of a call */
#define IOVS_READ  1024 /* of one array: IOV_MAX; the kernel refuses more */
#define POLLS_READ 4096 /* entries of one array */

struct walk {
	const struct peek *m;
	const struct call_request *r;
	size_t bytes, items; /* that may still be kept */
};

typedef struct value enter_arg(struct walk *w, size_t i, const uint64_t *reg);
typedef void leave_arg(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o);

/* ---- memory ---- */

static int int_of(uint64_t reg)
{
	return (int)(uint32_t)reg;
}

/* Pointers and longs, which are narrower in a 32-bit program. */
static int words_at(const struct walk *w, uint64_t at, uint64_t *word, size_t count)
{
	uint32_t narrow[8];

	if (w->m->word == sizeof(*word))
		return peek_all(w->m, at, word, count * sizeof(*word));
	if (count > sizeof(narrow) / sizeof(narrow[0]) ||
	    peek_all(w->m, at, narrow, count * sizeof(narrow[0])))
		return -1;
	for (size_t i = 0; i < count; i++)
		word[i] = narrow[i];
	return 0;
}

static struct value data_at(struct walk *w, uint64_t at, uint64_t len)
{
	uint8_t bytes[CALL_DATA_KEPT];
	size_t kept = len < w->bytes ? (size_t)len : w->bytes, got;

	got = peek_bytes(w->m, at, bytes, kept);
	if (got == 0 && kept > 0)
		return value_pointer(at);
	w->bytes -= got;
	return value_cut(bytes, got, (size_t)len);
}

static struct addr addr_at(const struct walk *w, uint64_t at, size_t len)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };

	if (len > sizeof(sa))
		len = sizeof(sa);
	if (peek_all(w->m, at, &sa, len))
		return (struct addr){ .len = 0 };
	return addr_of((const struct sockaddr *)&sa, (socklen_t)len);
}

static struct value addr_value_at(const struct walk *w, uint64_t at, int len)
{
	struct addr a = addr_at(w, at, len > 0 ? (size_t)len : 0);

	return a.len == 0 ? value_pointer(at) : value_addr(&a);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- numbers and addresses ---- */

static struct value enter_int(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)w;
	(void)i;
	return value_int(int_of(reg[0]));
}

static bool fcntl_takes_nothing(int64_t command)
{
	return command == F_GETFD || command == F_GETFL || command == F_GETOWN ||
	       command == F_GETSIG || command == F_GETLEASE || command == F_GETPIPE_SZ ||
	       command == F_GET_SEALS;
}

/* The register holds anything where the command takes no argument. */
static struct value enter_fcntl_arg(struct walk *w, size_t i, const uint64_t *reg)
{
	int64_t command = call_number_of(w->r, ARG_FCNTL_CMD);

	(void)i;
	if (fcntl_takes_nothing(command))
		return (struct value){ .kind = VALUE_NONE };
	return value_int(command == F_SETFL ? int_of(reg[0]) : (int64_t)reg[0]);
}

static struct value enter_timeout(struct walk *w, size_t i, const uint64_t *reg)
{
#ifdef SYS_poll
	return enter_int(w, i, reg);
#else
	uint64_t time[2];

	(void)i;
	if (reg[0] == 0)
		return value_int(-1);
	if (words_at(w, reg[0], time, 2))
		return value_pointer(reg[0]);
	return value_int((int64_t)(time[0] * 1000 + time[1] / NS_PER_MS));
#endif
}

static struct value enter_addr(struct walk *w, size_t i, const uint64_t *reg)
{
	if (reg[0] == 0 && w->r->call->arg[i].optional)
		return (struct value){ .kind = VALUE_NONE };
	return addr_value_at(w, reg[0], int_of(reg[1]));
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
	return least((size_t)room, (size_t)len);
}

static void leave_addr(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	size_t len = filled(w, i, reg);

	if (len)
		o->addr = addr_at(w, reg[0], len);
}

/* ---- data ---- */

static struct value enter_data(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)i;
	return data_at(w, reg[0], reg[1]);
}

static struct value enter_buffer(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)w;
	(void)i;
	return value_int((int64_t)reg[1]);
}

/* Adds bytes of the program's memory to what was received. */
static void keep(const struct walk *w, struct call_outcome *o, uint64_t at, size_t len)
{
	size_t room = CALL_DATA_KEPT - o->data_kept;

	if (!o->data)
		o->data = malloc(CALL_DATA_KEPT);
	if (o->data)
		o->data_kept += peek_bytes(w->m, at, o->data + o->data_kept, least(len, room));
}

/* With MSG_TRUNC the result can be more than the buffer has. */
static void leave_buffer(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	(void)i;
	if (o->result > 0)
		keep(w, o, reg[0], least((size_t)o->result, (size_t)reg[1]));
}

/* ---- options ---- */

static struct option option_asked(const struct walk *w)
{
	return option_of(call_number_of(w->r, ARG_LEVEL), call_number_of(w->r, ARG_OPTNAME));
}

static struct value option_at(const struct walk *w, uint64_t at, size_t len)
{
	struct option option = option_asked(w);
	uint8_t bytes[OPTION_MAX];

	if (len > sizeof(bytes))
		len = sizeof(bytes);
	if (peek_all(w->m, at, bytes, len))
		return value_pointer(at);
	return option_decode(&option, bytes, len);
}

static struct value enter_option(struct walk *w, size_t i, const uint64_t *reg)
{
	int len = int_of(reg[1]);

	(void)i;
	return len > 0 && reg[0] ? option_at(w, reg[0], (size_t)len) : value_pointer(reg[0]);
}

static void leave_option(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	size_t len = filled(w, i, reg);

	if (len)
		o->option = option_at(w, reg[0], len);
}

/* ---- pieces of memory: struct iovec ---- */

struct piece {
	uint64_t at, len;
};

static int piece_at(const struct walk *w, uint64_t array, uint64_t index, struct piece *out)
{
	uint64_t word[2];

	if (words_at(w, array + index * 2 * w->m->word, word, 2))
		return -1;
	*out = (struct piece){ .at = word[0], .len = word[1] };
	return 0;
}

/* Adds each piece's data; those that cannot be kept one by one become one of their joint length. */
static void add_pieces(struct walk *w, struct value *list, uint64_t array, uint64_t count)
{
	size_t left_out = 0;
	struct piece p;

	for (uint64_t n = 0; n < count && n < IOVS_READ; n++) {
		if (piece_at(w, array, n, &p)) {
			value_list_add(list, value_pointer(array));
			return;
		}
		if (w->items > 0) {
			w->items--;
			value_list_add(list, data_at(w, p.at, p.len));
		} else if (__builtin_add_overflow(left_out, p.len, &left_out)) {
			left_out = SIZE_MAX;
		}
	}
	if (left_out)
		value_list_add(list, value_cut(NULL, 0, left_out));
	if (count > IOVS_READ)
		value_list_add(list, value_rest((size_t)(count - IOVS_READ)));
}

static int64_t room_of(const struct walk *w, uint64_t array, uint64_t count)
{
	int64_t sum = 0;
	struct piece p;

	for (uint64_t n = 0; n < count && n < IOVS_READ && piece_at(w, array, n, &p) == 0; n++)
		if (__builtin_add_overflow(sum, p.len, &sum))
			return INT64_MAX;
	return sum;
}

static void keep_pieces(const struct walk *w, struct call_outcome *o, uint64_t array,
			uint64_t count)
{
	size_t left = o->result > 0 ? (size_t)o->result : 0;
	struct piece p;

	for (uint64_t n = 0; n < count && n < IOVS_READ; n++) {
		if (left == 0 || o->data_kept == CALL_DATA_KEPT || piece_at(w, array, n, &p))
			return;
		keep(w, o, p.at, least(left, (size_t)p.len));
		left -= least(left, (size_t)p.len);
	}
}

/* ---- messages ---- */

struct msg {
	uint64_t name, iov, iovs, control, control_len;
	int name_len, flags;
};

/* All members of a struct msghdr are words, or ints that take the room of one. */
static int msg_at(const struct walk *w, uint64_t at, struct msg *out)
{
	uint64_t word[7];

	if (words_at(w, at, word, 7))
		return -1;
	*out = (struct msg){ .name = word[0],
			     .name_len = int_of(word[1]),
			     .iov = word[2],
			     .iovs = word[3],
			     .control = word[4],
			     .control_len = word[5],
			     .flags = int_of(word[6]) };
	return 0;
}

static struct value enter_msg(struct walk *w, size_t i, const uint64_t *reg)
{
	struct value list = { .kind = VALUE_LIST };
	struct msg msg;

	(void)i;
	if (msg_at(w, reg[0], &msg))
		return value_pointer(reg[0]);
	if (msg.name && msg.name_len)
		value_list_add(&list, addr_value_at(w, msg.name, msg.name_len));
	add_pieces(w, &list, msg.iov, msg.iovs);
	return list;
}

static struct value enter_msg_out(struct walk *w, size_t i, const uint64_t *reg)
{
	struct value v;
	struct msg msg;

	(void)i;
	if (msg_at(w, reg[0], &msg))
		return value_pointer(reg[0]);
	v = value_int(room_of(w, msg.iov, msg.iovs));
	v.len = msg.name && msg.name_len > 0 ? (size_t)msg.name_len : 0;
	return v;
}

static void leave_msg(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	struct msg msg;

	if (msg_at(w, reg[0], &msg))
		return;
	keep_pieces(w, o, msg.iov, msg.iovs);
	if (w->r->arg[i].len && msg.name_len > 0)
		o->addr = addr_at(w, msg.name, least((size_t)msg.name_len, w->r->arg[i].len));
	o->msg_flags = msg.flags;
}

/* ---- poll ---- */

static struct value enter_pollfds(struct walk *w, size_t i, const uint64_t *reg)
{
	struct value list = { .kind = VALUE_LIST };
	uint64_t count = reg[1];
	struct pollfd fd;

	(void)i;
	for (uint64_t n = 0; n < count && w->items > 0; n++, w->items--) {
		if (peek_all(w->m, reg[0] + n * sizeof(fd), &fd, sizeof(fd))) {
			value_fini(&list);
			return value_pointer(reg[0]);
		}
		value_list_add(&list, value_int(fd.fd));
		value_list_add(&list, value_int((unsigned short)fd.events));
	}
	if (count > list.items / 2)
		value_list_add(&list, value_rest((size_t)(count - list.items / 2)));
	return list;
}

static void leave_pollfds(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	struct pollfd fd;

	(void)i;
	for (uint64_t n = 0; n < reg[1] && n < POLLS_READ && w->items > 0; n++) {
		if (peek_all(w->m, reg[0] + n * sizeof(fd), &fd, sizeof(fd)))
			return;
		if (!fd.revents)
			continue;
		w->items--;
		value_list_add(&o->revents, value_int(fd.fd));
		value_list_add(&o->revents, value_int((unsigned short)fd.revents));
	}
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
};
static_assert(sizeof(types) / sizeof(types[0]) == ARG_MSG_OUT + 1, "a row for every type");

static size_t registers(const struct call *c)
{
	size_t regs = 0;

	for (size_t i = 0; i < CALL_ARGS; i++)
		regs += types[c->arg[i].type].regs;
	return regs;
}

/*
 * Of rows that share a number, the later is the general one (core/call.h).  It is the earlier, with
 * fewer arguments, where the first register behind those is 0: the pointer to an address.
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
