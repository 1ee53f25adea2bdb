/*
 * A window over the file.  A record that begins a little behind the window moves it on by WINDOW bytes; one
 * that lies elsewhere is read alone, because then nothing says that its neighbours will be asked for.
 */
#include "capture/trace_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace_impl.h"

#define WINDOW (256u << 10)
#define ALONE  2048 /* most records are shorter */

struct trace_walk {
	struct trace *t;
	uint8_t *bytes; /* WINDOW of them, or of `large` */
	uint64_t at; /* offset of bytes[0] */
	size_t have;
	struct memory large; /* a record that is longer than the window */
	struct memory text;
	struct event ev;
};

struct trace_walk *trace_walk_new(struct trace *t, struct err *e)
{
	struct trace_walk *w = calloc(1, sizeof(*w));

	if (w)
		w->bytes = malloc(WINDOW);
	if (!w || !w->bytes) {
		err_errno(e, errno, NULL, "reading %s", t->path ? t->path : "the temporary file");
		free(w);
		return NULL;
	}
	w->t = t;
	return w;
}

void trace_walk_free(struct trace_walk *w)
{
	if (!w)
		return;
	free(w->bytes);
	free(w->large.bytes);
	free(w->text.bytes);
	free(w);
}

static bool in_window(const struct trace_walk *w, uint64_t offset, size_t len)
{
	return offset >= w->at && offset - w->at <= w->have && len <= w->have - (offset - w->at);
}

/* The bytes from offset on in the window, at least len of them unless the file ends before. */
static const uint8_t *window_at(struct trace_walk *w, uint64_t offset, size_t len, size_t *have)
{
	bool goes_on = offset >= w->at && offset - w->at <= 2 * (uint64_t)WINDOW;

	if (!in_window(w, offset, len)) {
		size_t want = goes_on || len > ALONE ? WINDOW : ALONE;

		w->have = trace_fetch(w->t, offset, w->bytes, want);
		w->at = offset;
	}
	*have = w->have - (size_t)(offset - w->at);
	return w->bytes + (offset - w->at);
}

/* A record as a whole; NULL. */
static const uint8_t *record_at(struct trace_walk *w, uint64_t offset, size_t *len)
{
	size_t have;
	const uint8_t *bytes = window_at(w, offset, RECORD_HEAD, &have);
	uint32_t size = have ? w->t->format->record_size(w->t, offset, bytes, have) : 0;

	*len = size;
	if (size == 0)
		return NULL;
	if (size <= have)
		return bytes;
	if (size <= WINDOW) {
		bytes = window_at(w, offset, size, &have);
		return size <= have ? bytes : NULL;
	}
	if (!memory_of(&w->large, size))
		return NULL;
	have = trace_fetch(w->t, offset, w->large.bytes, size);
	return size <= have ? w->large.bytes : NULL;
}

const struct event *trace_walk_event(struct trace_walk *w, uint32_t row, struct err *e)
{
	const struct trace_entry *entry = trace_entry(w->t, row);
	const uint8_t *bytes;
	size_t len;

	if (!entry) {
		err_set(e, NULL, "there is no such event");
		return NULL;
	}
	bytes = record_at(w, entry->offset, &len);
	memset(&w->ev, 0, sizeof(w->ev));
	if (!bytes ||
	    !w->t->format->read_record(w->t, entry->offset, bytes, len, &w->text, &w->ev) ||
	    w->ev.kind != entry->kind) {
		err_set(e, NULL, "the event at byte %llu of %s cannot be read any more",
			(unsigned long long)entry->offset,
			w->t->path ? w->t->path : "the temporary file");
		return NULL;
	}
	w->ev.id = entry->offset;
	w->ev.ts_ns = entry->ts_ns;
	w->ev.host = entry->host == TRACE_HOST_NONE ? HOST_NONE : entry->host;
	if (w->ev.kind == EVENT_PACKET && w->ev.packet.number == 0)
		w->ev.packet.number = entry->number;
	return &w->ev;
}
