#include "src/conn_end.h"

#include <netinet/in.h>

static const struct {
	const char *name, *key;
	const char *before, *after; /* around whoever did it; NULL: nobody in particular */
} ends[CONN_ENDS] = {
	[CONN_END_OPEN] = { "open", "open", NULL, NULL },
	[CONN_END_UNANSWERED] = { "never answered", "unanswered", NULL, NULL },
	[CONN_END_REFUSED] = { "refused", "refused", "refused by ", "" },
	[CONN_END_HALF] = { "half-closed", "half_closed", "half-closed by ", "" },
	[CONN_END_FIN] = { "closed", "closed", "closed, ", " first" },
	[CONN_END_RESET] = { "reset", "reset", "reset by ", "" },
};

const char *conn_end_key(enum conn_end end)
{
	return ends[end].key;
}

const char *conn_end_name(enum conn_end end)
{
	return ends[end].name;
}

static bool is_answered(const struct conn *c)
{
	return c->packets[0] && c->packets[1];
}

/* A RST says more than the FINs beside it: data were lost, or nobody was there. */
static struct conn_ending tcp_ending(const struct conn *c)
{
	struct conn_ending e = { .by = -1, .start_seen = c->seen & TCP_SEEN_SYN };

	if (c->rst[0] || c->rst[1]) {
		bool refused = e.start_seen && c->rst[1] && !(c->seen & TCP_SEEN_SYN_ACK);

		e.end = refused ? CONN_END_REFUSED : CONN_END_RESET;
		e.by = c->rst[1] && (refused || !c->rst[0]) ? 1 : 0;
	} else if (c->fin[0] || c->fin[1]) {
		e.end = c->fin[0] && c->fin[1] ? CONN_END_FIN : CONN_END_HALF;
		e.by = c->first_fin;
	} else if (e.start_seen && !is_answered(c)) {
		e.end = CONN_END_UNANSWERED;
	}
	return e;
}

struct conn_ending conn_ending(const struct conn *c)
{
	if (c->protocol == IPPROTO_TCP)
		return tcp_ending(c);
	return (struct conn_ending){ .end = is_answered(c) ? CONN_END_OPEN : CONN_END_UNANSWERED,
				     .by = -1,
				     .start_seen = true };
}

void conn_ending_text(struct str *out, const struct conn_ending *e, const char *const side[2])
{
	if (ends[e->end].before && e->by >= 0)
		str_addf(out, "%s%s%s", ends[e->end].before, side[e->by], ends[e->end].after);
	else
		str_add(out, ends[e->end].name);
	if (!e->start_seen)
		str_add(out, " (start not captured)");
}
