/*
 * A tally is all that is known behind a row; it is a value, so a copy of it is a place to begin from.  Rows are looked
 * at by their index entries; an event is read only if it is of the connection, or the return of a call of a program
 * that holds a socket of it.
 */
#include "src/ruler.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace_walk.h"
#include "src/core/clock.h"
#include "src/diagram.h"

enum {
	HOLES = 8, /* ranges behind holes that are remembered of a direction */
	HOLDERS = 8, /* descriptors of the connection */
	KEEP = 256, /* events between two tallies that are kept */
	STRIDE = 32, /* events, … */
	SCAN = 4096, /* … and rows between two looks at the clock */
	NEAR = 8, /* rows behind a packet in which the wire says that it keeps it */
};

#define SLACK_NS NS_PER_S /* packets come late: a connection's first one need not be its earliest */

struct range {
	uint64_t from, to;
};

struct direction {
	bool based;
	uint32_t base; /* raw number of its first byte */
	struct ruler_side side;
	uint64_t by_calls, read_by_calls;
	struct range hole[HOLES];
	int holes;
};

struct holder { /* who has a descriptor of an end's socket */
	bool used;
	uint8_t host, end;
	int32_t fd;
	char program[EVENT_NAME];
};

struct tally {
	uint32_t next; /* row that is looked at next */
	uint64_t before; /* identity of the row before it */
	struct direction dir[2];
	struct holder holder[HOLDERS];
};

struct ruler {
	struct trace *t;
	struct trace_walk *walk;
	uint32_t conn, upto; /* what is asked for: rows up to this one */
	struct addr end[2];
	struct tally now;
	uint32_t since_kept; /* events */
	struct tally *kept; /* by row */
	size_t keeps, cap;
	bool loading;
};

/* ---- numbers ---- */

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* A sequence number as a place in the stream: the one nearest to what was sent. */
static uint64_t place_of(const struct direction *d, uint32_t seq)
{
	int32_t ahead = (int32_t)(seq - d->base - (uint32_t)d->side.sent);
	int64_t place = (int64_t)d->side.sent + ahead;

	return place < 0 ? 0 : (uint64_t)place;
}

static void set_base(struct ruler *r, int dir, const struct packet *p)
{
	struct direction *d = &r->now.dir[dir];
	const struct conn *c = conns_get(trace_conns(r->t), r->conn);

	if (d->based)
		return;
	d->based = true;
	d->base = p->flags & TCP_SYN ? p->seq + 1 : p->seq;
	if (!(p->flags & TCP_SYN) && c && c->base_known[dir])
		d->base = c->base[dir] + 1;
}

/* ---- what arrives ---- */

/* Takes ranges that the end of what was received has reached; what is left lies behind a hole. */
static void close_holes(struct direction *d)
{
	bool more = true;

	while (more) {
		more = false;
		for (int i = 0; i < d->holes; i++) {
			if (d->hole[i].from > d->side.received)
				continue;
			d->side.received = max64(d->side.received, d->hole[i].to);
			d->hole[i] = d->hole[--d->holes];
			more = true;
			break;
		}
	}
	d->side.beyond = 0;
	for (int i = 0; i < d->holes; i++)
		d->side.beyond += d->hole[i].to - d->hole[i].from;
}

static bool touches(const struct range *a, const struct range *b)
{
	return a->from <= b->to && b->from <= a->to;
}

static void add_range(struct direction *d, struct range g)
{
	for (int i = 0; i < d->holes;) {
		if (!touches(&d->hole[i], &g)) {
			i++;
			continue;
		}
		g.from = g.from < d->hole[i].from ? g.from : d->hole[i].from;
		g.to = max64(g.to, d->hole[i].to);
		d->hole[i] = d->hole[--d->holes];
	}
	if (d->holes < HOLES)
		d->hole[d->holes++] = g;
}

/* A segment arrives: its bytes at the receiver, its acknowledgment at the sender of what it acknowledges. */
static void arrive(struct ruler *r, int dir, const struct packet *p)
{
	struct direction *d = &r->now.dir[dir], *back = &r->now.dir[!dir];
	uint32_t seq = p->seq + !!(p->flags & TCP_SYN);

	if (p->flags & TCP_ACK && back->based) {
		uint64_t place = place_of(back, p->ack);

		place = place < back->side.sent ? place : back->side.sent;
		back->side.acked = max64(back->side.acked, place);
	}
	if (p->payload_len == 0 || p->flags & TCP_RST || !d->based)
		return;
	add_range(d, (struct range){ place_of(d, seq), place_of(d, seq) + p->payload_len });
	close_holes(d);
}

/* What its receiver acknowledges it has. */
static void leave(struct ruler *r, int dir, const struct packet *p)
{
	struct direction *d = &r->now.dir[dir], *back = &r->now.dir[!dir];

	set_base(r, dir, p);
	if (!(p->flags & TCP_RST)) {
		d->side.sent = max64(d->side.sent,
				     place_of(d, p->seq + !!(p->flags & TCP_SYN)) + p->payload_len);
		d->side.ended |= (p->flags & TCP_FIN) != 0;
	}
	d->side.written = max64(d->side.written, d->side.sent);
	if (!(p->flags & TCP_ACK) || !back->based)
		return;
	/* A capture may lack what is acknowledged; a FIN is no byte. */
	if (!back->side.ended)
		back->side.sent = max64(back->side.sent, place_of(back, p->ack));
	if (place_of(back, p->ack) <= back->side.sent)
		back->side.received = max64(back->side.received, place_of(back, p->ack));
	back->side.written = max64(back->side.written, back->side.sent);
	close_holes(back);
}

/* ---- packets ---- */

static bool segment_of(struct ruler *r, uint32_t row, struct packet *p)
{
	const struct event *ev = trace_walk_event(r->walk, row, NULL);
	const struct trace_host *h;

	if (!ev || ev->kind != EVENT_PACKET)
		return false;
	h = trace_host(r->t, ev->packet.iface);
	packet_parse(p, h ? h->link : LINK_ETHERNET, ev->packet.data, ev->packet.caplen,
		     ev->packet.len);
	return p->has_segment && p->payload_known;
}

/* Whether it was there at once: the wire neither kept nor lost it. */
static bool arrives_at_once(const struct trace *t, uint32_t row)
{
	const struct trace_entry *e = trace_entry(t, row);

	if (e->link == ROW_NONE)
		return e->fate == WIRE_DELIVERED;
	for (uint32_t i = row + 1; i < trace_rows(t) && i <= row + NEAR; i++) {
		const struct trace_entry *w = trace_entry(t, i);

		if (w->kind == EVENT_WIRE && w->link == row && !(w->flags & TRACE_FLAG_COPY) &&
		    w->fate != WIRE_DUPLICATED)
			return false;
	}
	return e->fate == WIRE_DELIVERED;
}

static void on_packet(struct ruler *r, uint32_t row)
{
	int dir = trace_entry(r->t, row)->dir;
	struct packet p;

	if (!segment_of(r, row, &p))
		return;
	leave(r, dir, &p);
	if (arrives_at_once(r->t, row))
		arrive(r, dir, &p);
}

static void on_wire(struct ruler *r, uint32_t row)
{
	const struct trace_entry *e = trace_entry(r->t, row);
	uint32_t packet = e->link;
	struct packet p;

	if (e->fate == WIRE_DELIVERED && packet != ROW_NONE && segment_of(r, packet, &p))
		arrive(r, trace_entry(r->t, packet)->dir, &p);
}

/* ---- sockets ---- */

static struct holder *holder_of(struct tally *k, const struct event *ev, int32_t fd)
{
	for (int i = 0; i < HOLDERS; i++) {
		struct holder *h = &k->holder[i];

		if (h->used && h->fd == fd && h->host == ev->host &&
		    strcmp(h->program, ev->program) == 0)
			return h;
	}
	return NULL;
}

static void hold(struct tally *k, const struct event *ev, int32_t fd, int end)
{
	if (fd < 0 || holder_of(k, ev, fd))
		return;
	for (int i = 0; i < HOLDERS; i++) {
		struct holder *h = &k->holder[i];

		if (h->used)
			continue;
		*h = (struct holder){
			.used = true, .host = ev->host, .end = (uint8_t)end, .fd = fd
		};
		(void)str_copy(h->program, sizeof(h->program), ev->program);
		return;
	}
}

/* In these its send queue holds bytes alone; in others also a SYN or a FIN. */
static bool sends_bytes(enum sock_state s)
{
	return s == SOCK_STATE_ESTABLISHED || s == SOCK_STATE_CLOSE_WAIT;
}

static bool has_queues(enum sock_state s)
{
	return sends_bytes(s) || s == SOCK_STATE_FIN_WAIT_1 || s == SOCK_STATE_FIN_WAIT_2 ||
	       s == SOCK_STATE_CLOSING || s == SOCK_STATE_LAST_ACK;
}

/* A FIN counts 1 in the receive queue until the program has seen the end. */
static uint32_t queued_bytes(const struct sock_sample *s)
{
	bool fin = s->state == SOCK_STATE_CLOSE_WAIT || s->state == SOCK_STATE_CLOSING ||
		   s->state == SOCK_STATE_LAST_ACK;

	return fin && s->recvq ? s->recvq - 1 : s->recvq;
}

static void on_state(struct ruler *r, uint32_t row)
{
	const struct event *ev = trace_walk_event(r->walk, row, NULL);
	int end = ev && ev->kind == EVENT_STATE ? diagram_socket_end(&ev->state, r->end) : -1;
	const struct sock_sample *s;
	struct ruler_side *out, *in;

	if (end < 0)
		return;
	s = &ev->state.sock;
	hold(&r->now, ev, ev->state.fd, end);
	out = &r->now.dir[end].side;
	in = &r->now.dir[!end].side;
	out->sender_known = in->receiver_known = true;
	if (sends_bytes(s->state) && !out->ended)
		out->written = max64(out->written, out->acked + s->sendq);
	if (has_queues(s->state) && queued_bytes(s) <= in->received)
		in->read = max64(in->read, in->received - queued_bytes(s));
}

/* ---- calls ---- */

enum effect { WRITES, READS, CLOSES, DUPLICATES };

static const struct {
	const char *name;
	enum effect effect;
} effects[] = {
	{ "send", WRITES },    { "sendto", WRITES },   { "sendmsg", WRITES },
	{ "write", WRITES },   { "writev", WRITES },   { "sendfile", WRITES },
	{ "recv", READS },     { "recvfrom", READS },  { "recvmsg", READS },
	{ "read", READS },     { "readv", READS },     { "close", CLOSES },
	{ "dup", DUPLICATES }, { "dup2", DUPLICATES }, { "dup3", DUPLICATES },
};

/* Bytes that were only looked at are still there. */
static bool only_looked(struct ruler *r, uint32_t row)
{
	uint32_t call = trace_entry(r->t, row)->link;
	const struct event *ev = call == ROW_NONE ? NULL : trace_event(r->t, call, NULL);

	for (uint32_t i = 0; ev && ev->kind == EVENT_CALL && i < ev->call.args; i++)
		if (ev->call.arg[i].text && strstr(ev->call.arg[i].text, "MSG_PEEK") &&
		    strcmp(ev->call.arg[i].name, "flags") == 0)
			return true;
	return false;
}

static void apply(struct ruler *r, enum effect effect, const struct event *ev, struct holder *h,
		  uint32_t row)
{
	struct direction *out = &r->now.dir[h->end], *in = &r->now.dir[!h->end];
	uint64_t n = (uint64_t)ev->ret.result;

	switch (effect) {
	case WRITES:
		out->by_calls += n;
		out->side.written = max64(out->side.written, out->by_calls);
		break;
	case READS:
		if (only_looked(r, row))
			break;
		in->read_by_calls += n;
		in->side.read = max64(in->side.read, in->read_by_calls);
		in->side.received = max64(in->side.received, in->side.read);
		break;
	case CLOSES:
		h->used = false;
		break;
	case DUPLICATES:
		hold(&r->now, ev, (int32_t)ev->ret.result, h->end);
		break;
	}
}

static void on_return(struct ruler *r, uint32_t row)
{
	const struct event *ev = trace_walk_event(r->walk, row, NULL);
	struct holder *h;

	if (!ev || ev->kind != EVENT_RETURN || ev->ret.result < 0 || !ev->ret.name)
		return;
	h = holder_of(&r->now, ev, ev->ret.fd);
	for (size_t i = 0; h && i < sizeof(effects) / sizeof(effects[0]); i++)
		if (strcmp(effects[i].name, ev->ret.name) == 0) {
			apply(r, effects[i].effect, ev, h, row);
			return;
		}
}

/* Whether the thread is one of a program that has the connection. */
static bool is_of_holder(const struct ruler *r, const struct trace_entry *e)
{
	const struct trace_lane *lane =
		e->lane < trace_lanes(r->t) ? trace_lane(r->t, e->lane) : NULL;

	for (int i = 0; lane && i < HOLDERS; i++)
		if (r->now.holder[i].used && r->now.holder[i].host == lane->host &&
		    strcmp(r->now.holder[i].program, lane->program) == 0)
			return true;
	return false;
}

/* ---- rows ---- */

/* True: the event was one that may have changed something. */
static bool look_at(struct ruler *r, uint32_t row)
{
	const struct trace_entry *e = trace_entry(r->t, row);

	if (e->kind == EVENT_RETURN) {
		if (!is_of_holder(r, e))
			return false;
		on_return(r, row);
		return true;
	}
	if (e->conn != r->conn)
		return false;
	if (e->kind == EVENT_PACKET)
		on_packet(r, row);
	else if (e->kind == EVENT_WIRE)
		on_wire(r, row);
	else if (e->kind == EVENT_STATE)
		on_state(r, row);
	else
		return false;
	return true;
}

static void begin(struct ruler *r)
{
	const struct conn *c = conns_get(trace_conns(r->t), r->conn);
	uint32_t row = c && c->first_ns > INT64_MIN + SLACK_NS
			       ? trace_row_at(r->t, c->first_ns - SLACK_NS)
			       : ROW_NONE;

	r->keeps = 0;
	r->since_kept = 0;
	memset(&r->now, 0, sizeof(r->now));
	r->now.next = row == ROW_NONE ? 0 : row;
	r->now.before = r->now.next ? trace_entry(r->t, r->now.next - 1)->offset : 0;
	if (c) {
		r->end[0] = c->end[0];
		r->end[1] = c->end[1];
	}
}

/* A tally holds as long as no row came before it. */
static bool holds(const struct ruler *r, const struct tally *k)
{
	return k->next <= trace_rows(r->t) &&
	       (k->next == 0 || trace_entry(r->t, k->next - 1)->offset == k->before);
}

static void keep(struct ruler *r)
{
	if (r->keeps > 0 && r->kept[r->keeps - 1].next >= r->now.next)
		return;
	if (r->keeps == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 16;
		struct tally *more = realloc(r->kept, cap * sizeof(*more));

		if (!more)
			return;
		r->kept = more;
		r->cap = cap;
	}
	r->kept[r->keeps++] = r->now;
	r->since_kept = 0;
}

/* Goes to the place from where what is asked for can be reached soonest. */
static void find_start(struct ruler *r)
{
	bool usable;
	size_t i;

	if (r->loading && !trace_is_loading(r->t)) /* rows may have been sorted */
		begin(r);
	r->loading = trace_is_loading(r->t);
	while (r->keeps > 0 && !holds(r, &r->kept[r->keeps - 1]))
		r->keeps--;
	usable = r->now.next <= r->upto + 1 && holds(r, &r->now);
	for (i = r->keeps; i > 0 && r->kept[i - 1].next > r->upto + 1; i--)
		;
	if (i > 0 && (!usable || r->kept[i - 1].next > r->now.next)) {
		r->now = r->kept[i - 1];
		r->since_kept = 0;
	} else if (!usable) {
		size_t keeps = r->keeps;

		begin(r);
		r->keeps = keeps;
	}
}

/* A stretch of rows.  False: it is done. */
static bool step(struct ruler *r)
{
	uint32_t events = 0, end = r->upto + 1, stop = end;

	if (end - r->now.next > SCAN && end > r->now.next)
		stop = r->now.next + SCAN;
	while (r->now.next < stop && events < STRIDE) {
		bool counts = look_at(r, r->now.next);

		events += counts;
		r->since_kept += counts;
		r->now.before = trace_entry(r->t, r->now.next)->offset;
		r->now.next++;
		if (r->since_kept >= KEEP)
			keep(r);
	}
	return r->now.next < end;
}

static bool is_asked(const struct ruler *r)
{
	return r->conn != CONN_NONE && r->upto != ROW_NONE && r->upto < trace_rows(r->t);
}

/* Before its first row there is nothing to be counted. */
static bool is_there(const struct ruler *r)
{
	return r->now.next > r->upto && holds(r, &r->now);
}

void ruler_ask(struct ruler *r, uint32_t conn, uint32_t row)
{
	if (conn != r->conn) {
		r->conn = conn;
		begin(r);
	}
	r->upto = row;
	if (is_asked(r))
		find_start(r);
}

bool ruler_busy(const struct ruler *r)
{
	return is_asked(r) && r->now.next <= r->upto;
}

bool ruler_work(struct ruler *r, int64_t budget_ns)
{
	int64_t end_ns = clock_monotonic_ns() + budget_ns;

	if (!ruler_busy(r))
		return false;
	while (step(r) && (budget_ns == 0 || clock_monotonic_ns() < end_ns))
		;
	return !ruler_busy(r);
}

unsigned ruler_percent(const struct ruler *r)
{
	return ruler_busy(r) ? (unsigned)((uint64_t)r->now.next * 100 / ((uint64_t)r->upto + 1))
			     : 100;
}

bool ruler_at(const struct ruler *r, uint32_t conn, uint32_t row, struct ruler_count *out)
{
	const struct conn *c = conns_get(trace_conns(r->t), conn);

	if (!c || conn != r->conn || row != r->upto || !is_asked(r) || !is_there(r))
		return false;
	for (int i = 0; i < 2; i++) {
		out->dir[i] = r->now.dir[i].side;
		out->total[i] = c->bytes[i];
	}
	return true;
}

struct ruler *ruler_new(struct trace *t, struct err *e)
{
	struct ruler *r = calloc(1, sizeof(*r));

	if (!r) {
		err_errno(e, errno, NULL, "counting the bytes of connections");
		return NULL;
	}
	r->t = t;
	r->conn = CONN_NONE;
	r->upto = ROW_NONE;
	r->loading = trace_is_loading(t);
	r->walk = trace_walk_new(t, e);
	if (r->walk)
		return r;
	free(r);
	return NULL;
}

void ruler_free(struct ruler *r)
{
	if (!r)
		return;
	trace_walk_free(r->walk);
	free(r->kept);
	free(r);
}
