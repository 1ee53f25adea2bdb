/*
 * ladder_sides: who is at the left and who at the right of the ladder.  In a lab these are two hosts; in a
 * capture from elsewhere the two ends of the connection under the cursor.
 */
#ifndef SOCKLENS_UI_LADDER_SIDES_H
#define SOCKLENS_UI_LADDER_SIDES_H

#include "ui/ladder_view.h"

/* row: of the cursor; ROW_NONE. */
struct ladder_sides ladder_sides(const struct view *v, uint32_t row);

#endif
