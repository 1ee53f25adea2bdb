/*
 * Fragments in any order and of any kind: what becomes whole is what the naive model makes of them, the limits hold,
 * and nothing is read beyond what is there.
 *
 * Each fragment is 5 bytes: which datagram (and whether it is IPv6), its offset in units of 8 (2 bytes, the
 * highest bit: more follow), its length, a byte that fills it; or, with 0xff as the first, a raw packet: its
 * length in one byte, then its bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture/datagram.h"
#include "src/core/rd.h"
#include "tests/unit/capture/fragments.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WAITING = 16, HELD = 1 << 20, RAW = 0xff };

static void require(bool truth)
{
	if (!truth)
		abort();
}

struct fuzz {
	struct datagrams *d;
	struct model *model;
	int64_t now;
};

static bool put(struct fuzz *f, const uint8_t *bytes, size_t len, struct datagram *whole)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct packet p;
	bool result;
	size_t held;

	require(copy != NULL);
	memcpy(copy, bytes, len);
	packet_parse(&p, LINK_RAW, copy, len, len);
	result = p.fragment && datagrams_packet(f->d, &p, copy, len, f->now++, whole);
	free(copy);
	require(datagrams_waiting(f->d, &held) <= WAITING && held <= HELD);
	if (!result)
		return false;
	require(!p.fragment && p.ip_version);
	require(whole->header_len <= whole->len && whole->len <= 65575);
	require(p.network_at < whole->len);
	return true;
}

static void raw(struct fuzz *f, struct rd *r)
{
	size_t len = rd_u8(r), have = rd_left(r);
	struct datagram whole;
	struct rd bytes = rd_sub(r, len < have ? len : have);

	put(f, bytes.base, bytes.len, &whole);
}

static size_t header(uint8_t *out, bool six, unsigned key, unsigned offset, bool more, size_t len)
{
	static const uint8_t v4[20] = { 0x45, [8] = 64, 200, [12] = 192, 0, 2, 1, 192, 0, 2, 2 };
	static const uint8_t v6[48] = { 0x60, [6] = 44, 64, [8] = 0x20, 1, [24] = 0x20, 2, [40] = 59 };

	memcpy(out, six ? v6 : v4, six ? sizeof(v6) : sizeof(v4));
	if (six) {
		out[4] = (uint8_t)((len + 8) >> 8);
		out[5] = (uint8_t)(len + 8);
		out[42] = (uint8_t)(offset >> 5);
		out[43] = (uint8_t)(offset << 3 | more);
		out[47] = (uint8_t)key;
		return sizeof(v6);
	}
	out[2] = (uint8_t)((len + 20) >> 8);
	out[3] = (uint8_t)(len + 20);
	out[5] = (uint8_t)key;
	out[6] = (uint8_t)(offset >> 8 | (more ? 0x20 : 0));
	out[7] = (uint8_t)offset;
	return sizeof(v4);
}

static void modelled(struct fuzz *f, struct rd *r, uint8_t first)
{
	uint16_t word = rd_be16(r);
	uint8_t len = rd_u8(r), fill = rd_u8(r), bytes[48 + 256];
	unsigned key = first % MODEL_KEYS, offset = word & 0x3ff;
	bool six = key & 1, more = word & 0x8000, want;
	size_t at = header(bytes, six, key, offset, more, len);
	struct datagram whole;

	if (r->short_read || !len || (!offset && !more) || f->model->datagram[key].count >= MODEL_FRAGMENTS)
		return;
	for (size_t i = 0; i < len; i++)
		bytes[at + i] = (uint8_t)(fill + i * (fill & 1));
	want = model_add(f->model, key, offset * 8, more, bytes + at, len);
	require(put(f, bytes, at + len, &whole) == want);
	if (!want)
		return;
	require(whole.len - whole.header_len == f->model->whole_len);
	require(memcmp(whole.bytes + whole.header_len, f->model->whole, f->model->whole_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct datagram_limits limits = { .datagrams = WAITING, .bytes = HELD };
	struct fuzz f = { .d = datagrams_new(&limits, NULL), .model = calloc(1, sizeof(*f.model)) };
	struct rd r = rd_on(data, size);
	bool raws = false;

	require(f.d && f.model);
	while (rd_left(&r)) {
		uint8_t first = rd_u8(&r);

		/* Raw packets may push out the others, or complete them: then the model knows nothing. */
		raws |= first == RAW;
		if (first == RAW)
			raw(&f, &r);
		else if (!raws)
			modelled(&f, &r, first);
		else
			rd_skip(&r, rd_left(&r) < 4 ? rd_left(&r) : 4);
	}
	for (unsigned key = 0; key < MODEL_KEYS; key++)
		model_clear(f.model, key);
	free(f.model);
	datagrams_free(f.d);
	return 0;
}
