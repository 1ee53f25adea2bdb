/*
 * Packed bytes are read into `in`; a step of the unpacker turns some of them into bytes for the reader,
 * which are written to the spool before he gets them.  The first four bytes say whether there is anything
 * to unpack; until they are there, nothing is given.
 *
 * A compressed file of some kilobytes can claim to be terabytes.  It is written to the disk as it is read,
 * so there is a limit: what grows beyond both a size and a ratio ends there, and says so.
 */
#include "capture/source.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/spool.h"
#include "capture/unpack.h"

#define PACKED_READ (256u << 10)

struct source {
	int fd, spool;
	bool waits; /* reading it may wait: a pipe, not a file */
	bool dry; /* … and there was nothing */
	bool closed; /* nothing comes behind `in` */
	bool ended; /* … nor out of it */
	bool begun; /* the first bytes have been looked at */
	const struct unpack_format *format; /* NULL: as it comes */
	void *state;
	bool whole; /* at the end of a compressed piece */
	uint8_t *in;
	size_t at, end; /* in[at] … in[end - 1] are left */
	uint64_t taken, given, unpacked_max;
	char trouble[160];
};

bool source_is_packed(const uint8_t *head, size_t len)
{
	return unpack_format_of(head, len) != NULL;
}

struct source *source_new(int fd, uint64_t unpacked_max, struct err *e)
{
	struct source *s = calloc(1, sizeof(*s));
	struct stat st;

	if (s)
		s->in = malloc(PACKED_READ);
	if (!s || !s->in) {
		free(s);
		close(fd);
		err_errno(e, ENOMEM, NULL, "reading it");
		return NULL;
	}
	s->fd = fd;
	s->unpacked_max = unpacked_max;
	s->waits = fstat(fd, &st) < 0 || !S_ISREG(st.st_mode);
	s->spool = spool_open(e);
	if (s->spool >= 0)
		return s;
	source_free(s);
	return NULL;
}

void source_free(struct source *s)
{
	if (!s)
		return;
	if (s->state)
		s->format->end(s->state);
	close(s->fd);
	free(s->in);
	free(s);
}

int source_spool(const struct source *s)
{
	return s->spool;
}

bool source_ended(const struct source *s)
{
	return s->ended;
}

int source_fd(const struct source *s)
{
	return s->dry && !s->ended ? s->fd : -1;
}

uint64_t source_taken(const struct source *s)
{
	return s->taken;
}

const char *source_trouble(const struct source *s)
{
	return s->trouble[0] ? s->trouble : NULL;
}

/* ---- the end ---- */

static size_t __attribute__((format(printf, 2, 3))) stop(struct source *s, const char *fmt, ...)
{
	struct str text = str_on(s->trouble, sizeof(s->trouble));
	va_list ap;

	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	s->ended = true;
	return 0;
}

/* ---- bytes as they come ---- */

/* At least one byte into buf if there is one now. */
static size_t take(struct source *s, uint8_t *buf, size_t room)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	ssize_t n;

	s->dry = s->waits && poll(&p, 1, 0) <= 0;
	if (s->dry || s->closed)
		return 0;
	n = read(s->fd, buf, room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		s->dry = s->waits;
		return 0;
	}
	if (n < 0)
		stop(s, "reading it failed: %s", strerror(errno));
	s->closed = n <= 0;
	s->taken += n > 0 ? (uint64_t)n : 0;
	return n > 0 ? (size_t)n : 0;
}

/* More into `in`, behind what is there. */
static void take_packed(struct source *s)
{
	memmove(s->in, s->in + s->at, s->end - s->at);
	s->end -= s->at;
	s->at = 0;
	s->end += take(s, s->in + s->end, PACKED_READ - s->end);
}

static bool begin(struct source *s)
{
	take_packed(s);
	if (s->end < UNPACK_HEAD && !s->closed)
		return false;
	s->begun = true;
	s->format = unpack_format_of(s->in, s->end);
	if (s->format)
		s->state = s->format->begin();
	if (s->format && !s->state)
		stop(s, "there is no memory to unpack it");
	return !s->ended;
}

/* ---- what is given ---- */

/* What was there for the first look, then straight from the source. */
static size_t pass(struct source *s, uint8_t *buf, size_t room)
{
	size_t n = s->end - s->at < room ? s->end - s->at : room;

	if (n == 0)
		return take(s, buf, room);
	memcpy(buf, s->in + s->at, n);
	s->at += n;
	return n;
}

static size_t unpack(struct source *s, uint8_t *buf, size_t room)
{
	struct unpack_step step = { .out = buf, .room = room };
	const char *why;

	if (s->at == s->end)
		take_packed(s);
	if (s->at == s->end && s->whole)
		return 0;
	/* Also with nothing to take: there may be more to give of what was taken before. */
	step.in = s->in + s->at;
	step.in_len = s->end - s->at;
	why = s->format->step(s->state, &step);
	s->at += step.used;
	s->whole = step.whole;
	if (why)
		stop(s, "unpacking %s failed at byte %" PRIu64 ": %s", s->format->name,
		     s->taken - (s->end - s->at), why);
	else if (step.used + step.made == 0 && s->closed && !s->whole)
		stop(s, "its %s data ends early", s->format->name);
	return step.made;
}

static bool too_large(const struct source *s, size_t more)
{
	uint64_t size = s->given + more, packed = s->taken ? s->taken : 1;

	if (!s->format)
		return false;
	if (s->unpacked_max)
		return size > s->unpacked_max;
	return size > SOURCE_UNPACKED_MAX && size / packed > SOURCE_RATIO_MAX;
}

/* The part that the spool took: less than len only if it is full. */
static size_t spool_bytes(struct source *s, const uint8_t *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pwrite(s->spool, bytes + done, len - done, (off_t)(s->given + done));

		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			stop(s, "the temporary file cannot hold it: %s",
			     strerror(n == 0 ? ENOSPC : errno));
			break;
		}
	}
	s->given += done;
	return done;
}

size_t source_read(struct source *s, uint8_t *buf, size_t room)
{
	size_t n;

	if (s->ended || (!s->begun && !begin(s)))
		return 0;
	n = s->format ? unpack(s, buf, room) : pass(s, buf, room);
	if (too_large(s, n))
		return stop(s,
			    "unpacking it stopped at %" PRIu64
			    " MB, because it is far larger than its %s data "
			    "(--unpack SIZE allows more)",
			    s->given >> 20, s->format->name);
	s->ended |= n == 0 && s->closed && s->at == s->end;
	return spool_bytes(s, buf, n);
}
