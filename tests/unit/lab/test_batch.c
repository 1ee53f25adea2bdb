#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "src/lab/batch.h"

static struct event packet_event(uint64_t number, const uint8_t *data, uint32_t len)
{
	return (struct event){
		.kind = EVENT_PACKET,
		.ts_ns = (int64_t)number,
		.packet = { .number = number, .caplen = len, .len = len, .data = data },
	};
}

static struct batch *make(size_t bytes)
{
	struct err e;
	struct batch *b = batch_new(bytes, &e);

	assert_non_null(b);
	return b;
}

static bool is_readable(const struct batch *b)
{
	struct pollfd p = { .fd = batch_fd(b), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void every_kind_comes_back(void **state)
{
	struct batch *b = make(1 << 20);
	uint8_t data[] = { 1, 2, 3 };
	char by[] = "rule 1: all", text[] = "a note";
	struct event ev = packet_event(7, data, sizeof(data));
	struct event *got;

	(void)state;
	assert_false(batch_waiting(b));
	batch_put(b, &ev);
	batch_put(b, &(struct event){ .kind = EVENT_WIRE, .wire = { .packet = 7, .fate = WIRE_HELD, .to = 1, .by = by } });
	batch_put(b, &(struct event){ .kind = EVENT_WIRE, .wire = { .packet = 7, .fate = WIRE_DELIVERED } });
	batch_put(b, &(struct event){ .kind = EVENT_STATE, .state = { .by = BY_ARRIVAL, .by_number = 7, .sock = { .cookie = 9, .drops = 5 } } });
	batch_put(b, &(struct event){ .kind = EVENT_NOTE, .note = { .kind = NOTE_LOST, .text = text } });
	memset(data, 0xff, sizeof(data));	/* what was put is a copy */
	memset(by, 'x', sizeof(by) - 1);
	memset(text, 'x', sizeof(text) - 1);
	assert_true(batch_waiting(b));
	assert_false(is_readable(b));
	assert_null(batch_next(b));
	assert_true(batch_flush(b));
	assert_true(is_readable(b));
	batch_clear_fd(b);
	got = batch_next(b);
	assert_int_equal(got->kind, EVENT_PACKET);
	assert_int_equal(got->packet.number, 7);
	assert_memory_equal(got->packet.data, ((uint8_t[]){ 1, 2, 3 }), 3);
	got->id = 77;
	got = batch_next(b);
	assert_int_equal(got->wire.fate, WIRE_HELD);
	assert_string_equal(got->wire.by, "rule 1: all");
	got = batch_next(b);
	assert_int_equal(got->wire.fate, WIRE_DELIVERED);
	assert_null(got->wire.by);
	got = batch_next(b);
	assert_int_equal(got->state.by, BY_ARRIVAL);
	assert_int_equal(got->state.sock.cookie, 9);
	assert_int_equal(got->state.sock.drops, 5);
	got = batch_next(b);
	assert_int_equal(got->note.kind, NOTE_LOST);
	assert_string_equal(got->note.text, "a note");
	assert_null(batch_next(b));
	assert_false(is_readable(b));
	batch_free(b);
}

/* Nobody reads: packets are cut first, then left out; then it is said how many. */
static void is_bounded_and_says_so(void **state)
{
	static uint8_t data[1500];
	struct batch *b = make(1 << 20);
	uint64_t put = 0, whole = 0, cut = 0;
	struct event *got;
	char expected[160] = "";
	bool noted = false;

	(void)state;
	while (batch_lost(b) < 10) {
		struct event ev = packet_event(++put, data, sizeof(data));

		batch_put(b, &ev);
	}
	batch_push(b);
	assert_true(put < 4 * (1 << 20) / sizeof(data));
	while ((got = batch_next(b))) {
		whole += got->packet.caplen == sizeof(data);
		cut += got->packet.caplen == BATCH_HEADERS;
		assert_int_equal(got->packet.len, sizeof(data));
	}
	assert_int_equal(whole + cut + 10, put);
	assert_true(whole > 400 && cut > 100);
	snprintf(expected, sizeof(expected), "10 events were left out and %llu packets cut to their headers: "
		 "more came than could be written down", (unsigned long long)cut);
	assert_true(batch_waiting(b));	/* the note waits */
	assert_true(batch_flush(b));
	while ((got = batch_next(b))) {
		assert_int_equal(got->kind, EVENT_NOTE);
		assert_int_equal(got->note.kind, NOTE_LIMIT);
		assert_string_equal(got->note.text, expected);
		assert_false(noted);
		noted = true;
	}
	assert_true(noted);
	assert_false(batch_waiting(b));
	batch_free(b);
}

/* Flushing one event at a time, with nobody reading, does not use up a block for each. */
static void small_blocks_are_gathered(void **state)
{
	struct batch *b = make(1 << 20);	/* 8 blocks */
	struct event ev = { .kind = EVENT_WIRE };
	size_t got = 0;

	(void)state;
	for (uint64_t i = 1; i <= 1000; i++) {
		ev.wire.packet = i;
		batch_put(b, &ev);
		batch_flush(b);
	}
	assert_int_equal(batch_lost(b), 0);
	for (int i = 0; i < 2; i++) {
		struct event *next;

		while ((next = batch_next(b)))
			assert_int_equal(next->wire.packet, ++got);
		batch_flush(b);
	}
	assert_int_equal(got, 1000);
	batch_free(b);
}

#define MANY	300000

/* False if there was no room for it. */
static bool put_numbered(struct batch *b, uint64_t number)
{
	uint8_t data[400];
	struct event ev = packet_event(number, data, (uint32_t)(number % sizeof(data)));
	uint64_t lost = batch_lost(b);

	memset(data, (int)number, sizeof(data));
	batch_put(b, &ev);
	return batch_lost(b) == lost;
}

/* The last one is tried until it is taken, so that the consumer knows the end. */
static void *produce(void *arg)
{
	struct batch *b = arg;

	for (uint64_t i = 1; i < MANY; i++) {
		put_numbered(b, i);
		if (i % 100 == 0)
			batch_flush(b);
	}
	while (!put_numbered(b, MANY))
		sched_yield();
	while (batch_waiting(b))
		batch_flush(b);
	return NULL;
}

/* Two threads: all that is not lost arrives in order and whole. */
static void between_threads(void **state)
{
	struct batch *b = make(8 << 20);
	uint64_t last = 0, got = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, produce, b), 0);
	while (last < MANY) {
		struct pollfd p = { .fd = batch_fd(b), .events = POLLIN };
		struct event *ev;

		assert_true(poll(&p, 1, 20000) == 1);
		batch_clear_fd(b);
		while ((ev = batch_next(b))) {
			if (ev->kind != EVENT_PACKET)
				continue;
			assert_true(ev->packet.number > last);
			last = ev->packet.number;
			got++;
			for (uint32_t i = 0; i < ev->packet.caplen; i++)
				assert_int_equal(ev->packet.data[i], (uint8_t)last);
		}
	}
	pthread_join(thread, NULL);
	assert_true(got + batch_lost(b) >= MANY);
	assert_true(got > MANY / 100);
	batch_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_comes_back),
		cmocka_unit_test(is_bounded_and_says_so),
		cmocka_unit_test(small_blocks_are_gathered),
		cmocka_unit_test(between_threads),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
