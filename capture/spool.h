/*
 * spool: a file without a name, for what has no place of its own yet.
 */
#ifndef SOCKLENS_CAPTURE_SPOOL_H
#define SOCKLENS_CAPTURE_SPOOL_H

#include "src/core/err.h"

/* In $TMPDIR or /tmp; it is gone with its last descriptor, which is returned.  -1. */
int spool_open(struct err *e);

#endif
