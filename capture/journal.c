/*
 * Reading entries.  A file may hold anything under our names: numbers that do not fit are zero, and texts
 * are unescaped and, where what comes out is not harmless, escaped again.
 */
#include "capture/journal.h"

#include <string.h>

#include "src/core/addr.h"
#include "src/core/clock.h"
#include "src/core/safe.h"
#include "src/core/str.h"

#define OURS	     JOURNAL_PREFIX
#define OURS_LEN     (sizeof(OURS) - 1)
#define FOREIGN_TEXT 4096 /* bytes of somebody else's message */

/* ---- reading: lines ---- */

struct line {
	const char *name, *value;
	size_t name_len, value_len;
};

/* What is before the padding. */
static struct rd without_zeros(struct rd body)
{
	while (body.len > body.at && body.base[body.len - 1] == '\0')
		body.len--;
	return body;
}

/* NAME\n, 64 bits of length, data, \n: how the journal exports what is not one line of text. */
static bool binary_line(struct rd *r, struct line *l)
{
	uint64_t low = rd_le32(r), len = low | (uint64_t)rd_le32(r) << 32;

	if (r->short_read || len > rd_left(r))
		return false;
	l->value_len = (size_t)len;
	l->value = (const char *)rd_bytes(r, l->value_len);
	rd_skip(r, 1);
	return true;
}

static bool next_line(struct rd *r, struct line *l)
{
	const char *start = (const char *)r->base + r->at;
	const char *end, *equals;

	if (rd_left(r) == 0)
		return false;
	end = memchr(start, '\n', rd_left(r));
	if (!end)
		end = start + rd_left(r);
	equals = memchr(start, '=', (size_t)(end - start));
	l->name = start;
	l->name_len = (size_t)((equals ? equals : end) - start);
	rd_sub(r, (size_t)(end - start) + 1);
	if (!equals)
		return binary_line(r, l);
	l->value = equals + 1;
	l->value_len = (size_t)(end - l->value);
	return true;
}

static bool is_named(const struct line *l, const char *name)
{
	return l->name_len == strlen(name) && memcmp(l->name, name, l->name_len) == 0;
}

static bool value_is(const struct line *l, const char *value)
{
	return l->value_len == strlen(value) && memcmp(l->value, value, l->value_len) == 0;
}

/* Decimal digits with an optional minus; false for anything else and what does not fit. */
static bool number_of(const struct line *l, bool *negative, uint64_t *value)
{
	size_t i = l->value_len > 0 && l->value[0] == '-';

	*negative = i > 0;
	*value = 0;
	if (i == l->value_len)
		return false;
	for (; i < l->value_len; i++) {
		unsigned digit = (unsigned)l->value[i] - '0';

		if (digit > 9 || __builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, digit, value))
			return false;
	}
	return true;
}

static uint64_t unsigned_of(const struct line *l, uint64_t max)
{
	bool negative;
	uint64_t value;

	return number_of(l, &negative, &value) && !negative && value <= max ? value : 0;
}

static int64_t signed_of(const struct line *l, int64_t min, int64_t max)
{
	bool negative;
	uint64_t value;

	if (!number_of(l, &negative, &value) || value > (uint64_t)max + negative)
		return 0;
	if (negative)
		return value > (uint64_t)max ? min : -(int64_t)value;
	return (int64_t)value;
}

/* ---- reading: texts ---- */

struct texts { /* memory for the texts of one event */
	char *at;
	size_t left;
};

static bool is_harmless(const char *p, size_t len)
{
	unsigned marks = SAFE_NO_BASE;

	while (len > 0) {
		struct safe_char c = safe_next(p, len);

		if (!safe_stays(&c, &marks))
			return false;
		p += c.bytes;
		len -= c.bytes;
	}
	return true;
}

static void take(struct texts *t, size_t n)
{
	t->at += n;
	t->left -= n;
}

/* The text as it was, if that was harmless; else escaped once more. */
static const char *text_of(struct texts *t, const char *p, size_t len)
{
	long n = t->left > 1 ? safe_unescape(p, len, t->at, t->left - 1) : 0;
	const char *bytes = n < 0 ? p : t->at;
	size_t count = n < 0 ? len : (size_t)n;
	struct str s;

	if (t->left <= 1)
		return "";
	if (n >= 0)
		take(t, count);
	if (n >= 0 && is_harmless(bytes, count)) {
		t->at[0] = '\0';
		take(t, 1);
		return bytes;
	}
	if (t->left == 0)
		return "";
	s = str_on(t->at, t->left);
	safe_add_line(&s, bytes, count);
	take(t, s.len + 1);
	return s.buf;
}

size_t journal_text_size(size_t body_len)
{
	/* Each byte unescaped once, and escaped (\xNN) once more if it has to be; and the NULs. */
	return body_len * 5 + 64;
}

/* ---- reading: fields ---- */

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool raw_addr(struct addr *a, const char *hex, size_t len)
{
	uint8_t bytes[sizeof(a->u)];

	if (len % 2 || len / 2 > sizeof(bytes))
		return false;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_value(hex[i]), low = hex_value(hex[i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	memset(a, 0, sizeof(*a));
	memcpy(&a->u, bytes, len / 2);
	a->len = (socklen_t)(len / 2);
	return true;
}

static void read_addr(struct addr *a, const struct line *l, struct texts *t)
{
	const char *text = text_of(t, l->value, l->value_len);
	size_t len = strlen(text), raw = sizeof(JOURNAL_RAW) - 1;
	int hint = len && text[0] == '[' ? AF_INET6 : AF_UNSPEC;
	bool good;

	if (strncmp(text, JOURNAL_RAW, raw) == 0)
		good = raw_addr(a, text + raw, len - raw);
	else
		good = addr_parse(a, text, len, hint, NULL, NULL) == 0;
	if (!good)
		memset(a, 0, sizeof(*a));
}

static int read_enum(const struct event_field *f, const struct line *l)
{
	for (int i = 1; f->names[i]; i++) {
		if (value_is(l, f->names[i]))
			return i;
	}
	return 0;
}

static void read_arg(const struct event_field *f, const struct line *l, struct event *ev,
		     struct texts *t)
{
	struct event_arg *arg = (void *)((char *)ev + f->offset);
	unsigned i = (unsigned)l->name[l->name_len - 1] - '0';
	const char *equals = memchr(l->value, '=', l->value_len);
	uint32_t count;

	if (i >= EVENT_ARGS || !equals)
		return;
	arg[i].name = text_of(t, l->value, (size_t)(equals - l->value));
	arg[i].text = text_of(t, equals + 1, l->value_len - (size_t)(equals + 1 - l->value));
	memcpy(&count, (char *)ev + f->count, sizeof(count));
	if (count <= i)
		count = i + 1;
	memcpy((char *)ev + f->count, &count, sizeof(count));
}

static void read_name(char *dst, const struct line *l, struct texts *t)
{
	const char *text = text_of(t, l->value, l->value_len);
	struct str s = str_on(dst, EVENT_NAME);

	safe_add_line(&s, text, strlen(text));
}

static void read_field(const struct event_field *f, const struct line *l, struct event *ev,
		       struct texts *t)
{
	void *at = (char *)ev + f->offset;

	switch (f->type) {
	case FIELD_U8:
		*(uint8_t *)at = (uint8_t)unsigned_of(l, UINT8_MAX);
		break;
	case FIELD_U32:
		*(uint32_t *)at = (uint32_t)unsigned_of(l, UINT32_MAX);
		break;
	case FIELD_U64:
		*(uint64_t *)at = unsigned_of(l, UINT64_MAX);
		break;
	case FIELD_I32:
		*(int32_t *)at = (int32_t)signed_of(l, INT32_MIN, INT32_MAX);
		break;
	case FIELD_I64:
		*(int64_t *)at = signed_of(l, INT64_MIN, INT64_MAX);
		break;
	case FIELD_BOOL:
		*(bool *)at = unsigned_of(l, 1) != 0;
		break;
	case FIELD_ENUM:
		*(int *)at = read_enum(f, l);
		break;
	case FIELD_NAME:
		read_name(at, l, t);
		break;
	case FIELD_TEXT:
		*(const char **)at = text_of(t, l->value, l->value_len);
		break;
	case FIELD_ADDR:
		read_addr(at, l, t);
		break;
	case FIELD_ARGS:
		read_arg(f, l, ev, t);
		break;
	}
}

/* Whether a line (its name without our prefix) is this field, of this kind of event. */
static bool is_field(const struct event_field *f, const struct line *l, enum event_kind kind)
{
	size_t len = strlen(f->name);

	if (!(f->kinds & 1u << kind))
		return false;
	if (l->name_len != len + (f->type == FIELD_ARGS))
		return false;
	return memcmp(l->name, f->name, len) == 0;
}

/* The lines come in the order of the table, so the search goes on where it was; in any other order
 * it just takes longer. */
static void read_fields(struct rd body, struct event *ev, struct texts *t)
{
	struct line l;
	size_t at = 0;

	while (next_line(&body, &l)) {
		if (l.name_len <= OURS_LEN || memcmp(l.name, OURS, OURS_LEN) != 0)
			continue;
		l.name += OURS_LEN;
		l.name_len -= OURS_LEN;
		for (size_t n = 0; n < event_fields_count; n++) {
			size_t i = (at + n) % event_fields_count;

			if (!is_field(&event_fields[i], &l, ev->kind))
				continue;
			read_field(&event_fields[i], &l, ev, t);
			at = i;
			break;
		}
	}
}

/* Texts that were not there are "", where NULL does not mean something else. */
static void fill_texts(struct event *ev)
{
	for (size_t i = 0; i < event_fields_count; i++) {
		const struct event_field *f = &event_fields[i];
		char *at = (char *)ev + f->offset;
		struct event_arg *arg = (void *)at;
		const char **text = (void *)at;

		if (!(f->kinds & 1u << ev->kind))
			continue;
		if (f->type == FIELD_TEXT && !f->may_be_null && !*text)
			*text = "";
		for (size_t k = 0; f->type == FIELD_ARGS && k < EVENT_ARGS; k++) {
			arg[k].name = arg[k].name ? arg[k].name : "";
			arg[k].text = arg[k].text ? arg[k].text : "";
		}
	}
}

/* ---- reading: entries ---- */

/* What decides about the rest, wherever in the entry it stands. */
struct summary {
	bool ours;
	int kind; /* enum event_kind, -1 */
	bool timed;
	int64_t realtime_us;
	struct line message, identifier;
};

static int kind_of(const struct line *l)
{
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		if (value_is(l, event_kind_name((enum event_kind)kind)))
			return kind;
	}
	return -1;
}

static struct summary summarise(struct rd body)
{
	struct summary s = { .kind = -1 };
	struct line l;

	while (next_line(&body, &l)) {
		if (is_named(&l, OURS "V")) {
			s.ours = value_is(&l, JOURNAL_VERSION);
		} else if (is_named(&l, OURS "EV")) {
			s.kind = kind_of(&l);
		} else if (is_named(&l, "MESSAGE")) {
			s.message = l;
		} else if (is_named(&l, "SYSLOG_IDENTIFIER")) {
			s.identifier = l;
		} else if (is_named(&l, "__REALTIME_TIMESTAMP")) {
			s.timed = true;
			s.realtime_us = signed_of(&l, INT64_MIN, INT64_MAX);
		}
	}
	return s;
}

static enum journal_entry read_foreign(const struct summary *s, struct event *ev, char *text,
				       size_t size)
{
	struct str out = str_on(text, size < FOREIGN_TEXT ? size : FOREIGN_TEXT);

	*ev = (struct event){ .kind = EVENT_NOTE, .host = HOST_NONE };
	if (s->identifier.value_len) {
		safe_add_line(&out, s->identifier.value, s->identifier.value_len);
		str_add(&out, ": ");
	}
	if (s->message.value)
		safe_add_line(&out, s->message.value, s->message.value_len);
	ev->note.kind = NOTE_SAY;
	ev->note.text = out.buf;
	if (!s->timed || __builtin_mul_overflow(s->realtime_us, NS_PER_US, &ev->ts_ns)) {
		ev->ts_ns = 0;
		return JOURNAL_UNTIMED;
	}
	return JOURNAL_FOREIGN;
}

enum journal_entry journal_read(struct rd body, struct event *ev, char *text, size_t size)
{
	struct texts texts = { .at = text, .left = size };
	struct summary s;

	body = without_zeros(body);
	s = summarise(body);
	if (!s.ours || s.kind < 0 || s.kind == EVENT_PACKET)
		return read_foreign(&s, ev, text, size);
	*ev = (struct event){ .kind = (enum event_kind)s.kind };
	read_fields(body, ev, &texts);
	fill_texts(ev);
	if (ev->host >= HOSTS_MAX)
		ev->host = HOST_NONE;
	return JOURNAL_OURS;
}
