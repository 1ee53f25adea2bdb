/*
 * mktrace: makes traces through the interface that the session uses, and tells what is in one, for the
 * scripts beside it that show them to other tools.
 *
 *	mktrace session FILE EVENTS SEED	records random events, closes
 *	mktrace writer FILE			records until it is killed; after each flush prints how many events are in the file
 *	mktrace fill FILE			records until the disk is full, and beyond; checks itself
 *	mktrace hard DIRECTORY			writes the hard files; prints their names and tshark's frames
 *	mktrace seeds DIRECTORY			writes seeds for the fuzzer
 *	mktrace dump FILE			prints each event with all its fields, one a line
 *	mktrace count FILE			prints events, packets, and what is damaged
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/trace.h"
#include "src/core/safe.h"
#include "tests/unit/capture/events.h"
#include "tests/unit/capture/hard.h"

static int failed(const struct err *e)
{
	fprintf(stderr, "mktrace: %s\n", e->what);
	return 1;
}

static struct trace *begin(const char *path)
{
	struct err e = { 0 };
	struct trace *t = trace_create(path, &e);

	for (size_t i = 0; t && i < 2; i++) {
		struct trace_host h = events_host(i);

		if (trace_add_host(t, &h, &e) < 0) {
			trace_free(t);
			t = NULL;
		}
	}
	if (!t)
		failed(&e);
	return t;
}

static int append(struct trace *t, struct events *g, uint32_t number, struct err *e)
{
	struct event ev;
	STR_ON_STACK(message, 100);

	events_next(g, &ev);
	str_addf(&message, "event %" PRIu32 ": a %s, \"quoted\\n\" → ok", number, event_kind_name(ev.kind));
	return trace_append(t, &ev, message.buf, e);
}

static int make_session(const char *path, uint32_t events, uint64_t seed)
{
	struct trace *t = begin(path);
	struct events *g = events_new(seed, 2000);
	struct err e = { 0 };
	int rc = t ? 0 : -1;

	for (uint32_t i = 1; rc == 0 && i <= events; i++)
		rc = append(t, g, i, &e);
	if (rc == 0)
		rc = trace_close(t, &e);
	trace_free(t);
	free(g);
	return rc < 0 ? failed(&e) : 0;
}

static int make_writer(const char *path)
{
	struct trace *t = begin(path);
	struct events *g = events_new((uint64_t)getpid(), 2000);
	struct err e = { 0 };
	int rc = t ? 0 : -1;

	while (rc == 0) {
		uint64_t batch = 1 + events_random(g, 200);

		while (rc == 0 && batch-- > 0)
			rc = append(t, g, trace_rows(t) + 1, &e);
		if (rc == 0)
			rc = trace_flush(t, &e);
		dprintf(1, "%" PRIu32 "\n", trace_rows(t));
	}
	return failed(&e);
}

/* Everything that was appended can be looked at, whether it reached the file or not. */
static bool all_there(struct trace *t, uint32_t events)
{
	if (trace_rows(t) != events)
		return false;
	for (uint32_t row = 0; row < events; row++) {
		if (!trace_event(t, row, NULL))
			return false;
	}
	return true;
}

static int make_full(const char *path)
{
	struct trace *t = begin(path);
	struct events *g = events_new(6, 2000);
	struct err e = { 0 };
	uint32_t events = 0, reports = 0, behind = 0;

	while (t && behind < 500 && events < 1000000) {
		if (append(t, g, ++events, &e) < 0)
			reports++;
		behind += !trace_recording(t);
	}
	if (!t || reports != 1 || behind < 500 || !all_there(t, events)) {
		fprintf(stderr, "%u events, %u reports, %u behind\n", events, reports, behind);
		return 1;
	}
	printf("%s\n%s\n", e.what, e.hint);
	trace_free(t);
	free(g);
	return 0;
}

static int write_file(const char *directory, const char *name, const void *bytes, size_t len)
{
	char path[500];
	FILE *f;
	bool good;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "we");
	good = f && fwrite(bytes, 1, len, f) == len;
	return f && fclose(f) == 0 && good ? 0 : 1;
}

static int make_hard(const char *directory)
{
	int rc = 0;

	for (size_t i = 0; i < HARD_FILES; i++) {
		struct file f = { 0 };

		hard_files[i].make(&f);
		rc |= write_file(directory, hard_files[i].name, f.byte, f.len);
		printf("%s %d\n", hard_files[i].name, hard_files[i].frames);
		free(f.byte);
	}
	return rc;
}

/* One event of each kind that random ones have, and short texts: a fuzzer likes its seeds small. */
static int make_small(const char *path)
{
	struct trace *t = begin(path);
	struct events *g = events_new(3, 1000);
	struct err e = { 0 };
	unsigned kinds = 0;
	int rc = t ? 0 : -1;

	while (rc == 0 && kinds != (1u << EVENT_KINDS) - 1) {
		struct event ev;

		events_next(g, &ev);
		for (size_t i = 0; i < EVENT_ARGS * 2; i++)
			g->text[i][events_random(g, 9)] = '\0';
		if (kinds & 1u << ev.kind || (ev.kind == EVENT_PACKET && ev.packet.caplen > 100))
			continue;
		kinds |= 1u << ev.kind;
		rc = trace_append(t, &ev, "m", &e);
	}
	trace_free(t);
	free(g);
	return rc < 0 ? failed(&e) : 0;
}

static int make_seeds(const char *directory)
{
	char path[500];
	int rc = 0;

	for (size_t i = 0; i < HARD_FILES; i++) {
		struct file f = { 0 };

		hard_files[i].make(&f);
		if (f.len < 600)
			rc |= write_file(directory, hard_files[i].name, f.byte, f.len);
		free(f.byte);
	}
	snprintf(path, sizeof(path), "%s/every-kind", directory);
	return rc | make_small(path);
}

/* ---- telling ---- */

static void print_field(const struct event_field *f, const struct event *ev)
{
	const char *at = (const char *)ev + f->offset;
	uint64_t number = 0;
	STR_ON_STACK(text, 1000);
	const struct event_arg *arg = (const void *)at;
	uint32_t count;

	printf(" %s=", f->name);
	switch (f->type) {
	case FIELD_U8:
	case FIELD_BOOL:
		printf("%u", *(const uint8_t *)at);
		break;
	case FIELD_U32:
	case FIELD_I32:
	case FIELD_ENUM:
		memcpy(&number, at, 4);
		printf("%" PRIu64, number);
		break;
	case FIELD_U64:
	case FIELD_I64:
		memcpy(&number, at, 8);
		printf("%" PRIu64, number);
		break;
	case FIELD_NAME:
		printf("%s", at);
		break;
	case FIELD_TEXT:
		printf("%s", *(const char *const *)at ? *(const char *const *)at : "(none)");
		break;
	case FIELD_ADDR:
		addr_text(&text, (const struct addr *)(const void *)at, NULL);
		printf("%s", text.buf);
		break;
	case FIELD_ARGS:
		memcpy(&count, (const char *)ev + f->count, sizeof(count));
		for (uint32_t i = 0; i < count; i++)
			printf("[%s=%s]", arg[i].name, arg[i].text);
		break;
	}
}

static int dump(const char *path)
{
	struct err e = { 0 };
	struct trace *t = trace_open(path, &e);

	if (!t)
		return failed(&e);
	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct event *ev = trace_event(t, row, &e);

		if (!ev)
			return failed(&e);
		printf("%s", event_kind_name(ev->kind));
		for (size_t i = 0; i < event_fields_count; i++) {
			if (event_fields[i].kinds & 1u << ev->kind)
				print_field(&event_fields[i], ev);
		}
		for (uint32_t i = 0; ev->kind == EVENT_PACKET && i < ev->packet.caplen; i++)
			printf("%s%02x", i ? "" : " ", ev->packet.data[i]);
		printf("\n");
	}
	trace_free(t);
	return 0;
}

static int count(const char *path)
{
	struct err e = { 0 };
	struct trace *t = trace_open(path, &e);

	if (!t)
		return failed(&e);
	printf("%" PRIu32 " %" PRIu64 " %s\n", trace_rows(t), trace_packet_count(t),
	       trace_damage(t) ? trace_damage(t) : "whole");
	trace_free(t);
	return 0;
}

struct verb {
	const char *name;
	int (*run)(const char *path);
};

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {
		{ "writer", make_writer }, { "fill", make_full }, { "hard", make_hard },
		{ "seeds", make_seeds },   { "dump", dump },	  { "count", count },
	};

	for (size_t i = 0; argc == 3 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argv[2]);
	}
	if (argc == 5 && strcmp(argv[1], "session") == 0)
		return make_session(argv[2], (uint32_t)strtoul(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
	fprintf(stderr, "usage: mktrace writer|fill|hard|seeds|dump|count PATH, mktrace session FILE EVENTS SEED\n");
	return 2;
}
