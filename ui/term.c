/*
 * ncurses shows the cells and knows the terminal; everything else about being on a terminal is
 * here.
 *
 * Signals.  A handler cannot take an argument, so what the handlers touch is at file scope: flags,
 * an eventfd that wakes poll(), and what is needed to put the terminal back after a crash without
 * calling ncurses (its settings, and its closing sequences fetched beforehand).  Handlers are used
 * rather than a signalfd because a signal may be delivered to any thread, and not all of them block
 * it.
 *
 * A deadly signal restores the terminal and is raised again, so that the exit status and a core
 * dump are as they would be.
 */
#include "ui/term.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "src/core/clock.h"
#include "ui/glyph.h"
#include "ui/theme.h"

#define ESCAPE_MS      25
#define SIZE_MAX_CELLS 8192
#define BURST_NS       (30 * NS_PER_MS)

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
	attr_t attrs[STYLE_COUNT];
	bool pairs_for_accent; /* accent is a background; otherwise it is reverse video */
	bool colours;
	bool ascii;
	bool lost, end_told;
	int caret; /* as curs_set() was last told */
	int epoll_fd;
	int64_t empty_ns; /* CLOCK_MONOTONIC: when there were no more keys; 0: not since the last one */
};

/* ---- what signal handlers touch ---- */

static const int ending[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
static const int noticed[] = { SIGWINCH, SIGTSTP, SIGCONT };
static const int deadly[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGSYS, SIGXCPU };

#define ENDING	(sizeof(ending) / sizeof(ending[0]))
#define NOTICED (sizeof(noticed) / sizeof(noticed[0]))
#define DEADLY	(sizeof(deadly) / sizeof(deadly[0]))

static struct {
	volatile sig_atomic_t active; /* the terminal is ours */
	volatile sig_atomic_t resize, stop, cont, end;
	int wake_fd;
	struct termios before;
	char closing[256]; /* sequences that undo what ncurses did */
	size_t closing_len;
	struct sigaction old[ENDING + NOTICED + DEADLY];
	bool at_exit;
} tty;

static void on_signal(int number)
{
	int saved = errno;
	uint64_t one = 1;

	if (number == SIGWINCH)
		tty.resize = 1;
	else if (number == SIGTSTP)
		tty.stop = 1;
	else if (number == SIGCONT)
		tty.cont = 1;
	else
		tty.end = 1;
	if (write(tty.wake_fd, &one, sizeof(one)) < 0)
		errno = saved;
	errno = saved;
}

static void on_deadly(int number)
{
	if (tty.active) {
		tty.active = 0;
		if (write(STDOUT_FILENO, tty.closing, tty.closing_len) < 0)
			errno = 0;
		tcsetattr(STDIN_FILENO, TCSANOW, &tty.before);
	}
	signal(number, SIG_DFL);
	raise(number);
}

/* Takes a signal over, unless somebody (a sanitizer) handles it or it is ignored (nohup). */
static void take_signal(int number, void (*handler)(int), int flags, struct sigaction *old)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	sigaction(number, NULL, old);
	if (old->sa_handler == SIG_DFL)
		sigaction(number, &sa, NULL);
}

static void take_signals(void)
{
	struct sigaction *old = tty.old;

	for (size_t i = 0; i < ENDING; i++)
		take_signal(ending[i], on_signal, SA_RESTART, old++);
	for (size_t i = 0; i < NOTICED; i++)
		take_signal(noticed[i], on_signal, SA_RESTART, old++);
	for (size_t i = 0; i < DEADLY; i++)
		take_signal(deadly[i], on_deadly, SA_NODEFER, old++);
}

static void give_signals_back(void)
{
	const struct sigaction *old = tty.old;

	for (size_t i = 0; i < ENDING; i++)
		sigaction(ending[i], old++, NULL);
	for (size_t i = 0; i < NOTICED; i++)
		sigaction(noticed[i], old++, NULL);
	for (size_t i = 0; i < DEADLY; i++)
		sigaction(deadly[i], old++, NULL);
}

/* Appends a sequence without its padding ("$<5>"); only what fits whole. */
static void add_closing(const char *sequence)
{
	STR_ON_STACK(plain, 128);

	if (!sequence || sequence == (const char *)-1)
		return;
	for (const char *p = sequence; *p; p++) {
		const char *end = p[0] == '$' && p[1] == '<' ? strchr(p, '>') : NULL;

		if (end)
			p = end;
		else
			str_char(&plain, *p);
	}
	if (plain.cut || plain.len > sizeof(tty.closing) - tty.closing_len)
		return;
	memcpy(tty.closing + tty.closing_len, plain.buf, plain.len);
	tty.closing_len += plain.len;
}

static const char *capability(const char *name)
{
	const char *sequence = tigetstr(name);

	return sequence == (const char *)-1 ? NULL : sequence;
}

static void prepare_closing(void)
{
	static const char *const names[] = { "sgr0", "cnorm", "rmkx", "rmcup" };
	const char *mouse = capability("XM");

	tty.closing_len = 0;
	if (mouse)
		add_closing(tiparm(mouse, 0));
	else if (capability("kmous"))
		add_closing("\033[?1000l"); /* what ncurses takes for XM where there is none */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_closing(capability(names[i]));
}

/* Puts the terminal back.  A process in the background would be stopped for that: SIGTTOU. */
static void restore(void)
{
	void (*old)(int);

	if (!tty.active)
		return;
	tty.active = 0;
	old = signal(SIGTTOU, SIG_IGN);
	endwin();
	tcsetattr(STDIN_FILENO, TCSADRAIN, &tty.before);
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

	t->colours = true;
	t->pairs_for_accent = depth == THEME_256 && COLOR_PAIRS > 2 * STYLE_COUNT;
	assume_default_colors(text, paper);
	for (int s = 0; s < STYLE_COUNT; s++) {
		const struct look *look = &theme->look[s];
		short fg = look->fg[depth] >= 0 ? look->fg[depth] : text;
		short bg = depth == THEME_256 && look->bg >= 0 ? look->bg : paper;

		init_pair(pair_of((enum style)s, false), fg, bg);
		if (t->pairs_for_accent)
			init_pair(pair_of((enum style)s, true), fg, theme->accent);
	}
}

static void use_theme(struct term *t, const char *name)
{
	const struct theme *theme;
	int colours = has_colors() ? tigetnum("colors") : 0, depth;

	theme = name ? theme_find(name) : NULL;
	if (!theme)
		theme = theme_default(colours, getenv("NO_COLOR"), getenv("COLORFGBG"));
	depth = theme_depth(theme, colours);
	for (int s = 0; s < STYLE_COUNT; s++) {
		const struct look *look = &theme->look[s];

		t->attrs[s] = attrs_of(look->attrs | (depth == THEME_256 ? 0u : look->few));
	}
	if (depth != THEME_MONO && start_color() == OK)
		make_pairs(t, theme, depth, name != NULL);
}

/* ---- opening ---- */

/* Terminals whose fonts lack the glyphs, or that know nothing of UTF-8. */
static bool wants_ascii(void)
{
	static const char *const names[] = { "linux", "dumb", "vt100", "vt102", "vt220", "ansi" };
	const char *name = getenv("TERM");

	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return true;
	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static const char *const no_screen =
	"socklens show FILE prints a trace as text, socklens play runs a lab";

static int check_terminal(const struct term_options *o, struct err *e)
{
	if (tty.active)
		return err_set(e, NULL, "the terminal is in use by this program already");
	if (o->theme && !theme_find(o->theme))
		return err_set(e, "dark, light or mono", "there is no theme %s", o->theme);
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(e, no_screen, "standard input and output must be a terminal");
	if (tcgetattr(STDIN_FILENO, &tty.before) < 0)
		return err_errno(e, errno, NULL, "reading the terminal's settings");
	return 0;
}

static int make_fds(struct term *t, struct err *e)
{
	struct epoll_event in = { .events = EPOLLIN };

	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	tty.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->epoll_fd < 0 || tty.wake_fd < 0 ||
	    epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, tty.wake_fd, &in) < 0 ||
	    epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &in) < 0)
		return err_errno(e, errno, NULL, "watching the terminal");
	return 0;
}

static void close_fds(struct term *t)
{
	if (t->epoll_fd >= 0)
		close(t->epoll_fd);
	if (tty.wake_fd >= 0)
		close(tty.wake_fd);
	tty.wake_fd = -1;
}

/* The size that the terminal has now; ncurses alone would believe $LINES and $COLUMNS. */
static void adopt_size(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_row == 0 || w.ws_col == 0)
		return;
	if (w.ws_row > SIZE_MAX_CELLS)
		w.ws_row = SIZE_MAX_CELLS;
	if (w.ws_col > SIZE_MAX_CELLS)
		w.ws_col = SIZE_MAX_CELLS;
	if (w.ws_row != LINES || w.ws_col != COLS)
		resizeterm(w.ws_row, w.ws_col);
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
	tty.active = 1;
	prepare_closing();
	set_modes();
	use_theme(t, o->theme);
	t->ascii = o->ascii || wants_ascii();
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
	tty.resize = tty.stop = tty.cont = tty.end = 0;
	if (make_fds(t, e) < 0)
		goto fail;
	take_signals();
	if (start_screen(t, o, e) < 0) {
		give_signals_back();
		goto fail;
	}
	if (!tty.at_exit)
		tty.at_exit = atexit(restore) == 0;
	return t;
fail:
	close_fds(t);
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
	give_signals_back();
	delscreen(t->screen);
	close_fds(t);
	grid_fini(&t->shown);
	free(t);
}

int term_fd(const struct term *t)
{
	return t->epoll_fd;
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

/* ncurses does not tell the end of its input from "nothing yet". */
static bool input_ended(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	int waiting = 0;

	if (poll(&p, 1, 0) <= 0)
		return false;
	if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return ioctl(STDIN_FILENO, FIONREAD, &waiting) < 0 || waiting == 0;
}

static void clear_wake(void)
{
	uint64_t count;

	while (read(tty.wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

/* What signals have asked for; KEY_NONE_ if nothing. */
static uint32_t take_signal_key(struct term *t)
{
	clear_wake();
	if (tty.end && !t->end_told) {
		t->end_told = true;
		return TERM_ASKED_TO_END;
	}
	if (tty.stop) {
		tty.stop = 0;
		return TERM_CTRL_Z;
	}
	if (!tty.resize && !tty.cont)
		return KEY_NONE_;
	if (tty.cont) {
		reset_prog_mode();
		term_forget(t);
	}
	tty.resize = tty.cont = 0;
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
	if (t->lost || !input_ended())
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

/*
 * The whole process group is stopped, as the terminal itself would have done: the shell may be
 * waiting for a parent of ours.  We stop last and by ourselves, so that nothing runs on in between.
 */
static void stop_group(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, stop = { .sa_handler = SIG_DFL }, ours;

	sigaction(SIGTSTP, &ignore, &ours);
	kill(0, SIGTSTP);
	sigaction(SIGTSTP, &stop, NULL);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
}

void term_suspend(struct term *t)
{
	endwin();
	tcsetattr(STDIN_FILENO, TCSADRAIN, &tty.before);
	tty.active = 0;
	stop_group();
	tty.active = 1;
	tty.cont = 0;
	reset_prog_mode();
	adopt_size();
	t->caret = -1;
	term_forget(t);
	refresh();
}
