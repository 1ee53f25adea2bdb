/*
 * Decoding is strict (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).  At a
 * byte that does not begin or continue a character exactly that byte is given up, so the rest is
 * read on.
 *
 * A combining mark is harmless behind a character that is shown as itself; behind an escape or at
 * the start it would change our own text, and from the third on it is escaped.
 *
 * Each character is written whole or not at all, so that text that was cut is still well-formed.
 */
#include "src/core/safe.h"

#include <string.h>

#include "src/core/unicode.h"

#define MARKS_MAX SAFE_NO_BASE

/* ---- decoding ---- */

struct form { /* one row of RFC 3629 section 4 */
	uint8_t first, last; /* of the lead byte */
	uint8_t second_min, second_max;
	uint8_t bytes;
	uint8_t lead_bits;
};

static const struct form forms[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2, 0x1f }, { 0xe0, 0xe0, 0xa0, 0xbf, 3, 0x0f },
	{ 0xe1, 0xec, 0x80, 0xbf, 3, 0x0f }, { 0xed, 0xed, 0x80, 0x9f, 3, 0x0f },
	{ 0xee, 0xef, 0x80, 0xbf, 3, 0x0f }, { 0xf0, 0xf0, 0x90, 0xbf, 4, 0x07 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4, 0x07 }, { 0xf4, 0xf4, 0x80, 0x8f, 4, 0x07 },
};

/* Bytes of the character at p, 0 if it is malformed or cut. */
static uint8_t decode(const uint8_t *p, size_t len, uint32_t *code)
{
	const struct form *f = forms, *end = forms + sizeof(forms) / sizeof(forms[0]);

	*code = p[0];
	if (p[0] < 0x80)
		return 1;
	while (f < end && (p[0] < f->first || p[0] > f->last))
		f++;
	if (f == end || len < f->bytes || p[1] < f->second_min || p[1] > f->second_max)
		return 0;
	*code = p[0] & f->lead_bits;
	for (size_t i = 1; i < f->bytes; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			*code = p[0];
			return 0;
		}
		*code = *code << 6 | (p[i] & 0x3f);
	}
	return f->bytes;
}

static enum unicode_kind kind_of(uint32_t code)
{
	size_t low = 0, high = unicode_ranges_count;

	if (code >= 0x20 && code < 0x7f)
		return UNICODE_NARROW;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct unicode_range *r = &unicode_ranges[mid];

		if (code < r->first)
			high = mid;
		else if (code > r->last)
			low = mid + 1;
		else
			return r->kind;
	}
	return UNICODE_NARROW;
}

struct safe_char safe_next(const void *bytes, size_t len)
{
	static const uint8_t width[] = {
		[UNICODE_NARROW] = 1, [UNICODE_WIDE] = 2, [UNICODE_MARK] = 0, [UNICODE_HARMFUL] = 1
	};
	struct safe_char c = { .bytes = 1, .width = 1 };
	uint8_t n = decode(bytes, len, &c.code);
	enum unicode_kind kind;

	if (n == 0)
		return c;
	kind = kind_of(c.code);
	c.bytes = n;
	c.width = width[kind];
	c.harmless = kind != UNICODE_HARMFUL;
	return c;
}

/* ---- writing ---- */

/* Appends all of it, or nothing and the mark that something is missing. */
static void add_whole(struct str *out, const char *bytes, size_t len)
{
	if (len > out->cap - 1 - out->len)
		out->cut = true;
	else
		str_addn(out, bytes, len);
}

void safe_escape(struct str *out, const struct safe_char *c)
{
	STR_ON_STACK(text, 16);
	const char *letter = c->code && c->code < 0x80 ? strchr("\nn\tt\rr", (int)c->code) : NULL;

	if (letter)
		str_addf(&text, "\\%c", letter[1]);
	else if (c->bytes == 1)
		str_addf(&text, "\\x%02x", c->code);
	else
		str_addf(&text, "\\u{%x}", c->code);
	add_whole(out, text.buf, text.len);
}

bool safe_stays(const struct safe_char *c, unsigned *marks)
{
	bool stays = c->harmless && (c->width > 0 || *marks < MARKS_MAX);

	if (!stays)
		*marks = MARKS_MAX;
	else if (c->width > 0)
		*marks = 0;
	else
		++*marks;
	return stays;
}

/* special: characters that get a backslash in front. */
static void add(struct str *out, const uint8_t *p, size_t len, const char *special)
{
	unsigned marks = MARKS_MAX;

	while (len > 0 && !out->cut) {
		struct safe_char c = safe_next(p, len);

		if (c.code && c.code < 0x80 && strchr(special, (int)c.code)) {
			char escaped[] = { '\\', (char)c.code };

			add_whole(out, escaped, sizeof(escaped));
			marks = MARKS_MAX;
		} else if (safe_stays(&c, &marks)) {
			add_whole(out, (const char *)p, c.bytes);
		} else {
			safe_escape(out, &c);
		}
		p += c.bytes;
		len -= c.bytes;
	}
}

void safe_add(struct str *out, const void *bytes, size_t len)
{
	add(out, bytes, len, "\\");
}

void safe_add_text(struct str *out, const char *text)
{
	safe_add(out, text, strlen(text));
}

void safe_add_line(struct str *out, const void *bytes, size_t len)
{
	add(out, bytes, len, "");
}

void safe_add_quoted(struct str *out, const void *bytes, size_t len, size_t max)
{
	str_char(out, '"');
	add(out, bytes, len < max ? len : max, "\\\"");
	str_char(out, '"');
	if (len > max)
		str_add(out, "...");
}

/* ---- reading back ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads up to max hexadecimal digits; returns how many there were. */
static size_t read_hex(const char *text, size_t len, size_t max, uint32_t *value)
{
	size_t n = 0;

	*value = 0;
	while (n < len && n < max && hex_digit(text[n]) >= 0)
		*value = *value << 4 | (uint32_t)hex_digit(text[n++]);
	return n;
}

size_t safe_utf8(uint32_t code, char dst[4])
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--) {
		dst[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	dst[0] = (char)(lead[n] | code);
	if (n == 1)
		dst[0] = (char)code;
	return n;
}

/* Reads what stands behind a backslash.  Returns the characters taken, 0 if they are malformed. */
static size_t unescape(const char *text, size_t len, char dst[4], size_t *bytes)
{
	static const char letters[] = "nrt\\\"", meant[] = "\n\r\t\\\"";
	const char *letter = len > 0 && text[0] ? strchr(letters, text[0]) : NULL;
	uint32_t code;
	size_t digits;

	*bytes = 1;
	if (letter) {
		dst[0] = meant[letter - letters];
		return 1;
	}
	if (len >= 3 && text[0] == 'x') {
		digits = read_hex(text + 1, len - 1, 2, &code);
		dst[0] = (char)code;
		return digits == 2 ? 3 : 0;
	}
	if (len < 4 || text[0] != 'u' || text[1] != '{')
		return 0;
	digits = read_hex(text + 2, len - 2, 6, &code);
	if (digits == 0 || 2 + digits >= len || text[2 + digits] != '}')
		return 0;
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*bytes = safe_utf8(code, dst);
	return digits + 3;
}

long safe_unescape(const char *text, size_t len, void *dst, size_t cap)
{
	char *out = dst;
	size_t done = 0;

	for (size_t at = 0; at < len;) {
		char piece[4] = { text[at] };
		size_t bytes = 1, taken;

		if (text[at++] == '\\') {
			taken = unescape(text + at, len - at, piece, &bytes);
			if (taken == 0)
				return -1;
			at += taken;
		}
		if (bytes > cap - done)
			return -1;
		memcpy(out + done, piece, bytes);
		done += bytes;
	}
	return (long)done;
}
