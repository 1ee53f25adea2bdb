/*
 * netlink: one request, one answer, over libmnl.  A request is built in the socket's own buffer with
 * libmnl's attribute functions, sent, and its acknowledgement read.
 *
 *	struct nlmsghdr *m = netlink_request(n, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
 *	struct ifaddrmsg *a = mnl_nlmsg_put_extra_header(m, sizeof(*a));
 *	…
 *	if (netlink_do(n, e, "add an address to %s", iface)) …
 *
 * A socket belongs to the network namespace that its thread was in when it was opened, for ever.
 */
#ifndef SOCKLENS_LAB_NETLINK_H
#define SOCKLENS_LAB_NETLINK_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"

#define NETLINK_REQUEST	1024	/* bytes: more than any request of ours */

struct netlink {
	int fd;
	uint32_t seq;
	union {			/* libmnl fills headers in place, so the buffer has their alignment */
		struct nlmsghdr head;
		char bytes[NETLINK_REQUEST];
	} request;
};

/* bus: NETLINK_ROUTE, NETLINK_SOCK_DIAG, … */
int netlink_open(struct netlink *n, int bus, struct err *e);
void netlink_close(struct netlink *n);

/* Begins a request (NLM_F_REQUEST is added).  Valid until the next one. */
struct nlmsghdr *netlink_request(struct netlink *n, uint16_t type, uint16_t flags);

/* Sends the request and waits for the acknowledgement.  The text says what it is for, if it fails. */
int netlink_do(struct netlink *n, struct err *e, const char *what, ...)
	__attribute__((format(printf, 3, 4)));

/* Sends the request as it is and receives one datagram of answers.  Bytes, or -errno. */
long netlink_ask(struct netlink *n, void *answer, size_t cap);

/* Receives the next datagram of answers (of a dump).  Bytes, or -errno. */
long netlink_more(struct netlink *n, void *answer, size_t cap);

#endif
