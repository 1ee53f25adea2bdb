/*
 * gap: places of a file that could not be read, where reading went on behind them.  Each becomes a row of the
 * trace, a NOTE whose identity is the first lost byte; what it says is made from here.  Internal to capture/.
 */
#ifndef SOCKLENS_CAPTURE_GAP_H
#define SOCKLENS_CAPTURE_GAP_H

#include "capture/trace_impl.h"

#define GAPS_MAX 256	/* of the others only their number and bytes are told, by trace_damage() */

struct gap {
	uint64_t offset, bytes;
	const char *why;
};

struct gaps {
	uint32_t count;
	struct gap gap[GAPS_MAX];	/* by offset */
};

/* Notes one, and puts its row behind what was read before it.  block: its number in the file, from 1. */
int gap_add(struct gaps *g, struct trace *t, const struct gap *gap, uint64_t block, struct err *e);

/* The NOTE of the gap that begins at offset; false if there is none. */
bool gap_event(const struct gaps *g, uint64_t offset, struct memory *text, struct event *ev);
bool gap_at(const struct gaps *g, uint64_t offset);

#endif
