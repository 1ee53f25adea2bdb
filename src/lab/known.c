/*
 * Two chained hash tables over the same records.  The hash has a random seed, since whoever sends packets
 * chooses the addresses.  IPv4 is kept as IPv4-mapped IPv6, so that a dual-stack socket is found by the
 * packets it gets.
 */
#include "src/lab/known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS_MIN 256

struct pair {
	uint8_t ip[2][16];
	uint16_t port[2];
	uint8_t host, protocol;
};

static struct pair pair_of(uint8_t host, uint8_t protocol, const struct addr *local,
			   const struct addr *remote)
{
	struct pair p;

	memset(&p, 0, sizeof(p));
	addr_ip16(p.ip[0], local);
	addr_ip16(p.ip[1], remote);
	p.port[0] = addr_port(local);
	p.port[1] = addr_port(remote);
	p.host = host;
	p.protocol = protocol;
	return p;
}

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t word, h = seed ^ len;

	for (; len; at += sizeof(word) < len ? sizeof(word) : len,
		    len -= sizeof(word) < len ? sizeof(word) : len) {
		word = 0;
		memcpy(&word, at, sizeof(word) < len ? sizeof(word) : len);
		h = mix(h ^ word);
	}
	return h;
}

static uint64_t hash_cookie(const struct known_set *s, uint8_t host, uint64_t cookie)
{
	return mix(mix(s->seed ^ cookie) ^ host);
}

static uint64_t hash_pair(const struct known_set *s, const struct pair *p)
{
	return hash_bytes(s->seed, p, sizeof(*p));
}

static struct pair pair_of_sample(uint8_t host, const struct sock_sample *sample)
{
	return pair_of(host, sample->protocol, &sample->local, &sample->remote);
}

int known_init(struct known_set *s, struct err *e)
{
	*s = (struct known_set){ .buckets = BUCKETS_MIN };
	for (int way = 0; way < KNOWN_WAYS; way++) {
		s->bucket[way] = calloc(s->buckets, sizeof(*s->bucket[way]));
		if (!s->bucket[way]) {
			known_fini(s);
			return err_errno(e, ENOMEM, NULL, "keep a table of sockets");
		}
	}
	if (getrandom(&s->seed, sizeof(s->seed), GRND_NONBLOCK) != sizeof(s->seed))
		s->seed = mix((uint64_t)(uintptr_t)s->bucket[0]);
	return 0;
}

void known_fini(struct known_set *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->all[i]);
	free(s->all);
	for (int way = 0; way < KNOWN_WAYS; way++)
		free(s->bucket[way]);
	*s = (struct known_set){ 0 };
}

static struct known **bucket_of(const struct known_set *s, int way, uint64_t hash)
{
	return &s->bucket[way][hash & (s->buckets - 1)];
}

static void link_in(struct known_set *s, struct known *k, int way)
{
	struct known **head = bucket_of(s, way, k->hash[way]);

	k->next[way] = *head;
	*head = k;
}

static void link_out(struct known_set *s, struct known *k, int way)
{
	struct known **at = bucket_of(s, way, k->hash[way]);

	while (*at != k)
		at = &(*at)->next[way];
	*at = k->next[way];
}

struct known *known_find(const struct known_set *s, uint8_t host, uint64_t cookie)
{
	uint64_t hash = hash_cookie(s, host, cookie);

	for (struct known *k = *bucket_of(s, KNOWN_BY_COOKIE, hash); k;
	     k = k->next[KNOWN_BY_COOKIE])
		if (k->last.cookie == cookie && k->host == host)
			return k;
	return NULL;
}

struct known *known_find_pair(const struct known_set *s, uint8_t host, uint8_t protocol,
			      const struct addr *local, const struct addr *remote, uint64_t except)
{
	struct pair want = pair_of(host, protocol, local, remote), have;
	uint64_t hash = hash_pair(s, &want);

	for (struct known *k = *bucket_of(s, KNOWN_BY_PAIR, hash); k; k = k->next[KNOWN_BY_PAIR]) {
		if (k->hash[KNOWN_BY_PAIR] != hash || k->last.cookie == except ||
		    k->last.state == SOCK_STATE_CLOSED)
			continue;
		have = pair_of_sample(k->host, &k->last);
		if (memcmp(&have, &want, sizeof(want)) == 0)
			return k;
	}
	return NULL;
}

/* Twice as many buckets; without memory for them the chains just grow. */
static void grow_buckets(struct known_set *s)
{
	struct known **grown[KNOWN_WAYS];

	for (int way = 0; way < KNOWN_WAYS; way++)
		grown[way] = calloc(2 * s->buckets, sizeof(*grown[way]));
	if (!grown[KNOWN_BY_COOKIE] || !grown[KNOWN_BY_PAIR]) {
		free(grown[KNOWN_BY_COOKIE]);
		free(grown[KNOWN_BY_PAIR]);
		return;
	}
	s->buckets *= 2;
	for (int way = 0; way < KNOWN_WAYS; way++) {
		free(s->bucket[way]);
		s->bucket[way] = grown[way];
		for (size_t i = 0; i < s->count; i++)
			link_in(s, s->all[i], way);
	}
}

static bool room_for_one(struct known_set *s)
{
	size_t cap = s->cap ? 2 * s->cap : BUCKETS_MIN;
	struct known **all;

	if (s->count < s->cap)
		return true;
	all = realloc(s->all, cap * sizeof(*all));
	if (!all)
		return false;
	s->all = all;
	s->cap = cap;
	return true;
}

struct known *known_add(struct known_set *s, uint8_t host, const struct sock_sample *first)
{
	struct pair p = pair_of_sample(host, first);
	struct known *k = calloc(1, sizeof(*k));

	if (!k || !room_for_one(s)) {
		free(k);
		return NULL;
	}
	if (s->count >= s->buckets)
		grow_buckets(s);
	k->host = host;
	k->last = *first;
	k->last.state = SOCK_STATE_NONE;
	k->due_ns = INT64_MAX;
	k->at = s->count;
	k->hash[KNOWN_BY_COOKIE] = hash_cookie(s, host, first->cookie);
	k->hash[KNOWN_BY_PAIR] = hash_pair(s, &p);
	s->all[s->count++] = k;
	link_in(s, k, KNOWN_BY_COOKIE);
	link_in(s, k, KNOWN_BY_PAIR);
	return k;
}

void known_set_last(struct known_set *s, struct known *k, const struct sock_sample *now)
{
	struct pair p;
	bool moved = !addr_equal(&k->last.local, &now->local) ||
		     !addr_equal(&k->last.remote, &now->remote);

	k->last = *now;
	if (!moved)
		return;
	link_out(s, k, KNOWN_BY_PAIR);
	p = pair_of_sample(k->host, now);
	k->hash[KNOWN_BY_PAIR] = hash_pair(s, &p);
	link_in(s, k, KNOWN_BY_PAIR);
}

void known_remove(struct known_set *s, struct known *k)
{
	for (int way = 0; way < KNOWN_WAYS; way++)
		link_out(s, k, way);
	s->all[k->at] = s->all[--s->count];
	s->all[k->at]->at = k->at;
	free(k);
}
