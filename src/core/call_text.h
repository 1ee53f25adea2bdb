/*
 * call_text: what the texts of a call's arguments (call_text.c) and of its outcome (call_out.c) share.
 */
#ifndef SOCKLENS_CORE_CALL_TEXT_H
#define SOCKLENS_CORE_CALL_TEXT_H

#include "src/core/call.h"

#define SHOWN_GIVEN	32	/* bytes of data shown in an argument */
#define SHOWN_RECEIVED	64	/* … and in a result */
#define SHOWN_MESSAGES	8	/* of netlink, in one datagram */

/* "quoted", at most `shown` bytes (up to SHOWN_RECEIVED), then ... */
void text_data(struct str *out, const struct value *v, size_t shown);

/* A message: {server:53, "data", SCM_RIGHTS {4, 5}}; a number in it is a set of MSG_* flags. */
void text_message(struct str *out, const struct call_request *r, const struct value *v,
		  const struct addr_names *names);

/* Data of a netlink socket as its messages, "{RTM_GETROUTE, …}, {…}".  False: they are no such thing. */
bool text_messages(struct str *out, const struct call_request *r, const struct value *data);

#endif
