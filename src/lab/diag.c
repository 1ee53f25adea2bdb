/*
 * The kernel's structs are copied out of the answer by the bounds-checked reader, never laid over it:
 * tcp_info has grown with every few kernels, and an older one gives less of it.
 *
 * A trap: in an exact look-up of UDP and UDP-Lite, source and destination are swapped against TCP, for historical reasons.
 */
#include "src/lab/diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/rd.h"
#include "src/lab/netlink.h"

#define ANSWER	   32768 /* bytes: the largest datagram of a dump */
#define ALL_STATES UINT32_MAX

struct diag {
	struct netlink n;
	char answer[ANSWER];
};

/* include/net/tcp_states.h of the kernel, whose numbers sock_diag(7) uses. */
enum {
	KERNEL_ESTABLISHED = 1,
	KERNEL_SYN_SENT,
	KERNEL_SYN_RECV,
	KERNEL_FIN_WAIT1,
	KERNEL_FIN_WAIT2,
	KERNEL_TIME_WAIT,
	KERNEL_CLOSE,
	KERNEL_CLOSE_WAIT,
	KERNEL_LAST_ACK,
	KERNEL_LISTEN,
	KERNEL_CLOSING,
	KERNEL_NEW_SYN_RECV,
	KERNEL_BOUND_INACTIVE,
};

/* What the kernel's number means for TCP, and for sockets that have no state machine (UDP, Unix). */
static const struct {
	uint8_t tcp, plain;
} states[] = {
	[KERNEL_ESTABLISHED] = { SOCK_STATE_ESTABLISHED, SOCK_STATE_CONNECTED },
	[KERNEL_SYN_SENT] = { SOCK_STATE_SYN_SENT, SOCK_STATE_UNCONNECTED },
	[KERNEL_SYN_RECV] = { SOCK_STATE_SYN_RECEIVED, SOCK_STATE_UNCONNECTED },
	[KERNEL_FIN_WAIT1] = { SOCK_STATE_FIN_WAIT_1, SOCK_STATE_UNCONNECTED },
	[KERNEL_FIN_WAIT2] = { SOCK_STATE_FIN_WAIT_2, SOCK_STATE_UNCONNECTED },
	[KERNEL_TIME_WAIT] = { SOCK_STATE_TIME_WAIT, SOCK_STATE_UNCONNECTED },
	[KERNEL_CLOSE] = { SOCK_STATE_CLOSED, SOCK_STATE_UNCONNECTED },
	[KERNEL_CLOSE_WAIT] = { SOCK_STATE_CLOSE_WAIT, SOCK_STATE_UNCONNECTED },
	[KERNEL_LAST_ACK] = { SOCK_STATE_LAST_ACK, SOCK_STATE_UNCONNECTED },
	[KERNEL_LISTEN] = { SOCK_STATE_LISTEN, SOCK_STATE_LISTEN },
	[KERNEL_CLOSING] = { SOCK_STATE_CLOSING, SOCK_STATE_UNCONNECTED },
	[KERNEL_NEW_SYN_RECV] = { SOCK_STATE_SYN_RECEIVED, SOCK_STATE_UNCONNECTED },
	[KERNEL_BOUND_INACTIVE] = { SOCK_STATE_CLOSED, SOCK_STATE_UNCONNECTED },
};

static enum sock_state state_of(uint8_t number, bool tcp)
{
	if (number >= sizeof(states) / sizeof(states[0]))
		return SOCK_STATE_NONE;
	return tcp ? states[number].tcp : states[number].plain;
}

/* By idiag_timer of sock_diag(7).  1 is also the tail-loss probe and the reordering timer. */
static const uint8_t timers[] = {
	[0] = SOCK_TIMER_OFF,	    [1] = SOCK_TIMER_RETRANSMIT, [2] = SOCK_TIMER_KEEPALIVE,
	[3] = SOCK_TIMER_TIME_WAIT, [4] = SOCK_TIMER_PROBE,
};

static enum sock_timer timer_of(uint8_t number)
{
	return number < sizeof(timers) / sizeof(timers[0]) ? timers[number] : SOCK_TIMER_OFF;
}

struct diag *diag_open(struct err *e)
{
	struct diag *d = malloc(sizeof(*d));

	if (!d) {
		err_errno(e, ENOMEM, NULL, "open socket diagnosis");
		return NULL;
	}
	if (!netlink_open(&d->n, NETLINK_SOCK_DIAG, e))
		return d;
	free(d);
	return NULL;
}

void diag_close(struct diag *d)
{
	if (!d)
		return;
	netlink_close(&d->n);
	free(d);
}

/* ---- answers ---- */

/* The next message of a datagram: its header, and a reader on its body.  False at the end. */
static bool next_message(struct rd *r, struct nlmsghdr *head, struct rd *body)
{
	rd_copy(r, head, sizeof(*head));
	if (r->short_read || head->nlmsg_len < sizeof(*head))
		return false;
	*body = rd_sub(r, head->nlmsg_len - sizeof(*head));
	if (rd_left(r))
		rd_skip(r, MNL_ALIGN(head->nlmsg_len) - head->nlmsg_len);
	return !body->short_read;
}

/* The next attribute: its type, and a reader on its value.  False at the end. */
static bool next_attr(struct rd *r, uint16_t *type, struct rd *value)
{
	struct nlattr head;

	rd_copy(r, &head, sizeof(head));
	if (r->short_read || head.nla_len < sizeof(head))
		return false;
	*type = head.nla_type & NLA_TYPE_MASK;
	*value = rd_sub(r, head.nla_len - sizeof(head));
	if (rd_left(r))
		rd_skip(r, MNL_ALIGN(head.nla_len) - head.nla_len);
	return !value->short_read;
}

static struct addr endpoint(uint8_t family, const void *ip, const void *port)
{
	struct rd r = rd_on(port, 2);
	uint16_t number = rd_be16(&r);

	return family == AF_INET6 ? addr_v6(ip, number) : addr_v4(ip, number);
}

#define SSTHRESH_NONE 0x7fffffff /* include/net/tcp.h: TCP_INFINITE_SSTHRESH */

static void read_tcp_info(struct rd *value, struct sock_sample *out)
{
	struct tcp_info info = { 0 };
	size_t len = rd_left(value);

	rd_copy(value, &info, len < sizeof(info) ? len : sizeof(info));
	out->cwnd = info.tcpi_snd_cwnd;
	out->ssthresh = info.tcpi_snd_ssthresh >= SSTHRESH_NONE ? 0 : info.tcpi_snd_ssthresh;
	out->rtt_us = info.tcpi_rtt;
	out->rttvar_us = info.tcpi_rttvar;
	out->rto_us = info.tcpi_rto;
	out->mss = info.tcpi_snd_mss;
	out->unacked = info.tcpi_unacked;
	out->sacked = info.tcpi_sacked;
	out->lost = info.tcpi_lost;
	out->total_retrans = info.tcpi_total_retrans;
	out->snd_wnd = info.tcpi_snd_wnd;
	out->pmtu = info.tcpi_pmtu;
	out->ca_state = info.tcpi_ca_state;
}

static void read_meminfo(struct rd *value, struct sock_sample *out)
{
	uint32_t drops;

	rd_skip(value, SK_MEMINFO_DROPS * sizeof(drops));
	rd_copy(value, &drops, sizeof(drops));
	out->drops = drops;
}

/* A listener's tcp_info means other things under the same names. */
static void read_inet_attr(uint16_t type, struct rd *value, struct sock_sample *out)
{
	if (type == INET_DIAG_INFO && out->state != SOCK_STATE_LISTEN)
		read_tcp_info(value, out);
	else if (type == INET_DIAG_SKMEMINFO)
		read_meminfo(value, out);
}

/* A timer that is late is reported as 0 by new kernels, as a huge number by old ones. */
static uint32_t expiry(uint32_t ms)
{
	return ms > INT32_MAX ? 0 : ms;
}

static bool read_inet(struct rd *body, int protocol, struct sock_sample *out)
{
	struct inet_diag_msg m;
	uint16_t type;
	struct rd value;

	rd_copy(body, &m, sizeof(m));
	if (body->short_read)
		return false;
	*out = (struct sock_sample){
		.cookie = (uint64_t)m.id.idiag_cookie[1] << 32 | m.id.idiag_cookie[0],
		.inode = m.idiag_inode,
		.family = m.idiag_family,
		.type = protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM,
		.protocol = (uint8_t)protocol,
		.state = state_of(m.idiag_state, protocol == IPPROTO_TCP),
		.local = endpoint(m.idiag_family, m.id.idiag_src, &m.id.idiag_sport),
		.remote = endpoint(m.idiag_family, m.id.idiag_dst, &m.id.idiag_dport),
		.recvq = m.idiag_rqueue,
		.sendq = m.idiag_wqueue,
		.timer = timer_of(m.idiag_timer),
		.timer_ms = m.idiag_timer ? expiry(m.idiag_expires) : 0,
		.retransmits = m.idiag_retrans,
	};
	while (next_attr(body, &type, &value))
		read_inet_attr(type, &value, out);
	return true;
}

static void read_unix_name(struct rd *value, struct sock_sample *out)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = rd_left(value);

	if (len > sizeof(un.sun_path))
		len = sizeof(un.sun_path);
	rd_copy(value, un.sun_path, len);
	out->local = addr_of((const struct sockaddr *)&un,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

static void read_unix_queues(struct rd *value, struct sock_sample *out)
{
	struct unix_diag_rqlen queues;

	rd_copy(value, &queues, sizeof(queues));
	out->recvq = queues.udiag_rqueue;
	out->sendq = queues.udiag_wqueue;
}

static bool read_unix(struct rd *body, struct sock_sample *out)
{
	const struct sockaddr_un unnamed = { .sun_family = AF_UNIX };
	struct unix_diag_msg m;
	uint16_t type;
	struct rd value;

	rd_copy(body, &m, sizeof(m));
	if (body->short_read)
		return false;
	*out = (struct sock_sample){
		.cookie = (uint64_t)m.udiag_cookie[1] << 32 | m.udiag_cookie[0],
		.inode = m.udiag_ino,
		.family = AF_UNIX,
		.type = m.udiag_type,
		.state = state_of(m.udiag_state, false),
		.local = addr_of((const struct sockaddr *)&unnamed, sizeof(unnamed.sun_family)),
	};
	while (next_attr(body, &type, &value)) {
		if (type == UNIX_DIAG_NAME)
			read_unix_name(&value, out);
		else if (type == UNIX_DIAG_RQLEN)
			read_unix_queues(&value, out);
		else if (type == UNIX_DIAG_PEER)
			rd_copy(&value, &out->peer, sizeof(out->peer));
	}
	return true;
}

/* ---- questions ---- */

static bool read_socket(struct rd *body, int family, int protocol, struct sock_sample *out)
{
	return family == AF_UNIX ? read_unix(body, out) : read_inet(body, protocol, out);
}

static int no_socket(struct rd *body)
{
	int32_t error;

	rd_copy(body, &error, sizeof(error));
	return error == -ENOENT || error == -ESTALE ? 0 : -1;
}

/* Sends the request and reads the one socket of the answer. */
static int ask(struct diag *d, int family, int protocol, struct sock_sample *out)
{
	long got = netlink_ask(&d->n, d->answer, sizeof(d->answer));
	struct nlmsghdr head;
	struct rd r, body;

	/* An answer to an earlier request may still be there if reading that one failed half-way. */
	for (; got > 0; got = netlink_more(&d->n, d->answer, sizeof(d->answer))) {
		r = rd_on(d->answer, (size_t)got);
		if (!next_message(&r, &head, &body) || head.nlmsg_seq != d->n.seq)
			continue;
		if (head.nlmsg_type == NLMSG_ERROR)
			return no_socket(&body);
		return read_socket(&body, family, protocol, out) ? 1 : -1;
	}
	return -1;
}

static void put_endpoint(const struct addr *a, int family, __be32 ip[4], __be16 *port)
{
	if (addr_family(a) != family)
		return;
	if (family == AF_INET6) {
		memcpy(ip, &a->u.in6.sin6_addr, 16);
		*port = a->u.in6.sin6_port;
	} else {
		memcpy(ip, &a->u.in.sin_addr, 4);
		*port = a->u.in.sin_port;
	}
}

static struct inet_diag_req_v2 *inet_request(struct diag *d, int family, int protocol,
					     uint16_t flags)
{
	struct nlmsghdr *m = netlink_request(&d->n, SOCK_DIAG_BY_FAMILY, flags);
	struct inet_diag_req_v2 *r = mnl_nlmsg_put_extra_header(m, sizeof(*r));

	r->sdiag_family = (uint8_t)family;
	r->sdiag_protocol = (uint8_t)protocol;
	r->idiag_states = ALL_STATES;
	r->idiag_ext = protocol == IPPROTO_TCP ? 1 << (INET_DIAG_INFO - 1)
					       : 1 << (INET_DIAG_SKMEMINFO - 1);
	r->id.idiag_cookie[0] = r->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return r;
}

int diag_inet(struct diag *d, int protocol, const struct addr *local, const struct addr *remote,
	      struct sock_sample *out)
{
	int family = addr_family(local);
	struct inet_diag_req_v2 *r = inet_request(d, family, protocol, 0);
	bool swap = protocol != IPPROTO_TCP;

	put_endpoint(swap ? remote : local, family, r->id.idiag_src, &r->id.idiag_sport);
	put_endpoint(swap ? local : remote, family, r->id.idiag_dst, &r->id.idiag_dport);
	return ask(d, family, protocol, out);
}

int diag_unix(struct diag *d, uint32_t inode, struct sock_sample *out)
{
	struct nlmsghdr *m = netlink_request(&d->n, SOCK_DIAG_BY_FAMILY, 0);
	struct unix_diag_req *r = mnl_nlmsg_put_extra_header(m, sizeof(*r));

	r->sdiag_family = AF_UNIX;
	r->udiag_states = ALL_STATES;
	r->udiag_ino = inode;
	r->udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN | UDIAG_SHOW_PEER;
	r->udiag_cookie[0] = r->udiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return ask(d, AF_UNIX, 0, out);
}

/* ---- going through all sockets ---- */

struct search {
	int family, protocol;
	uint64_t cookie; /* 0: none is meant, only to see that the kernel answers */
	struct sock_sample *out;
	size_t max, count; /* of a search for those that wait; max 0: it is none */
	int result; /* 1 found, 0 not (yet), -1 refused */
	int error; /* errno then */
	bool done;
};

static void keep_waiting(struct search *s, struct rd *body)
{
	struct sock_sample now;

	if (s->count == s->max || !read_socket(body, s->family, s->protocol, &now))
		return;
	if (now.state == SOCK_STATE_LISTEN ||
	    (now.state == SOCK_STATE_UNCONNECTED && addr_port(&now.local)))
		s->out[s->count++] = now;
}

static void search_message(struct search *s, const struct nlmsghdr *head, struct rd *body)
{
	struct sock_sample now;
	int32_t error;

	if (head->nlmsg_type == NLMSG_DONE || head->nlmsg_type == NLMSG_ERROR) {
		rd_copy(body, &error, sizeof(error));
		s->done = true;
		if (error < 0 && !s->result) {
			s->result = -1;
			s->error = -error;
		}
		return;
	}
	if (s->max)
		keep_waiting(s, body);
	if (s->result || !s->cookie || !read_socket(body, s->family, s->protocol, &now) ||
	    now.cookie != s->cookie)
		return;
	*s->out = now;
	s->result = 1;
}

/* The dump is read to its end, also when the socket is found: the next request would meet the rest. */
static void search_run(struct diag *d, struct search *s)
{
	long got = netlink_ask(&d->n, d->answer, sizeof(d->answer));
	struct nlmsghdr head;
	struct rd r, body;

	for (; !s->done && got > 0; got = netlink_more(&d->n, d->answer, sizeof(d->answer))) {
		r = rd_on(d->answer, (size_t)got);
		while (!s->done && next_message(&r, &head, &body))
			if (head.nlmsg_seq == d->n.seq)
				search_message(s, &head, &body);
		if (s->done)
			return;
	}
	if (!s->result) {
		s->result = -1;
		s->error = got < 0 ? (int)-got : EPROTO;
	}
}

static void search_request(struct diag *d, int family, int protocol)
{
	struct nlmsghdr *m;
	struct unix_diag_req *r;

	if (family != AF_UNIX) {
		inet_request(d, family, protocol, NLM_F_DUMP);
		return;
	}
	m = netlink_request(&d->n, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	r = mnl_nlmsg_put_extra_header(m, sizeof(*r));
	r->sdiag_family = AF_UNIX;
	r->udiag_states = ALL_STATES;
}

int diag_inet_cookie(struct diag *d, int family, int protocol, uint64_t cookie,
		     struct sock_sample *out)
{
	struct search s = { .family = family, .protocol = protocol, .cookie = cookie, .out = out };

	search_request(d, family, protocol);
	search_run(d, &s);
	return s.result;
}

int diag_waiting(struct diag *d, int family, int protocol, struct sock_sample *out, size_t max)
{
	struct search s = { .family = family, .protocol = protocol, .out = out, .max = max };
	struct inet_diag_req_v2 *r = inet_request(d, family, protocol, NLM_F_DUMP);

	r->idiag_states = 1u << (protocol == IPPROTO_TCP ? KERNEL_LISTEN : KERNEL_CLOSE);
	search_run(d, &s);
	return s.result < 0 ? -1 : (int)s.count;
}

int diag_probe(struct diag *d, int family, int protocol, struct err *e)
{
	const char *kind = family == AF_UNIX	     ? "unix_diag"
			   : protocol == IPPROTO_TCP ? "tcp_diag"
						     : "udp_diag";
	struct search s = { .family = family, .protocol = protocol };
	STR_ON_STACK(hint, 64);

	search_request(d, family, protocol);
	search_run(d, &s);
	if (!s.result)
		return 0;
	str_addf(&hint, "sudo modprobe %s", kind);
	return err_errno(e, s.error, hint.buf, "read kernel sockets (%s)", kind);
}
