/*
 * A screen as SVG.  Every word stands at the place of its first cell and says how wide it is, so that the columns line
 * up in any font.  Lines, blocks and dots are drawn as shapes: a font's glyphs for them end where the font's lines do,
 * and leave gaps.  Numbers are whole (of half pixels): a decimal point would be a comma in some locales.
 */
#include <string.h>

#include "ui/shot_impl.h"

#define CELL_W	  18
#define CELL_H	  36
#define BASELINE  27 /* of the text in its cell */
#define FONT_SIZE 30
#define MARGIN	  16
#define ALONE                                                                                      \
	0x2000 /* characters from here on are often not in the font, and as wide as another one has them */

struct pen {
	FILE *out;
	int x, y; /* of the cell */
	uint32_t ink, paper; /* of the run: 0xRRGGBB */
	unsigned attrs;
};

/* ---- shapes ---- */

enum { LEFT = 1, RIGHT = 2, UP = 4, DOWN = 8 };

static const struct stroke {
	uint16_t code;
	uint8_t arms; /* lines from the middle of the cell */
	bool heavy; /* a double line: a broad one */
	uint8_t dashes; /* of which the line across consists; 0: it is whole */
} strokes[] = {
	{ 0x2500, LEFT | RIGHT, 0, 0 },
	{ 0x2502, UP | DOWN, 0, 0 },
	{ 0x250c, RIGHT | DOWN, 0, 0 },
	{ 0x2510, LEFT | DOWN, 0, 0 },
	{ 0x2514, RIGHT | UP, 0, 0 },
	{ 0x2518, LEFT | UP, 0, 0 },
	{ 0x251c, RIGHT | UP | DOWN, 0, 0 },
	{ 0x2524, LEFT | UP | DOWN, 0, 0 },
	{ 0x252c, LEFT | RIGHT | DOWN, 0, 0 },
	{ 0x2534, LEFT | RIGHT | UP, 0, 0 },
	{ 0x253c, LEFT | RIGHT | UP | DOWN, 0, 0 },
	{ 0x254c, LEFT | RIGHT, 0, 2 },
	{ 0x2506, UP | DOWN, 0, 3 },
	{ 0x2550, LEFT | RIGHT, 1, 0 },
	{ 0x2551, UP | DOWN, 1, 0 },
	{ 0x2554, RIGHT | DOWN, 1, 0 },
	{ 0x2557, LEFT | DOWN, 1, 0 },
	{ 0x255a, RIGHT | UP, 1, 0 },
	{ 0x255d, LEFT | UP, 1, 0 },
	{ 0x2560, RIGHT | UP | DOWN, 1, 0 },
	{ 0x2563, LEFT | UP | DOWN, 1, 0 },
	{ 0x2566, LEFT | RIGHT | DOWN, 1, 0 },
	{ 0x2569, LEFT | RIGHT | UP, 1, 0 },
	{ 0x256c, LEFT | RIGHT | UP | DOWN, 1, 0 },
};

static const struct block {
	uint16_t code;
	uint8_t left, top, right, bottom; /* in eighths of the cell */
	uint8_t percent; /* of ink */
} blocks[] = {
	{ 0x2588, 0, 0, 8, 8, 100 }, { 0x258c, 0, 0, 4, 8, 100 }, { 0x2590, 4, 0, 8, 8, 100 },
	{ 0x2580, 0, 0, 8, 4, 100 }, { 0x2584, 0, 4, 8, 8, 100 }, { 0x2591, 0, 0, 8, 8, 25 },
	{ 0x2592, 0, 0, 8, 8, 50 },  { 0x2593, 0, 0, 8, 8, 75 },
};

static const struct stroke *stroke_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(strokes) / sizeof(strokes[0]); i++)
		if (strokes[i].code == code)
			return &strokes[i];
	return NULL;
}

static const struct block *block_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (blocks[i].code == code)
			return &blocks[i];
	return NULL;
}

static bool is_braille(uint32_t code)
{
	return code > 0x2800 && code <= 0x28ff;
}

static void put_dashes(const struct pen *p, const struct stroke *s, int count)
{
	bool across = s->arms == (LEFT | RIGHT);
	int whole = across ? CELL_W : CELL_H, part = whole / s->dashes;

	for (int i = 0; i < count * s->dashes; i++) {
		int at = i * part + part / 4;

		if (across)
			fprintf(p->out, "M%d %dh%d", p->x + at, p->y + CELL_H / 2, part / 2);
		else
			fprintf(p->out, "M%d %dv%d", p->x + CELL_W / 2, p->y + at, part / 2);
	}
}

/* The same character so many times beside each other. */
static void put_stroke(const struct pen *p, const struct stroke *s, int count)
{
	int middle_x = p->x + CELL_W / 2, middle_y = p->y + CELL_H / 2;
	int left = s->arms & LEFT ? p->x : middle_x,
	    right = s->arms & RIGHT ? p->x + CELL_W : middle_x;
	int top = s->arms & UP ? p->y : middle_y,
	    bottom = s->arms & DOWN ? p->y + CELL_H : middle_y;

	if (s->dashes) {
		put_dashes(p, s, count);
		return;
	}
	if (s->arms == (LEFT | RIGHT)) {
		fprintf(p->out, "M%d %dh%d", left, middle_y, count * CELL_W);
		return;
	}
	for (int i = 0; i < count; i++) {
		if (right > left)
			fprintf(p->out, "M%d %dh%d", left + i * CELL_W, middle_y, right - left);
		if (bottom > top)
			fprintf(p->out, "M%d %dv%d", middle_x + i * CELL_W, top, bottom - top);
	}
}

static int same_codes(const struct cell *c, int cells)
{
	int n = 1;

	while (n < cells && c[n].code == c->code)
		n++;
	return n;
}

/* As many cells as are lines of one width, as one path. */
static int put_strokes(struct pen *p, const struct cell *c, int cells)
{
	const struct stroke *first = stroke_of(c->code), *s;
	bool bold = p->attrs & LOOK_BOLD;
	int at = 0;

	fprintf(p->out, "<path stroke=\"#%06x\" stroke-width=\"%d\" d=\"", (unsigned)p->ink,
		first->heavy ? 7
		: bold	     ? 3
			     : 2);
	while (at < cells && (s = stroke_of(c[at].code)) && s->heavy == first->heavy) {
		int n = same_codes(c + at, cells - at);

		put_stroke(p, s, n);
		p->x += n * CELL_W;
		at += n;
	}
	fputs("\"/>\n", p->out);
	return at;
}

static int put_blocks(const struct pen *p, const struct cell *c, int cells)
{
	const struct block *b = block_of(c->code);
	bool whole = b->left == 0 && b->right == 8;
	int n = whole ? same_codes(c, cells) : 1;

	fprintf(p->out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"",
		p->x + b->left * CELL_W / 8, p->y + b->top * CELL_H / 8,
		n * (b->right - b->left) * CELL_W / 8, (b->bottom - b->top) * CELL_H / 8,
		(unsigned)p->ink);
	if (b->percent < 100)
		fprintf(p->out, " fill-opacity=\"0.%02d\"", b->percent);
	fputs("/>\n", p->out);
	return n;
}

/* Dots 1 to 8 are bits: three down at the left, three down at the right, then the two at the bottom. */
static void put_braille(const struct pen *p, uint32_t code)
{
	static const struct {
		uint8_t x, y;
	} dots[8] = {
		{ 0, 0 }, { 0, 1 }, { 0, 2 }, { 1, 0 }, { 1, 1 }, { 1, 2 }, { 0, 3 }, { 1, 3 }
	};

	fprintf(p->out, "<path fill=\"#%06x\" d=\"", (unsigned)p->ink);
	for (int i = 0; i < 8; i++)
		if (code & (1u << i))
			fprintf(p->out, "M%d %dh5v5h-5z", p->x + 2 + dots[i].x * CELL_W / 2,
				p->y + 2 + dots[i].y * CELL_H / 4);
	fputs("\"/>\n", p->out);
}

/* ---- text ---- */

/* XML has no way at all to write these. */
static bool xml_allows(uint32_t code)
{
	return code >= ' ' && code != 0x7f && (code < 0xd800 || code > 0xdfff) && code != 0xfffe &&
	       code != 0xffff && code <= 0x10ffff;
}

static void put_xml_code(uint32_t code, FILE *out)
{
	if (code == '&')
		fputs("&amp;", out);
	else if (code == '<')
		fputs("&lt;", out);
	else if (code == '>')
		fputs("&gt;", out);
	else
		shot_put_code(xml_allows(code) ? code : 0xfffd, out);
}

static void put_xml(const struct cell *c, FILE *out)
{
	if (c->code)
		put_xml_code(c->code, out);
	if (c->code && c->mark)
		put_xml_code(c->mark, out);
}

static bool stands_alone(const struct cell *c, int x, int cells)
{
	return c[x].code >= ALONE || (x + 1 < cells && c[x + 1].code == 0);
}

/* Cells of a word, or of words with single blanks between; of a character that stands alone its one or two. */
static int word_cells(const struct cell *c, int cells)
{
	int n = 1;

	if (stands_alone(c, 0, cells))
		return cells > 1 && c[1].code == 0 ? 2 : 1;
	while (n < cells && !stands_alone(c, n, cells)) {
		bool blank = c[n].code == ' ' && !c[n].mark;

		if (blank &&
		    (n + 1 >= cells || c[n + 1].code == ' ' || stands_alone(c, n + 1, cells)))
			break;
		n++;
	}
	return n;
}

static int put_word(const struct pen *p, const struct cell *c, int cells)
{
	int n = word_cells(c, cells);

	fprintf(p->out,
		"<text x=\"%d\" y=\"%d\" textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\"", p->x,
		p->y + BASELINE, n * CELL_W);
	fprintf(p->out, " fill=\"#%06x\"", (unsigned)p->ink);
	if (p->attrs & LOOK_BOLD)
		fputs(" font-weight=\"bold\"", p->out);
	if (p->attrs & LOOK_ITALIC)
		fputs(" font-style=\"italic\"", p->out);
	putc('>', p->out);
	for (int i = 0; i < n; i++)
		put_xml(&c[i], p->out);
	fputs("</text>\n", p->out);
	return n;
}

/* ---- runs ---- */

static uint32_t blend(uint32_t a, uint32_t b)
{
	uint32_t mixed = 0;

	for (int shift = 0; shift <= 16; shift += 8)
		mixed |= ((a >> shift & 0xff) * 3 + (b >> shift & 0xff) * 2) / 5 << shift;
	return mixed;
}

static struct pen pen_for(const struct shot_run *run, int y, FILE *out)
{
	const struct shade *s = &run->shade;
	struct pen p = { .out = out,
			 .x = MARGIN + run->x * CELL_W,
			 .y = MARGIN + y * CELL_H,
			 .ink = s->fg < 0 ? 0x000000 : theme_rgb(s->fg),
			 .paper = s->bg < 0 ? 0xffffff : theme_rgb(s->bg),
			 .attrs = s->attrs };

	if (s->attrs & LOOK_REVERSE) {
		uint32_t ink = p.ink;

		p.ink = p.paper;
		p.paper = ink;
	}
	if (s->attrs & LOOK_DIM)
		p.ink = blend(p.ink, p.paper);
	return p;
}

static void put_cells(struct pen p, const struct shot_run *run)
{
	for (int x = run->x, n; x < run->end; x += n) {
		const struct cell *c = &run->row[x];

		n = 1;
		p.x = MARGIN + x * CELL_W;
		if (stroke_of(c->code))
			n = put_strokes(&p, c, run->end - x);
		else if (block_of(c->code))
			n = put_blocks(&p, c, run->end - x);
		else if (is_braille(c->code))
			put_braille(&p, c->code);
		else if (c->code && (c->code != ' ' || c->mark))
			n = put_word(&p, c, run->end - x);
	}
}

static void put_line(const struct pen *p, const struct shot_run *run)
{
	if (p->attrs & LOOK_UNDERLINE)
		fprintf(p->out, "<path stroke=\"#%06x\" stroke-width=\"2\" d=\"M%d %dh%d\"/>\n",
			(unsigned)p->ink, p->x, p->y + BASELINE + 4, (run->end - run->x) * CELL_W);
}

static void put_row(const struct grid *g, const struct theme *t, int y, uint32_t paper, FILE *out)
{
	struct shot_run run = { .end = 0 };

	while (shot_next_run(g, t, y, &run)) {
		struct pen p = pen_for(&run, y, out);

		if (p.paper != paper)
			fprintf(out,
				"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\" "
				"shape-rendering=\"crispEdges\"/>\n",
				p.x, p.y, (run.end - run.x) * CELL_W, CELL_H, (unsigned)p.paper);
		put_cells(p, &run);
		put_line(&p, &run);
	}
}

void shot_svg(const struct grid *g, const struct theme *t, FILE *out)
{
	struct shade plain = theme_shade(t, STYLE_PLAIN, false);
	uint32_t paper = plain.bg < 0 ? 0xffffff : theme_rgb(plain.bg);
	int width = g->width * CELL_W + 2 * MARGIN, height = g->height * CELL_H + 2 * MARGIN;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" fill=\"none\" font-size=\"%d\" "
		"font-family=\"DejaVu Sans Mono, Liberation Mono, Menlo, Consolas, monospace\">\n",
		width / 2, height / 2, width, height, FONT_SIZE);
	fprintf(out, "<rect width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n", width, height,
		(unsigned)paper);
	for (int y = 0; y < g->height; y++)
		put_row(g, t, y, paper, out);
	fputs("</svg>\n", out);
}
