/*
 * build: packets made byte by byte, for tests.  A layer is begun, filled, and in the end build_finish() writes lengths
 * and checksums from the innermost layer out, by a reckoning of its own.
 *
 *	struct build b = build_on();
 *	build_ethernet(&b, 0x0800);
 *	build_ipv4(&b, 6, "192.0.2.1", "192.0.2.2");
 *	build_tcp(&b, 45012, 8080, 1000, 0, 0x02, 64240, "020405b4");
 *	build_text(&b, "hello");
 *	build_finish(&b);
 */
#ifndef SOCKLENS_TESTS_BUILD_H
#define SOCKLENS_TESTS_BUILD_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUILD_MAX	4096
#define BUILD_LAYERS	12

enum build_kind { BUILD_IPV4, BUILD_IPV6, BUILD_TCP, BUILD_UDP, BUILD_ICMP, BUILD_ICMPV6 };

struct build {
	uint8_t byte[BUILD_MAX];
	size_t len;
	struct {
		enum build_kind kind;
		size_t at;
	} layer[BUILD_LAYERS];
	size_t layers;
	size_t cut_at;		/* build_finish() takes the packet to be this long; 0: as long as it is */
};

static inline struct build build_on(void)
{
	return (struct build){ .len = 0 };
}

static inline void build_u8(struct build *b, unsigned value)
{
	if (b->len >= BUILD_MAX)
		abort();
	b->byte[b->len++] = (uint8_t)value;
}

static inline void build_u16(struct build *b, unsigned value)
{
	build_u8(b, value >> 8 & 0xff);
	build_u8(b, value & 0xff);
}

static inline void build_u32(struct build *b, uint32_t value)
{
	build_u16(b, value >> 16);
	build_u16(b, value & 0xffff);
}

static inline void build_bytes(struct build *b, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		build_u8(b, p[i]);
}

static inline void build_text(struct build *b, const char *text)
{
	build_bytes(b, text, strlen(text));
}

static inline void build_zeros(struct build *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		build_u8(b, 0);
}

/* Pairs of hex digits; blanks between them are allowed. */
static inline void build_hex(struct build *b, const char *hex)
{
	for (unsigned byte; *hex;) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		if (sscanf(hex, "%2x", &byte) != 1)
			abort();
		build_u8(b, byte);
		hex += 2;
	}
}

static inline void build_address(struct build *b, int family, const char *text)
{
	uint8_t ip[16];

	if (inet_pton(family, text, ip) != 1)
		abort();
	build_bytes(b, ip, family == AF_INET6 ? 16 : 4);
}

static inline void build_put16(struct build *b, size_t at, unsigned value)
{
	b->byte[at] = (uint8_t)(value >> 8);
	b->byte[at + 1] = (uint8_t)value;
}

static inline void build_begin(struct build *b, enum build_kind kind)
{
	if (b->layers >= BUILD_LAYERS)
		abort();
	b->layer[b->layers].kind = kind;
	b->layer[b->layers++].at = b->len;
}

static inline void build_ethernet(struct build *b, unsigned type)
{
	build_hex(b, "020000000002 020000000001");
	build_u16(b, type);
}

/* options: hex, a multiple of 4 bytes; fragment: flags and offset as in the header. */
static inline void build_ipv4_full(struct build *b, unsigned protocol, const char *src, const char *dst,
				   unsigned fragment, const char *options)
{
	size_t at = b->len;

	build_begin(b, BUILD_IPV4);
	build_hex(b, "45 00 0000 1c46");
	build_u16(b, fragment);
	build_u8(b, 64);
	build_u8(b, protocol);
	build_u16(b, 0);
	build_address(b, AF_INET, src);
	build_address(b, AF_INET, dst);
	build_hex(b, options);
	b->byte[at] = (uint8_t)(0x40 | (b->len - at) / 4);
}

static inline void build_ipv4(struct build *b, unsigned protocol, const char *src, const char *dst)
{
	build_ipv4_full(b, protocol, src, dst, 0x4000, "");
}

static inline void build_ipv6(struct build *b, unsigned next, const char *src, const char *dst)
{
	build_begin(b, BUILD_IPV6);
	build_hex(b, "60012345 0000");
	build_u8(b, next);
	build_u8(b, 64);
	build_address(b, AF_INET6, src);
	build_address(b, AF_INET6, dst);
}

static inline void build_tcp(struct build *b, unsigned sport, unsigned dport, uint32_t seq, uint32_t ack,
			     unsigned flags, unsigned window, const char *options)
{
	size_t at = b->len;

	build_begin(b, BUILD_TCP);
	build_u16(b, sport);
	build_u16(b, dport);
	build_u32(b, seq);
	build_u32(b, ack);
	build_u16(b, flags);
	build_u16(b, window);
	build_u32(b, 0);
	build_hex(b, options);
	while ((b->len - at) % 4)
		build_u8(b, 0);
	build_put16(b, at + 12, (unsigned)(b->len - at) / 4 << 12 | flags);
}

static inline void build_udp(struct build *b, unsigned sport, unsigned dport)
{
	build_begin(b, BUILD_UDP);
	build_u16(b, sport);
	build_u16(b, dport);
	build_u32(b, 0);
}

static inline void build_icmp(struct build *b, unsigned type, unsigned code, uint32_t rest)
{
	build_begin(b, BUILD_ICMP);
	build_u8(b, type);
	build_u8(b, code);
	build_u16(b, 0);
	build_u32(b, rest);
}

static inline void build_icmpv6(struct build *b, unsigned type, unsigned code, uint32_t rest)
{
	build_icmp(b, type, code, rest);
	b->layer[b->layers - 1].kind = BUILD_ICMPV6;
}

/* ---- lengths and checksums ---- */

static inline uint32_t build_sum(const struct build *b, size_t from, size_t to)
{
	uint32_t sum = 0;

	for (size_t i = from; i < to; i++)
		sum += (uint32_t)b->byte[i] << ((i - from) % 2 ? 0 : 8);
	return sum;
}

static inline void build_check(struct build *b, size_t field, uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	build_put16(b, field, ~sum & 0xffff);
}

/* The addresses, protocol and length of the IP layer around layer i. */
static inline uint32_t build_pseudo(const struct build *b, size_t i, unsigned protocol, size_t len)
{
	for (size_t ip = i; ip-- > 0;) {
		size_t at = b->layer[ip].at;

		if (b->layer[ip].kind == BUILD_IPV4)
			return build_sum(b, at + 12, at + 20) + protocol + (uint32_t)len;
		if (b->layer[ip].kind == BUILD_IPV6)
			return build_sum(b, at + 8, at + 40) + protocol + (uint32_t)len;
	}
	abort();
}

static inline void build_layer(struct build *b, size_t i, size_t end)
{
	size_t at = b->layer[i].at;

	switch (b->layer[i].kind) {
	case BUILD_IPV4:
		build_put16(b, at + 2, (unsigned)(end - at));
		build_check(b, at + 10, build_sum(b, at, at + (b->byte[at] & 15u) * 4));
		break;
	case BUILD_IPV6:
		build_put16(b, at + 4, (unsigned)(end - at - 40));
		break;
	case BUILD_TCP:
		build_check(b, at + 16, build_sum(b, at, end) + build_pseudo(b, i, 6, end - at));
		break;
	case BUILD_UDP:
		build_put16(b, at + 4, (unsigned)(end - at));
		build_check(b, at + 6, build_sum(b, at, end) + build_pseudo(b, i, 17, end - at));
		break;
	case BUILD_ICMP:
		build_check(b, at + 2, build_sum(b, at, end));
		break;
	case BUILD_ICMPV6:
		build_check(b, at + 2, build_sum(b, at, end) + build_pseudo(b, i, 58, end - at));
		break;
	}
}

static inline void build_finish(struct build *b)
{
	size_t end = b->cut_at ? b->cut_at : b->len;

	while (b->layers) {
		build_layer(b, b->layers - 1, end);
		b->layers--;
	}
}

#endif
