#include "src/lab/iface.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "src/core/clock.h"

#define MTU 1500

static size_t ip_len(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

unsigned iface_index(const char *name)
{
	return if_nametoindex(name);
}

static void put_end(struct nlmsghdr *m, const struct iface_end *end)
{
	mnl_attr_put_strz(m, IFLA_IFNAME, end->name);
	mnl_attr_put_u32(m, IFLA_MTU, MTU);
	/* The default is a queue per possible processor, whose memory costs most of the set-up time. */
	mnl_attr_put_u32(m, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(m, IFLA_NUM_RX_QUEUES, 1);
	if (end->mac)
		mnl_attr_put(m, IFLA_ADDRESS, 6, end->mac);
	if (end->netns_fd >= 0)
		mnl_attr_put_u32(m, IFLA_NET_NS_FD, (uint32_t)end->netns_fd);
}

int iface_veth(struct netlink *n, const struct iface_end *a, const struct iface_end *b,
	       struct err *e)
{
	struct nlmsghdr *m = netlink_request(n, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info, *data, *peer;

	mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
	put_end(m, a);
	info = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put_strz(m, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(m, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(m, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
	put_end(m, b);
	mnl_attr_nest_end(m, peer);
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, info);
	return netlink_do(n, e, "create veth pair %s, %s", a->name, b->name);
}

int iface_up(struct netlink *n, const char *name, struct err *e)
{
	struct nlmsghdr *m = netlink_request(n, RTM_NEWLINK, 0);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(m, sizeof(*link));

	link->ifi_index = (int)iface_index(name);
	link->ifi_flags = IFF_UP;
	link->ifi_change = IFF_UP;
	mnl_attr_put_strz(m, IFLA_IFNAME, name);
	return netlink_do(n, e, "bring %s up", name);
}

int iface_mtu(struct netlink *n, const char *name, uint32_t bytes, struct err *e)
{
	struct nlmsghdr *m = netlink_request(n, RTM_NEWLINK, 0);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(m, sizeof(*link));

	link->ifi_index = (int)iface_index(name);
	mnl_attr_put_u32(m, IFLA_MTU, bytes);
	return netlink_do(n, e, "set the MTU of %s to %u", name, bytes);
}

int iface_address(struct netlink *n, const char *name, int family, const uint8_t *ip,
		  uint8_t prefix, struct err *e)
{
	struct nlmsghdr *m = netlink_request(n, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *a = mnl_nlmsg_put_extra_header(m, sizeof(*a));
	uint8_t broadcast[4];

	a->ifa_family = (uint8_t)family;
	a->ifa_prefixlen = prefix;
	a->ifa_index = iface_index(name);
	a->ifa_flags = IFA_F_PERMANENT | IFA_F_NODAD;
	mnl_attr_put(m, IFA_LOCAL, ip_len(family), ip);
	mnl_attr_put(m, IFA_ADDRESS, ip_len(family), ip);
	if (family == AF_INET && prefix == 24) {
		memcpy(broadcast, ip, 3);
		broadcast[3] = 255;
		mnl_attr_put(m, IFA_BROADCAST, 4, broadcast);
	}
	return netlink_do(n, e, "add an IPv%d address to %s", family == AF_INET6 ? 6 : 4, name);
}

int iface_neighbour(struct netlink *n, const char *name, int family, const uint8_t *ip,
		    const uint8_t mac[6], struct err *e)
{
	struct nlmsghdr *m = netlink_request(n, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
	struct ndmsg *nd = mnl_nlmsg_put_extra_header(m, sizeof(*nd));

	nd->ndm_family = (uint8_t)family;
	nd->ndm_ifindex = (int)iface_index(name);
	nd->ndm_state = NUD_PERMANENT;
	mnl_attr_put(m, NDA_DST, ip_len(family), ip);
	mnl_attr_put(m, NDA_LLADDR, 6, mac);
	return netlink_do(n, e, "add a neighbour on %s", name);
}

int iface_forget_neighbour(struct netlink *n, const char *name, int family, const uint8_t *ip,
			   struct err *e)
{
	struct nlmsghdr *m = netlink_request(n, RTM_DELNEIGH, 0);
	struct ndmsg *nd = mnl_nlmsg_put_extra_header(m, sizeof(*nd));
	struct err why = { 0 };

	nd->ndm_family = (uint8_t)family;
	nd->ndm_ifindex = (int)iface_index(name);
	mnl_attr_put(m, NDA_DST, ip_len(family), ip);
	if (!netlink_do(n, &why, "forget a neighbour on %s", name) || why.code == ENOENT)
		return 0;
	*e = why;
	return -1;
}

/*
 * Order matters: a checksum that is done in software takes segmentation with it.  Where a kernel does not
 * know a switch, there is nothing to switch off.
 */
static const struct offload {
	uint32_t set, get;
	const char *name;
} offloads[] = {
	{ ETHTOOL_STSO, ETHTOOL_GTSO, "TCP segmentation" },
	{ ETHTOOL_SGSO, ETHTOOL_GGSO, "generic segmentation" },
	{ ETHTOOL_SGRO, ETHTOOL_GGRO, "generic receive" },
#define SEGMENTATION 3 /* so many of them are about it */
	{ ETHTOOL_STXCSUM, ETHTOOL_GTXCSUM, "transmit checksum" },
	{ ETHTOOL_SRXCSUM, ETHTOOL_GRXCSUM, "receive checksum" },
	{ ETHTOOL_SSG, ETHTOOL_GSG, "scatter-gather" },
};

static int control_socket(struct err *e)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? err_errno(e, errno, NULL, "open a socket for ioctl") : fd;
}

static int ethtool(int fd, const char *name, uint32_t command, uint32_t *value)
{
	struct ethtool_value v = { .cmd = command, .data = *value };
	struct ifreq request = { 0 };
	int result;

	if (!str_copy(request.ifr_name, sizeof(request.ifr_name), name)) {
		errno = ENODEV;
		return -1;
	}
	request.ifr_data = (void *)&v;
	result = ioctl(fd, SIOCETHTOOL, &request);
	*value = v.data;
	return result;
}

static int offload_off(int fd, const char *name, const struct offload *o, struct err *e)
{
	uint32_t off = 0, now = 0;

	if (ethtool(fd, name, o->set, &off) && errno != EOPNOTSUPP)
		return err_errno(e, errno, NULL, "switch %s offload of %s off", o->name, name);
	if (!ethtool(fd, name, o->get, &now) && now)
		return err_set(e, NULL, "%s offload of %s stays on", o->name, name);
	return 0;
}

static int first_off(const char *name, size_t count, struct err *e)
{
	int fd = control_socket(e);
	int result = 0;

	if (fd < 0)
		return -1;
	for (size_t i = 0; !result && i < count; i++)
		result = offload_off(fd, name, &offloads[i], e);
	close(fd);
	return result;
}

int iface_offloads_off(const char *name, struct err *e)
{
	return first_off(name, sizeof(offloads) / sizeof(offloads[0]), e);
}

int iface_segmentation_off(const char *name, struct err *e)
{
	return first_off(name, SEGMENTATION, e);
}

#define CARRIER_NS (5 * NS_PER_S)

static void pause_briefly(void)
{
	const struct timespec pause = { .tv_nsec = 200000 };

	nanosleep(&pause, NULL);
}

int iface_wait(const char *name, struct err *e)
{
	int64_t end = clock_monotonic_ns() + CARRIER_NS;
	struct ifreq request = { 0 };
	int fd = control_socket(e);
	uint32_t link = 0;
	bool ready;

	if (fd < 0)
		return -1;
	str_copy(request.ifr_name, sizeof(request.ifr_name), name);
	for (;;) {
		ready = !ioctl(fd, SIOCGIFFLAGS, &request) && (request.ifr_flags & IFF_RUNNING);
		/* Takes the lock that the worker holds: when it has answered, the worker is through. */
		(void)ethtool(fd, name, ETHTOOL_GLINK, &link);
		if (ready || clock_monotonic_ns() > end)
			break;
		pause_briefly();
	}
	close(fd);
	return ready ? 0 : err_set(e, NULL, "%s: no carrier after 5 s", name);
}

#define REPORTS	   2 /* robustness variable of RFC 2710 section 7.1 */
#define REPORTS_NS (300 * NS_PER_MS)

/* A counter of an interface; 0 if the kernel has no such one. */
static unsigned long snmp6(const char *name, const char *counter)
{
	STR_ON_STACK(path, 64);
	unsigned long value = 0;
	char line[128];
	FILE *f;

	str_addf(&path, "/proc/thread-self/net/dev_snmp6/%s", name);
	f = fopen(path.buf, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, counter, strlen(counter)) == 0)
			value = strtoul(line + strlen(counter), NULL, 10);
	fclose(f);
	return value;
}

void iface_wait_reports(const char *name)
{
	int64_t end = clock_monotonic_ns() + REPORTS_NS;

	while (snmp6(name, "Icmp6OutMsgs") < REPORTS && clock_monotonic_ns() < end)
		pause_briefly();
}
