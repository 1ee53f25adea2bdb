/*
 * shot: a screen as a file: a picture (SVG), text with colours (ANSI), or text, made from the cells of its grid.
 *
 * The colours are those that the theme has where there are 256, whatever the terminal can do; a theme without
 * colours gives black on white.  Cells hold harmless text only (grid.h), and the writers escape what their format
 * wants escaped.
 */
#ifndef SOCKLENS_UI_SHOT_H
#define SOCKLENS_UI_SHOT_H

#include <stdio.h>

#include "src/core/err.h"
#include "ui/grid.h"
#include "ui/theme.h"

struct shot_format {
	const char *ending;	/* of a file's name: ".svg" */
	const char *about;
	void (*write)(const struct grid *g, const struct theme *t, FILE *out);
};
extern const struct shot_format shot_formats[];	/* SVG, ANSI, text */
extern const size_t shot_formats_count;

/* The format of a file, by its name's ending; NULL: none has that. */
const struct shot_format *shot_format_of(const char *path);

/*
 * Writes the screen to a new file; one that exists is never touched.  0; -1 and nothing is left behind: it is there
 * already, the directory cannot be written, the disk is full.
 */
int shot_save(const struct grid *g, const struct theme *t, const char *path, struct err *e);

/* The same to the first of socklens-1.svg, socklens-2.svg … that is not there yet; appends its name to `path`. */
int shot_save_next(const struct grid *g, const struct theme *t, const struct shot_format *f, struct str *path,
		   struct err *e);

/* Appends the name that the next one would have; nothing where all are taken. */
void shot_next_name(struct str *path, const struct shot_format *f);

#endif
