/*
 * witness: what the trace answers to a question (question.h).
 *
 * witness_begin() where the question is asked, then witness_look() now and then until it answers; with `all` when
 * the steps that belong to it, up to the next say, ask or pause, have been done.
 */
#ifndef SOCKLENS_WITNESS_H
#define SOCKLENS_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "src/parse.h"

struct truth {
	char text[160];		/* "SYN ACK" */
	char also[160];		/* another true answer, "" if there is none: recv() gave 5, and "hello" */
	char why[320];		/* what shows it, one harmless line */
	uint64_t event;		/* id of that event; 0: it is no single one */
};

struct witness {
	const struct line *ask;	/* borrowed */
	uint64_t after;		/* id of the newest event when the question was asked */
};

void witness_begin(struct witness *w, const struct line *ask, struct session *s);

/* False: nobody knows yet. */
bool witness_look(const struct witness *w, bool all, struct places *p, struct session *s, struct truth *out);

#endif
