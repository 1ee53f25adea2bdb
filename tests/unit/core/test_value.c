#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/core/value.h"

static void data_is_copied(void **state)
{
	char text[] = "hello";
	struct value v = value_data(text, 5);
	uint8_t out[8];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(v.kind, VALUE_DATA);
	assert_int_equal(value_bytes(&v, out, sizeof(out)), 5);
	assert_memory_equal(out, "hello", 5);
	assert_int_equal(value_bytes(&v, out, 2), 2);
	value_fini(&v);
	assert_int_equal(v.kind, VALUE_NONE);
	v = value_data("", 0);
	assert_int_equal(v.kind, VALUE_DATA);
	assert_int_equal(value_bytes(&v, out, sizeof(out)), 0);
	value_fini(&v);
}

static void zeros_and_pattern_are_made(void **state)
{
	struct value zeros = value_filled(FILL_ZEROS, 100),
		     pattern = value_filled(FILL_PATTERN, 200);
	uint8_t out[200];

	(void)state;
	memset(out, 1, sizeof(out));
	assert_int_equal(value_bytes(&zeros, out, sizeof(out)), 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(out[i], 0);
	assert_int_equal(out[100], 1);
	assert_int_equal(value_bytes(&pattern, out, sizeof(out)), 200);
	assert_memory_equal(
		out, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl\nmno", 68);
	assert_int_equal(out[64], '\n');
	assert_int_equal(out[129], '\n');
	assert_int_equal(out[194], '\n');
}

static void copies_are_deep(void **state)
{
	struct value list = { .kind = VALUE_NONE }, inner = { .kind = VALUE_NONE }, copy;

	(void)state;
	for (int i = 0; i < 9; i++)
		assert_int_equal(value_list_add(&inner, value_int(i)), 0);
	assert_int_equal(value_list_add(&list, value_data("ab", 2)), 0);
	assert_int_equal(value_list_add(&list, inner), 0);
	copy = value_copy(&list);
	assert_int_equal(copy.kind, VALUE_LIST);
	assert_int_equal(copy.items, 2);
	assert_ptr_not_equal(copy.item[0].bytes, list.item[0].bytes);
	value_fini(&list);
	assert_memory_equal(copy.item[0].bytes, "ab", 2);
	assert_int_equal(copy.item[1].items, 9);
	for (int i = 0; i < 9; i++)
		assert_int_equal(copy.item[1].item[i].number, i);
	value_fini(&copy);
}

static void only_lists_take_items(void **state)
{
	struct value number = value_int(3);

	(void)state;
	assert_int_equal(value_list_add(&number, value_data("freed", 5)), -1);
	assert_int_equal(number.kind, VALUE_INT);
	assert_int_equal(value_bytes(&number, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_is_copied),
		cmocka_unit_test(zeros_and_pattern_are_made),
		cmocka_unit_test(copies_are_deep),
		cmocka_unit_test(only_lists_take_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
