/*
 * play: runs a lab file in a lab of its own, without a screen, from beginning to end.
 */
#ifndef SOCKLENS_PLAY_H
#define SOCKLENS_PLAY_H

#include <stddef.h>

#include "capture/trace.h"
#include "src/core/err.h"
#include "src/parse.h"
#include "src/script.h"

enum play_result {
	PLAY_HELD,		/* every expectation held */
	PLAY_FAILED,		/* one did not */
	PLAY_CANNOT,		/* it cannot run: the recording, memory */
	PLAY_LACKS,		/* this machine cannot build a lab, or lacks what the file needs */
	PLAY_STOPPED,		/* SIGINT, SIGTERM or SIGHUP came; the recording is whole up to there */
};

struct play_config {
	const char *record;	/* -w FILE, which must not exist yet; NULL: nothing is kept */
	bool keep_going;	/* script_keep_going() */
	/* Called at the end, while trace and run are there.  e: why it is not PLAY_HELD. */
	void (*finish)(void *context, struct trace *t, const struct script_run *r, enum play_result result, const struct err *e);
	void *context;
};

/*
 * Runs it (*parsed is left empty).  held receives how many expectations held; e says why it is not PLAY_HELD;
 * e->code is the signal's number with PLAY_STOPPED.
 */
enum play_result play(struct script *parsed, const struct play_config *c, unsigned *held, struct err *e);

/*
 * Reads a lab file into memory (malloc; NUL behind it), of at most SCRIPT_BYTES_MAX bytes; "-" is
 * standard input.  NULL: e says why.
 */
char *play_read(const char *path, size_t *len, struct err *e);

#endif
