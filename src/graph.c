#include "src/graph.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace_walk.h"
#include "src/core/clock.h"
#include "src/diagram.h"

enum {
	STRIDE = 32, /* events, … */
	SCAN = 4096, /* … and rows between two looks at the clock; and by which one can come late */
};

#define SLACK_NS    NS_PER_S /* packets come late: a connection's first one need not be its earliest */
#define NO_SSTHRESH 0x7fffffff

struct side { /* of a direction */
	bool based, window_known, sampled;
	uint32_t base; /* raw number of its first byte */
	uint64_t sent, acked, window;
	int shift; /* that its receiver scales its window by; -1: none yet */
	uint64_t timed; /* end of the segment whose ACK is waited for; 0: none */
	int64_t timed_ns;
};

struct graph {
	struct trace *t;
	struct trace_walk *walk;
	uint32_t conn;
	struct addr end[2];
	bool loading;
	uint32_t next;
	uint64_t before,
		highest; /* identities: of the row before next; of all that were looked at */
	int64_t from_ns, last_ns, column_ns;
	struct side side[2];
	struct graph_range column[2][GRAPH_LINES][GRAPH_COLUMNS];
};

/* ---- columns ---- */

static void merge(struct graph_range *a, const struct graph_range *b)
{
	if (!b->any)
		return;
	a->low = a->any && a->low < b->low ? a->low : b->low;
	a->high = a->any && a->high > b->high ? a->high : b->high;
	a->any = true;
}

/* Columns become twice as wide. */
static void fold(struct graph_range *c)
{
	for (size_t i = 0; i < GRAPH_COLUMNS / 2; i++) {
		struct graph_range both = c[2 * i];

		merge(&both, &c[2 * i + 1]);
		c[i] = both;
	}
	memset(c + GRAPH_COLUMNS / 2, 0, GRAPH_COLUMNS / 2 * sizeof(*c));
}

static void make_room(struct graph *g, int64_t ts_ns)
{
	while ((ts_ns - g->from_ns) / g->column_ns >= GRAPH_COLUMNS) {
		for (int dir = 0; dir < 2; dir++)
			for (int line = 0; line < GRAPH_LINES; line++)
				fold(g->column[dir][line]);
		g->column_ns *= 2;
	}
}

static void put(struct graph *g, int dir, enum graph_line line, int64_t ts_ns, uint64_t value)
{
	const struct graph_range one = { value, value, true };

	if (ts_ns < g->from_ns)
		ts_ns = g->from_ns;
	make_room(g, ts_ns);
	merge(&g->column[dir][line][(ts_ns - g->from_ns) / g->column_ns], &one);
	if (ts_ns > g->last_ns)
		g->last_ns = ts_ns;
}

/* ---- packets ---- */

static uint64_t place_of(const struct side *s, uint32_t seq)
{
	int64_t place = (int64_t)s->sent + (int32_t)(seq - s->base - (uint32_t)s->sent);

	return place < 0 ? 0 : (uint64_t)place;
}

static void on_data(struct graph *g, int dir, const struct packet *p, int64_t ts_ns)
{
	struct side *s = &g->side[dir];
	uint64_t end = place_of(s, p->seq + !!(p->flags & TCP_SYN)) + p->payload_len;

	if (p->payload_len == 0)
		return;
	if (end <= s->sent) {
		put(g, dir, GRAPH_RESENT, ts_ns, end);
		s->timed = 0; /* which of the two is acknowledged cannot be told */
		return;
	}
	s->sent = end;
	put(g, dir, GRAPH_SENT, ts_ns, end);
	if (!s->timed) {
		s->timed = end;
		s->timed_ns = ts_ns;
	}
}

/* s: what is acknowledged. */
static void on_ack(struct graph *g, int dir, const struct packet *p, int64_t ts_ns)
{
	struct side *s = &g->side[dir];
	uint64_t place = place_of(s, p->ack);
	int shift = s->shift > 0 && !(p->flags & TCP_SYN) ? s->shift : 0;

	if (place > s->sent) /* a SYN or a FIN, or what the capture missed */
		place = s->sent;
	if (place >= s->acked) {
		s->acked = place;
		s->window = place + ((uint64_t)p->window << shift);
		put(g, dir, GRAPH_ACKED, ts_ns, place);
		put(g, dir, GRAPH_WINDOW, ts_ns, s->window);
	}
	if (s->timed && s->acked >= s->timed) {
		if (!s->sampled)
			put(g, dir, GRAPH_RTT, ts_ns, (uint64_t)(ts_ns - s->timed_ns) / 1000);
		s->timed = 0;
	}
}

static void on_segment(struct graph *g, int dir, const struct packet *p, int64_t ts_ns)
{
	struct side *s = &g->side[dir], *back = &g->side[!dir];

	if (p->flags & TCP_RST)
		return;
	if (!s->based) {
		s->based = true;
		s->base = p->seq + !!(p->flags & TCP_SYN);
	}
	if (p->flags & TCP_SYN)
		back->shift = p->wscale;
	on_data(g, dir, p, ts_ns);
	if (p->flags & TCP_ACK && back->based)
		on_ack(g, !dir, p, ts_ns);
	for (int i = 0; i < 2; i++)
		if (g->side[i].based)
			put(g, i, GRAPH_FLIGHT, ts_ns, g->side[i].sent - g->side[i].acked);
}

static void on_packet(struct graph *g, uint32_t row)
{
	const struct event *ev = trace_walk_event(g->walk, row, NULL);
	const struct trace_host *h;
	struct packet p;

	if (!ev || ev->kind != EVENT_PACKET)
		return;
	h = trace_host(g->t, ev->packet.iface);
	packet_parse(&p, h ? h->link : LINK_ETHERNET, ev->packet.data, ev->packet.caplen,
		     ev->packet.len);
	if (p.has_segment && p.payload_known)
		on_segment(g, trace_entry(g->t, row)->dir, &p, ev->ts_ns);
}

/* ---- samples ---- */

static void on_state(struct graph *g, uint32_t row)
{
	const struct event *ev = trace_walk_event(g->walk, row, NULL);
	int end = ev && ev->kind == EVENT_STATE ? diagram_socket_end(&ev->state, g->end) : -1;
	const struct sock_sample *k;

	if (end < 0)
		return;
	k = &ev->state.sock;
	g->side[end].sampled = true;
	if (k->cwnd && k->mss)
		put(g, end, GRAPH_CWND, ev->ts_ns, (uint64_t)k->cwnd * k->mss);
	if (k->ssthresh && k->ssthresh < NO_SSTHRESH && k->mss)
		put(g, end, GRAPH_SSTHRESH, ev->ts_ns, (uint64_t)k->ssthresh * k->mss);
	if (k->rtt_us)
		put(g, end, GRAPH_RTT, ev->ts_ns, k->rtt_us);
	if (k->rto_us)
		put(g, end, GRAPH_RTO, ev->ts_ns, k->rto_us);
}

static bool look_at(struct graph *g, uint32_t row)
{
	const struct trace_entry *e = trace_entry(g->t, row);

	if (e->offset > g->highest)
		g->highest = e->offset;
	if (e->conn != g->conn || (e->kind != EVENT_PACKET && e->kind != EVENT_STATE))
		return false;
	if (e->kind == EVENT_PACKET)
		on_packet(g, row);
	else
		on_state(g, row);
	return true;
}

/* ---- rows ---- */

static void begin(struct graph *g)
{
	const struct conn *c = conns_get(trace_conns(g->t), g->conn);
	uint32_t row;

	memset(g->side, 0, sizeof(g->side));
	memset(g->column, 0, sizeof(g->column));
	g->side[0].shift = g->side[1].shift = -1;
	g->next = 0;
	g->before = g->highest = 0;
	g->column_ns = 1;
	g->from_ns = g->last_ns = 0;
	if (!c || c->protocol != IPPROTO_TCP)
		return;
	g->end[0] = c->end[0];
	g->end[1] = c->end[1];
	g->from_ns = g->last_ns = c->first_ns;
	if (c->last_ns > c->first_ns)
		g->column_ns = (c->last_ns - c->first_ns) / GRAPH_COLUMNS + 1;
	row = c->first_ns > INT64_MIN + SLACK_NS ? trace_row_at(g->t, c->first_ns - SLACK_NS)
						 : ROW_NONE;
	g->next = row == ROW_NONE ? 0 : row;
	g->before = g->next ? trace_entry(g->t, g->next - 1)->offset : 0;
}

static bool is_moved(const struct graph *g)
{
	return g->next > trace_rows(g->t) ||
	       (g->next > 0 && trace_entry(g->t, g->next - 1)->offset != g->before);
}

/* Rows came between those that were looked at: they have higher identities than all of these. */
static void find_place(struct graph *g)
{
	uint32_t row = trace_row_of(g->t, g->before);

	if (row == ROW_NONE || row + 1 < g->next || row + 1 - g->next > SCAN) {
		begin(g);
		return;
	}
	for (uint32_t i = row > SCAN ? row - SCAN : 0; i < row; i++)
		if (trace_entry(g->t, i)->offset > g->highest)
			look_at(g, i);
	g->next = row + 1;
}

void graph_ask(struct graph *g, uint32_t conn)
{
	bool sorted = g->loading && !trace_is_loading(g->t);

	g->loading = trace_is_loading(g->t);
	if (conn != g->conn || sorted) {
		g->conn = conn;
		begin(g);
	}
}

bool graph_busy(const struct graph *g)
{
	const struct conn *c = g->conn == CONN_NONE ? NULL : conns_get(trace_conns(g->t), g->conn);

	return c && c->protocol == IPPROTO_TCP && g->next < trace_rows(g->t);
}

static void step(struct graph *g)
{
	uint32_t rows = trace_rows(g->t), end = rows - g->next > SCAN ? g->next + SCAN : rows;

	for (int events = 0; g->next < end && events < STRIDE; g->next++) {
		g->before = trace_entry(g->t, g->next)->offset;
		events += look_at(g, g->next);
	}
}

bool graph_work(struct graph *g, int64_t budget_ns)
{
	int64_t end_ns = clock_monotonic_ns() + budget_ns;
	bool grown = false;

	while (graph_busy(g)) {
		if (is_moved(g))
			find_place(g);
		step(g);
		grown = true;
		if (budget_ns && clock_monotonic_ns() >= end_ns)
			break;
	}
	return grown;
}

unsigned graph_percent(const struct graph *g)
{
	return graph_busy(g) ? (unsigned)((uint64_t)g->next * 100 / trace_rows(g->t)) : 100;
}

/* ---- what is there ---- */

const struct graph_range *graph_column(const struct graph *g, int dir, enum graph_line line,
				       size_t column)
{
	return &g->column[dir][line][column < GRAPH_COLUMNS ? column : GRAPH_COLUMNS - 1];
}

int64_t graph_column_of(const struct graph *g, int64_t ts_ns)
{
	return ts_ns < g->from_ns ? -1 : (ts_ns - g->from_ns) / g->column_ns;
}

size_t graph_used(const struct graph *g)
{
	return (size_t)((g->last_ns - g->from_ns) / g->column_ns) + 1;
}

int64_t graph_first_ns(const struct graph *g)
{
	return g->from_ns;
}

int64_t graph_last_ns(const struct graph *g)
{
	return g->last_ns;
}

struct graph *graph_new(struct trace *t, struct err *e)
{
	struct graph *g = calloc(1, sizeof(*g));

	if (!g) {
		err_errno(e, errno, NULL, "the graphs of a connection");
		return NULL;
	}
	g->t = t;
	g->conn = CONN_NONE;
	g->column_ns = 1;
	g->loading = trace_is_loading(t);
	g->walk = trace_walk_new(t, e);
	if (g->walk)
		return g;
	free(g);
	return NULL;
}

void graph_free(struct graph *g)
{
	if (!g)
		return;
	trace_walk_free(g->walk);
	free(g);
}
