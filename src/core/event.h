/*
 * event: what happened.  The one record from which the screen, the exports and the lessons' checks are made.
 *
 * An event is written once and never changed.  Its identity is its offset in the trace (`id`).  Pointers
 * inside are borrowed; whoever hands out an event says how long it lives.
 *
 * event_fields[] names every field for the trace file (SOCKLENS_<NAME>), for JSON (lower case) and for
 * tests; a new field is a member and a row.
 */
#ifndef SOCKLENS_CORE_EVENT_H
#define SOCKLENS_CORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/addr.h"

enum event_kind {
	EVENT_PACKET,		/* a packet left a host (or was seen by a capture) */
	EVENT_WIRE,		/* what became of a packet on the wire, where that is not "delivered at once" */
	EVENT_CALL,		/* a program entered a socket call */
	EVENT_RETURN,		/* … and came back */
	EVENT_STATE,		/* a kernel socket differs from its last sample */
	EVENT_COMMAND,		/* what the person or the lab file did to the wire or a program */
	EVENT_NOTE,		/* text: a lesson's words, a limit reached, packets that the capture missed */
	EVENT_PROGRAM,		/* a program started, exited, was killed */
	EVENT_OUTPUT,		/* a line that a program printed */
	EVENT_COUNTERS,		/* what a host's kernel counted: /proc/net/netstat, snmp and snmp6 */
};
#define EVENT_KINDS	(EVENT_COUNTERS + 1)

#define HOST_NONE	0xff
#define HOSTS_MAX	14
#define EVENT_NAME	24	/* a program's or host's name with its NUL */
#define EVENT_ARGS	8

struct event_packet {
	uint64_t number;	/* 1, 2, … in the order of capture; WIRE and STATE events refer to it */
	uint32_t caplen;	/* bytes in data */
	uint32_t len;		/* bytes on the wire */
	uint32_t iface;		/* interface of the file: its link type and name */
	uint32_t drops;		/* packets lost by the capture just before this one */
	const uint8_t *data;
	const char *comment;	/* for who opens the file elsewhere; NULL: none.  Written, and not read back */
};

enum wire_fate {
	WIRE_DELIVERED,		/* arrived: after a delay, a hold, or as a copy */
	WIRE_DELAYED,		/* on its way; arrives after the wire's delay */
	WIRE_HELD,		/* waits on the wire for a hand */
	WIRE_RELEASED,		/* was held, is on its way again */
	WIRE_DROPPED,		/* will never arrive */
	WIRE_DUPLICATED,	/* a copy of it goes on its way too */
	WIRE_FAILED,		/* the receiving side did not take it (pcap_inject failed) */
	WIRE_CORRUPTED,		/* bits of it were changed on the way; it goes on */
	WIRE_REORDERED,		/* takes longer than its neighbours: those behind it may arrive first */
	WIRE_MARKED,		/* marked "congestion experienced" (RFC 3168); it goes on */
	WIRE_INJECTED,		/* the wire made it: the host that it is said to be from never sent it */
	WIRE_EDITED,		/* changed by hand: another packet, which `by` names, travels on in its place */
	WIRE_FRAGMENTED,	/* too long: its fragments, packets of their own, travel on in its place */
};
#define WIRE_FATES	(WIRE_FRAGMENTED + 1)

struct event_wire {
	uint64_t packet;	/* number of the packet */
	enum wire_fate fate;
	uint8_t to;		/* host it is for */
	uint64_t copy;		/* 0 the packet itself, 1.. its copies */
	int64_t due_ns;		/* DELAYED, REORDERED: when it will arrive; 0: not known */
	const char *by;		/* "cut", "hand", "rule 2: tcp[tcpflags] & tcp-fin != 0", "full" */
};

struct event_arg {
	const char *name;	/* as in the manual page */
	const char *text;	/* as C would write it; harmless */
};

struct event_call {
	uint64_t number;	/* 1, 2, … ; the RETURN has the same */
	const char *name;	/* "connect" */
	int32_t fd;		/* the descriptor it is about, -1 if none */
	uint32_t args;
	struct event_arg arg[EVENT_ARGS];
};

/*
 * What a call moved inside one kernel, where no packet shows it: a message between Unix sockets, to the kernel and back
 * (netlink), or over a loopback interface that is not captured.
 */
enum local_way {
	LOCAL_NONE,		/* nothing, or packets show it */
	LOCAL_GIVEN,		/* it lies in the other end's receive queue now */
	LOCAL_TAKEN,		/* it lay in this socket's receive queue until now */
};
#define LOCAL_WAYS	(LOCAL_TAKEN + 1)

struct event_local {
	enum local_way way;
	uint8_t host;		/* of the other end; HOST_NONE: of none, or not known */
	const char *who;	/* the other end's program, or "kernel"; "" not known */
	uint64_t bytes;
	const char *what;	/* where it is more than bytes: "RTM_GETROUTE dump", "connection"; "" */
	int64_t waited_ns;	/* TAKEN: since it was given; 0 not known */
};

struct event_return {
	uint64_t number;	/* of the CALL */
	const char *name;
	int32_t fd;		/* the descriptor it was about, -1 if none */
	int64_t result;
	int32_t error;		/* errno, 0 if none */
	bool blocked;		/* it slept in the kernel */
	int64_t entered_ns;	/* time of the CALL */
	uint32_t outs;
	struct event_arg out[EVENT_ARGS];	/* what the kernel filled in: "data", "from", … */
	struct event_local local;
};

/*
 * States of a socket on the screen.  The first eleven are those of RFC 9293 section 3.3.2; the last two
 * are what ss(8) calls UNCONN and ESTAB for sockets without a state machine (UDP, Unix datagram).
 */
enum sock_state {
	SOCK_STATE_NONE,
	SOCK_STATE_CLOSED,
	SOCK_STATE_LISTEN,
	SOCK_STATE_SYN_SENT,
	SOCK_STATE_SYN_RECEIVED,
	SOCK_STATE_ESTABLISHED,
	SOCK_STATE_FIN_WAIT_1,
	SOCK_STATE_FIN_WAIT_2,
	SOCK_STATE_CLOSE_WAIT,
	SOCK_STATE_CLOSING,
	SOCK_STATE_LAST_ACK,
	SOCK_STATE_TIME_WAIT,
	SOCK_STATE_UNCONNECTED,
	SOCK_STATE_CONNECTED,
};
#define SOCK_STATES	(SOCK_STATE_CONNECTED + 1)

enum sock_timer {		/* idiag_timer of sock_diag(7) */
	SOCK_TIMER_OFF,
	SOCK_TIMER_RETRANSMIT,
	SOCK_TIMER_KEEPALIVE,
	SOCK_TIMER_TIME_WAIT,
	SOCK_TIMER_PROBE,	/* zero-window probe: "persist" */
};

enum state_by {			/* what the change is attributed to */
	BY_TIME,		/* nothing else: a timer of the kernel */
	BY_DEPARTURE,		/* the packet that left: by_number is its number */
	BY_ARRIVAL,		/* the packet that arrived */
	BY_CALL,		/* the call that returned: by_number is its number */
};

/* One sample of one kernel socket.  Fields the kernel does not report are 0. */
struct sock_sample {
	uint64_t cookie;	/* SO_COOKIE: its identity within its host, from SYN-RECEIVED to TIME-WAIT */
	uint32_t inode;
	uint8_t family, type, protocol;
	enum sock_state state;
	struct addr local, remote;
	uint32_t recvq;		/* bytes; of a listener: connections that wait for accept() */
	uint32_t sendq;		/* bytes; of a listener: the backlog */
	enum sock_timer timer;
	uint32_t timer_ms;	/* until it fires */
	uint32_t retransmits;	/* of what is at the head of the queue */
	uint32_t cwnd, ssthresh;	/* segments; ssthresh 0: none yet */
	uint32_t rtt_us, rttvar_us, rto_us;
	uint32_t mss;		/* bytes: snd_mss */
	uint32_t unacked, sacked, lost;	/* segments */
	uint32_t total_retrans;	/* segments */
	uint32_t snd_wnd;	/* bytes that the peer lets us send */
	uint32_t pmtu;
	uint8_t ca_state;	/* 0 Open 1 Disorder 2 CWR 3 Recovery 4 Loss */
	uint32_t drops;		/* datagrams lost to a full receive buffer */
	uint32_t peer;		/* AF_UNIX: inode of the socket that it is connected to; 0: none, or one not accepted yet */
};

struct event_state {
	enum state_by by;
	uint64_t by_number;
	int32_t fd;		/* the program's descriptor for it, -1 if none (orphan, SYN-RECEIVED, TIME-WAIT) */
	enum sock_state old;	/* state of the sample before; SOCK_STATE_NONE for the first */
	struct sock_sample sock;
};

struct event_command {
	const char *target;	/* "wire", "client", … */
	const char *text;	/* as it was given */
	const char *status;	/* of the wire after it: "20 ms · #1 hold tcp-fin", "" for plain; NULL where it has none */
};

enum note_kind {
	NOTE_SAY,		/* a lesson speaks */
	NOTE_TITLE,
	NOTE_ABOUT,
	NOTE_LIMIT,		/* a limit was reached: sampling thinned out, events cut */
	NOTE_LOST,		/* packets that the capture missed */
	NOTE_ERROR,		/* something went wrong that the session survives */
	NOTE_EXPECT,		/* an expectation held, or did not */
	NOTE_ASK,		/* a lesson asks */
	NOTE_ANSWER,		/* … and this is the answer */
};

struct event_note {
	enum note_kind kind;
	const char *text;	/* harmless, one line */
};

enum program_change {
	PROGRAM_STARTED,
	PROGRAM_EXITED,
	PROGRAM_KILLED,
	PROGRAM_EXECUTED,	/* it became another program: execve(2) */
};

/*
 * A user's own program may have many processes.  Thread 0 is its first one's first; a child process has a PROGRAM event
 * with the number of its first thread.  The end of thread 0 is the end of all, unless others of it go on.
 */
struct event_program {
	enum program_change change;
	int32_t pid;		/* as the machine sees it */
	int32_t status;		/* exit status, or the signal that killed it; -1: nobody knows */
	uint32_t others;	/* EXITED, KILLED: processes of the same program that go on */
	const char *command;	/* STARTED, EXECUTED: its command line; "" for a built-in one */
};

struct event_output {
	int32_t stream;		/* 1 standard output, 2 standard error */
	const char *text;	/* of one line, without its end; harmless */
	bool cut;		/* there was more of it */
	bool unended;		/* it has no newline: it is the last, or waits for an answer */
};

/*
 * What a host's counters grew by: because of a packet that left it or reached it (by_number is its number), or, by time
 * or by a call, nobody knows because of what.
 */
struct event_counters {
	enum state_by by;
	uint64_t by_number;
	const char *changes;	/* "TcpExtTCPTimeouts+1 TcpRetransSegs+1": names as nstat(8) has them */
};

struct event {
	enum event_kind kind;
	uint8_t host;		/* number of the host it happened on, HOST_NONE */
	uint32_t thread;	/* of the program: 0 its first */
	int64_t ts_ns;		/* CLOCK_REALTIME */
	uint64_t id;		/* offset in the trace */
	char program[EVENT_NAME];	/* "" where none is meant */
	char thread_name[EVENT_NAME];	/* of a thread that is not the first; CALL, RETURN, PROGRAM, OUTPUT */
	union {
		struct event_packet packet;
		struct event_wire wire;
		struct event_call call;
		struct event_return ret;
		struct event_state state;
		struct event_command command;
		struct event_note note;
		struct event_program prog;
		struct event_output output;
		struct event_counters counters;
	};
};

enum event_field_type {
	FIELD_U8, FIELD_U32, FIELD_U64, FIELD_I32, FIELD_I64, FIELD_BOOL,
	FIELD_ENUM,		/* an int, written by its name in `names` */
	FIELD_NAME,		/* char[EVENT_NAME] */
	FIELD_TEXT,		/* const char * */
	FIELD_ADDR,		/* struct addr */
	FIELD_ARGS,		/* struct event_arg[EVENT_ARGS], its count at `count`: NAME0=name=text … */
};

struct event_field {
	const char *name;	/* upper case: "CALL", "RESULT" */
	enum event_field_type type;
	uint32_t offset;	/* in struct event */
	uint32_t kinds;		/* bit set of 1 << EVENT_* that have it */
	const char *const *names;	/* FIELD_ENUM: by value, NULL-terminated */
	uint32_t count;		/* FIELD_ARGS: offset of the uint32_t that counts them */
	bool rare;		/* says nothing of most events: of calls that moved nothing inside a kernel, of sockets of IP */
	bool may_be_null;	/* FIELD_TEXT: NULL and "" differ; of any other text NULL is the same as "".  FIELD_I64: 0 is left out */
};

extern const struct event_field event_fields[];
extern const size_t event_fields_count;

/* By value; "?" for one out of range. */
const char *event_kind_name(enum event_kind kind);	/* "packet", "wire", "call" … */
const char *wire_fate_name(enum wire_fate fate);	/* "delivered" … */
const char *sock_state_name(enum sock_state state);	/* "SYN-RECEIVED" as in RFC 9293; "" for NONE */
const char *sock_timer_name(enum sock_timer timer);	/* "retransmit" … */

/* Whether it is a PROGRAM that ends its thread; whether it ends all threads of its program. */
bool event_ends_thread(const struct event *ev);
bool event_ends_program(const struct event *ev);

/* Appends who made a call: a thread by its name ("program/2" where it has none), the first one by its program's. */
void event_add_actor(struct str *out, const struct event *ev);

/* The state of that name ("SYN-SENT", case ignored, "_" as "-"); SOCK_STATE_NONE if there is none. */
enum sock_state sock_state_find(const char *name, size_t len);

/* Whether two samples differ in something worth an event (times that run by themselves do not count). */
bool sock_sample_differs(const struct sock_sample *a, const struct sock_sample *b);

#endif
