/*
 * A line of text ends behind a newline, where its run ends, where it is full, or at a multiple of FOLLOW_BLOCK
 * bytes in its run.  So the line that a position is in is found by going forward from the last newline or the last
 * such multiple, which is near.
 */
#include <string.h>

#include "src/core/safe.h"
#include "ui/follow_impl.h"

#define HEX_WIDE   16
#define HEX_NARROW 8
#define HEX_FROM   80 /* cells from which 16 bytes fit in a line */

int follow_room(const struct follow *f, int dir)
{
	int room = f->width - FOLLOW_GUTTER - 1 - (dir ? FOLLOW_INDENT : 0);

	if (f->hex)
		return f->width >= HEX_FROM ? HEX_WIDE : HEX_NARROW;
	return room < 16 ? 16 : room;
}

/* Bytes at the beginning of a text that make one line. */
static size_t line_length(const uint8_t *bytes, size_t len, int room)
{
	size_t at = 0;
	int cells = 0;

	while (at < len) {
		struct safe_char c = safe_next(bytes + at, len - at);
		int width = bytes[at] == '\t' ? FOLLOW_TAB - cells % FOLLOW_TAB
			    : c.harmless      ? c.width
			    : bytes[at] == '\r' && at + 1 < len && bytes[at + 1] == '\n' ? 0
											 : 1;

		if (bytes[at] == '\n')
			return at + 1;
		if (cells + width > room && at > 0)
			break;
		cells += width;
		at += c.bytes;
	}
	return at;
}

/* How far a line from pos may go at most. */
static size_t line_most(const struct follow *f, const struct stream_run *run, uint64_t pos)
{
	uint64_t in = pos - run->pos, most = FOLLOW_BLOCK - in % FOLLOW_BLOCK;

	if (f->hex)
		most = (uint64_t)follow_room(f, run->dir) - in % (uint64_t)follow_room(f, run->dir);
	if (most > run->end - pos)
		most = run->end - pos;
	return most > FOLLOW_LINE ? FOLLOW_LINE : (size_t)most;
}

bool follow_line_at(const struct follow *f, uint64_t pos, struct follow_line *out)
{
	size_t most;

	if (!stream_run_at(f->s, pos, &out->run))
		return false;
	out->pos = pos;
	out->end = pos + 1;
	out->len = 0;
	if (out->run.missing)
		return true;
	most = line_most(f, &out->run, pos);
	out->len = stream_read(f->s, pos, out->bytes, most);
	if (out->len < most && out->len == 0) {
		/* It cannot be read any more: as if it were one line. */
		out->end = pos + most;
		return true;
	}
	if (!f->hex)
		out->len = line_length(out->bytes, out->len, follow_room(f, out->run.dir));
	out->end = pos + out->len;
	return true;
}

/* The last place at or before pos where a line begins whatever the width. */
static uint64_t hard_start(const struct follow *f, const struct stream_run *run, uint64_t pos)
{
	uint64_t in = pos - run->pos, from = run->pos + in - in % FOLLOW_BLOCK;
	uint8_t bytes[FOLLOW_BLOCK];
	size_t len = stream_read(f->s, from, bytes, (size_t)(pos - from));

	for (size_t i = len; i > 0; i--)
		if (bytes[i - 1] == '\n')
			return from + i;
	return from;
}

uint64_t follow_line_start(const struct follow *f, uint64_t pos)
{
	struct follow_line line;
	struct stream_run run;
	uint64_t at;

	if (!stream_run_at(f->s, pos, &run) || run.missing)
		return pos;
	if (f->hex)
		return pos - (pos - run.pos) % (uint64_t)follow_room(f, run.dir);
	at = hard_start(f, &run, pos);
	while (follow_line_at(f, at, &line) && line.end <= pos)
		at = line.end;
	return at;
}

/* ---- directions that are shown ---- */

bool follow_shown_from(const struct follow *f, uint64_t *pos)
{
	struct stream_run run;

	while (stream_run_at(f->s, *pos, &run)) {
		if (f->only < 0 || run.dir == f->only)
			return true;
		*pos = run.end;
	}
	return false;
}

bool follow_shown_before(const struct follow *f, uint64_t *pos)
{
	struct stream_run run;
	uint64_t at = *pos;

	while (at > 0 && stream_run_at(f->s, at - 1, &run)) {
		if (f->only < 0 || run.dir == f->only) {
			*pos = at - 1;
			return true;
		}
		at = run.pos;
	}
	return false;
}

bool follow_line_next(const struct follow *f, uint64_t *pos)
{
	struct follow_line line;
	uint64_t at;

	if (!follow_line_at(f, *pos, &line))
		return false;
	at = line.end;
	if (!follow_shown_from(f, &at))
		return false;
	*pos = at;
	return true;
}

bool follow_line_prev(const struct follow *f, uint64_t *pos)
{
	uint64_t at = *pos;

	if (!follow_shown_before(f, &at))
		return false;
	*pos = follow_line_start(f, at);
	return true;
}
