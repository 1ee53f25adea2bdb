/*
 * Reading blocks.  All of it is from outside: every number goes through the bounds-checked reader,
 * a list of options may end without its end mark, and a block may be anything.
 */
#include "capture/pcapng.h"

#include <string.h>

#include "capture/packet.h"
#include "src/core/clock.h"
#include "src/core/safe.h"

/* Options that we read. */
enum {
	OPT_END = 0,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_IPV4ADDR = 4,
	IF_IPV6ADDR = 5,
	IF_MACADDR = 6,
	IF_TSRESOL = 9,
	IF_TSOFFSET = 14,
	EPB_FLAGS = 2,
	EPB_DROPCOUNT = 4,
	EPB_PACKETID = 5,
};

enum { NAME_END = 0, NAME_IPV4 = 1, NAME_IPV6 = 2 };

#define DROPS_UNKNOWN 0xffff /* of the obsolete packet block */

static uint16_t get16(struct rd *r, bool big)
{
	return big ? rd_be16(r) : rd_le16(r);
}

static uint32_t get32(struct rd *r, bool big)
{
	return big ? rd_be32(r) : rd_le32(r);
}

/* Two halves, the one of higher value first: how times are written in either byte order. */
static uint64_t get_time(struct rd *r, bool big)
{
	uint64_t high = get32(r, big);

	return high << 32 | get32(r, big);
}

static uint64_t get64(struct rd *r, bool big)
{
	uint64_t first = get32(r, big), second = get32(r, big);

	return big ? first << 32 | second : second << 32 | first;
}

static size_t padding(size_t len)
{
	return (4 - len % 4) % 4;
}

/* ---- blocks ---- */

static bool section_order(const uint8_t *p, size_t len, bool *big)
{
	struct rd r = rd_on(p, len);

	rd_skip(&r, 8);
	switch (rd_le32(&r)) {
	case PCAPNG_MAGIC:
		*big = false;
		return true;
	case 0x4d3c2b1au: /* the same, the other way round */
		*big = true;
		return true;
	}
	return false;
}

uint32_t pcapng_head(const uint8_t *p, size_t len, bool *big, uint32_t *type, const char **why)
{
	struct rd r = rd_on(p, len);
	uint32_t total;

	*type = get32(&r, *big);
	if (*type == BLOCK_SHB && !section_order(p, len, big)) {
		*why = "a section header without the byte order mark";
		return 0;
	}
	total = get32(&r, *big);
	if (r.short_read || total < PCAPNG_HEADER) {
		*why = r.short_read ? "the file ends inside a block's head"
				    : "an impossible block length";
		return 0;
	}
	return total;
}

bool pcapng_read_block(const uint8_t *p, size_t len, bool big, struct pcapng_block *b,
		       const char **why)
{
	uint32_t total = pcapng_head(p, len, &big, &b->type, why);
	struct rd r = rd_on(p, len);

	if (total == 0)
		return false;
	if (total > PCAPNG_BLOCK_MAX) {
		*why = "a block of more than 16 MiB";
		return false;
	}
	b->total = total + (uint32_t)padding(total);
	rd_skip(&r, 8);
	b->body = rd_sub(&r, b->total - PCAPNG_HEADER);
	if (get32(&r, big) != total || r.short_read) {
		*why = r.short_read ? "the file ends inside a block"
				    : "a block whose two lengths differ";
		return false;
	}
	return true;
}

/* The next option; false at the end of the list, marked or not. */
static bool next_option(struct rd *r, bool big, uint16_t *code, struct rd *value)
{
	uint16_t len;

	if (rd_left(r) < 4)
		return false;
	*code = get16(r, big);
	len = get16(r, big);
	if (*code == OPT_END || len > rd_left(r))
		return false;
	*value = rd_sub(r, len);
	rd_sub(r, padding(len));
	return true;
}

static void harmless(char *dst, size_t cap, struct rd value)
{
	struct str s = str_on(dst, cap);
	const uint8_t *end = value.len ? memchr(value.base, '\0', value.len) : NULL;

	safe_add_line(&s, value.base, end ? (size_t)(end - value.base) : value.len);
}

bool pcapng_read_section(struct rd body, bool big, struct pcapng_section *s, const char **why)
{
	struct rd value;
	uint16_t code;

	rd_skip(&body, 4);
	s->major = get16(&body, big);
	s->minor = get16(&body, big);
	rd_skip(&body, 8);
	s->application[0] = '\0';
	if (body.short_read || s->major != 1) {
		*why = body.short_read ? "a section header that is too short"
				       : "a section of an unknown version";
		return false;
	}
	while (next_option(&body, big, &code, &value)) {
		if (code == SHB_USERAPPL)
			harmless(s->application, sizeof(s->application), value);
	}
	return true;
}

static void iface_option(struct pcapng_iface *i, bool big, uint16_t code, struct rd value)
{
	switch (code) {
	case IF_NAME:
		harmless(i->name, sizeof(i->name), value);
		break;
	case IF_IPV4ADDR:
		i->has_ip4 = value.len >= 4;
		rd_copy(&value, i->ip4, 4);
		break;
	case IF_IPV6ADDR:
		i->has_ip6 = value.len >= 16;
		rd_copy(&value, i->ip6, 16);
		break;
	case IF_MACADDR:
		i->has_mac = value.len >= 6;
		rd_copy(&value, i->mac, 6);
		break;
	case IF_TSRESOL:
		i->tsresol = value.len ? rd_u8(&value) : PCAPNG_USEC;
		break;
	case IF_TSOFFSET:
		i->tsoffset = (int64_t)get64(&value, big);
		break;
	}
}

/* Numbers that raw IP had before it got its own (the operating systems' DLT_RAW). */
static uint32_t known_link(uint32_t link)
{
	return link == 12 || link == 14 ? LINK_RAW : link;
}

bool pcapng_read_iface(struct rd body, bool big, struct pcapng_iface *i, const char **why)
{
	struct rd value;
	uint16_t code;

	*i = (struct pcapng_iface){ .tsresol = PCAPNG_USEC };
	i->link = known_link(get16(&body, big));
	rd_skip(&body, 2);
	i->snaplen = get32(&body, big);
	if (body.short_read) {
		*why = "an interface description that is too short";
		return false;
	}
	while (next_option(&body, big, &code, &value))
		iface_option(i, big, code, value);
	return true;
}

/* ---- packets ---- */

static void packet_options(struct pcapng_packet *p, struct rd r, bool big)
{
	struct rd value;
	uint16_t code;

	while (next_option(&r, big, &code, &value)) {
		if (code == EPB_FLAGS)
			p->flags = get32(&value, big);
		else if (code == EPB_DROPCOUNT)
			p->drops = get64(&value, big);
		else if (code == EPB_PACKETID)
			p->number = get64(&value, big);
	}
}

/* Enhanced and obsolete: they differ in the first four bytes. */
static bool full_packet(struct rd r, bool big, bool obsolete, struct pcapng_packet *p)
{
	if (obsolete) {
		p->iface = get16(&r, big);
		p->drops = get16(&r, big);
		if (p->drops == DROPS_UNKNOWN)
			p->drops = 0;
	} else {
		p->iface = get32(&r, big);
	}
	p->units = get_time(&r, big);
	p->has_time = true;
	p->caplen = get32(&r, big);
	p->len = get32(&r, big);
	p->data = rd_bytes(&r, p->caplen);
	if (r.short_read)
		return false;
	rd_sub(&r, padding(p->caplen));
	packet_options(p, r, big);
	return true;
}

static bool simple_packet(struct rd r, bool big, uint32_t snaplen, struct pcapng_packet *p)
{
	p->len = get32(&r, big);
	p->caplen = snaplen && snaplen < p->len ? snaplen : p->len;
	p->data = rd_bytes(&r, p->caplen);
	return !r.short_read;
}

bool pcapng_read_packet(const struct pcapng_block *b, bool big, uint32_t snaplen,
			struct pcapng_packet *p, const char **why)
{
	bool whole;

	*p = (struct pcapng_packet){ 0 };
	if (b->type == BLOCK_SPB)
		whole = simple_packet(b->body, big, snaplen, p);
	else
		whole = full_packet(b->body, big, b->type == BLOCK_PB, p);
	if (!whole)
		*why = "a packet that is longer than its block";
	return whole;
}

/* ---- names ---- */

bool pcapng_next_name(struct rd *body, bool big, struct addr_name *n)
{
	while (rd_left(body) >= 4) {
		uint16_t type = get16(body, big), len = get16(body, big);
		struct rd record = rd_sub(body, len);
		size_t bytes = type == NAME_IPV6 ? 16 : 4;

		rd_sub(body, padding(len));
		if (type == NAME_END)
			return false;
		if ((type != NAME_IPV4 && type != NAME_IPV6) || record.len <= bytes ||
		    record.short_read)
			continue;
		*n = (struct addr_name){ .family = type == NAME_IPV6 ? AF_INET6 : AF_INET };
		rd_copy(&record, n->ip, bytes);
		harmless(n->name, sizeof(n->name), rd_rest(&record));
		if (n->name[0])
			return true;
	}
	return false;
}

/* ---- time ---- */

static unsigned __int128 power_of_ten(unsigned n)
{
	unsigned __int128 value = 1;

	while (n-- > 0)
		value *= 10;
	return value;
}

/* if_tsresol: 10^-n, or with the high bit 2^-n. */
static unsigned __int128 units_to_ns(uint8_t tsresol, uint64_t units)
{
	unsigned n = tsresol & 0x7f;

	if (tsresol & 0x80)
		return (unsigned __int128)units * (uint64_t)NS_PER_S >> n;
	if (n <= PCAPNG_NSEC)
		return units * power_of_ten(PCAPNG_NSEC - n);
	n -= PCAPNG_NSEC;
	return n > 19 ? 0 : units / power_of_ten(n); /* 10^20 is more than units can be */
}

int64_t pcapng_time_ns(const struct pcapng_iface *i, uint64_t units)
{
	__int128 ns = (__int128)units_to_ns(i->tsresol, units) + (__int128)i->tsoffset * NS_PER_S;

	if (ns > INT64_MAX)
		return INT64_MAX;
	return ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}
