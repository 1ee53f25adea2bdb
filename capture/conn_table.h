/*
 * conn_table: the memory behind conn.h: connections in order of creation, and the way from a pair of ends to
 * the latest one.  Internal to capture/.
 */
#ifndef SOCKLENS_CAPTURE_CONN_TABLE_H
#define SOCKLENS_CAPTURE_CONN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "capture/analysis.h"

#define FLOW_NONE UINT32_MAX

struct flow_key {
	uint32_t address[2]; /* IPv4: the address; IPv6: its number in the table of addresses */
	uint16_t port[2];
	uint8_t protocol, ip_version;
};

/* One connection; what TCP needs beside it is a struct tcp. */
struct flow {
	struct flow_key key; /* end 0 sent the first packet */
	uint16_t retransmissions[2];
	uint32_t stream; /* number among those of its protocol; FLOW_NONE: not counted there */
	uint32_t packets[2];
	uint64_t bytes[2];
	int64_t first_ns, last_ns;
};
_Static_assert(sizeof(struct flow) == 64, "a cache line");

/* Elements that never move, in chunks. */
enum { CHUNKS_BITS = 15 };
struct chunks {
	uint8_t **chunk;
	size_t chunks, cap;
	size_t count; /* elements */
	size_t size; /* of an element */
};

struct slot {
	uint32_t hash;
	uint32_t above; /* the number + 1; 0: empty */
};

struct slots { /* of a table with open addressing */
	struct slot *slot;
	size_t count; /* a power of two */
	size_t used;
};

struct conn_table {
	uint64_t key[4];
	struct chunks flows, tcps, addresses;
	struct slots by_pair, by_address;
};

static inline void *chunks_at(const struct chunks *c, uint32_t number, size_t size)
{
	return c->chunk[number >> CHUNKS_BITS] + (number & ((1u << CHUNKS_BITS) - 1)) * size;
}

static inline struct flow *conn_table_flow(const struct conn_table *t, uint32_t number)
{
	return chunks_at(&t->flows, number, sizeof(struct flow));
}

static inline struct tcp *conn_table_tcp(const struct conn_table *t, uint32_t stream)
{
	return chunks_at(&t->tcps, stream, sizeof(struct tcp));
}

struct conn_table *conn_table_new(void); /* NULL: no memory; errno says why */
void conn_table_free(struct conn_table *t);

/* The number of an IPv6 address; FLOW_NONE if it has none, or if it is to be added and memory ran out. */
uint32_t conn_table_number(struct conn_table *t, const uint8_t *ip, bool add);

/*
 * The key of two IP addresses (16 bytes each, IPv4 in the first 4).  An IPv6 address that is new is noted
 * if `add`; false if it is not, or memory ran out.
 */
static inline bool conn_table_key(struct conn_table *t, struct flow_key *key, int ip_version, uint8_t protocol,
				  const uint8_t *src, uint16_t sport, const uint8_t *dst, uint16_t dport,
				  bool add)
{
	key->protocol = protocol;
	key->ip_version = (uint8_t)ip_version;
	key->port[0] = sport;
	key->port[1] = dport;
	if (ip_version != 6) {
		memcpy(&key->address[0], src, 4);
		memcpy(&key->address[1], dst, 4);
		return true;
	}
	key->address[0] = conn_table_number(t, src, add);
	key->address[1] = conn_table_number(t, dst, add);
	return key->address[0] != FLOW_NONE && key->address[1] != FLOW_NONE;
}

const uint8_t *conn_table_address(const struct conn_table *t, const struct flow *f, int end);

static inline uint64_t conn_table_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The same for both directions: of the two ends the lower one comes first. */
static inline uint32_t conn_table_hash(const struct conn_table *t, const struct flow_key *key)
{
	uint64_t kind = (uint64_t)key->protocol << 56 | (uint64_t)key->ip_version << 48;
	uint64_t a = (uint64_t)key->address[0] << 16 | key->port[0];
	uint64_t b = (uint64_t)key->address[1] << 16 | key->port[1];
	uint64_t low = a < b ? a : b, high = a < b ? b : a;
	uint64_t hash = conn_table_mix(low ^ kind ^ t->key[0], high ^ t->key[1]);

	hash = (hash ^ t->key[2]) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(hash >> 32);
}

static inline uint64_t flow_key_addresses(const struct flow_key *key)
{
	return (uint64_t)key->address[1] << 32 | key->address[0];
}

static inline uint32_t flow_key_ports(const struct flow_key *key)
{
	return (uint32_t)key->port[1] << 16 | key->port[0];
}

/* 0: the same order, 1: the other one, -1: another pair.  With both ends alike it is 0 (rule 2.8). */
static inline int flow_key_order(const struct flow_key *flow, const struct flow_key *key)
{
	const uint64_t address = flow_key_addresses(flow), other_address = flow_key_addresses(key);
	const uint32_t port = flow_key_ports(flow), other_port = flow_key_ports(key);

	if (flow->protocol != key->protocol || flow->ip_version != key->ip_version)
		return -1;
	if (address == other_address && port == other_port)
		return 0;
	return address == (other_address >> 32 | other_address << 32) &&
			       port == (other_port >> 16 | other_port << 16)
		       ? 1
		       : -1;
}

/* The slot of a pair's latest connection; NULL if it has none.  *dir: 1 if the key's first end is its second. */
static inline struct slot *conn_table_slot(const struct conn_table *t, const struct flow_key *key,
					   uint32_t hash, int *dir)
{
	const struct slots *s = &t->by_pair;

	for (size_t i = hash & (s->count - 1);; i = (i + 1) & (s->count - 1)) {
		if (!s->slot[i].above)
			return NULL;
		if (s->slot[i].hash != hash)
			continue;
		*dir = flow_key_order(&conn_table_flow(t, s->slot[i].above - 1)->key, key);
		if (*dir >= 0)
			return &s->slot[i];
	}
}

/* … its number; FLOW_NONE. */
static inline uint32_t conn_table_find(const struct conn_table *t, const struct flow_key *key, uint32_t hash,
				       int *dir)
{
	const struct slot *slot = conn_table_slot(t, key, hash, dir);

	if (slot)
		return slot->above - 1;
	*dir = 0;
	return FLOW_NONE;
}

/* A new one, the latest of its pair; FLOW_NONE if memory ran out. */
uint32_t conn_table_add(struct conn_table *t, const struct flow_key *key, uint32_t hash);

/* Makes f the next TCP stream, with an empty struct tcp.  False: no memory. */
bool conn_table_add_tcp(struct conn_table *t, struct flow *f);

size_t conn_table_count(const struct conn_table *t);
size_t conn_table_bytes(const struct conn_table *t);

/* Brings what a look at this hash needs nearer: the slot; some time later the connection; then TCP's memory. */
static inline void conn_table_prefetch_slot(const struct conn_table *t, uint32_t hash)
{
	__builtin_prefetch(&t->by_pair.slot[hash & (t->by_pair.count - 1)]);
}

/* The first slot of the hash suffices: most searches end there. */
static inline const struct slot *conn_table_first(const struct conn_table *t, uint32_t hash)
{
	const struct slot *slot = &t->by_pair.slot[hash & (t->by_pair.count - 1)];

	return slot->hash == hash && slot->above ? slot : NULL;
}

static inline void conn_table_prefetch_flow(const struct conn_table *t, uint32_t hash)
{
	const struct slot *slot = conn_table_first(t, hash);

	if (slot)
		__builtin_prefetch(conn_table_flow(t, slot->above - 1));
}

void conn_table_prefetch_tcp(const struct conn_table *t, uint32_t hash);

#endif
