/*
 * stream: the bytes of both directions, against what was sent: cut into segments at random, repeated, put out of
 * order, overlapping, with numbers that begin near 2^32; and with segments that the capture missed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "src/stream.h"
#include "tests/unit/decide/raw.h"

#define BYTES  6000 /* of a direction */
#define ROUNDS 60

struct talk {
	struct trace *t;
	uint64_t random;
	int64_t now_ns;
	uint32_t base[2]; /* number of the first byte */
	uint8_t data[2][BYTES];
	uint32_t got[2]; /* what the other side has, in order: what it acknowledges */
	bool seen[2][BYTES]; /* was in a captured segment */
};

static void say(struct talk *k, int dir, uint16_t flags, uint32_t from, uint32_t len)
{
	struct raw r = { .src = dir ? 0x0a000002 : 0x0a000001,
			 .dst = dir ? 0x0a000001 : 0x0a000002,
			 .sport = dir ? 80 : 4000,
			 .dport = dir ? 4000 : 80,
			 .protocol = IPPROTO_TCP,
			 .seq = k->base[dir] + from,
			 .ack = k->base[!dir] + k->got[!dir],
			 .flags = flags,
			 .data = k->data[dir] + from,
			 .len = len };

	raw_add(k->t, &r, k->now_ns += 1000);
}

static void begin(struct talk *k, uint64_t seed)
{
	*k = (struct talk){ .t = raw_trace(), .random = seed, .now_ns = NS_PER_S };
	for (int dir = 0; dir < 2; dir++) {
		k->base[dir] = seed % 3 == 0 ? UINT32_MAX - raw_random(&k->random, BYTES)
					     : raw_random(&k->random, UINT32_MAX);
		for (size_t i = 0; i < BYTES; i++)
			k->data[dir][i] = (uint8_t)raw_random(&k->random, 256);
	}
	k->base[0]--;
	say(k, 0, TCP_SYN, 0, 0);
	k->base[0]++;
	k->base[1]--;
	say(k, 1, TCP_SYN | TCP_ACK, 0, 0);
	k->base[1]++;
	say(k, 0, TCP_ACK, 0, 0);
}

static void work(struct stream *s)
{
	while (stream_busy(s))
		stream_work(s, NS_PER_MS);
}

/* Appends the bytes of a direction as the stream gives them, read in odd pieces; holes are zeros. */
static size_t all_of(struct stream *s, int dir, uint8_t *out, size_t room, uint64_t *missing)
{
	struct stream_run run;
	size_t n = 0;

	*missing = 0;
	for (uint64_t pos = 0; stream_run_at(s, pos, &run); pos = run.end) {
		assert_true(run.pos == pos && run.end > pos);
		if (run.dir != dir)
			continue;
		assert_int_equal(run.offset, n);
		if (run.missing) {
			assert_int_equal(run.end, run.pos + 1);
			assert_true(n + run.missing <= room);
			memset(out + n, 0, run.missing);
			n += run.missing;
			*missing += run.missing;
			continue;
		}
		for (uint64_t at = run.pos; at < run.end;) {
			size_t want = 1 + (size_t)(at * 7 % 333), got;

			assert_true(n + (run.end - at) <= room);
			got = stream_read(s, at, out + n, want);
			assert_int_equal(got, want < run.end - at ? want : run.end - at);
			at += got;
			n += got;
		}
	}
	return n;
}

/* One side sends its next bytes in segments of any size, in any order near to theirs, some of them twice. */
static void send_some(struct talk *k, int dir, uint32_t upto)
{
	struct {
		uint32_t from, len;
	} cut[64], swap;
	size_t cuts = 0, again;

	for (uint32_t from = k->got[dir]; from < upto && cuts < 40; cuts++) {
		uint32_t len = 1 + raw_random(&k->random, 400);

		cut[cuts].from = from;
		cut[cuts].len = len < upto - from ? len : upto - from;
		from += cut[cuts].len;
		k->got[dir] = from;
	}
	/* Again, from some byte that was sent on: it overlaps others. */
	again = cuts ? cuts + 8 : 0;
	for (; cuts < again; cuts++) {
		uint32_t from = raw_random(&k->random, k->got[dir]);
		uint32_t len = 1 + raw_random(&k->random, 600);

		cut[cuts].from = from;
		cut[cuts].len = len < k->got[dir] - from ? len : k->got[dir] - from;
	}
	for (size_t i = 0; i + 1 < cuts; i++) {
		size_t other = i + raw_random(&k->random, (uint32_t)(cuts - i < 4 ? cuts - i : 4));

		swap = cut[i];
		cut[i] = cut[other];
		cut[other] = swap;
	}
	/* Nothing is acknowledged before it was all seen: got[!dir] is of the other direction. */
	for (size_t i = 0; i < cuts; i++)
		say(k, dir, TCP_ACK | TCP_PSH, cut[i].from, cut[i].len);
}

static void whatever_the_segments_the_bytes_are_those_that_were_sent(void **state)
{
	static uint8_t got[BYTES];
	uint64_t missing;

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct talk k;
		struct stream *s;

		begin(&k, seed);
		s = stream_new(k.t, 0, NULL);
		while (k.got[0] < BYTES || k.got[1] < BYTES) {
			int dir = (int)raw_random(&k.random, 2);
			uint32_t upto = k.got[dir] + raw_random(&k.random, 2000);

			send_some(&k, dir, upto < BYTES ? upto : BYTES);
			/* It is looked at while it grows. */
			if (seed % 2)
				work(s);
		}
		say(&k, 0, TCP_FIN | TCP_ACK, BYTES, 0);
		work(s);
		for (int dir = 0; dir < 2; dir++) {
			assert_int_equal(all_of(s, dir, got, sizeof(got), &missing), BYTES);
			assert_memory_equal(got, k.data[dir], BYTES);
			assert_int_equal(missing, 0);
			assert_int_equal(stream_total(s).bytes[dir], BYTES);
		}
		stream_free(s);
		trace_free(k.t);
	}
}

/* Segments in order, of which the capture misses some; the other side has and acknowledges them. */
static void what_was_not_captured_is_a_hole_of_its_size(void **state)
{
	static uint8_t got[BYTES], want[BYTES];
	uint64_t missing;

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		uint64_t lost = 0;
		struct talk k;
		struct stream *s;

		begin(&k, seed);
		memcpy(want, k.data[0], BYTES);
		for (uint32_t from = 0; from < BYTES;) {
			uint32_t len = 1 + raw_random(&k.random, 500);

			len = len < BYTES - from ? len : BYTES - from;
			if (raw_random(&k.random, 4) == 0) {
				memset(want + from, 0, len);
				lost += len;
			} else {
				say(&k, 0, TCP_ACK, from, len);
			}
			from += len;
			k.got[0] = from;
			if (raw_random(&k.random, 3) == 0)
				say(&k, 1, TCP_ACK, 0, 0);
		}
		say(&k, 1, TCP_ACK, 0, 0);
		s = stream_new(k.t, 0, NULL);
		work(s);
		assert_int_equal(all_of(s, 0, got, sizeof(got), &missing), BYTES);
		assert_memory_equal(got, want, BYTES);
		assert_int_equal(missing, lost);
		assert_int_equal(stream_total(s).missing[0], lost);
		stream_free(s);
		trace_free(k.t);
	}
}

static void a_hole_that_is_filled_later_is_none(void **state)
{
	uint8_t got[BYTES];
	uint64_t missing;
	struct stream *s;
	struct talk k;

	(void)state;
	begin(&k, 7);
	s = stream_new(k.t, 0, NULL);
	say(&k, 0, TCP_ACK, 0, 100);
	say(&k, 0, TCP_ACK, 200, 100);
	work(s);
	/* At the end of the trace it is shown as far as it is known … */
	assert_int_equal(all_of(s, 0, got, sizeof(got), &missing), 300);
	assert_int_equal(missing, 100);
	/* … which is taken back when the trace goes on. */
	say(&k, 0, TCP_ACK, 100, 100);
	assert_true(stream_busy(s));
	work(s);
	assert_int_equal(all_of(s, 0, got, sizeof(got), &missing), 300);
	assert_int_equal(missing, 0);
	assert_memory_equal(got, k.data[0], 300);
	assert_false(stream_work(s, NS_PER_MS));
	stream_free(s);
	trace_free(k.t);
}

static void what_the_snaplen_cut_off_is_missing(void **state)
{
	uint8_t data[1000] = { 1 };
	struct raw r = { .src = 1,
			 .dst = 2,
			 .sport = 1,
			 .dport = 2,
			 .protocol = IPPROTO_TCP,
			 .seq = 1000,
			 .flags = TCP_ACK,
			 .data = data,
			 .len = 1000,
			 .cut = 900 };
	struct trace *t = raw_trace();
	struct stream_run run;
	struct stream *s;

	(void)state;
	raw_add(t, &r, NS_PER_S);
	r.seq += 1000;
	raw_add(t, &r, NS_PER_S + 1);
	s = stream_new(t, 0, NULL);
	work(s);
	assert_int_equal(stream_size(s), 2 * 101);
	assert_true(stream_run_at(s, 100, &run));
	assert_int_equal(run.missing, 900);
	assert_true(stream_run_at(s, 101, &run));
	assert_int_equal(run.offset, 1000);
	assert_int_equal(run.missing, 0);
	assert_false(stream_run_at(s, 202, &run));
	stream_free(s);
	trace_free(t);
}

static void directions_take_turns_as_they_did(void **state)
{
	static const uint32_t len[] = { 10, 20, 30, 40 };
	struct stream_run run;
	struct stream *s;
	uint64_t pos = 0;
	struct talk k;

	(void)state;
	begin(&k, 9);
	for (int i = 0; i < 4; i++) {
		say(&k, i % 2, TCP_ACK, k.got[i % 2], len[i] / 2);
		say(&k, i % 2, TCP_ACK, k.got[i % 2] + len[i] / 2, len[i] / 2);
		k.got[i % 2] += len[i];
	}
	s = stream_new(k.t, 0, NULL);
	work(s);
	for (int i = 0; i < 4; i++) {
		assert_true(stream_run_at(s, pos + len[i] - 1, &run));
		assert_int_equal(run.pos, pos);
		assert_int_equal(run.end, pos + len[i]);
		assert_int_equal(run.dir, i % 2);
		pos = run.end;
	}
	assert_int_equal(stream_size(s), pos);
	assert_int_equal(trace_row_of(k.t, stream_packet(s, 5)), 4);
	stream_free(s);
	trace_free(k.t);
}

static void datagrams_stay_apart(void **state)
{
	struct raw r = { .src = 1,
			 .dst = 2,
			 .sport = 53,
			 .dport = 54,
			 .protocol = IPPROTO_UDP,
			 .data = "hello",
			 .len = 5 };
	struct trace *t = raw_trace();
	struct stream_run run;
	struct stream *s;
	char bytes[16];

	(void)state;
	for (int i = 0; i < 3; i++)
		raw_add(t, &r, NS_PER_S + i);
	r.len = 0;
	raw_add(t, &r, NS_PER_S + 3);
	s = stream_new(t, 0, NULL);
	work(s);
	assert_int_equal(stream_size(s), 15);
	assert_int_equal(stream_total(s).datagrams[0], 3);
	for (uint64_t i = 0; i < 3; i++) {
		assert_true(stream_run_at(s, i * 5 + 2, &run));
		assert_int_equal(run.pos, i * 5);
		assert_int_equal(run.end, i * 5 + 5);
		assert_int_equal(stream_read(s, i * 5, bytes, sizeof(bytes)), 5);
		assert_memory_equal(bytes, "hello", 5);
	}
	stream_free(s);
	trace_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_the_segments_the_bytes_are_those_that_were_sent),
		cmocka_unit_test(what_was_not_captured_is_a_hole_of_its_size),
		cmocka_unit_test(a_hole_that_is_filled_later_is_none),
		cmocka_unit_test(what_the_snaplen_cut_off_is_missing),
		cmocka_unit_test(directions_take_turns_as_they_did),
		cmocka_unit_test(datagrams_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
