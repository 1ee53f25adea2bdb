#include "src/lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static size_t times_in_menu(const char *name)
{
	size_t n = 0;

	for (size_t g = 0; g < lesson_groups_count; g++)
		for (size_t i = 0; lesson_groups[g].name[i]; i++)
			n += !strcmp(lesson_groups[g].name[i], name);
	return n;
}

static void every_lesson_is_in_one_group(void **state)
{
	(void)state;
	assert_true(lessons_count > 0);
	for (size_t i = 0; i < lessons_count; i++)
		if (times_in_menu(lessons[i].name) != 1)
			fail_msg("%s is in %zu groups", lessons[i].name,
				 times_in_menu(lessons[i].name));
}

static void every_name_in_the_menu_is_a_lesson(void **state)
{
	(void)state;
	for (size_t g = 0; g < lesson_groups_count; g++) {
		assert_non_null(lesson_groups[g].title);
		assert_non_null(lesson_groups[g].name[0]);
		for (size_t i = 0; lesson_groups[g].name[i]; i++)
			if (!lesson_find(lesson_groups[g].name[i]))
				fail_msg("there is no lesson %s", lesson_groups[g].name[i]);
	}
}

/* "  %-12s %s" on a line of 80. */
static void names_and_titles_fit_into_the_list(void **state)
{
	(void)state;
	for (size_t i = 0; i < lessons_count; i++) {
		STR_ON_STACK(title, 128);

		lesson_title(&lessons[i], &title);
		assert_in_range(strlen(lessons[i].name), 1, 12);
		if (title.len < 1 || title.len > 65)
			fail_msg("the title of %s has %zu bytes", lessons[i].name, title.len);
	}
}

static void slips_find_their_lesson(void **state)
{
	(void)state;
	assert_null(lesson_find("handshak"));
	assert_string_equal(lesson_nearest("handshak"), "handshake");
	assert_string_equal(lesson_nearest("bakclog"), "backlog");
	assert_null(lesson_nearest("xqzwvut"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_lesson_is_in_one_group),
		cmocka_unit_test(every_name_in_the_menu_is_a_lesson),
		cmocka_unit_test(names_and_titles_fit_into_the_list),
		cmocka_unit_test(slips_find_their_lesson),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
