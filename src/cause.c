/*
 * What a packet is said to be because of is in the COUNTERS of it: the first row of the table that has one of these
 * counters, and whose other condition holds, is its cause.
 *
 * Without them: the kernel's counter of retransmissions is in its samples.  Where it grows from one sample of a socket to
 * the next, the retransmission that left nearest to these was counted there, and the congestion state behind it
 * says which of the kernel's ways it was: Loss after a time-out, Recovery after duplicate ACKs, and neither for a
 * tail loss probe (RFC 8985 section 7), which is counted as a retransmission but as no loss.
 */
#include "src/cause.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"

#define NEAR	   64 /* rows between a packet and the sample that tells of it */
#define BACK	   4096 /* rows before a packet in which it left for the first time */
#define CANDIDATES 64 /* packets that are read there */
#define SENT_AGAIN (VERDICT_RETRANSMISSION | VERDICT_OUT_OF_ORDER)
#define ICMP_BACK  256 /* rows before a packet in which an ICMP error came that it answers … */
#define ICMP_NS	   (2 * NS_PER_S) /* … and how long before */

enum { CA_RECOVERY = 3, CA_LOSS = 4 }; /* enum tcp_ca_state of Linux */

/* ---- what is sent again ---- */

static bool parse(struct trace *t, uint32_t row, struct packet *p)
{
	const struct event *ev = trace_event(t, row, NULL);
	const struct trace_host *h;

	if (!ev || ev->kind != EVENT_PACKET)
		return false;
	h = trace_host(t, ev->packet.iface);
	packet_parse(p, h ? h->link : LINK_ETHERNET, ev->packet.data, ev->packet.caplen,
		     ev->packet.len);
	return p->has_segment;
}

static uint32_t length_of(const struct packet *p)
{
	return p->payload_len + ((p->flags & (TCP_SYN | TCP_FIN)) != 0);
}

/* Whether `before` carried the first byte of `again`. */
static bool carried(const struct packet *before, const struct packet *again)
{
	uint32_t len = length_of(before);

	return len > 0 && again->seq - before->seq < len &&
	       ((before->flags ^ again->flags) & TCP_SYN) == 0;
}

/* The WIRE that lost a packet; ROW_NONE. */
static uint32_t loss_of(const struct trace *t, const struct trace_entry *packet)
{
	const struct trace_entry *wire =
		packet->link == ROW_NONE ? NULL : trace_entry(t, packet->link);

	if (!wire || wire->kind != EVENT_WIRE || (wire->flags & TRACE_FLAG_COPY))
		return ROW_NONE;
	return wire->fate == WIRE_DROPPED || wire->fate == WIRE_FAILED ? packet->link : ROW_NONE;
}

/*
 * The last packet before that carried the same byte, if the wire lost it.  Of the packets between, only those
 * are read that were lost, or sent again themselves: the index tells them from the others.
 */
static void find_loss(struct trace *t, uint32_t row, struct cause *out)
{
	const struct trace_entry *e = trace_entry(t, row);
	struct packet again, before;
	int left = CANDIDATES;

	if (!parse(t, row, &again))
		return;
	for (uint32_t i = row; i > 0 && row - i < BACK && left > 0;) {
		const struct trace_entry *o = trace_entry(t, --i);
		uint32_t loss;

		if (o->kind != EVENT_PACKET || o->conn != e->conn || o->dir != e->dir)
			continue;
		loss = loss_of(t, o);
		if (loss == ROW_NONE && !(o->verdict & SENT_AGAIN))
			continue;
		left--;
		if (!parse(t, i, &before) || !carried(&before, &again))
			continue;
		out->original = loss == ROW_NONE ? ROW_NONE : i;
		out->lost_by = loss;
		return;
	}
}

/* ---- what the kernel counted ---- */

struct samples {
	uint32_t before, after; /* rows */
	struct sock_sample was, is;
	int64_t was_ns;
};

/* The sample at a row and the one before it, if it is of the packet's sender. */
static bool take_samples(struct trace *t, uint32_t row, const struct trace_entry *packet,
			 struct samples *out)
{
	const struct trace_entry *e = trace_entry(t, row);
	const struct event *ev;

	if (e->kind != EVENT_STATE || e->host != packet->host || e->link == ROW_NONE)
		return false;
	if (e->conn != CONN_NONE && e->conn != packet->conn)
		return false;
	ev = trace_event(t, row, NULL);
	if (!ev)
		return false;
	out->after = row;
	out->is = ev->state.sock;
	out->before = e->link;
	ev = trace_event(t, e->link, NULL);
	if (!ev)
		return false;
	out->was = ev->state.sock;
	out->was_ns = ev->ts_ns;
	return true;
}

static bool is_of_conn(const struct trace *t, const struct trace_entry *packet,
		       const struct sock_sample *s)
{
	const struct conn *c = conns_get(trace_conns(t), packet->conn);

	return c && addr_equal(&s->local, &c->end[packet->dir]) &&
	       addr_equal(&s->remote, &c->end[!packet->dir]);
}

static bool counts_more(const struct samples *s)
{
	return s->is.total_retrans > s->was.total_retrans || s->is.retransmits > s->was.retransmits;
}

/* The samples nearest to a packet between which a retransmission was counted. */
static bool find_samples(struct trace *t, uint32_t row, struct samples *out)
{
	const struct trace_entry *packet = trace_entry(t, row);
	uint32_t rows = trace_rows(t);

	for (uint32_t i = 1; i < NEAR; i++) {
		if (row + i < rows && take_samples(t, row + i, packet, out) && counts_more(out) &&
		    is_of_conn(t, packet, &out->is))
			return true;
		if (i <= row && take_samples(t, row - i, packet, out) && counts_more(out) &&
		    is_of_conn(t, packet, &out->is))
			return true;
	}
	return false;
}

static enum cause_kind kind_of(const struct samples *s, int64_t sent_ns)
{
	int64_t fires_ns = s->was_ns + s->was.timer_ms * NS_PER_MS;

	if (s->is.state == SOCK_STATE_SYN_SENT || s->is.state == SOCK_STATE_SYN_RECEIVED)
		return CAUSE_SYN_TIMEOUT;
	if (s->is.ca_state == CA_LOSS || s->is.retransmits > s->was.retransmits)
		return CAUSE_TIMEOUT;
	if (s->is.ca_state == CA_RECOVERY)
		return CAUSE_FAST;
	/* The kernel's clock has steps of up to 10 ms. */
	if (s->was.timer == SOCK_TIMER_RETRANSMIT && sent_ns >= fires_ns - 10 * NS_PER_MS)
		return CAUSE_TAIL_PROBE;
	return CAUSE_UNKNOWN;
}

static void resent(struct trace *t, uint32_t row, struct cause *out)
{
	struct samples s;

	find_loss(t, row, out);
	if (!find_samples(t, row, &s))
		return;
	out->kind = kind_of(&s, trace_entry(t, row)->ts_ns);
	if (out->kind == CAUSE_UNKNOWN)
		return;
	out->before = s.before;
	out->after = s.after;
	if (out->kind != CAUSE_FAST && s.was.timer == SOCK_TIMER_RETRANSMIT)
		out->timer_ns = s.was.timer_ms * NS_PER_MS;
}

/* ---- timers that send without anything being lost ---- */

static enum cause_kind kind_of_timer(enum sock_timer timer)
{
	return timer == SOCK_TIMER_PROBE       ? CAUSE_WINDOW_PROBE
	       : timer == SOCK_TIMER_KEEPALIVE ? CAUSE_KEEPALIVE
					       : CAUSE_UNKNOWN;
}

/* By the last sample before the packet: on the wire a window probe looks like a keepalive. */
static void timer_ran(struct trace *t, uint32_t row, struct cause *out)
{
	const struct trace_entry *packet = trace_entry(t, row);

	for (size_t i = 0; row > 0 && i < trace_sockets(t); i++) {
		uint32_t at = trace_socket(t, i)->host == packet->host
				      ? trace_state_at(t, i, row - 1)
				      : ROW_NONE;
		const struct event *ev = at == ROW_NONE ? NULL : trace_event(t, at, NULL);

		if (!ev || !is_of_conn(t, packet, &ev->state.sock))
			continue;
		out->kind = kind_of_timer(ev->state.sock.timer);
		out->before = at;
		out->timer_ns = ev->state.sock.timer_ms * NS_PER_MS;
		return;
	}
}

/* ---- by the counters ---- */

uint64_t cause_grew(const char *changes, const char *counter)
{
	size_t len = strlen(counter);

	for (const char *at = changes; at && *at;) {
		if (!strncmp(at, counter, len) && at[len] == '+')
			return strtoull(at + len + 1, NULL, 10);
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	return 0;
}

/* A packet about which something was counted, when the trace had these many rows. */
struct facts {
	struct trace *t;
	uint32_t rows;
	uint8_t host; /* that sent it */
	int64_t ts_ns;
	const struct packet *p;
	const char *changes;
};

/* ---- the sender's socket ---- */

/*
 * Its last sample that was taken before the packet left, for as long as it was open; ROW_NONE.  What made the packet leave
 * may have been told already.
 */
static uint32_t sample_before(const struct facts *f)
{
	struct trace *t = f->t;
	struct addr src, dst;

	if (!f->rows || !packet_endpoints(f->p, &src, &dst))
		return ROW_NONE;
	for (size_t i = 0; i < trace_sockets(t); i++) {
		uint32_t at = trace_socket(t, i)->host == f->host
				      ? trace_state_at(t, i, f->rows - 1)
				      : ROW_NONE;
		const struct event *ev;

		while (at != ROW_NONE && trace_entry(t, at)->ts_ns > f->ts_ns)
			at = trace_entry(t, at)->link;
		ev = at == ROW_NONE ? NULL : trace_event(t, at, NULL);
		if (ev && addr_equal(&ev->state.sock.local, &src) &&
		    addr_equal(&ev->state.sock.remote, &dst) &&
		    ev->state.sock.state != SOCK_STATE_CLOSED)
			return at;
	}
	return ROW_NONE;
}

/* Whether an ICMP error that quotes a packet of the same connection says that it was too long. */
static bool is_needfrag(struct trace *t, uint32_t row, const struct packet *of)
{
	const struct event *ev = trace_event(t, row, NULL);
	const struct trace_host *h;
	struct packet p, quoted;

	if (!ev || ev->kind != EVENT_PACKET)
		return false;
	h = trace_host(t, ev->packet.iface);
	packet_parse(&p, h ? h->link : LINK_ETHERNET, ev->packet.data, ev->packet.caplen,
		     ev->packet.len);
	if (!(p.protocol == IPPROTO_ICMP && p.icmp_type == 3 && p.icmp_code == 4) &&
	    !(p.protocol == IPPROTO_ICMPV6 && p.icmp_type == 2))
		return false;
	return packet_quoted(&quoted, &p, ev->packet.data, ev->packet.caplen) &&
	       quoted.src_port == of->src_port && quoted.dst_port == of->dst_port &&
	       !memcmp(quoted.src, of->src, sizeof(quoted.src));
}

/* Such errors have no connection of their own in the index, or that of their echo. */
static bool after_needfrag(const struct facts *f)
{
	for (uint32_t row = f->rows; row > 0 && f->rows - row < ICMP_BACK;) {
		const struct trace_entry *e = trace_entry(f->t, --row);

		if (f->ts_ns - e->ts_ns > ICMP_NS)
			return false;
		if (e->kind == EVENT_PACKET && e->ts_ns <= f->ts_ns && is_needfrag(f->t, row, f->p))
			return true;
	}
	return false;
}

static bool is_reset(const struct facts *f)
{
	return f->p->flags & TCP_RST;
}

/* The kernel sends it on its own account: with the numbers of its connection.  An answer to a segment has no ACK. */
static bool is_own_reset(const struct facts *f)
{
	return is_reset(f) && (f->p->flags & TCP_ACK);
}

static bool is_answering_reset(const struct facts *f)
{
	return is_reset(f) && !(f->p->flags & TCP_ACK);
}

/* In TIME-WAIT's guise FIN-WAIT-2 is no socket any more, and nothing is counted but the RST. */
static bool is_after_close(const struct facts *f)
{
	uint32_t at = is_answering_reset(f) ? sample_before(f) : ROW_NONE;

	if (is_answering_reset(f) && cause_grew(f->changes, "TcpExtTCPAbortOnData"))
		return true;
	return at != ROW_NONE && (trace_entry(f->t, at)->state == SOCK_STATE_FIN_WAIT_1 ||
				  trace_entry(f->t, at)->state == SOCK_STATE_FIN_WAIT_2);
}

/* Those that a program asked for have a counter of their own. */
static bool is_of_orphan(const struct facts *f)
{
	return is_own_reset(f) && f->p->seq != 0;
}

/* RFC 9293 section 3.10.7.1: a RST for a SYN has the number 0. */
static bool is_refusal(const struct facts *f)
{
	return !is_reset(f) || (is_own_reset(f) && f->p->seq == 0);
}

/* What must be so beside the counter. */
static bool (*const conditions[CAUSE_KINDS])(const struct facts *f) = {
	[CAUSE_PATH_MTU] = after_needfrag,
	[CAUSE_QUEUE_RESET] = is_reset,
	[CAUSE_UNREAD] = is_reset,
	[CAUSE_GAVE_UP] = is_reset,
	[CAUSE_LINGER2] = is_reset,
	[CAUSE_LINGER] = is_own_reset,
	[CAUSE_AFTER_CLOSE] = is_after_close,
	[CAUSE_LISTENER_CLOSED] = is_of_orphan,
	[CAUSE_NOBODY] = is_refusal,
	[CAUSE_NO_CONNECTION] = is_answering_reset,
};

static bool fits(enum cause_kind kind, const struct facts *f)
{
	const struct cause_row *row = &cause_table[kind];
	bool grew = false;

	for (size_t i = 0; i < 4 && row->counter[i]; i++)
		grew |= cause_grew(f->changes, row->counter[i]) > 0;
	return grew && (!conditions[kind] || conditions[kind](f));
}

static enum cause_kind first_fit(const struct facts *f, enum cause_kind from, enum cause_kind to)
{
	for (enum cause_kind kind = from; kind < to; kind++)
		if (fits(kind, f))
			return kind;
	return CAUSE_UNKNOWN;
}

/* ---- the timer that fired ---- */

static const struct {
	enum cause_kind kind;
	enum sock_timer timer;
} timers[] = {
	{ CAUSE_TAIL_PROBE, SOCK_TIMER_RETRANSMIT }, { CAUSE_SYN_TIMEOUT, SOCK_TIMER_RETRANSMIT },
	{ CAUSE_TIMEOUT, SOCK_TIMER_RETRANSMIT },    { CAUSE_KEEPALIVE, SOCK_TIMER_KEEPALIVE },
	{ CAUSE_WINDOW_PROBE, SOCK_TIMER_PROBE },
};

/* What the timer was set to: of a timeout the kernel says it, of the others it is what was left when it was looked at. */
static int64_t timer_of(enum cause_kind kind, const struct sock_sample *was)
{
	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
		if (timers[i].kind == kind && timers[i].timer == was->timer)
			return kind == CAUSE_TIMEOUT && was->rto_us ? was->rto_us * NS_PER_US
								    : was->timer_ms * NS_PER_MS;
	return 0;
}

static void find_timer(const struct facts *f, struct cause *out)
{
	uint32_t at = sample_before(f);
	const struct event *ev = at == ROW_NONE ? NULL : trace_event(f->t, at, NULL);

	if (!ev)
		return;
	out->timer_ns = timer_of(out->kind, &ev->state.sock);
	if (out->before == ROW_NONE)
		out->before = at;
}

/* ---- a packet ---- */

static const struct cause nothing = {
	.receiver = HOST_NONE,
	.before = ROW_NONE,
	.after = ROW_NONE,
	.original = ROW_NONE,
	.lost_by = ROW_NONE,
	.left = ROW_NONE,
	.arrived = ROW_NONE,
};

static struct facts facts_on(struct trace *t, uint32_t row, const struct packet *p)
{
	const struct trace_entry *e = trace_entry(t, row);

	return (struct facts){ .t = t, .rows = row, .host = e->host, .ts_ns = e->ts_ns, .p = p };
}

static void counted_at(struct facts *f, uint32_t row, struct cause *out)
{
	enum state_by by = (enum state_by)trace_entry(f->t, row)->by;
	const struct event *ev = trace_event(f->t, row, NULL);

	if (!ev)
		return;
	f->changes = ev->counters.changes;
	if (by == BY_DEPARTURE) {
		enum cause_kind kind =
			first_fit(f, (enum cause_kind)(CAUSE_UNKNOWN + 1), CAUSE_ARRIVALS);

		if (out->left == ROW_NONE || (out->kind == CAUSE_UNKNOWN && kind))
			out->left = row;
		out->kind = out->kind ? out->kind : kind;
	} else {
		if (out->arrived == ROW_NONE)
			out->arrived = row;
		if (!out->arrival)
			out->arrival = first_fit(f, CAUSE_ARRIVALS, (enum cause_kind)CAUSE_KINDS);
		out->receiver = ev->host;
	}
}

static void by_counters(struct trace *t, uint32_t row, const struct packet *p, struct cause *out)
{
	struct facts f = facts_on(t, row, p);

	for (uint32_t at = trace_counters_of(t, row, row); at != ROW_NONE;
	     at = trace_counters_of(t, row, at))
		counted_at(&f, at, out);
}

/* What the samples tell where nothing was counted, and the numbers beside it where something was. */
static void by_samples(struct trace *t, uint32_t row, const struct packet *p, struct cause *out)
{
	const struct trace_entry *e = trace_entry(t, row);
	struct facts f = facts_on(t, row, p);
	enum cause_kind counted = out->kind;

	if (e->verdict & SENT_AGAIN)
		resent(t, row, out);
	else if ((e->verdict & (VERDICT_ZERO_WINDOW_PROBE | VERDICT_KEEP_ALIVE)) &&
		 !trace_counted(t))
		timer_ran(t, row, out);
	if (counted != CAUSE_UNKNOWN)
		out->kind = counted;
	else if ((out->kind == CAUSE_TIMEOUT || out->kind == CAUSE_FAST) && after_needfrag(&f))
		out->kind = CAUSE_PATH_MTU;
}

bool cause_of_packet(struct trace *t, uint32_t row, struct cause *out)
{
	const struct trace_entry *e = trace_entry(t, row);
	struct packet p = { 0 };

	*out = nothing;
	if (e->kind != EVENT_PACKET || (!e->verdict && !e->counted) || trace_sockets(t) == 0)
		return false;
	(void)parse(t, row, &p);
	if (e->counted)
		by_counters(t, row, &p, out);
	if (e->verdict)
		by_samples(t, row, &p, out);
	if (out->left != ROW_NONE) {
		struct facts f = facts_on(t, row, &p);

		out->timer_ns = 0;
		find_timer(&f, out);
	}
	return out->kind || out->arrival || out->lost_by != ROW_NONE || out->left != ROW_NONE ||
	       out->arrived != ROW_NONE;
}

void cause_of_leaving(struct trace *t, const struct event *packet,
		      const struct event_counters *counted, struct cause *out)
{
	const struct event_packet *pk = &packet->packet;
	struct packet p;
	struct facts f = {
		.t = t,
		.rows = trace_rows(t),
		.host = packet->host,
		.ts_ns = packet->ts_ns,
		.p = &p,
		.changes = counted->changes,
	};

	*out = nothing;
	packet_parse(&p, LINK_ETHERNET, pk->data, pk->caplen, pk->len);
	out->kind = first_fit(&f, (enum cause_kind)(CAUSE_UNKNOWN + 1), CAUSE_ARRIVALS);
	find_timer(&f, out);
}
