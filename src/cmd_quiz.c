/* A sheet of questions (src/sheet.h) of a lab file, a lesson or a recording; and marking the answers. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cmd.h"
#include "src/cmd_script.h"
#include "src/grade.h"
#include "src/lesson.h"
#include "src/sheet.h"

struct quiz {
	struct sheet_options sheet;
	const char *output, *answers;
	int status; /* of what was written; EXIT_OK */
	bool made;
};

/* ---- writing ---- */

/* A file that must not exist yet; "-" or NULL: standard output. */
static int write_to(const char *path, const struct sheet *s,
		    int (*write)(const struct sheet *s, FILE *out, struct err *e), struct err *e)
{
	int fd, rc;
	FILE *f;

	if (!path || !strcmp(path, "-"))
		return write(s, stdout, e);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		err_errno(e, errno,
			  errno == EEXIST ? "name another file, or remove it first" : NULL, "%s",
			  path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	rc = write(s, f, e);
	if (fclose(f) && !rc)
		rc = err_errno(e, errno, NULL, "%s", path);
	return rc;
}

static int make_sheet(struct quiz *q, struct trace *t, const struct asked *asked, size_t askeds)
{
	struct err e = { 0 };
	struct sheet s;
	int rc;

	q->made = true;
	if (sheet_init(&s, t, asked, askeds, &q->sheet, &e))
		return cmd_error(&e, EXIT_CANNOT);
	rc = q->answers ? write_to(q->answers, &s, sheet_key, &e) : 0;
	rc = rc ? rc : write_to(q->output, &s, sheet_print, &e);
	sheet_fini(&s);
	return rc ? cmd_error(&e, EXIT_CANNOT) : EXIT_OK;
}

/* ---- of a lab file ---- */

static void played(void *context, struct trace *t, const struct script_run *r,
		   enum play_result result, const struct err *e)
{
	struct quiz *q = context;
	size_t count;
	const struct asked *asked = script_asked(r, &count);

	(void)e;
	if (result == PLAY_HELD)
		q->status = make_sheet(q, t, asked, count);
}

static int of_script(struct quiz *q, struct script *script)
{
	const struct play_config c = { .finish = played, .context = q };
	struct err e = { 0 };
	unsigned held;
	enum play_result result = play(script, &c, &held, &e);

	if (result != PLAY_HELD)
		return cmd_error(&e, script_exit_code(result, &e));
	return q->status;
}

/* ---- of a recording ---- */

static int of_trace(struct quiz *q, const char *path)
{
	struct err e = { 0 };
	struct trace *t = trace_open(path, &e);
	int status;

	if (!t)
		return cmd_error(&e, EXIT_CANNOT);
	status = make_sheet(q, t, NULL, 0);
	trace_free(t);
	return status;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && !strcmp(text + len - n, end);
}

/* What is no recording by its first bytes is read as a lab file. */
static bool is_script(const char *name)
{
	static const char *const magics[] = { "\n\r\r\n",	  "\xa1\xb2\xc3\xd4",
					      "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d",
					      "\x4d\x3c\xb2\xa1", "\xa1\xb2\xcd\x34",
					      "\x34\xcd\xb2\xa1", "\x28\xb5\x2f\xfd",
					      "\x04\x22\x4d\x18" };
	char head[4] = { 0 };
	FILE *f;
	size_t n;

	if (ends_with(name, ".lab") || !strcmp(name, "-"))
		return true;
	f = fopen(name, "re");
	if (!f)
		return true;
	n = fread(head, 1, sizeof(head), f);
	fclose(f);
	for (size_t i = 0; n == sizeof(head) && i < sizeof(magics) / sizeof(magics[0]); i++)
		if (!memcmp(head, magics[i], sizeof(head)))
			return false;
	return n < 2 || memcmp(head, "\x1f\x8b", 2) != 0;
}

/* ---- options ---- */

static bool number_of(const char *text, uint64_t most, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && *out <= most;
}

static int read_options(struct quiz *q, const char *command, const char *seed, const char *blanks)
{
	uint64_t n = SHEET_BLANKS;

	q->sheet.seed = 1;
	if (seed && !number_of(seed, UINT64_MAX, &q->sheet.seed))
		return cmd_usage(command, "--seed takes a number, not %s", seed);
	if (blanks && !number_of(blanks, SHEET_BLANKS_MAX, &n))
		return cmd_usage(command, "--blanks takes a number up to %d, not %s",
				 SHEET_BLANKS_MAX, blanks);
	q->sheet.blanks = (unsigned)n;
	return EXIT_OK;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int cmd_quiz(int argc, char **argv)
{
	const char *seed = NULL, *blanks = NULL, *file;
	int shuffled = 0, ascii = 0, r;
	struct quiz q = { 0 };
	const struct cmd_option options[] = {
		{ "--seed", &seed, NULL },	  { "--blanks", &blanks, NULL },
		{ "--shuffle", NULL, &shuffled }, { "--answers", &q.answers, NULL },
		{ "--ascii", NULL, &ascii },	  { "-o", &q.output, NULL },
	};
	struct script script;
	struct err e = { 0 };
	size_t files = 1;

	r = cmd_options(argc, argv, options, sizeof(options) / sizeof(options[0]), &file, &files);
	if (r)
		return r > 0 ? EXIT_OK : EXIT_CANNOT;
	if (!files)
		return cmd_usage(argv[0], "name a lesson, a lab file or a recording");
	r = read_options(&q, argv[0], seed, blanks);
	if (r != EXIT_OK)
		return r;
	q.sheet.name = base_name(file);
	q.sheet.shuffled = shuffled;
	q.sheet.ascii = ascii;
	if (!is_script(file))
		return of_trace(&q, file);
	if (script_read_named(file, &script, &e))
		return cmd_error(&e, EXIT_CANNOT);
	return of_script(&q, &script);
}

/* ---- marking ---- */

static int grade_files(struct grade *g, const char *key, const char *answers, struct err *e)
{
	size_t len;
	char *text = play_read(key, &len, e);
	int rc = text ? grade_init(g, key, text, len, e) : -1;

	free(text);
	if (rc)
		return -1;
	text = play_read(answers, &len, e);
	rc = text ? grade_answers(g, strcmp(answers, "-") ? answers : "standard input", text, len,
				  e)
		  : -1;
	free(text);
	if (rc)
		grade_fini(g);
	return rc;
}

int cmd_grade(int argc, char **argv)
{
	const char *file[2];
	int json = 0, r, rc;
	const struct cmd_option options[] = { { "--json", NULL, &json } };
	struct err e = { 0 };
	size_t files = 2;
	struct grade g;
	bool all;

	r = cmd_options(argc, argv, options, 1, file, &files);
	if (r)
		return r > 0 ? EXIT_OK : EXIT_CANNOT;
	if (files < 2)
		return cmd_usage(argv[0], "name the key and the answers: grade KEY ANSWERS");
	if (!strcmp(file[0], "-"))
		return cmd_usage(argv[0], "the key must be a file; - is for the answers");
	if (grade_files(&g, file[0], file[1], &e))
		return cmd_error(&e, EXIT_CANNOT);
	rc = json ? grade_json(&g, stdout, &e) : grade_text(&g, stdout, &e);
	all = g.points == g.items;
	grade_fini(&g);
	if (rc)
		return cmd_error(&e, EXIT_CANNOT);
	return all ? EXIT_OK : EXIT_FAILED;
}
