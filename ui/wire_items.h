/*
 * wire_items: what is on the wire at the cursor, and which of it the panel's keys act on: packets that are held or on
 * their way, in the order in which they left, and the rules that have a number.
 */
#ifndef SOCKLENS_UI_WIRE_ITEMS_H
#define SOCKLENS_UI_WIRE_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/view.h"

#define WIRE_ITEMS_STATUS	1024	/* bytes of a status */
#define WIRE_ITEMS_MAX	256

struct wire_item {
	uint64_t number;	/* of the packet; of the rule */
	bool is_rule;
	enum wire_fate fate;	/* of a packet: HELD, or on its way */
	uint32_t packet, wire;	/* rows of the PACKET and of its newest WIRE event */
	const char *text;	/* of a rule, in the status: "hold tcp-fin" */
};

struct wire_items {
	struct wire_item item[WIRE_ITEMS_MAX];	/* packets, then rules */
	size_t packets, count;
	size_t picked;		/* the one that keys act on; == count: there is none */
	char status[WIRE_ITEMS_STATUS + 1];	/* what the wire does, its parts NUL-terminated: "20 ms", "#1 hold tcp-fin", "" */
};

void wire_items_find(const struct view *v, struct wire_items *out);

/* The next part of the status behind `part` (the first one: NULL); NULL. */
const char *wire_items_part(const struct wire_items *items, const char *part);

/* Picks the next one (by 1) or the one before (by -1). */
void wire_items_move(struct view *v, const struct wire_items *items, int by);
void wire_items_pick(struct view *v, const struct wire_items *items, size_t i);

/* When the sender of a held packet sends again, as its kernel last said: ns from now, 0 or less: any moment.  False: no timer runs. */
bool wire_items_timer(const struct view *v, const struct wire_item *item, int64_t *left_ns);

/* What the screen takes for now: the clock while it counts, else the time of the cursor's moment. */
int64_t wire_items_clock(const struct view *v);

/* Appends 3.2 s, 12 s, 4 min: not more digits than can be read while they change. */
void wire_items_seconds(struct str *out, int64_t ns);

/* The nearest of the timers of all held packets; false: none runs. */
bool wire_items_nearest(const struct view *v, int64_t *left_ns);

#endif
