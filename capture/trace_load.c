/*
 * Opening: the first bytes say what the file is; its format reads it into the index; what is
 * damaged is remembered for trace_damage().
 */
#include "capture/trace_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/core/safe.h"

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
	{ BEGINS("\x1f\x8b"), "this is gzip-compressed, which is not read yet: gunzip it first" },
	{ BEGINS("\x28\xb5\x2f\xfd"),
	  "this is zstd-compressed, which is not read yet: unzstd it first" },
	{ BEGINS("\x04\x22\x4d\x18"),
	  "this is lz4-compressed, which is not read yet: unlz4 it first" },
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
static void tell_damage(struct trace *t, const struct input *in)
{
	struct str s = str_on(t->damage, sizeof(t->damage));
	const struct damage *d = &t->first_damage;

	if (in->error) {
		str_addf(&s, "reading failed at byte %" PRIu64 ": %s; ", in->offset,
			 strerror(in->error));
		t->damages++;
	}
	if (d->why)
		str_addf(&s, "%s at byte %" PRIu64 " (%s %" PRIu64 "); ", d->why, d->offset,
			 t->format == &format_pcap ? "packet" : "block", d->block);
	if (t->damages > 1)
		str_addf(&s, "%" PRIu64 " damaged places in all, ", t->damages);
	str_addf(&s, "%" PRIu64 " bytes are lost", t->damage_bytes);
}

/* ---- opening ---- */

static const struct trace_format *format_of(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (formats[i]->matches(head, len))
			return formats[i];
	}
	return NULL;
}

static int load(struct trace *t, struct input *in, struct err *e)
{
	size_t have = input_want(in, INPUT_CHUNK / 2);

	if (in->error)
		return err_errno(e, in->error, NULL, "reading it");
	t->format = format_of(input_bytes(in), have);
	if (!t->format)
		return not_a_capture(input_bytes(in), have < 64 ? have : 64, e);
	t->unsorted = true;
	if (t->format->scan(t, in, e) < 0 || trace_sort(t, e) < 0)
		return -1;
	t->written = t->gather_offset = in->offset;
	if (t->damages || in->error)
		tell_damage(t, in);
	return 0;
}

static int open_file(struct trace *t, const char *path, struct err *e)
{
	struct stat st;

	t->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (t->fd < 0 || fstat(t->fd, &st) < 0)
		return err_errno(e, errno, NULL, "opening %s", path);
	if (S_ISDIR(st.st_mode))
		return err_errno(e, EISDIR, NULL, "opening %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, "write it to a file first", "opening %s: not a regular file",
			       path);
	t->path = strdup(path);
	return t->path ? 0 : err_errno(e, ENOMEM, NULL, "opening %s", path);
}

struct trace *trace_open(const char *path, struct err *e)
{
	struct trace *t = trace_alloc(e);
	struct input in;
	int rc;

	if (!t)
		return NULL;
	rc = open_file(t, path, e);
	if (rc == 0)
		rc = input_init(&in, t->fd, e);
	if (rc < 0) {
		trace_free(t);
		return NULL;
	}
	rc = load(t, &in, e);
	input_fini(&in);
	if (rc == 0)
		return t;
	err_prefix(e, "opening %s", path);
	trace_free(t);
	return NULL;
}
