/*
 * links: what caused an event of a trace, and what it caused, as far as the recording tells; computed when it is
 * asked for, from the rows around it.
 *
 *	a packet	the call that sent it; what it answers, and the state that that brought; the segment that it
 *			repeats, and the wire's loss of that; the ACK that let it go
 *	WIRE		the packet, and the command of the wire that did it
 *	a STATE		the packet or call that it is attributed to; of one that time brought, the state before
 *	a return	the packets (of local sockets: the calls) that brought what it gave, or the error
 *	a program's end	the command, or the call that killed it
 *
 * An effect is an event that has this one among its causes.  A call that did not sleep and its return are one event,
 * by the CALL's row.  Cost is bounded whatever the size of the trace: what is far away is not found.
 */
#ifndef SOCKLENS_LINKS_H
#define SOCKLENS_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/trace.h"

#define LINKS_CAUSES  4
#define LINKS_EFFECTS 8

struct links {
	uint32_t cause[LINKS_CAUSES];	/* rows; the main one first */
	size_t causes;
	uint32_t effect[LINKS_EFFECTS];	/* the one that carries on first */
	size_t effects;
};

/* The row that stands for an event: of a RETURN whose call did not sleep, the CALL's. */
uint32_t links_event(const struct trace *t, uint32_t row);

void links_of(struct trace *t, uint32_t row, struct links *out);

/* The causes alone. */
void links_causes(struct trace *t, uint32_t row, struct links *out);

/* What a call is to a connection; by its name. */
enum call_role {
	ROLE_OTHER,
	ROLE_OPEN,	/* connect() */
	ROLE_ACCEPT,
	ROLE_SEND,
	ROLE_RECEIVE,
	ROLE_WAIT,	/* poll(), select(), epoll_wait() */
	ROLE_CLOSE,	/* close(), shutdown() */
};
enum call_role call_role(const char *name);	/* NULL: ROLE_OTHER */

/* The packet of a PACKET's row, parsed.  False: it is none, or cannot be read. */
bool links_packet(struct trace *t, uint32_t row, struct packet *p);

/* The newest STATE at or before a row of the socket that a program has by that descriptor; ROW_NONE. */
uint32_t links_socket(struct trace *t, uint8_t host, const char *program, int32_t fd, uint32_t row);

#endif
