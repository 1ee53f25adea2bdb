/*
 * find: words, bytes, verdicts and marks are found from the cursor on, in slices, and round the end where that is
 * wanted; marks come and go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/scenes.h"
#include "ui/find.h"
#include "ui/marks.h"
#include "ui/view.h"

static uint32_t cursor(const struct view *v)
{
	struct ladder_row at;

	assert_true(view_cursor(v, &at));
	return at.head;
}

/* Finds all there is, in slices of nearly no time; how it ended. */
static enum find_state finish(struct find *f)
{
	enum find_state now;
	int slices = 0;

	while ((now = find_work(f, 1)) == FIND_GOING) {
		assert_true(find_busy(f));
		assert_true(find_percent(f) <= 100);
		slices++;
	}
	assert_false(find_busy(f));
	assert_int_equal(find_work(f, 0), FIND_IDLE);
	return now;
}

static struct scene payloads(int packets)
{
	struct scene s = scene_capture();

	for (int i = 0; i < packets; i++) {
		scene_us(&s, 10);
		scene_udp(&s, i % 2 ? SERVER : CLIENT,
			  i == packets / 2 ? "a\x01NEEDLE\r\n" : "hay");
	}
	return s;
}

static void bytes_are_found_in_payloads(void **state)
{
	static const char *const rows[] = { "hex:4e 45 45 44 4c 45", "hex:01:4E45",
					    "\"NEEDLE\\r\\n\"", "\"NEEDLE" };
	struct scene s = payloads(5000);
	struct view v = { .trace = s.t };
	struct find *f = find_new(&v, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		view_first(&v);
		assert_int_equal(find_text(f, rows[i], true, false, NULL), 0);
		assert_int_equal(finish(f), FIND_FOUND);
		assert_int_equal(cursor(&v), 2500);
		/* There is only one. */
		assert_int_equal(find_text(f, rows[i], true, false, NULL), 0);
		assert_int_equal(finish(f), FIND_NOTHING);
		assert_int_equal(cursor(&v), 2500);
		view_last(&v);
		assert_int_equal(find_text(f, rows[i], false, false, NULL), 0);
		assert_int_equal(finish(f), FIND_FOUND);
		assert_int_equal(cursor(&v), 2500);
	}
	/* What stands in a header is no payload. */
	view_first(&v);
	assert_int_equal(find_text(f, "hex:c0 00 02 01", true, true, NULL), 0);
	assert_int_equal(finish(f), FIND_NOTHING);
	find_free(f);
	trace_free(s.t);
}

static void a_new_search_goes_round_the_end(void **state)
{
	struct scene s = payloads(300);
	struct view v = { .trace = s.t };
	struct find *f = find_new(&v, NULL);

	(void)state;
	view_last(&v);
	assert_int_equal(find_text(f, "\"NEEDLE\"", true, true, NULL), 0);
	assert_int_equal(finish(f), FIND_FOUND);
	assert_int_equal(cursor(&v), 150);
	/* Round to where it began: found again, as the last of all. */
	assert_int_equal(find_text(f, "\"NEEDLE\"", true, true, NULL), 0);
	assert_int_equal(finish(f), FIND_FOUND);
	assert_int_equal(cursor(&v), 150);
	assert_int_equal(find_text(f, "nowhere", true, true, NULL), 0);
	assert_int_equal(finish(f), FIND_NOTHING);
	assert_int_equal(cursor(&v), 150);
	find_free(f);
	trace_free(s.t);
}

static void what_is_not_well_formed_is_refused(void **state)
{
	static const char *const rows[] = {
		"hex:", "hex:4", "hex:xy", "hex:4 5", "\"\"", "\"\\q\""
	};
	struct scene s = payloads(4);
	struct view v = { .trace = s.t };
	struct find *f = find_new(&v, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };

		assert_int_equal(find_text(f, rows[i], true, true, &e), -1);
		assert_true(e.what[0] != '\0');
		assert_int_equal(find_work(f, 0), FIND_IDLE);
	}
	find_free(f);
	trace_free(s.t);
}

static void words_are_found_in_rows(void **state)
{
	struct scene s = scenes_losses();
	struct view v = { .trace = s.t };
	struct find *f = find_new(&v, NULL);

	(void)state;
	view_first(&v);
	assert_int_equal(find_text(f, "SPURIOUS", true, false, NULL), 0);
	assert_int_equal(finish(f), FIND_FOUND);
	assert_true(trace_entry(s.t, cursor(&v))->verdict & VERDICT_SPURIOUS_RETRANSMISSION);
	find_free(f);
	trace_free(s.t);
}

static void verdicts_are_gone_through(void **state)
{
	struct scene s = scenes_losses();
	struct view v = { .trace = s.t };
	struct find *f = find_new(&v, NULL);
	uint32_t want = 0, seen = 0;

	(void)state;
	for (uint32_t row = 0; row < trace_rows(s.t); row++)
		want += trace_entry(s.t, row)->verdict != 0;
	assert_true(want >= 7);
	view_first(&v);
	for (;; seen++) {
		find_verdict(f, UINT16_MAX, true);
		if (finish(f) != FIND_FOUND)
			break;
		assert_true(trace_entry(s.t, cursor(&v))->verdict != 0);
	}
	assert_int_equal(seen, want);
	for (seen = 1;; seen++) {
		find_verdict(f, UINT16_MAX, false);
		if (finish(f) != FIND_FOUND)
			break;
	}
	assert_int_equal(seen, want);
	view_first(&v);
	find_verdict(f, VERDICT_FAST_RETRANSMISSION, true);
	assert_int_equal(finish(f), FIND_FOUND);
	assert_true(trace_entry(s.t, cursor(&v))->verdict & VERDICT_FAST_RETRANSMISSION);
	find_free(f);
	trace_free(s.t);
}

/* A packet that shares its row with the call that sent it is left behind when the cursor is on that row. */
static void a_packet_on_the_row_of_a_call_is_passed_once(void **state)
{
	struct scene s = scene_new();
	struct view v = { .trace = s.t };
	struct find *f = find_new(&v, NULL);
	uint64_t call;

	(void)state;
	for (int i = 0; i < 3; i++) {
		int64_t now_ns = s.now_ns;

		call = scene_call(&s, CLIENT, "send", 3, "sockfd", "3", "buf", "\"x\", 1");
		scene_udp(&s, CLIENT, "x-marks");
		scene_return(&s, CLIENT, call, "send", now_ns, .result = 7);
		scene_ms(&s, 1);
	}
	view_first(&v);
	for (uint32_t i = 1; i < 3; i++) {
		assert_int_equal(find_text(f, "\"x-marks\"", true, false, NULL), 0);
		assert_int_equal(finish(f), FIND_FOUND);
		assert_int_equal(cursor(&v), 3 * i);
	}
	assert_int_equal(find_text(f, "\"x-marks\"", true, false, NULL), 0);
	assert_int_equal(finish(f), FIND_NOTHING);
	for (uint32_t i = 2; i > 0; i--) {
		assert_int_equal(find_text(f, "\"x-marks\"", false, false, NULL), 0);
		assert_int_equal(finish(f), FIND_FOUND);
		assert_int_equal(cursor(&v), 3 * (i - 1));
	}
	find_free(f);
	trace_free(s.t);
}

static void marks_are_set_and_gone_to(void **state)
{
	static const uint32_t rows[] = { 70, 3, 150, 20 };
	struct scene s = payloads(200);
	struct view v = { .trace = s.t, .marks = marks_new(NULL) };
	struct find *f = find_new(&v, NULL);

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(marks_toggle(v.marks, trace_entry(s.t, rows[i])->offset, NULL), 1);
	assert_int_equal(marks_count(v.marks), 4);
	assert_true(marks_nth(v.marks, 0) < marks_nth(v.marks, 1));
	assert_int_equal(marks_toggle(v.marks, trace_entry(s.t, 20)->offset, NULL), 0);
	assert_false(marks_has(v.marks, trace_entry(s.t, 20)->offset));
	view_first(&v);
	for (size_t i = 0; i < 3; i++) {
		static const uint32_t order[] = { 3, 70, 150 };

		find_mark(f, true);
		assert_int_equal(finish(f), FIND_FOUND);
		assert_int_equal(cursor(&v), order[i]);
	}
	find_mark(f, true);
	assert_int_equal(finish(f), FIND_NOTHING);
	find_mark(f, false);
	assert_int_equal(finish(f), FIND_FOUND);
	assert_int_equal(cursor(&v), 70);
	find_free(f);
	marks_free(v.marks);
	trace_free(s.t);
}

static void a_search_can_be_stopped(void **state)
{
	struct scene s = payloads(5000);
	struct view v = { .trace = s.t };
	struct find *f = find_new(&v, NULL);

	(void)state;
	view_first(&v);
	assert_int_equal(find_text(f, "\"NEEDLE\"", true, false, NULL), 0);
	assert_int_equal(find_work(f, 1), FIND_GOING);
	find_stop(f);
	assert_int_equal(find_work(f, 0), FIND_IDLE);
	assert_int_equal(cursor(&v), 0);
	find_free(f);
	trace_free(s.t);
}

static void nothing_is_found_in_an_empty_trace(void **state)
{
	struct scene s = scene_new();
	struct view v = { .trace = s.t };
	struct find *f = find_new(&v, NULL);

	(void)state;
	assert_int_equal(find_text(f, "\"NEEDLE\"", true, true, NULL), 0);
	assert_int_equal(find_work(f, 0), FIND_IDLE);
	find_free(f);
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_found_in_payloads),
		cmocka_unit_test(a_new_search_goes_round_the_end),
		cmocka_unit_test(what_is_not_well_formed_is_refused),
		cmocka_unit_test(words_are_found_in_rows),
		cmocka_unit_test(verdicts_are_gone_through),
		cmocka_unit_test(a_packet_on_the_row_of_a_call_is_passed_once),
		cmocka_unit_test(marks_are_set_and_gone_to),
		cmocka_unit_test(a_search_can_be_stopped),
		cmocka_unit_test(nothing_is_found_in_an_empty_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
