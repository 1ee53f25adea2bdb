/*
 * term: the terminal.  The only file that includes <curses.h>: shows a grid, reads keys, knows colours and
 * themes, and puts the terminal back as it was, whatever happens.
 */
#ifndef SOCKLENS_UI_TERM_H
#define SOCKLENS_UI_TERM_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/err.h"
#include "ui/grid.h"
#include "ui/theme.h"

enum term_key {			/* beyond the characters (Unicode code points) */
	KEY_NONE_ = 0,
	TERM_KEY_BASE = 0x110000,
	TERM_UP, TERM_DOWN, TERM_LEFT, TERM_RIGHT, TERM_HOME, TERM_END, TERM_PAGE_UP, TERM_PAGE_DOWN,
	TERM_ENTER, TERM_TAB, TERM_BACK_TAB, TERM_BACKSPACE, TERM_DELETE, TERM_ESCAPE,
	TERM_CTRL_A, TERM_CTRL_C, TERM_CTRL_E, TERM_CTRL_K, TERM_CTRL_L, TERM_CTRL_U, TERM_CTRL_W, TERM_CTRL_Z,
	TERM_MOUSE_CLICK, TERM_MOUSE_UP, TERM_MOUSE_DOWN,
	TERM_RESIZE,		/* also after a stop: everything is to be drawn again */
	TERM_ASKED_TO_END,	/* SIGTERM, SIGHUP, SIGINT or SIGQUIT came, or the terminal is gone */
};

struct term_input {
	uint32_t key;
	int x, y;		/* of the mouse */
	bool burst;		/* it came faster behind the one before than fingers do: pasted */
};

struct term_options {
	const char *theme;	/* its name (theme.h); NULL: by the terminal and NO_COLOR */
	bool ascii;		/* also set by itself where the locale has no UTF-8 */
};

struct term;

/* Takes over the terminal on standard input and output.  Restores it at term_close(), exit, and deadly signals. */
struct term *term_open(const struct term_options *o, struct err *e);
void term_close(struct term *t);

int term_fd(const struct term *t);			/* readable when a key or a resize waits */
bool term_read(struct term *t, struct term_input *in);	/* false: nothing more */
void term_size(const struct term *t, int *width, int *height);
bool term_ascii(const struct term *t);

/* The colours.  Those that a theme was not chosen for by name have the terminal's own paper. */
const struct theme *term_theme(const struct term *t);
void term_set_theme(struct term *t, const struct theme *theme);
void term_show(struct term *t, const struct grid *g);	/* only what changed is written */
void term_forget(struct term *t);			/* what is on it is not known: show all of it next time */
void term_suspend(struct term *t);			/* Ctrl-Z: restores, stops the process, takes over again */
bool term_lost(const struct term *t);			/* the terminal is gone (hang-up) */

#endif
