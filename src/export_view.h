/*
 * export_view: the packets that a capture at one host would hold.
 *
 * Of a host of the lab: what it sent, when it left; and what reached it, when it arrived: a packet that was
 * dropped on the wire is not there, one that was held or delayed is there at the time of its arrival, one that was
 * duplicated is there several times.  Of any other capture: the packets from or to an address.
 */
#ifndef SOCKLENS_EXPORT_VIEW_H
#define SOCKLENS_EXPORT_VIEW_H

#include "capture/trace.h"
#include "src/core/err.h"
#include "src/export_capture.h"
#include "src/select.h"

enum export_view_kind {
	EXPORT_VIEW_ALL,	/* every packet, at its own time */
	EXPORT_VIEW_HOST,	/* of the lab */
	EXPORT_VIEW_ADDRESS,
};

struct export_view {
	enum export_view_kind kind;
	uint8_t host;
	struct addr addr;	/* its port does not count */
};

/* text: "client", or any name or address of a host in the trace.  -1: there is none, and e names those that are. */
int export_view_find(struct export_view *v, const struct trace *t, const char *text, struct err *e);

/* Writes the packets that are wanted, in the order of time.  -1: e says why not all could be written. */
int export_view_write(const struct export_view *v, struct trace *t, const struct select *s,
		      struct export_capture *out, struct err *e);

#endif
