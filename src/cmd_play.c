#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cmd.h"
#include "src/lesson.h"
#include "src/play.h"
#include "ui/show.h"

#define LADDER_WIDTH 100
#define EXIT_SIGNAL  128 /* and the signal's number, as a shell has it */

static int exit_code(enum play_result result, const struct err *e)
{
	switch (result) {
	case PLAY_HELD:
		return EXIT_OK;
	case PLAY_FAILED:
		return EXIT_FAILED;
	case PLAY_CANNOT:
		return EXIT_CANNOT;
	case PLAY_LACKS:
		return EXIT_LACKING;
	case PLAY_STOPPED:
		return EXIT_SIGNAL + e->code;
	}
	return EXIT_CANNOT;
}

/* Where something did not hold, what led to it is the first thing to look at. */
static void show_failure(void *context, struct trace *t, enum play_result result)
{
	const int *quiet = context;

	if (result == PLAY_FAILED && !*quiet)
		show_text(t, LADDER_WIDTH, stdout, false, NULL);
	fflush(stdout);
}

/* e says why there is no such file; perhaps a lesson was meant. */
static int suggest_lesson(const char *name, struct err *e)
{
	const char *near = strchr(name, '/') ? NULL : lesson_nearest(name);
	struct err file = *e;
	STR_ON_STACK(hint, 128);

	if (!near)
		return -1;
	str_addf(&hint, "did you mean the lesson %s?", near);
	return err_set(e, hint.buf, "%s", file.what);
}

/* A file, or where there is none of that name, a lesson. */
static int parse_named(const char *name, struct script *out, struct err *e)
{
	const struct lesson *lesson = lesson_find(name);
	size_t len = 0;
	char *text;
	int rc;

	text = play_read(name, &len, e);
	if (!text && lesson)
		return parse_script(out, lesson->name, lesson->text, strlen(lesson->text), e);
	if (!text)
		return suggest_lesson(name, e);
	rc = parse_script(out, strcmp(name, "-") ? name : "standard input", text, len, e);
	free(text);
	return rc;
}

int cmd_play(int argc, char **argv)
{
	const char *record = NULL, *file;
	int quiet = 0, r;
	const struct cmd_option options[] = {
		{ "-w", &record, NULL },
		{ "--quiet", NULL, &quiet },
	};
	struct play_config c = { .finish = show_failure, .context = &quiet };
	size_t files = 1;
	struct script script;
	struct err e = { 0 };
	unsigned held;
	enum play_result result;

	r = cmd_options(argc, argv, options, sizeof(options) / sizeof(options[0]), &file, &files);
	if (r)
		return r > 0 ? EXIT_OK : EXIT_CANNOT;
	if (!files)
		return cmd_usage(argv[0], "name the lab file to play, or a lesson");
	if (parse_named(file, &script, &e))
		return cmd_error(&e, EXIT_CANNOT);
	c.record = record;
	result = play(&script, &c, &held, &e);
	if (result != PLAY_HELD)
		return cmd_error(&e, exit_code(result, &e));
	if (!quiet)
		printf("%s: %u expectation%s held\n", file, held, held == 1 ? "" : "s");
	return EXIT_OK;
}
