#include "connectors/ldap_writer.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"

static bool has_all(const struct entry *e, const struct mod *m)
{
	for (unsigned i = 0; i < m->n_add; i++) {
		if (!entry_has(e, m->attr, m->add[i]))
			return false;
	}
	return true;
}

/* It is ours when it carries all that we would have given it: our marker is among that. */
static enum seen see_add(const struct change *c, const struct entry *there, struct err *err)
{
	if (there == NULL)
		return SEEN_BEFORE;
	for (unsigned i = 0; i < c->n; i++) {
		if (!has_all(there, &c->mods[i])) {
			err_set(err, ERR_ENTRY, "another entry has this name: its %s differs",
				attr_name(c->mods[i].attr));
			return SEEN_OTHER;
		}
	}
	return SEEN_DONE;
}

static enum seen see_rename(const struct change *c, const struct entry *there, struct err *err)
{
	if (there == NULL)
		return SEEN_BEFORE;
	/* Another spelling of the same name: whether it has that already does not matter. */
	if (dn_text_equal(c->name, c->new_name))
		return value_same(there->name, c->new_name) ? SEEN_DONE : SEEN_BEFORE;
	if (value_same(there->id, c->id))
		return SEEN_DONE;
	err_set(err, ERR_ENTRY, "another entry has this name");
	return SEEN_OTHER;
}

static enum seen see_delete(const struct change *c, const struct entry *there)
{
	const bool gone = there == NULL || (c->id.len > 0 && !value_same(there->id, c->id));

	return gone ? SEEN_DONE : SEEN_BEFORE;
}

/* Is anything there beside what goes? */
static bool has_others(const struct mod *m, const struct entry *there)
{
	const struct attr *a = entry_get(there, m->attr);

	for (unsigned i = 0; a != NULL && i < a->n; i++) {
		if (!value_among(m->attr, a->values[i], m->remove, m->n_remove))
			return true;
	}
	return false;
}

/* Would the server have taken it: is all there that goes, and nothing in the way of what comes? */
static bool as_expected(const struct mod *m, const struct entry *there)
{
	if (m->replace)
		return true;
	for (unsigned i = 0; i < m->n_remove; i++) {
		if (!entry_has(there, m->attr, m->remove[i]))
			return false;
	}
	if (m->n_add > 0 && attr_single(m->attr) && has_others(m, there))
		return false;
	for (unsigned i = 0; i < m->n_add; i++) {
		if (entry_has(there, m->attr, m->add[i]) &&
			!value_among(m->attr, m->add[i], m->remove, m->n_remove))
			return false;
	}
	return true;
}

static enum seen see_modify(
	struct arena *mem, const struct change *c, const struct entry *there, struct err *err)
{
	struct entry wanted;
	bool done = true;

	if (there == NULL) {
		err_set(err, ERR_ENTRY, "changed meanwhile: the entry is gone");
		return SEEN_OTHER;
	}
	entry_copy(mem, &wanted, there);
	change_apply(mem, &wanted, c);
	for (unsigned i = 0; i < c->n && done; i++) {
		unsigned attr = c->mods[i].attr;
		done = attr_equal(entry_get(&wanted, attr), entry_get(there, attr));
	}
	if (done)
		return SEEN_DONE;
	for (unsigned i = 0; i < c->n; i++) {
		if (!as_expected(&c->mods[i], there)) {
			err_set(err, ERR_ENTRY, "changed meanwhile: %s",
				attr_name(c->mods[i].attr));
			return SEEN_OTHER;
		}
	}
	return SEEN_BEFORE;
}

enum seen readback(struct arena *mem, enum stage stage, const struct change *c,
	const struct entry *there, struct err *err)
{
	switch (stage) {
	case STAGE_ADD:
		return see_add(c, there, err);
	case STAGE_RENAME:
		return see_rename(c, there, err);
	case STAGE_DELETE:
		return see_delete(c, there);
	case STAGE_MODIFY:
	case STAGE_IDENTIFY:
	case STAGE_LOOK:
		break;
	}
	return see_modify(mem, c, there, err);
}

struct mod *readback_replace(
	struct arena *mem, const struct change *c, const struct entry *there, unsigned *n)
{
	struct mod *mods = arena_zalloc(mem, c->n * sizeof(*mods));
	struct entry wanted;

	entry_copy(mem, &wanted, there);
	change_apply(mem, &wanted, c);
	*n = 0;
	for (unsigned i = 0; i < c->n; i++) {
		const struct attr *a = entry_get(&wanted, c->mods[i].attr);
		mods[(*n)++] = (struct mod){.attr = c->mods[i].attr,
			.replace = true,
			.n_add = a != NULL ? a->n : 0,
			.add = a != NULL ? a->values : NULL};
	}
	return mods;
}
