/*
 * ioctl: what the third argument of ioctl(2) is, for the requests that concern sockets: nothing, a number behind a
 * pointer that is given or filled in, or a struct ifreq: netdevice(7).  Of other requests nothing is known.
 *
 * The language writes, and we show:
 *	ioctl(s, FIONBIO, 1)			a number that is given
 *	ioctl(s, FIONREAD)			one that is filled in
 *	ioctl(s, SIOCGIFADDR, "eth0")		an interface; its address, number, MTU or flags are filled in
 */
#ifndef SOCKLENS_CORE_IOCTL_H
#define SOCKLENS_CORE_IOCTL_H

#include <stddef.h>
#include <stdint.h>

#include "src/core/str.h"
#include "src/core/value.h"

enum ioctl_kind {
	IOCTL_OTHER,		/* not known; the argument is shown as a number */
	IOCTL_NOTHING,
	IOCTL_INT,		/* pointer to an int that is given */
	IOCTL_INT_OUT,		/* … that is filled in */
	IOCTL_IF,		/* struct ifreq: the name of an interface is given */
	IOCTL_IF_INT,		/* … and a number filled in */
	IOCTL_IF_FLAGS,		/* … and IFF_* */
	IOCTL_IF_ADDR,		/* … and an address */
};

enum ioctl_kind ioctl_kind(int64_t request);

#define IOCTL_MAX	256	/* bytes that an argument of a known request has room for */

/* Bytes that the argument of a kind points to; 0 if nothing is known to be there. */
size_t ioctl_size(enum ioctl_kind kind);

/* Lays out what is given, over zeros in dst, which has room for IOCTL_MAX. */
void ioctl_encode(enum ioctl_kind kind, const struct value *v, void *dst);

/* What was given, and what was filled in (VALUE_NONE if nothing), from ioctl_size() bytes. */
struct value ioctl_decode(enum ioctl_kind kind, const void *bytes);
struct value ioctl_filled(enum ioctl_kind kind, const void *bytes);

/* Appends the text of a value that was given or filled in. */
void ioctl_text(struct str *out, enum ioctl_kind kind, const struct value *v, const struct addr_names *names);

#endif
