#include "sync/beside_object.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"

/* What both sides leave behind. */
struct outcome_of {
	const struct flow *flow;
	const struct pairing *p;
	bool theirs_is, ours_is;
	struct entry theirs, ours;
};

bool beside_after(struct arena *mem, const struct change *change, bool is,
	const struct entry *before, struct entry *after)
{
	if (change == NULL) {
		*after = *before;
		return is;
	}
	*after = (struct entry){.name = change->name};
	if (is)
		entry_copy(mem, after, before);
	if (change->op != CHANGE_DELETE)
		change_apply(mem, after, change);
	return change->op != CHANGE_DELETE;
}

/* A class that one side has and the other does not is one that a server adds. */
static bool classes_fit(const struct attr *a, const struct attr *b)
{
	const struct attr *few = a->n < b->n ? a : b, *many = a->n < b->n ? b : a;

	for (unsigned i = 0; i < few->n; i++) {
		bool has = false;
		for (unsigned k = 0; k < many->n; k++)
			has = has || value_equal(few->id, few->values[i], many->values[k]);
		if (!has)
			return false;
	}
	return true;
}

static enum likeness like(const struct attr *theirs, const struct attr *ours)
{
	const bool has_theirs = theirs != NULL && theirs->n > 0;
	const bool has_ours = ours != NULL && ours->n > 0;

	if (!has_theirs || !has_ours)
		return has_theirs ? LIKE_THEIRS : has_ours ? LIKE_OURS : LIKE_SAME;
	if (theirs->id == attr_named("objectClass"))
		return classes_fit(theirs, ours) ? LIKE_SAME : LIKE_DIFFERS;
	return attr_equal(theirs, ours) ? LIKE_SAME : LIKE_DIFFERS;
}

/* Does their part tell all that the object will have? */
static bool complete(const struct pairing *p)
{
	return p->theirs != NULL && (p->theirs->whole || p->theirs->change.op == CHANGE_ADD);
}

static void add_mods(struct arena *mem, struct attr_set *set, const struct change *change)
{
	for (unsigned i = 0; i < change->n; i++)
		attr_set_add(mem, set, change->mods[i].attr);
}

/* The attributes that count for this object. */
static void touched(struct arena *mem, const struct outcome_of *o, struct attr_set *set)
{
	const struct pairing *p = o->p;

	if (p->ours != NULL)
		add_mods(mem, set, p->ours);
	if (p->theirs != NULL && !p->theirs->whole)
		add_mods(mem, set, &p->theirs->change);
	if (!complete(p))
		return;
	for (unsigned i = 0; i < o->theirs.n; i++)
		attr_set_add(mem, set, o->theirs.attrs[i].id);
	for (unsigned i = 0; o->ours_is && i < o->ours.n; i++) {
		if (attr_set_has(&o->flow->writes, o->ours.attrs[i].id))
			attr_set_add(mem, set, o->ours.attrs[i].id);
	}
}

/* Does the name say it: cn of CN=Ann? */
static bool names(struct arena *mem, struct value name, unsigned attr)
{
	struct err ignored;
	struct dn dn;

	if (name.len == 0 || dn_parse(mem, dn_leaf(name), &dn, &ignored) < 0 || dn.n == 0)
		return false;
	for (unsigned i = 0; i < dn.rdns[0].n; i++) {
		if (attr_named(dn.rdns[0].avas[i].type) == attr)
			return true;
	}
	return false;
}

static bool left_out(struct arena *mem, const struct outcome_of *o, unsigned attr)
{
	return attr == o->flow->marker || attr == attr_named("objectGUID") ||
	       names(mem, o->theirs.name, attr) || names(mem, o->ours.name, attr);
}

static const struct attr *name_attr(struct arena *mem, struct value *name)
{
	struct attr *a = arena_alloc(mem, sizeof(*a));

	*a = (struct attr){attr_named("distinguishedName"), 1, name};
	return a;
}

static void note(struct beside *b, unsigned attr, enum likeness how, const struct attr *theirs,
	const struct attr *ours)
{
	b->attrs[b->n++] = (struct attr_beside){attr, how, theirs, ours};
}

static void compare_attrs(struct arena *mem, struct outcome_of *o, struct beside *b)
{
	struct attr_set set = {0};

	touched(mem, o, &set);
	b->attrs = arena_alloc(mem, (set.n + 1) * sizeof(*b->attrs));
	if (o->theirs_is && o->ours_is) {
		bool same = dn_text_equal(o->theirs.name, o->ours.name);
		note(b, attr_named("distinguishedName"), same ? LIKE_SAME : LIKE_DIFFERS,
			name_attr(mem, &o->theirs.name), name_attr(mem, &o->ours.name));
	}
	for (unsigned attr = 0; attr < set.n; attr++) {
		if (!attr_set_has(&set, attr) || left_out(mem, o, attr))
			continue;
		const struct attr *theirs = o->theirs_is ? entry_get(&o->theirs, attr) : NULL;
		const struct attr *ours = o->ours_is ? entry_get(&o->ours, attr) : NULL;
		note(b, attr, like(theirs, ours), theirs, ours);
	}
}

static bool all_same(const struct beside *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		if (b->attrs[i].like != LIKE_SAME)
			return false;
	}
	return true;
}

static enum likeness judge(const struct outcome_of *o, const struct beside *b)
{
	const bool same = o->theirs_is == o->ours_is && (!o->theirs_is || all_same(b));

	if (same)
		return LIKE_SAME;
	if (o->p->theirs == NULL)
		return LIKE_OURS;
	/* An entry that they tell says nothing of who changes it. */
	if (o->p->ours == NULL && !(o->p->theirs->whole && o->p->is))
		return LIKE_THEIRS;
	return LIKE_DIFFERS;
}

static const char *what(const struct change *c)
{
	static const char *const words[] = {
		[CHANGE_ADD] = "add",
		[CHANGE_MODIFY] = "modify",
		[CHANGE_DELETE] = "delete",
	};

	return c != NULL ? words[c->op] : "none";
}

void beside_object(
	struct arena *mem, const struct flow *f, const struct pairing *p, struct beside *b)
{
	const struct foreign_record *r = p->theirs;
	const struct change *change = r != NULL && !r->whole ? &r->change : NULL;
	struct outcome_of *o = arena_zalloc(mem, sizeof(*o));

	*b = (struct beside){0};
	o->flow = f;
	o->p = p;
	o->theirs_is = beside_after(mem, change, p->is, &p->before, &o->theirs);
	if (r != NULL && r->whole) {
		o->theirs = r->entry;
		o->theirs_is = true;
	}
	o->ours_is = beside_after(mem, p->ours, p->is, &p->before, &o->ours);
	if (o->theirs_is || o->ours_is)
		compare_attrs(mem, o, b);
	b->name = r == NULL ? p->ours->name : r->whole ? r->entry.name : r->change.name;
	b->theirs = r != NULL && r->whole ? "entry" : what(change);
	b->ours = what(p->ours);
	b->like = judge(o, b);
}
