/*
 * show: the ladder as text, on standard output or in a file, with the same drawing as the screen.
 */
#ifndef SOCKLENS_UI_SHOW_H
#define SOCKLENS_UI_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "capture/trace.h"
#include "src/core/err.h"

/*
 * Writes a heading, every row of the ladder with its time, and a summary, in lines of at most width cells.
 * Holds one row at a time, so a trace of any length takes the same memory.  ascii: no character beyond ASCII.
 * 0, or -1 and e: out could not be written.
 */
int show_text(struct trace *t, int width, FILE *out, bool ascii, struct err *e);

#endif
