#include "src/lab/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "src/core/str.h"

#define MAP_TEXT 512 /* of an id map: "inside outside count" a line */

/* 0 or errno.  A file of /proc takes its text in one write. */
static int write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, len) != (ssize_t)len)
		error = errno ? errno : EIO;
	close(fd);
	return error;
}

/* The map of a namespace's ids to themselves, from the map that we have ourselves. */
static bool identity_map(struct str *out, const char *own)
{
	FILE *f = fopen(own, "re");
	unsigned long inside, outside, count;

	if (!f)
		return false;
	while (fscanf(f, "%lu %lu %lu", &inside, &outside, &count) == 3)
		str_addf(out, "%lu %lu %lu\n", inside, inside, count);
	fclose(f);
	return out->len && !out->cut;
}

static int write_map_of(pid_t pid, const char *which)
{
	STR_ON_STACK(own, 64);
	STR_ON_STACK(path, 64);
	STR_ON_STACK(map, MAP_TEXT);

	str_addf(&own, "/proc/self/%s", which);
	str_addf(&path, "/proc/%d/%s", (int)pid, which);
	if (!identity_map(&map, own.buf))
		return EIO;
	return write_file(path.buf, map.buf, map.len);
}

int idmap_write_own(pid_t pid)
{
	int error = write_map_of(pid, "uid_map");

	return error ? error : write_map_of(pid, "gid_map");
}

/* Maps one id: inside as `in`, outside `id`. */
static int map_one(const char *path, unsigned in, unsigned id, struct err *e)
{
	STR_ON_STACK(text, 64);
	int error;

	str_addf(&text, "%u %u 1", in, id);
	error = write_file(path, text.buf, text.len);
	return error ? err_errno(e, error, NULL, "write %s", path) : 0;
}

int idmap_write_one(uid_t uid, gid_t gid, struct err *e)
{
	int error = write_file("/proc/self/setgroups", "deny", 4);

	if (error && error != ENOENT) /* Linux before 3.19 has no such file, and no need of it */
		return err_errno(e, error, NULL, "write /proc/self/setgroups");
	if (map_one("/proc/self/uid_map", 0, uid, e))
		return -1;
	return map_one("/proc/self/gid_map", 0, gid, e);
}

/* The id that `id` has outside of our user namespace. */
static unsigned long id_outside(const char *map, unsigned long id)
{
	FILE *f = fopen(map, "re");
	unsigned long inside, outside, count, found = id;

	if (!f)
		return id;
	while (fscanf(f, "%lu %lu %lu", &inside, &outside, &count) == 3)
		if (id >= inside && id - inside < count)
			found = outside + (id - inside);
	fclose(f);
	return found;
}

size_t idmap_back(char *out, size_t cap, const char *map, unsigned long id)
{
	struct str text = str_on(out, cap);

	str_addf(&text, "%lu %lu 1", id_outside(map, id), id);
	return text.len;
}
