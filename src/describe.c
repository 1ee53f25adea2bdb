#include "src/describe.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "capture/conn.h"
#include "src/core/clock.h"
#include "src/core/names.h"
#include "src/core/safe.h"

/* Three digits say enough, and fewer than a microsecond is not meant seriously. */
static int decimals_of(int64_t unit, double n)
{
	if (unit < NS_PER_MS || n >= 99.95)
		return 0;
	return n >= 9.995 ? 1 : 2;
}

void describe_duration(struct str *out, int64_t ns)
{
	/* limit: from here on a number of this unit would be rounded to one of the next. */
	static const struct {
		int64_t unit;
		double limit;
		const char *name;
	} units[] = {
		{ 1, 999.5, "ns" },
		{ NS_PER_US, 999.5, "µs" },
		{ NS_PER_MS, 999.5, "ms" },
		{ NS_PER_S, 59.95, "s" },
		{ 60 * NS_PER_S, 59.95, "min" },
		{ 3600 * NS_PER_S, 0, "h" },
	};
	double all = (double)ns, n;
	size_t i = 0;

	if (all < 0) {
		str_char(out, '-');
		all = -all;
	}
	while (units[i].limit > 0 && all / (double)units[i].unit >= units[i].limit)
		i++;
	n = all / (double)units[i].unit;
	str_addf(out, "%.*f %s", decimals_of(units[i].unit, n), n, units[i].name);
}

static void add_args(struct str *out, const struct event_arg *arg, uint32_t args)
{
	bool first = true;

	for (uint32_t i = 0; i < args && i < EVENT_ARGS; i++) {
		if (!arg[i].text || !arg[i].text[0])
			continue;
		str_add(out, first ? "" : ", ");
		str_add(out, arg[i].text);
		first = false;
	}
}

void describe_call(struct str *out, const struct event *call)
{
	str_add(out, call->call.name ? call->call.name : "?");
	str_char(out, '(');
	add_args(out, call->call.arg, call->call.args);
	str_char(out, ')');
}

/* How what the kernel filled in is put behind the result, by its name. */
static void add_out(struct str *out, const struct event_arg *arg)
{
	static const struct {
		const char *name, *before, *behind;
	} forms[] = {
		{ "data", " ", "" },	{ "from", " from ", "" }, { "address", " ", "" },
		{ "value", " (", ")" }, { "flags", " (", ")" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!strcmp(arg->name, forms[i].name)) {
			str_addf(out, "%s%s%s", forms[i].before, arg->text, forms[i].behind);
			return;
		}
	str_addf(out, " %s %s", arg->name, arg->text);
}

void describe_return(struct str *out, const struct event *ret)
{
	const struct event_return *r = &ret->ret;

	str_addf(out, "= %" PRId64, r->result);
	if (r->error) {
		str_char(out, ' ');
		name_add(out, &names_errno, r->error);
	}
	for (uint32_t i = 0; i < r->outs && i < EVENT_ARGS; i++)
		if (r->out[i].name && r->out[i].text)
			add_out(out, &r->out[i]);
	if (r->blocked) {
		str_add(out, " after ");
		describe_duration(out, ret->ts_ns - r->entered_ns);
	}
}

void describe_wire(struct str *out, const struct event *wire)
{
	static const char *const words[] = {
		[WIRE_DELIVERED] = "delivered",
		[WIRE_DELAYED] = "on its way",
		[WIRE_HELD] = "held",
		[WIRE_RELEASED] = "released",
		[WIRE_DROPPED] = "lost",
		[WIRE_DUPLICATED] = "duplicated",
		[WIRE_FAILED] = "not accepted",
		[WIRE_CORRUPTED] = "corrupted",
		[WIRE_REORDERED] = "falls behind",
		[WIRE_MARKED] = "marked",
		[WIRE_INJECTED] = "made by the wire",
		[WIRE_EDITED] = "edited",
		[WIRE_FRAGMENTED] = "fragmented",
	};
	const struct event_wire *w = &wire->wire;

	str_add(out, (unsigned)w->fate < WIRE_FATES ? words[w->fate] : "?");
	if (w->copy)
		str_addf(out, " (copy %" PRIu64 ")", w->copy);
	if (w->by && w->by[0])
		str_addf(out, ": %s", w->by);
}

void describe_state(struct str *out, const struct event *state, const struct addr_names *names)
{
	const struct sock_sample *s = &state->state.sock;

	if (state->program[0])
		str_addf(out, "%s ", state->program);
	if (state->state.fd >= 0)
		str_addf(out, "%d ", state->state.fd);
	addr_text(out, &s->local, names);
	if (s->remote.len && addr_port(&s->remote)) {
		str_add(out, " → ");
		addr_text(out, &s->remote, names);
	}
	str_addf(out, "  %s", sock_state_name(s->state));
	if (s->recvq || s->sendq)
		str_addf(out, "  recv-q %u send-q %u", s->recvq, s->sendq);
}

/* ---- what packets alone tell ---- */

/* In the order of their weight; a bit that goes without saying beside another is not said. */
static const struct verdict_words {
	uint16_t bit, not_with;
	const char *text, *brief;
} verdict_words[] = {
	{ VERDICT_FAST_RETRANSMISSION, 0, "fast retransmission", "fast rexmit" },
	{ VERDICT_SPURIOUS_RETRANSMISSION, 0, "spurious retransmission", "spurious rexmit" },
	{ VERDICT_RETRANSMISSION, VERDICT_FAST_RETRANSMISSION | VERDICT_SPURIOUS_RETRANSMISSION,
	  "retransmission", "retransmission" },
	{ VERDICT_OUT_OF_ORDER, 0, "out of order", "out of order" },
	{ VERDICT_LOST_SEGMENT, 0, "previous segment not captured", "prev. not captured" },
	{ VERDICT_ACK_LOST_SEGMENT, 0, "ACKed unseen segment", "ACKed unseen" },
	{ VERDICT_ZERO_WINDOW, 0, "zero window", "zero window" },
	{ VERDICT_WINDOW_FULL, 0, "window full", "window full" },
	{ VERDICT_DUPLICATE_ACK, 0, "dup ACK", "dup ACK" },
	{ VERDICT_ZERO_WINDOW_PROBE, 0, "zero-window probe", "0-win probe" },
	{ VERDICT_ZERO_WINDOW_PROBE_ACK, 0, "zero-window probe ACK", "0-win probe ACK" },
	{ VERDICT_WINDOW_UPDATE, 0, "window update", "window update" },
	{ VERDICT_KEEP_ALIVE, 0, "keep-alive", "keep-alive" },
	{ VERDICT_KEEP_ALIVE_ACK, 0, "keep-alive ACK", "keep-alive ACK" },
	{ VERDICT_REUSED_PORTS, 0, "port numbers reused", "ports reused" },
};

static void verdict_word(struct str *out, const struct verdict_words *w, bool brief,
			 const struct verdict *numbers)
{
	str_add(out, brief ? w->brief : w->text);
	if (w->bit == VERDICT_DUPLICATE_ACK && numbers && numbers->dup_ack)
		str_addf(out, " #%u", numbers->dup_ack);
}

/* As many words as fit; the number of those that did not.  All of this is ASCII. */
static size_t verdict_join(struct str *out, uint16_t bits, bool brief,
			   const struct verdict *numbers, size_t room)
{
	size_t left = 0;

	for (size_t i = 0; i < sizeof(verdict_words) / sizeof(verdict_words[0]); i++) {
		const struct verdict_words *w = &verdict_words[i];
		STR_ON_STACK(word, 64);

		if (!(bits & w->bit) || (bits & w->not_with))
			continue;
		str_add(&word, out->len ? ", " : "");
		verdict_word(&word, w, brief, numbers);
		if (left || out->len + word.len > room)
			left++;
		else
			str_add(out, word.buf);
	}
	return left;
}

void describe_verdict(struct str *out, uint16_t bits, const struct verdict *numbers, int room)
{
	STR_ON_STACK(s, 256);

	if (room <= 0)
		return;
	if (verdict_join(&s, bits, false, numbers, (size_t)room)) {
		str_clear(&s);
		verdict_join(&s, bits, true, numbers, (size_t)room);
	}
	str_add(out, s.buf);
}

/* "FIN-WAIT-1|2": of a second name only what differs, where that is its number. */
static const char *second_name(const char *first, const char *second)
{
	size_t len = strlen(second);

	if (strlen(first) == len && len > 2 && second[len - 2] == '-' &&
	    !strncmp(first, second, len - 1))
		return second + len - 1;
	return second;
}

void describe_inferred(struct str *out, struct inferred state, int room)
{
	const char *usual = sock_state_name((enum sock_state)state.state);
	unsigned others = state.set & ~(1u << state.state);
	STR_ON_STACK(s, 64);

	if (state.sure == INFER_UNKNOWN || !state.set) {
		str_add(out, "~?");
		return;
	}
	str_addf(&s, "~%s", usual);
	if (others && !(others & (others - 1)))
		str_addf(&s, "|%s",
			 second_name(usual,
				     sock_state_name((enum sock_state)__builtin_ctz(others))));
	if (others & (others - 1) || (others && (int)s.len > room)) {
		str_clear(&s);
		str_addf(&s, "~%s?", usual);
	}
	str_add(out, s.buf);
}

static void add_command(struct str *out, const struct event_program *p)
{
	if (p->command && p->command[0])
		str_addf(out, ": %s", p->command);
}

static void add_others(struct str *out, const struct event_program *p)
{
	if (p->others)
		str_addf(out, "; %u process%s of it go%s on", p->others, p->others == 1 ? "" : "es",
			 p->others == 1 ? "es" : "");
}

void describe_change(struct str *out, const struct event_program *p)
{
	switch (p->change) {
	case PROGRAM_STARTED:
		str_addf(out, "started (pid %d)", p->pid);
		add_command(out, p);
		return;
	case PROGRAM_EXITED:
		if (p->status < 0)
			str_add(out, "ended");
		else
			str_addf(out, "exited with status %d", p->status);
		add_others(out, p);
		return;
	case PROGRAM_KILLED:
		str_add(out, "was killed by ");
		name_add(out, &names_signal, p->status);
		add_others(out, p);
		return;
	case PROGRAM_EXECUTED:
		str_add(out, "became another program");
		add_command(out, p);
		return;
	}
}

static void describe_program(struct str *out, const struct event *ev)
{
	event_add_actor(out, ev);
	str_char(out, ' ');
	describe_change(out, &ev->prog);
}

static void describe_output(struct str *out, const struct event *ev)
{
	event_add_actor(out, ev);
	str_addf(out, "%s %s%s", ev->output.stream == 2 ? " 2>" : ">",
		 ev->output.text ? ev->output.text : "", ev->output.cut ? "…" : "");
}

static void describe_packet(struct str *out, const struct trace *t, const struct event *ev)
{
	const struct event_packet *pk = &ev->packet;
	const struct trace_host *h = trace_host(t, pk->iface);
	const struct conn *c = NULL;
	STR_ON_STACK(words, 256);
	struct packet p;
	int dir = 0;

	packet_parse(&p, h ? h->link : LINK_ETHERNET, pk->data, pk->caplen, pk->len);

	uint32_t row = trace_row_of(t, ev->id);

	if (row != ROW_NONE && trace_entry(t, row)->conn != CONN_NONE) {
		c = conns_get(trace_conns(t), trace_entry(t, row)->conn);
		dir = trace_entry(t, row)->dir;
	}
	packet_summary(out, &p, c, dir, pk->data, pk->caplen);
	if (row != ROW_NONE)
		describe_verdict(&words, trace_entry(t, row)->verdict, NULL, 200);
	if (words.len)
		str_addf(out, "  [%s]", words.buf);
}

/* "client counted TcpExtTCPTimeouts +1, TcpRetransSegs +1". */
static void describe_counters(struct str *out, const struct trace *t, const struct event *ev)
{
	const struct trace_host *h = ev->host < trace_hosts(t) ? trace_host(t, ev->host) : NULL;
	const char *at = ev->counters.changes ? ev->counters.changes : "";

	str_addf(out, "%s counted", h ? h->name : "the kernel");
	for (const char *gap = " "; *at; gap = ", ") {
		size_t name = strcspn(at, "+ "), whole = strcspn(at, " ");

		str_add(out, gap);
		str_addn(out, at, name);
		str_char(out, ' ');
		str_addn(out, at + name, whole - name);
		at += whole + strspn(at + whole, " ");
	}
	if (ev->counters.by == BY_DEPARTURE)
		str_addf(out, " as packet %" PRIu64 " left", ev->counters.by_number);
	if (ev->counters.by == BY_ARRIVAL)
		str_addf(out, " as packet %" PRIu64 " arrived", ev->counters.by_number);
}

static void describe_command(struct str *out, const struct event_command *c)
{
	/* Nobody's command: a rule that was for one packet has ended. */
	if (!c->text || !c->text[0]) {
		str_addf(out, "the wire: %s", c->status && c->status[0] ? c->status : "plain");
		return;
	}
	if (c->target && c->target[0])
		str_addf(out, "%s> ", c->target);
	str_add(out, c->text);
}

void describe_event(struct str *out, const struct trace *t, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_PACKET:
		describe_packet(out, t, ev);
		return;
	case EVENT_WIRE:
		str_addf(out, "packet %" PRIu64 " ", ev->wire.packet);
		describe_wire(out, ev);
		return;
	case EVENT_CALL:
		event_add_actor(out, ev);
		str_add(out, ": ");
		describe_call(out, ev);
		return;
	case EVENT_RETURN:
		event_add_actor(out, ev);
		str_addf(out, ": %s ", ev->ret.name ? ev->ret.name : "?");
		describe_return(out, ev);
		return;
	case EVENT_STATE:
		describe_state(out, ev, trace_names(t));
		return;
	case EVENT_COMMAND:
		describe_command(out, &ev->command);
		return;
	case EVENT_NOTE:
		str_add(out, ev->note.text ? ev->note.text : "");
		return;
	case EVENT_PROGRAM:
		describe_program(out, ev);
		return;
	case EVENT_OUTPUT:
		describe_output(out, ev);
		return;
	case EVENT_COUNTERS:
		describe_counters(out, t, ev);
		return;
	}
}

/*
 * What a result means.  The first row that fits speaks.  A row fits calls of its names, or all, and, where
 * it has one, those with an argument that begins so.  %N is replaced by the result.
 */
enum outcome { ANY_SUCCESS, ZERO, POSITIVE, FAILED };

static const struct meaning {
	const char *calls; /* with blanks between; NULL: all */
	const char *arg;
	enum outcome outcome;
	int error; /* FAILED: this errno, 0 any */
	const char *text;
} meanings[] = {
	{ "socket", NULL, ANY_SUCCESS, 0,
	  "The kernel made a socket; %N is the descriptor by which this program names it. It has "
	  "no address and no peer yet." },
	{ "bind", NULL, ZERO, 0, "The address is the socket's own from now on." },
	{ "bind", "unix:", FAILED, EADDRINUSE,
	  "That name is taken. A socket's file stays when the socket is gone, until it is "
	  "removed." },
	{ "bind", "unix:", FAILED, EACCES, "This program may not make a file there." },
	{ "bind", NULL, FAILED, EADDRINUSE,
	  "Another socket has this address, or a connection that used it is still in TIME-WAIT. "
	  "SO_REUSEADDR on both helps against the latter." },
	{ "bind", NULL, FAILED, EACCES, "Ports below 1024 are for privileged programs." },
	{ "bind", NULL, FAILED, EINVAL, "The socket has an address already." },
	{ "bind", NULL, FAILED, EADDRNOTAVAIL, "No interface of this host has that address." },
	{ "listen", NULL, ZERO, 0,
	  "The socket listens: from now on the kernel completes handshakes by itself and queues "
	  "the connections for accept()." },
	{ "accept accept4", NULL, ANY_SUCCESS, 0,
	  "%N is a new socket for this one connection; the listening socket stays as it is." },
	{ "accept accept4", NULL, FAILED, EAGAIN,
	  "No connection is waiting, and the socket does not block." },
	{ "accept accept4", NULL, FAILED, EINVAL, "This socket does not listen." },
	{ "connect", "unix:", ZERO, 0,
	  "The peer is set. A listener's program may not have called accept() yet." },
	{ "connect", "unix:", FAILED, ECONNREFUSED,
	  "The name is there, but no socket receives under it (any more)." },
	{ "connect", "unix:", FAILED, ENOENT, "No socket has that name." },
	{ "connect", "unix:", FAILED, EAGAIN,
	  "The listener's queue is full, and the socket does not block." },
	{ "connect", NULL, FAILED, EINTR,
	  "A signal interrupted the call while it slept, but not the handshake: that goes on by "
	  "itself. poll() for POLLOUT tells the end of it." },
	{ "connect", NULL, ZERO, 0,
	  "The peer is set. For TCP the handshake is complete: the other kernel answered, although "
	  "its program may not have called accept() yet." },
	{ "connect", NULL, FAILED, ECONNREFUSED,
	  "The other host answered the SYN with RST: nothing listens on that port." },
	{ "connect", NULL, FAILED, ETIMEDOUT,
	  "No answer came to the SYN, however often the kernel repeated it: the host is gone, or "
	  "something swallows the packets." },
	{ "connect", NULL, FAILED, EINPROGRESS,
	  "The SYN has left. The socket does not block, so the handshake goes on by itself; poll() "
	  "for POLLOUT tells the end of it." },
	{ "connect", NULL, FAILED, EISCONN, "The socket is connected already." },
	{ "connect", NULL, FAILED, EALREADY,
	  "An earlier connect() on this socket is still under way." },
	{ "connect", NULL, FAILED, ENETUNREACH, "No route leads to that address." },
	{ "send sendto sendmsg", NULL, FAILED, EPIPE,
	  "This side has shut down, or the peer has reset: nothing can be sent any more. Without "
	  "MSG_NOSIGNAL the kernel sends SIGPIPE, too." },
	{ "write", NULL, FAILED, EPIPE,
	  "This side has shut down, or the peer has reset: nothing can be written any more. The "
	  "kernel sends SIGPIPE, too." },
	{ "send sendto sendmsg write", NULL, FAILED, EDESTADDRREQ,
	  "The socket has no peer, and the call names none." },
	{ "send sendto sendmsg write", NULL, FAILED, EMSGSIZE,
	  "That is more than one datagram can hold." },
	{ "send write writev sendfile", NULL, POSITIVE, 0,
	  "The kernel took %N bytes into its send buffer. Whether they arrive is not known yet." },
	{ "sendto sendmsg", NULL, POSITIVE, 0,
	  "The kernel took %N bytes. Whether they arrive is not known." },
	{ "recv recvfrom recvmsg", NULL, ZERO, 0,
	  "End of file on a stream: the peer has closed its direction, and all that it sent has "
	  "been read. On a datagram socket: an empty datagram." },
	{ "read readv", NULL, ZERO, 0,
	  "End of file on a stream: the peer has closed its direction, and all that it sent has "
	  "been read." },
	{ "recv recvmsg", NULL, POSITIVE, 0,
	  "%N bytes were waiting: at most as many as asked for, perhaps fewer. A stream does not "
	  "keep the borders of the sender's messages." },
	{ "read readv", NULL, POSITIVE, 0,
	  "%N bytes were waiting: at most as many as asked for, perhaps fewer." },
	{ "recvfrom", NULL, POSITIVE, 0,
	  "One datagram of %N bytes (or what fitted of it), with its sender's address; from a "
	  "stream, %N bytes." },
	{ "recv recvfrom recvmsg read", NULL, FAILED, ECONNRESET,
	  "The peer's kernel sent RST: the connection is gone, and with it what was not read." },
	{ NULL, NULL, FAILED, ECONNRESET, "The peer's kernel sent RST: the connection is gone." },
	{ "recv recvfrom recvmsg read send sendto sendmsg write", "unix:", FAILED, ECONNREFUSED,
	  "Nobody receives under that name (any more)." },
	{ "recv recvfrom recvmsg read send sendto sendmsg write", NULL, FAILED, ECONNREFUSED,
	  "An earlier datagram came back as \"port unreachable\": nobody receives there. A "
	  "connected UDP socket hears of it on its next call." },
	{ NULL, NULL, FAILED, EAGAIN,
	  "The call would have to wait, and the socket does not block (or its time-out has "
	  "passed)." },
	{ NULL, NULL, FAILED, EINTR,
	  "A signal interrupted the call while it slept. Nothing was done; it can be called "
	  "again." },
	{ NULL, NULL, FAILED, EBADF,
	  "This program has no descriptor of that number: never opened, or closed already." },
	{ "sendmmsg", NULL, POSITIVE, 0,
	  "The kernel took %N messages. Whether they arrive is not known." },
	{ "recvmmsg", NULL, POSITIVE, 0, "%N messages were waiting, each in a buffer of its own." },
	{ NULL, NULL, FAILED, ENOTCONN, "The socket has no peer." },
	{ NULL, NULL, FAILED, ENOTSOCK,
	  "There is something else behind this descriptor: a file, a pipe, a terminal." },
	{ "accept accept4", NULL, FAILED, ECONNABORTED,
	  "A connection was waiting, but its client has reset it before it could be taken." },
	{ NULL, NULL, FAILED, EMFILE,
	  "This program has as many descriptors as it may have: it forgets to close some." },
	{ "connect", NULL, FAILED, EADDRNOTAVAIL,
	  "No port of this host is free for that peer: all are taken, many perhaps in TIME-WAIT." },
	{ NULL, NULL, FAILED, ETIMEDOUT,
	  "The kernel has sent the same again and again, and no ACK came: it has given the "
	  "connection up." },
	{ NULL, NULL, FAILED, EHOSTUNREACH,
	  "Nobody on the way knows how to reach that host: an ICMP error said so, or the link "
	  "has no such neighbour." },
	{ NULL, NULL, FAILED, EAFNOSUPPORT,
	  "An address of that family does not go with this socket." },
	{ "shutdown", NULL, ZERO, 0,
	  "That direction is closed. SHUT_WR sends FIN once everything before it has been sent; "
	  "the other direction stays open." },
	{ "close", NULL, ZERO, 0,
	  "The descriptor is free again. If nothing else refers to the socket, the kernel closes "
	  "it: TCP sends FIN, or RST if unread data were waiting." },
	{ "poll ppoll select pselect6 epoll_wait epoll_pwait epoll_pwait2", NULL, ZERO, 0,
	  "The time passed and nothing became ready." },
	{ "poll ppoll select pselect6 epoll_wait epoll_pwait epoll_pwait2", NULL, POSITIVE, 0,
	  "Ready now, so that a call on it will not sleep: %N of those that are watched." },
	{ "setsockopt", NULL, ZERO, 0, "The option is set." },
};

static bool lists(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; at; at = strchr(at, ' ')) {
		at += *at == ' ';
		if (!strncmp(at, word, len) && (!at[len] || at[len] == ' '))
			return true;
	}
	return false;
}

static bool has_arg(const struct event_call *c, const char *start)
{
	for (uint32_t i = 0; i < c->args && i < EVENT_ARGS; i++)
		if (c->arg[i].text && !strncmp(c->arg[i].text, start, strlen(start)))
			return true;
	return false;
}

static bool outcome_fits(const struct meaning *m, const struct event_return *r)
{
	switch (m->outcome) {
	case ANY_SUCCESS:
		return r->result >= 0;
	case ZERO:
		return r->result == 0;
	case POSITIVE:
		return r->result > 0;
	case FAILED:
		return r->error && (!m->error || m->error == r->error);
	}
	return false;
}

/* call may be NULL: the trace does not have it. */
static bool meaning_fits(const struct meaning *m, const struct event *call,
			 const struct event_return *r)
{
	if (m->calls && (!r->name || !lists(m->calls, r->name)))
		return false;
	if (m->arg && (!call || !has_arg(&call->call, m->arg)))
		return false;
	return outcome_fits(m, r);
}

/* Adds text with every %N replaced by n. */
static void add_meaning(struct str *out, const char *text, int64_t n)
{
	for (const char *hole; (hole = strstr(text, "%N")); text = hole + 2) {
		str_addn(out, text, (size_t)(hole - text));
		str_addf(out, "%" PRId64, n);
	}
	str_add(out, text);
}

void describe_outcome(struct str *out, const struct event *call, const struct event *ret)
{
	if (ret->ret.local.way != LOCAL_NONE) {
		describe_local(out, &ret->ret.local);
		return;
	}
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meaning_fits(&meanings[i], call, &ret->ret)) {
			add_meaning(out, meanings[i].text, ret->ret.result);
			return;
		}
	const struct name *n = ret->ret.error ? name_of(&names_errno, ret->ret.error) : NULL;
	char text[128];

	if (n)
		str_addf(out, "%s: %s.", n->name,
			 n->text ? n->text : strerror_r(ret->ret.error, text, sizeof(text)));
}
