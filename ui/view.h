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
#include "src/core/str.h"
#include "src/ladder.h"
#include "src/shown.h"
#include "ui/grid.h"

#define VIEW_MIN_WIDTH	80
#define VIEW_MIN_HEIGHT	24

struct marks;
struct replay;
struct ruler;
struct graph;

struct view {
	struct trace *trace;
	uint64_t cursor;	/* id of the event under it; 0: none yet */
	uint64_t event;		/* id of the one that is meant among those of the cursor's row; 0: its head */
	bool follow;		/* the cursor stays on the newest event */
	size_t panel;		/* number of the panel shown */
	int panel_scroll;	/* rows of the panel that are scrolled away */
	char search[64];	/* "": none */
	const struct shown *shown;	/* which rows of the ladder are shown; NULL: all.  Borrowed */
	struct replay *replay;	/* the numbers behind the verdicts; NULL: they are not shown.  Borrowed */
	struct ruler *ruler;	/* the bytes of the cursor's connection; NULL: not counted.  Borrowed */
	struct graph *graph;	/* its graphs; NULL: not drawn.  Borrowed */
	struct marks *marks;	/* events that were marked; NULL: none.  Borrowed */
	bool present;		/* in front of a class: rows stand apart, and of the panels only the name of the one shown */
	bool reveal;		/* rows behind the cursor are hidden until it comes to them; not while it follows */
	bool spotlight;		/* rows but that of the cursor are faint */
	bool panel_hidden;
	uint64_t wire_picked;	/* number of the packet, or the rule, that the wire's panel acts on; 0: the first */
	bool wire_picked_rule;
	int64_t now_ns;		/* while something is held or moves: the clock; 0: the time of the cursor's moment */
	bool steady;		/* rows are printed as they come: they must line up with those that follow */
	const char *mark;	/* what the header says beside the time ("● rec"); NULL: nothing */
};

#define PANEL_ROWS_MAX	(1 << 20)	/* panel_scroll stays below */

/* Where the parts of the screen are, for this size. */
struct layout {
	struct area header;	/* 2 rows: title line, host names */
	struct area ladder;
	struct area panel;	/* below the ladder, or beside it on wide screens; its first row is its heading */
	bool beside;		/* the panel is beside the ladder; the column before it is a rule */
	struct area hint;	/* the last row: prompt, hints or an error */
};
struct layout view_layout(const struct view *v, struct grid *g);

/* Draws header, ladder and panel.  The hint row is the application's. */
void view_draw(const struct view *v, struct grid *g);

/* Parts of it, also for `show` and for tests. */
void header_draw(const struct view *v, struct area a);

/*
 * Draws the ladder's rows so that the cursor's row is visible, near the middle when possible and at the bottom in
 * follow mode.  ladder_draw_row() (ui/ladder_view.h) draws one row of it.
 */
void ladder_draw(const struct view *v, struct area a);

/* Where the cursor goes: n ladder rows on (negative: back), to the first or last row.  Sets follow at the last. */
void view_move(struct view *v, long n);
void view_first(struct view *v);
void view_last(struct view *v);		/* where rows are hidden behind the cursor, it does not follow */
void view_click(struct view *v, struct area ladder, int y);	/* the row drawn at y of the ladder's area */

/*
 * Steps from one shown row of the ladder to another: as ladder_next() and so on, but rows that v->shown hides are
 * passed over.  view_row_at(): the shown row of the event, or else the nearest one before it, or else behind it.
 */
bool view_row_at(const struct view *v, uint32_t trace_row, struct ladder_row *out);
bool view_row_first(const struct view *v, struct ladder_row *out);
bool view_row_last(const struct view *v, struct ladder_row *out);
bool view_row_next(const struct view *v, const struct ladder_row *from, struct ladder_row *out);
bool view_row_prev(const struct view *v, const struct ladder_row *from, struct ladder_row *out);
bool view_hides(const struct view *v);	/* not all rows are shown */

/* Appends which rows are shown, where not all are: " · 12 of 340 packets: tcp port 80"; else nothing. */
void view_chosen_text(const struct view *v, struct str *out);

/* There are rows behind the cursor's that are hidden for now. */
bool view_hides_more(const struct view *v);
bool view_ends_at_cursor(const struct view *v);	/* those behind it would be, if there were any */

/* Moves to the row of the ladder that shows a trace row.  False: there is none. */
bool view_go(struct view *v, uint32_t trace_row);

/*
 * The event that is explained (src/links.h): that of v->event if the cursor's row shows it, else what makes the row.
 * ROW_NONE: the trace is empty.
 */
uint32_t view_event(const struct view *v);

/* Moves to the row that shows an event, and means that one.  False: no row does, or it is hidden. */
bool view_go_event(struct view *v, uint32_t trace_row);

/*
 * Works out the numbers behind the verdicts of the packets on the screen, of the cursor's connection: rows is how
 * many lie below the cursor at most; and what the panel shown counts.  True: there is something new to be drawn.
 */
bool view_work(struct view *v, int rows, int64_t budget_ns);
bool view_busy(const struct view *v);	/* there is more of it to do */

/* Moves to the next (or previous) row whose text contains v->search, as find.h has it.  False: none, the cursor stays. */
bool view_search(struct view *v, bool forward);

/* The ladder's row under the cursor (the last one if there is no cursor).  False: there are no rows. */
bool view_cursor(const struct view *v, struct ladder_row *out);

/*
 * The last trace row of the cursor's moment: before the next row of the ladder begins, and with the states
 * that the cursor's row shows.  What the panels call "now".  ROW_NONE: the trace is empty.
 */
uint32_t view_now(const struct view *v);

/* Appends a time as the screen shows it: 00:00.412 since the first event. */
void view_time(struct str *out, const struct trace *t, int64_t ts_ns);

/* A packet with what its headers and its connection say; WIRE rows give their packet. */
struct view_packet {
	uint32_t row;		/* of the PACKET */
	const struct event *ev;	/* borrowed as from trace_event() */
	uint32_t link;		/* LINK_* */
	struct packet packet;
	const struct conn *conn;	/* NULL if it has none */
	int dir;
};
bool view_packet(const struct view *v, uint32_t row, struct view_packet *out);

/*
 * A panel draws into the area below the panel's heading, which view_draw() draws.  panel_scroll rows of what it
 * has to say are above the area.
 */
struct panel {
	const char *name;	/* "sockets" */
	void (*draw)(const struct view *v, struct area a);
	bool (*work)(const struct view *v, int64_t budget_ns);	/* counts on for a while; true: news.  NULL: nothing */
};
extern const struct panel panels[];	/* sockets, packet, call, … */
extern const size_t panels_count;

#endif
