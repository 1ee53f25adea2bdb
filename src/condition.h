/*
 * condition: what `expect` and `wait` look for in the trace and in the programs.
 *
 * Conditions assert order.  Each kind keeps its place: a packet is looked for behind the packet that was
 * matched last, a state of a socket from the state of that socket that was matched last, a return or an exit
 * behind the last one of that program.  So a list of expectations is a story, not a set.
 *
 *	packet [HOST] [TCP|UDP|ICMP|ARP|…] [FLAGS…] [len N] [seq N] [ack N] …	a packet left HOST
 *	lost [HOST] …				a packet was lost on the wire
 *	corrupted|marked|edited|duplicated|fragmented|reordered [HOST] …	something else became of it there; as it left its host
 *	held [N]				packets rest on the wire now
 *	state VARIABLE|PROGRAM.VARIABLE|PROGRAM FD|HOST STATE	the socket is, or has been, in a state
 *	socket VARIABLE|PROGRAM FD FIELD N	a number of the newest sample: recv-q, send-q, cwnd …
 *	blocked PROGRAM [CALL]			it sleeps in the kernel, in a call
 *	return PROGRAM [CALL] [-> RESULT]	a call came back
 *	exit PROGRAM [STATUS|SIGNAL]		a program is gone
 *	call PROGRAM CALL [ARGUMENT…] [-> RESULT]	one of its threads made a call with these among its arguments
 *	output PROGRAM "TEXT"			it printed a line with this text in it
 *	cause HOST CAUSE			why a packet left HOST, or what it made of one that reached it: cause.h
 *	counter HOST COUNTER [+N]		one of its kernel's counters grew by N (1) or more: lab/counters.h
 *
 * `call`, `output` and descriptors by their number, are for programs of the user, which make their calls on their own:
 * `call` passes over calls that do not fit, and `blocked` and `return` mean any of their threads.
 *
 * FLAGS are exactly those of the segment.  Sequence numbers are the ladder's: from 0 at the SYN.  `no` in
 * front says that no such packet has left (or been lost) since the last match, and looks at once.
 */
#ifndef SOCKLENS_CONDITION_H
#define SOCKLENS_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/cause.h"
#include "src/core/event.h"
#include "src/lab/counters.h"
#include "src/result.h"
#include "src/scope.h"
#include "src/session.h"

enum condition_kind {
	CONDITION_PACKET,
	CONDITION_LOST,
	CONDITION_HELD,
	CONDITION_STATE,
	CONDITION_SOCKET,
	CONDITION_BLOCKED,
	CONDITION_RETURN,
	CONDITION_EXIT,
	CONDITION_CALL,
	CONDITION_OUTPUT,
	CONDITION_CAUSE,
	CONDITION_COUNTER,
};

#define CONDITION_WORDS	4

#define PATTERN_TESTS	8

enum pattern_protocol { PATTERN_ANY, PATTERN_TCP, PATTERN_UDP, PATTERN_ICMP, PATTERN_ARP, PATTERN_IGMP, PATTERN_UDPLITE };

struct packet_pattern {
	char host[SCOPE_NAME];	/* that sent it; "" any */
	enum pattern_protocol protocol;
	bool has_flags;
	uint16_t flags;
	struct {
		size_t field;	/* row of packet_fields */
		struct number_test test;
	} test[PATTERN_TESTS];
	size_t tests;
};

struct condition {
	enum condition_kind kind;
	bool none;		/* `no` */
	int64_t within_ns;	/* 0: the usual limit */
	enum wire_fate fate;	/* LOST */
	struct packet_pattern packet;
	char actor[SCOPE_NAME];	/* program, thread or host */
	char variable[SCOPE_NAME];	/* of that program; "" */
	bool has_fd;
	int fd;			/* STATE, SOCKET: a descriptor of that program instead */
	char word[CONDITION_WORDS][128];	/* CALL: arguments as the ladder writes them; OUTPUT: the text */
	size_t words;
	enum sock_state state;
	const struct call *call;	/* NULL: any */
	bool has_number;
	struct number_test number;
	int signal;		/* EXIT; 0: none */
	size_t field;		/* SOCKET: row of sample_fields */
	enum cause_kind cause;	/* CAUSE */
	const struct counter_row *counter;	/* COUNTER: it grew by `number` */
};

#define CONDITION_LIMIT_NS	(INT64_C(10) * 1000000000)

/* Words of the language for a packet's and a sample's numbers. */
struct condition_field {
	const char *name;	/* "len" */
	const char *help;
};
extern const struct condition_field packet_fields[];
extern const size_t packet_fields_count;
extern const struct condition_field sample_fields[];
extern const size_t sample_fields_count;

/* The places in the trace up to which conditions have been met.  One for each running script. */
struct places;
struct places *places_new(struct err *e);
void places_free(struct places *p);

/* Remembers which socket each variable means, before a descriptor is used again.  Call it before each step. */
void places_note_variables(struct places *p, struct session *s);

/* A variable was assigned: it means another socket from now on, also under the same number. */
void places_note_assigned(struct places *p, struct session *s, size_t program, const char *name);

/* The return of a call was looked at where it was made: `return` looks behind it. */
void places_note_return(struct places *p, size_t program, uint32_t thread, uint64_t call);

enum condition_answer {
	CONDITION_MET,		/* and its place has moved on */
	CONDITION_NOT_YET,
	CONDITION_NEVER,	/* it cannot come true any more (`no packet`, a wrong result, a program that is gone) */
};

/* seen receives, when it is not met, what is there instead: one line for people. */
enum condition_answer condition_check(const struct condition *c, const struct result *want, struct places *p,
				      struct session *s, struct str *seen);

/* Whether it must be looked at again soon although the trace has not grown (a thread that falls asleep). */
bool condition_needs_polling(const struct condition *c);

#endif
