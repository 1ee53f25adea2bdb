/*
 * diag: questions to the kernel about its sockets, sock_diag(7).  An exact look-up costs a few microseconds
 * and allocates nothing here; a search through all sockets costs far more.
 *
 * A handle asks about the network namespace that its thread was in when it was opened.
 */
#ifndef SOCKLENS_LAB_DIAG_H
#define SOCKLENS_LAB_DIAG_H

#include <stddef.h>
#include <stdint.h>

#include "src/core/addr.h"
#include "src/core/err.h"
#include "src/core/event.h"

struct diag;

struct diag *diag_open(struct err *e);
void diag_close(struct diag *d);

/* Whether the kernel answers at all for a family and protocol (AF_UNIX: 0).  -1: it does not, and what would change it. */
int diag_probe(struct diag *d, int family, int protocol, struct err *e);

/*
 * The TCP, UDP or UDP-Lite socket that would receive a packet from `remote` to `local`: a connection, a request
 * (SYN-RECEIVED) or TIME-WAIT if there is one, else the listener or the unconnected socket; tell them by
 * out->remote.  remote may be of no family: the listener or unconnected socket.
 * 1: found, *out filled; 0: none; -1: the kernel did not answer.
 */
int diag_inet(struct diag *d, int protocol, const struct addr *local, const struct addr *remote,
	      struct sock_sample *out);

/* The same by cookie alone: goes through all sockets of the family. */
int diag_inet_cookie(struct diag *d, int family, int protocol, uint64_t cookie,
		     struct sock_sample *out);

/*
 * The TCP or UDP sockets that wait for peers: LISTEN; of UDP those that are bound and have no peer.  Fills up to max; how
 * many, or -1: the kernel did not answer.
 */
int diag_waiting(struct diag *d, int family, int protocol, struct sock_sample *out, size_t max);

/* A Unix socket by its inode; out->remote stays empty, out->peer is who it is connected to. */
int diag_unix(struct diag *d, uint32_t inode, struct sock_sample *out);

#endif
