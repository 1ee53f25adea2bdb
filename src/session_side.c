/*
 * A connection's way is one bit: which side its lower address (by its bytes) is on.  It is kept in a table in which a
 * connection may take another's place, whose way is then worked out anew.
 *
 * A program reports a call when it has returned, before it makes the next one, but here reports and packets come by
 * different ways.  So when nobody is known to own something, all reports are taken in and the question is asked again:
 * what a socket was made or bound by had returned before it sent anything.
 */
#include "src/session_side.h"

#include <stdlib.h>
#include <string.h>

#include "capture/packet.h"
#include "src/session_impl.h"

#define FLOWS	    4096 /* a power of two */
#define PORTS	    65536
#define CLIENT_SIDE 0
#define SERVER_SIDE 1

struct flow {
	uint8_t ip[2][16]; /* the lower end first; IPv4 as IPv6 has it */
	uint16_t port[2];
	uint8_t protocol; /* 0: free */
	uint8_t side; /* of the lower end */
};

struct sides {
	struct flow flow[FLOWS];
	uint8_t port[2][PORTS]; /* TCP, UDP: 1 + the side that last used a port; 0 nobody yet */
};

struct sides *sides_new(struct err *e)
{
	struct sides *sides = calloc(1, sizeof(*sides));

	if (!sides)
		err_set(e, NULL, "no memory for the sides of a host");
	return sides;
}

void sides_free(struct sides *sides)
{
	free(sides);
}

/* ---- who owns what ---- */

/* Whether packets to and from `end` are those of a socket that is bound to `local`. */
static bool covers(const struct addr *local, const struct addr *end)
{
	uint8_t x[16], y[16];

	if (addr_port(local) != addr_port(end))
		return false;
	addr_ip16(x, local);
	addr_ip16(y, end);
	return addr_is_any(local) || memcmp(x, y, sizeof(x)) == 0;
}

static bool is_owned(const struct owned_socket *o)
{
	return o->actor != SIZE_MAX && o->host < 2;
}

static uint8_t owner_of_port(const struct session *s, uint8_t protocol, const struct addr *end)
{
	for (size_t i = s->sockets; i-- > 0;) {
		const struct owned_socket *o = &s->socket[i];

		if (is_owned(o) && o->sampled && o->last.protocol == protocol &&
		    covers(&o->last.local, end))
			return o->host;
	}
	return HOST_NONE;
}

static bool has_sockets(const struct session *s, uint8_t side)
{
	for (size_t i = 0; i < s->sockets; i++)
		if (is_owned(&s->socket[i]) && s->socket[i].host == side)
			return true;
	return false;
}

static const struct owned_socket *find_socket(const struct session *s, uint64_t cookie)
{
	for (size_t i = s->sockets; i-- > 0;)
		if (s->socket[i].cookie == cookie)
			return &s->socket[i];
	return NULL;
}

/* ---- packets ---- */

struct ends {
	struct addr src, dst;
	uint8_t protocol;
	int64_t ts_ns;
	bool opens; /* a SYN of the one who wants the connection */
	bool answers; /* … and the other's */
};

/* What of a packet's ends is to be looked at; an ICMP error goes the other way than what it is about. */
static bool read_ends(const struct event *ev, struct ends *out)
{
	const struct event_packet *ep = &ev->packet;
	struct packet p, quoted;

	packet_parse(&p, LINK_ETHERNET, ep->data, ep->caplen, ep->len);
	*out = (struct ends){ .protocol = p.protocol, .ts_ns = ev->ts_ns };
	if (p.protocol == IPPROTO_TCP || p.protocol == IPPROTO_UDP) {
		bool syn = p.protocol == IPPROTO_TCP && (p.flags & TCP_SYN);

		out->opens = syn && !(p.flags & TCP_ACK);
		out->answers = syn && (p.flags & TCP_ACK);
		return p.has_ports && packet_endpoints(&p, &out->src, &out->dst);
	}
	if (!packet_quoted(&quoted, &p, ep->data, ep->caplen) || !quoted.has_ports)
		return false;
	out->protocol = quoted.protocol;
	return packet_endpoints(&quoted, &out->dst, &out->src);
}

/* The place of a connection in the table.  *lower: which end is the lower one, 0 the sender. */
static struct flow *flow_of(struct sides *sides, const struct ends *e, struct flow *want,
			    int *lower)
{
	const struct addr *end[2] = { &e->src, &e->dst };
	uint8_t ip[2][16];
	uint32_t hash = e->protocol;
	int order;

	addr_ip16(ip[0], end[0]);
	addr_ip16(ip[1], end[1]);
	order = memcmp(ip[0], ip[1], sizeof(ip[0]));
	if (order == 0)
		order = addr_port(end[0]) - addr_port(end[1]);
	*lower = order > 0;
	memset(want, 0, sizeof(*want));
	want->protocol = e->protocol;
	for (int i = 0; i < 2; i++) {
		memcpy(want->ip[i], ip[i ^ *lower], sizeof(ip[0]));
		want->port[i] = addr_port(end[i ^ *lower]);
		for (int byte = 0; byte < 16; byte++)
			hash = hash * 31 + want->ip[i][byte];
		hash = hash * 31 + want->port[i];
	}
	return &sides->flow[(hash ^ hash >> 12) & (FLOWS - 1)];
}

static bool same_flow(const struct flow *a, const struct flow *b)
{
	return a->protocol == b->protocol && a->port[0] == b->port[0] && a->port[1] == b->port[1] &&
	       memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

static bool is_sent_to(const struct call_request *r, const struct addr *to)
{
	for (size_t i = 0; i < CALL_ARGS; i++)
		if (r->arg[i].kind == VALUE_ADDR && covers(&r->arg[i].addr, to))
			return strcmp(r->call->name, "bind") != 0;
	return false;
}

/* Whose call with that address came last before a packet left for it. */
static uint8_t side_of_caller(struct session *s, const struct ends *e)
{
	for (uint64_t n = s->calls; n > 0 && s->calls - n < CALLS_KEPT; n--) {
		const struct call_record *r = call_record(s, n);

		if (r && r->entered_ns && r->entered_ns <= e->ts_ns &&
		    is_sent_to(&r->request, &e->dst))
			return s->actor[r->actor].host;
	}
	return HOST_NONE;
}

/* By who owns the ports, by who makes a call that is about it, or else by who opens. */
static uint8_t side_of_sender(struct session *s, const struct ends *e)
{
	uint8_t caller;

	uint8_t from = owner_of_port(s, e->protocol, &e->src);
	uint8_t to = owner_of_port(s, e->protocol, &e->dst);

	if (from == HOST_NONE) {
		actors_work(s);
		from = owner_of_port(s, e->protocol, &e->src);
		to = owner_of_port(s, e->protocol, &e->dst);
	}
	if (from != HOST_NONE && from != to)
		return from;
	caller = e->answers ? HOST_NONE : side_of_caller(s, e);
	if (caller != HOST_NONE)
		return caller;
	if (from == HOST_NONE && to != HOST_NONE && has_sockets(s, !to))
		return !to;
	return e->answers ? SERVER_SIDE : CLIENT_SIDE;
}

static void note_port(struct sides *sides, const struct ends *e, const struct addr *end,
		      uint8_t side)
{
	sides->port[e->protocol == IPPROTO_UDP][addr_port(end)] = (uint8_t)(1 + side);
}

static uint8_t side_of_packet(struct session *s, const struct event *ev)
{
	struct ends e;
	struct flow want, *flow;
	uint8_t side;
	int lower;

	if (!read_ends(ev, &e) || (e.protocol != IPPROTO_TCP && e.protocol != IPPROTO_UDP))
		return HOST_NONE;
	flow = flow_of(s->sides, &e, &want, &lower);
	if (same_flow(flow, &want) && !e.opens)
		return flow->side ^ (uint8_t)lower;
	side = side_of_sender(s, &e);
	*flow = want;
	flow->side = side ^ (uint8_t)lower;
	note_port(s->sides, &e, &e.src, side);
	note_port(s->sides, &e, &e.dst, !side);
	return side;
}

/* ---- sockets ---- */

static uint8_t side_of_listener(const struct session *s, const struct sock_sample *sock)
{
	for (size_t i = 0; i < s->sockets; i++) {
		const struct owned_socket *o = &s->socket[i];

		if (is_owned(o) && o->last.state == SOCK_STATE_LISTEN &&
		    covers(&o->last.local, &sock->local))
			return o->host;
	}
	return HOST_NONE;
}

/* The side that a packet of its port was placed on. */
static uint8_t side_of_port(const struct sides *sides, const struct sock_sample *sock)
{
	uint8_t side = sides->port[sock->protocol == IPPROTO_UDP][addr_port(&sock->local)];

	return side ? (uint8_t)(side - 1) : HOST_NONE;
}

static uint8_t side_of_socket(struct session *s, const struct sock_sample *sock)
{
	const struct owned_socket *o = find_socket(s, sock->cookie);
	uint8_t side = HOST_NONE;

	if (!o) {
		actors_work(s);
		o = find_socket(s, sock->cookie);
	}
	if (o)
		return o->host;
	if (addr_port(&sock->remote))
		side = side_of_listener(s, sock);
	return side != HOST_NONE ? side : side_of_port(s->sides, sock);
}

void sides_place(struct session *s, struct event *ev)
{
	if (ev->kind == EVENT_PACKET)
		ev->host = side_of_packet(s, ev);
	else if (ev->kind == EVENT_STATE)
		ev->host = side_of_socket(s, &ev->state.sock);
}
