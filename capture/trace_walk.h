/*
 * trace_walk: many events of a trace one after the other, by rows that go up: their bytes are read in large
 * pieces, so that going through a whole file costs about what reading it does.  trace_event() is for looking
 * at few.
 */
#ifndef SOCKLENS_CAPTURE_TRACE_WALK_H
#define SOCKLENS_CAPTURE_TRACE_WALK_H

#include "capture/trace.h"

struct trace_walk;

struct trace_walk *trace_walk_new(struct trace *t, struct err *e);
void trace_walk_free(struct trace_walk *w);

/*
 * The event of a row, decoded.  Valid until the next call.  NULL if it cannot be read any more (e says why).
 */
const struct event *trace_walk_event(struct trace_walk *w, uint32_t row, struct err *e);

#endif
