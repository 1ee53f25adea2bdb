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
	return cmd_unknown(argv[1]);
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
	fprintf(stderr, "socklens%s%s: %s\nTry: socklens help%s%s\n", command ? " " : "",
		command ? command : "", text.buf, command ? " " : "", command ? command : "");
	return EXIT_CANNOT;
}

int cmd_unknown(const char *name)
{
	struct nearest n = nearest_to(name, strlen(name));
	STR_ON_STACK(text, 256);

	for (size_t i = 0; i < cmds_count; i++)
		nearest_try(&n, cmds[i].name);
	safe_add_text(&text, name);
	fprintf(stderr, "socklens: there is no command \"%s\"\n", text.buf);
	if (n.best)
		fprintf(stderr, "Did you mean: socklens %s\n", n.best);
	fputs("Try: socklens help\n", stderr);
	return EXIT_CANNOT;
}

/* The option that an argument names; *value: what stands behind its "=", else NULL. */
static const struct cmd_option *option_find(const struct cmd_option *options, size_t count,
					    const char *text, const char **value)
{
	const char *equals = text[0] == '-' && text[1] == '-' ? strchr(text, '=') : NULL;
	size_t len = equals ? (size_t)(equals - text) : strlen(text);

	*value = equals ? equals + 1 : NULL;
	for (size_t i = 0; i < count; i++)
		if (strlen(options[i].name) == len && !memcmp(options[i].name, text, len))
			return &options[i];
	return NULL;
}

static bool asks_help(const char *text)
{
	return !strcmp(text, "--help") || !strcmp(text, "-h");
}

static int print_help_of(const char *command)
{
	char *help[] = { NULL, (char *)command };

	cmd_help(2, help);
	return 1;
}

/* Takes the option at argv[*i], with its value.  -1 after having said what is wrong. */
static int option_take(const char *command, const struct cmd_option *o, const char *value, int argc,
		       char **argv, int *i)
{
	if (!o->text && value)
		return cmd_usage(command, "%s takes no value", o->name), -1;
	if (!o->text) {
		*o->flag = 1;
		return 0;
	}
	if (!value && *i + 1 == argc)
		return cmd_usage(command, "%s needs a value", o->name), -1;
	value = value ? value : argv[++*i];
	if (o->flag && *o->flag == CMD_REPEATS)
		return cmd_usage(command, "%s comes too often", o->name), -1;
	o->text[o->flag ? (*o->flag)++ : 0] = value;
	return 0;
}

int cmd_options(int argc, char **argv, const struct cmd_option *options, size_t count,
		const char **rest, size_t *rests)
{
	const char *command = argv[0], *value;
	bool only_names = false; /* behind "--" */
	size_t max = *rests;

	*rests = 0;
	for (int i = 1; i < argc; i++) {
		const struct cmd_option *o = option_find(options, count, argv[i], &value);

		if (only_names || argv[i][0] != '-' || !argv[i][1]) {
			if (*rests == max)
				return cmd_usage(command, "\"%s\" is one argument too many",
						 argv[i]),
				       -1;
			rest[(*rests)++] = argv[i];
		} else if (!strcmp(argv[i], "--")) {
			only_names = true;
		} else if (asks_help(argv[i])) {
			return print_help_of(command);
		} else if (!o) {
			return cmd_usage(command, "there is no option %s", argv[i]), -1;
		} else if (option_take(command, o, value, argc, argv, &i)) {
			return -1;
		}
	}
	return 0;
}

size_t cmd_options_without(int argc, char **argv, const struct cmd_option *options, size_t count,
			   const char *name, char **out)
{
	bool only_names = false;
	const char *value;
	size_t n = 0;

	for (int i = 0; i < argc; i++) {
		const struct cmd_option *o =
			i && !only_names ? option_find(options, count, argv[i], &value) : NULL;
		bool leave_out = o && !strcmp(o->name, name);

		only_names |= i && !strcmp(argv[i], "--");
		if (!leave_out)
			out[n++] = argv[i];
		if (o && o->text && !value && i + 1 < argc && !leave_out)
			out[n++] = argv[++i];
		else if (o && o->text && !value)
			i++;
	}
	return n;
}
