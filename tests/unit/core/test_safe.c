#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/core/safe.h"

static const char *escaped(const char *bytes, size_t len)
{
	static _Thread_local char buf[4096];
	struct str s = str_on(buf, sizeof(buf));

	safe_add(&s, bytes, len);
	return buf;
}

/* What comes out is printable and what it says is what went in. */
static void check_round_trip(const void *bytes, size_t len)
{
	static char text[8192];
	static uint8_t back[2048];
	struct str s = str_on(text, sizeof(text));

	safe_add(&s, bytes, len);
	assert_false(s.cut);
	for (size_t i = 0; i < s.len;) {
		struct safe_char c = safe_next(text + i, s.len - i);

		assert_true(c.harmless);
		i += c.bytes;
	}
	assert_int_equal(safe_unescape(text, s.len, back, sizeof(back)), len);
	assert_memory_equal(back, bytes, len);
}

static void every_byte(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char one = (char)byte;
		struct safe_char c = safe_next(&one, 1);

		assert_int_equal(c.bytes, 1);
		assert_int_equal(c.width, 1);
		assert_int_equal(c.code, byte);
		assert_int_equal(c.harmless, byte >= 0x20 && byte < 0x7f);
		check_round_trip(&one, 1);
	}
}

static void every_pair_of_bytes(void **state)
{
	(void)state;
	for (int pair = 0; pair < 65536; pair++) {
		char two[] = { (char)(pair >> 8), (char)pair };

		check_round_trip(two, 2);
	}
}

static void every_code_point(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 0x110000; code++) {
		char text[4];
		size_t len = safe_utf8(code, text);
		struct safe_char c = safe_next(text, len);

		if (code >= 0xd800 && code <= 0xdfff) {
			assert_false(c.harmless);
			assert_int_equal(c.bytes, 1);
			continue;
		}
		assert_int_equal(c.code, code);
		assert_int_equal(c.bytes, len);
		assert_true(c.width <= 2);
		if (code % 7 == 0 || code < 0x3000)
			check_round_trip(text, len);
	}
}

static void known_escapes(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		const char *out;
	} rows[] = {
		{ "plain ~text", 11, "plain ~text" },
		{ "a\nb\tc\rd\\e", 9, "a\\nb\\tc\\rd\\\\e" },
		{ "\0", 1, "\\x00" },
		{ "\x1b]0;title\x07", 10, "\\x1b]0;title\\x07" },
		{ "\x7f", 1, "\\x7f" },
		{ "\x9b"
		  "31m",
		  4, "\\x9b31m" }, /* C1 CSI as a byte */
		{ "\xc2\x9b"
		  "31m",
		  5, "\\u{9b}31m" }, /* … as a code point */
		{ "\xe2\x80\xae", 3, "\\u{202e}" }, /* right-to-left override */
		{ "\xe2\x81\xa6", 3, "\\u{2066}" }, /* isolate */
		{ "\xe2\x80\x8b", 3, "\\u{200b}" }, /* zero-width space */
		{ "\xe2\x80\x8d", 3, "\\u{200d}" }, /* zero-width joiner */
		{ "\xef\xbb\xbf", 3, "\\u{feff}" },
		{ "\xe2\x80\xa8", 3, "\\u{2028}" }, /* line separator */
		{ "\xef\xb8\x8f", 3, "\\u{fe0f}" }, /* variation selector */
		{ "\xee\x80\x80", 3, "\\u{e000}" }, /* private use */
		{ "\xf3\xa0\x80\xa0", 4, "\\u{e0020}" }, /* tag */
		{ "\xf0\x9f\x87\xa9", 4, "\\u{1f1e9}" }, /* regional indicator */
		{ "\xef\xbf\xbf", 3, "\\u{ffff}" }, /* no character */
		{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" }, /* surrogate */
		{ "\xc0\xaf", 2, "\\xc0\\xaf" }, /* overlong */
		{ "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80" }, /* above U+10FFFF */
		{ "A\xff\xfe\xc3(\xe2\x82Z", 8, "A\\xff\\xfe\\xc3(\\xe2\\x82Z" },
		{ "caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80", 14, "café 中 😀" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(escaped(rows[i].in, rows[i].len), rows[i].out);
		check_round_trip(rows[i].in, rows[i].len);
	}
}

static void widths(void **state)
{
	static const struct {
		const char *text;
		int width;
	} rows[] = {
		{ "a", 1 },  { "é", 1 }, { "中", 2 }, { "한", 2 },	 { "😀", 2 }, { "ｱ", 1 },
		{ "Ａ", 2 }, { "─", 1 }, { "▶", 1 },  { "\xcc\x81", 0 }, { "א", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct safe_char c = safe_next(rows[i].text, strlen(rows[i].text));

		assert_true(c.harmless);
		assert_int_equal(c.width, rows[i].width);
	}
}

/* Two marks may sit on a character, none on nothing or on an escape. */
static void combining_marks(void **state)
{
	static const char acute[] = "\xcc\x81";
	char many[2001] = "e";

	(void)state;
	assert_string_equal(escaped("e\xcc\x81\xcc\x81\xcc\x81", 7), "e\xcc\x81\xcc\x81\\u{301}");
	assert_string_equal(escaped(acute, 2), "\\u{301}");
	assert_string_equal(escaped("\n\xcc\x81", 3), "\\n\\u{301}");
	assert_string_equal(escaped("\\\xcc\x81", 3), "\\\\\\u{301}");
	for (size_t i = 1; i < sizeof(many) - 1; i += 2)
		memcpy(many + i, acute, 2);
	check_round_trip(many, 1001);
}

static void random_strings(void **state)
{
	uint32_t seed = 1;
	uint8_t bytes[64];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = 0;

		while (len < sizeof(bytes) - 4 && (seed = seed * 1664525 + 1013904223) >> 28) {
			uint32_t r = (seed = seed * 1664525 + 1013904223) >> 8;
			char text[4];
			size_t n = safe_utf8(r % 0x110000 >> (r % 17), text);

			memcpy(bytes + len, text, n);
			bytes[len] ^= (uint8_t)(r & 64 ? r >> 16 : 0);
			len += n;
		}
		check_round_trip(bytes, len);
	}
}

static void quoted(void **state)
{
	STR_ON_STACK(s, 64);

	(void)state;
	safe_add_quoted(&s, "say \"hi\"\n", 9, 32);
	assert_string_equal(s.buf, "\"say \\\"hi\\\"\\n\"");
	str_clear(&s);
	safe_add_quoted(&s, "abcdef", 6, 3);
	assert_string_equal(s.buf, "\"abc\"...");
	str_clear(&s);
	safe_add_quoted(&s, NULL, 0, 3);
	assert_string_equal(s.buf, "\"\"");
}

static void line_is_stable(void **state)
{
	STR_ON_STACK(once, 64);
	STR_ON_STACK(twice, 64);

	(void)state;
	safe_add_line(&once, "C:\\x\x1b\n", 6);
	safe_add_line(&twice, once.buf, once.len);
	assert_string_equal(once.buf, "C:\\x\\x1b\\n");
	assert_string_equal(once.buf, twice.buf);
}

static void never_cut_inside(void **state)
{
	static const char in[] = "a\x1b\xe2\x80\xae中\n";

	(void)state;
	for (size_t cap = 1; cap < 24; cap++) {
		char buf[24], back[24];
		struct str s = str_on(buf, cap);
		long n;

		safe_add(&s, in, sizeof(in) - 1);
		n = safe_unescape(s.buf, s.len, back, sizeof(back));
		assert_true(n >= 0);
		assert_memory_equal(back, in, (size_t)n);
		assert_int_equal(s.cut, (size_t)n < sizeof(in) - 1);
	}
}

static void malformed_escapes(void **state)
{
	static const char *const rows[] = { "\\",      "\\q",	      "\\x",	   "\\x1",
					    "\\xg1",   "\\u",	      "\\u{",	   "\\u{}",
					    "\\u{1",   "\\u{110000}", "\\u{d800}", "\\u{1234567}",
					    "\\u{12g}" };
	char back[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(safe_unescape(rows[i], strlen(rows[i]), back, sizeof(back)), -1);
	assert_int_equal(safe_unescape("abc", 3, back, 2), -1);
	assert_int_equal(safe_unescape("\\u{20AC}", 8, back, 2), -1);
	assert_int_equal(safe_unescape("\\x4F\\\"", 6, back, 2), 2);
	assert_memory_equal(back, "O\"", 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte),
		cmocka_unit_test(every_pair_of_bytes),
		cmocka_unit_test(every_code_point),
		cmocka_unit_test(known_escapes),
		cmocka_unit_test(widths),
		cmocka_unit_test(combining_marks),
		cmocka_unit_test(random_strings),
		cmocka_unit_test(quoted),
		cmocka_unit_test(line_is_stable),
		cmocka_unit_test(never_cut_inside),
		cmocka_unit_test(malformed_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
