/*
 * export_row: one row of a trace with all that is known about it, for those who write it down.
 */
#ifndef SOCKLENS_EXPORT_ROW_H
#define SOCKLENS_EXPORT_ROW_H

#include "capture/trace.h"
#include "src/cause.h"
#include "src/numbers.h"

struct export_row {
	struct trace *t;
	const struct event *ev;
	const struct trace_entry *entry;	/* NULL: it is not in the trace */

	/* Of a PACKET: */
	struct packet packet;
	bool tcp;			/* it has a TCP header */
	bool has_ends;
	struct addr src, dst;
	const struct conn *conn;	/* NULL: none */
	bool known;			/* the numbers are */
	struct packet_numbers numbers;
	bool caused;			/* something is known of its cause */
	struct cause cause;
};

/* ev is borrowed; numbers may be NULL.  Valid as long as the event. */
void export_row_read(struct export_row *r, struct trace *t, const struct event *ev,
		     const struct numbers *numbers);

/* The event's host; NULL: none. */
const char *export_row_host(const struct export_row *r);

/* Appends the verdicts' names as tcp.analysis.* has them, with gap between; nothing where there are none. */
void export_row_verdicts(struct str *out, const struct export_row *r, const char *gap);

/* Appends the inferred state of the packet's sender (receiver: of the other end); nothing where there is none. */
void export_row_inferred(struct str *out, const struct export_row *r, bool receiver);

#endif
