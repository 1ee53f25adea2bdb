/*
 * cmd_again: starting socklens once more, with other arguments, when a session is over.
 *
 * A process that has built a lab lives in namespaces that it cannot leave.  So a process that waits is made before that;
 * it is where socklens was started, and becomes the second socklens.  The first one is gone but for waiting for its end.
 */
#ifndef SOCKLENS_CMD_AGAIN_H
#define SOCKLENS_CMD_AGAIN_H

#include <sys/types.h>

struct again {
	pid_t pid;		/* of the one that waits; 0: there is none */
	int go;
};

/* Before anything is built.  argv: NULL-terminated, borrowed; argv[0] "socklens".  -1: no process can be made. */
int again_init(struct again *a, char *const *argv);
void again_fini(struct again *a);	/* it is not needed (any more) */

/* Lets it run on this terminal, and waits for its end.  Its exit status; 128 and a signal's number if one killed it. */
int again_run(struct again *a);

/*
 * Waits for the end of a child that has the terminal meanwhile, and hands on to it what is meant for it.  Its exit status,
 * as again_run() has it.
 */
int again_wait(pid_t pid);

#endif
