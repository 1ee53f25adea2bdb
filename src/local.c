/*
 * The sockets that are known are a table of limited size: a cookie's place is in one of its sets, where the socket that
 * was not heard of for longest makes room.  Each has a ring of what lies in its receive queue; where the ring is full the oldest is forgotten, and what
 * is received is then said to be of nobody known.
 */
#include "src/local.h"

#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/nlmsg.h"

#define SETS	     32
#define SET	     8
#define SOCKETS	     (SETS * SET)
#define WAITING	     32 /* messages in a receive queue that are known */
#define KERNEL_PROG  "kernel"
#define SUMMARY_TEXT 96

struct message {
	char program[EVENT_NAME];
	uint8_t host;
	uint64_t bytes;
	int64_t given_ns;
};

struct socket {
	uint64_t heard; /* 0: free */
	uint8_t host;
	char program[EVENT_NAME];
	struct sock_key key;
	uint32_t peer; /* inode; 0 not asked or none */
	struct message waiting[WAITING];
	size_t first, count;
	unsigned owed; /* received, and not heard of yet that they were sent … */
	int64_t owed_ns; /* … the last of them then */
};

struct local {
	struct local_rules rules;
	uint64_t heard;
	struct socket socket[SOCKETS];
	char what[SUMMARY_TEXT];
	char who[EVENT_NAME];
};

struct local *local_new(const struct local_rules *rules)
{
	struct local *l = calloc(1, sizeof(*l));

	if (l)
		l->rules = *rules;
	return l;
}

void local_free(struct local *l)
{
	free(l);
}

/* ---- sockets ---- */

static struct socket *set_of(struct local *l, uint64_t cookie)
{
	return &l->socket[cookie % SETS * SET];
}

static struct socket *socket_of(struct local *l, uint8_t host, uint64_t cookie)
{
	struct socket *set = set_of(l, cookie);

	for (size_t i = 0; i < SET; i++)
		if (set[i].heard && set[i].key.cookie == cookie && set[i].host == host)
			return &set[i];
	return NULL;
}

static struct socket *socket_make(struct local *l, uint8_t host, uint64_t cookie)
{
	struct socket *s = socket_of(l, host, cookie), *set = set_of(l, cookie);

	if (s)
		return s;
	s = set;
	for (size_t i = 1; i < SET; i++)
		if (set[i].heard < s->heard)
			s = &set[i];
	*s = (struct socket){ .host = host };
	return s;
}

static bool is_ip(const struct sock_key *k)
{
	return k->family == AF_INET || k->family == AF_INET6;
}

/* Raw sockets and others of which the wire shows what they send are not followed. */
static bool is_followed(const struct sock_key *k)
{
	return k->family == AF_UNIX || k->family == AF_NETLINK || k->family == AF_VSOCK ||
	       (is_ip(k) && (k->type == SOCK_STREAM || k->type == SOCK_DGRAM));
}

void local_know(struct local *l, uint8_t host, const char *program, const struct sock_key *key)
{
	struct socket *s;

	if (!key->cookie || !is_followed(key))
		return;
	s = socket_make(l, host, key->cookie);
	s->heard = ++l->heard;
	s->key = *key;
	(void)str_copy(s->program, sizeof(s->program), program);
}

void local_pair(struct local *l, uint8_t host, uint64_t cookie, uint64_t other)
{
	struct socket *a = socket_of(l, host, cookie), *b = socket_of(l, host, other);

	if (!a || !b)
		return;
	a->peer = b->key.inode;
	b->peer = a->key.inode;
}

/* ---- the other end ---- */

/* IPv4 as the IPv6 address that maps it, since [::] takes both. */
static bool same_ip(const struct addr *a, const struct addr *b)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t ip[2][16] = { { 0 } };
	const struct addr *both[2] = { a, b };

	for (int i = 0; i < 2; i++) {
		if (addr_family(both[i]) == AF_INET) {
			memcpy(ip[i], mapped, sizeof(mapped));
			memcpy(ip[i] + sizeof(mapped), &both[i]->u.in.sin_addr, 4);
		} else if (addr_family(both[i]) == AF_INET6) {
			memcpy(ip[i], &both[i]->u.in6.sin6_addr, 16);
		} else {
			return false;
		}
	}
	return memcmp(ip[0], ip[1], sizeof(ip[0])) == 0;
}

static bool is_at(const struct addr *own, const struct addr *to)
{
	return addr_port(own) == addr_port(to) && (addr_is_any(own) || same_ip(own, to));
}

/* Who is looked for: a socket that waits for connections, or one that data arrive at. */
struct search {
	const struct sock_key *from;
	const struct addr *to;
	bool listener;
};

static bool receives(const struct socket *s, const struct search *q)
{
	const struct addr *peer = &s->key.remote;
	bool stream = s->key.type != SOCK_DGRAM;

	if (stream && q->listener == (peer->len > 0))
		return false;
	if (s->key.family == AF_UNIX || s->key.family == AF_VSOCK)
		return addr_equal(&s->key.local, q->to);
	return is_at(&s->key.local, q->to) &&
	       (!peer->len ||
		(addr_port(peer) == addr_port(&q->from->local) && same_ip(peer, &q->from->local)));
}

static bool same_kind(const struct sock_key *a, const struct sock_key *b)
{
	return a->type == b->type && (a->family == b->family || (is_ip(a) && is_ip(b)));
}

static bool is_named(const struct addr *a)
{
	return a->len > sizeof(a->u.sa.sa_family);
}

static struct socket *socket_at(struct local *l, uint8_t host, const struct search *q)
{
	struct socket *best = NULL;

	for (size_t i = 0; i < SOCKETS; i++) {
		struct socket *s = &l->socket[i];

		if (s->heard && s->host == host && same_kind(&s->key, q->from) &&
		    s->key.cookie != q->from->cookie && receives(s, q) &&
		    (!best || s->heard > best->heard))
			best = s;
	}
	return best;
}

static struct socket *socket_of_inode(struct local *l, uint32_t inode)
{
	for (size_t i = 0; inode && i < SOCKETS; i++)
		if (l->socket[i].heard && l->socket[i].key.inode == inode &&
		    l->socket[i].key.family == AF_UNIX)
			return &l->socket[i];
	return NULL;
}

/* Of connected Unix sockets, which share a name or have none: as the kernel says, which is asked once. */
static struct socket *unix_peer(struct local *l, uint8_t host, const struct sock_key *key)
{
	struct socket *own = socket_of(l, host, key->cookie);

	if (!own)
		return NULL;
	if (!own->peer && l->rules.peer)
		own->peer = l->rules.peer(l->rules.context, host, key->inode);
	return socket_of_inode(l, own->peer);
}

static struct socket *other_end(struct local *l, const struct local_call *c, const struct addr *to,
				bool listener)
{
	const struct search q = { c->key, to, listener };
	struct socket *s = NULL;

	if (c->key->family == AF_UNIX && !listener && (c->key->type != SOCK_DGRAM || !is_named(to)))
		return unix_peer(l, c->host, c->key);
	s = socket_at(l, c->host, &q);
	if (c->key->family != AF_UNIX)
		return s;
	/* A path is the same for hosts that share their files. */
	for (uint8_t host = 0; host < HOSTS_MAX && !s; host++)
		s = socket_at(l, host, &q);
	return s;
}

/* ---- receive queues ---- */

static void give(struct socket *s, const struct local_call *c, uint64_t bytes)
{
	struct message *m;

	if (s->owed && c->entered_ns <= s->owed_ns) {
		s->owed--;
		return;
	}
	s->owed = 0;
	if (s->count == WAITING) {
		s->first = (s->first + 1) % WAITING;
		s->count--;
	}
	m = &s->waiting[(s->first + s->count++) % WAITING];
	*m = (struct message){ .host = c->host, .bytes = bytes, .given_ns = c->returned_ns };
	(void)str_copy(m->program, sizeof(m->program), c->program);
}

/* The message that what is received begins with; of a stream so many bytes are taken.  False: none is known. */
static bool take(struct socket *s, const struct local_call *c, uint64_t bytes, bool stream,
		 struct message *out)
{
	if (s->count == 0) {
		s->owed++;
		s->owed_ns = c->returned_ns;
		return false;
	}
	*out = s->waiting[s->first];
	while (s->count > 0) {
		struct message *m = &s->waiting[s->first];

		if (stream && m->bytes > bytes) {
			m->bytes -= bytes;
			break;
		}
		bytes -= stream ? m->bytes : 0;
		s->first = (s->first + 1) % WAITING;
		s->count--;
		if (!stream || bytes == 0)
			break;
	}
	return true;
}

/* ---- calls ---- */

enum act { ACT_NONE, ACT_SEND, ACT_RECEIVE, ACT_CONNECT, ACT_ACCEPT, ACT_CLOSE };

/* By what the call's arguments are: who gives data sends them. */
static enum act act_of(const struct call_request *r)
{
	static const uint8_t acts[CALL_ARG_TYPES] = {
		[ARG_DATA] = ACT_SEND,	     [ARG_MSG] = ACT_SEND,
		[ARG_IOV] = ACT_SEND,	     [ARG_MSGS] = ACT_SEND,
		[ARG_BUFFER] = ACT_RECEIVE,  [ARG_MSG_OUT] = ACT_RECEIVE,
		[ARG_IOV_OUT] = ACT_RECEIVE, [ARG_MSGS_OUT] = ACT_RECEIVE,
	};

	if (r->call->closes)
		return ACT_CLOSE;
	if (r->call->result == RESULT_FD && r->call->arg[1].type == ARG_ADDR_OUT)
		return ACT_ACCEPT;
	if (strcmp(r->call->name, "connect") == 0)
		return ACT_CONNECT;
	if (strcmp(r->call->name, "sendfile") == 0)
		return ACT_SEND;
	for (size_t i = 0; i < CALL_ARGS; i++)
		if (acts[r->call->arg[i].type])
			return acts[r->call->arg[i].type];
	return ACT_NONE;
}

/* The address that stands in the call, else that of the socket's peer. */
static const struct addr *addressee(const struct local_call *c)
{
	for (size_t i = 0; i < CALL_ARGS; i++) {
		const struct value *v = &c->request->arg[i];

		if (v->kind == VALUE_LIST && v->items && v->item[0].kind == VALUE_ADDR)
			v = &v->item[0];
		if (v->kind == VALUE_ADDR)
			return &v->addr;
	}
	return &c->key->remote;
}

/* Bytes that it sent or received: all messages together, where there are several. */
static uint64_t bytes_of(const struct local_call *c)
{
	const struct call_outcome *o = c->outcome;
	uint64_t sum = 0;

	if (c->request->call->result != RESULT_MESSAGES)
		return (uint64_t)o->result;
	for (size_t i = 0; i < o->messages.items; i++) {
		const struct value *m = &o->messages.item[i];

		sum += m->kind == VALUE_INT ? (uint64_t)m->number : 0;
		for (size_t n = 0; n < m->items; n++)
			sum += m->item[n].kind == VALUE_DATA ? m->item[n].len : 0;
	}
	return sum;
}

static struct event_local said(struct local *l, enum local_way way, uint8_t host, const char *who,
			       uint64_t bytes)
{
	(void)str_copy(l->who, sizeof(l->who), who);
	return (struct event_local){
		.way = way, .host = host, .who = l->who, .bytes = bytes, .what = l->what
	};
}

static const struct event_local nothing = { .way = LOCAL_NONE };

/* ---- netlink: the other end is the kernel ---- */

static const struct value *data_given(const struct call_request *r)
{
	for (size_t i = 0; i < CALL_ARGS; i++) {
		const struct value *v = &r->arg[i];

		if (v->kind == VALUE_DATA)
			return v;
		for (size_t n = 0; n < v->items; n++)
			if (v->item[n].kind == VALUE_DATA)
				return &v->item[n];
	}
	return NULL;
}

/* What is only looked at stays in the queue. */
static bool only_looks(const struct local_call *c)
{
	return call_number_of(c->request, ARG_MSG_FLAGS) & (MSG_PEEK | MSG_ERRQUEUE);
}

static struct event_local with_kernel(struct local *l, const struct local_call *c, enum act act)
{
	const struct value *given = data_given(c->request);
	struct str what = str_on(l->what, sizeof(l->what));
	uint8_t bytes[CALL_DATA_KEPT];

	if (act == ACT_SEND && given)
		nlmsg_summary(&what, bytes, value_bytes(given, bytes, sizeof(bytes)),
			      c->key->protocol);
	else if (act == ACT_RECEIVE && c->outcome->data)
		nlmsg_summary(&what, c->outcome->data, c->outcome->data_kept, c->key->protocol);
	if ((act != ACT_SEND && act != ACT_RECEIVE) || bytes_of(c) == 0 || only_looks(c))
		return nothing;
	return said(l, act == ACT_SEND ? LOCAL_GIVEN : LOCAL_TAKEN, HOST_NONE, KERNEL_PROG,
		    bytes_of(c));
}

/* ---- all others ---- */

/* Whether what is sent there is seen by nobody else. */
static bool is_unseen(const struct local *l, const struct local_call *c, const struct addr *to)
{
	if (!is_ip(c->key))
		return true;
	return l->rules.unseen && is_named(to) && l->rules.unseen(l->rules.context, c->host, to);
}

static struct event_local sent(struct local *l, const struct local_call *c, bool connects)
{
	const struct addr *to = addressee(c);
	bool stream = c->key->type != SOCK_DGRAM;
	uint64_t bytes = connects ? 0 : bytes_of(c);
	struct socket *s;

	if (!is_unseen(l, c, to) || (connects && !stream) ||
	    (!connects && c->key->type == SOCK_STREAM && bytes == 0))
		return nothing;
	s = other_end(l, c, to, connects);
	if (connects)
		(void)str_copy(l->what, sizeof(l->what), "connection");
	if (s)
		give(s, c, bytes);
	return said(l, LOCAL_GIVEN, s ? s->host : HOST_NONE, s ? s->program : "", bytes);
}

static struct event_local received(struct local *l, const struct local_call *c, enum act act)
{
	struct socket *own = socket_of(l, c->host, c->key->cookie);
	bool stream = c->key->type == SOCK_STREAM && act == ACT_RECEIVE;
	uint64_t bytes = act == ACT_RECEIVE ? bytes_of(c) : 0;
	struct event_local out;
	struct message m;
	bool known;

	if (!own || (stream && bytes == 0) || only_looks(c) ||
	    (act == ACT_ACCEPT && c->key->type == SOCK_DGRAM))
		return nothing;
	if (!is_unseen(l, c, is_named(&c->outcome->addr) ? &c->outcome->addr : &c->key->remote))
		return nothing;
	known = take(own, c, bytes, stream, &m);
	if (!known)
		m = (struct message){ .host = HOST_NONE, .given_ns = c->entered_ns };
	if (c->outcome->blocked || (!known && act == ACT_RECEIVE && bytes == 0))
		return nothing;
	if (act == ACT_ACCEPT)
		(void)str_copy(l->what, sizeof(l->what), "connection");
	out = said(l, LOCAL_TAKEN, m.host, m.program, bytes);
	out.waited_ns = c->entered_ns > m.given_ns ? c->entered_ns - m.given_ns : 0;
	return out;
}

struct event_local local_returned(struct local *l, const struct local_call *c)
{
	enum act act = act_of(c->request);
	struct socket *own;

	l->what[0] = '\0';
	if (!c->key->cookie || !is_followed(c->key) || c->outcome->result < 0)
		return nothing;
	if (c->key->family == AF_NETLINK)
		return with_kernel(l, c, act);
	switch (act) {
	case ACT_NONE:
		break;
	case ACT_SEND:
	case ACT_CONNECT:
		return sent(l, c, act == ACT_CONNECT);
	case ACT_RECEIVE:
	case ACT_ACCEPT:
		return received(l, c, act);
	case ACT_CLOSE:
		own = socket_of(l, c->host, c->key->cookie);
		if (own)
			*own = (struct socket){ .heard = 0 };
		break;
	}
	return nothing;
}
