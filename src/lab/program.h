/*
 * program: a process on a host that executes socket calls one at a time.
 *
 * It is a real process with real descriptors (its first socket is 3): the program re-executes itself, and
 * does as it is told over a message socket.  It reports before each call and after it; while a call blocks,
 * it really sleeps in the kernel.  Threads share the process's descriptors.
 */
#ifndef SOCKLENS_LAB_PROGRAM_H
#define SOCKLENS_LAB_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/core/call.h"
#include "src/core/err.h"
#include "src/lab/lab.h"
#include "src/lab/sample.h"

struct program;

/* Starts a program on a host.  Returns when it is ready (its first thread, number 0, waits for calls). */
struct program *program_start(const struct lab *l, uint8_t host, const char *name, bool as_root, struct err *e);

/*
 * The same in two halves, so that something else can be done while the program gets ready: nothing but
 * program_ready(), program_pid() and program_free() is for a program that was only launched.
 */
struct program *program_launch(const struct lab *l, uint8_t host, const char *name, bool as_root, struct err *e);
int program_ready(struct program *p, struct err *e);	/* waits until it is */

/*
 * What program_start() is made of, for a process that somebody else starts: program_socket() makes the message
 * socket, whose far end is to be in the process at the number it has here; program_adopt() waits until the
 * process is ready.  Near is the program's from then on; on failure it is closed, and the process ended.
 */
int program_socket(int *near, int *far, struct err *e);
struct program *program_adopt(pid_t pid, int near, uint8_t host, const char *name, struct err *e);

/* Kills it if it still runs, and waits for its end. */
void program_free(struct program *p);

const char *program_name(const struct program *p);
uint8_t program_host(const struct program *p);
pid_t program_pid(const struct program *p);

int program_fd(const struct program *p);	/* readable when a report waits */

/*
 * Sends a call to a thread, which must be idle.  number comes back in the reports.  The request is
 * copied; it stays the caller's.
 */
int program_call(struct program *p, uint32_t thread, uint64_t number, const struct call_request *r, struct err *e);

/* Adds a thread; its number is the next one (1, 2, …), and calls can be given to it at once. */
int program_add_thread(struct program *p, uint32_t *thread, struct err *e);

/*
 * Sends a signal that interrupts the thread's blocked call (EINTR).  Again, until the RETURN is there: the
 * signal may come before the sleep.  An error if the thread is in no call.
 */
int program_interrupt(struct program *p, uint32_t thread, struct err *e);

/* A crash: SIGKILL. */
int program_kill(struct program *p, struct err *e);

/*
 * Whether a thread sleeps in the kernel inside its call (/proc/PID/task/TID/stat).  False while reports wait
 * to be read, since one of them may say that the call is over: ask again after program_next() gave 0.
 */
bool program_sleeps(const struct program *p, uint32_t thread);

enum report_kind { REPORT_ENTER, REPORT_LEAVE, REPORT_EXIT };

struct program_report {
	enum report_kind kind;
	uint32_t thread;
	uint64_t number;	/* of the call */
	int64_t ts_ns;		/* taken in the program, right before and right after the call */
	struct call_outcome outcome;	/* REPORT_LEAVE; owned by the report */
	struct sock_key sock;	/* REPORT_LEAVE: the socket of the first argument, if it is one (cookie 0: none) */
	struct sock_key made;	/* REPORT_LEAVE: the socket behind the first of call_fds_made(); cookie 0: none */
	struct sock_key made_second;	/* … and the second: of socketpair() */
	bool killed;		/* REPORT_EXIT: by a signal */
	int status;		/* REPORT_EXIT: exit status or signal; -1 where somebody else has taken it */
};

/* 1 and a report; 0 none now; -1 after REPORT_EXIT was given. */
int program_next(struct program *p, struct program_report *out, struct err *e);
void program_report_fini(struct program_report *r);

/*
 * The program's own side: what main() runs for the hidden subcommand "socklens program FD NAME", with main's own
 * argc and argv.  FD is its message socket.  Never returns.
 */
int program_main(int argc, char **argv) __attribute__((noreturn));

#endif
