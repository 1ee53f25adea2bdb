/*
 * cmd: the subcommands of socklens.  Each has a file src/cmd_NAME.c and a row in main.c's table.
 */
#ifndef SOCKLENS_CMD_H
#define SOCKLENS_CMD_H

#include "src/core/err.h"

/* Exit codes, as `play` documents them; the others use the first three. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_CANNOT = 2, EXIT_LACKING = 77 };

struct cmd {
	const char *name;
	const char *usage;	/* "open FILE|- [FILTER]" */
	const char *summary;	/* one line */
	const char *options;	/* lines of --help, with an example */
	int (*run)(int argc, char **argv);	/* argv[0] is the subcommand; returns the exit code */
};

extern const struct cmd cmds[];
extern const size_t cmds_count;

int cmd_lab(int argc, char **argv);
int cmd_lesson(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_play(int argc, char **argv);
int cmd_quiz(int argc, char **argv);
int cmd_grade(int argc, char **argv);
int cmd_open(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_help(int argc, char **argv);

int cmd_lesson_unknown(const char *name);	/* says so, with the nearest; returns EXIT_CANNOT */

/* Prints "socklens: what (hint)" on standard error; returns code. */
int cmd_error(const struct err *e, int code);

/* Prints what is wrong with the arguments and where help is; returns EXIT_CANNOT. */
int cmd_usage(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* For a command that does not exist; offers the nearest.  Returns EXIT_CANNOT. */
int cmd_unknown(const char *name);

/*
 * Options are a table.  cmd_options() reads argv: "-w FILE", "--width 100", "--width=100", "--json"; fills the places;
 * what is left over goes to rest (at most *rests; receives how many).  -1 after having printed what is wrong;
 * 1 if --help was asked for and printed.
 */
#define CMD_REPEATS	16
struct cmd_option {
	const char *name;	/* "-w" or "--width" */
	const char **text;	/* takes a value */
	int *flag;		/* takes none: set to 1; with text: may come CMD_REPEATS times, which it counts */
};
/* Copies the arguments but one option, wherever it stands, with its value.  out has room for argc; how many. */
size_t cmd_options_without(int argc, char **argv, const struct cmd_option *options, size_t count, const char *name,
			   char **out);
int cmd_options(int argc, char **argv, const struct cmd_option *options, size_t count, const char **rest, size_t *rests);

#endif
