/*
 * doctor: what works on this machine, why the rest does not, and the exact command that would change it.
 * Everything is tried, in child processes, never guessed; the machine and this process stay as they are.
 */
#ifndef SOCKLENS_LAB_DOCTOR_H
#define SOCKLENS_LAB_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "src/core/err.h"

enum doctor_part {
	DOCTOR_MACHINE,		/* a fact: text is the value */
	DOCTOR_STEP,		/* a step of building a private lab, or of what is done in it */
	DOCTOR_WAY,		/* one of the ways to work, best first */
};

struct doctor_row {
	enum doctor_part part;
	bool works;		/* true for facts */
	char name[64];		/* "user namespace", "private lab" */
	char text[256];		/* the value, a remark, or why it does not work; may be "" */
	char fix[256];		/* what would change it; "" if it works or nothing is known */
};

#define DOCTOR_ROWS	48
#define DOCTOR_WAYS	5

struct doctor {
	struct doctor_row row[DOCTOR_ROWS];
	size_t rows;
	int way;		/* the best way that works: 1 … DOCTOR_WAYS (design: private lab, as root, loopback, no packets, files) */
};

/* Examines the machine: some 50 ms.  -1 only if no child process can be started. */
int doctor_examine(struct doctor *d, struct err *e);

#endif
