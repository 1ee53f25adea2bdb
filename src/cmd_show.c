/*
 * What is printed is a row of the table of outputs: what has to watch the file while it is read, and what to
 * write when all of it is there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "capture/trace.h"
#include "src/cmd.h"
#include "src/cmd_file.h"
#include "src/fields.h"
#include "src/filter.h"
#include "src/json.h"
#include "src/select.h"
#include "src/summary.h"
#include "ui/show.h"

#define WIDTH_DEFAULT 100
#define WIDTH_LEAST   60
#define WIDTH_MOST    400

#define WORDS_MAX 64 /* of a filter */

struct show {
	const char *command, *file;
	struct file_args reading_args;
	const char *to, *fields_names, *width_text, *output, *conns, *streams, *filter;
	int json, summary, ascii;

	char filter_text[FILTER_TEXT];
	struct trace_options reading;
	struct select select;
	int width;
	FILE *out;
	struct fields *fields;
	struct summary totals;
	struct trace_watch watch;
};

struct output {
	const char *name;
	bool binary;
	/* Before the file is read; may be NULL.  -1: e says why not. */
	int (*begin)(struct show *s, struct err *e);
	/* When all of it is there. */
	int (*put)(struct show *s, struct trace *t, struct err *e);
};

/* ---- the outputs ---- */

static int put_text(struct show *s, struct trace *t, struct err *e)
{
	return show_text(t, s->width, s->out, s->ascii, e);
}

static int put_json(struct show *s, struct trace *t, struct err *e)
{
	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct event *ev;

		if (!select_row(&s->select, t, row))
			continue;
		ev = trace_event(t, row, e);
		if (!ev || json_event(t, ev, s->out, e))
			return -1;
	}
	return 0;
}

static int begin_fields(struct show *s, struct err *e)
{
	s->fields = fields_new(s->fields_names, &s->select, s->out, e);
	if (!s->fields)
		return -1;
	s->reading.watch = fields_watch(s->fields);
	return 0;
}

static int put_fields(struct show *s, struct trace *t, struct err *e)
{
	(void)t;
	return fields_end(s->fields, e);
}

static int begin_summary(struct show *s, struct err *e)
{
	(void)e;
	s->watch = summary_watch(&s->totals);
	s->reading.watch = &s->watch;
	return 0;
}

static int put_summary(struct show *s, struct trace *t, struct err *e)
{
	summary_conns(&s->totals, trace_conns(t));
	return s->json ? summary_json(&s->totals, t, s->file, s->out, e)
		       : summary_text(&s->totals, t, s->file, s->out, e);
}

static const struct output outputs[] = {
	{ .name = "text", .put = put_text },
	{ .name = "json", .put = put_json },
};
#define OUTPUTS (sizeof(outputs) / sizeof(outputs[0]))

/* Chosen by options of their own. */
static const struct output fields_output = { .begin = begin_fields, .put = put_fields };
static const struct output summary_output = { .begin = begin_summary, .put = put_summary };

static const struct output *output_find(struct show *s)
{
	const char *name = s->to ? s->to : s->json ? "json" : "text";
	STR_ON_STACK(names, 100);

	if (s->summary)
		return &summary_output;
	if (s->fields_names)
		return &fields_output;
	for (size_t i = 0; i < OUTPUTS; i++) {
		if (!strcmp(outputs[i].name, name))
			return &outputs[i];
		str_addf(&names, "%s%s",
			 !i		   ? ""
			 : i + 1 < OUTPUTS ? ", "
					   : " or ",
			 outputs[i].name);
	}
	cmd_usage(s->command, "--to takes %s, not %s", names.buf, name);
	return NULL;
}

/* ---- the options ---- */

static int terminal_width(void)
{
	struct winsize ws;

	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) &&
	    ws.ws_col >= WIDTH_LEAST)
		return ws.ws_col;
	return WIDTH_DEFAULT;
}

static int read_width(struct show *s)
{
	char *end;
	long n;

	s->width = terminal_width();
	if (!s->width_text)
		return 0;
	n = strtol(s->width_text, &end, 10);
	if (end == s->width_text || *end || n < WIDTH_LEAST || n > WIDTH_MOST) {
		cmd_usage(s->command, "--width takes a number from %d to %d", WIDTH_LEAST,
			  WIDTH_MOST);
		return -1;
	}
	s->width = (int)n;
	return 0;
}

/* Of --filter, or of the words behind the file, as tcpdump takes them. */
static int read_filter(struct show *s, const char *const *word, size_t words, struct err *e)
{
	if (words && s->filter)
		return err_set(e, NULL, "a filter behind the file and --filter are one too many");
	if (!words)
		return 0;
	if (filter_join(s->filter_text, word, words, e))
		return -1;
	s->filter = s->filter_text;
	return 0;
}

static int list_fields(void)
{
	const char *name;

	for (size_t i = 0; (name = fields_name(i)); i++)
		puts(name);
	return EXIT_OK;
}

/* ---- all together ---- */

static int open_out(struct show *s, const struct output *o, struct err *e)
{
	s->out = stdout;
	if (o->binary && !s->output && isatty(STDOUT_FILENO))
		return err_set(e, "-o FILE, or a pipe", "a capture is nothing for a terminal");
	if (!s->output || !strcmp(s->output, "-"))
		return 0;
	s->out = fopen(s->output, "wxe");
	if (s->out)
		return 0;
	s->out = stdout;
	return err_errno(e, errno, errno == EEXIST ? "an existing file is never overwritten" : NULL,
			 "making %s", s->output);
}

static int close_out(struct show *s, struct err *e)
{
	if (s->out == stdout || !fclose(s->out))
		return 0;
	return err_errno(e, errno, NULL, "writing %s", s->output);
}

static int run(struct show *s, const struct output *o)
{
	struct err e = { .what = "" };
	struct trace *t = NULL;
	int code = EXIT_OK;

	if (open_out(s, o, &e))
		return cmd_error(&e, EXIT_CANNOT);
	if ((o->begin && o->begin(s, &e)) || !(t = trace_open_with(s->file, &s->reading, &e)))
		code = EXIT_CANNOT;
	else if (o->put(s, t, &e))
		code = EXIT_FAILED;
	if (close_out(s, code ? NULL : &e) && !code)
		code = EXIT_FAILED;
	if (code == EXIT_CANNOT && s->out != stdout)
		unlink(s->output);
	if (t && trace_damage(t) && o != &summary_output)
		fprintf(stderr, "socklens: %s: %s\n", s->file, trace_damage(t));
	trace_free(t);
	fields_free(s->fields);
	return code ? cmd_error(&e, code) : EXIT_OK;
}

static int check_and_run(struct show *s, const char *const *word, size_t words)
{
	const struct output *o = output_find(s);
	struct err e = { .what = "" };
	int code;

	if (!o || read_width(s) || file_options(s->command, &s->reading_args, &s->reading))
		return EXIT_CANNOT;
	if (read_filter(s, word, words, &e) ||
	    select_init(&s->select, s->conns, s->streams, s->filter, &e))
		return cmd_error(&e, EXIT_CANNOT);
	code = run(s, o);
	select_fini(&s->select);
	return code;
}

int cmd_show(int argc, char **argv)
{
	struct show s = { .command = argv[0] };
	const struct cmd_option options[] = {
		{ "--to", &s.to, NULL },
		{ "--json", NULL, &s.json },
		{ "--summary", NULL, &s.summary },
		{ "--fields", &s.fields_names, NULL },
		{ "--conn", &s.conns, NULL },
		{ "--stream", &s.streams, NULL },
		{ "--filter", &s.filter, NULL },
		{ "-o", &s.output, NULL },
		{ "--width", &s.width_text, NULL },
		{ "--ascii", NULL, &s.ascii },
		FILE_OPTIONS(&s.reading_args),
	};
	const char *rest[WORDS_MAX];
	size_t count = WORDS_MAX;
	int r = cmd_options(argc, argv, options, sizeof(options) / sizeof(options[0]), rest,
			    &count);

	if (r)
		return r > 0 ? EXIT_OK : EXIT_CANNOT;
	if (s.fields_names && !strcmp(s.fields_names, "list"))
		return list_fields();
	if (!count)
		return cmd_usage(argv[0], "name the file to show");
	s.file = rest[0];
	return check_and_run(&s, rest + 1, count - 1);
}
