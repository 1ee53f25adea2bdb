/*
 * explain: an event of a trace in two or three sentences for a student, with its own numbers in them, and where
 * more about it stands.
 *
 * What an event is decides the row of explain_rows[] that speaks about it.  A row's text is made of sentences with
 * holes in braces, {from}, {seq}; "|" stands between the sentences.  One with a hole that nothing is known for is left
 * out, but never the first.  Calls have no text here: theirs is in the table of calls (src/core/call.h) and in
 * describe_outcome().
 */
#ifndef SOCKLENS_EXPLAIN_H
#define SOCKLENS_EXPLAIN_H

#include "src/core/str.h"
#include "src/links.h"

struct explanation {
	char title[160];
	char text[1000];
	char reference[120];	/* "RFC 9293 section 3.5 · connect(2)"; "": none */
};

/* links: of the same event, by links_of(). */
void explain_event(struct trace *t, uint32_t row, const struct links *links, struct explanation *out);

/* One line that names an event: "packet 2  server → client  SYN ACK  seq 0  ack 1". */
void explain_name(struct str *out, struct trace *t, uint32_t row);

enum explain_kind {
	/* TCP */
	EXPLAIN_SYN, EXPLAIN_SYN_CROSSING, EXPLAIN_SYN_REUSED, EXPLAIN_SYN_ACK, EXPLAIN_SYN_ACK_COOKIE, EXPLAIN_SYN_ACK_CROSSING,
	EXPLAIN_HANDSHAKE_ACK,
	EXPLAIN_DATA, EXPLAIN_DATA_WAITED, EXPLAIN_DATA_URGENT, EXPLAIN_DATA_AFTER_GAP, EXPLAIN_WINDOW_FULL,
	EXPLAIN_ACK, EXPLAIN_ACK_DELAYED, EXPLAIN_ACK_OF_FIN, EXPLAIN_ACK_OF_LAST_FIN,
	EXPLAIN_ACK_DUPLICATE, EXPLAIN_ACK_UNSEEN,
	EXPLAIN_ACK_PLAIN, EXPLAIN_ACK_CHALLENGE, EXPLAIN_ACK_TWICE, EXPLAIN_ECN_ECHO, EXPLAIN_WINDOW_REDUCED,
	EXPLAIN_WINDOW_UPDATE, EXPLAIN_WINDOW_ZERO, EXPLAIN_WINDOW_PROBE, EXPLAIN_WINDOW_PROBE_ACK,
	EXPLAIN_KEEPALIVE, EXPLAIN_KEEPALIVE_ACK,
	EXPLAIN_AGAIN_TIMEOUT, EXPLAIN_AGAIN_SYN, EXPLAIN_AGAIN_FAST, EXPLAIN_AGAIN_TAIL, EXPLAIN_AGAIN_SPURIOUS,
	EXPLAIN_AGAIN_PATH_MTU, EXPLAIN_AGAIN_SLOW_START, EXPLAIN_AGAIN, EXPLAIN_OUT_OF_ORDER,
	EXPLAIN_FIN,
	EXPLAIN_RST_REFUSED, EXPLAIN_RST_UNREAD, EXPLAIN_RST_QUEUED, EXPLAIN_RST_ABORT, EXPLAIN_RST_CLOSED, EXPLAIN_RST_PROGRAM,
	EXPLAIN_RST_ANSWER, EXPLAIN_RST_QUEUE, EXPLAIN_RST_GAVE_UP, EXPLAIN_RST_LINGER2, EXPLAIN_RST,
	EXPLAIN_CAUSED,		/* any other cause that the kernel told of */
	EXPLAIN_INJECTED,
	EXPLAIN_TCP_CUT,
	/* other packets */
	EXPLAIN_UDP, EXPLAIN_FRAGMENT, EXPLAIN_FRAGMENT6,
	EXPLAIN_ICMP_PORT, EXPLAIN_ICMP_UNREACHABLE, EXPLAIN_ICMP_PROHIBITED, EXPLAIN_ICMP_TOO_BIG,
	EXPLAIN_ICMP_TIME, EXPLAIN_ICMP_ECHO, EXPLAIN_ICMP_REPLY, EXPLAIN_ICMP_OTHER,
	EXPLAIN_ICMP6_PORT, EXPLAIN_ICMP6_UNREACHABLE, EXPLAIN_ICMP6_TOO_BIG, EXPLAIN_ICMP6_TIME,
	EXPLAIN_ICMP6_ECHO, EXPLAIN_ICMP6_REPLY, EXPLAIN_ICMP6_WHO_HAS, EXPLAIN_ICMP6_IS_AT, EXPLAIN_ICMP6_OTHER,
	EXPLAIN_ARP_REQUEST, EXPLAIN_ARP_REPLY, EXPLAIN_ARP_OTHER,
	EXPLAIN_IP_OTHER, EXPLAIN_NO_IP,
	/* states, in the order of enum sock_state; "no state" has no row on the ladder */
	EXPLAIN_STATE_NONE, EXPLAIN_CLOSED, EXPLAIN_LISTEN, EXPLAIN_SYN_SENT, EXPLAIN_SYN_RECEIVED,
	EXPLAIN_ESTABLISHED, EXPLAIN_FIN_WAIT_1, EXPLAIN_FIN_WAIT_2, EXPLAIN_CLOSE_WAIT, EXPLAIN_CLOSING,
	EXPLAIN_LAST_ACK, EXPLAIN_TIME_WAIT, EXPLAIN_UNCONNECTED, EXPLAIN_CONNECTED,
	/* the wire, in the order of enum wire_fate */
	EXPLAIN_DELIVERED, EXPLAIN_DELAYED, EXPLAIN_HELD, EXPLAIN_RELEASED, EXPLAIN_DROPPED, EXPLAIN_DUPLICATED,
	EXPLAIN_FAILED, EXPLAIN_CORRUPTED, EXPLAIN_REORDERED, EXPLAIN_MARKED, EXPLAIN_WIRE_INJECTED,
	EXPLAIN_EDITED, EXPLAIN_FRAGMENTED,
	/* programs, in the order of enum program_change, and their output */
	EXPLAIN_STARTED, EXPLAIN_EXITED, EXPLAIN_KILLED, EXPLAIN_EXECUTED, EXPLAIN_SIGPIPE, EXPLAIN_EXITED_BADLY,
	EXPLAIN_OUTPUT, EXPLAIN_OUTPUT_ERROR,
	/* notes, in the order of enum note_kind */
	EXPLAIN_SAY, EXPLAIN_TITLE, EXPLAIN_ABOUT, EXPLAIN_LIMIT, EXPLAIN_LOST, EXPLAIN_ERROR, EXPLAIN_EXPECT,
	EXPLAIN_COMMAND, EXPLAIN_COMMAND_ENDED,
	EXPLAIN_COUNTERS,
};
#define EXPLAIN_KINDS (EXPLAIN_COUNTERS + 1)

struct explain_row {
	const char *title, *text, *reference;	/* reference: "" where nothing outside of this program says more */
};
extern const struct explain_row explain_rows[EXPLAIN_KINDS];

#endif
