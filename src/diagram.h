/*
 * diagram: where both ends of a TCP connection stand in the figure of RFC 9293 section 3.3.2 at a moment of a trace,
 * and along which of its arrows they came there.
 *
 * A state that the kernel was asked for goes before one that packets show (capture/infer.h).  Linux keeps a listener
 * in LISTEN and gives each connection a socket of its own: an end that has none yet stands where its listener does.
 */
#ifndef SOCKLENS_DIAGRAM_H
#define SOCKLENS_DIAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/infer.h"
#include "capture/trace.h"
#include "src/core/str.h"

/* An arrow of the figure, in its words. */
struct diagram_arc {
	enum sock_state from, to;
	const char *event;	/* "active OPEN", "rcv SYN", "CLOSE" */
	const char *action;	/* "snd SYN"; "": none, an x in the figure */
	const char *call;	/* what a program calls for it: "connect()"; NULL: none */
};
extern const struct diagram_arc diagram_arcs[];
extern const size_t diagram_arcs_count;

/* NULL: there is no such arrow. */
const struct diagram_arc *diagram_arc_of(enum sock_state from, enum sock_state to);

struct diagram_end {
	bool observed;			/* read from a kernel, or there was no socket; else inferred from packets */
	struct inferred state;		/* observed: .state alone, and its bit in .set */
	bool moved;			/* at this very moment … */
	enum sock_state from;		/* … from here */
	const struct diagram_arc *arc;	/* … along this arrow; NULL: the figure has none */
	const char *reason;		/* … without an arrow: what made it; NULL: not known */
};

struct diagram {
	struct diagram_end end[2];	/* as in struct conn */
};

/*
 * head: the first row of the moment, now: its last one (of a row of the ladder: its head, and view_now()).  The
 * connection must be one of TCP.  An answer takes a few milliseconds at most, whatever the trace.
 */
void diagram_at(struct trace *t, uint32_t conn, uint32_t head, uint32_t now, struct diagram *out);

/* Which end of a connection a sampled socket is, by both its addresses; -1. */
int diagram_socket_end(const struct event_state *s, const struct addr end[2]);

/* Appends "rcv SYN / snd SYN,ACK"; an arrow without action is "rcv ACK of SYN". */
void diagram_arc_text(struct str *out, const struct diagram_arc *arc);

#endif
