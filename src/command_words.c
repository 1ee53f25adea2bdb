#include "src/command_words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Words that mean something to a shell alone. */
static const char *const shell_words[] = {
	".",	   "!",	       "{",	  ":",	     "[",     "alias",	  "break",  "builtin",
	"case",	   "cd",       "command", "declare", "eval",  "exec",	  "exit",   "export",
	"for",	   "function", "hash",	  "if",	     "local", "readonly", "return", "set",
	"shift",   "source",   "time",	  "times",   "trap",  "type",	  "ulimit", "umask",
	"unalias", "unset",    "until",	  "wait",    "while",
};

/* Characters that mean something to a shell wherever they stand unquoted. */
#define SHELL_MARKS "|&;<>()$`*?[]#~%{}\n\r"

static bool is_shell_word(const char *word)
{
	for (size_t i = 0; i < sizeof(shell_words) / sizeof(shell_words[0]); i++)
		if (!strcmp(word, shell_words[i]))
			return true;
	return strchr(word, '=') != NULL;
}

/* Copies a quoted part; its quote is at *from.  False: it has no end, or the shell would look into it. */
static bool take_quoted(const char **from, char **to)
{
	char quote = *(*from)++;

	for (; **from != quote; (*from)++) {
		if (!**from || (quote == '"' && strchr("$`\\!", **from)))
			return false;
		*(*to)++ = **from;
	}
	(*from)++;
	return true;
}

/* The next word, copied to *to with a NUL behind.  False: this is for the shell. */
static bool take_word(const char **from, char **to)
{
	while (**from && !strchr(" \t", **from)) {
		if (strchr(SHELL_MARKS, **from))
			return false;
		if (**from == '\'' || **from == '"') {
			if (!take_quoted(from, to))
				return false;
			continue;
		}
		if (**from == '\\' && !*++*from)
			return false;
		*(*to)++ = *(*from)++;
	}
	*(*to)++ = '\0';
	return true;
}

/* False: this is for the shell. */
static bool take_apart(struct command_words *w, const char *command)
{
	char *to = w->text;

	for (;;) {
		command += strspn(command, " \t");
		if (!*command)
			break;
		w->argv[w->count++] = to;
		if (!take_word(&command, &to))
			return false;
	}
	return !is_shell_word(w->argv[0]);
}

int command_words_of(struct command_words *w, const char *command, struct err *e)
{
	size_t len = strlen(command);

	*w = (struct command_words){ 0 };
	if (!command[strspn(command, " \t")])
		return err_set(e, "for example: run server: python3 server.py",
			       "there is no command to run");
	w->text = malloc(len + 2);
	w->argv = calloc(len / 2 + 4, sizeof(*w->argv));
	if (!w->text || !w->argv) {
		command_words_fini(w);
		return err_set(e, NULL, "no memory for a command line");
	}
	if (take_apart(w, command))
		return w->argv[w->count] = NULL, 0;
	memcpy(w->text, command, len + 1);
	w->argv[0] = "/bin/sh";
	w->argv[1] = "-c";
	w->argv[2] = w->text;
	w->argv[w->count = 3] = NULL;
	return 0;
}

void command_words_fini(struct command_words *w)
{
	free(w->argv);
	free(w->text);
	*w = (struct command_words){ 0 };
}
