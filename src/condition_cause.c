/*
 * `cause` goes from packet to packet, each host for itself: why a packet left it, or what it made of one that reached
 * it.  `counter` sums what the trace has of a counter; what was there when it was met last does not count again.
 */
#include "src/condition_impl.h"

#include <inttypes.h>
#include <string.h>

#include "capture/trace.h"
#include "src/cause.h"

#define SEEN_MOST 6 /* causes that a failure lists */

/* ---- causes ---- */

static int host_of(const struct condition *c, struct trace *t)
{
	for (size_t i = 0; i < trace_hosts(t) && i < HOSTS_MAX; i++)
		if (!strcmp(trace_host(t, i)->name, c->actor))
			return (int)i;
	return -1;
}

/* A packet that left the host, or arrived there, for a cause that is known; ROW_NONE. */
static enum cause_kind cause_at(struct trace *t, uint32_t row, int host)
{
	const struct trace_entry *e = trace_entry(t, row);
	struct cause cause;

	if (e->kind != EVENT_PACKET || !cause_of_packet(t, row, &cause))
		return CAUSE_UNKNOWN;
	return e->host == host		? cause.kind
	       : cause.receiver == host ? cause.arrival
					: CAUSE_UNKNOWN;
}

/* The packet behind number `after` that has the cause; ROW_NONE, and in seen the others that were there. */
static uint32_t find_cause(const struct condition *c, struct trace *t, int host, uint64_t after,
			   struct str *seen)
{
	unsigned n = 0;

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);
		enum cause_kind kind;

		if (e->kind != EVENT_PACKET || e->number <= after || (!e->verdict && !e->counted))
			continue;
		kind = cause_at(t, row, host);
		if (kind == c->cause)
			return row;
		if (kind != CAUSE_UNKNOWN && n++ < SEEN_MOST)
			str_addf(seen, "%s%s (packet %u)", n == 1 ? "since then: " : ", ",
				 cause_name(kind), trace_entry(t, row)->number);
	}
	if (!n)
		str_addf(seen, "nothing but plain packets of %s since then", c->actor);
	return ROW_NONE;
}

enum condition_answer condition_cause(const struct condition *c, struct places *p,
				      struct session *s, struct str *seen)
{
	struct trace *t = session_trace(s);
	int host = host_of(c, t);
	uint32_t row;

	if (host < 0) {
		str_addf(seen, "there is no host %s", c->actor);
		return CONDITION_NEVER;
	}
	row = find_cause(c, t, host, p->cause[host], seen);
	if (c->none) {
		str_clear(seen);
		if (row != ROW_NONE)
			str_addf(seen, "packet %u", trace_entry(t, row)->number);
		return row == ROW_NONE ? CONDITION_MET : CONDITION_NEVER;
	}
	if (row == ROW_NONE)
		return CONDITION_NOT_YET;
	p->cause[host] = trace_entry(t, row)->number;
	return CONDITION_MET;
}

/* ---- counters ---- */

static struct counted_place *place_of(struct places *p, int host, const struct counter_row *counter)
{
	size_t i = 0;

	while (i < p->countings &&
	       (p->counting[i].host != host || p->counting[i].counter != counter))
		i++;
	if (i == CONDITION_COUNT(p->counting))
		i = 0;
	if (i == p->countings)
		p->counting[p->countings++] =
			(struct counted_place){ .host = host, .counter = counter };
	return &p->counting[i];
}

static uint64_t sum_of(struct trace *t, int host, const char *name)
{
	uint64_t sum = 0;

	for (uint32_t row = 0; trace_counted(t) && row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);
		const struct event *ev = e->kind == EVENT_COUNTERS && e->host == host
						 ? trace_event(t, row, NULL)
						 : NULL;

		if (ev)
			sum += cause_grew(ev->counters.changes, name);
	}
	return sum;
}

enum condition_answer condition_counter(const struct condition *c, struct places *p,
					struct session *s, struct str *seen)
{
	struct trace *t = session_trace(s);
	int host = host_of(c, t);
	struct counted_place *place;
	uint64_t sum, grown;

	if (host < 0) {
		str_addf(seen, "there is no host %s", c->actor);
		return CONDITION_NEVER;
	}
	place = place_of(p, host, c->counter);
	sum = sum_of(t, host, c->counter->name);
	grown = sum - place->met;
	str_addf(seen, "it grew by %" PRIu64 " since then", grown);
	if (c->none)
		return grown ? CONDITION_NEVER : CONDITION_MET;
	if (grown >= (uint64_t)c->number.number) {
		place->met = sum;
		return CONDITION_MET;
	}
	session_ask_counters(s);
	return CONDITION_NOT_YET;
}
