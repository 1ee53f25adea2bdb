/*
 * conn: which packets belong together.  A connection is an unordered pair of (address, port) and a
 * protocol; it knows the first sequence number of each side, so that numbers can be shown from 0, as
 * books and Wireshark do.
 */
#ifndef SOCKLENS_CAPTURE_CONN_H
#define SOCKLENS_CAPTURE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/packet.h"
#include "src/core/addr.h"
#include "src/core/err.h"

#define CONN_NONE	UINT32_MAX

struct conn {
	uint8_t protocol;	/* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP … */
	struct addr end[2];	/* [0] sent the first packet */
	bool base_known[2];
	uint32_t base[2];	/* raw sequence number that is shown as 0: the SYN's (spec: 2.4 Base) */
	uint32_t packets[2];	/* sent by end[0], end[1] */
	uint64_t bytes[2];	/* of transport payload */
	int64_t first_ns, last_ns;
};

struct conns;

struct conns *conns_new(struct err *e);
void conns_free(struct conns *c);

/*
 * Notes a packet and gives its connection's number (0, 1, … in order of creation), CONN_NONE if it has no
 * IP addresses.  *dir is 0 if end[0] sent it, else 1.  A SYN with a new sequence number on a known pair opens a new connection
 * (rules 2.1 to 2.4 of the analysis specification).
 */
uint32_t conns_packet(struct conns *c, const struct packet *p, int64_t ts_ns, int *dir);

/* The latest connection of this pair and protocol, in either order; CONN_NONE if there is none. */
uint32_t conns_find(const struct conns *c, uint8_t protocol, const struct addr *a, const struct addr *b);

size_t conns_count(const struct conns *c);
/* NULL if there is no such number.  Valid until the next conns_packet() or 64 more calls of this. */
const struct conn *conns_get(const struct conns *c, uint32_t number);

/* seq (dir's own) as a number relative to the base of the side that counts it; raw if the base is unknown. */
uint32_t conn_seq(const struct conn *c, int dir, uint32_t seq);

/*
 * Appends what the ladder writes on the arrow: "SYN  seq 0  mss 1460 ws 7", "PSH ACK  seq 1  ack 1  len 5",
 * "UDP  len 12", "ICMP port unreachable (UDP 2000)", "ARP who has 192.0.2.2".  c may be NULL (raw numbers).  bytes/caplen: the packet.
 */
void packet_summary(struct str *out, const struct packet *p, const struct conn *c, int dir,
		    const void *bytes, size_t caplen);

#endif
