#include "src/sheet.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "src/condition_impl.h"
#include "src/core/names.h"
#include "src/describe.h"
#include "src/ladder.h"

#define WRITE(member) str_on(member, sizeof(member))

/* ---- lots ---- */

/* FNV-1a, and a last stir, since names that differ in their last byte must not have neighbouring lots. */
static uint64_t lot_of(uint64_t seed, const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ seed;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	h ^= h >> 31;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

/* ---- candidates ---- */

static struct sheet_item *add_item(struct sheet *s)
{
	if (s->items == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct sheet_item *more = reallocarray(s->item, cap, sizeof(*more));

		if (!more)
			return NULL;
		s->item = more;
		s->cap = cap;
	}
	s->item[s->items] = (struct sheet_item){ 0 };
	return &s->item[s->items++];
}

/*
 * A thing that could be asked for.  name says what it is; of several of one name each has a number of its own, and so
 * another lot.
 */
static struct sheet_item *add_candidate(struct sheet *s, enum sheet_what what, uint64_t event,
					const char *name)
{
	STR_ON_STACK(full, 320);
	uint64_t hash = lot_of(0, name);
	struct sheet_item *item;
	unsigned same = 0;

	for (size_t i = 0; i < s->items; i++)
		same += s->item[i].what == what && s->item[i].name == hash;
	item = add_item(s);
	if (!item)
		return NULL;
	str_addf(&full, "%s %u", name, same);
	item->what = what;
	item->event = event;
	item->name = hash;
	item->lot = lot_of(s->o.seed, full.buf);
	return item;
}

static void tell(struct sheet_item *item, enum answer_kind kind, const char *truth,
		 const char *also, const struct trace *t, uint32_t row)
{
	const struct event *ev = trace_event((struct trace *)t, row, NULL);
	struct str why = WRITE(item->why);

	item->kind = kind;
	str_copy(item->truth, sizeof(item->truth), truth);
	str_copy(item->also, sizeof(item->also), also);
	if (ev)
		describe_event(&why, t, ev);
}

/* Whether and when data and FINs are acknowledged alone is a matter of time; the handshake's last ACK is not. */
static bool comes_by_chance(const struct seen_packet *p)
{
	return p->packet.flags == TCP_ACK && !p->packet.payload_len &&
	       (conn_seq(p->conn, p->dir, p->packet.seq) > 1 ||
		conn_seq(p->conn, !p->dir, p->packet.ack) > 1);
}

static int add_packet(struct sheet *s, uint32_t row)
{
	struct sheet_item *item;
	struct seen_packet seen;
	STR_ON_STACK(name, 160);
	STR_ON_STACK(flags, 40);
	STR_ON_STACK(number, 24);
	uint64_t id = trace_entry(s->t, row)->offset;
	enum sheet_what what;

	if (!condition_read_packet(s->t, row, &seen) || !seen.packet.has_segment || !seen.conn ||
	    trace_entry(s->t, row)->verdict & VERDICT_WARNINGS || comes_by_chance(&seen))
		return 0;
	packet_flags_text(&flags, seen.packet.flags);
	str_addf(&name, "packet %d %s %u %u %u", seen.dir, flags.buf,
		 conn_packet_seq(seen.conn, seen.dir, &seen.packet),
		 seen.packet.flags & TCP_ACK ? conn_seq(seen.conn, !seen.dir, seen.packet.ack) : 0,
		 seen.packet.payload_len);
	/* One blank a packet: the lot says which. */
	switch (lot_of(s->o.seed, name.buf) % 4) {
	case 0:
		what = seen.packet.flags & TCP_ACK ? SHEET_ACK : SHEET_FLAGS;
		break;
	case 1:
		what = seen.packet.payload_len || seen.packet.flags & TCP_FIN ? SHEET_SEQ
									      : SHEET_FLAGS;
		break;
	default:
		what = SHEET_FLAGS;
	}
	if (!seen.conn->base_known[0] || !seen.conn->base_known[1])
		what = SHEET_FLAGS;
	item = add_candidate(s, what, id, name.buf);
	if (!item)
		return -1;
	if (what == SHEET_FLAGS) {
		tell(item, ANSWER_FLAGS, flags.buf, "", s->t, row);
		return 0;
	}
	str_addf(&number, "%u",
		 what == SHEET_SEQ ? conn_packet_seq(seen.conn, seen.dir, &seen.packet)
				   : conn_seq(seen.conn, !seen.dir, seen.packet.ack));
	tell(item, ANSWER_NUMBER, number.buf, "", s->t, row);
	return 0;
}

static int add_state(struct sheet *s, uint32_t row)
{
	const struct trace_entry *e = trace_entry(s->t, row);
	const char *state = sock_state_name(e->state);
	struct sheet_item *item;
	STR_ON_STACK(name, 80);

	if (!e->state_change || !state[0])
		return 0;
	str_addf(&name, "state %u %s", (unsigned)e->host, state);
	item = add_candidate(s, SHEET_STATE, e->offset, name.buf);
	if (!item)
		return -1;
	tell(item, ANSWER_STATE, state, "", s->t, row);
	return 0;
}

/* What a call gave, unless that is of no interest: a new descriptor of socket(), the 0 of setsockopt() … */
static bool is_worth_asking(const struct event_return *r)
{
	static const char *const dull[] = { "socket",	   "setsockopt",  "getsockopt",
					    "getsockname", "getpeername", "fcntl",
					    "close",	   "ioctl" };

	for (size_t i = 0; !r->error && i < sizeof(dull) / sizeof(dull[0]); i++)
		if (!strcmp(r->name, dull[i]))
			return false;
	return true;
}

static int add_return(struct sheet *s, uint32_t row)
{
	const struct event *ev = trace_event(s->t, row, NULL);
	struct sheet_item *item;
	STR_ON_STACK(name, 160);
	STR_ON_STACK(truth, 40);

	if (!ev || !is_worth_asking(&ev->ret))
		return 0;
	if (ev->ret.error)
		name_add(&truth, &names_errno, ev->ret.error);
	else
		str_addf(&truth, "%" PRId64, ev->ret.result);
	str_addf(&name, "return %s %u %s %s", ev->program, ev->thread, ev->ret.name, truth.buf);
	item = add_candidate(s, ev->ret.error ? SHEET_ERRNO : SHEET_RESULT, ev->id, name.buf);
	if (!item)
		return -1;
	tell(item, ANSWER_RESULT, truth.buf, "", s->t, row);
	return 0;
}

/* What a row of the ladder shows could be asked for, as far as it is shown. */
static int add_row(struct sheet *s, const struct ladder_row *r)
{
	uint32_t back = ROW_NONE;

	if (r->packet != ROW_NONE && trace_entry(s->t, r->packet)->kind == EVENT_PACKET &&
	    add_packet(s, r->packet))
		return -1;
	for (int i = 0; i < 2; i++)
		if (r->state[i] != ROW_NONE && add_state(s, r->state[i]))
			return -1;
	if (r->call != ROW_NONE)
		back = trace_entry(s->t, r->call)->kind == EVENT_RETURN
			       ? r->call
			       : trace_entry(s->t, r->call)->link;
	if (back == ROW_NONE ||
	    (trace_entry(s->t, r->call)->kind == EVENT_CALL && trace_entry(s->t, back)->blocked))
		return 0;
	return add_return(s, back);
}

/* ---- questions of the file ---- */

/* Which part of the ladder has the answer. */
static enum sheet_what what_of(const struct sheet *s, const struct asked *a)
{
	uint32_t row = a->event ? trace_row_of(s->t, a->event) : ROW_NONE;

	if (row == ROW_NONE)
		return SHEET_NUMBER;
	switch ((enum event_kind)trace_entry(s->t, row)->kind) {
	case EVENT_PACKET:
		return a->kind == ANSWER_FLAGS ? SHEET_FLAGS : SHEET_NUMBER;
	case EVENT_STATE:
		return a->kind == ANSWER_STATE ? SHEET_STATE : SHEET_NUMBER;
	case EVENT_RETURN:
		return a->truth[0] == 'E' ? SHEET_ERRNO : SHEET_RESULT;
	case EVENT_WIRE:
	case EVENT_CALL:
	case EVENT_COMMAND:
	case EVENT_NOTE:
	case EVENT_PROGRAM:
	case EVENT_OUTPUT:
	case EVENT_COUNTERS:
		break;
	}
	return SHEET_NUMBER;
}

static int add_question(struct sheet *s, const struct asked *a)
{
	struct sheet_item *item;

	if (!a->known)
		return 0;
	item = add_item(s);
	if (!item)
		return -1;
	item->asked = a;
	item->lot = s->items;
	item->what = what_of(s, a);
	item->event = a->event;
	item->kind = a->kind;
	str_copy(item->truth, sizeof(item->truth), a->truth);
	str_copy(item->also, sizeof(item->also), a->also);
	str_copy(item->why, sizeof(item->why), a->why);
	return 0;
}

/* ---- choosing ---- */

const struct sheet_item *sheet_blank(const struct sheet *s, uint64_t event, enum sheet_what what)
{
	for (size_t i = 0; i < s->items; i++)
		if (s->item[i].event == event && s->item[i].what == what && event)
			return &s->item[i];
	return NULL;
}

static int by_lot(const void *a, const void *b)
{
	const struct sheet_item *x = a, *y = b;

	if (!x->asked != !y->asked)
		return x->asked ? -1 : 1;
	return x->lot < y->lot ? -1 : x->lot > y->lot;
}

/* Kinds of which a sheet has about as many. */
static unsigned family_of(enum sheet_what what)
{
	switch (what) {
	case SHEET_FLAGS:
		return 0;
	case SHEET_SEQ:
	case SHEET_ACK:
		return 1;
	case SHEET_STATE:
		return 2;
	case SHEET_RESULT:
	case SHEET_ERRNO:
		return 3;
	case SHEET_NUMBER:
	case SHEET_ORDER:
		break;
	}
	return 4;
}
#define FAMILIES 5

/* A question about the same packet, state or call has it already. */
static bool is_asked_already(const struct sheet *s, const struct sheet_item *item)
{
	for (size_t i = 0; i < s->items; i++)
		if (s->item[i].asked && s->item[i].event == item->event)
			return true;
	return false;
}

/* Keeps the questions, and of the rest as many as are wanted, in turn of each family the next lot. */
static void choose(struct sheet *s)
{
	size_t questions = 0, n;

	qsort(s->item, s->items, sizeof(*s->item), by_lot);
	while (questions < s->items && s->item[questions].asked)
		questions++;
	n = questions;
	for (unsigned family = 0, idle = 0; n - questions < s->o.blanks && idle < FAMILIES;
	     family = (family + 1) % FAMILIES) {
		size_t i = n;

		while (i < s->items &&
		       (family_of(s->item[i].what) != family || is_asked_already(s, &s->item[i])))
			i++;
		idle = i < s->items ? 0 : idle + 1;
		if (i == s->items)
			continue;
		struct sheet_item found = s->item[i];

		memmove(&s->item[n + 1], &s->item[n], (i - n) * sizeof(found));
		s->item[n++] = found;
	}
	s->items = n;
}

static int by_place(const void *a, const void *b)
{
	const struct sheet_item *x = a, *y = b;

	return x->lot < y->lot ? -1 : x->lot > y->lot;
}

/* From the top of the sheet to its bottom; questions that are about nothing on it come last. */
static void number(struct sheet *s)
{
	for (size_t i = 0; i < s->items; i++) {
		struct sheet_item *item = &s->item[i];
		uint32_t row = item->event ? trace_row_of(s->t, item->event) : ROW_NONE;
		bool shown = row != ROW_NONE && item->what != SHEET_NUMBER && !s->o.shuffled;
		struct ladder_row r;

		item->lot = shown && ladder_at(s->t, row, &r)
				    ? (uint64_t)r.head << 20 | (row & 0xfffff)
				    : UINT64_MAX - s->items + i;
	}
	qsort(s->item, s->items, sizeof(*s->item), by_place);
	for (size_t i = 0; i < s->items; i++)
		s->item[i].number = (unsigned)i + 1;
}

/* ---- rows ---- */

bool sheet_shows(const struct sheet *s, const struct ladder_row *r)
{
	const struct trace_entry *e = trace_entry(s->t, r->head);

	switch ((enum event_kind)e->kind) {
	case EVENT_WIRE:
		/* That something arrives is worth a line where it changes something. */
		if (e->fate != WIRE_DROPPED && r->state[0] == ROW_NONE && r->state[1] == ROW_NONE)
			return false;
		return s->conn == CONN_NONE || e->conn == s->conn;
	case EVENT_PACKET:
		return s->conn == CONN_NONE || e->conn == s->conn;
	case EVENT_COMMAND:
		return !(e->flags & TRACE_FLAG_SILENT);
	case EVENT_CALL:
	case EVENT_RETURN:
	case EVENT_STATE:
		return true;
	case EVENT_NOTE:
	case EVENT_PROGRAM:
	case EVENT_OUTPUT:
	case EVENT_COUNTERS:
		break;
	}
	return false;
}

static int add_rows(struct sheet *s)
{
	struct ladder_row r;
	unsigned rows = 0;

	for (bool more = ladder_first(s->t, &r); more && rows < SHEET_ROWS;
	     more = ladder_next(s->t, &r, &r)) {
		if (!sheet_shows(s, &r))
			continue;
		rows++;
		if (add_row(s, &r))
			return -1;
	}
	return 0;
}

/* ---- shuffled packets ---- */

static void summary_of(const struct sheet *s, uint32_t row, struct str *out)
{
	const struct event *ev = trace_event(s->t, row, NULL);

	str_addf(out, "%u ", (unsigned)trace_entry(s->t, row)->dir);
	if (ev)
		describe_event(out, s->t, ev);
}

static bool is_another(const struct sheet *s, uint32_t row)
{
	STR_ON_STACK(mine, 256);

	summary_of(s, row, &mine);
	for (size_t i = 0; i < s->packets; i++) {
		STR_ON_STACK(other, 256);

		summary_of(s, s->shuffled[i], &other);
		if (!strcmp(mine.buf, other.buf))
			return false;
	}
	return true;
}

/* The first packets of the first TCP connection, each of another look, in another order. */
static int shuffle(struct sheet *s)
{
	uint32_t order[SHEET_SHUFFLED];
	uint64_t lot[SHEET_SHUFFLED];
	struct sheet_item *item;
	STR_ON_STACK(truth, SHEET_SHUFFLED + 1);

	for (uint32_t row = 0; row < trace_rows(s->t) && s->packets < SHEET_SHUFFLED; row++) {
		const struct trace_entry *e = trace_entry(s->t, row);

		if (e->kind == EVENT_PACKET && e->conn == s->conn &&
		    !(e->verdict & VERDICT_WARNINGS) && is_another(s, row))
			s->shuffled[s->packets++] = row;
	}
	if (s->packets < 3)
		return 0;
	memcpy(order, s->shuffled, sizeof(order));
	for (size_t i = 0; i < s->packets; i++) {
		STR_ON_STACK(name, 256);

		summary_of(s, order[i], &name);
		lot[i] = lot_of(s->o.seed, name.buf);
	}
	for (size_t i = 1; i < s->packets; i++)
		for (size_t k = i; k && lot[k] < lot[k - 1]; k--) {
			uint64_t l = lot[k];
			uint32_t r = s->shuffled[k];

			lot[k] = lot[k - 1];
			lot[k - 1] = l;
			s->shuffled[k] = s->shuffled[k - 1];
			s->shuffled[k - 1] = r;
		}
	for (size_t i = 0; i < s->packets; i++)
		for (size_t k = 0; k < s->packets; k++)
			if (s->shuffled[k] == order[i])
				str_char(&truth, (char)('A' + k));
	item = add_item(s);
	if (!item)
		return -1;
	item->what = SHEET_ORDER;
	item->kind = ANSWER_ORDER;
	str_copy(item->truth, sizeof(item->truth), truth.buf);
	return 0;
}

/* ---- life ---- */

static uint32_t first_tcp(const struct trace *t)
{
	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);
		const struct conn *c = e->kind == EVENT_PACKET && e->conn != CONN_NONE
					       ? conns_get(trace_conns(t), e->conn)
					       : NULL;

		if (c && c->protocol == IPPROTO_TCP)
			return e->conn;
	}
	return CONN_NONE;
}

static void find_title(struct sheet *s)
{
	str_copy(s->title, sizeof(s->title), s->o.name);
	for (uint32_t row = 0; row < trace_rows(s->t); row++) {
		const struct event *ev = trace_entry(s->t, row)->kind == EVENT_NOTE
						 ? trace_event(s->t, row, NULL)
						 : NULL;

		if (ev && ev->note.kind == NOTE_TITLE && ev->note.text) {
			str_copy(s->title, sizeof(s->title), ev->note.text);
			return;
		}
	}
}

static int fill(struct sheet *s, const struct asked *asked, size_t askeds)
{
	if (s->o.shuffled ? shuffle(s) : add_rows(s))
		return -1;
	for (size_t i = 0; i < askeds; i++)
		if (add_question(s, &asked[i]))
			return -1;
	return 0;
}

int sheet_init(struct sheet *s, struct trace *t, const struct asked *asked, size_t askeds,
	       const struct sheet_options *o, struct err *e)
{
	uint32_t tcp = first_tcp(t);

	/* A capture may have any number of connections; a lab is small, and all of it belongs together. */
	*s = (struct sheet){ .t = t,
			     .o = *o,
			     .conn = o->shuffled || !trace_lanes(t) ? tcp : CONN_NONE };
	find_title(s);
	if (fill(s, asked, askeds)) {
		sheet_fini(s);
		return err_errno(e, ENOMEM, NULL, "a sheet of questions");
	}
	if (!o->shuffled && s->items)
		choose(s);
	if (!s->items) {
		sheet_fini(s);
		return err_set(e, NULL, "%s: nothing in it could be asked for", o->name);
	}
	number(s);
	return 0;
}

void sheet_fini(struct sheet *s)
{
	free(s->item);
	s->item = NULL;
	s->items = 0;
}
