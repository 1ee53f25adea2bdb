#include "src/diagram.h"

#include <netinet/in.h>
#include <string.h>

#include "src/ladder.h"

#define BACK_MAX  (1 << 19) /* rows that are gone back for the connection's last packet */
#define CHAIN_MAX 64 /* states of a socket that are gone back for its addresses */

#define S(name) SOCK_STATE_##name
const struct diagram_arc diagram_arcs[] = {
	{ S(CLOSED), S(LISTEN), "passive OPEN", "create TCB", "listen()" },
	{ S(CLOSED), S(SYN_SENT), "active OPEN", "snd SYN", "connect()" },
	{ S(LISTEN), S(CLOSED), "CLOSE", "delete TCB", "close()" },
	{ S(LISTEN), S(SYN_RECEIVED), "rcv SYN", "snd SYN,ACK", NULL },
	{ S(LISTEN), S(SYN_SENT), "SEND", "snd SYN", "connect()" },
	{ S(SYN_SENT), S(CLOSED), "CLOSE", "delete TCB", "close()" },
	{ S(SYN_SENT), S(SYN_RECEIVED), "rcv SYN", "snd SYN,ACK", NULL },
	{ S(SYN_SENT), S(ESTABLISHED), "rcv SYN,ACK", "snd ACK", NULL },
	{ S(SYN_RECEIVED), S(LISTEN), "rcv RST", "", NULL },
	{ S(SYN_RECEIVED), S(ESTABLISHED), "rcv ACK of SYN", "", NULL },
	{ S(SYN_RECEIVED), S(FIN_WAIT_1), "CLOSE", "snd FIN", "close()" },
	{ S(ESTABLISHED), S(FIN_WAIT_1), "CLOSE", "snd FIN", "close()" },
	{ S(ESTABLISHED), S(CLOSE_WAIT), "rcv FIN", "snd ACK", NULL },
	{ S(FIN_WAIT_1), S(FIN_WAIT_2), "rcv ACK of FIN", "", NULL },
	{ S(FIN_WAIT_1), S(CLOSING), "rcv FIN", "snd ACK", NULL },
	{ S(FIN_WAIT_1), S(TIME_WAIT), "rcv FIN,ACK of FIN", "snd ACK", NULL },
	{ S(FIN_WAIT_2), S(TIME_WAIT), "rcv FIN", "snd ACK", NULL },
	{ S(CLOSE_WAIT), S(LAST_ACK), "CLOSE", "snd FIN", "close()" },
	{ S(CLOSING), S(TIME_WAIT), "rcv ACK of FIN", "", NULL },
	{ S(LAST_ACK), S(CLOSED), "rcv ACK of FIN", "", NULL },
	{ S(TIME_WAIT), S(CLOSED), "Timeout=2MSL", "delete TCB", NULL },
};
#undef S
const size_t diagram_arcs_count = sizeof(diagram_arcs) / sizeof(diagram_arcs[0]);

const struct diagram_arc *diagram_arc_of(enum sock_state from, enum sock_state to)
{
	for (size_t i = 0; i < diagram_arcs_count; i++)
		if (diagram_arcs[i].from == from && diagram_arcs[i].to == to)
			return &diagram_arcs[i];
	return NULL;
}

void diagram_arc_text(struct str *out, const struct diagram_arc *arc)
{
	str_add(out, arc->event);
	if (arc->action[0])
		str_addf(out, " / %s", arc->action);
}

/* ---- what the kernels say ---- */

/* The address of IPv4 that an IPv6 socket shows as ::ffff:a.b.c.d is the same. */
static struct addr plain(const struct addr *a)
{
	if (addr_family(a) == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->u.in6.sin6_addr))
		return addr_v4(&a->u.in6.sin6_addr.s6_addr[12], addr_port(a));
	return *a;
}

static bool has_ip(const struct trace_host *h, const struct addr *a)
{
	if (addr_family(a) == AF_INET)
		return h->has_ip4 && memcmp(h->ip4, &a->u.in.sin_addr, sizeof(h->ip4)) == 0;
	return addr_family(a) == AF_INET6 && h->has_ip6 &&
	       memcmp(h->ip6, &a->u.in6.sin6_addr, sizeof(h->ip6)) == 0;
}

/* The row that tells which connection a socket has, from `row` back: a closed one has no peer any more. */
static uint32_t row_with_conn(const struct trace *t, uint32_t row, uint32_t conn)
{
	for (int i = 0; row != ROW_NONE && i < CHAIN_MAX; i++) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->conn == conn)
			return row;
		if (e->conn != CONN_NONE)
			return ROW_NONE;
		row = e->link;
	}
	return ROW_NONE;
}

int diagram_socket_end(const struct event_state *s, const struct addr end[2])
{
	struct addr local = plain(&s->sock.local), remote = plain(&s->sock.remote);

	for (int i = 0; i < 2; i++)
		if (addr_equal(&local, &end[i]) && addr_equal(&remote, &end[!i]))
			return i;
	return -1;
}

static int end_of(struct trace *t, uint32_t row, const struct addr end[2])
{
	const struct event *ev = row == ROW_NONE ? NULL : trace_event(t, row, NULL);

	return ev ? diagram_socket_end(&ev->state, end) : -1;
}

/* Whether the state of that row is that of a listener which an end of the connection came to. */
static bool listens_for(struct trace *t, uint32_t row, const struct addr *end)
{
	const struct trace_entry *e = trace_entry(t, row);
	const struct event *ev = e->state == SOCK_STATE_LISTEN ? trace_event(t, row, NULL) : NULL;
	const struct trace_host *h = e->host < trace_hosts(t) ? trace_host(t, e->host) : NULL;
	struct addr local;

	if (!ev || addr_port(&ev->state.sock.local) != addr_port(end))
		return false;
	local = plain(&ev->state.sock.local);
	if (addr_is_any(&local))
		return !h || !(h->has_ip4 || h->has_ip6) || has_ip(h, end);
	return addr_equal(&local, end);
}

struct found { /* of an end */
	uint32_t own; /* row of its socket's state; ROW_NONE */
	uint32_t listener;
	bool ever; /* it has a socket, if only later */
};

static void look_at_socket(struct trace *t, size_t socket, uint32_t conn, uint32_t now,
			   const struct addr end[2], struct found found[2])
{
	uint32_t row = trace_state_at(t, socket, now);
	uint32_t named = row_with_conn(t, row, conn);
	bool later = named == ROW_NONE;
	int side;

	if (later)
		named = row_with_conn(t, trace_socket(t, socket)->last, conn);
	side = end_of(t, named, end);
	if (side >= 0) {
		found[side].ever = true;
		if (!later && (found[side].own == ROW_NONE || row > found[side].own))
			found[side].own = row;
	}
	for (int i = 0; i < 2 && row != ROW_NONE; i++)
		if (listens_for(t, row, &end[i]))
			found[i].listener = row;
}

static bool is_reset(struct trace *t, uint32_t row)
{
	const struct event *ev = row == ROW_NONE ? NULL : trace_event(t, row, NULL);
	const struct trace_host *h;
	struct packet p;

	if (!ev || ev->kind != EVENT_PACKET)
		return false;
	h = trace_host(t, ev->packet.iface);
	packet_parse(&p, h ? h->link : LINK_ETHERNET, ev->packet.data, ev->packet.caplen,
		     ev->packet.len);
	return p.has_segment && p.flags & TCP_RST;
}

#define RECEIVED_RST "rcv RST"
#define SENT_RST     "ABORT / snd RST"

/*
 * What took an end where no arrow leads; or where one leads, but for another reason: the figure has resets only where
 * they lead back to LISTEN.
 */
static const char *reason_of(struct trace *t, const struct event *ev)
{
	enum sock_state to = ev->state.sock.state;
	uint32_t row;

	if (to != SOCK_STATE_CLOSED)
		return NULL;
	switch (ev->state.by) {
	case BY_TIME:
		return ev->state.old == SOCK_STATE_TIME_WAIT ? NULL : "time-out";
	case BY_CALL:
		return NULL;
	case BY_ARRIVAL:
	case BY_DEPARTURE:
		row = trace_row_of_packet(t, (uint32_t)ev->state.by_number);
		if (is_reset(t, row))
			return ev->state.by == BY_ARRIVAL ? RECEIVED_RST : SENT_RST;
	}
	return NULL;
}

/* A first sample has no state before: the figure does. */
static enum sock_state state_before(const struct event_state *s)
{
	if (s->old != SOCK_STATE_NONE)
		return s->old;
	return s->sock.state == SOCK_STATE_SYN_RECEIVED ? SOCK_STATE_LISTEN : SOCK_STATE_CLOSED;
}

static void place_end(struct diagram_end *out, enum sock_state state)
{
	out->observed = true;
	out->state = (struct inferred){ .set = (uint16_t)(1u << state),
					.state = (uint8_t)state,
					.sure = INFER_CERTAIN };
}

/* Numbers of a socket change more often than its state does: the change may be some rows before the last one. */
static void place_observed(struct trace *t, uint32_t row, uint32_t head, struct diagram_end *out)
{
	const struct event *ev;
	struct ladder_row at;

	place_end(out, (enum sock_state)trace_entry(t, row)->state);
	while (row != ROW_NONE && row >= head && !trace_entry(t, row)->state_change)
		row = trace_entry(t, row)->link;
	if (row == ROW_NONE || row < head || !ladder_at(t, row, &at) || at.head != head)
		return;
	ev = trace_event(t, row, NULL);
	if (!ev)
		return;
	out->from = state_before(&ev->state);
	out->moved = out->from != ev->state.sock.state;
	if (!out->moved)
		return;
	out->reason = reason_of(t, ev);
	if (!out->reason)
		out->arc = diagram_arc_of(out->from, ev->state.sock.state);
}

/* ---- what packets say ---- */

/* The connection's last packet before a row; ROW_NONE: there is none near enough. */
static uint32_t packet_before(const struct trace *t, uint32_t conn, uint32_t row, uint32_t *budget)
{
	const struct conn *c = conns_get(trace_conns(t), conn);

	while (row > 0 && *budget > 0) {
		const struct trace_entry *e = trace_entry(t, --row);

		--*budget;
		if (e->kind == EVENT_PACKET && e->conn == conn)
			return row;
		if (c && e->ts_ns < c->first_ns)
			break;
	}
	return ROW_NONE;
}

static void place_inferred(struct trace *t, const uint32_t packet[2], int end, uint32_t head,
			   struct diagram_end *out)
{
	const struct trace_entry *e = packet[0] == ROW_NONE ? NULL : trace_entry(t, packet[0]);
	struct inferred before = { 0 };

	if (!e)
		return;
	out->state = trace_entry_inferred(e, end);
	if (packet[0] < head || !(e->moved & 1u << end))
		return;
	if (packet[1] != ROW_NONE)
		before = trace_entry_inferred(trace_entry(t, packet[1]), end);
	out->from = (enum sock_state)before.state;
	if (out->from == SOCK_STATE_NONE) /* what a SYN means is known without what was before */
		out->from = out->state.state == SOCK_STATE_SYN_SENT	  ? SOCK_STATE_CLOSED
			    : out->state.state == SOCK_STATE_SYN_RECEIVED ? SOCK_STATE_LISTEN
									  : SOCK_STATE_NONE;
	out->moved = out->from != SOCK_STATE_NONE && out->from != out->state.state;
	if (!out->moved)
		return;
	if (out->state.state == SOCK_STATE_CLOSED && is_reset(t, packet[0]))
		out->reason = e->dir == end ? SENT_RST : RECEIVED_RST;
	else
		out->arc = diagram_arc_of(out->from, (enum sock_state)out->state.state);
}

void diagram_at(struct trace *t, uint32_t conn, uint32_t head, uint32_t now, struct diagram *out)
{
	const struct conn *c = conns_get(trace_conns(t), conn);
	struct found found[2] = { { ROW_NONE, ROW_NONE, false }, { ROW_NONE, ROW_NONE, false } };
	uint32_t packet[2] = { ROW_NONE, ROW_NONE }, budget = BACK_MAX;
	struct addr end[2];

	*out = (struct diagram){ 0 };
	if (!c || now == ROW_NONE || now >= trace_rows(t))
		return;
	end[0] = c->end[0];
	end[1] = c->end[1];
	for (size_t i = 0; i < trace_sockets(t); i++)
		look_at_socket(t, i, conn, now, end, found);
	packet[0] = packet_before(t, conn, now + 1, &budget);
	if (packet[0] != ROW_NONE && packet[0] >= head)
		packet[1] = packet_before(t, conn, packet[0], &budget);
	for (int i = 0; i < 2; i++) {
		uint32_t row = found[i].own != ROW_NONE ? found[i].own : found[i].listener;

		if (row != ROW_NONE)
			place_observed(t, row, head, &out->end[i]);
		else if (found[i].ever)
			place_end(&out->end[i], SOCK_STATE_CLOSED);
		else
			place_inferred(t, packet, i, head, &out->end[i]);
	}
}
