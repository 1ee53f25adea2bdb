#include "ui/keys.h"

#include <stdbool.h>
#include <string.h>

#include "src/core/safe.h"
#include "ui/term.h"

/* clang-format off */
const struct key_row key_rows[] = {
	{ TERM_UP, "Up", "up", "to the event before", KEYS_TIME },
	{ 'k', "k", "up", NULL, KEYS_TIME },
	{ TERM_DOWN, "Down", "down", "to the event after", KEYS_TIME },
	{ 'j', "j", "down", NULL, KEYS_TIME },
	{ TERM_PAGE_UP, "PageUp", "page up", "a page back", KEYS_TIME },
	{ TERM_PAGE_DOWN, "PageDown", "page down", "a page on", KEYS_TIME },
	{ TERM_HOME, "Home", "first", "to the first event", KEYS_TIME },
	{ 'g', "g", "first", NULL, KEYS_TIME },
	{ TERM_END, "End", "last", "to the last event", KEYS_TIME },
	{ 'G', "G", "last", NULL, KEYS_TIME },
	{ 'F', "F", "follow", "stay on the newest event", KEYS_TIME },
	{ '/', "/", "prompt /", "search for a word in the events", KEYS_TIME },
	{ 'f', "f", "prompt filter ", "show only packets that match a filter", KEYS_TIME },
	{ '[', "[", "cause", "to what caused this event", KEYS_TIME },
	{ ']', "]", "effect", "to what this event caused", KEYS_TIME },
	{ '1', "1", "link 1", "to the first, second … event that the explanation names", KEYS_TIME },
	{ '2', "2", "link 2", NULL, KEYS_TIME },
	{ '3', "3", "link 3", NULL, KEYS_TIME },
	{ '4', "4", "link 4", NULL, KEYS_TIME },
	{ '5', "5", "link 5", NULL, KEYS_TIME },
	{ '6', "6", "link 6", NULL, KEYS_TIME },
	{ '7', "7", "link 7", NULL, KEYS_TIME },
	{ '8', "8", "link 8", NULL, KEYS_TIME },
	{ '9', "9", "link 9", NULL, KEYS_TIME },
	{ TERM_BACKSPACE, "Backspace", "back", "back: along these jumps, to the connections, to all packets", KEYS_TIME },
	{ 'n', "n", "search next", "to the next match", KEYS_TIME },
	{ 'N', "N", "search previous", "to the match before", KEYS_TIME },
	{ 'v', "v", "next verdict", "to the next packet that the analysis remarks on", KEYS_TIME },
	{ 'V', "V", "previous verdict", "to the one before", KEYS_TIME },
	{ 'm', "m", "mark", "mark this event, or take its mark away", KEYS_TIME },
	{ '\'', "'", "next mark", "to the next mark", KEYS_TIME },
	{ 'M', "M", "previous mark", "to the mark before", KEYS_TIME },

	{ TERM_TAB, "Tab", "panel next", "the next panel", KEYS_PANEL },
	{ TERM_BACK_TAB, "Shift-Tab", "panel previous", "the panel before", KEYS_PANEL },
	{ TERM_ENTER, "Enter", "enter", "explain this event, or end that; on the newest one of a lab: type", KEYS_PANEL },
	{ 'e', "e", "details", "the panel with all details of this event", KEYS_PANEL },
	{ 'J', "J", "scroll down", "scroll the panel down", KEYS_PANEL },
	{ 'K', "K", "scroll up", "scroll the panel up", KEYS_PANEL },

	{ 't', "t", "stream", "what the connection of this packet carried: follow the stream", KEYS_PANEL },
	{ 'C', "C", "connections", "all connections: sort, find, choose one", KEYS_PANEL },

	{ ' ', "Space", "step", "the next step: of the lesson, of a held packet, or begin to hold", KEYS_LAB },
	{ 'a', "a", "answer", "answer the lesson's question", KEYS_LAB },
	{ 'b', "b", "step back", "back to the text before this; Space goes forward again", KEYS_LAB },
	{ 'B', "B", "again", "start the lesson again, quickly up to the cursor", KEYS_LAB },
	{ 'l', "l", "lessons", "end, and choose another lesson", KEYS_LAB },
	{ 'h', "h", "toggle hold", "hold the packets on the wire, or end that", KEYS_LAB },
	{ 'r', "r", "wire> release", "the packet held longest travels on", KEYS_LAB },
	{ 'x', "x", "wire> drop", "the packet held longest is lost, or the next to come", KEYS_LAB },
	{ 'd', "d", "wire> dup", "it travels on twice, or the next to come does", KEYS_LAB },
	{ 'c', "c", "toggle cut", "cut the wire, or mend it", KEYS_LAB },
	{ 's', "s", "prompt save ", "keep the recording in a file", KEYS_LAB },
	{ 'R', "R", "restart loopback", "start your programs again, all on one host (127.0.0.1)", KEYS_LAB },

	{ 'J', "J", "wire next", "to the next packet on the wire, or rule", KEYS_WIRE },
	{ 'K', "K", "wire previous", "to the one before", KEYS_WIRE },
	{ 'r', "r", "wire release", "this packet travels on, or arrives at once", KEYS_WIRE },
	{ 'x', "x", "wire drop", "this packet is lost; this rule ends", KEYS_WIRE },
	{ 'd', "d", "wire dup", "this packet travels on twice", KEYS_WIRE },
	{ 'o', "o", "wire first", "this packet first, and behind it those that its host has waiting", KEYS_WIRE },
	{ 'E', "E", "wire edit", "change this packet and send that: the line is begun", KEYS_WIRE },

	{ 'i', "i", "prompt", "type a call or a command", KEYS_PROMPT },
	{ ':', ":", "prompt", NULL, KEYS_PROMPT },
	{ 'p', "p", "focus next", "whom the prompt talks to: client, server, wire", KEYS_PROMPT },

	{ 'P', "P", "present", "large and with few things on it: for a projector, or back", KEYS_CLASS },
	{ 'O', "O", "reveal", "one thing at a time: hide what happened behind the cursor, or show it", KEYS_CLASS },
	{ 'L', "L", "spotlight", "light on the event under the cursor alone, or on all", KEYS_CLASS },
	{ 'Y', "Y", "keys", "show which keys are pressed, or no more", KEYS_CLASS },
	{ 'T', "T", "theme next", "other colours", KEYS_CLASS },
	{ 'z', "z", "toggle panel", "hide the panel, or show it", KEYS_CLASS },
	{ 'S', "S", "screen", "save this screen as a picture: socklens-1.svg", KEYS_CLASS },

	{ '?', "?", "help", "this page", KEYS_PROGRAM },
	{ TERM_CTRL_L, "Ctrl-L", "redraw", "draw everything again", KEYS_PROGRAM },
	{ TERM_CTRL_Z, "Ctrl-Z", "suspend", "back to the shell; fg continues", KEYS_PROGRAM },
	{ 'q', "q", "quit", "end", KEYS_PROGRAM },
	{ TERM_CTRL_C, "Ctrl-C", "quit now", "end without asking", KEYS_PROGRAM },

	{ TERM_UP, "Up", "connections up", "to the connection before", KEYS_CONNS },
	{ 'k', "k", "connections up", NULL, KEYS_CONNS },
	{ TERM_DOWN, "Down", "connections down", "to the next connection", KEYS_CONNS },
	{ 'j', "j", "connections down", NULL, KEYS_CONNS },
	{ TERM_PAGE_UP, "PageUp", "connections page up", "a page back", KEYS_CONNS },
	{ TERM_PAGE_DOWN, "PageDown", "connections page down", "a page on", KEYS_CONNS },
	{ ' ', "Space", "connections page down", NULL, KEYS_CONNS },
	{ TERM_HOME, "Home", "connections first", "to the first", KEYS_CONNS },
	{ 'g', "g", "connections first", NULL, KEYS_CONNS },
	{ TERM_END, "End", "connections last", "to the last", KEYS_CONNS },
	{ 'G', "G", "connections last", NULL, KEYS_CONNS },
	{ TERM_ENTER, "Enter", "connections enter", "only this connection on the ladder", KEYS_CONNS },
	{ '<', "<", "connections column previous", "sort by the column before", KEYS_CONNS },
	{ TERM_LEFT, "Left", "connections column previous", NULL, KEYS_CONNS },
	{ '>', ">", "connections column next", "sort by the next column", KEYS_CONNS },
	{ TERM_RIGHT, "Right", "connections column next", NULL, KEYS_CONNS },
	{ 'r', "r", "connections reverse", "turn the order round", KEYS_CONNS },
	{ '/', "/", "prompt connections find ", "only connections with these words in their line", KEYS_CONNS },
	{ 'f', "f", "prompt filter ", "only connections with packets that match a filter", KEYS_CONNS },
	{ TERM_ESCAPE, "Esc", "connections back", "without the words, without the filter, back to the ladder", KEYS_CONNS },
	{ TERM_BACKSPACE, "Backspace", "connections back", NULL, KEYS_CONNS },
	{ 't', "t", "stream", "what this connection carried", KEYS_CONNS },
	{ 'C', "C", "connections close", "back to the ladder", KEYS_CONNS },
	{ 'q', "q", "connections close", NULL, KEYS_CONNS },

	{ TERM_UP, "Up", "stream up", "a line back", KEYS_STREAM },
	{ 'k', "k", "stream up", NULL, KEYS_STREAM },
	{ TERM_DOWN, "Down", "stream down", "a line on", KEYS_STREAM },
	{ 'j', "j", "stream down", NULL, KEYS_STREAM },
	{ TERM_PAGE_UP, "PageUp", "stream page up", "a page back", KEYS_STREAM },
	{ TERM_PAGE_DOWN, "PageDown", "stream page down", "a page on", KEYS_STREAM },
	{ ' ', "Space", "stream page down", NULL, KEYS_STREAM },
	{ TERM_HOME, "Home", "stream first", "to the beginning", KEYS_STREAM },
	{ 'g', "g", "stream first", NULL, KEYS_STREAM },
	{ TERM_END, "End", "stream last", "to the end", KEYS_STREAM },
	{ 'G', "G", "stream last", NULL, KEYS_STREAM },
	{ 'x', "x", "stream hex", "text, or hex", KEYS_STREAM },
	{ 'd', "d", "stream side", "both directions, one, the other", KEYS_STREAM },
	{ '/', "/", "prompt stream search ", "search in what was carried", KEYS_STREAM },
	{ 'n', "n", "stream next", "to the next match", KEYS_STREAM },
	{ 'N', "N", "stream previous", "to the match before", KEYS_STREAM },
	{ 's', "s", "prompt stream save ", "save the bytes: save FILE, save from FILE, save to FILE", KEYS_STREAM },
	{ TERM_ENTER, "Enter", "stream packet", "the packet that the first line came in", KEYS_STREAM },
	{ TERM_ESCAPE, "Esc", "stream back", "stop what goes on; back to where you came from", KEYS_STREAM },
	{ TERM_BACKSPACE, "Backspace", "stream back", NULL, KEYS_STREAM },
	{ 't', "t", "stream close", "back to where you came from", KEYS_STREAM },
	{ 'q', "q", "stream close", NULL, KEYS_STREAM },
};

const struct key_note prompt_keys[] = {
	{ "Enter", "run the line; on an empty one, back to the keys" },
	{ "Tab", "complete the word; again to choose" },
	{ "Up Down", "lines typed before" },
	{ "Left Right", "move; Home and End, Ctrl-A and Ctrl-E: to the ends" },
	{ "Ctrl-U Ctrl-K", "delete to the beginning, to the end" },
	{ "Ctrl-W", "delete the word before" },
	{ "Shift-Tab", "talk to the next program, or to the wire" },
	{ "Space", "on an empty line: the next step" },
	{ "Esc", "back to the keys; the line stays" },
	{ "Ctrl-C", "take back the lines that wait for a call; else clear the line" },
};
/* clang-format on */

const size_t key_rows_count = sizeof(key_rows) / sizeof(key_rows[0]);
const size_t prompt_keys_count = sizeof(prompt_keys) / sizeof(prompt_keys[0]);

/* Groups of what covers the ladder, or of one panel: there the keys mean what these say. */
static bool covers(enum key_group g)
{
	return g == KEYS_CONNS || g == KEYS_STREAM || g == KEYS_WIRE;
}

const struct key_row *keys_find(uint32_t key)
{
	for (size_t i = 0; i < key_rows_count; i++)
		if (key_rows[i].key == key && !covers(key_rows[i].group))
			return &key_rows[i];
	return NULL;
}

const struct key_row *keys_find_in(enum key_group g, uint32_t key)
{
	for (size_t i = 0; i < key_rows_count; i++)
		if (key_rows[i].key == key && key_rows[i].group == g)
			return &key_rows[i];
	return NULL;
}

const struct key_row *keys_of_command(const char *command)
{
	for (size_t i = 0; i < key_rows_count; i++)
		if (strcmp(key_rows[i].command, command) == 0)
			return &key_rows[i];
	return NULL;
}

const char *key_group_name(enum key_group g)
{
	static const char *const names[KEY_GROUPS] = {
		[KEYS_CONNS] = "Connections: C",
		[KEYS_STREAM] = "A stream: t",
		[KEYS_TIME] = "Time",
		[KEYS_PANEL] = "Panel",
		[KEYS_LAB] = "Lab",
		[KEYS_WIRE] = "The wire's panel",
		[KEYS_PROMPT] = "Prompt",
		[KEYS_CLASS] = "In front of a class",
		[KEYS_PROGRAM] = "Program",
	};

	return names[g];
}

/* Keys of the prompt alone. */
static const struct {
	const char *name;
	uint32_t key;
} editing[] = {
	{ "Left", TERM_LEFT },	   { "Right", TERM_RIGHT },   { "Backspace", TERM_BACKSPACE },
	{ "Delete", TERM_DELETE }, { "Esc", TERM_ESCAPE },    { "Ctrl-A", TERM_CTRL_A },
	{ "Ctrl-E", TERM_CTRL_E }, { "Ctrl-K", TERM_CTRL_K }, { "Ctrl-U", TERM_CTRL_U },
	{ "Ctrl-W", TERM_CTRL_W },
};

const char *keys_help(const struct key_row *row)
{
	while (!row->help && row > key_rows)
		row--;
	return row->help;
}

void keys_name(uint32_t key, struct str *out)
{
	char utf8[4];

	for (size_t i = 0; i < key_rows_count; i++)
		if (key_rows[i].key == key) {
			str_add(out, key_rows[i].name);
			return;
		}
	for (size_t i = 0; i < sizeof(editing) / sizeof(editing[0]); i++)
		if (editing[i].key == key)
			str_add(out, editing[i].name);
	if (key >= ' ' && key < TERM_KEY_BASE)
		str_addn(out, utf8, safe_utf8(key, utf8));
}

uint32_t keys_named(const char *name)
{
	size_t len = strlen(name);
	struct safe_char c;

	for (size_t i = 0; i < key_rows_count; i++)
		if (strcmp(key_rows[i].name, name) == 0)
			return key_rows[i].key;
	for (size_t i = 0; i < sizeof(editing) / sizeof(editing[0]); i++)
		if (strcmp(editing[i].name, name) == 0)
			return editing[i].key;
	if (len == 0)
		return 0;
	c = safe_next(name, len);
	return c.harmless && c.bytes == len ? c.code : 0;
}
