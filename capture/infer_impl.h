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

/*
 * Nearly all segments are data and acknowledgments of an open connection, in order: they only move
 * numbers.  What all the rules would make of such a one, in one step.
 */
static inline __attribute__((always_inline)) bool infer_is_ordinary(const struct infer_end *x, const struct infer_end *y, const struct packet *p)
{
	const unsigned numbers = SENT | HAS_NXT | HAS_RCV, fins = FIN_SENT | FIN_ARRIVED | HIDDEN;
	const unsigned open = 1u << SOCK_STATE_ESTABLISHED;

	return (p->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK && x->set == open && y->set == open &&
	       (x->bits & (numbers | fins | INFER_SURE)) == (numbers | INFER_CERTAIN << INFER_SURE_SHIFT) &&
	       (y->bits & (numbers | fins | SHUT)) == numbers && !y->beyond && !infer_below(y->nxt, p->ack) &&
	       !infer_below(y->rcv, p->seq);
}

static inline __attribute__((always_inline)) void infer_ordinary(struct infer_end *x, struct infer_end *y, const struct packet *p)
{
	uint32_t end = p->seq + p->payload_len;

	if (infer_below(x->nxt, end))
		x->nxt = end;
	if (infer_below(x->rcv, p->ack))
		x->rcv = p->ack;
	if (infer_below(y->rcv, end))
		y->rcv = end;
	if (!(y->bits & SYN_SEEN) || infer_below(y->una, p->ack))
		y->una = p->ack;
	x->bits = (uint16_t)((x->bits & ~SHUT) | (p->window ? 0 : SHUT));
}

/* Both steps of a segment, by all the rules. */
void infer_by_rules(struct infer_end end[2], struct unacked *pool, int dir, const struct packet *p,
		    enum infer_vantage v);

#endif
