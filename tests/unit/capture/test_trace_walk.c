/*
 * trace_walk: the same events as trace_event() gives, whatever the order and the size of their records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "capture/trace_walk.h"
#include "src/core/clock.h"

#define EVENTS 600

static struct trace *make(void)
{
	const struct trace_host h = { .name = "eth0", .link = LINK_ETHERNET };
	static uint8_t bytes[TRACE_SNAPLEN];
	struct trace *t = trace_new_spool(NULL);

	assert_non_null(t);
	assert_int_equal(trace_add_host(t, &h, NULL), 0);
	for (uint32_t i = 0; i < EVENTS; i++) {
		struct event ev = { .kind = EVENT_PACKET, .ts_ns = NS_PER_S + i };
		uint32_t len = i % 100 == 50 ? TRACE_SNAPLEN - i : i % 7 == 0 ? 3000 + i : i;

		memset(bytes, (int)i, len);
		ev.packet = (struct event_packet){
			.number = i + 1, .caplen = len, .len = len, .data = bytes
		};
		if (i % 10 == 3) {
			ev.kind = EVENT_NOTE;
			ev.note = (struct event_note){ .kind = NOTE_SAY, .text = "a note" };
		}
		assert_int_equal(trace_append(t, &ev, i % 10 == 3 ? "a note" : NULL, NULL), 0);
		/* Some of it is in the file, some is still gathered. */
		if (i == EVENTS / 2)
			assert_int_equal(trace_flush(t, NULL), 0);
	}
	return t;
}

static void assert_same(struct trace *t, struct trace_walk *w, uint32_t row)
{
	const struct event *a = trace_event(t, row, NULL), *b = trace_walk_event(w, row, NULL);

	assert_true(a && b);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->ts_ns, b->ts_ns);
	assert_int_equal(a->host, b->host);
	if (a->kind == EVENT_NOTE) {
		assert_string_equal(a->note.text, b->note.text);
		return;
	}
	assert_int_equal(a->packet.number, b->packet.number);
	assert_int_equal(a->packet.len, b->packet.len);
	assert_int_equal(a->packet.caplen, b->packet.caplen);
	assert_memory_equal(a->packet.data, b->packet.data, a->packet.caplen);
}

static void in_order_backwards_and_at_random(void **state)
{
	struct trace *t = make();
	struct trace_walk *w = trace_walk_new(t, NULL);
	uint32_t rows = trace_rows(t), row = 1;

	(void)state;
	assert_non_null(w);
	assert_int_equal(rows, EVENTS);
	for (uint32_t i = 0; i < rows; i++)
		assert_same(t, w, i);
	for (uint32_t i = rows; i-- > 0;)
		assert_same(t, w, i);
	for (uint32_t i = 0; i < rows; i++) {
		row = (row * 7 + 13) % rows;
		assert_same(t, w, row);
	}
	trace_walk_free(w);
	trace_free(t);
}

static void what_is_not_there(void **state)
{
	struct trace *t = make();
	struct trace_walk *w = trace_walk_new(t, NULL);
	struct err e = { 0 };

	(void)state;
	assert_null(trace_walk_event(w, EVENTS, &e));
	assert_true(e.what[0]);
	assert_null(trace_walk_event(w, ROW_NONE, NULL));
	assert_same(t, w, 5);
	trace_walk_free(w);
	trace_walk_free(NULL);
	trace_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_backwards_and_at_random),
		cmocka_unit_test(what_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
