/*
 * unacked: lists of the segments of one direction that are not yet acknowledged, in order of time.
 *
 * A list is one uint32_t (0: empty) in whoever has it; what it holds lives in a pool that all lists share,
 * so that an idle connection costs nothing and nothing is allocated for each connection.  At most
 * UNACKED_MAX segments are in a list (spec-tcp-analysis section 3).
 *
 * Sequence numbers are compared as the analysis does: by the sign of their 32-bit difference; except for
 * unacked_span(), which compares them relative to `base`.
 */
#ifndef SOCKLENS_CAPTURE_UNACKED_H
#define SOCKLENS_CAPTURE_UNACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNACKED_MAX 10000

struct unacked_segment {
	uint32_t start, end; /* end: of the number behind its last */
	uint32_t frame;
	int64_t ts_ns;
};

struct unacked; /* the pool */

struct unacked *unacked_new(void); /* NULL: no memory */
void unacked_free(struct unacked *pool);
size_t unacked_bytes(const struct unacked *pool); /* that it takes from the system */

/* False if the list is full (or memory ran out): the segment is not in it then. */
bool unacked_add(struct unacked *pool, uint32_t *list, const struct unacked_segment *s);
bool unacked_has_room(const struct unacked *pool, uint32_t list);

/* Empties it. */
void unacked_drop(struct unacked *pool, uint32_t *list);

size_t unacked_count(const struct unacked *pool, uint32_t list);
/* 0 is the oldest. */
struct unacked_segment *unacked_at(const struct unacked *pool, uint32_t list, size_t i);

/*
 * An acknowledgment: whole segments below it leave, one that it ends in is shortened.  What it hit is
 * copied to *hit: the oldest segment that ends exactly there; else, if partly, the oldest that it ends in.
 */
enum unacked_hit { UNACKED_NONE, UNACKED_EXACT, UNACKED_PART };
enum unacked_hit unacked_ack(struct unacked *pool, uint32_t *list, uint32_t ack, bool partly,
			     struct unacked_segment *hit);

/* From the least start to the greatest end; 0 for an empty list. */
uint32_t unacked_span(const struct unacked *pool, uint32_t list, uint32_t base);

#endif
