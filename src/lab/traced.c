/*
 * A report is a row of numbers, each 8 bytes, little-endian; then, by its kind, a name, a text, or parts as in a
 * message (src/lab/message.h).  One table says which members are numbers.
 */
#include "src/lab/traced.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/rd.h"
#include "src/lab/message.h"

#define NUMBERS	   12
#define NUMBER_LEN 8

static void to_numbers(const struct traced *t, int64_t n[NUMBERS])
{
	const int64_t all[NUMBERS] = {
		t->kind,   t->task,   t->process, t->ts_ns,
		t->tid,	   t->parent, t->killed,  (int64_t)t->number,
		t->status, t->stream, t->second,  (int64_t)t->len,
	};

	memcpy(n, all, sizeof(all));
}

static void of_numbers(struct traced *t, const int64_t n[NUMBERS])
{
	t->kind = (enum traced_kind)n[0];
	t->task = (uint32_t)n[1];
	t->process = (uint32_t)n[2];
	t->ts_ns = n[3];
	t->tid = (pid_t)n[4];
	t->parent = (uint32_t)n[5];
	t->killed = n[6] != 0;
	t->number = (uint64_t)n[7];
	t->status = (int)n[8];
	t->stream = (int)n[9];
	t->second = (int)n[10];
	t->len = (size_t)n[11];
}

enum rest {
	REST_NOTHING,
	REST_NAME,
	REST_NAME_REQUEST,
	REST_OUTCOME, /* with the keys; and then those of the second descriptor, if there is one */
	REST_TEXT,
};

static const enum rest rests[] = {
	[TRACED_TASK] = REST_NAME,     [TRACED_TASK_END] = REST_NOTHING,
	[TRACED_EXEC] = REST_TEXT,     [TRACED_ENTER] = REST_NAME_REQUEST,
	[TRACED_LEAVE] = REST_OUTCOME, [TRACED_OUTPUT] = REST_TEXT,
	[TRACED_NOTE] = REST_TEXT,     [TRACED_END] = REST_NOTHING,
};
_Static_assert(sizeof(rests) / sizeof(rests[0]) == TRACED_END + 1, "a rest for every kind");

/* ---- writing ---- */

static size_t put_numbers(const struct traced *t, uint8_t *to)
{
	int64_t n[NUMBERS];

	to_numbers(t, n);
	for (size_t i = 0; i < sizeof(n); i++)
		to[i] = (uint8_t)((uint64_t)n[i / NUMBER_LEN] >> 8 * (i % NUMBER_LEN));
	return sizeof(n);
}

static size_t put_outcome(const struct traced *t, uint8_t *to, size_t cap)
{
	const struct message m = { .outcome = t->outcome,
				   .sock = t->sock,
				   .made = t->made,
				   .made_second = t->made_second };

	return message_encode_parts(&m, 1u << PART_OUTCOME | 1u << PART_KEYS, to, cap);
}

static size_t put_text(const struct traced *t, uint8_t *to, size_t cap)
{
	if (t->len > TRACED_TEXT || t->len > cap)
		return 0;
	if (t->len)
		memcpy(to, t->text, t->len);
	return t->len;
}

static size_t put_rest(const struct traced *t, uint8_t *to, size_t cap)
{
	const struct message m = { .request = t->request };

	switch (rests[t->kind]) {
	case REST_NOTHING:
		break;
	case REST_NAME:
	case REST_NAME_REQUEST:
		memcpy(to, t->thread_name, sizeof(t->thread_name));
		if (rests[t->kind] == REST_NAME)
			return sizeof(t->thread_name);
		return sizeof(t->thread_name) + message_encode_parts(&m, 1u << PART_REQUEST,
								     to + sizeof(t->thread_name),
								     cap - sizeof(t->thread_name));
	case REST_OUTCOME:
		return put_outcome(t, to, cap);
	case REST_TEXT:
		return put_text(t, to, cap);
	}
	return 0;
}

/* A rest that should be there and is not did not fit. */
static bool may_be_empty(const struct traced *t)
{
	return rests[t->kind] == REST_NOTHING || (rests[t->kind] == REST_TEXT && t->len == 0);
}

size_t traced_encode(const struct traced *t, void *buf, size_t cap)
{
	uint8_t *to = buf;
	size_t head, rest;

	if (cap < NUMBERS * NUMBER_LEN + sizeof(t->thread_name))
		return 0;
	head = put_numbers(t, to);
	rest = put_rest(t, to + head, cap - head);
	if (rest == 0 && !may_be_empty(t))
		return 0;
	if (rest == sizeof(t->thread_name) && t->kind == TRACED_ENTER)
		return 0;
	return head + rest;
}

/* ---- reading ---- */

static void get_numbers(struct rd *r, int64_t n[NUMBERS])
{
	for (size_t i = 0; i < NUMBERS; i++) {
		uint64_t low = rd_le32(r), high = rd_le32(r);

		n[i] = (int64_t)(high << 32 | low);
	}
}

static void get_name(struct traced *t, struct rd *r)
{
	rd_copy(r, t->thread_name, sizeof(t->thread_name));
	t->thread_name[sizeof(t->thread_name) - 1] = '\0';
}

static int get_request(struct traced *t, struct rd *r)
{
	struct message m;
	size_t len;

	get_name(t, r);
	len = rd_left(r);
	if (r->short_read || message_decode_parts(&m, 1u << PART_REQUEST, rd_bytes(r, len), len))
		return -1;
	t->request = m.request;
	return 0;
}

static int get_outcome(struct traced *t, struct rd *r)
{
	size_t len = rd_left(r);
	struct message m;

	if (message_decode_parts(&m, 1u << PART_OUTCOME | 1u << PART_KEYS, rd_bytes(r, len), len))
		return -1;
	t->outcome = m.outcome;
	t->sock = m.sock;
	t->made = m.made;
	t->made_second = m.made_second;
	return 0;
}

static int get_text(struct traced *t, struct rd *r)
{
	if (t->len != rd_left(r) || t->len > TRACED_TEXT)
		return -1;
	t->text = malloc(t->len + 1);
	if (!t->text)
		return -1;
	rd_copy(r, t->text, t->len);
	t->text[t->len] = '\0';
	return 0;
}

static int get_rest(struct traced *t, struct rd *r)
{
	switch (rests[t->kind]) {
	case REST_NOTHING:
		return 0;
	case REST_NAME:
		get_name(t, r);
		return r->short_read ? -1 : 0;
	case REST_NAME_REQUEST:
		return get_request(t, r);
	case REST_OUTCOME:
		return get_outcome(t, r);
	case REST_TEXT:
		return get_text(t, r);
	}
	return -1;
}

int traced_decode(struct traced *t, const void *bytes, size_t len)
{
	struct rd r = rd_on(bytes, len);
	int64_t n[NUMBERS];

	memset(t, 0, sizeof(*t));
	get_numbers(&r, n);
	if (r.short_read || n[0] < 0 || n[0] > TRACED_END)
		return -1;
	of_numbers(t, n);
	if (get_rest(t, &r) == 0)
		return 0;
	memset(t, 0, sizeof(*t));
	return -1;
}
