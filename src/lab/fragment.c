#include "src/lab/fragment.h"

#include <string.h>

#include "src/core/rd.h"
#include "src/lab/sum.h"

#define ETHERNET       14
#define IPV4	       20
#define TYPE_AT	       12
#define TYPE_IPV4      0x0800
#define DONT_FRAGMENT  0x4000
#define MORE	       0x2000
#define OFFSET	       0x1fff /* in units of 8 bytes */
#define UNIT	       8
#define OPTION_END     0
#define OPTION_NOTHING 1
#define OPTION_COPIED  0x80 /* it is in every fragment, not in the first alone */

struct header {
	uint32_t len; /* with options */
	uint32_t total;
	uint16_t offset; /* flags and offset */
};

static bool read_header(const uint8_t *bytes, uint32_t len, struct header *h)
{
	struct rd r = rd_on(bytes, len);
	uint8_t first;

	rd_skip(&r, TYPE_AT);
	if (rd_be16(&r) != TYPE_IPV4)
		return false;
	first = rd_u8(&r);
	rd_skip(&r, 1);
	h->len = (first & 0xfu) * 4;
	h->total = rd_be16(&r);
	rd_skip(&r, 2);
	h->offset = rd_be16(&r);
	return !r.short_read && first >> 4 == 4 && h->len >= IPV4 && h->total > h->len &&
	       len >= ETHERNET + h->total;
}

bool fragment_needed(const uint8_t *bytes, uint32_t caplen, uint32_t len, uint32_t mtu)
{
	struct header h;

	return len == caplen && read_header(bytes, caplen, &h) && h.total > mtu &&
	       !(h.offset & DONT_FRAGMENT) && mtu >= h.len + UNIT;
}

static void put16(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

/* The options that later fragments have, padded; how many bytes. */
static uint32_t copy_options(uint8_t *out, const uint8_t *options, uint32_t len)
{
	uint32_t used = 0;

	for (uint32_t at = 0; at < len && options[at] != OPTION_END;) {
		uint32_t size = options[at] == OPTION_NOTHING ? 1
				: at + 1 < len		      ? options[at + 1]
							      : 0;

		if (!size || at + size > len || (size == 1 && options[at] != OPTION_NOTHING))
			break;
		if (options[at] & OPTION_COPIED) {
			memcpy(out + used, options + at, size);
			used += size;
		}
		at += size;
	}
	while (used % 4)
		out[used++] = OPTION_END;
	return used;
}

size_t fragment_next(uint8_t *out, const uint8_t *frame, uint32_t len, uint32_t mtu, uint32_t *at)
{
	uint8_t *ip = out + ETHERNET;
	uint32_t header, most, part, left;
	struct header h;

	if (!read_header(frame, len, &h) || *at >= h.total - h.len)
		return 0;
	left = h.total - h.len - *at;
	memcpy(out, frame, ETHERNET + IPV4);
	header =
		*at ? IPV4 + copy_options(ip + IPV4, frame + ETHERNET + IPV4, h.len - IPV4) : h.len;
	if (!*at)
		memcpy(ip + IPV4, frame + ETHERNET + IPV4, h.len - IPV4);
	most = (mtu - header) / UNIT * UNIT;
	part = left <= mtu - header ? left : most;
	memcpy(ip + header, frame + ETHERNET + h.len + *at, part);
	ip[0] = (uint8_t)(0x40 | header / 4);
	put16(ip + 2, header + part);
	put16(ip + 6, ((h.offset & OFFSET) + *at / UNIT) | (part < left ? MORE : h.offset & MORE));
	put16(ip + 10, 0);
	put16(ip + 10, (uint16_t)~sum_fold(sum_bytes(ip, header, 0)));
	*at += part;
	return ETHERNET + header + part;
}
