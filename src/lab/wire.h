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
#include "src/lab/edit.h"
#include "src/lab/forge.h"
#include "src/lab/lab.h"
#include "src/lab/sample.h"

struct wire;

struct wire_config {
	bool sample;		/* sample the sockets (false: packets only) */
	bool record;		/* hand over events (false: only move packets, for benchmarks) */
	bool sample_all;	/* never thin sampling out, for benchmarks */
	uint64_t seed;		/* of all that chance decides; 0: a new one */
};

struct wire *wire_start(const struct lab *l, const struct wire_config *c, struct err *e);
void wire_stop(struct wire *w);		/* ends the thread; what is in flight is lost with the lab */

/* Readable while events wait. */
int wire_fd(const struct wire *w);
void wire_clear_fd(struct wire *w);	/* before draining */

/*
 * The next event (PACKET, WIRE, STATE, COUNTERS, NOTE); COUNTERS of a departure come right before their PACKET, or NULL.  Borrowed until the next wire_next().  The caller may write to it
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
	WIRE_MEND,		/* ends that, and all rules but those that hold */
	WIRE_CORRUPT,		/* a rule: one bit is turned over; `mended`: of the payload, with a right checksum */
	WIRE_REORDER,		/* a rule: the packet takes by_ns longer, and those behind it do not wait for it */
	WIRE_MARK,		/* a rule: packets that say that their sender knows ECN are marked CE */
	WIRE_RATE,		/* packets (from `from`) take the time of their bits, and queue for it; 0 ends it */
	WIRE_MTU,		/* longer packets are lost, and their sender is told; 0 ends it */
	WIRE_SEED,		/* all that chance decides starts anew, with `seed` */
	WIRE_OFF,		/* ends rule `number`; 0: all that the wire does to packets to come */
	WIRE_INJECT,		/* the wire makes a packet */
	WIRE_PATIENT,		/* the hosts' timers: `patience` */
	WIRE_ARP,		/* the hosts ask where the others are, and forget what they know; `known`: they know it without */
	WIRE_TELL,		/* nothing: what the wire does is told, as after every order */
};
#define WIRE_VERBS	(WIRE_TELL + 1)

/* When the hosts are patient (hostnet.h): while something is or would be held; always; never. */
enum wire_patience { PATIENCE_HOLDING, PATIENCE_ALWAYS, PATIENCE_NEVER };

/* The one held longest; packet `number`, held or on its way; all held ones. */
enum wire_which { WHICH_NEXT, WHICH_NUMBER, WHICH_ALL };

/* A packet that the wire makes.  Numbers: those that the receiver expects, and so much more; or as they are. */
struct wire_inject {
	bool icmp;			/* an ICMP error for host `from`, else a segment from it */
	enum forge_icmp kind;
	uint32_t mtu;			/* of needfrag */
	uint64_t quotes;		/* number of a held packet; 0: the last one that the host sent */
	uint16_t flags;			/* of the segment into its newest connection */
	struct edit_number seq, ack, window;
	uint32_t len;			/* bytes of data */
};

struct wire_order {
	enum wire_verb verb;
	uint8_t from;		/* only packets of this host; HOST_NONE: of any */
	int64_t delay_ns;
	char filter[256];	/* pcap-filter(7); "" */
	enum wire_which which;
	uint64_t number;	/* of a packet (WHICH_NUMBER) or of a rule (WIRE_HOLD_OFF; 0 all) */
	bool once;		/* the rule ends after its first packet */
	uint32_t next;		/* … after so many; 0: it does not end */
	bool to_come;		/* WIRE_DROP, WIRE_DUP: a rule for packets to come, whatever is held */
	uint32_t every;		/* only every n-th packet that matches; 0 and 1: each */
	uint32_t millionths;	/* the chance that a rule acts; 0: always */
	uint32_t burst;		/* packets in a row that are hit then, on average */
	uint64_t seed;		/* of its own; 0: the wire's */
	int64_t jitter_ns;	/* WIRE_DELAY: so much more or less */
	int64_t by_ns;		/* WIRE_REORDER; 0: WIRE_BEHIND_NS */
	bool mended;
	int64_t bits_per_s;
	uint32_t queue;		/* packets; WIRE_RATE */
	uint32_t mtu;		/* bytes behind the Ethernet header */
	bool silent;		/* nobody is told of a packet that is too long */
	struct wire_inject inject;
	struct edit edit;	/* WIRE_RELEASE: another packet goes on in its place */
	bool first;		/* WIRE_RELEASE, of packet `number`: those that its host sent and that are held follow it */
	enum wire_patience patience;
	bool known;		/* WIRE_ARP */
};

#define WIRE_BEHIND_NS	(5 * INT64_C(1000000))
#define WIRE_MTU_MIN	68	/* RFC 791 */
#define WIRE_BURST_MAX	1000

#define WIRE_STATUS	1024	/* bytes of a status with its NUL */

/*
 * Gives an order to the wire and waits until it is in force (well under a millisecond).  status receives
 * what the wire does now: "20 ms · #1 hold tcp-fin", with the rules' numbers; "" for plain.
 * Errors: a filter that does not compile (with what libpcap said), nothing held, no such packet or rule.
 */
int wire_order(struct wire *w, const struct wire_order *o, struct str *status, struct err *e);

/* Asks for a sample of a socket after call `call_number` returned; does not wait.  A STATE event follows if something changed. */
void wire_sample_call(struct wire *w, uint8_t host, const struct sock_key *key, uint64_t call_number);

/* Has the hosts' counters read; does not wait.  What grew and belongs to no packet is told within 0.1 s. */
void wire_ask_counters(struct wire *w);

/* Waits until everything captured so far has been handed over as events, and all orders and samples before are done. */
void wire_settle(struct wire *w);

struct wire_counts {
	uint64_t packets, delivered, dropped, held_now, in_flight_now;
	uint64_t lost_in_buffers;	/* by our own capture: never wanted */
	uint64_t events_lost;		/* not recorded because the reader was too slow */
};
void wire_counts(struct wire *w, struct wire_counts *out);

#endif
