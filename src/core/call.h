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
#include "src/core/err.h"
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
	ARG_OPTVAL,		/* given: number, {onoff, seconds}, milliseconds, "text" (core/option.h); expands to pointer, length */
	ARG_OPTVAL_OUT,		/* filled in; not written; expands to pointer, pointer to length */
	ARG_MSG,		/* struct msghdr to send: {"text", "more"}, {ADDR, "text"}, {"text", rights(fd, fd)} */
	ARG_POLLFDS,		/* {fd, POLLIN, fd, POLLIN|POLLOUT}; expands to pointer, count */
	ARG_MSG_OUT,		/* struct msghdr to receive: written as ARG_BUFFER is, a size */
	ARG_PAIR_OUT,		/* the two descriptors of socketpair(2); not written */
	ARG_FILE_FLAGS,		/* O_CLOEXEC of dup3(2) */
	ARG_IOV,		/* {"text", "more"}; expands to pointer, count */
	ARG_IOV_OUT,		/* {size, size}: buffers to fill; expands to pointer, count */
	ARG_IOCTL,		/* FIONREAD … */
	ARG_IOCTL_ARG,		/* by the request before it (core/ioctl.h): number, name of an interface, nothing */
	ARG_OFFSET,		/* pointer to a place in a file; VALUE_NONE: NULL */
	ARG_SIZE,		/* number of bytes */
	ARG_SPLICE_FLAGS,	/* SPLICE_F_* */
	ARG_MSGS,		/* {{"text"}, {ADDR, "more"}}: messages to send; expands to pointer, count */
	ARG_MSGS_OUT,		/* {size, size}: buffers of messages to receive; expands to pointer, count */
	ARG_TIMESPEC,		/* milliseconds, -1 for ever; {seconds, nanoseconds} as read back; VALUE_NONE: NULL */
	ARG_TIMEVAL,		/* the same with microseconds */
	ARG_NFDS,		/* highest descriptor of the sets behind it, plus 1; not written: call_nfds() */
	ARG_FDS,		/* {fd, fd}: a set of descriptors; VALUE_NONE: NULL */
	ARG_SIGSET,		/* {SIGINT} as read back; not written, NULL; expands to pointer, size */
	ARG_SIGSET_PAIR,	/* the same behind one more pointer: pselect6(2) */
	ARG_EPOLL_FLAGS,	/* EPOLL_CLOEXEC */
	ARG_EPOLL_OP,		/* EPOLL_CTL_ADD … */
	ARG_EPOLL_EVENT,	/* EPOLLIN|EPOLLET, its data is the descriptor before it; {events, data} as read back */
	ARG_EPOLL_OUT,		/* a number of events is written; expands to pointer, count */
};
#define CALL_ARG_TYPES	(ARG_EPOLL_OUT + 1)

enum call_result {
	RESULT_ZERO,		/* 0 */
	RESULT_FD,		/* a new descriptor */
	RESULT_BYTES,		/* a number of bytes; 0 is end of file when receiving from a stream */
	RESULT_COUNT,		/* a number of descriptors that are ready */
	RESULT_FCNTL,		/* depends on the command */
	RESULT_MESSAGES,	/* a number of messages */
};

#define CALL_ARGS	6
#define CALL_SET_FDS	1024	/* descriptors that a set of select(2) holds: FD_SETSIZE */
#define CALL_SIZE_MAX	(16 << 20)	/* bytes that one call can be told to send or receive */
#define CALL_TEXT_MAX	(64 << 10)	/* bytes of it that can be written out; zeros(n) and pattern(n) go beyond */

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
	bool closes;		/* its descriptor is gone afterwards */
	bool still;		/* leaves the state of a TCP socket and its queues as they are */
	const char *about;	/* one or two sentences for a student: what it asks of the kernel */
	const char *man;	/* "listen(2)" */
	const char *instead;	/* NULL; or the language cannot write this call, and this can be written in its place */
};

extern const struct call calls[];
extern const size_t calls_count;

const struct call *call_find(const char *name, size_t len);	/* NULL if there is none */
const struct call *call_of_number(long number);	/* the general one where two share it: sendto, recvfrom */

/* Whether an argument of the type is written in the language: the kernel does not fill it in. */
bool call_arg_is_written(enum call_arg_type type);

/* A call that is to be made, and what came of it. */
struct call_request {
	const struct call *call;
	struct value arg[CALL_ARGS];	/* in the order of call->arg; VALUE_NONE where the kernel fills in */
	uint8_t family, protocol;	/* of its socket, where that is known: data of AF_NETLINK are messages */
};

void call_request_fini(struct call_request *r);

/*
 * Whether a request can be executed: every argument is of the kind that its type wants, none that is
 * required is missing, and sizes are within the limits above.  Whether it makes sense is the kernel's to say.
 */
int call_request_check(const struct call_request *r, struct err *e);

/* The value of the first argument of a type, 0 if there is none: the level of setsockopt(), the flags of recv() … */
int64_t call_number_of(const struct call_request *r, enum call_arg_type type);

/* What select(2) wants as its first argument: the highest descriptor of all its sets, plus 1. */
int call_nfds(const struct call_request *r);

/* The time of an ARG_TIMESPEC or ARG_TIMEVAL; false where it is NULL: for ever. */
bool call_time(const struct call_request *r, size_t i, int64_t *seconds, int64_t *fraction);

/* Adds events (of select(): POLLIN, POLLOUT, POLLPRI) to those of a descriptor in a list fd, events, … */
void call_ready_add(struct value *list, int64_t fd, int64_t events);

/* POLLIN, POLLOUT or POLLPRI: what the set in argument i of select() watches for. */
int call_set_event(const struct call_request *r, size_t i);

#define CALL_DATA_KEPT	4096	/* bytes received that a result keeps */

struct call_outcome {
	int64_t result;		/* what the C function would return: -1 on error */
	int error;		/* errno where result is -1, else 0 */
	bool blocked;		/* the thread slept in the call (a voluntary context switch) */
	struct addr addr;	/* ARG_ADDR_OUT; len 0 if none */
	uint8_t *data;		/* ARG_BUFFER: the first data_kept bytes received; owned */
	size_t data_kept;
	struct value option;	/* ARG_OPTVAL_OUT, ARG_IOCTL_ARG: number, list or data, by its type; ARG_OFFSET */
	struct value revents;	/* ARG_POLLFDS, ARG_FDS: list fd, revents, … of those ready; ARG_EPOLL_OUT: their data, or fd */
	int msg_flags;		/* ARG_MSG_OUT: MSG_TRUNC … as the kernel set them */
	struct value control;	/* ARG_MSG_OUT: list of VALUE_CONTROL */
	struct value messages;	/* ARG_MSGS_OUT: list of {[ADDR,] data, [flags,] control …}; ARG_MSGS: of lengths */
	struct value fds;	/* ARG_PAIR_OUT: the two descriptors */
};

void call_outcome_fini(struct call_outcome *o);

/*
 * The descriptors that a call gave to the program: of accept(), both of socketpair(), the copy of dup(), those that
 * came with SCM_RIGHTS.  Fills up to cap, returns how many.
 */
size_t call_fds_made(const struct call_request *r, const struct call_outcome *o, int *fd, size_t cap);

/*
 * Appends the text of argument i as C would write it: 3, AF_INET, SOCK_STREAM|SOCK_NONBLOCK, server:8080,
 * "hello", 5.  ARG_DATA gives the quoted bytes (at most 32, then ...) and ", LENGTH" where C has that argument.
 * Appends nothing for an argument that is not shown: one that the kernel fills in, or an optional one that is 0.
 * So accept(3), send(3, "hello", 5), setsockopt(3, SOL_SOCKET, SO_RCVTIMEO, {1, 500000}).
 */
void call_arg_text(struct str *out, const struct call_request *r, size_t i, const struct addr_names *names);

/*
 * Appends what the call gave back beside its result, or nothing: "hello", client:45012, SO_ERROR = 0,
 * 4 POLLIN …  label receives the name for it ("data", "from", "address", "value", "ready", "flags",
 * "control", "messages", "sent", "descriptors", "offset"); which = 0, 1, …
 * until it returns false.
 */
bool call_out_text(struct str *out, const char **label, size_t which, const struct call_request *r,
		   const struct call_outcome *o, const struct addr_names *names);

#endif
