/*
 * All text becomes cells through one iterator, `letters`, which knows from core/safe what may be
 * shown as itself; what may not comes out as the letters of its escape.  A cell holds one combining
 * mark, so the second one is escaped too.
 */
#include "ui/grid.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/safe.h"

#define GRID_MAX   8192 /* cells in a row, rows in a grid */
#define ELLIPSIS   0x2026
#define TEXTF_SIZE 2048

/* ---- text as letters ---- */

struct letters {
	const char *text;
	size_t len;
	unsigned marks;
	char escape[20]; /* of the character before, as far as it is not yet given */
	size_t escape_at, escape_len;
};

struct letter {
	uint32_t code, mark;
	int width;
};

static struct letters letters_of(const char *text)
{
	return (struct letters){ .text = text, .len = strlen(text), .marks = SAFE_NO_BASE };
}

static void skip(struct letters *in, size_t bytes)
{
	in->text += bytes;
	in->len -= bytes;
}

/* Takes the mark that sits on the character just read. */
static uint32_t take_mark(struct letters *in)
{
	struct safe_char c;

	if (in->len == 0)
		return 0;
	c = safe_next(in->text, in->len);
	if (!c.harmless || c.width > 0)
		return 0;
	skip(in, c.bytes);
	in->marks = SAFE_NO_BASE;
	return c.code;
}

static void start_escape(struct letters *in, const struct safe_char *c)
{
	struct str s = str_on(in->escape, sizeof(in->escape));

	safe_escape(&s, c);
	in->escape_at = 0;
	in->escape_len = s.len;
}

static bool next_letter(struct letters *in, struct letter *out)
{
	*out = (struct letter){ .width = 1 };
	if (in->escape_at == in->escape_len) {
		struct safe_char c;

		if (in->len == 0)
			return false;
		c = safe_next(in->text, in->len);
		skip(in, c.bytes);
		if (safe_stays(&c, &in->marks)) {
			out->code = c.code;
			out->width = c.width;
			out->mark = take_mark(in);
			return true;
		}
		start_escape(in, &c);
	}
	out->code = (uint8_t)in->escape[in->escape_at++];
	return true;
}

int text_width(const char *text)
{
	struct letters in = letters_of(text);
	struct letter l;
	int width = 0;

	while (next_letter(&in, &l) && width < GRID_MAX)
		width += l.width;
	return width;
}

/* ---- cells ---- */

static const struct cell blank = { .code = ' ' };

int grid_init(struct grid *g, int width, int height, struct err *e)
{
	width = width < 1 ? 1 : width > GRID_MAX ? GRID_MAX : width;
	height = height < 1 ? 1 : height > GRID_MAX ? GRID_MAX : height;
	*g = (struct grid){ .width = width, .height = height };
	g->cell = calloc((size_t)width * (size_t)height, sizeof(*g->cell));
	if (!g->cell)
		return err_errno(e, errno, NULL, "a screen of %d by %d cells", width, height);
	grid_clear(g);
	return 0;
}

void grid_fini(struct grid *g)
{
	free(g->cell);
	*g = (struct grid){ 0 };
}

void grid_clear(struct grid *g)
{
	size_t cells = (size_t)g->width * (size_t)g->height;

	for (size_t i = 0; i < cells; i++)
		g->cell[i] = blank;
	g->caret_x = g->caret_y = -1;
}

struct area grid_area(struct grid *g)
{
	return (struct area){ .grid = g, .width = g->width, .height = g->height };
}

static int within(int n, int low, int high)
{
	return n < low ? low : n > high ? high : n;
}

struct area area_sub(struct area a, int x, int y, int width, int height)
{
	int right = within(width > 0 && x > a.width - width ? a.width : x + width, 0, a.width);
	int bottom =
		within(height > 0 && y > a.height - height ? a.height : y + height, 0, a.height);

	x = within(x, 0, a.width);
	y = within(y, 0, a.height);
	return (struct area){ .grid = a.grid,
			      .x = a.x + x,
			      .y = a.y + y,
			      .width = within(right - x, 0, a.width),
			      .height = within(bottom - y, 0, a.height) };
}

static struct cell *cell_at(struct area a, int x, int y)
{
	if (x < 0 || y < 0 || x >= a.width || y >= a.height)
		return NULL;
	return &a.grid->cell[(size_t)(a.y + y) * (size_t)a.grid->width + (size_t)(a.x + x)];
}

/* What is about to be overwritten may be half of a wide character: the other half becomes a blank.
 */
static void break_wide(struct area a, int x, struct cell *c)
{
	if (c->code == 0 && a.x + x > 0)
		c[-1].code = ' ';
	if (c->code != 0 && a.x + x + 1 < a.grid->width && c[1].code == 0)
		c[1].code = ' ';
}

static void put_cell(struct area a, int x, int y, enum style s, uint32_t code, uint32_t mark)
{
	struct cell *c = cell_at(a, x, y);

	if (!c)
		return;
	break_wide(a, x, c);
	c->code = code;
	c->mark = mark;
	c->style = (uint8_t)s;
}

/* A wide character of which only one half lies in the area becomes a blank. */
static void put_letter(struct area a, int x, int y, enum style s, const struct letter *l)
{
	if (l->width == 2 && (!cell_at(a, x, y) || !cell_at(a, x + 1, y))) {
		put_cell(a, x, y, s, ' ', 0);
		put_cell(a, x + 1, y, s, ' ', 0);
		return;
	}
	put_cell(a, x, y, s, l->code, l->mark);
	if (l->width == 2)
		put_cell(a, x + 1, y, s, 0, 0);
}

/* ---- drawing ---- */

int area_text(struct area a, int x, int y, enum style s, const char *text)
{
	struct letters in = letters_of(text);
	bool cut = x + text_width(text) > a.width;
	int end = cut ? a.width - 1 : a.width, at = x;
	struct letter l;

	if (x >= a.width)
		return 0;
	while (next_letter(&in, &l) && at + l.width <= end) {
		put_letter(a, at, y, s, &l);
		at += l.width;
	}
	if (!cut)
		return at - x;
	for (; at < end; at++)
		put_cell(a, at, y, s, ' ', 0);
	put_cell(a, end, y, s, ELLIPSIS, 0);
	return a.width - x;
}

int area_textf(struct area a, int x, int y, enum style s, const char *fmt, ...)
{
	STR_ON_STACK(text, TEXTF_SIZE);
	va_list ap;

	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	return area_text(a, x, y, s, text.buf);
}

int area_text_right(struct area a, int x_end, int y, enum style s, const char *text)
{
	int width = text_width(text);

	a = area_sub(a, 0, 0, within(x_end, 0, a.width), a.height);
	return area_text(a, width < a.width ? a.width - width : 0, y, s, text);
}

void area_fill(struct area a, int x, int y, int n, enum style s, uint32_t code)
{
	int end = n < a.width - x ? x + n : a.width;

	for (int at = x < 0 ? 0 : x; at < end; at++)
		put_cell(a, at, y, s, code, 0);
}

void area_accent(struct area a, int x, int y, int n)
{
	int end = n < a.width - x ? x + n : a.width;

	for (int at = x < 0 ? 0 : x; at < end; at++) {
		struct cell *c = cell_at(a, at, y);

		if (c)
			c->accent = true;
	}
}

/* ---- wrapping ---- */

/*
 * Bytes of the first line of text when it is at most `width` cells: up to the last blank that fits,
 * or as much of a long word as fits.  *next: where the line after it starts.
 */
static size_t first_line(const char *text, int width, size_t *next)
{
	struct letters in = letters_of(text);
	struct letter l;
	size_t at = 0, end = 0, after = 0;
	int x = 0;

	for (;;) {
		bool whole = in.escape_at == in.escape_len;

		at = whole ? (size_t)(in.text - text) : at;
		if (whole && (in.len == 0 || *in.text == '\n')) {
			*next = at + (in.len > 0);
			return at;
		}
		if (whole && *in.text == ' ') {
			end = at;
			after = at + 1;
		}
		next_letter(&in, &l);
		x += l.width;
		if (x > width && at > 0 && !(whole && l.code == ' '))
			break;
	}
	*next = after ? after : at;
	return after ? end : at;
}

static void draw_line(struct area a, int y, enum style s, const char *text, size_t len)
{
	struct letters in = { .text = text, .len = len, .marks = SAFE_NO_BASE };
	struct letter l;

	for (int x = 0; x < a.width && next_letter(&in, &l); x += l.width)
		put_letter(a, x, y, s, &l);
}

int area_wrap(struct area a, int y, enum style s, const char *text)
{
	int rows = 0;

	if (a.width < 1)
		return 0;
	while (*text) {
		size_t next, len = first_line(text, a.width, &next);

		draw_line(a, y + rows, s, text, len);
		rows++;
		text += next;
	}
	return rows;
}

/* ---- the grid as text ---- */

static void add_code(struct str *out, uint32_t code)
{
	char utf8[4];

	str_addn(out, utf8, safe_utf8(code, utf8));
}

int grid_row_used(const struct grid *g, int y)
{
	const struct cell *row = g->cell + (size_t)y * (size_t)g->width;
	int x = g->width;

	while (x > 0 && row[x - 1].code == ' ' && !row[x - 1].mark)
		x--;
	return x;
}

void grid_text(const struct grid *g, struct str *out)
{
	for (int y = 0; y < g->height; y++) {
		const struct cell *row = g->cell + (size_t)y * (size_t)g->width;
		int end = grid_row_used(g, y);

		for (int x = 0; x < end; x++) {
			if (row[x].code)
				add_code(out, row[x].code);
			if (row[x].mark)
				add_code(out, row[x].mark);
		}
		str_char(out, '\n');
	}
}
