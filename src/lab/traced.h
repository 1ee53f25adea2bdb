/*
 * traced: a report of the tracing process as bytes, and back.  That process may be anybody's by the time it reports, so
 * decoding believes nothing.
 */
#ifndef SOCKLENS_LAB_TRACED_H
#define SOCKLENS_LAB_TRACED_H

#include <stddef.h>

#include "src/core/err.h"
#include "src/lab/tracer.h"

#define TRACED_TEXT	(64u << 10)	/* bytes of text in a report, at most */

/* Writes the report to buf.  Returns its length; 0 if cap is not enough. */
size_t traced_encode(const struct traced *t, void *buf, size_t cap);

/* Reads a report.  0; or -1 if it is malformed, and then there is nothing to free. */
int traced_decode(struct traced *t, const void *bytes, size_t len);

/*
 * How the start went: what the tracing process says once on the control socket, before any report counts.
 */
struct traced_start {
	int started;		/* 1, or 0: err says why not */
	pid_t pid;		/* of the first process */
	struct err err;
};

#endif
