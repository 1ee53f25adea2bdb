/*
 * How it works: the rules are many, but where a segment begins exactly at the next number of both ends and
 * acknowledges exactly all that was sent, every comparison of numbers in them has one outcome, or is one of the
 * few that are in its kind below.  Then what becomes of the states follows from the states and the kind alone, and
 * connections do the same over and over: it is looked up.  The numbers themselves are moved here.
 */
#include "capture/infer_memo.h"

#include "capture/infer_impl.h"

enum { /* a kind: the flags of the segment, and */
       KIND_FLAGS = TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK,
       KIND_KNOWN = 1 << 8, /* set in each, so that none is 0 */
       KIND_BYTE = 1 << 9, /* one byte of payload: perhaps a probe */
       KIND_BYTES = 1 << 10,
       KIND_SHUT = 1 << 11, /* its window is zero */
       KIND_COMPLETE = 1 << 12, /* the vantage */
       KIND_MORE = 1 << 13, /* it acknowledges more than its sender did before */
       KIND_NEWS = 1 << 14, /* … than the receiver was told before */
       KIND_OF_FIN = 1 << 15, /* … the receiver's FIN */
       KIND_FIN_HEARD = 1 << 16, /* its sender acknowledged that before */
       KIND_OLD = 1 << 17, /* it begins below what the receiver acknowledged */
};

static uint64_t states_of(const struct infer_end *x, const struct infer_end *y)
{
	return x->bits | (uint64_t)x->set << 16 | (uint64_t)y->bits << 32 | (uint64_t)y->set << 48;
}

static void states_put(struct infer_end *x, struct infer_end *y, uint64_t states)
{
	x->bits = (uint16_t)states;
	x->set = (uint16_t)(states >> 16);
	y->bits = (uint16_t)(states >> 32);
	y->set = (uint16_t)(states >> 48);
}

/* It begins and acknowledges where the one before of its sender and of its receiver ended; x sends it. */
static bool is_next(const struct infer_end *x, const struct infer_end *y, const struct packet *p)
{
	unsigned flags = p->flags & KIND_FLAGS;
	bool syn = flags & TCP_SYN;

	if (x->beyond | y->beyond)
		return false;
	if (syn ? flags & (TCP_FIN | TCP_RST) || p->payload_len : !(flags & (TCP_ACK | TCP_RST)))
		return false;
	if ((x->bits & HAS_NXT) ? p->seq != x->nxt : !syn)
		return false;
	if ((y->bits & HAS_RCV) ? p->seq != y->rcv : !syn)
		return false;
	if ((x->bits & FIN_SENT) && x->fin + 1 != x->nxt)
		return false;
	if (!(flags & TCP_ACK))
		return true;
	return (y->bits & HAS_NXT) && p->ack == y->nxt && !infer_below(p->ack, y->una) &&
	       !((x->bits & HAS_RCV) && infer_below(p->ack, x->rcv));
}

static uint64_t kind_of(const struct infer_end *x, const struct infer_end *y,
			const struct packet *p, enum infer_vantage v)
{
	unsigned kind = KIND_KNOWN | (p->flags & KIND_FLAGS);

	if (p->payload_len)
		kind |= p->payload_len == 1 ? KIND_BYTE : KIND_BYTES;
	kind |= p->window ? 0 : KIND_SHUT;
	kind |= v == INFER_COMPLETE ? KIND_COMPLETE : 0;
	kind |= infer_below(p->seq, x->una) ? KIND_OLD : 0;
	if (!(p->flags & TCP_ACK))
		return kind;
	kind |= (x->bits & HAS_RCV) && infer_below(x->rcv, p->ack) ? KIND_MORE : 0;
	kind |= infer_below(y->una, p->ack) ? KIND_NEWS : 0;
	if ((y->bits & FIN_SENT) | (x->bits & FIN_ARRIVED)) {
		kind |= infer_below(y->fin, p->ack) ? KIND_OF_FIN : 0;
		kind |= infer_below(y->fin, x->rcv) ? KIND_FIN_HEARD : 0;
	}
	return kind;
}

/* The numbers, behind the states; before: those of x and y. */
static void numbers_move(struct infer_end *x, struct infer_end *y, const struct packet *p,
			 uint64_t before)
{
	const unsigned was_x = (uint16_t)before, was_y = (uint16_t)(before >> 32);
	const unsigned fresh = x->bits & ~was_x;
	const uint32_t data_end = p->seq + p->payload_len;
	bool refused = (was_y & SHUT) && p->payload_len == 1;

	if (fresh & SYN_SEEN)
		x->una = p->seq;
	if (fresh & FIN_SENT)
		x->fin = data_end;
	x->nxt = data_end + !!(p->flags & (TCP_SYN | TCP_FIN));
	if (p->flags & TCP_ACK) {
		x->rcv = p->ack;
		y->una = p->ack;
	}
	if (p->flags & TCP_SYN) {
		if (!(was_y & HAS_RCV))
			y->rcv = x->nxt;
	} else if (!refused) {
		y->rcv = fresh & FIN_SENT ? x->nxt : data_end;
	}
}

static struct infer_memo_row *row_of(struct infer_memo *memo, uint64_t states, uint64_t kind)
{
	uint64_t hash = (states ^ kind << 20) * 0x9e3779b97f4a7c15u;

	return &memo->row[hash >> 32 & (INFER_MEMO - 1)];
}

void infer_by_memo(struct infer_memo *memo, struct infer_end end[2], struct unacked *pool, int dir,
		   const struct packet *p, enum infer_vantage v)
{
	struct infer_end *x = &end[dir], *y = &end[!dir];
	struct infer_memo_row *row;
	uint64_t states, kind;

	if (!is_next(x, y, p)) {
		infer_by_rules(end, pool, dir, p, v);
		return;
	}
	states = states_of(x, y);
	kind = kind_of(x, y, p, v);
	row = row_of(memo, states, kind);
	if (row->kind != kind || row->states != states) {
		infer_by_rules(end, pool, dir, p, v);
		*row = (struct infer_memo_row){ states, kind, states_of(x, y) };
		return;
	}
	states_put(x, y, row->after);
	if (!(p->flags & TCP_RST))
		numbers_move(x, y, p, states);
}
