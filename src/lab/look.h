/*
 * look: when the hosts' sockets are looked at: around every packet while packets are rare, where it matters
 * when they are not (thin.h), after calls, and when a socket's timer has fired.  What is found goes to the
 * sampler's sink.
 */
#ifndef SOCKLENS_LAB_LOOK_H
#define SOCKLENS_LAB_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/packet.h"
#include "src/core/err.h"
#include "src/core/event.h"
#include "src/lab/lab.h"
#include "src/lab/sample.h"
#include "src/lab/thin.h"

struct look {
	struct sampler *sampler;	/* NULL: nothing is looked at */
	bool all;			/* never thinned out */
	struct thin thin;
	int64_t latest_ns;		/* time of the latest packet */
	int64_t forgot_ns;
};

int look_init(struct look *k, const struct lab *l, bool all, sample_sink *sink, void *context, struct err *e);
void look_fini(struct look *k);		/* also of a zeroed one */

/* Whether every packet is looked at. */
static inline bool look_is_exact(const struct look *k)
{
	return k->sampler && !k->thin.on;
}

/* Counts a packet at its time.  THIN_BEGAN: from now on not all are looked at. */
enum thin_change look_count(struct look *k, int64_t ts_ns);

/* Whether a packet may change a state; to be asked once, when it leaves. */
bool look_is_telling(struct look *k, const struct packet *p);

/* Packet `number` has left or reached a host. */
void look_at(struct look *k, uint8_t host, const struct packet *p, enum state_by by, uint64_t number, bool telling);

void look_after_call(struct look *k, uint8_t host, const struct sock_key *key, uint64_t call_number);

/* Looks at what is due by now (CLOCK_REALTIME), and when the next thing is; INT64_MAX never. */
void look_tick(struct look *k, int64_t now_ns);
int64_t look_due(const struct look *k);

#endif
