#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ui/theme.h"

/* The fixed part of the 256 colours: a cube of six steps and a ramp of greys. */
static void rgb_of(int colour, double rgb[3])
{
	static const int steps[] = { 0, 95, 135, 175, 215, 255 };
	int cube = colour - 16;

	assert_in_range(colour, 16, 255);
	for (int i = 0; i < 3; i++)
		rgb[i] = colour >= 232 ? 8 + (colour - 232) * 10
				       : steps[i == 0	? cube / 36
					       : i == 1 ? cube / 6 % 6
							: cube % 6];
}

/* A component's light: its 2.2th power, which is its square times its fifth root (by Newton). */
static double light(double c)
{
	double root = 1;

	for (int i = 0; c > 0 && i < 40; i++)
		root -= (root * root * root * root * root - c) / (5 * root * root * root * root);
	return c > 0 ? c * c * root : 0;
}

/* Relative luminance and contrast as WCAG 2 defines them; 2.2 stands for its piecewise curve. */
static double luminance(int colour)
{
	double rgb[3];

	rgb_of(colour, rgb);
	return 0.2126 * light(rgb[0] / 255) + 0.7152 * light(rgb[1] / 255) +
	       0.0722 * light(rgb[2] / 255);
}

static double contrast(int a, int b)
{
	double x = luminance(a), y = luminance(b);

	return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

/* Text can be read on the paper and on the accent; lines and context may be fainter. */
static void readable(void **state)
{
	(void)state;
	for (size_t t = 0; t < themes_count; t++) {
		const struct theme *theme = &themes[t];

		for (int s = 0; theme->colours && s < STYLE_COUNT; s++) {
			const struct look *look = &theme->look[s];
			int fg = look->fg[THEME_256] >= 0 ? look->fg[THEME_256]
							  : theme->text[THEME_256];
			int bg = look->bg >= 0 ? look->bg : theme->paper[THEME_256];
			bool line = s == STYLE_RULE || s == STYLE_FAINT;
			double least = line ? 2 : 4.5;

			if (contrast(fg, bg) < least)
				fail_msg("%s: style %d has contrast %.2f", theme->name, s,
					 contrast(fg, bg));
			if (contrast(fg, theme->accent) < (line ? 1.3 : 3) && look->bg < 0)
				fail_msg("%s: style %d on the accent has contrast %.2f",
					 theme->name, s, contrast(fg, theme->accent));
		}
	}
}

/* On a projector contrast is what is left: 7, which WCAG calls enhanced; what shows a connection's hue a little less. */
static void strong_on_stage(void **state)
{
	(void)state;
	for (size_t t = 0; t < themes_count; t++) {
		const struct theme *stage = theme_stage(&themes[t]);

		assert_non_null(stage);
		assert_ptr_equal(theme_stage(stage), stage);
		assert_int_equal(stage->colours, themes[t].colours);
		for (int s = 0; stage->colours && s < STYLE_COUNT; s++) {
			struct shade shade = theme_shade(stage, (enum style)s, false);
			double least = s == STYLE_FAINT ? 2.5 : s >= STYLE_CONN0 ? 5.5 : 7;

			if (contrast(shade.fg, shade.bg) < least)
				fail_msg("%s: style %d has contrast %.2f", stage->name, s,
					 contrast(shade.fg, shade.bg));
		}
	}
}

/* Where bold may mean another colour, paper that is light has no bold text. */
static void no_bold_on_light_paper(void **state)
{
	const struct theme *projector = theme_find("projector");

	(void)state;
	for (int s = 0; s < STYLE_COUNT; s++)
		assert_false((projector->look[s].attrs | projector->look[s].few) & LOOK_BOLD);
}

static void each_is_the_next_of_one(void **state)
{
	const struct theme *t = &themes[0];
	STR_ON_STACK(names, 200);

	(void)state;
	for (size_t i = 0; i < themes_count; i++, t = theme_next(t))
		assert_ptr_equal(t, &themes[i]);
	assert_ptr_equal(t, &themes[0]);
	theme_names(&names);
	assert_string_equal(names.buf, "dark, light, mono, projector, blackboard or ink");
}

static void colours_of_xterm(void **state)
{
	double rgb[3];

	(void)state;
	assert_int_equal(theme_rgb(1), 0xcd0000);
	assert_int_equal(theme_rgb(-1), 0);
	assert_int_equal(theme_rgb(256), 0);
	for (int c = 16; c < 256; c++) {
		rgb_of(c, rgb);
		assert_int_equal(theme_rgb(c), (int)rgb[0] << 16 | (int)rgb[1] << 8 | (int)rgb[2]);
	}
}

/* Fewer colours never mean an unreadable pair: nothing in the colour of the paper. */
static void few_colours(void **state)
{
	(void)state;
	for (size_t t = 0; t < themes_count; t++)
		for (int s = 0; themes[t].colours && s < STYLE_COUNT; s++)
			for (int depth = THEME_16; depth <= THEME_8; depth++) {
				int fg = themes[t].look[s].fg[depth];

				assert_true(fg < (depth == THEME_16 ? 16 : 8));
				assert_int_not_equal(fg, themes[t].paper[depth]);
			}
}

static double apart(double a, double b)
{
	return a > b ? a - b : b - a;
}

/* Roughly what is left to a person who cannot tell red from green: their mean, and blue. */
static double seen_apart(int a, int b)
{
	double x[3], y[3];

	rgb_of(a, x);
	rgb_of(b, y);
	return apart((x[0] + x[1]) / 2, (y[0] + y[1]) / 2) + apart(x[2], y[2]);
}

static void hues_differ(void **state)
{
	(void)state;
	for (size_t t = 0; t < themes_count; t++)
		for (int a = STYLE_CONN0; themes[t].colours && a < STYLE_CONN0 + CONN_HUES; a++)
			for (int b = STYLE_CONN0; b < a; b++) {
				int x = themes[t].look[a].fg[THEME_256],
				    y = themes[t].look[b].fg[THEME_256];

				if (seen_apart(x, y) < 40)
					fail_msg("%s: hues %d and %d look alike", themes[t].name,
						 a - STYLE_CONN0, b - STYLE_CONN0);
			}
}

/* Without colours, what matters still differs from plain text. */
static void mono_has_no_colour(void **state)
{
	const struct theme *mono = theme_find("mono");

	(void)state;
	for (int s = 0; s < STYLE_COUNT; s++) {
		assert_int_equal(mono->look[s].fg[THEME_256], -1);
		assert_int_equal(mono->look[s].bg, -1);
		assert_int_equal(mono->look[s].attrs & LOOK_REVERSE,
				 s == STYLE_BAR ? LOOK_REVERSE : 0);
	}
	assert_true(mono->look[STYLE_LOSS].attrs && mono->look[STYLE_KEY].attrs &&
		    mono->look[STYLE_MATCH].attrs);
	assert_int_equal(theme_depth(mono, 256), THEME_MONO);
}

static void choice(void **state)
{
	(void)state;
	assert_string_equal(theme_default(256, NULL, NULL)->name, "dark");
	assert_string_equal(theme_default(256, "", NULL)->name, "dark");
	assert_string_equal(theme_default(256, "1", NULL)->name, "mono");
	assert_string_equal(theme_default(0, NULL, NULL)->name, "mono");
	assert_string_equal(theme_default(-1, NULL, "0;15")->name, "mono");
	assert_string_equal(theme_default(8, NULL, "0;15")->name, "light");
	assert_string_equal(theme_default(8, NULL, "0;default;7")->name, "light");
	assert_string_equal(theme_default(8, NULL, "15;0")->name, "dark");
	assert_string_equal(theme_default(8, NULL, "15;8")->name, "dark");
	assert_string_equal(theme_default(8, NULL, "15;default")->name, "dark");
	assert_string_equal(theme_default(8, NULL, "nonsense")->name, "dark");
	assert_null(theme_find("solarized"));
	assert_int_equal(theme_depth(theme_find("dark"), 256), THEME_256);
	assert_int_equal(theme_depth(theme_find("dark"), 88), THEME_16);
	assert_int_equal(theme_depth(theme_find("dark"), 8), THEME_8);
	assert_int_equal(theme_depth(theme_find("dark"), 2), THEME_MONO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(readable),
		cmocka_unit_test(few_colours),
		cmocka_unit_test(hues_differ),
		cmocka_unit_test(mono_has_no_colour),
		cmocka_unit_test(choice),
		cmocka_unit_test(strong_on_stage),
		cmocka_unit_test(no_bold_on_light_paper),
		cmocka_unit_test(each_is_the_next_of_one),
		cmocka_unit_test(colours_of_xterm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
