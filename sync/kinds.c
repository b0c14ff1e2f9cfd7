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
		if (mod_clears(&c->mods[i], row->current))
			return true;
	}
	return false;
}

static void count(struct tally *t, const struct row *row, const struct step *s)
{
	const bool hides = s->number == 3 && s->op == STEP_MODIFY;
	const bool modifies = s->change.op == CHANGE_MODIFY && s->change.n > 0;

	t->n[LIMIT_DELETE] += s->op == STEP_DELETE || hides;
	t->n[LIMIT_DELETE] += s->op == STEP_FORGET && s->number == 3;
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

	if (!s->write && s->op != STEP_FORGET)
		return;
	if (rule == NULL && row->link != NULL)
		rule = written_rule(k->flow->rules, k->flow->epoch, row->link->written);
	struct guard_kind *kind = kind_of(k, rule);
	count(&k->all[0].tally, row, s);
	if (kind != NULL)
		count(&kind->tally, row, s);
}

/* With as many links or more no number of the kind is over its limit. A number over `max` is so for
 * all of the flow too. */
static long long enough_links(const struct flow *f, const struct tally *t)
{
	long long enough = 0;

	for (unsigned i = 0; i < N_LIMITS; i++) {
		const struct limit *l = &f->limits[i];
		const long long n = t->n[i],
				share = i == LIMIT_DELETE && l->percent > 100 - f->min_left
						? 100 - f->min_left
						: l->percent;
		if (n <= limit_of(i, l, 0) || n > l->max)
			continue;
		if (share <= 0)
			return LLONG_MAX;
		if (n * 100 / share + 1 > enough)
			enough = n * 100 / share + 1;
	}
	return enough;
}

int kinds_links(
	struct kinds *k, struct state *state, long long flow, long long links, struct err *err)
{
	unsigned wanting = 0;
	struct link link;
	int rc = 0;

	k->all[0].links = links;
	for (unsigned i = 1; i < k->n; i++) {
		struct guard_kind *kind = &k->all[i];
		kind->enough = enough_links(k->flow, &kind->tally);
		kind->links = kind->enough > 0 ? 0 : links;
		wanting += kind->enough > 0;
	}
	if (wanting == 0)
		return 0;
	if (state_links(state, flow, err) < 0)
		return -1;
	while (wanting > 0 && (rc = state_next_link(state, &link, err)) == 1) {
		struct guard_kind *kind =
			kind_of(k, written_rule(k->flow->rules, k->flow->epoch, link.written));
		if (kind != NULL && kind->enough > 0)
			wanting -= ++kind->links == kind->enough;
	}
	state_links_end(state);
	return rc < 0 ? -1 : 0;
}
