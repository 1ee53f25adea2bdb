/*
 * Set-up is a table of steps, run in order; the first that fails ends it.  What the wire's namespace does
 * comes first, then the hosts one by one, each from inside (a netlink socket and /proc/sys/net belong to the
 * namespace that the thread is in).  The last step proves what the lab is for: capturing in the wire's
 * namespace.  It is there because a user namespace may be
 * granted where every use of it is refused (AppArmor).
 */
#include "src/lab/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/core/str.h"
#include "src/lab/facts.h"
#include "src/lab/iface.h"
#include "src/lab/lab_impl.h"
#include "src/lab/netlink.h"
#include "src/lab/owner.h"
#include "src/lab/profile.h"
#include "src/lab/scratch.h"
#include "src/lab/space.h"

#define PREFIX4 24
#define PREFIX6 64

/* ---- names and addresses ---- */

/* A host's name is its port's name too. */
static bool name_fits(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < IFNAMSIZ && !strpbrk(name, "/ :\t\n") && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

static void name_host(struct lab_host *h, const char *name, uint8_t number)
{
	str_copy(h->name, sizeof(h->name), name);
	memcpy(h->mac, (const uint8_t[]){ 0x02, 0, 0, 0, 1, number }, 6);
	memcpy(h->port_mac, (const uint8_t[]){ 0x02, 0, 0, 0, 2, number }, 6);
	memcpy(h->ip4, (const uint8_t[]){ 192, 0, 2, number }, 4);
	memcpy(h->ip6, (const uint8_t[]){ 0x20, 0x01, 0x0d, 0xb8 }, 4);
	h->ip6[15] = number;
	h->netns_fd = -1;
	h->dir_fd = -1;
	str_copy(h->hostname, sizeof(h->hostname), name);
}

static void add_name(struct lab *l, const struct lab_host *h, int family)
{
	struct addr_name *n = &l->name[l->names.count++];

	str_copy(n->name, sizeof(n->name), h->name);
	n->family = (uint8_t)family;
	memcpy(n->ip, family == AF_INET6 ? h->ip6 : h->ip4, family == AF_INET6 ? 16 : 4);
}

/* also: a further name in the file, which is read but not written; "" none. */
static void write_host(struct lab *l, struct str *file, const struct lab_host *h, const char *also)
{
	add_name(l, h, AF_INET);
	str_addf(file, "192.0.2.%u %s%s%s\n", h->ip4[3], h->name, also[0] ? " " : "", also);
	if (!l->ip6)
		return;
	add_name(l, h, AF_INET6);
	str_addf(file, "2001:db8::%x %s%s%s\n", h->ip6[15], h->name, also[0] ? " " : "", also);
}

static void write_names(struct lab *l)
{
	struct str file = str_on(l->hosts_file, sizeof(l->hosts_file));

	l->names.row = l->name;
	str_add(&file, "127.0.0.1 localhost\n");
	if (l->ip6)
		str_add(&file, "::1 localhost\n");
	for (size_t i = 0; i < l->hosts; i++)
		write_host(l, &file, &l->host[i], "");
	if (l->loopback)
		write_host(l, &file, &l->own, l->machine);
}

static struct lab *lab_named(const char *const *names, size_t hosts, struct err *e)
{
	struct lab *l;

	if (hosts < 1 || hosts > HOSTS_MAX) {
		err_set(e, NULL, "a lab has 1 to %d hosts, not %zu", HOSTS_MAX, hosts);
		return NULL;
	}
	for (size_t i = 0; i < hosts; i++) {
		if (name_fits(names[i]))
			continue;
		err_set(e, "1 to 15 characters, no blank, slash or colon",
			"\"%s\": not a host's name", names[i]);
		return NULL;
	}
	l = calloc(1, sizeof(*l));
	if (!l) {
		err_errno(e, ENOMEM, NULL, "create a lab");
		return NULL;
	}
	l->wire_fd = l->outside_fd = -1;
	l->hosts = hosts;
	for (size_t i = 0; i < hosts; i++)
		name_host(&l->host[i], names[i], (uint8_t)(i + 1));
	return l;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* ---- the steps ---- */

int lab_step_user(struct lab *l, struct err *e)
{
	l->outside_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (l->outside_fd < 0)
		return err_errno(e, errno, "mount /proc", "open /proc/self/ns/net");
	return space_enter_user(&l->nested, e);
}

/* Where nothing may be mounted, programs can still be where nothing can be made: not in a directory of the user. */
static int make_dir(int scratch, const char *name, struct err *e)
{
	int fd = scratch < 0 ? -1 : scratch_in(scratch, name, NULL);

	if (fd < 0)
		fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, errno, "mount /proc", "open /proc") : fd;
}

int lab_make_dirs(struct lab *l, struct err *e)
{
	int scratch = scratch_new(NULL);
	int result = 0;

	for (size_t i = 0; !result && i < l->hosts; i++) {
		if (l->loopback && i)
			l->host[i].dir_fd = fcntl(l->host[0].dir_fd, F_DUPFD_CLOEXEC, 0);
		else
			l->host[i].dir_fd = make_dir(scratch, l->host[i].name, e);
		result = l->host[i].dir_fd < 0 ? -1 : 0;
	}
	close_fd(scratch);
	return result;
}

static int step_hosts(struct lab *l, struct err *e)
{
	if (lab_make_dirs(l, e))
		return -1;
	for (size_t i = 0; i < l->hosts; i++) {
		l->host[i].netns_fd = space_new_net(e);
		if (l->host[i].netns_fd < 0)
			return -1;
	}
	return 0;
}

/* Ours is made last: the thread stays in it. */
static int step_wire(struct lab *l, struct err *e)
{
	l->wire_fd = space_new_net(e);
	return l->wire_fd < 0 ? -1 : profile_apply(profile_wire, profile_wire_count, e);
}

/* Calls fn for each host from inside its network namespace, with a netlink socket there. */
static int in_each_host(struct lab *l,
			int (*fn)(struct lab *, size_t, struct netlink *, struct err *),
			struct err *e)
{
	struct netlink n;
	int result = 0;

	for (size_t i = 0; !result && i < l->hosts; i++) {
		if (space_join_net(l->host[i].netns_fd, e))
			return -1;
		result = netlink_open(&n, NETLINK_ROUTE, e);
		if (!result)
			result = fn(l, i, &n, e);
		netlink_close(&n);
		if (result)
			err_prefix(e, "host %s", l->host[i].name);
	}
	if (space_join_net(l->wire_fd, result ? NULL : e))
		return -1;
	return result;
}

/* Programs are of group 0, as the profile has it, or behind sudo of another one. */
void lab_let_owner_ping(void)
{
	struct owner owner;
	STR_ON_STACK(range, 32);

	owner_find(&owner);
	str_addf(&range, "0 %u", owner.gid);
	if (owner.other)
		(void)profile_write("net.ipv4.ping_group_range", range.buf, NULL);
}

static int host_profile(struct lab *l, size_t i, struct netlink *n, struct err *e)
{
	(void)l;
	(void)i;
	(void)n;
	if (profile_apply(profile_host, profile_host_count, e))
		return -1;
	lab_let_owner_ping();
	return 0;
}

static int step_profile(struct lab *l, struct err *e)
{
	return in_each_host(l, host_profile, e);
}

/* Links are made after the profile: a new interface takes the namespace's defaults. */
static int step_veth(struct lab *l, struct err *e)
{
	struct netlink n;
	int result = netlink_open(&n, NETLINK_ROUTE, e);

	for (size_t i = 0; !result && i < l->hosts; i++) {
		const struct lab_host *h = &l->host[i];
		struct iface_end port = { h->name, -1, h->port_mac };
		struct iface_end eth0 = { "eth0", h->netns_fd, h->mac };

		result = iface_veth(&n, &port, &eth0, e);
	}
	netlink_close(&n);
	return result;
}

static int host_offloads(struct lab *l, size_t i, struct netlink *n, struct err *e)
{
	(void)l;
	(void)i;
	(void)n;
	return iface_offloads_off("eth0", e);
}

static int step_offloads(struct lab *l, struct err *e)
{
	for (size_t i = 0; i < l->hosts; i++)
		if (iface_offloads_off(l->host[i].name, e))
			return -1;
	return in_each_host(l, host_offloads, e);
}

static int host_links(struct lab *l, size_t i, struct netlink *n, struct err *e)
{
	(void)l;
	(void)i;
	if (iface_up(n, "lo", e))
		return -1;
	return iface_up(n, "eth0", e);
}

static int step_links(struct lab *l, struct err *e)
{
	struct netlink n;
	int result = in_each_host(l, host_links, e);

	if (result)
		return -1;
	result = netlink_open(&n, NETLINK_ROUTE, e);
	for (size_t i = 0; !result && i < l->hosts; i++)
		result = iface_up(&n, l->host[i].name, e);
	netlink_close(&n);
	return result;
}

static int host_addresses(struct lab *l, size_t i, struct netlink *n, struct err *e)
{
	const struct lab_host *h = &l->host[i];

	if (iface_address(n, "eth0", AF_INET, h->ip4, PREFIX4, e))
		return -1;
	return l->ip6 ? iface_address(n, "eth0", AF_INET6, h->ip6, PREFIX6, e) : 0;
}

static int step_addresses(struct lab *l, struct err *e)
{
	return in_each_host(l, host_addresses, e);
}

static int host_neighbours(struct lab *l, size_t i, struct netlink *n, struct err *e)
{
	for (size_t other = 0; other < l->hosts; other++) {
		const struct lab_host *h = &l->host[other];

		if (other == i)
			continue;
		if (iface_neighbour(n, "eth0", AF_INET, h->ip4, h->mac, e))
			return -1;
		if (l->ip6 && iface_neighbour(n, "eth0", AF_INET6, h->ip6, h->mac, e))
			return -1;
	}
	return 0;
}

static int step_neighbours(struct lab *l, struct err *e)
{
	return in_each_host(l, host_neighbours, e);
}

static int host_carrier(struct lab *l, size_t i, struct netlink *n, struct err *e)
{
	(void)l;
	(void)i;
	(void)n;
	return iface_wait("eth0", e);
}

static int step_carrier(struct lab *l, struct err *e)
{
	return in_each_host(l, host_carrier, e);
}

/* What the profile sped up, as RFC 3810 has it. */
static const struct profile_row after_reports[] = {
	{ "net.ipv6.conf.eth0.force_mld_version", "0", NULL, false },
	{ "net.ipv6.conf.eth0.mldv1_unsolicited_report_interval", "10000", NULL, false },
};

/*
 * An IPv6 address makes its host join a multicast group and announce that twice, within a second.  The
 * profile has both sent at once (the first version of the protocol can), and this waits for them, so that
 * the wire is silent when somebody listens.
 */
static int host_quiet(struct lab *l, size_t i, struct netlink *n, struct err *e)
{
	(void)i;
	(void)n;
	if (!l->ip6)
		return 0;
	iface_wait_reports("eth0");
	return profile_apply(after_reports, sizeof(after_reports) / sizeof(after_reports[0]), e);
}

static int step_quiet(struct lab *l, struct err *e)
{
	return in_each_host(l, host_quiet, e);
}

int lab_step_capture(struct lab *l, struct err *e)
{
	/* Protocol 0: it receives nothing, it only shows that we may. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	(void)l;
	if (fd < 0)
		return err_errno(e, errno, NULL, "open a packet socket on the wire");
	close(fd);
	return 0;
}

static const char veth_hint[] = "the kernel needs the veth driver: sudo modprobe veth";

static const struct setup_step setup[] = {
	{ "user namespace", lab_step_user, 0, NULL },
	{ "hosts' network namespaces", step_hosts, ENOSPC,
	  "the limit is reached: sudo sysctl user.max_net_namespaces=1000" },
	{ "wire's network namespace", step_wire, 0, NULL },
	{ "profile", step_profile, 0, NULL },
	{ "veth pairs", step_veth, EOPNOTSUPP, veth_hint },
	{ "offloads off", step_offloads, 0, NULL },
	{ "links up", step_links, 0, NULL },
	{ "cables carry", step_carrier, 0, NULL },
	{ "addresses", step_addresses, 0, NULL },
	{ "neighbours", step_neighbours, 0, NULL },
	{ "silence", step_quiet, 0, NULL },
	{ "capture", lab_step_capture, EAFNOSUPPORT, LAB_PACKET_HINT },
};
#define SETUP_STEPS (sizeof(setup) / sizeof(setup[0]))
_Static_assert(SETUP_STEPS <= LAB_STEPS, "callers have room for every step");

/* A refusal behind the first step has one of few reasons; say which, unless the step knew better. */
static void add_hint(const struct setup_step *s, struct err *e)
{
	struct facts facts;

	if (e->hint[0])
		return;
	if (s->hint && e->code == s->missing) {
		str_copy(e->hint, sizeof(e->hint), s->hint);
	} else if (e->code == EPERM || e->code == EACCES) {
		facts_read(&facts);
		str_copy(e->hint, sizeof(e->hint), facts_userns_hint(&facts, e->code));
	}
}

static int setup_run(struct lab *l, const struct setup_step *step, size_t n, struct lab_step *steps,
		     size_t *count, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct err why = { .what = "" };
		int result = step[i].run(l, &why);

		if (result) {
			add_hint(&step[i], &why);
			err_prefix(&why, "%s", step[i].name);
			if (e)
				*e = why;
		}
		if (steps) {
			steps[i] = (struct lab_step){ step[i].name, !result, why };
			*count = i + 1;
		}
		if (result)
			return -1;
	}
	return 0;
}

struct lab *lab_new(const char *const *names, size_t hosts, struct lab_step *steps, size_t *count,
		    struct err *e)
{
	struct lab *l;

	if (count)
		*count = 0;
	l = lab_named(names, hosts, e);
	if (!l)
		return NULL;
	l->ip6 = profile_has_ip6();
	write_names(l);
	if (!setup_run(l, setup, SETUP_STEPS, steps, count, e))
		return l;
	lab_free(l);
	return NULL;
}

/* The machine's own name, if it is one that a hosts file can have. */
static void read_machine(char *name, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-";
	bool known = gethostname(name, size) == 0 && memchr(name, '\0', size);

	if (!known || strspn(name, letters) != strlen(name) || strcmp(name, "localhost") == 0 ||
	    strcmp(name, LAB_OWN_NAME) == 0)
		name[0] = '\0';
}

static void name_one_host(struct lab *l)
{
	name_host(&l->own, LAB_OWN_NAME, (uint8_t)(l->hosts + 1));
	for (size_t i = 0; i < l->hosts; i++) {
		memset(l->host[i].mac, 0, sizeof(l->host[i].mac));
		str_copy(l->host[i].hostname, sizeof(l->host[i].hostname), LAB_OWN_NAME);
		/* A side of the machine's own name is what that name stands for. */
		if (strcmp(l->host[i].name, l->machine) == 0)
			l->machine[0] = '\0';
	}
}

struct lab *lab_new_loopback(const char *const *sides, size_t n, struct lab_step *steps,
			     size_t *count, struct err *e)
{
	struct lab *l;

	if (count)
		*count = 0;
	l = lab_named(sides, n, e);
	if (!l)
		return NULL;
	l->loopback = true;
	l->ip6 = profile_has_ip6();
	read_machine(l->machine, sizeof(l->machine));
	name_one_host(l);
	write_names(l);
	if (!setup_run(l, lab_setup_loopback, lab_setup_loopback_count, steps, count, e))
		return l;
	lab_free(l);
	return NULL;
}

/* With its last descriptor a namespace is gone, and with it both ends of its cables. */
void lab_free(struct lab *l)
{
	if (!l)
		return;
	if (l->outside_fd >= 0 && !l->nested)
		(void)space_join_net(l->outside_fd, NULL); /* root goes back where it came from */
	for (size_t i = 0; i < l->hosts; i++) {
		close_fd(l->host[i].netns_fd);
		close_fd(l->host[i].dir_fd);
	}
	close_fd(l->wire_fd);
	close_fd(l->outside_fd);
	free(l);
}

uint8_t lab_host_find(const struct lab *l, const char *name, size_t len)
{
	for (size_t i = 0; i < l->hosts; i++)
		if (strlen(l->host[i].name) == len && memcmp(l->host[i].name, name, len) == 0)
			return (uint8_t)i;
	return HOST_NONE;
}

/* Moves this thread into a host, for a sysctl of that name, and back. */
static int enter_host(const struct lab *l, uint8_t host, const char *name, struct err *e)
{
	if (host >= l->hosts)
		return err_set(e, NULL, "%s: no such host", name);
	return space_join_net(l->host[host].netns_fd, e);
}

static int leave_host(const struct lab *l, int result, struct err *e)
{
	return space_join_net(l->wire_fd, result ? NULL : e) ? -1 : result;
}

int lab_sysctl(const struct lab *l, uint8_t host, const char *name, const char *value,
	       struct err *e)
{
	if (enter_host(l, host, name, e))
		return -1;
	return leave_host(l, profile_write(name, value, e), e);
}

int lab_sysctl_read(const struct lab *l, uint8_t host, const char *name, struct str *value,
		    struct err *e)
{
	if (enter_host(l, host, name, e))
		return -1;
	return leave_host(l, profile_read(name, value, e), e);
}
