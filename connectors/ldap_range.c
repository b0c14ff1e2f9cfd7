/*
 * The rest of an attribute of which AD gave a part: "member;range=1499-*" is asked for and the
 * answer is named "member;range=1499-2998", until one ends with "-*".
 *
 * Values may come and go meanwhile, and those behind them move: one could slip from a part not read
 * yet into one that was. So each part begins with the last value of the one before, and when it
 * does not, all is read again from the start.
 */
#include "connectors/ldap_range.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "connectors/ldap_entry.h"

/* A hostile server does not end; a group of a forest has less. */
#define VALUES_MAX 2000000u
#define TRIES 3

struct growing {
	struct buf values; /* of struct value, in the arena */
	unsigned n;
};

static struct value last_of(const struct growing *g)
{
	struct value v = {NULL, 0};

	if (g->n > 0)
		memcpy(&v, g->values.data + (g->n - 1) * sizeof(v), sizeof(v));
	return v;
}

static void append(struct growing *g, struct arena *mem, const struct raw_attr *a, unsigned skip)
{
	struct value *values = arena_alloc(mem, a->n * sizeof(*values));

	raw_values(a, values);
	for (unsigned i = skip; i < a->n; i++) {
		struct value v = value_copy(mem, values[i]);
		buf_add(&g->values, &v, sizeof(v));
		g->n++;
	}
}

/* The part that begins at `low` in the message, for which its attribute was asked: 1; 0: it is not
 * there, or is not what was asked for. */
static int find_part(
	struct value list, struct value attribute, struct raw_attr *a, struct raw_range *range)
{
	while (raw_next(&list, a) == 1) {
		if (raw_range(a->name, range) == 1 &&
			attr_id(range->attribute.data, range->attribute.len) ==
				attr_id(attribute.data, attribute.len))
			return 1;
	}
	return 0;
}

/* What one answer adds: 1, and *last; 0: the values have moved; -1. */
static int add_part(struct growing *g, struct arena *mem, struct value list, struct value attribute,
	unsigned low, bool *last, struct err *err)
{
	struct raw_attr a;
	struct raw_range range;
	struct value first;

	if (find_part(list, attribute, &a, &range) == 0)
		return err_set(err, ERR_FATAL, "no values came from %u on", low);
	*last = range.last;
	if (a.n == 0 || range.low != low)
		return 0;
	if (!range.last && (a.n < 2 || range.high - range.low + 1 != a.n))
		return err_set(
			err, ERR_FATAL, "%.*s has %u values", (int)a.name.len, a.name.data, a.n);
	raw_values(&(struct raw_attr){a.name, a.set, 1}, &first);
	if (g->n > 0 && !value_same(first, last_of(g)))
		return 0;
	append(g, mem, &a, g->n > 0);
	if (g->n > VALUES_MAX)
		return err_set(err, ERR_FATAL, "more than %u values", VALUES_MAX);
	return 1;
}

static int ask_part(struct session *s, struct growing *g, struct arena *mem, const struct entry *e,
	struct value attribute, bool *last, struct err *err)
{
	const unsigned low = g->n > 0 ? g->n - 1 : 0;
	const char *asked =
		arena_printf(mem, "%.*s;range=%u-*", (int)attribute.len, attribute.data, low);
	const char *const attributes[] = {asked, NULL};
	LDAP *ld = session_handle(s);
	LDAPMessage *result = NULL;
	struct value name, list;

	int r = session_search(s, arena_copy(mem, e->name.data, e->name.len), LDAP_SCOPE_BASE,
		"(objectClass=*)", attributes, 1, &result, err);
	LDAPMessage *m = r == 0 ? ldap_first_entry(ld, result) : NULL;
	if (r == 0 && m == NULL)
		r = err_set(err, ERR_BUSY, "its entry is gone while %s was read", asked);
	else if (r == 0 && (r = raw_entry(ld, m, &name, &list, err)) == 0)
		r = add_part(g, mem, list, attribute, low, last, err);
	ldap_msgfree(result);
	return r;
}

/* All values, read from the first; 1, 0: they have moved; -1. */
static int read_all(struct session *s, struct growing *g, struct arena *mem, const struct entry *e,
	struct value attribute, struct err *err)
{
	bool last = false;
	int r = 1;

	while (r == 1 && !last)
		r = ask_part(s, g, mem, e, attribute, &last, err);
	return r;
}

/* Begin with the values that are there already. */
static int complete(struct session *s, struct arena *mem, const struct entry *e, struct attr *a,
	struct value attribute, struct err *err)
{
	struct growing g = {.n = a->n};
	int r = 0;

	buf_add(&g.values, a->values, a->n * sizeof(*a->values));
	for (unsigned i = 0; i < TRIES && r == 0; i++) {
		r = read_all(s, &g, mem, e, attribute, err);
		if (r == 1) {
			a->n = g.n;
			a->values = (struct value *)arena_copy(mem, g.values.data, g.values.len);
		}
		buf_clear(&g.values);
		g.n = 0;
	}
	buf_free(&g.values);
	if (r == 0)
		return err_set(err, ERR_BUSY, "changes while it is read");
	return r == 1 ? 0 : -1;
}

int range_complete(struct session *s, struct arena *mem, struct entry *e, struct err *err)
{
	struct raw_range range;

	for (unsigned i = 0; i < e->n; i++) {
		struct attr *a = &e->attrs[i];
		if (raw_range(value_of(attr_name(a->id)), &range) != 1)
			continue;
		const unsigned whole = attr_id(range.attribute.data, range.attribute.len);
		if (range.low != 0 || a->n != range.high + 1 || entry_get(e, whole) != NULL)
			return err_set(err, ERR_FATAL, "%.*s: %s came with %u values",
				(int)e->name.len, e->name.data, attr_name(a->id), a->n);
		if (complete(s, mem, e, a, range.attribute, err) < 0)
			return err_in(err, "%.*s: %.*s", (int)e->name.len, e->name.data,
				(int)range.attribute.len, range.attribute.data);
		a->id = whole;
	}
	return 0;
}
