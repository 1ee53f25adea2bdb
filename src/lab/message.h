/*
 * message: what a program and its process tell each other over their message socket, as bytes.
 *
 * Both ends are the same executable, so a call travels as its row in calls[] and there is no version; but
 * the process can be anybody's by the time it answers, so decoding believes nothing.
 */
#ifndef SOCKLENS_LAB_MESSAGE_H
#define SOCKLENS_LAB_MESSAGE_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/call.h"
#include "src/lab/sample.h"

#define PROGRAM_THREADS		64	/* of one program */
#define PROGRAM_SIGNAL		SIGUSR1	/* interrupts a call: handled there, by doing nothing */
#define PROGRAM_CONTROL_FD	900	/* where the process has the socket, or the next free number above */

enum message_kind {
	MESSAGE_CALL,		/* to the process: make this call */
	MESSAGE_THREAD,		/* to the process: start a thread */
	MESSAGE_STARTED,	/* from it: the thread is there */
	MESSAGE_ENTER,		/* from it: about to make the call */
	MESSAGE_LEAVE,		/* from it: made it */
};

struct message {
	enum message_kind kind;
	uint32_t thread;
	uint64_t number;	/* of the call: CALL, ENTER, LEAVE */
	int32_t tid;		/* STARTED: the kernel's number of the thread */
	int64_t ts_ns;		/* ENTER, LEAVE */
	struct call_request request;	/* CALL; owned */
	struct call_outcome outcome;	/* LEAVE; owned */
	struct sock_key sock, made, made_second;	/* LEAVE */
};

#define MESSAGE_MAX	(128 << 10)	/* bytes; more than a request with CALL_TEXT_MAX of text */

/* Writes the message to buf.  Returns its length; 0 if cap is not enough. */
size_t message_encode(const struct message *m, void *buf, size_t cap);

/* Reads a message.  0; or -1 if it is malformed, and then there is nothing to free. */
int message_decode(struct message *m, const void *bytes, size_t len);

void message_fini(struct message *m);

/* What messages are made of, for others that have to bring the same from one process to another. */
enum message_part { PART_TID, PART_TIME, PART_REQUEST, PART_OUTCOME, PART_KEYS };

/* As message_encode() and message_decode(), of some parts alone: a set of 1 << enum message_part. */
size_t message_encode_parts(const struct message *m, unsigned parts, void *buf, size_t cap);
int message_decode_parts(struct message *m, unsigned parts, const void *bytes, size_t len);

#endif
