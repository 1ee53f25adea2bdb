/*
 * conn_list: the connections of a trace as a table: its columns, in any order, and only those that are asked for.
 *
 * A row is a number of a connection (capture/conn.h).  Sorting and choosing go on in slices, so that a million
 * connections never make the screen wait; until a new order is ready the old one stays.
 */
#ifndef SOCKLENS_CONN_LIST_H
#define SOCKLENS_CONN_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/core/err.h"
#include "src/core/str.h"
#include "src/shown.h"

enum conn_column {
	CONN_NUMBER,
	CONN_PROTOCOL,
	CONN_FROM,
	CONN_TO,
	CONN_START,
	CONN_TIME,
	CONN_PACKETS_0,
	CONN_PACKETS_1,
	CONN_BYTES_0,
	CONN_BYTES_1,
	CONN_HANDSHAKE,
	CONN_RTT,
	CONN_AGAIN,
	CONN_STATE,
	CONN_END,
};
#define CONN_COLUMNS	(CONN_END + 1)

struct conn_column_of {
	const char *name;	/* for commands: "bytes" */
	const char *title;	/* at its head: "bytes→" */
	const char *about;	/* one line */
	int least, most;	/* cells that it wants */
	int rank;		/* where not all fit, those of the lowest rank stay */
	bool right;		/* its cells are aligned to the right */
	bool falling;		/* the greatest first is what one looks for */
};
extern const struct conn_column_of conn_columns[CONN_COLUMNS];

/* The column of a name (len bytes); -1. */
int conn_column_find(const char *name, size_t len);

/*
 * Appends what stands in a column.  A state that was worked out from packets has a "~" in front, one that the
 * kernel's socket was sampled in has none.  width: cells that there are, for which a long address is
 * shortened; the ending is said in more words where they fit.
 */
void conn_cell(struct str *out, struct trace *t, uint32_t conn, enum conn_column column, int width);

/*
 * The round-trip time that ACKs tell: the least time from a segment to its ACK, one way and the other way round
 * together, because each is the way from the capture to one end and back.  *whole: both are known; else it is one of
 * them, and the whole is more.  Delayed ACKs are in it, where there were no others.  -1: not known.
 */
int64_t conn_ack_rtt(const struct conn *c, bool *whole);

/* "TCP", "UDP", "ICMP" …; "IP 47". */
void conn_protocol_text(struct str *out, uint8_t protocol);

struct conn_list;

/* All connections in the order of their first packets.  Borrows the trace. */
struct conn_list *conn_list_new(struct trace *t, struct err *e);
void conn_list_free(struct conn_list *l);

void conn_list_sort(struct conn_list *l, enum conn_column column, bool falling);
enum conn_column conn_list_column(const struct conn_list *l);
bool conn_list_falling(const struct conn_list *l);

/* Only those whose row has every word of the text in it (case ignored); "": all.  False: too long. */
bool conn_list_find(struct conn_list *l, const char *text);
const char *conn_list_text(const struct conn_list *l);	/* "": none */

/* Only those with a packet that matches the filter of s (borrowed); NULL: all. */
void conn_list_of(struct conn_list *l, const struct shown *s);

/* Goes on for at most about budget_ns.  True: rows changed. */
bool conn_list_work(struct conn_list *l, int64_t budget_ns);
bool conn_list_busy(const struct conn_list *l);
unsigned conn_list_percent(const struct conn_list *l);	/* of the pass under way */

size_t conn_list_rows(const struct conn_list *l);
uint32_t conn_list_at(const struct conn_list *l, size_t row);	/* CONN_NONE: there is no such row */

/* The row of a connection, which is looked for at `near` first; SIZE_MAX: it is not in the list. */
size_t conn_list_row_of(const struct conn_list *l, uint32_t conn, size_t near);

#endif
