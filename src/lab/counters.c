/*
 * netstat and snmp are pairs of lines, names and values; snmp6 has one of each a line.  The names are read once; a
 * reading is the numbers in the same order.  Lines whose columns come and go (IcmpMsg, Icmp6InType3) are passed over.
 */
#include "src/lab/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/core/str.h"

#define TEXT_BYTES   (32 << 10) /* of a file at most */
#define COUNTERS_MAX 640

static const struct {
	const char *path;
	bool pairs; /* of lines */
} files[] = {
	{ "/proc/thread-self/net/netstat", true },
	{ "/proc/thread-self/net/snmp", true },
	{ "/proc/thread-self/net/snmp6", false },
};
#define FILES (sizeof(files) / sizeof(files[0]))

struct counters {
	int fd[FILES];
	size_t from[FILES + 1]; /* slots of each */
	int32_t told[COUNTERS_MAX]; /* of a slot: its number among those that are told; -1 */
	struct {
		char name[COUNTER_NAME];
		uint32_t shapes;
		uint64_t value;
	} row[COUNTERS_MAX];
	size_t rows;
	char text[TEXT_BYTES];
};

/* What counts all packets, or is no count. */
static const char *const plain[] = {
	"IpExtIn*Pkts",
	"IpExtOut*",
	"IpExtIn*Octets",
	"IpForwarding",
	"IpDefaultTTL",
	"IpForwDatagrams",
	"IpInReceives",
	"IpInDelivers",
	"IpOutRequests",
	"IpOutTransmits",
	"Ip6In*Pkts",
	"Ip6In*Octets",
	"Ip6Out*Pkts",
	"Ip6Out*Octets",
	"Ip6InReceives",
	"Ip6InDelivers",
	"Ip6OutForwDatagrams",
	"Ip6OutRequests",
	"Ip6OutTransmits",
	"Icmp*InMsgs",
	"Icmp*OutMsgs",
	"Icmp6*Group*",
	"Icmp6*Router*",
	"Icmp6*Neighbor*",
	"Icmp6*MLD*",
	"TcpRto*",
	"TcpMaxConn",
	"Tcp*Opens",
	"TcpCurrEstab",
	"TcpInSegs",
	"TcpOutSegs",
	"Udp*InDatagrams",
	"Udp*OutDatagrams",
	"MPTcpExt*",
	"TcpExtTW*",
	"TcpExtDelayedACKLocked",
	"TcpExtTCPHPHits",
	"TcpExtTCPPureAcks",
	"TcpExtTCPHPAcks",
	"TcpExtTCPRcvCoalesce",
	"TcpExtTCPBacklogCoalesce",
	"TcpExtTCPAckCompressed",
	"TcpExtTCPAutoCorking",
	"TcpExtTCPOrigDataSent",
	"TcpExtTCPDelivered",
	"TcpExtTCPHystart*",
	"TcpExtBusyPollRxPackets",
};

/* "*" stands for any characters, also none. */
static bool fits(const char *pattern, const char *name)
{
	size_t n = strcspn(pattern, "*");

	if (strncmp(pattern, name, n) != 0)
		return false;
	if (!pattern[n])
		return !name[n];
	for (name += n;; name++) {
		if (fits(pattern + n + 1, name))
			return true;
		if (!*name)
			return false;
	}
}

static bool is_plain(const char *name)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (fits(plain[i], name))
			return true;
	return false;
}

/* ---- the text ---- */

static int read_text(struct counters *c, size_t file)
{
	ssize_t n = pread(c->fd[file], c->text, sizeof(c->text) - 1, 0);

	if (n <= 0)
		return -1;
	c->text[n] = '\0';
	return 0;
}

/* The next word of a line; *at moves behind it.  Length 0: the line is over. */
static size_t next_word(const char **at, const char **word)
{
	size_t n;

	*at += strspn(*at, " \t");
	*word = *at;
	n = strcspn(*at, " \t\n");
	*at += n;
	return n;
}

static const char *next_line(const char *at)
{
	const char *end = strchr(at, '\n');

	return end ? end + 1 : at + strlen(at);
}

static bool comes_and_goes(const char *line, bool pairs)
{
	size_t n = strcspn(line, " \t\n");

	if (pairs)
		return !strncmp(line, "IcmpMsg:", 8);
	return memmem(line, n, "InType", 6) || memmem(line, n, "OutType", 7);
}

/* ---- names ---- */

static void add_slot(struct counters *c, const char *protocol, size_t plen, const char *word,
		     size_t len)
{
	size_t slot = c->from[FILES];
	const struct counter_row *row;
	struct str name;

	if (slot == COUNTERS_MAX)
		return;
	name = str_on(c->row[c->rows].name, COUNTER_NAME);
	str_addn(&name, protocol, plen);
	str_addn(&name, word, len);
	c->from[FILES]++;
	c->told[slot] = -1;
	if (name.cut || is_plain(name.buf))
		return;
	row = counter_find(name.buf, name.len);
	c->row[c->rows].shapes = row && !strcmp(row->name, name.buf) ? row->shapes : 0;
	c->row[c->rows].value = 0;
	c->told[slot] = (int32_t)c->rows++;
}

static void name_line(struct counters *c, const char *line, bool pairs)
{
	const char *at = line, *word, *protocol = "";
	size_t n, plen = 0;

	if (pairs) {
		plen = next_word(&at, &protocol);
		plen -= plen > 0; /* its colon */
	}
	while ((n = next_word(&at, &word)) > 0) {
		add_slot(c, protocol, plen, word, n);
		if (!pairs)
			return; /* what follows is its value */
	}
}

static int read_names(struct counters *c, size_t file)
{
	const char *line = c->text;

	c->from[file] = c->from[FILES];
	if (read_text(c, file) < 0)
		return -1;
	while (*line) {
		if (!comes_and_goes(line, files[file].pairs))
			name_line(c, line, files[file].pairs);
		line = next_line(line);
		if (files[file].pairs)
			line = next_line(line);
	}
	return 0;
}

/* ---- values ---- */

static uint64_t number(const char *word, size_t len)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len && word[i] >= '0' && word[i] <= '9'; i++)
		value = 10 * value + (uint64_t)(word[i] - '0');
	return value;
}

/* Slots from *slot on; those that a file has more than before are passed over. */
static void value_line(struct counters *c, const char *line, size_t end, size_t *slot)
{
	const char *at = line, *word;
	size_t n;

	(void)next_word(&at, &word); /* of which protocol, or of which name */
	while ((n = next_word(&at, &word)) > 0 && *slot < end) {
		int32_t told = c->told[(*slot)++];

		if (told >= 0)
			c->row[told].value = number(word, n);
	}
}

static int read_values(struct counters *c, size_t file)
{
	size_t slot = c->from[file], end = file + 1 < FILES ? c->from[file + 1] : c->from[FILES];
	bool pairs = files[file].pairs;
	const char *line = c->text;

	if (c->fd[file] < 0 || read_text(c, file) < 0)
		return -1;
	while (*line) {
		const char *values = pairs ? next_line(line) : line;

		if (!comes_and_goes(line, pairs))
			value_line(c, values, end, &slot);
		line = next_line(values);
	}
	return 0;
}

/* ---- for others ---- */

static int open_all(struct counters *c, struct err *e)
{
	for (size_t i = 0; i < FILES; i++) {
		c->fd[i] = open(files[i].path, O_RDONLY | O_CLOEXEC);
		c->from[i] = c->from[FILES];
		/* A kernel without IPv6 has no snmp6. */
		if (c->fd[i] < 0 && files[i].pairs)
			return err_errno(e, errno, "is /proc mounted here?", "opening %s",
					 files[i].path);
		if (c->fd[i] >= 0 && read_names(c, i) < 0)
			return err_errno(e, errno, NULL, "reading %s", files[i].path);
	}
	return counters_read(c, true);
}

struct counters *counters_open(struct err *e)
{
	struct counters *c = calloc(1, sizeof(*c));

	if (!c) {
		err_errno(e, ENOMEM, NULL, "reading a host's counters");
		return NULL;
	}
	for (size_t i = 0; i < FILES; i++)
		c->fd[i] = -1;
	if (open_all(c, e) == 0)
		return c;
	counters_close(c);
	return NULL;
}

void counters_close(struct counters *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < FILES; i++)
		if (c->fd[i] >= 0)
			close(c->fd[i]);
	free(c);
}

size_t counters_count(const struct counters *c)
{
	return c->rows;
}

const char *counters_name(const struct counters *c, size_t i)
{
	return c->row[i].name;
}

uint32_t counters_shapes(const struct counters *c, size_t i)
{
	return c->row[i].shapes;
}

uint64_t counters_value(const struct counters *c, size_t i)
{
	return c->row[i].value;
}

int counters_read(struct counters *c, bool all)
{
	for (size_t i = 0; i < FILES; i++) {
		if (!files[i].pairs && (!all || c->fd[i] < 0))
			continue;
		if (read_values(c, i) < 0)
			return -1;
	}
	return 0;
}
