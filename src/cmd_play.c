#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "src/cmd.h"
#include "src/cmd_script.h"
#include "ui/show.h"

#define LADDER_WIDTH 100

struct report {
	int quiet, json;
	const char *file;
	unsigned expected;
};

/* ---- for programs ---- */

static json_t *json_of_failures(const struct script_run *r)
{
	json_t *list = json_array();
	size_t count;
	const struct script_failure *f = script_failures(r, &count);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_pack("{s:I, s:s}", "line", (json_int_t)f[i].line,
						      "reason", f[i].reason));
	return list;
}

static json_t *json_of_questions(const struct script_run *r)
{
	json_t *list = json_array();
	size_t count;
	const struct asked *a = script_asked(r, &count);

	for (size_t i = 0; i < count; i++)
		if (a[i].known)
			json_array_append_new(list,
					      json_pack("{s:I, s:s, s:s, s:b}", "line",
							(json_int_t)a[i].line, "question",
							a[i].question.text, "answer", a[i].truth,
							"by_trace", (int)a[i].by_trace));
	return list;
}

static const char *name_of_result(enum play_result result)
{
	switch (result) {
	case PLAY_HELD:
		return "held";
	case PLAY_FAILED:
		return "failed";
	case PLAY_CANNOT:
		return "cannot";
	case PLAY_LACKS:
		return "lacks";
	case PLAY_STOPPED:
		return "stopped";
	}
	return "?";
}

/* r: NULL if nothing was run. */
static void print_json(const struct report *report, const struct script_run *r,
		       enum play_result result, const struct err *e)
{
	json_t *all = json_pack(
		"{s:s, s:s, s:I, s:I, s:s}", "file", report->file, "result", name_of_result(result),
		"expectations", (json_int_t)report->expected, "held",
		(json_int_t)(r ? script_held(r) : 0), "reason", result == PLAY_HELD ? "" : e->what);

	json_object_set_new(all, "title", json_string(r ? script_title(r) : ""));
	json_object_set_new(all, "failures", r ? json_of_failures(r) : json_array());
	json_object_set_new(all, "questions", r ? json_of_questions(r) : json_array());
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}

/* ---- for people ---- */

/* All that was not as expected, in its order. */
static void print_failures(const struct script_run *r)
{
	size_t count;
	const struct script_failure *f = script_failures(r, &count);

	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "socklens: %s\n", f[i].reason);
}

/* Where something did not hold, what led to it is the first thing to look at. */
static void finish(void *context, struct trace *t, const struct script_run *r,
		   enum play_result result, const struct err *e)
{
	struct report *report = context;

	report->expected = script_expected(r);
	if (report->json) {
		print_json(report, r, result, e);
		report->file = NULL;
		return;
	}
	if (result == PLAY_FAILED && !report->quiet) {
		show_text(t, LADDER_WIDTH, stdout, false, NULL);
		printf("\n%s: %u of %u expectations held\n", report->file, script_held(r),
		       script_expected(r));
	}
	fflush(stdout);
	print_failures(r);
}

int cmd_play(int argc, char **argv)
{
	const char *record = NULL, *file;
	struct report report = { 0 };
	int keep_going = 0, r;
	const struct cmd_option options[] = {
		{ "-w", &record, NULL },
		{ "--quiet", NULL, &report.quiet },
		{ "--json", NULL, &report.json },
		{ "--keep-going", NULL, &keep_going },
	};
	struct play_config c = { .finish = finish, .context = &report };
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
	report.file = file;
	if (script_read_named(file, &script, &e)) {
		if (report.json)
			print_json(&report, NULL, PLAY_CANNOT, &e);
		return cmd_error(&e, EXIT_CANNOT);
	}
	c.record = record;
	c.keep_going = keep_going;
	result = play(&script, &c, &held, &e);
	if (report.json && report.file)
		print_json(&report, NULL, result, &e);
	if (result == PLAY_FAILED)
		return EXIT_FAILED;
	if (result != PLAY_HELD)
		return cmd_error(&e, script_exit_code(result, &e));
	if (!report.quiet && !report.json)
		printf("%s: %u expectation%s held\n", file, held, held == 1 ? "" : "s");
	return EXIT_OK;
}
