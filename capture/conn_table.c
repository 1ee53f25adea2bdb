/*
 * How it works: connections are kept compactly, in chunks that never move, in order of creation, one
 * cache line each; what TCP remembers is in chunks of its own.  A table with open addressing leads from
 * a pair of ends to its latest connection; a slot holds the hash (so that growing needs no look at the
 * connections, and a search seldom looks at a wrong one) and the number.  The hash is keyed with random
 * bytes and the same for both directions: nobody can make packets that collide on purpose.  IPv6
 * addresses have numbers, so that a key is small; they are looked up in a table of the same kind.
 */
#include "capture/conn_table.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

enum {
	CHUNK = 1 << CHUNKS_BITS, /* elements */
	SLOTS_FIRST = 1024,
	HUGE_PAGE = 2 << 20,
};

/* ---- chunks ---- */

/*
 * Zero bytes, in pages of their own; huge ones where there will be much: fresh memory and scattered looks cost
 * half then.  NULL: no memory.
 */
static void *pages_new(size_t bytes, bool much)
{
	size_t more = much && bytes >= HUGE_PAGE ? HUGE_PAGE : 0, skip;
	uint8_t *p = mmap(NULL, bytes + more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (!more)
		return p;
	/* Begin where a huge page can. */
	skip = -(uintptr_t)p & (HUGE_PAGE - 1);
	if (skip)
		munmap(p, skip);
	munmap(p + skip + bytes, more - skip);
	(void)madvise(p + skip, bytes, MADV_HUGEPAGE);
	return p + skip;
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
	c->chunk[c->chunks] = pages_new(CHUNK * c->size, c->chunks > 0);
	if (!c->chunk[c->chunks])
		return false;
	c->chunks++;
	return true;
}

/* The next element, zero; NULL: no memory. */
static void *element_new(struct chunks *c)
{
	if (c->count >= FLOW_NONE - 1 || (c->count == c->chunks * CHUNK && !chunk_add(c)))
		return NULL;
	return chunks_at(c, (uint32_t)c->count++, c->size);
}

static void chunks_free(struct chunks *c)
{
	for (size_t i = 0; i < c->chunks; i++)
		munmap(c->chunk[i], CHUNK * c->size);
	free(c->chunk);
}

/* ---- slots ---- */

static bool slots_make(struct slots *s, size_t count)
{
	s->slot = pages_new(count * sizeof(*s->slot), true);
	s->count = count;
	return s->slot;
}

static void slots_free(struct slots *s)
{
	if (s->slot)
		munmap(s->slot, s->count * sizeof(*s->slot));
}

static void slots_put(struct slots *s, struct slot slot)
{
	size_t at = slot.hash & (s->count - 1);

	while (s->slot[at].above)
		at = (at + 1) & (s->count - 1);
	s->slot[at] = slot;
	s->used++;
}

/* Room for one more, at most three quarters full. */
static bool slots_reserve(struct slots *s)
{
	struct slots grown = { 0 };

	if (s->slot && s->used < s->count / 4 * 3)
		return true;
	if (!slots_make(&grown, s->slot ? s->count * 2 : SLOTS_FIRST))
		return false;
	for (size_t i = 0; i < s->count; i++)
		if (s->slot[i].above)
			slots_put(&grown, s->slot[i]);
	slots_free(s);
	*s = grown;
	return true;
}

/* ---- hashing ---- */

static uint32_t address_hash(const struct conn_table *t, const uint8_t *ip)
{
	uint64_t high, low, hash;

	memcpy(&high, ip, 8);
	memcpy(&low, ip + 8, 8);
	hash = conn_table_mix(high ^ t->key[0], low ^ t->key[1]);
	hash = conn_table_mix(hash ^ t->key[2], t->key[3]);
	return (uint32_t)(hash ^ hash >> 32);
}

/* ---- addresses ---- */

static uint32_t address_find(const struct conn_table *t, const uint8_t *ip, uint32_t hash)
{
	const struct slots *s = &t->by_address;

	if (!s->slot)
		return FLOW_NONE;
	for (size_t i = hash & (s->count - 1);; i = (i + 1) & (s->count - 1)) {
		if (!s->slot[i].above)
			return FLOW_NONE;
		if (s->slot[i].hash == hash &&
		    memcmp(chunks_at(&t->addresses, s->slot[i].above - 1, 16), ip, 16) == 0)
			return s->slot[i].above - 1;
	}
}

uint32_t conn_table_number(struct conn_table *t, const uint8_t *ip, bool add)
{
	uint32_t hash = address_hash(t, ip), number = address_find(t, ip, hash);
	uint8_t *bytes;

	if (number != FLOW_NONE || !add)
		return number;
	if (!slots_reserve(&t->by_address))
		return FLOW_NONE;
	bytes = element_new(&t->addresses);
	if (!bytes)
		return FLOW_NONE;
	memcpy(bytes, ip, 16);
	number = (uint32_t)(t->addresses.count - 1);
	slots_put(&t->by_address, (struct slot){ hash, number + 1 });
	return number;
}

const uint8_t *conn_table_address(const struct conn_table *t, const struct flow *f, int end)
{
	if (f->key.ip_version == 6)
		return chunks_at(&t->addresses, f->key.address[end], 16);
	return (const uint8_t *)&f->key.address[end];
}

/* ---- connections ---- */

uint32_t conn_table_add(struct conn_table *t, const struct flow_key *key, uint32_t hash)
{
	struct slot *slot;
	struct flow *f;
	uint32_t number;
	int dir;

	if (!slots_reserve(&t->by_pair))
		return FLOW_NONE;
	f = element_new(&t->flows);
	if (!f)
		return FLOW_NONE;
	number = (uint32_t)(t->flows.count - 1);
	f->key = *key;
	f->stream = FLOW_NONE;
	slot = conn_table_slot(t, key, hash, &dir);
	if (slot)
		slot->above = number + 1;
	else
		slots_put(&t->by_pair, (struct slot){ hash, number + 1 });
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
	       (t->by_pair.count + t->by_address.count) * sizeof(struct slot);
}

void conn_table_prefetch_tcp(const struct conn_table *t, uint32_t hash)
{
	const struct slot *slot = conn_table_first(t, hash);
	const struct flow *f = slot ? conn_table_flow(t, slot->above - 1) : NULL;
	const uint8_t *tcp;

	if (!f || f->key.protocol != IPPROTO_TCP || f->stream == FLOW_NONE)
		return;
	tcp = (const uint8_t *)conn_table_tcp(t, f->stream);
	for (size_t line = 0; line < sizeof(struct tcp); line += 64)
		__builtin_prefetch(tcp + line);
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
	if (slots_reserve(&t->by_pair) && getentropy(t->key, sizeof(t->key)) == 0)
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
	slots_free(&t->by_pair);
	slots_free(&t->by_address);
	free(t);
}
