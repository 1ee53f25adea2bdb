#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "capture/packet.h"
#include "src/core/clock.h"
#include "src/lab/rule.h"

/* An Ethernet frame with IPv4 and UDP, of which the filters look at the ports. */
static const uint8_t udp[] = {
	2, 0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 1, 8, 0,
	0x45, 0, 0, 29, 0, 1, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
	0x80, 0, 0x1f, 0x90, 0, 9, 0, 0, 'x',
};

static struct rule rule_for(enum rule_action action, const char *filter)
{
	struct rule r = { .action = action, .from = HOST_NONE };
	struct err e;

	str_copy(r.text, sizeof(r.text), filter);
	if (filter[0]) {
		r.filter = live_filter_new(filter, LINK_ETHERNET, &e);
		assert_non_null(r.filter);
	}
	return r;
}

static void add(struct rules *r, struct rule rule)
{
	struct err e;

	assert_int_equal(rules_add(r, &rule, &e), 0);
}

static struct verdict judge(struct rules *r, uint8_t from)
{
	struct verdict v;

	rules_judge(r, from, udp, sizeof(udp), sizeof(udp), &v);
	return v;
}

static const char *host_name(const void *context, size_t host)
{
	return ((const char *const *)context)[host];
}

static void assert_text(const struct rules *r, const char *text)
{
	static const char *const names[] = { "client", "server" };
	STR_ON_STACK(out, 512);

	rules_text(&out, r, 2, host_name, names);
	assert_string_equal(out.buf, text);
}

static void plain_passes(void **state)
{
	struct rules r;
	struct verdict v;

	(void)state;
	rules_init(&r, 1);
	assert_true(rules_plain(&r));
	assert_text(&r, "");
	v = judge(&r, 0);
	assert_false(v.drop || v.hold || v.copies || v.delay_ns);
	assert_string_equal(v.by[RULE_DROP], "");
	rules_fini(&r);
}

static void filters_choose(void **state)
{
	struct rules r;
	struct rule server_only = rule_for(RULE_HOLD, "");
	STR_ON_STACK(numbers, 32);

	(void)state;
	rules_init(&r, 1);
	add(&r, rule_for(RULE_HOLD, "tcp"));
	assert_false(judge(&r, 0).hold);
	add(&r, rule_for(RULE_HOLD, "udp port 8080"));
	assert_true(judge(&r, 0).hold);
	assert_string_equal(judge(&r, 0).by[RULE_HOLD], "rule 2: udp port 8080");
	assert_text(&r, "#1 hold tcp · #2 hold udp port 8080");
	assert_true(rules_remove(&r, 2));
	assert_false(rules_remove(&r, 2));
	server_only.from = 1;
	add(&r, server_only);
	assert_false(judge(&r, 0).hold);
	assert_true(judge(&r, 1).hold);
	assert_text(&r, "#1 hold tcp · #3 hold from server");
	rules_numbers(&numbers, &r);
	assert_string_equal(numbers.buf, "1, 3");
	assert_int_equal(rules_remove_all(&r, RULE_HOLD, HOST_NONE), 2);
	assert_true(rules_plain(&r));
	rules_fini(&r);
}

static void every_nth(void **state)
{
	struct rules r;
	struct rule third = rule_for(RULE_DROP, "udp");
	char seen[10] = "";

	(void)state;
	rules_init(&r, 1);
	third.every = 3;
	add(&r, third);
	for (int i = 0; i < 9; i++)
		seen[i] = judge(&r, 0).drop ? 'x' : '.';
	assert_string_equal(seen, "..x..x..x");
	assert_text(&r, "#1 drop every 3 udp");
	rules_fini(&r);
}

static void once_ends(void **state)
{
	struct rules r;
	struct rule next = rule_for(RULE_DROP, "");

	(void)state;
	rules_init(&r, 1);
	next.left = 1;
	add(&r, next);
	add(&r, next);	/* "drop" twice: the next two */
	assert_text(&r, "drop next · drop next");
	assert_true(judge(&r, 0).drop);
	assert_true(judge(&r, 1).drop);
	assert_false(judge(&r, 0).drop);
	assert_true(rules_plain(&r));
	next = rule_for(RULE_DROP, "tcp");
	next.left = 1;
	add(&r, next);
	assert_false(judge(&r, 0).drop);	/* it waits for one that matches */
	assert_int_equal(r.count, 1);
	rules_fini(&r);
}

static void actions_go_together(void **state)
{
	struct rules r;
	struct rule next = rule_for(RULE_HOLD, "");
	struct verdict v;

	(void)state;
	rules_init(&r, 1);
	rules_delay(&r, 0, 20 * NS_PER_MS);
	add(&r, rule_for(RULE_DUP, "udp"));
	next.left = 1;
	add(&r, next);
	v = judge(&r, 0);
	assert_true(v.hold);
	assert_int_equal(v.copies, 1);
	assert_int_equal(v.delay_ns, 20 * NS_PER_MS);
	v = judge(&r, 1);
	assert_false(v.hold);
	assert_int_equal(v.delay_ns, 0);
	assert_string_equal(v.by[RULE_DUP], "rule 1: udp");
	add(&r, rule_for(RULE_DROP, "udp"));
	v = judge(&r, 0);
	assert_true(v.drop);
	assert_false(v.hold || v.copies);	/* what is lost is not held or copied */
	rules_fini(&r);
}

static void paths(void **state)
{
	struct rules r;

	(void)state;
	rules_init(&r, 1);
	rules_delay(&r, HOST_NONE, 20 * NS_PER_MS);
	assert_text(&r, "20 ms");
	rules_delay(&r, 1, 1500 * NS_PER_US);
	assert_text(&r, "20 ms from client · 1.5 ms from server");
	rules_cut(&r, 0, true);
	assert_text(&r, "20 ms from client · 1.5 ms from server · cut from client");
	assert_true(judge(&r, 0).drop);
	assert_string_equal(judge(&r, 0).by[RULE_DROP], "cut");
	assert_false(judge(&r, 1).drop);
	rules_cut(&r, HOST_NONE, true);
	rules_delay(&r, HOST_NONE, 0);
	assert_text(&r, "cut");
	rules_cut(&r, HOST_NONE, false);
	assert_true(rules_plain(&r));
	rules_fini(&r);
}

static void durations(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = {
		{ 1, "1 ns" }, { 999, "999 ns" }, { 1000, "1 µs" }, { 250000, "250 µs" },
		{ 2 * NS_PER_S, "2 s" }, { 1250 * NS_PER_MS, "1.2 s" }, { 60 * NS_PER_S, "60 s" },
	};
	struct rules r;

	(void)state;
	rules_init(&r, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rules_delay(&r, HOST_NONE, rows[i].ns);
		assert_text(&r, rows[i].text);
	}
	rules_fini(&r);
}

static void same_rule_is_replaced(void **state)
{
	struct rules r;

	(void)state;
	rules_init(&r, 1);
	add(&r, rule_for(RULE_HOLD, "udp"));
	add(&r, rule_for(RULE_HOLD, "udp"));
	assert_int_equal(r.count, 1);
	assert_string_equal(judge(&r, 0).by[RULE_HOLD], "rule 2: udp");
	rules_fini(&r);
}

static void full_table(void **state)
{
	struct rules r;
	struct rule one_more = rule_for(RULE_DROP, "tcp");
	char filter[32];
	struct err e;

	(void)state;
	rules_init(&r, 1);
	for (unsigned i = 0; i < RULES_MAX; i++) {
		snprintf(filter, sizeof(filter), "udp port %u", i + 1);
		add(&r, rule_for(RULE_DROP, filter));
	}
	assert_int_equal(rules_add(&r, &one_more, &e), -1);
	assert_non_null(strstr(e.what, "64"));
	assert_int_equal(r.count, RULES_MAX);
	rules_fini(&r);
}

/* ---- chance ---- */

static void lost_of(struct rules *r, uint8_t from, size_t count, char *out)
{
	for (size_t i = 0; i < count; i++)
		out[i] = judge(r, from).drop ? 'x' : '.';
	out[count] = 0;
}

static struct rule loss(uint32_t percent, uint32_t burst, uint64_t seed)
{
	struct rule r = rule_for(RULE_DROP, "udp");

	r.millionths = percent * 10000;
	r.burst = burst;
	r.seed = seed;
	return r;
}

/* In each direction, whatever goes on in the other one. */
static void the_same_seed_decides_the_same(void **state)
{
	char a[101], b[101], c[101], unused[8];
	struct rules r;

	(void)state;
	rules_init(&r, 7);
	add(&r, loss(30, 0, 0));
	assert_text(&r, "#1 loss 30% udp · seed 7");
	lost_of(&r, 0, 100, a);
	rules_seed(&r, 7);
	for (size_t i = 0; i < 100; i += 5) {
		lost_of(&r, 1, i % 7, unused);
		lost_of(&r, 0, 5, b + i);
	}
	assert_string_equal(a, b);
	rules_seed(&r, 8);
	lost_of(&r, 0, 100, c);
	assert_string_not_equal(a, c);
	rules_fini(&r);
}

static void a_seed_of_its_own(void **state)
{
	char a[51], b[51];
	struct rules r;

	(void)state;
	rules_init(&r, 1);
	add(&r, loss(50, 0, 99));
	assert_text(&r, "#1 loss 50% seed 99 udp");
	lost_of(&r, 0, 50, a);
	rules_fini(&r);
	rules_init(&r, 2);
	add(&r, rule_for(RULE_HOLD, "tcp"));
	add(&r, loss(50, 0, 99));
	lost_of(&r, 0, 50, b);
	assert_string_equal(a, b);
	rules_fini(&r);
}

/* The mean is what was asked for, and so is the mean length of what is lost in a row. */
static void bursts(void **state)
{
	static char seen[100001];
	unsigned lost = 0, runs = 0;
	struct rules r;

	(void)state;
	rules_init(&r, 3);
	add(&r, loss(10, 4, 0));
	assert_text(&r, "#1 loss 10% burst 4 udp · seed 3");
	lost_of(&r, 0, 100000, seen);
	for (size_t i = 0; seen[i]; i++) {
		lost += seen[i] == 'x';
		runs += seen[i] == 'x' && (i == 0 || seen[i - 1] != 'x');
	}
	assert_in_range(lost, 9000, 11000);
	assert_in_range(lost * 100 / runs, 370, 430);
	rules_fini(&r);
}

static void jitter(void **state)
{
	int64_t least = INT64_MAX, most = 0;
	struct rules r;

	(void)state;
	rules_init(&r, 4);
	rules_delay(&r, 0, 50 * NS_PER_MS);
	rules_jitter(&r, 0, 10 * NS_PER_MS);
	assert_text(&r, "50 ms jitter 10 ms from client · seed 4");
	for (int i = 0; i < 1000; i++) {
		int64_t ns = judge(&r, 0).delay_ns;

		least = ns < least ? ns : least;
		most = ns > most ? ns : most;
	}
	assert_in_range(least, 40 * NS_PER_MS, 42 * NS_PER_MS);
	assert_in_range(most, 58 * NS_PER_MS, 60 * NS_PER_MS);
	rules_fini(&r);
}

static void percents(void **state)
{
	static const struct {
		uint32_t millionths;
		const char *text;
	} rows[] = {
		{ 1, "dup 0.0001%" }, { 5000, "dup 0.5%" }, { 12500, "dup 1.25%" }, { 100000, "dup 10%" },
		{ CHANCE_ONE, "dup 100%" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rule rule = { .action = RULE_DUP, .millionths = rows[i].millionths };
		STR_ON_STACK(out, 64);

		rule_text(&out, &rule);
		assert_string_equal(out.buf + strlen("duplicate"), rows[i].text + strlen("dup"));
	}
}

/* ---- the other faults ---- */

static void the_next_so_many(void **state)
{
	struct rules r;
	struct rule two = rule_for(RULE_DROP, "");

	(void)state;
	rules_init(&r, 1);
	two.left = 2;
	add(&r, two);
	assert_text(&r, "drop next 2");
	assert_true(judge(&r, 0).drop);
	assert_text(&r, "drop next");
	assert_true(judge(&r, 1).drop);
	assert_true(rules_plain(&r));
	rules_fini(&r);
}

static void corrupt_only_what_can_be(void **state)
{
	struct rules r;
	struct rule mended = rule_for(RULE_CORRUPT, "");
	struct verdict v;

	(void)state;
	rules_init(&r, 1);
	mended.mended = true;
	mended.left = 1;
	add(&r, mended);
	add(&r, rule_for(RULE_MARK, "udp"));
	v = judge(&r, 0);
	assert_true(v.corrupt && v.mended);
	assert_false(v.mark);	/* it is not ECT */
	assert_false(judge(&r, 0).corrupt);
	assert_text(&r, "#1 mark ce udp");
	rules_fini(&r);
}

static void behind(void **state)
{
	struct rules r;
	struct rule rule = rule_for(RULE_REORDER, "udp");

	(void)state;
	rules_init(&r, 1);
	rule.by_ns = 5 * NS_PER_MS;
	add(&r, rule);
	assert_int_equal(judge(&r, 0).behind_ns, 5 * NS_PER_MS);
	assert_text(&r, "#1 reorder by 5 ms udp");
	rules_fini(&r);
}

static void rates_and_mtus(void **state)
{
	struct rules r;
	struct verdict v;

	(void)state;
	rules_init(&r, 1);
	assert_true(rules_rate(&r, HOST_NONE, 10000000, 20));
	assert_text(&r, "10mbit queue 20");
	assert_true(rules_rate(&r, 0, 1500, 3));
	assert_text(&r, "1500bit queue 3 from client · 10mbit queue 20 from server");
	assert_true(judge(&r, 0).queues);
	assert_true(rules_rate(&r, HOST_NONE, 0, 0));
	assert_true(rules_plain(&r));
	rules_mtu(&r, 0, sizeof(udp) - 14, false);
	assert_false(judge(&r, 0).drop);
	rules_mtu(&r, 0, sizeof(udp) - 15, false);
	v = judge(&r, 0);
	assert_true(v.drop);
	assert_int_equal(v.mtu, sizeof(udp) - 15);
	assert_string_equal(v.by[RULE_DROP], "mtu 28");
	assert_false(judge(&r, 1).drop);
	rules_mtu(&r, 0, sizeof(udp) - 15, true);
	assert_text(&r, "mtu 28 silent from client");
	assert_int_equal(judge(&r, 0).mtu, 0);
	rules_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_decides_the_same),
		cmocka_unit_test(a_seed_of_its_own),
		cmocka_unit_test(bursts),
		cmocka_unit_test(jitter),
		cmocka_unit_test(percents),
		cmocka_unit_test(the_next_so_many),
		cmocka_unit_test(corrupt_only_what_can_be),
		cmocka_unit_test(behind),
		cmocka_unit_test(rates_and_mtus),
		cmocka_unit_test(plain_passes),
		cmocka_unit_test(filters_choose),
		cmocka_unit_test(every_nth),
		cmocka_unit_test(once_ends),
		cmocka_unit_test(actions_go_together),
		cmocka_unit_test(paths),
		cmocka_unit_test(durations),
		cmocka_unit_test(same_rule_is_replaced),
		cmocka_unit_test(full_table),
	};

	return cmocka_run_group_tests_name("rule", tests, NULL, NULL);
}
