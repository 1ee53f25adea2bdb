/*
 * marshal_impl: what the parts of marshal share.  marshal.c: the table of types, numbers, addresses, data, options;
 * marshal_msg.c: pieces of memory and messages; marshal_wait.c: poll, select, epoll.
 */
#ifndef SOCKLENS_LAB_MARSHAL_IMPL_H
#define SOCKLENS_LAB_MARSHAL_IMPL_H

#include "src/lab/marshal.h"

/* Pushes the registers of argument i: 0, or -1 if there is no memory. */
typedef int put_arg(struct marshal *m, size_t i);
/* Takes back what the kernel left in its memory; the call did not fail. */
typedef void take_arg(const struct marshal *m, size_t i, struct call_outcome *o);

const struct value *marshal_given(const struct marshal *m, size_t i);
void marshal_push(struct marshal *m, long reg);
void marshal_push_memory(struct marshal *m, const void *memory, size_t size);

/* Memory until marshal_fini(): size bytes of zeros (one at least, so that it has an address); NULL if there is none. */
void *marshal_grab(struct marshal *m, size_t size);
void *marshal_make(struct marshal *m, size_t i, size_t size);	/* … as that of argument i */

/* The bytes of a value: its own where they are written out, else made.  NULL: none, or no memory. */
const void *marshal_bytes(struct marshal *m, const struct value *v);

/* Adds received bytes to an outcome, as far as it keeps them. */
void marshal_keep(struct call_outcome *o, const void *bytes, size_t len);

put_arg put_iov, put_iov_out, put_msg, put_msg_out, put_msgs, put_msgs_out;
put_arg put_pollfds, put_nfds, put_fds, put_sigset, put_sigset_pair, put_epoll_event, put_epoll_out;
take_arg take_iov, take_msg, take_msgs_sent, take_msgs;
take_arg take_pollfds, take_fds, take_epoll;

#endif
