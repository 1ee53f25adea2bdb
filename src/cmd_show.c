/*
 * What is printed is a row of the table of outputs: what has to watch the file while it is read, and what to
 * write when all of it is there.
 *
 * The view of one host, and the totals of selected packets, are captures of their own: their packets are written
 * to a file without a name first, and everything is done with that.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "capture/spool.h"
#include "capture/trace.h"
#include "capture/trace_walk.h"
#include "src/cmd.h"
#include "src/cmd_file.h"
#include "src/export_capture.h"
#include "src/export_csv.h"
#include "src/export_view.h"
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
	const char *command;
	const char *file; /* as it was named */
	const char *path; /* what is read for it */
	struct file_args reading_args;
	const char *to, *fields_names, *width_text, *output, *view, *conns, *streams, *filter;
	const char *host_name; /* the view's that was read */
	int json, summary, ascii;

	char filter_text[FILTER_TEXT];
	struct trace_options reading;
	struct select select;
	struct export_view host; /* whose packets, if view is set */
	int width;
	FILE *out;
	struct fields *fields;
	struct summary totals;
	struct trace_watch watch;
	struct numbers *numbers;
};

struct output {
	const char *name;
	bool binary;
	bool chooses; /* takes only what is selected; else what it reads is chosen before */
	bool views; /* … of a host, if that is asked for */
	/* Before the file is read; may be NULL.  -1: e says why not. */
	int (*begin)(struct show *s, struct err *e);
	/* When all of it is there. */
	int (*put)(struct show *s, struct trace *t, struct err *e);
};

/* ---- the outputs ---- */

static void name_numbers(struct str *out, const char *what, const char *numbers)
{
	if (numbers)
		str_addf(out, " · %s%s %s", what, strchr(numbers, ',') ? "s" : "", numbers);
}

/* The file, and what of it is shown. */
static void name_choice(struct str *out, const struct show *s)
{
	str_add(out, s->file);
	name_numbers(out, "connection", s->conns);
	name_numbers(out, "stream", s->streams);
	if (s->filter)
		str_addf(out, " · filter: %s", s->filter);
	if (s->host_name)
		str_addf(out, " · as seen by %s", s->host_name);
}

static int put_text(struct show *s, struct trace *t, struct err *e)
{
	STR_ON_STACK(name, 1024);
	const struct show_text how = { .width = s->width,
				       .ascii = s->ascii,
				       .name = name.buf,
				       .select = select_is_all(&s->select) ? NULL : &s->select };

	name_choice(&name, s);
	return show_text_of(t, &how, s->out, e);
}

static int begin_numbers(struct show *s, struct err *e)
{
	s->numbers = numbers_new(e);
	if (!s->numbers)
		return -1;
	s->reading.watch = numbers_watch(s->numbers);
	return 0;
}

typedef int put_event(struct trace *t, const struct event *ev, const struct numbers *numbers,
		      FILE *out, struct err *e);

static int put_events(struct show *s, struct trace *t, put_event *put, struct err *e)
{
	struct trace_walk *walk = trace_walk_new(t, e);
	int failed = walk ? 0 : -1;

	for (uint32_t row = 0; !failed && row < trace_rows(t); row++) {
		const struct event *ev;

		if (!select_row(&s->select, t, row))
			continue;
		ev = trace_walk_event(walk, row, e);
		failed = !ev || put(t, ev, s->numbers, s->out, e) ? -1 : 0;
	}
	trace_walk_free(walk);
	return failed;
}

static int put_json(struct show *s, struct trace *t, struct err *e)
{
	return put_events(s, t, json_event, e);
}

static int put_csv(struct show *s, struct trace *t, struct err *e)
{
	return export_csv_head(s->out, e) ? -1 : put_events(s, t, export_csv_event, e);
}

static int put_capture(struct show *s, struct trace *t, enum capture_format format, FILE *out,
		       struct err *e)
{
	struct export_capture *c = export_capture_new(t, format, out, e);
	int failed = !c || export_view_write(&s->host, t, &s->select, c, e);

	export_capture_free(c);
	return failed ? -1 : 0;
}

static int put_pcap(struct show *s, struct trace *t, struct err *e)
{
	return put_capture(s, t, CAPTURE_PCAP, s->out, e);
}

static int put_pcapng(struct show *s, struct trace *t, struct err *e)
{
	return put_capture(s, t, CAPTURE_PCAPNG, s->out, e);
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
	{ .name = "text", .put = put_text, .chooses = true },
	{ .name = "json", .begin = begin_numbers, .put = put_json, .chooses = true },
	{ .name = "csv", .begin = begin_numbers, .put = put_csv, .chooses = true },
	{ .name = "pcap", .put = put_pcap, .chooses = true, .views = true, .binary = true },
	{ .name = "pcapng", .put = put_pcapng, .chooses = true, .views = true, .binary = true },
};
#define OUTPUTS (sizeof(outputs) / sizeof(outputs[0]))

/* Chosen by options of their own. */
static const struct output fields_output = { .begin = begin_fields,
					     .put = put_fields,
					     .chooses = true };
static const struct output summary_output = { .begin = begin_summary, .put = put_summary };

/* One output at a time; the totals as JSON are two options. */
static int one_output(struct show *s)
{
	if (s->to && s->json && strcmp(s->to, "json"))
		return cmd_usage(s->command, "--json is --to json, and not --to %s", s->to), -1;
	s->json |= s->to && !strcmp(s->to, "json");
	if (s->fields_names && (s->to || s->json || s->summary))
		return cmd_usage(s->command, "--fields is an output of its own"), -1;
	if (s->summary && s->to && !s->json && strcmp(s->to, "text"))
		return cmd_usage(s->command, "--summary is text or json"), -1;
	return 0;
}

static const struct output *output_find(struct show *s)
{
	const char *name = s->to ? s->to : s->json ? "json" : "text";
	STR_ON_STACK(names, 100);

	if (one_output(s))
		return NULL;
	if (s->summary)
		return &summary_output;
	if (s->fields_names)
		return &fields_output;
	for (size_t i = 0; i < OUTPUTS; i++) {
		if (!strcmp(outputs[i].name, name))
			return &outputs[i];
		str_addf(&names, i + 1 < OUTPUTS ? "%s, " : "or %s", outputs[i].name);
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

static void tell_damage(const struct show *s, const struct trace *t)
{
	if (t && trace_damage(t))
		fprintf(stderr, "socklens: %s: %s\n", s->file, trace_damage(t));
}

/* A filter that some link type cannot have has left its packets out. */
static void tell_filter(const struct show *s)
{
	const struct err *e = s->select.filter ? filter_trouble(s->select.filter) : NULL;

	if (e)
		cmd_error(e, EXIT_OK);
}

static bool chooses_before(const struct show *s, const struct output *o)
{
	return (s->view && !o->views) || (!select_is_all(&s->select) && !o->chooses);
}

static int write_chosen(struct show *s, struct trace *t, FILE *f, struct err *e)
{
	if (!f)
		return err_errno(e, errno, NULL, "writing the packets that were chosen");
	return put_capture(s, t, CAPTURE_PCAPNG, f, e);
}

/* The packets that are wanted, into a file without a name: its descriptor. */
static int spool_chosen(struct show *s, struct trace *t, struct err *e)
{
	int fd = spool_open(e), writer = fd < 0 ? -1 : dup(fd), failed;
	FILE *f = writer < 0 ? NULL : fdopen(writer, "w");

	if (fd < 0)
		return -1;
	failed = write_chosen(s, t, f, e);
	if (f && fclose(f) && !failed)
		failed = err_errno(e, errno, NULL, "writing the packets that were chosen");
	if (!failed && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Reads the file, and finds the host whose view is asked for. */
static struct trace *read_trace(struct show *s, struct err *e)
{
	struct trace *t = trace_open_with(s->path, &s->reading, e);

	if (!t || !s->view || !export_view_find(&s->host, t, s->view, e))
		return t;
	trace_free(t);
	return NULL;
}

/* From here on the packets that were chosen are what is read: as standard input, which nobody needs any more. */
static int choose(struct show *s, struct err *e)
{
	struct trace *t = read_trace(s, e);
	int fd = t ? spool_chosen(s, t, e) : -1;

	tell_damage(s, t);
	trace_free(t);
	if (fd < 0)
		return -1;
	dup2(fd, STDIN_FILENO);
	close(fd);
	tell_filter(s);
	select_fini(&s->select);
	s->select = (struct select){ .filter = NULL };
	s->path = "-";
	s->host_name = s->view;
	s->view = NULL;
	return 0;
}

static struct trace *read_file(struct show *s, const struct output *o, struct err *e)
{
	if (chooses_before(s, o) && choose(s, e))
		return NULL;
	if (o->begin && o->begin(s, e))
		return NULL;
	return read_trace(s, e);
}

static int run(struct show *s, const struct output *o)
{
	struct err e = { .what = "" };
	struct trace *t;
	int code = EXIT_OK;

	if (open_out(s, o, &e))
		return cmd_error(&e, EXIT_CANNOT);
	t = read_file(s, o, &e);
	if (!t || (o->chooses && select_look(&s->select, t, &e)))
		code = EXIT_CANNOT;
	else if (o->put(s, t, &e))
		code = EXIT_FAILED;
	if (close_out(s, code ? NULL : &e) && !code)
		code = EXIT_FAILED;
	if (code && s->out != stdout)
		unlink(s->output);
	if (o != &summary_output)
		tell_damage(s, t);
	tell_filter(s);
	trace_free(t);
	fields_free(s->fields);
	numbers_free(s->numbers);
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
	struct show s = { .command = argv[0], .host.kind = EXPORT_VIEW_ALL };
	const struct cmd_option options[] = {
		{ "--to", &s.to, NULL },	   { "--json", NULL, &s.json },
		{ "--summary", NULL, &s.summary }, { "--fields", &s.fields_names, NULL },
		{ "--view", &s.view, NULL },	   { "--conn", &s.conns, NULL },
		{ "--stream", &s.streams, NULL },  { "--filter", &s.filter, NULL },
		{ "-o", &s.output, NULL },	   { "--width", &s.width_text, NULL },
		{ "--ascii", NULL, &s.ascii },	   FILE_OPTIONS(&s.reading_args),
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
	s.file = s.path = rest[0];
	return check_and_run(&s, rest + 1, count - 1);
}
