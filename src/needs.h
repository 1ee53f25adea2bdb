/*
 * needs: what a lab file can need of the machine beyond a lab (`needs ipv6`), and whether it is there.
 */
#ifndef SOCKLENS_NEEDS_H
#define SOCKLENS_NEEDS_H

#include <stdbool.h>
#include <stddef.h>

#include "src/core/err.h"
#include "src/core/str.h"

struct need {
	const char *name;	/* "ipv6" */
	const char *help;
	int family, type, protocol;	/* of the socket that must be possible; or, if it is not about one: */
	int (*probe)(struct err *e);	/* 0, or -1 and why not */
};

extern const struct need needs[];
extern const size_t needs_count;

/* "ipv6", or "linux 6.5" for a kernel's version; false: no such need. */
bool need_known(const char *text);

/* Whether the machine has it; why receives one line if not. */
bool need_met(const char *text, struct str *why);

#endif
