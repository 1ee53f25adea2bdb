/*
 * A message is its kind, thread and number, and then the parts that its kind has, in the order of
 * enum message_part.  Numbers are little-endian; a value is its kind and what belongs to that kind.
 */
#include "src/lab/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/rd.h"

#define LIST_DEPTH 4 /* lists in lists that are read */

/* ---- writing and reading numbers ---- */

struct writer {
	uint8_t *buf;
	size_t cap, len;
	bool full; /* something did not fit */
};

static void put_bytes(struct writer *w, const void *bytes, size_t len)
{
	if (len > w->cap - w->len) {
		w->full = true;
		return;
	}
	if (len)
		memcpy(w->buf + w->len, bytes, len);
	w->len += len;
}

static void put(struct writer *w, uint64_t number, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(number >> 8 * i);
	put_bytes(w, bytes, size);
}

static uint64_t get(struct rd *r, size_t size)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++)
		number |= (uint64_t)rd_u8(r) << 8 * i;
	return number;
}

/* A count of bytes that must be there. */
static size_t get_len(struct rd *r)
{
	size_t len = (size_t)get(r, 4);

	if (len > rd_left(r))
		r->short_read = true;
	return r->short_read ? 0 : len;
}

/* ---- addresses ---- */

static void put_addr(struct writer *w, const struct addr *a)
{
	put(w, a->len, 4);
	put_bytes(w, &a->u, a->len);
}

static struct addr get_addr(struct rd *r)
{
	struct addr a = { .len = 0 };
	size_t len = get_len(r);

	if (len > sizeof(a.u)) {
		r->short_read = true;
		return a;
	}
	rd_copy(r, &a.u, len);
	a.len = (socklen_t)len;
	return a;
}

/* ---- values ---- */

static void put_data(struct writer *w, const struct value *v)
{
	put(w, v->fill, 1);
	put(w, v->len, v->fill == FILL_CUT ? 8 : 4);
	if (v->fill == FILL_BYTES)
		put_bytes(w, v->bytes, v->len);
	if (v->fill != FILL_CUT)
		return;
	put(w, v->kept, 4);
	put_bytes(w, v->bytes, v->kept);
}

static void put_value(struct writer *w, const struct value *v);

static void put_items(struct writer *w, const struct value *v)
{
	put(w, v->items, 4);
	for (size_t i = 0; i < v->items; i++)
		put_value(w, &v->item[i]);
}

static void put_value(struct writer *w, const struct value *v)
{
	put(w, v->kind, 1);
	switch (v->kind) {
	case VALUE_NONE:
		break;
	case VALUE_INT:
	case VALUE_REST:
		put(w, (uint64_t)v->number, 8);
		break;
	case VALUE_POINTER:
		put(w, (uint64_t)v->number, 8);
		put(w, v->len, 8);
		break;
	case VALUE_DATA:
		put_data(w, v);
		break;
	case VALUE_ADDR:
		put_addr(w, &v->addr);
		break;
	case VALUE_LIST:
		put_items(w, v);
		break;
	case VALUE_CONTROL:
		put(w, (uint32_t)v->level, 4);
		put(w, (uint32_t)v->number, 4);
		put_items(w, v);
		break;
	}
}

/* The first bytes of more: there are at least as many as were kept, and one that was not. */
static struct value get_cut(struct rd *r)
{
	size_t len = (size_t)get(r, 8), kept = get_len(r);

	if (kept >= len)
		r->short_read = true;
	return r->short_read ? value_int(0) : value_cut(rd_bytes(r, kept), kept, len);
}

static struct value get_data(struct rd *r)
{
	uint64_t fill = get(r, 1);
	size_t len;

	if (fill == FILL_CUT)
		return get_cut(r);
	if (fill == FILL_BYTES) {
		len = get_len(r);
		return value_data(rd_bytes(r, len), len);
	}
	len = (size_t)get(r, 4);
	if (fill > FILL_PATTERN || len > CALL_SIZE_MAX)
		r->short_read = true;
	return r->short_read ? value_int(0) : value_filled((enum value_fill)fill, len);
}

static struct value get_value(struct rd *r, unsigned depth);

/* Each item takes a byte at least, so a false count ends the list early. */
static struct value get_items(struct rd *r, struct value list, unsigned depth)
{
	size_t items = get_len(r);

	if (depth >= LIST_DEPTH)
		r->short_read = true;
	for (size_t i = 0; i < items && !r->short_read; i++)
		if (value_list_add(&list, get_value(r, depth + 1)))
			r->short_read = true;
	return list;
}

static struct value get_pointer(struct rd *r)
{
	struct value v = value_pointer(get(r, 8));

	v.len = (size_t)get(r, 8);
	return v;
}

static struct value get_control(struct rd *r, unsigned depth)
{
	int level = (int)(int32_t)get(r, 4), type = (int)(int32_t)get(r, 4);

	return get_items(r, value_control(level, type), depth);
}

static struct value get_value(struct rd *r, unsigned depth)
{
	uint64_t kind = get(r, 1);
	struct addr a;

	if (kind >= VALUE_KINDS) {
		r->short_read = true;
		return (struct value){ .kind = VALUE_NONE };
	}
	switch ((enum value_kind)kind) {
	case VALUE_NONE:
		break;
	case VALUE_INT:
		return value_int((int64_t)get(r, 8));
	case VALUE_DATA:
		return get_data(r);
	case VALUE_ADDR:
		a = get_addr(r);
		return value_addr(&a);
	case VALUE_LIST:
		return get_items(r, (struct value){ .kind = VALUE_LIST }, depth);
	case VALUE_CONTROL:
		return get_control(r, depth);
	case VALUE_POINTER:
		return get_pointer(r);
	case VALUE_REST:
		return value_rest((size_t)get(r, 8));
	}
	return (struct value){ .kind = VALUE_NONE };
}

/* ---- the parts ---- */

static void put_tid(struct writer *w, const struct message *m)
{
	put(w, (uint32_t)m->tid, 4);
}

static void get_tid(struct rd *r, struct message *m)
{
	m->tid = (int32_t)get(r, 4);
}

static void put_time(struct writer *w, const struct message *m)
{
	put(w, (uint64_t)m->ts_ns, 8);
}

static void get_time(struct rd *r, struct message *m)
{
	m->ts_ns = (int64_t)get(r, 8);
}

static void put_request(struct writer *w, const struct message *m)
{
	put(w, (uint64_t)(m->request.call - calls), 2);
	for (size_t i = 0; i < CALL_ARGS; i++)
		put_value(w, &m->request.arg[i]);
}

static void get_request(struct rd *r, struct message *m)
{
	uint64_t row = get(r, 2);

	if (row >= calls_count) {
		r->short_read = true;
		return;
	}
	m->request.call = &calls[row];
	for (size_t i = 0; i < CALL_ARGS; i++)
		m->request.arg[i] = get_value(r, 0);
}

static void put_outcome(struct writer *w, const struct message *m)
{
	const struct call_outcome *o = &m->outcome;

	put(w, (uint64_t)o->result, 8);
	put(w, (uint32_t)o->error, 4);
	put(w, o->blocked, 1);
	put(w, (uint32_t)o->msg_flags, 4);
	put_addr(w, &o->addr);
	put(w, o->data_kept, 4);
	put_bytes(w, o->data, o->data_kept);
	put_value(w, &o->option);
	put_value(w, &o->revents);
	put_value(w, &o->control);
	put_value(w, &o->messages);
	put_value(w, &o->fds);
}

static void get_kept(struct rd *r, struct call_outcome *o)
{
	size_t len = get_len(r);

	if (len > CALL_DATA_KEPT)
		r->short_read = true;
	if (len == 0 || r->short_read)
		return;
	o->data = malloc(len);
	if (!o->data) {
		r->short_read = true;
		return;
	}
	rd_copy(r, o->data, len);
	o->data_kept = len;
}

static void get_outcome(struct rd *r, struct message *m)
{
	struct call_outcome *o = &m->outcome;

	o->result = (int64_t)get(r, 8);
	o->error = (int)(int32_t)get(r, 4);
	o->blocked = get(r, 1) != 0;
	o->msg_flags = (int)(int32_t)get(r, 4);
	o->addr = get_addr(r);
	get_kept(r, o);
	o->option = get_value(r, 0);
	o->revents = get_value(r, 0);
	o->control = get_value(r, 0);
	o->messages = get_value(r, 0);
	o->fds = get_value(r, 0);
}

static void put_key(struct writer *w, const struct sock_key *k)
{
	put(w, k->cookie, 8);
	put(w, k->inode, 4);
	put(w, k->family, 1);
	put(w, k->type, 1);
	put(w, k->protocol, 2);
	put_addr(w, &k->local);
	put_addr(w, &k->remote);
}

static void get_key(struct rd *r, struct sock_key *k)
{
	k->cookie = get(r, 8);
	k->inode = (uint32_t)get(r, 4);
	k->family = (uint8_t)get(r, 1);
	k->type = (uint8_t)get(r, 1);
	k->protocol = (uint16_t)get(r, 2);
	k->local = get_addr(r);
	k->remote = get_addr(r);
}

static void put_keys(struct writer *w, const struct message *m)
{
	put_key(w, &m->sock);
	put_key(w, &m->made);
	put_key(w, &m->made_second);
}

static void get_keys(struct rd *r, struct message *m)
{
	get_key(r, &m->sock);
	get_key(r, &m->made);
	get_key(r, &m->made_second);
}

static const struct {
	void (*put)(struct writer *w, const struct message *m);
	void (*get)(struct rd *r, struct message *m);
} parts[] = {
	[PART_TID] = { put_tid, get_tid },
	[PART_TIME] = { put_time, get_time },
	[PART_REQUEST] = { put_request, get_request },
	[PART_OUTCOME] = { put_outcome, get_outcome },
	[PART_KEYS] = { put_keys, get_keys },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static const unsigned parts_of[] = {
	[MESSAGE_CALL] = 1u << PART_REQUEST,
	[MESSAGE_THREAD] = 0,
	[MESSAGE_STARTED] = 1u << PART_TID,
	[MESSAGE_ENTER] = 1u << PART_TIME,
	[MESSAGE_LEAVE] = 1u << PART_TIME | 1u << PART_OUTCOME | 1u << PART_KEYS,
};
static_assert(sizeof(parts_of) / sizeof(parts_of[0]) == MESSAGE_LEAVE + 1, "parts of every kind");

static void put_parts(struct writer *w, const struct message *m, unsigned which)
{
	for (size_t i = 0; i < PARTS; i++)
		if (which & 1u << i)
			parts[i].put(w, m);
}

static int get_parts(struct rd *r, struct message *m, unsigned which)
{
	for (size_t i = 0; i < PARTS; i++)
		if (which & 1u << i)
			parts[i].get(r, m);
	if (!r->short_read && rd_left(r) == 0)
		return 0;
	message_fini(m);
	return -1;
}

size_t message_encode(const struct message *m, void *buf, size_t cap)
{
	struct writer w = { .buf = buf, .cap = cap };

	put(&w, m->kind, 1);
	put(&w, m->thread, 4);
	put(&w, m->number, 8);
	put_parts(&w, m, parts_of[m->kind]);
	return w.full ? 0 : w.len;
}

int message_decode(struct message *m, const void *bytes, size_t len)
{
	struct rd r = rd_on(bytes, len);
	uint64_t kind = get(&r, 1);

	memset(m, 0, sizeof(*m));
	if (kind > MESSAGE_LEAVE)
		return -1;
	m->kind = (enum message_kind)kind;
	m->thread = (uint32_t)get(&r, 4);
	m->number = get(&r, 8);
	return get_parts(&r, m, parts_of[m->kind]);
}

size_t message_encode_parts(const struct message *m, unsigned which, void *buf, size_t cap)
{
	struct writer w = { .buf = buf, .cap = cap };

	put_parts(&w, m, which);
	return w.full ? 0 : w.len;
}

int message_decode_parts(struct message *m, unsigned which, const void *bytes, size_t len)
{
	struct rd r = rd_on(bytes, len);

	memset(m, 0, sizeof(*m));
	return get_parts(&r, m, which);
}

void message_fini(struct message *m)
{
	call_request_fini(&m->request);
	call_outcome_fini(&m->outcome);
}
