/*
 * infer: in which state of RFC 9293 both ends of a TCP connection are, from its packets alone.
 *
 * A segment proves things about its sender at the moment it was built; about its receiver only if it arrives
 * there and is acceptable, until a later segment of the receiver shows it.  So a state is
 *
 *	certain		its own segment shows it
 *	presumed	it follows if what was seen arrived
 *	a range		the packets leave several possible
 *
 * What packets cannot show at all (a silent timeout, a close() whose FIN waits) is not guessed at.
 *
 * Both ends of a connection are a struct infer_end[2], zero at first: nothing is known of them.
 */
#ifndef SOCKLENS_CAPTURE_INFER_H
#define SOCKLENS_CAPTURE_INFER_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/packet.h"
#include "capture/unacked.h"
#include "src/core/event.h"
#include "src/core/str.h"

enum infer_sure { INFER_UNKNOWN, INFER_CERTAIN, INFER_PRESUMED, INFER_RANGE };

struct inferred {
	uint16_t set; /* the possible states, as bits 1 << enum sock_state; 0: unknown */
	uint8_t state; /* the one of them that is usual; SOCK_STATE_NONE: unknown */
	uint8_t sure; /* enum infer_sure */
};

struct infer_end {
	uint32_t nxt; /* end of the highest segment sent; SYN and FIN count 1 */
	uint32_t una; /* highest acknowledgment that the other end sent */
	uint32_t fin; /* number of its FIN */
	uint32_t rcv; /* next number that it expects */
	uint32_t beyond; /* list: what arrived beyond rcv */
	uint16_t set;
	uint16_t bits; /* the usual state, how sure it is, and what infer.c notes */
};
enum { INFER_STATE = 0x0f, INFER_SURE_SHIFT = 4, INFER_SURE = 3 << INFER_SURE_SHIFT };

/* How the capture stands to the hosts. */
enum infer_vantage {
	INFER_TAP, /* anywhere: packets may have been lost before and behind it */
	INFER_COMPLETE, /* every packet is seen as it leaves its host */
};

/* A segment is seen; by this alone its sender is judged. */
void infer_sent(struct infer_end end[2], int dir, const struct packet *p, enum infer_vantage v);

/* A segment has reached the other side, as somebody saw.  Where deliveries are not known: infer_segment(). */
void infer_delivered(struct infer_end end[2], struct unacked *pool, int dir, const struct packet *p);

/*
 * Both: a plain capture, in which what is seen is presumed to arrive.  Returns whose state is another now or
 * otherwise sure: bit n of end[n].  memo: remembers what came of such segments and saves time; NULL: none.
 */
struct infer_memo;
uint8_t infer_segment(struct infer_end end[2], struct unacked *pool, struct infer_memo *memo, int dir,
		      const struct packet *p, enum infer_vantage v);

static inline struct inferred infer_state(const struct infer_end *e)
{
	return (struct inferred){ .set = e->set,
				  .state = e->bits & INFER_STATE,
				  .sure = (e->bits & INFER_SURE) >> INFER_SURE_SHIFT };
}

/* The same, so long after the connection's last packet: TIME-WAIT ends by time alone, RFC 9293 section 3.4.1. */
struct inferred infer_state_after(const struct infer_end *e, int64_t idle_ns);

/* Exactly one end is shown to be gone: 6.9. */
bool infer_half_open(const struct infer_end end[2]);

/* Appends "ESTABLISHED", "LAST-ACK|CLOSING", "unknown". */
void infer_text(struct str *out, struct inferred state);

/*
 * A state in 6 bits, to be kept for each packet, and back.  A range that is too rare to have a code of its own
 * comes back as a wider one with the same usual state.
 */
#define INFER_CODES 64
uint8_t infer_code(struct inferred state);
struct inferred infer_decode(uint8_t code);

#endif
