/* unacked: the lists, beside a naive array that does just what the rules say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "capture/unacked.h"

struct naive {
	struct unacked_segment segment[UNACKED_MAX + 1];
	size_t count;
};

static bool below(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static enum unacked_hit naive_ack(struct naive *n, uint32_t ack, bool partly, struct unacked_segment *hit)
{
	enum unacked_hit kind = UNACKED_NONE;
	size_t kept = 0;

	for (size_t i = 0; i < n->count; i++) {
		struct unacked_segment s = n->segment[i];

		if (s.end == ack) {
			if (kind != UNACKED_EXACT)
				*hit = s;
			kind = UNACKED_EXACT;
			continue;
		}
		if (below(s.start, ack) && below(ack, s.end)) {
			if (partly && kind == UNACKED_NONE) {
				*hit = s;
				kind = UNACKED_PART;
			}
			s.start = ack;
		} else if (!below(ack, s.end)) {
			continue;
		}
		n->segment[kept++] = s;
	}
	n->count = kept;
	return kind;
}

static uint32_t naive_span(const struct naive *n, uint32_t base)
{
	uint32_t first = UINT32_MAX, last = 0;

	for (size_t i = 0; i < n->count; i++) {
		uint32_t start = n->segment[i].start - base, end = n->segment[i].end - base;

		first = start < first ? start : first;
		last = end > last ? end : last;
	}
	return n->count ? last - first : 0;
}

static void same(const struct unacked *pool, uint32_t list, const struct naive *n, uint32_t base)
{
	assert_int_equal(unacked_count(pool, list), n->count);
	for (size_t i = 0; i < n->count; i++) {
		const struct unacked_segment *s = unacked_at(pool, list, i);

		assert_int_equal(s->start, n->segment[i].start);
		assert_int_equal(s->end, n->segment[i].end);
		assert_int_equal(s->frame, n->segment[i].frame);
	}
	assert_int_equal(unacked_span(pool, list, base), naive_span(n, base));
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static int new_pool(void **state)
{
	*state = unacked_new();
	return *state ? 0 : -1;
}

static int free_pool(void **state)
{
	unacked_free(*state);
	return 0;
}

enum { LISTS = 7 };

/* jump: of 100 segments so many start anywhere; they make numbers that no order fits. */
static void agree(struct unacked *pool, uint64_t seed, unsigned jump)
{
	static struct naive naive[LISTS];
	uint32_t list[LISTS] = { 0 }, next[LISTS];

	memset(naive, 0, sizeof(naive));
	for (int i = 0; i < LISTS; i++)
		next[i] = next_random(&seed) * 2;
	for (uint32_t n = 0; n < 20000; n++) {
		unsigned k = next_random(&seed) % LISTS;
		struct unacked_segment s = { .start = next[k], .frame = n }, hit = { 0 }, want = { 0 };
		bool partly = next_random(&seed) % 2;
		uint32_t ack;

		if (next_random(&seed) % 5 < 3) {
			if (next_random(&seed) % 10 == 0)
				s.start -= next_random(&seed) % 5000;
			if (next_random(&seed) % 100 < jump)
				s.start = next_random(&seed) * 2 + 1;
			s.end = s.start + 1 + next_random(&seed) % 1500;
			if (below(next[k], s.end))
				next[k] = s.end;
			assert_true(unacked_add(pool, &list[k], &s));
			naive[k].segment[naive[k].count++] = s;
		} else {
			ack = next[k] - next_random(&seed) % 6000;
			if (naive[k].count && next_random(&seed) % 2)
				ack = naive[k].segment[next_random(&seed) % naive[k].count].end;
			assert_int_equal(unacked_ack(pool, &list[k], ack, partly, &hit),
					 naive_ack(&naive[k], ack, partly, &want));
			assert_int_equal(hit.frame, want.frame);
			assert_int_equal(hit.end, want.end);
		}
		same(pool, list[k], &naive[k], next[k] - 100000);
	}
}

static void lists_agree_with_arrays(void **state)
{
	for (uint64_t seed = 1; seed <= 5; seed++)
		agree(*state, seed, 0);
}

static void so_they_do_where_numbers_jump(void **state)
{
	for (uint64_t seed = 1; seed <= 5; seed++)
		agree(*state, seed, 1 + (unsigned)seed * 10);
}

static void a_list_has_an_end(void **state)
{
	uint32_t list = 0;
	struct unacked_segment s = { .start = 0, .end = 1 };

	for (uint32_t i = 0; i < UNACKED_MAX; i++, s.start++, s.end++) {
		assert_true(unacked_has_room(*state, list));
		assert_true(unacked_add(*state, &list, &s));
	}
	assert_false(unacked_has_room(*state, list));
	assert_false(unacked_add(*state, &list, &s));
	assert_int_equal(unacked_count(*state, list), UNACKED_MAX);
	assert_int_equal(unacked_at(*state, list, UNACKED_MAX - 1)->end, UNACKED_MAX);
	assert_int_equal(unacked_span(*state, list, 0), UNACKED_MAX);
	unacked_drop(*state, &list);
	assert_int_equal(list, 0);
	assert_int_equal(unacked_span(*state, list, 0), 0);
}

/* A million connections, each of which sends and is acknowledged, take no more than one. */
static void blocks_are_used_again(void **state)
{
	size_t before;
	uint32_t list = 0;
	struct unacked_segment s = { .start = 10, .end = 20 }, hit;

	assert_true(unacked_add(*state, &list, &s));
	before = unacked_bytes(*state);
	for (int i = 0; i < 1000000; i++) {
		if (unacked_ack(*state, &list, 20, false, &hit) != UNACKED_EXACT || list)
			fail();
		if (!unacked_add(*state, &list, &s))
			fail();
	}
	assert_int_equal(unacked_bytes(*state), before);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, new_pool, free_pool)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(lists_agree_with_arrays),
		WITH(so_they_do_where_numbers_jump),
		WITH(a_list_has_an_end),
		WITH(blocks_are_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
