/* proto_tls: what the files of TLS share.  Internal to capture/. */
#ifndef SOCKLENS_CAPTURE_PROTO_TLS_H
#define SOCKLENS_CAPTURE_PROTO_TLS_H

#include "capture/proto.h"

enum { TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2 };

struct tls_message {
	uint8_t type;
	uint32_t len; /* of the body, as it says */
	struct rd body; /* what of it is in this record and segment */
};

extern const struct name_table tls_version_names;

/* A server's hello that asks for another one of the client: it has a fixed "random" (RFC 8446 4.1.3). */
bool tls_is_retry(const struct tls_message *m);

/* "  SNI example.org", "  TLS_AES_128_GCM_SHA256"; nothing for other messages. */
void tls_hello_words(struct str *out, const struct tls_message *m);

/* Rows for the parts of a hello; none for other messages. */
void tls_hello_rows(struct walk *w, const struct tls_message *m);

#endif
