#include "sync/orphans.h"

#include "base/arena.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/keys.h"
#include "connectors/connector.h"
#include "sync/gather.h"
#include "sync/intents.h"
#include "sync/plan.h"
#include "sync/wishes.h"

/* Where the adds without a link put their contacts: names -> numbers of operations. */
static int wish_contacts(struct gather *g, const struct intents *in, struct keys *names,
	struct wishes *w, struct err *err)
{
	for (unsigned i = 0; i < in->n; i++) {
		const struct op *op = &in->ops[i];
		struct link_slot *slot;
		if (op->kind != STEP_ADD || keys_has(&g->opened, entry_key(op->source)))
			continue;
		if (links_find(&g->links, op->source, entry_key(op->source), &slot, err) < 0)
			return -1;
		const uint64_t name = dn_key(op->change.name);
		if (slot != NULL || keys_has(names, name))
			continue;
		keys_put(names, name, i);
		wish(w, WISH_NAME, 0, op->change.name);
	}
	return 0;
}

static void take(
	struct gather *g, struct intents *in, const struct keys *names, const struct entry *e)
{
	uint32_t i;

	if (e->gone || !keys_get(names, dn_key(e->name), &i) ||
		!value_same(entry_first(e, g->flow->marker),
			plan_marker(g->scratch, g->flow, in->ops[i].source)))
		return;
	struct entry *contact = arena_alloc(g->mem, sizeof(*contact));
	entry_copy(g->mem, contact, e);
	in->contacts[i] = contact;
}

int orphans_find(struct gather *g, struct intents *in, struct err *err)
{
	struct wishes w = {.mem = g->mem};
	struct keys names;
	struct entry e;

	if (in->n == 0)
		return 0;
	keys_init(&names, 0, true);
	in->contacts = arena_zalloc(g->mem, in->n * sizeof(*in->contacts));
	int rc = wish_contacts(g, in, &names, &w, err);
	const struct query q = {
		.kind = (g->target->type->can & CAN_FIND) != 0 ? QUERY_FIND : QUERY_ALL,
		.wishes = w.list,
		.n_wishes = w.n,
		.wanted = &g->flow->looks};
	if (rc == 0 && w.n > 0)
		rc = connector_read(g->target, &q, err);
	while (rc == 0 && w.n > 0 && (rc = connector_next(g->target, g->scratch, &e, err)) == 1) {
		take(g, in, &names, &e);
		arena_reset(g->scratch);
		rc = 0;
	}
	keys_free(&names);
	return rc < 0 ? err_in(err, "target %s", g->flow->target) : 0;
}
