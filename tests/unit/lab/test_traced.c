/*
 * Reports as bytes, and the ring that carries them: what goes in comes out; what is cut, made up or broken does no
 * harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/lab/ring.h"
#include "src/lab/traced.h"

static struct traced example(enum traced_kind kind)
{
	struct traced r = { .kind = kind,
			    .task = 7,
			    .process = 3,
			    .ts_ns = 1234567890123456789,
			    .tid = 4242,
			    .parent = 5,
			    .thread_name = "worker",
			    .number = UINT64_MAX,
			    .second = -1,
			    .killed = true,
			    .status = -1,
			    .stream = 2 };

	r.request.call = call_find("connect", 7);
	r.request.arg[0] = value_int(3);
	r.request.arg[1] = value_addr(&(struct addr){ .len = 16, .u.in.sin_family = AF_INET });
	r.outcome = (struct call_outcome){ .result = -1, .error = ECONNREFUSED, .blocked = true };
	r.outcome.data = malloc(5);
	memcpy(r.outcome.data, "hello", r.outcome.data_kept = 5);
	r.sock = (struct sock_key){ .cookie = 11, .family = AF_INET };
	r.made = (struct sock_key){ .cookie = 12, .local = r.request.arg[1].addr };
	r.made_second = (struct sock_key){ .cookie = 13 };
	r.text = strdup("some text");
	r.len = strlen(r.text);
	return r;
}

static bool has_text(enum traced_kind kind)
{
	return kind == TRACED_EXEC || kind == TRACED_OUTPUT || kind == TRACED_NOTE;
}

static void check_same(const struct traced *a, const struct traced *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->task, b->task);
	assert_int_equal(a->process, b->process);
	assert_int_equal(a->ts_ns, b->ts_ns);
	assert_int_equal(a->tid, b->tid);
	assert_int_equal(a->parent, b->parent);
	assert_int_equal(a->number, b->number);
	assert_int_equal(a->second, b->second);
	assert_int_equal(a->killed, b->killed);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->stream, b->stream);
	if (has_text(a->kind))
		assert_string_equal(a->text, b->text);
	if (a->kind == TRACED_TASK || a->kind == TRACED_ENTER)
		assert_string_equal(a->thread_name, b->thread_name);
	if (a->kind == TRACED_ENTER) {
		assert_ptr_equal(a->request.call, b->request.call);
		assert_true(addr_equal(&a->request.arg[1].addr, &b->request.arg[1].addr));
	}
	if (a->kind != TRACED_LEAVE)
		return;
	assert_int_equal(a->outcome.error, b->outcome.error);
	assert_true(b->outcome.blocked);
	assert_int_equal(b->outcome.data_kept, 5);
	assert_memory_equal(a->outcome.data, b->outcome.data, 5);
	assert_int_equal(b->sock.cookie, 11);
	assert_int_equal(b->made.cookie, 12);
	assert_int_equal(b->made_second.cookie, 13);
	assert_true(addr_equal(&a->made.local, &b->made.local));
}

/* Every kind; each also cut at every length, and with room for every length but the last. */
static void there_and_back(void **state)
{
	uint8_t bytes[4096], *exact;
	struct traced a, b;

	(void)state;
	for (enum traced_kind kind = TRACED_TASK; kind <= TRACED_END; kind++) {
		size_t len, less;

		a = example(kind);
		len = traced_encode(&a, bytes, sizeof(bytes));
		assert_true(len > 0);
		assert_int_equal(traced_decode(&b, bytes, len), 0);
		check_same(&a, &b);
		traced_fini(&b);
		for (less = 0; less < len; less++) {
			exact = malloc(less ? less : 1);
			assert_non_null(exact);
			memcpy(exact, bytes, less);
			if (traced_decode(&b, exact, less) == 0)
				traced_fini(&b);
			assert_int_equal(traced_encode(&a, exact, less) <= less, 1);
			free(exact);
		}
		call_request_fini(&a.request);
		traced_fini(&a);
	}
}

static void made_up(void **state)
{
	uint8_t bytes[512], changed[512];
	unsigned seed = 1;

	(void)state;
	for (enum traced_kind kind = TRACED_TASK; kind <= TRACED_END; kind++) {
		struct traced a = example(kind), b;
		size_t len = traced_encode(&a, bytes, sizeof(bytes));

		assert_true(len > 0);
		for (int round = 0; round < 20000; round++) {
			memcpy(changed, bytes, len);
			for (int i = 0; i < 3; i++) {
				seed = seed * 1103515245 + 12345;
				changed[(seed >> 8) % len] = (uint8_t)(seed >> 24);
			}
			if (traced_decode(&b, changed, len) == 0)
				traced_fini(&b);
		}
		traced_fini(&a);
	}
}

/* ---- the ring ---- */

static struct ring *writer_of(const struct ring *r)
{
	struct ring *w = ring_open(dup(ring_memory_fd(r)), dup(ring_bell_fd(r)));

	assert_non_null(w);
	return w;
}

static bool rung(const struct ring *r)
{
	struct pollfd bell = { .fd = ring_bell_fd(r), .events = POLLIN };

	return poll(&bell, 1, 0) == 1;
}

/* Records of many lengths, so that they pass the end in many ways. */
static void records_in_order(void **state)
{
	struct err e;
	struct ring *r = ring_new(&e), *w = writer_of(r);
	static uint8_t record[RING_RECORD], got[RING_RECORD];
	size_t written = 0, read = 0;

	(void)state;
	while (read < 3000) {
		size_t len = 1 + written * 7919 % RING_RECORD;

		memset(record, (int)(written & 0xff), len);
		if (written < 3000 && ring_put(w, record, len)) {
			written++;
			continue;
		}
		len = 1 + read * 7919 % RING_RECORD;
		memset(record, (int)(read & 0xff), len);
		assert_int_equal(ring_take(r, got, sizeof(got)), len);
		assert_memory_equal(got, record, len);
		read++;
	}
	assert_true(ring_is_empty(r));
	assert_int_equal(ring_take(r, got, sizeof(got)), 0);
	ring_free(w);
	ring_free(r);
}

static void the_bell_rings_for_who_sleeps(void **state)
{
	struct err e;
	struct ring *r = ring_new(&e), *w = writer_of(r);
	uint8_t got[16];

	(void)state;
	assert_true(ring_put(w, "a", 1));
	assert_false(rung(r)); /* it has not said that it sleeps */
	assert_int_equal(ring_take(r, got, sizeof(got)), 1);
	assert_int_equal(ring_take(r, got, sizeof(got)), 0);
	assert_int_equal(ring_timeout(r), -1);
	assert_true(ring_put(w, "b", 1));
	assert_true(rung(r));
	assert_int_equal(ring_take(r, got, sizeof(got)), 1);
	assert_false(rung(r));
	for (int i = 0; i < 1000; i++)
		assert_true(ring_put(w, "c", 1));
	for (int i = 0; i < 1000; i++)
		assert_int_equal(ring_take(r, got, sizeof(got)), 1);
	assert_int_equal(ring_take(r, got, sizeof(got)), 0);
	assert_true(ring_timeout(r) > 0); /* so many are fetched */
	assert_true(ring_put(w, "d", 1));
	assert_false(rung(r));
	ring_free(w);
	ring_free(r);
}

/* The memory is the writer's too: numbers that do not fit end it, and nobody reads beyond it. */
static void a_false_writer(void **state)
{
	static const uint64_t heads[] = { 1,	      3,	 4, 100, RING_BYTES, RING_BYTES + 1,
					  UINT64_MAX, 1ull << 63 };
	uint8_t got[1024];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		for (int fill = 0; fill < 256; fill += 85) {
			struct ring *r = ring_new(&e);
			uint8_t *memory = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
					       ring_memory_fd(r), 0);
			ssize_t n;

			assert_true(memory != MAP_FAILED);
			memset(memory + 4096, fill, 8192);
			memcpy(memory, &heads[i], sizeof(heads[i]));
			n = ring_take(r, got, sizeof(got));
			assert_true(n == -1 || (n > 0 && n <= (ssize_t)sizeof(got)));
			if (n == -1)
				assert_int_equal(ring_take(r, got, sizeof(got)), -1);
			assert_int_equal(ftruncate(ring_memory_fd(r), 10),
					 -1); /* nor can it take the memory away */
			munmap(memory, RING_BYTES);
			ring_free(r);
		}
	assert_null(ring_open(-1, -1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),   cmocka_unit_test(made_up),
		cmocka_unit_test(records_in_order), cmocka_unit_test(the_bell_rings_for_who_sleeps),
		cmocka_unit_test(a_false_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
