/*
 * cause: why a kernel sent a packet that is neither plain new data nor a plain ACK, and what a kernel made of one that
 * it did not just take in, by what the kernels and the wire themselves said: the hosts' counters (COUNTERS), samples of
 * the socket (timer, retransmissions, congestion state), and what the wire did with the packet that is sent again.
 * Nothing is concluded from packets alone.
 *
 * cause_table has a row for each: the counters that name it, what else must be so, and its words.  Where a recording has
 * no counters (one host, or too many packets to look at each) the samples alone tell the commonest.
 */
#ifndef SOCKLENS_CAUSE_H
#define SOCKLENS_CAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/core/str.h"

/* In this order: the first that fits is the one. */
enum cause_kind {
	CAUSE_UNKNOWN,

	/* why it was sent */
	CAUSE_TAIL_PROBE,
	CAUSE_SYN_TIMEOUT,
	CAUSE_TIMEOUT,
	CAUSE_PATH_MTU,
	CAUSE_FAST,
	CAUSE_SLOW_START,
	CAUSE_KEEPALIVE,
	CAUSE_WINDOW_PROBE,
	CAUSE_QUEUE_RESET,
	CAUSE_UNREAD,
	CAUSE_GAVE_UP,
	CAUSE_LINGER2,
	CAUSE_LINGER,
	CAUSE_AFTER_CLOSE,
	CAUSE_LISTENER_CLOSED,
	CAUSE_NOBODY,
	CAUSE_NO_CONNECTION,
	CAUSE_SYN_COOKIE,
	CAUSE_CHALLENGE,
	CAUSE_ZERO_WINDOW,
	CAUSE_WINDOW_OPENS,
	CAUSE_DSACK,
	CAUSE_DUP_ACK,
	CAUSE_DELAYED_ACK,

	/* what its receiver made of it */
	CAUSE_OVERFLOW,
	CAUSE_IGNORED,
	CAUSE_COOKIE_BACK,
	CAUSE_UNDO,
	CAUSE_BUFFER_FULL,
	CAUSE_CHECKSUM,
	CAUSE_NO_ROOM,
};
#define CAUSE_KINDS	(CAUSE_NO_ROOM + 1)
#define CAUSE_ARRIVALS	CAUSE_OVERFLOW	/* the first of these */

struct cause {
	enum cause_kind kind;	/* why it was sent */
	enum cause_kind arrival;	/* what its receiver made of it … */
	uint8_t receiver;	/* … which is this host; HOST_NONE */
	int64_t timer_ns;	/* of the timer that fired, as set; 0: not known */
	uint32_t before, after;	/* rows of the samples that tell; ROW_NONE */
	uint32_t original;	/* row of the PACKET that is sent again, if the wire lost it; ROW_NONE */
	uint32_t lost_by;	/* row of the WIRE that lost it; ROW_NONE */
	uint32_t left, arrived;	/* rows of the (first) COUNTERS because it left, because it arrived; ROW_NONE */
};

/* Of a PACKET.  False: the recording holds no cause, nor anything that was counted because of it. */
bool cause_of_packet(struct trace *t, uint32_t row, struct cause *out);

/*
 * Why a PACKET leaves that is about to be appended, and what its host counted; out->kind is CAUSE_UNKNOWN if nobody
 * knows.
 */
void cause_of_leaving(struct trace *t, const struct event *packet, const struct event_counters *counted, struct cause *out);

struct cause_row {
	const char *name;	/* "RTO", "fast retransmit" …; "" for unknown */
	const char *mark;	/* before it on the ladder: "↻ ", "✗ ", "" */
	bool warns;		/* something went wrong */
	const char *counter[4];	/* one of which grew */
	const char *text;	/* behind the name: what the kernel did */
	const char *timed;	/* the same where a timer fired that is known; its time is put for the %; NULL */
};
extern const struct cause_row cause_table[CAUSE_KINDS];

/* "RTO", "fast retransmit", "tail loss probe" …; "" for unknown. */
const char *cause_name(enum cause_kind kind);

/* By its name: case is ignored, and "-" stands for a blank; CAUSE_UNKNOWN. */
enum cause_kind cause_find(const char *name, size_t len);

/* What stands for it on the ladder: "↻ RTO".  False: nothing, it is unknown. */
bool cause_mark(struct str *out, enum cause_kind kind);

/*
 * Appends what happened, with its numbers: "the wire lost packet 12 (hand); RTO: the timer of 204 ms fired; TCPTimeouts +1; retransmissions 0 → 1".
 */
void cause_text(struct str *out, struct trace *t, const struct cause *c);

/* The same for people who open the file elsewhere, before the packet has a row. */
void cause_comment(struct str *out, const struct cause *c, const struct event_counters *counted);

/* One part of it: why it was sent, what its receiver made of it. */
void cause_text_left(struct str *out, struct trace *t, const struct cause *c);
void cause_text_arrived(struct str *out, struct trace *t, const struct cause *c);

/* Whether `changes` says that this counter grew, and by how much: 0. */
uint64_t cause_grew(const char *changes, const char *counter);

#endif
