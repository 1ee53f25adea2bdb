/*
 * control: control messages, the "ancillary data" of sendmsg(2) and recvmsg(2): cmsg(3), unix(7), ip(7).
 *
 * Each is a VALUE_CONTROL: its level, its type, and as items what it holds:
 *	SCM_RIGHTS {4, 5}				descriptors
 *	SCM_CREDENTIALS {pid 7 uid 1000 gid 1000}
 *	IP_TTL 64, IP_TOS 0, IPV6_HOPLIMIT 64, UDP_SEGMENT 1200
 *	IP_PKTINFO {interface 2, 192.0.2.2 to 192.0.2.2}	the address to answer from, the one it was for
 *	SO_TIMESTAMPNS {1700000000, 500}		seconds, nanoseconds
 *	IP_RECVERR {ECONNREFUSED, ICMP type 3 code 3, 192.0.2.2}
 * One that is not known holds its bytes: 41/99 "\x01\x02".
 */
#ifndef SOCKLENS_CORE_CONTROL_H
#define SOCKLENS_CORE_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "src/core/str.h"
#include "src/core/value.h"

/*
 * Adds the control messages in len bytes to a list, at most *items things in all (each message and each item counts
 * as one), which is counted down.  word: bytes of a long in the program whose memory it was, 4 or 8.  What is torn
 * is left out.
 */
void control_read(struct value *list, const void *bytes, size_t len, unsigned word, size_t *items);

/* Bytes that control messages of a value take; writes as much as cap allows, which is all if it is that many. */
size_t control_write(const struct value *v, void *dst, size_t cap);

/* Appends the text of one. */
void control_text(struct str *out, const struct value *v, const struct addr_names *names);

#endif
