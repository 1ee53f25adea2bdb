#include "ui/shot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "src/core/safe.h"
#include "ui/shot_impl.h"

#define SHOTS_MAX 9999 /* socklens-9999.svg is the last name that is tried */

/* ---- cells ---- */

static bool same_shade(const struct shade *a, const struct shade *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}

bool shot_next_run(const struct grid *g, const struct theme *t, int y, struct shot_run *run)
{
	const struct cell *row = g->cell + (size_t)y * (size_t)g->width;
	int x = run->end;

	if (x >= g->width)
		return false;
	*run = (struct shot_run){ .row = row, .x = x, .end = x };
	run->shade = theme_shade(t, (enum style)row[x].style, row[x].accent);
	for (; run->end < g->width; run->end++) {
		const struct cell *c = &row[run->end];
		struct shade shade = theme_shade(t, (enum style)c->style, c->accent);

		/* The right half of a wide character is part of it. */
		if (c->code != 0 && !same_shade(&shade, &run->shade))
			break;
	}
	return true;
}

void shot_put_code(uint32_t code, FILE *out)
{
	char utf8[4];

	fwrite(utf8, 1, safe_utf8(code, utf8), out);
}

void shot_put_char(const struct cell *c, FILE *out)
{
	if (c->code)
		shot_put_code(c->code, out);
	if (c->code && c->mark)
		shot_put_code(c->mark, out);
}

/* ---- text ---- */

static void write_text(const struct grid *g, const struct theme *t, FILE *out)
{
	(void)t;
	for (int y = 0; y < g->height; y++) {
		for (int x = 0, end = grid_row_used(g, y); x < end; x++)
			shot_put_char(&g->cell[(size_t)y * (size_t)g->width + (size_t)x], out);
		putc('\n', out);
	}
}

/* ---- ANSI: SGR sequences of ECMA-48, with 256 colours as xterm takes them ---- */

static void put_look(const struct shade *s, FILE *out)
{
	static const struct {
		unsigned look;
		int sgr;
	} rows[] = {
		{ LOOK_BOLD, 1 },      { LOOK_DIM, 2 },	    { LOOK_ITALIC, 3 },
		{ LOOK_UNDERLINE, 4 }, { LOOK_REVERSE, 7 },
	};

	fputs("\033[0", out);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (s->attrs & rows[i].look)
			fprintf(out, ";%d", rows[i].sgr);
	if (s->fg >= 0)
		fprintf(out, ";38;5;%d", s->fg);
	if (s->bg >= 0)
		fprintf(out, ";48;5;%d", s->bg);
	putc('m', out);
}

static void write_ansi(const struct grid *g, const struct theme *t, FILE *out)
{
	for (int y = 0; y < g->height; y++) {
		struct shot_run run = { .end = 0 };

		while (shot_next_run(g, t, y, &run)) {
			put_look(&run.shade, out);
			for (int x = run.x; x < run.end; x++)
				shot_put_char(&run.row[x], out);
		}
		fputs("\033[0m\n", out);
	}
}

/* ---- files ---- */

const struct shot_format shot_formats[] = {
	{ ".svg", "a picture, for slides and pages", shot_svg },
	{ ".ans", "text with its colours, for cat and less -R", write_ansi },
	{ ".txt", "text", write_text },
};
const size_t shot_formats_count = sizeof(shot_formats) / sizeof(shot_formats[0]);

const struct shot_format *shot_format_of(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < shot_formats_count; i++) {
		size_t end = strlen(shot_formats[i].ending);

		if (len > end && strcmp(path + len - end, shot_formats[i].ending) == 0)
			return &shot_formats[i];
	}
	return NULL;
}

static int fail(int errnum, const char *path, struct err *e)
{
	const char *hint = "screen /tmp/NAME.svg writes it elsewhere";

	if (errnum == EEXIST)
		hint = "another name; an existing file is never overwritten";
	else if (errnum == ENOSPC || errnum == EDQUOT)
		hint = "nothing is left of it; make room, or write it elsewhere: screen "
		       "/tmp/NAME.svg";
	return err_errno(e, errnum, hint, "saving the screen in %s", path);
}

/* Receives the file; a failure to write is found by the time it is closed. */
static int write_to(int fd, const struct grid *g, const struct theme *t,
		    const struct shot_format *f, const char *path, struct err *e)
{
	FILE *out = fdopen(fd, "w");
	int failed = 0;

	if (!out) {
		failed = errno;
		close(fd);
	} else {
		errno = 0;
		f->write(g, t, out);
		if (fflush(out) || ferror(out))
			failed = errno ? errno : EIO;
		if (fclose(out) && !failed)
			failed = errno ? errno : EIO;
	}
	if (!failed)
		return 0;
	unlink(path);
	return fail(failed, path, e);
}

static int make_file(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int shot_save(const struct grid *g, const struct theme *t, const char *path, struct err *e)
{
	const struct shot_format *f = shot_format_of(path);
	int fd;

	if (!f)
		return err_set(
			e, "screen NAME.svg is a picture, NAME.ans has colours, NAME.txt is text",
			"what is %s to be?", path);
	fd = make_file(path);
	return fd < 0 ? fail(errno, path, e) : write_to(fd, g, t, f, path, e);
}

static void name_nth(struct str *path, const struct shot_format *f, int n)
{
	str_addf(path, "socklens-%d%s", n, f->ending);
}

int shot_save_next(const struct grid *g, const struct theme *t, const struct shot_format *f,
		   struct str *path, struct err *e)
{
	STR_ON_STACK(name, 40);

	for (int n = 1; n <= SHOTS_MAX; n++) {
		int fd;

		str_clear(&name);
		name_nth(&name, f, n);
		fd = make_file(name.buf);
		if (fd < 0 && errno == EEXIST)
			continue;
		str_add(path, name.buf);
		return fd < 0 ? fail(errno, name.buf, e) : write_to(fd, g, t, f, name.buf, e);
	}
	return err_set(e, "screen NAME.svg", "all names up to %s are taken", name.buf);
}

void shot_next_name(struct str *path, const struct shot_format *f)
{
	for (int n = 1; n <= SHOTS_MAX; n++) {
		STR_ON_STACK(name, 40);

		name_nth(&name, f, n);
		if (access(name.buf, F_OK) == 0)
			continue;
		str_add(path, name.buf);
		return;
	}
}
