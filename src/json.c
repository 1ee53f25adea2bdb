/*
 * A line is written as it is found, member by member, into a buffer that is handed on when it is full: an object of
 * a JSON library for each event took more than half of the time that an export of a million of them takes.
 *
 * All names of members are ours, in ASCII.  All text goes through put_text(), the only place that escapes.
 */
#include "src/json.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/conn.h"
#include "capture/packet.h"
#include "src/core/safe.h"
#include "src/describe.h"
#include "src/export_row.h"

struct line {
	FILE *f;
	bool first; /* nothing stands in the object or list yet: no comma */
	size_t len;
	char bytes[4096];
};

/* ---- characters ---- */

static void flush(struct line *l)
{
	fwrite(l->bytes, 1, l->len, l->f);
	l->len = 0;
}

static void put(struct line *l, const char *bytes, size_t len)
{
	if (len > sizeof(l->bytes) - l->len)
		flush(l);
	if (len > sizeof(l->bytes)) {
		fwrite(bytes, 1, len, l->f);
		return;
	}
	memcpy(l->bytes + l->len, bytes, len);
	l->len += len;
}

static void put_char(struct line *l, char c)
{
	put(l, &c, 1);
}

static void put_unsigned(struct line *l, uint64_t value)
{
	char digits[20], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + value % 10);
	while (value /= 10);
	put(l, at, (size_t)(digits + sizeof(digits) - at));
}

static void put_signed(struct line *l, int64_t value)
{
	if (value < 0)
		put_char(l, '-');
	put_unsigned(l, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

/* RFC 8259 section 7.  There are no control characters in it. */
static void put_escaped(struct line *l, const char *text, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '"' && text[i] != '\\')
			continue;
		put(l, text + from, i - from);
		put_char(l, '\\');
		from = i;
	}
	put(l, text + from, len - from);
}

static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return true;
}

/* Text that is not ASCII, perhaps foreign: as UTF-8 without control characters.  Escapes in it stay as they are. */
static void put_foreign(struct line *l, const char *text, size_t len)
{
	size_t cap = 4 * len + 1; /* an escape takes four characters a byte */
	char *bytes = malloc(cap);
	struct str out;

	if (!bytes)
		return;
	out = str_on(bytes, cap);
	safe_add_line(&out, text, len);
	put_escaped(l, out.buf, out.len);
	free(bytes);
}

static void put_text(struct line *l, const char *text)
{
	size_t len = strlen(text);

	put_char(l, '"');
	if (is_plain(text, len))
		put_escaped(l, text, len);
	else
		put_foreign(l, text, len);
	put_char(l, '"');
}

/* ---- members ---- */

static void put_comma(struct line *l)
{
	if (!l->first)
		put_char(l, ',');
	l->first = false;
}

static void open_with(struct line *l, char bracket)
{
	put_char(l, bracket);
	l->first = true;
}

static void close_with(struct line *l, char bracket)
{
	put_char(l, bracket);
	l->first = false;
}

static void add_name(struct line *l, const char *name)
{
	put_comma(l);
	put_text(l, name);
	put_char(l, ':');
}

static void add_text(struct line *l, const char *name, const char *text)
{
	add_name(l, name);
	put_text(l, text);
}

static void add_number(struct line *l, const char *name, uint64_t value)
{
	add_name(l, name);
	put_unsigned(l, value);
}

static void add_addr(struct line *l, const char *name, const struct addr *a)
{
	STR_ON_STACK(text, 256);

	if (!a->len)
		return;
	addr_text(&text, a, NULL);
	add_text(l, name, text.buf);
}

/* ---- fields ---- */

/* Of two of the same name the last one counts. */
static bool has_later(const struct event_arg *arg, uint32_t i, uint32_t count)
{
	for (uint32_t k = i + 1; k < count; k++)
		if (arg[k].name && arg[k].text && !strcmp(arg[k].name, arg[i].name))
			return true;
	return false;
}

static void put_args(struct line *l, const struct event_arg *arg, uint32_t count)
{
	count = count < EVENT_ARGS ? count : EVENT_ARGS;
	open_with(l, '{');
	for (uint32_t i = 0; i < count; i++)
		if (arg[i].name && arg[i].text && !has_later(arg, i, count))
			add_text(l, arg[i].name, arg[i].text);
	close_with(l, '}');
}

static void put_enum(struct line *l, const struct event_field *f, int value)
{
	for (int i = 0; f->names && f->names[i]; i++)
		if (i == value) {
			put_text(l, f->names[i]);
			return;
		}
	put_signed(l, value);
}

static void add_field(struct line *l, const char *name, const struct event *ev,
		      const struct event_field *f)
{
	const void *at = (const char *)ev + f->offset;
	const char *text;

	switch (f->type) {
	case FIELD_U8:
		add_number(l, name, *(const uint8_t *)at);
		return;
	case FIELD_U32:
		add_number(l, name, *(const uint32_t *)at);
		return;
	case FIELD_U64:
		add_number(l, name, *(const uint64_t *)at);
		return;
	case FIELD_I32:
		add_name(l, name);
		put_signed(l, *(const int32_t *)at);
		return;
	case FIELD_I64:
		if (f->may_be_null && !*(const int64_t *)at)
			return;
		add_name(l, name);
		put_signed(l, *(const int64_t *)at);
		return;
	case FIELD_BOOL:
		add_name(l, name);
		put(l, *(const bool *)at ? "true" : "false", *(const bool *)at ? 4 : 5);
		return;
	case FIELD_ENUM:
		add_name(l, name);
		put_enum(l, f, *(const int *)at);
		return;
	case FIELD_NAME:
		if (*(const char *)at)
			add_text(l, name, at);
		return;
	case FIELD_TEXT:
		text = *(const char *const *)at;
		if (text)
			add_text(l, name, text);
		return;
	case FIELD_ADDR:
		add_addr(l, name, at);
		return;
	case FIELD_ARGS:
		add_name(l, name);
		put_args(l, at, *(const uint32_t *)(const void *)((const char *)ev + f->count));
		return;
	}
}

/* Whether the fields that say nothing of most events say something of this one. */
static bool has_rare(const struct event *ev)
{
	if (ev->kind == EVENT_RETURN)
		return ev->ret.local.way != LOCAL_NONE;
	return ev->kind == EVENT_STATE && ev->state.sock.family == AF_UNIX;
}

/* Time and host have names of their own here.  True: there is a text among them. */
static bool add_fields(struct line *l, const struct event *ev)
{
	bool has_text = false;

	for (size_t i = 0; i < event_fields_count; i++) {
		const struct event_field *f = &event_fields[i];
		char name[40];
		size_t n = 0;

		if (!(f->kinds & 1u << ev->kind) || f->offset == offsetof(struct event, ts_ns) ||
		    f->offset == offsetof(struct event, host) || (f->rare && !has_rare(ev)) ||
		    (ev->kind == EVENT_COUNTERS &&
		     f->offset == offsetof(struct event, counters.changes)))
			continue;
		for (; f->name[n] && n + 1 < sizeof(name); n++)
			name[n] = (char)tolower((unsigned char)f->name[n]);
		name[n] = '\0';
		add_field(l, name, ev, f);
		has_text |= !strcmp(name, "text") &&
			    *(const char *const *)(const void *)((const char *)ev + f->offset);
	}
	return has_text;
}

/* ---- packets ---- */

static void add_tcp(struct line *l, const struct export_row *r)
{
	const struct packet *p = &r->packet;
	int dir = r->entry ? r->entry->dir : 0;
	STR_ON_STACK(flags, 64);

	packet_flags_text(&flags, p->flags);
	add_text(l, "flags", flags.buf);
	add_number(l, "seq_raw", p->seq);
	add_number(l, "ack_raw", p->ack);
	add_number(l, "window", p->window);
	if (!r->conn)
		return;
	add_number(l, "seq", conn_seq(r->conn, dir, p->seq));
	if (p->flags & TCP_ACK)
		add_number(l, "ack", conn_seq(r->conn, !dir, p->ack));
}

static void add_inferred(struct line *l, const struct export_row *r)
{
	static const char *const name[] = { "inferred_src", "inferred_dst" };

	for (int i = 0; i < 2; i++) {
		STR_ON_STACK(state, 200);

		export_row_inferred(&state, r, i);
		if (state.len)
			add_text(l, name[i], state.buf);
	}
}

static void add_verdicts(struct line *l, const struct export_row *r)
{
	add_name(l, "verdicts");
	open_with(l, '[');
	for (size_t i = 0; i < VERDICTS; i++)
		if (r->entry->verdict & verdict_names[i].bit) {
			put_comma(l);
			put_text(l, verdict_names[i].field);
		}
	close_with(l, ']');
}

/* What the analysis knows; left out where it does not. */
static void add_numbers(struct line *l, const struct packet_numbers *n)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "frame", n->frame },
		{ "window_size", n->window },
		{ "bytes_in_flight", n->in_flight },
		{ "initial_rtt_ns", n->initial_rtt_ns },
		{ "acked_frame", n->acked_frame },
		{ "ack_rtt_ns", n->ack_rtt_ns },
		{ "dup_ack_number", n->dup_ack },
		{ "dup_ack_frame", n->dup_ack_frame },
		{ "rto_frame", n->rto_frame },
		{ "rto_ns", n->rto_ns },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].value)
			add_number(l, numbers[i].name, numbers[i].value);
	if (n->stream)
		add_number(l, "stream", n->stream - 1);
}

static void add_packet(struct line *l, const struct export_row *r)
{
	const struct event_packet *pk = &r->ev->packet;
	const struct packet *p = &r->packet;

	add_number(l, "number", pk->number);
	add_number(l, "len", pk->len);
	add_number(l, "caplen", pk->caplen);
	if (r->has_ends) {
		add_addr(l, "src", &r->src);
		add_addr(l, "dst", &r->dst);
	}
	if (r->conn)
		add_number(l, "conn", r->entry->conn);
	if (p->ip_version)
		add_number(l, "protocol", p->protocol);
	if (r->tcp)
		add_tcp(l, r);
	if (p->has_transport)
		add_number(l, "payload_len", p->payload_len);
	if (r->entry) {
		add_verdicts(l, r);
		add_inferred(l, r);
		add_text(l, "fate", wire_fate_name((enum wire_fate)r->entry->fate));
	}
	if (r->known)
		add_numbers(l, &r->numbers);
}

/* ---- causes ---- */

/* Of two of the same name the last one counts. */
static bool is_later(const char *at, const char *name, size_t len)
{
	for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
		if (!strncmp(at, name, len) && at[len] == '+')
			return true;
		at += strcspn(at, " ");
	}
	return false;
}

/* "TcpExtTCPTimeouts+1 TcpRetransSegs+1" as an object. */
static void add_counters(struct line *l, const char *name, const char *changes)
{
	add_name(l, name);
	open_with(l, '{');
	for (const char *at = changes ? changes : ""; *at;) {
		size_t whole = strcspn(at, " "), n = strcspn(at, "+ ");
		STR_ON_STACK(counter, 64);

		str_addn(&counter, at, n);
		if (n < whole && !counter.cut && !is_later(at + whole, at, n))
			add_number(l, counter.buf, strtoull(at + n + 1, NULL, 10));
		at += whole + strspn(at + whole, " ");
	}
	close_with(l, '}');
}

static void add_counted(struct line *l, const char *name, struct trace *t, uint32_t row)
{
	const struct event *ev = row == ROW_NONE ? NULL : trace_event(t, row, NULL);

	if (ev)
		add_counters(l, name, ev->counters.changes);
}

static void add_cause(struct line *l, const struct export_row *r)
{
	const struct cause *c = &r->cause;
	STR_ON_STACK(left, 600);
	STR_ON_STACK(arrived, 600);

	if (c->kind)
		add_text(l, "cause", cause_name(c->kind));
	cause_text_left(&left, r->t, c);
	if (left.len)
		add_text(l, "cause_text", left.buf);
	add_counted(l, "counters", r->t, c->left);
	if (c->arrival)
		add_text(l, "arrival", cause_name(c->arrival));
	cause_text_arrived(&arrived, r->t, c);
	if (arrived.len)
		add_text(l, "arrival_text", arrived.buf);
	add_counted(l, "arrival_counters", r->t, c->arrived);
}

/* ---- the line ---- */

static void put_line(struct line *l, const struct export_row *r)
{
	STR_ON_STACK(text, 1024);
	bool has_text = false;

	open_with(l, '{');
	add_text(l, "kind", event_kind_name(r->ev->kind));
	add_name(l, "time_ns");
	put_signed(l, r->ev->ts_ns);
	if (r->ev->kind == EVENT_PACKET)
		add_packet(l, r);
	else if (r->ev->kind == EVENT_COUNTERS)
		add_counters(l, "counters", r->ev->counters.changes);
	if (r->ev->kind != EVENT_PACKET)
		has_text = add_fields(l, r->ev);
	if (export_row_host(r))
		add_text(l, "host", export_row_host(r));
	if (!has_text) {
		describe_event(&text, r->t, r->ev);
		add_text(l, "text", text.buf);
	}
	if (r->caused)
		add_cause(l, r);
	close_with(l, '}');
	put_char(l, '\n');
	flush(l);
}

int json_event(struct trace *t, const struct event *ev, const struct numbers *numbers, FILE *out,
	       struct err *e)
{
	struct line l = { .f = out };
	struct export_row r;

	export_row_read(&r, t, ev, numbers);
	put_line(&l, &r);
	return ferror(out) ? err_errno(e, errno, NULL, "writing an event as JSON") : 0;
}
