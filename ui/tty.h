/*
 * tty: being a program on a terminal, without ncurses: signals, the settings of the line, what puts them back whatever
 * happens.  Only term.c uses it.
 *
 * There is one terminal and one set of handlers, so this state belongs to the process.
 */
#ifndef SOCKLENS_UI_TTY_H
#define SOCKLENS_UI_TTY_H

#include <stdbool.h>

#include "src/core/err.h"

/*
 * Remembers the settings of standard input and takes the signals over.  *poll_fd is readable when keys or signals wait;
 * close it with tty_close(), which gives the signals back (also after a failure).
 */
int tty_open(int *poll_fd, struct err *e);
void tty_close(int poll_fd);

/* From enter to leave a deadly signal puts the terminal back: the settings, and the closing sequences. */
void tty_enter(void);
void tty_leave(void);
bool tty_is_ours(void);
void tty_add_closing(const char *sequence);	/* without its padding; NULL: none.  tty_open() begins anew */
void tty_put_back(void);			/* the settings */
void tty_at_exit(void (*restore)(void));	/* once for the process */

/* ---- what signals have asked for ---- */
void tty_clear_wake(void);		/* before asking */
bool tty_asked_to_end(void);
bool tty_take_stop(void);
bool tty_take_resize(bool *continued);	/* also after a stop: continued */

/* Stops the process group; returns when it goes on. */
void tty_stop(void);

/* ---- what kind of terminal it is ---- */
bool tty_wants_ascii(void);		/* its font lacks the glyphs, or it knows nothing of UTF-8 */
bool tty_size(int *width, int *height);	/* bounded; false: it does not know */
bool tty_input_ended(void);		/* ncurses does not tell the end of its input from "nothing yet" */

#endif
