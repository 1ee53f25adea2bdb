/*
 * analysis_impl: what the long way (analysis.c) and the short way (analysis_short.h) of the analysis share.  Internal
 * to these two.
 */
#ifndef SOCKLENS_CAPTURE_ANALYSIS_IMPL_H
#define SOCKLENS_CAPTURE_ANALYSIS_IMPL_H

#include "capture/analysis.h"

enum { TCP_FLIGHT_MAX = 2000000000 };

static inline bool tcp_below(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool tcp_above(uint32_t a, uint32_t b)
{
	return tcp_below(b, a);
}

static inline bool tcp_at_most(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

/*
 * Most often one segment is under way, the latest; it is remembered without a block in the pool, and put there
 * before anything else is done with it than to acknowledge it.
 */
void tcp_lone_put(struct tcp *t, struct unacked *pool, int dir);

static inline void tcp_lone_settle(struct tcp *t, struct unacked *pool, int dir)
{
	if (t->side[dir].unacked == TCP_LONE)
		tcp_lone_put(t, pool, dir);
}

static inline uint32_t tcp_window_of(const struct tcp_side *x, const struct packet *p)
{
	if ((p->flags & TCP_SYN) || x->scale < TCP_SCALE_SHIFT)
		return p->window;
	return (uint32_t)p->window << (x->scale - TCP_SCALE_SHIFT);
}

#endif
