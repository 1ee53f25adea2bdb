/*
 * cmd_stdin: lines of our own standard input, where that is a pipe or a file, for a program of the user.
 */
#ifndef SOCKLENS_CMD_STDIN_H
#define SOCKLENS_CMD_STDIN_H

#include <stdbool.h>
#include <stddef.h>

#include "src/session.h"

struct stdin_lines {
	bool over;		/* nothing (more) is passed on */
	bool ended;		/* the end of the input was read */
	size_t len;
	char buf[4096];		/* what was read and not yet passed on; a longer line is passed on in parts */
};

void stdin_init(struct stdin_lines *in);

/* For poll(); -1: nothing is wanted. */
int stdin_fd(const struct stdin_lines *in);

/* Reads what is there, without waiting, and types it to a program that runs: its lines, then the end. */
void stdin_work(struct stdin_lines *in, struct session *s, size_t program, bool readable);

#endif
