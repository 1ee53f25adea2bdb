/*
 * stop: signals that ask for an end (SIGINT, SIGTERM, SIGHUP), taken by a descriptor between two steps of a run
 * that has no screen.  stop_init() before the lab is built: its threads are to have the same mask.
 */
#ifndef SOCKLENS_STOP_H
#define SOCKLENS_STOP_H

#include <signal.h>

struct stop {
	int fd;			/* readable when one has come; -1: they do what they always do */
	sigset_t before;
};

void stop_init(struct stop *stop);
void stop_fini(struct stop *stop);

/* The number of the signal that has come; 0: none. */
int stop_signal(const struct stop *stop);

#endif
