#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>

#include "src/core/names.h"
#include "src/describe.h"
#include "tests/scene.h"
#include "tests/unit/capture/events.h"

/* ---- durations ---- */

static void check_duration(int64_t ns, const char *want)
{
	STR_ON_STACK(s, 64);

	describe_duration(&s, ns);
	assert_string_equal(s.buf, want);
}

static void durations_have_three_digits(void **state)
{
	(void)state;
	check_duration(0, "0 ns");
	check_duration(999, "999 ns");
	check_duration(1000, "1 µs");
	check_duration(12345, "12 µs");
	check_duration(999499, "999 µs");
	check_duration(999500, "1.00 ms");
	check_duration(9994999, "9.99 ms");
	check_duration(9995000, "10.0 ms");
	check_duration(40300000, "40.3 ms");
	check_duration(99949999, "99.9 ms");
	check_duration(99950000, "100 ms");
	check_duration(999499999, "999 ms");
	check_duration(999500000, "1.00 s");
	check_duration(1200 * NS_PER_MS, "1.20 s");
	check_duration(59949 * NS_PER_MS, "59.9 s");
	check_duration(59950 * NS_PER_MS, "1.00 min");
	check_duration(90 * NS_PER_S, "1.50 min");
	check_duration(3600 * NS_PER_S, "1.00 h");
	check_duration(123456 * NS_PER_S, "34.3 h");
	check_duration(-40300000, "-40.3 ms");
}

/* A longer time never reads as a shorter one, and nothing needs a fourth digit, but in hours. */
static void durations_grow(void **state)
{
	static const struct {
		const char *name;
		double unit;
	} units[] = { { " ns", 1 },  { " µs", 1e3 },   { " ms", 1e6 },
		      { " s", 1e9 }, { " min", 60e9 }, { " h", 3600e9 } };
	double before = -1;

	(void)state;
	for (double x = 1; x < 9e17; x *= 1.0007) {
		STR_ON_STACK(s, 64);
		double said = -1;
		int digits = 0;

		describe_duration(&s, (int64_t)x);
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (!strcmp(s.buf + strcspn(s.buf, " "), units[i].name))
				said = strtod(s.buf, NULL) * units[i].unit;
		for (const char *c = s.buf; *c != ' '; c++)
			digits += *c != '.';
		if (said < before || said < (double)(int64_t)x * 0.66 ||
		    said > (double)(int64_t)x * 1.34)
			fail_msg("%s for %.0f ns", s.buf, x);
		if (digits > 3 && !strstr(s.buf, " h"))
			fail_msg("%s has %d digits", s.buf, digits);
		before = said;
	}
	check_duration(INT64_MAX, "2562048 h");
	check_duration(INT64_MIN, "-2562048 h");
}

/* ---- calls and returns ---- */

static struct event call_of(const char *name, uint32_t args, const struct event_arg *arg)
{
	struct event ev = { .kind = EVENT_CALL,
			    .program = "client",
			    .call = { .name = name, .args = args } };

	if (args)
		memcpy(ev.call.arg, arg, args * sizeof(*arg));
	return ev;
}

static struct event return_of(const char *name, int64_t result, int error)
{
	return (struct event){ .kind = EVENT_RETURN,
			       .program = "client",
			       .ret = { .name = name, .result = result, .error = error } };
}

static void calls_read_as_in_c(void **state)
{
	const struct event_arg arg[] = {
		{ "sockfd", "3" },     { "buf", "\"hello\", 5" }, { "flags", "" },
		{ "dest_addr", NULL }, { "last", "x" },
	};
	struct event ev = call_of("sendto", 5, arg), none = call_of(NULL, 0, NULL);
	STR_ON_STACK(s, 128);

	(void)state;
	describe_call(&s, &ev);
	assert_string_equal(s.buf, "sendto(3, \"hello\", 5, x)");
	str_clear(&s);
	describe_call(&s, &none);
	assert_string_equal(s.buf, "?()");
}

static void check_return(const struct event *ev, const char *want)
{
	STR_ON_STACK(s, 256);

	describe_return(&s, ev);
	assert_string_equal(s.buf, want);
}

static void returns_say_what_came_back(void **state)
{
	struct event ev = return_of("connect", -1, ECONNREFUSED);

	(void)state;
	check_return(&ev, "= -1 ECONNREFUSED");
	ev = return_of("connect", -1, 4095);
	check_return(&ev, "= -1 4095");
	ev = return_of("accept", 4, 0);
	ev.ret.outs = 1;
	ev.ret.out[0] = (struct event_arg){ "from", "client:45012" };
	ev.ret.blocked = true;
	ev.ret.entered_ns = 1000;
	ev.ts_ns = 1000 + 1200 * NS_PER_MS;
	check_return(&ev, "= 4 from client:45012 after 1.20 s");
	ev = return_of("recv", 5, 0);
	ev.ret.outs = 2;
	ev.ret.out[0] = (struct event_arg){ "data", "\"hello\"" };
	ev.ret.out[1] = (struct event_arg){ "flags", "MSG_TRUNC" };
	check_return(&ev, "= 5 \"hello\" (MSG_TRUNC)");
	ev = return_of("getsockopt", 0, 0);
	ev.ret.outs = 3;
	ev.ret.out[0] = (struct event_arg){ "value", "SO_ERROR = 0" };
	ev.ret.out[1] = (struct event_arg){ "value", NULL };
	ev.ret.out[2] = (struct event_arg){ "ready", "4 POLLIN" };
	check_return(&ev, "= 0 (SO_ERROR = 0) ready 4 POLLIN");
}

/* ---- what a result means ---- */

static void check_meaning(const char *call, const char *arg, int64_t result, int error,
			  const char *has)
{
	const struct event_arg args[] = { { "sockfd", "3" }, { "addr", arg } };
	struct event c = call_of(call, 2, args), r = return_of(call, result, error);
	STR_ON_STACK(s, 512);

	describe_outcome(&s, &c, &r);
	if (!strstr(s.buf, has))
		fail_msg("%s(%s) = %d %d: \"%s\" and not \"%s\"", call, arg, (int)result, error,
			 s.buf, has);
	if (strstr(s.buf, "%N"))
		fail_msg("a hole is left in \"%s\"", s.buf);
}

static void a_result_means_what_the_socket_is(void **state)
{
	(void)state;
	check_meaning("socket", "", 17, 0, "17 is the descriptor");
	check_meaning("connect", "server:80", -1, ECONNREFUSED, "RST");
	check_meaning("connect", "unix:@x", -1, ECONNREFUSED, "no socket receives");
	check_meaning("connect", "unix:@x", 0, 0, "The peer is set");
	check_meaning("connect", "server:80", 0, 0, "handshake is complete");
	check_meaning("bind", "*:80", -1, EACCES, "1024");
	check_meaning("bind", "unix:/etc/x", -1, EACCES, "file");
	check_meaning("accept4", "", -1, EAGAIN, "No connection is waiting");
	check_meaning("sendmsg", "", 7, 0, "took 7 bytes");
	check_meaning("sendto", "", -1, EPIPE, "SIGPIPE");
	/* An interrupted connect() is not as if nothing had been done. */
	check_meaning("connect", "server:80", -1, EINTR, "goes on by itself");
	check_meaning("recv", "", -1, EINTR, "can be called again");
	check_meaning("read", "", 0, 0, "End of file");
	check_meaning("recvfrom", "", 0, 0, "End of file");
	check_meaning("recvfrom", "", 3, 0,
		      "One datagram of 3 bytes (or what fitted of it), with its sender's address; "
		      "from a stream, 3 bytes.");
	check_meaning("send", "", -1, ENOBUFS, "ENOBUFS: ");
	check_meaning("mystery", "", -1, EBADF, "no descriptor");
}

static void a_result_without_its_call_is_no_riddle(void **state)
{
	struct event r = return_of("connect", -1, ECONNREFUSED);
	STR_ON_STACK(s, 512);

	(void)state;
	describe_outcome(&s, NULL, &r);
	assert_non_null(strstr(s.buf, "RST"));
	r = return_of(NULL, 5, 0);
	str_clear(&s);
	describe_outcome(&s, NULL, &r);
	assert_string_equal(s.buf, "");
}

/* Whatever call fails of the table, with whatever error that has a name: there are words for it. */
static void every_error_of_every_call_has_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < calls_count; i++)
		for (int error = 1; error < 134; error++) {
			struct event r = return_of(calls[i].name, -1, error);
			STR_ON_STACK(s, 512);

			if (!name_of(&names_errno, error))
				continue;
			describe_outcome(&s, NULL, &r);
			if (!s.len)
				fail_msg("%s() fails with %d, and no word", calls[i].name, error);
		}
}

/* ---- whole events ---- */

static void check_event(const struct trace *t, const struct event *ev, const char *want)
{
	STR_ON_STACK(s, 512);

	describe_event(&s, t, ev);
	assert_string_equal(s.buf, want);
}

static void events_are_one_line(void **state)
{
	struct scene s = scene_new();
	struct event ev = { .kind = EVENT_WIRE,
			    .wire = { .packet = 7, .fate = WIRE_DROPPED, .by = "cut" } };

	(void)state;
	check_event(s.t, &ev, "packet 7 lost: cut");
	ev.wire = (struct event_wire){ .packet = 7, .fate = WIRE_DELIVERED, .copy = 2 };
	check_event(s.t, &ev, "packet 7 delivered (copy 2)");
	ev.wire.fate = (enum wire_fate)77;
	check_event(s.t, &ev, "packet 7 ? (copy 2)");
	ev = (struct event){ .kind = EVENT_COMMAND,
			     .command = { .target = "wire", .text = "hold" } };
	check_event(s.t, &ev, "wire> hold");
	ev.command.target = NULL;
	ev.command.text = "thread t of client";
	check_event(s.t, &ev, "thread t of client");
	ev = (struct event){ .kind = EVENT_PROGRAM,
			     .program = "server",
			     .prog = { .change = PROGRAM_KILLED, .pid = 12, .status = SIGPIPE } };
	check_event(s.t, &ev, "server was killed by SIGPIPE");
	ev.prog.change = PROGRAM_EXITED;
	ev.prog.status = 3;
	check_event(s.t, &ev, "server exited with status 3");
	ev.thread = 2;
	ev.prog.others = 1;
	check_event(s.t, &ev, "server/2 exited with status 3; 1 process of it goes on");
	ev.prog = (struct event_program){ .pid = 12, .command = "python3 server.py" };
	check_event(s.t, &ev, "server/2 started (pid 12): python3 server.py");
	ev.prog.change = PROGRAM_EXECUTED;
	check_event(s.t, &ev, "server/2 became another program: python3 server.py");
	ev = (struct event){ .kind = EVENT_OUTPUT,
			     .program = "server",
			     .output = { .stream = 1, .text = "ready" } };
	check_event(s.t, &ev, "server> ready");
	ev.output = (struct event_output){ .stream = 2, .text = "Traceback", .cut = true };
	check_event(s.t, &ev, "server 2> Traceback…");
	ev = (struct event){ .kind = EVENT_NOTE };
	check_event(s.t, &ev, "");
	ev = (struct event){ .kind = EVENT_STATE,
			     .program = "server",
			     .state = { .fd = 4,
					.sock = { .state = SOCK_STATE_ESTABLISHED, .recvq = 5 } } };
	ev.state.sock.local = addr_v4((const uint8_t[]){ 192, 0, 2, 2 }, 8080);
	ev.state.sock.remote = addr_v4((const uint8_t[]){ 192, 0, 2, 1 }, 45012);
	check_event(s.t, &ev,
		    "server 4 server:8080 → client:45012  ESTABLISHED  recv-q 5 send-q 0");
	ev.state.fd = -1;
	ev.state.sock.remote = addr_v4((const uint8_t[]){ 0, 0, 0, 0 }, 0);
	ev.state.sock.recvq = 0;
	check_event(s.t, &ev, "server server:8080  ESTABLISHED");
	trace_free(s.t);
}

/* A packet reads relative to its connection once it is in the trace. */
static void packets_have_their_connection(void **state)
{
	struct scene s = scene_new();
	STR_ON_STACK(first, 256);
	STR_ON_STACK(second, 256);

	(void)state;
	scene_tcp(&s, CLIENT, TCP_SYN, 1000, 0, "");
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 5000, 1001, "");
	describe_event(&first, s.t, trace_event(s.t, 0, NULL));
	describe_event(&second, s.t, trace_event(s.t, 1, NULL));
	assert_non_null(strstr(first.buf, "SYN"));
	assert_non_null(strstr(first.buf, "seq 0"));
	assert_non_null(strstr(second.buf, "seq 0"));
	assert_non_null(strstr(second.buf, "ack 1"));
	trace_free(s.t);
}

/* Whatever the events hold: one line, and never more than there is room for. */
static void any_event_fits_any_room(void **state)
{
	struct events *g = events_new(7, 0);
	struct scene s = scene_new();

	(void)state;
	for (int i = 0; i < 3000; i++) {
		char room[300];
		size_t cap = 1 + events_random(g, sizeof(room) - 1);
		struct str out = str_on(room, cap);
		struct event ev;

		events_next(g, &ev);
		describe_event(&out, s.t, &ev);
		assert_true(out.len < cap);
		assert_int_equal(room[out.len], '\0');
		assert_null(strchr(room, '\n'));
	}
	free(g);
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_three_digits),
		cmocka_unit_test(durations_grow),
		cmocka_unit_test(calls_read_as_in_c),
		cmocka_unit_test(returns_say_what_came_back),
		cmocka_unit_test(a_result_means_what_the_socket_is),
		cmocka_unit_test(a_result_without_its_call_is_no_riddle),
		cmocka_unit_test(every_error_of_every_call_has_words),
		cmocka_unit_test(events_are_one_line),
		cmocka_unit_test(packets_have_their_connection),
		cmocka_unit_test(any_event_fits_any_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
