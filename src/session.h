/*
 * session: a lab with its programs and its trace, or a trace alone.  It decides what happens: takes
 * commands, gives calls to programs and orders to the wire, and appends what they report to the trace.
 *
 * It never blocks: session_fds() says what to poll for, session_work() does what is there to do.
 */
#ifndef SOCKLENS_SESSION_H
#define SOCKLENS_SESSION_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/core/call.h"
#include "src/core/err.h"
#include "src/lab/wire.h"

struct session;

struct session_config {
	const char *record;	/* -w FILE; NULL: a spool file */
	bool *record_failed;	/* receives whether it is the file that cannot be made, not the lab; may be NULL */
	bool sample;		/* normally true */
	bool idle[2];		/* no built-in program for the client, for the server: session_run() will give it one */
	bool loopback;		/* one host: both programs on lo, which takes no orders */
	const char *again;	/* what is said to programs that want one host and have two; NULL: "start again with --loopback" */
};

/* A lab of a client and a server, each with a program of its name. */
struct session *session_new_lab(const struct session_config *c, struct err *e);

/* A program that runs already, by its process: its calls, and the states of its sockets; no lab.  It is let go at the end. */
struct session *session_new_attached(const struct session_config *c, int pid, struct err *e);

/* A recording: no lab; calls and wire commands are refused with a clear word. */
struct session *session_new_file(const char *path, struct err *e);

/*
 * The same, without waiting for all of it: session_work() reads on, a few milliseconds at a time.  What was wrong
 * with the file is told by session_trouble() when all is there.
 */
struct session *session_start_file(const char *path, const struct trace_options *o, struct err *e);

void session_free(struct session *s);		/* ends the programs, the wire, the lab; closes the trace */

struct trace *session_trace(struct session *s);
bool session_is_live(const struct session *s);	/* there is a lab */

/* Fills up to max pollfds; returns how many.  *timeout_ms: at most this long (-1: for ever). */
size_t session_fds(struct session *s, struct pollfd *fds, size_t max, int *timeout_ms);

/* Does all that is there to do now.  True if the trace has grown. */
bool session_work(struct session *s);

/* The first error that the session survived since the last call (a full disk, …): true and e filled. */
bool session_trouble(struct session *s, struct err *e);

/* ---- programs ---- */

#define SESSION_PROGRAMS	16

size_t session_programs(const struct session *s);
const char *session_program_name(const struct session *s, size_t program);
int session_program_find(const struct session *s, const char *name, size_t len, uint32_t *thread);	/* by program's or thread's name; -1 */

/*
 * Gives a call to a thread of a program.  assign: name of the variable that receives the result, "" if
 * none.  Waits its turn if the thread is in a call.  The request is taken over.  Returns the call's number (for
 * session_call_state), 0 on error.
 */
uint64_t session_call(struct session *s, size_t program, uint32_t thread, struct call_request *r,
		      const char *assign, struct err *e);

/* The call, which has just been given, makes two descriptors: the second goes to this variable. */
void session_call_second(struct session *s, uint64_t number, const char *assign);

enum call_progress {
	CALL_UNKNOWN,
	CALL_WAITING,		/* behind another call of its thread */
	CALL_ENTERED,		/* reported as entered */
	CALL_ASLEEP,		/* entered, and its thread sleeps in the kernel */
	CALL_RETURNED,
	CALL_DIED,		/* its program is gone */
};
enum call_progress session_call_progress(struct session *s, uint64_t number);

/* The call that a thread is in; 0: it is idle. */
uint64_t session_thread_call(const struct session *s, size_t program, uint32_t thread);

/* What a returned call gave; NULL if it has not returned (or long ago: the last 256 are kept).  Borrowed until the next session_work(). */
const struct call_outcome *session_call_outcome(struct session *s, uint64_t number);
const struct call_request *session_call_request(struct session *s, uint64_t number);

/* A program's variable: its descriptor, or -1 if there is none of that name.  pending: it will be set by a call that has not returned. */
int64_t session_variable(const struct session *s, size_t program, const char *name, size_t len, bool *known, bool *pending);
uint64_t session_variable_call(const struct session *s, size_t program, const char *name);	/* that will set it; 0: none */
size_t session_variables(const struct session *s, size_t program);	/* for completion */
const char *session_variable_name(const struct session *s, size_t program, size_t i);

int session_interrupt(struct session *s, size_t program, uint32_t thread, struct err *e);
int session_kill(struct session *s, size_t program, struct err *e);
int session_thread(struct session *s, size_t program, const char *name, struct err *e);	/* adds one */
int session_program(struct session *s, const char *name, const char *host, struct err *e);	/* adds one; restarts one that is gone */
int session_program_as_root(struct session *s, const char *name, const char *host, struct err *e);	/* … that has the lab's privileges */

/* ---- programs of the user ---- */

/*
 * Starts a command on a host, traced (lab/tracer.h), under a name: a new one, that of a program that is gone, or that of
 * a built-in one that was given nothing to do yet.
 */
int session_run(struct session *s, const char *name, const char *host, const char *command, struct err *e);

/* Types a line to it; NULL: the end of its input. */
int session_input(struct session *s, size_t program, const char *text, struct err *e);

/* Some program met an address of its own host in a lab of two, and a note said so. */
bool session_met_loopback(const struct session *s);

bool session_is_own(const struct session *s, size_t program);	/* it is such a program, running or gone */
bool session_runs(const struct session *s, size_t program);	/* of either kind: it has not ended */
/*
 * One of its sockets waits for peers: LISTEN, or bound UDP.  By its calls; or, since not all calls of all programs are
 * seen, by what the kernel has: as many ports that nobody else is known to have as there are such programs on its host.
 */
bool session_listens(struct session *s, size_t program);

/* Whether it has ended, with all its processes; and how its first one did. */
bool session_ended(const struct session *s, size_t program, bool *killed, int *status);

/* Ends those that still run: SIGTERM, and those that are there after limit_ms by SIGKILL. */
void session_end_programs(struct session *s, int limit_ms);

/* ---- the wire ---- */

/* text: the command as given, for the COMMAND event. */
int session_wire(struct session *s, const struct wire_order *o, const char *text, struct err *e);

/* ---- notes and the file ---- */

int session_note(struct session *s, enum note_kind kind, const char *text, struct err *e);
int session_save(struct session *s, const char *path, struct err *e);

/* ---- what is true now ---- */

int session_host(const struct session *s, const char *name, struct err *e);	/* its number; -1 */

/* The socket (index for trace_socket) behind a program's descriptor now or, if it is closed, last; -1. */
int session_socket_of(const struct session *s, size_t program, int fd);

/* The time up to which all that programs of the user reported has been taken in; INT64_MAX: nothing waits. */
int64_t session_settled_ns(const struct session *s);

/* Waits (bounded) until all that has left the kernel so far is in the trace.  For scripts, between steps. */
void session_ask_counters(struct session *s);	/* what has grown is in the trace soon */
void session_settle(struct session *s);

#endif
