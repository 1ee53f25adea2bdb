/*
 * scratch: directories in which the lab's own programs are, one for each host, for names of Unix sockets that are paths:
 * bind(s, unix:door) makes a file, and that must be nobody's but the lab's.  They are in memory, in no one's view of the
 * file system, and are gone with the last descriptor.
 */
#ifndef SOCKLENS_LAB_SCRATCH_H
#define SOCKLENS_LAB_SCRATCH_H

#include <stddef.h>

#include "src/core/err.h"

/* The descriptor (close-on-exec) of an empty directory; -1. */
int scratch_new(struct err *e);

/* The same of a new directory in it, for everybody.  -1. */
int scratch_in(int dir, const char *name, struct err *e);

#endif
