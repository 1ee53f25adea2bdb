/*
 * carry_impl: what the parts of the carrier share.  carry.c: ports, taking in, orders; carry_decide.c: what becomes of each
 * packet; carry_deliver.c: bringing it to its host; carry_loopback.c: all of it where there is one host.
 */
#ifndef SOCKLENS_LAB_CARRY_IMPL_H
#define SOCKLENS_LAB_CARRY_IMPL_H

#include "capture/live.h"
#include "src/lab/aside.h"
#include "src/lab/burst.h"
#include "src/lab/carry.h"
#include "src/lab/heard.h"
#include "src/lab/hostnet.h"
#include "src/lab/look.h"
#include "src/lab/tally.h"

struct port {
	struct live *live; /* NULL: it is gone */
	struct carry *carry;
	uint8_t host; /* HOST_NONE: lo, on which all hosts (that is, sides) send */
	int64_t newest_ns; /* stamp of the last packet taken in */
	uint32_t unchecked; /* packets since the last look at its losses */
	uint64_t lost;
	uint32_t lost_before; /* lost before the next packet */
};

#define CARRY_PUT_OFF 16

struct carry {
	const struct lab *lab;
	struct batch *events;
	struct batch *told; /* the same, or NULL: nothing is recorded */
	struct look look;
	struct tally tally; /* while every packet is looked at */
	struct port port[HOSTS_MAX];
	size_t ports;
	struct rules rules;
	struct heard heard; /* while packets are recorded */
	bool plain; /* no rule has anything to say */
	enum wire_patience wish; /* when the hosts are to be patient */
	struct patience patience;
	bool strangers; /* the hosts ask for each other */
	struct flights flights;
	struct aside aside;
	struct burst burst; /* empty between two rounds */
	int64_t offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	struct wire_counts counts;
	bool puts_off; /* one host: STATEs that nothing explains yet are kept here, and those behind them */
	struct event put_off[CARRY_PUT_OFF];
	size_t puts;
};

#define CARRY_NO_MEMORY "out of memory: a packet was lost on the wire"

/* ---- carry.c ---- */

struct seen carry_seen_at(const struct port *port, const struct live_packet *lp);

/* Numbers a packet and hands it over. */
void carry_record(struct carry *c, struct port *port, struct seen *s);

/* Puts aside what waits at a port now. */
void carry_read_aside(struct carry *c, struct port *port);

/* ---- carry_loopback.c ---- */

void carry_loopback_take(void *port, const struct live_packet *lp);	/* a live_sink */
void carry_loopback_take_aside(struct carry *c);	/* what was put aside */
/* A STATE, to one of the packets aside.  True: a packet may have caused it, but none of these. */
bool carry_loopback_attribute(const struct carry *c, struct event *ev);
void carry_loopback_tell(struct carry *c, const struct event *ev);	/* the same, and hands it over */
void carry_loopback_sample_call(struct carry *c, const struct sock_key *key, uint64_t call_number);

/* ---- carry_decide.c ---- */

/* What becomes of a packet that was taken in. */
void carry_decide(struct carry *c, const struct seen *s);

/* ---- carry_deliver.c ---- */

/* Delivers, at the latest at the next carry_end_burst().  p is only about the packet: its bytes may lie elsewhere. */
void carry_bring(struct carry *c, const struct flight *p, const uint8_t *bytes);
void carry_end_burst(struct carry *c);
void carry_fail(struct carry *c, const struct flight *p, const char *why);	/* it was not taken */

#endif
