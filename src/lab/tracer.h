/*
 * tracer: a user's own program on a host of the lab, unchanged, and what it asks of its sockets.
 *
 * A process of ours in the host starts it under ptrace(2), with a seccomp(2) filter that stops only the system
 * calls in calls[] (core/call.h); it follows threads, children and exec, and reports what a built-in program
 * (lab/program.h) reports: each call before and after, with typed arguments.  When that process ends, everything that
 * it traces is killed (PTRACE_O_EXITKILL), so nothing is left running.
 *
 * What is reported: the socket family always; read, write, close, dup, fcntl, ioctl, sendfile and splice where a
 * descriptor is a socket; poll and select where one of theirs is; epoll_create always, epoll_ctl about a socket, and
 * epoll_wait on a descriptor that has been given one.  An epoll descriptor that has one counts as a socket where it is
 * waited for itself.  io_uring and 32-bit programs are named in a note, not seen.
 *
 * A call that a signal interrupted and that the kernel makes again is one call.  One whose handler makes a call of its
 * own has returned EINTR.  What a thread was in when it ended or became another program never returns: TASK_END or EXEC
 * says so.  When a thread that is not the first calls execve(2), the others end, and it goes on as the first one.
 *
 * A program that is traced runs without the privilege of set-user-ID files (no_new_privs, prctl(2)), and cannot trace
 * others of the program; notes say so where it wants to.
 * Needs Linux 5.3, and 5.6 for what is behind descriptors; x86-64 and arm64.
 *
 * Each thread of each process has a number: 0 the first, then 1, 2, … as they begin.  They are never used again.
 * Calls are numbered 1, 2, … by the tracer; the session gives them its own numbers.
 */
#ifndef SOCKLENS_LAB_TRACER_H
#define SOCKLENS_LAB_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/core/call.h"
#include "src/core/err.h"
#include "src/lab/lab.h"
#include "src/lab/sample.h"

struct tracer;

#define TRACER_TASKS	512	/* threads and processes at once; beyond, fork and clone fail with EAGAIN */

struct tracer_command {
	uint8_t host;
	const char *name;		/* of the program, as the session calls it */
	const char *const *argv;	/* NULL-terminated; argv[0] is looked for in PATH */
	const char *directory;		/* to run in; NULL: ours */
	bool plain;			/* do not trace: packets and states only */
};

/*
 * Starts it.  The program runs (and may have ended) when this returns.  Where ptrace is forbidden it runs
 * untraced, and a TRACED_NOTE says so and why.  l NULL: on this machine as it is, outside of any lab (c->host is not
 * looked at then).  From the main thread: it is killed when the thread that started it ends.
 * Errors: the command does not exist or cannot be executed (with what execve(2) said), no memory, no terminal.
 */
struct tracer *tracer_start(const struct lab *l, const struct tracer_command *c, struct err *e);

/*
 * The same for processes that run already, with all their threads, in place of a command: where the system's rules
 * of ptrace allow.  It is let go, not killed, by tracer_free().
 */
struct tracer *tracer_attach(pid_t pid, const char *name, struct err *e);

/* Kills everything that still runs (SIGKILL; an attached one is let go), and waits for its end. */
void tracer_free(struct tracer *t);

pid_t tracer_pid(const struct tracer *t);	/* of the program's first process */

/* Descriptors to poll for POLLIN: fills up to 2, returns how many. */
size_t tracer_fds(const struct tracer *t, int fds[2]);

/*
 * Milliseconds after which tracer_next() is to be asked even if no descriptor is readable; -1: never.  (While calls
 * come fast, reports are fetched, not announced.)
 */
int tracer_timeout(const struct tracer *t);

/* A line (or some bytes, or an end of file: len 0) to the program's standard input. */
int tracer_input(struct tracer *t, const void *bytes, size_t len, struct err *e);

/* Sends a signal to the program's first process and its group: SIGTERM, SIGINT, SIGKILL. */
int tracer_signal(struct tracer *t, int sig, struct err *e);

/* Whether a thread sleeps in the kernel inside a call that was reported as entered (/proc/PID/task/TID/stat). */
bool tracer_sleeps(const struct tracer *t, uint32_t task);

enum traced_kind {
	TRACED_TASK,		/* a thread or a process began */
	TRACED_TASK_END,
	TRACED_EXEC,		/* a process became another program; text: its command line */
	TRACED_ENTER,		/* a call: request */
	TRACED_LEAVE,		/* … came back: outcome */
	TRACED_OUTPUT,		/* it wrote to its standard output or error: text, some bytes, not lines */
	TRACED_NOTE,		/* text: what is not seen, a limit reached */
	TRACED_END,		/* the first process has ended and nothing else runs; the last report */
};

struct traced {
	enum traced_kind kind;
	uint32_t task;		/* number of the thread */
	uint32_t process;	/* number of the first thread of its process */
	int64_t ts_ns;		/* CLOCK_REALTIME, taken at the stop */
	pid_t tid;		/* TASK: the kernel's number, as the machine sees it */
	uint32_t parent;	/* TASK: which thread made it */
	char thread_name[24];	/* its comm (prctl(2) PR_GET_NAME), TASK, ENTER; "" if the same as its process's */
	uint64_t number;	/* ENTER, LEAVE: of the call */
	struct call_request request;	/* ENTER: owned */
	struct call_outcome outcome;	/* LEAVE: owned */
	struct sock_key sock;	/* LEAVE: the socket of the first argument, if it is one (cookie 0: none) */
	struct sock_key made;	/* LEAVE: the socket behind the first of call_fds_made(); cookie 0: none */
	int second;		/* LEAVE: the second of them, of socketpair() and SCM_RIGHTS; -1 */
	struct sock_key made_second;
	bool killed;		/* TASK_END of a process, END: by a signal */
	int status;		/* … its exit status, or the signal; -1 unknown */
	int stream;		/* OUTPUT: 1 standard output, 2 standard error */
	char *text;		/* OUTPUT, NOTE, EXEC: owned; raw bytes, to be made harmless by who shows them */
	size_t len;
};

/* 1 and a report; 0 none now; -1 after TRACED_END was given. */
int tracer_next(struct tracer *t, struct traced *out, struct err *e);
void traced_fini(struct traced *r);

/* The tracing process's own side: the hidden subcommand "socklens tracer …".  Never returns. */
int tracer_main(int argc, char **argv) __attribute__((noreturn));

#endif
