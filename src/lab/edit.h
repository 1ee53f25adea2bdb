/*
 * edit: what a hand changes in a packet that it holds.
 */
#ifndef SOCKLENS_LAB_EDIT_H
#define SOCKLENS_LAB_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"
#include "src/core/str.h"

#define EDIT_DATA	512	/* bytes of new data, at most */
#define EDIT_BYTES	64	/* bytes that are written over others, at most */

/* A number of a header: this one, or so much more than it would be. */
struct edit_number {
	bool given, relative;
	int64_t n;
};

struct edit {
	bool given;			/* there is something to change */
	bool has_flags, has_data;
	bool unmended;			/* checksums stay as they were */
	uint16_t flags;			/* TCP_* */
	struct edit_number seq, ack, window, ttl;
	uint32_t seq_base, ack_base;	/* which numbers that are not relative count from, and those that are told */
	uint32_t data_len;
	uint32_t bytes_at, bytes_len;	/* over those from there on in the frame */
	uint8_t data[EDIT_DATA];	/* instead of the payload */
	uint8_t bytes[EDIT_BYTES];
};

/*
 * Writes the frame as it is after that to out (room for len + EDIT_DATA bytes), with lengths and checksums that fit.
 * Appends what is different: "flags PSH ACK → RST, seq 1 → 100".  Its length; 0: the packet has no such thing, e says which.
 */
size_t edit_frame(uint8_t *out, const uint8_t *frame, uint32_t len, const struct edit *edit, struct str *what,
		  struct err *e);

#endif
