#include "sync/reach.h"

#include "base/attr.h"
#include "base/utf8.h"
#include "rules/address.h"

bool reach_answers(unsigned attr, struct value v)
{
	return attr == attr_named("proxyAddresses") && address_type_is(v, "x500");
}

bool reach_stays(unsigned attr, struct value v, const struct value *wanted, unsigned n)
{
	bool stays = reach_answers(attr, v);

	for (unsigned i = 0; i < n && stays; i++)
		stays = !utf8_same(v, wanted[i]);
	return stays;
}

static bool reaches(unsigned attr)
{
	return attr == attr_named("mail") || attr == attr_named("proxyAddresses") ||
	       attr == attr_named("targetAddress");
}

bool reach_lost(const struct mod *m, const struct entry *e)
{
	const struct attr *there = entry_get(e, m->attr);
	bool lost = false;

	if (!reaches(m->attr))
		return false;
	for (unsigned i = 0; there != NULL && i < there->n; i++) {
		struct value v = there->values[i];
		if (reach_answers(m->attr, v))
			continue;
		if (!value_among(m->attr, v, m->remove, m->n_remove))
			return false;
		lost = true;
	}
	for (unsigned i = 0; i < m->n_add; i++) {
		if (!reach_answers(m->attr, m->add[i]))
			return false;
	}
	return lost;
}
