#include "sync/naming.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/keys.h"
#include "base/utf8.h"
#include "sync/claims.h"
#include "sync/setup.h"

#define VARIANTS_MAX 1000

/* The RDN's type and its unescaped value. */
static bool split_rdn(struct arena *mem, struct value rdn, const char **type, struct value *value)
{
	struct dn dn;
	struct err ignored;

	if (dn_parse(mem, rdn, &dn, &ignored) < 0 || dn.n != 1 || dn.rdns[0].n != 1)
		return false;
	*type = dn.rdns[0].avas[0].type;
	*value = dn.rdns[0].avas[0].value;
	return true;
}

/* "CN=" the value, cut so that the suffix fits the attribute's limit, in the flow's container. */
static struct value varied(struct arena *mem, const struct naming *n, const char *type,
	struct value value, const char *suffix)
{
	unsigned limit = attr_limit(attr_named(type));
	unsigned extra = (unsigned)utf8_count(suffix, strlen(suffix));

	if (limit > extra)
		value = utf8_cut(value, limit - extra);
	struct value text =
		value_of(arena_printf(mem, "%.*s%s", (int)value.len, value.data, suffix));
	struct value escaped = dn_escape(mem, text);
	struct value rdn =
		value_of(arena_printf(mem, "%s=%.*s", type, (int)escaped.len, escaped.data));
	return dn_child(mem, rdn, n->flow->into);
}

/* The i-th variant: the plain name, with the department, with a number. Empty: there is none of
 * that number. */
static struct value variant(
	struct arena *mem, const struct naming *n, const char *type, struct value value, unsigned i)
{
	struct value department = n->row->department;

	if (i == 0)
		return varied(mem, n, type, value, "");
	if (i > 1)
		return varied(mem, n, type, value, arena_printf(mem, "(%u)", i - 1));
	department = utf8_cut(department, 40);
	if (department.len == 0 || !utf8_valid(department.data, department.len))
		return (struct value){NULL, 0};
	return varied(mem, n, type, value,
		arena_printf(mem, " (%.*s)", (int)department.len, department.data));
}

struct value naming_name(struct arena *mem, const struct naming *n, const struct entry *current)
{
	const char *type;
	struct value value;

	if (current != NULL && !dn_text_below(current->name, &n->flow->managed[0]))
		return current->name;
	if (!split_rdn(mem, n->row->desired.rdn, &type, &value))
		return (struct value){NULL, 0};
	for (unsigned i = 0; i < VARIANTS_MAX; i++) {
		struct value name = variant(mem, n, type, value, i);
		if (name.len == 0)
			continue;
		if (current != NULL && dn_text_equal(name, current->name))
			return current->name;
		if (keys_put(n->names, name_hash(dn_key(name)), 0))
			return name;
	}
	return (struct value){NULL, 0};
}

static struct value wanted_nickname(const struct desired *d)
{
	unsigned attr = attr_named("mailNickname");

	for (unsigned i = 0; i < d->n; i++) {
		if (d->attrs[i].attr == attr && d->attrs[i].n == 1)
			return d->attrs[i].values[0];
	}
	return (struct value){NULL, 0};
}

struct value naming_nickname(struct arena *mem, const struct naming *n, const struct entry *current)
{
	unsigned attr = attr_named("mailNickname");
	struct value plain = wanted_nickname(&n->row->desired), none = {NULL, 0};
	struct value has = current != NULL ? entry_first(current, attr) : none;

	if (plain.len == 0 || (has.len > 0 && value_equal(attr, has, plain)))
		return none;
	if (keys_put(n->nicknames, nickname_hash(plain), 0))
		return none;
	/* Digits of the id, more and more of them: the same in every run. */
	uint64_t digits = n->row->key;
	for (unsigned i = 4; i <= 16; i += 4) {
		uint64_t modulus = 1;
		for (unsigned k = 0; k < i; k++)
			modulus *= 10;
		struct value stem = utf8_cut(plain, attr_limit(attr) - i);
		struct value tried = value_of(arena_printf(mem, "%.*s%0*llu", (int)stem.len,
			stem.data, (int)i, (unsigned long long)(digits % modulus)));
		if (has.len > 0 && value_equal(attr, has, tried))
			return tried;
		if (keys_put(n->nicknames, nickname_hash(tried), 0))
			return tried;
	}
	return none;
}
