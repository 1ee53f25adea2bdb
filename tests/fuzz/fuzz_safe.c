/* Any bytes become printable text of a sane length, and come back from it unchanged. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/safe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		abort();
}

/* No control, no format character, no mark without a base. */
static void check_harmless(const struct str *text)
{
	unsigned marks = SAFE_NO_BASE;

	for (size_t at = 0; at < text->len;) {
		struct safe_char c = safe_next(text->buf + at, text->len - at);

		require(c.bytes >= 1 && c.bytes <= text->len - at);
		require(c.harmless && c.width <= 2 && safe_stays(&c, &marks));
		at += c.bytes;
	}
}

static void check_round_trip(const uint8_t *data, size_t size)
{
	size_t cap = size * 10 + 1;
	char *buf = malloc(cap);
	uint8_t *back = malloc(size + 1);
	struct str text;

	require(buf && back);
	text = str_on(buf, cap);
	safe_add(&text, data, size);
	require(!text.cut);
	check_harmless(&text);
	require(safe_unescape(text.buf, text.len, back, size) == (long)size);
	require(size == 0 || memcmp(back, data, size) == 0);
	free(back);
	free(buf);
}

/* A line made harmless once stays as it is. */
static void check_line(const uint8_t *data, size_t size)
{
	STR_ON_STACK(once, 200);
	STR_ON_STACK(twice, 400);

	safe_add_line(&once, data, size);
	check_harmless(&once);
	safe_add_line(&twice, once.buf, once.len);
	require(strcmp(once.buf, twice.buf) == 0);
}

/* The input as escaped text: whatever it is, the answer fits and is repeatable. */
static void check_unescape(const uint8_t *data, size_t size)
{
	uint8_t bytes[64];
	long n = safe_unescape((const char *)data, size, bytes, sizeof(bytes));

	require(n >= -1 && n <= (long)sizeof(bytes));
	if (n >= 0)
		check_round_trip(bytes, (size_t)n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	STR_ON_STACK(quoted, 100);

	check_round_trip(data, size);
	check_line(data, size);
	check_unescape(data, size);
	safe_add_quoted(&quoted, data, size, 16);
	check_harmless(&quoted);
	return 0;
}
