/*
 * setting: the sysctls of a host that teach something, for `set`: their names, and what their values mean.  A host has
 * more of them, and `set` takes those, too; these are offered, and known to be missing where a kernel lacks them.
 */
#ifndef SOCKLENS_SETTING_H
#define SOCKLENS_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTING_NAME	64	/* bytes, with its NUL */

struct setting {
	const char *name;	/* "net.ipv4.tcp_sack" */
	const char *values;	/* what they mean, in a few words */
};

extern const struct setting settings[];
extern const size_t settings_count;

/* By its name, or by the last part of it: tcp_sack.  NULL: none that is known. */
const struct setting *setting_find(const char *name, size_t len);

/* The known one that a name may be a slip of; NULL. */
const struct setting *setting_nearest(const char *name, size_t len);

/* What a line with `set` says beside its host. */
struct setting_line {
	char name[SETTING_NAME];	/* of the sysctl, whole; or of the route's metric */
	bool route;
	uint32_t amount;		/* of the metric */
};

#endif
