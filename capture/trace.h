/*
 * trace: the one append-only record of everything that happened: a pcapng file and a compact index over it.
 *
 * Packets are Enhanced Packet Blocks on the interface of the host that sent them; every other event is a
 * systemd Journal Export block whose SOCKLENS_* fields hold all of it and whose MESSAGE is for people who
 * open the file in Wireshark.  The index has 32 bytes an event; contents are read from the file when
 * looked at.  A live session, a saved file and a foreign capture are the same thing here.
 *
 * Rows are sorted by (time, offset).  An event that arrives late is inserted near the tail, so a row
 * number is good until the next append; what is kept longer is the event's id (its offset).
 */
#ifndef SOCKLENS_CAPTURE_TRACE_H
#define SOCKLENS_CAPTURE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "capture/conn.h"
#include "capture/packet.h"
#include "src/core/err.h"
#include "src/core/event.h"

#define ROW_NONE	UINT32_MAX
#define TRACE_SNAPLEN	262144	/* of every interface we write */

struct trace_entry {
	int64_t ts_ns;
	uint64_t offset : 48;	/* identity */
	uint64_t kind : 4;	/* enum event_kind */
	uint64_t host : 4;	/* 15: none */
	uint64_t fate : 4;	/* PACKET, WIRE: enum wire_fate so far; a packet without WIRE events: WIRE_DELIVERED */
	uint64_t by : 2;	/* STATE, COUNTERS: enum state_by */
	uint64_t blocked : 1;	/* CALL, RETURN: slept (of a CALL: known when the RETURN is there) */
	uint64_t state_change : 1;	/* STATE: the state itself changed, not only queues and numbers */
	uint32_t link;		/* CALL: row of its RETURN · RETURN: of its CALL · WIRE: of its PACKET · PACKET: of its last WIRE · STATE: of the same socket's last STATE · COUNTERS: of their PACKET · else ROW_NONE */
	uint32_t number;	/* PACKET, WIRE: packet number · CALL, RETURN: call number · STATE, COUNTERS: by_number (low 32 bits each) */
	uint32_t conn;		/* CONN_NONE */
	union {
		struct {		/* PACKET */
			uint16_t verdict;	/* VERDICT_* of analysis.h */
			uint16_t dir : 1;	/* sent by end[1] of its connection */
			uint16_t moved : 2;	/* bit n: behind it end[n] is in another state by infer.h than before */
			uint16_t state_0 : 6;	/* infer_code() of end[0], end[1], behind it */
			uint16_t state_1 : 6;
			uint16_t counted : 1;	/* there are COUNTERS because of it: trace_counters_of() */
		};
		struct {		/* all others */
			uint16_t lane;		/* number of the thread it belongs to (trace_lane), LANE_NONE */
			uint8_t state;		/* STATE: new enum sock_state */
			uint8_t flags;		/* TRACE_FLAG_* */
		};
	};
};
#define LANE_NONE	UINT16_MAX
#define TRACE_HOST_NONE	15	/* entry.host of an event without one */

enum {
	TRACE_FLAG_SILENT = 4,	/* COMMAND: nobody's; only the wire's status is new.  The ladder has no row for it */
	TRACE_FLAG_WHOLE = 8,	/* PROGRAM: the end of all its threads */
	TRACE_FLAG_LOCAL = 16,	/* RETURN: it moved something inside one kernel: event_local */
	TRACE_FLAG_COPY = 2,	/* WIRE: about a copy; the PACKET's fate is that of the packet itself */
};

/* The thread that an event belongs to; LANE_NONE. */
static inline uint16_t trace_entry_lane(const struct trace_entry *e)
{
	return e->kind == EVENT_PACKET ? LANE_NONE : e->lane;
}

/* The state of an end of a PACKET's connection, as its packets alone show it. */
static inline struct inferred trace_entry_inferred(const struct trace_entry *e, int end)
{
	return infer_decode(end ? e->state_1 : e->state_0);
}

/*
 * One interface of the file.  Of a recording made on one host there are several, the sides of its lo, all with the
 * MAC that lo has, zeros: trace_host_is_side().
 */
struct trace_host {
	char name[EVENT_NAME];
	uint32_t link;		/* LINK_* */
	bool has_mac, has_ip4, has_ip6;
	uint8_t mac[6], ip4[4], ip6[16];
};

static inline bool trace_host_is_side(const struct trace_host *h)
{
	static const uint8_t none[6];

	return h->has_mac && memcmp(h->mac, none, sizeof(none)) == 0;
}

struct trace_lane {		/* one thread of one program */
	char program[EVENT_NAME];
	uint32_t thread;
	uint8_t host;
	uint32_t *call;		/* rows of the CALLs that blocked or have not returned, in order */
	size_t calls, cap;
};

struct trace_socket {		/* one kernel socket that was ever sampled */
	uint8_t host;
	uint64_t cookie;
	uint32_t last;		/* row of its last STATE; earlier ones by entry.link */
};

struct trace;

/* A new trace in an unlinked spool file ($TMPDIR or /tmp); application: for the section header. */
struct trace *trace_new_spool(struct err *e);

/* A new trace in a file that must not exist yet (O_EXCL, 0600).  It is a whole pcapng from the first block on. */
struct trace *trace_create(const char *path, struct err *e);

/*
 * Opens an existing file, read-only.  Damage is no failure: whole blocks before it are there, and
 * trace_damage() says what was lost and where.  -1/NULL: no capture at all, or not readable.
 */
struct trace *trace_open(const char *path, struct err *e);

/*
 * The same in parts: trace_start() opens and reads the first few hundred events, trace_load() reads on for at
 * most budget_ns (and a few milliseconds).  What is there can be looked at in between; rows of a file that is
 * far out of order are brought into order in the end.
 *
 * path may be a file, a FIFO, or "-" for standard input, plain or compressed (gzip, zstd, lz4); what is no plain
 * file is unpacked into a spool file.  trace_start() waits until the head of the capture has arrived.
 * trace_open() is trace_start() and trace_load() until all is there.
 */
struct trace_options {
	uint64_t unpacked_max;	/* bytes that a compressed file may have unpacked; 0: the limits of source.h */
	const struct tcp_rules *rules;	/* of the analysis; NULL: the newest */
	const struct trace_watch *watch;	/* NULL: nobody */
};

/* A packet of a file that is being read. */
struct trace_packet {
	int64_t ts_ns;
	uint64_t offset;	/* identity */
	const uint8_t *data;	/* caplen bytes of it */
	uint32_t caplen, len;
	uint32_t link;		/* LINK_* */
	uint32_t number;	/* among the packets, from 1 */
	uint8_t host;		/* number of its interface, TRACE_HOST_NONE */
};

/*
 * Sees what is in a file as it is read, in the order of the file: to go through a file of any size from one
 * end to the other.  A frame's number counts every event of the file, as Wireshark does.
 */
struct trace_watch {
	/* Each packet, what its headers say, and what it does to its connection.  All valid for the call only. */
	void (*packet)(void *arg, uint64_t frame, const struct trace_packet *p, const struct packet *parsed,
		       const struct conn_note *note);
	/* Every other event; NULL: these are not wanted.  len: of its entry in the file, as Wireshark counts it. */
	void (*event)(void *arg, uint64_t frame, const struct event *ev, uint32_t len);
	void *arg;
	/*
	 * No rows are kept: trace_rows() stays 0, and memory is that of the connections alone.  For who needs
	 * only what is seen here.
	 */
	bool no_rows;
};
struct trace *trace_start(const char *path, const struct trace_options *o, struct err *e);
struct trace *trace_open_with(const char *path, const struct trace_options *o, struct err *e);

enum trace_loading {
	TRACE_LOAD_FAILED = -1,	/* e says why; what has been read stays */
	TRACE_LOADED,		/* all of it is there, and trace_damage() is final */
	TRACE_LOADING,		/* there is more */
	TRACE_WAITING,		/* more may come: trace_load_fd() */
};
enum trace_loading trace_load(struct trace *t, int64_t budget_ns, struct err *e);
bool trace_is_loading(const struct trace *t);
int trace_load_fd(const struct trace *t);	/* poll() it for input before the next trace_load(); -1: go on at once */

struct trace_progress {
	uint64_t done, total;	/* bytes of the file as it lies there (packed); total 0: not known, or all is read */
};
struct trace_progress trace_progress(const struct trace *t);

/* What was wrong with the file, one harmless line; NULL if nothing. */
const char *trace_damage(const struct trace *t);

void trace_free(struct trace *t);	/* writes what trace_close() writes, if that was not done */

/* Orderly end of recording: interface statistics, names, fdatasync. */
int trace_close(struct trace *t, struct err *e);

/* Declares a host; its number is the interface number of its packets.  Before its first event. */
int trace_add_host(struct trace *t, const struct trace_host *h, struct err *e);

/* A name of an address that has none yet: one that is no host's. */
void trace_add_name(struct trace *t, const struct addr_name *n);

/*
 * Appends; *ev's id is set.  message: one harmless line for people (MESSAGE), NULL for packets.  On a
 * write error (full disk) the file is cut back to its last whole block, -1 is reported once, recording
 * stops, and from then on events are kept in memory so that the session goes on (trace_recording() is
 * false); trace_save() to another disk then writes them all and records again.  What an event refers to (the
 * CALL of a RETURN, the PACKET of a WIRE) must have been appended before it.
 */
int trace_append(struct trace *t, struct event *ev, const char *message, struct err *e);
bool trace_recording(const struct trace *t);

/*
 * Appended events are gathered, so that bulk costs one write() for many of them; calls, notes and commands
 * are written at once.  This writes what is still gathered: call it after each batch of events, so that
 * what is on the screen is in the file.  (trace_event() reads gathered events as well as written ones.)
 * Cheap if there is nothing.  -1 as trace_append().
 */
int trace_flush(struct trace *t, struct err *e);

/* fdatasync if something was written since; for the session's 5 s timer. */
int trace_sync(struct trace *t, struct err *e);

/* Writes everything so far to a new file (must not exist), and goes on recording there.  Of a trace that is still
 * loading it is a copy of what has been read. */
int trace_save(struct trace *t, const char *path, struct err *e);

const char *trace_path(const struct trace *t);	/* NULL: a spool file */

uint32_t trace_rows(const struct trace *t);
const struct trace_entry *trace_entry(const struct trace *t, uint32_t row);	/* valid until the next append */
uint32_t trace_row_of(const struct trace *t, uint64_t id);	/* by identity; ROW_NONE */
uint32_t trace_row_of_packet(const struct trace *t, uint32_t number);	/* a PACKET's, by its number; ROW_NONE */
uint32_t trace_row_at(const struct trace *t, int64_t ts_ns);	/* the last row not after ts_ns; ROW_NONE */

/*
 * The event of a row, decoded from the file.  Borrowed: valid until the next append or 64 more calls of
 * this function.  NULL if it cannot be read any more (e says why).
 */
const struct event *trace_event(struct trace *t, uint32_t row, struct err *e);

size_t trace_hosts(const struct trace *t);
const struct trace_host *trace_host(const struct trace *t, size_t number);
const struct addr_names *trace_names(const struct trace *t);	/* of the hosts' addresses */
size_t trace_lanes(const struct trace *t);
const struct trace_lane *trace_lane(const struct trace *t, size_t number);
size_t trace_sockets(const struct trace *t);
const struct trace_socket *trace_socket(const struct trace *t, size_t number);
const struct conns *trace_conns(const struct trace *t);

/* Row of the newest STATE of a socket at or before `row`; ROW_NONE. */
uint32_t trace_state_at(const struct trace *t, size_t socket, uint32_t row);

/* Row of the CALL in which a lane is blocked at `row` (entered at or before it, returned after it or not yet); ROW_NONE. */
uint32_t trace_blocked_at(const struct trace *t, size_t lane, uint32_t row);

/*
 * The next COUNTERS that are because of the PACKET at row, behind row `after` (row itself: the first); ROW_NONE.
 */
uint32_t trace_counters_of(const struct trace *t, uint32_t row, uint32_t after);
size_t trace_counted(const struct trace *t);	/* how many COUNTERS there are */

/* Counts of the file as the tools count: Wireshark's frame number counts every row, tcpdump's packets only. */
uint64_t trace_packet_count(const struct trace *t);
uint64_t trace_bytes(const struct trace *t);

#endif
