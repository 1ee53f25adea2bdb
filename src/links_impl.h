/*
 * Inside of links; only src/links*.c include it.
 */
#ifndef SOCKLENS_LINKS_IMPL_H
#define SOCKLENS_LINKS_IMPL_H

#include "src/links.h"

enum {
	LINKS_NEAR = 128, /* rows between what is written within microseconds */
	LINKS_FAR = 4096, /* rows in which anything is looked for */
	LINKS_READ = 96, /* events that are read for it */
};

/* Adds a cause, by the row that stands for it, unless it is there already or ROW_NONE. */
void links_add(const struct trace *t, struct links *out, uint32_t row);

/* The causes of each kind: links_packet.c, links_return.c. */
void links_of_packet(struct trace *t, uint32_t row, struct links *out);
void links_of_return(struct trace *t, uint32_t row, struct links *out);

/* Where a packet came to its host: the WIRE that delivered it, or itself; ROW_NONE: it did not (before a row). */
uint32_t links_arrival(const struct trace *t, uint32_t packet, uint32_t before);

/* The change of state at a host that the arrival of a packet brought; ROW_NONE. */
uint32_t links_state_of_arrival(const struct trace *t, uint32_t packet, uint8_t host);

/* The nearest COMMAND before a row (at most `rows` of them) whose text begins with one of words; ROW_NONE. */
uint32_t links_command(struct trace *t, uint32_t row, uint32_t rows, const char *const *words);

/* The last packet that came to end `dir` of a connection before a row and that is wanted; ROW_NONE. */
typedef bool links_wanted_fn(const struct trace_entry *e, const struct packet *p, const void *arg);
uint32_t links_last_arrived(struct trace *t, uint32_t row, uint32_t conn, int dir, links_wanted_fn *wanted,
			    const void *arg);

#endif
