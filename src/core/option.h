/*
 * option: what the values of socket options look like, for getsockopt(2) and setsockopt(2).
 *
 * The language writes, and we show:
 *	most options		1			an int
 *	SO_LINGER		{1, 5}			on, seconds
 *	SO_RCVTIMEO SO_SNDTIMEO	1500 or {1, 500000}	milliseconds; or seconds, microseconds, which is also how they are shown
 *	TCP_CONGESTION …	"cubic"			text
 *	SO_PEERCRED		pid 7 uid 1000 gid 1000	only read
 *	SO_ERROR		ECONNREFUSED		only read
 * Beyond that a "text" gives the option's bytes as they are, and the items of a list stand one behind the
 * other: an int each, an address as its IP address alone; so {239.0.0.1:0, 0.0.0.0:0} is a struct ip_mreq.
 * What the kernel does not like is its to refuse.
 */
#ifndef SOCKLENS_CORE_OPTION_H
#define SOCKLENS_CORE_OPTION_H

#include <stddef.h>
#include <stdint.h>

#include "src/core/names.h"
#include "src/core/str.h"
#include "src/core/value.h"

enum option_kind {
	OPTION_INT,
	OPTION_U64,
	OPTION_LINGER,		/* struct linger */
	OPTION_TIMEVAL,		/* struct timeval */
	OPTION_CRED,		/* struct ucred */
	OPTION_MREQ,		/* struct ip_mreq or ip_mreqn: group, address of the interface, and its number */
	OPTION_MREQ6,		/* struct ipv6_mreq: group, number of the interface */
	OPTION_TEXT,		/* ends at its first NUL */
	OPTION_BYTES,		/* a struct that is not taken apart */
};

struct option {
	int64_t level, name;
	enum option_kind kind;
	const struct name_table *names;	/* of its values, NULL if they are plain numbers */
};

/* The option of a level; one that is not known is an int. */
struct option option_of(int64_t level, int64_t name);

#define OPTION_MAX	1024	/* bytes of an option's value */

/* Writes the bytes that setsockopt() takes to dst.  Returns how many; what is beyond cap is cut. */
size_t option_encode(const struct option *o, const struct value *v, void *dst, size_t cap);

/* What getsockopt() gave: a number, a list or data.  One of another size than the option's is data. */
struct value option_decode(const struct option *o, const void *bytes, size_t len);

/* Appends the text of a value, given or received. */
void option_text(struct str *out, const struct option *o, const struct value *v);

#endif
