/*
 * command_words: a command line as the words that execve(2) takes.  One that is nothing but words (with quotes) is
 * taken apart here, so that the program itself is the first process and a name that does not exist is found at
 * once; anything else is for the shell: /bin/sh -c.
 */
#ifndef SOCKLENS_COMMAND_WORDS_H
#define SOCKLENS_COMMAND_WORDS_H

#include <stddef.h>

#include "src/core/err.h"

struct command_words {
	const char **argv;	/* NULL-terminated; owned, with what it points to */
	size_t count;
	char *text;
};

/* -1: there is no word in it, or no memory. */
int command_words_of(struct command_words *w, const char *command, struct err *e);
void command_words_fini(struct command_words *w);

#endif
