/*
 * live: libpcap.  The only file that includes <pcap.h>: opening an interface, reading packets, injecting
 * them, and filters in pcap-filter(7) syntax.
 */
#ifndef SOCKLENS_CAPTURE_LIVE_H
#define SOCKLENS_CAPTURE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "src/core/err.h"

struct live;

struct live_options {
	int snaplen;		/* bytes; 0: whole packets of the interface's MTU, which keeps the ring's slots small */
	int buffer_bytes;	/* of the kernel's ring; halved until it fits */
	int timeout_ms;		/* 0: immediate mode, a wake-up a packet; else blocks of packets, at most so late */
	bool incoming_only;	/* PACKET_IGNORE_OUTGOING: what we inject is not seen again */
	bool segments;		/* live_inject_segments() will be used */
};

struct live_packet {
	int64_t ts_ns;
	uint32_t caplen, len;
	const uint8_t *data;	/* valid until the next live_next(); in a live_sink, until it returns */
};

/* Opens an interface of this thread's network namespace; non-blocking. */
struct live *live_open(const char *iface, const struct live_options *o, struct err *e);
void live_close(struct live *l);

int live_fd(const struct live *l);	/* for poll() */
uint32_t live_link(const struct live *l);	/* LINK_* */

/* 1: a packet; 0: none now; -1: the interface is gone. */
int live_next(struct live *l, struct live_packet *p, struct err *e);

/*
 * Hands up to max packets that are there now to the sink, in their order: one look at the ring for all of
 * them, where live_next() looks once a packet.  How many; -1: the interface is gone.
 */
typedef void live_sink(void *context, const struct live_packet *p);
int live_read(struct live *l, int max, live_sink *sink, void *context, struct err *e);

/*
 * Sends one packet out of the interface, as it is.  Full buffers on the way are waited for, but not for
 * ever; then, or when the interface is down, -1 (e->code is the errno).
 */
int live_inject(struct live *l, const void *bytes, size_t len, struct err *e);

/*
 * TCP segments that differ only as a sender's segmentation makes them differ, sent as one large one that
 * the kernel cuts into the same packets again before the interface has it: one system call and one pass
 * through the stack for all of them.
 */
struct live_segments {
	uint8_t ip_version;	/* 4 or 6; no options or extension headers in it */
	const uint8_t *header;	/* Ethernet, IP (length and checksum of the large packet), TCP (checksum: of the pseudo-header) */
	uint32_t header_len;
	uint32_t network_len;	/* Ethernet and IP header */
	uint32_t segment_len;	/* payload of every packet but the last, which may have less */
	const struct iovec *payload;
	uint32_t payloads;	/* 2 to LIVE_SEGMENTS */
};
#define LIVE_SEGMENTS	44	/* so many of 1448 bytes are 64 KB */

/* Whether the kernel will cut them (and not hand them on whole). */
bool live_can_segment(const struct live *l);
int live_inject_segments(struct live *l, const struct live_segments *s, struct err *e);

/* Packets lost in the ring since live_open(). */
uint64_t live_drops(struct live *l);

/* A compiled filter. */
struct live_filter;
struct live_filter *live_filter_new(const char *text, uint32_t link, struct err *e);	/* "" matches everything */
void live_filter_free(struct live_filter *f);
bool live_filter_match(const struct live_filter *f, const void *bytes, uint32_t caplen, uint32_t len);

#endif
