/*
 * tally: what the hosts' kernels counted, and which packet made them count it.
 *
 * The counters (counters.h) are read only where they can tell something: when a packet leaves that is not plain
 * (plain.h), when one has arrived that may be ignored, answered strangely or change the congestion state, and when a
 * socket changed by itself.  What grew is given to the packets that it can belong to by their shape, and told as
 * COUNTERS events; what belongs to none is told, a little later, as because of the time.
 *
 * A kernel counts some things only when the packet is already on its way, and in a program's own time.  So a reading
 * that does not explain a packet is repeated, and what is found within TALLY_LATE_NS is still given to it.
 */
#ifndef SOCKLENS_LAB_TALLY_H
#define SOCKLENS_LAB_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/packet.h"
#include "src/core/clock.h"
#include "src/core/err.h"
#include "src/core/event.h"
#include "src/lab/batch.h"
#include "src/lab/counters.h"
#include "src/lab/lab.h"
#include "src/lab/plain.h"

#define TALLY_LATE_NS	(50 * NS_PER_MS)
#define TALLY_LEFT	32	/* packets of a host between two readings; of more the first are forgotten */
#define TALLY_TEXT	1024

struct tally_left {		/* a packet that left and is not plain */
	uint64_t number;
	uint32_t shape;
	int64_t ts_ns;
	bool explained;
	bool told;		/* its packet is */
	char changes[TALLY_TEXT];	/* until it is told */
};

struct tally_host {
	struct counters *counters;
	uint64_t *base;		/* of each counter: what was told so far */
	int64_t *since_ns;	/* … since when it is more than that, and nobody knows why; 0 */
	struct tally_left left[TALLY_LEFT];
	size_t lefts;
	size_t fresh;		/* the first of them that no reading has seen */
	uint64_t arrived;	/* packet that arrived since the last round; 0 */
	int64_t arrived_ns;	/* when its kernel had dealt with it */
	bool tells;		/* … and may have been counted */
	bool changed;		/* a socket changed by itself, or somebody wants to know */
	bool troubled;		/* a socket of it was not in the congestion state Open when it was last looked at */
	int64_t waiting_ns;	/* the earliest since_ns; INT64_MAX: nothing waits */
	int64_t again_ns;	/* when to read again; INT64_MAX */
	int64_t pause_ns;	/* … and how much later */
};

struct tally {
	size_t hosts;		/* 0: nothing is counted */
	struct tally_host host[HOSTS_MAX];
	struct plain plain;
	bool ip6;		/* IPv6 was seen */
};

/* Opens the hosts' counters.  -1: they cannot be read, and nothing is counted. */
int tally_init(struct tally *t, const struct lab *l, struct err *e);
void tally_fini(struct tally *t);	/* also of a zeroed one */

/* A packet leaves; it will have this number.  In their order. */
void tally_left(struct tally *t, uint8_t host, const struct packet *p, uint64_t number, int64_t ts_ns);

/* Reads what the packets that left explain; then, for each right before it is told, what is said about it. */
void tally_read_left(struct tally *t, struct batch *out);
void tally_tell_left(struct tally *t, struct batch *out, uint8_t host, uint64_t number);

/* A packet has arrived; bent: its bytes were changed on the way. */
void tally_reached(struct tally *t, uint8_t host, const struct packet *p, uint64_t number, bool bent);

/* A STATE was reported. */
void tally_sampled(struct tally *t, const struct event *state);

void tally_ask(struct tally *t);	/* somebody wants to know: soon */
void tally_catch_up(struct tally *t, struct batch *out);	/* after packets that it did not see */

/* Whether a reading is due before anything else is delivered. */
bool tally_waits(const struct tally *t);
int64_t tally_due(const struct tally *t);	/* when one is due, CLOCK_REALTIME; INT64_MAX */

/* Does what is due by now.  Once a round, when all packets that have left were taken in. */
void tally_work(struct tally *t, int64_t now_ns, struct batch *out);

#endif
