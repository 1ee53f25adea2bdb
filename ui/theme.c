#include "ui/theme.h"

#include <stdlib.h>
#include <string.h>

#define LIGHT_FROM 7 /* background of COLORFGBG: 7 and 9 to 15 are light */

/* clang-format off */
#define LOOK(c256, c16, c8, ...) { .fg = { c256, c16, c8 }, .bg = -1, __VA_ARGS__ }
#define SHAPE(...) { .fg = { -1, -1, -1 }, .bg = -1, __VA_ARGS__ }

const struct theme themes[] = {
	{
		.name = "dark", .stage = "blackboard", .colours = true,
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
			[STYLE_FAINT] = LOOK(242, 8, -1, .few = LOOK_DIM),
			[STYLE_CONN0] = LOOK(74, 14, 6),
			[STYLE_CONN1] = LOOK(215, 3, 3),
			[STYLE_CONN2] = LOOK(78, 10, 2),
			[STYLE_CONN3] = LOOK(176, 13, 5),
			[STYLE_CONN4] = LOOK(228, 11, -1, .few = LOOK_BOLD),
			[STYLE_CONN5] = LOOK(111, 12, 4, .few = LOOK_BOLD),
		},
	},
	{
		.name = "light", .stage = "projector", .colours = true,
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
			[STYLE_FAINT] = LOOK(246, 8, -1, .few = LOOK_DIM),
			[STYLE_CONN0] = LOOK(25, 4, 4),
			[STYLE_CONN1] = LOOK(130, 5, 5),
			[STYLE_CONN2] = LOOK(23, 2, 2),
			[STYLE_CONN3] = LOOK(90, 13, 5, .few = LOOK_BOLD),
			[STYLE_CONN4] = LOOK(58, 8, 0),
			[STYLE_CONN5] = LOOK(61, 6, 6),
		},
	},
	{
		.name = "mono", .stage = "ink",
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
			[STYLE_FAINT] = SHAPE(.attrs = LOOK_DIM),
			[STYLE_CONN0] = SHAPE(0),
			[STYLE_CONN1] = SHAPE(0),
			[STYLE_CONN2] = SHAPE(0),
			[STYLE_CONN3] = SHAPE(0),
			[STYLE_CONN4] = SHAPE(0),
			[STYLE_CONN5] = SHAPE(0),
		},
	},
	{
		/* In front of a class: nothing pale, few colours, and those apart for everybody. */
		.name = "projector", .stage = "projector", .colours = true,
		.text = { 16, 0, 0 }, .paper = { 231, 15, 7 }, .accent = 229,
		.look = {
			[STYLE_PLAIN] = SHAPE(0),
			[STYLE_DIM] = LOOK(239, 0, 0),
			[STYLE_TITLE] = SHAPE(.rich = LOOK_BOLD),
			[STYLE_BAR] = { .fg = { 231, -1, -1 }, .bg = 16, .rich = LOOK_BOLD, .few = LOOK_REVERSE },
			[STYLE_KEY] = LOOK(19, 4, 4, .rich = LOOK_BOLD),
			[STYLE_RULE] = LOOK(240, 0, 0),
			[STYLE_CALL] = SHAPE(.rich = LOOK_BOLD),
			[STYLE_RESULT] = SHAPE(0),
			[STYLE_ERRNO] = LOOK(124, 1, 1, .rich = LOOK_BOLD),
			[STYLE_BLOCKED] = LOOK(16, 0, 0, .rich = LOOK_BOLD),
			[STYLE_STATE] = LOOK(19, 4, 4, .rich = LOOK_BOLD),
			[STYLE_INFERRED] = LOOK(19, 4, 4, .attrs = LOOK_ITALIC, .few = LOOK_UNDERLINE),
			[STYLE_LOSS] = LOOK(124, 1, 1, .rich = LOOK_BOLD),
			[STYLE_HELD] = LOOK(90, 5, 5, .rich = LOOK_BOLD),
			[STYLE_WARNING] = LOOK(88, 5, 5, .rich = LOOK_BOLD),
			[STYLE_NOTE] = SHAPE(0),
			[STYLE_MATCH] = { .fg = { 16, -1, -1 }, .bg = 214, .rich = LOOK_BOLD,
					  .few = LOOK_REVERSE | LOOK_UNDERLINE },
			[STYLE_INPUT] = SHAPE(.rich = LOOK_BOLD),
			[STYLE_ERROR] = LOOK(124, 1, 1, .rich = LOOK_BOLD),
			[STYLE_FAINT] = LOOK(246, 8, -1, .few = LOOK_DIM),
			[STYLE_CONN0] = LOOK(19, 4, 4, .rich = LOOK_BOLD),
			[STYLE_CONN1] = LOOK(94, 5, 5, .rich = LOOK_BOLD),
			[STYLE_CONN2] = LOOK(23, 0, 0, .rich = LOOK_BOLD),
			[STYLE_CONN3] = LOOK(90, 5, 5, .rich = LOOK_BOLD),
			[STYLE_CONN4] = LOOK(16, 0, 0, .rich = LOOK_BOLD),
			[STYLE_CONN5] = LOOK(61, 4, 4, .rich = LOOK_BOLD),
		},
	},
	{
		.name = "blackboard", .stage = "blackboard", .colours = true,
		.text = { 231, 15, 7 }, .paper = { 16, 0, 0 }, .accent = 237,
		.look = {
			[STYLE_PLAIN] = SHAPE(0),
			[STYLE_DIM] = LOOK(251, 7, -1),
			[STYLE_TITLE] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_BAR] = { .fg = { 16, -1, -1 }, .bg = 231, .attrs = LOOK_BOLD, .few = LOOK_REVERSE },
			[STYLE_KEY] = LOOK(226, 11, 3, .attrs = LOOK_BOLD),
			[STYLE_RULE] = LOOK(248, 7, -1),
			[STYLE_CALL] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_RESULT] = SHAPE(0),
			[STYLE_ERRNO] = LOOK(216, 9, 1, .attrs = LOOK_BOLD),
			[STYLE_BLOCKED] = LOOK(231, 15, -1, .attrs = LOOK_BOLD),
			[STYLE_STATE] = LOOK(123, 14, 6, .attrs = LOOK_BOLD),
			[STYLE_INFERRED] = LOOK(123, 14, 6, .attrs = LOOK_ITALIC, .few = LOOK_UNDERLINE),
			[STYLE_LOSS] = LOOK(210, 9, 1, .attrs = LOOK_BOLD),
			[STYLE_HELD] = LOOK(226, 11, 3, .attrs = LOOK_BOLD),
			[STYLE_WARNING] = LOOK(220, 11, 3, .attrs = LOOK_BOLD),
			[STYLE_NOTE] = SHAPE(0),
			[STYLE_MATCH] = { .fg = { 16, -1, -1 }, .bg = 226, .attrs = LOOK_BOLD,
					  .few = LOOK_REVERSE | LOOK_UNDERLINE },
			[STYLE_INPUT] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_ERROR] = LOOK(216, 9, 1, .attrs = LOOK_BOLD),
			[STYLE_FAINT] = LOOK(240, 8, -1, .few = LOOK_DIM),
			[STYLE_CONN0] = LOOK(74, 14, 6, .attrs = LOOK_BOLD),
			[STYLE_CONN1] = LOOK(215, 3, 3, .attrs = LOOK_BOLD),
			[STYLE_CONN2] = LOOK(78, 10, 2, .attrs = LOOK_BOLD),
			[STYLE_CONN3] = LOOK(176, 13, 5, .attrs = LOOK_BOLD),
			[STYLE_CONN4] = LOOK(228, 11, -1, .attrs = LOOK_BOLD),
			[STYLE_CONN5] = LOOK(111, 12, 4, .attrs = LOOK_BOLD),
		},
	},
	{
		/* mono without what terminals show pale */
		.name = "ink", .stage = "ink",
		.text = { -1, -1, -1 }, .paper = { -1, -1, -1 }, .accent = -1,
		.look = {
			[STYLE_TITLE] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_PLAIN] = SHAPE(0),
			[STYLE_DIM] = SHAPE(0),
			[STYLE_BAR] = SHAPE(.attrs = LOOK_REVERSE),
			[STYLE_KEY] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_RULE] = SHAPE(0),
			[STYLE_CALL] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_RESULT] = SHAPE(0),
			[STYLE_ERRNO] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_BLOCKED] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_STATE] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_INFERRED] = SHAPE(.attrs = LOOK_UNDERLINE),
			[STYLE_LOSS] = SHAPE(.attrs = LOOK_BOLD | LOOK_UNDERLINE),
			[STYLE_HELD] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_WARNING] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_NOTE] = SHAPE(0),
			[STYLE_MATCH] = SHAPE(.attrs = LOOK_BOLD | LOOK_UNDERLINE),
			[STYLE_INPUT] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_ERROR] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_FAINT] = SHAPE(.attrs = LOOK_DIM),
			[STYLE_CONN0] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_CONN1] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_CONN2] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_CONN3] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_CONN4] = SHAPE(.attrs = LOOK_BOLD),
			[STYLE_CONN5] = SHAPE(.attrs = LOOK_BOLD),
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

const struct theme *theme_stage(const struct theme *t)
{
	return theme_find(t->stage);
}

const struct theme *theme_next(const struct theme *t)
{
	return &themes[((size_t)(t - themes) + 1) % themes_count];
}

void theme_names(struct str *out)
{
	for (size_t i = 0; i < themes_count; i++)
		str_addf(out, "%s%s",
			 i == 0			? ""
			 : i + 1 < themes_count ? ", "
						: " or ",
			 themes[i].name);
}

/* ---- all the colours ---- */

struct shade theme_shade(const struct theme *t, enum style s, bool accent)
{
	const struct look *look = &t->look[s];
	struct shade shade = { -1, -1, look->attrs | (t->colours ? look->rich : 0) };

	if (!t->colours) {
		shade.attrs ^= accent ? LOOK_REVERSE : 0;
		return shade;
	}
	shade.fg = look->fg[THEME_256] >= 0 ? look->fg[THEME_256] : t->text[THEME_256];
	shade.bg = look->bg >= 0 ? look->bg : accent ? t->accent : t->paper[THEME_256];
	return shade;
}

/* 16 that terminals may choose, here as xterm does; a cube of six steps; a ramp of greys. */
uint32_t theme_rgb(int colour)
{
	static const uint32_t first[16] = {
		0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
		0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
	};
	static const uint32_t step[6] = { 0, 95, 135, 175, 215, 255 };
	unsigned cube = (unsigned)colour - 16;

	if (colour < 0 || colour > 255)
		return 0;
	if (colour < 16)
		return first[colour];
	if (colour >= 232)
		return (uint32_t)(8 + (colour - 232) * 10) * 0x010101;
	return step[cube / 36] << 16 | step[cube / 6 % 6] << 8 | step[cube % 6];
}
