/*
 * prompt: a line that is being typed: editing, history, completion.  It knows nothing of what the line
 * means; who does is asked through a callback for the words that could stand at the cursor.
 */
#ifndef SOCKLENS_UI_PROMPT_H
#define SOCKLENS_UI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/parse.h"
#include "ui/grid.h"

#define PROMPT_SIZE	1024	/* bytes of a line with its NUL */
#define PROMPT_HISTORY	200	/* lines kept */
#define PROMPT_OFFERS	64	/* words shown */
#define PROMPT_MENU	8	/* rows of the menu */

/* Calls offer for every word that could stand at the cursor (a byte of text). */
typedef void prompt_words_fn(void *context, const char *text, size_t cursor, parse_offer_fn *offer,
			     void *offer_context);

struct prompt_offer {
	char word[64];
	char help[96];
	size_t from;		/* byte of the line that the word replaces the text from */
	char after;
	bool placeholder;
};

struct prompt {
	prompt_words_fn *words;
	void *context;
	char text[PROMPT_SIZE];
	size_t len, cursor;	/* bytes; the cursor is never inside a character */
	char *history[PROMPT_HISTORY];	/* oldest first; owned */
	size_t lines, at;	/* at == lines: the draft */
	char draft[PROMPT_SIZE];
	struct prompt_offer offer[PROMPT_OFFERS];	/* for the text up to the cursor */
	size_t offers;
	bool menu;		/* the offers are shown to choose from */
	size_t picked;
};

enum prompt_answer {
	PROMPT_NOTHING,		/* the key means nothing here */
	PROMPT_EDITED,
	PROMPT_ENTERED,		/* the line is to be run: p->text */
	PROMPT_LEFT,		/* back to the keys */
};

void prompt_init(struct prompt *p, prompt_words_fn *words, void *context);
void prompt_fini(struct prompt *p);

enum prompt_answer prompt_key(struct prompt *p, uint32_t key);

/* Replaces the line; the cursor is at its end. */
void prompt_set(struct prompt *p, const char *text);

/* Puts the cursor at a column (1-based, in cells) of the line. */
void prompt_point(struct prompt *p, int column);

/* Keeps a line in the history, unless it is the last one there. */
void prompt_remember(struct prompt *p, const char *text);

/*
 * Draws "label text" (label: "client>") into the area's first row, scrolled so that the cursor is visible; sets the grid's
 * caret.  Returns the cell of the text's first byte, which is negative when it is scrolled away.
 */
int prompt_draw(const struct prompt *p, struct area a, const char *label);

/* Draws the menu of words, if it is open, so that it ends above row bottom; x: cell of the text's first byte. */
void prompt_draw_menu(const struct prompt *p, struct area a, int x, int bottom);

/* Appends what could be typed here, in at most width cells: "bind(sockfd, addr)", "AF_INET  AF_INET6 …". */
void prompt_offers_text(const struct prompt *p, struct str *out, int width);

#endif
