/*
 * The wire's thread sleeps in poll() on the ports, on a message socket, and on a timer that is armed only
 * when a packet is in flight, a socket's timer runs, or events wait to be handed over.  The timer is not put
 * off when what it was armed for moves further away, which happens with every packet and costs more than
 * waking up once for nothing: a timeout given to poll() would be set up anew each time it sleeps, which made a
 * round trip 5 µs longer.
 *
 * Causality: a program's call returns, and only then is its sample asked for; so what the call sent is in
 * the captures' buffers before the message is in the socket.  poll() looks at the message socket first and
 * at the ports after it, and the ports are drained before the messages are served: so a packet is never
 * taken for something that came after the call.
 *
 * Messages go by value over a socket pair, one answer for each that wants one.  The thread never waits for
 * its owner: events go into a batch, which drops rather than blocks.  They are handed over when the thread
 * has nothing else to do, at most once in FLUSH_NS, so that the owner's waking up does not slow packets down.
 */
#include "src/lab/wire.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "capture/live.h"
#include "src/core/clock.h"
#include "src/lab/batch.h"
#include "src/lab/carry.h"
#include "src/lab/order.h"

#define FLUSH_NS  (2 * NS_PER_MS)
#define SETTLE_NS (100 * NS_PER_MS) /* after which only what came before is waited for */

enum message_kind {
	MESSAGE_ORDER,
	MESSAGE_SAMPLE,
	MESSAGE_SETTLE,
	MESSAGE_COUNTS,
	MESSAGE_TALLY,
	MESSAGE_STOP
};

struct message {
	enum message_kind kind;
	union {
		struct {
			struct wire_order order;
			struct live_filter *filter; /* handed over with it */
		};
		struct {
			struct sock_key key;
			uint64_t call_number;
			uint8_t host;
		};
	};
};

struct answer {
	int result;
	struct err err;
	char status[WIRE_STATUS];
	struct wire_counts counts;
};

enum { FD_MESSAGES, FD_TIMER, FD_PORTS };

struct wire_thread {
	struct carry *carry;
	struct batch *events;
	int fd; /* messages come, answers go */
	struct pollfd fds[FD_PORTS + HOSTS_MAX];
	size_t ports;
	int64_t armed_ns; /* CLOCK_MONOTONIC: when the timer fires; INT64_MAX never */
	bool stop;
	int64_t flushed_ns; /* CLOCK_MONOTONIC: the last time, or when it was last refused */
	bool settling;
	int64_t settle_ns; /* CLOCK_REALTIME: what left before it is waited for in any case */
	int64_t settle_end_ns; /* CLOCK_MONOTONIC: when only that is */
};

struct wire {
	const struct lab *lab;
	struct batch *events;
	struct wire_thread *
		thread; /* the thread's own; touched here only before it starts and after it ended */
	pthread_t id;
	int fd;
};

/* ---- the thread: handing events over ---- */

static void flush(struct wire_thread *t, int64_t now_ns)
{
	(void)batch_flush(t->events);
	t->flushed_ns = now_ns;
}

/* When the thread must wake up if nothing happens; flushes if it will sleep and the time has come. */
static int64_t wake_time(struct wire_thread *t)
{
	int64_t due = carry_due(t->carry);
	int64_t now_ns;

	if (!batch_waiting(t->events))
		return due;
	now_ns = clock_monotonic_ns();
	if (due > now_ns && now_ns - t->flushed_ns >= FLUSH_NS)
		flush(t, now_ns);
	if (batch_waiting(t->events) && t->flushed_ns + FLUSH_NS < due)
		due = t->flushed_ns + FLUSH_NS;
	return due;
}

/* ---- the thread: messages ---- */

static void reply(struct wire_thread *t, const struct answer *a)
{
	while (send(t->fd, a, sizeof(*a), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void serve_order(struct wire_thread *t, const struct message *m)
{
	struct answer a = { .result = 0 };
	struct str status = str_on(a.status, sizeof(a.status));

	a.result = order_apply(t->carry, &m->order, m->filter, &a.err);
	carry_status(t->carry, &status);
	reply(t, &a);
}

static void serve_counts(struct wire_thread *t)
{
	struct answer a = { .result = 0 };

	carry_counts(t->carry, &a.counts);
	reply(t, &a);
}

static void begin_settling(struct wire_thread *t)
{
	t->settling = true;
	t->settle_ns = clock_now_ns();
	t->settle_end_ns = clock_monotonic_ns() + SETTLE_NS;
}

static void serve(struct wire_thread *t, const struct message *m)
{
	switch (m->kind) {
	case MESSAGE_ORDER:
		serve_order(t, m);
		return;
	case MESSAGE_SAMPLE:
		carry_sample_call(t->carry, m->host, &m->key, m->call_number);
		return;
	case MESSAGE_SETTLE:
		begin_settling(t);
		return;
	case MESSAGE_COUNTS:
		serve_counts(t);
		return;
	case MESSAGE_TALLY:
		carry_ask_counters(t->carry);
		return;
	case MESSAGE_STOP:
		t->stop = true;
		return;
	}
}

static void serve_all(struct wire_thread *t)
{
	struct message m;

	while (!t->stop && recv(t->fd, &m, sizeof(m), MSG_DONTWAIT) == sizeof(m))
		serve(t, &m);
}

/* ---- the thread: settling ---- */

/* Of the ports that are readable still: whether what waits there came later than the question. */
static bool only_later_packets(const struct wire_thread *t)
{
	for (size_t i = 0; i < t->ports; i++)
		if (t->fds[FD_PORTS + i].revents && !carry_is_past(t->carry, i, t->settle_ns))
			return false;
	return true;
}

static bool is_settled(struct wire_thread *t, bool quiet)
{
	if (quiet)
		return true;
	return clock_monotonic_ns() > t->settle_end_ns && only_later_packets(t);
}

static void settle(struct wire_thread *t, bool quiet)
{
	const struct answer a = { .result = 0 };

	if (!is_settled(t, quiet))
		return;
	t->settling = false;
	carry_check_lost(t->carry);
	batch_push(t->events);
	reply(t, &a);
}

/* ---- the thread: its round ---- */

static void arm(struct wire_thread *t, int64_t due_ns)
{
	int64_t at = due_ns > 0 ? due_ns : 1; /* 0 would disarm it */
	const struct itimerspec when = {
		.it_value = { .tv_sec = at / NS_PER_S, .tv_nsec = at % NS_PER_S },
	};

	if (due_ns >= t->armed_ns)
		return;
	timerfd_settime(t->fds[FD_TIMER].fd, TFD_TIMER_ABSTIME, &when, NULL);
	t->armed_ns = due_ns;
}

static void take_timer(struct wire_thread *t)
{
	uint64_t times;

	if (!t->fds[FD_TIMER].revents)
		return;
	(void)!read(t->fds[FD_TIMER].fd, &times, sizeof(times));
	t->armed_ns = INT64_MAX;
}

/* How many descriptors are ready; -1: interrupted. */
static int wait_for_something(struct wire_thread *t)
{
	bool sleeps = !t->settling && carry_is_quiet(t->carry);

	if (sleeps)
		arm(t, wake_time(t));
	return poll(t->fds, FD_PORTS + t->ports, sleeps ? -1 : 0);
}

static void *run(void *arg)
{
	struct wire_thread *t = arg;

	pthread_setname_np(pthread_self(), "wire");
	while (!t->stop) {
		int ready = wait_for_something(t);
		bool quiet = ready == 0 && carry_is_quiet(t->carry);

		if (ready < 0)
			continue;
		if (ready)
			carry_drain(t->carry, t->fds + FD_PORTS);
		if (t->settling)
			settle(t, quiet);
		if (ready && t->fds[FD_MESSAGES].revents)
			serve_all(t);
		if (ready)
			take_timer(t);
		carry_deliver(t->carry);
	}
	return NULL;
}

/* ---- the owner's side: messages ---- */

static void tell(struct wire *w, const struct message *m)
{
	while (send(w->fd, m, sizeof(*m), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void ask(struct wire *w, const struct message *m, struct answer *a)
{
	tell(w, m);
	while (recv(w->fd, a, sizeof(*a), 0) < 0 && errno == EINTR)
		;
}

int wire_order(struct wire *w, const struct wire_order *o, struct str *status, struct err *e)
{
	struct message m = { .kind = MESSAGE_ORDER, .order = *o };
	struct answer a = { .result = -1 };

	if (order_check(w->lab, o, &m.filter, e) < 0)
		return -1;
	ask(w, &m, &a);
	if (a.result < 0) {
		if (e)
			*e = a.err;
		return -1;
	}
	if (status)
		str_add(status, a.status);
	return 0;
}

void wire_sample_call(struct wire *w, uint8_t host, const struct sock_key *key,
		      uint64_t call_number)
{
	const struct message m = {
		.kind = MESSAGE_SAMPLE,
		.host = host,
		.key = *key,
		.call_number = call_number,
	};

	tell(w, &m);
}

void wire_settle(struct wire *w)
{
	const struct message m = { .kind = MESSAGE_SETTLE };
	struct answer a;

	ask(w, &m, &a);
}

void wire_ask_counters(struct wire *w)
{
	const struct message m = { .kind = MESSAGE_TALLY };

	tell(w, &m);
}

void wire_counts(struct wire *w, struct wire_counts *out)
{
	const struct message m = { .kind = MESSAGE_COUNTS };
	struct answer a = { .result = 0 };

	ask(w, &m, &a);
	*out = a.counts;
}

int wire_fd(const struct wire *w)
{
	return batch_fd(w->events);
}

void wire_clear_fd(struct wire *w)
{
	batch_clear_fd(w->events);
}

struct event *wire_next(struct wire *w)
{
	return batch_next(w->events);
}

/* ---- the owner's side: starting and stopping ---- */

/* The thread gets no signals: they are the main thread's. */
static int create_thread(struct wire *w, struct err *e)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&w->id, NULL, run, w->thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (result == 0)
		return 0;
	return err_errno(e, result, NULL, "starting the wire's thread");
}

static int make_parts(struct wire *w, const struct wire_config *c, struct err *e)
{
	struct wire_thread *t = w->thread;
	int pair[2];

	w->events = batch_new(BATCH_BYTES, e);
	if (!w->events)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, errno, NULL, "making a socket pair for the wire");
	w->fd = pair[0];
	t->fd = pair[1];
	t->fds[FD_TIMER].fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (t->fds[FD_TIMER].fd < 0)
		return err_errno(e, errno, NULL, "making a timer for the wire");
	t->fds[FD_TIMER].events = POLLIN;
	t->events = w->events;
	t->carry = carry_new(w->lab, c, w->events, e);
	if (!t->carry)
		return -1;
	t->armed_ns = INT64_MAX;
	t->fds[FD_MESSAGES] = (struct pollfd){ .fd = t->fd, .events = POLLIN };
	t->ports = carry_fds(t->carry, t->fds + FD_PORTS);
	return 0;
}

static void free_parts(struct wire *w)
{
	if (w->thread) {
		carry_free(w->thread->carry);
		if (w->thread->fd >= 0)
			close(w->thread->fd);
		if (w->thread->fds[FD_TIMER].fd >= 0)
			close(w->thread->fds[FD_TIMER].fd);
	}
	if (w->fd >= 0)
		close(w->fd);
	batch_free(w->events);
	free(w->thread);
	free(w);
}

struct wire *wire_start(const struct lab *l, const struct wire_config *c, struct err *e)
{
	struct wire *w = calloc(1, sizeof(*w));

	if (!w) {
		err_errno(e, errno, NULL, "starting the wire");
		return NULL;
	}
	w->lab = l;
	w->fd = -1;
	w->thread = calloc(1, sizeof(*w->thread));
	if (!w->thread) {
		err_errno(e, errno, NULL, "starting the wire");
		goto fail;
	}
	w->thread->fd = -1;
	w->thread->fds[FD_TIMER].fd = -1;
	if (make_parts(w, c, e) < 0 || create_thread(w, e) < 0)
		goto fail;
	return w;
fail:
	free_parts(w);
	return NULL;
}

void wire_stop(struct wire *w)
{
	const struct message m = { .kind = MESSAGE_STOP };

	if (!w)
		return;
	tell(w, &m);
	pthread_join(w->id, NULL);
	free_parts(w);
}
