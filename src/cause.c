/*
 * The kernel's counter of retransmissions is in its samples.  Where it grows from one sample of a socket to the
 * next, the retransmission that left nearest to these was counted there, and the congestion state behind it
 * says which of the kernel's ways it was: Loss after a time-out, Recovery after duplicate ACKs, and neither for a
 * tail loss probe (RFC 8985 section 7), which is counted as a retransmission but as no loss.
 */
#include "src/cause.h"

#include <inttypes.h>

#include "src/core/clock.h"
#include "src/describe.h"

#define NEAR	   64 /* rows between a packet and the sample that tells of it */
#define BACK	   4096 /* rows before a packet in which it left for the first time */
#define CANDIDATES 64 /* packets that are read there */
#define SENT_AGAIN (VERDICT_RETRANSMISSION | VERDICT_OUT_OF_ORDER)

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

bool cause_of_packet(struct trace *t, uint32_t row, struct cause *out)
{
	const struct trace_entry *e = trace_entry(t, row);

	*out = (struct cause){
		.before = ROW_NONE, .after = ROW_NONE, .original = ROW_NONE, .lost_by = ROW_NONE
	};
	if (e->kind != EVENT_PACKET || e->verdict == 0 || trace_sockets(t) == 0)
		return false;
	if (e->verdict & SENT_AGAIN)
		resent(t, row, out);
	else if (e->verdict & (VERDICT_ZERO_WINDOW_PROBE | VERDICT_KEEP_ALIVE))
		timer_ran(t, row, out);
	return out->kind != CAUSE_UNKNOWN || out->lost_by != ROW_NONE;
}

/* ---- words ---- */

static const struct {
	const char *name, *text;
} kinds[] = {
	[CAUSE_UNKNOWN] = { "", "" },
	[CAUSE_TIMEOUT] = { "RTO", "the retransmission timer fired" },
	[CAUSE_SYN_TIMEOUT] = { "RTO", "no answer to the SYN before the timer fired" },
	[CAUSE_FAST] = { "fast retransmit", "the kernel is in Recovery, after duplicate ACKs" },
	[CAUSE_TAIL_PROBE] = { "tail loss probe",
			       "the timer fired, and nothing is counted as lost yet" },
	[CAUSE_WINDOW_PROBE] = { "window probe", "the persist timer ran" },
	[CAUSE_KEEPALIVE] = { "keepalive", "the keepalive timer ran" },
};

const char *cause_name(enum cause_kind kind)
{
	return kinds[kind].name;
}

static void add_counters(struct str *out, struct trace *t, const struct cause *c)
{
	const struct event *ev = trace_event(t, c->before, NULL);
	struct sock_sample was, is;

	if (!ev)
		return;
	was = ev->state.sock;
	ev = trace_event(t, c->after, NULL);
	if (!ev)
		return;
	is = ev->state.sock;
	str_addf(out, "; retransmissions %u → %u", was.total_retrans, is.total_retrans);
	if (was.cwnd != is.cwnd)
		str_addf(out, ", cwnd %u → %u", was.cwnd, is.cwnd);
}

void cause_text(struct str *out, struct trace *t, const struct cause *c)
{
	const struct event *wire = c->lost_by == ROW_NONE ? NULL : trace_event(t, c->lost_by, NULL);

	if (wire && wire->kind == EVENT_WIRE) {
		str_addf(out, "the wire lost packet %" PRIu64, wire->wire.packet);
		if (wire->wire.by && wire->wire.by[0])
			str_addf(out, " (%s)", wire->wire.by);
	}
	if (c->kind == CAUSE_UNKNOWN)
		return;
	if (wire)
		str_add(out, "; ");
	str_addf(out, "%s: %s", kinds[c->kind].name, kinds[c->kind].text);
	if (c->timer_ns > 0) {
		str_add(out, " (");
		describe_duration(out, c->timer_ns);
		str_char(out, ')');
	}
	if (c->before != ROW_NONE && c->after != ROW_NONE)
		add_counters(out, t, c);
}
