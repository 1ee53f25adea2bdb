/*
 * view: what the screen shows, as a pure function of the trace, the cursor and the size.
 *
 * struct view is all the state that the screen has; keys and commands change it, the drawing functions only
 * read it.  A panel is a row of panels[]: a name and a function that draws into an area.
 */
#ifndef SOCKLENS_UI_VIEW_H
#define SOCKLENS_UI_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/trace.h"
#include "ui/grid.h"

#define VIEW_MIN_WIDTH	80
#define VIEW_MIN_HEIGHT	24

struct view {
	struct trace *trace;
	uint64_t cursor;	/* id of the event under it; 0: none yet */
	bool follow;		/* the cursor stays on the newest event */
	size_t panel;		/* number of the panel shown */
	int panel_scroll;	/* rows of the panel that are scrolled away */
	char search[64];	/* "": none */
};

/* Where the parts of the screen are, for this size. */
struct layout {
	struct area header;	/* 2 rows: title line, host names */
	struct area ladder;
	struct area panel;	/* below the ladder, or beside it on wide screens; its first row is its heading */
	struct area hint;	/* the last row: prompt, hints or an error */
};
struct layout view_layout(struct grid *g);

/* Draws header, ladder and panel.  The hint row is the application's. */
void view_draw(const struct view *v, struct grid *g);

/* Parts of it, also for `show` and for tests. */
void header_draw(const struct view *v, struct area a);

/*
 * Draws the ladder's rows so that the cursor's row is visible, near the middle when possible and at the bottom in
 * follow mode.  ladder_draw_row() draws one row of it (see src/ladder.h) at y.
 */
void ladder_draw(const struct view *v, struct area a);

/* Where the cursor goes: n ladder rows on (negative: back), to the first or last row.  Sets follow at the last. */
void view_move(struct view *v, long n);
void view_first(struct view *v);
void view_last(struct view *v);
void view_click(struct view *v, struct area ladder, int y);	/* the row drawn at y of the ladder's area */

/* Moves to the next (or previous) row whose text contains v->search (case ignored).  False: none, the cursor stays. */
bool view_search(struct view *v, bool forward);

struct panel {
	const char *name;	/* "sockets" */
	void (*draw)(const struct view *v, struct area a);
};
extern const struct panel panels[];	/* sockets, packet, call, … */
extern const size_t panels_count;

#endif
