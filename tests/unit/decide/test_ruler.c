/*
 * ruler: where the bytes of a connection are: from packets, calls and queues, on traces made by hand; and that it does
 * not matter in which order moments are asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/ruler.h"
#include "tests/scenes.h"
#include "tests/unit/decide/raw.h"

static struct ruler_count at(struct ruler *r, uint32_t row)
{
	struct ruler_count c;

	ruler_ask(r, 0, row);
	ruler_work(r, 0);
	assert_false(ruler_busy(r));
	assert_true(ruler_at(r, 0, row, &c));
	return c;
}

static struct ruler_count now(struct scene *s)
{
	struct ruler *r = ruler_new(s->t, NULL);
	struct ruler_count c = at(r, trace_rows(s->t) - 1);

	ruler_free(r);
	return c;
}

static void assert_side(const struct ruler_side *s, uint64_t written, uint64_t sent, uint64_t acked,
			uint64_t received, uint64_t read)
{
	assert_int_equal(s->written, written);
	assert_int_equal(s->sent, sent);
	assert_int_equal(s->acked, acked);
	assert_int_equal(s->received, received);
	assert_int_equal(s->read, read);
	assert_true(s->sent <= s->written && s->acked <= s->sent && s->read <= s->received);
}

static void begin(struct scene *s)
{
	*s = scene_new();
	scenes_open(s);
	scenes_handshake(s);
}

static void state(struct scene *s, uint8_t host, uint64_t cookie, int32_t fd, enum sock_state is,
		  uint32_t recvq, uint32_t sendq)
{
	struct sock_sample k = scene_sock(s, host, cookie, is);

	k.recvq = recvq;
	k.sendq = sendq;
	scene_state(s, host, BY_TIME, 0, fd, is, &k);
}

static void call(struct scene *s, uint8_t host, const char *name, int32_t fd, int64_t n,
		 const char *flags)
{
	struct event ev = { .kind = EVENT_RETURN };
	int64_t entered_ns = s->now_ns;
	uint64_t number = scene_call(s, host, name, fd, "sockfd", "3", "flags", flags);

	ev.ret = (struct event_return){
		.number = number, .name = name, .fd = fd, .result = n, .entered_ns = entered_ns
	};
	scene_who(&ev, host, scene_program_name(host), 0);
	scene_add(s, &ev);
}

/* One send() from its call to the other program's recv(), step by step. */
static void bytes_go_from_program_to_program(void **unused)
{
	struct scene s;
	struct ruler_count c;

	(void)unused;
	begin(&s);
	c = now(&s);
	assert_side(&c.dir[0], 0, 0, 0, 0, 0);
	assert_true(c.dir[0].sender_known && c.dir[0].receiver_known);
	call(&s, CLIENT, "send", 3, 10, "0");
	c = now(&s);
	assert_side(&c.dir[0], 10, 0, 0, 0, 0);
	scene_wire(&s, SERVER, scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "hello"), WIRE_DELAYED,
		   "delay");
	c = now(&s);
	assert_side(&c.dir[0], 10, 5, 0, 0, 0);
	scene_wire(&s, SERVER, s.packets, WIRE_DELIVERED, "");
	c = now(&s);
	assert_side(&c.dir[0], 10, 5, 0, 5, 0);
	scene_tcp(&s, SERVER, TCP_ACK, 1, 6, "");
	c = now(&s);
	assert_side(&c.dir[0], 10, 5, 5, 5, 0);
	call(&s, SERVER, "recv", 4, 2, "0");
	c = now(&s);
	assert_side(&c.dir[0], 10, 5, 5, 5, 2);
	assert_side(&c.dir[1], 0, 0, 0, 0, 0);
	trace_free(s.t);
}

/* Programs that write and read otherwise, as through another descriptor: the kernels' queues tell. */
static void queues_tell_what_calls_do_not(void **unused)
{
	struct scene s;
	struct ruler_count c;

	(void)unused;
	begin(&s);
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "hello");
	state(&s, CLIENT, 11, 3, SOCK_STATE_ESTABLISHED, 0, 100);
	state(&s, SERVER, 22, 4, SOCK_STATE_ESTABLISHED, 2, 0);
	c = now(&s);
	assert_side(&c.dir[0], 100, 5, 0, 5, 3);
	/* A FIN counts in both queues, and is no byte. */
	scene_tcp(&s, SERVER, TCP_ACK, 1, 6, "");
	scene_tcp(&s, CLIENT, TCP_ACK | TCP_FIN, 6, 1, "");
	state(&s, CLIENT, 11, 3, SOCK_STATE_FIN_WAIT_1, 0, 1);
	state(&s, SERVER, 22, 4, SOCK_STATE_CLOSE_WAIT, 3, 0);
	c = now(&s);
	assert_int_equal(c.dir[0].sent, 5);
	assert_int_equal(c.dir[0].read, 3);
	assert_true(c.dir[0].ended);
	scene_tcp(&s, SERVER, TCP_ACK, 1, 7, "");
	state(&s, SERVER, 22, 4, SOCK_STATE_CLOSE_WAIT, 1, 0);
	c = now(&s);
	assert_int_equal(c.dir[0].acked, 5);
	assert_int_equal(c.dir[0].received, 5);
	assert_int_equal(c.dir[0].read, 5);
	trace_free(s.t);
}

static void what_is_only_looked_at_is_not_read(void **unused)
{
	struct scene s;
	struct ruler_count c;

	(void)unused;
	begin(&s);
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "hello");
	call(&s, SERVER, "recv", 4, 5, "MSG_PEEK");
	c = now(&s);
	assert_side(&c.dir[0], 5, 5, 0, 5, 0);
	call(&s, SERVER, "recv", 4, 5, "MSG_WAITALL");
	c = now(&s);
	assert_side(&c.dir[0], 5, 5, 0, 5, 5);
	trace_free(s.t);
}

/* After close() the descriptor is another file's. */
static void a_closed_descriptor_counts_no_more(void **unused)
{
	struct scene s;
	struct ruler_count c;

	(void)unused;
	begin(&s);
	call(&s, CLIENT, "dup", 3, 7, "0");
	call(&s, CLIENT, "close", 3, 0, "0");
	call(&s, CLIENT, "write", 3, 50, "0");
	c = now(&s);
	assert_int_equal(c.dir[0].written, 0);
	call(&s, CLIENT, "write", 7, 20, "0");
	c = now(&s);
	assert_int_equal(c.dir[0].written, 20);
	call(&s, SERVER, "write", 4, -1, "0");
	c = now(&s);
	assert_int_equal(c.dir[1].written, 0);
	trace_free(s.t);
}

/* A segment is lost, the next one waits behind the hole, and is taken with the repetition. */
static void what_lies_behind_a_hole_is_not_received(void **unused)
{
	struct scene s;
	struct ruler_count c;

	(void)unused;
	begin(&s);
	scene_wire(&s, SERVER, scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "hello"), WIRE_DROPPED, "hand");
	scene_tcp(&s, CLIENT, TCP_ACK, 6, 1, "world!");
	c = now(&s);
	assert_side(&c.dir[0], 11, 11, 0, 0, 0);
	assert_int_equal(c.dir[0].beyond, 6);
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "hello");
	c = now(&s);
	assert_side(&c.dir[0], 11, 11, 0, 11, 0);
	assert_int_equal(c.dir[0].beyond, 0);
	trace_free(s.t);
}

/* Packets alone: what programs did is not known, and what arrived is what was acknowledged at least. */
static void a_capture_shows_what_was_sent_and_acknowledged(void **unused)
{
	struct scene s = scene_capture();
	struct ruler_count c;

	(void)unused;
	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "hello");
	c = now(&s);
	assert_int_equal(c.dir[0].sent, 5);
	assert_int_equal(c.dir[0].acked, 0);
	assert_false(c.dir[0].sender_known || c.dir[0].receiver_known);
	/* The capture missed the answer's first four bytes. */
	scene_tcp(&s, SERVER, TCP_ACK, 5, 6, "there");
	scene_tcp(&s, CLIENT, TCP_ACK, 6, 10, "");
	c = now(&s);
	assert_int_equal(c.dir[0].acked, 5);
	assert_int_equal(c.dir[1].sent, 9);
	assert_int_equal(c.dir[1].acked, 9);
	assert_int_equal(c.dir[1].received, 9);
	trace_free(s.t);
}

/* ---- long ones ---- */

#define SEGMENTS 3000
#define LEN	 1000

/* Every third segment is acknowledged; numbers pass 2^32 in the first direction. */
static struct trace *long_trace(void)
{
	static uint8_t data[LEN];
	struct trace *t = raw_trace();
	uint32_t base = UINT32_MAX - 70000;
	int64_t now_ns = NS_PER_S;
	struct raw syn = { .src = 0x0a000001,
			   .dst = 0x0a000002,
			   .sport = 4000,
			   .dport = 80,
			   .protocol = IPPROTO_TCP,
			   .seq = base - 1,
			   .flags = TCP_SYN };

	raw_add(t, &syn, now_ns += 1000);
	for (uint32_t i = 0; i < SEGMENTS; i++) {
		struct raw r = syn;

		r.flags = TCP_ACK;
		r.seq = base + i * LEN;
		r.ack = 1;
		r.data = data;
		r.len = LEN;
		raw_add(t, &r, now_ns += 1000);
		if (i % 3 != 2)
			continue;
		r = (struct raw){ .src = 0x0a000002,
				  .dst = 0x0a000001,
				  .sport = 80,
				  .dport = 4000,
				  .protocol = IPPROTO_TCP,
				  .seq = 1,
				  .ack = base + (i + 1) * LEN,
				  .flags = TCP_ACK };
		raw_add(t, &r, now_ns += 1000);
	}
	return t;
}

/* What row n of it must give: row 0 is the SYN; then come groups of three segments and an ACK. */
static void assert_moment(const struct ruler_count *c, uint32_t row)
{
	uint32_t groups = row / 4, rest = row % 4;

	assert_int_equal(c->dir[0].sent, (uint64_t)(groups * 3 + rest) * LEN);
	assert_int_equal(c->dir[0].acked, (uint64_t)groups * 3 * LEN);
}

static void any_moment_can_be_asked_for_in_any_order(void **unused)
{
	struct trace *t = long_trace();
	struct ruler *r = ruler_new(t, NULL);
	uint64_t random = 7;

	(void)unused;
	for (int i = 0; i < 400; i++) {
		uint32_t row = i == 0 ? trace_rows(t) - 1 : raw_random(&random, trace_rows(t));
		struct ruler_count c = at(r, row);

		assert_moment(&c, row);
	}
	ruler_free(r);
	trace_free(t);
}

static void slices_lead_to_the_same(void **unused)
{
	struct trace *t = long_trace();
	struct ruler *r = ruler_new(t, NULL);
	uint32_t last = trace_rows(t) - 1;
	struct ruler_count c;
	int slices = 0;

	(void)unused;
	ruler_ask(r, 0, last);
	assert_false(ruler_at(r, 0, last, &c));
	for (; ruler_busy(r); slices++) {
		assert_true(ruler_percent(r) <= 100);
		ruler_work(r, 1);
	}
	assert_true(slices > 1);
	assert_true(ruler_at(r, 0, last, &c));
	assert_moment(&c, last);
	ruler_free(r);
	trace_free(t);
}

/* A live trace grows, and an event that comes late goes between the others. */
static void a_growing_trace_is_counted_on(void **unused)
{
	struct scene s;
	struct ruler *r;
	struct ruler_count c;

	(void)unused;
	begin(&s);
	r = ruler_new(s.t, NULL);
	for (uint32_t i = 0; i < 600; i++) {
		scene_tcp(&s, CLIENT, TCP_ACK, 1 + i, 1, "x");
		c = at(r, trace_rows(s.t) - 1);
		assert_int_equal(c.dir[0].sent, i + 1);
	}
	s.now_ns -= 100 * NS_PER_US;
	scene_tcp(&s, SERVER, TCP_ACK, 1, 301, "");
	c = at(r, trace_rows(s.t) - 1);
	assert_int_equal(c.dir[0].acked, 300);
	assert_int_equal(c.dir[0].sent, 600);
	ruler_free(r);
	trace_free(s.t);
}

static void nothing_is_asked_of_nothing(void **unused)
{
	struct scene s = scene_new();
	struct ruler *r = ruler_new(s.t, NULL);
	struct ruler_count c;

	(void)unused;
	ruler_ask(r, CONN_NONE, ROW_NONE);
	assert_false(ruler_busy(r));
	assert_false(ruler_work(r, 0));
	assert_false(ruler_at(r, 0, 0, &c));
	ruler_ask(r, 5, 7);
	assert_false(ruler_busy(r));
	ruler_free(r);
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_from_program_to_program),
		cmocka_unit_test(queues_tell_what_calls_do_not),
		cmocka_unit_test(what_is_only_looked_at_is_not_read),
		cmocka_unit_test(a_closed_descriptor_counts_no_more),
		cmocka_unit_test(what_lies_behind_a_hole_is_not_received),
		cmocka_unit_test(a_capture_shows_what_was_sent_and_acknowledged),
		cmocka_unit_test(any_moment_can_be_asked_for_in_any_order),
		cmocka_unit_test(slices_lead_to_the_same),
		cmocka_unit_test(a_growing_trace_is_counted_on),
		cmocka_unit_test(nothing_is_asked_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
