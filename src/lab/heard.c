/*
 * What a host expects next is what it acknowledged last, as long as it sent anything after the last segment came to it.
 * If it did not, that segment was in order, since Linux answers one that is not at once; its end is what is expected.
 */
#include "src/lab/heard.h"

#include <netinet/in.h>
#include <string.h>

#include "capture/packet.h"

#define IP4_PROTOCOL_AT 23 /* in the frame */
#define IP6_NEXT_AT	20

static bool is_tcp(const uint8_t *bytes, uint32_t len)
{
	if (len < 54)
		return false;
	return bytes[12] == 0x08 ? bytes[IP4_PROTOCOL_AT] == IPPROTO_TCP
				 : bytes[IP6_NEXT_AT] == IPPROTO_TCP;
}

static void keep(struct heard *h, struct heard_packet *p, const uint8_t *bytes, uint32_t len)
{
	p->order = ++h->orders;
	p->len = len;
	p->caplen = len < HEARD_BYTES ? len : HEARD_BYTES;
	memcpy(p->bytes, bytes, p->caplen);
}

void heard_sent(struct heard *h, uint8_t host, const uint8_t *bytes, uint32_t len)
{
	keep(h, is_tcp(bytes, len) ? &h->sent[host] : &h->other[host], bytes, len);
}

const struct heard_packet *heard_last(const struct heard *h, uint8_t host)
{
	return h->sent[host].order > h->other[host].order ? &h->sent[host] : &h->other[host];
}

void heard_got(struct heard *h, uint8_t host, const uint8_t *bytes, uint32_t len)
{
	if (is_tcp(bytes, len))
		keep(h, &h->got[host], bytes, len);
}

/* ---- the newest connection ---- */

static bool is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static uint32_t end_of(const struct packet *p)
{
	return p->seq + p->payload_len + !!(p->flags & TCP_SYN) + !!(p->flags & TCP_FIN);
}

static bool read_segment(const struct heard_packet *h, struct packet *p)
{
	if (!h->order)
		return false;
	packet_parse(p, LINK_ETHERNET, h->bytes, h->caplen, h->len);
	return p->protocol == IPPROTO_TCP && p->has_segment;
}

static bool is_of(const struct packet *p, const struct heard_side *s, bool forth)
{
	const uint8_t *src = forth ? s->src : s->dst, *dst = forth ? s->dst : s->src;

	return p->src_port == (forth ? s->src_port : s->dst_port) &&
	       p->dst_port == (forth ? s->dst_port : s->src_port) &&
	       !memcmp(p->src, src, sizeof(p->src)) && !memcmp(p->dst, dst, sizeof(p->dst));
}

/* Addresses from a segment, of this direction or the other one. */
static void name_side(struct heard_side *s, const uint8_t *frame, const struct packet *p,
		      bool forth)
{
	s->ip_version = p->ip_version;
	memcpy(s->dst_mac, frame + (forth ? 0 : 6), 6);
	memcpy(s->src_mac, frame + (forth ? 6 : 0), 6);
	memcpy(s->src, forth ? p->src : p->dst, sizeof(s->src));
	memcpy(s->dst, forth ? p->dst : p->src, sizeof(s->dst));
	s->src_port = forth ? p->src_port : p->dst_port;
	s->dst_port = forth ? p->dst_port : p->src_port;
}

/* What the peer sent: what it expects, and what can be acknowledged. */
static void take_back(struct heard_side *s, const struct packet *back)
{
	if (back->flags & TCP_ACK)
		s->seq = back->ack;
	s->ack = end_of(back);
	s->has_ack = true;
}

bool heard_newest(const struct heard *h, uint8_t from, uint8_t to, struct heard_side *out)
{
	const struct heard_packet *sent = &h->sent[from], *peer = &h->sent[to], *got = &h->got[to];
	struct packet forth, back, arrived;
	bool has_forth = read_segment(sent, &forth), has_back = read_segment(peer, &back);
	bool newest_forth = has_forth && sent->order > peer->order;
	bool expects = false; /* the peer said what */

	*out = (struct heard_side){ .window = UINT16_MAX };
	if (!has_forth && !has_back)
		return false;
	name_side(out, newest_forth ? sent->bytes : peer->bytes, newest_forth ? &forth : &back,
		  newest_forth);
	if (has_back && is_of(&back, out, false)) {
		take_back(out, &back);
		expects = back.flags & TCP_ACK;
	}
	if (has_forth && is_of(&forth, out, true)) {
		out->window = forth.window;
		if (!expects)
			out->seq = end_of(&forth);
		if (forth.flags & TCP_ACK && (!out->has_ack || is_after(forth.ack, out->ack))) {
			out->ack = forth.ack;
			out->has_ack = true;
		}
	}
	if (read_segment(got, &arrived) && is_of(&arrived, out, true) && got->order > peer->order &&
	    (!expects || is_after(end_of(&arrived), out->seq)))
		out->seq = end_of(&arrived);
	return true;
}
