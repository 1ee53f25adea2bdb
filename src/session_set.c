#include "src/session_set.h"

#include <errno.h>
#include <string.h>

#include "src/core/clock.h"
#include "src/lab/route.h"
#include "src/session_impl.h"

/* ---- what was before ---- */

struct before {
	struct str text; /* "1", or "1 on client, 2 on server" */
	char first[128];
	size_t hosts;
};

static void add_before(struct before *b, const char *host, const char *value)
{
	if (!b->hosts)
		str_copy(b->first, sizeof(b->first), value);
	str_addf(&b->text, "%s%s on %s", b->hosts++ ? ", " : "", value, host);
}

/* The same everywhere is said once. */
static void record(struct session *s, int64_t ts_ns, const char *host, const char *what,
		   const struct before *b, bool same)
{
	STR_ON_STACK(text, 512);

	str_addf(&text, "set %s %s  # was %s", host[0] ? host : "both", what,
		 same ? b->first : b->text.buf);
	session_append_command(s, ts_ns, NULL, text.buf, NULL);
}

/* ---- what went wrong ---- */

static const char offered[] = "Tab behind set lists what can be set";

/* There is none.  A known name is the kernel's fault, any other one the line's. */
static int explain_missing(const struct setting_line *l, const char *host, struct err *e)
{
	const struct setting *near = setting_nearest(l->name, strlen(l->name));
	STR_ON_STACK(hint, 160);

	if (setting_find(l->name, strlen(l->name))) {
		err_set(e, NULL, "this kernel has no %s", l->name);
		e->code = SESSION_SET_LACKS;
		return -1;
	}
	if (near)
		str_addf(&hint, "did you mean %s?", near->name);
	return err_set(e, near ? hint.buf : offered,
		       "%s has no %s: there is none, or it belongs to the whole machine", host,
		       l->name);
}

static int explain_refused(const struct setting_line *l, struct err *e)
{
	const struct setting *known = setting_find(l->name, strlen(l->name));

	if (!known && e->code == EACCES)
		return err_set(e, offered,
			       "%s belongs to the whole machine: a host can only read it", l->name);
	if (known && !e->hint[0])
		str_copy(e->hint, sizeof(e->hint), known->values);
	if (known && e->code != EINVAL)
		e->code = SESSION_SET_LACKS;
	return -1;
}

/* ---- doing it ---- */

static int set_sysctl(struct session *s, uint8_t host, const struct setting_line *l,
		      const char *value, struct str *was, struct err *e)
{
	if (lab_sysctl_read(s->lab, host, l->name, was, e))
		return e->code == ENOENT ? explain_missing(l, s->lab->host[host].name, e) : -1;
	return lab_sysctl(s->lab, host, l->name, value, e) ? explain_refused(l, e) : 0;
}

/* "5s", "200ms" or a bare number. */
static void write_amount(struct str *out, const struct route_metric *m, uint32_t amount)
{
	bool whole = amount % 1000 == 0;

	if (m->time && amount)
		str_addf(out, "%u%s", whole ? amount / 1000 : amount, whole ? "s" : "ms");
	else
		str_addf(out, "%u", amount);
}

static int set_route(struct session *s, uint8_t host, const struct setting_line *l, struct str *was,
		     struct err *e)
{
	const struct route_metric *m = route_metric_find(l->name, strlen(l->name));
	uint32_t before = 0;

	if (lab_route_metric(s->lab, host, l->name, l->amount, &before, e))
		return -1;
	if (before)
		write_amount(was, m, before);
	else
		str_add(was, "not set");
	return 0;
}

static void write_what(struct str *what, const struct setting_line *l, const char *value)
{
	const struct route_metric *m = route_metric_find(l->name, strlen(l->name));

	str_addf(what, "%s%s ", l->route ? "route " : "", l->name);
	if (l->route)
		write_amount(what, m, l->amount);
	else
		str_add(what, value);
}

int session_set(struct session *s, const char *host, const struct setting_line *l,
		const char *value, struct err *e)
{
	int64_t ts_ns = clock_now_ns();
	int only = host[0] ? session_host(s, host, e) : -1;
	STR_ON_STACK(text, 256);
	STR_ON_STACK(what, 256);
	struct before before = { .text = text };
	bool same = true;

	if (!s->lab)
		return session_not_live(e);
	if (host[0] && only < 0)
		return -1;
	/* On one host both sides are the same. */
	for (uint8_t i = 0; i < (s->lab->loopback ? 1 : s->lab->hosts); i++) {
		STR_ON_STACK(was, 128);

		if (only >= 0 && i != only && !s->lab->loopback)
			continue;
		if (l->route ? set_route(s, i, l, &was, e) : set_sysctl(s, i, l, value, &was, e))
			return -1;
		add_before(&before, s->lab->host[i].name, was.buf);
		same = same && !strcmp(before.first, was.buf);
	}
	write_what(&what, l, value);
	record(s, ts_ns, host, what.buf, &before, same);
	return 0;
}

bool session_set_met(struct session *s, const struct setting_line *l, struct str *why)
{
	STR_ON_STACK(value, 128);
	struct err e = { .code = 0 };

	if (!s->lab || l->route || !setting_find(l->name, strlen(l->name)))
		return true;
	if (!lab_sysctl_read(s->lab, 0, l->name, &value, &e) || e.code != ENOENT)
		return true;
	explain_missing(l, "", &e);
	err_text(&e, why);
	return false;
}
