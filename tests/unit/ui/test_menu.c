/* The menu of lessons: keys, marks, what is seen of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ui/menu.h"

static bool sees(const struct grid *g, const char *text)
{
	STR_ON_STACK(all, 16384);

	grid_text(g, &all);
	return strstr(all.buf, text) != NULL;
}

static struct progress nothing_done(void)
{
	struct progress p;

	progress_load(&p, NULL, NULL);
	return p;
}

static void keys_move_and_choose(void **state)
{
	struct progress p = nothing_done();
	struct grid g = { 0 };
	struct menu m;

	(void)state;
	assert_int_equal(grid_init(&g, 80, 24, NULL), 0);
	menu_init(&m, &p, NULL);
	assert_int_equal(m.at, 0);
	menu_draw(&m, &g);
	menu_key(&m, TERM_UP);
	assert_int_equal(m.at, 0);
	menu_key(&m, TERM_DOWN);
	menu_key(&m, 'j');
	assert_int_equal(m.at, 2);
	menu_key(&m, TERM_PAGE_DOWN);
	assert_int_equal(m.at, 2 + m.height - 2);
	menu_key(&m, TERM_END);
	menu_draw(&m, &g);
	assert_int_equal(m.at, lessons_count - 1);
	menu_key(&m, TERM_DOWN);
	assert_int_equal(m.at, lessons_count - 1);
	menu_key(&m, TERM_HOME);
	menu_draw(&m, &g);
	assert_int_equal(m.skip, 0);
	assert_null(m.chosen);
	menu_key(&m, TERM_ENTER);
	assert_string_equal(m.chosen->name, lesson_groups[0].name[0]);
	assert_false(m.done);
	menu_key(&m, 'q');
	assert_true(m.done);
	grid_fini(&g);
}

static void every_lesson_can_be_seen(void **state)
{
	struct progress p = nothing_done();
	struct grid g = { 0 };
	struct menu m;

	(void)state;
	assert_int_equal(grid_init(&g, 80, 24, NULL), 0);
	menu_init(&m, &p, NULL);
	for (size_t group = 0; group < lesson_groups_count; group++)
		for (const char *const *name = lesson_groups[group].name; *name; name++) {
			STR_ON_STACK(text, 64);

			str_addf(&text, "▌    %s", *name);
			menu_draw(&m, &g);
			if (!sees(&g, text.buf))
				fail_msg("%s is not under the cursor", *name);
			menu_key(&m, TERM_DOWN);
		}
	grid_fini(&g);
}

static void what_was_done_has_a_mark(void **state)
{
	struct progress p = nothing_done();
	const char *first = lesson_groups[0].name[0], *second = lesson_groups[0].name[1];
	STR_ON_STACK(text, 80);
	struct grid g = { 0 };
	struct menu m;

	(void)state;
	assert_int_equal(grid_init(&g, 80, 24, NULL), 0);
	assert_int_equal(progress_note(&p, first, 2, 3, NULL), 0);
	menu_init(&m, &p, NULL);
	assert_int_equal(m.at, 1);
	menu_draw(&m, &g);
	str_addf(&text, "   ✓ %s", first);
	assert_true(sees(&g, text.buf));
	str_clear(&text);
	str_addf(&text, "▌    %s", second);
	assert_true(sees(&g, text.buf));
	assert_true(sees(&g, " 2/3"));
	str_clear(&text);
	str_addf(&text, "%s  1 of ", lesson_groups[0].title);
	assert_true(sees(&g, text.buf));
	menu_init(&m, &p, first);
	assert_int_equal(m.at, 0);
	menu_init(&m, &p, "no-such-lesson");
	assert_int_equal(m.at, 0);
	grid_fini(&g);
}

static void any_size_can_be_drawn(void **state)
{
	struct progress p = nothing_done();

	(void)state;
	for (int width = 1; width < 90; width += 11)
		for (int height = 1; height < 30; height += 7) {
			struct grid g = { 0 };
			struct menu m;

			assert_int_equal(grid_init(&g, width, height, NULL), 0);
			menu_init(&m, &p, NULL);
			menu_key(&m, TERM_END);
			menu_draw(&m, &g);
			menu_key(&m, TERM_PAGE_UP);
			menu_draw(&m, &g);
			grid_fini(&g);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_move_and_choose),
		cmocka_unit_test(every_lesson_can_be_seen),
		cmocka_unit_test(what_was_done_has_a_mark),
		cmocka_unit_test(any_size_can_be_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
