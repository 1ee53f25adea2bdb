/*
 * rule: what the wire does with each packet.
 *
 * Two tables.  A path is one direction (the packets that one host sends): how long it takes, and whether
 * it is cut.  A rule is a row that matches packets (by host, filter, every n-th, once) and acts on them.
 * Every packet is put before the paths and then before all rules; the verdict says what is to be done with
 * it and whose doing that was.
 *
 * A new fault is a row in the table of actions and a member of struct verdict; one that belongs to a whole
 * direction (jitter, a rate and its queue) is a member of struct path.  rule_text.c says what they are.
 */
#ifndef SOCKLENS_LAB_RULE_H
#define SOCKLENS_LAB_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/live.h"
#include "src/core/err.h"
#include "src/core/event.h"
#include "src/core/str.h"
#include "src/lab/dice.h"
#include "src/lab/pipe.h"

#define RULES_MAX	64
#define RULE_FILTER	256	/* text of a filter with its NUL */

enum rule_action {		/* in the order in which they decide about one packet */
	RULE_DROP,
	RULE_MARK,
	RULE_CORRUPT,
	RULE_HOLD,
	RULE_REORDER,
	RULE_DUP,
};
#define RULE_ACTIONS	(RULE_DUP + 1)

/* What a rule decides by chance, for the packets of one host. */
struct chance {
	struct dice dice;
	bool bad;			/* in a burst */
};

struct rule {
	uint32_t number;		/* 1, 2, … as the user sees it; 0: made for one command, without a number */
	enum rule_action action;
	uint8_t from;			/* packets of this host only; HOST_NONE: of any */
	char text[RULE_FILTER];		/* "": all packets */
	struct live_filter *filter;	/* of the text; NULL: all packets.  Owned */
	uint32_t left;			/* it ends after it acted on so many packets; 0: it does not end */
	uint32_t every;			/* it acts on every n-th packet that matches; 0 and 1: on each */
	uint32_t matched;		/* packets since it last acted */
	uint32_t millionths;		/* the chance that it acts; 0: it always does */
	uint32_t burst;			/* mean number of packets that it acts on in a row (Gilbert's model); 0 and 1: each for itself */
	uint64_t seed;			/* of its own; 0: the wire's */
	int64_t by_ns;			/* RULE_REORDER: so much later */
	bool mended;			/* RULE_CORRUPT: with a right checksum */
	uint32_t made;			/* 1, 2, …: names its streams of chance */
	struct chance chance[HOSTS_MAX];
};

struct path {
	int64_t delay_ns, jitter_ns;	/* it takes delay - jitter to delay + jitter */
	bool cut;
	uint32_t mtu;			/* bytes behind the Ethernet header; 0: no limit */
	bool silent;			/* nobody is told that a packet is too long */
	struct pipe pipe;
	struct dice dice;		/* of the jitter */
};

struct rules {
	struct path path[HOSTS_MAX];	/* of the packets from host i */
	struct rule row[RULES_MAX];	/* in order of number */
	size_t count;
	uint32_t last_number, last_made;
	uint64_t seed;
	bool seed_shown;		/* somebody asked for it */
};

/* What is to be done with a packet.  by[action]: "cut", "rule 2: tcp port 80", "hand"; "" where it has nothing to do. */
struct verdict {
	bool drop, mark, corrupt, hold;
	bool mended;			/* corrupt: with a right checksum */
	bool queues;			/* its direction has a rate */
	bool spent;			/* a rule that was for so many packets has one less to act on */
	uint32_t mtu;			/* drop: too long, and the sender is told what would pass; 0: it is not told */
	uint32_t fragment;		/* too long, and may go on in fragments of so many bytes, each for itself; else 0 */
	uint32_t copies;		/* beside the packet itself */
	int64_t delay_ns;
	int64_t behind_ns;		/* reorder: so much later than others; 0: in order */
	struct dice dice;		/* corrupt: which bit */
	char by[RULE_ACTIONS][RULE_FILTER + 32];
};

/* All that chance decides follows from the seed and from the order of rules and, in each direction, of packets. */
void rules_init(struct rules *r, uint64_t seed);
void rules_fini(struct rules *r);

/* True while every packet passes at once: there is nothing to ask rules_judge() for. */
bool rules_plain(const struct rules *r);

/* Starts all that is decided by chance anew. */
void rules_seed(struct rules *r, uint64_t seed);

/* Whether a rule holds packets to come. */
bool rules_hold(const struct rules *r);

/*
 * Adds a rule; takes rule->filter over, also on failure.  A number is given to it unless it ends by itself and is for all packets.
 * A rule with the same conditions is replaced.  Fails when the table is full.
 */
int rules_add(struct rules *r, const struct rule *rule, struct err *e);

/* Removes the rule of that number; false if there is none. */
bool rules_remove(struct rules *r, uint32_t number);

/* Removes all rules with that action (of host `from`; HOST_NONE: of all).  How many. */
size_t rules_remove_all(struct rules *r, enum rule_action action, uint8_t from);

/* Sets a direction, or with HOST_NONE all of them. */
void rules_delay(struct rules *r, uint8_t from, int64_t delay_ns);
void rules_jitter(struct rules *r, uint8_t from, int64_t jitter_ns);
bool rules_rate(struct rules *r, uint8_t from, int64_t bits_per_s, uint32_t queue);	/* 0 ends it; false: no memory */
void rules_mtu(struct rules *r, uint8_t from, uint32_t mtu, bool silent);	/* 0 ends it */
void rules_cut(struct rules *r, uint8_t from, bool cut);

/* How long the next packet from a host takes. */
int64_t rules_draw_delay(struct rules *r, uint8_t from);

/* Decides about one packet of host `from`; counts it in the rules, and ends those that were for once. */
void rules_judge(struct rules *r, uint8_t from, const void *bytes, uint32_t caplen, uint32_t len, struct verdict *out);

/* Appends what a rule does: "loss 10% burst 3". */
void rule_text(struct str *out, const struct rule *rule);

/* Appends the numbers of the rules that have one: "1, 4"; nothing if there is none. */
void rules_numbers(struct str *out, const struct rules *r);

/* Appends what the wire does now: "20 ms · #1 hold tcp-fin", with the rules' numbers; nothing if it is plain.  hosts: how many there are, name(i): theirs. */
void rules_text(struct str *out, const struct rules *r, size_t hosts, const char *(*name)(const void *context, size_t host),
		const void *context);

#endif
