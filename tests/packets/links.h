/* The link types that the tests go through, in an order that seeds rely on: append only. */
#ifndef SOCKLENS_TESTS_LINKS_H
#define SOCKLENS_TESTS_LINKS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "capture/packet.h"

static const uint32_t links[] = {
	LINK_ETHERNET, LINK_SLL, LINK_SLL2, LINK_NULL, LINK_LOOP, LINK_RAW, LINK_IPV4, LINK_IPV6,
	147,		/* one that we do not know */
	LINK_PPP, LINK_PPP_HDLC, LINK_PPP_ETHER, LINK_C_HDLC,
};
#define LINKS	(sizeof(links) / sizeof(links[0]))

static inline size_t link_index(uint32_t link)
{
	for (size_t i = 0; i < LINKS; i++)
		if (links[i] == link)
			return i;
	abort();
}

#endif
