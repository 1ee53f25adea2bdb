/* QUESTION [| ANSWER …] [<- WHERE]: what stands behind the arrow is a condition with something left open. */
#include "src/parse_command.h"

#include <string.h>

#include "src/parse_impl.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const example = "for example: ask Which comes first? | *SYN | ACK";

/* ---- where the trace has the answer ---- */

static int parse_packet(struct parser *p, struct condition *c, struct subject *s)
{
	size_t at = p->tok.at;

	c->kind = CONDITION_PACKET;
	s->field = packet_fields_count;
	if (parse_packet_words(p, c, &s->field))
		return -1;
	if (s->field == packet_fields_count)
		return parser_fail(p, at, "for example: packet server flags",
				   "what of the packet is asked for?");
	if (s->field == SUBJECT_FLAGS)
		c->packet.protocol = PATTERN_TCP;
	return 0;
}

static int parse_packets(struct parser *p, struct condition *c, struct subject *s)
{
	(void)s;
	c->kind = CONDITION_PACKET;
	return parse_packet_words(p, c, NULL);
}

static int parse_state(struct parser *p, struct condition *c, struct subject *s)
{
	size_t at = p->tok.at;

	c->kind = CONDITION_STATE;
	if (parse_socket(p, true, c))
		return -1;
	if (!c->has_fd && !c->variable[0] && !s->next)
		return parser_fail(p, at, "write: next state HOST",
				   "%s has many sockets; name one by its variable", c->actor);
	return 0;
}

static int parse_sample(struct parser *p, struct condition *c, struct subject *s)
{
	c->kind = CONDITION_SOCKET;
	return parse_socket(p, false, c) || parse_sample_field(p, &s->field) ? -1 : 0;
}

static int parse_return(struct parser *p, struct condition *c, struct subject *s)
{
	const struct scope_actor *a;

	(void)s;
	c->kind = CONDITION_RETURN;
	return parse_actor(p, c->actor, "a program or a thread", &a) || parse_optional_call(p, c)
		       ? -1
		       : 0;
}

static int parse_exit(struct parser *p, struct condition *c, struct subject *s)
{
	const struct scope_actor *a;

	(void)s;
	c->kind = CONDITION_EXIT;
	return parse_actor(p, c->actor, "a program", &a);
}

static const struct {
	const char *name;
	enum subject_kind kind;
	int (*parse)(struct parser *p, struct condition *c, struct subject *s);
	const char *help;
} subjects[] = {
	{ "packet", SUBJECT_PACKET, parse_packet, "flags or a number of the next one" },
	{ "packets", SUBJECT_PACKETS, parse_packets, "how many leave" },
	{ "state", SUBJECT_STATE, parse_state, "of a socket" },
	{ "socket", SUBJECT_SOCKET, parse_sample, "a number of it" },
	{ "return", SUBJECT_RETURN, parse_return, "what a call gives" },
	{ "exit", SUBJECT_EXIT, parse_exit, "how a program ends" },
};

static int parse_subject(struct parser *p)
{
	struct subject *s = &p->line->subject;

	parser_choose(p);
	parser_offer(p, "next", "the next one behind the question");
	s->next = parser_take_word(p, "next");
	parser_choose(p);
	for (size_t i = 0; i < COUNT(subjects); i++)
		parser_offer(p, subjects[i].name, subjects[i].help);
	for (size_t i = 0; i < COUNT(subjects); i++)
		if (parser_take_word(p, subjects[i].name)) {
			s->kind = subjects[i].kind;
			return subjects[i].parse(p, &p->line->condition, s);
		}
	return parser_expected(p, "where the answer is found");
}

/* ---- all ---- */

/* The last "<-" of the line; its end if there is none. */
static size_t find_arrow(const char *text, size_t len)
{
	for (size_t i = len; i >= 2; i--)
		if (text[i - 2] == '<' && text[i - 1] == '-')
			return i - 2;
	return len;
}

/* What the author says must be something that the trace could say. */
static int check_answers(struct parser *p, const struct question *q, size_t at)
{
	enum answer_kind kind = subject_answers(&p->line->subject);
	STR_ON_STACK(right, 160);
	STR_ON_STACK(normal, 512);

	if (q->right < 0)
		return 0;
	question_choice(q, (size_t)q->right, &right);
	if (answer_normal(&normal, kind, right.buf))
		return 0;
	return parser_fail(p, at, "what stands behind \": \" is a remark, and is not compared",
			   "the right answer must be %s, not \"%s\"", answer_kind_what(kind),
			   right.buf);
}

int parse_ask(struct parser *p)
{
	size_t at = p->tok.at, arrow, wrong_at;
	const char *text, *wrong;
	struct question q;
	struct token t;

	parser_placeholder(p, "a question", NULL);
	p->lex.at = at;
	t = lex_rest(&p->lex, false);
	text = parser_text(p, &t);
	if (memchr(text, '\0', t.len))
		return parser_fail(p, at, NULL, "a text has no NUL bytes");
	arrow = find_arrow(text, t.len);
	p->line->text = parse_copy(p, text, arrow);
	if (!p->line->text)
		return -1;
	wrong = question_read(&q, p->line->text, arrow < t.len, &wrong_at);
	if (wrong)
		return parser_fail(p, t.at + wrong_at, example, "%s", wrong);
	if (arrow < t.len)
		p->lex.at = t.at + arrow + 2;
	parser_advance(p);
	return arrow < t.len ? parse_subject(p) || check_answers(p, &q, t.at) ? -1 : 0 : 0;
}
