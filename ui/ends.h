/*
 * ends: which end of the cursor's connection stands at which side of the ladder.
 */
#ifndef SOCKLENS_UI_ENDS_H
#define SOCKLENS_UI_ENDS_H

#include "ui/ladder_view.h"

/* The end (0, 1 of struct conn) at the left.  The frame's sides must be of a connection. */
int ends_left(const struct ladder_frame *f);

/* Whether the sides are those of a connection of TCP. */
bool ends_are_tcp(const struct ladder_frame *f);

/* How a side is marked wherever both are shown in one picture: a sign that points inwards, and its colour. */
uint32_t ends_mark(int side);
enum style ends_style(int side);

#endif
