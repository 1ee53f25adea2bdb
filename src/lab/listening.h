/*
 * listening: the sockets of a lab's hosts that wait for peers, whoever's they are: also those of a program whose calls
 * nobody sees.
 */
#ifndef SOCKLENS_LAB_LISTENING_H
#define SOCKLENS_LAB_LISTENING_H

#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"
#include "src/core/event.h"
#include "src/lab/lab.h"

struct listening;

struct listening *listening_new(const struct lab *l, struct err *e);
void listening_free(struct listening *w);

/* Fills up to max; returns how many.  Of one host: those of all of it.  What the kernel does not answer is not there. */
size_t listening_at(struct listening *w, uint8_t host, struct sock_sample *out, size_t max);

/* To ask about other sockets of a host; the listening's. */
struct diag *listening_diag(struct listening *w, uint8_t host);

#endif
