/*
 * gencap: makes captures to test and measure with: gencap [-f usec|nsec|pcapng] [-b] [-s SNAPLEN] KIND PACKETS SEED FILE
 *
 *	loss	many connections with all that goes wrong in them
 *	bulk	few connections that move much data
 *	short	very many connections of five packets
 *	mixed	TCP, UDP, ICMP, ARP over IPv4 and IPv6, tagged and not, some in fragments
 *	tunnel	as loss, within IP in IP, GRE and VXLAN
 *	wild	segments of all flags and numbers among very few ends, as no two hosts send them
 *
 * How it works: a number of peers live at the same time, each with a queue of planned segments; the one whose
 * next segment is due first writes it.  Where a queue is empty, the peer plays its next episode: a few segments
 * that stand for something that happens in real connections (a loss, a closed window, a reset …).  The last
 * step before the file is the capture itself, which misses frames, repeats them and puts them out of order.
 */
#include <getopt.h>

#include "tests/bench/plan.h"

/* ---- episodes: data ---- */

static void exchange(struct gen *g, struct peer *p)
{
	int d = chance(g, 70) ? 0 : 1;

	data(p, d, between(g, 1, 600));
	pass(g, p, p->rtt);
	if (chance(g, 50)) {
		ack(p, !d);
		pass(g, p, 2 * MS);
	}
	got(p, !d);
	data(p, !d, segment_len(g));
	pass(g, p, p->rtt);
	ack(p, d);
}

static void burst(struct gen *g, struct peer *p)
{
	int d = chance(g, 80) ? 1 : 0;
	unsigned n = between(g, 4, 24);

	for (unsigned i = 0; i < n; i++) {
		data(p, d, segment_len(g));
		pass(g, p, 20 * US);
		if (i % 2) {
			ack(p, !d);
			pass(g, p, 10 * US);
		}
	}
	pass(g, p, p->rtt);
	ack(p, !d);
}

/* A loss behind the capture: duplicate ACKs, SACK, and the segment again: soon, late, or too late. */
static void loss(struct gen *g, struct peer *p)
{
	int d = chance(g, 80) ? 1 : 0;
	uint32_t hole = p->nxt[d], len = segment_len(g), from;
	unsigned more = between(g, 1, 10);
	struct plan *s;

	got(p, !d);
	s = data(p, d, len);
	s->unseen = chance(g, 30);	/* lost before the capture */
	from = p->nxt[d];
	for (unsigned i = 0; i < more; i++) {
		pass(g, p, 30 * US);
		data(p, d, 1448);
		pass(g, p, 30 * US);
		s = plan(p, !d, ACK, p->nxt[!d], 0);
		if (p->sacks) {
			s->sacks = (uint8_t)between(g, 1, p->times ? 3 : 4);
			for (unsigned b = 0; b < s->sacks; b++) {
				s->sack[b][0] = from + 100 * b;
				s->sack[b][1] = b ? from + 100 * b + 50 : p->nxt[d];
			}
		}
		if (chance(g, 5))
			s->window++;
	}
	pass(g, p, chance(g, 60) ? 2 * MS : chance(g, 50) ? 30 * MS : 250 * MS);
	plan(p, d, ACK | PSH, hole, chance(g, 90) ? len : len / 2 + 1);
	if (chance(g, 30)) {
		pass(g, p, 100 * US);
		plan(p, d, ACK, hole + len, 1448);	/* more than was lost */
	}
	pass(g, p, p->rtt);
	if (chance(g, 20)) {
		p->rcv[!d] = hole + len + 700;		/* in the middle of a segment */
		plan(p, !d, ACK, p->nxt[!d], 0);
		pass(g, p, 50 * US);
	}
	ack(p, !d);
}

/* The last segment is lost: it comes again, after longer and longer waits. */
static void timeout(struct gen *g, struct peer *p)
{
	int d = chance(g, 50);
	uint32_t seq = p->nxt[d], len = segment_len(g);
	int64_t wait = 220 * MS;

	data(p, d, len);
	for (unsigned i = between(g, 1, 3); i; i--, wait *= 2) {
		pass(g, p, wait);
		plan(p, d, ACK | PSH, seq, len);
	}
	pass(g, p, p->rtt);
	ack(p, !d);
	if (chance(g, 40)) {			/* … and once more, when it was acknowledged */
		pass(g, p, 3 * MS);
		plan(p, d, ACK | PSH, seq, len);
		pass(g, p, p->rtt);
		ack(p, !d);
	}
}

static void reorder(struct gen *g, struct peer *p)
{
	int d = chance(g, 50);
	uint32_t seq[6], len[6];
	unsigned n = between(g, 2, 6), late = below(g, n);

	for (unsigned i = 0; i < n; i++) {
		seq[i] = p->nxt[d];
		len[i] = segment_len(g);
		p->nxt[d] += len[i];
	}
	for (unsigned i = 0; i <= n; i++) {
		unsigned k = i < n ? i : late;

		if (i == late && n > 1)
			continue;
		plan(p, d, ACK | PSH, seq[k], len[k]);
		pass(g, p, chance(g, 70) ? 200 * US : 5 * MS);
	}
	if (n == 1)
		plan(p, d, ACK | PSH, seq[0], len[0]);
	ack(p, !d);
}

/* ---- episodes: windows ---- */

static uint32_t scaled(const struct peer *p, int dir)
{
	return (uint32_t)p->window[dir] << (p->scales ? p->scale[dir] : 0);
}

/* Fills the window, probes it while it is closed, until it opens. */
static void closed_window(struct gen *g, struct peer *p)
{
	int d = chance(g, 50);
	uint16_t before = p->window[!d];
	unsigned probes = between(g, 0, 3);
	bool took = chance(g, 30);

	p->window[!d] = (uint16_t)between(g, 1, 20);
	ack(p, !d);
	pass(g, p, 5 * MS);
	if (chance(g, 80))
		data(p, d, scaled(p, !d) < 30000 ? scaled(p, !d) : 1448);
	pass(g, p, p->rtt);
	p->window[!d] = 0;
	ack(p, !d);
	for (unsigned i = 0; i < probes; i++) {
		pass(g, p, 300 * MS);
		if (chance(g, 70)) {
			plan(p, d, ACK, p->nxt[d], 1);
			if (took)
				p->nxt[d]++;
		} else {
			plan(p, d, ACK, p->nxt[d] - 1, below(g, 2));
		}
		pass(g, p, p->rtt);
		if (chance(g, 60))
			ack(p, !d);
		else
			plan(p, !d, ACK, p->nxt[!d], 0);
	}
	pass(g, p, 100 * MS);
	p->window[!d] = before;
	ack(p, !d)->sacks = 0;
	pass(g, p, p->rtt);
	data(p, d, segment_len(g));
	pass(g, p, p->rtt);
	ack(p, !d);
}

static void update_window(struct gen *g, struct peer *p)
{
	int d = chance(g, 50);
	struct plan *s;

	p->window[d] = (uint16_t)(p->window[d] + between(g, 1, 99));
	s = plan(p, d, ACK, p->nxt[d], 0);
	if (p->sacks && chance(g, 30)) {
		s->sacks = 1;
		s->sack[0][0] = p->nxt[!d] + 1000;
		s->sack[0][1] = p->nxt[!d] + 2000;
	}
	pass(g, p, 3 * MS);
}

/* ---- episodes: silence, oddities ---- */

static void keep_alive(struct gen *g, struct peer *p)
{
	int d = chance(g, 50);

	for (unsigned i = between(g, 1, 3); i; i--) {
		pass(g, p, 250 * MS);
		plan(p, d, ACK, p->nxt[d] - 1, below(g, 2));
		pass(g, p, p->rtt);
		if (chance(g, 85))
			plan(p, !d, ACK, p->nxt[!d], 0);
	}
}

/* The capture misses a part. */
static void gap(struct gen *g, struct peer *p)
{
	int d = chance(g, 50);

	for (unsigned i = between(g, 1, 4); i; i--) {
		data(p, d, segment_len(g))->unseen = true;
		pass(g, p, 100 * US);
		if (chance(g, 40))
			ack(p, !d)->unseen = chance(g, 50);
	}
	pass(g, p, p->rtt);
	if (chance(g, 50))
		data(p, d, segment_len(g));
	ack(p, !d);
	if (chance(g, 40))
		ack(p, !d);
}

static void error(struct gen *g, struct peer *p)
{
	int d = chance(g, 50);
	struct plan *s = plan(p, d, chance(g, 80) ? ACK : SYN, p->nxt[d] - below(g, 2) * 100, below(g, 100));

	s->what = chance(g, 50) ? UNREACHABLE : EXCEEDED;
	s->quote = (uint16_t)(chance(g, 50) ? 8 : between(g, 12, 64));
	pass(g, p, 3 * MS);
}

/* MPTCP: an option of a new kind excuses one duplicate ACK. */
static void multipath(struct gen *g, struct peer *p)
{
	int d = chance(g, 50);

	ack(p, d)->options |= OPT_DSS;
	for (unsigned i = between(g, 1, 3); i; i--) {
		pass(g, p, MS);
		plan(p, d, ACK, p->nxt[d], 0)->options |= chance(g, 50) ? OPT_DSS : OPT_PRIO;
		if (chance(g, 40))
			plan(p, !d, ACK, p->nxt[!d], 0)->options |= OPT_PRIO;
	}
	pass(g, p, MS);
}

/* Segments that no good stack sends. */
static void oddity(struct gen *g, struct peer *p)
{
	int d = chance(g, 50);
	uint32_t far[] = { p->nxt[d] + 100000, p->nxt[d] - 5000, p->nxt[d] + 0x80000000u, 0, p->nxt[d] - 1, p->nxt[d] };
	unsigned flags[] = { ACK, 0, PSH, RST, RST | ACK, FIN, SYN | ACK, ACK | PSH, SYN };
	struct plan *s = plan(p, d, flags[below(g, 9)], far[below(g, 6)], chance(g, 50) ? 0 : between(g, 1, 200));

	if (chance(g, 30))
		s->ack = far[below(g, 6)];
	if (chance(g, 20))
		s->window = (uint16_t)below(g, 3);
	if (chance(g, 10))
		s->options |= OPT_SCALE;
	pass(g, p, MS);
}

/* ---- episodes: beginning and end ---- */

static struct plan *syn(struct gen *g, struct peer *p, int d, unsigned flags, uint32_t seq)
{
	struct plan *s = plan(p, d, flags, seq, 0);

	(void)g;
	s->options |= OPT_MSS;
	if (p->sacks)
		s->options |= OPT_SACK_OK;
	if (p->scales)
		s->options |= OPT_SCALE;
	if (p->mptcp)
		s->options = (uint8_t)((s->options & ~OPT_TIMES) | OPT_CAPABLE);
	return s;
}

static void simultaneous_open(struct gen *g, struct peer *p)
{
	for (int d = 0; d < 2; d++) {
		syn(g, p, d, SYN, p->nxt[d]);
		pass(g, p, p->rtt);
		p->nxt[d]++;
	}
	for (int d = 0; d < 2; d++) {
		got(p, d);
		syn(g, p, d, SYN | ACK, p->nxt[d] - 1);
		pass(g, p, p->rtt);
	}
}

static void open_connection(struct gen *g, struct peer *p)
{
	uint32_t kind = below(g, 100), start = p->nxt[0], other = p->nxt[1];

	if (kind < 10) {			/* the capture starts later */
		p->rcv[0] = other;
		p->rcv[1] = start;
		return;
	}
	if (kind < 14) {
		simultaneous_open(g, p);
		return;
	}
	for (unsigned i = kind < 22 ? 2 : 1; i; i--) {
		syn(g, p, 0, SYN, start);
		pass(g, p, i > 1 ? 1000 * MS : p->rtt);
	}
	p->nxt[0]++;
	if (kind >= 22 && kind < 26) {		/* nobody answers, or with a refusal */
		p->rcv[1] = p->nxt[0];
		if (chance(g, 50))
			plan(p, 1, RST | ACK, 0, 0);
		p->over = true;
		return;
	}
	got(p, 1);
	syn(g, p, 1, SYN | ACK, other);
	if (kind < 34) {			/* again; or from a server that has begun anew */
		pass(g, p, 1000 * MS);
		if (chance(g, 50))
			p->nxt[1] = other += 12345;
		syn(g, p, 1, SYN | ACK, other);
	}
	p->nxt[1]++;
	pass(g, p, p->rtt);
	ack(p, 0)->unseen = kind == 35;
	pass(g, p, 200 * US);
}

static void close_connection(struct gen *g, struct peer *p)
{
	int d = chance(g, 50);
	uint32_t kind = below(g, 100), fin = p->nxt[d];

	if (kind < 15)				/* left open */
		return;
	if (kind < 35) {
		plan(p, d, chance(g, 50) ? RST | ACK : RST, p->nxt[d], 0);
		if (chance(g, 30))
			plan(p, !d, RST, p->nxt[!d], 0);
		return;
	}
	plan(p, d, FIN | ACK | PSH, fin, kind < 50 ? between(g, 1, 1448) : 0);
	p->nxt[d] += (p->plan[p->plans - 1].len) + 1;
	pass(g, p, p->rtt);
	if (kind < 45) {			/* the FIN again */
		pass(g, p, 220 * MS);
		plan(p, d, FIN | ACK, p->nxt[d] - 1, 0);
	}
	if (kind >= 80) {			/* half closed: data goes on the other way */
		ack(p, !d);
		for (unsigned i = between(g, 1, 5); i; i--) {
			pass(g, p, 2 * MS);
			data(p, !d, segment_len(g));
			pass(g, p, p->rtt);
			ack(p, d);
		}
	}
	if (kind >= 75 && kind < 80)		/* both at once */
		p->rcv[!d] = fin;
	else
		got(p, !d);
	plan(p, !d, FIN | ACK, p->nxt[!d]++, 0);
	pass(g, p, p->rtt);
	ack(p, d);
	if (kind >= 75 && kind < 80)
		ack(p, !d);
	if (kind >= 70 && kind < 75)
		plan(p, !d, RST, p->nxt[!d], 0);
}

static void play_loss(struct gen *g, struct peer *p)
{
	static const struct {
		unsigned weight;
		void (*play)(struct gen *g, struct peer *p);
	} episodes[] = {
		{ 30, exchange }, { 36, burst }, { 10, loss }, { 4, timeout }, { 4, reorder }, { 3, closed_window },
		{ 2, update_window }, { 2, keep_alive }, { 3, gap }, { 1, error }, { 1, multipath }, { 3, oddity },
	};
	unsigned all = 0, pick;

	for (size_t i = 0; i < sizeof(episodes) / sizeof(episodes[0]); i++)
		all += episodes[i].weight;
	if (!p->episodes) {
		close_connection(g, p);
		p->over = true;
		return;
	}
	p->episodes--;
	pass(g, p, 20 * MS);
	pick = below(g, all);
	for (size_t i = 0;; i++) {
		if (pick < episodes[i].weight) {
			episodes[i].play(g, p);
			return;
		}
		pick -= episodes[i].weight;
	}
}

/* ---- peers ---- */

static void ends_choose(struct gen *g, struct ends *e, bool v6, bool tagged)
{
	uint64_t n = g->begun++;

	*e = (struct ends){ .ip_version = v6 ? 6 : 4 };
	for (int d = 0; d < 2; d++) {
		uint32_t host = d ? below(g, 50) : (uint32_t)(n / 1000) & 0xffff;

		memcpy(e->ip[d], v6 ? "\x20\x01\x0d\xb8" : "\x0a\0\0\0", 4);
		e->ip[d][1] = v6 ? e->ip[d][1] : (uint8_t)(d ? 200 : 1);
		e->ip[d][v6 ? 14 : 2] = (uint8_t)(host >> 8);
		e->ip[d][v6 ? 15 : 3] = (uint8_t)host;
		if (v6)
			e->ip[d][8] = (uint8_t)(d + 1);
	}
	e->port[0] = (uint16_t)(50000 + n % 1000 * 4 + below(g, 4));
	e->port[1] = (uint16_t)(61001 + below(g, 20));
	if (tagged)
		e->vlan = (int)between(g, 1, 4094) | (chance(g, 20) ? (int)between(g, 1, 4094) << 12 : 0);
}

static uint32_t first_number(struct gen *g)
{
	uint32_t kind = below(g, 100);

	return kind < 90 ? random32(g) : kind < 95 ? 0u - between(g, 1, 20000) : kind < 98 ? UINT32_MAX : 0;
}

static void begin_tcp(struct gen *g, struct peer *p)
{
	p->clock = g->last;
	p->rtt = (int64_t)between(g, 50, 80000) * US;
	p->scales = chance(g, 80);
	p->sacks = chance(g, 70);
	p->times = chance(g, 50);
	p->over = false;
	p->first = p->plans = 0;
	for (int d = 0; d < 2; d++) {
		p->scale[d] = (uint8_t)below(g, 15);
		p->window[d] = (uint16_t)between(g, 200, 65535);
		p->rcv[d] = 0;
	}
	pass(g, p, 50 * MS);
}

static void begin_loss(struct gen *g, struct peer *p)
{
	bool reused = p->ends.ip_version && chance(g, 20), same = chance(g, 30);

	if (!reused)
		ends_choose(g, &p->ends, chance(g, 20), chance(g, 10));
	for (int d = 0; d < 2; d++)
		if (!reused || !same)
			p->nxt[d] = first_number(g);
	begin_tcp(g, p);
	p->mptcp = chance(g, 5);
	p->times = p->times && !p->mptcp;
	p->episodes = between(g, 0, 16);
	open_connection(g, p);
}

static void play_bulk(struct gen *g, struct peer *p)
{
	int d = p->ends.port[1] & 1;
	uint32_t flight = 64 + (p->ends.port[0] & 7) * 128;

	for (unsigned i = 0; i < 64; i++) {
		data(p, d, 1448);
		pass(g, p, 2 * US);
		if (i % 2 == 0)
			continue;
		if (p->nxt[d] - p->rcv[!d] > flight * 1448) {
			p->rcv[!d] += 2 * 1448;
			plan(p, !d, ACK, p->nxt[!d], 0);
		}
	}
	if (!chance(g, 1))
		return;
	for (unsigned i = 0; i < 20; i++)	/* one was lost */
		plan(p, !d, ACK, p->nxt[!d], 0);
	plan(p, d, ACK, p->rcv[!d], 1448);
	pass(g, p, 50 * US);
	p->rcv[!d] = p->nxt[d];
	plan(p, !d, ACK, p->nxt[!d], 0);
}

static void begin_bulk(struct gen *g, struct peer *p)
{
	ends_choose(g, &p->ends, chance(g, 20), false);
	p->nxt[0] = random32(g);
	p->nxt[1] = random32(g);
	begin_tcp(g, p);
	p->mptcp = false;
	p->window[0] = p->window[1] = 60000;
	p->scale[0] = p->scale[1] = 7;
	syn(g, p, 0, SYN, p->nxt[0]++);
	got(p, 1);
	syn(g, p, 1, SYN | ACK, p->nxt[1]++);
	pass(g, p, p->rtt);
	ack(p, 0);
}

static void play_short(struct gen *g, struct peer *p)
{
	(void)g;
	p->over = true;
}

static void begin_short(struct gen *g, struct peer *p)
{
	ends_choose(g, &p->ends, chance(g, 10), false);
	p->nxt[0] = random32(g);
	p->nxt[1] = random32(g);
	begin_tcp(g, p);
	p->mptcp = false;
	syn(g, p, 0, SYN, p->nxt[0]++);
	pass(g, p, p->rtt);
	got(p, 1);
	syn(g, p, 1, SYN | ACK, p->nxt[1]++);
	pass(g, p, p->rtt);
	got(p, 0);
	data(p, 0, between(g, 20, 200));
	pass(g, p, p->rtt);
	got(p, 1);
	data(p, 1, between(g, 20, 200))->flags |= FIN;
	pass(g, p, p->rtt);
	p->nxt[1]++;
	got(p, 0);
	plan(p, 0, RST | ACK, p->nxt[0], 0);
}

/* One or two packets of a kind without connection, some of them in fragments. */
static void play_mixed(struct gen *g, struct peer *p)
{
	static const enum what kinds[] = { DATAGRAM, DATAGRAM, DATAGRAM, ECHO, UNREACHABLE, RESOLVE };
	enum what what = kinds[below(g, 6)];

	if (!p->episodes--) {
		p->over = true;
		return;
	}
	if (p->ends.port[0] & 1) {		/* half of the peers speak TCP */
		exchange(g, p);
		if (chance(g, 10))
			p->plan[p->plans - 1].what = EXCEEDED, p->plan[p->plans - 1].quote = 64;
	} else {
		for (int d = 0; d < 2; d++) {
			struct plan *s = plan(p, d, 0, p->episodes, what == RESOLVE ? 28 : between(g, 10, 1400));

			s->what = what;
			if (what == RESOLVE && p->ends.ip_version == 6)
				s->what = DATAGRAM;
			s->quote = 64;
			pass(g, p, p->rtt);
		}
	}
	for (unsigned i = 0; i < p->plans; i++) {
		struct plan *s = &p->plan[i];

		if ((s->what != DATAGRAM && s->what != SEGMENT) || !chance(g, 12))
			continue;
		s->len += s->what == DATAGRAM ? between(g, 0, 6000) : 0;
		s->piece = (uint16_t)(chance(g, 60) ? 1480 : 8 * between(g, 1 + s->len / 100, 185));
		s->mixed_up = chance(g, 20);
		s->incomplete = chance(g, 10);
	}
}

static void begin_mixed(struct gen *g, struct peer *p)
{
	ends_choose(g, &p->ends, chance(g, 40), chance(g, 30));
	p->nxt[0] = random32(g);
	p->nxt[1] = random32(g);
	begin_tcp(g, p);
	p->mptcp = false;
	p->episodes = between(g, 1, 20);
	if (p->ends.port[0] & 1)
		open_connection(g, p);
}

static void begin_tunnel(struct gen *g, struct peer *p)
{
	begin_loss(g, p);
	p->tunnel = (enum tunnel)between(g, IPIP, VXLAN);
}

/* ---- segments that only chance sends ---- */

enum { WILD_SERVERS = 3 };

static void wild_options(struct gen *g, struct peer *p, struct plan *s)
{
	static const uint8_t sets[] = { 0, 0, 0, 0, OPT_SCALE, OPT_MSS | OPT_SCALE | OPT_SACK_OK, OPT_DSS, OPT_PRIO };

	s->options = sets[below(g, sizeof(sets))];
	p->scale[s->dir] = (uint8_t)(chance(g, 80) ? below(g, 4) : below(g, 256));
	if (s->options || !chance(g, 20))
		return;
	s->sacks = (uint8_t)between(g, 1, 4);
	for (unsigned i = 0; i < s->sacks; i++) {
		s->sack[i][0] = s->ack + below(g, 5) * 100;
		s->sack[i][1] = s->sack[i][0] + below(g, 4) * 100;
	}
}

static void play_wild(struct gen *g, struct peer *p)
{
	static const uint8_t flags[] = { ACK, ACK, ACK, ACK, ACK | PSH, ACK | PSH, SYN, SYN | ACK, FIN | ACK, RST,
					 RST | ACK, 0, PSH, FIN, SYN | FIN, SYN | RST };
	static const uint16_t lens[] = { 0, 0, 0, 1, 1, 2, 100, 100, 200, 300 };
	static const uint16_t windows[] = { 0, 0, 1, 100, 200, 200, 65535 };
	static const int64_t waits[] = { 0, 1000, MS, 2 * MS, 10 * MS, 20 * MS, 300 * MS };
	int d = chance(g, 50);
	uint32_t step = chance(g, 80) ? 100 : 1;
	struct plan *s = plan(p, d, flags[below(g, sizeof(flags))], p->nxt[d] + (below(g, 7) - 2) * step, lens[below(g, 10)]);

	s->ack = chance(g, 95) ? p->nxt[!d] + (below(g, 7) - 2) * step : 0;
	s->window = windows[below(g, 7)];
	wild_options(g, p, s);
	if (chance(g, 30))
		p->nxt[d] += s->len;
	pass(g, p, waits[below(g, 7)]);
	if (chance(g, 2))
		p->over = true;
}

static void begin_wild(struct gen *g, struct peer *p)
{
	static const uint32_t starts[] = { 0, 1, 1000, 0xfffffe00, 0x7fffff00, 0x80000000 };
	unsigned server = below(g, WILD_SERVERS);

	p->ends = (struct ends){ .ip_version = 4, .ip = { { 10, 1, 0, 1 }, { 10, 200, 0, (uint8_t)(1 + server) } },
				 .port = { (uint16_t)(50000 + below(g, 3)), 61001 } };
	if (server == 0) {		/* both ends are the same */
		memcpy(p->ends.ip[1], p->ends.ip[0], 4);
		p->ends.port[0] = p->ends.port[1];
	}
	for (int d = 0; d < 2; d++)
		p->nxt[d] = starts[below(g, 6)];
	begin_tcp(g, p);
	p->times = p->mptcp = false;
}

/* ---- the loop ---- */

static int64_t due(const struct gen *g, unsigned at)
{
	const struct peer *p = &g->peer[g->heap[at]];

	return p->first < p->plans ? p->plan[p->first].at : p->clock;
}

static void heap_sink(struct gen *g, unsigned at)
{
	for (unsigned child; (child = 2 * at + 1) < g->peers; at = child) {
		unsigned swap;

		child += child + 1 < g->peers && due(g, child + 1) < due(g, child);
		if (due(g, at) <= due(g, child))
			return;
		swap = g->heap[at];
		g->heap[at] = g->heap[child];
		g->heap[child] = swap;
	}
}

static void peer_step(struct gen *g, struct peer *p)
{
	if (p->first < p->plans) {
		plan_write(g, p, &p->plan[p->first++]);
		return;
	}
	p->first = p->plans = 0;
	if (p->over)
		g->begin(g, p);
	else
		g->play(g, p);
}

static void generate(struct gen *g)
{
	g->peer = calloc(g->peers, sizeof(*g->peer));
	g->heap = calloc(g->peers, sizeof(*g->heap));
	if (!g->peer || !g->heap)
		exit(1);
	for (unsigned i = 0; i < g->peers; i++) {
		g->heap[i] = i;
		g->begin(g, &g->peer[i]);
	}
	for (unsigned i = g->peers; i-- > 0;)
		heap_sink(g, i);
	while (g->file->frames < g->packets) {
		peer_step(g, &g->peer[g->heap[0]]);
		heap_sink(g, 0);
	}
	free(g->peer);
	free(g->heap);
}

static const struct kind {
	const char *name;
	unsigned peers, noise;
	void (*begin)(struct gen *g, struct peer *p);
	void (*play)(struct gen *g, struct peer *p);
} kinds[] = {
	{ "loss", 40, 40, begin_loss, play_loss },
	{ "bulk", 8, 0, begin_bulk, play_bulk },
	{ "short", 500, 0, begin_short, play_short },
	{ "mixed", 30, 20, begin_mixed, play_mixed },
	{ "tunnel", 20, 40, begin_tunnel, play_loss },
	{ "wild", 5, 20, begin_wild, play_wild },
};

static int usage(void)
{
	fprintf(stderr, "usage: gencap [-f usec|nsec|pcapng] [-b] [-s SNAPLEN] [-q] loss|bulk|short|mixed|tunnel|wild PACKETS SEED FILE\n"
			"  -b the other byte order  -q a capture without faults of its own\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const char *const formats[] = { "usec", "nsec", "pcapng" };
	enum capfile_format format = CAPFILE_USEC;
	struct gen *g = calloc(1, sizeof(*g));
	bool swapped = false, quiet = false;
	uint32_t snaplen = 262144;

	for (int o; (o = getopt(argc, argv, "f:bs:q")) != -1;) {
		if (o == 'f')
			for (int i = 0; i < 3; i++)
				format = strcmp(optarg, formats[i]) == 0 ? (enum capfile_format)i : format;
		else if (o == 's')
			snaplen = (uint32_t)strtoul(optarg, NULL, 10);
		else if (o == 'b')
			swapped = true;
		else if (o == 'q')
			quiet = true;
		else
			return usage();
	}
	if (argc - optind != 4 || !g)
		return usage();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[optind], kinds[i].name) != 0)
			continue;
		g->peers = kinds[i].peers;
		g->noise = quiet ? 0 : kinds[i].noise;
		g->begin = kinds[i].begin;
		g->play = kinds[i].play;
	}
	if (!g->begin)
		return usage();
	g->packets = strtoull(argv[optind + 1], NULL, 10);
	g->random = strtoull(argv[optind + 2], NULL, 10) * 1000003;
	g->last = 1790000000ll * 1000000000;
	g->file = capfile_open(argv[optind + 3], format, swapped, snaplen);
	generate(g);
	capfile_close(g->file);
	free(g);
	return 0;
}
