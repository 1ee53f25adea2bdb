/*
 * The session's part in local.h: it tells of sockets and calls, and answers what only the kernel and the lab know.
 * The kernel is asked from here, not by the wire's thread: the answer is part of the RETURN.
 */
#include <errno.h>
#include <string.h>

#include "src/lab/diag.h"
#include "src/lab/listening.h"
#include "src/local.h"
#include "src/session_impl.h"

static uint32_t ask_peer(void *context, uint8_t host, uint32_t inode)
{
	struct session *s = context;
	struct sock_sample sample;

	if (!s->lab)
		return 0;
	if (!s->listening)
		s->listening = listening_new(s->lab, NULL);
	if (!s->listening || diag_unix(listening_diag(s->listening, host), inode, &sample) < 1)
		return 0;
	return sample.peer;
}

static bool is_loopback(const struct addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *ip6 = a->u.in6.sin6_addr.s6_addr;

	if (addr_family(a) == AF_INET)
		return *(const uint8_t *)&a->u.in.sin_addr == 127;
	if (addr_family(a) != AF_INET6)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&a->u.in6.sin6_addr) ||
	       (memcmp(ip6, mapped, sizeof(mapped)) == 0 && ip6[12] == 127);
}

static bool is_own(const struct trace_host *h, const struct addr *a)
{
	if (addr_family(a) == AF_INET)
		return h->has_ip4 && memcmp(h->ip4, &a->u.in.sin_addr, sizeof(h->ip4)) == 0;
	if (addr_family(a) == AF_INET6)
		return h->has_ip6 && memcmp(h->ip6, &a->u.in6.sin6_addr, sizeof(h->ip6)) == 0;
	return false;
}

/* Between hosts the wire sees everything; what a host sends to itself takes its lo. */
static bool is_unseen(void *context, uint8_t host, const struct addr *to)
{
	const struct session *s = context;

	if (!s->lab || s->lab->loopback || host >= trace_hosts(s->trace))
		return false;
	return is_loopback(to) || is_own(trace_host(s->trace, host), to);
}

int session_local_init(struct session *s, struct err *e)
{
	const struct local_rules rules = { .peer = ask_peer, .unseen = is_unseen, .context = s };

	s->local = local_new(&rules);
	return s->local ? 0 : err_errno(e, ENOMEM, NULL, "start a session");
}

void session_local_fini(struct session *s)
{
	local_free(s->local);
	s->local = NULL;
}

struct event_local session_local(struct session *s, const struct call_record *r,
				 const struct call_sockets *k)
{
	const struct actor *a = &s->actor[r->actor];
	const struct local_call call = {
		.host = a->host,
		.program = a->name,
		.request = &r->request,
		.outcome = &r->outcome,
		.key = &k->sock,
		.entered_ns = r->entered_ns,
		.returned_ns = k->ts_ns,
	};

	local_know(s->local, a->host, a->name, &k->sock);
	local_know(s->local, a->host, a->name, &k->made);
	local_know(s->local, a->host, a->name, &k->made_second);
	if (r->outcome.fds.items == 2)
		local_pair(s->local, a->host, k->made.cookie, k->made_second.cookie);
	return local_returned(s->local, &call);
}
