/*
 * json: an event as one JSON object on one line, with stable names: kind, time_ns, host, and the fields of
 * event_fields[] in lower case.  A packet has its headers' fields beside.  text is the event in words (describe.h);
 * of a command or a note, which have a text of their own, it is that.
 */
#ifndef SOCKLENS_JSON_H
#define SOCKLENS_JSON_H

#include <stdio.h>

#include "capture/trace.h"
#include "src/core/err.h"

/* Writes one event and a newline. */
int json_event(const struct trace *t, const struct event *ev, FILE *out, struct err *e);

#endif
