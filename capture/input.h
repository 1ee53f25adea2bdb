/*
 * input: a file read from its beginning to its end in large chunks, as a window of bytes that moves.  Where
 * the bytes come from a source (a pipe, something compressed), there may be none now and more later.
 *
 * read() in chunks of 1 MB beats mmap() here, keeps memory small, and makes a file that is cut while it
 * is read a short read and no signal.
 */
#ifndef SOCKLENS_CAPTURE_INPUT_H
#define SOCKLENS_CAPTURE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/source.h"
#include "src/core/err.h"

#define INPUT_CHUNK (1u << 20)

struct input {
	int fd;			/* borrowed; read where there is no source */
	struct source *source;	/* borrowed; NULL */
	uint8_t *buf;
	size_t cap;
	size_t at, end;		/* the window: buf[at] … buf[end - 1] */
	uint64_t offset;	/* in the file, of buf[at] */
	bool ended;		/* nothing comes behind the window, ever */
	int error;		/* errno of a read that failed, or ENOMEM; the file seems to end there */
};

int input_init(struct input *in, int fd, struct source *source, struct err *e);
void input_fini(struct input *in);

/*
 * Makes the window at least n bytes long, if the file goes on that far.  Returns its length; where that is
 * less than n and not ended, the rest has not arrived.  Pointers into the window are good until the next call.
 */
size_t input_want(struct input *in, size_t n);

static inline const uint8_t *input_bytes(const struct input *in)
{
	return in->buf + in->at;
}

static inline size_t input_have(const struct input *in)
{
	return in->end - in->at;
}

/* Moves on within the window. */
static inline void input_step(struct input *in, size_t n)
{
	in->at += n;
	in->offset += n;
}

/* Moves the window on by n bytes, which may be more than it has; returns how many the file had (so far). */
uint64_t input_skip(struct input *in, uint64_t n);

#endif
