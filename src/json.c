#include "src/json.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "capture/conn.h"
#include "capture/packet.h"
#include "src/core/safe.h"
#include "src/describe.h"

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

static void add_tcp(json_t *o, const struct packet *p, const struct conn *c, int dir)
{
	STR_ON_STACK(flags, 64);

	packet_flags_text(&flags, p->flags);
	json_object_set_new(o, "flags", json_string(flags.buf));
	json_object_set_new(o, "seq_raw", json_integer(p->seq));
	json_object_set_new(o, "ack_raw", json_integer(p->ack));
	json_object_set_new(o, "window", json_integer(p->window));
	if (!c)
		return;
	json_object_set_new(o, "seq", json_integer(conn_seq(c, dir, p->seq)));
	if (p->flags & TCP_ACK)
		json_object_set_new(o, "ack", json_integer(conn_seq(c, !dir, p->ack)));
}

static void add_packet(json_t *o, const struct trace *t, const struct event *ev)
{
	const struct event_packet *pk = &ev->packet;
	const struct trace_host *h = trace_host(t, pk->iface);
	uint32_t row = trace_row_of(t, ev->id);
	const struct trace_entry *entry = row == ROW_NONE ? NULL : trace_entry(t, row);
	const struct conn *c = NULL;
	struct addr src, dst;
	struct packet p;

	json_object_set_new(o, "number", json_integer((json_int_t)pk->number));
	json_object_set_new(o, "len", json_integer(pk->len));
	json_object_set_new(o, "caplen", json_integer(pk->caplen));
	packet_parse(&p, h ? h->link : LINK_ETHERNET, pk->data, pk->caplen, pk->len);
	if (packet_endpoints(&p, &src, &dst)) {
		set_addr(o, "src", &src);
		set_addr(o, "dst", &dst);
	}
	if (entry && entry->conn != CONN_NONE) {
		c = conns_get(trace_conns(t), entry->conn);
		json_object_set_new(o, "conn", json_integer(entry->conn));
	}
	if (p.ip_version)
		json_object_set_new(o, "protocol", json_integer(p.protocol));
	if (p.protocol == IPPROTO_TCP && p.has_transport)
		add_tcp(o, &p, c, entry ? entry->dir : 0);
	if (p.has_transport)
		json_object_set_new(o, "payload_len", json_integer(p.payload_len));
	if (entry)
		json_object_set_new(o, "fate",
				    json_string(wire_fate_name((enum wire_fate)entry->fate)));
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

int json_event(const struct trace *t, const struct event *ev, FILE *out, struct err *e)
{
	char bytes[1024];
	struct str text = str_on(bytes, sizeof(bytes));
	json_t *o = json_object();

	json_object_set_new(o, "kind", json_string(event_kind_name(ev->kind)));
	json_object_set_new(o, "time_ns", json_integer(ev->ts_ns));
	if (ev->kind == EVENT_PACKET)
		add_packet(o, t, ev);
	else
		add_fields(o, ev);
	if (ev->host != HOST_NONE && ev->host < trace_hosts(t))
		json_object_set_new(o, "host", text_of(trace_host(t, ev->host)->name));
	/* An event's own text stands as it is; the others get their line. */
	if (!json_object_get(o, "text")) {
		describe_event(&text, t, ev);
		json_object_set_new(o, "text", text_of(text.buf));
	}

	int failed = json_dumpf(o, out, JSON_COMPACT) || fputc('\n', out) == EOF;

	json_decref(o);
	return failed ? err_set(e, NULL, "an event could not be written as JSON") : 0;
}
