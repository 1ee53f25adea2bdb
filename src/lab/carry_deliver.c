/*
 * Delivering: one packet while every packet is sampled, else all that is due, segments of one connection in one go.
 */
#include "src/lab/carry_impl.h"

#include "capture/packet.h"
#include "src/core/clock.h"
#include "src/lab/tell.h"

static const char port_gone[] = "the port is gone";

void carry_fail(struct carry *c, const struct flight *p, const char *why)
{
	tell_fate(c->told, p, WIRE_FAILED, why, clock_now_ns());
	c->counts.dropped++;
}

/* ts_ns: right before it was injected, so that it stands before what that brought about. */
static void note_arrival(struct carry *c, const struct flight *p, int64_t ts_ns)
{
	c->counts.delivered++;
	if (p->late)
		tell_fate(c->told, p, WIRE_DELIVERED, "", ts_ns);
}

static void sample_receiver(struct carry *c, const struct flight *p, const void *bytes)
{
	struct packet parsed;

	if (!c->look.sampler)
		return;
	packet_parse(&parsed, LINK_ETHERNET, bytes, p->len, p->len);
	if (look_is_exact(&c->look))
		tally_reached(&c->tally, p->to, &parsed, p->number, p->bent);
	look_at(&c->look, p->to, &parsed, BY_ARRIVAL, p->number, p->sample);
}

/* p is only about the packet: its bytes may lie elsewhere. */
static void arrive(struct carry *c, const struct flight *p, const void *bytes)
{
	struct live *live = c->port[p->to].live;
	int64_t ts_ns = p->late ? clock_now_ns() : 0;
	struct err e;

	if (!live || live_inject(live, bytes, p->len, &e) < 0) {
		carry_fail(c, p, live ? e.what : port_gone);
		return;
	}
	note_arrival(c, p, ts_ns);
	if (c->told && !p->stray)
		heard_got(&c->heard, p->to, bytes, p->len);
	sample_receiver(c, p, bytes);
}

/* They belong to one socket, so one look at it is enough. */
static void note_burst(struct carry *c, int64_t ts_ns)
{
	const struct burst *b = &c->burst;
	const struct burst_packet *last = &b->packet[b->count - 1];

	for (uint32_t i = 0; i < b->count; i++)
		note_arrival(c, &b->packet[i].flight, ts_ns);
	if (c->told)
		heard_got(&c->heard, last->flight.to, b->bytes + last->at, last->flight.len);
	sample_receiver(c, &last->flight, b->bytes + last->at);
}

static void send_burst(struct carry *c)
{
	const struct burst *b = &c->burst;
	struct live *live = c->port[b->packet[0].flight.to].live;
	int64_t ts_ns = b->packet[0].flight.late ? clock_now_ns() : 0;

	if (live && burst_send(b, live, NULL) == 0) {
		note_burst(c, ts_ns);
		return;
	}
	for (uint32_t i = 0; i < b->count; i++)
		arrive(c, &b->packet[i].flight, b->bytes + b->packet[i].at);
}

void carry_end_burst(struct carry *c)
{
	if (!c->burst.count)
		return;
	send_burst(c);
	burst_clear(&c->burst);
}

/* Packets whose arrival may change a state are delivered alone. */
static bool may_join(const struct carry *c, const struct flight *p)
{
	const struct live *live = c->port[p->to].live;

	return !look_is_exact(&c->look) && !p->sample && live && live_can_segment(live);
}

/* Delivers, at the latest at the next carry_end_burst(). */
void carry_bring(struct carry *c, const struct flight *p, const uint8_t *bytes)
{
	bool joins = may_join(c, p);

	if (joins && burst_add(&c->burst, p, bytes))
		return;
	carry_end_burst(c);
	if (!joins || !burst_add(&c->burst, p, bytes))
		arrive(c, p, bytes);
}

/*
 * All that is due, so that packets that come later need not queue behind it; but one while every packet is
 * sampled.
 */
static void deliver_due(struct carry *c)
{
	int64_t now_ns = clock_monotonic_ns();
	struct flight *p;

	while ((p = flights_arrive(&c->flights, now_ns))) {
		carry_bring(c, p, p->bytes);
		flight_free(p);
		if (look_is_exact(&c->look))
			break;
	}
	carry_end_burst(c);
}

void carry_deliver(struct carry *c)
{
	if (c->look.sampler) {
		look_tick(&c->look, clock_now_ns());
		tally_work(&c->tally, clock_now_ns(), c->told);
	}
	if (c->flights.count)
		deliver_due(c);
}

int64_t carry_due(struct carry *c)
{
	int64_t flight = flights_due(&c->flights);
	int64_t look = look_due(&c->look);
	int64_t tally = tally_due(&c->tally);

	look = tally < look ? tally : look;
	if (look == INT64_MAX)
		return flight;
	look -= clock_now_ns() - clock_monotonic_ns();
	return look < flight ? look : flight;
}

bool carry_is_quiet(struct carry *c)
{
	if (tally_waits(&c->tally))
		return false;
	return !c->flights.count || flights_due(&c->flights) > clock_monotonic_ns();
}

bool carry_is_past(const struct carry *c, size_t host, int64_t ts_ns)
{
	return c->port[host].newest_ns > ts_ns;
}
