/*
 * lab: the hosts and the cables between them and us.
 *
 *	network namespace "client"          ours: the wire           network namespace "server"
 *	      eth0  ═══════════════ client ──── libpcap ──── server ═══════════════  eth0
 *
 * Built by netlink calls alone, as an ordinary user; all of it disappears with the process.  Every host
 * starts from the same profile (Reno, the RFCs' defaults, no IPv6 chatter, offloads off, neighbours known),
 * because the machine's defaults would leak in.
 *
 * The other topology is one host, for programs that say 127.0.0.1 or localhost:
 *
 *	one network namespace, in which we are too
 *	programs of "client" ──┐
 *	                       lo ──── libpcap, listening
 *	programs of "server" ──┘
 *
 * "client" and "server" are two sides of it there: they say on which side of the screen a program stands, and nothing
 * else.  The names client, server and host (which is what gethostname(2) gives, and the machine's own name beside it)
 * are three addresses of that one host, so that what was written for two hosts runs unchanged.  lo has an MTU of 1500
 * and no segmentation offload, so that segments look as on Ethernet; what Linux does not let anybody switch off is that
 * packets on lo have no checksums: TCP and UDP carry a part of one, which nobody completes.
 */
#ifndef SOCKLENS_LAB_LAB_H
#define SOCKLENS_LAB_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/addr.h"
#include "src/core/err.h"
#include "src/core/event.h"
#include "src/core/str.h"

struct lab_host {
	char name[EVENT_NAME];	/* also the name of its port in our namespace */
	uint8_t mac[6];		/* of its eth0 */
	uint8_t port_mac[6];	/* of our end */
	uint8_t ip4[4], ip6[16];
	int netns_fd;		/* owned by the lab */
	int dir_fd;		/* where its programs are (src/lab/scratch.h), or a place where no file can be made; owned */
	char hostname[EVENT_NAME];	/* what gethostname(2) gives there */
};

struct lab {
	struct lab_host host[HOSTS_MAX];
	size_t hosts;
	bool loopback;		/* one host: host[] are its sides, with all-zero MACs as lo has them */
	struct lab_host own;	/* loopback: its own name and addresses */
	char machine[64];	/* loopback: the machine's own name; "" none */
	bool nested;		/* in a user namespace of our own (not plain root) */
	bool ip6;		/* the kernel speaks IPv6; else names and hosts_file have the IPv4 addresses only */
	int wire_fd;		/* network namespace of the ports: ours.  One host: its own */
	int outside_fd;		/* the network namespace we came from */
	struct addr_name name[2 * HOSTS_MAX + 2];	/* the addresses of each host, IPv4 first, behind them its own name */
	struct addr_names names;
	char hosts_file[2048];	/* text of /etc/hosts inside */
};

/* What a step of the set-up said; for doctor. */
struct lab_step {
	const char *name;	/* "user namespace", "veth pair" … */
	bool done;
	struct err err;		/* where it failed: what, why, and what would change it; else a remark or "" */
};
#define LAB_STEPS	12	/* at most */

/*
 * Builds a lab of the named hosts ("client", "server"): 192.0.2.N and 2001:db8::N, N = 1, 2, …
 * The process must have one thread, and moves into the lab's namespaces.  steps (may be NULL, else
 * LAB_STEPS of them) receives what was done; *count how many.
 * On failure everything made is gone again, but the process may remain in an empty user namespace.
 */
struct lab *lab_new(const char *const *names, size_t hosts, struct lab_step *steps, size_t *count, struct err *e);

/* The same with one host, of which the names are the sides.  Its own name is LAB_OWN_NAME, with N behind theirs. */
struct lab *lab_new_loopback(const char *const *sides, size_t n, struct lab_step *steps, size_t *count, struct err *e);
#define LAB_OWN_NAME	"host"

void lab_free(struct lab *l);

/* The number of the host of that name; HOST_NONE. */
uint8_t lab_host_find(const struct lab *l, const char *name, size_t len);

/* Writes a sysctl of a host, e.g. "net.ipv4.tcp_sack". */
int lab_sysctl(const struct lab *l, uint8_t host, const char *name, const char *value, struct err *e);

/* Appends its value, in one line.  -1: e->code is ENOENT where the host has none of that name. */
int lab_sysctl_read(const struct lab *l, uint8_t host, const char *name, struct str *value, struct err *e);

/*
 * For benchmarks: joins two hosts by a plain veth pair, "eth1", 198.51.100.N, with the same offloads off and no wire.
 */
int lab_join_plain(const struct lab *l, uint8_t a, uint8_t b, struct err *e);

#endif
