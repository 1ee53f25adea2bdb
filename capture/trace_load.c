/*
 * Opening: the first bytes say what the file is; its format reads it into the index, a little at a time;
 * what is damaged is remembered for trace_damage().
 *
 * A plain file is read where it is.  Everything else comes through a source, and is a plain file from
 * there on: the spool.
 */
#include "capture/trace_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/core/clock.h"
#include "src/core/safe.h"

#define FIRST_ROWS 512 /* more than any screen has */
#define FIRST_NS   (30 * NS_PER_MS) /* a file that has none for so long is shown empty at first */
#define SKIP_BYTES (4u << 20) /* in one go */

static const struct trace_format *const formats[] = { &format_pcapng, &format_pcap };

/* ---- what a file is that is no capture ---- */

struct other {
	const char *begins;
	uint8_t len;
	const char *what;
};

#define BEGINS(text) text, sizeof(text) - 1

static const struct other others[] = {
	{ BEGINS("\x7f"
		 "ELF"),
	  "this is an ELF program" },
	{ BEGINS("\xfd"
		 "7zXZ"),
	  "this is xz-compressed: unxz it first" },
	{ BEGINS("BZh"), "this is bzip2-compressed: bunzip2 it first" },
	{ BEGINS("PK\x03\x04"), "this is a zip archive" },
	{ BEGINS("%PDF"), "this is a PDF document" },
	{ BEGINS("\x89PNG"), "this is a PNG image" },
	{ BEGINS("#!"), "this is a script" },
	{ BEGINS("snoop\0\0\0"),
	  "this is a snoop capture, which is not read: editcap can convert it" },
};

static const char *other_kind(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (len >= others[i].len && memcmp(head, others[i].begins, others[i].len) == 0)
			return others[i].what;
	}
	return NULL;
}

static bool looks_like_text(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (head[i] < ' ' && !memchr("\t\n\r", head[i], 3))
			return false;
	}
	return true;
}

/* Says what a file is that we cannot read. */
static int not_a_capture(const uint8_t *head, size_t len, struct err *e)
{
	const char *hint = "a capture is a pcapng or pcap file";
	const char *what = other_kind(head, len);
	STR_ON_STACK(text, 128);

	if (what)
		return err_set(e, hint, "%s", what);
	if (len == 0)
		return err_set(e, hint, "the file is empty");
	if (looks_like_text(head, len)) {
		safe_add_quoted(&text, head, len, 32);
		return err_set(e, hint, "this is text that begins with %s", text.buf);
	}
	for (size_t i = 0; i < len && i < 8; i++)
		str_addf(&text, " %02x", head[i]);
	return err_set(e, hint, "no capture begins with the bytes%s", text.buf);
}

/* ---- damage ---- */

void trace_damaged(struct trace *t, uint64_t offset, uint64_t block, uint64_t skipped,
		   const char *why)
{
	t->damage_bytes += skipped;
	if (t->damages++ == 0)
		t->first_damage = (struct damage){ .offset = offset, .block = block, .why = why };
}

/* The line that trace_damage() gives, once everything is known. */
static void tell_damage(struct trace *t, const struct load *l)
{
	const char *trouble = l->source ? source_trouble(l->source) : NULL;
	struct str s = str_on(t->damage, sizeof(t->damage));
	const struct damage *d = &t->first_damage;

	if (!t->damages && !l->in.error && !trouble)
		return;
	if (l->in.error) {
		str_addf(&s, "reading failed at byte %" PRIu64 ": %s; ", l->in.offset,
			 strerror(l->in.error));
		t->damages++;
	}
	if (trouble)
		str_addf(&s, "%s%s", trouble, t->damages ? "; " : "");
	if (d->why)
		str_addf(&s, "%s at byte %" PRIu64 " (%s %" PRIu64 "); ", d->why, d->offset,
			 t->format == &format_pcap ? "packet" : "block", d->block);
	if (t->damages > 1)
		str_addf(&s, "%" PRIu64 " damaged places in all, ", t->damages);
	if (t->damages)
		str_addf(&s, "%" PRIu64 " bytes are lost", t->damage_bytes);
}

/* ---- the bytes ---- */

#define HEAD                                                                                       \
	24 /* bytes that are needed to see what it is: tcpdump's first ones, before any packet */
#define HEAD_SAY 64 /* … and that are looked at to say what it is instead */

static int open_stdin(struct err *e)
{
	int fd;

	if (isatty(STDIN_FILENO))
		return err_set(e, "tcpdump -U -w - | socklens open -",
			       "standard input is a terminal, no capture");
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return fd < 0 ? err_errno(e, errno, NULL, "reading standard input") : fd;
}

/* Opening a FIFO waits for whoever writes to it; opening anything else must not. */
static int open_path(const char *path, struct err *e)
{
	struct stat st;
	bool fifo = stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (fifo ? 0 : O_NONBLOCK));

	return fd < 0 ? err_errno(e, errno, NULL, "opening %s", path) : fd;
}

static bool is_packed(int fd)
{
	uint8_t head[HEAD];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	return n > 0 && source_is_packed(head, (size_t)n);
}

/* Takes fd. */
static int use_source(struct trace *t, int fd, const struct trace_options *o, struct err *e)
{
	t->load->source = source_new(fd, o ? o->unpacked_max : 0, e);
	if (!t->load->source)
		return -1;
	t->fd = source_spool(t->load->source);
	return 0;
}

/* Takes fd. */
static int use_fd(struct trace *t, int fd, const struct trace_options *o, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		close(fd);
		return err_errno(e, errno, NULL, "reading it");
	}
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
		return use_source(t, fd, o, e);
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		if (S_ISDIR(st.st_mode))
			return err_set(e, NULL, "it is a directory");
		return err_set(e, "write it to a file first", "it is neither a file nor a pipe");
	}
	t->load->total = (uint64_t)st.st_size;
	if (is_packed(fd) && lseek(fd, 0, SEEK_SET) == 0)
		return use_source(t, fd, o, e);
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	t->fd = fd;
	return 0;
}

static int begin_load(struct trace *t, const char *path, const struct trace_options *o,
		      struct err *e)
{
	bool from_stdin = strcmp(path, "-") == 0;
	int fd;

	t->load = calloc(1, sizeof(*t->load));
	if (!t->load)
		return err_errno(e, ENOMEM, NULL, "opening %s", path);
	t->watch = o ? o->watch : NULL;
	if (o && o->rules)
		conns_set_rules(t->conns, o->rules);
	fd = from_stdin ? open_stdin(e) : open_path(path, e);
	if (fd < 0)
		return -1;
	if (!from_stdin)
		t->path = strdup(path);
	if (use_fd(t, fd, o, e) < 0 || input_init(&t->load->in, t->fd, t->load->source, e) < 0)
		return err_prefix(e, "opening %s", from_stdin ? "standard input" : path);
	return !from_stdin && !t->path ? err_errno(e, ENOMEM, NULL, "opening %s", path) : 0;
}

void trace_load_end(struct trace *t)
{
	struct load *l = t->load;

	if (!l)
		return;
	input_fini(&l->in);
	source_free(l->source);
	free(l->text.bytes);
	free(l);
	t->load = NULL;
}

/* ---- reading on ---- */

static const struct trace_format *format_of(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (formats[i]->matches(head, len))
			return formats[i];
	}
	return NULL;
}

/* Chooses the format by the first bytes. */
static int find_format(struct trace *t, struct load *l, struct err *e)
{
	size_t have = input_want(&l->in, HEAD);
	const char *trouble = l->source ? source_trouble(l->source) : NULL;

	if (have < HEAD && !l->in.ended)
		return 0;
	if (l->in.error)
		return err_errno(e, l->in.error, NULL, "reading it");
	if (have == 0 && trouble)
		return err_set(e, NULL, "%s", trouble);
	l->format = format_of(input_bytes(&l->in), have);
	if (!l->format)
		return not_a_capture(input_bytes(&l->in), have < HEAD_SAY ? have : HEAD_SAY, e);
	t->format = l->format;
	return 0;
}

/* Passes over bytes of which nothing is wanted. */
static void skip(struct trace *t, struct load *l)
{
	uint64_t now = l->skip < SKIP_BYTES ? l->skip : SKIP_BYTES;
	uint64_t done = input_skip(&l->in, now);

	l->skip -= done;
	if (l->skip_lost)
		t->damage_bytes += done;
	if (done < now && l->in.ended)
		l->skip = 0;
}

static bool all_read(const struct load *l)
{
	return l->in.ended && input_have(&l->in) == 0 && l->skip == 0;
}

/* A little further; moved: whether that led anywhere.  1: this was the end. */
static int read_on(struct trace *t, bool *moved, struct err *e)
{
	struct load *l = t->load;
	uint64_t before = l->in.offset;
	int rc = 0;

	if (!l->format)
		rc = find_format(t, l, e);
	else if (l->skip)
		skip(t, l);
	else if ((rc = l->format->scan(t, l, e)) == 0)
		rc = all_read(l);
	*moved = l->in.offset != before || l->in.ended;
	t->written = t->gather_offset = l->in.offset;
	return rc;
}

static enum trace_loading finish(struct trace *t, struct err *e)
{
	int rc = trace_sort(t, e);

	tell_damage(t, t->load);
	trace_load_end(t);
	t->watch = NULL;
	return rc < 0 ? TRACE_LOAD_FAILED : TRACE_LOADED;
}

/* Reads on until there are so many rows, or the time has come. */
static enum trace_loading load_until(struct trace *t, uint32_t rows, int64_t due_ns, struct err *e)
{
	bool moved = true;

	while (t->load) {
		bool head = !t->format_state;

		int rc = read_on(t, &moved, e);

		if (rc < 0)
			finish(t, NULL);
		if (rc != 0)
			return rc < 0 ? TRACE_LOAD_FAILED : finish(t, e);
		if (!moved && !(head && t->format_state) && trace_load_fd(t) >= 0)
			return TRACE_WAITING;
		if (t->index.rows >= rows || clock_monotonic_ns() >= due_ns)
			return TRACE_LOADING;
	}
	return TRACE_LOADED;
}

enum trace_loading trace_load(struct trace *t, int64_t budget_ns, struct err *e)
{
	int64_t due = budget_ns == INT64_MAX ? INT64_MAX : clock_monotonic_ns() + budget_ns;

	return load_until(t, ROW_NONE, due, e);
}

bool trace_is_loading(const struct trace *t)
{
	return t->load != NULL;
}

int trace_load_fd(const struct trace *t)
{
	return t->load && t->load->source ? source_fd(t->load->source) : -1;
}

struct trace_progress trace_progress(const struct trace *t)
{
	const struct load *l = t->load;

	if (!l)
		return (struct trace_progress){ .done = trace_bytes(t) };
	return (struct trace_progress){
		.done = l->source ? source_taken(l->source) : l->in.offset,
		.total = l->total,
	};
}

/* ---- opening ---- */

static void wait_for(const struct trace *t)
{
	struct pollfd p = { .fd = trace_load_fd(t), .events = POLLIN };

	poll(&p, 1, -1);
}

/* Nothing can be said about a pipe before the head of what it carries has arrived. */
static enum trace_loading first_rows(struct trace *t, struct err *e)
{
	int64_t due = clock_monotonic_ns() + FIRST_NS;
	enum trace_loading now;

	for (;;) {
		now = load_until(t, FIRST_ROWS, due, e);
		if (now == TRACE_WAITING && !t->format_state)
			wait_for(t);
		else if (now != TRACE_LOADING || t->format_state)
			return now;
	}
}

struct trace *trace_start(const char *path, const struct trace_options *o, struct err *e)
{
	struct trace *t = trace_alloc(e);

	if (!t)
		return NULL;
	if (begin_load(t, path, o, e) == 0) {
		if (first_rows(t, e) != TRACE_LOAD_FAILED)
			return t;
		err_prefix(e, "opening %s", t->path ? path : "standard input");
	}
	trace_free(t);
	return NULL;
}

struct trace *trace_open_with(const char *path, const struct trace_options *o, struct err *e)
{
	struct trace *t = trace_start(path, o, e);
	enum trace_loading now;

	while (t && (now = trace_load(t, INT64_MAX, e)) != TRACE_LOADED) {
		if (now == TRACE_WAITING) {
			wait_for(t);
		} else if (now == TRACE_LOAD_FAILED) {
			err_prefix(e, "opening %s", t->path ? path : "standard input");
			trace_free(t);
			t = NULL;
		}
	}
	return t;
}

struct trace *trace_open(const char *path, struct err *e)
{
	return trace_open_with(path, NULL, e);
}
