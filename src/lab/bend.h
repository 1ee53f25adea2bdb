/*
 * bend: what the wire changes in a packet's bytes (an Ethernet frame), as a bad cable or a busy router does.
 */
#ifndef SOCKLENS_LAB_BEND_H
#define SOCKLENS_LAB_BEND_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/str.h"
#include "src/lab/dice.h"

/* Whether bend_corrupt() can do it: with `mended` there must be a payload and a checksum over it. */
bool bend_can_corrupt(const uint8_t *bytes, uint32_t len, bool mended);

/*
 * Turns one bit over that a checksum guards: of the payload, or of the header in front if there is none.  `mended`: of
 * the payload, and the checksum is put right again.  Appends which bit, and what the receiver can know of it.
 */
void bend_corrupt(uint8_t *bytes, uint32_t len, bool mended, struct dice *dice, struct str *out);

/* Whether the packet may be marked: ECT(0) or ECT(1), RFC 3168 section 5. */
bool bend_can_mark(const uint8_t *bytes, uint32_t len);

/* Marks it CE, the header's checksum mended. */
void bend_mark(uint8_t *bytes, uint32_t len);

/* Puts all checksums right: that of the IPv4 header, and of TCP, UDP or ICMP where the whole packet is there. */
void bend_mend(uint8_t *bytes, uint32_t len);

#endif
