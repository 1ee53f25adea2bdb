#include "ui/glyph.h"

#include <assert.h>
#include <stddef.h>

#include "ui/grid.h"

struct twin {
	uint16_t code;
	char ascii;
};

static const struct twin glyphs[] = {
	[GLYPH_LINE] = { 0x2500, '-' },
	[GLYPH_DASH] = { 0x254c, '.' },
	[GLYPH_RAIL] = { 0x2502, '|' },
	[GLYPH_RIGHT] = { 0x25b6, '>' },
	[GLYPH_LEFT] = { 0x25c0, '<' },
	[GLYPH_LOST] = { 0x2717, 'x' },
	[GLYPH_HELD] = { 0x25c6, '#' },
	[GLYPH_COPY] = { 0x003d, '=' },
	[GLYPH_BLOCK_START] = { 0x2510, ',' },
	[GLYPH_BLOCK_START_LEFT] = { 0x250c, ',' },
	[GLYPH_BLOCK] = { 0x2506, ':' },
	[GLYPH_BLOCK_END] = { 0x2518, '\'' },
	[GLYPH_BLOCK_END_LEFT] = { 0x2514, '\'' },
	[GLYPH_RETRANSMIT] = { 0x21bb, '~' },
	[GLYPH_ELLIPSIS] = { 0x2026, '.' },
	[GLYPH_DOT] = { 0x00b7, '.' },
	[GLYPH_ARROW] = { 0x2192, '>' },
	[GLYPH_BOTH] = { 0x21c4, '=' },
	[GLYPH_CURSOR] = { 0x258c, '>' },
	[GLYPH_MARK] = { 0x25cf, '*' },
	[GLYPH_OUTPUT] = { 0x00bb, '>' },
	[GLYPH_ERROR_OUTPUT] = { '!', '!' },
	[GLYPH_LOCAL_RIGHT] = { 0x25b7, '>' },
	[GLYPH_LOCAL_LEFT] = { 0x25c1, '<' },
};
static_assert(sizeof(glyphs) / sizeof(glyphs[0]) == GLYPH_COUNT, "a row for each glyph");

/* Characters of our own texts that are no glyphs. */
static const struct twin others[] = {
	{ 0x00b5, 'u' }, /* µ of µs */
	{ 0x00d7, 'x' }, /* × */
	{ 0x2190, '<' }, /* ← */
	{ 0x2191, '^' }, /* ↑ */
	{ 0x2193, 'v' }, /* ↓ */
	{ 0x2013, '-' }, /* – */
	{ 0x2014, '-' }, /* — */
	{ 0x2018, '\'' },
	{ 0x2019, '\'' },
	{ 0x201c, '"' },
	{ 0x201d, '"' },
	{ 0x2022, '*' }, /* • */
	{ 0x25cb, 'o' }, /* ○ */
	{ 0x2248, '~' }, /* ≈ */
	{ 0x2713, '+' }, /* ✓ */
	{ 0x2026, '.' },
	/* lines that meet, single and double, and shades: figures and bars */
	{ 0x251c, '+' },
	{ 0x2524, '+' },
	{ 0x252c, '+' },
	{ 0x2534, '+' },
	{ 0x253c, '+' },
	{ 0x2550, '=' },
	{ 0x2551, '#' },
	{ 0x2554, '#' },
	{ 0x2557, '#' },
	{ 0x255a, '#' },
	{ 0x255d, '#' },
	{ 0x2560, '#' },
	{ 0x2563, '#' },
	{ 0x2566, '#' },
	{ 0x2569, '#' },
	{ 0x256c, '#' },
	{ 0x2588, '#' },
	{ 0x2593, '=' },
	{ 0x2592, '%' },
	{ 0x2591, ':' },
};

uint32_t glyph_code(enum glyph g, bool ascii)
{
	return ascii ? (uint32_t)glyphs[g].ascii : glyphs[g].code;
}

static char find_twin(const struct twin *rows, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].code == code)
			return rows[i].ascii;
	return '\0';
}

uint32_t glyph_twin(uint32_t code)
{
	char c;

	if (code < 0x80)
		return code;
	c = find_twin(glyphs, GLYPH_COUNT, code);
	if (code > 0x2800 && code <= 0x28ff) /* dots of braille: a graph */
		return '*';
	if (!c)
		c = find_twin(others, sizeof(others) / sizeof(others[0]), code);
	return (uint32_t)(c ? c : '?');
}

void glyph_to_ascii(struct grid *g)
{
	size_t cells = (size_t)g->width * (size_t)g->height;

	for (size_t i = 0; i < cells; i++) {
		struct cell *c = &g->cell[i];

		c->code = c->code ? glyph_twin(c->code) : ' ';
		c->mark = 0;
	}
}
