#include "ui/marks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct marks {
	uint64_t *id; /* ascending */
	size_t count, cap;
};

struct marks *marks_new(struct err *e)
{
	struct marks *m = calloc(1, sizeof(*m));

	if (!m)
		err_errno(e, errno, NULL, "marking events");
	return m;
}

void marks_free(struct marks *m)
{
	if (!m)
		return;
	free(m->id);
	free(m);
}

/* How many identities are smaller. */
static size_t below(const struct marks *m, uint64_t id)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->id[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool marks_has(const struct marks *m, uint64_t id)
{
	size_t at = below(m, id);

	return at < m->count && m->id[at] == id;
}

static int make_room(struct marks *m, struct err *e)
{
	size_t cap = m->cap ? 2 * m->cap : 16;
	uint64_t *id;

	if (m->count < m->cap)
		return 0;
	id = realloc(m->id, cap * sizeof(*id));
	if (!id)
		return err_errno(e, errno, NULL, "marking an event");
	m->id = id;
	m->cap = cap;
	return 0;
}

int marks_toggle(struct marks *m, uint64_t id, struct err *e)
{
	size_t at = below(m, id);

	if (at < m->count && m->id[at] == id) {
		m->count--;
		memmove(m->id + at, m->id + at + 1, (m->count - at) * sizeof(*m->id));
		return 0;
	}
	if (make_room(m, e))
		return -1;
	memmove(m->id + at + 1, m->id + at, (m->count - at) * sizeof(*m->id));
	m->id[at] = id;
	m->count++;
	return 1;
}

size_t marks_count(const struct marks *m)
{
	return m->count;
}

uint64_t marks_nth(const struct marks *m, size_t i)
{
	return m->id[i];
}
