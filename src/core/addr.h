/*
 * addr: a socket address of any family that we know, as text and as the kernel's struct.
 *
 * Text forms: 192.0.2.2:8080  *:8080 (0.0.0.0)  [2001:db8::2]:8080  [::]:8080  unix:/path  unix:@abstract
 * and server:8080 where a host name is known; its IPv6 address is [server]:8080.  localhost:8080 is read anywhere
 * (RFC 6761) and written as the number.  Port 0 is written :0.
 * [fe80::1%3]:9 has a scope: the number of an interface.  An unnamed Unix address is "unix:", a path that
 * begins with @ "unix:\x40…".
 * Of other families (addr_form.c), each with the numbers that its manual page has:
 *	netlink:0  netlink:1234/0x40			port id (0: the kernel), groups; netlink(7)
 *	vsock:2:1024  vsock:*:1024			context id, port; vsock(7)
 *	rfcomm:00:11:22:33:44:55/1  l2cap:00:11:22:33:44:55/0x1001	Bluetooth device (* any), channel or PSM
 *	packet:2/ETH_P_IP/02:00:00:00:00:02		interface, protocol, hardware address; packet(7)
 * No address at all is "-", one of no family AF_UNSPEC.
 */
#ifndef SOCKLENS_CORE_ADDR_H
#define SOCKLENS_CORE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "src/core/err.h"
#include "src/core/str.h"

struct addr {
	socklen_t len;		/* of the struct inside; 0: no address */
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} u;
};

/* Names of hosts, so that 192.0.2.2 is read and written as "server". */
struct addr_name {
	char name[32];
	uint8_t family;		/* AF_INET or AF_INET6 */
	uint8_t ip[16];		/* network order; 4 or 16 bytes used */
};
struct addr_names {
	const struct addr_name *row;
	size_t count;
};

struct addr addr_v4(const uint8_t ip[4], uint16_t port);	/* port in host order */
struct addr addr_v6(const uint8_t ip[16], uint16_t port);
struct addr addr_of(const struct sockaddr *sa, socklen_t len);	/* cut to what fits; the kernel's word for anything else */

int addr_family(const struct addr *a);		/* AF_UNSPEC if there is none */
uint16_t addr_port(const struct addr *a);	/* host order; 0 for families without ports */
void addr_set_port(struct addr *a, uint16_t port);
bool addr_equal(const struct addr *a, const struct addr *b);
void addr_ip16(uint8_t ip[16], const struct addr *a);	/* IPv4 as ::ffff:a.b.c.d, as a socket of both shows it; zeros without an IP address */
bool addr_is_any(const struct addr *a);		/* 0.0.0.0 or :: or none */

/* Appends the text form.  names may be NULL.  Foreign bytes in Unix paths are made harmless. */
void addr_text(struct str *out, const struct addr *a, const struct addr_names *names);

/*
 * Reads any of the text forms from len bytes.  family_hint chooses between a name's addresses (AF_INET6
 * or AF_INET; AF_UNSPEC: the first).  "*" is 0.0.0.0, or :: with AF_INET6.
 * Reports with e->column (1-based, within text).
 */
int addr_parse(struct addr *a, const char *text, size_t len, int family_hint,
	       const struct addr_names *names, struct err *e);

#endif
