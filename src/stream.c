/*
 * Each direction of TCP has a number that is expected next.  A segment that begins there (or before, then its
 * known part is cut off) is taken; one that begins beyond waits until what lies between has come.  What lies
 * between is given up as not captured when the other side has acknowledged it (it did get it, but the capture
 * did not), or when too many segments wait.
 *
 * At the end of the trace what waits still is put behind the rest, with holes: until the trace grows; then
 * that is taken back (struct tail).
 */
#include "src/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace_walk.h"
#include "src/core/clock.h"

#define SLACK_NS    NS_PER_S /* packets come late: a connection's first one need not be its earliest */
#define STRIDE	    32 /* rows between two looks at the clock: each may be read from the file */
#define WAITING_MAX 4096 /* segments of a direction that wait */

#define ID_MASK ((UINT64_C(1) << 48) - 1) /* of a trace's identities */

struct piece { /* bytes of one packet */
	uint64_t pos;
	uint64_t id : 48;
	uint64_t is_hole : 1;
	uint32_t skip; /* bytes of its payload in front of them */
	uint32_t len; /* hole: bytes missing */
};

struct run {
	uint64_t pos, offset;
	uint32_t piece; /* its first */
	uint8_t dir;
};

struct segment {
	uint64_t id;
	uint32_t seq, len, have; /* have: bytes of it that were captured */
};

struct side {
	bool known, acked;
	uint32_t next; /* number expected */
	uint32_t ack; /* highest that the other side has acknowledged */
	bool fin;
	uint32_t fin_at;
	struct segment *waiting; /* in order of number */
	size_t waits, cap;
};

struct tail { /* as things stood before what waits was put behind them */
	bool there;
	size_t pieces, runs;
	uint64_t size;
	uint32_t next[2];
	struct stream_total total;
};

struct stream {
	struct trace *t;
	struct trace_walk *walk;
	uint32_t conn;
	bool tcp;

	struct piece *piece;
	size_t pieces, pieces_cap;
	struct run *run;
	size_t runs, runs_cap;
	uint64_t size;
	struct stream_total total;
	struct side side[2];
	struct tail tail;

	uint32_t done;
	uint64_t done_id;
	bool loading;
	bool disordered; /* rows were not in order of time when they were looked at: they will be moved */
};

/* ---- growing ---- */

static bool room(void *array, size_t count, size_t *cap, size_t size)
{
	void **a = array;
	size_t more = *cap ? *cap * 2 : 64;
	void *p;

	if (count < *cap)
		return true;
	p = realloc(*a, more * size);
	if (!p)
		return false;
	*a = p;
	*cap = more;
	return true;
}

static void add_run(struct stream *s, int dir)
{
	if (!room(&s->run, s->runs, &s->runs_cap, sizeof(*s->run)))
		return;
	s->run[s->runs++] = (struct run){
		.pos = s->size,
		.offset = s->total.bytes[dir] + s->total.missing[dir],
		.piece = (uint32_t)s->pieces,
		.dir = (uint8_t)dir,
	};
}

/* Puts bytes (or a hole) behind all others.  apart: they are a run of their own. */
static void add(struct stream *s, int dir, const struct piece *p, bool apart)
{
	bool goes_on = s->runs > 0 && s->run[s->runs - 1].dir == dir && s->pieces > 0 &&
		       !s->piece[s->pieces - 1].is_hole && !apart && !p->is_hole;

	if (p->len == 0 || !room(&s->piece, s->pieces, &s->pieces_cap, sizeof(*s->piece)))
		return;
	if (!goes_on)
		add_run(s, dir);
	if (s->runs == 0)
		return;
	s->piece[s->pieces] = *p;
	s->piece[s->pieces++].pos = s->size;
	s->size += p->is_hole ? 1 : p->len;
	if (p->is_hole)
		s->total.missing[dir] += p->len;
	else
		s->total.bytes[dir] += p->len;
}

static void add_hole(struct stream *s, int dir, uint32_t len)
{
	const struct piece p = { .is_hole = true, .len = len };

	add(s, dir, &p, true);
}

/* A part of a payload, of which not all need have been captured. */
static void add_part(struct stream *s, int dir, uint64_t id, uint32_t skip, uint32_t len,
		     uint32_t have, bool apart)
{
	uint32_t there = have > skip ? have - skip : 0;
	struct piece p = { .skip = skip, .len = there < len ? there : len };

	p.id = id & ID_MASK;
	add(s, dir, &p, apart);
	if (len > p.len)
		add_hole(s, dir, len - p.len);
}

/* ---- TCP ---- */

static int32_t ahead(uint32_t seq, uint32_t of)
{
	return (int32_t)(seq - of);
}

/* Takes a segment that begins at the expected number or before it. */
static void take(struct stream *s, int dir, const struct segment *g)
{
	struct side *side = &s->side[dir];
	uint32_t old = side->next - g->seq;

	if (old >= g->len)
		return;
	add_part(s, dir, g->id, old, g->len - old, g->have, false);
	side->next = g->seq + g->len;
}

static void wait_for_rest(struct side *side, const struct segment *g)
{
	size_t i = side->waits;

	if (!room(&side->waiting, side->waits, &side->cap, sizeof(*side->waiting)))
		return;
	while (i > 0 && ahead(side->waiting[i - 1].seq, g->seq) > 0)
		i--;
	memmove(side->waiting + i + 1, side->waiting + i,
		(side->waits - i) * sizeof(*side->waiting));
	side->waiting[i] = *g;
	side->waits++;
}

/* Whether what lies before the first segment that waits will not come any more. */
static bool is_lost(const struct side *side)
{
	return side->waits > WAITING_MAX ||
	       (side->acked && ahead(side->ack, side->waiting[0].seq) >= 0);
}

/* Takes what waits, as far as it can be. */
static void take_waiting(struct stream *s, int dir, bool all)
{
	struct side *side = &s->side[dir];
	size_t n = 0;

	while (n < side->waits) {
		const struct segment *g = &side->waiting[n];
		int32_t gap = ahead(g->seq, side->next);

		if (gap > 0 && !all) {
			memmove(side->waiting, g, (side->waits - n) * sizeof(*g));
			side->waits -= n;
			n = 0;
			if (!is_lost(side))
				return;
		}
		if (gap > 0) {
			add_hole(s, dir, (uint32_t)gap);
			side->next += (uint32_t)gap;
			continue;
		}
		take(s, dir, g);
		n++;
	}
	if (!all)
		side->waits = 0;
}

static void tcp_segment(struct stream *s, int dir, const struct packet *p, uint64_t id,
			uint32_t have)
{
	struct side *side = &s->side[dir], *other = &s->side[!dir];
	bool syn = p->flags & TCP_SYN;
	struct segment g = { .id = id, .seq = p->seq + syn, .len = p->payload_len, .have = have };

	if (syn || !side->known) {
		side->known = true;
		side->next = side->waits || s->total.bytes[dir] ? side->next : g.seq;
	}
	if (p->flags & TCP_FIN) {
		side->fin = true;
		side->fin_at = g.seq + g.len;
	}
	if (p->flags & TCP_ACK && (!other->acked || ahead(p->ack, other->ack) > 0)) {
		other->acked = true;
		other->ack = p->ack;
		if (other->waits)
			take_waiting(s, !dir, false);
	}
	/* The text of a RST is no data: RFC 9293 section 3.5.3. */
	if (g.len == 0 || p->flags & TCP_RST)
		return;
	if (ahead(g.seq, side->next) <= 0)
		take(s, dir, &g);
	else
		wait_for_rest(side, &g);
	if (side->waits)
		take_waiting(s, dir, false);
}

/* ---- the end ---- */

/* What the other side has acknowledged beyond the last that was seen, but for the FIN. */
static void add_unseen(struct stream *s, int dir)
{
	struct side *side = &s->side[dir];
	uint32_t upto = side->ack;

	if (!side->known || !side->acked)
		return;
	if (side->fin && ahead(upto, side->fin_at) > 0)
		upto = side->fin_at;
	if (ahead(upto, side->next) > 0)
		add_hole(s, dir, upto - side->next);
}

static void put_tail(struct stream *s)
{
	s->tail = (struct tail){ .there = true,
				 .pieces = s->pieces,
				 .runs = s->runs,
				 .size = s->size,
				 .next = { s->side[0].next, s->side[1].next },
				 .total = s->total };
	for (int dir = 0; s->tcp && dir < 2; dir++) {
		take_waiting(s, dir, true);
		add_unseen(s, dir);
	}
}

static void take_tail_back(struct stream *s)
{
	if (!s->tail.there)
		return;
	s->pieces = s->tail.pieces;
	s->runs = s->tail.runs;
	s->size = s->tail.size;
	s->total = s->tail.total;
	for (int dir = 0; dir < 2; dir++)
		s->side[dir].next = s->tail.next[dir];
	s->tail.there = false;
}

/* ---- the trace ---- */

static bool packet_at(struct stream *s, uint32_t row, struct packet *p, const struct event **ev)
{
	uint32_t link;

	*ev = trace_walk_event(s->walk, row, NULL);
	if (!*ev || (*ev)->kind != EVENT_PACKET)
		return false;
	link = (*ev)->packet.iface < trace_hosts(s->t) ? trace_host(s->t, (*ev)->packet.iface)->link
						       : LINK_ETHERNET;
	packet_parse(p, link, (*ev)->packet.data, (*ev)->packet.caplen, (*ev)->packet.len);
	return true;
}

static void look_at(struct stream *s, uint32_t row)
{
	const struct trace_entry *entry = trace_entry(s->t, row);
	const struct event *ev;
	struct packet p;
	size_t have, at;

	if (entry->kind != EVENT_PACKET || entry->conn != s->conn || !packet_at(s, row, &p, &ev))
		return;
	have = packet_payload(&p, ev->packet.caplen, &at);
	if (!s->tcp) {
		uint64_t before = s->size;

		add_part(s, entry->dir, entry->offset, 0, p.payload_len, (uint32_t)have, true);
		s->total.datagrams[entry->dir] += s->size != before;
	} else if (p.has_segment && p.payload_known) {
		tcp_segment(s, entry->dir, &p, entry->offset, (uint32_t)have);
	}
}

static void begin(struct stream *s)
{
	const struct conn *c = conns_get(trace_conns(s->t), s->conn);
	uint32_t row = c ? trace_row_at(s->t, c->first_ns - SLACK_NS) : ROW_NONE;

	s->tcp = c && c->protocol == IPPROTO_TCP;
	s->pieces = s->runs = 0;
	s->size = 0;
	s->total = (struct stream_total){ 0 };
	s->tail.there = s->disordered = false;
	for (int dir = 0; dir < 2; dir++) {
		free(s->side[dir].waiting);
		s->side[dir] = (struct side){ 0 };
	}
	s->done = row == ROW_NONE ? 0 : row;
	s->done_id = s->done ? trace_entry(s->t, s->done - 1)->offset : 0;
}

struct stream *stream_new(struct trace *t, uint32_t conn, struct err *e)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s) {
		err_errno(e, errno, NULL, "following connection %u", conn);
		return NULL;
	}
	s->t = t;
	s->conn = conn;
	s->walk = trace_walk_new(t, e);
	if (!s->walk) {
		free(s);
		return NULL;
	}
	begin(s);
	return s;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	trace_walk_free(s->walk);
	free(s->side[0].waiting);
	free(s->side[1].waiting);
	free(s->piece);
	free(s->run);
	free(s);
}

uint32_t stream_conn(const struct stream *s)
{
	return s->conn;
}

static bool is_moved(const struct stream *s)
{
	return s->done > trace_rows(s->t) ||
	       (s->done > 0 && trace_entry(s->t, s->done - 1)->offset != s->done_id);
}

bool stream_work(struct stream *s, int64_t budget_ns)
{
	int64_t until = clock_monotonic_ns() + budget_ns, last_ns = INT64_MAX;
	const struct conn *c;

	if (is_moved(s) || (s->loading && s->disordered && !trace_is_loading(s->t)))
		begin(s);
	s->loading = trace_is_loading(s->t);
	if (s->done == trace_rows(s->t) && s->tail.there)
		return false;
	c = conns_get(trace_conns(s->t), s->conn);
	if (c && !trace_is_loading(s->t))
		last_ns = c->last_ns + SLACK_NS;
	take_tail_back(s);
	while (s->done < trace_rows(s->t)) {
		uint32_t left = trace_rows(s->t) - s->done;
		uint32_t stop = s->done + (left < STRIDE ? left : STRIDE);

		/* Behind its last packet there is nothing to be looked for. */
		if (trace_entry(s->t, s->done)->ts_ns > last_ns)
			s->done = stop = trace_rows(s->t);
		for (; s->done < stop; s->done++) {
			s->disordered |=
				s->done > 0 && trace_entry(s->t, s->done)->ts_ns <
						       trace_entry(s->t, s->done - 1)->ts_ns;
			look_at(s, s->done);
		}
		if (clock_monotonic_ns() >= until)
			break;
	}
	if (s->done > 0)
		s->done_id = trace_entry(s->t, s->done - 1)->offset;
	if (s->done == trace_rows(s->t) && !trace_is_loading(s->t))
		put_tail(s);
	return true;
}

bool stream_busy(const struct stream *s)
{
	return s->done < trace_rows(s->t) || (!s->tail.there && !trace_is_loading(s->t));
}

unsigned stream_percent(const struct stream *s)
{
	uint32_t rows = trace_rows(s->t);

	return rows && s->done < rows ? (unsigned)((uint64_t)s->done * 100 / rows) : 100;
}

/* ---- what is there ---- */

uint64_t stream_size(const struct stream *s)
{
	return s->size;
}

struct stream_total stream_total(const struct stream *s)
{
	return s->total;
}

static size_t run_at(const struct stream *s, uint64_t pos)
{
	size_t low = 0, high = s->runs;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (s->run[middle].pos <= pos)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static size_t piece_at(const struct stream *s, uint64_t pos)
{
	size_t low = 0, high = s->pieces;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (s->piece[middle].pos <= pos)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool stream_run_at(const struct stream *s, uint64_t pos, struct stream_run *out)
{
	const struct piece *p;
	const struct run *r;
	size_t i;

	if (pos >= s->size)
		return false;
	i = run_at(s, pos);
	r = &s->run[i];
	p = &s->piece[r->piece];
	*out = (struct stream_run){ .pos = r->pos,
				    .end = i + 1 < s->runs ? r[1].pos : s->size,
				    .offset = r->offset,
				    .dir = r->dir,
				    .missing = p->is_hole ? p->len : 0 };
	return true;
}

uint64_t stream_packet(const struct stream *s, uint64_t pos)
{
	return pos < s->size ? s->piece[piece_at(s, pos)].id : 0;
}

/* Bytes of one piece. */
static size_t read_piece(struct stream *s, const struct piece *piece, uint32_t from, uint8_t *buf,
			 size_t n)
{
	uint32_t row = trace_row_of(s->t, piece->id);
	const struct event *ev;
	struct packet p;
	size_t have, at, skip = (size_t)piece->skip + from;

	if (n > piece->len - from)
		n = piece->len - from;
	if (row == ROW_NONE || !packet_at(s, row, &p, &ev))
		return 0;
	have = packet_payload(&p, ev->packet.caplen, &at);
	if (skip >= have)
		return 0;
	if (n > have - skip)
		n = have - skip;
	memcpy(buf, ev->packet.data + at + skip, n);
	return n;
}

size_t stream_read(struct stream *s, uint64_t pos, void *buf, size_t n)
{
	struct stream_run run;
	size_t done = 0;

	if (!stream_run_at(s, pos, &run) || run.missing)
		return 0;
	if (n > run.end - pos)
		n = (size_t)(run.end - pos);
	for (size_t i = piece_at(s, pos); done < n; i++) {
		const struct piece *p = &s->piece[i];
		size_t got = read_piece(s, p, (uint32_t)(pos + done - p->pos),
					(uint8_t *)buf + done, n - done);

		done += got;
		if (got == 0 || pos + done < p->pos + p->len)
			break;
	}
	return done;
}
