#ifndef TESTS_PROOF_SIM_HISTORY_H
#define TESTS_PROOF_SIM_HISTORY_H

#include <stdio.h>

#include "tests/proof/sim.h"

/* A history: what happens, one thing after the other, and then rest. It follows from its seed. */

/* What is wrong with the seed's history: NULL, or a text that lives until the next call. */
const char *history_run(uint64_t seed, bool tell, struct figures *);
/* Leave out of it what can be left out while it still fails in the same way, and tell the rest. */
void history_shrink(uint64_t seed, struct figures *);

#endif
