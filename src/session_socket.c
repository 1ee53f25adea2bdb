/*
 * The kernel knows a socket by its cookie, a program by its descriptor.  Here the two are joined, so that a
 * STATE says "client 3".  A connection has no descriptor before accept() and none after close(), but keeps
 * its program's name.
 */
#include "src/session_impl.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "src/lab/listening.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define WAITING_MAX 64 /* sockets of a host that are looked at */

static struct owned_socket *find(struct session *s, uint8_t host, uint64_t cookie)
{
	for (size_t i = s->sockets; i-- > 0;)
		if (s->socket[i].cookie == cookie && s->socket[i].host == host)
			return &s->socket[i];
	return NULL;
}

static struct owned_socket *find_or_add(struct session *s, uint8_t host, uint64_t cookie)
{
	struct owned_socket *o = find(s, host, cookie);

	if (o)
		return o;
	if (s->sockets == s->sockets_cap) {
		size_t cap = s->sockets_cap ? 2 * s->sockets_cap : 32;
		struct owned_socket *more = reallocarray(s->socket, cap, sizeof(*more));

		if (!more)
			return NULL;
		s->socket = more;
		s->sockets_cap = cap;
	}
	o = &s->socket[s->sockets++];
	*o = (struct owned_socket){
		.host = host, .cookie = cookie, .actor = SIZE_MAX, .fd = -1, .was_fd = -1
	};
	return o;
}

static void forget(struct session *s, struct owned_socket *o)
{
	*o = s->socket[--s->sockets];
}

static void name_owner(const struct session *s, const struct owned_socket *o, struct event *ev)
{
	if (o->actor != SIZE_MAX) {
		str_copy(ev->program, sizeof(ev->program), s->actor[o->actor].name);
		ev->thread = o->lane;
	}
	/* One that was opened and closed again before this sample came was open when it was taken. */
	ev->state.fd = o->fd < 0 && ev->ts_ns < o->owned_ns ? o->was_fd : o->fd;
}

/* A connection that no program has accepted yet belongs to whoever listens on its address. */
static void inherit_owner(struct session *s, struct owned_socket *o,
			  const struct sock_sample *sample)
{
	for (size_t i = 0; i < s->sockets; i++) {
		const struct owned_socket *l = &s->socket[i];

		if (l->host == o->host && l->actor != SIZE_MAX &&
		    l->last.state == SOCK_STATE_LISTEN &&
		    addr_port(&l->last.local) == addr_port(&sample->local)) {
			o->actor = l->actor;
			o->process = l->process;
			o->lane = l->lane;
			return;
		}
	}
}

/*
 * A socket of MPTCP is none that the kernel's tables have: those under it, its subflows, are sockets of TCP at the same
 * addresses, and are called by its descriptor.
 */
static bool is_subflow(const struct sock_sample *k, const struct sock_key *of)
{
	bool listens = k->state == SOCK_STATE_LISTEN;

	if (k->protocol != IPPROTO_TCP || of->protocol != IPPROTO_MPTCP ||
	    addr_port(&k->local) != addr_port(&of->local))
		return false;
	return listens ? !of->remote.len : of->remote.len && addr_equal(&k->remote, &of->remote);
}

/* The same, of a subflow that is heard of after its socket. */
static bool inherit_mptcp(struct session *s, struct owned_socket *o, const struct sock_sample *k)
{
	for (size_t i = 0; i < s->sockets; i++) {
		const struct owned_socket *of = &s->socket[i];

		if (of->host != o->host || of->actor == SIZE_MAX || !is_subflow(k, &of->key))
			continue;
		o->actor = of->actor;
		o->process = of->process;
		o->lane = of->lane;
		o->fd = of->fd;
		return true;
	}
	return false;
}

/*
 * The last sample once more, because the socket's descriptor (or its end) is all that is new.  Its time is
 * that of the call that did it, so that whatever the kernel does later comes later.
 */
static void append_sample(struct session *s, struct owned_socket *o, enum sock_state old)
{
	struct event ev = {
		.kind = EVENT_STATE,
		.host = o->host,
		.ts_ns = o->owned_ns,
		.state = { .by = BY_CALL, .by_number = o->owned_by, .old = old, .sock = o->last },
	};

	o->said_ns = o->owned_ns;
	name_owner(s, o, &ev);
	session_append(s, &ev);
}

void sockets_on_state(struct session *s, struct event *ev)
{
	struct owned_socket *o = find_or_add(s, ev->host, ev->state.sock.cookie);

	ev->state.fd = -1;
	if (!o) {
		session_append(s, ev);
		return;
	}
	if (o->actor == SIZE_MAX && !inherit_mptcp(s, o, &ev->state.sock) &&
	    ev->state.sock.state != SOCK_STATE_LISTEN)
		inherit_owner(s, o, &ev->state.sock);
	o->last = ev->state.sock;
	o->last_ns = ev->ts_ns;
	o->sampled = true;
	name_owner(s, o, ev);
	session_append(s, ev);
	/* It was on its way here while the descriptor changed: what we said then about the state is old. */
	if (o->last_ns < o->said_ns)
		append_sample(s, o, o->last.state);
	if (ev->state.sock.state == SOCK_STATE_CLOSED && o->fd < 0)
		forget(s, o);
}

/* Who has it from now on. */
static void change_owner(const struct session *s, struct owned_socket *o, size_t actor,
			 uint32_t process, int fd, uint64_t call, int64_t ts_ns)
{
	o->actor = actor;
	const struct task *t = traced_task(&s->actor[actor], process);

	o->process = process;
	o->lane = t ? t->lane : 0;
	o->was_fd = o->fd;
	o->fd = fd;
	o->owned_by = call;
	o->owned_ns = ts_ns > o->last_ns ? ts_ns : o->last_ns;
}

static void own_subflows(struct session *s, uint8_t host, const struct sock_key *key, uint64_t call,
			 int64_t ts_ns)
{
	struct owned_socket *of = find(s, host, key->cookie);

	if (!of)
		return;
	of->key = *key;
	for (size_t i = 0; i < s->sockets; i++) {
		struct owned_socket *o = &s->socket[i];

		if (o->host != host || o->fd >= 0 || !o->sampled || !is_subflow(&o->last, key))
			continue;
		change_owner(s, o, of->actor, of->process, of->fd, call, ts_ns);
		append_sample(s, o, o->last.state);
	}
}

static bool names(const struct actor *a, uint32_t process, int fd, uint64_t cookie)
{
	const struct descriptor *d = files_at(a, process, fd);

	return d && d->open && d->cookie == cookie;
}

void sockets_own(struct session *s, size_t actor, uint32_t process, int fd,
		 const struct sock_key *key, uint64_t call, int64_t ts_ns)
{
	struct actor *a = &s->actor[actor];
	struct owned_socket *o;
	struct descriptor *d;

	/* Most calls change nothing about that. */
	if (names(a, process, fd, key->cookie)) {
		if (key->protocol == IPPROTO_MPTCP)
			own_subflows(s, a->host, key, call, ts_ns);
		return;
	}
	/* What it named before is gone without a word: dup2(2). */
	sockets_disown(s, actor, process, fd, call, ts_ns);
	o = find_or_add(s, a->host, key->cookie);
	if (!o)
		return;
	o->key = *key;
	d = files_make(a, process, fd);
	if (d)
		*d = (struct descriptor){ .cookie = key->cookie, .open = true };
	/* A second descriptor for it does not change what it is called. */
	if (o->actor == actor && (o->process == process && o->fd == fd))
		return;
	if (o->actor == actor && names(a, o->process, o->fd, key->cookie))
		return;
	change_owner(s, o, actor, process, fd, call, ts_ns);
	/* Known to the kernel before it had a descriptor (accept): the same sample, with its owner. */
	if (o->sampled)
		append_sample(s, o, o->last.state);
	if (key->protocol == IPPROTO_MPTCP)
		own_subflows(s, a->host, key, call, ts_ns);
}

/* Of a socket without address or connection the kernel's tables know nothing: its close() is all we hear. */
static bool is_untold(const struct sock_sample *k)
{
	return k->state == SOCK_STATE_CLOSED || (k->family != AF_UNIX && !addr_port(&k->local));
}

static void append_closed(struct session *s, struct owned_socket *o)
{
	enum sock_state old = o->last.state;

	o->last.state = SOCK_STATE_CLOSED;
	append_sample(s, o, old);
}

/* Its descriptor is gone: it is called by another one from now on, if there is one. */
static void rename_socket(struct session *s, struct owned_socket *o, uint64_t call, int64_t ts_ns)
{
	uint32_t process = o->process;
	int fd = files_name(&s->actor[o->actor], o->cookie, &process);

	change_owner(s, o, o->actor, process, fd, call, ts_ns);
	if (!o->sampled)
		return;
	if (o->fd >= 0) {
		append_sample(s, o, o->last.state);
	} else if (is_untold(&o->last)) {
		append_closed(s, o);
		forget(s, o);
	}
}

void sockets_disown(struct session *s, size_t actor, uint32_t process, int fd, uint64_t call,
		    int64_t ts_ns)
{
	struct actor *a = &s->actor[actor];
	struct files *f = files_of(a, process);
	struct owned_socket *o;

	if (!f || fd < 0 || (size_t)fd >= f->count || !f->at[fd].open)
		return;
	f->at[fd].open = false;
	o = find(s, a->host, f->at[fd].cookie);
	if (o && o->actor == actor && o->process == process && o->fd == fd)
		rename_socket(s, o, call, ts_ns);
}

/* What the kernel does with it now that nobody has it is looked at, since no call tells. */
/* By the addresses that it was last seen with: it may have been bound since its key was noted. */
static void look_again(struct session *s, const struct owned_socket *o)
{
	struct sock_key key = o->key;

	if (!key.cookie)
		return;
	if (o->sampled && addr_port(&o->last.local)) {
		key.local = o->last.local;
		key.remote = o->last.remote;
	}
	session_sample(s, o->host, &key, 0);
}

/* A descriptor that was closed by no call. */
static void close_one(struct session *s, size_t actor, uint32_t process, int fd, int64_t ts_ns)
{
	const struct descriptor *d = files_at(&s->actor[actor], process, fd);
	uint64_t cookie = d->cookie;
	const struct owned_socket *o;

	if (!d->open)
		return;
	sockets_disown(s, actor, process, fd, 0, ts_ns);
	o = find(s, s->actor[actor].host, cookie);
	if (o && o->actor == actor && o->fd < 0)
		look_again(s, o);
}

void sockets_exec(struct session *s, size_t actor, uint32_t process, int64_t ts_ns)
{
	const struct files *f = files_of(&s->actor[actor], process);

	for (size_t fd = 0; f && fd < f->count; fd++)
		if (f->at[fd].till_exec)
			close_one(s, actor, process, (int)fd, ts_ns);
}

void sockets_end(struct session *s, size_t actor, uint32_t process, int64_t ts_ns)
{
	const struct files *f = files_of(&s->actor[actor], process);

	for (size_t fd = 0; f && fd < f->count; fd++)
		close_one(s, actor, process, (int)fd, ts_ns);
	files_drop(&s->actor[actor], process);
}

const struct sock_key *sockets_key(struct session *s, size_t actor, uint32_t process, int fd)
{
	const struct descriptor *d = files_at(&s->actor[actor], process, fd);
	const struct owned_socket *o =
		d && d->open ? find(s, s->actor[actor].host, d->cookie) : NULL;

	return o ? &o->key : NULL;
}

const struct sock_sample *sockets_last(struct session *s, uint8_t host, uint64_t cookie)
{
	const struct owned_socket *o = find(s, host, cookie);

	return o && o->sampled ? &o->last : NULL;
}

static bool waits_for_peers(const struct sock_sample *k)
{
	return k->state == SOCK_STATE_LISTEN ||
	       (k->state == SOCK_STATE_UNCONNECTED && addr_port(&k->local));
}

bool sockets_listen(const struct session *s, size_t actor)
{
	for (size_t i = 0; i < s->sockets; i++) {
		const struct owned_socket *o = &s->socket[i];

		if (o->actor == actor && o->fd >= 0 && waits_for_peers(&o->last))
			return true;
	}
	return false;
}

/* ---- what no call told of ---- */

static bool is_anothers(const struct session *s, size_t actor, uint64_t cookie)
{
	for (size_t i = 0; i < s->sockets; i++) {
		const struct owned_socket *o = &s->socket[i];

		if (o->cookie == cookie && o->actor != SIZE_MAX && o->actor != actor &&
		    (o->host == s->actor[actor].host || s->lab->loopback))
			return true;
	}
	return false;
}

/* A server often has a socket for each version of IP, at one port. */
static bool is_first_of_port(const struct sock_sample *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (all[k].protocol == all[i].protocol &&
		    addr_port(&all[k].local) == addr_port(&all[i].local))
			return false;
	return true;
}

size_t sockets_ports_beside(struct session *s, size_t actor)
{
	struct sock_sample all[WAITING_MAX];
	size_t count, n = 0;

	if (!s->listening)
		s->listening = listening_new(s->lab, NULL);
	if (!s->listening)
		return 0;
	count = listening_at(s->listening, s->actor[actor].host, all, WAITING_MAX);
	for (size_t i = 0; i < count; i++)
		n += !is_anothers(s, actor, all[i].cookie) && is_first_of_port(all, i);
	return n;
}

void sockets_die(struct session *s, size_t actor)
{
	for (size_t i = 0; i < s->sockets; i++) {
		struct owned_socket *o = &s->socket[i];

		if (o->actor != actor)
			continue;
		o->fd = -1;
		look_again(s, o);
	}
}

/* A socket of the trace; -1. */
static int trace_socket_of(const struct session *s, uint8_t host, uint64_t cookie)
{
	for (size_t i = trace_sockets(s->trace); i-- > 0;) {
		const struct trace_socket *k = trace_socket(s->trace, i);

		if (k->host == host && k->cookie == cookie)
			return (int)i;
	}
	return -1;
}

/* Of a descriptor that is no socket of TCP, but has one under it. */
static int subflow_of(const struct session *s, size_t program, int fd)
{
	for (size_t i = s->sockets; i-- > 0;) {
		const struct owned_socket *o = &s->socket[i];

		if (o->actor == program && o->fd == fd && o->sampled)
			return trace_socket_of(s, o->host, o->cookie);
	}
	return -1;
}

int session_socket_of(const struct session *s, size_t program, int fd)
{
	const struct actor *a = &s->actor[program];
	const struct descriptor *d = files_at(a, 0, fd);
	int socket;

	for (size_t i = a->files_count; i-- > 0 && (!d || !d->cookie);)
		d = files_at(a, a->files[i].process, fd);
	if (!d || !d->cookie)
		return -1;
	socket = trace_socket_of(s, a->host, d->cookie);
	return socket >= 0 ? socket : subflow_of(s, program, fd);
}
