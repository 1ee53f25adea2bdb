#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "src/cmd.h"
#include "src/cmd_file.h"
#include "src/json.h"
#include "src/summary.h"
#include "capture/trace.h"
#include "ui/show.h"

#define WIDTH_DEFAULT 100
#define WIDTH_LEAST   60
#define WIDTH_MOST    400

static int terminal_width(void)
{
	struct winsize ws;

	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) &&
	    ws.ws_col >= WIDTH_LEAST)
		return ws.ws_col;
	return WIDTH_DEFAULT;
}

static int show_json(struct trace *t, struct err *e)
{
	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct event *ev = trace_event(t, row, e);

		if (!ev || json_event(t, ev, stdout, e))
			return -1;
	}
	return 0;
}

/* Reads the file from one end to the other; its rows are not needed. */
static int show_summary(const char *file, struct trace_options *reading, bool json, struct err *e)
{
	struct summary s = { 0 };
	const struct trace_watch watch = summary_watch(&s);
	struct trace *t;
	int failed;

	reading->watch = &watch;
	if (!(t = trace_open_with(file, reading, e)))
		return EXIT_CANNOT;
	summary_conns(&s, trace_conns(t));
	failed = json ? summary_json(&s, t, file, stdout, e) : summary_text(&s, t, file, stdout, e);
	trace_free(t);
	return failed ? EXIT_FAILED : EXIT_OK;
}

int cmd_show(int argc, char **argv)
{
	const char *width_text = NULL, *unpack = NULL, *file;
	int json = 0, summary = 0, ascii = 0, width = terminal_width(), failed;
	const struct cmd_option options[] = {
		{ "--json", NULL, &json },   { "--summary", NULL, &summary },
		{ "--ascii", NULL, &ascii }, { "--width", &width_text, NULL },
		FILE_OPTIONS(&unpack),
	};
	struct trace_options reading;
	size_t files = 1;
	struct err e = { 0 };
	struct trace *t;
	int r = cmd_options(argc, argv, options, sizeof(options) / sizeof(options[0]), &file,
			    &files);

	if (r)
		return r > 0 ? EXIT_OK : EXIT_CANNOT;
	if (!files)
		return cmd_usage(argv[0], "name the file to show");
	if (width_text) {
		char *end;
		long n = strtol(width_text, &end, 10);

		if (end == width_text || *end || n < WIDTH_LEAST || n > WIDTH_MOST)
			return cmd_usage(argv[0], "--width takes a number from %d to %d",
					 WIDTH_LEAST, WIDTH_MOST);
		width = (int)n;
	}
	if (file_options(argv[0], unpack, &reading))
		return EXIT_CANNOT;
	if (summary) {
		r = show_summary(file, &reading, json, &e);
		return r == EXIT_OK ? r : cmd_error(&e, r);
	}
	if (summary) {
		r = show_summary(file, &reading, json, &e);
		return r == EXIT_OK ? r : cmd_error(&e, r);
	}
	if (!(t = trace_open_with(file, &reading, &e)))
		return cmd_error(&e, EXIT_CANNOT);
	failed = json ? show_json(t, &e) : show_text(t, width, stdout, ascii, &e);
	if (trace_damage(t))
		fprintf(stderr, "socklens: %s: %s\n", file, trace_damage(t));
	trace_free(t);
	return failed ? cmd_error(&e, EXIT_FAILED) : EXIT_OK;
}
