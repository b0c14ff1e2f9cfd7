#include "sync/ruling.h"

#include <string.h>

#include "sync/flow.h"

int ruling_of(struct plan *plan, struct state *state, struct ruling *ruling, struct err *err)
{
	const struct flow *f = plan->flow;
	struct guard_facts facts = {.plan = plan->summary,
		.kinds = plan->kinds.all,
		.n_kinds = plan->kinds.n,
		.sources = plan->sources,
		.sources_before = plan->known.sources,
		.full = plan->full,
		.rules_changed = plan->known.epoch != f->epoch,
		.first = plan->known.sources < 0 && plan->links == 0,
		.other = plan->other,
		.behind = plan->behind,
		.canary = plan->canary,
		.min_left = f->min_left,
		.missing = plan->missing,
		.max_shrink = f->max_shrink,
		.max_missing = f->max_missing};

	memcpy(facts.limits, f->limits, sizeof(facts.limits));
	if (kinds_links(&plan->kinds, state, plan->known.id, plan->links, err) < 0)
		return -1;
	ruling->n = guard_check(&facts, ruling->reasons, &ruling->final);
	return 0;
}
