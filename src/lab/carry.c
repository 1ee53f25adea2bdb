/*
 * Three steps, each once a round:
 *
 *	drain	all that waits at the ports is numbered and recorded, and its senders are sampled; the rules
 *		decide what becomes of each packet
 *	orders	(wire.c)
 *	deliver	packets whose time has come are injected, and their receivers are sampled
 *
 * A packet that passes at once is due at the time of its capture, so packets of several ports are delivered
 * in the order in which they left.  Times of packets are CLOCK_REALTIME, times to wait for CLOCK_MONOTONIC;
 * `offset_ns` between the two is measured in every round, because the first may be set.
 */
#include "src/lab/carry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/live.h"
#include "capture/packet.h"
#include "src/core/clock.h"
#include "src/core/str.h"
#include "src/lab/aside.h"
#include "src/lab/burst.h"
#include "src/lab/look.h"
#include "src/lab/repeat.h"
#include "src/lab/tell.h"

#define RING_BYTES     (16 << 20) /* for a full TCP window, twice over; more takes longer to set up */
#define READ_MAX       64 /* packets taken from a port before the others have their turn */
#define READ_MAX_EXACT 1024 /* … while every packet is sampled: all that is there */
#define LOST_CHECK     512 /* packets of a port between two looks at what its capture lost */

struct port {
	struct live *live; /* NULL: it is gone */
	struct carry *carry;
	uint8_t host;
	int64_t newest_ns; /* stamp of the last packet taken in */
	uint32_t unchecked; /* packets since the last look at its losses */
	uint64_t lost;
	uint32_t lost_before; /* lost before the next packet */
};

struct carry {
	const struct lab *lab;
	struct batch *events;
	struct batch *told; /* the same, or NULL: nothing is recorded */
	struct look look;
	struct port port[HOSTS_MAX];
	struct rules rules;
	bool plain; /* no rule has anything to say */
	struct flights flights;
	struct aside aside;
	struct burst burst; /* empty between two rounds */
	int64_t offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	struct wire_counts counts;
};

static const char port_gone[] = "the port is gone";
static const char thinned_out[] =
	"too many packets to look at the sockets after each: only where a state may have changed, "
	"and every 0.1 s";
static const char no_memory[] = "out of memory: a packet was lost on the wire";

/* ---- making and ending ---- */

static int open_port(struct carry *c, size_t host, struct err *e)
{
	const struct live_options o = {
		.buffer_bytes = RING_BYTES,
		.timeout_ms = 0,
		.incoming_only = true,
		.segments = true,
	};
	struct port *port = &c->port[host];

	port->carry = c;
	port->host = (uint8_t)host;
	port->live = live_open(c->lab->host[host].name, &o, e);
	return port->live ? 0 : -1;
}

/* A change of a socket's state. */
static void sink(void *context, const struct event *ev)
{
	struct carry *c = context;

	if (c->told)
		batch_put(c->told, ev);
}

struct carry *carry_new(const struct lab *l, const struct wire_config *config, struct batch *events,
			struct err *e)
{
	struct carry *c = calloc(1, sizeof(*c));

	if (!c) {
		err_errno(e, errno, NULL, "starting the wire");
		return NULL;
	}
	c->lab = l;
	c->events = events;
	c->told = config->record ? events : NULL;
	rules_init(&c->rules);
	flights_init(&c->flights);
	carry_rules_changed(c);
	if (config->sample && look_init(&c->look, l, config->sample_all, sink, c, e) < 0)
		goto fail;
	for (size_t i = 0; i < l->hosts; i++)
		if (open_port(c, i, e) < 0)
			goto fail;
	return c;
fail:
	carry_free(c);
	return NULL;
}

void carry_free(struct carry *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < HOSTS_MAX; i++)
		live_close(c->port[i].live);
	look_fini(&c->look);
	rules_fini(&c->rules);
	flights_fini(&c->flights);
	aside_fini(&c->aside);
	free(c);
}

size_t carry_fds(const struct carry *c, struct pollfd *fds)
{
	for (size_t i = 0; i < c->lab->hosts; i++)
		fds[i] = (struct pollfd){
			.fd = c->port[i].live ? live_fd(c->port[i].live) : -1,
			.events = POLLIN,
		};
	return c->lab->hosts;
}

/* ---- delivering ---- */

static void fail(struct carry *c, const struct flight *p, const char *why)
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
	look_at(&c->look, p->to, &parsed, BY_ARRIVAL, p->number, p->sample);
}

/* p is only about the packet: its bytes may lie elsewhere. */
static void arrive(struct carry *c, const struct flight *p, const void *bytes)
{
	struct live *live = c->port[p->to].live;
	int64_t ts_ns = p->late ? clock_now_ns() : 0;
	struct err e;

	if (!live || live_inject(live, bytes, p->len, &e) < 0) {
		fail(c, p, live ? e.what : port_gone);
		return;
	}
	note_arrival(c, p, ts_ns);
	sample_receiver(c, p, bytes);
}

/* They belong to one socket, so one look at it is enough. */
static void note_burst(struct carry *c, int64_t ts_ns)
{
	const struct burst *b = &c->burst;
	const struct burst_packet *last = &b->packet[b->count - 1];

	for (uint32_t i = 0; i < b->count; i++)
		note_arrival(c, &b->packet[i].flight, ts_ns);
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

static void end_burst(struct carry *c)
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

/* Delivers, at the latest at the next end_burst(). */
static void bring(struct carry *c, const struct flight *p, const uint8_t *bytes)
{
	bool joins = may_join(c, p);

	if (joins && burst_add(&c->burst, p, bytes))
		return;
	end_burst(c);
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
		bring(c, p, p->bytes);
		flight_free(p);
		if (look_is_exact(&c->look))
			break;
	}
	end_burst(c);
}

void carry_deliver(struct carry *c)
{
	if (c->look.sampler)
		look_tick(&c->look, clock_now_ns());
	if (c->flights.count)
		deliver_due(c);
}

int64_t carry_due(struct carry *c)
{
	int64_t flight = flights_due(&c->flights);
	int64_t look = look_due(&c->look);

	if (look == INT64_MAX)
		return flight;
	look -= clock_now_ns() - clock_monotonic_ns();
	return look < flight ? look : flight;
}

bool carry_is_quiet(struct carry *c)
{
	return !c->flights.count || flights_due(&c->flights) > clock_monotonic_ns();
}

bool carry_is_past(const struct carry *c, size_t host, int64_t ts_ns)
{
	return c->port[host].newest_ns > ts_ns;
}

/* ---- on its way ---- */

void carry_lose(struct carry *c, struct flight *p, const char *by)
{
	tell_fate(c->told, p, WIRE_DROPPED, by, clock_now_ns());
	c->counts.dropped++;
	flight_free(p);
}

/* due_ns: CLOCK_MONOTONIC. */
static void set_out(struct carry *c, struct flight *p, int64_t due_ns)
{
	if (flights_full(&c->flights, p->len) || !flights_send(&c->flights, p, due_ns))
		carry_lose(c, p, "full");
}

static int64_t due_after(const struct carry *c, uint8_t from, int64_t ts_ns)
{
	return ts_ns - c->offset_ns + c->rules.path[from].delay_ns;
}

/* Copies of p that will follow it, as a list. */
static struct flight *make_copies(struct carry *c, const struct flight *p, uint32_t copies,
				  const char *by)
{
	struct flight *first = NULL, **end = &first;

	for (uint32_t i = 1; i <= copies; i++) {
		struct flight *copy = flight_copy(p);

		if (!copy)
			break;
		copy->copy = p->copy + i;
		copy->late = true;
		tell_fate(c->told, copy, WIRE_DUPLICATED, by, clock_now_ns());
		*end = copy;
		end = &copy->next;
	}
	return first;
}

static void set_out_all(struct carry *c, struct flight *list, int64_t due_ns)
{
	while (list) {
		struct flight *p = list;

		list = p->next;
		p->next = NULL;
		set_out(c, p, due_ns);
	}
}

static void hold_all(struct carry *c, struct flight *list)
{
	while (list) {
		struct flight *p = list;

		list = p->next;
		p->next = NULL;
		if (flights_full(&c->flights, p->len))
			carry_lose(c, p, "full");
		else
			flights_hold(&c->flights, p);
	}
}

void carry_release(struct carry *c, struct flight *p, uint32_t copies)
{
	int64_t now_ns = clock_now_ns();

	c->offset_ns = now_ns - clock_monotonic_ns();
	tell_fate(c->told, p, WIRE_RELEASED, "hand", now_ns);
	if (c->rules.path[p->from].cut) {
		carry_lose(c, p, "cut");
		return;
	}
	p->late = true;
	p->next = make_copies(c, p, copies, "hand");
	set_out_all(c, p, due_after(c, p->from, now_ns));
}

/* ---- deciding ---- */

static void obey(struct carry *c, struct flight *p, const struct verdict *v, int64_t due_ns)
{
	if (v->drop) {
		carry_lose(c, p, v->by);
		return;
	}
	/* A person who holds a segment means it, not each of its repetitions. */
	if (v->hold && repeat_is_held(&c->flights, p)) {
		carry_lose(c, p, "held already");
		return;
	}
	p->late = v->hold || v->delay_ns;
	if (p->late && flights_full(&c->flights, p->len)) {
		carry_lose(c, p, "full");
		return;
	}
	if (v->hold)
		tell_fate(c->told, p, WIRE_HELD, v->by, clock_now_ns());
	else if (v->delay_ns)
		tell_fate(c->told, p, WIRE_DELAYED, "delay", clock_now_ns());
	p->next = make_copies(c, p, v->copies, v->by);
	if (v->hold)
		hold_all(c, p);
	else
		set_out_all(c, p, due_ns);
}

/* A packet as one of its own, for one host.  NULL verdict: it passes at once. */
static void dispatch(struct carry *c, const struct seen *s, uint8_t to, const struct verdict *v)
{
	struct flight *p = flight_new(s->data, s->caplen);
	int64_t due_ns = due_after(c, s->from, s->ts_ns);

	if (!p) {
		c->counts.dropped++;
		tell_note(c->told, s->from, NOTE_ERROR, no_memory);
		return;
	}
	p->number = s->number;
	p->from = s->from;
	p->to = to;
	p->sample = s->sample;
	if (v)
		obey(c, p, v, due_ns);
	else
		set_out(c, p, due_ns);
}

/* A packet that nothing stops, straight from the capture's buffer. */
static void pass_through(struct carry *c, const struct seen *s, uint8_t to)
{
	const struct flight p = {
		.number = s->number,
		.from = s->from,
		.to = to,
		.len = s->caplen,
		.sample = s->sample,
	};

	bring(c, &p, s->data);
}

/* Cannot be while the capture's snaplen follows the MTU; but half a packet is not delivered. */
static void refuse_part(struct carry *c, const struct seen *s, uint8_t to)
{
	const struct flight p = { .number = s->number, .from = s->from, .to = to };

	fail(c, &p, "longer than what was captured of it");
}

static void decide_for(struct carry *c, const struct seen *s, uint8_t to, const struct verdict *v)
{
	if (s->caplen < s->len)
		refuse_part(c, s, to);
	else if (!v && !look_is_exact(&c->look) && !c->flights.under_way[s->from])
		pass_through(c, s, to);
	else
		dispatch(c, s, to, v);
}

/* Which host a frame is for by its destination address; HOST_NONE: all others, as a switch does it. */
static uint8_t find_target(const struct carry *c, const struct seen *s)
{
	if (c->lab->hosts == 2)
		return s->from ^ 1;
	if (s->caplen < sizeof(c->lab->host[0].mac) || (s->data[0] & 1))
		return HOST_NONE;
	for (size_t i = 0; i < c->lab->hosts; i++)
		if (memcmp(c->lab->host[i].mac, s->data, sizeof(c->lab->host[i].mac)) == 0)
			return (uint8_t)i;
	return HOST_NONE;
}

static void decide(struct carry *c, const struct seen *s)
{
	uint8_t to = find_target(c, s);
	size_t rules = c->rules.count;
	struct verdict verdict;
	const struct verdict *v = NULL;

	if (!c->plain) {
		rules_judge(&c->rules, s->from, s->data, s->caplen, s->len, &verdict);
		carry_rules_changed(c);
		if (verdict.drop || verdict.hold || verdict.copies || verdict.delay_ns)
			v = &verdict;
	}
	for (size_t i = 0; i < c->lab->hosts; i++)
		if (i != s->from && (to == i || to == HOST_NONE))
			decide_for(c, s, (uint8_t)i, v);
	if (c->rules.count != rules) {
		STR_ON_STACK(status, WIRE_STATUS);

		carry_status(c, &status);
		tell_status(c->told, status.buf);
	}
}

/* ---- taking in ---- */

static struct seen seen_at(const struct port *port, const struct live_packet *lp)
{
	return (struct seen){
		.ts_ns = lp->ts_ns,
		.caplen = lp->caplen,
		.len = lp->len,
		.data = lp->data,
		.from = port->host,
	};
}

static void record(struct carry *c, struct seen *s)
{
	struct port *port = &c->port[s->from];

	s->number = ++c->counts.packets;
	port->newest_ns = s->ts_ns;
	if (look_count(&c->look, s->ts_ns) == THIN_BEGAN)
		tell_note(c->told, HOST_NONE, NOTE_LIMIT, thinned_out);
	tell_packet(c->told, s, port->lost_before);
	port->lost_before = 0;
}

/* Thinned out or not sampled at all: one packet after the other. */
static void take_through(void *context, const struct live_packet *lp)
{
	struct port *port = context;
	struct carry *c = port->carry;
	struct seen s = seen_at(port, lp);
	struct packet p;

	record(c, &s);
	if (c->look.sampler) {
		packet_parse(&p, LINK_ETHERNET, s.data, s.caplen, s.len);
		s.sample = look_is_telling(&c->look, &p);
		look_at(&c->look, s.from, &p, BY_DEPARTURE, s.number, s.sample);
	}
	decide(c, &s);
}

static void take_aside(void *context, const struct live_packet *lp)
{
	struct port *port = context;
	struct seen s = seen_at(port, lp);

	if (!aside_add(&port->carry->aside, &s))
		tell_note(port->carry->told, port->host, NOTE_ERROR, no_memory);
}

/*
 * Of packets that the same socket sent within one round only the last is the cause of what is found now: a
 * FIN behind its data.
 */
static void take_all_aside(struct carry *c)
{
	struct aside *a = &c->aside;

	aside_sort(a);
	for (size_t i = 0; i < a->count; i++) {
		struct seen *s = &a->row[i].seen;

		record(c, s);
		s->sample = true;
		packet_parse(&a->row[i].packet, LINK_ETHERNET, s->data, s->caplen, s->len);
	}
	for (size_t i = 0; i < a->count; i++)
		if (!aside_has_later(a, i))
			look_at(&c->look, a->row[i].seen.from, &a->row[i].packet, BY_DEPARTURE,
				a->row[i].seen.number, true);
	for (size_t i = 0; i < a->count; i++)
		decide(c, &a->row[i].seen);
	aside_clear(a);
}

static void check_port(struct carry *c, struct port *port)
{
	STR_ON_STACK(text, 128);
	uint64_t lost = live_drops(port->live);

	port->unchecked = 0;
	if (lost == port->lost)
		return;
	str_addf(&text, "%llu packets from %s were lost: the capture's buffer was full",
		 (unsigned long long)(lost - port->lost), c->lab->host[port->host].name);
	tell_note(c->told, port->host, NOTE_LOST, text.buf);
	c->counts.lost_in_buffers += lost - port->lost;
	port->lost_before += (uint32_t)(lost - port->lost);
	port->lost = lost;
}

void carry_check_lost(struct carry *c)
{
	for (size_t i = 0; i < c->lab->hosts; i++)
		if (c->port[i].live)
			check_port(c, &c->port[i]);
}

static void close_port(struct carry *c, struct port *port, const struct err *e)
{
	tell_note(c->told, port->host, NOTE_ERROR, e->what);
	live_close(port->live);
	port->live = NULL;
}

static void drain_port(struct carry *c, struct port *port, bool exact)
{
	struct err e;
	int got = live_read(port->live, exact ? READ_MAX_EXACT : READ_MAX,
			    exact ? take_aside : take_through, port, &e);

	end_burst(c);
	if (got < 0) {
		close_port(c, port, &e);
		return;
	}
	port->unchecked += (uint32_t)got;
	if (port->unchecked >= LOST_CHECK)
		check_port(c, port);
}

void carry_drain(struct carry *c, struct pollfd *fds)
{
	bool exact = look_is_exact(&c->look);

	if (exact || !c->plain || c->flights.count)
		c->offset_ns = clock_now_ns() - clock_monotonic_ns();
	for (size_t i = 0; i < c->lab->hosts; i++)
		if (c->port[i].live && fds[i].revents)
			drain_port(c, &c->port[i], exact);
	if (c->aside.count)
		take_all_aside(c);
	for (size_t i = 0; i < c->lab->hosts; i++)
		if (!c->port[i].live)
			fds[i].fd = -1;
}

/* ---- for orders, and counts ---- */

void carry_sample_call(struct carry *c, uint8_t host, const struct sock_key *key,
		       uint64_t call_number)
{
	look_after_call(&c->look, host, key, call_number);
}

void carry_counts(struct carry *c, struct wire_counts *out)
{
	carry_check_lost(c);
	*out = c->counts;
	out->held_now = c->flights.helds;
	out->in_flight_now = c->flights.count;
	out->events_lost = batch_lost(c->events);
}

struct rules *carry_rules(struct carry *c)
{
	return &c->rules;
}

void carry_rules_changed(struct carry *c)
{
	c->plain = rules_plain(&c->rules);
}

struct flights *carry_flights(struct carry *c)
{
	return &c->flights;
}

const struct lab *carry_lab(const struct carry *c)
{
	return c->lab;
}

static const char *host_name(const void *context, size_t host)
{
	const struct lab *l = context;

	return host < l->hosts ? l->host[host].name : "?";
}

void carry_status(const struct carry *c, struct str *out)
{
	size_t start = out->len;

	rules_text(out, &c->rules, c->lab->hosts, host_name, c->lab);
	/* While a rule holds packets, the number would be old at once; behind it, it says that something still waits. */
	if (c->flights.helds && !rules_hold(&c->rules))
		str_addf(out, "%s%zu held", out->len > start ? " · " : "", c->flights.helds);
}
