#include "src/core/err.h"

#include <stdarg.h>
#include <string.h>

#include "src/core/safe.h"

/* Room for a whole message before it is made harmless, which can only lengthen it. */
#define RAW_SIZE 512

static void put(char *dst, size_t cap, const char *raw)
{
	struct str out = str_on(dst, cap);

	safe_add_line(&out, raw, strlen(raw));
}

static void fill(struct err *e, int code, const char *hint, const struct str *raw)
{
	put(e->what, sizeof(e->what), raw->buf);
	put(e->hint, sizeof(e->hint), hint ? hint : "");
	e->code = code;
	e->column = 0;
}

int err_set(struct err *e, const char *hint, const char *fmt, ...)
{
	STR_ON_STACK(raw, RAW_SIZE);
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	str_addv(&raw, fmt, ap);
	va_end(ap);
	fill(e, 0, hint, &raw);
	return -1;
}

int err_errno(struct err *e, int errnum, const char *hint, const char *fmt, ...)
{
	STR_ON_STACK(raw, RAW_SIZE);
	char text[128];
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	str_addv(&raw, fmt, ap);
	va_end(ap);
	str_addf(&raw, ": %s", strerror_r(errnum, text, sizeof(text)));
	fill(e, errnum, hint, &raw);
	return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	STR_ON_STACK(raw, RAW_SIZE);
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	str_addv(&raw, fmt, ap);
	va_end(ap);
	str_addf(&raw, ": %s", e->what);
	put(e->what, sizeof(e->what), raw.buf);
	return -1;
}

void err_text(const struct err *e, struct str *out)
{
	str_add(out, e->what);
	if (e->hint[0])
		str_addf(out, " (%s)", e->hint);
}
