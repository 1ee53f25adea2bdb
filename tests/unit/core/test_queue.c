#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/core/queue.h"

#define THINGS 200000

static bool readable(const struct queue *q, int timeout_ms)
{
	struct pollfd p = { .fd = queue_fd(q), .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1;
}

static void in_order(void **state)
{
	int things[4];
	struct queue *q = queue_new(3, NULL); /* 4 slots */

	(void)state;
	assert_non_null(q);
	assert_null(queue_pop(q));
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 4; i++)
			assert_true(queue_push(q, &things[i]));
		assert_false(queue_push(q, &things[0]));
		for (int i = 0; i < 4; i++)
			assert_ptr_equal(queue_pop(q), &things[i]);
		assert_null(queue_pop(q));
	}
	queue_free(q);
	queue_free(NULL);
}

static void readable_while_something_waits(void **state)
{
	int thing;
	struct queue *q = queue_new(8, NULL);

	(void)state;
	assert_non_null(q);
	assert_false(readable(q, 0));
	queue_push(q, &thing);
	queue_push(q, &thing);
	assert_true(readable(q, 0));
	queue_clear_fd(q);
	while (queue_pop(q))
		;
	assert_false(readable(q, 0));
	queue_push(q, &thing);
	assert_true(readable(q, 0));
	queue_free(q);
}

static void *produce(void *arg)
{
	struct queue *q = arg;

	for (uintptr_t i = 1; i <= THINGS; i++)
		while (!queue_push(q, (void *)i))
			sched_yield();
	return NULL;
}

/* The consumer sleeps whenever there is nothing: a lost wake-up would leave it asleep. */
static void between_two_threads(void **state)
{
	struct queue *q = queue_new(64, NULL);
	uintptr_t expected = 1;
	pthread_t thread;

	(void)state;
	assert_non_null(q);
	assert_int_equal(pthread_create(&thread, NULL, produce, q), 0);
	while (expected <= THINGS) {
		void *thing;

		assert_true(readable(q, 60000));
		queue_clear_fd(q);
		while ((thing = queue_pop(q)))
			assert_int_equal((uintptr_t)thing, expected++);
	}
	pthread_join(thread, NULL);
	assert_false(readable(q, 0) && queue_pop(q));
	queue_free(q);
}

static void absurd_size(void **state)
{
	struct err e;

	(void)state;
	assert_null(queue_new(SIZE_MAX, &e));
	assert_null(queue_new(SIZE_MAX / 8, &e));
	assert_true(e.what[0]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(readable_while_something_waits),
		cmocka_unit_test(between_two_threads),
		cmocka_unit_test(absurd_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
