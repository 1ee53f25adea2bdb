/*
 * What a host counted as a packet left comes right before the packet, so that its block in the file can say why it
 * left; in the file it stands behind it, as everything does that refers to a packet.
 */
#include "src/session_impl.h"

#include "src/cause.h"
#include "src/core/str.h"

void session_ask_counters(struct session *s)
{
	if (s->wire)
		wire_ask_counters(s->wire);
}

void causes_on_counters(struct session *s, struct event *ev)
{
	struct counted *c = &s->counted;
	uint32_t packet = (uint32_t)ev->counters.by_number;

	if (ev->counters.by != BY_DEPARTURE || trace_row_of_packet(s->trace, packet) != ROW_NONE) {
		session_append(s, ev);
		return;
	}
	str_copy(c->changes, sizeof(c->changes), ev->counters.changes ? ev->counters.changes : "");
	c->ev = *ev;
	c->ev.counters.changes = c->changes;
	c->waits = true;
}

void causes_on_packet(struct session *s, struct event *ev)
{
	struct counted *c = &s->counted;
	STR_ON_STACK(comment, 1024);
	struct cause cause;

	if (!c->waits || c->ev.counters.by_number != ev->packet.number) {
		session_append(s, ev);
		return;
	}
	cause_of_leaving(s->trace, ev, &c->ev.counters, &cause);
	cause_comment(&comment, &cause, &c->ev.counters);
	ev->packet.comment = comment.buf;
	session_append(s, ev);
	session_append(s, &c->ev);
	c->waits = false;
}
