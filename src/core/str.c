/*
 * Writing stops at the first thing that does not fit: what comes after a hole would be read as if
 * it followed directly.  A cut never leaves half a UTF-8 character behind.
 */
#include "src/core/str.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct str str_on(char *buf, size_t cap)
{
	buf[0] = '\0';
	return (struct str){ .buf = buf, .cap = cap };
}

void str_clear(struct str *s)
{
	s->len = 0;
	s->cut = false;
	s->buf[0] = '\0';
}

/* Bytes of an unfinished UTF-8 character at the end of len bytes. */
static size_t unfinished_tail(const char *bytes, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		uint8_t byte = (uint8_t)bytes[len - back];
		size_t need = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;

		if ((byte & 0xc0) != 0x80)
			return need > back ? back : 0;
	}
	return 0;
}

static void cut_at(struct str *s, size_t len)
{
	s->len = len - unfinished_tail(s->buf, len);
	s->buf[s->len] = '\0';
	s->cut = true;
}

void str_addn(struct str *s, const char *bytes, size_t len)
{
	size_t room = s->cap - 1 - s->len;

	if (s->cut || len == 0)
		return;
	memcpy(s->buf + s->len, bytes, len < room ? len : room);
	if (len > room) {
		cut_at(s, s->cap - 1);
		return;
	}
	s->len += len;
	s->buf[s->len] = '\0';
}

void str_char(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_addv(s, fmt, ap);
	va_end(ap);
}

void str_addv(struct str *s, const char *fmt, va_list ap)
{
	size_t room = s->cap - s->len;
	int n;

	if (s->cut)
		return;
	n = vsnprintf(s->buf + s->len, room, fmt, ap);
	if (n < 0) {
		s->buf[s->len] = '\0';
		s->cut = true;
	} else if ((size_t)n >= room) {
		cut_at(s, s->cap - 1);
	} else {
		s->len += (size_t)n;
	}
}

bool str_copy(char *dst, size_t cap, const char *text)
{
	struct str s = str_on(dst, cap);

	str_add(&s, text);
	return !s.cut;
}
