/*
 * analysis: what is remarkable about a TCP segment, given those before it: the verdicts that Wireshark calls
 * tcp.analysis.*, under their names, flag for flag.
 *
 * The rules changed between Wireshark's versions; the three sets here are those of 4.0, 4.4 and 4.6.  What
 * they differ in is data (struct tcp_rules).  Numbers in brackets are those of the specification's rules:
 * F1..F12 the flags in their order, M1..M5 what is remembered behind them, A1..A4 what each header adds.
 *
 * One connection is a struct tcp, zero at first.  For each segment, in this order: tcp_opens() says whether it
 * begins another connection, tcp_bases() notes the first numbers, tcp_analyse() gives the verdicts, tcp_header()
 * takes note of options and flags.  capture/conn.h does all that.
 */
#ifndef SOCKLENS_CAPTURE_ANALYSIS_H
#define SOCKLENS_CAPTURE_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/infer.h"
#include "capture/packet.h"
#include "capture/unacked.h"

enum verdict_bit {
	VERDICT_RETRANSMISSION = 1 << 0, /* also with the next two, as in Wireshark's fields */
	VERDICT_FAST_RETRANSMISSION = 1 << 1,
	VERDICT_SPURIOUS_RETRANSMISSION = 1 << 2,
	VERDICT_OUT_OF_ORDER = 1 << 3,
	VERDICT_DUPLICATE_ACK = 1 << 4,
	VERDICT_LOST_SEGMENT = 1 << 5, /* previous segment not captured */
	VERDICT_ACK_LOST_SEGMENT = 1 << 6, /* ACKed unseen segment */
	VERDICT_WINDOW_UPDATE = 1 << 7,
	VERDICT_WINDOW_FULL = 1 << 8,
	VERDICT_ZERO_WINDOW = 1 << 9,
	VERDICT_ZERO_WINDOW_PROBE = 1 << 10,
	VERDICT_ZERO_WINDOW_PROBE_ACK = 1 << 11,
	VERDICT_KEEP_ALIVE = 1 << 12,
	VERDICT_KEEP_ALIVE_ACK = 1 << 13,
	VERDICT_REUSED_PORTS = 1 << 14,
	VERDICT_PARTIAL_ACK = 1 << 15, /* 4.4 on: the acknowledged frame is so only in part */
};
#define VERDICTS 16

struct verdict_name {
	enum verdict_bit bit;
	const char *field; /* "retransmission": behind "tcp.analysis." */
	const char *text; /* "retransmission", "previous segment not captured" */
};
extern const struct verdict_name verdict_names[VERDICTS]; /* [n] is bit 1 << n */

struct verdict {
	uint16_t bits; /* VERDICT_* */
	bool analysed; /* false: all others are 0, but for REUSED_PORTS by a SYN that an ICMP error quotes */
	bool item; /* there is something to say beside bits and numbers: an initial RTT is shown */
	uint32_t dup_ack; /* with DUPLICATE_ACK: "Dup ACK frame#number" */
	uint32_t dup_ack_frame;
	uint32_t acked_frame; /* the frame that this one acknowledges; 0: none */
	int64_t ack_rtt_ns; /* since then */
	uint32_t rto_frame; /* what a retransmission is late after; 0: none */
	int64_t rto_ns;
	uint32_t window; /* that the segment offers, in bytes: scaled where the scale is known */
	uint32_t in_flight; /* bytes; 0: unknown or none */
	int64_t initial_rtt_ns; /* of the connection; 0: not known, or nothing else to say */
};

/* A set of rules: each member is a difference between the sets. */
struct tcp_rules {
	const char *name; /* "4.6": the version of Wireshark since which they hold */
	bool reopens_after_end; /* 8.1: also a SYN+ACK, and any SYN after RST or FIN, is a new connection */
	bool bases_from_all; /* 8.1: also from headers whose payload length is not known */
	bool probe_ack_takes_byte; /* 8.2 F8: a probe's ACK may acknowledge the probe's byte */
	bool marks_reported; /* F11: a lost ACKed segment is reported once, in place of the count */
	bool sack_is_no_update; /* 8.2 F5: a window update with SACK blocks is a duplicate ACK */
	bool follows_lost; /* 8.2 F11: what is acknowledged unseen counts as seen from then on */
	bool fast_by_sack; /* 8.2 F12 b */
	bool uncovered_only; /* 8.2 F12 c: out of order only if not seen before */
	bool rto_by_start; /* 8.2 F12 d: the reference is a segment that starts there or later */
	bool partial_acks; /* 8.2 M5 */
	bool since_other_side; /* 8.3 F12 c: the time is that since the other side's latest segment */
};

#define TCP_RULE_SETS 3
extern const struct tcp_rules tcp_rule_sets[TCP_RULE_SETS]; /* oldest first */
extern const struct tcp_rules *const tcp_rules_newest;
/* By name or by a later version's number ("4.2" gives those of 4.0); NULL if there are none. */
const struct tcp_rules *tcp_rules_find(const char *version);

enum tcp_seen { /* the bits of tcp.completeness */
	TCP_SEEN_SYN = 1,
	TCP_SEEN_SYN_ACK = 2,
	TCP_SEEN_ACK = 4, /* without data */
	TCP_SEEN_DATA = 8,
	TCP_SEEN_FIN = 16, /* with ACK */
	TCP_SEEN_RST = 32,
};

/* What is remembered of one direction: section 3 of the specification. */
struct tcp_side {
	uint32_t high; /* greatest end of a segment */
	uint32_t high_frame;
	uint32_t contig; /* end of the data without a hole */
	uint32_t last_ack;
	uint32_t ack_frame; /* where last_ack changed */
	uint32_t sacked; /* bytes in the SACK blocks of the latest header, also of one that an ICMP error quotes */
	uint32_t unacked; /* list, or TCP_LONE */
	uint32_t lone; /* with that: where the segment starts */
	uint16_t window; /* raw, of the latest segment */
	uint16_t verdict; /* of the latest segment */
	uint16_t dup_acks; /* or TCP_DUP_REPORTED */
	uint8_t scale; /* enum tcp_scale, or shift + TCP_SCALE_SHIFT */
	uint8_t bits; /* TCP_SIDE_* */
};
#define TCP_DUP_REPORTED UINT16_MAX
#define TCP_LONE UINT32_MAX /* the list is one segment, from `lone` to `high`, of high_frame and high_ns */
enum tcp_scale { TCP_SCALE_UNKNOWN, TCP_SCALE_NOT_USED, TCP_SCALE_SHIFT };
enum {
	TCP_SIDE_WINDOW = 1, /* a segment was seen: `window` is one */
	TCP_SIDE_FIRST_ACK = 2, /* between SYN and the first ACK: windows are not scaled */
	TCP_SIDE_HOLE = 4, /* bytes in flight are not known */
	TCP_SIDE_HIGH_DATA = 8, /* the greatest segment had payload (TopLen is not 0) */
	TCP_SIDE_SACK = 16, /* the latest header had SACK blocks */
	TCP_SIDE_BASE = 32, /* base is known */
	TCP_SIDE_MPTCP = 64, /* a new kind of MPTCP option was seen since the latest segment */
};

struct tcp {
	int64_t handshake_ns; /* the initial RTT, with TCP_RTT_KNOWN; else the time of the latest SYN without ACK, 0: unknown */
	int64_t high_ns[2], last_ns[2];
	uint32_t base[2]; /* raw number that is shown as 0 */
	struct tcp_side side[2];
	struct infer_end end[2];
	uint16_t mptcp; /* kinds of options seen, as in struct packet */
	uint8_t seen; /* TCP_SEEN_* */
	uint8_t closed; /* TCP_CLOSED_* */
	uint8_t completeness; /* TCP_SEEN_*, as Wireshark counts them: tcp_complete() */
	uint32_t ack_rtt[2]; /* the least time from a segment of that side to its ACK here, in TCP_RTT_NS; 0: none */
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct tcp) == 192, "whole cache lines; a connection takes 256 bytes, 64 of them in conn.c");

#define TCP_RTT_NS 16 /* so that it fits: 68 s at most */

enum { /* tcp.closed: who ended it, << 1 for side 1 */
	TCP_CLOSED_FIN = 1,
	TCP_CLOSED_RST = 4,
	TCP_CLOSED_BY_FIN_OF_1 = 16, /* the first FIN was that of side 1 */
	TCP_RTT_KNOWN = 32, /* nothing to do with its end: handshake_ns is the initial RTT */
	TCP_QUIET = 64, /* nor this (<< 1 for side 1): its headers can only move numbers, for analysis_short.h */
};

/* Nanoseconds; 0: unknown. */
static inline int64_t tcp_initial_rtt(const struct tcp *t)
{
	return t->closed & TCP_RTT_KNOWN ? t->handshake_ns : 0;
}

struct tcp_segment {
	const struct packet *p;
	int dir; /* which side sent it */
	uint32_t frame;
	int64_t ts_ns;
	bool quoted; /* in an ICMP error: 2.6 */
	bool first; /* header of its two ends: no connection between them is known */
};

/* What the segment is for the latest connection of its pair [2.2, 2.3, 8.1]. */
enum tcp_opening {
	TCP_CONTINUES,
	TCP_REPEATS_SYN, /* the same SYN again */
	TCP_RENUMBERS, /* 4.0: a SYN+ACK with another number; the connection stays, ports are reused */
	TCP_OPENS, /* another connection; ports are reused */
};
enum tcp_opening tcp_opens(const struct tcp *t, const struct tcp_rules *rules, const struct tcp_segment *s);

/* Notes first numbers [2.2 to 2.4]. */
void tcp_bases(struct tcp *t, struct unacked *pool, const struct tcp_rules *rules, const struct tcp_segment *s,
	       enum tcp_opening o);

/* No more packets come to it: what it waits for is of no use. */
void tcp_retire(struct tcp *t, struct unacked *pool);

/* The verdicts [F, M].  Only where the payload's length is known and it is not quoted [2.5].  *out: zero. */
void tcp_analyse(struct tcp *t, struct unacked *pool, const struct tcp_rules *rules, const struct tcp_segment *s,
		 bool reused_ports, struct verdict *out);

/* What every header adds [A1 to A4], and completeness; behind tcp_analyse(), whose verdict gets the initial RTT. */
void tcp_header(struct tcp *t, const struct tcp_segment *s, struct verdict *out);

/* A connection that ports are reused for begins with what opens it. */
void tcp_reopen(struct tcp *t, const struct packet *p);

/* Appends the texts of bits, ", " between them; a retransmission that is fast or spurious is named once. */
void verdict_text(struct str *out, uint16_t bits);

#endif
