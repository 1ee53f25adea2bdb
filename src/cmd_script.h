/*
 * cmd_script: lab files and lessons as the subcommands take them: by name.
 */
#ifndef SOCKLENS_CMD_SCRIPT_H
#define SOCKLENS_CMD_SCRIPT_H

#include "src/parse.h"
#include "src/play.h"

/* A file ("-": standard input), or where there is none of that name, a lesson.  -1: e says why, and what may be meant. */
int script_read_named(const char *name, struct script *out, struct err *e);

/* The exit code of what came of playing it. */
int script_exit_code(enum play_result result, const struct err *e);

#endif
