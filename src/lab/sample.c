/*
 * A packet names a socket by its addresses: one exact look-up gives the connection, or, when there is none
 * (any more), the listener.  So "the answer is the listener" and "no answer" both mean that a connection
 * that was known is CLOSED.
 *
 * A socket can be alive and in none of the kernel's tables: a TCP socket before listen() and connect() and
 * after its end, a UDP socket without a port.  Those are known from calls alone, by their cookie.
 *
 * Timers: the kernel says how long each has to run.  When that is over the socket is looked at again, and,
 * since the kernel's timer wheel is coarse (a TIME-WAIT may end 2 s late), again after growing pauses.
 */
#include "src/lab/sample.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"
#include "src/lab/diag.h"
#include "src/lab/known.h"
#include "src/lab/space.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define TIMER_SLACK_NS	  (3 * NS_PER_MS) /* what a timer causes has happened by then */
#define TIMER_LATE_MIN_NS (10 * NS_PER_MS)
#define TIMER_LATE_MAX_NS (500 * NS_PER_MS)
#define CLOSED_KEPT	  256 /* calls on a socket that has ended may still come, and are no news */
#define ICMP_MAX	  64 /* sockets that are looked at for one ICMP error */

struct sampler {
	sample_sink *sink;
	void *context;
	size_t hosts;
	struct diag *diag[HOSTS_MAX];
	struct known_set known;
	int64_t due_ns; /* no known socket is due before */
	size_t closed; /* of the known: those that can be forgotten */
};

/* What a change is attributed to, and where. */
struct cause {
	uint8_t host;
	enum state_by by;
	uint64_t number;
};

static int open_diags(struct sampler *s, const struct lab *l, struct err *e)
{
	for (size_t i = 0; i < l->hosts; i++) {
		if (space_join_net(l->host[i].netns_fd, e))
			return -1;
		s->diag[i] = diag_open(e);
		if (!s->diag[i] || diag_probe(s->diag[i], AF_INET, IPPROTO_TCP, e))
			return -1;
	}
	return 0;
}

struct sampler *sampler_new(const struct lab *l, sample_sink *sink, void *context, struct err *e)
{
	struct sampler *s = calloc(1, sizeof(*s));
	int result;

	if (!s) {
		err_errno(e, ENOMEM, NULL, "create a sampler");
		return NULL;
	}
	s->sink = sink;
	s->context = context;
	s->hosts = l->hosts;
	s->due_ns = INT64_MAX;
	result = known_init(&s->known, e);
	if (!result) {
		result = open_diags(s, l, e);
		if (space_join_net(l->wire_fd, result ? NULL : e))
			result = -1;
	}
	if (!result)
		return s;
	sampler_free(s);
	return NULL;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->hosts; i++)
		diag_close(s->diag[i]);
	known_fini(&s->known);
	free(s);
}

/* ---- what is known, and reporting what differs ---- */

/* When to look at it again. */
static void schedule(struct sampler *s, struct known *k, int64_t now_ns)
{
	if (k->last.timer == SOCK_TIMER_OFF) {
		k->due_ns = INT64_MAX;
		k->wait_ns = 0;
		return;
	}
	if (k->last.timer_ms) {
		k->wait_ns = 0;
		k->due_ns = now_ns + k->last.timer_ms * NS_PER_MS + TIMER_SLACK_NS;
	} else {
		k->wait_ns = k->wait_ns ? 2 * k->wait_ns : TIMER_LATE_MIN_NS;
		if (k->wait_ns > TIMER_LATE_MAX_NS)
			k->wait_ns = TIMER_LATE_MAX_NS;
		k->due_ns = now_ns + k->wait_ns;
	}
	if (k->due_ns < s->due_ns)
		s->due_ns = k->due_ns;
}

static void report(struct sampler *s, const struct known *k, enum sock_state old,
		   const struct cause *why, int64_t now_ns)
{
	struct event ev = {
		.kind = EVENT_STATE,
		.host = k->host,
		.ts_ns = now_ns,
		.state = { .by = why->by,
			   .by_number = why->number,
			   .fd = -1,
			   .old = old,
			   .sock = k->last },
	};

	s->sink(s->context, &ev);
}

/* One that was never in a table is not forgotten: it may be connected yet. */
static bool forgettable(const struct known *k)
{
	return k->seen && k->last.state == SOCK_STATE_CLOSED;
}

/* Takes a sample of a known socket, seen in the kernel's tables or not; true if it was news. */
static bool update(struct sampler *s, struct known *k, const struct sock_sample *now, bool seen,
		   const struct cause *why)
{
	enum sock_state old = k->last.state;
	bool news = old == SOCK_STATE_NONE || sock_sample_differs(&k->last, now);
	int64_t now_ns = clock_now_ns();

	s->closed -= forgettable(k);
	known_set_last(&s->known, k, now);
	k->seen |= seen;
	s->closed += forgettable(k);
	schedule(s, k, now_ns);
	if (news)
		report(s, k, old, why, now_ns);
	return news;
}

/* What is left of a socket that is in no table of the kernel. */
static struct sock_sample without_entry(const struct known *k, enum sock_state state)
{
	return (struct sock_sample){
		.cookie = k->last.cookie,
		.inode = k->last.inode,
		.family = k->last.family,
		.type = k->last.type,
		.protocol = k->last.protocol,
		.state = state,
		.local = k->last.local,
		.remote = k->last.remote,
	};
}

static void closed(struct sampler *s, struct known *k, const struct cause *why)
{
	struct sock_sample now = without_entry(k, SOCK_STATE_CLOSED);

	update(s, k, &now, false, why);
}

/* A packet or a call found another socket at this pair: the one before is over (a TIME-WAIT that was reused). */
static void end_predecessor(struct sampler *s, const struct sock_sample *now,
			    const struct cause *why)
{
	struct known *k = known_find_pair(&s->known, why->host, now->protocol, &now->local,
					  &now->remote, now->cookie);

	if (k && now->family != AF_UNIX && addr_port(&now->remote))
		closed(s, k, why);
}

/* Takes what the kernel gave; true if it was news.  *old (may be NULL): its state before. */
static bool observe(struct sampler *s, const struct sock_sample *now, const struct cause *why,
		    enum sock_state *old)
{
	struct known *k = known_find(&s->known, why->host, now->cookie);

	if (!k) {
		end_predecessor(s, now, why);
		k = known_add(&s->known, why->host, now);
	}
	if (!k)
		return true; /* out of memory: this socket stays unreported */
	if (old)
		*old = k->last.state;
	return update(s, k, now, true, why);
}

/* ---- packets ---- */

/* Its accept queue has changed when a handshake is complete. */
static void look_at_listener(struct sampler *s, const struct addr *local, const struct cause *why)
{
	const struct addr nobody = { 0 };
	struct sock_sample now;

	if (diag_inet(s->diag[why->host], IPPROTO_TCP, local, &nobody, &now) == 1)
		observe(s, &now, why, NULL);
}

static bool is_connection(const struct sock_sample *sample)
{
	return addr_port(&sample->remote) != 0;
}

/* One look at the socket of a pair; true if there was news. */
static bool look(struct sampler *s, uint8_t protocol, const struct addr *local,
		 const struct addr *remote, const struct cause *why)
{
	enum sock_state old = SOCK_STATE_NONE;
	struct sock_sample now;
	struct known *k;
	int found = diag_inet(s->diag[why->host], protocol, local, remote, &now);
	bool news = false;

	if (found < 0)
		return true; /* the kernel did not answer: that says nothing about the socket */
	if (!found || !is_connection(&now)) {
		k = known_find_pair(&s->known, why->host, protocol, local, remote, 0);
		if (k) {
			closed(s, k, why);
			news = true;
		}
	}
	if (!found)
		return news;
	news |= observe(s, &now, why, &old);
	if (protocol == IPPROTO_TCP && now.state == SOCK_STATE_ESTABLISHED &&
	    (old == SOCK_STATE_SYN_RECEIVED || old == SOCK_STATE_NONE))
		look_at_listener(s, local, why);
	return news;
}

/* An ICMP error is about some socket; its packet quotes which, but looking at all of the host's is simpler. */
static void look_at_all(struct sampler *s, const struct cause *why)
{
	size_t left = ICMP_MAX;

	for (size_t i = 0; i < s->known.count && left; i++) {
		struct known *k = s->known.all[i];

		if (k->host != why->host || k->last.family == AF_UNIX ||
		    k->last.state == SOCK_STATE_CLOSED || !is_connection(&k->last))
			continue;
		look(s, k->last.protocol, &k->last.local, &k->last.remote, why);
		left--;
	}
}

static bool is_icmp_error(const struct packet *p)
{
	if (p->ip_version == 4 && p->protocol == IPPROTO_ICMP)
		return p->icmp_type == 3 || p->icmp_type == 11 || p->icmp_type == 12;
	return p->ip_version == 6 && p->protocol == IPPROTO_ICMPV6 && p->icmp_type < 128;
}

/* Protocols that the kernel answers for; the subflows of MPTCP are TCP. */
static bool is_sampled(uint16_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE;
}

void sampler_packet(struct sampler *s, uint8_t host, const struct packet *p, enum state_by by,
		    uint64_t number)
{
	const struct cause why = { host, by, number };
	struct addr src, dst;
	bool arrival = by == BY_ARRIVAL;

	if (host >= s->hosts)
		return;
	if (is_icmp_error(p) && arrival) {
		look_at_all(s, &why);
		return;
	}
	if (!is_sampled(p->protocol) || !p->has_ports || !packet_endpoints(p, &src, &dst))
		return;
	if (look(s, p->protocol, arrival ? &dst : &src, arrival ? &src : &dst, &why))
		return;
	/*
	 * A TCP segment that changed nothing: perhaps the program is in a call on that socket and holds its
	 * lock, and the segment waits in the backlog.  Let it go on, and look once more.
	 */
	if (arrival && p->protocol == IPPROTO_TCP) {
		sched_yield();
		look(s, p->protocol, &dst, &src, &why);
	}
}

/* ---- calls ---- */

/* remote: the kernel gives only the peer's inode; the name is known from calls. */
static void look_at_unix(struct sampler *s, struct known *k, const struct addr *remote,
			 const struct cause *why)
{
	struct sock_sample now;
	int found = diag_unix(s->diag[why->host], k->last.inode, &now);

	if (found < 0)
		return;
	if (!found || now.cookie != k->last.cookie) {
		closed(s, k, why);
		return;
	}
	now.remote = *remote;
	update(s, k, &now, true, why);
}

/* The record of a key's socket, made if there is none; NULL if memory ran out. */
static struct known *known_of_key(struct sampler *s, uint8_t host, const struct sock_key *key)
{
	struct known *k = known_find(&s->known, host, key->cookie);
	const struct sock_sample first = {
		.cookie = key->cookie,
		.inode = key->inode,
		.family = key->family,
		.type = key->type,
		.protocol = (uint8_t)key->protocol,
		.local = key->local,
		.remote = key->remote,
	};

	return k ? k : known_add(&s->known, host, &first);
}

static void call_unix(struct sampler *s, const struct sock_key *key, const struct cause *why)
{
	const struct known *own = known_of_key(s, why->host, key);

	for (size_t i = 0; own && i < s->known.count; i++) {
		struct known *k = s->known.all[i];
		bool peer_given = k == own && key->remote.len;

		if (k->host == why->host && k->last.family == AF_UNIX &&
		    k->last.state != SOCK_STATE_CLOSED)
			look_at_unix(s, k, peer_given ? &key->remote : &k->last.remote, why);
	}
}

/*
 * The socket of a key.  Its addresses may lead to another socket (a listener beside it, one that shares the
 * port) or to none (getpeername(2) does not know the peer in SYN-SENT): the search by cookie decides.  A key may be
 * older than what packets have shown since: that of a socket() which was told late has no port.
 */
static int find_inet(struct sampler *s, const struct sock_key *key, const struct cause *why,
		     struct sock_sample *now)
{
	struct diag *d = s->diag[why->host];
	const struct known *k = known_find(&s->known, why->host, key->cookie);
	const struct addr *local = &key->local, *remote = &key->remote;
	int found;

	if (!addr_port(local) && k)
		local = &k->last.local;
	if (!addr_port(local))
		return 0;
	if (!remote->len && k)
		remote = &k->last.remote;
	found = diag_inet(d, key->protocol, local, remote, now);
	if (found < 0 || (found && now->cookie == key->cookie))
		return found;
	return diag_inet_cookie(d, key->family, key->protocol, key->cookie, now);
}

/* A UDP socket without a port has no entry anywhere, and yet is open. */
static enum sock_state state_without_entry(const struct sock_key *key)
{
	if (key->protocol != IPPROTO_TCP && !addr_port(&key->local))
		return SOCK_STATE_UNCONNECTED;
	return SOCK_STATE_CLOSED;
}

static void call_inet(struct sampler *s, const struct sock_key *key, const struct cause *why)
{
	struct sock_sample now;
	struct known *k;
	int found = find_inet(s, key, why, &now);

	if (found < 0)
		return;
	if (found) {
		observe(s, &now, why, NULL);
		return;
	}
	k = known_of_key(s, why->host, key);
	if (!k)
		return;
	now = without_entry(k, state_without_entry(key));
	if (key->local.len)
		now.local = key->local;
	update(s, k, &now, false, why);
}

/*
 * The socket of a program is not one of TCP, but has some under it, its subflows; the first has the same addresses.
 * Others are found by their packets.
 */
static void call_mptcp(struct sampler *s, const struct sock_key *key, const struct cause *why)
{
	if (key->remote.len && addr_port(&key->remote))
		look(s, IPPROTO_TCP, &key->local, &key->remote, why);
	else if (addr_port(&key->local))
		look_at_listener(s, &key->local, why);
}

void sampler_call(struct sampler *s, uint8_t host, const struct sock_key *key, uint64_t call_number)
{
	const struct cause why = { host, BY_CALL, call_number };

	if (host >= s->hosts || !key->cookie)
		return;
	if (key->family == AF_UNIX)
		call_unix(s, key, &why);
	else if (key->protocol == IPPROTO_MPTCP)
		call_mptcp(s, key, &why);
	else if (is_sampled(key->protocol))
		call_inet(s, key, &why);
}

/* ---- time ---- */

static void look_by_time(struct sampler *s, struct known *k)
{
	const struct cause why = { k->host, BY_TIME, 0 };
	struct sock_sample now;
	int found = diag_inet(s->diag[k->host], k->last.protocol, &k->last.local, &k->last.remote,
			      &now);

	if (found < 0)
		k->due_ns = INT64_MAX;
	else if (found && now.cookie == k->last.cookie)
		update(s, k, &now, true, &why);
	else
		closed(s, k, &why);
}

void sampler_tick(struct sampler *s, int64_t now_ns)
{
	int64_t next = INT64_MAX;

	if (now_ns < s->due_ns)
		return;
	for (size_t i = 0; i < s->known.count; i++)
		if (s->known.all[i]->due_ns <= now_ns)
			look_by_time(s, s->known.all[i]);
	for (size_t i = 0; i < s->known.count; i++)
		if (s->known.all[i]->due_ns < next)
			next = s->known.all[i]->due_ns;
	s->due_ns = next;
}

int64_t sampler_due(const struct sampler *s)
{
	return s->due_ns;
}

void sampler_forget_closed(struct sampler *s)
{
	if (s->closed <= CLOSED_KEPT)
		return;
	for (size_t i = s->known.count; i-- > 0;)
		if (forgettable(s->known.all[i]))
			known_remove(&s->known, s->known.all[i]);
	s->closed = 0;
}
