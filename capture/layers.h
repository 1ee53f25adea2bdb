/*
 * layers: where each header of a packet begins, the outermost first; those that an ICMP error quotes behind
 * them.  packet.h has what the innermost ones say; this is for who asks for the first of a kind.
 */
#ifndef SOCKLENS_CAPTURE_LAYERS_H
#define SOCKLENS_CAPTURE_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum layer_kind {
	LAYER_OTHER,		/* one that only leads to others: cooked, PPP, GRE, an extension header … */
	LAYER_ETHERNET,
	LAYER_VLAN,		/* 802.1Q; the provider's tag of 802.1ad is another */
	LAYER_ARP,
	LAYER_IPV4,
	LAYER_IPV6,
	LAYER_TCP,
	LAYER_UDP,		/* and UDP-Lite */
	LAYER_ICMP,
	LAYER_ICMPV6,
};
#define LAYER_KINDS	(LAYER_ICMPV6 + 1)

struct layer {
	uint8_t kind;		/* enum layer_kind */
	uint8_t quoted;		/* which layer of the packet that an ICMP error quotes, from 1; 0: of none */
	bool fragment;		/* what is there of it is in a fragment: the rest is elsewhere */
	bool covers;		/* of UDP-Lite: what UDP has its length in says how far the checksum reaches (RFC 3828) */
	bool whole;		/* the header made sense, and all of it is there */
	uint32_t at;		/* offset of its first byte in the packet */
	uint32_t have;		/* bytes from there on that were captured and are the layer's by the length fields around it */
	uint32_t len;		/* … captured or not; in a quoted packet: not known */
	uint32_t header;	/* bytes of its header */
};

#define LAYERS_MAX	48

/* Reads a packet as packet_parse() does.  Returns how many layers there are, at most LAYERS_MAX. */
size_t layers_read(struct layer layer[LAYERS_MAX], uint32_t link, const void *bytes, size_t caplen, size_t len);

#endif
