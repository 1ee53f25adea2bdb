/*
 * compare_states: the states that infer.h finds in the packets of a lab's trace beside those that the kernel's
 * sockets had: compare_states [-v] FILE…, for tests/traces/check_infer.  -v: every step.
 *
 * Prints a line "count NAME NUMBER" for each thing that is counted, and "disagree FILE …" for each disagreement.
 *
 *	steps		a packet left, arrived, or a socket changed by itself: the end that it is about is compared
 *	plain		the same packets as a capture beside the wire sees them, compared where nothing is under way
 *	one side	the packets of one host alone
 *	middle		the capture begins at any of the packets
 *	mirror, prefix	a capture with its directions exchanged; one that is cut behind any of its packets
 *
 * What packets cannot show is no disagreement, but counted by its kind.
 */
#include "tests/traces/story.h"

#include "capture/conn.h"

#define IS(name) (1u << SOCK_STATE_##name)
enum { ENDS = 2, KERNELS_MAX = 256, PREFIXES_MAX = 120 };

/* ---- what is counted ---- */

enum mode { STEPS, PLAIN_COMPLETE, PLAIN_TAP, ONE_SIDE, MIDDLE, MODES };
static const char *const mode_name[] = { "steps", "plain, complete", "plain, tap", "one side",
					 "middle" };

enum allowed {
	FIN_WAITS,
	SILENT_END,
	DEFERRED,
	QUEUE_FULL,
	SYN_COOKIE,
	OLD_SOCKET,
	GONE_AT_ONCE,
	OLD_TIMESTAMP,
	LOST_ON_THE_WIRE,
	DISAGREES,
	NO_TRANSITION,
	NO_MIRROR,
	NO_PREFIX,
	ALLOWED
};
static const char *const allowed_name[] = {
	[FIN_WAITS] = "6.1 closed, and the FIN waits",
	[SILENT_END] = "6.2 ended without a packet",
	[DEFERRED] = "6.5 the acceptance is deferred",
	[QUEUE_FULL] = "6.6 the listener's queue is full",
	[SYN_COOKIE] = "6.6 a SYN cookie: no socket yet",
	[OLD_SOCKET] = "6.7 a socket of the connection before",
	[GONE_AT_ONCE] = "6.8 gone when the segment came, before the RST",
	[OLD_TIMESTAMP] = "1 arrived, but refused for its old timestamp (RFC 7323 section 5)",
	[LOST_ON_THE_WIRE] = "1 presumed to arrive, but lost",
	[DISAGREES] = "disagree",
	[NO_TRANSITION] = "not in the tables",
	[NO_MIRROR] = "no mirror image",
	[NO_PREFIX] = "no prefix",
};
_Static_assert(sizeof(allowed_name) / sizeof(allowed_name[0]) == ALLOWED, "each has a name");

static const char *const sure_name[] = { "unknown", "certain", "presumed", "range" };

struct counts {
	uint64_t compared[MODES][4];
	uint64_t differs[MODES][ALLOWED];
	uint64_t state[SOCK_STATES]; /* kernel's, compared by steps */
	uint64_t between, thinned, mirrored, prefixes, transitions;
};

/* ---- the kernel's sockets ---- */

struct kernel {
	uint8_t host;
	uint64_t cookie;
	enum sock_state state;
	struct addr local, remote;
	enum state_by by; /* of its end */
	uint64_t by_number;
	uint32_t recvq, sendq;
	uint64_t since; /* key of the first sample with these ends */
};

struct kernels {
	struct kernel row[KERNELS_MAX];
	size_t count;
};

static bool same_pair(const struct kernel *k, uint8_t host, const struct addr *local,
		      const struct addr *remote)
{
	return k->host == host && addr_equal(&k->local, local) && addr_equal(&k->remote, remote);
}

static struct kernel *kernel_find(struct kernels *all, uint8_t host, const struct addr *local,
				  const struct addr *remote)
{
	for (size_t i = all->count; i-- > 0;)
		if (same_pair(&all->row[i], host, local, remote))
			return &all->row[i];
	return NULL;
}

static struct kernel *listener_find(struct kernels *all, uint8_t host, const struct addr *local)
{
	for (size_t i = all->count; i-- > 0;)
		if (all->row[i].host == host && all->row[i].state == SOCK_STATE_LISTEN &&
		    addr_port(&all->row[i].local) == addr_port(local))
			return &all->row[i];
	return NULL;
}

static void kernel_sample(struct kernels *all, const struct story_sample *s, uint64_t now)
{
	struct kernel *k = NULL;
	uint64_t since = now;

	for (size_t i = 0; i < all->count && !k; i++)
		if (all->row[i].host == s->host && all->row[i].cookie == s->cookie)
			k = &all->row[i];
	if (!k && all->count < KERNELS_MAX)
		k = &all->row[all->count++];
	if (!k)
		return;
	/* A socket that has ended may have lost its address. */
	if (s->state == SOCK_STATE_CLOSED && k->cookie && addr_port(&k->remote)) {
		k->state = s->state;
		k->by = s->by;
		k->by_number = s->by_number;
		return;
	}
	if (same_pair(k, s->host, &s->local, &s->remote))
		since = k->since;
	*k = (struct kernel){ s->host, s->cookie,    s->state, s->local, s->remote,
			      s->by,   s->by_number, s->recvq, s->sendq, since };
}

/* ---- connections ---- */

/* What is read beside the steps themselves. */
enum reading { COMPLETE, TAP, ONLY_0, ONLY_1, MIRRORED, READINGS };
static const struct {
	enum mode mode;
	enum infer_vantage vantage;
} readings[READINGS] = {
	[COMPLETE] = { PLAIN_COMPLETE, INFER_COMPLETE },
	[TAP] = { PLAIN_TAP, INFER_TAP },
	[ONLY_0] = { ONE_SIDE, INFER_TAP },
	[ONLY_1] = { ONE_SIDE, INFER_TAP },
	[MIRRORED] = { PLAIN_TAP, INFER_TAP },
};

struct tie {
	bool begun;
	uint64_t since; /* key of its first step */
	struct infer_end end[ENDS];
	struct addr addr[ENDS];
	uint8_t host[ENDS];
	bool fin[ENDS]; /* its FIN has left */
	bool full[ENDS]; /* its listener's queue was, when the last segment to it left */
	bool refused[ENDS]; /* what would have opened it found the queue full */
	bool missing[ENDS]; /* so did data: it is not taken before it comes again */
	uint32_t missed[ENDS]; /* … the number of its first byte */
	bool cookie[ENDS]; /* it answered the SYN without a socket */
	bool waited[ENDS]; /* its FIN left later than it was closed */
	bool has_ts[ENDS],
		old[ENDS]; /* a segment has reached it: with a timestamp; with one older than another */
	uint32_t ts[ENDS]; /* the newest */
	bool lost; /* a segment of it was */
	uint32_t left, arrived, due; /* segments; arrivals so far, and of what has left so far */
	const struct story_packet *newest[ENDS]; /* that each end sent */
	struct infer_end reading[READINGS][ENDS];
	struct infer_end (*middle)[ENDS]; /* captures that begin at its second, third … segment */
	bool *quiet; /* nothing was under way when they began */
};

struct work {
	const char *file;
	bool verbose;
	struct story *s;
	struct tie *tie;
	struct unacked *pool;
	struct kernels *kernels;
	struct counts *n;
	uint64_t now; /* key of the step */
	uint32_t began; /* the reading's first segment in its connection, from 0 */
};

static void tie_begin(struct tie *t, const struct story_packet *k, uint64_t now)
{
	struct addr src, dst;

	if (t->begun || !packet_endpoints(&k->p, &src, &dst))
		return;
	t->begun = true;
	t->since = now;
	t->addr[k->dir] = src;
	t->addr[!k->dir] = dst;
	t->host[k->dir] = k->host;
	t->host[!k->dir] = k->host ^ 1;
}

/* The connection and the end that a sampled socket is; the latest one of the pair. */
static struct tie *tie_of_sample(struct work *w, const struct story_sample *s, int *end)
{
	for (uint32_t i = w->s->conns; i-- > 0;) {
		struct tie *t = &w->tie[i];

		for (*end = 0; t->begun && *end < ENDS; ++*end)
			if (t->host[*end] == s->host && addr_equal(&t->addr[*end], &s->local) &&
			    addr_equal(&t->addr[!*end], &s->remote))
				return t;
	}
	return NULL;
}

static bool is_latest(struct work *w, const struct tie *t)
{
	for (uint32_t i = w->s->conns; &w->tie[i - 1] > t; i--) {
		const struct tie *o = &w->tie[i - 1];

		if (o->begun && ((addr_equal(&o->addr[0], &t->addr[0]) &&
				  addr_equal(&o->addr[1], &t->addr[1])) ||
				 (addr_equal(&o->addr[0], &t->addr[1]) &&
				  addr_equal(&o->addr[1], &t->addr[0]))))
			return false;
	}
	return true;
}

/* ---- what is true ---- */

/* A pair without a socket is CLOSED, or LISTEN where somebody listens at its port. */
static unsigned states_without_socket(struct work *w, const struct tie *t, int end)
{
	return IS(CLOSED) |
	       (listener_find(w->kernels, t->host[end], &t->addr[end]) ? IS(LISTEN) : 0u);
}

static unsigned states_now(struct work *w, const struct tie *t, int end)
{
	const struct kernel *k =
		kernel_find(w->kernels, t->host[end], &t->addr[end], &t->addr[!end]);

	if (!k || k->state == SOCK_STATE_CLOSED)
		return states_without_socket(w, t, end);
	return 1u << k->state;
}

static bool is_about(const struct work *w, const struct step *step, const struct tie *t, int end)
{
	const struct story_sample *s = &w->s->sample[step->index];
	const struct story_packet *p = &w->s->packet[step->index];

	switch (step->kind) {
	case STEP_SAMPLE:
		return s->host == t->host[end] && addr_equal(&s->local, &t->addr[end]) &&
		       addr_equal(&s->remote, &t->addr[!end]);
	case STEP_LEFT:
		return p->conn != CONN_NONE && &w->tie[p->conn] == t && p->dir == end;
	case STEP_ARRIVED:
		return p->conn != CONN_NONE && &w->tie[p->conn] == t && p->dir != end;
	case STEP_LOST:
	case STEP_CALL:
		return false;
	}
	return false;
}

/*
 * The states of an end's socket behind a step that is about it: the sample that follows, if the step is its cause, else
 * the last one.  0: not known, because several segments left, or its last one, before it was looked at.
 */
static unsigned states_after(struct work *w, uint32_t at, const struct tie *t, int end)
{
	const struct step *step = &w->s->step[at];
	unsigned now = states_now(w, t, end), then;
	bool left = step->kind == STEP_LEFT;
	enum state_by by = left ? BY_DEPARTURE : BY_ARRIVAL;

	for (uint32_t i = at + 1; i < w->s->steps; i++) {
		const struct step *next = &w->s->step[i];
		const struct story_sample *s = &w->s->sample[next->index];

		if (!is_about(w, next, t, end) || next->kind == STEP_LEFT)
			continue;
		if (next->kind != STEP_SAMPLE)
			return now;
		then = s->state == SOCK_STATE_CLOSED ? states_without_socket(w, t, end)
						     : 1u << s->state;
		if (s->by == by && s->by_number == w->s->packet[step->index].number)
			return s->moved ? 0 : then;
		if (left && s->moved)
			return 0;
		if (left && s->by != by)
			return now | then;
		return left && then != now ? 0 : now;
	}
	return now;
}

/* ---- what packets cannot show ---- */

static const struct story_packet *next_left(const struct work *w, const struct tie *t, int end)
{
	for (uint32_t i = 0; i < w->s->steps; i++)
		if (w->s->step[i].key >= w->now && w->s->step[i].kind == STEP_LEFT &&
		    is_about(w, &w->s->step[i], t, end))
			return &w->s->packet[w->s->step[i].index];
	return NULL;
}

/* It may have been closed: by a call, with its program, or at the lab's end. */
static bool has_called(const struct work *w, uint8_t host)
{
	bool last = true;

	for (uint32_t i = 0; i < w->s->steps; i++) {
		const struct step *step = &w->s->step[i];

		if (step->kind != STEP_CALL || step->host != host)
			continue;
		if (!strcmp(step->call, "close") || !strcmp(step->call, "shutdown") ||
		    !strcmp(step->call, "end"))
			return true;
		last &= step->key <= w->now;
	}
	return last;
}

/*
 * The FIN leaves behind data that waited.  If the other's FIN came meanwhile, it was closed first, and yet its own FIN
 * acknowledges the other's.
 */
static bool fin_waits(const struct work *w, struct tie *t, int end, unsigned truth,
		      unsigned inferred)
{
	unsigned before = 0;

	before |= truth & IS(FIN_WAIT_1) ? IS(ESTABLISHED) | IS(SYN_RECEIVED) : 0u;
	before |= truth & (IS(LAST_ACK) | IS(CLOSING)) ? IS(CLOSE_WAIT) : 0u;
	if (!t->fin[end] && (inferred & before) && has_called(w, t->host[end]))
		return t->waited[end] = true;
	return t->waited[end] && t->fin[end] && (truth & (IS(CLOSING) | IS(TIME_WAIT))) &&
	       (inferred & (IS(LAST_ACK) | IS(CLOSED)));
}

/* A look at all sockets, for another packet, may be what finds that one has ended. */
static bool ended_by_packet(struct work *w, const struct tie *t, const struct kernel *k)
{
	const struct story_packet *p = story_find(w->s, k->by_number);

	return (k->by == BY_ARRIVAL || k->by == BY_DEPARTURE) && p && p->conn != CONN_NONE &&
	       &w->tie[p->conn] == t;
}

static bool silent_end(struct work *w, const struct tie *t, int end, unsigned truth,
		       unsigned inferred)
{
	const struct kernel *k =
		kernel_find(w->kernels, t->host[end], &t->addr[end], &t->addr[!end]);

	if (!(truth & IS(CLOSED)))
		return false;
	/* Nothing tells that a listener has gone. */
	if (inferred == IS(LISTEN))
		return true;
	/* A request goes with its listener, and is noticed later. */
	if ((inferred & IS(SYN_RECEIVED)) && !(truth & IS(LISTEN)))
		return true;
	return k && k->state == SOCK_STATE_CLOSED && !ended_by_packet(w, t, k);
}

static bool queue_full(struct work *w, const struct tie *t, int end)
{
	const struct kernel *l = listener_find(w->kernels, t->host[end], &t->addr[end]);

	return l && l->recvq > l->sendq;
}

/* It has answered a SYN although its queue is full: the SYN+ACK's number is all there is. */
static bool answers_by_cookie(struct work *w, const struct tie *t, int end, const struct packet *p)
{
	const struct kernel *k =
		kernel_find(w->kernels, t->host[end], &t->addr[end], &t->addr[!end]);
	const struct kernel *l = listener_find(w->kernels, t->host[end], &t->addr[end]);
	uint32_t requests = 0;

	for (size_t i = 0; l && i < w->kernels->count; i++)
		requests += w->kernels->row[i].state == SOCK_STATE_SYN_RECEIVED &&
			    w->kernels->row[i].host == l->host &&
			    addr_port(&w->kernels->row[i].local) == addr_port(&l->local);
	return (p->flags & TCP_SYN) && (p->flags & TCP_ACK) && (!k || k->since < t->since) && l &&
	       requests + l->recvq >= l->sendq;
}

/* When the final ACK comes, its socket is made of what that says; until then there is none, perhaps never. */
static bool syn_cookie(struct work *w, const struct tie *t, int end, unsigned truth,
		       struct inferred i)
{
	const struct kernel *k =
		kernel_find(w->kernels, t->host[end], &t->addr[end], &t->addr[!end]);
	bool none = (truth & IS(CLOSED)) && (!k || k->since < t->since);

	return t->cookie[end] && (none || i.sure != INFER_CERTAIN);
}

/* One end is in a connection that is not this one. */
static bool old_socket(struct work *w, const struct tie *t)
{
	for (int i = 0; i < ENDS; i++) {
		const struct kernel *k =
			kernel_find(w->kernels, t->host[i], &t->addr[i], &t->addr[!i]);

		if (k && k->state != SOCK_STATE_CLOSED && k->since < t->since)
			return true;
	}
	return false;
}

static bool gone_at_once(struct work *w, const struct tie *t, int end, unsigned truth)
{
	const struct story_packet *next = next_left(w, t, end);

	return (truth & IS(CLOSED)) && next && (next->p.flags & TCP_RST);
}

/*
 * A segment that finds the listener's queue full is dropped with all that it carries.  If the queue has room for the
 * next one, that opens, but its data or FIN stands behind a hole, which no packet shows before the end itself speaks:
 * it arrived all the same.
 */
static bool queue_was_full(const struct tie *t, int end, unsigned truth, struct inferred i)
{
	if (i.sure == INFER_CERTAIN || !t->refused[end])
		return false;
	return truth == IS(SYN_RECEIVED) || (truth == IS(ESTABLISHED) && t->missing[end]);
}

static void note_missing(struct tie *t, int end, const struct packet *p, bool refused)
{
	bool is_it = !t->missing[end] || (int32_t)(p->seq - t->missed[end]) <= 0;

	if (!p->payload_len || !is_it)
		return;
	t->missing[end] = refused;
	t->missed[end] = p->seq;
}

static enum allowed judge(struct work *w, struct tie *t, int end, unsigned truth, struct inferred i)
{
	if (fin_waits(w, t, end, truth, i.set))
		return FIN_WAITS;
	if (silent_end(w, t, end, truth, i.set))
		return SILENT_END;
	if (truth == IS(SYN_RECEIVED) && w->s->deferred && i.sure != INFER_CERTAIN)
		return DEFERRED;
	if (queue_was_full(t, end, truth, i))
		return QUEUE_FULL;
	if (syn_cookie(w, t, end, truth, i))
		return SYN_COOKIE;
	if (i.sure == INFER_RANGE && old_socket(w, t))
		return OLD_SOCKET;
	if (gone_at_once(w, t, end, truth))
		return GONE_AT_ONCE;
	if (t->old[end] && i.sure != INFER_CERTAIN)
		return OLD_TIMESTAMP;
	return DISAGREES;
}

/* ---- comparing ---- */

static void states_text(struct str *out, unsigned set)
{
	const char *gap = "";

	for (unsigned s = 1; set >> s; s++)
		if (set & 1u << s) {
			str_addf(out, "%s%s", gap, sock_state_name((enum sock_state)s));
			gap = "|";
		}
}

static void say(const struct work *w, enum mode m, const struct tie *t, int end,
		const struct step *step, unsigned truth, struct inferred i)
{
	const struct story_packet *p = &w->s->packet[step->index];
	STR_ON_STACK(text, 400);

	addr_text(&text, &t->addr[end], NULL);
	str_add(&text, " to ");
	addr_text(&text, &t->addr[!end], NULL);
	str_addf(&text, ": inferred %s ", sure_name[i.sure]);
	infer_text(&text, i);
	str_add(&text, ", kernel ");
	states_text(&text, truth);
	if (step->kind == STEP_LEFT || step->kind == STEP_ARRIVED) {
		str_addf(&text, " behind packet %llu, which %s: ", (unsigned long long)p->number,
			 step->kind == STEP_LEFT ? "left" : "arrived");
		packet_flags_text(&text, p->p.flags);
		str_addf(&text, " seq %u ack %u len %u", p->p.seq, p->p.ack, p->p.payload_len);
	}
	if (m == MIDDLE)
		str_addf(&text, "; the capture begins at segment %u of the connection",
			 w->began + 1);
	printf("%s %s %s: offset %llu: %s\n", w->verbose ? "step" : "disagree", w->file,
	       mode_name[m], (unsigned long long)(step->key / 4), text.buf);
}

static void compare(struct work *w, enum mode m, struct tie *t, int end, const struct step *step,
		    unsigned truth, struct inferred i)
{
	enum allowed kind;

	if (w->verbose && m == STEPS)
		say(w, m, t, end, step, truth, i);
	if (!truth) {
		w->n->between += m == STEPS;
		return;
	}
	w->n->compared[m][i.sure]++;
	if (m == STEPS && !(truth & (truth - 1)))
		w->n->state[__builtin_ctz(truth)]++;
	if (i.sure == INFER_UNKNOWN || (i.set & truth))
		return;
	kind = judge(w, t, end, truth, i);
	if (m != STEPS && kind == DISAGREES && i.sure != INFER_CERTAIN && (t->lost))
		kind = LOST_ON_THE_WIRE;
	w->n->differs[m][kind]++;
	if (kind == DISAGREES)
		say(w, m, t, end, step, truth, i);
}

/* ---- no transition but those of the tables ---- */

#define SYN_S IS(SYN_SENT)
#define SYN_R IS(SYN_RECEIVED)
#define ESTAB IS(ESTABLISHED)
#define FIN_1 IS(FIN_WAIT_1)
#define FIN_2 IS(FIN_WAIT_2)
#define CL_WT IS(CLOSE_WAIT)
#define CL_NG IS(CLOSING)
#define L_ACK IS(LAST_ACK)
#define TM_WT IS(TIME_WAIT)
#define BEGIN (IS(CLOSED) | IS(LISTEN))
#define ALL   (BEGIN | SYN_S | SYN_R | ESTAB | FIN_1 | FIN_2 | CL_WT | CL_NG | L_ACK | TM_WT)

/* One segment may be several events at once: an acknowledgment, data, a FIN. */
static const struct {
	unsigned forward;
	unsigned back; /* a presumption that its own segment shows to be wrong */
} leads_to[] = {
	[SOCK_STATE_CLOSED] = { BEGIN | SYN_S | SYN_R, ALL },
	[SOCK_STATE_LISTEN] = { BEGIN | SYN_S | SYN_R, ALL },
	[SOCK_STATE_SYN_SENT] = { BEGIN | SYN_S | SYN_R | ESTAB | FIN_1 | CL_WT | L_ACK, 0 },
	[SOCK_STATE_SYN_RECEIVED] = { BEGIN | SYN_R | ESTAB | FIN_1 | CL_WT | L_ACK, SYN_S },
	[SOCK_STATE_ESTABLISHED] = { IS(CLOSED) | ESTAB | FIN_1 | CL_WT | CL_NG | L_ACK,
				     SYN_S | SYN_R },
	[SOCK_STATE_FIN_WAIT_1] = { IS(CLOSED) | FIN_1 | FIN_2 | CL_NG | TM_WT, 0 },
	[SOCK_STATE_FIN_WAIT_2] = { IS(CLOSED) | FIN_2 | TM_WT, FIN_1 | CL_NG },
	[SOCK_STATE_CLOSE_WAIT] = { IS(CLOSED) | CL_WT | L_ACK, SYN_R | ESTAB | FIN_1 | CL_NG },
	[SOCK_STATE_CLOSING] = { IS(CLOSED) | CL_NG | TM_WT, FIN_1 },
	[SOCK_STATE_LAST_ACK] = { IS(CLOSED) | L_ACK, CL_WT | FIN_1 | CL_NG },
	[SOCK_STATE_TIME_WAIT] = { IS(CLOSED) | TM_WT, FIN_1 | FIN_2 | CL_NG },
};

static bool is_transition(struct inferred before, struct inferred after)
{
	unsigned may = 0;

	for (unsigned s = 1; s <= SOCK_STATE_TIME_WAIT; s++)
		if (before.set & 1u << s)
			may |= leads_to[s].forward |
			       (before.sure == INFER_CERTAIN ? 0 : leads_to[s].back);
	/* What is too little known becomes a range. */
	if (after.sure == INFER_RANGE && (after.set & may))
		return true;
	return !before.set || (after.set && !(after.set & ~may));
}

static void check_transitions(struct work *w, enum mode m, const struct tie *t,
			      const struct step *step, const struct inferred before[ENDS],
			      const struct infer_end end[ENDS])
{
	for (int i = 0; i < ENDS; i++) {
		struct inferred after = infer_state(&end[i]);

		w->n->transitions += after.set != before[i].set;
		if (is_transition(before[i], after))
			continue;
		w->n->differs[m][NO_TRANSITION]++;
		say(w, m, t, i, step, before[i].set, after);
	}
}

/* ---- all readings of one segment ---- */

static void read_as(struct work *w, struct tie *t, enum reading r, const struct step *step,
		    const struct story_packet *k)
{
	struct infer_end *end = t->reading[r];
	const struct inferred before[ENDS] = { infer_state(&end[0]), infer_state(&end[1]) };

	if ((r == ONLY_0 && k->dir != 0) || (r == ONLY_1 && k->dir != 1))
		return;
	infer_segment(end, w->pool, NULL, r == MIRRORED ? !k->dir : k->dir, &k->p, readings[r].vantage);
	if (r != MIRRORED)
		check_transitions(w, readings[r].mode, t, step, before, end);
}

static bool same_state(const struct infer_end *a, const struct infer_end *b)
{
	struct inferred x = infer_state(a), y = infer_state(b);

	return x.set == y.set && x.state == y.state && x.sure == y.sure;
}

static void read_all(struct work *w, struct tie *t, const struct step *step,
		     const struct story_packet *k)
{
	for (enum reading r = 0; r < READINGS; r++)
		read_as(w, t, r, step, k);
	if (t->left)
		t->quiet[t->left] = t->arrived == t->due;
	for (uint32_t m = 0; m < t->left; m++)
		infer_segment(t->middle[m], w->pool, NULL, k->dir, &k->p, INFER_TAP);
	for (int i = 0; i < ENDS; i++) {
		w->n->mirrored++;
		if (same_state(&t->reading[TAP][i], &t->reading[MIRRORED][!i]))
			continue;
		w->n->differs[PLAIN_TAP][NO_MIRROR]++;
		say(w, PLAIN_TAP, t, i, step, 0, infer_state(&t->reading[MIRRORED][!i]));
	}
	t->middle = realloc(t->middle, (t->left + 1) * sizeof(*t->middle));
	memset(t->middle[t->left], 0, sizeof(*t->middle));
	t->quiet = realloc(t->quiet, ++t->left + 1);
	t->newest[k->dir] = k;
}

/* Between two steps; 0 if the next sample stands behind what left before it, and may be true already. */
static unsigned states_between(struct work *w, uint32_t at, const struct tie *t, int end)
{
	unsigned now = states_now(w, t, end);

	for (uint32_t i = at; i < w->s->steps; i++) {
		const struct step *next = &w->s->step[i];
		const struct story_sample *s = &w->s->sample[next->index];

		if (!is_about(w, next, t, end) || next->kind == STEP_LEFT)
			continue;
		if (next->kind == STEP_SAMPLE && s->moved)
			return 0;
		break;
	}
	return now;
}

/* Nothing of it is under way: what is presumed to have arrived has. */
static void compare_quiet(struct work *w, struct tie *t, uint32_t at)
{
	const struct step *step = &w->s->step[at < w->s->steps ? at : at - 1];

	if (!t->left || t->arrived != t->due || !is_latest(w, t))
		return;
	for (int i = 0; i < ENDS; i++) {
		unsigned truth = states_between(w, at, t, i);

		compare(w, PLAIN_COMPLETE, t, i, step, truth,
			infer_state(&t->reading[COMPLETE][i]));
		compare(w, PLAIN_TAP, t, i, step, truth, infer_state(&t->reading[TAP][i]));
		for (uint32_t m = 0; m + 1 < t->left; m++)
			if (t->quiet[w->began = m + 1])
				compare(w, MIDDLE, t, i, step, truth,
					infer_state(&t->middle[m][i]));
	}
}

/* The newest segment of the only side that is seen: its sender when it left, its receiver when it arrived. */
static void compare_one_side(struct work *w, struct tie *t, uint32_t at,
			     const struct story_packet *k)
{
	const struct step *step = &w->s->step[at];
	enum reading r = k->dir ? ONLY_1 : ONLY_0;
	int end = step->kind == STEP_LEFT ? k->dir : !k->dir;

	if (t->newest[k->dir] == k && (step->kind == STEP_LEFT || t->arrived == t->due))
		compare(w, ONE_SIDE, t, end, step, states_after(w, at, t, end),
			infer_state(&t->reading[r][end]));
}

/* ---- by steps ---- */

static void note_timestamp(struct tie *t, int end, const struct packet *p)
{
	bool older = t->has_ts[end] && (int32_t)(p->tsval - t->ts[end]) < 0;

	if (!p->has_ts)
		return;
	t->old[end] |= older;
	if (!older)
		t->ts[end] = p->tsval;
	t->has_ts[end] = true;
}

static void step_of_packet(struct work *w, uint32_t at)
{
	const struct step *step = &w->s->step[at];
	const struct story_packet *k = &w->s->packet[step->index];
	bool left = step->kind == STEP_LEFT, refused;
	struct tie *t;
	int end = left ? k->dir : !k->dir;

	if (k->conn == CONN_NONE)
		return;
	t = &w->tie[k->conn];
	tie_begin(t, k, step->key);
	const struct inferred before[ENDS] = { infer_state(&t->end[0]), infer_state(&t->end[1]) };

	if (left) {
		compare_quiet(w, t, at);
		read_all(w, t, step, k);
		infer_sent(t->end, k->dir, &k->p, INFER_COMPLETE);
		t->due += k->arrivals ? k->arrivals : 1;
		t->full[!end] = queue_full(w, t, !end);
		t->cookie[end] |= answers_by_cookie(w, t, end, &k->p);
	} else {
		infer_delivered(t->end, w->pool, k->dir, &k->p);
		note_timestamp(t, end, &k->p);
		t->arrived++;
		refused = states_now(w, t, end) == IS(SYN_RECEIVED) &&
			  (t->full[end] || queue_full(w, t, end));
		t->refused[end] |= refused;
		note_missing(t, end, &k->p, refused);
	}
	check_transitions(w, STEPS, t, step, before, t->end);
	t->fin[k->dir] |= left && (k->p.flags & TCP_FIN);
	if (!is_latest(w, t))
		return;
	compare_one_side(w, t, at, k);
	compare(w, STEPS, t, end, step, states_after(w, at, t, end), infer_state(&t->end[end]));
	if (infer_state(&t->end[!end]).set != before[!end].set)
		compare(w, STEPS, t, !end, step, states_now(w, t, !end),
			infer_state(&t->end[!end]));
}

static void step_of_loss(struct work *w, const struct step *step)
{
	const struct story_packet *k = &w->s->packet[step->index];

	if (k->conn == CONN_NONE)
		return;
	w->tie[k->conn].lost = true;
	w->tie[k->conn].arrived += !k->arrivals;
}

static void step_of_sample(struct work *w, const struct step *step)
{
	const struct story_sample *s = &w->s->sample[step->index];
	int end;
	struct tie *t = tie_of_sample(w, s, &end);

	kernel_sample(w->kernels, s, step->key);
	if (t && (s->by == BY_TIME || s->by == BY_CALL))
		compare(w, STEPS, t, end, step, states_now(w, t, end), infer_state(&t->end[end]));
}

static void by_steps(struct work *w)
{
	const struct step *step = w->s->step;

	for (uint32_t i = 0; i < w->s->steps; i++, step++) {
		w->now = step->key;
		if (w->s->thinned && step->key > w->s->thinned) {
			w->n->thinned += w->s->steps - i;
			return;
		}
		switch (step->kind) {
		case STEP_SAMPLE:
			step_of_sample(w, step);
			break;
		case STEP_LEFT:
		case STEP_ARRIVED:
			step_of_packet(w, i);
			break;
		case STEP_LOST:
			step_of_loss(w, step);
			break;
		case STEP_CALL:
			break;
		}
	}
	for (uint32_t i = 0; i < w->s->conns && w->s->steps; i++)
		compare_quiet(w, &w->tie[i], w->s->steps);
}

/* ---- a capture that is cut behind any of its packets ---- */

static bool same_note(const struct conn_note *a, const struct conn_note *b)
{
	return a->conn == b->conn && !memcmp(a->state, b->state, sizeof(a->state));
}

static void check_prefix(struct work *w, const struct conn_note *whole, uint32_t count)
{
	struct conns *c = conns_new(NULL);
	struct conn_note note;

	for (uint32_t i = 0; i < count; i++) {
		memset(&note, 0, sizeof(note));
		conns_track(c, &w->s->packet[i].p, NULL, 0, i + 1, w->s->packet[i].ts_ns, &note);
		if (same_note(&note, &whole[i]))
			continue;
		w->n->differs[PLAIN_TAP][NO_PREFIX]++;
		printf("disagree %s prefix of %u: packet %u has other states\n", w->file, count,
		       i + 1);
	}
	w->n->prefixes++;
	conns_free(c);
}

static void by_prefixes(struct work *w)
{
	struct conn_note *whole = story_array(w->s->packets, sizeof(*whole));
	struct conns *c = conns_new(NULL);

	for (uint32_t i = 0; i < w->s->packets; i++)
		conns_track(c, &w->s->packet[i].p, NULL, 0, i + 1, w->s->packet[i].ts_ns,
			    &whole[i]);
	for (uint32_t count = 1; count <= w->s->packets && count <= PREFIXES_MAX; count++)
		check_prefix(w, whole, count);
	conns_free(c);
	free(whole);
}

/* ---- files ---- */

static void print_counts(const struct counts *n)
{
	for (size_t m = 0; m < MODES; m++) {
		for (size_t s = 0; s < 4; s++)
			printf("count\t%s\t%s\t%llu\n", mode_name[m], sure_name[s],
			       (unsigned long long)n->compared[m][s]);
		for (size_t k = 0; k < ALLOWED; k++)
			printf("count\t%s\t%s\t%llu\n", mode_name[m], allowed_name[k],
			       (unsigned long long)n->differs[m][k]);
	}
	printf("count\tsteps\tbetween two looks\t%llu\n", (unsigned long long)n->between);
	for (unsigned k = 1; k <= SOCK_STATE_TIME_WAIT; k++)
		printf("count\tkernel\t%s\t%llu\n", sock_state_name((enum sock_state)k),
		       (unsigned long long)n->state[k]);
	printf("count\tmirrored\tstates\t%llu\n", (unsigned long long)n->mirrored);
	printf("count\tprefixes\tcaptures\t%llu\n", (unsigned long long)n->prefixes);
	printf("count\ttables\ttransitions\t%llu\n", (unsigned long long)n->transitions);
	printf("count\tsteps\tthinned out\t%llu\n", (unsigned long long)n->thinned);
}

static int run(const char *file, struct counts *n, bool verbose)
{
	struct err e = { 0 };
	struct trace *t = trace_open(file, &e);
	struct story s;
	struct work w = { .file = file, .verbose = verbose, .s = &s, .n = n };

	if (!t) {
		fprintf(stderr, "%s: %s\n", file, e.what);
		return -1;
	}
	story_load(&s, t);
	w.kernels = story_array(1, sizeof(*w.kernels));
	w.tie = story_array(s.conns, sizeof(*w.tie));
	w.pool = unacked_new();
	by_steps(&w);
	by_prefixes(&w);
	for (uint32_t i = 0; i < s.conns; i++) {
		free(w.tie[i].middle);
		free(w.tie[i].quiet);
	}
	unacked_free(w.pool);
	free(w.tie);
	free(w.kernels);
	story_free(&s);
	trace_free(t);
	return 0;
}

int main(int argc, char **argv)
{
	struct counts n = { 0 };
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	int rc = 0;

	for (int i = 1 + verbose; i < argc; i++)
		rc |= run(argv[i], &n, verbose);
	print_counts(&n);
	return rc ? 1 : 0;
}
