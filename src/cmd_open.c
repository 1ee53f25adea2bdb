#include "src/cmd_screen.h"

int cmd_open(int argc, char **argv)
{
	struct screen_options screen = { 0 };
	const struct cmd_option options[] = { SCREEN_OPTIONS(&screen) };
	struct app_config app = { 0 };
	struct err e = { 0 };
	const char *file;
	size_t files = 1;
	int r = cmd_options(argc, argv, options, sizeof(options) / sizeof(options[0]), &file,
			    &files);

	if (r)
		return r > 0 ? EXIT_OK : EXIT_CANNOT;
	if (!files)
		return cmd_usage(argv[0], "name the file to open");
	/* The file first: what is wrong with it can be said on any terminal. */
	if (!(app.session = session_new_file(file, &e)))
		return cmd_error(&e, EXIT_CANNOT);
	app.greeting = trace_damage(session_trace(app.session));
	r = screen_check(argv[0], &screen) ? EXIT_CANNOT : screen_run(&app, &screen);
	session_free(app.session);
	return r;
}
