/*
 * ladder: which events share a line on the timeline.  Rows of the ladder are found from the index alone,
 * by looking at neighbours, so that a window of a million events costs what it shows.
 *
 * A CALL has a row.  Its RETURN is shown on the same row, unless it blocked: then it has its own.  A packet
 * that leaves while its host's call is running, with nothing between, shares the call's row (send → its
 * segment), if the call did not block.  A packet that arrives later than at once (delay, hold) has a second row for its arrival.  A
 * STATE is shown beside the packet or call that it is attributed to; one that time alone brought has a row.
 */
#ifndef SOCKLENS_LADDER_H
#define SOCKLENS_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/trace.h"

struct ladder_row {
	uint32_t head;		/* trace row of the event that makes the ladder's row */
	uint32_t call;		/* CALL or RETURN in a lane; ROW_NONE */
	uint32_t packet;	/* PACKET (departure) or WIRE (arrival, drop, …) on the arrow; ROW_NONE */
	uint32_t local;		/* RETURN of the row's call, if that moved something inside one kernel; ROW_NONE */
	uint32_t state[2];	/* STATE changes to show: at the first and second host (a third takes what is free); ROW_NONE */
	int64_t gap_ns;		/* time since the row before, if it is long enough to be shown folded; else 0 */
};

#define LADDER_GAP_NS	(100 * INT64_C(1000000))

/* The ladder's row that shows an event (for a STATE that has none: of the event it is attributed to).  False: no rows at all. */
bool ladder_at(const struct trace *t, uint32_t trace_row, struct ladder_row *out);

/* The same, but its head alone; ROW_NONE: no rows at all. */
uint32_t ladder_head(const struct trace *t, uint32_t trace_row);

/* The event that a STATE is attributed to, RETURN, PACKET or the WIRE that delivered it; ROW_NONE: time, or not there. */
uint32_t ladder_state_cause(const struct trace *t, uint32_t trace_row);

/* Whether a STATE is shown: it is another one than before, and more than that a socket is new. */
bool ladder_shows_state(const struct trace *t, uint32_t trace_row);

bool ladder_first(const struct trace *t, struct ladder_row *out);
bool ladder_last(const struct trace *t, struct ladder_row *out);
bool ladder_next(const struct trace *t, const struct ladder_row *from, struct ladder_row *out);
bool ladder_prev(const struct trace *t, const struct ladder_row *from, struct ladder_row *out);

#endif
