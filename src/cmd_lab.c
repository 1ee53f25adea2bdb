#include <string.h>

#include "src/cmd_screen.h"
#include "src/lesson.h"
#include "src/parse.h"
#include "src/script.h"

/* What a lab needs of the machine is named by doctor. */
static int cannot_build(struct err *e)
{
	cmd_error(e, EXIT_LACKING);
	err_set(e, "socklens open FILE and socklens show FILE work without a lab",
		"no lab can be built here; socklens doctor says what would change that");
	return cmd_error(e, EXIT_LACKING);
}

/* Puts up a lab, with a lesson if there is a script. */
static int run_lab(const char *record, bool loopback, struct script *lesson,
		   const struct screen_options *screen)
{
	bool file_failed = false;
	const struct session_config config = { .record = record,
					       .record_failed = &file_failed,
					       .sample = true,
					       .loopback = loopback };
	struct app_config app = { 0 };
	struct err e = { 0 };
	int r;

	app.session = session_new_lab(&config, &e);
	if (!app.session)
		return file_failed ? cmd_error(&e, EXIT_CANNOT) : cannot_build(&e);
	if (lesson && !(app.script = script_new(app.session, lesson, true, &e)))
		r = cmd_error(&e, EXIT_CANNOT);
	else
		r = screen_run(&app, screen);
	script_free(app.script);
	session_free(app.session);
	return r;
}

/* `socklens`, `socklens lab` and `socklens lesson NAME`. */
int cmd_lab(int argc, char **argv)
{
	struct screen_options screen = { 0 };
	const char *record = NULL, *name = NULL;
	int loopback = 0;
	const struct cmd_option options[] = { { "-w", &record, NULL },
					      SCREEN_OPTIONS(&screen),
					      { "--loopback", NULL, &loopback } };
	const bool is_lesson = !strcmp(argv[0], "lesson");
	const struct lesson *lesson = NULL;
	struct script script;
	struct err e = { 0 };
	size_t names = is_lesson;
	/* A lesson says itself what lab it is for. */
	size_t count = sizeof(options) / sizeof(options[0]) - is_lesson;
	int r = cmd_options(argc, argv, options, count, &name, &names);

	if (r)
		return r > 0 ? EXIT_OK : EXIT_CANNOT;
	if (is_lesson && (!names || !(lesson = lesson_find(name))))
		return names ? cmd_lesson_unknown(name)
			     : cmd_usage(argv[0], "name a lesson: socklens lesson lists them");
	if (screen_check(argv[0], &screen))
		return EXIT_CANNOT;
	if (!is_lesson)
		return run_lab(record, loopback, NULL, &screen);
	if (parse_script(&script, lesson->name, lesson->text, strlen(lesson->text), &e))
		return cmd_error(&e, EXIT_CANNOT);
	r = run_lab(record, script.loopback, &script, &screen);
	script_fini(&script);
	return r;
}
