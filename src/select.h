/*
 * select: which packets of a trace are wanted.  A connection can be named by its number (as `show --json` and
 * the panel of connections give it) or, of TCP, by tcp.stream.  Where several are named, a packet of any of them is
 * wanted; where none is named, every packet.  Of these, with a filter, only packets that match it.
 *
 * What else belongs to a connection, its states and calls (conn_calls.h), is wanted where the whole connection is:
 * with a filter, where that takes all of its packets ("tcp port 8080"), and not where it picks some of them.
 */
#ifndef SOCKLENS_SELECT_H
#define SOCKLENS_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/core/err.h"

#define SELECT_MAX 64

struct conn_calls;

struct select_numbers {
	uint32_t number[SELECT_MAX];
	size_t count;
};

struct select {
	struct select_numbers conn, stream;
	struct filter *filter;	/* NULL: any packet; owned */

	/* Of one trace, by select_look(); owned. */
	struct conn_calls *calls;	/* NULL: it has no calls, or was not looked at */
	uint32_t *left_out;		/* by connection: packets that the filter does not take; NULL: no filter */
	size_t conns;
};

/*
 * Fills s from "3" or "3,5,8" of --conn and --stream, and an expression of filter.h; each may be NULL.  -1, and e
 * says what is wrong.
 */
int select_init(struct select *s, const char *conns, const char *streams, const char *filter, struct err *e);
void select_fini(struct select *s);

bool select_is_all(const struct select *s);

/* Looks through a trace, all of which is there, for select_row() to know which calls are wanted. */
int select_look(struct select *s, struct trace *t, struct err *e);

/* A packet that is being read. */
bool select_packet(const struct select *s, const struct trace_packet *p, const struct conn_note *note);

/*
 * A row of any kind: a packet that is wanted, what became of it, and (after select_look()) what else belongs to a
 * connection that is wanted as a whole.  False also if it cannot be read.
 */
bool select_row(const struct select *s, struct trace *t, uint32_t row);

#endif
