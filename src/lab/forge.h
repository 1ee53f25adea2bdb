/*
 * forge: packets that the wire makes itself: what a router or a stranger in between could send.  All are whole
 * Ethernet frames with right checksums.
 */
#ifndef SOCKLENS_LAB_FORGE_H
#define SOCKLENS_LAB_FORGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/lab/heard.h"

#define FORGE_BYTES	1514	/* of a frame, at most */
#define FORGE_DATA	1400	/* payload of a segment, at most */

/* The address of the wire itself, where a router speaks. */
#define FORGE_WIRE4	{ 192, 0, 2, 254 }
#define FORGE_WIRE6	{ 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe }

/* Whether a frame has more behind its Ethernet header than that, and may not be fragmented (IPv6, or DF is set). */
bool forge_is_too_long(const uint8_t *bytes, uint32_t caplen, uint32_t len, uint32_t mtu);

enum forge_icmp {
	FORGE_PORT_UNREACHABLE,
	FORGE_HOST_UNREACHABLE,
	FORGE_NET_UNREACHABLE,
	FORGE_PROHIBITED,
	FORGE_NEEDFRAG,		/* of IPv6: packet too big */
	FORGE_TTL_EXCEEDED,
};
#define FORGE_ICMPS	(FORGE_TTL_EXCEEDED + 1)

const char *forge_icmp_name(enum forge_icmp kind);	/* "port-unreachable" */

/*
 * An ICMP or ICMPv6 error for the sender of a frame, which it quotes (caplen bytes are there).  mtu: of needfrag.  From
 * the wire's address, but for port-unreachable, which comes from the host that was meant.  Its length; 0: nobody may
 * answer this one with an error (it is no IP, or an error itself: RFC 1122 section 3.2.2).
 */
size_t forge_icmp(uint8_t out[FORGE_BYTES], enum forge_icmp kind, uint32_t mtu, const uint8_t *frame,
		  uint32_t caplen, uint32_t len);

/* A segment without options; data_len bytes of "x".  Its length. */
size_t forge_segment(uint8_t out[FORGE_BYTES], const struct heard_side *side, uint16_t flags, uint32_t data_len);

#endif
