#include "src/lab/rule.h"

#include <assert.h>
#include <string.h>

#include "src/lab/bend.h"
#include "src/lab/forge.h"
#include "src/lab/fragment.h"

/* What each action does to the verdict.  False: the verdict stands, later actions are not asked. */
static bool act_drop(struct verdict *v, struct rule *rule, uint8_t from)
{
	(void)rule;
	(void)from;
	v->drop = true;
	return false;
}

static bool act_mark(struct verdict *v, struct rule *rule, uint8_t from)
{
	(void)rule;
	(void)from;
	v->mark = true;
	return true;
}

/* The bits are chosen later, from a stream that is this packet's own. */
static bool act_corrupt(struct verdict *v, struct rule *rule, uint8_t from)
{
	v->corrupt = true;
	v->mended = rule->mended;
	v->dice = dice_on(dice_next(&rule->chance[from].dice), 0, from);
	return true;
}

static bool act_hold(struct verdict *v, struct rule *rule, uint8_t from)
{
	(void)rule;
	(void)from;
	v->hold = true;
	return true;
}

static bool act_reorder(struct verdict *v, struct rule *rule, uint8_t from)
{
	(void)from;
	v->behind_ns = rule->by_ns;
	return true;
}

static bool act_dup(struct verdict *v, struct rule *rule, uint8_t from)
{
	(void)rule;
	(void)from;
	v->copies++;
	return true;
}

/* Which packets an action can be done to at all. */
static bool fits_mark(const struct rule *rule, const uint8_t *bytes, uint32_t caplen)
{
	(void)rule;
	return bend_can_mark(bytes, caplen);
}

static bool fits_corrupt(const struct rule *rule, const uint8_t *bytes, uint32_t caplen)
{
	return bend_can_corrupt(bytes, caplen, rule->mended);
}

static const struct action {
	bool (*act)(struct verdict *v, struct rule *rule, uint8_t from);
	bool (*fits)(const struct rule *rule, const uint8_t *bytes,
		     uint32_t caplen); /* NULL: all packets */
} actions[] = {
	[RULE_DROP] = { act_drop, NULL },
	[RULE_MARK] = { act_mark, fits_mark },
	[RULE_CORRUPT] = { act_corrupt, fits_corrupt },
	[RULE_HOLD] = { act_hold, NULL },
	[RULE_REORDER] = { act_reorder, NULL },
	[RULE_DUP] = { act_dup, NULL },
};
static_assert(sizeof(actions) / sizeof(actions[0]) == RULE_ACTIONS, "every action has a row");

/* ---- chance ---- */

static void restart_rule(struct rules *r, struct rule *rule)
{
	for (uint32_t i = 0; i < HOSTS_MAX; i++)
		rule->chance[i] = (struct chance){
			.dice = rule->seed ? dice_on(rule->seed, 0, i)
					   : dice_on(r->seed, rule->made, i),
		};
}

static void restart_path(struct rules *r, uint32_t i)
{
	r->path[i].dice = dice_on(r->seed, 0, i);
}

void rules_seed(struct rules *r, uint64_t seed)
{
	r->seed = seed;
	for (uint32_t i = 0; i < HOSTS_MAX; i++)
		restart_path(r, i);
	for (size_t i = 0; i < r->count; i++)
		restart_rule(r, &r->row[i]);
}

/*
 * Gilbert's model: packets are hit while the channel is bad.  Leaving the bad state has a chance of 1 / burst; entering
 * it one with which it is bad for the wanted part of the time.
 */
static bool draw_burst(const struct rule *rule, struct chance *c)
{
	uint32_t leave = CHANCE_ONE / rule->burst;
	uint64_t enter = (uint64_t)leave * rule->millionths / (CHANCE_ONE - rule->millionths);

	c->bad = c->bad ? !dice_chance(&c->dice, leave) : dice_chance(&c->dice, (uint32_t)enter);
	return c->bad;
}

static bool draw(struct rule *rule, uint8_t from)
{
	struct chance *c = &rule->chance[from];

	if (!rule->millionths)
		return true;
	return rule->burst > 1 && rule->millionths < CHANCE_ONE
		       ? draw_burst(rule, c)
		       : dice_chance(&c->dice, rule->millionths);
}

int64_t rules_draw_delay(struct rules *r, uint8_t from)
{
	struct path *p = &r->path[from];
	int64_t delay_ns = p->delay_ns;

	if (!p->jitter_ns)
		return delay_ns;
	/* In 2^32 steps: a jitter is up to an hour, which has more nanoseconds than that. */
	return delay_ns - p->jitter_ns +
	       (int64_t)((double)p->jitter_ns * 2 *
			 ((double)dice_below(&p->dice, UINT32_MAX) / UINT32_MAX));
}

/* ---- the whole ---- */

void rules_init(struct rules *r, uint64_t seed)
{
	memset(r, 0, sizeof(*r));
	rules_seed(r, seed);
}

void rules_fini(struct rules *r)
{
	for (size_t i = 0; i < r->count; i++)
		live_filter_free(r->row[i].filter);
	for (size_t i = 0; i < HOSTS_MAX; i++)
		pipe_fini(&r->path[i].pipe);
	rules_init(r, r->seed);
}

bool rules_plain(const struct rules *r)
{
	if (r->count)
		return false;
	for (size_t i = 0; i < HOSTS_MAX; i++)
		if (r->path[i].cut || r->path[i].delay_ns || r->path[i].mtu ||
		    r->path[i].pipe.bits_per_s)
			return false;
	return true;
}

bool rules_hold(const struct rules *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->row[i].action == RULE_HOLD)
			return true;
	return false;
}

/* ---- the table ---- */

static void remove_row(struct rules *r, size_t i)
{
	live_filter_free(r->row[i].filter);
	r->count--;
	memmove(&r->row[i], &r->row[i + 1], (r->count - i) * sizeof(r->row[0]));
}

static bool same_conditions(const struct rule *a, const struct rule *b)
{
	return a->action == b->action && a->from == b->from && a->every == b->every &&
	       a->left == b->left && !a->millionths == !b->millionths &&
	       strcmp(a->text, b->text) == 0;
}

/* "drop" and "drop again" are two packets, so rules that end by themselves are never the same one. */
static void remove_same(struct rules *r, const struct rule *rule)
{
	for (size_t i = 0; i < r->count; i++) {
		if (rule->left || !same_conditions(&r->row[i], rule))
			continue;
		remove_row(r, i);
		return;
	}
}

static bool needs_number(const struct rule *rule)
{
	return !rule->left || rule->text[0];
}

int rules_add(struct rules *r, const struct rule *rule, struct err *e)
{
	struct rule *row;

	remove_same(r, rule);
	if (r->count == RULES_MAX) {
		live_filter_free(rule->filter);
		return err_set(e, "end some of them first",
			       "the wire has %d rules, which is all it can have", RULES_MAX);
	}
	row = &r->row[r->count++];
	*row = *rule;
	row->matched = 0;
	row->number = needs_number(rule) ? ++r->last_number : 0;
	row->made = ++r->last_made;
	restart_rule(r, row);
	return 0;
}

bool rules_remove(struct rules *r, uint32_t number)
{
	for (size_t i = 0; i < r->count; i++) {
		if (!number || r->row[i].number != number)
			continue;
		remove_row(r, i);
		return true;
	}
	return false;
}

size_t rules_remove_all(struct rules *r, enum rule_action action, uint8_t from)
{
	size_t removed = 0;

	for (size_t i = r->count; i-- > 0;) {
		const struct rule *row = &r->row[i];

		if (row->action != action || (from != HOST_NONE && row->from != from))
			continue;
		remove_row(r, i);
		removed++;
	}
	return removed;
}

void rules_delay(struct rules *r, uint8_t from, int64_t delay_ns)
{
	for (size_t i = 0; i < HOSTS_MAX; i++)
		if (from == HOST_NONE || from == i)
			r->path[i].delay_ns = delay_ns;
}

void rules_jitter(struct rules *r, uint8_t from, int64_t jitter_ns)
{
	for (uint32_t i = 0; i < HOSTS_MAX; i++)
		if (from == HOST_NONE || from == i) {
			r->path[i].jitter_ns = jitter_ns;
			restart_path(r, i);
		}
}

bool rules_rate(struct rules *r, uint8_t from, int64_t bits_per_s, uint32_t queue)
{
	for (size_t i = 0; i < HOSTS_MAX; i++)
		if ((from == HOST_NONE || from == i) &&
		    !pipe_set(&r->path[i].pipe, bits_per_s, queue))
			return false;
	return true;
}

void rules_mtu(struct rules *r, uint8_t from, uint32_t mtu, bool silent)
{
	for (size_t i = 0; i < HOSTS_MAX; i++)
		if (from == HOST_NONE || from == i) {
			r->path[i].mtu = mtu;
			r->path[i].silent = mtu && silent;
		}
}

void rules_cut(struct rules *r, uint8_t from, bool cut)
{
	for (size_t i = 0; i < HOSTS_MAX; i++)
		if (from == HOST_NONE || from == i)
			r->path[i].cut = cut;
}

/* ---- judging ---- */

static void name_rule(struct verdict *v, const struct rule *rule)
{
	struct str by = str_on(v->by[rule->action], sizeof(v->by[0]));

	if (rule->number)
		str_addf(&by, "rule %u: ", rule->number);
	if (rule->millionths)
		rule_text(&by, rule);
	if (rule->millionths && rule->text[0])
		str_add(&by, " ");
	if (rule->text[0] || !rule->millionths)
		str_add(&by, rule->text[0] ? rule->text : rule->number ? "all" : "hand");
}

/* Whether it is this packet's turn; counts it. */
static bool takes(struct rule *rule, uint8_t from, const void *bytes, uint32_t caplen, uint32_t len)
{
	if (rule->from != HOST_NONE && rule->from != from)
		return false;
	if (rule->filter && !live_filter_match(rule->filter, bytes, caplen, len))
		return false;
	if (actions[rule->action].fits && !actions[rule->action].fits(rule, bytes, caplen))
		return false;
	if (++rule->matched < rule->every)
		return false;
	rule->matched = 0;
	return draw(rule, from);
}

/*
 * The rows of one action.  One row that acts is enough: two rules that hold a packet hold it once, and two
 * that are for the next packet take one packet each.
 */
static bool judge_action(struct rules *r, enum rule_action action, uint8_t from, const void *bytes,
			 uint32_t caplen, uint32_t len, struct verdict *v)
{
	for (size_t i = 0; i < r->count; i++) {
		struct rule *rule = &r->row[i];
		bool go_on;

		if (rule->action != action || !takes(rule, from, bytes, caplen, len))
			continue;
		name_rule(v, rule);
		go_on = actions[action].act(v, rule, from);
		v->spent |= rule->left > 0;
		if (rule->left && --rule->left == 0)
			remove_row(r, i);
		return go_on;
	}
	return true;
}

/* What a whole direction does to a packet, before all rules; false: it does not go on. */
static bool judge_path(struct rules *r, uint8_t from, const void *bytes, uint32_t caplen,
		       uint32_t len, struct verdict *v)
{
	const struct path *path = &r->path[from];
	struct str by = str_on(v->by[RULE_DROP], sizeof(v->by[0]));

	if (!path->cut && path->mtu && fragment_needed(bytes, caplen, len, path->mtu)) {
		v->fragment = path->mtu;
		return false;
	}
	v->drop = path->cut || (path->mtu && forge_is_too_long(bytes, caplen, len, path->mtu));
	if (path->cut)
		str_add(&by, "cut");
	else if (v->drop)
		str_addf(&by, "mtu %u", path->mtu);
	if (v->drop && !path->cut && !path->silent)
		v->mtu = path->mtu;
	return !v->drop;
}

void rules_judge(struct rules *r, uint8_t from, const void *bytes, uint32_t caplen, uint32_t len,
		 struct verdict *out)
{
	*out = (struct verdict){ .queues = r->path[from].pipe.bits_per_s };
	if (!judge_path(r, from, bytes, caplen, len, out))
		return;
	out->delay_ns = rules_draw_delay(r, from);
	for (size_t i = 0; i < RULE_ACTIONS; i++)
		if (!judge_action(r, (enum rule_action)i, from, bytes, caplen, len, out))
			return;
}
