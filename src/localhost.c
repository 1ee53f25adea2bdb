/*
 * bind() says it at once.  A connection to such an address is news only when it is refused, which connect() itself may
 * say, or later a call on the same socket: SO_ERROR after a connect() that did not block, recv() after a datagram.
 */
#include "src/localhost.h"

#include <errno.h>
#include <string.h>

#define NAME_SERVER 53 /* on many machines a resolver of the system's own waits there */

static bool is_loopback4(const uint8_t *ip)
{
	return ip[0] == 127;
}

bool localhost_is(const struct addr *a)
{
	const struct in6_addr *ip6 = &a->u.in6.sin6_addr;

	if (addr_family(a) == AF_INET)
		return is_loopback4((const uint8_t *)&a->u.in.sin_addr);
	if (addr_family(a) != AF_INET6)
		return false;
	return IN6_IS_ADDR_LOOPBACK(ip6) ||
	       (IN6_IS_ADDR_V4MAPPED(ip6) && is_loopback4(ip6->s6_addr + 12));
}

/* The address that a call was given, also inside a message; NULL. */
static const struct addr *address_in(const struct value *v, size_t count)
{
	const struct addr *inside;

	for (size_t i = 0; i < count; i++) {
		if (v[i].kind == VALUE_ADDR)
			return &v[i].addr;
		inside = v[i].kind == VALUE_LIST ? address_in(v[i].item, v[i].items) : NULL;
		if (inside)
			return inside;
	}
	return NULL;
}

static bool is_call(const struct call_request *r, const char *name)
{
	return strcmp(r->call->name, name) == 0;
}

static struct localhost_peer *find_peer(struct localhost *l, uint32_t process, int64_t fd)
{
	for (size_t i = 0; i < LOCALHOST_SOCKETS; i++)
		if (l->peer[i].used && l->peer[i].process == process && l->peer[i].fd == fd)
			return &l->peer[i];
	return NULL;
}

static void remember(struct localhost *l, uint32_t process, int64_t fd, const struct addr *a)
{
	struct localhost_peer *p = find_peer(l, process, fd);

	if (!p)
		p = &l->peer[l->next++ % LOCALHOST_SOCKETS];
	*p = (struct localhost_peer){ .used = true, .process = process, .fd = fd, .addr = *a };
}

/* By its own error, or by the one that it was asked for. */
static bool says_refused(const struct call_request *r, const struct call_outcome *o)
{
	if (o->result < 0)
		return o->error == ECONNREFUSED;
	return is_call(r, "getsockopt") && call_number_of(r, ARG_LEVEL) == SOL_SOCKET &&
	       call_number_of(r, ARG_OPTNAME) == SO_ERROR && o->option.kind == VALUE_INT &&
	       o->option.number == ECONNREFUSED;
}

static bool say(struct localhost *l, const char *program, const char *does, const struct addr *a,
		const char *which, struct str *note)
{
	l->said = true;
	str_addf(note, "%s %s ", program, does);
	addr_text(note, a, NULL);
	str_addf(note, ", %s", which);
	return true;
}

/* What a call without an address tells about a socket that was connected to such a one. */
static bool later_call(struct localhost *l, const char *program, struct localhost_peer *p,
		       const struct call_request *r, const struct call_outcome *o, struct str *note)
{
	if (says_refused(r, o))
		return say(l, program, "was refused by", &p->addr,
			   "which is its own host, where nobody listens", note);
	if (r->call->closes && o->result == 0)
		p->used = false;
	return false;
}

/* Addresses that programs use by themselves, or that are not known yet, are no news. */
static bool is_news(const struct addr *a)
{
	return localhost_is(a) && addr_port(a) && addr_port(a) != NAME_SERVER;
}

static void note_connect(struct localhost *l, uint32_t process, int64_t fd, const struct addr *a)
{
	struct localhost_peer *p = find_peer(l, process, fd);

	if (is_news(a))
		remember(l, process, fd, a);
	else if (p)
		p->used = false;
}

bool localhost_returned(struct localhost *l, const char *program, uint32_t process,
			const struct call_request *r, const struct call_outcome *o,
			struct str *note)
{
	int64_t fd = r->arg[0].number;
	const struct addr *a;
	struct localhost_peer *p;

	if (l->said || r->call->arg[0].type != ARG_FD)
		return false;
	a = address_in(r->arg, CALL_ARGS);
	if (a && is_call(r, "connect")) {
		note_connect(l, process, fd, a);
	} else if (a) {
		if (o->result < 0 || !is_news(a))
			return false;
		return is_call(r, "bind")
			       ? say(l, program, "is bound to", a, "which no other host can reach",
				     note)
			       : say(l, program, "sends to", a, "which is its own host", note);
	}
	p = find_peer(l, process, fd);
	return p && later_call(l, program, p, r, o, note);
}
