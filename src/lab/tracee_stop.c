/*
 * Stops of traced threads: which one it is, and what it asks for.
 *
 * A new thread's first stop and its maker's word about it come in any order.  Where the thread comes first it waits, if
 * somebody is just making one; else (its maker was killed, or is a 32-bit program, whose calls do not stop) proc(5)
 * says where it belongs.
 */
#include "src/lab/tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "src/core/str.h"

/* A thread that was killed meanwhile is not there any more: wait4() will say so. */
void task_resume(struct watch *w, struct task *t, int sig)
{
	bool to_return = t->in_call || w->every;

	(void)ptrace(to_return ? PTRACE_SYSCALL : PTRACE_CONT, t->tid, 0, (long)sig);
}

/* ---- new threads ---- */

static bool somebody_forks(const struct watch *w)
{
	for (size_t i = 0; i < SLOTS; i++)
		for (const struct task *t = w->slot[i]; t; t = t->next)
			if (t->forking)
				return true;
	return false;
}

static struct task *waiting_task(const struct watch *w)
{
	for (size_t i = 0; i < SLOTS; i++)
		for (struct task *t = w->slot[i]; t; t = t->next)
			if (t->stopped)
				return t;
	return NULL;
}

static void begin(struct watch *w, struct task *t)
{
	t->stopped = false;
	task_resume(w, t, 0);
}

void stop_adopt(struct watch *w)
{
	struct task *t;

	if (somebody_forks(w))
		return;
	while ((t = waiting_task(w))) {
		task_join(w, t, NULL, 0, false);
		begin(w, t);
	}
}

static void first_stop(struct watch *w, struct task *t)
{
	t->stopped = true;
	stop_adopt(w);
}

static void made_another(struct watch *w, struct task *t, int event)
{
	bool known = t->forking || event != PTRACE_EVENT_CLONE;
	unsigned long tid = 0;
	struct task *other;

	if (ptrace(PTRACE_GETEVENTMSG, t->tid, 0, &tid) == 0 && tid > 0) {
		other = task_find(w, (pid_t)tid);
		if (!other)
			other = task_new(w, (pid_t)tid);
		if (!other->process)
			task_join(w, other, t, t->forking ? t->clone_flags : 0, known);
		if (other->stopped)
			begin(w, other);
	}
	t->forking = false;
	stop_adopt(w);
	task_resume(w, t, 0);
}

/* ---- exec ---- */

static void end_others(struct watch *w, struct task *but)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct task *next;

		for (struct task *t = w->slot[i]; t; t = next) {
			next = t->next;
			if (t != but && t->process == but->process)
				task_end(w, t, false, 0);
		}
	}
}

#define NOBODY 65534 /* how users look that this user namespace does not have: user_namespaces(7) */

/* Who is nobody cannot tell its own files from those of users that are not here; the latter have such programs. */
static bool is_ours(unsigned owner, unsigned us)
{
	return owner == us && owner != NOBODY;
}

static void note_set_id(struct watch *w, const struct task *t)
{
	STR_ON_STACK(path, 64);
	struct stat st;
	bool caps;

	str_addf(&path, "/proc/%d/exe", t->tid);
	if (stat(path.buf, &st))
		return;
	caps = getxattr(path.buf, "security.capability", NULL, 0) > 0;
	if (!caps && !(st.st_mode & S_ISUID && !is_ours(st.st_uid, geteuid())) &&
	    !(st.st_mode & S_ISGID && st.st_mode & S_IXGRP && !is_ours(st.st_gid, getegid())))
		return;
	tracee_note(w, t, NOTE_SET_ID,
		    "%s is a set-user-ID program or has file capabilities: under a tracer it runs "
		    "without that privilege",
		    t->process->comm);
}

static void tell_exec(struct watch *w, const struct task *t, int64_t ts_ns)
{
	STR_ON_STACK(path, 64);
	struct traced r = { .kind = TRACED_EXEC,
			    .task = t->number,
			    .process = t->process->number,
			    .ts_ns = ts_ns,
			    .text = (char *)w->text };
	ssize_t len = -1;
	int fd;

	str_addf(&path, "/proc/%d/cmdline", t->tid);
	fd = open(path.buf, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, w->text, 4096);
		close(fd);
	}
	r.len = len > 0 ? (size_t)len : 0;
	while (r.len && !w->text[r.len - 1])
		r.len--;
	for (size_t i = 0; i < r.len; i++)
		if (!w->text[i])
			w->text[i] = ' ';
	tracee_tell(w, &r);
}

/* All other threads are gone, and the one that called it has the number of the first, and counts of its own. */
static void became(struct watch *w, struct task *t, int64_t ts_ns)
{
	end_others(w, t);
	call_request_fini(&t->request);
	memset(&t->request, 0, sizeof(t->request));
	t->in_call = t->reported = t->interrupted = t->forking = false;
	stop_adopt(w);
	files_release(t->files);
	t->files = files_new();
	t->sleep.switches = t->sleep.runs = -1;
	task_read_comm(t);
	t->process->blind = regs_are_narrow(t->tid);
	if (t->tid == w->first && !w->started)
		tracee_started(w, NULL);
	tell_exec(w, t, ts_ns);
	if (t->process->blind)
		tracee_note(w, t, NOTE_NARROW,
			    "%s is a 32-bit program: its calls and its output are not seen",
			    t->process->comm);
	note_set_id(w, t);
	task_resume(w, t, 0);
}

/* ---- calls, signals ---- */

static void stopped_in_call(struct watch *w, struct task *t, const struct stop *s)
{
	if (!s->has_call || s->call.op == PTRACE_SYSCALL_INFO_NONE)
		task_resume(w, t, 0);
	else if (s->call.op == PTRACE_SYSCALL_INFO_EXIT)
		call_leave(w, t, s);
	else
		call_enter(w, t, s);
}

/* Stopped by a signal (and to stay so), or a thread's first stop, or one that we asked for. */
static void group_stop(struct watch *w, struct task *t, int sig)
{
	if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)
		(void)ptrace(PTRACE_LISTEN, t->tid, 0, 0);
	else
		task_resume(w, t, 0);
}

static void stopped(struct watch *w, struct task *t, const struct stop *s)
{
	int sig = WSTOPSIG(s->status), event = s->status >> 16;

	if (event == PTRACE_EVENT_SECCOMP || (!event && sig == (SIGTRAP | 0x80)))
		stopped_in_call(w, t, s);
	else if (event == PTRACE_EVENT_STOP)
		group_stop(w, t, sig);
	else if (event == PTRACE_EVENT_EXEC)
		became(w, t, s->ts_ns);
	else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		 event == PTRACE_EVENT_CLONE)
		made_another(w, t, event);
	else
		task_resume(w, t, event ? 0 : sig);
}

/* ---- ends ---- */

static void ended(struct watch *w, struct task *t, int status)
{
	bool killed = WIFSIGNALED(status), forked = t->forking;

	status = killed ? WTERMSIG(status) : WEXITSTATUS(status);
	if (t->tid == w->first) {
		w->over = true;
		w->killed = killed;
		w->status = status;
	}
	task_end(w, t, killed, status);
	if (forked)
		stop_adopt(w);
}

void stop_handle(struct watch *w, const struct stop *s)
{
	struct task *t = task_find(w, s->tid);

	if (!WIFSTOPPED(s->status)) {
		if (t)
			ended(w, t, s->status);
		return;
	}
	if (!t)
		t = task_new(w, s->tid);
	if (!t->process)
		first_stop(w, t);
	else
		stopped(w, t, s);
}
