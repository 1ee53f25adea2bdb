#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/core/safe.h"
#include "ui/prompt.h"
#include "ui/term.h"

static void type(struct prompt *p, const char *text)
{
	size_t len = strlen(text);

	for (size_t at = 0; at < len;) {
		struct safe_char c = safe_next(text + at, len - at);

		prompt_key(p, c.code);
		at += c.bytes;
	}
}

static void press(struct prompt *p, uint32_t key, int times)
{
	while (times-- > 0)
		prompt_key(p, key);
}

/* The line with | where the cursor is. */
static const char *line(const struct prompt *p)
{
	static _Thread_local char buf[PROMPT_SIZE + 2];

	assert_int_equal(strlen(p->text), p->len);
	assert_true(p->cursor <= p->len);
	snprintf(buf, sizeof(buf), "%.*s|%s", (int)p->cursor, p->text, p->text + p->cursor);
	return buf;
}

/* Words of a small language: at the beginning send, sendto, bind; behind a bracket a placeholder. */
static void words(void *context, const char *text, size_t cursor, parse_offer_fn *offer,
		  void *offer_context)
{
	static const char *const all[] = { "send", "sendto", "shutdown", "bind" };
	size_t from = cursor;

	if (context)
		++*(int *)context;
	while (from > 0 && text[from - 1] != ' ' && text[from - 1] != '(')
		from--;
	if (memchr(text, '(', cursor)) {
		offer(offer_context,
		      &(struct parse_offer){ .word = "sockfd", .from = from, .placeholder = true });
		return;
	}
	for (size_t i = 0; i < 4; i++)
		if (strncmp(all[i], text + from, cursor - from) == 0)
			offer(offer_context, &(struct parse_offer){ .word = all[i],
								    .help = "a call",
								    .from = from,
								    .after = '(' });
}

static void inserts_and_moves(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p, NULL, NULL);
	type(&p, "héllo");
	assert_string_equal(line(&p), "héllo|");
	press(&p, TERM_LEFT, 4);
	assert_string_equal(line(&p), "h|éllo");
	type(&p, "中");
	assert_string_equal(line(&p), "h中|éllo");
	press(&p, TERM_RIGHT, 1);
	press(&p, TERM_BACKSPACE, 1);
	assert_string_equal(line(&p), "h中|llo");
	press(&p, TERM_HOME, 1);
	press(&p, TERM_DELETE, 1);
	assert_string_equal(line(&p), "|中llo");
	press(&p, TERM_CTRL_E, 1);
	press(&p, TERM_DELETE, 1);
	press(&p, TERM_RIGHT, 3);
	assert_string_equal(line(&p), "中llo|");
	press(&p, TERM_CTRL_A, 1);
	press(&p, TERM_BACKSPACE, 1);
	press(&p, TERM_LEFT, 3);
	assert_string_equal(line(&p), "|中llo");
	prompt_fini(&p);
}

static void marks_go_with_their_character(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p, NULL, NULL);
	assert_int_equal(prompt_key(&p, 0x301), PROMPT_NOTHING); /* nothing to sit on */
	type(&p, "ae\xcc\x81z");
	press(&p, TERM_LEFT, 2);
	assert_string_equal(line(&p), "a|e\xcc\x81z");
	press(&p, TERM_DELETE, 1);
	assert_string_equal(line(&p), "a|z");
	prompt_fini(&p);
}

static void harmful_keys_are_refused(void **state)
{
	static const uint32_t keys[] = { 1,	 0x1b,	 0x7f,	 0x9b,	   0x200b,
					 0x202e, 0xfeff, 0xd800, 0x10ffff, TERM_CTRL_L };
	struct prompt p;

	(void)state;
	prompt_init(&p, NULL, NULL);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(prompt_key(&p, keys[i]), PROMPT_NOTHING);
	assert_string_equal(line(&p), "|");
	prompt_fini(&p);
}

static void kills(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p, NULL, NULL);
	type(&p, "c.send(fd, abc)");
	press(&p, TERM_CTRL_W, 1);
	assert_string_equal(line(&p), "c.send(fd, |");
	press(&p, TERM_LEFT, 4);
	press(&p, TERM_CTRL_K, 1);
	assert_string_equal(line(&p), "c.send(|");
	press(&p, TERM_LEFT, 1);
	press(&p, TERM_CTRL_U, 1);
	assert_string_equal(line(&p), "|(");
	press(&p, TERM_CTRL_W, 3);
	assert_string_equal(line(&p), "|(");
	prompt_fini(&p);
}

static void never_longer_than_a_line(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p, NULL, NULL);
	for (int i = 0; i < 2 * PROMPT_SIZE; i++)
		prompt_key(&p, 0x4e2d);
	assert_true(p.len <= PROMPT_SIZE - 1 && p.len > PROMPT_SIZE - 4);
	assert_int_equal(p.len % 3, 0);
	press(&p, 'x', 10);
	assert_int_equal(strlen(p.text), p.len);
	prompt_fini(&p);
}

static void history(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p, NULL, NULL);
	press(&p, TERM_UP, 1);
	assert_string_equal(line(&p), "|");
	prompt_remember(&p, "one");
	prompt_remember(&p, "two");
	prompt_remember(&p, "two");
	prompt_remember(&p, "");
	type(&p, "draft");
	press(&p, TERM_UP, 1);
	assert_string_equal(line(&p), "two|");
	press(&p, TERM_UP, 5);
	assert_string_equal(line(&p), "one|");
	press(&p, TERM_DOWN, 1);
	assert_string_equal(line(&p), "two|");
	press(&p, TERM_DOWN, 5);
	assert_string_equal(line(&p), "draft|");
	for (int i = 0; i < PROMPT_HISTORY + 50; i++) {
		char text[20];

		snprintf(text, sizeof(text), "line %d", i);
		prompt_remember(&p, text);
	}
	press(&p, TERM_UP, PROMPT_HISTORY + 50);
	assert_string_equal(line(&p), "line 50|");
	prompt_fini(&p);
}

static void answers(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p, NULL, NULL);
	type(&p, "x");
	assert_int_equal(prompt_key(&p, TERM_ENTER), PROMPT_ENTERED);
	assert_int_equal(prompt_key(&p, TERM_ESCAPE), PROMPT_LEFT);
	assert_int_equal(prompt_key(&p, TERM_PAGE_UP), PROMPT_NOTHING);
	assert_int_equal(prompt_key(&p, 'y'), PROMPT_EDITED);
	assert_string_equal(line(&p), "xy|");
	prompt_fini(&p);
}

static void completes_one_word(void **state)
{
	struct prompt p;
	int asked = 0;

	(void)state;
	prompt_init(&p, words, &asked);
	type(&p, "bi");
	assert_int_equal(asked, 2);
	press(&p, TERM_TAB, 1);
	assert_string_equal(line(&p), "bind(|");
	press(&p, TERM_TAB, 3); /* a placeholder is not put in */
	assert_string_equal(line(&p), "bind(|");
	assert_false(p.menu);
	prompt_set(&p, "bi(");
	press(&p, TERM_LEFT, 1);
	press(&p, TERM_TAB, 1); /* the bracket is there already */
	assert_string_equal(line(&p), "bind(|");
	prompt_set(&p, "zzz");
	press(&p, TERM_TAB, 1);
	assert_string_equal(line(&p), "zzz|");
	prompt_fini(&p);
}

static void completes_what_is_common_then_offers(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p, words, NULL);
	type(&p, "x = se");
	press(&p, TERM_TAB, 1);
	assert_string_equal(line(&p), "x = send|");
	assert_false(p.menu);
	press(&p, TERM_TAB, 1);
	assert_true(p.menu);
	press(&p, TERM_TAB, 1);
	press(&p, TERM_ENTER, 1);
	assert_string_equal(line(&p), "x = sendto(|");
	assert_false(p.menu);
	prompt_set(&p, "s");
	press(&p, TERM_TAB, 1);
	assert_true(p.menu);
	press(&p, TERM_UP, 1); /* around to the last one */
	assert_int_equal(prompt_key(&p, TERM_ENTER), PROMPT_EDITED);
	assert_string_equal(line(&p), "shutdown(|");
	prompt_set(&p, "s");
	press(&p, TERM_TAB, 1);
	assert_int_equal(prompt_key(&p, TERM_ESCAPE), PROMPT_EDITED);
	assert_false(p.menu);
	assert_string_equal(line(&p), "s|");
	press(&p, TERM_TAB, 1);
	type(&p, "h"); /* typing on closes the menu */
	assert_false(p.menu);
	assert_string_equal(line(&p), "sh|");
	prompt_fini(&p);
}

static const char *drawn(const struct prompt *p, int width, int *caret)
{
	static char buf[2048];
	struct grid g;
	struct str s = str_on(buf, sizeof(buf));

	assert_int_equal(grid_init(&g, width, 4, NULL), 0);
	prompt_draw_menu(p, grid_area(&g),
			 prompt_draw(p, area_sub(grid_area(&g), 0, 3, width, 1), "client>"), 3);
	grid_text(&g, &s);
	*caret = g.caret_x;
	assert_int_equal(g.caret_y, 3);
	grid_fini(&g);
	return buf;
}

static void draws_with_the_caret_in_sight(void **state)
{
	struct prompt p;
	int caret;

	(void)state;
	prompt_init(&p, words, NULL);
	type(&p, "中a");
	assert_string_equal(drawn(&p, 20, &caret), "\n\n\nclient> 中a\n");
	assert_int_equal(caret, 8 + 3);
	press(&p, TERM_LEFT, 1);
	drawn(&p, 20, &caret);
	assert_int_equal(caret, 8 + 2);
	prompt_set(&p, "0123456789abcdefghij");
	for (int width = 9; width < 40; width++)
		for (p.cursor = 0; p.cursor <= p.len; p.cursor++) {
			drawn(&p, width, &caret);
			assert_true(caret >= 8 && caret < width);
		}
	prompt_fini(&p);
}

static void draws_the_menu(void **state)
{
	struct prompt p;
	int caret;

	(void)state;
	prompt_init(&p, words, NULL);
	type(&p, "s");
	press(&p, TERM_TAB, 2);
	assert_string_equal(drawn(&p, 40, &caret), "        send      a call\n"
						   "        sendto    a call\n"
						   "        shutdown  a call\n"
						   "client> s\n");
	prompt_fini(&p);
}

static void points_at_a_column(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p, NULL, NULL);
	prompt_set(&p, "a中b");
	prompt_point(&p, 1);
	assert_string_equal(line(&p), "|a中b");
	prompt_point(&p, 4);
	assert_string_equal(line(&p), "a中|b");
	prompt_point(&p, 99);
	assert_string_equal(line(&p), "a中b|");
	prompt_fini(&p);
}

/* Any keys in any order: a whole line of harmless characters, the cursor between two of them. */
static void random_keys(void **state)
{
	static const uint32_t keys[] = {
		'a',	     ' ',      '(',	      0xe9,	      0x4e2d,
		0x301,	     0x202e,   TERM_LEFT,     TERM_RIGHT,     TERM_HOME,
		TERM_END,    TERM_UP,  TERM_DOWN,     TERM_BACKSPACE, TERM_DELETE,
		TERM_CTRL_W, TERM_TAB, TERM_BACK_TAB, TERM_ENTER,     TERM_ESCAPE,
		's',	     'b'
	};
	uint32_t seed = 5;
	struct prompt p;
	int caret;

	(void)state;
	prompt_init(&p, words, NULL);
	for (int i = 0; i < 20000; i++) {
		seed = seed * 1664525 + 1013904223;
		if (prompt_key(&p, keys[(seed >> 16) % (sizeof(keys) / sizeof(keys[0]))]) ==
		    PROMPT_ENTERED)
			prompt_remember(&p, p.text);
		line(&p);
		assert_true(p.cursor == p.len || (p.text[p.cursor] & 0xc0) != 0x80);
		for (size_t at = 0; at < p.len;) {
			struct safe_char c = safe_next(p.text + at, p.len - at);

			assert_true(c.harmless);
			at += c.bytes;
		}
		drawn(&p, 30, &caret);
		assert_true(caret < 30);
	}
	prompt_fini(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(inserts_and_moves),
		cmocka_unit_test(marks_go_with_their_character),
		cmocka_unit_test(harmful_keys_are_refused),
		cmocka_unit_test(kills),
		cmocka_unit_test(never_longer_than_a_line),
		cmocka_unit_test(history),
		cmocka_unit_test(answers),
		cmocka_unit_test(completes_one_word),
		cmocka_unit_test(completes_what_is_common_then_offers),
		cmocka_unit_test(draws_with_the_caret_in_sight),
		cmocka_unit_test(draws_the_menu),
		cmocka_unit_test(points_at_a_column),
		cmocka_unit_test(random_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
