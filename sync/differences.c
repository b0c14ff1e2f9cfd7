#include "sync/differences.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/utf8.h"
#include "base/value_set.h"
#include "rules/address.h"
#include "sync/authority.h"
#include "sync/reach.h"
#include "sync/undone.h"
#include "sync/written.h"

static void add_denied(struct arena *mem, struct step *s, struct denied d)
{
	struct denied *more = arena_alloc(mem, (s->n_denied + 1) * sizeof(*more));

	if (s->n_denied > 0)
		memcpy(more, s->denied, s->n_denied * sizeof(*more));
	more[s->n_denied++] = d;
	s->denied = more;
}

void difference_deny(struct arena *mem, const struct flow *f, const char *object_side,
	const struct wanted *w, struct step *s)
{
	struct denied d = {.attr = w->attr,
		.removal = w->n == 0,
		.side = f->source,
		.authority = authority_side(f, object_side, w->attr),
		.rule = w->line};

	for (unsigned i = 0; i < w->n; i++) {
		d.value = w->values[i];
		add_denied(mem, s, d);
	}
	if (w->n == 0)
		add_denied(mem, s, d);
}

/* The source may not make this difference: what it would put there, or else take away. */
static void deny_mod(struct arena *mem, const struct flow *f, const struct row *row,
	const struct wanted *w, const struct mod *m, bool clears, struct step *s)
{
	const struct wanted tried = {w->attr, w->mode, m->n_add, m->add, w->line, false};
	struct denied d = {.attr = w->attr,
		.removal = true,
		.side = f->source,
		.authority = authority_side(f, row->side, w->attr),
		.rule = w->line};

	if (m->n_add > 0 || clears) {
		difference_deny(mem, f, row->side, &tried, s);
		return;
	}
	for (unsigned i = 0; i < m->n_remove; i++) {
		d.value = m->remove[i];
		add_denied(mem, s, d);
	}
}

/* In whatever spelling: an address of somebody's that lost its rank to one of ours is theirs still.
 */
static bool had(const struct entry *e, unsigned attr, struct value v)
{
	const struct attr *a = entry_get(e, attr);

	for (unsigned i = 0; a != NULL && i < a->n; i++) {
		if (utf8_same(a->values[i], v))
			return true;
	}
	return false;
}

bool difference_ours(
	const struct row *row, const struct written *before, unsigned attr, struct value v)
{
	return written_value(before, attr, v) ||
	       (row->was != row->current && entry_has(row->current, attr, v) &&
		       !had(row->was, attr, v));
}

/* Values of others stay; of ours of before, those go that the rules no longer give. */
static unsigned merge(struct arena *mem, const struct row *row, const struct written *before,
	const struct wanted *w, const struct attr *there, struct value **out)
{
	struct value_set given, taken, all;

	value_set_of(&given, mem, w->attr, w->values, w->n);
	value_set_new(&taken, mem, w->attr, there->n);
	for (unsigned i = 0; i < there->n; i++) {
		struct value v = there->values[i];
		if (!value_set_has(&given, v) && difference_ours(row, before, w->attr, v))
			value_set_add(&taken, v);
	}
	if (attr_syntax(w->attr) == SYNTAX_ADDRESS)
		return address_merge(
			mem, there->values, there->n, w->values, w->n, taken.values, taken.n, out);
	value_set_new(&all, mem, w->attr, there->n + w->n);
	for (unsigned i = 0; i < there->n; i++) {
		if (!value_set_has(&taken, there->values[i]))
			value_set_add(&all, there->values[i]);
	}
	for (unsigned i = 0; i < w->n; i++)
		value_set_add(&all, w->values[i]);
	*out = all.values;
	return all.n;
}

/* The same; values that are the other side's all the same stay as they are. */
static unsigned merged(struct arena *mem, const struct flow *f, const struct row *row,
	const struct written *before, const struct wanted *w, const struct attr *there,
	struct value **out)
{
	const unsigned n_there = there != NULL ? there->n : 0;
	struct value *kept = arena_alloc(mem, n_there * sizeof(*kept)), *all;
	struct attr rest = {.id = w->attr, .values = arena_alloc(mem, n_there * sizeof(*kept))};
	unsigned n_kept = 0;

	for (unsigned i = 0; i < n_there; i++) {
		struct value v = there->values[i];
		if (authority_excepts(f, row->side, w->attr, v))
			kept[n_kept++] = v;
		else
			rest.values[rest.n++] = v;
	}
	unsigned n = merge(mem, row, before, w, &rest, &all);
	*out = arena_alloc(mem, (n + n_kept) * sizeof(**out));
	for (unsigned i = 0; i < n + n_kept; i++)
		(*out)[i] = i < n ? all[i] : kept[i - n];
	return n + n_kept;
}

/* Values of one list that are not in the other, in canonical order. */
static unsigned without(struct arena *mem, unsigned attr, const struct value *a, unsigned n_a,
	const struct value *b, unsigned n_b, struct value **out)
{
	struct value_set others, rest;

	value_set_of(&others, mem, attr, b, n_b);
	value_set_new(&rest, mem, attr, n_a);
	for (unsigned i = 0; i < n_a; i++) {
		if (!value_set_has(&others, a[i]))
			value_set_add(&rest, a[i]);
	}
	values_sort(rest.values, rest.n);
	*out = rest.values;
	return rest.n;
}

/* A rule that says all of the values does not mean those that only ever come. */
static unsigned with_those_that_stay(
	struct arena *mem, const struct attr *there, const struct wanted *w, struct value **out)
{
	unsigned n = w->n;

	*out = arena_alloc(mem, (w->n + there->n) * sizeof(**out));
	for (unsigned i = 0; i < n; i++)
		(*out)[i] = w->values[i];
	for (unsigned i = 0; i < there->n; i++) {
		if (reach_stays(w->attr, there->values[i], w->values, w->n))
			(*out)[n++] = there->values[i];
	}
	return n;
}

/* Only its type is written in another way: an address became the primary one, or is it no more. */
static bool retyped(const struct mod *m, struct value v)
{
	for (unsigned i = 0; i < m->n_remove; i++) {
		if (utf8_same(m->remove[i], v))
			return true;
	}
	return false;
}

/* Somebody made an address of theirs the primary one. */
static bool outranked(const struct row *row, const struct written *before, const struct mod *m)
{
	for (unsigned i = 0; i < m->n_remove; i++) {
		struct value v = m->remove[i];
		if (v.len > 5 && memcmp(v.data, "SMTP:", 5) == 0 &&
			!difference_ours(row, before, m->attr, v))
			return true;
	}
	return false;
}

/* A run that could not remember it took it away: nobody else did, though it comes back in another
 * spelling. */
static bool went_with_us(const struct row *row, unsigned attr, struct value v)
{
	return had(row->was, attr, v) && !had(row->current, attr, v);
}

/* Did somebody change the attribute since we wrote it? What they put there was an attempt of the
 * target's side. */
static void note_drift(struct arena *mem, const struct flow *f, const struct row *row,
	const struct written *before, const struct wanted *w, const struct mod *m, struct step *s)
{
	const struct attr *there = entry_get(row->was, w->attr);
	struct denied d = {.attr = w->attr,
		.side = f->target,
		.authority = authority_side(f, row->side, w->attr),
		.rule = w->line};

	if (w->mode == FLOW_MERGE) {
		/* Ours is missing, and the rules gave it all the time: it was taken away. */
		for (unsigned i = 0; i < m->n_add; i++) {
			if (!written_value(before, w->attr, m->add[i]) ||
				entry_has(row->was, w->attr, m->add[i]) ||
				went_with_us(row, w->attr, m->add[i]) ||
				(retyped(m, m->add[i]) && !outranked(row, before, m)))
				continue;
			d.removal = true;
			d.value = m->add[i];
			add_denied(mem, s, d);
		}
		return;
	}
	if (written_left(before, w->attr, there))
		return;
	/* That was us: plan_hide. */
	if (row->link->left > 0 && w->attr == attr_named("msExchHideFromAddressLists"))
		return;
	for (unsigned i = 0; i < m->n_remove; i++) {
		d.value = m->remove[i];
		add_denied(mem, s, d);
	}
	if (m->n_remove == 0) {
		d.removal = true;
		add_denied(mem, s, d);
	}
}

/* One attribute: its mod goes behind the others of the change when there is a difference. */
static void one(struct arena *mem, const struct flow *f, const struct row *row,
	const struct written *before, const struct wanted *w, struct step *s)
{
	const struct attr *there = entry_get(row->current, w->attr);
	struct attr shall = {w->attr, w->n, w->values};
	struct mod m = {.attr = w->attr};

	if (w->mode == FLOW_MERGE)
		shall.n = merged(mem, f, row, before, w, there, &shall.values);
	else if (there != NULL && !w->nothing && attr_syntax(w->attr) == SYNTAX_ADDRESS)
		shall.n = with_those_that_stay(mem, there, w, &shall.values);
	if (attr_equal(there, &shall))
		return;
	m.n_remove = without(mem, w->attr, there != NULL ? there->values : NULL,
		there != NULL ? there->n : 0, shall.values, shall.n, &m.remove);
	m.n_add = without(mem, w->attr, shall.values, shall.n, there != NULL ? there->values : NULL,
		there != NULL ? there->n : 0, &m.add);
	if (m.n_remove == 0 && m.n_add == 0)
		return;
	if (!authority_ours(f, row->side, w->attr)) {
		deny_mod(mem, f, row, w, &m, shall.n == 0, s);
		return;
	}
	const unsigned n_denied = s->n_denied;
	if (row->link != NULL)
		note_drift(mem, f, row, before, w, &m, s);
	if (s->n_denied > n_denied && undone_reports(f, row->link, w->attr, row->now))
		return;
	s->lines[s->change.n] = w->line;
	s->change.mods[s->change.n++] = m;
}

/* A name that the target's side gave is put back, as any value is. */
static void rename_back(struct arena *mem, const struct flow *f, const struct row *row,
	const struct written *before, struct step *s)
{
	struct value name = row->verdict->name;

	if (value_same(name, row->current->name) || dn_text_equal(name, row->current->name))
		return;
	unsigned attr = attr_named("distinguishedName");
	struct wanted w = {attr, FLOW_ALWAYS, 1, &name, "name", false};
	if (!authority_ours(f, row->side, attr)) {
		difference_deny(mem, f, row->side, &w, s);
		return;
	}
	const bool ours = written_name(before, row->was->name);
	if (ours || !undone_reports(f, row->link, attr, row->now))
		s->change.new_name = value_copy(mem, name);
	if (ours)
		return;
	add_denied(mem, s,
		(struct denied){.attr = attr,
			.value = row->current->name,
			.side = f->target,
			.authority = authority_side(f, row->side, attr),
			.rule = "name"});
}

void differences(struct arena *mem, const struct flow *f, const struct row *row,
	const struct wanted *w, unsigned n, struct step *s)
{
	struct written before = {row->open->desired.rule, f->epoch,
		row->link != NULL ? row->link->written : (struct value){NULL, 0}, NULL};
	unsigned object_class = attr_named("objectClass");
	struct value ignored;
	const unsigned naming = dn_naming(mem, row->current->name, &ignored);

	written_sort(mem, &before);
	s->change = (struct change){
		.op = CHANGE_MODIFY, .id = row->current->id, .name = row->current->name};
	s->change.mods = arena_zalloc(mem, n * sizeof(*s->change.mods));
	s->lines = arena_alloc(mem, n * sizeof(*s->lines));
	for (unsigned i = 0; i < n; i++) {
		/* The classes are the directory's once the entry is there; the naming attribute
		 * changes by renaming. */
		if (w[i].mode != FLOW_ADD && w[i].attr != object_class && w[i].attr != naming)
			one(mem, f, row, &before, &w[i], s);
	}
	rename_back(mem, f, row, &before, s);
}
