/*
 * arrow: one packet on the ladder, as a line of cells from one rail to the other with its summary inside.
 */
#ifndef SOCKLENS_UI_ARROW_H
#define SOCKLENS_UI_ARROW_H

#include <stdbool.h>

#include "ui/grid.h"

enum arrow_shape {
	ARROW_WHOLE,		/* left and arrived at once:	── SYN ─────────▶ */
	ARROW_LEAVES,		/* is on its way:		── SYN ────╌╌╌    */
	ARROW_ARRIVES,		/* came in from the wire:	   ╌╌╌─── SYN ──▶ */
	ARROW_RESTS,		/* waits on the wire:		── SYN ────◆ held */
	ARROW_LOST,		/* will never arrive:		── SYN ──╌╌ ✗ lost */
	ARROW_LOST_LATER,	/* the same, after a wait:	   ╌╌╌ SYN ╌ ✗ lost */
};

struct arrow {
	enum arrow_shape shape;
	bool leftward;		/* the sender is at the right */
	const char *text;	/* the packet's summary; shortened to what fits */
	enum style style;	/* of the line and the text */
	const char *mark;	/* RESTS and LOST: what is said at its end: "held", "lost: cut" */
	enum style mark_style;
	const char *note;	/* behind the text where there is room, else only its first character before it; NULL: none */
	enum style note_style;
};

/* Draws it over the whole width of the area's first row. */
void arrow_draw(struct area a, const struct arrow *arrow);

/*
 * Appends a packet's summary in at most `room` cells: first its double blanks go, then parts of it, for which
 * "…" stands.
 */
struct str;
void arrow_text(struct str *out, const char *summary, int room);

#endif
