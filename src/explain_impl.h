/*
 * Inside of explain; only src/explain*.c include it.
 */
#ifndef SOCKLENS_EXPLAIN_IMPL_H
#define SOCKLENS_EXPLAIN_IMPL_H

#include "src/explain.h"

#define FACTS 32

/* What is known of an event, by the names that templates have for it. */
struct facts {
	struct {
		const char *name;
		char text[120];
	} fact[FACTS];
	size_t count;
};

/* Adds a fact that is filled in; one that stays empty is not known. */
struct str facts_add(struct facts *f, const char *name);
void facts_set(struct facts *f, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
const char *facts_get(const struct facts *f, const char *name);	/* "": not known */

/* An event's row and what belongs to it. */
struct explaining {
	struct trace *t;
	uint32_t row;
	const struct links *links;
	struct facts facts;
};

/* The kind of a PACKET, and its facts (explain_packet.c). */
enum explain_kind explain_packet(struct explaining *x);

/* The first cause (effect) of a kind; ROW_NONE. */
uint32_t explaining_cause(const struct explaining *x, enum event_kind kind);

/* "client's connect() failed with ECONNREFUSED": a call that came back without success. */
void explain_failure(struct str *out, struct trace *t, uint32_t row);

/* "by hand", "rule 2: …", "by chance". */
const char *explain_by_whom(const struct event_wire *w);

#endif
