#include "src/cmd_lab.h"

#include "src/cmd_again.h"

/* What a lab needs of the machine is named by doctor. */
static int cannot_build(struct err *e)
{
	cmd_error(e, EXIT_LACKING);
	err_set(e, "socklens open FILE and socklens show FILE work without a lab",
		"no lab can be built here; socklens doctor says what would change that");
	return cmd_error(e, EXIT_LACKING);
}

static int run_in(struct session *s, const struct lab_screen *c)
{
	struct app_config app = { .session = s, .leave = c->leave };
	struct err e = { 0 };
	int r;

	if (c->lesson && !(app.script = script_new(s, c->lesson, true, &e)))
		return cmd_error(&e, EXIT_CANNOT);
	if (app.script)
		script_start_at(app.script, c->from);
	r = screen_run(&app, c->screen);
	script_free(app.script);
	return r;
}

int lab_run(const struct lab_screen *c)
{
	bool file_failed = false;
	const struct session_config config = { .record = c->record,
					       .record_failed = &file_failed,
					       .sample = true,
					       .loopback = c->loopback };
	struct err e = { 0 };
	struct session *s = session_new_lab(&config, &e);
	int r;

	if (!s)
		return file_failed ? cmd_error(&e, EXIT_CANNOT) : cannot_build(&e);
	r = run_in(s, c);
	session_free(s);
	return r;
}

/* With the menu of lessons behind it, which needs a process that is in no lab. */
static int run_before_menu(struct lab_screen *c)
{
	char *menu[] = { (char[]){ "socklens" }, (char[]){ "lesson" }, NULL };
	struct app_leave leave = { 0 };
	struct again again;
	int r;

	if (!again_init(&again, menu))
		c->leave = &leave;
	r = lab_run(c);
	if (leave.menu)
		r = again_run(&again);
	again_fini(&again);
	return r;
}

/* `socklens` and `socklens lab`. */
int cmd_lab(int argc, char **argv)
{
	struct screen_options screen = { 0 };
	const char *record = NULL, *name = NULL;
	int loopback = 0;
	const struct cmd_option options[] = { { "-w", &record, NULL },
					      SCREEN_OPTIONS(&screen),
					      { "--loopback", NULL, &loopback } };
	size_t names = 0;
	int r = cmd_options(argc, argv, options, sizeof(options) / sizeof(options[0]), &name,
			    &names);
	struct lab_screen c = { .screen = &screen };

	if (r)
		return r > 0 ? EXIT_OK : EXIT_CANNOT;
	if (screen_check(argv[0], &screen))
		return EXIT_CANNOT;
	c.record = record;
	c.loopback = loopback;
	return run_before_menu(&c);
}
