/*
 * infer_impl: what infer.c notes of an end beside the possible states, in infer_end.bits.  Internal to the inference.
 */
#ifndef SOCKLENS_CAPTURE_INFER_IMPL_H
#define SOCKLENS_CAPTURE_INFER_IMPL_H

#include "capture/infer.h"

enum {
	SENT = 1 << 6, /* a segment of it was seen */
	HAS_NXT = 1 << 7,
	HAS_RCV = 1 << 8,
	SYN_SEEN = 1 << 9, /* its numbers are known from the first on */
	FIN_SENT = 1 << 10,
	FIN_ARRIVED = 1 << 11, /* the other end's, perhaps beyond a hole */
	PASSIVE = 1 << 12, /* it was LISTEN */
	SHUT = 1 << 13, /* its window is zero */
	FIN_ACKS = 1 << 14, /* its FIN acknowledged the other end's */
	HIDDEN = 1 << 15, /* the other end acknowledged one number more than was seen: a FIN? */
};

static inline bool infer_below(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* Both steps of a segment, by all the rules. */
void infer_by_rules(struct infer_end end[2], struct unacked *pool, int dir, const struct packet *p,
		    enum infer_vantage v);

#endif
