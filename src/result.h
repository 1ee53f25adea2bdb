/*
 * result: what a call is expected to give ("-> 5", "-> "data"", "-> ECONNREFUSED"), and whether it did.
 */
#ifndef SOCKLENS_RESULT_H
#define SOCKLENS_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/call.h"
#include "src/core/str.h"
#include "src/core/value.h"

enum compare { COMPARE_EQUAL, COMPARE_LESS, COMPARE_LESS_EQUAL, COMPARE_GREATER, COMPARE_GREATER_EQUAL };

struct number_test {
	enum compare compare;
	int64_t number;
};

bool number_test_holds(const struct number_test *t, int64_t number);
void number_test_text(struct str *out, const struct number_test *t);	/* "5", ">0" */

struct result {
	bool stated;		/* something stands behind "->" */
	bool any;		/* `any`: whatever it gives is right */
	bool has_number, has_addr, any_port;
	struct number_test number;
	int error;		/* errno; 0: none expected */
	int signal;		/* that must kill the program in the call; 0: none */
	struct value data;	/* VALUE_DATA, else nothing is said about it; owned, as the others */
	struct value option;
	enum compare option_compare;	/* of a number */
	struct value ready;
	struct addr addr;
};

void result_fini(struct result *r);

/* Whether the outcome of a call is what was expected.  Without "->": that it did not fail. */
bool result_holds(const struct result *r, const struct call_outcome *o);

#endif
