/*
 * One pass over CALLs, RETURNs, STATEs and PROGRAMs.  It keeps what is known of each socket, which socket each
 * descriptor of each program is now, and for each CALL, RETURN and change of state its socket (several for poll()).  What belongs to
 * a connection is decided when it is asked for: only later events tell where a socket's first calls belong.
 *
 * While a trace grows, an event can come late, among rows that were passed.  Its identity is higher than that of
 * all that were there then: so the rows near the end are looked at again for such ones.
 */
#include "src/conn_calls.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace_walk.h"
#include "src/core/clock.h"

#define NONE	 UINT32_MAX
#define BACK	 1024 /* rows by which an event comes late at most */
#define STRIDE	 64 /* rows between two looks at the clock */
#define FD_MAX	 (1 << 20)
#define PROGRAMS 4096

struct end { /* IPv4 as the IPv6 address that maps it */
	bool known;
	uint16_t port;
	uint8_t ip[16];
};

struct sock {
	uint8_t host, protocol; /* 0: not known */
	bool listens;
	bool sampled; /* first heard of by a sample: the call that makes it has not returned yet */
	uint64_t cookie; /* 0: not known */
	uint32_t holders; /* descriptors */
	uint32_t conn; /* by samples; CONN_NONE */
	struct end local, remote;
	int64_t from_ns, to_ns;
	int64_t connect_ns[2]; /* when connect() ran */
};

struct note {
	uint64_t id; /* of a CALL, RETURN or STATE; those of one are neighbours */
	uint32_t sock; /* NONE: of no socket */
	uint32_t peer; /* the call's own; NONE */
};

struct program {
	uint8_t host;
	char name[EVENT_NAME];
	uint32_t *sock; /* by descriptor */
	size_t fds;
};

struct list {
	void *item;
	size_t count, cap;
};

struct conn_calls {
	struct trace *t;
	struct trace_walk *walk;
	bool loading, full; /* full: memory ran out, and nothing more is noted */
	uint64_t version;

	uint32_t done; /* rows below it were looked at */
	uint64_t done_id; /* identity of the last of them */
	uint64_t highest; /* of all of them */

	struct list socks, notes, peers, programs;
	uint32_t *slot; /* from a note's id to the first one, + 1 */
	size_t slots;
};

/* ---- lists ---- */

/* A new last item, zero; NULL: memory ran out. */
static void *list_add(struct conn_calls *c, struct list *l, size_t size)
{
	if (l->count == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		void *item = l->count < NONE - 1 ? realloc(l->item, cap * size) : NULL;

		c->full |= !item;
		if (!item)
			return NULL;
		l->item = item;
		l->cap = cap;
	}
	return memset((char *)l->item + l->count++ * size, 0, size);
}

static struct sock *sock_at(const struct conn_calls *c, uint32_t i)
{
	return i < c->socks.count ? (struct sock *)c->socks.item + i : NULL;
}

static struct note *note_at(const struct conn_calls *c, size_t i)
{
	return i < c->notes.count ? (struct note *)c->notes.item + i : NULL;
}

static const struct end *peer_at(const struct conn_calls *c, uint32_t i)
{
	return i < c->peers.count ? (const struct end *)c->peers.item + i : NULL;
}

/* ---- notes by identity ---- */

static size_t slot_of(const struct conn_calls *c, uint64_t id)
{
	size_t at = (id * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (c->slots - 1);

	while (c->slot[at] && note_at(c, c->slot[at] - 1)->id != id)
		at = (at + 1) & (c->slots - 1);
	return at;
}

static bool slots_fit(struct conn_calls *c)
{
	size_t slots = c->slots ? c->slots * 2 : 256;
	uint32_t *slot;

	if (c->notes.count + 1 < c->slots / 4 * 3)
		return true;
	slot = calloc(slots, sizeof(*slot));
	c->full |= !slot;
	if (!slot)
		return false;
	free(c->slot);
	c->slot = slot;
	c->slots = slots;
	for (size_t i = c->notes.count; i > 0; i--)
		slot[slot_of(c, note_at(c, i - 1)->id)] = (uint32_t)i;
	return true;
}

/* The first note of an event; SIZE_MAX. */
static size_t note_find(const struct conn_calls *c, uint64_t id)
{
	size_t at = c->slots ? slot_of(c, id) : 0;

	return c->slots && c->slot[at] ? c->slot[at] - 1 : SIZE_MAX;
}

static void note_add(struct conn_calls *c, uint64_t id, uint32_t sock, uint32_t peer)
{
	struct note *n = slots_fit(c) ? list_add(c, &c->notes, sizeof(*n)) : NULL;
	size_t at;

	if (!n)
		return;
	*n = (struct note){ .id = id, .sock = sock, .peer = peer };
	at = slot_of(c, id);
	if (!c->slot[at])
		c->slot[at] = (uint32_t)c->notes.count;
}

/* ---- addresses ---- */

static struct end end_of(const struct addr *a)
{
	struct end e = { .port = addr_port(a), .ip = { [10] = 0xff, [11] = 0xff } };

	if (addr_family(a) == AF_INET) {
		memcpy(e.ip + 12, &a->u.in.sin_addr, 4);
		e.known = true;
	} else if (addr_family(a) == AF_INET6) {
		memcpy(e.ip, &a->u.in6.sin6_addr, 16);
		e.known = true;
	}
	return e;
}

static bool same_end(const struct end *a, const struct end *b)
{
	return a->known == b->known && a->port == b->port && !memcmp(a->ip, b->ip, sizeof(a->ip));
}

/* "Any" of IPv6 takes IPv4 as well. */
static bool is_any_of(const struct end *any, const struct end *e)
{
	static const uint8_t zero[16], four[16] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(any->ip, zero, 16) ||
	       (!memcmp(any->ip, four, 16) && !memcmp(e->ip, four, 12));
}

static bool is_of_host(const struct trace_host *h, const struct end *e)
{
	struct addr four = addr_v4(h->ip4, 0), six = addr_v6(h->ip6, 0);
	const struct end own[2] = { end_of(&four), end_of(&six) };

	return (h->has_ip4 && !memcmp(own[0].ip, e->ip, 16)) ||
	       (h->has_ip6 && !memcmp(own[1].ip, e->ip, 16));
}

/* Whether an end of a connection is at a socket's own address. */
static bool covers(const struct conn_calls *c, const struct sock *s, const struct end *e)
{
	if (s->local.port != e->port)
		return false;
	if (!memcmp(s->local.ip, e->ip, 16))
		return true;
	if (!is_any_of(&s->local, e))
		return false;
	for (size_t i = 0; i < trace_hosts(c->t); i++)
		if (i != s->host && is_of_host(trace_host(c->t, i), e))
			return false;
	return true;
}

/* What is said of a socket; an address without a port says nothing. */
static void learn(struct conn_calls *c, struct end *what, const struct addr *a)
{
	struct end e = end_of(a);

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

/* A peer of its own: NONE if it is no address. */
static uint32_t peer_add(struct conn_calls *c, const struct addr *a)
{
	uint32_t count = (uint32_t)c->peers.count;
	struct end e = end_of(a), *peer;

	if (!e.known)
		return NONE;
	if (count && same_end(peer_at(c, count - 1), &e))
		return count - 1;
	peer = list_add(c, &c->peers, sizeof(*peer));
	if (!peer)
		return NONE;
	*peer = e;
	return (uint32_t)c->peers.count - 1;
}

/* ---- sockets and descriptors ---- */

static uint32_t sock_new(struct conn_calls *c, uint8_t host, int64_t from_ns)
{
	struct sock *s = list_add(c, &c->socks, sizeof(*s));

	if (!s)
		return NONE;
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
	p = list_add(c, &c->programs, sizeof(*p));
	if (p) {
		p->host = ev->host;
		memcpy(p->name, ev->program, sizeof(p->name));
	}
	return p;
}

static uint32_t bound(const struct program *p, int64_t fd)
{
	return p && fd >= 0 && (uint64_t)fd < p->fds ? p->sock[fd] : NONE;
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

/* The descriptor is this socket from now on; NONE: it is none any more. */
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

	if (sock != NONE || !p || fd < 0 || fd >= FD_MAX)
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
			note_add(c, ev->id, sock_of(c, p, fd, ev->ts_ns), NONE);
			any = true;
		}
	}
	if (!any)
		note_add(c, ev->id, NONE, NONE);
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
	return NONE;
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

static void on_call(struct conn_calls *c, const struct event *ev)
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
	sock = is_one_of(name, makes) ? NONE : sock_of(c, p, fd_of(ev), ev->ts_ns);
	note_add(c, ev->id, sock, addressee(c, ev));
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
		return NONE;
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
	const struct sock *l = sock_at(c, b->call ? bound(b->p, b->call->call.fd) : NONE);
	struct sock *s = sock_at(c, made(c, b, l ? l->from_ns : INT64_MIN));
	struct addr a;

	if (!s)
		return;
	l = sock_at(c, b->call ? bound(b->p, b->call->call.fd) : NONE);
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

		if (*first == NONE)
			*first = sock;
		else
			note_add(c, b->ret->id, sock, NONE);
		first = &note_at(c, b->note)->sock;
		c->version++;
	}
}

static void on_close(struct conn_calls *c, const struct back *b)
{
	if (b->ret->ret.result == 0 && b->call)
		bind_fd(c, b->p, b->call->call.fd, NONE, b->ret->ts_ns);
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

static void on_return(struct conn_calls *c, const struct event *ev, uint32_t row)
{
	uint32_t call = trace_entry(c->t, row)->link;
	uint64_t id = call == ROW_NONE ? 0 : trace_entry(c->t, call)->offset;
	struct back b = { .ret = ev, .note = call == ROW_NONE ? SIZE_MAX : note_find(c, id) };

	if (b.note == SIZE_MAX)
		return;
	b.p = program_of(c, ev);
	b.call = trace_event(c->t, call, NULL);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (ev->ret.name && !strcmp(ev->ret.name, rules[i].call))
			rules[i].back(c, &b);
	for (size_t i = b.note; i < c->notes.count && note_at(c, i)->id == id; i++)
		note_add(c, ev->id, note_at(c, i)->sock, note_at(c, i)->peer);
}

/* ---- samples, and ends of programs ---- */

/* While it is young the latest connection of its addresses is its own; later that may be another. */
static bool is_young(enum sock_state state)
{
	return state == SOCK_STATE_SYN_SENT || state == SOCK_STATE_SYN_RECEIVED ||
	       state == SOCK_STATE_ESTABLISHED;
}

static void on_state(struct conn_calls *c, const struct event *ev, uint32_t row)
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
		note_add(c, ev->id, sock, NONE);
	if (k->protocol == IPPROTO_TCP && is_young(k->state) && conn != CONN_NONE &&
	    conn != s->conn) {
		s->conn = conn;
		c->version++;
	}
}

static void on_program(struct conn_calls *c, const struct event *ev)
{
	struct program *p = program_of(c, ev);

	if (!p || ev->prog.change == PROGRAM_STARTED)
		return;
	for (size_t fd = 0; fd < p->fds; fd++)
		if (p->sock[fd] != NONE)
			bind_fd(c, p, (int64_t)fd, NONE, ev->ts_ns);
}

/* ---- the pass ---- */

static void look_at(struct conn_calls *c, uint32_t row)
{
	const struct trace_entry *entry = trace_entry(c->t, row);
	const struct event *ev;

	if (entry->offset > c->highest)
		c->highest = entry->offset;
	if (c->full || entry->kind == EVENT_PACKET || entry->kind == EVENT_WIRE)
		return;
	ev = trace_walk_event(c->walk, row, NULL);
	if (!ev)
		return;
	switch (ev->kind) {
	case EVENT_CALL:
		on_call(c, ev);
		return;
	case EVENT_RETURN:
		on_return(c, ev, row);
		return;
	case EVENT_STATE:
		on_state(c, ev, row);
		return;
	case EVENT_PROGRAM:
		on_program(c, ev);
		return;
	case EVENT_PACKET:
	case EVENT_WIRE:
	case EVENT_COMMAND:
	case EVENT_NOTE:
	case EVENT_OUTPUT:
		return;
	}
}

static void forget(struct conn_calls *c)
{
	for (size_t i = 0; i < c->programs.count; i++)
		free(((struct program *)c->programs.item)[i].sock);
	free(c->programs.item);
	free(c->socks.item);
	free(c->notes.item);
	free(c->peers.item);
	free(c->slot);
	c->programs = c->socks = c->notes = c->peers = (struct list){ 0 };
	c->slot = NULL;
	c->slots = 0;
	c->done = 0;
	c->done_id = c->highest = 0;
	c->full = false;
	c->version++;
}

static bool has_moved(const struct conn_calls *c)
{
	return c->done &&
	       (c->done > trace_rows(c->t) || trace_entry(c->t, c->done - 1)->offset != c->done_id);
}

/* Looks at what came late; a file that was out of order is brought into order in the end, and all begins anew. */
static void catch_up(struct conn_calls *c)
{
	uint32_t row = has_moved(c) ? trace_row_of(c->t, c->done_id) : ROW_NONE;
	bool loading = trace_is_loading(c->t);
	uint64_t highest = c->highest;

	if (c->loading && !loading)
		forget(c);
	else if (row != ROW_NONE) {
		for (uint32_t i = row > BACK ? row - BACK : 0; i < row; i++)
			if (trace_entry(c->t, i)->offset > highest)
				look_at(c, i);
		c->done = row + 1;
	}
	c->loading = loading;
}

bool conn_calls_work(struct conn_calls *c, int64_t budget_ns)
{
	int64_t until = clock_monotonic_ns() + budget_ns;
	uint32_t before;

	if (trace_lanes(c->t) == 0)
		return false;
	catch_up(c);
	before = c->done;
	while (c->done < trace_rows(c->t)) {
		look_at(c, c->done++);
		if (budget_ns && c->done % STRIDE == 0 && clock_monotonic_ns() >= until)
			break;
	}
	if (c->done)
		c->done_id = trace_entry(c->t, c->done - 1)->offset;
	return c->done != before;
}

bool conn_calls_busy(const struct conn_calls *c)
{
	return trace_lanes(c->t) > 0 && (c->done < trace_rows(c->t) || has_moved(c));
}

/* ---- what belongs where ---- */

static bool is_end(const struct conn_calls *c, const struct note *n, const struct conn *of, int end)
{
	const struct sock *s = sock_at(c, n->sock);
	const struct end own = end_of(&of->end[end]), other = end_of(&of->end[!end]);
	const struct end *peer = peer_at(c, n->peer);

	if (s->local.known && !covers(c, s, &own))
		return false;
	if (s->listens)
		return s->local.known && of->protocol == IPPROTO_TCP;
	if (peer)
		return same_end(peer, &other);
	if (!s->remote.known)
		return s->local.known && of->protocol != IPPROTO_TCP;
	return same_end(&s->remote, &other) &&
	       (s->local.known ||
		(of->first_ns >= s->connect_ns[0] && of->first_ns <= s->connect_ns[1]));
}

static bool is_of(const struct conn_calls *c, const struct note *n, const struct conn *of,
		  uint32_t number)
{
	const struct sock *s = sock_at(c, n->sock);

	if (!s || !of || (s->protocol && s->protocol != of->protocol))
		return false;
	if (s->conn != CONN_NONE && !s->listens)
		return s->conn == number;
	if (of->first_ns > s->to_ns || of->last_ns < s->from_ns)
		return false;
	return is_end(c, n, of, 0) || is_end(c, n, of, 1);
}

static bool nth_is_of(const struct conn_calls *c, size_t i, uint32_t conn)
{
	return is_of(c, note_at(c, i), conns_get(trace_conns(c->t), conn), conn);
}

bool conn_calls_nth_has(const struct conn_calls *c, size_t i, uint32_t conn)
{
	return i < c->notes.count && nth_is_of(c, i, conn);
}

bool conn_calls_has(const struct conn_calls *c, uint32_t row, uint32_t conn)
{
	uint64_t id = trace_entry(c->t, row)->offset;

	for (size_t i = note_find(c, id); i < c->notes.count && note_at(c, i)->id == id; i++)
		if (nth_is_of(c, i, conn))
			return true;
	return false;
}

static bool nth_any(const struct conn_calls *c, size_t i,
		    bool (*wanted)(const void *arg, uint32_t conn), const void *arg)
{
	const struct sock *s = sock_at(c, note_at(c, i)->sock);

	if (!s)
		return false;
	if (s->conn != CONN_NONE && !s->listens)
		return wanted(arg, s->conn);
	for (uint32_t conn = 0; conn < conns_count(trace_conns(c->t)); conn++)
		if (wanted(arg, conn) && nth_is_of(c, i, conn))
			return true;
	return false;
}

bool conn_calls_any(const struct conn_calls *c, uint32_t row,
		    bool (*wanted)(const void *arg, uint32_t conn), const void *arg)
{
	uint64_t id = trace_entry(c->t, row)->offset;

	for (size_t i = note_find(c, id); i < c->notes.count && note_at(c, i)->id == id; i++)
		if (nth_any(c, i, wanted, arg))
			return true;
	return false;
}

size_t conn_calls_count(const struct conn_calls *c)
{
	return c->notes.count;
}

uint64_t conn_calls_id(const struct conn_calls *c, size_t i)
{
	return i < c->notes.count ? note_at(c, i)->id : 0;
}

uint64_t conn_calls_version(const struct conn_calls *c)
{
	return c->version;
}

/* ---- beginning and end ---- */

struct conn_calls *conn_calls_new(struct trace *t, struct err *e)
{
	struct conn_calls *c = calloc(1, sizeof(*c));

	if (!c) {
		err_errno(e, errno, NULL, "finding out which calls belong to a connection");
		return NULL;
	}
	c->t = t;
	c->loading = trace_is_loading(t);
	c->walk = trace_walk_new(t, e);
	if (c->walk)
		return c;
	free(c);
	return NULL;
}

void conn_calls_free(struct conn_calls *c)
{
	if (!c)
		return;
	forget(c);
	trace_walk_free(c->walk);
	free(c);
}
