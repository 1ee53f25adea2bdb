/*
 * An event's contents are in the file and nowhere else.  Looking at one costs a read of a few
 * hundred bytes and its decoding; the last 256 are kept, each with its own memory, because a screen
 * looks at the same ones again and again.
 */
#include "capture/trace_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_READ  2048 /* most records are shorter */
#define KEPT_MEMORY (64u << 10) /* larger memory is given back when the next event needs less */

uint8_t *memory_of(struct memory *m, size_t size)
{
	if (size <= m->size && (m->size <= KEPT_MEMORY || size > KEPT_MEMORY))
		return m->bytes;
	free(m->bytes);
	m->bytes = malloc(size);
	m->size = m->bytes ? size : 0;
	return m->bytes;
}

/* ---- bytes ---- */

static size_t fetch_file(const struct trace *t, uint64_t offset, uint8_t *buf, size_t len)
{
	size_t done = 0;

	if (offset >= t->written)
		return 0;
	if (len > t->written - offset)
		len = (size_t)(t->written - offset);
	while (done < len) {
		ssize_t n = pread(t->fd, buf + done, len - done, (off_t)(offset + done));

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;
	}
	return done;
}

static size_t copy_from(const uint8_t *bytes, size_t count, uint64_t from, uint8_t *buf, size_t len)
{
	if (!bytes || from >= count)
		return 0;
	if (len > count - from)
		len = (size_t)(count - from);
	memcpy(buf, bytes + from, len);
	return len;
}

/* The last segment that begins at or before offset. */
static size_t fetch_segment(const struct trace *t, uint64_t offset, uint8_t *buf, size_t len)
{
	size_t low = 0, high = t->segments;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->segment[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return 0;
	return copy_from(t->segment[low - 1].bytes, t->segment[low - 1].len,
			 offset - t->segment[low - 1].offset, buf, len);
}

/* As many of len bytes at offset as lie together; a record always does. */
size_t trace_fetch(const struct trace *t, uint64_t offset, uint8_t *buf, size_t len)
{
	if (offset >= t->gather_offset)
		return copy_from(t->gather, t->gathered, offset - t->gather_offset, buf, len);
	if (offset >= t->written)
		return fetch_segment(t, offset, buf, len);
	return fetch_file(t, offset, buf, len);
}

/* ---- events ---- */

static size_t read_whole(const struct trace *t, uint64_t offset, struct memory *m)
{
	uint8_t *bytes = memory_of(m, FIRST_READ);
	size_t have = bytes ? trace_fetch(t, offset, bytes, FIRST_READ) : 0;
	uint32_t size = have ? t->format->record_size(t, offset, bytes, have) : 0;

	if (size <= FIRST_READ)
		return size <= have ? size : 0;
	bytes = memory_of(m, size);
	have = bytes ? trace_fetch(t, offset, bytes, size) : 0;
	return have == size ? size : 0;
}

static int decode(const struct trace *t, const struct trace_entry *entry, struct cached *c,
		  struct err *e)
{
	size_t len = read_whole(t, entry->offset, &c->record);

	memset(&c->ev, 0, sizeof(c->ev));
	if (len == 0 ||
	    !t->format->read_record(t, entry->offset, c->record.bytes, len, &c->text, &c->ev) ||
	    c->ev.kind != entry->kind)
		return err_set(e, NULL, "the event at byte %llu of %s cannot be read any more",
			       (unsigned long long)entry->offset,
			       t->path ? t->path : "the temporary file");
	c->ev.id = entry->offset;
	c->ev.ts_ns = entry->ts_ns;
	c->ev.host = entry->host == TRACE_HOST_NONE ? HOST_NONE : entry->host;
	if (c->ev.kind == EVENT_PACKET && c->ev.packet.number == 0)
		c->ev.packet.number = entry->number;
	return 0;
}

static bool make_cache(struct trace *t)
{
	if (!t->cached)
		t->cached = calloc(CACHED_EVENTS, sizeof(t->cached[0]));
	if (!t->cached_id)
		t->cached_id = calloc(CACHED_EVENTS, sizeof(t->cached_id[0]));
	return t->cached && t->cached_id;
}

/* The place that holds an identity, or else the one that was looked at longest ago. */
static size_t cache_place(const struct trace *t, uint64_t id)
{
	size_t oldest = 0;

	for (size_t i = 0; i < CACHED_EVENTS; i++) {
		if (t->cached_id[i] == id && t->cached[i].used)
			return i;
	}
	for (size_t i = 1; i < CACHED_EVENTS; i++) {
		if (t->cached[i].used < t->cached[oldest].used)
			oldest = i;
	}
	return oldest;
}

const struct event *trace_event(struct trace *t, uint32_t row, struct err *e)
{
	const struct trace_entry *entry = trace_entry(t, row);
	struct cached *c;
	size_t place;

	if (!entry || !make_cache(t)) {
		err_set(e, NULL, "there is no such event");
		return NULL;
	}
	place = cache_place(t, entry->offset);
	c = &t->cached[place];
	if (c->used == 0 || t->cached_id[place] != entry->offset) {
		c->used = 0;
		if (decode(t, entry, c, e) < 0)
			return NULL;
		t->cached_id[place] = entry->offset;
	}
	c->used = ++t->cache_clock;
	return &c->ev;
}

void trace_cache_fini(struct trace *t)
{
	for (size_t i = 0; t->cached && i < CACHED_EVENTS; i++) {
		free(t->cached[i].record.bytes);
		free(t->cached[i].text.bytes);
	}
	free(t->cached);
	free(t->cached_id);
}
