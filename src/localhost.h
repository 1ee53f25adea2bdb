/*
 * localhost: whether a program of a lab of two hosts uses an address that reaches only its own host.
 *
 * What was written for one machine says 127.0.0.1 or localhost.  With a host for each program it finds nobody there:
 * the server waits where no other host can come, the client is refused.  That is worth a word, to which the session adds the way out.  What
 * programs do with these addresses by themselves is not: asking a name server, or connecting to their own listener.
 */
#ifndef SOCKLENS_LOCALHOST_H
#define SOCKLENS_LOCALHOST_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/addr.h"
#include "src/core/call.h"
#include "src/core/str.h"

#define LOCALHOST_SOCKETS	8

/* Of one program; all zero at its start. */
struct localhost {
	bool said;
	struct localhost_peer {		/* a socket that was connected to such an address, or is about to be */
		bool used;
		uint32_t process;
		int64_t fd;
		struct addr addr;
	} peer[LOCALHOST_SOCKETS];
	unsigned next;			/* the oldest */
};

/* 127.0.0.0/8, ::1, and the former as an IPv4-mapped address. */
bool localhost_is(const struct addr *a);

/*
 * A call of the program came back.  True, at most once for each program, if it is worth a word: note receives
 * "server is bound to 127.0.0.1:8080, which no other host can reach".  process: whose
 * descriptors it is about.
 */
bool localhost_returned(struct localhost *l, const char *program, uint32_t process, const struct call_request *r,
			const struct call_outcome *o, struct str *note);

#endif
