/*
 * value: an argument of a socket call as the lab language writes it and as a program receives it.
 */
#ifndef SOCKLENS_CORE_VALUE_H
#define SOCKLENS_CORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/addr.h"
#include "src/core/err.h"
#include "src/core/str.h"

enum value_kind {
	VALUE_NONE,		/* not given; the call's default */
	VALUE_INT,		/* number, constant or set of flags */
	VALUE_DATA,		/* bytes */
	VALUE_ADDR,		/* socket address */
	VALUE_LIST,		/* {…}: iovec list, pollfd list, struct linger, … */
};

enum value_fill {
	FILL_BYTES,		/* the bytes are given */
	FILL_ZEROS,		/* zeros(n) */
	FILL_PATTERN,		/* pattern(n): "a".."z" repeated, a new line after each 64th byte */
};

struct value {
	enum value_kind kind;
	enum value_fill fill;
	int64_t number;		/* VALUE_INT */
	uint8_t *bytes;		/* VALUE_DATA with FILL_BYTES; owned */
	size_t len;		/* VALUE_DATA: bytes */
	struct addr addr;	/* VALUE_ADDR */
	struct value *item;	/* VALUE_LIST; owned */
	size_t items;
};

struct value value_int(int64_t number);
struct value value_data(const void *bytes, size_t len);			/* copies */
struct value value_filled(enum value_fill fill, size_t len);
struct value value_addr(const struct addr *a);
int value_list_add(struct value *list, struct value item);		/* takes item */
struct value value_copy(const struct value *v);				/* deep */
void value_fini(struct value *v);

/* Writes the first cap bytes of a VALUE_DATA to dst; returns how many. */
size_t value_bytes(const struct value *v, void *dst, size_t cap);

#endif
