#include "src/json.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "capture/conn.h"
#include "capture/packet.h"
#include "src/core/safe.h"
#include "src/describe.h"
#include "src/export_row.h"

/* Text, perhaps foreign, as JSON: valid UTF-8 without control characters.  Escapes in it are not escaped again. */
static json_t *text_of(const char *text)
{
	size_t len = strlen(text), cap = 4 * len + 1; /* an escape takes four characters a byte */
	char *bytes = malloc(cap);
	struct str out;
	json_t *value;

	if (!bytes)
		return NULL;
	out = str_on(bytes, cap);
	safe_add_line(&out, text, len);
	value = json_string(out.buf);
	free(bytes);
	return value;
}

static json_t *args_of(const struct event_arg *arg, uint32_t count)
{
	json_t *o = json_object();

	for (uint32_t i = 0; i < count && i < EVENT_ARGS; i++)
		if (arg[i].name && arg[i].text)
			json_object_set_new(o, arg[i].name, text_of(arg[i].text));
	return o;
}

static json_t *addr_of_field(const struct addr *a)
{
	STR_ON_STACK(text, 256);

	if (!a->len)
		return NULL;
	addr_text(&text, a, NULL);
	return json_string(text.buf);
}

static json_t *enum_of(const struct event_field *f, int value)
{
	for (int i = 0; f->names && f->names[i]; i++)
		if (i == value)
			return json_string(f->names[i]);
	return json_integer(value);
}

/* NULL: not there. */
static json_t *field_of(const struct event *ev, const struct event_field *f)
{
	const void *at = (const char *)ev + f->offset;
	const char *text;

	switch (f->type) {
	case FIELD_U8:
		return json_integer(*(const uint8_t *)at);
	case FIELD_U32:
		return json_integer(*(const uint32_t *)at);
	case FIELD_U64:
		return json_integer((json_int_t) * (const uint64_t *)at);
	case FIELD_I32:
		return json_integer(*(const int32_t *)at);
	case FIELD_I64:
		return json_integer(*(const int64_t *)at);
	case FIELD_BOOL:
		return json_boolean(*(const bool *)at);
	case FIELD_ENUM:
		return enum_of(f, *(const int *)at);
	case FIELD_NAME:
		return *(const char *)at ? text_of(at) : NULL;
	case FIELD_TEXT:
		text = *(const char *const *)at;
		return text ? text_of(text) : NULL;
	case FIELD_ADDR:
		return addr_of_field(at);
	case FIELD_ARGS:
		return args_of(at, *(const uint32_t *)(const void *)((const char *)ev + f->count));
	}
	return NULL;
}

static void set_lower(json_t *o, const char *name, json_t *value)
{
	char key[40];
	size_t i;

	if (!value)
		return;
	for (i = 0; name[i] && i + 1 < sizeof(key); i++)
		key[i] = (char)tolower((unsigned char)name[i]);
	key[i] = '\0';
	json_object_set_new(o, key, value);
}

static void set_addr(json_t *o, const char *name, const struct addr *a)
{
	json_t *v = addr_of_field(a);

	if (v)
		json_object_set_new(o, name, v);
}

static void set_number(json_t *o, const char *name, uint64_t value)
{
	json_object_set_new(o, name, json_integer((json_int_t)value));
}

static void add_tcp(json_t *o, const struct export_row *r)
{
	const struct packet *p = &r->packet;
	int dir = r->entry ? r->entry->dir : 0;
	STR_ON_STACK(flags, 64);

	packet_flags_text(&flags, p->flags);
	json_object_set_new(o, "flags", json_string(flags.buf));
	set_number(o, "seq_raw", p->seq);
	set_number(o, "ack_raw", p->ack);
	set_number(o, "window", p->window);
	if (!r->conn)
		return;
	set_number(o, "seq", conn_seq(r->conn, dir, p->seq));
	if (p->flags & TCP_ACK)
		set_number(o, "ack", conn_seq(r->conn, !dir, p->ack));
}

static void add_inferred(json_t *o, const struct export_row *r)
{
	static const char *const name[] = { "inferred_src", "inferred_dst" };

	for (int i = 0; i < 2; i++) {
		STR_ON_STACK(state, 200);

		export_row_inferred(&state, r, i);
		if (state.len)
			json_object_set_new(o, name[i], json_string(state.buf));
	}
}

static void add_verdicts(json_t *o, const struct export_row *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < VERDICTS; i++)
		if (r->entry->verdict & verdict_names[i].bit)
			json_array_append_new(list, json_string(verdict_names[i].field));
	json_object_set_new(o, "verdicts", list);
}

/* What the analysis knows; left out where it does not. */
static void add_numbers(json_t *o, const struct packet_numbers *n)
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
			set_number(o, numbers[i].name, numbers[i].value);
	if (n->stream)
		set_number(o, "stream", n->stream - 1);
}

static void add_packet(json_t *o, const struct export_row *r)
{
	const struct event_packet *pk = &r->ev->packet;
	const struct packet *p = &r->packet;

	set_number(o, "number", pk->number);
	set_number(o, "len", pk->len);
	set_number(o, "caplen", pk->caplen);
	if (r->has_ends) {
		set_addr(o, "src", &r->src);
		set_addr(o, "dst", &r->dst);
	}
	if (r->conn)
		set_number(o, "conn", r->entry->conn);
	if (p->ip_version)
		set_number(o, "protocol", p->protocol);
	if (r->tcp)
		add_tcp(o, r);
	if (p->has_transport)
		set_number(o, "payload_len", p->payload_len);
	if (r->entry) {
		add_verdicts(o, r);
		add_inferred(o, r);
		json_object_set_new(o, "fate",
				    json_string(wire_fate_name((enum wire_fate)r->entry->fate)));
	}
	if (r->known)
		add_numbers(o, &r->numbers);
}

/* Time and host have names of their own here. */
static void add_fields(json_t *o, const struct event *ev)
{
	for (size_t i = 0; i < event_fields_count; i++) {
		const struct event_field *f = &event_fields[i];

		if (f->kinds & 1u << ev->kind && f->offset != offsetof(struct event, ts_ns) &&
		    f->offset != offsetof(struct event, host))
			set_lower(o, f->name, field_of(ev, f));
	}
}

int json_event(const struct trace *t, const struct event *ev, const struct numbers *numbers,
	       FILE *out, struct err *e)
{
	STR_ON_STACK(text, 1024);
	struct export_row r;
	json_t *o = json_object();
	int failed;

	export_row_read(&r, t, ev, numbers);
	json_object_set_new(o, "kind", json_string(event_kind_name(ev->kind)));
	json_object_set_new(o, "time_ns", json_integer(ev->ts_ns));
	if (ev->kind == EVENT_PACKET)
		add_packet(o, &r);
	else
		add_fields(o, ev);
	if (export_row_host(&r))
		json_object_set_new(o, "host", text_of(export_row_host(&r)));
	/* An event's own text stands as it is; the others get their line. */
	if (!json_object_get(o, "text")) {
		describe_event(&text, t, ev);
		json_object_set_new(o, "text", text_of(text.buf));
	}
	failed = json_dumpf(o, out, JSON_COMPACT) || fputc('\n', out) == EOF;
	json_decref(o);
	return failed ? err_errno(e, errno, NULL, "writing an event as JSON") : 0;
}
