/*
 * One host: what is captured on lo has arrived.  It is recorded, and the sockets at its both ends are looked at.
 *
 * lo gives each packet to a capture twice, when it is sent and when it is received; the ports do not listen to what is
 * sent, so each is seen once, in the order in which the kernel took them.
 *
 * Of packets that were captured together only what they led to can be found.  To say which of them it was, the state
 * that was found is looked up in a table: ESTABLISHED is what a SYN+ACK or an ACK brings, CLOSE-WAIT what a FIN brings.
 */
#include "src/lab/carry_impl.h"

#include <string.h>

#include "capture/packet.h"
#include "src/lab/look.h"

#define ROUNDS 3 /* of reading more packets, for what those that were read do not explain */

/* ---- which packet it was ---- */

struct bringer {
	enum sock_state state;
	enum state_by by;
	uint16_t mask, flags; /* of the packet that brings the socket there: its flags & mask */
	bool after_fin; /* not before the socket's own FIN, if that is among them */
	uint32_t from; /* bits 1 << the state before; 0: any */
};

/* In which the peer has sent its FIN, and ours is to be acknowledged at most. */
#define BEFORE_LAST_ACK                                                                            \
	(1u << SOCK_STATE_CLOSE_WAIT | 1u << SOCK_STATE_LAST_ACK | 1u << SOCK_STATE_CLOSING)

/* RFC 9293 section 3.3.2; of a state's rows the first that a packet fits counts. */
static const struct bringer bringers[] = {
	{ SOCK_STATE_SYN_SENT, BY_DEPARTURE, TCP_SYN | TCP_ACK, TCP_SYN, false, 0 },
	{ SOCK_STATE_SYN_RECEIVED, BY_ARRIVAL, TCP_SYN | TCP_ACK, TCP_SYN, false, 0 },
	{ SOCK_STATE_ESTABLISHED, BY_ARRIVAL, TCP_SYN | TCP_ACK, TCP_SYN | TCP_ACK, false, 0 },
	{ SOCK_STATE_ESTABLISHED, BY_ARRIVAL, TCP_SYN | TCP_ACK, TCP_ACK, false, 0 },
	{ SOCK_STATE_FIN_WAIT_1, BY_DEPARTURE, TCP_FIN, TCP_FIN, false, 0 },
	{ SOCK_STATE_FIN_WAIT_2, BY_ARRIVAL, TCP_FIN | TCP_ACK, TCP_ACK, true, 0 },
	{ SOCK_STATE_CLOSE_WAIT, BY_ARRIVAL, TCP_FIN, TCP_FIN, false, 0 },
	{ SOCK_STATE_CLOSING, BY_ARRIVAL, TCP_FIN, TCP_FIN, false, 0 },
	{ SOCK_STATE_LAST_ACK, BY_DEPARTURE, TCP_FIN, TCP_FIN, false, 0 },
	{ SOCK_STATE_TIME_WAIT, BY_ARRIVAL, TCP_FIN, TCP_FIN, false, 0 },
	{ SOCK_STATE_CLOSED, BY_ARRIVAL, TCP_RST, TCP_RST, false, 0 },
	{ SOCK_STATE_CLOSED, BY_DEPARTURE, TCP_RST, TCP_RST, false, 0 },
	{ SOCK_STATE_CLOSED, BY_ARRIVAL, TCP_SYN | TCP_FIN | TCP_ACK, TCP_ACK, true,
	  BEFORE_LAST_ACK },
};

static bool same_end(const struct addr *a, const struct addr *b)
{
	uint8_t x[16], y[16];

	addr_ip16(x, a);
	addr_ip16(y, b);
	return addr_port(a) == addr_port(b) && memcmp(x, y, sizeof(x)) == 0;
}

/* What a packet is to a connection: BY_DEPARTURE, BY_ARRIVAL; BY_TIME nothing. */
static enum state_by relation(const struct packet *p, const struct sock_sample *sock)
{
	struct addr src, dst;

	if (p->protocol != sock->protocol || !p->has_ports || !packet_endpoints(p, &src, &dst))
		return BY_TIME;
	if (same_end(&src, &sock->local) && same_end(&dst, &sock->remote))
		return BY_DEPARTURE;
	if (same_end(&dst, &sock->local) && same_end(&src, &sock->remote))
		return BY_ARRIVAL;
	return BY_TIME;
}

/* The first packet that fits a row. */
static const struct aside_row *find_bringer(const struct aside *a, const struct bringer *b,
					    const struct sock_sample *sock)
{
	const struct aside_row *found = NULL;

	for (size_t i = 0; i < a->count; i++) {
		const struct packet *p = &a->row[i].packet;
		bool fin = b->after_fin && (p->flags & TCP_FIN);

		if (!found && (p->flags & b->mask) == b->flags && relation(p, sock) == b->by)
			found = &a->row[i];
		else if (fin && relation(p, sock) == BY_DEPARTURE)
			found = NULL;
	}
	return found;
}

bool carry_loopback_attribute(const struct carry *c, struct event *ev)
{
	const struct sock_sample *sock = &ev->state.sock;
	bool known = false;

	if (sock->protocol != IPPROTO_TCP || sock->state == ev->state.old)
		return false;
	for (size_t i = 0; i < sizeof(bringers) / sizeof(bringers[0]); i++) {
		const struct bringer *b = &bringers[i];
		const struct aside_row *row;

		if (b->state != sock->state || (b->from && !(b->from >> ev->state.old & 1)))
			continue;
		known = true;
		row = find_bringer(&c->aside, b, sock);
		if (!row)
			continue;
		ev->state.by = b->by;
		ev->state.by_number = row->seen.number;
		return false;
	}
	return known;
}

static void tell_put_off(struct carry *c)
{
	for (size_t i = 0; i < c->puts; i++) {
		(void)carry_loopback_attribute(c, &c->put_off[i]);
		batch_put(c->told, &c->put_off[i]);
	}
	c->puts = 0;
}

void carry_loopback_tell(struct carry *c, const struct event *ev)
{
	struct event mine = *ev;
	bool unexplained = ev->state.by != BY_TIME && carry_loopback_attribute(c, &mine);

	if (c->puts == CARRY_PUT_OFF)
		tell_put_off(c);
	if (c->puts_off && (unexplained || c->puts))
		c->put_off[c->puts++] = mine;
	else
		batch_put(c->told, &mine);
}

/*
 * A call is told when it has returned, but a program does not wait for that: a close() may have sent a FIN before the
 * sample is taken that was asked for after connect().  So what was found is put down to the call only if no packet
 * that waits now explains it.  The kernel of one host has one set of sockets, whichever side they are of.
 */
void carry_loopback_sample_call(struct carry *c, const struct sock_key *key, uint64_t call_number)
{
	c->puts_off = look_is_exact(&c->look);
	look_after_call(&c->look, 0, key, call_number);
	c->puts_off = false;
	if (!c->puts)
		return;
	carry_read_aside(c, &c->port[0]);
	carry_loopback_take_aside(c);
}

/* ---- taking in ---- */

static void look_at_ends(struct carry *c, const struct packet *p, const struct seen *s,
			 enum state_by by)
{
	look_at(&c->look, 0, p, by, s->number, s->sample);
}

/* Thinned out or not sampled at all. */
void carry_loopback_take(void *context, const struct live_packet *lp)
{
	struct port *port = context;
	struct carry *c = port->carry;
	struct seen s = carry_seen_at(port, lp);
	struct packet p;

	carry_record(c, port, &s);
	c->counts.delivered++;
	if (!c->look.sampler)
		return;
	packet_parse(&p, LINK_ETHERNET, s.data, s.caplen, s.len);
	s.sample = look_is_telling(&c->look, &p);
	look_at_ends(c, &p, &s, BY_ARRIVAL);
	look_at_ends(c, &p, &s, BY_DEPARTURE);
}

/*
 * All are recorded before the first socket is looked at.  Receivers come first: a socket that both got and sent
 * something, data and its acknowledgement, has changed by what it got.
 */
static void take_rows(struct carry *c)
{
	static const enum state_by order[] = { BY_ARRIVAL, BY_DEPARTURE };
	struct aside *a = &c->aside;

	aside_sort(a);
	for (size_t i = 0; i < a->count; i++) {
		struct seen *s = &a->row[i].seen;

		carry_record(c, &c->port[0], s);
		s->sample = true;
		packet_parse(&a->row[i].packet, LINK_ETHERNET, s->data, s->caplen, s->len);
	}
	c->counts.delivered += a->count;
	tell_put_off(c);
	for (size_t way = 0; way < sizeof(order) / sizeof(order[0]); way++)
		for (size_t i = 0; i < a->count; i++)
			if (!aside_has_later(a, i))
				look_at_ends(c, &a->row[i].packet, &a->row[i].seen, order[way]);
	aside_clear(a);
}

/*
 * While the sockets are looked at the kernel goes on.  What it has come to that none of these packets explains is due
 * to one that has been captured meanwhile.
 */
void carry_loopback_take_aside(struct carry *c)
{
	for (int round = 0;; round++) {
		c->puts_off = round < ROUNDS;
		take_rows(c);
		c->puts_off = false;
		if (!c->puts)
			return;
		carry_read_aside(c, &c->port[0]);
	}
}
