/*
 * cause: why the kernel sent a packet that is not plain new data, as far as the recording holds what the kernel
 * and the wire themselves said: samples of its socket (retransmission counters, timer, congestion state), and
 * what the wire did with the packet that is sent again.  Nothing is concluded from packets alone.
 */
#ifndef SOCKLENS_CAUSE_H
#define SOCKLENS_CAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/core/str.h"

enum cause_kind {
	CAUSE_UNKNOWN,
	CAUSE_TIMEOUT,		/* the retransmission timer fired: retransmits grew, or the kernel is in Loss */
	CAUSE_SYN_TIMEOUT,	/* … of a SYN or SYN ACK */
	CAUSE_FAST,		/* sent again in Recovery */
	CAUSE_TAIL_PROBE,	/* the timer fired, but nothing is counted as lost: a tail loss probe */
	CAUSE_WINDOW_PROBE,	/* the persist timer ran */
	CAUSE_KEEPALIVE,	/* the keepalive timer ran */
};

struct cause {
	enum cause_kind kind;
	int64_t timer_ns;	/* of the timer that fired, as set; 0: not known */
	uint32_t before, after;	/* rows of the samples that tell; ROW_NONE */
	uint32_t original;	/* row of the PACKET that is sent again, if the wire lost it; ROW_NONE */
	uint32_t lost_by;	/* row of the WIRE that lost it; ROW_NONE */
};

/* Of a PACKET with a verdict.  False: the recording holds no cause. */
bool cause_of_packet(struct trace *t, uint32_t row, struct cause *out);

/* "RTO", "fast retransmit", "tail loss probe" …; "" for unknown. */
const char *cause_name(enum cause_kind kind);

/* Appends a sentence or two: "The wire lost packet 12 (hand). RTO: the timer of 204 ms fired; …". */
void cause_text(struct str *out, struct trace *t, const struct cause *c);

#endif
