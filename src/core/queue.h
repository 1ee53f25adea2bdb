/*
 * queue: hands pointers from one thread to one other, in order.  After queue_push() the pushing thread
 * never touches the thing again.  One producer, one consumer, no lock; the consumer can poll() on
 * queue_fd(), which is readable while something is there.
 */
#ifndef SOCKLENS_CORE_QUEUE_H
#define SOCKLENS_CORE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "src/core/err.h"

struct queue;

/* slots: how many pointers it holds, rounded up to a power of two. */
struct queue *queue_new(size_t slots, struct err *e);
void queue_free(struct queue *q);	/* what is still inside is not freed */

/* Producer.  False if the queue is full (nothing was handed over). */
bool queue_push(struct queue *q, void *thing);

/* Consumer.  NULL if there is nothing. */
void *queue_pop(struct queue *q);
int queue_fd(const struct queue *q);	/* borrowed */
void queue_clear_fd(struct queue *q);	/* consumer: before draining with queue_pop() until NULL */

#endif
