/*
 * A file that is far out of order was read as its blocks came; now its rows are brought into the order of
 * time, all at once: a file of which the second half is older than the first would otherwise move a million
 * rows a million times.
 *
 * Files are nearly in order, so the sort is a merge sort that looks before it works: pieces of 32
 * rows by insertion, and of two neighbouring pieces only the part that overlaps is merged.
 *
 * Until here a row is a position.  What refers to rows: pairs are renumbered; what
 * depends on the order (the last WIRE of a packet, the chain of a socket's STATEs) is made anew.
 */
#include "capture/trace_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 32

struct sorting {
	struct trace *t;
	uint32_t rows;
	uint32_t *order; /* position of each row */
	uint32_t *rank; /* row of each position */
	uint32_t *socket; /* of each position, then of each row: of a STATE */
};

static bool before(const struct sorting *s, uint32_t a, uint32_t b)
{
	return entry_before(index_at(&s->t->index, a), index_at(&s->t->index, b));
}

static void sort_piece(struct sorting *s, uint32_t from, uint32_t to)
{
	for (uint32_t i = from + 1; i < to; i++) {
		uint32_t position = s->order[i], k = i;

		for (; k > from && before(s, position, s->order[k - 1]); k--)
			s->order[k] = s->order[k - 1];
		s->order[k] = position;
	}
}

/* The first of order[from … to) that stands behind a position; to if none does. */
static uint32_t first_behind(const struct sorting *s, uint32_t from, uint32_t to, uint32_t position)
{
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (before(s, position, s->order[middle]))
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

/* Merges order[from … middle) and order[middle … to); rank serves as memory for the first of them.
 */
static void merge(struct sorting *s, uint32_t from, uint32_t middle, uint32_t to)
{
	uint32_t *order = s->order, *left = s->rank;
	uint32_t i = 0, k, lefts;

	if (middle >= to || !before(s, order[middle], order[middle - 1]))
		return;
	from = first_behind(s, from, middle, order[middle]);
	to = first_behind(s, middle, to, order[middle - 1]);
	lefts = middle - from;
	memcpy(left, &order[from], lefts * sizeof(order[0]));
	for (k = middle; i < lefts; from++) {
		if (k < to && before(s, order[k], left[i]))
			order[from] = order[k++];
		else
			order[from] = left[i++];
	}
}

static void sort_order(struct sorting *s)
{
	for (uint64_t at = 0; at < s->rows; at += PIECE)
		sort_piece(s, (uint32_t)at,
			   (uint32_t)(at + PIECE < s->rows ? at + PIECE : s->rows));
	for (uint64_t width = PIECE; width < s->rows; width *= 2) {
		for (uint64_t at = 0; at + width < s->rows; at += 2 * width) {
			uint64_t to = at + 2 * width < s->rows ? at + 2 * width : s->rows;

			merge(s, (uint32_t)at, (uint32_t)(at + width), (uint32_t)to);
		}
	}
}

/* The sockets of all STATEs, which only their chains know: each goes on from one that was recorded
 * before it. */
static void find_sockets(struct sorting *s)
{
	struct trace *t = s->t;

	for (uint32_t i = 0; i < s->rows; i++)
		s->socket[i] = UINT32_MAX;
	for (size_t n = 0; n < t->sockets; n++) {
		for (uint32_t i = t->socket[n].last; i != ROW_NONE;
		     i = index_at(&t->index, i)->link)
			s->socket[i] = (uint32_t)n;
	}
}

/* Moves entries and their sockets to their rows, along the cycles of the permutation; uses order
 * up. */
static void permute(struct sorting *s)
{
	struct index *x = &s->t->index;

	for (uint32_t start = 0; start < s->rows; start++) {
		struct trace_entry first = *index_at(x, start);
		uint32_t socket = s->socket[start];
		uint32_t row = start;

		while (s->order[row] != start) {
			uint32_t from = s->order[row];

			*index_at(x, row) = *index_at(x, from);
			s->socket[row] = s->socket[from];
			s->order[row] = row;
			row = from;
		}
		*index_at(x, row) = first;
		s->socket[row] = socket;
		s->order[row] = row;
	}
}

static int by_number(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	return (first > second) - (first < second);
}

static void renumber_list(const struct sorting *s, struct rows *r)
{
	for (size_t i = 0; i < r->count; i++)
		r->row[i] = s->rank[r->row[i]];
	if (r->count)
		qsort(r->row, r->count, sizeof(r->row[0]), by_number);
}

static void renumber(struct sorting *s)
{
	struct trace *t = s->t;

	for (uint32_t row = 0; row < s->rows; row++) {
		struct trace_entry *e = index_at(&t->index, row);

		if (e->kind == EVENT_PACKET || e->kind == EVENT_STATE)
			e->link = ROW_NONE;
		else if (e->link != ROW_NONE)
			e->link = s->rank[e->link];
		if (e->kind == EVENT_PACKET)
			e->fate = WIRE_DELIVERED;
	}
	for (size_t i = 0; i < t->lanes; i++) {
		renumber_list(s, &t->lane[i].call);
		renumber_list(s, &t->lane[i].end);
		renumber_list(s, &t->lane[i].open);
	}
	for (size_t i = 0; i < t->sockets; i++) {
		t->socket[i].last = ROW_NONE;
		t->socket_rows[i].mark.count = 0;
		t->socket_rows[i].states = 0;
	}
	renumber_list(s, &t->counters);
	t->early.count = 0;
}

static int relink(struct sorting *s)
{
	struct trace *t = s->t;
	int rc = 0;

	for (uint32_t row = 0; row < s->rows; row++) {
		struct trace_entry *e = index_at(&t->index, row), *packet;

		if (e->kind == EVENT_STATE)
			trace_socket_state(t, s->socket[row], row);
		if (e->kind == EVENT_COUNTERS && e->link != ROW_NONE && row < e->link)
			rc |= rows_add(&t->early, row);
		if (e->kind != EVENT_WIRE || e->link == ROW_NONE)
			continue;
		packet = index_at(&t->index, e->link);
		packet->link = row;
		if (!(e->flags & TRACE_FLAG_COPY))
			packet->fate = e->fate;
		if (row < e->link)
			rc |= rows_add(&t->early, row);
	}
	return rc;
}

int trace_sort(struct trace *t, struct err *e)
{
	struct sorting s = { .t = t, .rows = t->index.rows };
	int rc = -1;

	if (!t->unsorted)
		return 0;
	t->unsorted = false;
	s.order = calloc(s.rows, sizeof(s.order[0]));
	s.rank = calloc(s.rows, sizeof(s.rank[0]));
	s.socket = calloc(s.rows, sizeof(s.socket[0]));
	if (s.order && s.rank && s.socket) {
		for (uint32_t i = 0; i < s.rows; i++)
			s.order[i] = i;
		sort_order(&s);
		for (uint32_t i = 0; i < s.rows; i++)
			s.rank[s.order[i]] = i;
		find_sockets(&s);
		permute(&s);
		renumber(&s);
		index_fences(&t->index);
		rc = relink(&s);
	}
	free(s.order);
	free(s.rank);
	free(s.socket);
	return rc < 0 ? err_errno(e, ENOMEM, NULL, "sorting the trace") : 0;
}
