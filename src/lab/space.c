/*
 * Entering: unshare(CLONE_NEWUSER), then the id maps.  An ordinary user can map one id, its own; so it is
 * root inside and owns what it owned before.  There it gives up the capabilities that would let it pass over
 * the permissions of its own files: a directory that it may not write to must stay one.  Real root maps all ids to themselves, since it would else
 * lose its right to other people's files; that map can only be written from outside, by a helper process
 * which is forked first.
 *
 * Starting a program: the caller may have threads, so between fork() and execve() the child makes system
 * calls only and touches no lock: all text is prepared before, and an error travels back as two numbers
 * (which step, which errno) through a pipe that execve() closes.
 *
 * The order of the child's steps is forced: the namespace of the host and the mounts need the lab's
 * privileges; mapping back to the own uid gives them up; PR_SET_PDEATHSIG must come after that, because a
 * change of credentials clears it.
 */
#include "src/lab/space.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/core/str.h"
#include "src/lab/facts.h"
#include "src/lab/idmap.h"
#include "src/lab/owner.h"

/* ---- entering ---- */

/* Waits for a byte, writes the maps of its parent, ends. */
static void map_for_parent(int go)
{
	pid_t parent = getppid();
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(1);
	_exit(idmap_write_own(parent));
}

/* A helper that maps all ids once *go gets a byte; -1 if there is none. */
static pid_t helper_start(int *go)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		map_for_parent(ends[0]);
	}
	close(ends[0]);
	*go = ends[1];
	if (pid < 0)
		close(ends[1]);
	return pid;
}

/* Lets the helper write the maps (or just end).  True if they are written. */
static bool helper_end(pid_t pid, int go, bool write_maps)
{
	bool asked = write_maps && write(go, "", 1) == 1;
	int status = -1;

	close(go);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return asked && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void clear_cap(struct __user_cap_data_struct *set, unsigned cap)
{
	uint32_t bit = 1u << cap % 32;

	set[cap / 32].effective &= ~bit;
	set[cap / 32].permitted &= ~bit;
	set[cap / 32].inheritable &= ~bit;
}

/* A program that is started as_root has them again, by execve(). */
static int obey_permissions(struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, set))
		return err_errno(e, errno, NULL, "read our capabilities");
	clear_cap(set, CAP_DAC_OVERRIDE);
	clear_cap(set, CAP_DAC_READ_SEARCH);
	if (syscall(SYS_capset, &head, set))
		return err_errno(e, errno, NULL, "give up CAP_DAC_OVERRIDE");
	return 0;
}

int space_enter_user(bool *nested, struct err *e)
{
	struct facts facts;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int go = -1, error;
	pid_t helper;
	bool mapped;

	facts_read(&facts);
	helper = uid == 0 && facts.admin ? helper_start(&go) : -1;
	error = unshare(CLONE_NEWUSER) ? errno : 0;
	mapped = helper > 0 && helper_end(helper, go, !error);
	*nested = !error;
	if (error && facts.admin)
		return 0;
	if (error)
		return err_errno(e, error, facts_userns_hint(&facts, error),
				 "create a user namespace");
	if (mapped)
		return 0;
	if (idmap_write_one(uid, gid, e))
		return -1;
	return uid == 0 ? 0 : obey_permissions(e);
}

int space_new_net(struct err *e)
{
	int fd;

	if (unshare(CLONE_NEWNET))
		return err_errno(e, errno, errno == ENOSPC ? "raise user.max_net_namespaces" : NULL,
				 "create a network namespace");
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, NULL, "open /proc/thread-self/ns/net");
	return fd;
}

int space_join_net(int netns_fd, struct err *e)
{
	if (setns(netns_fd, CLONE_NEWNET))
		return err_errno(e, errno, NULL, "enter a host's network namespace");
	return 0;
}

/* ---- starting a program: everything down to spawn_child() runs between fork and exec ---- */

/* A directory of every machine; covered for a moment in the child's own view. */
#define SCRATCH "/tmp"

enum child_step {
	STEP_SESSION,
	STEP_NET,
	STEP_PRIVATE,
	STEP_MOUNTS,
	STEP_HOSTS,
	STEP_HOSTNAME,
	STEP_DIR,
	STEP_USER,
	STEP_CAPS,
	STEP_DEATH,
	STEP_STDIO,
	STEP_FDS,
	STEP_EXEC,
	STEPS
};

static const struct {
	const char *what, *hint;
} child_steps[] = {
	[STEP_SESSION] = { "start a session", NULL },
	[STEP_NET] = { "enter the host's network namespace", NULL },
	[STEP_PRIVATE] = { "create its mount and host name namespaces",
			   "raise user.max_mnt_namespaces and user.max_uts_namespaces" },
	[STEP_MOUNTS] = { "make its mounts private", NULL },
	[STEP_HOSTS] = { "put its own /etc/hosts in place", "/tmp must exist" },
	[STEP_HOSTNAME] = { "set its host name", NULL },
	[STEP_DIR] = { "enter its directory", NULL },
	[STEP_USER] = { "make it the own user's", NULL },
	[STEP_CAPS] = { "drop its capabilities", NULL },
	[STEP_DEATH] = { "tie its life to ours", NULL },
	[STEP_STDIO] = { "give it its standard input and output", NULL },
	[STEP_FDS] = { "close what it must not have", NULL },
	[STEP_EXEC] = { "execute it", NULL },
};
_Static_assert(sizeof(child_steps) / sizeof(child_steps[0]) == STEPS, "a text for every step");

struct child_error {
	int32_t step, error;
};

/* All that the child needs, ready to be given to the kernel. */
struct spawn {
	const struct space_child *c;
	size_t hosts_len, hostname_len;
	char uid_map[64], gid_map[64];
	size_t uid_map_len, gid_map_len;
	struct owner owner;
	pid_t parent;
	int error_fd; /* write end of the pipe back */
	sigset_t signals; /* as they were */
};

static int child_hosts(const struct spawn *s)
{
	int fd, result = -1;

	/* A machine without the file (a bare container) has no place to put ours: names stay unknown then. */
	if (access("/etc/hosts", F_OK) && errno == ENOENT)
		return 0;
	if (mount("tmpfs", SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=0755"))
		return -1;
	fd = open(SCRATCH "/hosts", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd >= 0 && write(fd, s->c->hosts, s->hosts_len) == (ssize_t)s->hosts_len)
		result = fchmod(fd, 0644);
	if (fd >= 0)
		close(fd);
	if (!result)
		result = mount(SCRATCH "/hosts", "/etc/hosts", NULL, MS_BIND, NULL);
	if (umount2(SCRATCH, MNT_DETACH))
		return -1;
	return result;
}

/* Where no second user namespace is to be had: an empty bounding set keeps execve() from giving root its capabilities. */
static int child_drop_caps(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return -1;
	/* Before Linux 4.3 this fails, and there are none to clear. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return (int)syscall(SYS_capset, &head, none);
}

static int child_map(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written = fd < 0 ? -1 : write(fd, text, len);

	if (fd >= 0)
		close(fd);
	return written == (ssize_t)len ? 0 : -1;
}

/* The own user again (or who called sudo), without any capability over the hosts. */
static int child_user(const struct spawn *s, enum child_step *step)
{
	if (s->owner.other)
		return owner_become(&s->owner);
	if (unshare(CLONE_NEWUSER)) {
		*step = STEP_CAPS;
		return child_drop_caps();
	}
	(void)child_map("/proc/self/setgroups", "deny", 4); /* if this fails, gid_map says so */
	if (child_map("/proc/self/uid_map", s->uid_map, s->uid_map_len))
		return -1;
	return child_map("/proc/self/gid_map", s->gid_map, s->gid_map_len);
}

/* A death before the signal was set up shows as another parent. */
static int child_tie(const struct spawn *s)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -1;
	if (getppid() != s->parent)
		_exit(127);
	return 0;
}

static int child_stdio(const struct spawn *s)
{
	int fd = s->c->stdio;

	if (fd < 0)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	for (int to = 0; to < 3; to++)
		if (fd == to ? fcntl(fd, F_SETFD, 0) : dup2(fd, to) < 0)
			return -1;
	return 0;
}

/* All descriptors from 3 up close at execve() but those to keep; the pipe back closes there anyway. */
static int child_fds(const struct spawn *s)
{
	struct rlimit limit;

	if (syscall(SYS_close_range, 3U, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */)) {
		if (getrlimit(RLIMIT_NOFILE, &limit))
			return -1;
		for (int fd = 3; fd < (int)limit.rlim_cur; fd++)
			(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	for (size_t i = 0; i < s->c->keeps; i++)
		if (fcntl(s->c->keep[i], F_SETFD, 0))
			return -1;
	return 0;
}

/* A program starts with every signal as the system gives it: it must be able to die of SIGPIPE. */
static void child_signals(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &plain, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int child_step(const struct spawn *s, enum child_step *step)
{
	const struct space_child *c = s->c;

	switch (*step) {
	case STEP_SESSION:
		return setsid() < 0 ? -1 : 0;
	case STEP_NET:
		return setns(c->netns_fd, CLONE_NEWNET);
	case STEP_PRIVATE:
		return unshare(CLONE_NEWNS | CLONE_NEWUTS);
	case STEP_MOUNTS:
		return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
	case STEP_HOSTS:
		return c->hosts ? child_hosts(s) : 0;
	case STEP_HOSTNAME:
		return c->hostname ? sethostname(c->hostname, s->hostname_len) : 0;
	case STEP_DIR:
		return c->dir_fd < 0 ? 0 : fchdir(c->dir_fd);
	case STEP_USER:
		return c->as_root ? 0 : child_user(s, step);
	case STEP_CAPS:
		return 0; /* the other branch of STEP_USER */
	case STEP_DEATH:
		return child_tie(s);
	case STEP_STDIO:
		return child_stdio(s);
	case STEP_FDS:
		return child_fds(s);
	case STEP_EXEC:
		child_signals();
		return execve(c->path, c->argv, c->envp ? c->envp : environ);
	case STEPS:
		break;
	}
	return 0;
}

static void __attribute__((noreturn)) spawn_child(const struct spawn *s)
{
	struct child_error report = { 0 };
	enum child_step step = STEP_SESSION;

	while (step < STEPS && !child_step(s, &step))
		step++;
	report.step = (int32_t)step;
	report.error = errno;
	(void)!write(s->error_fd, &report, sizeof(report));
	_exit(127);
}

/* ---- the caller's side ---- */

/* What the child reported, after its end; 0 if it went through to execve(). */
static int child_answer(int fd, pid_t pid, const struct space_child *c, struct err *e)
{
	struct child_error report;
	ssize_t got;

	do {
		got = read(fd, &report, sizeof(report));
	} while (got < 0 && errno == EINTR);
	if (got == 0)
		return 0;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (got != sizeof(report) || report.step < 0 || report.step >= STEPS)
		return err_set(e, NULL, "start %s: no answer from it", c->path);
	return err_errno(e, report.error, child_steps[report.step].hint, "start %s: %s", c->path,
			 child_steps[report.step].what);
}

static void spawn_prepare(struct spawn *s, const struct space_child *c)
{
	s->c = c;
	s->hosts_len = c->hosts ? strlen(c->hosts) : 0;
	s->hostname_len = c->hostname ? strlen(c->hostname) : 0;
	s->uid_map_len =
		idmap_back(s->uid_map, sizeof(s->uid_map), "/proc/self/uid_map", geteuid());
	s->gid_map_len =
		idmap_back(s->gid_map, sizeof(s->gid_map), "/proc/self/gid_map", getegid());
	owner_find(&s->owner);
	s->parent = getpid();
}

pid_t space_spawn(const struct space_child *c, struct err *e)
{
	struct spawn s;
	sigset_t all;
	int ends[2];
	pid_t pid;

	spawn_prepare(&s, c);
	if (pipe2(ends, O_CLOEXEC))
		return err_errno(e, errno, NULL, "start %s: create a pipe", c->path);
	s.error_fd = ends[1];
	/* No handler of ours may run in the child, where it would speak to our files. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &s.signals);
	pid = fork();
	if (pid == 0)
		spawn_child(&s);
	pthread_sigmask(SIG_SETMASK, &s.signals, NULL);
	close(ends[1]);
	if (pid < 0)
		err_errno(e, errno, NULL, "start %s: fork", c->path);
	else if (child_answer(ends[0], pid, c, e))
		pid = -1;
	close(ends[0]);
	return pid;
}
