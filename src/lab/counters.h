/*
 * counters: what a host's kernel has counted: /proc/net/netstat, snmp and snmp6, which belong to its network namespace
 * and are opened there once.
 *
 * Left out is what counts every packet and byte, and what is no count: it says nothing that the packets do not say.
 * Of the others counter_table has those that have to do with certain packets; one that is not in it is known by its own
 * name all the same.
 *
 * A reading of the first two costs 57 µs (6.18, 2 processors, 4 + 1.2 KB of text), the third 19 µs more.
 */
#ifndef SOCKLENS_LAB_COUNTERS_H
#define SOCKLENS_LAB_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"

#define COUNTER_NAME	40	/* bytes of a name with its NUL */

struct counters;

/* Opens them in the network namespace that this thread is in. */
struct counters *counters_open(struct err *e);
void counters_close(struct counters *c);

size_t counters_count(const struct counters *c);
const char *counters_name(const struct counters *c, size_t i);	/* "TcpExtTCPTimeouts", as nstat(8) has it */
uint32_t counters_shapes(const struct counters *c, size_t i);	/* as in counter_table; 0: not in it */

/* Reads them; all: snmp6 as well.  -1: they could not be read, and nothing has changed. */
int counters_read(struct counters *c, bool all);

uint64_t counters_value(const struct counters *c, size_t i);

/* ---- which packets a counter has to do with ---- */

enum {
	SHAPE_SYN = 1 << 0,	/* with or without ACK */
	SHAPE_RESEND = 1 << 1,	/* carries data, a SYN or a FIN that was sent before */
	SHAPE_PROBE = 1 << 2,	/* no data, and a number that was acknowledged already: a keepalive or window probe */
	SHAPE_ACK = 1 << 3,	/* nothing but an ACK */
	SHAPE_DATA = 1 << 4,	/* new data */
	SHAPE_RST = 1 << 5,
	SHAPE_ICMP = 1 << 6,	/* an error */
	SHAPE_ARRIVAL = 1 << 7,	/* a packet that arrived, not one that left */
};
#define SHAPE_LEFT	(SHAPE_SYN | SHAPE_RESEND | SHAPE_PROBE | SHAPE_ACK | SHAPE_DATA | SHAPE_RST | SHAPE_ICMP)

struct counter_row {
	const char *name;
	uint32_t shapes;	/* of the packets that make it grow */
	const char *help;	/* "timers that fired" */
};
extern const struct counter_row counter_table[];
extern const size_t counter_table_count;

/* By its name, with or without the name of its protocol in front; NULL. */
const struct counter_row *counter_find(const char *name, size_t len);

#endif
