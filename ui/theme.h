/*
 * theme: what each style looks like, for terminals of 256, 16 and 8 colours and of none.
 *
 * Colour is never the only signal: what a style means is also said by a glyph, a word or its place.  The
 * connections' hues stay apart for people who see few colours; red is for loss and failure alone.
 */
#ifndef SOCKLENS_UI_THEME_H
#define SOCKLENS_UI_THEME_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/str.h"
#include "ui/grid.h"

enum {				/* attributes, a set of bits */
	LOOK_BOLD = 1,
	LOOK_DIM = 2,
	LOOK_REVERSE = 4,
	LOOK_UNDERLINE = 8,
	LOOK_ITALIC = 16,
};

struct look {
	int16_t fg[3];		/* number of the colour among 256, 16, 8; -1: the theme's text */
	int16_t bg;		/* among 256; -1: the theme's paper.  Fewer colours: few says what instead */
	uint8_t attrs;
	uint8_t few;		/* more attributes where there are fewer than 256 colours */
	uint8_t rich;		/* more where there are 256: bold is not bold but another colour on many that have 8 */
};

enum { THEME_256, THEME_16, THEME_8, THEME_MONO };	/* depth; the first three index fg, text, paper */

struct theme {
	const char *name;
	const char *stage;		/* the theme that it becomes in front of a class; its own name: none other */
	bool colours;
	int16_t text[3], paper[3];	/* used where the theme was asked for by name */
	int16_t accent;			/* background among 256 of what belongs to the cursor's event */
	struct look look[STYLE_COUNT];
};

extern const struct theme themes[];	/* dark, light, mono; projector, blackboard, ink */
extern const size_t themes_count;

const struct theme *theme_find(const char *name);	/* NULL if there is none */

/*
 * The theme for a terminal of that many colours when none was asked for: mono without colours or with
 * NO_COLOR, light if COLORFGBG says that the background is light, else dark.
 */
const struct theme *theme_default(int colours, const char *no_color, const char *colorfgbg);

int theme_depth(const struct theme *t, int colours);	/* THEME_* */

const struct theme *theme_stage(const struct theme *t);	/* what it is in front of a class */
const struct theme *theme_next(const struct theme *t);	/* in the order of the table; from the last to the first */
void theme_names(struct str *out);			/* appends "dark, light or mono" */

/* What a cell looks like with all the colours of its theme. */
struct shade {
	int fg, bg;		/* among 256; -1: those of the terminal, in a theme without colours */
	unsigned attrs;		/* LOOK_* */
};
struct shade theme_shade(const struct theme *t, enum style s, bool accent);

uint32_t theme_rgb(int colour);	/* of a colour among 256, as xterm has them: 0xRRGGBB */

#endif
