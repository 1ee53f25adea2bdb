#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "src/fields_impl.h"
#include "tests/scene.h"

static const struct select everything;

/* What a trace gives as these fields, read from its file. */
static char *lines_of(struct trace *t, const char *names, const struct select *select)
{
	char path[] = "/tmp/test-fields-XXXXXX", *text = NULL;
	struct trace_options o = { 0 };
	struct err e = { .what = "" };
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct fields *f = fields_new(names, select, out, &e);
	struct trace *read;

	if (!f)
		fail_msg("%s", e.what);
	assert_int_not_equal(mkstemp(path), -1);
	unlink(path);
	assert_int_equal(trace_save(t, path, &e), 0);
	assert_int_equal(trace_flush(t, &e), 0);
	o.watch = fields_watch(f);
	read = trace_open_with(path, &o, &e);
	if (!read)
		fail_msg("%s", e.what);
	assert_int_equal(trace_rows(read), 0);
	assert_int_equal(fields_end(f, &e), 0);
	assert_int_equal(fclose(out), 0);
	unlink(path);
	trace_free(read);
	fields_free(f);
	return text;
}

static struct scene connection(void)
{
	struct scene s = scene_new();

	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_ms(&s, 40);
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "");
	scene_quick(&s, CLIENT, "send", 3, 5, "sockfd", "3");
	scene_tcp(&s, CLIENT, TCP_ACK | TCP_PSH, 1, 1, "hello");
	scene_ms(&s, 300);
	scene_tcp(&s, CLIENT, TCP_ACK | TCP_PSH, 1, 1, "hello");
	return s;
}

static void check(const char *names, const struct select *select, const char *expected)
{
	struct scene s = connection();
	char *text = lines_of(s.t, names, select);

	assert_string_equal(text, expected);
	free(text);
	trace_free(s.t);
}

static void events_are_frames_without_fields(void **state)
{
	(void)state;
	check("frame.number,ip.len,tcp.len", &everything,
	      "1\t48\t0\n2\t48\t0\n3\t40\t0\n4\t\t\n5\t\t\n6\t45\t5\n7\t45\t5\n");
}

/* An event is as long as its entry in the file: the text, without what fills the block up. */
static void events_have_the_length_of_their_entries(void **state)
{
	static const char *const notes[] = { "a", "ab", "abc", "abcd", "abcde" };
	struct scene s = scene_new();
	unsigned long first = 0, len, caplen;
	char *text, *at;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct event ev = { .kind = EVENT_NOTE, .host = HOST_NONE, .ts_ns = s.now_ns };

		ev.note.text = notes[i];
		assert_int_equal(trace_append(s.t, &ev, "note", NULL), 0);
	}
	text = at = lines_of(s.t, "frame.len,frame.cap_len", &everything);
	for (size_t i = 0; i < 5; i++) {
		len = strtoul(at, &at, 10);
		caplen = strtoul(at, &at, 10);
		first = i ? first : len;
		assert_true(len > 5);
		assert_int_equal(len, first + i);
		assert_int_equal(caplen, len);
	}
	free(text);
	trace_free(s.t);
}

static void completeness_is_that_before_the_frame(void **state)
{
	(void)state;
	check("tcp.completeness", &everything, "0\n1\n3\n\n\n7\n15\n");
}

static void times_have_nine_digits(void **state)
{
	struct scene s = scene_capture();
	char *text;

	(void)state;
	s.now_ns += 12;
	scene_udp(&s, CLIENT, "x");
	s.now_ns = 5;
	scene_udp(&s, CLIENT, "x");
	text = lines_of(s.t, "frame.time_epoch", &everything);
	assert_string_equal(text, "1700000000.000000012\n0.000000005\n");
	free(text);
	trace_free(s.t);
}

static void headers_are_written_as_tshark_does(void **state)
{
	const struct select first = { .conn = { { 0 }, 1 } };
	struct scene s = scene_new();
	char *text;

	(void)state;
	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	text = lines_of(
		s.t,
		"eth.src,eth.type,ip.src,ip.dst,ip.id,ip.len,tcp.flags,tcp.hdr_len,tcp.seq_raw,"
		"tcp.window_size,tcp.options.mss_val,tcp.stream,udp.stream,vlan.id",
		&first);
	assert_string_equal(
		text, "02:00:00:00:00:01\t0x0800\t192.0.2.1\t192.0.2.2\t0x0000\t48\t0x0002\t28"
		      "\t1000000\t64240\t1460\t0\t\t\n");
	free(text);
	trace_free(s.t);
}

static void verdicts_are_ones(void **state)
{
	const struct select stream = { .stream = { { 0 }, 1 } };

	(void)state;
	check("frame.number,tcp.analysis.flags,tcp.analysis.retransmission,tcp.analysis.out_of_"
	      "order,"
	      "tcp.analysis.rto,tcp.analysis.initial_rtt",
	      &stream,
	      "1\t\t\t\t\t\n2\t\t\t\t\t\n3\t\t\t\t\t0.040004000\n6\t\t\t\t\t0.040004000\n"
	      "7\t1\t1\t\t0.300002000\t0.040004000\n");
}

static void only_what_is_selected(void **state)
{
	const struct select none = { .conn = { { 7 }, 1 } };

	(void)state;
	check("frame.number", &none, "");
}

static void a_wrong_name_gets_the_nearest(void **state)
{
	struct err e = { .what = "" };

	(void)state;
	assert_null(fields_new("frame.number,tcp.analisys.flags", &everything, stdout, &e));
	assert_string_equal(e.what, "there is no field \"tcp.analisys.flags\"");
	assert_string_equal(e.hint, "did you mean tcp.analysis.flags?");
	assert_null(fields_new("", &everything, stdout, &e));
	assert_null(fields_new("ip.src,", &everything, stdout, &e));
	assert_null(fields_new("\x1b[31m", &everything, stdout, &e));
	assert_null(strchr(e.what, '\x1b'));
}

static void a_full_disk_is_told(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct err e = { .what = "" };
	struct fields *f;
	const struct event ev = { .kind = EVENT_NOTE };

	(void)state;
	if (!full)
		skip();
	f = fields_new("frame.number", &everything, full, &e);
	assert_non_null(f);
	fields_watch(f)->event(fields_watch(f)->arg, 1, &ev, 99);
	assert_int_equal(fields_end(f, &e), -1);
	assert_int_equal(e.code, ENOSPC);
	fields_free(f);
	fclose(full);
}

/* Names once each, each with one way to be got; bits within what a header can have. */
static void the_table_makes_sense(void **state)
{
	(void)state;
	for (size_t i = 0; i < fields_table_count; i++) {
		const struct field *f = &fields_table[i];
		unsigned ways = (f->put != NULL) + (f->verdict != 0) + (f->bits != 0);

		if (ways != 1)
			fail_msg("%s is got in %u ways", f->name, ways);
		if (f->bits && f->show <= FIELD_WORDS)
			assert_true(f->bits <= 32);
		if (f->bits)
			assert_true(f->layer != LAYER_OTHER);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(f->name, fields_table[k].name);
		assert_string_equal(fields_name(i), f->name);
	}
	assert_null(fields_name(fields_table_count));
	for (size_t i = 0; i < VERDICTS; i++) {
		STR_ON_STACK(name, 80);
		size_t k = 0;

		str_addf(&name, "tcp.analysis.%s", verdict_names[i].field);
		while (k < fields_table_count && strcmp(fields_table[k].name, name.buf) != 0)
			k++;
		assert_true(k < fields_table_count);
		assert_int_equal(fields_table[k].verdict, verdict_names[i].bit);
	}
}

/* Whatever the bytes are, and wherever they end. */
static void a_packet_can_be_cut_anywhere(void **state)
{
	static const uint32_t links[] = { LINK_ETHERNET, LINK_RAW, LINK_SLL, LINK_IPV6, LINK_PPP };
	char names[4000] = "", *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct conns *c = conns_new(NULL);
	struct fields *f;
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; fields_name(i); i++) {
		struct str all = { names, sizeof(names), strlen(names), false };

		str_addf(&all, "%s%s", i ? "," : "", fields_name(i));
		assert_false(all.cut);
	}
	f = fields_new(names, &everything, out, NULL);
	assert_non_null(f);
	assert_non_null(c);
	for (uint32_t n = 1; n <= 20000; n++) {
		uint32_t caplen = n % 120;
		uint8_t *bytes = malloc(caplen + 1u);
		struct trace_packet p = {
			.data = bytes, .caplen = caplen, .len = caplen + n % 7, .link = links[n % 5]
		};
		struct conn_note note;
		struct packet parsed;

		assert_non_null(bytes);
		for (uint32_t i = 0; i < caplen; i++)
			bytes[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
		if (n % 5 == 0 && caplen > 34) {
			memcpy(bytes + 12, (uint8_t[]){ 0x08, 0x00, 0x45 }, 3);
			bytes[23] = n % 2 ? 6 : 1;
		}
		packet_parse(&parsed, p.link, bytes, caplen, p.len);
		conns_track(c, &parsed, bytes, caplen, n, n, &note);
		fields_watch(f)->packet(fields_watch(f)->arg, n, &p, &parsed, &note);
		free(bytes);
	}
	assert_int_equal(fields_end(f, NULL), 0);
	fclose(out);
	assert_true(len > 20000 * fields_table_count);
	free(text);
	fields_free(f);
	conns_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_frames_without_fields),
		cmocka_unit_test(events_have_the_length_of_their_entries),
		cmocka_unit_test(completeness_is_that_before_the_frame),
		cmocka_unit_test(times_have_nine_digits),
		cmocka_unit_test(headers_are_written_as_tshark_does),
		cmocka_unit_test(verdicts_are_ones),
		cmocka_unit_test(only_what_is_selected),
		cmocka_unit_test(a_wrong_name_gets_the_nearest),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(the_table_makes_sense),
		cmocka_unit_test(a_packet_can_be_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
