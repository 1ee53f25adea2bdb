/*
 * unmarshal_impl: what the parts of unmarshal share.  unmarshal.c: the table of types, numbers, addresses, data,
 * options; unmarshal_msg.c: pieces of memory and messages; unmarshal_wait.c: poll, select, epoll, signals, times.
 */
#ifndef SOCKLENS_LAB_UNMARSHAL_IMPL_H
#define SOCKLENS_LAB_UNMARSHAL_IMPL_H

#include "src/lab/unmarshal.h"

struct walk {
	const struct peek *m;
	const struct call_request *r;
	size_t bytes, items;	/* that may still be kept, of the whole call */
};

/* The value of argument i, whose first register is *reg. */
typedef struct value enter_arg(struct walk *w, size_t i, const uint64_t *reg);
/* What the kernel filled in there; the call did not fail. */
typedef void leave_arg(struct walk *w, size_t i, const uint64_t *reg, struct call_outcome *o);

static inline int walk_int(uint64_t reg)
{
	return (int)(uint32_t)reg;
}

static inline size_t walk_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Copies count pointers or longs, which are narrower in a 32-bit program: 0, or -1. */
int walk_words(const struct walk *w, uint64_t at, uint64_t *word, size_t count);

/* Data of the program's memory, as much as may still be kept; a VALUE_POINTER if nothing of it can be read. */
struct value walk_data(struct walk *w, uint64_t at, uint64_t len);

/* An address; of length 0 if it cannot be read. */
struct addr walk_addr(const struct walk *w, uint64_t at, size_t len);
struct value walk_addr_value(const struct walk *w, uint64_t at, int len);

/* Adds bytes of the program's memory to what was received. */
void walk_keep(const struct walk *w, struct call_outcome *o, uint64_t at, size_t len);

/* Adds an item to a list if one more may be kept. */
bool walk_add(struct walk *w, struct value *list, struct value item);

enter_arg enter_iov, enter_iov_out, enter_msg, enter_msg_out, enter_msgs, enter_msgs_out;
leave_arg leave_iov, leave_msg, leave_msgs_sent, leave_msgs;
enter_arg enter_pollfds, enter_fds, enter_sigset, enter_sigset_pair, enter_timeout, enter_timespec, enter_timeval,
	enter_epoll_event, enter_epoll_out;
leave_arg leave_pollfds, leave_fds, leave_epoll;

#endif
