/*
 * figure: the state diagram of RFC 9293 section 3.3.2, laid out for three sizes.  Where states stand and how arrows
 * run is data; what the arrows say is src/diagram.h's.
 */
#ifndef SOCKLENS_UI_FIGURE_H
#define SOCKLENS_UI_FIGURE_H

#include <stdint.h>

#include "src/core/event.h"
#include "src/diagram.h"
#include "ui/grid.h"

struct figure_node {
	uint8_t state;		/* enum sock_state */
	uint8_t x, y;		/* of its name; the cells before and behind it are for marks */
};

enum figure_words { FIGURE_NOTHING, FIGURE_EVENT, FIGURE_ACTION, FIGURE_BOTH };

struct figure_label {
	uint8_t words;		/* enum figure_words */
	uint8_t x, y;
};

struct figure_point {
	uint8_t x, y;
};

#define FIGURE_POINTS	4

struct figure_arc {
	uint8_t from, to;
	uint8_t points;
	struct figure_point at[FIGURE_POINTS];	/* from a state's name or mark; the head stands before the last */
	struct figure_label label[2];
};

struct figure {
	int width, height;
	const struct figure_node *node;
	int nodes;
	const struct figure_arc *arc;
	int arcs;
};

/* The largest one for that many cells; the last resort is a list of the states. */
const struct figure *figure_for(int width, int height);

/* Draws it from line y of the area (which may be negative) with where both sides are: the left is side 0. */
struct figure_side {
	const struct diagram_end *end;	/* NULL: not known */
	enum style style;		/* of its mark */
};
void figure_draw(const struct figure *f, struct area a, int y, const struct figure_side side[2]);

#endif
