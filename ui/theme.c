#include "ui/theme.h"

#include <stdlib.h>
#include <string.h>

#define LIGHT_FROM 7 /* background of COLORFGBG: 7 and 9 to 15 are light */

/* clang-format off */
#define LOOK(c256, c16, c8, ...) { .fg = { c256, c16, c8 }, .bg = -1, __VA_ARGS__ }
#define SHAPE(...) { .fg = { -1, -1, -1 }, .bg = -1, __VA_ARGS__ }

const struct theme themes[] = {
	{
		.name = "dark", .colours = true,
		.text = { 252, 7, 7 }, .paper = { 234, 0, 0 }, .accent = 238,
		.look = {
			[STYLE_PLAIN] = SHAPE(0),
			[STYLE_DIM] = LOOK(246, 8, -1, .few = LOOK_DIM),
			[STYLE_TITLE] = LOOK(255, 15, -1, .attrs = LOOK_BOLD),
			[STYLE_BAR] = { .fg = { 252, -1, -1 }, .bg = 237, .few = LOOK_REVERSE },
			[STYLE_KEY] = LOOK(222, 11, 3, .attrs = LOOK_BOLD),
			[STYLE_RULE] = LOOK(241, 8, -1, .few = LOOK_DIM),
			[STYLE_CALL] = LOOK(255, 15, -1),
			[STYLE_RESULT] = LOOK(152, 7, -1),
			[STYLE_ERRNO] = LOOK(210, 9, 1, .attrs = LOOK_BOLD),
			[STYLE_BLOCKED] = LOOK(180, 3, 3),
			[STYLE_STATE] = LOOK(117, 14, 6, .attrs = LOOK_BOLD),
			[STYLE_INFERRED] = LOOK(109, 6, 6, .attrs = LOOK_ITALIC),
			[STYLE_LOSS] = LOOK(203, 9, 1, .attrs = LOOK_BOLD),
			[STYLE_HELD] = LOOK(222, 11, 3, .attrs = LOOK_BOLD),
			[STYLE_WARNING] = LOOK(220, 11, 3, .attrs = LOOK_BOLD),
			[STYLE_NOTE] = LOOK(187, 7, -1),
			[STYLE_MATCH] = { .fg = { 16, -1, -1 }, .bg = 222, .attrs = LOOK_BOLD,
					  .few = LOOK_REVERSE | LOOK_UNDERLINE },
			[STYLE_INPUT] = LOOK(255, 15, -1, .attrs = LOOK_BOLD),
			[STYLE_ERROR] = LOOK(210, 9, 1, .attrs = LOOK_BOLD),
			[STYLE_CONN0] = LOOK(74, 14, 6),
			[STYLE_CONN1] = LOOK(215, 3, 3),
			[STYLE_CONN2] = LOOK(78, 10, 2),
			[STYLE_CONN3] = LOOK(176, 13, 5),
			[STYLE_CONN4] = LOOK(228, 11, -1, .few = LOOK_BOLD),
			[STYLE_CONN5] = LOOK(111, 12, 4, .few = LOOK_BOLD),
		},
	},
	{
		.name = "light", .colours = true,
		.text = { 16, 0, 0 }, .paper = { 231, 15, 7 }, .accent = 253,
		.look = {
			[STYLE_PLAIN] = SHAPE(0),
			[STYLE_DIM] = LOOK(241, 8, -1, .few = LOOK_DIM),
			[STYLE_TITLE] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_BAR] = { .fg = { 16, -1, -1 }, .bg = 253, .few = LOOK_REVERSE },
			[STYLE_KEY] = LOOK(25, 4, 4, .attrs = LOOK_BOLD),
			[STYLE_RULE] = LOOK(246, 8, -1, .few = LOOK_DIM),
			[STYLE_CALL] = SHAPE(0),
			[STYLE_RESULT] = LOOK(23, 0, 0),
			[STYLE_ERRNO] = LOOK(124, 1, 1, .attrs = LOOK_BOLD),
			[STYLE_BLOCKED] = LOOK(94, 5, 5),
			[STYLE_STATE] = LOOK(25, 4, 4, .attrs = LOOK_BOLD),
			[STYLE_INFERRED] = LOOK(24, 6, 6, .attrs = LOOK_ITALIC),
			[STYLE_LOSS] = LOOK(160, 1, 1, .attrs = LOOK_BOLD),
			[STYLE_HELD] = LOOK(94, 5, 5, .attrs = LOOK_BOLD),
			[STYLE_WARNING] = LOOK(88, 5, 5, .attrs = LOOK_BOLD),
			[STYLE_NOTE] = LOOK(236, 0, 0),
			[STYLE_MATCH] = { .fg = { 16, -1, -1 }, .bg = 222, .attrs = LOOK_BOLD,
					  .few = LOOK_REVERSE | LOOK_UNDERLINE },
			[STYLE_INPUT] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_ERROR] = LOOK(124, 1, 1, .attrs = LOOK_BOLD),
			[STYLE_CONN0] = LOOK(25, 4, 4),
			[STYLE_CONN1] = LOOK(130, 5, 5),
			[STYLE_CONN2] = LOOK(23, 2, 2),
			[STYLE_CONN3] = LOOK(90, 13, 5, .few = LOOK_BOLD),
			[STYLE_CONN4] = LOOK(58, 8, 0),
			[STYLE_CONN5] = LOOK(61, 6, 6),
		},
	},
	{
		.name = "mono",
		.text = { -1, -1, -1 }, .paper = { -1, -1, -1 }, .accent = -1,
		.look = {
			[STYLE_PLAIN] = SHAPE(0),
			[STYLE_DIM] = SHAPE(.attrs = LOOK_DIM),
			[STYLE_TITLE] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_BAR] = SHAPE(.attrs = LOOK_REVERSE),
			[STYLE_KEY] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_RULE] = SHAPE(.attrs = LOOK_DIM),
			[STYLE_CALL] = SHAPE(0),
			[STYLE_RESULT] = SHAPE(0),
			[STYLE_ERRNO] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_BLOCKED] = SHAPE(0),
			[STYLE_STATE] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_INFERRED] = SHAPE(.attrs = LOOK_DIM),
			[STYLE_LOSS] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_HELD] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_WARNING] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_NOTE] = SHAPE(0),
			[STYLE_MATCH] = SHAPE(.attrs = LOOK_BOLD | LOOK_UNDERLINE),
			[STYLE_INPUT] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_ERROR] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_CONN0] = SHAPE(0),
			[STYLE_CONN1] = SHAPE(0),
			[STYLE_CONN2] = SHAPE(0),
			[STYLE_CONN3] = SHAPE(0),
			[STYLE_CONN4] = SHAPE(0),
			[STYLE_CONN5] = SHAPE(0),
		},
	},
};
/* clang-format on */

const size_t themes_count = sizeof(themes) / sizeof(themes[0]);

const struct theme *theme_find(const char *name)
{
	for (size_t i = 0; i < themes_count; i++)
		if (strcmp(themes[i].name, name) == 0)
			return &themes[i];
	return NULL;
}

/* COLORFGBG is "15;0" or "15;default;0": the last number is the background. */
static bool says_light(const char *colorfgbg)
{
	const char *last = colorfgbg ? strrchr(colorfgbg, ';') : NULL;
	char *end;
	long background;

	if (!last || last[1] < '0' || last[1] > '9')
		return false;
	background = strtol(last + 1, &end, 10);
	return *end == '\0' && background >= LIGHT_FROM && background <= 15 && background != 8;
}

const struct theme *theme_default(int colours, const char *no_color, const char *colorfgbg)
{
	if (colours < 8 || (no_color && no_color[0]))
		return theme_find("mono");
	return theme_find(says_light(colorfgbg) ? "light" : "dark");
}

int theme_depth(const struct theme *t, int colours)
{
	if (!t->colours || colours < 8)
		return THEME_MONO;
	return colours >= 256 ? THEME_256 : colours >= 16 ? THEME_16 : THEME_8;
}
