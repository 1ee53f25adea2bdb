#include "src/lab/flight.h"

#include <stdlib.h>
#include <string.h>

#define HEAP_MIN 64

struct flight *flight_new(const void *bytes, uint32_t len)
{
	struct flight *p = malloc(sizeof(*p) + len);

	if (!p)
		return NULL;
	*p = (struct flight){ .len = len };
	memcpy(p->bytes, bytes, len);
	return p;
}

struct flight *flight_copy(const struct flight *f)
{
	struct flight *p = malloc(sizeof(*p) + f->len);

	if (!p)
		return NULL;
	memcpy(p, f, sizeof(*f) + f->len);
	p->next = NULL;
	return p;
}

void flight_free(struct flight *f)
{
	free(f);
}

void flights_init(struct flights *f)
{
	memset(f, 0, sizeof(*f));
	f->held_end = &f->held;
}

static void free_list(struct flight *p)
{
	while (p) {
		struct flight *next = p->next;

		flight_free(p);
		p = next;
	}
}

void flights_fini(struct flights *f)
{
	struct flight *on_way = flights_take_all(f, HOST_NONE);

	free_list(on_way);
	free_list(f->held);
	free(f->heap);
	flights_init(f);
}

bool flights_full(const struct flights *f, uint32_t len)
{
	return f->bytes + sizeof(struct flight) + len > FLIGHTS_BYTES;
}

static void weigh(struct flights *f, const struct flight *p, bool more)
{
	size_t bytes = sizeof(*p) + p->len;

	f->bytes = more ? f->bytes + bytes : f->bytes - bytes;
}

/* ---- on their way: a binary heap ---- */

static bool before(const struct flight *a, const struct flight *b)
{
	if (a->due_ns != b->due_ns)
		return a->due_ns < b->due_ns;
	return a->order < b->order;
}

/* Puts p into the hole at i or above it. */
static void sift_up(struct flights *f, size_t i, struct flight *p)
{
	while (i && before(p, f->heap[(i - 1) / 2])) {
		f->heap[i] = f->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	f->heap[i] = p;
}

/* Puts p into the hole at i or below it. */
static void sift_down(struct flights *f, size_t i, struct flight *p)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < f->count && before(f->heap[child + 1], f->heap[child]))
			child++;
		if (child >= f->count || !before(f->heap[child], p))
			break;
		f->heap[i] = f->heap[child];
		i = child;
	}
	f->heap[i] = p;
}

static bool grow(struct flights *f)
{
	size_t cap = f->cap ? 2 * f->cap : HEAP_MIN;
	struct flight **heap = realloc(f->heap, cap * sizeof(heap[0]));

	if (!heap)
		return false;
	f->heap = heap;
	f->cap = cap;
	return true;
}

bool flights_send(struct flights *f, struct flight *p, int64_t due_ns)
{
	int64_t *last = &f->last_due_ns[p->from];

	if (f->count == f->cap && !grow(f))
		return false;
	if (!p->loose) {
		if (f->under_way[p->from] && due_ns < *last)
			due_ns = *last;
		*last = due_ns;
	}
	p->due_ns = due_ns;
	p->order = f->orders++;
	f->under_way[p->from]++;
	weigh(f, p, true);
	sift_up(f, f->count++, p);
	return true;
}

int64_t flights_due(const struct flights *f)
{
	return f->count ? f->heap[0]->due_ns : INT64_MAX;
}

static struct flight *take_first(struct flights *f)
{
	struct flight *p = f->heap[0];
	struct flight *moved = f->heap[--f->count];

	if (f->count)
		sift_down(f, 0, moved);
	f->under_way[p->from]--;
	weigh(f, p, false);
	return p;
}

struct flight *flights_arrive(struct flights *f, int64_t now_ns)
{
	return f->count && f->heap[0]->due_ns <= now_ns ? take_first(f) : NULL;
}

/* What stays is taken out too and put back in its order, since an array in order is a heap. */
struct flight *flights_take_all(struct flights *f, uint8_t from)
{
	struct flight *taken = NULL, *stays = NULL;
	struct flight **taken_end = &taken, **stays_end = &stays;

	while (f->count) {
		struct flight *p = take_first(f);
		struct flight ***end =
			from == HOST_NONE || p->from == from ? &taken_end : &stays_end;

		p->next = NULL;
		**end = p;
		*end = &p->next;
	}
	while (stays) {
		struct flight *p = stays;

		stays = p->next;
		p->next = NULL;
		f->heap[f->count++] = p;
		f->under_way[p->from]++;
		weigh(f, p, true);
	}
	return taken;
}

struct flight *flights_on_way(const struct flights *f, uint8_t from, uint64_t number)
{
	struct flight *found = NULL;

	for (size_t i = 0; i < f->count; i++) {
		struct flight *p = f->heap[i];

		if (p->number == number && (from == HOST_NONE || p->from == from) &&
		    (!found || before(p, found)))
			found = p;
	}
	return found;
}

void flights_take(struct flights *f, struct flight *p)
{
	size_t i = 0;
	struct flight *moved;

	while (f->heap[i] != p)
		i++;
	moved = f->heap[--f->count];
	if (moved != p) {
		sift_up(f, i, moved);
		if (f->heap[i] == moved)
			sift_down(f, i, moved);
	}
	f->under_way[p->from]--;
	weigh(f, p, false);
	p->next = NULL;
}

/* ---- held: a list ---- */

void flights_hold(struct flights *f, struct flight *p)
{
	p->next = NULL;
	*f->held_end = p;
	f->held_end = &p->next;
	f->helds++;
	weigh(f, p, true);
}

struct flight *flights_held(const struct flights *f, uint8_t from, uint64_t number)
{
	struct flight *p = f->held;

	while (p && ((from != HOST_NONE && p->from != from) || (number && p->number != number)))
		p = p->next;
	return p;
}

struct flight *flights_unhold(struct flights *f, uint8_t from, uint64_t number)
{
	for (struct flight **at = &f->held; *at; at = &(*at)->next) {
		struct flight *p = *at;

		if ((from != HOST_NONE && p->from != from) || (number && p->number != number))
			continue;
		*at = p->next;
		if (f->held_end == &p->next)
			f->held_end = at;
		p->next = NULL;
		f->helds--;
		weigh(f, p, false);
		return p;
	}
	return NULL;
}
