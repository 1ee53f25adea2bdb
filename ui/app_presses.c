/*
 * Keys for all to see: the last ones stand in a corner, with what the newest does, until a moment after it.  They
 * wake the loop once, to go.
 */
#include <string.h>

#include "src/core/clock.h"
#include "ui/app_impl.h"
#include "ui/keys.h"

#define STAYS_NS (1500 * NS_PER_MS)

int app_run_keys(struct app *a, const char *argument, struct err *e)
{
	bool on = strcmp(argument, "on") == 0 || (!*argument && !a->presses.shown);

	if (*argument && !on && strcmp(argument, "off") != 0)
		return err_set(e, "keys on or keys off", "keys %s means nothing", argument);
	a->presses.shown = on;
	a->presses.count = 0;
	app_say(a, on ? "Keys are shown when they are pressed; Y ends that."
		      : "Keys are not shown any more.");
	return 0;
}

/* Arrows look like themselves where there are arrows. */
static void name_of(const struct app *a, uint32_t key, struct str *out)
{
	static const struct {
		uint32_t key;
		const char *arrow;
	} arrows[] = {
		{ TERM_UP, "↑" },
		{ TERM_DOWN, "↓" },
		{ TERM_LEFT, "←" },
		{ TERM_RIGHT, "→" },
	};

	for (size_t i = 0; !a->ascii && i < sizeof(arrows) / sizeof(arrows[0]); i++)
		if (arrows[i].key == key)
			str_add(out, arrows[i].arrow);
	if (!out->len)
		keys_name(key, out);
}

/* A key of the prompt by its name among those of its row: "Ctrl-U Ctrl-K". */
static const char *prompt_meaning(uint32_t key)
{
	STR_ON_STACK(name, 16);

	keys_name(key, &name);
	for (size_t i = 0; name.len && i < prompt_keys_count; i++) {
		const char *at = strstr(prompt_keys[i].name, name.buf);

		if (at && (at == prompt_keys[i].name || at[-1] == ' ') &&
		    (at[name.len] == '\0' || at[name.len] == ' '))
			return prompt_keys[i].help;
	}
	return NULL;
}

static const char *meaning_of(const struct app *a, uint32_t key)
{
	const struct key_row *row;

	if (a->help)
		return NULL;
	if (a->typing && !app_line_passes(a, key))
		return prompt_meaning(key);
	row = a->cover ? app_cover_find(a, key) : keys_find(key);
	return row ? keys_help(row) : NULL;
}

/* What is typed stands at the prompt anyway. */
static bool is_text(const struct app *a, uint32_t key)
{
	return a->typing && key >= ' ' && key < TERM_KEY_BASE && !app_line_passes(a, key);
}

static void add(struct app_presses *p, const char *name)
{
	if (p->count && strcmp(p->key[p->count - 1].name, name) == 0) {
		p->key[p->count - 1].times++;
		return;
	}
	if (p->count == PRESSES_MAX)
		memmove(&p->key[0], &p->key[1], --p->count * sizeof(p->key[0]));
	(void)str_copy(p->key[p->count].name, sizeof(p->key[0].name), name);
	p->key[p->count++].times = 1;
}

void app_presses_note(struct app *a, uint32_t key)
{
	struct app_presses *p = &a->presses;
	STR_ON_STACK(name, sizeof(p->key[0].name));

	if (!p->shown || is_text(a, key))
		return;
	name_of(a, key, &name);
	if (!name.len)
		return;
	add(p, name.buf);
	p->meaning = meaning_of(a, key);
	p->until_ns = clock_monotonic_ns() + STAYS_NS;
}

bool app_presses_work(struct app *a)
{
	if (!a->presses.count || clock_monotonic_ns() < a->presses.until_ns)
		return false;
	a->presses.count = 0;
	return true;
}

int app_presses_timeout_ms(const struct app *a)
{
	int64_t left = a->presses.until_ns - clock_monotonic_ns();

	if (!a->presses.count)
		return -1;
	return left > 0 ? (int)(left / NS_PER_MS) + 1 : 0;
}

void app_presses_draw(const struct app *a, struct area all, int y)
{
	const struct app_presses *p = &a->presses;
	STR_ON_STACK(keys, 128);
	int width, meaning, x;

	if (!p->shown || !p->count)
		return;
	for (size_t i = 0; i < p->count; i++) {
		str_addf(&keys, "%s%s", i ? " " : "", p->key[i].name);
		if (p->key[i].times > 1)
			str_addf(&keys, " ×%u", p->key[i].times);
	}
	width = text_width(keys.buf);
	meaning = p->meaning ? text_width(p->meaning) + 2 : 0;
	if (width + meaning + 4 > all.width)
		meaning = all.width - width - 4;
	x = all.width - width - meaning - 3;
	all = area_sub(all, x, 0, width + meaning + 2, all.height);
	area_fill(all, 0, y, all.width, STYLE_PLAIN, ' ');
	area_text(all, 1, y, STYLE_KEY, keys.buf);
	if (meaning > 2)
		area_text(area_sub(all, 0, 0, all.width - 1, all.height), 1 + width + 2, y,
			  STYLE_PLAIN, p->meaning);
	area_accent(all, 0, y, all.width);
}
