/*
 * select: which packets of a trace are wanted.  A connection can be named by its number (as `show --json` and
 * the panel of connections give it) or, of TCP, by tcp.stream.  Where several are named, a packet of any of them is
 * wanted; where none is named, every packet.  Of these, with a filter, only packets that match it.
 */
#ifndef SOCKLENS_SELECT_H
#define SOCKLENS_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/core/err.h"

#define SELECT_MAX 64

struct select_numbers {
	uint32_t number[SELECT_MAX];
	size_t count;
};

struct select {
	struct select_numbers conn, stream;
	struct filter *filter;	/* NULL: any packet; owned */
};

/*
 * Fills s from "3" or "3,5,8" of --conn and --stream, and an expression of filter.h; each may be NULL.  -1, and e
 * says what is wrong.
 */
int select_init(struct select *s, const char *conns, const char *streams, const char *filter, struct err *e);
void select_fini(struct select *s);

bool select_is_all(const struct select *s);

/* A packet that is being read. */
bool select_packet(const struct select *s, const struct trace_packet *p, const struct conn_note *note);

/*
 * A row of any kind: a packet that is wanted, what became of it, and what else belongs to a wanted connection.
 * False also if it cannot be read.
 */
bool select_row(const struct select *s, struct trace *t, uint32_t row);

#endif
