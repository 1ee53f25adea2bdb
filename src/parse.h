/*
 * parse: the lab language.  One line of text becomes a struct line, a whole file a struct script; nothing
 * runs here, and nothing runs at all before everything is read.
 *
 *	client> c = socket(AF_INET, SOCK_STREAM)	a call, its result bound to a name
 *	server> a = accept(s) &				go on as soon as it sleeps
 *	client> a, b = socketpair(AF_UNIX, SOCK_STREAM)	both descriptors
 *	client> c.send("hello") -> 5			send(c, "hello"), and what it must give
 *	wire>   hold if tcp[tcpflags] & tcp-fin != 0	a command (command.h has them all)
 *	expect  packet client SYN			a condition (condition.h tells what they mean)
 *
 * Calls are those of core/call.h, written as in C but for three things: buffers to fill are written as
 * their size, what the kernel fills in is left out, and data carry their own length (a plain number after
 * them, as C has it, shortens them).
 *
 * After "->" stands what the call must give: a number (also >0, <=5), "data" or zeros(n) or pattern(n), an
 * errno, the signal that kills the program, any; and, separated by commas, an address that it must report
 * (client:5000, client:* for any port), `value 1` for an option, `ready {s, POLLIN}` for poll().
 *
 * `say` and `about` on lines that follow each other directly are one text.
 *
 * Errors carry the column, say what was expected there, and offer the nearest word that could stand there;
 * those of a file begin with FILE:LINE:COLUMN.
 */
#ifndef SOCKLENS_PARSE_H
#define SOCKLENS_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/condition.h"
#include "src/core/call.h"
#include "src/core/err.h"
#include "src/lab/wire.h"
#include "src/question.h"
#include "src/result.h"
#include "src/scope.h"
#include "src/setting.h"

enum line_kind {
	LINE_EMPTY,		/* nothing, or a comment */
	LINE_TARGET,		/* "client>" alone: at the prompt, it takes the focus */
	LINE_CALL,
	LINE_COMMAND,
};

#define LINE_HOLES	16
#define HOLE_RESULT	CALL_ARGS	/* in the list after `ready` */

/* A variable in a call: its descriptor is put in when the call is made. */
struct hole {
	uint8_t arg;		/* number of the argument, or HOLE_RESULT */
	int16_t item;		/* of its list, -1: the argument itself */
	int16_t sub;		/* of that item's list: rights(fd); -1: the item itself */
	char name[SCOPE_NAME];
	int column;
};

struct command;			/* src/command.h */

struct line {
	enum line_kind kind;
	unsigned number;	/* in its file, from 1; 0: typed */
	char *source;		/* the line as it was written; owned */
	char target[SCOPE_NAME];	/* program, thread or "wire"; "" where a command needs none */

	struct call_request request;	/* LINE_CALL; owned until it is given away */
	struct hole hole[LINE_HOLES];
	size_t holes;
	char assign[SCOPE_NAME];	/* "" none */
	char assign_second[SCOPE_NAME];	/* of the pair of socketpair(); "" none */
	bool background;
	struct result want;		/* also of `expect return` */

	const struct command *command;	/* LINE_COMMAND, with what it needs of these: */
	struct wire_order order;
	struct condition condition;
	int64_t time_ns;
	char name[SCOPE_NAME];		/* a program or thread */
	bool as_root;			/* it has the lab's privileges */
	char other[SCOPE_NAME];		/* `on` its host, `of` its program */
	struct setting_line setting;
	char *text;			/* free text, a file name, the value of a sysctl; owned */
	struct subject subject;		/* `ask`: with condition, where the trace has the answer */
};

void line_fini(struct line *l);

/* Where a line stands. */
struct parse_where {
	struct scope *scope;	/* gains what the line declares */
	const char *focus;	/* program or thread that a call without a target is for, or "wire"; NULL in a file */
	bool types;		/* the focus reads what is typed: a line without a target, and without ":" in front, is for it */
};

/* Reads one line (without its newline).  On failure nothing is left in *out. */
int parse_line(struct line *out, const char *text, size_t len, const struct parse_where *where, struct err *e);

#define SCRIPT_BYTES_MAX	(1 << 20)

struct script {
	char *name;		/* of the file, for messages; owned */
	char *title;		/* "" if it has none; owned */
	bool loopback;		/* for a lab of one host */
	struct line *line;	/* without empty ones; owned */
	size_t lines, cap;
	unsigned last_number;	/* of the last line that was not empty */
};

/* Reads a whole lab file.  On failure nothing is left in *out, and e names file, line and column. */
int parse_script(struct script *out, const char *name, const char *text, size_t len, struct err *e);
void script_fini(struct script *s);

/* A word that could stand at the end of a line that is being typed. */
struct parse_offer {
	const char *word;	/* what to put in the place of text[from…] */
	const char *help;	/* a few words about it, or NULL */
	size_t from;		/* byte of the line */
	char after;		/* belongs behind the word: '(' or ' '; '\0' nothing */
	bool placeholder;	/* word only says what belongs there ("backlog") and is not to be put in */
};
typedef void parse_offer_fn(void *context, const struct parse_offer *offer);

/* Calls back for every word that could stand at the end of text. */
void parse_offers(const char *text, size_t len, const struct parse_where *where, parse_offer_fn *fn, void *context);

/* Appends "listen(sockfd, backlog)" as the language writes it, optional arguments in brackets. */
void call_usage(struct str *out, const struct call *c);

#endif
