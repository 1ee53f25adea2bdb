#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "ui/shot.h"

struct stage {
	struct grid g;
	struct area all;
	char dir[40], before[256];
	char *text; /* what was written last; owned */
};

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	*state = s;
	(void)str_copy(s->dir, sizeof(s->dir), "/tmp/test_shot.XXXXXX");
	if (!s || !mkdtemp(s->dir) || !getcwd(s->before, sizeof(s->before)) || chdir(s->dir))
		return -1;
	if (grid_init(&s->g, 20, 3, NULL))
		return -1;
	s->all = grid_area(&s->g);
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;
	int failed = chdir(s->before) || rmdir(s->dir);

	grid_fini(&s->g);
	free(s->text);
	free(s);
	return failed;
}

/* The screen in a format, in a theme. */
static const char *written(struct stage *s, const char *name, const char *theme)
{
	size_t size;
	FILE *out;

	free(s->text);
	s->text = NULL;
	out = open_memstream(&s->text, &size);
	assert_non_null(out);
	shot_format_of(name)->write(&s->g, theme_find(theme), out);
	assert_int_equal(fclose(out), 0);
	return s->text;
}

static void has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("%s\nis not in\n%s", what, text);
}

static void has_not(const char *text, const char *what)
{
	if (strstr(text, what))
		fail_msg("%s\nis in\n%s", what, text);
}

static void the_ending_chooses(void **state)
{
	(void)state;
	assert_string_equal(shot_format_of("a.svg")->ending, ".svg");
	assert_string_equal(shot_format_of("/x/y.svg.ans")->ending, ".ans");
	assert_string_equal(shot_format_of("é.txt")->ending, ".txt");
	assert_null(shot_format_of(".svg"));
	assert_null(shot_format_of("a.SVG"));
	assert_null(shot_format_of("svg"));
	assert_null(shot_format_of(""));
}

static void text_is_the_grid(void **state)
{
	struct stage *s = *state;

	area_text(s->all, 1, 0, STYLE_TITLE, "漢字 e\u0301 & <é>");
	area_text(s->all, 0, 2, STYLE_DIM, "end");
	assert_string_equal(written(s, "x.txt", "dark"), " 漢字 e\u0301 & <é>\n\nend\n");
}

static void ansi_has_each_look_once(void **state)
{
	static const char wanted[] = "\033[0;1;38;5;203;48;5;234mlost"
				     "\033[0;38;5;252;48;5;234mpl"
				     "\033[0;38;5;252;48;5;238mai"
				     "\033[0;38;5;252;48;5;234mn           \033[0m\n";
	struct stage *s = *state;

	area_text(s->all, 0, 0, STYLE_LOSS, "lost");
	area_text(s->all, 4, 0, STYLE_PLAIN, "plain");
	area_accent(s->all, 6, 0, 2);
	assert_true(strstr(written(s, "x.ans", "dark"), wanted) == s->text);
}

/* Without colours: bold, and what belongs to the cursor's event in reverse video. */
static void ansi_without_colours(void **state)
{
	struct stage *s = *state;

	area_text(s->all, 0, 0, STYLE_LOSS, "x");
	area_text(s->all, 1, 0, STYLE_PLAIN, "y");
	area_accent(s->all, 1, 0, 1);
	has(written(s, "x.ans", "mono"), "\033[0;1mx\033[0;7my\033[0m ");
	has_not(s->text, ";38;5");
	has_not(s->text, ";48;5");
}

/* Nothing in a payload can end an element, begin one, or control a terminal that shows the file. */
static void hostile_text(void **state)
{
	struct stage *s = *state;

	area_text(s->all, 0, 0, STYLE_PLAIN, "</text><a&b>\"'");
	area_text(s->all, 0, 1, STYLE_PLAIN, "\033[31m\xff\u202e]]>");
	written(s, "x.svg", "dark");
	has(s->text, ">&lt;/text&gt;&lt;a&amp;b&gt;\"'</text>");
	has_not(s->text, "\033");
	has_not(s->text, "\u202e");
	has_not(s->text, "]]>");
	written(s, "x.ans", "mono");
	has(s->text, "\\x1b[31m");
	has_not(s->text, "\033[31m");
}

/* A code point that XML cannot hold, as a careless drawer might put it into a cell. */
static void what_xml_cannot_hold(void **state)
{
	struct stage *s = *state;

	area_fill(s->all, 0, 0, 1, STYLE_PLAIN, 1);
	area_fill(s->all, 1, 0, 1, STYLE_PLAIN, 0xffff);
	area_fill(s->all, 2, 0, 1, STYLE_PLAIN, 0xd800);
	written(s, "x.svg", "dark");
	has(s->text, "\uFFFD");
	has_not(s->text, "\001");
	has_not(s->text, "\xef\xbf\xbf");
	has_not(s->text, "\xed\xa0\x80");
}

/* A word stands at its first cell and is as wide as its cells: 18 units each, behind a margin of 16. */
static void svg_places_words(void **state)
{
	struct stage *s = *state;

	area_text(s->all, 2, 1, STYLE_LOSS, "a bc  d");
	written(s, "x.svg", "dark");
	has(s->text, "<text x=\"52\" y=\"79\" textLength=\"72\" lengthAdjust=\"spacingAndGlyphs\" "
		     "fill=\"#ff5f5f\" font-weight=\"bold\">a bc</text>");
	has(s->text, "<text x=\"160\" y=\"79\" textLength=\"18\"");
}

static void svg_wide_and_combining(void **state)
{
	struct stage *s = *state;

	area_text(s->all, 0, 0, STYLE_PLAIN, "a漢e\u0301b");
	written(s, "x.svg", "dark");
	has(s->text, "x=\"34\" y=\"43\" textLength=\"36\" lengthAdjust=\"spacingAndGlyphs\" "
		     "fill=\"#d0d0d0\">漢</text>");
	has(s->text, "x=\"70\" y=\"43\" textLength=\"36\" lengthAdjust=\"spacingAndGlyphs\" "
		     "fill=\"#d0d0d0\">e\u0301b</text>");
}

/* Lines are shapes, so that they meet whatever the font is. */
static void svg_draws_lines(void **state)
{
	struct stage *s = *state;

	area_text(s->all, 0, 0, STYLE_PLAIN, "───┐");
	area_text(s->all, 0, 1, STYLE_PLAIN, "█░⡇");
	written(s, "x.svg", "dark");
	has(s->text, "d=\"M16 34h54M70 34h9M79 34v18\"/>");
	has(s->text, "<rect x=\"16\" y=\"52\" width=\"18\" height=\"36\" fill=\"#d0d0d0\"/>");
	has(s->text, "fill-opacity=\"0.25\"");
	has_not(s->text, "─");
	has_not(s->text, "⡇");
}

static void svg_looks(void **state)
{
	struct stage *s = *state;

	area_text(s->all, 0, 0, STYLE_INFERRED, "slant");
	area_text(s->all, 0, 1, STYLE_MATCH, "mark");
	has(written(s, "x.svg", "dark"), "font-style=\"italic\">slant</text>");
	has(s->text, "fill=\"#ffd787\" shape-rendering=\"crispEdges\"/>");
	written(s, "x.svg", "mono");
	has(s->text, "<rect width=\"392\" height=\"140\" fill=\"#ffffff\"/>");
	has(s->text,
	    "<path stroke=\"#000000\" stroke-width=\"2\" d=\"M16 83h72\"/>"); /* underlined */
}

static void names_are_counted(void **state)
{
	struct stage *s = *state;
	STR_ON_STACK(path, 64);
	STR_ON_STACK(next, 64);
	struct stat st;

	area_text(s->all, 0, 0, STYLE_PLAIN, "x");
	for (int i = 1; i <= 3; i++) {
		str_clear(&path);
		assert_int_equal(
			shot_save_next(&s->g, theme_find("dark"), &shot_formats[0], &path, NULL),
			0);
	}
	assert_string_equal(path.buf, "socklens-3.svg");
	assert_int_equal(unlink("socklens-2.svg"), 0);
	shot_next_name(&next, &shot_formats[0]);
	assert_string_equal(next.buf, "socklens-2.svg");
	str_clear(&path);
	assert_int_equal(shot_save_next(&s->g, theme_find("dark"), &shot_formats[2], &path, NULL),
			 0);
	assert_string_equal(path.buf, "socklens-1.txt");
	assert_int_equal(stat(path.buf, &st), 0);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(unlink("socklens-1.svg") | unlink("socklens-3.svg") | unlink(path.buf), 0);
}

static void nothing_is_overwritten(void **state)
{
	struct stage *s = *state;
	struct err e = { 0 };
	struct stat st;

	assert_int_equal(symlink("nowhere", "link.svg"), 0);
	assert_int_equal(shot_save(&s->g, theme_find("dark"), "a.txt", &e), 0);
	area_text(s->all, 0, 0, STYLE_PLAIN, "more");
	assert_int_equal(shot_save(&s->g, theme_find("dark"), "a.txt", &e), -1);
	has(e.what, "a.txt: File exists");
	has(e.hint, "never overwritten");
	assert_int_equal(stat("a.txt", &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(shot_save(&s->g, theme_find("dark"), "link.svg", &e), -1);
	assert_int_equal(access("nowhere", F_OK), -1);
	assert_int_equal(shot_save(&s->g, theme_find("dark"), "picture.png", &e), -1);
	has(e.hint, "NAME.svg is a picture");
	assert_int_equal(shot_save(&s->g, theme_find("dark"), "none/a.svg", &e), -1);
	has(e.what, "No such file or directory");
	has(e.hint, "/tmp/");
	assert_int_equal(unlink("a.txt") | unlink("link.svg"), 0);
}

/* A file that does not fit is not left half written. */
static void no_room(void **state)
{
	struct stage *s = *state;
	const struct rlimit none = { 100, RLIM_INFINITY };
	struct rlimit before;
	struct err e = { 0 };

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(shot_save(&s->g, theme_find("dark"), "a.svg", &e), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(e.code, EFBIG);
	has(e.what, "a.svg: File too large");
	assert_int_equal(access("a.svg", F_OK), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(the_ending_chooses),
		TEST(text_is_the_grid),
		TEST(ansi_has_each_look_once),
		TEST(ansi_without_colours),
		TEST(hostile_text),
		TEST(what_xml_cannot_hold),
		TEST(svg_places_words),
		TEST(svg_wide_and_combining),
		TEST(svg_draws_lines),
		TEST(svg_looks),
		TEST(names_are_counted),
		TEST(nothing_is_overwritten),
		TEST(no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
