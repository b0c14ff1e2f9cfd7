#include "sync/impact.h"

#include <string.h>

#include "base/attr.h"
#include "base/utf8.h"
#include "rules/address.h"

static struct value sip_of(const struct value *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (address_type_is(values[i], "sip"))
			return values[i];
	}
	return (struct value){NULL, 0};
}

/* "ann" of "sip:ann@abc.example". */
static struct value user_of(struct value sip)
{
	struct value user;

	(void)address_split(sip, NULL, &user);
	const char *at = user.len > 0 ? memrchr(user.data, '@', user.len) : NULL;
	user.len = at != NULL ? (size_t)(at - user.data) : user.len;
	return user;
}

bool impact_of(const struct change *c, struct impact *impact)
{
	static const char *const attrs[] = {"msRTCSIP-PrimaryUserAddress", "proxyAddresses"};

	*impact = (struct impact){.meetings = false};
	if (c->op != CHANGE_MODIFY)
		return false;
	for (unsigned k = 0; k < 2 && impact->before.len == 0; k++) {
		for (unsigned i = 0; i < c->n; i++) {
			const struct mod *m = &c->mods[i];
			if (m->attr != attr_named(attrs[k]))
				continue;
			impact->before = sip_of(m->remove, m->n_remove);
			impact->after = sip_of(m->add, m->n_add);
		}
	}
	/* The same but for case is the same address. */
	if (impact->before.len == 0 || utf8_same(impact->before, impact->after))
		return false;
	impact->meetings = !utf8_same(user_of(impact->before), user_of(impact->after));
	return true;
}
