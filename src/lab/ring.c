/*
 * The memory is a page of numbers and then the bytes.  `head` counts the bytes ever written, `tail` those ever
 * read; each is changed by one side only.  A record is its length, 4 bytes, and its bytes; both may pass
 * the end and go on at the beginning.
 *
 * Going to sleep: the reader says so and then looks once more; the writer first moves the head and
 * then asks whether somebody sleeps.  With both in one order (seq_cst) one of them sees the other.
 */
#include "src/lab/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/core/clock.h"

#define FRONT	     4096 /* bytes before the records */
#define TAKEN_MANY   32 /* in WINDOW_NS: records are fetched from now on */
#define TAKEN_FEW    4 /* at a look: they are announced again */
#define WINDOW_NS    (10 * NS_PER_MS)
#define FETCH_MS     2
#define LENGTH_BYTES 4

struct front {
	_Alignas(64) _Atomic uint64_t head;
	_Alignas(64) _Atomic uint64_t tail;
	_Alignas(64) _Atomic uint32_t sleeps; /* the reader does */
};
_Static_assert(sizeof(struct front) <= FRONT, "the numbers fit before the records");

struct ring {
	struct front *front;
	uint8_t *bytes;
	int memory_fd, bell_fd;
	bool broken;
	/* The reader's own. */
	bool asleep; /* has said so */
	bool owed; /* the bell will ring, or has, for a sleep that is over */
	bool fetching;
	uint32_t taken; /* since it was empty */
	uint32_t in_window;
	int64_t window_ns;
};

/* Takes the descriptors, also if it fails. */
static struct ring *ring_map(int memory_fd, int bell_fd)
{
	struct ring *r = calloc(1, sizeof(*r));
	void *memory = r && memory_fd >= 0 && bell_fd >= 0
			       ? mmap(NULL, FRONT + RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
				      memory_fd, 0)
			       : MAP_FAILED;

	if (memory == MAP_FAILED) {
		free(r);
		if (memory_fd >= 0)
			close(memory_fd);
		if (bell_fd >= 0)
			close(bell_fd);
		return NULL;
	}
	r->front = memory;
	r->bytes = (uint8_t *)memory + FRONT;
	r->memory_fd = memory_fd;
	r->bell_fd = bell_fd;
	return r;
}

/* Sealed: nobody can take memory away that the other side reads. */
static int memory_new(void)
{
	int fd = memfd_create("socklens-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, FRONT + RING_BYTES) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

struct ring *ring_new(struct err *e)
{
	int memory_fd = memory_new();
	int bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct ring *r = ring_map(memory_fd, bell_fd);

	if (!r)
		err_errno(e, errno, NULL, "share memory with the tracing process");
	return r;
}

struct ring *ring_open(int memory_fd, int bell_fd)
{
	struct stat st;

	if (fstat(memory_fd, &st) || st.st_size != FRONT + RING_BYTES)
		return NULL;
	return ring_map(memory_fd, bell_fd);
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	munmap(r->front, FRONT + RING_BYTES);
	close(r->memory_fd);
	close(r->bell_fd);
	free(r);
}

int ring_memory_fd(const struct ring *r)
{
	return r->memory_fd;
}

int ring_bell_fd(const struct ring *r)
{
	return r->bell_fd;
}

/* ---- writing ---- */

static void copy_in(struct ring *r, uint64_t at, const void *bytes, size_t len)
{
	size_t start = at % RING_BYTES, first = RING_BYTES - start;

	if (first > len)
		first = len;
	memcpy(r->bytes + start, bytes, first);
	memcpy(r->bytes, (const uint8_t *)bytes + first, len - first);
}

static void copy_out(const struct ring *r, uint64_t at, void *dst, size_t len)
{
	size_t start = at % RING_BYTES, first = RING_BYTES - start;

	if (first > len)
		first = len;
	memcpy(dst, r->bytes + start, first);
	memcpy((uint8_t *)dst + first, r->bytes, len - first);
}

size_t ring_room(const struct ring *r)
{
	uint64_t used = atomic_load_explicit(&r->front->head, memory_order_relaxed) -
			atomic_load_explicit(&r->front->tail, memory_order_acquire);

	return used > RING_BYTES ? 0 : RING_BYTES - (size_t)used;
}

bool ring_put(struct ring *r, const void *bytes, size_t len)
{
	uint64_t head = atomic_load_explicit(&r->front->head, memory_order_relaxed);
	uint64_t one = 1;
	uint32_t length = (uint32_t)len;

	if (len > RING_RECORD || ring_room(r) < len + LENGTH_BYTES)
		return false;
	copy_in(r, head, &length, LENGTH_BYTES);
	copy_in(r, head + LENGTH_BYTES, bytes, len);
	atomic_store(&r->front->head, head + LENGTH_BYTES + len);
	if (atomic_load(&r->front->sleeps) && atomic_exchange(&r->front->sleeps, 0))
		(void)!write(r->bell_fd, &one, sizeof(one));
	return true;
}

/* ---- reading ---- */

bool ring_is_empty(const struct ring *r)
{
	return atomic_load(&r->front->head) == atomic_load(&r->front->tail);
}

/* Whether records come so fast that it is better to fetch them. */
static void judge_rate(struct ring *r)
{
	int64_t now = clock_monotonic_ns();

	r->in_window += r->taken;
	r->taken = 0;
	if (r->in_window > TAKEN_MANY)
		r->fetching = true;
	if (now - r->window_ns < WINDOW_NS)
		return;
	if (r->in_window < TAKEN_FEW)
		r->fetching = false;
	r->window_ns = now;
	r->in_window = 0;
}

static void hear_bell(struct ring *r)
{
	uint64_t rung;

	r->owed = read(r->bell_fd, &rung, sizeof(rung)) != sizeof(rung);
}

static void wake_up(struct ring *r)
{
	r->asleep = false;
	if (!atomic_exchange(&r->front->sleeps, 0))
		hear_bell(r);
}

/* Nothing is there.  True if something is, after all. */
static bool fall_asleep(struct ring *r)
{
	if (r->owed)
		hear_bell(r);
	judge_rate(r);
	if (r->fetching)
		return false;
	r->asleep = true;
	atomic_store(&r->front->sleeps, 1);
	if (ring_is_empty(r))
		return false;
	wake_up(r);
	return true;
}

int ring_timeout(const struct ring *r)
{
	return r->fetching ? FETCH_MS : -1;
}

static ssize_t break_off(struct ring *r)
{
	r->broken = true;
	return -1;
}

ssize_t ring_take(struct ring *r, void *buf, size_t cap)
{
	uint64_t tail = atomic_load_explicit(&r->front->tail, memory_order_relaxed);
	uint64_t there;
	uint32_t length;

	if (r->broken)
		return -1;
	if (r->asleep)
		wake_up(r);
	there = atomic_load_explicit(&r->front->head, memory_order_acquire) - tail;
	if (there == 0 && fall_asleep(r))
		there = atomic_load_explicit(&r->front->head, memory_order_acquire) - tail;
	if (there == 0)
		return 0;
	if (there < LENGTH_BYTES || there > RING_BYTES)
		return break_off(r);
	copy_out(r, tail, &length, LENGTH_BYTES);
	if (length == 0 || length > there - LENGTH_BYTES || length > cap)
		return break_off(r);
	copy_out(r, tail + LENGTH_BYTES, buf, length);
	atomic_store_explicit(&r->front->tail, tail + LENGTH_BYTES + length, memory_order_release);
	r->taken++;
	return (ssize_t)length;
}
