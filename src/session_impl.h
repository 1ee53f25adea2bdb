/*
 * session_impl: what the parts of the session share.  session.c: life, polling, the trace, the wire;
 * session_program.c: programs, threads, variables; session_call.c: calls on their way; session_own.c,
 * session_traced.c: programs of the user, and what their tracers report; session_output.c: what they print;
 * session_attach.c: one that runs already; session_files.c: which socket a descriptor names; session_socket.c:
 * which program's descriptor a kernel socket belongs to; session_local.c: what passes between them without a packet.
 */
#ifndef SOCKLENS_SESSION_IMPL_H
#define SOCKLENS_SESSION_IMPL_H

#include "src/lab/program.h"
#include "src/lab/tracer.h"
#include "src/localhost.h"
#include "src/session.h"

#define CALLS_KEPT	256	/* a power of two */
#define THREADS_MAX	8	/* of a built-in program */
#define VARIABLES_MAX	64
#define DESCRIPTORS_MAX	65536	/* of a process; what is beyond is not followed */
#define SESSION_AGAIN	600	/* bytes of how to start again */
#define OUTPUT_LINE	1024	/* bytes of a printed line; the rest of it is cut */

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

struct call_record {
	uint64_t number;	/* 0: free */
	size_t actor;
	uint32_t thread;
	uint32_t process;	/* whose descriptors it is about: number of its first thread */
	enum call_progress progress;
	char assign[32], assign_second[32];
	int64_t entered_ns;
	struct call_request request;
	struct call_outcome outcome;
};

struct task {			/* a thread of a user's own program that runs */
	uint32_t number, process;	/* as the tracer has them */
	uint32_t lane;		/* as events have it: numbered as they first have something to do with sockets */
	bool told;		/* … which it had */
	char *command;		/* of a process: its command line, if execve(2) made it another one since; owned */
	pid_t tid;
	char name[EVENT_NAME];	/* "" as its process */
	uint64_t tracer_number;	/* the tracer's of the call it is in */
	struct call_record call;	/* … number 0: it is in none */
};

struct descriptor {
	uint64_t cookie;	/* of the socket that it names, or named last; 0 none */
	bool open;		/* it still does */
	bool till_exec;		/* close-on-exec */
};

struct files {			/* the descriptors of a process */
	uint32_t process;
	struct descriptor *at;
	size_t count;
};

struct output {			/* a line that is not whole yet */
	char bytes[OUTPUT_LINE];
	size_t len;
	bool cut;
	bool cr;		/* a carriage return came last */
	uint32_t lane;
	int64_t ts_ns, due_ns;	/* of its last bytes; when it is shown as it is: CLOCK_MONOTONIC, INT64_MAX never */
};

struct actor {			/* a program of the session, alive or gone */
	char name[EVENT_NAME];
	uint8_t host;
	struct program *process;	/* a built-in one */
	struct tracer *tracer;		/* a user's own; both NULL: gone */
	bool used;			/* a built-in one that was given something to do */
	struct thread thread[THREADS_MAX];
	uint32_t threads;
	struct variable variable[VARIABLES_MAX];
	size_t variables;
	struct files *files;
	size_t files_count, files_cap;
	struct localhost localhost;	/* what it was seen to do with such addresses */

	/* Of a user's own: */
	bool own;
	bool attached;			/* it ran before: it is let go, not ended */
	char command[256];
	char words[512];		/* the same, as execve(2) took it */
	struct task *task;
	size_t tasks, tasks_cap;
	bool behind;			/* reports of it wait that are younger than … */
	int64_t reported_ns;		/* … the last one of a call */
	bool fast;			/* they come faster than they are taken in: data calls' sockets are not looked at … */
	bool fast_told;			/* … which was said */
	struct sock_key unsampled;	/* the last one of them; cookie 0: none */
	uint64_t unsampled_by;
	uint32_t lanes;			/* given to tasks so far */
	struct output output[2];	/* standard output, standard error */
	int64_t window_ns;		/* CLOCK_MONOTONIC: the second in which so many … */
	uint32_t lines;			/* … lines came, */
	uint64_t unkept;		/* … and so many more, */
	int64_t unkept_ns;		/* the last one then */
	bool ended;			/* its first process has, so: */
	bool killed;
	int status;
};

struct owned_socket {		/* a kernel socket that may still change */
	uint8_t host;
	uint64_t cookie;
	size_t actor;		/* SIZE_MAX: of no program yet */
	uint32_t process, lane;	/* of it; 0 of a built-in one */
	int fd;			/* the first of its descriptors; -1: not open in it (any more) */
	int was_fd;		/* before it last changed */
	bool sampled;
	struct sock_key key;	/* cookie and family, for looking again when its program dies */
	struct sock_sample last;
	int64_t last_ns;	/* when it was taken */
	int64_t owned_ns;	/* when its descriptor last changed, */
	uint64_t owned_by;	/* by which call */
	int64_t said_ns;	/* time of the STATE that said so; 0: none did */
};

#define COUNTED_TEXT	1024

struct counted {		/* what a host counted because of a packet that is about to come */
	bool waits;
	struct event ev;	/* COUNTERS */
	char changes[COUNTED_TEXT];
};

struct listening;
struct local;

struct session {
	struct trace *trace;
	struct lab *lab;
	struct wire *wire;
	struct overhear *overhear;	/* of a program that ran before; NULL: its packets are not captured */
	uint64_t overheard;		/* packets of it so far */
	struct sides *sides;	/* of one host; NULL: there are two */
	struct counted counted;
	struct listening *listening;	/* opened when it is asked for first; NULL */
	struct local *local;	/* what passes inside one kernel */
	struct diag *diag;	/* to ask about sockets where there is no wire to do it; NULL */
	struct actor actor[SESSION_PROGRAMS];
	size_t actors;
	struct call_record call[CALLS_KEPT];	/* of built-in programs */
	struct call_record traced[CALLS_KEPT];	/* those of others that came back */
	uint64_t calls;		/* numbers given so far */
	struct owned_socket *socket;
	size_t sockets, sockets_cap;
	int64_t flush_due, sync_due;	/* CLOCK_MONOTONIC ns; INT64_MAX: nothing to write */
	struct err trouble;
	bool troubled;
	char again[SESSION_AGAIN];	/* how to start on one host */
	bool grown;
	bool more;		/* the wire has more events than one turn takes */
	bool more_reports;	/* a user's own program has */
};

/* Appends an event with its line for people; a failure becomes the session's trouble. */
void session_append(struct session *s, struct event *ev);

struct session *session_empty(struct err *e);

/* Has a socket looked at after a call.  A STATE follows if it has changed. */
void session_sample(struct session *s, uint8_t host, const struct sock_key *key, uint64_t call);

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
void call_record_fini(struct call_record *r);
void calls_on_report(struct session *s, size_t actor, struct program_report *r);
void calls_start_next(struct session *s, size_t actor, uint32_t thread);
void calls_die(struct session *s, size_t actor);	/* its program is gone */

/* What a call did to descriptors. */
struct call_sockets {
	int64_t ts_ns;
	struct sock_key sock, made, made_second;	/* cookie 0: none */
	int second;		/* descriptor of made_second */
};

/* A call was entered (r has its request); it came back (r has its outcome). */
void call_entered(struct session *s, struct call_record *r, int64_t ts_ns);
void call_left(struct session *s, const struct call_record *r, const struct call_sockets *k);

/* ---- causes ---- */

/* COUNTERS; a PACKET, of which they may tell: its block says why it left. */
void causes_on_counters(struct session *s, struct event *ev);
void causes_on_packet(struct session *s, struct event *ev);

/* ---- programs ---- */

static inline bool actor_runs(const struct actor *a)
{
	return a->process || a->tracer;
}

/* Starts one: its number, or -1; it may be used when actor_ready() has waited for it. */
int actor_launch(struct session *s, const char *name, const char *host, bool as_root, struct err *e);
int actor_ready(struct session *s, size_t actor, struct err *e);
/* One of a host's name that has not been started. */
void actor_reserve(struct session *s, uint8_t host);
struct actor *actor_for(struct session *s, const char *name, bool replace, struct err *e);	/* a place for it; NULL */
void actor_fini(struct actor *a);	/* ends it, too */
const char *actor_thread_name(const struct actor *a, uint32_t thread);	/* "": it has none of its own */

struct event_program;
void actor_append(struct session *s, const struct actor *a, uint32_t thread, int64_t ts_ns, const struct event_program *p);

void actors_work(struct session *s);
bool actors_retry_interrupts(struct session *s);	/* true: some are still needed */
void variable_set(struct actor *a, const char *name, int64_t value);
void variable_expect(struct actor *a, const char *name, uint64_t call);
void variable_unexpect(struct actor *a, uint64_t call);	/* that call will not set it */

/* ---- programs of the user ---- */
void traced_work(struct session *s, size_t actor);
void traced_kill(struct session *s, size_t actor);	/* it and all that it started */
struct task *traced_task(const struct actor *a, uint32_t number);	/* NULL: there is none (any more) */
struct task *traced_lane(const struct actor *a, uint32_t lane);	/* the same by the number that events have */
struct call_record *traced_call(struct session *s, uint64_t number);	/* that has not come back; NULL */

void traced_drop(struct actor *a, struct task *t);
/* Takes the tracer for a (the place behind the last actor, or one of them). */
void traced_begin(struct session *s, struct actor *a, struct tracer *t, const struct tracer_command *c,
		  const char *command, int64_t ts_ns);

/* ---- what they print ---- */
void output_add(struct session *s, size_t actor, int stream, uint32_t lane, int64_t ts_ns, const char *bytes, size_t len);
void output_work(struct session *s, size_t actor, bool all);	/* shows what waits too long; all of it */
int64_t output_due(const struct actor *a);	/* CLOCK_MONOTONIC; INT64_MAX */

/* ---- descriptors ---- */
struct files *files_of(const struct actor *a, uint32_t process);	/* NULL */
const struct descriptor *files_at(const struct actor *a, uint32_t process, int fd);	/* NULL: nothing is known of it */
struct descriptor *files_make(struct actor *a, uint32_t process, int fd);	/* NULL: no room */
void files_fork(struct actor *a, uint32_t from, uint32_t to);
void files_drop(struct actor *a, uint32_t process);
void files_fini(struct actor *a);

/* The lowest descriptor by which a program can name a socket: its first process that has one.  -1: there is none. */
int files_name(const struct actor *a, uint64_t cookie, uint32_t *process);

/* ---- sockets ---- */
void sockets_on_state(struct session *s, struct event *ev);	/* completes it with program and descriptor, and appends it */
/* call: number of the call that did it; ts_ns: when it returned. */
void sockets_own(struct session *s, size_t actor, uint32_t process, int fd, const struct sock_key *key, uint64_t call,
		 int64_t ts_ns);
void sockets_disown(struct session *s, size_t actor, uint32_t process, int fd, uint64_t call, int64_t ts_ns);
void sockets_die(struct session *s, size_t actor);		/* all of a program that is gone */
void sockets_end(struct session *s, size_t actor, uint32_t process, int64_t ts_ns);	/* all of a process that is gone */
void sockets_exec(struct session *s, size_t actor, uint32_t process, int64_t ts_ns);	/* those that are closed by it */
const struct sock_sample *sockets_last(struct session *s, uint8_t host, uint64_t cookie);	/* NULL: none yet */
bool sockets_listen(const struct session *s, size_t actor);	/* one of them waits for peers */
/* Ports of its host, on which a socket waits for peers that no other program is known to have. */
size_t sockets_ports_beside(struct session *s, size_t actor);

/* The key of a descriptor's socket, as it was noted last; NULL. */
const struct sock_key *sockets_key(struct session *s, size_t actor, uint32_t process, int fd);

/* ---- what passes inside one kernel (session_local.c) ---- */
int session_local_init(struct session *s, struct err *e);
void session_local_fini(struct session *s);
/* A call came back: what it moved.  Texts are good until the next one does. */
struct event_local session_local(struct session *s, const struct call_record *r, const struct call_sockets *k);

/* ---- a program that ran before (session_attach.c) ---- */
void attached_work(struct session *s);	/* its packets */

#endif
