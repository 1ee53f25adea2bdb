/*
 * How it works: the segment, both sides and the rules are gathered in a struct work; each rule is a small
 * function over it.  X is the segment's sender, Y the other side, as in the specification.
 *
 * Two things are kept as Wireshark does them, strange as they are: 0 stands for "not known" in several
 * numbers, and an elapsed time below zero counts as very long.
 */
#include "capture/analysis_impl.h"

enum {
	FAST_NS = 20000000, /* F12 b */
	REORDERED_NS = 3000000, /* F12 c, as long as no round trip is known */
	SACK_COUNTED = 3, /* blocks that bytes in flight are less by */
	SCALE_MAX = 14, /* RFC 7323 section 2.3 */
};

const struct tcp_rules tcp_rule_sets[TCP_RULE_SETS] = {
	{
		.name = "4.0",
		.marks_reported = true,
	},
	{
		.name = "4.4",
		.reopens_after_end = true,
		.bases_from_all = true,
		.probe_ack_takes_byte = true,
		.sack_is_no_update = true,
		.follows_lost = true,
		.fast_by_sack = true,
		.uncovered_only = true,
		.rto_by_start = true,
		.partial_acks = true,
	},
	{
		.name = "4.6",
		.reopens_after_end = true,
		.bases_from_all = true,
		.probe_ack_takes_byte = true,
		.sack_is_no_update = true,
		.follows_lost = true,
		.fast_by_sack = true,
		.uncovered_only = true,
		.rto_by_start = true,
		.partial_acks = true,
		.since_other_side = true,
	},
};
const struct tcp_rules *const tcp_rules_newest = &tcp_rule_sets[TCP_RULE_SETS - 1];

#define NAME(n, name, words) [n] = { .bit = 1 << (n), .field = (name), .text = (words) }
const struct verdict_name verdict_names[VERDICTS] = {
	NAME(0, "retransmission", "retransmission"),
	NAME(1, "fast_retransmission", "fast retransmission"),
	NAME(2, "spurious_retransmission", "spurious retransmission"),
	NAME(3, "out_of_order", "out of order"),
	NAME(4, "duplicate_ack", "duplicate ACK"),
	NAME(5, "lost_segment", "previous segment not captured"),
	NAME(6, "ack_lost_segment", "ACKed unseen segment"),
	NAME(7, "window_update", "window update"),
	NAME(8, "window_full", "window full"),
	NAME(9, "zero_window", "zero window"),
	NAME(10, "zero_window_probe", "zero-window probe"),
	NAME(11, "zero_window_probe_ack", "zero-window probe ACK"),
	NAME(12, "keep_alive", "keep-alive"),
	NAME(13, "keep_alive_ack", "keep-alive ACK"),
	NAME(14, "reused_ports", "port numbers reused"),
	NAME(15, "partial_ack", "partial ACK"),
};

struct work {
	struct tcp *t;
	struct unacked *pool;
	const struct tcp_rules *rules;
	const struct packet *p;
	struct tcp_side *x, *y;
	int dir;
	uint32_t frame;
	int64_t now;
	uint32_t len, end; /* end: as M1 says */
	bool phantom; /* SYN or FIN: a number without a byte */
	bool plain; /* none of SYN, FIN, RST */
	bool repeats; /* a plain segment without data, with the numbers of the one before */
	struct verdict *v;
};

static void give(struct work *w, enum verdict_bit bit)
{
	w->v->bits |= (uint16_t)bit;
}

static bool given(const struct work *w, enum verdict_bit bit)
{
	return w->v->bits & bit;
}

static bool window_is(const struct tcp_side *side, uint16_t window)
{
	return (side->bits & TCP_SIDE_WINDOW) && side->window == window;
}

/* Wireshark's comparison is unsigned: time that ran backwards is long. */
static bool within(int64_t since, int64_t now, int64_t limit)
{
	return (uint64_t)now - (uint64_t)since < (uint64_t)limit;
}

void tcp_lone_put(struct tcp *t, struct unacked *pool, int dir)
{
	struct tcp_side *x = &t->side[dir];
	const struct unacked_segment s = {
		.start = x->lone, .end = x->high, .frame = x->high_frame, .ts_ns = t->high_ns[dir]
	};

	x->unacked = 0;
	unacked_add(pool, &x->unacked, &s);
}

/* ---- F1 to F9: what the segment says of windows and of being alive ---- */

static bool is_window_probe(const struct work *w)
{
	return w->len == 1 && w->p->seq == w->x->high && window_is(w->y, 0);
}

static bool has_lost_before(const struct work *w)
{
	return w->x->high && tcp_above(w->p->seq, w->x->high) && !(w->p->flags & TCP_RST);
}

static bool is_keep_alive(const struct work *w)
{
	return w->len <= 1 && w->p->seq == w->x->high - 1 && w->plain;
}

static bool is_window_update(const struct work *w)
{
	return w->p->ack == w->x->last_ack && w->p->window && !window_is(w->x, w->p->window);
}

static bool fills_window(const struct work *w)
{
	const struct tcp_side *y = w->y;
	uint32_t window = y->bits & TCP_SIDE_WINDOW ? y->window : UINT32_MAX;

	if (!w->len || !w->plain || y->scale == TCP_SCALE_UNKNOWN)
		return false;
	if (!(y->bits & TCP_SIDE_FIRST_ACK) && y->scale >= TCP_SCALE_SHIFT)
		window <<= y->scale - TCP_SCALE_SHIFT;
	return w->p->seq + w->len == y->last_ack + window;
}

static bool is_keep_alive_ack(const struct work *w)
{
	return w->p->ack == w->x->last_ack && w->p->window && window_is(w->x, w->p->window) &&
	       (w->y->verdict & VERDICT_KEEP_ALIVE);
}

static bool is_probe_ack(struct work *w)
{
	bool takes = w->rules->probe_ack_takes_byte && w->p->ack == w->x->last_ack + 1;

	if (w->p->window || !window_is(w->x, 0) || !(w->y->verdict & VERDICT_ZERO_WINDOW_PROBE))
		return false;
	if (takes)
		w->y->high = w->y->contig = w->p->ack;
	return takes || w->p->ack == w->x->last_ack;
}

static void count_dup_ack(struct work *w)
{
	struct tcp_side *x = w->x;

	give(w, VERDICT_DUPLICATE_ACK);
	if (x->dup_acks == TCP_DUP_REPORTED)
		x->dup_acks = 0;
	if (x->dup_acks < TCP_DUP_REPORTED - 1)
		x->dup_acks++;
	w->v->dup_ack = x->dup_acks;
	w->v->dup_ack_frame = x->ack_frame;
}

/* A path of its own may bring an old number anew: RFC 8684 section 3.3. */
static bool is_dup_ack(const struct work *w)
{
	return w->p->ack == w->x->last_ack && w->p->window && window_is(w->x, w->p->window) &&
	       !(w->x->bits & TCP_SIDE_MPTCP);
}

static void flags_of_repeated_numbers(struct work *w)
{
	if (is_window_update(w))
		give(w, VERDICT_WINDOW_UPDATE);
	if (is_keep_alive_ack(w))
		give(w, VERDICT_KEEP_ALIVE_ACK);
	else if (is_probe_ack(w))
		give(w, VERDICT_ZERO_WINDOW_PROBE_ACK);
	else if (is_dup_ack(w))
		count_dup_ack(w);
}

static void flags_of_windows(struct work *w)
{
	if (is_window_probe(w)) {
		give(w, VERDICT_ZERO_WINDOW_PROBE);
		return;
	}
	if (w->plain && !w->p->window)
		give(w, VERDICT_ZERO_WINDOW);
	if (has_lost_before(w)) {
		give(w, VERDICT_LOST_SEGMENT);
		w->x->bits |= TCP_SIDE_HOLE;
	}
	if (is_keep_alive(w))
		give(w, VERDICT_KEEP_ALIVE);
	if (fills_window(w))
		give(w, VERDICT_WINDOW_FULL);
	if (w->repeats)
		flags_of_repeated_numbers(w);
}

/* ---- F10, F11: what it acknowledges ---- */

static void note_ack(struct work *w)
{
	if (w->p->ack == w->x->last_ack)
		return;
	w->x->ack_frame = w->frame;
	w->x->dup_acks = 0;
}

/* R40: reported once for each hole. */
static void ack_lost_marked(struct work *w)
{
	struct tcp_side *y = w->y;

	if (tcp_below(y->contig, y->high)) {
		give(w, VERDICT_ACK_LOST_SEGMENT);
		y->contig = y->high;
		return;
	}
	w->v->item = true;
	if (y->dup_acks == 0)
		give(w, VERDICT_ACK_LOST_SEGMENT);
	y->dup_acks = TCP_DUP_REPORTED;
}

/* The end of the gapless run of remembered segments that begins at the ACK; the ACK if there is none. */
static uint32_t run_end(const struct work *w)
{
	size_t count = unacked_count(w->pool, w->y->unacked);
	uint32_t left = 0, right = 0;

	for (size_t i = count; i-- > 0;) {
		const struct unacked_segment *s = unacked_at(w->pool, w->y->unacked, i);

		if (i == count - 1) {
			left = s->start;
			right = s->end;
		}
		if (!tcp_at_most(w->p->ack, s->start))
			continue;
		if (s->end != left)
			right = s->end;
		left = s->start;
	}
	return left == w->p->ack && tcp_above(right, w->p->ack) ? right : w->p->ack;
}

static void ack_lost_followed(struct work *w)
{
	struct tcp_side *y = w->y;

	if (w->p->ack == w->x->last_ack + 1 && w->p->seq == w->x->high &&
	    (y->verdict & VERDICT_ZERO_WINDOW_PROBE)) {
		give(w, VERDICT_WINDOW_UPDATE);
		y->high = y->contig = w->p->ack;
		return;
	}
	give(w, VERDICT_ACK_LOST_SEGMENT);
	y->contig = run_end(w);
}

static void flags_of_acks(struct work *w)
{
	if (!(w->p->flags & TCP_ACK) || !w->y->contig || !tcp_above(w->p->ack, w->y->contig))
		return;
	if (w->rules->follows_lost)
		ack_lost_followed(w);
	else
		ack_lost_marked(w);
}

/* ---- F12: retransmissions and what looks like them ---- */

static bool goes_back(const struct work *w)
{
	uint32_t seq = w->p->seq, high = w->x->high;

	/* A number below, with data: the first segment behind a window probe. */
	if (w->len > 1 && seq == high - 1)
		return false;
	return high && tcp_below(seq, high);
}

static bool is_spurious(const struct work *w)
{
	return w->len && w->y->last_ack && tcp_at_most(w->p->seq + w->len, w->y->last_ack);
}

static bool is_fast(const struct work *w)
{
	const struct tcp_side *y = w->y;
	bool asked_for =
		y->last_ack == w->p->seq || (w->rules->fast_by_sack && (y->bits & TCP_SIDE_SACK));

	return y->dup_acks >= 2 && asked_for && within(w->t->last_ns[!w->dir], w->now, FAST_NS);
}

/* 8.2 c: a remembered segment has all of it. */
static bool is_covered(const struct work *w)
{
	size_t count = unacked_count(w->pool, w->x->unacked);

	for (size_t i = 0; i < count; i++) {
		const struct unacked_segment *s = unacked_at(w->pool, w->x->unacked, i);

		if (tcp_at_most(s->start, w->p->seq) && tcp_at_most(w->p->seq + w->len, s->end))
			return true;
	}
	return false;
}

static bool is_reordered(const struct work *w)
{
	int64_t limit = tcp_initial_rtt(w->t) ? tcp_initial_rtt(w->t) : REORDERED_NS;
	bool top_again = w->x->high == w->p->seq + w->len + w->phantom;

	if (w->rules->uncovered_only)
		top_again = top_again && (w->x->bits & TCP_SIDE_HIGH_DATA);
	if (top_again)
		return false;
	if (w->rules->since_other_side ? w->now - w->t->last_ns[!w->dir] >= limit
				       : !within(w->t->high_ns[w->dir], w->now, limit))
		return false;
	return !w->rules->uncovered_only || !is_covered(w);
}

static void note_rto(struct work *w)
{
	size_t count = unacked_count(w->pool, w->x->unacked), i = 0;
	const struct unacked_segment *s;

	while (w->rules->rto_by_start && i < count &&
	       !tcp_at_most(w->p->seq, unacked_at(w->pool, w->x->unacked, i)->start))
		i++;
	s = i < count ? unacked_at(w->pool, w->x->unacked, i) : NULL;
	w->v->rto_ns = w->now - (s ? s->ts_ns : w->t->high_ns[w->dir]);
	/* A time of 0 is none. */
	if (w->v->rto_ns)
		w->v->rto_frame = s ? s->frame : w->x->high_frame;
}

static void flags_of_repetition(struct work *w)
{
	if ((!w->len && !w->phantom) || given(w, VERDICT_KEEP_ALIVE))
		return;
	if (is_spurious(w)) {
		give(w, VERDICT_SPURIOUS_RETRANSMISSION);
		give(w, VERDICT_RETRANSMISSION);
		return;
	}
	if (!goes_back(w))
		return;
	if (is_fast(w)) {
		give(w, VERDICT_FAST_RETRANSMISSION);
		give(w, VERDICT_RETRANSMISSION);
	} else if (is_reordered(w)) {
		give(w, VERDICT_OUT_OF_ORDER);
	} else {
		give(w, VERDICT_RETRANSMISSION);
		note_rto(w);
	}
}

/* ---- M1 to M5: what is remembered ---- */

static void remember_segment(struct work *w)
{
	struct unacked_segment s = { .start = w->p->seq, .frame = w->frame, .ts_ns = w->now };

	if (!w->len && !w->phantom)
		return;
	s.end = w->end + w->phantom;
	if (unacked_add(w->pool, &w->x->unacked, &s))
		w->end = s.end;
}

static void remember_high(struct work *w)
{
	struct tcp_side *x = w->x;

	if (!x->high || tcp_above(w->end, x->high + w->phantom))
		x->bits = (uint8_t)((x->bits & ~TCP_SIDE_HIGH_DATA) |
				    (w->len ? TCP_SIDE_HIGH_DATA : 0));
	if (given(w, VERDICT_ZERO_WINDOW_PROBE))
		return;
	if (!x->high || tcp_above(w->end, x->high)) {
		x->high = w->end;
		x->high_frame = w->frame;
		w->t->high_ns[w->dir] = w->now;
	}
	if (!x->contig || w->p->seq == x->contig)
		x->contig = x->high;
}

static void remember_last(struct work *w)
{
	struct tcp_side *x = w->x;

	x->window = w->p->window;
	x->bits |= TCP_SIDE_WINDOW;
	x->bits &= (uint8_t)~TCP_SIDE_MPTCP;
	x->last_ack = w->p->ack;
	w->t->last_ns[w->dir] = w->now;
	x->verdict = w->v->bits;
}

static void acknowledge(struct work *w)
{
	struct unacked_segment hit;
	enum unacked_hit kind;

	if (!w->y->unacked)
		return;
	kind = unacked_ack(w->pool, &w->y->unacked, w->p->ack, w->rules->partial_acks, &hit);
	if (kind == UNACKED_NONE)
		return;
	w->v->acked_frame = hit.frame;
	w->v->ack_rtt_ns = w->now - hit.ts_ns;
	if (kind == UNACKED_PART)
		give(w, VERDICT_PARTIAL_ACK);
}

/* Section 7. */
static void bytes_in_flight(struct work *w)
{
	uint32_t bytes;

	if (w->p->flags & TCP_ACK)
		w->y->bits &= (uint8_t)~TCP_SIDE_HOLE;
	if (!w->len || !w->x->unacked || (w->x->bits & TCP_SIDE_HOLE))
		return;
	w->v->item = true;
	bytes = unacked_span(w->pool, w->x->unacked, w->t->base[w->dir]) - w->y->sacked -
		w->phantom;
	if (bytes && bytes < TCP_FLIGHT_MAX)
		w->v->in_flight = bytes;
}

/* 8.2 F5: such a window only moved because more came out of order. */
static void sack_is_no_update(struct work *w)
{
	if (!w->rules->sack_is_no_update || !given(w, VERDICT_WINDOW_UPDATE) || !w->p->sack_blocks)
		return;
	w->v->bits &= (uint16_t)~VERDICT_WINDOW_UPDATE;
	count_dup_ack(w);
}

static void remember(struct work *w)
{
	remember_segment(w);
	remember_high(w);
	remember_last(w);
	acknowledge(w);
	bytes_in_flight(w);
	sack_is_no_update(w);
}

void tcp_analyse(struct tcp *t, struct unacked *pool, const struct tcp_rules *rules,
		 const struct tcp_segment *s, bool reused_ports, struct verdict *out)
{
	const struct packet *p = s->p;
	struct work w = {
		.t = t,
		.pool = pool,
		.rules = rules,
		.p = p,
		.x = &t->side[s->dir],
		.y = &t->side[!s->dir],
		.dir = s->dir,
		.frame = s->frame,
		.now = s->ts_ns,
		.len = p->payload_len,
		.end = p->seq + p->payload_len,
		.phantom = p->flags & (TCP_SYN | TCP_FIN),
		.plain = !(p->flags & (TCP_SYN | TCP_FIN | TCP_RST)),
		.v = out,
	};

	tcp_lone_settle(t, pool, 0);
	tcp_lone_settle(t, pool, 1);
	w.repeats = w.plain && !w.len && p->seq == w.x->high;
	out->analysed = true;
	out->bits = reused_ports ? VERDICT_REUSED_PORTS : 0;
	out->window = tcp_window_of(w.x, p);
	flags_of_windows(&w);
	note_ack(&w);
	flags_of_acks(&w);
	flags_of_repetition(&w);
	remember(&w);
}

/* ---- A1 to A4: every header ---- */

static void note_scale(struct tcp *t, const struct packet *p, int dir)
{
	struct tcp_side *x = &t->side[dir], *y = &t->side[!dir];

	if (p->wscale >= 0)
		x->scale = (uint8_t)(TCP_SCALE_SHIFT +
				     (p->wscale > SCALE_MAX ? SCALE_MAX : p->wscale));
	/* Of a header that was cut it is not known that it has no such option. */
	if (!(p->flags & TCP_SYN) || p->cut)
		return;
	if (x->scale == TCP_SCALE_UNKNOWN)
		x->scale = y->scale = TCP_SCALE_NOT_USED;
	else if ((p->flags & TCP_ACK) && y->scale == TCP_SCALE_NOT_USED)
		x->scale = TCP_SCALE_NOT_USED;
}

static void note_handshake(struct tcp *t, const struct tcp_segment *s)
{
	struct tcp_side *x = &t->side[s->dir];

	if (s->p->flags & TCP_SYN) {
		x->bits |= TCP_SIDE_FIRST_ACK;
		if (!(s->p->flags & TCP_ACK) && !(t->closed & TCP_RTT_KNOWN))
			t->handshake_ns = s->ts_ns;
	} else if (s->p->flags & TCP_ACK) {
		x->bits &= (uint8_t)~TCP_SIDE_FIRST_ACK;
		if (!t->handshake_ns || t->handshake_ns == s->ts_ns || (t->closed & TCP_RTT_KNOWN))
			return;
		t->handshake_ns = s->ts_ns - t->handshake_ns;
		t->closed |= TCP_RTT_KNOWN;
	}
}

static void note_sacks(struct tcp_side *x, const struct packet *p)
{
	if (!p->sack_blocks) {
		x->bits &= (uint8_t)~TCP_SIDE_SACK;
		x->sacked = 0;
		return;
	}
	x->bits |= TCP_SIDE_SACK;
	x->sacked = p->sack[0][1] - p->sack[0][0];
	for (unsigned i = 1; i < p->sack_blocks && i < SACK_COUNTED; i++)
		x->sacked += p->sack[i][1] - p->sack[i][0];
}

static void note_mptcp(struct tcp *t, const struct packet *p)
{
	if (p->mptcp & ~t->mptcp)
		for (int i = 0; i < 2; i++)
			t->side[i].bits |= TCP_SIDE_MPTCP;
	t->mptcp |= p->mptcp;
}

/* clang-format off */
/* TCP_SEEN_* by the five lowest flags: of a SYN only if it acknowledges, and any ACK as one without data. */
#define SEEN(flags) \
	(((flags) & TCP_ACK ? (flags) & TCP_SYN ? TCP_SEEN_SYN_ACK : TCP_SEEN_ACK : 0) | \
	 ((flags) & TCP_ACK && (flags) & TCP_FIN ? TCP_SEEN_FIN : 0) | ((flags) & TCP_RST ? TCP_SEEN_RST : 0))
#define SEEN_4(flags)  SEEN(flags), SEEN((flags) + 1), SEEN((flags) + 2), SEEN((flags) + 3)
#define SEEN_16(flags) SEEN_4(flags), SEEN_4((flags) + 4), SEEN_4((flags) + 8), SEEN_4((flags) + 12)
static const uint8_t seen_by_flags[32] = { SEEN_16(0), SEEN_16(TCP_ACK) };
/* clang-format on */

static void note_ends(struct tcp *t, uint16_t flags, int dir)
{
	if (flags & TCP_RST)
		t->closed |= (uint8_t)(TCP_CLOSED_RST << dir);
	if (!(flags & TCP_FIN))
		return;
	if (dir && !(t->closed & (TCP_CLOSED_FIN | TCP_CLOSED_FIN << 1)))
		t->closed |= TCP_CLOSED_BY_FIN_OF_1;
	t->closed |= (uint8_t)(TCP_CLOSED_FIN << dir);
}

/*
 * Wireshark's own account is not all that was seen: of the first header it has only a SYN and the SYN's data,
 * later it has no SYN that does not open a connection, and data only with ACK.  What errors quote counts.
 */
static void note_seen(struct tcp *t, const struct tcp_segment *s)
{
	const struct packet *p = s->p;
	const bool opens = (p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	const bool data = p->payload_len && p->payload_known && !s->quoted;
	unsigned seen = seen_by_flags[p->flags & 31];

	if (data && (seen & TCP_SEEN_ACK))
		seen += TCP_SEEN_DATA - TCP_SEEN_ACK;
	if (!s->first)
		t->completeness |= (uint8_t)seen;
	else if (opens)
		t->completeness = data ? TCP_SEEN_SYN | TCP_SEEN_DATA : TCP_SEEN_SYN;
	if (s->quoted)
		return;
	seen |= (opens ? TCP_SEEN_SYN : 0) | (data ? TCP_SEEN_DATA : 0);
	t->seen |= (uint8_t)seen;
	if (p->flags & (TCP_FIN | TCP_RST))
		note_ends(t, p->flags, s->dir);
}

void tcp_reopen(struct tcp *t, const struct packet *p)
{
	t->completeness = p->flags & TCP_ACK ? TCP_SEEN_SYN_ACK : TCP_SEEN_SYN;
}

/* For the short way: what a header of a side may still say is known from then on. */
static void note_quiet(struct tcp *t)
{
	const uint8_t known = TCP_SIDE_WINDOW | TCP_SIDE_BASE;
	bool both = (t->side[0].bits & t->side[1].bits & known) == known &&
		    ((t->closed & TCP_RTT_KNOWN) || !t->handshake_ns);

	t->closed &= (uint8_t) ~(TCP_QUIET | TCP_QUIET << 1);
	if (both && !(t->side[0].bits & TCP_SIDE_FIRST_ACK))
		t->closed |= TCP_QUIET;
	if (both && !(t->side[1].bits & TCP_SIDE_FIRST_ACK))
		t->closed |= TCP_QUIET << 1;
}

void tcp_header(struct tcp *t, const struct tcp_segment *s, struct verdict *out)
{
	const struct packet *p = s->p;

	note_handshake(t, s);
	note_sacks(&t->side[s->dir], p);
	if (p->wscale >= 0 || (p->flags & TCP_SYN))
		note_scale(t, p, s->dir);
	if (p->mptcp)
		note_mptcp(t, p);
	note_seen(t, s);
	note_quiet(t);
	if (out->bits || out->acked_frame || out->in_flight || out->item)
		out->initial_rtt_ns = tcp_initial_rtt(t);
}

/* ---- which connection ---- */

void tcp_retire(struct tcp *t, struct unacked *pool)
{
	for (int i = 0; i < 2; i++) {
		if (t->side[i].unacked == TCP_LONE)
			t->side[i].unacked = 0;
		unacked_drop(pool, &t->side[i].unacked);
		unacked_drop(pool, &t->end[i].beyond);
	}
}

enum tcp_opening tcp_opens(const struct tcp *t, const struct tcp_rules *rules,
			   const struct tcp_segment *s)
{
	const struct packet *p = s->p;
	bool acks = p->flags & TCP_ACK, other = p->seq != t->base[s->dir];

	if (!(p->flags & TCP_SYN) || !(t->side[s->dir].bits & TCP_SIDE_BASE))
		return TCP_CONTINUES;
	if (rules->reopens_after_end) {
		if (other || (t->seen & (TCP_SEEN_FIN | TCP_SEEN_RST)))
			return TCP_OPENS;
	} else if (other) {
		return acks ? TCP_RENUMBERS : TCP_OPENS;
	}
	return acks ? TCP_CONTINUES : TCP_REPEATS_SYN;
}

static void base_set(struct tcp *t, int dir, uint32_t seq)
{
	t->base[dir] = seq;
	t->side[dir].bits |= TCP_SIDE_BASE;
}

void tcp_bases(struct tcp *t, struct unacked *pool, const struct tcp_rules *rules,
	       const struct tcp_segment *s, enum tcp_opening o)
{
	const struct packet *p = s->p;

	if (o == TCP_REPEATS_SYN) {
		tcp_lone_settle(t, pool, s->dir);
		t->side[s->dir].high = t->side[s->dir].contig;
	}
	if (o == TCP_RENUMBERS)
		base_set(t, s->dir, p->seq);
	if (s->quoted || (!rules->bases_from_all && !p->payload_known))
		return;
	if (!(t->side[s->dir].bits & TCP_SIDE_BASE))
		base_set(t, s->dir, p->flags & TCP_SYN ? p->seq : p->seq - 1);
	if (!(t->side[!s->dir].bits & TCP_SIDE_BASE) && (p->flags & TCP_ACK))
		base_set(t, !s->dir, p->ack - 1);
}

/* ---- words ---- */

void verdict_text(struct str *out, uint16_t bits)
{
	const char *gap = "";

	if (bits & (VERDICT_FAST_RETRANSMISSION | VERDICT_SPURIOUS_RETRANSMISSION))
		bits &= (uint16_t)~VERDICT_RETRANSMISSION;
	for (size_t i = 0; i < VERDICTS; i++) {
		if (!(bits & verdict_names[i].bit))
			continue;
		str_addf(out, "%s%s", gap, verdict_names[i].text);
		gap = ", ";
	}
}

/* "4.2.1" as 402. */
static unsigned version_number(const char *text)
{
	unsigned major = 0, minor = 0;

	for (; *text >= '0' && *text <= '9' && major < 1000; text++)
		major = major * 10 + (unsigned)(*text - '0');
	if (*text == '.')
		text++;
	for (; *text >= '0' && *text <= '9' && minor < 10; text++)
		minor = minor * 10 + (unsigned)(*text - '0');
	return major * 100 + minor;
}

const struct tcp_rules *tcp_rules_find(const char *version)
{
	unsigned wanted = version_number(version);
	const struct tcp_rules *best = NULL;

	for (size_t i = 0; i < TCP_RULE_SETS; i++)
		if (version_number(tcp_rule_sets[i].name) <= wanted)
			best = &tcp_rule_sets[i];
	return best;
}
