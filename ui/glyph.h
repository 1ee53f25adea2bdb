/*
 * glyph: the small set of characters that the screen is drawn with, each with its ASCII twin.
 */
#ifndef SOCKLENS_UI_GLYPH_H
#define SOCKLENS_UI_GLYPH_H

#include <stdbool.h>
#include <stdint.h>

enum glyph {
	GLYPH_LINE,		/* ─  - */
	GLYPH_DASH,		/* ╌  . : a packet that is still on its way */
	GLYPH_RAIL,		/* │  | */
	GLYPH_RIGHT,		/* ▶  > */
	GLYPH_LEFT,		/* ◀  < */
	GLYPH_LOST,		/* ✗  x */
	GLYPH_HELD,		/* ◆  # */
	GLYPH_COPY,		/* ×2 is text; ⧉ is rare: = */
	GLYPH_BLOCK_START,	/* ┐  , (left lane ┌) */
	GLYPH_BLOCK_START_LEFT,
	GLYPH_BLOCK,		/* ┆  : */
	GLYPH_BLOCK_END,	/* ┘  ' (left lane └) */
	GLYPH_BLOCK_END_LEFT,
	GLYPH_RETRANSMIT,	/* ↻  ~ */
	GLYPH_ELLIPSIS,		/* …  . */
	GLYPH_DOT,		/* ·  . */
	GLYPH_ARROW,		/* →  > */
	GLYPH_BOTH,		/* ⇄  = */
	GLYPH_CURSOR,		/* ▌  > : the row under the cursor */
	GLYPH_MARK,		/* ●  * : an event that was marked */
	GLYPH_OUTPUT,		/* »  > : a program printed it */
	GLYPH_ERROR_OUTPUT,	/* !  ! : … on its standard error */
	GLYPH_LOCAL_RIGHT,	/* ▷  > : it passed inside one kernel, not over the wire */
	GLYPH_LOCAL_LEFT,	/* ◁  < */
	GLYPH_COUNT
};

/* The character to draw; ascii: the twin. */
uint32_t glyph_code(enum glyph g, bool ascii);

/* The twin of any character: itself if it is ASCII, '?' where there is none. */
uint32_t glyph_twin(uint32_t code);

/* Replaces every non-ASCII character of a grid by its twin ('?' where there is none). */
struct grid;
void glyph_to_ascii(struct grid *g);

#endif
