/*
 * Arrows are laid on a sheet as cells with the directions that a line leaves them in, so that lines which meet join;
 * those that are gone at this moment lie on a second sheet above it, in double lines.  States' names cover both.
 */
#include "ui/figure.h"

#include <string.h>

#include "ui/ends.h"

#define S(name) SOCK_STATE_##name

/* clang-format off */

/* In one line of sight from the left to the right: 80x24. */
static const struct figure_node small_nodes[] = {
	{ S(CLOSED), 1, 2 }, { S(SYN_SENT), 11, 0 }, { S(SYN_RECEIVED), 11, 2 }, { S(LISTEN), 11, 4 },
	{ S(ESTABLISHED), 27, 2 }, { S(FIN_WAIT_1), 43, 0 }, { S(CLOSING), 45, 2 }, { S(CLOSE_WAIT), 43, 4 },
	{ S(FIN_WAIT_2), 57, 0 }, { S(TIME_WAIT), 57, 2 }, { S(LAST_ACK), 57, 4 }, { S(CLOSED), 72, 2 },
};
static const struct figure_arc small_arcs[] = {
	/* Both ways along one line: the second begins at the head of the first. */
	{ S(SYN_SENT), S(CLOSED), 3, { { 8, 0 }, { 4, 0 }, { 4, 2 } }, { { 0 } } },
	{ S(CLOSED), S(SYN_SENT), 3, { { 4, 2 }, { 4, 0 }, { 9, 0 } }, { { 0 } } },
	{ S(LISTEN), S(CLOSED), 3, { { 8, 4 }, { 4, 4 }, { 4, 2 } }, { { 0 } } },
	{ S(CLOSED), S(LISTEN), 3, { { 4, 2 }, { 4, 4 }, { 9, 4 } }, { { 0 } } },
	{ S(SYN_SENT), S(SYN_RECEIVED), 2, { { 14, 0 }, { 14, 2 } }, { { 0 } } },
	{ S(LISTEN), S(SYN_RECEIVED), 2, { { 12, 4 }, { 12, 2 } }, { { 0 } } },
	{ S(SYN_RECEIVED), S(LISTEN), 2, { { 15, 2 }, { 15, 4 } }, { { 0 } } },
	{ S(SYN_SENT), S(ESTABLISHED), 3, { { 19, 0 }, { 30, 0 }, { 30, 2 } }, { { 0 } } },
	{ S(SYN_RECEIVED), S(ESTABLISHED), 2, { { 23, 2 }, { 26, 2 } }, { { 0 } } },
	{ S(ESTABLISHED), S(FIN_WAIT_1), 3, { { 35, 2 }, { 35, 0 }, { 41, 0 } }, { { 0 } } },
	{ S(ESTABLISHED), S(CLOSE_WAIT), 3, { { 35, 2 }, { 35, 4 }, { 41, 4 } }, { { 0 } } },
	{ S(FIN_WAIT_1), S(FIN_WAIT_2), 2, { { 53, 0 }, { 56, 0 } }, { { 0 } } },
	{ S(FIN_WAIT_1), S(CLOSING), 2, { { 47, 0 }, { 47, 2 } }, { { 0 } } },
	{ S(FIN_WAIT_1), S(TIME_WAIT), 4, { { 51, 0 }, { 51, 1 }, { 58, 1 }, { 58, 2 } }, { { 0 } } },
	{ S(CLOSING), S(TIME_WAIT), 2, { { 52, 2 }, { 55, 2 } }, { { 0 } } },
	{ S(FIN_WAIT_2), S(TIME_WAIT), 2, { { 62, 0 }, { 62, 2 } }, { { 0 } } },
	{ S(CLOSE_WAIT), S(LAST_ACK), 2, { { 53, 4 }, { 56, 4 } }, { { 0 } } },
	{ S(TIME_WAIT), S(CLOSED), 2, { { 66, 2 }, { 70, 2 } }, { { 0 } } },
	{ S(LAST_ACK), S(CLOSED), 3, { { 65, 4 }, { 74, 4 }, { 74, 2 } }, { { 0 } } },
};

/* The same with what the arrows say: 140x45. */
static const struct figure_node wide_nodes[] = {
	{ S(CLOSED), 2, 4 }, { S(SYN_SENT), 26, 0 }, { S(SYN_RECEIVED), 24, 4 }, { S(LISTEN), 27, 8 },
	{ S(ESTABLISHED), 56, 4 }, { S(FIN_WAIT_1), 76, 0 }, { S(CLOSING), 78, 4 }, { S(CLOSE_WAIT), 76, 8 },
	{ S(FIN_WAIT_2), 105, 0 }, { S(TIME_WAIT), 105, 4 }, { S(LAST_ACK), 105, 8 }, { S(CLOSED), 129, 4 },
};
static const struct figure_arc wide_arcs[] = {
	{ S(SYN_SENT), S(CLOSED), 3, { { 23, 0 }, { 4, 0 }, { 4, 4 } }, { { FIGURE_BOTH, 6, 2 } } },
	{ S(CLOSED), S(SYN_SENT), 3, { { 4, 4 }, { 4, 0 }, { 24, 0 } }, { { FIGURE_BOTH, 6, 1 } } },
	{ S(LISTEN), S(CLOSED), 3, { { 24, 8 }, { 4, 8 }, { 4, 4 } }, { { FIGURE_BOTH, 6, 6 } } },
	{ S(CLOSED), S(LISTEN), 3, { { 4, 4 }, { 4, 8 }, { 25, 8 } }, { { FIGURE_EVENT, 6, 7 } } },
	{ S(SYN_SENT), S(SYN_RECEIVED), 2, { { 29, 0 }, { 29, 4 } }, { { FIGURE_BOTH, 31, 2 } } },
	{ S(LISTEN), S(SYN_RECEIVED), 2, { { 31, 8 }, { 31, 4 } }, { { FIGURE_BOTH, 33, 6 } } },
	{ S(SYN_RECEIVED), S(LISTEN), 2, { { 29, 4 }, { 29, 8 } }, { { FIGURE_EVENT, 21, 7 } } },
	{ S(SYN_SENT), S(ESTABLISHED), 3, { { 34, 0 }, { 58, 0 }, { 58, 4 } }, { { FIGURE_BOTH, 36, 1 } } },
	{ S(SYN_RECEIVED), S(ESTABLISHED), 2, { { 36, 4 }, { 54, 4 } }, { { FIGURE_EVENT, 39, 3 } } },
	{ S(ESTABLISHED), S(FIN_WAIT_1), 3, { { 63, 4 }, { 63, 0 }, { 74, 0 } }, { { FIGURE_EVENT, 65, 1 }, { FIGURE_ACTION, 65, 2 } } },
	{ S(ESTABLISHED), S(CLOSE_WAIT), 3, { { 63, 4 }, { 63, 8 }, { 74, 8 } }, { { FIGURE_EVENT, 65, 6 }, { FIGURE_ACTION, 65, 7 } } },
	{ S(FIN_WAIT_1), S(FIN_WAIT_2), 2, { { 86, 0 }, { 103, 0 } }, { { FIGURE_EVENT, 88, 1 } } },
	{ S(FIN_WAIT_1), S(CLOSING), 2, { { 83, 0 }, { 83, 4 } }, { { FIGURE_EVENT, 75, 2 }, { FIGURE_ACTION, 75, 3 } } },
	{ S(FIN_WAIT_1), S(TIME_WAIT), 4, { { 85, 0 }, { 85, 2 }, { 106, 2 }, { 106, 4 } }, { { FIGURE_EVENT, 87, 3 } } },
	{ S(CLOSING), S(TIME_WAIT), 2, { { 85, 4 }, { 103, 4 } }, { { FIGURE_EVENT, 88, 5 } } },
	{ S(FIN_WAIT_2), S(TIME_WAIT), 2, { { 110, 0 }, { 110, 4 } }, { { FIGURE_BOTH, 112, 2 } } },
	{ S(CLOSE_WAIT), S(LAST_ACK), 2, { { 86, 8 }, { 103, 8 } }, { { FIGURE_BOTH, 88, 7 } } },
	{ S(TIME_WAIT), S(CLOSED), 2, { { 114, 4 }, { 127, 4 } }, { { FIGURE_EVENT, 115, 5 } } },
	{ S(LAST_ACK), S(CLOSED), 3, { { 113, 8 }, { 132, 8 }, { 132, 4 } }, { { FIGURE_EVENT, 116, 7 } } },
};

/* As the RFC has it, from the top down: beside the ladder. */
static const struct figure_node tall_nodes[] = {
	{ S(CLOSED), 23, 1 }, { S(LISTEN), 23, 5 }, { S(SYN_RECEIVED), 1, 9 }, { S(SYN_SENT), 43, 9 },
	{ S(ESTABLISHED), 21, 13 }, { S(FIN_WAIT_1), 1, 18 }, { S(CLOSE_WAIT), 42, 18 },
	{ S(FIN_WAIT_2), 1, 22 }, { S(CLOSING), 21, 22 }, { S(LAST_ACK), 43, 22 },
	{ S(TIME_WAIT), 21, 26 }, { S(CLOSED), 44, 26 },
};
static const struct figure_arc tall_arcs[] = {
	{ S(CLOSED), S(LISTEN), 2, { { 24, 1 }, { 24, 5 } }, { { FIGURE_EVENT, 11, 3 } } },
	{ S(LISTEN), S(CLOSED), 2, { { 27, 5 }, { 27, 1 } }, { { FIGURE_EVENT, 29, 3 } } },
	{ S(CLOSED), S(SYN_SENT), 4, { { 26, 1 }, { 26, 0 }, { 50, 0 }, { 50, 9 } }, { { FIGURE_BOTH, 28, 0 } } },
	{ S(SYN_SENT), S(CLOSED), 3, { { 46, 9 }, { 46, 1 }, { 30, 1 } }, { { FIGURE_EVENT, 35, 2 } } },
	{ S(LISTEN), S(SYN_SENT), 3, { { 29, 5 }, { 43, 5 }, { 43, 9 } }, { { FIGURE_EVENT, 32, 4 }, { FIGURE_ACTION, 32, 6 } } },
	{ S(SYN_RECEIVED), S(LISTEN), 3, { { 4, 9 }, { 4, 5 }, { 21, 5 } }, { { FIGURE_EVENT, 8, 4 } } },
	{ S(LISTEN), S(SYN_RECEIVED), 4, { { 25, 5 }, { 25, 7 }, { 10, 7 }, { 10, 9 } }, { { FIGURE_EVENT, 13, 6 }, { FIGURE_ACTION, 13, 8 } } },
	{ S(SYN_SENT), S(SYN_RECEIVED), 2, { { 41, 9 }, { 14, 9 } }, { { FIGURE_BOTH, 18, 10 } } },
	{ S(SYN_RECEIVED), S(ESTABLISHED), 3, { { 7, 9 }, { 7, 13 }, { 19, 13 } }, { { FIGURE_EVENT, 9, 12 } } },
	{ S(SYN_SENT), S(ESTABLISHED), 3, { { 46, 9 }, { 46, 13 }, { 33, 13 } }, { { FIGURE_EVENT, 34, 12 }, { FIGURE_ACTION, 34, 14 } } },
	{ S(SYN_RECEIVED), S(FIN_WAIT_1), 2, { { 3, 9 }, { 3, 18 } }, { { FIGURE_EVENT, 5, 14 }, { FIGURE_ACTION, 5, 15 } } },
	{ S(ESTABLISHED), S(FIN_WAIT_1), 4, { { 24, 13 }, { 24, 16 }, { 8, 16 }, { 8, 18 } }, { { FIGURE_EVENT, 14, 15 }, { FIGURE_ACTION, 14, 17 } } },
	{ S(ESTABLISHED), S(CLOSE_WAIT), 4, { { 28, 13 }, { 28, 16 }, { 46, 16 }, { 46, 18 } }, { { FIGURE_EVENT, 33, 15 }, { FIGURE_ACTION, 33, 17 } } },
	{ S(FIN_WAIT_1), S(FIN_WAIT_2), 2, { { 4, 18 }, { 4, 22 } }, { { FIGURE_EVENT, 6, 21 } } },
	{ S(FIN_WAIT_1), S(CLOSING), 3, { { 11, 18 }, { 24, 18 }, { 24, 22 } }, { { FIGURE_EVENT, 14, 19 }, { FIGURE_ACTION, 14, 20 } } },
	{ S(FIN_WAIT_1), S(TIME_WAIT), 3, { { 11, 18 }, { 29, 18 }, { 29, 26 } }, { { FIGURE_EVENT, 31, 19 } } },
	{ S(CLOSE_WAIT), S(LAST_ACK), 2, { { 50, 18 }, { 50, 22 } }, { { FIGURE_EVENT, 44, 20 }, { FIGURE_ACTION, 42, 21 } } },
	{ S(CLOSING), S(TIME_WAIT), 2, { { 24, 22 }, { 24, 26 } }, { { FIGURE_EVENT, 9, 24 } } },
	{ S(FIN_WAIT_2), S(TIME_WAIT), 3, { { 4, 22 }, { 4, 26 }, { 19, 26 } }, { { FIGURE_EVENT, 6, 25 }, { FIGURE_ACTION, 6, 27 } } },
	{ S(LAST_ACK), S(CLOSED), 2, { { 47, 22 }, { 47, 26 } }, { { FIGURE_EVENT, 32, 24 } } },
	{ S(TIME_WAIT), S(CLOSED), 2, { { 30, 26 }, { 42, 26 } }, { { FIGURE_EVENT, 31, 27 } } },
};

/* Where there is no room for arrows. */
static const struct figure_node list_nodes[] = {
	{ S(CLOSED), 2, 0 }, { S(LISTEN), 2, 1 }, { S(SYN_SENT), 2, 2 }, { S(SYN_RECEIVED), 2, 3 },
	{ S(ESTABLISHED), 2, 4 }, { S(FIN_WAIT_1), 24, 0 }, { S(FIN_WAIT_2), 24, 1 }, { S(CLOSING), 24, 2 },
	{ S(TIME_WAIT), 24, 3 }, { S(CLOSE_WAIT), 24, 4 }, { S(LAST_ACK), 24, 5 },
};

#define COUNT(x) (int)(sizeof(x) / sizeof((x)[0]))
static const struct figure figures[] = { /* what says more goes first */
	{ 136, 9, wide_nodes, COUNT(wide_nodes), wide_arcs, COUNT(wide_arcs) },
	{ 54, 28, tall_nodes, COUNT(tall_nodes), tall_arcs, COUNT(tall_arcs) },
	{ 79, 5, small_nodes, COUNT(small_nodes), small_arcs, COUNT(small_arcs) },
	{ 1, 1, list_nodes, COUNT(list_nodes), NULL, 0 },
};
/* clang-format on */
#undef S

const struct figure *figure_for(int width, int height)
{
	int i = 0;

	while (i < COUNT(figures) - 1 && (figures[i].width > width || figures[i].height > height))
		i++;
	return &figures[i];
}

/* ---- lines ---- */

enum { SHEET_WIDTH = 140, SHEET_HEIGHT = 30 };
enum { NORTH = 1, EAST = 2, SOUTH = 4, WEST = 8 };

struct sheet {
	uint8_t line[SHEET_HEIGHT][SHEET_WIDTH]; /* directions that a line leaves the cell in */
	uint8_t head[SHEET_HEIGHT][SHEET_WIDTH]; /* 0, or the direction of an arrow's head */
};

static const uint16_t single_line[16] = {
	[0] = ' ',
	[NORTH] = 0x2502,
	[SOUTH] = 0x2502,
	[NORTH | SOUTH] = 0x2502,
	[EAST] = 0x2500,
	[WEST] = 0x2500,
	[EAST | WEST] = 0x2500,
	[SOUTH | EAST] = 0x250c,
	[SOUTH | WEST] = 0x2510,
	[NORTH | EAST] = 0x2514,
	[NORTH | WEST] = 0x2518,
	[NORTH | SOUTH | EAST] = 0x251c,
	[NORTH | SOUTH | WEST] = 0x2524,
	[SOUTH | EAST | WEST] = 0x252c,
	[NORTH | EAST | WEST] = 0x2534,
	[NORTH | EAST | SOUTH | WEST] = 0x253c,
};
static const uint16_t double_line[16] = {
	[0] = ' ',
	[NORTH] = 0x2551,
	[SOUTH] = 0x2551,
	[NORTH | SOUTH] = 0x2551,
	[EAST] = 0x2550,
	[WEST] = 0x2550,
	[EAST | WEST] = 0x2550,
	[SOUTH | EAST] = 0x2554,
	[SOUTH | WEST] = 0x2557,
	[NORTH | EAST] = 0x255a,
	[NORTH | WEST] = 0x255d,
	[NORTH | SOUTH | EAST] = 0x2560,
	[NORTH | SOUTH | WEST] = 0x2563,
	[SOUTH | EAST | WEST] = 0x2566,
	[NORTH | EAST | WEST] = 0x2569,
	[NORTH | EAST | SOUTH | WEST] = 0x256c,
};

static uint32_t head_code(uint8_t direction)
{
	return direction == NORTH   ? 0x2191
	       : direction == SOUTH ? 0x2193
	       : direction == WEST  ? 0x2190
				    : 0x2192;
}

static int towards(int from, int to)
{
	return (to > from) - (to < from);
}

static uint8_t direction_of(int dx, int dy)
{
	return dx > 0 ? EAST : dx < 0 ? WEST : dy > 0 ? SOUTH : NORTH;
}

static uint8_t opposite(uint8_t direction)
{
	return (uint8_t)(direction == NORTH   ? SOUTH
			 : direction == SOUTH ? NORTH
			 : direction == EAST  ? WEST
					      : EAST);
}

/* The line from point to point; the head is in the last cell before the last point. */
static void lay_arc(struct sheet *s, const struct figure_arc *arc)
{
	int x = arc->at[0].x, y = arc->at[0].y, last_x = x, last_y = y;
	uint8_t direction = EAST;

	for (int i = 1; i < arc->points; i++) {
		while (x != arc->at[i].x || y != arc->at[i].y) {
			int dx = towards(x, arc->at[i].x), dy = dx ? 0 : towards(y, arc->at[i].y);

			direction = direction_of(dx, dy);
			s->line[y][x] |= direction;
			last_x = x;
			last_y = y;
			x += dx;
			y += dy;
			if (i < arc->points - 1 || x != arc->at[i].x || y != arc->at[i].y)
				s->line[y][x] |= opposite(direction);
		}
	}
	s->head[last_y][last_x] = direction;
}

static void draw_sheet(const struct sheet *s, const struct figure *f, struct area a, int top,
		       bool gone)
{
	enum style style = gone ? STYLE_HELD : STYLE_RULE;

	for (int y = 0; y < f->height && y < SHEET_HEIGHT; y++) {
		for (int x = 0; x < f->width && x < SHEET_WIDTH; x++) {
			uint8_t line = s->line[y][x], head = s->head[y][x];

			if (!line)
				continue;
			area_fill(a, x, top + y, 1, style,
				  head	 ? head_code(head)
				  : gone ? double_line[line]
					 : single_line[line]);
			if (gone)
				area_accent(a, x, top + y, 1);
		}
	}
}

/* ---- words and states ---- */

static bool is_gone(const struct figure_arc *arc, const struct figure_side side[2])
{
	for (int i = 0; i < 2; i++) {
		const struct diagram_arc *now =
			side[i].end && side[i].end->moved ? side[i].end->arc : NULL;

		if (now && now->from == arc->from && now->to == arc->to)
			return true;
	}
	return false;
}

static void draw_label(const struct figure_arc *arc, const struct figure_label *l, struct area a,
		       int top, bool gone)
{
	const struct diagram_arc *d =
		diagram_arc_of((enum sock_state)arc->from, (enum sock_state)arc->to);
	STR_ON_STACK(text, 64);

	if (!d || l->words == FIGURE_NOTHING)
		return;
	if (l->words == FIGURE_BOTH)
		diagram_arc_text(&text, d);
	else
		str_add(&text, l->words == FIGURE_EVENT ? d->event : d->action);
	area_text(a, l->x, top + l->y, gone ? STYLE_HELD : STYLE_DIM, text.buf);
	if (gone)
		area_accent(a, l->x, top + l->y, text_width(text.buf));
}

/* CLOSED stands twice: at the beginning of a life, and at its end. */
static bool is_at(const struct figure *f, int node, const struct diagram_end *end)
{
	enum sock_state state = (enum sock_state)f->node[node].state;
	bool end_of_life = end && end->moved && end->from != SOCK_STATE_LISTEN &&
			   end->from != SOCK_STATE_SYN_SENT;
	int other = -1;

	if (!end || end->state.state != state)
		return false;
	for (int i = 0; i < f->nodes; i++)
		if (i != node && f->node[i].state == state)
			other = i;
	return other < 0 || (end_of_life ? node > other : node < other);
}

static void draw_node(const struct figure *f, int node, struct area a, int top,
		      const struct figure_side side[2])
{
	const struct figure_node *n = &f->node[node];
	const char *name = sock_state_name((enum sock_state)n->state);
	int width = text_width(name), y = top + n->y;
	enum style style = STYLE_PLAIN;

	area_fill(a, n->x - 1, y, 1, STYLE_PLAIN, ' ');
	area_fill(a, n->x + width, y, 1, STYLE_PLAIN, ' ');
	for (int i = 0; i < 2; i++) {
		if (!is_at(f, node, side[i].end))
			continue;
		style = side[i].end->observed ? STYLE_STATE : STYLE_INFERRED;
		area_fill(a, i ? n->x + width : n->x - 1, y, 1, side[i].style, ends_mark(i));
		if (side[i].end->moved)
			area_accent(a, n->x - 1, y, width + 2);
	}
	area_text(a, n->x, y, style, name);
}

void figure_draw(const struct figure *f, struct area a, int y, const struct figure_side side[2])
{
	struct sheet all, gone;

	memset(&all, 0, sizeof(all));
	memset(&gone, 0, sizeof(gone));
	for (int i = 0; i < f->arcs; i++)
		lay_arc(is_gone(&f->arc[i], side) ? &gone : &all, &f->arc[i]);
	draw_sheet(&all, f, a, y, false);
	draw_sheet(&gone, f, a, y, true);
	for (int i = 0; i < f->arcs; i++)
		for (int k = 0; k < 2; k++)
			draw_label(&f->arc[i], &f->arc[i].label[k], a, y,
				   is_gone(&f->arc[i], side));
	for (int i = 0; i < f->nodes; i++)
		draw_node(f, i, a, y, side);
}
