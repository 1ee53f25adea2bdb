/*
 * "socklens tracer CONTROL MEMORY BELL DIRECTORY PLAIN PID [COMMAND…]": three descriptors; the directory to run in, "" for
 * this one; whether not to trace; a process to attach to, 0: none.
 *
 * The process ends when nothing is left of what it traces, or when the session has closed the control socket:
 * then it kills what it started, or lets go what it attached to.  However it ends, the kernel kills what it
 * started (PTRACE_O_EXITKILL).
 */
#include "src/lab/tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "src/core/clock.h"

/* ---- the end ---- */

static void each_task(struct watch *w, void (*what)(struct watch *w, struct task *t))
{
	for (size_t i = 0; i < SLOTS; i++)
		for (struct task *t = w->slot[i]; t; t = t->next)
			what(w, t);
}

static void kill_task(struct watch *w, struct task *t)
{
	(void)w;
	(void)kill(t->tid, SIGKILL);
}

static void interrupt_task(struct watch *w, struct task *t)
{
	(void)w;
	(void)ptrace(PTRACE_INTERRUPT, t->tid, 0, 0);
	/* One that waits in its first stop would not stop once more. */
	if (t->stopped)
		(void)ptrace(PTRACE_CONT, t->tid, 0, 0);
}

/* A thread can be let go in a stop only. */
static void let_go(struct watch *w)
{
	int status;
	pid_t tid;

	each_task(w, interrupt_task);
	while (w->tasks && ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR)) {
		struct task *t = tid > 0 ? task_find(w, tid) : NULL;
		int sig = 0;

		if (!t)
			continue;
		if (WIFSTOPPED(status) && !(status >> 16) && WSTOPSIG(status) != (SIGTRAP | 0x80))
			sig = WSTOPSIG(status);
		if (WIFSTOPPED(status))
			(void)ptrace(PTRACE_DETACH, tid, 0, (long)sig);
		task_forget(w, t);
	}
}

/* ---- the loop ---- */

static void tell_end(struct watch *w)
{
	const struct traced r = { .kind = TRACED_END,
				  .ts_ns = clock_now_ns(),
				  .killed = w->killed,
				  .status = w->over ? w->status : -1 };

	tracee_end_thinning(w);
	tracee_tell(w, &r);
}

static void leave(struct watch *w)
{
	w->leaving = true;
	if (w->attached)
		let_go(w);
	else
		each_task(w, kill_task);
}

/*
 * The next thread that stopped or ended.  A stop is told a moment before the thread has given up its processor, and counts
 * as a voluntary switch only then.  The first request of ptrace(2) waits for that moment; so it comes before the
 * wait that takes the stop and has the count.
 */
static pid_t next_stop(struct stop *s)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | __WALL | WNOWAIT))
		return errno == EINTR ? 0 : -1;
	s->tid = info.si_pid;
	s->has_call = info.si_code == CLD_TRAPPED &&
		      ptrace(PTRACE_GET_SYSCALL_INFO, s->tid, sizeof(s->call), &s->call) > 0;
	if (wait4(s->tid, &s->status, __WALL | WNOHANG, &s->usage) <= 0)
		return 0;
	s->ts_ns = clock_now_ns();
	return s->tid;
}

static void run(struct watch *w)
{
	bool left = false;
	struct stop s;
	pid_t tid;

	while (w->tasks && (tid = next_stop(&s)) >= 0) {
		if (tid > 0 && tid != w->aide)
			stop_handle(w, &s);
		if (tid > 0 && tid == w->aide && !WIFSTOPPED(s.status))
			w->leaving = true;
		if (w->leaving && !left)
			leave(w);
		left = w->leaving;
	}
}

/* ---- the beginning ---- */

static void __attribute__((noreturn)) fail(struct watch *w, const struct err *e)
{
	tracee_started(w, e);
	_exit(EX_UNAVAILABLE);
}

static void finish(struct watch *w, const struct start_options *o)
{
	struct err e = { .code = 0 };

	if (!w->started && start_failure(w, o, &e) == 0)
		fail(w, &e);
	if (!w->started) {
		err_set(&e, NULL, "it ended before it could be executed");
		fail(w, &e);
	}
	tell_end(w);
	if (w->aide > 0)
		(void)kill(w->aide, SIGKILL);
}

static void go_on(int go, enum go go_how)
{
	char how = (char)go_how;

	(void)!write(go, &how, 1);
	close(go);
}

static void __attribute__((noreturn))
run_plain(struct watch *w, const struct start_options *o, int go, const struct err *why)
{
	STR_ON_STACK(text, 512);
	struct err e = { .code = 0 };

	if (why)
		err_text(why, &text);
	go_on(go, GO_UNFILTERED);
	/* The pipe ends with execve(), or says why not. */
	if (start_failure(w, o, &e) == 0)
		fail(w, &e);
	ttys_started(&w->ttys);
	tracee_started(w, NULL);
	if (why)
		tracee_note(w, NULL, NOTE_PLAIN, "its calls are not seen: %s", text.buf);
	plain_run(w);
}

static void run_command(struct watch *w, const struct start_options *o)
{
	struct err e = { .code = 0 };
	int go;

	if (ttys_open(&w->ttys, &e) || start_child(w, o, &go, &e))
		fail(w, &e);
	if (o->plain)
		run_plain(w, o, go, NULL);
	/* Nothing that it traces may trace it or read it. */
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (start_trace(w, &e))
		run_plain(w, o, go, &e);
	w->aide = aide_start(w);
	w->every = !filter_is_possible();
	if (w->every)
		tracee_note(
			w, NULL, NOTE_NO_FILTER,
			"filters of system calls (seccomp(2)) are forbidden here: each call of the "
			"program is stopped, which makes it slow");
	go_on(go, w->every ? GO_UNFILTERED : GO_FILTERED);
	run(w);
	finish(w, o);
}

static void run_attached(struct watch *w, const struct start_options *o)
{
	struct err e = { .code = 0 };

	(void)prctl(PR_SET_DUMPABLE, 0);
	if (start_attach(w, o, &e))
		fail(w, &e);
	w->aide = aide_start(w);
	tracee_started(w, NULL);
	run(w);
	tell_end(w);
	if (w->aide > 0)
		(void)kill(w->aide, SIGKILL);
}

static int number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return *end || end == text || n < 0 || n > INT32_MAX ? -1 : (int)n;
}

static void keep_to_us(int fd)
{
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int tracer_main(int argc, char **argv)
{
	struct watch *w = calloc(1, sizeof(*w));
	struct start_options o = { .argv = argv + 8 };

	if (argc < 8 || !w || number(argv[2]) < 0 || number(argv[3]) < 0 || number(argv[4]) < 0)
		_exit(EX_USAGE);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	w->control = number(argv[2]);
	w->ring = ring_open(number(argv[3]), number(argv[4]));
	w->child_error = -1;
	for (int i = 0; i < 3; i++)
		w->ttys.ours[i] = w->ttys.theirs[i] = -1;
	if (!w->ring)
		_exit(EX_OSERR);
	for (int i = 2; i < 5; i++)
		keep_to_us(number(argv[i]));
	o.directory = argv[5][0] ? argv[5] : NULL;
	o.plain = number(argv[6]) == 1;
	o.attach = (pid_t)number(argv[7]);
	plans_init(&w->plans);
	if (o.attach > 0)
		run_attached(w, &o);
	else if (argc > 8)
		run_command(w, &o);
	_exit(0);
}
