#include "src/lab/plain.h"

#include <netinet/in.h>

#include "src/core/clock.h"
#include "src/lab/counters.h"
#include "src/lab/thin.h"

#define LULL_NS (2 * NS_PER_MS) /* new data after it may be sent by a timer: a tail loss probe */

/* Of the socket that sent p, or (peer) of the one that p is for; NULL. */
static const struct plain_side *find(const struct plain *m, const struct packet *p, bool peer)
{
	uint32_t hash = thin_hash(0, p, peer);

	for (uint32_t i = 0; i < PLAIN_WAYS; i++) {
		const struct plain_side *s = &m->side[(hash + i) % PLAIN_SIDES];

		if (s->hash == hash)
			return s;
	}
	return NULL;
}

/* Its place; it is that side's if the hash is. */
static struct plain_side *place(struct plain *m, uint32_t hash)
{
	struct plain_side *found = &m->side[hash % PLAIN_SIDES];

	for (uint32_t i = 0; i < PLAIN_WAYS; i++) {
		struct plain_side *s = &m->side[(hash + i) % PLAIN_SIDES];

		if (s->hash == hash)
			return s;
		if (s->used < found->used)
			found = s;
	}
	return found;
}

static bool is_icmp_error(const struct packet *p)
{
	if (p->ip_version == 4 && p->protocol == IPPROTO_ICMP)
		return p->icmp_type == 3 || p->icmp_type == 11 || p->icmp_type == 12;
	return p->ip_version == 6 && p->protocol == IPPROTO_ICMPV6 && p->icmp_type < 128;
}

static uint32_t length_of(const struct packet *p)
{
	return p->payload_len + ((p->flags & (TCP_SYN | TCP_FIN)) != 0);
}

static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* Whether the window closes or opens with it. */
static bool turns_window(const struct plain_side *s, const struct packet *p)
{
	return s->acks && (p->window == 0) != (s->window == 0);
}

static bool ack_is_plain(const struct plain_side *s, const struct packet *p, bool answers)
{
	bool again = s->acks && p->ack == s->ack && p->window == s->window;

	return answers && !again && !p->sack_blocks && p->window && !turns_window(s, p);
}

/* New data that no call and no arrival need have sent, while older data is under way. */
static bool data_is_plain(const struct plain *m, const struct plain_side *s, const struct packet *p,
			  int64_t ts_ns, bool answers)
{
	const struct plain_side *peer = find(m, p, true);
	bool under_way = peer && peer->acks && is_before(peer->ack, s->end);

	if (turns_window(s, p))
		return false;
	return answers || !under_way || ts_ns - s->sent_ns < LULL_NS;
}

static uint32_t shape_of(const struct plain *m, const struct plain_side *s, const struct packet *p,
			 int64_t ts_ns, bool answers)
{
	uint32_t len = length_of(p);
	bool again = s->hash && is_before(p->seq, s->end);

	if (p->flags & TCP_RST)
		return SHAPE_RST;
	if (p->flags & TCP_SYN)
		return SHAPE_SYN | (again && p->seq + 1 == s->end ? SHAPE_RESEND : 0u);
	if (again)
		return len ? SHAPE_RESEND : SHAPE_PROBE;
	if (!len)
		return s->hash && ack_is_plain(s, p, answers) ? 0 : SHAPE_ACK;
	return !s->hash || data_is_plain(m, s, p, ts_ns, answers) ? 0 : SHAPE_DATA;
}

static void remember(struct plain_side *s, const struct packet *p, uint32_t hash, int64_t ts_ns)
{
	uint32_t end = p->seq + length_of(p);

	if (s->hash != hash || (p->flags & TCP_SYN))
		*s = (struct plain_side){ .hash = hash, .end = end };
	if (is_before(s->end, end))
		s->end = end;
	if (length_of(p))
		s->sent_ns = ts_ns;
	s->opens = (p->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
	if (p->flags & TCP_ACK) {
		s->acks = true;
		s->ack = p->ack;
		s->window = p->window;
	}
}

uint32_t plain_left(struct plain *m, const struct packet *p, int64_t ts_ns, bool answers)
{
	const struct plain_side none = { 0 };
	struct plain_side *s;
	uint32_t hash, shape;

	if (is_icmp_error(p))
		return SHAPE_ICMP;
	if (p->protocol != IPPROTO_TCP || !p->has_segment)
		return 0;
	hash = thin_hash(0, p, false);
	s = place(m, hash);
	shape = shape_of(m, s->hash == hash ? s : &none, p, ts_ns, answers);
	if (shape == SHAPE_RST)
		return shape;
	remember(s, p, hash, ts_ns);
	s->used = ++m->packets;
	return shape;
}

bool plain_tells(const struct plain *m, const struct packet *p)
{
	const struct plain_side *s;

	if (is_icmp_error(p))
		return true;
	if (p->protocol != IPPROTO_TCP || !p->has_segment)
		return false;
	if ((p->flags & (TCP_SYN | TCP_RST)) || p->sack_blocks)
		return true;
	s = find(m, p, true);
	if (!s)
		return false;
	return s->opens || (s->acks && !s->window && length_of(p));
}
