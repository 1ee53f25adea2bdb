/*
 * lab: the hosts and the cables between them and us.
 *
 *	network namespace "client"          ours: the wire           network namespace "server"
 *	      eth0  ═══════════════ client ──── libpcap ──── server ═══════════════  eth0
 *
 * Built by netlink calls alone, as an ordinary user; all of it disappears with the process.  Every host
 * starts from the same profile (Reno, the RFCs' defaults, no IPv6 chatter, offloads off, neighbours known),
 * because the machine's defaults would leak in.
 */
#ifndef SOCKLENS_LAB_LAB_H
#define SOCKLENS_LAB_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/addr.h"
#include "src/core/err.h"
#include "src/core/event.h"

struct lab_host {
	char name[EVENT_NAME];	/* also the name of its port in our namespace */
	uint8_t mac[6];		/* of its eth0 */
	uint8_t port_mac[6];	/* of our end */
	uint8_t ip4[4], ip6[16];
	int netns_fd;		/* owned by the lab */
};

struct lab {
	struct lab_host host[HOSTS_MAX];
	size_t hosts;
	bool nested;		/* in a user namespace of our own (not plain root) */
	bool ip6;		/* the kernel speaks IPv6; else names and hosts_file have the IPv4 addresses only */
	int wire_fd;		/* network namespace of the ports: ours */
	int outside_fd;		/* the network namespace we came from */
	struct addr_name name[2 * HOSTS_MAX];	/* the addresses of each host, IPv4 first */
	struct addr_names names;
	char hosts_file[1024];	/* text of /etc/hosts inside */
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
void lab_free(struct lab *l);

/* The number of the host of that name; HOST_NONE. */
uint8_t lab_host_find(const struct lab *l, const char *name, size_t len);

/* Writes a sysctl of a host, e.g. "net.ipv4.tcp_sack". */
int lab_sysctl(const struct lab *l, uint8_t host, const char *name, const char *value, struct err *e);

/*
 * For benchmarks: joins two hosts by a plain veth pair, "eth1", 198.51.100.N, with the same offloads off and no wire.
 */
int lab_join_plain(const struct lab *l, uint8_t a, uint8_t b, struct err *e);

#endif
