/*
 * facts: what the machine says about itself that decides whether a lab can be built: read from /proc, never
 * guessed from the distribution's name.  lab uses it to say what would change a failure, doctor to show it.
 */
#ifndef SOCKLENS_LAB_FACTS_H
#define SOCKLENS_LAB_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FACT_UNKNOWN	(-1)	/* this kernel has no such switch */

struct facts {
	uid_t uid;		/* effective */
	uint64_t caps;		/* effective capabilities, bit per number: capabilities(7) */
	bool admin;		/* they include CAP_SYS_ADMIN and CAP_NET_ADMIN */
	long max_user_namespaces;	/* user.max_user_namespaces */
	long max_net_namespaces;	/* user.max_net_namespaces */
	long userns_clone;	/* kernel.unprivileged_userns_clone (Debian's switch) */
	long apparmor_userns;	/* kernel.apparmor_restrict_unprivileged_userns (Ubuntu's) */
	long threads;		/* of this process */
	bool seccomp;		/* a system call filter is in force on us */
	bool no_new_privs;
	char container[32];	/* "docker", "podman", "lxc" …; "" where no sign of one was found */
	char kernel[64];	/* release: "6.1.0-18-amd64" */
};

void facts_read(struct facts *f);

/* The one command or deed that would let a new user namespace, or its use, succeed after it failed with errnum.  Static text. */
const char *facts_userns_hint(const struct facts *f, int errnum);

#endif
