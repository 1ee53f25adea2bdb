/*
 * Everything is found in the trace, from the place of the last match on; only "sleeps now" and "came back with"
 * are asked of the session, because they are not, or not wholly, events.
 */
#include "src/condition.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "capture/conn.h"
#include "capture/packet.h"
#include "capture/trace.h"
#include "src/core/names.h"
#include "src/describe.h"
#include "src/session_names.h"

#define ARRAY_COUNT(a)	(sizeof(a) / sizeof((a)[0]))

struct bound {			/* a variable, and the socket that it means */
	char name[SCOPE_NAME];
	size_t program;
	int fd;
	int socket;		/* -1: not in the trace yet */
	bool stale;		/* its descriptor went to another variable before it was ever sampled */
	uint64_t matched;	/* id of the STATE that was matched last; 0 none */
};

struct returned {
	size_t program;
	uint32_t thread;
	uint64_t call;		/* number of the last call whose return was matched */
};

#define BOUND_MAX	SCOPE_VARIABLES

struct places {
	uint64_t packet;	/* number of the last packet that was matched */
	const struct condition *looking;	/* the condition that no packet up to `looked` met */
	uint64_t looked;
	uint64_t lost;		/* id of the last WIRE event that was matched */
	uint64_t host_state[HOSTS_MAX];	/* id of the last STATE that was matched at any socket of a host */
	uint64_t exit[SESSION_PROGRAMS];	/* id of the last exit of a program that was matched */
	struct bound bound[BOUND_MAX];
	size_t bounds;
	struct returned returned[SCOPE_ACTORS];
	size_t returneds;
};

struct places *places_new(struct err *e)
{
	struct places *p = calloc(1, sizeof(*p));

	if (!p)
		err_set(e, NULL, "no memory for a script");
	return p;
}

void places_free(struct places *p)
{
	free(p);
}

/* ---- variables ---- */

static struct bound *bound_find(struct places *p, size_t program, const char *name)
{
	for (size_t i = 0; i < p->bounds; i++)
		if (p->bound[i].program == program && !strcmp(p->bound[i].name, name))
			return &p->bound[i];
	return NULL;
}

/* The record of a variable that has a value; made or renewed where the value is another one. */
static struct bound *bound_of(struct places *p, const struct session *s, size_t program, const char *name)
{
	bool known, pending;
	int64_t fd = session_variable(s, program, name, strlen(name), &known, &pending);
	struct bound *b = bound_find(p, program, name);

	if (!known || pending || fd < 0)
		return NULL;
	if (b && b->fd == fd)
		return b;
	if (!b && p->bounds == BOUND_MAX)
		return NULL;
	b = b ? b : &p->bound[p->bounds++];
	*b = (struct bound){ .program = program, .fd = (int)fd, .socket = -1 };
	str_copy(b->name, sizeof(b->name), name);
	return b;
}

void places_note_variables(struct places *p, struct session *s)
{
	for (size_t program = 0; program < session_programs(s); program++)
		for (size_t v = 0; v < session_variables(s, program); v++) {
			struct bound *b = bound_of(p, s, program, session_variable_name(s, program, v));

			if (b && b->socket < 0 && !b->stale)
				b->socket = session_socket_of(s, program, b->fd);
		}
}

void places_note_assigned(struct places *p, struct session *s, size_t program, const char *name)
{
	struct bound *b = bound_find(p, program, name);

	if (b)
		b->fd = -1;
	b = bound_of(p, s, program, name);
	for (size_t i = 0; b && i < p->bounds; i++) {
		struct bound *other = &p->bound[i];

		if (other != b && other->program == program && other->fd == b->fd && other->socket < 0)
			other->stale = true;
	}
}

/* ---- packets ---- */

struct seen_packet {
	const struct event *ev;
	struct packet packet;
	const struct conn *conn;
	int dir;
};

static bool read_packet(struct trace *t, uint32_t row, struct seen_packet *out)
{
	const struct trace_entry *entry = trace_entry(t, row);
	const struct trace_host *h;

	out->dir = entry->flags & 1;
	out->conn = entry->conn == CONN_NONE ? NULL : conns_get(trace_conns(t), entry->conn);
	out->ev = trace_event(t, row, NULL);
	if (!out->ev)
		return false;
	h = trace_host(t, out->ev->packet.iface);
	packet_parse(&out->packet, h ? h->link : LINK_ETHERNET, out->ev->packet.data, out->ev->packet.caplen,
		     out->ev->packet.len);
	return true;
}

static int64_t field_len(const struct seen_packet *s)
{
	return s->packet.payload_len;
}

static int64_t field_seq(const struct seen_packet *s)
{
	return s->conn ? conn_seq(s->conn, s->dir, s->packet.seq) : s->packet.seq;
}

static int64_t field_ack(const struct seen_packet *s)
{
	return s->conn ? conn_seq(s->conn, !s->dir, s->packet.ack) : s->packet.ack;
}

static int64_t field_win(const struct seen_packet *s)
{
	return s->packet.window;
}

static int64_t field_mss(const struct seen_packet *s)
{
	return s->packet.mss;
}

static int64_t field_sack(const struct seen_packet *s)
{
	return s->packet.sack_blocks;
}

static int64_t field_ttl(const struct seen_packet *s)
{
	return s->packet.ttl;
}

static int64_t field_sport(const struct seen_packet *s)
{
	return s->packet.src_port;
}

static int64_t field_dport(const struct seen_packet *s)
{
	return s->packet.dst_port;
}

static int64_t field_type(const struct seen_packet *s)
{
	return s->packet.icmp_type;
}

static int64_t field_code(const struct seen_packet *s)
{
	return s->packet.icmp_code;
}

static int64_t field_size(const struct seen_packet *s)
{
	return s->ev->packet.len;
}

const struct condition_field packet_fields[] = {
	{ "len", "bytes of data" },
	{ "seq", "sequence number, from 0 at the SYN" },
	{ "ack", "acknowledgement number" },
	{ "win", "the window field" },
	{ "mss", "the maximum segment size option" },
	{ "sack", "number of SACK blocks" },
	{ "ttl", "time to live" },
	{ "sport", "source port" },
	{ "dport", "destination port" },
	{ "type", "ICMP type" },
	{ "code", "ICMP code" },
	{ "size", "bytes on the wire" },
};
static int64_t (*const packet_getters[])(const struct seen_packet *s) = {
	field_len, field_seq, field_ack, field_win, field_mss, field_sack,
	field_ttl, field_sport, field_dport, field_type, field_code, field_size,
};
const size_t packet_fields_count = ARRAY_COUNT(packet_fields);
_Static_assert(ARRAY_COUNT(packet_fields) == ARRAY_COUNT(packet_getters), "a getter for each field");

static bool protocol_fits(enum pattern_protocol want, const struct packet *p)
{
	switch (want) {
	case PATTERN_ANY:
		return true;
	case PATTERN_TCP:
		return p->protocol == IPPROTO_TCP;
	case PATTERN_UDP:
		return p->protocol == IPPROTO_UDP;
	case PATTERN_ICMP:
		return p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6;
	case PATTERN_ARP:
		return p->ethertype == 0x0806;
	}
	return false;
}

static bool pattern_fits(const struct packet_pattern *want, struct trace *t, uint32_t row)
{
	size_t host = trace_entry(t, row)->host;
	const struct trace_host *h = host < trace_hosts(t) ? trace_host(t, host) : NULL;
	struct seen_packet s;

	if (want->host[0] && (!h || strcmp(h->name, want->host) != 0))
		return false;
	if (!read_packet(t, row, &s) || !protocol_fits(want->protocol, &s.packet))
		return false;
	if (want->has_flags && (s.packet.protocol != IPPROTO_TCP || s.packet.flags != want->flags))
		return false;
	for (size_t i = 0; i < want->tests; i++)
		if (!number_test_holds(&want->test[i].test, packet_getters[want->test[i].field](&s)))
			return false;
	return true;
}

static void add_event(struct str *out, struct trace *t, uint32_t row)
{
	const struct event *ev = trace_event(t, row, NULL);
	size_t host = trace_entry(t, row)->host;

	if (host < trace_hosts(t))
		str_addf(out, "%s ", trace_host(t, host)->name);
	if (ev)
		describe_event(out, t, ev);
}

#define SEEN_MOST	6	/* packets that a failure lists */

/* What came since the last match, in short. */
static void say_packets(struct str *seen, struct trace *t, enum event_kind kind, uint64_t after)
{
	unsigned n = 0;

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);
		bool listed = kind == EVENT_PACKET ? e->kind == EVENT_PACKET && e->number > after
						   : e->kind == EVENT_WIRE && e->fate == WIRE_DROPPED && e->offset > after;

		if (!listed)
			continue;
		if (n++ < SEEN_MOST) {
			str_add(seen, n == 1 ? "since then came: " : " · ");
			add_event(seen, t, row);
		}
	}
	if (n > SEEN_MOST)
		str_addf(seen, " and %u more", n - SEEN_MOST);
	else if (!n)
		str_add(seen, kind == EVENT_PACKET ? "no packet came since then" : "no packet was lost since then");
}

static enum condition_answer answer_no(struct trace *t, uint32_t row, struct str *seen)
{
	if (row == ROW_NONE)
		return CONDITION_MET;
	str_add(seen, "there is one: ");
	add_event(seen, t, row);
	return CONDITION_NEVER;
}

static enum condition_answer check_packet(const struct condition *c, struct places *p, struct session *s,
					  struct str *seen)
{
	struct trace *t = session_trace(s);
	uint64_t after = p->looking == c ? p->looked : p->packet;
	uint32_t row, rows = trace_rows(t);

	p->looking = c;
	p->looked = after;
	for (row = 0; row < rows; row++) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->kind != EVENT_PACKET || e->number <= after)
			continue;
		if (pattern_fits(&c->packet, t, row))
			break;
		p->looked = e->number > p->looked ? e->number : p->looked;
	}
	if (row == rows)
		row = ROW_NONE;
	if (c->none)
		return answer_no(t, row, seen);
	if (row == ROW_NONE) {
		say_packets(seen, t, EVENT_PACKET, p->packet);
		return CONDITION_NOT_YET;
	}
	p->packet = trace_entry(t, row)->number;
	p->looking = NULL;
	return CONDITION_MET;
}

static enum condition_answer check_lost(const struct condition *c, struct places *p, struct session *s,
					struct str *seen)
{
	struct trace *t = session_trace(s);
	uint32_t row, rows = trace_rows(t);

	for (row = 0; row < rows; row++) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->kind == EVENT_WIRE && e->offset > p->lost && e->link != ROW_NONE) {
			const struct event *ev = trace_event(t, row, NULL);

			if (ev && ev->wire.fate == WIRE_DROPPED && pattern_fits(&c->packet, t, e->link))
				break;
		}
	}
	if (row == rows)
		row = ROW_NONE;
	if (c->none)
		return answer_no(t, row, seen);
	if (row == ROW_NONE) {
		say_packets(seen, t, EVENT_WIRE, p->lost);
		return CONDITION_NOT_YET;
	}
	p->lost = trace_entry(t, row)->offset;
	return CONDITION_MET;
}

static enum condition_answer check_held(const struct condition *c, struct session *s, struct str *seen)
{
	struct trace *t = session_trace(s);
	int64_t held = 0;

	for (uint32_t row = 0; row < trace_rows(t); row++)
		held += trace_entry(t, row)->kind == EVENT_PACKET && trace_entry(t, row)->fate == WIRE_HELD;
	if (c->has_number ? number_test_holds(&c->number, held) : held > 0)
		return CONDITION_MET;
	str_addf(seen, held == 1 ? "%" PRId64 " packet is held" : "%" PRId64 " packets are held", held);
	return CONDITION_NOT_YET;
}

/* ---- sockets ---- */

/*
 * The oldest STATE of a socket in a state, from the one of id `from` on (which counts itself); ROW_NONE.
 * path receives the states in between.
 */
static uint32_t find_state(const struct trace *t, int socket, uint64_t from, enum sock_state state)
{
	uint32_t row = trace_socket(t, (size_t)socket)->last, found = ROW_NONE;

	while (row != ROW_NONE) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->state == state)
			found = row;
		if (e->offset == from)
			break;
		row = e->link;
	}
	return found;
}

/* The program of a condition; -1 and a word about it. */
static int program_of(const struct condition *c, const struct session *s, uint32_t *thread, struct str *seen)
{
	int program = session_program_find(s, c->actor, strlen(c->actor), thread);

	if (program < 0)
		str_addf(seen, "there is no program %s", c->actor);
	return program;
}

/* The socket that a condition's variable means; NULL, with a word about it, while there is none. */
static struct bound *socket_of(const struct condition *c, struct places *p, struct session *s, struct str *seen)
{
	uint32_t thread;
	int program = program_of(c, s, &thread, seen);
	struct bound *b;

	if (program < 0)
		return NULL;
	places_note_variables(p, s);
	b = bound_of(p, s, (size_t)program, c->variable);
	if (b && b->socket >= 0)
		return b;
	str_addf(seen, b ? "the kernel has not shown the socket %s yet" : "%s has no value yet", c->variable);
	return NULL;
}

static void say_newest(struct str *seen, struct trace *t, int socket)
{
	const struct event *ev = trace_event(t, trace_socket(t, (size_t)socket)->last, NULL);

	str_add(seen, "it is now: ");
	if (ev)
		describe_state(seen, ev, trace_names(t));
}

static enum condition_answer check_host_state(const struct condition *c, struct places *p, struct session *s,
					      struct str *seen)
{
	struct trace *t = session_trace(s);
	uint8_t host = 0;
	uint32_t row;

	while (host < trace_hosts(t) && strcmp(trace_host(t, host)->name, c->actor) != 0)
		host++;
	for (row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->kind == EVENT_STATE && e->host == host && e->state == c->state && e->state_change &&
		    e->offset > p->host_state[host % HOSTS_MAX]) {
			p->host_state[host % HOSTS_MAX] = e->offset;
			return CONDITION_MET;
		}
	}
	str_addf(seen, "no socket of %s came into that state since then", c->actor);
	return CONDITION_NOT_YET;
}

static enum condition_answer check_state(const struct condition *c, struct places *p, struct session *s,
					 struct str *seen)
{
	struct bound *b;
	uint32_t row;

	if (!c->variable[0])
		return check_host_state(c, p, s, seen);
	b = socket_of(c, p, s, seen);
	if (!b)
		return CONDITION_NOT_YET;
	row = find_state(session_trace(s), b->socket, b->matched, c->state);
	if (row == ROW_NONE) {
		say_newest(seen, session_trace(s), b->socket);
		return CONDITION_NOT_YET;
	}
	b->matched = trace_entry(session_trace(s), row)->offset;
	return CONDITION_MET;
}

const struct condition_field sample_fields[] = {
	{ "recv-q", "bytes to be read; of a listener, connections to be accepted" },
	{ "send-q", "bytes not acknowledged yet; of a listener, its backlog" },
	{ "retransmits", "repetitions of what is at the head of the queue" },
	{ "total-retrans", "segments that were repeated in all" },
	{ "cwnd", "congestion window in segments" },
	{ "ssthresh", "slow-start threshold in segments" },
	{ "mss", "bytes of a full segment" },
	{ "unacked", "segments on their way" },
	{ "sacked", "segments that arrived behind a gap" },
	{ "lost", "segments taken for lost" },
	{ "snd-wnd", "bytes that the peer allows" },
	{ "pmtu", "path MTU in bytes" },
	{ "drops", "datagrams lost to a full receive buffer" },
};
static const size_t sample_offsets[] = {
	offsetof(struct sock_sample, recvq),	      offsetof(struct sock_sample, sendq),
	offsetof(struct sock_sample, retransmits),    offsetof(struct sock_sample, total_retrans),
	offsetof(struct sock_sample, cwnd),	      offsetof(struct sock_sample, ssthresh),
	offsetof(struct sock_sample, mss),	      offsetof(struct sock_sample, unacked),
	offsetof(struct sock_sample, sacked),	      offsetof(struct sock_sample, lost),
	offsetof(struct sock_sample, snd_wnd),	      offsetof(struct sock_sample, pmtu),
	offsetof(struct sock_sample, drops),
};
const size_t sample_fields_count = ARRAY_COUNT(sample_fields);
_Static_assert(ARRAY_COUNT(sample_fields) == ARRAY_COUNT(sample_offsets), "a member for each field");

static enum condition_answer check_sample(const struct condition *c, struct places *p, struct session *s,
					  struct str *seen)
{
	struct trace *t = session_trace(s);
	struct bound *b = socket_of(c, p, s, seen);
	const struct event *ev = b ? trace_event(t, trace_socket(t, (size_t)b->socket)->last, NULL) : NULL;
	uint32_t have;

	if (!ev)
		return CONDITION_NOT_YET;
	memcpy(&have, (const char *)&ev->state.sock + sample_offsets[c->field], sizeof(have));
	if (number_test_holds(&c->number, have))
		return CONDITION_MET;
	str_addf(seen, "%s is %u", sample_fields[c->field].name, have);
	return CONDITION_NOT_YET;
}

/* ---- programs ---- */

/* The lane of a thread in the trace; LANE_NONE before its first call. */
static size_t lane_of(const struct session *s, const struct trace *t, size_t program, uint32_t thread)
{
	const char *name = session_program_name(s, program);

	for (size_t i = 0; i < trace_lanes(t); i++)
		if (trace_lane(t, i)->thread == thread && !strcmp(trace_lane(t, i)->program, name))
			return i;
	return LANE_NONE;
}

static enum condition_answer check_blocked(const struct condition *c, struct session *s, struct str *seen)
{
	struct trace *t = session_trace(s);
	uint32_t thread, row = ROW_NONE;
	int program = program_of(c, s, &thread, seen);
	const struct event *ev;
	size_t lane;

	if (program < 0)
		return CONDITION_NEVER;
	lane = lane_of(s, t, (size_t)program, thread);
	if (lane != LANE_NONE && trace_rows(t))
		row = trace_blocked_at(t, lane, trace_rows(t) - 1);
	ev = row == ROW_NONE ? NULL : trace_event(t, row, NULL);
	if (!ev) {
		str_addf(seen, "%s is in no call", c->actor);
		return CONDITION_NOT_YET;
	}
	if ((!c->call || !strcmp(ev->call.name, c->call->name)) &&
	    session_call_progress(s, ev->call.number) == CALL_ASLEEP)
		return CONDITION_MET;
	str_addf(seen, "%s is in ", c->actor);
	describe_call(seen, ev);
	return CONDITION_NOT_YET;
}

static struct returned *returned_of(struct places *p, size_t program, uint32_t thread)
{
	struct returned *r;

	for (size_t i = 0; i < p->returneds; i++)
		if (p->returned[i].program == program && p->returned[i].thread == thread)
			return &p->returned[i];
	if (p->returneds == ARRAY_COUNT(p->returned))
		return &p->returned[0];
	r = &p->returned[p->returneds++];
	*r = (struct returned){ .program = program, .thread = thread };
	return r;
}

void places_note_return(struct places *p, size_t program, uint32_t thread, uint64_t call)
{
	struct returned *r = returned_of(p, program, thread);

	if (call > r->call)
		r->call = call;
}

/* The first RETURN of a lane behind a call number, of one call if it is given; ROW_NONE. */
static uint32_t find_return(struct trace *t, size_t lane, uint64_t after, const struct call *call)
{
	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);
		const struct event *ev;

		if (e->kind != EVENT_RETURN || e->lane != lane || e->number <= after)
			continue;
		ev = trace_event(t, row, NULL);
		if (ev && (!call || !strcmp(ev->ret.name, call->name)))
			return row;
	}
	return ROW_NONE;
}

static enum condition_answer check_return(const struct condition *c, const struct result *want, struct places *p,
					  struct session *s, struct str *seen)
{
	struct trace *t = session_trace(s);
	uint32_t thread, row;
	int program = program_of(c, s, &thread, seen);
	const struct call_outcome *o;
	const struct event *ev;
	struct returned *r;

	if (program < 0)
		return CONDITION_NEVER;
	r = returned_of(p, (size_t)program, thread);
	row = find_return(t, lane_of(s, t, (size_t)program, thread), r->call, c->call);
	ev = row == ROW_NONE ? NULL : trace_event(t, row, NULL);
	if (!ev) {
		str_addf(seen, "no such call of %s came back", c->actor);
		return CONDITION_NOT_YET;
	}
	o = session_call_outcome(s, ev->ret.number);
	if (!want->stated || (o && result_holds(want, o))) {
		r->call = ev->ret.number;
		return CONDITION_MET;
	}
	str_addf(seen, "%s ", ev->ret.name);
	describe_return(seen, ev);
	return CONDITION_NEVER;
}

static bool exit_fits(const struct condition *c, const struct event_program *ev)
{
	if (c->signal)
		return ev->change == PROGRAM_KILLED && ev->status == c->signal;
	return !c->has_number || (ev->change == PROGRAM_EXITED && number_test_holds(&c->number, ev->status));
}

static enum condition_answer check_exit(const struct condition *c, struct places *p, struct session *s,
					struct str *seen)
{
	struct trace *t = session_trace(s);
	uint32_t thread;
	int program = program_of(c, s, &thread, seen);

	if (program < 0)
		return CONDITION_NEVER;
	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);
		const struct event *ev;

		if (e->kind != EVENT_PROGRAM || e->offset <= p->exit[program] || !(ev = trace_event(t, row, NULL)) ||
		    ev->prog.change == PROGRAM_STARTED || strcmp(ev->program, session_program_name(s, (size_t)program)))
			continue;
		if (!exit_fits(c, &ev->prog)) {
			describe_event(seen, t, ev);
			return CONDITION_NEVER;
		}
		p->exit[program] = e->offset;
		return CONDITION_MET;
	}
	str_addf(seen, "%s is running", c->actor);
	return CONDITION_NOT_YET;
}

/* ---- all ---- */

enum condition_answer condition_check(const struct condition *c, const struct result *want, struct places *p,
				      struct session *s, struct str *seen)
{
	switch (c->kind) {
	case CONDITION_PACKET:
		return check_packet(c, p, s, seen);
	case CONDITION_LOST:
		return check_lost(c, p, s, seen);
	case CONDITION_HELD:
		return check_held(c, s, seen);
	case CONDITION_STATE:
		return check_state(c, p, s, seen);
	case CONDITION_SOCKET:
		return check_sample(c, p, s, seen);
	case CONDITION_BLOCKED:
		return check_blocked(c, s, seen);
	case CONDITION_RETURN:
		return check_return(c, want, p, s, seen);
	case CONDITION_EXIT:
		return check_exit(c, p, s, seen);
	}
	return CONDITION_NEVER;
}

bool condition_needs_polling(const struct condition *c)
{
	return c->kind == CONDITION_BLOCKED;
}
