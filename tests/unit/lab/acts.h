/*
 * acts: programs for the tracer to trace.  They are the test's executable itself, with another first argument.
 * Header only, because a unit test is one file.
 */
#ifndef SOCKLENS_TESTS_UNIT_LAB_ACTS_H
#define SOCKLENS_TESTS_UNIT_LAB_ACTS_H

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "src/lab/thread_state.h"
#include "tests/unit/lab/tracing.h"

/* ---- the programs that are traced ---- */

static void put(int fd, const char *text)
{
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void put_number(int fd, const char *what, long n)
{
	char text[64];

	snprintf(text, sizeof(text), "%s=%ld\n", what, n);
	put(fd, text);
}

static void until_asleep(pid_t tid)
{
	while (thread_state(tid) != 'S')
		usleep(1000);
}

static void until_gone(pid_t pid)
{
	int64_t until = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;

	while (kill(pid, 0) == 0) {
		CHECK(clock_monotonic_ns() < until);
		usleep(1000);
	}
}

static int listener(struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*a = (struct sockaddr_in){ .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CHECK(bind(fd, (struct sockaddr *)a, sizeof(*a)) == 0);
	CHECK(listen(fd, 5) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)a, &len) == 0);
	return fd;
}

static void act_tcp(void)
{
	struct sockaddr_in a;
	int l = listener(&a), c = socket(AF_INET, SOCK_STREAM, 0), s;
	char buf[16];

	CHECK(connect(c, (struct sockaddr *)&a, sizeof(a)) == 0);
	s = accept(l, NULL, NULL);
	CHECK(send(c, "hello", 5, 0) == 5);
	CHECK(recv(s, buf, sizeof(buf), 0) == 5);
	CHECK(write(s, "you", 3) == 3);
	CHECK(read(c, buf, sizeof(buf)) == 3);
	CHECK(recv(99, buf, 1, 0) < 0);
	CHECK(close(s) == 0 && close(c) == 0 && close(l) == 0);
	_exit(7);
}

/* What is written, in this order; the lines carry the numbers of the calls between them. */
static void act_order(void)
{
	int s[2];

	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
	for (int i = 0; i < 20; i++) {
		put_number(1, "out", i);
		CHECK(send(s[0], "x", 1, 0) == 1);
		put_number(2, "err", i);
		CHECK(recv(s[1], &i, 0, MSG_DONTWAIT) == 0);
	}
	CHECK(isatty(0) && isatty(1) && isatty(2));
	dup2(1, 9);
	struct iovec v[2] = { { (void *)"vec", 3 }, { (void *)"tor\n", 4 } };
	CHECK(writev(9, v, 2) == 7);
	struct iovec many[50];
	for (size_t i = 0; i < 50; i++)
		many[i] = (struct iovec){ (void *)"0123456789\n", i < 49 ? i % 10 : 11 };
	CHECK(writev(2, many, 50) == 4 * 45 + 36 + 11);
}

static void *thread_calls(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		CHECK(fd >= 0 && shutdown(fd, SHUT_WR) == 0 && close(fd) == 0);
	}
	return NULL;
}

static void act_threads(void)
{
	pthread_t id[8];

	for (int i = 0; i < 8; i++)
		CHECK(pthread_create(&id[i], NULL, thread_calls, NULL) == 0);
	for (int i = 0; i < 8; i++)
		CHECK(pthread_join(id[i], NULL) == 0);
}

/* Each child has a child, and each its own number as its exit status. */
static void act_children(void)
{
	int status;

	for (volatile int i = 1; i <= 5; i++) {
		pid_t pid = i % 2 ? fork() : vfork();

		if (pid == 0 && i % 2) {
			if (fork() == 0)
				_exit(socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 10 + i : 1);
			wait(&status);
			_exit(i);
		}
		if (pid == 0)
			_exit(i);
		CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == i);
	}
}

static char *self_path(void)
{
	static char path[PATH_MAX];

	CHECK(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	return path;
}

static void become(const char *act)
{
	execl(self_path(), "test", "act", act, NULL);
	_exit(126);
}

static void act_exec(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), kept = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fd == 3 && kept == 4);
	become("after_exec");
}

/* Number 3 is a file now: to write to it is nobody's business; 4 is the socket still. */
static void act_after_exec(void)
{
	CHECK(open("/dev/null", O_WRONLY) == 3 && write(3, "x", 1) == 1);
	CHECK(write(4, "x", 1) < 0);
	_exit(9);
}

static void *exec_from_here(void *arg)
{
	(void)arg;
	become("after_thread_exec");
	return NULL;
}

static void *only_sleep(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void act_thread_exec(void)
{
	pthread_t id;

	CHECK(pthread_create(&id, NULL, only_sleep, NULL) == 0);
	CHECK(pthread_create(&id, NULL, exec_from_here, NULL) == 0);
	only_sleep(NULL);
}

static void act_after_thread_exec(void)
{
	CHECK(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	_exit(11);
}

static volatile sig_atomic_t handled;

static void on_signal(int sig)
{
	handled += sig;
}

static void handle(int sig, int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	CHECK(sigaction(sig, &action, NULL) == 0);
}

static void act_signals(void)
{
	handle(SIGUSR1, 0);
	handle(SIGTRAP, 0);
	CHECK(raise(SIGUSR1) == 0 && raise(SIGTRAP) == 0);
	CHECK(handled == SIGUSR1 + SIGTRAP);
	put(1, "handled\n");
	CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) < 0 && errno == EPERM);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

/* Lives beside its parent: interrupts it when it sleeps, and later sends what it waits for. */
static void interrupt_parent(int fd, int sig)
{
	pid_t parent = getppid();

	until_asleep(parent);
	kill(parent, sig);
	while (read(fd, &parent, 0) < 0) /* the other end is open */
		;
	usleep(1000);
	until_asleep(getppid());
	CHECK(send(fd, "late", 4, 0) == 4);
	_exit(0);
}

static void wait_interrupted(int flags, int expected)
{
	int s[2], got;
	char buf[8];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	handle(SIGUSR1, flags);
	if (fork() == 0)
		interrupt_parent(s[1], SIGUSR1);
	got = (int)recv(s[0], buf, sizeof(buf), 0);
	CHECK(got == expected);
	if (got < 0)
		CHECK(errno == EINTR && recv(s[0], buf, sizeof(buf), 0) == 4);
	wait(NULL);
}

static void act_restarted(void)
{
	wait_interrupted(SA_RESTART, 4);
}

static void act_interrupted(void)
{
	wait_interrupted(0, -1);
}

/* Ignored signals, and stopping and going on, change nothing for who waits. */
static void act_ignored(void)
{
	signal(SIGUSR1, SIG_IGN);
	int s[2];
	char buf[8];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	if (fork() == 0) {
		pid_t parent = getppid();

		until_asleep(parent);
		kill(parent, SIGUSR1);
		kill(parent, SIGSTOP);
		while (thread_state(parent) != 'T' && thread_state(parent) != 't')
			usleep(1000);
		kill(parent, SIGCONT);
		until_asleep(parent);
		CHECK(send(s[1], "late", 4, 0) == 4);
		_exit(0);
	}
	CHECK(recv(s[0], buf, sizeof(buf), 0) == 4);
	wait(NULL);
}

static void act_blocked(void)
{
	int s[2];
	char buf[8];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	for (int i = 0; i < 500; i++)
		CHECK(send(s[0], "now", 3, 0) == 3 && recv(s[1], buf, 3, 0) == 3);
	if (fork() == 0) {
		until_asleep(getppid());
		CHECK(send(s[0], "late", 4, 0) == 4);
		_exit(0);
	}
	CHECK(recv(s[1], buf, 4, 0) == 4);
	wait(NULL);
}

/* The thread that is about to sleep: what it does next is the call. */
static _Atomic pid_t sleeper;

static void until_sleeper(void)
{
	while (!sleeper)
		usleep(1000);
	until_asleep(sleeper);
}

static void *receive_late(void *arg)
{
	char buf[8];

	sleeper = gettid();
	CHECK(recv(*(int *)arg, buf, 4, 0) == 4);
	return NULL;
}

/* The same with threads. */
static void act_blocked_thread(void)
{
	int s[2], u[2];
	char buf[8];
	pthread_t id;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 &&
	      socketpair(AF_UNIX, SOCK_STREAM, 0, u) == 0);
	CHECK(pthread_create(&id, NULL, receive_late, &s[1]) == 0);
	for (int i = 0; i < 500; i++)
		CHECK(send(u[0], "now", 3, 0) == 3 && recv(u[1], buf, 3, 0) == 3);
	until_sleeper();
	CHECK(send(s[0], "late", 4, 0) == 4);
	CHECK(pthread_join(id, NULL) == 0);
}

static void act_bomb(void)
{
	int made = 0, failed = 0;

	while (made < 3 * TRACER_TASKS && !failed) {
		pid_t pid = fork();

		if (pid == 0)
			only_sleep(NULL);
		if (pid < 0)
			failed = errno;
		else
			made++;
	}
	put_number(1, "made", made);
	CHECK(failed == EAGAIN);
	for (int i = 0; i < 3; i++)
		CHECK(fork() < 0 && errno == EAGAIN);
	kill(0, SIGKILL);
}

static void act_efault(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	signal(SIGPIPE, SIG_IGN);
	/* Past the library, which a sanitizer would have look at the pointers. */
	CHECK(syscall(SYS_bind, fd, 8, 16) < 0 && errno == EFAULT);
	CHECK(syscall(SYS_sendto, fd, 16, 100, 0, 0, 0) < 0);
	CHECK(syscall(SYS_sendmsg, fd, 24, 0) < 0);
	CHECK(syscall(SYS_recvfrom, fd, -1L, -1L, 0, 0, 0) < 0);
	CHECK(syscall(SYS_getsockname, fd, 8, 16) < 0);
	CHECK(syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, 8, -1) < 0);
	CHECK(syscall(SYS_bind, -5, -1, -1) < 0);
	_exit(3);
}

static void act_descriptors(void)
{
	int s[2], null = open("/dev/null", O_RDWR), copy;
	char c;

	signal(SIGPIPE, SIG_IGN);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	CHECK(write(null, "a", 1) == 1); /* no socket */
	CHECK(write(s[0], "b", 1) == 1); /* 1 */
	CHECK(dup2(null, s[0]) == s[0] && write(s[0], "c", 1) == 1);
	copy = dup(s[1]);
	CHECK(dup2(copy, null) == null && recv(null, &c, 1, 0) == 1);
	CHECK(write(null, "d", 1) < 0); /* 2: the other end is closed */
	CHECK(close(null) == 0 && open("/dev/null", O_RDWR) == null && write(null, "e", 1) == 1);
	CHECK(syscall(SYS_close_range, 3, 100, 0) == 0);
	CHECK(open("/dev/null", O_RDWR) == 3 && open("/dev/null", O_RDWR) == 4 &&
	      open("/dev/null", O_RDWR) == 5);
	CHECK(write(3, "f", 1) == 1 && write(4, "f", 1) == 1 && write(5, "f", 1) == 1);
}

static void act_passed(void)
{
	char room[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = room,
			    .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int s[2], given = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &given, sizeof(given));
	CHECK(sendmsg(s[0], &m, 0) == 1 && close(given) == 0);
	CHECK(recvmsg(s[1], &m, 0) == 1);
	CHECK(write(given, "x", 1) < 0); /* it has the lowest number, which was free again */
}

/* Each way of waiting, for a socket and for what is none. */
static void act_waits(void)
{
	int s[2], p[2], ep = epoll_create1(0), pipes = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN }, out;
	struct timeval now = { 0 };
	fd_set set;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && pipe(p) == 0);
	for (int i = 0; i < 2; i++) {
		int fd = i ? p[0] : s[0];
		struct pollfd one = { .fd = fd, .events = POLLIN };

		CHECK(poll(&one, 1, 0) == 0);
		FD_ZERO(&set);
		FD_SET(fd, &set);
		CHECK(select(fd + 1, &set, NULL, NULL, &now) == 0);
		CHECK(epoll_ctl(i ? pipes : ep, EPOLL_CTL_ADD, fd, &event) == 0);
		CHECK(epoll_wait(i ? pipes : ep, &out, 1, 0) == 0);
	}
	/* Another number, another process: it watches what it watched. */
	ep = dup(ep);
	if (fork() == 0)
		_exit(epoll_wait(ep, &out, 1, 0));
	wait(NULL);
}

/* The one socket stands behind all else that poll(2) takes; and behind a descriptor that is waited for itself. */
static void act_waits_far(void)
{
	static struct pollfd fds[4096];
	int s[2], inner = epoll_create1(0), outer = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN }, out;
	struct pollfd one = { .fd = inner, .events = POLLIN };
	struct rlimit limit;
	rlim_t many;

	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	many = limit.rlim_cur;
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	for (rlim_t i = 0; i < many; i++)
		fds[i].fd = -1;
	CHECK(poll(fds, many, 0) == 0);
	fds[many - 1].fd = s[0];
	CHECK(poll(fds, many, 0) == 0);
	CHECK(poll(&one, 1, 0) == 0);
	CHECK(epoll_ctl(inner, EPOLL_CTL_ADD, s[0], &event) == 0);
	CHECK(poll(&one, 1, 0) == 0);
	CHECK(epoll_wait(outer, &out, 1, 0) == 0);
	CHECK(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event) == 0);
	CHECK(epoll_wait(outer, &out, 1, 0) == 0);
}

/* A process passes sockets to itself. */
static void act_rights(void)
{
	char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec v = { .iov_base = control, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	char byte;
	int s[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(s));
	memcpy(CMSG_DATA(c), s, sizeof(s));
	v.iov_base = &byte;
	byte = 'x';
	CHECK(sendmsg(s[0], &m, 0) == 1);
	CHECK(recvmsg(s[1], &m, 0) == 1);
}

static void *receive_many(void *arg)
{
	char buf[8];
	struct iovec v = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &v, .msg_iovlen = 1 } };

	sleeper = gettid();
	CHECK(recvmmsg(*(int *)arg, &m, 1, 0, NULL) == 1);
	return NULL;
}

/* A thread sleeps for messages. */
static void act_messages(void)
{
	pthread_t id;
	int s[2];

	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
	CHECK(pthread_create(&id, NULL, receive_many, &s[1]) == 0);
	until_sleeper();
	CHECK(send(s[0], "late", 4, 0) == 4);
	CHECK(pthread_join(id, NULL) == 0);
}

#define SLEEPERS 450 /* each with two files of proc(5) */

static _Atomic pid_t asleep_soon[SLEEPERS];
static _Atomic int asleep_next;

static void *sleep_and_go(void *arg)
{
	int *pair = arg, fd;
	char c;

	asleep_soon[asleep_next++] = gettid();
	CHECK(recv(pair[1], &c, 1, 0) == 1);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(send(pair[0], "x", 1, 0) == 1);
	return NULL;
}

/* Each wakes the next. */
static void act_sleepers(void)
{
	pthread_t id[SLEEPERS];
	int s[2];

	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
	for (int i = 0; i < SLEEPERS; i++)
		CHECK(pthread_create(&id[i], NULL, sleep_and_go, s) == 0);
	for (int i = 0; i < SLEEPERS; i++) {
		while (!asleep_soon[i])
			usleep(1000);
		until_asleep(asleep_soon[i]);
	}
	CHECK(send(s[0], "x", 1, 0) == 1);
	for (int i = 0; i < SLEEPERS; i++)
		CHECK(pthread_join(id[i], NULL) == 0);
}

static void *burn(void *arg)
{
	volatile int *go_on = arg;

	while (*go_on)
		continue;
	return NULL;
}

/* Threads that never stop by themselves are switched all the time, and not of their own will. */
static void act_blocked_busy(void)
{
	static volatile int go_on = 1;
	pthread_t id[2];

	for (int i = 0; i < 2; i++)
		CHECK(pthread_create(&id[i], NULL, burn, (void *)(uintptr_t)&go_on) == 0);
	act_blocked();
	go_on = 0;
	for (int i = 0; i < 2; i++)
		CHECK(pthread_join(id[i], NULL) == 0);
}

/* Children that want no tracer, and one that cannot be. */
static void act_untraced_child(void)
{
	uint64_t args[8] = { CLONE_UNTRACED, 0, 0, 0, SIGCHLD };

	for (int i = 0; i < 2; i++) {
		long pid = i ? syscall(SYS_clone3, args, sizeof(args))
			     : syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);

		if (pid == 0)
			_exit(socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : 1);
		CHECK(pid > 0 || errno == ENOSYS);
		CHECK(pid < 0 || wait(NULL) == pid);
	}
	CHECK(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0) < 0);
	/* Nobody waits for that one. */
	if (fork() == 0)
		_exit(0);
	CHECK(wait(NULL) > 0);
}

/* What the tracer's user cannot have. */
static void act_wants_more(void)
{
	CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) < 0 && errno == EPERM);
	(void)!setuid(geteuid() == 1 ? 2 : 1);
	_exit(0);
}

static void act_echo(void)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		printf("got %s", line);
		fflush(stdout);
	}
	puts("end");
}

static void act_flood(void)
{
	int s[2];
	char c;

	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
	for (int i = 0; i < 20000; i++)
		CHECK(send(s[0], "0123456789abcdef", 16, 0) == 16 && recv(s[1], &c, 1, 0) == 1);
}

static void act_stubborn(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (fork() == 0) {
		setsid();
		if (fork() == 0)
			only_sleep(NULL);
	}
	put(1, "ready\n");
	only_sleep(NULL);
}

static void act_uring(void)
{
	syscall(SYS_io_uring_setup, 1, NULL);
	syscall(SYS_io_uring_setup, 1, NULL);
}

static void act_accepts(void)
{
	struct sockaddr_in a;
	int l = listener(&a), s;
	pthread_t id;
	char c;

	CHECK(pthread_create(&id, NULL, only_sleep, NULL) == 0);
	put_number(1, "port", ntohs(a.sin_port));
	for (;;) {
		s = accept(l, NULL, NULL);
		if (s < 0)
			continue;
		while (recv(s, &c, 1, 0) == 1)
			CHECK(send(s, &c, 1, MSG_NOSIGNAL) == 1);
		close(s);
	}
}

static void *end_at_once(void *arg)
{
	return arg;
}

static void *make_threads(void *arg)
{
	pthread_t id;

	for (;;)
		if (pthread_create(&id, NULL, end_at_once, NULL) == 0)
			pthread_join(id, NULL);
	return arg;
}

static void act_churns(void)
{
	pthread_t id;

	for (int i = 0; i < 3; i++)
		CHECK(pthread_create(&id, NULL, make_threads, NULL) == 0);
	put(1, "port=0\n");
	only_sleep(NULL);
}

static void act_hides(void)
{
	int s[2];

	CHECK(prctl(PR_SET_DUMPABLE, 0) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	CHECK(send(s[0], "secret", 6, 0) == 6);
	_exit(5);
}

static void act_left_behind(void)
{
	if (fork() == 0) {
		until_asleep(getpid() - 1);
		only_sleep(NULL);
	}
	_exit(0);
}

static void act_one_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK(fd >= 0 && close(fd) == 0);
	put(1, "done\n");
	_exit(0);
}

static const struct {
	const char *name;
	void (*run)(void);
} acts[] = {
	{ "tcp", act_tcp },
	{ "order", act_order },
	{ "threads", act_threads },
	{ "children", act_children },
	{ "exec", act_exec },
	{ "after_exec", act_after_exec },
	{ "thread_exec", act_thread_exec },
	{ "after_thread_exec", act_after_thread_exec },
	{ "signals", act_signals },
	{ "restarted", act_restarted },
	{ "interrupted", act_interrupted },
	{ "ignored", act_ignored },
	{ "blocked", act_blocked },
	{ "blocked_thread", act_blocked_thread },
	{ "bomb", act_bomb },
	{ "efault", act_efault },
	{ "descriptors", act_descriptors },
	{ "waits", act_waits },
	{ "waits_far", act_waits_far },
	{ "rights", act_rights },
	{ "messages", act_messages },
	{ "blocked_busy", act_blocked_busy },
	{ "sleepers", act_sleepers },
	{ "wants_more", act_wants_more },
	{ "untraced_child", act_untraced_child },
	{ "passed", act_passed },
	{ "echo", act_echo },
	{ "flood", act_flood },
	{ "stubborn", act_stubborn },
	{ "uring", act_uring },
	{ "accepts", act_accepts },
	{ "churns", act_churns },
	{ "hides", act_hides },
	{ "left_behind", act_left_behind },
	{ "one_socket", act_one_socket },
};

/* Without what a sanitizer would do at the end: it traces, which a traced program cannot. */
static void __attribute__((noreturn)) act(const char *name)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (!strcmp(acts[i].name, name))
			acts[i].run();
	fflush(NULL);
	_exit(0);
}

/* ---- running them ---- */

static struct tracer *start(const char *const *argv, bool plain)
{
	const struct tracer_command c = { .name = "tested", .argv = argv, .plain = plain };
	struct err e = { .what = "" };
	struct tracer *t = tracer_start(NULL, &c, &e);

	CHECK_OK(t, e);
	return t;
}

static struct tracer *start_act(const char *name)
{
	return start((const char *const[]){ self_path(), "act", name, NULL }, false);
}

/* To its end. */
static struct seen_all run(const char *const *argv)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start(argv, false);
	struct traced r;
	struct err e;

	read_until(t, &s, TRACED_END, NULL);
	CHECK(tracer_next(t, &r, &e) == -1);
	tracer_free(t);
	check_reports(&s);
	for (size_t i = 0; i < s.count; i++)
		if (s.r[i].kind == TRACED_NOTE && strstr(s.r[i].text, "its calls are not seen"))
			SKIP(s.r[i].text);
	return s;
}

static struct seen_all run_act(const char *name)
{
	return run((const char *const[]){ self_path(), "act", name, NULL });
}

static const struct traced *last(const struct seen_all *s)
{
	return &s->r[s->count - 1];
}

static void check_ended(struct seen_all *s, bool killed, int status)
{
	if (last(s)->killed != killed || last(s)->status != status)
		fprintf(stderr, "# ended with %d %d: %s%s\n", last(s)->killed, last(s)->status,
			all_text(s, 1), all_text(s, 2));
	CHECK(last(s)->killed == killed);
	CHECK(last(s)->status == status);
}

/* ---- the tests ---- */

/* Each body as the one who runs the test, and as nobody. */
#define TEST(body)                                                                                 \
	static void body##_self(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		in_child(body, AS_SELF);                                                           \
	}                                                                                          \
	static void body##_nobody(void **state)                                                    \
	{                                                                                          \
		(void)state;                                                                       \
		if (geteuid() != 0)                                                                \
			skip(); /* that was the other */                                           \
		in_child(body, AS_NOBODY);                                                         \
	}
#define ROWS(body) cmocka_unit_test(body##_self), cmocka_unit_test(body##_nobody),

/* In place of main()'s beginning: this may be the tracing process, or an act. */
static void be_who_you_are(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "tracer"))
		tracer_main(argc, argv);
	if (argc == 3 && !strcmp(argv[1], "act"))
		act(argv[2]);
}

#endif
