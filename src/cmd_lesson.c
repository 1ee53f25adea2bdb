/*
 * A lesson is run by a child: a process that has built a lab lives in namespaces that it cannot leave, and behind it may come
 * the same lesson again, or the menu.  What is to come, and how it went, the child writes into a pipe at its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "src/cmd_again.h"
#include "src/cmd_lab.h"
#include "src/lesson.h"
#include "src/parse.h"
#include "src/progress.h"
#include "ui/menu.h"

static void load(struct progress *p)
{
	progress_load(p, getenv("XDG_STATE_HOME"), getenv("HOME"));
}

/* ---- the list ---- */

static void list_group(const struct lesson_group *g, const struct progress *p)
{
	printf("%s\n", g->title);
	for (const char *const *name = g->name; *name; name++) {
		const struct lesson *l = lesson_find(*name);
		STR_ON_STACK(title, 128);

		if (!l)
			continue;
		lesson_title(l, &title);
		printf("  %-12s %s%s\n", l->name, title.buf,
		       progress_of(p, l->name) ? "  (done)" : "");
	}
	printf("\n");
}

static int list_lessons(void)
{
	struct progress p;

	load(&p);
	for (size_t i = 0; i < lesson_groups_count; i++)
		list_group(&lesson_groups[i], &p);
	printf("Open one with: socklens lesson NAME\n");
	return EXIT_OK;
}

int cmd_lesson_unknown(const char *name)
{
	const char *near = lesson_nearest(name);
	STR_ON_STACK(hint, 128);
	struct err e = { 0 };

	if (near)
		str_addf(&hint, "did you mean %s?", near);
	err_set(&e, near ? hint.buf : "socklens lesson lists them", "there is no lesson \"%s\"",
		name);
	return cmd_error(&e, EXIT_CANNOT);
}

/* ---- one lesson ---- */

struct course {
	struct screen_options screen;
	const char *record; /* of the first lesson alone: a recording stays what it is */
	struct progress progress;
	bool from_menu;
};

/* What the child does; its exit code. */
static int give(const struct course *c, const struct lesson *lesson, unsigned from, int report)
{
	struct app_leave leave = { 0 };
	struct script script;
	struct err e = { 0 };
	struct lab_screen lab = { .record = c->record,
				  .lesson = &script,
				  .from = from,
				  .leave = &leave,
				  .screen = &c->screen };
	int r;

	if (parse_script(&script, lesson->name, lesson->text, strlen(lesson->text), &e))
		return cmd_error(&e, EXIT_CANNOT);
	lab.loopback = script.loopback;
	r = lab_run(&lab);
	script_fini(&script);
	if (write(report, &leave, sizeof(leave)) != (ssize_t)sizeof(leave))
		return EXIT_CANNOT;
	return r;
}

static int give_in_child(const struct course *c, const struct lesson *lesson, unsigned from,
			 struct app_leave *leave)
{
	struct err e = { 0 };
	int ends[2], code;
	pid_t pid;

	*leave = (struct app_leave){ 0 };
	if (pipe2(ends, O_CLOEXEC)) {
		err_errno(&e, errno, NULL, "starting a lesson");
		return cmd_error(&e, EXIT_CANNOT);
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		close(ends[0]);
		code = give(c, lesson, from, ends[1]);
		exit(code);
	}
	close(ends[1]);
	if (pid < 0) {
		err_errno(&e, errno, NULL, "starting a lesson");
		code = cmd_error(&e, EXIT_CANNOT);
	} else {
		code = again_wait(pid);
	}
	if (read(ends[0], leave, sizeof(*leave)) != (ssize_t)sizeof(*leave))
		*leave = (struct app_leave){ 0 };
	close(ends[0]);
	return code;
}

/* The lesson, and again as often as that is wanted.  *menu: then the menu is. */
static int take(struct course *c, const struct lesson *lesson, bool *menu)
{
	struct app_leave leave = { 0 };
	int code;

	do {
		code = give_in_child(c, lesson, leave.line, &leave);
		c->record = NULL;
		/* That it cannot be remembered is no reason to keep anybody from learning. */
		if (leave.over)
			progress_note(&c->progress, lesson->name, leave.right, leave.given, NULL);
	} while (leave.again);
	*menu = leave.menu || (c->from_menu && code == EXIT_OK);
	return code;
}

/* The menu, and lessons until none is chosen. */
static int take_course(struct course *c, const struct lesson *lesson)
{
	const struct term_options term = { .theme = c->screen.theme,
					   .ascii = c->screen.ascii != 0 };
	const char *last = NULL;
	struct err e = { 0 };
	int code = EXIT_OK;
	bool menu = true;

	load(&c->progress);
	c->from_menu = !lesson;
	for (; menu; lesson = NULL) {
		if (!lesson && menu_run(&c->progress, last, &term, &lesson, &e))
			return cmd_error(&e, EXIT_CANNOT);
		if (!lesson)
			return EXIT_OK;
		last = lesson->name;
		code = take(c, lesson, &menu);
	}
	return code;
}

int cmd_lesson(int argc, char **argv)
{
	struct course c = { .screen = { 0 } };
	const char *name = NULL;
	const struct cmd_option options[] = { { "-w", &c.record, NULL },
					      SCREEN_OPTIONS(&c.screen) };
	const struct lesson *lesson = NULL;
	size_t names = 1;
	int r = cmd_options(argc, argv, options, sizeof(options) / sizeof(options[0]), &name,
			    &names);

	if (r)
		return r > 0 ? EXIT_OK : EXIT_CANNOT;
	if (names && !(lesson = lesson_find(name)))
		return cmd_lesson_unknown(name);
	if (!names && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		return argc < 2 ? list_lessons()
				: cmd_usage(argv[0], "name a lesson: socklens lesson lists them");
	if (screen_check(argv[0], &c.screen))
		return EXIT_CANNOT;
	return take_course(&c, lesson);
}
