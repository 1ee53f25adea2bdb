/*
 * export_capture: packets as a capture file for other tools: classic pcap (nanoseconds, one link type) or pcapng
 * (each packet on its interface).  Nothing but the packets is in it: calls, states and notes are not.
 */
#ifndef SOCKLENS_EXPORT_CAPTURE_H
#define SOCKLENS_EXPORT_CAPTURE_H

#include <stdio.h>

#include "capture/pcapng.h"
#include "capture/trace.h"
#include "src/core/err.h"

enum capture_format { CAPTURE_PCAP, CAPTURE_PCAPNG };

struct export_packet {
	int64_t ts_ns;
	uint32_t iface;		/* number in the trace: trace_host() */
	uint32_t flags;		/* EPB_INBOUND, EPB_OUTBOUND; 0: not known */
	uint32_t caplen, len;
	const uint8_t *data;
	const char *comment;	/* NULL: none; pcap has no room for it */
};

struct export_capture;

/* t and out are borrowed.  NULL: memory ran out. */
struct export_capture *export_capture_new(const struct trace *t, enum capture_format format, FILE *out,
					  struct err *e);
void export_capture_free(struct export_capture *c);

/* -1: it cannot be written, or (pcap) has another link type than those before it. */
int export_capture_put(struct export_capture *c, const struct export_packet *p, struct err *e);

/* What the file still needs: it is one also without packets. */
int export_capture_end(struct export_capture *c, struct err *e);

#endif
