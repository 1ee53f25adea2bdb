/*
 * packet: what the headers of one packet say, read once, in one pass, bounds-checked.
 *
 * This is the fast reading that tracking, the ladder and the wire need.  dissect.h gives every field of
 * every layer for the packet panel.
 */
#ifndef SOCKLENS_CAPTURE_PACKET_H
#define SOCKLENS_CAPTURE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/addr.h"
#include "src/core/str.h"

/* Link types of capture files (draft-ietf-opsawg-pcaplinktype). */
enum { LINK_NULL = 0, LINK_ETHERNET = 1, LINK_PPP = 9, LINK_PPP_HDLC = 50, LINK_PPP_ETHER = 51, LINK_RAW = 101, LINK_C_HDLC = 104, LINK_LOOP = 108, LINK_SLL = 113, LINK_IPV4 = 228, LINK_IPV6 = 229, LINK_SLL2 = 276 };

/* TCP flags, RFC 9293 section 3.1. */
enum { TCP_FIN = 0x001, TCP_SYN = 0x002, TCP_RST = 0x004, TCP_PSH = 0x008, TCP_ACK = 0x010, TCP_URG = 0x020, TCP_ECE = 0x040, TCP_CWR = 0x080, TCP_AE = 0x100 };

struct packet {
	uint16_t ethertype;	/* of the layer that was reached: 0x0800 … */
	uint8_t ip_version;	/* 4, 6, or 0: no IP */
	uint8_t protocol;	/* of the IP payload, behind extension headers */
	uint8_t src[16], dst[16];	/* network order; IPv4: the first 4 bytes */
	uint16_t src_port, dst_port;	/* host order; TCP and UDP.  Of an ICMP echo, which has none, both are its identifier */
	uint8_t ttl;
	uint8_t ecn;		/* 0 not ECT, 1 ECT(1), 2 ECT(0), 3 CE: RFC 3168 */
	uint16_t ip_id;
	bool fragment;		/* not the first, or more follow: ports may be missing */
	bool more_fragments;
	uint32_t fragment_at;	/* bytes of the datagram's payload before this fragment's */
	uint32_t fragment_id;	/* IPv6: 32 bits; IPv4: ip_id */
	uint32_t fragment_start;	/* offset in the packet of the fragment's part of the datagram … */
	uint32_t fragment_len;	/* … and its length by the IP header (what was captured may be less) */
	bool has_ports;		/* the TCP or UDP header was there as far as the ports */
	bool has_transport;	/* its fixed part (TCP: 20 bytes, UDP: 8, ICMP: 4) was all there */
	bool has_segment;	/* TCP: seq, ack, flags and window were there (16 bytes) … */
	bool payload_known;	/* … and the payload's length is known: no fragment, no lying header length */
	bool cut;		/* something in the headers was beyond the captured bytes or malformed */

	uint32_t seq, ack;	/* TCP, raw */
	uint16_t flags;		/* TCP_* */
	uint16_t window;	/* raw */
	uint16_t mss;		/* option; 0 none */
	int8_t wscale;		/* option; -1 none */
	bool sack_permitted, has_ts;
	uint32_t tsval, tsecr;
	uint8_t sack_blocks;	/* 0..4 */
	uint32_t sack[4][2];	/* left, right edge, raw */
	uint16_t mptcp;		/* bits 1 << subtype of the MPTCP options (RFC 8684) */

	uint8_t icmp_type, icmp_code;
	uint16_t ppp_protocol;	/* what PPP carries, 0xc021 …; 0: no PPP, or IP */
	uint16_t arp_op;	/* ethertype 0x0806 for IPv4: 1 request, 2 reply; src and dst are the protocol addresses */

	uint32_t network_at;	/* offset of the (innermost) IP header, or of ARP; 0 also if there is none.  Tunnels are followed: IP in IP, GRE, VXLAN */
	uint32_t transport_at;	/* offset of the TCP, UDP, ICMP header (or of what else IP carries) */
	uint32_t payload_at;	/* offset of the transport payload in the packet */
	uint32_t hash;		/* of its connection, and … */
	uint32_t address[2];	/* … its source and destination by their numbers there: filled in by conns_look() */
	uint32_t payload_len;	/* its length by the IP header, which may be more than was captured, but not than was sent */
};

/*
 * Reads a packet of the given link type; caplen bytes are there, len were on the wire.  What cannot be
 * read stays 0.  Never fails: a packet of which nothing is known has ip_version 0 and cut set.
 */
void packet_parse(struct packet *p, uint32_t link, const void *bytes, size_t caplen, size_t len);

/* The same the general way, protocol by protocol, whatever the packet is: for tests of packet_parse()'s shortcut. */
void packet_parse_chain(struct packet *p, uint32_t link, const void *bytes, size_t caplen, size_t len);

/*
 * The packet that an ICMP or ICMPv6 error quotes: its headers as far as they are there, its payload never
 * known.  False if p quotes none.
 */
bool packet_quoted(struct packet *quoted, const struct packet *p, const void *bytes, size_t caplen);

/* Endpoints as addresses (port 0 where there is none, as in ICMP); false if the packet has no IP or ARP addresses. */
bool packet_endpoints(const struct packet *p, struct addr *src, struct addr *dst);

/* Appends "SYN ACK" in the order books use (SYN FIN RST PSH ACK URG ECE CWR AE); "no flags" for none. */
void packet_flags_text(struct str *out, uint16_t flags);

/* Offset of the transport payload that was captured, and how many bytes of it. */
size_t packet_payload(const struct packet *p, size_t caplen, size_t *at);

#endif
