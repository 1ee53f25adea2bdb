/*
 * How it works: a datagram is found by its addresses, protocol and identification among the few in one
 * set of the table.  It remembers which ranges were seen, joined where they touch; it is whole when one
 * range begins at 0 and ends where the last fragment does.
 */
#include "capture/reassemble.h"

#include <stdlib.h>
#include <string.h>

enum {
	WAYS = 4,
	SETS = REASSEMBLE_PENDING / WAYS,
	RANGES = 16,
};

struct key {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint8_t ip_version, protocol, zero[2]; /* no padding: keys are compared as bytes */
};

struct range {
	uint32_t from, to;
};

struct datagram {
	struct key key;
	uint64_t used; /* counts up; 0: free */
	uint32_t len; /* of the whole payload; 0: not known yet */
	uint32_t ranges;
	struct range range[RANGES]; /* in order, with gaps between them */
	uint8_t first[REASSEMBLE_FIRST];
};

struct reassembly {
	uint64_t uses;
	struct datagram datagram[SETS][WAYS];
};

struct reassembly *reassembly_new(void)
{
	return calloc(1, sizeof(struct reassembly));
}

void reassembly_free(struct reassembly *r)
{
	free(r);
}

static struct key key_of(const struct packet *p)
{
	struct key key;

	memset(&key, 0, sizeof(key));
	memcpy(key.src, p->src, sizeof(key.src));
	memcpy(key.dst, p->dst, sizeof(key.dst));
	key.id = p->fragment_id;
	key.ip_version = p->ip_version;
	key.protocol = p->protocol;
	return key;
}

static size_t set_of(const struct key *key)
{
	uint32_t hash = key->id * 2654435761u;

	for (size_t i = 0; i < 16; i++)
		hash = (hash ^ key->src[i] ^ (uint32_t)key->dst[i] << 8) * 16777619u;
	return (hash >> 16) % SETS;
}

/* The datagram of a key: the one that waits, or a new one in place of the oldest. */
static struct datagram *datagram_of(struct reassembly *r, const struct key *key)
{
	struct datagram *way = r->datagram[set_of(key)], *oldest = way;

	for (size_t i = 0; i < WAYS; i++) {
		if (way[i].used && memcmp(&way[i].key, key, sizeof(*key)) == 0)
			return &way[i];
		if (way[i].used < oldest->used)
			oldest = &way[i];
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->key = *key;
	oldest->used = ++r->uses;
	return oldest;
}

static void range_remove(struct datagram *d, size_t i)
{
	memmove(&d->range[i], &d->range[i + 1], (--d->ranges - i) * sizeof(d->range[0]));
}

/* False: too many pieces. */
static bool range_add(struct datagram *d, struct range new)
{
	size_t i = 0;

	while (i < d->ranges) {
		struct range *old = &d->range[i];

		if (old->to < new.from) {
			i++;
			continue;
		}
		if (new.to < old->from)
			break;
		new.from = old->from < new.from ? old->from : new.from;
		new.to = old->to > new.to ? old->to : new.to;
		range_remove(d, i);
	}
	if (d->ranges == RANGES)
		return false;
	memmove(&d->range[i + 1], &d->range[i], (d->ranges++ - i) * sizeof(d->range[0]));
	d->range[i] = new;
	return true;
}

static void first_copy(struct datagram *d, struct range at, const uint8_t *bytes)
{
	if (at.from < REASSEMBLE_FIRST)
		memcpy(d->first + at.from, bytes,
		       (at.to < REASSEMBLE_FIRST ? at.to : REASSEMBLE_FIRST) - at.from);
}

enum reassembled reassembly_add(struct reassembly *r, const struct packet *p, const void *bytes,
				size_t caplen, struct packet *whole, const uint8_t **first)
{
	struct range at = { p->fragment_at, p->fragment_at + p->fragment_len };
	struct key key = key_of(p);
	struct datagram *d;
	uint32_t have;

	if (!p->fragment_len || (size_t)p->fragment_start + p->fragment_len > caplen)
		return REASSEMBLE_NONE;
	d = datagram_of(r, &key);
	if (!range_add(d, at)) {
		d->used = 0;
		return REASSEMBLE_NONE;
	}
	first_copy(d, at, (const uint8_t *)bytes + p->fragment_start);
	if (!p->more_fragments)
		d->len = at.to;
	if (!d->len || d->ranges != 1 || d->range[0].from || d->range[0].to < d->len)
		return REASSEMBLE_WAITS;
	d->used = 0;
	have = d->len < REASSEMBLE_FIRST ? d->len : REASSEMBLE_FIRST;
	*whole = *p;
	*first = d->first;
	packet_parse_payload(whole, d->first, have, d->len);
	return REASSEMBLE_WHOLE;
}
