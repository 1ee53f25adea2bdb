#include "capture/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int input_init(struct input *in, int fd, struct source *source, struct err *e)
{
	*in = (struct input){
		.fd = fd, .source = source, .cap = INPUT_CHUNK, .buf = malloc(INPUT_CHUNK)
	};
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

/* False: nothing came. */
static bool read_more(struct input *in)
{
	uint8_t *room = in->buf + in->end;
	size_t most = in->cap - in->end;
	ssize_t n;

	if (in->source) {
		n = (ssize_t)source_read(in->source, room, most);
		in->ended = n == 0 && source_ended(in->source);
	} else {
		n = pread(in->fd, room, most, (off_t)(in->offset + input_have(in)));
		in->error = n < 0 && errno != EINTR ? errno : 0;
		in->ended = n == 0 || in->error;
	}
	in->end += n > 0 ? (size_t)n : 0;
	return n > 0 || (n < 0 && !in->ended);
}

size_t input_want(struct input *in, size_t n)
{
	if (input_have(in) >= n || in->ended)
		return input_have(in);
	if (!make_room(in, n)) {
		in->ended = true;
		return input_have(in);
	}
	while (input_have(in) < n && !in->ended) {
		if (!read_more(in))
			break;
	}
	return input_have(in);
}

uint64_t input_skip(struct input *in, uint64_t n)
{
	uint64_t done = 0;

	while (done < n && input_want(in, 1) > 0) {
		uint64_t left = n - done, have = input_have(in);
		size_t step = (size_t)(left < have ? left : have);

		input_step(in, step);
		done += step;
	}
	return done;
}
