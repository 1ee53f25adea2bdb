#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/pcapng.h"
#include "capture/trace.h"
#include "src/core/clock.h"
#include "tests/unit/capture/model.h"

/* ---- a directory for the files, and writing that can be made to fail ---- */

static _Thread_local char directory[200];

static const char *path_of(const char *name)
{
	static _Thread_local char path[8][300];
	static _Thread_local unsigned next;
	char *p = path[next++ % 8];

	snprintf(p, sizeof(path[0]), "%s/%s", directory, name);
	return p;
}

static int make_directory(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(directory, sizeof(directory), "%s/trace-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command);
}

/* Stands in for the C library's: every write of the trace goes through it. */
struct faults {
	long room;		/* bytes that may still be written; -1: any number */
	int error;		/* then */
	size_t most;		/* bytes that one call writes at most; 0: any number */
	unsigned interrupts;	/* calls that fail with EINTR first */
	unsigned calls;
};
static _Thread_local struct faults faults = { .room = -1 };

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	long n;

	faults.calls++;
	if (faults.interrupts > 0) {
		faults.interrupts--;
		errno = EINTR;
		return -1;
	}
	if (faults.most && len > faults.most)
		len = faults.most;
	if (faults.room == 0 && len > 0) {
		errno = faults.error;
		return -1;
	}
	if (faults.room > 0 && len > (size_t)faults.room)
		len = (size_t)faults.room;
	n = syscall(SYS_pwrite64, fd, bytes, len, offset);
	if (faults.room > 0 && n > 0)
		faults.room -= n;
	return n;
}

static int no_faults(void **state)
{
	(void)state;
	faults = (struct faults){ .room = -1 };
	return 0;
}

/* ---- helpers ---- */

static struct trace *new_trace(const char *path)
{
	struct err e = { 0 };
	struct trace *t = path ? trace_create(path, &e) : trace_new_spool(&e);

	if (!t)
		fail_msg("%s", e.what);
	for (size_t i = 0; i < 2; i++) {
		struct trace_host h = events_host(i);

		assert_int_equal(trace_add_host(t, &h, &e), 0);
	}
	return t;
}

static struct trace *reopen(const char *path)
{
	struct err e = { 0 };
	struct trace *t = trace_open(path, &e);

	if (!t)
		fail_msg("%s", e.what);
	return t;
}

static void append(struct trace *t, struct model *m, struct events *g)
{
	struct event ev;
	struct err e = { 0 };

	events_next(g, &ev);
	if (trace_append(t, &ev, ev.kind == EVENT_PACKET ? NULL : "what happened", &e) < 0)
		fail_msg("%s", e.what);
	if (m)
		model_add(m, &ev);
}

static uint64_t file_size(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}

/* ---- the trace is what the model says ---- */

static void compare_entry(const struct trace_entry *a, const struct trace_entry *b, uint32_t row)
{
#define SAME(member) \
	if (a->member != b->member) \
	fail_msg("row %u (%s): " #member " is %lld, must be %lld", row, event_kind_name((enum event_kind)b->kind), \
		 (long long)a->member, (long long)b->member)
	SAME(kind);
	SAME(ts_ns);
	SAME(offset);
	SAME(host);
	SAME(fate);
	SAME(by);
	SAME(blocked);
	SAME(state_change);
	SAME(link);
	SAME(number);
	SAME(conn);
	if (a->kind == EVENT_PACKET) {
		SAME(verdict);
		SAME(dir);
		SAME(moved);
		SAME(state_0);
		SAME(state_1);
		SAME(counted);
		return;
	}
	SAME(lane);
	SAME(state);
	SAME(flags);
#undef SAME
}

static void compare_rows(struct trace *t, const struct model *m)
{
	struct err e = { 0 };

	assert_int_equal(trace_rows(t), m->count);
	for (uint32_t row = 0; row < m->count; row++) {
		struct trace_entry want = model_entry(m, m->at[row]);
		const struct event *ev, *was = &m->event[m->at[row]].ev;

		compare_entry(trace_entry(t, row), &want, row);
		assert_int_equal(trace_row_of(t, want.offset), row);
		ev = trace_event(t, row, &e);
		if (!ev)
			fail_msg("row %u: %s", row, e.what);
		if (events_differ(ev, was))
			fail_msg("row %u (%s): %s differs", row, event_kind_name(was->kind), events_differ(ev, was));
		assert_int_equal(ev->id, was->id);
	}
}

static void compare_lanes(struct trace *t, const struct model *m)
{
	uint32_t first[64];
	size_t lanes = model_lanes(m, m->count, first);

	assert_int_equal(trace_lanes(t), lanes);
	for (uint16_t lane = 0; lane < lanes; lane++) {
		const struct trace_lane *l = trace_lane(t, lane);
		size_t calls = 0;

		assert_string_equal(l->program, m->event[first[lane]].ev.program);
		assert_int_equal(l->thread, m->event[first[lane]].ev.thread);
		assert_int_equal(l->host, m->event[first[lane]].ev.host);
		for (uint32_t row = 0; row < m->count; row++) {
			size_t i = m->at[row];
			long back;

			assert_int_equal(trace_blocked_at(t, lane, row), model_blocked(m, lane, row));
			if (m->event[i].ev.kind != EVENT_CALL || model_lane(m, i) != lane)
				continue;
			back = model_pair(m, i);
			if (back >= 0 && !m->event[back].ev.ret.blocked)
				continue;
			assert_true(calls < l->calls);
			assert_int_equal(l->call[calls++], row);
		}
		assert_int_equal(l->calls, calls);
	}
}

static void compare_sockets(struct trace *t, const struct model *m)
{
	for (size_t s = 0; s < trace_sockets(t); s++) {
		const struct trace_socket *k = trace_socket(t, s);

		assert_int_equal(k->last, model_state(m, k->host, k->cookie, (uint32_t)m->count));
		for (uint32_t row = 0; row < m->count; row += 3)
			assert_int_equal(trace_state_at(t, s, row), model_state(m, k->host, k->cookie, row));
	}
}

static void compare(struct trace *t, struct model *m)
{
	model_sort(m);
	compare_rows(t, m);
	compare_lanes(t, m);
	compare_sockets(t, m);
	assert_int_equal(conns_count(trace_conns(t)), m->conns ? conns_count(m->conns) : 0);
}

/* One random session: compared while it is recorded, after it was saved elsewhere, and read again. */
static void session_of(uint64_t seed, size_t events, int64_t late_ns)
{
	const char *path = path_of("session.pcapng"), *copy = path_of("copy.pcapng");
	struct events *g = events_new(seed, late_ns);
	struct model m = { 0 };
	struct trace *t = new_trace(seed % 3 ? path : NULL), *again;
	struct err e = { 0 };

	for (size_t i = 0; i < events; i++) {
		append(t, &m, g);
		if (i == events / 3)
			compare(t, &m);
		if (i == events / 2) {
			if (trace_save(t, copy, &e) < 0)
				fail_msg("%s", e.what);
			assert_string_equal(trace_path(t), copy);
		}
	}
	compare(t, &m);
	assert_int_equal(trace_flush(t, &e), 0);
	again = reopen(copy);			/* as it would be after a crash now */
	assert_null(trace_damage(again));
	compare(again, &m);
	trace_free(again);
	assert_int_equal(trace_close(t, &e), 0);
	again = reopen(copy);			/* and as it is after an orderly end */
	assert_null(trace_damage(again));
	compare(again, &m);
	assert_int_equal(trace_bytes(again), trace_bytes(t));
	trace_free(again);
	trace_free(t);
	model_free(&m);
	free(g);
	unlink(path);
	unlink(copy);
}

static void in_order_it_reads_back_what_was_written(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++)
		session_of(seed, 200, 0);
}

static void late_arrivals_end_in_their_place(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++)
		session_of(seed, 200, 5000);
}

static void times_without_any_order_too(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++)
		session_of(seed, 150, 1000000);
}

/* More rows than a chunk has, so that moves and look-ups cross its borders: only what is cheap is compared. */
static void many_rows_cross_chunks(void **state)
{
	const char *path = path_of("many.pcapng");
	struct trace *t = new_trace(path), *again;
	struct events *g = events_new(99, 300000);
	uint32_t rows;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 30000; i++)
		append(t, NULL, g);
	assert_int_equal(trace_close(t, &e), 0);
	again = reopen(path);
	rows = trace_rows(t);
	assert_int_equal(trace_rows(again), rows);
	for (uint32_t row = 0; row < rows; row++) {
		const struct trace_entry *a = trace_entry(t, row), *b = trace_entry(again, row);

		compare_entry(a, b, row);
		assert_int_equal(trace_row_of(t, a->offset), row);
		assert_int_equal(trace_row_of(again, a->offset), row);
		if (row > 0)
			assert_true(a[0].ts_ns >= trace_entry(t, row - 1)->ts_ns);
	}
	assert_int_equal(trace_row_of(t, 1), ROW_NONE);
	assert_int_equal(trace_row_of(t, UINT64_MAX), ROW_NONE);
	assert_int_equal(trace_lanes(t), trace_lanes(again));
	assert_int_equal(trace_sockets(t), trace_sockets(again));
	for (size_t i = 0; i < trace_sockets(t); i++)
		for (uint32_t row = 0; row < rows; row += 1009)
			assert_int_equal(trace_state_at(t, i, row), trace_state_at(again, i, row));
	trace_free(again);
	trace_free(t);
	free(g);
	unlink(path);
}

static void rows_are_found_by_time(void **state)
{
	struct trace *t = new_trace(NULL);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(trace_row_at(t, INT64_MAX), ROW_NONE);
	for (int i = 0; i < 10; i++) {
		struct event ev = { .kind = EVENT_NOTE, .host = HOST_NONE, .ts_ns = i / 2 * 100 + 1000 };

		ev.note.text = "tick";
		assert_int_equal(trace_append(t, &ev, "tick", &e), 0);
	}
	assert_int_equal(trace_row_at(t, 999), ROW_NONE);
	assert_int_equal(trace_row_at(t, 1000), 1);
	assert_int_equal(trace_row_at(t, 1099), 1);
	assert_int_equal(trace_row_at(t, 1250), 5);
	assert_int_equal(trace_row_at(t, INT64_MAX), 9);
	assert_null(trace_entry(t, 10));
	assert_null(trace_event(t, 10, &e));
	trace_free(t);
}

/* 64 more look-ups leave an event where it is. */
static void an_event_lives_for_64_more(void **state)
{
	struct trace *t = new_trace(NULL);
	struct events *g = events_new(5, 0);
	const struct event *first;
	struct event copy;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 500; i++)
		append(t, NULL, g);
	for (uint32_t start = 0; start < 400; start += 70) {
		first = trace_event(t, start, &e);
		assert_non_null(first);
		copy = *first;
		for (uint32_t i = 1; i <= 64; i++)
			assert_non_null(trace_event(t, start + i, &e));
		assert_ptr_equal(trace_event(t, start, &e), first);
		assert_null(events_differ(first, &copy));
	}
	trace_free(t);
	free(g);
}

/* ---- files ---- */

static void a_file_is_never_overwritten(void **state)
{
	const char *path = path_of("mine"), *link = path_of("link");
	struct trace *t = new_trace(path), *other;
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_null(trace_create(path, &e));
	assert_int_equal(e.code, EEXIST);
	assert_non_null(strstr(e.hint, "never overwritten"));
	assert_int_equal(symlink(path_of("nowhere"), link), 0);
	assert_null(trace_create(link, &e));
	other = new_trace(NULL);
	assert_null(trace_path(other));
	assert_int_equal(trace_save(other, path, &e), -1);
	assert_int_equal(e.code, EEXIST);
	assert_int_equal(trace_save(other, link, &e), -1);
	assert_null(trace_path(other));
	trace_free(other);
	trace_free(t);
	unlink(path);
	unlink(link);
}

static void a_closed_recording_takes_nothing_more(void **state)
{
	struct trace *t = new_trace(NULL);
	struct event ev = { .kind = EVENT_NOTE, .note.text = "late" };
	struct trace_host h = events_host(0);
	struct err e = { 0 };

	(void)state;
	assert_true(trace_recording(t));
	assert_int_equal(trace_close(t, &e), 0);
	assert_false(trace_recording(t));
	assert_int_equal(trace_close(t, &e), 0);
	assert_int_equal(trace_append(t, &ev, NULL, &e), -1);
	assert_int_equal(trace_add_host(t, &h, &e), -1);
	assert_int_equal(trace_rows(t), 0);
	trace_free(t);
}

static void hosts_and_names_come_back(void **state)
{
	const char *path = path_of("hosts");
	struct trace *t = new_trace(path);
	struct trace_host h = events_host(1);

	(void)state;
	trace_free(t);
	t = reopen(path);
	assert_int_equal(trace_hosts(t), 2);
	assert_memory_equal(trace_host(t, 1)->ip6, h.ip6, 16);
	assert_memory_equal(trace_host(t, 1)->mac, h.mac, 6);
	assert_string_equal(trace_host(t, 1)->name, "server");
	assert_null(trace_host(t, 2));
	assert_int_equal(trace_names(t)->count, 4);
	assert_string_equal(trace_names(t)->row[2].name, "server");
	assert_memory_equal(trace_names(t)->row[2].ip, h.ip4, 4);
	trace_free(t);
	unlink(path);
}

static void a_packet_needs_a_known_host(void **state)
{
	struct trace *t = new_trace(NULL);
	struct event ev = { .kind = EVENT_PACKET, .host = 2 };
	struct err e = { 0 };

	(void)state;
	ev.packet.data = (const uint8_t *)"";
	assert_int_equal(trace_append(t, &ev, NULL, &e), -1);
	ev.host = HOST_NONE;
	ev.packet.iface = 2;
	assert_int_equal(trace_append(t, &ev, NULL, &e), -1);
	ev.packet.iface = 1;
	assert_int_equal(trace_append(t, &ev, NULL, &e), 0);
	trace_free(t);
}

/* A packet that came from no host stays one, and bytes beyond the snaplen are cut. */
static void odd_packets(void **state)
{
	const char *path = path_of("odd");
	struct trace *t = new_trace(path);
	uint8_t *large = calloc(1, 400000);
	struct event ev = { .kind = EVENT_PACKET, .host = HOST_NONE, .ts_ns = 5 };
	struct err e = { 0 };

	(void)state;
	ev.packet.iface = 1;
	ev.packet.number = UINT64_C(5000000001);
	ev.packet.data = large;
	ev.packet.caplen = ev.packet.len = 400000;
	assert_int_equal(trace_append(t, &ev, NULL, &e), 0);
	trace_free(t);
	t = reopen(path);
	assert_int_equal(trace_entry(t, 0)->host, TRACE_HOST_NONE);
	assert_int_equal(trace_event(t, 0, &e)->host, HOST_NONE);
	assert_int_equal(trace_event(t, 0, &e)->packet.iface, 1);
	assert_int_equal(trace_event(t, 0, &e)->packet.number, UINT64_C(5000000001));
	assert_int_equal(trace_event(t, 0, &e)->packet.caplen, TRACE_SNAPLEN);
	assert_int_equal(trace_event(t, 0, &e)->packet.len, 400000);
	trace_free(t);
	free(large);
	unlink(path);
}

/* ---- when writing fails ---- */

/* Bulk is gathered, other events are in the file when trace_append() returns, and trace_flush() writes the rest. */
static void what_may_wait_waits_and_no_longer(void **state)
{
	const char *path = path_of("gather");
	struct trace *t = new_trace(path);
	struct build b = build_on();
	struct event packet = { .kind = EVENT_PACKET, .host = 0, .ts_ns = 1000 }, note = { .kind = EVENT_NOTE };
	struct err e = { 0 };
	uint64_t size;
	unsigned calls;

	(void)state;
	build_ethernet(&b, 0x0800);
	packet.packet.data = b.byte;
	packet.packet.caplen = packet.packet.len = (uint32_t)b.len;
	size = file_size(path);
	calls = faults.calls;
	for (int i = 0; i < 1000; i++) {
		packet.packet.number++;
		assert_int_equal(trace_append(t, &packet, NULL, &e), 0);
	}
	assert_int_equal(file_size(path), size);
	assert_int_equal(trace_event(t, 999, &e)->packet.number, 1000);
	assert_int_equal(trace_flush(t, &e), 0);
	assert_int_equal(faults.calls, calls + 1);
	assert_int_equal(file_size(path), trace_bytes(t));
	note.note.text = "at once";
	note.ts_ns = 2000;
	packet.packet.number++;
	assert_int_equal(trace_append(t, &packet, NULL, &e), 0);
	assert_true(file_size(path) < trace_bytes(t));
	assert_int_equal(trace_append(t, &note, "at once", &e), 0);
	assert_int_equal(file_size(path), trace_bytes(t));
	packet.ts_ns = 3000;
	packet.packet.number++;
	assert_int_equal(trace_append(t, &packet, NULL, &e), 0);
	packet.ts_ns += 250 * NS_PER_MS;
	packet.packet.number++;
	assert_int_equal(trace_append(t, &packet, NULL, &e), 0);
	assert_int_equal(file_size(path), trace_bytes(t));
	trace_free(t);
	unlink(path);
}

static void short_writes_and_interrupts_are_no_failure(void **state)
{
	const char *path = path_of("short");
	struct events *g = events_new(3, 1000);
	struct model m = { 0 };
	struct trace *t;
	struct err e = { 0 };

	(void)state;
	faults.most = 7;
	t = new_trace(path);
	for (size_t i = 0; i < 60; i++) {
		faults.interrupts = (unsigned)i % 3;
		append(t, &m, g);
	}
	assert_int_equal(trace_close(t, &e), 0);
	compare(t, &m);
	trace_free(t);
	t = reopen(path);
	assert_null(trace_damage(t));
	compare(t, &m);
	trace_free(t);
	model_free(&m);
	free(g);
	unlink(path);
}

/* Appends until the disk is full and beyond; returns how often an error was reported. */
static unsigned fill(struct trace *t, struct model *m, struct events *g, size_t events)
{
	unsigned reports = 0;

	for (size_t i = 0; i < events; i++) {
		struct event ev;
		struct err e = { 0 };

		events_next(g, &ev);
		if (trace_append(t, &ev, "message", &e) < 0 || trace_flush(t, &e) < 0) {
			reports++;
			assert_true(e.code == faults.error);
			assert_non_null(strstr(e.what, "recording has stopped"));
			assert_true(e.hint[0] != '\0');
		}
		model_add(m, &ev);
	}
	return reports;
}

/* A disk that fills up after `room` bytes: nothing is torn, nothing is forgotten, and saving elsewhere heals it. */
static void full_after(long room, int error)
{
	const char *path = path_of("full"), *other = path_of("other");
	struct events *g = events_new((uint64_t)room, 2000);
	struct model m = { 0 };
	struct trace *t = new_trace(path), *again;
	struct err e = { 0 };

	faults = (struct faults){ .room = room, .error = error };
	assert_int_equal(fill(t, &m, g, 80), 1);
	assert_false(trace_recording(t));
	compare(t, &m);
	no_faults(NULL);
	again = reopen(path);
	assert_null(trace_damage(again));	/* it ends at a whole block … */
	assert_true(trace_rows(again) < m.count);
	assert_true(file_size(path) <= trace_bytes(t));
	trace_free(again);
	if (trace_save(t, other, &e) < 0)
		fail_msg("%s", e.what);
	assert_true(trace_recording(t));
	for (size_t i = 0; i < 20; i++)
		append(t, &m, g);
	compare(t, &m);
	trace_free(t);
	again = reopen(other);			/* … and there is everything, before and after */
	assert_null(trace_damage(again));
	compare(again, &m);
	trace_free(again);
	model_free(&m);
	free(g);
	unlink(path);
	unlink(other);
}

static void a_full_disk_stops_recording_only(void **state)
{
	(void)state;
	for (long room = 1; room < 4000; room = room * 3 / 2 + 7)
		full_after(room, room % 2 ? ENOSPC : EIO);
}

static void a_full_spool_too(void **state)
{
	const char *other = path_of("saved");
	struct events *g = events_new(8, 0);
	struct model m = { 0 };
	struct trace *t = new_trace(NULL), *again;
	struct err e = { 0 };

	(void)state;
	faults = (struct faults){ .room = 900, .error = ENOSPC };
	assert_int_equal(fill(t, &m, g, 50), 1);
	compare(t, &m);
	assert_int_equal(trace_save(t, other, &e), -1);	/* that disk is full as well */
	assert_int_equal(access(other, F_OK), -1);
	compare(t, &m);
	no_faults(NULL);
	assert_int_equal(trace_save(t, other, &e), 0);
	trace_free(t);
	again = reopen(other);
	compare(again, &m);
	trace_free(again);
	model_free(&m);
	free(g);
	unlink(other);
}

/* Memory is not for ever: what is too much is given up, from the oldest on, and everything else is still saved. */
static void memory_keeps_the_newest(void **state)
{
	const char *other = path_of("rest");
	uint8_t *large = calloc(1, TRACE_SNAPLEN);
	struct trace *t = new_trace(NULL), *again;
	struct event ev = { .kind = EVENT_PACKET, .host = 0, .ts_ns = 1000 };
	struct err e = { 0 };
	uint32_t row = 0, rows = 300;

	(void)state;
	faults = (struct faults){ .room = 0, .error = ENOSPC };
	ev.packet.data = large;
	ev.packet.caplen = ev.packet.len = TRACE_SNAPLEN;
	for (uint32_t i = 0; i < rows; i++) {
		ev.ts_ns++;
		ev.packet.number++;
		large[i] = (uint8_t)i;
		trace_append(t, &ev, NULL, &e);
	}
	assert_int_equal(trace_rows(t), rows);
	assert_null(trace_event(t, 0, &e));
	assert_non_null(strstr(e.what, "cannot be read"));
	while (!trace_event(t, row, &e))
		row++;
	assert_in_range(row, 60, 120);
	for (; row < rows; row++)
		assert_int_equal(trace_event(t, row, &e)->packet.data[row], row % 256);
	no_faults(NULL);
	assert_int_equal(trace_save(t, other, &e), 0);
	again = reopen(other);
	assert_null(trace_damage(again));
	assert_in_range(trace_rows(again), rows - 120, rows - 60);
	assert_int_equal(trace_entry(again, trace_rows(again) - 1)->offset, trace_entry(t, rows - 1)->offset);
	assert_int_equal(trace_event(again, 0, &e)->packet.number, rows - trace_rows(again) + 1);
	trace_free(again);
	trace_free(t);
	free(large);
	unlink(other);
}

/* What was opened can be saved elsewhere, damage and all, and is then read from there. */
static void an_opened_trace_can_be_saved(void **state)
{
	const char *path = path_of("opened"), *copy = path_of("opened-copy");
	struct events *g = events_new(12, 0);
	struct model m = { 0 };
	struct trace *t = new_trace(path), *forgotten;
	struct event ev = { .kind = EVENT_NOTE, .note.text = "no" };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 30; i++)
		append(t, &m, g);
	assert_int_equal(trace_flush(t, &e), 0);
	m.count--;
	assert_int_equal(truncate(path, (off_t)m.event[m.count].ev.id + 20), 0);
	forgotten = t;		/* as if the program had been killed */
	t = reopen(path);
	assert_false(trace_recording(t));
	assert_int_equal(trace_save(t, copy, &e), 0);
	unlink(path);
	compare(t, &m);
	assert_non_null(trace_damage(t));
	assert_int_equal(trace_append(t, &ev, NULL, &e), -1);
	assert_int_equal(file_size(copy), m.event[m.count].ev.id + 20);
	m.count++;
	trace_free(t);
	trace_free(forgotten);
	model_free(&m);
	free(g);
	unlink(copy);
}

/* A limit on the file's size is an error of the write, not the end of the program. */
static void a_file_size_limit_does_not_kill(void **state)
{
	const char *path = path_of("limited");
	pid_t child = fork();
	int status;
	struct trace *t;

	(void)state;
	if (child == 0) {
		struct rlimit limit = { 2000, 2000 };
		struct trace *own = trace_create(path, NULL);
		struct events *g = events_new(1, 0);
		struct trace_host h = events_host(0);
		unsigned reports = 0;

		trace_add_host(own, &h, NULL);
		h = events_host(1);
		trace_add_host(own, &h, NULL);
		setrlimit(RLIMIT_FSIZE, &limit);
		for (int i = 0; i < 100; i++) {
			struct event ev;
			struct err e = { 0 };

			events_next(g, &ev);
			reports += trace_append(own, &ev, NULL, &e) < 0 && e.code == EFBIG;
			reports += trace_flush(own, &e) < 0 && e.code == EFBIG;
		}
		_exit(reports == 1 && trace_rows(own) == 100 && trace_event(own, 99, NULL) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	t = reopen(path);
	assert_null(trace_damage(t));
	assert_true(trace_rows(t) > 0 && trace_rows(t) < 100);
	trace_free(t);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(in_order_it_reads_back_what_was_written, no_faults),
		cmocka_unit_test_teardown(late_arrivals_end_in_their_place, no_faults),
		cmocka_unit_test_teardown(times_without_any_order_too, no_faults),
		cmocka_unit_test_teardown(many_rows_cross_chunks, no_faults),
		cmocka_unit_test_teardown(rows_are_found_by_time, no_faults),
		cmocka_unit_test_teardown(an_event_lives_for_64_more, no_faults),
		cmocka_unit_test_teardown(a_file_is_never_overwritten, no_faults),
		cmocka_unit_test_teardown(a_closed_recording_takes_nothing_more, no_faults),
		cmocka_unit_test_teardown(hosts_and_names_come_back, no_faults),
		cmocka_unit_test_teardown(a_packet_needs_a_known_host, no_faults),
		cmocka_unit_test_teardown(odd_packets, no_faults),
		cmocka_unit_test_teardown(what_may_wait_waits_and_no_longer, no_faults),
		cmocka_unit_test_teardown(short_writes_and_interrupts_are_no_failure, no_faults),
		cmocka_unit_test_teardown(a_full_disk_stops_recording_only, no_faults),
		cmocka_unit_test_teardown(a_full_spool_too, no_faults),
		cmocka_unit_test_teardown(memory_keeps_the_newest, no_faults),
		cmocka_unit_test_teardown(an_opened_trace_can_be_saved, no_faults),
		cmocka_unit_test_teardown(a_file_size_limit_does_not_kill, no_faults),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
