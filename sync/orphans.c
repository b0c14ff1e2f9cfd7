#include "sync/orphans.h"

#include "base/arena.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/keys.h"
#include "connectors/connector.h"
#include "sync/gather.h"
#include "sync/intents.h"
#include "sync/plan.h"
#include "sync/wishes.h"

/* In place of a contact: several carry the mark, and none has the name. */
static const struct entry several;

/* The marks of adds whose contacts may be nobody's -> numbers of the operations. */
static int wish_contacts(
	struct gather *g, struct intents *in, struct keys *marks, struct wishes *w, struct err *err)
{
	for (unsigned i = 0; i < in->n; i++) {
		const struct op *op = &in->ops[i];
		const uint64_t key = entry_key(op->source);
		struct link_slot *slot;
		if (links_find(&g->links, op->source, key, &slot, err) < 0)
			return -1;
		in->linked[i] = slot != NULL;
		/* What is added again has its old link. */
		if (op->kind != STEP_ADD || keys_has(&g->opened, key) ||
			(slot != NULL && (slot->flags & LINK_LEAVES) == 0))
			continue;
		const struct value mark = plan_marker(g->mem, g->flow, op->source);
		const uint64_t hash = hash_bytes(mark.data, mark.len, 0);
		/* Of several adds of one object the last counts. */
		if (keys_has(marks, hash))
			continue;
		keys_put(marks, hash, i);
		wish(w, WISH_VALUE, g->flow->marker, mark);
	}
	return 0;
}

/* By its name; or as it was made, but for that. */
static bool made_it(
	const struct gather *g, const struct intents *in, unsigned i, const struct entry *e)
{
	const struct op *op = &in->ops[i];
	const struct link_slot *slot = links_source(&g->links, entry_key(op->source));

	if (slot != NULL && slot->target == e->key)
		return false;
	return value_same(plan_mark(g->flow, e), plan_marker(g->scratch, g->flow, op->source)) &&
	       dn_text_below(e->name, &g->flow->managed[0]) &&
	       (dn_text_equal(e->name, op->change.name) ||
		       entry_digest(e, &in->attrs[i]) == op->digest);
}

/* Who has the name counts more than who has not. */
static void take(
	struct gather *g, struct intents *in, const struct keys *marks, const struct entry *e)
{
	const struct value mark = plan_mark(g->flow, e);
	uint32_t i;

	if (e->gone || !keys_get(marks, hash_bytes(mark.data, mark.len, 0), &i) ||
		!made_it(g, in, i, e))
		return;
	const struct value name = in->ops[i].change.name;
	const struct entry *before = in->contacts[i];
	if (before != NULL && !dn_text_equal(e->name, name)) {
		if (!dn_text_equal(before->name, name))
			in->contacts[i] = &several;
		return;
	}
	struct entry *contact = arena_alloc(g->mem, sizeof(*contact));
	entry_copy(g->mem, contact, e);
	in->contacts[i] = contact;
}

static int look(struct gather *g, struct intents *in, const struct keys *marks,
	const struct wishes *w, struct err *err)
{
	const struct query q = {
		.kind = (g->target->type->can & CAN_FIND) != 0 ? QUERY_FIND : QUERY_ALL,
		.wishes = w->list,
		.n_wishes = w->n,
		.wanted = &g->flow->looks};
	struct entry e;
	int rc = connector_read(g->target, &q, err);

	while (rc == 0 && (rc = connector_next(g->target, g->scratch, &e, err)) == 1) {
		take(g, in, marks, &e);
		arena_reset(g->scratch);
		rc = 0;
	}
	for (unsigned i = 0; i < in->n; i++) {
		if (in->contacts[i] == &several)
			in->contacts[i] = NULL;
	}
	return rc < 0 ? err_in(err, "target %s", g->flow->target) : 0;
}

int orphans_find(struct gather *g, struct intents *in, struct err *err)
{
	struct wishes w = {.mem = g->mem};
	struct keys marks;

	if (in->n == 0)
		return 0;
	keys_init(&marks, 0, true);
	in->linked = arena_zalloc(g->mem, in->n * sizeof(*in->linked));
	in->contacts = arena_zalloc(g->mem, in->n * sizeof(*in->contacts));
	int rc = wish_contacts(g, in, &marks, &w, err);
	if (rc == 0 && w.n > 0)
		rc = look(g, in, &marks, &w, err);
	keys_free(&marks);
	return rc;
}
