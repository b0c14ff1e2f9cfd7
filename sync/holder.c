#include "sync/holder.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "sync/authority.h"
#include "sync/claims.h"
#include "sync/gather.h"
#include "sync/plan.h"
#include "sync/row.h"
#include "sync/undone.h"
#include "sync/written.h"

/* What somebody changed stays as it is: on-denied = report, or it is frozen. */
static bool left_alone(const struct flow *f, const struct link *link, const struct written *before,
	const struct wanted *w, const struct attr *there)
{
	if (!undone_reports(f, link, w->attr, f->env.now))
		return false;
	if (w->mode != FLOW_MERGE)
		return !written_left(before, w->attr, there);
	const struct entry e = {
		.n = 1, .attrs = &(struct attr){there->id, there->n, there->values}};
	for (unsigned i = 0; i < w->n; i++) {
		if (written_value(before, w->attr, w->values[i]) &&
			!entry_has(&e, w->attr, w->values[i]))
			return true;
	}
	return false;
}

/* Every value of the holder with the address is one that this run takes away. */
static bool all_ours(struct arena *mem, const struct flow *f, const struct open_row *other,
	const struct link *link, const char *side, const struct entry *holder, uint64_t key)
{
	const struct written before = {other->desired.rule, f->epoch, link->written, NULL};

	for (unsigned i = 0; i < holder->n; i++) {
		const struct attr *a = &holder->attrs[i];
		const struct wanted *w = desired_get(&other->desired, a->id);
		bool ours = w != NULL && w->mode != FLOW_ADD && authority_ours(f, side, a->id);
		for (unsigned k = 0; k < a->n; k++) {
			struct attr one = {a->id, 1, &a->values[k]};
			const struct entry alone = {.n = 1, .attrs = &one};
			struct claim *claims;
			unsigned n = claims_held(mem, &alone, &claims);
			if (!claims_key(claims, n, key))
				continue;
			if (!ours || left_alone(f, link, &before, w, a) ||
				authority_excepts(f, side, a->id, a->values[k]) ||
				(w->mode == FLOW_MERGE &&
					!written_value(&before, a->id, a->values[k])))
				return false;
		}
	}
	return true;
}

/* The contact is deleted. */
static bool goes(struct arena *mem, const struct flow *f, const struct link *link, const char *side,
	const struct entry *holder)
{
	return f->leave == LEAVE_DELETE && plan_protected(f, holder) == NULL &&
	       dn_text_below(holder->name, &f->managed[0]) &&
	       value_same(plan_mark(f, holder), plan_marker(mem, f, link->source)) &&
	       strcmp(authority_side(f, side, ATTR_NONE), f->source) == 0;
}

int holder_gives_up(struct gather *g, struct arena *mem, const struct open_row *other,
	const struct entry *holder, uint64_t key, struct err *err)
{
	const char *side = NULL;
	struct claim *claims;
	struct link link;

	if (other->presence == FAILED || (other->presence == PRESENT ? g->no_update : g->no_delete))
		return 0;
	int rc = state_link(g->state, g->known.id, other->id, mem, &link, err);
	if (rc <= 0)
		return rc;
	if (state_authority(g->state, g->known.id, other->id, mem, &side, err) < 0)
		return -1;
	if (side == NULL)
		side = plan_flag(g->flow, other, &link, holder);
	if (other->presence != PRESENT)
		return goes(mem, g->flow, &link, side, holder);
	unsigned n = claims_wanted(mem, g->flow, side, &other->desired, &claims);
	if (claims_key(claims, n, key))
		return 0;
	return all_ours(mem, g->flow, other, &link, side, holder, key);
}
