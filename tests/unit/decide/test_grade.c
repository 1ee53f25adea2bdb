/* Keys and answer files, as they should be and as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "src/grade.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char key[] = "socklens quiz key 1\n"
			  "title: Three questions\n"
			  "of: handshake, sheet 7\n"
			  "\n"
			  "1: SYN ACK\n"
			  "   kind: flags\n"
			  "   why: packet 2\n"
			  "2: CLOSE-WAIT\n"
			  "   kind: state\n"
			  "   also: b\n"
			  "3: 5\n"
			  "   kind: result\n"
			  "   also: \"hello\"\n";

static struct grade key_read(void)
{
	struct grade g;
	struct err e = { 0 };

	if (grade_init(&g, "key", key, strlen(key), &e))
		fail_msg("%s", e.what);
	return g;
}

static unsigned points(const char *answers)
{
	struct grade g = key_read();
	struct err e = { 0 };
	unsigned n;

	if (grade_answers(&g, "answers", answers, strlen(answers), &e))
		fail_msg("%s", e.what);
	n = g.points;
	grade_fini(&g);
	return n;
}

static void keys_are_read(void **state)
{
	struct grade g = key_read();

	(void)state;
	assert_string_equal(g.title, "Three questions");
	assert_int_equal(g.items, 3);
	assert_int_equal(g.item[0].kind, ANSWER_FLAGS);
	assert_string_equal(g.item[0].why, "packet 2");
	assert_string_equal(g.item[2].truth, "5");
	assert_int_equal(g.item[2].alsos, 1);
	grade_fini(&g);
}

static void answers_are_marked(void **state)
{
	(void)state;
	assert_int_equal(points("1: SYN ACK\n2: CLOSE-WAIT\n3: 5\n"), 3);
	assert_int_equal(points("1: syn,ack\r\n2: close_wait\r\n3: \"hello\"\r\n"), 3);
	assert_int_equal(points("\xef\xbb\xbf"
				"1) SYN-ACK\n\t2 . b\n 3=hello"),
			 3);
	assert_int_equal(points("3: 5"), 1);
	assert_int_equal(points("1: SYN\n2: a\n3: 4\n"), 0);
	assert_int_equal(points("1: ______\n2: __CLOSE-WAIT___\n3:\n"), 1);
	assert_int_equal(points("Name: somebody\n\n1: SYN ACK\n99: nothing\n0: x\n"), 1);
	/* What is given twice counts the last time; an empty line takes nothing back. */
	assert_int_equal(points("1: ACK\n1: SYN ACK\n1:\n"), 1);
	/* Of a sheet that was filled in, only its form. */
	assert_int_equal(
		points("1: FIN\n  3  What? a) x\nAnswers\n 1: SYN ACK\n 2: LISTEN\n 3: 5\n"), 2);
}

static void what_is_no_answer_file_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "\n\n", "SYN ACK\n", "1 SYN ACK\n", "1: SYN ACK\nAnswers\n", "77: x\n"
	};
	struct grade g = key_read();

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct err e = { 0 };

		assert_int_equal(grade_answers(&g, "mine.txt", texts[i], strlen(texts[i]), &e), -1);
		assert_non_null(strstr(e.what, "mine.txt"));
		assert_non_null(strstr(e.hint, "1: SYN ACK"));
	}
	grade_fini(&g);
}

static const struct {
	const char *text, *what;
} wrong_keys[] = {
	{ "", "key:1: expected the line" },
	{ "1: SYN\n", "key:1: expected the line" },
	{ "socklens quiz key 2\n1: SYN\n", "key:1: expected the line" },
	{ "socklens quiz key 1\n", "at least one answer" },
	{ "socklens quiz key 1\n2: SYN\n", "key:2: expected the numbers in their order" },
	{ "socklens quiz key 1\n1: SYN\nno\n", "key:3: expected a number, a colon" },
	{ "socklens quiz key 1\n1:\n", "key:2: expected a number, a colon" },
	{ "socklens quiz key 1\n   kind: flags\n", "key:2: expected kind, also or why" },
	{ "socklens quiz key 1\n1: SYN\n   kind: colour\n", "key:3: expected kind, also or why" },
	{ "socklens quiz key 1\n1: SYN\n   colour: red\n", "key:3: expected kind, also or why" },
	{ "socklens quiz key 1\n1: a\n also: b\n also: b\n also: b\n also: b\n also: b\n",
	  "key:7: expected kind, also or why" },
};

static void wrong_keys_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong_keys); i++) {
		struct err e = { 0 };
		struct grade g;

		assert_int_equal(
			grade_init(&g, "key", wrong_keys[i].text, strlen(wrong_keys[i].text), &e),
			-1);
		if (!strstr(e.what, wrong_keys[i].what))
			fail_msg("%s: %s", wrong_keys[i].text, e.what);
	}
}

static void every_beginning_of_a_key_is_read_or_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(key); len++) {
		char *text = malloc(len + 1);
		struct err e = { 0 };
		struct grade g;

		memcpy(text, key, len);
		text[len] = 'x'; /* nobody is to look there */
		if (!grade_init(&g, "key", text, len, &e)) {
			grade_answers(&g, "answers", text, len, NULL);
			grade_fini(&g);
		}
		free(text);
	}
}

static char *said(int (*say)(const struct grade *g, FILE *out, struct err *e), const char *answers)
{
	struct grade g = key_read();
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(grade_answers(&g, "answers", answers, strlen(answers), NULL), 0);
	assert_int_equal(say(&g, out, NULL), 0);
	fclose(out);
	grade_fini(&g);
	return text;
}

static void marks_are_said(void **state)
{
	char *text = said(grade_text, "1: SYN\x1b[2J\n3: 5\n");

	(void)state;
	assert_non_null(strstr(text, "  1  wrong      SYN\\x1b[2J\n"));
	assert_non_null(strstr(text, "is: SYN ACK\n                packet 2\n"));
	assert_non_null(strstr(text, "  2  no answer\n                is: CLOSE-WAIT\n"));
	assert_non_null(strstr(text, "  3  right      5\n"));
	assert_non_null(strstr(text, "\n1 of 3 points\n"));
	free(text);
}

static void marks_are_json(void **state)
{
	char *text = said(grade_json, "1: \"\xff\" \xc3\xa4\n3: 5\n");
	json_t *all = json_loads(text, 0, NULL), *second;

	(void)state;
	assert_non_null(all);
	assert_int_equal(json_integer_value(json_object_get(all, "points")), 1);
	assert_int_equal(json_integer_value(json_object_get(all, "total")), 3);
	assert_int_equal(json_array_size(json_object_get(all, "answers")), 3);
	second = json_array_get(json_object_get(all, "answers"), 1);
	assert_string_equal(json_string_value(json_object_get(second, "truth")), "CLOSE-WAIT");
	assert_string_equal(json_string_value(json_object_get(second, "given")), "");
	assert_true(json_is_false(json_object_get(second, "right")));
	json_decref(all);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_read),
		cmocka_unit_test(answers_are_marked),
		cmocka_unit_test(what_is_no_answer_file_is_refused),
		cmocka_unit_test(wrong_keys_are_refused),
		cmocka_unit_test(every_beginning_of_a_key_is_read_or_refused),
		cmocka_unit_test(marks_are_said),
		cmocka_unit_test(marks_are_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
