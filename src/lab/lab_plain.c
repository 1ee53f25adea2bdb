/* A cable without a wire: a veth pair straight from host to host, to compare with. */
#include "src/lab/lab.h"

#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "src/lab/iface.h"
#include "src/lab/netlink.h"
#include "src/lab/space.h"

#define PLAIN_PREFIX 24

static void plain_ip(uint8_t ip[4], uint8_t host)
{
	memcpy(ip, (const uint8_t[]){ 198, 51, 100, (uint8_t)(host + 1) }, 4);
}

static void plain_mac(uint8_t mac[6], uint8_t host)
{
	memcpy(mac, (const uint8_t[]){ 0x02, 0, 0, 0, 3, (uint8_t)(host + 1) }, 6);
}

/* Inside host `self`.  The second end to come up has both up. */
static int plain_end(struct netlink *n, uint8_t self, uint8_t other, struct err *e)
{
	uint8_t ip[4], mac[6];

	plain_ip(ip, self);
	if (iface_offloads_off("eth1", e) || iface_up(n, "eth1", e) ||
	    iface_address(n, "eth1", AF_INET, ip, PLAIN_PREFIX, e))
		return -1;
	plain_ip(ip, other);
	plain_mac(mac, other);
	return iface_neighbour(n, "eth1", AF_INET, ip, mac, e);
}

static int plain_ready(struct netlink *n, uint8_t self, uint8_t other, struct err *e)
{
	(void)n;
	(void)self;
	(void)other;
	return iface_wait("eth1", e);
}

static int plain_enter(const struct lab *l, uint8_t self, uint8_t other,
		       int (*fn)(struct netlink *, uint8_t, uint8_t, struct err *), struct err *e)
{
	struct netlink n;
	int result;

	if (space_join_net(l->host[self].netns_fd, e))
		return -1;
	result = netlink_open(&n, NETLINK_ROUTE, e);
	if (!result)
		result = fn(&n, self, other, e);
	netlink_close(&n);
	if (space_join_net(l->wire_fd, result ? NULL : e))
		return -1;
	return result;
}

int lab_join_plain(const struct lab *l, uint8_t a, uint8_t b, struct err *e)
{
	uint8_t mac_a[6], mac_b[6];
	struct netlink n;
	int result;

	if (a >= l->hosts || b >= l->hosts || a == b)
		return err_set(e, NULL, "join two hosts: no such pair");
	plain_mac(mac_a, a);
	plain_mac(mac_b, b);
	result = netlink_open(&n, NETLINK_ROUTE, e);
	if (!result)
		result = iface_veth(&n, &(struct iface_end){ "eth1", l->host[a].netns_fd, mac_a },
				    &(struct iface_end){ "eth1", l->host[b].netns_fd, mac_b }, e);
	netlink_close(&n);
	if (result || plain_enter(l, a, b, plain_end, e) || plain_enter(l, b, a, plain_end, e))
		return -1;
	return plain_enter(l, a, b, plain_ready, e);
}
