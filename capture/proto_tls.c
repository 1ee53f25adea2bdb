/*
 * TLS, RFC 8446 (1.3) and RFC 5246 (1.2): records, and what can be read of the handshake before encryption.
 *
 * Whether a handshake record is encrypted is not written in it.  One whose first message has a known type and a
 * likely length is taken to be in the clear: one encrypted record in a few thousand would pass.
 */
#include "capture/proto_tls.h"

#include "capture/proto_app.h"

enum { RECORD_HEADER = 5, RECORD_MAX = 16384 + 2048, MESSAGE_HEADER = 4, MESSAGE_MAX = 1 << 17 };
enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23, HEARTBEAT = 24 };
enum { SUMMARY_MESSAGES = 4 };

static const struct name content_rows[] = {
	{ CHANGE_CIPHER_SPEC, "Change Cipher Spec", NULL },
	{ ALERT, "Alert", NULL },
	{ HANDSHAKE, "Handshake", NULL },
	{ APPLICATION_DATA, "Application Data", NULL },
	{ HEARTBEAT, "Heartbeat", NULL },
};
static NAME_TABLE(content_names, content_rows, "TLS content type");

static const struct name version_rows[] = {
	{ 0x0300, "SSL 3.0", NULL }, { 0x0301, "TLS 1.0", NULL }, { 0x0302, "TLS 1.1", NULL },
	{ 0x0303, "TLS 1.2", NULL }, { 0x0304, "TLS 1.3", NULL },
};
NAME_TABLE(tls_version_names, version_rows, "TLS version");

static const struct name message_rows[] = {
	{ 0, "Hello Request", NULL },
	{ TLS_CLIENT_HELLO, "Client Hello", NULL },
	{ TLS_SERVER_HELLO, "Server Hello", NULL },
	{ 4, "New Session Ticket", NULL },
	{ 5, "End Of Early Data", NULL },
	{ 8, "Encrypted Extensions", NULL },
	{ 11, "Certificate", NULL },
	{ 12, "Server Key Exchange", NULL },
	{ 13, "Certificate Request", NULL },
	{ 14, "Server Hello Done", NULL },
	{ 15, "Certificate Verify", NULL },
	{ 16, "Client Key Exchange", NULL },
	{ 20, "Finished", NULL },
	{ 21, "Certificate URL", NULL },
	{ 22, "Certificate Status", NULL },
	{ 24, "Key Update", NULL },
};
static NAME_TABLE(message_names, message_rows, "TLS handshake message");

static const struct name alert_rows[] = {
	{ 0, "close notify", NULL },
	{ 10, "unexpected message", NULL },
	{ 20, "bad record MAC", NULL },
	{ 22, "record overflow", NULL },
	{ 40, "handshake failure", NULL },
	{ 42, "bad certificate", NULL },
	{ 43, "unsupported certificate", NULL },
	{ 44, "certificate revoked", NULL },
	{ 45, "certificate expired", NULL },
	{ 46, "certificate unknown", NULL },
	{ 47, "illegal parameter", NULL },
	{ 48, "unknown CA", NULL },
	{ 49, "access denied", NULL },
	{ 50, "decode error", NULL },
	{ 51, "decrypt error", NULL },
	{ 70, "protocol version", NULL },
	{ 71, "insufficient security", NULL },
	{ 80, "internal error", NULL },
	{ 86, "inappropriate fallback", NULL },
	{ 90, "user canceled", NULL },
	{ 109, "missing extension", NULL },
	{ 110, "unsupported extension", NULL },
	{ 112, "unrecognized name", NULL },
	{ 116, "certificate required", NULL },
	{ 120, "no application protocol", NULL },
};
static NAME_TABLE(alert_names, alert_rows, "TLS alert");

static const struct name level_rows[] = { { 1, "warning", NULL }, { 2, "fatal", NULL } };
static NAME_TABLE(level_names, level_rows, "TLS alert level");

/* ---- records ---- */

struct record {
	uint8_t type;
	uint16_t len; /* as it says */
	struct rd body; /* what of it is here */
};

/* Consumes a record; false if there is none here. */
static bool record_read(struct rd *r, struct record *record)
{
	uint16_t version;
	size_t have;

	record->type = rd_u8(r);
	version = rd_be16(r);
	record->len = rd_be16(r);
	have = rd_left(r);
	record->body = rd_sub(r, record->len < have ? record->len : have);
	return !r->short_read && name_of(&content_names, record->type) &&
	       name_of(&tls_version_names, version) && record->len <= RECORD_MAX;
}

/* The record's own lengths fit its type. */
static bool is_likely(const struct record *r)
{
	switch (r->type) {
	case CHANGE_CIPHER_SPEC:
		return r->len == 1;
	case ALERT:
		return r->len == 2 || r->len >= 16;
	default:
		return r->len >= 1;
	}
}

bool tls_matches(struct rd payload, size_t len, bool on_port)
{
	struct record record;

	(void)len;
	(void)on_port;
	return record_read(&payload, &record) && is_likely(&record);
}

/* Consumes a handshake message (the rest of it may be in the next record); false: it is encrypted. */
static bool message_read(struct rd *body, struct tls_message *m)
{
	struct rd r = *body;
	uint32_t word = rd_be32(&r);
	size_t have = rd_left(&r);

	m->type = (uint8_t)(word >> 24);
	m->len = word & 0xffffff;
	if (r.short_read || m->len > MESSAGE_MAX || !name_of(&message_names, m->type))
		return false;
	m->body = rd_sub(&r, m->len < have ? m->len : have);
	*body = r;
	return true;
}

static const struct proto *tls_scan(struct scan *s)
{
	struct record record;
	struct rd r = s->r, next;

	record_read(&r, &record);
	app_take(s, (size_t)RECORD_HEADER + record.len);
	next = s->r;
	return rd_left(&s->r) && tls_matches(rd_rest(&next), 0, false) ? &proto_tls : NULL;
}

static const char *message_name(const struct tls_message *m)
{
	return tls_is_retry(m) ? "Hello Retry Request" : name_of(&message_names, m->type)->name;
}

static void alert_text(struct str *out, struct rd body, size_t len)
{
	uint8_t level = rd_u8(&body), what = rd_u8(&body);

	if (len != 2 || body.short_read || !name_of(&level_names, level)) {
		str_add(out, "Encrypted Alert");
		return;
	}
	str_add(out, "Alert ");
	name_add(out, &alert_names, what);
}

/* ---- the ladder's words ---- */

struct words {
	struct str *out;
	unsigned messages;
	const char *last;
};

/* Each once where it repeats, a few in all. */
static bool word_add(struct words *w, const char *text)
{
	if (w->last && strcmp(w->last, text) == 0)
		return false;
	w->last = text;
	if (w->messages++ >= SUMMARY_MESSAGES)
		return false;
	str_add(w->out, w->messages > 1 ? ", " : "");
	str_add(w->out, text);
	return true;
}

static void handshake_words(struct words *w, struct rd body)
{
	struct tls_message m;

	if (!message_read(&body, &m)) {
		word_add(w, "Encrypted Handshake");
		return;
	}
	do {
		if (word_add(w, message_name(&m)))
			tls_hello_words(w->out, &m);
	} while (rd_left(&body) && message_read(&body, &m));
}

static void record_words(struct words *w, const struct record *record)
{
	if (record->type == HANDSHAKE) {
		handshake_words(w, record->body);
	} else if (record->type == ALERT && w->messages < SUMMARY_MESSAGES) {
		str_add(w->out, w->messages++ ? ", " : "");
		alert_text(w->out, record->body, record->len);
		w->last = NULL;
	} else {
		word_add(w, name_of(&content_names, record->type)->name);
	}
}

static void records_words(struct str *out, struct rd r, unsigned most)
{
	struct words words = { .out = out };
	struct record record;

	for (unsigned n = 0; n < most && rd_left(&r); n++) {
		if (!record_read(&r, &record) || !is_likely(&record))
			break;
		record_words(&words, &record);
	}
	if (words.messages > SUMMARY_MESSAGES)
		str_add(out, ", ...");
}

static void tls_summary(struct str *out, const struct summary *s)
{
	str_add(out, "TLS ");
	records_words(out, app_payload(s), 64);
}

/* ---- rows ---- */

static void handshake_rows(struct walk *w, struct rd body)
{
	struct tls_message m;
	struct str text;

	while (rd_left(&body)) {
		size_t at = (size_t)(body.base + body.at - w->bytes), have = rd_left(&body);

		if (!message_read(&body, &m)) {
			walk_row(w, 1, at, have, "Encrypted or continued message", NULL);
			return;
		}
		text = walk_row(w, 1, at, MESSAGE_HEADER + m.body.len, message_name(&m), NULL);
		str_addf(&text, "%u bytes", m.len);
		if (m.body.len < m.len)
			str_addf(&text, ", %zu of them here", m.body.len);
		tls_hello_rows(w, &m);
	}
}

static void tls_more(struct walk *w)
{
	static const struct proto_field alert[] = {
		FIELD("Level", 0, 8, SHOW_NAME, .names = &level_names),
		FIELD("Description", 8, 8, SHOW_NAME, .names = &alert_names),
	};
	struct rd r = walk_rd(w, w->head_at, w->head_len);
	struct record record;
	struct str text;

	if (!record_read(&r, &record))
		return;
	if (record.type == HANDSHAKE)
		handshake_rows(w, record.body);
	else if (record.type == ALERT && record.len == 2)
		walk_fields(w, 1, alert, 2, w->head_at + RECORD_HEADER, record.body.len);
	else if (record.type != CHANGE_CIPHER_SPEC && record.body.len)
		walk_row(w, 1, w->head_at + RECORD_HEADER, record.body.len, "Encrypted data", NULL);
	if (record.body.len >= record.len)
		return;
	text = walk_row(w, 1, w->head_at + w->head_len, 0, "Cut", NULL);
	str_addf(&text, "%zu of %u bytes of the record are in this segment", record.body.len,
		 record.len);
}

static void tls_heading(const struct walk *w, struct str *out)
{
	records_words(out, walk_rd(w, w->head_at, w->head_len), 1);
}

static const struct proto_field fields[] = {
	FIELD("Content type", 0, 8, SHOW_NAME, .names = &content_names,
	      .about = "What the record holds; from version 1.3 on nearly all say data."),
	FIELD("Version", 8, 16, SHOW_NAME_HEX, .names = &tls_version_names,
	      .about = "Of the record's format; the real one is agreed on in the hellos."),
	FIELD("Length", 24, 16, SHOW_DEC, .unit = "bytes"),
};

const struct proto proto_tls = {
	.name = "Transport Layer Security",
	PROTO_FIELDS(fields),
	.scan = tls_scan,
	.heading = tls_heading,
	.more = tls_more,
	.summary = tls_summary,
};
