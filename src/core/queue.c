/*
 * A ring of pointers with one writer of `tail` (the producer) and one of `head` (the consumer).
 *
 * The eventfd is written only when the consumer may be asleep: queue_clear_fd() arms it, and the
 * first push after that disarms and writes.  The producer publishes the tail and then looks at
 * `armed`; the consumer arms and then looks at the tail.  With sequentially consistent operations
 * at least one of the two sees the other, so a wake-up is never lost, and a busy queue costs no
 * system call.
 */
#include "src/core/queue.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CACHE_LINE 64

struct queue {
	_Alignas(CACHE_LINE) _Atomic size_t tail; /* things pushed so far */
	size_t head_seen; /* producer's copy of head */
	_Alignas(CACHE_LINE) _Atomic size_t head; /* things popped so far */
	size_t tail_seen; /* consumer's copy of tail */
	_Alignas(CACHE_LINE) atomic_bool armed; /* the next push writes to the fd */
	int fd;
	size_t mask;
	void *slot[];
};

static size_t power_of_two(size_t slots)
{
	size_t n = 2;

	while (n < slots)
		n *= 2;
	return n;
}

struct queue *queue_new(size_t slots, struct err *e)
{
	size_t size, count;
	struct queue *q;

	if (slots > SIZE_MAX / 4 / sizeof(void *)) {
		err_errno(e, ENOMEM, NULL, "making a queue of %zu slots", slots);
		return NULL;
	}
	count = power_of_two(slots);
	size = sizeof(*q) + count * sizeof(q->slot[0]);
	size = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	q = aligned_alloc(CACHE_LINE, size);
	if (!q) {
		err_errno(e, errno, NULL, "making a queue of %zu slots", slots);
		return NULL;
	}
	*q = (struct queue){ .armed = true, .mask = count - 1 };
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0) {
		err_errno(e, errno, NULL, "making an eventfd for a queue");
		free(q);
		return NULL;
	}
	return q;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	close(q->fd);
	free(q);
}

static void wake(struct queue *q)
{
	uint64_t one = 1;

	while (write(q->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

bool queue_push(struct queue *q, void *thing)
{
	size_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);

	if (tail - q->head_seen > q->mask) {
		q->head_seen = atomic_load_explicit(&q->head, memory_order_acquire);
		if (tail - q->head_seen > q->mask)
			return false;
	}
	q->slot[tail & q->mask] = thing;
	atomic_store(&q->tail, tail + 1);
	if (atomic_load(&q->armed) && atomic_exchange(&q->armed, false))
		wake(q);
	return true;
}

void *queue_pop(struct queue *q)
{
	size_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
	void *thing;

	if (head == q->tail_seen) {
		q->tail_seen = atomic_load(&q->tail);
		if (head == q->tail_seen)
			return NULL;
	}
	thing = q->slot[head & q->mask];
	atomic_store_explicit(&q->head, head + 1, memory_order_release);
	return thing;
}

int queue_fd(const struct queue *q)
{
	return q->fd;
}

void queue_clear_fd(struct queue *q)
{
	uint64_t count;

	while (read(q->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	atomic_store(&q->armed, true);
}
