/*
 * The session's side of a program.  All that it knows of its process comes over the message socket,
 * and when that ends, from wait(2); it never waits for the process except at the start (until it is
 * ready) and in program_free() (after SIGKILL).
 *
 * When the process dies, what it had reported is still in the socket and is given out first.  Then
 * comes the end of file, a moment before the process can be waited for.
 */
#include "src/lab/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/core/clock.h"
#include "src/lab/message.h"
#include "src/lab/space.h"
#include "src/lab/thread_state.h"

#define READY_MS      10000 /* for a process to start, on a busy machine */
#define SOCKET_BUFFER (4 * MESSAGE_MAX)

struct thread {
	pid_t tid; /* 0: not reported yet */
	bool busy; /* has a call */
	bool entered; /* … and has said that it makes it now */
};

struct program {
	char name[EVENT_NAME];
	uint8_t host;
	int fd;
	pid_t pid;
	bool reaped; /* it has ended, and how is in killed and status */
	bool killed;
	int status;
	bool told; /* REPORT_EXIT was given */
	struct thread thread[PROGRAM_THREADS];
	uint32_t threads;
	uint8_t buf[MESSAGE_MAX];
};

/* ---- its end ---- */

/* Whether the process has ended by now; options as of waitpid(2). */
static bool reap(struct program *p, int options)
{
	int status;
	pid_t pid;

	if (p->reaped)
		return true;
	do
		pid = waitpid(p->pid, &status, options);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return false;
	p->reaped = true;
	p->killed = pid > 0 && WIFSIGNALED(status);
	p->status = pid < 0 ? -1 : p->killed ? WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

/* After the end of file.  The kernel needs another moment then, and the caller would spin
 * meanwhile. */
static bool reap_soon(struct program *p)
{
	const struct timespec moment = { .tv_nsec = NS_PER_MS };

	if (reap(p, WNOHANG))
		return true;
	kill(p->pid, SIGKILL); /* one that closed its socket without dying is of no use */
	nanosleep(&moment, NULL);
	return reap(p, WNOHANG);
}

static int has_ended(const struct program *p, struct err *e)
{
	return err_set(e, "start it again", "the program %s has ended", p->name);
}

/* ---- start ---- */

/* The process's end must be out of the way of its own descriptors, but below its limit. */
static int move_up(int fd)
{
	struct rlimit limit;
	int from = PROGRAM_CONTROL_FD, high;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur <= PROGRAM_CONTROL_FD)
		from = (int)limit.rlim_cur / 2;
	high = fcntl(fd, F_DUPFD_CLOEXEC, from);
	close(fd);
	return high;
}

int program_socket(int *near, int *far, struct err *e)
{
	const int size = SOCKET_BUFFER;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_errno(e, errno, NULL, "cannot make a socket to talk to a program");
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	pair[1] = move_up(pair[1]);
	if (pair[1] < 0) {
		err_errno(e, errno, "raise the limit of open files: ulimit -n 1024",
			  "cannot number a program's socket");
		close(pair[0]);
		return -1;
	}
	*near = pair[0];
	*far = pair[1];
	return 0;
}

/* Its first thread: until that is there, nothing else can arrive. */
int program_ready(struct program *p, struct err *e)
{
	struct pollfd ready = { .fd = p->fd, .events = POLLIN };
	int64_t until = clock_monotonic_ns() + READY_MS * NS_PER_MS;
	struct program_report report;
	int n, left;

	while (p->thread[0].tid == 0) {
		left = (int)((until - clock_monotonic_ns()) / NS_PER_MS);
		n = left > 0 ? poll(&ready, 1, left) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, NULL, "the program %s did not get ready within %d s",
				       p->name, READY_MS / 1000);
		if (program_next(p, &report, e) == 0)
			continue;
		if (p->reaped)
			return err_set(e, NULL, "the program %s ended at once, with %s %d", p->name,
				       p->killed ? "signal" : "status", p->status);
		return -1;
	}
	return 0;
}

static struct program *adopt(pid_t pid, int near, uint8_t host, const char *name, struct err *e)
{
	struct program *p = calloc(1, sizeof(*p));

	if (!p) {
		err_errno(e, ENOMEM, NULL, "cannot start the program %s", name);
		close(near);
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		return NULL;
	}
	str_copy(p->name, sizeof(p->name), name);
	p->pid = pid;
	p->fd = near;
	p->host = host;
	p->threads = 1;
	return p;
}

/* Takes p, and gives it back when it is ready. */
static struct program *when_ready(struct program *p, struct err *e)
{
	if (!p || !program_ready(p, e))
		return p;
	program_free(p);
	return NULL;
}

struct program *program_adopt(pid_t pid, int near, uint8_t host, const char *name, struct err *e)
{
	return when_ready(adopt(pid, near, host, name, e), e);
}

static pid_t spawn(const struct lab *l, uint8_t host, const char *name, bool as_root, int far,
		   struct err *e)
{
	char self[] = "socklens", command[] = "program", number[16], copy[EVENT_NAME];
	char *argv[] = { self, command, number, copy, NULL };
	struct str text = str_on(number, sizeof(number));
	const struct space_child child = {
		.netns_fd = l->host[host].netns_fd,
		.hostname = l->host[host].hostname,
		.hosts = l->hosts_file,
		.dir_fd = l->host[host].dir_fd,
		.as_root = as_root,
		.path = "/proc/self/exe",
		.argv = argv,
		.keep = &far,
		.keeps = 1,
		.stdio = -1,
	};

	str_addf(&text, "%d", far);
	str_copy(copy, sizeof(copy), name);
	return space_spawn(&child, e);
}

struct program *program_launch(const struct lab *l, uint8_t host, const char *name, bool as_root,
			       struct err *e)
{
	int near, far;
	pid_t pid;

	if (program_socket(&near, &far, e))
		return NULL;
	pid = spawn(l, host, name, as_root, far, e);
	close(far);
	if (pid < 0) {
		close(near);
		return NULL;
	}
	return adopt(pid, near, host, name, e);
}

struct program *program_start(const struct lab *l, uint8_t host, const char *name, bool as_root,
			      struct err *e)
{
	return when_ready(program_launch(l, host, name, as_root, e), e);
}

void program_free(struct program *p)
{
	if (!p)
		return;
	if (!reap(p, WNOHANG)) {
		kill(p->pid, SIGKILL);
		reap(p, 0);
	}
	close(p->fd);
	free(p);
}

const char *program_name(const struct program *p)
{
	return p->name;
}

uint8_t program_host(const struct program *p)
{
	return p->host;
}

pid_t program_pid(const struct program *p)
{
	return p->pid;
}

int program_fd(const struct program *p)
{
	return p->fd;
}

/* ---- orders ---- */

/* Never waits: a process that takes nothing (stopped, or stuck) must not stop us. */
static int give(struct program *p, const struct message *m, struct err *e)
{
	size_t len = message_encode(m, p->buf, sizeof(p->buf));
	ssize_t sent;

	if (len == 0)
		return err_set(e, "zeros(n) and pattern(n) take no room",
			       "the call's arguments are too long");
	do
		sent = send(p->fd, p->buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return 0;
	if (errno == EPIPE || errno == ECONNRESET || errno == ECONNREFUSED)
		return has_ended(p, e);
	return err_errno(e, errno, NULL, "the program %s takes no calls", p->name);
}

/* A thread that a call or a signal can be given to. */
static int check_thread(const struct program *p, uint32_t thread, struct err *e)
{
	if (p->reaped)
		return has_ended(p, e);
	if (thread >= p->threads)
		return err_set(e, NULL, "the program %s has no thread %u", p->name, thread);
	return 0;
}

int program_call(struct program *p, uint32_t thread, uint64_t number, const struct call_request *r,
		 struct err *e)
{
	const struct message m = {
		.kind = MESSAGE_CALL, .thread = thread, .number = number, .request = *r
	};

	if (check_thread(p, thread, e) || call_request_check(r, e))
		return -1;
	if (p->thread[thread].busy)
		return err_set(e, "wait for it, or interrupt it", "thread %u of %s is in a call",
			       thread, p->name);
	if (give(p, &m, e))
		return -1;
	p->thread[thread].busy = true;
	p->thread[thread].entered = false;
	return 0;
}

int program_add_thread(struct program *p, uint32_t *thread, struct err *e)
{
	const struct message m = { .kind = MESSAGE_THREAD };

	if (check_thread(p, 0, e))
		return -1;
	if (p->threads == PROGRAM_THREADS)
		return err_set(e, NULL, "the program %s has %d threads, which is the most", p->name,
			       PROGRAM_THREADS);
	if (give(p, &m, e))
		return -1;
	*thread = p->threads++;
	return 0;
}

int program_interrupt(struct program *p, uint32_t thread, struct err *e)
{
	if (check_thread(p, thread, e))
		return -1;
	if (!p->thread[thread].entered)
		return err_set(e, NULL, "thread %u of %s is in no call", thread, p->name);
	if (tgkill(p->pid, p->thread[thread].tid, PROGRAM_SIGNAL))
		return err_errno(e, errno, NULL, "cannot interrupt %s", p->name);
	return 0;
}

int program_kill(struct program *p, struct err *e)
{
	if (p->reaped)
		return has_ended(p, e);
	if (kill(p->pid, SIGKILL))
		return err_errno(e, errno, NULL, "cannot kill %s", p->name);
	return 0;
}

/* ---- does it sleep? ---- */

/*
 * An idle thread sleeps too.  So first the state, then whether anything waits to be read: a thread
 * that was idle when its state was read had reported before.
 */
bool program_sleeps(const struct program *p, uint32_t thread)
{
	char state, byte;

	if (p->reaped || thread >= p->threads || !p->thread[thread].entered)
		return false;
	state = thread_state(p->thread[thread].tid);
	if (state != 'S' && state != 'D')
		return false;
	return recv(p->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* ---- reports ---- */

/* What the process says must fit to what we asked it, or it is not to be believed. */
static bool is_expected(const struct program *p, const struct message *m)
{
	const struct thread *t = &p->thread[m->thread < p->threads ? m->thread : 0];

	if (m->thread >= p->threads)
		return false;
	switch (m->kind) {
	case MESSAGE_STARTED:
		return t->tid == 0 && m->tid > 0;
	case MESSAGE_ENTER:
		return t->busy && !t->entered && t->tid;
	case MESSAGE_LEAVE:
		return t->entered;
	case MESSAGE_CALL:
	case MESSAGE_THREAD:
		break;
	}
	return false;
}

/* Takes note of a message.  Returns 1 if it is a report, 0 if it was for us alone. */
static int note(struct program *p, struct message *m, struct program_report *out)
{
	struct thread *t = &p->thread[m->thread];

	if (m->kind == MESSAGE_STARTED) {
		t->tid = m->tid;
		return 0;
	}
	t->entered = m->kind == MESSAGE_ENTER;
	t->busy = t->entered;
	*out = (struct program_report){
		.kind = t->entered ? REPORT_ENTER : REPORT_LEAVE,
		.thread = m->thread,
		.number = m->number,
		.ts_ns = m->ts_ns,
		.outcome = m->outcome,
		.sock = m->sock,
		.made = m->made,
		.made_second = m->made_second,
	};
	return 1;
}

static int ended(struct program *p, struct program_report *out)
{
	if (!reap_soon(p))
		return 0;
	p->told = true;
	*out = (struct program_report){
		.kind = REPORT_EXIT,
		.ts_ns = clock_now_ns(),
		.killed = p->killed,
		.status = p->status,
	};
	return 1;
}

/* ECONNRESET only says that the process died with an order unread; what it sent is still there. */
static ssize_t receive(struct program *p)
{
	ssize_t len;

	do
		len = recv(p->fd, p->buf, sizeof(p->buf), MSG_DONTWAIT);
	while (len < 0 && (errno == EINTR || errno == ECONNRESET));
	return len;
}

int program_next(struct program *p, struct program_report *out, struct err *e)
{
	struct message m;
	ssize_t len;

	if (p->told)
		return has_ended(p, e);
	for (;;) {
		len = receive(p);
		if (len == 0)
			return ended(p, out);
		if (len < 0)
			return errno == EAGAIN ? 0 : ended(p, out);
		if (message_decode(&m, p->buf, (size_t)len))
			continue;
		if (is_expected(p, &m) && note(p, &m, out))
			return 1;
		message_fini(&m);
	}
}

void program_report_fini(struct program_report *r)
{
	call_outcome_fini(&r->outcome);
}
