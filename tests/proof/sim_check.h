#ifndef TESTS_PROOF_SIM_CHECK_H
#define TESTS_PROOF_SIM_CHECK_H

#include "tests/proof/sim_run.h"

/* What must be true, each by its name (docs/reliability.md): sim_wrong says which is not. */

/* After each run. */
void check_sync(struct history *, const struct sync *);
/* When nothing disturbs any more, and nothing is left to be done: the target is what the source
 * and the rules ask for, by a second opinion that knows nothing of galway's. */
void check_settled(struct history *, unsigned flow);

/* Remember strays. */
void check_remember(struct history *, const struct sync *);

#endif
