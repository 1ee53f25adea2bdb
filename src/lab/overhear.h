/*
 * overhear: packets on the interfaces of this network namespace, kept for some seconds until it is known whose they are:
 * the first packet of a connection is out before the call that sent it returns with the socket's address.
 *
 * Ethernet and loopback interfaces that are up, where libpcap may.  Nothing is sent, and nothing else is changed.
 */
#ifndef SOCKLENS_LAB_OVERHEAR_H
#define SOCKLENS_LAB_OVERHEAR_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/packet.h"
#include "src/core/err.h"
#include "src/core/str.h"

#define OVERHEAR_IFACES 8	/* at most */

struct overhear;

/* Opens them; their names are appended to `names` ("lo, eth0").  NULL: none can be captured, and e says why. */
struct overhear *overhear_open(struct str *names, struct err *e);
void overhear_close(struct overhear *o);

size_t overhear_fds(const struct overhear *o, struct pollfd *fds, size_t max);

/* When overhear_work() is due though nothing was captured: CLOCK_MONOTONIC ns; INT64_MAX: never. */
int64_t overhear_due(const struct overhear *o);

enum overheard { OVERHEARD_NOT_YET, OVERHEARD_SENT, OVERHEARD_RECEIVED };

struct overheard_packet {
	int64_t ts_ns;		/* CLOCK_REALTIME */
	uint32_t caplen, len;
	const uint8_t *data;
};

/*
 * Reads what was captured; asks `whose` about each packet of TCP and UDP, and about those that are kept again and
 * again; what is sent or received by ours goes to `take`, what is nobody's after five seconds is dropped.
 */
void overhear_work(struct overhear *o, enum overheard (*whose)(void *context, const struct packet *p),
		   void (*take)(void *context, const struct overheard_packet *p, enum overheard how), void *context);

#endif
