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
	VALUE_CONTROL,		/* a control message, cmsg(3): level, number (its type), and as items what it holds */
	VALUE_POINTER,		/* memory that could not be read; number: its address */
	VALUE_REST,		/* last in a list: so many (number) more items that were not kept */
};
#define VALUE_KINDS	(VALUE_REST + 1)

enum value_fill {
	FILL_BYTES,		/* the bytes are given */
	FILL_ZEROS,		/* zeros(n) */
	FILL_PATTERN,		/* pattern(n): "a".."z" repeated, a new line after each 64th byte */
	FILL_CUT,		/* only the first `kept` bytes are known: of a program's memory, not of the language */
};

struct value {
	enum value_kind kind;
	enum value_fill fill;
	int level;		/* VALUE_CONTROL: SOL_SOCKET, IPPROTO_IP … */
	int64_t number;		/* VALUE_INT, VALUE_CONTROL, VALUE_POINTER, VALUE_REST */
	uint8_t *bytes;		/* VALUE_DATA with FILL_BYTES, FILL_CUT; owned */
	size_t len;		/* VALUE_DATA: bytes that there are; VALUE_POINTER: that were said to be there, or 0 */
	size_t kept;		/* VALUE_DATA with FILL_CUT: those that are in bytes, fewer than len */
	struct addr addr;	/* VALUE_ADDR */
	struct value *item;	/* VALUE_LIST, VALUE_CONTROL; owned */
	size_t items;
};

struct value value_int(int64_t number);
struct value value_data(const void *bytes, size_t len);			/* copies */
struct value value_filled(enum value_fill fill, size_t len);
struct value value_cut(const void *bytes, size_t kept, size_t len);	/* copies; all of it where kept is len */
struct value value_addr(const struct addr *a);
struct value value_control(int level, int type);			/* empty */
struct value value_pointer(uint64_t at);
struct value value_rest(size_t items);
int value_list_add(struct value *list, struct value item);		/* takes item; also for a control message */
struct value value_copy(const struct value *v);				/* deep */
void value_fini(struct value *v);

/* Writes the first cap bytes of a VALUE_DATA, as far as they are known, to dst; returns how many. */
size_t value_bytes(const struct value *v, void *dst, size_t cap);

#endif
