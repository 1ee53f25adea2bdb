/*
 * pipe: a direction of the wire that has a rate: packets leave it one behind the other, each after the time that its
 * bits take; those that come while it is busy wait in a queue, and are lost where that is full (tail drop).
 */
#ifndef SOCKLENS_LAB_PIPE_H
#define SOCKLENS_LAB_PIPE_H

#include <stdbool.h>
#include <stdint.h>

#define PIPE_QUEUE	100	/* packets, where nothing else is said */
#define PIPE_QUEUE_MAX	10000

struct pipe {
	int64_t bits_per_s;	/* 0: no limit */
	uint32_t queue;		/* packets that may wait */
	int64_t *leaves_ns;	/* a ring of queue + 1: when each packet that is in it has left.  Owned */
	uint32_t first, count;
};

/* A rate of 0 ends it.  What was in it before is forgotten: it is on its way already.  False: no memory, nothing changed. */
bool pipe_set(struct pipe *p, int64_t bits_per_s, uint32_t queue);
void pipe_fini(struct pipe *p);

/* How many wait at that time, not counting the one that is leaving. */
uint32_t pipe_waiting(const struct pipe *p, int64_t now_ns);

/* A packet of len bytes enters: when its last bit has left.  False: the queue is full. */
bool pipe_enter(struct pipe *p, uint32_t len, int64_t now_ns, int64_t *left_ns);

#endif
