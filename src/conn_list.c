/*
 * A pass goes through these stages, each of which can stop anywhere and go on later:
 *
 *	PICK	the connections that are asked for, in order of number
 *	KEY	their keys, 64 bits each, and how often each byte of a key has each value
 *	ORDER	a radix sort, one byte of the key after the other, least significant first
 *
 * A key that is longer (an IPv6 address and a port) is sorted by in parts, least significant part first: the
 * sort keeps the order of equal keys, so KEY and ORDER are done once a part.
 *
 * While the trace grows the pass is made again when enough is new to be worth it; meanwhile new connections stand
 * behind the others.
 */
#include "src/conn_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/conn_end.h"
#include "src/core/clock.h"

#define STRIDE 256 /* steps between two looks at the clock */
#define SMALL  20000 /* so many connections are sorted again whenever something is new */
#define WORDS  8
#define BYTES  8 /* of a key */

enum stage { IDLE, PICK, KEY, ORDER };

struct keyed {
	uint64_t key;
	uint32_t conn;
};

struct conn_list {
	struct trace *t;
	enum conn_column column;
	bool falling;
	char text[128];
	char words[128]; /* the same with NULs between them */
	const char *word[WORDS];
	size_t word_count;
	const struct shown *shown;

	uint32_t *row; /* what is listed, rising */
	size_t rows, cap;
	uint32_t picked; /* connections below it were looked at for `row` */
	uint64_t weight; /* of the trace when the last pass began */
	bool loading; /* … and whether it was still being read */
	bool anew; /* the rows are those of this pass, as they are found */

	enum stage stage;
	uint32_t upto; /* connections of this pass */
	size_t at; /* where the stage stands */
	struct keyed *keyed, *sorted;
	size_t count, keyed_cap;
	unsigned part; /* of the key */
	unsigned byte;
	size_t times[BYTES][256];
	size_t place[256];
};

/* ---- keys ---- */

/* Least significant part first; an IPv4 address is sorted as the IPv6 one that maps it. */
static uint64_t address_part(const struct addr *a, unsigned part)
{
	uint8_t ip[16] = { [10] = 0xff, [11] = 0xff };
	uint64_t value = 0;

	if (part == 0)
		return addr_port(a);
	if (addr_family(a) == AF_INET)
		memcpy(ip + 12, &a->u.in.sin_addr, 4);
	else if (addr_family(a) == AF_INET6)
		memcpy(ip, &a->u.in6.sin6_addr, 16);
	for (int i = 0; i < 8; i++)
		value = value << 8 | ip[(part == 1 ? 8 : 0) + i];
	return value;
}

static unsigned parts_of(enum conn_column column)
{
	return column == CONN_FROM || column == CONN_TO ? 3 : 1;
}

static uint64_t by_time(int64_t ns)
{
	return (uint64_t)ns ^ UINT64_C(1) << 63;
}

static uint64_t key_of(const struct conn *c, uint32_t number, enum conn_column column,
		       unsigned part)
{
	struct conn_ending ending;
	bool whole;

	switch (column) {
	case CONN_NUMBER:
		return number;
	case CONN_PROTOCOL:
		return c->protocol;
	case CONN_FROM:
	case CONN_TO:
		return address_part(&c->end[column == CONN_TO], part);
	case CONN_START:
		return by_time(c->first_ns);
	case CONN_TIME:
		return by_time(c->last_ns - c->first_ns);
	case CONN_PACKETS_0:
	case CONN_PACKETS_1:
		return c->packets[column == CONN_PACKETS_1];
	case CONN_BYTES_0:
	case CONN_BYTES_1:
		return c->bytes[column == CONN_BYTES_1];
	case CONN_HANDSHAKE:
		return by_time(c->initial_rtt_ns);
	case CONN_RTT:
		return by_time(conn_ack_rtt(c, &whole));
	case CONN_AGAIN:
		return (uint64_t)c->retransmissions[0] + c->retransmissions[1];
	case CONN_STATE:
		return (uint64_t)c->state[0].state << 8 | c->state[1].state;
	case CONN_END:
		ending = conn_ending(c);
		return (uint64_t)ending.end << 4 | (uint64_t)(ending.by + 1) << 1 |
		       !ending.start_seen;
	}
	return 0;
}

/* ---- which ---- */

static bool has_words(const struct conn_list *l, uint32_t number)
{
	static const enum conn_column said[] = { CONN_PROTOCOL, CONN_FROM, CONN_TO, CONN_STATE,
						 CONN_END };
	STR_ON_STACK(s, 512);

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		conn_cell(&s, l->t, number, said[i], conn_columns[said[i]].most);
		str_char(&s, ' ');
	}
	if (trace_names(l->t)->count > 0) {
		const struct conn *c = conns_get(trace_conns(l->t), number);

		addr_text(&s, &c->end[0], NULL);
		str_char(&s, ' ');
		addr_text(&s, &c->end[1], NULL);
	}
	for (size_t i = 0; i < l->word_count; i++)
		if (!strcasestr(s.buf, l->word[i]))
			return false;
	return true;
}

static bool is_wanted(const struct conn_list *l, uint32_t number)
{
	if (l->shown && !shown_has_conn(l->shown, number))
		return false;
	return l->word_count == 0 || has_words(l, number);
}

static bool all_wanted(const struct conn_list *l)
{
	return l->word_count == 0 && (!l->shown || !shown_filter_text(l->shown));
}

/* All of them, one after the other: there is nothing to be kept. */
static bool is_plain(const struct conn_list *l)
{
	return l->column == CONN_NUMBER && all_wanted(l);
}

static bool push(struct conn_list *l, uint32_t number)
{
	if (l->rows == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 1024;
		uint32_t *row = realloc(l->row, cap * sizeof(*row));

		if (!row)
			return false;
		l->row = row;
		l->cap = cap;
	}
	l->row[l->rows++] = number;
	return true;
}

/* ---- stages ---- */

static uint64_t weight_of(const struct conn_list *l)
{
	uint64_t weight = trace_packet_count(l->t) + conns_count(trace_conns(l->t));

	return l->shown ? weight + shown_count(l->shown).matched : weight;
}

static void end_pass(struct conn_list *l)
{
	free(l->keyed);
	free(l->sorted);
	l->keyed = l->sorted = NULL;
	l->count = l->keyed_cap = 0;
	l->stage = IDLE;
	l->anew = false;
}

static void begin_pass(struct conn_list *l)
{
	bool anew = l->anew;

	end_pass(l);
	l->anew = anew;
	if (anew) {
		l->rows = 0;
		l->picked = 0;
	}
	l->weight = weight_of(l);
	l->loading = trace_is_loading(l->t);
	l->upto = (uint32_t)conns_count(trace_conns(l->t));
	l->at = 0;
	l->part = 0;
	l->stage = is_plain(l) ? IDLE : PICK;
}

static bool keep(struct conn_list *l, uint32_t number)
{
	if (l->count == l->keyed_cap) {
		size_t cap = l->keyed_cap ? l->keyed_cap * 2 : 1024;
		struct keyed *keyed = realloc(l->keyed, cap * sizeof(*keyed));

		if (!keyed)
			return false;
		l->keyed = keyed;
		l->keyed_cap = cap;
	}
	l->keyed[l->count++].conn = number;
	return true;
}

static void begin_keys(struct conn_list *l)
{
	memset(l->times, 0, sizeof(l->times));
	l->at = 0;
	l->stage = KEY;
}

static void pick(struct conn_list *l)
{
	for (int i = 0; i < STRIDE && l->at < l->upto; i++, l->at++) {
		uint32_t number = (uint32_t)l->at;

		if (!is_wanted(l, number))
			continue;
		if (!keep(l, number)) {
			end_pass(l);
			return;
		}
		if (l->anew && push(l, number))
			l->picked = number + 1;
	}
	if (l->at < l->upto)
		return;
	l->sorted = malloc((l->count + 1) * sizeof(*l->sorted));
	if (!l->sorted) {
		end_pass(l);
		return;
	}
	begin_keys(l);
}

/* The next byte in which keys differ; where there is none, the next part, or the end. */
static void next_byte(struct conn_list *l)
{
	size_t sum = 0;

	for (; l->byte < BYTES; l->byte++) {
		const size_t *times = l->times[l->byte];
		uint8_t byte = (uint8_t)(l->count ? l->keyed[0].key >> (8 * l->byte) : 0);

		if (l->count && times[byte] < l->count)
			break;
	}
	l->at = 0;
	if (l->byte < BYTES) {
		for (unsigned i = 0; i < 256; i++) {
			l->place[i] = sum;
			sum += l->times[l->byte][i];
		}
		l->stage = ORDER;
	} else if (++l->part < parts_of(l->column)) {
		begin_keys(l);
	} else {
		l->rows = 0;
		for (size_t i = 0; i < l->count && push(l, l->keyed[i].conn); i++)
			;
		l->picked = l->upto;
		end_pass(l);
	}
}

static void give_keys(struct conn_list *l)
{
	const struct conns *conns = trace_conns(l->t);

	for (int i = 0; i < STRIDE && l->at < l->count; i++, l->at++) {
		struct keyed *k = &l->keyed[l->at];

		k->key = key_of(conns_get(conns, k->conn), k->conn, l->column, l->part);
		for (unsigned byte = 0; byte < BYTES; byte++)
			l->times[byte][k->key >> (8 * byte) & 0xff]++;
	}
	if (l->at == l->count) {
		l->byte = 0;
		next_byte(l);
	}
}

static void order(struct conn_list *l)
{
	struct keyed *swap;

	for (int i = 0; i < 8 * STRIDE && l->at < l->count; i++, l->at++) {
		uint8_t byte = (uint8_t)(l->keyed[l->at].key >> (8 * l->byte));

		l->sorted[l->place[byte]++] = l->keyed[l->at];
	}
	if (l->at < l->count)
		return;
	swap = l->keyed;
	l->keyed = l->sorted;
	l->sorted = swap;
	l->keyed_cap = l->count;
	l->byte++;
	next_byte(l);
}

/* Connections that are new since the last pass stand behind the others until the next. */
static bool add_new(struct conn_list *l)
{
	size_t conns = conns_count(trace_conns(l->t));
	uint32_t before = l->picked;

	for (int i = 0; i < STRIDE && l->picked < conns; i++, l->picked++)
		if (is_wanted(l, l->picked) && !push(l, l->picked))
			break;
	return l->picked != before;
}

static bool is_stale(const struct conn_list *l)
{
	uint64_t weight = weight_of(l);

	if (weight == l->weight)
		return false;
	if (l->upto < SMALL || weight < l->weight)
		return true;
	return weight - l->weight > l->weight / 8 || (l->loading && !trace_is_loading(l->t));
}

bool conn_list_work(struct conn_list *l, int64_t budget_ns)
{
	int64_t until = clock_monotonic_ns() + budget_ns;
	bool news = false;

	if (is_plain(l))
		return false;
	if (l->stage == IDLE && is_stale(l))
		begin_pass(l);
	do {
		switch (l->stage) {
		case IDLE:
			if (!add_new(l))
				return news;
			break;
		case PICK:
			pick(l);
			break;
		case KEY:
			give_keys(l);
			break;
		case ORDER:
			order(l);
			break;
		}
		news |= l->anew || l->stage == IDLE;
	} while (clock_monotonic_ns() < until);
	return news;
}

bool conn_list_busy(const struct conn_list *l)
{
	return l->stage != IDLE ||
	       (!is_plain(l) && (is_stale(l) || l->picked < conns_count(trace_conns(l->t))));
}

unsigned conn_list_percent(const struct conn_list *l)
{
	return l->stage == PICK && l->upto ? (unsigned)(l->at * 100 / l->upto) : 100;
}

/* ---- what is wanted ---- */

struct conn_list *conn_list_new(struct trace *t, struct err *e)
{
	struct conn_list *l = calloc(1, sizeof(*l));

	if (!l) {
		err_errno(e, errno, NULL, "listing connections");
		return NULL;
	}
	l->t = t;
	return l;
}

void conn_list_free(struct conn_list *l)
{
	if (!l)
		return;
	end_pass(l);
	free(l->row);
	free(l);
}

/* The order that is there stays until the new one is ready; of the plain one none is kept. */
void conn_list_sort(struct conn_list *l, enum conn_column column, bool falling)
{
	bool same = l->column == column, plain = is_plain(l);

	l->column = column;
	l->falling = falling;
	if (same)
		return;
	l->anew |= plain;
	begin_pass(l);
}

enum conn_column conn_list_column(const struct conn_list *l)
{
	return l->column;
}

bool conn_list_falling(const struct conn_list *l)
{
	return l->falling;
}

bool conn_list_find(struct conn_list *l, const char *text)
{
	char *at = l->words;

	if (strlen(text) >= sizeof(l->text))
		return false;
	(void)str_copy(l->text, sizeof(l->text), text);
	(void)str_copy(l->words, sizeof(l->words), text);
	l->word_count = 0;
	while (l->word_count < WORDS) {
		at += strspn(at, " ");
		if (!*at)
			break;
		l->word[l->word_count++] = at;
		at += strcspn(at, " ");
		if (*at)
			*at++ = '\0';
	}
	l->anew = true;
	begin_pass(l);
	return true;
}

const char *conn_list_text(const struct conn_list *l)
{
	return l->text;
}

void conn_list_of(struct conn_list *l, const struct shown *s)
{
	l->shown = s;
	l->anew = true;
	begin_pass(l);
}

/* ---- rows ---- */

size_t conn_list_rows(const struct conn_list *l)
{
	return is_plain(l) ? conns_count(trace_conns(l->t)) : l->rows;
}

uint32_t conn_list_at(const struct conn_list *l, size_t row)
{
	size_t rows = conn_list_rows(l);

	if (row >= rows)
		return CONN_NONE;
	if (l->falling)
		row = rows - 1 - row;
	return is_plain(l) ? (uint32_t)row : l->row[row];
}

size_t conn_list_row_of(const struct conn_list *l, uint32_t conn, size_t near)
{
	size_t rows = conn_list_rows(l), row = 0;

	if (conn_list_at(l, near) == conn && conn != CONN_NONE)
		return near;
	if (is_plain(l))
		row = conn;
	else
		while (row < rows && l->row[row] != conn)
			row++;
	if (row >= rows)
		return SIZE_MAX;
	return l->falling ? rows - 1 - row : row;
}
