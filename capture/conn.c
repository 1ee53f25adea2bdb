/*
 * How it works: connections are kept compactly, in chunks that never move, in order of creation.  A
 * table with open addressing leads from a pair of ends to its latest connection; a slot holds the
 * hash (so that growing needs no look at the connections, and a search seldom looks at a wrong one)
 * and the number.  The hash is keyed with random bytes and the same for both directions: nobody can
 * make packets that collide on purpose.
 *
 * Fragments behind the first have no ports.  A small table remembers to which connection a
 * datagram's first fragment went; where that is not known, they count for the addresses alone.
 */
#include "capture/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	CHUNK = 1024, /* connections */
	SLOTS_FIRST = 1024,
	VIEWS = 64,
	FRAGMENTS = 64,
};

struct end {
	uint8_t ip[16]; /* IPv4: the first 4 bytes, zeros behind */
	uint16_t port;
};

struct pair {
	struct end end[2];
	uint8_t protocol, ip_version;
};

struct flow {
	struct pair pair; /* end[0] sent the first packet */
	bool base_known[2];
	uint32_t base[2];
	uint32_t packets[2];
	uint64_t bytes[2];
	int64_t first_ns, last_ns;
};
_Static_assert(sizeof(struct flow) <= 256, "a million connections are to fit in 256 MB");

struct slot {
	uint32_t hash;
	uint32_t number; /* CONN_NONE: empty */
};

struct fragment {
	struct pair pair; /* with ports 0 */
	uint32_t id;
	uint32_t number; /* of the first fragment's connection; CONN_NONE: empty */
};

struct conns {
	uint64_t key[4];
	struct slot *slot;
	size_t slots; /* a power of two */
	size_t used;
	struct flow **chunk;
	size_t chunks, chunks_cap;
	size_t count;
	struct fragment fragment[FRAGMENTS];
	struct conn *view; /* what conns_get() handed out: a ring of VIEWS */
	size_t *next_view; /* on the heap with the views: conns_get() does not change the
			      connections */
};

/* ---- hashing ---- */

static uint64_t fold_multiply(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t end_hash(const struct conns *c, const struct end *e)
{
	uint64_t high, low;

	memcpy(&high, e->ip, 8);
	memcpy(&low, e->ip + 8, 8);
	return fold_multiply(high ^ c->key[0],
			     low ^ c->key[1] ^ ((uint64_t)e->port << 32 | e->port));
}

static uint32_t pair_hash(const struct conns *c, const struct pair *p)
{
	uint64_t both = end_hash(c, &p->end[0]) + end_hash(c, &p->end[1]);
	uint64_t hash = fold_multiply(both ^ c->key[2], c->key[3] ^ p->protocol);

	return (uint32_t)(hash ^ hash >> 32);
}

static bool end_equal(const struct end *a, const struct end *b)
{
	return a->port == b->port && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

/* 0: the same order, 1: the other one, -1: another pair.  With both ends alike it is 0 (rule 2.8).
 */
static int pair_compare(const struct pair *a, const struct pair *b)
{
	if (a->protocol != b->protocol || a->ip_version != b->ip_version)
		return -1;
	if (end_equal(&a->end[0], &b->end[0]) && end_equal(&a->end[1], &b->end[1]))
		return 0;
	if (end_equal(&a->end[0], &b->end[1]) && end_equal(&a->end[1], &b->end[0]))
		return 1;
	return -1;
}

static struct pair pair_of(const struct packet *p)
{
	struct pair pair = { .protocol = p->protocol, .ip_version = p->ip_version };

	memcpy(pair.end[0].ip, p->src, 16);
	memcpy(pair.end[1].ip, p->dst, 16);
	pair.end[0].port = p->src_port;
	pair.end[1].port = p->dst_port;
	return pair;
}

/* ---- the table ---- */

static struct flow *flow_at(const struct conns *c, uint32_t number)
{
	return &c->chunk[number / CHUNK][number % CHUNK];
}

static struct slot *slots_new(size_t slots)
{
	struct slot *slot = malloc(slots * sizeof(*slot));

	for (size_t i = 0; slot && i < slots; i++)
		slot[i] = (struct slot){ .number = CONN_NONE };
	return slot;
}

/* The slot of a pair, or the empty one where it belongs.  *order as pair_compare() gives it. */
static struct slot *slot_of(const struct conns *c, const struct pair *pair, uint32_t hash,
			    int *order)
{
	for (size_t i = hash & (c->slots - 1);; i = (i + 1) & (c->slots - 1)) {
		struct slot *s = &c->slot[i];

		*order = 0;
		if (s->number == CONN_NONE)
			return s;
		if (s->hash != hash)
			continue;
		*order = pair_compare(pair, &flow_at(c, s->number)->pair);
		if (*order >= 0)
			return s;
	}
}

static bool slots_grow(struct conns *c)
{
	size_t slots = c->slots * 2;
	struct slot *slot = slots_new(slots);

	if (!slot)
		return false;
	for (size_t i = 0; i < c->slots; i++) {
		size_t at = c->slot[i].hash & (slots - 1);

		if (c->slot[i].number == CONN_NONE)
			continue;
		while (slot[at].number != CONN_NONE)
			at = (at + 1) & (slots - 1);
		slot[at] = c->slot[i];
	}
	free(c->slot);
	c->slot = slot;
	c->slots = slots;
	return true;
}

static bool chunk_add(struct conns *c)
{
	size_t cap = c->chunks_cap ? c->chunks_cap * 2 : 64;
	struct flow **grown;

	if (c->chunks == c->chunks_cap) {
		grown = realloc(c->chunk, cap * sizeof(struct flow *));
		if (!grown)
			return false;
		c->chunk = grown;
		c->chunks_cap = cap;
	}
	c->chunk[c->chunks] = malloc(CHUNK * sizeof(struct flow));
	if (!c->chunk[c->chunks])
		return false;
	c->chunks++;
	return true;
}

/* Room for one more connection and one more slot. */
static bool conns_reserve(struct conns *c)
{
	if (c->count >= CONN_NONE - 1)
		return false;
	if (c->count == c->chunks * CHUNK && !chunk_add(c))
		return false;
	return c->used < c->slots / 2 || slots_grow(c);
}

/* A new connection, the latest of its pair; CONN_NONE if memory ran out. */
static uint32_t flow_new(struct conns *c, const struct pair *pair, uint32_t hash, int64_t ts_ns)
{
	struct slot *slot;
	int order;

	if (!conns_reserve(c))
		return CONN_NONE;
	slot = slot_of(c, pair, hash, &order);
	c->used += slot->number == CONN_NONE;
	*slot = (struct slot){ .hash = hash, .number = (uint32_t)c->count++ };
	*flow_at(c, slot->number) =
		(struct flow){ .pair = *pair, .first_ns = ts_ns, .last_ns = ts_ns };
	return slot->number;
}

/* ---- fragments ---- */

static struct fragment *fragment_of(struct conns *c, struct pair *pair, uint32_t id)
{
	pair->end[0].port = pair->end[1].port = 0;
	return &c->fragment[(pair_hash(c, pair) + id) % FRAGMENTS];
}

static void fragment_remember(struct conns *c, const struct packet *p, uint32_t number)
{
	struct pair pair = pair_of(p);
	struct fragment *f = fragment_of(c, &pair, p->fragment_id);

	*f = (struct fragment){ .pair = pair, .id = p->fragment_id, .number = number };
}

/* The connection of the first fragment of p's datagram; CONN_NONE if it is not known. */
static uint32_t fragment_find(struct conns *c, const struct packet *p)
{
	struct pair pair = pair_of(p);
	const struct fragment *f = fragment_of(c, &pair, p->fragment_id);

	if (f->number == CONN_NONE || f->id != p->fragment_id || pair_compare(&f->pair, &pair) != 0)
		return CONN_NONE;
	return f->number;
}

/* ---- packets ---- */

/* Rule 2.2: a SYN with another number than the one before is another connection. */
static bool opens_anew(const struct flow *f, const struct packet *p, int dir)
{
	return p->payload_known && (p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	       f->base_known[dir] && p->seq != f->base[dir];
}

/* Rules 2.3 and 2.4. */
static void bases_note(struct flow *f, const struct packet *p, int dir)
{
	const uint16_t both = TCP_SYN | TCP_ACK;

	if (!p->has_segment || !p->payload_known)
		return;
	if (!f->base_known[dir] || (p->flags & both) == both) {
		f->base[dir] = p->flags & TCP_SYN ? p->seq : p->seq - 1;
		f->base_known[dir] = true;
	}
	if (!f->base_known[!dir] && (p->flags & TCP_ACK)) {
		f->base[!dir] = p->ack - 1;
		f->base_known[!dir] = true;
	}
}

static uint32_t flow_of(struct conns *c, const struct packet *p, int64_t ts_ns, int *dir)
{
	struct pair pair = pair_of(p);
	uint32_t hash = pair_hash(c, &pair);
	const struct slot *slot = slot_of(c, &pair, hash, dir);

	if (slot->number != CONN_NONE &&
	    (p->protocol != IPPROTO_TCP || !opens_anew(flow_at(c, slot->number), p, *dir)))
		return slot->number;
	*dir = 0;
	return flow_new(c, &pair, hash, ts_ns);
}

static uint32_t flow_of_fragment(struct conns *c, const struct packet *p, int64_t ts_ns, int *dir)
{
	uint32_t number = p->fragment_at ? fragment_find(c, p) : CONN_NONE;

	if (number == CONN_NONE) {
		number = flow_of(c, p, ts_ns, dir);
		if (number != CONN_NONE && !p->fragment_at)
			fragment_remember(c, p, number);
		return number;
	}
	*dir = memcmp(flow_at(c, number)->pair.end[0].ip, p->src, 16) != 0;
	return number;
}

uint32_t conns_packet(struct conns *c, const struct packet *p, int64_t ts_ns, int *dir)
{
	uint32_t number;
	struct flow *f;

	*dir = 0;
	if (!p->ip_version)
		return CONN_NONE;
	number = p->fragment ? flow_of_fragment(c, p, ts_ns, dir) : flow_of(c, p, ts_ns, dir);
	if (number == CONN_NONE)
		return CONN_NONE;
	f = flow_at(c, number);
	f->packets[*dir]++;
	f->bytes[*dir] += p->payload_len;
	f->last_ns = ts_ns;
	if (p->protocol == IPPROTO_TCP)
		bases_note(f, p, *dir);
	return number;
}

/* ---- looking at them ---- */

static bool end_of(struct end *e, const struct addr *a)
{
	*e = (struct end){ .port = addr_port(a) };
	if (addr_family(a) == AF_INET)
		memcpy(e->ip, &a->u.in.sin_addr, 4);
	else if (addr_family(a) == AF_INET6)
		memcpy(e->ip, &a->u.in6.sin6_addr, 16);
	else
		return false;
	return true;
}

uint32_t conns_find(const struct conns *c, uint8_t protocol, const struct addr *a,
		    const struct addr *b)
{
	struct pair pair = { .protocol = protocol,
			     .ip_version = addr_family(a) == AF_INET6 ? 6 : 4 };
	int order;

	if (addr_family(a) != addr_family(b) || !end_of(&pair.end[0], a) ||
	    !end_of(&pair.end[1], b))
		return CONN_NONE;
	return slot_of(c, &pair, pair_hash(c, &pair), &order)->number;
}

size_t conns_count(const struct conns *c)
{
	return c->count;
}

static struct addr addr_of_end(const struct pair *p, int end)
{
	return p->ip_version == 6 ? addr_v6(p->end[end].ip, p->end[end].port)
				  : addr_v4(p->end[end].ip, p->end[end].port);
}

const struct conn *conns_get(const struct conns *c, uint32_t number)
{
	struct conn *view = &c->view[*c->next_view];
	const struct flow *f;

	if (number >= c->count)
		return NULL;
	*c->next_view = (*c->next_view + 1) % VIEWS;
	f = flow_at(c, number);
	view->protocol = f->pair.protocol;
	for (int i = 0; i < 2; i++) {
		view->end[i] = addr_of_end(&f->pair, i);
		view->base_known[i] = f->base_known[i];
		view->base[i] = f->base[i];
		view->packets[i] = f->packets[i];
		view->bytes[i] = f->bytes[i];
	}
	view->first_ns = f->first_ns;
	view->last_ns = f->last_ns;
	return view;
}

uint32_t conn_seq(const struct conn *c, int dir, uint32_t seq)
{
	return c->base_known[dir] ? seq - c->base[dir] : seq;
}

/* ---- beginning and end ---- */

struct conns *conns_new(struct err *e)
{
	struct conns *c = calloc(1, sizeof(*c));

	if (!c)
		goto out;
	c->slots = SLOTS_FIRST;
	c->slot = slots_new(c->slots);
	c->view = calloc(VIEWS, sizeof(*c->view));
	c->next_view = calloc(1, sizeof(*c->next_view));
	if (!c->slot || !c->view || !c->next_view)
		goto out;
	for (size_t i = 0; i < FRAGMENTS; i++)
		c->fragment[i].number = CONN_NONE;
	if (getentropy(c->key, sizeof(c->key)) == 0)
		return c;
out:
	err_errno(e, errno, NULL, "cannot start to track connections");
	conns_free(c);
	return NULL;
}

void conns_free(struct conns *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->chunks; i++)
		free(c->chunk[i]);
	free(c->chunk);
	free(c->slot);
	free(c->view);
	free(c->next_view);
	free(c);
}
