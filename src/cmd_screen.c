#include "src/cmd_screen.h"

#include <unistd.h>

#include "ui/theme.h"

int screen_check(const char *command, const struct screen_options *o)
{
	STR_ON_STACK(names, 160);
	struct err e = { 0 };

	theme_names(&names);
	if (o->theme && !theme_find(o->theme))
		return cmd_usage(command, "--theme takes %s, not \"%s\"", names.buf, o->theme), -1;
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return 0;
	err_set(&e, "socklens play and socklens show need none",
		"the screen needs a terminal on standard input and output");
	return cmd_error(&e, EXIT_CANNOT), -1;
}

int screen_run(const struct app_config *c, const struct screen_options *o)
{
	const struct term_options term = { .theme = o->theme, .ascii = o->ascii != 0 };
	struct app_config config = *c;
	struct err e = { 0 };

	config.present = o->present != 0;
	return app_run(&config, &term, &e) ? cmd_error(&e, EXIT_FAILED) : EXIT_OK;
}
