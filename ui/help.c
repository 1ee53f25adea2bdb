#include "ui/help.h"

#include <string.h>

#include "src/command.h"
#include "src/core/call.h"
#include "ui/glyph.h"
#include "ui/keys.h"
#include "ui/page.h"

#define LEFT  2 /* cell of a name */
#define RIGHT 24 /* cell of what it does */

static const struct {
	enum glyph glyph;
	const char *about;
} legend[] = {
	{ GLYPH_RIGHT, "a packet that arrived" },
	{ GLYPH_DASH, "a packet on its way, or what it did not travel" },
	{ GLYPH_LOCAL_RIGHT,
	  "on a dotted line: it passes inside one kernel, and no packet leaves" },
	{ GLYPH_LOST, "lost: it never arrives" },
	{ GLYPH_HELD, "held on the wire; r lets it go on" },
	{ GLYPH_RETRANSMIT,
	  "sent again, and why, as the kernel's own counters tell: RTO, fast retransmit …" },
	{ GLYPH_BLOCK, "a call that blocks, from its entry to its return" },
	{ GLYPH_OUTPUT, "what a program printed; ! on its standard error" },
	{ GLYPH_CURSOR, "the event under the cursor" },
	{ GLYPH_MARK, "an event that you marked with m" },
};

static void heading(struct page *p, const char *text)
{
	page_line(p);
	area_text(page_line(p), LEFT, 0, STYLE_TITLE, text);
}

/* A name and what it does, beside each other; a long name stands on a line of its own. */
static void named(struct page *p, enum style s, const char *name, const char *about)
{
	if (LEFT + text_width(name) < RIGHT)
		area_text(p->area, LEFT, p->y, s, name);
	else
		area_text(page_line(p), LEFT, 0, s, name);
	page_field(p, RIGHT, "", STYLE_PLAIN, about);
}

/* A key with the others that do the same: "Up k". */
static void keys_of(struct page *p, size_t i)
{
	STR_ON_STACK(names, 64);

	str_add(&names, key_rows[i].name);
	for (size_t k = i + 1; k < key_rows_count && !key_rows[k].help; k++)
		str_addf(&names, " %s", key_rows[k].name);
	named(p, STYLE_KEY, names.buf, key_rows[i].help);
}

static void draw_keys(struct page *p)
{
	for (int g = 0; g < KEY_GROUPS; g++) {
		heading(p, key_group_name((enum key_group)g));
		for (size_t i = 0; i < key_rows_count; i++)
			if (key_rows[i].group == (enum key_group)g && key_rows[i].help)
				keys_of(p, i);
	}
	heading(p, "While typing");
	for (size_t i = 0; i < prompt_keys_count; i++)
		named(p, STYLE_KEY, prompt_keys[i].name, prompt_keys[i].help);
	named(p, STYLE_KEY, "Mouse",
	      "a click selects an event, a second one explains it; the wheel scrolls");
}

static void draw_group(struct page *p, const char *title, enum command_group group)
{
	heading(p, title);
	for (size_t i = 0; i < commands_count; i++)
		if (commands[i].group == group && commands[i].at_prompt)
			named(p, STYLE_CALL, commands[i].usage, commands[i].help);
}

static void draw_commands(struct page *p, help_commands_fn *of_screen)
{
	struct help_command room;

	draw_group(p, "The wire: wire> …", COMMAND_WIRE);
	draw_group(p, "Programs", COMMAND_PROGRAM);
	draw_group(p, "The session", COMMAND_SESSION);
	draw_group(p, "Lessons", COMMAND_LESSON);
	heading(p, "The screen");
	for (size_t i = 0; of_screen && of_screen(i, &room); i++)
		named(p, STYLE_CALL, room.usage, room.help);
}

static void draw_calls(struct page *p)
{
	heading(p, "Calls: client> NAME = CALL -> RESULT &");
	page_wrap(p, LEFT, STYLE_DIM,
		  "NAME keeps the descriptor, RESULT is what you expect, & goes on while the call "
		  "blocks. "
		  "Addresses: server:8080  *:8080  [::]:8080  unix:/path  unix:@name. "
		  "Data: \"text\\n\"  zeros(4000)  pattern(50000).");
	for (size_t i = 0; i < calls_count; i++) {
		STR_ON_STACK(usage, 160);

		if (calls[i].instead)
			continue;
		call_usage(&usage, &calls[i]);
		named(p, STYLE_CALL, usage.buf, calls[i].about);
	}
}

static void draw_legend(struct page *p)
{
	heading(p, "On the ladder");
	for (size_t i = 0; i < sizeof(legend) / sizeof(legend[0]); i++) {
		int y = p->y;

		named(p, STYLE_PLAIN, "", legend[i].about);
		area_fill(p->area, LEFT, y, 1, STYLE_HELD, glyph_code(legend[i].glyph, false));
	}
	named(p, STYLE_STATE, "ESTABLISHED", "a state that was read from the kernel");
	named(p, STYLE_INFERRED, "~ESTABLISHED",
	      "a state worked out from packets alone, where no kernel was asked");
	named(p, STYLE_INFERRED, "~FIN-WAIT-1|2", "one of these two");
	named(p, STYLE_INFERRED, "~ESTABLISHED?",
	      "the usual one of several; the packet panel names them all");
	named(p, STYLE_WARNING, "! retransmission",
	      "what the analysis of a packet says of loss, disorder or a full receiver; in the "
	      "names of Wireshark");
	heading(p, "In the panels diagram, bytes and graphs");
	named(p, STYLE_CONN0, "▶", "the left side's place in the figure of RFC 9293; its bytes");
	named(p, STYLE_CONN1, "◀", "the right side's");
	named(p, STYLE_HELD, "══→", "the arrow that an end took at the cursor");
	named(p, STYLE_CONN0, "█", "acknowledged; at the receiver: read by its program");
	named(p, STYLE_HELD, "▒", "in flight: sent, and not acknowledged yet");
	named(p, STYLE_BLOCKED, "░", "unsent: written by the program, waits in its kernel");
	named(p, STYLE_BLOCKED, "▓", "unread: received, waits in the other kernel for a recv()");
	named(p, STYLE_PLAIN, "s a w", "a graph's lines end in letters: sent, acked, window");
	named(p, STYLE_PLAIN, "f c t", "in flight, cwnd, ssthresh (slow start threshold)");
	named(p, STYLE_PLAIN, "r o", "rtt (round trip), rto (retransmission time-out)");
	named(p, STYLE_DIM, "?", "not known: a capture has neither calls nor queues");
}

int help_draw(struct area a, int skip, help_commands_fn *commands_of_screen)
{
	struct page p = page_on(a, skip);

	page_wrap(&p, LEFT, STYLE_DIM,
		  "Up, Down and Space scroll, S saves this page, any other key closes. What keys "
		  "do can be typed as well: the commands stand below.");
	draw_keys(&p);
	draw_legend(&p);
	draw_commands(&p, commands_of_screen);
	draw_calls(&p);
	return p.y + skip;
}
