/*
 * cmd_file: what the subcommands that read a capture have in common: the options for reading it.
 */
#ifndef SOCKLENS_CMD_FILE_H
#define SOCKLENS_CMD_FILE_H

#include "capture/trace.h"

/* What the options were given; NULL: nothing. */
struct file_args {
	const char *unpack, *analysis;
};

#define FILE_OPTIONS(args) \
	{ "--unpack", &(args)->unpack, NULL }, \
	{ "--analysis", &(args)->analysis, NULL }

/* -1 after having said what is wrong. */
int file_options(const char *command, const struct file_args *args, struct trace_options *o);

#endif
