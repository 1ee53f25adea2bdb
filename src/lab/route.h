/*
 * route: what a host's route to its peers says about the connections that go over it (ip-route(8), "mtu … rto_min …
 * initcwnd").  An ordinary user may set it in the lab.
 *
 * quickack is heeded by connections that are there already, from the next segment that they send; the others where a
 * connection begins: of one that has measured a round trip the least retransmission timeout stays what it was.
 */
#ifndef SOCKLENS_LAB_ROUTE_H
#define SOCKLENS_LAB_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"
#include "src/lab/lab.h"

struct route_metric {
	const char *name;	/* "rto_min", as ip-route(8) has it */
	const char *help;
	uint16_t attribute;	/* RTAX_* */
	bool time;		/* in milliseconds */
	bool locked;		/* the kernel heeds it only if it is */
	uint32_t max;
};

extern const struct route_metric route_metrics[];
extern const size_t route_metrics_count;

const struct route_metric *route_metric_find(const char *name, size_t len);	/* NULL */

/*
 * Sets a metric of the host's routes to all of its peers, IPv4 and IPv6; 0: the kernel's own way.  Other metrics stay.
 * was (may be NULL) receives what it was.
 */
int lab_route_metric(const struct lab *l, uint8_t host, const char *name, uint32_t value, uint32_t *was,
		     struct err *e);

#endif
