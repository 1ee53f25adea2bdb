/*
 * What a packet is, and what can be said of it.  The order of the questions is the order of what matters most: a
 * reset before anything else, what the kernel told of before what the packets alone show.
 */
#include "src/explain_impl.h"

#include <netinet/in.h>
#include <string.h>

#include "capture/infer.h"
#include "src/cause.h"
#include "src/core/clock.h"
#include "src/describe.h"

#define DELAYED_NS (30 * NS_PER_MS) /* an ACK that comes later has waited for something */

struct looking {
	struct explaining *x;
	struct packet p;
	const struct trace_entry *e;
	struct packet answered; /* of the first PACKET among the causes */
	bool has_answered;
	enum explain_kind told; /* by the kernel; EXPLAIN_KINDS: nothing */
};

/* ---- names and numbers ---- */

static bool host_name(struct str *out, const struct trace *t, const struct addr *a)
{
	const struct addr_names *names = trace_names(t);
	const uint8_t *ip = addr_family(a) == AF_INET6 ? a->u.in6.sin6_addr.s6_addr
						       : (const uint8_t *)&a->u.in.sin_addr;
	size_t len = addr_family(a) == AF_INET6 ? 16 : 4;

	for (size_t i = 0; names && i < names->count; i++)
		if (names->row[i].family == addr_family(a) && !memcmp(names->row[i].ip, ip, len)) {
			str_add(out, names->row[i].name);
			return true;
		}
	return false;
}

/* A host by its name, or its address without the port. */
static void add_host(struct str *out, const struct trace *t, const struct addr *a)
{
	struct addr alone = *a;
	STR_ON_STACK(s, 80);

	if (host_name(out, t, a))
		return;
	addr_set_port(&alone, 0);
	addr_text(&s, &alone, NULL);
	if (s.len > 2 && !strcmp(s.buf + s.len - 2, ":0"))
		s.buf[s.len -= 2] = '\0';
	str_add(out, s.buf);
}

static void add_ends(struct looking *l)
{
	struct facts *f = &l->x->facts;
	struct addr src, dst;
	struct str s;

	if (!packet_endpoints(&l->p, &src, &dst)) {
		facts_set(f, "from", "one host");
		facts_set(f, "to", "another");
		return;
	}
	s = facts_add(f, "from");
	add_host(&s, l->x->t, &src);
	s = facts_add(f, "to");
	add_host(&s, l->x->t, &dst);
	if (!l->p.has_ports)
		return;
	facts_set(f, "from_port", "%u", addr_port(&src));
	facts_set(f, "to_port", "%u", addr_port(&dst));
}

static uint32_t length_of(const struct packet *p)
{
	return p->payload_len + !!(p->flags & TCP_SYN) + !!(p->flags & TCP_FIN);
}

/* In bytes, scaled where the scale is known. */
static uint32_t window_of(const struct looking *l)
{
	const struct tcp *tcp = conns_tcp(trace_conns(l->x->t), l->e->conn);
	uint8_t scale = tcp ? tcp->side[l->e->dir].scale : TCP_SCALE_UNKNOWN;

	if (l->p.flags & TCP_SYN || scale < TCP_SCALE_SHIFT)
		return l->p.window;
	return (uint32_t)l->p.window << (scale - TCP_SCALE_SHIFT);
}

static void add_numbers(struct looking *l)
{
	const struct conn *c = conns_get(trace_conns(l->x->t), l->e->conn);
	struct facts *f = &l->x->facts;
	uint32_t len = length_of(&l->p), seq = c ? conn_seq(c, l->e->dir, l->p.seq) : l->p.seq;
	struct str s = facts_add(f, "flags");

	packet_flags_text(&s, l->p.flags);
	facts_set(f, "seq", "%u", seq);
	facts_set(f, "last", "%u", len ? seq + len - 1 : seq);
	facts_set(f, "next", "%u", seq + len);
	if (l->p.payload_len || seq > 1)
		facts_set(f, "last_byte", "%u", seq + l->p.payload_len - 1);
	if (l->p.flags & TCP_ACK)
		facts_set(f, "ack", "%u", c ? conn_seq(c, !l->e->dir, l->p.ack) : l->p.ack);
	facts_set(f, "window", "%u", window_of(l));
	if (l->p.mss)
		facts_set(f, "mss", "%u", l->p.mss);
}

static void add_time_since(struct looking *l, const char *name, uint32_t row)
{
	struct str s;

	if (row == ROW_NONE || trace_entry(l->x->t, row)->ts_ns > l->e->ts_ns)
		return;
	s = facts_add(&l->x->facts, name);
	describe_duration(&s, l->e->ts_ns - trace_entry(l->x->t, row)->ts_ns);
}

/* ---- what belongs to it ---- */

#define CALL_SHOWN 48 /* bytes of a call in a sentence */

/* Data can make a call long: the sentence is about something else. */
static void add_short_call(struct str *out, const struct event *ev)
{
	STR_ON_STACK(s, 400);
	size_t len = CALL_SHOWN;

	describe_call(&s, ev);
	if (s.len <= CALL_SHOWN) {
		str_add(out, s.buf);
		return;
	}
	while (len > 0 && ((unsigned char)s.buf[len] & 0xc0) == 0x80)
		len--;
	str_addn(out, s.buf, len);
	str_add(out, "…)");
}

/* "close(4)", and who called it. */
static void add_call(struct looking *l)
{
	uint32_t row = explaining_cause(l->x, EVENT_CALL);
	const struct event *ev;
	struct str s;

	if (row == ROW_NONE)
		row = explaining_cause(l->x, EVENT_PROGRAM);
	ev = row == ROW_NONE ? NULL : trace_event(l->x->t, row, NULL);
	if (!ev)
		return;
	s = facts_add(&l->x->facts, "caller");
	event_add_actor(&s, ev);
	s = facts_add(&l->x->facts, "call");
	if (ev->kind == EVENT_CALL)
		add_short_call(&s, ev);
	else
		str_addf(&s, "the end of %s", ev->program);
}

/* The socket that a call was about, as it was before; false: not known. */
static bool socket_before(const struct explaining *x, uint32_t call, struct sock_sample *out)
{
	const struct event *ev =
		call == ROW_NONE || call == 0 ? NULL : trace_event(x->t, call, NULL);
	struct event copy;
	uint32_t row;

	if (!ev)
		return false;
	copy = *ev;
	row = links_socket(x->t, copy.host, copy.program, copy.call.fd, call - 1);
	ev = row == ROW_NONE ? NULL : trace_event(x->t, row, NULL);
	if (ev)
		*out = ev->state.sock;
	return ev;
}

/* Bytes that its program has not read: the kernel counts a FIN that is here as one. */
static uint32_t unread_in(const struct sock_sample *s)
{
	bool fin = s->state == SOCK_STATE_CLOSE_WAIT || s->state == SOCK_STATE_LAST_ACK ||
		   s->state == SOCK_STATE_CLOSING;

	return s->recvq > fin ? s->recvq - fin : 0;
}

static void set_bytes(struct facts *f, const char *name, uint32_t n)
{
	facts_set(f, name, n == 1 ? "1 byte" : "%u bytes", n);
}

/* What comes to a caller by it: the first call that failed. */
static void add_failed(struct looking *l)
{
	struct str s = facts_add(&l->x->facts, "Failed");

	for (size_t i = 0; i < l->x->links->effects && !s.len; i++)
		explain_failure(&s, l->x->t, l->x->links->effect[i]);
}

static void add_answered(struct looking *l)
{
	uint32_t row = explaining_cause(l->x, EVENT_PACKET), at;

	l->has_answered = row != ROW_NONE && links_packet(l->x->t, row, &l->answered);
	if (!l->has_answered)
		return;
	at = explaining_cause(l->x, EVENT_WIRE);
	facts_set(&l->x->facts, "answered", "%u", trace_entry(l->x->t, row)->number);
	add_time_since(l, "waited", at != ROW_NONE && at > row ? at : row);
}

/* ---- sent again, and timers ---- */

static uint32_t last_packet_cause(const struct looking *l)
{
	const struct links *links = l->x->links;
	uint32_t found = ROW_NONE;

	for (size_t i = 0; i < links->causes; i++)
		if (trace_entry(l->x->t, links->cause[i])->kind == EVENT_PACKET)
			found = links->cause[i];
	return found;
}

static void add_repeated(struct looking *l)
{
	uint32_t row = last_packet_cause(l), lost = explaining_cause(l->x, EVENT_WIRE);
	const struct event *ev = lost == ROW_NONE ? NULL : trace_event(l->x->t, lost, NULL);

	if (row != ROW_NONE)
		facts_set(&l->x->facts, "original", "%u", trace_entry(l->x->t, row)->number);
	add_time_since(l, "waited", row);
	if (!ev)
		return;
	facts_set(&l->x->facts, "Lost", "The wire had lost packet %llu (%s)",
		  (unsigned long long)ev->wire.packet, explain_by_whom(&ev->wire));
}

/* What a kernel told of, and who speaks about it. */
static const enum explain_kind kinds_of_causes[CAUSE_KINDS] = {
	[CAUSE_TAIL_PROBE] = EXPLAIN_AGAIN_TAIL,
	[CAUSE_SYN_TIMEOUT] = EXPLAIN_AGAIN_SYN,
	[CAUSE_TIMEOUT] = EXPLAIN_AGAIN_TIMEOUT,
	[CAUSE_PATH_MTU] = EXPLAIN_AGAIN_PATH_MTU,
	[CAUSE_FAST] = EXPLAIN_AGAIN_FAST,
	[CAUSE_SLOW_START] = EXPLAIN_AGAIN_SLOW_START,
	[CAUSE_KEEPALIVE] = EXPLAIN_KEEPALIVE,
	[CAUSE_WINDOW_PROBE] = EXPLAIN_WINDOW_PROBE,
	[CAUSE_QUEUE_RESET] = EXPLAIN_RST_QUEUE,
	[CAUSE_UNREAD] = EXPLAIN_RST_UNREAD,
	[CAUSE_GAVE_UP] = EXPLAIN_RST_GAVE_UP,
	[CAUSE_LINGER2] = EXPLAIN_RST_LINGER2,
	[CAUSE_LINGER] = EXPLAIN_RST_ABORT,
	[CAUSE_AFTER_CLOSE] = EXPLAIN_RST_CLOSED,
	[CAUSE_NOBODY] = EXPLAIN_RST_REFUSED,
	[CAUSE_NO_CONNECTION] = EXPLAIN_RST_ANSWER,
	[CAUSE_SYN_COOKIE] = EXPLAIN_SYN_ACK_COOKIE,
	[CAUSE_CHALLENGE] = EXPLAIN_ACK_CHALLENGE,
	[CAUSE_DSACK] = EXPLAIN_ACK_TWICE,
	[CAUSE_ZERO_WINDOW] = EXPLAIN_WINDOW_ZERO,
	[CAUSE_WINDOW_OPENS] = EXPLAIN_WINDOW_UPDATE,
	[CAUSE_DUP_ACK] = EXPLAIN_ACK_DUPLICATE,
	[CAUSE_DELAYED_ACK] = EXPLAIN_ACK_DELAYED,
};

/* The first sentence of these needs to know what they answer, or which call they are part of. */
static bool lacks(const struct looking *l, enum explain_kind kind)
{
	bool call = explaining_cause(l->x, EVENT_CALL) != ROW_NONE;

	switch ((unsigned)kind) {
	case EXPLAIN_RST_UNREAD:
	case EXPLAIN_RST_ABORT:
		return !call;
	case EXPLAIN_RST_CLOSED:
		return !call || !l->has_answered;
	case EXPLAIN_RST_ANSWER:
	case EXPLAIN_ACK_DUPLICATE:
	case EXPLAIN_ACK_DELAYED:
		return !l->has_answered;
	}
	return false;
}

/* EXPLAIN_KINDS: the kernel told of nothing. */
static enum explain_kind by_cause(struct looking *l)
{
	struct facts *f = &l->x->facts;
	enum explain_kind kind;
	struct cause c;
	struct str s;

	if (!cause_of_packet(l->x->t, l->x->row, &c))
		return EXPLAIN_KINDS;
	if (c.arrival != CAUSE_UNKNOWN)
		facts_set(f, "Arrived", "There it met this: %s, %s", cause_table[c.arrival].name,
			  cause_table[c.arrival].text);
	if (c.kind == CAUSE_UNKNOWN || c.kind >= CAUSE_ARRIVALS)
		return EXPLAIN_KINDS;
	kind = kinds_of_causes[c.kind];
	if (c.timer_ns > 0) {
		s = facts_add(f, "timer");
		describe_duration(&s, c.timer_ns);
	}
	facts_set(f, "cause_name", "%s", cause_table[c.kind].name);
	facts_set(f, "cause", "%s", cause_table[c.kind].text);
	return lacks(l, kind) ? EXPLAIN_CAUSED : kind;
}

static enum explain_kind again(struct looking *l)
{
	if (l->e->verdict & VERDICT_SPURIOUS_RETRANSMISSION)
		return EXPLAIN_AGAIN_SPURIOUS;
	if (l->e->verdict & VERDICT_FAST_RETRANSMISSION)
		return EXPLAIN_AGAIN_FAST;
	return l->p.flags & TCP_SYN ? EXPLAIN_AGAIN_SYN : EXPLAIN_AGAIN;
}

/* ---- kinds of segments ---- */

static enum explain_kind reset(struct looking *l)
{
	const struct links *links = l->x->links;
	uint32_t call = explaining_cause(l->x, EVENT_CALL);
	enum event_kind first =
		links->causes ? trace_entry(l->x->t, links->cause[0])->kind : EVENT_NOTE;
	struct sock_sample sock = { 0 };
	uint32_t unread = socket_before(l->x, call, &sock) ? unread_in(&sock) : 0;

	if (unread)
		set_bytes(&l->x->facts, "unread", unread);
	else
		facts_set(&l->x->facts, "unread", "bytes");
	if (first == EVENT_CALL && sock.state == SOCK_STATE_LISTEN)
		return EXPLAIN_RST_QUEUED;
	if (l->told != EXPLAIN_KINDS && l->told != EXPLAIN_CAUSED)
		return l->told;
	if (first == EVENT_CALL)
		return unread ? EXPLAIN_RST_UNREAD : EXPLAIN_RST_ABORT;
	if (first == EVENT_PROGRAM)
		return EXPLAIN_RST_PROGRAM;
	if (l->has_answered && l->answered.flags & TCP_SYN && !(l->answered.flags & TCP_ACK))
		return EXPLAIN_RST_REFUSED;
	if (l->has_answered && call != ROW_NONE)
		return EXPLAIN_RST_CLOSED;
	return l->has_answered && trace_lanes(l->x->t) > 0 ? EXPLAIN_RST_ANSWER : EXPLAIN_RST;
}

static enum explain_kind syn(const struct looking *l)
{
	const struct tcp *tcp = conns_tcp(trace_conns(l->x->t), l->e->conn);

	if (l->p.flags & TCP_ACK)
		return EXPLAIN_SYN_ACK;
	if (l->e->verdict & VERDICT_REUSED_PORTS)
		return EXPLAIN_SYN_REUSED;
	return tcp && l->e->dir ? EXPLAIN_SYN_CROSSING : EXPLAIN_SYN;
}

static enum explain_kind data(struct looking *l)
{
	const struct links *links = l->x->links;

	if (l->p.flags & TCP_URG)
		return EXPLAIN_DATA_URGENT;
	if (l->e->verdict & VERDICT_LOST_SEGMENT)
		return EXPLAIN_DATA_AFTER_GAP;
	if (l->e->verdict & VERDICT_WINDOW_FULL)
		return EXPLAIN_WINDOW_FULL;
	if (l->p.flags & TCP_CWR)
		return EXPLAIN_WINDOW_REDUCED;
	if (links->causes < 2 || trace_entry(l->x->t, links->cause[0])->kind != EVENT_PACKET)
		return EXPLAIN_DATA;
	facts_set(&l->x->facts, "after", "%u", trace_entry(l->x->t, links->cause[0])->number);
	return EXPLAIN_DATA_WAITED;
}

static bool was_delayed(const struct looking *l)
{
	uint32_t row = explaining_cause(l->x, EVENT_PACKET),
		 at = explaining_cause(l->x, EVENT_WIRE);

	if (at == ROW_NONE || at < row)
		at = row;
	return l->p.payload_len == 0 && l->e->ts_ns - trace_entry(l->x->t, at)->ts_ns >= DELAYED_NS;
}

/* Whether its sender has closed its own direction, too. */
static bool has_closed(const struct looking *l)
{
	const uint16_t closed = 1 << SOCK_STATE_TIME_WAIT | 1 << SOCK_STATE_CLOSING |
				1 << SOCK_STATE_LAST_ACK | 1 << SOCK_STATE_CLOSED;

	return closed & 1 << trace_entry_inferred(l->e, l->e->dir).state;
}

static enum explain_kind plain_ack(struct looking *l)
{
	if (l->e->verdict & VERDICT_WINDOW_UPDATE)
		return EXPLAIN_WINDOW_UPDATE;
	if (l->p.flags & TCP_ECE)
		return EXPLAIN_ECN_ECHO;
	if (!l->has_answered || !length_of(&l->answered))
		return EXPLAIN_ACK_PLAIN;
	if (l->answered.flags & TCP_SYN)
		return EXPLAIN_HANDSHAKE_ACK;
	if (l->answered.flags & TCP_FIN)
		return has_closed(l) ? EXPLAIN_ACK_OF_LAST_FIN : EXPLAIN_ACK_OF_FIN;
	/* One host: packets pass lo at once; a capture sees the ACK later than the host sent it. */
	return was_delayed(l) && trace_lanes(l->x->t) > 0 ? EXPLAIN_ACK_DELAYED : EXPLAIN_ACK;
}

/* A SYN ACK of an end that has sent a SYN itself: the analysis takes it for a repetition of that. */
static bool has_crossed(const struct looking *l)
{
	const uint16_t both = TCP_SYN | TCP_ACK;
	uint32_t row = explaining_cause(l->x, EVENT_PACKET);

	return (l->p.flags & both) == both &&
	       l->e->verdict & (VERDICT_RETRANSMISSION | VERDICT_OUT_OF_ORDER) && row != ROW_NONE &&
	       trace_entry(l->x->t, row)->dir != l->e->dir;
}

static enum explain_kind by_verdict(const struct looking *l)
{
	static const struct {
		uint16_t bit;
		enum explain_kind kind;
	} kinds[] = {
		{ VERDICT_OUT_OF_ORDER, EXPLAIN_OUT_OF_ORDER },
		{ VERDICT_ZERO_WINDOW_PROBE, EXPLAIN_WINDOW_PROBE },
		{ VERDICT_ZERO_WINDOW_PROBE_ACK, EXPLAIN_WINDOW_PROBE_ACK },
		{ VERDICT_KEEP_ALIVE, EXPLAIN_KEEPALIVE },
		{ VERDICT_KEEP_ALIVE_ACK, EXPLAIN_KEEPALIVE_ACK },
		{ VERDICT_ZERO_WINDOW, EXPLAIN_WINDOW_ZERO },
		{ VERDICT_DUPLICATE_ACK, EXPLAIN_ACK_DUPLICATE },
		{ VERDICT_ACK_LOST_SEGMENT, EXPLAIN_ACK_UNSEEN },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (l->e->verdict & kinds[i].bit)
			return kinds[i].kind;
	return EXPLAIN_KINDS;
}

static enum explain_kind segment(struct looking *l)
{
	enum explain_kind kind = by_verdict(l);

	if (!l->p.has_segment)
		return EXPLAIN_TCP_CUT;
	add_numbers(l);
	if (explaining_cause(l->x, EVENT_COMMAND) != ROW_NONE)
		return EXPLAIN_INJECTED;
	add_failed(l);
	if (l->p.flags & TCP_RST)
		return reset(l);
	add_repeated(l);
	if (has_crossed(l))
		return EXPLAIN_SYN_ACK_CROSSING;
	if (l->told != EXPLAIN_KINDS)
		return l->told;
	if (l->e->verdict & VERDICT_RETRANSMISSION)
		return again(l);
	if (kind != EXPLAIN_KINDS && (l->p.payload_len <= 1 || kind == EXPLAIN_OUT_OF_ORDER))
		return kind;
	if (l->p.flags & TCP_SYN)
		return syn(l);
	if (l->p.flags & TCP_FIN)
		return EXPLAIN_FIN;
	return l->p.payload_len ? data(l) : plain_ack(l);
}

/* ---- others ---- */

static enum explain_kind of_type(const struct packet *p)
{
	static const struct {
		uint8_t version, type;
		int code; /* -1: any */
		enum explain_kind kind;
	} types[] = {
		{ 4, 0, -1, EXPLAIN_ICMP_REPLY },      { 4, 8, -1, EXPLAIN_ICMP_ECHO },
		{ 4, 3, 3, EXPLAIN_ICMP_PORT },	       { 4, 3, 4, EXPLAIN_ICMP_TOO_BIG },
		{ 4, 3, 9, EXPLAIN_ICMP_PROHIBITED },  { 4, 3, 10, EXPLAIN_ICMP_PROHIBITED },
		{ 4, 3, 13, EXPLAIN_ICMP_PROHIBITED }, { 4, 3, -1, EXPLAIN_ICMP_UNREACHABLE },
		{ 4, 11, -1, EXPLAIN_ICMP_TIME },      { 4, 0, -1, EXPLAIN_ICMP_OTHER },
		{ 6, 1, 4, EXPLAIN_ICMP6_PORT },       { 6, 1, -1, EXPLAIN_ICMP6_UNREACHABLE },
		{ 6, 2, -1, EXPLAIN_ICMP6_TOO_BIG },   { 6, 3, -1, EXPLAIN_ICMP6_TIME },
		{ 6, 128, -1, EXPLAIN_ICMP6_ECHO },    { 6, 129, -1, EXPLAIN_ICMP6_REPLY },
		{ 6, 135, -1, EXPLAIN_ICMP6_WHO_HAS }, { 6, 136, -1, EXPLAIN_ICMP6_IS_AT },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].version == p->ip_version && types[i].type == p->icmp_type &&
		    (types[i].code < 0 || types[i].code == p->icmp_code))
			return types[i].kind;
	return p->ip_version == 6 ? EXPLAIN_ICMP6_OTHER : EXPLAIN_ICMP_OTHER;
}

/* What the ladder writes on it, and the port that an error is about. */
static enum explain_kind icmp(struct looking *l)
{
	const struct event *ev = trace_event(l->x->t, l->x->row, NULL);
	struct facts *f = &l->x->facts;
	struct packet quoted;
	STR_ON_STACK(words, 100);

	if (!ev)
		return EXPLAIN_NO_IP;
	packet_summary(&words, &l->p, NULL, 0, ev->packet.data, ev->packet.caplen);
	facts_set(f, "words", "%s",
		  words.buf + strcspn(words.buf, " ") + (strchr(words.buf, ' ') != NULL));
	if (packet_quoted(&quoted, &l->p, ev->packet.data, ev->packet.caplen) && quoted.has_ports)
		facts_set(f, "port", "%u", quoted.dst_port);
	add_failed(l);
	return of_type(&l->p);
}

static enum explain_kind fragment(struct looking *l)
{
	set_bytes(&l->x->facts, "bytes", l->p.fragment_len);
	facts_set(&l->x->facts, "fragment_at", "%u", l->p.fragment_at);
	return l->p.ip_version == 6 ? EXPLAIN_FRAGMENT6 : EXPLAIN_FRAGMENT;
}

static enum explain_kind arp(const struct packet *p)
{
	return p->arp_op == 1	? EXPLAIN_ARP_REQUEST
	       : p->arp_op == 2 ? EXPLAIN_ARP_REPLY
				: EXPLAIN_ARP_OTHER;
}

enum explain_kind explain_packet(struct explaining *x)
{
	struct looking l = { .x = x, .e = trace_entry(x->t, x->row) };

	facts_set(&x->facts, "n", "%u", l.e->number);
	if (!links_packet(x->t, x->row, &l.p))
		return EXPLAIN_NO_IP;
	add_ends(&l);
	if (l.p.ethertype == 0x0806)
		return arp(&l.p);
	if (!l.p.ip_version)
		return EXPLAIN_NO_IP;
	if (l.p.fragment)
		return fragment(&l);
	set_bytes(&x->facts, "bytes", l.p.payload_len);
	facts_set(&x->facts, "protocol", "%u", l.p.protocol);
	add_answered(&l);
	add_call(&l);
	l.told = by_cause(&l);
	switch (l.p.protocol) {
	case IPPROTO_TCP:
		return segment(&l);
	case IPPROTO_UDP:
		return l.p.has_ports ? EXPLAIN_UDP : EXPLAIN_IP_OTHER;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return icmp(&l);
	}
	return EXPLAIN_IP_OTHER;
}
