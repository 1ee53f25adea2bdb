#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/core/err.h"
#include "src/core/str.h"

static void writes_and_clears(void **state)
{
	STR_ON_STACK(s, 16);

	(void)state;
	str_add(&s, "abc");
	str_char(&s, '-');
	str_addf(&s, "%d", 42);
	str_addn(&s, "xyz", 2);
	assert_string_equal(s.buf, "abc-42xy");
	assert_int_equal(s.len, 8);
	assert_false(s.cut);
	str_clear(&s);
	assert_string_equal(s.buf, "");
}

static void cuts_and_stays_cut(void **state)
{
	STR_ON_STACK(s, 6);

	(void)state;
	str_add(&s, "abc");
	str_addf(&s, "%s", "defgh");
	assert_string_equal(s.buf, "abcde");
	assert_true(s.cut);
	str_clear(&s);
	str_add(&s, "abcdefgh");
	assert_string_equal(s.buf, "abcde");
	str_clear(&s);
	str_add(&s, "abcde");
	assert_false(s.cut);
	str_char(&s, 'x');
	assert_true(s.cut);
	assert_string_equal(s.buf, "abcde");
}

/* At every size, what is kept is a prefix made of whole characters, and nothing follows the cut. */
static void cuts_between_characters(void **state)
{
	static const char text[] = "aé€😀b";
	static const size_t whole[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11 };

	(void)state;
	for (size_t cap = 1; cap <= 12; cap++) {
		char buf[12];
		struct str s = str_on(buf, cap);

		str_add(&s, text);
		assert_int_equal(s.len, whole[cap - 1]);
		assert_int_equal(s.cut, cap < 12);
		assert_memory_equal(s.buf, text, s.len);
		if (s.cut) {
			str_add(&s, "z");
			assert_int_equal(s.len, whole[cap - 1]);
		}
	}
}

static void smallest_buffer(void **state)
{
	char one[1];
	struct str s = str_on(one, 1);

	(void)state;
	str_add(&s, "");
	assert_false(s.cut);
	str_addf(&s, "%s", "a");
	assert_true(s.cut);
	assert_string_equal(one, "");
}

static void copies(void **state)
{
	char small[4];

	(void)state;
	assert_true(str_copy(small, sizeof(small), "abc"));
	assert_string_equal(small, "abc");
	assert_false(str_copy(small, sizeof(small), "abcd"));
	assert_string_equal(small, "abc");
}

static void error_text(void **state)
{
	STR_ON_STACK(out, 600);
	struct err e = { .column = 7 };

	(void)state;
	assert_int_equal(err_set(&e, "close one", "opening %s", "a\x1b]0;b\n"), -1);
	assert_string_equal(e.what, "opening a\\x1b]0;b\\n");
	assert_int_equal(e.column, 0);
	err_prefix(&e, "reading %s", "x");
	assert_string_equal(e.what, "reading x: opening a\\x1b]0;b\\n");
	err_text(&e, &out);
	assert_string_equal(out.buf, "reading x: opening a\\x1b]0;b\\n (close one)");
}

static void error_of_errno(void **state)
{
	STR_ON_STACK(out, 600);
	struct err e;

	(void)state;
	assert_int_equal(err_errno(&e, 2, NULL, "opening %s", "x"), -1);
	assert_string_equal(e.what, "opening x: No such file or directory");
	assert_int_equal(e.code, 2);
	err_text(&e, &out);
	assert_string_equal(out.buf, e.what);
	assert_int_equal(err_set(NULL, NULL, "nobody listens"), -1);
	assert_int_equal(err_errno(NULL, 2, NULL, "nobody listens"), -1);
	assert_int_equal(err_prefix(NULL, "nobody listens"), -1);
}

static void error_of_any_length(void **state)
{
	char text[2000];
	struct err e;

	(void)state;
	memset(text, '\x01', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&e, text, "%s", text);
	assert_int_equal(strlen(e.what), 252); /* 63 whole escapes of 4 bytes */
	assert_int_equal(strlen(e.hint), 252);
	err_prefix(&e, "%s", text);
	assert_int_equal(strlen(e.what), 252);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_and_clears),
		cmocka_unit_test(cuts_and_stays_cut),
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(smallest_buffer),
		cmocka_unit_test(copies),
		cmocka_unit_test(error_text),
		cmocka_unit_test(error_of_errno),
		cmocka_unit_test(error_of_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
