/*
 * figure: every layout has every state, its arrows are those of the table and lead from state to state, and what is
 * marked and what is doubled is where both ends are and what they did.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ui/ends.h"
#include "ui/figure.h"

static const struct {
	int width, height;
	int arcs; /* at least */
} sizes[] = { { 140, 10, 19 }, { 54, 28, 21 }, { 80, 5, 19 }, { 40, 6, 0 }, { 1, 1, 0 } };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static const struct figure *nth(size_t i)
{
	return figure_for(sizes[i].width, sizes[i].height);
}

static bool is_state(int state)
{
	return state >= SOCK_STATE_CLOSED && state <= SOCK_STATE_TIME_WAIT;
}

static void every_state_stands_in_every_figure(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < SIZES; i++) {
		unsigned seen = 0;

		for (int n = 0; n < nth(i)->nodes; n++) {
			assert_true(is_state(nth(i)->node[n].state));
			assert_true(nth(i)->node[n].x >= 1);
			seen |= 1u << nth(i)->node[n].state;
		}
		for (int s = SOCK_STATE_CLOSED; s <= SOCK_STATE_TIME_WAIT; s++)
			assert_true(seen & 1u << s);
	}
}

/* At most two cells beside the name: its mark, and a blank. */
static bool is_near(const struct figure *f, int state, struct figure_point p, int slack)
{
	for (int n = 0; n < f->nodes; n++) {
		const struct figure_node *node = &f->node[n];
		int width = (int)strlen(sock_state_name((enum sock_state)node->state));

		if (node->state == state && node->y == p.y && p.x + slack >= node->x &&
		    p.x < node->x + width + slack)
			return true;
	}
	return false;
}

static void arrows_lead_from_state_to_state(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < SIZES; i++) {
		const struct figure *f = nth(i);

		assert_true(f->arcs >= sizes[i].arcs);
		for (int n = 0; n < f->arcs; n++) {
			const struct figure_arc *a = &f->arc[n];

			assert_non_null(
				diagram_arc_of((enum sock_state)a->from, (enum sock_state)a->to));
			assert_true(a->points >= 2 && a->points <= FIGURE_POINTS);
			assert_true(is_near(f, a->from, a->at[0], 3));
			assert_true(is_near(f, a->to, a->at[a->points - 1], 2));
			for (int k = 1; k < a->points; k++)
				assert_true((a->at[k].x == a->at[k - 1].x) !=
					    (a->at[k].y == a->at[k - 1].y));
		}
	}
}

static struct diagram_end end_in(enum sock_state from, enum sock_state to)
{
	return (struct diagram_end){
		.observed = true,
		.state = { .set = (uint16_t)(1u << to),
			   .state = (uint8_t)to,
			   .sure = INFER_CERTAIN },
		.moved = from != SOCK_STATE_NONE,
		.from = from,
		.arc = diagram_arc_of(from, to),
	};
}

struct drawing {
	int marks[2]; /* of the left, of the right */
	int doubles; /* cells of doubled lines */
	int mark_x[2], mark_y[2];
};

static struct drawing draw(size_t size, const struct diagram_end *left,
			   const struct diagram_end *right)
{
	const struct figure_side side[2] = { { left, ends_style(0) }, { right, ends_style(1) } };
	struct drawing d = { { 0 }, 0, { 0 }, { 0 } };
	struct grid g;

	assert_int_equal(grid_init(&g, 150, 40, NULL), 0);
	figure_draw(nth(size), grid_area(&g), 0, side);
	for (int i = 0; i < g.width * g.height; i++) {
		d.doubles += g.cell[i].code >= 0x2550 && g.cell[i].code <= 0x256c;
		for (int s = 0; s < 2; s++) {
			if (g.cell[i].code != ends_mark(s))
				continue;
			d.marks[s]++;
			d.mark_x[s] = i % g.width;
			d.mark_y[s] = i / g.width;
		}
	}
	grid_fini(&g);
	return d;
}

static void each_side_is_marked_once_where_it_is(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < SIZES; i++) {
		for (int s = SOCK_STATE_CLOSED; s <= SOCK_STATE_TIME_WAIT; s++) {
			struct diagram_end a = end_in(SOCK_STATE_NONE, (enum sock_state)s);
			struct diagram_end b = end_in(SOCK_STATE_NONE, SOCK_STATE_ESTABLISHED);
			struct drawing d = draw(i, &a, &b);

			assert_int_equal(d.marks[0], 1);
			assert_int_equal(d.marks[1], 1);
			assert_int_equal(d.doubles, 0);
			assert_true(is_near(
				nth(i), s,
				(struct figure_point){ (uint8_t)d.mark_x[0], (uint8_t)d.mark_y[0] },
				1));
		}
	}
}

static void what_is_not_known_is_not_marked(void **unused)
{
	const struct diagram_end unknown = { .observed = false };
	struct drawing d = draw(0, &unknown, NULL);

	(void)unused;
	assert_int_equal(d.marks[0] + d.marks[1] + d.doubles, 0);
}

/* Of each arrow of a figure, and of none that it has not. */
static void an_arrow_that_was_taken_is_doubled(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < SIZES; i++) {
		for (size_t n = 0; n < diagram_arcs_count; n++) {
			const struct diagram_arc *arc = &diagram_arcs[n];
			struct diagram_end a = end_in(arc->from, arc->to);
			struct drawing d = draw(i, &a, NULL);
			bool drawn = false, longer = false;

			for (int k = 0; k < nth(i)->arcs; k++) {
				const struct figure_arc *f = &nth(i)->arc[k];

				drawn |= f->from == arc->from && f->to == arc->to;
				longer |= f->from == arc->from && f->to == arc->to && f->points > 2;
			}
			assert_true(drawn || d.doubles == 0);
			assert_true(!longer || d.doubles > 0);
			assert_int_equal(d.marks[0], 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_stands_in_every_figure),
		cmocka_unit_test(arrows_lead_from_state_to_state),
		cmocka_unit_test(each_side_is_marked_once_where_it_is),
		cmocka_unit_test(what_is_not_known_is_not_marked),
		cmocka_unit_test(an_arrow_that_was_taken_is_doubled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
