/*
 * ncurses shows the cells and knows the terminal.  What a program on a terminal needs beside it (signals, the settings
 * of the line, whether it is still there) is in tty.c.
 */
#include "ui/term.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "src/core/clock.h"
#include "ui/glyph.h"
#include "ui/theme.h"
#include "ui/tty.h"

#define ESCAPE_MS 25
#define BURST_NS  (30 * NS_PER_MS)

#ifdef __SANITIZE_ADDRESS__
/* newterm() itself loses a block where nothing is known about the terminal. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:new_prescr\n";
}
#endif

struct term {
	SCREEN *screen;
	struct grid shown; /* what is on the terminal; no cells: unknown */
	const struct theme *theme;
	const struct theme *native; /* that the terminal and the environment choose */
	attr_t attrs[STYLE_COUNT];
	bool pairs_for_accent; /* accent is a background; otherwise it is reverse video */
	bool colours;
	bool ascii;
	bool lost, end_told;
	int caret; /* as curs_set() was last told */
	int poll_fd;
	int64_t empty_ns; /* CLOCK_MONOTONIC: when there were no more keys; 0: not since the last one */
};

static const char *capability(const char *name)
{
	const char *sequence = tigetstr(name);

	return sequence == (const char *)-1 ? NULL : sequence;
}

static void prepare_closing(void)
{
	static const char *const names[] = { "sgr0", "cnorm", "rmkx", "rmcup" };
	const char *mouse = capability("XM");

	if (mouse)
		tty_add_closing(tiparm(mouse, 0));
	else if (capability("kmous"))
		tty_add_closing("\033[?1000l"); /* what ncurses takes for XM where there is none */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		tty_add_closing(capability(names[i]));
}

/* Puts the terminal back.  A process in the background would be stopped for that: SIGTTOU. */
static void restore(void)
{
	void (*old)(int);

	if (!tty_is_ours())
		return;
	tty_leave();
	old = signal(SIGTTOU, SIG_IGN);
	endwin();
	tty_put_back();
	signal(SIGTTOU, old);
}

/* ---- colours ---- */

static attr_t attrs_of(unsigned look)
{
	static const struct {
		unsigned look;
		attr_t attr;
	} rows[] = {
		{ LOOK_BOLD, A_BOLD },	     { LOOK_DIM, A_DIM },
		{ LOOK_REVERSE, A_REVERSE }, { LOOK_UNDERLINE, A_UNDERLINE },
		{ LOOK_ITALIC, A_ITALIC },
	};
	attr_t attrs = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (look & rows[i].look)
			attrs |= rows[i].attr;
	return attrs;
}

static short pair_of(enum style s, bool accent)
{
	return (short)(1 + (int)s + (accent ? STYLE_COUNT : 0));
}

/* Colours of the pairs; opaque: the theme was asked for, so it brings its own paper. */
static void make_pairs(struct term *t, const struct theme *theme, int depth, bool opaque)
{
	short text = opaque ? theme->text[depth] : -1, paper = opaque ? theme->paper[depth] : -1;

	t->pairs_for_accent = depth == THEME_256 && COLOR_PAIRS > 2 * STYLE_COUNT;
	assume_default_colors(text, paper);
	for (int s = 0; s < STYLE_COUNT; s++) {
		const struct look *look = &theme->look[s];
		short fg = look->fg[depth] >= 0 ? look->fg[depth] : text;
		short bg = depth == THEME_256 && look->bg >= 0 ? look->bg : paper;

		init_pair(pair_of((enum style)s, false), fg, bg);
		if (t->pairs_for_accent)
			init_pair(pair_of((enum style)s, true), fg,
				  look->bg >= 0 ? bg : theme->accent);
	}
}

static int terminal_colours(void)
{
	return has_colors() ? tigetnum("colors") : 0;
}

static void use_theme(struct term *t, const struct theme *theme)
{
	int depth = theme_depth(theme, terminal_colours());

	t->theme = theme;
	for (int s = 0; s < STYLE_COUNT; s++) {
		const struct look *look = &theme->look[s];

		t->attrs[s] = attrs_of(look->attrs | (depth == THEME_256 ? look->rich : look->few));
	}
	t->colours = depth != THEME_MONO && start_color() == OK;
	t->pairs_for_accent = false;
	if (t->colours)
		make_pairs(t, theme, depth, theme != t->native);
}

/* name: that was asked for; NULL: none. */
static void choose_theme(struct term *t, const char *name)
{
	t->native = NULL;
	if (name) {
		use_theme(t, theme_find(name));
		return;
	}
	t->native = theme_default(terminal_colours(), getenv("NO_COLOR"), getenv("COLORFGBG"));
	use_theme(t, t->native);
}

const struct theme *term_theme(const struct term *t)
{
	return t->theme;
}

void term_set_theme(struct term *t, const struct theme *theme)
{
	if (theme == t->theme)
		return;
	use_theme(t, theme);
	term_forget(t);
}

/* ---- opening ---- */

static const char *const no_screen =
	"socklens show FILE prints a trace as text, socklens play runs a lab";

static int check_terminal(const struct term_options *o, struct err *e)
{
	if (tty_is_ours())
		return err_set(e, NULL, "the terminal is in use by this program already");
	STR_ON_STACK(names, 160);

	theme_names(&names);
	if (o->theme && !theme_find(o->theme))
		return err_set(e, names.buf, "there is no theme %s", o->theme);
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(e, no_screen, "standard input and output must be a terminal");
	return 0;
}

/* The size that the terminal has now; ncurses alone would believe $LINES and $COLUMNS. */
static void adopt_size(void)
{
	int width, height;

	if (tty_size(&width, &height) && (height != LINES || width != COLS))
		resizeterm(height, width);
}

static void set_modes(void)
{
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	meta(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	mouseinterval(0);
	mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
}

static int start_screen(struct term *t, const struct term_options *o, struct err *e)
{
	const char *name = getenv("TERM");

	/* The mouse of the Linux console would come by a socket that nobody polls. */
	setenv("NCURSES_GPM_TERMS", "none", 1);
	t->screen = newterm(NULL, stdout, stdin);
	if (!t->screen)
		return err_set(e, "set TERM to what the terminal is, for example xterm-256color",
			       "nothing is known about a terminal \"%s\"", name ? name : "");
	if (!capability("cup")) {
		endwin();
		return err_set(e, no_screen, "a terminal \"%s\" cannot move its cursor",
			       name ? name : "");
	}
	tty_enter();
	prepare_closing();
	set_modes();
	choose_theme(t, o->theme);
	t->ascii = o->ascii || tty_wants_ascii();
	t->caret = -1;
	adopt_size();
	return 0;
}

struct term *term_open(const struct term_options *o, struct err *e)
{
	struct term *t;

	if (check_terminal(o, e) < 0)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t) {
		err_errno(e, errno, NULL, "opening the terminal");
		return NULL;
	}
	if (tty_open(&t->poll_fd, e) < 0)
		goto fail;
	if (start_screen(t, o, e) < 0)
		goto fail;
	tty_at_exit(restore);
	return t;
fail:
	tty_close(t->poll_fd);
	if (t->screen)
		delscreen(t->screen);
	free(t);
	return NULL;
}

void term_close(struct term *t)
{
	if (!t)
		return;
	restore();
	tty_close(t->poll_fd);
	delscreen(t->screen);
	grid_fini(&t->shown);
	free(t);
}

int term_fd(const struct term *t)
{
	return t->poll_fd;
}

void term_size(const struct term *t, int *width, int *height)
{
	(void)t;
	getmaxyx(stdscr, *height, *width);
}

bool term_ascii(const struct term *t)
{
	return t->ascii;
}

bool term_lost(const struct term *t)
{
	return t->lost;
}

/* ---- keys ---- */

struct key_row {
	wint_t curses;
	uint32_t key;
};

static const struct key_row function_keys[] = {
	{ KEY_UP, TERM_UP },
	{ KEY_DOWN, TERM_DOWN },
	{ KEY_LEFT, TERM_LEFT },
	{ KEY_RIGHT, TERM_RIGHT },
	{ KEY_HOME, TERM_HOME },
	{ KEY_END, TERM_END },
	{ KEY_PPAGE, TERM_PAGE_UP },
	{ KEY_NPAGE, TERM_PAGE_DOWN },
	{ KEY_A1, TERM_HOME },
	{ KEY_C1, TERM_END },
	{ KEY_A3, TERM_PAGE_UP },
	{ KEY_C3, TERM_PAGE_DOWN },
	{ KEY_ENTER, TERM_ENTER },
	{ KEY_BTAB, TERM_BACK_TAB },
	{ KEY_BACKSPACE, TERM_BACKSPACE },
	{ KEY_DC, TERM_DELETE },
};

static const struct key_row controls[] = {
	{ 'A' & 0x1f, TERM_CTRL_A },	{ 'C' & 0x1f, TERM_CTRL_C }, { 'E' & 0x1f, TERM_CTRL_E },
	{ 'H' & 0x1f, TERM_BACKSPACE }, { 'I' & 0x1f, TERM_TAB },    { 'J' & 0x1f, TERM_ENTER },
	{ 'K' & 0x1f, TERM_CTRL_K },	{ 'L' & 0x1f, TERM_CTRL_L }, { 'M' & 0x1f, TERM_ENTER },
	{ 'U' & 0x1f, TERM_CTRL_U },	{ 'W' & 0x1f, TERM_CTRL_W }, { 'Z' & 0x1f, TERM_CTRL_Z },
	{ 0x1b, TERM_ESCAPE },		{ 0x7f, TERM_BACKSPACE },
};

static uint32_t find_key(const struct key_row *rows, size_t count, wint_t curses)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].curses == curses)
			return rows[i].key;
	return KEY_NONE_;
}

static bool read_mouse(struct term_input *in)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return false;
	in->x = event.x;
	in->y = event.y;
	if (event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED))
		in->key = TERM_MOUSE_CLICK;
	else if (event.bstate & BUTTON4_PRESSED)
		in->key = TERM_MOUSE_UP;
	else if (event.bstate & BUTTON5_PRESSED)
		in->key = TERM_MOUSE_DOWN;
	return in->key != KEY_NONE_;
}

static bool translate(int kind, wint_t c, struct term_input *in)
{
	*in = (struct term_input){ 0 };
	if (kind == KEY_CODE_YES && c == KEY_MOUSE)
		return read_mouse(in);
	if (kind == KEY_CODE_YES)
		in->key = find_key(function_keys, sizeof(function_keys) / sizeof(function_keys[0]),
				   c);
	else if (c < 0x20 || c == 0x7f)
		in->key = find_key(controls, sizeof(controls) / sizeof(controls[0]), c);
	else
		in->key = (uint32_t)c;
	return in->key != KEY_NONE_;
}

/* What signals have asked for; KEY_NONE_ if nothing. */
static uint32_t take_signal_key(struct term *t)
{
	bool continued;

	tty_clear_wake();
	if (tty_asked_to_end() && !t->end_told) {
		t->end_told = true;
		return TERM_ASKED_TO_END;
	}
	if (tty_take_stop())
		return TERM_CTRL_Z;
	if (!tty_take_resize(&continued))
		return KEY_NONE_;
	if (continued) {
		reset_prog_mode();
		term_forget(t);
	}
	adopt_size();
	return TERM_RESIZE;
}

/* Whether a key was there at once when the one before had been dealt with, however long that took. */
static bool in_burst(struct term *t)
{
	bool burst = t->empty_ns == 0 || clock_monotonic_ns() - t->empty_ns < BURST_NS;

	t->empty_ns = 0;
	return burst;
}

bool term_read(struct term *t, struct term_input *in)
{
	wint_t c;
	int kind;

	*in = (struct term_input){ .key = take_signal_key(t) };
	if (in->key)
		return true;
	while (!t->lost && (kind = get_wch(&c)) != ERR)
		if (translate(kind, c, in)) {
			in->burst = in_burst(t);
			return true;
		}
	if (!t->empty_ns)
		t->empty_ns = clock_monotonic_ns();
	if (t->lost || !tty_input_ended())
		return false;
	t->lost = true;
	in->key = TERM_ASKED_TO_END;
	return true;
}

/* ---- showing ---- */

/* What of a cell can be trusted to take the cells that the grid gave it in this locale. */
static void cell_text(const struct term *t, const struct cell *c, int cells, wchar_t text[3])
{
	text[0] = (wchar_t)(t->ascii ? glyph_twin(c->code) : c->code);
	text[1] = (wchar_t)(t->ascii ? 0 : c->mark);
	text[2] = L'\0';
	if (!t->ascii && wcwidth(text[0]) != cells) {
		text[0] = L'?';
		text[1] = L'\0';
	}
	if (text[1] && wcwidth(text[1]) != 0)
		text[1] = L'\0';
}

static void show_cell(const struct term *t, int x, int y, const struct cell *c, int cells)
{
	wchar_t text[3];
	cchar_t cc;
	attr_t attrs = t->attrs[c->style];
	short pair =
		t->colours ? pair_of((enum style)c->style, c->accent && t->pairs_for_accent) : 0;

	cell_text(t, c, cells, text);
	if (c->accent && !t->pairs_for_accent)
		attrs ^= A_REVERSE;
	setcchar(&cc, text, attrs, pair, NULL);
	mvadd_wch(y, x, &cc);
	if (cells == 2 && wcwidth(text[0]) == 1) {
		setcchar(&cc, L" ", attrs, pair, NULL);
		mvadd_wch(y, x + 1, &cc);
	}
}

static void show_row(const struct term *t, const struct grid *g, int y)
{
	const struct cell *row = g->cell + (size_t)y * (size_t)g->width;

	for (int x = 0; x < g->width && x < COLS; x++) {
		bool wide = x + 1 < g->width && row[x + 1].code == 0;

		if (wide && x + 1 >= COLS)
			break;
		if (row[x].code)
			show_cell(t, x, y, &row[x], wide ? 2 : 1);
	}
}

static bool same_row(const struct grid *a, const struct grid *b, int y)
{
	for (size_t i = (size_t)y * (size_t)a->width; i < (size_t)(y + 1) * (size_t)a->width; i++) {
		const struct cell *x = &a->cell[i], *z = &b->cell[i];

		if (x->code != z->code || x->mark != z->mark || x->style != z->style ||
		    x->accent != z->accent)
			return false;
	}
	return true;
}

static void show_caret(struct term *t, const struct grid *g)
{
	int wanted = g->caret_x >= 0 && g->caret_y >= 0;

	if (wanted)
		move(g->caret_y, g->caret_x);
	if (wanted != t->caret)
		curs_set(wanted);
	t->caret = wanted;
}

void term_show(struct term *t, const struct grid *g)
{
	bool known = t->shown.cell && t->shown.width == g->width && t->shown.height == g->height;

	if (t->lost)
		return;
	if (!known) {
		grid_fini(&t->shown);
		erase();
	}
	for (int y = 0; y < g->height && y < LINES; y++)
		if (!known || !same_row(&t->shown, g, y))
			show_row(t, g, y);
	show_caret(t, g);
	refresh();
	if (!known && grid_init(&t->shown, g->width, g->height, NULL) < 0)
		return;
	memcpy(t->shown.cell, g->cell, (size_t)g->width * (size_t)g->height * sizeof(*g->cell));
}

void term_forget(struct term *t)
{
	grid_fini(&t->shown);
	clearok(curscr, TRUE);
}

/* ---- stopping ---- */

void term_suspend(struct term *t)
{
	endwin();
	tty_put_back();
	tty_leave();
	tty_stop();
	tty_enter();
	reset_prog_mode();
	adopt_size();
	t->caret = -1;
	term_forget(t);
	refresh();
}
