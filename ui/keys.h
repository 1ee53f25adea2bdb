/*
 * keys: the one table of keys.  A key is a short way to type a command; the hint line, the help and the
 * manual are made from these rows.
 */
#ifndef SOCKLENS_UI_KEYS_H
#define SOCKLENS_UI_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "src/core/str.h"

enum key_group {		/* in the order of help */
	KEYS_TIME,
	KEYS_PANEL,
	KEYS_LAB,
	KEYS_WIRE,		/* while the wire's panel shows something */
	KEYS_PROMPT,
	KEYS_CLASS,		/* in front of a class */
	KEYS_PROGRAM,
	KEYS_CONNS,		/* while the connections are shown */
	KEYS_STREAM,		/* while a stream is shown */
};
#define KEY_GROUPS	(KEYS_STREAM + 1)

struct key_row {
	uint32_t key;		/* a character or enum term_key */
	const char *name;	/* "PageUp" */
	const char *command;	/* what it types: a command of the screen or of the lab language */
	const char *help;	/* one line; NULL: another key for the row before */
	enum key_group group;
};

extern const struct key_row key_rows[];
extern const size_t key_rows_count;

/* Keys of the prompt, where letters are text: a name and what it does. */
struct key_note {
	const char *name, *help;
};
extern const struct key_note prompt_keys[];
extern const size_t prompt_keys_count;

const struct key_row *keys_find(uint32_t key);			/* NULL: the key has no meaning */
const struct key_row *keys_find_in(enum key_group g, uint32_t key);	/* of one group */
const struct key_row *keys_of_command(const char *command);	/* its first key; NULL */
const char *keys_help(const struct key_row *row);		/* also of another key for the row before */
const char *key_group_name(enum key_group g);

/* Appends a key's name, as below; nothing if it has none. */
void keys_name(uint32_t key, struct str *out);

/* The key of a name ("PageUp", "Space", "x", "é", "Ctrl-C"); 0 if there is none. */
uint32_t keys_named(const char *name);

#endif
