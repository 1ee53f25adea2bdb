/*
 * unpack: the formats of compressed files, each behind the same few functions.  A file may be several
 * compressed pieces, one behind the other, as all these formats allow.
 */
#ifndef SOCKLENS_CAPTURE_UNPACK_H
#define SOCKLENS_CAPTURE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNPACK_HEAD 4	/* bytes that tell what it is */

struct unpack_step {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t room;
	size_t used, made;	/* of in, of out: filled in */
	bool whole;		/* filled in: what was used ends with a whole piece */
};

struct unpack_format {
	const char *name;
	uint8_t magic[UNPACK_HEAD];
	uint8_t magic_len;
	void *(*begin)(void);				/* NULL: no memory */
	const char *(*step)(void *state, struct unpack_step *s);	/* NULL, or what is wrong */
	void (*end)(void *state);
};

/* The format of something that begins so; NULL: none of them. */
const struct unpack_format *unpack_format_of(const uint8_t *head, size_t len);

#endif
