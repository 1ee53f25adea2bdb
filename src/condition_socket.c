#include "src/condition_impl.h"

#include <string.h>

#include "capture/trace.h"
#include "src/describe.h"

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

/* The socket that a condition's variable means; NULL, with a word about it, while there is none. */
static struct bound *socket_of(const struct condition *c, struct places *p, struct session *s,
			       struct str *seen)
{
	uint32_t thread;
	int program = condition_program(c, s, &thread, seen);
	struct bound *b;

	if (program < 0)
		return NULL;
	places_note_variables(p, s);
	b = places_variable(p, s, (size_t)program, c->variable);
	if (b && b->socket >= 0)
		return b;
	str_addf(seen, b ? "the kernel has not shown the socket %s yet" : "%s has no value yet",
		 c->variable);
	return NULL;
}

static void say_newest(struct str *seen, struct trace *t, int socket)
{
	const struct event *ev = trace_event(t, trace_socket(t, (size_t)socket)->last, NULL);

	str_add(seen, "it is now: ");
	if (ev)
		describe_state(seen, ev, trace_names(t));
}

static enum condition_answer check_host_state(const struct condition *c, struct places *p,
					      struct session *s, struct str *seen)
{
	struct trace *t = session_trace(s);
	uint8_t host = 0;
	uint32_t row;

	while (host < trace_hosts(t) && strcmp(trace_host(t, host)->name, c->actor) != 0)
		host++;
	for (row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->kind == EVENT_STATE && e->host == host && e->state == c->state &&
		    e->state_change && e->offset > p->host_state[host % HOSTS_MAX]) {
			p->host_state[host % HOSTS_MAX] = e->offset;
			return CONDITION_MET;
		}
	}
	str_addf(seen, "no socket of %s came into that state since then", c->actor);
	return CONDITION_NOT_YET;
}

enum condition_answer condition_state(const struct condition *c, struct places *p,
				      struct session *s, struct str *seen)
{
	struct bound *b;
	uint32_t row;

	if (c->has_fd)
		return condition_fd_state(c, p, s, seen);
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
	{ "rtt", "smoothed round-trip time in microseconds" },
	{ "rto", "retransmission timeout in microseconds" },
	{ "mss", "bytes of a full segment" },
	{ "unacked", "segments on their way" },
	{ "sacked", "segments that arrived behind a gap" },
	{ "lost", "segments taken for lost" },
	{ "snd-wnd", "bytes that the peer allows" },
	{ "pmtu", "path MTU in bytes" },
	{ "drops", "datagrams lost to a full receive buffer" },
};
static const size_t sample_offsets[] = {
	offsetof(struct sock_sample, recvq),	   offsetof(struct sock_sample, sendq),
	offsetof(struct sock_sample, retransmits), offsetof(struct sock_sample, total_retrans),
	offsetof(struct sock_sample, cwnd),	   offsetof(struct sock_sample, ssthresh),
	offsetof(struct sock_sample, rtt_us),	   offsetof(struct sock_sample, rto_us),
	offsetof(struct sock_sample, mss),	   offsetof(struct sock_sample, unacked),
	offsetof(struct sock_sample, sacked),	   offsetof(struct sock_sample, lost),
	offsetof(struct sock_sample, snd_wnd),	   offsetof(struct sock_sample, pmtu),
	offsetof(struct sock_sample, drops),
};
const size_t sample_fields_count = CONDITION_COUNT(sample_fields);
_Static_assert(CONDITION_COUNT(sample_fields) == CONDITION_COUNT(sample_offsets),
	       "a member for each field");

/* The socket behind a descriptor of a program by its number; -1. */
static int socket_of_fd(const struct condition *c, struct session *s, struct str *seen)
{
	uint32_t thread;
	int program = condition_program(c, s, &thread, seen);
	int socket = program < 0 ? -1 : session_socket_of(s, (size_t)program, c->fd);

	if (program >= 0 && socket < 0)
		str_addf(seen, "descriptor %d of %s is no socket that the kernel shows", c->fd,
			 c->actor);
	return socket;
}

int condition_socket_of(const struct condition *c, struct places *p, struct session *s,
			struct str *seen)
{
	struct bound *b = c->has_fd ? NULL : socket_of(c, p, s, seen);

	return c->has_fd ? socket_of_fd(c, s, seen) : b ? b->socket : -1;
}

bool condition_sample_number(struct trace *t, int socket, size_t field, uint32_t *out)
{
	const struct event *ev = trace_event(t, trace_socket(t, (size_t)socket)->last, NULL);

	if (ev)
		memcpy(out, (const char *)&ev->state.sock + sample_offsets[field], sizeof(*out));
	return ev != NULL;
}

enum condition_answer condition_sample(const struct condition *c, struct places *p,
				       struct session *s, struct str *seen)
{
	int socket = condition_socket_of(c, p, s, seen);
	uint32_t have;

	if (socket < 0 || !condition_sample_number(session_trace(s), socket, c->field, &have))
		return CONDITION_NOT_YET;
	if (number_test_holds(&c->number, have))
		return CONDITION_MET;
	str_addf(seen, "%s is %u", sample_fields[c->field].name, have);
	return CONDITION_NOT_YET;
}
