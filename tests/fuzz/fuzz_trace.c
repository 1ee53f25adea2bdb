/* Opens bytes as a trace, and asks it everything. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/trace.h"
#include "src/core/safe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void must_be_harmless(const char *text)
{
	size_t len = strlen(text);
	unsigned marks = SAFE_NO_BASE;

	while (len > 0) {
		struct safe_char c = safe_next(text, len);

		must(safe_stays(&c, &marks));
		text += c.bytes;
		len -= c.bytes;
	}
}

static void look_at_fields(const struct event *ev)
{
	for (size_t i = 0; i < event_fields_count; i++) {
		const struct event_field *f = &event_fields[i];
		const char *at = (const char *)ev + f->offset, *text;
		const struct event_arg *arg = (const void *)at;
		uint32_t count;

		if (!(f->kinds & 1u << ev->kind))
			continue;
		if (f->type == FIELD_NAME)
			must_be_harmless(at);
		if (f->type == FIELD_TEXT) {
			memcpy(&text, at, sizeof(text));
			must(text || f->may_be_null);
			must_be_harmless(text ? text : "");
		}
		if (f->type == FIELD_ARGS) {
			memcpy(&count, (const char *)ev + f->count, sizeof(count));
			must(count <= EVENT_ARGS);
			for (uint32_t k = 0; k < count; k++) {
				must_be_harmless(arg[k].name);
				must_be_harmless(arg[k].text);
			}
		}
	}
}

static void look_at_row(struct trace *t, uint32_t row)
{
	const struct trace_entry *e = trace_entry(t, row);
	const struct event *ev = trace_event(t, row, NULL);
	volatile uint8_t last;

	must(ev && ev->kind == e->kind && ev->id == e->offset);
	must(trace_row_of(t, e->offset) == row);
	must(e->link == ROW_NONE || e->link < trace_rows(t));
	must(trace_entry_lane(e) == LANE_NONE || e->lane < trace_lanes(t));
	must(e->conn == CONN_NONE || e->conn < conns_count(trace_conns(t)));
	must(row == 0 || trace_entry(t, row - 1)->ts_ns <= e->ts_ns);
	must(trace_row_at(t, e->ts_ns) >= row);
	must(e->host == TRACE_HOST_NONE || e->host < trace_hosts(t));
	look_at_fields(ev);
	if (ev->kind == EVENT_PACKET) {
		must(ev->packet.iface < trace_hosts(t));
		if (ev->packet.caplen) {
			last = ev->packet.data[ev->packet.caplen - 1];
			(void)last;
		}
	}
}

static void look_at_all(struct trace *t)
{
	uint32_t rows = trace_rows(t);

	for (uint32_t row = 0; row < rows; row++)
		look_at_row(t, row);
	for (size_t i = 0; i < trace_hosts(t); i++)
		must_be_harmless(trace_host(t, i)->name);
	for (size_t i = 0; i < trace_names(t)->count; i++)
		must_be_harmless(trace_names(t)->row[i].name);
	for (size_t i = 0; i < trace_lanes(t); i++) {
		must_be_harmless(trace_lane(t, i)->program);
		for (uint32_t row = 0; row < rows; row++) {
			uint32_t call = trace_blocked_at(t, i, row);

			must(call == ROW_NONE || (call <= row && trace_entry(t, call)->kind == EVENT_CALL));
		}
	}
	for (size_t i = 0; i < trace_sockets(t); i++)
		for (uint32_t row = 0; row < rows; row++) {
			uint32_t state = trace_state_at(t, i, row);

			must(state == ROW_NONE || (state <= row && trace_entry(t, state)->kind == EVENT_STATE));
		}
	must_be_harmless(trace_damage(t) ? trace_damage(t) : "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);
	char path[40];
	struct err e = { 0 };
	struct trace *t;

	must(fd >= 0);
	must(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t = trace_open(path, &e);
	close(fd);
	if (t)
		look_at_all(t);
	else
		must_be_harmless(e.what);
	trace_free(t);
	return 0;
}
