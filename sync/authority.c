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

const char *authority_flags(const struct flow *f, const char *source, const char *target)
{
	if (source == NULL || (target != NULL && strcmp(target, f->target) == 0))
		return target;
	return source;
}

const char *authority_flag(const struct flow *f, bool source, const struct entry *e)
{
	const char *side = NULL;

	for (unsigned i = 0; i < f->n_flags; i++) {
		const struct authority_flag *flag = &f->flags[i];
		if (flag->source == source && entry_has(e, flag->attr, flag->value))
			side = authority_flags(f, side, flag->side);
	}
	return side;
}

int authority_flag_number(const struct flow *f, const char *side)
{
	if (side == NULL)
		return 0;
	return strcmp(side, f->source) == 0 ? 1 : 2;
}

const char *authority_flag_side(const struct flow *f, int number)
{
	const char *const sides[] = {NULL, f->source, f->target};

	/* Without flags in the configuration what one said before is nothing. */
	return f->n_flags > 0 && number > 0 && number < 3 ? sides[number] : NULL;
}

const char *authority_why(const struct flow *f, const char *set, const char *flag, unsigned attr)
{
	if (set != NULL)
		return "set for the object";
	if (flag != NULL)
		return "the directory's flag";
	return line_of(f, attr) != NULL ? "set for the attribute" : "the flow's";
}

enum standing authority_standing(const struct flow *f, bool linked, const char *object, bool fresh)
{
	if (!linked)
		return STANDING_NATIVE;
	if (!authority_ours(f, object, ATTR_NONE))
		return STANDING_CONVERTED;
	return fresh ? STANDING_ROLLED_BACK : STANDING_SYNCED;
}

const char *authority_standing_text(enum standing s)
{
	static const char *const texts[] = {
		[STANDING_SYNCED] = "synced",
		[STANDING_CONVERTED] = "converted",
		[STANDING_ROLLED_BACK] = "rolled back, pending",
		[STANDING_NATIVE] = "native: not synchronized",
	};

	return texts[s];
}
