#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ui/glyph.h"
#include "ui/grid.h"

struct canvas {
	struct grid g;
	char bytes[8192];
};

static struct canvas canvas(int width, int height)
{
	struct canvas c;

	assert_int_equal(grid_init(&c.g, width, height, NULL), 0);
	return c;
}

static const char *drawn(struct canvas *c)
{
	struct str s = str_on(c->bytes, sizeof(c->bytes));

	grid_text(&c->g, &s);
	return c->bytes;
}

/* No half of a wide character without the other, no control, whatever was drawn over what. */
static void check_sound(const struct grid *g)
{
	for (int y = 0; y < g->height; y++)
		for (int x = 0; x < g->width; x++) {
			const struct cell *c = &g->cell[y * g->width + x];

			assert_true(c->code == 0 || c->code >= ' ');
			assert_true(c->code < 0x80 || c->code >= 0xa0);
			if (c->code == 0)
				assert_true(x > 0 && c[-1].code >= 0x1100);
			assert_true(c->style < STYLE_COUNT);
		}
}

static void text_and_cut(void **state)
{
	struct canvas c = canvas(10, 3);
	struct area a = grid_area(&c.g);

	(void)state;
	assert_int_equal(area_text(a, 0, 0, STYLE_PLAIN, "0123456789"), 10);
	assert_int_equal(area_text(a, 2, 1, STYLE_CALL, "0123456789"), 8);
	assert_int_equal(area_textf(a, 1, 2, STYLE_PLAIN, "%s=%d", "x", 7), 3);
	assert_string_equal(drawn(&c), "0123456789\n  0123456…\n x=7\n");
	assert_int_equal(c.g.cell[10 + 2].style, STYLE_CALL);
	assert_int_equal(c.g.cell[10 + 9].style, STYLE_CALL);
	assert_int_equal(c.g.cell[10].style, STYLE_PLAIN);
	grid_fini(&c.g);
}

static void outside_is_cut_off(void **state)
{
	struct canvas c = canvas(6, 2);
	struct area a = grid_area(&c.g), inner = area_sub(a, 2, 0, 3, 1);

	(void)state;
	assert_int_equal(area_text(a, 6, 0, STYLE_PLAIN, "x"), 0);
	area_text(a, 0, 2, STYLE_PLAIN, "x");
	area_text(a, 0, -1, STYLE_PLAIN, "x");
	area_text(a, -2, 1, STYLE_PLAIN, "abcd");
	area_text(inner, 0, 0, STYLE_PLAIN, "abcdef");
	area_text(inner, 0, 1, STYLE_PLAIN, "abc");
	area_fill(inner, -5, 0, 6, STYLE_PLAIN, '=');
	area_fill(a, 4, 1, INT32_MAX, STYLE_PLAIN, '#');
	area_accent(inner, 1, 0, 100);
	assert_string_equal(drawn(&c), "  =b…\ncd  ##\n");
	for (int x = 0; x < 6; x++)
		assert_int_equal(c.g.cell[x].accent, x == 3 || x == 4);
	grid_fini(&c.g);
}

static void areas_are_clipped(void **state)
{
	struct canvas c = canvas(10, 10);
	struct area a = grid_area(&c.g), b = area_sub(a, 4, 5, 100, 100),
		    n = area_sub(a, -3, -3, 5, 5);
	struct area none = area_sub(b, 50, 50, 2, 2),
		    huge = area_sub(a, 2, 2, INT32_MAX, INT32_MAX);

	(void)state;
	assert_int_equal(b.width, 6);
	assert_int_equal(b.height, 5);
	assert_int_equal(n.width, 2);
	assert_int_equal(n.height, 2);
	assert_int_equal(none.width * none.height, 0);
	assert_int_equal(huge.width, 8);
	assert_int_equal(area_sub(a, 3, 3, -5, -5).width, 0);
	area_text(none, 0, 0, STYLE_PLAIN, "never");
	area_wrap(none, 0, STYLE_PLAIN, "never");
	assert_string_equal(drawn(&c), "\n\n\n\n\n\n\n\n\n\n");
	grid_fini(&c.g);
}

static void right_aligned(void **state)
{
	struct canvas c = canvas(10, 4);
	struct area a = grid_area(&c.g);

	(void)state;
	assert_int_equal(area_text_right(a, 8, 0, STYLE_PLAIN, "1.5 s"), 5);
	area_text_right(a, 10, 1, STYLE_PLAIN, "12 µs");
	area_text_right(a, 5, 2, STYLE_PLAIN, "too long");
	area_text_right(a, 99, 3, STYLE_PLAIN, "中");
	assert_string_equal(drawn(&c), "   1.5 s\n     12 µs\ntoo …\n        中\n");
	grid_fini(&c.g);
}

static void hostile_text(void **state)
{
	struct canvas c = canvas(30, 6);
	struct area a = grid_area(&c.g);

	(void)state;
	area_text(a, 0, 0, STYLE_PLAIN,
		  "\x1b[2J\n\x9b"
		  "A\xc2\x9b");
	area_text(a, 0, 1, STYLE_PLAIN,
		  "\xe2\x80\xae"
		  "abc\xe2\x80\x8b"
		  "d");
	area_text(a, 0, 2, STYLE_PLAIN, "e\xcc\x81\xcc\x81z");
	area_text(a, 0, 3, STYLE_PLAIN, "\xcc\x81q");
	area_text(a, 0, 4, STYLE_PLAIN, "A\xff\xfe\xc3(\xe2\x82Z");
	area_text(a, 0, 5, STYLE_PLAIN, "C:\\x \\x1b");
	assert_string_equal(drawn(&c), "\\x1b[2J\\n\\x9bA\\u{9b}\n"
				       "\\u{202e}abc\\u{200b}d\n"
				       "e\xcc\x81\\u{301}z\n"
				       "\\u{301}q\n"
				       "A\\xff\\xfe\\xc3(\\xe2\\x82Z\n"
				       "C:\\x \\x1b\n");
	check_sound(&c.g);
	grid_fini(&c.g);
}

static void wide_characters(void **state)
{
	struct canvas c = canvas(6, 5);
	struct area a = grid_area(&c.g);

	(void)state;
	assert_int_equal(text_width("中a한"), 5);
	assert_int_equal(area_text(a, 0, 0, STYLE_PLAIN, "中中中"), 6);
	assert_int_equal(area_text(a, 0, 1, STYLE_PLAIN, "a中中中"), 6); /* the last cell: … */
	area_text(a, 0, 2, STYLE_PLAIN, "中中中");
	area_text(a, 1, 2, STYLE_PLAIN, "x"); /* right half of the first */
	area_text(a, 4, 2, STYLE_PLAIN, "y"); /* left half of the third */
	area_text(a, -1, 3, STYLE_PLAIN, "中z"); /* half of it is outside */
	area_text(area_sub(a, 0, 4, 3, 1), 0, 0, STYLE_PLAIN, "中한");
	assert_string_equal(drawn(&c), "中中中\na中中…\n x中y\n z\n中…\n");
	check_sound(&c.g);
	grid_fini(&c.g);
}

/* Anything drawn anywhere leaves whole characters and every row its width. */
static void random_drawing(void **state)
{
	static const char *const texts[] = {
		"中中", "a", "é", "\x1b[m", "한a한", "e\xcc\x81", "\xf0\x9f\x98\x80x", ""
	};
	struct canvas c = canvas(9, 3);
	uint32_t seed = 3;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		uint32_t r = (seed = seed * 1664525 + 1013904223) >> 8;
		struct area a = area_sub(grid_area(&c.g), (int)(r % 13) - 3, (int)(r >> 4 & 3),
					 (int)(r >> 6 & 7), 2);
		int x = (int)(r >> 9 & 7) - 2, y = (int)(r >> 12 & 1);

		switch (r >> 14 & 3) {
		case 0:
			area_fill(a, x, y, 2, STYLE_RULE, 0x2500);
			break;
		case 1:
			area_wrap(a, y, STYLE_NOTE, texts[r >> 20 & 7]);
			break;
		default:
			area_text(a, x, y, STYLE_PLAIN, texts[r >> 20 & 7]);
		}
		check_sound(&c.g);
	}
	grid_fini(&c.g);
}

static void wrapped(void **state)
{
	struct canvas c = canvas(10, 9);
	struct area a = grid_area(&c.g);

	(void)state;
	assert_int_equal(area_wrap(a, 0, STYLE_NOTE, "the client asks its kernel to connect"), 4);
	assert_string_equal(drawn(&c), "the client\nasks its\nkernel to\nconnect\n\n\n\n\n\n");
	grid_clear(&c.g);
	assert_int_equal(area_wrap(a, 1, STYLE_NOTE, "abcdefghijklmno pq"), 2);
	assert_string_equal(drawn(&c), "\nabcdefghij\nklmno pq\n\n\n\n\n\n\n");
	grid_clear(&c.g);
	assert_int_equal(area_wrap(a, 0, STYLE_NOTE, "one\n\ntwo\n"), 3);
	assert_string_equal(drawn(&c), "one\n\ntwo\n\n\n\n\n\n\n");
	assert_int_equal(area_wrap(a, 7, STYLE_NOTE, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"), 4);
	assert_int_equal(area_wrap(area_sub(a, 0, 0, 1, 9), 0, STYLE_NOTE, "中中 \x1b"), 2 + 1);
	assert_int_equal(area_wrap(a, 0, STYLE_NOTE, ""), 0);
	check_sound(&c.g);
	grid_fini(&c.g);
}

static void ascii_twins(void **state)
{
	struct canvas c = canvas(20, 2);
	struct area a = grid_area(&c.g);

	(void)state;
	area_text(a, 0, 0, STYLE_PLAIN, "│──▶ ✗ ◆ ↻ 12 µs …");
	area_text(a, 0, 1, STYLE_PLAIN, "é中e\xcc\x81.");
	glyph_to_ascii(&c.g);
	assert_string_equal(drawn(&c), "|--> x # ~ 12 us .\n?? e.\n");
	for (int g = 0; g < GLYPH_COUNT; g++) {
		assert_true(glyph_code((enum glyph)g, true) > ' ' &&
			    glyph_code((enum glyph)g, true) < 0x7f);
		assert_int_equal(glyph_twin(glyph_code((enum glyph)g, false)),
				 glyph_code((enum glyph)g, true));
	}
	grid_fini(&c.g);
}

static void sizes(void **state)
{
	struct grid g;

	(void)state;
	assert_int_equal(grid_init(&g, 0, -5, NULL), 0);
	assert_int_equal(g.width, 1);
	assert_int_equal(g.height, 1);
	assert_int_equal(g.caret_x, -1);
	area_text(grid_area(&g), 0, 0, STYLE_PLAIN, "中");
	area_text(grid_area(&g), 0, 0, STYLE_PLAIN, "abc");
	check_sound(&g);
	grid_fini(&g);
	grid_fini(&g);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_cut),	     cmocka_unit_test(outside_is_cut_off),
		cmocka_unit_test(areas_are_clipped), cmocka_unit_test(right_aligned),
		cmocka_unit_test(hostile_text),	     cmocka_unit_test(wide_characters),
		cmocka_unit_test(random_drawing),    cmocka_unit_test(wrapped),
		cmocka_unit_test(ascii_twins),	     cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
