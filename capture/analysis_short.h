/*
 * analysis_short: the analysis of a segment about which there is nothing to say.  Internal to conn.c.
 *
 * Nearly all segments go on where the one before ended, acknowledge what was seen and leave the windows open.
 * None of the rules F1 to F12 can hold for such a one; what remains of all the rest is here, in one piece, with
 * each number read once.  It is a header so that all of it becomes one function there: calls and what they hand
 * over took a third of the time.
 */
#ifndef SOCKLENS_CAPTURE_ANALYSIS_SHORT_H
#define SOCKLENS_CAPTURE_ANALYSIS_SHORT_H

#include "capture/analysis_impl.h"
#include "capture/unacked_impl.h"

#define SHORT_INLINE static inline __attribute__((always_inline))

/* The header says nothing but numbers, and all that it could be about is settled. */
SHORT_INLINE bool tcp_short_quiet(const struct tcp *t, const struct packet *p, int dir)
{
	const unsigned options = p->sack_blocks | p->mptcp | (uint8_t)(p->wscale + 1);

	return (p->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK && !options &&
	       (t->closed & TCP_QUIET << dir);
}

/* New data that does not fill the window (F6), nor were acknowledged before (F12 a), nor probe (F1). */
SHORT_INLINE bool tcp_short_data(const struct tcp_side *y, uint32_t end, bool plain)
{
	bool scaled = !(y->bits & TCP_SIDE_FIRST_ACK) && y->scale >= TCP_SCALE_SHIFT;
	uint32_t window = y->bits & TCP_SIDE_WINDOW ? y->window : UINT32_MAX;

	if (!window)
		return false;
	window <<= scaled ? y->scale - TCP_SCALE_SHIFT : 0;
	return !(y->last_ack && tcp_at_most(end, y->last_ack)) &&
	       (!plain || y->scale == TCP_SCALE_UNKNOWN || end != y->last_ack + window);
}

/* It begins where its sender's last one ended, or is its first; no rule holds for it. */
SHORT_INLINE bool tcp_short_holds(const struct tcp_side *x, const struct tcp_side *y,
				  const struct packet *p, bool plain)
{
	const uint32_t seq = p->seq;

	if (seq != x->high && (x->high || seq == UINT32_MAX))
		return false;
	if (!p->payload_known || !seq || (plain && !p->window))
		return false;
	if ((p->flags & TCP_ACK) && y->contig && tcp_above(p->ack, y->contig))
		return false;
	return p->payload_len ? tcp_short_data(y, seq + p->payload_len, plain)
			      : !plain || p->ack != x->last_ack;
}

/* M5. */
SHORT_INLINE void tcp_short_ack(struct tcp *t, struct tcp_side *y, struct unacked *pool,
				const struct tcp_rules *rules, const struct tcp_segment *s,
				struct verdict *out)
{
	struct unacked_segment hit;
	enum unacked_hit kind;

	if (y->unacked == TCP_LONE && s->p->ack == y->high) {
		y->unacked = 0;
		out->acked_frame = y->high_frame;
		out->ack_rtt_ns = s->ts_ns - t->high_ns[!s->dir];
		return;
	}
	tcp_lone_settle(t, pool, !s->dir);
	kind = unacked_ack(pool, &y->unacked, s->p->ack, rules->partial_acks, &hit);
	if (kind == UNACKED_NONE)
		return;
	out->acked_frame = hit.frame;
	out->ack_rtt_ns = s->ts_ns - hit.ts_ns;
	if (kind == UNACKED_PART)
		out->bits = VERDICT_PARTIAL_ACK;
}

/* M1: false if there is no room. */
SHORT_INLINE bool tcp_short_remember(struct tcp *t, struct tcp_side *x, struct unacked *pool, int dir,
				     const struct unacked_segment *sent)
{
	if (!x->unacked) {
		x->unacked = TCP_LONE;
		x->lone = sent->start;
		return true;
	}
	tcp_lone_settle(t, pool, dir);
	return unacked_add_behind(pool, x->unacked, sent) || unacked_add(pool, &x->unacked, sent) ||
	       unacked_has_room(pool, x->unacked);
}

/* M1 to M3; phantom: 1 with SYN or FIN. */
SHORT_INLINE void tcp_short_numbers(struct tcp *t, struct tcp_side *x, struct unacked *pool,
				    const struct tcp_segment *s, uint32_t phantom)
{
	const uint32_t len = s->p->payload_len;
	struct unacked_segment sent = { .start = s->p->seq,
					.end = s->p->seq + len + phantom,
					.frame = s->frame,
					.ts_ns = s->ts_ns };

	/* Where there is no room for it, the phantom is not counted. */
	if (sent.end != sent.start && !tcp_short_remember(t, x, pool, s->dir, &sent))
		sent.end -= phantom;
	if (!x->contig || x->contig == sent.start)
		x->contig = sent.end;
	if (x->high && sent.end == sent.start)
		return;
	if (sent.end == sent.start)
		tcp_lone_settle(t, pool, s->dir);
	x->high = sent.end;
	x->high_frame = sent.frame;
	t->high_ns[s->dir] = sent.ts_ns;
}

SHORT_INLINE void tcp_short_flight(const struct tcp *t, const struct tcp_side *x, uint32_t sacked,
				   const struct unacked *pool, int dir, uint32_t phantom,
				   struct verdict *out)
{
	uint32_t bytes;

	if (!x->unacked || (x->bits & TCP_SIDE_HOLE))
		return;
	out->item = true;
	bytes = x->unacked == TCP_LONE ? x->high - x->lone
				       : unacked_span(pool, x->unacked, t->base[dir]);
	bytes -= sacked + phantom;
	if (bytes && bytes < TCP_FLIGHT_MAX)
		out->in_flight = bytes;
}

/* All of tcp_analyse().  Bits and bytes come last: the compiler must take a byte for a part of anything. */
SHORT_INLINE void tcp_short_analyse(struct tcp *t, struct unacked *pool, const struct tcp_rules *rules,
				    const struct tcp_segment *s, uint32_t phantom, struct verdict *out)
{
	struct tcp_side *x = &t->side[s->dir], *y = &t->side[!s->dir];
	const struct packet *p = s->p;
	const uint32_t ack = p->ack, len = p->payload_len;
	uint8_t bits = x->bits & (uint8_t) ~(TCP_SIDE_MPTCP | TCP_SIDE_SACK);

	if (len || !x->high)
		bits = (uint8_t)((bits & ~TCP_SIDE_HIGH_DATA) | (len ? TCP_SIDE_HIGH_DATA : 0));
	out->window = tcp_window_of(x, p);
	if (ack != x->last_ack) {
		x->last_ack = ack;
		x->ack_frame = s->frame;
		x->dup_acks = 0;
	}
	tcp_short_numbers(t, x, pool, s, phantom);
	t->last_ns[s->dir] = s->ts_ns;
	x->window = p->window;
	x->verdict = 0;
	x->sacked = 0;
	x->bits = bits | TCP_SIDE_WINDOW;
	if (p->flags & TCP_ACK)
		y->bits &= (uint8_t)~TCP_SIDE_HOLE;
	out->analysed = true;
	if (y->unacked)
		tcp_short_ack(t, y, pool, rules, s, out);
	if (len)
		tcp_short_flight(t, x, y->sacked, pool, s->dir, phantom, out);
}

/* tcp_analyse(), if no rule holds for the segment; false, and nothing is changed, if one may.  *out: zero. */
SHORT_INLINE bool tcp_analyse_short(struct tcp *t, struct unacked *pool, const struct tcp_rules *rules,
				    const struct tcp_segment *s, struct verdict *out)
{
	const struct packet *p = s->p;

	if (p->sack_blocks || p->mptcp)
		return false;
	if (!tcp_short_holds(&t->side[s->dir], &t->side[!s->dir], p,
			     !(p->flags & (TCP_SYN | TCP_FIN | TCP_RST))))
		return false;
	tcp_short_analyse(t, pool, rules, s, !!(p->flags & (TCP_SYN | TCP_FIN)), out);
	return true;
}

/* All that analysis.h has for a segment, if that is but numbers; false, and nothing is changed, if not.  *out: zero. */
SHORT_INLINE bool tcp_short(struct tcp *t, struct unacked *pool, const struct tcp_rules *rules,
			    const struct tcp_segment *s, struct verdict *out)
{
	const uint8_t seen = s->p->payload_len ? TCP_SEEN_DATA : TCP_SEEN_ACK;

	if (!tcp_short_quiet(t, s->p, s->dir) ||
	    !tcp_short_holds(&t->side[s->dir], &t->side[!s->dir], s->p, true))
		return false;
	tcp_short_analyse(t, pool, rules, s, 0, out);
	t->seen |= seen;
	t->completeness |= seen;
	if (out->acked_frame || out->item)
		out->initial_rtt_ns = tcp_initial_rtt(t);
	return true;
}

#endif
