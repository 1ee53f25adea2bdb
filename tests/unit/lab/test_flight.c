#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/lab/flight.h"

static struct flight *packet(uint8_t from, uint64_t number)
{
	struct flight *p = flight_new(&number, sizeof(number));

	assert_non_null(p);
	p->from = from;
	p->number = number;
	return p;
}

static uint64_t arrive(struct flights *f, int64_t now_ns)
{
	struct flight *p = flights_arrive(f, now_ns);
	uint64_t number = p ? p->number : 0;

	flight_free(p);
	return number;
}

static void arrive_by_time(void **state)
{
	struct flights f;

	(void)state;
	flights_init(&f);
	assert_true(flights_due(&f) == INT64_MAX);
	assert_true(flights_send(&f, packet(0, 1), 300));
	assert_true(flights_send(&f, packet(1, 2), 100));
	assert_true(flights_send(&f, packet(2, 3), 200));
	assert_int_equal(flights_due(&f), 100);
	assert_int_equal(arrive(&f, 99), 0);
	assert_int_equal(arrive(&f, 250), 2);
	assert_int_equal(arrive(&f, 250), 3);
	assert_int_equal(arrive(&f, 250), 0);
	assert_int_equal(arrive(&f, 300), 1);
	assert_int_equal(f.bytes, 0);
	flights_fini(&f);
}

static void a_host_does_not_overtake_itself(void **state)
{
	struct flights f;

	(void)state;
	flights_init(&f);
	flights_send(&f, packet(0, 1), 300);
	flights_send(&f, packet(0, 2), 100);
	flights_send(&f, packet(1, 3), 200);
	assert_int_equal(arrive(&f, 1000), 3);
	assert_int_equal(arrive(&f, 1000), 1);
	assert_int_equal(arrive(&f, 1000), 2);
	/* Once nothing is under way the times before do not count any more. */
	flights_send(&f, packet(0, 4), 50);
	assert_int_equal(arrive(&f, 50), 4);
	flights_fini(&f);
}

/* One that falls behind: others overtake it, and none waits for it. */
static void a_loose_one_is_overtaken(void **state)
{
	struct flights f;
	struct flight *late = packet(0, 1);

	(void)state;
	flights_init(&f);
	late->loose = true;
	flights_send(&f, late, 300);
	flights_send(&f, packet(0, 2), 100);
	flights_send(&f, packet(0, 3), 90);
	assert_int_equal(arrive(&f, 99), 0);
	assert_int_equal(arrive(&f, 100), 2);
	assert_int_equal(arrive(&f, 100), 3);
	assert_int_equal(arrive(&f, 299), 0);
	assert_int_equal(arrive(&f, 300), 1);
	flights_fini(&f);
}

/* Against sorting by (time, order), with many random times. */
static void heap_is_sorted(void **state)
{
	struct flights f;
	int64_t last = -1;

	(void)state;
	flights_init(&f);
	srand(1);
	for (unsigned round = 0; round < 3000; round++) {
		flights_send(&f, packet((uint8_t)(round % HOSTS_MAX), round + 1), rand() % 100000);
		if (round % 3 == 0)
			assert_true(arrive(&f, INT64_MAX) > 0);
	}
	while (f.count) {
		int64_t due = flights_due(&f);

		assert_true(due >= last);
		last = due;
		assert_true(arrive(&f, due) > 0);
	}
	flights_fini(&f);
}

static void takes_all_of_one_host(void **state)
{
	struct flights f;
	struct flight *p;
	uint64_t expected = 1;

	(void)state;
	flights_init(&f);
	for (uint64_t i = 0; i < 20; i++)
		flights_send(&f, packet((uint8_t)(i % 2), i + 1), (int64_t)(i * 10));
	p = flights_take_all(&f, 0);
	while (p) {
		struct flight *next = p->next;

		assert_int_equal(p->number, expected);
		expected += 2;
		flight_free(p);
		p = next;
	}
	assert_int_equal(expected, 21);
	assert_int_equal(f.count, 10);
	assert_int_equal(f.under_way[0], 0);
	assert_int_equal(f.under_way[1], 10);
	for (uint64_t i = 2; i <= 20; i += 2)
		assert_int_equal(arrive(&f, 1000), i);
	assert_int_equal(f.bytes, 0);
	flights_fini(&f);
}

static uint64_t unhold(struct flights *f, uint8_t from, uint64_t number)
{
	struct flight *p = flights_unhold(f, from, number);
	uint64_t got = p ? p->number : 0;

	flight_free(p);
	return got;
}

static void held_in_order(void **state)
{
	struct flights f;

	(void)state;
	flights_init(&f);
	for (uint64_t i = 1; i <= 6; i++)
		flights_hold(&f, packet((uint8_t)(i % 2), i));
	assert_int_equal(f.helds, 6);
	assert_int_equal(unhold(&f, HOST_NONE, 6), 6);
	assert_int_equal(unhold(&f, HOST_NONE, 0), 1);
	assert_int_equal(unhold(&f, 1, 0), 3);
	assert_int_equal(unhold(&f, HOST_NONE, 3), 0);
	flights_hold(&f, packet(0, 7));
	assert_int_equal(unhold(&f, HOST_NONE, 0), 2);
	assert_int_equal(unhold(&f, HOST_NONE, 0), 4);
	assert_int_equal(unhold(&f, HOST_NONE, 0), 5);
	assert_int_equal(unhold(&f, HOST_NONE, 0), 7);
	assert_int_equal(unhold(&f, HOST_NONE, 0), 0);
	flights_hold(&f, packet(0, 8));	/* for flights_fini() to free */
	flights_send(&f, packet(0, 9), 1);
	flights_fini(&f);
}

static void is_bounded(void **state)
{
	static uint8_t big[1 << 20];
	struct flights f;
	unsigned count = 0;

	(void)state;
	flights_init(&f);
	while (!flights_full(&f, sizeof(big))) {
		struct flight *p = flight_new(big, sizeof(big));

		assert_non_null(p);
		flights_hold(&f, p);
		count++;
	}
	assert_int_equal(count, FLIGHTS_BYTES / (sizeof(big) + sizeof(struct flight)));
	flights_fini(&f);
}

/* Whichever is taken out, those that stay arrive in their order. */
static void one_is_taken_out(void **state)
{
	(void)state;
	for (uint64_t out = 1; out <= 40; out++) {
		struct flights f;
		struct flight *p;
		int64_t last = 0;
		unsigned left = 0;

		flights_init(&f);
		for (uint64_t i = 1; i <= 40; i++) {
			p = packet((uint8_t)(i % 2), i);
			p->loose = true;
			flights_send(&f, p, (int64_t)(i * 7919 % 101));
		}
		assert_null(flights_on_way(&f, HOST_NONE, 41));
		assert_null(flights_on_way(&f, (uint8_t)!(out % 2), out));
		p = flights_on_way(&f, HOST_NONE, out);
		assert_int_equal(p->number, out);
		flights_take(&f, p);
		flight_free(p);
		assert_null(flights_on_way(&f, HOST_NONE, out));
		while ((p = flights_arrive(&f, 1000))) {
			assert_true(p->due_ns >= last);
			last = p->due_ns;
			left++;
			flight_free(p);
		}
		assert_int_equal(left, 39);
		assert_int_equal(f.under_way[0] + f.under_way[1], 0);
		assert_int_equal(f.bytes, 0);
		flights_fini(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrive_by_time),
		cmocka_unit_test(a_host_does_not_overtake_itself),
		cmocka_unit_test(a_loose_one_is_overtaken),
		cmocka_unit_test(heap_is_sorted),
		cmocka_unit_test(takes_all_of_one_host),
		cmocka_unit_test(held_in_order),
		cmocka_unit_test(one_is_taken_out),
		cmocka_unit_test(is_bounded),
	};

	return cmocka_run_group_tests_name("flight", tests, NULL, NULL);
}
