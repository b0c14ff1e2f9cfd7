#include "sync/kinds.h"

#include <limits.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "sync/written.h"

void kinds_init(struct kinds *k, const struct flow *f, struct arena *mem)
{
	k->flow = f;
	k->n = 1 + rules_count(f->rules);
	k->all = arena_zalloc(mem, k->n * sizeof(*k->all));
	for (unsigned i = 1; i < k->n; i++)
		k->all[i].name = rule_name(rules_at(f->rules, i - 1));
}

/* Does an attribute lose all values that it has? */
static bool clears(const struct row *row, const struct change *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		const struct attr *there = entry_get(row->current, m->attr);
		if (m->n_add == 0 && there != NULL && there->n > 0 && m->n_remove == there->n)
			return true;
	}
	return false;
}

static void count(struct tally *t, const struct row *row, const struct step *s)
{
	const bool hides = s->number == 3 && s->op == STEP_MODIFY;
	const bool modifies = s->change.op == CHANGE_MODIFY && s->change.n > 0;

	t->n[LIMIT_DELETE] += s->op == STEP_DELETE || hides;
	t->n[LIMIT_ADD] += s->op == STEP_ADD;
	if (s->op != STEP_MODIFY && s->op != STEP_LINK)
		return;
	t->n[LIMIT_MODIFY] += modifies && !hides;
	t->n[LIMIT_RENAME] += s->change.new_name.len > 0;
	t->n[LIMIT_CLEAR] += clears(row, &s->change);
}

static struct guard_kind *kind_of(struct kinds *k, const struct rule *rule)
{
	for (unsigned i = 1; rule != NULL && i < k->n; i++) {
		if (rules_at(k->flow->rules, i - 1) == rule)
			return &k->all[i];
	}
	return NULL;
}

void kinds_count(struct kinds *k, const struct row *row, const struct step *s)
{
	const struct rule *rule = row->open->desired.rule;

	if (!s->write)
		return;
	if (rule == NULL && row->link != NULL)
		rule = written_rule(k->flow->rules, k->flow->epoch, row->link->written);
	struct guard_kind *kind = kind_of(k, rule);
	count(&k->all[0].tally, row, s);
	if (kind != NULL)
		count(&kind->tally, row, s);
}

/* Is any number of a rule's over what is allowed of none at all? */
static bool matters(const struct kinds *k)
{
	for (unsigned i = 1; i < k->n; i++) {
		for (unsigned j = 0; j < N_LIMITS; j++) {
			if (k->all[i].tally.n[j] > limit_of(j, &k->flow->limits[j], 0))
				return true;
		}
	}
	return false;
}

int kinds_links(
	struct kinds *k, struct state *state, long long flow, long long links, struct err *err)
{
	struct link link;
	int rc;

	k->all[0].links = links;
	for (unsigned i = 1; i < k->n; i++)
		k->all[i].links = links;
	if (!matters(k))
		return 0;
	for (unsigned i = 1; i < k->n; i++)
		k->all[i].links = 0;
	if (state_links(state, flow, err) < 0)
		return -1;
	while ((rc = state_next_link(state, &link, err)) == 1) {
		struct guard_kind *kind =
			kind_of(k, written_rule(k->flow->rules, k->flow->epoch, link.written));
		if (kind != NULL)
			kind->links++;
	}
	return rc;
}
