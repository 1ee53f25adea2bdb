/*
 * summary: the totals of a trace after the analysis of all of it: packets, bytes, time span, connections by
 * kind and by how they ended, how often each verdict was given.
 *
 * It watches the file while it is read and needs none of its rows.
 */
#ifndef SOCKLENS_SUMMARY_H
#define SOCKLENS_SUMMARY_H

#include <stdio.h>

#include "capture/trace.h"
#include "src/conn_end.h"

enum summary_kind { SUMMARY_TCP, SUMMARY_UDP, SUMMARY_ICMP, SUMMARY_OTHER, SUMMARY_KINDS };

struct summary {
	uint64_t events; /* that are no packets */
	uint64_t packets;
	uint64_t bytes; /* of the packets, on the wire */
	uint64_t captured; /* … of these, in the file */
	int64_t first_ns, last_ns; /* least and greatest time of a packet */
	uint64_t segments; /* TCP segments that were analysed */
	uint64_t remarkable; /* … with a verdict */
	uint64_t verdict[VERDICTS]; /* [n] of bit 1 << n */
	uint64_t conns[SUMMARY_KINDS];
	uint64_t ended[SUMMARY_KINDS][CONN_ENDS];
	uint64_t start_unseen; /* TCP connections that began before the capture */
};

/* For trace_options: fills *s in, which must be zero; it needs no rows. */
struct trace_watch summary_watch(struct summary *s);

/* What the connections add, once all of the trace has been read. */
void summary_conns(struct summary *s, const struct conns *c);

/* As text, or as one JSON object on one line.  file: its name.  -1: it could not be written. */
int summary_text(const struct summary *s, const struct trace *t, const char *file, FILE *out, struct err *e);
int summary_json(const struct summary *s, const struct trace *t, const char *file, FILE *out, struct err *e);

#endif
