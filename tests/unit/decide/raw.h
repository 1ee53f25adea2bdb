/*
 * raw: a capture of raw IPv4 packets, made one by one, with any numbers in them.
 */
#ifndef SOCKLENS_TESTS_RAW_H
#define SOCKLENS_TESTS_RAW_H

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace.h"
#include "src/core/clock.h"

#define RAW_MOST 2048

struct raw {
	uint32_t src, dst; /* 0x0a000001 is 10.0.0.1 */
	uint16_t sport, dport;
	uint8_t protocol;
	uint32_t seq, ack;
	uint16_t flags; /* TCP_* */
	const void *data;
	size_t len;
	size_t cut; /* bytes at the end that are not captured */
};

static inline void raw_16(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}

static inline void raw_32(uint8_t *p, uint32_t n)
{
	raw_16(p, n >> 16);
	raw_16(p + 2, n);
}

static inline struct trace *raw_trace(void)
{
	const struct trace_host h = { .name = "tun0", .link = LINK_RAW };
	struct trace *t = trace_new_spool(NULL);

	assert_non_null(t);
	assert_int_equal(trace_add_host(t, &h, NULL), 0);
	return t;
}

static inline size_t raw_transport(uint8_t *p, const struct raw *r)
{
	if (r->protocol == IPPROTO_ICMP) {
		p[0] = 8;
		return 8;
	}
	raw_16(p, r->sport);
	raw_16(p + 2, r->dport);
	if (r->protocol == IPPROTO_UDP) {
		raw_16(p + 4, (uint32_t)(8 + r->len));
		return 8;
	}
	raw_32(p + 4, r->seq);
	raw_32(p + 8, r->flags & TCP_ACK ? r->ack : 0);
	p[12] = 5 << 4;
	p[13] = (uint8_t)r->flags;
	raw_16(p + 14, 64240);
	return 20;
}

/* Appends it; its number. */
static inline uint32_t raw_add(struct trace *t, const struct raw *r, int64_t ts_ns)
{
	uint8_t bytes[RAW_MOST] = { 0x45 };
	size_t head = 20 + raw_transport(bytes + 20, r);
	struct event ev = { .kind = EVENT_PACKET, .ts_ns = ts_ns };

	assert_true(head + r->len <= sizeof(bytes));
	raw_16(bytes + 2, (uint32_t)(head + r->len));
	bytes[8] = 64;
	bytes[9] = r->protocol;
	raw_32(bytes + 12, r->src);
	raw_32(bytes + 16, r->dst);
	if (r->len)
		memcpy(bytes + head, r->data, r->len);
	ev.packet = (struct event_packet){ .number = trace_packet_count(t) + 1,
					   .caplen = (uint32_t)(head + r->len - r->cut),
					   .len = (uint32_t)(head + r->len),
					   .data = bytes };
	assert_int_equal(trace_append(t, &ev, NULL, NULL), 0);
	return (uint32_t)ev.packet.number;
}

/* The same row of numbers every time. */
static inline uint32_t raw_random(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*state >> 33) % below);
}

#endif
