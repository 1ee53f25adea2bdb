/*
 * How it works: what waits is a small array of slots.  A slot is in two lists: in that of a hash of its key, and in
 * that of all by age, whose first goes where there are too many (fragments whose others were never captured stay for
 * good, so that this is where a long capture comes to).  A slot keeps its pieces' bytes in order of arrival in one
 * buffer, and a list of the pieces ordered by offset, then by arrival; a piece nearly always belongs at the end of
 * the list.  Only when the end is known and enough bytes have come is the list walked to see whether there is a hole.
 */
#include "capture/datagram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/rd.h"

enum {
	DATAGRAMS = 512,
	BYTES = 8 << 20,
	PIECES_MAX = 2048, /* 64 KB in the pieces of the smallest MTU of IPv4 are 1366 */
	HELD_MAX = 256 << 10, /* bytes of one datagram, overlaps included */
	HEADER_MAX = 576,
	PAYLOAD_MAX = 65535,
	NESTED_MAX = 4,
	V6_HEADER = 40,
};
#define AGE_NS INT64_C(60000000000)

struct key {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint8_t ip_version, protocol, zero[2]; /* no padding: compared as bytes */
};

struct piece {
	uint32_t from, len; /* in the datagram's payload */
	uint32_t at; /* of its bytes in the buffer */
};

struct waiting {
	struct key key;
	int64_t first_ns;
	uint32_t older, younger; /* in the list by age: numbers of slots + 1; 0: none */
	uint32_t next; /* of the same hash, or the next free one */
	bool used;
	uint32_t end; /* of the payload */
	bool end_known, overlaps;
	struct piece *piece;
	uint32_t pieces, pieces_cap;
	uint32_t sum; /* of the pieces' lengths */
	uint8_t *held; /* their bytes */
	uint32_t held_len, held_cap;
	uint8_t header[HEADER_MAX]; /* of the fragment with offset 0 */
	uint32_t header_len; /* 0: it has not come */
};

struct datagrams {
	struct datagram_limits limit;
	struct datagrams_seen seen;
	size_t bytes; /* allocated by all slots */
	size_t waiting;
	uint32_t *
		bucket; /* by hash: the first slot of the list; its number + 1, as in all of these */
	uint32_t oldest, youngest, free;
	struct waiting *slot;
	uint8_t *out; /* the last whole one */
};

/* ---- slots ---- */

static struct key key_of(const struct packet *p, const uint8_t *network)
{
	struct key key;
	size_t len = p->ip_version == 6 ? 16 : 4;

	memset(&key, 0, sizeof(key));
	memcpy(key.src, p->src, len);
	memcpy(key.dst, p->dst, len);
	key.id = p->fragment_id;
	key.ip_version = p->ip_version;
	/* Of IPv4 only: IPv6's first fragment alone counts.  p->protocol may be behind another header. */
	key.protocol = p->ip_version == 4 ? network[9] : 0;
	return key;
}

static uint32_t *bucket_of(const struct datagrams *d, const struct key *key)
{
	uint64_t hash = 0, part;

	_Static_assert(sizeof(*key) % sizeof(part) == 0, "whole parts");
	for (size_t i = 0; i < sizeof(*key); i += sizeof(part)) {
		memcpy(&part, (const uint8_t *)key + i, sizeof(part));
		hash = (hash ^ part) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
	}
	return &d->bucket[hash % d->limit.datagrams];
}

static uint32_t name_of(const struct datagrams *d, const struct waiting *w)
{
	return (uint32_t)(w - d->slot) + 1;
}

static size_t slot_bytes(const struct waiting *w)
{
	return w->pieces_cap * sizeof(struct piece) + w->held_cap;
}

/* Takes it out of both lists. */
static void slot_unlink(struct datagrams *d, const struct waiting *w)
{
	uint32_t *link = bucket_of(d, &w->key);

	while (*link != name_of(d, w))
		link = &d->slot[*link - 1].next;
	*link = w->next;
	*(w->older ? &d->slot[w->older - 1].younger : &d->oldest) = w->younger;
	*(w->younger ? &d->slot[w->younger - 1].older : &d->youngest) = w->older;
}

static void slot_free(struct datagrams *d, struct waiting *w)
{
	slot_unlink(d, w);
	d->bytes -= slot_bytes(w);
	d->waiting--;
	free(w->piece);
	free(w->held);
	*w = (struct waiting){ .next = d->free };
	d->free = name_of(d, w);
}

static struct waiting *slot_find(struct datagrams *d, const struct key *key)
{
	for (uint32_t name = *bucket_of(d, key); name; name = d->slot[name - 1].next)
		if (memcmp(&d->slot[name - 1].key, key, sizeof(*key)) == 0)
			return &d->slot[name - 1];
	return NULL;
}

/* The one that began first, other than `but`. */
static struct waiting *slot_oldest(struct datagrams *d, const struct waiting *but)
{
	uint32_t name = d->oldest;

	if (name && &d->slot[name - 1] == but)
		name = but->younger;
	return name ? &d->slot[name - 1] : NULL;
}

static struct waiting *slot_new(struct datagrams *d, const struct key *key, int64_t ts_ns)
{
	uint32_t *bucket = bucket_of(d, key), name;
	struct waiting *w;

	if (!d->free) {
		slot_free(d, slot_oldest(d, NULL));
		d->seen.crowded++;
	}
	name = d->free;
	w = &d->slot[name - 1];
	d->free = w->next;
	w->key = *key;
	w->used = true;
	w->first_ns = ts_ns;
	w->next = *bucket;
	w->older = d->youngest;
	*(w->older ? &d->slot[w->older - 1].younger : &d->oldest) = name;
	*bucket = d->youngest = name;
	d->waiting++;
	return w;
}

static struct waiting *slot_of(struct datagrams *d, const struct key *key, int64_t ts_ns)
{
	struct waiting *w = slot_find(d, key);

	/* A clock that was set back makes nothing old. */
	if (w && ts_ns > w->first_ns && ts_ns - w->first_ns > d->limit.age_ns) {
		slot_free(d, w);
		d->seen.aged++;
		w = NULL;
	}
	return w ? w : slot_new(d, key, ts_ns);
}

/* ---- pieces ---- */

static bool array_room(void *array, uint32_t need, uint32_t *cap, size_t size, uint32_t first)
{
	void **memory = array;
	uint32_t grown = *cap ? *cap : first;
	void *moved;

	if (need <= *cap)
		return true;
	while (grown < need)
		grown *= 2;
	moved = realloc(*memory, grown * size);
	if (!moved)
		return false;
	*memory = moved;
	*cap = grown;
	return true;
}

/* Room for one more piece of len bytes, for which others may have to go. */
static bool piece_room(struct datagrams *d, struct waiting *w, uint32_t len)
{
	size_t before = slot_bytes(w);
	bool room;

	if (w->pieces >= PIECES_MAX || w->held_len + len > HELD_MAX)
		return false;
	room = array_room(&w->piece, w->pieces + 1, &w->pieces_cap, sizeof(struct piece), 4) &&
	       array_room(&w->held, w->held_len + len, &w->held_cap, 1, 2048);
	d->bytes += slot_bytes(w) - before;
	while (room && d->bytes > d->limit.bytes) {
		struct waiting *oldest = slot_oldest(d, w);

		if (!oldest)
			return false;
		slot_free(d, oldest);
		d->seen.crowded++;
	}
	return room;
}

static void piece_add(struct waiting *w, uint32_t from, const uint8_t *bytes, uint32_t len)
{
	uint32_t i = w->pieces;

	while (i > 0 && w->piece[i - 1].from > from)
		i--;
	memmove(&w->piece[i + 1], &w->piece[i], (w->pieces - i) * sizeof(w->piece[0]));
	w->piece[i] = (struct piece){ .from = from, .len = len, .at = w->held_len };
	w->pieces++;
	memcpy(w->held + w->held_len, bytes, len);
	w->held_len += len;
	w->sum += len;
}

/* No hole from the first byte to the end. */
static bool is_complete(const struct waiting *w)
{
	uint32_t reached = 0;

	if (!w->end_known || !w->header_len || w->sum < w->end)
		return false;
	for (uint32_t i = 0; i < w->pieces && w->piece[i].from <= reached; i++) {
		uint32_t to = w->piece[i].from + w->piece[i].len;

		reached = to > reached ? to : reached;
	}
	return reached >= w->end;
}

/* ---- the whole ---- */

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* Copies the pieces to out, each from where those before it have reached. */
static void pieces_copy(struct waiting *w, uint8_t *out)
{
	uint32_t reached = 0;

	for (uint32_t i = 0; i < w->pieces; i++) {
		const struct piece *p = &w->piece[i];
		uint32_t to = p->from + p->len, known = reached > p->from ? reached - p->from : 0;
		uint32_t same = known < p->len ? known : p->len;

		if (p->from > reached) {
			w->overlaps = true; /* behind the end */
			return;
		}
		w->overlaps |= memcmp(out + p->from, w->held + p->at, same) != 0;
		if (to <= reached)
			continue;
		memcpy(out + reached, w->held + p->at + known, to - reached);
		reached = to;
	}
	w->overlaps |= reached > w->end;
}

/* RFC 1071, over the header in its place. */
static void checksum(uint8_t *header, size_t len)
{
	uint32_t sum = 0;

	put16(header + 10, 0);
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)header[i] << 8 | header[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(header + 10, ~sum & 0xffff);
}

/* The header says that this is the only fragment, and how long it is. */
static void header_finish(uint8_t *header, uint32_t header_len, uint32_t payload,
			  uint8_t ip_version)
{
	if (ip_version == 6) {
		put16(header + 4, header_len - V6_HEADER + payload);
		put16(header + header_len - 6, 0);
	} else {
		put16(header + 2, header_len + payload);
		put16(header + 6, 0);
		checksum(header, header_len);
	}
}

static bool fits(const struct waiting *w)
{
	uint32_t counted = w->key.ip_version == 6 ? w->header_len - V6_HEADER : w->header_len;

	return counted + w->end <= PAYLOAD_MAX;
}

static void whole_make(struct datagrams *d, struct waiting *w, struct datagram *whole)
{
	memcpy(d->out, w->header, w->header_len);
	pieces_copy(w, d->out + w->header_len);
	header_finish(d->out, w->header_len, w->end, w->key.ip_version);
	*whole = (struct datagram){
		.bytes = d->out,
		.len = w->header_len + w->end,
		.header_len = w->header_len,
		.link = w->key.ip_version == 6 ? LINK_IPV6 : LINK_IPV4,
		.fragments = w->pieces,
		.overlaps = w->overlaps,
	};
	d->seen.whole++;
}

/* ---- fragments ---- */

/* All of the fragment was captured, and it has something in it. */
static bool is_usable(struct datagrams *d, const struct packet *p, size_t caplen)
{
	d->seen.fragments++;
	if (!p->fragment || !p->fragment_len || !p->ip_version)
		return false;
	if ((size_t)p->fragment_start + p->fragment_len > caplen) {
		d->seen.cut++;
		return false;
	}
	return p->fragment_start >= p->network_at + 20u;
}

static void header_keep(struct waiting *w, const uint8_t *network, size_t len)
{
	if (w->header_len || len > HEADER_MAX)
		return;
	memcpy(w->header, network, len);
	w->header_len = (uint32_t)len;
}

bool datagrams_add(struct datagrams *d, const struct packet *p, const void *bytes, size_t caplen,
		   int64_t ts_ns, struct datagram *whole)
{
	const uint8_t *network = (const uint8_t *)bytes + p->network_at;
	struct waiting *w;
	struct key key;
	bool complete;

	if (!is_usable(d, p, caplen))
		return false;
	key = key_of(p, network);
	w = slot_of(d, &key, ts_ns);
	if (p->fragment_at + p->fragment_len > PAYLOAD_MAX || !piece_room(d, w, p->fragment_len)) {
		slot_free(d, w);
		d->seen.refused++;
		return false;
	}
	if (!p->fragment_at)
		header_keep(w, network, p->fragment_start - p->network_at);
	piece_add(w, p->fragment_at, (const uint8_t *)bytes + p->fragment_start, p->fragment_len);
	if (!p->more_fragments && !w->end_known) {
		w->end = p->fragment_at + p->fragment_len;
		w->end_known = true;
	}
	if (!is_complete(w))
		return false;
	complete = fits(w);
	if (complete)
		whole_make(d, w, whole);
	else
		d->seen.refused++;
	slot_free(d, w);
	return complete;
}

bool datagrams_packet(struct datagrams *d, struct packet *p, const void *bytes, size_t caplen,
		      int64_t ts_ns, struct datagram *whole)
{
	struct packet inner = *p;

	for (unsigned depth = 0; inner.fragment && depth < NESTED_MAX; depth++) {
		if (!datagrams_add(d, &inner, bytes, caplen, ts_ns, whole))
			return false;
		packet_parse(&inner, whole->link, whole->bytes, whole->len, whole->len);
		bytes = whole->bytes;
		caplen = whole->len;
	}
	if (inner.fragment)
		return false;
	*p = inner;
	return true;
}

const struct datagrams_seen *datagrams_seen(const struct datagrams *d)
{
	return &d->seen;
}

size_t datagrams_waiting(const struct datagrams *d, size_t *bytes)
{
	if (bytes)
		*bytes = d->bytes;
	return d->waiting;
}

/* ---- beginning and end ---- */

struct datagrams *datagrams_new(const struct datagram_limits *limits, struct err *e)
{
	struct datagrams *d = calloc(1, sizeof(*d));

	if (!d)
		goto out;
	if (limits)
		d->limit = *limits;
	d->limit.datagrams = d->limit.datagrams ? d->limit.datagrams : DATAGRAMS;
	d->limit.bytes = d->limit.bytes ? d->limit.bytes : BYTES;
	d->limit.age_ns = d->limit.age_ns ? d->limit.age_ns : AGE_NS;
	d->bucket = calloc(d->limit.datagrams, sizeof(*d->bucket));
	d->slot = calloc(d->limit.datagrams, sizeof(*d->slot));
	d->out = malloc(HEADER_MAX + PAYLOAD_MAX);
	for (size_t i = d->slot ? d->limit.datagrams : 0; i-- > 0;) {
		d->slot[i].next = d->free;
		d->free = (uint32_t)i + 1;
	}
	if (d->bucket && d->slot && d->out)
		return d;
out:
	err_errno(e, ENOMEM, NULL, "cannot start to put fragments together");
	datagrams_free(d);
	return NULL;
}

void datagrams_free(struct datagrams *d)
{
	if (!d)
		return;
	for (size_t i = 0; d->slot && i < d->limit.datagrams; i++)
		if (d->slot[i].used)
			slot_free(d, &d->slot[i]);
	free(d->bucket);
	free(d->slot);
	free(d->out);
	free(d);
}
