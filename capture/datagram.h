/*
 * datagram: fragmented IP datagrams, put together whole (RFC 791 section 3.2, RFC 8200 section 4.5).
 *
 * A datagram is complete in the frame that brings the last piece that was missing.  Where pieces overlap, the
 * one that begins first counts, then the one that came first; the first piece without "more fragments" says
 * how long the datagram is, and what lies behind is left out: as Wireshark does.  A kernel may refuse such a
 * datagram altogether, so the result says that there was something wrong.
 *
 * Bounded whatever comes: in datagrams that wait, in bytes, and in the time that they wait; the one that began
 * first gives way.
 */
#ifndef SOCKLENS_CAPTURE_DATAGRAM_H
#define SOCKLENS_CAPTURE_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/packet.h"
#include "src/core/err.h"

struct datagram_limits {	/* 0: the default */
	uint32_t datagrams;	/* that wait at a time: 512 */
	size_t bytes;		/* that they hold, all together: 8 MiB */
	int64_t age_ns;		/* since their first fragment by the capture's clock: 60 s */
};

struct datagram {
	const uint8_t *bytes;	/* from the IP header on; valid until the next datagrams_*() call */
	size_t len;		/* at most 65575 */
	size_t header_len;	/* of what comes before the payload: IP header, and with IPv6 all up to its fragment header */
	uint32_t link;		/* LINK_IPV4 or LINK_IPV6: what packet_parse() is to be told */
	uint32_t fragments;	/* that it came in */
	bool overlaps;		/* … some of them with different bytes for the same place, or beyond its end */
};

struct datagrams_seen {		/* since datagrams_new() */
	uint64_t fragments, whole;
	uint64_t cut;		/* fragments that were not captured in full: their datagram stays incomplete */
	uint64_t aged, crowded, refused;	/* datagrams given up: too old, no room, too long or too many pieces */
};

struct datagrams;

struct datagrams *datagrams_new(const struct datagram_limits *limits, struct err *e);	/* limits may be NULL */
void datagrams_free(struct datagrams *d);

/*
 * Adds the fragment that p (with p->fragment set) is.  bytes/caplen: the packet that p was read from.  True if
 * it completes its datagram: whole is filled.  False: more are missing, or it is of no use.
 */
bool datagrams_add(struct datagrams *d, const struct packet *p, const void *bytes, size_t caplen,
		   int64_t ts_ns, struct datagram *whole);

/*
 * The same, and reads the whole datagram: p becomes the packet in it, with offsets in whole->bytes.  A
 * fragment that was inside a tunnel whose packets were fragmented, too, is added in its turn.
 */
bool datagrams_packet(struct datagrams *d, struct packet *p, const void *bytes, size_t caplen,
		      int64_t ts_ns, struct datagram *whole);

const struct datagrams_seen *datagrams_seen(const struct datagrams *d);
size_t datagrams_waiting(const struct datagrams *d, size_t *bytes);	/* bytes may be NULL */

#endif
