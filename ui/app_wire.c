/*
 * The wire's panel: which packet or rule on it the keys act on, and what they make of it: commands of the wire.  While
 * something is held or moves, the screen is drawn again as its times change; else nothing here ever wakes up.
 */
#include <string.h>

#include "src/core/clock.h"
#include "ui/app_impl.h"
#include "ui/keys.h"
#include "ui/panels.h"
#include "ui/wire_items.h"

#define TICK_NS	 (NS_PER_S / 10) /* between two looks at the times … */
#define SLOW_NS	 NS_PER_S /* … where they are shown in seconds */
#define SOON_NS	 (12 * NS_PER_S) /* a timer that is shown with tenths, or nearly so */
#define AGE_ROWS 8192 /* rows in which something is looked for that waits */

/* ---- the panel's keys ---- */

static bool shows_wire(const struct app *a)
{
	return !a->cover && !a->view.panel_hidden && !a->view.present &&
	       a->view.panel < panels_count && panels[a->view.panel].draw == panel_wire_draw;
}

/* Whether the panel's keys mean something: there is something to act on. */
static bool has_items(const struct app *a)
{
	struct wire_items items;

	if (!shows_wire(a) || !session_is_live(a->session))
		return false;
	wire_items_find(&a->view, &items);
	return items.count > 0;
}

const struct key_row *app_wire_key(const struct app *a, uint32_t key)
{
	const struct key_row *row = keys_find_in(KEYS_WIRE, key);

	return row && has_items(a) ? row : NULL;
}

size_t app_wire_hints(const struct app *a, struct app_hint *h)
{
	static const struct app_hint of_packet[] = {
		{ "wire release", "release" }, { "wire drop", "drop" }, { "wire dup", "duplicate" },
		{ "wire first", "first" },     { "wire edit", "edit" },
	};
	static const struct app_hint of_rule[] = {
		{ "wire drop", "end this rule" },
		{ "prompt", "type" },
	};
	struct wire_items items;
	bool rule;

	if (!shows_wire(a) || !session_is_live(a->session))
		return 0;
	wire_items_find(&a->view, &items);
	if (!items.count)
		return 0;
	rule = items.item[items.picked].is_rule;
	memcpy(h, rule ? of_rule : of_packet, rule ? sizeof(of_rule) : sizeof(of_packet));
	return rule ? sizeof(of_rule) / sizeof(of_rule[0])
		    : sizeof(of_packet) / sizeof(of_packet[0]);
}

bool app_wire_click(struct app *a, struct area panel, int y)
{
	struct wire_items items;
	size_t i;

	if (!shows_wire(a) || y < 1)
		return false;
	i = panel_wire_item_at(&a->view, area_sub(panel, 0, 1, panel.width, panel.height - 1),
			       y - 1);
	if (i == SIZE_MAX)
		return false;
	wire_items_find(&a->view, &items);
	wire_items_pick(&a->view, &items, i);
	return true;
}

/* ---- what they do ---- */

struct deed {
	const char *name;
	const char *packet,
		*rule; /* commands, with the number in the place of %; NULL: it cannot */
	const char *none; /* what it is for */
};

static const struct deed deeds[] = {
	{ "release", "wire> release %", NULL, "only packets are released; x ends a rule" },
	{ "drop", "wire> drop %", "wire> off %", NULL },
	{ "dup", "wire> dup %", NULL, "only packets are duplicated; x ends a rule" },
	{ "first", "wire> release % first", NULL, "only packets go first; x ends a rule" },
};

/* "wire> release %" with the number. */
static int run_deed(struct app *a, const char *pattern, uint64_t number, struct err *e)
{
	const char *at = strchr(pattern, '%');
	STR_ON_STACK(line, 64);

	str_addn(&line, pattern, (size_t)(at - pattern));
	str_addf(&line, "%llu%s", (unsigned long long)number, at + 1);
	return app_command(a, line.buf, e);
}

/* A line to be finished at the prompt: all that can be changed, as it is. */
static int edit(struct app *a, const struct wire_item *item, struct err *e)
{
	STR_ON_STACK(line, 200);
	STR_ON_STACK(flags, 64);
	struct view_packet p;

	if (item->is_rule || !view_packet(&a->view, item->packet, &p))
		return err_set(e, "x ends a rule", "only packets can be changed");
	str_addf(&line, "prompt wire> release %llu with ", (unsigned long long)item->number);
	if (p.packet.has_segment && p.conn) {
		packet_flags_text(&flags, p.packet.flags);
		for (size_t i = 0; i < flags.len; i++)
			if (flags.buf[i] == ' ')
				flags.buf[i] = '|';
		str_addf(&line, "flags %s seq %u", flags.buf,
			 conn_seq(p.conn, p.dir, p.packet.seq));
		if (p.packet.flags & TCP_ACK)
			str_addf(&line, " ack %u", conn_seq(p.conn, !p.dir, p.packet.ack));
		str_addf(&line, " window %u", p.packet.window);
	} else {
		str_addf(&line, "ttl %u", p.packet.ttl);
	}
	return app_command(a, line.buf, e);
}

static int act(struct app *a, const struct wire_item *item, const char *name, struct err *e)
{
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		const char *pattern = item->is_rule ? deeds[i].rule : deeds[i].packet;

		if (strcmp(deeds[i].name, name) != 0)
			continue;
		return pattern ? run_deed(a, pattern, item->number, e)
			       : err_set(e, NULL, "%s", deeds[i].none);
	}
	return err_set(e, "wire next, previous, release, drop, dup, first or edit",
		       "what is to be done with it?");
}

int app_run_wire(struct app *a, const char *argument, struct err *e)
{
	struct wire_items items;

	wire_items_find(&a->view, &items);
	if (!items.count)
		return err_set(e, "h holds packets", "there is nothing on the wire");
	if (strcmp(argument, "next") == 0 || strcmp(argument, "previous") == 0) {
		wire_items_move(&a->view, &items, argument[0] == 'n' ? 1 : -1);
		return 0;
	}
	if (strcmp(argument, "edit") == 0)
		return edit(a, &items.item[items.picked], e);
	return act(a, &items.item[items.picked], argument, e);
}

void app_wire_show(struct app *a, const char *text)
{
	const char *word = text + (strncmp(text, "wire>", 5) == 0 ? 5 : 0);

	word += strspn(word, " :");
	if (strcmp(word, "rules") == 0)
		app_command(a, "panel wire", NULL);
}

/* ---- time that passes ---- */

/* Something waits for a hand, or moves where that can be seen. */
static bool something_waits(const struct app *a)
{
	struct trace *t = a->view.trace;
	uint32_t rows = trace_rows(t), from = rows > AGE_ROWS ? rows - AGE_ROWS : 0;
	bool moves = shows_wire(a);

	if (!session_is_live(a->session) || !a->view.follow)
		return false;
	for (uint32_t row = rows; row-- > from;) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->kind == EVENT_PACKET &&
		    (e->fate == WIRE_HELD ||
		     (moves && (e->fate == WIRE_DELAYED || e->fate == WIRE_REORDERED))))
			return true;
	}
	return false;
}

/* Seconds are enough while the panel is not shown and no timer is near. */
static int64_t pause_of(const struct app *a)
{
	int64_t left;

	if (shows_wire(a) || (wire_items_nearest(&a->view, &left) && left < SOON_NS))
		return TICK_NS;
	return SLOW_NS;
}

bool app_wire_work(struct app *a, bool grown)
{
	int64_t now = clock_monotonic_ns();
	bool counted = a->view.now_ns;

	a->wire_grown |= grown;
	if (now < a->wire_due_ns || (!a->wire_grown && !counted))
		return false;
	a->wire_grown = false;
	a->view.now_ns = something_waits(a) ? clock_now_ns() : 0;
	a->wire_due_ns = now + (a->view.now_ns ? pause_of(a) : TICK_NS);
	return counted || a->view.now_ns;
}

int app_wire_timeout_ms(const struct app *a)
{
	int64_t left = a->wire_due_ns - clock_monotonic_ns();

	if (!a->view.now_ns && !a->wire_grown)
		return -1;
	return left <= 0 ? 0 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}
