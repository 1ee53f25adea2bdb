/*
 * iface: network interfaces, by rtnetlink(7) and the ethtool ioctl.  Everything here acts in the network
 * namespace of the netlink socket or of the calling thread; nothing runs another program.
 */
#ifndef SOCKLENS_LAB_IFACE_H
#define SOCKLENS_LAB_IFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/err.h"
#include "src/lab/netlink.h"

struct iface_end {		/* one end of a veth pair */
	const char *name;	/* at most 15 bytes */
	int netns_fd;		/* where it lives; -1: where the netlink socket is */
	const uint8_t *mac;	/* 6 bytes; NULL: the kernel chooses */
};

/* A veth pair, both ends down, one queue each, MTU 1500. */
int iface_veth(struct netlink *n, const struct iface_end *a, const struct iface_end *b, struct err *e);

/* The interface's number here; 0 if there is none of that name. */
unsigned iface_index(const char *name);

int iface_up(struct netlink *n, const char *name, struct err *e);

/*
 * Waits until an interface that is up carries packets.  The end of a pair that came up before its peer is
 * connected to its queue by a worker of the kernel; until then it drops what it is given.
 */
int iface_wait(const char *name, struct err *e);

/*
 * Waits (at most 300 ms) until the interface has sent the two multicast listener reports of a new address,
 * RFC 2710 section 4.  If they do not come, then some kernel does without them.
 */
void iface_wait_reports(const char *name);

/* Adds an address, ready at once (no duplicate address detection), with its subnet's route. */
int iface_address(struct netlink *n, const char *name, int family, const uint8_t *ip,
		  uint8_t prefix, struct err *e);

/* A neighbour that needs no ARP and no neighbour discovery. */
int iface_neighbour(struct netlink *n, const char *name, int family, const uint8_t *ip,
		    const uint8_t mac[6], struct err *e);

/* Forgets a neighbour: the next packet to it asks where it is. */
int iface_forget_neighbour(struct netlink *n, const char *name, int family, const uint8_t *ip, struct err *e);

int iface_mtu(struct netlink *n, const char *name, uint32_t bytes, struct err *e);

/* Segmentation, receive merging, scatter-gather and checksums are done by the stack, not left to a card. */
int iface_offloads_off(const char *name, struct err *e);

/* Of these segmentation and receive merging alone: all that lo lets anybody switch off. */
int iface_segmentation_off(const char *name, struct err *e);

#endif
