#include "capture/gap.h"

#include <inttypes.h>

#include "src/core/str.h"

#define TEXT_BYTES 160

static const struct gap *find(const struct gaps *g, uint64_t offset)
{
	uint32_t low = 0, high = g->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (g->gap[middle].offset == offset)
			return &g->gap[middle];
		if (g->gap[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool gap_at(const struct gaps *g, uint64_t offset)
{
	return find(g, offset) != NULL;
}

bool gap_event(const struct gaps *g, uint64_t offset, struct memory *text, struct event *ev)
{
	const struct gap *gap = find(g, offset);
	uint8_t *bytes = gap ? memory_of(text, TEXT_BYTES) : NULL;
	struct str s;

	if (!bytes)
		return false;
	s = str_on((char *)bytes, TEXT_BYTES);
	str_addf(&s, "%" PRIu64 " bytes of the file are lost here: %s at byte %" PRIu64, gap->bytes,
		 gap->why, gap->offset);
	*ev = (struct event){ .kind = EVENT_NOTE, .host = HOST_NONE };
	ev->note.kind = NOTE_LOST;
	ev->note.text = s.buf;
	return true;
}

int gap_add(struct gaps *g, struct trace *t, const struct gap *gap, uint64_t block, struct err *e)
{
	struct event ev = { .kind = EVENT_NOTE, .host = HOST_NONE, .ts_ns = t->last_ns };

	trace_damaged(t, gap->offset, block, gap->bytes, gap->why);
	if (g->count >= GAPS_MAX)
		return 0;
	g->gap[g->count++] = *gap;
	ev.note = (struct event_note){ .kind = NOTE_LOST, .text = "" };
	return trace_index_event(t, &ev, gap->offset, e);
}
