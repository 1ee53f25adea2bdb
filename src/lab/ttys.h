/*
 * ttys: what a user's own program has as its standard input, output and error: a terminal of its own for each of
 * the last two, so that it writes lines as it would on a screen and yet they can be told apart; pipes where there are
 * no terminals to be had.  Nothing of it is a terminal of ours.
 */
#ifndef SOCKLENS_LAB_TTYS_H
#define SOCKLENS_LAB_TTYS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "src/core/err.h"

#define TTYS_LINE	4095	/* bytes that a terminal takes before the end of a line */

struct ttys {
	bool pipes;
	int ours[3];		/* our end: to write, to read, to read; -1: closed.  A terminal has the first two in one. */
	int theirs[3];		/* their end, until ttys_started() */
	struct stat is[3];	/* what theirs is, so that it is known again under another number */
};

int ttys_open(struct ttys *t, struct err *e);

/*
 * In the child: makes it descriptors 0, 1 and 2.  -1: errno.  The terminal belongs to the session of the process that
 * opened it, so the program's end is not the end of what it left running.
 */
int ttys_take(const struct ttys *t);
void ttys_foreground(const struct ttys *t, pid_t group);	/* whom ^C is for */

void ttys_started(struct ttys *t);	/* closes their ends here */
void ttys_close(struct ttys *t);

/* 1 or 2: descriptor behind st is the standard output or error; 0 neither. */
int ttys_stream(const struct ttys *t, const struct stat *st);

/* Reads what was written to stream 1 or 2.  Bytes; 0: nothing now, and never again if ours[stream] is -1 then. */
size_t ttys_read(struct ttys *t, int stream, void *buf, size_t cap);

/* Writes to the standard input as much as it takes now: bytes, or -1: it is gone.  len 0: end of file, returns 0. */
ssize_t ttys_write(struct ttys *t, const void *bytes, size_t len);

#endif
