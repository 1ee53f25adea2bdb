/*
 * What each event says of a socket: by its call's row of the table `rules`, when it comes back; few say something
 * when they begin.
 */
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "src/conn_calls_impl.h"

#define FD_MAX	 (1 << 20)
#define PROGRAMS 4096

/* ---- addresses ---- */

/* What is said of a socket; an address without a port says nothing. */
static void learn(struct conn_calls *c, struct end *what, const struct addr *a)
{
	struct end e = conn_calls_end(a);

	if (!e.known || !e.port || same_end(what, &e))
		return;
	*what = e;
	c->version++;
}

static bool parse(const struct conn_calls *c, struct addr *a, const char *text, size_t len)
{
	return len && !addr_parse(a, text, len, text[0] == '[' ? AF_INET6 : AF_INET,
				  trace_names(c->t), NULL);
}

static const char *arg_of(const struct event_arg *arg, uint32_t args, const char *name)
{
	for (uint32_t i = 0; i < args && i < EVENT_ARGS; i++)
		if (arg[i].name && arg[i].text && !strcmp(arg[i].name, name))
			return arg[i].text;
	return "";
}

static bool parse_arg(const struct conn_calls *c, struct addr *a, const struct event *call,
		      const char *name)
{
	const char *text = arg_of(call->call.arg, call->call.args, name);

	return parse(c, a, text, strlen(text));
}

static bool parse_out(const struct conn_calls *c, struct addr *a, const struct event *ret)
{
	const char *text = arg_of(ret->ret.out, ret->ret.outs, "from");

	if (!*text)
		text = arg_of(ret->ret.out, ret->ret.outs, "address");
	return parse(c, a, text, strlen(text));
}

/* A peer of its own: CALLS_NONE if it is no address. */
static uint32_t peer_add(struct conn_calls *c, const struct addr *a)
{
	uint32_t count = (uint32_t)c->peers.count;
	struct end e = conn_calls_end(a), *peer;

	if (!e.known)
		return CALLS_NONE;
	if (count && same_end(peer_at(c, count - 1), &e))
		return count - 1;
	peer = conn_calls_list_add(c, &c->peers, sizeof(*peer));
	if (!peer)
		return CALLS_NONE;
	*peer = e;
	return (uint32_t)c->peers.count - 1;
}

/* ---- sockets and descriptors ---- */

static uint32_t sock_new(struct conn_calls *c, uint8_t host, int64_t from_ns)
{
	struct sock *s = conn_calls_list_add(c, &c->socks, sizeof(*s));

	if (!s)
		return CALLS_NONE;
	s->host = host;
	s->conn = CONN_NONE;
	s->from_ns = from_ns;
	s->to_ns = INT64_MAX;
	c->version++;
	return (uint32_t)c->socks.count - 1;
}

static struct program *program_of(struct conn_calls *c, const struct event *ev)
{
	struct program *p = c->programs.item;

	for (size_t i = 0; i < c->programs.count; i++)
		if (p[i].host == ev->host && !strcmp(p[i].name, ev->program))
			return &p[i];
	if (!ev->program[0] || c->programs.count == PROGRAMS)
		return NULL;
	p = conn_calls_list_add(c, &c->programs, sizeof(*p));
	if (p) {
		p->host = ev->host;
		memcpy(p->name, ev->program, sizeof(p->name));
	}
	return p;
}

static uint32_t bound(const struct program *p, int64_t fd)
{
	return p && fd >= 0 && (uint64_t)fd < p->fds ? p->sock[fd] : CALLS_NONE;
}

static bool fds_fit(struct conn_calls *c, struct program *p, int64_t fd)
{
	size_t fds = p->fds ? p->fds : 16;
	uint32_t *sock;

	while (fds <= (size_t)fd)
		fds *= 2;
	if (fds == p->fds)
		return true;
	sock = realloc(p->sock, fds * sizeof(*sock));
	c->full |= !sock;
	if (!sock)
		return false;
	memset(sock + p->fds, 0xff, (fds - p->fds) * sizeof(*sock));
	p->sock = sock;
	p->fds = fds;
	return true;
}

/* The descriptor is this socket from now on; CALLS_NONE: it is none any more. */
static void bind_fd(struct conn_calls *c, struct program *p, int64_t fd, uint32_t sock,
		    int64_t ts_ns)
{
	struct sock *before = sock_at(c, bound(p, fd)), *s = sock_at(c, sock);

	if (!p || fd < 0 || fd >= FD_MAX || !fds_fit(c, p, fd))
		return;
	if (s)
		s->holders++;
	p->sock[fd] = sock;
	if (before && --before->holders == 0) {
		before->to_ns = ts_ns;
		c->version++;
	}
}

/* The socket of a descriptor, which may be one that was not heard of before. */
static uint32_t sock_of(struct conn_calls *c, struct program *p, int64_t fd, int64_t ts_ns)
{
	uint32_t sock = bound(p, fd);

	if (sock != CALLS_NONE || !p || fd < 0 || fd >= FD_MAX)
		return sock;
	sock = sock_new(c, p->host, INT64_MIN);
	bind_fd(c, p, fd, sock, ts_ns);
	return sock;
}

/* ---- what a call says when it begins ---- */

static bool is_one_of(const char *name, const char *const *list)
{
	while (*list && strcmp(name, *list))
		list++;
	return *list;
}

struct words { /* of a text, being gone through */
	const char *at;
	int depth; /* of braces */
};

/* The next number that begins a word inside of braces; -1: there is none. */
static long next_number(struct words *w)
{
	char before = ' ';

	for (; *w->at; before = *w->at++) {
		w->depth += (*w->at == '{') - (*w->at == '}');
		if (w->depth > 0 && isdigit((unsigned char)*w->at) && strchr("{, ;", before)) {
			char *end;
			long n = strtol(w->at, &end, 10);

			w->at = end;
			return n;
		}
	}
	return -1;
}

/* poll({{3, POLLIN}, {4, POLLIN}}, 2, …), select(5, {3, 4}, …) */
static void watch(struct conn_calls *c, struct program *p, const struct event *ev)
{
	static const char *const sets[] = { "fds", "readfds", "writefds", "exceptfds" };
	bool any = false;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct words w = { .at = arg_of(ev->call.arg, ev->call.args, sets[i]) };
		long fd;

		while ((fd = next_number(&w)) >= 0) {
			conn_calls_note(c, ev->id, sock_of(c, p, fd, ev->ts_ns), CALLS_NONE);
			any = true;
		}
	}
	if (!any)
		conn_calls_note(c, ev->id, CALLS_NONE, CALLS_NONE);
}

/* sendto() has it as an argument, sendmsg() in front of its message: {server:2000, "text"}. */
static uint32_t addressee(struct conn_calls *c, const struct event *ev)
{
	const char *msg = arg_of(ev->call.arg, ev->call.args, "msg");
	struct addr a;

	if (parse_arg(c, &a, ev, "dest_addr"))
		return peer_add(c, &a);
	msg += strspn(msg, "{ ");
	if (*msg && *msg != '"' && parse(c, &a, msg, strcspn(msg, ",}")))
		return peer_add(c, &a);
	return CALLS_NONE;
}

/* What a call is about; of epoll_ctl() what it has watched. */
static int64_t fd_of(const struct event *ev)
{
	const char *watched = arg_of(ev->call.arg, ev->call.args, "fd");

	if (ev->call.name && !strcmp(ev->call.name, "epoll_ctl") &&
	    isdigit((unsigned char)*watched))
		return strtol(watched, NULL, 10);
	return ev->call.fd;
}

void conn_calls_on_call(struct conn_calls *c, const struct event *ev)
{
	static const char *const makes[] = { "socket",	   "accept",	   "accept4",
					     "socketpair", "epoll_create", "epoll_create1",
					     "epoll_wait", "epoll_pwait",  "epoll_pwait2",
					     NULL };
	static const char *const watches[] = { "poll", "ppoll", "select", "pselect6", NULL };
	struct program *p = program_of(c, ev);
	const char *name = ev->call.name ? ev->call.name : "";
	struct sock *s;
	struct addr a;
	uint32_t sock;

	if (is_one_of(name, watches)) {
		watch(c, p, ev);
		return;
	}
	sock = is_one_of(name, makes) ? CALLS_NONE : sock_of(c, p, fd_of(ev), ev->ts_ns);
	conn_calls_note(c, ev->id, sock, addressee(c, ev));
	s = sock_at(c, sock);
	if (!s || strcmp(name, "connect") || !parse_arg(c, &a, ev, "addr"))
		return;
	s->connect_ns[0] = ev->ts_ns;
	s->connect_ns[1] = INT64_MAX;
	learn(c, &s->remote, &a);
}

/* ---- what it says when it comes back ---- */

struct back {
	const struct event *ret, *call;
	struct program *p;
	size_t note; /* the CALL's */
};

/* A descriptor that is new; a sample may have told of it already. */
static uint32_t made(struct conn_calls *c, const struct back *b, int64_t from_ns)
{
	uint32_t sock = bound(b->p, b->ret->ret.result);
	struct sock *s = sock_at(c, sock);

	if (b->ret->ret.result < 0)
		return CALLS_NONE;
	if (!s || !s->sampled || s->from_ns < b->ret->ret.entered_ns) {
		sock = sock_new(c, b->ret->host, from_ns);
		bind_fd(c, b->p, b->ret->ret.result, sock, b->ret->ts_ns);
	} else {
		s->from_ns = from_ns;
	}
	s = sock_at(c, sock);
	if (s)
		s->sampled = false;
	note_at(c, b->note)->sock = sock;
	c->version++;
	return sock;
}

/* Of an Internet socket; other protocols have samples, or no packets. */
static uint8_t protocol_of(const struct event *call)
{
	const char *type = arg_of(call->call.arg, call->call.args, "type");
	const char *protocol = arg_of(call->call.arg, call->call.args, "protocol");

	if (!strcmp(protocol, "IPPROTO_ICMP"))
		return IPPROTO_ICMP;
	if (!strcmp(protocol, "IPPROTO_ICMPV6"))
		return IPPROTO_ICMPV6;
	if (!strncmp(type, "SOCK_STREAM", 11))
		return IPPROTO_TCP;
	return !strncmp(type, "SOCK_DGRAM", 10) ? IPPROTO_UDP : 0;
}

static void on_socket(struct conn_calls *c, const struct back *b)
{
	struct sock *s = sock_at(c, made(c, b, b->ret->ret.entered_ns));

	if (s && !s->protocol && b->call)
		s->protocol = protocol_of(b->call);
}

static void on_accept(struct conn_calls *c, const struct back *b)
{
	const struct sock *l = sock_at(c, b->call ? bound(b->p, b->call->call.fd) : CALLS_NONE);
	struct sock *s = sock_at(c, made(c, b, l ? l->from_ns : INT64_MIN));
	struct addr a;

	if (!s)
		return;
	l = sock_at(c, b->call ? bound(b->p, b->call->call.fd) : CALLS_NONE);
	if (l && !s->local.known)
		s->local = l->local;
	if (l && !s->protocol)
		s->protocol = l->protocol;
	if (parse_out(c, &a, b->ret))
		learn(c, &s->remote, &a);
}

static struct sock *sock_back(const struct conn_calls *c, const struct back *b)
{
	return sock_at(c, note_at(c, b->note)->sock);
}

static void on_bind(struct conn_calls *c, const struct back *b)
{
	struct sock *s = sock_back(c, b);
	struct addr a;

	if (s && b->call && b->ret->ret.result == 0 && parse_arg(c, &a, b->call, "addr"))
		learn(c, &s->local, &a);
}

static void on_listen(struct conn_calls *c, const struct back *b)
{
	struct sock *s = sock_back(c, b);

	if (!s || b->ret->ret.result != 0)
		return;
	s->listens = true;
	c->version++;
}

static void on_connect(struct conn_calls *c, const struct back *b)
{
	struct sock *s = sock_back(c, b);

	if (s)
		s->connect_ns[1] = b->ret->ts_ns;
	c->version++;
}

static void on_own_name(struct conn_calls *c, const struct back *b)
{
	struct sock *s = sock_back(c, b);
	struct addr a;

	if (s && parse_out(c, &a, b->ret))
		learn(c, &s->local, &a);
}

static void on_peer_name(struct conn_calls *c, const struct back *b)
{
	struct sock *s = sock_back(c, b);
	struct addr a;

	if (s && parse_out(c, &a, b->ret))
		learn(c, &s->remote, &a);
}

static void on_receive(struct conn_calls *c, const struct back *b)
{
	struct addr a;

	if (!parse_out(c, &a, b->ret))
		return;
	note_at(c, b->note)->peer = peer_add(c, &a);
	c->version++;
}

/* epoll_wait() is told which sockets are ready, "4 EPOLLIN, 7 EPOLLIN"; that it watched others, too, is not said. */
static void on_ready(struct conn_calls *c, const struct back *b)
{
	const char *text = arg_of(b->ret->ret.out, b->ret->ret.outs, "ready");
	struct words w = { .at = text, .depth = 1 };
	uint32_t *first = &note_at(c, b->note)->sock;
	long fd;

	while ((fd = next_number(&w)) >= 0) {
		uint32_t sock = bound(b->p, fd);

		if (*first == CALLS_NONE)
			*first = sock;
		else
			conn_calls_note(c, b->ret->id, sock, CALLS_NONE);
		first = &note_at(c, b->note)->sock;
		c->version++;
	}
}

static void on_close(struct conn_calls *c, const struct back *b)
{
	if (b->ret->ret.result == 0 && b->call)
		bind_fd(c, b->p, b->call->call.fd, CALLS_NONE, b->ret->ts_ns);
}

static void on_dup(struct conn_calls *c, const struct back *b)
{
	if (b->ret->ret.result >= 0)
		bind_fd(c, b->p, b->ret->ret.result, note_at(c, b->note)->sock, b->ret->ts_ns);
}

static void on_fcntl(struct conn_calls *c, const struct back *b)
{
	const char *command = b->call ? arg_of(b->call->call.arg, b->call->call.args, "cmd") : "";

	if (!strncmp(command, "F_DUPFD", 7))
		on_dup(c, b);
}

static const struct {
	const char *call;
	void (*back)(struct conn_calls *c, const struct back *b);
} rules[] = {
	{ "socket", on_socket },
	{ "accept", on_accept },
	{ "accept4", on_accept },
	{ "bind", on_bind },
	{ "listen", on_listen },
	{ "connect", on_connect },
	{ "getsockname", on_own_name },
	{ "getpeername", on_peer_name },
	{ "recvfrom", on_receive },
	{ "recvmsg", on_receive },
	{ "epoll_wait", on_ready },
	{ "epoll_pwait", on_ready },
	{ "epoll_pwait2", on_ready },
	{ "close", on_close },
	{ "dup", on_dup },
	{ "dup2", on_dup },
	{ "dup3", on_dup },
	{ "fcntl", on_fcntl },
};

void conn_calls_on_return(struct conn_calls *c, const struct event *ev, uint32_t row)
{
	uint32_t call = trace_entry(c->t, row)->link;
	uint64_t id = call == ROW_NONE ? 0 : trace_entry(c->t, call)->offset;
	struct back b = { .ret = ev, .note = call == ROW_NONE ? SIZE_MAX : conn_calls_find(c, id) };

	if (b.note == SIZE_MAX)
		return;
	b.p = program_of(c, ev);
	b.call = trace_event(c->t, call, NULL);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (ev->ret.name && !strcmp(ev->ret.name, rules[i].call))
			rules[i].back(c, &b);
	for (size_t i = b.note; i < c->notes.count && note_at(c, i)->id == id; i++)
		conn_calls_note(c, ev->id, note_at(c, i)->sock, note_at(c, i)->peer);
}

/* ---- samples, and ends of programs ---- */

/* While it is young the latest connection of its addresses is its own; later that may be another. */
static bool is_young(enum sock_state state)
{
	return state == SOCK_STATE_SYN_SENT || state == SOCK_STATE_SYN_RECEIVED ||
	       state == SOCK_STATE_ESTABLISHED;
}

void conn_calls_on_state(struct conn_calls *c, const struct event *ev, uint32_t row)
{
	const struct sock_sample *k = &ev->state.sock;
	uint32_t conn = trace_entry(c->t, row)->conn, sock;
	struct program *p;
	struct sock *s;

	if (ev->state.fd < 0 || ev->state.fd >= FD_MAX || !(p = program_of(c, ev)))
		return;
	sock = bound(p, ev->state.fd);
	s = sock_at(c, sock);
	if (!s || (s->cookie && s->cookie != k->cookie)) {
		sock = sock_new(c, ev->host, ev->ts_ns);
		bind_fd(c, p, ev->state.fd, sock, ev->ts_ns);
		s = sock_at(c, sock);
		if (!s)
			return;
		s->sampled = true;
	}
	s->cookie = k->cookie;
	s->protocol = k->protocol;
	s->listens |= k->state == SOCK_STATE_LISTEN;
	learn(c, &s->local, &k->local);
	learn(c, &s->remote, &k->remote);
	if (ev->state.old != k->state)
		conn_calls_note(c, ev->id, sock, CALLS_NONE);
	if (k->protocol == IPPROTO_TCP && is_young(k->state) && conn != CONN_NONE &&
	    conn != s->conn) {
		s->conn = conn;
		c->version++;
	}
}

void conn_calls_on_program(struct conn_calls *c, const struct event *ev)
{
	struct program *p = program_of(c, ev);

	if (!p || ev->prog.change == PROGRAM_STARTED)
		return;
	for (size_t fd = 0; fd < p->fds; fd++)
		if (p->sock[fd] != CALLS_NONE)
			bind_fd(c, p, (int64_t)fd, CALLS_NONE, ev->ts_ns);
}
