#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/lex.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct lex on(const char *text)
{
	return lex_on(text, strlen(text));
}

static void kinds_and_places(void **state)
{
	static const struct {
		enum token_kind kind;
		size_t at, len;
	} want[] = {
		{ TOKEN_NAME, 0, 6 },	{ TOKEN_MARK, 6, 1 },	 { TOKEN_NAME, 8, 1 },
		{ TOKEN_MARK, 10, 1 },	{ TOKEN_NAME, 12, 4 },	 { TOKEN_MARK, 16, 1 },
		{ TOKEN_NAME, 17, 3 },	{ TOKEN_MARK, 20, 1 },	 { TOKEN_STRING, 22, 6 },
		{ TOKEN_MARK, 28, 1 },	{ TOKEN_NUMBER, 30, 2 }, { TOKEN_MARK, 32, 1 },
		{ TOKEN_ARROW, 34, 2 }, { TOKEN_NUMBER, 37, 4 }, { TOKEN_MARK, 42, 1 },
		{ TOKEN_END, 44, 0 },
	};
	struct lex l = on("client> r = send(s_1, \"a\\\"b\", -5) -> 0x1f & # end");

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		struct token t = lex_next(&l);

		assert_int_equal(t.kind, want[i].kind);
		assert_int_equal(t.at, want[i].at);
		assert_int_equal(t.len, want[i].len);
	}
	assert_int_equal(lex_next(&l).kind, TOKEN_END);
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t number;
		bool plain;
	} good[] = {
		{ "0", 0, true },
		{ "65535", 65535, true },
		{ "-1", -1, true },
		{ "0x7fffffff", 0x7fffffff, false },
		{ "9223372036854775807", INT64_MAX, true },
		{ "-9223372036854775808", INT64_MIN, true },
		{ "0XfF", 255, false },
	};
	static const char *const bad[] = {
		"9223372036854775808",	      "-9223372036854775809", "12abc", "0x", "0xg", "7_",
		"99999999999999999999999999", "0x10000000000000000"
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct lex l = on(good[i].text);
		struct token t = lex_next(&l);

		assert_int_equal(t.kind, TOKEN_NUMBER);
		assert_true(t.number == good[i].number);
		assert_int_equal(t.plain, good[i].plain);
		assert_int_equal(l.at, l.len);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct lex l = on(bad[i]);
		struct token t = lex_next(&l);

		assert_int_equal(t.kind, TOKEN_BAD);
		assert_int_equal(t.why_at, 0);
		assert_int_equal(l.at, l.len);
	}
}

static void strings(void **state)
{
	static const struct {
		const char *text;
		const char *bytes;
		size_t len;
	} good[] = {
		{ "\"\"", "", 0 },
		{ "\"hello\"", "hello", 5 },
		{ "\"a\\n\\t\\r\\\\\\\"\\0b\"", "a\n\t\r\\\"\0b", 8 },
		{ "\"\\x41\\x4a\\101\\7\"", "AJA\a", 4 },
		{ "\"\\xffg\"", "\377g", 2 },
		{ "\"\\u{20ac}\"", "\xe2\x82\xac", 3 },
		{ "\"GET / HTTP/1.1\\r\\n\"", "GET / HTTP/1.1\r\n", 16 },
		{ "\"# no comment\"", "# no comment", 12 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct lex l = on(good[i].text);
		struct token t = lex_next(&l);
		struct value v;

		assert_int_equal(t.kind, TOKEN_STRING);
		assert_true(lex_string(&l, &t, &v));
		assert_int_equal(v.kind, VALUE_DATA);
		assert_int_equal(v.len, good[i].len);
		assert_true(!v.len || !memcmp(v.bytes, good[i].bytes, v.len));
		value_fini(&v);
	}
}

static void broken_strings(void **state)
{
	static const struct {
		const char *text;
		size_t why_at;
	} bad[] = {
		{ "\"abc", 0 },		{ "\"", 0 },	    { "\"abc\\\"", 0 },
		{ "\"a\\q\"", 2 },	{ "\"\\x\"", 1 },   { "\"\\xg\"", 1 },
		{ "\"\\400\"", 1 },	{ "\"\\u{}\"", 1 }, { "\"\\u{110000}\"", 1 },
		{ "\"\\u{d800}\"", 1 }, { "\"\\u20\"", 1 }, { "\"ok\\n\\!\\?\"", 5 },
		{ "\"\\", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct lex l = on(bad[i].text);
		struct token t = lex_next(&l);

		assert_int_equal(t.kind, TOKEN_BAD);
		assert_int_equal(t.why_at, bad[i].why_at);
		assert_non_null(t.why);
		assert_true(l.at <= l.len);
	}
}

static void words_and_rest(void **state)
{
	struct lex l = on("  SYN-SENT, [::1]:80) say # this  ");
	struct token t = lex_word(&l, ",");

	(void)state;
	assert_int_equal(t.at, 2);
	assert_int_equal(t.len, 8);
	assert_int_equal(lex_next(&l).mark, ',');
	t = lex_word(&l, ",)");
	assert_int_equal(t.at, 12);
	assert_int_equal(t.len, 8);
	assert_int_equal(lex_next(&l).mark, ')');

	struct lex again = l;

	t = lex_rest(&l, false);
	assert_int_equal(t.at, 22);
	assert_int_equal(t.len, 10);
	t = lex_rest(&again, true);
	assert_int_equal(t.at, 22);
	assert_int_equal(t.len, 3);
	l = on("tcp[13] & 2 != 0#1 #c");
	t = lex_rest(&l, true);
	assert_int_equal(t.len, 18);
	l = on("# all");
	assert_int_equal(lex_word(&l, "").len, 0);
}

static void columns_count_cells(void **state)
{
	struct lex l = on("aä漢\t→x"); /* 1, 1, 2, 1, 1 cells */

	(void)state;
	assert_int_equal(lex_column(&l, 0), 1);
	assert_int_equal(lex_column(&l, 1), 2);
	assert_int_equal(lex_column(&l, 3), 3);
	assert_int_equal(lex_column(&l, 6), 5);
	assert_int_equal(lex_column(&l, 7), 6);
	assert_int_equal(lex_column(&l, 10), 7);
	assert_int_equal(lex_column(&l, 99), 8);
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ns; /* -1: none */
	} rows[] = {
		{ "50ms", 50000000 },
		{ "1.5s", 1500000000 },
		{ "200us", 200000 },
		{ "3µs", 3000 },
		{ "7ns", 7 },
		{ "20 ms", 20000000 },
		{ "0", 0 },
		{ "0s", 0 },
		{ "0.001s", 1000000 },
		{ "3600s", 3600000000000 },
		{ "5", -1 },
		{ "ms", -1 },
		{ "", -1 },
		{ "1.5", -1 },
		{ "5m", -1 },
		{ "-5ms", -1 },
		{ "3601s", -1 },
		{ "99999999999999999999s", -1 },
		{ "1e3s", -1 },
		{ "5msx", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ns = -1;
		bool ok = lex_duration(rows[i].text, strlen(rows[i].text), &ns);

		assert_int_equal(ok, rows[i].ns >= 0);
		if (ok)
			assert_true(ns == rows[i].ns);
	}
}

/* Whatever the bytes are: every token lies inside the line, and each makes progress. */
static void any_bytes(void **state)
{
	static const char bytes[] = "\"\\x-0>.'#\0\xff\xc3\xe2\x82(";
	char text[6];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] = bytes[(seed >> 16) % (sizeof(bytes) - 1)];
		}
		struct lex l = lex_on(text, sizeof(text));

		for (struct token t = lex_next(&l); t.kind != TOKEN_END; t = lex_next(&l)) {
			assert_true(t.len > 0);
			assert_true(t.at + t.len <= sizeof(text));
		}
		assert_int_equal(l.at, sizeof(text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_and_places), cmocka_unit_test(numbers),
		cmocka_unit_test(strings),	    cmocka_unit_test(broken_strings),
		cmocka_unit_test(words_and_rest),   cmocka_unit_test(columns_count_cells),
		cmocka_unit_test(durations),	    cmocka_unit_test(any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
