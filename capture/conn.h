/*
 * conn: which packets belong together, and what each does to its connection.  A connection is an unordered
 * pair of (address, port) and a protocol; it knows the first sequence number of each side, so that numbers
 * can be shown from 0, as books and Wireshark do.  Echo requests and replies of ICMP and ICMPv6 are one for each
 * identifier, as if that were both ports; other messages of ICMP are one for the pair of addresses.
 *
 * Connections are numbered 0, 1, … in order of creation, whatever their protocol.  The TCP ones also have the
 * number that Wireshark gives them (tcp.stream), the UDP ones theirs (udp.stream).
 *
 * For each TCP segment there are the verdicts of analysis.h and the states of both ends of infer.h.
 */
#ifndef SOCKLENS_CAPTURE_CONN_H
#define SOCKLENS_CAPTURE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/analysis.h"
#include "capture/infer.h"
#include "capture/packet.h"
#include "src/core/addr.h"
#include "src/core/err.h"

#define CONN_NONE	UINT32_MAX

struct conn {
	uint8_t protocol;	/* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP … */
	struct addr end[2];	/* [0] sent the first packet */
	uint16_t echo_id;	/* ICMP: of echo messages; 0: of others (or theirs is 0) */
	bool base_known[2];
	uint32_t base[2];	/* raw sequence number that is shown as 0: the SYN's (spec: 2.4 Base) */
	uint32_t packets[2];	/* sent by end[0], end[1] */
	uint64_t bytes[2];	/* of transport payload */
	int64_t first_ns, last_ns;

	uint32_t stream;	/* TCP: tcp.stream, UDP and UDP-Lite: udp.stream; CONN_NONE: has none */
	uint32_t retransmissions[2];	/* any kind; stays at UINT16_MAX */
	uint8_t seen;		/* TCP: TCP_SEEN_* */
	uint8_t completeness;	/* TCP: the same as Wireshark counts it (tcp.completeness) */
	bool fin[2], rst[2];	/* TCP: sent by end[0], end[1] */
	int first_fin;		/* who closed first: 0, 1; -1 nobody */
	int64_t initial_rtt_ns;	/* TCP: of the handshake; 0: not known */
	/*
	 * TCP: the least time between a segment of end[0] (end[1]) and its ACK, both as the capture saw them, rounded
	 * down to 16 ns; -1: none was seen.  It is the way from the capture to the other end and back.
	 */
	int64_t ack_rtt_ns[2];
	struct inferred state[2];	/* TCP: at the last packet */
};

struct conns;

/* With the newest rules. */
struct conns *conns_new(struct err *e);
void conns_free(struct conns *c);

/* Chooses the rules of analysis.h, and whether every packet is seen as it leaves (infer.h).  Before the first packet. */
void conns_set_rules(struct conns *c, const struct tcp_rules *rules);
void conns_set_complete(struct conns *c, bool complete);
const struct tcp_rules *conns_rules(const struct conns *c);

/* What one packet did. */
struct conn_note {
	uint32_t conn;		/* CONN_NONE if it has no IP addresses */
	uint8_t dir;		/* 0 if end[0] sent it, else 1 */
	struct verdict verdict;	/* .analysed: a TCP segment is complete with this packet */
	uint32_t stream;	/* of tcp or udp, as Wireshark shows it: also that of a packet which an ICMP error quotes; CONN_NONE */
	uint8_t stream_protocol;	/* IPPROTO_TCP, IPPROTO_UDP (UDP-Lite, too); 0 */
	uint8_t completeness;	/* tcp.completeness of `stream` as Wireshark shows it: before this packet */
	struct inferred state[2];	/* TCP: of both ends of `conn`, behind it */
	uint8_t moved;		/* … bit n: that of end[n] is another than before */
};

/*
 * Notes a packet.  bytes, caplen: the packet, as p was parsed from it; without them (NULL) fragments are not put
 * together and packets that ICMP errors quote are not noticed.  frame: its number as the verdicts will name it.
 */
void conns_track(struct conns *c, const struct packet *p, const void *bytes, size_t caplen, uint32_t frame,
		 int64_t ts_ns, struct conn_note *out);

/*
 * Optional, where several packets are at hand (64, say): conns_look() for each, then conns_near() for each,
 * then conns_nearer() for each, then conns_track() for each.  They only bring nearer what it needs.
 */
void conns_look(struct conns *c, struct packet *p);
void conns_near(struct conns *c, const struct packet *p);
void conns_nearer(struct conns *c, const struct packet *p);

/*
 * The same without bytes, frames counted from 1, and only the number: the connection's, CONN_NONE if it has no
 * IP addresses.  *dir is 0 if end[0] sent it, else 1.
 */
uint32_t conns_packet(struct conns *c, const struct packet *p, int64_t ts_ns, int *dir);

/*
 * The latest connection of this pair and protocol, in either order; CONN_NONE if there is none.  Of ICMP a port is
 * the identifier of an echo.
 */
uint32_t conns_find(const struct conns *c, uint8_t protocol, const struct addr *a, const struct addr *b);

size_t conns_count(const struct conns *c);
size_t conns_bytes(const struct conns *c);	/* of memory */
/* NULL if there is no such number.  Valid until the next conns_packet() or 64 more calls of this. */
const struct conn *conns_get(const struct conns *c, uint32_t number);
/* The same into *view, in a fraction of the time, without the addresses (end): to count over all of them. */
const struct conn *conns_facts(const struct conns *c, uint32_t number, struct conn *view);
/* What TCP remembers of it; NULL if it is none.  Valid as long as c. */
const struct tcp *conns_tcp(const struct conns *c, uint32_t number);

/* seq (dir's own) as a number relative to the base of the side that counts it; raw if the base is unknown. */
uint32_t conn_seq(const struct conn *c, int dir, uint32_t seq);

/*
 * Of a packet, as the ladder shows it; c may be NULL.  A reset that answers a segment without ACK is sent from no
 * connection and so has the number 0 (RFC 9293 section 3.10.7.1): it stays 0.
 */
uint32_t conn_packet_seq(const struct conn *c, int dir, const struct packet *p);

/*
 * Appends what the ladder writes on the arrow: "SYN  seq 0  mss 1460 ws 7", "PSH ACK  seq 1  ack 1  len 5",
 * "UDP  len 12", "ICMP port unreachable (UDP 2000)", "ARP who has 192.0.2.2".  c may be NULL (raw numbers).  bytes/caplen: the packet.
 */
void packet_summary(struct str *out, const struct packet *p, const struct conn *c, int dir,
		    const void *bytes, size_t caplen);

#endif
