/*
 * cmd_file: what the subcommands that read a capture have in common: the options for reading it.
 */
#ifndef SOCKLENS_CMD_FILE_H
#define SOCKLENS_CMD_FILE_H

#include "capture/trace.h"

#define FILE_OPTIONS(unpack) { "--unpack", (unpack), NULL }

/* unpack: what --unpack was given, or NULL.  -1 after having said what is wrong. */
int file_options(const char *command, const char *unpack, struct trace_options *o);

#endif
