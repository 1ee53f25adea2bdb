#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "src/cmd_file.h"
#include "src/cmd_screen.h"
#include "src/filter.h"

#define WORDS 64 /* of a filter */

/* The capture came through standard input, and is read through a copy of it: the keys come from the terminal. */
static void take_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return; /* screen_check() says what is missing */
	dup2(fd, STDIN_FILENO);
	close(fd);
}

/* A wrong filter is told of before the screen is put up. */
static bool is_wrong(struct session *s, const char *filter, struct err *e)
{
	const struct trace *t = session_trace(s);

	return filter_check(filter, trace_hosts(t) ? trace_host(t, 0)->link : LINK_ETHERNET, e);
}

int cmd_open(int argc, char **argv)
{
	struct screen_options screen = { 0 };
	struct file_args reading_args = { 0 };
	const struct cmd_option options[] = { SCREEN_OPTIONS(&screen),
					      FILE_OPTIONS(&reading_args) };
	struct trace_options reading;
	struct app_config app = { 0 };
	struct err e = { 0 };
	const char *rest[1 + WORDS], *file;
	size_t rests = sizeof(rest) / sizeof(rest[0]);
	char filter[FILTER_TEXT];
	int r = cmd_options(argc, argv, options, sizeof(options) / sizeof(options[0]), rest,
			    &rests);

	if (r)
		return r > 0 ? EXIT_OK : EXIT_CANNOT;
	if (!rests)
		return cmd_usage(argv[0], "name the file to open");
	file = rest[0];
	if (filter_join(filter, rest + 1, rests - 1, &e))
		return cmd_error(&e, EXIT_CANNOT);
	if (file_options(argv[0], &reading_args, &reading))
		return EXIT_CANNOT;
	/* The file first: what is wrong with it can be said on any terminal. */
	if (!(app.session = session_start_file(file, &reading, &e)))
		return cmd_error(&e, EXIT_CANNOT);
	if (*filter && is_wrong(app.session, filter, &e)) {
		session_free(app.session);
		return cmd_error(&e, EXIT_CANNOT);
	}
	app.filter = filter;
	if (strcmp(file, "-") == 0)
		take_terminal();
	app.greeting = trace_damage(session_trace(app.session));
	r = screen_check(argv[0], &screen) ? EXIT_CANNOT : screen_run(&app, &screen);
	session_free(app.session);
	return r;
}
