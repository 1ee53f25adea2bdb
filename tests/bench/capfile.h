/*
 * capfile: captures written fast, frame by frame, for the generator: classic pcap (microseconds or
 * nanoseconds, either byte order) or pcapng, in blocks of a megabyte, with right lengths and checksums.
 */
#ifndef SOCKLENS_TESTS_CAPFILE_H
#define SOCKLENS_TESTS_CAPFILE_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAPFILE_PAYLOAD	65536

enum capfile_format { CAPFILE_USEC, CAPFILE_NSEC, CAPFILE_PCAPNG };

struct capfile {
	int fd;
	enum capfile_format format;
	bool swapped;		/* the other byte order */
	uint32_t snaplen;
	uint64_t frames;
	uint8_t *buf;
	size_t len, cap;
	uint8_t payload[CAPFILE_PAYLOAD];	/* what all packets carry */
	uint32_t sum[CAPFILE_PAYLOAD + 1];	/* of its first bytes, as 16-bit words */
};

struct frame {
	uint8_t byte[CAPFILE_PAYLOAD + 256];
	size_t len;
};

/* ---- bytes ---- */

static inline void frame_u8(struct frame *f, unsigned v)
{
	f->byte[f->len++] = (uint8_t)v;
}

static inline void frame_u16(struct frame *f, unsigned v)
{
	frame_u8(f, v >> 8);
	frame_u8(f, v);
}

static inline void frame_u32(struct frame *f, uint32_t v)
{
	frame_u16(f, v >> 16);
	frame_u16(f, v);
}

static inline void frame_bytes(struct frame *f, const void *bytes, size_t len)
{
	memcpy(f->byte + f->len, bytes, len);
	f->len += len;
}

static inline void frame_put16(struct frame *f, size_t at, unsigned v)
{
	f->byte[at] = (uint8_t)(v >> 8);
	f->byte[at + 1] = (uint8_t)v;
}

static inline uint32_t frame_sum(const struct frame *f, size_t from, size_t to)
{
	uint32_t sum = 0;

	for (size_t i = from; i + 1 < to; i += 2)
		sum += (uint32_t)f->byte[i] << 8 | f->byte[i + 1];
	if ((to - from) % 2)
		sum += (uint32_t)f->byte[to - 1] << 8;
	return sum;
}

static inline unsigned frame_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
}

/* ---- the file ---- */

static inline void capfile_flush(struct capfile *c)
{
	for (size_t done = 0; done < c->len;) {
		ssize_t n = write(c->fd, c->buf + done, c->len - done);

		if (n < 0) {
			perror("gencap: write");
			exit(1);
		}
		done += (size_t)n;
	}
	c->len = 0;
}

static inline void capfile_bytes(struct capfile *c, const void *bytes, size_t len)
{
	if (c->len + len > c->cap)
		capfile_flush(c);
	memcpy(c->buf + c->len, bytes, len);
	c->len += len;
}

static inline void capfile_u32(struct capfile *c, uint32_t v)
{
	v = c->swapped ? __builtin_bswap32(v) : v;
	capfile_bytes(c, &v, 4);
}

static inline void capfile_u16(struct capfile *c, uint16_t v)
{
	v = c->swapped ? __builtin_bswap16(v) : v;
	capfile_bytes(c, &v, 2);
}

static inline void capfile_begin(struct capfile *c)
{
	if (c->format != CAPFILE_PCAPNG) {
		capfile_u32(c, c->format == CAPFILE_NSEC ? 0xa1b23c4d : 0xa1b2c3d4);
		capfile_u16(c, 2);
		capfile_u16(c, 4);
		capfile_u32(c, 0);
		capfile_u32(c, 0);
		capfile_u32(c, c->snaplen);
		capfile_u32(c, 1);
		return;
	}
	capfile_u32(c, 0x0a0d0d0a);	/* section */
	capfile_u32(c, 28);
	capfile_u32(c, 0x1a2b3c4d);
	capfile_u16(c, 1);
	capfile_u16(c, 0);
	capfile_u32(c, UINT32_MAX);
	capfile_u32(c, UINT32_MAX);
	capfile_u32(c, 28);
	capfile_u32(c, 1);		/* interface, with nanoseconds */
	capfile_u32(c, 32);
	capfile_u16(c, 1);
	capfile_u16(c, 0);
	capfile_u32(c, c->snaplen);
	capfile_u16(c, 9);
	capfile_u16(c, 1);
	capfile_bytes(c, "\11\0\0", 4);
	capfile_u32(c, 0);
	capfile_u32(c, 32);
}

static inline void capfile_frame(struct capfile *c, const struct frame *f, int64_t ns)
{
	uint32_t len = (uint32_t)f->len, caplen = len < c->snaplen ? len : c->snaplen;
	uint32_t padded = (caplen + 3) & ~3u;

	c->frames++;
	if (c->format == CAPFILE_PCAPNG) {
		capfile_u32(c, 6);
		capfile_u32(c, 32 + padded);
		capfile_u32(c, 0);
		capfile_u32(c, (uint32_t)(ns >> 32));
		capfile_u32(c, (uint32_t)ns);
	} else {
		capfile_u32(c, (uint32_t)(ns / 1000000000));
		capfile_u32(c, (uint32_t)(ns % 1000000000 / (c->format == CAPFILE_NSEC ? 1 : 1000)));
	}
	capfile_u32(c, caplen);
	capfile_u32(c, len);
	capfile_bytes(c, f->byte, caplen);
	if (c->format == CAPFILE_PCAPNG) {
		capfile_bytes(c, "\0\0\0", padded - caplen);
		capfile_u32(c, 32 + padded);
	}
}

static inline struct capfile *capfile_open(const char *path, enum capfile_format format, bool swapped,
					   uint32_t snaplen)
{
	struct capfile *c = calloc(1, sizeof(*c));

	if (!c)
		exit(1);
	c->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	c->cap = 1 << 20;
	c->buf = malloc(c->cap);
	if (c->fd < 0 || !c->buf) {
		perror(path);
		exit(1);
	}
	c->format = format;
	c->swapped = swapped;
	c->snaplen = snaplen;
	for (size_t i = 0; i < CAPFILE_PAYLOAD; i++)
		c->payload[i] = (uint8_t)('a' + i % 26);
	for (size_t i = 0; i < CAPFILE_PAYLOAD; i++)
		c->sum[i + 1] = c->sum[i] + (i % 2 ? c->payload[i] : (uint32_t)c->payload[i] << 8);
	capfile_begin(c);
	return c;
}

static inline void capfile_close(struct capfile *c)
{
	capfile_flush(c);
	close(c->fd);
	free(c->buf);
	free(c);
}

/* ---- layers ---- */

struct ends {			/* of a connection */
	int ip_version;
	int vlan;		/* 0: none; above 4095: a service tag outside */
	uint8_t ip[2][16];
	uint16_t port[2];
};

static inline void frame_ethernet(struct frame *f, const struct ends *e, int dir)
{
	f->len = 0;
	frame_bytes(f, dir ? "\2\0\0\0\0\1\2\0\0\0\0\2" : "\2\0\0\0\0\2\2\0\0\0\0\1", 12);
	if (e->vlan > 4095) {
		frame_u16(f, 0x88a8);
		frame_u16(f, (unsigned)e->vlan >> 12);
	}
	if (e->vlan) {
		frame_u16(f, 0x8100);
		frame_u16(f, (unsigned)e->vlan & 4095);
	}
	frame_u16(f, e->ip_version == 6 ? 0x86dd : 0x0800);
}

/* An IP header for len bytes of payload.  fragment: flags and offset, as IPv4 has them. */
static inline void frame_ip(struct frame *f, const struct ends *e, int dir, unsigned protocol, size_t len,
			    unsigned id, unsigned fragment)
{
	size_t at = f->len;

	if (e->ip_version == 6) {
		bool parts = fragment & 0x3fff;

		frame_u32(f, 0x60000000);
		frame_u16(f, (unsigned)len + (parts ? 8 : 0));
		frame_u8(f, parts ? 44 : protocol);
		frame_u8(f, 64);
		frame_bytes(f, e->ip[dir], 16);
		frame_bytes(f, e->ip[!dir], 16);
		if (!parts)
			return;
		frame_u16(f, protocol << 8);
		frame_u16(f, (fragment & 0x1fff) << 3 | (fragment & 0x2000 ? 1 : 0));
		frame_u32(f, id);
		return;
	}
	frame_u16(f, 0x4500);
	frame_u16(f, (unsigned)len + 20);
	frame_u16(f, id);
	frame_u16(f, fragment);
	frame_u8(f, 64);
	frame_u8(f, protocol);
	frame_u16(f, 0);
	frame_bytes(f, e->ip[dir], 4);
	frame_bytes(f, e->ip[!dir], 4);
	frame_put16(f, at + 10, frame_fold(frame_sum(f, at, f->len)));
}

/* Payload behind a transport header at `at`, whose checksum field is `field` bytes in it. */
static inline void frame_finish(struct frame *f, const struct capfile *c, const struct ends *e, size_t at,
				size_t field, unsigned protocol, size_t payload)
{
	uint32_t sum = c->sum[payload] + protocol + (uint32_t)(f->len - at + payload);
	size_t ip = e->ip_version == 6 ? 16 : 4;

	for (int i = 0; i < 2; i++)
		for (size_t b = 0; b < ip; b += 2)
			sum += (uint32_t)e->ip[i][b] << 8 | e->ip[i][b + 1];
	sum += frame_sum(f, at, f->len);
	frame_put16(f, at + field, frame_fold(sum));
	frame_bytes(f, c->payload, payload);
}

#endif
