#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>
#include <cmocka.h>

#include "ui/keys.h"
#include "ui/term.h"

/* Of keys that do the same with another number the first one's help is for all. */
static bool do_the_same(const char *a, const char *b)
{
	size_t len = strcspn(a, "0123456789");

	return strcmp(a, b) == 0 || (a[len] && len > 0 && strncmp(a, b, len) == 0);
}

/* A key has one meaning, and each row can be explained. */
static void table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < key_rows_count; i++) {
		const struct key_row *row = &key_rows[i];

		assert_ptr_equal(keys_find_in(row->group, row->key), row);
		assert_true(row->name[0] && row->command[0]);
		assert_true((int)row->group < KEY_GROUPS);
		assert_true(i == 0 || row->group >= key_rows[i - 1].group);
		if (!row->help) { /* another key for the row before */
			assert_true(i > 0);
			assert_true(do_the_same(row->command, key_rows[i - 1].command));
		}
	}
}

static void every_key_has_a_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < key_rows_count; i++)
		assert_int_equal(keys_named(key_rows[i].name), key_rows[i].key);
	assert_int_equal(keys_named("Left"), TERM_LEFT);
	assert_int_equal(keys_named("Space"), ' ');
	assert_int_equal(keys_named("é"), 0xe9);
	assert_int_equal(keys_named("w"), 'w');
	assert_int_equal(keys_named(""), 0);
	assert_int_equal(keys_named("Banana"), 0);
	assert_int_equal(keys_named("\x1b"), 0);
	assert_int_equal(keys_named("\xff"), 0);
}

static void commands_find_their_keys(void **state)
{
	(void)state;
	assert_string_equal(keys_of_command("step")->name, "Space");
	assert_string_equal(keys_of_command("up")->name, "Up");
	assert_string_equal(keys_of_command("wire> drop")->name, "x");
	assert_null(keys_of_command("no such command"));
	assert_null(keys_find('w'));
	assert_null(keys_find(TERM_MOUSE_CLICK));
}

static void groups_and_notes(void **state)
{
	(void)state;
	for (int g = 0; g < KEY_GROUPS; g++)
		assert_true(key_group_name((enum key_group)g)[0]);
	for (size_t i = 0; i < prompt_keys_count; i++)
		assert_true(prompt_keys[i].name[0] && prompt_keys[i].help[0]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sound),
		cmocka_unit_test(every_key_has_a_name),
		cmocka_unit_test(commands_find_their_keys),
		cmocka_unit_test(groups_and_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
