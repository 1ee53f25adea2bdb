#include "src/lab/repeat.h"

#include <netinet/in.h>
#include <string.h>

#include "capture/packet.h"

#define LOOK_AT 1024 /* held packets at most, so that a full wire costs no more than a busy one */

static bool is_repeatable(const struct packet *p)
{
	return p->protocol == IPPROTO_TCP && p->has_segment &&
	       (p->payload_len || p->flags & (TCP_SYN | TCP_FIN));
}

static bool same_segment(const struct packet *a, const struct packet *b)
{
	return a->seq == b->seq && a->payload_len == b->payload_len &&
	       (a->flags & ~TCP_PSH) == (b->flags & ~TCP_PSH) && a->src_port == b->src_port &&
	       a->dst_port == b->dst_port && !memcmp(a->src, b->src, sizeof(a->src)) &&
	       !memcmp(a->dst, b->dst, sizeof(a->dst));
}

bool repeat_is_held(const struct flights *f, const struct flight *p)
{
	struct packet mine, other;
	size_t looked = 0;

	packet_parse(&mine, LINK_ETHERNET, p->bytes, p->len, p->len);
	if (!is_repeatable(&mine))
		return false;
	for (const struct flight *h = f->held; h && looked < LOOK_AT; h = h->next, looked++) {
		if (h->from != p->from || h->to != p->to || h->len != p->len)
			continue;
		packet_parse(&other, LINK_ETHERNET, h->bytes, h->len, h->len);
		if (is_repeatable(&other) && same_segment(&mine, &other))
			return true;
	}
	return false;
}
