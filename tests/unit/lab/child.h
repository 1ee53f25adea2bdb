/*
 * child: a test body that runs in a process of its own, because a lab changes the process that builds it.
 *
 *	static void body(void) { CHECK(1 + 1 == 2); if (…) SKIP("no IPv6"); }
 *	…
 *	in_child(body, AS_NOBODY);
 *
 * A failed CHECK prints where, and fails the test; SKIP skips it aloud.
 */
#ifndef SOCKLENS_TESTS_LAB_CHILD_H
#define SOCKLENS_TESTS_LAB_CHILD_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/core/err.h"

#define CHILD_SKIP	77

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "# %s:%d: %s (errno %d)\n", __FILE__, __LINE__, #what, errno); \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* For functions that fill an error. */
#define CHECK_OK(done, e)                                                                          \
	do {                                                                                       \
		if (!(done)) {                                                                     \
			fprintf(stderr, "# %s:%d: %s: %s (%s)\n", __FILE__, __LINE__, #done,       \
				(e).what, (e).hint);                                               \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

#define SKIP(why)                                                                                  \
	do {                                                                                       \
		fprintf(stderr, "# skipped: %s\n", why);                                           \
		_exit(CHILD_SKIP);                                                                 \
	} while (0)

enum child_as {
	AS_SELF,
	AS_NOBODY,		/* an ordinary user; the same as AS_SELF if we are not root */
};

/* Of the sanitizers, where the test is built with them. */
extern void __lsan_do_leak_check(void) __attribute__((weak));

static inline void become_nobody(void)
{
	if (geteuid() != 0)
		return;
	CHECK(setgroups(0, NULL) == 0);
	CHECK(setresgid(65534, 65534, 65534) == 0);
	CHECK(setresuid(65534, 65534, 65534) == 0);
	/* A change of ids takes /proc/self away from us; execve() would give it back. */
	CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

static inline void in_child(void (*body)(void), enum child_as as)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (as == AS_NOBODY)
			become_nobody();
		body();
		fflush(NULL);
		if (__lsan_do_leak_check)
			__lsan_do_leak_check();
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_SKIP)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static inline bool put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

/* A user namespace of the test's own, in which limits can be set that hold nowhere else. */
static inline void enter_sandbox(void)
{
	char map[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER))
		SKIP("this machine lets us create no user namespace");
	CHECK(put_file("/proc/self/setgroups", "deny"));
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)uid);
	CHECK(put_file("/proc/self/uid_map", map));
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)gid);
	CHECK(put_file("/proc/self/gid_map", map));
}

static inline void drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	CHECK(syscall(SYS_capset, &head, none) == 0);
}

#endif
