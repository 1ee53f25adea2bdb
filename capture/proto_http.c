/* HTTP/1, RFC 9112: a line that says what it is, headers, and an empty line before the body. */
#include "capture/proto_app.h"

#include "src/core/safe.h"

enum { METHOD_MAX = 20, HEADERS_SHOWN = 200 };

/* ---- lines ---- */

/* Consumes a line; its bytes without the line's end.  False: the end is not here. */
static bool line_read(struct rd *r, struct rd *line)
{
	const uint8_t *start = r->base + r->at;
	const uint8_t *end = rd_left(r) ? memchr(start, '\n', rd_left(r)) : NULL;
	size_t len = end ? (size_t)(end - start) : rd_left(r);

	*line = rd_sub(r, len);
	if (end)
		rd_skip(r, 1);
	if (line->len && line->base[line->len - 1] == '\r')
		line->len--;
	return end != NULL;
}

/* Consumes up to a blank; what was before it. */
static struct rd word_read(struct rd *line)
{
	const uint8_t *start = line->base + line->at;
	const uint8_t *blank = rd_left(line) ? memchr(start, ' ', rd_left(line)) : NULL;
	struct rd word = rd_sub(line, blank ? (size_t)(blank - start) : rd_left(line));

	if (blank)
		rd_skip(line, 1);
	return word;
}

static bool begins(struct rd r, const char *text)
{
	size_t len = strlen(text);

	return rd_left(&r) >= len && memcmp(r.base + r.at, text, len) == 0;
}

static bool is_method(struct rd word)
{
	if (!word.len || word.len > METHOD_MAX)
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (!((word.base[i] >= 'A' && word.base[i] <= 'Z') || word.base[i] == '-'))
			return false;
	return true;
}

static bool is_known_method(struct rd word)
{
	static const char *const methods[] = { "GET",	"HEAD",	   "POST",    "PUT",  "DELETE",
					       "PATCH", "OPTIONS", "CONNECT", "TRACE" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (word.len == strlen(methods[i]) && begins(word, methods[i]))
			return true;
	return false;
}

struct first_line {
	bool response;
	struct rd a, b, c; /* method, target, version; or version, code, reason */
};

static struct first_line first_read(struct rd line)
{
	struct first_line f = { .response = begins(line, "HTTP/1.") };

	f.a = word_read(&line);
	f.b = word_read(&line);
	f.c = rd_rest(&line);
	return f;
}

/* A request line that goes on in the next segment is believed on a port of HTTP's. */
bool http_matches(struct rd payload, size_t len, bool on_port)
{
	struct rd line;
	bool whole = line_read(&payload, &line);
	struct first_line f = first_read(line);

	(void)len;
	if (f.response)
		return f.b.len == 3 && f.b.base[0] >= '1' && f.b.base[0] <= '5';
	if (whole && is_method(f.a) && f.b.len && begins(f.c, "HTTP/1."))
		return true;
	return on_port && is_known_method(f.a) && f.b.len && (!whole || !f.c.len);
}

/* ---- reading ---- */

static const struct proto *http_scan(struct scan *s)
{
	struct rd r = s->r, line, next;

	while (line_read(&r, &line) && line.len)
		;
	app_take(s, r.at - s->r.at);
	next = s->r;
	return rd_left(&s->r) && http_matches(rd_rest(&next), 0, false) ? &proto_http : NULL;
}

static void http_summary(struct str *out, const struct summary *s)
{
	struct rd payload = app_payload(s), line;
	struct first_line f;

	line_read(&payload, &line);
	f = first_read(line);
	str_add(out, "HTTP ");
	if (f.response) {
		app_short_text(out, f.b.base, f.b.len);
		str_add(out, f.c.len ? " " : "");
		app_short_text(out, f.c.base, f.c.len);
	} else {
		app_short_text(out, f.a.base, f.a.len);
		str_char(out, ' ');
		app_short_text(out, f.b.base, f.b.len);
	}
}

/* ---- rows ---- */

static size_t offset_of(const struct walk *w, struct rd part)
{
	return (size_t)(part.base - w->bytes);
}

static void first_rows(struct walk *w, struct rd line)
{
	struct first_line f = first_read(line);

	app_text_row(w, 1, offset_of(w, line), f.response ? "Status line" : "Request line", line,
		     NULL);
	if (f.response) {
		app_text_row(w, 2, offset_of(w, f.a), "Version", f.a, NULL);
		app_text_row(w, 2, offset_of(w, f.b), "Status", f.b,
			     "1xx go on, 2xx success, 3xx look elsewhere, 4xx the client's "
			     "mistake, 5xx the server's.");
		app_text_row(w, 2, offset_of(w, f.c), "Reason", f.c, NULL);
	} else {
		app_text_row(w, 2, offset_of(w, f.a), "Method", f.a, "What the client wants done.");
		app_text_row(w, 2, offset_of(w, f.b), "Target", f.b, "With what.");
		app_text_row(w, 2, offset_of(w, f.c), "Version", f.c, NULL);
	}
}

static const struct about {
	const char *name, *about;
} abouts[] = {
	{ "Host", "The name in the URL: one server can have many." },
	{ "Content-Length", "How many bytes of body follow the empty line." },
	{ "Content-Type", "What the body is." },
	{ "Transfer-Encoding", "chunked: the body comes in pieces, each with its length." },
	{ "Connection", "Whether the TCP connection stays open for the next request." },
	{ "User-Agent", "The client's program." },
	{ "Server", "The server's program." },
	{ "Location", "Where to look instead." },
};

static const char *about_of(const char *name)
{
	for (size_t i = 0; i < sizeof(abouts) / sizeof(abouts[0]); i++)
		if (strcasecmp(abouts[i].name, name) == 0)
			return abouts[i].about;
	return NULL;
}

static void header_row(struct walk *w, struct rd line)
{
	const uint8_t *colon = memchr(line.base, ':', line.len);
	struct rd value = line;
	STR_ON_STACK(name, sizeof(w->spare.name));

	if (!colon || colon == line.base) {
		app_text_row(w, 1, offset_of(w, line), "Line", line, NULL);
		return;
	}
	safe_add_line(&name, line.base, (size_t)(colon - line.base));
	rd_skip(&value, (size_t)(colon - line.base) + 1);
	while (rd_left(&value) && (value.base[value.at] == ' ' || value.base[value.at] == '\t'))
		rd_skip(&value, 1);
	app_text_row(w, 1, offset_of(w, line), name.buf, value, about_of(name.buf));
}

static void http_more(struct walk *w)
{
	struct rd r = walk_rd(w, w->head_at, w->head_len), line;
	bool whole = line_read(&r, &line);
	struct str text;

	first_rows(w, line);
	for (unsigned n = 0; whole && n < HEADERS_SHOWN; n++) {
		whole = line_read(&r, &line);
		if (line.len)
			header_row(w, line);
		else if (whole)
			return;
	}
	text = walk_row(w, 1, w->head_at + w->head_len, 0, "Cut", NULL);
	str_add(&text, whole ? "more headers follow" : "the headers do not end in this segment");
}

static void http_heading(const struct walk *w, struct str *out)
{
	struct rd r = walk_rd(w, w->head_at, w->head_len), line;

	line_read(&r, &line);
	app_short_text(out, line.base, line.len);
}

const struct proto proto_http = {
	.name = "Hypertext Transfer Protocol",
	.scan = http_scan,
	.heading = http_heading,
	.more = http_more,
	.summary = http_summary,
};
