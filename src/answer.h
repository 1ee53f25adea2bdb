/*
 * answer: what somebody answers to a question, beside what is true.
 *
 * People write one thing in many ways: "syn,ack", "SYN-ACK" and "ACK SYN"; "close_wait" and "CLOSE-WAIT"; "-1
 * Econnrefused" and "connection refused".  So both sides are brought into one normal form, which depends on what was
 * asked for, and these are compared.
 */
#ifndef SOCKLENS_ANSWER_H
#define SOCKLENS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "src/core/str.h"

enum answer_kind {
	ANSWER_TEXT,		/* words */
	ANSWER_FLAGS,		/* of a TCP segment, or "nothing" */
	ANSWER_STATE,		/* of a socket */
	ANSWER_NUMBER,
	ANSWER_RESULT,		/* of a call or a program: a number, an errno, "data", a signal */
	ANSWER_ORDER,		/* letters one after the other */
};
#define ANSWER_KINDS	(ANSWER_ORDER + 1)

/* "text", "flags" … and back; ANSWER_KINDS: there is none of that name. */
const char *answer_kind_name(enum answer_kind kind);
enum answer_kind answer_kind_find(const char *name);

/* "flags such as SYN ACK, or nothing": what is expected where such an answer belongs. */
const char *answer_kind_what(enum answer_kind kind);

/*
 * Appends the normal form.  False: the text is no such thing (flags that are none, a state that does not exist); then it
 * is that of words, so that it can still be compared.
 */
bool answer_normal(struct str *out, enum answer_kind kind, const char *text);

/* Whether nothing was answered: white space, a line to write on. */
bool answer_is_empty(const char *given);

/*
 * Whether it is right.  also: another true answer, "" if there is none.  "FIN" is right where FIN ACK is true, since
 * every segment of a connection has that flag (RFC 9293, section 3.5); SYN and SYN ACK differ.
 */
bool answer_is_right(enum answer_kind kind, const char *given, const char *truth, const char *also);

#endif
