/*
 * ruler: where the bytes of a TCP connection are at a moment, from the program that writes them to the one that reads
 * them: written, sent, acknowledged, received, read; for each direction.
 *
 * From three sources, and each number from the one that says most: packets (sent, acknowledged), what calls returned
 * (written, read), and the queues of sampled sockets (SIOCOUTQ and SIOCINQ of tcp(7)).  What none of them tells is
 * marked as not known: of a capture from elsewhere only what packets show is.
 *
 * It goes through the rows of the connection up to the moment, in slices, and keeps where it was every few hundred
 * events: so another moment costs little, wherever it is.
 */
#ifndef SOCKLENS_RULER_H
#define SOCKLENS_RULER_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/core/err.h"

/* Bytes that end[dir] of the connection sends, counted from its first one; each number is "so many up to here". */
struct ruler_side {
	uint64_t written;	/* by the program; at least as many as were sent */
	uint64_t sent;		/* left, once or more often */
	uint64_t acked;		/* the sender knows that they arrived */
	uint64_t received;	/* by the other kernel, without a hole */
	uint64_t beyond;	/* … and behind a hole */
	uint64_t read;		/* by the other program */
	bool sender_known;	/* written is known: the socket or its calls were seen */
	bool receiver_known;	/* read is known, and received no mere lower bound */
	bool ended;		/* a FIN has left: there will be no more */
};

struct ruler_count {
	struct ruler_side dir[2];
	uint64_t total[2];	/* bytes of each direction in all of the trace, so far; with what was sent twice */
};

struct ruler;

/* Of a trace, which it borrows and which may grow. */
struct ruler *ruler_new(struct trace *t, struct err *e);
void ruler_free(struct ruler *r);

/* Says which connection is to be counted, up to which row (included).  CONN_NONE, ROW_NONE: none. */
void ruler_ask(struct ruler *r, uint32_t conn, uint32_t row);

/* Works for at most about budget_ns (0: till the end).  True: what was asked for is known now. */
bool ruler_work(struct ruler *r, int64_t budget_ns);
bool ruler_busy(const struct ruler *r);
unsigned ruler_percent(const struct ruler *r);

/* What was asked for; false: it is not known yet. */
bool ruler_at(const struct ruler *r, uint32_t conn, uint32_t row, struct ruler_count *out);

#endif
