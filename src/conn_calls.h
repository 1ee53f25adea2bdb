/*
 * conn_calls: which calls of programs belong to which connection.
 *
 * A call is about a socket, by its descriptor; the rule is about sockets.  What is known of one, from what its
 * program did and from samples of the kernel's: its protocol, its own address (bind(), getsockname(), a sample; of an
 * accepted one its listener's), its peer's (connect(), what accept() gave back, getpeername(), a sample), and from
 * when till when a program had it.
 *
 *	connected	belongs to the connection that a sample of it was seen in; without samples to those between
 *			the same addresses in its time.  Where its own address is not known, to those that began
 *			while connect() ran
 *	a listener	belongs to every connection in its time to its address, whether it was accepted or not
 *	datagrams	belongs to every exchange of its own address in its time
 *
 * A call belongs where its socket does, with these exceptions: accept() belongs to the socket that it gave (and to
 * none if it gave none); a call that names a peer, sendto() or recvfrom(), only to the exchange with that one;
 * poll() and select() to all sockets that they watched, epoll_wait() to those that it was told of.
 *
 * "Any" address is that of the socket's host alone, where hosts are known.
 *
 * All descriptors of a program's threads are one table.
 */
#ifndef SOCKLENS_CONN_CALLS_H
#define SOCKLENS_CONN_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/core/err.h"

struct conn_calls;

/* Of a trace, which it borrows and which may grow. */
struct conn_calls *conn_calls_new(struct trace *t, struct err *e);
void conn_calls_free(struct conn_calls *c);

/* Goes on through the trace for at most about budget_ns; 0: to its end.  True: something was looked at. */
bool conn_calls_work(struct conn_calls *c, int64_t budget_ns);
bool conn_calls_busy(const struct conn_calls *c);

/*
 * Whether a row, of a CALL or a RETURN, belongs to a connection, as far as was looked.  Also of a STATE that says that
 * a socket's state changed: as that of a listener, which is of no connection by itself.
 */
bool conn_calls_has(const struct conn_calls *c, uint32_t row, uint32_t conn);

/* The same of any connection that is wanted. */
bool conn_calls_any(const struct conn_calls *c, uint32_t row, bool (*wanted)(const void *arg, uint32_t conn),
		    const void *arg);

/*
 * The calls, returns and changes of state that were found, in no particular order: by identity.  What belongs where
 * is not known until later events tell: where the version is another, all are to be asked about again.
 */
size_t conn_calls_count(const struct conn_calls *c);
uint64_t conn_calls_id(const struct conn_calls *c, size_t i);
bool conn_calls_nth_has(const struct conn_calls *c, size_t i, uint32_t conn);
uint64_t conn_calls_version(const struct conn_calls *c);

#endif
