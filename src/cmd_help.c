#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "src/cmd.h"
#include "src/core/names.h"
#include "src/core/safe.h"

static void print_one(const struct cmd *c)
{
	printf("usage: socklens %s\n%s%c%s.\n\n%s", c->usage, "",
	       c->summary[0] - (c->summary[0] >= 'a' ? 32 : 0), c->summary + 1, c->options);
}

static void print_all(void)
{
	puts("socklens shows on one timeline what a program asked its sockets to do, what went "
	     "over the wire,\n"
	     "and what state the kernel's sockets were in.\n");
	for (size_t i = 0; i < cmds_count; i++)
		printf("  socklens %-20s %s\n", cmds[i].usage, cmds[i].summary);
	puts("\nsocklens help COMMAND shows the options of one; socklens alone opens the lab.");
}

int cmd_help(int argc, char **argv)
{
	if (argc < 2) {
		print_all();
		return EXIT_OK;
	}
	for (size_t i = 0; i < cmds_count; i++)
		if (!strcmp(cmds[i].name, argv[1])) {
			print_one(&cmds[i]);
			return EXIT_OK;
		}
	return cmd_usage(NULL, "there is no command %s", argv[1]);
}

int cmd_error(const struct err *e, int code)
{
	STR_ON_STACK(text, 1024);

	err_text(e, &text);
	fprintf(stderr, "socklens: %s\n", text.buf);
	return code;
}

int cmd_usage(const char *command, const char *fmt, ...)
{
	STR_ON_STACK(raw, 512);
	STR_ON_STACK(text, 1024);
	va_list ap;

	va_start(ap, fmt);
	str_addv(&raw, fmt, ap);
	va_end(ap);
	safe_add_text(&text, raw.buf);
	fprintf(stderr, "socklens%s%s: %s\n", command ? " " : "", command ? command : "", text.buf);
	if (!command) {
		const char *word = strrchr(raw.buf, ' ');
		struct nearest n = nearest_to(word ? word + 1 : "", word ? strlen(word + 1) : 0);

		for (size_t i = 0; i < cmds_count; i++)
			nearest_try(&n, cmds[i].name);
		if (n.best)
			fprintf(stderr, "Did you mean: socklens %s\n", n.best);
	}
	fprintf(stderr, "Try: socklens help%s%s\n", command ? " " : "", command ? command : "");
	return EXIT_CANNOT;
}

static const struct cmd_option *option_find(const struct cmd_option *options, size_t count,
					    const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	return NULL;
}

int cmd_options(int argc, char **argv, const struct cmd_option *options, size_t count,
		const char **rest, size_t *rests)
{
	size_t max = *rests;

	*rests = 0;
	for (int i = 1; i < argc; i++) {
		const struct cmd_option *o = option_find(options, count, argv[i]);

		if (!strcmp(argv[i], "--help")) {
			char *help[] = { argv[0], argv[0] };

			return cmd_help(2, help), 1;
		}
		if (o && o->flag) {
			*o->flag = 1;
		} else if (o && i + 1 < argc) {
			*o->text = argv[++i];
		} else if (o) {
			return cmd_usage(argv[0], "%s needs a value", argv[i]), -1;
		} else if (argv[i][0] == '-' && argv[i][1]) {
			return cmd_usage(argv[0], "there is no option %s", argv[i]), -1;
		} else if (*rests < max) {
			rest[(*rests)++] = argv[i];
		} else {
			return cmd_usage(argv[0], "%s is one argument too many", argv[i]), -1;
		}
	}
	return 0;
}
