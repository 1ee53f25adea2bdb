/*
 * shown: which rows of the ladder are shown, where not all of them are: those of one connection, those of
 * packets that match a filter, or both.  Of one connection these are its packets, its states, and all calls that
 * belong to it (conn_calls.h); with a filter only the calls and states that share a row with a packet.
 *
 * They are found in slices, so that a trace of any size never makes the screen wait: shown_work() goes on,
 * and what was found so far can be walked through.  What a trace gains later is looked at as well.
 */
#ifndef SOCKLENS_SHOWN_H
#define SOCKLENS_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/core/err.h"
#include "src/select.h"

struct shown;

/* Of a trace, which it borrows; all rows at first. */
struct shown *shown_new(struct trace *t, struct err *e);
void shown_free(struct shown *s);

/* Only the packets of this connection; CONN_NONE: of any. */
void shown_only(struct shown *s, uint32_t conn);
uint32_t shown_conn(const struct shown *s);

/* Only packets that match (pcap-filter(7)); NULL or "": any.  -1: it is wrong, and nothing changes. */
int shown_filter(struct shown *s, const char *text, struct err *e);
const char *shown_filter_text(const struct shown *s);	/* NULL: none */

/* Only the rows that a selection picks, at once, of a trace that is all there.  Until one of the above is called. */
void shown_select(struct shown *s, const struct select *wanted);

/* Nothing is hidden, and nothing below needs to be asked. */
bool shown_all(const struct shown *s);

/* Looks on for at most about budget_ns.  True: there is something new. */
bool shown_work(struct shown *s, int64_t budget_ns);
bool shown_busy(const struct shown *s);	/* there is more to look at now */

/* The next shown row of the ladder behind a trace row, the one before it; ROW_NONE: there is none (so far). */
uint32_t shown_next(const struct shown *s, uint32_t row);
uint32_t shown_prev(const struct shown *s, uint32_t row);

struct shown_count {
	uint64_t matched, of;	/* packets that match; packets looked at */
	unsigned percent;	/* of the trace that was looked at */
};
struct shown_count shown_count(const struct shown *s);

/* Whether a packet of this connection matches the filter (as far as was looked).  True without a filter. */
bool shown_has_conn(const struct shown *s, uint32_t conn);

/* Whether a packet, by its number, matches the filter.  True without a filter. */
bool shown_has_packet(const struct shown *s, uint32_t number);

/* What went wrong while looking: a packet that cannot be read, a link type that cannot have the filter. */
bool shown_trouble(struct shown *s, struct err *e);

#endif
