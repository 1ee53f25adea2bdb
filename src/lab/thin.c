/*
 * The table of sockets is small and has one place for each hash: what stands there already is looked at
 * early and makes room.  Two sockets with the same hash of 32 bits would be taken for one, which costs a look.
 */
#include "src/lab/thin.h"

#include <netinet/in.h>
#include <string.h>

#include "src/core/rd.h"

void thin_init(struct thin *t, uint32_t seed)
{
	memset(t, 0, sizeof(*t));
	t->seed = seed;
	t->late_ns = INT64_MAX;
}

/*
 * Packets of several captures are not in the order of their times, but nearly.  What is further back than
 * that is a clock that was set.
 */
static bool went_back(const struct thin *t, int64_t ts_ns)
{
	return ts_ns < t->window_ns - NS_PER_S;
}

static void begin_window(struct thin *t, int64_t ts_ns, bool was_quiet)
{
	if (was_quiet)
		t->on = false;
	t->window_ns = ts_ns;
	t->count = 0;
}

enum thin_change thin_count(struct thin *t, int64_t ts_ns)
{
	const uint32_t most = THIN_ABOVE * THIN_WINDOW_NS / NS_PER_S;
	int64_t since_ns = ts_ns - t->window_ns;
	bool was_on = t->on;

	/* A window with no packets at all was a quiet one too. */
	if (went_back(t, ts_ns) || since_ns > 2 * THIN_WINDOW_NS)
		begin_window(t, ts_ns, true);
	else if (since_ns > THIN_WINDOW_NS)
		begin_window(t, ts_ns, t->count <= most);
	if (++t->count > most)
		t->on = true;
	if (t->on == was_on)
		return THIN_SAME;
	return t->on ? THIN_BEGAN : THIN_ENDED;
}

/* ---- sockets by hash ---- */

static uint32_t mix(uint32_t h, uint32_t v)
{
	uint64_t m = (uint64_t)(h ^ v) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(m >> 32) ^ (uint32_t)m;
}

static uint32_t mix_address(uint32_t h, const uint8_t ip[16])
{
	struct rd r = rd_on(ip, 16);

	for (int i = 0; i < 4; i++)
		h = mix(h, rd_be32(&r));
	return h;
}

uint32_t thin_hash(uint32_t seed, const struct packet *p, bool peer)
{
	uint32_t h = mix(seed, (uint32_t)p->protocol << 8 | p->ip_version);

	h = mix_address(h, peer ? p->dst : p->src);
	h = mix_address(h, peer ? p->src : p->dst);
	h = mix(h, peer ? (uint32_t)p->dst_port << 16 | p->src_port
			: (uint32_t)p->src_port << 16 | p->dst_port);
	return h ? h : 1;
}

static struct thin_socket *place_of(struct thin *t, uint32_t hash)
{
	return &t->socket[hash % THIN_SOCKETS];
}

static int64_t late_at(const struct thin_socket *s)
{
	return s->seen_ns + THIN_EVERY_NS;
}

static void set_unseen(struct thin *t, struct thin_socket *s, bool unseen)
{
	if (s->unseen != unseen)
		t->unseen = unseen ? t->unseen + 1 : t->unseen - 1;
	s->unseen = unseen;
	if (unseen && late_at(s) < t->late_ns)
		t->late_ns = late_at(s);
}

/* ---- packets ---- */

static bool is_flagged(const struct packet *p)
{
	return p->protocol == IPPROTO_TCP && (p->flags & (TCP_SYN | TCP_FIN | TCP_RST));
}

/* The acknowledgement number that answers a SYN or FIN. */
static uint32_t answer_to(const struct packet *p)
{
	return p->seq + p->payload_len + !!(p->flags & TCP_SYN) + !!(p->flags & TCP_FIN);
}

bool thin_is_telling(struct thin *t, const struct packet *p)
{
	uint32_t hash = thin_hash(t->seed, p, true);
	struct thin_socket *peer = place_of(t, hash);
	bool telling = is_flagged(p);

	if (p->protocol != IPPROTO_TCP)
		return false;
	if (peer->hash == hash && peer->awaits && (p->flags & TCP_ACK) &&
	    (int32_t)(p->ack - peer->awaited) >= 0) {
		peer->awaits = false;
		telling = true;
	}
	return telling;
}

static void note_awaited(struct thin_socket *s, const struct packet *p)
{
	if (!is_flagged(p) || (p->flags & TCP_RST))
		return;
	s->awaits = true;
	s->awaited = answer_to(p);
}

bool thin_passes(struct thin *t, uint8_t host, const struct packet *p, enum state_by by,
		 uint64_t number, bool telling, int64_t now_ns, struct thin_socket *evicted)
{
	uint32_t hash = thin_hash(t->seed, p, by == BY_ARRIVAL);
	struct thin_socket *s = place_of(t, hash);
	bool look;

	evicted->unseen = false;
	if (s->hash != hash || s->host != host) {
		*evicted = *s;
		set_unseen(t, s, false);
		*s = (struct thin_socket){ .hash = hash, .host = host };
	}
	s->by = by;
	s->number = number;
	if (by == BY_DEPARTURE)
		note_awaited(s, p);
	look = telling || now_ns - s->seen_ns >= THIN_EVERY_NS || now_ns < s->seen_ns;
	if (look)
		s->seen_ns = now_ns;
	else
		s->packet = *p;
	set_unseen(t, s, !look);
	return look;
}

/* ---- what was not looked at ---- */

int64_t thin_due(const struct thin *t)
{
	return t->unseen ? t->late_ns : INT64_MAX;
}

static void find_late(struct thin *t)
{
	t->late_ns = INT64_MAX;
	for (size_t i = 0; t->unseen && i < THIN_SOCKETS; i++) {
		const struct thin_socket *s = &t->socket[i];

		if (s->unseen && late_at(s) < t->late_ns)
			t->late_ns = late_at(s);
	}
}

const struct thin_socket *thin_late(struct thin *t, int64_t now_ns, bool all)
{
	if (!t->unseen || (!all && now_ns < t->late_ns))
		return NULL;
	for (size_t i = 0; i < THIN_SOCKETS; i++) {
		struct thin_socket *s = &t->socket[i];

		if (!s->unseen || (!all && now_ns < late_at(s)))
			continue;
		set_unseen(t, s, false);
		s->seen_ns = now_ns;
		return s;
	}
	find_late(t);
	return NULL;
}
