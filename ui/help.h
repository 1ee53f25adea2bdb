/*
 * help: everything that can be pressed and typed, on one scrolling page, made from the tables that do it:
 * keys, commands of the screen, commands of the lab language, calls; and the legend of the ladder.
 */
#ifndef SOCKLENS_UI_HELP_H
#define SOCKLENS_UI_HELP_H

#include <stddef.h>

#include "ui/grid.h"

/* A command of the screen, as the application's table hands it over; NULL ends. */
struct help_command {
	const char *usage, *help;
};
typedef const struct help_command *help_commands_fn(size_t i, struct help_command *room);

/*
 * Draws the page, scrolled down by `skip` rows, into the whole area.  Returns the rows that it has in
 * all at this width, so that the caller knows how far one can scroll.
 */
int help_draw(struct area a, int skip, help_commands_fn *commands);

#endif
