#include "sync/sides.h"

#include <string.h>

#include "sync/gather.h"
#include "sync/plan.h"
#include "sync/row.h"

int sides_load(struct gather *g, struct err *err)
{
	keys_init(&g->sides, 0, true);
	return state_sides(g->state, g->known.id, g->flow->source, &g->sides, err);
}

const char *sides_of(const struct gather *g, const struct open_row *row, const struct entry *target)
{
	uint32_t ours;

	if (keys_get(&g->sides, row->key, &ours))
		return ours != 0 ? g->flow->source : g->flow->target;
	return plan_flag(g->flow, row, NULL, target);
}

/* A flag in the target may give an object to the source. */
static bool target_gives(const struct flow *f)
{
	for (unsigned i = 0; i < f->n_flags; i++) {
		if (!f->flags[i].source && strcmp(f->flags[i].side, f->source) == 0)
			return true;
	}
	return false;
}

/* To ask too much is safe: what the row does not write after all is left out when its contact is
 * known (pair.c); but who wants the same address may be told that both want it. */
const char *sides_most(const struct gather *g, const struct open_row *row)
{
	const char *side = sides_of(g, row, NULL);

	return side == NULL && target_gives(g->flow) ? g->flow->source : side;
}
