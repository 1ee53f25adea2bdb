/*
 * thin: which packets are worth a look at the sockets when there are too many to look at each.
 *
 * While packets are rare every one is. Above THIN_ABOVE packets a second (on average over THIN_WINDOW_NS)
 * only those that change a state are: SYN, FIN, RST, and the ACK that answers one of these; besides, each
 * socket is looked at THIN_EVERY_NS after it was last, if packets passed since.
 */
#ifndef SOCKLENS_LAB_THIN_H
#define SOCKLENS_LAB_THIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/packet.h"
#include "src/core/clock.h"
#include "src/core/event.h"

#define THIN_ABOVE	2000			/* packets a second */
#define THIN_WINDOW_NS	(50 * NS_PER_MS)
#define THIN_EVERY_NS	(100 * NS_PER_MS)
#define THIN_SOCKETS	512			/* remembered at once; of more, some are looked at early */

/* One socket, by the packets that it sends: from its local address and port to its remote ones. */
struct thin_socket {
	uint32_t hash;			/* of them; 0: this place is free */
	uint8_t host;
	enum state_by by;		/* the last packet that passed it, and whether that was looked at */
	uint64_t number;
	struct packet packet;
	bool unseen;
	int64_t seen_ns;
	bool awaits;			/* the peer's acknowledgement of its SYN or FIN: */
	uint32_t awaited;
};

struct thin {
	bool on;
	int64_t window_ns;		/* start of the window */
	uint32_t count;			/* packets in it */
	uint32_t unseen;		/* sockets that have one */
	int64_t late_ns;		/* none of them is late before this */
	uint32_t seed;
	struct thin_socket socket[THIN_SOCKETS];
};

enum thin_change { THIN_SAME, THIN_BEGAN, THIN_ENDED };

/* Of the socket that sent p, or (peer) of the one that p is for; never 0. */
uint32_t thin_hash(uint32_t seed, const struct packet *p, bool peer);

void thin_init(struct thin *t, uint32_t seed);

/* Counts a packet at its time. */
enum thin_change thin_count(struct thin *t, int64_t ts_ns);

/* While thin: whether a packet may change a state.  Once for each packet, when it leaves. */
bool thin_is_telling(struct thin *t, const struct packet *p);

/*
 * While thin: notes that packet `number` left (BY_DEPARTURE) or reached (BY_ARRIVAL) a host.  True if its
 * socket is to be looked at now.  A packet of a socket that has to make room is given to out->unseen.
 */
bool thin_passes(struct thin *t, uint8_t host, const struct packet *p, enum state_by by, uint64_t number,
		 bool telling, int64_t now_ns, struct thin_socket *evicted);

/* When thin_late() may have something (CLOCK_REALTIME ns); INT64_MAX: never. */
int64_t thin_due(const struct thin *t);

/* A socket whose last packet was not looked at THIN_EVERY_NS after it was last, or (all) any; marks it seen.  NULL. */
const struct thin_socket *thin_late(struct thin *t, int64_t now_ns, bool all);

#endif
