/*
 * One host: its network namespace is also ours, so that libpcap opens lo there.  The sides' descriptors are copies of
 * one.
 *
 * lo exists before the profile is applied, so what the profile says about new interfaces does not reach it; and it
 * needs none of it: it has no link-local address, looks for no duplicates and joins no multicast group.
 */
#include "src/lab/lab_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "src/lab/iface.h"
#include "src/lab/netlink.h"
#include "src/lab/profile.h"
#include "src/lab/space.h"

#define LOOPBACK_MTU 1500
#define WHOLE4	     32 /* bits: an address alone, without a subnet */
#define WHOLE6	     128

static int step_host(struct lab *l, struct err *e)
{
	l->wire_fd = space_new_net(e);
	if (l->wire_fd < 0 || lab_make_dirs(l, e))
		return -1;
	for (size_t i = 0; i < l->hosts; i++) {
		l->host[i].netns_fd = fcntl(l->wire_fd, F_DUPFD_CLOEXEC, 0);
		if (l->host[i].netns_fd < 0)
			return err_errno(e, errno, NULL, "copy a descriptor");
	}
	return 0;
}

static int step_profile(struct lab *l, struct err *e)
{
	(void)l;
	if (profile_apply(profile_host, profile_host_count, e))
		return -1;
	lab_let_owner_ping();
	return 0;
}

static int step_offloads(struct lab *l, struct err *e)
{
	(void)l;
	return iface_segmentation_off("lo", e);
}

/* Calls fn with a netlink socket. */
static int with_netlink(struct lab *l, int (*fn)(struct lab *, struct netlink *, struct err *),
			struct err *e)
{
	struct netlink n;
	int result = netlink_open(&n, NETLINK_ROUTE, e);

	if (!result)
		result = fn(l, &n, e);
	netlink_close(&n);
	return result;
}

static int raise_lo(struct lab *l, struct netlink *n, struct err *e)
{
	(void)l;
	return iface_mtu(n, "lo", LOOPBACK_MTU, e) ? -1 : iface_up(n, "lo", e);
}

static int step_up(struct lab *l, struct err *e)
{
	return with_netlink(l, raise_lo, e);
}

static int add_addresses(const struct lab *l, struct netlink *n, const struct lab_host *h,
			 struct err *e)
{
	if (iface_address(n, "lo", AF_INET, h->ip4, WHOLE4, e))
		return -1;
	return l->ip6 ? iface_address(n, "lo", AF_INET6, h->ip6, WHOLE6, e) : 0;
}

static int add_all_addresses(struct lab *l, struct netlink *n, struct err *e)
{
	for (size_t i = 0; i < l->hosts; i++)
		if (add_addresses(l, n, &l->host[i], e))
			return -1;
	return add_addresses(l, n, &l->own, e);
}

static int step_addresses(struct lab *l, struct err *e)
{
	return with_netlink(l, add_all_addresses, e);
}

const struct setup_step lab_setup_loopback[] = {
	{ "user namespace", lab_step_user, 0, NULL },
	{ "host's network namespace", step_host, ENOSPC,
	  "the limit is reached: sudo sysctl user.max_net_namespaces=1000" },
	{ "profile", step_profile, 0, NULL },
	{ "offloads off", step_offloads, 0, NULL },
	{ "lo up", step_up, 0, NULL },
	{ "addresses", step_addresses, 0, NULL },
	{ "capture", lab_step_capture, EAFNOSUPPORT, LAB_PACKET_HINT },
};
const size_t lab_setup_loopback_count = sizeof(lab_setup_loopback) / sizeof(lab_setup_loopback[0]);
_Static_assert(sizeof(lab_setup_loopback) / sizeof(lab_setup_loopback[0]) <= LAB_STEPS,
	       "callers have room for every step");
