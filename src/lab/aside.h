/*
 * aside: packets that were captured together, put aside and brought into the order in which they left,
 * before anything is done about the first of them.
 */
#ifndef SOCKLENS_LAB_ASIDE_H
#define SOCKLENS_LAB_ASIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/packet.h"

/* A packet as it was captured. */
struct seen {
	uint64_t number;	/* 0 until it has one */
	int64_t ts_ns;
	uint32_t caplen, len;
	const uint8_t *data;
	uint8_t from;		/* host */
	bool sample;		/* its receiver is to be sampled */
	bool made;		/* by the wire: that it arrives is said in any case */
};

struct aside_row {
	struct seen seen;
	size_t at;		/* of its bytes */
	struct packet packet;	/* room for the caller to read it into */
};

struct aside {
	struct aside_row *row;
	size_t count, cap;
	uint8_t *bytes;
	size_t used, room;
};

/* Copies a packet; false if memory ran out.  Its `data` is valid after aside_sort(), until the next aside_add(). */
bool aside_add(struct aside *a, const struct seen *s);

/* By time; packets of the same time stay in the order in which they were added. */
void aside_sort(struct aside *a);

/* Whether a later row was sent by the same socket.  Packets must have been read into the rows. */
bool aside_has_later(const struct aside *a, size_t row);

void aside_clear(struct aside *a);	/* keeps the memory */
void aside_fini(struct aside *a);

#endif
