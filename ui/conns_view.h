/*
 * conns_view: the connections of a trace over the whole screen, with a cursor, sorted by any column, and only
 * those that were asked for.
 *
 * The cursor is a connection, not a line: it stays with it when the order changes.
 */
#ifndef SOCKLENS_UI_CONNS_VIEW_H
#define SOCKLENS_UI_CONNS_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/conn_list.h"
#include "ui/grid.h"

struct conns_view {
	struct trace *trace;		/* borrowed */
	const struct shown *shown;	/* borrowed; what the filter leaves */
	struct conn_list *list;
	uint32_t conn;			/* under the cursor */
	size_t row;			/* where that was when it was last looked for */
	const char *mark;		/* as in struct view */
};

int conns_view_init(struct conns_view *v, struct trace *t, const struct shown *s, struct err *e);
void conns_view_fini(struct conns_view *v);

/* The connection under the cursor; CONN_NONE: the list is empty. */
uint32_t conns_view_conn(struct conns_view *v);

void conns_view_move(struct conns_view *v, long n);
void conns_view_first(struct conns_view *v);
void conns_view_last(struct conns_view *v);
void conns_view_click(struct conns_view *v, struct area a, int x, int y);	/* a line, or the head of a column */

/* Sorts by the next column (or the one before); turns the order round. */
void conns_view_column(struct conns_view *v, int by);
void conns_view_sort(struct conns_view *v, enum conn_column column);
void conns_view_reverse(struct conns_view *v);

/* Draws a title line, the heads and the rows. */
void conns_view_draw(struct conns_view *v, struct area a);

#define CONNS_VIEW_HEAD	2	/* lines above the first row */

#endif
