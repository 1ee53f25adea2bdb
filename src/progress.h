/*
 * progress: which lessons were done, kept in $XDG_STATE_HOME/socklens/lessons (or ~/.local/state/…) as lines "NAME 2/3":
 * so many of the questions that were answered, rightly.
 *
 * A file that is missing, damaged or of another version is no failure: what can be read counts, and lessons of other
 * names are kept.  Without HOME nothing is kept.
 */
#ifndef SOCKLENS_PROGRESS_H
#define SOCKLENS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "src/core/err.h"

#define PROGRESS_ROWS 400

struct progress_row {
	char name[48];
	unsigned right, given;
};

struct progress {
	char path[512];		/* "": there is no place for it */
	size_t base;		/* bytes of it that are a directory which must be there */
	struct progress_row row[PROGRESS_ROWS];
	size_t rows;
};

/* state: $XDG_STATE_HOME, home: $HOME; each may be NULL.  What is no absolute path is ignored. */
void progress_load(struct progress *p, const char *state, const char *home);

/* NULL: it was not done yet. */
const struct progress_row *progress_of(const struct progress *p, const char *lesson);

/* Notes that a lesson was done, and writes the file (whole, or not at all).  -1: it cannot be written. */
int progress_note(struct progress *p, const char *lesson, unsigned right, unsigned given, struct err *e);

#endif
