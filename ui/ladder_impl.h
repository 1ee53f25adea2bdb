/*
 * Inside of the ladder's rows; only ui/ladder_*.c include it.
 */
#ifndef SOCKLENS_UI_LADDER_IMPL_H
#define SOCKLENS_UI_LADDER_IMPL_H

#include "ui/ladder_view.h"

/* The calls in the lanes and the states beside the rails (ladder_lane.c). */
void ladder_lanes_draw(const struct ladder_frame *f, const struct ladder_row *r, struct area a,
		       int y);

/* The arrow of a PACKET or WIRE (ladder_packet.c). */
void ladder_packet_draw(const struct ladder_frame *f, uint32_t row, struct area a, int y);

/* Text in the middle, over both lanes and in several lines if it is long (ladder_row.c). */
int ladder_text_lines(const struct ladder_frame *f, struct area a, const char *text);
void ladder_text_draw(const struct ladder_frame *f, struct area a, int y, enum style style,
		      const char *text);

#endif
