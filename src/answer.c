#include "src/answer.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "capture/packet.h"
#include "src/core/event.h"
#include "src/core/names.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define WORDS	     12 /* of an answer that is flags */
#define TEXT_MAX     512 /* bytes that are compared */

static const struct {
	const char *name, *what;
} kinds[] = {
	[ANSWER_TEXT] = { "text", "a few words" },
	[ANSWER_FLAGS] = { "flags", "flags such as SYN ACK, or nothing" },
	[ANSWER_STATE] = { "state", "a state such as ESTABLISHED" },
	[ANSWER_NUMBER] = { "number", "a number" },
	[ANSWER_RESULT] = { "result", "a number, an errno, \"data\" or a signal" },
	[ANSWER_ORDER] = { "order", "letters in their order" },
};
_Static_assert(COUNT(kinds) == ANSWER_KINDS, "a name for each kind");

const char *answer_kind_name(enum answer_kind kind)
{
	return kinds[kind].name;
}

enum answer_kind answer_kind_find(const char *name)
{
	enum answer_kind kind = ANSWER_TEXT;

	while (kind < ANSWER_KINDS && strcmp(kinds[kind].name, name) != 0)
		kind++;
	return kind;
}

const char *answer_kind_what(enum answer_kind kind)
{
	return kinds[kind].what;
}

/* ---- words ---- */

static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* The next word from *text on; *text moves behind it.  0: there is none. */
static size_t next_word(const char **text, const char **word)
{
	size_t len = 0;

	while (**text && !is_word_byte(**text))
		++*text;
	*word = *text;
	while (is_word_byte((*word)[len]))
		len++;
	*text += len;
	return len;
}

static bool word_is(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && !strncasecmp(word, name, len);
}

static bool word_among(const char *word, size_t len, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (word_is(word, len, names[i]))
			return true;
	return false;
}

static const char *const articles[] = { "a", "an", "the" };

/* Words in small letters, one blank between them; an article in front says nothing. */
static void add_words(struct str *out, const char *text)
{
	const char *word;
	size_t len, n = 0;

	while ((len = next_word(&text, &word))) {
		if (!n && word_among(word, len, articles, COUNT(articles)) && *text)
			continue;
		if (n++)
			str_char(out, ' ');
		for (size_t i = 0; i < len; i++)
			str_char(out, (char)tolower((unsigned char)word[i]));
	}
}

bool answer_is_empty(const char *given)
{
	return !given[strspn(given, " \t\r\n_.")];
}

/* ---- flags ---- */

static const struct {
	const char *name;
	uint16_t bits;
} flag_names[] = {
	{ "SYN", TCP_SYN },
	{ "FIN", TCP_FIN },
	{ "RST", TCP_RST },
	{ "PSH", TCP_PSH },
	{ "ACK", TCP_ACK },
	{ "URG", TCP_URG },
	{ "ECE", TCP_ECE },
	{ "CWR", TCP_CWR },
	{ "AE", TCP_AE },
	{ "SYNACK", TCP_SYN | TCP_ACK },
	{ "FINACK", TCP_FIN | TCP_ACK },
	{ "RSTACK", TCP_RST | TCP_ACK },
	{ "PSHACK", TCP_PSH | TCP_ACK },
	{ "RESET", TCP_RST },
	{ "PUSH", TCP_PSH },
};

static const char *const no_words[] = { "nothing", "none", "no", "silence" };

static const char *const filler[] = { "a",	  "an",	    "the",     "and",	 "with", "flag",
				      "flags",	  "send",   "sends",   "one",	 "it",	 "segment",
				      "segments", "packet", "packets", "answers" };

static bool flag_of(const char *word, size_t len, uint16_t *bits)
{
	for (size_t i = 0; i < COUNT(flag_names); i++)
		if (word_is(word, len, flag_names[i].name)) {
			*bits |= flag_names[i].bits;
			return true;
		}
	return false;
}

/* False: there is a word that is no flag, or none at all. */
static bool read_flags(const char *text, uint16_t *bits, bool *nothing)
{
	const char *word;
	size_t len;

	*bits = 0;
	*nothing = false;
	while ((len = next_word(&text, &word))) {
		if (word_among(word, len, no_words, COUNT(no_words)))
			*nothing = true;
		else if (!flag_of(word, len, bits) && !word_among(word, len, filler, COUNT(filler)))
			return false;
	}
	return *nothing ? !*bits : *bits != 0;
}

static bool add_flags(struct str *out, const char *text)
{
	uint16_t bits;
	bool nothing;

	if (!read_flags(text, &bits, &nothing))
		return false;
	if (nothing)
		str_add(out, "nothing");
	else
		packet_flags_text(out, bits);
	return true;
}

static bool flags_are_right(const char *given, const char *truth)
{
	uint16_t have, want;
	bool nothing[2];

	if (!read_flags(given, &have, &nothing[0]) || !read_flags(truth, &want, &nothing[1]))
		return false;
	if (nothing[0] || nothing[1])
		return nothing[0] && nothing[1];
	if (!(want & TCP_SYN) && (want & ~TCP_ACK))
		want &= (uint16_t)(have | ~TCP_ACK);
	return have == want;
}

/* ---- states ---- */

static const struct {
	const char *name;
	enum sock_state state;
} state_names[] = {
	/* As ss(8), netstat(8) and the kernel's headers have them. */
	{ "SYNRECV", SOCK_STATE_SYN_RECEIVED }, { "SYNRCVD", SOCK_STATE_SYN_RECEIVED },
	{ "ESTAB", SOCK_STATE_ESTABLISHED },	{ "CLOSE", SOCK_STATE_CLOSED },
	{ "LISTENING", SOCK_STATE_LISTEN },	{ "UNCONN", SOCK_STATE_UNCONNECTED },
};

/* Letters and digits alone. */
static void add_bare(struct str *out, const char *text)
{
	for (; *text; text++)
		if (isalnum((unsigned char)*text))
			str_char(out, (char)toupper((unsigned char)*text));
}

static enum sock_state state_of(const char *bare)
{
	for (int s = SOCK_STATE_CLOSED; s < SOCK_STATES; s++) {
		STR_ON_STACK(name, 32);

		add_bare(&name, sock_state_name((enum sock_state)s));
		if (!strcmp(name.buf, bare))
			return (enum sock_state)s;
	}
	for (size_t i = 0; i < COUNT(state_names); i++)
		if (!strcmp(state_names[i].name, bare))
			return state_names[i].state;
	return SOCK_STATE_NONE;
}

static bool add_state(struct str *out, const char *text)
{
	STR_ON_STACK(bare, 40);
	enum sock_state state;

	add_bare(&bare, text);
	state = state_of(bare.buf);
	if (state == SOCK_STATE_NONE && !strncmp(bare.buf, "TCP", 3))
		state = state_of(bare.buf + 3);
	str_add(out, sock_state_name(state));
	return state != SOCK_STATE_NONE;
}

/* ---- numbers ---- */

static const char *const number_words[] = { "zero", "one",    "two",   "three", "four",
					    "five", "six",    "seven", "eight", "nine",
					    "ten",  "eleven", "twelve" };

/* "1,448" and "1 448" are one number: digits in threes behind a mark. */
static bool joins(const char *text)
{
	return strchr(", '", *text) && isdigit((unsigned char)text[1]) &&
	       isdigit((unsigned char)text[2]) && isdigit((unsigned char)text[3]) &&
	       !isdigit((unsigned char)text[4]);
}

/* What may stand behind a number: a unit. */
static bool is_unit(const char *text)
{
	for (; *text; text++)
		if (!isalpha((unsigned char)*text) && !strchr(" \t.()", *text))
			return false;
	return true;
}

static bool add_digits(struct str *out, const char *text)
{
	STR_ON_STACK(digits, 40);
	bool minus = *text == '-';
	char *end;
	long long n;

	text += minus || *text == '+';
	if (!isdigit((unsigned char)*text))
		return false;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		str_addn(&digits, text, strspn(text, "0123456789abcdefABCDEFxX"));
		text += digits.len;
	} else {
		for (; isdigit((unsigned char)*text) || (digits.len && *text && joins(text));
		     text++)
			if (isdigit((unsigned char)*text))
				str_char(&digits, *text);
	}
	errno = 0;
	n = strtoll(digits.buf, &end, digits.buf[1] == 'x' || digits.buf[1] == 'X' ? 16 : 10);
	if (errno || *end || digits.cut || !is_unit(text))
		return false;
	str_addf(out, "%lld", minus ? -n : n);
	return true;
}

static bool add_number(struct str *out, const char *text)
{
	const char *from, *rest = text + strspn(text, " \t=");
	size_t len;

	if (add_digits(out, rest))
		return true;
	len = next_word(&rest, &from);
	for (size_t i = 0; len && i < COUNT(number_words); i++)
		if (word_is(from, len, number_words[i]) && is_unit(rest)) {
			str_addf(out, "%zu", i);
			return true;
		}
	return false;
}

/* ---- results ---- */

static const char *const end_of_file[] = { "eof", "end of file" };

/* The first row whose name is the word, case ignored; of several with one number the first. */
static const struct name *find_name(const struct name_table *t, const char *word, size_t len)
{
	for (size_t i = 0; i < t->count; i++)
		if (word_is(word, len, t->row[i].name))
			return name_of(t, t->row[i].value);
	return NULL;
}

/* "connection refused", as strerror(3) has it. */
static const struct name *find_description(const char *text)
{
	STR_ON_STACK(words, 128);

	add_words(&words, text);
	for (size_t i = 0; words.len && i < names_errno.count; i++) {
		const char *said = strerrordesc_np((int)names_errno.row[i].value);
		STR_ON_STACK(have, 128);

		if (said)
			add_words(&have, said);
		if (said && !strcmp(have.buf, words.buf))
			return name_of(&names_errno, names_errno.row[i].value);
	}
	return NULL;
}

/* An errno or a signal among the words; beside it anything may stand: "= -1 ECONNREFUSED", "killed by SIGPIPE". */
static const struct name *find_constant(const char *text)
{
	const char *rest = text, *word;
	const struct name *found = NULL;
	size_t len;

	while ((len = next_word(&rest, &word)) && !found) {
		found = find_name(&names_errno, word, len);
		if (!found)
			found = find_name(&names_signal, word, len);
	}
	return found ? found : find_description(text);
}

/* "text" in quotes; what stands behind the quotes must be a remark that is none of the data. */
static bool add_data(struct str *out, const char *text)
{
	const char *end = strrchr(text, '"');

	if (*text != '"' || end == text)
		return false;
	str_addn(out, text, (size_t)(end - text) + 1);
	return true;
}

static bool add_result(struct str *out, const char *text)
{
	const struct name *constant;
	STR_ON_STACK(words, TEXT_MAX);

	text += strspn(text, " \t=");
	if (add_data(out, text))
		return true;
	if ((constant = find_constant(text))) {
		str_add(out, constant->name);
		return true;
	}
	add_words(&words, text);
	for (size_t i = 0; i < COUNT(end_of_file); i++)
		if (!strcmp(words.buf, end_of_file[i])) {
			str_add(out, "\"\"");
			return true;
		}
	return add_number(out, text);
}

/* ---- all ---- */

bool answer_normal(struct str *out, enum answer_kind kind, const char *text)
{
	bool is = true;

	switch (kind) {
	case ANSWER_FLAGS:
		is = add_flags(out, text);
		break;
	case ANSWER_STATE:
		is = add_state(out, text);
		break;
	case ANSWER_NUMBER:
		is = add_number(out, text);
		break;
	case ANSWER_RESULT:
		is = add_result(out, text);
		break;
	case ANSWER_ORDER:
		add_bare(out, text);
		return out->len > 0;
	case ANSWER_TEXT:
		add_words(out, text);
		return true;
	}
	if (!is)
		add_words(out, text);
	return is;
}

static bool is_same(enum answer_kind kind, const char *given, const char *truth)
{
	STR_ON_STACK(have, TEXT_MAX);
	STR_ON_STACK(want, TEXT_MAX);

	if (kind == ANSWER_FLAGS && flags_are_right(given, truth))
		return true;
	answer_normal(&have, kind, given);
	answer_normal(&want, kind, truth);
	if (!strcmp(have.buf, want.buf))
		return true;
	/* Data that somebody wrote without quotes. */
	if (kind != ANSWER_RESULT || want.buf[0] != '"' || strchr(given, '"'))
		return false;
	given += strspn(given, " \t");
	return strlen(given) + 2 == want.len && !strncmp(want.buf + 1, given, want.len - 2);
}

bool answer_is_right(enum answer_kind kind, const char *given, const char *truth, const char *also)
{
	if (answer_is_empty(given) && strcmp(given, truth) != 0)
		return false;
	return is_same(kind, given, truth) || (also[0] && is_same(kind, given, also));
}
