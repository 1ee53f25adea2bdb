/*
 * owner: whom the lab's programs run as.  That is whoever started us; but behind sudo(8) it is the user who called it
 * and not root, so that a program can do and see in the lab what it can outside.
 */
#ifndef SOCKLENS_LAB_OWNER_H
#define SOCKLENS_LAB_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define OWNER_GROUPS	64

struct owner {
	bool other;		/* than who we are: ids are to be changed */
	uid_t uid;
	gid_t gid;
	gid_t group[OWNER_GROUPS];	/* with gid */
	size_t groups;
};

/*
 * By SUDO_UID and SUDO_GID, if we are root and these ids can be taken in our user namespace (in an ordinary user's lab
 * they cannot).  Asks the machine for the user's groups, so not between fork() and execve().
 */
void owner_find(struct owner *o);

/* Becomes the owner, and gives up every capability.  Only makes system calls.  -1: errno says why. */
int owner_become(const struct owner *o);

#endif
