/*
 * A tracker goes through the rows of the trace, takes those of its connection, and gives their packets to
 * connections of its own.  Rows are sorted by time, while a connection is tracked in the order of the file:
 * so what was taken waits in a short list, sorted by number, until nothing before it can come any more.
 *
 * The trace may gain rows meanwhile, also among those that were passed already.  A tracker knows the identity
 * of the row it looked at last; where that has moved, it looks at the last stretch again, for higher numbers
 * than it has taken: what comes later has them.
 */
#include "capture/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace_walk.h"
#include "src/core/clock.h"

enum {
	TRACKERS = 8,
	KNOWN = 1024, /* verdicts kept of each tracker */
	LATE = 1024, /* packets of a connection, … */
	FAR = 4096, /* … and rows, by which one can be out of its place */
	SCAN = 4096, /* rows between two looks at the clock */
	TRACK = 32, /* packets, likewise */
};

struct waiting {
	uint64_t id;
	uint32_t number;
	uint32_t row; /* where it was when it was taken */
};

struct known {
	uint32_t number; /* of the packet */
	struct verdict verdict;
};

struct tracker {
	uint32_t conn; /* CONN_NONE: all of them */
	uint64_t used; /* when it was asked last */
	struct conns *conns;

	uint32_t first, next; /* rows: where it began, and which it looks at next */
	uint64_t before; /* identity of the row before next, if there is one */
	uint32_t taken; /* highest number that was taken from the rows */

	struct waiting *wait; /* 2 * LATE: those from wait_at on, by number */
	size_t wait_at, waits;

	struct known *known; /* a ring, by number */
	size_t known_at, knowns;
};

struct replay {
	struct trace *trace;
	struct trace_walk *walk;
	bool all;
	bool loading; /* when it was last looked at: the rows may be sorted in the end */
	bool failed; /* memory ran out: nothing more will be known */
	uint64_t clock;
	struct tracker *tracker; /* TRACKERS */
	uint64_t asked; /* identity */
	uint32_t asked_number; /* 0: nothing is asked for */
	struct tracker *at; /* of what is asked for; NULL: nothing to do */
};

/* ---- trackers ---- */

static void tracker_fini(struct tracker *k)
{
	conns_free(k->conns);
	free(k->wait);
	free(k->known);
	*k = (struct tracker){ .conn = CONN_NONE };
}

/* The first row that may be one of the connection. */
static uint32_t first_row(const struct trace *t, uint32_t conn)
{
	const struct conn *c = conn == CONN_NONE ? NULL : conns_get(trace_conns(t), conn);
	uint32_t row;

	if (!c || c->first_ns == INT64_MIN)
		return 0;
	row = trace_row_at(t, c->first_ns - 1);
	if (row == ROW_NONE)
		return 0;
	return row > FAR ? row - FAR : 0;
}

static bool tracker_init(struct tracker *k, const struct trace *t, uint32_t conn)
{
	*k = (struct tracker){ .conn = conn, .conns = conns_new(NULL) };
	k->wait = calloc((size_t)2 * LATE, sizeof(*k->wait));
	k->known = calloc(KNOWN, sizeof(*k->known));
	if (!k->conns || !k->wait || !k->known) {
		tracker_fini(k);
		return false;
	}
	conns_set_rules(k->conns, conns_rules(trace_conns(t)));
	k->first = k->next = first_row(t, conn);
	k->before = k->next ? trace_entry(t, k->next - 1)->offset : 0;
	return true;
}

static bool is_in_use(const struct tracker *k)
{
	return k->conns != NULL;
}

static struct known *known_nth(const struct tracker *k, size_t i)
{
	return &k->known[(k->known_at + i) % KNOWN];
}

static const struct known *known_find(const struct tracker *k, uint32_t number)
{
	size_t low = 0, high = k->knowns;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (known_nth(k, middle)->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < k->knowns && known_nth(k, low)->number == number ? known_nth(k, low) : NULL;
}

/* Whether the packet was passed without being kept: only a new tracker finds it. */
static bool is_passed(const struct tracker *k, uint32_t number)
{
	return k->knowns > 0 && number <= known_nth(k, k->knowns - 1)->number &&
	       !known_find(k, number);
}

static struct tracker *tracker_of(const struct replay *r, uint32_t conn)
{
	for (size_t i = 0; i < TRACKERS; i++)
		if (is_in_use(&r->tracker[i]) && r->tracker[i].conn == (r->all ? CONN_NONE : conn))
			return &r->tracker[i];
	return NULL;
}

/* A place for another tracker: a free one, or the one that was asked longest ago. */
static struct tracker *place_for_tracker(struct replay *r)
{
	struct tracker *oldest = &r->tracker[0];

	for (size_t i = 0; i < TRACKERS; i++) {
		if (!is_in_use(&r->tracker[i]))
			return &r->tracker[i];
		if (r->tracker[i].used < oldest->used)
			oldest = &r->tracker[i];
	}
	tracker_fini(oldest);
	return oldest;
}

/* ---- packets ---- */

static void keep(struct tracker *k, uint32_t number, const struct verdict *v)
{
	if (k->knowns == KNOWN) {
		k->known_at = (k->known_at + 1) % KNOWN;
		k->knowns--;
	}
	*known_nth(k, k->knowns++) = (struct known){ number, *v };
}

static void track(struct replay *r, struct tracker *k, const struct waiting *w)
{
	const struct trace_entry *e = trace_entry(r->trace, w->row);
	uint32_t row = e && e->offset == w->id ? w->row : trace_row_of(r->trace, w->id);
	const struct event *ev = row == ROW_NONE ? NULL : trace_walk_event(r->walk, row, NULL);
	const struct trace_host *host;
	struct conn_note note;
	struct packet p;

	if (!ev || ev->kind != EVENT_PACKET)
		return;
	host = trace_host(r->trace, ev->packet.iface);
	packet_parse(&p, host ? host->link : LINK_ETHERNET, ev->packet.data, ev->packet.caplen,
		     ev->packet.len);
	conns_track(k->conns, &p, ev->packet.data, ev->packet.caplen, w->number, ev->ts_ns, &note);
	keep(k, w->number, &note.verdict);
}

/* Puts a packet among those that wait, by its number; most are the last one. */
static void take(struct tracker *k, const struct trace_entry *e, uint32_t row)
{
	size_t i;

	if (k->knowns > 0 && e->number <= known_nth(k, k->knowns - 1)->number)
		return; /* too far out of its place */
	if (k->wait_at + k->waits == (size_t)2 * LATE) {
		memmove(k->wait, k->wait + k->wait_at, k->waits * sizeof(*k->wait));
		k->wait_at = 0;
	}
	for (i = k->wait_at + k->waits; i > k->wait_at && k->wait[i - 1].number > e->number; i--)
		k->wait[i] = k->wait[i - 1];
	k->wait[i] = (struct waiting){ .id = e->offset, .number = e->number, .row = row };
	k->waits++;
	if (e->number > k->taken)
		k->taken = e->number;
}

static bool is_ours(const struct tracker *k, const struct trace_entry *e)
{
	return e->kind == EVENT_PACKET && (k->conn == CONN_NONE || e->conn == k->conn);
}

/* ---- rows ---- */

/* Looks again at the rows before `end`, for what came between them. */
static void look_again(struct replay *r, struct tracker *k, uint32_t end)
{
	for (uint32_t row = end > FAR ? end - FAR : 0; row < end; row++) {
		const struct trace_entry *e = trace_entry(r->trace, row);

		if (is_ours(k, e) && e->number > k->taken && k->waits < LATE)
			take(k, e, row);
	}
}

/* Finds its place again if rows came between.  False: they moved too far, it has to begin anew. */
static bool find_place(struct replay *r, struct tracker *k)
{
	uint32_t row;

	if (k->next == 0 || (k->next <= trace_rows(r->trace) &&
			     trace_entry(r->trace, k->next - 1)->offset == k->before))
		return true;
	row = trace_row_of(r->trace, k->before);
	if (row == ROW_NONE || row + 1 < k->next || row + 1 - k->next > FAR)
		return false;
	look_again(r, k, row + 1);
	k->next = row + 1;
	return true;
}

static void scan(struct replay *r, struct tracker *k)
{
	uint32_t rows = trace_rows(r->trace), end = rows - k->next > SCAN ? k->next + SCAN : rows;

	while (k->next < end && k->waits < LATE) {
		const struct trace_entry *e = trace_entry(r->trace, k->next);

		if (is_ours(k, e))
			take(k, e, k->next);
		k->before = e->offset;
		k->next++;
	}
}

/* Nothing that comes can be before the first that waits. */
static bool may_go(const struct replay *r, const struct tracker *k)
{
	if (k->waits == 0)
		return false;
	return k->waits == LATE || k->next == trace_rows(r->trace) ||
	       k->next - k->wait[k->wait_at].row >= FAR;
}

/* A little work.  False: there is nothing more to do. */
static bool step(struct replay *r, struct tracker *k)
{
	for (int i = 0; i < TRACK && may_go(r, k); i++) {
		struct waiting first = k->wait[k->wait_at++];

		k->waits--;
		track(r, k, &first);
		if (first.number == r->asked_number)
			return false;
	}
	if (!may_go(r, k) && k->next < trace_rows(r->trace))
		scan(r, k);
	return may_go(r, k) || k->next < trace_rows(r->trace);
}

/* ---- what is asked for ---- */

static void tracker_choose(struct replay *r, uint32_t conn)
{
	r->at = tracker_of(r, conn);
	if (r->at && is_passed(r->at, r->asked_number))
		tracker_fini(r->at);
	if (!r->at || !is_in_use(r->at)) {
		r->at = place_for_tracker(r);
		r->failed = !tracker_init(r->at, r->trace, r->all ? CONN_NONE : conn);
	}
	if (r->failed)
		r->at = NULL;
	else
		r->at->used = ++r->clock;
}

void replay_ask(struct replay *r, uint32_t row)
{
	const struct trace_entry *e = row == ROW_NONE ? NULL : trace_entry(r->trace, row);

	if (e && r->asked_number && e->offset == r->asked)
		return;
	r->at = NULL;
	r->asked_number = 0;
	if (!e || e->kind != EVENT_PACKET || e->conn == CONN_NONE ||
	    !conns_tcp(trace_conns(r->trace), e->conn))
		return;
	r->asked = e->offset;
	r->asked_number = e->number;
	tracker_choose(r, e->conn);
}

/* What was loaded out of order is sorted in the end; all begins anew then. */
static void watch_loading(struct replay *r)
{
	bool loading = trace_is_loading(r->trace);

	if (r->loading && !loading)
		for (size_t i = 0; i < TRACKERS; i++)
			tracker_fini(&r->tracker[i]);
	r->loading = loading;
}

bool replay_busy(const struct replay *r)
{
	return r->at && !known_find(r->at, r->asked_number);
}

/* Whether the tracker can go on; it is made anew if it lost its place. */
static bool is_ready(struct replay *r)
{
	uint32_t row;

	watch_loading(r);
	row = trace_row_of(r->trace, r->asked);
	if (row == ROW_NONE)
		return false;
	if (is_in_use(r->at) && !find_place(r, r->at))
		tracker_fini(r->at);
	if (!is_in_use(r->at))
		tracker_choose(r, trace_entry(r->trace, row)->conn);
	return r->at != NULL;
}

bool replay_work(struct replay *r, int64_t budget_ns)
{
	int64_t end_ns = clock_monotonic_ns() + budget_ns;
	bool more;

	if (!r->at || (is_in_use(r->at) && known_find(r->at, r->asked_number)))
		return false;
	if (!is_ready(r)) {
		r->at = NULL;
		return false;
	}
	do {
		more = step(r, r->at);
	} while (more && (budget_ns == 0 || clock_monotonic_ns() < end_ns));
	if (known_find(r->at, r->asked_number))
		return true;
	if (!more)
		r->at = NULL; /* it is not there: it cannot be read */
	return false;
}

unsigned replay_percent(const struct replay *r)
{
	uint32_t row = r->at ? trace_row_of(r->trace, r->asked) : ROW_NONE;
	uint64_t done, all;

	if (row == ROW_NONE || row <= r->at->first || !is_in_use(r->at))
		return 100;
	all = row - r->at->first;
	done = r->at->next > r->at->first ? r->at->next - r->at->first : 0;
	return done >= all ? 100 : (unsigned)(done * 100 / all);
}

const struct verdict *replay_verdict(const struct replay *r, uint32_t row)
{
	const struct trace_entry *e = trace_entry(r->trace, row);
	const struct tracker *k = e && e->kind == EVENT_PACKET ? tracker_of(r, e->conn) : NULL;
	const struct known *known = k ? known_find(k, e->number) : NULL;

	return known ? &known->verdict : NULL;
}

/* ---- beginning and end ---- */

struct replay *replay_new(struct trace *t, struct err *e)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r)
		goto out;
	r->trace = t;
	r->loading = trace_is_loading(t);
	r->tracker = calloc(TRACKERS, sizeof(*r->tracker));
	r->walk = trace_walk_new(t, e);
	if (r->tracker && r->walk)
		return r;
out:
	err_errno(e, ENOMEM, NULL, "cannot track connections again");
	replay_free(r);
	return NULL;
}

struct replay *replay_new_all(struct trace *t, struct err *e)
{
	struct replay *r = replay_new(t, e);

	if (r)
		r->all = true;
	return r;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	for (size_t i = 0; r->tracker && i < TRACKERS; i++)
		tracker_fini(&r->tracker[i]);
	free(r->tracker);
	trace_walk_free(r->walk);
	free(r);
}
