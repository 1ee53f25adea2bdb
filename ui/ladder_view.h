/*
 * ladder_view: rows of the ladder as cells.
 *
 *	▌00:00.412 calls of the left host ┌┆│── packet ─▶│┆┐calls of the right host
 *	 time      lane                 bars│   middle   │bars lane
 *
 * A frame is all that the rows of one drawing have in common; it is made once, from the view alone.
 */
#ifndef SOCKLENS_UI_LADDER_VIEW_H
#define SOCKLENS_UI_LADDER_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "src/ladder.h"
#include "ui/grid.h"
#include "ui/view.h"

#define LADDER_BARS	3	/* columns for blocked calls beside a rail; more threads share the last */

/* Where things stand; side 0 is the left, 1 the right. */
struct ladder_columns {
	int width;		/* of all */
	int time;		/* x of the time; -1: no such column */
	int lane[2];		/* x of the lanes */
	int lane_room[2];	/* their widths: they differ where nobody is at the right (ladder_view.c) */
	int lane_width;		/* of the wider one */
	int bar[2];		/* x of the bar that is nearest to the rail; others further outside */
	int rail[2];
	int middle, middle_width;	/* between the rails */
};

/* Who is at the left and at the right. */
struct ladder_sides {
	bool by_host;		/* hosts of a lab; else the two ends of a connection */
	uint8_t host[2];
	struct addr end[2];	/* address and port; len 0: not known */
	uint32_t conn;		/* the connection they are of, CONN_NONE */
	bool many[2];		/* more than one program there: their names are shown */
};

struct ladder_frame {
	const struct view *view;
	struct ladder_columns columns;
	struct ladder_sides sides;
	struct ladder_row cursor;	/* valid if there is one */
	bool has_cursor;
	bool inferred[2];	/* the states of a side come from packets: its kernel's own are not known */
};

/* time: a column with the time, where the width allows it (force_time: always). */
struct ladder_frame ladder_frame(const struct view *v, int width, bool force_time);

/* Lines that a row takes in an area of the frame's width; at least 1. */
int ladder_row_height(const struct ladder_frame *f, const struct ladder_row *r, struct area a);

/* Draws a row from line y of the area down; returns its height. */
int ladder_draw_row(const struct ladder_frame *f, const struct ladder_row *r, struct area a, int y);

/* The rails and the bars alone: for the empty rest of the ladder.  row: the instant; ROW_NONE: no bars. */
void ladder_draw_rails(const struct ladder_frame *f, uint32_t row, struct area a, int y);

/* The side of a packet's sender (0, 1), or -1 if it is not between the two sides. */
int ladder_packet_side(const struct ladder_frame *f, const struct trace_entry *e);

/* The side of a host (of a lane of it, where both sides are one host), or -1. */
int ladder_lane_side(const struct ladder_frame *f, uint8_t host, uint16_t lane);

/*
 * Appends what is at a side: "client 192.0.2.1", "192.0.2.1:45012"; in at most `room` cells: of an address with
 * a port the host is shortened, never the port.
 */
void ladder_side_text(struct str *out, const struct ladder_frame *f, int side, int room);

/* Sets `inferred` of a frame whose sides are known. */
void ladder_choose_states(struct ladder_frame *f);

/* Appends all that a row says, for searching. */
void ladder_row_text(struct str *out, const struct view *v, const struct ladder_row *r);

#endif
