#include <stdio.h>
#include <string.h>

#include "src/cmd.h"
#include "src/lesson.h"

static void list_group(const struct lesson_group *g)
{
	printf("%s\n", g->title);
	for (const char *const *name = g->name; *name; name++) {
		const struct lesson *l = lesson_find(*name);
		STR_ON_STACK(title, 128);

		if (!l)
			continue;
		lesson_title(l, &title);
		printf("  %-12s %s\n", l->name, title.buf);
	}
	printf("\n");
}

static int list_lessons(void)
{
	for (size_t i = 0; i < lesson_groups_count; i++)
		list_group(&lesson_groups[i]);
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

/* The screen is the lab's, with the lesson's name as its argument. */
int cmd_lesson(int argc, char **argv)
{
	if (argc < 2)
		return list_lessons();
	return cmd_lab(argc, argv);
}
