/*
 * session_impl: what the parts of the session share.  session.c: life, polling, the trace, the wire;
 * session_program.c: programs, threads, variables; session_call.c: calls on their way; session_socket.c:
 * which program's descriptor a kernel socket belongs to.
 */
#ifndef SOCKLENS_SESSION_IMPL_H
#define SOCKLENS_SESSION_IMPL_H

#include "src/lab/program.h"
#include "src/session.h"

#define CALLS_KEPT	256	/* a power of two */
#define THREADS_MAX	8
#define VARIABLES_MAX	64
#define DESCRIPTORS_MAX	1024	/* of a program: RLIMIT_NOFILE's usual value */

struct variable {
	char name[32];
	int64_t value;
	bool known;
	uint64_t pending;	/* the call that will set it; 0 none */
};

struct thread {
	char name[EVENT_NAME];
	uint64_t current;	/* number of the call it is in; 0: idle */
	uint64_t interrupt;	/* the call that is to be interrupted; 0: none */
};

struct actor {			/* a program of the session, alive or gone */
	char name[EVENT_NAME];
	uint8_t host;
	struct program *process;	/* NULL: gone */
	struct thread thread[THREADS_MAX];
	uint32_t threads;
	struct variable variable[VARIABLES_MAX];
	size_t variables;
	uint64_t cookie[DESCRIPTORS_MAX];	/* of the socket that a descriptor names, or named last; 0 none */
	bool open[DESCRIPTORS_MAX];		/* … and whether it still does */
};

struct call_record {
	uint64_t number;	/* 0: free */
	size_t actor;
	uint32_t thread;
	enum call_progress progress;
	char assign[32];
	int64_t entered_ns;
	struct call_request request;
	struct call_outcome outcome;
};

struct owned_socket {		/* a kernel socket that may still change */
	uint8_t host;
	uint64_t cookie;
	size_t actor;		/* SIZE_MAX: of no program yet */
	int fd;			/* the first of its descriptors; -1: not open in it (any more) */
	bool sampled;
	struct sock_key key;	/* cookie and family, for looking again when its program dies */
	struct sock_sample last;
	int64_t last_ns;	/* when it was taken */
	int64_t owned_ns;	/* when its descriptor last changed, */
	uint64_t owned_by;	/* by which call */
	int64_t said_ns;	/* time of the STATE that said so; 0: none did */
};

struct session {
	struct trace *trace;
	struct lab *lab;
	struct wire *wire;
	struct sides *sides;	/* of one host; NULL: there are two */
	struct actor actor[SESSION_PROGRAMS];
	size_t actors;
	struct call_record call[CALLS_KEPT];
	uint64_t calls;		/* numbers given so far */
	struct owned_socket *socket;
	size_t sockets, sockets_cap;
	int64_t flush_due, sync_due;	/* CLOCK_MONOTONIC ns; INT64_MAX: nothing to write */
	struct err trouble;
	bool troubled;
	bool grown;
	bool more;		/* the wire has more events than one turn takes */
};

/* Appends an event with its line for people; a failure becomes the session's trouble. */
void session_append(struct session *s, struct event *ev);

/* Says what went wrong to whoever asks next (session_trouble). */
void session_set_trouble(struct session *s, const struct err *e);

/* What the person or the lab file did.  target may be NULL; status: of the wire, NULL where it has none. */
void session_append_command(struct session *s, int64_t ts_ns, const char *target, const char *text, const char *status);

/* What a recording cannot do; what a program that has ended cannot do.  Return -1. */
int session_not_live(struct err *e);
int session_not_running(const struct session *s, size_t actor, struct err *e);

/* ---- calls ---- */
void calls_fini(struct session *s);
struct call_record *call_record(struct session *s, uint64_t number);	/* NULL: unknown */
void calls_on_report(struct session *s, size_t actor, struct program_report *r);
void calls_start_next(struct session *s, size_t actor, uint32_t thread);
void calls_die(struct session *s, size_t actor);	/* its program is gone */

/* ---- programs ---- */

/* Starts one: its number, or -1; it may be used when actor_ready() has waited for it. */
int actor_launch(struct session *s, const char *name, const char *host, struct err *e);
int actor_ready(struct session *s, size_t actor, struct err *e);

void actors_work(struct session *s);
bool actors_retry_interrupts(struct session *s);	/* true: some are still needed */
void variable_set(struct actor *a, const char *name, int64_t value);
void variable_expect(struct actor *a, const char *name, uint64_t call);
void variable_unexpect(struct actor *a, uint64_t call);	/* that call will not set it */

/* ---- sockets ---- */
void sockets_on_state(struct session *s, struct event *ev);	/* completes it with program and descriptor, and appends it */
/* call: number of the call that did it; ts_ns: when it returned. */
void sockets_own(struct session *s, size_t actor, int fd, const struct sock_key *key, uint64_t call, int64_t ts_ns);
void sockets_disown(struct session *s, size_t actor, int fd, uint64_t call, int64_t ts_ns);
void sockets_die(struct session *s, size_t actor);		/* all of a program that is gone */

#endif
