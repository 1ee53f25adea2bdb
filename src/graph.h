/*
 * graph: a TCP connection over time: numbers sent, acknowledged and allowed, bytes in flight, congestion window, RTT
 * and RTO; for each direction.
 *
 * The time of the connection is cut into columns; of each line a column keeps the least and the greatest value in it,
 * so memory is the same for any connection.  It is made in slices and grows with the trace: where there are no more
 * columns, two become one.
 */
#ifndef SOCKLENS_GRAPH_H
#define SOCKLENS_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/core/err.h"

#define GRAPH_COLUMNS	512

enum graph_line {	/* bytes, but for the last two: microseconds */
	GRAPH_SENT,	/* end of what has left */
	GRAPH_ACKED,	/* … of what is acknowledged */
	GRAPH_WINDOW,	/* … of what the receiver allows */
	GRAPH_RESENT,	/* where a segment was sent again; points, no line */
	GRAPH_FLIGHT,	/* sent, and not acknowledged */
	GRAPH_CWND,	/* sampled */
	GRAPH_SSTHRESH,
	GRAPH_RTT,	/* sampled; without samples from a segment to its ACK where the capture was made */
	GRAPH_RTO,
	GRAPH_LINES
};

struct graph_range {
	uint64_t low, high;
	bool any;	/* something happened in this column */
};

struct graph;

/* Of a trace, which it borrows and which may grow. */
struct graph *graph_new(struct trace *t, struct err *e);
void graph_free(struct graph *g);

/* Says which connection; CONN_NONE: none. */
void graph_ask(struct graph *g, uint32_t conn);

/* Works for at most about budget_ns (0: till the end).  True: it has grown. */
bool graph_work(struct graph *g, int64_t budget_ns);
bool graph_busy(const struct graph *g);
unsigned graph_percent(const struct graph *g);

/* A line of what end[dir] sends. */
const struct graph_range *graph_column(const struct graph *g, int dir, enum graph_line line, size_t column);

/* The column of an instant, which may be beyond the used ones; -1: before the first. */
int64_t graph_column_of(const struct graph *g, int64_t ts_ns);
size_t graph_used(const struct graph *g);	/* columns, of GRAPH_COLUMNS */
int64_t graph_first_ns(const struct graph *g);
int64_t graph_last_ns(const struct graph *g);

#endif
