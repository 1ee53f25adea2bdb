/*
 * wire: the cable between the hosts, and the hand on it.  One thread: captures what leaves a host, decides
 * by its rules, injects it into the host it is for (at once, later, twice or never), and samples both
 * hosts' sockets around it.  Nothing that the screen does delays a packet.
 *
 * Order: everything captured is recorded and its sender sampled before anything is delivered; after each
 * delivery the receiver is sampled and the ports are read again.  So a state change is attributed to
 * exactly one departure, arrival or call.
 *
 * Above 2,000 packets a second (src/lab/thin.h) sockets are looked at only where a state may have changed and
 * every 0.1 s, a NOTE_LIMIT says so once, and packets go on in bursts instead of one by one.
 *
 * On one host (lab.loopback) it only listens, and takes no orders: a packet on lo has arrived before anybody can see
 * it.  Three things are less certain there:
 *
 *	who sent a packet	is not known here: a PACKET has HOST_NONE (src/session_side.h finds out), a STATE host 0
 *	states in between	A send(), or a whole handshake, is over before this thread wakes up.  Of packets that were
 *				captured together the sockets at both ends are looked at once, so what they were
 *				between two of them (SYN-SENT, LAST-ACK) is seen only by chance.  It is never made up.
 *	their cause		is worked out from the state that was found and the flags of these packets: the one that
 *				brings a socket into that state by RFC 9293.  If none does it is the last one to
 *				concern the socket.
 */
#ifndef SOCKLENS_LAB_WIRE_H
#define SOCKLENS_LAB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"
#include "src/core/event.h"
#include "src/core/str.h"
#include "src/lab/lab.h"
#include "src/lab/sample.h"

struct wire;

struct wire_config {
	bool sample;		/* sample the sockets (false: packets only) */
	bool record;		/* hand over events (false: only move packets, for benchmarks) */
	bool sample_all;	/* never thin sampling out, for benchmarks */
};

struct wire *wire_start(const struct lab *l, const struct wire_config *c, struct err *e);
void wire_stop(struct wire *w);		/* ends the thread; what is in flight is lost with the lab */

/* Readable while events wait. */
int wire_fd(const struct wire *w);
void wire_clear_fd(struct wire *w);	/* before draining */

/*
 * The next event (PACKET, WIRE, STATE, NOTE), or NULL.  Borrowed until the next wire_next().  The caller may write to it
 * (trace_append sets the id).
 */
struct event *wire_next(struct wire *w);

enum wire_verb {
	WIRE_DELAY,		/* every packet (from `from`) takes delay_ns; 0 ends it; what is on its way is not overtaken */
	WIRE_HOLD,		/* packets that match the filter (all, if it is empty) wait */
	WIRE_HOLD_OFF,		/* ends all holds (or rule `number`, of any verb); held packets stay until released */
	WIRE_RELEASE,		/* held packets go on: `which` */
	WIRE_DROP,		/* held packets are lost; if nothing is held: the next one to come; with a filter, `every` or `once`: a rule for those to come */
	WIRE_DUP,		/* held packets go on twice; else as for WIRE_DROP */
	WIRE_CUT,		/* everything (from `from`) is lost from now on, also what is on its way, but not what is held */
	WIRE_MEND,		/* ends that, and the rules that drop and duplicate */
};

enum wire_which { WHICH_NEXT, WHICH_NUMBER, WHICH_ALL };	/* the one held longest, packet `number`, all held ones */

struct wire_order {
	enum wire_verb verb;
	uint8_t from;		/* only packets of this host; HOST_NONE: of any */
	int64_t delay_ns;
	char filter[256];	/* pcap-filter(7); "" */
	enum wire_which which;
	uint64_t number;	/* of a packet (WHICH_NUMBER) or of a rule (WIRE_HOLD_OFF; 0 all) */
	bool once;		/* the rule ends after its first packet */
	uint32_t every;		/* only every n-th packet that matches; 0 and 1: each */
};

#define WIRE_STATUS	1024	/* bytes of a status with its NUL */

/*
 * Gives an order to the wire and waits until it is in force (well under a millisecond).  status receives
 * what the wire does now: "20 ms · #1 hold tcp-fin", with the rules' numbers; "" for plain.
 * Errors: a filter that does not compile (with what libpcap said), nothing held, no such packet or rule.
 */
int wire_order(struct wire *w, const struct wire_order *o, struct str *status, struct err *e);

/* Asks for a sample of a socket after call `call_number` returned; does not wait.  A STATE event follows if something changed. */
void wire_sample_call(struct wire *w, uint8_t host, const struct sock_key *key, uint64_t call_number);

/* Waits until everything captured so far has been handed over as events, and all orders and samples before are done. */
void wire_settle(struct wire *w);

struct wire_counts {
	uint64_t packets, delivered, dropped, held_now, in_flight_now;
	uint64_t lost_in_buffers;	/* by our own capture: never wanted */
	uint64_t events_lost;		/* not recorded because the reader was too slow */
};
void wire_counts(struct wire *w, struct wire_counts *out);

#endif
