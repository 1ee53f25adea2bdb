/*
 * plan: what gencap's peers plan to send, made into frames, and the capture that sees them: it misses some,
 * repeats some and puts some out of order.
 */
#ifndef SOCKLENS_TESTS_PLAN_H
#define SOCKLENS_TESTS_PLAN_H

#include "tests/bench/capfile.h"

#define PLANS	256
#define MS	1000000ll
#define US	1000ll

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { OPT_MSS = 1, OPT_SCALE = 2, OPT_SACK_OK = 4, OPT_TIMES = 8, OPT_CAPABLE = 16, OPT_DSS = 32, OPT_PRIO = 64 };
enum what { SEGMENT, UNREACHABLE, EXCEEDED, DATAGRAM, ECHO, RESOLVE };
enum tunnel { NO_TUNNEL, IPIP, GRE, VXLAN };

struct plan {
	int64_t at;
	uint32_t seq, ack, sack[4][2];
	uint32_t len;
	uint16_t flags, window, quote;	/* quote: bytes of the TCP header that an error quotes */
	uint8_t dir, options, sacks;
	enum what what : 8;
	bool unseen;			/* by the capture */
	uint16_t piece;			/* fragments of so many bytes; 0: whole */
	bool mixed_up, incomplete;	/* fragments in another order, one missing */
};

struct peer {
	struct ends ends;
	enum tunnel tunnel;
	int64_t clock, rtt;
	uint32_t nxt[2], rcv[2];
	uint16_t window[2];
	uint8_t scale[2];
	bool scales, sacks, times, mptcp;
	unsigned episodes;		/* still to come */
	bool over;
	struct plan plan[PLANS];
	unsigned first, plans;
};

struct gen {
	struct capfile *file;
	uint64_t random;
	uint64_t packets;		/* to write */
	struct peer *peer;
	unsigned peers, *heap;		/* heap: by the time of the next plan */
	void (*begin)(struct gen *g, struct peer *p);
	void (*play)(struct gen *g, struct peer *p);
	uint64_t begun;
	unsigned noise;			/* faults of the capture in 10,000 frames, of each kind */
	int64_t last;			/* time of the latest frame */
	uint16_t id;
	struct frame frame, kept;	/* kept: to be written behind the next one */
	int64_t kept_at;
	bool keeps;
};

/* ---- chance ---- */

static uint32_t random32(struct gen *g)
{
	uint64_t z = g->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)(z >> 32);
}

static uint32_t below(struct gen *g, uint32_t n)
{
	return (uint32_t)((uint64_t)random32(g) * n >> 32);
}

static uint32_t between(struct gen *g, uint32_t low, uint32_t high)
{
	return low + below(g, high - low + 1);
}

static bool chance(struct gen *g, unsigned in_100)
{
	return below(g, 100) < in_100;
}

/* ---- frames ---- */

static void options_put(struct gen *g, struct frame *f, const struct peer *p, const struct plan *s)
{
	if (s->options & OPT_MSS)
		frame_u32(f, 0x020405b4);
	if (s->options & OPT_SACK_OK)
		frame_u32(f, 0x01010402);
	if (s->options & OPT_SCALE)
		frame_u32(f, 0x01030300 | p->scale[s->dir]);
	if (s->options & OPT_CAPABLE) {
		frame_u32(f, 0x1e0c0001);
		frame_u32(f, random32(g));
		frame_u32(f, random32(g));
	}
	if (s->options & OPT_DSS) {
		frame_u32(f, 0x1e082001);
		frame_u32(f, s->ack);
	}
	if (s->options & OPT_PRIO)
		frame_u32(f, 0x011e0350);
	if (s->options & OPT_TIMES) {
		frame_u32(f, 0x0101080a);
		frame_u32(f, (uint32_t)(s->at / MS));
		frame_u32(f, (uint32_t)(s->at / MS) - 7);
	}
	if (s->sacks) {
		frame_u32(f, 0x01010500 | (2 + 8u * s->sacks));
		for (unsigned i = 0; i < s->sacks; i++) {
			frame_u32(f, s->sack[i][0]);
			frame_u32(f, s->sack[i][1]);
		}
	}
}

static void tcp_put(struct gen *g, struct frame *f, const struct peer *p, const struct plan *s)
{
	size_t at = f->len;

	frame_u16(f, p->ends.port[s->dir]);
	frame_u16(f, p->ends.port[!s->dir]);
	frame_u32(f, s->seq);
	frame_u32(f, s->ack);
	frame_u16(f, s->flags);
	frame_u16(f, s->window);
	frame_u32(f, 0);
	options_put(g, f, p, s);
	frame_put16(f, at + 12, (unsigned)(f->len - at) / 4 << 12 | s->flags);
	frame_finish(f, g->file, &p->ends, at, 16, 6, s->len);
}

static void udp_put(struct gen *g, struct frame *f, const struct peer *p, const struct plan *s)
{
	size_t at = f->len;

	frame_u16(f, p->ends.port[s->dir]);
	frame_u16(f, p->ends.port[!s->dir]);
	frame_u16(f, s->len + 8);
	frame_u16(f, 0);
	frame_finish(f, g->file, &p->ends, at, 6, 17, s->len);
}

/* An error of a router about a segment, with the first bytes of it. */
static void error_put(struct gen *g, struct frame *f, const struct peer *p, const struct plan *s)
{
	bool v6 = p->ends.ip_version == 6;
	struct ends router = p->ends;
	struct frame inner;
	size_t at, kept;

	inner.len = 0;
	if (s->flags)
		tcp_put(g, &inner, p, s);
	else
		udp_put(g, &inner, p, s);
	kept = s->quote < inner.len ? s->quote : inner.len;
	memset(router.ip[!s->dir], 0, 16);
	memcpy(router.ip[!s->dir], v6 ? "\x20\x01\x0d\xb8" : "\xc0\x00\x02\xfe", 4);
	frame_ip(f, &router, !s->dir, v6 ? 58 : 1, 8 + (v6 ? 40 : 20) + kept, ++g->id, 0);
	at = f->len;
	frame_u8(f, s->what == EXCEEDED ? (v6 ? 3 : 11) : v6 ? 1 : 3);
	frame_u8(f, s->what == EXCEEDED ? 0 : 1);
	frame_u16(f, 0);
	frame_u32(f, 0);
	frame_ip(f, &p->ends, s->dir, s->flags ? 6 : 17, inner.len, ++g->id, 0x4000);
	frame_bytes(f, inner.byte, kept);
	if (!v6)
		frame_put16(f, at + 2, frame_fold(frame_sum(f, at, f->len)));
}

static void echo_put(struct gen *g, struct frame *f, const struct peer *p, const struct plan *s)
{
	bool v6 = p->ends.ip_version == 6;
	size_t at = f->len;

	frame_u8(f, v6 ? 128u + s->dir : s->dir ? 0 : 8);
	frame_u8(f, 0);
	frame_u16(f, 0);
	frame_u16(f, p->ends.port[0]);
	frame_u16(f, s->seq);
	if (v6)
		frame_finish(f, g->file, &p->ends, at, 2, 58, s->len);
	else
		frame_bytes(f, g->file->payload, s->len);
	if (!v6)
		frame_put16(f, at + 2, frame_fold(frame_sum(f, at, f->len)));
}

static void resolve_put(struct frame *f, const struct peer *p, const struct plan *s)
{
	frame_put16(f, f->len - 2, 0x0806);
	frame_bytes(f, "\0\1\10\0\6\4\0", 7);
	frame_u8(f, 1u + s->dir);
	frame_bytes(f, "\2\0\0\0\0\1", 6);
	frame_bytes(f, p->ends.ip[s->dir], 4);
	frame_bytes(f, "\0\0\0\0\0\0", 6);
	frame_bytes(f, p->ends.ip[!s->dir], 4);
}

/* The IP payload of a plan that is no error. */
static unsigned transport_put(struct gen *g, struct frame *f, const struct peer *p, const struct plan *s)
{
	if (s->what == DATAGRAM)
		udp_put(g, f, p, s);
	else if (s->what == ECHO)
		echo_put(g, f, p, s);
	else
		tcp_put(g, f, p, s);
	return s->what == DATAGRAM ? 17 : s->what == SEGMENT ? 6 : p->ends.ip_version == 6 ? 58 : 1;
}

/* ---- the capture ---- */

static void frame_write(struct gen *g, const struct frame *f, int64_t at)
{
	/* A clock that steps back for one frame. */
	if (g->noise && below(g, 10000) < g->noise / 4)
		at -= between(g, 1, 50) * MS;
	capfile_frame(g->file, f, at);
}

static void frame_capture(struct gen *g, struct frame *f, int64_t at)
{
	bool kept = g->keeps;

	g->last = at;
	if (below(g, 10000) < g->noise)
		return;
	if (!kept && below(g, 10000) < g->noise) {
		memcpy(g->kept.byte, f->byte, f->len);
		g->kept.len = f->len;
		g->kept_at = at;
		g->keeps = true;
		return;
	}
	frame_write(g, f, at);
	if (below(g, 10000) < g->noise / 2)
		frame_write(g, f, at + 10 * US);
	if (kept)
		frame_write(g, &g->kept, g->kept_at + 2 * US);
	g->keeps = g->keeps && !kept;
}

static void fragment_write(struct gen *g, const struct peer *p, const struct plan *s, const struct frame *whole,
			   unsigned protocol, size_t from)
{
	size_t len = whole->len - from < s->piece ? whole->len - from : s->piece;
	unsigned more = from + len < whole->len ? 0x2000 : 0;

	frame_ethernet(&g->frame, &p->ends, s->dir);
	frame_ip(&g->frame, &p->ends, s->dir, protocol, len, g->id, more | (unsigned)from / 8);
	frame_bytes(&g->frame, whole->byte + from, len);
	frame_capture(g, &g->frame, s->at);
}

static void fragments_write(struct gen *g, const struct peer *p, const struct plan *s)
{
	struct frame whole;
	unsigned protocol;
	size_t pieces, missing;

	whole.len = 0;
	protocol = transport_put(g, &whole, p, s);
	pieces = (whole.len + s->piece - 1) / s->piece;
	missing = s->incomplete ? below(g, (uint32_t)pieces) : pieces;
	g->id++;
	for (size_t i = 0; i < pieces; i++) {
		size_t n = s->mixed_up ? pieces - 1 - i : i;

		if (n != missing)
			fragment_write(g, p, s, &whole, protocol, n * s->piece);
	}
}

/* A packet inside another one, between two routers. */
static void tunnel_put(struct gen *g, struct frame *f, const struct peer *p, int dir, const struct frame *inner)
{
	struct ends outer = { .ip_version = 4, .ip = { { 198, 51, 100, 1 }, { 198, 51, 100, 2 } } };
	unsigned ethertype = p->ends.ip_version == 6 ? 0x86dd : 0x0800;

	frame_ethernet(f, &outer, dir);
	if (p->tunnel == IPIP) {
		frame_ip(f, &outer, dir, p->ends.ip_version == 6 ? 41 : 4, inner->len, ++g->id, 0x4000);
	} else if (p->tunnel == GRE) {
		frame_ip(f, &outer, dir, 47, 4 + inner->len, ++g->id, 0x4000);
		frame_u32(f, ethertype);
	} else {
		frame_ip(f, &outer, dir, 17, 16 + inner->len, ++g->id, 0x4000);
		frame_u16(f, 50000);
		frame_u16(f, 4789);
		frame_u16(f, 16 + (unsigned)inner->len);
		frame_u16(f, 0);
		frame_u32(f, 0x08000000);
		frame_u32(f, 7 << 8);
	}
	frame_bytes(f, inner->byte, inner->len);
}

static void plan_write_tunnel(struct gen *g, const struct peer *p, const struct plan *s)
{
	struct frame inner, body;
	unsigned protocol;

	inner.len = body.len = g->frame.len = 0;
	if (p->tunnel == VXLAN)
		frame_ethernet(&inner, &p->ends, s->dir);
	if (s->what == UNREACHABLE || s->what == EXCEEDED) {
		error_put(g, &inner, p, s);
	} else {
		protocol = transport_put(g, &body, p, s);
		frame_ip(&inner, &p->ends, s->dir, protocol, body.len, ++g->id, 0x4000);
		frame_bytes(&inner, body.byte, body.len);
	}
	tunnel_put(g, &g->frame, p, s->dir, &inner);
	frame_capture(g, &g->frame, s->at);
}

static void plan_write(struct gen *g, const struct peer *p, const struct plan *s)
{
	struct frame *f = &g->frame;
	unsigned protocol;
	struct frame body;

	if (s->unseen)
		return;
	if (s->piece) {
		fragments_write(g, p, s);
		return;
	}
	if (p->tunnel) {
		plan_write_tunnel(g, p, s);
		return;
	}
	frame_ethernet(f, &p->ends, s->dir);
	if (s->what == UNREACHABLE || s->what == EXCEEDED) {
		error_put(g, f, p, s);
	} else if (s->what == RESOLVE) {
		resolve_put(f, p, s);
	} else {
		body.len = 0;
		protocol = transport_put(g, &body, p, s);
		frame_ip(f, &p->ends, s->dir, protocol, body.len, ++g->id, 0x4000);
		frame_bytes(f, body.byte, body.len);
	}
	while (f->len < 60)		/* Ethernet's least */
		frame_u8(f, 0);
	frame_capture(g, f, s->at);
}

/* ---- plans ---- */

static void pass(struct gen *g, struct peer *p, int64_t ns)
{
	p->clock += ns / 2 + (int64_t)((uint64_t)random32(g) * (uint64_t)ns >> 32);
}

static struct plan *plan(struct peer *p, int dir, unsigned flags, uint32_t seq, uint32_t len)
{
	static struct plan spare;
	struct plan *s = p->plans < PLANS ? &p->plan[p->plans++] : &spare;

	*s = (struct plan){ .at = p->clock, .seq = seq, .ack = flags & ACK ? p->rcv[dir] : 0, .len = len,
			    .flags = (uint16_t)flags, .window = p->window[dir], .dir = (uint8_t)dir,
			    .what = SEGMENT };
	if (p->times)
		s->options |= OPT_TIMES;
	return s;
}

static struct plan *data(struct peer *p, int dir, uint32_t len)
{
	struct plan *s = plan(p, dir, ACK | PSH, p->nxt[dir], len);

	p->nxt[dir] += len;
	return s;
}

static void got(struct peer *p, int dir)
{
	p->rcv[dir] = p->nxt[!dir];
}

static struct plan *ack(struct peer *p, int dir)
{
	got(p, dir);
	return plan(p, dir, ACK, p->nxt[dir], 0);
}

static uint32_t segment_len(struct gen *g)
{
	return chance(g, 60) ? 1448 : between(g, 1, 1448);
}

#endif
