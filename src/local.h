/*
 * local: what calls move inside one kernel, where no packet shows it: between Unix sockets, to the kernel and back
 * (netlink), and over a loopback interface that is not captured.
 *
 * It is told of sockets as they become known, and of each call that came back.  Who received what:
 *
 *	a message that was sent lies at once in the receive queue of the other end, which is found by its address, or
 *	by the peer that the kernel names (AF_UNIX); where no program of ours has that end, the other end is not known
 *
 *	what is received was sent first of what still lies there: datagrams one by one, of streams as many bytes; a
 *	connection that is accepted was asked for first
 *
 *	a call that slept until something came took it at the moment it was sent: that one is GIVEN, and not TAKEN again
 *
 * Reports of two programs can be in the wrong order: a receiver that slept may be heard of before its sender.  It is
 * remembered that it took something, and the message that was sent before then is not queued any more.
 */
#ifndef SOCKLENS_LOCAL_H
#define SOCKLENS_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/call.h"
#include "src/core/event.h"
#include "src/lab/sample.h"

struct local;

struct local_rules {
	/* Inode of the socket that a Unix socket is connected to, as the kernel says; 0: it does not. */
	uint32_t (*peer)(void *context, uint8_t host, uint32_t inode);
	/* Whether packets from a host to this address are not seen: its own, where lo is not captured. */
	bool (*unseen)(void *context, uint8_t host, const struct addr *to);
	void *context;
};

struct local *local_new(const struct local_rules *rules);	/* NULL: no memory */
void local_free(struct local *l);

/* A program has this socket (its key is as new as it is known). */
void local_know(struct local *l, uint8_t host, const char *program, const struct sock_key *key);

/* Two sockets that are known were made for each other: socketpair(2). */
void local_pair(struct local *l, uint8_t host, uint64_t cookie, uint64_t other);

struct local_call {
	uint8_t host;
	const char *program;
	const struct call_request *request;
	const struct call_outcome *outcome;
	const struct sock_key *key;	/* of the socket that it was about, after the call (of close(): before) */
	int64_t entered_ns, returned_ns;
};

/* What a call moved; way LOCAL_NONE: nothing.  Texts are good until the next call of this function. */
struct event_local local_returned(struct local *l, const struct local_call *c);

#endif
