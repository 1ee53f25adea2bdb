/*
 * The tracer, on this machine as it is.  The programs that it runs are this test's executable itself, with
 * another first argument, and whatever shells and interpreters are there.
 */
#include "tests/unit/lab/tracing.h"

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

/* ---- calls ---- */

static void calls_with_their_sockets(void)
{
	struct seen_all s = run_act("tcp");
	const struct traced *bound = find_report(&s, TRACED_LEAVE, "bind", 0);
	const struct traced *connected = find_report(&s, TRACED_LEAVE, "connect", 0);
	const struct traced *accepted = find_report(&s, TRACED_LEAVE, "accept", 0);
	const struct traced *sent = find_report(&s, TRACED_ENTER, "send", 0);
	const struct traced *received = find_report(&s, TRACED_LEAVE, "recv", 0);
	const struct traced *closed = find_report(&s, TRACED_LEAVE, "close", 0);

	check_ended(&s, false, 7);
	CHECK(bound && connected && accepted && sent && received && closed);
	CHECK(bound->sock.cookie && addr_port(&bound->sock.local));
	CHECK(addr_equal(&connected->sock.remote, &bound->sock.local));
	CHECK(accepted->sock.cookie == bound->sock.cookie && accepted->made.cookie);
	CHECK(addr_equal(&accepted->made.remote, &connected->sock.local));
	CHECK(sent->request.arg[1].len == 5 && !memcmp(sent->request.arg[1].bytes, "hello", 5));
	CHECK(received->sock.cookie == accepted->made.cookie);
	CHECK(received->outcome.result == 5 && received->outcome.data_kept == 5);
	CHECK(!memcmp(received->outcome.data, "hello", 5));
	CHECK(find_report(&s, TRACED_LEAVE, "write", 0) &&
	      find_report(&s, TRACED_LEAVE, "read", 0));
	CHECK(count_reports(&s, TRACED_ENTER, "read") == 1 &&
	      count_reports(&s, TRACED_ENTER, "write") == 1);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 1)->outcome.error == EBADF);
	CHECK(closed->sock.cookie == accepted->made.cookie);
	CHECK(count_reports(&s, TRACED_LEAVE, NULL) == count_reports(&s, TRACED_ENTER, NULL));
	forget_reports(&s);
}

static void descriptors_are_known(void)
{
	struct seen_all s = run_act("descriptors");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_ENTER, "write") == 2);
	CHECK(find_report(&s, TRACED_LEAVE, "write", 1)->outcome.error == EPIPE ||
	      find_report(&s, TRACED_LEAVE, "write", 1)->outcome.result == -1);
	forget_reports(&s);
}

static void passed_descriptors_are_known(void)
{
	struct seen_all s = run_act("passed");

	check_ended(&s, false, 0);
	CHECK(find_report(&s, TRACED_LEAVE, "write", 0)->sock.family == AF_INET);
	forget_reports(&s);
}

static void waiting_for_sockets(void)
{
	static const struct {
		const char *name;
		size_t times;
	} expected[] = {
		{ "poll", 1 },	    { "select", 1 },	 { "epoll_create1", 2 },
		{ "epoll_ctl", 1 }, { "epoll_wait", 2 },
	};
	struct seen_all s = run_act("waits");

	check_ended(&s, false, 0);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		/* Newer machines and libraries have calls of longer names only. */
		size_t seen = count_reports(&s, TRACED_ENTER, expected[i].name);

		seen += !strcmp(expected[i].name, "poll") ? count_reports(&s, TRACED_ENTER, "ppoll")
							  : 0;
		seen += !strcmp(expected[i].name, "select")
				? count_reports(&s, TRACED_ENTER, "pselect6")
				: 0;
		seen += !strcmp(expected[i].name, "epoll_wait")
				? count_reports(&s, TRACED_ENTER, "epoll_pwait")
				: 0;
		if (seen != expected[i].times)
			fprintf(stderr, "# %s: %zu\n", expected[i].name, seen);
		CHECK(seen == expected[i].times);
	}
	forget_reports(&s);
}

/* Of newer machines and libraries some calls have longer names only. */
static size_t count_either(const struct seen_all *s, const char *name, const char *other)
{
	return count_reports(s, TRACED_ENTER, name) + count_reports(s, TRACED_ENTER, other);
}

static void waiting_far_behind(void)
{
	struct seen_all s = run_act("waits_far");

	check_ended(&s, false, 0);
	CHECK(count_either(&s, "poll", "ppoll") == 2);
	CHECK(count_reports(&s, TRACED_ENTER, "epoll_ctl") == 2);
	CHECK(count_either(&s, "epoll_wait", "epoll_pwait") == 1);
	forget_reports(&s);
}

static void rights_have_sockets(void)
{
	struct seen_all s = run_act("rights");
	const struct traced *pair = find_report(&s, TRACED_LEAVE, "socketpair", 0);
	const struct traced *got = find_report(&s, TRACED_LEAVE, "recvmsg", 0);
	int fd[3];

	check_ended(&s, false, 0);
	CHECK(pair && got && pair->made.cookie && pair->made_second.cookie);
	CHECK(got->made.cookie == pair->made.cookie);
	CHECK(got->made_second.cookie == pair->made_second.cookie);
	CHECK(call_fds_made(&find_report(&s, TRACED_ENTER, "recvmsg", 0)->request, &got->outcome,
			    fd, 3) == 2);
	CHECK(got->second == fd[1]);
	forget_reports(&s);
}

static void messages_are_waited_for(void)
{
	struct seen_all s = run_act("messages");
	const struct traced *got = find_report(&s, TRACED_LEAVE, "recvmmsg", 0);

	check_ended(&s, false, 0);
	CHECK(got && got->outcome.result == 1 && got->outcome.blocked);
	forget_reports(&s);
}

static void nobody_goes_untraced(void)
{
	struct seen_all s = run_act("untraced_child");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_ENTER, "socket") >= 1 &&
	      count_reports(&s, TRACED_TASK, NULL) ==
		      count_reports(&s, TRACED_ENTER, "socket") + 2);
	forget_reports(&s);
}

static void what_is_refused_is_named(void)
{
	struct seen_all s = run_act("wants_more");

	check_ended(&s, false, 0);
	CHECK(strstr(all_text(&s, 0), "ptrace(2)"));
	CHECK(geteuid() == 0 || strstr(all_text(&s, 0), "setuid(2)"));
	forget_reports(&s);
}

static void pairs_have_two_sockets(void)
{
	struct seen_all s = run_act("waits");
	const struct traced *r = find_report(&s, TRACED_LEAVE, "socketpair", 0);

	CHECK(r && r->made.cookie && r->made_second.cookie &&
	      r->made.cookie != r->made_second.cookie);
	CHECK(r->second > 0);
	forget_reports(&s);
}

static void bad_pointers(void)
{
	struct seen_all s = run_act("efault");

	check_ended(&s, false, 3);
	CHECK(find_report(&s, TRACED_LEAVE, "bind", 0)->outcome.error == EFAULT);
	CHECK(find_report(&s, TRACED_LEAVE, "setsockopt", 0)->outcome.result == -1);
	CHECK(find_report(&s, TRACED_LEAVE, "bind", 1)->outcome.error == EBADF);
	forget_reports(&s);
}

/* ---- what it prints ---- */

static void output_stands_where_it_was_written(void)
{
	struct seen_all s = run_act("order");
	const char *expected[] = { "out", "send", "err", "recv" };
	size_t step = 0;

	check_ended(&s, false, 0);
	for (size_t i = 0; i < s.count; i++) {
		const struct traced *r = &s.r[i];
		const char *what = expected[step % 4];

		if (r->kind == TRACED_OUTPUT && step < 80) {
			CHECK(!strncmp(r->text, what, 3) &&
			      strtol(r->text + 4, NULL, 10) == (long)(step / 4));
			CHECK(r->stream == (what[0] == 'o' ? 1 : 2));
			step++;
		} else if (r->kind == TRACED_ENTER && (!strcmp(r->request.call->name, "send") ||
						       !strcmp(r->request.call->name, "recv"))) {
			CHECK(!strcmp(r->request.call->name, what));
			step++;
		}
	}
	CHECK(step == 80);
	CHECK(strstr(all_text(&s, 1), "vector\n"));
	CHECK(strstr(all_text(&s, 2), "012345670123456789\n"));
	forget_reports(&s);
}

static void typed_lines_arrive(void)
{
	struct tracer *t = start_act("echo");
	struct seen_all s = { .count = 0 };
	struct err e = { .what = "" };
	char much[5000];

	CHECK_OK(tracer_input(t, "one\n", 4, &e) == 0, e);
	CHECK_OK(tracer_input(t, "two\n", 4, &e) == 0, e);
	memset(much, 'x', sizeof(much));
	CHECK(tracer_input(t, much, sizeof(much), &e) == -1 && e.what[0]);
	CHECK_OK(tracer_input(t, "", 0, &e) == 0, e);
	read_until(t, &s, TRACED_END, NULL);
	CHECK(!strcmp(all_text(&s, 1), "got one\ngot two\nend\n"));
	CHECK(tracer_input(t, "late\n", 5, &e) == -1);
	tracer_free(t);
	forget_reports(&s);
}

/* A program that reads nothing must not stop us, and what cannot be taken is refused. */
static void input_that_nobody_reads(void)
{
	struct tracer *t = start_act("stubborn");
	struct err e = { .what = "" };
	char line[1000];
	int taken = 0;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	while (taken < 100000 && tracer_input(t, line, sizeof(line), &e) == 0)
		taken++;
	CHECK(taken > 0 && taken < 100000);
	CHECK(strstr(e.what, "does not read"));
	tracer_free(t);
}

/* ---- threads and processes ---- */

static void threads_are_followed(void)
{
	struct seen_all s = run_act("threads");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_TASK, NULL) == 9 &&
	      count_reports(&s, TRACED_TASK_END, NULL) == 9);
	for (const struct traced *r = s.r; r < s.r + s.count; r++)
		CHECK(r->kind == TRACED_NOTE || r->process == 0);
	CHECK(count_reports(&s, TRACED_LEAVE, "socket") == 160 &&
	      count_reports(&s, TRACED_LEAVE, "close") >= 160);
	for (size_t i = 0; i < 160; i++) {
		CHECK(find_report(&s, TRACED_LEAVE, "socket", i)->made.cookie);
		CHECK(find_report(&s, TRACED_LEAVE, "shutdown", i)->sock.cookie);
	}
	forget_reports(&s);
}

static void children_are_followed(void)
{
	struct seen_all s = run_act("children");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_TASK, NULL) == 9 &&
	      count_reports(&s, TRACED_TASK_END, NULL) == 9);
	for (int status = 1; status <= 5; status++) {
		size_t found = 0;

		for (size_t i = 0; i < s.count; i++)
			if (s.r[i].kind == TRACED_TASK_END && s.r[i].task)
				found += s.r[i].status == status || s.r[i].status == 10 + status;
		CHECK(found == (status % 2 ? 2 : 1));
	}
	CHECK(count_reports(&s, TRACED_LEAVE, "socket") == 3);
	forget_reports(&s);
}

static void exec_changes_the_program(void)
{
	struct seen_all s = run_act("exec");

	check_ended(&s, false, 9);
	CHECK(count_reports(&s, TRACED_EXEC, NULL) == 2);
	CHECK(strstr(find_report(&s, TRACED_EXEC, NULL, 1)->text, "act after_exec"));
	CHECK(count_reports(&s, TRACED_ENTER, "write") == 1);
	forget_reports(&s);
}

static void exec_by_another_thread(void)
{
	struct seen_all s = run_act("thread_exec");

	check_ended(&s, false, 11);
	CHECK(count_reports(&s, TRACED_TASK, NULL) == 3 &&
	      count_reports(&s, TRACED_TASK_END, NULL) == 3);
	CHECK(find_report(&s, TRACED_LEAVE, "socket", 0)->task == 0);
	forget_reports(&s);
}

static void a_fork_bomb_is_limited(void)
{
	struct seen_all s = run_act("bomb");
	long made;

	check_ended(&s, true, SIGKILL);
	made = strtol(all_text(&s, 1) + strlen("made="), NULL, 10);
	CHECK(made == TRACER_TASKS - 1);
	CHECK(count_reports(&s, TRACED_TASK, NULL) == TRACER_TASKS);
	CHECK(count_reports(&s, TRACED_NOTE, NULL) == 1 && strstr(all_text(&s, 0), "limit"));
	forget_reports(&s);
}

static void shells_and_their_children(void)
{
	struct seen_all s = run((const char *const[]){
		"sh", "-c", "echo a | cat; (exit 3); echo $? >&2; sh -c 'exit 4' & wait $!; exit 5",
		NULL });

	check_ended(&s, false, 5);
	CHECK(!strcmp(all_text(&s, 1), "a\n") && !strcmp(all_text(&s, 2), "3\n"));
	forget_reports(&s);
}

/* ---- signals ---- */

static void signals_are_delivered(void)
{
	struct seen_all s = run_act("signals");

	check_ended(&s, true, SIGSEGV);
	CHECK(!strcmp(all_text(&s, 1), "handled\n"));
	forget_reports(&s);
}

static void a_restarted_call_is_one(void)
{
	struct seen_all s = run_act("restarted");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_ENTER, "recv") == 1 &&
	      count_reports(&s, TRACED_LEAVE, "recv") == 1);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 0)->outcome.result == 4);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 0)->outcome.blocked);
	forget_reports(&s);
}

static void an_interrupted_call_fails(void)
{
	struct seen_all s = run_act("interrupted");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_ENTER, "recv") == 2 &&
	      count_reports(&s, TRACED_LEAVE, "recv") == 2);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 0)->outcome.error == EINTR);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 0)->outcome.blocked);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 1)->outcome.result == 4);
	forget_reports(&s);
}

static void stopping_is_no_interruption(void)
{
	struct seen_all s = run_act("ignored");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_ENTER, "recv") == 1);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 0)->outcome.result == 4);
	forget_reports(&s);
}

/* ---- sleeping ---- */

static void check_blocked(struct seen_all *s)
{
	size_t slept = 0, left = 0;

	check_ended(s, false, 0);
	for (const struct traced *r = s->r; r < s->r + s->count; r++) {
		if (r->kind != TRACED_LEAVE)
			continue;
		left++;
		slept += r->outcome.blocked;
		if (r->outcome.data_kept == 4)
			CHECK(r->outcome.blocked);
		if (r->outcome.data_kept == 3)
			CHECK(!r->outcome.blocked);
	}
	CHECK(left > 1000);
	CHECK(slept < 10); /* a lock that somebody holds at that moment may be slept for */
	forget_reports(s);
}

static void who_slept_is_known(void)
{
	struct seen_all s = run_act("blocked");

	check_blocked(&s);
}

static void who_slept_is_known_among_threads(void)
{
	struct seen_all s = run_act("blocked_thread");

	check_blocked(&s);
}

static void who_slept_is_known_among_busy_threads(void)
{
	struct seen_all s = run_act("blocked_busy");

	check_blocked(&s);
}

/* With fewer descriptors than the threads have files: all their sockets are known. */
static void many_sleep(void)
{
	struct rlimit limit = { .rlim_cur = 800, .rlim_max = 800 };
	struct seen_all s;

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	s = run_act("sleepers");
	check_ended(&s, false, 0);
	for (size_t i = 0; i < SLEEPERS; i++) {
		const struct traced *r = find_report(&s, TRACED_LEAVE, "socket", i);

		CHECK(r && r->made.cookie);
	}
	forget_reports(&s);
}

static void who_sleeps_is_known(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("accepts");
	int64_t until = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
	struct traced r;

	read_until(t, &s, TRACED_ENTER, "accept");
	while (!tracer_sleeps(t, 0)) {
		CHECK(clock_monotonic_ns() < until);
		if (tracer_next(t, &r, NULL) == 1)
			keep_report(&s, &r);
	}
	CHECK(!tracer_sleeps(t, 1)); /* it sleeps, but in no call that is reported */
	CHECK(!tracer_sleeps(t, 77));
	CHECK(tracer_pid(t) == find_report(&s, TRACED_TASK, NULL, 0)->tid);
	tracer_free(t);
	forget_reports(&s);
}

/* ---- much ---- */

static void a_flood_is_whole(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("flood");
	struct traced r;
	uint64_t number = 0, left = 0;
	int n;

	while ((n = report_within(t, &r, 1000)) >= 0) {
		if (n && r.kind == TRACED_ENTER)
			CHECK(r.number == ++number);
		left += n && r.kind == TRACED_LEAVE;
		CHECK(!n || r.kind != TRACED_NOTE);
		if (n)
			traced_fini(&r);
	}
	CHECK(number == left && number >= 40000);
	tracer_free(t);
	forget_reports(&s);
}

/* A reader that sleeps for long stops nobody for ever: calls are left out, and it is said how many. */
static void a_slow_reader_is_told(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("flood");
	int64_t until = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
	long shown = 0, hidden = 0;

	while (thread_state(tracer_pid(t)) && thread_state(tracer_pid(t)) != 'Z') {
		CHECK(clock_monotonic_ns() < until);
		usleep(10000);
	}
	read_until(t, &s, TRACED_END, NULL);
	check_ended(&s, false, 0);
	for (const struct traced *r = s.r; r < s.r + s.count; r++) {
		shown += r->kind == TRACED_LEAVE;
		if (r->kind == TRACED_NOTE && strstr(r->text, "recorded: "))
			hidden += strtol(strstr(r->text, "recorded: ") + 10, NULL, 10);
	}
	CHECK(hidden > 0);
	CHECK(shown + hidden >= 40000 && shown + hidden < 40020);
	tracer_free(t);
	forget_reports(&s);
}

/* ---- ends ---- */

static void until_gone(pid_t pid)
{
	int64_t until = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;

	while (kill(pid, 0) == 0) {
		CHECK(clock_monotonic_ns() < until);
		usleep(1000);
	}
}

static void nothing_is_left(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("stubborn");
	struct err e = { .what = "" };

	while (count_reports(&s, TRACED_TASK, NULL) < 3)
		read_until(t, &s, TRACED_TASK, NULL);
	while (!strstr(all_text(&s, 1), "ready"))
		read_until(t, &s, TRACED_OUTPUT, NULL);
	CHECK_OK(tracer_signal(t, SIGTERM, &e) == 0, e);
	tracer_free(t);
	for (size_t i = 0; i < 3; i++)
		until_gone(find_report(&s, TRACED_TASK, NULL, i)->tid);
	forget_reports(&s);
}

/* Whatever happens to the tracing process, what it traces ends with it, and that is told. */
static void the_tracing_process_is_killed(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("stubborn");
	char text[4096] = "", path[64];
	pid_t pids[3];
	int fd;

	while (count_reports(&s, TRACED_TASK, NULL) < 3)
		read_until(t, &s, TRACED_TASK, NULL);
	for (size_t i = 0; i < 3; i++)
		pids[i] = find_report(&s, TRACED_TASK, NULL, i)->tid;
	snprintf(path, sizeof(path), "/proc/%d/status", tracer_pid(t));
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && strstr(text, "TracerPid:"));
	close(fd);
	CHECK(kill((pid_t)strtol(strstr(text, "TracerPid:") + 10, NULL, 10), SIGKILL) == 0);
	read_until(t, &s, TRACED_END, NULL);
	check_ended(&s, false, -1);
	for (size_t i = 0; i < 3; i++)
		until_gone(pids[i]);
	tracer_free(t);
	forget_reports(&s);
}

static void signals_end_it(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("accepts");
	struct err e = { .what = "" };

	read_until(t, &s, TRACED_ENTER, "accept");
	CHECK_OK(tracer_signal(t, SIGTERM, &e) == 0, e);
	read_until(t, &s, TRACED_END, NULL);
	check_ended(&s, true, SIGTERM);
	CHECK(tracer_signal(t, SIGTERM, &e) == -1);
	tracer_free(t);
	forget_reports(&s);
}

/* The first process ends, what it left runs on; the last report comes after that. */
static void what_is_left_behind(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("left_behind");
	struct traced r;
	pid_t left;

	while (count_reports(&s, TRACED_TASK, NULL) < 2)
		read_until(t, &s, TRACED_TASK, NULL);
	read_until(t, &s, TRACED_TASK_END, NULL);
	left = find_report(&s, TRACED_TASK, NULL, 1)->tid;
	until_asleep(left);
	CHECK(tracer_next(t, &r, NULL) == 0);
	CHECK(kill(left, SIGKILL) == 0);
	read_until(t, &s, TRACED_END, NULL);
	check_ended(&s, false, 0);
	tracer_free(t);
	forget_reports(&s);
}

static void commands_that_cannot_be(void)
{
	const char *const none[] = { "/nonexistent/x", NULL }, *const unknown[] = {
		"no-such-command-here", NULL
	};
	const char *const forbidden[] = { "/etc/passwd", NULL }, *const empty[] = { NULL };
	const char *const directory[] = { "/etc", NULL };
	struct tracer_command c = { .name = "x", .argv = none };
	struct err e = { .what = "" };

	CHECK(!tracer_start(NULL, &c, &e) && e.code == ENOENT && strstr(e.what, "/nonexistent/x"));
	c.argv = unknown;
	CHECK(!tracer_start(NULL, &c, &e) && e.code == ENOENT && e.hint[0]);
	c.argv = directory;
	CHECK(!tracer_start(NULL, &c, &e) && strstr(e.hint, "directory"));
	c.argv = forbidden;
	CHECK(!tracer_start(NULL, &c, &e) && e.code == EACCES);
	c.argv = empty;
	CHECK(!tracer_start(NULL, &c, &e));
	c.argv = (const char *const[]){ "true", NULL };
	c.directory = "/nonexistent";
	CHECK(!tracer_start(NULL, &c, &e) && strstr(e.what, "directory"));
}

/* In a container that forbids filters. */
static void without_filters(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	struct seen_all s = { .count = 0 };
	struct tracer *t;

	CHECK(ctx && !seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(seccomp), 0));
	CHECK(!seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 1,
				SCMP_A0_64(SCMP_CMP_EQ, PR_SET_SECCOMP)));
	CHECK(!seccomp_load(ctx));
	seccomp_release(ctx);
	t = start_act("one_socket");
	read_until(t, &s, TRACED_END, NULL);
	CHECK(strstr(all_text(&s, 0), "seccomp"));
	CHECK(count_reports(&s, TRACED_LEAVE, "socket") == 1);
	CHECK(!strcmp(all_text(&s, 1), "done\n"));
	check_reports(&s);
	forget_reports(&s);
	tracer_free(t);
}

static void it_runs_where_it_should(void)
{
	const struct tracer_command c = { .name = "x",
					  .argv = (const char *const[]){ "pwd", NULL },
					  .directory = "/usr" };
	struct seen_all s = { .count = 0 };
	struct err e = { .what = "" };
	struct tracer *t = tracer_start(NULL, &c, &e);

	CHECK_OK(t, e);
	read_until(t, &s, TRACED_END, NULL);
	CHECK(!strcmp(all_text(&s, 1), "/usr\n"));
	tracer_free(t);
	forget_reports(&s);
}

/* ---- without calls ---- */

static void untraced_output(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t =
		start((const char *const[]){ "sh", "-c",
					     "read x; echo got $x; echo bad >&2; exit 6", NULL },
		      true);
	struct err e = { .what = "" };

	CHECK_OK(tracer_input(t, "this\n", 5, &e) == 0, e);
	read_until(t, &s, TRACED_END, NULL);
	check_ended(&s, false, 6);
	CHECK(!strcmp(all_text(&s, 1), "got this\n") && !strcmp(all_text(&s, 2), "bad\n"));
	CHECK(count_reports(&s, TRACED_ENTER, NULL) == 0);
	tracer_free(t);
	forget_reports(&s);
}

static void untraced_ends(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t =
		start((const char *const[]){ self_path(), "act", "stubborn", NULL }, true);
	pid_t pid = tracer_pid(t);

	while (!strstr(all_text(&s, 1), "ready"))
		read_until(t, &s, TRACED_OUTPUT, NULL);
	tracer_free(t);
	until_gone(pid);
	forget_reports(&s);
}

/* ---- notes ---- */

static void uring_is_named(void)
{
	struct seen_all s = run_act("uring");

	CHECK(count_reports(&s, TRACED_NOTE, NULL) == 1 && strstr(all_text(&s, 0), "io_uring"));
	forget_reports(&s);
}

static void privilege_is_not_given(void)
{
	struct seen_all s;

	if (geteuid() == 0 || access("/bin/su", X_OK))
		SKIP("needs an ordinary user and /bin/su");
	s = run((const char *const[]){ "/bin/su", "--version", NULL });
	CHECK(strstr(all_text(&s, 0), "without that privilege"));
	forget_reports(&s);
}

static void a_program_that_hides(void)
{
	struct seen_all s = run_act("hides");

	check_ended(&s, false, 5);
	CHECK(geteuid() == 0 || strstr(all_text(&s, 0), "hides"));
	CHECK(find_report(&s, TRACED_LEAVE, "send", 0)->outcome.result == 6);
	forget_reports(&s);
}

static void narrow_programs_are_named(void)
{
	/* An i386 executable that does nothing but exit(0). */
	static const unsigned char elf[] = {
		0x7f, 'E',  'L',  'F', 1, 1,	1, 0,	 0,    0,    0,	   0,	 0,    0,
		0,    0,    2,	  0,   3, 0,	1, 0,	 0,    0,    0x54, 0x80, 4,    8,
		0x34, 0,    0,	  0,   0, 0,	0, 0,	 0,    0,    0,	   0,	 0x34, 0,
		0x20, 0,    1,	  0,   0, 0,	0, 0,	 0,    0,    1,	   0,	 0,    0,
		0,    0,    0,	  0,   0, 0x80, 4, 8,	 0,    0x80, 4,	   8,	 0x60, 0,
		0,    0,    0x60, 0,   0, 0,	5, 0,	 0,    0,    0,	   0x10, 0,    0,
		0x31, 0xdb, 0xb8, 1,   0, 0,	0, 0xcd, 0x80, 0x90, 0x90, 0x90,
	};
	char path[] = "/tmp/socklens-test-XXXXXX";
	int fd = mkstemp(path);
	struct seen_all s;
	pid_t pid;
	int status;

	CHECK(fd >= 0 && write(fd, elf, sizeof(elf)) == sizeof(elf) && fchmod(fd, 0755) == 0);
	close(fd);
	pid = fork();
	if (pid == 0) {
		execl(path, path, NULL);
		_exit(77);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		unlink(path);
		SKIP("this machine runs no 32-bit programs");
	}
	s = run((const char *const[]){ path, NULL });
	unlink(path);
	check_ended(&s, false, 0);
	CHECK(strstr(all_text(&s, 0), "32-bit"));
	forget_reports(&s);
}

static void static_programs_too(void)
{
	static const char source[] =
		"#include <sys/socket.h>\n#include <unistd.h>\n"
		"int main(void) { int s[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, s);"
		" write(s[0], \"x\", 1); write(1, \"static\\n\", 7); return 8; }\n";
	char dir[] = "/tmp/socklens-test-XXXXXX", command[256];
	struct seen_all s;
	FILE *cc;

	CHECK(mkdtemp(dir));
	snprintf(command, sizeof(command), "cc -static -o %s/p -xc - 2>/dev/null", dir);
	cc = popen(command, "w");
	CHECK(cc);
	fputs(source, cc);
	snprintf(command, sizeof(command), "%s/p", dir);
	if (pclose(cc) || access(command, X_OK)) {
		rmdir(dir);
		SKIP("no compiler with a static C library");
	}
	s = run((const char *const[]){ command, NULL });
	unlink(command);
	rmdir(dir);
	check_ended(&s, false, 8);
	CHECK(count_reports(&s, TRACED_ENTER, "write") == 1 &&
	      !strcmp(all_text(&s, 1), "static\n"));
	forget_reports(&s);
}

/* ---- attaching ---- */

/* A process that runs already; its port. */
static pid_t running(const char *act, int *port)
{
	char text[64] = "";
	int ends[2];
	pid_t pid;

	CHECK(pipe(ends) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 1);
		become(act);
	}
	close(ends[1]);
	CHECK(read(ends[0], text, sizeof(text) - 1) > 0);
	close(ends[0]);
	*port = (int)strtol(text + strlen("port="), NULL, 10);
	until_asleep(pid);
	return pid;
}

static void one_echo(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char c = 0;

	CHECK(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(send(fd, "e", 1, 0) == 1 && recv(fd, &c, 1, 0) == 1 && c == 'e');
	close(fd);
}

static void attach_and_let_go(void)
{
	struct seen_all s = { .count = 0 };
	struct err e = { .what = "" }, again = { .what = "" };
	const struct traced *accepted;
	int port;
	pid_t pid = running("accepts", &port);
	struct tracer *t = tracer_attach(pid, "running", &e);

	if (!t && e.code == EPERM) {
		kill(pid, SIGKILL);
		SKIP(e.what);
	}
	CHECK_OK(t, e);
	CHECK(tracer_pid(t) == pid);
	/* What comes before it sleeps does not make it sleep. */
	read_until(t, &s, TRACED_ENTER, "accept");
	until_asleep(pid);
	one_echo(port);
	while (count_reports(&s, TRACED_ENTER, "accept") < 2)
		read_until(t, &s, TRACED_ENTER, "accept");
	check_reports(&s);
	CHECK(count_reports(&s, TRACED_TASK, NULL) == 2);
	accepted = find_report(&s, TRACED_LEAVE, "accept", 0);
	CHECK(accepted && addr_port(&accepted->made.local) == port && accepted->outcome.blocked);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 0)->outcome.data_kept == 1);
	CHECK(find_report(&s, TRACED_LEAVE, "send", 0)->outcome.result == 1);
	CHECK(!tracer_attach(pid, "twice", &again) && strstr(again.hint, "traces it already"));
	CHECK(tracer_input(t, "x\n", 2, &e) == -1);
	tracer_free(t);
	one_echo(port);
	CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	forget_reports(&s);
}

/* Its threads come and go while they are looked for, and while they are let go. */
static void attach_to_coming_and_going(void)
{
	int port;
	pid_t pid = running("churns", &port);

	for (int i = 0; i < 8; i++) {
		struct err e = { .what = "" };
		struct seen_all s = { .count = 0 };
		struct tracer *t = tracer_attach(pid, "churns", &e);

		if (!t && e.code == EPERM && !i && strstr(e.what, "attach to process")) {
			kill(pid, SIGKILL);
			SKIP(e.what);
		}
		CHECK_OK(t, e);
		while (count_reports(&s, TRACED_TASK_END, NULL) < 10)
			read_until(t, &s, TRACED_TASK_END, NULL);
		tracer_free(t);
		CHECK(kill(pid, 0) == 0);
		forget_reports(&s);
	}
	CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
}

static void attach_errors(void)
{
	struct err e = { .what = "" };
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(!tracer_attach(pid, "gone", &e) && e.code == ESRCH &&
	      strstr(e.hint, "no such process"));
	CHECK(!tracer_attach(-1, "none", &e) && e.what[0]);
	if (geteuid() == 0)
		return;
	CHECK(!tracer_attach(1, "init", &e) && e.code == EPERM && strstr(e.hint, "user"));
}

/* ---- the table ---- */

/* clang-format off */
#define BODIES(X) \
	X(calls_with_their_sockets) X(descriptors_are_known) \
	X(passed_descriptors_are_known) X(bad_pointers) X(waiting_for_sockets) \
	X(waiting_far_behind) X(rights_have_sockets) X(messages_are_waited_for) \
	X(what_is_refused_is_named) X(nobody_goes_untraced) X(who_slept_is_known_among_busy_threads) \
	X(pairs_have_two_sockets) X(output_stands_where_it_was_written) \
	X(typed_lines_arrive) X(input_that_nobody_reads) X(threads_are_followed) \
	X(children_are_followed) X(exec_changes_the_program) X(exec_by_another_thread) \
	X(a_fork_bomb_is_limited) X(shells_and_their_children) \
	X(signals_are_delivered) X(a_restarted_call_is_one) \
	X(an_interrupted_call_fails) X(stopping_is_no_interruption) \
	X(who_slept_is_known) X(who_slept_is_known_among_threads) \
	X(who_sleeps_is_known) X(many_sleep) X(a_flood_is_whole) X(a_slow_reader_is_told) \
	X(nothing_is_left) X(signals_end_it) X(the_tracing_process_is_killed) \
	X(what_is_left_behind) X(commands_that_cannot_be) X(without_filters) \
	X(it_runs_where_it_should) \
	X(untraced_output) X(untraced_ends) X(uring_is_named) \
	X(privilege_is_not_given) X(a_program_that_hides) X(narrow_programs_are_named) \
	X(static_programs_too) X(attach_and_let_go) \
	X(attach_to_coming_and_going) X(attach_errors)
/* clang-format on */

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
BODIES(TEST)
#define ROWS(body) cmocka_unit_test(body##_self), cmocka_unit_test(body##_nobody),

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { BODIES(ROWS) };

	if (argc > 1 && !strcmp(argv[1], "tracer"))
		tracer_main(argc, argv);
	if (argc == 3 && !strcmp(argv[1], "act"))
		act(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
