/*
 * replay: the numbers behind a packet's verdicts: which frame it acknowledges and after how long, the bytes in
 * flight, the number of a duplicate ACK, what a retransmission is late after.
 *
 * A trace keeps the verdicts of each packet, not these numbers.  So the packets of its connection are tracked
 * again from the first one on, in slices: a connection of millions of packets takes a second or two, but nobody
 * waits for it.  The notes of the last packets tracked are kept, for several connections, so that going from one
 * packet to its neighbours costs next to nothing.
 *
 * Frames are named by the number of their PACKET here, as trace_row_of_packet() takes it.  An ICMP error that
 * quotes the connection is not taken into account.
 */
#ifndef SOCKLENS_CAPTURE_REPLAY_H
#define SOCKLENS_CAPTURE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/trace.h"

struct replay;

/* Of a trace, which it borrows and which may grow meanwhile. */
struct replay *replay_new(struct trace *t, struct err *e);

/*
 * The same for who goes through all packets once, from the first to the last: all connections are tracked
 * together.
 */
struct replay *replay_new_all(struct trace *t, struct err *e);
void replay_free(struct replay *r);

/* Says which PACKET is to be worked on; what was asked before is forgotten.  A row of another kind: none. */
void replay_ask(struct replay *r, uint32_t row);

/* Works for at most about budget_ns (0: till the end).  True: the verdict that was asked for is known now. */
bool replay_work(struct replay *r, int64_t budget_ns);
bool replay_busy(const struct replay *r);	/* what was asked for is not known yet */

/* Of the way to what was asked for, in percent. */
unsigned replay_percent(const struct replay *r);

/*
 * What is known of a PACKET's verdict; NULL: not known (yet), or not kept any more.  Valid until the next
 * replay_work().
 */
const struct verdict *replay_verdict(const struct replay *r, uint32_t row);

#endif
