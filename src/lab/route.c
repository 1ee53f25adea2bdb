/*
 * A host has one route to all of its subnet.  The metrics are put on routes of their own, one to each peer, so that
 * nothing else changes; what such a route says is read back from the kernel before it is replaced.
 */
#include "src/lab/route.h"

#include <errno.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "src/core/rd.h"
#include "src/lab/iface.h"
#include "src/lab/netlink.h"
#include "src/lab/space.h"

/* clang-format off */
const struct route_metric route_metrics[] = {
	{ "quickack", "1: every ACK at once, none is delayed", RTAX_QUICKACK, .max = 1 },
	{ "rto_min", "the least time before data are sent again: 5s", RTAX_RTO_MIN, .time = true, .locked = true, .max = 120000 },
	{ "initcwnd", "segments of a new connection's first flight", RTAX_INITCWND, .max = 1000 },
	{ "initrwnd", "segments that a new connection's first window has room for", RTAX_INITRWND, .max = 1000 },
};
/* clang-format on */
const size_t route_metrics_count = sizeof(route_metrics) / sizeof(route_metrics[0]);

#define ANSWER 4096

struct metrics {
	uint32_t value[RTAX_MAX + 1]; /* 0: not set */
};

const struct route_metric *route_metric_find(const char *name, size_t len)
{
	for (size_t i = 0; i < route_metrics_count; i++)
		if (strlen(route_metrics[i].name) == len &&
		    memcmp(route_metrics[i].name, name, len) == 0)
			return &route_metrics[i];
	return NULL;
}

/* ---- attributes ---- */

/* The next attribute; false: there is none.  type and body are its own. */
static bool next_attribute(struct rd *r, uint16_t *type, struct rd *body)
{
	struct nlattr head;
	size_t padding;

	rd_copy(r, &head, sizeof(head));
	if (r->short_read || head.nla_len < sizeof(head))
		return false;
	*type = head.nla_type & NLA_TYPE_MASK;
	*body = rd_sub(r, head.nla_len - sizeof(head));
	padding = (size_t)(NLA_ALIGN(head.nla_len) - head.nla_len);
	rd_skip(r, padding < rd_left(r) ? padding : rd_left(r));
	return !body->short_read;
}

static void read_metrics(struct rd *r, struct metrics *m)
{
	struct rd body;
	uint16_t type;

	while (next_attribute(r, &type, &body))
		if (type <= RTAX_MAX && rd_left(&body) == sizeof(m->value[0]))
			rd_copy(&body, &m->value[type], sizeof(uint32_t));
}

/* ---- the route ---- */

struct peer {
	int family;
	const uint8_t *ip;
	uint8_t len;
};

/* What the route that leads to the peer says, if it is one to the peer alone. */
static void read_route(struct netlink *n, const struct peer *to, struct metrics *m)
{
	struct nlmsghdr *request = netlink_request(n, RTM_GETROUTE, 0);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(request, sizeof(*route)), found;
	uint8_t answer[ANSWER];
	struct nlmsghdr head;
	struct rd r, body;
	uint16_t type;
	long got;

	route->rtm_family = (uint8_t)to->family;
	route->rtm_dst_len = (uint8_t)(to->len * CHAR_BIT);
	route->rtm_flags = RTM_F_FIB_MATCH;
	mnl_attr_put(request, RTA_DST, to->len, to->ip);
	got = netlink_ask(n, answer, sizeof(answer));
	r = rd_on(answer, got > 0 ? (size_t)got : 0);
	rd_copy(&r, &head, sizeof(head));
	rd_copy(&r, &found, sizeof(found));
	if (r.short_read || head.nlmsg_type != RTM_NEWROUTE ||
	    found.rtm_dst_len != to->len * CHAR_BIT)
		return;
	while (next_attribute(&r, &type, &body))
		if (type == RTA_METRICS)
			read_metrics(&body, m);
}

static int write_route(struct netlink *n, const struct peer *to, const struct metrics *m,
		       struct err *e)
{
	struct nlmsghdr *request = netlink_request(n, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
	struct nlattr *metrics;

	route->rtm_family = (uint8_t)to->family;
	route->rtm_dst_len = (uint8_t)(to->len * CHAR_BIT);
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_STATIC;
	route->rtm_scope = to->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	route->rtm_type = RTN_UNICAST;
	mnl_attr_put(request, RTA_DST, to->len, to->ip);
	mnl_attr_put_u32(request, RTA_OIF, iface_index("eth0"));
	metrics = mnl_attr_nest_start(request, RTA_METRICS);
	for (uint16_t i = 1; i <= RTAX_MAX; i++)
		if (m->value[i])
			mnl_attr_put_u32(request, i, m->value[i]);
	mnl_attr_nest_end(request, metrics);
	return netlink_do(n, e, "set the route to a peer");
}

static int set_metric(struct netlink *n, const struct peer *to, const struct route_metric *metric,
		      uint32_t value, uint32_t *was, struct err *e)
{
	struct metrics m = { .value = { 0 } };

	read_route(n, to, &m);
	*was = m.value[metric->attribute];
	m.value[metric->attribute] = value;
	if (metric->locked && value)
		m.value[RTAX_LOCK] |= 1u << metric->attribute;
	else
		m.value[RTAX_LOCK] &= ~(1u << metric->attribute);
	return write_route(n, to, &m, e);
}

static int set_peers(const struct lab *l, uint8_t host, const struct route_metric *metric,
		     uint32_t value, uint32_t *was, struct err *e)
{
	struct netlink n;
	int result = netlink_open(&n, NETLINK_ROUTE, e);

	for (size_t i = 0; !result && i < l->hosts; i++) {
		struct peer ip4 = { AF_INET, l->host[i].ip4, 4 };
		struct peer ip6 = { AF_INET6, l->host[i].ip6, 16 };

		if (i == host)
			continue;
		if (l->ip6)
			result = set_metric(&n, &ip6, metric, value, was, e);
		if (!result)
			result = set_metric(&n, &ip4, metric, value, was, e);
	}
	netlink_close(&n);
	return result;
}

int lab_route_metric(const struct lab *l, uint8_t host, const char *name, uint32_t value,
		     uint32_t *was, struct err *e)
{
	const struct route_metric *metric = route_metric_find(name, strlen(name));
	uint32_t before = 0;
	int result;

	if (!metric)
		return err_set(e, NULL, "%s: not something that a route says", name);
	if (value > metric->max)
		return err_set(e, NULL, "%s: at most %u", name, metric->max);
	if (host >= l->hosts || l->loopback)
		return err_set(e, NULL, "%s: there is no route to another host here", name);
	if (space_join_net(l->host[host].netns_fd, e))
		return -1;
	result = set_peers(l, host, metric, value, &before, e);
	if (space_join_net(l->wire_fd, result ? NULL : e))
		return -1;
	if (was)
		*was = before;
	return result;
}
