/*
 * fragments: a second, naive way to put datagrams together, to compare capture/datagram.h with: all fragments are
 * kept for ever, and after each one every byte is looked for anew.  No limits.
 */
#ifndef SOCKLENS_TESTS_FRAGMENTS_H
#define SOCKLENS_TESTS_FRAGMENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MODEL_KEYS	8
#define MODEL_FRAGMENTS	512
#define MODEL_BYTES	2048	/* of a fragment */

struct model_fragment {
	uint32_t from, len;
	bool more;
	uint8_t byte[MODEL_BYTES];
};

struct model {
	struct {
		struct model_fragment *fragment[MODEL_FRAGMENTS];	/* in order of arrival */
		unsigned count;
	} datagram[MODEL_KEYS];
	uint8_t whole[65536 + MODEL_BYTES];
	uint32_t whole_len;
};

static inline void model_clear(struct model *m, unsigned key)
{
	for (unsigned i = 0; i < m->datagram[key].count; i++)
		free(m->datagram[key].fragment[i]);
	m->datagram[key].count = 0;
}

/* The byte at `at`: of the fragment that begins first, among those of the one that came first. */
static inline const uint8_t *model_byte(const struct model *m, unsigned key, uint32_t at)
{
	const struct model_fragment *best = NULL;

	for (unsigned i = 0; i < m->datagram[key].count; i++) {
		const struct model_fragment *f = m->datagram[key].fragment[i];

		if (at < f->from || at >= f->from + f->len)
			continue;
		if (!best || f->from < best->from)
			best = f;
	}
	return best ? &best->byte[at - best->from] : NULL;
}

/* Adds a fragment.  True if its datagram is whole now, which is then forgotten. */
static inline bool model_add(struct model *m, unsigned key, uint32_t from, bool more, const void *bytes, uint32_t len)
{
	struct model_fragment *f = malloc(sizeof(*f));
	bool begun = false, ended = false;

	if (!f || len > MODEL_BYTES || m->datagram[key].count >= MODEL_FRAGMENTS)
		abort();
	*f = (struct model_fragment){ .from = from, .len = len, .more = more };
	memcpy(f->byte, bytes, len);
	m->datagram[key].fragment[m->datagram[key].count++] = f;
	for (unsigned i = 0; i < m->datagram[key].count; i++) {
		const struct model_fragment *g = m->datagram[key].fragment[i];

		begun |= g->from == 0;
		if (!g->more && !ended) {
			ended = true;
			m->whole_len = g->from + g->len;
		}
	}
	if (!begun || !ended)
		return false;
	for (uint32_t at = 0; at < m->whole_len; at++) {
		const uint8_t *byte = model_byte(m, key, at);

		if (!byte)
			return false;
		m->whole[at] = *byte;
	}
	model_clear(m, key);
	return true;
}

#endif
