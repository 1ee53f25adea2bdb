/*
 * How it works: a list is a block with a ring of segments.  Blocks come in sizes of 1, 2, 4 … segments
 * from chunks of 512 KB; a list that outgrows its block moves to the next size, one that is empty gives its
 * block back at once, so the same few blocks, warm in the cache, serve all connections in turn.  A list
 * is named by the number of its block: chunk and offset in units of 8 bytes; 0 is none.
 *
 * Nearly all lists are in order: each segment starts where the one before ended, or later.  Then an
 * acknowledgment takes segments from the front and stops.  A retransmission makes the list disordered
 * until a walk finds it in order again; a disordered list is walked through, but not for an
 * acknowledgment below its least start, as duplicate ones are.
 */
#include "capture/unacked_impl.h"

#include <stdlib.h>
#include <string.h>

enum {
	SIZE_FIRST = 2, /* of a list that has more than none has soon more than one */
};

_Static_assert(1 << (UNACKED_SIZES - 1) >= UNACKED_MAX, "the largest block holds the longest list");
_Static_assert(sizeof(struct unacked_block) +
			       sizeof(struct unacked_segment) * (1u << (UNACKED_SIZES - 1)) <=
		       (size_t)UNACKED_UNITS * UNACKED_UNIT,
	       "the largest block fits in a chunk");

struct unacked *unacked_new(void)
{
	return calloc(1, sizeof(struct unacked));
}

void unacked_free(struct unacked *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; i < pool->chunks; i++)
		free(pool->chunk[i]);
	free(pool->chunk);
	free(pool);
}

size_t unacked_bytes(const struct unacked *pool)
{
	return sizeof(*pool) + pool->cap * sizeof(*pool->chunk) +
	       pool->chunks * UNACKED_UNITS * UNACKED_UNIT;
}

/* ---- blocks ---- */

static size_t size_units(unsigned size)
{
	return (sizeof(struct unacked_block) + (sizeof(struct unacked_segment) << size)) /
	       UNACKED_UNIT;
}

static bool chunk_add(struct unacked *pool)
{
	size_t cap = pool->cap ? pool->cap * 2 : 8;
	uint64_t **grown;

	if (pool->chunks == UINT32_MAX / UNACKED_UNITS)
		return false;
	if (pool->chunks == pool->cap) {
		grown = realloc(pool->chunk, cap * sizeof(*grown));
		if (!grown)
			return false;
		pool->chunk = grown;
		pool->cap = cap;
	}
	pool->chunk[pool->chunks] = malloc((size_t)UNACKED_UNITS * UNACKED_UNIT);
	if (!pool->chunk[pool->chunks])
		return false;
	pool->used = pool->chunks++ == 0; /* unit 0 of all is not used: 0 is no list */
	return true;
}

/* 0: no memory. */
static uint32_t block_new(struct unacked *pool, unsigned size)
{
	uint32_t list = pool->free[size];

	if (list) {
		pool->free[size] = unacked_block_at(pool, list)->low;
	} else {
		if ((!pool->chunks || pool->used + size_units(size) > UNACKED_UNITS) &&
		    !chunk_add(pool))
			return 0;
		if (pool->used + size_units(size) > UNACKED_UNITS)
			return 0;
		list = (uint32_t)((pool->chunks - 1) * UNACKED_UNITS + pool->used);
		pool->used += size_units(size);
	}
	*unacked_block_at(pool, list) =
		(struct unacked_block){ .size = (uint8_t)size, .ordered = true };
	return list;
}

static void block_free(struct unacked *pool, uint32_t list)
{
	struct unacked_block *b = unacked_block_at(pool, list);

	b->low = pool->free[b->size];
	pool->free[b->size] = list;
}

/* The same list in a block of the next size; 0: no memory. */
static uint32_t block_grow(struct unacked *pool, uint32_t list)
{
	uint32_t grown = block_new(pool, unacked_block_at(pool, list)->size + 1u);
	struct unacked_block *from = unacked_block_at(pool, list), *to;

	if (!grown)
		return 0;
	to = unacked_block_at(pool, grown);
	for (size_t i = 0; i < from->count; i++)
		to->ring[i] = *unacked_ring_at(from, i);
	to->count = from->count;
	to->ordered = from->ordered;
	to->wild = from->wild;
	to->low = from->low;
	to->high = from->high;
	block_free(pool, list);
	return grown;
}

/* ---- lists ---- */

static bool below(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

bool unacked_has_room(const struct unacked *pool, uint32_t list)
{
	return !list || unacked_block_at(pool, list)->count < UNACKED_MAX;
}

/* Takes account of a segment that is the last one now. */
static void block_note(struct unacked_block *b, const struct unacked_segment *s)
{
	uint32_t span = b->high - b->low;

	if (b->count == 1) {
		*b = (struct unacked_block){ b->head, 1, b->size, true, false, s->start, s->end };
	} else {
		b->ordered &= !below(s->start, b->high);
		if (below(s->start, b->low))
			b->low = s->start;
		if (below(b->high, s->end))
			b->high = s->end;
		b->wild |= b->high - b->low < span;
	}
	/* Where comparing is not transitive, no order is of use. */
	span = b->high - b->low;
	b->wild |= span > INT32_MAX || s->start - b->low > span || s->end - b->low > span;
	b->ordered &= !b->wild;
}

bool unacked_add(struct unacked *pool, uint32_t *list, const struct unacked_segment *s)
{
	struct unacked_block *b = *list ? unacked_block_at(pool, *list) : NULL;
	uint32_t grown;

	if (unacked_add_behind(pool, *list, s))
		return true;
	if (b && b->count >= UNACKED_MAX)
		return false;
	if (!b || b->count == 1u << b->size) {
		grown = b ? block_grow(pool, *list) : block_new(pool, SIZE_FIRST);
		if (!grown)
			return false;
		*list = grown;
		b = unacked_block_at(pool, grown);
	}
	*unacked_ring_at(b, b->count++) = *s;
	block_note(b, s);
	return true;
}

void unacked_drop(struct unacked *pool, uint32_t *list)
{
	if (*list)
		block_free(pool, *list);
	*list = 0;
}

size_t unacked_count(const struct unacked *pool, uint32_t list)
{
	return list ? unacked_block_at(pool, list)->count : 0;
}

struct unacked_segment *unacked_at(const struct unacked *pool, uint32_t list, size_t i)
{
	return unacked_ring_at(unacked_block_at(pool, list), i);
}

/* ---- acknowledgments ---- */

/* Nothing in the list starts below ack. */
static bool all_above(const struct unacked_block *b, uint32_t ack)
{
	uint32_t from = b->low - ack;

	return !b->wild && from <= INT32_MAX && from + (b->high - b->low) <= INT32_MAX;
}

/* Everything that the acknowledgment ends or shortens is in front of the rest. */
static bool front_suffices(const struct unacked_block *b, uint32_t ack)
{
	return b->ordered && b->high - ack <= INT32_MAX && ack - b->low <= INT32_MAX;
}

struct acking {
	uint32_t ack;
	bool partly;
	enum unacked_hit hit;
	struct unacked_segment *copy;
};

/* True if the segment stays. */
static bool segment_ack(struct acking *a, struct unacked_segment *s)
{
	if (s->end == a->ack) {
		if (a->hit != UNACKED_EXACT)
			*a->copy = *s;
		a->hit = UNACKED_EXACT;
		return false;
	}
	if (below(s->start, a->ack) && below(a->ack, s->end)) {
		if (a->partly && a->hit == UNACKED_NONE) {
			*a->copy = *s;
			a->hit = UNACKED_PART;
		}
		s->start = a->ack;
		return true;
	}
	/* At half of all numbers each is below the other: it stays. */
	return below(a->ack, s->end);
}

static void front_ack(struct unacked_block *b, struct acking *a)
{
	while (b->count && !segment_ack(a, unacked_ring_at(b, 0))) {
		b->head++;
		b->count--;
	}
	if (b->count)
		b->low = unacked_ring_at(b, 0)->start;
}

static void walk_ack(struct unacked_block *b, struct acking *a)
{
	size_t count = b->count;

	b->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct unacked_segment s = *unacked_ring_at(b, i);

		if (!segment_ack(a, &s))
			continue;
		*unacked_ring_at(b, b->count++) = s;
		block_note(b, &s);
	}
}

enum unacked_hit unacked_ack(struct unacked *pool, uint32_t *list, uint32_t ack, bool partly,
			     struct unacked_segment *hit)
{
	struct acking a = { .ack = ack, .partly = partly, .copy = hit };
	struct unacked_block *b;

	if (!*list)
		return UNACKED_NONE;
	b = unacked_block_at(pool, *list);
	if (all_above(b, ack))
		return UNACKED_NONE;
	if (front_suffices(b, ack))
		front_ack(b, &a);
	else
		walk_ack(b, &a);
	if (!b->count)
		unacked_drop(pool, list);
	return a.hit;
}

uint32_t unacked_span(const struct unacked *pool, uint32_t list, uint32_t base)
{
	uint32_t first = UINT32_MAX, last = 0;
	struct unacked_block *b;

	if (!list)
		return 0;
	b = unacked_block_at(pool, list);
	if (b->ordered && b->low - base <= b->high - base)
		return b->high - b->low;
	for (size_t i = 0; i < b->count; i++) {
		const struct unacked_segment *s = unacked_ring_at(b, i);

		first = s->start - base < first ? s->start - base : first;
		last = s->end - base > last ? s->end - base : last;
	}
	return last - first;
}
