#include "src/lab/order.h"

#include <assert.h>
#include <string.h>

#include "capture/packet.h"
#include "src/core/clock.h"

#define DELAY_MAX_NS (3600 * NS_PER_S)

int order_check(const struct lab *l, const struct wire_order *o, struct live_filter **filter,
		struct err *e)
{
	*filter = NULL;
	if (l->loopback)
		return err_set(e,
			       "run it without --loopback (a lab file: without its line loopback)",
			       "on one host nothing can be held: packets on lo go from the kernel "
			       "to itself");
	if ((unsigned)o->verb > WIRE_MEND || (unsigned)o->which > WHICH_ALL)
		return err_set(e, NULL, "the wire knows no such order");
	if (o->from != HOST_NONE && o->from >= l->hosts)
		return err_set(e, NULL, "the wire has no host number %u", o->from);
	if (o->delay_ns < 0 || o->delay_ns > DELAY_MAX_NS)
		return err_set(e, "from 0 to 1 hour",
			       "the wire cannot delay packets for that long");
	if (!o->filter[0])
		return 0;
	*filter = live_filter_new(o->filter, LINK_ETHERNET, e);
	return *filter ? 0 : -1;
}

/* ---- rules ---- */

static int add_rule(struct carry *c, enum rule_action action, const struct wire_order *o, bool once,
		    struct live_filter *filter, struct err *e)
{
	struct rule rule = {
		.action = action,
		.from = o->from,
		.filter = filter,
		.once = once,
		.every = o->every,
	};

	str_copy(rule.text, sizeof(rule.text), o->filter);
	return rules_add(carry_rules(c), &rule, e);
}

static int delay(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		 struct err *e)
{
	(void)e;
	live_filter_free(filter);
	rules_delay(carry_rules(c), o->from, o->delay_ns);
	return 0;
}

static int hold(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		struct err *e)
{
	return add_rule(c, RULE_HOLD, o, o->once, filter, e);
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

static int mend(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		struct err *e)
{
	(void)e;
	live_filter_free(filter);
	rules_cut(carry_rules(c), o->from, false);
	rules_remove_all(carry_rules(c), RULE_DROP, o->from);
	rules_remove_all(carry_rules(c), RULE_DUP, o->from);
	return 0;
}

/* ---- what is held ---- */

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

/* How many were there to act on. */
static size_t act_on_held(struct carry *c, const struct wire_order *o,
			  void (*act)(struct carry *, struct flight *))
{
	uint64_t number = o->which == WHICH_NUMBER ? o->number : 0;
	struct flight *p;
	size_t done = 0;

	while ((p = flights_unhold(carry_flights(c), o->from, number))) {
		act(c, p);
		done++;
		if (o->which == WHICH_NEXT)
			break;
	}
	return done;
}

static int nothing_held(struct carry *c, const struct wire_order *o, struct err *e)
{
	size_t held = carry_flights(c)->helds;

	if (o->which == WHICH_NUMBER && held)
		return err_set(e, NULL, "packet %llu is not held; %zu others are",
			       (unsigned long long)o->number, held);
	return err_set(e, "hold stops packets on the wire", "no packet is held");
}

static int release(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		   struct err *e)
{
	live_filter_free(filter);
	return act_on_held(c, o, release_one) ? 0 : nothing_held(c, o, e);
}

/* A fault for packets to come if it says for which ones; else for what is held, else for the next one to come. */
static int fault(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		 struct err *e, enum rule_action action,
		 void (*act)(struct carry *, struct flight *))
{
	bool describes = o->filter[0] || o->every > 1 || o->once;

	if (!describes && act_on_held(c, o, act)) {
		live_filter_free(filter);
		return 0;
	}
	if (!describes && o->which != WHICH_NEXT) {
		live_filter_free(filter);
		return nothing_held(c, o, e);
	}
	return add_rule(c, action, o, o->once || !describes, filter, e);
}

static int drop(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		struct err *e)
{
	return fault(c, o, filter, e, RULE_DROP, lose_one);
}

static int dup_order(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		     struct err *e)
{
	return fault(c, o, filter, e, RULE_DUP, dup_one);
}

static int (*const verbs[])(struct carry *c, const struct wire_order *o, struct live_filter *filter,
			    struct err *e) = {
	[WIRE_DELAY] = delay,	  [WIRE_HOLD] = hold, [WIRE_HOLD_OFF] = hold_off,
	[WIRE_RELEASE] = release, [WIRE_DROP] = drop, [WIRE_DUP] = dup_order,
	[WIRE_CUT] = cut,	  [WIRE_MEND] = mend,
};
static_assert(sizeof(verbs) / sizeof(verbs[0]) == WIRE_MEND + 1, "every verb has a row");

int order_apply(struct carry *c, const struct wire_order *o, struct live_filter *filter,
		struct err *e)
{
	int result = verbs[o->verb](c, o, filter, e);

	carry_rules_changed(c);
	return result;
}
