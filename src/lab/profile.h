/*
 * profile: what every host starts from.  The machine's defaults leak into new network namespaces (the
 * congestion control above all), so the same lesson would look different on two machines; therefore
 * everything that teaches is set, to the RFCs' or the kernel's plain default, with the reason where it
 * differs from that.
 */
#ifndef SOCKLENS_LAB_PROFILE_H
#define SOCKLENS_LAB_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "src/core/err.h"
#include "src/core/str.h"

struct profile_row {
	const char *name;	/* "net.ipv4.tcp_sack" */
	const char *value;
	const char *why;	/* NULL: the default, made explicit */
	bool needed;		/* a lab without it would mislead; others may be unknown to an older kernel */
};

extern const struct profile_row profile_host[];		/* for a host */
extern const size_t profile_host_count;
extern const struct profile_row profile_wire[];		/* for the wire's own namespace */
extern const size_t profile_wire_count;

/* Whether this kernel speaks IPv6. */
bool profile_has_ip6(void);

/* Writes the rows in this thread's network namespace.  Rows of net.ipv6 are left out where there is no IPv6. */
int profile_apply(const struct profile_row *row, size_t count, struct err *e);

/* Writes one sysctl of this thread's network namespace; name must begin with "net.". */
int profile_write(const char *name, const char *value, struct err *e);

/* Appends the value of one, in one line. */
int profile_read(const char *name, struct str *value, struct err *e);

#endif
