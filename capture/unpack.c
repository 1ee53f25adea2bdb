#include "capture/unpack.h"

#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define STEP_MOST (1u << 30) /* zlib counts in unsigned ints */

static size_t at_most(size_t n, size_t most)
{
	return n < most ? n : most;
}

/* ---- gzip ---- */

#define GZIP_WINDOW (15 + 16) /* the largest window; a gzip header and nothing else */

static void *gzip_begin(void)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (z && inflateInit2(z, GZIP_WINDOW) == Z_OK)
		return z;
	free(z);
	return NULL;
}

static const char *gzip_step(void *state, struct unpack_step *s)
{
	z_stream *z = state;
	int rc;

	z->next_in = (z_const Bytef *)s->in;
	z->avail_in = (uInt)at_most(s->in_len, STEP_MOST);
	z->next_out = s->out;
	z->avail_out = (uInt)at_most(s->room, STEP_MOST);
	rc = inflate(z, Z_NO_FLUSH);
	s->used = (size_t)(z->next_in - s->in);
	s->made = (size_t)(z->next_out - s->out);
	s->whole = rc == Z_STREAM_END;
	if (rc == Z_STREAM_END)
		rc = inflateReset(z);
	if (rc == Z_OK || rc == Z_BUF_ERROR)
		return NULL;
	return rc == Z_MEM_ERROR ? "there is no memory to unpack it" : "its gzip data is damaged";
}

static void gzip_end(void *state)
{
	inflateEnd(state);
	free(state);
}

/* ---- zstd ---- */

static void *zstd_begin(void)
{
	return ZSTD_createDStream();
}

static const char *zstd_step(void *state, struct unpack_step *s)
{
	ZSTD_inBuffer in = { .src = s->in, .size = s->in_len };
	ZSTD_outBuffer out = { .dst = s->out, .size = s->room };
	size_t rc = ZSTD_decompressStream(state, &out, &in);

	s->used = in.pos;
	s->made = out.pos;
	s->whole = rc == 0;
	return ZSTD_isError(rc) ? ZSTD_getErrorName(rc) : NULL;
}

static void zstd_end(void *state)
{
	ZSTD_freeDStream(state);
}

/* ---- lz4 ---- */

static void *lz4_begin(void)
{
	LZ4F_dctx *d;

	return LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)) ? NULL : d;
}

static const char *lz4_step(void *state, struct unpack_step *s)
{
	size_t rc;

	s->used = s->in_len;
	s->made = s->room;
	rc = LZ4F_decompress(state, s->out, &s->made, s->in, &s->used, NULL);
	s->whole = rc == 0;
	return LZ4F_isError(rc) ? LZ4F_getErrorName(rc) : NULL;
}

static void lz4_end(void *state)
{
	LZ4F_freeDecompressionContext(state);
}

/* ---- all of them ---- */

static const struct unpack_format formats[] = {
	{ "gzip", { 0x1f, 0x8b }, 2, gzip_begin, gzip_step, gzip_end },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, zstd_begin, zstd_step, zstd_end },
	{ "lz4", { 0x04, 0x22, 0x4d, 0x18 }, 4, lz4_begin, lz4_step, lz4_end },
};

const struct unpack_format *unpack_format_of(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (len >= formats[i].magic_len &&
		    memcmp(head, formats[i].magic, formats[i].magic_len) == 0)
			return &formats[i];
	}
	return NULL;
}
