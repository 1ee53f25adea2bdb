/*
 * What the trace keeps beside its rows: growing arrays, lists of row numbers that follow when rows move, and
 * hash tables from a key to the number of a thing.
 */
#include "capture/trace_impl.h"

#include <stdlib.h>
#include <string.h>

/* ---- lists of rows ---- */

bool grow(void *array, size_t count, size_t *cap, size_t size)
{
	void *old, *larger;
	size_t wanted = *cap ? *cap * 2 : 8;

	if (count < *cap)
		return true;
	memcpy(&old, array, sizeof(old));
	larger = reallocarray(old, wanted, size);
	if (!larger)
		return false;
	memcpy(array, &larger, sizeof(larger));
	*cap = wanted;
	return true;
}

int rows_add(struct rows *r, uint32_t row)
{
	size_t i = r->count;

	if (!grow(&r->row, r->count, &r->cap, sizeof(r->row[0])))
		return -1;
	for (; i > 0 && r->row[i - 1] > row; i--)
		r->row[i] = r->row[i - 1];
	r->row[i] = row;
	r->count++;
	return 0;
}

int rows_push(struct rows *r, uint32_t row)
{
	if (!grow(&r->row, r->count, &r->cap, sizeof(r->row[0])))
		return -1;
	r->row[r->count++] = row;
	return 0;
}

void rows_remove(struct rows *r, size_t i)
{
	memmove(&r->row[i], &r->row[i + 1], (r->count - i - 1) * sizeof(r->row[0]));
	r->count--;
}

void rows_shift(struct rows *r, uint32_t from)
{
	for (size_t i = r->count; i > 0 && r->row[i - 1] >= from; i--)
		r->row[i - 1]++;
}

size_t rows_upto(const struct rows *r, uint32_t row)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->row[mid] <= row)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* ---- hash tables ---- */

uint32_t hash_tag(uint64_t h, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++) {
		h = (h ^ p[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return (uint32_t)(h >> 32);
}

uint32_t hash_find(const struct trace *t, const struct hash *h, uint32_t tag, same_key *same,
		   const struct event *ev)
{
	for (size_t i = tag; h->slots; i++) {
		const struct hash_slot *s = &h->slot[i & (h->slots - 1)];

		if (s->number == 0)
			break;
		if (s->tag == tag && same(t, s->number - 1, ev))
			return s->number - 1;
	}
	return UINT32_MAX;
}

static void hash_put(struct hash *h, struct hash_slot thing)
{
	size_t i = thing.tag;

	while (h->slot[i & (h->slots - 1)].number)
		i++;
	h->slot[i & (h->slots - 1)] = thing;
	h->used++;
}

int hash_add(struct hash *h, uint32_t tag, uint32_t number)
{
	struct hash larger = { .slots = h->slots ? h->slots * 2 : 16 };

	if (2 * (h->used + 1) > h->slots) {
		larger.slot = calloc(larger.slots, sizeof(larger.slot[0]));
		if (!larger.slot)
			return -1;
		for (size_t i = 0; i < h->slots; i++) {
			if (h->slot[i].number)
				hash_put(&larger, h->slot[i]);
		}
		free(h->slot);
		*h = larger;
	}
	hash_put(h, (struct hash_slot){ .tag = tag, .number = number + 1 });
	return 0;
}
