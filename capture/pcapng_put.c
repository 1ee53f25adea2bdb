/*
 * Composing blocks.  Every number is little-endian, byte by byte, whatever the machine is.
 *
 * A block is type, length, body, length; the first length is known only at the end and is put there
 * then. That is in memory: nothing that is in a file is ever changed.
 */
#include "capture/pcapng.h"

#include <string.h>

/* Options of the blocks that we write. */
enum {
	OPT_END = 0,
	OPT_COMMENT = 1,
	SHB_HARDWARE = 2,
	SHB_OS = 3,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_DESCRIPTION = 3,
	IF_IPV4ADDR = 4,
	IF_IPV6ADDR = 5,
	IF_MACADDR = 6,
	IF_TSRESOL = 9,
	IF_OS = 12,
	EPB_FLAGS = 2,
	EPB_DROPCOUNT = 4,
	EPB_PACKETID = 5,
	ISB_STARTTIME = 2,
	ISB_ENDTIME = 3,
	ISB_IFRECV = 4,
	ISB_IFDROP = 5,
};

#define PREFIX_ALL_4 24 /* of the interfaces' addresses: the lab's networks are /24 and /64 */
#define PREFIX_ALL_6 64

/* Room for n bytes, NULL if there is none. */
static uint8_t *room(struct pcapng_out *o, size_t n)
{
	uint8_t *p = o->buf + o->len;

	if (o->full || n > o->cap - o->len) {
		o->full = true;
		return NULL;
	}
	o->len += n;
	return p;
}

static void store32(uint8_t *p, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

void pcapng_put16(struct pcapng_out *o, uint16_t value)
{
	uint8_t *p = room(o, 2);

	if (p) {
		p[0] = (uint8_t)value;
		p[1] = (uint8_t)(value >> 8);
	}
}

void pcapng_put32(struct pcapng_out *o, uint32_t value)
{
	uint8_t *p = room(o, 4);

	if (p)
		store32(p, value);
}

void pcapng_put64(struct pcapng_out *o, uint64_t value)
{
	pcapng_put32(o, (uint32_t)value);
	pcapng_put32(o, (uint32_t)(value >> 32));
}

void pcapng_put_time(struct pcapng_out *o, int64_t ns)
{
	uint64_t units = ns > 0 ? (uint64_t)ns : 0;

	pcapng_put32(o, (uint32_t)(units >> 32));
	pcapng_put32(o, (uint32_t)units);
}

void pcapng_put_bytes(struct pcapng_out *o, const void *bytes, size_t len)
{
	uint8_t *p = room(o, len);

	if (p && len)
		memcpy(p, bytes, len);
}

void pcapng_pad(struct pcapng_out *o)
{
	static const uint8_t zeros[4];

	pcapng_put_bytes(o, zeros, (4 - (o->len - o->start) % 4) % 4);
}

void pcapng_option(struct pcapng_out *o, uint16_t code, const void *value, size_t len)
{
	if (len > UINT16_MAX)
		len = UINT16_MAX;
	pcapng_put16(o, code);
	pcapng_put16(o, (uint16_t)len);
	pcapng_put_bytes(o, value, len);
	pcapng_pad(o);
}

void pcapng_option_text(struct pcapng_out *o, uint16_t code, const char *text)
{
	if (text && *text)
		pcapng_option(o, code, text, strlen(text));
}

void pcapng_option_u32(struct pcapng_out *o, uint16_t code, uint32_t value)
{
	pcapng_put16(o, code);
	pcapng_put16(o, 4);
	pcapng_put32(o, value);
}

void pcapng_option_u64(struct pcapng_out *o, uint16_t code, uint64_t value)
{
	pcapng_put16(o, code);
	pcapng_put16(o, 8);
	pcapng_put64(o, value);
}

static void option_time(struct pcapng_out *o, uint16_t code, int64_t ns)
{
	pcapng_put16(o, code);
	pcapng_put16(o, 8);
	pcapng_put_time(o, ns);
}

void pcapng_option_end(struct pcapng_out *o)
{
	pcapng_put16(o, OPT_END);
	pcapng_put16(o, 0);
}

void pcapng_begin(struct pcapng_out *o, uint32_t type)
{
	o->start = o->len;
	o->full = false;
	pcapng_put32(o, type);
	pcapng_put32(o, 0);
}

bool pcapng_end(struct pcapng_out *o)
{
	uint32_t total;

	pcapng_pad(o);
	total = (uint32_t)(o->len - o->start) + 4;
	pcapng_put32(o, total);
	if (o->full) {
		o->len = o->start;
		return false;
	}
	store32(o->buf + o->start + 4, total);
	return true;
}

/* ---- whole blocks ---- */

bool pcapng_put_section(struct pcapng_out *o, const char *hardware, const char *os,
			const char *application)
{
	pcapng_begin(o, BLOCK_SHB);
	pcapng_put32(o, PCAPNG_MAGIC);
	pcapng_put16(o, 1);
	pcapng_put16(o, 0);
	pcapng_put64(o, UINT64_MAX); /* length of the section: unknown */
	pcapng_option_text(o, SHB_HARDWARE, hardware);
	pcapng_option_text(o, SHB_OS, os);
	pcapng_option_text(o, SHB_USERAPPL, application);
	pcapng_option_end(o);
	return pcapng_end(o);
}

/* if_IPv4addr has a netmask behind the address, if_IPv6addr a prefix length. */
static void put_addresses(struct pcapng_out *o, const struct pcapng_iface *i)
{
	uint8_t ip4[8] = { 0 }, ip6[17];

	if (i->has_ip4) {
		memcpy(ip4, i->ip4, 4);
		memset(ip4 + 4, 0xff, PREFIX_ALL_4 / 8);
		pcapng_option(o, IF_IPV4ADDR, ip4, sizeof(ip4));
	}
	if (i->has_ip6) {
		memcpy(ip6, i->ip6, 16);
		ip6[16] = PREFIX_ALL_6;
		pcapng_option(o, IF_IPV6ADDR, ip6, sizeof(ip6));
	}
	if (i->has_mac)
		pcapng_option(o, IF_MACADDR, i->mac, 6);
}

bool pcapng_put_iface(struct pcapng_out *o, const struct pcapng_iface *i, const char *description,
		      const char *os)
{
	pcapng_begin(o, BLOCK_IDB);
	pcapng_put16(o, (uint16_t)i->link);
	pcapng_put16(o, 0);
	pcapng_put32(o, i->snaplen);
	pcapng_option_text(o, IF_NAME, i->name);
	pcapng_option_text(o, IF_DESCRIPTION, description);
	put_addresses(o, i);
	pcapng_option(o, IF_TSRESOL, &i->tsresol, 1);
	pcapng_option_text(o, IF_OS, os);
	pcapng_option_end(o);
	return pcapng_end(o);
}

bool pcapng_put_packet(struct pcapng_out *o, const struct pcapng_packet *p, int64_t ts_ns)
{
	pcapng_begin(o, BLOCK_EPB);
	pcapng_put32(o, p->iface);
	pcapng_put_time(o, ts_ns);
	pcapng_put32(o, p->caplen);
	pcapng_put32(o, p->len);
	pcapng_put_bytes(o, p->data, p->caplen);
	pcapng_pad(o);
	if (p->flags)
		pcapng_option_u32(o, EPB_FLAGS, p->flags);
	if (p->drops)
		pcapng_option_u64(o, EPB_DROPCOUNT, p->drops);
	if (p->number)
		pcapng_option_u64(o, EPB_PACKETID, p->number);
	if (p->comment)
		pcapng_option_text(o, OPT_COMMENT, p->comment);
	pcapng_option_end(o);
	return pcapng_end(o);
}

bool pcapng_put_stats(struct pcapng_out *o, uint32_t iface, const struct pcapng_stats *s,
		      int64_t now_ns)
{
	pcapng_begin(o, BLOCK_ISB);
	pcapng_put32(o, iface);
	pcapng_put_time(o, now_ns);
	option_time(o, ISB_STARTTIME, s->first_ns);
	option_time(o, ISB_ENDTIME, s->last_ns);
	pcapng_option_u64(o, ISB_IFRECV, s->received);
	pcapng_option_u64(o, ISB_IFDROP, s->dropped);
	pcapng_option_end(o);
	return pcapng_end(o);
}

bool pcapng_put_names(struct pcapng_out *o, const struct addr_names *names)
{
	pcapng_begin(o, BLOCK_NRB);
	for (size_t i = 0; i < names->count; i++) {
		const struct addr_name *n = &names->row[i];
		size_t bytes = n->family == AF_INET6 ? 16 : 4, text = strlen(n->name) + 1;

		pcapng_put16(o, n->family == AF_INET6 ? 2 : 1);
		pcapng_put16(o, (uint16_t)(bytes + text));
		pcapng_put_bytes(o, n->ip, bytes);
		pcapng_put_bytes(o, n->name, text);
		pcapng_pad(o);
	}
	pcapng_put16(o, 0); /* end of the records, and no options */
	pcapng_put16(o, 0);
	return pcapng_end(o);
}
