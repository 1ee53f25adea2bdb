/*
 * known: the sockets that have been sampled, found by cookie and by their pair of addresses.
 */
#ifndef SOCKLENS_LAB_KNOWN_H
#define SOCKLENS_LAB_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/addr.h"
#include "src/core/err.h"
#include "src/core/event.h"

enum known_by { KNOWN_BY_COOKIE, KNOWN_BY_PAIR, KNOWN_WAYS };

struct known {
	uint8_t host;
	struct sock_sample last;	/* state SOCK_STATE_NONE: not sampled yet */
	bool seen;		/* was once in the kernel's tables */
	int64_t due_ns;		/* when its timer will have fired; INT64_MAX: none runs */
	int64_t wait_ns;	/* how long to wait on for a timer that is late */
	size_t at;		/* in known_set.all */
	uint64_t hash[KNOWN_WAYS];
	struct known *next[KNOWN_WAYS];	/* of the same bucket */
};

struct known_set {
	struct known **all;	/* in no order */
	size_t count, cap;
	struct known **bucket[KNOWN_WAYS];
	size_t buckets;		/* a power of two */
	uint64_t seed;
};

int known_init(struct known_set *s, struct err *e);
void known_fini(struct known_set *s);

/* NULL if there is none. */
struct known *known_find(const struct known_set *s, uint8_t host, uint64_t cookie);

/* The newest, not CLOSED one of this pair; its cookie is not `except` (0: any). */
struct known *known_find_pair(const struct known_set *s, uint8_t host, uint8_t protocol,
			      const struct addr *local, const struct addr *remote, uint64_t except);

/* Adds a socket that is not sampled yet; its identity is that of `first`.  NULL if memory ran out. */
struct known *known_add(struct known_set *s, uint8_t host, const struct sock_sample *first);

/* Replaces what is known of it; finds it by a new pair from then on. */
void known_set_last(struct known_set *s, struct known *k, const struct sock_sample *now);

void known_remove(struct known_set *s, struct known *k);

#endif
