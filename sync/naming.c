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

/* Which variant the name says it is by its number: "ann(7)" the eighth; 0 without one. */
static unsigned number_of(struct arena *mem, struct value name)
{
	struct dn dn;
	struct err ignored;
	unsigned number = 0, digits = 0, unit = 1;

	if (dn_parse(mem, name, &dn, &ignored) < 0 || dn.n == 0)
		return 0;
	const struct value v = dn.rdns[0].avas[0].value;
	if (v.len == 0 || v.data[v.len - 1] != ')')
		return 0;
	for (size_t at = v.len - 1; at > 0 && digits < 3; digits++, unit *= 10) {
		char c = v.data[--at];
		if (c < '0' || c > '9')
			break;
		number += unit * (unsigned)(c - '0');
	}
	return digits > 0 ? number + 1 : 0;
}

/* Does it have one of its names already? */
static bool is_variant(struct arena *mem, const struct naming *n, const char *type,
	struct value value, struct value name)
{
	const unsigned tries[] = {0, 1, number_of(mem, name)};

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct value tried = variant(mem, n, type, value, tries[i]);
		if (tried.len > 0 && dn_text_equal(tried, name))
			return true;
	}
	return false;
}

/* Does the entry need a name that it does not have? 1 and the RDN's type and value; 0: it keeps its
 * own; -1: the rules gave no name. */
static int needs_name(struct arena *mem, const struct naming *n, const struct entry *current,
	const char **type, struct value *value)
{
	if (current != NULL && !dn_text_below(current->name, &n->flow->managed[0]))
		return 0;
	if (!split_rdn(mem, n->row->desired.rdn, type, value))
		return -1;
	return current == NULL || !is_variant(mem, n, *type, *value, current->name);
}

struct value naming_name(struct arena *mem, struct naming *n, const struct entry *current)
{
	struct value value;
	const char *type;
	int needs = needs_name(mem, n, current, &type, &value);

	if (needs == 0)
		return current->name;
	for (unsigned i = 0; needs == 1 && i < VARIANTS_MAX; i++) {
		struct value name = variant(mem, n, type, value, i);
		n->unsure |= n->few && i >= NAMING_LOOKED;
		if (name.len > 0 && keys_put(n->names, name_hash(dn_key(name)), 0))
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

/* Digits of the id, more and more of them: the same in every run. */
#define DIGITS_MIN 4
#define ALIASES 5

static struct value with_digits(
	struct arena *mem, const struct naming *n, struct value plain, unsigned digits)
{
	uint64_t modulus = 1;

	for (unsigned i = 0; i < digits; i++)
		modulus *= 10;
	plain = utf8_cut(plain, attr_limit(attr_named("mailNickname")) - digits);
	return value_of(arena_printf(mem, "%.*s%0*llu", (int)plain.len, plain.data, (int)digits,
		(unsigned long long)(n->row->key % modulus)));
}

/* The i-th alias: the plain one, and with digits. */
static struct value alias(struct arena *mem, const struct naming *n, struct value plain, unsigned i)
{
	return i == 0 ? plain : with_digits(mem, n, plain, DIGITS_MIN * i);
}

/* Has it one of its aliases already? */
static bool has_alias(
	struct arena *mem, const struct naming *n, struct value plain, const struct entry *current)
{
	unsigned attr = attr_named("mailNickname");
	struct value has = current != NULL ? entry_first(current, attr) : (struct value){NULL, 0};

	for (unsigned i = 0; i < ALIASES && has.len > 0; i++) {
		if (value_equal(attr, has, alias(mem, n, plain, i)))
			return true;
	}
	return false;
}

struct value naming_nickname(struct arena *mem, struct naming *n, const struct entry *current)
{
	struct value plain = wanted_nickname(&n->row->desired), none = {NULL, 0};

	if (plain.len == 0)
		return none;
	if (has_alias(mem, n, plain, current)) {
		struct value has = entry_first(current, attr_named("mailNickname"));
		return value_equal(attr_named("mailNickname"), has, plain) ? none : has;
	}
	for (unsigned i = 0; i < ALIASES; i++) {
		struct value tried = alias(mem, n, plain, i);
		n->unsure |= n->few && i >= NAMING_LOOKED;
		if (keys_put(n->nicknames, nickname_hash(tried), 0))
			return i == 0 ? none : tried;
	}
	return none;
}

void naming_first(struct arena *mem, const struct naming *n, const struct entry *current,
	struct value names[NAMING_LOOKED], struct value aliases[NAMING_LOOKED])
{
	struct value plain = wanted_nickname(&n->row->desired), none = {NULL, 0}, value;
	const char *type;
	bool needs = needs_name(mem, n, current, &type, &value) == 1;
	bool lacks = plain.len > 0 && !has_alias(mem, n, plain, current);

	for (unsigned i = 0; i < NAMING_LOOKED; i++) {
		names[i] = needs ? variant(mem, n, type, value, i) : none;
		aliases[i] = lacks ? alias(mem, n, plain, i) : none;
	}
}
