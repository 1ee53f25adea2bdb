/*
 * The session's side.  All that it knows of the program comes through the ring, from a process that traces
 * anybody's programs, so it is checked: numbers of threads come one after the other, a call that returns was
 * entered.  What does not fit is not shown.
 *
 * The control socket carries how the start went, one way, and what is typed, the other; its end tells either side
 * that the other is gone.
 */
#include "src/lab/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/core/clock.h"
#include "src/core/safe.h"
#include "src/lab/ring.h"
#include "src/lab/space.h"
#include "src/lab/thread_state.h"
#include "src/lab/traced.h"
#include "src/lab/ttys.h"

#define START_MS 20000 /* for a program to start, on a busy machine */
#define END_MS	 5000 /* for everything to end before it is made to */

struct thread {
	pid_t tid;
	bool in_call;
};

struct tracer {
	char name[EVENT_NAME];
	pid_t watcher; /* the tracing process; 0: reaped */
	pid_t pid;
	int control;
	struct ring *ring;
	bool attached;
	bool ended; /* TRACED_END was given */
	struct thread *thread;
	size_t threads, room;
	uint8_t record[RING_RECORD];
};

/* ---- starting ---- */

/* The numbers of its descriptors, its directory, and then the command. */
struct line {
	char number[4][16];
	char **argv;
};

static void put_number(struct line *l, size_t i, int64_t value)
{
	struct str s = str_on(l->number[i], sizeof(l->number[i]));

	str_addf(&s, "%lld", (long long)value);
}

static int line_init(struct line *l, const struct tracer *t, int far,
		     const struct tracer_command *c, pid_t attach)
{
	const char *const directory = c && c->directory ? c->directory : "";
	size_t count = 0;

	while (c && c->argv[count])
		count++;
	l->argv = calloc(8 + count + 1, sizeof(*l->argv));
	if (!l->argv)
		return -1;
	put_number(l, 0, far);
	put_number(l, 1, ring_memory_fd(t->ring));
	put_number(l, 2, ring_bell_fd(t->ring));
	put_number(l, 3, attach);
	memcpy(l->argv,
	       (const char *[]){ "socklens", "tracer", l->number[0], l->number[1], l->number[2],
				 directory, c && c->plain ? "1" : "0", l->number[3] },
	       8 * sizeof(*l->argv));
	for (size_t i = 0; i < count; i++)
		l->argv[8 + i] = (char *)(uintptr_t)c->argv[i];
	return 0;
}

/* Outside of any lab: the process is as we are.  Between fork() and execve() it makes system calls only. */
static pid_t spawn_here(char **argv, const int *keep, size_t keeps, struct err *e)
{
	pid_t parent = getpid(), pid;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0) {
		struct sigaction plain = { .sa_handler = SIG_DFL };
		int null = open("/dev/null", O_RDWR);

		for (int sig = 1; sig < NSIG; sig++)
			(void)sigaction(sig, &plain, NULL);
		sigemptyset(&all);
		(void)sigprocmask(SIG_SETMASK, &all, NULL);
		(void)setsid();
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int fd = 0; fd < 3 && null >= 0; fd++)
			(void)dup2(null, fd);
		(void)syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
		for (size_t i = 0; i < keeps; i++)
			(void)fcntl(keep[i], F_SETFD, 0);
		if (getppid() == parent)
			execv("/proc/self/exe", argv);
		_exit(127);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		err_errno(e, errno, NULL, "fork");
	return pid;
}

static pid_t spawn(const struct tracer *t, const struct lab *l, const struct tracer_command *c,
		   pid_t attach, int far, struct err *e)
{
	int keep[] = { far, ring_memory_fd(t->ring), ring_bell_fd(t->ring) };
	struct line line;
	pid_t pid;

	if (line_init(&line, t, far, c, attach))
		return err_set(e, NULL, "out of memory");
	if (l) {
		struct space_child child = {
			.netns_fd = l->host[c->host].netns_fd,
			.hostname = l->host[c->host].hostname,
			.hosts = l->hosts_file,
			.dir_fd = -1,
			.path = "/proc/self/exe",
			.argv = line.argv,
			.keep = keep,
			.keeps = 3,
			.stdio = -1,
		};

		pid = space_spawn(&child, e);
	} else {
		pid = spawn_here(line.argv, keep, 3, e);
	}
	free(line.argv);
	return pid;
}

/* What it says once it has started, or cannot. */
static int hear_start(struct tracer *t, struct err *e)
{
	struct pollfd answer = { .fd = t->control, .events = POLLIN };
	struct traced_start s;
	ssize_t len;
	int n;

	do
		n = poll(&answer, 1, START_MS);
	while (n < 0 && errno == EINTR);
	len = n > 0 ? recv(t->control, &s, sizeof(s), MSG_DONTWAIT) : -1;
	if (n == 0)
		return err_set(e, NULL, "%s does not start", t->name);
	if (len != sizeof(s))
		return err_set(e, NULL, "%s: the tracing process ended", t->name);
	t->pid = s.pid;
	if (s.started)
		return 0;
	s.err.what[sizeof(s.err.what) - 1] = s.err.hint[sizeof(s.err.hint) - 1] = '\0';
	err_set(e, s.err.hint[0] ? s.err.hint : NULL, "%s", s.err.what);
	if (e)
		e->code = s.err.code;
	return -1;
}

static struct tracer *tracer_new(const char *name, struct err *e)
{
	struct tracer *t = calloc(1, sizeof(*t));

	if (!t) {
		err_set(e, NULL, "out of memory");
		return NULL;
	}
	str_copy(t->name, sizeof(t->name), name);
	t->control = -1;
	t->ring = ring_new(e);
	if (t->ring)
		return t;
	free(t);
	return NULL;
}

static struct tracer *start(const struct lab *l, const struct tracer_command *c, pid_t attach,
			    const char *name, struct err *e)
{
	struct tracer *t = tracer_new(name, e);
	int ends[2];

	if (!t)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		err_errno(e, errno, NULL, "create a control socket");
		tracer_free(t);
		return NULL;
	}
	t->control = ends[0];
	t->attached = attach > 0;
	t->watcher = spawn(t, l, c, attach, ends[1], e);
	close(ends[1]);
	if (t->watcher > 0 && hear_start(t, e) == 0)
		return t;
	if (t->watcher < 0)
		t->watcher = 0;
	tracer_free(t);
	return NULL;
}

struct tracer *tracer_start(const struct lab *l, const struct tracer_command *c, struct err *e)
{
	if (!c->argv || !c->argv[0] || !c->argv[0][0]) {
		err_set(e, NULL, "there is no command to start");
		return NULL;
	}
	return start(l, c, 0, c->name, e);
}

struct tracer *tracer_attach(pid_t pid, const char *name, struct err *e)
{
	if (pid <= 0) {
		err_set(e, "ps lists them", "%d is no process", (int)pid);
		return NULL;
	}
	return start(NULL, NULL, pid, name, e);
}

/* ---- ending ---- */

static bool reap(struct tracer *t, int flags)
{
	pid_t pid = t->watcher > 0 ? waitpid(t->watcher, NULL, flags) : 0;

	if (pid == t->watcher || (pid < 0 && errno == ECHILD))
		t->watcher = 0;
	return t->watcher == 0;
}

/* The end of the control socket asks for it; the aide may have it too, and its end makes it certain. */
static void end_watcher(struct tracer *t)
{
	int64_t until = clock_monotonic_ns() + END_MS * NS_PER_MS;
	struct timespec moment = { .tv_nsec = 200 * NS_PER_US };

	shutdown(t->control, SHUT_RDWR);
	while (!reap(t, WNOHANG)) {
		if (clock_monotonic_ns() > until && t->watcher > 0) {
			kill(t->watcher, SIGKILL);
			reap(t, 0);
			return;
		}
		nanosleep(&moment, NULL);
		if (moment.tv_nsec < 10 * NS_PER_MS)
			moment.tv_nsec *= 2;
	}
}

void tracer_free(struct tracer *t)
{
	if (!t)
		return;
	if (t->watcher > 0)
		end_watcher(t);
	if (t->control >= 0)
		close(t->control);
	ring_free(t->ring);
	free(t->thread);
	free(t);
}

pid_t tracer_pid(const struct tracer *t)
{
	return t->pid;
}

/* ---- orders ---- */

static int has_ended(const struct tracer *t, struct err *e)
{
	return err_set(e, NULL, "the program %s has ended", t->name);
}

int tracer_input(struct tracer *t, const void *bytes, size_t len, struct err *e)
{
	char message[TTYS_LINE + 1] = { 0 };
	ssize_t sent;

	if (t->attached)
		return err_set(e, "type it where it was started",
			       "the standard input of %s is not ours", t->name);
	if (t->ended)
		return has_ended(t, e);
	if (len > TTYS_LINE)
		return err_set(e, NULL, "a line of %zu bytes is too long: a terminal takes %d", len,
			       TTYS_LINE);
	if (len)
		memcpy(message + 1, bytes, len);
	do
		sent = send(t->control, message, len + 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return 0;
	if (errno == EAGAIN)
		return err_set(e, NULL, "the program %s does not read its standard input", t->name);
	return has_ended(t, e);
}

int tracer_signal(struct tracer *t, int sig, struct err *e)
{
	if (t->ended || t->pid <= 0)
		return has_ended(t, e);
	if (!t->attached && kill(-t->pid, sig) == 0)
		return 0;
	if (kill(t->pid, sig) == 0)
		return 0;
	if (errno == ESRCH)
		return has_ended(t, e);
	return err_errno(e, errno, NULL, "cannot signal %s", t->name);
}

/* ---- does it sleep? ---- */

/* First the state, then whether anything waits to be read: it may say that the call is over. */
bool tracer_sleeps(const struct tracer *t, uint32_t task)
{
	char state;

	if (task >= t->threads || !t->thread[task].in_call || t->thread[task].tid <= 0)
		return false;
	state = thread_state(t->thread[task].tid);
	return (state == 'S' || state == 'D') && ring_is_empty(t->ring);
}

/* ---- reports ---- */

size_t tracer_fds(const struct tracer *t, int fds[2])
{
	fds[0] = ring_bell_fd(t->ring);
	fds[1] = t->control;
	return t->ended ? 0 : 2;
}

int tracer_timeout(const struct tracer *t)
{
	return t->ended ? -1 : ring_timeout(t->ring);
}

static struct thread *add_thread(struct tracer *t, uint32_t number)
{
	struct thread *more;

	if (number != t->threads)
		return NULL;
	if (t->threads == t->room) {
		t->room = t->room ? 2 * t->room : 16;
		more = realloc(t->thread, t->room * sizeof(*more));
		if (!more)
			return NULL;
		t->thread = more;
	}
	t->thread[number] = (struct thread){ .tid = 0 };
	t->threads++;
	return &t->thread[number];
}

/* Takes note of a report, if it fits what was reported before. */
static bool note(struct tracer *t, const struct traced *r)
{
	struct thread *thread = r->task < t->threads ? &t->thread[r->task] : NULL;

	switch (r->kind) {
	case TRACED_TASK:
		thread = add_thread(t, r->task);
		if (thread)
			thread->tid = r->tid;
		return thread && r->process <= r->task && r->parent <= r->task;
	case TRACED_TASK_END:
	case TRACED_EXEC:
		if (thread)
			thread->in_call = false;
		if (thread && r->kind == TRACED_TASK_END)
			thread->tid = 0;
		return thread;
	case TRACED_ENTER:
		if (thread)
			thread->in_call = true;
		return thread && r->request.call;
	case TRACED_LEAVE:
		if (!thread || !thread->in_call)
			return false;
		thread->in_call = false;
		return true;
	case TRACED_OUTPUT:
		return r->stream == 1 || r->stream == 2;
	case TRACED_NOTE:
		return true;
	case TRACED_END:
		t->ended = true;
		return true;
	}
	return false;
}

/* The tracing process is gone without a last word: so is everything that it traced. */
static int ended_silently(struct tracer *t, struct traced *out)
{
	*out = (struct traced){ .kind = TRACED_END, .ts_ns = clock_now_ns(), .status = -1 };
	t->ended = true;
	return 1;
}

static bool is_gone(const struct tracer *t)
{
	struct pollfd gone = { .fd = t->control };

	return poll(&gone, 1, 0) > 0 && gone.revents & (POLLHUP | POLLERR);
}

int tracer_next(struct tracer *t, struct traced *out, struct err *e)
{
	ssize_t len;

	if (t->ended)
		return has_ended(t, e), -1;
	for (;;) {
		len = ring_take(t->ring, t->record, sizeof(t->record));
		if (len < 0)
			return ended_silently(t, out);
		if (len == 0 && !is_gone(t))
			return 0;
		if (len == 0 && ring_is_empty(t->ring))
			return ended_silently(t, out);
		if (len == 0 || traced_decode(out, t->record, (size_t)len))
			continue;
		if (note(t, out))
			return 1;
		traced_fini(out);
	}
}

void traced_fini(struct traced *r)
{
	call_request_fini(&r->request);
	call_outcome_fini(&r->outcome);
	free(r->text);
	r->text = NULL;
}
