#include "src/lab/rule.h"

#include <assert.h>
#include <string.h>

#include "src/core/clock.h"

/* What each action does to the verdict.  False: the verdict stands, later actions are not asked. */
static bool act_drop(struct verdict *v)
{
	v->drop = true;
	return false;
}

static bool act_hold(struct verdict *v)
{
	v->hold = true;
	return true;
}

static bool act_dup(struct verdict *v)
{
	v->copies++;
	return true;
}

static const struct action {
	const char *name; /* as in the header's status */
	bool (*act)(struct verdict *v);
} actions[] = {
	[RULE_DROP] = { "drop", act_drop },
	[RULE_HOLD] = { "hold", act_hold },
	[RULE_DUP] = { "dup", act_dup },
};
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))
static_assert(ACTIONS == RULE_DUP + 1, "every action has a row");

void rules_init(struct rules *r)
{
	memset(r, 0, sizeof(*r));
}

void rules_fini(struct rules *r)
{
	for (size_t i = 0; i < r->count; i++)
		live_filter_free(r->row[i].filter);
	rules_init(r);
}

bool rules_plain(const struct rules *r)
{
	if (r->count)
		return false;
	for (size_t i = 0; i < HOSTS_MAX; i++)
		if (r->path[i].cut || r->path[i].delay_ns)
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
	       a->once == b->once && strcmp(a->text, b->text) == 0;
}

/* "drop" and "drop again" are two packets, so rules that end by themselves are never the same one. */
static void remove_same(struct rules *r, const struct rule *rule)
{
	for (size_t i = 0; i < r->count; i++) {
		if (rule->once || !same_conditions(&r->row[i], rule))
			continue;
		remove_row(r, i);
		return;
	}
}

static bool needs_number(const struct rule *rule)
{
	return !rule->once || rule->text[0];
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

void rules_cut(struct rules *r, uint8_t from, bool cut)
{
	for (size_t i = 0; i < HOSTS_MAX; i++)
		if (from == HOST_NONE || from == i)
			r->path[i].cut = cut;
}

/* ---- judging ---- */

static void name_rule(struct verdict *v, const struct rule *rule)
{
	struct str by = str_on(v->by, sizeof(v->by));

	if (rule->number)
		str_addf(&by, "rule %u: ", rule->number);
	str_add(&by, rule->text[0] ? rule->text : rule->number ? "all" : "hand");
}

/* Whether it is this packet's turn; counts it. */
static bool takes(struct rule *rule, uint8_t from, const void *bytes, uint32_t caplen, uint32_t len)
{
	if (rule->from != HOST_NONE && rule->from != from)
		return false;
	if (rule->filter && !live_filter_match(rule->filter, bytes, caplen, len))
		return false;
	if (++rule->matched < rule->every)
		return false;
	rule->matched = 0;
	return true;
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
		if (!v->by[0])
			name_rule(v, rule);
		go_on = actions[action].act(v);
		if (rule->once)
			remove_row(r, i);
		return go_on;
	}
	return true;
}

void rules_judge(struct rules *r, uint8_t from, const void *bytes, uint32_t caplen, uint32_t len,
		 struct verdict *out)
{
	const struct path *path = &r->path[from];

	*out = (struct verdict){ .delay_ns = path->delay_ns };
	if (path->cut) {
		out->drop = true;
		str_copy(out->by, sizeof(out->by), "cut");
		return;
	}
	for (size_t i = 0; i < ACTIONS; i++)
		if (!judge_action(r, (enum rule_action)i, from, bytes, caplen, len, out))
			return;
}

/* ---- the status ---- */

struct status {
	struct str *out;
	size_t hosts;
	const char *(*name)(const void *context, size_t host);
	const void *context;
	size_t start; /* of the text in out */
};

static void begin_part(const struct status *s)
{
	if (s->out->len > s->start)
		str_add(s->out, " · ");
}

static void add_duration(struct str *out, int64_t ns)
{
	static const struct {
		int64_t ns;
		const char *unit;
	} units[] = { { NS_PER_S, "s" }, { NS_PER_MS, "ms" }, { NS_PER_US, "µs" }, { 1, "ns" } };
	size_t i = 0;

	while (ns < units[i].ns)
		i++;
	str_addf(out, "%lld", (long long)(ns / units[i].ns));
	if (ns % units[i].ns) { /* one more digit says enough in a header line */
		long long tenth = (long long)(ns % units[i].ns * 10 / units[i].ns);

		if (tenth)
			str_addf(out, ".%lld", tenth);
	}
	str_addf(out, " %s", units[i].unit);
}

/* What a direction has, each part with how it reads; 0 is "nothing to say". */
static int64_t path_delay(const struct path *p)
{
	return p->delay_ns;
}

static int64_t path_cut(const struct path *p)
{
	return p->cut;
}

static void add_cut(struct str *out, int64_t value)
{
	(void)value;
	str_add(out, "cut");
}

static const struct path_part {
	int64_t (*value)(const struct path *p);
	void (*add)(struct str *out, int64_t value);
} path_parts[] = {
	{ path_delay, add_duration },
	{ path_cut, add_cut },
};

static bool all_the_same(const struct status *s, const struct rules *r,
			 const struct path_part *part)
{
	for (size_t i = 1; i < s->hosts; i++)
		if (part->value(&r->path[i]) != part->value(&r->path[0]))
			return false;
	return true;
}

/* Once for all directions if they are the same, else once for each that has it. */
static void add_part(const struct status *s, const struct rules *r, const struct path_part *part)
{
	bool same = all_the_same(s, r, part);

	for (size_t i = 0; i < (same ? 1 : s->hosts); i++) {
		int64_t value = part->value(&r->path[i]);

		if (!value)
			continue;
		begin_part(s);
		part->add(s->out, value);
		if (!same)
			str_addf(s->out, " from %s", s->name(s->context, i));
	}
}

static void add_rule(const struct status *s, const struct rule *rule)
{
	begin_part(s);
	if (rule->number)
		str_addf(s->out, "#%u ", rule->number);
	str_add(s->out, actions[rule->action].name);
	if (rule->once)
		str_add(s->out, " next");
	if (rule->every > 1)
		str_addf(s->out, " every %u", rule->every);
	if (rule->from != HOST_NONE)
		str_addf(s->out, " from %s", s->name(s->context, rule->from));
	if (rule->text[0])
		str_addf(s->out, " %s", rule->text);
}

void rules_numbers(struct str *out, const struct rules *r)
{
	const char *between = "";

	for (size_t i = 0; i < r->count; i++) {
		if (!r->row[i].number)
			continue;
		str_addf(out, "%s%u", between, r->row[i].number);
		between = ", ";
	}
}

void rules_text(struct str *out, const struct rules *r, size_t hosts,
		const char *(*name)(const void *context, size_t host), const void *context)
{
	const struct status s = {
		.out = out,
		.hosts = hosts,
		.name = name,
		.context = context,
		.start = out->len,
	};

	for (size_t i = 0; i < sizeof(path_parts) / sizeof(path_parts[0]); i++)
		add_part(&s, r, &path_parts[i]);
	for (size_t i = 0; i < r->count; i++)
		add_rule(&s, &r->row[i]);
}
