/*
 * Inside of ui/shot*.c: runs of cells that look alike, and the formats' writers.
 */
#ifndef SOCKLENS_UI_SHOT_IMPL_H
#define SOCKLENS_UI_SHOT_IMPL_H

#include "ui/shot.h"

/* Cells x to end of a row, which all have one look. */
struct shot_run {
	const struct cell *row;
	int x, end;
	struct shade shade;
};

/* The run that begins at run->end of row y.  False: there is none.  Begin with { 0 }. */
bool shot_next_run(const struct grid *g, const struct theme *t, int y, struct shot_run *run);

/* Writes a character as UTF-8. */
void shot_put_code(uint32_t code, FILE *out);

/* Writes a cell's character and its mark as UTF-8; nothing for the right half of a wide one. */
void shot_put_char(const struct cell *c, FILE *out);

void shot_svg(const struct grid *g, const struct theme *t, FILE *out);

#endif
