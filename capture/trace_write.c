/*
 * The file that grows.
 *
 * Blocks are composed one behind the other in one megabyte of memory (the gather) and written from
 *there, several at a time where they come fast.  An event's offset, which is its identity, is known
 *before it is written, because nothing else writes and nothing is written twice.
 *
 *	file: written bytes | segments in memory (only after a failure) | gather
 *
 * When a write fails, the file is cut back to its last whole block, recording stops, and what would
 *have been written stays in memory as segments, at the offsets it would have had: so the session
 *goes on, and trace_save() to a disk with room writes all of it.  Of segments the newest 256 MB are
 *kept.
 *
 * A file-size limit (RLIMIT_FSIZE) sends SIGXFSZ, which would end the program: it is blocked around
 *the write and taken off, and the write's EFBIG is an error like any other.
 */
#include "capture/trace_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "capture/journal.h"
#include "src/core/clock.h"

#define SEGMENTS_KEPT 64
#define GATHER_NS     (250 * NS_PER_MS) /* by the events' own times; trace_flush() decides */
#define COPY_BYTES    (1u << 20)
#define BLOCK_SKIPPED 0x80000001u /* local use, passed over: in place of what was given up */

/* ---- writing bytes ---- */

static ssize_t write_once(int fd, const uint8_t *bytes, size_t len, uint64_t offset)
{
	const struct timespec at_once = { 0 };
	sigset_t limit, before;
	ssize_t n;
	int error;

	sigemptyset(&limit);
	sigaddset(&limit, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &limit, &before);
	n = pwrite(fd, bytes, len, (off_t)offset);
	error = errno;
	if (n < 0 && error == EFBIG && !sigismember(&before, SIGXFSZ))
		sigtimedwait(&limit, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return n;
}

/* Writes all of it, however many write() calls it takes.  Returns how many bytes got there; errno
 * if not all. */
static size_t write_all(int fd, const uint8_t *bytes, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write_once(fd, bytes + done, len - done, offset + done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			errno = n == 0 ? ENOSPC : errno;
			break;
		}
	}
	return done;
}

/* Bytes of the whole blocks among the first len bytes, which begin with a block. */
static size_t whole_blocks(const uint8_t *bytes, size_t len)
{
	size_t at = 0;

	while (len - at >= PCAPNG_HEADER) {
		struct rd r = rd_on(bytes + at + 4, 4);
		uint32_t total = rd_le32(&r);

		if (total > len - at)
			break;
		at += total;
	}
	return at;
}

/* ---- in memory instead ---- */

/* Keeps blocks in memory that belong behind everything so far. */
static void keep(struct trace *t, const uint8_t *bytes, size_t len)
{
	struct segment s = { .offset = t->gather_offset, .len = len };

	if (len == 0)
		return;
	t->gather_offset += len;
	if (!grow(&t->segment, t->segments, &t->segments_cap, sizeof(t->segment[0])))
		return; /* rows remain, of which the contents are lost */
	s.bytes = malloc(len);
	if (s.bytes)
		memcpy(s.bytes, bytes, len);
	t->segment[t->segments++] = s;
	if (t->segments - t->segments_kept > SEGMENTS_KEPT) {
		free(t->segment[t->segments_kept].bytes);
		t->segment[t->segments_kept++].bytes = NULL;
	}
}

static const char *where(const struct trace *t)
{
	return t->path ? t->path : "the temporary file";
}

/* The write of the gather failed after `done` bytes. */
static int stop_recording(struct trace *t, size_t done, int error, struct err *e)
{
	size_t whole = whole_blocks(t->gather, done);

	t->recording = false;
	t->written += whole;
	t->gather_offset += whole;
	if (ftruncate(t->fd, (off_t)t->written) < 0)
		t->unsynced = true; /* a torn block stays behind: readers cope with it */
	keep(t, t->gather + whole, t->gathered - whole);
	t->gathered = 0;
	return err_errno(e, error, "the session goes on in memory; save it to a disk that has room",
			 "recording has stopped: writing %s", where(t));
}

int trace_flush(struct trace *t, struct err *e)
{
	size_t done;

	if (t->gathered == 0 || !t->recording)
		return 0;
	done = write_all(t->fd, t->gather, t->gathered, t->written);
	if (done < t->gathered)
		return stop_recording(t, done, errno, e);
	t->written += done;
	t->gather_offset += done;
	t->gathered = 0;
	t->unsynced = true;
	return 0;
}

/* Makes room in the gather for one more block, whatever becomes of those that are there. */
static int empty_gather(struct trace *t, struct err *e)
{
	if (t->recording)
		return trace_flush(t, e);
	keep(t, t->gather, t->gathered);
	t->gathered = 0;
	return 0;
}

/* ---- composing ---- */

static bool put_event(const struct trace *t, struct pcapng_out *o, const struct event *ev,
		      const char *message)
{
	const struct event_packet *p = &ev->packet;
	struct pcapng_packet packet = { 0 };

	if (ev->kind != EVENT_PACKET)
		return journal_put(o, ev, message, trace_pid(t, ev));
	packet.iface = p->iface;
	packet.caplen = p->caplen < TRACE_SNAPLEN ? p->caplen : TRACE_SNAPLEN;
	packet.len = p->len;
	packet.data = p->data;
	packet.flags = ev->host == HOST_NONE ? 0 : EPB_OUTBOUND;
	packet.drops = p->drops;
	packet.number = p->number;
	packet.comment = p->comment;
	return pcapng_put_packet(o, &packet, ev->ts_ns);
}

/* Composes a block behind the gathered ones, which are written first if there is no room. */
static int gather_event(struct trace *t, struct event *ev, const char *message, int *rc,
			struct err *e)
{
	struct pcapng_out o = { .buf = t->gather, .cap = GATHER_BYTES, .len = t->gathered };

	if (!put_event(t, &o, ev, message)) {
		*rc = empty_gather(t, e);
		o.len = t->gathered;
		if (!put_event(t, &o, ev, message))
			return err_set(e, NULL, "an event is too large for the trace");
	}
	if (t->gathered == 0)
		t->gather_ns = ev->ts_ns;
	t->gathered = o.len;
	ev->id = t->gather_offset + o.start;
	return 0;
}

/* What comes in bulk may wait a little for more of it. */
static bool may_wait(const struct trace *t, const struct event *ev)
{
	bool bulk = ev->kind == EVENT_PACKET || ev->kind == EVENT_WIRE || ev->kind == EVENT_STATE ||
		    ev->kind == EVENT_COUNTERS;

	return bulk && ev->ts_ns - t->gather_ns < GATHER_NS;
}

static void count_packet(struct trace *t, const struct event *ev)
{
	struct pcapng_stats *s = &t->iface[ev->packet.iface].stats;

	if (s->received == 0 || ev->ts_ns < s->first_ns)
		s->first_ns = ev->ts_ns;
	if (s->received == 0 || ev->ts_ns > s->last_ns)
		s->last_ns = ev->ts_ns;
	s->received++;
	s->dropped += ev->packet.drops;
}

int trace_append(struct trace *t, struct event *ev, const char *message, struct err *e)
{
	int rc = 0;

	if (!t->growing)
		return err_set(e, NULL, "the recording has ended: nothing can be added to it");
	if (ev->kind == EVENT_PACKET && ev->host != HOST_NONE)
		ev->packet.iface = ev->host;
	if (ev->kind == EVENT_PACKET && ev->packet.iface >= t->ifaces)
		return err_set(e, NULL, "a packet of a host that the trace does not know");
	if (gather_event(t, ev, message, &rc, e) < 0)
		return -1;
	if (ev->kind == EVENT_PACKET)
		count_packet(t, ev);
	if (trace_index_event(t, ev, ev->id, e) < 0)
		return -1;
	if (!may_wait(t, ev) && trace_flush(t, e) < 0)
		rc = -1;
	return rc;
}

bool trace_recording(const struct trace *t)
{
	return t->recording;
}

/* ---- head, hosts, end ---- */

/* Composes by `put` into the gather and writes it. */
typedef bool put_block(const struct trace *t, struct pcapng_out *o, uint32_t iface);

static int write_block(struct trace *t, put_block *put, uint32_t iface, struct err *e)
{
	struct pcapng_out o = { .buf = t->gather, .cap = GATHER_BYTES, .len = t->gathered };

	if (!put(t, &o, iface)) {
		if (empty_gather(t, e) < 0)
			return -1;
		o.len = 0;
		put(t, &o, iface);
	}
	t->gathered = o.len;
	return trace_flush(t, e);
}

static bool put_head(const struct trace *t, struct pcapng_out *o, uint32_t iface)
{
	struct utsname u;
	STR_ON_STACK(os, 160);

	(void)t;
	(void)iface;
	if (uname(&u) < 0)
		return pcapng_put_section(o, "", "", "socklens " SOCKLENS_VERSION);
	str_addf(&os, "%s %s", u.sysname, u.release);
	return pcapng_put_section(o, u.machine, os.buf, "socklens " SOCKLENS_VERSION);
}

int trace_write_head(struct trace *t, struct err *e)
{
	const struct section ours = { .ours = true };

	if (trace_add_section(t, &ours, e) < 0)
		return -1;
	return write_block(t, put_head, 0, e);
}

static bool put_iface(const struct trace *t, struct pcapng_out *o, uint32_t iface)
{
	const struct pcapng_iface *i = &t->iface[iface].of;
	STR_ON_STACK(about, 128);

	str_addf(&about,
		 trace_host_is_side(&t->host[t->iface[iface].host])
			 ? "packets on lo that side \"%s\" of the host sent"
			 : "packets that left host \"%s\"",
		 i->name);
	return pcapng_put_iface(o, i, about.buf, "");
}

int trace_add_host(struct trace *t, const struct trace_host *h, struct err *e)
{
	struct pcapng_iface i = { .link = h->link,
				  .snaplen = TRACE_SNAPLEN,
				  .tsresol = PCAPNG_NSEC };

	if (!t->growing)
		return err_set(e, NULL, "the recording has ended: no host can be added to it");
	if (t->hosts >= HOSTS_MAX)
		return err_set(e, NULL, "a trace has at most %d hosts", HOSTS_MAX);
	memcpy(i.name, h->name, sizeof(i.name));
	i.has_mac = h->has_mac;
	i.has_ip4 = h->has_ip4;
	i.has_ip6 = h->has_ip6;
	memcpy(i.mac, h->mac, sizeof(i.mac));
	memcpy(i.ip4, h->ip4, sizeof(i.ip4));
	memcpy(i.ip6, h->ip6, sizeof(i.ip6));
	if (trace_add_iface(t, &i, e) < 0)
		return -1;
	return write_block(t, put_iface, (uint32_t)t->ifaces - 1, e);
}

static bool put_stats(const struct trace *t, struct pcapng_out *o, uint32_t iface)
{
	return pcapng_put_stats(o, iface, &t->iface[iface].stats, t->last_ns);
}

static bool put_names(const struct trace *t, struct pcapng_out *o, uint32_t iface)
{
	(void)iface;
	return pcapng_put_names(o, &t->names);
}

/* A rename or a new file is safe only when its directory is. */
static int sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd, rc;

	if (!str_copy(copy, sizeof(copy), path))
		return 0;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0; /* a directory that may not be read: nothing to be done */
	rc = fsync(fd);
	close(fd);
	return rc < 0 && errno != EINVAL && errno != EROFS ? -1 : 0;
}

int trace_sync(struct trace *t, struct err *e)
{
	if (trace_flush(t, e) < 0)
		return -1;
	if (!t->path || !t->unsynced || !t->recording)
		return 0;
	t->unsynced = false;
	if (fdatasync(t->fd) == 0)
		return 0;
	t->recording =
		false; /* what the kernel could not write is lost, and asking again would hide it */
	return err_errno(e, errno, "save the session to another disk",
			 "recording has stopped: what was written last to %s may be lost",
			 where(t));
}

int trace_close(struct trace *t, struct err *e)
{
	int rc = 0;

	if (!t->growing)
		return 0;
	for (uint32_t i = 0; i < t->ifaces; i++)
		rc |= write_block(t, put_stats, i, rc ? NULL : e);
	if (t->names.count)
		rc |= write_block(t, put_names, 0, rc ? NULL : e);
	rc |= trace_sync(t, rc ? NULL : e);
	if (t->path && t->recording && sync_directory(t->path) < 0 && rc == 0)
		rc = err_errno(e, errno, NULL, "making sure that %s is on the disk", t->path);
	t->growing = false;
	t->recording = false;
	return rc < 0 ? -1 : 0;
}

/* ---- saving ---- */

/* The kernel copies, where it can. */
static int copy_file(int to, int from, uint64_t len)
{
	off_t in = 0, out = 0;
	uint8_t *buf;
	int rc = 0;

	while ((uint64_t)in < len) {
		ssize_t n = copy_file_range(from, &in, to, &out, len - (uint64_t)in, 0);

		if (n <= 0)
			break;
	}
	if ((uint64_t)in >= len)
		return 0;
	buf = malloc(COPY_BYTES);
	while (buf && rc == 0 && (uint64_t)in < len) {
		uint64_t left = len - (uint64_t)in;
		ssize_t n = pread(from, buf, left < COPY_BYTES ? (size_t)left : COPY_BYTES, in);

		if (n <= 0 || write_all(to, buf, (size_t)n, (uint64_t)in) < (size_t)n)
			rc = -1;
		else
			in += n;
	}
	if (!buf)
		rc = -1;
	free(buf);
	return rc;
}

/* Blocks that were given up become one that readers pass over, so that all other offsets stay. */
static int write_skipped(int fd, const struct segment *s)
{
	uint8_t *bytes = calloc(1, s->len);
	struct pcapng_out o = { .buf = bytes, .cap = s->len };
	bool whole;

	if (!bytes)
		return -1;
	pcapng_begin(&o, BLOCK_SKIPPED);
	o.len = s->len - 4;
	whole = pcapng_end(&o) && write_all(fd, bytes, s->len, s->offset) == s->len;
	free(bytes);
	return whole ? 0 : -1;
}

static int write_segment(int fd, const struct segment *s)
{
	if (!s->bytes)
		return write_skipped(fd, s);
	return write_all(fd, s->bytes, s->len, s->offset) == s->len ? 0 : -1;
}

static int copy_trace(const struct trace *t, int fd)
{
	if (copy_file(fd, t->fd, t->written) < 0)
		return -1;
	for (size_t i = 0; i < t->segments; i++) {
		if (write_segment(fd, &t->segment[i]) < 0)
			return -1;
	}
	if (write_all(fd, t->gather, t->gathered, t->gather_offset) < t->gathered)
		return -1;
	return fdatasync(fd);
}

static void drop_segments(struct trace *t)
{
	for (size_t i = 0; i < t->segments; i++)
		free(t->segment[i].bytes);
	t->segments = t->segments_kept = 0;
}

int trace_save(struct trace *t, const char *path, struct err *e)
{
	char *copy = strdup(path);
	int fd;

	if (!copy)
		return err_errno(e, ENOMEM, NULL, "saving the trace");
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		free(copy);
		return err_errno(e, errno,
				 errno == EEXIST ? "an existing file is never overwritten" : NULL,
				 "saving the trace as %s", path);
	}
	if (copy_trace(t, fd) < 0 || sync_directory(path) < 0) {
		err_errno(e, errno, "nothing was kept there; the session is as it was",
			  "saving the trace as %s", path);
		unlink(path);
		close(fd);
		free(copy);
		return -1;
	}
	if (t->load) {
		close(fd);
		free(copy);
		return 0;
	}
	close(t->fd);
	free(t->path);
	t->fd = fd;
	t->path = copy;
	t->written = t->gather_offset += t->gathered;
	t->gathered = 0;
	t->recording = t->growing;
	t->unsynced = false;
	drop_segments(t);
	return 0;
}
