/*
 * flight: packets that are on the wire: on their way until their time comes, or held until a hand lets
 * them go.  Each is a copy of its own of the packet's bytes.
 */
#ifndef SOCKLENS_LAB_FLIGHT_H
#define SOCKLENS_LAB_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/event.h"

struct flight {
	uint64_t number;	/* of the packet */
	uint64_t copy;		/* 0 the packet itself, 1.. */
	uint8_t from, to;	/* hosts */
	bool late;		/* it did not pass at once, so its arrival is an event */
	bool sample;		/* its receiver is to be sampled */
	bool stray;		/* made by the wire with numbers that its receiver does not expect */
	bool bent;		/* bits of it were changed on the way */
	bool loose;		/* keeps no order with what its host sent: others may overtake it, and it them */
	uint32_t len;
	int64_t due_ns;		/* CLOCK_MONOTONIC: when it arrives; set by flights_send() */
	uint64_t order;		/* flights_send(): of two that are due at the same time the first sent is the first */
	struct flight *next;	/* in a list: the next one, NULL at the end */
	uint8_t bytes[];
};

/* A packet's copy, or NULL if memory ran out. */
struct flight *flight_new(const void *bytes, uint32_t len);
struct flight *flight_copy(const struct flight *f);
void flight_free(struct flight *f);

struct flights {
	struct flight **heap;	/* on their way: the earliest at [0] */
	size_t count, cap;
	uint64_t orders;
	int64_t last_due_ns[HOSTS_MAX];	/* of what was sent by each host: a wire does not overtake itself */
	uint32_t under_way[HOSTS_MAX];	/* sent by each host */
	struct flight *held;	/* in the order in which they were stopped */
	struct flight **held_end;
	size_t helds;
	size_t bytes;		/* of all */
};

#define FLIGHTS_BYTES	(64u << 20)	/* what may be on the wire; beyond it, it is full */

void flights_init(struct flights *f);
void flights_fini(struct flights *f);	/* frees all that is on the wire */

bool flights_full(const struct flights *f, uint32_t len);

/* On its way: arrives at due_ns, but (unless it is loose) not before what its host sent earlier.  Takes p; false: no memory, p stays the caller's. */
bool flights_send(struct flights *f, struct flight *p, int64_t due_ns);

/* When the next one arrives; INT64_MAX: none is on its way. */
int64_t flights_due(const struct flights *f);

/* Takes the next one, if it is due by now; NULL. */
struct flight *flights_arrive(struct flights *f, int64_t now_ns);

/* Takes all that are on their way from a host (HOST_NONE: from any), as a list by `next`, the earliest first. */
struct flight *flights_take_all(struct flights *f, uint8_t from);

/* Stops one.  Takes p. */
void flights_hold(struct flights *f, struct flight *p);

/* Takes the one that is held longest, of host `from` (HOST_NONE: any) and with that packet number (0: any); NULL. */
struct flight *flights_unhold(struct flights *f, uint8_t from, uint64_t number);

/* The one that is held longest, of those; it stays there.  NULL. */
struct flight *flights_held(const struct flights *f, uint8_t from, uint64_t number);

/* One that is on its way, of host `from` (HOST_NONE: any): the earliest with that packet number.  NULL.  It stays; is taken out. */
struct flight *flights_on_way(const struct flights *f, uint8_t from, uint64_t number);
void flights_take(struct flights *f, struct flight *p);

#endif
