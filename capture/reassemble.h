/*
 * reassemble: puts fragmented IP datagrams together as far as tracking needs it: the transport header, which
 * is in their first bytes, and whether all of it was seen.  RFC 791 section 3.2, RFC 8200 section 4.5.
 *
 * Bounded: REASSEMBLE_PENDING datagrams at a time, of which the oldest gives way; no payload is kept beyond
 * the first bytes.
 */
#ifndef SOCKLENS_CAPTURE_REASSEMBLE_H
#define SOCKLENS_CAPTURE_REASSEMBLE_H

#include <stddef.h>
#include <stdint.h>

#include "capture/packet.h"

#define REASSEMBLE_PENDING 256
#define REASSEMBLE_FIRST 256 /* bytes of a datagram's payload that are kept */

struct reassembly;

enum reassembled {
	REASSEMBLE_NONE, /* cannot be put together: it was not captured in full */
	REASSEMBLE_WAITS, /* there are more to come */
	REASSEMBLE_WHOLE, /* this was the last of them */
};

struct reassembly *reassembly_new(void); /* NULL: no memory */
void reassembly_free(struct reassembly *r);

/*
 * Adds a fragment.  With REASSEMBLE_WHOLE, *whole is the datagram, as packet_parse_payload() reads it, and
 * *first its first REASSEMBLE_FIRST bytes of payload, valid until the next call.
 */
enum reassembled reassembly_add(struct reassembly *r, const struct packet *p, const void *bytes, size_t caplen,
				struct packet *whole, const uint8_t **first);

#endif
