/*
 * "Did you mean": the optimal string alignment distance, by the usual table, of which three rows
 * are kept. A candidate counts as a likely slip when at most one letter in three is wrong.
 */
#include "src/core/names.h"

#include <string.h>

#define WORD_MAX 40
#define FAR	 99

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][WORD_MAX + 1];

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return FAR;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *now = rows[i % 3], *before = rows[(i + 2) % 3], *two = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			char x = lower(a[i - 1]), y = lower(b[j - 1]);

			now[j] = least(before[j - 1] + (x != y), least(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
				now[j] = least(now[j], two[j - 2] + 1);
		}
	}
	return least(rows[a_len % 3][b_len], FAR);
}

struct nearest nearest_to(const char *word, size_t len)
{
	return (struct nearest){ .word = word, .len = len, .distance = FAR };
}

void nearest_try(struct nearest *n, const char *candidate)
{
	size_t len = strlen(candidate);
	size_t longer = len > n->len ? len : n->len;
	unsigned d = distance(n->word, n->len, candidate, len);

	if (d < n->distance && d <= (longer + 2) / 3 && d < longer) {
		n->best = candidate;
		n->distance = d;
	}
}
