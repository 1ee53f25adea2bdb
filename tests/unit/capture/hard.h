/*
 * hard: capture files that readers disagree about, made byte by byte in either byte order, each with what
 * we make of it and how many frames tshark finds in it.
 */
#ifndef SOCKLENS_TESTS_HARD_H
#define SOCKLENS_TESTS_HARD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct file {
	uint8_t *byte;
	size_t len, cap;
	bool big;		/* byte order of what is put */
	size_t start;		/* of the block being put */
};

static inline void file_byte(struct file *f, unsigned value)
{
	if (f->len == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 1024;
		f->byte = realloc(f->byte, f->cap);
		if (!f->byte)
			abort();
	}
	f->byte[f->len++] = (uint8_t)value;
}

static inline void file_int(struct file *f, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		file_byte(f, (unsigned)(value >> 8 * (f->big ? bytes - 1 - i : i)) & 0xff);
}

static inline void file_bytes(struct file *f, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		file_byte(f, ((const uint8_t *)bytes)[i]);
}

static inline void file_pad(struct file *f)
{
	while ((f->len - f->start) % 4)
		file_byte(f, 0);
}

static inline void file_set32(struct file *f, size_t at, uint32_t value)
{
	struct file four = { .big = f->big };

	file_int(&four, value, 4);
	memcpy(f->byte + at, four.byte, 4);
	free(four.byte);
}

static inline void file_begin(struct file *f, uint32_t type)
{
	f->start = f->len;
	file_int(f, type, 4);
	file_int(f, 0, 4);
}

static inline void file_end(struct file *f)
{
	file_pad(f);
	file_int(f, f->len + 4 - f->start, 4);
	file_set32(f, f->start + 4, (uint32_t)(f->len - f->start));
}

static inline void file_option(struct file *f, unsigned code, const void *bytes, size_t len)
{
	file_int(f, code, 2);
	file_int(f, len, 2);
	file_bytes(f, bytes, len);
	file_pad(f);
}

static inline void file_section(struct file *f, unsigned minor)
{
	file_begin(f, 0x0a0d0d0a);
	file_int(f, 0x1a2b3c4d, 4);
	file_int(f, 1, 2);
	file_int(f, minor, 2);
	file_int(f, UINT64_MAX, 8);
	file_end(f);
}

static inline void file_iface(struct file *f, unsigned link, uint32_t snaplen)
{
	file_begin(f, 1);
	file_int(f, link, 2);
	file_int(f, 0, 2);
	file_int(f, snaplen, 4);
	file_end(f);
}

static inline void file_iface_time(struct file *f, uint8_t resolution, int64_t offset)
{
	file_begin(f, 1);
	file_int(f, 1, 2);
	file_int(f, 0, 2);
	file_int(f, 0, 4);
	file_option(f, 9, &resolution, 1);
	file_int(f, 14, 2);
	file_int(f, 8, 2);
	file_int(f, (uint64_t)offset, 8);
	file_int(f, 0, 4);
	file_end(f);
}

/* A frame of len bytes that is an Ethernet frame of an unknown type. */
static inline void file_frame(struct file *f, size_t len)
{
	static const uint8_t head[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };

	for (size_t i = 0; i < len; i++)
		file_byte(f, i < sizeof(head) ? head[i] : (unsigned)i & 0xff);
	file_pad(f);
}

static inline void file_packet_head(struct file *f, uint32_t iface, uint64_t units, size_t caplen, size_t len)
{
	file_begin(f, 6);
	file_int(f, iface, 4);
	file_int(f, units >> 32, 4);
	file_int(f, units & UINT32_MAX, 4);
	file_int(f, caplen, 4);
	file_int(f, len, 4);
	file_frame(f, caplen);
}

#define FILE_US UINT64_C(1700000000000000)	/* a time in microseconds */

static inline void file_packet(struct file *f, uint32_t iface, uint64_t us, size_t len)
{
	file_packet_head(f, iface, FILE_US + us, len, len);
	file_end(f);
}

static inline void file_simple(struct file *f, uint32_t len, size_t caplen)
{
	file_begin(f, 3);
	file_int(f, len, 4);
	file_frame(f, caplen);
	file_end(f);
}

static inline void file_obsolete(struct file *f, unsigned iface, unsigned drops, uint64_t us, size_t len)
{
	file_begin(f, 2);
	file_int(f, iface, 2);
	file_int(f, drops, 2);
	file_int(f, (FILE_US + us) >> 32, 4);
	file_int(f, (FILE_US + us) & UINT32_MAX, 4);
	file_int(f, len, 4);
	file_int(f, len, 4);
	file_frame(f, len);
	file_end(f);
}

static inline void file_block(struct file *f, uint32_t type, const void *body, size_t len)
{
	file_begin(f, type);
	file_bytes(f, body, len);
	file_end(f);
}

/* ---- classic pcap ---- */

static inline void file_pcap(struct file *f, uint32_t magic, unsigned minor, uint32_t snaplen)
{
	file_int(f, magic, 4);
	file_int(f, 2, 2);
	file_int(f, minor, 2);
	file_int(f, 0, 8);
	file_int(f, snaplen, 4);
	file_int(f, 1, 4);
}

static inline void file_pcap_packet(struct file *f, uint32_t fraction, uint32_t first, uint32_t second, size_t caplen)
{
	file_int(f, 1700000000, 4);
	file_int(f, fraction, 4);
	file_int(f, first, 4);
	file_int(f, second, 4);
	f->start = f->len;
	for (size_t i = 0; i < caplen; i++)
		file_byte(f, (unsigned)i & 0xff);
}

/* ---- the files ---- */

static inline void hard_start(struct file *f)
{
	file_section(f, 0);
	file_iface(f, 1, 262144);
}

static inline void hard_links(struct file *f)
{
	hard_start(f);
	file_iface(f, 101, 262144);
	file_packet(f, 0, 0, 60);
	file_packet(f, 1, 1, 40);
}

static inline void hard_links_later(struct file *f)
{
	hard_start(f);
	file_packet(f, 0, 0, 60);
	file_section(f, 0);
	file_iface(f, 113, 262144);
	file_packet(f, 0, 1, 60);
}

static inline void hard_snaplens(struct file *f)
{
	hard_start(f);
	file_iface(f, 1, 96);
	file_packet(f, 0, 0, 200);
	file_packet(f, 1, 1, 60);
}

static inline void hard_two_raw(struct file *f)
{
	file_section(f, 0);
	file_iface(f, 101, 0);
	file_iface(f, 101, 0);
	file_packet(f, 0, 0, 40);
	file_packet(f, 1, 1, 40);
}

static inline void hard_over_snaplen(struct file *f)
{
	file_section(f, 0);
	file_iface(f, 1, 64);
	file_packet(f, 0, 0, 200);
	file_packet(f, 0, 1, 60);
}

static inline void hard_no_iface(struct file *f)
{
	hard_start(f);
	file_packet(f, 0, 0, 60);
	file_packet(f, 3, 1, 60);
	file_packet(f, 0, 2, 60);
}

static inline void hard_orders(struct file *f)
{
	hard_start(f);
	file_packet(f, 0, 0, 60);
	f->big = true;
	hard_start(f);
	file_packet(f, 0, 1, 61);
	file_packet(f, 0, 2, 62);
	f->big = false;
	hard_start(f);
	file_packet(f, 0, 3, 63);
}

static inline void hard_minor(struct file *f)
{
	file_section(f, 2);
	file_iface(f, 1, 0);
	file_packet(f, 0, 0, 60);
}

static inline void hard_section_only(struct file *f)
{
	file_section(f, 0);
}

static inline void hard_cut(struct file *f)
{
	hard_start(f);
	file_packet(f, 0, 0, 60);
	file_packet(f, 0, 1, 60);
	f->len -= 20;
}

static inline void hard_zeros(struct file *f)
{
	hard_start(f);
	file_packet(f, 0, 0, 60);
	for (int i = 0; i < 4096; i++)
		file_byte(f, 0);
}

static inline void hard_trailer(struct file *f)
{
	hard_start(f);
	file_packet(f, 0, 0, 60);
	file_packet(f, 0, 1, 60);
	f->byte[f->len - 3] ^= 1;
	file_packet(f, 0, 2, 60);
	file_packet(f, 0, 3, 60);
}

static inline void hard_custom(struct file *f)
{
	size_t body = 17u << 20;
	uint8_t *bytes = calloc(1, body);

	hard_start(f);
	file_packet(f, 0, 0, 60);
	file_block(f, 0x0bad, bytes, body);
	file_packet(f, 0, 1, 60);
	free(bytes);
}

static inline void hard_long(struct file *f)
{
	char *comment = malloc(65531);

	if (!comment)
		abort();
	memset(comment, 'x', 65531);
	memcpy(comment, "a\0b\x1b[31m\xff\xfe\n\xc3(", 13);
	hard_start(f);
	file_packet_head(f, 0, FILE_US, 65531, 65531);
	file_option(f, 1, comment, 65531);
	file_option(f, 1, comment, 13);
	file_int(f, 0, 4);
	file_end(f);
	file_packet(f, 0, 1, 60);
	free(comment);
}

static inline void hard_no_end(struct file *f)
{
	static const uint8_t drops[8] = { 5 };

	hard_start(f);
	file_packet_head(f, 0, FILE_US, 61, 61);
	file_option(f, 4, drops, 8);
	file_end(f);			/* no end of options */
}

static inline void hard_cut_option(struct file *f)
{
	hard_start(f);
	file_packet_head(f, 0, FILE_US, 60, 60);
	file_int(f, 2, 2);
	file_int(f, 400, 2);		/* an option that is longer than its block */
	file_end(f);
	file_packet(f, 0, 1, 60);
}

static inline void hard_kinds(struct file *f)
{
	f->big = true;
	hard_start(f);
	file_simple(f, 60, 60);
	file_obsolete(f, 0, 0xffff, 5, 61);
	file_obsolete(f, 0, 7, 6, 62);
	file_packet(f, 0, 7, 63);
}

static inline void hard_simple_snaplen(struct file *f)
{
	file_section(f, 0);
	file_iface(f, 1, 96);
	file_simple(f, 1500, 96);
	file_simple(f, 60, 60);
}

static inline void hard_others(struct file *f)
{
	static const char secret[] = "KLST\x04\0\0\0key";

	hard_start(f);
	file_block(f, 0x0a, secret, 12);
	file_packet(f, 0, 0, 60);
	file_block(f, 0xcafe, "whatever", 8);
	file_block(f, 0x80000001, NULL, 0);
	file_block(f, 5, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
	file_packet(f, 0, 1, 60);
}

static inline void hard_journal(struct file *f)
{
	static const char timed[] = "__REALTIME_TIMESTAMP=1700000000000001\nMESSAGE=Out of \x1b[31mmemory\n"
				    "SYSLOG_IDENTIFIER=kernel\nPRIORITY=3\n";
	static const char untimed[] = "MESSAGE=a line without a time\n_PID=1\n";

	hard_start(f);
	file_packet(f, 0, 0, 60);
	file_block(f, 9, timed, sizeof(timed) - 1);
	file_block(f, 9, untimed, sizeof(untimed) - 1);
	file_packet(f, 0, 2, 60);
}

static inline void hard_too_long(struct file *f)
{
	hard_start(f);
	file_packet(f, 0, 0, 60);
	file_begin(f, 6);
	file_end(f);
	file_set32(f, f->start + 4, 0x7ffffffc);
	file_packet(f, 0, 1, 60);
	file_packet(f, 0, 2, 60);
}

static inline void hard_packet_too_long(struct file *f)
{
	hard_start(f);
	file_packet(f, 0, 0, 60);
	file_set32(f, f->start + 20, 0xfffffff0);	/* captured length */
	file_packet(f, 0, 1, 60);
}

static inline void hard_pcap(struct file *f)
{
	file_pcap(f, 0xa1b2c3d4, 4, 65535);
	file_pcap_packet(f, 1, 60, 60, 60);
	file_pcap_packet(f, 2, 60, 1500, 60);
}

static inline void hard_pcap_big(struct file *f)
{
	f->big = true;
	hard_pcap(f);
}

static inline void hard_pcap_ns(struct file *f)
{
	file_pcap(f, 0xa1b23c4d, 4, 65535);
	file_pcap_packet(f, 123456789, 60, 60, 60);
}

static inline void hard_pcap_ns_big(struct file *f)
{
	f->big = true;
	hard_pcap_ns(f);
}

static inline void hard_pcap_modified(struct file *f)
{
	static const uint8_t more[8] = { 1 };

	file_pcap(f, 0xa1b2cd34, 4, 65535);
	for (uint32_t i = 0; i < 2; i++) {
		file_pcap_packet(f, i, 60, 60, 0);
		file_bytes(f, more, sizeof(more));
		f->start = f->len;
		file_frame(f, 60);
	}
}

static inline void hard_pcap_swapped(struct file *f)
{
	file_pcap(f, 0xa1b2c3d4, 3, 65535);
	file_pcap_packet(f, 1, 100, 60, 60);	/* length first, captured length behind */
	file_pcap_packet(f, 2, 60, 60, 60);
}

static inline void hard_pcap_snaplen(struct file *f)
{
	file_pcap(f, 0xa1b2c3d4, 4, 0);
	file_pcap_packet(f, 1, 60, 60, 60);
}

static inline void hard_pcap_cut(struct file *f)
{
	hard_pcap(f);
	f->len -= 30;
}

struct hard {
	const char *name;
	void (*make)(struct file *f);
	uint32_t packets, rows;
	const char *damage;	/* part of what trace_damage() says; NULL: nothing */
	int frames;		/* that tshark finds; -1: its answer is not ours, and the comment says why */
};

static const struct hard hard_files[] = {
	{ "two-links", hard_links, 2, 2, NULL, 2 },
	{ "two-links-in-sections", hard_links_later, 2, 2, NULL, 2 },
	{ "two-snaplens", hard_snaplens, 2, 2, NULL, 2 },
	{ "two-raw", hard_two_raw, 2, 2, NULL, 2 },
	{ "over-snaplen", hard_over_snaplen, 2, 2, NULL, 2 },
	{ "no-interface", hard_no_iface, 2, 2, "not described", -1 },	/* stops there; we pass over that packet only */
	{ "byte-orders", hard_orders, 4, 4, NULL, 4 },
	{ "minor-2", hard_minor, 1, 1, NULL, 1 },
	{ "section-only", hard_section_only, 0, 0, NULL, 0 },
	{ "cut", hard_cut, 1, 1, "ends inside a block", 1 },
	{ "zeros", hard_zeros, 1, 1, "zero bytes", 1 },
	{ "wrong-trailer", hard_trailer, 3, 4, "lengths differ", -1 },	/* stops there; we go on behind it; the gap is a row */
	{ "17-MiB-block", hard_custom, 2, 2, NULL, -1 },		/* shows the block as a frame */
	{ "long-comments", hard_long, 2, 2, NULL, 2 },
	{ "no-end-of-options", hard_no_end, 1, 1, NULL, 1 },
	{ "cut-option", hard_cut_option, 2, 2, NULL, -1 },		/* refuses the block */
	{ "all-packet-blocks", hard_kinds, 4, 4, NULL, 4 },
	{ "simple-snaplen", hard_simple_snaplen, 2, 2, NULL, 2 },
	{ "other-blocks", hard_others, 2, 2, NULL, 2 },
	{ "journal", hard_journal, 2, 4, NULL, 4 },
	{ "impossible-block", hard_too_long, 3, 4, "16 MiB", -1 },	/* stops there; the gap is a row */
	{ "impossible-packet", hard_packet_too_long, 1, 1, "longer than its block", -1 },	/* stops there */
	{ "pcap", hard_pcap, 2, 2, NULL, 2 },
	{ "pcap-big", hard_pcap_big, 2, 2, NULL, 2 },
	{ "pcap-ns", hard_pcap_ns, 1, 1, NULL, 1 },
	{ "pcap-ns-big", hard_pcap_ns_big, 1, 1, NULL, 1 },
	{ "pcap-modified", hard_pcap_modified, 2, 2, NULL, 2 },
	{ "pcap-2.3", hard_pcap_swapped, 2, 2, NULL, 2 },
	{ "pcap-snaplen-0", hard_pcap_snaplen, 1, 1, NULL, 1 },
	{ "pcap-cut", hard_pcap_cut, 1, 1, "ends inside a packet", 1 },
};
#define HARD_FILES (sizeof(hard_files) / sizeof(hard_files[0]))

#endif
