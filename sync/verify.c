#include "sync/verify.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/keys.h"
#include "connectors/connector.h"
#include "sync/flow.h"

/* What was written, by the name that the entry has now. */
struct verifying {
	struct arena *mem;
	const struct step **steps;
	uint32_t places[VERIFY_MAX];
	const char *texts[VERIFY_MAX]; /* what is wrong; NULL: nothing */
	bool there[VERIFY_MAX];
	struct wish wishes[VERIFY_MAX];
	size_t n;
	struct attr_set wanted; /* what was written of them */
	struct keys names;      /* dn_key of the name -> its place here */
};

/* The steps that wrote; 1: they are more than are looked at. */
static int collect(
	struct verifying *v, struct plan *plan, const struct keys *failures, struct err *err)
{
	struct step s;
	uint32_t place;
	int rc = plan_rewind(plan, err);

	while (rc >= 0 && (rc = plan_next(plan, v->mem, &s, &place, err)) == 1) {
		if (!s.write || keys_has(failures, place + 1ull))
			continue;
		if (v->n == VERIFY_MAX)
			return 1;
		const struct value name =
			s.change.new_name.len > 0 ? s.change.new_name : s.change.name;
		struct step *copy = arena_alloc(v->mem, sizeof(*copy));
		*copy = s;
		v->steps[v->n] = copy;
		v->places[v->n] = place;
		v->texts[v->n] = s.op == STEP_DELETE ? NULL : "is not there";
		v->wishes[v->n] = (struct wish){.by = WISH_NAME, .value = name};
		keys_put(&v->names, dn_key(name), (uint32_t)v->n);
		for (unsigned i = 0; i < s.change.n; i++)
			attr_set_add(v->mem, &v->wanted, s.change.mods[i].attr);
		v->n++;
	}
	return rc;
}

/* The first attribute that is not as the change makes it; NULL. References are passed over: they
 * follow whom they name, and that one may have been renamed after them. */
static const char *differs(struct arena *mem, const struct entry *e, const struct change *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		bool good = true;
		if (attr_syntax(m->attr) == SYNTAX_DN)
			continue;
		for (unsigned k = 0; k < m->n_add; k++)
			good &= entry_has(e, m->attr, m->add[k]);
		for (unsigned k = 0; k < m->n_remove; k++)
			good &= !entry_has(e, m->attr, m->remove[k]);
		if (!good)
			return arena_printf(
				mem, "is not as it was written: %s", attr_name(m->attr));
	}
	return NULL;
}

static void look(struct verifying *v, const struct entry *e)
{
	uint32_t at;

	if (!keys_get(&v->names, dn_key(e->name), &at) ||
		!dn_text_equal(e->name, v->wishes[at].value))
		return;
	v->there[at] = true;
	v->texts[at] = v->steps[at]->op == STEP_DELETE ? "is still there"
						       : differs(v->mem, e, &v->steps[at]->change);
}

static int compare(struct verifying *v, struct connector *target, struct err *err)
{
	const struct query q = {
		.kind = QUERY_FIND, .wishes = v->wishes, .n_wishes = v->n, .wanted = &v->wanted};
	struct arena *scratch = arena_new();
	struct entry e;
	int rc = connector_read(target, &q, err);

	while (rc >= 0 && (rc = connector_next(target, scratch, &e, err)) == 1) {
		look(v, &e);
		arena_reset(scratch);
	}
	arena_free(scratch);
	return rc < 0 ? err_in(err, "reading again what was written") : 0;
}

int verify_plan(struct plan *plan, struct connector *target, const struct keys *failures,
	struct arena *mem, struct unverified **out, size_t *n, struct err *err)
{
	struct verifying *v = arena_zalloc(mem, sizeof(*v));
	int rc;

	*n = 0;
	if ((target->type->can & CAN_FIND) == 0)
		return 0;
	v->mem = mem;
	v->steps = arena_alloc(mem, VERIFY_MAX * sizeof(struct step *));
	keys_init(&v->names, VERIFY_MAX, true);
	rc = collect(v, plan, failures, err);
	if (rc == 0 && v->n > 0)
		rc = compare(v, target, err);
	keys_free(&v->names);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	*out = arena_alloc(mem, v->n * sizeof(**out));
	for (size_t i = 0; i < v->n; i++) {
		if (v->texts[i] != NULL)
			(*out)[(*n)++] = (struct unverified){
				v->steps[i], v->places[i], v->texts[i], v->there[i]};
	}
	return 0;
}
