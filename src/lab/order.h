/*
 * order: carries out what the hand on the wire wants: changes the rules, and acts on what is held.
 */
#ifndef SOCKLENS_LAB_ORDER_H
#define SOCKLENS_LAB_ORDER_H

#include "capture/live.h"
#include "src/core/err.h"
#include "src/core/str.h"
#include "src/lab/carry.h"
#include "src/lab/wire.h"

/*
 * What an order can be checked for before it is given: its hosts, numbers, and that its filter compiles,
 * which is handed out (NULL for none).
 */
int order_check(const struct lab *l, const struct wire_order *o, struct live_filter **filter, struct err *e);

/* Carries it out.  Takes the filter over, also on failure. */
int order_apply(struct carry *c, const struct wire_order *o, struct live_filter *filter, struct err *e);

#endif
