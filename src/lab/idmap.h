/*
 * idmap: the maps of user and group ids between user namespaces: user_namespaces(7).
 */
#ifndef SOCKLENS_LAB_IDMAP_H
#define SOCKLENS_LAB_IDMAP_H

#include <stddef.h>
#include <sys/types.h>

#include "src/core/err.h"

/*
 * Maps all ids that we have to themselves in the namespace of another process, which must be new and inside ours.
 * 0 or an errno.
 */
int idmap_write_own(pid_t pid);

/* Maps one user and one group, outside uid and gid, to root, in our own namespace, which must be new. */
int idmap_write_one(uid_t uid, gid_t gid, struct err *e);

/*
 * Writes the text of a map by which a namespace inside ours has `id` as what it is outside of ours.  map: our own,
 * "/proc/self/uid_map".  Returns its length.
 */
size_t idmap_back(char *out, size_t cap, const char *map, unsigned long id);

#endif
