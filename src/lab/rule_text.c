/*
 * The header line's words for what the wire does: the directions first, then the rules, then the seed of what chance
 * decides.
 */
#include "src/lab/rule.h"

#include <assert.h>

#include "src/core/clock.h"

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

/* A direction's part: whether it has it, whether another has the same, and how it reads. */
static bool has_delay(const struct path *p)
{
	return p->delay_ns;
}

static bool same_delay(const struct path *a, const struct path *b)
{
	return a->delay_ns == b->delay_ns && a->jitter_ns == b->jitter_ns;
}

static void add_delay(struct str *out, const struct path *p)
{
	add_duration(out, p->delay_ns);
	if (!p->jitter_ns)
		return;
	str_add(out, " jitter ");
	add_duration(out, p->jitter_ns);
}

static bool has_rate(const struct path *p)
{
	return p->pipe.bits_per_s;
}

static bool same_rate(const struct path *a, const struct path *b)
{
	return a->pipe.bits_per_s == b->pipe.bits_per_s && a->pipe.queue == b->pipe.queue &&
	       !a->pipe.count && !b->pipe.count;
}

static void add_rate(struct str *out, const struct path *p)
{
	static const struct {
		int64_t bits;
		const char *unit;
	} units[] = { { 1000000000, "gbit" }, { 1000000, "mbit" }, { 1000, "kbit" }, { 1, "bit" } };
	uint32_t waiting = pipe_waiting(&p->pipe, clock_monotonic_ns());
	size_t i = 0;

	while (p->pipe.bits_per_s % units[i].bits)
		i++;
	str_addf(out, "%lld%s queue ", (long long)(p->pipe.bits_per_s / units[i].bits),
		 units[i].unit);
	if (waiting)
		str_addf(out, "%u/", waiting);
	str_addf(out, "%u", p->pipe.queue);
}

static bool has_mtu(const struct path *p)
{
	return p->mtu;
}

static bool same_mtu(const struct path *a, const struct path *b)
{
	return a->mtu == b->mtu && a->silent == b->silent;
}

static void add_mtu(struct str *out, const struct path *p)
{
	str_addf(out, "mtu %u%s", p->mtu, p->silent ? " silent" : "");
}

static bool has_cut(const struct path *p)
{
	return p->cut;
}

static bool same_cut(const struct path *a, const struct path *b)
{
	return a->cut == b->cut;
}

static void add_cut(struct str *out, const struct path *p)
{
	(void)p;
	str_add(out, "cut");
}

static const struct path_part {
	bool (*has)(const struct path *p);
	bool (*same)(const struct path *a, const struct path *b);
	void (*add)(struct str *out, const struct path *p);
} path_parts[] = {
	{ has_delay, same_delay, add_delay },
	{ has_rate, same_rate, add_rate },
	{ has_mtu, same_mtu, add_mtu },
	{ has_cut, same_cut, add_cut },
};

static bool all_the_same(const struct status *s, const struct rules *r,
			 const struct path_part *part)
{
	for (size_t i = 1; i < s->hosts; i++)
		if (!part->same(&r->path[i], &r->path[0]))
			return false;
	return true;
}

/* Once for all directions if they are the same, else once for each that has it. */
static void add_part(const struct status *s, const struct rules *r, const struct path_part *part)
{
	bool same = all_the_same(s, r, part);

	for (size_t i = 0; i < (same ? 1 : s->hosts); i++) {
		if (!part->has(&r->path[i]))
			continue;
		begin_part(s);
		part->add(s->out, &r->path[i]);
		if (!same)
			str_addf(s->out, " from %s", s->name(s->context, i));
	}
}

/* As in the header's status: by chance, and else. */
static const struct {
	const char *name, *by_chance;
} names[] = {
	[RULE_DROP] = { "drop", "loss" },	   [RULE_MARK] = { "mark ce", "mark ce" },
	[RULE_CORRUPT] = { "corrupt", "corrupt" }, [RULE_HOLD] = { "hold", "hold" },
	[RULE_REORDER] = { "reorder", "reorder" }, [RULE_DUP] = { "dup", "duplicate" },
};
static_assert(sizeof(names) / sizeof(names[0]) == RULE_ACTIONS, "every action has a name");

/* 12.5%, with as many digits as it takes. */
static void add_percent(struct str *out, uint32_t millionths)
{
	uint32_t digits = millionths % 10000, width = 4;

	str_addf(out, "%u", millionths / 10000);
	for (; digits && digits % 10 == 0; width--)
		digits /= 10;
	if (digits)
		str_addf(out, ".%0*u", (int)width, digits);
	str_add(out, "%");
}

void rule_text(struct str *out, const struct rule *rule)
{
	str_addf(out, "%s",
		 rule->millionths ? names[rule->action].by_chance : names[rule->action].name);
	if (rule->millionths) {
		str_add(out, " ");
		add_percent(out, rule->millionths);
	}
	if (rule->burst > 1)
		str_addf(out, " burst %u", rule->burst);
	if (rule->mended)
		str_add(out, " mended");
	if (rule->by_ns) {
		str_add(out, " by ");
		add_duration(out, rule->by_ns);
	}
}

static void add_rule(const struct status *s, const struct rule *rule)
{
	begin_part(s);
	if (rule->number)
		str_addf(s->out, "#%u ", rule->number);
	rule_text(s->out, rule);
	if (rule->left)
		str_add(s->out, " next");
	if (rule->left > 1)
		str_addf(s->out, " %u", rule->left);
	if (rule->every > 1)
		str_addf(s->out, " every %u", rule->every);
	if (rule->from != HOST_NONE)
		str_addf(s->out, " from %s", s->name(s->context, rule->from));
	if (rule->seed)
		str_addf(s->out, " seed %llu", (unsigned long long)rule->seed);
	if (rule->text[0])
		str_addf(s->out, " %s", rule->text);
}

/* Whether the wire's seed decides anything. */
static bool asks_chance(const struct rules *r)
{
	if (r->seed_shown)
		return true;
	for (size_t i = 0; i < HOSTS_MAX; i++)
		if (r->path[i].jitter_ns)
			return true;
	for (size_t i = 0; i < r->count; i++)
		if (!r->row[i].seed && (r->row[i].millionths || r->row[i].action == RULE_CORRUPT))
			return true;
	return false;
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
	if (!asks_chance(r))
		return;
	begin_part(&s);
	str_addf(out, "seed %llu", (unsigned long long)r->seed);
}
