#include "sync/preflight_scan.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/utf8.h"
#include "sync/claims.h"

/* What an entry of the target has in common with one object. */
struct shared {
	uint32_t object;
	bool address;
	const char *by;
};

static void share(struct scan *s, struct shared *all, unsigned *n, uint32_t object, bool address,
	const char *by)
{
	unsigned i = 0;

	while (i < *n && all[i].object != object)
		i++;
	all[i] = (struct shared){object, address || (i < *n && all[i].address),
		i < *n ? arena_printf(s->scratch, "%s, %s", all[i].by, by) : by};
	*n += i == *n;
}

static unsigned find_shared(struct scan *s, const struct entry *e, struct shared **all)
{
	const unsigned employee = attr_named("employeeID");
	const struct value id = entry_first(e, employee);
	struct claim *claims;
	const unsigned n_claims = claims_held(s->scratch, e, &claims);
	unsigned n = 0;
	uint32_t object;

	*all = arena_alloc(s->scratch, (n_claims + 1) * sizeof(**all));
	/* Two companies may have given the same number to two people: these have other surnames. */
	if (notice_has_mailbox(e) && id.len > 0 &&
		keys_get(&s->employees, join_hash(employee, id), &object) &&
		utf8_same(s->objects[object].surname, entry_first(e, attr_named("sn"))))
		share(s, *all, &n, object, false,
			arena_printf(s->scratch, "employeeID %s", preflight_text(s->scratch, id)));
	for (unsigned i = 0; i < n_claims; i++) {
		if (keys_get(&s->owner, claims[i].key, &object))
			share(s, *all, &n, object, true,
				arena_printf(s->scratch, "%s%s", claims[i].sip ? "sip:" : "",
					preflight_text(s->scratch, claims[i].address)));
	}
	return n;
}

static void tell_shared(struct scan *s, const struct entry *e, const struct shared *shared)
{
	struct candidate *o = &s->objects[shared->object];
	const bool contact = entry_is(e, "contact");
	const bool two = o->mailbox && notice_has_mailbox(e);
	const char *target = s->out->flow->target;

	o->addressed |= shared->address;
	preflight_add(s,
		(struct notice){.kind = two       ? NOTICE_MAILBOXES
					: contact ? NOTICE_IN_THE_WAY
						  : NOTICE_DUPLICATE,
			.person = true,
			.code = o->conflict ? "E_PROXY_DUP" : "",
			.object = o->name,
			.other = e->name,
			.what = two ? arena_printf(s->scratch,
					      "a mailbox in %s too, the same person by %s", target,
					      shared->by)
				    : arena_printf(
					      s->scratch, "%s: there in %s", shared->by, target),
			.does = !o->conflict ? "written beside it"
				: contact ? "not written until the contact is gone or can be taken "
					    "over (adopt)"
					  : "not written while the other has the address"});
}

int preflight_target(struct scan *s, const struct entry *e)
{
	const struct flow *f = s->out->flow;
	struct shared *all;

	/* Ours: what it has is its source's, or given up in this run. */
	if (plan_marked(f, e))
		return 0;
	const unsigned n = find_shared(s, e, &all);
	for (unsigned i = 0; i < n; i++) {
		if (!value_same(s->objects[all[i].object].target, e->id))
			tell_shared(s, e, &all[i]);
	}
	return 0;
}
