/*
 * grid: the screen as cells, before any terminal.  Views draw into areas of it; term.c shows it; tests print it.
 *
 * Everything drawn passes core/safe: foreign text cannot control the terminal or shift a column.
 */
#ifndef SOCKLENS_UI_GRID_H
#define SOCKLENS_UI_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"
#include "src/core/str.h"

/* What a piece of text means; the theme decides what that looks like. */
enum style {
	STYLE_PLAIN,
	STYLE_DIM,		/* context */
	STYLE_TITLE,		/* headings */
	STYLE_BAR,		/* the top line and the hint line */
	STYLE_KEY,		/* a key in the hint line or in help */
	STYLE_RULE,		/* lines between parts */
	STYLE_CALL,		/* a call's text */
	STYLE_RESULT,		/* what it returned */
	STYLE_ERRNO,		/* a failure */
	STYLE_BLOCKED,		/* the bar of a call that blocks */
	STYLE_STATE,		/* a state read from the kernel */
	STYLE_INFERRED,		/* a state worked out from packets */
	STYLE_LOSS,		/* lost, reset, failed */
	STYLE_HELD,
	STYLE_WARNING,		/* a verdict that tells of loss or disorder */
	STYLE_NOTE,		/* a lesson's words */
	STYLE_MATCH,		/* what the search found */
	STYLE_INPUT,		/* what is typed */
	STYLE_ERROR,		/* an error message */
	STYLE_FAINT,		/* what the spotlight is not on */
	STYLE_CONN0,		/* the connections' hues: CONN0 + number % CONN_HUES */
	STYLE_CONN1,
	STYLE_CONN2,
	STYLE_CONN3,
	STYLE_CONN4,
	STYLE_CONN5,
	STYLE_COUNT
};
#define CONN_HUES	6

struct cell {
	uint32_t code;		/* the character; 0: right half of a wide one */
	uint32_t mark;		/* a combining mark, 0 none */
	uint8_t style;		/* enum style */
	bool accent;		/* belongs to the event under the cursor */
};

struct grid {
	int width, height;
	struct cell *cell;	/* height rows of width cells */
	int caret_x, caret_y;	/* where the terminal's cursor goes; -1: hidden */
};

int grid_init(struct grid *g, int width, int height, struct err *e);
void grid_fini(struct grid *g);
void grid_clear(struct grid *g);

/* A rectangle of a grid; what is drawn outside of it is cut off. */
struct area {
	struct grid *grid;
	int x, y, width, height;
};

struct area grid_area(struct grid *g);					/* all of it */
struct area area_sub(struct area a, int x, int y, int width, int height);	/* clipped to a */

/*
 * Writes text from (x, y) of the area: one line, made harmless, cut at the right edge (a "…" in the last cell if it
 * was cut).  Returns the cells used.
 */
int area_text(struct area a, int x, int y, enum style s, const char *text);
int area_textf(struct area a, int x, int y, enum style s, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* The same, right-aligned so that it ends before cell x_end. */
int area_text_right(struct area a, int x_end, int y, enum style s, const char *text);

/* One trusted character (a rule, an arrow), n times to the right. */
void area_fill(struct area a, int x, int y, int n, enum style s, uint32_t code);

/* Marks the cells of a row as belonging to the cursor's event. */
void area_accent(struct area a, int x, int y, int n);

/* Word-wraps text into the area from row y; returns the rows used (also beyond the area's end). */
int area_wrap(struct area a, int y, enum style s, const char *text);

/* Cells that text takes, as area_text() would show it uncut. */
int text_width(const char *text);

/* Cells of a row up to its last one that is not blank. */
int grid_row_used(const struct grid *g, int y);

/* The grid as text, one line a row, trailing blanks cut.  For tests, `show` and saved screens. */
void grid_text(const struct grid *g, struct str *out);

#endif
