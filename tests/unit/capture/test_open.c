#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdio.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/trace.h"
#include "src/core/clock.h"
#include "src/core/safe.h"
#include "tests/unit/capture/events.h"
#include "tests/unit/capture/hard.h"

/* ---- files in memory ---- */

static struct trace *open_bytes(const void *bytes, size_t len, struct err *e)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	char path[40];
	struct trace *t;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t = trace_open(path, e);
	close(fd);
	return t;
}

static bool is_harmless(const char *text)
{
	size_t len = strlen(text);
	unsigned marks = SAFE_NO_BASE;

	while (len > 0) {
		struct safe_char c = safe_next(text, len);

		if (!safe_stays(&c, &marks))
			return false;
		text += c.bytes;
		len -= c.bytes;
	}
	return true;
}

/* Everything that can be asked is asked; what comes back is sound. */
static void look_at_all(struct trace *t)
{
	uint32_t rows = trace_rows(t), packets = 0;
	const struct event *ev;

	if (trace_damage(t))
		assert_true(is_harmless(trace_damage(t)));
	for (uint32_t row = 0; row < rows; row++) {
		const struct trace_entry *e = trace_entry(t, row);

		assert_int_equal(trace_row_of(t, e->offset), row);
		assert_true(e->link == ROW_NONE || e->link < rows);
		assert_true(trace_entry_lane(e) == LANE_NONE || e->lane < trace_lanes(t));
		assert_true(row == 0 || e->ts_ns >= trace_entry(t, row - 1)->ts_ns);
		packets += e->kind == EVENT_PACKET;
		ev = trace_event(t, row, NULL);
		assert_non_null(ev);
		assert_int_equal(ev->kind, e->kind);
		assert_true(is_harmless(ev->program));
		if (ev->kind == EVENT_NOTE)
			assert_true(is_harmless(ev->note.text));
		if (ev->kind == EVENT_PACKET)
			assert_non_null(trace_host(t, ev->packet.iface));
	}
	assert_int_equal(packets, trace_packet_count(t));
	for (size_t i = 0; i < trace_hosts(t); i++)
		assert_true(is_harmless(trace_host(t, i)->name));
	for (size_t i = 0; i < trace_lanes(t); i++)
		trace_blocked_at(t, i, rows);
	for (size_t i = 0; i < trace_sockets(t); i++)
		trace_state_at(t, i, rows / 2);
}

/* ---- hard files ---- */

static void hard_files_give_what_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < HARD_FILES; i++) {
		const struct hard *h = &hard_files[i];
		struct file f = { 0 };
		struct err e = { 0 };
		struct trace *t;

		h->make(&f);
		t = open_bytes(f.byte, f.len, &e);
		if (!t)
			fail_msg("%s: %s", h->name, e.what);
		if (trace_rows(t) != h->rows || trace_packet_count(t) != h->packets)
			fail_msg("%s: %u rows, %llu packets", h->name, trace_rows(t),
				 (unsigned long long)trace_packet_count(t));
		if (!trace_damage(t) != !h->damage)
			fail_msg("%s: damage: %s", h->name, trace_damage(t) ? trace_damage(t) : "none");
		if (h->damage && !strstr(trace_damage(t), h->damage))
			fail_msg("%s: damage: %s", h->name, trace_damage(t));
		look_at_all(t);
		trace_free(t);
		free(f.byte);
	}
}

static struct trace *open_hard(const char *name)
{
	struct file f = { 0 };
	struct trace *t = NULL;
	struct err e = { 0 };

	for (size_t i = 0; i < HARD_FILES; i++) {
		if (strcmp(hard_files[i].name, name) != 0)
			continue;
		hard_files[i].make(&f);
		t = open_bytes(f.byte, f.len, &e);
		free(f.byte);
	}
	assert_non_null(t);
	return t;
}

static void their_contents_are_read(void **state)
{
	struct trace *t = open_hard("all-packet-blocks");
	const int64_t second = 1700000000 * NS_PER_S;
	const struct event *ev;

	(void)state;
	assert_int_equal(trace_event(t, 0, NULL)->packet.len, 60);	/* the simple one has no time */
	assert_int_equal(trace_entry(t, 1)->ts_ns, second + 5000);
	assert_int_equal(trace_event(t, 1, NULL)->packet.drops, 0);	/* unknown */
	assert_int_equal(trace_event(t, 2, NULL)->packet.drops, 7);
	assert_int_equal(trace_event(t, 3, NULL)->packet.number, 4);
	assert_int_equal(trace_event(t, 3, NULL)->packet.data[62], 62);
	trace_free(t);

	t = open_hard("byte-orders");
	for (uint32_t row = 0; row < 4; row++) {
		assert_int_equal(trace_entry(t, row)->ts_ns, second + row * 1000);
		assert_int_equal(trace_event(t, row, NULL)->packet.len, 60 + row);
	}
	trace_free(t);

	t = open_hard("simple-snaplen");
	assert_int_equal(trace_event(t, 0, NULL)->packet.caplen, 96);
	assert_int_equal(trace_event(t, 0, NULL)->packet.len, 1500);
	trace_free(t);

	t = open_hard("no-end-of-options");
	assert_int_equal(trace_event(t, 0, NULL)->packet.drops, 5);
	trace_free(t);

	t = open_hard("two-links");
	assert_int_equal(trace_host(t, 1)->link, LINK_RAW);
	assert_int_equal(trace_event(t, 1, NULL)->packet.iface, 1);
	assert_int_equal(trace_event(t, 1, NULL)->host, 1);
	trace_free(t);

	t = open_hard("journal");
	ev = trace_event(t, 1, NULL);
	assert_int_equal(ev->kind, EVENT_NOTE);
	assert_string_equal(ev->note.text, "kernel: Out of \\x1b[31mmemory");
	assert_int_equal(ev->ts_ns, second + 1000);
	assert_string_equal(trace_event(t, 2, NULL)->note.text, "a line without a time");
	assert_int_equal(trace_entry(t, 2)->ts_ns, second + 1000);
	trace_free(t);

	t = open_hard("pcap-ns-big");
	assert_int_equal(trace_entry(t, 0)->ts_ns, second + 123456789);
	trace_free(t);

	t = open_hard("pcap-2.3");
	assert_int_equal(trace_event(t, 0, NULL)->packet.caplen, 60);
	assert_int_equal(trace_event(t, 0, NULL)->packet.len, 100);
	trace_free(t);

	t = open_hard("pcap-modified");
	assert_int_equal(trace_entry(t, 1)->ts_ns, second + 1000);
	assert_int_equal(trace_event(t, 1, NULL)->packet.data[12], 0x88);
	trace_free(t);
}

/* ---- times ---- */

struct clock_case {
	uint8_t resolution;
	int64_t offset;
	uint64_t units;
	int64_t ns;
};

static void every_resolution_is_read(void **state)
{
	static const struct clock_case cases[] = {
		{ 6, 0, UINT64_C(1700000000123456), INT64_C(1700000000123456000) },
		{ 9, 0, UINT64_C(1700000000123456789), INT64_C(1700000000123456789) },
		{ 3, 0, UINT64_C(1700000000123), INT64_C(1700000000123000000) },
		{ 0, 0, 1700000000, INT64_C(1700000000000000000) },
		{ 12, 0, UINT64_C(1700000000123456), INT64_C(1700000000123) },
		{ 19, 0, UINT64_C(17000000000000000000), 1700000000 },
		{ 60, 0, UINT64_MAX, 0 },
		{ 0x80 | 0, 0, 1700000000, INT64_C(1700000000000000000) },
		{ 0x80 | 10, 0, 1025, INT64_C(1000976562) },
		{ 0x80 | 32, 0, UINT64_C(1) << 63, INT64_C(2147483648000000000) },
		{ 0x80 | 63, 0, UINT64_C(1) << 62, 500000000 },
		{ 0x80 | 127, 0, UINT64_MAX, 0 },
		{ 6, -1700000000, UINT64_C(1000000), INT64_C(-1699999999000000000) },
		{ 6, 1700000000, UINT64_C(1000001), INT64_C(1700000001000001000) },
		{ 6, 0, UINT64_C(4294967296000000), INT64_C(4294967296000000000) },	/* 2106 */
		{ 0, 0, UINT64_MAX, INT64_MAX },
		{ 6, INT64_MIN, 0, INT64_MIN },
		{ 6, INT64_MAX, 0, INT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const struct clock_case *c = &cases[i / 2];
		struct file f = { .big = i % 2 };
		struct trace *t;

		file_section(&f, 0);
		file_iface_time(&f, c->resolution, c->offset);
		file_packet_head(&f, 0, c->units, 60, 60);
		file_end(&f);
		t = open_bytes(f.byte, f.len, NULL);
		assert_non_null(t);
		if (trace_rows(t) != 1 || trace_entry(t, 0)->ts_ns != c->ns)
			fail_msg("case %zu: %lld", i / 2, (long long)trace_entry(t, 0)->ts_ns);
		trace_free(t);
		free(f.byte);
	}
}

/* Two recordings, one behind the other, the younger one first: one timeline, and their hosts are the same ones. */
static void sections_are_one_timeline(void **state)
{
	struct file f = { 0 };
	struct trace *t;

	(void)state;
	for (int s = 0; s < 2; s++) {
		file_section(&f, 0);
		for (int i = 0; i < 2; i++) {
			file_begin(&f, 1);
			file_int(&f, 1, 4);
			file_int(&f, 0, 4);
			file_option(&f, 2, i == s ? "right" : "left", i == s ? 5 : 4);
			file_end(&f);
		}
		for (unsigned i = 0; i < 3000; i++)
			file_packet(&f, 0, (s ? 0 : 5000) + i, 60);
	}
	t = open_bytes(f.byte, f.len, NULL);
	assert_non_null(t);
	assert_int_equal(trace_hosts(t), 2);
	assert_int_equal(trace_rows(t), 6000);
	assert_string_equal(trace_host(t, 0)->name, "right");
	assert_int_equal(trace_entry(t, 0)->host, 1);
	assert_int_equal(trace_entry(t, 5999)->host, 0);
	look_at_all(t);
	trace_free(t);
	free(f.byte);
}

/* ---- no captures ---- */

struct no_capture {
	const char *bytes;
	size_t len;
	const char *says;
};

static void what_is_no_capture_is_named(void **state)
{
	static const struct no_capture files[] = {
		{ "", 0, "empty" },
		{ "\x7f" "ELF\2\1\1", 7, "ELF program" },
		{ "\x1f\x8b\x08\0", 4, "gzip data ends early" },
		{ "\x28\xb5\x2f\xfd\4", 5, "zstd data ends early" },
		{ "Hello, world\n", 13, "text that begins with \"Hello, world\\n\"" },
		{ "#!/bin/sh\n", 10, "script" },
		{ "\1\2\3\4\5\6\7\x1b\x9b", 9, "01 02 03 04 05 06 07 1b" },
		{ "\x0a\x0d\x0d\x0a", 4, "section header" },
		{ "\xd4\xc3\xb2\xa1\2\0", 6, "cut" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		e = (struct err){ 0 };
		assert_null(open_bytes(files[i].bytes, files[i].len, &e));
		if (!strstr(e.what, files[i].says))
			fail_msg("%s", e.what);
		assert_true(is_harmless(e.what));
	}
	assert_null(trace_open("/", &e));
	assert_non_null(strstr(e.what, "directory"));
	assert_null(trace_open("/nonexistent/x", &e));
	assert_null(trace_open("/dev/null", &e));
}

/* ---- sweeps ---- */

/* A small session with every kind of event, and the offset behind each of its blocks. */
static struct file recorded(size_t events)
{
	struct events *g = events_new(4, 3000);
	struct trace *t = trace_new_spool(NULL);
	struct file f = { 0 };
	char path[] = "/tmp/sweep-XXXXXX";
	int fd = mkstemp(path);
	struct stat st;

	assert_non_null(t);
	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	for (size_t i = 0; i < 2; i++) {
		struct trace_host h = events_host(i);

		assert_int_equal(trace_add_host(t, &h, NULL), 0);
	}
	for (size_t i = 0; i < events; i++) {
		struct event ev;

		events_next(g, &ev);
		assert_int_equal(trace_append(t, &ev, "message", NULL), 0);
	}
	assert_int_equal(trace_save(t, path, NULL), 0);
	trace_free(t);
	free(g);
	assert_int_equal(stat(path, &st), 0);
	f.byte = malloc((size_t)st.st_size);
	f.len = (size_t)st.st_size;
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, f.byte, f.len), f.len);
	close(fd);
	unlink(path);
	return f;
}

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Events in the whole blocks of the first len bytes, and whether len is a border. */
static uint32_t whole_events(const struct file *f, size_t len, bool *border)
{
	uint32_t events = 0;
	size_t at = 0;

	while (at + 12 <= len && at + le32(f->byte + at + 4) <= len) {
		uint32_t type = le32(f->byte + at);

		events += type == 6 || type == 9;
		at += le32(f->byte + at + 4);
	}
	*border = at == len;
	return events;
}

static void a_file_cut_anywhere_keeps_whole_blocks(void **state)
{
	struct file f = recorded(25);
	bool border;

	(void)state;
	for (size_t len = 0; len <= f.len; len++) {
		uint32_t events = whole_events(&f, len, &border);
		struct err e = { 0 };
		struct trace *t = open_bytes(f.byte, len, &e);

		if (len < le32(f.byte + 4)) {
			assert_null(t);
			continue;
		}
		assert_non_null(t);
		if (trace_rows(t) != events || !trace_damage(t) != border)
			fail_msg("cut at %zu: %u rows of %u, %s", len, trace_rows(t), events,
				 trace_damage(t) ? trace_damage(t) : "no damage");
		look_at_all(t);
		trace_free(t);
	}
	free(f.byte);
}

/* Whatever bit is wrong, at most the block that it is in is lost (of the head, all of it may be), and nothing worse happens. */
static void a_wrong_bit_costs_its_block(void **state)
{
	struct file f = recorded(12);
	bool border;
	uint32_t events = whole_events(&f, f.len, &border);
	size_t head = 0, lost = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		head += le32(f.byte + head + 4);
	for (size_t bit = 0; bit < f.len * 8; bit++) {
		struct trace *t;

		f.byte[bit / 8] ^= (uint8_t)(1u << bit % 8);
		t = open_bytes(f.byte, f.len, NULL);
		if (t) {
			if (bit / 8 >= head && trace_rows(t) + 1 < events)
				lost++;
			look_at_all(t);
			trace_free(t);
		}
		f.byte[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	/* Where a length becomes one that leads to another block's border, the blocks between go with it. */
	if (lost > f.len * 8 / 100)
		fail_msg("%zu of %zu bits cost more than one block", lost, f.len * 8);
	free(f.byte);
}

static void hard_files_cut_and_flipped(void **state)
{
	(void)state;
	for (size_t i = 0; i < HARD_FILES; i++) {
		struct file f = { 0 };

		hard_files[i].make(&f);
		for (size_t at = 0; at < f.len && f.len < 10000; at++) {
			struct trace *t = open_bytes(f.byte, at, NULL);

			if (t)
				look_at_all(t);
			trace_free(t);
			f.byte[at] ^= 0x81;
			t = open_bytes(f.byte, f.len, NULL);
			if (t)
				look_at_all(t);
			trace_free(t);
			f.byte[at] ^= 0x81;
		}
		free(f.byte);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hard_files_give_what_is_whole),
		cmocka_unit_test(their_contents_are_read),
		cmocka_unit_test(every_resolution_is_read),
		cmocka_unit_test(sections_are_one_timeline),
		cmocka_unit_test(what_is_no_capture_is_named),
		cmocka_unit_test(a_file_cut_anywhere_keeps_whole_blocks),
		cmocka_unit_test(a_wrong_bit_costs_its_block),
		cmocka_unit_test(hard_files_cut_and_flipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
