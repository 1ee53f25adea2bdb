/*
 * marshal: from the typed arguments of a request to the registers of syscall(2), and from the memory that
 * the kernel filled back to an outcome.  Everything follows from the types in the call's row; no call has
 * code of its own.
 *
 *	struct marshal m;
 *	if (marshal_init(&m, request) == 0)
 *		result = syscall(number, m.reg[0] … m.reg[5]);
 *	marshal_outcome(&m, &outcome);		where outcome has the result already
 *	marshal_fini(&m);
 */
#ifndef SOCKLENS_LAB_MARSHAL_H
#define SOCKLENS_LAB_MARSHAL_H

#include <sys/socket.h>

#include "src/core/call.h"

#define MARSHAL_REGS	6

struct marshal {
	const struct call_request *request;	/* borrowed until marshal_fini() */
	long reg[MARSHAL_REGS];			/* 0 behind those that are used */
	size_t regs;
	struct marshal_arg {
		void *memory;		/* what the argument points to */
		size_t size;		/* bytes there that the kernel may fill */
		size_t count;		/* of what is there: iovecs, messages, descriptors, events */
		socklen_t len;		/* ARG_ADDR_OUT, ARG_OPTVAL_OUT: in and out */
	} arg[CALL_ARGS];
	struct marshal_block *blocks;	/* all the memory that the arguments use; owned */
};

/* Lays the arguments out.  Returns 0, or -1 if there is not enough memory.  marshal_fini() in both cases. */
int marshal_init(struct marshal *m, const struct call_request *r);

/* Fills in what the kernel gave beside the result, by o->result. */
void marshal_outcome(const struct marshal *m, struct call_outcome *o);

void marshal_fini(struct marshal *m);

#endif
