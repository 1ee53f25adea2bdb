#include "capture/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int input_init(struct input *in, int fd, struct err *e)
{
	*in = (struct input){ .fd = fd, .cap = INPUT_CHUNK, .buf = malloc(INPUT_CHUNK) };
	return in->buf ? 0 : err_errno(e, ENOMEM, NULL, "reading a file");
}

void input_fini(struct input *in)
{
	free(in->buf);
	in->buf = NULL;
}

/* Room for n bytes behind at. */
static bool make_room(struct input *in, size_t n)
{
	uint8_t *larger;

	memmove(in->buf, in->buf + in->at, in->end - in->at);
	in->end -= in->at;
	in->at = 0;
	if (n <= in->cap)
		return true;
	n += INPUT_CHUNK;
	larger = realloc(in->buf, n);
	if (!larger) {
		in->error = ENOMEM;
		return false;
	}
	in->buf = larger;
	in->cap = n;
	return true;
}

static void read_more(struct input *in)
{
	ssize_t n = pread(in->fd, in->buf + in->end, in->cap - in->end,
			  (off_t)(in->offset + (in->end - in->at)));

	if (n > 0) {
		in->end += (size_t)n;
	} else if (n == 0 || errno != EINTR) {
		in->error = n < 0 ? errno : 0;
		in->ended = true;
	}
}

size_t input_want(struct input *in, size_t n)
{
	if (in->end - in->at >= n || in->ended)
		return in->end - in->at;
	if (!make_room(in, n)) {
		in->ended = true;
		return in->end - in->at;
	}
	while (in->end - in->at < n && !in->ended)
		read_more(in);
	return in->end - in->at;
}

uint64_t input_skip(struct input *in, uint64_t n)
{
	uint64_t done = 0;

	while (done < n && input_want(in, 1) > 0) {
		uint64_t left = n - done, have = in->end - in->at;
		size_t step = (size_t)(left < have ? left : have);

		in->at += step;
		in->offset += step;
		done += step;
	}
	return done;
}
