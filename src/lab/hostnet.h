/*
 * hostnet: what the wire changes in the hosts' own stacks while somebody has a hand on it: how patient their timers are,
 * and whether they know each other.  Called by the wire's thread, which is back in the wire's namespace afterwards.
 */
#ifndef SOCKLENS_LAB_HOSTNET_H
#define SOCKLENS_LAB_HOSTNET_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/err.h"
#include "src/core/event.h"
#include "src/lab/lab.h"

#define PATIENCE_METRICS	2

struct patience {
	bool on;
	uint32_t was[HOSTS_MAX][PATIENCE_METRICS];	/* before it began */
};

/*
 * Patience: rto_min 5 s and quickack on the routes (route.h says which connections heed that, and when).  Of a connection
 * that began meanwhile the timer stays long for some round trips when it ends.  A SYN and a SYN ACK are repeated after
 * 1 s in any case.  What else was set on the routes meanwhile stays.
 */
int hostnet_patience(struct patience *p, const struct lab *l, bool on, struct err *e);

/* Whether each host knows where the others are; if not, it asks: ARP (RFC 826), neighbour discovery (RFC 4861). */
int hostnet_acquaint(const struct lab *l, bool known, struct err *e);

#endif
