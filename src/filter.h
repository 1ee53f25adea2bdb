/*
 * filter: an expression of pcap-filter(7) for packets of any link type: it is compiled by libpcap for each
 * link type that comes along.
 *
 * A filter that one link type cannot have (there is no "ether host" in raw IP) matches none of its packets;
 * filter_trouble() says so.
 */
#ifndef SOCKLENS_FILTER_H
#define SOCKLENS_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"

#define FILTER_TEXT 1024 /* bytes of an expression with its NUL */

struct filter;

/*
 * link: LINK_* for which it must be right; a wrong expression is told of at once, in libpcap's words.  "" is
 * refused.
 */
struct filter *filter_new(const char *text, uint32_t link, struct err *e);
void filter_free(struct filter *f);

const char *filter_text(const struct filter *f);

bool filter_match(struct filter *f, uint32_t link, const void *bytes, uint32_t caplen, uint32_t len);

/* What libpcap said about a link type that the filter cannot have; NULL if that has not happened. */
const struct err *filter_trouble(const struct filter *f);

/* Whether text is right for a link type, as filter_new() would say. */
int filter_check(const char *text, uint32_t link, struct err *e);

/*
 * Joins words with blanks, as tcpdump does with what follows its options.  -1: too long.  Nothing to join: "".
 */
int filter_join(char text[FILTER_TEXT], const char *const *word, size_t words, struct err *e);

#endif
