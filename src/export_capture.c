/*
 * How it works: pcapng blocks are composed in memory, one at a time.  An interface is described before its first
 * packet, so that those without packets are not there at all, and a reader that wants one link type finds
 * one wherever the packets have one.
 *
 * The section does not say that it is a trace of ours: packets that were selected, or seen at one host, are a
 * capture like any other.
 */
#include "src/export_capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"

#define BLOCK_SPARE 4096 /* bytes of a block beside its packet */
#define IFACE_NONE  UINT32_MAX

struct export_capture {
	const struct trace *t;
	enum capture_format format;
	FILE *out;
	bool begun;
	uint32_t link; /* pcap: of all packets */
	uint32_t *iface; /* pcapng: by number in the trace, its number in the file */
	size_t known; /* how many that array has */
	uint32_t ifaces; /* described so far */
	struct pcapng_out block;
};

static uint32_t link_of(const struct export_capture *c, uint32_t iface)
{
	const struct trace_host *h = trace_host(c->t, iface);

	return h ? h->link : LINK_ETHERNET;
}

static int write_bytes(struct export_capture *c, const void *bytes, size_t len, struct err *e)
{
	if (fwrite(bytes, 1, len, c->out) == len)
		return 0;
	return err_errno(e, errno, NULL, "writing the capture");
}

/* ---- pcap ---- */

static void put_le32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static int pcap_begin(struct export_capture *c, uint32_t link, struct err *e)
{
	uint8_t head[24] = { 0 };

	put_le32(head, 0xa1b23c4d);
	put_le32(head + 4, 4 << 16 | 2); /* version 2.4 */
	put_le32(head + 16, TRACE_SNAPLEN);
	put_le32(head + 20, link);
	c->link = link;
	c->begun = true;
	return write_bytes(c, head, sizeof(head), e);
}

static int pcap_put(struct export_capture *c, const struct export_packet *p, struct err *e)
{
	int64_t ns = p->ts_ns > 0 ? p->ts_ns : 0; /* the format has no time before 1970 */
	uint32_t link = link_of(c, p->iface);
	uint8_t head[16];

	if (!c->begun && pcap_begin(c, link, e))
		return -1;
	if (link != c->link)
		return err_set(e, "--to pcapng has room for several, or choose the packets of one",
			       "pcap has one link type for all packets, and here are %u and %u",
			       c->link, link);
	put_le32(head, (uint32_t)(ns / NS_PER_S));
	put_le32(head + 4, (uint32_t)(ns % NS_PER_S));
	put_le32(head + 8, p->caplen);
	put_le32(head + 12, p->len);
	return write_bytes(c, head, sizeof(head), e) || write_bytes(c, p->data, p->caplen, e) ? -1
											      : 0;
}

/* ---- pcapng ---- */

static int block_write(struct export_capture *c, bool good, struct err *e)
{
	int failed = good ? write_bytes(c, c->block.buf, c->block.len, e)
			  : err_set(e, NULL, "a block of the capture is too long");

	c->block.len = 0;
	return failed;
}

static int block_room(struct export_capture *c, size_t len, struct err *e)
{
	size_t cap = len + BLOCK_SPARE;
	uint8_t *buf;

	if (cap <= c->block.cap)
		return 0;
	buf = realloc(c->block.buf, cap);
	if (!buf)
		return err_errno(e, ENOMEM, NULL, "writing the capture");
	c->block.buf = buf;
	c->block.cap = cap;
	return 0;
}

static int names_write(struct export_capture *c, struct err *e)
{
	const struct addr_names *names = trace_names(c->t);

	if (!names->count)
		return 0;
	if (block_room(c, names->count * (sizeof(struct addr_name) + 16), e))
		return -1;
	return block_write(c, pcapng_put_names(&c->block, names), e);
}

static int pcapng_start(struct export_capture *c, struct err *e)
{
	c->begun = true;
	if (block_room(c, 0, e))
		return -1;
	return block_write(c,
			   pcapng_put_section(&c->block, "", "",
					      "packets exported by socklens " SOCKLENS_VERSION),
			   e);
}

static int iface_write(struct export_capture *c, uint32_t iface, struct err *e)
{
	const struct trace_host *h = trace_host(c->t, iface);
	struct pcapng_iface i = { .link = link_of(c, iface),
				  .snaplen = TRACE_SNAPLEN,
				  .tsresol = PCAPNG_NSEC };

	if (h) {
		(void)str_copy(i.name, sizeof(i.name), h->name);
		i.has_mac = h->has_mac;
		i.has_ip4 = h->has_ip4;
		i.has_ip6 = h->has_ip6;
		memcpy(i.mac, h->mac, sizeof(i.mac));
		memcpy(i.ip4, h->ip4, sizeof(i.ip4));
		memcpy(i.ip6, h->ip6, sizeof(i.ip6));
	}
	if (block_room(c, 0, e) || block_write(c, pcapng_put_iface(&c->block, &i, "", ""), e))
		return -1;
	/* libpcap wants the first interface before all else. */
	return c->ifaces++ ? 0 : names_write(c, e);
}

/* The interface's number in the file. */
static int iface_of(struct export_capture *c, uint32_t iface, uint32_t *number, struct err *e)
{
	size_t hosts = trace_hosts(c->t) > iface ? trace_hosts(c->t) : iface + (size_t)1;

	if (iface >= c->known) {
		uint32_t *grown = realloc(c->iface, hosts * sizeof(*grown));

		if (!grown)
			return err_errno(e, ENOMEM, NULL, "writing the capture");
		c->iface = grown;
		while (c->known < hosts)
			c->iface[c->known++] = IFACE_NONE;
	}
	if (c->iface[iface] == IFACE_NONE) {
		c->iface[iface] = c->ifaces;
		if (iface_write(c, iface, e))
			return -1;
	}
	*number = c->iface[iface];
	return 0;
}

static int pcapng_put(struct export_capture *c, const struct export_packet *p, struct err *e)
{
	struct pcapng_packet packet = {
		.caplen = p->caplen,
		.len = p->len,
		.data = p->data,
		.flags = p->flags,
		.comment = p->comment,
	};

	if ((!c->begun && pcapng_start(c, e)) || iface_of(c, p->iface, &packet.iface, e) ||
	    block_room(c, p->caplen, e))
		return -1;
	return block_write(c, pcapng_put_packet(&c->block, &packet, p->ts_ns), e);
}

/* ---- both ---- */

int export_capture_put(struct export_capture *c, const struct export_packet *p, struct err *e)
{
	switch (c->format) {
	case CAPTURE_PCAP:
		return pcap_put(c, p, e);
	case CAPTURE_PCAPNG:
		return pcapng_put(c, p, e);
	}
	return -1;
}

static int begin_empty(struct export_capture *c, struct err *e)
{
	uint32_t number;

	switch (c->format) {
	case CAPTURE_PCAP:
		return pcap_begin(c, link_of(c, 0), e);
	case CAPTURE_PCAPNG:
		return pcapng_start(c, e) || iface_of(c, 0, &number, e) ? -1 : 0;
	}
	return -1;
}

int export_capture_end(struct export_capture *c, struct err *e)
{
	if (!c->begun && begin_empty(c, e))
		return -1;
	return fflush(c->out) ? err_errno(e, errno, NULL, "writing the capture") : 0;
}

struct export_capture *export_capture_new(const struct trace *t, enum capture_format format,
					  FILE *out, struct err *e)
{
	struct export_capture *c = calloc(1, sizeof(*c));

	if (!c) {
		err_errno(e, errno, NULL, "writing the capture");
		return NULL;
	}
	c->t = t;
	c->format = format;
	c->out = out;
	return c;
}

void export_capture_free(struct export_capture *c)
{
	if (!c)
		return;
	free(c->iface);
	free(c->block.buf);
	free(c);
}
