/*
 * burst: packets that go to the same port one behind the other, collected so that segments of one TCP
 * connection can be given to the kernel as one.  What arrives is the same, byte by byte and packet by
 * packet: only segments whose headers are what the kernel will make again are joined, and only if their
 * checksums are right.
 */
#ifndef SOCKLENS_LAB_BURST_H
#define SOCKLENS_LAB_BURST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/live.h"
#include "src/core/err.h"
#include "src/lab/flight.h"

#define BURST_BYTES	(64 * 1024)	/* of all packets' bytes; with it the large one stays below 64 KB */
#define BURST_HEADERS	256		/* of one packet, at most */

struct burst_packet {
	struct flight flight;		/* without bytes */
	uint32_t at;			/* of its bytes */
	uint32_t payload_at;		/* in its bytes */
	uint32_t payload_len;
};

struct burst {
	struct burst_packet packet[LIVE_SEGMENTS];
	uint32_t count;
	uint32_t used;			/* of bytes[] */
	bool open;			/* a segment that follows may be added */
	uint8_t bytes[BURST_BYTES];
};

/*
 * Adds a packet (p: about it; its bytes are copied).  False if it cannot follow those that are there: send
 * them first.  An empty burst takes every segment that another one may follow.
 */
bool burst_add(struct burst *b, const struct flight *p, const uint8_t *bytes);

/* Sends all, in one go if possible. Empties nothing; -1: none of them was sent. */
int burst_send(const struct burst *b, struct live *to, struct err *e);

void burst_clear(struct burst *b);

#endif
