/*
 * diagram: where both ends stand in the figure of RFC 9293, on traces made by hand: as kernels say, and as packets
 * alone show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/diagram.h"
#include "src/ladder.h"
#include "tests/scenes.h"

/* The moment of the nth row of the ladder (0 the first). */
static struct diagram at(const struct scene *s, size_t n)
{
	struct ladder_row r, next;
	struct diagram d;
	uint32_t now;

	assert_true(ladder_first(s->t, &r));
	while (n-- > 0)
		assert_true(ladder_next(s->t, &r, &r));
	now = ladder_next(s->t, &r, &next) ? next.head - 1 : trace_rows(s->t) - 1;
	for (int i = 0; i < 2; i++)
		if (r.state[i] != ROW_NONE && r.state[i] > now)
			now = r.state[i];
	diagram_at(s->t, 0, r.head, now, &d);
	return d;
}

/* The next row, from *n on, at which an end moves.  False: there is none. */
static bool next_move(const struct scene *s, size_t *n, int *end, struct diagram *d)
{
	struct ladder_row r;
	size_t rows = 0;

	for (bool more = ladder_first(s->t, &r); more; more = ladder_next(s->t, &r, &r))
		rows++;
	for (; *n < rows; ++*n) {
		*d = at(s, *n);
		for (*end = 0; *end < 2; ++*end)
			if (d->end[*end].moved)
				return true;
	}
	return false;
}

struct step {
	int end;
	enum sock_state from, to;
	const char *label; /* NULL: the figure has no such arrow */
};

static void assert_step(const struct diagram_end *e, const struct step *step)
{
	STR_ON_STACK(text, 64);

	assert_true(e->moved);
	assert_int_equal(e->from, step->from);
	assert_int_equal(e->state.state, step->to);
	if (!step->label) {
		assert_null(e->arc);
		return;
	}
	assert_non_null(e->arc);
	diagram_arc_text(&text, e->arc);
	assert_string_equal(text.buf, step->label);
}

/* All moves of both ends in order; those of one row: the client's first. */
static void assert_walk(const struct scene *s, bool observed, const struct step *step, size_t steps)
{
	size_t n = 0, done = 0;
	struct diagram d;
	int end;

	for (; next_move(s, &n, &end, &d); n++) {
		for (end = 0; end < 2; end++) {
			if (!d.end[end].moved)
				continue;
			assert_true(done < steps);
			assert_int_equal(step[done].end, end);
			assert_int_equal(d.end[end].observed, observed);
			assert_step(&d.end[end], &step[done++]);
		}
	}
	assert_int_equal(done, steps);
}

#define S(name) SOCK_STATE_##name

static void the_table_is_that_of_the_figure(void **state)
{
	int into[SOCK_STATES] = { 0 };

	(void)state;
	assert_int_equal(diagram_arcs_count, 21);
	for (size_t i = 0; i < diagram_arcs_count; i++) {
		const struct diagram_arc *a = &diagram_arcs[i];

		assert_ptr_equal(diagram_arc_of(a->from, a->to), a);
		into[a->to]++;
	}
	for (int s = SOCK_STATE_CLOSED; s <= SOCK_STATE_TIME_WAIT; s++)
		assert_true(into[s] > 0);
	assert_int_equal(into[S(TIME_WAIT)], 3);
	assert_null(diagram_arc_of(S(ESTABLISHED), S(CLOSED)));
}

static void a_life_from_open_to_close_as_kernels_say(void **state)
{
	static const struct step walk[] = {
		{ 1, S(CLOSED), S(LISTEN), "passive OPEN / create TCB" },
		{ 0, S(CLOSED), S(SYN_SENT), "active OPEN / snd SYN" },
		{ 1, S(LISTEN), S(SYN_RECEIVED), "rcv SYN / snd SYN,ACK" },
		{ 0, S(SYN_SENT), S(ESTABLISHED), "rcv SYN,ACK / snd ACK" },
		{ 1, S(SYN_RECEIVED), S(ESTABLISHED), "rcv ACK of SYN" },
		{ 0, S(ESTABLISHED), S(FIN_WAIT_1), "CLOSE / snd FIN" },
		{ 1, S(ESTABLISHED), S(CLOSE_WAIT), "rcv FIN / snd ACK" },
		{ 0, S(FIN_WAIT_1), S(FIN_WAIT_2), "rcv ACK of FIN" },
		{ 0, S(FIN_WAIT_2), S(TIME_WAIT), "rcv FIN / snd ACK" },
		{ 1, S(CLOSE_WAIT), S(LAST_ACK), "CLOSE / snd FIN" },
		{ 1, S(LAST_ACK), S(CLOSED), "rcv ACK of FIN" },
		{ 0, S(TIME_WAIT), S(CLOSED), "Timeout=2MSL / delete TCB" },
	};
	struct scene s = scenes_plain();

	(void)state;
	assert_walk(&s, true, walk, sizeof(walk) / sizeof(walk[0]));
	trace_free(s.t);
}

/* Before anything: the client's end is CLOSED since it has a socket only later, the server's after listen() LISTEN. */
static void an_end_without_a_socket_is_where_its_listener_is(void **state)
{
	struct scene s = scenes_plain();
	struct diagram d = at(&s, 0);

	(void)state;
	assert_true(d.end[0].observed && d.end[1].observed);
	assert_int_equal(d.end[0].state.state, S(CLOSED));
	assert_int_equal(d.end[1].state.state, S(CLOSED));
	for (size_t n = 0; d.end[1].state.state == S(CLOSED); n++)
		d = at(&s, n);
	assert_int_equal(d.end[1].state.state, S(LISTEN));
	assert_int_equal(d.end[0].state.state, S(CLOSED));
	trace_free(s.t);
}

static void a_refused_connection_leaves_the_figure_by_a_reset(void **state)
{
	struct scene s = scenes_refused();
	struct diagram d;
	size_t n = 0;
	int end;

	(void)state;
	assert_true(next_move(&s, &n, &end, &d));
	assert_int_equal(d.end[0].state.state, S(SYN_SENT));
	n++;
	assert_true(next_move(&s, &n, &end, &d));
	/* The figure has an arrow between these two, but for CLOSE. */
	assert_int_equal(d.end[0].from, S(SYN_SENT));
	assert_int_equal(d.end[0].state.state, S(CLOSED));
	assert_null(d.end[0].arc);
	assert_string_equal(d.end[0].reason, "rcv RST");
	trace_free(s.t);
}

static void the_same_life_from_packets_alone(void **state)
{
	static const struct step walk[] = {
		{ 0, S(CLOSED), S(SYN_SENT), "active OPEN / snd SYN" },
		{ 1, S(LISTEN), S(SYN_RECEIVED), "rcv SYN / snd SYN,ACK" },
		{ 0, S(SYN_SENT), S(ESTABLISHED), "rcv SYN,ACK / snd ACK" },
		{ 1, S(SYN_RECEIVED), S(ESTABLISHED), "rcv ACK of SYN" },
		{ 0, S(ESTABLISHED), S(FIN_WAIT_1), "CLOSE / snd FIN" },
		{ 1, S(ESTABLISHED), S(CLOSE_WAIT), "rcv FIN / snd ACK" },
		{ 0, S(FIN_WAIT_1), S(FIN_WAIT_2), "rcv ACK of FIN" },
		{ 0, S(FIN_WAIT_2), S(TIME_WAIT), "rcv FIN / snd ACK" },
		{ 1, S(CLOSE_WAIT), S(LAST_ACK), "CLOSE / snd FIN" },
		{ 1, S(LAST_ACK), S(CLOSED), "rcv ACK of FIN" },
	};
	struct scene s = scene_capture();

	(void)state;
	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "");
	scene_tcp(&s, CLIENT, TCP_FIN | TCP_ACK, 1, 1, "");
	scene_tcp(&s, SERVER, TCP_ACK, 1, 2, "");
	scene_tcp(&s, SERVER, TCP_FIN | TCP_ACK, 1, 2, "");
	scene_tcp(&s, CLIENT, TCP_ACK, 2, 2, "");
	assert_walk(&s, false, walk, sizeof(walk) / sizeof(walk[0]));
	trace_free(s.t);
}

/* Nothing is known of another connection's, or before its first packet, or of no connection at all. */
static void what_is_not_known_is_not_said(void **state)
{
	struct scene s = scenes_capture();
	struct diagram d;

	(void)state;
	diagram_at(s.t, 1, 0, 0, &d);
	assert_int_equal(d.end[0].state.state, SOCK_STATE_NONE);
	assert_false(d.end[0].observed || d.end[0].moved);
	diagram_at(s.t, 99, 0, 0, &d);
	assert_int_equal(d.end[1].state.state, SOCK_STATE_NONE);
	diagram_at(s.t, 0, 0, ROW_NONE, &d);
	assert_int_equal(d.end[1].state.state, SOCK_STATE_NONE);
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_that_of_the_figure),
		cmocka_unit_test(a_life_from_open_to_close_as_kernels_say),
		cmocka_unit_test(an_end_without_a_socket_is_where_its_listener_is),
		cmocka_unit_test(a_refused_connection_leaves_the_figure_by_a_reset),
		cmocka_unit_test(the_same_life_from_packets_alone),
		cmocka_unit_test(what_is_not_known_is_not_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
