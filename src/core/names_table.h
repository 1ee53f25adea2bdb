/*
 * names_table: how the files of name tables write theirs.
 */
#ifndef SOCKLENS_CORE_NAMES_TABLE_H
#define SOCKLENS_CORE_NAMES_TABLE_H

#include "src/core/names.h"

/* clang-format off */
#define NAME(constant, words) { constant, #constant, words }
#define PLAIN(constant) { constant, #constant, NULL }
#define TABLE(rows, of_what) { rows, sizeof(rows) / sizeof((rows)[0]), of_what }
/* clang-format on */

#endif
