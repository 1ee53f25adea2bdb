/*
 * Deciding: the rules are asked about each packet, and what they say is done: it is lost, it waits, it sets out on its
 * way, with copies; or, if they have nothing to say, it passes through.
 */
#include "src/lab/carry_impl.h"

#include <string.h>

#include "src/core/clock.h"
#include "src/core/str.h"
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
		tell_note(c->told, s->from, NOTE_ERROR, CARRY_NO_MEMORY);
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

void carry_decide(struct carry *c, const struct seen *s)
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
