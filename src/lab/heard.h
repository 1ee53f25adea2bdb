/*
 * heard: the headers of the last packets that the wire saw, for what it makes itself: which connection is the newest,
 * and which numbers each end of it expects now.
 */
#ifndef SOCKLENS_LAB_HEARD_H
#define SOCKLENS_LAB_HEARD_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/event.h"

#define HEARD_BYTES	128	/* Ethernet, IPv6 and TCP with all options: 114 */

struct heard_packet {
	uint64_t order;		/* 1, 2, … of all that is heard; 0: none yet */
	uint32_t caplen, len;
	uint8_t bytes[HEARD_BYTES];
};

struct heard {
	uint64_t orders;
	struct heard_packet sent[HOSTS_MAX];	/* TCP that each host sent */
	struct heard_packet other[HOSTS_MAX];	/* what else it sent */
	struct heard_packet got[HOSTS_MAX];	/* TCP that was delivered to each host */
};

void heard_sent(struct heard *h, uint8_t host, const uint8_t *bytes, uint32_t len);
void heard_got(struct heard *h, uint8_t host, const uint8_t *bytes, uint32_t len);

/* The last packet that a host sent. */
const struct heard_packet *heard_last(const struct heard *h, uint8_t host);

/* A side of a connection, as its peer would have it write its next segment. */
struct heard_side {
	uint8_t src_mac[6], dst_mac[6];
	uint8_t ip_version;
	uint8_t src[16], dst[16];
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	bool has_ack;		/* its peer has sent something that it can acknowledge */
	uint16_t window;
};

/* Of the newest connection that host `from` has with host `to`; false: the wire saw none. */
bool heard_newest(const struct heard *h, uint8_t from, uint8_t to, struct heard_side *out);

#endif
