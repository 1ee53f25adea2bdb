/*
 * How it works: conn_table.c keeps the connections and finds the latest one of a pair.  Here it is decided
 * when a packet begins another one, and what each packet adds: TCP segments go through the analysis
 * (analysis.c) and the inference of states (infer.c).
 *
 * A fragmented datagram is put together (datagram.c); the fragment that completes it stands for the whole.
 * Fragments behind the first have no ports: a small table remembers to which connection the first one went;
 * where that is not known, they count for the addresses alone.
 *
 * A packet that an ICMP error quotes is one of its connection too, as Wireshark counts them: it can open
 * the connection, but is not analysed.
 */
#include "capture/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "capture/analysis_short.h"
#include "capture/conn_table.h"
#include "capture/datagram.h"
#include "capture/infer_impl.h"
#include "capture/infer_memo.h"

enum {
	VIEWS = 64,
	CONN_FACTS = offsetof(struct conn, echo_id), /* behind the addresses */
	FRAGMENTS = 64,
};

struct fragment {
	struct flow_key key; /* with ports 0 */
	uint32_t id;
	uint32_t number; /* of the first fragment's connection; CONN_NONE: empty */
};

struct conns {
	struct conn_table *table;
	struct unacked *unacked;
	struct datagrams *datagrams; /* NULL until there is a fragment */
	const struct tcp_rules *rules;
	enum infer_vantage vantage;
	uint32_t frames; /* of conns_packet() */
	uint32_t udp_streams;
	struct infer_memo memo;
	struct fragment fragment[FRAGMENTS];
	struct conn *view; /* what conns_get() handed out: a ring of VIEWS */
	size_t *next_view; /* on the heap with the views: conns_get() does not change the
			      connections */
};

/* A packet on its way through the rules, and the connection that it was found to be of. */
struct tracked {
	struct conns *c;
	const struct packet *p;
	uint32_t frame;
	int64_t ts_ns;
	bool quoted;
	struct flow_key key;
	uint32_t hash;
	uint32_t number; /* CONN_NONE: none yet, or no memory */
	int dir;
	struct flow *flow;
	struct tcp *tcp; /* NULL: it is none, or has no segment yet */
};

/* Its messages have no ports; an echo's identifier stands in their place (packet.h). */
static bool is_icmp(uint8_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

static bool key_of(struct conns *c, const struct packet *p, struct flow_key *key)
{
	return conn_table_key(c->table, key, p->ip_version, p->protocol, p->src, p->src_port,
			      p->dst, p->dst_port, true);
}

/* Of a packet that conns_look() has seen. */
static struct flow_key packet_key(const struct packet *p)
{
	return (struct flow_key){ .address = { p->address[0], p->address[1] },
				  .port = { p->src_port, p->dst_port },
				  .protocol = p->protocol,
				  .ip_version = p->ip_version };
}

SHORT_INLINE struct tcp *tcp_of(const struct conns *c, const struct flow *f)
{
	if (f->key.protocol != IPPROTO_TCP || f->stream == FLOW_NONE)
		return NULL;
	return conn_table_tcp(c->table, f->stream);
}

SHORT_INLINE bool flow_take(struct tracked *t, uint32_t number)
{
	t->number = number;
	t->tcp = NULL;
	if (number == CONN_NONE)
		return false;
	t->flow = conn_table_flow(t->c->table, number);
	t->tcp = tcp_of(t->c, t->flow);
	return true;
}

/* Finds the latest connection of the packet's ends, if there is one.  False: no memory. */
static bool tracked_start(struct tracked *t)
{
	if (!key_of(t->c, t->p, &t->key))
		return false;
	t->hash = conn_table_hash(t->c->table, &t->key);
	flow_take(t, conn_table_find(t->c->table, &t->key, t->hash, &t->dir));
	return true;
}

static bool flow_new(struct tracked *t)
{
	t->dir = 0;
	if (!flow_take(t, conn_table_add(t->c->table, &t->key, t->hash)))
		return false;
	t->flow->first_ns = t->flow->last_ns = t->ts_ns;
	return true;
}

/* The connection of the packet's ends, which may be new.  False: no memory. */
static bool flow_find(struct tracked *t)
{
	return t->number != CONN_NONE || flow_new(t);
}

/* ---- TCP ---- */

/* The connection of a segment, which it may open.  False: no memory. */
static bool tcp_place(struct tracked *t, struct tcp_segment *s, enum tcp_opening *opening)
{
	*opening = TCP_CONTINUES;
	if (!flow_find(t))
		return false;
	s->dir = t->dir;
	if (t->tcp && (s->p->flags & TCP_SYN))
		*opening = tcp_opens(t->tcp, t->c->rules, s);
	if (*opening == TCP_OPENS) {
		tcp_retire(t->tcp, t->c->unacked);
		if (!flow_new(t))
			return false;
		s->dir = t->dir;
	}
	if (t->tcp)
		return true;
	if (!conn_table_add_tcp(t->c->table, t->flow) || !flow_take(t, t->number))
		return false;
	s->first = *opening != TCP_OPENS;
	if (!s->first)
		tcp_reopen(t->tcp, s->p);
	return true;
}

static void retransmissions_count(struct flow *f, int dir, uint16_t verdict)
{
	if ((verdict & VERDICT_RETRANSMISSION) && f->retransmissions[dir] < UINT16_MAX)
		f->retransmissions[dir]++;
}

/* The least time from a segment of the other side to its ACK: all that is kept of these times. */
static void ack_rtt_note(struct tcp *tcp, int dir, int64_t ns)
{
	uint32_t *least = &tcp->ack_rtt[!dir];
	int64_t rtt = ns / TCP_RTT_NS + 1;

	if (!*least || rtt < *least)
		*least = rtt < UINT32_MAX ? (uint32_t)rtt : UINT32_MAX;
}

/* dir is a constant here, as in short_track_from(). */
SHORT_INLINE bool analyse_short_from(struct tracked *t, int dir, struct verdict *out)
{
	const struct tcp_segment s = {
		.p = t->p, .dir = dir, .frame = t->frame, .ts_ns = t->ts_ns
	};

	return tcp_analyse_short(t->tcp, t->c->unacked, t->c->rules, &s, out);
}

static bool analyse_short(struct tracked *t, int dir, struct verdict *out)
{
	return dir ? analyse_short_from(t, 1, out) : analyse_short_from(t, 0, out);
}

static void tcp_track(struct tracked *t, struct conn_note *out)
{
	struct verdict *verdict = &out->verdict;
	const struct packet *p = t->p;
	struct tcp_segment s = {
		.p = p, .frame = t->frame, .ts_ns = t->ts_ns, .quoted = t->quoted
	};
	enum tcp_opening opening;

	if (!tcp_place(t, &s, &opening))
		return;
	out->completeness = t->tcp->completeness;
	verdict->item = opening == TCP_REPEATS_SYN && !p->cut;
	tcp_bases(t->tcp, t->c->unacked, t->c->rules, &s, opening);
	if (p->payload_known && !t->quoted) {
		if (opening >= TCP_RENUMBERS || !p->hash || !analyse_short(t, s.dir, verdict))
			tcp_analyse(t->tcp, t->c->unacked, t->c->rules, &s,
				    opening >= TCP_RENUMBERS, verdict);
		out->moved = infer_segment(t->tcp->end, t->c->unacked, p->hash ? &t->c->memo : NULL,
					   s.dir, p, t->c->vantage);
		retransmissions_count(t->flow, s.dir, verdict->bits);
	} else if (opening >= TCP_RENUMBERS && !p->cut) {
		verdict->bits = VERDICT_REUSED_PORTS;
	}
	tcp_header(t->tcp, &s, verdict);
}

/* ---- fragments that stand for nothing whole ---- */

static struct fragment *fragment_of(struct conns *c, struct flow_key *key, uint32_t id)
{
	key->port[0] = key->port[1] = 0;
	return &c->fragment[(conn_table_hash(c->table, key) + id) % FRAGMENTS];
}

static bool fragment_is(const struct fragment *f, const struct flow_key *key, uint32_t id)
{
	return f->number != CONN_NONE && f->id == id && f->key.protocol == key->protocol &&
	       f->key.ip_version == key->ip_version && f->key.address[0] == key->address[0] &&
	       f->key.address[1] == key->address[1];
}

/* The connection of the first fragment of the datagram. */
static void fragment_track(struct tracked *t)
{
	struct flow_key key = t->key;
	struct fragment *f = fragment_of(t->c, &key, t->p->fragment_id);

	if (t->p->fragment_at && fragment_is(f, &key, t->p->fragment_id)) {
		if (flow_take(t, f->number))
			t->dir = t->flow->key.address[0] != key.address[0];
		return;
	}
	if (flow_find(t) && !t->p->fragment_at)
		*f = (struct fragment){ key, t->p->fragment_id, t->number };
}

/* ---- packets ---- */

static bool is_udp(const struct packet *p)
{
	return (p->protocol == IPPROTO_UDP || p->protocol == IPPROTO_UDPLITE) && p->has_transport;
}

/* A whole packet, or one that an error quotes; and under which number Wireshark counts it. */
static void whole_track(struct tracked *t, struct conn_note *out)
{
	bool tcp = t->p->protocol == IPPROTO_TCP && t->p->has_segment;

	if (tcp)
		tcp_track(t, out);
	else
		flow_find(t);
	if (t->number == CONN_NONE)
		return;
	if (is_udp(t->p) && t->flow->stream == FLOW_NONE)
		t->flow->stream = t->c->udp_streams++;
	if (t->flow->stream == FLOW_NONE)
		return;
	out->stream = t->flow->stream;
	out->stream_protocol = t->flow->key.protocol == IPPROTO_TCP ? IPPROTO_TCP : IPPROTO_UDP;
}

static void quote_track(const struct tracked *error, const void *bytes, size_t caplen,
			struct conn_note *out)
{
	struct packet quoted;
	struct tracked t = { .c = error->c,
			     .p = &quoted,
			     .frame = error->frame,
			     .ts_ns = error->ts_ns,
			     .quoted = true };

	if (!packet_quoted(&quoted, error->p, bytes, caplen))
		return;
	if (quoted.protocol == IPPROTO_TCP ? !quoted.has_segment : !is_udp(&quoted))
		return;
	if (tracked_start(&t))
		whole_track(&t, out);
}

/* Whether the fragment completes its datagram, which then is in *d, read into *whole. */
static bool part_completes(struct tracked *t, const void *bytes, size_t caplen,
			   struct packet *whole, struct datagram *d)
{
	struct conns *c = t->c;

	if (!c->datagrams)
		c->datagrams = datagrams_new(NULL, NULL);
	return c->datagrams && datagrams_packet(c->datagrams, whole, bytes, caplen, t->ts_ns, d);
}

/* A fragment: if it completes a datagram, it stands for that. */
static void part_track(struct tracked *t, const void *bytes, size_t caplen, struct conn_note *out)
{
	const struct packet *p = t->p;
	bool cut = bytes && (size_t)p->fragment_start + p->fragment_len > caplen;
	struct packet whole = *p;
	struct datagram d;

	if (bytes && part_completes(t, bytes, caplen, &whole, &d)) {
		t->p = &whole;
		if (!tracked_start(t))
			return;
		whole_track(t, out);
		quote_track(t, d.bytes, d.len, out);
		t->p = p;
		return;
	}
	fragment_track(t);
	/* Not captured in full: read as far as it goes.  Wireshark does so with IPv4 only. */
	if (cut && p->has_ports && !p->fragment_at && p->ip_version == 4)
		whole_track(t, out);
}

/* What each packet adds to its connection, and the note to what was seen; in: sent by end[dir]. */
SHORT_INLINE void count_packet(const struct packet *p, struct flow *flow, struct tcp *tcp, int dir,
			       int64_t ts_ns, struct conn_note *out)
{
	out->dir = (uint8_t)dir;
	flow->packets[dir]++;
	flow->bytes[dir] += p->payload_len;
	flow->last_ns = ts_ns;
	if (!tcp)
		return;
	if (out->verdict.ack_rtt_ns > 0)
		ack_rtt_note(tcp, dir, out->verdict.ack_rtt_ns);
	out->state[0] = infer_state(&tcp->end[0]);
	out->state[1] = infer_state(&tcp->end[1]);
}

/*
 * A segment that does nothing but continue its connection.  False: the long way has to be gone; nothing is changed.
 * dir is a constant wherever this is called, so that all of the connection lies at fixed places.
 */
SHORT_INLINE bool short_track_from(struct conns *c, const struct packet *p, struct flow *flow,
				   struct tcp *tcp, int dir, uint32_t frame, int64_t ts_ns,
				   struct conn_note *out)
{
	const struct tcp_segment s = { .p = p, .dir = dir, .frame = frame, .ts_ns = ts_ns };

	out->completeness = tcp->completeness;
	if (!tcp_short(tcp, c->unacked, c->rules, &s, &out->verdict))
		return false;
	if (infer_is_ordinary(&tcp->end[dir], &tcp->end[!dir], p))
		infer_ordinary(&tcp->end[dir], &tcp->end[!dir], p);
	else
		out->moved = infer_segment(tcp->end, c->unacked, &c->memo, dir, p, c->vantage);
	out->stream = flow->stream;
	out->stream_protocol = IPPROTO_TCP;
	count_packet(p, flow, tcp, dir, ts_ns, out);
	return true;
}

/* number, dir: of the latest connection of its ends. */
SHORT_INLINE bool short_track(struct conns *c, const struct packet *p, uint32_t number, int dir,
			      uint32_t frame, int64_t ts_ns, struct conn_note *out)
{
	struct flow *flow = conn_table_flow(c->table, number);
	struct tcp *tcp = tcp_of(c, flow);

	out->conn = number;
	if (!tcp || p->fragment)
		return false;
	return dir ? short_track_from(c, p, flow, tcp, 1, frame, ts_ns, out)
		   : short_track_from(c, p, flow, tcp, 0, frame, ts_ns, out);
}

static __attribute__((noinline)) void long_track(struct tracked *t, const void *bytes,
						 size_t caplen, struct conn_note *out)
{
	const struct packet *p = t->p;

	if (p->hash)
		flow_take(t, t->number);
	else if (!tracked_start(t))
		return;
	if (p->fragment)
		part_track(t, bytes, caplen, out);
	else
		whole_track(t, out);
	if (bytes && !p->fragment && is_icmp(p->protocol))
		quote_track(t, bytes, caplen, out);
	out->conn = t->number;
	if (t->number != CONN_NONE)
		count_packet(p, t->flow, t->tcp, t->dir, t->ts_ns, out);
}

void conns_track(struct conns *c, const struct packet *p, const void *bytes, size_t caplen,
		 uint32_t frame, int64_t ts_ns, struct conn_note *out)
{
	const struct flow_key key = packet_key(p);
	uint32_t number = CONN_NONE;
	int dir = 0;

	*out = (struct conn_note){ .conn = CONN_NONE, .stream = CONN_NONE };
	if (!p->ip_version)
		return;
	if (p->hash)
		number = conn_table_find(c->table, &key, p->hash, &dir);
	if (number != CONN_NONE && short_track(c, p, number, dir, frame, ts_ns, out))
		return;
	long_track(&(struct tracked){ .c = c,
				      .p = p,
				      .frame = frame,
				      .ts_ns = ts_ns,
				      .key = key,
				      .hash = p->hash,
				      .number = number,
				      .dir = dir },
		   bytes, caplen, out);
}

uint32_t conns_packet(struct conns *c, const struct packet *p, int64_t ts_ns, int *dir)
{
	struct conn_note note;

	conns_track(c, p, NULL, 0, ++c->frames, ts_ns, &note);
	*dir = note.dir;
	return note.conn;
}

void conns_look(struct conns *c, struct packet *p)
{
	struct flow_key key;

	if (!p->ip_version || !key_of(c, p, &key))
		return;
	p->hash = conn_table_hash(c->table, &key);
	p->address[0] = key.address[0];
	p->address[1] = key.address[1];
	conn_table_prefetch_slot(c->table, p->hash);
}

void conns_near(struct conns *c, const struct packet *p)
{
	conn_table_prefetch_flow(c->table, p->hash);
}

void conns_nearer(struct conns *c, const struct packet *p)
{
	conn_table_prefetch_tcp(c->table, p->hash);
}

/* ---- looking at them ---- */

static const uint8_t *ip_of(const struct addr *a)
{
	return addr_family(a) == AF_INET ? (const uint8_t *)&a->u.in.sin_addr
					 : (const uint8_t *)&a->u.in6.sin6_addr;
}

uint32_t conns_find(const struct conns *c, uint8_t protocol, const struct addr *a,
		    const struct addr *b)
{
	uint16_t port[2] = { addr_port(a), addr_port(b) };
	int family = addr_family(a), dir;
	struct flow_key key;

	if (family != addr_family(b) || (family != AF_INET && family != AF_INET6))
		return CONN_NONE;
	/* An identifier stands at either end, or at both. */
	if (is_icmp(protocol))
		port[0] = port[1] = port[0] ? port[0] : port[1];
	if (!conn_table_key(c->table, &key, family == AF_INET6 ? 6 : 4, protocol, ip_of(a), port[0],
			    ip_of(b), port[1], false))
		return CONN_NONE;
	return conn_table_find(c->table, &key, conn_table_hash(c->table, &key), &dir);
}

size_t conns_count(const struct conns *c)
{
	return conn_table_count(c->table);
}

size_t conns_bytes(const struct conns *c)
{
	return sizeof(*c) + conn_table_bytes(c->table) + unacked_bytes(c->unacked) +
	       VIEWS * sizeof(*c->view);
}

const struct tcp *conns_tcp(const struct conns *c, uint32_t number)
{
	if (number >= conns_count(c))
		return NULL;
	return tcp_of(c, conn_table_flow(c->table, number));
}

static void view_tcp(struct conn *view, const struct tcp *t)
{
	for (int i = 0; i < 2; i++) {
		view->base_known[i] = t->side[i].bits & TCP_SIDE_BASE;
		view->base[i] = t->base[i];
		view->fin[i] = t->closed & TCP_CLOSED_FIN << i;
		view->rst[i] = t->closed & TCP_CLOSED_RST << i;
		view->state[i] = infer_state(&t->end[i]);
		if (t->ack_rtt[i])
			view->ack_rtt_ns[i] = ((int64_t)t->ack_rtt[i] - 1) * TCP_RTT_NS;
	}
	view->seen = t->seen;
	view->completeness = t->completeness;
	view->initial_rtt_ns = tcp_initial_rtt(t);
	if (view->fin[0] || view->fin[1])
		view->first_fin = t->closed & TCP_CLOSED_BY_FIN_OF_1 ? 1 : 0;
}

const struct conn *conns_facts(const struct conns *c, uint32_t number, struct conn *view)
{
	const struct flow *f;
	const struct tcp *tcp;

	if (number >= conns_count(c))
		return NULL;
	f = conn_table_flow(c->table, number);
	memset((uint8_t *)view + CONN_FACTS, 0, sizeof(*view) - CONN_FACTS);
	view->end[0].len = view->end[1].len = 0;
	view->protocol = f->key.protocol;
	view->first_ns = f->first_ns;
	view->last_ns = f->last_ns;
	view->stream = f->stream;
	view->first_fin = -1;
	view->ack_rtt_ns[0] = view->ack_rtt_ns[1] = -1;
	if (is_icmp(f->key.protocol))
		view->echo_id = f->key.port[0];
	for (int i = 0; i < 2; i++) {
		view->packets[i] = f->packets[i];
		view->bytes[i] = f->bytes[i];
		view->retransmissions[i] = f->retransmissions[i];
	}
	tcp = tcp_of(c, f);
	if (tcp)
		view_tcp(view, tcp);
	return view;
}

const struct conn *conns_get(const struct conns *c, uint32_t number)
{
	struct conn *view = &c->view[*c->next_view];
	const struct flow *f;

	if (!conns_facts(c, number, view))
		return NULL;
	*c->next_view = (*c->next_view + 1) % VIEWS;
	f = conn_table_flow(c->table, number);
	for (int i = 0; i < 2; i++) {
		const uint8_t *ip = conn_table_address(c->table, f, i);
		uint16_t port = is_icmp(f->key.protocol) ? 0 : f->key.port[i];

		view->end[i] = f->key.ip_version == 6 ? addr_v6(ip, port) : addr_v4(ip, port);
	}
	return view;
}

uint32_t conn_seq(const struct conn *c, int dir, uint32_t seq)
{
	return c->base_known[dir] ? seq - c->base[dir] : seq;
}

uint32_t conn_packet_seq(const struct conn *c, int dir, const struct packet *p)
{
	if ((p->flags & TCP_RST) && p->seq == 0)
		return 0;
	return c ? conn_seq(c, dir, p->seq) : p->seq;
}

/* ---- beginning and end ---- */

void conns_set_rules(struct conns *c, const struct tcp_rules *rules)
{
	c->rules = rules;
}

const struct tcp_rules *conns_rules(const struct conns *c)
{
	return c->rules;
}

void conns_set_complete(struct conns *c, bool complete)
{
	c->vantage = complete ? INFER_COMPLETE : INFER_TAP;
}

struct conns *conns_new(struct err *e)
{
	struct conns *c = calloc(1, sizeof(*c));

	if (!c)
		goto out;
	c->rules = tcp_rules_newest;
	c->table = conn_table_new();
	c->unacked = unacked_new();
	c->view = calloc(VIEWS, sizeof(*c->view));
	c->next_view = calloc(1, sizeof(*c->next_view));
	for (size_t i = 0; i < FRAGMENTS; i++)
		c->fragment[i].number = CONN_NONE;
	if (c->table && c->unacked && c->view && c->next_view)
		return c;
out:
	err_errno(e, errno, NULL, "cannot start to track connections");
	conns_free(c);
	return NULL;
}

void conns_free(struct conns *c)
{
	if (!c)
		return;
	conn_table_free(c->table);
	unacked_free(c->unacked);
	datagrams_free(c->datagrams);
	free(c->view);
	free(c->next_view);
	free(c);
}
