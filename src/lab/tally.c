/*
 * A host gets one packet a round, and what its kernel answers at once is taken in before the next round.  So between
 * two readings there is one arrival at most, and the departures that it led to, or that a timer or a call did.
 *
 * Of a counter that grew by n, n packets whose shape fits get one each, the last of them the rest; where no packet that
 * left fits, the one that arrived.
 */
#include "src/lab/tally.h"

#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "src/lab/space.h"

#define AGAIN_NS  (2 * NS_PER_MS)
#define ANSWER_NS (NS_PER_MS / 2) /* after an arrival: what leaves later, a timer or a call sent */
#define LONG_NS	  (10 * NS_PER_MS) /* … and what is counted later is not because of it */

/* ---- making and ending ---- */

static int open_host(struct tally_host *h, int netns_fd, struct err *e)
{
	size_t n;

	h->again_ns = h->waiting_ns = INT64_MAX;
	if (space_join_net(netns_fd, e))
		return -1;
	h->counters = counters_open(e);
	if (!h->counters)
		return -1;
	n = counters_count(h->counters);
	h->base = calloc(n + 1, sizeof(h->base[0]));
	h->since_ns = calloc(n + 1, sizeof(h->since_ns[0]));
	if (!h->base || !h->since_ns)
		return err_set(e, NULL, "no memory for the counters");
	for (size_t i = 0; i < n; i++)
		h->base[i] = counters_value(h->counters, i);
	return 0;
}

int tally_init(struct tally *t, const struct lab *l, struct err *e)
{
	int result = 0;

	t->hosts = l->hosts;
	for (size_t i = 0; i < l->hosts && !result; i++)
		result = open_host(&t->host[i], l->host[i].netns_fd, e);
	if (space_join_net(l->wire_fd, result ? NULL : e))
		result = -1;
	if (result)
		tally_fini(t);
	return result;
}

void tally_fini(struct tally *t)
{
	for (size_t i = 0; i < t->hosts; i++) {
		counters_close(t->host[i].counters);
		free(t->host[i].base);
		free(t->host[i].since_ns);
	}
	t->hosts = 0;
}

/* ---- what is told ---- */

/* Where a counter's number stands in "NAME+N NAME+N"; NULL. */
static const char *number_of(const char *changes, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = changes; *at; at += strspn(at, " ")) {
		if (!strncmp(at, name, len) && at[len] == '+')
			return at + len + 1;
		at += strcspn(at, " ");
	}
	return NULL;
}

/* Adds to the number of a counter, which may be there already. */
static void add_change(char changes[TALLY_TEXT], const char *name, uint64_t by)
{
	const char *number = number_of(changes, name);
	char rest[TALLY_TEXT] = "";
	struct str out = str_on(rest, sizeof(rest));

	if (number) {
		by += strtoull(number, NULL, 10);
		str_addn(&out, changes, (size_t)(number - changes));
		str_addf(&out, "%" PRIu64 "%s", by, number + strspn(number, "0123456789"));
	} else {
		str_addf(&out, "%s%s%s+%" PRIu64, changes, changes[0] ? " " : "", name, by);
	}
	if (!out.cut)
		str_copy(changes, TALLY_TEXT, rest);
}

static void tell(struct batch *out, uint8_t host, enum state_by by, uint64_t number,
		 const char *changes)
{
	const struct event ev = {
		.kind = EVENT_COUNTERS,
		.host = host,
		.ts_ns = clock_now_ns(),
		.counters = { .by = by, .by_number = number, .changes = changes },
	};

	if (out && changes[0])
		batch_put(out, &ev);
}

static void tell_one(struct batch *out, uint8_t host, struct tally_left *l)
{
	tell(out, host, BY_DEPARTURE, l->number, l->changes);
	l->changes[0] = '\0';
}

/* ---- whose a change is ---- */

/* These go with others that say why. */
static bool says_why(const char *name)
{
	return strcmp(name, "TcpRetransSegs") != 0 && strcmp(name, "TcpOutRsts") != 0 &&
	       strcmp(name, "TcpExtTcpTimeoutRehash") != 0;
}

static void give(struct tally_left *l, const char *name, uint64_t by)
{
	add_change(l->changes, name, by);
	l->explained |= says_why(name);
}

/* To the packets that left, from `from` on; false: it fits none. */
static bool give_to_left(struct tally_host *h, size_t from, const char *name, uint32_t shapes,
			 uint64_t by)
{
	struct tally_left *last = NULL;

	for (size_t i = from; i < h->lefts; i++) {
		struct tally_left *l = &h->left[i];

		if (shapes && !(l->shape & shapes))
			continue;
		if (last) {
			give(last, name, 1);
			by--;
		}
		last = l;
		if (by == 1)
			break;
	}
	if (last)
		give(last, name, by);
	return last;
}

/* What nobody explains waits for a while: perhaps its packet is about to be seen. */
static bool is_old(struct tally_host *h, size_t i, int64_t now_ns)
{
	if (!h->since_ns[i])
		h->since_ns[i] = now_ns;
	if (h->since_ns[i] < h->waiting_ns)
		h->waiting_ns = h->since_ns[i];
	return now_ns - h->since_ns[i] >= TALLY_LATE_NS || now_ns < h->since_ns[i];
}

struct findings {
	char arrival[TALLY_TEXT], time[TALLY_TEXT];
};

static void give_change(struct tally_host *h, size_t i, int64_t now_ns, struct findings *f)
{
	const char *name = counters_name(h->counters, i);
	uint32_t shapes = counters_shapes(h->counters, i);
	uint64_t value = counters_value(h->counters, i), by = value - h->base[i];
	bool arrival = h->arrived && (!shapes || (shapes & SHAPE_ARRIVAL));

	if (give_to_left(h, h->fresh, name, shapes, by))
		;
	else if (arrival)
		add_change(f->arrival, name, by);
	else if (shapes && give_to_left(h, 0, name, shapes, by))
		;
	else if (is_old(h, i, now_ns))
		add_change(f->time, name, by);
	else
		return;
	h->base[i] = value;
	h->since_ns[i] = 0;
}

static bool all_explained(const struct tally_host *h)
{
	for (size_t i = 0; i < h->lefts; i++)
		if ((h->left[i].shape & (SHAPE_RESEND | SHAPE_PROBE | SHAPE_RST)) &&
		    !h->left[i].explained)
			return false;
	return true;
}

/* The packets of long ago are not to be blamed any more. */
static void forget_old(struct tally_host *h, int64_t now_ns)
{
	size_t n = 0;

	while (n < h->lefts && h->left[n].told && now_ns - h->left[n].ts_ns >= TALLY_LATE_NS)
		n++;
	memmove(h->left, h->left + n, (h->lefts - n) * sizeof(h->left[0]));
	h->lefts -= n;
	h->fresh -= n < h->fresh ? n : h->fresh;
}

static void take_changes(struct tally *t, uint8_t host, int64_t now_ns, struct findings *f)
{
	struct tally_host *h = &t->host[host];

	if (counters_read(h->counters, t->ip6) < 0)
		return;
	h->waiting_ns = INT64_MAX;
	for (size_t i = 0; i < counters_count(h->counters); i++)
		if (counters_value(h->counters, i) != h->base[i])
			give_change(h, i, now_ns, f);
}

static void read_host(struct tally *t, uint8_t host, struct batch *out)
{
	struct tally_host *h = &t->host[host];
	int64_t now_ns = clock_now_ns();
	struct findings f = { "", "" };

	forget_old(h, now_ns);
	if (!h->tells && now_ns - h->arrived_ns > LONG_NS)
		h->arrived = 0;
	take_changes(t, host, now_ns, &f);
	if (h->fresh < h->lefts && !all_explained(h)) {
		sched_yield();
		take_changes(t, host, now_ns, &f);
	}
	h->again_ns = INT64_MAX;
	if (!all_explained(h))
		h->again_ns = now_ns + h->pause_ns;
	h->pause_ns *= 2;
	h->fresh = h->lefts;
	tell(out, host, BY_ARRIVAL, h->arrived, f.arrival);
	tell(out, host, BY_TIME, 0, f.time);
	for (size_t i = 0; i < h->lefts; i++)
		if (h->left[i].told && h->left[i].changes[0])
			tell_one(out, host, &h->left[i]);
	h->arrived = 0;
	h->tells = h->changed = false;
}

/* ---- departures ---- */

void tally_left(struct tally *t, uint8_t host, const struct packet *p, uint64_t number,
		int64_t ts_ns)
{
	struct tally_host *h;
	uint32_t shape;

	if (host >= t->hosts)
		return;
	h = &t->host[host];
	t->ip6 |= p->ip_version == 6;
	shape = plain_left(&t->plain, p, ts_ns, ts_ns - h->arrived_ns < ANSWER_NS);
	if (!shape)
		return;
	if (h->lefts == TALLY_LEFT) {
		memmove(h->left, h->left + 1, (TALLY_LEFT - 1) * sizeof(h->left[0]));
		h->lefts--;
		h->fresh -= h->fresh > 0;
	}
	/* Of an answer to a segment everything was counted before it left. */
	h->left[h->lefts++] = (struct tally_left){
		.number = number,
		.shape = shape,
		.ts_ns = ts_ns,
		.explained = shape == SHAPE_RST && (!(p->flags & TCP_ACK) || !p->seq),
	};
	h->pause_ns = AGAIN_NS;
}

void tally_read_left(struct tally *t, struct batch *out)
{
	for (size_t i = 0; i < t->hosts; i++)
		if (t->host[i].fresh < t->host[i].lefts)
			read_host(t, (uint8_t)i, out);
}

void tally_tell_left(struct tally *t, struct batch *out, uint8_t host, uint64_t number)
{
	struct tally_host *h;

	if (host >= t->hosts)
		return;
	h = &t->host[host];
	for (size_t i = 0; i < h->lefts; i++)
		if (h->left[i].number == number) {
			tell_one(out, host, &h->left[i]);
			h->left[i].told = true;
		}
}

/* ---- arrivals and samples ---- */

void tally_reached(struct tally *t, uint8_t host, const struct packet *p, uint64_t number,
		   bool bent)
{
	struct tally_host *h;

	if (host >= t->hosts)
		return;
	h = &t->host[host];
	t->ip6 |= p->ip_version == 6;
	h->arrived = number;
	h->arrived_ns = clock_now_ns();
	h->tells |= bent || h->troubled || plain_tells(&t->plain, p);
}

void tally_sampled(struct tally *t, const struct event *state)
{
	const struct event_state *s = &state->state;
	struct tally_host *h;
	bool troubled = s->sock.ca_state != 0;

	if (state->host >= t->hosts)
		return;
	h = &t->host[state->host];
	if (s->by == BY_ARRIVAL &&
	    (troubled || h->troubled || s->sock.drops || s->sock.state == SOCK_STATE_CLOSED))
		h->tells = true;
	if (s->by == BY_TIME)
		h->changed = true;
	h->troubled = troubled;
}

void tally_ask(struct tally *t)
{
	for (size_t i = 0; i < t->hosts; i++)
		t->host[i].changed = true;
}

void tally_catch_up(struct tally *t, struct batch *out)
{
	for (size_t i = 0; i < t->hosts; i++) {
		struct tally_host *h = &t->host[i];
		char time[TALLY_TEXT] = "";

		h->lefts = h->fresh = 0;
		h->waiting_ns = INT64_MAX;
		if (counters_read(h->counters, t->ip6) < 0)
			continue;
		for (size_t k = 0; k < counters_count(h->counters); k++) {
			uint64_t value = counters_value(h->counters, k);

			if (value != h->base[k])
				add_change(time, counters_name(h->counters, k), value - h->base[k]);
			h->base[k] = value;
			h->since_ns[k] = 0;
		}
		tell(out, (uint8_t)i, BY_TIME, 0, time);
	}
}

/* ---- time ---- */

bool tally_waits(const struct tally *t)
{
	for (size_t i = 0; i < t->hosts; i++)
		if (t->host[i].tells || t->host[i].changed)
			return true;
	return false;
}

static int64_t due_of(const struct tally_host *h)
{
	int64_t due = h->waiting_ns == INT64_MAX ? INT64_MAX : h->waiting_ns + TALLY_LATE_NS;

	return h->again_ns < due ? h->again_ns : due;
}

int64_t tally_due(const struct tally *t)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < t->hosts; i++) {
		int64_t of = due_of(&t->host[i]);

		due = of < due ? of : due;
	}
	return due;
}

void tally_work(struct tally *t, int64_t now_ns, struct batch *out)
{
	for (size_t i = 0; i < t->hosts; i++) {
		struct tally_host *h = &t->host[i];

		if (h->tells || h->changed || due_of(h) <= now_ns)
			read_host(t, (uint8_t)i, out);
		h->arrived = 0;
	}
}
