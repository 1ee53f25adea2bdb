/*
 * safe: the one place where bytes from outside (payload, names, file comments, a program's output)
 * become text that a terminal, a log line or a trace file can hold.
 *
 * ncurses stops C0 and C1 controls but lets bidirectional overrides, zero-width characters and endless
 * combining marks through, and drops the rest of a string at an invalid UTF-8 byte.  So decoding is done
 * here: what comes out is a printable character of a known width of 1 or 2 cells, or an escape.
 */
#ifndef SOCKLENS_CORE_SAFE_H
#define SOCKLENS_CORE_SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/str.h"

/* One character of foreign text. */
struct safe_char {
	uint32_t code;		/* the Unicode code point if printable, else the byte or code point to escape */
	uint8_t bytes;		/* bytes of input consumed, at least 1 */
	uint8_t width;		/* cells: 1 or 2; 0 for a combining mark that may stay */
	bool harmless;		/* may be shown as it is; otherwise show an escape */
};

/*
 * Decodes the first character of len >= 1 bytes.  Controls, format characters (bidi, zero-width),
 * line and paragraph separators, private use, unassigned code points and invalid UTF-8 are not harmless.
 * Does not depend on the locale.
 */
struct safe_char safe_next(const void *bytes, size_t len);

/*
 * Whether the character may be shown as itself here.  *marks counts the combining marks since the last
 * character that stands for itself; start with SAFE_NO_BASE (nothing to combine with).
 */
#define SAFE_NO_BASE	2
bool safe_stays(const struct safe_char *c, unsigned *marks);

/* Appends the escape of one character: \n \t \r, \xNN for a byte, \u{NNNN} for a code point. */
void safe_escape(struct str *out, const struct safe_char *c);

/* Writes a code point as UTF-8; returns the bytes used, 1 to 4. */
size_t safe_utf8(uint32_t code, char dst[4]);

/*
 * Appends len bytes as one line of harmless UTF-8: newline, tab, carriage return and backslash as \n \t
 * \r \\, other harmful input as \xNN (a byte) or \u{NNNN} (a code point), at most two combining marks per character.
 * safe_unescape() gives the bytes back exactly.
 */
void safe_add(struct str *out, const void *bytes, size_t len);

/* safe_add() for a NUL-terminated text. */
void safe_add_text(struct str *out, const char *text);

/*
 * As safe_add(), but a backslash stays as it is: for text that is made harmless for the second time (a
 * message that quotes some), where reading it matters and getting the bytes back does not.
 */
void safe_add_line(struct str *out, const void *bytes, size_t len);

/* As safe_add(), inside double quotes, with " as \" ; at most max bytes of input, then "..." behind. */
void safe_add_quoted(struct str *out, const void *bytes, size_t len, size_t max);

/* Undoes safe_add(): writes at most cap bytes to dst.  Returns the number of bytes, or -1 if text is malformed or too long. */
long safe_unescape(const char *text, size_t len, void *dst, size_t cap);

#endif
