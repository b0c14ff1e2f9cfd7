#include "sync/gate.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "sync/authority.h"
#include "sync/undo.h"
#include "sync/object.h"

/* Nobody's address list has a reason to write these: they are rights, secrets and identity. */
static const char *const never[] = {"userPassword", "unicodePwd", "servicePrincipalName",
	"userAccountControl", "msDS-AllowedToActOnBehalfOfOtherIdentity", "msDS-KeyCredentialLink",
	"sIDHistory", "adminCount", "nTSecurityDescriptor", "member", "memberOf",
	"altSecurityIdentities", "primaryGroupID", "objectSid", "objectGUID"};

static bool below_managed(const struct flow *f, struct value name)
{
	for (unsigned i = 0; i < f->n_managed; i++) {
		if (dn_text_below(name, &f->managed[i]))
			return true;
	}
	return false;
}

#define N_NEVER (sizeof(never) / sizeof(never[0]))

bool gate_forbids(unsigned attr)
{
	static unsigned ids[N_NEVER];

	return attr_among(attr, never, N_NEVER, ids);
}

bool gate_forbids_flow(const struct flow *f, unsigned attr)
{
	return gate_forbids(attr) && (!f->members || attr != attr_named("member"));
}

/* What the rules write; the marker is among that, and hiding is ours. */
static bool may_write(const struct flow *f, unsigned attr)
{
	return attr_set_has(&f->writes, attr) || attr == attr_named("msExchHideFromAddressLists");
}

/* Is the source authoritative for it? ATTR_NONE: for the object. */
static int check_side(const struct flow *f, const char *object_side, const struct step *s,
	unsigned attr, struct err *err)
{
	const char *side = authority_side(f, object_side, attr);
	struct value name = s->change.name;

	if (strcmp(side, f->source) == 0)
		return 0;
	return err_set(err, ERR_ENTRY, "gate: %.*s: %s belongs to %s", (int)name.len, name.data,
		attr == ATTR_NONE ? "the object" : attr_name(attr), side);
}

/* And for each value of it? */
static int check_values(const struct flow *f, const char *object_side, struct value name,
	const struct mod *m, struct err *err)
{
	for (unsigned i = 0; i < m->n_remove + m->n_add; i++) {
		struct value v = i < m->n_remove ? m->remove[i] : m->add[i - m->n_remove];
		if (authority_excepts(f, object_side, m->attr, v))
			return err_set(err, ERR_ENTRY, "gate: %.*s: %.*s is not the source's",
				(int)name.len, name.data, (int)v.len, v.data);
	}
	return 0;
}

int gate_check(struct arena *mem, const struct flow *f, const char *object_side,
	const struct step *s, struct err *err)
{
	const struct change *c = &s->change;

	if (object_side == NULL)
		object_side = s->flag;
	if (!below_managed(f, c->name) || (c->new_name.len > 0 && !below_managed(f, c->new_name)))
		return err_set(err, ERR_ENTRY, "gate: %.*s lies outside the managed containers",
			(int)c->name.len, c->name.data);
	if (c->op == CHANGE_DELETE && !dn_text_below(c->name, &f->managed[0]))
		return err_set(err, ERR_ENTRY, "gate: %.*s was there before us: not to be deleted",
			(int)c->name.len, c->name.data);
	if ((c->op != CHANGE_MODIFY && check_side(f, object_side, s, ATTR_NONE, err) < 0) ||
		(c->new_name.len > 0 &&
			check_side(f, object_side, s, attr_named("distinguishedName"), err) < 0))
		return -1;
	/* An add has the attribute that names the entry, and whoever may add may name. */
	struct value ignored;
	unsigned naming = c->op == CHANGE_ADD ? dn_naming(mem, c->name, &ignored) : ATTR_NONE;
	/* What comes back is as it was, with what was the other side's: nobody else has it now. */
	const bool back = c->op == CHANGE_ADD && s->number == UNDO_CASE;
	for (unsigned i = 0; i < c->n; i++) {
		unsigned attr = c->mods[i].attr;
		if (gate_forbids_flow(f, attr) ||
			(attr != naming && s->number != UNDO_CASE && !may_write(f, attr)))
			return err_set(err, ERR_ENTRY, "gate: %.*s: %s is not to be written",
				(int)c->name.len, c->name.data, attr_name(attr));
		if (attr != naming && !back &&
			(check_side(f, object_side, s, attr, err) < 0 ||
				check_values(f, object_side, c->name, &c->mods[i], err) < 0))
			return -1;
	}
	return 0;
}

bool gate_settable(struct arena *mem, const struct object *o, bool source, unsigned attr)
{
	const struct flow *f = o->flow;
	const struct entry *e = source ? &o->source : &o->target;
	struct value ignored;

	return attr_set_has(source ? &f->reads : &f->writes, attr) && !gate_forbids(attr) &&
	       attr != f->marker && attr != attr_named("objectClass") &&
	       attr != attr_named("isDeleted") && attr != attr_named("distinguishedName") &&
	       attr != dn_naming(mem, e->name, &ignored);
}

int gate_set_check(struct arena *mem, const struct object *o, const char *side,
	const struct change *c, struct err *err)
{
	const struct flow *f = o->flow;
	const bool source = strcmp(side, f->source) == 0;
	const struct entry *e = source ? &o->source : &o->target;
	const struct value name = c->name;

	if (!(source ? o->in_source : o->in_target) || c->op != CHANGE_MODIFY ||
		c->new_name.len > 0 || !value_same(c->id, e->id) || !value_same(name, e->name))
		return err_set(err, ERR_ENTRY, "gate: %.*s is not the object that was named",
			(int)name.len, name.data);
	if (!source && !below_managed(f, name))
		return err_set(err, ERR_ENTRY, "gate: %.*s lies outside the managed containers",
			(int)name.len, name.data);
	if (!source && plan_protected(f, e) != NULL)
		return err_set(err, ERR_ENTRY, "gate: %.*s %s", (int)name.len, name.data,
			plan_protected(f, e));
	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		const char *whose = object_authority(o, m->attr);
		if (!gate_settable(mem, o, source, m->attr))
			return err_set(err, ERR_ENTRY, "gate: %.*s: %s is not to be set",
				(int)name.len, name.data, attr_name(m->attr));
		if (strcmp(whose, side) != 0)
			return err_set(err, ERR_ENTRY, "gate: %.*s: %s belongs to %s",
				(int)name.len, name.data, attr_name(m->attr), whose);
		if (source && check_values(f, o->side, c->name, m, err) < 0)
			return -1;
	}
	return 0;
}

/* The only caller of a connector's write and feed. */
static int send(struct connector *c, const struct change *changes, struct outcome *outcomes,
	size_t n, bool feeds, struct arena *mem, struct err *err)
{
	return feeds ? connector_feed(c, changes, outcomes, n, mem, err)
		     : connector_write(c, changes, outcomes, n, mem, err);
}

int gate_set(struct connector *c, const struct object *o, const char *side,
	const struct change *change, struct outcome *outcome, struct arena *mem, struct err *err)
{
	*outcome = (struct outcome){.kind = OUTCOME_FAILED};
	if (gate_set_check(mem, o, side, change, err) < 0)
		return -1;
	int rc = send(c, change, outcome, 1, false, mem, err);
	if (rc < 0)
		outcome->kind = OUTCOME_UNKNOWN;
	return rc;
}

int gate_write(struct connector *target, const struct flow *f, const struct step *const *steps,
	const char *const *sides, struct outcome *outcomes, size_t n, bool feeds, struct arena *mem,
	struct err *err)
{
	struct change *passed = arena_alloc(mem, n * sizeof(*passed));
	size_t n_passed = 0, k = 0;

	for (size_t i = 0; i < n; i++) {
		outcomes[i] = (struct outcome){.kind = OUTCOME_DONE};
		if (gate_check(mem, f, sides[i], steps[i], &outcomes[i].err) < 0)
			outcomes[i].kind = OUTCOME_FAILED;
		else
			passed[n_passed++] = steps[i]->change;
	}
	/* As a rule all pass, and the outcomes are in their places already. */
	struct outcome *results =
		n_passed == n ? outcomes : arena_zalloc(mem, n_passed * sizeof(*results));
	/* Where some did not, the others are not fed: they are put in their places below. */
	if ((n_passed > 0 || feeds) &&
		send(target, passed, results, n_passed, feeds && results == outcomes, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n && results != outcomes; i++) {
		if (outcomes[i].kind == OUTCOME_DONE)
			outcomes[i] = results[k++];
	}
	return 0;
}
