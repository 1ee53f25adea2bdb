/* Tables of descriptors: one for each process, grown as its descriptors are. */
#include "src/session_impl.h"

#include <stdlib.h>
#include <string.h>

struct files *files_of(const struct actor *a, uint32_t process)
{
	for (size_t i = 0; i < a->files_count; i++)
		if (a->files[i].process == process)
			return &a->files[i];
	return NULL;
}

const struct descriptor *files_at(const struct actor *a, uint32_t process, int fd)
{
	const struct files *f = files_of(a, process);

	return f && fd >= 0 && (size_t)fd < f->count ? &f->at[fd] : NULL;
}

static struct files *add_table(struct actor *a, uint32_t process)
{
	if (a->files_count == a->files_cap) {
		size_t cap = a->files_cap ? 2 * a->files_cap : 4;
		struct files *more = reallocarray(a->files, cap, sizeof(*more));

		if (!more)
			return NULL;
		a->files = more;
		a->files_cap = cap;
	}
	a->files[a->files_count] = (struct files){ .process = process };
	return &a->files[a->files_count++];
}

static bool reserve(struct files *f, size_t count)
{
	size_t cap = f->count ? f->count : 16;
	struct descriptor *more;

	if (count <= f->count)
		return true;
	while (cap < count)
		cap *= 2;
	more = reallocarray(f->at, cap, sizeof(*more));
	if (!more)
		return false;
	memset(more + f->count, 0, (cap - f->count) * sizeof(*more));
	f->at = more;
	f->count = cap;
	return true;
}

struct descriptor *files_make(struct actor *a, uint32_t process, int fd)
{
	struct files *f = files_of(a, process);

	if (fd < 0 || fd >= DESCRIPTORS_MAX || (!f && !(f = add_table(a, process))))
		return NULL;
	return reserve(f, (size_t)fd + 1) ? &f->at[fd] : NULL;
}

void files_fork(struct actor *a, uint32_t from, uint32_t to)
{
	struct files *child = files_of(a, to), *parent;

	if (!child && !(child = add_table(a, to)))
		return;
	parent = files_of(a, from);
	if (parent && parent != child && parent->count && reserve(child, parent->count))
		memcpy(child->at, parent->at, parent->count * sizeof(*child->at));
}

void files_drop(struct actor *a, uint32_t process)
{
	struct files *f = files_of(a, process);

	if (!f)
		return;
	free(f->at);
	*f = a->files[--a->files_count];
}

void files_fini(struct actor *a)
{
	for (size_t i = 0; i < a->files_count; i++)
		free(a->files[i].at);
	free(a->files);
	a->files = NULL;
	a->files_count = a->files_cap = 0;
}

int files_name(const struct actor *a, uint64_t cookie, uint32_t *process)
{
	int found = -1;

	for (size_t i = 0; i < a->files_count; i++) {
		const struct files *f = &a->files[i];
		size_t fd = 0;

		while (fd < f->count && !(f->at[fd].open && f->at[fd].cookie == cookie))
			fd++;
		if (fd == f->count || (found >= 0 && *process < f->process))
			continue;
		found = (int)fd;
		*process = f->process;
	}
	return found;
}
