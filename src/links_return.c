/*
 * Causes of returns.  What a call gave lay in a queue of its socket: samples of the socket tell what filled that
 * queue, and how much of it was left behind.  An error came with a packet, or by an order.
 */
#include "src/links_impl.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "src/ladder.h"

#define READY_MAX 4 /* descriptors of poll() that are looked at */

struct back { /* a return, and what its event says: that may be gone while others are read */
	uint32_t row, call;
	uint8_t host;
	enum call_role role;
	struct event_return ret;
	char program[EVENT_NAME];
	char ready[256];
	bool blocked;
};

/* ---- sockets ---- */

static bool closes(const struct event *ev, const char *program, int32_t fd)
{
	return ev->call.fd == fd && !strcmp(ev->program, program) && ev->call.name &&
	       !strcmp(ev->call.name, "close");
}

/* Behind a close() the number is that of another socket. */
uint32_t links_socket(struct trace *t, uint8_t host, const char *program, int32_t fd, uint32_t row)
{
	int left = 2 * LINKS_READ;

	for (uint32_t i = row + 1; fd >= 0 && i > 0 && row - i + 1 < LINKS_FAR && left > 0;) {
		const struct trace_entry *e = trace_entry(t, --i);
		const struct event *ev;

		if ((e->kind != EVENT_STATE && e->kind != EVENT_CALL) || e->host != host)
			continue;
		left--;
		ev = trace_event(t, i, NULL);
		if (!ev)
			continue;
		if (e->kind == EVENT_CALL && closes(ev, program, fd))
			return ROW_NONE;
		if (e->kind == EVENT_STATE && ev->state.fd == fd && !strcmp(ev->program, program))
			return i;
	}
	return ROW_NONE;
}

struct sample {
	uint32_t row, recvq;
	enum sock_state state;
};

static bool sample_at(struct trace *t, uint32_t row, struct sample *out)
{
	const struct event *ev = row == ROW_NONE ? NULL : trace_event(t, row, NULL);

	if (!ev || ev->kind != EVENT_STATE)
		return false;
	*out = (struct sample){ row, ev->state.sock.recvq, ev->state.sock.state };
	return true;
}

/* Whether something other than this call brought the socket from one sample to the next. */
static bool is_brought(const struct trace *t, const struct back *b, const struct sample *s)
{
	const struct trace_entry *e = trace_entry(t, s->row);

	return e->by == BY_ARRIVAL || (e->by == BY_CALL && e->number != (uint32_t)b->ret.number);
}

/* What the packets (or, of local sockets, calls) at the head of a queue are, newest first. */
static void add_bringers(struct trace *t, const struct back *b, uint32_t socket, struct links *out)
{
	struct sample s, before, after = { 0 };
	uint32_t left = 0, taken = UINT32_MAX;
	int steps = 64;

	if (socket == ROW_NONE)
		return;
	/* The sample behind the call says what it left in the queue. */
	if (sample_at(t, socket, &after) && !is_brought(t, b, &after)) {
		left = after.recvq;
		socket = trace_entry(t, socket)->link;
	}
	if (!sample_at(t, socket, &s))
		return;
	if (after.row && s.recvq > left)
		taken = s.recvq - left;
	for (; steps > 0 && out->causes < LINKS_CAUSES && taken > 0; steps--, s = before) {
		uint32_t link = trace_entry(t, s.row)->link, grown;

		if (!sample_at(t, link, &before))
			before = (struct sample){ .row = ROW_NONE };
		grown = s.recvq > before.recvq ? s.recvq - before.recvq : 0;
		if (grown > left && is_brought(t, b, &s)) {
			links_add(t, out, ladder_state_cause(t, s.row));
			taken -= grown - left < taken ? grown - left : taken;
		}
		left -= grown < left ? grown : left;
		if (before.row == ROW_NONE || (before.recvq == 0 && taken != UINT32_MAX) ||
		    (taken == UINT32_MAX && out->causes))
			return;
	}
}

/* The sample that a return brought of the socket with that descriptor; ROW_NONE. */
static uint32_t sample_of_call(struct trace *t, const struct back *b, int32_t fd)
{
	uint32_t last = trace_rows(t) - 1, to = last - b->row > 24 ? b->row + 24 : last;

	for (uint32_t i = b->row + 1; i <= to; i++) {
		const struct trace_entry *e = trace_entry(t, i);
		const struct event *ev;

		if (e->kind != EVENT_STATE || e->host != b->host || e->by != BY_CALL ||
		    e->number != (uint32_t)b->ret.number)
			continue;
		ev = trace_event(t, i, NULL);
		if (ev && ev->state.fd == fd && !strcmp(ev->program, b->program))
			return i;
	}
	return ROW_NONE;
}

/* The newest sample of a call's socket: that one, or the last before. */
static uint32_t socket_behind(struct trace *t, const struct back *b, int32_t fd)
{
	uint32_t row = sample_of_call(t, b, fd);

	return row != ROW_NONE ? row : links_socket(t, b->host, b->program, fd, b->row);
}

static uint32_t conn_of(const struct trace *t, uint32_t socket)
{
	for (int i = 0; socket != ROW_NONE && i < LINKS_NEAR; i++) {
		const struct trace_entry *e = trace_entry(t, socket);

		if (e->conn != CONN_NONE)
			return e->conn;
		socket = e->link;
	}
	return CONN_NONE;
}

/* The end (0, 1) of a connection that is at a host, by its newest packet; -1. */
static int end_at(const struct trace *t, uint32_t row, uint32_t conn, uint8_t host)
{
	for (uint32_t i = row; i > 0 && row - i < LINKS_FAR;) {
		const struct trace_entry *e = trace_entry(t, --i);

		if (e->kind == EVENT_PACKET && e->conn == conn)
			return e->host == host ? (int)e->dir : !e->dir;
	}
	return -1;
}

static uint32_t last_to(struct trace *t, const struct back *b, uint32_t socket,
			links_wanted_fn *wanted)
{
	uint32_t conn = conn_of(t, socket);
	int end = conn == CONN_NONE ? -1 : end_at(t, b->row, conn, b->host);

	return end < 0 ? ROW_NONE : links_last_arrived(t, b->row, conn, end, wanted, NULL);
}

/* ---- what a call waits for ---- */

static bool carries(const struct trace_entry *e, const struct packet *p, const void *arg)
{
	(void)e;
	(void)arg;
	return p->payload_len > 0 || (p->has_segment && p->flags & TCP_FIN);
}

static bool is_fin(const struct trace_entry *e, const struct packet *p, const void *arg)
{
	(void)e;
	(void)arg;
	return p->has_segment && p->flags & TCP_FIN;
}

static bool is_syn_ack(const struct trace_entry *e, const struct packet *p, const void *arg)
{
	(void)e;
	(void)arg;
	return p->has_segment && p->flags & TCP_SYN && p->flags & TCP_ACK;
}

static bool is_acknowledging(const struct trace_entry *e, const struct packet *p, const void *arg)
{
	(void)e;
	(void)arg;
	return p->has_segment && p->flags & TCP_ACK;
}

static bool is_reset(const struct trace_entry *e, const struct packet *p, const void *arg)
{
	(void)e;
	(void)arg;
	return p->has_segment && p->flags & TCP_RST;
}

static void of_receive(struct trace *t, const struct back *b, struct links *out)
{
	uint32_t socket = socket_behind(t, b, b->ret.fd);

	if (b->ret.result == 0) {
		links_add(t, out, last_to(t, b, socket, is_fin));
		if (out->causes)
			return;
	}
	add_bringers(t, b, socket, out);
	if (!out->causes)
		links_add(t, out, last_to(t, b, socket, carries));
}

/* Of a socket: the packet by which it became ESTABLISHED, and that state. */
static void add_opening(struct trace *t, uint32_t socket, struct links *out)
{
	for (int i = 0; socket != ROW_NONE && i < LINKS_NEAR; i++) {
		const struct trace_entry *e = trace_entry(t, socket);

		if (e->state == SOCK_STATE_ESTABLISHED && e->by == BY_ARRIVAL &&
		    ladder_shows_state(t, socket)) {
			links_add(t, out, trace_row_of_packet(t, e->number));
			links_add(t, out, socket);
			return;
		}
		socket = e->link;
	}
}

static void of_accept(struct trace *t, const struct back *b, struct links *out)
{
	add_opening(t, sample_of_call(t, b, (int32_t)b->ret.result), out);
	if (!out->causes)
		add_bringers(t, b, socket_behind(t, b, b->ret.fd), out);
}

static void of_open(struct trace *t, const struct back *b, struct links *out)
{
	uint32_t socket = socket_behind(t, b, b->ret.fd);

	links_add(t, out, last_to(t, b, socket, is_syn_ack));
	if (out->causes)
		add_opening(t, socket, out);
}

/* The next number of "4 POLLIN, 7 POLLIN"; -1. */
static int32_t next_fd(const char **at)
{
	char before = ' ';

	for (; **at; before = *(*at)++)
		if (isdigit((unsigned char)**at) && strchr("{, ", before)) {
			char *end;
			long n = strtol(*at, &end, 10);

			*at = end;
			return n < 1 << 20 ? (int32_t)n : -1;
		}
	return -1;
}

/* What came last to each descriptor that is ready. */
static void of_wait(struct trace *t, const struct back *b, struct links *out)
{
	const char *at = b->ready;
	int32_t fd;

	for (int i = 0; i < READY_MAX && (fd = next_fd(&at)) >= 0; i++) {
		uint32_t socket = links_socket(t, b->host, b->program, fd, b->row);

		for (int n = 0; socket != ROW_NONE && n < LINKS_NEAR; n++) {
			const struct trace_entry *e = trace_entry(t, socket);

			if (e->by == BY_ARRIVAL ||
			    (e->by == BY_CALL && b->blocked && socket > b->call)) {
				links_add(t, out, ladder_state_cause(t, socket));
				break;
			}
			socket = e->link;
		}
	}
}

/* ---- errors ---- */

/* The ICMP error that came for the socket: the last one that its host was sent, about its port. */
static uint32_t icmp_to(struct trace *t, const struct back *b, uint32_t socket)
{
	const struct event *sample = socket == ROW_NONE ? NULL : trace_event(t, socket, NULL);
	uint16_t port = sample ? addr_port(&sample->state.sock.local) : 0;
	int left = LINKS_READ;

	for (uint32_t i = b->row; i > 0 && b->row - i < LINKS_FAR && left > 0;) {
		const struct trace_entry *e = trace_entry(t, --i);
		const struct event *ev;
		struct packet p, quoted;

		if (e->kind != EVENT_PACKET || e->host == b->host)
			continue;
		left--;
		if (!links_packet(t, i, &p) ||
		    (p.protocol != IPPROTO_ICMP && p.protocol != IPPROTO_ICMPV6))
			continue;
		ev = trace_event(t, i, NULL);
		if (ev && packet_quoted(&quoted, &p, ev->packet.data, ev->packet.caplen) &&
		    quoted.src_port == port)
			return i;
	}
	return ROW_NONE;
}

/* The last segment that was sent in vain. */
static uint32_t last_tried(const struct trace *t, const struct back *b, uint32_t conn)
{
	for (uint32_t i = b->row; conn != CONN_NONE && i > 0 && b->row - i < LINKS_FAR;) {
		const struct trace_entry *e = trace_entry(t, --i);

		if (e->kind == EVENT_PACKET && e->conn == conn && e->host == b->host)
			return i;
	}
	return ROW_NONE;
}

/* A call of the same program that ended its own direction: EPIPE without any packet. */
static uint32_t own_shutdown(struct trace *t, const struct back *b)
{
	int left = LINKS_READ;

	for (uint32_t i = b->call; i != ROW_NONE && i > 0 && b->row - i < LINKS_FAR && left > 0;) {
		const struct event *ev;

		if (trace_entry(t, --i)->kind != EVENT_CALL)
			continue;
		left--;
		ev = trace_event(t, i, NULL);
		if (ev && ev->host == b->host && ev->call.fd == b->ret.fd &&
		    !strcmp(ev->program, b->program) && !strcmp(ev->call.name, "shutdown"))
			return i;
	}
	return ROW_NONE;
}

/* The peer of a local socket is gone: the call that closed it changed this one, too. */
static uint32_t local_end(struct trace *t, uint32_t socket)
{
	for (int i = 0; socket != ROW_NONE && i < 8; i++) {
		const struct trace_entry *e = trace_entry(t, socket);
		uint32_t cause = e->by == BY_CALL ? ladder_state_cause(t, socket) : ROW_NONE;
		const struct event *ev = cause == ROW_NONE ? NULL : trace_event(t, cause, NULL);

		if (ev && ev->kind == EVENT_RETURN && call_role(ev->ret.name) == ROLE_CLOSE)
			return cause;
		socket = e->link;
	}
	return ROW_NONE;
}

static void of_error(struct trace *t, const struct back *b, struct links *out)
{
	uint32_t socket = links_socket(t, b->host, b->program, b->ret.fd, b->row);

	switch (b->ret.error) {
	case EINTR:
		links_add(t, out,
			  links_command(t, b->row, LINKS_NEAR,
					(const char *const[]){ "interrupt", NULL }));
		return;
	case ETIMEDOUT:
		links_add(t, out, last_tried(t, b, conn_of(t, socket)));
		return;
	case EPIPE:
		links_add(t, out, own_shutdown(t, b));
		if (out->causes)
			return;
		/* fall through */
	case ECONNREFUSED:
	case ECONNRESET:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EACCES:
	case EMSGSIZE:
	case ENOPROTOOPT:
	case EPROTO:
		links_add(t, out, last_to(t, b, socket, is_reset));
		if (!out->causes)
			links_add(t, out, local_end(t, socket));
		if (!out->causes && socket != ROW_NONE)
			links_add(t, out, icmp_to(t, b, socket));
		return;
	}
}

/* ---- all of it ---- */

static bool look_at(struct trace *t, uint32_t row, struct back *b)
{
	const struct trace_entry *e = trace_entry(t, row);
	const struct event *ev = trace_event(t, row, NULL);

	*b = (struct back){
		.row = row, .call = e->link, .host = (uint8_t)e->host, .blocked = e->blocked
	};
	if (!ev || ev->kind != EVENT_RETURN)
		return false;
	b->ret = ev->ret;
	b->role = call_role(ev->ret.name);
	(void)str_copy(b->program, sizeof(b->program), ev->program);
	for (uint32_t i = 0; i < ev->ret.outs && i < EVENT_ARGS; i++)
		if (ev->ret.out[i].name && ev->ret.out[i].text &&
		    !strcmp(ev->ret.out[i].name, "ready"))
			(void)str_copy(b->ready, sizeof(b->ready), ev->ret.out[i].text);
	ev = b->call == ROW_NONE ? NULL : trace_event(t, b->call, NULL);
	if (ev && ev->kind == EVENT_CALL)
		b->ret.fd = ev->call.fd;
	return true;
}

void links_of_return(struct trace *t, uint32_t row, struct links *out)
{
	struct back b;

	if (!look_at(t, row, &b))
		return;
	if (b.ret.error) {
		of_error(t, &b, out);
		return;
	}
	switch (b.role) {
	case ROLE_OPEN:
		of_open(t, &b, out);
		return;
	case ROLE_ACCEPT:
		of_accept(t, &b, out);
		return;
	case ROLE_RECEIVE:
		of_receive(t, &b, out);
		return;
	case ROLE_WAIT:
		of_wait(t, &b, out);
		return;
	case ROLE_SEND:
		/* It slept while its buffer was full: an ACK made room. */
		if (b.blocked)
			links_add(t, out,
				  last_to(t, &b, links_socket(t, b.host, b.program, b.ret.fd, row),
					  is_acknowledging));
		return;
	case ROLE_CLOSE:
	case ROLE_OTHER:
		return;
	}
}
