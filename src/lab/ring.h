/*
 * ring: records from one process to another, through memory that both have.
 *
 * The reader makes it and gives its two descriptors to the writer.  The writer is not believed: a record is
 * copied out before anybody looks at it, and a ring whose numbers do not fit is broken for good.
 *
 * The writer rings a bell (an eventfd) only for a reader that has said that it sleeps.  While records come fast the
 * reader does not say so, but looks again after ring_timeout(): a wake-up for each record would cost more
 * than the record.
 */
#ifndef SOCKLENS_LAB_RING_H
#define SOCKLENS_LAB_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/core/err.h"

struct ring;

#define RING_BYTES	(8u << 20)
#define RING_RECORD	(256u << 10)	/* bytes of a record, at most */

/* ---- the reader's side ---- */

struct ring *ring_new(struct err *e);
int ring_memory_fd(const struct ring *r);	/* for the writer's ring_open(); borrowed */
int ring_bell_fd(const struct ring *r);		/* the same; and readable when there is something after ring_take() gave 0 */

/* Copies the next record, at most cap bytes, to buf: its length; 0: none; -1: the ring is broken. */
ssize_t ring_take(struct ring *r, void *buf, size_t cap);

/* Milliseconds after which to ask again in any case; -1: the bell will tell. */
int ring_timeout(const struct ring *r);

bool ring_is_empty(const struct ring *r);

/* ---- the writer's side ---- */

/* Both descriptors become the ring's.  NULL: no memory, or they are none of a ring. */
struct ring *ring_open(int memory_fd, int bell_fd);

/* False if there is not enough room. */
bool ring_put(struct ring *r, const void *bytes, size_t len);

size_t ring_room(const struct ring *r);		/* bytes that are free */

void ring_free(struct ring *r);	/* either side's own part */

#endif
