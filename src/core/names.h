/*
 * names: tables between the kernel's numbers and the names that manual pages give them, with a few words
 * for people.  An unknown value is shown as its number, never hidden.
 */
#ifndef SOCKLENS_CORE_NAMES_H
#define SOCKLENS_CORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/str.h"

struct name {
	int64_t value;
	const char *name;	/* "ECONNREFUSED" */
	const char *text;	/* in words, for a student; NULL where the name says it all */
};

struct name_table {
	const struct name *row;
	size_t count;
	const char *what;	/* "errno", "address family": for error messages */
};

extern const struct name_table names_errno;		/* errno(3) */
extern const struct name_table names_signal;		/* signal(7) */
extern const struct name_table names_family;		/* AF_INET … address_families(7) */
extern const struct name_table names_socktype;		/* SOCK_STREAM … socket(2), without the flags */
extern const struct name_table names_sockflag;		/* SOCK_NONBLOCK SOCK_CLOEXEC */
extern const struct name_table names_protocol;		/* IPPROTO_TCP … */
extern const struct name_table names_level;		/* SOL_SOCKET IPPROTO_TCP IPPROTO_IP IPPROTO_IPV6 … */
extern const struct name_table names_so;		/* SO_* of SOL_SOCKET, socket(7) */
extern const struct name_table names_tcp_opt;		/* TCP_* of tcp(7) */
extern const struct name_table names_ip_opt;		/* IP_* of ip(7) */
extern const struct name_table names_ipv6_opt;		/* IPV6_* of ipv6(7) */
extern const struct name_table names_udp_opt;		/* UDP_* of udp(7) */
extern const struct name_table names_msg;		/* MSG_*: flags of send(2), recv(2) */
extern const struct name_table names_shut;		/* SHUT_RD … */
extern const struct name_table names_fcntl;		/* F_GETFL … */
extern const struct name_table names_fileflag;		/* O_NONBLOCK … */
extern const struct name_table names_poll;		/* POLLIN … */
extern const struct name_table names_ioctl;		/* FIONREAD … ioctl(2) of sockets and their interfaces */
extern const struct name_table names_epoll;		/* EPOLLIN … epoll_ctl(2) */
extern const struct name_table names_epoll_op;		/* EPOLL_CTL_ADD … */
extern const struct name_table names_epoll_flag;	/* EPOLL_CLOEXEC */
extern const struct name_table names_splice;		/* SPLICE_F_* */
extern const struct name_table names_ifflag;		/* IFF_UP … of SIOCGIFFLAGS, netdevice(7) */
extern const struct name_table names_scm;		/* types of control messages of SOL_SOCKET: SCM_RIGHTS … */
extern const struct name_table names_netlink;		/* NETLINK_ROUTE … netlink(7) */
extern const struct name_table names_bluetooth;		/* BTPROTO_RFCOMM … */
extern const struct name_table names_ethertype;		/* ETH_P_IP … packet(7), in the host's order */
extern const struct name_table names_pkttype;		/* PACKET_OUTGOING … packet(7) */
extern const struct name_table names_netlink_opt;	/* NETLINK_* of SOL_NETLINK */
extern const struct name_table names_packet_opt;	/* PACKET_* of SOL_PACKET */
extern const struct name_table names_vsock_opt;		/* SO_VM_SOCKETS_* of vsock(7) */
extern const struct name_table names_udplite_opt;	/* UDPLITE_* of udplite(7) */
extern const struct name_table names_mptcp_opt;		/* MPTCP_* */
extern const struct name_table names_raw_opt;		/* ICMP_FILTER, raw(7) */
extern const struct name_table names_nlmsg;		/* NLMSG_DONE, RTM_NEWROUTE … rtnetlink(7) */
extern const struct name_table names_nlm_flag;		/* NLM_F_* of requests that ask, and of answers */
extern const struct name_table names_nlm_new_flag;	/* NLM_F_* of those that change something */
extern const struct name_table names_service;		/* well-known ports: 80 HTTP … */

/* The table of option names of a socket level (SOL_SOCKET …), NULL if the level is unknown. */
const struct name_table *names_of_level(int64_t level);

/* The table of a family's protocols: NETLINK_*, BTPROTO_*, ETH_P_* of AF_PACKET (whose numbers are in network order), else IPPROTO_*. */
const struct name_table *names_of_protocol(int64_t family);

/* The row of a value or of a name (case counts); NULL if there is none. */
const struct name *name_of(const struct name_table *t, int64_t value);
const struct name *name_find(const struct name_table *t, const char *name, size_t len);

/* Appends the name of value, or the number. */
void name_add(struct str *out, const struct name_table *t, int64_t value);

/* Appends a set of bits as A|B|0x40 (unknown rest in hex); "0" for none. */
void name_add_flags(struct str *out, const struct name_table *t, int64_t bits);

/*
 * The number of edits (insert, delete, replace, swap neighbours; case ignored) from a to b, at most 99.
 * nearest_word() is for "did you mean": call it with each candidate, keep the best.
 */
struct nearest {
	const char *word;	/* what was typed, len bytes */
	size_t len;
	const char *best;	/* NULL while nothing is near enough to be a likely slip */
	unsigned distance;
};
struct nearest nearest_to(const char *word, size_t len);
void nearest_try(struct nearest *n, const char *candidate);

#endif
