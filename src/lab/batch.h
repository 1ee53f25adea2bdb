/*
 * batch: events from the wire's thread to the one that owns the trace, many at a time.
 *
 * The producer copies events (with their packet bytes and texts) into blocks of memory and hands whole
 * blocks over; the consumer reads them and gives the blocks back.  The memory is bounded: when the
 * consumer falls far behind, packets are first cut to their headers, then events are left out; as soon as
 * there is room again a NOTE_LIMIT says how many.  The producer never waits.
 *
 * One producer, one consumer, no lock.
 */
#ifndef SOCKLENS_LAB_BATCH_H
#define SOCKLENS_LAB_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"
#include "src/core/event.h"

struct batch;

#define BATCH_BYTES	(64u << 20)	/* what a batch for the wire may hold */
#define BATCH_HEADERS	128		/* bytes of a packet that are kept when memory is short */

/* bytes: the limit, rounded up to some blocks. */
struct batch *batch_new(size_t bytes, struct err *e);
void batch_free(struct batch *b);	/* both sides must have ended */

/* ---- the producer's side ---- */

/* Copies an event of kind PACKET, WIRE, STATE, COUNTERS or NOTE.  It is handed over at the next flush. */
void batch_put(struct batch *b, const struct event *ev);

/*
 * Hands over what was put.  False if something remains here because the consumer has very many blocks
 * unread already: try again later.
 */
bool batch_flush(struct batch *b);

/* Hands over what was put, in any case. */
void batch_push(struct batch *b);

bool batch_waiting(const struct batch *b);	/* something was put and not handed over */
uint64_t batch_lost(const struct batch *b);	/* events that were left out since batch_new() */

/* ---- the consumer's side ---- */

int batch_fd(const struct batch *b);		/* readable while something was handed over */
void batch_clear_fd(struct batch *b);		/* before draining */

/* The next event, or NULL.  Valid, and the caller's to change, until the next batch_next(). */
struct event *batch_next(struct batch *b);

#endif
