/*
 * compare_states: the states that infer.h finds in the packets of a lab's trace beside those that the kernel's
 * sockets had: compare_states FILE…, for tests/traces/check_infer.
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
enum { ENDS = 2, KERNELS_MAX = 256 };

/* ---- what is counted ---- */

enum mode { STEPS, PLAIN_COMPLETE, PLAIN_TAP, ONE_SIDE, MIDDLE, MODES };
static const char *const mode_name[] = { "steps", "plain, complete", "plain, tap", "one side", "middle" };

enum allowed {
	FIN_WAITS,
	SILENT_END,
	DEFERRED,
	QUEUE_FULL,
	GONE_AT_ONCE,
	LOST_ON_THE_WIRE,
	DISAGREES,
	ALLOWED
};
static const char *const allowed_name[] = {
	[FIN_WAITS] = "6.1 closed, and the FIN waits",
	[SILENT_END] = "6.2 ended without a packet",
	[DEFERRED] = "6.5 the acceptance is deferred",
	[QUEUE_FULL] = "6.6 the listener's queue is full",
	[GONE_AT_ONCE] = "6.8 gone when the segment came, before the RST",
	[LOST_ON_THE_WIRE] = "1 presumed to arrive, but lost",
	[DISAGREES] = "disagree",
};
_Static_assert(sizeof(allowed_name) / sizeof(allowed_name[0]) == ALLOWED, "each has a name");

static const char *const sure_name[] = { "unknown", "certain", "presumed", "range" };

struct counts {
	uint64_t compared[MODES][4];
	uint64_t differs[MODES][ALLOWED];
	uint64_t between, thinned, mirrored, prefixes, transitions, wrong;
};

/* ---- the kernel's sockets ---- */

struct kernel {
	uint8_t host;
	uint64_t cookie;
	enum sock_state state;
	struct addr local, remote;
	enum state_by by;	/* of its end */
	uint64_t by_number;
	uint32_t recvq, sendq;
};

struct kernels {
	struct kernel row[KERNELS_MAX];
	size_t count;
};

static bool same_pair(const struct kernel *k, uint8_t host, const struct addr *local, const struct addr *remote)
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

static void kernel_sample(struct kernels *all, const struct story_sample *s)
{
	struct kernel *k = NULL;

	for (size_t i = 0; i < all->count && !k; i++)
		if (all->row[i].host == s->host && all->row[i].cookie == s->cookie)
			k = &all->row[i];
	if (!k && all->count < KERNELS_MAX)
		k = &all->row[all->count++];
	if (!k)
		return;
	*k = (struct kernel){ s->host, s->cookie, s->state, s->local, s->remote, s->by, s->by_number, s->recvq, s->sendq };
}

/* ---- connections ---- */

struct tie {
	bool begun;
	struct infer_end end[ENDS];
	struct addr addr[ENDS];
	uint8_t host[ENDS];
	bool fin[ENDS], lost[ENDS];	/* left: a FIN; something that never arrived */
};

struct work {
	const char *file;
	struct story *s;
	struct tie *tie;
	struct unacked *pool;
	struct kernels *kernels;
	struct counts *n;
	uint64_t now;		/* key of the step */
};

static void tie_begin(struct tie *t, const struct story_packet *k)
{
	struct addr src, dst;

	if (t->begun || !packet_endpoints(&k->p, &src, &dst))
		return;
	t->begun = true;
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

		if (o->begun && ((addr_equal(&o->addr[0], &t->addr[0]) && addr_equal(&o->addr[1], &t->addr[1])) ||
				 (addr_equal(&o->addr[0], &t->addr[1]) && addr_equal(&o->addr[1], &t->addr[0]))))
			return false;
	}
	return true;
}

/* ---- what is true ---- */

/* A pair without a socket is CLOSED, or LISTEN where somebody listens at its port. */
static unsigned states_without_socket(struct work *w, const struct tie *t, int end)
{
	return IS(CLOSED) | (listener_find(w->kernels, t->host[end], &t->addr[end]) ? IS(LISTEN) : 0u);
}

static unsigned states_now(struct work *w, const struct tie *t, int end)
{
	const struct kernel *k = kernel_find(w->kernels, t->host[end], &t->addr[end], &t->addr[!end]);

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
	case STEP_CALL:
	case STEP_QUIET:
		return false;
	}
	return false;
}

/*
 * The states of an end's socket behind a step that is about it: the sample that follows, if the step is its cause, else
 * the last one.  0: not known, because several segments left before it was looked at.
 */
static unsigned states_after(struct work *w, uint32_t at, const struct tie *t, int end)
{
	const struct step *step = &w->s->step[at];
	unsigned now = states_now(w, t, end), then;
	enum state_by by = step->kind == STEP_LEFT ? BY_DEPARTURE : BY_ARRIVAL;

	for (uint32_t i = at + 1; i < w->s->steps; i++) {
		const struct step *next = &w->s->step[i];
		const struct story_sample *s = &w->s->sample[next->index];

		if (!is_about(w, next, t, end))
			continue;
		if (next->kind == STEP_LEFT && step->kind == STEP_LEFT)
			continue;
		if (next->kind != STEP_SAMPLE || s->by != by)
			return now;
		then = s->state == SOCK_STATE_CLOSED ? states_without_socket(w, t, end) : 1u << s->state;
		if (s->by_number == w->s->packet[step->index].number || then == now)
			return then;
		return step->kind == STEP_LEFT ? 0 : now;
	}
	return now;
}

/* ---- what packets cannot show ---- */

static const struct story_packet *next_left(const struct work *w, const struct tie *t, int end)
{
	for (uint32_t i = 0; i < w->s->steps; i++)
		if (w->s->step[i].key > w->now && w->s->step[i].kind == STEP_LEFT && is_about(w, &w->s->step[i], t, end))
			return &w->s->packet[w->s->step[i].index];
	return NULL;
}

static bool has_called(const struct work *w, uint8_t host)
{
	for (uint32_t i = 0; i < w->s->steps; i++) {
		const struct step *step = &w->s->step[i];

		if (step->kind == STEP_CALL && step->host == host &&
		    (!strcmp(step->call, "close") || !strcmp(step->call, "shutdown") || !strcmp(step->call, "end")))
			return true;
	}
	return false;
}

static bool fin_waits(const struct work *w, const struct tie *t, int end, unsigned truth, unsigned inferred)
{
	unsigned before = 0;

	before |= truth & IS(FIN_WAIT_1) ? IS(ESTABLISHED) | IS(SYN_RECEIVED) : 0u;
	before |= truth & (IS(LAST_ACK) | IS(CLOSING)) ? IS(CLOSE_WAIT) : 0u;
	return !t->fin[end] && (inferred & before) && has_called(w, t->host[end]);
}

static bool silent_end(struct work *w, const struct tie *t, int end, unsigned truth, unsigned inferred)
{
	const struct kernel *k = kernel_find(w->kernels, t->host[end], &t->addr[end], &t->addr[!end]);

	if (!(truth & IS(CLOSED)))
		return false;
	/* A request goes with its listener, and is noticed later. */
	if ((inferred & IS(SYN_RECEIVED)) && !(truth & IS(LISTEN)))
		return true;
	return k && k->state == SOCK_STATE_CLOSED && (k->by == BY_TIME || k->by == BY_CALL);
}

static bool queue_full(struct work *w, const struct tie *t, int end, unsigned truth)
{
	const struct kernel *l = listener_find(w->kernels, t->host[end], &t->addr[end]);

	return truth == IS(SYN_RECEIVED) && l && l->recvq > l->sendq;
}

static bool gone_at_once(struct work *w, const struct tie *t, int end, unsigned truth)
{
	const struct story_packet *next = next_left(w, t, end);

	return (truth & IS(CLOSED)) && next && (next->p.flags & TCP_RST);
}

static enum allowed judge(struct work *w, const struct tie *t, int end, unsigned truth, struct inferred i)
{
	if (fin_waits(w, t, end, truth, i.set))
		return FIN_WAITS;
	if (silent_end(w, t, end, truth, i.set))
		return SILENT_END;
	if (truth == IS(SYN_RECEIVED) && w->s->deferred && i.sure != INFER_CERTAIN)
		return DEFERRED;
	if (queue_full(w, t, end, truth) && i.sure != INFER_CERTAIN)
		return QUEUE_FULL;
	if (gone_at_once(w, t, end, truth))
		return GONE_AT_ONCE;
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

static void say(const struct work *w, enum mode m, const struct tie *t, int end, const struct step *step, unsigned truth,
		struct inferred i)
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
	printf("disagree %s %s: offset %llu: %s\n", w->file, mode_name[m], (unsigned long long)(step->key / 4), text.buf);
}

static void compare(struct work *w, enum mode m, const struct tie *t, int end, const struct step *step, unsigned truth,
		    struct inferred i)
{
	enum allowed kind;

	if (!truth) {
		w->n->between++;
		return;
	}
	w->n->compared[m][i.sure]++;
	if (i.sure == INFER_UNKNOWN || (i.set & truth))
		return;
	kind = judge(w, t, end, truth, i);
	if (m != STEPS && kind == DISAGREES && i.sure != INFER_CERTAIN && (t->lost[0] || t->lost[1]))
		kind = LOST_ON_THE_WIRE;
	w->n->differs[m][kind]++;
	if (kind == DISAGREES)
		say(w, m, t, end, step, truth, i);
}

static void step_of_packet(struct work *w, uint32_t at)
{
	const struct step *step = &w->s->step[at];
	const struct story_packet *k = &w->s->packet[step->index];
	bool left = step->kind == STEP_LEFT;
	struct tie *t;
	int end = left ? k->dir : !k->dir;
	struct inferred other;

	if (k->conn == CONN_NONE)
		return;
	t = &w->tie[k->conn];
	tie_begin(t, k);
	other = infer_state(&t->end[!end]);
	if (left)
		infer_sent(t->end, k->dir, &k->p, INFER_COMPLETE);
	else
		infer_delivered(t->end, w->pool, k->dir, &k->p);
	t->fin[k->dir] |= left && (k->p.flags & TCP_FIN);
	if (!is_latest(w, t))
		return;
	compare(w, STEPS, t, end, step, states_after(w, at, t, end), infer_state(&t->end[end]));
	if (infer_state(&t->end[!end]).set != other.set)
		compare(w, STEPS, t, !end, step, states_now(w, t, !end), infer_state(&t->end[!end]));
}

static void step_of_sample(struct work *w, const struct step *step)
{
	const struct story_sample *s = &w->s->sample[step->index];
	int end;
	struct tie *t = tie_of_sample(w, s, &end);

	kernel_sample(w->kernels, s);
	if (t && (s->by == BY_TIME || s->by == BY_CALL))
		compare(w, STEPS, t, end, step, states_now(w, t, end), infer_state(&t->end[end]));
}

static void by_steps(struct work *w)
{
	for (uint32_t i = 0; i < w->s->steps; i++) {
		const struct step *step = &w->s->step[i];

		w->now = step->key;
		if (w->s->thinned && step->key > w->s->thinned) {
			w->n->thinned++;
			continue;
		}
		if (step->kind == STEP_SAMPLE)
			step_of_sample(w, step);
		else if (step->kind == STEP_LEFT || step->kind == STEP_ARRIVED)
			step_of_packet(w, i);
	}
}

/* ---- files ---- */

static void print_counts(const struct counts *n)
{
	for (size_t m = 0; m < MODES; m++) {
		for (size_t s = 0; s < 4; s++)
			printf("count\t%s\t%s\t%llu\n", mode_name[m], sure_name[s], (unsigned long long)n->compared[m][s]);
		for (size_t k = 0; k < ALLOWED; k++)
			printf("count\t%s\t%s\t%llu\n", mode_name[m], allowed_name[k], (unsigned long long)n->differs[m][k]);
	}
	printf("count\tsteps\tbetween two looks\t%llu\n", (unsigned long long)n->between);
	printf("count\tsteps\tthinned out\t%llu\n", (unsigned long long)n->thinned);
}

static int run(const char *file, struct counts *n)
{
	struct err e = { 0 };
	struct trace *t = trace_open(file, &e);
	struct story s;
	struct work w = { .file = file, .s = &s, .n = n };

	if (!t) {
		fprintf(stderr, "%s: %s\n", file, e.what);
		return -1;
	}
	story_load(&s, t);
	w.kernels = story_array(1, sizeof(*w.kernels));
	w.tie = story_array(s.conns, sizeof(*w.tie));
	w.pool = unacked_new();
	by_steps(&w);
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
	int rc = 0;

	for (int i = 1; i < argc; i++)
		rc |= run(argv[i], &n);
	print_counts(&n);
	return rc ? 1 : 0;
}
