/*
 * nlmsg: messages of netlink(7) and rtnetlink(7): read from bytes that may be anything, as text, and made.
 *
 *	{RTM_NEWROUTE, NLM_F_MULTI, seq 1: AF_INET, /24, RT_TABLE_MAIN, RTN_UNICAST; RTA_DST 192.0.2.0, RTA_OIF 2}
 *	{NLMSG_ERROR, seq 2: EPERM}
 *	{NLMSG_DONE, NLM_F_MULTI, seq 1}
 *
 * What is not known is shown by its number, and an attribute by how many bytes it has.
 */
#ifndef SOCKLENS_CORE_NLMSG_H
#define SOCKLENS_CORE_NLMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/rd.h"
#include "src/core/str.h"

struct nlmsg {
	uint32_t len;		/* as its header says, header included */
	uint16_t type, flags;
	uint32_t seq, pid;
	struct rd body;		/* behind the header; marked short where not all of it is there */
};

/* The next message of a datagram.  False at its end, or where no header is. */
bool nlmsg_next(struct rd *datagram, struct nlmsg *m);

/* Appends a message as text.  protocol: of its socket, NETLINK_ROUTE …: of others only the header is known. */
void nlmsg_text(struct str *out, const struct nlmsg *m, int protocol);

/* Appends what a datagram is made of: "RTM_NEWROUTE ×3, NLMSG_DONE", "RTM_GETROUTE dump".  Nothing: no message. */
void nlmsg_summary(struct str *out, const void *bytes, size_t len, int protocol);

/* Attributes: the next one of a body, behind what comes before them.  False at the end. */
bool nlmsg_attr(struct rd *attrs, uint16_t *type, struct rd *value);

/*
 * Writes a request with the struct that its type needs, all of it zero but the family, and returns its length; or 0:
 * cap is not enough.
 */
#define NLMSG_REQUEST_MAX	64
size_t nlmsg_request(uint16_t type, uint16_t flags, uint32_t seq, uint8_t family, void *dst, size_t cap);

#endif
