#include "sync/authority.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "rules/address.h"

static const struct authority_line *line_of(const struct flow *f, unsigned attr)
{
	for (unsigned i = 0; i < f->n_authority; i++) {
		if (f->authority[i].attr == attr)
			return &f->authority[i];
	}
	return NULL;
}

const char *authority_side(const struct flow *f, const char *object, unsigned attr)
{
	const struct authority_line *line = line_of(f, attr);

	if (object != NULL)
		return object;
	return line != NULL ? line->side : f->side;
}

bool authority_ours(const struct flow *f, const char *object, unsigned attr)
{
	return strcmp(authority_side(f, object, attr), f->source) == 0;
}

bool authority_excepts(const struct flow *f, const char *object, unsigned attr, struct value v)
{
	return attr_syntax(attr) == SYNTAX_ADDRESS && address_type_is(v, "sip") &&
	       attr == attr_named("proxyAddresses") && authority_ours(f, object, attr) &&
	       !authority_ours(f, object, attr_named("msRTCSIP-PrimaryUserAddress"));
}

const char *authority_why(const struct flow *f, const char *object, unsigned attr)
{
	if (object != NULL)
		return "set for the object";
	return line_of(f, attr) != NULL ? "set for the attribute" : "the flow's";
}
