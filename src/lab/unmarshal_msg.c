/*
 * Pieces of memory (struct iovec) and messages.  Their layouts are words, or ints that take the
 * room of one, so that a 32-bit program's are read with the same lines.
 */
#include "src/lab/unmarshal_impl.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/control.h"

#define IOVS_READ    1024 /* of one array: IOV_MAX; the kernel refuses more */
#define MSGS_READ    1024 /* of one array: UIO_MAXIOV; the kernel takes no more */
#define CONTROL_READ 4096 /* bytes of one message's control messages */

/* ---- pieces ---- */

struct piece {
	uint64_t at, len;
};

#define IOVS_AT_ONCE 64

/* A walk over an array of iovecs, many of which are read at once. */
struct pieces {
	uint64_t array, count, next;
	uint64_t word[2 * IOVS_AT_ONCE];
};

/* 1 and the next piece, 0 at the end (or after as many as are read), -1 if it cannot be read. */
static int piece_next(const struct walk *w, struct pieces *p, struct piece *out)
{
	size_t at = 2 * (p->next % IOVS_AT_ONCE);
	uint64_t left = p->count - p->next;

	if (left == 0 || p->next == IOVS_READ)
		return 0;
	if (at == 0 && walk_words(w, p->array + p->next * 2 * w->m->word, p->word,
				  2 * (left < IOVS_AT_ONCE ? (size_t)left : IOVS_AT_ONCE)))
		return -1;
	p->next++;
	*out = (struct piece){ .at = p->word[at], .len = p->word[at + 1] };
	return 1;
}

/* Adds each piece's data; those that cannot be kept one by one become one of their joint length. */
static void add_pieces(struct walk *w, struct value *list, uint64_t array, uint64_t count)
{
	struct pieces p = { .array = array, .count = count };
	size_t left_out = 0;
	struct piece piece;
	int more;

	while ((more = piece_next(w, &p, &piece)) > 0) {
		if (w->items > 0)
			walk_add(w, list, walk_data(w, piece.at, piece.len));
		else if (__builtin_add_overflow(left_out, piece.len, &left_out))
			left_out = SIZE_MAX;
	}
	if (left_out)
		value_list_add(list, value_cut(NULL, 0, left_out));
	if (more < 0)
		value_list_add(list, value_pointer(array));
	else if (count > IOVS_READ)
		value_list_add(list, value_rest((size_t)(count - IOVS_READ)));
}

static int64_t room_of(const struct walk *w, uint64_t array, uint64_t count)
{
	struct pieces p = { .array = array, .count = count };
	struct piece piece;
	int64_t sum = 0;

	while (piece_next(w, &p, &piece) > 0)
		if (__builtin_add_overflow(sum, piece.len, &sum))
			return INT64_MAX;
	return sum;
}

static void keep_pieces(const struct walk *w, struct call_outcome *o, uint64_t array,
			uint64_t count)
{
	struct pieces p = { .array = array, .count = count };
	size_t left = o->result > 0 ? (size_t)o->result : 0;
	struct piece piece;

	while (left > 0 && o->data_kept < CALL_DATA_KEPT && piece_next(w, &p, &piece) > 0) {
		walk_keep(w, o, piece.at, walk_least(left, (size_t)piece.len));
		left -= walk_least(left, (size_t)piece.len);
	}
}

struct value enter_iov(struct walk *w, size_t i, const uint64_t *reg)
{
	struct value list = { .kind = VALUE_LIST };

	(void)i;
	add_pieces(w, &list, reg[0], (uint32_t)reg[1]);
	return list;
}

struct value enter_iov_out(struct walk *w, size_t i, const uint64_t *reg)
{
	struct value list = { .kind = VALUE_LIST };
	struct pieces p = { .array = reg[0], .count = (uint32_t)reg[1] };
	struct piece piece;
	int more = 0;

	(void)i;
	while (w->items > 0 && (more = piece_next(w, &p, &piece)) > 0)
		walk_add(w, &list, value_int((int64_t)piece.len));
	if (more < 0) {
		value_fini(&list);
		return value_pointer(reg[0]);
	}
	if (p.next < p.count)
		value_list_add(&list, value_rest((size_t)(p.count - p.next)));
	return list;
}

void leave_iov(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	(void)i;
	keep_pieces(w, o, reg[0], (uint32_t)reg[1]);
}

/* ---- one message ---- */

#define MSG_WORDS  7 /* of a struct msghdr */
#define MMSG_WORDS 8 /* of a struct mmsghdr: and the length sent or received */

struct msg {
	uint64_t name, iov, iovs, control, control_len;
	int name_len, flags;
	unsigned len; /* struct mmsghdr */
};

static struct msg msg_of(const uint64_t word[MMSG_WORDS])
{
	return (struct msg){ .name = word[0],
			     .name_len = walk_int(word[1]),
			     .iov = word[2],
			     .iovs = word[3],
			     .control = word[4],
			     .control_len = word[5],
			     .flags = walk_int(word[6]),
			     .len = (unsigned)word[7] };
}

static int msg_at(const struct walk *w, uint64_t at, struct msg *out)
{
	uint64_t word[MMSG_WORDS] = { 0 };

	if (walk_words(w, at, word, MSG_WORDS))
		return -1;
	*out = msg_of(word);
	return 0;
}

static int mmsg_at(const struct walk *w, uint64_t array, uint64_t index, struct msg *out)
{
	uint64_t word[MMSG_WORDS];

	if (walk_words(w, array + index * MMSG_WORDS * w->m->word, word, MMSG_WORDS))
		return -1;
	*out = msg_of(word);
	return 0;
}

static void add_control(struct walk *w, struct value *list, const struct msg *msg)
{
	size_t len = (size_t)walk_least((size_t)msg->control_len, CONTROL_READ);
	uint8_t *bytes;

	if (!msg->control || !len)
		return;
	bytes = malloc(len);
	if (bytes && peek_all(w->m, msg->control, bytes, len) == 0)
		control_read(list, bytes, len, w->m->word, &w->items);
	free(bytes);
}

static struct value msg_value(struct walk *w, const struct msg *msg)
{
	struct value list = { .kind = VALUE_LIST };

	if (msg->name && msg->name_len)
		value_list_add(&list, walk_addr_value(w, msg->name, msg->name_len));
	add_pieces(w, &list, msg->iov, msg->iovs);
	add_control(w, &list, msg);
	return list;
}

struct value enter_msg(struct walk *w, size_t i, const uint64_t *reg)
{
	struct msg msg;

	(void)i;
	return msg_at(w, reg[0], &msg) ? value_pointer(reg[0]) : msg_value(w, &msg);
}

struct value enter_msg_out(struct walk *w, size_t i, const uint64_t *reg)
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

void leave_msg(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	size_t room = w->r->arg[i].len;
	struct msg msg;

	if (msg_at(w, reg[0], &msg))
		return;
	keep_pieces(w, o, msg.iov, msg.iovs);
	if (room && msg.name_len > 0)
		o->addr = walk_addr(w, msg.name, walk_least((size_t)msg.name_len, room));
	o->msg_flags = msg.flags;
	add_control(w, &o->control, &msg);
}

/* ---- several ---- */

/* A list of a value for each, as far as they may be kept. */
static struct value each(struct walk *w, const uint64_t *reg,
			 struct value one(struct walk *w, const struct msg *msg))
{
	struct value list = { .kind = VALUE_LIST };
	uint64_t count = (uint32_t)reg[1], n;
	struct msg msg;

	for (n = 0; n < count && n < MSGS_READ && w->items > 0; n++) {
		if (mmsg_at(w, reg[0], n, &msg)) {
			value_fini(&list);
			return value_pointer(reg[0]);
		}
		w->items--;
		value_list_add(&list, one(w, &msg));
	}
	if (n < count)
		value_list_add(&list, value_rest((size_t)(count - n)));
	return list;
}

struct value enter_msgs(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)i;
	return each(w, reg, msg_value);
}

static struct value room_value(struct walk *w, const struct msg *msg)
{
	return value_int(room_of(w, msg->iov, msg->iovs));
}

struct value enter_msgs_out(struct walk *w, size_t i, const uint64_t *reg)
{
	(void)i;
	return each(w, reg, room_value);
}

void leave_msgs_sent(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	struct msg msg;

	(void)i;
	for (int64_t n = 0; n < o->result && n < MSGS_READ; n++) {
		if (w->items == 0) {
			value_list_add(&o->messages, value_rest((size_t)(o->result - n)));
			return;
		}
		if (mmsg_at(w, reg[0], (uint64_t)n, &msg))
			return;
		walk_add(w, &o->messages, value_int(msg.len));
	}
}

/* The data of a received message, which may lie in several pieces. */
static struct value received(struct walk *w, const struct msg *msg)
{
	struct call_outcome got = { .result = msg->len };
	struct value data;
	size_t kept;

	keep_pieces(w, &got, msg->iov, msg->iovs);
	kept = walk_least(got.data_kept, w->bytes);
	w->bytes -= kept;
	data = value_cut(got.data, kept, msg->len);
	call_outcome_fini(&got);
	return data;
}

/* How much room there was for its address is not kept: at most that of the struct. */
static struct value received_message(struct walk *w, const struct msg *msg)
{
	struct value list = { .kind = VALUE_LIST };

	if (msg->name && msg->name_len > 0)
		value_list_add(&list, walk_addr_value(w, msg->name, msg->name_len));
	value_list_add(&list, received(w, msg));
	if (msg->flags)
		value_list_add(&list, value_int(msg->flags));
	add_control(w, &list, msg);
	return list;
}

void leave_msgs(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o)
{
	const uint64_t got[2] = { reg[0], (uint64_t)o->result };

	(void)i;
	if (o->result > 0)
		o->messages = each(w, got, received_message);
}
