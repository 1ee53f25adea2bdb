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
#include "src/lab/carry_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/packet.h"
#include "src/core/clock.h"
#include "src/core/str.h"
#include "src/lab/tell.h"

#define RING_BYTES     (16 << 20) /* for a full TCP window, twice over; more takes longer to set up */
#define READ_MAX       64 /* packets taken from a port before the others have their turn */
#define READ_MAX_EXACT 1024 /* … while every packet is sampled: all that is there */
#define LOST_CHECK     512 /* packets of a port between two looks at what its capture lost */

static const char thinned_out[] =
	"too many packets to look at the sockets after each: only where a state may have changed, "
	"and every 0.1 s";

/* ---- making and ending ---- */

static int open_port(struct carry *c, uint8_t host, const char *iface, struct err *e)
{
	const struct live_options o = {
		.buffer_bytes = RING_BYTES,
		.timeout_ms = 0,
		.incoming_only = true,
		.segments = !c->lab->loopback,
	};
	struct port *port = &c->port[c->ports++];

	port->carry = c;
	port->host = host;
	port->live = live_open(iface, &o, e);
	return port->live ? 0 : -1;
}

static int open_ports(struct carry *c, struct err *e)
{
	if (c->lab->loopback)
		return open_port(c, HOST_NONE, "lo", e);
	for (size_t i = 0; i < c->lab->hosts; i++)
		if (open_port(c, (uint8_t)i, c->lab->host[i].name, e) < 0)
			return -1;
	return 0;
}

/* A change of a socket's state. */
static void sink(void *context, const struct event *ev)
{
	struct carry *c = context;

	tally_sampled(&c->tally, ev);
	if (c->told && c->lab->loopback)
		carry_loopback_tell(c, ev);
	else if (c->told)
		batch_put(c->told, ev);
}

struct carry *carry_new(const struct lab *l, const struct wire_config *config, struct batch *events,
			struct err *e)
{
	struct carry *c = calloc(1, sizeof(*c));
	struct err no_counters;

	if (!c) {
		err_errno(e, errno, NULL, "starting the wire");
		return NULL;
	}
	c->lab = l;
	c->events = events;
	c->told = config->record ? events : NULL;
	rules_init(&c->rules, config->seed ? config->seed : dice_new_seed());
	flights_init(&c->flights);
	carry_rules_changed(c);
	if (config->sample && look_init(&c->look, l, config->sample_all, sink, c, e) < 0)
		goto fail;
	if (config->sample && config->record && !l->loopback &&
	    tally_init(&c->tally, l, &no_counters))
		tell_note(c->told, HOST_NONE, NOTE_LIMIT, no_counters.what);
	if (open_ports(c, e) < 0)
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
	tally_fini(&c->tally);
	rules_fini(&c->rules);
	flights_fini(&c->flights);
	aside_fini(&c->aside);
	free(c);
}

size_t carry_fds(const struct carry *c, struct pollfd *fds)
{
	for (size_t i = 0; i < c->ports; i++)
		fds[i] = (struct pollfd){
			.fd = c->port[i].live ? live_fd(c->port[i].live) : -1,
			.events = POLLIN,
		};
	return c->ports;
}

/* ---- taking in ---- */

struct seen carry_seen_at(const struct port *port, const struct live_packet *lp)
{
	return (struct seen){
		.ts_ns = lp->ts_ns,
		.caplen = lp->caplen,
		.len = lp->len,
		.data = lp->data,
		.from = port->host,
	};
}

void carry_record(struct carry *c, struct port *port, struct seen *s)
{
	enum thin_change change;

	s->number = ++c->counts.packets;
	port->newest_ns = s->ts_ns;
	change = look_count(&c->look, s->ts_ns);
	if (change == THIN_BEGAN)
		tell_note(c->told, HOST_NONE, NOTE_LIMIT, thinned_out);
	if (change == THIN_ENDED)
		tally_catch_up(&c->tally, c->told);
	tally_tell_left(&c->tally, c->told, port->host, s->number);
	tell_packet(c->told, s, port->lost_before);
	if (c->told && port->host != HOST_NONE)
		heard_sent(&c->heard, port->host, s->data, s->caplen);
	port->lost_before = 0;
}

/* Thinned out or not sampled at all: one packet after the other. */
static void take_through(void *context, const struct live_packet *lp)
{
	struct port *port = context;
	struct carry *c = port->carry;
	struct seen s = carry_seen_at(port, lp);
	struct packet p;

	carry_record(c, port, &s);
	if (c->look.sampler) {
		packet_parse(&p, LINK_ETHERNET, s.data, s.caplen, s.len);
		s.sample = look_is_telling(&c->look, &p);
		look_at(&c->look, s.from, &p, BY_DEPARTURE, s.number, s.sample);
	}
	carry_decide(c, &s);
}

static void take_aside(void *context, const struct live_packet *lp)
{
	struct port *port = context;
	struct seen s = carry_seen_at(port, lp);

	if (!aside_add(&port->carry->aside, &s))
		tell_note(port->carry->told, port->host, NOTE_ERROR, CARRY_NO_MEMORY);
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
		const struct seen *s = &a->row[i].seen;
		struct packet *p = &a->row[i].packet;

		packet_parse(p, LINK_ETHERNET, s->data, s->caplen, s->len);
		tally_left(&c->tally, s->from, p, c->counts.packets + 1 + i, s->ts_ns);
	}
	tally_read_left(&c->tally, c->told);
	for (size_t i = 0; i < a->count; i++) {
		struct seen *s = &a->row[i].seen;

		carry_record(c, &c->port[s->from], s);
		s->sample = true;
	}
	for (size_t i = 0; i < a->count; i++)
		if (!aside_has_later(a, i))
			look_at(&c->look, a->row[i].seen.from, &a->row[i].packet, BY_DEPARTURE,
				a->row[i].seen.number, true);
	for (size_t i = 0; i < a->count; i++)
		carry_decide(c, &a->row[i].seen);
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
		 (unsigned long long)(lost - port->lost),
		 port->host == HOST_NONE ? "lo" : c->lab->host[port->host].name);
	tell_note(c->told, port->host, NOTE_LOST, text.buf);
	c->counts.lost_in_buffers += lost - port->lost;
	port->lost_before += (uint32_t)(lost - port->lost);
	port->lost = lost;
}

void carry_check_lost(struct carry *c)
{
	for (size_t i = 0; i < c->ports; i++)
		if (c->port[i].live)
			check_port(c, &c->port[i]);
}

static void close_port(struct carry *c, struct port *port, const struct err *e)
{
	tell_note(c->told, port->host, NOTE_ERROR, e->what);
	live_close(port->live);
	port->live = NULL;
}

static live_sink *sink_of(const struct carry *c, bool exact)
{
	if (exact)
		return take_aside;
	return c->lab->loopback ? carry_loopback_take : take_through;
}

void carry_read_aside(struct carry *c, struct port *port)
{
	(void)c;
	/* That the port is gone will be seen at the next turn. */
	if (port->live)
		(void)live_read(port->live, READ_MAX_EXACT, take_aside, port, NULL);
}

static void drain_port(struct carry *c, struct port *port, bool exact)
{
	struct err e;
	int got = live_read(port->live, exact ? READ_MAX_EXACT : READ_MAX, sink_of(c, exact), port,
			    &e);

	carry_end_burst(c);
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
	for (size_t i = 0; i < c->ports; i++)
		if (c->port[i].live && fds[i].revents)
			drain_port(c, &c->port[i], exact);
	if (c->aside.count && c->lab->loopback)
		carry_loopback_take_aside(c);
	else if (c->aside.count)
		take_all_aside(c);
	for (size_t i = 0; i < c->ports; i++)
		if (!c->port[i].live)
			fds[i].fd = -1;
}

/* ---- for orders, and counts ---- */

void carry_sample_call(struct carry *c, uint8_t host, const struct sock_key *key,
		       uint64_t call_number)
{
	if (c->lab->loopback)
		carry_loopback_sample_call(c, key, call_number);
	else
		look_after_call(&c->look, host, key, call_number);
}

void carry_ask_counters(struct carry *c)
{
	tally_ask(&c->tally);
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

static bool wants_patience(const struct carry *c)
{
	switch (c->wish) {
	case PATIENCE_HOLDING:
		return c->flights.helds || rules_hold(&c->rules);
	case PATIENCE_ALWAYS:
		return true;
	case PATIENCE_NEVER:
		return false;
	}
	return false;
}

/* Where the kernel refuses it, that is said once and not tried again until it is to be otherwise. */
void carry_update_patience(struct carry *c)
{
	STR_ON_STACK(text, 300);
	struct err e = { 0 };

	if (c->lab->loopback || wants_patience(c) == c->patience.on)
		return;
	if (!hostnet_patience(&c->patience, c->lab, !c->patience.on, &e))
		return;
	str_addf(&text, "the hosts' timers stay as they were: %s", e.what);
	tell_note(c->told, HOST_NONE, NOTE_LIMIT, text.buf);
}

void carry_set_patience(struct carry *c, enum wire_patience wish)
{
	c->wish = wish;
	carry_update_patience(c);
}

int carry_acquaint(struct carry *c, bool known, struct err *e)
{
	if (hostnet_acquaint(c->lab, known, e))
		return -1;
	c->strangers = !known;
	return 0;
}

void carry_say(struct carry *c, const char *text)
{
	tell_note(c->told, HOST_NONE, NOTE_SAY, text);
}

struct flights *carry_flights(struct carry *c)
{
	return &c->flights;
}

const struct lab *carry_lab(const struct carry *c)
{
	return c->lab;
}

const struct heard *carry_heard(const struct carry *c)
{
	return &c->heard;
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
	if (c->patience.on)
		str_addf(out, "%spatient", out->len > start ? " · " : "");
	if (c->strangers)
		str_addf(out, "%sarp", out->len > start ? " · " : "");
}
