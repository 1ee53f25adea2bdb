#include "src/lab/order.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "capture/packet.h"
#include "src/core/clock.h"

#define DELAY_MAX_NS (3600 * NS_PER_S)
#define RATE_MIN     1000 /* bits a second: a full packet takes 12 s */
#define RATE_MAX     (100 * INT64_C(1000000000))

static int check_times(const struct wire_order *o, struct err *e)
{
	if (o->delay_ns < 0 || o->delay_ns > DELAY_MAX_NS || o->by_ns < 0 ||
	    o->by_ns > DELAY_MAX_NS)
		return err_set(e, "from 0 to 1 hour",
			       "the wire cannot delay packets for that long");
	if (o->jitter_ns < 0 || o->jitter_ns > o->delay_ns)
		return err_set(e, "delay 50ms jitter 10ms: from 40 to 60 ms",
			       "the jitter cannot be more than the delay");
	return 0;
}

/* A burst so long needs a loss so high that the good times between would be shorter than a packet. */
static int check_chance(const struct wire_order *o, struct err *e)
{
	if (o->millionths > CHANCE_ONE)
		return err_set(e, NULL, "a chance is at most 100%%");
	if (o->burst > WIRE_BURST_MAX)
		return err_set(e, NULL, "a burst is at most %d packets long", WIRE_BURST_MAX);
	if (o->burst > 1 &&
	    (uint64_t)o->millionths * (o->burst + 1) > (uint64_t)CHANCE_ONE * o->burst)
		return err_set(e, "a lower chance, or a longer burst",
			       "bursts of %u packets cannot be that frequent", o->burst);
	return 0;
}

static int check_limits(const struct wire_order *o, struct err *e)
{
	if (o->bits_per_s && (o->bits_per_s < RATE_MIN || o->bits_per_s > RATE_MAX))
		return err_set(e, "from 1kbit to 100gbit; 0 ends it", "the wire has no such rate");
	if (o->queue > PIPE_QUEUE_MAX)
		return err_set(e, NULL, "a queue is at most %d packets long", PIPE_QUEUE_MAX);
	if (o->mtu && (o->mtu < WIRE_MTU_MIN || o->mtu > UINT16_MAX))
		return err_set(e, "from 68 to 65535 bytes; 0 ends it", "there is no such MTU");
	return 0;
}

static int check_inject(const struct wire_inject *i, struct err *e)
{
	if ((unsigned)i->kind >= FORGE_ICMPS || i->len > FORGE_DATA)
		return err_set(e, NULL, "an injected segment has at most %d bytes of data",
			       FORGE_DATA);
	return 0;
}

static int check_edit(const struct edit *d, struct err *e)
{
	if (d->data_len > EDIT_DATA || d->bytes_len > EDIT_BYTES)
		return err_set(e, NULL, "new data are at most %d bytes long, bytes at most %d",
			       EDIT_DATA, EDIT_BYTES);
	return 0;
}

int order_check(const struct lab *l, const struct wire_order *o, struct live_filter **filter,
		struct err *e)
{
	*filter = NULL;
	if (l->loopback)
		return err_set(e,
			       "run it without --loopback (a lab file: without its line loopback)",
			       "on one host nothing can be held: packets on lo go from the kernel "
			       "to itself");
	if ((unsigned)o->verb >= WIRE_VERBS || (unsigned)o->which > WHICH_ALL ||
	    (unsigned)o->patience > PATIENCE_NEVER)
		return err_set(e, NULL, "the wire knows no such order");
	if (o->from != HOST_NONE && o->from >= l->hosts)
		return err_set(e, NULL, "the wire has no host number %u", o->from);
	if (check_times(o, e) || check_chance(o, e) || check_limits(o, e) ||
	    check_inject(&o->inject, e) || check_edit(&o->edit, e))
		return -1;
	if (!o->filter[0])
		return 0;
	*filter = live_filter_new(o->filter, LINK_ETHERNET, e);
	return *filter ? 0 : -1;
}

/* ---- rules ---- */

static int add_rule(struct carry *c, enum rule_action action, const struct wire_order *o,
		    uint32_t left, struct live_filter *filter, struct err *e)
{
	struct rule rule = {
		.action = action,
		.from = o->from,
		.filter = filter,
		.left = left,
		.every = o->every,
		.millionths = o->millionths,
		.burst = o->burst,
		.seed = o->seed,
		.mended = o->mended,
	};

	if (action == RULE_REORDER)
		rule.by_ns = o->by_ns ? o->by_ns : WIRE_BEHIND_NS;
	str_copy(rule.text, sizeof(rule.text), o->filter);
	return rules_add(carry_rules(c), &rule, e);
}

static uint32_t left_of(const struct wire_order *o)
{
	return o->next ? o->next : o->once;
}

static int delay(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		 struct err *e)
{
	(void)e;
	live_filter_free(filter);
	rules_delay(carry_rules(c), o->from, o->delay_ns);
	rules_jitter(carry_rules(c), o->from, o->jitter_ns);
	return 0;
}

static int rate(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		struct err *e)
{
	live_filter_free(filter);
	if (rules_rate(carry_rules(c), o->from, o->bits_per_s, o->queue ? o->queue : PIPE_QUEUE))
		return 0;
	return err_set(e, NULL, "no memory for the wire's queue");
}

static int mtu(struct carry *c, const struct wire_order *o, struct live_filter *filter,
	       struct err *e)
{
	(void)e;
	live_filter_free(filter);
	rules_mtu(carry_rules(c), o->from, o->mtu, o->silent);
	return 0;
}

static int seed(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		struct err *e)
{
	(void)e;
	live_filter_free(filter);
	rules_seed(carry_rules(c), o->seed ? o->seed : dice_new_seed());
	carry_rules(c)->seed_shown = true;
	return 0;
}

static int corrupt(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		   struct err *e)
{
	return add_rule(c, RULE_CORRUPT, o, left_of(o), filter, e);
}

static int reorder(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		   struct err *e)
{
	return add_rule(c, RULE_REORDER, o, left_of(o), filter, e);
}

static int mark(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		struct err *e)
{
	return add_rule(c, RULE_MARK, o, left_of(o), filter, e);
}

static int hold(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		struct err *e)
{
	return add_rule(c, RULE_HOLD, o, left_of(o), filter, e);
}

static int no_rule(const struct rules *r, uint64_t number, struct err *e)
{
	STR_ON_STACK(numbers, 200);

	rules_numbers(&numbers, r);
	if (!numbers.len)
		return err_set(e, "hold if FILTER makes one",
			       "the wire has no rule %llu, nor any other",
			       (unsigned long long)number);
	return err_set(e, NULL, "the wire has no rule %llu: its rules are %s",
		       (unsigned long long)number, numbers.buf);
}

static int hold_off(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		    struct err *e)
{
	struct rules *r = carry_rules(c);

	live_filter_free(filter);
	if (!o->number) {
		rules_remove_all(r, RULE_HOLD, o->from);
		return 0;
	}
	if (o->number <= UINT32_MAX && rules_remove(r, (uint32_t)o->number))
		return 0;
	return no_rule(r, o->number, e);
}

/* What is on its way when the cable is cut does not arrive. */
static int cut(struct carry *c, const struct wire_order *o, struct live_filter *filter,
	       struct err *e)
{
	struct flight *p;

	(void)e;
	live_filter_free(filter);
	rules_cut(carry_rules(c), o->from, true);
	p = flights_take_all(carry_flights(c), o->from);
	while (p) {
		struct flight *next = p->next;

		carry_lose(c, p, "cut");
		p = next;
	}
	return 0;
}

static void remove_faults(struct rules *r, uint8_t from)
{
	for (size_t i = 0; i < RULE_ACTIONS; i++)
		if (i != RULE_HOLD)
			rules_remove_all(r, (enum rule_action)i, from);
}

static int mend(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		struct err *e)
{
	(void)e;
	live_filter_free(filter);
	rules_cut(carry_rules(c), o->from, false);
	remove_faults(carry_rules(c), o->from);
	return 0;
}

static int off(struct carry *c, const struct wire_order *o, struct live_filter *filter,
	       struct err *e)
{
	struct rules *r = carry_rules(c);

	live_filter_free(filter);
	if (o->number)
		return o->number <= UINT32_MAX && rules_remove(r, (uint32_t)o->number)
			       ? 0
			       : no_rule(r, o->number, e);
	r->seed_shown = false;
	rules_cut(r, o->from, false);
	rules_delay(r, o->from, 0);
	rules_jitter(r, o->from, 0);
	rules_mtu(r, o->from, 0, false);
	rules_remove_all(r, RULE_HOLD, o->from);
	remove_faults(r, o->from);
	return rules_rate(r, o->from, 0, 0) ? 0 : err_set(e, NULL, "no memory");
}

/* ---- what is held, or on its way ---- */

static void release_one(struct carry *c, struct flight *p)
{
	carry_release(c, p, 0);
}

static void dup_one(struct carry *c, struct flight *p)
{
	carry_release(c, p, 1);
}

static void lose_one(struct carry *c, struct flight *p)
{
	carry_lose(c, p, "hand");
}

static void double_one(struct carry *c, struct flight *p)
{
	carry_double(c, p, 1);
}

/* What is done to a packet that rests, and to one that moves. */
struct deed {
	void (*held)(struct carry *c, struct flight *p);
	void (*on_way)(struct carry *c, struct flight *p);
};
static const struct deed releasing = { release_one, carry_hurry };
static const struct deed doubling = { dup_one, double_one };
static const struct deed losing = { lose_one, lose_one };

static uint64_t number_of_order(const struct wire_order *o)
{
	return o->which == WHICH_NUMBER ? o->number : 0;
}

/* How many were there to act on: held ones; one of a number may also be on its way. */
static size_t act_on(struct carry *c, const struct wire_order *o, const struct deed *deed)
{
	struct flights *f = carry_flights(c);
	uint64_t number = number_of_order(o);
	struct flight *p;
	size_t done = 0;

	while ((p = flights_unhold(f, o->from, number))) {
		deed->held(c, p);
		done++;
		if (o->which == WHICH_NEXT)
			break;
	}
	p = !done && number ? flights_on_way(f, o->from, number) : NULL;
	if (!p)
		return done;
	flights_take(f, p);
	deed->on_way(c, p);
	return 1;
}

static int nothing_held(struct carry *c, const struct wire_order *o, struct err *e)
{
	size_t held = carry_flights(c)->helds;

	if (o->which == WHICH_ALL) {
		carry_say(c, "no packet was held");
		return 0;
	}
	if (o->which == WHICH_NUMBER && held)
		return err_set(e, NULL, "packet %llu is not held; %zu %s",
			       (unsigned long long)o->number, held,
			       held == 1 ? "other is" : "others are");
	return err_set(e, "hold stops packets on the wire", "no packet is held");
}

/* The packet of an order, which stays where it is; NULL. */
static struct flight *find_one(const struct flights *f, const struct wire_order *o)
{
	uint64_t number = number_of_order(o);
	struct flight *p = flights_held(f, o->from, number);

	return p || !number ? p : flights_on_way(f, o->from, number);
}

/* Nothing happens to the packet if it cannot be changed like that. */
static int release_edited(struct carry *c, const struct wire_order *o, struct err *e)
{
	struct flights *f = carry_flights(c);
	struct flight *p = find_one(f, o);
	STR_ON_STACK(what, 256);
	uint8_t *frame;
	size_t len;

	if (!p)
		return nothing_held(c, o, e);
	frame = malloc(p->len + sizeof(o->edit.data));
	if (!frame)
		return err_set(e, NULL, "no memory to change a packet");
	len = edit_frame(frame, p->bytes, p->len, &o->edit, &what, e);
	if (len) {
		if (p == flights_held(f, p->from, p->number))
			flights_unhold(f, p->from, p->number);
		else
			flights_take(f, p);
		carry_replace(c, p, frame, (uint32_t)len, what.buf);
	}
	free(frame);
	return len ? 0 : -1;
}

/* Those of the same host that waited longer come behind it. */
static void release_rest(struct carry *c, uint8_t from)
{
	struct flight *p;

	while ((p = flights_unhold(carry_flights(c), from, 0)))
		release_one(c, p);
}

static int release(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		   struct err *e)
{
	const struct flight *one = find_one(carry_flights(c), o);
	uint8_t from = one ? one->from : HOST_NONE;
	int result = 0;

	live_filter_free(filter);
	if (o->edit.given)
		result = release_edited(c, o, e);
	else if (!act_on(c, o, &releasing))
		result = nothing_held(c, o, e);
	if (!result && one && o->first)
		release_rest(c, from);
	return result;
}

/* A fault for packets to come if it says for which ones; else for what is held, else for the next one to come. */
static int fault(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		 struct err *e, enum rule_action action, const struct deed *deed)
{
	bool describes = o->filter[0] || o->every > 1 || left_of(o) || o->millionths || o->to_come;

	if (!describes && act_on(c, o, deed)) {
		live_filter_free(filter);
		return 0;
	}
	if (!describes && o->which != WHICH_NEXT) {
		live_filter_free(filter);
		return nothing_held(c, o, e);
	}
	return add_rule(c, action, o, describes ? left_of(o) : 1, filter, e);
}

static int drop(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		struct err *e)
{
	return fault(c, o, filter, e, RULE_DROP, &losing);
}

static int dup_order(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		     struct err *e)
{
	return fault(c, o, filter, e, RULE_DUP, &doubling);
}

/* ---- packets of the wire's own ---- */

/* In a lab of more than two hosts: the one that the packet is addressed to. */
static uint8_t host_of_mac(const struct lab *l, const uint8_t *mac)
{
	for (size_t i = 0; i < l->hosts; i++)
		if (!memcmp(l->host[i].mac, mac, sizeof(l->host[i].mac)))
			return (uint8_t)i;
	return HOST_NONE;
}

/* Whom the host talked with last. */
static uint8_t peer_of(const struct carry *c, uint8_t host)
{
	const struct lab *l = carry_lab(c);
	const struct heard *h = carry_heard(c);

	if (l->hosts == 2)
		return host ^ 1;
	if (h->sent[host].order >= h->got[host].order)
		return h->sent[host].order ? host_of_mac(l, h->sent[host].bytes) : HOST_NONE;
	return host_of_mac(l, h->got[host].bytes + 6);
}

static uint32_t number_of(const struct edit_number *n, uint32_t expected)
{
	if (!n->given)
		return expected;
	return (uint32_t)n->n + (n->relative ? expected : 0);
}

static int inject_segment(struct carry *c, const struct wire_order *o, struct err *e)
{
	const struct wire_inject *i = &o->inject;
	uint8_t to = peer_of(c, o->from), frame[FORGE_BYTES];
	struct heard_side side;
	uint16_t flags = i->flags;
	size_t len;

	if (to == HOST_NONE || !heard_newest(carry_heard(c), o->from, to, &side))
		return err_set(e, "open a connection first",
			       "the wire has seen no connection that a segment could belong to");
	if (!side.has_ack && !i->ack.given)
		flags &= (uint16_t)~TCP_ACK;
	side.seq = number_of(&i->seq, side.seq);
	side.ack = number_of(&i->ack, side.ack);
	side.window = (uint16_t)number_of(&i->window, side.window);
	len = forge_segment(frame, &side, flags, i->len);
	carry_inject(c, &(struct carry_made){ .bytes = frame,
					      .len = (uint32_t)len,
					      .from = o->from,
					      .to = to,
					      .stray = i->seq.given || flags & TCP_SYN,
					      .by = "hand" });
	return 0;
}

/* The bytes of the packet that is to be quoted; NULL. */
static const uint8_t *quoted(const struct carry *c, const struct flights *f,
			     const struct wire_order *o, uint32_t *caplen, uint32_t *len)
{
	const struct heard_packet *last = heard_last(carry_heard(c), o->from);

	for (const struct flight *p = f->held; p && o->inject.quotes; p = p->next)
		if (p->number == o->inject.quotes && p->from == o->from) {
			*caplen = *len = p->len;
			return p->bytes;
		}
	*caplen = last->caplen;
	*len = last->len;
	return last->order && !o->inject.quotes ? last->bytes : NULL;
}

static int inject_icmp(struct carry *c, const struct wire_order *o, struct err *e)
{
	uint8_t frame[FORGE_BYTES], says;
	uint32_t caplen, length;
	const uint8_t *bytes = quoted(c, carry_flights(c), o, &caplen, &length);
	size_t len;

	if (!bytes)
		return o->inject.quotes
			       ? err_set(e, "without a number the last one is quoted",
					 "that host has no packet %llu that is held",
					 (unsigned long long)o->inject.quotes)
			       : err_set(e, NULL, "that host has sent nothing yet to be quoted");
	len = forge_icmp(frame, o->inject.kind, o->inject.mtu, bytes, caplen, length);
	if (!len)
		return err_set(e, NULL, "that packet is none that an ICMP error may answer");
	says = carry_lab(c)->hosts == 2 ? o->from ^ 1 : host_of_mac(carry_lab(c), bytes);
	if (says == HOST_NONE)
		return err_set(e, NULL, "that packet was for no single host");
	carry_inject(c, &(struct carry_made){ .bytes = frame,
					      .len = (uint32_t)len,
					      .from = says,
					      .to = o->from,
					      .by = "hand" });
	return 0;
}

static int inject(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		  struct err *e)
{
	live_filter_free(filter);
	if (o->from == HOST_NONE)
		return err_set(e, NULL, "an injected packet is from a host, or for one");
	return o->inject.icmp ? inject_icmp(c, o, e) : inject_segment(c, o, e);
}

/* ---- the hosts ---- */

static int patient(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		   struct err *e)
{
	(void)e;
	live_filter_free(filter);
	carry_set_patience(c, o->patience);
	return 0;
}

static int arp(struct carry *c, const struct wire_order *o, struct live_filter *filter,
	       struct err *e)
{
	live_filter_free(filter);
	return carry_acquaint(c, o->known, e);
}

static int tell(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		struct err *e)
{
	(void)c;
	(void)o;
	(void)e;
	live_filter_free(filter);
	return 0;
}

static int (*const verbs[])(struct carry *c, const struct wire_order *o, struct live_filter *filter,
			    struct err *e) = {
	[WIRE_DELAY] = delay,	  [WIRE_HOLD] = hold,	    [WIRE_HOLD_OFF] = hold_off,
	[WIRE_RELEASE] = release, [WIRE_DROP] = drop,	    [WIRE_DUP] = dup_order,
	[WIRE_CUT] = cut,	  [WIRE_MEND] = mend,	    [WIRE_CORRUPT] = corrupt,
	[WIRE_REORDER] = reorder, [WIRE_MARK] = mark,	    [WIRE_RATE] = rate,
	[WIRE_MTU] = mtu,	  [WIRE_SEED] = seed,	    [WIRE_OFF] = off,
	[WIRE_INJECT] = inject,	  [WIRE_PATIENT] = patient, [WIRE_ARP] = arp,
	[WIRE_TELL] = tell,
};
static_assert(sizeof(verbs) / sizeof(verbs[0]) == WIRE_VERBS, "every verb has a row");

int order_apply(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		struct err *e)
{
	int result = verbs[o->verb](c, o, filter, e);

	carry_rules_changed(c);
	carry_update_patience(c);
	return result;
}
