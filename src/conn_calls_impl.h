/*
 * conn_calls_impl: what the two files of conn_calls share: what is known, and who adds to it.
 */
#ifndef SOCKLENS_CONN_CALLS_IMPL_H
#define SOCKLENS_CONN_CALLS_IMPL_H

#include <string.h>

#include "capture/trace_walk.h"
#include "src/conn_calls.h"

#define CALLS_NONE UINT32_MAX

struct end { /* IPv4 as the IPv6 address that maps it */
	bool known;
	uint16_t port;
	uint8_t ip[16];
};

struct sock {
	uint8_t host, protocol; /* 0: not known */
	bool listens;
	bool sampled; /* first heard of by a sample: the call that makes it has not returned yet */
	uint64_t cookie; /* 0: not known */
	uint32_t holders; /* descriptors */
	uint32_t conn; /* by samples; CONN_NONE */
	struct end local, remote;
	int64_t from_ns, to_ns;
	int64_t connect_ns[2]; /* when connect() ran */
};

struct note {
	uint64_t id; /* of a CALL, RETURN or STATE; those of one are neighbours */
	uint32_t sock; /* CALLS_NONE: of no socket */
	uint32_t peer; /* the call's own; CALLS_NONE */
};

struct program {
	uint8_t host;
	char name[EVENT_NAME];
	uint32_t *sock; /* by descriptor */
	size_t fds;
};

struct list {	/* its items never move but when it grows */
	void *item;
	size_t count, cap;
};

struct conn_calls {
	struct trace *t;
	struct trace_walk *walk;
	bool loading, full; /* full: memory ran out, and nothing more is noted */
	uint64_t version;

	uint32_t done; /* rows below it were looked at */
	uint64_t done_id; /* identity of the last of them */
	uint64_t highest; /* of all of them */

	struct list socks, notes, peers, programs;
	uint32_t *slot; /* from a note's id to the first one, + 1 */
	size_t slots;
};

static inline struct sock *sock_at(const struct conn_calls *c, uint32_t i)
{
	return i < c->socks.count ? (struct sock *)c->socks.item + i : NULL;
}

static inline struct note *note_at(const struct conn_calls *c, size_t i)
{
	return i < c->notes.count ? (struct note *)c->notes.item + i : NULL;
}

static inline const struct end *peer_at(const struct conn_calls *c, uint32_t i)
{
	return i < c->peers.count ? (const struct end *)c->peers.item + i : NULL;
}

static inline bool same_end(const struct end *a, const struct end *b)
{
	return a->known == b->known && a->port == b->port && !memcmp(a->ip, b->ip, sizeof(a->ip));
}

/* A new last item, zero; NULL: memory ran out. */
void *conn_calls_list_add(struct conn_calls *c, struct list *l, size_t size);

/* An event is of a socket; and the first note of an event, SIZE_MAX: it has none. */
void conn_calls_note(struct conn_calls *c, uint64_t id, uint32_t sock, uint32_t peer);
size_t conn_calls_find(const struct conn_calls *c, uint64_t id);

struct end conn_calls_end(const struct addr *a);

/* What events say of sockets: conn_calls_learn.c.  row: the event's. */
void conn_calls_on_call(struct conn_calls *c, const struct event *ev);
void conn_calls_on_return(struct conn_calls *c, const struct event *ev, uint32_t row);
void conn_calls_on_state(struct conn_calls *c, const struct event *ev, uint32_t row);
void conn_calls_on_program(struct conn_calls *c, const struct event *ev);

#endif
