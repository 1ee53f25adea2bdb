/*
 * plain: which packets are plain new data or a plain ACK, so that nothing need be asked about them, and what the others
 * are.  It remembers a little of each side of the connections that it sees.
 */
#ifndef SOCKLENS_LAB_PLAIN_H
#define SOCKLENS_LAB_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/packet.h"

#define PLAIN_SIDES 512	/* remembered at once; a packet of one that is not remembered passes for plain */
#define PLAIN_WAYS  8	/* places in which a side may be; the one that was silent for longest makes room */

struct plain_side {
	uint32_t hash;		/* of its addresses and ports; 0: this place is free */
	uint32_t end;		/* number behind all that it sent */
	uint32_t ack;		/* that it sent last */
	uint16_t window;	/* … */
	bool acks;		/* it has sent an ACK */
	bool opens;		/* a SYN ACK was the last that it sent */
	int64_t sent_ns;	/* its last data */
	uint64_t used;		/* when it sent last: struct plain.packets */
};

struct plain {
	uint64_t packets;
	struct plain_side side[PLAIN_SIDES];
};

/*
 * A packet left.  answers: something had just arrived there, and this may be the kernel's answer.  Its SHAPE_* of
 * counters.h, or 0: it is plain.
 */
uint32_t plain_left(struct plain *m, const struct packet *p, int64_t ts_ns, bool answers);

/* A packet arrived: whether its host may have counted it. */
bool plain_tells(const struct plain *m, const struct packet *p);

#endif
