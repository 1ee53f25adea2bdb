/*
 * conn_end: how a connection ended, as far as its packets tell.
 */
#ifndef SOCKLENS_CONN_END_H
#define SOCKLENS_CONN_END_H

#include "capture/conn.h"
#include "src/core/str.h"

enum conn_end {
	CONN_END_OPEN, /* TCP: nothing ended it; others: both sides have sent */
	CONN_END_UNANSWERED, /* only one side ever sent: a SYN, a request */
	CONN_END_REFUSED, /* TCP: the answer to the SYN was a RST */
	CONN_END_HALF, /* TCP: one side has sent its FIN */
	CONN_END_FIN, /* TCP: both have */
	CONN_END_RESET, /* TCP: a RST after the handshake */
	CONN_ENDS
};

struct conn_ending {
	enum conn_end end;
	int by; /* which end: sent the first FIN, sent the RST; -1: nobody did */
	bool start_seen; /* TCP: its SYN is in the capture; others: true */
};

struct conn_ending conn_ending(const struct conn *c);

/* "closed", "half-closed", "refused"…: of the kind alone, for tables of totals. */
const char *conn_end_name(enum conn_end end);
const char *conn_end_key(enum conn_end end); /* "half_closed": for programs */

/*
 * Appends "closed, client first", "reset by server", "open (start not captured)".  side: what the two ends are
 * called.
 */
void conn_ending_text(struct str *out, const struct conn_ending *e, const char *const side[2]);

#endif
