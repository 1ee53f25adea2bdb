#include "src/cmd_script.h"

#include <stdlib.h>
#include <string.h>

#include "src/cmd.h"
#include "src/lesson.h"

#define EXIT_SIGNAL 128 /* and the signal's number, as a shell has it */

int script_exit_code(enum play_result result, const struct err *e)
{
	switch (result) {
	case PLAY_HELD:
		return EXIT_OK;
	case PLAY_FAILED:
		return EXIT_FAILED;
	case PLAY_CANNOT:
		return EXIT_CANNOT;
	case PLAY_LACKS:
		return EXIT_LACKING;
	case PLAY_STOPPED:
		return EXIT_SIGNAL + e->code;
	}
	return EXIT_CANNOT;
}

/* e says why there is no such file; perhaps a lesson was meant. */
static int suggest_lesson(const char *name, struct err *e)
{
	const char *near = strchr(name, '/') ? NULL : lesson_nearest(name);
	struct err file = *e;
	STR_ON_STACK(hint, 128);

	if (!near)
		return -1;
	str_addf(&hint, "did you mean the lesson %s?", near);
	return err_set(e, hint.buf, "%s", file.what);
}

int script_read_named(const char *name, struct script *out, struct err *e)
{
	const struct lesson *lesson = lesson_find(name);
	size_t len = 0;
	char *text;
	int rc;

	text = play_read(name, &len, e);
	if (!text && lesson)
		return parse_script(out, lesson->name, lesson->text, strlen(lesson->text), e);
	if (!text)
		return suggest_lesson(name, e);
	rc = parse_script(out, strcmp(name, "-") ? name : "standard input", text, len, e);
	free(text);
	return rc;
}
