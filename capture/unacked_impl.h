/*
 * unacked_impl: the memory behind unacked.h, and the addition that nearly all are.  Internal to unacked.c and the
 * short way of the analysis.
 */
#ifndef SOCKLENS_CAPTURE_UNACKED_IMPL_H
#define SOCKLENS_CAPTURE_UNACKED_IMPL_H

#include "capture/unacked.h"

enum {
	UNACKED_UNIT = 8,
	UNACKED_UNITS = 1 << 16, /* of a chunk */
	UNACKED_SIZES = 15, /* 1 to 16384 segments */
};

struct unacked_block {
	uint16_t head, count;
	uint8_t size; /* room for 1 << size */
	bool ordered;
	bool wild; /* not all of it lies between low and high, within half of all numbers */
	uint32_t low, high; /* the least start, the greatest end; in a free block low is the next */
	struct unacked_segment ring[];
};

struct unacked {
	uint64_t **chunk;
	size_t chunks, cap;
	size_t used; /* units of the last chunk */
	uint32_t free[UNACKED_SIZES];
};

static inline struct unacked_block *unacked_block_at(const struct unacked *pool, uint32_t list)
{
	return (struct unacked_block *)(pool->chunk[list / UNACKED_UNITS] + list % UNACKED_UNITS);
}

static inline struct unacked_segment *unacked_ring_at(struct unacked_block *b, size_t i)
{
	return &b->ring[(b->head + i) & ((1u << b->size) - 1)];
}

/*
 * unacked_add() of a segment behind all others of an ordered list with room: what nearly all are.  False, and nothing
 * is changed, if it is none.
 */
static inline __attribute__((always_inline)) bool unacked_add_behind(struct unacked *pool, uint32_t list,
							     const struct unacked_segment *s)
{
	struct unacked_block *b = list ? unacked_block_at(pool, list) : NULL;
	struct unacked_segment *at;

	if (!b || !b->ordered || b->count >= 1u << b->size || b->count >= UNACKED_MAX)
		return false;
	if (s->start - b->high > INT32_MAX || s->end - b->low > INT32_MAX || s->end - b->low < s->start - b->low)
		return false;
	at = unacked_ring_at(b, b->count++);
	/* One by one: as a whole it would be read in larger parts than it was just written in, which waits. */
	at->start = s->start;
	at->end = s->end;
	at->frame = s->frame;
	at->ts_ns = s->ts_ns;
	b->high = s->end;
	return true;
}

#endif
