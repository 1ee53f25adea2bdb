/* The hellos of TLS: what a client offers and a server chooses. RFC 8446 section 4.1, RFC 6066, RFC 7301. */
#include "capture/proto_app.h"
#include "capture/proto_tls.h"

#include "src/core/safe.h"

enum { RANDOM = 32, EXTENSIONS_SHOWN = 100 };
enum { SERVER_NAME = 0, GROUPS = 10, ALPN = 16, VERSIONS = 43, KEY_SHARE = 51 };

static const struct name cipher_rows[] = {
	{ 0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", NULL },
	{ 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", NULL },
	{ 0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", NULL },
	{ 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", NULL },
	{ 0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", NULL },
	{ 0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", NULL },
	{ 0x1301, "TLS_AES_128_GCM_SHA256", NULL },
	{ 0x1302, "TLS_AES_256_GCM_SHA384", NULL },
	{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256", NULL },
	{ 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", NULL },
	{ 0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", NULL },
	{ 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", NULL },
	{ 0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", NULL },
	{ 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", NULL },
	{ 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", NULL },
	{ 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", NULL },
	{ 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", NULL },
	{ 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", NULL },
	{ 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", NULL },
};
static NAME_TABLE(cipher_names, cipher_rows, "TLS cipher suite");

static const struct name group_rows[] = {
	{ 23, "secp256r1", NULL },
	{ 24, "secp384r1", NULL },
	{ 25, "secp521r1", NULL },
	{ 29, "x25519", NULL },
	{ 30, "x448", NULL },
	{ 256, "ffdhe2048", NULL },
	{ 0x11ec, "X25519MLKEM768", NULL },
};
static NAME_TABLE(group_names, group_rows, "TLS group");

bool tls_is_retry(const struct tls_message *m)
{
	static const uint8_t fixed[] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11 };

	return m->type == TLS_SERVER_HELLO && m->body.len >= 2 + RANDOM &&
	       memcmp(m->body.base + 2, fixed, sizeof(fixed)) == 0;
}

/* ---- the parts of a hello ---- */

struct hello {
	struct rd random, session, ciphers, compressions, extensions;
	uint16_t version;
};

/* A list behind its length of n bytes; what is here of it. */
static struct rd list_read(struct rd *r, unsigned n)
{
	size_t len = n == 1 ? rd_u8(r) : rd_be16(r), have = rd_left(r);

	return rd_sub(r, len < have ? len : have);
}

static struct rd some(struct rd *r, size_t n)
{
	return rd_sub(r, n < rd_left(r) ? n : rd_left(r));
}

static bool hello_read(const struct tls_message *m, struct hello *h)
{
	struct rd r = m->body;
	bool client = m->type == TLS_CLIENT_HELLO;

	*h = (struct hello){ .version = 0 };
	if (!client && m->type != TLS_SERVER_HELLO)
		return false;
	h->version = rd_be16(&r);
	h->random = some(&r, RANDOM);
	h->session = list_read(&r, 1);
	h->ciphers = client ? list_read(&r, 2) : some(&r, 2);
	h->compressions = client ? list_read(&r, 1) : some(&r, 1);
	h->extensions = rd_left(&r) ? list_read(&r, 2) : rd_rest(&r);
	return true;
}

struct extension {
	uint16_t type, len;
	struct rd body; /* what is here of it */
};

static bool extension_read(struct rd *r, struct extension *x)
{
	x->type = rd_be16(r);
	x->len = rd_be16(r);
	if (r->short_read)
		return false;
	x->body = some(r, x->len);
	return true;
}

static bool extension_find(struct rd list, uint16_t type, struct extension *x)
{
	while (rd_left(&list) && extension_read(&list, x))
		if (x->type == type)
			return true;
	return false;
}

/* The host name of a server_name extension; a server's answer has none. */
static struct rd server_name(struct rd body)
{
	struct rd list = list_read(&body, 2);

	rd_skip(&list, 1);
	return list_read(&list, 2);
}

void tls_hello_words(struct str *out, const struct tls_message *m)
{
	struct extension x;
	struct rd name;
	struct hello h;

	if (!hello_read(m, &h) || tls_is_retry(m))
		return;
	if (m->type == TLS_SERVER_HELLO && rd_left(&h.ciphers) == 2) {
		uint16_t cipher = rd_be16(&h.ciphers);
		const struct name *n = name_of(&cipher_names, cipher);

		if (n)
			str_addf(out, "  %s", n->name);
		else
			str_addf(out, "  cipher 0x%04x", cipher);
		return;
	}
	if (m->type != TLS_CLIENT_HELLO || !extension_find(h.extensions, SERVER_NAME, &x))
		return;
	name = server_name(x.body);
	if (!name.len)
		return;
	str_add(out, "  SNI ");
	app_short_text(out, name.base, name.len);
}

/* ---- rows ---- */

static void number_add(struct str *out, const struct name_table *names, uint16_t number)
{
	const struct name *n = name_of(names, number);

	if (n)
		str_add(out, n->name);
	else if ((number & 0x0f0f) == 0x0a0a && number >> 8 == (number & 0xff))
		str_addf(out, "GREASE 0x%04x", number);
	else
		str_addf(out, "0x%04x", number);
}

static void numbers_add(struct str *out, const struct name_table *names, struct rd list)
{
	for (const char *gap = ""; rd_left(&list) >= 2; gap = ", ") {
		str_add(out, gap);
		number_add(out, names, rd_be16(&list));
	}
}

/* client: the message is a client's, whose extensions offer lists where a server's choose one */
static void name_text(struct str *out, struct rd body, bool client)
{
	struct rd name = server_name(body);

	if (client && name.len)
		safe_add_line(out, name.base, name.len);
}

static void alpn_text(struct str *out, struct rd body, bool client)
{
	struct rd list = list_read(&body, 2);

	(void)client;
	for (const char *gap = ""; rd_left(&list); gap = ", ") {
		struct rd name = list_read(&list, 1);

		str_add(out, gap);
		safe_add_line(out, name.base, name.len);
	}
}

static void versions_text(struct str *out, struct rd body, bool client)
{
	numbers_add(out, &tls_version_names, client ? list_read(&body, 1) : body);
}

static void groups_text(struct str *out, struct rd body, bool client)
{
	(void)client;
	numbers_add(out, &group_names, list_read(&body, 2));
}

static void shares_text(struct str *out, struct rd body, bool client)
{
	struct rd list = client ? list_read(&body, 2) : body;

	for (const char *gap = ""; rd_left(&list) >= 2; gap = ", ") {
		str_add(out, gap);
		number_add(out, &group_names, rd_be16(&list));
		list_read(&list, 2);
	}
}

static const struct kind {
	uint16_t type;
	const char *name;
	void (*text)(struct str *out, struct rd body, bool client); /* NULL: its length only */
	const char *about;
} kinds[] = {
	{ SERVER_NAME, "Server name", name_text,
	  "The host that the client wants, in the clear: a server can have many." },
	{ 1, "Maximum fragment length", NULL, NULL },
	{ 5, "Status request", NULL, "The server is to prove that its certificate still holds." },
	{ GROUPS, "Supported groups", groups_text, "Ways to agree on a secret." },
	{ 11, "Point formats", NULL, NULL },
	{ 13, "Signature algorithms", NULL, NULL },
	{ 15, "Heartbeat", NULL, NULL },
	{ ALPN, "Application protocols", alpn_text,
	  "What is to be spoken inside: h2, http/1.1 (ALPN)." },
	{ 18, "Certificate timestamps", NULL, NULL },
	{ 21, "Padding", NULL, NULL },
	{ 22, "Encrypt then MAC", NULL, NULL },
	{ 23, "Extended master secret", NULL, NULL },
	{ 27, "Certificate compression", NULL, NULL },
	{ 28, "Record size limit", NULL, NULL },
	{ 35, "Session ticket", NULL, "To resume an earlier session without a full handshake." },
	{ 41, "Pre-shared key", NULL, "To resume an earlier session." },
	{ 42, "Early data", NULL, "Data follows before the handshake is done." },
	{ VERSIONS, "Supported versions", versions_text,
	  "The real version: the field before it is kept for old middleboxes." },
	{ 44, "Cookie", NULL, NULL },
	{ 45, "Key exchange modes", NULL, NULL },
	{ 49, "Post-handshake authentication", NULL, NULL },
	{ 50, "Certificate signature algorithms", NULL, NULL },
	{ KEY_SHARE, "Key share", shares_text, "The public half of a secret to agree on." },
	{ 57, "QUIC transport parameters", NULL, NULL },
	{ 0xfe0d, "Encrypted Client Hello", NULL, NULL },
	{ 0xff01, "Renegotiation info", NULL, NULL },
};

static const struct kind *kind_find(uint16_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

static size_t offset_of(const struct walk *w, struct rd part)
{
	return (size_t)(part.base + part.at - w->bytes);
}

static void extension_row(struct walk *w, size_t at, const struct extension *x, bool client)
{
	const struct kind *k = kind_find(x->type);
	STR_ON_STACK(name, sizeof(w->spare.name));
	struct str text;

	if (k)
		str_add(&name, k->name);
	else
		str_addf(&name, "Extension %u", x->type);
	text = walk_row(w, 2, at, 4 + x->body.len, name.buf, k ? k->about : NULL);
	if (k && k->text)
		k->text(&text, x->body, client);
	else
		str_addf(&text, "%u bytes", x->len);
	if (x->body.len < x->len)
		str_addf(&text, " (cut)");
}

static void bytes_row(struct walk *w, const char *name, struct rd bytes, const char *about)
{
	struct str text = walk_row(w, 2, offset_of(w, bytes), bytes.len, name, about);

	proto_bytes_text(&text, bytes);
}

static void cipher_row(struct walk *w, struct rd ciphers, bool client)
{
	struct str text = walk_row(w, 2, offset_of(w, ciphers), ciphers.len,
				   client ? "Cipher suites" : "Cipher suite",
				   "How the data is to be encrypted.");

	if (client)
		str_addf(&text, "%zu: ", ciphers.len / 2);
	else if (ciphers.len == 2)
		str_addf(&text, "0x%02x%02x ", ciphers.base[0], ciphers.base[1]);
	numbers_add(&text, &cipher_names, ciphers);
}

void tls_hello_rows(struct walk *w, const struct tls_message *m)
{
	static const struct proto_field version =
		FIELD("Version", 0, 16, SHOW_NAME_HEX, .names = &tls_version_names);
	bool client = m->type == TLS_CLIENT_HELLO;
	struct extension x;
	struct hello h;

	if (!hello_read(m, &h) || m->body.len < 2)
		return;
	walk_fields(w, 2, &version, 1, offset_of(w, m->body), 2);
	bytes_row(w, "Random", h.random, "So that no two handshakes are alike.");
	bytes_row(w, "Session", h.session, NULL);
	cipher_row(w, h.ciphers, client);
	bytes_row(w, client ? "Compression methods" : "Compression method", h.compressions, NULL);
	for (unsigned n = 0; n < EXTENSIONS_SHOWN && rd_left(&h.extensions); n++) {
		size_t at = offset_of(w, h.extensions);

		if (!extension_read(&h.extensions, &x))
			return;
		extension_row(w, at, &x, client);
	}
}
