/*
 * pcapng: the blocks of a pcapng file (draft-ietf-opsawg-pcapng), one at a time: composing them in memory
 * and reading them from memory.  Files, chunks and damage are somebody else's business (trace, input).
 *
 * We write little-endian sections; both byte orders are read.
 */
#ifndef SOCKLENS_CAPTURE_PCAPNG_H
#define SOCKLENS_CAPTURE_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/event.h"
#include "src/core/rd.h"

/* Block types. */
enum {
	BLOCK_IDB = 1,		/* interface description */
	BLOCK_PB = 2,		/* packet, obsolete */
	BLOCK_SPB = 3,		/* simple packet */
	BLOCK_NRB = 4,		/* name resolution */
	BLOCK_ISB = 5,		/* interface statistics */
	BLOCK_EPB = 6,		/* enhanced packet */
	BLOCK_JOURNAL = 9,	/* systemd Journal Export */
	BLOCK_SHB = 0x0a0d0d0a, /* section header; a palindrome, the same in both byte orders */
};

/* epb_flags: direction. */
enum { EPB_INBOUND = 1, EPB_OUTBOUND = 2, EPB_DIRECTION = 3 };

#define PCAPNG_HEADER	    12	/* bytes of a block around its body; at least this long */
#define PCAPNG_BLOCK_MAX    (16u << 20) /* longest block that is read whole */
#define PCAPNG_MAGIC	    0x1a2b3c4du
#define PCAPNG_NSEC	    9	/* if_tsresol of 10^-9 */
#define PCAPNG_USEC	    6	/* … of 10^-6, and where there is none */

/* ---- composing ---- */

/*
 * Blocks are put one behind the other into the caller's memory.  A block that does not fit is taken back
 * as a whole by pcapng_end(), which says so.
 */
struct pcapng_out {
	uint8_t *buf;
	size_t cap, len;	/* whole blocks, and what has been put of the one being composed */
	size_t start;		/* of the block being composed */
	bool full;		/* it does not fit */
};

void pcapng_begin(struct pcapng_out *o, uint32_t type);
bool pcapng_end(struct pcapng_out *o);

void pcapng_put16(struct pcapng_out *o, uint16_t value);
void pcapng_put32(struct pcapng_out *o, uint32_t value);
void pcapng_put64(struct pcapng_out *o, uint64_t value);	/* low half first */
void pcapng_put_time(struct pcapng_out *o, int64_t ns);		/* high half first; before 1970: 0 */
void pcapng_put_bytes(struct pcapng_out *o, const void *bytes, size_t len);
void pcapng_pad(struct pcapng_out *o);				/* zeros to a multiple of 4 */
void pcapng_option(struct pcapng_out *o, uint16_t code, const void *value, size_t len);
void pcapng_option_text(struct pcapng_out *o, uint16_t code, const char *text);	/* nothing if "" */
void pcapng_option_u32(struct pcapng_out *o, uint16_t code, uint32_t value);
void pcapng_option_u64(struct pcapng_out *o, uint16_t code, uint64_t value);
void pcapng_option_end(struct pcapng_out *o);

struct pcapng_iface {
	uint32_t link;
	uint32_t snaplen;
	uint8_t tsresol;	/* as in if_tsresol */
	int64_t tsoffset;	/* seconds */
	char name[EVENT_NAME];	/* harmless, cut */
	bool has_mac, has_ip4, has_ip6;
	uint8_t mac[6], ip4[4], ip6[16];
};

struct pcapng_stats {
	int64_t first_ns, last_ns;
	uint64_t received, dropped;
};

struct pcapng_packet {
	uint32_t iface;		/* in its section */
	uint64_t units;		/* time in units of its interface's resolution */
	bool has_time;		/* a simple packet has none */
	uint32_t caplen, len;
	const uint8_t *data;	/* in the block */
	uint32_t flags;		/* epb_flags; 0: none */
	uint64_t drops;		/* epb_dropcount, or the drops of the obsolete block */
	uint64_t number;	/* epb_packetid; 0: none */
	const char *comment;	/* opt_comment, when it is put; NULL or "": none */
};

/* Each composes one whole block; false if it does not fit. */
bool pcapng_put_section(struct pcapng_out *o, const char *hardware, const char *os, const char *application);
bool pcapng_put_iface(struct pcapng_out *o, const struct pcapng_iface *i, const char *description, const char *os);
bool pcapng_put_packet(struct pcapng_out *o, const struct pcapng_packet *p, int64_t ts_ns);
bool pcapng_put_stats(struct pcapng_out *o, uint32_t iface, const struct pcapng_stats *s, int64_t now_ns);
bool pcapng_put_names(struct pcapng_out *o, const struct addr_names *names);

/* ---- reading ---- */

struct pcapng_block {
	uint32_t type;
	uint32_t total;		/* bytes of the block in the file, rounded up to a multiple of 4 */
	struct rd body;
};

/*
 * The head of a block: 8 bytes, of a section header 12, are enough.  *big is the section's byte order, and is set by a
 * section header.  Gives the length that the block claims (not rounded), 0 where it cannot be one: *why says it.
 */
uint32_t pcapng_head(const uint8_t *p, size_t len, bool *big, uint32_t *type, const char **why);

/* A whole block of which len bytes are there.  False: *why says what is wrong with it. */
bool pcapng_read_block(const uint8_t *p, size_t len, bool big, struct pcapng_block *b, const char **why);

/* The bodies.  False: cut or impossible, and *why says it (section, iface, packet). */
struct pcapng_section {
	uint16_t major, minor;
	char application[64];	/* shb_userappl, harmless, cut; "" */
};
bool pcapng_read_section(struct rd body, bool big, struct pcapng_section *s, const char **why);
bool pcapng_read_iface(struct rd body, bool big, struct pcapng_iface *i, const char **why);

/* Of an enhanced, simple or obsolete packet block; snaplen is that of interface 0, for the simple one. */
bool pcapng_read_packet(const struct pcapng_block *b, bool big, uint32_t snaplen, struct pcapng_packet *p,
			const char **why);

/* The next address with a name of a name resolution block, which is consumed; false at the end. */
bool pcapng_next_name(struct rd *body, bool big, struct addr_name *n);

/* Nanoseconds since 1970 of a time of this interface; what does not fit is the nearest that does. */
int64_t pcapng_time_ns(const struct pcapng_iface *i, uint64_t units);

#endif
