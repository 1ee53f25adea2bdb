/*
 * Deciding: the rules are asked about each packet, and what they say is done: it is lost, it waits, it sets out on its
 * way, with copies; or, if they have nothing to say, it passes through.
 */
#include "src/lab/carry_impl.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"
#include "src/core/str.h"
#include "src/lab/bend.h"
#include "src/lab/forge.h"
#include "src/lab/fragment.h"
#include "src/lab/repeat.h"
#include "src/lab/tell.h"

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

/* Through the queue and over the length of the wire; at_ns: CLOCK_MONOTONIC.  False: the queue is full. */
static bool enter(struct carry *c, const struct flight *p, int64_t at_ns, int64_t delay_ns,
		  int64_t *due_ns)
{
	struct pipe *pipe = &c->rules.path[p->from].pipe;

	*due_ns = at_ns;
	if (pipe->bits_per_s && !pipe_enter(pipe, p->len, at_ns, due_ns))
		return false;
	*due_ns += delay_ns;
	return true;
}

static void lose_at_queue(struct carry *c, struct flight *p)
{
	STR_ON_STACK(by, 64);

	str_addf(&by, "queue of %u is full", c->rules.path[p->from].pipe.queue);
	carry_lose(c, p, by.buf);
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

static void set_out_all(struct carry *c, struct flight *list, int64_t at_ns, int64_t delay_ns)
{
	while (list) {
		struct flight *p = list;
		int64_t due_ns;

		list = p->next;
		p->next = NULL;
		if (enter(c, p, at_ns, delay_ns, &due_ns))
			set_out(c, p, due_ns);
		else
			lose_at_queue(c, p);
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
	set_out_all(c, p, now_ns - c->offset_ns, rules_draw_delay(&c->rules, p->from));
}

/* As it is released, it is another packet: with a number of its own, and bytes that can be looked at. */
void carry_replace(struct carry *c, struct flight *p, const uint8_t *frame, uint32_t len,
		   const char *what)
{
	struct seen s = { .ts_ns = clock_now_ns(), .data = frame, .from = p->from };
	struct flight *q = flight_new(frame, len);
	int64_t due_ns = p->due_ns; /* of one on its way */
	STR_ON_STACK(by, 300);

	if (!q) {
		carry_lose(c, p, "out of memory");
		return;
	}
	c->offset_ns = s.ts_ns - clock_monotonic_ns();
	s.caplen = s.len = len;
	q->number = s.number = ++c->counts.packets;
	q->from = p->from;
	q->to = p->to;
	q->stray = q->sample = q->late = q->bent = true;
	str_addf(&by, "hand, %s; as packet %llu", what, (unsigned long long)q->number);
	tell_fate(c->told, p, WIRE_EDITED, by.buf, s.ts_ns);
	tell_packet(c->told, &s, 0);
	str_clear(&by);
	str_addf(&by, "hand, packet %llu: %s", (unsigned long long)p->number, what);
	tell_fate(c->told, q, WIRE_INJECTED, by.buf, s.ts_ns);
	q->loose = due_ns;
	flight_free(p);
	if (c->rules.path[q->from].cut)
		carry_lose(c, q, "cut");
	else if (due_ns)
		set_out(c, q, due_ns);
	else
		set_out_all(c, q, s.ts_ns - c->offset_ns, rules_draw_delay(&c->rules, q->from));
}

void carry_hurry(struct carry *c, struct flight *p)
{
	tell_fate(c->told, p, WIRE_RELEASED, "hand", clock_now_ns());
	p->late = p->loose = true;
	set_out(c, p, clock_monotonic_ns());
}

void carry_double(struct carry *c, struct flight *p, uint32_t copies)
{
	struct flight *list = make_copies(c, p, copies, "hand");
	int64_t due_ns = p->due_ns;

	p->loose = true;
	set_out(c, p, due_ns);
	while (list) {
		struct flight *copy = list;

		list = copy->next;
		copy->next = NULL;
		copy->loose = true;
		set_out(c, copy, due_ns);
	}
}

/* ---- packets of the wire's own ---- */

/* Rules have nothing to say about them: whoever makes a packet wants it to arrive. */
void carry_inject(struct carry *c, const struct carry_made *m)
{
	struct seen s = { .ts_ns = clock_now_ns(), .data = m->bytes, .from = m->from };
	struct flight *p = flight_new(m->bytes, m->len);

	if (!p) {
		tell_note(c->told, m->from, NOTE_ERROR, CARRY_NO_MEMORY);
		return;
	}
	s.caplen = s.len = m->len;
	s.number = ++c->counts.packets;
	tell_packet(c->told, &s, 0);
	p->number = s.number;
	p->from = m->from;
	p->to = m->to;
	p->stray = m->stray;
	p->sample = p->late = p->loose = true;
	tell_fate(c->told, p, WIRE_INJECTED, m->by, s.ts_ns);
	set_out(c, p, clock_monotonic_ns());
}

/* The sender of a packet that is too long is told what would pass. */
static void answer_too_long(struct carry *c, const struct flight *p, uint32_t mtu)
{
	uint8_t frame[FORGE_BYTES];
	size_t len = forge_icmp(frame, FORGE_NEEDFRAG, mtu, p->bytes, p->len, p->len);
	STR_ON_STACK(by, 32);

	str_addf(&by, "mtu %u", mtu);
	if (len)
		carry_inject(c, &(struct carry_made){ .bytes = frame,
						      .len = (uint32_t)len,
						      .from = p->to,
						      .to = p->from,
						      .by = by.buf });
}

/* ---- deciding ---- */

static void lose_by_rule(struct carry *c, struct flight *p, const struct verdict *v)
{
	struct flight *copy = v->mtu ? flight_copy(p) : NULL;

	carry_lose(c, p, v->by[RULE_DROP]);
	if (copy)
		answer_too_long(c, copy, v->mtu);
	flight_free(copy);
}

/* What is changed in its bytes. */
static void bend(struct carry *c, struct flight *p, const struct verdict *v)
{
	if (v->mark) {
		bend_mark(p->bytes, p->len);
		tell_fate(c->told, p, WIRE_MARKED, v->by[RULE_MARK], clock_now_ns());
	}
	if (v->corrupt) {
		struct dice dice = v->dice;
		STR_ON_STACK(by, RULE_FILTER + 128);

		str_addf(&by, "%s, ", v->by[RULE_CORRUPT]);
		bend_corrupt(p->bytes, p->len, v->mended, &dice, &by);
		p->bent = true;
		tell_fate(c->told, p, WIRE_CORRUPTED, by.buf, clock_now_ns());
	}
}

static void stop(struct carry *c, struct flight *p, const struct verdict *v)
{
	if (flights_full(&c->flights, p->len)) {
		carry_lose(c, p, "full");
		return;
	}
	p->late = true;
	tell_fate(c->told, p, WIRE_HELD, v->by[RULE_HOLD], clock_now_ns());
	p->next = make_copies(c, p, v->copies, v->by[RULE_DUP]);
	hold_all(c, p);
}

/* at_ns: when it was captured, CLOCK_MONOTONIC. */
static void let_go(struct carry *c, struct flight *p, const struct verdict *v, int64_t at_ns)
{
	int64_t due_ns;
	struct flight *copies;

	if (!enter(c, p, at_ns, v->delay_ns + v->behind_ns, &due_ns)) {
		lose_at_queue(c, p);
		return;
	}
	p->late |= due_ns > at_ns;
	if (p->late && flights_full(&c->flights, p->len)) {
		carry_lose(c, p, "full");
		return;
	}
	p->due_ns = due_ns;
	if (v->behind_ns)
		tell_fate(c->told, p, WIRE_REORDERED, v->by[RULE_REORDER], clock_now_ns());
	else if (due_ns > at_ns)
		tell_fate(c->told, p, WIRE_DELAYED, v->delay_ns ? "delay" : "rate", clock_now_ns());
	copies = make_copies(c, p, v->copies, v->by[RULE_DUP]);
	p->loose = v->behind_ns;
	set_out(c, p, due_ns);
	set_out_all(c, copies, at_ns, v->delay_ns);
}

static void obey(struct carry *c, struct flight *p, const struct verdict *v, int64_t at_ns)
{
	if (v->drop) {
		lose_by_rule(c, p, v);
		return;
	}
	/* A person who holds a segment means it, not each of its repetitions. */
	if (v->hold && repeat_is_held(&c->flights, p)) {
		carry_lose(c, p, "held already");
		return;
	}
	bend(c, p, v);
	if (v->hold)
		stop(c, p, v);
	else
		let_go(c, p, v, at_ns);
}

/* A packet as one of its own, for one host.  NULL verdict: it passes at once. */
static void dispatch(struct carry *c, const struct seen *s, uint8_t to, const struct verdict *v)
{
	struct flight *p = flight_new(s->data, s->caplen);
	int64_t at_ns = s->ts_ns - c->offset_ns;

	if (!p) {
		c->counts.dropped++;
		tell_note(c->told, s->from, NOTE_ERROR, CARRY_NO_MEMORY);
		return;
	}
	p->number = s->number;
	p->from = s->from;
	p->to = to;
	p->sample = s->sample;
	p->late = s->made;
	if (v)
		obey(c, p, v, at_ns);
	else
		set_out(c, p, at_ns);
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

	carry_bring(c, &p, s->data);
}

/* Cannot be while the capture's snaplen follows the MTU; but half a packet is not delivered. */
static void refuse_part(struct carry *c, const struct seen *s, uint8_t to)
{
	const struct flight p = { .number = s->number, .from = s->from, .to = to };

	carry_fail(c, &p, "longer than what was captured of it");
}

static void decide_for(struct carry *c, const struct seen *s, uint8_t to, const struct verdict *v)
{
	if (s->caplen < s->len)
		refuse_part(c, s, to);
	else if (!v && !s->made && !look_is_exact(&c->look) && !c->flights.under_way[s->from])
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

static bool has_something(const struct verdict *v)
{
	return v->drop || v->hold || v->copies || v->delay_ns || v->queues || v->mark ||
	       v->corrupt || v->behind_ns;
}

/* Each fragment is a packet like any other: the rules are asked about it, too. */
static void send_fragment(struct carry *c, const struct seen *whole, const struct flight *p,
			  const uint8_t *frame, uint32_t len, const char *by)
{
	struct seen s = {
		.number = ++c->counts.packets,
		.ts_ns = clock_now_ns(),
		.caplen = len,
		.len = len,
		.data = frame,
		.from = whole->from,
		.sample = true,
		.made = true,
	};
	struct flight made = *p;

	made.number = s.number;
	tell_packet(c->told, &s, 0);
	tell_fate(c->told, &made, WIRE_INJECTED, by, s.ts_ns);
	carry_decide(c, &s);
}

static void fragment(struct carry *c, const struct seen *s, uint8_t to, uint32_t mtu)
{
	struct flight p = { .number = s->number, .from = s->from, .to = to };
	uint8_t *frame = malloc(s->caplen);
	STR_ON_STACK(by, 80);
	uint32_t at = 0;
	size_t len;

	if (!frame) {
		tell_note(c->told, s->from, NOTE_ERROR, CARRY_NO_MEMORY);
		return;
	}
	str_addf(&by, "mtu %u", mtu);
	tell_fate(c->told, &p, WIRE_FRAGMENTED, by.buf, clock_now_ns());
	str_clear(&by);
	str_addf(&by, "mtu %u, fragment of packet %llu", mtu, (unsigned long long)s->number);
	while ((len = fragment_next(frame, s->data, s->caplen, mtu, &at)))
		send_fragment(c, s, &p, frame, (uint32_t)len, by.buf);
	free(frame);
}

void carry_decide(struct carry *c, const struct seen *s)
{
	uint8_t to = find_target(c, s);
	struct verdict verdict;
	bool spent = false;
	const struct verdict *v = NULL;

	if (!c->plain) {
		rules_judge(&c->rules, s->from, s->data, s->caplen, s->len, &verdict);
		carry_rules_changed(c);
		if (verdict.fragment) {
			fragment(c, s, to, verdict.fragment);
			return;
		}
		spent = verdict.spent;
		v = has_something(&verdict) ? &verdict : NULL;
	}
	for (size_t i = 0; i < c->lab->hosts; i++)
		if (i != s->from && (to == i || to == HOST_NONE))
			decide_for(c, s, (uint8_t)i, v);
	if (!c->plain)
		carry_update_patience(c);
	if (spent) {
		STR_ON_STACK(status, WIRE_STATUS);

		carry_status(c, &status);
		tell_status(c->told, status.buf);
	}
}
