#ifndef CONNECTORS_TWINS_H
#define CONNECTORS_TWINS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Does any 64-bit key come twice? The keys are kept as they come, 8 bytes each, and a small filter
 * of two bits a key tells at once that nearly all of them are new; only the few that it cannot tell
 * apart are counted at the end. That costs a fifth of sorting. The filter grows with the keys, to 4
 * MiB, which serve two million.
 */
struct twins {
	struct buf keys, doubts;
	size_t looked;   /* bytes of keys that the filter has seen */
	uint64_t *words; /* of the filter */
	uint64_t mask;
};

/* expected is a guess; too low a one costs time only. */
void twins_start(struct twins *, uint64_t expected);
void twins_add(struct twins *, uint64_t key);
/* All were added: true, and a key that came twice. */
bool twins_found(struct twins *, uint64_t *key);
void twins_free(struct twins *);

#endif
