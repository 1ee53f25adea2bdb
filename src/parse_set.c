/* set [HOST|both] NAME VALUE | set [HOST|both] route METRIC VALUE */
#include "src/parse_command.h"

#include <string.h>

#include "src/core/clock.h"
#include "src/lab/route.h"
#include "src/parse_impl.h"

static bool is_host(const struct parser *p)
{
	return p->tok.kind == TOKEN_NAME &&
	       scope_host(p->scope, parser_text(p, &p->tok), p->tok.len) >= 0;
}

/* The word ahead up to a blank or an equals sign, points and all; it is not taken. */
static struct token word_ahead(const struct parser *p)
{
	struct lex ahead = p->lex;

	ahead.at = p->tok.at;
	return lex_word(&ahead, "=");
}

/* The last part alone is offered to whoever begins with it. */
static void offer_settings(struct parser *p, const struct token *word)
{
	bool whole = !strncmp("net.", parser_text(p, word), word->len < 4 ? word->len : 4);

	p->after = ' ';
	for (size_t i = 0; i < settings_count; i++)
		parser_offer(p, whole ? settings[i].name : strrchr(settings[i].name, '.') + 1,
			     settings[i].values);
	parser_offer(p, "route", "what the route to the other host says");
}

/* ---- a metric of the route ---- */

static int parse_amount(struct parser *p, const struct route_metric *m, uint32_t *out)
{
	size_t at = p->tok.at;
	int64_t n;

	if (!m->time) {
		if (parse_int(p, 0, m->max, "a number", &n))
			return -1;
		*out = (uint32_t)n;
		return 0;
	}
	if (parse_time(p, &n))
		return -1;
	if (n / NS_PER_MS > m->max)
		return parser_fail(p, at, NULL, "%s: at most %u s", m->name, m->max / 1000);
	*out = (uint32_t)(n / NS_PER_MS);
	return 0;
}

static int parse_metric(struct parser *p)
{
	struct setting_line *l = &p->line->setting;
	const struct route_metric *m;

	parser_choose(p);
	p->after = ' ';
	for (size_t i = 0; i < route_metrics_count; i++)
		parser_offer(p, route_metrics[i].name, route_metrics[i].help);
	m = p->tok.kind == TOKEN_NAME ? route_metric_find(parser_text(p, &p->tok), p->tok.len)
				      : NULL;
	if (!m)
		return parser_expected(p, "what a route can say");
	parser_advance(p);
	l->route = true;
	str_copy(l->name, sizeof(l->name), m->name);
	return parse_amount(p, m, &l->amount);
}

/* ---- a sysctl ---- */

/* Any that begins with "net."; of the known ones the last part is enough. */
static int take_name(struct parser *p, const struct token *t)
{
	const char *text = parser_text(p, t);
	const struct setting *known = setting_find(text, t->len);
	struct str name = str_on(p->line->setting.name, sizeof(p->line->setting.name));

	if (!known && (t->len <= 4 || memcmp(text, "net.", 4) != 0 || memchr(text, '/', t->len)))
		return parser_expected_not(p, t,
					   "a host, a sysctl such as net.ipv4.tcp_sack, or route");
	if (known)
		str_add(&name, known->name);
	else
		str_addn(&name, text, t->len);
	return name.cut ? parser_fail(p, t->at, NULL, "no sysctl has such a long name") : 0;
}

static int parse_value(struct parser *p, const struct token *name)
{
	const struct setting *known =
		setting_find(p->line->setting.name, strlen(p->line->setting.name));
	struct token t;

	parser_choose(p);
	parser_placeholder(p, "VALUE", known ? known->values : "as sysctl(8) takes it");
	t = parser_raw_rest(p, true);
	if (!t.len)
		return parser_fail(p, name->at + name->len, known ? known->values : NULL,
				   "expected a value behind %s", p->line->setting.name);
	if (memchr(parser_text(p, &t), '\0', t.len))
		return parser_fail(p, t.at, NULL, "a value has no NUL bytes");
	p->line->text = parse_copy(p, parser_text(p, &t), t.len);
	return p->line->text ? 0 : -1;
}

int parse_set(struct parser *p)
{
	struct token word = word_ahead(p);

	parser_choose_at(p, &word);
	p->after = ' ';
	for (size_t i = 0; i < p->scope->hosts; i++)
		parser_offer(p, p->scope->host[i], "on this host");
	parser_offer(p, "both", "on both hosts, as without a name");
	offer_settings(p, &word);
	if (is_host(p) && parser_copy_name(p, &p->tok, p->line->name))
		return -1;
	if (p->line->name[0] || parser_is_word(p, "both")) {
		parser_advance(p);
		word = word_ahead(p);
		parser_choose_at(p, &word);
		offer_settings(p, &word);
	}
	if (parser_take_word(p, "route"))
		return parse_metric(p);
	/* As sysctl(8) has it, an equals sign may stand between the two. */
	word = parser_raw_word(p, "=");
	if (take_name(p, &word))
		return -1;
	parser_advance(p);
	(void)parser_take_mark(p, '=');
	return parse_value(p, &word);
}
