#include "sync/gate.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "sync/authority.h"

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

static bool forbidden(unsigned attr)
{
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (attr_named(never[i]) == attr)
			return true;
	}
	return false;
}

/* The naming attribute is written with an add, the marker and hiding are ours. */
static bool may_write(const struct flow *f, const struct step *s, unsigned attr)
{
	struct dn name;
	struct arena *mem = arena_new();
	struct err ignored;
	bool naming = s->op == STEP_ADD && dn_parse(mem, s->change.name, &name, &ignored) == 0 &&
		      name.n > 0 && attr_named(name.rdns[0].avas[0].type) == attr;

	arena_free(mem);
	return naming || attr_set_has(&f->writes, attr) ||
	       attr == attr_named("msExchHideFromAddressLists");
}

int gate_check(struct arena *mem, const struct flow *f, const char *object_side,
	const struct step *s, struct err *err)
{
	const struct change *c = &s->change;

	(void)mem;
	if (!below_managed(f, c->name) || (c->new_name.len > 0 && !below_managed(f, c->new_name)))
		return err_set(err, ERR_ENTRY, "gate: %.*s lies outside the managed containers",
			(int)c->name.len, c->name.data);
	for (unsigned i = 0; i < c->n; i++) {
		unsigned attr = c->mods[i].attr;
		if (forbidden(attr) || !may_write(f, s, attr))
			return err_set(err, ERR_ENTRY, "gate: %.*s: %s is not to be written",
				(int)c->name.len, c->name.data, attr_name(attr));
		if (strcmp(authority_side(f, object_side, attr), f->source) != 0)
			return err_set(err, ERR_ENTRY, "gate: %.*s: %s belongs to %s",
				(int)c->name.len, c->name.data, attr_name(attr),
				authority_side(f, object_side, attr));
	}
	return 0;
}

int gate_write(struct connector *target, const struct flow *f, const struct step *const *steps,
	const char *const *sides, struct outcome *outcomes, size_t n, struct arena *mem,
	struct err *err)
{
	struct change *passed = arena_alloc(mem, n * sizeof(*passed));
	struct outcome *results = arena_zalloc(mem, n * sizeof(*results));
	size_t n_passed = 0, k = 0;

	for (size_t i = 0; i < n; i++) {
		outcomes[i] = (struct outcome){.kind = OUTCOME_DONE};
		if (gate_check(mem, f, sides[i], steps[i], &outcomes[i].err) < 0)
			outcomes[i].kind = OUTCOME_FAILED;
		else
			passed[n_passed++] = steps[i]->change;
	}
	if (n_passed > 0 && connector_write(target, passed, results, n_passed, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (outcomes[i].kind == OUTCOME_DONE)
			outcomes[i] = results[k++];
	}
	return 0;
}
