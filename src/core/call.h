/*
 * call: the table of socket calls.  One row says everything about a call: its arguments, what it returns,
 * what it does in words, its manual page, and the number of its system call.  The language's parser, the
 * program that executes it, the ladder, the call panel and the completion all work from this row; adding a
 * call is a row.
 */
#ifndef SOCKLENS_CORE_CALL_H
#define SOCKLENS_CORE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/addr.h"
#include "src/core/str.h"
#include "src/core/value.h"

enum call_arg_type {
	ARG_NONE,
	ARG_FD,			/* descriptor */
	ARG_FAMILY,		/* AF_* */
	ARG_SOCKTYPE,		/* SOCK_* | SOCK_NONBLOCK | SOCK_CLOEXEC */
	ARG_PROTOCOL,		/* IPPROTO_* */
	ARG_INT,		/* plain number */
	ARG_HOW,		/* SHUT_* */
	ARG_MSG_FLAGS,		/* MSG_* */
	ARG_SOCK_FLAGS,		/* SOCK_NONBLOCK | SOCK_CLOEXEC of accept4(2) */
	ARG_LEVEL,		/* SOL_SOCKET, IPPROTO_TCP … */
	ARG_OPTNAME,		/* SO_* … ; its table depends on the level before it */
	ARG_FCNTL_CMD,		/* F_* */
	ARG_FCNTL_ARG,		/* number or O_* flags */
	ARG_TIMEOUT,		/* milliseconds */
	ARG_ADDR,		/* given; expands to pointer, length */
	ARG_ADDR_OUT,		/* filled in by the kernel; not written in the language; expands to pointer, pointer to length */
	ARG_DATA,		/* bytes given; expands to pointer, length */
	ARG_BUFFER,		/* a size is written; the kernel fills it; expands to pointer, length */
	ARG_OPTVAL,		/* given: number, {onoff, seconds}, seconds, "text"; expands to pointer, length */
	ARG_OPTVAL_OUT,		/* filled in; not written; expands to pointer, pointer to length */
	ARG_MSG,		/* struct msghdr to send: {"text", "more"} or {ADDR, "text"} */
	ARG_POLLFDS,		/* {fd, POLLIN, fd, POLLIN|POLLOUT}; expands to pointer, count */
};

enum call_result {
	RESULT_ZERO,		/* 0 */
	RESULT_FD,		/* a new descriptor */
	RESULT_BYTES,		/* a number of bytes; 0 is end of file when receiving from a stream */
	RESULT_COUNT,		/* a number of descriptors that are ready */
	RESULT_FCNTL,		/* depends on the command */
};

#define CALL_ARGS	6

struct call_arg {
	const char *name;	/* as in the manual page: "sockfd", "backlog" */
	enum call_arg_type type;
	bool optional;		/* may be left out in the language; 0 then */
};

struct call {
	const char *name;
	long number;		/* system call number */
	struct call_arg arg[CALL_ARGS];	/* up to the first ARG_NONE */
	enum call_result result;
	const char *about;	/* one or two sentences for a student: what it asks of the kernel */
	const char *man;	/* "listen(2)" */
};

extern const struct call calls[];
extern const size_t calls_count;

const struct call *call_find(const char *name, size_t len);	/* NULL if there is none */
const struct call *call_of_number(long number);

/* A call that is to be made, and what came of it. */
struct call_request {
	const struct call *call;
	struct value arg[CALL_ARGS];	/* in the order of call->arg; VALUE_NONE where the kernel fills in */
};

void call_request_fini(struct call_request *r);

#define CALL_DATA_KEPT	4096	/* bytes received that a result keeps */

struct call_outcome {
	int64_t result;		/* what the C function would return: -1 on error */
	int error;		/* errno where result is -1, else 0 */
	bool blocked;		/* the thread slept in the call (a voluntary context switch) */
	struct addr addr;	/* ARG_ADDR_OUT; len 0 if none */
	uint8_t *data;		/* ARG_BUFFER: the first data_kept bytes received; owned */
	size_t data_kept;
	struct value option;	/* ARG_OPTVAL_OUT: number or list or data, by the option's type */
	struct value revents;	/* ARG_POLLFDS: list fd, revents, … of those that are ready */
};

void call_outcome_fini(struct call_outcome *o);

/*
 * Appends the text of argument i as C would write it: 3, AF_INET, SOCK_STREAM|SOCK_NONBLOCK, server:8080,
 * "hello", 5.  ARG_DATA gives the quoted bytes (at most 32, then ...) and ", LENGTH" where C has that argument.
 */
void call_arg_text(struct str *out, const struct call_request *r, size_t i, const struct addr_names *names);

/*
 * Appends what the call gave back beside its result, or nothing: "hello", from client:45012, SO_ERROR = 0 …
 * label receives the name for it ("data", "from", "value", "ready"); which = 0, 1, … until it returns false.
 */
bool call_out_text(struct str *out, const char **label, size_t which, const struct call_request *r,
		   const struct call_outcome *o, const struct addr_names *names);

#endif
