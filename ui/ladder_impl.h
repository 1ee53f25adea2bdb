/*
 * Inside of the ladder's rows; only ui/ladder_*.c include it.
 */
#ifndef SOCKLENS_UI_LADDER_IMPL_H
#define SOCKLENS_UI_LADDER_IMPL_H

#include "ui/ladder_view.h"

/*
 * The calls in the lanes, and beside the rails the states, and the verdict on a packet beside its sender's
 * (ladder_lane.c).  False: there was no room for the verdict.  Lines: in front of a class a call is wrapped in its lane,
 * and its packet may be on a line below it; else it is one.
 */
int ladder_lanes_lines(const struct ladder_frame *f, const struct ladder_row *r);
bool ladder_lanes_draw(const struct ladder_frame *f, const struct ladder_row *r, struct area a,
		       int y, int *packet_y);

/*
 * What a program did as a whole (started, exited), and what it printed (ladder_said.c).  Lines that it takes; 0, and
 * false: the row is no such thing.
 */
int ladder_said_lines(const struct ladder_frame *f, const struct ladder_row *r, struct area a);
bool ladder_said_draw(const struct ladder_frame *f, const struct ladder_row *r, struct area a, int y);

/*
 * What the analysis says about a PACKET, in at most `room` cells if that is possible (ladder_verdict.c).  False:
 * nothing, or it does not fit.
 */
bool ladder_verdict(const struct ladder_frame *f, uint32_t row, int room, struct str *out,
		    enum style *style);

/* The inferred state that a PACKET brought to a side; false: none, or the kernel's own are known there. */
bool ladder_inferred(const struct ladder_frame *f, uint32_t row, int side, struct str *out);
bool ladder_starts_midway(const struct ladder_frame *f, const struct ladder_row *r);

/* What its receiver made of a packet that arrives on this row, in at most `room` cells; false: nothing, or no room. */
bool ladder_arrival(const struct ladder_frame *f, uint32_t row, int room, struct str *out, enum style *style);

/* The arrow of a PACKET or WIRE, with the verdict on it if it stands nowhere else (ladder_packet.c). */
void ladder_packet_draw(const struct ladder_frame *f, uint32_t row, bool verdict, struct area a, int y);

/* What the call of a RETURN moved inside one kernel (ladder_local.c). */
void ladder_local_draw(const struct ladder_frame *f, uint32_t row, struct area a, int y);

/*
 * Text in the middle, over both lanes and in several lines if it is long, but never over the bar of a call that
 * blocks at the trace row `now` (ladder_row.c).
 */
int ladder_text_lines(const struct ladder_frame *f, struct area a, uint32_t now, const char *text);
void ladder_text_draw(const struct ladder_frame *f, struct area a, int y, uint32_t now, enum style style,
		      const char *text);

#endif
