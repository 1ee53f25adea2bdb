#include "src/lex.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"
#include "src/core/safe.h"

struct lex lex_on(const char *text, size_t len)
{
	return (struct lex){ .text = text, .len = len };
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

/* -1: not a hexadecimal digit. */
static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void skip_space(struct lex *l)
{
	while (l->at < l->len && is_space(l->text[l->at]))
		l->at++;
}

static char at(const struct lex *l, size_t i)
{
	return i < l->len ? l->text[i] : '\0';
}

int lex_column(const struct lex *l, size_t byte)
{
	int column = 1;

	for (size_t i = 0; i < byte && i < l->len;) {
		struct safe_char c = safe_next(l->text + i, l->len - i);

		column += c.harmless ? c.width : 1;
		i += c.bytes;
	}
	return column;
}

/* ---- escapes ---- */

/* clang-format off */
static const struct {
	char letter, byte;
} simple_escapes[] = {
	{ 'n', '\n' }, { 't', '\t' }, { 'r', '\r' }, { 'a', '\a' }, { 'b', '\b' }, { 'f', '\f' },
	{ 'v', '\v' }, { 'e', '\033' }, { '\\', '\\' }, { '"', '"' }, { '\'', '\'' },
};
/* clang-format on */

/* \u{20ac}: up to 6 hexadecimal digits.  Returns the bytes after the backslash, 0 if malformed. */
static size_t unicode_escape(const char *text, size_t len, uint32_t *code)
{
	size_t i = 2;

	*code = 0;
	if (len < 4 || text[1] != '{')
		return 0;
	for (; i < len && i < 8 && hex_digit(text[i]) >= 0; i++)
		*code = *code * 16 + (uint32_t)hex_digit(text[i]);
	if (i == 2 || i >= len || text[i] != '}' || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return i + 1;
}

static size_t numeric_escape(const char *text, size_t len, uint8_t *byte)
{
	unsigned n = 0;
	size_t i;

	if (text[0] == 'x') {
		for (i = 1; i < len && i < 3 && hex_digit(text[i]) >= 0; i++)
			n = n * 16 + (unsigned)hex_digit(text[i]);
		*byte = (uint8_t)n;
		return i > 1 ? i : 0;
	}
	for (i = 0; i < len && i < 3 && text[i] >= '0' && text[i] <= '7'; i++)
		n = n * 8 + (unsigned)(text[i] - '0');
	*byte = (uint8_t)n;
	return n <= 0xff ? i : 0;
}

/*
 * What stands after a backslash: writes 1 to 4 bytes to dst (which may be NULL), *made how many.
 * Returns the characters read, 0 if C has no such escape.
 */
static size_t escape(const char *text, size_t len, char dst[4], size_t *made)
{
	uint32_t code;
	uint8_t byte;
	size_t used;

	*made = 1;
	if (!len)
		return 0;
	for (size_t i = 0; i < sizeof(simple_escapes) / sizeof(simple_escapes[0]); i++)
		if (simple_escapes[i].letter == text[0]) {
			dst[0] = simple_escapes[i].byte;
			return 1;
		}
	if (text[0] == 'u') {
		used = unicode_escape(text, len, &code);
		*made = used ? safe_utf8(code, dst) : 0;
		return used;
	}
	used = numeric_escape(text, len, &byte);
	dst[0] = (char)byte;
	return used;
}

bool lex_string(const struct lex *l, const struct token *t, struct value *out)
{
	const char *p = l->text + t->at + 1, *end = l->text + t->at + t->len - 1;
	char *bytes = malloc(t->len);
	size_t n = 0;

	if (!bytes)
		return false;
	while (p < end) {
		char dst[4];
		size_t made = 1;

		if (*p == '\\') {
			p++;
			p += escape(p, (size_t)(end - p), dst, &made);
		} else {
			dst[0] = *p++;
		}
		memcpy(bytes + n, dst, made);
		n += made;
	}
	*out = value_data(bytes, n);
	free(bytes);
	return out->kind == VALUE_DATA;
}

/* ---- tokens ---- */

static void bad(struct token *t, const char *why, size_t why_at)
{
	t->kind = TOKEN_BAD;
	t->why = why;
	t->why_at = why_at;
}

static void read_string(struct lex *l, struct token *t)
{
	char dst[4];
	size_t made;

	t->kind = TOKEN_STRING;
	for (l->at++; l->at < l->len && l->text[l->at] != '"'; l->at++) {
		if (l->text[l->at] != '\\')
			continue;
		size_t used = escape(l->text + l->at + 1, l->len - l->at - 1, dst, &made);

		if (!used && t->kind == TOKEN_STRING)
			bad(t,
			    "C has no such escape; \\n \\t \\r \\0 \\\\ \\\" \\x41 \\101 are some "
			    "that it has",
			    l->at);
		l->at += used ? used : l->at + 1 < l->len;
	}
	if (l->at >= l->len) {
		l->at = l->len;
		bad(t, "the closing \" is missing", t->at);
		return;
	}
	l->at++;
}

static void read_number(struct lex *l, struct token *t)
{
	bool negative = at(l, l->at) == '-';
	size_t digits = l->at + negative;
	int base = at(l, digits) == '0' && (at(l, digits + 1) | 0x20) == 'x' ? 16 : 10;
	uint64_t n = 0, most = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	bool big = false;

	t->kind = TOKEN_NUMBER;
	t->plain = base == 10;
	digits += base == 16 ? 2 : 0;
	for (l->at = digits; is_name(at(l, l->at)); l->at++) {
		int d = hex_digit(at(l, l->at));

		if ((d < 0 || d >= base) && t->kind == TOKEN_NUMBER)
			bad(t, "this is no number", t->at);
		if (d < 0)
			continue;
		big |= n > (most - (uint64_t)d) / (uint64_t)base;
		n = big ? 0 : n * (uint64_t)base + (uint64_t)d;
	}
	if (t->kind == TOKEN_NUMBER && l->at == digits)
		bad(t, "this is no number", t->at);
	else if (t->kind == TOKEN_NUMBER && big)
		bad(t, "this number is too large", t->at);
	t->number = (int64_t)(negative ? 0 - n : n);
}

struct token lex_next(struct lex *l)
{
	struct token t = { .kind = TOKEN_END };
	char c;

	skip_space(l);
	t.at = l->at;
	c = at(l, l->at);
	if (l->at >= l->len || c == '#') {
		l->at = l->len;
		return t;
	}
	if (c == '"') {
		read_string(l, &t);
	} else if (is_digit(c) || (c == '-' && is_digit(at(l, l->at + 1)))) {
		read_number(l, &t);
	} else if (is_name(c)) {
		t.kind = TOKEN_NAME;
		while (is_name(at(l, l->at)))
			l->at++;
	} else if (c == '-' && at(l, l->at + 1) == '>') {
		t.kind = TOKEN_ARROW;
		l->at += 2;
	} else {
		t.kind = TOKEN_MARK;
		t.mark = c;
		l->at += safe_next(l->text + l->at, l->len - l->at).bytes;
	}
	t.len = l->at - t.at;
	return t;
}

struct token lex_word(struct lex *l, const char *stops)
{
	struct token t = { .kind = TOKEN_NAME };

	skip_space(l);
	t.at = l->at;
	if (at(l, l->at) == '#')
		l->at = l->len;
	else
		while (l->at < l->len && !is_space(l->text[l->at]) &&
		       !(l->text[l->at] && strchr(stops, l->text[l->at])))
			l->at++;
	t.len = at(l, t.at) == '#' ? 0 : l->at - t.at;
	return t;
}

struct token lex_rest(struct lex *l, bool comments)
{
	struct token t = { .kind = TOKEN_NAME };
	size_t end = l->len;

	skip_space(l);
	t.at = l->at;
	if (comments)
		for (size_t i = l->at; i < end; i++)
			if (l->text[i] == '#' && (i == t.at || is_space(l->text[i - 1])))
				end = i;
	while (end > t.at && is_space(l->text[end - 1]))
		end--;
	t.len = end - t.at;
	l->at = l->len;
	return t;
}

/* ---- times ---- */

bool lex_duration(const char *text, size_t len, int64_t *ns)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{ "ns", 1 },	     { "us", NS_PER_US }, { "µs", NS_PER_US },
		{ "ms", NS_PER_MS }, { "s", NS_PER_S },
	};
	int64_t whole = 0, part = 0, scale = 1;
	size_t i = 0;

	for (; i < len && is_digit(text[i]) && whole < 1000000000; i++)
		whole = whole * 10 + (text[i] - '0');
	if (!i)
		return false;
	if (i < len && text[i] == '.')
		for (i++; i < len && is_digit(text[i]) && scale < 1000000000; i++, scale *= 10)
			part = part * 10 + (text[i] - '0');
	while (i < len && is_space(text[i]))
		i++;
	*ns = 0;
	if (i == len)
		return whole == 0 && part == 0;
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
		if (strlen(units[u].name) == len - i && !memcmp(units[u].name, text + i, len - i)) {
			if (whole > 3600 * NS_PER_S / units[u].ns)
				return false;
			*ns = whole * units[u].ns + part * units[u].ns / scale;
			return true;
		}
	return false;
}
