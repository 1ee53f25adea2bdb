/*
 * lab_impl: what the two topologies' set-ups share.  lab.c: hosts and a wire, and what is common; lab_loopback.c: one host.
 */
#ifndef SOCKLENS_LAB_LAB_IMPL_H
#define SOCKLENS_LAB_LAB_IMPL_H

#include "src/lab/lab.h"

struct setup_step {
	const char *name;
	int (*run)(struct lab *l, struct err *e);
	int missing;		/* the errno that says the kernel lacks it … */
	const char *hint;	/* … and what helps then */
};

extern const struct setup_step lab_setup_loopback[];
extern const size_t lab_setup_loopback_count;

#define LAB_PACKET_HINT	"the kernel needs packet sockets: sudo modprobe af_packet"

int lab_step_user(struct lab *l, struct err *e);	/* into the lab's user namespace */
/* Directories for the hosts' programs; one for all if there is one host. */
int lab_make_dirs(struct lab *l, struct err *e);

int lab_step_capture(struct lab *l, struct err *e);	/* whether this thread may capture where it is */

/* Lets the programs' group ping in this thread's network namespace. */
void lab_let_owner_ping(void);

#endif
