/*
 * sum: the checksum of the Internet protocols, RFC 1071.
 */
#ifndef SOCKLENS_LAB_SUM_H
#define SOCKLENS_LAB_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Adds bytes to a sum; an odd number of them only at the end. */
uint64_t sum_bytes(const uint8_t *p, size_t len, uint64_t sum);

/* The sum in network order, not complemented: 0xffff over bytes whose checksum is right. */
uint16_t sum_fold(uint64_t sum);

/* The sum of a pseudo-header for len bytes of a protocol.  addresses: source and destination, 8 or 32 bytes. */
uint64_t sum_pseudo_header(const uint8_t *addresses, bool ip6, uint8_t protocol, uint32_t len);

/* What a checksum becomes when a 16-bit word that it covers changes: RFC 1624. */
uint16_t sum_update(uint16_t checksum, uint16_t before, uint16_t after);

#endif
