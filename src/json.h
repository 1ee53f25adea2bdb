/*
 * json: an event as one JSON object on one line, with stable names: kind, time_ns, host, and the fields of
 * event_fields[] in lower case.  text is the event in words (describe.h); of a command or a note, which have a text
 * of their own, it is that.
 *
 * A packet has its headers' fields beside (number len caplen src dst protocol flags seq ack seq_raw ack_raw window
 * payload_len), its connection (conn, stream), verdicts (a list, under the names of tcp.analysis.*), the states of
 * both ends as its packets alone show them (inferred_src, inferred_dst), its fate on the wire, and where they are
 * known the numbers of the analysis (numbers.h).  The table is in the README.
 */
#ifndef SOCKLENS_JSON_H
#define SOCKLENS_JSON_H

#include <stdio.h>

#include "capture/trace.h"
#include "src/core/err.h"
#include "src/numbers.h"

/* Writes one event and a newline.  numbers may be NULL: then they are left out. */
int json_event(struct trace *t, const struct event *ev, const struct numbers *numbers, FILE *out,
	       struct err *e);

#endif
