#include "src/cmd_screen.h"

#include <string.h>
#include <unistd.h>

int screen_check(const char *command, const struct screen_options *o)
{
	static const char *const themes[] = { "dark", "light", "mono" };
	struct err e = { 0 };
	size_t i = 0;

	while (o->theme && i < 3 && strcmp(o->theme, themes[i]) != 0)
		i++;
	if (i == 3)
		return cmd_usage(command, "--theme takes dark, light or mono, not \"%s\"",
				 o->theme),
		       -1;
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return 0;
	err_set(&e, "socklens play and socklens show need none",
		"the screen needs a terminal on standard input and output");
	return cmd_error(&e, EXIT_CANNOT), -1;
}

int screen_run(const struct app_config *c, const struct screen_options *o)
{
	const struct term_options term = { .theme = o->theme, .ascii = o->ascii != 0 };
	struct err e = { 0 };

	return app_run(c, &term, &e) ? cmd_error(&e, EXIT_FAILED) : EXIT_OK;
}
