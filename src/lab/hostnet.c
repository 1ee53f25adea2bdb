#include "src/lab/hostnet.h"

#include <assert.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "src/lab/iface.h"
#include "src/lab/netlink.h"
#include "src/lab/route.h"
#include "src/lab/space.h"

#define IFACE "eth0"

/* ---- patience ---- */

static const struct {
	const char *name;
	uint32_t value;
} patient[] = {
	{ "rto_min", 5000 },
	{ "quickack", 1 },
};
static_assert(sizeof(patient) / sizeof(patient[0]) == PATIENCE_METRICS, "room for each of them");

static int begin(struct patience *p, const struct lab *l, uint8_t host, size_t i, struct err *e)
{
	return lab_route_metric(l, host, patient[i].name, patient[i].value, &p->was[host][i], e);
}

/* Somebody may have set it to something else since, and means it. */
static int end(const struct patience *p, const struct lab *l, uint8_t host, size_t i, struct err *e)
{
	uint32_t now;

	if (lab_route_metric(l, host, patient[i].name, p->was[host][i], &now, e))
		return -1;
	return now == patient[i].value ? 0
				       : lab_route_metric(l, host, patient[i].name, now, NULL, e);
}

int hostnet_patience(struct patience *p, const struct lab *l, bool on, struct err *e)
{
	int result = 0;

	p->on = on;
	for (uint8_t host = 0; host < l->hosts; host++)
		for (size_t i = 0; i < PATIENCE_METRICS && !result; i++)
			result = on ? begin(p, l, host, i, e) : end(p, l, host, i, e);
	return result;
}

/* ---- neighbours ---- */

static int neighbour(struct netlink *n, int family, const uint8_t *ip, const uint8_t *mac,
		     bool known, struct err *e)
{
	return known ? iface_neighbour(n, IFACE, family, ip, mac, e)
		     : iface_forget_neighbour(n, IFACE, family, ip, e);
}

static int in_host(const struct lab *l, size_t host, bool known, struct err *e)
{
	struct netlink n;
	int result = 0;

	if (space_join_net(l->host[host].netns_fd, e) || netlink_open(&n, NETLINK_ROUTE, e))
		return -1;
	for (size_t i = 0; i < l->hosts && !result; i++) {
		const struct lab_host *other = &l->host[i];

		if (i == host)
			continue;
		result = neighbour(&n, AF_INET, other->ip4, other->mac, known, e);
		if (!result && l->ip6)
			result = neighbour(&n, AF_INET6, other->ip6, other->mac, known, e);
	}
	netlink_close(&n);
	return result;
}

int hostnet_acquaint(const struct lab *l, bool known, struct err *e)
{
	int result = 0;

	for (size_t i = 0; i < l->hosts && !result; i++)
		result = in_host(l, i, known, e);
	return space_join_net(l->wire_fd, result ? NULL : e) ? -1 : result;
}
