/*
 * show: the ladder as text, on standard output or in a file, with the same drawing as the screen.
 */
#ifndef SOCKLENS_UI_SHOW_H
#define SOCKLENS_UI_SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "capture/trace.h"
#include "src/core/err.h"
#include "src/select.h"

struct show_text {
	int width;			/* cells of a line at most */
	bool ascii;			/* no character beyond ASCII */
	const char *name;		/* of the trace, and what of it is shown */
	const struct select *select;	/* only these rows; NULL: all */
};

/*
 * Writes a heading, every row of the ladder with its time, and a summary.  Holds one row at a time, so a trace of
 * any length takes the same memory (but for a bit a row, where not all are shown).
 * 0, or -1 and e: out could not be written.
 */
int show_text_of(struct trace *t, const struct show_text *how, FILE *out, struct err *e);

/* All of a trace, under the name of its file. */
int show_text(struct trace *t, int width, FILE *out, bool ascii, struct err *e);

/*
 * The same of a trace that grows: each row is written a moment after it happened, when nothing earlier can come any
 * more.  A call stands there before it has come back; what it gave then is a line of its own.
 */
struct show_live;

struct show_live *show_live_new(struct trace *t, int width, FILE *out, bool ascii, struct err *e);
void show_live_free(struct show_live *l);

/*
 * Writes what is due; all: all there is, and the summary.  until_ns: nothing behind this time (as in events), since
 * earlier things may still come.  *due_ms: when to come again at the latest; -1: when it has grown.
 */
int show_live_put(struct show_live *l, bool all, int64_t until_ns, int *due_ms, struct err *e);

#endif
