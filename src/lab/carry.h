/*
 * carry: what the wire's thread does, one step at a time: takes packets from the ports, records them, puts
 * them before the rules, and brings them to the host that they are for.  wire.c says when.
 *
 * While every packet is sampled, all that was captured is recorded and its senders are sampled before
 * anything is delivered, and packets are delivered one by one.  Otherwise (no sampling, or thinned out) a
 * packet that no rule stops goes straight from the capture's buffer into the other port.
 */
#ifndef SOCKLENS_LAB_CARRY_H
#define SOCKLENS_LAB_CARRY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"
#include "src/lab/batch.h"
#include "src/lab/flight.h"
#include "src/lab/heard.h"
#include "src/lab/lab.h"
#include "src/lab/rule.h"
#include "src/lab/sample.h"
#include "src/lab/wire.h"

struct carry;

/* Opens the ports of a lab.  What happens is put to `events`, which stays the caller's. */
struct carry *carry_new(const struct lab *l, const struct wire_config *config, struct batch *events,
			struct err *e);
void carry_free(struct carry *c);

/* Fills in one pollfd for each host; returns how many. */
size_t carry_fds(const struct carry *c, struct pollfd *fds);

/* Takes in what waits at the ports that poll() found readable. */
void carry_drain(struct carry *c, struct pollfd *fds);

/* Delivers what is due: one packet while every packet is sampled, else all of it.  Looks at sockets whose time has come. */
void carry_deliver(struct carry *c);

/* When there is something to do without a packet or an order: CLOCK_MONOTONIC; INT64_MAX never. */
int64_t carry_due(struct carry *c);

/* Whether nothing that could be delivered now is waiting (delayed and held packets do not count). */
bool carry_is_quiet(struct carry *c);

/* Whether all that host i had sent by ts_ns (CLOCK_REALTIME) was taken in, as far as packets that came after it can tell. */
bool carry_is_past(const struct carry *c, size_t host, int64_t ts_ns);

void carry_sample_call(struct carry *c, uint8_t host, const struct sock_key *key, uint64_t call_number);

/* Has the hosts' counters read. */
void carry_ask_counters(struct carry *c);

/* Counts what the captures lost until now, and says so in an event. */
void carry_check_lost(struct carry *c);
void carry_counts(struct carry *c, struct wire_counts *out);

/* ---- for orders ---- */

struct rules *carry_rules(struct carry *c);
void carry_rules_changed(struct carry *c);	/* after changing them */
struct flights *carry_flights(struct carry *c);
/* Appends what the wire does now, for the header: "20 ms · #1 hold", "3 held"; nothing for a plain one. */
void carry_status(const struct carry *c, struct str *out);
const struct lab *carry_lab(const struct carry *c);
const struct heard *carry_heard(const struct carry *c);

/* How patient the hosts are from now on; whether they know each other. */
void carry_set_patience(struct carry *c, enum wire_patience wish);
void carry_update_patience(struct carry *c);	/* after anything began or ended to be held */
int carry_acquaint(struct carry *c, bool known, struct err *e);
void carry_say(struct carry *c, const char *text);	/* to whoever gave the order */

/* A packet that the wire made. */
struct carry_made {
	const uint8_t *bytes;
	uint32_t len;
	uint8_t from, to;	/* hosts: it looks as if the one had sent it to the other */
	bool stray;		/* its receiver does not expect it, and its numbers say nothing about what comes next */
	const char *by;
};

/* It is recorded, and arrives at once, whatever the rules are. */
void carry_inject(struct carry *c, const struct carry_made *m);

/* A packet that was held goes on its way, with so many copies; is lost.  Both take p. */
void carry_release(struct carry *c, struct flight *p, uint32_t copies);
void carry_lose(struct carry *c, struct flight *p, const char *by);

/* Another packet goes on in the place of one that was held, or was on its way; what: that is different.  Takes p. */
void carry_replace(struct carry *c, struct flight *p, const uint8_t *frame, uint32_t len, const char *what);

/* One that was on its way (flights_take()) arrives now; arrives when it would have, with so many copies.  Both take p. */
void carry_hurry(struct carry *c, struct flight *p);
void carry_double(struct carry *c, struct flight *p, uint32_t copies);

#endif
