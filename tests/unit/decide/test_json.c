#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>

#include "src/json.h"
#include "tests/scene.h"
#include "tests/unit/capture/events.h"

/* The one line that an event gives, as JSON. */
static json_t *line_of(struct trace *t, const struct event *ev)
{
	struct err e = { .what = "" };
	json_error_t wrong;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	json_t *o;

	assert_non_null(f);
	assert_int_equal(json_event(t, ev, NULL, f, &e), 0);
	assert_int_equal(fclose(f), 0);
	assert_true(len > 2);
	assert_ptr_equal(strchr(text, '\n'), text + len - 1);
	for (size_t i = 0; i + 1 < len; i++)
		assert_true((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
	o = json_loads(text, JSON_REJECT_DUPLICATES, &wrong);
	if (!o)
		fail_msg("%s in %s", wrong.text, text);
	free(text);
	return o;
}

static const char *text_at(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "(none)";
}

static json_int_t number_at(const json_t *o, const char *key)
{
	const json_t *n = json_object_get(o, key);

	if (!json_is_integer(n))
		fail_msg("%s is no number", key);
	return json_integer_value(n);
}

static void a_call_has_its_arguments(void **state)
{
	struct scene s = scene_new();
	struct event ev = { .kind = EVENT_CALL,
			    .host = CLIENT,
			    .ts_ns = 1234567890123456789,
			    .program = "client",
			    .thread = 1,
			    .call = { .number = 9, .name = "send", .fd = 3, .args = 2 } };
	json_t *o;

	(void)state;
	ev.call.arg[0] = (struct event_arg){ "sockfd", "3" };
	ev.call.arg[1] = (struct event_arg){ "buf", "\"a\\n\\x1b\\\\\", 4" };
	o = line_of(s.t, &ev);
	assert_string_equal(text_at(o, "kind"), "call");
	assert_true(number_at(o, "time_ns") == 1234567890123456789);
	assert_string_equal(text_at(o, "host"), "client");
	assert_string_equal(text_at(o, "program"), "client");
	assert_int_equal(number_at(o, "thread"), 1);
	assert_int_equal(number_at(o, "call"), 9);
	assert_string_equal(text_at(o, "name"), "send");
	assert_int_equal(number_at(o, "fd"), 3);
	/* As C would write it, and not escaped a second time. */
	assert_string_equal(text_at(json_object_get(o, "arg"), "buf"), "\"a\\n\\x1b\\\\\", 4");
	assert_string_equal(text_at(o, "text"), "client/1: send(3, \"a\\n\\x1b\\\\\", 4)");
	json_decref(o);
	trace_free(s.t);
}

static void a_return_has_its_result(void **state)
{
	struct scene s = scene_new();
	struct event ev = { .kind = EVENT_RETURN,
			    .host = SERVER,
			    .program = "server",
			    .ret = { .number = 2,
				     .name = "accept",
				     .result = -1,
				     .error = EINTR,
				     .blocked = true } };
	json_t *o = line_of(s.t, &ev);

	(void)state;
	assert_int_equal(number_at(o, "result"), -1);
	assert_int_equal(number_at(o, "errno"), EINTR);
	assert_true(json_is_true(json_object_get(o, "blocked")));
	assert_string_equal(text_at(o, "host"), "server");
	json_decref(o);
	trace_free(s.t);
}

static void a_packet_has_its_headers(void **state)
{
	struct scene s = scene_new();
	json_t *o;

	(void)state;
	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_tcp(&s, CLIENT, TCP_ACK | TCP_PSH, 1, 1, "hello");
	scene_wire(&s, SERVER, 3, WIRE_DROPPED, "cut");
	o = line_of(s.t, trace_event(s.t, 2, NULL));
	assert_string_equal(text_at(o, "kind"), "packet");
	assert_int_equal(number_at(o, "number"), 3);
	assert_string_equal(text_at(o, "src"), "192.0.2.1:45012");
	assert_string_equal(text_at(o, "dst"), "192.0.2.2:8080");
	assert_int_equal(number_at(o, "protocol"), IPPROTO_TCP);
	assert_int_equal(number_at(o, "seq"), 1);
	assert_int_equal(number_at(o, "ack"), 1);
	assert_true(number_at(o, "seq_raw") == 1000001 && number_at(o, "ack_raw") == 77000001);
	assert_int_equal(number_at(o, "payload_len"), 5);
	assert_int_equal(number_at(o, "conn"), 0);
	assert_string_equal(text_at(o, "fate"), "dropped");
	json_decref(o);
	trace_free(s.t);
}

static void a_state_has_its_socket(void **state)
{
	struct scene s = scene_new();
	struct event ev = { .kind = EVENT_STATE,
			    .host = SERVER,
			    .program = "server",
			    .state = { .by = BY_ARRIVAL,
				       .by_number = 3,
				       .fd = 4,
				       .old = SOCK_STATE_SYN_RECEIVED } };
	json_t *o;

	(void)state;
	ev.state.sock.state = SOCK_STATE_ESTABLISHED;
	ev.state.sock.cookie = 77;
	ev.state.sock.local = addr_v4((const uint8_t[]){ 192, 0, 2, 2 }, 8080);
	ev.state.sock.rtt_us = 120;
	o = line_of(s.t, &ev);
	assert_string_equal(text_at(o, "state"), "ESTABLISHED");
	assert_string_equal(text_at(o, "old"), "SYN-RECEIVED");
	assert_string_equal(text_at(o, "local"), "192.0.2.2:8080");
	assert_int_equal(number_at(o, "fd"), 4);
	json_decref(o);
	trace_free(s.t);
}

/* Bytes that are no UTF-8, controls, names out of range: still one line of JSON. */
static void foreign_text_stays_a_string(void **state)
{
	struct scene s = scene_new();
	struct event ev = { .kind = EVENT_NOTE,
			    .host = 200,
			    .note = { .kind = (enum note_kind)99 } };
	char *long_text = malloc(100001);
	json_t *o;

	(void)state;
	ev.note.text = "a\x80\xff\n\x1b[31m\"\xe2\x80\xae\\";
	o = line_of(s.t, &ev);
	assert_string_equal(text_at(o, "text"), "a\\x80\\xff\\n\\x1b[31m\"\\u{202e}\\");
	assert_null(json_object_get(o, "host"));
	json_decref(o);

	assert_non_null(long_text);
	for (size_t i = 0; i < 100000; i += 2)
		memcpy(long_text + i, "é", 2);
	long_text[100000] = '\0';
	ev.note.text = long_text;
	o = line_of(s.t, &ev);
	json_decref(o);
	free(long_text);
	trace_free(s.t);
}

/* Of every event that there can be, every field that it has is in its line. */
static void any_event_is_a_line(void **state)
{
	struct events *g = events_new(3, 0);
	struct err e = { .what = "" };
	struct scene s = scene_new();

	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct event ev;
		json_t *o;

		events_next(g, &ev);
		if (trace_append(s.t, &ev, ev.kind == EVENT_PACKET ? NULL : "m", &e))
			fail_msg("%s", e.what);
		o = line_of(s.t, &ev);
		assert_string_equal(text_at(o, "kind"), event_kind_name(ev.kind));
		assert_true(number_at(o, "time_ns") == ev.ts_ns);
		assert_non_null(json_object_get(o, "text"));
		if (ev.kind == EVENT_NOTE)
			assert_string_equal(text_at(o, "text"), ev.note.text);
		json_decref(o);
	}
	free(g);
	trace_free(s.t);
}

static void counters_are_an_object(void **state)
{
	struct scene s = scene_new();
	struct event ev = { .kind = EVENT_COUNTERS,
			    .host = SERVER,
			    .counters = { .by = BY_TIME, .changes = "TcpExtListenDrops+2 x TcpOutRsts+1 TcpOutRsts+3" } };
	json_t *o, *counters;

	(void)state;
	assert_int_equal(trace_append(s.t, &ev, "m", NULL), 0);
	o = line_of(s.t, trace_event(s.t, 0, NULL));
	counters = json_object_get(o, "counters");
	assert_string_equal(text_at(o, "kind"), "counters");
	assert_string_equal(text_at(o, "by"), "time");
	assert_string_equal(text_at(o, "host"), "server");
	assert_int_equal(json_object_size(counters), 2);
	assert_int_equal(number_at(counters, "TcpExtListenDrops"), 2);
	assert_int_equal(number_at(counters, "TcpOutRsts"), 3);
	json_decref(o);
	trace_free(s.t);
}

static void a_full_disk_is_told(void **state)
{
	struct scene s = scene_new();
	struct event ev = { .kind = EVENT_NOTE, .note = { .text = "x" } };
	struct err e = { .what = "" };
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	if (!f)
		skip();
	setvbuf(f, NULL, _IONBF, 0);
	assert_int_equal(json_event(s.t, &ev, NULL, f, &e), -1);
	assert_true(e.what[0]);
	fclose(f);
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_has_its_arguments),
		cmocka_unit_test(a_return_has_its_result),
		cmocka_unit_test(a_packet_has_its_headers),
		cmocka_unit_test(a_state_has_its_socket),
		cmocka_unit_test(foreign_text_stays_a_string),
		cmocka_unit_test(any_event_is_a_line),
		cmocka_unit_test(counters_are_an_object),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
