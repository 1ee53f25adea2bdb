/*
 * rd: the bounds-checked reader.  Bytes from outside (packets, files, netlink answers) are read through
 * it and nothing else.  A read beyond the end gives zero and sets the mark `short_read`, which stays set;
 * so a parser reads all it wants and asks once.
 */
#ifndef SOCKLENS_CORE_RD_H
#define SOCKLENS_CORE_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Where the length is known, checks vanish; but the compiler finds that only after it has decided what to inline. */
#define RD_INLINE static inline __attribute__((always_inline))

struct rd {
	const uint8_t *base;	/* first byte of what is being read */
	size_t len;		/* bytes there */
	size_t at;		/* offset of the next byte, <= len */
	bool short_read;	/* something was asked for that is not there */
};

static inline struct rd rd_on(const void *bytes, size_t len)
{
	return (struct rd){ .base = bytes, .len = bytes ? len : 0 };
}

static inline size_t rd_left(const struct rd *r)
{
	return r->len - r->at;
}

/* Pointer to the next n bytes, which are consumed; NULL (and the mark) if they are not all there. */
RD_INLINE const uint8_t *rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->base + r->at;

	if (n > rd_left(r)) {
		r->at = r->len;
		r->short_read = true;
		return NULL;
	}
	r->at += n;
	return p;
}

static inline void rd_skip(struct rd *r, size_t n)
{
	(void)rd_bytes(r, n);
}

/* A reader on the next n bytes, which are consumed here; cut (and marked) where there are fewer. */
static inline struct rd rd_sub(struct rd *r, size_t n)
{
	size_t have = rd_left(r);
	struct rd sub = rd_on(r->base + r->at, n < have ? n : have);

	sub.short_read = n > have;
	r->short_read |= n > have;
	r->at += sub.len;
	return sub;
}

/* All that is left, as a reader of its own; consumed here. */
static inline struct rd rd_rest(struct rd *r)
{
	return rd_sub(r, rd_left(r));
}

RD_INLINE uint8_t rd_u8(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 1);

	return p ? p[0] : 0;
}

/* Big-endian (network order). */
RD_INLINE uint16_t rd_be16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

RD_INLINE uint32_t rd_be32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

/* Little-endian. */
RD_INLINE uint16_t rd_le16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return (uint16_t)(p ? p[1] << 8 | p[0] : 0);
}

RD_INLINE uint32_t rd_le32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

/* Copies n bytes to dst; zeros where they are not there. */
static inline void rd_copy(struct rd *r, void *dst, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	if (p)
		memcpy(dst, p, n);
	else
		memset(dst, 0, n);
}

#endif
