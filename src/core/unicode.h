/*
 * unicode: which code points a terminal cannot be trusted with, which combine and which are wide.
 * A code point in no range is printable and one cell wide.  An own table, so that the answer is the
 * same under every locale and C library.
 */
#ifndef SOCKLENS_CORE_UNICODE_H
#define SOCKLENS_CORE_UNICODE_H

#include <stddef.h>
#include <stdint.h>

enum unicode_kind {
	UNICODE_NARROW, /* one cell */
	UNICODE_WIDE, /* two cells */
	UNICODE_MARK, /* combines with the character before it */
	UNICODE_HARMFUL, /* controls, format characters, no ink, joining, private, unassigned */
};

struct unicode_range {
	uint32_t first, last;
	enum unicode_kind kind;
};

extern const struct unicode_range unicode_ranges[]; /* in order, without overlap */
extern const size_t unicode_ranges_count;

#endif
