/*
 * session_side: on which side of the screen a packet and a socket of the one host belong.
 *
 * There the kernel has one set of sockets and lo one stream of packets; the sides "client" and "server" are those of
 * the programs.  So
 *
 *	a socket	is on the side of the program that owns it; a connection that nobody has accepted yet on that
 *			of its listener
 *	a packet	was sent by the side that owns the port that it comes from; if nobody is known to, by the one
 *			that last made a call with the address that it is for; or else by the one opposite of who owns
 *			that.  Every packet of a connection goes the way that its first one has shown, and back
 *
 * Where that says nothing (programs that are not traced) who opened the connection is at the client's side.  Where both
 * ends are of one side, packets still go from one side to the other: who opened it is where it is, and its peer is
 * drawn opposite, while the peer's socket is where its program is.  What has no ports is an error about something that
 * has, or HOST_NONE.
 */
#ifndef SOCKLENS_SESSION_SIDE_H
#define SOCKLENS_SESSION_SIDE_H

#include "src/core/err.h"
#include "src/core/event.h"

struct session;
struct sides;

struct sides *sides_new(struct err *e);
void sides_free(struct sides *sides);

/*
 * Sets the host of a PACKET or a STATE that the wire gave.  Reports of programs that wait are taken in first where they
 * may say whose something is.
 */
void sides_place(struct session *s, struct event *ev);

#endif
