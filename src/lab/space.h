/*
 * space: namespaces.  The only file that calls unshare() and setns().
 *
 * The lab lives in one user namespace in which the user is root; the hosts' network namespaces belong to it.
 * Programs run in a second user namespace inside that maps the user back to the own uid: so they have no
 * capability over the hosts (a port below 1024 answers EACCES as it would outside).  Behind sudo they run as the user who
 * called it (src/lab/owner.h).
 */
#ifndef SOCKLENS_LAB_SPACE_H
#define SOCKLENS_LAB_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "src/core/err.h"

/*
 * Moves this process (which must have one thread) into a new user namespace as its root.  Where that is
 * not possible but the process has the capabilities already (real root), stays and returns 0 too; *nested
 * says which.  The permissions of files hold for an ordinary user as before.
 */
int space_enter_user(bool *nested, struct err *e);

/* A new network namespace; returns a descriptor (close-on-exec) that keeps it alive.  This thread is in it afterwards. */
int space_new_net(struct err *e);

/* Moves this thread into a network namespace. */
int space_join_net(int netns_fd, struct err *e);

struct space_child {
	int netns_fd;
	const char *hostname;
	const char *hosts;	/* text of its /etc/hosts */
	int dir_fd;		/* the directory it starts in; -1: ours */
	bool as_root;		/* keep the lab's privileges instead of mapping back */
	const char *path;	/* to execute; "/proc/self/exe" for ourselves */
	char *const *argv;
	char *const *envp;	/* NULL: ours */
	const int *keep;	/* descriptors that stay open, at the numbers they have; all others are closed */
	size_t keeps;
	int stdio;		/* descriptor that becomes 0, 1 and 2; -1: /dev/null */
};

/*
 * Starts a child in a host, in a session of its own (it never has our terminal) and killed when we die:
 * exactly, when the thread that called this ends, so call it from the main thread.  The caller may have
 * other threads, and reaps the child.
 * Errors of every step in the child come back here.  -1, or its pid.
 */
pid_t space_spawn(const struct space_child *c, struct err *e);

#endif
