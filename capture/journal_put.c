/*
 * Writing entries.  Every value is one line of harmless text, so that Wireshark reads what we wrote and
 * safe_unescape() gives it back.
 */
#include "capture/journal.h"

#include <inttypes.h>
#include <string.h>

#include "src/core/addr.h"
#include "src/core/clock.h"
#include "src/core/safe.h"
#include "src/core/str.h"

#define OURS	 JOURNAL_PREFIX
#define TEXT_MAX 65536 /* bytes of a text, unless all of them together are too much */

enum { PRIORITY_ERROR = 3, PRIORITY_INFO = 6 };

static bool is_loss(const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_RETURN:
		return ev->ret.error != 0;
	case EVENT_WIRE:
		return ev->wire.fate == WIRE_DROPPED || ev->wire.fate == WIRE_FAILED;
	case EVENT_NOTE:
		return ev->note.kind == NOTE_LOST || ev->note.kind == NOTE_ERROR;
	case EVENT_PACKET:
	case EVENT_CALL:
	case EVENT_STATE:
	case EVENT_COMMAND:
	case EVENT_PROGRAM:
	case EVENT_OUTPUT:
	case EVENT_COUNTERS:
		break;
	}
	return false;
}

/* At most max bytes of a text, cut between characters. */
static size_t cut_at(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	if (len <= max)
		return len;
	for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
		len--;
	return len;
}

static void put_text(struct str *s, const char *name, const char *text, size_t max)
{
	str_addf(s, "%s=", name);
	safe_add(s, text, cut_at(text, max));
	str_char(s, '\n');
}

static void put_message(struct str *s, const char *message)
{
	size_t len = cut_at(message, JOURNAL_MESSAGE);

	str_add(s, "MESSAGE=");
	safe_add_line(s, message, len);
	str_add(s, message[len] ? "…\n" : "\n");
}

/* What Wireshark knows by name. */
static void put_standard(struct str *s, const struct event *ev, const char *message, int32_t pid)
{
	const char *function = ev->kind == EVENT_CALL	  ? ev->call.name
			       : ev->kind == EVENT_RETURN ? ev->ret.name
							  : NULL;

	str_addf(s, "__REALTIME_TIMESTAMP=%" PRId64 "\n",
		 ev->ts_ns > 0 ? ev->ts_ns / NS_PER_US : 0);
	put_message(s, message ? message : event_kind_name(ev->kind));
	str_addf(s, "PRIORITY=%d\nSYSLOG_IDENTIFIER=socklens\n",
		 is_loss(ev) ? PRIORITY_ERROR : PRIORITY_INFO);
	if (ev->program[0])
		put_text(s, "_COMM", ev->program, EVENT_NAME);
	if (pid > 0)
		str_addf(s, "_PID=%" PRId32 "\n", pid);
	if (pid > 0 && ev->thread == 0)
		str_addf(s, "TID=%" PRId32 "\n", pid); /* only the first thread's is known */
	if (ev->kind == EVENT_RETURN && ev->ret.error)
		str_addf(s, "ERRNO=%" PRId32 "\n", ev->ret.error);
	if (function && *function)
		put_text(s, "CODE_FUNC", function, 64);
}

/* The text form where it gives the address back, else its bytes. */
static void put_addr(struct str *s, const char *name, const struct addr *a)
{
	STR_ON_STACK(text, 512);
	struct addr back;
	const uint8_t *bytes = (const uint8_t *)&a->u;

	addr_text(&text, a, NULL);
	str_addf(s, OURS "%s=", name);
	if (!text.cut && addr_parse(&back, text.buf, text.len, addr_family(a), NULL, NULL) == 0 &&
	    back.len == a->len && memcmp(&back.u, &a->u, a->len) == 0) {
		safe_add(s, text.buf, text.len);
	} else {
		str_add(s, JOURNAL_RAW);
		for (size_t i = 0; i < a->len && i < sizeof(a->u); i++)
			str_addf(s, "%02x", bytes[i]);
	}
	str_char(s, '\n');
}

static void put_args(struct str *s, const struct event_field *f, const struct event *ev, size_t max)
{
	const char *base = (const char *)ev;
	const struct event_arg *arg = (const void *)(base + f->offset);
	uint32_t count;

	memcpy(&count, base + f->count, sizeof(count));
	for (uint32_t i = 0; i < count && i < EVENT_ARGS; i++) {
		const char *name = arg[i].name ? arg[i].name : "";
		const char *text = arg[i].text ? arg[i].text : "";

		str_addf(s, OURS "%s%" PRIu32 "=", f->name, i);
		safe_add(s, name, cut_at(name, 64));
		str_char(s, '=');
		safe_add(s, text, cut_at(text, max));
		str_char(s, '\n');
	}
}

static void put_name(struct str *s, const struct event_field *f, const char *text, size_t max)
{
	str_add(s, OURS);
	put_text(s, f->name, text, max);
}

static void put_enum(struct str *s, const struct event_field *f, int value)
{
	int count = 0;

	while (f->names[count])
		count++;
	if (value > 0 && value < count)
		str_addf(s, OURS "%s=%s\n", f->name, f->names[value]);
}

static void put_unsigned(struct str *s, const struct event_field *f, uint64_t value)
{
	if (value)
		str_addf(s, OURS "%s=%" PRIu64 "\n", f->name, value);
}

static void put_signed(struct str *s, const struct event_field *f, int64_t value)
{
	if (value)
		str_addf(s, OURS "%s=%" PRId64 "\n", f->name, value);
}

static void put_field(struct str *s, const struct event_field *f, const struct event *ev,
		      size_t max)
{
	const void *at = (const char *)ev + f->offset;
	const char *text;
	const struct addr *a;

	switch (f->type) {
	case FIELD_U8:
		put_unsigned(s, f, *(const uint8_t *)at);
		break;
	case FIELD_U32:
		put_unsigned(s, f, *(const uint32_t *)at);
		break;
	case FIELD_U64:
		put_unsigned(s, f, *(const uint64_t *)at);
		break;
	case FIELD_I32:
		put_signed(s, f, *(const int32_t *)at);
		break;
	case FIELD_I64:
		if (!f->may_be_null || *(const int64_t *)at)
			put_signed(s, f, *(const int64_t *)at);
		break;
	case FIELD_BOOL:
		put_unsigned(s, f, *(const bool *)at);
		break;
	case FIELD_ENUM:
		put_enum(s, f, *(const int *)at);
		break;
	case FIELD_NAME:
		if (*(const char *)at)
			put_name(s, f, at, EVENT_NAME);
		break;
	case FIELD_TEXT:
		text = *(const char *const *)at;
		if (text && (*text || f->may_be_null))
			put_name(s, f, text, max);
		break;
	case FIELD_ADDR:
		a = at;
		if (a->len)
			put_addr(s, f->name, a);
		break;
	case FIELD_ARGS:
		put_args(s, f, ev, max);
		break;
	}
}

static bool put_entry(struct pcapng_out *o, const struct event *ev, const char *message,
		      int32_t pid, size_t max)
{
	struct str s;

	pcapng_begin(o, BLOCK_JOURNAL);
	if (!o->full && o->len < o->cap) {
		s = str_on((char *)o->buf + o->len, o->cap - o->len);
		put_standard(&s, ev, message, pid);
		str_addf(&s, OURS "V=" JOURNAL_VERSION "\n" OURS "EV=%s\n",
			 event_kind_name(ev->kind));
		for (size_t i = 0; i < event_fields_count; i++) {
			if (event_fields[i].kinds & 1u << ev->kind)
				put_field(&s, &event_fields[i], ev, max);
		}
		o->len += s.len;
		o->full |= s.cut;
	}
	return pcapng_end(o);
}

bool journal_put(struct pcapng_out *o, const struct event *ev, const char *message, int32_t pid)
{
	return put_entry(o, ev, message, pid, TEXT_MAX) ||
	       put_entry(o, ev, message, pid, TEXT_MAX / 16);
}
