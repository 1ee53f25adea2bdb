/*
 * sample: reads the state of kernel sockets by sock_diag(7): inet_diag for TCP and UDP, unix_diag for Unix
 * sockets.  One netlink socket a host, opened in its network namespace.
 *
 * It remembers the last sample of each socket and reports only what differs.  Identity is the cookie, which
 * a connection keeps from SYN-RECEIVED (a request) through ESTABLISHED to TIME-WAIT.
 */
#ifndef SOCKLENS_LAB_SAMPLE_H
#define SOCKLENS_LAB_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/packet.h"
#include "src/core/err.h"
#include "src/core/event.h"
#include "src/lab/lab.h"

/* What names a socket; what is not known is 0. */
struct sock_key {
	uint64_t cookie;
	uint32_t inode;
	uint8_t family, type;
	uint16_t protocol;	/* IPPROTO_MPTCP does not fit into a byte */
	struct addr local, remote;
};

struct sampler;

/* Called once for every change; ev is borrowed, of kind EVENT_STATE, its ts_ns set, by/by_number as given. */
typedef void sample_sink(void *context, const struct event *ev);

struct sampler *sampler_new(const struct lab *l, sample_sink *sink, void *context, struct err *e);
void sampler_free(struct sampler *s);

/*
 * Looks up the socket of `host` that a packet belongs to (sent by it, or delivered to it) and reports a
 * change, attributed to packet `number`.  The connection before the listener; a socket that has gone is CLOSED.
 */
void sampler_packet(struct sampler *s, uint8_t host, const struct packet *p, enum state_by by, uint64_t number);

/* Looks up a socket after a call on it returned.  Family AF_UNIX: all known Unix sockets of the host, since a call on one fills another's queue. */
void sampler_call(struct sampler *s, uint8_t host, const struct sock_key *key, uint64_t call_number);

/* Looks up again every socket whose timer has fired by now. */
void sampler_tick(struct sampler *s, int64_t now_ns);

/* When the next sampler_tick() is due (CLOCK_REALTIME ns); INT64_MAX: never, nothing runs. */
int64_t sampler_due(const struct sampler *s);

/*
 * Forgets sockets that are CLOSED and have been reported so, once there are some hundred of them: a program
 * may still make calls on a socket that has ended, which must not look like a new one.  Cheap to call often.
 */
void sampler_forget_closed(struct sampler *s);

#endif
