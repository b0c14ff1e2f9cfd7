#include "sync/undo_invert.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/value_set.h"
#include "sync/authority.h"
#include "sync/gate.h"
#include "sync/undo.h"

/* Operational attributes (RFC 4512, section 3.4), those that Active Directory makes (MS-ADTS
 * 3.1.1.2.3, 3.1.1.4.5), and back links, which belong to another entry. */
static const char *const made_by_servers[] = {"objectGUID", "objectSid", "objectCategory",
	"distinguishedName", "name", "instanceType", "whenCreated", "whenChanged", "uSNCreated",
	"uSNChanged", "dSCorePropagationData", "replPropertyMetaData", "sAMAccountType",
	"canonicalName", "isDeleted", "isRecycled", "lastKnownParent", "memberOf", "directReports",
	"managedObjects", "entryUUID", "entryDN", "entryCSN", "contextCSN", "nsUniqueId", "entryid",
	"parentid", "structuralObjectClass", "subschemaSubentry", "hasSubordinates",
	"numSubordinates", "creatorsName", "createTimestamp", "modifiersName", "modifyTimestamp"};

#define N_MADE (sizeof(made_by_servers) / sizeof(made_by_servers[0]))

bool undo_leaves_out(unsigned attr)
{
	static unsigned ids[N_MADE];

	return attr_among(attr, made_by_servers, N_MADE, ids) || gate_forbids(attr);
}

static void say(struct arena *mem, const struct inverting *v, const char *why, struct step *s)
{
	const struct op *op = v->op;

	*s = (struct step){.op = STEP_CONFLICT,
		.number = UNDO_CASE,
		.source_id = op->source,
		.source_name = op->source_name,
		.target_id = op->target,
		.target_name = v->current != NULL ? v->current->name : op->change.name,
		.message = arena_strdup(mem, why)};
}

static bool carries_marker(struct arena *mem, const struct inverting *v)
{
	return value_same(plan_mark(v->flow, v->current), plan_marker(mem, v->flow, v->op->source));
}

/* The link as it was, to be looked at by the next run. */
static void put_link_back(struct arena *mem, const struct inverting *v, struct step *s)
{
	s->remember = true;
	s->link = v->op->link;
	s->link.source = v->op->source; /* there may have been none (orphans.h) */
	s->link.source_digest = 0;
	/* What the source's flag says is not of the run: the next one reads it again. */
	s->link.flag = v->link != NULL ? v->link->flag : 0;
	if (v->current != NULL)
		s->link.target = v->current->id;
	if (s->link.side != NULL)
		s->message = arena_printf(mem, "that it is %s's comes back, too", s->link.side);
}

static bool link_differs(const struct link *now, const struct link *s)
{
	return now == NULL || !value_same(now->target, s->target) || now->source_digest != 0 ||
	       now->left != s->left || !value_same(now->written, s->written) ||
	       !value_same(now->undone, s->undone);
}

/* Added by us: deleted, if it is still that. */
static void invert_add(
	struct arena *mem, const struct inverting *v, struct step *s, struct step *conflict)
{
	const struct entry *e = v->current;

	if (e == NULL) {
		if (v->link != NULL)
			s->op = STEP_FORGET;
		return;
	}
	const char *why = plan_protected(v->flow, e);
	if (!carries_marker(mem, v))
		why = "does not carry our marker any more: left alone";
	else if (why == NULL && (entry_digest(e, v->attrs) != v->op->digest ||
					!dn_text_equal(e->name, v->op->change.name)))
		why = "was changed since it was added: left alone (undo the later runs first)";
	if (why != NULL) {
		say(mem, v, why, conflict);
		return;
	}
	s->op = STEP_DELETE;
	s->write = true;
	s->change = (struct change){.op = CHANGE_DELETE, .id = e->id, .name = e->name};
	/* Should it be there still, it is ours as before. */
	if (v->link != NULL)
		s->link = *v->link;
}

/* The entry as it was, without what only a server says. */
static void add_again(struct arena *mem, const struct inverting *v, struct step *s)
{
	const struct entry *before = &v->op->before;
	struct change *c = &s->change;

	*c = (struct change){.op = CHANGE_ADD, .name = before->name};
	c->mods = arena_zalloc(mem, before->n * sizeof(*c->mods));
	for (unsigned i = 0; i < before->n; i++) {
		const struct attr *a = &before->attrs[i];
		if (undo_leaves_out(a->id))
			continue;
		s->refers_new |= v->postpones && attr_syntax(a->id) == SYNTAX_DN;
		c->mods[c->n++] = (struct mod){.attr = a->id, .n_add = a->n, .add = a->values};
	}
	s->op = STEP_ADD;
	s->write = true;
	s->target_id = (struct value){NULL, 0};
	s->target_name = before->name;
	put_link_back(mem, v, s);
	s->link.target = (struct value){NULL, 0};
}

static void invert_delete(
	struct arena *mem, const struct inverting *v, struct step *s, struct step *conflict)
{
	if (v->current != NULL && carries_marker(mem, v)) {
		/* An undo that was killed has added it. */
		put_link_back(mem, v, s);
		s->op = v->link == NULL ? STEP_LINK : STEP_NONE;
		s->remember = v->link == NULL || link_differs(v->link, &s->link);
	} else if (v->current != NULL || v->holder != NULL) {
		say(mem, v, "another entry has its name: not added again", conflict);
	} else {
		add_again(mem, v, s);
	}
}

/* Of one list: all, some, none are in the other? Names as names, whose spelling is the server's;
 * everything else to the byte, as octets are. */
static void among(struct arena *mem, unsigned attr, const struct value *some, unsigned n_some,
	const struct attr *list, bool *all, bool *any)
{
	const unsigned as = attr_syntax(attr) == SYNTAX_DN ? attr : attr_named("jpegPhoto");
	struct value_set set;

	value_set_of(&set, mem, as, list != NULL ? list->values : NULL, list != NULL ? list->n : 0);
	*all = true;
	*any = false;
	for (unsigned i = 0; i < n_some; i++) {
		const bool has = value_set_has(&set, some[i]);
		*all &= has;
		*any |= has;
	}
}

enum found { AS_WRITTEN, AS_BEFORE, CHANGED };

/* How is what a mod wrote now? */
static enum found look(struct arena *mem, const struct entry *e, const struct mod *m)
{
	const struct attr *a = entry_get(e, m->attr);
	const unsigned n = a != NULL ? a->n : 0;
	bool all_added, some_added, all_removed, some_removed;

	among(mem, m->attr, m->add, m->n_add, a, &all_added, &some_added);
	among(mem, m->attr, m->remove, m->n_remove, a, &all_removed, &some_removed);
	/* Of an attribute with one value, another one is there. */
	if (n > 0 && attr_single(m->attr) &&
		((m->n_add == 0 && !some_removed) || (m->n_remove == 0 && !all_added)))
		return CHANGED;
	if (all_added && !some_removed)
		return AS_WRITTEN;
	return !some_added && all_removed ? AS_BEFORE : CHANGED;
}

const char *undo_mods(
	struct arena *mem, const struct change *done, const struct entry *now, struct change *c)
{
	const char *changed = NULL;

	c->mods = arena_zalloc(mem, done->n * sizeof(*c->mods));
	for (unsigned i = 0; i < done->n; i++) {
		const struct mod *m = &done->mods[i];
		enum found found = look(mem, now, m);
		if (found == AS_WRITTEN)
			c->mods[c->n++] = (struct mod){.attr = m->attr,
				.n_remove = m->n_add,
				.remove = m->add,
				.n_add = m->n_remove,
				.add = m->remove};
		else if (found == CHANGED)
			changed = changed == NULL ? attr_name(m->attr)
						  : arena_printf(mem, "%s, %s", changed,
							    attr_name(m->attr));
	}
	return changed;
}

static const char *invert_name(const struct inverting *v, struct step *s)
{
	const struct change *done = &v->op->change;
	const struct value now = v->current->name;

	if (done->new_name.len == 0 || value_same(now, done->name))
		return NULL;
	if (dn_text_equal(now, done->new_name))
		s->change.new_name = done->name;
	else if (!dn_text_equal(now, done->name))
		return "its name";
	return NULL;
}

/* Ours now, or once the marker that the operation took off is back. */
static bool ours(struct arena *mem, const struct inverting *v, const struct step *s)
{
	const struct value marker = plan_marker(mem, v->flow, v->op->source);

	if (carries_marker(mem, v))
		return true;
	for (unsigned i = 0; i < s->change.n; i++) {
		const struct mod *m = &s->change.mods[i];
		for (unsigned k = 0; m->attr == v->flow->marker && k < m->n_add; k++) {
			if (value_same(m->add[k], marker))
				return true;
		}
	}
	return false;
}

/* The link as before: kept, put back, or taken away with what was adopted. */
static void invert_link(struct arena *mem, const struct inverting *v, struct step *s)
{
	s->op = s->write ? STEP_MODIFY : STEP_NONE;
	if (v->op->has_link) {
		put_link_back(mem, v, s);
		s->remember = link_differs(v->link, &s->link);
		if (v->link == NULL)
			s->op = STEP_LINK;
	} else if (v->link != NULL) {
		s->op = STEP_FORGET;
	}
}

static void invert_modify(
	struct arena *mem, const struct inverting *v, struct step *s, struct step *conflict)
{
	if (v->current == NULL) {
		if (v->op->change.n > 0 || v->op->change.new_name.len > 0)
			say(mem, v, "is not there any more", conflict);
		else if (v->op->link.side != NULL && v->link == NULL)
			say(mem, v,
				arena_printf(mem,
					"is not there any more: that it is %s's does not come back",
					v->op->link.side),
				conflict);
		return;
	}
	s->change = (struct change){
		.op = CHANGE_MODIFY, .id = v->current->id, .name = v->current->name};
	const char *name = invert_name(v, s);
	const char *changed = undo_mods(mem, &v->op->change, v->current, &s->change);
	const char *why = plan_protected(v->flow, v->current);
	s->write = s->change.n > 0 || s->change.new_name.len > 0;
	const bool links = v->op->has_link && v->link == NULL && v->op->change.n > 0;
	if ((s->write || links) && (why != NULL || !ours(mem, v, s))) {
		say(mem, v, why != NULL ? why : "does not carry our marker any more: left alone",
			conflict);
		s->write = false;
		return;
	}
	if (name != NULL || changed != NULL)
		say(mem, v,
			arena_printf(mem, "changed since, left as it is: %s%s%s",
				name != NULL ? name : "",
				name != NULL && changed != NULL ? ", " : "",
				changed != NULL ? changed : ""),
			conflict);
	invert_link(mem, v, s);
}

/* Is a value of it the other side's? */
static bool others(const struct flow *f, const char *side, const struct mod *m)
{
	bool found = !authority_ours(f, side, m->attr);

	for (unsigned i = 0; i < m->n_remove && !found; i++)
		found = authority_excepts(f, side, m->attr, m->remove[i]);
	for (unsigned i = 0; i < m->n_add && !found; i++)
		found = authority_excepts(f, side, m->attr, m->add[i]);
	return found;
}

const char *undo_spare(struct arena *mem, const struct flow *f, const char *side, struct step *s)
{
	struct change *c = &s->change;
	const char *spared = NULL;
	unsigned n = 0;

	if (!s->write || c->op != CHANGE_MODIFY)
		return NULL;
	for (unsigned i = 0; i < c->n; i++) {
		const char *name = attr_name(c->mods[i].attr);
		if (!others(f, side, &c->mods[i]))
			c->mods[n++] = c->mods[i];
		else
			spared = spared == NULL ? name : arena_printf(mem, "%s, %s", spared, name);
	}
	c->n = n;
	s->write = n > 0 || c->new_name.len > 0;
	if (s->op == STEP_MODIFY && !s->write)
		s->op = STEP_NONE;
	return spared;
}

void undo_invert(
	struct arena *mem, const struct inverting *v, struct step *s, struct step *conflict)
{
	static void (*const inverses[])(
		struct arena *, const struct inverting *, struct step *, struct step *) = {
		[STEP_ADD] = invert_add,
		[STEP_MODIFY] = invert_modify,
		[STEP_DELETE] = invert_delete,
		[STEP_LINK] = invert_modify,
		[STEP_FORGET] = invert_modify,
	};

	*conflict = (struct step){.op = STEP_NONE};
	*s = (struct step){.op = STEP_NONE,
		.number = UNDO_CASE,
		.source_id = v->op->source,
		.source_name = v->op->source_name,
		.target_id = v->current != NULL ? v->current->id : v->op->target,
		.target_name = v->current != NULL ? v->current->name : v->op->change.name};
	inverses[v->op->kind](mem, v, s, conflict);
	s->lines = arena_alloc(mem, s->change.n * sizeof(*s->lines));
	for (unsigned i = 0; i < s->change.n; i++)
		s->lines[i] = v->line;
}
