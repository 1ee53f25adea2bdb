/*
 * Causes of packets.  What a packet is decides where to look: an answer belongs to what it answers, new data to the
 * call that wrote it, a repetition to what it repeats.
 */
#include "src/links_impl.h"

#include <netinet/in.h>
#include <string.h>

#include "src/cause.h"

#define SENT_AGAIN (VERDICT_RETRANSMISSION | VERDICT_OUT_OF_ORDER)

enum { ICMP_ECHO_REPLY = 0, ICMP6_ECHO_REPLY = 129, ARP_REPLY = 2 };

static uint32_t length_of(const struct packet *p)
{
	return p->payload_len + !!(p->flags & TCP_SYN) + !!(p->flags & TCP_FIN);
}

/* ---- calls ---- */

struct sending { /* a packet, and the calls that may have sent it */
	uint32_t row, conn;
	uint8_t host;
	unsigned roles; /* bits 1 << enum call_role */
};

/* Whether a descriptor is the connection's, as far as is known. */
static bool is_of_conn(struct trace *t, const struct sending *s, const struct event *call,
		       uint32_t row)
{
	uint32_t socket = row == 0
				  ? ROW_NONE
				  : links_socket(t, s->host, call->program, call->call.fd, row - 1);

	for (int i = 0; socket != ROW_NONE && i < LINKS_NEAR; i++) {
		const struct trace_entry *e = trace_entry(t, socket);

		if (e->conn != CONN_NONE)
			return e->conn == s->conn;
		socket = e->link;
	}
	return true;
}

/* The last call of these roles on the packet's connection before it left; ROW_NONE. */
static uint32_t call_of(struct trace *t, const struct sending *s)
{
	int left = LINKS_READ;

	for (uint32_t i = s->row; i > 0 && s->row - i < LINKS_FAR && left > 0;) {
		const struct trace_entry *e = trace_entry(t, --i);
		const struct event *ev;
		struct event call;

		if (e->kind != EVENT_CALL || e->host != s->host)
			continue;
		left--;
		ev = trace_event(t, i, NULL);
		if (!ev || !(s->roles & 1u << call_role(ev->call.name)))
			continue;
		call = *ev;
		if (is_of_conn(t, s, &call, i))
			return i;
	}
	return ROW_NONE;
}

/* A call that has not come back when the packet leaves. */
static bool runs(const struct trace *t, uint32_t call, uint32_t row)
{
	const struct trace_entry *e = call == ROW_NONE ? NULL : trace_entry(t, call);

	return e && (e->link == ROW_NONE || e->link > row);
}

static uint32_t end_of_program(const struct trace *t, uint32_t row, uint8_t host)
{
	for (uint32_t i = row; i > 0 && row - i < LINKS_NEAR;) {
		const struct trace_entry *e = trace_entry(t, --i);

		if (e->kind == EVENT_PROGRAM && e->host == host)
			return i;
	}
	return ROW_NONE;
}

/* ---- answers ---- */

/* What a packet answers: first what its arrival changed there, or the arrival. */
static void add_answered(struct trace *t, uint32_t row, uint32_t answered, struct links *out)
{
	if (answered == ROW_NONE)
		return;
	links_add(t, out, links_state_of_arrival(t, answered, (uint8_t)trace_entry(t, row)->host));
	links_add(t, out, links_arrival(t, answered, row));
	links_add(t, out, answered);
}

static bool ends_at(const struct trace_entry *e, const struct packet *p, const void *ack)
{
	(void)e;
	return p->has_segment && length_of(p) > 0 &&
	       p->seq + length_of(p) == *(const uint32_t *)ack;
}

static bool has_length(const struct trace_entry *e, const struct packet *p, const void *arg)
{
	(void)e;
	(void)arg;
	return p->has_segment && length_of(p) > 0;
}

static bool has_verdict(const struct trace_entry *e, const struct packet *p, const void *bits)
{
	(void)p;
	return e->verdict & *(const uint16_t *)bits;
}

static bool is_syn(const struct trace_entry *e, const struct packet *p, const void *arg)
{
	(void)e;
	(void)arg;
	return p->has_segment && p->flags & TCP_SYN;
}

static uint32_t last_with(struct trace *t, uint32_t row, uint16_t bits)
{
	const struct trace_entry *e = trace_entry(t, row);

	return links_last_arrived(t, row, e->conn, e->dir, has_verdict, &bits);
}

static uint32_t last_of(struct trace *t, uint32_t row, links_wanted_fn *wanted, const void *arg)
{
	const struct trace_entry *e = trace_entry(t, row);

	return links_last_arrived(t, row, e->conn, e->dir, wanted, arg);
}

/* ---- TCP ---- */

/* What was sent before under these numbers; ROW_NONE. */
static uint32_t original_of(struct trace *t, uint32_t row, const struct packet *again)
{
	const struct trace_entry *e = trace_entry(t, row);
	int left = LINKS_READ;

	for (uint32_t i = row; i > 0 && row - i < LINKS_FAR && left > 0;) {
		const struct trace_entry *o = trace_entry(t, --i);
		struct packet p;

		if (o->kind != EVENT_PACKET || o->conn != e->conn || o->dir != e->dir)
			continue;
		left--;
		if (links_packet(t, i, &p) && again->seq - p.seq < length_of(&p) &&
		    !((p.flags ^ again->flags) & TCP_SYN))
			return i;
	}
	return ROW_NONE;
}

/* The loss, if it is known; the ACK that asked for it; the segment before. */
static void of_repetition(struct trace *t, uint32_t row, const struct packet *p, struct links *out)
{
	const struct trace_entry *e = trace_entry(t, row);
	struct cause c;
	bool told = cause_of_packet(t, row, &c);

	if (e->verdict & VERDICT_FAST_RETRANSMISSION || (told && c.kind == CAUSE_FAST))
		links_add(t, out, last_with(t, row, VERDICT_DUPLICATE_ACK));
	if (told)
		links_add(t, out, c.lost_by);
	links_add(t, out, told && c.original != ROW_NONE ? c.original : original_of(t, row, p));
}

static void of_reset(struct trace *t, uint32_t row, struct links *out)
{
	const struct trace_entry *e = trace_entry(t, row);
	const struct sending s = { row, e->conn, (uint8_t)e->host,
				   1u << ROLE_CLOSE | 1u << ROLE_OPEN };
	uint32_t call = call_of(t, &s), from = last_of(t, row, NULL, NULL);
	uint32_t end = end_of_program(t, row, (uint8_t)e->host);

	if (runs(t, call, row))
		links_add(t, out, call);
	else if (end != ROW_NONE && (from == ROW_NONE || end > from))
		links_add(t, out, end);
	else if (from != ROW_NONE) {
		links_add(t, out, links_arrival(t, from, row));
		links_add(t, out, from);
	}
	/* What came after the end of the socket had nobody to receive it. */
	if (!runs(t, call, row))
		links_add(t, out, call);
}

/* Data that waited in the buffer leave when an ACK makes room for them; else the call sent them. */
static void of_data(struct trace *t, uint32_t row, struct links *out)
{
	const struct trace_entry *e = trace_entry(t, row);
	const struct sending s = { row, e->conn, (uint8_t)e->host, 1u << ROLE_SEND };
	uint32_t call = call_of(t, &s);

	if (call != ROW_NONE && !runs(t, call, row)) {
		uint32_t ack = last_of(t, row, NULL, NULL);

		if (ack != ROW_NONE && ack > call)
			links_add(t, out, ack);
	}
	links_add(t, out, call);
}

static void of_fin(struct trace *t, uint32_t row, struct links *out)
{
	const struct trace_entry *e = trace_entry(t, row);
	const struct sending s = { row, e->conn, (uint8_t)e->host, 1u << ROLE_CLOSE };
	uint32_t call = call_of(t, &s), end = end_of_program(t, row, (uint8_t)e->host);

	links_add(t, out, end != ROW_NONE && (call == ROW_NONE || end > call) ? end : call);
}

static void of_syn(struct trace *t, uint32_t row, const struct packet *p, struct links *out)
{
	const struct trace_entry *e = trace_entry(t, row);
	const struct sending s = { row, e->conn, (uint8_t)e->host, 1u << ROLE_OPEN };

	if (p->flags & TCP_ACK)
		add_answered(t, row, last_of(t, row, is_syn, NULL), out);
	else
		links_add(t, out, call_of(t, &s));
}

/* A window opens because the program has read. */
static void of_update(struct trace *t, uint32_t row, struct links *out)
{
	const struct trace_entry *e = trace_entry(t, row);
	const struct sending s = { row, e->conn, (uint8_t)e->host, 1u << ROLE_RECEIVE };

	links_add(t, out, call_of(t, &s));
	if (!out->causes)
		add_answered(t, row, last_of(t, row, has_length, NULL), out);
}

static void of_ack(struct trace *t, uint32_t row, const struct packet *p, struct links *out)
{
	const uint16_t probes = VERDICT_KEEP_ALIVE | VERDICT_ZERO_WINDOW_PROBE;
	uint16_t verdict = trace_entry(t, row)->verdict;
	uint32_t answered = ROW_NONE;

	if (verdict & (VERDICT_KEEP_ALIVE_ACK | VERDICT_ZERO_WINDOW_PROBE_ACK))
		answered = last_with(t, row, probes);
	else if (verdict & VERDICT_DUPLICATE_ACK)
		answered = last_of(t, row, has_length, NULL);
	else
		answered = last_of(t, row, ends_at, &p->ack);
	if (answered == ROW_NONE)
		answered = last_of(t, row, has_length, NULL);
	if (answered == ROW_NONE)
		answered = last_of(t, row, NULL, NULL);
	add_answered(t, row, answered, out);
}

/* SYN ACK of an end that had sent a SYN itself: no repetition of that, but an answer to the other end's. */
static bool has_crossed(struct trace *t, uint32_t row, const struct packet *p)
{
	uint32_t before =
		p->flags & TCP_SYN && p->flags & TCP_ACK ? original_of(t, row, p) : ROW_NONE;
	struct packet syn;

	return links_packet(t, before, &syn) && !(syn.flags & TCP_ACK);
}

static void of_tcp(struct trace *t, uint32_t row, const struct packet *p, struct links *out)
{
	uint16_t verdict = trace_entry(t, row)->verdict;

	if (!p->has_segment)
		return;
	if (p->flags & TCP_RST)
		of_reset(t, row, out);
	else if (verdict & VERDICT_ZERO_WINDOW_PROBE)
		links_add(t, out, last_with(t, row, VERDICT_ZERO_WINDOW));
	else if (verdict & VERDICT_KEEP_ALIVE)
		links_add(t, out, last_of(t, row, NULL, NULL));
	else if (verdict & SENT_AGAIN && !has_crossed(t, row, p))
		of_repetition(t, row, p, out);
	else if (p->flags & TCP_SYN)
		of_syn(t, row, p, out);
	else if (p->flags & TCP_FIN)
		of_fin(t, row, out);
	else if (p->payload_len > 0)
		of_data(t, row, out);
	else if (verdict & VERDICT_WINDOW_UPDATE)
		of_update(t, row, out);
	else
		of_ack(t, row, p, out);
}

/* ---- others ---- */

static bool is_quoted(const struct packet *p, const struct packet *quoted)
{
	size_t len = quoted->ip_version == 6 ? 16 : 4;

	return p->ip_version == quoted->ip_version && p->protocol == quoted->protocol &&
	       !memcmp(p->src, quoted->src, len) && !memcmp(p->dst, quoted->dst, len) &&
	       p->src_port == quoted->src_port && p->dst_port == quoted->dst_port &&
	       (p->protocol != IPPROTO_TCP || p->seq == quoted->seq);
}

static bool is_arp_request(const struct packet *p, const struct packet *reply)
{
	return p->ethertype == 0x0806 && p->arp_op == 1 && !memcmp(p->dst, reply->src, 4);
}

/* The nearest packet before that fits. */
static uint32_t packet_before(struct trace *t, uint32_t row, const struct packet *like,
			      bool (*fits)(const struct packet *p, const struct packet *like))
{
	int left = LINKS_READ;

	for (uint32_t i = row; i > 0 && row - i < LINKS_FAR && left > 0;) {
		struct packet p;

		if (trace_entry(t, --i)->kind != EVENT_PACKET)
			continue;
		left--;
		if (links_packet(t, i, &p) && fits(&p, like))
			return i;
	}
	return ROW_NONE;
}

static void of_icmp(struct trace *t, uint32_t row, const struct packet *p, struct links *out)
{
	const struct event *ev = trace_event(t, row, NULL);
	uint8_t reply = p->ip_version == 6 ? ICMP6_ECHO_REPLY : ICMP_ECHO_REPLY;
	struct packet quoted;

	if (ev && packet_quoted(&quoted, p, ev->packet.data, ev->packet.caplen))
		links_add(t, out, packet_before(t, row, &quoted, is_quoted));
	else if (p->icmp_type == reply)
		links_add(t, out, last_of(t, row, NULL, NULL));
}

/* The COMMAND that put it on the wire: no host sent it. */
static uint32_t injected_by(struct trace *t, uint32_t row)
{
	uint32_t number = trace_entry(t, row)->number;

	for (uint32_t i = row + 1; i < trace_rows(t) && i - row < LINKS_NEAR; i++) {
		const struct trace_entry *e = trace_entry(t, i);

		if (e->kind == EVENT_WIRE && e->number == number && e->fate == WIRE_INJECTED)
			return links_command(t, row, LINKS_NEAR,
					     (const char *const[]){ "inject", "release", NULL });
	}
	return ROW_NONE;
}

void links_of_packet(struct trace *t, uint32_t row, struct links *out)
{
	const struct trace_entry *e = trace_entry(t, row);
	const struct sending s = { row, e->conn, (uint8_t)e->host, 1u << ROLE_SEND };
	struct packet p;

	if (!links_packet(t, row, &p))
		return;
	links_add(t, out, injected_by(t, row));
	if (out->causes && p.protocol == IPPROTO_TCP)
		return;
	if (p.ethertype == 0x0806 && p.arp_op == ARP_REPLY)
		links_add(t, out, packet_before(t, row, &p, is_arp_request));
	else if (p.protocol == IPPROTO_ICMP || p.protocol == IPPROTO_ICMPV6)
		of_icmp(t, row, &p, out);
	else if (p.protocol == IPPROTO_TCP)
		of_tcp(t, row, &p, out);
	else if (p.ip_version)
		links_add(t, out, call_of(t, &s));
}
