/*
 * Rows live in chunks that are never moved or resized, so a million events cost their 32 bytes and
 * next to nothing beside, and growing never copies.
 *
 * An event that arrives late is put in its place near the tail; the rows behind it move by one.
 * Every row number that is kept anywhere must then follow.  Inside of the entries that is done
 * here, without looking at more than the rows that move: an entry refers to one that was recorded
 * before it, so a link to a moved row is in a moved row itself, or it is the other half of a pair
 * (CALL and RETURN, PACKET and its last WIRE), which the moved row knows.  The one exception, a
 * WIRE that stands before its PACKET, is on the list trace.early.
 */
#include "capture/trace_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

#define CHUNK_BYTES	 (CHUNK_ROWS * sizeof(struct trace_entry))
#define BLOCK_BYTES	 (2u << 20)
#define CHUNKS_PER_BLOCK (BLOCK_BYTES / CHUNK_BYTES)

static_assert(sizeof(struct trace_entry) == 32, "the index costs 32 bytes an event");
static_assert(CHUNK_ROWS % FENCE_ROWS == 0, "fences do not span chunks");

static const struct fence nothing = { .id_min = UINT64_MAX, .number_min = UINT32_MAX };

/* ---- fences ---- */

static void widen(struct fence *f, const struct fence *by)
{
	f->id_min = by->id_min < f->id_min ? by->id_min : f->id_min;
	f->id_max = by->id_max > f->id_max ? by->id_max : f->id_max;
	f->number_min = by->number_min < f->number_min ? by->number_min : f->number_min;
	f->number_max = by->number_max > f->number_max ? by->number_max : f->number_max;
}

static inline struct fence fence_of(const struct trace_entry *e)
{
	bool packet = e->kind == EVENT_PACKET;

	return (struct fence){ .id_min = e->offset,
			       .id_max = e->offset,
			       .number_min = packet ? e->number : UINT32_MAX,
			       .number_max = packet ? e->number : 0 };
}

/* Fences in rows of one part of a chunk. */
static void fence_part(const struct index *x, uint32_t from, uint32_t to)
{
	const struct chunk *c = &x->chunk[from / CHUNK_ROWS];
	const struct trace_entry *e = &c->entry[from % CHUNK_ROWS];
	struct fence all = nothing, one;

	for (uint32_t i = 0; i < to - from; i++) {
		one = fence_of(&e[i]);
		widen(&all, &one);
	}
	widen(&c->fence->part[from % CHUNK_ROWS / FENCE_ROWS], &all);
	widen(&c->fence->all, &all);
}

static void fence_in(const struct index *x, uint32_t row)
{
	fence_part(x, row, row + 1);
}

void index_fence(const struct index *x, uint32_t from)
{
	while (from < x->rows) {
		uint32_t to = (from / FENCE_ROWS + 1) * FENCE_ROWS;

		to = to < x->rows ? to : x->rows;
		fence_part(x, from, to);
		from = to;
	}
}

static void no_fences(const struct chunk *c)
{
	c->fence->all = nothing;
	for (size_t i = 0; i < CHUNK_ROWS / FENCE_ROWS; i++)
		c->fence->part[i] = nothing;
}

void index_fences(struct index *x)
{
	for (size_t i = 0; i < x->chunks; i++)
		no_fences(&x->chunk[i]);
	index_fence(x, 0);
}

/* ---- growing ---- */

/*
 * Of a trace that has grown large the entries come from blocks of the size of a huge page: with those a
 * new row costs no page fault of its own.
 */
static bool chunk_memory(const struct index *x, struct chunk *c)
{
	size_t place = x->chunks % CHUNKS_PER_BLOCK;

	c->memory = NULL;
	if (x->chunks < CHUNKS_PER_BLOCK) {
		c->entry = c->memory = malloc(CHUNK_BYTES);
	} else if (place > 0) {
		c->entry = x->chunk[x->chunks - 1].entry + CHUNK_ROWS;
	} else {
		c->entry = c->memory = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES);
		if (c->memory)
			madvise(c->memory, BLOCK_BYTES, MADV_HUGEPAGE);
	}
	return c->entry;
}

/* Room for one row more. */
static int make_room(struct index *x)
{
	struct chunk c;

	if (x->rows < x->chunks * CHUNK_ROWS)
		return 0;
	if (x->rows >= ROW_NONE - 1 || !grow(&x->chunk, x->chunks, &x->cap, sizeof(x->chunk[0])))
		return -1;
	c.fence = malloc(sizeof(*c.fence));
	if (!c.fence || !chunk_memory(x, &c)) {
		free(c.fence);
		return -1;
	}
	no_fences(&c);
	x->chunk[x->chunks++] = c;
	return 0;
}

void index_fini(struct index *x)
{
	for (size_t i = 0; i < x->chunks; i++) {
		free(x->chunk[i].fence);
		free(x->chunk[i].memory);
	}
	free(x->chunk);
	*x = (struct index){ 0 };
}

struct trace_entry *index_next(struct index *x)
{
	return make_room(x) < 0 ? NULL : index_at(x, x->rows);
}

int index_append(struct index *x, const struct trace_entry *e)
{
	struct trace_entry *next = index_next(x);

	if (!next)
		return -1;
	*next = *e;
	fence_in(x, x->rows++);
	return 0;
}

uint32_t index_place(const struct index *x, const struct trace_entry *e)
{
	uint32_t low = 0, high = x->rows;

	if (high == 0 || entry_before(index_at(x, high - 1), e))
		return high;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (entry_before(e, index_at(x, mid)))
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* The other half of a pair that does not move learns that this one, now at `row`, moves by one. */
static void tell_partner(const struct index *x, const struct trace_entry *e, uint32_t row)
{
	const unsigned paired = 1u << EVENT_CALL | 1u << EVENT_RETURN | 1u << EVENT_WIRE;
	struct trace_entry *partner = index_at(x, e->link);

	if ((paired & 1u << e->kind) && partner->link == row)
		partner->link = row + 1;
}

static void move_up(struct index *x, uint32_t row, uint32_t from)
{
	struct trace_entry e = *index_at(x, row);

	if (e.link != ROW_NONE && e.link >= from)
		e.link++;
	else if (e.link != ROW_NONE)
		tell_partner(x, &e, row);
	*index_at(x, row + 1) = e;
	fence_in(x, row + 1);
}

int index_insert(struct index *x, uint32_t row, const struct trace_entry *e, uint32_t *moved)
{
	*moved = 0;
	if (make_room(x) < 0)
		return -1;
	for (uint32_t r = x->rows; r > row; r--) {
		*moved |= 1u << index_at(x, r - 1)->kind;
		move_up(x, r - 1, row);
	}
	*index_at(x, row) = *e;
	fence_in(x, row);
	x->rows++;
	return 0;
}

/* ---- finding ---- */

struct wanted { /* an identity, or a PACKET's number */
	bool by_number;
	uint64_t id;
	uint32_t number;
};

static bool inside(const struct fence *f, const struct wanted *w)
{
	return w->by_number ? w->number >= f->number_min && w->number <= f->number_max
			    : w->id >= f->id_min && w->id <= f->id_max;
}

static bool is_wanted(const struct trace_entry *e, const struct wanted *w)
{
	return w->by_number ? e->kind == EVENT_PACKET && e->number == w->number
			    : e->offset == w->id;
}

/* From the end backwards: what is looked for is mostly young. */
static uint32_t find_in_chunk(const struct index *x, size_t chunk, const struct wanted *w)
{
	const struct chunk *c = &x->chunk[chunk];
	uint32_t base = (uint32_t)(chunk * CHUNK_ROWS);
	uint32_t rows = x->rows - base < CHUNK_ROWS ? x->rows - base : CHUNK_ROWS;

	while (rows > 0) {
		uint32_t first = (rows - 1) / FENCE_ROWS * FENCE_ROWS;

		if (!inside(&c->fence->part[first / FENCE_ROWS], w)) {
			rows = first;
			continue;
		}
		while (rows > first) {
			if (is_wanted(&c->entry[--rows], w))
				return base + rows;
		}
	}
	return ROW_NONE;
}

static uint32_t find(const struct index *x, const struct wanted *w)
{
	size_t chunks = (x->rows + CHUNK_ROWS - 1) / CHUNK_ROWS;

	while (chunks-- > 0) {
		uint32_t row = ROW_NONE;

		if (inside(&x->chunk[chunks].fence->all, w))
			row = find_in_chunk(x, chunks, w);
		if (row != ROW_NONE)
			return row;
	}
	return ROW_NONE;
}

uint32_t index_find(const struct index *x, uint64_t id)
{
	return find(x, &(struct wanted){ .id = id });
}

uint32_t index_packet(const struct index *x, uint32_t number)
{
	return find(x, &(struct wanted){ .by_number = true, .number = number });
}

uint32_t index_at_time(const struct index *x, int64_t ts_ns)
{
	uint32_t low = 0, high = x->rows;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (index_at(x, mid)->ts_ns <= ts_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? low - 1 : ROW_NONE;
}
