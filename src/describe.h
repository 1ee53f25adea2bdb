/*
 * describe: events in words.  The ladder, `show`, the panels, the MESSAGE of the trace file and error
 * messages use these and nothing else, so that a thing is called the same everywhere.
 */
#ifndef SOCKLENS_DESCRIBE_H
#define SOCKLENS_DESCRIBE_H

#include "capture/trace.h"
#include "src/core/call.h"
#include "src/core/event.h"
#include "src/core/str.h"

/* "connect(3, server:8080)" */
void describe_call(struct str *out, const struct event *call);

/* "= 0", "= -1 ECONNREFUSED", "= 5 \"hello\"", "= 4 from client:45012"; with " after 1.2 s" if it blocked. */
void describe_return(struct str *out, const struct event *ret);

/* "1.2 s", "40.3 ms", "12 µs": three significant digits at most. */
void describe_duration(struct str *out, int64_t ns);

/* What a call moved inside one kernel: "RTM_GETROUTE dump  28 bytes", "3 bytes"; and in a sentence. */
void describe_local_brief(struct str *out, const struct event_local *l);
void describe_local(struct str *out, const struct event_local *l);

/* "delivered", "lost: cut", "held by rule 2" … */
void describe_wire(struct str *out, const struct event *wire);

/* "exited with status 3", "started (pid 12): python3 server.py" */
void describe_change(struct str *out, const struct event_program *p);

/* "client 3 → server:8080  ESTABLISHED" */
void describe_state(struct str *out, const struct event *state, const struct addr_names *names);

/*
 * Verdicts of analysis.h in at most `room` cells: "previous segment not captured", or "prev. not captured", or
 * of several as many as there is room for; nothing where even the first does not fit.  numbers: of the same
 * packet, for "dup ACK #2"; NULL: not known.
 */
void describe_verdict(struct str *out, uint16_t bits, const struct verdict *numbers, int room);

/* Those that tell of loss, disorder or a stop; the others are mere information. */
#define VERDICT_WARNINGS                                                                              \
	(VERDICT_RETRANSMISSION | VERDICT_FAST_RETRANSMISSION | VERDICT_SPURIOUS_RETRANSMISSION |     \
	 VERDICT_OUT_OF_ORDER | VERDICT_DUPLICATE_ACK | VERDICT_LOST_SEGMENT |                        \
	 VERDICT_ACK_LOST_SEGMENT | VERDICT_WINDOW_FULL | VERDICT_ZERO_WINDOW)

/*
 * An inferred state in at most `room` cells (but never less than the usual state): "~ESTABLISHED", one of two
 * "~FIN-WAIT-1|2", the usual one of several "~ESTABLISHED?".
 */
void describe_inferred(struct str *out, struct inferred state, int room);

/*
 * One whole line for an event, as `show` and MESSAGE have it.  For a PACKET: its summary.
 * t gives the names and the connection's numbers.
 */
void describe_event(struct str *out, const struct trace *t, const struct event *ev);

/* The result of a call in words, for a student: "The kernel answered ECONNREFUSED: nothing listens …". */
void describe_outcome(struct str *out, const struct event *call, const struct event *ret);

#endif
