#include "src/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "src/core/clock.h"
#include "src/core/safe.h"
#include "src/describe.h"

static const struct {
	const char *title; /* for people */
	const char *key; /* for programs */
} kinds[SUMMARY_KINDS] = {
	[SUMMARY_TCP] = { "TCP connections", "tcp" },
	[SUMMARY_UDP] = { "UDP conversations", "udp" },
	[SUMMARY_ICMP] = { "ICMP exchanges", "icmp" },
	[SUMMARY_OTHER] = { "other pairs", "other" },
};

/* ---- counting ---- */

static void count_verdicts(struct summary *s, unsigned bits)
{
	s->remarkable++;
	for (; bits; bits &= bits - 1)
		s->verdict[__builtin_ctz(bits)]++;
}

static void see_packet(void *arg, uint64_t frame, const struct trace_packet *p,
		       const struct packet *parsed, const struct conn_note *note)
{
	struct summary *s = arg;

	(void)frame;
	(void)parsed;
	if (s->packets++ == 0)
		s->first_ns = s->last_ns = p->ts_ns;
	s->first_ns = p->ts_ns < s->first_ns ? p->ts_ns : s->first_ns;
	s->last_ns = p->ts_ns > s->last_ns ? p->ts_ns : s->last_ns;
	s->bytes += p->len;
	s->captured += p->caplen;
	s->segments += note->verdict.analysed;
	if (note->verdict.bits)
		count_verdicts(s, note->verdict.bits);
}

static void see_event(void *arg, uint64_t frame, const struct event *ev, uint32_t len)
{
	struct summary *s = arg;

	(void)frame;
	(void)ev;
	(void)len;
	s->events++;
}

struct trace_watch summary_watch(struct summary *s)
{
	return (struct trace_watch){
		.packet = see_packet, .event = see_event, .arg = s, .no_rows = true
	};
}

static enum summary_kind kind_of(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return SUMMARY_TCP;
	case IPPROTO_UDP:
		return SUMMARY_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return SUMMARY_ICMP;
	default:
		return SUMMARY_OTHER;
	}
}

void summary_conns(struct summary *s, const struct conns *c)
{
	struct conn facts;

	for (uint32_t i = 0; i < conns_count(c); i++) {
		const struct conn *conn = conns_facts(c, i, &facts);
		struct conn_ending e = conn_ending(conn);
		enum summary_kind kind = kind_of(conn->protocol);

		s->conns[kind]++;
		s->ended[kind][e.end]++;
		s->start_unseen += !e.start_seen;
	}
}

/* ---- text ---- */

static void put_time(FILE *out, int64_t ts_ns)
{
	time_t seconds = (time_t)(ts_ns / NS_PER_S);
	char text[40];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		return;
	fprintf(out, "%s.%09" PRId64 " UTC", text, ts_ns % NS_PER_S);
}

static void put_span(const struct summary *s, FILE *out)
{
	STR_ON_STACK(span, 64);

	if (!s->packets)
		return;
	fputs("from            ", out);
	put_time(out, s->first_ns);
	fputs("\nto              ", out);
	put_time(out, s->last_ns);
	describe_duration(&span, s->last_ns - s->first_ns);
	fprintf(out, "\nspan            %s\n", span.buf);
}

static void put_kind(const struct summary *s, enum summary_kind kind, FILE *out)
{
	if (!s->conns[kind])
		return;
	fprintf(out, "\n%12" PRIu64 "  %s\n", s->conns[kind], kinds[kind].title);
	for (int end = 0; end < CONN_ENDS; end++)
		if (s->ended[kind][end])
			fprintf(out, "%12" PRIu64 "    %s\n", s->ended[kind][end],
				conn_end_name((enum conn_end)end));
	if (kind == SUMMARY_TCP && s->start_unseen)
		fprintf(out, "%12" PRIu64 "    … of all: start not captured\n", s->start_unseen);
}

static void put_verdicts(const struct summary *s, FILE *out)
{
	fprintf(out, "\n%12" PRIu64 "  TCP segments analysed\n", s->segments);
	for (int i = 0; i < VERDICTS; i++)
		if (s->verdict[i])
			fprintf(out, "%12" PRIu64 "    %s\n", s->verdict[i], verdict_names[i].text);
	if (s->segments && !s->remarkable)
		fputs("                nothing remarkable\n", out);
}

int summary_text(const struct summary *s, const struct trace *t, const char *file, FILE *out,
		 struct err *e)
{
	STR_ON_STACK(name, 512);

	safe_add_line(&name, file, strlen(file));
	fprintf(out, "file            %s\n", name.buf);
	fprintf(out, "packets         %" PRIu64 "\n", s->packets);
	fprintf(out, "bytes           %" PRIu64 ", %" PRIu64 " of them captured\n", s->bytes,
		s->captured);
	if (s->events)
		fprintf(out, "other events    %" PRIu64 "\n", s->events);
	put_span(s, out);
	for (int kind = 0; kind < SUMMARY_KINDS; kind++)
		put_kind(s, (enum summary_kind)kind, out);
	if (s->segments)
		put_verdicts(s, out);
	if (trace_damage(t))
		fprintf(out, "\ndamage          %s\n", trace_damage(t));
	return ferror(out) ? err_errno(e, errno, NULL, "writing the summary") : 0;
}

/* ---- JSON ---- */

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *json_of_kind(const struct summary *s, int kind)
{
	json_t *o = json_object();

	json_object_set_new(o, "count", number(s->conns[kind]));
	for (int end = 0; end < CONN_ENDS; end++)
		json_object_set_new(o, conn_end_key((enum conn_end)end),
				    number(s->ended[kind][end]));
	if (kind == SUMMARY_TCP)
		json_object_set_new(o, "start_not_captured", number(s->start_unseen));
	return o;
}

static json_t *json_of_verdicts(const struct summary *s)
{
	json_t *o = json_object();

	for (int i = 0; i < VERDICTS; i++)
		json_object_set_new(o, verdict_names[i].field, number(s->verdict[i]));
	return o;
}

int summary_json(const struct summary *s, const struct trace *t, const char *file, FILE *out,
		 struct err *e)
{
	json_t *o = json_object(), *conns = json_object();
	STR_ON_STACK(name, 512);
	int failed;

	safe_add_line(&name, file, strlen(file));
	json_object_set_new(o, "file", json_string(name.buf));
	json_object_set_new(o, "packets", number(s->packets));
	json_object_set_new(o, "bytes", number(s->bytes));
	json_object_set_new(o, "captured_bytes", number(s->captured));
	json_object_set_new(o, "events", number(s->events));
	if (s->packets) {
		json_object_set_new(o, "first_ns", json_integer(s->first_ns));
		json_object_set_new(o, "last_ns", json_integer(s->last_ns));
	}
	for (int kind = 0; kind < SUMMARY_KINDS; kind++)
		json_object_set_new(conns, kinds[kind].key, json_of_kind(s, kind));
	json_object_set_new(o, "connections", conns);
	json_object_set_new(o, "segments", number(s->segments));
	json_object_set_new(o, "verdicts", json_of_verdicts(s));
	if (trace_damage(t))
		json_object_set_new(o, "damage", json_string(trace_damage(t)));
	failed = json_dumpf(o, out, JSON_COMPACT) || fputc('\n', out) == EOF;
	json_decref(o);
	return failed ? err_set(e, NULL, "the summary could not be written as JSON") : 0;
}
