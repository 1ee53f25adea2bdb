/*
 * find: looking for an event of the ladder, in slices, so that a trace of any size never makes a key wait.
 *
 *	word			in the text of a row, case ignored
 *	hex:de ad be ef		in the bytes of a packet's payload (of a packet without one: in all its bytes)
 *	"text\r\n"		the same, given as text with the escapes of safe.h
 *
 * Other things that are looked for: a packet with a verdict, an event that was marked.
 */
#ifndef SOCKLENS_UI_FIND_H
#define SOCKLENS_UI_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/err.h"
#include "ui/view.h"

struct find;

/* view is borrowed; where an event is found its cursor goes there. */
struct find *find_new(struct view *view, struct err *e);
void find_free(struct find *f);

/*
 * Begin at the cursor: the next event behind it, or the one before it.  -1: what is looked for is not well
 * formed.  wrap: at the end go on from the beginning, up to the cursor's own.
 */
int find_text(struct find *f, const char *what, bool forward, bool wrap, struct err *e);
void find_verdict(struct find *f, uint16_t bits, bool forward);
void find_mark(struct find *f, bool forward);

enum find_state {
	FIND_IDLE,		/* nothing is looked for */
	FIND_GOING,
	FIND_FOUND,		/* once: the cursor is there now */
	FIND_NOTHING,		/* once: there is none */
};

/* Looks on for about budget_ns (0: till the end). */
enum find_state find_work(struct find *f, int64_t budget_ns);
bool find_busy(const struct find *f);
void find_stop(struct find *f);
unsigned find_percent(const struct find *f);	/* of the rows looked at */

#endif
