#include "base/change.h"

#include "base/arena.h"
#include "base/value_set.h"

/* What stays of what was there, then what is new. */
static void apply_mod(struct arena *mem, struct entry *e, const struct mod *m)
{
	const struct attr *there = m->replace ? NULL : entry_get(e, m->attr);
	const unsigned n_there = there != NULL ? there->n : 0;
	struct value_set goes, stays, comes;
	unsigned n = 0;

	/* Most are one value of a new entry. */
	if (n_there == 0 && m->n_add == 1) {
		entry_put(mem, e, m->attr, m->add, 1);
		return;
	}
	struct value *v = arena_alloc(mem, (n_there + m->n_add) * sizeof(*v));
	value_set_of(&goes, mem, m->attr, m->remove, m->n_remove);
	for (unsigned i = 0; i < n_there; i++) {
		if (!value_set_has(&goes, there->values[i]))
			v[n++] = there->values[i];
	}
	value_set_of(&stays, mem, m->attr, v, n);
	value_set_new(&comes, mem, m->attr, m->n_add);
	for (unsigned i = 0; i < m->n_add; i++) {
		if (!value_set_has(&stays, m->add[i]) && value_set_add(&comes, m->add[i]))
			v[n++] = m->add[i];
	}
	if (n > 0)
		entry_put(mem, e, m->attr, v, n);
	else
		entry_drop(e, m->attr);
}

bool mod_clears(const struct mod *m, const struct entry *e)
{
	const struct attr *there = entry_get(e, m->attr);

	return m->n_add == 0 && there != NULL && there->n > 0 && m->n_remove == there->n;
}

void change_apply(struct arena *mem, struct entry *e, const struct change *c)
{
	for (unsigned i = 0; i < c->n; i++)
		apply_mod(mem, e, &c->mods[i]);
	if (c->op == CHANGE_ADD)
		e->name = c->name;
	else if (c->new_name.len > 0)
		e->name = c->new_name;
}
