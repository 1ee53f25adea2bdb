#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "src/core/clock.h"
#include "src/lab/dice.h"
#include "src/lab/pipe.h"

static void same_seed_same_numbers(void **state)
{
	struct dice a = dice_on(42, 1, 0), b = dice_on(42, 1, 0);

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(dice_next(&a), dice_next(&b));
}

/* Recordings are repeated with their seed: what it gives must not change from one version to the next. */
static void a_seed_is_for_ever(void **state)
{
	struct dice d = dice_on(1, 1, 0);
	char bits[17] = "";

	(void)state;
	for (int i = 0; i < 16; i++)
		bits[i] = dice_chance(&d, CHANCE_ONE / 2) ? '1' : '0';
	assert_string_equal(bits, "1011010010101000");
}

static void names_make_other_streams(void **state)
{
	static const struct {
		uint64_t seed;
		uint32_t of, direction;
	} rows[] = { { 1, 1, 0 }, { 1, 1, 1 }, { 1, 2, 0 }, { 2, 1, 0 }, { 2, 1, 1 } };

	(void)state;
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < i; k++) {
			struct dice a = dice_on(rows[i].seed, rows[i].of, rows[i].direction);
			struct dice b = dice_on(rows[k].seed, rows[k].of, rows[k].direction);

			assert_int_not_equal(dice_next(&a), dice_next(&b));
		}
}

static void chances(void **state)
{
	struct dice d = dice_on(3, 1, 0);
	unsigned hits = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		hits += dice_chance(&d, CHANCE_ONE / 10);
		assert_true(dice_below(&d, 7) < 7);
		assert_true(dice_chance(&d, CHANCE_ONE));
		assert_false(dice_chance(&d, 0));
	}
	assert_in_range(hits, 9500, 10500);
}

static void new_seeds_are_short(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_in_range(dice_new_seed(), 1, 999999);
}

/* ---- a pipe ---- */

static void serialises(void **state)
{
	struct pipe p = { 0 };
	int64_t left;

	(void)state;
	assert_true(pipe_set(&p, 8000000, 2));	/* a byte in a microsecond */
	assert_true(pipe_enter(&p, 1000, 0, &left));
	assert_int_equal(left, NS_PER_MS);
	assert_int_equal(pipe_waiting(&p, 0), 0);
	assert_true(pipe_enter(&p, 500, 100, &left));
	assert_int_equal(left, NS_PER_MS + NS_PER_MS / 2);
	assert_int_equal(pipe_waiting(&p, 100), 1);
	/* Idle since: it leaves after its own time. */
	assert_true(pipe_enter(&p, 1000, 10 * NS_PER_MS, &left));
	assert_int_equal(left, 11 * NS_PER_MS);
	pipe_fini(&p);
}

static void drops_at_the_tail(void **state)
{
	struct pipe p = { 0 };
	int64_t left, first;

	(void)state;
	assert_true(pipe_set(&p, 8000000, 2));
	assert_true(pipe_enter(&p, 1000, 0, &first));
	assert_true(pipe_enter(&p, 1000, 0, &left));
	assert_true(pipe_enter(&p, 1000, 0, &left));
	assert_int_equal(pipe_waiting(&p, 0), 2);
	assert_false(pipe_enter(&p, 1, 0, &left));
	assert_false(pipe_enter(&p, 1, first - 1, &left));
	assert_true(pipe_enter(&p, 1000, first, &left));	/* one has left */
	assert_int_equal(left, 4 * NS_PER_MS);
	for (int i = 0; i < 50; i++)	/* around the ring */
		assert_true(pipe_enter(&p, 1000, (4 + i) * NS_PER_MS, &left));
	assert_int_equal(left, 54 * NS_PER_MS);
	assert_true(pipe_set(&p, 0, 0));
	assert_null(p.leaves_ns);
	pipe_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_numbers),
		cmocka_unit_test(a_seed_is_for_ever),
		cmocka_unit_test(names_make_other_streams),
		cmocka_unit_test(chances),
		cmocka_unit_test(new_seeds_are_short),
		cmocka_unit_test(serialises),
		cmocka_unit_test(drops_at_the_tail),
	};

	return cmocka_run_group_tests_name("dice", tests, NULL, NULL);
}
