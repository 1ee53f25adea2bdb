#include "capture/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "capture/spool.h"
#include "capture/trace_impl.h"

#define NAMES_MAX 256 /* from a file: each name shown is looked for among them */

/* ---- making and ending ---- */

struct trace *trace_alloc(struct err *e)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t) {
		err_errno(e, ENOMEM, NULL, "a new trace");
		return NULL;
	}
	t->fd = -1;
	t->format = &format_pcapng;
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) < 0)
		t->seed = (uintptr_t)t;
	t->conns = conns_new(e);
	if (!t->conns) {
		trace_free(t);
		return NULL;
	}
	return t;
}

/* Takes fd. */
static struct trace *begin(int fd, const char *path, struct err *e)
{
	struct trace *t = trace_alloc(e);

	if (!t) {
		close(fd);
		return NULL;
	}
	t->fd = fd;
	t->path = path ? strdup(path) : NULL;
	t->gather = malloc(GATHER_BYTES);
	if (!t->gather || (path && !t->path)) {
		err_errno(e, ENOMEM, NULL, "a new trace");
		trace_free(t);
		return NULL;
	}
	t->growing = t->recording = true;
	if (trace_write_head(t, e) == 0)
		return t;
	t->growing = false;
	trace_free(t);
	return NULL;
}

struct trace *trace_new_spool(struct err *e)
{
	int fd = spool_open(e);

	return fd < 0 ? NULL : begin(fd, NULL, e);
}

struct trace *trace_create(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct trace *t;

	if (fd < 0) {
		err_errno(e, errno,
			  errno == EEXIST
				  ? "an existing file is never overwritten: choose another name"
				  : NULL,
			  "recording to %s", path);
		return NULL;
	}
	t = begin(fd, path, e);
	if (!t)
		unlink(path);
	return t;
}

void trace_free(struct trace *t)
{
	if (!t)
		return;
	trace_close(t, NULL);
	trace_load_end(t);
	if (t->fd >= 0)
		close(t->fd);
	for (size_t i = 0; i < t->segments; i++)
		free(t->segment[i].bytes);
	index_fini(&t->index);
	trace_tables_fini(t);
	trace_cache_fini(t);
	conns_free(t->conns);
	free(t->segment);
	free(t->format_state);
	free(t->gather);
	free(t->section);
	free(t->iface);
	free(t->host);
	free(t->name);
	free(t->path);
	free(t);
}

/* ---- sections, interfaces, names ---- */

int trace_add_section(struct trace *t, const struct section *s, struct err *e)
{
	if (!grow(&t->section, t->sections, &t->sections_cap, sizeof(t->section[0])))
		return err_errno(e, ENOMEM, NULL, "a section of the trace");
	t->section[t->sections] = *s;
	t->section[t->sections].iface = (uint32_t)t->ifaces;
	t->sections++;
	conns_set_complete(t->conns, s->ours);
	return 0;
}

const struct section *trace_section_at(const struct trace *t, uint64_t offset)
{
	size_t low = 0, high = t->sections;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->section[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &t->section[low - 1] : NULL;
}

void trace_add_name(struct trace *t, const struct addr_name *n)
{
	size_t bytes = n->family == AF_INET6 ? 16 : 4;

	for (size_t i = 0; i < t->names.count; i++) {
		if (t->name[i].family == n->family && memcmp(t->name[i].ip, n->ip, bytes) == 0)
			return;
	}
	if (t->names.count >= NAMES_MAX ||
	    !grow(&t->name, t->names.count, &t->names_cap, sizeof(t->name[0])))
		return; /* the address is shown as its number */
	t->name[t->names.count++] = *n;
	t->names.row = t->name;
}

static void name_host(struct trace *t, const struct pcapng_iface *i)
{
	struct addr_name n = { .family = AF_INET };

	str_copy(n.name, sizeof(n.name), i->name);
	memcpy(n.ip, i->ip4, 4);
	if (i->has_ip4)
		trace_add_name(t, &n);
	n.family = AF_INET6;
	memcpy(n.ip, i->ip6, 16);
	if (i->has_ip6)
		trace_add_name(t, &n);
}

/* The host of the same name and kind in an earlier section: a file may be several recordings, one
 * behind the other. */
static uint32_t host_again(const struct trace *t, const struct section *s,
			   const struct pcapng_iface *i)
{
	for (uint32_t k = 0; k < s->iface && k < HOSTS_MAX && i->name[0]; k++) {
		const struct iface *other = &t->iface[k];

		if (other->of.link == i->link && strcmp(other->of.name, i->name) == 0)
			return other->host;
	}
	return UINT32_MAX;
}

static uint32_t add_host(struct trace *t, const struct pcapng_iface *i)
{
	struct trace_host h = {
		.link = i->link, .has_mac = i->has_mac, .has_ip4 = i->has_ip4, .has_ip6 = i->has_ip6
	};

	if (!grow(&t->host, t->hosts, &t->hosts_cap, sizeof(t->host[0])))
		return UINT32_MAX;
	memcpy(h.name, i->name, sizeof(h.name));
	memcpy(h.mac, i->mac, sizeof(h.mac));
	memcpy(h.ip4, i->ip4, sizeof(h.ip4));
	memcpy(h.ip6, i->ip6, sizeof(h.ip6));
	t->host[t->hosts] = h;
	return (uint32_t)t->hosts++;
}

int trace_add_iface(struct trace *t, const struct pcapng_iface *i, struct err *e)
{
	struct section *s = &t->section[t->sections - 1];
	uint32_t host = host_again(t, s, i);

	if (grow(&t->iface, t->ifaces, &t->ifaces_cap, sizeof(t->iface[0])) && host == UINT32_MAX)
		host = add_host(t, i);
	if (host == UINT32_MAX || t->ifaces >= t->ifaces_cap)
		return err_errno(e, ENOMEM, NULL, "an interface of the trace");
	t->iface[t->ifaces++] = (struct iface){ .of = *i, .host = host };
	s->ifaces++;
	if (s->ours)
		name_host(t, i);
	return 0;
}

/* ---- asking ---- */

const char *trace_damage(const struct trace *t)
{
	return t->damage[0] ? t->damage : NULL;
}

const char *trace_path(const struct trace *t)
{
	return t->path;
}

uint32_t trace_rows(const struct trace *t)
{
	return t->index.rows;
}

const struct trace_entry *trace_entry(const struct trace *t, uint32_t row)
{
	return row < t->index.rows ? index_at(&t->index, row) : NULL;
}

uint32_t trace_row_of(const struct trace *t, uint64_t id)
{
	return index_find(&t->index, id);
}

uint32_t trace_row_of_packet(const struct trace *t, uint32_t number)
{
	return index_packet(&t->index, number);
}

uint32_t trace_row_at(const struct trace *t, int64_t ts_ns)
{
	return index_at_time(&t->index, ts_ns);
}

size_t trace_hosts(const struct trace *t)
{
	return t->hosts;
}

const struct trace_host *trace_host(const struct trace *t, size_t number)
{
	return number < t->hosts ? &t->host[number] : NULL;
}

const struct addr_names *trace_names(const struct trace *t)
{
	return &t->names;
}

size_t trace_lanes(const struct trace *t)
{
	return t->lanes;
}

const struct trace_lane *trace_lane(const struct trace *t, size_t number)
{
	return number < t->lanes ? &t->lane[number].seen : NULL;
}

size_t trace_sockets(const struct trace *t)
{
	return t->sockets;
}

const struct trace_socket *trace_socket(const struct trace *t, size_t number)
{
	return number < t->sockets ? &t->socket[number] : NULL;
}

const struct conns *trace_conns(const struct trace *t)
{
	return t->conns;
}

/* From the first mark behind the row, or from the end, back along the chain. */
uint32_t trace_state_at(const struct trace *t, size_t socket, uint32_t row)
{
	const struct rows *marks;
	uint32_t at;
	size_t next;

	if (socket >= t->sockets)
		return ROW_NONE;
	marks = &t->socket_rows[socket].mark;
	next = rows_upto(marks, row);
	at = next < marks->count ? marks->row[next] : t->socket[socket].last;
	while (at != ROW_NONE && at > row)
		at = index_at(&t->index, at)->link;
	return at;
}

/* A thread is in one call at a time: the last that it entered, unless that has returned or its
 * program ended. */
uint32_t trace_blocked_at(const struct trace *t, size_t lane, uint32_t row)
{
	const struct lane *l;
	size_t calls, ends;
	uint32_t call, back;

	if (lane >= t->lanes)
		return ROW_NONE;
	l = &t->lane[lane];
	calls = rows_upto(&l->call, row);
	ends = rows_upto(&l->end, row);
	if (calls == 0)
		return ROW_NONE;
	call = l->call.row[calls - 1];
	back = index_at(&t->index, call)->link;
	if (ends > 0 && l->end.row[ends - 1] > call)
		return ROW_NONE;
	return back == ROW_NONE || back > row ? call : ROW_NONE;
}

uint32_t trace_counters_of(const struct trace *t, uint32_t row, uint32_t after)
{
	const struct rows *r = &t->counters;

	if (trace_entry(t, row)->kind != EVENT_PACKET || !trace_entry(t, row)->counted)
		return ROW_NONE;
	for (size_t i = rows_upto(r, after); i < r->count; i++)
		if (trace_entry(t, r->row[i])->link == row)
			return r->row[i];
	return ROW_NONE;
}

size_t trace_counted(const struct trace *t)
{
	return t->counters.count;
}

uint64_t trace_packet_count(const struct trace *t)
{
	return t->packets;
}

uint64_t trace_bytes(const struct trace *t)
{
	return t->gather_offset + t->gathered;
}
