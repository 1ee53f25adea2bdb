/*
 * str: the bounded string writer.  All text is built with it; what does not fit is cut and marked.
 *
 *	STR_ON_STACK(s, 128);
 *	str_addf(&s, "%s:%u", name, port);
 *	use(s.buf);
 *
 * buf is always NUL-terminated; len never counts the NUL and is always below cap.
 */
#ifndef SOCKLENS_CORE_STR_H
#define SOCKLENS_CORE_STR_H

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>

struct str {
	char *buf;
	size_t cap;		/* size of buf in bytes, at least 1 */
	size_t len;		/* bytes written, without the NUL */
	bool cut;		/* something did not fit */
};

#define STR_ON_STACK(name, size) \
	char name##_bytes[size]; \
	struct str name = str_on(name##_bytes, sizeof(name##_bytes))

/* A writer on the caller's buffer of cap >= 1 bytes; empties it. */
struct str str_on(char *buf, size_t cap);

void str_clear(struct str *s);
void str_char(struct str *s, char c);
void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *bytes, size_t len);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_addv(struct str *s, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Copies text into a char array of size cap, cut if it must be.  Returns true if all of it fitted. */
bool str_copy(char *dst, size_t cap, const char *text);

#endif
