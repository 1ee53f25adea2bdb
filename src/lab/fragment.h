/*
 * fragment: an IPv4 packet that is too long for the next link goes on in parts, as a router sends them: RFC 791 section
 * 3.2.  IPv6 has no such routers, and DF forbids it.
 */
#ifndef SOCKLENS_LAB_FRAGMENT_H
#define SOCKLENS_LAB_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a frame has more than mtu bytes behind its Ethernet header and may be fragmented. */
bool fragment_needed(const uint8_t *bytes, uint32_t caplen, uint32_t len, uint32_t mtu);

/*
 * Writes the fragment that begins *at bytes (0 at first) into the packet's payload, as a frame, and moves *at on.  out has
 * room for the whole frame.  Its length; 0: that was all.
 */
size_t fragment_next(uint8_t *out, const uint8_t *frame, uint32_t len, uint32_t mtu, uint32_t *at);

#endif
