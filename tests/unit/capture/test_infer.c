/*
 * infer: the states of both ends, by segments made by hand.  Each scenario is a row of events; behind each stand
 * the states that must be inferred then: "=" certain, "~" presumed, "?" one of several.
 *
 * Every scenario is also run with the ends exchanged, which must give the mirrored states, and cut behind each
 * event, which must give the first part of the whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "capture/conn.h"
#include "capture/infer.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

enum { C, S };
enum { FIN = TCP_FIN, SYN = TCP_SYN, RST = TCP_RST, ACK = TCP_ACK };
enum what { SEEN, LEFT, ARRIVED };	/* in a plain capture: both at once · it left its host · it reached the other */

#define EVENTS_MAX 20

struct event_row {
	enum what what;
	int from;
	unsigned flags;
	uint32_t seq, ack, len;
	const char *client, *server;
	unsigned window;	/* 0: some; 1: closed */
};

struct scenario {
	const char *name;
	enum infer_vantage vantage;
	struct event_row row[EVENTS_MAX];
};

struct ends {
	struct infer_end end[2];
	struct unacked *pool;
};

static void happen(struct ends *e, const struct event_row *row, bool mirrored, enum infer_vantage v)
{
	struct packet p = { .ip_version = 4, .protocol = 6, .has_segment = true, .payload_known = true,
			    .flags = (uint16_t)row->flags, .seq = row->seq, .ack = row->ack,
			    .payload_len = row->len, .window = row->window ? 0 : 1000, .wscale = -1 };
	int dir = row->from ^ mirrored;

	switch (row->what) {
	case SEEN:
		infer_segment(e->end, e->pool, NULL, dir, &p, v);
		break;
	case LEFT:
		infer_sent(e->end, dir, &p, v);
		break;
	case ARRIVED:
		infer_delivered(e->end, e->pool, dir, &p);
		break;
	}
}

static void must_be(const struct scenario *s, size_t n, const char *who, const struct infer_end *e, const char *want)
{
	STR_ON_STACK(text, 160);
	struct inferred state = infer_state(e);

	assert_int_equal(state.set != 0, state.sure != INFER_UNKNOWN);
	assert_true(!state.set || (state.set & 1u << state.state));
	assert_int_equal((state.set & (state.set - 1)) != 0, state.sure == INFER_RANGE);
	str_addf(&text, "%c", "-=~?"[state.sure]);
	infer_text(&text, state);
	if (strcmp(text.buf, want) != 0)
		fail_msg("%s, event %zu: the %s is %s, must be %s", s->name, n + 1, who, text.buf, want);
}

static struct ends ends_new(void)
{
	struct ends e = { .pool = unacked_new() };

	assert_non_null(e.pool);
	return e;
}

static void play(const struct scenario *s, size_t events, bool mirrored)
{
	struct ends e = ends_new();

	for (size_t n = 0; n < events; n++) {
		happen(&e, &s->row[n], mirrored, s->vantage);
		must_be(s, n, "client", &e.end[C ^ mirrored], s->row[n].client);
		must_be(s, n, "server", &e.end[S ^ mirrored], s->row[n].server);
	}
	unacked_free(e.pool);
}

static size_t events_of(const struct scenario *s)
{
	size_t n = 0;

	while (n < EVENTS_MAX && s->row[n].client)
		n++;
	return n;
}

static void check(const struct scenario *s, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t events = 1; events <= events_of(&s[i]); events++) {
			play(&s[i], events, false);
			play(&s[i], events, true);
		}
}

#define ANSWER "?SYN-RECEIVED|CLOSED|LISTEN"
#define OPEN                                                                                       \
	{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },                                          \
	{ SEEN, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "=SYN-RECEIVED" },                    \
	{ SEEN, C, ACK, 1000, 5000, 0, "=ESTABLISHED", "~ESTABLISHED" }
#define OPEN_BOTH                                                                                  \
	OPEN, { SEEN, S, ACK, 5000, 1000, 0, "=ESTABLISHED", "=ESTABLISHED" }

/* ---- section 5: what goes on between two ends ---- */

static const struct scenario sequences[] = {
	{ "open", 0, { OPEN, { SEEN, C, ACK, 1000, 5000, 5, "=ESTABLISHED", "~ESTABLISHED" },
		       { SEEN, S, ACK, 5000, 1005, 0, "=ESTABLISHED", "=ESTABLISHED" } } },
	{ "refused", 0, { { SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
			  { SEEN, S, RST | ACK, 0, 1000, 0, "~CLOSED", "=CLOSED" } } },
	{ "SYN lost", 0, { { SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
			   { SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
			   { SEEN, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "=SYN-RECEIVED" } } },
	{ "SYN+ACK lost behind the capture", 0, {
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "=SYN-RECEIVED" },
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", "=SYN-RECEIVED" } } },
	{ "final ACK lost", INFER_COMPLETE, {
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "=SYN-RECEIVED" },
		{ LEFT, C, ACK, 1000, 5000, 0, "=ESTABLISHED", "=SYN-RECEIVED" },
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "=ESTABLISHED", "=SYN-RECEIVED" },
		{ SEEN, C, ACK, 1000, 5000, 0, "=ESTABLISHED", "~ESTABLISHED" } } },
	{ "closed by the client", 0, { OPEN_BOTH,
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSE-WAIT" },
		{ SEEN, S, ACK, 5000, 1001, 0, "~FIN-WAIT-2", "=CLOSE-WAIT" },
		{ SEEN, S, FIN | ACK, 5000, 1001, 0, "~TIME-WAIT", "=LAST-ACK" },
		{ SEEN, C, ACK, 1001, 5001, 0, "=TIME-WAIT", "~CLOSED" } } },
	{ "closed by the server", 0, { OPEN_BOTH,
		{ SEEN, S, FIN | ACK, 5000, 1000, 0, "~CLOSE-WAIT", "=FIN-WAIT-1" },
		{ SEEN, C, ACK, 1000, 5001, 0, "=CLOSE-WAIT", "~FIN-WAIT-2" },
		{ SEEN, C, FIN | ACK, 1000, 5001, 0, "=LAST-ACK", "~TIME-WAIT" },
		{ SEEN, S, ACK, 5001, 1001, 0, "~CLOSED", "=TIME-WAIT" } } },
	/* 6.4: an earlier FIN may have been lost before the capture. */
	{ "closed in one segment", 0, { OPEN_BOTH,
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSE-WAIT" },
		{ SEEN, S, FIN | ACK, 5000, 1001, 0, "~TIME-WAIT", "?LAST-ACK|CLOSING" },
		{ SEEN, C, ACK, 1001, 5001, 0, "=TIME-WAIT", "?CLOSED|TIME-WAIT" } } },
	{ "closed in one segment, all seen", INFER_COMPLETE, { OPEN_BOTH,
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSE-WAIT" },
		{ SEEN, S, FIN | ACK, 5000, 1001, 0, "~TIME-WAIT", "=LAST-ACK" },
		{ SEEN, C, ACK, 1001, 5001, 0, "=TIME-WAIT", "~CLOSED" } } },
	{ "half closed", 0, { OPEN_BOTH,
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSE-WAIT" },
		{ SEEN, S, ACK, 5000, 1001, 9, "~FIN-WAIT-2", "=CLOSE-WAIT" },
		{ SEEN, C, ACK, 1001, 5009, 0, "~FIN-WAIT-2", "=CLOSE-WAIT" },
		{ SEEN, S, ACK, 5009, 1001, 9, "~FIN-WAIT-2", "=CLOSE-WAIT" },
		{ SEEN, S, FIN | ACK, 5018, 1001, 0, "~TIME-WAIT", "=LAST-ACK" },
		{ SEEN, C, ACK, 1001, 5019, 0, "=TIME-WAIT", "~CLOSED" } } },
	{ "closed by both at once", 0, { OPEN_BOTH,
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSE-WAIT" },
		{ SEEN, S, FIN | ACK, 5000, 1000, 0, "~CLOSING", "~CLOSING" },
		{ SEEN, C, ACK, 1001, 5001, 0, "=CLOSING", "~TIME-WAIT" },
		{ SEEN, S, ACK, 5001, 1001, 0, "~TIME-WAIT", "~TIME-WAIT" } } },
	{ "closed by both at once, deliveries known", INFER_COMPLETE, { OPEN_BOTH,
		{ LEFT, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "=ESTABLISHED" },
		{ LEFT, S, FIN | ACK, 5000, 1000, 0, "=FIN-WAIT-1", "=FIN-WAIT-1" },
		{ ARRIVED, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSING" },
		{ LEFT, S, ACK, 5001, 1001, 0, "=FIN-WAIT-1", "=CLOSING" },
		{ ARRIVED, S, FIN | ACK, 5000, 1000, 0, "~CLOSING", "=CLOSING" },
		{ ARRIVED, S, ACK, 5001, 1001, 0, "~TIME-WAIT", "=CLOSING" },
		{ SEEN, C, ACK, 1001, 5001, 0, "~TIME-WAIT", "~TIME-WAIT" } } },
	{ "opened by both at once", 0, {
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
		{ SEEN, S, SYN, 4999, 0, 0, "~SYN-RECEIVED", "~SYN-RECEIVED" },
		{ SEEN, C, SYN | ACK, 999, 5000, 0, "=SYN-RECEIVED", "~ESTABLISHED" },
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "~ESTABLISHED" },
		{ SEEN, C, ACK, 1000, 5000, 0, "=ESTABLISHED", "~ESTABLISHED" } } },
	{ "opened by both at once, deliveries known", INFER_COMPLETE, {
		{ LEFT, C, SYN, 999, 0, 0, "=SYN-SENT", "-unknown" },
		{ LEFT, S, SYN, 4999, 0, 0, "=SYN-SENT", "=SYN-SENT" },
		{ ARRIVED, C, SYN, 999, 0, 0, "=SYN-SENT", "~SYN-RECEIVED" },
		{ LEFT, S, SYN | ACK, 4999, 1000, 0, "=SYN-SENT", "=SYN-RECEIVED" },
		{ ARRIVED, S, SYN, 4999, 0, 0, "~SYN-RECEIVED", "=SYN-RECEIVED" },
		{ LEFT, C, SYN | ACK, 999, 5000, 0, "=SYN-RECEIVED", "=SYN-RECEIVED" },
		{ ARRIVED, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "=SYN-RECEIVED" },
		{ ARRIVED, C, SYN | ACK, 999, 5000, 0, "~ESTABLISHED", "~ESTABLISHED" } } },
	{ "aborted", 0, { OPEN_BOTH, { SEEN, C, RST | ACK, 1000, 5000, 0, "=CLOSED", "~CLOSED" } } },
	{ "closed with unread data", 0, { OPEN_BOTH,
		{ SEEN, C, ACK, 1000, 5000, 50, "=ESTABLISHED", "=ESTABLISHED" },
		{ SEEN, S, ACK, 5000, 1050, 0, "=ESTABLISHED", "=ESTABLISHED" },
		{ SEEN, S, RST | ACK, 5000, 1050, 0, "~CLOSED", "=CLOSED" } } },
	{ "data to a closed peer", 0, { OPEN_BOTH,
		{ SEEN, S, FIN | ACK, 5000, 1000, 0, "~CLOSE-WAIT", "=FIN-WAIT-1" },
		{ SEEN, C, ACK, 1000, 5001, 0, "=CLOSE-WAIT", "~FIN-WAIT-2" },
		{ SEEN, C, ACK, 1000, 5001, 9, "=CLOSE-WAIT", "~FIN-WAIT-2" },
		{ SEEN, S, RST, 5001, 0, 0, "~CLOSED", "=CLOSED" } } },
	{ "FIN lost", INFER_COMPLETE, { OPEN_BOTH,
		{ LEFT, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "=ESTABLISHED" },
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSE-WAIT" },
		{ SEEN, S, ACK, 5000, 1001, 0, "~FIN-WAIT-2", "=CLOSE-WAIT" } } },
	{ "last ACK lost", 0, { OPEN_BOTH,
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSE-WAIT" },
		{ SEEN, S, ACK, 5000, 1001, 0, "~FIN-WAIT-2", "=CLOSE-WAIT" },
		{ SEEN, S, FIN | ACK, 5000, 1001, 0, "~TIME-WAIT", "=LAST-ACK" },
		{ SEEN, C, ACK, 1001, 5001, 0, "=TIME-WAIT", "~CLOSED" },
		{ SEEN, S, FIN | ACK, 5000, 1001, 0, "=TIME-WAIT", "=LAST-ACK" },
		{ SEEN, C, ACK, 1001, 5001, 0, "=TIME-WAIT", "~CLOSED" } } },
	{ "FIN before data", 0, { OPEN_BOTH,
		{ SEEN, C, FIN | ACK, 1010, 5000, 0, "=FIN-WAIT-1", "=ESTABLISHED" },
		{ SEEN, S, ACK, 5000, 1000, 0, "=FIN-WAIT-1", "=ESTABLISHED" },
		{ SEEN, C, ACK, 1005, 5000, 5, "=FIN-WAIT-1", "=ESTABLISHED" },
		{ SEEN, C, ACK, 1000, 5000, 5, "=FIN-WAIT-1", "~CLOSE-WAIT" },
		{ SEEN, S, ACK, 5000, 1011, 0, "~FIN-WAIT-2", "=CLOSE-WAIT" } } },
	/* RFC 5961: a RST or a SYN that is not exactly right ends nothing. */
	{ "probes", 0, { OPEN_BOTH,
		{ SEEN, C, ACK, 1000, 5000, 5, "=ESTABLISHED", "=ESTABLISHED" },
		{ ARRIVED, C, RST, 1100, 0, 0, "=ESTABLISHED", "=ESTABLISHED" },
		{ ARRIVED, C, RST, 900, 0, 0, "=ESTABLISHED", "=ESTABLISHED" },
		{ ARRIVED, C, SYN, 7777, 0, 0, "=ESTABLISHED", "=ESTABLISHED" },
		{ SEEN, S, ACK, 5000, 1005, 0, "=ESTABLISHED", "=ESTABLISHED" },
		{ ARRIVED, C, RST, 1005, 0, 0, "=ESTABLISHED", "~CLOSED" } } },
	/* The byte that probes a closed window is not taken: the number to expect stays. */
	{ "a closed window", 0, { OPEN_BOTH,
		{ SEEN, S, ACK, 5000, 1000, 0, "=ESTABLISHED", "=ESTABLISHED", .window = 1 },
		{ SEEN, C, ACK, 1000, 5000, 1, "=ESTABLISHED", "=ESTABLISHED" },
		{ SEEN, S, ACK, 5000, 1000, 0, "=ESTABLISHED", "=ESTABLISHED", .window = 1 },
		{ ARRIVED, C, RST, 1000, 0, 0, "=ESTABLISHED", "~CLOSED" } } },
};

static void sequences_of_segments(void **state)
{
	(void)state;
	check(sequences, sizeof(sequences) / sizeof(sequences[0]));
}

/* ---- table 3: what a segment says of its sender; the other end hears nothing ---- */

#define NOTHING(text) "=ESTABLISHED", text
static const struct scenario sender_rows[] = {
	{ "SYN: any", 0, { { LEFT, C, SYN, 999, 0, 0, "=SYN-SENT", "-unknown" },
			   { LEFT, C, SYN, 999, 0, 0, "=SYN-SENT", "-unknown" } } },
	{ "SYN+ACK: unknown", 0, { { LEFT, S, SYN | ACK, 4999, 1000, 0, "-unknown", "=SYN-RECEIVED" } } },
	{ "SYN+ACK: SYN-SENT", 0, { { LEFT, C, SYN, 999, 0, 0, "=SYN-SENT", "-unknown" },
				    { LEFT, C, SYN | ACK, 999, 5000, 0, "=SYN-RECEIVED", "-unknown" } } },
	{ "SYN+ACK: ESTABLISHED or later", 0, { OPEN_BOTH,
		{ LEFT, S, SYN | ACK, 4999, 1000, 0, "=ESTABLISHED", "=ESTABLISHED" },
		{ LEFT, S, FIN | ACK, 5000, 1000, 0, "=ESTABLISHED", "=FIN-WAIT-1" },
		{ LEFT, S, SYN | ACK, 4999, 1000, 0, "=ESTABLISHED", "=FIN-WAIT-1" } } },
	{ "ACK: SYN-SENT", 0, { { LEFT, C, SYN, 999, 0, 0, "=SYN-SENT", "-unknown" },
				{ LEFT, C, ACK, 1000, 5000, 0, "=ESTABLISHED", "-unknown" } } },
	{ "data: SYN-RECEIVED", 0, { { LEFT, C, SYN, 999, 0, 0, "=SYN-SENT", "-unknown" },
				     { LEFT, S, SYN | ACK, 4999, 1000, 0, "=SYN-SENT", "=SYN-RECEIVED" },
				     { LEFT, S, ACK, 5000, 1000, 0, "=SYN-SENT", "=SYN-RECEIVED" },
				     { LEFT, S, ACK, 5000, 1000, 3, "=SYN-SENT", "=ESTABLISHED" } } },
	{ "FIN: SYN-RECEIVED", 0, { { LEFT, C, SYN, 999, 0, 0, "=SYN-SENT", "-unknown" },
				    { LEFT, S, SYN | ACK, 4999, 1000, 0, "=SYN-SENT", "=SYN-RECEIVED" },
				    { LEFT, S, FIN | ACK, 5000, 1000, 0, "=SYN-SENT", "=FIN-WAIT-1" },
				    { LEFT, S, FIN | ACK, 5000, 1000, 0, "=SYN-SENT", "=FIN-WAIT-1" } } },
	{ "FIN: CLOSE-WAIT", 0, { OPEN_BOTH, { LEFT, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "=ESTABLISHED" },
				  { LEFT, S, ACK, 5000, 1001, 0, "=FIN-WAIT-1", "=CLOSE-WAIT" },
				  { LEFT, S, FIN | ACK, 5000, 1001, 0, "=FIN-WAIT-1", "=LAST-ACK" },
				  { LEFT, S, FIN | ACK, 5000, 1001, 0, "=FIN-WAIT-1", "=LAST-ACK" } } },
	{ "ACK of a FIN: SYN-RECEIVED", 0, {
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "=SYN-RECEIVED" },
		{ LEFT, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "=SYN-RECEIVED" },
		{ LEFT, S, ACK, 5000, 1001, 0, "=FIN-WAIT-1", "=CLOSE-WAIT" } } },
	{ "ACK of a FIN: FIN-WAIT-1", 0, { OPEN_BOTH, { LEFT, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "=ESTABLISHED" },
		{ LEFT, S, FIN | ACK, 5000, 1000, 0, "=FIN-WAIT-1", "=FIN-WAIT-1" },
		{ LEFT, C, ACK, 1001, 5001, 0, "=CLOSING", "=FIN-WAIT-1" } } },
	{ "ACK of a FIN: FIN-WAIT-2", 0, { OPEN_BOTH, { LEFT, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "=ESTABLISHED" },
		{ SEEN, S, ACK, 5000, 1001, 0, "~FIN-WAIT-2", "=CLOSE-WAIT" },
		{ LEFT, S, FIN | ACK, 5000, 1001, 0, "~FIN-WAIT-2", "=LAST-ACK" },
		{ LEFT, C, ACK, 1001, 5001, 0, "=TIME-WAIT", "=LAST-ACK" } } },
	{ "RST: SYN-RECEIVED, passive", 0, { { LEFT, S, SYN | ACK, 4999, 1000, 0, "-unknown", "=SYN-RECEIVED" },
					     { LEFT, S, RST | ACK, 5000, 1000, 0, "-unknown", "=LISTEN" } } },
	{ "RST: SYN-RECEIVED, not passive", 0, { { LEFT, C, SYN, 999, 0, 0, "=SYN-SENT", "-unknown" },
		{ LEFT, C, SYN | ACK, 999, 5000, 0, "=SYN-RECEIVED", "-unknown" },
		{ LEFT, C, RST | ACK, 1000, 5000, 0, "=CLOSED", "-unknown" } } },
	{ "RST: any other", 0, { OPEN_BOTH, { LEFT, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "=ESTABLISHED" },
				 { LEFT, C, RST, 1001, 0, 0, "=CLOSED", "=ESTABLISHED" } } },
	/* A SYN+ACK that acknowledges something else is answered with a RST of its number. */
	{ "stray RST: SYN-SENT", 0, { { LEFT, C, SYN, 999, 0, 0, "=SYN-SENT", "-unknown" },
				      { LEFT, C, RST, 7777, 0, 0, "=SYN-SENT", "-unknown" } } },
	{ "stray RST: synchronized", 0, { OPEN_BOTH, { LEFT, S, RST, 77777, 0, 0, "=ESTABLISHED", "=CLOSED" } } },
	{ "stray RST: LISTEN, CLOSED", 0, { { LEFT, S, SYN | ACK, 4999, 1000, 0, "-unknown", "=SYN-RECEIVED" },
		{ LEFT, S, RST | ACK, 5000, 1000, 0, "-unknown", "=LISTEN" },
		{ LEFT, S, RST, 7777, 0, 0, "-unknown", "=LISTEN" },
		{ LEFT, C, RST | ACK, 0, 5000, 0, "=CLOSED", "=LISTEN" },
		{ LEFT, C, RST | ACK, 0, 5000, 0, "=CLOSED", "=LISTEN" } } },
};

static void what_a_segment_says_of_its_sender(void **state)
{
	(void)state;
	check(sender_rows, sizeof(sender_rows) / sizeof(sender_rows[0]));
}

/* ---- table 4: what reaches an end; all but the last two events bring it into its state ---- */

#define FIN_WAIT_1                                                                                 \
	OPEN_BOTH, { LEFT, S, FIN | ACK, 5000, 1000, 0, "=ESTABLISHED", "=FIN-WAIT-1" }
#define FIN_WAIT_2                                                                                 \
	FIN_WAIT_1, { ARRIVED, S, FIN | ACK, 5000, 1000, 0, "~CLOSE-WAIT", "=FIN-WAIT-1" },        \
	{ SEEN, C, ACK, 1000, 5001, 0, "=CLOSE-WAIT", "~FIN-WAIT-2" }
static const struct scenario receiver_rows[] = {
	{ "SYN: LISTEN", 0, { { LEFT, S, SYN | ACK, 4999, 900, 0, "-unknown", "=SYN-RECEIVED" },
			      { LEFT, S, RST | ACK, 5000, 900, 0, "-unknown", "=LISTEN" },
			      { SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", "~SYN-RECEIVED" } } },
	{ "SYN: SYN-SENT", 0, { { LEFT, C, SYN, 999, 0, 0, "=SYN-SENT", "-unknown" },
				{ SEEN, S, SYN, 4999, 0, 0, "~SYN-RECEIVED", "=SYN-SENT" } } },
	{ "SYN+ACK: SYN-SENT", 0, { { LEFT, C, SYN, 999, 0, 0, "=SYN-SENT", "-unknown" },
		{ SEEN, S, SYN | ACK, 4999, 1234, 0, "=SYN-SENT", "=SYN-RECEIVED" },
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "=SYN-RECEIVED" } } },
	{ "SYN: synchronized", 0, { OPEN_BOTH, { ARRIVED, C, SYN, 999, 0, 0, "=ESTABLISHED", "=ESTABLISHED" },
				    { ARRIVED, C, SYN, 7777, 0, 0, "=ESTABLISHED", "=ESTABLISHED" } } },
	{ "ACK: SYN-RECEIVED", 0, {
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "=SYN-RECEIVED" },
		{ SEEN, C, ACK, 1000, 4999, 0, "=ESTABLISHED", "=SYN-RECEIVED" },
		{ SEEN, C, ACK, 1000, 5000, 0, "=ESTABLISHED", "~ESTABLISHED" } } },
	{ "ACK of its FIN: FIN-WAIT-1", 0, { FIN_WAIT_1,
		{ ARRIVED, C, ACK, 1000, 5000, 0, "=ESTABLISHED", "=FIN-WAIT-1" },
		{ ARRIVED, C, ACK, 1000, 5001, 0, "=ESTABLISHED", "~FIN-WAIT-2" } } },
	{ "ACK of its FIN: CLOSING", 0, { FIN_WAIT_1,
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSING" },
		{ ARRIVED, C, ACK, 1001, 5001, 0, "=FIN-WAIT-1", "~TIME-WAIT" } } },
	{ "ACK of its FIN: LAST-ACK", 0, { OPEN_BOTH,
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSE-WAIT" },
		{ LEFT, S, ACK, 5000, 1001, 0, "=FIN-WAIT-1", "=CLOSE-WAIT" },
		{ LEFT, S, FIN | ACK, 5000, 1001, 0, "=FIN-WAIT-1", "=LAST-ACK" },
		{ ARRIVED, C, ACK, 1001, 5001, 0, "=FIN-WAIT-1", "~CLOSED" } } },
	{ "FIN: SYN-RECEIVED", 0, {
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "=SYN-RECEIVED" },
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSE-WAIT" } } },
	{ "FIN: FIN-WAIT-1", 0, { FIN_WAIT_1, { SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSING" } } },
	{ "FIN with the ACK: FIN-WAIT-1", 0, { FIN_WAIT_1,
		{ ARRIVED, S, FIN | ACK, 5000, 1000, 0, "~CLOSE-WAIT", "=FIN-WAIT-1" },
		{ SEEN, C, FIN | ACK, 1000, 5001, 0, "?LAST-ACK|CLOSING", "~TIME-WAIT" } } },
	{ "FIN: FIN-WAIT-2", 0, { FIN_WAIT_2, { SEEN, C, FIN | ACK, 1000, 5001, 0, "=LAST-ACK", "~TIME-WAIT" } } },
	{ "FIN beyond a hole", 0, { OPEN_BOTH,
		{ SEEN, C, ACK, 1005, 5000, 5, "=ESTABLISHED", "=ESTABLISHED" },
		{ SEEN, C, FIN | ACK, 1015, 5000, 0, "=FIN-WAIT-1", "=ESTABLISHED" },
		{ SEEN, C, ACK, 1010, 5000, 5, "=FIN-WAIT-1", "=ESTABLISHED" },
		{ SEEN, C, ACK, 1000, 5000, 5, "=FIN-WAIT-1", "~CLOSE-WAIT" } } },
	{ "RST: synchronized", 0, { FIN_WAIT_2,
		{ ARRIVED, C, RST, 1005, 0, 0, "=CLOSE-WAIT", "~FIN-WAIT-2" },
		{ ARRIVED, C, RST, 995, 0, 0, "=CLOSE-WAIT", "~FIN-WAIT-2" },
		{ ARRIVED, C, RST, 1000, 0, 0, "=CLOSE-WAIT", "~CLOSED" } } },
	{ "RST: SYN-RECEIVED, passive", 0, {
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
		{ LEFT, S, SYN | ACK, 4999, 1000, 0, "=SYN-SENT", "=SYN-RECEIVED" },
		{ ARRIVED, C, RST, 1001, 0, 0, "=SYN-SENT", "=SYN-RECEIVED" },
		{ ARRIVED, C, RST, 1000, 0, 0, "=SYN-SENT", "~LISTEN" },
		{ ARRIVED, C, RST, 1000, 0, 0, "=SYN-SENT", "~LISTEN" } } },
	{ "RST: SYN-SENT", 0, { { LEFT, C, SYN, 999, 0, 0, "=SYN-SENT", "-unknown" },
		{ ARRIVED, S, RST, 1000, 0, 0, "=SYN-SENT", "-unknown" },
		{ ARRIVED, S, RST | ACK, 0, 999, 0, "=SYN-SENT", "-unknown" },
		{ ARRIVED, S, RST | ACK, 0, 1000, 0, "~CLOSED", "-unknown" },
		{ ARRIVED, S, RST | ACK, 0, 1000, 0, "~CLOSED", "-unknown" } } },
	{ "no ACK: ignored", 0, { OPEN_BOTH, { ARRIVED, C, FIN, 1000, 0, 0, "=ESTABLISHED", "=ESTABLISHED" },
				  { ARRIVED, C, 0, 1000, 0, 9, "=ESTABLISHED", "=ESTABLISHED" } } },
};

static void what_reaches_an_end(void **state)
{
	(void)state;
	check(receiver_rows, sizeof(receiver_rows) / sizeof(receiver_rows[0]));
}

/* ---- 6.11, 7: what was not seen ---- */

#define ALL "?ESTABLISHED|FIN-WAIT-1|FIN-WAIT-2|CLOSE-WAIT|CLOSING|LAST-ACK|TIME-WAIT"
#define OR_CLOSED "?ESTABLISHED|CLOSED|FIN-WAIT-1|FIN-WAIT-2|CLOSE-WAIT|CLOSING|LAST-ACK|TIME-WAIT"
#define NOT_OPEN "?CLOSED|LISTEN|SYN-SENT|SYN-RECEIVED"
static const struct scenario unseen[] = {
	{ "mid-stream, both send data", 0, {
		{ SEEN, C, ACK, 1000, 5000, 0, ALL, OR_CLOSED },
		{ SEEN, C, ACK, 1000, 5000, 9, "?ESTABLISHED|CLOSE-WAIT", "?ESTABLISHED|FIN-WAIT-1|FIN-WAIT-2" },
		{ SEEN, S, ACK, 5000, 1009, 9, "?ESTABLISHED|CLOSE-WAIT", "?ESTABLISHED|FIN-WAIT-1|FIN-WAIT-2" },
		{ SEEN, S, ACK, 5009, 1009, 9, "~ESTABLISHED", "~ESTABLISHED" } } },
	{ "mid-stream, a RST", 0, { { SEEN, C, ACK, 1000, 5000, 9, ALL, ALL },
				    { SEEN, S, RST, 5000, 0, 0, "~CLOSED", NOT_OPEN } } },
	{ "mid-stream, a RST that acknowledges", 0, { { SEEN, C, ACK, 1000, 5000, 9, ALL, ALL },
				    { SEEN, S, RST | ACK, 5000, 1009, 0, "~CLOSED", "=CLOSED" } } },
	/* Its SYN came before the capture, and the other end is in an old connection. */
	{ "a challenge to a SYN that was not seen", 0, {
		{ SEEN, S, ACK, 5000, 777, 0, OR_CLOSED, ALL },
		{ SEEN, C, RST, 777, 0, 0, NOT_OPEN, "~CLOSED" },
		{ SEEN, C, RST, 777, 0, 0, NOT_OPEN, "~CLOSED" },
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", "~CLOSED" } } },
	{ "acknowledged unseen, may be a FIN", 0, { OPEN_BOTH,
		{ SEEN, C, ACK, 1000, 5001, 0, "?ESTABLISHED|CLOSE-WAIT", "?ESTABLISHED|FIN-WAIT-1|FIN-WAIT-2" },
		{ SEEN, S, ACK, 5001, 1000, 0, "?ESTABLISHED|CLOSE-WAIT", "?ESTABLISHED|FIN-WAIT-1|FIN-WAIT-2" },
		{ SEEN, S, ACK, 5001, 1000, 9, "~ESTABLISHED", "~ESTABLISHED" } } },
	{ "acknowledged unseen, may be a FIN, and then its own", 0, { OPEN_BOTH,
		{ SEEN, C, FIN | ACK, 1000, 5001, 0, "?FIN-WAIT-1|LAST-ACK", "?CLOSE-WAIT|CLOSING|TIME-WAIT" } } },
	{ "acknowledged unseen, data", 0, { OPEN_BOTH,
		{ SEEN, C, ACK, 1000, 5050, 0, "=ESTABLISHED", "=ESTABLISHED" },
		{ SEEN, S, ACK, 5050, 1000, 0, "=ESTABLISHED", "=ESTABLISHED" } } },
	/* A challenge to a SYN shows that the other end is in some connection before. */
	{ "a SYN to an old connection", 0, { { SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
		{ SEEN, S, ACK, 5000, 777, 0, "=SYN-SENT", ALL },
		{ SEEN, C, RST, 777, 0, 0, "=SYN-SENT", "~CLOSED" },
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", "~CLOSED" } } },
};

static void what_was_not_seen_leaves_ranges(void **state)
{
	(void)state;
	check(unseen, sizeof(unseen) / sizeof(unseen[0]));
}

/* ---- what random labs showed beside the kernel: tests/traces/check_infer ---- */

static const struct scenario beside_the_kernel[] = {
	/* Its data has all arrived: the answer to an old acknowledgment is below what it expects. */
	{ "an old RST, deliveries known", INFER_COMPLETE, { OPEN_BOTH,
		{ SEEN, C, ACK, 1000, 5000, 50, "=ESTABLISHED", "=ESTABLISHED" },
		{ ARRIVED, C, RST, 1000, 0, 0, "=ESTABLISHED", "=ESTABLISHED" } } },
	{ "an old RST, deliveries presumed", 0, { OPEN_BOTH,
		{ SEEN, C, ACK, 1000, 5000, 50, "=ESTABLISHED", "=ESTABLISHED" },
		{ SEEN, C, RST, 1000, 0, 0, "=CLOSED", "?CLOSED|ESTABLISHED" },
		{ SEEN, S, ACK, 5000, 1050, 0, "=CLOSED", "?ESTABLISHED|CLOSED" },
		{ SEEN, C, RST, 1050, 0, 0, "=CLOSED", "~CLOSED" } } },
	/* An end without a program takes any RST in its window there. */
	{ "a RST beyond a hole: FIN-WAIT-2", INFER_COMPLETE, { FIN_WAIT_2,
		{ LEFT, C, ACK, 1000, 5001, 20, "=CLOSE-WAIT", "~FIN-WAIT-2" },
		{ SEEN, C, RST | ACK, 1020, 5001, 0, "=CLOSED", "?FIN-WAIT-2|CLOSED" } } },
	{ "a RST beyond a hole: ESTABLISHED", INFER_COMPLETE, { OPEN_BOTH,
		{ LEFT, C, ACK, 1000, 5000, 20, "=ESTABLISHED", "=ESTABLISHED" },
		{ SEEN, C, RST | ACK, 1020, 5000, 0, "=CLOSED", "=ESTABLISHED" } } },
	{ "a RST at the end of what was selectively acknowledged", INFER_COMPLETE, { OPEN_BOTH,
		{ LEFT, C, ACK, 1000, 5000, 20, "=ESTABLISHED", "=ESTABLISHED" },
		{ SEEN, C, ACK, 1020, 5000, 20, "=ESTABLISHED", "=ESTABLISHED" },
		{ SEEN, C, RST | ACK, 1040, 5000, 0, "=CLOSED", "~CLOSED" } } },
	{ "a RST with the number of the FIN", INFER_COMPLETE, { OPEN_BOTH,
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSE-WAIT" },
		{ SEEN, S, ACK, 5000, 1001, 9, "~FIN-WAIT-2", "=CLOSE-WAIT" },
		{ ARRIVED, C, RST, 1000, 0, 0, "~FIN-WAIT-2", "~CLOSED" } } },
	/* The RST had not come, and may still. */
	{ "a RST crosses a FIN", 0, { OPEN_BOTH,
		{ SEEN, S, RST | ACK, 5000, 1000, 0, "~CLOSED", "=CLOSED" },
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "?FIN-WAIT-1|CLOSED", "=CLOSED" },
		{ SEEN, S, RST, 5000, 0, 0, "~CLOSED", "=CLOSED" } } },
	{ "a RST crosses data", 0, { OPEN_BOTH,
		{ SEEN, S, RST | ACK, 5000, 1000, 0, "~CLOSED", "=CLOSED" },
		{ SEEN, C, ACK, 1000, 5000, 9, "?ESTABLISHED|CLOSED", "=CLOSED" } } },
	{ "mid-stream, a RST crosses data", 0, {
		{ SEEN, S, ACK, 5000, 1000, 9, ALL, ALL },
		{ SEEN, C, RST, 1000, 0, 0, NOT_OPEN, "~CLOSED" },
		{ SEEN, S, ACK, 5009, 1000, 9, NOT_OPEN, "?ESTABLISHED|CLOSED|CLOSE-WAIT" } } },
	{ "a RST crosses a SYN+ACK", 0, {
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "=SYN-RECEIVED" },
		{ SEEN, C, RST, 1000, 0, 0, "=CLOSED", "~LISTEN" },
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "=CLOSED", "?SYN-RECEIVED|LISTEN" },
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "=CLOSED", "?SYN-RECEIVED|LISTEN" },
		{ ARRIVED, C, RST, 1001, 0, 0, "=CLOSED", "?SYN-RECEIVED|LISTEN" },
		{ SEEN, C, RST, 1000, 0, 0, "=CLOSED", "~LISTEN" } } },
	/* The answer to a SYN from before, then no socket is left that answers this one. */
	{ "a SYN+ACK to an older SYN, and a RST to this one", 0, {
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
		{ SEEN, S, SYN | ACK, 4999, 500, 0, "=SYN-SENT", "=SYN-RECEIVED" },
		{ SEEN, C, RST, 500, 0, 0, "=SYN-SENT", "=SYN-RECEIVED" },
		{ SEEN, S, RST | ACK, 0, 1000, 0, "~CLOSED", "=CLOSED" } } },
	/* Both have closed, and the one's FIN is repeated: not in LAST-ACK. */
	{ "a FIN again, and a RST that was lost", 0, { OPEN_BOTH,
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSE-WAIT" },
		{ SEEN, S, RST | ACK, 5000, 1000, 0, "~CLOSED", "=CLOSED" },
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "?FIN-WAIT-1|CLOSED", "=CLOSED" } } },
	{ "the last ACK crosses another", INFER_COMPLETE, { OPEN_BOTH,
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "=FIN-WAIT-1", "~CLOSE-WAIT" },
		{ SEEN, S, ACK, 5000, 1001, 0, "~FIN-WAIT-2", "=CLOSE-WAIT" },
		{ SEEN, S, FIN | ACK, 5000, 1001, 0, "~TIME-WAIT", "=LAST-ACK" },
		{ SEEN, C, ACK, 1001, 5001, 0, "=TIME-WAIT", "~CLOSED" },
		{ SEEN, S, ACK, 5001, 1001, 0, "=TIME-WAIT", "?LAST-ACK|CLOSED" },
		{ SEEN, S, ACK, 5001, 1001, 0, "=TIME-WAIT", "?LAST-ACK|CLOSED" },
		{ SEEN, C, ACK, 1001, 5001, 0, "=TIME-WAIT", "~CLOSED" } } },
	/* One direction only: what it acknowledges with its FIN may be the other's. */
	{ "one side, a FIN that acknowledges more", 0, {
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "=SYN-RECEIVED" },
		{ SEEN, S, ACK, 5000, 1000, 0, "?ESTABLISHED|FIN-WAIT-1|FIN-WAIT-2", "?SYN-RECEIVED|ESTABLISHED" },
		{ SEEN, S, FIN | ACK, 5000, 1001, 0, "?CLOSE-WAIT|CLOSING|TIME-WAIT",
		  "?FIN-WAIT-1|LAST-ACK" } } },
	{ "one side of an opening by both", 0, {
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
		{ SEEN, C, SYN | ACK, 999, 5000, 0, "=SYN-RECEIVED", "~ESTABLISHED" } } },
	{ "one side, a RST overtakes an ACK", 0, {
		{ SEEN, S, SYN | ACK, 4999, 1000, 0, "~ESTABLISHED", "=SYN-RECEIVED" },
		{ SEEN, S, RST | ACK, 5000, 1001, 0, "~CLOSED", "=LISTEN" },
		{ SEEN, S, ACK, 5000, 1001, 0, "~CLOSED", "=LISTEN" } } },
	{ "one side, a RST that answers what was not seen", 0, {
		{ SEEN, C, SYN, 999, 0, 0, "=SYN-SENT", ANSWER },
		{ SEEN, C, RST | ACK, 0, 5000, 0, "=SYN-SENT", "?SYN-RECEIVED|CLOSED|LISTEN|SYN-SENT|ESTABLISHED|"
		  "FIN-WAIT-1|FIN-WAIT-2|CLOSE-WAIT|CLOSING|LAST-ACK|TIME-WAIT" } } },
	{ "mid-stream, a FIN that may be a repetition", 0, {
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "?FIN-WAIT-1|CLOSING|LAST-ACK",
		  "?CLOSE-WAIT|CLOSING|LAST-ACK|TIME-WAIT" },
		{ SEEN, S, ACK, 5000, 1001, 0, "?FIN-WAIT-2|CLOSED|TIME-WAIT", "?CLOSE-WAIT|CLOSING|LAST-ACK|TIME-WAIT" } } },
	{ "mid-stream, two FINs that cross, at once", 0, {
		{ SEEN, C, ACK, 1000, 5000, 0, ALL, OR_CLOSED },
		{ SEEN, C, FIN | ACK, 1000, 5000, 0, "?FIN-WAIT-1|LAST-ACK", "?CLOSE-WAIT|CLOSED|CLOSING|LAST-ACK|TIME-WAIT" },
		{ SEEN, S, FIN | ACK, 5000, 1000, 0, "?CLOSING|LAST-ACK", "~CLOSING" } } },
	{ "mid-stream, two FINs that cross", 0, {
		{ SEEN, C, ACK, 1000, 5000, 0, ALL, OR_CLOSED },
		{ SEEN, C, ACK, 1000, 5000, 9, "?ESTABLISHED|CLOSE-WAIT", "?ESTABLISHED|FIN-WAIT-1|FIN-WAIT-2" },
		{ SEEN, C, FIN | ACK, 1009, 5000, 0, "?FIN-WAIT-1|LAST-ACK", "?CLOSE-WAIT|CLOSING|TIME-WAIT" },
		{ SEEN, S, FIN | ACK, 5000, 1009, 0, "?CLOSING|LAST-ACK", "~CLOSING" } } },
	/* What fills the hole may have come before the capture. */
	{ "mid-stream, a FIN beyond a hole", 0, {
		{ SEEN, S, ACK, 5000, 1000, 0, OR_CLOSED, ALL },
		{ SEEN, C, ACK, 1010, 5000, 0, ALL, ALL },
		{ SEEN, C, ACK, 1010, 5000, 3, "?ESTABLISHED|CLOSE-WAIT", "?ESTABLISHED|FIN-WAIT-1|FIN-WAIT-2" },
		{ SEEN, C, FIN | ACK, 1013, 5000, 0, "?FIN-WAIT-1|LAST-ACK",
		  "?ESTABLISHED|FIN-WAIT-1|FIN-WAIT-2|CLOSE-WAIT|CLOSING|TIME-WAIT" } } },
};

static void states_that_the_kernel_showed(void **state)
{
	(void)state;
	check(beside_the_kernel, sizeof(beside_the_kernel) / sizeof(beside_the_kernel[0]));
}

/* With one direction missing, what is inferred must still allow for what is true. */
static void one_sided_captures_allow_for_the_truth(void **state)
{
	static const size_t plain[] = { 0, 5, 6, 9, 16 };
	size_t compared = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		const struct scenario *s = &sequences[plain[i]];

		for (int kept = 0; kept < 2; kept++) {
			struct ends whole = ends_new(), part = ends_new();

			for (size_t n = 0; n < events_of(s); n++) {
				happen(&whole, &s->row[n], false, s->vantage);
				if (s->row[n].from != kept)
					continue;
				happen(&part, &s->row[n], false, s->vantage);
				if (whole.end[kept].set & ~part.end[kept].set)
					fail_msg("%s, only side %d, event %zu: %x is not in %x", s->name, kept, n + 1,
						 whole.end[kept].set, part.end[kept].set);
				compared++;
			}
			unacked_free(whole.pool);
			unacked_free(part.pool);
		}
	}
	assert_true(compared > 20);
}

/* ---- whatever comes ---- */

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* Any segments in any order: the set and the words for it agree, and the mirror image is one. */
static void no_segments_make_nonsense(void **state)
{
	static const unsigned flags[] = { SYN, SYN | ACK, ACK, ACK, ACK, FIN | ACK, RST, RST | ACK, FIN, 0 };
	uint64_t seed = 77;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct ends e = ends_new(), m = ends_new();

		for (int n = 0; n < 30; n++) {
			struct event_row row = { next_random(&seed) % 4 ? SEEN : LEFT + next_random(&seed) % 2,
						 (int)(next_random(&seed) % 2), flags[next_random(&seed) % 10] };

			row.seq = 1000 + next_random(&seed) % 4;
			row.ack = 1000 + next_random(&seed) % 5;
			row.len = next_random(&seed) % 3;
			happen(&e, &row, false, INFER_TAP);
			happen(&m, &row, true, INFER_TAP);
			for (int i = 0; i < 2; i++) {
				struct inferred a = infer_state(&e.end[i]), b = infer_state(&m.end[!i]), c;

				assert_memory_equal(&a, &b, sizeof(a));
				assert_true(a.set < 1u << (SOCK_STATE_TIME_WAIT + 1) && !(a.set & 1));
				assert_true(!a.set || (a.set & 1u << a.state));
				assert_int_equal((a.set & (a.set - 1)) != 0, a.sure == INFER_RANGE);
				c = infer_decode(infer_code(a));
				assert_int_equal(c.state, a.state);
				assert_int_equal(c.sure, a.sure);
				assert_int_equal(a.set & ~c.set, 0);
				if (a.sure != INFER_RANGE)
					assert_int_equal(c.set, a.set);
			}
		}
		unacked_free(e.pool);
		unacked_free(m.pool);
	}
}

/* The short way for ordinary segments gives what the long one gives. */
static void ordinary_segments_are_no_exception(void **state)
{
	uint64_t seed = 99;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct ends a = ends_new(), b = ends_new();
		uint32_t next[2] = { 1000, 5000 };

		for (size_t n = 0; n < 4; n++) {
			happen(&a, &sequences[1 + 4].row[n], false, INFER_TAP);
			happen(&b, &sequences[1 + 4].row[n], false, INFER_TAP);
		}
		for (int n = 0; n < 30; n++) {
			int from = (int)(next_random(&seed) % 2);
			struct event_row row = { SEEN, from, ACK | (next_random(&seed) % 15 ? 0 : FIN),
						 next[from] - next_random(&seed) % 3 + next_random(&seed) % 3,
						 next[!from] - next_random(&seed) % 4 + next_random(&seed) % 2,
						 next_random(&seed) % 9 };

			row.window = next_random(&seed) % 6 == 0;
			next[from] = row.seq + row.len + !!(row.flags & FIN);
			happen(&a, &row, false, INFER_TAP);
			row.what = LEFT;
			happen(&b, &row, false, INFER_TAP);
			row.what = ARRIVED;
			happen(&b, &row, false, INFER_TAP);
			for (int i = 0; i < 2; i++) {
				assert_int_equal(a.end[i].nxt, b.end[i].nxt);
				assert_int_equal(a.end[i].rcv, b.end[i].rcv);
				assert_int_equal(a.end[i].una, b.end[i].una);
				assert_int_equal(a.end[i].set, b.end[i].set);
				assert_int_equal(a.end[i].bits, b.end[i].bits);
			}
		}
		unacked_free(a.pool);
		unacked_free(b.pool);
	}
}

/* ---- the rest of the interface ---- */

static void time_wait_ends_by_time(void **state)
{
	const struct scenario *s = &sequences[5];
	struct ends e = ends_new();

	(void)state;
	for (size_t n = 0; n < events_of(s); n++)
		happen(&e, &s->row[n], false, s->vantage);
	assert_int_equal(infer_state_after(&e.end[C], 59000000000).state, SOCK_STATE_TIME_WAIT);
	assert_int_equal(infer_state_after(&e.end[C], 60000000000).state, SOCK_STATE_CLOSED);
	assert_int_equal(infer_state_after(&e.end[C], 60000000000).sure, INFER_PRESUMED);
	unacked_free(e.pool);
}

static void half_open_is_noticed(void **state)
{
	static const struct event_row rst = { LEFT, S, RST, 77777, 0, 0 };
	struct ends e = ends_new();

	(void)state;
	for (size_t n = 0; n < 4; n++)
		happen(&e, &sequences[5].row[n], false, INFER_TAP);
	assert_false(infer_half_open(e.end));
	happen(&e, &rst, false, INFER_TAP);
	assert_true(infer_half_open(e.end));
	unacked_free(e.pool);
}

/* TIME-WAIT, then the same ports: another connection, whose ends begin anew. */
static void a_new_connection_begins_anew(void **state)
{
	struct conns *c = conns_new(NULL);
	struct packet p = { .ip_version = 4, .protocol = 6, .has_ports = true, .has_transport = true,
			    .has_segment = true, .payload_known = true, .wscale = -1, .src = { 1 }, .dst = { 2 },
			    .src_port = 1, .dst_port = 2, .flags = SYN, .seq = 1000 };
	struct conn_note note;

	(void)state;
	assert_non_null(c);
	conns_track(c, &p, NULL, 0, 1, 1, &note);
	p.flags = RST;
	p.seq = 1001;
	conns_track(c, &p, NULL, 0, 2, 2, &note);
	assert_int_equal(note.state[0].state, SOCK_STATE_CLOSED);
	p.flags = SYN;
	p.seq = 9000;
	conns_track(c, &p, NULL, 0, 3, 3, &note);
	assert_int_equal(note.conn, 1);
	assert_int_equal(note.state[0].state, SOCK_STATE_SYN_SENT);
	assert_int_equal(note.state[1].sure, INFER_RANGE);
	assert_int_equal(conns_get(c, 0)->state[0].state, SOCK_STATE_CLOSED);
	conns_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences_of_segments),
		cmocka_unit_test(what_a_segment_says_of_its_sender),
		cmocka_unit_test(what_reaches_an_end),
		cmocka_unit_test(what_was_not_seen_leaves_ranges),
		cmocka_unit_test(states_that_the_kernel_showed),
		cmocka_unit_test(one_sided_captures_allow_for_the_truth),
		cmocka_unit_test(no_segments_make_nonsense),
		cmocka_unit_test(ordinary_segments_are_no_exception),
		cmocka_unit_test(time_wait_ends_by_time),
		cmocka_unit_test(half_open_is_noticed),
		cmocka_unit_test(a_new_connection_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
