#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "src/export_csv.h"
#include "src/export_view.h"
#include "tests/scene.h"
#include "tests/unit/capture/events.h"

static const struct select everything;
static const struct export_view all = { .kind = EXPORT_VIEW_ALL };

/* ---- a capture of a trace, read again ---- */

static int export_to(struct trace *t, const struct export_view *v, const struct select *s,
		     enum capture_format format, const char *path, struct err *e)
{
	FILE *f = fopen(path, "w");
	struct export_capture *c = export_capture_new(t, format, f, e);
	int failed;

	assert_non_null(f);
	assert_non_null(c);
	failed = export_view_write(v, t, s, c, e);
	export_capture_free(c);
	assert_int_equal(fclose(f), 0);
	return failed;
}

static struct trace *exported(struct trace *t, const struct export_view *v, const struct select *s,
			      enum capture_format format)
{
	char path[] = "/tmp/test-export-XXXXXX";
	struct err e = { .what = "" };
	int fd = mkstemp(path);
	struct trace *read;

	assert_int_not_equal(fd, -1);
	close(fd);
	if (export_to(t, v, s, format, path, &e))
		fail_msg("%s", e.what);
	read = trace_open(path, &e);
	if (!read)
		fail_msg("%s", e.what);
	assert_null(trace_damage(read));
	unlink(path);
	return read;
}

static const struct event *packet_at(struct trace *t, uint32_t row)
{
	const struct event *ev = trace_event(t, row, NULL);

	assert_non_null(ev);
	assert_int_equal(ev->kind, EVENT_PACKET);
	return ev;
}

/* Every packet of a trace of random events, in the order of time, byte by byte. */
static void packets_come_back(enum capture_format format)
{
	struct scene s = scene_new();
	struct events *g = events_new(11, 400);
	struct err e = { .what = "" };
	uint32_t row = 0;
	struct trace *read;

	for (int i = 0; i < 2000; i++) {
		struct event ev;

		events_next(g, &ev);
		if (trace_append(s.t, &ev, ev.kind == EVENT_PACKET ? NULL : "m", &e))
			fail_msg("%s", e.what);
	}
	read = exported(s.t, &all, &everything, format);
	for (uint32_t i = 0; i < trace_rows(s.t); i++) {
		const struct event *a = trace_event(s.t, i, NULL), *b;

		if (a->kind != EVENT_PACKET)
			continue;
		b = packet_at(read, row++);
		assert_true(a->ts_ns == b->ts_ns);
		assert_int_equal(a->packet.caplen, b->packet.caplen);
		assert_int_equal(a->packet.len, b->packet.len);
		assert_memory_equal(a->packet.data, b->packet.data, a->packet.caplen);
		if (format == CAPTURE_PCAPNG)
			assert_string_equal(trace_host(s.t, a->packet.iface)->name,
					    trace_host(read, b->packet.iface)->name);
	}
	assert_true(row > 100);
	assert_int_equal(trace_rows(read), row);
	free(g);
	trace_free(read);
	trace_free(s.t);
}

static void pcap_gives_the_packets_back(void **state)
{
	(void)state;
	packets_come_back(CAPTURE_PCAP);
}

static void pcapng_gives_the_packets_back(void **state)
{
	(void)state;
	packets_come_back(CAPTURE_PCAPNG);
}

static void no_packets_are_a_capture_too(void **state)
{
	struct scene s = scene_new();
	struct trace *read;

	(void)state;
	for (int format = CAPTURE_PCAP; format <= CAPTURE_PCAPNG; format++) {
		read = exported(s.t, &all, &everything, (enum capture_format)format);
		assert_int_equal(trace_rows(read), 0);
		assert_int_equal(trace_hosts(read), 1);
		trace_free(read);
	}
	trace_free(s.t);
}

static void pcap_has_one_link_type(void **state)
{
	struct scene s = scene_new();
	const struct trace_host raw = { .name = "tun0", .link = LINK_RAW };
	struct event ev = { .kind = EVENT_PACKET,
			    .host = 2,
			    .packet = { .number = 2,
					.iface = 2,
					.caplen = 1,
					.len = 1,
					.data = (const uint8_t *)"E" } };
	struct err e = { .what = "" };
	struct trace *read;

	(void)state;
	assert_int_equal(trace_add_host(s.t, &raw, &e), 0);
	scene_udp(&s, CLIENT, "x");
	ev.ts_ns = s.now_ns;
	assert_int_equal(trace_append(s.t, &ev, NULL, &e), 0);
	assert_int_equal(export_to(s.t, &all, &everything, CAPTURE_PCAP, "/dev/null", &e), -1);
	assert_non_null(strstr(e.what, "1 and 101"));
	assert_non_null(strstr(e.hint, "pcapng"));
	read = exported(s.t, &all, &everything, CAPTURE_PCAPNG);
	assert_int_equal(trace_rows(read), 2);
	assert_int_equal(trace_host(read, packet_at(read, 1)->packet.iface)->link, LINK_RAW);
	trace_free(read);
	trace_free(s.t);
}

static void a_full_disk_is_told(void **state)
{
	struct scene s = scene_new();
	struct err e = { .what = "" };

	(void)state;
	if (access("/dev/full", W_OK))
		skip();
	scene_udp(&s, CLIENT, "x");
	assert_int_equal(export_to(s.t, &all, &everything, CAPTURE_PCAP, "/dev/full", &e), -1);
	assert_int_equal(e.code, ENOSPC);
	trace_free(s.t);
}

/* ---- views ---- */

/* What each host sees: at which time after the start, from whom (the last byte of the data). */
struct sight {
	int64_t us;
	char data;
};

static void check_view(struct trace *t, const char *host, const struct sight *sight, size_t count)
{
	struct export_view v;
	struct err e = { .what = "" };
	struct trace *read;

	if (export_view_find(&v, t, host, &e))
		fail_msg("%s", e.what);
	read = exported(t, &v, &everything, CAPTURE_PCAPNG);
	assert_int_equal(trace_rows(read), count);
	for (uint32_t i = 0; i < count; i++) {
		const struct event *ev = packet_at(read, i);

		assert_int_equal((ev->ts_ns - SCENE_START_NS) / 1000, sight[i].us);
		assert_int_equal(ev->packet.data[ev->packet.caplen - 1], sight[i].data);
	}
	trace_free(read);
}

static void at(struct scene *s, int64_t us)
{
	s->now_ns = SCENE_START_NS + us * 1000;
}

/* Packet a: at once; b: dropped; c: held, then let go; d: delayed; e: at once, with a copy later; F: back. */
static struct scene what_can_happen(void)
{
	struct scene s = scene_new();
	uint64_t n;

	scene_udp(&s, CLIENT, "a");
	at(&s, 10);
	n = scene_udp(&s, CLIENT, "b");
	scene_wire(&s, SERVER, n, WIRE_DROPPED, "cut");
	at(&s, 20);
	n = scene_udp(&s, CLIENT, "c");
	scene_wire(&s, SERVER, n, WIRE_HELD, "hand");
	at(&s, 30);
	scene_udp(&s, SERVER, "F");
	at(&s, 500);
	scene_wire(&s, SERVER, n, WIRE_RELEASED, "hand");
	at(&s, 510);
	scene_wire(&s, SERVER, n, WIRE_DELIVERED, "");
	at(&s, 520);
	n = scene_udp(&s, CLIENT, "d");
	scene_wire(&s, SERVER, n, WIRE_DELAYED, "delay");
	at(&s, 530);
	n = scene_udp(&s, CLIENT, "e");
	scene_wire_copy(&s, SERVER, n, WIRE_DUPLICATED, "rule 1", 1);
	at(&s, 600);
	scene_wire_copy(&s, SERVER, n, WIRE_DELIVERED, "", 1);
	at(&s, 700);
	scene_wire(&s, SERVER, 5, WIRE_DELIVERED, "");
	return s;
}

static void each_host_sees_what_reaches_it(void **state)
{
	static const struct sight client[] = { { 0, 'a' },  { 10, 'b' },  { 20, 'c' },
					       { 30, 'F' }, { 520, 'd' }, { 530, 'e' } };
	static const struct sight server[] = { { 0, 'a' },   { 30, 'F' },  { 510, 'c' },
					       { 530, 'e' }, { 600, 'e' }, { 700, 'd' } };
	struct scene s = what_can_happen();

	(void)state;
	check_view(s.t, "client", client, 6);
	check_view(s.t, "server", server, 6);
	check_view(s.t, "192.0.2.2", server, 6);
	check_view(s.t, "2001:db8::1", client, 6);
	trace_free(s.t);
}

static void of_a_capture_the_packets_of_an_address(void **state)
{
	struct scene s = scene_capture();
	struct export_view v;
	struct err e = { .what = "" };
	struct trace *read;

	(void)state;
	scene_udp(&s, CLIENT, "a");
	scene_udp(&s, SERVER, "b");
	assert_int_equal(export_view_find(&v, s.t, "192.0.2.1", &e), 0);
	assert_int_equal(v.kind, EXPORT_VIEW_ADDRESS);
	read = exported(s.t, &v, &everything, CAPTURE_PCAP);
	assert_int_equal(trace_rows(read), 2);
	trace_free(read);
	assert_int_equal(export_view_find(&v, s.t, "192.0.2.3", &e), 0);
	read = exported(s.t, &v, &everything, CAPTURE_PCAP);
	assert_int_equal(trace_rows(read), 0);
	trace_free(read);
	trace_free(s.t);
}

static void an_unknown_host_is_told(void **state)
{
	struct scene s = scene_new(), capture = scene_capture();
	struct export_view v;
	struct err e = { .what = "" };

	(void)state;
	assert_int_equal(export_view_find(&v, s.t, "router\x1b", &e), -1);
	assert_string_equal(e.what, "no host of this trace is called \"router\\x1b\"");
	assert_string_equal(e.hint, "give an address, or client, or server");
	assert_int_equal(export_view_find(&v, capture.t, "eth0", &e), -1);
	assert_string_equal(e.hint, "give an address");
	trace_free(s.t);
	trace_free(capture.t);
}

/* ---- selecting ---- */

static uint32_t count_of(struct trace *t, const char *conns, const char *streams,
			 const char *filter)
{
	struct err e = { .what = "" };
	struct select s;
	struct trace *read;
	uint32_t rows;

	if (select_init(&s, conns, streams, filter, &e))
		fail_msg("%s", e.what);
	read = exported(t, &all, &s, CAPTURE_PCAP);
	rows = trace_rows(read);
	trace_free(read);
	select_fini(&s);
	return rows;
}

static void connections_are_selected(void **state)
{
	struct scene s = scene_capture();

	(void)state;
	scene_udp(&s, CLIENT, "x");
	for (int i = 0; i < 3; i++) {
		s.port[0]++;
		scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
		scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	}
	assert_int_equal(count_of(s.t, NULL, NULL, NULL), 7);
	assert_int_equal(count_of(s.t, "0", NULL, NULL), 1);
	assert_int_equal(count_of(s.t, "1,3", NULL, NULL), 4);
	assert_int_equal(count_of(s.t, NULL, "0", NULL), 2);
	assert_int_equal(count_of(s.t, "0", "2", NULL), 3);
	assert_int_equal(count_of(s.t, NULL, NULL, "src port 8080"), 3);
	assert_int_equal(count_of(s.t, NULL, "1", "src port 8080"), 1);
	assert_int_equal(count_of(s.t, "9", NULL, NULL), 0);
	trace_free(s.t);
}

static void wrong_numbers_are_told(void **state)
{
	static const char *const wrong[] = {
		"", "x", "1,", ",1", "-1", " 1", "1 2", "1x", "4294967295", "99999999999999999999"
	};
	struct err e = { .what = "" };
	struct select s;
	char many[400] = "";
	struct str text = str_on(many, sizeof(many));

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(select_init(&s, wrong[i], NULL, NULL, &e), -1);
	assert_int_equal(select_init(&s, NULL, NULL, "tcp prot 1", &e), -1);
	for (int i = 0; i <= SELECT_MAX; i++)
		str_addf(&text, "%s%d", i ? "," : "", i);
	assert_int_equal(select_init(&s, NULL, many, NULL, &e), -1);
}

/* ---- numbers ---- */

static void numbers_come_back(void **state)
{
	struct numbers *n = numbers_new(NULL);
	struct packet_numbers got;

	(void)state;
	assert_non_null(n);
	assert_false(numbers_find(n, 24, &got));
	for (uint64_t i = 1; i <= 1000; i++) {
		const struct trace_packet p = { .offset = i * i * 24 };
		const struct conn_note note = {
			.stream = i % 5 ? (uint32_t)(i % 5 - 1) : CONN_NONE,
			.verdict = { .window = (uint32_t)i,
				     .in_flight = i % 2 ? (uint32_t)(i << 20) : 0,
				     .ack_rtt_ns = i % 3 ? (int64_t)i << 40 : -5,
				     .acked_frame = (uint32_t)i / 2,
				     .rto_frame = UINT32_MAX },
		};

		numbers_watch(n)->packet(numbers_watch(n)->arg, 3 * i, &p, NULL, &note);
	}
	for (uint64_t i = 1000; i >= 1; i--) {
		assert_false(numbers_find(n, i * i * 24 + 1, &got));
		assert_true(numbers_find(n, i * i * 24, &got));
		assert_true(got.frame == 3 * i && got.window == i && got.stream == i % 5);
		assert_true(got.in_flight == (i % 2 ? i << 20 : 0));
		assert_true(got.ack_rtt_ns == (i % 3 ? i << 40 : 0));
		assert_true(got.acked_frame == i / 2 && got.rto_frame == UINT32_MAX);
		assert_true(got.dup_ack == 0 && got.rto_ns == 0);
	}
	assert_true(numbers_bytes(n) < 100000);
	numbers_free(n);
}

/* ---- CSV ---- */

static char *csv_of(struct trace *t, uint32_t row)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(export_csv_event(t, trace_event(t, row, NULL), NULL, f, NULL), 0);
	assert_int_equal(fclose(f), 0);
	assert_true(len > 2 && !strcmp(text + len - 2, "\r\n"));
	return text;
}

static void csv_quotes_what_it_must(void **state)
{
	struct scene s = scene_new();
	struct event ev = { .kind = EVENT_NOTE,
			    .host = HOST_NONE,
			    .ts_ns = 1500000001,
			    .note = { .text = "a \"b\", c" } };
	size_t columns = 0;
	char *text;

	(void)state;
	while (export_csv_column(columns))
		columns++;
	assert_string_equal(export_csv_column(0), "time");
	assert_string_equal(export_csv_column(columns - 1), "text");
	assert_int_equal(trace_append(s.t, &ev, "m", NULL), 0);
	text = csv_of(s.t, 0);
	assert_int_equal(strncmp(text, "1.500000001,note,", 17), 0);
	assert_string_equal(strstr(text, ",\""), ",\"a \"\"b\"\", c\"\r\n");
	for (size_t i = 0, commas = 0; text[i]; i++) {
		commas += text[i] == ',';
		if (text[i] == '"') {
			assert_int_equal(commas, columns - 1);
			break;
		}
	}
	free(text);
	trace_free(s.t);
}

static void csv_has_the_headers_and_the_verdicts(void **state)
{
	struct scene s = scene_new();
	char *text;

	(void)state;
	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_ms(&s, 300);
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	text = csv_of(s.t, 2);
	assert_non_null(strstr(text, ",packet,server,,3,,0,,192.0.2.2:8080,192.0.2.1:45012,6,"
				     "SYN ACK,0,1,0,64240,62,retransmission,"));
	free(text);
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcap_gives_the_packets_back),
		cmocka_unit_test(pcapng_gives_the_packets_back),
		cmocka_unit_test(no_packets_are_a_capture_too),
		cmocka_unit_test(pcap_has_one_link_type),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(each_host_sees_what_reaches_it),
		cmocka_unit_test(of_a_capture_the_packets_of_an_address),
		cmocka_unit_test(an_unknown_host_is_told),
		cmocka_unit_test(connections_are_selected),
		cmocka_unit_test(wrong_numbers_are_told),
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(csv_quotes_what_it_must),
		cmocka_unit_test(csv_has_the_headers_and_the_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
