/*
 * tracee: what the parts of the tracing process share.  It has one thread, which sleeps in wait4(2) and does what a stop
 * asks for; a stop costs as little as can be, since the program waits meanwhile.
 *
 *	tracee.c	the process from its beginning to its end, and its loop
 *	tracee_start.c	the program's first process, up to its execve(2); attaching to one that runs
 *	tracee_filter.c	which system calls stop, and what each is to us
 *	tracee_stop.c	stops that are no calls: signals, new threads, exec, ends
 *	tracee_task.c	threads and processes
 *	tracee_call.c	a call, at its entry and at its return
 *	tracee_wanted.c	whether it is about a socket
 *	tracee_slept.c	whether the thread slept in it
 *	tracee_fd.c	what is behind the descriptors of each process
 *	tracee_regs.c	what depends on the machine
 *	tracee_tell.c	reports to the session
 *	tracee_aide.c	a second process that drains the program's terminal and hears the session
 *	tracee_plain.c	a program that may not be traced
 */
#ifndef SOCKLENS_LAB_TRACEE_H
#define SOCKLENS_LAB_TRACEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "src/core/call.h"
#include "src/lab/peek.h"
#include "src/lab/ring.h"
#include "src/lab/traced.h"
#include "src/lab/tracer.h"
#include "src/lab/ttys.h"

#define CONTROL_MAX	(TTYS_LINE + 1)	/* bytes of a message on the control socket: a line that is typed */

/* ---- what each system call is to us (tracee_filter.c) ---- */

enum plan_when {		/* when it is reported */
	WHEN_NEVER,
	WHEN_ALWAYS,
	WHEN_SOCKET,		/* one of the descriptors in `fds` is a socket */
	WHEN_POLL,		/* … of those in the array */
	WHEN_SELECT,		/* … of those in the sets */
	WHEN_EPOLL_CTL,		/* the descriptor that it adds, changes or removes is one */
	WHEN_EPOLL,		/* the epoll descriptor watches one */
};

enum plan_effect {		/* what it does to what we know */
	EFFECT_NONE,
	EFFECT_CLOSES,		/* argument 0 */
	EFFECT_REPLACES,	/* argument 1 names another file afterwards */
	EFFECT_CLOSES_MANY,
	EFFECT_MAKES,		/* a new descriptor */
	EFFECT_MAKES_PAIR,
	EFFECT_ADDRESS,		/* the socket's addresses may be others */
	EFFECT_FORKS,
	EFFECT_UNSHARES,	/* its table of descriptors, perhaps */
	EFFECT_NAMES,		/* the thread */
	EFFECT_URING,		/* operations that nobody sees begin */
	EFFECT_SIGNAL_ENDS,	/* a handler of a signal returns */
	EFFECT_RESTARTS,	/* a call that was interrupted goes on */
	EFFECT_TRACES,		/* another process, which has a tracer already */
	EFFECT_CHANGES_USER,
};

enum plan_output { OUTPUT_NONE, OUTPUT_BUFFER, OUTPUT_VECTOR, OUTPUT_UNSEEN };

struct plan {
	long number;
	enum plan_when when;
	uint8_t fds;		/* arguments that are descriptors: bits */
	enum plan_effect effect;
	enum plan_output output;	/* on a terminal of the program: where the bytes are */
};

#define PLANS	1024		/* system calls that there may be */

struct plans {
	struct plan of[PLANS];	/* by number; number 0 and when NEVER, effect NONE, output NONE: nothing to us */
};

void plans_init(struct plans *p);
bool plan_is_empty(const struct plan *p);
int filter_load(const struct plans *p);	/* in the child; -1: errno */
bool filter_is_possible(void);	/* else: every call is to stop */

/* ---- descriptors (tracee_fd.c) ---- */

enum behind {
	BEHIND_UNKNOWN,		/* not looked at, or no descriptor */
	BEHIND_OTHER,
	BEHIND_SOCKET,
	BEHIND_EPOLL,
	BEHIND_OUT,		/* the program's standard output, */
	BEHIND_ERR,		/* error */
};

struct descriptor {
	enum behind is;
	bool watches;		/* EPOLL: a socket */
	struct sock_key *key;	/* SOCKET; owned; NULL: not read yet */
	bool stale;		/* key: its addresses may be others now */
};

/* A table of descriptors, of one process or of several that share it (CLONE_FILES). */
struct files {
	unsigned users;		/* threads */
	unsigned closing;	/* calls under way that close something while others may run: nothing is believed */
	struct descriptor *at;
	size_t count;
};

/* ---- threads and processes (tracee_task.c) ---- */

struct process {
	pid_t pid;
	uint32_t number;	/* of its first thread */
	unsigned threads;
	int pidfd;		/* -1: not opened yet */
	bool blind;		/* its calls do not stop: a 32-bit program */
	char comm[16];
};

/* What is known of a thread's switches of its processor (tracee_slept.c). */
struct sleep {
	int status_fd, runs_fd;	/* its files; -1: not open */
	long switches, runs;	/* voluntary ones, and how often it came to a processor, at the same moment; -1 unknown */
	long forced;		/* … and the switches of the process then that were not voluntary */
	long before;		/* at the entry of the call; -1 not counted */
	bool alone;		/* … of the whole process */
};

struct task {
	struct task *next;	/* in its slot */
	pid_t tid;
	uint32_t number;
	struct process *process;	/* NULL: its parent's word about it is still to come */
	struct files *files;
	char comm[16];
	bool named;		/* not as its process is */
	struct sleep sleep;
	bool stopped;		/* waits for the parent's word */
	bool forking;		/* is in fork, vfork or clone: */
	uint64_t clone_flags;

	/* The call that it is in. */
	bool in_call;		/* its return will stop it */
	bool reported;		/* as entered */
	bool interrupted;	/* … and it may go on or come back with EINTR */
	const struct plan *plan;
	long nr;
	uint64_t reg[6];
	uint64_t number_of_call;
	struct call_request request;	/* reported */
	struct sock_key closed;	/* key of what it closes */
	int stream;		/* it writes to the program's output */
	bool slept;
};

#define SLOTS	1024

struct watch {
	struct plans plans;
	struct ring *ring;
	int control;
	struct ttys ttys;
	pid_t aide;		/* 0 none */

	struct task *slot[SLOTS];
	size_t tasks;
	uint32_t numbers;	/* given to tasks */
	uint64_t calls;		/* numbers given */

	pid_t first;		/* the first process */
	bool started;		/* … is the program now */
	int child_error;	/* where it says why not; -1 */
	bool over;		/* … has ended: */
	bool killed;
	int status;

	bool attached;		/* to be let go at the end */
	bool every;		/* no filter: each call stops, twice */
	bool leaving;		/* the session wants an end */
	uint32_t noted;		/* bits: what was said once */

	struct thinning {
		int64_t waited_ns;	/* for room, since the ring was last nearly empty */
		bool on;
		uint64_t left_out;	/* calls */
	} thinning;

	uint8_t record[RING_RECORD];
	uint8_t text[TRACED_TEXT];
};

struct task *task_find(const struct watch *w, pid_t tid);
struct task *task_new(struct watch *w, pid_t tid);	/* without a process; ends the tracing process where there is no memory */

/* It is known now where it belongs: reports it.  maker: NULL for the first. */
void task_join(struct watch *w, struct task *t, const struct task *maker, uint64_t clone_flags, bool flags_known);
void task_end(struct watch *w, struct task *t, bool killed, int status);	/* reports, and frees it */
void task_forget(struct watch *w, struct task *t);	/* frees it without a word */
void task_read_comm(struct task *t);
struct peek task_memory(const struct task *t);

/* A number of proc(5)'s status of a thread, -1. */
long proc_status(pid_t tid, const char *field);
bool proc_has_ended(pid_t tid);	/* it is a zombie, or gone */

struct files *files_new(void);
struct files *files_share(struct files *f);
void files_release(struct files *f);
void files_flush(struct files *f);
void files_forget(struct files *f, int64_t fd);

/* What is behind a descriptor of a thread (which is stopped).  The answer may be kept. */
enum behind fd_behind(struct watch *w, struct task *t, int64_t fd);
bool fd_is_socket(struct watch *w, struct task *t, int64_t fd);
bool fd_watches_socket(struct watch *w, struct task *t, int64_t fd);
void fd_now_watches(struct watch *w, struct task *t, int64_t epfd);
void fd_is_stale(struct task *t, int64_t fd);

/* The key of the socket behind it; all zeros if it is none. */
struct sock_key fd_key(struct watch *w, struct task *t, int64_t fd);

/* ---- calls (tracee_call.c) ---- */

typedef struct __ptrace_syscall_info call_stop;	/* ptrace(2), PTRACE_GET_SYSCALL_INFO */

/* What wait4(2) said of a thread. */
struct stop {
	pid_t tid;
	int status;
	int64_t ts_ns;
	bool has_call;		/* call is known */
	call_stop call;
	struct rusage usage;	/* of its process */
};

/* Both resume the thread. */
void call_enter(struct watch *w, struct task *t, const struct stop *s);
void call_leave(struct watch *w, struct task *t, const struct stop *s);

/* Sends, receives or waits. */
bool call_carries_data(const struct call_request *r);

bool call_is_wanted(struct watch *w, struct task *t);

void sleep_init(struct sleep *s);
void sleep_fini(struct sleep *s);
void sleep_begins(struct task *t, const struct rusage *usage);	/* at the entry of a call that is reported */
bool sleep_ends(struct task *t, const struct rusage *usage);	/* at its return: whether it slept */

/* ---- stops (tracee_stop.c) ---- */

void stop_handle(struct watch *w, const struct stop *s);

/* Somebody's fork() or clone() is over: who waits for a parent's word goes on where nobody is left who could give it. */
void stop_adopt(struct watch *w);

/* Lets it run until the next stop that we need; sig is delivered. */
void task_resume(struct watch *w, struct task *t, int sig);

/* ---- the machine (tracee_regs.c) ---- */

int regs_skip_call(pid_t tid, int error);	/* at an entry: the call is not made, and fails with error */
int regs_set_first(pid_t tid, uint64_t value);	/* at an entry: the first argument */
bool regs_are_narrow(pid_t tid);		/* a 32-bit program */

/* ---- starting (tracee_start.c) ---- */

struct start_options {
	const char *name;
	const char *directory;	/* NULL: here */
	char **argv;		/* NULL-terminated */
	pid_t attach;		/* 0: start argv */
	bool plain;
};

/* The child waits for start_go(), then becomes the program.  0, or -1 and e. */
enum go { GO_UNFILTERED = 'u', GO_FILTERED = 'f' };	/* what is written to *go, so that it goes on */
int start_child(struct watch *w, const struct start_options *o, int *go, struct err *e);
int start_trace(struct watch *w, struct err *e);	/* -1: this machine does not let us */
int start_attach(struct watch *w, const struct start_options *o, struct err *e);

enum start_step { START_OK, START_TERMINAL, START_DIRECTORY, START_FILTER, START_EXEC };
struct start_failure {
	int32_t step, error;
};
/* What the child said before it ended; -1 if nothing. */
int start_failure(struct watch *w, const struct start_options *o, struct err *e);

/* ---- reports (tracee_tell.c) ---- */

void tracee_tell(struct watch *w, const struct traced *r);
bool tracee_has_room(struct watch *w);		/* for a call that may as well be left out */
void tracee_end_thinning(struct watch *w);	/* says how many were */
void tracee_started(struct watch *w, const struct err *e);	/* NULL: it has */
void tracee_output(struct watch *w, const struct task *t, int stream, int64_t ts_ns, const void *bytes, size_t len);

enum note {
	NOTE_URING, NOTE_NARROW, NOTE_TASKS, NOTE_SET_ID, NOTE_HIDDEN, NOTE_UNSEEN_OUTPUT, NOTE_THINNED, NOTE_PLAIN,
	NOTE_NO_FILTER, NOTE_TRACES, NOTE_USER,
};
#define NOTE_ALWAYS	(1u << NOTE_THINNED | 1u << NOTE_SET_ID)	/* not only once */
void tracee_note(struct watch *w, const struct task *t, enum note which, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* ---- the others ---- */

pid_t aide_start(struct watch *w);		/* 0: no memory for another process */
void aide_serve(struct watch *w) __attribute__((noreturn));

void plain_run(struct watch *w) __attribute__((noreturn));

#endif
