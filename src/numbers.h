/*
 * numbers: what the analysis said about each packet beside its verdicts, kept while a file is read, for who
 * writes the packets down later in the order of time: the numbers depend on the order of the file.
 *
 * Packed: about ten bytes a packet.
 */
#ifndef SOCKLENS_NUMBERS_H
#define SOCKLENS_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/core/err.h"

struct packet_numbers {		/* 0: not known, or none */
	uint64_t frame;		/* its number as Wireshark counts: events are frames, too */
	uint64_t stream;	/* tcp.stream or udp.stream + 1 */
	uint64_t window;	/* that the segment offers, in bytes, scaled */
	uint64_t in_flight;	/* bytes */
	uint64_t initial_rtt_ns;
	uint64_t acked_frame, ack_rtt_ns;
	uint64_t dup_ack, dup_ack_frame;
	uint64_t rto_frame, rto_ns;
};

struct numbers;

struct numbers *numbers_new(struct err *e);
void numbers_free(struct numbers *n);

/* For struct trace_options: what takes them in. */
const struct trace_watch *numbers_watch(const struct numbers *n);

/* Of a packet, by its identity.  False: it was not seen, or memory ran out. */
bool numbers_find(const struct numbers *n, uint64_t id, struct packet_numbers *out);

size_t numbers_bytes(const struct numbers *n);	/* of memory */

#endif
