#include "src/lab/aside.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MIN   64
#define BYTES_MIN  (128 * 1024)
#define LOOK_AHEAD 64 /* rows that aside_has_later() looks at */

static bool grow_rows(struct aside *a)
{
	size_t cap = a->cap ? 2 * a->cap : ROWS_MIN;
	struct aside_row *row;

	if (a->count < a->cap)
		return true;
	row = realloc(a->row, cap * sizeof(row[0]));
	if (!row)
		return false;
	a->row = row;
	a->cap = cap;
	return true;
}

static bool grow_bytes(struct aside *a, size_t more)
{
	size_t room = a->room ? a->room : BYTES_MIN;
	uint8_t *bytes;

	while (room < a->used + more)
		room *= 2;
	if (room == a->room)
		return true;
	bytes = realloc(a->bytes, room);
	if (!bytes)
		return false;
	a->bytes = bytes;
	a->room = room;
	return true;
}

bool aside_add(struct aside *a, const struct seen *s)
{
	struct aside_row *row;

	if (!grow_rows(a) || !grow_bytes(a, s->caplen))
		return false;
	row = &a->row[a->count++];
	row->seen = *s;
	row->at = a->used;
	memcpy(a->bytes + a->used, s->data, s->caplen);
	a->used += s->caplen;
	return true;
}

void aside_sort(struct aside *a)
{
	for (size_t i = 0; i < a->count; i++) {
		struct aside_row row = a->row[i];
		size_t j = i;

		row.seen.data = a->bytes + row.at;
		for (; j > 0 && a->row[j - 1].seen.ts_ns > row.seen.ts_ns; j--)
			a->row[j] = a->row[j - 1];
		a->row[j] = row;
	}
}

static bool same_socket(const struct aside_row *a, const struct aside_row *b)
{
	const struct packet *p = &a->packet, *q = &b->packet;

	return a->seen.from == b->seen.from && p->ip_version == q->ip_version &&
	       p->protocol == q->protocol && p->src_port == q->src_port &&
	       p->dst_port == q->dst_port && memcmp(p->src, q->src, sizeof(p->src)) == 0 &&
	       memcmp(p->dst, q->dst, sizeof(p->dst)) == 0;
}

bool aside_has_later(const struct aside *a, size_t row)
{
	size_t end = a->count - row > LOOK_AHEAD ? row + LOOK_AHEAD : a->count;

	for (size_t i = row + 1; i < end; i++)
		if (same_socket(&a->row[i], &a->row[row]))
			return true;
	return false;
}

void aside_clear(struct aside *a)
{
	a->count = 0;
	a->used = 0;
}

void aside_fini(struct aside *a)
{
	free(a->row);
	free(a->bytes);
	*a = (struct aside){ .row = NULL };
}
