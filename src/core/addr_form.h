/*
 * addr_form: addresses of the families that are neither IP nor Unix: netlink(7), vsock(7), packet(7) and Bluetooth,
 * as text both ways.  Only addr.c includes it; addr.h shows the forms.
 */
#ifndef SOCKLENS_CORE_ADDR_FORM_H
#define SOCKLENS_CORE_ADDR_FORM_H

#include "src/core/addr.h"

/* Appends the text.  False: it is of none of these families, or of no length that its family has. */
bool addr_form_text(struct str *out, const struct addr *a);

/* Whether two addresses of one of these families name the same; not to be asked of others. */
bool addr_form_equal(const struct addr *a, const struct addr *b);

/*
 * Reads text of len bytes.  1: done; 0: it begins like none of these; -1: it does, and there is a mistake, told in e,
 * at the byte *at.
 */
int addr_form_parse(struct addr *a, const char *text, size_t len, size_t *at, struct err *e);

#endif
