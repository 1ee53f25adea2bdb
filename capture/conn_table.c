/*
 * How it works: connections are kept compactly, in chunks that never move, in order of creation, one
 * cache line each; what TCP remembers is in chunks of its own.  A table with open addressing leads from
 * a pair of ends to its latest connection; a slot holds the hash (so that growing needs no look at the
 * connections, and a search seldom looks at a wrong one) and the number.  The hash is keyed with random
 * bytes and the same for both directions: nobody can make packets that collide on purpose.  IPv6
 * addresses have numbers, so that a key is small; they are looked up in a table of the same kind.
 */
#include "capture/conn_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

enum {
	CHUNK_BITS = 15,
	CHUNK = 1 << CHUNK_BITS, /* elements */
	SLOTS_FIRST = 1024,
	HUGE_PAGE = 2 << 20,
};

struct slot {
	uint32_t hash;
	uint32_t number; /* FLOW_NONE: empty */
};

struct slots {
	struct slot *slot;
	size_t count; /* a power of two */
	size_t used;
};

/* Elements that never move. */
struct chunks {
	uint8_t **chunk;
	size_t chunks, cap;
	size_t count; /* elements */
	size_t size; /* of an element */
};

struct conn_table {
	uint64_t key[4];
	struct slots flow_slots, address_slots;
	struct chunks flows, tcps, addresses;
};

/* ---- chunks ---- */

static void *element(const struct chunks *c, uint32_t number)
{
	return c->chunk[number >> CHUNK_BITS] + (size_t)(number & (CHUNK - 1)) * c->size;
}

/* Huge pages once there is more than a little: fresh memory and scattered looks cost half. */
static void *memory(size_t bytes, bool much)
{
	size_t alignment = much ? HUGE_PAGE : 64;
	void *p = aligned_alloc(alignment, (bytes + alignment - 1) & ~(alignment - 1));

	if (p && much)
		(void)madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static bool chunk_add(struct chunks *c)
{
	size_t cap = c->cap ? c->cap * 2 : 64;
	uint8_t **grown;

	if (c->chunks == c->cap) {
		grown = realloc(c->chunk, cap * sizeof(*grown));
		if (!grown)
			return false;
		c->chunk = grown;
		c->cap = cap;
	}
	c->chunk[c->chunks] = memory(CHUNK * c->size, c->chunks > 0 && CHUNK * c->size >= HUGE_PAGE);
	if (!c->chunk[c->chunks])
		return false;
	c->chunks++;
	return true;
}

/* The next element, zero; NULL: no memory. */
static void *element_new(struct chunks *c)
{
	void *p;

	if (c->count >= FLOW_NONE - 1 || (c->count == c->chunks * CHUNK && !chunk_add(c)))
		return NULL;
	p = element(c, (uint32_t)c->count++);
	memset(p, 0, c->size);
	return p;
}

static void chunks_free(struct chunks *c)
{
	for (size_t i = 0; i < c->chunks; i++)
		free(c->chunk[i]);
	free(c->chunk);
}

/* ---- slots ---- */

static bool slots_make(struct slots *s, size_t count)
{
	size_t bytes = count * sizeof(*s->slot);

	s->slot = memory(bytes, bytes >= HUGE_PAGE);
	s->count = count;
	for (size_t i = 0; s->slot && i < count; i++)
		s->slot[i] = (struct slot){ .number = FLOW_NONE };
	return s->slot;
}

static void slots_put(struct slots *s, struct slot slot)
{
	size_t at = slot.hash & (s->count - 1);

	while (s->slot[at].number != FLOW_NONE)
		at = (at + 1) & (s->count - 1);
	s->slot[at] = slot;
	s->used++;
}

/* Room for one more, at most two thirds full. */
static bool slots_reserve(struct slots *s)
{
	struct slots grown = { 0 };

	if (s->slot && s->used < s->count * 2 / 3)
		return true;
	if (!slots_make(&grown, s->slot ? s->count * 2 : SLOTS_FIRST))
		return false;
	for (size_t i = 0; i < s->count; i++)
		if (s->slot[i].number != FLOW_NONE)
			slots_put(&grown, s->slot[i]);
	free(s->slot);
	*s = grown;
	return true;
}

/* ---- hashing ---- */

static uint64_t fold_multiply(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t end_hash(const struct conn_table *t, const struct flow_end *e)
{
	return fold_multiply(((uint64_t)e->address << 16 | e->port) ^ t->key[0], t->key[1]);
}

uint32_t conn_table_hash(const struct conn_table *t, const struct flow_key *key)
{
	uint64_t both = end_hash(t, &key->end[0]) + end_hash(t, &key->end[1]);
	unsigned kind = (unsigned)key->protocol << 8 | key->ip_version;
	uint64_t hash = fold_multiply(both ^ t->key[2], t->key[3] ^ kind);

	return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t address_hash(const struct conn_table *t, const uint8_t *ip)
{
	uint64_t high, low, hash;

	memcpy(&high, ip, 8);
	memcpy(&low, ip + 8, 8);
	hash = fold_multiply(high ^ t->key[0], low ^ t->key[1]);
	hash = fold_multiply(hash ^ t->key[2], t->key[3]);
	return (uint32_t)(hash ^ hash >> 32);
}

/* ---- addresses ---- */

static uint32_t address_find(const struct conn_table *t, const uint8_t *ip, uint32_t hash)
{
	const struct slots *s = &t->address_slots;

	if (!s->slot)
		return FLOW_NONE;
	for (size_t i = hash & (s->count - 1);; i = (i + 1) & (s->count - 1)) {
		if (s->slot[i].number == FLOW_NONE)
			return FLOW_NONE;
		if (s->slot[i].hash == hash &&
		    memcmp(element(&t->addresses, s->slot[i].number), ip, 16) == 0)
			return s->slot[i].number;
	}
}

/* The number of an IPv6 address; FLOW_NONE if it has none. */
static uint32_t address_number(struct conn_table *t, const uint8_t *ip, bool add)
{
	uint32_t hash = address_hash(t, ip), number = address_find(t, ip, hash);
	uint8_t *bytes;

	if (number != FLOW_NONE || !add)
		return number;
	if (!slots_reserve(&t->address_slots))
		return FLOW_NONE;
	bytes = element_new(&t->addresses);
	if (!bytes)
		return FLOW_NONE;
	memcpy(bytes, ip, 16);
	number = (uint32_t)(t->addresses.count - 1);
	slots_put(&t->address_slots, (struct slot){ hash, number });
	return number;
}

bool conn_table_key(struct conn_table *t, struct flow_key *key, int ip_version, uint8_t protocol,
		    const uint8_t *src, uint16_t sport, const uint8_t *dst, uint16_t dport,
		    bool add)
{
	key->protocol = protocol;
	key->ip_version = (uint8_t)ip_version;
	key->end[0].port = sport;
	key->end[1].port = dport;
	if (ip_version == 6) {
		key->end[0].address = address_number(t, src, add);
		key->end[1].address = address_number(t, dst, add);
		return key->end[0].address != FLOW_NONE && key->end[1].address != FLOW_NONE;
	}
	memcpy(&key->end[0].address, src, 4);
	memcpy(&key->end[1].address, dst, 4);
	return true;
}

const uint8_t *conn_table_address(const struct conn_table *t, const struct flow *f, int end)
{
	if (f->ip_version == 6)
		return element(&t->addresses, f->address[end]);
	return (const uint8_t *)&f->address[end];
}

/* ---- connections ---- */

static bool end_is(const struct flow *f, int end, const struct flow_end *e)
{
	return f->address[end] == e->address && f->port[end] == e->port;
}

/* 0: the same order, 1: the other one, -1: another pair.  With both ends alike it is 0 (rule 2.8). */
static int order_of(const struct flow *f, const struct flow_key *key)
{
	if (f->protocol != key->protocol || f->ip_version != key->ip_version)
		return -1;
	if (end_is(f, 0, &key->end[0]) && end_is(f, 1, &key->end[1]))
		return 0;
	if (end_is(f, 1, &key->end[0]) && end_is(f, 0, &key->end[1]))
		return 1;
	return -1;
}

/* The slot of a pair; NULL if it has none. */
static struct slot *slot_of(const struct conn_table *t, const struct flow_key *key, uint32_t hash,
			    int *dir)
{
	const struct slots *s = &t->flow_slots;

	for (size_t i = hash & (s->count - 1);; i = (i + 1) & (s->count - 1)) {
		if (s->slot[i].number == FLOW_NONE)
			return NULL;
		if (s->slot[i].hash != hash)
			continue;
		*dir = order_of(conn_table_flow(t, s->slot[i].number), key);
		if (*dir >= 0)
			return &s->slot[i];
	}
}

uint32_t conn_table_find(const struct conn_table *t, const struct flow_key *key, uint32_t hash,
			 int *dir)
{
	const struct slot *slot = slot_of(t, key, hash, dir);

	if (slot)
		return slot->number;
	*dir = 0;
	return FLOW_NONE;
}

uint32_t conn_table_add(struct conn_table *t, const struct flow_key *key, uint32_t hash)
{
	struct slot *slot;
	struct flow *f;
	uint32_t number;
	int dir;

	if (!slots_reserve(&t->flow_slots))
		return FLOW_NONE;
	f = element_new(&t->flows);
	if (!f)
		return FLOW_NONE;
	number = (uint32_t)(t->flows.count - 1);
	*f = (struct flow){ .protocol = key->protocol,
			    .ip_version = key->ip_version,
			    .address = { key->end[0].address, key->end[1].address },
			    .port = { key->end[0].port, key->end[1].port },
			    .stream = FLOW_NONE };
	slot = slot_of(t, key, hash, &dir);
	if (slot)
		slot->number = number;
	else
		slots_put(&t->flow_slots, (struct slot){ hash, number });
	return number;
}

bool conn_table_add_tcp(struct conn_table *t, struct flow *f)
{
	if (!element_new(&t->tcps))
		return false;
	f->stream = (uint32_t)(t->tcps.count - 1);
	return true;
}

size_t conn_table_count(const struct conn_table *t)
{
	return t->flows.count;
}

static size_t chunks_bytes(const struct chunks *c)
{
	return c->chunks * CHUNK * c->size + c->cap * sizeof(*c->chunk);
}

size_t conn_table_bytes(const struct conn_table *t)
{
	return sizeof(*t) + chunks_bytes(&t->flows) + chunks_bytes(&t->tcps) +
	       chunks_bytes(&t->addresses) +
	       (t->flow_slots.count + t->address_slots.count) * sizeof(struct slot);
}

struct flow *conn_table_flow(const struct conn_table *t, uint32_t number)
{
	return element(&t->flows, number);
}

struct tcp *conn_table_tcp(const struct conn_table *t, uint32_t stream)
{
	return element(&t->tcps, stream);
}

void conn_table_prefetch_slot(const struct conn_table *t, uint32_t hash)
{
	__builtin_prefetch(&t->flow_slots.slot[hash & (t->flow_slots.count - 1)]);
}

void conn_table_prefetch_flow(const struct conn_table *t, uint32_t hash)
{
	const struct slot *slot = &t->flow_slots.slot[hash & (t->flow_slots.count - 1)];

	if (slot->hash == hash && slot->number != FLOW_NONE)
		__builtin_prefetch(conn_table_flow(t, slot->number));
}

/* ---- beginning and end ---- */

struct conn_table *conn_table_new(void)
{
	struct conn_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->flows.size = sizeof(struct flow);
	t->tcps.size = sizeof(struct tcp);
	t->addresses.size = 16;
	if (slots_reserve(&t->flow_slots) && getentropy(t->key, sizeof(t->key)) == 0)
		return t;
	conn_table_free(t);
	return NULL;
}

void conn_table_free(struct conn_table *t)
{
	if (!t)
		return;
	chunks_free(&t->flows);
	chunks_free(&t->tcps);
	chunks_free(&t->addresses);
	free(t->flow_slots.slot);
	free(t->address_slots.slot);
	free(t);
}
