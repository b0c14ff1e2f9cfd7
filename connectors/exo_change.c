/*
 * A change as parameters of commands.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/exo.h"
#include "connectors/probe.h"

/* The field of a mod; NULL: it follows from others, or (-1) has no place. An add has, when it takes
 * a deletion back, also what Exchange had made itself, and will again. */
static int field_of(
	const struct change *c, unsigned i, const struct exo_field **field, struct err *err)
{
	const struct mod *m = &c->mods[i];

	*field = NULL;
	if (probe_implied(m->attr))
		return 0;
	*field = exo_field_of(m->attr);
	if (*field != NULL && !((*field)->is & EXO_READ))
		return 0;
	if (*field != NULL && c->op == CHANGE_ADD) {
		*field = NULL;
		return 0;
	}
	return err_set(err, ERR_ENTRY, "Exchange Online %s %s",
		*field != NULL ? "makes itself" : "has no place for", attr_name(m->attr));
}

static struct json *value_as(const struct exo_field *f, struct value v, struct err *err)
{
	const struct json_field field = {f->attr, f->property, f->kind, true};

	return json_field_value(&field, v, err);
}

static bool is_primary(struct value v)
{
	return v.len > 5 && memcmp(v.data, "SMTP:", 5) == 0;
}

/* Whatever the case is of TYPE, too. */
static bool same_address(struct value a, struct value b)
{
	return a.len == b.len && value_equal(attr_named("mail"), a, b);
}

/* One address is there once and one is the primary one: what the change says counts, and what
 * Exchange put there before gives way. */
static void settle_addresses(struct arena *mem, const struct mod *m, struct attr *after)
{
	bool primary = false;
	unsigned n = 0;

	for (unsigned k = 0; k < m->n_add; k++)
		primary |= is_primary(m->add[k]);
	for (unsigned i = 0; i < after->n; i++) {
		struct value v = after->values[i];
		bool twin = false;
		for (unsigned k = 0; k < m->n_add && !twin; k++)
			twin = same_address(v, m->add[k]) && !value_equal(m->attr, v, m->add[k]);
		if (twin)
			continue;
		if (primary && is_primary(v) && !value_among(m->attr, v, m->add, m->n_add))
			v = value_of(arena_printf(mem, "smtp:%.*s", (int)v.len - 5, v.data + 5));
		after->values[n++] = v;
	}
	after->n = n;
}

/* Values that the one has and the other has not; NULL: none, or (err) a value cannot be. */
static struct json *values_beside(const struct exo_field *f, const struct attr *has,
	const struct attr *other, struct err *err)
{
	struct json *list = NULL;

	for (unsigned i = 0; has != NULL && i < has->n; i++) {
		if (other != NULL && value_among(has->id, has->values[i], other->values, other->n))
			continue;
		struct json *v = value_as(f, has->values[i], err);
		if (v == NULL) {
			json_free(list);
			return NULL;
		}
		if (list == NULL)
			list = json_new_list();
		json_push(list, v);
	}
	return list;
}

/* {"Add":[...],"Remove":[...]} of what differs. A new primary address is told by the whole list: it
 * is documented so, and what Add does with one that is there already is not. */
static struct json *differences(const struct exo_field *f, const struct attr *before,
	const struct attr *after, struct err *err)
{
	struct json *j = json_new_object(), *add, *gone;

	for (unsigned i = 0; after != NULL && i < after->n; i++) {
		if (attr_syntax(after->id) == SYNTAX_ADDRESS && is_primary(after->values[i]) &&
			(before == NULL || !value_among(after->id, after->values[i], before->values,
						   before->n))) {
			json_free(j);
			return values_beside(f, after, NULL, err);
		}
	}
	add = values_beside(f, after, before, err);
	gone = err->kind == ERR_NONE ? values_beside(f, before, after, err) : NULL;
	if (add != NULL)
		json_put(j, "Add", add);
	if (gone != NULL)
		json_put(j, "Remove", gone);
	if (err->kind == ERR_NONE)
		return j;
	json_free(j);
	return NULL;
}

/* The single value; no value is null, or false. */
static struct json *single(const struct exo_field *f, const struct attr *after, struct err *err)
{
	if (after != NULL && after->n > 0)
		return value_as(f, after->values[0], err);
	return f->kind == JSON_BOOL ? json_new_flag(false) : json_new_null();
}

/* Did somebody else give it another value since it was read? */
static bool meanwhile(const struct mod *m, const struct attr *before)
{
	if (m->replace || before == NULL || before->n == 0)
		return false;
	return !value_among(m->attr, before->values[0], m->remove, m->n_remove) &&
	       !value_among(m->attr, before->values[0], m->add, m->n_add);
}

/* What the attribute is to be. A single value takes the place of the one there. */
static const struct attr *after_of(const struct exo_field *f, const struct mod *m,
	const struct entry *before, struct arena *mem, struct entry *after)
{
	const struct mod one = {.attr = m->attr,
		.replace = m->replace || !(f->is & EXO_MANY),
		.n_add = m->n_add,
		.add = m->add,
		.n_remove = f->is & EXO_MANY ? m->n_remove : 0,
		.remove = m->remove};
	struct mod mods[] = {one};
	const struct change c = {.op = CHANGE_MODIFY, .n = 1, .mods = mods};

	entry_copy(mem, after, before);
	change_apply(mem, after, &c);
	for (unsigned i = 0; i < after->n; i++) {
		if (after->attrs[i].id == m->attr && attr_syntax(m->attr) == SYNTAX_ADDRESS &&
			(f->is & EXO_MANY))
			settle_addresses(mem, m, &after->attrs[i]);
	}
	return entry_get(after, m->attr);
}

static int put(const struct exo_field *f, const struct mod *m, const struct entry *before,
	struct arena *mem, struct json *to, struct err *err)
{
	const struct attr *was = entry_get(before, m->attr), *is;
	struct entry after;
	struct json *v;

	if (!(f->is & EXO_MANY) && meanwhile(m, was))
		return err_set(err, ERR_ENTRY, "changed meanwhile: %s", attr_name(m->attr));
	is = after_of(f, m, before, mem, &after);
	if (attr_equal(was, is))
		return 0;
	err->kind = ERR_NONE;
	v = f->is & EXO_MANY ? differences(f, was, is, err) : single(f, is, err);
	if (v == NULL)
		return err_in(err, "%s", attr_name(m->attr));
	json_put(to, f->property, v);
	return 0;
}

int exo_change_parameters(struct exo_dir *d, enum exo_side side, const struct change *c,
	const struct entry *before, struct arena *mem, struct json **out, struct err *err)
{
	const struct exo_field *f;
	struct value name;

	*out = json_new_object();
	if (side == EXO_MAIL && c->new_name.len > 0 && !value_same(before->name, c->new_name) &&
		exo_name_of(d, mem, c->new_name, &name))
		json_put(*out, "Name", json_new_text(name));
	for (unsigned i = 0; i < c->n; i++) {
		if (field_of(c, i, &f, err) < 0 ||
			(f != NULL && f->side == side &&
				put(f, &c->mods[i], before, mem, *out, err) < 0)) {
			json_free(*out);
			*out = NULL;
			return -1;
		}
	}
	return 0;
}

int exo_change_new(struct exo_dir *d, const struct change *c, struct arena *mem, struct json **out,
	struct err *err)
{
	const unsigned target = attr_named("targetAddress");
	const struct entry nothing = {.n = 0};
	const struct exo_field *f;
	struct value name;
	bool has_target = false;
	int r = 0;

	if (!exo_name_of(d, mem, c->name, &name))
		return err_set(err, ERR_ENTRY, "contacts are called CN=...,%s", d->base);
	*out = json_new_object();
	json_put(*out, "Name", json_new_text(name));
	for (unsigned i = 0; i < c->n && r == 0; i++) {
		r = field_of(c, i, &f, err);
		has_target |= c->mods[i].attr == target && c->mods[i].n_add > 0;
		if (r == 0 && f != NULL && (f->is & EXO_NEW))
			r = put(f, &c->mods[i], &nothing, mem, *out, err);
	}
	if (r == 0 && !has_target)
		r = err_set(err, ERR_ENTRY, "a mail contact needs targetAddress");
	if (r < 0) {
		json_free(*out);
		*out = NULL;
	}
	return r;
}

bool exo_change_foreign(const struct change *add, const struct entry *there)
{
	for (unsigned i = 0; i < add->n; i++) {
		const struct exo_field *f = exo_field_of(add->mods[i].attr);
		if (f != NULL && !(f->is & (EXO_MANY | EXO_READ)) &&
			meanwhile(&add->mods[i], entry_get(there, add->mods[i].attr)))
			return true;
	}
	return false;
}
