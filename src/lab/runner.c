/*
 * The process of a program.  Its first thread, control, reads orders from the message socket and
 * hands each to a worker; a worker is a thread that sleeps until there is an order in its mailbox,
 * makes the call, and reports before and after.  A thread has one order at a time (the other side
 * sees to it), so a mailbox has one place.
 *
 * The descriptors below 900 are the program's own: the first socket is 3, and no thread of ours
 * opens one, not for a moment, since it would take the number that a socket() of another thread is
 * due.  That is why there is one malloc arena (more of them make glibc read files of /sys and
 * /proc).
 *
 * The process ends when the other side closes the socket, by the signals that calls bring
 * (SIGPIPE), and when the session dies.
 */
#include "src/lab/program.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "src/core/clock.h"
#include "src/lab/key.h"
#include "src/lab/marshal.h"
#include "src/lab/message.h"

struct worker {
	int control;
	uint32_t thread;
	sem_t mail; /* posted when order is there */
	struct message *_Atomic order; /* the mailbox: owned by whoever takes it out */
	uint8_t buf[MESSAGE_MAX]; /* for reports */
};

/* ---- reports ---- */

/* Without the other side there is nothing left to live for. */
static void report(struct worker *w, const struct message *m)
{
	size_t len = message_encode(m, w->buf, sizeof(w->buf));
	ssize_t sent;

	if (len == 0)
		_exit(EX_SOFTWARE);
	do
		sent = send(w->control, w->buf, len, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		_exit(EX_IOERR);
}

static long sleeps_so_far(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) ? 0 : usage.ru_nvcsw;
}

/* The call itself.  Nothing stands between it and the clock. */
static void make_call(const struct marshal *m, long number, struct message *leave)
{
	const long *reg = m->reg;
	struct call_outcome *o = &leave->outcome;
	long slept = sleeps_so_far();

	errno = 0;
	o->result = syscall(number, reg[0], reg[1], reg[2], reg[3], reg[4], reg[5]);
	leave->ts_ns = clock_now_ns();
	o->error = o->result < 0 ? errno : 0;
	o->blocked = sleeps_so_far() != slept;
}

/* ---- what a call was about ---- */

static int fd_of(const struct call_request *r)
{
	return r->call->arg[0].type == ARG_FD ? (int)r->arg[0].number : -1;
}

static void find_made(const struct call_request *r, struct message *leave)
{
	int fd[2];
	size_t made = call_fds_made(r, &leave->outcome, fd, 2);

	if (made > 0)
		leave->made = key_of_fd(fd[0]);
	if (made > 1)
		leave->made_second = key_of_fd(fd[1]);
}

/* TCP takes MSG_TRUNC as "throw the bytes away": tcp(7).  The buffer holds nothing then. */
static void drop_unwritten(const struct call_request *r, struct message *leave)
{
	if (!(call_number_of(r, ARG_MSG_FLAGS) & MSG_TRUNC) || leave->sock.protocol != IPPROTO_TCP)
		return;
	free(leave->outcome.data);
	leave->outcome.data = NULL;
	leave->outcome.data_kept = 0;
}

static void execute(struct worker *w, const struct message *order)
{
	const struct call_request *r = &order->request;
	struct message enter = { .kind = MESSAGE_ENTER,
				 .thread = w->thread,
				 .number = order->number };
	struct message leave = { .kind = MESSAGE_LEAVE,
				 .thread = w->thread,
				 .number = order->number };
	struct marshal m;

	if (marshal_init(&m, r))
		_exit(EX_OSERR);
	if (r->call->closes)
		leave.sock = key_of_fd(fd_of(r));
	enter.ts_ns = clock_now_ns();
	report(w, &enter);
	make_call(&m, r->call->number, &leave);
	if (!r->call->closes)
		leave.sock = key_of_fd(fd_of(r));
	marshal_outcome(&m, &leave.outcome);
	find_made(r, &leave);
	drop_unwritten(r, &leave);
	report(w, &leave);
	message_fini(&leave);
	marshal_fini(&m);
}

/* ---- workers ---- */

static struct message *take_order(struct worker *w)
{
	while (sem_wait(&w->mail))
		continue; /* interrupted while idle: there was nothing to interrupt */
	return atomic_exchange(&w->order, NULL);
}

static void *worker_main(void *context)
{
	struct worker *w = context;
	struct message started = { .kind = MESSAGE_STARTED, .thread = w->thread, .tid = gettid() };
	struct message *order;
	sigset_t interrupt;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, PROGRAM_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &interrupt, NULL);
	report(w, &started);
	for (;;) {
		order = take_order(w);
		execute(w, order);
		message_fini(order);
		free(order);
	}
	return NULL;
}

static struct worker *worker_start(int control, uint32_t thread)
{
	struct worker *w = calloc(1, sizeof(*w));
	pthread_t id;

	if (!w)
		_exit(EX_OSERR);
	w->control = control;
	w->thread = thread;
	if (sem_init(&w->mail, 0, 0) || pthread_create(&id, NULL, worker_main, w) ||
	    pthread_detach(id))
		_exit(EX_OSERR);
	return w;
}

/* ---- control ---- */

struct control {
	int fd;
	struct worker *worker[PROGRAM_THREADS];
	uint32_t workers;
	uint8_t buf[MESSAGE_MAX];
};

/* The message socket is ours, not the program's: for its calls there is no such descriptor. */
static void hide_control(const struct control *c, struct call_request *r)
{
	if (fd_of(r) == c->fd)
		r->arg[0].number = -1;
}

static void give_order(struct control *c, struct message *order)
{
	struct worker *w = order->thread < c->workers ? c->worker[order->thread] : NULL;

	if (!w)
		_exit(EX_PROTOCOL);
	hide_control(c, &order->request);
	if (atomic_exchange(&w->order, order))
		_exit(EX_PROTOCOL);
	sem_post(&w->mail);
}

static void add_worker(struct control *c)
{
	if (c->workers == PROGRAM_THREADS)
		_exit(EX_PROTOCOL);
	c->worker[c->workers] = worker_start(c->fd, c->workers);
	c->workers++;
}

static void obey(struct control *c, struct message *order)
{
	switch (order->kind) {
	case MESSAGE_CALL:
		give_order(c, order);
		return;
	case MESSAGE_THREAD:
		add_worker(c);
		break;
	case MESSAGE_STARTED:
	case MESSAGE_ENTER:
	case MESSAGE_LEAVE:
		_exit(EX_PROTOCOL);
	}
	free(order);
}

/* The next order; ends the process where there will be none. */
static struct message *read_order(struct control *c)
{
	struct message *order = malloc(sizeof(*order));
	ssize_t len;

	do
		len = recv(c->fd, c->buf, sizeof(c->buf), 0);
	while (len < 0 && errno == EINTR);
	if (len <= 0)
		_exit(len ? EX_IOERR : EX_OK);
	if (!order || message_decode(order, c->buf, (size_t)len))
		_exit(EX_PROTOCOL);
	return order;
}

/* ---- the process ---- */

static void on_interrupt(int sig)
{
	(void)sig; /* that it was handled is what makes the call return EINTR */
}

/*
 * Signals as a program of its own would have them, whatever we inherited; the one that interrupts
 * goes to workers only.
 */
static void set_signals(void)
{
	struct sigaction interrupt = { .sa_handler = on_interrupt }; /* no SA_RESTART */
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t blocked;

	for (int sig = 1; sig < SIGRTMIN; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			sigaction(sig, &plain, NULL);
	sigaction(PROGRAM_SIGNAL, &interrupt, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, PROGRAM_SIGNAL);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static int read_fd(const char *text)
{
	char *end;
	long fd = strtol(text, &end, 10);

	return *end || end == text || fd < 0 || fd > INT32_MAX ? -1 : (int)fd;
}

int program_main(int argc, char **argv)
{
	struct control *c;

	if (argc != 4 || read_fd(argv[2]) < 0)
		_exit(EX_USAGE);
	mallopt(M_ARENA_MAX, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, argv[3]);
	set_signals();
	c = calloc(1, sizeof(*c));
	if (!c)
		_exit(EX_OSERR);
	c->fd = read_fd(argv[2]);
	add_worker(c);
	for (;;)
		obey(c, read_order(c));
}
