/*
 * How it works: of each end the possible states are kept as a set of bits.  What happens is broken down into
 * steps (it sends a FIN, an acknowledgment reaches it …); `becomes` has a row for each, which says what each
 * state turns into, or that it cannot be.  A set takes a step by all its members at once, so what cannot
 * be drops out of it.  One state left is certain if the step was its own segment and shows the state, else
 * presumed.
 *
 * The sender's rows are those of section 3 of the specification, the receiver's those of section 4, and
 * so is their order: RST, SYN, ACK, data, FIN.
 *
 * A presumption is withdrawn where a later segment of that end shows that it was wrong: it sent its FIN
 * before the other one's reached it, it sends although it was thought closed.
 */
#include "capture/infer.h"

#include "capture/infer_impl.h"
#include "capture/infer_memo.h"

#define IS(name) (1u << SOCK_STATE_##name)
enum {
	OPEN = IS(ESTABLISHED) | IS(CLOSE_WAIT), /* has sent no FIN */
	FIN_DONE = IS(FIN_WAIT_1) | IS(FIN_WAIT_2) | IS(CLOSING) | IS(LAST_ACK) | IS(TIME_WAIT),
	FIN_GOT = IS(CLOSE_WAIT) | IS(CLOSING) | IS(LAST_ACK) | IS(TIME_WAIT),
	SYNCHRONIZED = OPEN | FIN_DONE,
	OPENING = IS(LISTEN) | IS(SYN_SENT) | IS(SYN_RECEIVED),
	BEFORE_ANSWER = IS(SYN_RECEIVED) | IS(LISTEN) | IS(CLOSED), /* 6.6 */
	TAKES_RST_OF_FIN = IS(CLOSE_WAIT) | IS(CLOSING) | IS(LAST_ACK),
	BEYOND_MAX = 64, /* ranges kept beyond a hole */
};

enum step {
	SENDS_SYN,
	SENDS_SYN_ACK,
	SENDS_ACK, /* anything with ACK and without SYN, RST */
	SENDS_DATA, /* that was not sent before */
	SENDS_ACK_OF_FIN,
	SENDS_FIN, /* the first time */
	SENDS_RST, /* of this incarnation */
	SENDS_STRAY_RST, /* in answer to what belongs to no connection */
	GETS_SYN,
	GETS_SYN_ACK,
	GETS_ACK,
	GETS_ACK_OF_FIN,
	GETS_FIN, /* in order */
	GETS_RST, /* an acceptable one */
};

/* Columns in the order of enum sock_state; 0: impossible. */
#define CL	SOCK_STATE_CLOSED
#define LI	SOCK_STATE_LISTEN
#define SS	SOCK_STATE_SYN_SENT
#define SR	SOCK_STATE_SYN_RECEIVED
#define ES	SOCK_STATE_ESTABLISHED
#define F1	SOCK_STATE_FIN_WAIT_1
#define F2	SOCK_STATE_FIN_WAIT_2
#define CW	SOCK_STATE_CLOSE_WAIT
#define CG	SOCK_STATE_CLOSING
#define LA	SOCK_STATE_LAST_ACK
#define TW	SOCK_STATE_TIME_WAIT
#define COLUMNS (SOCK_STATE_TIME_WAIT + 1)

/* clang-format off */
static const uint8_t becomes[][COLUMNS] = {
	/*                    -  CL  LI  SS  SR  ES  F1  F2  CW  CG  LA  TW */
	[SENDS_SYN] = { 0, SS, SS, SS, SS, ES, F1, F2, CW, CG, LA, TW },
	[SENDS_SYN_ACK] = { 0, SR, SR, SR, SR, ES, F1, F2, CW, CG, LA, TW },
	[SENDS_ACK] = { 0, 0, 0, ES, SR, ES, F1, F2, CW, CG, LA, TW },
	[SENDS_DATA] = { 0, 0, 0, 0, ES, ES, 0, 0, CW, 0, 0, 0 },
	[SENDS_ACK_OF_FIN] = { 0, 0, 0, CW, CW, CW, CG, TW, CW, CG, LA, TW },
	[SENDS_FIN] = { 0, 0, 0, 0, F1, F1, F1, 0, LA, 0, LA, 0 },
	[SENDS_RST] = { 0, CL, LI, CL, CL, CL, CL, CL, CL, CL, CL, CL },
	[SENDS_STRAY_RST] = { 0, CL, LI, SS, SR, CL, CL, CL, CL, CL, CL, CL },
	[GETS_SYN] = { 0, CL, SR, SR, SR, ES, F1, F2, CW, CG, LA, TW },
	[GETS_SYN_ACK] = { 0, CL, LI, ES, ES, ES, F1, F2, CW, CG, LA, TW },
	[GETS_ACK] = { 0, CL, LI, SS, ES, ES, F1, F2, CW, CG, LA, TW },
	[GETS_ACK_OF_FIN] = { 0, CL, LI, SS, SR, ES, F2, F2, CW, TW, CL, TW },
	[GETS_FIN] = { 0, CL, LI, SS, CW, CW, CG, TW, CW, CG, LA, TW },
	[GETS_RST] = { 0, CL, LI, CL, CL, CL, CL, CL, CL, CL, CL, CL },
};
_Static_assert(sizeof(becomes) / sizeof(becomes[0]) == GETS_RST + 1, "a row for each step");

/* Where several are possible: the one that is usual. */
static const uint8_t usual[] = { ES, SS, SR, F1, LA, CW, F2, CG, TW, CL, LI };

static bool has(const struct infer_end *e, unsigned bit)
{
	return e->bits & bit;
}

static bool many(unsigned set)
{
	return set & (set - 1);
}

static enum infer_sure sure_of(const struct infer_end *e)
{
	return (enum infer_sure)((e->bits & INFER_SURE) >> INFER_SURE_SHIFT);
}

static void set_put(struct infer_end *e, unsigned set, unsigned state, enum infer_sure sure)
{
	for (size_t i = 0; !(set & 1u << state) && i < sizeof(usual); i++)
		if (set & 1u << usual[i])
			state = usual[i];
	e->set = (uint16_t)set;
	e->bits = (uint16_t)((e->bits & ~(INFER_STATE | INFER_SURE)) | state |
			     (many(set) ? INFER_RANGE : sure) << INFER_SURE_SHIFT);
}

static unsigned state_of(const struct infer_end *e)
{
	return e->bits & INFER_STATE;
}

/* The states that x can be in by what was seen of FINs, if it is synchronized. */
static unsigned plausible(const struct infer_end *x, const struct infer_end *y)
{
	unsigned set = SYNCHRONIZED;

	if (has(x, FIN_SENT))
		set &= FIN_DONE;
	else if (has(x, SYN_SEEN))
		set &= OPEN;
	if (has(y, SYN_SEEN) && !has(y, FIN_SENT) && !has(y, HIDDEN))
		set &= ~(unsigned)FIN_GOT;
	return set ? set : SYNCHRONIZED;
}

static unsigned set_after(unsigned set, enum step step)
{
	unsigned after = 0;

	for (; set; set &= set - 1)
		after |= 1u << becomes[step][__builtin_ctz(set)];
	return after & ~1u;
}

/* x takes a step.  `shown`: it is x's own segment, and shows a state that is left alone. */
static void take(struct infer_end *x, const struct infer_end *y, enum step step, bool shown)
{
	unsigned before = x->set, after = set_after(before, step);
	enum infer_sure sure = sure_of(x);

	if (!after)
		after = set_after(plausible(x, y), step);
	if (!after)
		return;
	if (after != before)
		sure = step >= GETS_SYN || sure != INFER_CERTAIN ? INFER_PRESUMED : INFER_CERTAIN;
	set_put(x, after, becomes[step][state_of(x)], shown ? INFER_CERTAIN : sure);
}

/* ---- numbers ---- */

static bool acks_fin(const struct infer_end *y, const struct packet *p)
{
	return has(y, FIN_SENT) && infer_below(y->fin, p->ack);
}

static uint32_t end_of(const struct packet *p)
{
	return p->seq + p->payload_len + !!(p->flags & TCP_SYN) + !!(p->flags & TCP_FIN);
}

static void raise_nxt(struct infer_end *e, uint32_t end)
{
	if (!has(e, HAS_NXT) || infer_below(e->nxt, end))
		e->nxt = end;
	e->bits |= HAS_NXT;
}

static void raise_rcv(struct infer_end *e, uint32_t end)
{
	if (!has(e, HAS_RCV) || infer_below(e->rcv, end))
		e->rcv = end;
	e->bits |= HAS_RCV;
}

/* ---- sets that grow ---- */

static unsigned with_fin_got(unsigned set)
{
	unsigned more = set;

	more |= set & IS(ESTABLISHED) ? IS(CLOSE_WAIT) : 0u;
	more |= set & IS(FIN_WAIT_1) ? IS(CLOSING) : 0u;
	more |= set & IS(FIN_WAIT_2) ? IS(TIME_WAIT) : 0u;
	return more;
}

static unsigned with_fin_acked(unsigned set)
{
	unsigned more = set;

	more |= set & IS(FIN_WAIT_1) ? IS(FIN_WAIT_2) : 0u;
	more |= set & IS(CLOSING) ? IS(TIME_WAIT) : 0u;
	more |= set & IS(LAST_ACK) ? IS(CLOSED) : 0u;
	return more;
}

static unsigned with_fin_sent(unsigned set)
{
	unsigned more = set;

	more |= set & IS(ESTABLISHED) ? IS(FIN_WAIT_1) | IS(FIN_WAIT_2) : 0u;
	more |= set & IS(CLOSE_WAIT) ? IS(LAST_ACK) | IS(CLOSED) : 0u;
	return more;
}

static void widen(struct infer_end *e, unsigned set)
{
	set_put(e, set, state_of(e), sure_of(e));
}

/*
 * Only x was ever seen, and it acknowledges more than before: that may be a FIN, which had reached it when it
 * sent this (8).
 */
static void note_more(struct infer_end *x, const struct packet *p)
{
	unsigned left = x->set & ~(unsigned)FIN_GOT;

	if (left && infer_below(x->rcv, p->ack))
		widen(x, with_fin_got(left));
}

/* ---- the sender ---- */

static void sends_syn(struct infer_end *x, const struct infer_end *y, const struct packet *p)
{
	bool again = has(x, SYN_SEEN);

	if (!again) {
		x->una = p->seq;
		x->bits |= SYN_SEEN;
	}
	if (!again || sure_of(x) != INFER_CERTAIN)
		set_put(x, IS(SYN_SENT), SS, INFER_CERTAIN);
	/* The other's SYN, which was presumed to have reached it, reaches it now. */
	if (!again && has(x, HAS_RCV) && (y->set & (IS(SYN_SENT) | IS(SYN_RECEIVED))))
		take(x, y, GETS_SYN, false);
}

static void sends_syn_ack(struct infer_end *x, const struct infer_end *y, const struct packet *p)
{
	bool again = has(x, SYN_SEEN);
	/* The other's RST, seen before, had not come yet when it sent this again; it may still. */
	bool crossed = again && has(x, PASSIVE) && !(y->set & SYNCHRONIZED) &&
		       (x->set & IS(LISTEN)) && sure_of(x) != INFER_CERTAIN;

	if (!again) {
		x->una = p->seq;
		x->bits |= SYN_SEEN | PASSIVE;
	}
	if (crossed)
		set_put(x, IS(SYN_RECEIVED) | IS(LISTEN), SR, INFER_RANGE);
	else if (!x->set)
		set_put(x, IS(SYN_RECEIVED), SR, INFER_CERTAIN);
	else
		take(x, y, SENDS_SYN_ACK, !(x->set & SYNCHRONIZED));
}

/*
 * Nothing but RSTs was seen of it.  One that answers an acknowledgment shows that it is in no such connection; if
 * the capture began in the middle, it may be about to open another, with a SYN from before.
 */
static void first_is_rst(struct infer_end *x, const struct infer_end *y, const struct packet *p)
{
	if ((p->flags & TCP_ACK) || has(y, SYN_SEEN))
		set_put(x, IS(CLOSED), CL, INFER_CERTAIN);
	else if (x->set != IS(CLOSED) || sure_of(x) != INFER_CERTAIN)
		set_put(x, OPENING | IS(CLOSED), CL, INFER_RANGE);
}

/*
 * A RST with the numbers of the connection ends it.  One that answers what belongs to no connection takes
 * its number from that: RFC 9293 section 3.10.7.1.
 */
static void sends_rst(struct infer_end *x, struct infer_end *y, const struct packet *p)
{
	bool own = has(x, SYN_SEEN) && !infer_below(p->seq, x->una) && !infer_below(x->nxt, p->seq);
	bool back_to_listen = x->set == IS(SYN_RECEIVED) && has(x, PASSIVE);

	/* It answers what was not seen: the other end may be anywhere. */
	if ((p->flags & TCP_ACK) && !own && y->set == BEFORE_ANSWER)
		set_put(y, SYNCHRONIZED | OPENING | IS(CLOSED), SR, INFER_RANGE);
	if (!has(x, HAS_NXT))
		first_is_rst(x, y, p);
	else if (x->set == IS(SYN_RECEIVED) && !own && (p->flags & TCP_ACK))
		set_put(x, IS(CLOSED), CL, INFER_CERTAIN); /* so answers no socket, another SYN */
	else if (own && back_to_listen)
		set_put(x, IS(LISTEN), LI, INFER_CERTAIN);
	else
		take(x, y, own ? SENDS_RST : SENDS_STRAY_RST, true);
}

/* Its first FIN shows that the other's had not come yet, if it does not acknowledge it. */
static void withdraw_fin(struct infer_end *x, const struct packet *p, const struct infer_end *y)
{
	unsigned left = x->set & ~(unsigned)FIN_GOT;

	if (sure_of(x) == INFER_CERTAIN || !has(y, FIN_SENT) || acks_fin(y, p))
		return;
	if (x->set & IS(CLOSE_WAIT))
		left |= IS(ESTABLISHED);
	if (left)
		set_put(x, left, left & IS(ESTABLISHED) ? ES : state_of(x), INFER_CERTAIN);
}

/*
 * The first FIN that is seen and that acknowledges the other's: an earlier one may have been lost before
 * the capture, and the order of the two FINs with it (6.4).
 */
static void sends_fin(struct infer_end *x, const struct infer_end *y, const struct packet *p,
		      bool in_close_wait, enum infer_vantage v)
{
	bool acks = acks_fin(y, p);
	/* The numbers do not show that it is the first one. */
	unsigned again = !has(x, HAS_NXT) || !infer_below(x->nxt, end_of(p)) ? x->set & IS(CLOSING) : 0u;

	take(x, y, SENDS_FIN, !acks || in_close_wait || v == INFER_COMPLETE);
	if (acks && !in_close_wait && v != INFER_COMPLETE && x->set == IS(LAST_ACK))
		set_put(x, IS(LAST_ACK) | IS(CLOSING), LA, INFER_RANGE);
	if (again)
		widen(x, x->set | again);
	x->fin = p->seq + p->payload_len;
	x->bits |= FIN_SENT | (acks ? FIN_ACKS : 0);
	/* It is sent again, and was acknowledged before: that may have come since. */
	if (has(y, HAS_RCV) && infer_below(x->fin, y->rcv))
		widen(x, with_fin_acked(x->set));
	if (!acks && has(x, FIN_ARRIVED) && has(x, HAS_RCV) && infer_below(y->fin, x->rcv))
		take(x, y, GETS_FIN, false);
}

/* What it had been thought to have heard, it had not. */
static void repeats_fin(struct infer_end *x, const struct infer_end *y, const struct packet *p)
{
	unsigned state = !acks_fin(y, p) ? F1 : has(x, FIN_ACKS) ? LA : CG;

	if (has(x, FIN_SENT) && x->set == IS(CLOSED) && sure_of(x) == INFER_PRESUMED)
		set_put(x, 1u << state, state, INFER_CERTAIN);
}

/*
 * To acknowledge the other's FIN shows where it is; only whether its own FIN was acknowledged does not
 * follow, unless the other's FIN did that too.
 */
static bool shows_ack_of_fin(const struct infer_end *x, const struct infer_end *y)
{
	unsigned shown =
		IS(SYN_RECEIVED) | IS(ESTABLISHED) | IS(CLOSE_WAIT) | IS(FIN_WAIT_1) | IS(CLOSING);

	if (has(y, FIN_ACKS))
		shown |= IS(FIN_WAIT_2) | IS(TIME_WAIT);
	return !(x->set & ~shown);
}

/*
 * It never answered the SYN that was presumed to have reached it: it is of a connection from before (6.7), whose FINs
 * were not seen here.
 */
static void forget_answer(struct infer_end *x)
{
	if (has(x, SYN_SEEN) || !x->set || (x->set & SYNCHRONIZED))
		return;
	set_put(x, SYNCHRONIZED, ES, INFER_RANGE);
	x->bits &= (uint16_t)~HAS_RCV;
}

/* Thought closed, it speaks: the acknowledgment of its FIN had not come yet. */
static bool is_in_last_ack(const struct infer_end *x, const struct packet *p)
{
	return !(p->flags & TCP_FIN) && has(x, FIN_SENT) && has(x, FIN_ACKS) &&
	       (x->set & IS(CLOSED)) && sure_of(x) != INFER_CERTAIN;
}

/* The other's RST, seen before, had not come yet when it sent this; it may still. */
static void expect_rst(struct infer_end *x, const struct infer_end *y)
{
	if (!(y->set & SYNCHRONIZED))
		set_put(x, x->set | IS(CLOSED), state_of(x), INFER_RANGE);
}

/* What it sends behind its RST was overtaken by that: two of its processors sent at once. */
static bool has_reset(const struct infer_end *x)
{
	return (x->set == IS(CLOSED) || x->set == IS(LISTEN)) && sure_of(x) == INFER_CERTAIN;
}

static void sends_segment(struct infer_end *x, const struct infer_end *y, const struct packet *p,
			  enum infer_vantage v, bool alone)
{
	bool was_closed = (x->set & IS(CLOSED)) && x->set != BEFORE_ANSWER;
	bool in_last_ack = is_in_last_ack(x, p);
	bool in_close_wait = x->set == IS(CLOSE_WAIT) && sure_of(x) == INFER_CERTAIN;
	bool first_fin = (p->flags & TCP_FIN) && !has(x, FIN_SENT);
	bool new_data = p->payload_len && has(x, HAS_NXT) && !has(x, FIN_SENT) &&
			infer_below(x->nxt, p->seq + p->payload_len);

	if (has_reset(x))
		return;
	if (p->flags & TCP_FIN)
		repeats_fin(x, y, p);
	if (in_last_ack)
		set_put(x, (x->set & ~(unsigned)IS(CLOSED)) | IS(LAST_ACK), LA, INFER_CERTAIN);
	forget_answer(x);
	/* It acknowledges data, so the acknowledgment that opens has come. */
	if (x->set == IS(SYN_RECEIVED) && has(x, HAS_RCV) && infer_below(x->rcv, p->ack))
		take(x, y, GETS_ACK, true);
	if (alone)
		note_more(x, p);
	take(x, y, SENDS_ACK, !(x->set & ~(unsigned)(IS(SYN_SENT) | IS(ESTABLISHED))));
	if (first_fin)
		withdraw_fin(x, p, y);
	if (acks_fin(y, p))
		take(x, y, SENDS_ACK_OF_FIN, shows_ack_of_fin(x, y));
	if (new_data)
		take(x, y, SENDS_DATA, !(x->set & ~(unsigned)(IS(SYN_RECEIVED) | IS(ESTABLISHED))));
	if (first_fin)
		sends_fin(x, y, p, in_close_wait, v);
	if (was_closed)
		expect_rst(x, y);
	if (in_last_ack)
		set_put(x, x->set | IS(CLOSED), LA, INFER_RANGE);
}

/* ---- what was not seen ---- */

/*
 * x acknowledges more than was seen: y must have sent it (6.11).  One number more may be a FIN, and then both are
 * further; where y goes on from there shows it.
 */
static void note_unseen(struct infer_end *x, struct infer_end *y, const struct packet *p)
{
	/* A SYN is all that such an end can have sent: the acknowledgment is wrong. */
	if (!has(y, HAS_NXT) || !infer_below(y->nxt, p->ack) || y->set == IS(SYN_SENT))
		return;
	y->bits &= (uint16_t)~HIDDEN;
	if (p->ack == y->nxt + 1 && has(y, SENT) && !has(y, FIN_SENT)) {
		y->bits |= HIDDEN;
		widen(x, with_fin_got(x->set));
		widen(y, with_fin_acked(with_fin_sent(y->set)));
	}
	raise_nxt(y, p->ack);
}

/* x goes on from that number: with data or a FIN there, it was no FIN. */
static void resolve_hidden(struct infer_end *x, const struct packet *p)
{
	if (p->seq == x->nxt && (p->payload_len || (p->flags & TCP_FIN)) && (x->set & SYNCHRONIZED))
		x->bits &= (uint16_t)~HIDDEN;
}

/* Only x was ever seen: what it gets, and what the other end does, is unknown (8). */
static void note_one_sided(struct infer_end *x, struct infer_end *y, bool fin_before)
{
	if (x->set == IS(SYN_RECEIVED))
		widen(x, IS(SYN_RECEIVED) | IS(ESTABLISHED));
	if (fin_before)
		widen(x, with_fin_acked(x->set));
	if (y->set && y->set != SYNCHRONIZED)
		widen(y, with_fin_acked(with_fin_sent(y->set)));
}

/* An end that cannot have sent its FIN: the other has not got it. */
static void narrow(struct infer_end *x, const struct infer_end *y)
{
	const unsigned no_fin = OPEN | IS(LISTEN) | IS(SYN_RECEIVED);
	unsigned left = x->set & ~(unsigned)FIN_GOT;

	if (left & IS(ESTABLISHED))
		left &= ~(unsigned)IS(CLOSED);
	if (many(x->set) && left && y->set && !(y->set & ~no_fin) && !has(y, HIDDEN))
		set_put(x, left, state_of(x), INFER_PRESUMED);
}

void infer_sent(struct infer_end end[2], int dir, const struct packet *p, enum infer_vantage v)
{
	struct infer_end *x = &end[dir], *y = &end[!dir];
	bool acks = p->flags & TCP_ACK, fin_before = has(x, FIN_SENT);
	bool alone = acks && has(x, HAS_RCV) && !(p->flags & TCP_SYN) && !has(y, SENT);

	if (p->flags & TCP_RST) {
		sends_rst(x, y, p);
		x->bits |= SENT;
		return;
	}
	if (acks)
		note_unseen(x, y, p);
	if (p->flags & TCP_SYN)
		acks ? sends_syn_ack(x, y, p) : sends_syn(x, y, p);
	else if (acks)
		sends_segment(x, y, p, v, alone);
	resolve_hidden(x, p);
	if (alone)
		note_one_sided(x, y, fin_before);
	raise_nxt(x, end_of(p));
	if (acks)
		raise_rcv(x, p->ack);
	x->bits = (uint16_t)((x->bits & ~SHUT) | SENT | (p->window ? 0 : SHUT));
	narrow(x, y);
	narrow(y, x);
}

/* ---- the receiver ---- */

/*
 * RFC 5961 section 3.2, and two more that Linux takes: the end of what arrived beyond a hole, which its SACK told;
 * the number of the FIN that was the last to arrive.
 */
static bool rst_is_acceptable(const struct infer_end *x, const struct infer_end *y,
			      struct unacked *pool, const struct packet *p)
{
	uint32_t top = x->rcv;

	if (x->set == IS(SYN_SENT))
		return (p->flags & TCP_ACK) && p->ack == x->nxt;
	if (!has(x, HAS_RCV))
		return false;
	if (p->seq == x->rcv)
		return true;
	if (p->seq == x->rcv - 1 && !(x->set & ~(unsigned)TAKES_RST_OF_FIN))
		return true;
	for (size_t i = 0; i < unacked_count(pool, x->beyond); i++)
		if (infer_below(top, unacked_at(pool, x->beyond, i)->end))
			top = unacked_at(pool, x->beyond, i)->end;
	if (has(x, FIN_ARRIVED) && has(y, FIN_SENT) && infer_below(top, y->fin + 1))
		top = y->fin + 1;
	return p->seq == top;
}

/* It acknowledged what fills a hole, unseen; what is behind it was presumed to have arrived. */
static bool expects_more(const struct infer_end *x, struct unacked *pool)
{
	for (size_t i = 0; i < unacked_count(pool, x->beyond); i++) {
		const struct unacked_segment *s = unacked_at(pool, x->beyond, i);

		if (!infer_below(x->rcv, s->start) && infer_below(x->rcv, s->end))
			return true;
	}
	return false;
}

/* What came before the capture began is not known. */
static bool may_be_next(const struct infer_end *x, const struct infer_end *y, const struct packet *p)
{
	return !has(y, SYN_SEEN) && !infer_below(p->seq, x->rcv) &&
	       (!has(y, HAS_NXT) || !infer_below(y->nxt, p->seq));
}

/* What was presumed to have arrived may not have: then this is the next number. */
static bool was_next(const struct infer_end *x, const struct infer_end *y, const struct packet *p)
{
	return (has(y, SYN_SEEN) || has(x, SENT)) && !infer_below(p->seq, y->una) && infer_below(p->seq, x->rcv);
}

/* In the window, but not the next number: only a FIN-WAIT-2 that has no program any more ends by it. */
static void gets_rst_beyond(struct infer_end *x, const struct infer_end *y, const struct packet *p)
{
	if (x->set == IS(FIN_WAIT_2) && infer_below(x->rcv, p->seq) && !infer_below(y->nxt, p->seq))
		set_put(x, IS(FIN_WAIT_2) | IS(CLOSED), F2, INFER_RANGE);
}

static void gets_rst(struct infer_end *x, const struct infer_end *y, struct unacked *pool,
		     const struct packet *p, bool presumed)
{
	const unsigned before = IS(SYN_RECEIVED) | IS(LISTEN);
	unsigned set = x->set ? x->set : plausible(x, y);
	bool unsure = presumed && expects_more(x, pool);
	bool ends = !unsure && rst_is_acceptable(x, y, pool, p);
	bool may_end = unsure || !has(x, HAS_RCV) || (p->seq == x->rcv - 1 && (set & TAKES_RST_OF_FIN)) ||
		       (presumed && (may_be_next(x, y, p) || was_next(x, y, p)));

	if (!ends && may_end && set != IS(SYN_SENT) && set != IS(CLOSED))
		set_put(x, set | IS(CLOSED), CL, INFER_RANGE);
	else if (!ends)
		gets_rst_beyond(x, y, p);
	else if ((x->set & IS(SYN_RECEIVED)) && !(set & ~before) && has(x, PASSIVE))
		set_put(x, IS(LISTEN), LI, INFER_PRESUMED);
	else
		take(x, y, GETS_RST, false);
}

static void gets_syn(struct infer_end *x, const struct infer_end *y, const struct packet *p)
{
	bool acks = p->flags & TCP_ACK;

	if (!has(x, HAS_RCV))
		raise_rcv(x, end_of(p));
	if (!x->set && !acks)
		set_put(x, BEFORE_ANSWER, SR, INFER_RANGE);
	else if (!x->set || (acks && x->set == BEFORE_ANSWER))
		set_put(x, IS(ESTABLISHED), ES, INFER_PRESUMED);
	else if (acks && p->ack == x->nxt)
		take(x, y, GETS_SYN_ACK, false);
	else if (!acks && x->set != BEFORE_ANSWER)
		take(x, y, GETS_SYN, false);
}

static void gets_ack(struct infer_end *x, const struct infer_end *y, const struct packet *p)
{
	bool of_fin = acks_fin(x, p), sane = !has(x, HAS_NXT) || !infer_below(x->nxt, p->ack);

	if (!sane)
		return;
	/* Its answer was not seen, but it is acknowledged: it must have accepted the SYN. */
	if (x->set == BEFORE_ANSWER && !(y->set & IS(SYN_SENT)))
		set_put(x, IS(SYN_RECEIVED), SR, INFER_PRESUMED);
	if (has(x, SYN_SEEN) ? infer_below(x->una, p->ack) : x->set == IS(SYN_RECEIVED))
		take(x, y, GETS_ACK, false);
	if (of_fin)
		take(x, y, GETS_ACK_OF_FIN, false);
	if (!has(x, SYN_SEEN) || infer_below(x->una, p->ack))
		x->una = p->ack;
}

/* Data that reaches x: it may close a hole, behind which there was more. */
static void gets_data(struct infer_end *x, struct unacked *pool, uint32_t start, uint32_t end)
{
	struct unacked_segment gone, s = { .start = start, .end = end };
	bool moved = true;

	if (!infer_below(start, end) || !infer_below(x->rcv, end))
		return;
	if (infer_below(x->rcv, start)) {
		if (unacked_count(pool, x->beyond) < BEYOND_MAX)
			unacked_add(pool, &x->beyond, &s);
		return;
	}
	x->rcv = end;
	while (moved) {
		moved = false;
		for (size_t i = 0; i < unacked_count(pool, x->beyond); i++) {
			s = *unacked_at(pool, x->beyond, i);
			if (infer_below(x->rcv, s.start) || !infer_below(x->rcv, s.end))
				continue;
			x->rcv = s.end;
			moved = true;
		}
	}
	unacked_ack(pool, &x->beyond, x->rcv, false, &gone);
}

/* The FIN counts once all before it is there. */
static void gets_fin(struct infer_end *x, const struct infer_end *y)
{
	if (!has(x, FIN_ARRIVED) || !has(y, FIN_SENT))
		return;
	if (has(x, HAS_RCV) && infer_below(x->rcv, y->fin)) {
		/* What fills the hole may have come before the capture began. */
		if (!has(y, SYN_SEEN))
			widen(x, with_fin_got(x->set));
		return;
	}
	if (x->rcv == y->fin || !has(x, HAS_RCV))
		take(x, y, GETS_FIN, false);
	raise_rcv(x, y->fin + 1);
}

/* An end of which nothing is known: the segment that comes may be the last acknowledgment. */
static unsigned before_it_came(const struct infer_end *x, const struct infer_end *y,
			       const struct packet *p)
{
	bool last = !p->payload_len && !(p->flags & (TCP_SYN | TCP_FIN));

	return last ? with_fin_acked(plausible(x, y)) : plausible(x, y);
}

/* presumed: nobody saw it arrive. */
static void deliver(struct infer_end end[2], struct unacked *pool, int dir, const struct packet *p,
		    bool presumed)
{
	struct infer_end *x = &end[!dir], *y = &end[dir];
	/* A probe of a closed window is not taken. */
	bool refused = has(x, SHUT) && p->payload_len <= 1;

	if (p->flags & TCP_RST) {
		gets_rst(x, y, pool, p, presumed);
		return;
	}
	if (!(p->flags & (TCP_SYN | TCP_ACK)))
		return;
	if (p->flags & TCP_SYN)
		gets_syn(x, y, p);
	if (!x->set)
		set_put(x, before_it_came(x, y, p), ES, INFER_RANGE);
	if (p->flags & TCP_ACK)
		gets_ack(x, y, p);
	if (p->payload_len && has(x, HAS_RCV) && !refused && !(p->flags & TCP_SYN))
		gets_data(x, pool, p->seq, p->seq + p->payload_len);
	if (p->flags & TCP_FIN)
		x->bits |= FIN_ARRIVED;
	gets_fin(x, y);
	narrow(x, y);
}

void infer_delivered(struct infer_end end[2], struct unacked *pool, int dir, const struct packet *p)
{
	deliver(end, pool, dir, p, false);
}

/* What infer_state() would say, to be compared. */
static uint32_t shown(const struct infer_end *e)
{
	return (uint32_t)e->set << 16 | (e->bits & (INFER_STATE | INFER_SURE));
}

void infer_by_rules(struct infer_end end[2], struct unacked *pool, int dir, const struct packet *p,
		    enum infer_vantage v)
{
	infer_sent(end, dir, p, v);
	deliver(end, pool, dir, p, true);
}

uint8_t infer_segment(struct infer_end end[2], struct unacked *pool, struct infer_memo *memo, int dir,
		      const struct packet *p, enum infer_vantage v)
{
	uint32_t before[2];

	if (memo && infer_is_ordinary(&end[dir], &end[!dir], p)) {
		infer_ordinary(&end[dir], &end[!dir], p);
		return 0;
	}
	before[0] = shown(&end[0]);
	before[1] = shown(&end[1]);
	if (memo)
		infer_by_memo(memo, end, pool, dir, p, v);
	else
		infer_by_rules(end, pool, dir, p, v);
	return (uint8_t)((shown(&end[0]) != before[0]) | (shown(&end[1]) != before[1]) << 1);
}

/* ---- what it came to ---- */

struct inferred infer_state_after(const struct infer_end *e, int64_t idle_ns)
{
	const int64_t twice_msl = 60000000000; /* Linux: 60 s, fixed */
	struct inferred state = infer_state(e);

	if (state.set == IS(TIME_WAIT) && idle_ns >= twice_msl)
		return (struct inferred){ IS(CLOSED), CL, INFER_PRESUMED };
	return state;
}

bool infer_half_open(const struct infer_end end[2])
{
	bool gone[2], there[2];

	for (int i = 0; i < 2; i++) {
		gone[i] = end[i].set == IS(CLOSED) && sure_of(&end[i]) == INFER_CERTAIN;
		there[i] = end[i].set && !(end[i].set & ~(unsigned)SYNCHRONIZED);
	}
	return (gone[0] && there[1]) || (gone[1] && there[0]);
}
