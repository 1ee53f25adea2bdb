/* A capture that is being written, and what its scenes share.  For mkpackets.c only. */
#ifndef SOCKLENS_TESTS_CAPTURE_H
#define SOCKLENS_TESTS_CAPTURE_H

#include <stdbool.h>

#include "capture/packet.h"
#include "tests/packets/links.h"
#include "tests/unit/capture/build.h"

struct capture {
	FILE *pcap;		/* NULL: seeds are written */
	const char *directory, *name;
	unsigned link;
	unsigned packets;
};

/* ---- files ---- */

static FILE *file_new(const char *directory, const char *name, const char *suffix)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s%s", directory, name, suffix);
	f = fopen(path, "wb");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void number(FILE *f, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, f);
}

static void seed(const struct capture *c, const struct build *b, size_t caplen)
{
	char name[128];
	FILE *f;

	snprintf(name, sizeof(name), "%s-%u", c->name, c->packets);
	f = file_new(c->directory, name, "");
	fputc((int)link_index(c->link), f);
	fwrite(b->byte, 1, caplen, f);
	fclose(f);
}

/* Writes the packet, cut to snaplen, a millisecond after the one before. */
static void put_cut(struct capture *c, const struct build *b, size_t snaplen)
{
	size_t caplen = b->len < snaplen ? b->len : snaplen;

	c->packets++;
	if (!c->pcap) {
		seed(c, b, caplen);
		return;
	}
	number(c->pcap, 1700000000);
	number(c->pcap, c->packets * 1000000);
	number(c->pcap, (uint32_t)caplen);
	number(c->pcap, (uint32_t)b->len);
	fwrite(b->byte, 1, caplen, c->pcap);
}

static void put(struct capture *c, struct build *b)
{
	build_finish(b);
	put_cut(c, b, BUILD_MAX);
}

/* ---- what the scenes share ---- */

#define CLIENT	"192.0.2.1"
#define SERVER	"192.0.2.2"
#define CLIENT6	"2001:db8::1"
#define SERVER6	"2001:db8::2"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, ECE = 64, CWR = 128 };
enum { ISN_CLIENT = 0xabcdef00, ISN_SERVER = 0xfffffffe };

static struct build from_client(void)
{
	struct build b = build_on();

	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 6, CLIENT, SERVER);
	return b;
}

static struct build from_server(void)
{
	struct build b = build_on();

	build_hex(&b, "020000000001 020000000002 0800");
	build_ipv4(&b, 6, SERVER, CLIENT);
	return b;
}

static void one_segment(struct capture *c, const char *header, bool six)
{
	struct build b = build_on();

	build_hex(&b, header);
	if (six)
		build_ipv6(&b, 6, CLIENT6, SERVER6);
	else
		build_ipv4(&b, 6, CLIENT, SERVER);
	build_tcp(&b, 45012, 8080, ISN_CLIENT, 0, SYN, 64240, "020405b4");
	put(c, &b);
}

#endif
