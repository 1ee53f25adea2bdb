#include "ui/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/safe.h"
#include "src/core/str.h"
#include "ui/term.h"

/* ---- moving by characters: a character is what stands in its own cells, with its marks ---- */

static size_t next_character(const struct prompt *p, size_t at)
{
	size_t start = at;

	while (at < p->len) {
		struct safe_char c = safe_next(p->text + at, p->len - at);

		if (at > start && !(c.harmless && c.width == 0))
			break;
		at += c.bytes;
	}
	return at;
}

static size_t previous_character(const struct prompt *p, size_t at)
{
	size_t before = 0;

	for (size_t next = 0; next < at; next = next_character(p, next))
		before = next;
	return before;
}

static bool in_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c < 0;
}

static size_t previous_word(const struct prompt *p, size_t at)
{
	while (at > 0 && !in_word(p->text[at - 1]))
		at--;
	while (at > 0 && in_word(p->text[at - 1]))
		at--;
	return at;
}

/* ---- editing ---- */

/* Puts len bytes in the place of text[from..to); false if the line would become too long. */
static bool replace(struct prompt *p, size_t from, size_t to, const char *bytes, size_t len)
{
	if (len > sizeof(p->text) - 1 - (p->len - (to - from)))
		return false;
	memmove(p->text + from + len, p->text + to, p->len - to + 1);
	memcpy(p->text + from, bytes, len);
	p->len = p->len - (to - from) + len;
	p->cursor = from + len;
	return true;
}

static void insert(struct prompt *p, uint32_t code)
{
	char utf8[4];

	replace(p, p->cursor, p->cursor, utf8, safe_utf8(code, utf8));
}

static void erase(struct prompt *p, size_t from, size_t to)
{
	replace(p, from, to, "", 0);
}

void prompt_set(struct prompt *p, const char *text)
{
	struct str s = str_on(p->text, sizeof(p->text));

	str_add(&s, text);
	p->len = p->cursor = s.len;
	p->offers = 0;
	p->menu = false;
}

void prompt_point(struct prompt *p, int column)
{
	int x = 1;

	for (p->cursor = 0; p->cursor < p->len && x < column;) {
		struct safe_char c = safe_next(p->text + p->cursor, p->len - p->cursor);

		p->cursor += c.bytes;
		x += c.width;
	}
}

/* ---- history ---- */

void prompt_remember(struct prompt *p, const char *text)
{
	char *copy;

	p->at = p->lines;
	if (!*text || (p->lines > 0 && strcmp(p->history[p->lines - 1], text) == 0))
		return;
	copy = strdup(text);
	if (!copy)
		return;
	if (p->lines == PROMPT_HISTORY) {
		free(p->history[0]);
		memmove(p->history, p->history + 1, (PROMPT_HISTORY - 1) * sizeof(p->history[0]));
		p->lines--;
	}
	p->history[p->lines++] = copy;
	p->at = p->lines;
}

static void recall(struct prompt *p, bool older)
{
	if (older ? p->at == 0 : p->at >= p->lines)
		return;
	if (p->at >= p->lines)
		(void)str_copy(p->draft, sizeof(p->draft), p->text);
	p->at = older ? p->at - 1 : p->at + 1;
	prompt_set(p, p->at < p->lines ? p->history[p->at] : p->draft);
}

/* ---- completion ---- */

static void take_offer(void *context, const struct parse_offer *offer)
{
	struct prompt *p = context;
	struct prompt_offer *o = &p->offer[p->offers];

	if (p->offers == PROMPT_OFFERS || offer->from > p->cursor)
		return;
	*o = (struct prompt_offer){ .from = offer->from,
				    .after = offer->after,
				    .placeholder = offer->placeholder };
	if (!str_copy(o->word, sizeof(o->word), offer->word) && !o->placeholder)
		return;
	(void)str_copy(o->help, sizeof(o->help), offer->help ? offer->help : "");
	p->offers++;
}

static void ask_words(struct prompt *p)
{
	p->offers = 0;
	if (p->words)
		p->words(p->context, p->text, p->cursor, take_offer, p);
}

/* The next offer that can be put in, from number i on; p->offers if there is none. */
static size_t real_offer(const struct prompt *p, size_t i)
{
	while (i < p->offers && p->offer[i].placeholder)
		i++;
	return i;
}

static size_t real_offers(const struct prompt *p)
{
	size_t count = 0;

	for (size_t i = real_offer(p, 0); i < p->offers; i = real_offer(p, i + 1))
		count++;
	return count;
}

static void put_offer(struct prompt *p, const struct prompt_offer *o)
{
	size_t from = o->from;

	if (!replace(p, from, p->cursor, o->word, strlen(o->word)) || !o->after)
		return;
	if (p->text[p->cursor] == o->after)
		p->cursor++;
	else
		replace(p, p->cursor, p->cursor, &o->after, 1);
}

/* Length of what all words that replace from the same place have in common. */
static size_t common_length(const struct prompt *p, size_t first)
{
	const struct prompt_offer *o = &p->offer[first];
	size_t len = strlen(o->word);

	for (size_t i = real_offer(p, first + 1); i < p->offers; i = real_offer(p, i + 1)) {
		size_t same = 0;

		if (p->offer[i].from != o->from)
			return 0;
		while (same < len && p->offer[i].word[same] == o->word[same])
			same++;
		len = same;
	}
	return len;
}

static void complete(struct prompt *p)
{
	size_t first, len;

	ask_words(p);
	first = real_offer(p, 0);
	if (first == p->offers)
		return;
	if (real_offers(p) == 1) {
		put_offer(p, &p->offer[first]);
		return;
	}
	len = common_length(p, first);
	if (len > p->cursor - p->offer[first].from) {
		replace(p, p->offer[first].from, p->cursor, p->offer[first].word, len);
		return;
	}
	p->menu = true;
	p->picked = first;
}

static void pick(struct prompt *p, bool forward)
{
	size_t i = p->picked;

	do {
		i = forward ? i + 1 : i + p->offers - 1;
		i %= p->offers;
	} while (p->offer[i].placeholder);
	p->picked = i;
}

/* A key while the menu is open; false if it closes the menu and means what it always means. */
static bool menu_key(struct prompt *p, uint32_t key)
{
	switch (key) {
	case TERM_TAB:
	case TERM_DOWN:
		pick(p, true);
		return true;
	case TERM_BACK_TAB:
	case TERM_UP:
		pick(p, false);
		return true;
	case TERM_ENTER:
		put_offer(p, &p->offer[p->picked]);
		p->menu = false;
		return true;
	case TERM_ESCAPE:
		p->menu = false;
		return true;
	}
	p->menu = false;
	return false;
}

/* ---- keys ---- */

static bool move(struct prompt *p, uint32_t key)
{
	switch (key) {
	case TERM_LEFT:
		p->cursor = previous_character(p, p->cursor);
		return true;
	case TERM_RIGHT:
		p->cursor = next_character(p, p->cursor);
		return true;
	case TERM_HOME:
	case TERM_CTRL_A:
		p->cursor = 0;
		return true;
	case TERM_END:
	case TERM_CTRL_E:
		p->cursor = p->len;
		return true;
	case TERM_UP:
	case TERM_DOWN:
		recall(p, key == TERM_UP);
		return true;
	}
	return false;
}

static bool edit(struct prompt *p, uint32_t key)
{
	switch (key) {
	case TERM_BACKSPACE:
		erase(p, previous_character(p, p->cursor), p->cursor);
		return true;
	case TERM_DELETE:
		erase(p, p->cursor, next_character(p, p->cursor));
		return true;
	case TERM_CTRL_U:
		erase(p, 0, p->cursor);
		return true;
	case TERM_CTRL_K:
		erase(p, p->cursor, p->len);
		return true;
	case TERM_CTRL_W:
		erase(p, previous_word(p, p->cursor), p->cursor);
		return true;
	case TERM_TAB:
		complete(p);
		return true;
	}
	return false;
}

/* A character that may stand in a line; a mark only behind something. */
static bool typed(struct prompt *p, uint32_t key)
{
	char utf8[4];
	struct safe_char c;

	if (key < ' ' || key >= TERM_KEY_BASE)
		return false;
	c = safe_next(utf8, safe_utf8(key, utf8));
	if (!c.harmless || (c.width == 0 && p->cursor == 0))
		return false;
	insert(p, key);
	return true;
}

enum prompt_answer prompt_key(struct prompt *p, uint32_t key)
{
	if (p->menu && menu_key(p, key)) {
		if (!p->menu)
			ask_words(p);
		return PROMPT_EDITED;
	}
	if (key == TERM_ENTER)
		return PROMPT_ENTERED;
	if (key == TERM_ESCAPE)
		return PROMPT_LEFT;
	if (!move(p, key) && !edit(p, key) && !typed(p, key))
		return PROMPT_NOTHING;
	ask_words(p);
	if (p->menu && real_offer(p, 0) == p->offers)
		p->menu = false;
	return PROMPT_EDITED;
}

void prompt_init(struct prompt *p, prompt_words_fn *words, void *context)
{
	*p = (struct prompt){ .words = words, .context = context };
}

void prompt_fini(struct prompt *p)
{
	for (size_t i = 0; i < p->lines; i++)
		free(p->history[i]);
	p->lines = p->at = 0;
}

/* ---- drawing ---- */

/* Cells of the line up to a byte. */
static int cells_to(const struct prompt *p, size_t to)
{
	char part[PROMPT_SIZE];
	struct str s = str_on(part, sizeof(part));

	str_addn(&s, p->text, to);
	return text_width(part);
}

int prompt_draw(const struct prompt *p, struct area a, const char *label)
{
	int start = area_textf(a, 0, 0, STYLE_TITLE, "%s ", label), x = start;
	struct area field = area_sub(a, start, 0, a.width - start, 1);
	int caret = cells_to(p, p->cursor), shift = 0;

	/* Half a field at a time, so that the text does not move with every key. */
	while (field.width > 0 && caret - shift >= field.width)
		shift += field.width / 2 + 1;
	area_text(field, -shift, 0, STYLE_INPUT, p->text);
	if (field.width > 0) {
		a.grid->caret_x = field.x + caret - shift;
		a.grid->caret_y = a.y;
	}
	return x - shift;
}

/* The rows of the menu that are shown: a window around the picked one. */
static size_t menu_top(const struct prompt *p, size_t rows)
{
	size_t top = p->picked + 1 > rows ? p->picked + 1 - rows : 0;

	return top + rows > p->offers ? p->offers - rows : top;
}

void prompt_draw_menu(const struct prompt *p, struct area a, int x, int bottom)
{
	size_t rows = p->offers < PROMPT_MENU ? p->offers : PROMPT_MENU, top;
	int widest = 0;

	if (!p->menu || rows == 0)
		return;
	for (size_t i = 0; i < p->offers; i++) {
		int width = text_width(p->offer[i].word);

		widest = width > widest ? width : widest;
	}
	top = menu_top(p, rows);
	x += cells_to(p, p->offer[p->picked].from);
	x = x < 1 ? 1 : x > a.width / 2 ? a.width / 2 : x;
	for (size_t i = 0; i < rows; i++) {
		const struct prompt_offer *o = &p->offer[top + i];
		int y = bottom - (int)rows + (int)i;
		struct area row = area_sub(a, x - 1, y, a.width - x + 1, 1);

		area_fill(row, 0, 0, row.width, STYLE_PLAIN, ' ');
		area_text(row, 1, 0, o->placeholder ? STYLE_DIM : STYLE_CALL, o->word);
		area_text(row, widest + 3, 0, STYLE_DIM, o->help);
		if (top + i == p->picked)
			area_accent(row, 0, 0, row.width);
	}
}

void prompt_offers_text(const struct prompt *p, struct str *out, int width)
{
	int used = 0;

	for (size_t i = 0; i < p->offers; i++) {
		const struct prompt_offer *o = &p->offer[i];
		bool last = i + 1 == p->offers;
		int need = text_width(o->word) + (used ? 2 : 0);

		if (used + need > width - (last ? 0 : 2)) {
			str_add(out, used ? " …" : "");
			return;
		}
		str_addf(out, "%s%s", used ? "  " : "", o->word);
		used += need;
	}
	if (p->offers == 1 && p->offer[0].help[0] &&
	    used + 3 + text_width(p->offer[0].help) <= width)
		str_addf(out, " · %s", p->offer[0].help);
}
