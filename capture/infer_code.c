/* Inferred states in words, and in 6 bits. */
#include "capture/infer.h"

#define IS(name) (1u << SOCK_STATE_##name)
#define CL	 IS(CLOSED)
#define LI	 IS(LISTEN)
#define SR	 IS(SYN_RECEIVED)
#define ES	 IS(ESTABLISHED)
#define F1	 IS(FIN_WAIT_1)
#define F2	 IS(FIN_WAIT_2)
#define CW	 IS(CLOSE_WAIT)
#define CG	 IS(CLOSING)
#define LA	 IS(LAST_ACK)
#define TW	 IS(TIME_WAIT)

enum { SINGLES = SOCK_STATE_TIME_WAIT, RANGES_FROM = 1 + 2 * SINGLES };

void infer_text(struct str *out, struct inferred state)
{
	str_add(out, state.set ? sock_state_name((enum sock_state)state.state) : "unknown");
	for (unsigned s = 1; state.set && s <= SINGLES; s++)
		if (s != state.state && (state.set & 1u << s))
			str_addf(out, "|%s", sock_state_name((enum sock_state)s));
}

/*
 * Code 0 is unknown, then come the states, certain and presumed, then these ranges.  A range that is
 * not here becomes the narrowest one here that has it all and the same usual state: so each usual state
 * ends with one that has everything.
 */
#define SYNCHRONIZED (ES | F1 | F2 | CW | CG | LA | TW)
#define ANY	     (SYNCHRONIZED | CL | LI | IS(SYN_SENT) | SR)
static const struct range {
	uint16_t set;
	uint8_t usual;
} ranges[] = {
	{ SR | LI | CL, SOCK_STATE_SYN_RECEIVED },
	{ SR | ES, SOCK_STATE_SYN_RECEIVED },
	{ ANY, SOCK_STATE_SYN_RECEIVED },
	{ ANY, SOCK_STATE_SYN_SENT },
	{ ES | CW, SOCK_STATE_ESTABLISHED },
	{ ES | CL, SOCK_STATE_ESTABLISHED },
	{ ES | F1 | F2, SOCK_STATE_ESTABLISHED },
	{ SYNCHRONIZED, SOCK_STATE_ESTABLISHED },
	{ SYNCHRONIZED | CL, SOCK_STATE_ESTABLISHED },
	{ ANY, SOCK_STATE_ESTABLISHED },
	{ F1 | F2, SOCK_STATE_FIN_WAIT_1 },
	{ F1 | LA, SOCK_STATE_FIN_WAIT_1 },
	{ F1 | CL, SOCK_STATE_FIN_WAIT_1 },
	{ F1 | CG | LA, SOCK_STATE_FIN_WAIT_1 },
	{ F1 | F2 | LA | CL, SOCK_STATE_FIN_WAIT_1 },
	{ F1 | F2 | CG | TW, SOCK_STATE_FIN_WAIT_1 },
	{ F1 | F2 | CG | LA | TW | CL, SOCK_STATE_FIN_WAIT_1 },
	{ ANY, SOCK_STATE_FIN_WAIT_1 },
	{ F1 | F2, SOCK_STATE_FIN_WAIT_2 },
	{ F2 | TW, SOCK_STATE_FIN_WAIT_2 },
	{ F2 | CL, SOCK_STATE_FIN_WAIT_2 },
	{ F2 | TW | CL, SOCK_STATE_FIN_WAIT_2 },
	{ ANY, SOCK_STATE_FIN_WAIT_2 },
	{ CW | CG | TW, SOCK_STATE_CLOSE_WAIT },
	{ CW | CG | LA | TW, SOCK_STATE_CLOSE_WAIT },
	{ CW | CG | LA | TW | CL, SOCK_STATE_CLOSE_WAIT },
	{ ANY, SOCK_STATE_CLOSE_WAIT },
	{ CG | LA | TW, SOCK_STATE_CLOSING },
	{ ANY, SOCK_STATE_CLOSING },
	{ LA | CG, SOCK_STATE_LAST_ACK },
	{ LA | CL, SOCK_STATE_LAST_ACK },
	{ ANY, SOCK_STATE_LAST_ACK },
	{ CG | LA | TW, SOCK_STATE_TIME_WAIT },
	{ TW | CL, SOCK_STATE_TIME_WAIT },
	{ ANY, SOCK_STATE_TIME_WAIT },
	{ TW | CL, SOCK_STATE_CLOSED },
	{ CL | LI | IS(SYN_SENT) | SR, SOCK_STATE_CLOSED },
	{ CW | CL, SOCK_STATE_CLOSED },
	{ SYNCHRONIZED | CL, SOCK_STATE_CLOSED },
	{ ANY, SOCK_STATE_CLOSED },
	{ ANY, SOCK_STATE_LISTEN },
};
#define RANGES (sizeof(ranges) / sizeof(ranges[0]))
_Static_assert(RANGES_FROM + RANGES <= INFER_CODES, "each range has a code");

uint8_t infer_code(struct inferred state)
{
	if (state.sure == INFER_CERTAIN)
		return state.state;
	if (state.sure == INFER_PRESUMED)
		return (uint8_t)(SINGLES + state.state);
	/* Of each usual state the narrower ones come first. */
	for (size_t i = 0; state.sure == INFER_RANGE && i < RANGES; i++)
		if (ranges[i].usual == state.state && !(state.set & ~ranges[i].set))
			return (uint8_t)(RANGES_FROM + i);
	return 0;
}

struct inferred infer_decode(uint8_t code)
{
	uint8_t single = (uint8_t)(code > SINGLES ? code - SINGLES : code);

	if (code == 0 || code >= RANGES_FROM + RANGES)
		return (struct inferred){ .sure = INFER_UNKNOWN };
	if (code >= RANGES_FROM)
		return (struct inferred){ .set = ranges[code - RANGES_FROM].set,
					  .state = ranges[code - RANGES_FROM].usual,
					  .sure = INFER_RANGE };
	return (struct inferred){ .set = (uint16_t)(1u << single),
				  .state = single,
				  .sure = code > SINGLES ? INFER_PRESUMED : INFER_CERTAIN };
}
