/*
 * Inside of the trace; only capture/trace*.c and the readers of file formats include it.
 *
 *	trace_index.c	the rows: 32 bytes an event, sorted, found by time, identity and packet number
 *	trace_link.c	an event becomes a row: its lane, socket and connection, and what it refers to
 *	trace_table.c	lists of rows and hash tables, for those
 *	trace_sort.c	brings a file that was read out of order into order, once, at the end
 *	trace_write.c	the file that grows: gathered blocks, full disks, closing, saving
 *	trace_read.c	an event's bytes come back: from the file, from memory, through a cache
 *	trace_load.c	opening: which format it is, and what is wrong with it
 *	trace_batch.c	packets of a file, many at a time
 *	trace_pcapng.c	the format we write ourselves; pcap_file.c: the classic one
 */
#ifndef SOCKLENS_CAPTURE_TRACE_IMPL_H
#define SOCKLENS_CAPTURE_TRACE_IMPL_H

#include "capture/conn.h"
#include "capture/input.h"
#include "capture/pcapng.h"
#include "capture/trace.h"

/* ---- rows ---- */

#define TRACE_ID_MAX ((UINT64_C(1) << 48) - 1) /* an offset has 48 bits in a row */

#define CHUNK_ROWS 8192
#define FENCE_ROWS 256

/*
 * What can be in 256 neighbouring rows.  Rows are nearly in the order of the file, so a look-up by identity
 * or by packet number opens one or two of them.  A fence is never too narrow; rows that moved out may
 * leave it too wide.
 */
struct fence {
	uint64_t id_min, id_max;
	uint32_t number_min, number_max;	/* of PACKETs */
};

struct fences {
	struct fence part[CHUNK_ROWS / FENCE_ROWS];
	struct fence all;
};

struct chunk {
	struct trace_entry *entry;	/* CHUNK_ROWS */
	struct fences *fence;
	void *memory;		/* of the entries; NULL: the chunk before has it */
};

struct index {
	struct chunk *chunk;
	size_t chunks, cap;
	uint32_t rows;
};

static inline struct trace_entry *index_at(const struct index *x, uint32_t row)
{
	return &x->chunk[row / CHUNK_ROWS].entry[row % CHUNK_ROWS];
}

/* Order of the rows: by time, then by offset. */
static inline bool entry_before(const struct trace_entry *a, const struct trace_entry *b)
{
	return a->ts_ns != b->ts_ns ? a->ts_ns < b->ts_ns : a->offset < b->offset;
}

/* The row that a new entry belongs to. */
uint32_t index_place(const struct index *x, const struct trace_entry *e);

/*
 * Puts an entry at a row; the rows behind move by one, and the links of all entries with them.  moved
 * receives the kinds that moved, a bit each: other tables of rows have to follow (trace_link.c).
 */
int index_insert(struct index *x, uint32_t row, const struct trace_entry *e, uint32_t *moved);
int index_append(struct index *x, const struct trace_entry *e);	/* … behind all others: it is the youngest */
/*
 * The same for many: where the next entry goes (NULL: no memory); the caller fills it in, counts it in rows and,
 * before anything is looked for, has all of them fenced in by index_fence().
 */
struct trace_entry *index_next(struct index *x);
void index_fence(const struct index *x, uint32_t from);
void index_fences(struct index *x);	/* makes them anew, after rows were changed by other hands */
void index_fini(struct index *x);

uint32_t index_find(const struct index *x, uint64_t id);	/* ROW_NONE */
uint32_t index_packet(const struct index *x, uint32_t number);	/* ROW_NONE */
uint32_t index_at_time(const struct index *x, int64_t ts_ns);	/* the last not after it; ROW_NONE */

/* ---- what rows refer to ---- */

struct rows {			/* a growing list of row numbers, ascending */
	uint32_t *row;
	size_t count, cap;
};

int rows_add(struct rows *r, uint32_t row);			/* where it belongs */
int rows_push(struct rows *r, uint32_t row);			/* at the end, whatever the order */
void rows_remove(struct rows *r, size_t i);
void rows_shift(struct rows *r, uint32_t from);			/* those from `from` on: by one */
size_t rows_upto(const struct rows *r, uint32_t row);		/* how many are <= row */

struct lane {
	struct trace_lane seen;
	struct rows call;	/* seen.call is its array */
	struct rows open;	/* those that have not returned, in order of arrival */
	struct rows end;	/* of its program: exits and kills */
	int32_t pid;		/* of its program, 0 unknown */
};

#define SOCKET_MARK 64
struct socket_rows {
	struct rows mark;	/* each 64th of its STATEs or so, to start from */
	uint32_t states;
};

struct hash_slot {
	uint32_t tag;		/* of the key; its low bits say where the slot is */
	uint32_t number;	/* of the thing + 1; 0: free */
};

struct hash {			/* numbers of things, found by a key: open addressing, linear probing */
	struct hash_slot *slot;
	size_t slots;		/* a power of two, at least twice `used` */
	size_t used;
};

/* ---- the file ---- */

#define GATHER_BYTES (1u << 20)

struct section {
	uint64_t offset;
	bool big;
	bool ours;		/* we wrote it: direction and number of its packets are to be believed */
	uint32_t iface;		/* number of its first interface in trace.iface */
	uint32_t ifaces;
};

struct iface {
	struct pcapng_iface of;
	uint32_t host;		/* number in trace.host */
	struct pcapng_stats stats;
};

struct segment {		/* blocks that could not be written, in memory instead */
	uint64_t offset;
	size_t len;
	uint8_t *bytes;		/* NULL: given up, there were too many */
};

struct memory {
	uint8_t *bytes;
	size_t size;
};
uint8_t *memory_of(struct memory *m, size_t size);	/* at least so many bytes, not kept; NULL */

#define CACHED_EVENTS 256
struct cached {
	uint64_t used;		/* when; 0: empty */
	struct event ev;
	struct memory record, text;
};

/* Packets that have been read and wait to be put into the index together. */
#define BATCH 64
struct batch {
	size_t count;
	struct trace_packet packet[BATCH];	/* data: in the input's window */
	struct packet parsed[BATCH];
};

struct load {			/* a file that is being read */
	struct input in;
	struct source *source;	/* NULL: a plain file */
	const struct trace_format *format;	/* NULL: not known yet */
	uint64_t total;		/* bytes of the file, 0 not known */
	uint64_t skip;		/* bytes to be passed over before anything else */
	bool skip_lost;		/* … are damage */
	uint64_t moved;		/* rows that others were put before */
	struct memory text;	/* for a format: of the event being read */
	struct batch batch;
};

struct load;
struct trace_format {
	const char *name;

	/* Whether a file that begins so is one. */
	bool (*matches)(const uint8_t *head, size_t len);

	/*
	 * Reads on by a little, as far as there is something to read, and hands each event to
	 * trace_index_event() or, packets, to trace_batch_add().  Damage is not an error.  It is called until
	 * nothing is left, first of all for the head of the file; trace.format_state is its own.
	 */
	int (*scan)(struct trace *t, struct load *l, struct err *e);

	/* Length of the record at offset, from its first bytes (up to RECORD_HEAD of them); 0: it is none. */
	uint32_t (*record_size)(const struct trace *t, uint64_t offset, const uint8_t *head, size_t len);

	/* The event in a record; texts in `text`.  Its time, host and number come from its row.  */
	bool (*read_record)(const struct trace *t, uint64_t offset, const uint8_t *bytes, size_t len,
			    struct memory *text, struct event *ev);
};
#define RECORD_HEAD 24

extern const struct trace_format format_pcapng;
extern const struct trace_format format_pcap;

struct damage {
	uint64_t offset;
	uint64_t block;		/* its number in the file, from 1 */
	const char *why;
};

struct trace {
	const struct trace_format *format;
	void *format_state;	/* its own; freed with the trace */
	struct load *load;	/* NULL: all of it has been read */
	int fd;
	char *path;		/* NULL: spool */
	bool growing;		/* made by us, not closed: may be appended to */
	bool recording;		/* … and what is appended reaches the file */
	bool unsynced;		/* written since the last fdatasync() */

	uint64_t written;	/* bytes in the file; whole blocks */
	struct segment *segment; /* behind them, in memory */
	size_t segments, segments_cap, segments_kept;
	uint64_t gather_offset;	/* where what is gathered begins: behind the segments */
	uint8_t *gather;
	size_t gathered;
	int64_t gather_ns;	/* time of the first event that is gathered */

	struct index index;
	bool unsorted;		/* so far out of order that rows are left as they come; trace_sort() follows */
	int64_t last_ns;	/* time of the newest event by order of the file */
	uint64_t packets;
	uint64_t frames;	/* events, as Wireshark counts them */
	uint32_t entry_len;	/* of the event that is being read, if it is no packet */
	const struct trace_watch *watch;	/* NULL: nobody */

	struct conns *conns;
	struct lane *lane;
	size_t lanes, lanes_cap;
	struct hash lane_hash;
	struct trace_socket *socket;
	struct socket_rows *socket_rows;	/* beside it */
	size_t sockets, sockets_cap;
	struct hash socket_hash;
	uint64_t seed;		/* of the hashes: a file must not be able to choose collisions */
	struct rows early;	/* WIREs and COUNTERS whose time is before that of their PACKET */
	struct rows counters;	/* all COUNTERS */

	struct section *section;
	size_t sections, sections_cap;
	struct iface *iface;
	size_t ifaces, ifaces_cap;
	struct trace_host *host;
	size_t hosts, hosts_cap;
	struct addr_name *name;
	size_t names_cap;
	struct addr_names names;

	struct damage first_damage;
	uint64_t damages;	/* places */
	uint64_t damage_bytes;	/* passed over, all together */
	char damage[256];

	struct cached *cached;	/* CACHED_EVENTS */
	uint64_t *cached_id;	/* of each: beside, because it is searched */
	uint64_t cache_clock;
};

/* Room for one more element in a growing array; false if memory ran out. */
bool grow(void *array, size_t count, size_t *cap, size_t size);

/* trace_table.c: the number of the thing that ev is about, by its tag and by looking at it; UINT32_MAX. */
typedef bool same_key(const struct trace *t, uint32_t number, const struct event *ev);
uint32_t hash_tag(uint64_t seed, const void *bytes, size_t len);
uint32_t hash_find(const struct trace *t, const struct hash *h, uint32_t tag, same_key *same,
		   const struct event *ev);
int hash_add(struct hash *h, uint32_t tag, uint32_t number);

/* trace.c */
struct trace *trace_alloc(struct err *e);
int trace_add_section(struct trace *t, const struct section *s, struct err *e);
int trace_add_iface(struct trace *t, const struct pcapng_iface *i, struct err *e);	/* to the last section */
const struct section *trace_section_at(const struct trace *t, uint64_t offset);

/* trace_link.c: an event of the file (or of the moment) becomes a row. */
int trace_index_event(struct trace *t, const struct event *ev, uint64_t id, struct err *e);
int32_t trace_pid(const struct trace *t, const struct event *ev);
void trace_tables_fini(struct trace *t);
void trace_socket_state(struct trace *t, uint32_t socket, uint32_t row);	/* links a STATE; rows ascending */

/*
 * trace_batch.c: adds a packet, or takes the one that was written behind those that are in; the batch must not be full.  trace_batch_run() puts them all into the index:
 * before the input's window moves, and before an event of another kind.
 */
static inline void trace_batch_took(struct trace *t)
{
	struct batch *b = &t->load->batch;
	const struct trace_packet *p = &b->packet[b->count++];

	t->last_ns = p->ts_ns;
	__builtin_prefetch(p->data + 48); /* the header that will be read first begins with the record */
}

static inline void trace_batch_add(struct trace *t, const struct trace_packet *p)
{
	t->load->batch.packet[t->load->batch.count] = *p;
	trace_batch_took(t);
}
int trace_batch_run(struct trace *t, struct err *e);

/* trace_batch.c: gives a packet to its connection; what its row says. */
void trace_packet_entry(struct trace *t, const struct trace_packet *b, const struct packet *p,
			struct trace_entry *e);

/* trace_link.c: puts an entry where it belongs; its row. */
int trace_place(struct trace *t, const struct trace_entry *entry, uint32_t *row, struct err *e);

/* trace_sort.c */
int trace_sort(struct trace *t, struct err *e);

/* trace_read.c */
size_t trace_fetch(const struct trace *t, uint64_t offset, uint8_t *buf, size_t len);
void trace_cache_fini(struct trace *t);

/* trace_write.c */
int trace_write_head(struct trace *t, struct err *e);

/* trace_load.c */
void trace_load_end(struct trace *t);

/* trace_load.c: notes damage at offset; block: its number in the file, from 1. */
void trace_damaged(struct trace *t, uint64_t offset, uint64_t block, uint64_t skipped, const char *why);

#endif
