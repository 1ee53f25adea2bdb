/*
 * source: where a capture's bytes come from when they do not lie in a plain file: a pipe, a socket, standard
 * input, or something compressed (gzip, zstd, lz4), or both.
 *
 * What arrives is unpacked and written to a spool file (one without a name), whose offsets are those of the
 * capture; the reader gets the same bytes on the way.  Memory stays small whatever the source claims.
 */
#ifndef SOCKLENS_CAPTURE_SOURCE_H
#define SOCKLENS_CAPTURE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"

/* Unpacking stops at this size where it is also this many times the packed one; see source_new(). */
#define SOURCE_UNPACKED_MAX	(UINT64_C(1) << 30)
#define SOURCE_RATIO_MAX	100

struct source;

/* Whether a file that begins so has to be unpacked. */
bool source_is_packed(const uint8_t *head, size_t len);

/*
 * Takes fd, which is read from where it stands.  unpacked_max: bytes that unpacking may give; 0: the limits
 * above.
 */
struct source *source_new(int fd, uint64_t unpacked_max, struct err *e);
void source_free(struct source *s);

int source_spool(const struct source *s);	/* its fd, which the caller closes when he has freed the source */

/*
 * The next bytes, at most room of them.  0: none now (source_fd() says what to wait for), or never again
 * (source_ended()).  Never waits for a pipe.
 */
size_t source_read(struct source *s, uint8_t *buf, size_t room);

bool source_ended(const struct source *s);
int source_fd(const struct source *s);		/* to poll() for input; -1: just read on */
uint64_t source_taken(const struct source *s);	/* bytes of the pipe or the packed file so far */

/* Why it ended before its time; NULL if nothing is wrong. */
const char *source_trouble(const struct source *s);

#endif
