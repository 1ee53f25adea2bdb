/*
 * stream: what a connection carried: of TCP the bytes of both directions in order of their sequence numbers,
 * each once; of UDP and others the datagrams one by one.
 *
 * Only an index is kept (24 bytes for each segment that had something new); bytes are read when looked at.  It
 * is made in slices and grows with the trace.
 *
 * A position counts the bytes of both directions as they came in order, from 0; bytes that were not captured
 * are one position, whatever their number.  Neighbouring bytes of one direction are a run; a datagram is a run
 * of its own.
 */
#ifndef SOCKLENS_STREAM_H
#define SOCKLENS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/core/err.h"

struct stream;

struct stream *stream_new(struct trace *t, uint32_t conn, struct err *e);
void stream_free(struct stream *s);

uint32_t stream_conn(const struct stream *s);

/* Goes on for at most about budget_ns.  True: it has grown, or changed at its end. */
bool stream_work(struct stream *s, int64_t budget_ns);
bool stream_busy(const struct stream *s);
unsigned stream_percent(const struct stream *s);	/* of the trace that was looked at */

uint64_t stream_size(const struct stream *s);		/* positions */

struct stream_run {
	uint64_t pos, end;	/* positions; end is that behind the last */
	uint64_t offset;	/* of its first byte in its direction */
	int dir;		/* sent by end[dir] of the connection */
	uint64_t missing;	/* bytes that were not captured; 0: these are bytes */
};

/* The run that a position is in.  False: it is not below stream_size(). */
bool stream_run_at(const struct stream *s, uint64_t pos, struct stream_run *out);

/* The bytes from pos on, at most n, and of its run only.  How many; fewer where they cannot be read. */
size_t stream_read(struct stream *s, uint64_t pos, void *buf, size_t n);

/* The packet that the byte at a position came in: its identity in the trace; 0: none. */
uint64_t stream_packet(const struct stream *s, uint64_t pos);

struct stream_total {
	uint64_t bytes[2], missing[2];	/* of each direction */
	uint64_t datagrams[2];		/* runs of what is no TCP */
};
struct stream_total stream_total(const struct stream *s);

#endif
